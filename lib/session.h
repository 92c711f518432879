/* SPDX-License-Identifier: ISC */
/*
 * The registry of live sessions: a file for each in a directory that only
 * root reads and only the group _jump writes (mode 1730).
 *
 *   UID.SLOT   a page that its relay has mapped; who owns it is who connects
 *   UID        of it only the locks are used: each is a place under a limit.
 *              Whoever has the group counts in it: the gate too
 *
 * A session lives as long as its record lock (fcntl(2), F_SETLK) is held,
 * which the kernel frees on any death of its process; who holds it is what the
 * kernel says (F_GETLK).  What stands in the page is its owner's word.
 * POSIX locks, not those of open files: a child that outlives its parent does
 * not inherit them, and they name their process.  They are lost when *any*
 * descriptor of the file is closed, so a process opens each file once.
 */
#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define SESSION_DIRECTORY "/run/jump/sessions"

/*
 * What an administrator's kick sends to a relay: it ends, and says so in its
 * closing record.  A user can send it to a relay of their own too: only with
 * the si_uid of root, see sigaction(2), was it a kick.
 */
#define SESSION_KICK SIGUSR1

/* The same, from a sweep: the policy in force does not allow it any more. */
#define SESSION_SWEEP SIGUSR2

enum {
	SESSION_SLOTS = 16384, /* of one uid, at most */
	SESSION_NAME = 24,     /* room for UID.SLOT */
	SESSION_ID = 9,
	SESSION_USER = 132,
	SESSION_TARGET = 260,
	SESSION_ADDR = 48,
	SESSION_RULE = 132,
	SESSION_TICKET = 65,
	SESSION_LOGIN = 64,
	SESSION_METHOD = 32,
	SESSION_PAGE = 4096
};

/*
 * What a page is of: a connection; or a terminal of jump-record's, which has
 * none, and from which jump-connect takes what it is to connect to.
 */
enum session_kind { SESSION_RELAY, SESSION_TERMINAL };

/*
 * The page.  Strings end in a NUL.  sent, received and active are written
 * while it lives, by its relay alone, each by one aligned store; readers take
 * a copy by pread(2), since the owner of a mapped file can cut it short.
 * version is written last: a page without it is one that is being made.
 */
struct session_page {
	uint64_t sent;	   /* bytes from the user to the target */
	uint64_t received; /* bytes from the target to the user */
	int64_t active;	   /* CLOCK_MONOTONIC, ms, of the last byte */
	uint64_t version;  /* SESSION_VERSION */
	int64_t started;   /* seconds since the epoch */
	int64_t deadline;  /* the same; 0: none */
	uint32_t idle;	   /* seconds; 0: none */
	uint16_t port;	   /* of the target; 0: a path */
	uint8_t road;	   /* enum policy_road */
	uint8_t ended;	   /* nothing goes through: only its record waits */
	uint16_t client_port; /* of the gate: of sshd's end; else 0 */
	char id[SESSION_ID];	     /* jump.session of the records */
	char user[SESSION_USER];     /* of the policy */
	char account[SESSION_USER];  /* the Unix account */
	char source[SESSION_ADDR];   /* the user's address; may be empty */
	char target[SESSION_TARGET]; /* as it was asked for: name or path */
	char ip[SESSION_ADDR];	     /* really used; empty: a path */
	char rule[SESSION_RULE];     /* that allowed it */
	char ticket[SESSION_TICKET]; /* that was given; may be empty */
	uint8_t mfa;		     /* its login has a second factor */
	uint8_t kind;		     /* enum session_kind */
	uint8_t recorded, consented; /* the terminal is; its user has */
	int32_t leader;		     /* of a terminal: its session leader */
	char login[SESSION_LOGIN];   /* on the target; empty: not known */
	char method[SESSION_METHOD]; /* of a terminal: --mfa, may be empty */
	uint16_t local_port;	     /* of our end of the connection; 0: not known */
};

/* The one before ends before kind, which is then 0. */
#define SESSION_VERSION	    0x3430534553504d4aU /* "JMPSES04" */
#define SESSION_VERSION_WAS 0x3330534553504d4aU /* "JMPSES03" */

struct session {
	struct session_page *page; /* mapped; NULL: no session */
	int fd;			   /* of the page; it holds the lock */
	int limits;		   /* of the file UID */
};

/*
 * Take a free slot of uid, who must be the effective one, and map its page,
 * empty: counters run, but nobody sees it, and no child has it.  Wants search
 * and write permission for the directory; the descriptors stay good without it.
 * 0, or -1 with errno: EUSERS if all slots are taken, EPERM if a file is not as
 * we make them.  Descriptors are close-on-exec.
 */
int session_open(struct session *, const char *directory, uid_t uid);

/*
 * Count places in the file of another uid from here on: the gate's, whose
 * sessions are those of users.  0, or -1 with errno.
 */
int session_count_for(struct session *, const char *directory, uid_t uid);

/*
 * Take one of n places of this user and rule ("" is a name too).  0, or -1
 * with errno: EAGAIN if all are taken.  Places are kept until session_close().
 * Two rules whose names have the same hash (of 40 bits) share their places.
 */
int session_take(
    const struct session *, const char *user, const char *rule, uint32_t n);

/* Give up the places of this user and rule. */
void session_give(const struct session *, const char *user, const char *rule);

/* What is filled in becomes visible. */
void session_publish(struct session *);

/* Give up the slot and the places. */
void session_close(struct session *);

/* What a reader knows of one. */
struct session_seen {
	uid_t uid;
	uint32_t slot;
	pid_t pid; /* who holds the lock, as the kernel says */
	struct session_page page;
};

/* Whether that is UID or UID.SLOT, as we write them; slot is -1 for UID. */
bool session_name(const char *name, uid_t *uid, int64_t *slot);

/*
 * Read a registry: the live sessions, in the order of their start.  gid is
 * what each file must have; other files, and those whose holder cannot be
 * told, are counted in *odd.  The caller frees *seen.  0, or -1 with errno.
 */
int session_list(const char *directory, gid_t gid, struct session_seen **seen,
    size_t *n, size_t *odd);

/*
 * The sessions of one uid, for a process that may look at the directory now
 * and is to read it later: the files, close-on-exec.
 */
enum { SESSION_OWN = 256, SESSION_GAP = 32 };

struct session_own {
	uid_t uid;
	gid_t gid;
	bool more; /* there are more files than these */
	size_t n;
	struct {
		int fd;
		uint32_t slot;
	} files[SESSION_OWN];
};

/*
 * Open them, whose gid is the effective one.  They are found by name, until
 * SESSION_GAP in a row are not there.
 */
void session_own_open(struct session_own *, const char *directory, uid_t uid);

/* As session_list(); closes the files. */
int session_own_list(
    struct session_own *, struct session_seen **seen, size_t *n);

/*
 * Find the terminal of uid whose session, see setsid(2), has this leader.  Its
 * process, as session_process() has it, or -1 with errno, ENOENT if there is
 * none.  Wants the effective group; comes before session_open(), whose lock it
 * could lose.
 */
int session_terminal(const char *directory, uid_t uid, pid_t leader,
    struct session_seen *);

/*
 * Remove what no session holds, of which the caller (root) takes the lock
 * first.  The number of files removed, or -1 with errno.
 */
ssize_t session_clean(const char *directory, gid_t gid);

/*
 * The process of this session, if it still lives: a pidfd, close-on-exec, or
 * -1 with errno: ESRCH if it has ended, EPERM if it is not the owner's, for
 * then somebody has made the kernel name a process that never held the lock.
 * Its lock is looked at again when the process can no longer be another.
 */
int session_process(
    const char *directory, gid_t gid, const struct session_seen *);

/* Whether it has ended by now, by its own word, and only its record waits. */
bool session_waits(
    const char *directory, gid_t gid, const struct session_seen *);

#endif
