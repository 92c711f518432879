/* SPDX-License-Identifier: ISC */
/* What jump-authkeys can still do once all look-ups have been answered. */
#ifndef JUMP_AUTHKEYS_CONFINE_H
#define JUMP_AUTHKEYS_CONFINE_H

#include "sandbox.h"

/*
 * Confine the process to memory, to writing to out and to note, to records
 * through log, and to its end.
 */
enum sandbox_walls confine_printer(int out, int log, int note);

#endif
