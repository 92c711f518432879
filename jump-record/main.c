/* SPDX-License-Identifier: ISC */
/*
 * jump-record: own the terminal of a session on a target, and record it.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "copy.h"
#include "decide.h"
#include "exit.h"
#include "keeper.h"
#include "monitor.h"
#include "options.h"
#include "process.h"
#include "session.h"

#define POLICY_IMAGE STATEDIR "/policy.db"
#define JUMP_SSH     LIBEXECDIR "/jump-ssh"
#define JUMP_CONNECT LIBEXECDIR "/jump-connect"

enum { ANSWER_S = 120, PARTING_MS = 2000, ENVIRONMENT = 320 };

struct visit {
	struct options options;
	struct policy *policy; /* NULL: it cannot be used */
	char hash[17];
	struct audit audit;
	struct session session;
	int session_error; /* why it has no page */
	struct keeper keeper;
	const char *account;
	struct person person;
	char source[ADDR_TEXT];
	const char *term, *agent; /* of the environment; agent may be NULL */
	bool has_terminal;
	struct terminal terminal;
	struct cast cast;
	pid_t pid; /* of ssh */
};

/* Before there is anything to refuse with. */
static int
broken(const char *what)
{
	dprintf(STDERR_FILENO, "jump: jump-record cannot %s: %s.\n", what,
	    strerror(errno));
	return EXIT_INTERNAL;
}

static int
usage(int code)
{
	dprintf(code == EXIT_OK ? STDOUT_FILENO : STDERR_FILENO,
	    "usage: jump-record --session=ID --login=LOGIN [--from=ADDRESS] "
	    "[--id=NAME]\n"
	    "           [--mfa=METHOD] [--ticket=ID] [--record] [--consent] "
	    "[--agent]\n"
	    "           NAME PORT [-- WORD ...]\n");
	return code;
}

static const char *
user_of(const struct visit *v)
{
	return v->person.name != NULL ? v->person.name : v->account;
}

static struct audit_event
event_of(const struct visit *v, enum audit_kind kind, const char *reason)
{
	return (struct audit_event){.kind = kind,
	    .uid = getuid(),
	    .user = user_of(v),
	    .account = strcmp(user_of(v), v->account) != 0 ? v->account : NULL,
	    .session = v->options.session,
	    .source = v->source,
	    .address = v->options.target.text,
	    .port = v->options.target.port,
	    .road = policy_road_names[ROAD_SHELL],
	    .policy = v->hash,
	    .ticket = v->options.ticket,
	    .reason = reason};
}

/* One record and one line, before there is a session. */
static int
refuse(struct visit *v, const char *reason, const char *what, int code)
{
	struct audit_event e = event_of(v, AUDIT_DECISION, reason);
	const char *contact = v->policy != NULL ? decide_contact(v->policy)
						: "your administrator";

	e.verdict = policy_action_names[ACTION_DENY];
	if (audit_write(&v->audit, &e) == -1) {
		dprintf(STDERR_FILENO,
		    "jump: %s This cannot be recorded; ask %s.\n", what,
		    contact);
		return EXIT_INTERNAL;
	}
	dprintf(STDERR_FILENO, "jump: %s Ask %s, reference %s.\n", what,
	    contact, v->options.session);
	return code;
}

static int
refuse_error(struct visit *v, const char *what, int code)
{
	char reason[160], sentence[sizeof(reason) + 1];

	snprintf(reason, sizeof(reason), "%s: %s", what, strerror(errno));
	snprintf(sentence, sizeof(sentence), "%s.", reason);
	return refuse(v, reason, sentence, code);
}

/*
 * What there is to work with.
 */

/*
 * jump-connect will ask the same; but what a recording says about who it is of
 * is true, and who is nobody makes none.
 */
static int
identify(struct visit *v, gid_t gid)
{
	enum policy_reason why = REASON_NOT_A_USER;
	enum person_error error =
	    person_find(&v->person, v->policy, v->account, gid, v->options.id);

	if (error == PERSON_OK && person_has_rights(&v->person, &why))
		return EXIT_OK;
	v->person.name = NULL;
	if (error != PERSON_SYSTEM)
		return refuse(v, policy_reason_text(why),
		    "you are no user of this host.", EXIT_DENIED);
	return refuse(v, "the user or the machine cannot be judged",
	    "who you are cannot be found out.", EXIT_INTERNAL);
}

static int
check(struct visit *v, enum policy_error error)
{
	const struct passwd *pw = getpwuid(getuid());
	gid_t gid = pw != NULL ? pw->pw_gid : (gid_t)-1;
	int code;

	v->account = pw != NULL ? strdup(pw->pw_name) : NULL;
	if (v->account == NULL)
		return broken("find the name of this account");
	if (v->options.from != NULL)
		snprintf(v->source, sizeof(v->source), "%s", v->options.from);
	if (error != POLICY_OK)
		return refuse(v, policy_strerror(error),
		    "the policy of this host cannot be used.", EXIT_POLICY);
	policy_hash_text(v->policy, v->hash);
	code = identify(v, gid);
	if (code != EXIT_OK)
		return code;
	errno = v->session_error;
	if (v->session.page == NULL)
		return refuse_error(
		    v, "the session cannot be registered", EXIT_STATE);
	v->has_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if ((v->options.record || v->options.consent) && !v->has_terminal)
		return refuse(v, "there is no terminal to record",
		    "recorded sessions need a terminal: ssh -t.", EXIT_DENIED);
	return EXIT_OK;
}

/* The user learns that it is recorded, and agrees if that is asked for. */
static int
tell(struct visit *v)
{
	if (v->options.record)
		dprintf(STDOUT_FILENO, "jump: this session is recorded.\n");
	if (!v->options.consent ||
	    terminal_ask("jump: do you agree? Type `yes' to go on: ", ANSWER_S,
		&copy_stopped))
		return EXIT_OK;
	return refuse(v, "the user has not consented",
	    "you have not agreed, and so it is not done.", EXIT_DENIED);
}

static int
begin_recording(struct visit *v)
{
	const struct options *o = &v->options;
	struct cast_about about = {.columns = v->terminal.columns,
	    .rows = v->terminal.rows,
	    .term = v->term,
	    .session = o->session,
	    .user = user_of(v),
	    .account = v->account,
	    .source = v->source,
	    .target = o->target.text,
	    .port = o->target.port,
	    .login = o->login,
	    .policy = v->hash};
	int fd = keeper_make(&v->keeper, o->session);

	if (fd == -1 || cast_begin(&v->cast, fd, &about) == -1 ||
	    (o->consent && cast_marker(&v->cast, "the user agrees") == -1))
		return refuse_error(
		    v, "the session cannot be recorded", EXIT_STATE);
	return EXIT_OK;
}

/*
 * What jump-connect is to connect to; it finds the page by its leader, when
 * there is one.  The page comes before the recording: while there is a live
 * session of its name, nobody seals that.
 */
static void
describe(struct visit *v)
{
	struct session_page *p = v->session.page;
	const struct options *o = &v->options;

	p->kind = SESSION_TERMINAL;
	p->road = ROAD_SHELL;
	p->recorded = o->record;
	p->consented = o->consent;
	p->started = time(NULL);
	p->port = o->target.port;
	snprintf(p->id, sizeof(p->id), "%s", o->session);
	snprintf(p->user, sizeof(p->user), "%s", o->id != NULL ? o->id : "");
	snprintf(p->account, sizeof(p->account), "%s", v->account);
	snprintf(p->source, sizeof(p->source), "%s", v->source);
	snprintf(p->target, sizeof(p->target), "%s", o->target.text);
	snprintf(p->login, sizeof(p->login), "%s", o->login);
	if (o->ticket != NULL)
		snprintf(p->ticket, sizeof(p->ticket), "%s", o->ticket);
	if (o->mfa != NULL)
		snprintf(p->method, sizeof(p->method), "%s", o->mfa);
	session_publish(&v->session);
}

static int
prepare(struct visit *v)
{
	int code = EXIT_OK;

	if (v->has_terminal && terminal_open(&v->terminal) == -1)
		return refuse_error(
		    v, "the terminal cannot be had", EXIT_INTERNAL);
	describe(v);
	if (v->options.record)
		code = begin_recording(v);
	keeper_stop(&v->keeper);
	return code;
}

/*
 * ssh.
 */

/* Never returns. */
static void
be_ssh(const struct visit *v, int go, const char **argv)
{
	static char path[] = "PATH=/usr/bin:/bin";
	static char shell[] = "SHELL=" JUMP_CONNECT;
	static char term[ENVIRONMENT], agent[ENVIRONMENT];
	char *environment[5] = {path, shell, term};
	sigset_t none;
	char c;

	snprintf(term, sizeof(term), "TERM=%s", v->term);
	if (v->options.agent && v->agent != NULL &&
	    snprintf(agent, sizeof(agent), "SSH_AUTH_SOCK=%s", v->agent) <
		ENVIRONMENT)
		environment[3] = agent;
	sigemptyset(&none);
	if (setsid() == -1 ||
	    (v->has_terminal && terminal_enter(&v->terminal) == -1) ||
	    read(go, &c, 1) != 1 || signal(SIGPIPE, SIG_DFL) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(EXIT_INTERNAL);
	execve(JUMP_SSH, (char *const *)argv, environment);
	_exit(broken("run jump-ssh"));
}

/* Start it, once its page can be found.  Its pidfd, or -1. */
static int
start_ssh(struct visit *v)
{
	const char **argv = options_ssh(&v->options, v->has_terminal);
	int go[2], fd = -1;

	if (argv == NULL || pipe2(go, O_CLOEXEC) == -1)
		return -1;
	v->pid = fork();
	if (v->pid == 0) {
		close(go[1]);
		be_ssh(v, go[0], argv);
	}
	if (v->pid != -1)
		fd = (int)syscall(SYS_pidfd_open, v->pid, 0);
	if (fd != -1) {
		__atomic_store_n(
		    &v->session.page->leader, v->pid, __ATOMIC_RELEASE);
		if (write(go[1], "", 1) != 1)
			fd = -1;
	}
	close(go[0]);
	close(go[1]);
	free(argv);
	if (v->has_terminal)
		close(v->terminal.slave);
	return fd;
}

/* Hang up, and do not wait for long: its relay ends with this process. */
static void
stop_ssh(struct visit *v, int child)
{
	struct pollfd p = {.fd = child, .events = POLLIN};

	if (v->has_terminal)
		close(v->terminal.master);
	kill(-v->pid, SIGHUP);
	kill(-v->pid, SIGCONT);
	if (poll(&p, 1, PARTING_MS) == 1)
		return;
	kill(v->pid, SIGKILL);
	poll(&p, 1, PARTING_MS);
}

/*
 * The end.
 */
static const struct {
	const char *name;
	enum exit_code code; /* of COPY_DONE, that of ssh counts */
	const char *line;    /* for the user, or NULL */
} ends[] = {
    [COPY_DONE] = {"done", EXIT_OK, NULL},
    [COPY_GONE] = {"client", EXIT_PEER, NULL},
    [COPY_RECORD] = {"record", EXIT_STATE, "it cannot be recorded"},
    [COPY_LOGIN] = {"login", EXIT_PEER, "its login has ended"},
    [COPY_KICK] = {"kick", EXIT_DENIED, "an administrator has ended it"},
    [COPY_SWEEP] = {"sweep", EXIT_DENIED, "it is not permitted any more"},
    [COPY_SIGNAL] = {"signal", EXIT_PEER, NULL},
    [COPY_ERROR] = {"error", EXIT_INTERNAL, "its terminal has failed"},
};

/* That the recording is not whole is on record itself. */
static void
record_failure(struct visit *v, int error)
{
	char reason[160];
	struct audit_event e;

	snprintf(reason, sizeof(reason), "the recording cannot be written: %s",
	    strerror(error));
	e = event_of(v, AUDIT_RECORDING, reason);
	if (audit_write(&v->audit, &e) == -1)
		dprintf(STDERR_FILENO,
		    "jump: the log does not take the record of this.\n");
}

/*
 * It is not waited for: its number is that of the page's leader, and is to be
 * nobody else's as long as there is the page.
 */
static int
end_status(const struct visit *v, enum copy_end end)
{
	siginfo_t info = {0};

	if (end != COPY_DONE)
		return ends[end].code;
	if (waitid(P_PID, (id_t)v->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
	    info.si_code == CLD_EXITED)
		return info.si_status;
	dprintf(STDERR_FILENO, "jump: ssh has been ended by signal %d.\n",
	    info.si_status);
	return EXIT_PEER;
}

static int
finish(struct visit *v, enum copy_end end, int error, int child)
{
	if (end != COPY_DONE)
		stop_ssh(v, child);
	if (v->options.record && end != COPY_RECORD &&
	    cast_end(&v->cast, ends[end].name) == -1) {
		error = errno;
		end = COPY_RECORD;
	}
	/* What is left to be said can wait for its reader for as long as it likes. */
	v->session.page->ended = 1;
	if (v->options.record)
		close(v->cast.file.fd);
	if (v->has_terminal)
		terminal_restore(&v->terminal);
	if (end == COPY_RECORD)
		record_failure(v, error);
	if (ends[end].line != NULL)
		dprintf(STDERR_FILENO, "jump: the session has ended: %s%s%s.\n",
		    ends[end].line, end == COPY_RECORD ? ": " : "",
		    end == COPY_RECORD ? strerror(error) : "");
	return end_status(v, end);
}

static int
serve(struct visit *v, enum policy_error error)
{
	struct copy copy = {.terminal = NULL};
	enum copy_end end = COPY_ERROR;
	int code = check(v, error);

	if (code == EXIT_OK && copy_prepare() == -1)
		return broken("prepare its signals");
	if (code == EXIT_OK)
		code = tell(v);
	if (code == EXIT_OK)
		code = prepare(v);
	if (code != EXIT_OK)
		return code;
	copy.login = monitor_open("/proc");
	copy.child = start_ssh(v);
	if (copy.child == -1)
		return refuse_error(v, "ssh cannot be run", EXIT_INTERNAL);
	if (v->has_terminal)
		copy.terminal = &v->terminal;
	if (v->options.record)
		copy.cast = &v->cast;
	if (copy.login == MONITOR_GONE)
		end = COPY_LOGIN;
	else if (!v->has_terminal || terminal_raw(&v->terminal) == 0)
		end = copy_run(&copy);
	return finish(v, end, errno, copy.child);
}

/* Of the environment; anything else is not worth a look. */
static const char *
terminal_name(const char *term)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789._+-";
	size_t n = term == NULL ? 0 : strnlen(term, 33);

	return n > 0 && n <= 32 && strspn(term, good) == n ? term : "dumb";
}

int
main(int argc, char **argv)
{
	static struct visit v;
	enum policy_error error;
	bool setgid;

	if (process_signals() == -1 || process_repair_fds() == -1 ||
	    process_check_setgid(&setgid) == -1)
		return broken("start");
	v.term = terminal_name(getenv("TERM"));
	v.agent = getenv("SSH_AUTH_SOCK");
	if (process_clear_env() == -1)
		return broken("clear its environment");
	error = policy_open(POLICY_IMAGE, 0, &v.policy);
	keeper_start(&v.keeper, RECORD_DIRECTORY, "cast");
	if (session_open(&v.session, SESSION_DIRECTORY, getuid()) == -1)
		v.session_error = errno;
	if (process_drop_group() == -1 || process_harden() == -1)
		return broken("give up its group");

	if (options_parse(&v.options, argc, argv) == -1)
		return usage(EXIT_USAGE);
	if (v.options.help)
		return usage(EXIT_OK);
	if (audit_open(&v.audit, "jump-record", AUDIT_SOCKET) == -1)
		return broken("make its socket");
	_exit(serve(&v, error));
}
