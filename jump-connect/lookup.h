/*
 * The addresses of a name.  getaddrinfo(3) knows no time-out and reads what
 * strangers send, so a child does it, which nobody waits for longer than that.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

enum lookup {
	LOOKUP_OK,
	LOOKUP_NONE,  /* there is no such name, or it has no address */
	LOOKUP_FAILED /* nobody knows, or not in time */
};

/*
 * Look the name up once, as it is: no search suffixes, no aliases of the
 * user's.  deadline is by dial_clock().  Of more than ADDRESSES_MAX addresses,
 * one more than that is returned.
 */
enum lookup lookup_name(const char *name, int64_t deadline,
    struct addr addrs[ADDRESSES_MAX + 1], size_t *n);

#endif
