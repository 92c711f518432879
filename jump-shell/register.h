/* SPDX-License-Identifier: ISC */
/*
 * The requests of devices: register and help.  jump-shell(8), DEVICES.
 */
#ifndef REGISTER_H
#define REGISTER_H

#include "visit.h"

/* Whether an account is one of devices; no user has it then. */
bool register_account(const struct policy *, const char *account);

/* Serve, or refuse, what was asked for on such an account.  An exit code. */
int register_serve(struct visit *, enum command_error, const struct command *);

#endif
