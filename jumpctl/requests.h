/* SPDX-License-Identifier: ISC */
/*
 * requests.c, for sweep.c.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <time.h>

#include "policy.h"

/*
 * Remove the requests that are over, and what is no request.  0, or -1 with
 * errno.
 */
int requests_clean(const struct policy *, time_t now);

#endif
