/* SPDX-License-Identifier: ISC */
/*
 * What the road shell comes to for one user and one target: the port, the
 * login, the verdict, and what jump-record(8) has to be told.  No look-ups.
 * Source: jump-shell(8), ssh.
 */
#ifndef ROAD_H
#define ROAD_H

#include "command.h"
#include "decide.h"

enum { ROAD_LOGINS = 8 };

/* Why there is no session, if the verdict does not say. */
enum road_lack {
	ROAD_COMPLETE,
	ROAD_NO_LOGIN,	/* none was given, and it is not clear which */
	ROAD_NO_HOSTKEY /* the policy has no host key of the target */
};

struct road {
	struct target target;	  /* with a port, 0 if it has none of ssh */
	char login[COMMAND_LOGIN]; /* "": ROAD_NO_LOGIN */
	struct decision decision; /* with that login, or with any that is best */
	enum road_lack lack;
	bool record, consent; /* oblige */
	bool agent;	      /* the user's agent may be used there */
	size_t nlogins;	      /* for ROAD_NO_LOGIN: which there are, ... */
	const char *logins[ROAD_LOGINS]; /* ... strings of the policy */
};

/*
 * Judge a target for the road shell; login is NULL if none was given, and the
 * road of the request is not looked at.  The action of the verdict, whatever
 * else is lacking.
 */
enum policy_action road_judge(const struct policy *,
    const struct policy_request *, const struct target *, const char *login,
    struct road *);

#endif
