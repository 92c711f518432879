/* SPDX-License-Identifier: ISC */
/*
 * The addresses of a name.  getaddrinfo(3) knows no time-out and reads what
 * strangers send, so a child does it, which nobody waits for longer than that.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "dial.h"
#include "policy.h"

enum lookup {
	LOOKUP_OK,
	LOOKUP_NONE,	/* there is no such name, or it has no address */
	LOOKUP_FAILED,	/* nobody knows, or not in time */
	LOOKUP_CANCELED /* the client is gone; see dial_poll() */
};

/* Whose names are looked up. */
enum lookup_scope {
	LOOKUP_EXACT, /* the name as it is: no search suffixes, no aliases */
	LOOKUP_LOCAL  /* as everything on this machine does */
};

/*
 * Look the name up once.  Of more than ADDRESSES_MAX addresses, one more than
 * that is returned.
 */
enum lookup lookup_name(const char *name, enum lookup_scope, struct patience,
    struct addr addrs[ADDRESSES_MAX + 1], size_t *n);

#endif
