/* SPDX-License-Identifier: ISC */
#include "live.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"

enum { DEATH_MS = 5000, HEAD_START_MS = 250 };

static int
send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* Its process, that can be no other any more; -1: there is none to end. */
static int
process_of(gid_t gid, const struct live *l, enum live_end *result)
{
	int pidfd = l->relay ? session_process(SESSION_DIRECTORY, gid, &l->seen)
			     : forward_process("/proc", &l->forward);

	*result = END_GONE;
	if (pidfd == -1 && errno != ESRCH) {
		warn("process %d", (int)l->pid);
		*result = END_FAILED;
	}
	return pidfd;
}

/* That of a forward before it that has the same process, which is held. */
static int
shared_process(const struct live *const *list, const int *held, size_t i)
{
	for (size_t j = i; j > 0 && !list[i]->relay; j--) {
		const struct live *l = list[j - 1];

		if (held[j - 1] != -1 && !l->relay && l->pid == list[i]->pid &&
		    l->forward.process.started ==
			list[i]->forward.process.started)
			return fcntl(held[j - 1], F_DUPFD_CLOEXEC, 0);
	}
	return -1;
}

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Mark those that have ended, and let go of them; how many live on. */
static size_t
collect(
    struct pollfd *fds, size_t n, enum live_end mark, enum live_end *results)
{
	size_t living = 0;

	for (size_t i = 0; i < n; i++) {
		if (fds[i].fd != -1 && fds[i].revents != 0) {
			close(fds[i].fd);
			fds[i].fd = -1;
			results[i] = mark;
		}
		living += fds[i].fd != -1;
	}
	return living;
}

/* Wait until all of these have ended, for that long. */
static void
wait_for(struct pollfd *fds, size_t n, int ms, enum live_end mark,
    enum live_end *results)
{
	int64_t until = clock_ms() + ms, left = ms;

	for (size_t i = 0; i < n; i++)
		fds[i].revents = 0;
	while (collect(fds, n, mark, results) > 0 && left > 0) {
		left = until - clock_ms();
		if (poll(fds, n, left > 0 ? (int)left : 0) == -1) {
			for (size_t i = 0; i < n; i++)
				fds[i].revents = 0;
		}
	}
}

/* A descriptor for each; root may have as many as it wants. */
static void
make_room(size_t n)
{
	struct rlimit limit = {.rlim_cur = n + 64, .rlim_max = n + 64}, now;

	if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < n + 64 &&
	    setrlimit(RLIMIT_NOFILE, &limit) == -1)
		warn("not all of them at once");
}

int *
live_hold(const struct live_world *w, const struct live *const *list, size_t n,
    enum live_end *results)
{
	int *held = calloc(n + 1, sizeof(*held));

	if (held == NULL)
		err(EXIT_INTERNAL, NULL);
	make_room(n);
	for (size_t i = 0; i < n; i++) {
		held[i] = shared_process(list, held, i);
		if (held[i] == -1)
			held[i] = process_of(w->gid, list[i], &results[i]);
	}
	return held;
}

/*
 * Those that did not end: killed, or left to wait for the log, which takes
 * them out of fds.  One that waited when it was first seen had its chance.
 */
static void
insist(const struct live_world *w, const struct live *const *list,
    struct pollfd *fds, size_t n, enum live_end *results)
{
	for (size_t i = 0; i < n; i++) {
		const struct live *l = list[i];

		if (fds[i].fd == -1)
			continue;
		if (l->relay && !l->seen.page.ended &&
		    session_waits(SESSION_DIRECTORY, w->gid, &l->seen)) {
			close(fds[i].fd);
			fds[i].fd = -1;
			results[i] = END_WAITS;
			continue;
		}
		results[i] = send_signal(fds[i].fd, SIGKILL) == 0 ? END_STUCK
								  : END_FAILED;
	}
}

/* Send the signals to the relays, or to the others; whether there are any. */
static bool
ask(const struct live *const *list, struct pollfd *fds, size_t n,
    const int *held, bool relays, int signal)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (list[i]->relay != relays || held[i] == -1)
			continue;
		fds[i].fd = held[i];
		send_signal(held[i], signal);
		any = true;
	}
	return any;
}

/*
 * Relays have a head start: one whose client goes at the same moment may take
 * that for the reason of its end.
 */
void
live_end(const struct live_world *w, const struct live *const *list, size_t n,
    int *held, int signal, int patience, enum live_end *results)
{
	struct pollfd *fds = calloc(n + 1, sizeof(*fds));
	bool others = false;

	if (fds == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		others = others || (held[i] != -1 && !list[i]->relay);
	}
	if (ask(list, fds, n, held, true, signal) && others)
		wait_for(fds, n, HEAD_START_MS, END_ENDED, results);
	ask(list, fds, n, held, false, SIGTERM);
	wait_for(fds, n, patience, END_ENDED, results);
	insist(w, list, fds, n, results);
	wait_for(fds, n, DEATH_MS, END_KILLED, results);
	for (size_t i = 0; i < n; i++) {
		if (fds[i].fd != -1)
			close(fds[i].fd);
	}
	free(fds);
	free(held);
}
