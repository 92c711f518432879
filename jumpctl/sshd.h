/* SPDX-License-Identifier: ISC */
/*
 * What sshd says it would do: sshd -T -C, for one account at a time.
 */
#ifndef SSHD_H
#define SSHD_H

#include <stdbool.h>
#include <stddef.h>

struct sshd {
	const char *path; /* of the program; the caller's */
	const char *from; /* the address that accounts come from */
};

/* What sshd printed for one account; owned, sshd_answer_free(). */
struct sshd_answer {
	char *values; /* a keyword and its value a line: sshd -T */
	char *log;    /* what it did to get there: -ddd */
};

/*
 * Run a program, found by its path, with nothing as input, and wait for it.
 * *out and *err are what it printed, the caller's to free.  Its exit status,
 * or -1 if it did not run or was killed; both are then NULL.
 */
int program_run(char *const argv[], char **out, char **err);

/* The sshd of this machine: the path of the first of the usual places that
 * has one, or NULL. */
const char *sshd_find(void);

/* Whether its configuration is valid (sshd -t).  If not, *why is what it said,
 * the caller's to free. */
bool sshd_valid(const struct sshd *, char **why);

/* Ask what holds for a user.  0, or -1 if sshd gave no answer. */
int sshd_ask(const struct sshd *, const char *user, struct sshd_answer *);
void sshd_answer_free(struct sshd_answer *);

/* Copy the nth value (from 0) of a keyword; false if there is none. */
bool sshd_value(const struct sshd_answer *, const char *keyword, unsigned n,
    char *buf, size_t size);

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

/* Whether some Match line tells clients apart by where they come from, or what
 * they connect to. */
bool sshd_asks_where(const struct sshd_answer *);

/* The version in words such as "OpenSSH_9.2", if sshd told. */
void sshd_version(const struct sshd_answer *, char *buf, size_t size);

#endif
