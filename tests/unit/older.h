/* SPDX-License-Identifier: ISC */
/*
 * A kernel from before Linux 6.5, which has no SO_PEERPIDFD: a filter answers
 * as that does.  It stays with the process and what it runs, and needs root,
 * so that programs keep their setgid bit.
 */
#ifndef OLDER_H
#define OLDER_H

#include <sys/socket.h>

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* False if it cannot be had. */
static inline bool
older_kernel(void)
{
	static const struct scmp_arg_cmp asks[] = {
	    {1, SCMP_CMP_EQ, SOL_SOCKET, 0},
	    {2, SCMP_CMP_EQ, SO_PEERPIDFD, 0}};
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	bool good = c != NULL &&
	    seccomp_attr_set(c, SCMP_FLTATR_CTL_NNP, 0) == 0 &&
	    seccomp_rule_add_array(c, SCMP_ACT_ERRNO(ENOPROTOOPT),
		SCMP_SYS(getsockopt), 2, asks) == 0 &&
	    seccomp_load(c) == 0;

	seccomp_release(c);
	return good && getsockopt(-1, SOL_SOCKET, SO_PEERPIDFD, 0, 0) == -1 &&
	    errno == ENOPROTOOPT;
}

#endif
