/* SPDX-License-Identifier: ISC */
/*
 * A line of an authorized_keys file, as sshd(8) reads it.  Pure, but for
 * memory and the local time zone.  Source: sshd(8), AUTHORIZED_KEYS FILE
 * FORMAT; auth-options.c and auth2-pubkeyfile.c of OpenSSH 9.2.
 */
#ifndef AUTHORIZED_H
#define AUTHORIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "match.h"

enum authorized_error {
	AUTHORIZED_OK,
	AUTHORIZED_BLANK,   /* nothing, or a comment */
	AUTHORIZED_OPTIONS, /* sshd does not take them, and skips the line */
	AUTHORIZED_KEY,	    /* none of a type that a policy has, or damaged */
	AUTHORIZED_DSA,
	AUTHORIZED_MANY, /* more than there is room for here */
};

/* Where somebody may forward to: HOST:PORT, where * or 0 is any of them. */
struct opening {
	char host[256];
	uint16_t port;
};

enum { OPENINGS_MAX = 256, FROM_MAX = 64 };

struct authorized {
	bool ca, verify, no_touch; /* cert-authority, verify-required */
	bool forwards;	/* no restrict or no-port-forwarding is in the way */
	bool command;	/* of its own */
	bool listens;	/* permitlisten */
	bool variables; /* environment, tunnel */
	bool principals;
	time_t expires;	       /* 0: never */
	char *from;	       /* as written, or NULL; owned */
	struct opening *opens; /* permitopen; owned; none: anywhere */
	size_t nopens;
	char *type, *blob, *comment; /* in the line that was read, or NULL */
};

/*
 * Read a line, without its newline, which is cut into pieces.  On any error
 * nothing is owned, and nothing is meant but type, blob and comment: what
 * stands in their places, or NULL.
 */
enum authorized_error authorized_parse(struct authorized *, char *line);
void authorized_free(struct authorized *);

/* Read HOST:PORT as permitopen has it; false if sshd does not. */
bool opening_parse(struct opening *, const char *text);

/* What both permit, as sshd holds them; false if there is nothing. */
bool opening_both(
    struct opening *, const struct opening *, const struct opening *);

/*
 * The networks of a from=, at most FROM_MAX.  EXACT: all of it; LESS: there
 * are patterns besides that are none, such as names; NOT: it excludes some, or
 * names no network at all, or too many, or one that sshd reads otherwise.  *n
 * is 0 for EXACT if it is anywhere.
 */
enum from { FROM_EXACT, FROM_LESS, FROM_NOT };
enum from authorized_from(
    const char *text, struct net nets[FROM_MAX], size_t *n);

/* Read a time of expiry-time, at most the last of 9999; false if it is none. */
bool authorized_time(time_t *, const char *text);

#endif
