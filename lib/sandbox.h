/* SPDX-License-Identifier: ISC */
/*
 * Confinement: after sandbox_enter() a program can make the system calls of
 * its table, and no others.
 *
 * A table is const data, to be read by people: what, with which arguments,
 * and why.  It stands beside the program whose life it describes.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <linux/filter.h>
#include <sys/syscall.h>

#include <stddef.h>
#include <stdint.h>

enum {
	SANDBOX_TESTS = 3,
	SANDBOX_RULES = 64, /* in a table, at most */
	SANDBOX_CODE = 1024 /* instructions: room for any table */
};

/* Whether this is a build with ASan, whose runtime makes calls of its own. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* The number of a call, SYS_name; one that this architecture lacks. */
#define CALL(name) SYS_##name
#ifndef SYS_poll
#define SYS_poll (-1)
#endif

/*
 * A test of the low 32 bits of an argument: (argument & mask) == value.  Our
 * arguments are ints, whose upper half the kernel ignores.  A mask of 0 ends
 * the tests.  With a slot, value is the descriptor that stands there; slots count
 * from 1.
 */
struct sandbox_test {
	unsigned int arg; /* from 0 */
	uint32_t mask, value;
	unsigned int slot;
};

struct sandbox_rule {
	int call;				 /* CALL(name) */
	struct sandbox_test test[SANDBOX_TESTS]; /* all must hold */
	const char *why;
};

#define SANDBOX_IS(n, v)                                                       \
	{                                                                      \
		(n), UINT32_MAX, (v), 0                                        \
	}
#define SANDBOX_FD(n, s)                                                       \
	{                                                                      \
		(n), UINT32_MAX, 0, (s)                                        \
	}
#define SANDBOX_LACKS(n, bits)                                                 \
	{                                                                      \
		(n), (bits), 0, 0                                              \
	}

enum sandbox_walls {
	SANDBOX_FAILED = -1, /* see errno; do not go on */
	SANDBOX_SECCOMP,     /* this kernel has no Landlock */
	SANDBOX_BOTH
};

/*
 * Confine this process for good: no_new_privs(prctl(2)), a landlock(7) domain
 * in which no file may be opened and no TCP port bound or connected to, and a
 * seccomp(2) filter of the n rules that kills the process for anything else,
 * x32 and foreign architectures included.  Several rules may name one call;
 * they are tried in their order, so those used most should come first.
 *
 * fds[slot - 1] is the descriptor in a slot; a rule whose slot holds -1 is
 * left out.  The filter is the wall, and without it the answer is
 * SANDBOX_FAILED; Landlock stands behind it where there is one.
 *
 * The caller allocates no memory afterwards, writes with write(2), because the
 * first use of a stdio stream allocates, and ends with _exit(2), because exit
 * handlers are not in the tables.
 */
enum sandbox_walls sandbox_enter(
    const struct sandbox_rule *, size_t n, const int *fds);

/*
 * The filter of the rules, as a program for seccomp(2).  Returns its length,
 * or 0 if there are more than SANDBOX_RULES.
 */
size_t sandbox_program(const struct sandbox_rule *, size_t n, const int *fds,
    struct sock_filter code[SANDBOX_CODE]);

#endif
