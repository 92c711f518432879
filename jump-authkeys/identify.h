/* SPDX-License-Identifier: ISC */
/*
 * Whose key or certificate it is that sshd(8) offers.  Pure: the machine has
 * been asked before.
 */
#ifndef IDENTIFY_H
#define IDENTIFY_H

#include "cert.h"
#include "decide.h"
#include "directory.h"
#include "keys.h"

/* What sshd asks: %u %t %k %f, for one command or the other. */
struct offer {
	const char *account, *type, *blob, *fingerprint;
	bool principals; /* AuthorizedPrincipalsCommand */
	bool devices;	 /* they are asked for, and nobody else */
	bool step;	 /* sshd demands a second method of this user */
};

/*
 * What is found out.  person is looked up before, by person_look_up(); the
 * strings are the policy's, the offer's, or constant.
 */
struct login {
	struct person person;
	struct credential credential;
	const char *reason; /* why it is nobody, or NULL */
	const char *ca;	    /* that signed the certificate, or NULL */
	bool certified;	    /* and these are known: */
	char key_id[129], serial[21];
};

/*
 * The device whose key it is, for an offer of one, or NULL: its name, a string
 * of the policy.
 */
const char *identify_device(const struct policy *, const struct offer *);

/*
 * Whether keys-from is to be asked: about a plain key of an account of the
 * policy that has no user line and no device.
 */
bool identify_wants_directory(const struct login *, const struct offer *);

/*
 * Find the person whom the offer belongs to, and what the login rests on; on
 * a shared account it is the key or the principal that says who.  Devices have
 * plain keys only.  directory
 * is what keys-from said, NULL if it was not asked.  False, with a reason, if
 * nobody may log in with it.
 */
bool identify(struct login *, const struct offer *,
    const struct directory *, time_t now);

#endif
