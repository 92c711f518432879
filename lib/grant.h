/* SPDX-License-Identifier: ISC */
/*
 * Access on request: who asked for what, and who approved or refused it, as
 * small files in one folder.
 *
 * The folder is root's with the group _jump (mode 3773): everybody may add
 * files, which get that group, only that group reads them, and nobody but
 * their owner and root takes them away.  It lies in a folder that only _jump
 * gets into, so that users come to it by jump-shell alone.
 *
 *   UID.r.SLOT      a request of this uid, in one of its 64 places
 *   UID.a.UID.SLOT  what the first uid has answered to that of the second
 *   UID.t.NONCE     one that is being written
 *   n.NONCE         a request that must not be brought back; no text
 *
 * A file counts if it is regular, has one link, the mode 0640, the group and
 * the device of the folder, the owner that its name begins with, and a text as
 * the functions below write it, to the byte.  The owner is its author: an
 * owner alone would be no proof, since a file of theirs that others may write
 * to can be renamed into the folder, but such a file has another group.
 *
 * Texts are lines of a word, a space and a value in printable ASCII, "-" for
 * none, in this order:
 *
 *   jump-request 2          jump-approval 2, or jump-refusal 2
 *                           by NAME
 *                           at SECONDS
 *   user NAME               the same, to the byte
 *   account NAME
 *   realm NAME
 *   target NAME
 *   address ADDRESSES or PATH
 *   port NUMBER
 *   login NAME
 *   ticket ID
 *   seconds NUMBER
 *   from SECONDS
 *   until SECONDS
 *   nonce LETTERS
 *   source ADDRESS
 *   reason TEXT
 *
 * Realm and address are what the policy meant by the target when it was asked
 * for: who approves reads them, and nothing counts where it means another.
 *
 * An approval may end in a signature of all that stands before it.  Then the
 * signature alone makes it count, as the word of whom it is by, whoever owns
 * the file; and if it is not a good one, it counts for nothing.
 */
#ifndef GRANT_H
#define GRANT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "decide.h"

#define GRANT_DIRECTORY STATEDIR "/requests"
#define GRANT_SIGNATURE "-----BEGIN SSH SIGNATURE-----\n"

enum {
	GRANT_SLOTS = 64,    /* requests of one uid, at most */
	GRANT_FILE = 4096,   /* bytes of a file, at most */
	GRANT_FILES = 16384, /* that are read at once */
	GRANT_NONCE = 16,    /* letters of a-z2-7 */
	GRANT_ID = 6,	     /* of them, where they tell requests apart */
	GRANT_NAME = 132,    /* room for a user, an account, a login */
	GRANT_TARGET = 260,
	GRANT_TICKET = 65,
	GRANT_REASON = 201,
	GRANT_ADDRESS = ADDRESSES_MAX * ADDR_TEXT,
	GRANT_FRESH = 60, /* seconds for which what was read is used */
	GRANT_WAIT =
	    24 * 3600, /* seconds for which a request can be approved */
	GRANT_LONGEST = 366 * 24 * 3600
};

/* What a policy means by the name of a target. */
struct grant_meaning {
	char realm[NAME_TEXT];	     /* of the policy */
	char address[GRANT_ADDRESS]; /* all, sorted, with spaces; or its path */
};

/* What is asked for.  Strings are "" for none. */
struct grant_tuple {
	char user[GRANT_NAME], account[GRANT_NAME];
	struct grant_meaning meaning;
	char target[GRANT_TARGET]; /* its name, an address, or a DNS name */
	char login[GRANT_NAME], ticket[GRANT_TICKET];
	char nonce[GRANT_NONCE + 1];
	char source[ADDR_TEXT];
	char reason[GRANT_REASON];
	uint16_t port;	     /* 0: a path */
	uint32_t seconds;    /* that it is wanted for, from the approval on */
	int64_t from, until; /* when it was asked for; the end, at the latest */
};

struct grant_request {
	uid_t uid; /* its author's */
	uint32_t slot;
	ino_t inode;
	struct grant_tuple tuple;
};

struct grant_answer {
	uid_t uid;   /* its author's */
	uid_t about; /* whose request it is, and in which place */
	uint32_t slot;
	bool refusal;
	char by[GRANT_NAME];
	int64_t at;
	struct grant_tuple tuple;
	char *signature; /* with GRANT_SIGNATURE; NULL: none */
	bool verified;	 /* grant_answer_verify() found it good */
};

struct grants {
	struct grant_request *requests; /* owned, as are the answers */
	size_t nrequests;
	struct grant_answer *answers;
	size_t nanswers;
	size_t odd; /* files that do not count */
	bool more;  /* there were more than GRANT_FILES */
};

/*
 * grant_text.c: texts.  Pure.
 */

/*
 * Write the lines of a tuple: their length, or -1 if they do not fit or a
 * value is not one that can stand there.
 */
int grant_tuple_print(char *, size_t size, const struct grant_tuple *);

/*
 * Read the lines of a tuple at the beginning of a text: how many bytes they
 * are, or -1 unless grant_tuple_print() would write the very same.
 */
int grant_tuple_parse(struct grant_tuple *, const char *text);
bool grant_tuple_equal(const struct grant_tuple *, const struct grant_tuple *);

/* The text of a whole file; of an answer, all but the signature. */
int grant_request_print(char *, size_t size, const struct grant_tuple *);
int grant_answer_print(char *, size_t size, const struct grant_answer *);

/*
 * Read the text of a whole file, with no NUL in it.  Sets what stands there
 * and nothing else; false if it is not to the byte as it would be written.
 */
bool grant_request_parse(struct grant_request *, const char *text);
bool grant_answer_parse(struct grant_answer *, const char *text);

/* Whether it is an approval of the version before, which had no meaning. */
bool grant_answer_is_old(const char *text);

/* Whether all of the id, GRANT_ID letters at least, begins the nonce. */
bool grant_id_matches(const char *id, const struct grant_tuple *);

/* How many letters tell this request apart from the others, GRANT_ID at least.
 */
int grant_id_length(const struct grants *, const struct grant_request *);

/* "2h": returns buf.  And the groups of which somebody must still approve. */
enum { GRANT_SPAN = 16, GRANT_GROUPS = 300 };
const char *grant_span(uint32_t seconds, char buf[GRANT_SPAN]);
const char *grant_groups(const struct policy *, const struct policy_verdict *,
    char buf[GRANT_GROUPS]);

/* "plc7:502" */
const char *grant_target_text(
    const struct grant_tuple *, char *buf, size_t size);

/*
 * grant.c: the folder.
 */

/*
 * Open the folder to read, with the group _jump, and to write later, without.
 * It must be a folder of owner's (root's) with the mode 3773.  A descriptor
 * (close-on-exec), or -1 with errno: EPERM if it is not as it must be.
 */
int grants_open(const char *path, uid_t owner);

/*
 * Read the requests of one uid and the answers to them, or with GRANT_ANYBODY
 * all that are there.  0, or -1 with errno; nothing is then owned.
 */
#define GRANT_ANYBODY ((uid_t)-1)
int grants_read(struct grants *, int dir, uid_t whose);
void grants_free(struct grants *);

/* A new nonce.  0, or -1 without random numbers. */
int grant_nonce(char nonce[GRANT_NONCE + 1]);

/*
 * Write a request of uid, the effective one.  Its place, or -1 with errno:
 * EUSERS if all are taken.
 */
int grants_request(int dir, uid_t uid, const struct grant_tuple *);

/*
 * Write an answer, in place of an earlier one of the same author to the same
 * request.  0, or -1 with errno.
 */
int grants_answer(int dir, const struct grant_answer *);

/*
 * Take a request away, or an answer, unless another has taken its place.
 * 0, or -1 with errno.
 */
int grants_withdraw(int dir, const struct grant_request *);
int grants_withdraw_answer(int dir, const struct grant_answer *);

/*
 * See to it that a request is not brought here again by a signed approval once
 * it is taken away: somebody has refused or withdrawn it.  0, or -1 with errno.
 * And whether that was done; true if it cannot be told.
 */
int grants_end(int dir, const struct grant_tuple *);
bool grants_ended(int dir, const struct grant_tuple *);

/*
 * Remove all but these requests and the answers to them, unless it was made in
 * the last minute: what is left of a writer that was killed, and junk.  The
 * number removed, or -1 with errno.
 */
ssize_t grants_clean(int dir, const struct grants *, time_t now);

/*
 * grant_verify.c: signatures.  Runs ssh-keygen(1): see signature_good() for
 * what its answer is worth.
 */
enum {
	GRANT_SIGNATURES = 64, /* that are looked at at once */
	GRANT_PATIENCE = 3     /* seconds after which no more are begun */
};

/*
 * Whether an approval is signed by a key that the policy has for whom it is
 * by; that is also noted in it.  Nothing else of it is judged.
 */
bool grant_answer_verify(const struct policy *, struct grant_answer *);

/*
 * Do so with those that answer what stands now, if genuine: the answers to requests of
 * one uid, or with GRANT_ANYBODY to all.
 */
void grants_verify(struct grants *, const struct policy *, uid_t whose,
    time_t now);

/*
 * Whether a request that is not at its end has an answer whose signature is
 * not known to be good: it may be, by another policy, or if there is time to
 * look.
 */
bool grants_in_doubt(
    const struct grants *, const struct grant_request *, time_t now);

/*
 * grant_judge.c: what counts, by the policy in force.  Looks people up.
 */

/* The approvals that count for somebody.  Their strings are the grants'. */
struct grant_list {
	struct policy_approval *list;	  /* owned; grant_list_free() */
	const struct grant_answer **from; /* owned; of each, what it rests on */
	size_t n;
};

/*
 * The approvals that count now for those who have this account and uid.  0, or
 * -1 without memory: the list is then empty.
 */
int grants_judge(const struct grants *, const struct policy *,
    const char *account, uid_t uid, time_t now, struct grant_list *);

/* Keep those of this user only, of several who share the account. */
void grant_list_keep(struct grant_list *, const char *user);
void grant_list_free(struct grant_list *);

/* What somebody was granted, and what that rests on. */
struct grant_rights {
	time_t read; /* CLOCK_BOOTTIME */
	struct grants grants;
	struct grant_list list;
};

/*
 * Read what is about this uid from GRANT_DIRECTORY, with the group _jump, and
 * verify signatures by the policy, if there is one.  What cannot be read grants
 * nothing.
 */
void grant_rights_read(
    struct grant_rights *, const struct policy *, uid_t uid);

/*
 * Whether it was read too long ago to go by: its process may have been stopped
 * since, to keep what is refused or taken back meanwhile.
 */
bool grant_rights_old(const struct grant_rights *);

/* Judge it, for the user or for all on the account, and fill the request. */
void grant_rights_judge(struct grant_rights *, const struct policy *,
    const char *account, uid_t uid, time_t now);
void grant_rights_give(
    struct grant_rights *, const struct person *, struct policy_request *);
void grant_rights_free(struct grant_rights *);

/* The ticket of the approvals that a verdict rests on; NULL: there is none. */
const char *grant_ticket(
    const struct grant_list *, const struct policy_verdict *);

/*
 * Which approvals a verdict rests on: their ids and who gave them, each with a
 * comma after the one before; "" for none.  What does not fit is left out.
 */
enum { GRANT_BASIS = 128 };
void grant_basis(const struct grant_list *, const struct policy_verdict *,
    char ids[GRANT_BASIS], char by[GRANT_BASIS]);

/*
 * Whether this person may approve for the group: a certain member, an account
 * of one person, not locked, not expired.
 */
bool grant_may_approve(const struct person *, uint32_t group, time_t now);

/* The same with a signature: the account may be that of several people. */
bool grant_may_sign(const struct person *, uint32_t group, time_t now);

/* What becomes of a request. */
enum grant_state {
	GRANT_VOID, /* no approval can open it: its author may not have it */
	GRANT_OVER,
	GRANT_REFUSED,
	GRANT_WAITS,
	GRANT_OPEN
};

struct grant_view {
	enum grant_state state;
	struct policy_verdict verdict; /* with the groups that must approve */
	const struct grant_answer *by; /* of the last answer that counts */
	int64_t end;		       /* of what is open; else until when */
};

/* Judge it, as its author, on each road. */
void grant_look(const struct policy *, const struct grants *,
    const struct grant_request *, time_t now, struct grant_view *);

/*
 * The best verdict about a target, with these approvals, on any road and with
 * any login, as if there was a second factor.  ticket and from may be NULL.
 */
struct grant_question {
	const struct policy_approval *approvals;
	size_t napprovals;
	const char *ticket;
	const struct addr *from;
	time_t now;
};
void grant_verdict(const struct person *, const struct target *,
    const struct grant_question *, struct policy_verdict *best);

/* The target of a tuple, to be decided about; false if it is none. */
bool grant_target(const struct grant_tuple *, struct target *);

/*
 * What the policy means by the target of a tuple, by nothing but its name; and
 * whether that is what the tuple says.
 */
void grant_mean(
    const struct policy *, const struct grant_tuple *, struct grant_meaning *);
bool grant_means(const struct policy *, const struct grant_tuple *);

/*
 * grant_print.c: lists for people.
 */
extern const char *const grant_state_names[];

enum { GRANT_TIME = 40, GRANT_COLUMNS = 7, GRANT_CELL = 340 };
enum grant_time_form { GRANT_TIME_SHORT, GRANT_TIME_FULL, GRANT_TIME_ISO };

/* A time in the zone of the process; returns buf. */
const char *grant_time(
    int64_t when, enum grant_time_form, char buf[GRANT_TIME]);

struct grant_line {
	const struct grant_request *request;
	char cell[GRANT_COLUMNS][GRANT_CELL];
};

/* One line; and all of them, oldest first, as a table or with tabs. */
void grant_line_fill(struct grant_line *, const struct policy *,
    const struct grants *, const struct grant_request *,
    const struct grant_view *, bool table);
void grant_lines_print(FILE *, struct grant_line *, size_t n, bool table);

#endif
