/* SPDX-License-Identifier: ISC */
#include "copy.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

volatile sig_atomic_t copy_stopped; /* by a copy_end; 0: not yet */
static volatile sig_atomic_t resized = 1;

enum { IN, OUT, MASTER, CHILD, LOGIN, FDS };

/* Bytes on their way: those from start to end are still to be written. */
struct pipe {
	char *buf;
	size_t start, end;
};

struct run {
	struct copy *c;
	struct pipe keys, output;
	struct pollfd fds[FDS];
	bool ended;	   /* ssh has: what it has said is all */
	bool closed;	   /* and nothing else has its terminal open */
	enum copy_end end; /* 0: it goes on */
};

static char buffers[2][CAST_PIECE];

/*
 * Signals.
 */

/* Only root can be the sender of a SI_USER with uid 0; see the relay. */
static void
interrupt(int sig, siginfo_t *info, void *context)
{
	bool root =
	    info->si_code == SI_USER && info->si_uid == 0 && info->si_pid != 0;

	(void)context;
	if (sig == SIGWINCH)
		resized = 1;
	else if (!copy_stopped)
		copy_stopped = root && sig == SESSION_KICK ? COPY_KICK
		    : root && sig == SESSION_SWEEP	   ? COPY_SWEEP
							   : COPY_SIGNAL;
}

int
copy_prepare(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM,
	    SIGWINCH, SESSION_KICK, SESSION_SWEEP};
	struct sigaction action = {
	    .sa_sigaction = interrupt, .sa_flags = SA_SIGINFO};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&set, signals[i]);
		if (sigaction(signals[i], &action, NULL) == -1)
			return -1;
	}
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

/*
 * The two directions.
 */
static bool
is_again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static bool
is_empty(const struct pipe *p)
{
	return p->start == p->end;
}

/* As much as it takes; false if that is closed. */
static bool
pipe_write(struct pipe *p, int to)
{
	while (!is_empty(p)) {
		ssize_t n = write(to, p->buf + p->start, p->end - p->start);

		if (n == -1)
			return is_again(errno);
		p->start += (size_t)n;
	}
	return true;
}

/* As much as there is and has room; false if nothing more will come. */
static bool
pipe_read(struct pipe *p, int from)
{
	p->start = p->end = 0;
	while (p->end < CAST_PIECE) {
		ssize_t n = read(from, p->buf + p->end, CAST_PIECE - p->end);

		if (n == -1 && is_again(errno))
			return true;
		if (n <= 0)
			return false;
		p->end += (size_t)n;
	}
	return true;
}

/* Recorded first, then shown. */
static void
show_output(struct run *s)
{
	struct copy *c = s->c;

	if (!pipe_read(&s->output, c->terminal->master))
		s->closed = true;
	if (is_empty(&s->output))
		return;
	if (c->cast != NULL &&
	    cast_output(c->cast, s->output.buf, s->output.end) == -1)
		s->end = COPY_RECORD;
	else if (!pipe_write(&s->output, c->terminal->out))
		s->end = COPY_GONE;
}

static void
take_keys(struct run *s)
{
	struct terminal *t = s->c->terminal;

	if (!pipe_read(&s->keys, t->in))
		s->end = COPY_GONE;
	if (!pipe_write(&s->keys, t->master))
		s->closed = true;
}

static void
take_size(struct run *s)
{
	struct terminal *t = s->c->terminal;

	resized = 0;
	if (t != NULL && terminal_resize(t) && s->c->cast != NULL &&
	    cast_resize(s->c->cast, t->columns, t->rows) == -1)
		s->end = COPY_RECORD;
}

/*
 * Waiting.
 */
static void
watch(struct run *s)
{
	const struct copy *c = s->c;
	const struct terminal *t = c->terminal;
	struct pollfd *p = s->fds;

	p[CHILD] =
	    (struct pollfd){.fd = s->ended ? -1 : c->child, .events = POLLIN};
	p[LOGIN] = (struct pollfd){.fd = c->login, .events = POLLIN};
	p[IN].fd = p[OUT].fd = p[MASTER].fd = -1;
	if (t == NULL)
		return;
	p[IN] = (struct pollfd){
	    .fd = t->in, .events = is_empty(&s->keys) ? POLLIN : 0};
	p[OUT] = (struct pollfd){
	    .fd = t->out, .events = is_empty(&s->output) ? 0 : POLLOUT};
	p[MASTER] = (struct pollfd){.fd = s->closed ? -1 : t->master,
	    .events = (short)((is_empty(&s->output) ? POLLIN : 0) |
		(is_empty(&s->keys) ? 0 : POLLOUT))};
	/* A hang-up comes unasked, and again and again. */
	if (p[MASTER].events == 0)
		p[MASTER].fd = -1;
}

static void
act(struct run *s)
{
	const short lost = POLLERR | POLLHUP | POLLNVAL;
	const struct pollfd *p = s->fds;
	const struct terminal *t = s->c->terminal;

	if (t == NULL)
		return;
	if (p[OUT].revents & lost)
		s->end = COPY_GONE;
	if (!is_empty(&s->output) && (p[OUT].revents & POLLOUT) &&
	    !pipe_write(&s->output, t->out))
		s->end = COPY_GONE;
	if (p[MASTER].revents != 0 && is_empty(&s->output))
		show_output(s);
	if (!is_empty(&s->keys) && (p[MASTER].revents & POLLOUT) &&
	    !pipe_write(&s->keys, t->master))
		s->closed = true;
	if (is_empty(&s->keys) && p[IN].revents != 0)
		take_keys(s);
}

/* Whether all has been shown of what ssh has said; it has ended. */
static bool
is_over(const struct run *s)
{
	if (!s->ended || s->c->terminal == NULL)
		return s->ended;
	return is_empty(&s->output) &&
	    (s->closed ||
		(s->fds[MASTER].fd != -1 && s->fds[MASTER].revents == 0));
}

static void
step(struct run *s)
{
	static const struct timespec at_once;
	sigset_t none;
	int n;

	sigemptyset(&none);
	watch(s);
	/* What has been said by now is there to be read. */
	n = ppoll(s->fds, FDS,
	    s->ended && is_empty(&s->output) ? &at_once : NULL, &none);
	if (copy_stopped)
		s->end = (enum copy_end)copy_stopped;
	else if (n == -1 && errno != EINTR)
		s->end = COPY_ERROR;
	else if (n > 0 && s->fds[LOGIN].revents != 0)
		s->end = COPY_LOGIN;
	if (s->end != 0)
		return;
	if (n >= 0)
		act(s);
	if (n >= 0 && s->end == 0 && is_over(s))
		s->end = COPY_DONE;
	if (n > 0 && s->fds[CHILD].revents != 0)
		s->ended = true;
}

enum copy_end
copy_run(struct copy *c)
{
	struct run s = {
	    .c = c, .keys = {.buf = buffers[0]}, .output = {.buf = buffers[1]}};

	while (s.end == 0) {
		if (resized)
			take_size(&s);
		if (s.end == 0)
			step(&s);
	}
	return s.end;
}
