/*
 * What jump-shell says itself: list, why, help.  No look-ups: who asks, from
 * where and when is in a request made by decide_request(); its road is not
 * looked at, since these are about the roads that users can take.  step says
 * that the login has a second method, which meets mfa on the road connect only.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stdio.h>

#include "decide.h"

/*
 * A line for each port of each target that is open, or may be asked for, and
 * for nets and domains for each of their networks and patterns: as an aligned
 * table, or separated by tabs.  0, or -1 if memory or writing failed.
 */
int answer_list(
    FILE *, const struct policy *, const struct policy_request *, bool step,
    bool table);

/*
 * A line for each road and port by which the target is open, or may be asked
 * for.  Nothing is written if the result is ACTION_DENY; then *why is the
 * verdict of the road connect, for the record and nobody else.
 */
enum policy_action answer_why(FILE *, const struct policy *,
    const struct policy_request *, bool step, const struct target *,
    struct policy_verdict *why);

void answer_help(FILE *);

#endif
