/* SPDX-License-Identifier: ISC */
/*
 * One request to be connected: who asks for what, what the policy says, and
 * what the log and the user are told about it.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "asker.h"
#include "audit.h"
#include "capture.h"
#include "decide.h"
#include "dial.h"
#include "factor.h"
#include "gate.h"
#include "grant.h"
#include "keeper.h"
#include "limits.h"
#include "options.h"
#include "relay.h"

struct request {
	const struct options *options;
	struct policy *policy; /* NULL: it cannot be used */
	int image;	       /* its file, or -1; and when that was changed */
	struct timespec changed;
	struct asker asker; /* if the policy has a ticket-program */
	struct audit audit;
	struct session session; /* taken before all else; no page: an error */
	int session_error;	/* that error */
	struct factor factor;	/* opened before all else, too */
	int events; /* notice_open(); -1: an error, or no more */
	int events_error; /* that error */
	struct limits limits;
	struct grant_rights rights; /* read before all else too */
	enum policy_road road;
	struct gate gate; /* of road forward */
	uid_t uid;
	gid_t gid;
	const char *account;
	struct person person;
	struct target target;
	struct addr from;
	const char *mfa;	/* its word in records; NULL: there is none */
	int terminal; /* the process of the one it is for, or -1 */
	struct session_seen page; /* of that */
	char source[ADDR_TEXT]; /* from as text; "" if it is not known */
	char reference[AUDIT_SESSION + 1];
	struct patience patience; /* with looking up and dialling */

	/* Of request_decide(). */
	struct policy_request query;
	struct decision decision;
	char approval[GRANT_BASIS], approver[GRANT_BASIS]; /* it rests on */

	struct keeper keeper; /* of the right to make a file for the capture */
	struct keeper caller; /* of the right to connect to devices at paths */
	int fault; /* of a device: device.h; 0: none */
	struct audit_listener who; /* is there; uid -1: not known */

	/* Of request_dial(): the choice that is connected, and its ends. */
	const struct choice *choice;
	char ip[ADDR_TEXT];
	time_t until;	 /* its rights; 0: they do not end */
	time_t deadline; /* and its duration */
	struct capture capture; /* if request_captures() */
};

/* How it ended. */
struct request_end {
	const char *name;
	const struct relay *relay;
	uint64_t duration;	       /* nanoseconds */
	const struct hostkey *hostkey; /* that ended it, or NULL */
	uint32_t lost;		       /* records of it that no log took */
};

/*
 * Read who and what from the options and the machine; error is that of the
 * policy.  EXIT_OK, or the exit code of a request that has been refused.
 */
int request_read(
    struct request *, const struct options *, enum policy_error error);

/*
 * The same of a connection that came by the gate, for the user who made it;
 * what is counted is counted for them.
 */
int request_gate(
    struct request *, const struct options *, enum policy_error error);

/*
 * Before session_open(): find the terminal whose jump-ssh has started this
 * process.
 */
void request_terminal(struct request *);

/*
 * The same of what jump-record has put on the page of that terminal; whatever
 * has started this process, and its words, are not looked at.
 */
int request_inner(
    struct request *, const struct options *, enum policy_error error);

/* Print the host keys of that target, as known_hosts has them; an exit code. */
int request_print_hostkeys(struct request *);

/*
 * Decide, with the addresses of a name that may be looked up, and record it.
 * From here on the time for connecting runs.  EXIT_OK if it is allowed, or the
 * exit code of the refusal.
 */
int request_decide(struct request *);

/* Whether all that is said is to be on record. */
bool request_captures(const struct request *);

/*
 * Take the places that the session wants under its limits, connect to an
 * allowed address, begin the capture of what is said, and record that.  EXIT_OK and the socket, or the exit code
 * of a refusal that has been told.
 */
int request_dial(struct request *, struct dial *, int *sock);

/*
 * What is to watch for the host keys that the target may have, or NULL if the
 * policy has none.  It lives as long as the program.  0, or -1.
 */
int request_hostkey(struct request *, struct hostkey **);

/*
 * Before policy_open(): keep hold of the image, so that request_outdated()
 * knows, without a right to look for it, whether another has taken its place.
 * What rests on approvals is also outdated when these were read long ago.
 */
void request_watch(struct request *, const char *path);
bool request_outdated(const struct request *);

/*
 * While there is a group to keep: start what asks the ticket-program, if the
 * policy has one.  Where that fails, tickets are refused.
 */
void request_prepare(struct request *);

/* Fill in the page of the session, whose connection to the target this is; it
 * is then seen by publishing it. */
void request_describe(struct request *, int sock);

/* Record the end.  0, or -1 if the log did not take it. */
int request_close(struct request *, const struct request_end *);

/*
 * Tell the user that the session ended for the target's host key.  Makes no
 * system call but write(2) on standard error.
 */
void request_tell_hostkey(const struct request *, const struct hostkey *);

/* Refuse before anything is decided; what is a sentence for the user. */
int request_refuse(
    struct request *, const char *reason, const char *what, int code);

#endif
