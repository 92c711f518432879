/* SPDX-License-Identifier: ISC */
/*
 * The login that a session belongs to.
 *
 * sshd(8) serves a login with two processes: its monitor, which is root's, and
 * a child of that, the user's, which started us, or a shell that did.  The
 * child closes our standard input and output when it ends, but goes on when the
 * monitor alone is killed.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	MONITOR_NONE = -1, /* no login of sshd's, or it cannot be told */
	MONITOR_GONE = -2  /* there is the child, but no monitor any more */
};

/*
 * The monitor of the login of uid that this process serves, or the parent of
 * its shell: its number, or one of these.  proc is where proc(5) is mounted.
 * Under hidepid it does not tell.  A login of root's has one process and no
 * monitor.
 */
pid_t monitor_find(const char *proc, pid_t parent, uid_t uid);

/*
 * The same of a process that must be sshd's child itself, and uid's: not one
 * that it has started.
 */
pid_t monitor_of(const char *proc, pid_t child, uid_t uid);

/*
 * Whether the process is sshd's monitor of a login of uid that has succeeded:
 * before, its child is another user's.  False under hidepid.
 */
bool monitor_serves(const char *proc, pid_t monitor, uid_t uid);

/*
 * The process that serves a login of uid: sshd's child of a monitor that
 * started then, which can be no other any more.  A pidfd, close-on-exec, and
 * *child its number; or -1 with errno: ESRCH if there is none (any more), or
 * under hidepid.
 */
int monitor_hold(const char *proc, pid_t monitor, uint64_t started, uid_t uid,
    pid_t *child);

/*
 * That of the login that this process belongs to: a pidfd, close-on-exec, that
 * is readable once it has ended, or one of these.
 */
int monitor_open(const char *proc);

#endif
