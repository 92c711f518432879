/* SPDX-License-Identifier: ISC */
/*
 * Users by the groups that they fill.
 *
 * A row may have as many users as the policy, and there may be as many rows as
 * groups.  So a group is looked at only by the row that has the first of its
 * users, and only as far as the row has them.
 */
#include "diff.h"

#include <stdlib.h>

struct climb {
	const struct policy *p;
	uint32_t *seen; /* of each group: the last user who was found in it */
	struct ids groups;
};

static void
climb_links(struct climb *c, uint32_t kind, uint32_t index, uint32_t user)
{
	struct policy_range r = policy_links(c->p, PT_IX_MEMBER, kind, index);

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link =
		    policy_row(c->p, PT_IX_MEMBER, r.first + i);

		if (c->seen[link->to] == user)
			continue;
		c->seen[link->to] = user;
		ids_add(&c->groups, link->to);
	}
}

static int
by_first(const void *a, const void *b, void *arg)
{
	const struct ids *members = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t p = members[x].id[0], q = members[y].id[0];

	if (p != q)
		return p < q ? -1 : 1;
	return x < y ? -1 : x > y;
}

void
groups_make(struct diff *d)
{
	const struct policy *p = d->side[NEW].p;
	uint32_t ngroups = p->table[PT_GROUPS].n;
	struct climb c = {.p = p};

	d->members = xrealloc(NULL, ngroups, sizeof(*d->members));
	d->ranked = xrealloc(NULL, p->table[PT_USERS].n, sizeof(*d->ranked));
	c.seen = xrealloc(NULL, ngroups, sizeof(*c.seen));
	for (uint32_t i = 0; i < ngroups; i++) {
		d->members[i] = (struct ids){0};
		c.seen[i] = POLICY_NONE;
	}
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		d->ranked[i] = POLICY_NONE;
		if (policy_user(p, i)->flags & USER_DEVICE)
			continue;
		c.groups.n = 0;
		climb_links(&c, REF_USER, i, i);
		for (size_t k = 0; k < c.groups.n; k++) {
			ids_add(&d->members[c.groups.id[k]], i);
			climb_links(&c, REF_GROUP, c.groups.id[k], i);
		}
	}
	for (uint32_t i = 0; i < ngroups; i++) {
		if (d->members[i].n >= 2)
			ids_add(&d->groups, i);
	}
	if (d->groups.n > 1)
		qsort_r(d->groups.id, d->groups.n, sizeof(uint32_t), by_first,
		    d->members);
	free(c.seen);
	free(c.groups.id);
}

void
groups_free(struct diff *d)
{
	for (uint32_t i = 0; i < d->side[NEW].p->table[PT_GROUPS].n; i++)
		free(d->members[i].id);
	free(d->members);
	free(d->ranked);
	free(d->groups.id);
}

/* Add the groups whose first user this is. */
static void
find_groups(const struct diff *d, uint32_t user, struct ids *found)
{
	size_t low = 0, high = d->groups.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->members[d->groups.id[middle]].id[0] < user)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < d->groups.n; low++) {
		uint32_t group = d->groups.id[low];

		if (d->members[group].id[0] != user)
			break;
		ids_add(found, group);
	}
}

/* Whether all users of the group are named still; then they are no longer. */
static bool
take_group(struct diff *d, const struct ids *members)
{
	for (size_t i = 0; i < members->n; i++) {
		if (d->ranked[members->id[i]] == POLICY_NONE)
			return false;
	}
	for (size_t i = 0; i < members->n; i++)
		d->ranked[members->id[i]] = POLICY_NONE;
	return true;
}

void
groups_take(struct diff *d, struct ids *names, struct ids *taken)
{
	struct ids users = {0}, found = {0};
	size_t n = 0;

	ids_sort(names);
	for (size_t i = 0; i < names->n; i++) {
		uint32_t user =
		    policy_find_user(d->side[NEW].p, d->names[names->id[i]]);

		ids_add(&users, user);
		if (user == POLICY_NONE)
			continue;
		d->ranked[user] = (uint32_t)i;
		find_groups(d, user, &found);
	}
	ids_sort(&found);
	for (size_t i = 0; i < found.n; i++) {
		if (take_group(d, &d->members[found.id[i]]))
			ids_add(taken, found.id[i]);
	}
	for (size_t i = 0; i < names->n; i++) {
		uint32_t user = users.id[i];

		if (user != POLICY_NONE && d->ranked[user] == POLICY_NONE)
			continue;
		names->id[n++] = names->id[i];
		if (user != POLICY_NONE)
			d->ranked[user] = POLICY_NONE;
	}
	names->n = n;
	free(users.id);
	free(found.id);
}
