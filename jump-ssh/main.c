/* SPDX-License-Identifier: ISC */
/*
 * jump-ssh: run ssh(1) with a group that grants nothing.
 *
 * A process that was executed with another effective than real group cannot be
 * traced by its user's other processes, nor can they read its memory or open
 * its descriptors: ptrace(2).  That is all there is to it.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

int
main(int argc, char **argv)
{
	if (argc < 1 || getegid() == getgid()) {
		dprintf(STDERR_FILENO,
		    "jump: jump-ssh has not been given its group.\n");
		return EXIT_INTERNAL;
	}
	syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
	execv(SSH, argv);
	dprintf(STDERR_FILENO, "jump: %s cannot be run: %s.\n", SSH,
	    strerror(errno));
	return EXIT_INTERNAL;
}
