/*
 * Whom rules with mfa concern, and who meets them by a key.
 */
#ifndef FACTORS_H
#define FACTORS_H

#include "ctl.h"

/* Whether the policy has a rule with mfa. */
bool factors_any(const struct policy *);

/*
 * Whether mfa binds something that an allow rule names for the request's user,
 * at its time or when any window opens or closes.  Its road, mfa and minute are
 * not looked at.
 */
bool factors_wanted(const struct policy *, const struct policy_request *);

/* Whether the user has keys, and all of them have verify-required. */
bool factors_by_key(const struct policy *, uint32_t user);

/*
 * Whether the account has somebody whom mfa concerns, and who has another key,
 * or none in the policy.
 */
bool factors_missing(const struct policy *, const char *account);

/*
 * Whether each list of methods has a second one that is a second factor.
 * Source: sshd_config(5), AuthenticationMethods.
 */
bool factors_demanded(const char *methods);

/*
 * Print the blocks of sshd_config(5) for those who are concerned and have
 * another key.  How many accounts and groups these are.
 */
size_t factors_print(const struct policy *, FILE *);

#endif
