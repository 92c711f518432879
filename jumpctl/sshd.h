/* SPDX-License-Identifier: ISC */
/*
 * What sshd says it would do: sshd -T -C, for one account at a time.
 */
#ifndef SSHD_H
#define SSHD_H

#include <stdbool.h>
#include <stddef.h>

#include "match.h"

struct sshd {
	const char *path; /* of the program; the caller's */
	const char *from;  /* the address that accounts come from */
	const char *local; /* the address that they connect to; NULL: any */
	unsigned port;	   /* and its port; 0: 22 */
};

/* What sshd printed for one account; owned, sshd_answer_free(). */
struct sshd_answer {
	char *values; /* a keyword and its value a line: sshd -T */
	char *log;    /* what it did to get there: -ddd */
};

/*
 * Run a program, found by its path, with nothing as input, and wait for it, but
 * not for more than PROGRAM_SECONDS.  *out and *err are what it printed, the
 * caller's to free.  Its exit status, or -1 if it did not run or was killed;
 * both are then NULL, and errno is ETIMEDOUT if it took too long.
 */
enum { PROGRAM_SECONDS = 10 };

int program_run(char *const argv[], char **out, char **err);

/* The sshd of this machine: the path of the first of the usual places that
 * has one, or NULL. */
const char *sshd_find(void);

/* Whether its configuration is valid (sshd -t).  If not, *why is what it said,
 * the caller's to free; NULL with errno ETIMEDOUT: it did not end. */
bool sshd_valid(const struct sshd *, char **why);

/*
 * Ask what holds for a user.  0, or -1 if sshd gave no answer, or cannot be
 * asked: a name with a comma, or none, has no place in its question.
 */
int sshd_ask(const struct sshd *, const char *user, struct sshd_answer *);
void sshd_answer_free(struct sshd_answer *);

/* Copy the nth value (from 0) of a keyword; false if there is none. */
bool sshd_value(const struct sshd_answer *, const char *keyword, unsigned n,
    char *buf, size_t size);

/*
 * Whether a name matches a pattern as sshd has it in AllowUsers and its like:
 * * is any characters, ? is one, and nothing else is special.
 */
bool sshd_pattern(const char *pattern, const char *name);

/* Whether of several lines that match the last one counts, not the first. */
bool sshd_last_wins(const char *keyword);

/*
 * Copy the place, FILE:LINE, of the line that set a keyword.  Source:
 * servconf.c of OpenSSH 9.2 and 10.0: of matching blocks the first one counts,
 * with one exception, else the first line outside of blocks.  False if it is sshd's own default,
 * or this sshd does not tell.
 */
bool sshd_place(
    const struct sshd_answer *, const char *keyword, char *buf, size_t size);

/*
 * Whether some Match line may treat this name unlike others that are in the
 * same groups, or members of this group unlike others.  If none does, the
 * answer for one of them is that for all.
 */
bool sshd_knows_name(const struct sshd_answer *, const char *name);
bool sshd_knows_group(const struct sshd_answer *, const char *name);

/* What else than names and groups Match lines tell clients apart by. */
enum where {
	WHERE_ADDRESS,
	WHERE_HOST,
	WHERE_LOCALADDRESS,
	WHERE_LOCALPORT,
	WHERE_RDOMAIN,
	WHERE_VERSION,
	WHERES
};

/* The word for it in a Match line. */
const char *sshd_where(enum where);

/* Which of these some Match line asks for: a bit each, 1 << WHERE_ADDRESS and
 * so on. */
unsigned sshd_asks_where(const struct sshd_answer *);

/* The nth (from 0) address and port that it listens on.  False if there are no
 * more. */
bool sshd_listens(const struct sshd_answer *, unsigned n, struct addr *,
    unsigned *port);

/*
 * Copy the path of the next file that the answer was read from, or of a folder
 * in which Include looked for more.  *next is 0 for the first, and counted on.
 * False if there are no more.
 */
bool sshd_source(
    const struct sshd_answer *, size_t *next, char *buf, size_t size);

/* The version in words such as "OpenSSH_9.2", if sshd told. */
void sshd_version(const struct sshd_answer *, char *buf, size_t size);

#endif
