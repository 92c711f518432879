/* SPDX-License-Identifier: ISC */
/*
 * Ask a policy everything a plug-in would ask it: for the targets policy and
 * image.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "decide.h"

enum { JUDGE_LISTED = 4096 };

/*
 * Fold all answers into one number: two policies that answer alike give the
 * same.  What comes out of a policy that is damaged must be a refusal.  A
 * forged one may say anything, but nothing may be read outside of it.
 */
uint64_t judge_all(const struct policy *, bool forged);

#endif
