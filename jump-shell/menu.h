/* SPDX-License-Identifier: ISC */
/*
 * The menu, for a user with a terminal: jump-shell(8), MENU.  It shows one
 * page and reads lines, by the terminal's own line input.  For each page it
 * becomes a new jump-shell, so that what is shown goes by the policy, the
 * approvals and the time of that moment.  It dials nothing.
 */
#ifndef MENU_H
#define MENU_H

#include "visit.h"

/*
 * Show it to a user who is known.  request is of visit_request(), and can be
 * for any road.  An exit code; returns when the user leaves, when their rights
 * end, or if it cannot go on.
 */
int menu_show(struct visit *, struct policy_request *);

#endif
