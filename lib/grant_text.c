/* SPDX-License-Identifier: ISC */
#include "grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char request_title[] = "jump-request 2\n";
static const char approval_title[] = "jump-approval 2\n";
static const char refusal_title[] = "jump-refusal 2\n";
static const char signature_end[] = "-----END SSH SIGNATURE-----\n";

/*
 * Values.
 */

/* Printable, with no space at either end, and not what stands for none. */
static bool
is_text(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~')
			return false;
	}
	return n > 0 && s[0] != ' ' && s[n - 1] != ' ' && strcmp(s, "-") != 0;
}

static bool
is_word(const char *s)
{
	return is_text(s) && strchr(s, ' ') == NULL;
}

static bool
is_text_or_none(const char *s)
{
	return *s == '\0' || is_text(s);
}

static bool
is_word_or_none(const char *s)
{
	return *s == '\0' || is_word(s);
}

static bool
is_nonce(const char *s)
{
	return strlen(s) == GRANT_NONCE && strspn(s, letters) == GRANT_NONCE;
}

static bool
is_valid(const struct grant_tuple *t)
{
	return is_word(t->user) && is_word(t->account) && is_word(t->target) &&
	    is_word_or_none(t->meaning.realm) &&
	    is_text_or_none(t->meaning.address) &&
	    is_word_or_none(t->login) && is_word_or_none(t->ticket) &&
	    is_word_or_none(t->source) && is_text(t->reason) &&
	    is_nonce(t->nonce) && t->seconds > 0 &&
	    t->seconds <= GRANT_LONGEST && t->from > 0 && t->until > t->from;
}

static const char *
or_none(const char *s)
{
	return *s == '\0' ? "-" : s;
}

/*
 * Tuples.
 */
int
grant_tuple_print(char *text, size_t size, const struct grant_tuple *t)
{
	int n;

	if (!is_valid(t))
		return -1;
	n = snprintf(text, size,
	    "user %s\naccount %s\nrealm %s\ntarget %s\naddress %s\nport %u\n"
	    "login %s\nticket %s\n"
	    "seconds %" PRIu32 "\nfrom %" PRId64 "\nuntil %" PRId64 "\n"
	    "nonce %s\nsource %s\nreason %s\n",
	    t->user, t->account, or_none(t->meaning.realm), t->target,
	    or_none(t->meaning.address), t->port, or_none(t->login),
	    or_none(t->ticket), t->seconds, t->from, t->until, t->nonce,
	    or_none(t->source), t->reason);
	return n < 0 || (size_t)n >= size ? -1 : n;
}

/*
 * The value of the line that begins with this word, and the line after it in
 * *text.  False if it is another line, or does not fit.
 */
static bool
take(const char **text, const char *word, char *value, size_t size)
{
	size_t n = strlen(word), length;
	const char *end;

	if (strncmp(*text, word, n) != 0 || (*text)[n] != ' ')
		return false;
	end = strchr(*text, '\n');
	if (end == NULL)
		return false;
	length = (size_t)(end - *text) - n - 1;
	if (length >= size)
		return false;
	memcpy(value, *text + n + 1, length);
	value[length] = '\0';
	*text = end + 1;
	return true;
}

static bool
take_or_none(const char **text, const char *word, char *value, size_t size)
{
	if (!take(text, word, value, size))
		return false;
	if (strcmp(value, "-") == 0)
		*value = '\0';
	return true;
}

static bool
take_number(const char **text, const char *word, uint64_t most, uint64_t *n)
{
	char value[24];

	return take(text, word, value, sizeof(value)) &&
	    number_parse(n, value, 0, most);
}

/* The target, and what it means. */
static bool
take_target(const char **text, struct grant_tuple *t)
{
	struct grant_meaning *m = &t->meaning;

	return take_or_none(text, "realm", m->realm, sizeof(m->realm)) &&
	    take(text, "target", t->target, sizeof(t->target)) &&
	    take_or_none(text, "address", m->address, sizeof(m->address));
}

static bool
take_numbers(const char **text, struct grant_tuple *t)
{
	uint64_t seconds, from, until;

	if (!take_number(text, "seconds", GRANT_LONGEST, &seconds) ||
	    !take_number(text, "from", INT64_MAX, &from) ||
	    !take_number(text, "until", INT64_MAX, &until))
		return false;
	t->seconds = (uint32_t)seconds;
	t->from = (int64_t)from;
	t->until = (int64_t)until;
	return true;
}

int
grant_tuple_parse(struct grant_tuple *t, const char *text)
{
	char again[GRANT_FILE];
	const char *rest = text;
	uint64_t port;
	int n;

	if (!take(&rest, "user", t->user, sizeof(t->user)) ||
	    !take(&rest, "account", t->account, sizeof(t->account)) ||
	    !take_target(&rest, t) ||
	    !take_number(&rest, "port", UINT16_MAX, &port) ||
	    !take_or_none(&rest, "login", t->login, sizeof(t->login)) ||
	    !take_or_none(&rest, "ticket", t->ticket, sizeof(t->ticket)) ||
	    !take_numbers(&rest, t) ||
	    !take(&rest, "nonce", t->nonce, sizeof(t->nonce)) ||
	    !take_or_none(&rest, "source", t->source, sizeof(t->source)) ||
	    !take(&rest, "reason", t->reason, sizeof(t->reason)))
		return -1;
	t->port = (uint16_t)port;
	n = grant_tuple_print(again, sizeof(again), t);
	return n == rest - text && memcmp(again, text, (size_t)n) == 0 ? n : -1;
}

bool
grant_tuple_equal(const struct grant_tuple *a, const struct grant_tuple *b)
{
	char x[GRANT_FILE], y[GRANT_FILE];

	return grant_tuple_print(x, sizeof(x), a) != -1 &&
	    grant_tuple_print(y, sizeof(y), b) != -1 && strcmp(x, y) == 0;
}

/*
 * Files.
 */
int
grant_request_print(char *text, size_t size, const struct grant_tuple *t)
{
	size_t n = sizeof(request_title) - 1;
	int more = size > n ? grant_tuple_print(text + n, size - n, t) : -1;

	if (more == -1)
		return -1;
	memcpy(text, request_title, n);
	return (int)n + more;
}

int
grant_answer_print(char *text, size_t size, const struct grant_answer *a)
{
	int n, more;

	if (!is_word(a->by) || a->at <= 0)
		return -1;
	n = snprintf(text, size, "%sby %s\nat %" PRId64 "\n",
	    a->refusal ? refusal_title : approval_title, a->by, a->at);
	if (n < 0 || (size_t)n >= size)
		return -1;
	more = grant_tuple_print(text + n, size - (size_t)n, &a->tuple);
	return more == -1 ? -1 : n + more;
}

bool
grant_request_parse(struct grant_request *r, const char *text)
{
	size_t title = sizeof(request_title) - 1;
	int n;

	if (strncmp(text, request_title, title) != 0)
		return false;
	n = grant_tuple_parse(&r->tuple, text + title);
	return n != -1 && text[title + (size_t)n] == '\0';
}

/* What may stand behind an answer: nothing, or a signature in armour. */
static bool
is_signature(const char *s)
{
	size_t n = strlen(s), end = sizeof(signature_end) - 1;

	if (n == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\n' && (s[i] < ' ' || s[i] > '~'))
			return false;
	}
	return strncmp(s, GRANT_SIGNATURE, strlen(GRANT_SIGNATURE)) == 0 &&
	    n > end && strcmp(s + n - end, signature_end) == 0;
}

bool
grant_answer_parse(struct grant_answer *a, const char *text)
{
	char again[GRANT_FILE];
	const char *rest = strchr(text, '\n');
	uint64_t at;
	int n;

	if (rest == NULL)
		return false;
	rest++;
	a->refusal = strncmp(text, refusal_title, strlen(refusal_title)) == 0;
	if (!take(&rest, "by", a->by, sizeof(a->by)) ||
	    !take_number(&rest, "at", INT64_MAX, &at))
		return false;
	a->at = (int64_t)at;
	n = grant_tuple_parse(&a->tuple, rest);
	if (n == -1 || !is_signature(rest + n))
		return false;
	rest += n;
	n = grant_answer_print(again, sizeof(again), a);
	if (n != rest - text || memcmp(again, text, (size_t)n) != 0)
		return false;
	a->signature = NULL;
	return *rest == '\0' || (a->signature = strdup(rest)) != NULL;
}

bool
grant_answer_is_old(const char *text)
{
	static const char old[] = "jump-approval 1\n";

	return strncmp(text, old, sizeof(old) - 1) == 0;
}

/*
 * Ids.
 */
bool
grant_id_matches(const char *id, const struct grant_tuple *t)
{
	size_t n = strlen(id);

	return n >= GRANT_ID && n <= GRANT_NONCE &&
	    strncmp(id, t->nonce, n) == 0;
}

static int
common(const char *a, const char *b)
{
	int n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

int
grant_id_length(const struct grants *g, const struct grant_request *r)
{
	int longest = GRANT_ID;

	for (size_t i = 0; i < g->nrequests; i++) {
		int n = common(g->requests[i].tuple.nonce, r->tuple.nonce);

		if (&g->requests[i] != r && n >= longest)
			longest = n < GRANT_NONCE ? n + 1 : GRANT_NONCE;
	}
	return longest;
}

/*
 * For people.
 */
const char *
grant_span(uint32_t seconds, char buf[GRANT_SPAN])
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	snprintf(
	    buf, GRANT_SPAN, "%u%c", seconds / units[i].seconds, units[i].unit);
	return buf;
}

const char *
grant_groups(const struct policy *p, const struct policy_verdict *v,
    char buf[GRANT_GROUPS])
{
	size_t n = 0;

	*buf = '\0';
	for (uint32_t i = 0; i < v->napprovers && n < GRANT_GROUPS; i++) {
		if (v->approvers[i].approval == POLICY_NONE)
			n += (size_t)snprintf(buf + n, GRANT_GROUPS - n,
			    "%s@%s", n == 0 ? "" : " ",
			    policy_string(p,
				policy_group(p, v->approvers[i].group)->name));
	}
	return buf;
}

const char *
grant_target_text(const struct grant_tuple *t, char *buf, size_t size)
{
	if (t->port == 0)
		snprintf(buf, size, "%s", t->target);
	else
		snprintf(buf, size,
		    strchr(t->target, ':') == NULL ? "%s:%u" : "[%s]:%u",
		    t->target, t->port);
	return buf;
}
