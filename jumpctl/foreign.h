/* SPDX-License-Identifier: ISC */
/*
 * Files that somebody else has written, read as root.
 */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stddef.h>
#include <sys/types.h>

enum { FOREIGN_MAX = 1 << 20 };

/*
 * Read a file by its absolute path, of which no component is a symbolic link,
 * and each belongs to root or to owner and is writable by that one alone; the
 * file is regular, and has at most FOREIGN_MAX bytes, none of them NUL.
 * The text, with a NUL behind it, is the caller's to free.  NULL if there is
 * no such file, or it is not read: *why says why, or is NULL.
 */
char *foreign_read(const char *path, uid_t owner, const char **why);

/* Cut off the next line of a text; NULL at its end. */
char *foreign_line(char **text);

#endif
