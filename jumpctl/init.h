/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: what sshd gives to whom today, and a policy that says it.
 */
#ifndef INIT_H
#define INIT_H

#include "authorized.h"
#include "ctl.h"
#include "doctor.h"
#include "sshd.h"

/* What a key is good for: forwards, and a session with a shell. */
enum { MAY_FORWARD = 1 << 0, MAY_SESSION = 1 << 1 };

struct old_key {
	char *type, *blob, *comment, *from; /* owned; from: nets, or "" */
	char *place;			    /* FILE:LINE; owned */
	const char *other;		    /* an account that has it too */
	bool ca, verify;
	bool root; /* of a file that is root's, not of the account */
};

/* A place that a user may reach: a target, or any of them. */
enum { ANY_TARGET = -1 };

struct old_ref {
	int target;
	uint16_t port;
};

/*
 * The keys of an account that are good for the same.  One that has several of
 * these becomes several users who share it.
 */
struct old_user {
	char *account, *name; /* owned */
	unsigned may;
	bool mfa;
	bool out;	       /* left out after all */
	time_t until;	       /* 0: without end */
	struct opening *opens; /* of MAY_FORWARD; owned; none: anywhere */
	size_t nopens;
	struct old_key *keys; /* owned */
	size_t nkeys;
	struct old_ref *refs; /* of opens; owned; survey_targets() */
	size_t nrefs;
};

enum { TARGET_ADDRS = 16 };

struct old_port {
	uint16_t port;
	bool ssh;
};

struct old_target {
	struct addr addrs[TARGET_ADDRS];
	size_t n;
	struct names names; /* as few as none */
	struct old_port *ports; /* owned */
	size_t nports;
	struct names hostkeys; /* TYPE BASE64 */
	bool seen;	       /* not only permitted: somebody goes there */
	bool trusted;	       /* root's files have it */
	bool named;	       /* the first name is root's word */
};

/* What could not be carried over, or not as it was, and for whom. */
struct old_note {
	char *text;
	struct names who;
};

/* What the files of one account have taken of the room for all. */
struct old_turn {
	size_t notes, places;
	time_t seconds; /* of lookups */
};

struct survey {
	struct sshd sshd;
	bool lookup; /* names are looked up, not only in /etc/hosts */
	struct old_user *users;
	size_t nusers;
	struct names admins;
	struct old_target *targets;
	size_t ntargets;
	struct old_note *notes;
	size_t nnotes;
	struct old_turn turn;
	bool cut; /* something is left out for want of room */
	char everywhere[NAME_TEXT]; /* the net of all; survey_targets() */
};

/* Add a note; who may be NULL.  The same of several people is one. */
void survey_note(struct survey *, const char *who, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of what is left out for want of room, so that init tells. */
void survey_cut(struct survey *, const char *who, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* The next account, whose turn begins: nothing of the room is taken by it. */
void survey_turn(struct survey *);

/* Free what a key or a user holds. */
void old_key_free(struct old_key *);
void old_user_free(struct old_user *);

/* Whether this user reaches hosts that no line names. */
bool user_anywhere(const struct old_user *);

/*
 * init_accounts.c: fill users, admins and notes, by what sshd says of each
 * account, and the files of keys that it would read.
 */
void survey_accounts(struct survey *);

/*
 * init_users.c: drop the keys that two accounts have, and name the users of
 * each account.
 */
void survey_users(struct survey *);

/*
 * init_places.c: fill targets and refs: what users may forward to, and, if
 * somebody reaches anything, what files here say of hosts.
 */
void survey_targets(struct survey *);

/*
 * init_targets.c: targets by their addresses.
 */
enum place_error {
	PLACE_OK,
	PLACE_UNKNOWN, /* no such name, or it is not looked up */
	PLACE_NEVER,   /* an address that is never reached */
	PLACE_OWN,     /* this machine */
	PLACE_FULL     /* no room, of all or of this turn */
};

/*
 * The target with exactly these addresses, made if there is none, with this
 * port.  host is an address, or a name that is looked up.
 */
enum place_error target_exact(
    struct survey *, const char *host, uint16_t port, int *target);

/*
 * The same, or a target that has them among others.  It is one that somebody
 * goes to.  name is what to call it by, or NULL; what is trusted comes first.
 */
struct seen {
	const char *name, *host;
	uint16_t port;
	bool trusted;
};

enum place_error target_seen(struct survey *, const struct seen *, int *target);

/* Name each target that has no name, by its address; and the net of all. */
void targets_name(struct survey *);

/* Free what the lookups have kept. */
void targets_forget(void);

/* init_print.c: the policy, and the notes alone. */
void survey_print(const struct survey *, FILE *);
void survey_print_notes(const struct survey *, const char *margin, FILE *);

#endif
