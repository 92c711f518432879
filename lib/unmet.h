/* SPDX-License-Identifier: ISC */
/* What a user has still to do, in words and with how to do it. */
#ifndef UNMET_H
#define UNMET_H

#include <stddef.h>
#include <stdint.h>

enum { UNMET_TEXT = 256 }; /* room for all of it */

/*
 * Write what is not met, bits of enum policy_obligation, as what goes after
 * "open to you only with"; ticket is the one that was given and does not
 * serve, or NULL.  Returns buf.
 */
const char *unmet_text(
    uint32_t unmet, const char *ticket, char buf[UNMET_TEXT]);

#endif
