/* SPDX-License-Identifier: ISC */
/*
 * Whether what a login was given lies within what it would be given now.
 * Pure.  Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
 */
#ifndef WITHIN_H
#define WITHIN_H

#include <stdbool.h>

enum { WITHIN_ROOM = 160 };

/*
 * Compare the permitopen options of a line of authorized_keys, as
 * jump-authkeys(8) has printed it, with those of keys_permitopen(), each of
 * which may begin with a comma.  False if now lacks one, which is written to
 * lost, if either cannot be read, or without memory; lost is then empty.  With
 * gate, no port of any address is lost: it leads to the gate, which decides.
 */
bool within(
    const char *given, const char *now, bool gate, char lost[WITHIN_ROOM]);

#endif
