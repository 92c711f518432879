/* SPDX-License-Identifier: ISC */
/*
 * A user's rights as options of a line of authorized_keys.  Pure.
 * Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT; jump-authkeys(8).
 */
#ifndef KEYS_H
#define KEYS_H

#include "policy.h"

/* The most permitopen entries that sshd takes; one more voids the key. */
enum { PERMITOPEN_MAX = 4096 };

/*
 * What a login rests on.  The strings are the policy's, or the offer's.
 */
struct credential {
	const char *type, *blob; /* of the key in the line */
	uint32_t row;		 /* of the key that is proved, or POLICY_NONE */
	const char *principal;	 /* of a certificate: the line is its CA's */
	bool verify;		 /* a security key, which must ask for a PIN */
	bool step;		 /* sshd demands a second method after it */
};

/*
 * Find the key that sshd offers: its type, base64 and fingerprint must all
 * agree with the policy's.  POLICY_NONE if the account has no such key.
 */
uint32_t keys_find(const struct policy *, const char *account,
    const char *type, const char *blob, const char *fingerprint);

/*
 * Why this user can have no line at all, or NULL: they are locked, or have
 * expired.
 */
const char *keys_refused(
    const struct policy *, const struct policy_request *);

/*
 * Write the permitopen options of everything that the request's user may
 * reach by forward now, each after a comma: addresses, and if names is set
 * the names that the load found to lead nowhere else.  For a request with gate,
 * the ports of all that their rules name, of any address, and nothing else.
 * Returns their number, or -1 if they are more than PERMITOPEN_MAX or memory
 * ran out.
 */
int keys_permitopen(const struct policy *, const struct policy_request *,
    bool names, FILE *);

/*
 * Write the line for the request's user.  shell is the path of jump-shell, the
 * command of every line: a ForceCommand of sshd_config(5) goes before it, and
 * where there is none, it is the only one.  As a line for
 * AuthorizedPrincipalsCommand, if principals is set, it ends in the principal
 * instead of the key.  Returns 0, or -1 as keys_permitopen(), if the principal
 * is not one that can stand in a line, or if writing fails; the line is then
 * not to be used.
 */
int keys_line(const struct policy *, const struct policy_request *,
    const struct credential *, bool names, bool principals,
    const char *shell, FILE *);

/*
 * The target that is this device, or POLICY_NONE: device is a row of PT_USERS.
 */
uint32_t keys_device_target(const struct policy *, uint32_t device);

/*
 * Write what a device may do with its connection, as options each after a
 * comma: to listen at its address, on each port that it declares; with a path,
 * to listen on sockets, and at no address.
 */
void keys_device_rights(const struct policy *, uint32_t target, FILE *);

/*
 * Write the line for the request's user, a device; with mute, it may not
 * listen.  Its command is jump-shell, on every line; its rights stand last.
 * Returns 0, or -1 as keys_line().
 */
int keys_device_line(const struct policy *, const struct policy_request *,
    const struct credential *, bool mute, const char *shell, FILE *);

#endif
