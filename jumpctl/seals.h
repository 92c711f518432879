/* SPDX-License-Identifier: ISC */
/*
 * The seals of recordings: a file with a line for each, in a chain.
 *
 *   WORD TIME NAME UID SIZE SHA256 CHAIN
 *
 * WORD is sealed, removed or missing, TIME is UTC, UID whose file it was.
 * CHAIN is the SHA-256 of the CHAIN of the line before (64 zeros before the
 * first), a space, and this line up to the space before its own.
 */
#ifndef SEALS_H
#define SEALS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEALS_FILE "SEALS"

enum {
	SEALS_NAME = 16,  /* room for k3f9abcd.pcapng */
	SEALS_HASH = 65,  /* and for a SHA-256 */
	SEALS_LINE = 320, /* and for a line, its end and a NUL */
	SEALS_TIME = 24
};

enum seals_word { SEALS_SEALED, SEALS_REMOVED, SEALS_MISSING };

struct seal {
	enum seals_word word;
	bool broken; /* the chain, here */
	size_t line; /* from 1 */
	char time[SEALS_TIME], name[SEALS_NAME];
	uid_t uid;
	uint64_t size;
	char hash[SEALS_HASH], chain[SEALS_HASH];
};

/* Whether it is a recording's: eight of a-z and 2-7, .cast or .pcapng. */
bool seals_name_valid(const char *name);

/* The time as it stands in a line. */
void seals_time(char text[SEALS_TIME], int64_t seconds);

/* The line of a seal, whose chain is computed from the one before. */
size_t seals_print(struct seal *, const char *before, char line[SEALS_LINE]);

/*
 * Read a line without its end.  broken says whether it follows before, which
 * may be NULL where that is not to be looked at.  False: it is no line.
 */
bool seals_parse(struct seal *, const char *line, const char *before);

/*
 * All of them.  Lines that are none, or that do not follow the one before,
 * are told of one by one, by number.
 */
struct seals {
	struct seal *list; /* owned */
	size_t n, room;
	size_t lines, bad; /* of the file; those where the chain is broken */
	char head[SEALS_HASH];
};

typedef void seals_told(void *arg, size_t line, const char *what);

/*
 * Read them from a file in this directory: root's alone, one link.  0, or -1
 * with errno; none if there is no file.  With a function, the chain is
 * followed, and it is told of what is wrong.  seals_free() in any case.
 */
int seals_read(struct seals *, int dir, seals_told *, void *arg);
void seals_free(struct seals *);

/* The last line of this name, or NULL; sorts the list by name. */
void seals_sort(struct seals *);
const struct seal *seals_find(const struct seals *, const char *name);

/*
 * To add lines to it: one process at a time.
 */
struct seals_log {
	int fd;
	struct seal last; /* all zero before the first line */
};

/*
 * Open it, or make it.  What a crash has left of a line is cut off.  0, or -1
 * with errno: EWOULDBLOCK if another has it, EPROTO if its last line is none.
 */
int seals_open(struct seals_log *, int dir);

/* Add a line, which is on the disk then.  0, or -1 with errno. */
int seals_add(struct seals_log *, struct seal *);
void seals_close(struct seals_log *);

#endif
