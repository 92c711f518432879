/* SPDX-License-Identifier: ISC */
/*
 * Who asks: users, and members of Unix groups, those alike taken together.
 *
 * A Unix group has whom it has when somebody asks.  What a request gets
 * depends on the rules that allow and on those that restrict; each change
 * shows with one of the first and one of the second kind.  So users are tried
 * alone and with each Unix group, others with one group and with two.
 */
#include "diff.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

struct standings {
	const struct policy *p;
	struct ids groups; /* of PT_GROUPS */
	struct ids *rules;
};

static void
add_links(struct ids *to, const struct policy *p, enum policy_table t,
    uint32_t kind, uint32_t index)
{
	struct policy_range r = policy_links(p, t, kind, index);

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link = policy_row(p, t, r.first + i);
		bool known = false;

		for (size_t k = 0; k < to->n && t == PT_IX_MEMBER && !known;
		    k++)
			known = to->id[k] == link->to;
		if (!known)
			ids_add(to, link->to);
	}
}

static void
stand(struct standings *s, uint32_t kind, uint32_t index)
{
	add_links(s->rules, s->p, PT_IX_WHO, kind, index);
	add_links(&s->groups, s->p, PT_IX_MEMBER, kind, index);
}

static uint32_t
find_unixgroup(const struct policy *p, const char *name)
{
	uint32_t n = p->table[PT_UNIXGROUPS].n -
	    policy_meta(p)->locked_groups;

	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(policy_unixgroup(p, i), name) == 0)
			return i;
	}
	return POLICY_NONE;
}

/* The rules whose who they are, in one policy. */
static void
find_rules(const struct diff *d, struct persona *a, int side)
{
	struct standings s = {.p = d->side[side].p, .rules = &a->rules[side]};
	uint32_t user = a->user[side];
	bool account = user != POLICY_NONE;

	if (account && (policy_user(s.p, user)->flags & USER_DEVICE))
		return;
	if (account)
		stand(&s, REF_USER, user);
	for (int i = 0; i < 2; i++) {
		uint32_t g = a->groups[i] == POLICY_NONE ? POLICY_NONE :
		    find_unixgroup(s.p, d->unixgroups[a->groups[i]]);

		if (g == POLICY_NONE)
			continue;
		account = true;
		stand(&s, REF_UNIXGROUP, g);
	}
	for (size_t i = 0; i < s.groups.n; i++)
		stand(&s, REF_GROUP, s.groups.id[i]);
	if (account)
		stand(&s, REF_ANYONE, 0);
	free(s.groups.id);
	ids_sort(&a->rules[side]);
}

/* Whether rules that both policies have name them in one only. */
static bool
is_touched(const struct diff *d, const struct persona *a, bool *changed)
{
	struct ids here[SIDES] = {0};
	bool same;

	*changed = false;
	for (int side = 0; side < SIDES; side++) {
		const struct side *s = &d->side[side];

		for (size_t i = 0; i < a->rules[side].n; i++) {
			uint32_t rule = a->rules[side].id[i];

			*changed |= s->changed[rule];
			if (!s->changed[rule])
				ids_add(&here[side], s->same[rule]);
		}
		ids_sort(&here[side]);
	}
	same = ids_same(&here[OLD], &here[NEW]);
	free(here[OLD].id);
	free(here[NEW].id);
	return !same;
}

static int64_t
until_of(const struct diff *d, const struct persona *a, int side)
{
	return a->user[side] == POLICY_NONE ? 0 :
	    policy_user(d->side[side].p, a->user[side])->until;
}

static uint32_t
flags_of(const struct diff *d, const struct persona *a, int side)
{
	return a->user[side] == POLICY_NONE ? 0 :
	    1 + (policy_user(d->side[side].p, a->user[side])->flags &
		USER_DEVICE);
}

static bool
any_cell_touched(const struct diff *d)
{
	for (size_t i = 0; i < d->nclasses; i++) {
		if (d->classes[i].touched)
			return true;
	}
	return false;
}

static uint32_t
persona_id(struct diff *d, const struct persona *a, bool *new)
{
	char *key = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&key, &size);
	uint32_t id;

	fwrite(a->groups, sizeof(a->groups), 1, f);
	for (int side = 0; side < SIDES; side++) {
		int64_t until = until_of(d, a, side);
		uint32_t flags = flags_of(d, a, side);

		fwrite(&until, sizeof(until), 1, f);
		fwrite(&flags, sizeof(flags), 1, f);
		ids_write(&a->rules[side], f);
	}
	fclose(f);
	id = table_id(&d->persona_keys, key, size, new);
	free(key);
	return id;
}

/* Find or make the persona; its index. */
static uint32_t
add_persona(struct diff *d, struct persona a, uint32_t name, bool cells)
{
	struct persona *to;
	bool new, changed;
	uint32_t id;

	for (int side = 0; side < SIDES; side++)
		find_rules(d, &a, side);
	id = persona_id(d, &a, &new);
	if (new) {
		if ((d->npersonas & (d->npersonas - 1)) == 0)
			d->personas = xrealloc(d->personas,
			    d->npersonas == 0 ? 1 : d->npersonas * 2,
			    sizeof(*d->personas));
		to = &d->personas[d->npersonas++];
		*to = a;
		to->touched = is_touched(d, to, &changed) ||
		    until_of(d, to, OLD) != until_of(d, to, NEW) ||
		    flags_of(d, to, OLD) != flags_of(d, to, NEW);
		to->quiet = !to->touched && !changed && !cells;
	} else {
		free(a.rules[OLD].id);
		free(a.rules[NEW].id);
	}
	if (name != POLICY_NONE)
		ids_add(&d->personas[id].names, name);
	return id;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t
sort_names(const char **names, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	}
	return kept;
}

/* One that is no device any more may be a member of a Unix group. */
static bool
is_device(const struct policy *p, const char *name)
{
	uint32_t user = policy_find_user(p, name);

	return user != POLICY_NONE &&
	    (policy_user(p, user)->flags & USER_DEVICE);
}

static void
collect_names(struct diff *d)
{
	const struct policy *a = d->side[OLD].p, *b = d->side[NEW].p;
	const char **groups;
	size_t n = 0;

	d->names = xrealloc(NULL, a->table[PT_USERS].n + b->table[PT_USERS].n,
	    sizeof(*d->names));
	groups = xrealloc(NULL,
	    a->table[PT_UNIXGROUPS].n + b->table[PT_UNIXGROUPS].n,
	    sizeof(*groups));
	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = d->side[side].p;

		for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
			const struct policy_user *u = policy_user(p, i);

			if (!(u->flags & USER_DEVICE) ||
			    !is_device(d->side[!side].p,
				policy_string(p, u->name)))
				d->names[d->nnames++] =
				    policy_string(p, u->name);
		}
		for (uint32_t i = policy_meta(p)->locked_groups;
		    i < p->table[PT_UNIXGROUPS].n; i++)
			groups[n++] = policy_unixgroup(p,
			    i - policy_meta(p)->locked_groups);
	}
	d->nnames = sort_names(d->names, d->nnames);
	d->nunixgroups = sort_names(groups, n);
	d->unixgroups = (char **)(uintptr_t)groups;
}

void
people_make(struct diff *d)
{
	bool cells = any_cell_touched(d);
	uint32_t *alone, none = POLICY_NONE;

	collect_names(d);
	alone = xrealloc(NULL, d->nunixgroups, sizeof(*alone));
	for (uint32_t g = 0; g < d->nunixgroups; g++) {
		struct persona a = {.user = {none, none},
		    .groups = {g, none},
		    .apart = {none, none}};

		alone[g] = add_persona(d, a, none, cells);
	}
	for (uint32_t g = 0; g < d->nunixgroups; g++) {
		for (uint32_t h = g + 1; h < d->nunixgroups; h++) {
			struct persona a = {.user = {none, none},
			    .groups = {g, h},
			    .apart = {alone[g], alone[h]}};

			add_persona(d, a, none, cells);
		}
	}
	for (uint32_t i = 0; i < d->nnames; i++) {
		struct persona a = {.groups = {none, none},
		    .apart = {none, none}};
		uint32_t plain;

		a.user[OLD] = policy_find_user(d->side[OLD].p, d->names[i]);
		a.user[NEW] = policy_find_user(d->side[NEW].p, d->names[i]);
		plain = add_persona(d, a, i, cells);
		for (uint32_t g = 0; g < d->nunixgroups; g++) {
			a.groups[0] = g;
			a.apart[0] = plain;
			a.apart[1] = alone[g];
			add_persona(d, a, i, cells);
		}
	}
	free(alone);
}

void
people_free(struct diff *d)
{
	for (size_t i = 0; i < d->npersonas; i++) {
		free(d->personas[i].rules[OLD].id);
		free(d->personas[i].rules[NEW].id);
		free(d->personas[i].names.id);
	}
	free(d->personas);
	free(d->unixgroups);
	free(d->names);
	table_free(&d->persona_keys);
}
