/* SPDX-License-Identifier: ISC */
/* Programs that a policy names. */
#ifndef PROGRAM_H
#define PROGRAM_H

/*
 * Open (O_PATH) the program at an absolute path, if nobody but owner could
 * have put it there or could change it: it is a file that may be executed, it
 * and each folder above are owner's, writable by nobody else, and no symbolic
 * links.  Returns the descriptor, close-on-exec, or -1.  Run it by fexecve(3):
 * the path could by then be another file, if one of owner's.
 */
int program_open(const char *path, unsigned owner);

#endif
