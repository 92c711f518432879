/* SPDX-License-Identifier: ISC */
/*
 * The devices of a request: jump-connect(8), DEVICES.
 */
#ifndef REACH_H
#define REACH_H

#include "request.h"

/*
 * While there is a group to keep: start what connects to devices at paths, if
 * the policy has any.  Where that fails, they are not reached.
 */
void reach_prepare(struct request *);

/* Connect to a device at a path: a socket, or -1 and r->fault. */
int reach_path(struct request *, uint32_t device);

/*
 * Before connecting to a device at an address: whether it listens; else
 * r->fault says why not.  Who is not it is not connected to, and where the
 * firewall makes them mute, nobody waits for them.
 */
bool reach_listens(struct request *, uint32_t device, const struct sockaddr *);

/* Whether a connected socket leads to the device; else r->fault says why not.
 */
bool reach_check(struct request *, uint32_t device, int sock);

#endif
