/*
 * jump-shell: one request of a user in, one allowed action out.  What it
 * does not do itself it hands to jump-connect, which decides for itself.
 */
#include <sys/types.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "command.h"
#include "decide.h"
#include "exit.h"
#include "factor.h"
#include "grant.h"
#include "process.h"
#include "probe.h"
#include "request.h"
#include "swept.h"
#include "who.h"

#define POLICY_IMAGE STATEDIR "/policy.db"
#define JUMP_SHELL   LIBEXECDIR "/jump-shell"
#define JUMP_CONNECT LIBEXECDIR "/jump-connect"

enum { ID_TEXT = 128 };

struct visit {
	struct policy *policy; /* NULL: it cannot be used */
	struct audit audit;
	struct person person; /* of identify(); before, only policy is set */
	const char *account;
	uid_t uid;
	gid_t gid;
	const char *id;	     /* the user's name as sshd told, or NULL */
	const char *request; /* the user's words, or NULL */
	const char *ticket;  /* of the environment, or NULL */
	const char *method;  /* a second one of the login, or NULL */
	struct factor factor;
	struct addr from;
	char from_text[ADDR_TEXT]; /* "" if it is not known */
	char reference[AUDIT_SESSION + 1];
	struct session_own own; /* of this account */
	int requests;		/* the folder, or -1 */
	struct grants grants;	/* all that is in it */
	struct grant_list granted; /* to this user */
};

static const char unusable[] = "the policy of this host cannot be used.";

/* Before there is anything to refuse with. */
static int
broken(const char *what)
{
	dprintf(STDERR_FILENO, "jump: jump-shell cannot %s: %s.\n", what,
	    strerror(errno));
	return EXIT_INTERNAL;
}

/*
 * Refuse: one record, one line, and the exit code.  The event has what is
 * particular to this refusal; what is a sentence with its full stop.
 */
static int
refuse(struct visit *s, struct audit_event *event, const char *what, int code)
{
	const char *contact = s->policy != NULL ? decide_contact(s->policy)
						: "your administrator";
	char safe[512], hash[17] = "";

	if (s->policy != NULL)
		policy_hash_text(s->policy, hash);
	event->kind = AUDIT_DECISION;
	event->outcome = AUDIT_FAILURE;
	event->verdict = policy_action_names[ACTION_DENY];
	event->uid = s->uid;
	event->user = s->person.name != NULL ? s->person.name : s->account;
	if (event->user != s->account && strcmp(event->user, s->account) != 0)
		event->account = s->account;
	event->source = s->from_text;
	event->session = s->reference;
	event->policy = hash;
	audit_escape(safe, sizeof(safe), what);
	if (audit_write(&s->audit, event) == -1) {
		dprintf(STDERR_FILENO,
		    "jump: %s This cannot be recorded; ask %s.\n", safe,
		    contact);
		return EXIT_INTERNAL;
	}
	dprintf(STDERR_FILENO, "jump: %s Ask %s, reference %s.\n", safe,
	    contact, s->reference);
	return code;
}

static int
refuse_because(
    struct visit *s, const char *reason, const char *what, int code)
{
	struct audit_event event = {.reason = reason};

	return refuse(s, &event, what, code);
}

static int
refuse_command(
    struct visit *s, enum command_error error, const struct command *c)
{
	struct audit_event event = {
	    .reason = command_error_reason(error), .request = s->request};
	char sentence[COMMAND_SENTENCE];
	bool ours = error == COMMAND_MALFORMED || error == COMMAND_PORT ||
	    error == COMMAND_TICKET;

	return refuse(s, &event, command_error_text(error, c, sentence),
	    ours ? EXIT_USAGE : EXIT_DENIED);
}

/* The same line as jump-connect's, for targets that there are and are not. */
static int
refuse_target(struct visit *s, const struct target *target,
    const struct policy_verdict *why)
{
	char name[300], what[340];
	struct audit_event event = {.address = target->text,
	    .port = target->port,
	    .road = policy_road_names[ROAD_CONNECT],
	    .reason = policy_reason_text(why->reason),
	    .request = s->request}; /* it was a question */

	if (why->rule != POLICY_NONE)
		event.rule = policy_string(
		    s->policy, policy_rule(s->policy, why->rule)->name);
	snprintf(what, sizeof(what), "%s is not open to you.",
	    target_text(target, name, sizeof(name)));
	return refuse(s, &event, what, EXIT_DENIED);
}

/*
 * What the user controls is looked at from here on: who sshd says it is,
 * where they come from, and what they ask for.  0, or an exit code.
 */
static int
read_input(struct visit *s, int argc, char **argv)
{
	const char *original = getenv("SSH_ORIGINAL_COMMAND");
	const char *connection = getenv("SSH_CONNECTION");
	const char *auth = getenv("SSH_USER_AUTH");
	const struct passwd *pw;

	s->ticket = getenv("JUMP_TICKET");
	/* The strings stay; libc's look-ups are to see none of the rest. */
	if (process_clear_env() == -1)
		return broken("clear its environment");
	s->uid = getuid();
	pw = getpwuid(s->uid);
	s->account = pw != NULL ? strdup(pw->pw_name) : NULL;
	if (s->account == NULL)
		return broken("find the name of this account");
	s->gid = pw->pw_gid; /* not getgid(): sg(1) changes that */
	if (command_from(&s->from, connection))
		addr_print(&s->from, s->from_text);
	s->method = auth_method(auth, s->uid);
	if (command_source(argc, argv, original, JUMP_SHELL, &s->request,
		&s->id) &&
	    (s->id == NULL || strlen(s->id) <= ID_TEXT))
		return EXIT_OK;
	dprintf(STDERR_FILENO, "usage: jump-shell [--id=NAME] [-c STRING]\n");
	return EXIT_USAGE;
}

/*
 * Become jump-connect: it decides, and writes the records.  Returns only if
 * that fails.
 */
static int
connect_target(struct visit *s, const struct command *c)
{
	static char path[] = "PATH=/usr/bin:/bin";
	char *const environment[] = {path, NULL};
	char session[32], from[64], id[ID_TEXT + 8], wait[16], port[8],
	    mfa[64];
	char ticket[16 + TICKET_MAX];
	const char *argv[16];
	size_t n = 0;

	snprintf(session, sizeof(session), "--session=%s", s->reference);
	snprintf(from, sizeof(from), "--from=%s", s->from_text);
	snprintf(id, sizeof(id), "--id=%s", s->id != NULL ? s->id : "");
	snprintf(mfa, sizeof(mfa), "--mfa=%s", s->method != NULL ? s->method : "");
	snprintf(wait, sizeof(wait), "-w%u", c->wait);
	snprintf(ticket, sizeof(ticket), "--ticket=%s", c->ticket);
	snprintf(port, sizeof(port), "%u", c->target.port);
	argv[n++] = "jump-connect";
	argv[n++] = session;
	if (s->from_text[0] != '\0')
		argv[n++] = from;
	if (s->id != NULL)
		argv[n++] = id;
	if (c->ticket[0] != '\0')
		argv[n++] = ticket;
	if (s->method != NULL)
		argv[n++] = mfa;
	if (c->wait != 0)
		argv[n++] = wait;
	if (c->v4 || c->v6)
		argv[n++] = c->v4 ? "-4" : "-6";
	argv[n++] = c->target.form == TARGET_PATH ? "-U" : "--";
	argv[n++] = c->target.text;
	if (c->target.form != TARGET_PATH)
		argv[n++] = port;
	argv[n] = NULL;
	execve(JUMP_CONNECT, (char *const *)argv, environment);
	return refuse_because(
	    s, strerror(errno), "jump-connect cannot be run.", EXIT_INTERNAL);
}

/* Whether the person may have rights at all; else why not. */
static bool
has_rights(const struct visit *s, enum policy_reason *why)
{
	struct policy_request request;
	struct policy_verdict verdict;

	decide_request(&request, &s->person, ROAD_CONNECT, time(NULL));
	request.path = "/";
	policy_evaluate(s->policy, &request, &verdict);
	*why = verdict.reason;
	return *why != REASON_NOT_A_USER && *why != REASON_LOCKED;
}

/* Find out whose rights these are.  0, or an exit code. */
static int
identify(struct visit *s)
{
	enum policy_reason why = REASON_NOT_A_USER;

	switch (person_find(&s->person, s->policy, s->account, s->gid, s->id)) {
	case PERSON_OK:
		if (has_rights(s, &why))
			return EXIT_OK;
		/* FALLTHROUGH */
	case PERSON_UNKNOWN:
		s->person.name = NULL;
		return refuse_because(s, policy_reason_text(why),
		    "you are no user of this host.", EXIT_DENIED);
	case PERSON_SYSTEM:
		break;
	}
	s->person.name = NULL;
	return refuse_because(s, "the user or the machine cannot be judged",
	    "who you are cannot be found out.", EXIT_INTERNAL);
}

/* The user's own; on a shared account, not those of the others. */
static int
who(struct visit *s)
{
	if (s->own.more)
		dprintf(STDERR_FILENO,
		    "jump: there are more sessions than can be shown.\n");
	if (answer_who(stdout, &s->own, s->person.name,
		!policy_account_shared(s->policy, s->account)) == -1)
		return broken("list the sessions");
	return EXIT_OK;
}

/*
 * Whether the gate answers.  If it does not, what is listed may be refused all
 * the same: from here, nobody can see whether its table is the cause.
 */
static void
ask_gate(struct policy_request *request, enum command_verb verb)
{
	if (!request->gate || probe_gate(PROBE_MS))
		return;
	request->gate = false;
	if (verb == COMMAND_LIST || verb == COMMAND_WHY)
		dprintf(STDERR_FILENO,
		    "jump: the gate of this host does not answer: ProxyJump "
		    "may be refused now.\n");
}

/*
 * What the user is granted; who they are is known.  Signatures are looked at
 * without the group: what is said of them is for the user alone, and whoever
 * lets somebody in looks for themselves.
 */
static void
find_granted(struct visit *s, struct policy_request *request)
{
	grants_verify(&s->grants, s->policy, s->uid, request->now);
	if (grants_judge(&s->grants, s->policy, s->account, s->uid,
		request->now, &s->granted) == -1)
		return;
	grant_list_keep(&s->granted, s->person.name);
	request->approvals = s->granted.list;
	request->napprovals = s->granted.n;
}

/* request, requests, approve, refuse. */
static int
answer_request(struct visit *s, const struct command *c)
{
	struct asker a = {.dir = s->requests,
	    .grants = &s->grants,
	    .person = &s->person,
	    .uid = s->uid,
	    .from = s->from_text[0] != '\0' ? &s->from : NULL,
	    .from_text = s->from_text,
	    .now = time(NULL),
	    .audit = &s->audit,
	    .reference = s->reference};
	struct refusal no = {0};
	int code;

	grants_verify(&s->grants, s->policy, GRANT_ANYBODY, a.now);
	if (s->grants.more)
		dprintf(STDERR_FILENO,
		    "jump: there are more requests than can be read.\n");
	if (c->verb == COMMAND_REQUESTS)
		return request_list(&a, stdout, isatty(STDOUT_FILENO)) == 0
		    ? EXIT_OK
		    : broken("list the requests");
	code = (c->verb == COMMAND_REQUEST ? request_ask : request_answer)(
	    &a, c, stdout, &no);
	if (code == EXIT_OK)
		return code;
	return no.reason == NULL
	    ? refuse_target(s, &no.target, &no.verdict)
	    : refuse_because(s, no.reason, no.what, code);
}

static int
answer(struct visit *s, const struct command *c)
{
	struct policy_request request;
	struct policy_verdict why;

	decide_request(&request, &s->person, ROAD_CONNECT, time(NULL));
	request.swept = swept_lately(SWEPT_FILE, 0, time(NULL));
	ask_gate(&request, c->verb);
	if (s->from_text[0] != '\0')
		request.from = &s->from;
	if (c->ticket[0] != '\0')
		request.ticket = c->ticket;
	request.mfa = factor_read(&s->factor) != LOGIN_MFA_NONE;
	find_granted(s, &request);
	switch (c->verb) {
	case COMMAND_LIST:
		if (answer_list(stdout, s->policy, &request, s->method != NULL,
			isatty(STDOUT_FILENO)) == 0)
			return EXIT_OK;
		return broken("write its list");
	case COMMAND_WHY:
		switch (answer_why(stdout, s->policy, &request,
		    s->method != NULL, &c->target, &why)) {
		case ACTION_ALLOW:
			return EXIT_OK;
		case ACTION_ASK:
			return EXIT_NO_MATCH;
		case ACTION_DENY:
			break;
		}
		return refuse_target(s, &c->target, &why);
	case COMMAND_WHO:
		return who(s);
	case COMMAND_REQUEST:
	case COMMAND_REQUESTS:
	case COMMAND_APPROVE:
	case COMMAND_REFUSE:
		return answer_request(s, c);
	default:
		answer_help(stdout);
		return EXIT_OK;
	}
}

/* What a request comes to; an exit code. */
static int
serve(struct visit *s)
{
	struct command command;
	enum command_error error = command_parse(&command, s->request);
	int code;

	if (error == COMMAND_OK)
		error = command_default_ticket(&command, s->ticket);
	if (error == COMMAND_OK && command.verb == COMMAND_CONNECT)
		return connect_target(s, &command);
	code = identify(s);
	if (code != EXIT_OK)
		return code;
	if (error != COMMAND_OK)
		return refuse_command(s, error, &command);
	code = answer(s, &command);
	if (policy_damaged(s->policy))
		return refuse_because(
		    s, policy_strerror(POLICY_BROKEN), unusable, EXIT_POLICY);
	if (code == EXIT_INTERNAL || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	return broken("write its answer");
}

int
main(int argc, char **argv)
{
	static struct visit s = {.account = ""};
	enum policy_error error;
	const char *reason;
	bool setgid;
	int code;

	if (process_signals() == -1 || process_repair_fds() == -1 ||
	    process_check_setgid(&setgid) == -1)
		return broken("start");
	error = policy_open(POLICY_IMAGE, 0, &s.policy);
	reason = policy_strerror(error);
	session_own_open(&s.own, SESSION_DIRECTORY, getuid());
	factor_open(&s.factor, "/proc", LOGIN_DIRECTORY);
	s.requests = grants_open(GRANT_DIRECTORY, 0);
	if (s.requests != -1)
		grants_read(&s.grants, s.requests, GRANT_ANYBODY);
	if (process_drop_group() == -1 || process_harden() == -1)
		return broken("confine itself");

	code = read_input(&s, argc, argv);
	if (code != EXIT_OK)
		return code;
	if (audit_open(&s.audit, "jump-shell", AUDIT_SOCKET) == -1 ||
	    audit_session_id(s.reference) == -1)
		return broken("keep records");
	if (error != POLICY_OK)
		return refuse_because(&s, reason, unusable, EXIT_POLICY);
	if (!decide_zone(s.policy))
		return refuse_because(&s,
		    "the policy's time zone is not on this machine", unusable,
		    EXIT_POLICY);
	_exit(serve(&s)); /* what is to be written has been */
}
