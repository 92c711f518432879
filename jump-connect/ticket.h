/* SPDX-License-Identifier: ISC */
/* Whether the ticket of a request that is allowed with it is good. */
#ifndef TICKET_H
#define TICKET_H

#include "asker.h"
#include "request.h"

/*
 * Ask the program of the policy, if there is one and a choice that is allowed
 * rests on a ticket; as many at once as the user may have sessions.  The time
 * that this takes is added to the patience of the request.  EXIT_OK, or the
 * exit code of a refusal.  Source: jump-connect(8), TICKETS.
 */
int ticket_check(struct request *);

#endif
