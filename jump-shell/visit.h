/* SPDX-License-Identifier: ISC */
/*
 * One visit of a user: who it is, what is known of them, and how to refuse.
 */
#ifndef VISIT_H
#define VISIT_H

#include "audit.h"
#include "command.h"
#include "decide.h"
#include "device.h"
#include "factor.h"
#include "grant.h"
#include "online.h"
#include "session.h"

enum { ID_TEXT = 128 };

struct visit {
	struct policy *policy; /* NULL: it cannot be used */
	struct audit audit;
	struct person person; /* once it is known who; before, only policy is set */
	const char *account;
	uid_t uid;
	gid_t gid;
	const char *id;	     /* the user's name as sshd told, or NULL */
	const char *request; /* the user's words, or NULL */
	const char *ticket;  /* of the environment, or NULL */
	const char *method;  /* a second one of the login, or NULL */
	const char *connection, *auth; /* SSH_CONNECTION, SSH_USER_AUTH; or NULL */
	const char *term, *agent;      /* TERM, SSH_AUTH_SOCK; or NULL */
	const char *no_color, *place;  /* NO_COLOR, JUMP_MENU; or NULL */
	struct factor factor;
	struct online online;
	struct device device; /* whose login this is, if it is one's */
	bool mfa; /* the key of the login is a second factor */
	struct addr from;
	char from_text[ADDR_TEXT]; /* "" if it is not known */
	char reference[AUDIT_SESSION + 1];
	struct session_own own; /* of this account */
	int requests;		/* the folder, or -1 */
	struct grants grants;	/* all that is in it */
	struct grant_list granted; /* to this user */
};

/*
 * Fill a request about the user, now, with all that is known but what is asked
 * for; what it points to is the visit's, and good until the next call.
 */
void visit_request(struct visit *, struct policy_request *, enum policy_road,
    const char *ticket);

/*
 * Refuse: one record, one line, and the exit code, or EXIT_INTERNAL without a
 * record.  The event has what is particular to this refusal; what is a
 * sentence with its full stop.
 */
int visit_refuse(
    struct visit *, struct audit_event *, const char *what, int code);
int visit_refuse_because(
    struct visit *, const char *reason, const char *what, int code);

/*
 * The same line as jump-connect's, for targets that there are and are not;
 * what of a verdict ACTION_ASK is to be done first, it says.  On the record it
 * is a question, but for the road shell.
 */
int visit_refuse_target(struct visit *, enum policy_road,
    const struct target *, const struct policy_verdict *, const char *ticket);

/* Before there is anything to refuse with, or after; with errno. */
int visit_broken(const char *what);

#endif
