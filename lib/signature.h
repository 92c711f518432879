/* SPDX-License-Identifier: ISC */
/*
 * Signatures of texts by keys of the policy, as ssh-keygen(1) -Y sign makes
 * them.  Source: PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stddef.h>

#include "policy.h"

#define SIGNATURE_NAMESPACE "jump-approval"
#define SIGNATURE_BEGIN	    "-----BEGIN SSH SIGNATURE-----\n"
#define SIGNATURE_END	    "-----END SSH SIGNATURE-----\n"

enum { SIGNATURE_MS = 3000 };

/*
 * Which of the user's keys made it, as the signature has it: a row of
 * PT_KEYS, or POLICY_NONE.  It must be in armour, in our namespace, by the very
 * key, which no certificate is, and of a security key with its touch, or its
 * PIN if the policy says verify-required.  Nothing is proved by that yet.
 */
uint32_t signature_key(
    const struct policy *, uint32_t user, const char *armour);

/*
 * Whether ssh-keygen(1) finds it to be a good one of this text by this key.
 * The program is owner's (root's) alone.  It has ms to answer, no descriptors
 * but what it is to read, and no environment of the caller's.  As whom it runs:
 * of root, as _jump; else as the effective user and group, for good: in a
 * program that still has the group _jump, no other process of the user can
 * then trace it (ptrace(2)); in one that has given it up, they can, and its
 * answer is worth no more than the user's word.
 */
bool signature_good(const char *program, unsigned owner, const struct policy *,
    uint32_t key, const char *armour, const char *text, size_t size, int ms);

#endif
