/* SPDX-License-Identifier: ISC */
/*
 * Rules as terms, and the containers that diff is made with.
 */
#include "diff.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

/*
 * Containers.
 */
void *
xrealloc(void *p, size_t n, size_t size)
{
	void *more = reallocarray(p, n == 0 ? 1 : n, size);

	if (more == NULL)
		err(EXIT_INTERNAL, NULL);
	return more;
}

void
ids_add(struct ids *ids, uint32_t id)
{
	if (ids->n == ids->room) {
		ids->room = ids->room == 0 ? 8 : ids->room * 2;
		ids->id = xrealloc(ids->id, ids->room, sizeof(*ids->id));
	}
	ids->id[ids->n++] = id;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void
ids_sort(struct ids *ids)
{
	size_t n = 0;

	if (ids->n > 1)
		qsort(ids->id, ids->n, sizeof(*ids->id), by_number);
	for (size_t i = 0; i < ids->n; i++) {
		if (n == 0 || ids->id[n - 1] != ids->id[i])
			ids->id[n++] = ids->id[i];
	}
	ids->n = n;
}

bool
ids_same(const struct ids *a, const struct ids *b)
{
	return a->n == b->n && (a->n == 0 ||
	    memcmp(a->id, b->id, a->n * sizeof(*a->id)) == 0);
}

void
ids_write(const struct ids *ids, FILE *f)
{
	fwrite(&ids->n, sizeof(ids->n), 1, f);
	if (ids->n > 0)
		fwrite(ids->id, sizeof(*ids->id), ids->n, f);
}

static uint64_t
hash(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t h = 0xcbf29ce484222325U;

	while (size-- > 0)
		h = (h ^ *at++) * 0x100000001b3U;
	return h ^ h >> 31;
}

static struct entry *
find_entry(struct table *t, const void *key, size_t size)
{
	size_t i = hash(key, size) & (t->size - 1);

	while (t->entries[i].key != NULL && (t->entries[i].size != size ||
	    memcmp(t->entries[i].key, key, size) != 0))
		i = (i + 1) & (t->size - 1);
	return &t->entries[i];
}

static void
grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size == 0 ? 64 : old.size * 2;
	t->entries = calloc(t->size, sizeof(*t->entries));
	if (t->entries == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < old.size; i++) {
		if (old.entries[i].key != NULL)
			*find_entry(t, old.entries[i].key,
			    old.entries[i].size) = old.entries[i];
	}
	free(old.entries);
}

uint32_t
table_id(struct table *t, const void *key, size_t size, bool *new)
{
	struct entry *e;

	if (t->n * 2 >= t->size)
		grow(t);
	e = find_entry(t, key, size);
	*new = e->key == NULL;
	if (*new) {
		e->key = memcpy(xrealloc(NULL, size, 1), key, size);
		e->size = size;
		e->id = (uint32_t)t->n++;
	}
	return e->id;
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->size; i++)
		free(t->entries[i].key);
	free(t->entries);
}

/*
 * Words.
 */
const struct policy *
term_policy(const struct diff *d, uint32_t term)
{
	return d->side[d->terms[term].side].p;
}

const struct policy_rule *
term_rule(const struct diff *d, uint32_t term)
{
	return policy_rule(term_policy(d, term), d->terms[term].rule);
}

static void
put_nets(const struct policy *p, struct policy_range r, FILE *f)
{
	char text[ADDR_TEXT + 4];
	struct net nets[64];
	uint32_t n = r.n < 64 ? r.n : 64;

	if (r.n > 64)
		fprintf(f, " %u networks from", r.n);
	for (uint32_t i = 0; i < n; i++)
		nets[i] = *(const struct net *)policy_row(
		    p, PT_NETS, r.first + i);
	if (n > 1)
		qsort(nets, n, sizeof(*nets), net_order);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, " %s", net_print(&nets[i], text));
	for (uint32_t i = n; i < r.n; i++)
		fprintf(f, " %s", net_print(
		    policy_row(p, PT_NETS, r.first + i), text));
}

/* A window by its name and hours: another with these hours is the same. */
static void
put_window(const struct policy *p, uint32_t index, bool key, FILE *f)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	const struct policy_window *w = policy_row(p, PT_WINDOWS, index);

	if (key) {
		fprintf(f, " %s",
		    policy_string(p, policy_meta(p)->timezone));
		for (uint32_t i = 0; i < w->spans.n; i++) {
			const struct policy_span *s =
			    policy_row(p, PT_SPANS, w->spans.first + i);

			fprintf(f, " %u-%u", s->start, s->end);
		}
		return;
	}
	fprintf(f, " %s (", policy_string(p, w->name));
	for (int i = 0; i < 7; i++) {
		if (w->days >> i & 1)
			fprintf(f, "%s ", days[i]);
	}
	if (w->days != 0)
		fprintf(f, "%02u:%02u-%02u:%02u)", w->start / 60,
		    w->start % 60, w->end / 60, w->end % 60);
	else
		fprintf(f, "%s %02u:%02u - %s %02u:%02u)",
		    days[w->start / DAY_MINUTES % 7],
		    w->start % DAY_MINUTES / 60, w->start % 60,
		    days[w->end / DAY_MINUTES % 7],
		    w->end % DAY_MINUTES / 60, w->end % 60);
}

static void
put_conditions(const struct policy *p, const struct policy_rule *r, bool key,
    FILE *f)
{
	struct tm tm;
	time_t until = (time_t)r->until;
	char text[40];

	if (key)
		fprintf(f, "roads %u", r->roads == 0 ? 7 : r->roads);
	if (r->from.n > 0) {
		fputs(" from", f);
		put_nets(p, r->from, f);
	}
	for (uint32_t i = 0; i < r->as.n; i++)
		fprintf(f, "%s %s", i == 0 ? " as" : "",
		    policy_word(p, r->as.first + i));
	for (uint32_t i = 0; i < r->when.n; i++) {
		fputs(i == 0 ? " when" : " or", f);
		put_window(p, policy_ref(p, r->when.first + i)->index, key, f);
	}
	if (until != 0 && localtime_r(&until, &tm) != NULL) {
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm);
		fprintf(f, " until %s", text);
	}
}

static void
put_span(const char *word, uint32_t seconds, FILE *f)
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	if (seconds == 0)
		return;
	while (seconds % units[i].seconds != 0)
		i++;
	fprintf(f, " %s %u%c", word, seconds / units[i].seconds,
	    units[i].unit);
}

/* Members by name, also of groups in it: another group may approve. */
static void
put_approvers(const struct policy *p, const struct policy_rule *r, FILE *f)
{
	fprintf(f, " approval by @%s", policy_string(p,
	    policy_group(p, r->approvers)->name));
	put_span("for", r->approved_for, f);
}

static void
put_obligations(const struct policy *p, const struct policy_rule *r, FILE *f)
{
	static const uint32_t words[] = {
	    MUST_MFA, MUST_RECORD, MUST_CONSENT, MUST_NOTIFY};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (r->obligations & words[i])
			fprintf(f, " %s", policy_obligation_names
			    [__builtin_ctz(words[i])]);
	}
	for (uint32_t i = 0; i < r->tickets.n; i++)
		fprintf(f, "%s %s", i == 0 ? " ticket" : " or",
		    policy_word(p, r->tickets.first + i));
	if (r->obligations & MUST_APPROVE)
		put_approvers(p, r, f);
	if (r->obligations & MUST_MAX)
		fprintf(f, " max %u", r->max);
	put_span("idle", r->idle, f);
	put_span("duration", r->duration, f);
}

void
term_conditions(const struct diff *d, uint32_t term, FILE *f)
{
	if (!d->terms[term].obliges)
		put_conditions(term_policy(d, term), term_rule(d, term),
		    false, f);
}

void
term_obligations(const struct diff *d, uint32_t term, FILE *f)
{
	put_obligations(term_policy(d, term), term_rule(d, term), f);
}

/*
 * Terms.
 */
static void
add_term(struct diff *d, int side, uint32_t rule, bool obliges,
    const char *key, size_t size)
{
	bool new;
	uint32_t id = table_id(&d->term_keys, key, size, &new);

	if (new) {
		d->terms = xrealloc(d->terms, d->nterms + 1, sizeof(*d->terms));
		d->terms[d->nterms++] = (struct term){side, rule, obliges};
	}
	ids_add(&d->side[side].terms[rule], id);
}

/*
 * An allow with obligations is an allow, and a require without conditions
 * (jump-policy(5), Obligations).  What has ended for good is no term.
 */
static void
make_terms(struct diff *d, int side, uint32_t index)
{
	const struct policy *p = d->side[side].p;
	const struct policy_rule *r = policy_rule(p, index);
	bool ended = r->until != 0 && r->until <= d->now;
	char *key = NULL;
	size_t size = 0;
	FILE *f;

	if (!ended) {
		f = open_memstream(&key, &size);
		fprintf(f, "%s ", policy_verb_names[r->verb]);
		put_conditions(p, r, true, f);
		if (r->verb == VERB_REQUIRE)
			put_obligations(p, r, f);
		fclose(f);
		add_term(d, side, index, false, key, size);
		free(key);
	}
	if (r->verb == VERB_ALLOW && r->obligations != 0) {
		f = open_memstream(&key, &size);
		fputs("require roads 7", f);
		put_obligations(p, r, f);
		fclose(f);
		add_term(d, side, index, true, key, size);
		free(key);
	}
	ids_sort(&d->side[side].terms[index]);
}

/* A word for each reference, by name. */
static void
put_refs(const struct policy *p, struct policy_range r, FILE *f)
{
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_ref *ref = policy_ref(p, r.first + i);
		const uint32_t *tag = NULL;
		const char *name = "";

		if (ref->kind == REF_TAG)
			tag = policy_row(p, PT_TAGS, ref->index);
		switch ((enum ref_kind)ref->kind) {
		case REF_USER:
			name = policy_string(p,
			    policy_user(p, ref->index)->name);
			break;
		case REF_GROUP:
			name = policy_string(p,
			    policy_group(p, ref->index)->name);
			break;
		case REF_UNIXGROUP:
			name = policy_unixgroup(p, ref->index);
			break;
		case REF_TARGET:
			name = policy_string(p,
			    policy_target(p, ref->index)->name);
			break;
		case REF_TAG:
			name = policy_string(p, *tag);
			break;
		default:
			break;
		}
		fprintf(f, "\t%u %s %u", ref->kind, name, ref->port);
	}
}

/* A number for its terms, who and what in words. */
static void
number_rule(struct diff *d, int side, uint32_t index)
{
	struct side *s = &d->side[side];
	const struct policy_rule *r = policy_rule(s->p, index);
	const struct ids *terms = &s->terms[index];
	char *key = NULL;
	size_t size = 0;
	bool new;
	FILE *f = open_memstream(&key, &size);

	ids_write(terms, f);
	put_refs(s->p, r->who, f);
	fputc('\n', f);
	put_refs(s->p, r->what, f);
	fclose(f);
	s->same[index] = table_id(&d->rule_keys, key, size, &new);
	free(key);
}

static int
by_link(const void *a, const void *b)
{
	const struct policy_link *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static void
index_what(struct side *s)
{
	uint32_t n = s->p->table[PT_RULES].n, refs = s->p->table[PT_REFS].n;

	s->rule_of = xrealloc(NULL, refs, sizeof(*s->rule_of));
	s->what = xrealloc(NULL, refs, sizeof(*s->what));
	for (uint32_t i = 0; i < n; i++) {
		struct policy_range r = policy_rule(s->p, i)->what;

		for (uint32_t k = r.first; k < r.first + r.n; k++) {
			const struct policy_ref *ref = policy_ref(s->p, k);

			s->rule_of[k] = i;
			s->what[s->nwhat++] =
			    (struct policy_link){ref->kind, ref->index, k};
		}
	}
	if (s->nwhat > 1)
		qsort(s->what, s->nwhat, sizeof(*s->what), by_link);
}

void
terms_make(struct diff *d)
{
	for (int side = 0; side < SIDES; side++) {
		struct side *s = &d->side[side];
		uint32_t n = s->p->table[PT_RULES].n;

		s->terms = calloc(n + 1, sizeof(*s->terms));
		s->same = calloc(n + 1, sizeof(*s->same));
		s->changed = calloc(n + 1, 1);
		if (s->terms == NULL || s->same == NULL || s->changed == NULL)
			err(EXIT_INTERNAL, NULL);
		for (uint32_t i = 0; i < n; i++) {
			make_terms(d, side, i);
			number_rule(d, side, i);
		}
		index_what(s);
	}
	for (int side = 0; side < SIDES; side++) {
		struct side *s = &d->side[side], *o = &d->side[!side];
		uint8_t *there = calloc(d->rule_keys.n + 1, 1);

		if (there == NULL)
			err(EXIT_INTERNAL, NULL);
		for (uint32_t i = 0; i < o->p->table[PT_RULES].n; i++)
			there[o->same[i]] = 1;
		for (uint32_t i = 0; i < s->p->table[PT_RULES].n; i++)
			s->changed[i] = !there[s->same[i]];
		free(there);
	}
}
