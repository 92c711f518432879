/* SPDX-License-Identifier: ISC */
/*
 * lib/sandbox.c and the tables of the programs: each row, and each notable
 * absence, is probed in a child of its own.
 */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../jump-authkeys/confine.h"
#include "../../jump-connect/confine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BUF	     ((long)buf)
#define X32	     0x40000000L

/* The descriptors of a child; each has a number of its own. */
enum { IN = 50, OUT, SOCK, LOG, OTHER, OTHER_SOCK, NOTE };

struct probe {
	const char *name;
	long call, arg[6];
};

static char buf[64];

static enum sandbox_walls
enter_relay(void)
{
	return confine_relay(IN, OUT, SOCK, LOG, -1);
}

static enum sandbox_walls
enter_printer(void)
{
	return confine_printer(OUT, LOG, NOTE);
}

static const struct probe relay_may[] = {
    {"poll", SYS_poll, {0, 0, 0}},
    {"ppoll", SYS_ppoll, {0, 0, BUF, 0, 0}},
    {"read in", SYS_read, {IN, BUF, 0}},
    {"read sock", SYS_read, {SOCK, BUF, 0}},
    {"write out", SYS_write, {OUT, BUF, 1}},
    {"write sock", SYS_write, {SOCK, BUF, 1}},
    {"write stderr", SYS_write, {2, BUF, 0}},
    {"splice in to sock", SYS_splice, {IN, 0, SOCK, 0, 1, SPLICE_F_NONBLOCK}},
    {"splice sock to out", SYS_splice, {SOCK, 0, OUT, 0, 1, SPLICE_F_NONBLOCK}},
    {"quickack", SYS_setsockopt, {SOCK, IPPROTO_TCP, TCP_QUICKACK, BUF, 4}},
    {"clock", SYS_clock_gettime, {0, BUF}},
    {"batch", SYS_sched_setscheduler, {0, SCHED_BATCH, BUF}},
    {"pipe size of in", SYS_fcntl, {IN, F_SETPIPE_SZ, 4096}},
    {"pipe size of out", SYS_fcntl, {OUT, F_SETPIPE_SZ, 4096}},
    {"flags of in", SYS_fcntl, {IN, F_SETFL, 0}},
    {"flags of out", SYS_fcntl, {OUT, F_SETFL, 0}},
    {"shutdown sock", SYS_shutdown, {SOCK, SHUT_WR}},
    {"shutdown out", SYS_shutdown, {OUT, SHUT_WR}},
    {"close out", SYS_close, {OUT}},
    {"record", SYS_sendto, {LOG, BUF, 1, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0}},
    {"restart", SYS_restart_syscall, {0}},
};

static const struct probe relay_may_not[] = {
    {"open", SYS_open, {BUF, O_RDONLY}},
    {"openat", SYS_openat, {AT_FDCWD, BUF, O_RDONLY}},
    {"openat2", 437, {AT_FDCWD, BUF, 0, 0}},
    {"creat", SYS_creat, {BUF, 0}},
    {"unlink", SYS_unlink, {BUF}},
    {"stat", SYS_stat, {BUF, BUF}},
    {"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, BUF}},
    {"connect", SYS_connect, {SOCK, BUF, 16}},
    {"bind", SYS_bind, {SOCK, BUF, 16}},
    {"listen", SYS_listen, {SOCK, 1}},
    {"accept", SYS_accept4, {SOCK, 0, 0, 0}},
    {"sendmsg", SYS_sendmsg, {SOCK, BUF, 0}},
    {"recvmsg", SYS_recvmsg, {SOCK, BUF, 0}},
    {"execve", SYS_execve, {BUF, 0, 0}},
    {"execveat", SYS_execveat, {-1, BUF, 0, 0, 0}},
    {"fork", SYS_fork, {0}},
    {"vfork", SYS_vfork, {0}},
    {"clone", SYS_clone, {0, 0, 0, 0, 0}},
    {"clone3", 435, {0, 0}},
    {"ptrace", SYS_ptrace, {PTRACE_ATTACH, 0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 0, 0, 0, 0}},
    {"mmap exec", SYS_mmap,
	{0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"mprotect", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}},
    {"brk", SYS_brk, {0}},
    {"kill", SYS_kill, {0, 0}},
    {"tgkill", SYS_tgkill, {0, 0, 0}},
    {"pidfd_open", 434, {1, 0}},
    {"setuid", SYS_setuid, {0}},
    {"setresgid", SYS_setresgid, {0, 0, 0}},
    {"prctl", SYS_prctl, {PR_GET_DUMPABLE, 0, 0, 0, 0}},
    {"seccomp", SYS_seccomp, {0, 0, 0}},
    {"ioctl", SYS_ioctl, {IN, 0x5412 /* TIOCSTI */, BUF}},
    {"ioctl TCGETS", SYS_ioctl, {OUT, 0x5401, BUF}},
    {"memfd_create", SYS_memfd_create, {BUF, 0}},
    {"setsid", SYS_setsid, {0}},
    {"chroot", SYS_chroot, {BUF}},
    {"setgroups", SYS_setgroups, {0, 0}},
    {"sendmmsg", SYS_sendmmsg, {SOCK, BUF, 0, 0}},
    {"pread", SYS_pread64, {IN, BUF, 0, 0}},
    {"writev", SYS_writev, {SOCK, BUF, 0}},
#if !SANITIZED
    {"mmap", SYS_mmap,
	{0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"munmap", SYS_munmap, {0, 0}},
#endif
    {"rt_sigaction", SYS_rt_sigaction, {0, 0, 0, 8}},
    {"exit of a thread", SYS_exit, {0}},
    {"io_uring_setup", 425, {1, BUF}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"bpf", SYS_bpf, {0, 0, 0}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
    {"mount", SYS_mount, {0, 0, 0, 0, 0}},
    {"keyctl", SYS_keyctl, {0, 0, 0, 0, 0}},
    {"dup", SYS_dup, {IN}},
    {"pipe2", SYS_pipe2, {BUF, 0}},
    {"tee", SYS_tee, {IN, OUT, 1, 0}},
    {"vmsplice", SYS_vmsplice, {OUT, BUF, 0, 0}},
    {"sendfile", SYS_sendfile, {OUT, IN, 0, 1}},
    {"sched_setaffinity", SYS_sched_setaffinity, {0, 0, 0}},
    {"x32 read", X32 | SYS_read, {IN, BUF, 0}},
    {"x32 execve", X32 | 520, {BUF, 0, 0}},
    {"call number -1", -1, {0}},
    {"call number 1000", 1000, {0}},
    /* The arguments count. */
    {"read another", SYS_read, {OTHER, BUF, 0}},
    {"read out", SYS_read, {OUT, BUF, 0}},
    {"write another", SYS_write, {OTHER, BUF, 0}},
    {"write in", SYS_write, {IN, BUF, 0}},
    {"splice another to sock", SYS_splice, {OTHER, 0, SOCK, 0, 1, 0}},
    {"splice in to out", SYS_splice, {IN, 0, OUT, 0, 1, 0}},
    {"sendto sock", SYS_sendto, {SOCK, BUF, 0, 0, 0, 0}},
    {"shutdown another", SYS_shutdown, {OTHER_SOCK, SHUT_WR}},
    {"close the log", SYS_close, {LOG}},
    {"close in", SYS_close, {IN}},
    {"another option", SYS_setsockopt, {SOCK, IPPROTO_TCP, TCP_REPAIR, BUF, 4}},
    {"another level", SYS_setsockopt, {SOCK, SOL_SOCKET, TCP_QUICKACK, BUF, 4}},
    {"dup by fcntl", SYS_fcntl, {IN, F_DUPFD, 0}},
    {"owner by fcntl", SYS_fcntl, {IN, F_SETOWN, 1}},
    {"flags of sock", SYS_fcntl, {SOCK, F_SETFL, 0}},
    {"batch for another", SYS_sched_setscheduler, {1, SCHED_BATCH, BUF}},
    {"real time", SYS_sched_setscheduler, {0, SCHED_FIFO, BUF}},
};

static const struct probe printer_may[] = {
    {"record", SYS_sendto, {LOG, BUF, 1, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0}},
    {"poll", SYS_poll, {0, 0, 0}},
    {"ppoll", SYS_ppoll, {0, 0, BUF, 0, 0}},
    {"clock", SYS_clock_gettime, {0, BUF}},
    {"write out", SYS_write, {OUT, BUF, 1}},
    {"write the note", SYS_write, {NOTE, BUF, 1}},
    {"brk", SYS_brk, {0}},
    {"mmap", SYS_mmap,
	{0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"mremap", SYS_mremap, {0, 0, 0, 0, 0}},
    {"munmap", SYS_munmap, {0, 0}},
    {"restart", SYS_restart_syscall, {0}},
};

static const struct probe printer_may_not[] = {
    {"read", SYS_read, {OUT, BUF, 0}},
    {"pread", SYS_pread64, {IN, BUF, 0, 0}},
    {"write another", SYS_write, {OTHER, BUF, 0}},
    {"sendto another", SYS_sendto, {OTHER_SOCK, BUF, 0, 0, 0, 0}},
    {"openat", SYS_openat, {AT_FDCWD, BUF, O_RDONLY}},
    {"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"connect", SYS_connect, {LOG, BUF, 16}},
    {"execve", SYS_execve, {BUF, 0, 0}},
    {"fork", SYS_fork, {0}},
    {"kill", SYS_kill, {0, 0}},
    {"mprotect", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}},
    {"mmap exec", SYS_mmap,
	{0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"x32 write", X32 | SYS_write, {OUT, BUF, 0}},
    {"clone", SYS_clone, {0, 0, 0, 0, 0}},
    {"ptrace", SYS_ptrace, {PTRACE_ATTACH, 0, 0, 0}},
    {"setuid", SYS_setuid, {0}},
    {"prctl", SYS_prctl, {PR_GET_DUMPABLE, 0, 0, 0, 0}},
    {"ioctl", SYS_ioctl, {OUT, 0x5412 /* TIOCSTI */, BUF}},
    {"sendmsg", SYS_sendmsg, {LOG, BUF, 0}},
    {"io_uring_setup", 425, {1, BUF}},
    {"memfd_create", SYS_memfd_create, {BUF, 0}},
    {"close", SYS_close, {OUT}},
    {"stat", SYS_stat, {BUF, BUF}},
};

static void
place(int fd, int number)
{
	if (fd == -1 || dup2(fd, number) == -1)
		_exit(3);
}

/* The descriptors that a child has before it confines itself. */
static void
descriptors(void)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK) == -1)
		_exit(3);
	place(fds[0], IN);
	place(fds[1], OUT);
	place(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), SOCK);
	place(socket(AF_UNIX, SOCK_DGRAM, 0), LOG);
	place(open("/dev/null", O_RDWR), OTHER);
	place(socket(AF_INET, SOCK_STREAM, 0), OTHER_SOCK);
	place(open("/dev/null", O_RDWR), NOTE);
	signal(SIGPIPE, SIG_IGN);
}

/* The wait status of a child that confines itself and tries one call. */
static int
attempt(enum sandbox_walls (*enter)(void), const struct probe *p)
{
	const long *a = p->arg;
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		descriptors();
		if (enter() == SANDBOX_FAILED)
			_exit(2);
		syscall(p->call, a[0], a[1], a[2], a[3], a[4], a[5]);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
must_pass(enum sandbox_walls (*enter)(void), const struct probe *p)
{
	int status = attempt(enter, p);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "%s: status %#x", p->name, (unsigned int)status);
}

static void
must_kill(enum sandbox_walls (*enter)(void), const struct probe *p)
{
	int status = attempt(enter, p);

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "%s: status %#x", p->name, (unsigned int)status);
}

START_TEST(relay_row)
{
	must_pass(enter_relay, &relay_may[_i]);
}
END_TEST

START_TEST(relay_absence)
{
	must_kill(enter_relay, &relay_may_not[_i]);
}
END_TEST

START_TEST(printer_row)
{
	must_pass(enter_printer, &printer_may[_i]);
}
END_TEST

START_TEST(printer_absence)
{
	must_kill(enter_printer, &printer_may_not[_i]);
}
END_TEST

#ifdef __x86_64__
/* A 32-bit call from 64-bit code: its numbers mean other calls. */
START_TEST(foreign_architecture)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		long call = 1; /* exit on i386, write on x86-64 */

		descriptors();
		if (enter_relay() == SANDBOX_FAILED)
			_exit(2);
		__asm__ volatile("int $0x80"
				 : "+a"(call)
				 : "b"(OUT)
				 : "memory");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* SIGSEGV: this kernel has no 32-bit calls at all. */
	ck_assert_msg(WIFSIGNALED(status) &&
		(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV),
	    "%#x", (unsigned int)status);
}
END_TEST
#endif

/* A slot without a descriptor opens nothing, not even for descriptor -1. */
static enum sandbox_walls
enter_without_log(void)
{
	return confine_relay(IN, OUT, SOCK, -1, -1);
}

START_TEST(empty_slot)
{
	const struct probe none = {"", SYS_sendto, {-1, BUF, 0, 0, 0, 0}};
	const struct probe log = {"", SYS_sendto, {LOG, BUF, 0, 0, 0, 0}};
	const struct probe fine = {"", SYS_read, {IN, BUF, 0}};

	must_kill(enter_without_log, &none);
	must_kill(enter_without_log, &log);
	must_pass(enter_without_log, &fine);
}
END_TEST

/* Landlock stands on its own where the filter lets everything pass. */
static int
behind_landlock(void)
{
	static const struct sandbox_rule open_door[] = {
	    {CALL(openat), {{0}}, ""},
	    {CALL(bind), {{0}}, ""},
	    {CALL(connect), {{0}}, ""},
	    {CALL(sendto), {{0}}, ""},
	    {CALL(close), {{0}}, ""},
	    {CALL(exit_group), {{0}}, ""},
	};
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	descriptors();
	switch (sandbox_enter(open_door, COUNT(open_door), NULL)) {
	case SANDBOX_BOTH:
		break;
	case SANDBOX_SECCOMP:
		return 0; /* there is none to test */
	default:
		return 2;
	}
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 4;
	if (open("/", O_RDONLY | O_DIRECTORY) != -1 || errno != EACCES)
		return 5;
	if (connect(SOCK, (struct sockaddr *)&to, sizeof(to)) != -1 ||
	    errno != EACCES)
		return 6;
	if (bind(OTHER_SOCK, (struct sockaddr *)&to, sizeof(to)) != -1 ||
	    errno != EACCES)
		return 7;
	return 0;
}

START_TEST(landlock_alone)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(behind_landlock());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/*
 * Where one step of the confinement is not to be had: an outer filter fails it.
 */
/*
 * The programs, beside those that libseccomp makes of the same rules: random
 * tables, and random calls to which they are put.
 */
#if !SANITIZED
enum { TABLES = 400, CALLS = 2000, NUMBERS = 6, VALUES = 4 };

static uint64_t state = 88172645463325252U;

static uint32_t
random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

/* Few numbers, and those around them, so that they meet. */
static uint32_t
random_value(void)
{
	static const uint32_t values[] = {
	    0, 1, 2, 3, 7, 0x7fffffff, 0x80000000, UINT32_MAX};

	return values[random_below(COUNT(values))];
}

static void
random_rule(struct sandbox_rule *rule, unsigned int slots)
{
	unsigned int tests = random_below(SANDBOX_TESTS + 1);
	unsigned int arg = random_below(2);

	*rule = (struct sandbox_rule){
	    .call = (int)random_below(NUMBERS) * 3, .why = ""};
	for (unsigned int i = 0; i < tests; i++, arg += 1 + random_below(2)) {
		struct sandbox_test *t = &rule->test[i];

		*t = (struct sandbox_test){.arg = arg,
		    .mask = random_below(2) == 0 ? UINT32_MAX
						 : 1 + random_below(7)};
		if (t->mask == UINT32_MAX && random_below(2) == 0)
			t->slot = 1 + random_below(slots);
		else
			t->value = random_value() & t->mask;
	}
}

static void
reference_rule(scmp_filter_ctx filter, const struct sandbox_rule *rule,
    const int *fds)
{
	struct scmp_arg_cmp compare[SANDBOX_TESTS];
	unsigned int n = 0;
	int error;

	for (const struct sandbox_test *t = rule->test;
	     t < rule->test + SANDBOX_TESTS && t->mask != 0; t++) {
		uint32_t value =
		    t->slot == 0 ? t->value : (uint32_t)fds[t->slot - 1];

		if (t->slot != 0 && fds[t->slot - 1] == -1)
			return;
		compare[n++] = (struct scmp_arg_cmp){.arg = t->arg,
		    .op = SCMP_CMP_MASKED_EQ,
		    .datum_a = t->mask,
		    .datum_b = value};
	}
	error = seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, rule->call, n, compare);
	ck_assert(error == 0 || error == -EEXIST);
}

static size_t
reference_program(const struct sandbox_rule *rules, size_t n, const int *fds,
    struct sock_filter code[SANDBOX_CODE])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int fd = memfd_create("reference", MFD_CLOEXEC);
	ssize_t length;

	ck_assert_ptr_nonnull(filter);
	ck_assert_int_eq(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS), 0);
	for (size_t i = 0; i < n; i++)
		reference_rule(filter, &rules[i], fds);
	ck_assert_int_eq(seccomp_export_bpf(filter, fd), 0);
	seccomp_release(filter);
	length = pread(fd, code, SANDBOX_CODE * sizeof(*code), 0);
	close(fd);
	ck_assert_int_gt(length, 0);
	ck_assert_uint_lt((size_t)length, SANDBOX_CODE * sizeof(*code));
	return (size_t)length / sizeof(*code);
}

/* What a jump skips. */
static size_t
skipped(const struct sock_filter *f, uint32_t a)
{
	bool holds = false;

	switch (f->code) {
	case BPF_JMP | BPF_JA:
		return f->k;
	case BPF_JMP | BPF_JEQ | BPF_K:
		holds = a == f->k;
		break;
	case BPF_JMP | BPF_JGT | BPF_K:
		holds = a > f->k;
		break;
	case BPF_JMP | BPF_JGE | BPF_K:
		holds = a >= f->k;
		break;
	default:
		ck_abort_msg("instruction %#x", f->code);
	}
	return holds ? f->jt : f->jf;
}

/* The kernel's classic BPF, as far as the programs use it: the action. */
static uint32_t
run_program(const struct sock_filter *code, size_t n,
    const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *f = &code[at];

		if (f->code == (BPF_RET | BPF_K))
			return f->k;
		if (f->code == (BPF_LD | BPF_W | BPF_ABS))
			memcpy(&a, (const char *)data + f->k, sizeof(a));
		else if (f->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= f->k;
		else
			at += skipped(f, a);
	}
	ck_abort_msg("no end");
}

static void
random_call(struct seccomp_data *data)
{
	static const uint32_t others[] = {AUDIT_ARCH_I386, 0, UINT32_MAX};

	*data = (struct seccomp_data){
	    .nr = (int)random_below(NUMBERS * 3),
	    .arch = seccomp_arch_native()};
	if (random_below(50) == 0)
		data->arch = others[random_below(COUNT(others))];
	if (random_below(50) == 0)
		data->nr |= (int)X32;
	if (random_below(50) == 0)
		data->nr = -1;
	for (int i = 0; i < 6; i++)
		data->args[i] = random_value() |
		    (random_below(4) == 0 ? (uint64_t)random_value() << 32 : 0);
}

START_TEST(programs_mean_the_same)
{
	struct sandbox_rule rules[12];
	struct sock_filter ours[SANDBOX_CODE], theirs[SANDBOX_CODE];
	struct seccomp_data data;
	int allowed = 0;

	for (int table = 0; table < TABLES; table++) {
		const int fds[] = {(int)random_below(8) - 1,
		    (int)random_below(8) - 1, 7};
		size_t n = 1 + random_below(COUNT(rules)), a, b;

		for (size_t i = 0; i < n; i++)
			random_rule(&rules[i], COUNT(fds));
		a = sandbox_program(rules, n, fds, ours);
		b = reference_program(rules, n, fds, theirs);
		for (int i = 0; i < CALLS; i++) {
			uint32_t action;

			random_call(&data);
			action = run_program(ours, a, &data);
			if (action != run_program(theirs, b, &data))
				ck_abort_msg("table %d, call %d", table, i);
			allowed += action == SECCOMP_RET_ALLOW;
		}
	}
	ck_assert_int_gt(allowed, TABLES * CALLS / 20);
	ck_assert_int_lt(allowed, TABLES * CALLS / 2);
}
END_TEST
#endif

START_TEST(table_has_room)
{
	static struct sandbox_rule rules[SANDBOX_RULES + 1];
	struct sock_filter code[SANDBOX_CODE];
	const int fd = 3;
	size_t n;

	for (size_t i = 0; i < COUNT(rules); i++)
		rules[i] = (struct sandbox_rule){CALL(write),
		    {SANDBOX_FD(0, 1), SANDBOX_IS(1, 0), SANDBOX_IS(2, 0)}, ""};
	n = sandbox_program(rules, SANDBOX_RULES, &fd, code);
	ck_assert_uint_gt(n, SANDBOX_RULES * 12);
	ck_assert_uint_le(n, SANDBOX_CODE);
	ck_assert_uint_eq(
	    sandbox_program(rules, SANDBOX_RULES + 1, &fd, code), 0);
	ck_assert_int_eq(
	    sandbox_enter(rules, SANDBOX_RULES + 1, &fd), SANDBOX_FAILED);
	ck_assert_int_eq(errno, E2BIG);
}
END_TEST

/* A call that this architecture lacks is no rule. */
START_TEST(lacking_call_is_left_out)
{
	const struct sandbox_rule rules[] = {
	    {-1, {{0}}, ""}, {CALL(write), {{0}}, ""}};
	struct sock_filter with[SANDBOX_CODE], without[SANDBOX_CODE];
	size_t n = sandbox_program(rules, 2, NULL, with);

	ck_assert_uint_eq(n, sandbox_program(rules + 1, 1, NULL, without));
	ck_assert_mem_eq(with, without, n * sizeof(*with));
}
END_TEST

static const struct {
	const char *name;
	int call, arg, value, error;
} lacking[] = {
    {"seccomp", SCMP_SYS(prctl), 0, PR_SET_SECCOMP, EINVAL},
    {"seccomp", SCMP_SYS(prctl), 0, PR_SET_SECCOMP, ENOSYS},
    {"seccomp", SCMP_SYS(prctl), 0, PR_SET_SECCOMP, EACCES},
    {"no_new_privs", SCMP_SYS(prctl), 0, PR_SET_NO_NEW_PRIVS, EINVAL},
    {"Landlock's rules", SCMP_SYS(landlock_create_ruleset), 2, 0, ENOMEM},
    {"Landlock", SCMP_SYS(landlock_restrict_self), 1, 0, EPERM},
};

static void
take_away(int i)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct scmp_arg_cmp arg = {
	    .arg = (unsigned int)lacking[i].arg,
	    .op = SCMP_CMP_EQ,
	    .datum_a = (scmp_datum_t)lacking[i].value,
	};

	if (filter == NULL ||
	    seccomp_rule_add_array(filter,
		SCMP_ACT_ERRNO((uint16_t)lacking[i].error), lacking[i].call, 1,
		&arg) != 0 ||
	    seccomp_load(filter) != 0)
		_exit(3);
	seccomp_release(filter);
}

START_TEST(refuses_without)
{
	enum sandbox_walls (*const enter)(void) =
	    _i % 2 == 0 ? enter_relay : enter_printer;
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		descriptors();
		take_away(_i / 2);
		_exit(enter() == SANDBOX_FAILED ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s, %s: status %#x", lacking[_i / 2].name,
	    strerror(lacking[_i / 2].error), (unsigned int)status);
}
END_TEST

/* The name of a program beside this one. */
static const char *
beside(const char *name)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 200);

	ck_assert_int_gt(n, 0);
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return path;
}

static bool
is_open(void)
{
	char path[4096] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) == -1)
		return false;
	return strstr(path, "open_sandbox") != NULL;
}

/* A listener on loopback; its port as text. */
static int
listen_somewhere(char port[8])
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, size), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&a, &size);
	snprintf(port, 8, "%u", (unsigned int)ntohs(a.sin_port));
	return fd;
}

/* The program itself: connected, it exits 70 and does not say a byte. */
START_TEST(program_refuses_without)
{
	char port[8], byte;
	int listener = listen_somewhere(port), peer, status;
	const char *program = beside("jump-connect");
	pid_t pid = fork();

	if (pid == 0) {
		take_away(_i);
		execl("/bin/sh", "sh", "-c",
		    "echo not a word | \"$0\" -n 127.0.0.1 \"$1\" 2>/dev/null",
		    program, port, (char *)NULL);
		_exit(3);
	}
	peer = accept(listener, NULL, NULL);
	ck_assert_int_ne(peer, -1);
	ck_assert_int_le(read(peer, &byte, 1), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 70);
}
END_TEST

/* These tests again, with all but the filter: each absence is found out. */
START_TEST(fails_without_a_filter)
{
	char command[4200], line[256];
	int checks = 0, failures = 0, errors;
	FILE *f;

	snprintf(command, sizeof(command), "'%s'", beside("open_sandbox"));
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "%*d%%: Checks: %d, Failures: %d, Errors: %d",
		    &checks, &failures, &errors);
	ck_assert_int_ne(pclose(f), 0);
	ck_assert_int_gt(checks, failures);
	ck_assert_int_ge(
	    failures, (int)(COUNT(relay_may_not) + COUNT(printer_may_not)));
}
END_TEST

static Suite *
sandbox_suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("probes");

	tcase_add_loop_test(tc, relay_row, 0, COUNT(relay_may));
	tcase_add_loop_test(tc, relay_absence, 0, COUNT(relay_may_not));
	tcase_add_loop_test(tc, printer_row, 0, COUNT(printer_may));
	tcase_add_loop_test(tc, printer_absence, 0, COUNT(printer_may_not));
#ifdef __x86_64__
	tcase_add_test(tc, foreign_architecture);
#endif
	tcase_add_test(tc, empty_slot);
#if !SANITIZED
	tcase_add_test(tc, programs_mean_the_same);
#endif
	tcase_add_test(tc, table_has_room);
	tcase_add_test(tc, lacking_call_is_left_out);
	tcase_add_test(tc, landlock_alone);
	tcase_add_loop_test(tc, refuses_without, 0, 2 * COUNT(lacking));
	tcase_set_timeout(tc, 120);
	if (!is_open()) {
		tcase_add_loop_test(tc, program_refuses_without, 0, 3);
		tcase_add_test(tc, fails_without_a_filter);
	}
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(sandbox_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
