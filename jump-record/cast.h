/* SPDX-License-Identifier: ISC */
/*
 * A recording of a terminal, as asciicast v2: a line of JSON about it, and
 * a line for each event.  Source: doc/asciicast-v2.md of asciinema.
 */
#ifndef CAST_H
#define CAST_H

#include <stddef.h>
#include <time.h>

#include "record.h"

/* Bytes of one; then the session ends.  Escapes make it longer than output. */
#define CAST_MAX (UINT64_C(8) << 30)

enum {
	CAST_PIECE = 32 * 1024, /* of output in an event, at most */
	CAST_TEXT = 512		/* bytes of a string that is about it */
};

struct cast_about {
	unsigned int columns, rows;
	const char *term;
	const char *session, *user, *account, *source, *target, *login, *policy;
	unsigned int port; /* 0: a path */
};

struct cast {
	struct record file;
	struct timespec start;
	unsigned char held[4]; /* of a character that is not complete */
	size_t nheld;
};

/*
 * Begin one in fd, a new file.  The descriptor stays the caller's.  This and
 * all that follow: 0, or -1 and errno as record_write() has them.
 */
int cast_begin(struct cast *, int fd, const struct cast_about *);

/*
 * What the terminal is about to show.  Bytes that are no UTF-8 become U+FFFD,
 * one for each part that could have begun a character (Unicode 3.9, U+FFFD
 * substitution of maximal subparts); the beginning of one waits for the rest.
 */
int cast_output(struct cast *, const void *bytes, size_t n);

int cast_resize(struct cast *, unsigned int columns, unsigned int rows);

/* text is printable ASCII, at most CAST_TEXT. */
int cast_marker(struct cast *, const char *text);

/* That there is no more: what was waited for is written as it is. */
int cast_end(struct cast *, const char *reason);

#endif
