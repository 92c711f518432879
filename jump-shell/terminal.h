/* SPDX-License-Identifier: ISC */
/*
 * Sessions on the road shell: jump-shell(8), ssh.  The decision is made here,
 * the session is jump-record(8)'s.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "visit.h"

/*
 * The request ssh of a user who is known: become jump-record.  Returns only if
 * that is refused, with the exit code; the user has been told then.
 */
int terminal_exec(struct visit *, const struct command *);

/*
 * The same for the menu: in a child, for which this waits.  The request, such
 * as "ssh root@web1:22", is served by a jump-shell of its own, so by the policy,
 * approvals and limits of that moment.  Its exit code (128 and the signal, if
 * one has ended it), or -1 with errno if there is no child.  The caller's
 * terminal is as it was, unless the session was killed: set it again.
 */
int terminal_run(struct visit *, const char *request);

/*
 * Become a jump-shell of its own that shows the menu at this place, see
 * wish_place_print().  Returns only if that fails, with errno.
 */
void terminal_menu(struct visit *, const char *place);

#endif
