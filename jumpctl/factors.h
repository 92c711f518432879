/*
 * Whom rules with mfa concern, and who meets them by a key.
 */
#ifndef FACTORS_H
#define FACTORS_H

#include "ctl.h"

/*
 * Whether mfa binds something that an allow rule names for the request's user,
 * at its time or when any window opens or closes.  Its road, mfa and minute are
 * not looked at.
 */
bool factors_wanted(const struct policy *, const struct policy_request *);

/* Whether the user has keys, and all of them have verify-required. */
bool factors_by_key(const struct policy *, uint32_t user);

/*
 * The same of somebody on an account of the policy: it is concerned, and at
 * least one of its people has another key, or none.
 */
bool factors_missing(const struct policy *, const char *account);

/*
 * Print the blocks of sshd_config(5) for those who are concerned and have
 * another key.  How many accounts and groups these are.
 */
size_t factors_print(const struct policy *, FILE *);

#endif
