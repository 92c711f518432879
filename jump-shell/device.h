/* SPDX-License-Identifier: ISC */
/*
 * What a device knows of its own logins: jump-shell(8), DEVICES.
 *
 * Who it is rests on the note that jump-authkeys has made of this login, and
 * is found out with the group _jump, before there is any input.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "login_device.h"

enum { DEVICE_LOGINS = 64 };

struct device {
	pid_t monitor;	  /* of this login; 0: it has no device's note */
	uint64_t started; /* that, in clock ticks after boot */
	uid_t owner;	  /* of the note, who has to be _jump */
	struct login_note note;
	struct login_live logins[DEVICE_LOGINS]; /* of the device, this too */
	ssize_t n; /* how many there are, or -1: it cannot be found out */
};

/* Find out; proc and directory as for login_device_list(). */
void device_open(struct device *, const char *proc, const char *directory);

/*
 * End a login: ask the process of sshd's that serves it, and insist.  ready is
 * called with its number before it, and has to return 0.  0, also if there is
 * none any more, or -1: it lives, or ready has failed.
 */
int device_end(const char *proc, const struct login_live *, uid_t,
    int (*ready)(void *, pid_t), void *arg);

#endif
