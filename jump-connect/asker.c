/* SPDX-License-Identifier: ISC */
#include "asker.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "program.h"

/* From BEYOND on numbers of descriptors are nobody's in the child. */
enum { PROGRAM_FD = 3, SOCK_FD = 3, BEYOND = 10 };

/* How long the end of what the program has left is waited for. */
enum { SLACK_MS = 2000, PAUSE_MS = 2 };

struct answer {
	enum asker_answer answer;
	char reason[ASKER_REASON];
};

static void
fail(struct answer *a, const char *why)
{
	a->answer = ASKER_FAILED;
	snprintf(a->reason, sizeof(a->reason), "ticket-program: %s", why);
}

/*
 * The program.
 */

/* /dev/null three times and the program; nothing else. */
static bool
arrange_fds(int program)
{
	int null = open("/dev/null", O_RDWR);

	null = fcntl(null, F_DUPFD, BEYOND);
	program = fcntl(program, F_DUPFD, BEYOND);
	return dup2(null, STDIN_FILENO) != -1 &&
	    dup2(null, STDOUT_FILENO) != -1 &&
	    dup2(null, STDERR_FILENO) != -1 &&
	    dup2(program, PROGRAM_FD) != -1 &&
	    syscall(SYS_close_range, PROGRAM_FD + 1, UINT_MAX, 0) == 0;
}

/*
 * HOME is nobody's: what looks for its settings there would else take the
 * user's.  The program stays open, or the interpreter of a script would not
 * find it.
 */
static _Noreturn void
become(
    int program, const char *path, const struct asker_question *q, pid_t parent)
{
	const char *const argv[] = {
	    path, q->ticket, q->user, q->target, q->port, q->from, NULL};
	static const char *const environment[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL};

	umask(077);
	if (setsid() != -1 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	    getppid() == parent && signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
	    signal(SIGXFSZ, SIG_DFL) != SIG_ERR && arrange_fds(program))
		fexecve(PROGRAM_FD, (char *const *)argv,
		    (char *const *)environment);
	_exit(127);
}

/*
 * The process that asks.
 */

/* What lost its parent is given to us (PR_SET_CHILD_SUBREAPER). */
static void
kill_children(void)
{
	FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	while (f != NULL && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f != NULL)
		fclose(f);
}

static void
end_children(void)
{
	int64_t end = dial_clock() + SLACK_MS;

	kill_children();
	while (waitpid(-1, NULL, WNOHANG) != -1 && dial_clock() < end) {
		poll(NULL, 0, PAUSE_MS);
		kill_children();
	}
}

/* End the program, its group, and all that it has left; how it ended. */
static int
finish(pid_t pid)
{
	int status = 0;

	/* Before it is reaped: until then, no other group has its number. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	end_children();
	return status;
}

static void
judge(struct answer *a, int status)
{
	char why[32];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		a->answer = ASKER_YES;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
		fail(a, "no");
		a->answer = ASKER_NO;
	} else if (WIFEXITED(status)) {
		snprintf(
		    why, sizeof(why), "exit status %d", WEXITSTATUS(status));
		fail(a, why);
	} else {
		snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
		fail(a, why);
	}
}

/* Until the program ends, its time is over, or nobody wants to know. */
static void
wait_for(struct answer *a, pid_t pid, int sock, int ms)
{
	int64_t end = dial_clock() + ms, left;
	struct pollfd fds[] = {
	    {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0}, {sock, 0, 0}};
	char why[32];
	int status;

	if (fds[0].fd == -1)
		fail(a, "cannot be run");
	while (fds[0].fd != -1 && fds[0].revents == 0 && fds[1].revents == 0 &&
	    (left = end - dial_clock()) > 0)
		poll(fds, 2, (int)left);
	if (fds[0].fd != -1 && fds[0].revents == 0) {
		snprintf(why, sizeof(why), "no end in %d s", ms / 1000);
		fail(a, why);
	}
	status = finish(pid);
	if (fds[0].revents != 0)
		judge(a, status);
}

static void
run(struct answer *a, const char *path, unsigned owner,
    const struct asker_question *q, int sock, int ms)
{
	int program = program_open(path, owner);
	pid_t pid, parent = getpid();

	if (program == -1) {
		fail(a, "not an executable file of root's alone");
		return;
	}
	pid = fork();
	if (pid == 0)
		become(program, path, q, parent);
	close(program);
	if (pid == -1)
		fail(a, "cannot be run");
	else
		wait_for(a, pid, sock, ms);
}

/* A session of its own: no terminal's signals, and no group of the user's. */
static _Noreturn void
serve(int sock, const char *path, unsigned owner, int ms)
{
	static struct asker_question q;
	struct answer a = {.answer = ASKER_FAILED};

	if (process_keep_group() == -1 || process_harden() == -1 ||
	    dup2(sock, SOCK_FD) == -1 ||
	    syscall(SYS_close_range, SOCK_FD + 1, UINT_MAX, 0) == -1 ||
	    fcntl(SOCK_FD, F_SETFD, FD_CLOEXEC) == -1 || setsid() == -1 ||
	    chdir("/") == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1)
		_exit(EXIT_FAILURE);
	if (recv(SOCK_FD, &q, sizeof(q), 0) != sizeof(q))
		_exit(EXIT_SUCCESS); /* nobody has a question */
	run(&a, path, owner, &q, SOCK_FD, ms);
	_exit(send(SOCK_FD, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a));
}

/*
 * Who has the question.
 */
int
asker_open(struct asker *k, const char *path, unsigned owner, int ms)
{
	int ends[2];

	*k = (struct asker){.pid = -1, .sock = -1, .ms = ms};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	k->pid = fork();
	if (k->pid == 0)
		serve(ends[1], path, owner, ms);
	close(ends[1]);
	if (k->pid != -1) {
		k->sock = ends[0];
		return 0;
	}
	close(ends[0]);
	return -1;
}

/*
 * It has been killed, or stopped: what the program has left is then given to
 * us, who have no other children.
 */
static enum asker_answer
give_up(struct asker *k, struct answer *a)
{
	fail(a, "ended from outside");
	asker_close(k);
	end_children();
	return a->answer;
}

static enum asker_answer
ask(struct asker *k, const struct asker_question *q, struct patience patience,
    struct answer *a)
{
	struct pollfd p = {.fd = k->sock, .events = POLLIN};
	int n;

	patience.end = dial_clock() + k->ms + 2 * SLACK_MS;
	if (k->pid == -1) {
		fail(a, "cannot be run");
		return a->answer;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1 ||
	    send(k->sock, q, sizeof(*q), MSG_NOSIGNAL) != sizeof(*q))
		return give_up(k, a);
	do {
		n = dial_poll(&p, 1, patience);
	} while (n == 0 && dial_clock() < patience.end);
	if (n == -1 && errno == ECANCELED) {
		close(k->sock); /* so it ends the program, and itself */
		*k = (struct asker){.pid = -1, .sock = -1};
		return ASKER_CANCELED;
	}
	if (n != 1 || recv(k->sock, a, sizeof(*a), 0) != sizeof(*a))
		return give_up(k, a);
	return a->answer;
}

enum asker_answer
asker_ask(struct asker *k, const struct asker_question *q,
    struct patience patience, char reason[ASKER_REASON])
{
	struct answer a = {.answer = ASKER_FAILED};
	enum asker_answer answer = ask(k, q, patience, &a);

	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	memcpy(reason, a.reason, ASKER_REASON);
	return answer;
}

void
asker_close(struct asker *k)
{
	if (k->pid == -1)
		return;
	close(k->sock);
	kill(k->pid, SIGKILL); /* the user may have stopped it */
	while (waitpid(k->pid, NULL, 0) == -1 && errno == EINTR)
		;
	*k = (struct asker){.pid = -1, .sock = -1};
}
