/* SPDX-License-Identifier: ISC */
/*
 * What a program does to its own process before it looks at user input.
 * Each returns 0, or -1 with errno; the caller then exits EXIT_INTERNAL.
 *
 * Whoever runs a setgid program chooses its descriptors, signals, limits and
 * environment; credentials(7) and execve(2) say what is inherited.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>

/*
 * Open /dev/null in place of whichever of 0 to 2 is closed, lest a file that
 * is opened later becomes standard output, and close everything from 3 on
 * (close_range(2), Linux 5.9).
 */
int process_repair_fds(void);

/*
 * Find out whether the program's file is setgid.  Fails with EPERM if it is
 * and the process has not been given its group: no_new_privs, a tracer and
 * user namespaces make execve(2) ignore the bit, and what is decided then
 * would be decided without the group's rights.  A file that is not root's is
 * refused too: so it looks in a user namespace without root, where the group
 * looks right as every unknown one does.  The mode of the file, which
 * belongs to root, is the setting: a copy without the bit is another program,
 * and cannot read the policy.
 */
int process_check_setgid(bool *setgid);

/*
 * Give up the effective and the saved group for the real one, for good, and
 * check that the old one cannot be had again (setresgid(2)).  The file system
 * gid follows the effective one.  Without such a group, does nothing.
 */
int process_drop_group(void);

/*
 * Make the effective group the real and the saved one too: the user's other
 * processes then cannot trace this one, nor what it executes, and cannot set
 * its limits (ptrace(2), prlimit(2)).  Without such a group, does nothing.
 */
int process_keep_group(void);

/*
 * Default action for every signal, none blocked, and no alarm(2) under way.
 * SIGPIPE and SIGXFSZ are ignored: writing to a peer that has gone, or beyond
 * RLIMIT_FSIZE (which counts for a memfd too), is an error like others.
 * Ignored signals, the mask and the alarm survive execve(2), and so does the
 * slack of timers (PR_SET_TIMERSLACK), with which poll(2) can be made to
 * overlook a deadline; it is set to the kernel's own.  Comes first, so that
 * every end after it is an exit.
 */
int process_signals(void);

/*
 * No core dumps, and no /proc files or ptrace for the user's other processes.
 * PR_SET_DUMPABLE is reset by the drop of the group; this comes after it.
 */
int process_harden(void);

/* Empty the environment; what a program wants of it, it reads before. */
int process_clear_env(void);

#endif
