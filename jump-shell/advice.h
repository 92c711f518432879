/* SPDX-License-Identifier: ISC */
/*
 * What somebody has to type on their own machine to reach what the menu does
 * not connect itself, or to be let in.  Pure but for the zone.
 */
#ifndef ADVICE_H
#define ADVICE_H

#include "rows.h"

/* What is open by ProxyJump, or by connect: the commands. */
void advice_open(
    FILE *, const struct rows *, const struct target *, enum policy_protocol);

/* What is to be done first, and how. */
void advice_ask(FILE *, const struct target *, const struct row_state *);

/* When it is open, if ever. */
void advice_closed(
    FILE *, const struct target *, const struct row_state *, int64_t now);

#endif
