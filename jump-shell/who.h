/* SPDX-License-Identifier: ISC */
/*
 * The request who: a user's own sessions.
 */
#ifndef WHO_H
#define WHO_H

#include <stdio.h>

#include "session.h"

struct who_asks {
	const char *user;
	bool alone;   /* the account is this user's */
	bool network; /* connections are wanted, in place of sessions */
	const char *connection; /* SSH_CONNECTION, or NULL */
};

/*
 * Those of this user, as a table like that of jumpctl who; nothing if there
 * are none.  Closes the files.  If the account is this user's alone, with what
 * sshd has connected for it, which is what the kernel tells everybody of the
 * sockets of a uid.  0, or -1 with errno.
 */
int answer_who(FILE *, struct session_own *, const struct who_asks *);

#endif
