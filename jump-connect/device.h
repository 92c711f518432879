/* SPDX-License-Identifier: ISC */
/*
 * Whether who listens is the device: jump-connect(8), DEVICES.
 *
 * It rests on what no process of a device can forge: what the kernel says of a
 * socket, and the note that jump-authkeys has left about a login (login.h).
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <sys/types.h>

#include "audit.h"
#include "dial.h"
#include "policy.h"

/* Why a device is not reached: one of these, or an error number. */
enum device_fault {
	DEVICE_REACHED = 0,
	DEVICE_OFFLINE = -1,
	DEVICE_NO_ACCOUNT = -2, /* or it is root's */
	DEVICE_FOREIGN = -3,	/* another user listens there */
	DEVICE_FOLDER = -4,	/* a folder on the way is another's too */
	DEVICE_SOCKET = -5,	/* what is there is not the account's socket */
	DEVICE_GONE = -6,	/* who began to listen has ended */
	DEVICE_NO_LOGIN = -7,	/* no login of a device listens there */
	DEVICE_OTHER = -8,	/* another device does */
	DEVICE_KEY = -9		/* its key is not in the policy any more */
};

/* For a record. */
const char *device_fault_text(int fault);

/* The uid of a device's account; false if it has none of its own. */
bool device_account(const struct policy *, uint32_t target, uid_t *);

/*
 * Whether that account listens at that very address and port, and nobody else
 * would be connected to.  DEVICE_REACHED, or why not; who is then who listens,
 * here and below: a uid of -1 if that is nobody, or not known.
 */
int device_listens(
    const struct sockaddr *, uid_t account, struct audit_listener *who);

/*
 * Whether a connected TCP socket, whose peer was checked, leads to that
 * account: it listens at that very address, and has accepted this connection,
 * for which patience lasts.  DEVICE_REACHED, or why not.
 */
int device_check(
    int sock, uid_t account, struct patience, struct audit_listener *who);

/* Where the answers about processes and logins are, and whose the notes are. */
struct device_world {
	const struct policy *policy;
	const char *proc, *logins;
	uid_t keeper;
};

/*
 * Connect to the UNIX socket of a device, with the group _jump: no link on the
 * way, folders of root's or the account's that nobody else can write to, and
 * behind the socket a login that is this device's by a key that the policy has.
 * Waits for wait seconds.  A blocking socket, or -1 and *fault.
 */
int device_connect(const struct device_world *, uint32_t target, uid_t account,
    int wait, struct audit_listener *who, int *fault);

#endif
