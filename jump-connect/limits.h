/* SPDX-License-Identifier: ISC */
/*
 * The places that a session takes under the limits of the policy: one under
 * each max that binds it, and one of all that its user may have at once.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "session.h"

struct limits {
	const struct session *session;
	const struct policy *policy;
	const char *user;

	/* Rules whose places were asked for, and whether there was one. */
	struct {
		uint32_t rule;
		bool taken;
	} rules[ADDRESSES_MAX * VERDICT_LIMITS];
	size_t n;

	/* Of the one that is full. */
	const char *rule; /* "": all sessions of the user */
	uint32_t max;
};

/* How many sessions a user may have at once. */
uint32_t limits_sessions(const struct policy *);

/*
 * Take the places of each choice that is allowed; one for which there are
 * none becomes ACTION_DENY.  0 if one that is allowed remains; or -1 with
 * errno: EAGAIN if a limit is reached, which the last two fields then tell.
 */
int limits_take(struct limits *, struct decision *);

/* Give up what was taken for other choices than this one. */
void limits_keep(struct limits *, const struct choice *);

#endif
