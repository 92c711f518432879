/* SPDX-License-Identifier: ISC */
#include "notify.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From here on numbers of descriptors are nobody's in the child. */
enum { BEYOND = 10, PROGRAM_FD = 3, ARGUMENTS_MAX = 16 };

struct child {
	pid_t pid;
	int exited; /* a pidfd, readable when it has */
	int out;    /* non-blocking; -1: enough of it */
	size_t got;
};

static long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The child.
 */
static bool
arrange_fds(int program, int in, int out)
{
	program = fcntl(program, F_DUPFD, BEYOND);
	in = fcntl(in, F_DUPFD, BEYOND);
	out = fcntl(out, F_DUPFD, BEYOND);
	return dup2(in, STDIN_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1 &&
	    dup2(out, STDERR_FILENO) != -1 && dup2(program, PROGRAM_FD) != -1 &&
	    syscall(SYS_close_range, PROGRAM_FD + 1, UINT_MAX, 0) == 0;
}

/* For good: root's rights cannot be had again. */
static bool
give_up_rights(const struct run *run)
{
	if (run->uid == geteuid())
		return true;
	return setgroups(0, NULL) == 0 &&
	    setresgid(run->gid, run->gid, run->gid) == 0 &&
	    setresuid(run->uid, run->uid, run->uid) == 0 && setuid(0) == -1 &&
	    getuid() == run->uid && geteuid() == run->uid;
}

/*
 * What the child becomes, in a session of its own.  Until the program runs, it
 * dies with us; the mark is lost with the rights, so it is set after that.
 */
static void
become(const struct run *run, const char *const *arguments, int in, int out,
    pid_t parent)
{
	static const struct rlimit none;
	char *const environment[] = {
	    (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	const char *argv[ARGUMENTS_MAX + 2] = {run->path};
	sigset_t all;

	for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++)
		argv[i + 1] = arguments[i];
	sigemptyset(&all);
	umask(077);
	if (setsid() != -1 && chdir("/") == 0 &&
	    setrlimit(RLIMIT_CORE, &none) == 0 &&
	    arrange_fds(run->program, in, out) && give_up_rights(run) &&
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
	    sigprocmask(SIG_SETMASK, &all, NULL) == 0)
		fexecve(PROGRAM_FD, (char *const *)argv, environment);
	_exit(127);
}

/*
 * The parent.
 */

/* A pipe that holds the input already, to read it from; or -1. */
static int
input_of(const char *input, size_t size)
{
	int ends[2];
	ssize_t n;

	if (size > PIPE_BUF || pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	n = write(ends[1], input, size);
	close(ends[1]);
	if (n == (ssize_t)size)
		return ends[0];
	close(ends[0]);
	return -1;
}

static bool
start(struct child *c, const struct run *run, const char *const *arguments,
    int in)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	c->out = ends[0];
	c->got = 0;
	c->exited = -1;
	if (fcntl(c->out, F_SETFL, O_NONBLOCK) == -1 ||
	    (c->pid = fork()) == -1) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (c->pid == 0)
		become(run, arguments, in, ends[1], parent);
	close(ends[1]);
	c->exited = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return true;
}

/*
 * Read what there is, without waiting: its first line is kept.  False if there
 * will be no more, or there is more than anybody wants: its pipe breaks then.
 */
static bool
take(struct child *c, struct run_result *result)
{
	char text[4096];
	ssize_t n = read(c->out, text, sizeof(text));
	size_t room = RUN_SAID - (c->got < RUN_SAID ? c->got : RUN_SAID);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	if ((size_t)n < room)
		room = (size_t)n;
	if (room > 0)
		memcpy(result->said + c->got, text, room);
	c->got += (size_t)n;
	return n > 0 && c->got <= RUN_OUTPUT;
}

static void
stop_reading(struct child *c)
{
	if (c->out != -1)
		close(c->out);
	c->out = -1;
}

/* Until it ends, and no longer.  False if it does not in time. */
static bool
wait_for(struct child *c, int ms, struct run_result *result)
{
	long end = clock_ms() + ms, left;

	while ((left = end - clock_ms()) > 0) {
		struct pollfd fds[] = {
		    {c->out, POLLIN, 0}, {c->exited, POLLIN, 0}};

		if (poll(fds, 2, (int)left) <= 0)
			continue;
		if (fds[0].revents != 0 && !take(c, result))
			stop_reading(c);
		if (fds[1].revents != 0) {
			if (c->out != -1)
				take(c, result);
			return true;
		}
	}
	return false;
}

static void
judge(struct run_result *result, int status)
{
	if (WIFSIGNALED(status))
		snprintf(
		    result->reason, RUN_REASON, "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(result->reason, RUN_REASON, "exit status %d",
		    WEXITSTATUS(status));
}

/* Whether it has ended, unreaped: until then, no other has its number. */
static bool
has_failed(const struct child *c)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT) == -1 ||
	    info.si_code != CLD_EXITED || info.si_status != 0;
}

static void
finish(struct child *c, bool ended, int ms, struct run_result *result)
{
	int status = 0;

	if (!ended || has_failed(c)) {
		kill(-c->pid, SIGKILL);
		kill(c->pid, SIGKILL);
	}
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	stop_reading(c);
	if (c->exited != -1)
		close(c->exited);
	if (ended)
		judge(result, status);
	else
		snprintf(
		    result->reason, RUN_REASON, "no end in %d s", ms / 1000);
}

void
notify_run(const struct run *run, const char *const *arguments,
    const char *input, size_t size, struct run_result *result)
{
	int in = input_of(input, size);
	struct child c;
	bool ended;

	memset(result, 0, sizeof(*result));
	if (in == -1 || !start(&c, run, arguments, in)) {
		snprintf(result->reason, RUN_REASON, "cannot be run");
		if (in != -1)
			close(in);
		return;
	}
	close(in);
	ended = c.exited != -1 && wait_for(&c, run->ms, result);
	finish(&c, ended, run->ms, result);
	result->said[strcspn(result->said, "\n")] = '\0';
}
