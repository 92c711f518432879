/* SPDX-License-Identifier: ISC */
/*
 * What a recording may do to the terminal it is shown on.  Bytes of any kind
 * become tokens: characters, and the control sequences of a positive list.
 * Nothing else comes out, however it was cut into pieces:
 *
 *   C0    BS HT LF VT FF CR SO SI
 *   ESC   7 8 D E M, character sets ( ) * + of 0 A B; c is replaced
 *   CSI   @ A-M P S T X Z ` a b d e f m r s u, without 3 J
 *   CSI ? h l of 6 7 25 47 1047 1048 1049; without ?: 4
 *
 * Strings (OSC, DCS, APC, PM, SOS, and the titles of screen(1)) are left out;
 * one that does not end in its line, or in ESCAPE_STRING bytes, is text from
 * there on, so that nobody hides by it what comes later.  C1 in UTF-8 is left
 * out; what is no UTF-8 becomes U+FFFD.
 * Source: ECMA-48; XTerm Control Sequences.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ESCAPE_ROOM = 128, ESCAPE_STRING = 4096 };

enum escape_kind { ESCAPE_TEXT, ESCAPE_CONTROL, ESCAPE_ESC, ESCAPE_CSI };

struct escape_token {
	enum escape_kind kind;
	uint32_t c;	    /* the character, or the final one of a sequence */
	bool private;	    /* CSI ? */
	unsigned number[2]; /* 0: not given */
	char bytes[ESCAPE_ROOM]; /* what a terminal is to be sent */
	size_t n;
};

typedef void escape_emit(void *arg, const struct escape_token *);

enum escape_state {
	ESCAPE_GROUND,
	ESCAPE_BEGUN,	 /* after ESC */
	ESCAPE_SET,	 /* after ESC and intermediate bytes */
	ESCAPE_SEQUENCE, /* after CSI */
	ESCAPE_IN_STRING,
	ESCAPE_ENDING /* after ESC in a string */
};

/* All zero at the beginning. */
struct escape {
	enum escape_state state;
	char seq[ESCAPE_ROOM / 2]; /* after ESC or CSI */
	size_t n;   /* of it, also beyond its room; of a string: its bytes */
	uint32_t c; /* of a character that is not whole */
	unsigned need;
	uint32_t least;
};

/* Takes n bytes, calls emit for each token. */
void escape_feed(
    struct escape *, const char *bytes, size_t n, escape_emit *, void *arg);

#endif
