/* SPDX-License-Identifier: ISC */
/* The command line of jump-connect(8). */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

/* Strings are those of argv; NULL if they were not given. */
struct options {
	bool plain, pass, gate;
	bool inner; /* -c: the rest is on the page of the terminal */
	bool keys;  /* -k: the same, and only its host keys are asked for */
	bool help;  /* nothing else was looked at */
	int family; /* AF_UNSPEC, AF_INET, AF_INET6 */
	int wait;   /* seconds */
	const char *id, *from, *mfa, *session, *ticket;
	const char *path; /* or host and port */
	const char *host, *port;
};

/* 0, or -1 if it is not as the manual says. */
int options_parse(struct options *, int argc, char **argv);

#endif
