/* SPDX-License-Identifier: ISC */
/*
 * Hosts that files of ssh(1) name: known_hosts, and ssh_config.  Pure.
 * Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; ssh_config(5).
 */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>

#include "authorized.h"

enum known {
	KNOWN_NONE,   /* nothing, a comment, or no such line */
	KNOWN_HASHED, /* a name that cannot be read */
	KNOWN_MARKED, /* @cert-authority, @revoked */
	KNOWN_PLAIN,
};

/* The names of a line, with commas between them, and its key. */
struct known_line {
	char *hosts, *type, *blob;
};

/* Read a line, which is cut into pieces. */
enum known known_parse(struct known_line *, char *line);

/*
 * Cut the next name from the list; false at its end.  What is a pattern, or
 * no name or address, is left out.
 */
bool known_next(char **hosts, struct opening *);

/* What one Host line of ssh_config says, for a name without wildcards. */
struct client_host {
	const char *name; /* as the user calls it, in lower case */
	struct opening place;
	bool through; /* ProxyJump or ProxyCommand: reached from elsewhere */
};

/*
 * Read the text of an ssh_config, which is cut into pieces, and call each for
 * such names, and include for each word of an Include, if it is not NULL.
 */
void client_parse(char *text,
    void (*each)(void *arg, const struct client_host *),
    void (*include)(void *arg, const char *pattern), void *arg);

/* Whether it is an address, or a name to look up; lower case is made of it. */
bool place_valid(char *host);

#endif
