/* SPDX-License-Identifier: ISC */
/* The one place that writes audit records; jump-audit(5) is their format. */

#ifndef AUDIT_H
#define AUDIT_H

#include <sys/types.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define AUDIT_SOCKET	 "/dev/log"
#define AUDIT_MAX	 1024	       /* bytes in a record, at most */
#define AUDIT_SESSION	 8	       /* characters in a session id */
#define AUDIT_ESCAPED(n) (4 * (n) + 1) /* room for n escaped characters */

enum audit_kind {
	AUDIT_LOGIN,
	AUDIT_DECISION,
	AUDIT_OPEN,
	AUDIT_CLOSE,
	AUDIT_RECORDING,
	AUDIT_LOAD,
	AUDIT_LOCK,
	AUDIT_UNLOCK,
	AUDIT_KICK,
	AUDIT_SWEEP,
	AUDIT_NOTIFY,
	AUDIT_REQUEST,
	AUDIT_APPROVE,
	AUDIT_REFUSE,
	AUDIT_WITHDRAW,
	AUDIT_SEAL,
	AUDIT_REGISTER,
	AUDIT_DOCTOR
};

/* The first is the default, so that an event forgotten half reads as one. */
enum audit_outcome { AUDIT_FAILURE, AUDIT_SUCCESS };

/* Who listens, as the kernel says; pid is 0 if that is not known. */
struct audit_listener {
	uid_t uid;
	pid_t pid;
};

/*
 * One event.  Strings that are NULL or empty, and a port, a pid and limits of
 * 0, are left out of the record.  What a comment gives to one kind of event stands
 * in its records only; the last three numbers, and lost unless it is 0, in
 * those of a close.
 */
struct audit_event {
	enum audit_kind kind;
	enum audit_outcome outcome;
	uid_t uid;	     /* of the account; (uid_t)-1: there is none */
	const char *user;    /* who it is */
	const char *account; /* the shared account, if it is one */
	const char
	    *session;	    /* audit_session_id(); the reference of a refusal */
	const char *source; /* the user's address */
	const char *address; /* of the target, as asked: a name or a path too */
	const char *ip;	     /* of the target, really used */
	unsigned int port;
	const char *road;    /* forward, connect, shell */
	const char *verdict; /* allow, ask, deny */
	const char *rule;    /* that decided */
	const char *reason;  /* in a few words */
	const char *ticket;  /* that the user gave */
	const char *key;     /* of a login: its fingerprint; else all of it */
	const char *mfa;     /* how it was met */
	const char *ca;	     /* of a login: who signed a certificate, in the policy */
	const char *certificate; /* of a login: its key id */
	const char *serial;	 /* of a login */
	const char *policy;  /* first 16 hex digits of the image's hash */
	const char *request; /* what jump-shell was asked and refused */
	/* of jumpctl's events and of those about requests: AUDIT_LOAD and on */
	const char *who;     /* whom a lock means; whose session was ended, or
			        whose request it is */
	const char *note;    /* what was said about it */
	const char *previous; /* of a load: the hash of the policy before */
	const char *changes;  /* of a load: what has changed */
	const char *loginuid; /* audit_loginuid() of an administrator */
	pid_t pid;	      /* of the process that was ended */

	struct audit_limits {
		uint32_t idle, duration; /* seconds */
		int64_t until;		 /* seconds since the epoch */
		uint32_t max;
	} limits;	 /* of an open: in force for this session */
	const char *recording; /* of an open: the format of one, if there is */
	bool denied; /* of an open: somebody else was in a device's place ... */
	const struct audit_listener *listener; /* ... who, or NULL */
	const char *end; /* why the session ended */
	uint32_t lost;	 /* records of this session that no log took */
	uint64_t sent;	     /* bytes from the user to the target */
	uint64_t received;   /* bytes from the target to the user */
	uint64_t duration;   /* nanoseconds */
	const char *approval; /* ids of the requests that were approved */
	const char *approver; /* who has */
	uint32_t wanted;      /* seconds that it is for */
	const char *file;     /* of a seal: the name of the recording */
	const char *hash;     /* of a seal: SHA-256 of its contents */
	const char *seal;     /* of a seal: the head of the chain with it */
	uint64_t size;	      /* of a seal: bytes of the file */
};

struct audit {
	int fd;
	pid_t pid;
	long offset; /* of local time, seconds; the syslog header wants it */
	const char *program;
	struct sockaddr_un to;
};

/*
 * Make the socket, before confinement.  Nothing is sent: a log daemon may
 * come later.  program must outlive the audit.  0, or -1.
 */
int audit_open(struct audit *, const char *program, const char *path);

/* Close the socket. */
void audit_close(struct audit *);

/*
 * Write one record, stamped now.  0 when the log socket took it, -1 when it
 * did not within about a second; the caller then refuses.  A log daemon that
 * restarts meanwhile is waited for.  Allocates nothing, and needs no system
 * calls but sendto on its descriptor and poll, or ppoll.
 */
int audit_write(struct audit *, const struct audit_event *);

/*
 * The record as text, without I/O: always complete JSON and at most AUDIT_MAX
 * bytes; values that are too long are cut and end in "...".  Without an audit
 * (NULL), the JSON alone.  The length.
 */
size_t audit_format(const struct audit *, const struct audit_event *,
    const struct timespec *now, char record[AUDIT_MAX + 1]);

/*
 * Every string that reaches a log or another person's terminal passes this:
 * printable ASCII stays, other bytes become \xNN, and what does not fit is
 * cut and ends in "...".  size is at least 8.  dst is returned.
 */
char *audit_escape(char *dst, size_t size, const char *src);

/*
 * The uid that logged in at first, whatever su(1) and sudo(8) made of it
 * since, as the kernel keeps it where pam_loginuid(8) told it; or "".
 */
enum { AUDIT_LOGINUID = 12 };
const char *audit_loginuid(char buf[AUDIT_LOGINUID]);

/* A new id: eight of a-z and 2-7.  0, or -1 without random numbers. */
int audit_session_id(char id[AUDIT_SESSION + 1]);
int audit_session_valid(const char *id);

#endif
