/* SPDX-License-Identifier: ISC */
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
#include "auth.h"
#include "config.h"
#include "exit.h"
#include "known_hosts.h"
#include "menu.h"
#include "process.h"
#include "probe.h"
#include "register.h"
#include "request.h"
#include "terminal.h"
#include "visit.h"
#include "who.h"

#define POLICY_IMAGE STATEDIR "/policy.db"
#define JUMP_SHELL   LIBEXECDIR "/jump-shell"
#define JUMP_CONNECT LIBEXECDIR "/jump-connect"

static const char unusable[] = "the policy of this host cannot be used.";

static int
refuse_command(
    struct visit *s, enum command_error error, const struct command *c)
{
	struct audit_event event = {
	    .reason = command_error_reason(error), .request = s->request};
	char sentence[COMMAND_SENTENCE];
	bool ours = error == COMMAND_MALFORMED || error == COMMAND_PORT ||
	    error == COMMAND_TICKET;

	return visit_refuse(s, &event, command_error_text(error, c, sentence),
	    ours ? EXIT_USAGE : EXIT_DENIED);
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
	s->term = getenv("TERM");
	s->agent = getenv("SSH_AUTH_SOCK");
	s->no_color = getenv("NO_COLOR");
	s->place = getenv("JUMP_MENU");
	s->connection = connection;
	s->auth = auth;
	/* The strings stay; libc's look-ups are to see none of the rest. */
	if (process_clear_env() == -1)
		return visit_broken("clear its environment");
	s->uid = getuid();
	pw = getpwuid(s->uid);
	s->account = pw != NULL ? strdup(pw->pw_name) : NULL;
	if (s->account == NULL)
		return visit_broken("find the name of this account");
	s->gid = pw->pw_gid; /* not getgid(): sg(1) changes that */
	if (command_from(&s->from, connection))
		addr_print(&s->from, s->from_text);
	s->method = auth_method(auth, s->uid);
	s->mfa = factor_read(&s->factor) != LOGIN_MFA_NONE;
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
	return visit_refuse_because(
	    s, strerror(errno), "jump-connect cannot be run.", EXIT_INTERNAL);
}

/* Find out whose rights these are.  0, or an exit code. */
static int
identify(struct visit *s)
{
	enum policy_reason why = REASON_NOT_A_USER;

	switch (person_find(&s->person, s->policy, s->account, s->gid, s->id)) {
	case PERSON_OK:
		if (person_has_rights(&s->person, &why))
			return EXIT_OK;
		/* FALLTHROUGH */
	case PERSON_UNKNOWN:
		s->person.name = NULL;
		return visit_refuse_because(s, policy_reason_text(why),
		    "you are no user of this host.", EXIT_DENIED);
	case PERSON_SYSTEM:
		break;
	}
	s->person.name = NULL;
	return visit_refuse_because(s, "the user or the machine cannot be judged",
	    "who you are cannot be found out.", EXIT_INTERNAL);
}

/* The user's own; on a shared account, not those of the others. */
static int
who(struct visit *s, bool network)
{
	const struct who_asks asks = {.user = s->person.name,
	    .alone = !policy_account_shared(s->policy, s->account),
	    .network = network,
	    .connection = s->connection};

	if (s->own.more)
		dprintf(STDERR_FILENO,
		    "jump: there are more sessions than can be shown.\n");
	if (answer_who(stdout, &s->own, &asks) == -1)
		return visit_broken("list the sessions");
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
	if (verb == COMMAND_MENU || verb == COMMAND_LIST ||
	    verb == COMMAND_WHY || verb == COMMAND_CONFIG)
		dprintf(STDERR_FILENO,
		    "jump: the gate of this host does not answer: ProxyJump "
		    "may be refused now.\n");
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
		    : visit_broken("list the requests");
	code = (c->verb == COMMAND_REQUEST ? request_ask : request_answer)(
	    &a, c, stdout, &no);
	if (code == EXIT_OK)
		return code;
	no.verdict.action = ACTION_DENY; /* whatever it lacks */
	return no.reason == NULL
	    ? visit_refuse_target(
		  s, ROAD_CONNECT, &no.target, &no.verdict, NULL)
	    : visit_refuse_because(s, no.reason, no.what, code);
}

/* The host keys of one target, for the ssh that jump-record(8) starts. */
static int
known_hosts(struct visit *s, const struct policy_request *request,
    const struct command *c)
{
	struct policy_verdict why = {.reason = REASON_NO_RULE,
	    .rule = POLICY_NONE};

	switch (known_hosts_print(stdout, s->policy, request, &c->target)) {
	case -1:
		return visit_broken("list the host keys");
	case 0:
		return visit_refuse_target(
		    s, ROAD_SHELL, &c->target, &why, NULL);
	default:
		return EXIT_OK;
	}
}

static int
answer(struct visit *s, const struct command *c)
{
	struct policy_request request;
	struct policy_verdict why;

	visit_request(s, &request, ROAD_FORWARD, c->ticket);
	ask_gate(&request, c->verb);
	switch (c->verb) {
	case COMMAND_MENU:
		if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
			return menu_show(s, &request);
		/* FALLTHROUGH */
	case COMMAND_LIST:
		if (answer_list(stdout, s->policy, &request, s->method != NULL,
			isatty(STDOUT_FILENO), &s->online) == 0)
			return EXIT_OK;
		return visit_broken("write its list");
	case COMMAND_WHY:
		switch (answer_why(stdout, s->policy, &request,
		    s->method != NULL, &c->target, &why, &s->online)) {
		case ACTION_ALLOW:
			return EXIT_OK;
		case ACTION_ASK:
			return EXIT_NO_MATCH;
		case ACTION_DENY:
			break;
		}
		return visit_refuse_target(
		    s, ROAD_CONNECT, &c->target, &why, NULL);
	case COMMAND_WHO:
		return who(s, c->network);
	case COMMAND_KNOWN_HOSTS:
		if (*c->target.text != '\0')
			return known_hosts(s, &request, c);
		/* FALLTHROUGH */
	case COMMAND_CONFIG:
		return config_answer(s, &request, c) == 0
		    ? EXIT_OK
		    : visit_broken("write its answer");
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

/* What was answered counts only if all of it could be read and written. */
static int
finish(struct visit *s, int code)
{
	if (policy_damaged(s->policy))
		return visit_refuse_because(
		    s, policy_strerror(POLICY_BROKEN), unusable, EXIT_POLICY);
	if (code == EXIT_INTERNAL || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	return visit_broken("write its answer");
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
	if (register_account(s->policy, s->account))
		return finish(s, register_serve(s, error, &command));
	if (error == COMMAND_OK && command.verb == COMMAND_REGISTER)
		error = COMMAND_UNKNOWN;
	if (error == COMMAND_OK && command.verb == COMMAND_CONNECT)
		return connect_target(s, &command);
	code = identify(s);
	if (code != EXIT_OK)
		return code;
	if (error != COMMAND_OK)
		return refuse_command(s, error, &command);
	return finish(s,
	    command.verb == COMMAND_SSH ? terminal_exec(s, &command)
					: answer(s, &command));
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
		return visit_broken("start");
	error = policy_open(POLICY_IMAGE, 0, &s.policy);
	reason = policy_strerror(error);
	session_own_open(&s.own, SESSION_DIRECTORY, getuid());
	factor_open(&s.factor, "/proc", LOGIN_DIRECTORY);
	device_open(&s.device, "/proc", LOGIN_DIRECTORY);
	s.requests = grants_open(GRANT_DIRECTORY, 0);
	if (s.requests != -1)
		grants_read(&s.grants, s.requests, GRANT_ANYBODY);
	if (process_drop_group() == -1 || process_harden() == -1)
		return visit_broken("confine itself");

	code = read_input(&s, argc, argv);
	if (code != EXIT_OK)
		return code;
	if (audit_open(&s.audit, "jump-shell", AUDIT_SOCKET) == -1 ||
	    audit_session_id(s.reference) == -1)
		return visit_broken("keep records");
	if (error != POLICY_OK)
		return visit_refuse_because(&s, reason, unusable, EXIT_POLICY);
	if (!decide_zone(s.policy))
		return visit_refuse_because(&s,
		    "the policy's time zone is not on this machine", unusable,
		    EXIT_POLICY);
	_exit(serve(&s)); /* what is to be written has been */
}
