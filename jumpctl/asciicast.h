/* SPDX-License-Identifier: ISC */
/*
 * Recordings of terminals, asciicast v2: a line of JSON for the header, and
 * one for each event.  Whoever wrote the file may have been anybody.
 * Source: docs.asciinema.org, asciicast v2; RFC 8259.
 */
#ifndef ASCIICAST_H
#define ASCIICAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CAST_LINE = 1 << 20, /* bytes of a line; longer ones are left out */
	CAST_WORD = 132,     /* room for a string of the header */
	CAST_NAME = 260,     /* and for that of a target */
	CAST_SIDE = 10000    /* columns and rows are below */
};

/* Strings are what the file says, cut at a NUL; empty: not told. */
struct cast_header {
	unsigned width, height; /* 0: not told */
	unsigned port;
	int64_t timestamp; /* seconds since the epoch; 0: not told */
	char session[CAST_WORD], user[CAST_WORD], account[CAST_WORD];
	char source[CAST_WORD], login[CAST_WORD], target[CAST_NAME];
};

enum cast_kind { CAST_OUTPUT, CAST_RESIZE, CAST_MARKER, CAST_OTHER };

struct cast_event {
	int64_t at; /* microseconds since the beginning */
	enum cast_kind kind;
	const char *text; /* with any bytes, also a NUL */
	size_t n;
	unsigned width, height; /* of a resize */
};

/*
 * A line without its end; strings are unescaped in place.  Strict: false for
 * what is not of the format, a time that is negative, not a number or beyond
 * ten years, and anything nested deeply.  Unpaired surrogates become U+FFFD.
 */
bool cast_header_parse(struct cast_header *, char *line, size_t n);
bool cast_event_parse(struct cast_event *, char *line, size_t n);

struct cast {
	struct cast_header header;
	size_t bad; /* lines that are no events, or are cut off */
	int fd;	    /* the caller's */
	char *buf;  /* owned */
	size_t begin, end;
	bool ended, skipping;
	int64_t at;
};

/*
 * Read the header; the memory is bounded.  0, or -1 with errno: EPROTO if it
 * is no recording.  Call cast_close() in either case.
 */
int cast_open(struct cast *, int fd);

/*
 * The next event, which lasts until the next call; its time is never before
 * that of the one before.  1, 0 at the end, or -1 with errno.
 */
int cast_next(struct cast *, struct cast_event *);

/* The same from the first event on.  0, or -1 with errno. */
int cast_rewind(struct cast *);
void cast_close(struct cast *);

#endif
