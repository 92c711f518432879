/* SPDX-License-Identifier: ISC */
/*
 * What /proc says of a process: proc(5).  It can vanish at any moment and its
 * number be another's: who is to act on it holds a pidfd first, then reads.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <sys/types.h>

#include <stdint.h>

enum { PROCFS_NAME = 64 };

struct procfs_process {
	pid_t pid, parent;
	uid_t uid;		/* the real one */
	uint64_t started;	/* clock ticks since boot */
	char name[PROCFS_NAME]; /* comm: what the process calls itself */
};

/*
 * Read one; proc is where it is mounted.  0, or -1 with errno: ENOENT or ESRCH
 * if there is none, EBADMSG if it is no process.
 */
int procfs_read(const char *proc, pid_t, struct procfs_process *);

#endif
