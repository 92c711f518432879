/* SPDX-License-Identifier: ISC */
/*
 * inject: run a program as some user, and fail one of its system calls.
 *
 *   inject [-u USER] [-k N -e ERRNO | -k N -s SIZE | -k N -x OFFSET]
 *       REPORT PROGRAM [ARGUMENT...]
 *
 * The report, a file, begins with "exit CODE" or "signal NUMBER", and the
 * number of calls.  Without -k each call follows in a line: its number and its
 * first and third argument; with -k only the one that was meddled with.
 * Calls count from 1, after the first execve(2); a second program counts on.
 *
 * -e has the call fail without being made, except close(2), which closes even
 * when it fails, and brk(2), which says by its result that it did nothing.
 * -s has a call move so many bytes at most.  -x has it answer as ever, but for
 * the byte at this offset of the answer; if it is not so long, none is meddled
 * with.
 *
 * Run as root: only then does execve(2) honour the setgid bit of a program
 * that is traced.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the registers are those of x86-64"
#endif

enum { NO_CLOCK = 9999 };

enum how { HOW_ERROR, HOW_SHORT, HOW_WRONG };

struct plan {
	unsigned long call; /* 0: only list them */
	enum how how;
	int error;
	unsigned long size; /* HOW_SHORT; HOW_WRONG: which byte */
};

struct trace {
	pid_t pid;
	const struct plan *plan;
	FILE *list;
	unsigned long n;
	bool started; /* the first program runs */
	bool meddled; /* with the call that is under way */
	long restore; /* the offset of a register, or -1 */
	unsigned long value;
	bool has_result;
	unsigned long result;
};

static unsigned long
peek(const struct trace *t, size_t reg)
{
	return (unsigned long)ptrace(PTRACE_PEEKUSER, t->pid, reg, 0);
}

static void
poke(const struct trace *t, size_t reg, unsigned long value)
{
	if (ptrace(PTRACE_POKEUSER, t->pid, reg, value) == -1)
		err(1, "PTRACE_POKEUSER");
}

/* Change an argument for this call only. */
static void
replace(struct trace *t, size_t reg, unsigned long value)
{
	t->restore = (long)reg;
	t->value = peek(t, reg);
	poke(t, reg, value);
}

#define REG(name) offsetof(struct user_regs_struct, name)

/*
 * A filter of the program would kill it for a call that is none, so the call
 * becomes one that all filters permit, and that does nothing.
 */
static void
fail(struct trace *t, unsigned long nr)
{
	if (nr == SYS_brk) {
		replace(t, REG(rdi), 0);
		return;
	}
	t->has_result = true;
	t->result = -(unsigned long)t->plan->error;
	if (nr == SYS_close)
		return;
	replace(t, REG(rdi), NO_CLOCK);
	poke(t, REG(orig_rax), SYS_clock_gettime);
}

/* Calls that move bytes; the k-th of this run may be another than planned. */
static bool
can_be_short(unsigned long nr)
{
	return nr == SYS_read || nr == SYS_write || nr == SYS_splice ||
	    nr == SYS_pread64 || nr == SYS_sendto || nr == SYS_recvfrom;
}

static unsigned long
peek_memory(const struct trace *t, unsigned long at)
{
	return (unsigned long)ptrace(PTRACE_PEEKDATA, t->pid, at, 0);
}

/* Where a call has put its answer, and its size; 0: it has none to falsify. */
static unsigned long
answer(const struct trace *t, unsigned long *at)
{
	long result = (long)peek(t, REG(rax));
	unsigned long nr = peek(t, REG(orig_rax));

	*at = peek(t, nr == SYS_getsockopt ? REG(r10) : REG(rsi));
	if (result < 0)
		return 0;
	switch (nr) {
	case SYS_recvfrom:
		return (unsigned long)result;
	case SYS_getsockopt:
		return peek_memory(t, peek(t, REG(r8))) & UINT32_MAX;
	case SYS_getpeername:
	case SYS_getsockname:
		return peek_memory(t, peek(t, REG(rdx))) & UINT32_MAX;
	default:
		return 0;
	}
}

static void
list(
    struct trace *t, unsigned long nr, unsigned long first, unsigned long third)
{
	fprintf(t->list, "%lu %ld %ld\n", nr, (long)first, (long)third);
}

static void
falsify(struct trace *t)
{
	unsigned long at, size = answer(t, &at);

	if (t->plan->size >= size)
		return;
	at += t->plan->size;
	if (ptrace(PTRACE_POKEDATA, t->pid, at, peek_memory(t, at) ^ 0xff) ==
	    -1)
		err(1, "PTRACE_POKEDATA");
	list(t, peek(t, REG(orig_rax)), peek(t, REG(rdi)), peek(t, REG(rdx)));
}

static void
meddle(struct trace *t, unsigned long nr)
{
	if (t->plan->how == HOW_SHORT && !can_be_short(nr))
		return;
	t->meddled = true;
	t->restore = -1;
	t->has_result = false;
	if (t->plan->how == HOW_ERROR)
		fail(t, nr);
	else if (t->plan->how == HOW_SHORT)
		replace(
		    t, nr == SYS_splice ? REG(r8) : REG(rdx), t->plan->size);
}

/* The first two do not return; futex(2) is libc's, which aborts. */
static bool
is_spared(unsigned long nr)
{
	return nr == SYS_exit_group || nr == SYS_rt_sigreturn ||
	    nr == SYS_futex;
}

static void
entry(struct trace *t, const struct __ptrace_syscall_info *info)
{
	t->n++;
	if (t->plan->call != 0 && t->plan->call != t->n)
		return;
	if (t->plan->how != HOW_WRONG)
		list(t, info->entry.nr, info->entry.args[0],
		    info->entry.args[2]);
	if (t->plan->call != 0 && !is_spared(info->entry.nr))
		meddle(t, info->entry.nr);
}

static void
leave(struct trace *t)
{
	if (!t->meddled)
		return;
	t->meddled = false;
	if (t->plan->how == HOW_WRONG)
		falsify(t);
	if (t->has_result)
		poke(t, REG(rax), t->result);
	if (t->restore != -1)
		poke(t, (size_t)t->restore, t->value);
}

static void
syscall_stop(struct trace *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) == -1)
		err(1, "PTRACE_GET_SYSCALL_INFO");
	if (!t->started)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entry(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(t);
}

/* Let it run to its end; its wait status. */
static int
follow(struct trace *t)
{
	int status, pass = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, t->pid, 0, pass) == -1 &&
		    errno != ESRCH)
			err(1, "PTRACE_SYSCALL");
		if (waitpid(t->pid, &status, 0) == -1)
			err(1, "waitpid");
		pass = 0;
		if (!WIFSTOPPED(status))
			return status;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			syscall_stop(t);
		else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			t->started = true;
		else
			pass = WSTOPSIG(status);
	}
}

static void
become(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		errx(1, "no user %s", user);
	if (initgroups(user, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		err(1, "cannot become %s", user);
}

static pid_t
start(const char *user, char **argv)
{
	const long options =
	    PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	pid_t pid = fork();
	int status;

	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == -1)
			err(1, "PTRACE_TRACEME");
		if (user != NULL)
			become(user);
		raise(SIGSTOP);
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) == -1 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, options) == -1)
		err(1, "cannot trace");
	return pid;
}

static void
report(const char *path, const struct trace *t, int status, const char *calls)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		err(1, "%s", path);
	fprintf(f, "%s %d %lu\n%s", WIFSIGNALED(status) ? "signal" : "exit",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), t->n,
	    calls);
	if (fclose(f) != 0)
		err(1, "%s", path);
}

int
main(int argc, char **argv)
{
	struct plan plan = {0};
	struct trace t = {.plan = &plan};
	const char *user = NULL;
	char *calls;
	size_t size;
	int option, status;

	while ((option = getopt(argc, argv, "+e:k:s:u:x:")) != -1) {
		switch (option) {
		case 'e':
			plan.error = atoi(optarg);
			break;
		case 'k':
			plan.call = strtoul(optarg, NULL, 10);
			break;
		case 's':
			plan.how = HOW_SHORT;
			plan.size = strtoul(optarg, NULL, 10);
			break;
		case 'u':
			user = optarg;
			break;
		case 'x':
			plan.how = HOW_WRONG;
			plan.size = strtoul(optarg, NULL, 10);
			break;
		default:
			return 64;
		}
	}
	if (argc - optind < 2)
		return 64;
	t.list = open_memstream(&calls, &size);
	if (t.list == NULL)
		err(1, "memory");
	t.pid = start(user, argv + optind + 1);
	status = follow(&t);
	if (fclose(t.list) != 0)
		err(1, "memory");
	report(argv[optind], &t, status, calls);
	return 0;
}
