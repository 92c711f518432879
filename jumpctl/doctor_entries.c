/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: entries of the policy that have expired, or that nothing
 * uses.
 */
#include "doctor.h"

#include <err.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exit.h"

enum { DEPTH = 32 }; /* of groups in groups */
enum { WORDS_MAX = 1024 };

/* Rows of some tables that something refers to. */
struct uses {
	const struct policy *p;
	bool *targets, *tags, *groups, *windows, *keyed;
	bool *labels;  /* tags, of rules of any kind */
	bool *allowed; /* users, by an allow rule */
	bool everything, everybody;
};

static bool *
flags(const struct policy *p, enum policy_table table)
{
	bool *list = calloc(p->table[table].n + 1, sizeof(*list));

	if (list == NULL)
		err(EXIT_INTERNAL, NULL);
	return list;
}

static void
use_row(struct uses *u, bool *list, enum policy_table table, uint32_t row)
{
	if (row < u->p->table[table].n)
		list[row] = true;
}

static void
use_refs(struct uses *u, struct policy_range range)
{
	range = policy_clip(u->p, PT_REFS, range);
	for (uint32_t i = 0; i < range.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(u->p, range.first + i);

		switch (ref->kind) {
		case REF_GROUP:
			use_row(u, u->groups, PT_GROUPS, ref->index);
			break;
		case REF_TARGET:
			use_row(u, u->targets, PT_TARGETS, ref->index);
			break;
		case REF_TAG:
			use_row(u, u->tags, PT_TAGS, ref->index);
			break;
		case REF_ANYTHING:
			u->everything = true;
			break;
		case REF_WINDOW:
			use_row(u, u->windows, PT_WINDOWS, ref->index);
			break;
		default:
			break;
		}
	}
}

/* A tag is of use to a deny and a require too. */
static void
use_labels(struct uses *u, struct policy_range range)
{
	range = policy_clip(u->p, PT_REFS, range);
	for (uint32_t i = 0; i < range.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(u->p, range.first + i);

		if (ref->kind == REF_TAG)
			use_row(u, u->labels, PT_TAGS, ref->index);
	}
}

/* Those whom an allow rule names; of a Unix group, anybody may be. */
static void
use_people(struct uses *u, struct policy_range range, unsigned depth)
{
	range = policy_clip(u->p, PT_REFS, range);
	for (uint32_t i = 0; i < range.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(u->p, range.first + i);

		if (ref->kind == REF_USER)
			use_row(u, u->allowed, PT_USERS, ref->index);
		else if (ref->kind != REF_GROUP)
			u->everybody = true;
		else if (depth < DEPTH && ref->index < u->p->table[PT_GROUPS].n)
			use_people(u, policy_group(u->p, ref->index)->members,
			    depth + 1);
	}
}

static void
use_rules(struct uses *u)
{
	for (uint32_t i = 0; i < u->p->table[PT_RULES].n; i++) {
		const struct policy_rule *r = policy_rule(u->p, i);

		use_refs(u, r->who);
		use_refs(u, r->when);
		if (r->obligations & MUST_APPROVE)
			use_row(u, u->groups, PT_GROUPS, r->approvers);
		use_labels(u, r->what);
		if (r->verb != VERB_ALLOW)
			continue;
		use_refs(u, r->what);
		use_people(u, r->who, 0);
	}
}

static void
use_others(struct uses *u)
{
	for (uint32_t i = 0; i < u->p->table[PT_GROUPS].n; i++)
		use_refs(u, policy_group(u->p, i)->members);
	for (uint32_t i = 0; i < u->p->table[PT_CAS].n; i++)
		use_refs(u, policy_ca(u->p, i)->who);
	for (uint32_t i = 0; i < u->p->table[PT_KEYS].n; i++) {
		const struct policy_key *k = policy_key(u->p, i);

		if (k->kind == KEY_USER)
			use_row(u, u->keyed, PT_USERS, k->owner);
	}
}

static void
note(struct doctor *d, uint32_t name, const char *remedy, const char *what)
{
	found(d, LEVEL_NOTE, policy_string(d->policy, name), NULL, remedy, "%s",
	    what);
}

static void
check_users(struct doctor *d, const struct uses *u, time_t now)
{
	const struct policy *p = d->policy;
	bool elsewhere =
	    p->table[PT_CAS].n != 0 || policy_meta(p)->keys_from != 0;

	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		const struct policy_user *user = policy_user(p, i);
		bool device = user->flags & USER_DEVICE;

		if (user->until != 0 && user->until <= now)
			note(d, user->name,
			    "delete its lines, then jumpctl load",
			    "a user who has expired");
		else if (!u->keyed[i] && (device || !elsewhere))
			note(d, user->name, "add a key line, or delete it",
			    device ? "a device without a key: cannot log in"
				   : "a user without a key: cannot log in");
		else if (!device && !u->allowed[i] && !u->everybody)
			note(d, user->name, "give it a rule, or delete it",
			    "a user whom no allow rule names, nor a group of "
			    "it");
	}
}

static void
check_rules(struct doctor *d, time_t now)
{
	for (uint32_t i = 0; i < d->policy->table[PT_RULES].n; i++) {
		const struct policy_rule *r = policy_rule(d->policy, i);

		if (r->until != 0 && r->until <= now)
			note(d, r->name, "delete it, then jumpctl load",
			    "a rule that has expired");
	}
}

static bool
is_named(const struct uses *u, uint32_t target)
{
	struct policy_range tags =
	    policy_clip(u->p, PT_REFS, policy_target(u->p, target)->tags);

	if (u->everything || u->targets[target])
		return true;
	for (uint32_t i = 0; i < tags.n; i++) {
		const struct policy_ref *ref = policy_ref(u->p, tags.first + i);

		if (ref->index < u->p->table[PT_TAGS].n && u->tags[ref->index])
			return true;
	}
	return false;
}

static void
check_unused(struct doctor *d, const struct uses *u)
{
	const struct policy *p = d->policy;

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		if (!is_named(u, i))
			note(d, policy_target(p, i)->name,
			    "give it a rule, or delete it",
			    "a target that no allow rule names, nor a tag of "
			    "it");
	}
	for (uint32_t i = 0; i < p->table[PT_TAGS].n; i++) {
		if (!u->labels[i])
			note(d, *(const uint32_t *)policy_row(p, PT_TAGS, i),
			    "take it off its targets",
			    "a tag that no rule names");
	}
	for (uint32_t i = 0; i < p->table[PT_GROUPS].n; i++) {
		if (!u->groups[i])
			note(d, policy_group(p, i)->name, "delete it",
			    "a group that nothing names");
	}
	for (uint32_t i = 0; i < p->table[PT_WINDOWS].n; i++) {
		const struct policy_window *w = policy_row(p, PT_WINDOWS, i);

		if (!u->windows[i])
			note(d, w->name, "delete it",
			    "a window that no rule names");
	}
}

static bool
has_ssh(const struct policy *p, const struct policy_target *t)
{
	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, t->ports.first + i);

		if (port->protocol == PROTO_SSH)
			return true;
	}
	return false;
}

static void
check_host_keys(struct doctor *d)
{
	const struct policy *p = d->policy;

	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *k = policy_key(p, i);

		if (k->kind == KEY_HOST && k->owner < p->table[PT_TARGETS].n &&
		    !has_ssh(p, policy_target(p, k->owner)))
			note(d, policy_target(p, k->owner)->name,
			    "say ssh where its SSH server is, or delete it",
			    "a host key, and no ssh: nobody looks at it");
	}
}

static void
check_unix_groups(struct doctor *d)
{
	for (uint32_t i = 0; i < d->policy->table[PT_UNIXGROUPS].n; i++) {
		const char *name = policy_unixgroup(d->policy, i);
		struct names members = {0};

		names_members(&members, name);
		if (members.n == 0)
			found(d, LEVEL_NOTE, name, NULL,
			    "usermod -a -G NAME USER, or delete it",
			    "a Unix group without members");
		names_free(&members);
	}
}

/* Whether the lock keeps everybody out: any, or a group that nobody can see. */
static bool
is_all(const struct policy *p, const struct policy_lock *lock)
{
	const char *name = policy_string(p, lock->name);

	return strcmp(name, "any") == 0 ||
	    (lock->kind == REF_UNIXGROUP && getgrnam(name + 1) == NULL);
}

void
check_locks(struct doctor *d)
{
	const struct policy *p = d->policy;

	for (uint32_t i = 0; p != NULL && i < p->table[PT_LOCKS].n; i++) {
		const struct policy_lock *lock = policy_lock(p, i);
		char words[WORDS_MAX], remedy[WORDS_MAX];
		bool all = is_all(p, lock);

		snprintf(remedy, sizeof(remedy), "jumpctl unlock %s",
		    policy_string(p, lock->name));
		found(d, all ? LEVEL_WARN : LEVEL_NOTE, NULL, NULL, remedy,
		    "%s%s", lock_words(p, i, words, sizeof(words)),
		    all ? ", and so is everybody" : "");
	}
}

void
check_entries(struct doctor *d)
{
	const struct policy *p = d->policy;
	struct uses u = {.p = p};
	size_t before = d->n;
	time_t now = time(NULL);

	if (p == NULL)
		return;
	u.targets = flags(p, PT_TARGETS);
	u.tags = flags(p, PT_TAGS);
	u.groups = flags(p, PT_GROUPS);
	u.windows = flags(p, PT_WINDOWS);
	u.labels = flags(p, PT_TAGS);
	u.keyed = flags(p, PT_USERS);
	u.allowed = flags(p, PT_USERS);
	use_rules(&u);
	use_others(&u);
	check_users(d, &u, now);
	check_rules(d, now);
	check_unused(d, &u);
	check_host_keys(d);
	check_unix_groups(d);
	free(u.targets);
	free(u.tags);
	free(u.groups);
	free(u.windows);
	free(u.labels);
	free(u.keyed);
	free(u.allowed);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "no entry of the policy has expired, or is unused");
}
