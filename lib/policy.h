/* SPDX-License-Identifier: ISC */
/*
 * The policy of jump-policy(5): its tables, and the calls on them.
 *
 * There is one representation: flat tables of rows that name each other by
 * index, a string pool, and sorted indexes.  policy_parse() builds it on the
 * heap, policy_save() writes the very same bytes, policy_open() maps them,
 * policy_evaluate() works on either.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "match.h"

#define POLICY_NONE UINT32_MAX

enum policy_table {
	PT_META,        /* one row: settings */
	PT_STRINGS,     /* bytes: NUL-terminated, offset 0 is "" */
	PT_FILES,       /* uint32_t: string, names of the source files */
	PT_USERS,       /* policy_user: users and devices */
	PT_KEYS,        /* policy_key: of users, devices, targets, authorities */
	PT_GROUPS,      /* policy_group */
	PT_UNIXGROUPS,  /* uint32_t: string */
	PT_CAS,         /* policy_ca */
	PT_TARGETS,     /* policy_target */
	PT_TAGS,        /* uint32_t: string */
	PT_WINDOWS,     /* policy_window */
	PT_SPANS,       /* policy_span: of windows */
	PT_RULES,       /* policy_rule */
	PT_TESTS,       /* policy_test */
	PT_NETS,        /* struct net: lists */
	PT_PORTS,       /* policy_port: lists */
	PT_WORDS,       /* policy_word: lists of strings */
	PT_REFS,        /* policy_ref: lists of who, what, windows, tags */
	PT_LOCKS,       /* policy_lock: no text has them, jumpctl adds them */
	PT_IX_USER,     /* policy_entry, by name */
	PT_IX_ACCOUNT,  /* policy_entry of users, by account, name */
	PT_IX_KEY,      /* policy_entry, by fingerprint */
	PT_IX_NAME,     /* policy_entry of targets: names, aliases, paths */
	PT_IX_NET,      /* policy_cover, by length, address, target */
	PT_IX_MEMBER,   /* policy_link: who -> group that has it, sorted */
	PT_IX_WHO,      /* policy_link: who -> rule, sorted */
	PT_IX_TAG,      /* policy_link: tag -> target, sorted */
	PT_IX_DOMAIN,   /* uint32_t target: the domains */
	PT_IX_HOSTKEY,  /* policy_link: target -> host key, sorted */
	PT_COUNT
};

struct policy_range {
	uint32_t first, n;
};

/* Where a statement begins: an index of PT_FILES, and its line from 1. */
struct policy_place {
	uint32_t file, line;
};

struct policy_meta {
	uint32_t timezone, contact, keys_from, ticket_program, nft; /* strings */
	uint32_t notify_program, realm; /* strings */
	uint32_t sessions;
	uint32_t gate;              /* its port; 0: none */
	struct policy_range never;  /* PT_NETS */
	struct policy_range exempt; /* PT_WORDS: accounts */
	uint32_t records;           /* how many rules want a record */
	uint32_t device_paths;      /* how many devices are at a path */
	uint64_t lengths[3];        /* bit n: PT_IX_NET has length n */
	struct policy_place place[11]; /* of each setting; line 0: not set */
	/* How many of the last PT_UNIXGROUPS and PT_STRINGS only locks use. */
	uint32_t locked_groups, locked_strings;
};

enum policy_user_flag { USER_DEVICE = 1, USER_SHARED = 2 };

struct policy_user {
	uint32_t name, account, comment; /* strings */
	uint32_t flags;
	int64_t until;                   /* seconds since the epoch, 0 none */
	struct policy_place place;
};

enum policy_key_kind { KEY_USER, KEY_HOST, KEY_CA };
enum { FINGERPRINT_BYTES = 32 };

struct policy_key {
	uint32_t kind;
	uint32_t owner;               /* PT_USERS, PT_TARGETS or PT_CAS */
	uint32_t type, blob, comment; /* strings; blob is base64 */
	uint32_t verify;              /* verify-required */
	struct policy_range from;     /* PT_NETS */
	struct policy_place place;
	uint8_t fingerprint[FINGERPRINT_BYTES]; /* SHA256 of the blob */
};

struct policy_group {
	uint32_t name;
	struct policy_range members; /* PT_REFS */
	struct policy_place place;
};

struct policy_ca {
	uint32_t name, key;      /* PT_KEYS */
	struct policy_range who; /* PT_REFS */
	struct policy_place place;
};

enum target_kind {
	TARGET_HOST, TARGET_NET, TARGET_DOMAIN, TARGET_DEVICE, TARGET_SOCKET
};
enum policy_target_flag {
	TARGET_AGENT = 1, TARGET_RESOLVES = 2, TARGET_REPLACE = 4
};
enum { ADDRESSES_MAX = 16, NAME_TEXT = 129, PATH_TEXT = 108 };

struct policy_target {
	uint32_t kind;
	uint32_t name, path, account, comment; /* strings */
	uint32_t flags;                /* TARGET_RESOLVES is of the name */
	struct policy_range nets;      /* PT_NETS; single addresses of a host */
	struct policy_range ports;     /* PT_PORTS */
	struct policy_range patterns;  /* PT_WORDS */
	struct policy_range aliases;   /* PT_WORDS */
	struct policy_range tags;      /* PT_REFS */
	struct policy_place place;
};

enum policy_protocol { PROTO_SSH, PROTO_TCP };

/* The port of a path is 0. */
struct policy_port {
	uint16_t port, protocol;
};

/* RESOLVES: the load found the alias in /etc/hosts with our addresses. */
struct policy_word {
	uint32_t string, resolves;
};

struct policy_window {
	uint32_t name;
	uint32_t days;       /* mask from monday; 0: one span a week */
	uint32_t start, end; /* as written: minutes of the day or the week */
	struct policy_range spans; /* PT_SPANS: what they come to */
	struct policy_place place;
};

/* Minutes of the week from monday 00:00; start < end <= WEEK_MINUTES. */
enum { DAY_MINUTES = 24 * 60, WEEK_MINUTES = 7 * 24 * 60 };
struct policy_span {
	uint32_t start, end;
};

enum ref_kind {
	REF_USER, REF_GROUP, REF_UNIXGROUP, REF_ANYONE, /* who */
	REF_TARGET, REF_TAG, REF_ANYTHING,              /* what */
	REF_WINDOW
};

struct policy_ref {
	uint32_t kind;
	uint32_t index;
	uint32_t port; /* 0: each declared port */
};

enum policy_verb { VERB_ALLOW, VERB_DENY, VERB_REQUIRE };
enum policy_road { ROAD_FORWARD, ROAD_CONNECT, ROAD_SHELL, ROAD_COUNT };
enum policy_obligation {
	MUST_MFA = 1 << 0,
	MUST_TICKET = 1 << 1,
	MUST_APPROVE = 1 << 2,
	MUST_RECORD = 1 << 3,
	MUST_CONSENT = 1 << 4,
	MUST_NOTIFY = 1 << 5,
	MUST_MAX = 1 << 6,
	MUST_IDLE = 1 << 7,
	MUST_DURATION = 1 << 8,
};
enum { OBLIGATIONS = 9 };

struct policy_rule {
	uint32_t verb;
	uint32_t name;
	struct policy_range who, what;   /* PT_REFS */
	uint32_t roads;                  /* bits 1 << ROAD_; 0: all */
	struct policy_range from;        /* PT_NETS */
	struct policy_range when;        /* PT_REFS */
	struct policy_range as;          /* PT_WORDS */
	int64_t until;
	uint32_t obligations;
	struct policy_range tickets;     /* PT_WORDS */
	uint32_t approvers;              /* PT_GROUPS */
	uint32_t approved_for, max, idle, duration; /* seconds, but max */
	struct policy_place place;
};

enum policy_action { ACTION_DENY, ACTION_ASK, ACTION_ALLOW };

struct policy_test {
	uint32_t user, target; /* strings, as written */
	uint32_t port;
	uint32_t road;         /* or POLICY_NONE */
	uint32_t from, as;     /* strings, 0 none */
	int64_t at;
	uint32_t timed;        /* at was given */
	uint32_t action;
	uint32_t exact;        /* obligations were given */
	uint32_t obligations;
	struct policy_place place;
};

/*
 * Somebody who has no rights until unlocked.  A user is meant by name, which
 * the policy need not have: by the name of the user or of the account.  index
 * is that of the group or Unix group, POLICY_NONE if the policy has none.
 */
struct policy_lock {
	uint32_t kind; /* REF_USER, REF_GROUP, REF_UNIXGROUP, REF_ANYONE */
	uint32_t name, index;
	uint32_t by, reason; /* strings */
	int64_t since;
};

/*
 * An index is sorted by hash, then by what is hashed, so that a search reads
 * one small table, and what the rows hold only at its end.
 */
struct policy_entry {
	uint32_t hash;   /* of the string, or the fingerprint's first bytes */
	uint32_t string; /* 0 for a key */
	uint32_t row;
};

struct policy_cover {
	struct net net;
	uint32_t target;
};

struct policy_link {
	uint32_t kind, index; /* as in policy_ref */
	uint32_t to;
};

struct policy_image; /* policy_db.c: the mapping and what is verified */

struct policy_rows {
	void *rows;
	uint32_t n, room;
};

struct policy {
	struct policy_rows table[PT_COUNT];
	struct policy_image *image; /* NULL: built by policy_parse() */
	uint8_t hash[FINGERPRINT_BYTES]; /* of all tables, set when saved */
	int64_t loaded_at;
	char loaded_by[64];
	int64_t hosts_changed; /* ctime of /etc/hosts at load, ns; 0: no file */
};

/*
 * policy.c: rows.
 *
 * Every access to a row passes policy_row(): an index beyond the table, or
 * a part of the image whose checksum is wrong, gives a row of zeros and marks
 * the policy as damaged for good.  policy_evaluate() denies on a damaged
 * policy, so that no caller needs to look at each row.
 */
struct policy *policy_new(void);
void policy_free(struct policy *);
size_t policy_row_size(enum policy_table);
const void *policy_row(const struct policy *, enum policy_table, uint32_t);
bool policy_damaged(const struct policy *);

/* The string at an offset of PT_STRINGS; "" if there is none. */
const char *policy_string(const struct policy *, uint32_t);

/* The range if it lies in the table, else an empty one, and damaged. */
struct policy_range policy_clip(
    const struct policy *, enum policy_table, struct policy_range);

const struct policy_meta *policy_meta(const struct policy *);
const struct policy_user *policy_user(const struct policy *, uint32_t);
const struct policy_key *policy_key(const struct policy *, uint32_t);
const struct policy_group *policy_group(const struct policy *, uint32_t);
const struct policy_ca *policy_ca(const struct policy *, uint32_t);
const struct policy_target *policy_target(const struct policy *, uint32_t);
const struct policy_rule *policy_rule(const struct policy *, uint32_t);
const struct policy_ref *policy_ref(const struct policy *, uint32_t);
const struct policy_lock *policy_lock(const struct policy *, uint32_t);
const char *policy_word(const struct policy *, uint32_t);
const char *policy_unixgroup(const struct policy *, uint32_t);

/* Look up by name; POLICY_NONE if there is none. */
uint32_t policy_find_user(const struct policy *, const char *name);
uint32_t policy_find_target(const struct policy *, const char *name);

/* One of the users or devices with this Unix account, or POLICY_NONE. */
uint32_t policy_find_account(const struct policy *, const char *account);

/* Whether several users share this Unix account. */
bool policy_account_shared(const struct policy *, const char *account);

/* Whether it could be the name of a user, in quotes. */
bool policy_person_name(const char *);

/* The user (or device) key with this fingerprint, or POLICY_NONE. */
uint32_t policy_find_key(
    const struct policy *, const uint8_t fingerprint[FINGERPRINT_BYTES]);

/*
 * The same, by a fingerprint as sshd(8) writes it, SHA256:...: its row, or
 * POLICY_NONE.  False if it is no such text.
 */
bool policy_fingerprint(
    const struct policy *, const char *fingerprint, uint32_t *row);

/* Whether this user has the key with that fingerprint, SHA256:... */
bool policy_has_key(
    const struct policy *, const char *fingerprint, uint32_t user);

/* The rows of an index of links that belong to kind and index. */
struct policy_range policy_links(const struct policy *, enum policy_table,
    uint32_t kind, uint32_t index);

/* Whether the target declares the port (0 for a path), and the protocol. */
bool policy_declares(const struct policy *, const struct policy_target *,
    uint16_t port, enum policy_protocol *);

/* Whether one of the networks of the range has the address. */
bool policy_nets_have(
    const struct policy *, struct policy_range, const struct addr *);

/* Whether the name matches one of a domain's patterns. */
bool policy_name_matches(
    const struct policy *, const struct policy_target *, const char *name);

/* The words of the language for these, in the order of their bits. */
extern const char *const policy_road_names[ROAD_COUNT];
extern const char *const policy_action_names[];
extern const char *const policy_verb_names[];
extern const char *const policy_obligation_names[OBLIGATIONS];

/*
 * policy_parse.c: text to tables.
 */
struct policy_source {
	const char *name; /* for messages */
	const char *text; /* size bytes, no NUL needed */
	size_t size;
};

struct policy_message {
	bool warning;
	uint32_t source, line, column, width; /* line 0: no place */
	char what[512];
	char hint[128]; /* "" if there is none */
};

enum { MESSAGES_MAX = 200 };

/* All that one run found, in order of place once policy_parse() returns. */
struct policy_report {
	struct policy_message *messages; /* owned; policy_report_clear() */
	size_t n, errors, warnings;
};

void policy_report_clear(struct policy_report *);

/*
 * Parse and check all sources as one policy.  Returns a policy that the
 * caller frees, or NULL if there was an error; the report tells, also of
 * warnings.  NULL without an error means that memory ran out.
 */
struct policy *policy_parse(
    const struct policy_source *, size_t n, struct policy_report *);

/* Whether a word is one of the language: as a name it stands in quotes. */
bool policy_reserved(const char *);

/* Read a time as the language writes it: seconds since the epoch. */
bool policy_time_parse(int64_t *, const char *);

/*
 * policy_print.c: write the policy as text that parses back to it.
 * Returns 0, or -1 if writing failed.
 */
int policy_print(const struct policy *, FILE *);

/*
 * policy_db.c: the compiled image.
 */
enum policy_error {
	POLICY_OK,
	POLICY_MISSING,  /* there is no image */
	POLICY_UNSAFE,   /* not a regular file, or others may write to it */
	POLICY_VERSION,  /* made by another version: run jumpctl load */
	POLICY_BROKEN,   /* damaged, or not an image */
	POLICY_SYSTEM,   /* see errno */
};

/*
 * Open an image for reading.  owner is the uid that must own it (root, or
 * the caller's own in tests).  On success *p is the caller's to free.
 */
enum policy_error policy_open(
    const char *path, unsigned owner, struct policy **p);
const char *policy_strerror(enum policy_error);

/* When /etc/hosts was changed last: nanoseconds, 0 if there is none. */
int64_t policy_hosts_changed(void);


/* Look at every part of an image now; false if any is damaged. */
bool policy_verify(const struct policy *);

/* Write the image to a descriptor; sets p->hash.  0 or -1 with errno. */
int policy_save(struct policy *, int fd);

/* First 16 hexadecimal digits of the hash, as logs carry it. */
void policy_hash_text(const struct policy *, char buf[17]);

/*
 * policy_eval.c: the decision.
 */
enum truth { TRUTH_NO, TRUTH_UNCERTAIN, TRUTH_YES };

/*
 * Somebody's approval: of which group they are, and what it is of.  It counts
 * from its beginning to its end, and for each rule for no longer than that says.
 */
enum approval_of {
	APPROVAL_ANYTHING, /* at any time too: what could be approved */
	APPROVAL_TARGET,   /* what is certainly this target */
	APPROVAL_ADDRESS,  /* this address really used */
	APPROVAL_NAME,     /* this DNS name, as asked */
};

struct policy_approval {
	uint32_t group;     /* PT_GROUPS */
	enum approval_of of;
	uint32_t target;    /* PT_TARGETS */
	struct addr addr;
	const char *name;
	uint16_t port;      /* 0 for a path */
	const char *as;     /* login on the target; NULL: it plays no part */
	const char *ticket; /* that was given with it, or NULL */
	int64_t from, until;
};

/* Everything a decision depends on; the evaluation looks at nothing else. */
struct policy_request {
	uint32_t user;              /* or POLICY_NONE: no user line */
	const char *account;        /* the Unix account; NULL: not known */
	const uint8_t *unixgroups;  /* enum truth for each of PT_UNIXGROUPS */
	enum policy_road road;
	const char *asked;          /* name as asked, lower case; or NULL */
	const char *path;           /* path really used; NULL: the address */
	struct addr addr;           /* address really used */
	uint16_t port;              /* 0 for a path */
	bool presume;               /* address not known yet: judge a DNS name
	                               by the domains that it matches alone */
	const struct addr *from;    /* or NULL */
	const char *as;             /* login on the target, or NULL */
	time_t now;
	uint32_t minute;            /* of the week in the policy's zone */
	bool mfa;
	bool swept;                 /* jumpctl sweep runs: forward holds ends */
	bool gate;                  /* forward goes through jump-connect -G */
	const char *ticket;         /* or NULL */
	const struct policy_approval *approvals;
	size_t napprovals;
	const struct addr *own;     /* addresses of this machine */
	size_t nown;
};

enum policy_reason {
	REASON_NONE,          /* allow */
	REASON_DAMAGED,       /* the policy is unusable */
	REASON_LIMIT,         /* too many covers, groups or limits */
	REASON_NOT_A_USER,    /* no account of the policy */
	REASON_LOCKED,        /* by jumpctl lock */
	REASON_EXPIRED,       /* the user's until has come */
	REASON_END_NOT_HELD,  /* the road cannot hold the user's until */
	REASON_NEVER,         /* an address that is never reached */
	REASON_DENIED,        /* by a deny rule */
	REASON_NO_RULE,       /* nothing matches */
	REASON_NOT_SSH,       /* the road shell, and no port of ssh */
	REASON_NOT_HELD,      /* the road cannot hold an obligation */
	REASON_UNMET,         /* ask: something is to be done first */
};

enum { VERDICT_RULES = 32, VERDICT_LIMITS = 32, VERDICT_APPROVERS = 16 };

struct policy_match {
	uint32_t rule;
	uint32_t truth; /* of the rule; TRUTH_NO: an allow that failed only
	                   for its conditions or its road */
};

/* A group of which somebody must approve, for so many seconds at most. */
struct policy_approver {
	uint32_t group;    /* PT_GROUPS */
	uint32_t seconds;
	uint32_t approval; /* of the request, that counts; or POLICY_NONE */
};

struct policy_verdict {
	enum policy_action action;
	enum policy_reason reason;
	uint32_t rule;          /* that decided, or POLICY_NONE */
	uint32_t obligations;   /* that bind */
	uint32_t unmet;         /* of these, what is to be done first */
	uint32_t unheld;        /* of these, what the road cannot hold */
	uint32_t idle, duration; /* seconds, 0 none */
	uint32_t max;           /* the smallest of the limits, 0 none */
	uint32_t nlimits;
	uint32_t limits[VERDICT_LIMITS]; /* all rules with max that bind */
	uint32_t napprovers;
	struct policy_approver approvers[VERDICT_APPROVERS]; /* all that bind */
	bool timed;             /* another time could give another verdict */
	uint32_t nmatches;
	struct policy_match matches[VERDICT_RULES]; /* the first ones */
};

/*
 * Decide.  Pure: no memory, clock, look-up or errno; starts from deny.
 * Source: jump-policy(5), "HOW A REQUEST IS JUDGED".
 */
void policy_evaluate(const struct policy *, const struct policy_request *,
    struct policy_verdict *);

/*
 * Call each(arg, target, certain) for every target that covers the request.
 */
void policy_covers(const struct policy *, const struct policy_request *,
    void (*each)(void *arg, uint32_t target, bool certain), void *arg);

/*
 * The lock that binds the request's user, an index of PT_LOCKS, or
 * POLICY_NONE.  Whoever is locked has no rights, and cannot log in.
 */
uint32_t policy_locked(const struct policy *, const struct policy_request *);

/*
 * Call each(arg, target) for every target that an allow rule for one of the
 * roads (bits of 1 << ROAD_) names for this user, some more than once; which of them pass is policy_evaluate()'s to say.
 */
void policy_candidates(const struct policy *, const struct policy_request *,
    uint32_t roads, void (*each)(void *arg, uint32_t target), void *arg);

/*
 * Call each(arg, blob), in base64, for every host key of every target that
 * covers the request and declares its port as one that SSH speaks on.  A
 * damaged policy is told by policy_damaged().
 */
void policy_hostkeys(const struct policy *, const struct policy_request *,
    void (*each)(void *arg, const char *blob), void *arg);

/*
 * Whether the request's user is one of these people, and whether it is an
 * account of the policy at all.  TRUTH_NO too if the policy is damaged, or
 * the user is in too many groups.
 */
enum truth policy_has_person(const struct policy *,
    const struct policy_request *, struct policy_range who);
enum truth policy_has_account(
    const struct policy *, const struct policy_request *);

/* When an approval ends that is given for this rule. */
int64_t policy_approval_end(
    const struct policy_approval *, const struct policy_rule *);

/* What a road of this version can hold, bits of enum policy_obligation. */
uint32_t policy_road_holds(const struct policy *, enum policy_road);

/* What some rule of the policy obliges to, the same bits. */
uint32_t policy_obligations(const struct policy *);

/*
 * Whether there is a right on the road forward that ends, and so wants sweeps.
 */
bool policy_ends_forward(const struct policy *);

/*
 * Whether a session may have to be recorded; false too without a policy, or
 * with one that is damaged.
 */
bool policy_records(const struct policy *);

/* Whether there are devices at a path; as policy_records(). */
bool policy_has_device_paths(const struct policy *);

/* The reason in words for a log or an administrator. */
const char *policy_reason_text(enum policy_reason);

#endif
