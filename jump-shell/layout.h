/* SPDX-License-Identifier: ISC */
/*
 * How the menu looks: lines that never are as wide as the terminal, so that
 * none wraps.  Pure but for the locale, whose LC_CTYPE has to be UTF-8 where
 * utf8 is set.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { LAYOUT_NARROW = 60, LAYOUT_TIME = 24, LAYOUT_TEXT = 1024 };

struct layout {
	unsigned int columns; /* of the terminal */
	bool utf8, colour;
};

struct layout_header {
	const char *host, *user;
	const char *key; /* SHA256:..., or a word for it, or NULL */
	int64_t until;	 /* when all rights end; 0: never */
};

enum layout_state { LAYOUT_CLOSED, LAYOUT_ASK, LAYOUT_OPEN };

struct layout_row {
	unsigned int number;
	const char *target, *ports, *comment;
	const char *needs; /* what is to be done first; "" for nothing */
	bool recorded;
	enum layout_state state;
	int64_t when; /* it ends, if open, or begins, if closed; 0: never */
	bool offline; /* a device, and nobody listens for it */
};

/*
 * Write text so that it is harmless on a terminal, and at most columns wide:
 * what is cut ends in dots.  Printable UTF-8 stays if the terminal has it, and
 * is `?' otherwise; all else is as audit_escape() has it.  How wide it is.
 */
unsigned int layout_fit(
    char *dst, size_t size, const char *text, unsigned int columns, bool utf8);

/* "04:00", "sun 04:00" or "2026-12-31", in the zone of the process. */
const char *layout_time(char buf[LAYOUT_TIME], int64_t when, int64_t now);

/* A line each: who it is, and below the table what can be typed. */
void layout_header(
    FILE *, const struct layout *, const struct layout_header *, int64_t now);
void layout_prompt(FILE *, const struct layout *, bool more);

/* A heading, and a line for each row; columns that have no room are left. */
void layout_table(FILE *, const struct layout *, const struct layout_row *,
    size_t n, int64_t now);

#endif
