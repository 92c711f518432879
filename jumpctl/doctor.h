/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: checks, and what they find.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "ctl.h"
#include "sshd.h"

/* A note is no reason to do something today. */
enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_WARN, LEVEL_FAIL };

/* One finding, of all whom it concerns.  Strings are owned. */
struct finding {
	const char *check;
	enum level level;
	char *what;
	char *place;  /* what set it, or "" */
	char *remedy; /* or "" */
	char **who;
	size_t nwho;
};

/* What users connect to: an address, or "" for any, and a port. */
struct door {
	char local[ADDR_TEXT];
	unsigned port;
};

enum { DOORS_MAX = 16 };

struct doctor {
	struct sshd sshd;
	struct policy *policy; /* in force, or NULL */
	const char *check;     /* that runs now */
	struct finding *list;  /* owned */
	size_t n;
	bool json;
	bool verbose; /* notes too */
	long pid;     /* of the running sshd, or 0 */
	bool placed; /* it was said where users come from */
	struct door doors[DOORS_MAX]; /* that sshd tells apart */
	size_t ndoors;
	bool mute;   /* no record is left */
};

/*
 * Add a finding.  who is an account that it concerns, or NULL; place and
 * remedy may be NULL.  Findings that differ only in whom they concern become
 * one.  All is copied.
 */
void found(struct doctor *, enum level, const char *who, const char *place,
    const char *remedy, const char *what, ...)
    __attribute__((format(printf, 6, 7)));

/*
 * The checks, in doctor_*.c.  One that finds nothing wrong says so itself.
 */
void check_sshd(struct doctor *);
void check_programs(struct doctor *);
void check_inner(struct doctor *);
void check_powers(struct doctor *);
void check_policy(struct doctor *);
void check_image(struct doctor *);
void check_tickets(struct doctor *);
void check_helpers(struct doctor *);
void check_entries(struct doctor *);
void check_locks(struct doctor *);
void check_names(struct doctor *);
void check_members(struct doctor *);
void check_factors(struct doctor *);
void check_administrators(struct doctor *);
void check_sessions(struct doctor *);
void check_sweeps(struct doctor *);
void check_notify(struct doctor *);
void check_log(struct doctor *);
void check_reach(struct doctor *);
void check_clock(struct doctor *);
void check_kernel(struct doctor *);
void check_dumpable(struct doctor *);
void check_firewall(struct doctor *);
void check_devices(struct doctor *);
void check_gate(struct doctor *);

/*
 * The folder in proc(5) of that process, close-on-exec: it stays that of this
 * one.  -1 if it is no sshd of root's: whoever has the number may say anything
 * of themselves, but not have root's four uids.
 */
int sshd_process(long pid);

/*
 * How it was started, if it listens: its title has "sshd: ", its words and
 * "[listener]" (sshd.c, prepare_proctitle()).  Of that, the words.
 */
enum { SSHD_TITLE = 4096 };
bool sshd_title(int process, char title[SSHD_TITLE]);

/*
 * Check that the file, and every folder above it, belongs to root and is
 * writable by nobody else: what sshd asks of programs that it runs, and we of
 * all our files.  False if it is not, or is missing; that is then found.
 */
bool safe_path(struct doctor *, const char *path);

/*
 * Have sshd asked about the next address and port that it tells apart; *n is 0
 * for the first.  False if there are no more.
 */
bool next_door(struct doctor *, size_t *n);

/* doctor_running.c: that sshd runs, with what its files say now. */
void check_running(struct doctor *, const struct sshd_answer *);

/* doctor_beside.c: what keeps users out, or lets them in, beside its files. */
void check_beside(struct doctor *, const struct sshd_answer *);

/*
 * doctor_registry.c: false if something lies in the registry of sessions that
 * is not as they make it; it is then found.
 */
bool check_registry(struct doctor *);

/* doctor_pam.c: what keeps users out in the files of PAM for sshd. */
void check_pam(struct doctor *, const struct sshd_answer *);

/*
 * Accounts, as the machine knows them.  Owned; accounts_free().
 */
struct account {
	char *name, *home, *shell;
	unsigned uid, gid;
	unsigned *groups; /* sorted, the primary one among them */
	int ngroups;
};

/* False if there is none of that name; nothing is then owned. */
bool account_find(struct account *, const char *name);
void account_free(struct account *);

/*
 * The path that a word of AuthorizedKeysFile and its like means for this
 * account: below the home if it is relative, with %h, %u, %U and %%.  The home
 * is the real one, without links.  False if there is no such path.
 */
bool account_path(
    const struct account *, const char *word, char *buf, size_t size);

/*
 * Whether the account itself may read the file, as sshd does it; asked by a
 * child with its effective ids, for which it takes root.
 */
bool account_reads(const struct account *, const char *path);

/* Whether the account can go where its home is; asked in the same way. */
bool account_enters(const struct account *);

/* Whether the account is in the group of this number, or of this name. */
bool account_has(const struct account *, unsigned gid);
bool account_in(const struct account *, const char *group);

/* Which block of sshd's is for an account. */
enum role { ROLE_OWN, ROLE_SHARED, ROLE_DEVICE };

/*
 * What keeps this account out by name: AllowUsers, DenyUsers, AllowGroups and
 * DenyGroups of the answer.  The keyword, or NULL.
 */
const char *account_kept_out(
    const struct account *, const struct sshd_answer *);

/*
 * Whether the file of RevokedKeys, if the answer names one, can be read; it is
 * then in file.
 */
bool account_revokes(const struct sshd_answer *, char *file, size_t size);

/*
 * What shadow(5) keeps an account from: all logins, or, if sshd asks PAM, all
 * but a change of its password.
 */
enum shut { SHUT_NOT, SHUT_EXPIRED, SHUT_PASSWORD, SHUT_MISSING };

enum shut account_shut(const char *name);

/* Whether the policy, if there is one, has this account: for one person, or
 * shared by several. */
bool account_in_policy(const struct policy *, const char *name, bool *shared);

/*
 * Groups whose members become root, by custom, or can, by what the group may
 * do; NULL ends them.
 */
extern const char *const ranks[], *const ladders[];

/* A list of names; owned, names_free(). */
struct names {
	char **list;
	size_t n;
};

void names_add(struct names *, const char *name);

/* Add the members of a group, also those who have it as primary group. */
void names_members(struct names *, const char *group);

/* Add those who are ours: of the group jump, and of the policy, if any. */
void names_jump(struct names *, const struct policy *);

/*
 * Add the administrators whom the firewall table of this policy holds, or
 * would hold if it had one.  doctor_firewall.c.
 */
void names_held(struct names *, const struct policy *);

/* Sort them, and keep each once. */
void names_sort(struct names *);
void names_free(struct names *);

/* doctor_members.c: what sshd would do with the accounts of devices. */
void check_device_accounts(struct doctor *, const struct names *);

/* doctor_traps.c: what is known of this version, where it bites. */
struct openssh;
void check_traps(struct doctor *, const struct openssh *);

/* Whether nft(8) shows the firewall table; false too where there is no nft. */
bool table_is_loaded(void);

#endif
