/* SPDX-License-Identifier: ISC */
/* The command line of jump-record(8), and that of the ssh(1) it starts. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "target.h"

/* Strings are those of argv; NULL if they were not given. */
struct options {
	const char *session, *from, *id, *mfa, *ticket, *login;
	bool record, consent, agent;
	bool help; /* nothing else was looked at */
	struct target target;
	char **words; /* of the command, ends in NULL; empty: a shell */
};

/* 0, or -1 if it is not as the manual says. */
int options_parse(struct options *, int argc, char **argv);

/*
 * What ssh is started with, for a terminal or not: an array that the caller
 * frees, of strings of its own and of *o; NULL without memory.
 */
const char **options_ssh(const struct options *, bool terminal);

#endif
