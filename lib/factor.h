/* SPDX-License-Identifier: ISC */
/*
 * The second factor of the login that this process belongs to, as
 * jump-authkeys(8) has noted it and the user cannot change it.
 */
#ifndef FACTOR_H
#define FACTOR_H

#include "login.h"

struct factor {
	int note; /* or -1 */
	uint64_t started;
	char key[LOGIN_KEY]; /* of the login, once it is read; or "" */
};

/*
 * Open the note, while there is the group _jump to do it with.  proc is where
 * proc(5) is mounted; without a login, or under hidepid, there is none.
 */
void factor_open(struct factor *, const char *proc, const char *directory);

/* What it says, if it is that user's, and close it.  Wants no rights. */
enum login_mfa factor_read(struct factor *);

/*
 * Whether the account has logins, and all of them have a second factor: what
 * the gate has to go by.  A login counts once it has succeeded, which proc
 * tells; not under hidepid.  False too if there is a note that is damaged,
 * which may be anybody's; one that is being written is none, nor is what others
 * put there, nor one of an earlier process of that number.
 */
bool factor_of_all(
    const char *proc, const char *directory, uid_t owner, uid_t uid);

/* The word for it in records, or NULL for LOGIN_MFA_NONE. */
const char *factor_word(enum login_mfa);

/* Whether it is a word for a second method that counts as a second factor. */
bool factor_is_method(const char *word);

#endif
