/* SPDX-License-Identifier: ISC */
#include "request.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "exit.h"
#include "lookup.h"
#include "notice.h"
#include "reach.h"
#include "ticket.h"
#include "unmet.h"

static const char unusable[] = "the policy of this host cannot be used.";
static const char gone[] = "the client is gone";

/* What all records of this request have. */
static struct audit_event
event_of(const struct request *r, enum audit_kind kind, char hash[17])
{
	struct audit_event e = {.kind = kind,
	    .uid = r->uid,
	    .user = r->person.name != NULL ? r->person.name : r->account,
	    .session = r->reference,
	    .source = r->source,
	    .address = r->target.text,
	    .ip = r->ip,
	    .port = r->target.port,
	    .road = policy_road_names[r->road],
	    .approval = r->approval,
	    .approver = r->approver};

	if (kind != AUDIT_CLOSE)
		e.ticket = r->query.ticket;
	if (e.user != r->account && strcmp(e.user, r->account) != 0)
		e.account = r->account;
	if (r->policy != NULL) {
		policy_hash_text(r->policy, hash);
		e.policy = hash;
	}
	return e;
}

static void
event_verdict(const struct request *r, struct audit_event *e,
    const struct policy_verdict *v)
{
	e->verdict = policy_action_names[v->action];
	if (v->rule != POLICY_NONE)
		e->rule = policy_string(
		    r->policy, policy_rule(r->policy, v->rule)->name);
	if ((v->obligations & ~v->unmet) & MUST_MFA)
		e->mfa = r->mfa;
	if (v->action != ACTION_ALLOW)
		e->reason = policy_reason_text(v->reason);
}

static const char *
contact(const struct request *r)
{
	return r->policy != NULL ? decide_contact(r->policy)
				 : "your administrator";
}

/* What cannot be recorded does not happen. */
static int
unrecorded(const struct request *r)
{
	dprintf(STDERR_FILENO,
	    "jump: this cannot be recorded, and so not done. Ask %s.\n",
	    contact(r));
	return EXIT_INTERNAL;
}

/* One record and one line; code, or EXIT_INTERNAL without a record. */
static int
tell(struct request *r, const struct audit_event *e, const char *what, int code)
{
	if (audit_write(&r->audit, e) == -1)
		return unrecorded(r);
	dprintf(STDERR_FILENO, "jump: %s Ask %s, reference %s.\n", what,
	    contact(r), r->reference);
	return code;
}

int
request_refuse(
    struct request *r, const char *reason, const char *what, int code)
{
	char hash[17];
	struct audit_event e = event_of(r, AUDIT_DECISION, hash);

	e.verdict = policy_action_names[ACTION_DENY];
	e.reason = reason;
	return tell(r, &e, what, code);
}

static int
check_session(struct request *r)
{
	char reason[128], what[sizeof(reason) + 1];

	if (r->session.page != NULL)
		return EXIT_OK;
	snprintf(reason, sizeof(reason), "the session cannot be registered: %s",
	    strerror(r->session_error));
	snprintf(what, sizeof(what), "%s.", reason);
	return request_refuse(r, reason, what, EXIT_STATE);
}

static int
read_account(struct request *r)
{
	const struct passwd *pw;

	pw = getpwuid(r->uid);
	r->account = pw != NULL ? strdup(pw->pw_name) : NULL;
	if (r->account != NULL) {
		r->gid = pw->pw_gid; /* not getgid(): sg(1) changes that */
		return EXIT_OK;
	}
	r->account = "";
	return request_refuse(r, "the uid is not an account",
	    "you are no user of this host.", EXIT_DENIED);
}

/* 0, or -1 if the arguments are wrong. */
static int
read_arguments(struct request *r)
{
	const struct options *o = r->options;

	if (o->session != NULL && !audit_session_valid(o->session))
		return -1;
	if (o->session != NULL)
		strcpy(r->reference, o->session);
	if (o->from != NULL) {
		if (!addr_parse(&r->from, o->from))
			return -1;
		addr_print(&r->from, r->source);
	}
	r->mfa = factor_word(factor_read(&r->factor));
	if (o->mfa != NULL && !factor_is_method(o->mfa))
		return -1;
	if (r->mfa == NULL)
		r->mfa = o->mfa;
	if (!target_parse(&r->target, o->path != NULL ? o->path : o->host,
		o->path != NULL ? NULL : o->port))
		return -1;
	return (r->target.form == TARGET_PATH) == (o->path != NULL) ? 0 : -1;
}

static int
read_person(struct request *r)
{
	switch (person_find(
	    &r->person, r->policy, r->account, r->gid, r->options->id)) {
	case PERSON_OK:
		return EXIT_OK;
	case PERSON_UNKNOWN:
		r->person.name = NULL;
		return request_refuse(r, policy_reason_text(REASON_NOT_A_USER),
		    "you are no user of this host.", EXIT_DENIED);
	case PERSON_SYSTEM:
		break;
	}
	r->person.name = NULL;
	return request_refuse(r, "the user or the machine cannot be judged",
	    "who you are cannot be found out.", EXIT_INTERNAL);
}

static int
new_reference(struct request *r)
{
	if (audit_session_id(r->reference) == 0)
		return EXIT_OK;
	dprintf(STDERR_FILENO, "jump: there are no random numbers.\n");
	return EXIT_INTERNAL;
}

/* Who it is, by the uid, and what there is to decide with. */
static int
read_user(struct request *r, enum policy_error error)
{
	int code = read_account(r);

	if (code != EXIT_OK)
		return code;
	if (error != POLICY_OK)
		return request_refuse(
		    r, policy_strerror(error), unusable, EXIT_POLICY);
	if (!decide_zone(r->policy))
		return request_refuse(r,
		    "the policy's time zone is not on this machine", unusable,
		    EXIT_POLICY);
	code = read_person(r);
	return code == EXIT_OK ? check_session(r) : code;
}

int
request_read(
    struct request *r, const struct options *o, enum policy_error error)
{
	int code = new_reference(r);

	r->options = o;
	r->road = ROAD_CONNECT;
	r->uid = getuid();
	if (code != EXIT_OK)
		return code;
	if (read_arguments(r) == -1) {
		dprintf(STDERR_FILENO,
		    "jump: this is not a target, or not "
		    "an option of jump-connect(8).\n");
		return EXIT_USAGE;
	}
	return read_user(r, error);
}

void
request_terminal(struct request *r)
{
	r->terminal = session_terminal(
	    SESSION_DIRECTORY, getuid(), getsid(0), &r->page);
}

/* As if it had been said on the command line. */
static const struct options *
options_of(const struct session_page *p)
{
	static struct options o;
	static char port[8];
	bool path = p->port == 0 && *p->target == '/';

	snprintf(port, sizeof(port), "%u", p->port);
	o = (struct options){.wait = DIAL_TIMEOUT,
	    .id = *p->user != '\0' ? p->user : NULL,
	    .from = *p->source != '\0' ? p->source : NULL,
	    .mfa = *p->method != '\0' ? p->method : NULL,
	    .session = p->id,
	    .ticket = *p->ticket != '\0' ? p->ticket : NULL,
	    .path = path ? p->target : NULL,
	    .host = path ? NULL : p->target,
	    .port = path || p->port == 0 ? NULL : port};
	return &o;
}

int
request_inner(
    struct request *r, const struct options *o, enum policy_error error)
{
	int code = new_reference(r);

	r->options = o;
	r->road = ROAD_SHELL;
	r->uid = getuid();
	if (code != EXIT_OK)
		return code;
	if (r->terminal == -1) {
		code = read_account(r);
		return code != EXIT_OK
		    ? code
		    : request_refuse(r, "there is no terminal of jump-record's",
			  "this is for jump-record only.", EXIT_DENIED);
	}
	r->options = options_of(&r->page.page);
	if (read_arguments(r) == -1)
		return request_refuse(r, "the terminal's page cannot be read",
		    "this is not a target.", EXIT_INTERNAL);
	return read_user(r, error);
}

/* The address that it was for is all that is known of the target. */
static bool
read_gate_target(struct request *r)
{
	char host[ADDR_TEXT], port[8];

	addr_print(&r->gate.to, host);
	snprintf(port, sizeof(port), "%u", r->gate.port);
	return target_parse(&r->target, host, port);
}

int
request_gate(
    struct request *r, const struct options *o, enum policy_error error)
{
	int code = new_reference(r);
	char reason[128];

	r->options = o;
	r->road = ROAD_FORWARD;
	r->uid = (uid_t)-1;
	r->account = "";
	if (code != EXIT_OK)
		return code;
	if (gate_read(STDIN_FILENO, &r->gate) == -1 || !read_gate_target(r)) {
		snprintf(reason, sizeof(reason),
		    "whose connection it is cannot be told: %s",
		    strerror(errno));
		return request_refuse(
		    r, reason, "nobody is known.", EXIT_DENIED);
	}
	if (r->gate.probe)
		return EXIT_OK;
	r->uid = r->gate.uid;
	grant_rights_read(&r->rights, r->policy, r->uid);
	if (r->session.page != NULL &&
	    session_count_for(&r->session, SESSION_DIRECTORY, r->uid) == -1)
		return request_refuse(r, "the session cannot be counted",
		    "the session cannot be counted.", EXIT_STATE);
	return read_user(r, error);
}

/* The user learns what would help only about what is open to them. */
static const char *
refusal_text(const struct request *r, char *buf, size_t size)
{
	char name[300], unmet[UNMET_TEXT];

	target_text(&r->target, name, sizeof(name));
	if (r->decision.action != ACTION_ASK) {
		snprintf(buf, size, "%s is not open to you.", name);
		return buf;
	}
	snprintf(buf, size, "%s is open to you only with %s.", name,
	    unmet_text(r->decision.verdict.unmet, r->options->ticket, unmet));
	return buf;
}

/* When the choice ends by the clock; 0 never. */
static void
find_ends(struct request *r)
{
	const struct choice *c = r->choice;
	time_t last = r->query.now + (time_t)c->verdict.duration;

	r->until = r->deadline =
	    decide_end(r->policy, &r->query, &r->target, c, r->decision.path);
	if (c->verdict.duration != 0 && (r->until == 0 || last < r->until))
		r->deadline = last;
}

/* reason is why not, if that is better known than by the verdict. */
static int
record_decision(struct request *r, const char *reason)
{
	const struct policy_verdict *v = &r->decision.verdict;
	char what[640], hash[17];
	struct audit_event e = event_of(r, AUDIT_DECISION, hash);

	event_verdict(r, &e, v);
	grant_basis(&r->rights.list, v, r->approval, r->approver);
	if (v->action == ACTION_ASK && (v->unmet & MUST_TICKET) &&
	    r->options->ticket != NULL)
		e.reason = "the ticket matches no pattern";
	if (reason != NULL)
		e.reason = reason;
	if (r->decision.action != ACTION_ALLOW)
		return tell(
		    r, &e, refusal_text(r, what, sizeof(what)), EXIT_DENIED);
	e.outcome = AUDIT_SUCCESS;
	if (audit_write(&r->audit, &e) == 0)
		return EXIT_OK;
	return unrecorded(r);
}

/*
 * Decide again, with the addresses of the name.  EXIT_OK and *reason, why not
 * if it is for the addresses; or the exit code of a refusal.
 */
static int
decide_looked_up(struct request *r, const char **reason)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	char name[300], what[400];
	size_t n;

	switch (
	    lookup_name(r->target.text, LOOKUP_EXACT, r->patience, addrs, &n)) {
	case LOOKUP_OK:
		*reason = "the name's addresses are not its domain's";
		break;
	case LOOKUP_NONE:
		*reason = "the name has no address";
		break;
	case LOOKUP_FAILED:
		snprintf(what, sizeof(what), "%s cannot be looked up.",
		    target_text(&r->target, name, sizeof(name)));
		return request_refuse(
		    r, "the name cannot be looked up", what, EXIT_UNREACHABLE);
	case LOOKUP_CANCELED:
		return request_refuse(
		    r, gone, "nobody reads what comes.", EXIT_PEER);
	}
	decide(r->policy, &r->query, &r->target, addrs, n, &r->decision);
	if (r->decision.n > 0)
		*reason = NULL;
	return EXIT_OK;
}

/* As decide_hostkeys(). */
static ssize_t
hostkeys_of(
    const struct request *r, const struct choice *choice, const char ***keys)
{
	return decide_hostkeys(r->policy, &r->query, &r->target, choice,
	    r->decision.path, keys);
}

/* Why a choice is not for this terminal, or NULL. */
static const char *
unfit(const struct request *r, const struct choice *c, const char **what)
{
	const struct session_page *page = &r->page.page;
	uint32_t musts = c->verdict.obligations;
	const char **keys;
	ssize_t n;

	if ((musts & MUST_RECORD) && !page->recorded) {
		*what = "this session is to be recorded.";
		return "the terminal is not recorded";
	}
	if ((musts & MUST_CONSENT) && !page->consented) {
		*what = "this session needs your consent.";
		return "the user has not consented";
	}
	n = hostkeys_of(r, c, &keys);
	if (n > 0)
		free(keys);
	*what = "no host key of this target is in the policy.";
	return n > 0 ? NULL : "the target has no hostkey in the policy";
}

/* What is permitted must be so in this terminal, whatever comes of it. */
static int
check_terminal(struct request *r)
{
	const struct decision *d = &r->decision;

	for (const struct choice *c = d->choices; c < d->choices + d->n; c++) {
		const char *what, *reason;

		if (c->verdict.action != ACTION_ALLOW)
			continue;
		reason = unfit(r, c, &what);
		if (reason != NULL)
			return request_refuse(r, reason, what, EXIT_DENIED);
	}
	return EXIT_OK;
}

/* What the policy says, as far as that is known without a name server. */
static void
judge(struct request *r)
{
	struct decision *d = &r->decision;

	decide_request(&r->query, &r->person, r->road, time(NULL));
	r->query.gate = r->road == ROAD_FORWARD;
	r->query.ticket = r->options->ticket;
	r->query.mfa = r->mfa != NULL;
	if (r->road == ROAD_SHELL)
		r->query.as = r->page.page.login;
	grant_rights_judge(
	    &r->rights, r->policy, r->account, r->uid, r->query.now);
	grant_rights_give(&r->rights, &r->person, &r->query);
	if (r->source[0] != '\0')
		r->query.from = &r->from;
	decide(r->policy, &r->query, &r->target, NULL, 0, d);
	if (r->road == ROAD_FORWARD && (d->verdict.unmet & MUST_MFA) &&
	    factor_of_all("/proc", LOGIN_DIRECTORY, getuid(), r->uid)) {
		r->query.mfa = true;
		r->mfa = "logins";
		decide(r->policy, &r->query, &r->target, NULL, 0, d);
	}
}

int
request_decide(struct request *r)
{
	const char *reason = NULL;
	int code = EXIT_OK;

	r->patience = (struct patience){
	    dial_clock() + (int64_t)r->options->wait * 1000, STDOUT_FILENO};
	judge(r);
	if (r->decision.lookup)
		code = decide_looked_up(r, &reason);
	if (code == EXIT_OK && r->road == ROAD_SHELL)
		code = check_terminal(r);
	if (code != EXIT_OK)
		return code;
	if (policy_damaged(r->policy))
		return request_refuse(
		    r, policy_strerror(POLICY_BROKEN), unusable, EXIT_POLICY);
	if (r->query.ticket == NULL)
		r->query.ticket =
		    grant_ticket(&r->rights.list, &r->decision.verdict);
	code = ticket_check(r);
	return code == EXIT_OK ? record_decision(r, reason) : code;
}

static uint32_t
device_of(const struct request *r, const struct choice *c)
{
	return decide_device(
	    r->policy, &r->query, &r->target, c, r->decision.path);
}

/* Whether what is at an address is to be connected to, as far as is known. */
static bool
may_dial(struct request *r, const struct choice *c,
    const struct sockaddr_storage *at)
{
	uint32_t device = device_of(r, c);

	return device == POLICY_NONE ||
	    reach_listens(r, device, (const struct sockaddr *)at);
}

/* Who has answered at an address; the socket, or -1. */
static int
check_device(struct request *r, const struct choice *c, int fd)
{
	int error = errno;
	uint32_t device = device_of(r, c);

	if (device == POLICY_NONE || r->decision.path != NULL) {
		errno = error;
		return fd;
	}
	if (fd == -1)
		r->fault = error == ECONNREFUSED ? DEVICE_OFFLINE : error;
	else if (reach_check(r, device, fd))
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

/* What is at a path; the socket, or -1. */
static int
dial_there(struct request *r, struct dial *dial, const struct choice *c)
{
	uint32_t device = device_of(r, c);

	return device == POLICY_NONE
	    ? dial_path(dial, r->decision.path, r->patience)
	    : reach_path(r, device);
}

/* Connect to one of the choices that are allowed; the socket, or -1. */
static int
dial_choices(struct request *r, struct dial *dial)
{
	struct sockaddr_storage addrs[ADDRESSES_MAX];
	const struct choice *from[ADDRESSES_MAX];
	const struct decision *d = &r->decision;
	size_t n = 0, which = 0;
	int fd;

	for (const struct choice *c = d->choices; c < d->choices + d->n; c++) {
		if (c->verdict.action != ACTION_ALLOW)
			continue;
		from[n] = c;
		addr_to_sockaddr(&c->addr, r->target.port, &addrs[n++]);
	}
	if (d->path != NULL)
		fd = dial_there(r, dial, from[0]);
	else if (!may_dial(r, from[0], &addrs[0]))
		return -1;
	else
		fd = dial_addresses(
		    dial, addrs, n, r->options->family, r->patience, &which);
	fd = check_device(r, from[which], fd);
	if (fd == -1)
		return -1;
	r->choice = from[which];
	if (d->path == NULL)
		addr_print(&r->choice->addr, r->ip);
	find_ends(r);
	return fd;
}

/* Permitted, but not one more at once. */
static int
too_many(struct request *r)
{
	char name[300], what[500], hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);
	uint32_t max = r->limits.max;

	e.reason = "too many sessions at once";
	e.rule = r->limits.rule;
	e.limits.max = max;
	snprintf(what, sizeof(what),
	    "%s must wait: you have %u session%s of %u open, `who' lists %s.",
	    target_text(&r->target, name, sizeof(name)), max,
	    max == 1 ? "" : "s", max, max == 1 ? "it" : "them");
	return tell(r, &e, what, EXIT_BUSY);
}

static int
take_places(struct request *r)
{
	char hash[17];
	struct audit_event e;

	r->limits.session = &r->session;
	r->limits.policy = r->policy;
	r->limits.user = r->person.name;
	if (limits_take(&r->limits, &r->decision) == 0)
		return EXIT_OK;
	if (errno == EAGAIN)
		return too_many(r);
	e = event_of(r, AUDIT_OPEN, hash);
	e.reason = "the session cannot be counted";
	return tell(r, &e, "the session cannot be counted.", EXIT_STATE);
}

/* The target is permitted, and did not answer while anybody waited. */
static int
unreachable(struct request *r, int error)
{
	char name[300], what[500], hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);

	if (error == ECANCELED) {
		e.reason = gone;
		return tell(r, &e, "nobody reads what comes.", EXIT_PEER);
	}
	e.reason = strerror(error);
	snprintf(what, sizeof(what), "%s cannot be reached: %s.",
	    target_text(&r->target, name, sizeof(name)), e.reason);
	return tell(r, &e, what, EXIT_UNREACHABLE);
}

/* The device is away, or who is there is not the device. */
static int
refuse_device(struct request *r)
{
	char name[300], what[500], hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);
	bool offline = r->fault == DEVICE_OFFLINE;

	e.reason = device_fault_text(r->fault);
	e.denied = r->fault < DEVICE_OFFLINE;
	if (e.denied && r->who.uid != (uid_t)-1)
		e.listener = &r->who;
	snprintf(what, sizeof(what),
	    offline ? "%s is offline."
		    : "%s cannot be reached: who listens there is not the "
		      "device.",
	    target_text(&r->target, name, sizeof(name)));
	return tell(
	    r, &e, what, offline ? EXIT_UNREACHABLE : EXIT_DENIED);
}

/* What cannot be notified of does not happen. */
static int
unnotified(struct request *r, int error)
{
	char reason[128], what[sizeof(reason) + 1], hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);

	snprintf(reason, sizeof(reason), "the notification cannot be left: %s",
	    error == EUSERS ? "too many wait" : strerror(error));
	e.reason = reason;
	snprintf(what, sizeof(what), "%s.", reason);
	return tell(r, &e, what, EXIT_STATE);
}

/* Leave the record of the opening for who is to be told, if somebody is. */
static int
leave_notice(struct request *r, const struct audit_event *opened)
{
	const struct policy_verdict *v = &r->choice->verdict;
	struct audit_event e = *opened;
	char text[AUDIT_MAX + 1];
	struct timespec now;
	size_t size;

	if (!(v->obligations & MUST_NOTIFY))
		return 0;
	errno = r->events_error;
	if (r->events == -1)
		return -1;
	e.rule = policy_string(r->policy, policy_rule(r->policy, v->rule)->name);
	clock_gettime(CLOCK_REALTIME, &now);
	size = audit_format(NULL, &e, &now, text);
	return notice_leave(r->events, r->uid, text, size);
}

bool
request_captures(const struct request *r)
{
	return r->road != ROAD_SHELL &&
	    (r->choice->verdict.obligations & MUST_RECORD) != 0;
}

/* Who it is about; of what the policy and the user say, as records have it. */
static int
begin_capture(struct request *r, int sock)
{
	char name[300], about[512], safe[AUDIT_ESCAPED(sizeof(about))];
	int fd = keeper_make(&r->keeper, r->reference);

	if (fd == -1)
		return -1;
	snprintf(about, sizeof(about), "session %s, %s to %s by %s",
	    r->reference, r->person.name,
	    target_text(&r->target, name, sizeof(name)),
	    policy_road_names[r->road]);
	audit_escape(safe, sizeof(safe), about);
	return capture_begin(&r->capture, fd, sock, safe);
}

static int
not_captured(struct request *r)
{
	char reason[128], hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);

	snprintf(reason, sizeof(reason), "the session cannot be recorded: %s",
	    strerror(errno));
	e.reason = reason;
	return tell(r, &e, "the session cannot be recorded.", EXIT_STATE);
}

/* It is open: say so, to all who are to know before a byte of it is relayed. */
static int
announce(struct request *r)
{
	const struct policy_verdict *v = &r->choice->verdict;
	char hash[17];
	struct audit_event e = event_of(r, AUDIT_OPEN, hash);

	e.outcome = AUDIT_SUCCESS;
	if (v->obligations & MUST_MFA)
		e.mfa = r->mfa;
	e.limits.idle = v->idle;
	e.limits.duration = v->duration;
	e.limits.until = r->until;
	e.limits.max = v->max;
	if (request_captures(r)) {
		e.recording = "pcapng";
		dprintf(STDERR_FILENO, "jump: this session is recorded.\n");
	}
	if (r->road == ROAD_SHELL && r->page.page.recorded)
		e.recording = "asciicast";
	if (leave_notice(r, &e) == -1)
		return unnotified(r, errno);
	return audit_write(&r->audit, &e) == 0 ? EXIT_OK : unrecorded(r);
}

int
request_dial(struct request *r, struct dial *dial, int *sock)
{
	int code = take_places(r);

	if (code != EXIT_OK)
		return code;
	*sock = dial_choices(r, dial);
	if (*sock == -1 && r->fault < 0)
		return refuse_device(r);
	if (*sock == -1)
		return unreachable(r, r->fault != 0 ? r->fault : errno);
	limits_keep(&r->limits, r->choice);
	grant_basis(
	    &r->rights.list, &r->choice->verdict, r->approval, r->approver);
	code = request_captures(r) && begin_capture(r, *sock) == -1
	    ? not_captured(r)
	    : announce(r);
	if (r->events != -1)
		close(r->events);
	r->events = -1;
	if (code != EXIT_OK)
		close(*sock);
	return code;
}

int
request_hostkey(struct request *r, struct hostkey **watch)
{
	static struct hostkey hostkey;
	const char **keys;
	ssize_t n = hostkeys_of(r, r->choice, &keys);

	*watch = NULL;
	if (n > 0) {
		hostkey_init(&hostkey, keys, (size_t)n);
		*watch = &hostkey;
	}
	return n == -1 ? -1 : 0;
}

/* A key begins with its type: RFC 4253, 6.6. */
static void
print_hostkey(const char *name, const char *key)
{
	char start[64 + 1]; /* has the type of every key */
	uint8_t head[48];
	int n;

	snprintf(start, sizeof(start), "%s", key);
	n = base64_decode(start, head, sizeof(head));
	if (n < 4 || head[0] != 0 || head[1] != 0 || head[2] != 0 ||
	    head[3] > n - 4)
		return;
	dprintf(STDOUT_FILENO, "%s %.*s %s\n", name, head[3],
	    (const char *)head + 4, key);
}

int
request_print_hostkeys(struct request *r)
{
	const struct decision *d = &r->decision;

	judge(r);
	for (const struct choice *c = d->choices; c < d->choices + d->n; c++) {
		const char **keys;
		ssize_t n = hostkeys_of(r, c, &keys);

		for (ssize_t i = 0; i < n; i++)
			print_hostkey(r->target.text, keys[i]);
		if (n > 0)
			free(keys);
	}
	return EXIT_OK;
}

void
request_prepare(struct request *r)
{
	uint32_t program = 0;

	r->asker = (struct asker){.pid = -1, .sock = -1};
	if (r->policy != NULL)
		program = policy_meta(r->policy)->ticket_program;
	if (program != 0)
		asker_open(&r->asker, policy_string(r->policy, program), 0,
		    ASKER_MS);
}

void
request_watch(struct request *r, const char *path)
{
	struct stat st;

	r->image = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (r->image != -1 && fstat(r->image, &st) == 0)
		r->changed = st.st_ctim;
}

/* Whatever is done to its name changes its time. */
bool
request_outdated(const struct request *r)
{
	struct stat st;

	if (*r->approval != '\0' && grant_rights_old(&r->rights))
		return true;
	return r->image == -1 || fstat(r->image, &st) == -1 ||
	    st.st_ctim.tv_sec != r->changed.tv_sec ||
	    st.st_ctim.tv_nsec != r->changed.tv_nsec;
}

/* Of our end; 0 if it has none. */
static uint16_t
local_port(int sock)
{
	struct sockaddr_storage own = {0};
	socklen_t size = sizeof(own);

	if (getsockname(sock, (struct sockaddr *)&own, &size) == -1)
		return 0;
	return addr_port((const struct sockaddr *)&own);
}

void
request_describe(struct request *r, int sock)
{
	struct session_page *page = r->session.page;
	const struct policy_verdict *v = &r->choice->verdict;

	snprintf(page->id, sizeof(page->id), "%s", r->reference);
	snprintf(page->user, sizeof(page->user), "%s", r->person.name);
	snprintf(page->account, sizeof(page->account), "%s", r->account);
	snprintf(page->source, sizeof(page->source), "%s", r->source);
	snprintf(page->target, sizeof(page->target), "%s", r->target.text);
	snprintf(page->ip, sizeof(page->ip), "%s", r->ip);
	snprintf(page->rule, sizeof(page->rule), "%s",
	    policy_string(r->policy, policy_rule(r->policy, v->rule)->name));
	if (r->query.ticket != NULL)
		snprintf(page->ticket, sizeof(page->ticket), "%s",
		    r->query.ticket);
	page->port = r->target.port;
	page->road = (uint8_t)r->road;
	if (r->road == ROAD_SHELL) {
		strcpy(page->login, r->page.page.login);
		page->recorded = r->page.page.recorded;
		page->consented = r->page.page.consented;
	}
	page->mfa = r->query.mfa;
	page->client_port = r->gate.client_port;
	page->local_port = local_port(sock);
	page->idle = v->idle;
	page->deadline = r->deadline;
	page->started = time(NULL);
}

int
request_close(struct request *r, const struct request_end *end)
{
	const struct hostkey *hostkey = end->hostkey;
	char hash[17], key[HOSTKEY_TEXT];
	struct audit_event e = event_of(r, AUDIT_CLOSE, hash);

	e.outcome = hostkey == NULL ? AUDIT_SUCCESS : AUDIT_FAILURE;
	e.end = end->name;
	e.sent = *end->relay->sent;
	e.received = *end->relay->received;
	e.duration = end->duration;
	e.lost = end->lost;
	if (hostkey != NULL && hostkey->state == HOSTKEY_WRONG) {
		hostkey_text(hostkey, key);
		e.key = key;
		e.reason = "not a host key of the policy";
	} else if (hostkey != NULL) {
		e.reason = "no host key was shown";
	}
	return audit_write(&r->audit, &e);
}

void
request_tell_hostkey(const struct request *r, const struct hostkey *hostkey)
{
	char name[300], line[700];
	int n;

	target_text(&r->target, name, sizeof(name));
	n = snprintf(line, sizeof(line),
	    hostkey->state == HOSTKEY_WRONG
		? "jump: the host key of %s is not the one in the policy. "
		  "Ask %s, reference %s.\n"
		: "jump: %s showed no host key that could be checked. "
		  "Ask %s, reference %s.\n",
	    name, contact(r), r->reference);
	if (n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	if (write(STDERR_FILENO, line, (size_t)n) == -1)
		return; /* there is nobody to tell */
}
