/* SPDX-License-Identifier: ISC */
/*
 * config and known_hosts: what is made for the user's own machine.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "command.h"
#include "visit.h"

/*
 * Write it to standard output.  The request is about the user, now; its road is
 * not looked at.  0, or -1 if memory or writing failed.
 */
int config_answer(
    struct visit *, const struct policy_request *, const struct command *);

#endif
