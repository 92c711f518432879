/* SPDX-License-Identifier: ISC */
/*
 * Whether groups that must approve have somebody who can.
 */
#include "ctl.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

struct members {
	const struct policy *p;
	struct policy_range who;
	uint8_t *none, *all; /* of the Unix groups */
};

static bool
has(const struct members *m, uint32_t user, const uint8_t *groups)
{
	struct policy_request q = {.user = user, .unixgroups = groups};

	return policy_has_person(m->p, &q, m->who) == TRUTH_YES;
}

/* The first member, with or without the flag of a shared account. */
static uint32_t
find(const struct members *m, bool shared)
{
	for (uint32_t i = 0; i < m->p->table[PT_USERS].n; i++) {
		uint32_t flags = policy_user(m->p, i)->flags;

		if (!(flags & USER_DEVICE) &&
		    !(flags & USER_SHARED) == !shared && has(m, i, m->none))
			return i;
	}
	return POLICY_NONE;
}

static size_t
warn_group(const struct members *m, const struct sources *s, uint32_t index)
{
	const struct policy_group *g = policy_group(m->p, index);
	const char *name = policy_string(m->p, g->name);
	uint32_t shared = find(m, true);
	bool others =
	    find(m, false) != POLICY_NONE || has(m, POLICY_NONE, m->all);

	if (shared == POLICY_NONE && others)
		return 0;
	fprintf(stderr, "%s:%u: warning: ", s->list[g->place.file].name,
	    g->place.line);
	if (shared == POLICY_NONE)
		fprintf(stderr, "nobody can approve for @%s\n", name);
	else
		fprintf(stderr,
		    "`%s' of @%s shares an account, and so can "
		    "approve by signature only%s\n",
		    policy_string(m->p, policy_user(m->p, shared)->name), name,
		    others ? "" : ", as all of it");
	return 1;
}

size_t
approvers_warn(const struct policy *p, const struct sources *s)
{
	uint32_t ngroups = p->table[PT_UNIXGROUPS].n;
	uint8_t *done = calloc(p->table[PT_GROUPS].n + 1, 1);
	struct members m = {
	    .p = p, .none = calloc(ngroups + 1, 1), .all = malloc(ngroups + 1)};
	size_t warnings = 0;

	if (done == NULL || m.none == NULL || m.all == NULL)
		err(EXIT_INTERNAL, NULL);
	memset(m.all, TRUTH_YES, ngroups + 1);
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if (!(rule->obligations & MUST_APPROVE) ||
		    done[rule->approvers])
			continue;
		done[rule->approvers] = 1;
		m.who = policy_group(p, rule->approvers)->members;
		warnings += warn_group(&m, s, rule->approvers);
	}
	free(done);
	free(m.none);
	free(m.all);
	return warnings;
}
