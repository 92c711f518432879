/* SPDX-License-Identifier: ISC */
/*
 * Notifications: what somebody is to be told of, left in a folder for jumpctl
 * notify, or for a program of the administrator's, to take away.
 *
 * The folder is root's with the group _jump, mode 3733, in one that only that
 * group gets into (mode 710).  So a program that is setgid opens it by its name
 * while it has the group, and makes a file in it when it has not any more; its
 * user, who owns the file, cannot get at it by any name.
 *
 * A file is UID.PLACE, of the account it is about, and of so many bytes: one
 * line of JSON, the record of jump-audit(5).  It has that name when it is
 * whole; .UID.PLACE is one that is being written.  Who finds all places of its
 * uid taken leaves nothing: that is the bound.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#define NOTICE_PARENT	 "/var/spool/jump"
#define NOTICE_DIRECTORY NOTICE_PARENT "/events"

enum {
	NOTICE_PLACES = 1024, /* of one uid */
	NOTICE_NAME = 24      /* room for a name */
};

/*
 * The folder, to leave files in: close-on-exec, and good without the right to
 * find it.  A descriptor (open(2), O_PATH), or -1.
 */
int notice_open(const char *directory);

/*
 * Leave one line of size bytes, without its newline, about this uid.  0, or -1
 * with errno: EUSERS if there is no place.
 */
int notice_leave(int directory, uid_t uid, const char *line, size_t size);

/*
 * Whether it is a name as above, and then whose; *whole, or still written.
 */
bool notice_name(const char *name, uid_t *uid, bool *whole);

#endif
