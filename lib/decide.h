/* SPDX-License-Identifier: ISC */
/*
 * One decision for every program: enforcement, list, why, explain and the
 * tests of a policy all come through here to policy_evaluate().
 */
#ifndef DECIDE_H
#define DECIDE_H

#include <sys/types.h>

#include "target.h"

/*
 * Who asks.  Filled by person_find(); unixgroups and own are owned,
 * person_free() frees them.
 */
struct person {
	const struct policy *policy;
	const char *account;    /* the Unix account; the caller's string */
	uint32_t user;          /* or POLICY_NONE: no user line */
	const char *name;       /* the user's, else the account's */
	uint8_t *unixgroups;
	struct addr *own;       /* addresses of this machine */
	size_t nown;
};

enum person_error {
	PERSON_OK,
	PERSON_UNKNOWN,  /* person_identify() failed */
	PERSON_SYSTEM,   /* person_look_up() failed */
};

/*
 * Look up what the machine knows of a Unix account: its Unix groups
 * (getgrouplist(3), getgrnam_r(3)), and this machine's addresses
 * (getifaddrs(3)).  gid is the account's primary group.  0, or -1 if memory
 * or the addresses are not to be had; nothing is then owned.
 */
int person_look_up(struct person *, const struct policy *,
    const char *account, gid_t gid);

/*
 * Find the user behind the account, without a look-up: the one of its name,
 * or for a shared account the one that id names (NULL otherwise).  -1 if id
 * is not declared with this account, if a shared account comes without one,
 * or for a device's account.
 */
int person_identify(struct person *, const char *id);

/*
 * Find the device of that name, which has this account; without a look-up.  0,
 * or -1.
 */
int person_identify_device(struct person *, const char *name);

/* The groups that only our programs are to be in, and what that would give. */
struct power {
	const char *group, *gives, *refusal;
};
enum { POWERS = 3 };
extern const struct power powers[POWERS];

/*
 * Why the account, of this primary group, is not to log in: it is in one of
 * them (getgrouplist(3), getgrnam_r(3)), or that cannot be known.  NULL if it
 * is in none; a group that there is not has no members.  A literal.
 */
const char *person_power(const char *account, gid_t gid);

/* person_look_up() and one of these. */
enum person_error person_find(struct person *, const struct policy *,
    const char *account, gid_t gid, const char *id);
enum person_error person_find_device(struct person *, const struct policy *,
    const char *account, gid_t gid, const char *name);

/* Whether the person may have any rights now; else why not. */
bool person_has_rights(const struct person *, enum policy_reason *why);
void person_free(struct person *);

/*
 * The clock of the policy's zone.  decide_zone() sets TZ once for the process
 * and returns false if the zone is not on this machine: then nobody is let
 * in.  decide_minute() is the minute of the week in it.
 */
bool decide_zone(const struct policy *);
uint32_t decide_minute(time_t);

/* One address (or the path) of what was asked for, judged. */
struct choice {
	struct addr addr;
	struct policy_verdict verdict;
};

struct decision {
	enum policy_action action;      /* the best of the choices */
	struct policy_verdict verdict;  /* of the first with that action */
	const char *path;               /* to connect to, or NULL */
	bool lookup;    /* deny so far, but a DNS name that may be looked up:
	                   do that, and decide again with its addresses */
	size_t n;
	struct choice choices[ADDRESSES_MAX];
};

/*
 * Fill a request with what the person, the road and the time say; the caller
 * adds from, as, mfa, ticket and approvals.  Presumes that the gate stands if
 * the policy has one and the account is one person's.
 */
void decide_request(struct policy_request *, const struct person *,
    enum policy_road, time_t now);

/*
 * Decide about each address of what is asked.  resolved are the addresses of
 * a DNS name after a look-up, NULL before; more than ADDRESSES_MAX deny.
 * Without a port in asked, only a path is permitted.
 */
void decide(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct addr *resolved, size_t n,
    struct decision *);

/*
 * When the verdict of this choice ends: the first second at which it is no
 * longer allow, or at which idle or duration are shorter.  0: never, as far
 * as the policy says now.  Pure but for the zone.
 */
time_t decide_end(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct choice *, const char *path);

/*
 * When what is denied now is first allowed, or may be asked for, as far as
 * the policy says now: at most 16 days after the last of the ends of rules
 * that forbid something (of which the next 64 count).  0: not in that time.
 * Pure but for the zone.
 */
time_t decide_begin(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct decision *);

/*
 * The host keys that the target of a choice may have: in base64, strings
 * of the policy in an array that the caller frees.  How many, 0 (and NULL) if none is declared, or -1
 * without memory or if the policy is damaged.
 */
ssize_t decide_hostkeys(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct choice *, const char *path,
    const char ***keys);

/*
 * What a choice is called: the name in the policy of the host, device or
 * socket that was asked for, or else of the first that covers it; or what was
 * asked for, of a net or a domain.
 */
const char *decide_name(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct choice *, const char *path);

/*
 * The device that a choice is: one at the address and port, or at the path; or
 * POLICY_NONE.
 */
uint32_t decide_device(const struct policy *, const struct policy_request *,
    const struct target *asked, const struct choice *, const char *path);

/* The refusal that a user sees, without its reference; one line. */
const char *decide_contact(const struct policy *);

#endif
