/* SPDX-License-Identifier: ISC */
/*
 * Whether jumpctl sweep runs: each sweep touches a file, and as long as that
 * is recent, a right that ends is held on the road forward.
 */
#ifndef SWEPT_H
#define SWEPT_H

#include <stdbool.h>
#include <time.h>

#define SWEPT_FILE "/run/jump/swept"

enum { SWEPT_SECONDS = 90 }; /* three times the period of the timer */

/*
 * Whether it was touched in the last SWEPT_SECONDS before now, and not after.
 * It is a file of owner's that nobody else can write to; what is no such file
 * says no.
 */
bool swept_lately(const char *path, unsigned owner, time_t now);

/*
 * Whether sweeps ran at some time that is over.  The file tells of the last
 * one only: nothing is known of what was before that, or in the same second.
 */
enum swept { SWEPT_NO, SWEPT_YES, SWEPT_UNKNOWN };

enum swept swept_at(const char *path, unsigned owner, time_t then);

/* Touch it.  0, or -1 with errno. */
int swept_touch(const char *path);

#endif
