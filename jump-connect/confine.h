/* SPDX-License-Identifier: ISC */
/* What jump-connect can still do once it is connected. */
#ifndef JUMP_CONNECT_CONFINE_H
#define JUMP_CONNECT_CONFINE_H

#include "sandbox.h"

/*
 * Confine the process to relaying between in, out and sock, to records
 * through log (-1: none), to a file that captures what is said (-1: none), and
 * to one last line on standard error.
 */
enum sandbox_walls confine_relay(
    int in, int out, int sock, int log, int capture);

#endif
