/* SPDX-License-Identifier: ISC */
/*
 * The firewall table of a policy.  Source: nft(8).
 */
#ifndef NFT_H
#define NFT_H

#include <stdio.h>
#include <time.h>

#include "policy.h"

/* Where the table that was loaded last stands, and what nft(8) then showed. */
#define NFT_FILE   "/run/jump/jumphost.nft"
#define NFT_LISTED "/run/jump/jumphost.listed"

/* The set that the kernel fills: who connects how fast. */
#define NFT_RATES "rates"

/*
 * Print the table of jumpctl(8), FIREWALL, as it is to be at this time.  Looks
 * accounts up; exits if they cannot be.  Returns the number of users whose
 * rights cannot be listed, and who get none.
 */
size_t nft_print(const struct policy *, time_t now, FILE *);

/*
 * If the policy has `set nft', see to it that the kernel has the table of now.
 * 0, or -1 and a message.
 */
int nft_renew(const struct policy *, time_t now);

/*
 * Whether the table holds this uid, be it a user's or not; false if the policy
 * has no table.
 */
bool nft_holds(const struct policy *, unsigned uid);

/* Whether a table would hold this uid, if it is not exempt: a person's. */
bool nft_may_hold(unsigned uid);

/* Whether the kernel has the table that was loaded last. */
bool nft_stands(const struct policy *);

#endif
