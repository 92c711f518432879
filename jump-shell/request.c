/* SPDX-License-Identifier: ISC */
#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

enum { TARGET_TEXT = 300, INPUT_MS = 30000 };

static const char cannot_keep[] = "requests cannot be kept";

/*
 * Words.
 */
static int refused(struct refusal *, int code, const char *reason,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

static int
refused(
    struct refusal *no, int code, const char *reason, const char *format, ...)
{
	va_list args;

	no->reason = reason;
	va_start(args, format);
	vsnprintf(no->what, sizeof(no->what), format, args);
	va_end(args);
	return code;
}

static bool
is_own(const struct asker *a, const struct grant_request *r)
{
	return r->uid == a->uid && strcmp(r->tuple.user, a->person->name) == 0;
}

/*
 * Whether this person may answer it: somebody of one of its groups, if only
 * with a signature.
 */
static bool
may_answer(const struct asker *a, const struct grant_request *r,
    const struct grant_view *v)
{
	if (is_own(a, r) || v->state == GRANT_VOID || v->state == GRANT_OVER)
		return false;
	for (uint32_t i = 0; i < v->verdict.napprovers; i++) {
		if (grant_may_sign(
			a->person, v->verdict.approvers[i].group, a->now))
			return true;
	}
	return false;
}

/*
 * request
 */
static const char *
ticket_of(const struct command *c)
{
	return *c->ticket == '\0' ? NULL : c->ticket;
}

/* What it would be if everybody approved of everything. */
static void
judge_approved(const struct asker *a, const struct command *c,
    const struct target *target, struct policy_verdict *v)
{
	uint32_t n = a->person->policy->table[PT_GROUPS].n;
	struct policy_approval *all = calloc(n + 1, sizeof(*all));
	struct grant_question ask = {.approvals = all,
	    .napprovals = all == NULL ? 0 : n,
	    .ticket = ticket_of(c),
	    .from = a->from,
	    .now = a->now};

	for (uint32_t i = 0; i < ask.napprovals; i++)
		all[i].group = i;
	grant_verdict(a->person, target, &ask, v);
	free(all);
}

/* The one port that is to be approved, where none was said; or 0. */
static uint16_t
only_port(const struct asker *a, const struct command *c, uint32_t row)
{
	const struct policy *p = a->person->policy;
	struct policy_range r =
	    policy_clip(p, PT_PORTS, policy_target(p, row)->ports);
	struct target target = c->target;
	uint16_t only = 0;

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, r.first + i);
		struct policy_verdict v;

		target.port = port->port;
		judge_approved(a, c, &target, &v);
		if (v.action == ACTION_DENY || v.napprovers == 0)
			continue;
		if (only != 0)
			return 0;
		only = port->port;
	}
	return only;
}

/* The target by its own name, with a port if it has any. */
static void
settle_target(const struct asker *a, const struct command *c, struct target *t)
{
	const struct policy *p = a->person->policy;
	uint32_t row = POLICY_NONE;

	*t = c->target;
	if (t->form != TARGET_ADDRESSED)
		row = policy_find_target(p, t->text);
	if (row == POLICY_NONE)
		return;
	snprintf(t->text, sizeof(t->text), "%s",
	    policy_string(p, policy_target(p, row)->name));
	t->form = TARGET_NAMED;
	if (t->port == 0 && policy_target(p, row)->path == 0)
		t->port = only_port(a, c, row);
}

/* Whether an approval could open it, and for so long; *seconds is then set. */
static int
check_wish(const struct asker *a, const struct command *c,
    const struct target *target, uint32_t *seconds, struct refusal *no)
{
	static const char unmet[] = "something is to be done first";
	char name[TARGET_TEXT], span[GRANT_SPAN];
	struct policy_verdict *v = &no->verdict;
	uint32_t most = UINT32_MAX;

	no->target = *target;
	target_text(target, name, sizeof(name));
	judge_approved(a, c, target, v);
	if (v->action == ACTION_DENY)
		return EXIT_DENIED;
	if (v->napprovers == 0)
		return refused(no, EXIT_NO_MATCH, "no approval is needed",
		    "%s needs no approval, `why %s' tells more.", name, name);
	if (v->unmet & MUST_TICKET)
		return refused(no, EXIT_USAGE, unmet,
		    *c->ticket == '\0' ? "%s needs a ticket too: --ticket ID."
				       : "this is no ticket for %s.",
		    name);
	for (uint32_t i = 0; i < v->napprovers; i++) {
		if (v->approvers[i].seconds < most)
			most = v->approvers[i].seconds;
	}
	if (c->seconds > most)
		return refused(no, EXIT_USAGE, "longer than can be approved",
		    "%s can be approved for %s at most.", name,
		    grant_span(most, span));
	*seconds = c->seconds == 0 ? most : c->seconds;
	return EXIT_OK;
}

/* Fill the tuple; false if the names of the user or target cannot stand. */
static bool
make_tuple(const struct asker *a, const struct command *c,
    const struct target *target, uint32_t seconds, struct grant_tuple *t)
{
	char text[GRANT_FILE];

	memset(t, 0, sizeof(*t));
	snprintf(t->user, sizeof(t->user), "%s", a->person->name);
	snprintf(t->account, sizeof(t->account), "%s", a->person->account);
	snprintf(t->target, sizeof(t->target), "%s", target->text);
	snprintf(t->ticket, sizeof(t->ticket), "%s", c->ticket);
	snprintf(t->source, sizeof(t->source), "%s", a->from_text);
	snprintf(t->reason, sizeof(t->reason), "%s", c->reason);
	t->port = target->port;
	grant_mean(a->person->policy, t, &t->meaning);
	t->seconds = seconds;
	t->from = a->now;
	t->until = a->now + GRANT_WAIT + (int64_t)seconds;
	return grant_nonce(t->nonce) == 0 &&
	    grant_request_print(text, sizeof(text), t) != -1 &&
	    strcmp(t->user, a->person->name) == 0 &&
	    strcmp(t->account, a->person->account) == 0;
}

/* One record about a request; by is who signed, or NULL. */
static int
record(const struct asker *a, enum audit_kind kind, enum audit_outcome outcome,
    const struct grant_tuple *t, const char *by, const char *reason)
{
	char hash[17], id[GRANT_ID + 1];
	struct audit_event e = {.kind = kind,
	    .outcome = outcome,
	    .uid = a->uid,
	    .user = a->person->name,
	    .session = a->reference,
	    .source = a->from_text,
	    .address = t->target,
	    .port = t->port,
	    .reason = reason,
	    .policy = hash,
	    .who = kind == AUDIT_REQUEST ? NULL : t->user,
	    .note = t->reason,
	    .approval = id,
	    .approver = by,
	    .ticket = t->ticket,
	    .wanted = t->seconds};

	snprintf(id, sizeof(id), "%.*s", GRANT_ID, t->nonce);
	policy_hash_text(a->person->policy, hash);
	if (strcmp(a->person->name, a->person->account) != 0)
		e.account = a->person->account;
	return audit_write(a->audit, &e);
}

/* It was recorded, and then did not happen: that is recorded too. */
static int
undo(const struct asker *a, enum audit_kind kind, const struct grant_tuple *t,
    struct refusal *no)
{
	static const char too_many[] = "too many requests";
	int error = errno;

	record(a, kind, AUDIT_FAILURE, t, NULL,
	    error == EUSERS ? too_many : strerror(error));
	if (error == EUSERS)
		return refused(no, EXIT_BUSY, too_many,
		    "you have %d requests, as many as can be; `refuse ID' "
		    "takes one back.",
		    GRANT_SLOTS);
	return refused(no, EXIT_STATE, cannot_keep, "this cannot be kept: %s.",
	    strerror(error));
}

static int
unrecorded(struct refusal *no)
{
	return refused(no, EXIT_INTERNAL, "the log takes nothing",
	    "this cannot be recorded, and so not done.");
}

static size_t
count_places(const struct asker *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->grants->nrequests; i++)
		n += a->grants->requests[i].uid == a->uid;
	return n;
}

/* The place that it has then, or an exit code below 0. */
static int
keep(const struct asker *a, const struct grant_tuple *t, struct refusal *no)
{
	int slot;

	if (a->dir == -1)
		return -refused(
		    no, EXIT_STATE, cannot_keep, "%s here.", cannot_keep);
	errno = EUSERS;
	if (count_places(a) >= GRANT_SLOTS)
		return -undo(a, AUDIT_REQUEST, t, no);
	if (record(a, AUDIT_REQUEST, AUDIT_SUCCESS, t, NULL, NULL) == -1)
		return -unrecorded(no);
	slot = grants_request(a->dir, a->uid, t);
	return slot != -1 ? slot : -undo(a, AUDIT_REQUEST, t, no);
}

/* As if nobody had approved: all of the groups. */
static const char *
all_groups(const struct policy *p, const struct policy_verdict *v,
    char buf[GRANT_GROUPS])
{
	struct policy_verdict none = *v;

	for (uint32_t i = 0; i < none.napprovers; i++)
		none.approvers[i].approval = POLICY_NONE;
	return grant_groups(p, &none, buf);
}

int
request_ask(const struct asker *a, const struct command *c, FILE *out,
    struct refusal *no)
{
	char name[TARGET_TEXT], span[GRANT_SPAN], until[GRANT_TIME];
	char groups[GRANT_GROUPS];
	struct grant_tuple t;
	struct target target;
	uint32_t seconds = 0;
	int code;

	settle_target(a, c, &target);
	code = check_wish(a, c, &target, &seconds, no);
	if (code != EXIT_OK)
		return code;
	if (!make_tuple(a, c, &target, seconds, &t))
		return refused(no, EXIT_INTERNAL, cannot_keep,
		    "this request cannot be written down.");
	code = keep(a, &t, no);
	if (code < 0)
		return -code;
	fprintf(out,
	    "%.*s: asked for %s for %s, to be approved by %s%s until %s.\n",
	    GRANT_ID, t.nonce, grant_target_text(&t, name, sizeof(name)),
	    grant_span(t.seconds, span),
	    no->verdict.napprovers > 1 ? "each of " : "",
	    all_groups(a->person->policy, &no->verdict, groups),
	    grant_time(t.from + GRANT_WAIT, GRANT_TIME_FULL, until));
	return EXIT_OK;
}

/*
 * requests
 */
int
request_list(const struct asker *a, FILE *out, bool table)
{
	const struct grants *g = a->grants;
	struct grant_line *lines = calloc(g->nrequests + 1, sizeof(*lines));
	size_t n = 0;

	if (lines == NULL)
		return -1;
	for (size_t i = 0; i < g->nrequests; i++) {
		const struct grant_request *r = &g->requests[i];
		struct grant_view v;

		grant_look(a->person->policy, g, r, a->now, &v);
		if (is_own(a, r) || may_answer(a, r, &v))
			grant_line_fill(
			    &lines[n++], a->person->policy, g, r, &v, table);
	}
	if (n > 0)
		grant_lines_print(out, lines, n, table);
	free(lines);
	return fflush(out) == EOF ? -1 : 0;
}

/*
 * approve, refuse
 */

/* The requests that the id means and this person may speak about: how many. */
static size_t
find(const struct asker *a, const struct command *c,
    const struct grant_request **found, struct grant_view *view)
{
	const struct grants *g = a->grants;
	size_t n = 0;

	for (size_t i = 0; i < g->nrequests; i++) {
		const struct grant_request *r = &g->requests[i];
		struct grant_view v;

		if (!grant_id_matches(c->id, &r->tuple))
			continue;
		grant_look(a->person->policy, g, r, a->now, &v);
		if (!is_own(a, r) && !may_answer(a, r, &v))
			continue;
		if (n++ == 0) {
			*found = r;
			*view = v;
		}
	}
	return n;
}

static bool
has_answer(const struct asker *a, const struct grant_request *r)
{
	for (size_t i = 0; i < a->grants->nanswers; i++) {
		if (a->grants->answers[i].about == r->uid &&
		    a->grants->answers[i].slot == r->slot)
			return true;
	}
	return false;
}

/* The user's own, which they take back; for good, if anybody has answered. */
static int
take_back(const struct asker *a, const struct grant_request *r, FILE *out,
    struct refusal *no)
{
	if (record(a, AUDIT_WITHDRAW, AUDIT_SUCCESS, &r->tuple, NULL, NULL) ==
	    -1)
		return unrecorded(no);
	if ((has_answer(a, r) && grants_end(a->dir, &r->tuple) == -1) ||
	    grants_withdraw(a->dir, r) == -1)
		return undo(a, AUDIT_WITHDRAW, &r->tuple, no);
	fprintf(out, "%.*s is taken back.\n", GRANT_ID, r->tuple.nonce);
	return EXIT_OK;
}

/* The groups for which the word of whoever this is does not count. */
static void
say_who_else(const struct asker *a, const struct grant_view *v, FILE *out)
{
	struct policy_verdict rest = v->verdict;
	char groups[GRANT_GROUPS];

	for (uint32_t i = 0; i < rest.napprovers; i++) {
		if (grant_may_sign(a->person, rest.approvers[i].group, a->now))
			rest.approvers[i].approval = 0;
	}
	grant_groups(a->person->policy, &rest, groups);
	if (*groups != '\0')
		fprintf(out, "It still waits for %s.\n", groups);
}

static void
say_answer(const struct asker *a, const struct grant_answer *answer,
    const struct grant_view *v, FILE *out)
{
	const struct grant_tuple *t = &answer->tuple;
	char name[TARGET_TEXT], span[GRANT_SPAN], until[GRANT_TIME];
	int64_t end = answer->at + (int64_t)t->seconds;

	fprintf(out, "%s: %s to %s", answer->refusal ? "refused" : "approved",
	    t->user, grant_target_text(t, name, sizeof(name)));
	if (!answer->refusal)
		fprintf(out, " for %s, until %s", grant_span(t->seconds, span),
		    grant_time(end < t->until ? end : t->until, GRANT_TIME_FULL,
			until));
	fprintf(out, "; asked from %s%s%s: %s\n",
	    *t->source == '\0' ? "?" : t->source,
	    *t->ticket == '\0' ? "" : ", ticket ", t->ticket, t->reason);
	if (v != NULL && !answer->refusal)
		say_who_else(a, v, out);
}

static int
answer_it(const struct asker *a, const struct grant_request *r, bool refusal,
    const struct grant_view *v, FILE *out, struct refusal *no)
{
	enum audit_kind kind = refusal ? AUDIT_REFUSE : AUDIT_APPROVE;
	struct grant_answer answer = {.uid = a->uid,
	    .about = r->uid,
	    .slot = r->slot,
	    .refusal = refusal,
	    .at = a->now,
	    .tuple = r->tuple};

	snprintf(answer.by, sizeof(answer.by), "%s", a->person->name);
	if (record(a, kind, AUDIT_SUCCESS, &r->tuple, NULL, NULL) == -1)
		return unrecorded(no);
	if ((refusal && grants_end(a->dir, &r->tuple) == -1) ||
	    grants_answer(a->dir, &answer) == -1)
		return undo(a, kind, &r->tuple, no);
	say_answer(a, &answer, v, out);
	return EXIT_OK;
}

/*
 * Signed approvals.
 */

/* Print what there is to sign, and nothing else. */
static int
print_text(const struct asker *a, const struct grant_request *r, FILE *out,
    struct refusal *no)
{
	struct grant_answer answer = {.at = a->now, .tuple = r->tuple};
	char text[GRANT_FILE];

	snprintf(answer.by, sizeof(answer.by), "%s", a->person->name);
	if (grant_answer_print(text, sizeof(text), &answer) == -1)
		return refused(no, EXIT_INTERNAL, cannot_keep,
		    "this approval cannot be written down.");
	fputs(text, out);
	return EXIT_OK;
}

/* Read all there is; false if it is too much, or no text. */
static bool
read_input(int fd, char text[GRANT_FILE])
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t size = 0;
	ssize_t n = -1;

	while (size < GRANT_FILE && poll(&p, 1, INPUT_MS) == 1 &&
	    (n = read(fd, text + size, GRANT_FILE - size)) > 0)
		size += (size_t)n;
	if (n != 0 || size == GRANT_FILE || memchr(text, '\0', size) != NULL)
		return false;
	text[size] = '\0';
	return true;
}

/* A signed approval.  The caller frees the signature, also on failure. */
static int
read_signed(int fd, struct grant_answer *answer, struct refusal *no)
{
	char text[GRANT_FILE] = "";
	bool whole = read_input(fd, text);

	if (whole && grant_answer_is_old(text))
		return refused(no, EXIT_DENIED,
		    "an approval of an earlier version",
		    "this is an approval of an earlier version, which does not "
		    "say of which machine: ask for it again.");
	if (whole && grant_answer_parse(answer, text) && !answer->refusal &&
	    answer->signature != NULL)
		return EXIT_OK;
	return refused(no, EXIT_USAGE, "no signed approval",
	    "the input is not what `approve --text' prints, with its "
	    "signature behind it.");
}

/* The request that it answers, all of which it has in it; NULL if none. */
static const struct grant_request *
request_of(const struct asker *a, const struct grant_answer *answer)
{
	for (size_t i = 0; i < a->grants->nrequests; i++) {
		const struct grant_request *r = &a->grants->requests[i];

		if (grant_tuple_equal(&r->tuple, &answer->tuple))
			return r;
	}
	return NULL;
}

/* Whether it would count now, of a group that must approve. */
static bool
counts(const struct asker *a, const struct grant_request *r,
    struct grant_answer *answer)
{
	struct grant_request request = *r;
	struct grants one = {.requests = &request,
	    .nrequests = 1,
	    .answers = answer,
	    .nanswers = 1};
	struct grant_list l;
	struct grant_view v;
	bool any = false;

	grant_look(a->person->policy, a->grants, r, a->now, &v);
	if (grants_judge(&one, a->person->policy, r->tuple.account, r->uid,
		a->now, &l) == -1)
		return false;
	for (size_t i = 0; i < l.n; i++) {
		for (uint32_t k = 0; k < v.verdict.napprovers; k++)
			any = any ||
			    l.list[i].group == v.verdict.approvers[k].group;
	}
	grant_list_free(&l);
	return any;
}

/* One file is all that one uid has for a request: not to lose another's. */
static bool
is_taken(const struct asker *a, const struct grant_answer *answer)
{
	for (size_t i = 0; i < a->grants->nanswers; i++) {
		const struct grant_answer *old = &a->grants->answers[i];

		if (old->uid == answer->uid && old->about == answer->about &&
		    old->slot == answer->slot && old->verified &&
		    strcmp(old->by, answer->by) != 0 &&
		    grant_tuple_equal(&old->tuple, &answer->tuple))
			return true;
	}
	return false;
}

/*
 * A request that was made on another host: as it would be here, if this is who
 * made it, and nobody has ended it here.
 */
static bool
brings(const struct asker *a, const struct grant_answer *answer,
    struct grant_request *r)
{
	*r = (struct grant_request){.uid = a->uid, .tuple = answer->tuple};
	return strcmp(r->tuple.user, a->person->name) == 0 &&
	    strcmp(r->tuple.account, a->person->account) == 0 &&
	    !grants_ended(a->dir, &r->tuple);
}

/* It is of another machine than this policy calls so: of which, they know. */
static int
refused_meaning(const struct policy *p, const struct grant_tuple *t,
    struct refusal *no)
{
	struct grant_meaning here;

	grant_mean(p, t, &here);
	if (strcmp(here.realm, t->meaning.realm) != 0)
		return refused(no, EXIT_DENIED, "an approval of another realm",
		    "this approval is of %s%s, which is not this one.",
		    *t->meaning.realm == '\0' ? "a policy without realm"
					      : "the realm ",
		    t->meaning.realm);
	return refused(no, EXIT_DENIED, "an approval of another address",
	    "this approval is of %s at %s, which %s is not here.", t->target,
	    *t->meaning.address == '\0' ? "an address that DNS has"
					: t->meaning.address,
	    t->target);
}

static int
check_signed(const struct asker *a, const struct grant_request *r,
    struct grant_answer *answer, struct refusal *no)
{
	answer->uid = a->uid;
	answer->about = r->uid;
	answer->slot = r->slot;
	if (!grant_answer_verify(a->person->policy, answer))
		return refused(no, EXIT_DENIED, "not a good signature",
		    "this is not a good signature of this text by a key of %s.",
		    answer->by);
	if (!grant_means(a->person->policy, &answer->tuple))
		return refused_meaning(a->person->policy, &answer->tuple, no);
	if (!counts(a, r, answer))
		return refused(no, EXIT_DENIED,
		    "an approval that does not count",
		    "the word of %s does not open this now.", answer->by);
	if (is_taken(a, answer))
		return refused(no, EXIT_BUSY, "another approval is there",
		    "you have handed in another's approval of this; %s has to "
		    "hand in this one.",
		    answer->by);
	return EXIT_OK;
}

static int
keep_signed(const struct asker *a, struct grant_answer *answer, bool brought,
    FILE *out, struct refusal *no)
{
	const struct grant_tuple *t = &answer->tuple;
	int slot = (int)answer->slot;

	if (brought)
		slot = keep(a, t, no);
	if (slot < 0)
		return -slot;
	answer->slot = (uint32_t)slot;
	if (record(a, AUDIT_APPROVE, AUDIT_SUCCESS, t, answer->by, NULL) == -1)
		return unrecorded(no);
	if (grants_answer(a->dir, answer) == -1)
		return undo(a, AUDIT_APPROVE, t, no);
	say_answer(a, answer, NULL, out);
	return EXIT_OK;
}

static int
take_signed(const struct asker *a, FILE *out, struct refusal *no)
{
	struct grant_answer answer = {0};
	struct grant_request brought;
	const struct grant_request *r;
	int code = read_signed(STDIN_FILENO, &answer, no);

	if (code != EXIT_OK) {
		free(answer.signature);
		return code;
	}
	r = request_of(a, &answer);
	if (r == NULL && brings(a, &answer, &brought))
		r = &brought;
	if (r == NULL ||
	    (!is_own(a, r) && strcmp(answer.by, a->person->name) != 0))
		code = refused(no, EXIT_DENIED, "no such request to answer",
		    "there is no such request that you can hand this in for.");
	if (code == EXIT_OK)
		code = check_signed(a, r, &answer, no);
	if (code == EXIT_OK)
		code = keep_signed(a, &answer, r == &brought, out, no);
	free(answer.signature);
	return code;
}

/* Whether this person's word counts for some group without a signature. */
static bool
needs_no_signature(const struct asker *a, const struct grant_request *r,
    const struct grant_view *v)
{
	for (uint32_t i = 0; i < v->verdict.napprovers; i++) {
		if (grant_may_approve(
			a->person, v->verdict.approvers[i].group, a->now))
			return r->uid != a->uid;
	}
	return false;
}

static int
answer_other(const struct asker *a, const struct grant_request *r,
    const struct command *c, const struct grant_view *v, FILE *out,
    struct refusal *no)
{
	if (c->form == FORM_TEXT)
		return print_text(a, r, out, no);
	if (needs_no_signature(a, r, v))
		return answer_it(a, r, c->verb == COMMAND_REFUSE, v, out, no);
	return refused(no, EXIT_DENIED, "a signature is missing",
	    "on an account that several people share, you can only approve, "
	    "and with a signature: approve --text %s.",
	    c->id);
}

int
request_answer(const struct asker *a, const struct command *c, FILE *out,
    struct refusal *no)
{
	bool refusal = c->verb == COMMAND_REFUSE;
	const struct grant_request *r = NULL;
	struct grant_view v;
	size_t n;

	if (c->form == FORM_SIGNED)
		return take_signed(a, out, no);
	n = find(a, c, &r, &v);
	if (n == 0)
		return refused(no, EXIT_DENIED, "no such request to answer",
		    "there is no request %s that you can %s.", c->id,
		    refusal ? "refuse" : "approve");
	if (n > 1)
		return refused(no, EXIT_USAGE, "several requests of this id",
		    "%s begins the id of %zu requests; `requests' shows more "
		    "of each.",
		    c->id, n);
	if (!is_own(a, r))
		return answer_other(a, r, c, &v, out, no);
	if (refusal)
		return take_back(a, r, out, no);
	return refused(no, EXIT_DENIED, "one's own request",
	    "somebody else has to approve what you have asked for.");
}
