/* SPDX-License-Identifier: ISC */
/*
 * Which devices somebody listens for, as the kernel tells anybody; whether a
 * connection then reaches the device is for jump-connect to find out.
 */
#ifndef ONLINE_H
#define ONLINE_H

#include "listener.h"
#include "policy.h"

enum online_state {
	ONLINE_NO_DEVICE, /* or the kernel does not tell */
	ONLINE_YES,
	ONLINE_NO
};

/* All zero at the beginning: it is read when a device is first asked about. */
struct online {
	bool read, failed;
	struct listener *list; /* owned; sorted */
	size_t n, room;
	char account[256]; /* that was looked up last, and its uid */
	uid_t uid;
	bool known;
};

/* Of a target, on one of its ports: 0 stands for any of them. */
enum online_state online_of(struct online *, const struct policy *,
    const struct policy_target *, uint16_t port);
void online_free(struct online *);

/* What stands beside a target that is not: "offline", or "". */
const char *online_word(enum online_state);

#endif
