/* SPDX-License-Identifier: ISC */
/*
 * What jumpctl log remembers to join lines: logins of sshd and their
 * connections, keys that were asked about, and sessions of ours.
 *
 * Each account has its own share, and forgets only its own.  What nothing
 * attests is all in one share: anybody can have written it.
 */
#ifndef LOG_MEMORY_H
#define LOG_MEMORY_H

#include "log.h"

enum {
	MEMORY_NAME = 132,
	MEMORY_ADDRESS = 48,
	MEMORY_KEY = 64,
	MEMORY_REASON = 64,
	MEMORY_TARGET = 256
};

enum channel_state { CHANNEL_ASKED, CHANNEL_FAILED, CHANNEL_OPEN };

struct channel {
	struct channel *next; /* newest first */
	enum channel_state state;
	unsigned id, port;
	int64_t since;
	uint64_t row;	  /* that waits for the gate to claim it, or 0 */
	bool gated;	  /* the gate has, and tells of its end */
	bool doubt_login; /* another of another address may be the gate's */
	bool doubt_name;  /* or of another target */
	char reason[MEMORY_REASON];
	char target[];
};

/* A process of sshd. */
struct login {
	struct login *same, *next; /* of this hash; of this owner */
	struct owner *owner;
	pid_t pid;
	pid_t child;   /* of a monitor, or -1: not known yet; 0: it is one */
	pid_t monitor; /* of a child */
	int64_t since;
	enum log_trust trust;
	const char *end; /* a literal; before it is a login: why it is none */
	char account[MEMORY_NAME], user[MEMORY_NAME], from[MEMORY_ADDRESS];
	char key[MEMORY_KEY], policy[20];
	uint64_t listens; /* the row that tells where, as long as it waits */
	unsigned nchannels;
	struct channel *channels;
};

/* What jump-authkeys said of a key. */
struct key {
	struct key *next; /* newest first */
	enum log_trust trust;
	char account[MEMORY_NAME], user[MEMORY_NAME], key[MEMORY_KEY];
	char policy[20], reason[MEMORY_REASON]; /* none: it was granted */
};

/* A session of ours: the process that first spoke of it. */
struct log_session {
	int64_t since;
	char id[8]; /* no NUL */
	pid_t pid;  /* 0: nothing is here */
	enum log_trust trust;
	bool ended;
	/* Of the gate: by which login; 0: that is not known. */
	pid_t login;
	enum log_trust login_trust;
	int64_t login_since;
	char from[MEMORY_ADDRESS], key[MEMORY_KEY], policy[20];
	uint64_t row; /* of sshd, which this one is in place of; or 0 */
	char target[MEMORY_TARGET]; /* as sshd was asked for it, or "" */
};

/* Whose share it is. */
struct owner {
	struct owner *same; /* of this hash */
	bool attested;
	bool left;   /* something that is not over was forgotten */
	bool told;   /* and that was said */
	bool forgot; /* a session was */
	unsigned nlogins, nchannels, ngranted, nrefused;
	struct login *logins; /* newest first */
	struct key *keys;
	struct log_session *sessions;
	char name[MEMORY_NAME];
};

struct memory;

/* Exits if there is no memory; so do all of these. */
struct memory *memory_new(void);
void memory_free(struct memory *);

/*
 * The share of an account, or of all that is not attested.  "" is of logins
 * that have not come to be: their accounts are what somebody typed.
 */
struct owner *memory_owner(struct memory *, bool attested, const char *account);

/* The login that a process is of, or NULL. */
struct login *memory_login(struct memory *, bool attested, pid_t);

/* A new one, in place of what the process was before. */
struct login *memory_add_login(struct memory *, struct owner *, pid_t);

/* Forget it, and of a child also its monitor. */
void memory_drop_login(struct memory *, struct login *);

/* A channel, which is only asked for; NULL if there is no room. */
struct channel *memory_add_channel(
    struct login *, const char *target, unsigned port, int64_t since);
void memory_drop_channel(struct login *, struct channel **);

/* What was said last of a key of this account, or NULL. */
struct key *memory_key(struct owner *, const char *account, const char *key);

/* Remember that, in place of what was said before. */
void memory_add_key(struct owner *, const struct key *);

/* Whether a key was granted to this user of the owner's account. */
bool memory_has_user(const struct owner *, const char *user);

/* A session by its id of eight characters, or NULL. */
struct log_session *memory_session(struct owner *, const char *id);

/* A new one; NULL if there is no room, for none of those has ended. */
struct log_session *memory_add_session(struct owner *, const char *id);

#endif
