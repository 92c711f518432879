/* SPDX-License-Identifier: ISC */
/*
 * Whom rules with mfa concern, and who meets them by a key.
 */
#ifndef FACTORS_H
#define FACTORS_H

#include "ctl.h"
#include "doctor.h"

/* Whether the policy has a rule with mfa. */
bool factors_any(const struct policy *);

/*
 * Whether mfa binds something that an allow rule names for this user, or for
 * this account without a user line, now or when any window opens or closes.
 */
bool factors_wanted(const struct policy *, const char *who);

/*
 * Add the accounts of the policy, sorted: of users whom mfa concerns and who
 * have another key than those with verify-required, or none; and of all others.
 * An account of several people may be both.
 */
void factors_accounts(
    const struct policy *, struct names *missing, struct names *others);

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

/* The same without the lines at the top that say what it is. */
size_t factors_blocks(const struct policy *, FILE *);

/* A name as Match takes it: as a pattern that matches it. */
void factors_print_name(const char *name, FILE *);

#endif
