/* SPDX-License-Identifier: ISC */
/*
 * The relay.
 *
 * Small messages are read and written, bulk is spliced, each direction on its
 * own.  splice(2) moves pages between a pipe and a socket without a copy, but
 * costs more than read(2) and write(2) for the small buffers of which a flood
 * of small messages consists.
 *
 * A splice that blocks would hold the lock of the pipe, and so hang whoever
 * is at its other end.  SPLICE_F_NONBLOCK does not reach the socket: all
 * three descriptors are non-blocking.  SPLICE_F_MORE would hold back the end
 * of a message.  EAGAIN does not tell which side it is about, so a flow waits
 * for its input first, and if that was not it, for its output.
 */
#include "relay.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

enum {
	BUFFER = 64 * 1024,
	PIPE = 256 * 1024,   /* bytes asked for a pipe, and of a splice */
	BULK = 32 * 1024,    /* a read of this many begins to splice */
	TRICKLE = 16 * 1024, /* a splice of fewer is one too small */
	TRICKLES = 4,	     /* in a row end it */
	HOLD_MAX = 1024,     /* reads before it is tried again, at most */
	STALLS = 3,
	EARLY = 256 * 1024, /* acknowledge at once until so many bytes */
	SMALL = 4096,	    /* in pieces of less than this */
	LINGER_MS = 5000,
	PARTING_MS = 1000, /* between two processes of one login */
	CLOCK_MS = 60 * 1000 /* the clock may be set meanwhile */
};

enum flow_state {
	FLOW_INPUT,  /* waits for from to be readable */
	FLOW_OUTPUT, /* waits for to to be writable */
	FLOW_DONE
};

enum flow_result {
	FLOW_GOES,
	FLOW_EOF,
	FLOW_INPUT_LOST,
	FLOW_OUTPUT_LOST,
	FLOW_REFUSED,	/* by the check of the host key */
	FLOW_UNRECORDED /* there is no room for it */
};

/* One direction. */
struct flow {
	enum flow_state state;
	int from, to; /* to is -1: what comes is dropped */
	uint64_t *count;
	char *buf;
	size_t start, end; /* what of buf is still to be written */
	int pipe;	   /* which of from and to is one; -1: no splicing */
	bool bulk;	   /* splices now */
	bool enlarged;
	unsigned int stalls, trickles; /* splices in a row that moved little */
	unsigned int hold;	       /* large reads before bulk is tried */
	unsigned int next_hold;
	struct hostkey *check; /* NULL: none, or no more */
	enum hostkey_side side;
	size_t held; /* by it, after end */
	struct capture *capture; /* NULL: none */
	enum capture_side speaker;
};

enum { IN, OUT, SOCK, LOGIN, FDS };

struct run {
	struct relay *r;
	struct flow send, recv;
	struct pollfd fds[FDS];
	enum relay_end end;
	bool hung_up;	 /* the socket has: it is not polled for that */
	bool ended;	 /* the client has said all that it will */
	bool gone;	 /* and does not listen any more either */
	int64_t gone_ms; /* since when */
	bool severed;	 /* the target cannot be told that this is all */
	bool unrecorded; /* nothing is delivered any more */
	uint64_t seen;	 /* bytes counted when last looked at */
};

#define NEVER INT64_MAX

static char buffers[2][BUFFER];
static volatile sig_atomic_t interrupted; /* by a relay_end; 0: not yet */

static bool
is_again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/*
 * A flow.
 */

/* Refusals are normal: each user has a budget for large pipes. */
static void
flow_enter_bulk(struct flow *f)
{
	static const struct sched_param none;

	f->bulk = true;
	f->trickles = f->stalls = 0;
	if (f->enlarged)
		return;
	f->enlarged = true;
	fcntl(f->pipe, F_SETPIPE_SZ, PIPE);
	sched_setscheduler(0, SCHED_BATCH, &none);
}

/* Read and write again, and be slower to believe in bulk each time. */
static void
flow_leave_bulk(struct flow *f)
{
	f->bulk = false;
	f->hold = f->next_hold;
	f->next_hold =
	    f->next_hold * 2 < HOLD_MAX ? f->next_hold * 2 : HOLD_MAX;
}

static void
flow_judge_read(struct flow *f, size_t n)
{
	if (f->pipe == -1 || n < BULK)
		return;
	if (f->hold > 0)
		f->hold--;
	else
		flow_enter_bulk(f);
}

static void
flow_judge_splice(struct flow *f, size_t n)
{
	f->stalls = 0;
	if (n < TRICKLE) {
		if (++f->trickles >= TRICKLES)
			flow_leave_bulk(f);
		return;
	}
	f->trickles = 0;
	if (n >= BULK)
		f->next_hold = 1;
}

static enum flow_result
flow_write(struct flow *f)
{
	size_t left = f->end - f->start;
	ssize_t n = (ssize_t)left;

	if (f->to != -1) {
		n = write(f->to, f->buf + f->start, left);
		if (n == -1 && !is_again(errno))
			return FLOW_OUTPUT_LOST;
		if (n > 0)
			*f->count += (uint64_t)n;
	}
	if (n > 0)
		f->start += (size_t)n;
	f->state = f->start < f->end ? FLOW_OUTPUT : FLOW_INPUT;
	if (f->state == FLOW_INPUT)
		flow_judge_read(f, f->end);
	return FLOW_GOES;
}

/* Read on behind what is held, and see how much of all may pass. */
static enum flow_result
flow_read_checked(struct flow *f)
{
	size_t held = f->held;
	ssize_t n;

	memmove(f->buf, f->buf + f->end, held);
	f->start = f->end = 0;
	n = read(f->from, f->buf + held, BUFFER - held);
	if (n == 0)
		return FLOW_EOF;
	if (n == -1)
		return is_again(errno) ? FLOW_GOES : FLOW_INPUT_LOST;
	switch (hostkey_feed(
	    f->check, f->side, (uint8_t *)f->buf + held, (size_t)n)) {
	case HOSTKEY_WRONG:
	case HOSTKEY_UNREADABLE:
		return FLOW_REFUSED;
	case HOSTKEY_READING:
	case HOSTKEY_GOOD:
		break;
	}
	if (f->side == HOSTKEY_SERVER)
		f->held = hostkey_held(f->check);
	f->end = held + (size_t)n - f->held;
	return f->end > 0 ? flow_write(f) : FLOW_GOES;
}

static enum flow_result
flow_read(struct flow *f)
{
	ssize_t n = read(f->from, f->buf, BUFFER);

	if (n == 0)
		return FLOW_EOF;
	if (n == -1)
		return is_again(errno) ? FLOW_GOES : FLOW_INPUT_LOST;
	if (f->capture != NULL &&
	    capture_data(f->capture, f->speaker, f->buf, (size_t)n) == -1)
		return FLOW_UNRECORDED;
	f->start = 0;
	f->end = (size_t)n;
	return flow_write(f);
}

/* Neither side seems to be what is waited for: wait for the other one. */
static void
flow_stalled(struct flow *f)
{
	f->state = f->state == FLOW_INPUT ? FLOW_OUTPUT : FLOW_INPUT;
	if (++f->stalls < STALLS)
		return;
	flow_leave_bulk(f);
	f->state = FLOW_INPUT;
}

static enum flow_result
flow_splice(struct flow *f)
{
	ssize_t n = splice(f->from, NULL, f->to, NULL, PIPE,
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n == 0)
		return FLOW_EOF;
	if (n > 0) {
		*f->count += (uint64_t)n;
		f->state = FLOW_INPUT;
		flow_judge_splice(f, (size_t)n);
		return FLOW_GOES;
	}
	if (is_again(errno)) {
		flow_stalled(f);
		return FLOW_GOES;
	}
	if (errno == EINVAL) { /* this pair of files cannot, after all */
		f->pipe = -1;
		f->bulk = false;
		f->state = FLOW_INPUT;
		return FLOW_GOES;
	}
	/* A pipe that is read from does not fail, one written to with EPIPE. */
	return f->pipe == f->from || errno == EPIPE ? FLOW_OUTPUT_LOST
						    : FLOW_INPUT_LOST;
}

/* Do what the flow was waiting to do. */
static enum flow_result
flow_step(struct flow *f)
{
	if (f->bulk)
		return flow_splice(f);
	if (f->state == FLOW_OUTPUT)
		return flow_write(f);
	return f->check != NULL ? flow_read_checked(f) : flow_read(f);
}

/*
 * The two of them.
 */

/*
 * Nothing can be sent any more.  After the peer's own end of file this is how
 * TCP says that it had closed both directions.
 */
static void
peer_lost(struct run *s, bool reset)
{
	s->send.state = FLOW_DONE;
	if (reset && s->recv.state != FLOW_DONE && s->end == RELAY_DONE)
		s->end = RELAY_RESET;
}

/* Nobody reads any more: drop what comes, deliver what was written. */
static void
client_gone(struct run *s)
{
	if (s->gone)
		return;
	s->gone = true;
	s->gone_ms = monotonic_ms();
	if (s->end == RELAY_DONE)
		s->end = RELAY_CLIENT_GONE;
	s->recv.to = s->recv.pipe = -1;
	s->recv.bulk = false;
	s->recv.start = s->recv.end = 0;
	s->recv.state = FLOW_INPUT;
}

/* The target has nothing more to say. */
static void
output_end(struct run *s)
{
	struct relay *r = s->r;

	s->recv.state = FLOW_DONE;
	if (shutdown(r->out, SHUT_WR) == 0)
		return;
	if (errno != ENOTSOCK) {
		client_gone(s);
		return;
	}
	fcntl(r->out, F_SETFL, r->out_flags);
	close(r->out);
	r->out = -1;
}

/* Nor has the client.  A peer that is alive would wait for more. */
static void
input_end(struct run *s)
{
	s->send.state = FLOW_DONE;
	if (shutdown(s->r->sock, SHUT_WR) == 0)
		return;
	s->severed = true;
	peer_lost(s, true);
}

/* Both directions end here, with whatever is held. */
static void
refused(struct run *s)
{
	s->send.state = s->recv.state = FLOW_DONE;
	if (!s->gone)
		s->end = RELAY_HOSTKEY;
}

static void
unrecorded(struct run *s)
{
	s->send.state = s->recv.state = FLOW_DONE;
	s->unrecorded = true;
	s->end = RELAY_CAPTURE;
}

/* A side has said all, also on record. */
static void
side_ends(struct run *s, enum capture_side side)
{
	if (s->r->capture != NULL && capture_end(s->r->capture, side) == -1)
		unrecorded(s);
}

/* Relay as ever, from now on. */
static void
check_end(struct run *s)
{
	s->send.check = s->recv.check = NULL;
	if (s->r->capture != NULL)
		return;
	s->send.pipe = s->r->in_splices ? s->r->in : -1;
	s->recv.pipe = s->r->out_splices && !s->gone ? s->r->out : -1;
}

static void
send_step(struct run *s)
{
	switch (flow_step(&s->send)) {
	case FLOW_GOES:
		break;
	case FLOW_INPUT_LOST: /* no end of file: something may be missing */
		if (s->end == RELAY_DONE)
			s->end = RELAY_CLIENT_GONE;
		/* FALLTHROUGH */
	case FLOW_EOF:
		s->ended = true;
		side_ends(s, CAPTURE_CLIENT);
		input_end(s);
		break;
	case FLOW_OUTPUT_LOST:
		if (errno != EPIPE && errno != ECONNRESET &&
		    s->end == RELAY_DONE)
			s->end = RELAY_RESET; /* not how TCP says it */
		peer_lost(s, true);
		input_end(s);
		break;
	case FLOW_REFUSED:
		refused(s);
		break;
	case FLOW_UNRECORDED:
		unrecorded(s);
		break;
	}
}

/*
 * A target's delayed acknowledgement costs a login 40 ms; ours would cost it
 * the same.  The kernel forgets TCP_QUICKACK, so ask again.
 */
static void
acknowledge(struct run *s, uint64_t n)
{
	static const int on = 1;

	if (s->r->tcp && n > 0 && n < SMALL && *s->r->received < EARLY)
		setsockopt(
		    s->r->sock, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void
recv_step(struct run *s)
{
	uint64_t before = *s->r->received;

	switch (flow_step(&s->recv)) {
	case FLOW_GOES:
		acknowledge(s, *s->r->received - before);
		if (s->recv.check != NULL &&
		    s->recv.check->state == HOSTKEY_GOOD)
			check_end(s);
		break;
	case FLOW_EOF:
		if (s->recv.check != NULL && !s->ended)
			refused(s); /* there will be no key */
		else
			output_end(s);
		side_ends(s, CAPTURE_TARGET);
		break;
	case FLOW_REFUSED:
		refused(s);
		break;
	case FLOW_UNRECORDED:
		unrecorded(s);
		break;
	case FLOW_INPUT_LOST:
		peer_lost(s, true);
		s->recv.state = FLOW_DONE;
		break;
	case FLOW_OUTPUT_LOST:
		if (errno != EPIPE && errno != ECONNRESET && errno != EIO)
			s->end = RELAY_ERROR;
		client_gone(s);
		break;
	}
}

/*
 * What to wait for.  Errors and hang-ups come unasked; a descriptor that has
 * had one, and is waited for by no flow, is left out, or poll would return at
 * once for ever.  So is an input nobody wants to read: its hang-up is only
 * the end of file, behind bytes that are not read yet.
 */
static void
watch(struct run *s)
{
	const struct flow *send = &s->send, *recv = &s->recv;
	struct pollfd *p = s->fds;
	bool out = recv->state != FLOW_DONE && !s->gone;

	p[IN].fd = send->state == FLOW_INPUT ? s->r->in : -1;
	p[IN].events = POLLIN;
	p[OUT].fd = out ? s->r->out : -1;
	p[OUT].events = recv->state == FLOW_OUTPUT ? POLLOUT : 0;
	p[SOCK].events = (short)((recv->state == FLOW_INPUT ? POLLIN : 0) |
	    (send->state == FLOW_OUTPUT ? POLLOUT : 0));
	p[SOCK].fd = s->hung_up && p[SOCK].events == 0 ? -1 : s->r->sock;
	for (int i = 0; i < FDS; i++)
		p[i].revents = 0;
}

static void
act(struct run *s)
{
	const short lost = POLLERR | POLLHUP | POLLNVAL;
	const struct pollfd *p = s->fds;

	if (p[SOCK].revents & lost) {
		s->hung_up = true;
		peer_lost(s, (p[SOCK].revents & POLLERR) != 0);
	}
	if (p[OUT].revents & lost)
		client_gone(s);
	if ((s->send.state == FLOW_INPUT && p[IN].revents != 0) ||
	    (s->send.state == FLOW_OUTPUT && (p[SOCK].revents & POLLOUT)))
		send_step(s);
	if ((s->recv.state == FLOW_INPUT &&
		(p[SOCK].revents & (POLLIN | lost))) ||
	    (s->recv.state == FLOW_OUTPUT && (p[OUT].revents & POLLOUT)))
		recv_step(s);
}

/*
 * The login has ended, and as a rule the client had gone just before, or does
 * now: then it is dealt with as any other that goes.  Whether it stays; in may
 * have ended before, and tells only where out is closed.  jump-record ends
 * after its ssh, so that one has gone already, or nobody records it.
 */
static bool
client_stays(struct run *s)
{
	struct pollfd client = {.fd = s->r->out != -1 ? s->r->out : s->r->in};
	int wait_ms = s->r->terminal ? 0 : PARTING_MS;

	s->fds[LOGIN].fd = -1;
	return !s->gone && poll(&client, 1, wait_ms) <= 0;
}

/* Whether all that can be done for either side has been done. */
static bool
is_over(const struct run *s)
{
	const struct pollfd *sock = &s->fds[SOCK];

	if (s->unrecorded)
		return true;
	/* The last look found nothing more that the target had sent. */
	if (s->severed && s->recv.state == FLOW_INPUT &&
	    (sock->events & POLLIN) && sock->revents == 0)
		return true;
	if (!s->gone)
		return s->send.state == FLOW_DONE && s->recv.state == FLOW_DONE;
	/* The last look found nothing more that the client had written. */
	return s->send.state == FLOW_DONE ||
	    (s->send.state == FLOW_INPUT && s->fds[IN].fd != -1 &&
		s->fds[IN].revents == 0);
}

/*
 * Time.
 */

/* Milliseconds to the deadline, at most CLOCK_MS; 0 when it has come. */
static int64_t
deadline_ms(const struct relay *r)
{
	struct timespec now;

	if (r->deadline == 0)
		return NEVER;
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec >= r->deadline)
		return 0;
	if (r->deadline - now.tv_sec > CLOCK_MS / 1000)
		return CLOCK_MS;
	return (r->deadline - now.tv_sec) * 1000 - now.tv_nsec / 1000000;
}

/*
 * Note when bytes have moved.  The coarse clock costs a few loads; where there
 * is a limit, a tick too early would be one.
 */
static void
note_activity(struct run *s)
{
	uint64_t total = *s->r->sent + *s->r->received;

	if (total == s->seen)
		return;
	s->seen = total;
	*s->r->active = clock_ms(
	    s->r->idle == 0 ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC);
}

/* Milliseconds until it has been idle for too long; 0 when it has. */
static int64_t
idle_ms(const struct run *s)
{
	int64_t left;

	if (s->r->idle == 0)
		return NEVER;
	left = *s->r->active + (int64_t)s->r->idle * 1000 - monotonic_ms();
	return left < 0 ? 0 : left;
}

/* Milliseconds that are left for what the client wrote before it went. */
static int64_t
linger_ms(const struct run *s)
{
	int64_t left;

	if (!s->gone)
		return NEVER;
	left = s->gone_ms + LINGER_MS - monotonic_ms();
	return left < 0 ? 0 : left;
}

/*
 * Wait for what is watched; signals come only here.  Its user can stop this
 * process, and a machine can sleep, until the deadline is over: what is there
 * when it goes on is too late.
 */
static bool
wait_for_something(struct run *s, int timeout)
{
	const struct timespec limit = {
	    .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L};
	sigset_t none;
	int n;

	sigemptyset(&none);
	n = ppoll(s->fds, FDS, timeout == -1 ? NULL : &limit, &none);
	if (interrupted)
		s->end = (enum relay_end)interrupted;
	else if (n == -1 && errno != EINTR)
		s->end = RELAY_ERROR;
	else if (deadline_ms(s->r) == 0)
		s->end = RELAY_DEADLINE;
	else if (s->fds[LOGIN].revents != 0 && client_stays(s))
		s->end = s->r->terminal ? RELAY_TERMINAL : RELAY_LOGIN;
	else
		return true;
	return false;
}

/* Whether an end has come; if not, *timeout is for wait_for_something(). */
static bool
time_is_up(struct run *s, int *timeout)
{
	int64_t deadline, idle, linger = linger_ms(s), next;

	note_activity(s);
	deadline = deadline_ms(s->r);
	idle = idle_ms(s);
	if (deadline == 0)
		s->end = RELAY_DEADLINE;
	else if (idle == 0)
		s->end = RELAY_IDLE;
	next = deadline < idle ? deadline : idle;
	next = linger < next ? linger : next;
	if ((s->gone && s->send.state == FLOW_INPUT) ||
	    (s->severed && s->recv.state == FLOW_INPUT))
		*timeout = 0; /* only what is there was written before */
	else if (next == NEVER)
		*timeout = -1;
	else
		*timeout = next < CLOCK_MS ? (int)next : CLOCK_MS;
	return next == 0;
}

/*
 * The relay.
 */
static bool
is_tcp(int fd)
{
	int domain;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	    (domain == AF_INET || domain == AF_INET6);
}

/*
 * Dead peers are noticed after two minutes of silence.  No TCP_USER_TIMEOUT:
 * it also ends a connection whose peer is alive and merely does not read for
 * as long (measured).
 */
static int
prepare_tcp(int sock)
{
	static const struct {
		int level, name, value;
	} options[] = {
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, 60},
	    {IPPROTO_TCP, TCP_KEEPINTVL, 15},
	    {IPPROTO_TCP, TCP_KEEPCNT, 4},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (setsockopt(sock, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value)) == -1)
			return -1;
	}
	return 0;
}

/* Whether a file can be spliced, here and with this kernel. */
static bool
splices(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return false;
	return splice(-1, NULL, -1, NULL, 1, 0) == -1 && errno == EBADF;
}

/*
 * Only kill(2) and its like make SI_USER, and only root can then be the
 * sender; what sigqueue(3) says of itself anybody can write.  If that finds no
 * room (RLIMIT_SIGPENDING), the kernel makes SI_USER of it, from uid 0, pid 0.
 */
static void
interrupt(int sig, siginfo_t *info, void *context)
{
	bool root = info->si_code == SI_USER && info->si_uid == 0 &&
	    info->si_pid != 0;

	(void)context;
	if (interrupted)
		return;
	interrupted = root && sig == SESSION_KICK ? RELAY_KICK
	    : root && sig == SESSION_SWEEP	  ? RELAY_SWEEP
						  : RELAY_SIGNAL;
}

/* The signals that end a relay wait until it waits. */
static int
prepare_signals(bool terminal)
{
	static const int signals[] = {
	    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SESSION_KICK, SESSION_SWEEP};
	struct sigaction action = {
	    .sa_sigaction = interrupt, .sa_flags = SA_SIGINFO};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* ssh(1) sends it when it is done: it closes the pipes too. */
		if (signals[i] == SIGHUP && terminal)
			continue;
		sigaddset(&set, signals[i]);
		if (sigaction(signals[i], &action, NULL) == -1)
			return -1;
	}
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

int
relay_prepare(struct relay *r)
{
	int flags = fcntl(r->sock, F_GETFL);

	if (prepare_signals(r->terminal) == -1)
		return -1;
	r->in_flags = fcntl(r->in, F_GETFL);
	r->out_flags = fcntl(r->out, F_GETFL);
	if (flags == -1 || r->in_flags == -1 || r->out_flags == -1 ||
	    fcntl(r->sock, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	r->in_splices = splices(r->in);
	r->out_splices = splices(r->out);
	r->tcp = is_tcp(r->sock);
	if (r->tcp && prepare_tcp(r->sock) == -1)
		return -1;
	return is_tcp(r->in) ? prepare_tcp(r->in) : 0; /* the gate's */
}

static void
share(const struct relay *r, int nonblock)
{
	fcntl(r->in, F_SETFL, r->in_flags | nonblock);
	if (r->out != -1)
		fcntl(r->out, F_SETFL, r->out_flags | nonblock);
}

static void
run_start(struct run *s, struct relay *r)
{
	s->r = r;
	s->end = RELAY_DONE;
	*r->active = monotonic_ms();
	s->seen = *r->sent + *r->received;
	s->fds[LOGIN] = (struct pollfd){.fd = r->login, .events = POLLIN};
	s->send = (struct flow){.from = r->in,
	    .to = r->sock,
	    .count = r->sent,
	    .buf = buffers[0],
	    .check = r->hostkey,
	    .side = HOSTKEY_CLIENT,
	    .capture = r->capture,
	    .speaker = CAPTURE_CLIENT,
	    .next_hold = 1};
	s->recv = (struct flow){.from = r->sock,
	    .to = r->out,
	    .count = r->received,
	    .buf = buffers[1],
	    .check = r->hostkey,
	    .side = HOSTKEY_SERVER,
	    .capture = r->capture,
	    .speaker = CAPTURE_TARGET,
	    .next_hold = 1};
	s->send.pipe = s->recv.pipe = -1;
	if (r->hostkey == NULL)
		check_end(s);
}

enum relay_end
relay_run(struct relay *r)
{
	struct run s = {0};
	int timeout;

	run_start(&s, r);
	share(r, O_NONBLOCK);
	while (!time_is_up(&s, &timeout)) {
		watch(&s);
		if (!wait_for_something(&s, timeout))
			break;
		act(&s);
		if (is_over(&s))
			break;
	}
	share(r, 0);
	return s.end;
}
