/* SPDX-License-Identifier: ISC */
/*
 * The host key of an SSH server, read from the clear text of the first key
 * exchange as it passes by.
 *
 * Whoever runs the exchange under a key proves, to the client, that they hold
 * it.  So it is enough to see which key that is, before the client does: all
 * that the client could be led astray with is held back until it has been
 * seen, and what could be read in two ways is refused.
 *
 * Sources: RFC 4253 (4.2, 6, 7, 8), RFC 4419, RFC 5656, RFC 8731, and of
 * OpenSSH PROTOCOL and PROTOCOL.certkeys.  Pure: no I/O and no memory.
 */
#ifndef HOSTKEY_H
#define HOSTKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HOSTKEY_PACKET = 35000,	   /* RFC 4253, 6.1: of those that are read */
	HOSTKEY_SKIP = 256 * 1024, /* of others; what OpenSSH takes */
	HOSTKEY_VERSION = 255,	   /* RFC 4253, 4.2, with its CR LF */
	HOSTKEY_LINES = 64 * 1024, /* bytes of lines before it, at most */
	HOSTKEY_METHODS = 4096,	   /* bytes of a list of methods */
	HOSTKEY_TEXT = 640	   /* more than a record holds */
};

enum hostkey_side { HOSTKEY_CLIENT, HOSTKEY_SERVER };

enum hostkey_state {
	HOSTKEY_READING,
	HOSTKEY_GOOD,	   /* the key is one of those declared */
	HOSTKEY_WRONG,	   /* another key; see seen */
	HOSTKEY_UNREADABLE /* not SSH, or not as this reads it */
};

/* What one side says. */
struct hostkey_stream {
	bool versioned; /* the version has passed, and packets follow */
	bool over;	/* nothing more is looked at */
	size_t line;	/* bytes of the line so far */
	size_t lines;	/* bytes of the lines before the version */
	char head[8];	/* of the line */
	bool cr;	/* the last byte was one */
	size_t got;	/* bytes of the packet so far */
	bool keep;	/* and they are to be read, when all are there */
	uint8_t packet[HOSTKEY_PACKET];
	char methods[HOSTKEY_METHODS]; /* of key exchange; "" before */
};

struct hostkey {
	const char *const *keys; /* the caller's */
	size_t n;
	enum hostkey_state state;
	size_t held;
	bool grouped;	     /* the server has sent its group (RFC 4419) */
	const uint8_t *seen; /* the key, in a packet; NULL before */
	size_t seen_size;
	struct hostkey_stream side[2];
};

/*
 * Start, to accept the n host keys that keys points to, each in base64 and in
 * its one spelling (RFC 4648, 4, with padding).  The struct is to be zero
 * before, and is about 80 KB, of which few pages are touched.
 */
void hostkey_init(struct hostkey *, const char *const *keys, size_t n);

/*
 * What comes from one side, in pieces of any size.  The state after it; every
 * state but HOSTKEY_READING is final.
 */
enum hostkey_state hostkey_feed(
    struct hostkey *, enum hostkey_side, const uint8_t *, size_t);

/*
 * How many of the last bytes of the server are not to be passed on yet.  In
 * the states HOSTKEY_WRONG and HOSTKEY_UNREADABLE, nothing is, also of what
 * has just been fed.
 */
size_t hostkey_held(const struct hostkey *);

/*
 * The key that was seen, as a .pub file has it: type and base64.  One that is
 * too long is cut.
 */
void hostkey_text(const struct hostkey *, char text[HOSTKEY_TEXT]);

#endif
