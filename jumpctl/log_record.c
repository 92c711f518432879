/* SPDX-License-Identifier: ISC */
/* Our own records, as lib/audit.c writes them. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "match.h"

static const char cookie[] = "@cee:";

/* Sorted by name. */
static const struct name {
	const char *name;
	enum record_field field;
	bool number;
} names[] = {
    {"destination.address", RF_ADDRESS, false},
    {"destination.bytes", RF_RECEIVED, true},
    {"destination.ip", RF_IP, false},
    {"destination.port", RF_PORT, true},
    {"event.action", RF_ACTION, false},
    {"event.duration", RF_DURATION, true},
    {"event.outcome", RF_OUTCOME, false},
    {"event.type", RF_TYPE, false},
    {"jump.account", RF_ACCOUNT, false},
    {"jump.approval", RF_APPROVAL, false},
    {"jump.approver", RF_APPROVER, false},
    {"jump.changes", RF_CHANGES, false},
    {"jump.end", RF_END, false},
    {"jump.key", RF_KEY, false},
    {"jump.listener.pid", RF_LISTENER_PID, true},
    {"jump.listener.uid", RF_LISTENER, true},
    {"jump.lost", RF_LOST, true},
    {"jump.mfa", RF_MFA, false},
    {"jump.note", RF_NOTE, false},
    {"jump.policy", RF_POLICY, false},
    {"jump.reason", RF_REASON, false},
    {"jump.request", RF_REQUEST, false},
    {"jump.road", RF_ROAD, false},
    {"jump.rule", RF_RULE, false},
    {"jump.seal", RF_SEAL, false},
    {"jump.session", RF_SESSION, false},
    {"jump.ticket", RF_TICKET, false},
    {"jump.verdict", RF_VERDICT, false},
    {"jump.who", RF_WHO, false},
    {"process.pid", RF_PID, true},
    {"source.bytes", RF_SENT, true},
    {"source.ip", RF_SOURCE, false},
    {"user.id", RF_UID, false},
    {"user.name", RF_USER, false},
};

static int
compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct name *)row)->name);
}

/* Fields of later versions are welcome; none is there twice. */
static bool
take(void *arg, const char *key, char *value, bool number)
{
	struct log_record *r = arg;
	const struct name *n = bsearch(key, names,
	    sizeof(names) / sizeof(names[0]), sizeof(names[0]), compare);
	uint64_t ignored;

	if (n == NULL)
		return true;
	if (value == NULL || number != n->number || r->field[n->field] != NULL)
		return false;
	if (number &&
	    !number_parse(&ignored, value, 0,
		n->field == RF_PORT	     ? PORT_MAX
		    : n->field == RF_LISTENER_PID ? INT32_MAX
		    : n->field == RF_LISTENER     ? UINT32_MAX
						  : UINT64_MAX))
		return false;
	r->field[n->field] = value;
	return true;
}

bool
log_record_begins(const char *message)
{
	message += strspn(message, " ");
	return strncmp(message, cookie, sizeof(cookie) - 1) == 0;
}

bool
log_record_read(struct log_record *r, char *json)
{
	char *end;

	memset(r, 0, sizeof(*r));
	end = json_object(json, take, r);
	return end != NULL && end[strspn(end, " ")] == '\0' &&
	    r->field[RF_ACTION] != NULL && r->field[RF_OUTCOME] != NULL;
}

bool
log_record_parse(struct log_record *r, char *message)
{
	message += strspn(message, " ") + sizeof(cookie) - 1;
	return log_record_read(r, message);
}

uint64_t
log_record_number(const struct log_record *r, enum record_field field)
{
	uint64_t n = 0;

	if (r->field[field] != NULL)
		number_parse(&n, r->field[field], 0, UINT64_MAX);
	return n;
}
