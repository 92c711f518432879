/* SPDX-License-Identifier: ISC */
/*
 * Live sessions of both kinds, relays and forwards, as who and kick see them.
 */
#ifndef LIVE_H
#define LIVE_H

#include "policy.h"
#include "session.h"

#include "forwards.h"
#include "legs.h"

/* An account, as the machine and the policy know it. */
struct live_owner {
	uid_t uid;
	char account[SESSION_USER]; /* #UID if the machine has none */
	char user[SESSION_USER];    /* of the policy; empty: not known */
	bool jump;   /* of the policy or a group of ours, or of no account */
	bool known;  /* the machine has the account */
	bool member; /* of the group jump or jump-devices */
	bool admin;  /* not jump, and root or of the group sudo or wheel */
	bool shared; /* by several people */
};

/*
 * Strings are as they were found, and to be escaped.  user, target and source
 * of a relay are its own word, but for the user of an account of one person.
 */
struct live {
	bool relay;
	bool asks; /* sshd's monitor, with no process of the user's yet */
	union {
		struct session_seen seen; /* of a relay */
		struct forward forward;
	};
	const struct live_owner *owner;
	pid_t pid;
	char user[SESSION_USER];     /* empty: only the account is known */
	char source[SESSION_ADDR];   /* may be empty */
	char target[SESSION_TARGET]; /* as it is shown */
	char name[NAME_TEXT];	     /* in the policy; may be empty */
	char ip[SESSION_ADDR];	     /* may be empty */
	uint16_t port;		     /* 0: a path */
	const char *road;
	int64_t started; /* seconds since the epoch */
	uint64_t sent, received;
	int64_t idle;		       /* ms; -1: not known */
	struct socket_seen legs[LEGS]; /* inode 0: not known */
	enum leg_state state;	       /* that of the worse */
};

struct live_world {
	struct policy *policy; /* NULL: none that can be used */
	uid_t uid;	       /* of _jump */
	uid_t separate;	       /* of sshd's own before a login; -1: none */
	gid_t gid;
	struct live_owner **owners;
	size_t nowners;
};

struct live_list {
	struct live *list;
	size_t n;
	size_t odd;	  /* files in the registry that are no session's */
	size_t hidden;	  /* processes that may have forwards, and are hidden */
	size_t undecided; /* logins that jump-authkeys is being asked about */
	bool missing;	  /* there is no registry */
};

/* What sessions are looked at with; exits with a message if that is not to be
 * had. */
void live_open(struct live_world *);
void live_close(struct live_world *);

/* What is read of the machine at once; free with reading_free(). */
struct reading {
	struct session_seen *seen;
	size_t nseen;
	struct socket_seen *sockets;
	const struct socket_seen **by_port; /* the same */
	size_t nsockets;
	struct forwards forwards;
};

void reading_free(struct reading *);

/*
 * All that live now, in the order of their start; the caller frees the list
 * with live_free(), and keeps the world as long.  0, or -1 with errno.
 */
int live_read(struct live_world *, struct live_list *);

/* The same; what it is made of is kept, and the caller's also after -1. */
int live_read_from(struct live_world *, struct live_list *, struct reading *);

/* The same, of one login, as live_logins() has it. */
struct live live_login(struct live_world *, const struct forward_login *);

/*
 * The same, of sshd's processes for logins, whoever they are of.  They stand as
 * forwards with inode 0, without a target.
 */
int live_logins(struct live_world *, struct live_list *);

/*
 * Those that may become logins: jump-authkeys has noted what they were given,
 * and none of these logins is theirs.  The process is sshd's monitor.  A note
 * that cannot be read hides one.  Of what is undecided, what has been asked
 * after that time does not count.  0, or -1 with errno.
 */
int live_asking(struct live_world *, const struct live_list *logins,
    const struct timespec *, struct live_list *);
void live_free(struct live_list *);

/*
 * Which of them: each that is not NULL must match.  word is a session's id,
 * or else a user, account or target.
 */
struct selection {
	const char *word, *session, *user, *target;
};

enum live_match { BY_SESSION = 1, BY_USER = 2, BY_TARGET = 4 };

/* Whether it is selected, and by what the word means: bits, 0 if it is not. */
unsigned live_selected(const struct selection *, const struct live *);

/* Read --user, --target and --session; false for another option. */
bool selection_option(struct selection *, int option, const char *value);

/*
 * end.c: end sessions.
 */
enum live_end {
	END_GONE, /* it had ended before */
	END_ENDED,
	END_WAITS,  /* it has ended, and waits for the log with its record */
	END_KILLED, /* it had not ended when asked */
	END_STUCK,  /* killed: it runs no more, but the kernel keeps it */
	END_FAILED  /* it still lives, as far as can be told */
};

/*
 * Take hold of the processes of these sessions, so that none can be another
 * when it is ended: a pidfd each, or -1 and its result, END_GONE or
 * END_FAILED.  Give the array to live_end().
 */
int *live_hold(const struct live_world *, const struct live *const *, size_t n,
    enum live_end *results);

/*
 * Send this signal to relays, and SIGTERM to the process of a forward; whoever
 * has not ended within so many milliseconds is killed, but not a relay of which
 * only its record is left, unless it was so before.  A user can arrange to be
 * END_STUCK: nobody else is to suffer from it.  Frees what was held.
 */
void live_end(const struct live_world *, const struct live *const *, size_t n,
    int *held, int signal, int patience, enum live_end *results);

/*
 * table.c: sessions in columns.
 */
enum column {
	COLUMN_SESSION,
	COLUMN_USER,
	COLUMN_DEVICE,
	COLUMN_ONLINE, /* the state of a device */
	COLUMN_AT,
	COLUMN_ONLINE_SINCE,
	COLUMN_FROM,
	COLUMN_TARGET,
	COLUMN_ROAD,
	COLUMN_SINCE,
	COLUMN_IN,
	COLUMN_OUT,
	COLUMN_IN_RATE,
	COLUMN_OUT_RATE,
	COLUMN_IDLE,
	COLUMN_SESSIONS,
	COLUMN_LEG,
	COLUMN_STATE,
	COLUMN_RTT,
	COLUMN_RETR,
	COLUMN_QUEUE,
	COLUMN_UNREAD,
	COLUMN_RATE,
	COLUMN_HEARD,
	COLUMNS
};

/*
 * Which columns: of sessions, the same with rates, or of their connections; of
 * devices, or of their logins.
 */
enum view {
	VIEW_LIST = 1,
	VIEW_RATES = 2,
	VIEW_LEGS = 4,
	VIEW_DEVICES = 8,
	VIEW_LOGINS = 16
};

enum { CELL = 64 };

/* One line: printable ASCII. */
struct row {
	char cell[COLUMNS][CELL];
};

/* How wide each column is; 0: it is left out. */
struct layout {
	int width[COLUMNS];
};

/* Rates are bytes in a second; -1: not known. */
void row_fill(struct row *, const struct live *, time_t now, int64_t in_rate,
    int64_t out_rate);

/* How many rows its connections have: those that are known, or one. */
size_t row_legs(const struct live *);

/* The nth of them. */
void row_fill_leg(struct row *, const struct live *, size_t nth);

/* Of a device's login: at is where it listens, or "". */
void row_fill_login(
    struct row *, const struct live *, const char *at, time_t now);

/* Of a device, with its login, NULL if there is none or several. */
void row_fill_device(struct row *, const char *name, const char *state,
    const char *at, const struct live *, size_t sessions, time_t now);

/* The titles. */
void row_titles(struct row *);

/*
 * Lay out n rows and their titles, for a view.  Within room
 * characters (0: any number), the least important columns are left out until
 * it fits, then the target is cut, or of devices where they listen.
 */
void layout_make(
    struct layout *, const struct row *, size_t n, enum view, int room);

/* The line of a row, without spaces at its end; text has room for it. */
enum { LINE_ROOM = COLUMNS * (CELL + 2) };
char *row_line(const struct row *, const struct layout *, char text[LINE_ROOM]);

/*
 * watch.c: the view that redraws itself, until it is ended; an exit code.  It
 * begins with connections, if that is wanted.
 */
int watch(struct live_world *, const struct selection *, bool legs);

#endif
