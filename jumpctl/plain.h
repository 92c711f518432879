/* SPDX-License-Identifier: ISC */
/*
 * A recording as plain text: the lines as they stood when something else
 * began.  What was overwritten on its line is lost, where the cursor went to
 * another place a new line begins.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include "escape.h"

enum { PLAIN_MAX = 16384 }; /* characters of a line */

/* A line of UTF-8 without its end, and a NUL; when it began. */
typedef void plain_line(void *arg, const char *text, int64_t at);

/* All zero at the beginning, but for the first three. */
struct plain {
	plain_line *emit;
	void *arg;
	unsigned width; /* of the terminal, where lines break; 0: nowhere */
	int64_t now;	/* of what comes: the caller sets it */
	int64_t began;	/* the line */
	size_t row;	/* where the line's last row begins */
	size_t column;	/* in that */
	size_t n;
	uint32_t last; /* character */
	uint32_t line[PLAIN_MAX];
	char text[4 * PLAIN_MAX + 1];
};

void plain_token(struct plain *, const struct escape_token *);

/* The line as it stands now. */
const char *plain_text(struct plain *);

/* What has not ended yet. */
void plain_end(struct plain *);

#endif
