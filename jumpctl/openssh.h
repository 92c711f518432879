/* SPDX-License-Identifier: ISC */
/*
 * Versions of OpenSSH: what of our blocks each of them takes.  Pure, but for
 * what is printed.  Source: the release notes, and servconf.c of each version
 * from 8.7p1 to 10.5p1.
 */
#ifndef OPENSSH_H
#define OPENSSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct openssh {
	unsigned major, minor;
};

/* Read 9.2, or 9.2p1 as well; nothing may follow. */
bool openssh_parse(struct openssh *, const char *text);

/* Find the version in what sshd says of itself: OpenSSH_9.2p1, ... */
bool openssh_find(struct openssh *, const char *text);

/* Whether it is one of those that were looked at. */
bool openssh_known(const struct openssh *);

/* Whether it is one of these two, or between them. */
bool openssh_within(const struct openssh *, const struct openssh *from,
    const struct openssh *to);

/* The oldest and the newest of them, as "8.7 to 10.5". */
const char *openssh_range(void);

/* Whether it lacks a keyword of sshd_config(5); *since is who has it first. */
bool openssh_lacks(const struct openssh *, const char *keyword, size_t size,
    struct openssh *since);

/*
 * Print the blocks of a file of ours: what stands before the first Match is
 * left out, and a line that this version does not take becomes a comment.
 * user, if it is not NULL, takes the place of the name in Match User.
 */
void openssh_blocks(const struct openssh *, const char *text, size_t size,
    const char *user, FILE *);

/* Print what is to be known of this version, as comments. */
void openssh_traps(const struct openssh *, FILE *);

#endif
