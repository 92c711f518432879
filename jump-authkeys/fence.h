/* SPDX-License-Identifier: ISC */
/*
 * What the program of keys-from is kept from, though it is _jump's as we are.
 */
#ifndef FENCE_H
#define FENCE_H

#include <stdbool.h>

/* What it may not look into: notes about logins, the registry. */
#define FENCE_AROUND_IN "/run"
#define FENCE_AROUND	"jump"

/*
 * Confine this process for good, before it becomes the program: it can open,
 * make and remove no file beneath parent/name, has no_new_privs(prctl(2)), and
 * can signal and debug nobody but its own (the first from Linux 6.12 on).
 * Everything else it may do as before, also what Landlock has no word for, such
 * as chmod(2) of what is there.  Source: landlock(7).  True also where
 * the kernel has no Landlock, and nothing is kept; false if it cannot be done.
 */
bool fence(const char *parent, const char *name);

#endif
