/* SPDX-License-Identifier: ISC */
/*
 * Notes about logins: who jump-authkeys let in, with which key and by which
 * policy, for those who later look at the sshd process that asked.  sshd
 * itself keeps neither.
 *
 * The folder belongs to root, and only the group _jump, of jump-authkeys, gets
 * into it (mode 1770).  The notes are _jump's, and the group reads them: programs
 * that look whether their own login has a second factor.  Nothing else depends
 * on their modes, for other programs of _jump's can change them.
 * A note is named after the process that ran the AuthorizedKeysCommand: the
 * monitor of sshd(8) for one connection, which is the parent of the process
 * that serves it.  It asks again when the client has proved that it has a key,
 * so the note that stays is of the key that was accepted.
 *
 * It ends in the line that sshd(8) was given: the rights of the login, for
 * jumpctl sweep to compare with what the user may do later.  Who writes one
 * holds a lock, flock(2), from before it opens the policy until it ends: what
 * is locked is still to be decided, and what is empty gave nothing.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define LOGIN_DIRECTORY "/run/jump/logins"

enum {
	LOGIN_USER = 132,
	LOGIN_KEY = 68,	   /* SHA256:... */
	LOGIN_POLICY = 17, /* its hash, as in records */
	LOGIN_AUTHORITY = 32,
	LOGIN_LINE = 4 << 20 /* bytes, at most */
};

/* What the login rests on. */
enum login_by { LOGIN_BY_KEY, LOGIN_BY_CERTIFICATE, LOGIN_BY_DIRECTORY };

/* Which second factor sshd(8) has made sure of before it lets anybody in. */
enum login_mfa {
	LOGIN_MFA_NONE,
	LOGIN_MFA_KEY, /* the key asks for its PIN */
	LOGIN_MFA_STEP /* there is a second method */
};

/* Whether it is a device's, and what that may do. */
enum login_device {
	LOGIN_NO_DEVICE,
	LOGIN_LISTENS,
	LOGIN_MUTE /* another login of the device was there before */
};

struct login_note {
	uint32_t version; /* LOGIN_VERSION */
	uint32_t uid;	  /* of the account */
	int64_t written;  /* CLOCK_BOOTTIME, ms */
	int64_t time;	  /* seconds since the epoch */
	uint32_t size;	  /* of the line */
	uint8_t mfa;	  /* enum login_mfa: the line gives what wants one */
	uint8_t by;	  /* enum login_by */
	char user[LOGIN_USER];
	char key[LOGIN_KEY];
	char policy[LOGIN_POLICY];
	uint8_t authority[LOGIN_AUTHORITY]; /* SHA256 of a certificate's CA */
	uint8_t device; /* enum login_device: user is the device's name */
};

/*
 * That of before devices were served is still read, so that an upgrade ends no
 * login: its byte for device has no meaning.
 */
#define LOGIN_VERSION_BEFORE 0x32474f4cU /* "LOG2" */
#define LOGIN_VERSION	     0x33474f4cU /* "LOG3" */

/*
 * Open the note of this process, empty and locked, which takes the place of an
 * older one.  Waits for those who read it.  Comes before confinement.  A
 * descriptor (close-on-exec), or -1 with errno.
 */
int login_open(const char *directory, pid_t monitor);

/*
 * Write it, with version, written and size set, and the line of size bytes.
 * Memory, and one write(2).  0, or -1.
 */
int login_write(int fd, struct login_note *, const char *line, size_t size);

/*
 * Read the note of a process that started at so many clock ticks after boot.
 * 0, or -1 with errno: ENOENT if there is none, ESTALE if it is of an earlier
 * process of that number, ENODATA if nothing was given, EAGAIN if that is being
 * decided, EPERM or EBADMSG if it is not as owner would have made it.  If line is not NULL, *line is the line, a string that the caller
 * frees; what is behind a NUL in it is lost.
 */
int login_read(const char *directory, uid_t owner, pid_t monitor,
    uint64_t started, struct login_note *, char **line);

/*
 * The same, of the login that has succeeded, without its line and without a
 * lock: its note is not written again.
 */
int login_look(const char *directory, uid_t owner, pid_t monitor,
    uint64_t started, struct login_note *);

/*
 * Open the note of a process for login_factor(): a descriptor, close-on-exec,
 * or -1 with errno.  Wants the group _jump.
 */
int login_find(const char *directory, pid_t monitor);

/*
 * Which second factor it says that a login of this uid has, whose monitor
 * started then, and its key, "" if that is not known.  It takes no lock, which a user's program may hold for ever if
 * it is stopped, and need not: the note of a login that has succeeded is not
 * written again.
 */
enum login_mfa login_factor(
    int fd, uid_t owner, uid_t uid, uint64_t started, char key[LOGIN_KEY]);

/*
 * Whether a note that is being decided was opened after that time, if the clock
 * has not been set back since: by a policy that was in force then, or later.
 */
bool login_opened_after(
    const char *directory, pid_t monitor, const struct timespec *);

/*
 * The processes that notes are named after, alive or not, in no order.  The
 * caller frees *list.  Their number, or -1 with errno.
 */
ssize_t login_list(const char *directory, pid_t **list);

/*
 * Whether there is no such process, which kill(2) tells also those who may not
 * signal it, and where /proc hides it.
 */
bool login_gone(pid_t);

/*
 * Remove the notes whose process is gone, but not one that is being written,
 * and the indexes of devices without any.  The number removed, or -1 with
 * errno.
 */
ssize_t login_clean(const char *directory);

/*
 * The same, unless somebody has begun to in the last LOGIN_CLEAN_SECONDS: a
 * scan of all notes is not for each login.  0 then.
 */
enum { LOGIN_CLEAN_SECONDS = 5 };

ssize_t login_clean_at_times(const char *directory);

#endif
