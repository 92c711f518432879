#include "sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <malloc.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

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
    {SCMP_SYS(write), {SANDBOX_IS(0, 2)}, "the report"},
    {SCMP_SYS(mmap), {SANDBOX_LACKS(2, PROT_EXEC)}, "its memory"},
    {SCMP_SYS(munmap), {{0}}, "its memory"},
    {SCMP_SYS(madvise), {{0}}, "its memory"},
    {SCMP_SYS(sigaltstack), {{0}}, "its stack"},
    {SCMP_SYS(rt_sigprocmask), {{0}}, "its signals"},
    {SCMP_SYS(getpid), {{0}}, "whom it is about"},
    {SCMP_SYS(gettid), {{0}}, "whom it is about"},
    {SCMP_SYS(sched_yield), {{0}}, "its locks"},
    {SCMP_SYS(futex), {{0}}, "its locks"},
};

/* Twice what libseccomp takes; below what malloc(3) would map or trim. */
enum { ROOM = 120 * 1024 };

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

/* Add one rule.  0, or a negative error number as in libseccomp. */
static int
add_rule(
    scmp_filter_ctx filter, const struct sandbox_rule *rule, const int *fds)
{
	struct scmp_arg_cmp compare[SANDBOX_TESTS];
	unsigned int n = 0;

	for (const struct sandbox_test *t = rule->test;
	     t < rule->test + SANDBOX_TESTS; t++) {
		uint32_t value = t->value;

		if (t->mask == 0)
			continue;
		if (t->slot != 0) {
			if (fds[t->slot - 1] == -1)
				return 0;
			value = (uint32_t)fds[t->slot - 1];
		}
		compare[n++] = SCMP_CMP(t->arg, SCMP_CMP_MASKED_EQ,
		    (scmp_datum_t)t->mask, (scmp_datum_t)value);
	}
	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, rule->call, n, compare);
}

static int
add_rules(scmp_filter_ctx filter, const struct sandbox_rule *rules, size_t n,
    const int *fds)
{
	int error;

	for (size_t i = 0; i < n; i++) {
		error = add_rule(filter, &rules[i], fds);
		if (error != 0 && error != -EEXIST)
			return error;
		/* Only the order in which it is tested, so let it fail. */
		(void)seccomp_syscall_priority(filter, rules[i].call,
		    (uint8_t)(i < UINT8_MAX ? UINT8_MAX - i : 0));
	}
	return 0;
}

/*
 * libseccomp 2.5 loses rules or crashes if memory runs out in the middle.
 * Have the memory first: what is freed stays with this process.
 */
static bool
memory_is_there(void)
{
	void *room = malloc(ROOM);

	free(room);
	return room != NULL;
}

/* Have libseccomp write the program into fd.  0 or a negative error. */
static int
compile(const struct sandbox_rule *rules, size_t n, const int *fds, int fd)
{
	scmp_filter_ctx filter = NULL;
	int error;

	if (memory_is_there())
		filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return -ENOMEM;
	error = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = add_rules(filter, rules, n, fds);
	if (error == 0 && SANITIZED)
		error = add_rules(
		    filter, sanitizer_rules, COUNT(sanitizer_rules), fds);
	if (error == 0)
		error = seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	return error;
}

/*
 * The program as an array.  libseccomp could load it as well, but frees its
 * memory after that, when a munmap(2) would be the end.  What it gives back
 * here goes back to the kernel: a relay lives long, and there are many.
 */
static int
build(const struct sandbox_rule *rules, size_t n, const int *fds,
    struct sock_filter *code, size_t size)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), error;
	ssize_t length = -1;

	if (fd == -1)
		return -1;
	error = compile(rules, n, fds, fd);
	if (error == 0)
		length = pread(fd, code, size, 0);
	else
		errno = -error;
	close(fd);
	malloc_trim(0);
	if (length <= 0)
		return -1;
	if ((size_t)length == size) { /* there may be more */
		errno = E2BIG;
		return -1;
	}
	return (int)((size_t)length / sizeof(*code));
}

enum sandbox_walls
sandbox_enter(const struct sandbox_rule *rules, size_t n, const int *fds)
{
	struct sock_filter code[1024];
	struct sock_fprog program = {.filter = code};
	int length, landlock;

	length = build(rules, n, fds, code, sizeof(code));
	if (length == -1)
		return SANDBOX_FAILED;
	program.len = (unsigned short)length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return SANDBOX_FAILED;
	landlock = landlock_enter();
	if (landlock == -1)
		return SANDBOX_FAILED;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == -1)
		return SANDBOX_FAILED;
	return landlock == 1 ? SANDBOX_BOTH : SANDBOX_SECCOMP;
}
