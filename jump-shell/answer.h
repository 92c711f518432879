/* SPDX-License-Identifier: ISC */
/*
 * What jump-shell says itself: list, why, help.  No look-ups: who asks, from
 * where and when is in a request made by decide_request(); its road is not
 * looked at, since these are about the roads that users can take.  step says
 * that the login has a second method, which meets mfa but on the road forward.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stdio.h>

#include "decide.h"
#include "online.h"

/*
 * A line for each port of each target that is open, or may be asked for, and
 * for nets and domains for each of their networks and patterns: as an aligned
 * table, or separated by tabs.  0, or -1 if memory or writing failed.  Devices
 * that are offline are marked, unless online is NULL.
 */
int answer_list(FILE *, const struct policy *, const struct policy_request *,
    bool step, bool table, struct online *);

/*
 * A line for each road and port by which the target is open, or may be asked
 * for.  Nothing is written if the result is ACTION_DENY; then *why is the
 * verdict of the road connect, for the record and nobody else.
 */
enum policy_action answer_why(FILE *, const struct policy *,
    const struct policy_request *, bool step, const struct target *,
    struct policy_verdict *why, struct online *);

void answer_help(FILE *);

/*
 * The best action about what is asked on one road.  A DNS name counts as what
 * it would be with an address of its domain.
 */
enum policy_action answer_judge(const struct policy *,
    const struct policy_request *, bool step, enum policy_road,
    const struct target *, struct decision *);

/*
 * What stands for a target where it is listed: itself; of a net each of its
 * networks, asked as the address in its middle; of a domain each of its
 * patterns, which matches itself; of a socket its path.  asked is without
 * a port.  Calls each(arg, target, form).
 */
struct answer_form {
	struct target asked;
	const char *name; /* to be shown; NULL: net */
	char net[ADDR_TEXT + 4];
};
typedef void answer_each(
    void *arg, const struct policy_target *, const struct answer_form *);
void answer_forms(const struct policy *, const struct policy_target *,
    answer_each *, void *arg);

/* Whether sshd finds the target by this name; jumpctl(8) load has tried. */
bool answer_resolves(const struct policy *, const char *name);

#endif
