/* SPDX-License-Identifier: ISC */
/*
 * The connections of a session: one to the user, one to the target.
 */
#ifndef LEGS_H
#define LEGS_H

#include "session.h"
#include "sockets.h"

enum leg { LEG_USER, LEG_TARGET, LEGS };

/* The worst last.  jumpctl(8), SESSIONS, says what they are. */
enum leg_state {
	LEG_UNKNOWN,
	LEG_OPEN,
	LEG_HALF_CLOSED,
	LEG_CONNECTING,
	LEG_STALLED,
	LEG_DEAD,
	LEG_ENDED /* of a session: its relay has */
};

enum {
	LEG_WAITED = 1000,  /* ms: what waits for so long has stalled */
	LEG_SILENT = 10000, /* ms: of the dead */
	LEG_RESENT = 6,	    /* who does not answer so many is dead */
	LEG_PROBED = 3
};

extern const char *const leg_names[LEGS];
extern const char *const leg_state_names[LEG_ENDED + 1]; /* "-": not known */

/* The state of a connection; one with inode 0 is not known. */
enum leg_state leg_state(const struct socket_seen *);

/* Of a session with these. */
enum leg_state leg_worst(const struct socket_seen legs[LEGS]);

/* As ss(8) names the state of TCP, or NULL. */
const char *leg_tcp(const struct socket_seen *);

/*
 * Whether this is what a relay has connected, by its word, and by that of the
 * kernel about its uid and both ends; without its word, perhaps.
 */
bool leg_is_of(const struct socket_seen *, const struct session_seen *);

#endif
