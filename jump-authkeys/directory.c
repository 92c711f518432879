/* SPDX-License-Identifier: ISC */
#include "directory.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fence.h"
#include "program.h"

/* From here on numbers of descriptors are nobody's in the child. */
enum { BEYOND = 10, PROGRAM_FD = 3 };

struct child {
	pid_t pid;
	int exited; /* a pidfd, readable when it has */
	int out;    /* non-blocking */
};

static void
give_up(struct directory *d, const char *why)
{
	d->size = 0;
	snprintf(d->reason, sizeof(d->reason), "keys-from: %s", why);
}

static long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the child: /dev/null, the pipe, /dev/null, the program; nothing else. */
static bool
arrange_fds(int program, int out)
{
	int null = open("/dev/null", O_RDWR);

	null = fcntl(null, F_DUPFD, BEYOND);
	program = fcntl(program, F_DUPFD, BEYOND);
	out = fcntl(out, F_DUPFD, BEYOND);
	return dup2(null, STDIN_FILENO) != -1 &&
	    dup2(out, STDOUT_FILENO) != -1 &&
	    dup2(null, STDERR_FILENO) != -1 &&
	    dup2(program, PROGRAM_FD) != -1 &&
	    syscall(SYS_close_range, PROGRAM_FD + 1, UINT_MAX, 0) == 0;
}

/*
 * What the child becomes.  It dies with us, whose group it has left.  The
 * program stays open, or the interpreter of a script would not find it.
 */
static void
become(int program, int out, pid_t parent, const char *path, const char *name)
{
	char *const argv[] = {(char *)path,
	    (char *)name, NULL};
	char *const environment[] = {
	    (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

	if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	    getppid() == parent && signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
	    fence(FENCE_AROUND_IN, FENCE_AROUND) && arrange_fds(program, out))
		fexecve(PROGRAM_FD, argv, environment);
	_exit(127);
}

static bool
start(struct child *c, int program, const char *path, const char *name)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	c->out = ends[0];
	c->exited = -1;
	if (fcntl(c->out, F_SETFL, O_NONBLOCK) == -1 ||
	    (c->pid = fork()) == -1) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (c->pid == 0)
		become(program, ends[1], parent, path, name);
	setpgid(c->pid, c->pid); /* whoever of the two comes first */
	close(ends[1]);
	c->exited = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return true;
}

/* Kill it and its group, and learn how it ended. */
static int
finish(const struct child *c)
{
	int status = 0;

	/* Before it is reaped: until then, no other group has its number. */
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	close(c->out);
	if (c->exited != -1)
		close(c->exited);
	return status;
}

/*
 * Read what there is, without waiting.  -1 at the end of the pipe, 0 if there
 * is nothing now, 1 if there might be more.
 */
static int
take(struct directory *d, int out)
{
	ssize_t n = read(
	    out, d->text + d->size, DIRECTORY_BYTES_MAX + 1 - d->size);

	if (n > 0)
		d->size += (size_t)n;
	if (d->size > DIRECTORY_BYTES_MAX) {
		give_up(d, "too much output");
		return -1;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n > 0 ? 1 : -1;
}

/*
 * Until the program ends, and no longer: a descendant may keep the pipe open
 * for ever.
 */
static void
listen_to(struct directory *d, const struct child *c, int ms)
{
	struct pollfd fds[] = {
	    {c->out, POLLIN, 0}, {c->exited, POLLIN, 0}};
	long end = clock_ms() + ms, left;
	char why[32];

	while (d->reason[0] == '\0' && fds[1].revents == 0) {
		left = end - clock_ms();
		if (left <= 0) {
			snprintf(why, sizeof(why), "no end in %d s",
			    ms / 1000);
			give_up(d, why);
			return;
		}
		if (poll(fds, 2, (int)left) > 0 && fds[0].revents != 0 &&
		    take(d, c->out) == -1)
			fds[0].fd = -1;
	}
	while (d->reason[0] == '\0' && fds[0].fd != -1 && take(d, c->out) == 1)
		;
}

static void
judge(struct directory *d, int status)
{
	char why[32];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFEXITED(status))
		snprintf(why, sizeof(why), "exit status %d",
		    WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
	give_up(d, why);
}

void
directory_run(struct directory *d, int fd, const char *path, const char *name,
    int ms)
{
	struct child c;
	int status;

	memset(d, 0, sizeof(*d));
	d->text = malloc(DIRECTORY_BYTES_MAX + 1);
	if (d->text == NULL || !start(&c, fd, path, name)) {
		give_up(d, "cannot be run");
		close(fd);
		return;
	}
	close(fd);
	if (c.exited == -1)
		give_up(d, "cannot be run");
	listen_to(d, &c, ms);
	status = finish(&c);
	if (d->reason[0] == '\0')
		judge(d, status);
}

void
directory_ask(struct directory *d, const char *path, const char *name)
{
	int fd = program_open(path, 0);

	memset(d, 0, sizeof(*d));
	if (fd == -1)
		give_up(d, "not an executable file of root's alone");
	else
		directory_run(d, fd, path, name, DIRECTORY_MS);
}

/* Whether a line is TYPE BLOB, alone or with a comment. */
static bool
line_is(const char *line, size_t size, const char *type, const char *blob)
{
	size_t t = strlen(type), b = strlen(blob), n = t + 1 + b;

	return size >= n && memcmp(line, type, t) == 0 && line[t] == ' ' &&
	    memcmp(line + t + 1, blob, b) == 0 &&
	    (size == n || line[n] == ' ' || line[n] == '\t');
}

bool
directory_has(const struct directory *d, const char *type, const char *blob)
{
	size_t at = 0;

	while (at < d->size) {
		const char *line = d->text + at;
		const char *eol = memchr(line, '\n', d->size - at);
		size_t n = eol == NULL ? d->size - at : (size_t)(eol - line);

		if (line_is(line, n, type, blob))
			return true;
		at += n + 1;
	}
	return false;
}
