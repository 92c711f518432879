/* SPDX-License-Identifier: ISC */
/*
 * jumpctl: the verbs, and what they share.
 */
#ifndef CTL_H
#define CTL_H

#include <stdio.h>

#include "audit.h"
#include "decide.h"

#define POLICY_FILE  SYSCONFDIR "/jump/policy"
#define POLICY_DIR   SYSCONFDIR "/jump/policy.d"
#define POLICY_IMAGE STATEDIR "/policy.db"
#define POLICY_PREVIOUS STATEDIR "/policy.db.1"
#define LOCKS      "locks"
#define LOCKS_NEW  "locks.new"
#define LOCKS_FILE STATEDIR "/" LOCKS

/* Say on standard error how a verb is used, NULL for all; returns 64. */
int usage(const char *verb);

/* The name of the verb at i, and the usage of a verb; NULL: there is none. */
const char *verb_name(size_t i);
const char *verb_usage(const char *verb);

/* The verbs: each gets its arguments from argv[1] on, returns an exit code. */
int check_main(int argc, char **argv);
int load_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int export_main(int argc, char **argv);
int init_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int edit_main(int argc, char **argv);
int lock_main(int argc, char **argv);
int unlock_main(int argc, char **argv);
int who_main(int argc, char **argv);
int devices_main(int argc, char **argv);
int kick_main(int argc, char **argv);
int sweep_main(int argc, char **argv);
int notify_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int log_main(int argc, char **argv);
int requests_main(int argc, char **argv);
int recordings_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int complete_main(int argc, char **argv);

/*
 * source.c: the text of a policy.  Errors go to standard error.
 */
struct sources {
	struct policy_source *list; /* owned, with the texts and names */
	size_t n;
	bool system;                /* of this machine, not of arguments */
};

/* Read /etc/jump: files and directories must be root's alone.  0 or -1. */
int sources_system(struct sources *);

/* The same but for /etc/jump/policy, which is not there yet. */
int sources_rest(struct sources *);

/* Read the named files, whoever owns them.  0 or -1. */
int sources_files(struct sources *, char *const *names, size_t n);
void sources_free(struct sources *);

/* Read one file that must be root's alone.  0 or -1; clear what was read. */
int source_read(struct policy_source *, const char *path);
void source_clear(struct policy_source *);

/*
 * state.c: the state directory.  What fails before anything is changed exits
 * with a message.
 */

/* Who runs this: the account, and who became it by sudo. */
void state_who(char *buf, size_t size);

/*
 * The state directory, locked against others who change it, for as long as
 * its descriptor is open.  If wait is set, waits a minute for them.
 */
int state_lock(bool wait);

/*
 * Put an image into force; if keep is set, the one before is kept as the
 * previous one.  0, or -1 with errno: the one in force is unchanged.
 */
int state_put_image(int dir, struct policy *, bool keep);

/* Remove the previous image, for its room on the disk. */
int state_drop_previous(int dir);

/* Write the file of locks beside the one that counts; put it there, or not. */
int state_write_locks(int dir, const char *text, size_t size);
int state_put_locks(int dir);
void state_drop_locks(int dir);

/*
 * locks.c: who is locked.  by and reason are printable ASCII.
 */
struct lock {
	char *who, *by, *reason;
	int64_t since;
};

struct locks {
	struct lock *list;
	size_t n;
};

/* Whether it is a user's name, @GROUP, %GROUP or any. */
bool lock_valid(const char *who);

/* Add a lock, or replace the one of who; 0 or -1 without memory. */
int locks_add(struct locks *, const char *who, int64_t since, const char *by,
    const char *reason);

/* Remove the lock of who; false if there is none. */
bool locks_remove(struct locks *, const char *who);
void locks_free(struct locks *);

/* Read the text of locks: 0, or the line that is wrong; nothing is owned. */
int locks_parse(struct locks *, const char *text, size_t size);
int locks_print(const struct locks *, FILE *);

/* Read the file of locks; none if there is no file.  0, or -1 and a message. */
int locks_read(struct locks *);

/* Copy an image to the heap, for locks_set(); NULL without memory. */
struct policy *locks_thaw(const struct policy *);

/*
 * Make these the locks of a policy on the heap, in place of those that it
 * has; with none it is as it was parsed.  0, or -1 without memory.
 */
int locks_set(struct policy *, const struct locks *);

/* The same with those of the file.  0, or -1 and a message. */
int locks_renew(struct policy *);

/* The locks that a policy has.  0, or -1 without memory. */
int locks_of(struct locks *, const struct policy *);

/* "alice is locked since ..."; warn of each, and return their number. */
const char *lock_words(
    const struct policy *, uint32_t lock, char *buf, size_t size);
size_t locks_warn(const struct policy *);

/*
 * load.c: put a policy that has passed policy_check() into force, under the
 * lock of the directory, and then sweep, if that is wanted.  Frees the policy,
 * closes the directory, returns an exit code; exits if it cannot be written.
 */
int load_policy(
    struct audit *, const char *who, int dir, struct policy *, bool sweeps);

/*
 * sweep.c: end what the policy that has just come into force does not allow.
 * Prints what ends; an exit code, 70 if something did not.  Exits 78 if the
 * policy cannot be used, and 70 if sessions cannot be looked at.
 */
int sweep_after_change(void);

/* Whether a word of the arguments is --no-sweep, which is taken out. */
bool no_sweep(int *argc, char **argv);

/*
 * diff.c: write what changes for whom from one policy to another.  Returns
 * the number of changes.
 */
size_t diff_policies(const struct policy *, const struct policy *, FILE *);

/*
 * check.c: parse, check and test; prints all messages to standard error.
 * Returns the policy, which the caller frees, or NULL.  *errors and *warnings
 * are what was found.
 */
struct policy *policy_check(
    const struct sources *, size_t *errors, size_t *warnings);

/*
 * ask.c: a question about the policy, as explain and tests put it.
 */
struct question {
	const char *who;       /* a user, or an account without a user line */
	const char *from, *as, *ticket; /* or NULL */
	time_t at;
	bool mfa;              /* presume a second factor */
	bool swept;            /* presume that sweeps run */
	bool no_gate;	       /* do not presume that the gate stands */
	const struct policy_approval *approvals;
	size_t napprovals;
};

/* Find who asks.  0, or -1 if there is nobody of that name. */
int question_person(
    const struct policy *, const struct question *, struct person *);

/* Judge one target on one road.  DNS names get addresses of their domain. */
void question_decide(const struct policy *, const struct question *,
    const struct person *, enum policy_road, const struct target *,
    struct decision *);

/* explain.c: why a verdict is what it is, in words. */
void verdict_print(
    const struct policy *, const struct policy_verdict *, FILE *);

/* The conditions and obligations of a rule, two spaces before each. */
void conditions_print(
    const struct policy *, const struct policy_rule *, FILE *);

/*
 * export_client.c: export ssh_config, or known_hosts; argv[0] is that word.
 * An exit code.
 */
int export_client(bool known_hosts, int argc, char **argv);

/* export_sshd.c: export sshd; argv[0] is that word.  An exit code. */
int export_sshd(int argc, char **argv);

/* This machine's name, the full one if it has one; "" and false if none. */
bool hostname_own(char name[HOSTNAME_TEXT]);

/* export_device.c: export device; argv[0] is that word. */
int export_device(int argc, char **argv);

/*
 * hosts.c: mark the names that /etc/hosts resolves to the policy's own
 * addresses and nothing else.  Returns how many names it does not.
 */
size_t hosts_mark(struct policy *);

/*
 * approvers.c: groups that must approve and have somebody who cannot; warned
 * of on standard error.  Returns their number.
 */
size_t approvers_warn(const struct policy *, const struct sources *);

/*
 * rights.c: users who may forward to more than sshd can be told; reported to
 * standard error.  Returns their number.
 */
size_t rights_check(const struct policy *, const struct sources *);

/* Open the policy in force; exits 78 with a message if there is none. */
struct policy *policy_in_force(void);

/* Whether standard error, or output, gets colour. */
bool colour(FILE *);

/*
 * How far a long work is: told on a terminal, once a second, until done is
 * all, or anything else is to be written there.
 */
void progress(const char *doing, size_t done, size_t all);

/* A number as people read it, 1.2K, in units of 1024; returns buf.  table.c. */
char *number_human(char *buf, size_t size, uint64_t);

/* Print a string of JSON, quotes included; other bytes than printable ASCII
 * as \u00NN. */
void json_string(const char *);

/* A member after others, `,"name":"text"'; of an empty text, null. */
void json_field(const char *name, const char *text);

#endif
