/* SPDX-License-Identifier: ISC */
/*
 * The logins of a device that live, without a look at all notes: an index
 * beside them, a file device.NAME for each device.
 *
 * It is a table of process numbers, those of the monitors that jump-authkeys
 * was asked by about a key of that device: anybody who has the public key can
 * arrange for one.  So it is no more than where to look: what counts is the
 * note, and that sshd(8) serves the login.  A number is entered before the line
 * is printed, stays in its place, and gives way when its process is gone; when
 * there is no more room, to another that serves nobody.  So a login that serves
 * is never lost, however many others ask; one that is still to succeed can be,
 * and is then left to jumpctl sweep, which looks at all notes.
 *
 * Readers take no lock, which a stopped program could hold for ever: a number
 * is written at once.
 */
#ifndef LOGIN_DEVICE_H
#define LOGIN_DEVICE_H

#include "login.h"

enum { LOGIN_DEVICE_SLOTS = 256 };

/* A login that sshd(8) serves. */
struct login_live {
	pid_t monitor;
	uint64_t started; /* the monitor, in clock ticks after boot */
	struct login_note note;
};

/*
 * Enter a monitor, whose note is open, as _jump.  proc is where proc(5) is
 * mounted.  0, or -1 with errno: EUSERS if all the room is taken by logins that
 * serve.
 */
int login_device_enter(
    const char *directory, const char *proc, const char *device, pid_t monitor);

/*
 * Fill the list with the logins of the device that are served now, the oldest
 * first.  owner is _jump, as for login_read().  How many there are, which can
 * be more than room: those that are left out are any.  -1 with errno if the
 * index cannot be read; 0 if there is none.  Wants the group _jump, and a
 * proc(5) that shows processes of root's.
 */
ssize_t login_device_list(const char *directory, const char *proc, uid_t owner,
    const char *device, struct login_live *, size_t room);

/*
 * Whether another login of the device is served than that of this monitor (0:
 * any): the oldest of them.
 */
bool login_device_lives(const char *directory, const char *proc, uid_t owner,
    const char *device, pid_t except, struct login_live *);

/*
 * Remove the index, if its name is one and none of its processes is there any
 * more, or else leave it as it is.  dir is the folder's descriptor.
 */
bool login_device_clean(int dir, const char *name);

#endif
