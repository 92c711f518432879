/* SPDX-License-Identifier: ISC */
/*
 * jump-connect: decide, connect, confine, relay.  With -n, a plain netcat
 * that only connects, confines and relays.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "exit.h"
#include "lookup.h"
#include "monitor.h"
#include "notice.h"
#include "probe.h"
#include "process.h"
#include "reach.h"

#define POLICY_IMAGE STATEDIR "/policy.db"

/* For how long the record of an end waits for the log, and how it tries. */
enum { WAIT_MS = 3600 * 1000, PAUSE_MS = 500, PAUSE_MAX_MS = 16 * 1000 };

/* Before there is anything to refuse with. */
static int
broken(const char *what)
{
	dprintf(STDERR_FILENO, "jump: jump-connect cannot %s: %s.\n", what,
	    strerror(errno));
	return EXIT_INTERNAL;
}

/* code is EXIT_OK for those who asked for it. */
static int
usage(int code)
{
	dprintf(code == EXIT_OK ? STDOUT_FILENO : STDERR_FILENO,
	    "usage: jump-connect [-46] [-w SECONDS] [--id=NAME] "
	    "[--from=ADDRESS]\n"
	    "           [--mfa=METHOD] [--session=ID] [--ticket=ID] HOST PORT | "
	    "-U PATH\n"
	    "       jump-connect -n [-46F] [-w SECONDS] HOST PORT | -U PATH\n"
	    "       jump-connect -G [-w SECONDS]\n"
	    "       jump-connect -c TEXT | -k\n");
	return code;
}

/* How the ends of a relay read in a record, and what they exit with. */
static const struct {
	const char *name;
	enum exit_code code;
	const char *line; /* for the user, or NULL */
} ends[] = {
    [RELAY_DONE] = {"done", EXIT_OK, NULL},
    [RELAY_RESET] = {"reset", EXIT_PEER, "the target broke off"},
    [RELAY_CLIENT_GONE] = {"client", EXIT_PEER, NULL},
    [RELAY_IDLE] = {"idle", EXIT_DENIED, "idle for too long"},
    [RELAY_DEADLINE] = {"deadline", EXIT_DENIED, "your time is over"},
    [RELAY_LOGIN] = {"login", EXIT_PEER, "its login has ended"},
    [RELAY_TERMINAL] = {"terminal", EXIT_PEER, NULL}, /* nobody reads it */
    [RELAY_HOSTKEY] = {"hostkey", EXIT_PEER, NULL},
    [RELAY_ERROR] = {"error", EXIT_INTERNAL, "output cannot be written"},
    [RELAY_CAPTURE] = {"capture", EXIT_STATE, "it cannot be recorded"},
    [RELAY_KICK] = {"kick", EXIT_DENIED, "an administrator has ended it"},
    [RELAY_SWEEP] = {"sweep", EXIT_DENIED, "it is not permitted any more"},
    [RELAY_OUTDATED] = {"sweep", EXIT_DENIED,
	"the policy has changed, try again"},
    [RELAY_SIGNAL] = {"signal", EXIT_PEER, NULL},
};

/* stdio would make system calls that are not permitted any more. */
static void
say(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) == -1)
		return; /* there is nobody to tell */
}

static void
say_end(enum relay_end end)
{
	char line[80];

	if (ends[end].line == NULL)
		return;
	snprintf(line, sizeof(line), "jump: the connection has ended: %s.\n",
	    ends[end].line);
	say(line);
}

/*
 * Confine the process and relay; the end, or -1 if it cannot be confined.  A
 * session is seen, and so can be ended, as soon as it would end in good order.
 * A sweep that came before that has not seen it: it is to end all the same.
 */
static int
relay_confined(struct relay *relay, struct request *r)
{
	if (relay_prepare(relay) == -1)
		return -1;
	if (r != NULL) {
		session_publish(&r->session);
		if (request_outdated(r))
			return RELAY_OUTDATED;
		if (relay->login == MONITOR_GONE)
			return RELAY_LOGIN;
		close(r->image);
	}
	if (confine_relay(relay->in, relay->out, relay->sock,
		r == NULL ? -1 : r->audit.fd,
		relay->capture == NULL ? -1 : relay->capture->file.fd) ==
	    SANDBOX_FAILED)
		return -1;
	return (int)relay_run(relay);
}

/*
 * -F works on a socket, and for the plain netcat only: a socket of ours that
 * is passed on passes the firewall wherever it is connected to afterwards.
 */
static bool
can_pass(const struct options *o)
{
	struct stat st;

	return o->plain && fstat(STDOUT_FILENO, &st) == 0 &&
	    S_ISSOCK(st.st_mode);
}

static uint64_t
monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * The plain netcat.  The first two say what went wrong.
 */
static int
plain_resolve(const struct options *o, struct patience patience,
    struct sockaddr_storage to[DIAL_ADDRESSES], size_t *n)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	uint16_t port;

	if (!port_parse(&port, o->port))
		return usage(EXIT_USAGE);
	switch (lookup_name(o->host, LOOKUP_LOCAL, patience, addrs, n)) {
	case LOOKUP_OK:
		break;
	case LOOKUP_NONE:
		dprintf(STDERR_FILENO, "jump: there is no %s.\n", o->host);
		return EXIT_UNREACHABLE;
	case LOOKUP_FAILED:
		dprintf(
		    STDERR_FILENO, "jump: %s cannot be looked up.\n", o->host);
		return EXIT_UNREACHABLE;
	case LOOKUP_CANCELED:
		return EXIT_PEER;
	}
	if (*n > DIAL_ADDRESSES)
		*n = DIAL_ADDRESSES;
	for (size_t i = 0; i < *n; i++)
		addr_to_sockaddr(&addrs[i], port, &to[i]);
	return EXIT_OK;
}

static int
plain_dial(const struct options *o, struct dial *dial, int *sock)
{
	struct patience patience = {
	    dial_clock() + (int64_t)o->wait * 1000, STDOUT_FILENO};
	struct sockaddr_storage addrs[DIAL_ADDRESSES];
	size_t n = 0, which;
	int code = EXIT_OK;

	if (o->path == NULL)
		code = plain_resolve(o, patience, addrs, &n);
	if (code != EXIT_OK)
		return code;
	*sock = o->path != NULL
	    ? dial_path(dial, o->path, patience)
	    : dial_addresses(dial, addrs, n, o->family, patience, &which);
	if (*sock != -1)
		return EXIT_OK;
	if (errno == ECANCELED)
		return EXIT_PEER;
	dprintf(STDERR_FILENO, "jump: cannot connect: %s.\n", strerror(errno));
	return EXIT_UNREACHABLE;
}

static int
plain(const struct options *o, struct dial *dial)
{
	struct session_page page = {0};
	struct relay relay = {.in = STDIN_FILENO,
	    .out = STDOUT_FILENO,
	    .login = MONITOR_NONE,
	    .sent = &page.sent,
	    .received = &page.received,
	    .active = &page.active};
	int end, code = plain_dial(o, dial, &relay.sock);

	if (code != EXIT_OK)
		return code;
	dial_close(dial);
	if (o->pass)
		return dial_pass(STDOUT_FILENO, relay.sock) == 0
		    ? EXIT_OK
		    : broken("pass its socket on");
	end = relay_confined(&relay, NULL);
	if (end == -1)
		return broken("confine itself");
	say_end((enum relay_end)end);
	_exit(ends[end].code);
}

/*
 * The jump.
 */

/*
 * Record the end.  A log that is away does not end sessions, so this may come
 * to nothing at first; then it is done when the log is back, and tells how
 * often it was not.  0, or -1 if the log has been away for too long.
 */
static int
record_end(struct request *r, struct request_end *end)
{
	int pause = PAUSE_MS, waited = 0;

	while (request_close(r, end) == -1) {
		if (waited >= WAIT_MS)
			return -1;
		if (end->lost++ == 0) {
			say("jump: the connection has ended; "
			    "its record waits for the log.\n");
			if (end->relay->out != -1)
				close(end->relay->out);
		}
		poll(NULL, 0, pause);
		waited += pause;
		if (pause < PAUSE_MAX_MS)
			pause *= 2;
	}
	return 0;
}

/* Tell the user why it ended, unless they know; last: they may not read. */
static void
tell_end(const struct request *r, int end, const struct hostkey *hostkey)
{
	say_end((enum relay_end)end);
	if (hostkey != NULL)
		request_tell_hostkey(r, hostkey);
}

/*
 * What the gate ends is to end for sshd too, which would keep half of it open
 * for as long as its client does: with the process, it is reset.
 */
static void
reset_client(const struct request *r, int end)
{
	static const struct linger now = {.l_onoff = 1};

	if (r->road != ROAD_FORWARD || end == RELAY_DONE ||
	    end == RELAY_CLIENT_GONE)
		return;
	setsockopt(STDOUT_FILENO, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shutdown(STDOUT_FILENO, SHUT_RDWR);
}

static int
relay_request(struct request *r, int sock)
{
	struct session_page *page = r->session.page;
	uint64_t start = monotonic_ns();
	struct relay relay = {.in = STDIN_FILENO,
	    .out = STDOUT_FILENO,
	    .sock = sock,
	    .login = r->road == ROAD_CONNECT ? monitor_open("/proc")
		: r->road == ROAD_SHELL	     ? r->terminal
					     : MONITOR_NONE,
	    .terminal = r->road == ROAD_SHELL,
	    .deadline = r->deadline,
	    .idle = (int)r->choice->verdict.idle,
	    .capture = request_captures(r) ? &r->capture : NULL,
	    .sent = &page->sent,
	    .received = &page->received,
	    .active = &page->active};
	struct request_end record = {
	    .name = ends[RELAY_ERROR].name, .relay = &relay};
	int end = -1;

	request_describe(r, sock);
	if (request_hostkey(r, &relay.hostkey) == 0)
		end = relay_confined(&relay, r);
	if (end == -1) {
		request_close(r, &record);
		return broken("confine itself");
	}
	shutdown(sock, SHUT_RDWR);
	reset_client(r, end);
	page->ended = 1;
	record.name = ends[end].name;
	record.duration = monotonic_ns() - start;
	if (end == RELAY_HOSTKEY)
		record.hostkey = relay.hostkey;
	if (record_end(r, &record) == -1)
		_exit(EXIT_INTERNAL);
	if (record.lost == 0)
		tell_end(r, end, record.hostkey);
	_exit(ends[end].code);
}

/*
 * The gate's: its standard input is the connection, and all that there is; its
 * words are for nobody.  Only for a user of its own, whom the firewall and
 * those who read the registry take for the gate.
 */
static int
gate_start(void)
{
	const struct passwd *pw = getpwnam("_jump");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (pw == NULL || pw->pw_uid != getuid())
		return usage(EXIT_USAGE);
	if (null == -1 || dup2(null, STDERR_FILENO) == -1 ||
	    dup2(STDIN_FILENO, STDOUT_FILENO) == -1)
		return EXIT_INTERNAL;
	close(null);
	return EXIT_OK;
}

static int
read_request(
    struct request *r, const struct options *o, enum policy_error error)
{
	int code;

	if (o->inner || o->keys)
		return request_inner(r, o, error);
	if (!o->gate)
		return request_read(r, o, error);
	code = gate_start();
	if (code == EXIT_OK)
		code = request_gate(r, o, error);
	if (code != EXIT_OK || !r->gate.probe)
		return code;
	if (write(STDOUT_FILENO, PROBE_HELLO, sizeof(PROBE_HELLO) - 1) == -1)
		_exit(EXIT_PEER);
	_exit(EXIT_OK);
}

static int
jump(struct request *r, const struct options *o, struct dial *dial,
    enum policy_error error)
{
	int sock, code = read_request(r, o, error);

	if (code == EXIT_OK && o->keys)
		return request_print_hostkeys(r);
	if (code == EXIT_OK)
		code = request_decide(r);
	if (code == EXIT_OK)
		code = request_dial(r, dial, &sock);
	keeper_stop(&r->keeper);
	keeper_stop(&r->caller);
	if (code != EXIT_OK)
		return code;
	dial_close(dial);
	return relay_request(r, sock);
}

/* Nothing but this is looked at while there is a group to lose. */
static bool
is_inner(int argc, char **argv)
{
	return argc > 1 &&
	    (strcmp(argv[1], "-c") == 0 || strcmp(argv[1], "-k") == 0);
}

int
main(int argc, char **argv)
{
	static struct request request = {
	    .keeper = {.sock = -1}, .caller = {.sock = -1}, .terminal = -1};
	struct options options;
	struct dial dial;
	enum policy_error error;
	bool setgid;

	if (process_signals() == -1 || process_repair_fds() == -1 ||
	    process_check_setgid(&setgid) == -1 || process_clear_env() == -1)
		return broken("start");
	request_watch(&request, POLICY_IMAGE);
	error = policy_open(POLICY_IMAGE, 0, &request.policy);
	request_prepare(&request);
	if (policy_records(request.policy))
		keeper_start(&request.keeper, RECORD_DIRECTORY, "pcapng");
	reach_prepare(&request);
	if (is_inner(argc, argv)) {
		signal(SIGHUP, SIG_IGN);
		request_terminal(&request);
	}
	if (dial_open(&dial) == -1 ||
	    audit_open(&request.audit, "jump-connect", AUDIT_SOCKET) == -1)
		return broken("make its sockets");
	if (session_open(&request.session, SESSION_DIRECTORY, getuid()) == -1)
		request.session_error = errno;
	factor_open(&request.factor, "/proc", LOGIN_DIRECTORY);
	request.events = notice_open(NOTICE_DIRECTORY);
	if (request.events == -1)
		request.events_error = errno;
	grant_rights_read(&request.rights, request.policy, getuid());
	if (process_drop_group() == -1 || process_harden() == -1)
		return broken("give up its group");

	if (options_parse(&options, argc, argv) == -1 ||
	    (options.plain && setgid) || (options.pass && !can_pass(&options)))
		return usage(EXIT_USAGE);
	if (options.help)
		return usage(EXIT_OK);
	if (!options.plain)
		return jump(&request, &options, &dial, error);
	asker_close(&request.asker);
	keeper_stop(&request.keeper);
	keeper_stop(&request.caller);
	policy_free(request.policy);
	grant_rights_free(&request.rights);
	if (request.image != -1)
		close(request.image);
	if (request.events != -1)
		close(request.events);
	audit_close(&request.audit);
	session_close(&request.session);
	return plain(&options, &dial);
}
