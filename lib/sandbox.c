/* SPDX-License-Identifier: ISC */
#include "sandbox.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <endian.h>
#include <errno.h>
#include <unistd.h>

/* A call by another architecture's numbers would be another call. */
#if defined(__x86_64__) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__loongarch__) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#else
#error "the sandbox does not know this architecture"
#endif

/* The low half of an argument. */
#define ARGUMENT(n)                                                            \
	(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t) +        \
	    (__BYTE_ORDER == __BIG_ENDIAN ? sizeof(uint32_t) : 0))

/*
 * Landlock as of ABI 6 (Linux 6.12), whatever the headers know: Debian 12's
 * have neither the network nor the scopes.  Later rights are left alone on
 * purpose: that to reach a UNIX socket by its path would end the audit.
 */
enum { LL_RULESET_VERSION = 1 };
enum { LL_SCOPES = 3 };	 /* abstract UNIX sockets and signals */
enum { LL_NET_TCP = 3 }; /* bind and connect */

struct landlock_attr {
	uint64_t fs, net, scoped;
};

/* The rights that each version of the ABI added. */
static const struct landlock_attr landlock_added[] = {
    {.fs = (1 << 13) - 1}, /* 1: execute to make_sym */
    {.fs = 1 << 13},	   /* 2: refer */
    {.fs = 1 << 14},	   /* 3: truncate */
    {.net = LL_NET_TCP},   /* 4 */
    {.fs = 1 << 15},	   /* 5: ioctl of devices */
    {.scoped = LL_SCOPES}, /* 6 */
};

/*
 * In builds with ASan and UBSan only: what their runtime needs to print the
 * head of a report.
 */
static const struct sandbox_rule sanitizer_rules[] = {
    {CALL(write), {SANDBOX_IS(0, 2)}, "the report"},
    {CALL(mmap), {SANDBOX_LACKS(2, PROT_EXEC)}, "its memory"},
    {CALL(munmap), {{0}}, "its memory"},
    {CALL(madvise), {{0}}, "its memory"},
    {CALL(sigaltstack), {{0}}, "its stack"},
    {CALL(rt_sigprocmask), {{0}}, "its signals"},
    {CALL(getpid), {{0}}, "whom it is about"},
    {CALL(gettid), {{0}}, "whom it is about"},
    {CALL(sched_yield), {{0}}, "its locks"},
    {CALL(futex), {{0}}, "its locks"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The number of walls: 1, 0 if the kernel has no Landlock, or -1. */
static int
landlock_enter(void)
{
	struct landlock_attr all = {0};
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LL_RULESET_VERSION);
	int fd, result;

	if (abi == -1)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	for (long i = 0; i < abi && i < (long)COUNT(landlock_added); i++) {
		all.fs |= landlock_added[i].fs;
		all.net |= landlock_added[i].net;
		all.scoped |= landlock_added[i].scoped;
	}
	/* A kernel that knows a shorter struct wants the rest to be zero. */
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd == -1)
		return -1;
	result = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return result == 0 ? 1 : -1;
}

/*
 * The program: seccomp(2), linux/filter.h.  Of each rule: is it this call,
 * does each test hold; if not, on to the next one.
 */
static struct sock_filter
load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Go on if it is equal, else skip so many. */
static struct sock_filter
equal(uint32_t value, size_t skip)
{
	return (struct sock_filter)BPF_JUMP(
	    BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)skip);
}

static struct sock_filter
end(uint32_t action)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

enum { TEST = 3, RULE = 3 + SANDBOX_TESTS * TEST }; /* instructions */

/* A rule, as RULE instructions at most; how many, 0 for one left out. */
static size_t
add_rule(struct sock_filter *code, const struct sandbox_rule *rule,
    const int *fds)
{
	const struct sandbox_test *t = rule->test;
	size_t n = 0, tests = 0;

	if (rule->call == -1)
		return 0;
	while (tests < SANDBOX_TESTS && t[tests].mask != 0)
		tests++;
	code[n++] = load(offsetof(struct seccomp_data, nr));
	code[n++] = equal((uint32_t)rule->call, tests * TEST + 1);
	for (; tests > 0; tests--, t++) {
		if (t->slot != 0 && fds[t->slot - 1] == -1)
			return 0;
		code[n++] = load(ARGUMENT(t->arg));
		code[n++] = (struct sock_filter)BPF_STMT(
		    BPF_ALU | BPF_AND | BPF_K, t->mask);
		code[n++] = equal(t->slot == 0 ? t->value
					       : (uint32_t)fds[t->slot - 1],
		    (tests - 1) * TEST + 1);
	}
	code[n++] = end(SECCOMP_RET_ALLOW);
	return n;
}

static size_t
add_rules(struct sock_filter *code, const struct sandbox_rule *rules, size_t n,
    const int *fds)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += add_rule(code + length, &rules[i], fds);
	return length;
}

size_t
sandbox_program(const struct sandbox_rule *rules, size_t n, const int *fds,
    struct sock_filter code[SANDBOX_CODE])
{
	size_t length = 0;

	if (n > SANDBOX_RULES)
		return 0;
	code[length++] = load(offsetof(struct seccomp_data, arch));
	code[length++] = (struct sock_filter)BPF_JUMP(
	    BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	code[length++] = end(SECCOMP_RET_KILL_PROCESS);
	length += add_rules(code + length, rules, n, fds);
	if (SANITIZED)
		length += add_rules(code + length, sanitizer_rules,
		    COUNT(sanitizer_rules), fds);
	code[length++] = end(SECCOMP_RET_KILL_PROCESS);
	return length;
}

enum sandbox_walls
sandbox_enter(const struct sandbox_rule *rules, size_t n, const int *fds)
{
	struct sock_filter code[SANDBOX_CODE];
	struct sock_fprog program = {.filter = code};
	int landlock;

	program.len = (unsigned short)sandbox_program(rules, n, fds, code);
	if (program.len == 0) {
		errno = E2BIG;
		return SANDBOX_FAILED;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return SANDBOX_FAILED;
	landlock = landlock_enter();
	if (landlock == -1)
		return SANDBOX_FAILED;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == -1)
		return SANDBOX_FAILED;
	return landlock == 1 ? SANDBOX_BOTH : SANDBOX_SECCOMP;
}
