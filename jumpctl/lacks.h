/* SPDX-License-Identifier: ISC */
/*
 * What the devices of a policy lack on this machine: their accounts, and for
 * those at a path the folder and the socket.  What sshd(8) does with them is
 * jumpctl doctor's to ask.
 */
#ifndef LACKS_H
#define LACKS_H

#include "policy.h"

/* One thing that is missing.  Strings are good only for the call. */
struct lack {
	uint32_t target;    /* the first device that it concerns */
	const char *who;    /* its account, or the device */
	bool fails;	    /* the device cannot be served, or not safely */
	bool mends;	    /* a load makes it */
	const char *what;   /* the same for all who lack the same */
	const char *remedy; /* NAME in it is who */
};

typedef void lacks_each(void *arg, const struct lack *);

/* Whether any device of the policy has an account on this machine. */
bool lacks_known(const struct policy *);

/*
 * Tell of all: once for each account, folder and socket, in the order of the
 * accounts' names.  Looks, and changes nothing; memory it ends without.
 */
void lacks_find(const struct policy *, lacks_each *, void *arg);

/*
 * Whether devices are reached on the road forward, where sshd(8) connects and
 * asks nobody who it is that listens, with neither the gate nor a firewall
 * table between.
 */
bool lacks_firewall(const struct policy *);

#define LACKS_FIREWALL                                                         \
	"devices are reached by ProxyJump, and without the firewall table "    \
	"whoever has a shell here can listen in the place of one that is "     \
	"offline"
#define LACKS_FIREWALL_REMEDY                                                  \
	"set nft \"/usr/sbin/nft\" in the policy, or allow devices "            \
	"via { connect shell } only"

#endif
