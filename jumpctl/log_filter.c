/* SPDX-License-Identifier: ISC */
/* What a reader wants to see. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy.h"

/* "90s", "5m", "2h", "7d": so long ago. */
static bool
ago(int64_t *time, const char *text, time_t now)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] == '\0' ? NULL : strchr(units, text[n]);

	if (n == 0 || n > 9 || unit == NULL || text[n + 1] != '\0')
		return false;
	*time = (int64_t)now - atol(text) * seconds[unit - units];
	return true;
}

/*
 * A day, or a time on one, in the reader's zone: 2026-11-20T09:30; or 09:30,
 * the last there was.
 */
static bool
local_time(int64_t *time, const char *text, time_t now)
{
	static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M",
	    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
	    "%H:%M"};
	static const size_t n = sizeof(formats) / sizeof(formats[0]);
	struct tm tm;
	const char *end;
	time_t t;

	for (size_t i = 0; i < n; i++) {
		if (localtime_r(&now, &tm) == NULL)
			return false;
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
		end = strptime(text, formats[i], &tm);
		if (end == NULL || *end != '\0')
			continue;
		t = mktime(&tm);
		if (i == n - 1 && t > now) {
			tm.tm_mday--;
			tm.tm_isdst = -1;
			t = mktime(&tm);
		}
		*time = t;
		return t != (time_t)-1;
	}
	return false;
}

static bool
day(int64_t *time, int back, time_t now)
{
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL)
		return false;
	tm.tm_mday -= back;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	*time = mktime(&tm);
	return true;
}

bool
log_filter_time(int64_t *time, const char *text, time_t now)
{
	bool good;

	if (strcmp(text, "today") == 0)
		good = day(time, 0, now);
	else if (strcmp(text, "yesterday") == 0)
		good = day(time, 1, now);
	else
		good = ago(time, text, now) || policy_time_parse(time, text) ||
		    local_time(time, text, now);
	good = good && *time >= 0 && *time <= INT64_MAX / SECOND;
	if (good)
		*time *= SECOND;
	return good;
}

/* A path keeps its colons. */
bool
log_filter_target(struct log_filter *f, char *text)
{
	char *colon = strrchr(text, ':'), *end;
	struct addr a;
	uint16_t port;

	f->target = text;
	f->port = 0;
	if (*text == '/' || addr_parse(&a, text))
		return true;
	if (*text == '[') {
		end = strchr(text, ']');
		if (end == NULL)
			return false;
		*end++ = '\0';
		f->target = text + 1;
		colon = *end == ':' ? end : NULL;
		if (!addr_parse(&a, f->target) ||
		    (colon == NULL && *end != '\0'))
			return false;
	}
	if (colon == NULL)
		return *f->target != '\0';
	if (!port_parse(&port, colon + 1))
		return false;
	*colon = '\0';
	f->port = port;
	return *f->target != '\0';
}

static bool
is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* The host of that name or alias in the policy, or NULL. */
static const struct policy_target *
host_of(const struct policy *p, const char *name)
{
	uint32_t i = policy_find_target(p, name);
	const struct policy_target *t;

	if (i == POLICY_NONE)
		return NULL;
	t = policy_target(p, i);
	return t->kind == TARGET_HOST || t->kind == TARGET_DEVICE ? t : NULL;
}

/*
 * Whether the policy in force has both as names and addresses of one host:
 * sshd(8) knows a target only as it was asked for.  The address, where it is
 * known, counts, and not the name.
 */
static bool
is_same_host(const struct policy *p, const char *asked, const char *place)
{
	struct addr a, b;
	bool by_address = addr_parse(&a, asked);
	const struct policy_target *t = host_of(p, by_address ? place : asked);

	if (t == NULL)
		return false;
	if (by_address)
		return policy_nets_have(p, t->nets, &a);
	return addr_parse(&b, place) ? policy_nets_have(p, t->nets, &b)
				     : host_of(p, place) == t;
}

bool
log_filter_leads(const struct policy *p, const char *name, const char *ip)
{
	const struct policy_target *t = p == NULL ? NULL : host_of(p, name);
	struct addr a;

	return t == NULL ||
	    (addr_parse(&a, ip) && policy_nets_have(p, t->nets, &a));
}

static bool
is_target(const struct log_filter *f, const struct log_row *row)
{
	const char *place = row->ip != NULL ? row->ip : row->target;

	if (f->port != 0 && f->port != row->port)
		return false;
	if (is(row->ip, f->target) ||
	    (row->target != NULL && strcasecmp(row->target, f->target) == 0))
		return true;
	return f->policy != NULL && place != NULL &&
	    is_same_host(f->policy, f->target, place);
}

/* It may have been told on the telephone.  A login's is that of the gate's
 * sessions, too. */
static bool
is_ref(const struct log_row *row, const char *ref)
{
	return (row->ref != NULL && strcasecmp(row->ref, ref) == 0) ||
	    (row->gate && row->login != NULL &&
		strcasecmp(row->login->ref, ref) == 0);
}

bool
log_filter_passes(const struct log_filter *f, const struct log_row *row)
{
	if (row->time < f->since || row->time >= f->until)
		return false;
	if (f->ref == NULL && row->outcome == LOG_DECIDED)
		return false;
	if (f->ref != NULL && !is_ref(row, f->ref))
		return false;
	if (f->user != NULL && !is(row->user, f->user) &&
	    !is(row->account, f->user) && !is(row->who, f->user))
		return false;
	if (f->target != NULL && !is_target(f, row))
		return false;
	if (f->road != -1 && !is(row->road, policy_road_names[f->road]))
		return false;
	return f->outcome == -1 || (int)row->outcome == f->outcome;
}
