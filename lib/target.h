/* SPDX-License-Identifier: ISC */
/*
 * What a user asks for: a name, an address or a path, and a port.
 */
#ifndef TARGET_H
#define TARGET_H

#include "policy.h"

enum target_form { TARGET_NAMED, TARGET_ADDRESSED, TARGET_PATH };

struct target {
	enum target_form form;
	char text[256];   /* name in lower case, address as text, or path */
	struct addr addr; /* TARGET_ADDRESSED */
	uint16_t port;    /* 0: none was given */
};

/*
 * Read what a user asks for: NAME, NAME:PORT, ADDRESS, [ADDRESS]:PORT or an
 * absolute path, with the port here or as a word of its own (port may be
 * NULL).  Letters, digits and `.-_` make a name; a scope id, a trailing dot,
 * and a number that only some resolvers take for an address are refused.
 * False if it is nothing of that kind.
 */
bool target_parse(struct target *, const char *name, const char *port);

/* Write it as a user would, NAME:PORT, into buf, and return buf. */
const char *target_text(const struct target *, char *buf, size_t size);

/*
 * The addresses of the policy's own target of that name or alias, at most
 * ADDRESSES_MAX into addrs; 0 if there is none or it has a path.  *found is
 * the target or POLICY_NONE.
 */
size_t target_addresses(const struct policy *, const struct target *,
    struct addr addrs[ADDRESSES_MAX], uint32_t *found);

/*
 * Whether all addresses lie in the networks of one domain whose pattern the
 * name matches (jump-policy(5), domain).
 */
bool target_in_domain(const struct policy *, const struct target *,
    const struct addr *addrs, size_t n);

#endif
