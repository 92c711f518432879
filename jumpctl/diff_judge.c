/* SPDX-License-Identifier: ISC */
/*
 * What changes where two sets of terms differ: asked of the evaluator.
 */
#include "diff.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum { NETS_MAX = 4096 };

/* All that a verdict can depend on; each combination is tried. */
struct points {
	struct addr *from;   /* the first stands for none that is known */
	size_t nfrom;
	const char **as;     /* the first too */
	size_t nas;
	int64_t *at;
	size_t nat;
	uint32_t *minute;
	size_t nminute;
};

struct dispute {
	struct diff *d;
	const struct persona *who;
	const struct cell_class *where;
	struct ids met[SIDES];      /* term * 8 + how */
	uint8_t *unixgroups[SIDES];
	struct points points;
};

/*
 * Terms.
 */
static bool
names(const struct persona *a, int side, uint32_t rule)
{
	const struct ids *rules = &a->rules[side];
	size_t low = 0, high = rules->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rules->id[middle] < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rules->n && rules->id[low] == rule;
}

static void
find_terms(struct dispute *x, int side)
{
	const struct side *s = &x->d->side[side];

	for (size_t i = 0; i < x->where->n[side]; i++) {
		const struct met *met = &x->where->met[side][i];
		const struct ids *terms = &s->terms[met->rule];

		if (!names(x->who, side, met->rule))
			continue;
		for (size_t k = 0; k < terms->n; k++) {
			bool allows = term_rule(x->d, terms->id[k])->verb ==
				VERB_ALLOW && !x->d->terms[terms->id[k]].obliges;

			ids_add(&x->met[side], terms->id[k] * 8 +
			    (allows ? met->how : met->how & MET_PRESUMED));
		}
	}
	ids_sort(&x->met[side]);
}

static bool
can_allow(const struct dispute *x)
{
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < x->met[side].n; i++) {
			uint32_t term = x->met[side].id[i] / 8;

			if (!x->d->terms[term].obliges &&
			    term_rule(x->d, term)->verb == VERB_ALLOW)
				return true;
		}
	}
	return false;
}

static int64_t
until_of(const struct dispute *x, int side)
{
	return x->who->user[side] == POLICY_NONE ? 0 :
	    policy_user(x->d->side[side].p, x->who->user[side])->until;
}

static bool
is_account(const struct dispute *x, int side)
{
	const struct policy *p = x->d->side[side].p;

	if (x->who->user[side] != POLICY_NONE)
		return !(policy_user(p, x->who->user[side])->flags &
		    USER_DEVICE);
	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++) {
		if (x->unixgroups[side][i] == TRUTH_YES)
			return true;
	}
	return false;
}

/* Whether the two policies are alike here. */
static bool
same(const struct dispute *x)
{
	return ids_same(&x->met[OLD], &x->met[NEW]) &&
	    x->where->nature[OLD] == x->where->nature[NEW] &&
	    until_of(x, OLD) == until_of(x, NEW) &&
	    is_account(x, OLD) == is_account(x, NEW);
}

/*
 * Points.
 */
static void
add_minute(struct points *p, uint32_t minute)
{
	p->minute = xrealloc(p->minute, p->nminute + 1, sizeof(*p->minute));
	p->minute[p->nminute++] = minute % WEEK_MINUTES;
}

static void
add_time(struct dispute *x, int64_t when)
{
	struct points *p = &x->points;

	if (when < x->d->now)
		return;
	for (size_t i = 0; i < p->nat; i++) {
		if (p->at[i] == when)
			return;
	}
	p->at = xrealloc(p->at, p->nat + 1, sizeof(*p->at));
	p->at[p->nat++] = when;
}

static void
add_as(struct points *p, const char *as)
{
	p->as = xrealloc(p->as, p->nas + 1, sizeof(*p->as));
	p->as[p->nas++] = as;
}

static size_t
add_term_points(struct dispute *x, uint32_t term, struct net *nets, size_t n)
{
	const struct policy *p = term_policy(x->d, term);
	const struct policy_rule *r = term_rule(x->d, term);

	if (x->d->terms[term].obliges)
		return n;
	for (uint32_t i = 0; i < r->from.n && n < NETS_MAX; i++)
		nets[n++] = *(const struct net *)policy_row(
		    p, PT_NETS, r->from.first + i);
	for (uint32_t i = 0; i < r->as.n; i++)
		add_as(&x->points, policy_word(p, r->as.first + i));
	for (uint32_t i = 0; i < r->when.n; i++) {
		const struct policy_window *w = policy_row(p, PT_WINDOWS,
		    policy_ref(p, r->when.first + i)->index);

		for (uint32_t k = 0; k < w->spans.n; k++) {
			const struct policy_span *s =
			    policy_row(p, PT_SPANS, w->spans.first + k);

			add_minute(&x->points, s->start);
			add_minute(&x->points, s->end);
		}
	}
	if (r->until != 0)
		add_time(x, r->until);
	return n;
}

static void
make_points(struct dispute *x)
{
	static struct net nets[NETS_MAX + 4];
	struct points *p = &x->points;
	struct addr gap;
	size_t n = 0;

	net_parse(&nets[n++], "::/0");
	net_parse(&nets[n++], "0.0.0.0/0");
	add_as(p, NULL);
	add_as(p, "\1");
	add_time(x, x->d->now);
	for (int side = 0; side < SIDES; side++) {
		if (until_of(x, side) != 0)
			add_time(x, until_of(x, side));
		for (size_t i = 0; i < x->met[side].n; i++)
			n = add_term_points(x, x->met[side].id[i] / 8, nets, n);
	}
	if (p->nminute == 0)
		add_minute(p, 0);
	if (n > 1)
		qsort(nets, n, sizeof(*nets), net_order);
	p->from = xrealloc(NULL, n + 1, sizeof(*p->from));
	p->nfrom = 1;
	for (size_t i = 0; i < n; i++) {
		if (net_gap(nets, n, i, &gap))
			p->from[p->nfrom++] = gap;
	}
}

/*
 * Verdicts.
 */
static void
evaluate(const struct dispute *x, int side, struct policy_request *q,
    struct policy_verdict *v)
{
	const struct policy *p = x->d->side[side].p;
	const struct cell *c = &x->d->cells[x->where->cell];

	q->user = x->who->user[side];
	q->gate = policy_meta(p)->gate != 0 &&
	    (q->user == POLICY_NONE ||
		!(policy_user(p, q->user)->flags & USER_SHARED));
	q->unixgroups = x->unixgroups[side];
	q->asked = c->name;
	q->path = c->path;
	q->addr = c->addr;
	q->port = c->port;
	if (c->dns) { /* looked up only if all of its domains permit */
		q->presume = true;
		policy_evaluate(p, q, v);
		q->presume = false;
		if (v->action != ACTION_ALLOW)
			return;
	}
	policy_evaluate(p, q, v);
}

static bool
longer(uint32_t a, uint32_t b)
{
	return b != 0 && (a == 0 || a > b);
}

/* What b lets through that a does not, or with fewer obligations. */
static bool
wider(const struct policy_verdict *a, const struct policy_verdict *b)
{
	if (b->action == ACTION_DENY)
		return false;
	if (a->action != b->action)
		return b->action > a->action;
	return (a->obligations & ~b->obligations) != 0 ||
	    longer(b->idle, a->idle) || longer(b->duration, a->duration);
}

struct result {
	bool wider, narrower;
	bool some[SIDES]; /* is anything permitted */
};

static void
try_point(const struct dispute *x, struct policy_request *q,
    struct result *r)
{
	struct policy_verdict v[SIDES];

	evaluate(x, OLD, q, &v[OLD]);
	evaluate(x, NEW, q, &v[NEW]);
	r->some[OLD] |= v[OLD].action != ACTION_DENY;
	r->some[NEW] |= v[NEW].action != ACTION_DENY;
	r->wider |= wider(&v[OLD], &v[NEW]);
	r->narrower |= wider(&v[NEW], &v[OLD]);
}

static struct result
try_road(const struct dispute *x, enum policy_road road)
{
	const struct points *p = &x->points;
	struct policy_request q = {.road = road, .swept = true};
	size_t nas = road == ROAD_SHELL ? p->nas : 1;
	size_t nfrom = road == ROAD_FORWARD ? 1 : p->nfrom;
	struct result r = {0};

	for (size_t t = 0; t < p->nat; t++) {
		for (size_t m = 0; m < p->nminute; m++) {
			for (size_t f = 0; f < nfrom; f++) {
				for (size_t a = 0; a < nas; a++) {
					q.now = (time_t)p->at[t];
					q.minute = p->minute[m];
					q.from = f == 0 ? NULL : &p->from[f];
					q.as = p->as[a];
					try_point(x, &q, &r);
				}
			}
		}
	}
	return r;
}

/*
 * Words.
 */
static bool
plays(const struct dispute *x, uint32_t term, int road)
{
	uint32_t roads = x->d->terms[term].obliges ? 0 :
	    term_rule(x->d, term)->roads;

	return roads == 0 || (roads >> road & 1);
}

/* Whether an allow can ever be true on the road. */
static bool
serves(const struct policy_rule *r, uint32_t how, int road)
{
	if (how & (MET_UNSURE | MET_PRESUMED))
		return false;
	if (road != ROAD_SHELL && r->as.n > 0)
		return false;
	return road != ROAD_FORWARD ||
	    ((how & MET_NOT_FORWARD) == 0 && r->from.n == 0);
}

static char *
conditions(const struct dispute *x, uint32_t term)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	term_conditions(x->d, term, f);
	fclose(f);
	return text;
}

/* The conditions of all that allow, none if one has none. */
static void
put_allows(const struct dispute *x, int side, int road, FILE *f)
{
	const struct ids *met = &x->met[side];
	struct table seen = {0};
	bool always = false;

	for (size_t i = 0; i < met->n * 2; i++) {
		uint32_t term = met->id[i % met->n] / 8;
		const struct policy_rule *r = term_rule(x->d, term);
		bool new;
		char *text;

		if (x->d->terms[term].obliges || r->verb != VERB_ALLOW ||
		    !plays(x, term, road) ||
		    !serves(r, met->id[i % met->n] % 8, road))
			continue;
		text = conditions(x, term);
		if (i < met->n) {
			always |= *text == '\0';
		} else if (!always) {
			table_id(&seen, text, strlen(text), &new);
			if (new)
				fprintf(f, "%s%s", seen.n == 1 ? "" : "; or",
				    text);
		}
		free(text);
	}
	table_free(&seen);
}

static void
put_others(const struct dispute *x, int side, int road,
    enum policy_verb verb, FILE *f)
{
	const struct ids *met = &x->met[side];
	const char *comma = "";

	for (size_t i = 0; i < met->n; i++) {
		uint32_t term = met->id[i] / 8;
		const struct policy_rule *r = term_rule(x->d, term);
		bool obliges = x->d->terms[term].obliges ||
		    r->verb == VERB_REQUIRE;
		char *text;

		if ((i > 0 && met->id[i - 1] / 8 == term) ||
		    !plays(x, term, road) ||
		    (verb == VERB_REQUIRE ? !obliges :
		    obliges || r->verb != verb))
			continue;
		text = conditions(x, term);
		if (verb == VERB_DENY) {
			fprintf(f, "; not%s", text);
		} else {
			fputs(*comma == '\0' ? "; needs" : comma, f);
			comma = ",";
			term_obligations(x->d, term, f);
			fputs(text, f);
		}
		free(text);
	}
}

/* What one policy says, in words: "from 192.0.2.0/24; needs mfa". */
static char *
words(const struct dispute *x, int side, int road, bool some)
{
	char *text = NULL, *start;
	size_t size = 0;
	time_t until = (time_t)until_of(x, side);
	struct tm tm;
	char when[40];
	FILE *f = open_memstream(&text, &size);

	if (some) {
		put_allows(x, side, road, f);
		put_others(x, side, road, VERB_DENY, f);
		put_others(x, side, road, VERB_REQUIRE, f);
		if (until != 0 && localtime_r(&until, &tm) != NULL) {
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %Z",
			    &tm);
			fprintf(f, "; the user ends %s", when);
		}
	}
	fclose(f);
	start = text + strspn(text, "; ");
	memmove(text, start, strlen(start) + 1);
	return text;
}

/*
 * Answers.
 */
static uint32_t
add_variant(struct diff *d, const struct variant *v)
{
	char *key = NULL;
	size_t size = 0;
	bool new;
	FILE *f = open_memstream(&key, &size);
	uint32_t id;

	fprintf(f, "%u %u %u %d %d\t%s\t%s", v->wider, v->narrower, v->roads,
	    v->before, v->after, v->was, v->is);
	fclose(f);
	id = table_id(&d->variant_keys, key, size, &new);
	free(key);
	if (new) {
		d->variants = xrealloc(d->variants, d->nvariants + 1,
		    sizeof(*d->variants));
		d->variants[d->nvariants++] = *v;
	} else {
		free(v->was);
		free(v->is);
	}
	return id;
}

/* Whether the term has what two equal verdicts do not tell apart. */
static bool
has_details(const struct dispute *x, uint32_t term)
{
	const struct policy_rule *r = term_rule(x->d, term);
	const char *zones[SIDES];

	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = x->d->side[side].p;

		zones[side] = policy_string(p, policy_meta(p)->timezone);
	}
	return (r->obligations & (MUST_TICKET | MUST_APPROVE | MUST_MAX)) !=
		0 || (r->when.n > 0 && strcmp(zones[OLD], zones[NEW]) != 0);
}

/* Whether tickets, approvers, limits or zones are others. */
static bool
details_differ(const struct dispute *x, int road)
{
	struct ids here[SIDES] = {0};
	bool same_details;

	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < x->met[side].n; i++) {
			uint32_t term = x->met[side].id[i] / 8;

			if (plays(x, term, road) && has_details(x, term))
				ids_add(&here[side], term);
		}
		ids_sort(&here[side]);
	}
	same_details = ids_same(&here[OLD], &here[NEW]);
	free(here[OLD].id);
	free(here[NEW].id);
	return !same_details;
}

static void
find_answer(struct dispute *x, struct answer *answer)
{
	struct variant found[ROAD_COUNT];
	size_t n = 0, i;

	for (int road = 0; road < ROAD_COUNT; road++) {
		struct result r = try_road(x, (enum policy_road)road);
		struct variant v = {r.wider, r.narrower, 1U << road,
		    r.some[OLD], r.some[NEW], NULL, NULL};

		v.was = words(x, OLD, road, r.some[OLD]);
		v.is = words(x, NEW, road, r.some[NEW]);
		for (i = 0; i < n; i++) {
			if (found[i].wider == v.wider &&
			    found[i].narrower == v.narrower &&
			    found[i].before == v.before &&
			    found[i].after == v.after &&
			    strcmp(found[i].was, v.was) == 0 &&
			    strcmp(found[i].is, v.is) == 0)
				break;
		}
		if (i == n && (r.wider || r.narrower ||
		    (v.before && v.after && details_differ(x, road)))) {
			found[n++] = v;
			continue;
		}
		if (i < n)
			found[i].roads |= v.roads;
		free(v.was);
		free(v.is);
	}
	for (i = 0; i < n; i++)
		answer->variants[answer->n++] = add_variant(x->d, &found[i]);
}

static uint32_t
question_id(struct dispute *x, bool *new)
{
	const struct cell *c = &x->d->cells[x->where->cell];
	struct addr inner;
	char *key = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&key, &size);
	uint32_t id;

	for (int side = 0; side < SIDES; side++) {
		int64_t until = until_of(x, side);

		fwrite(&until, sizeof(until), 1, f);
		fputc(x->where->nature[side], f);
		fputc(is_account(x, side), f);
		ids_write(&x->met[side], f);
	}
	fputc(c->dns, f);
	fputc(c->path != NULL, f);
	if (c->path == NULL && (addr_never(&c->addr) ||
	    (addr_embedded(&c->addr, &inner) && addr_never(&inner))))
		fwrite(&x->where->cell, sizeof(x->where->cell), 1, f);
	fclose(f);
	id = table_id(&x->d->answer_keys, key, size, new);
	free(key);
	return id;
}

static const struct answer *
answer(struct dispute *x)
{
	struct diff *d = x->d;
	struct answer a = {.n = 0};
	bool new;
	uint32_t id;

	for (int side = 0; side < SIDES; side++)
		find_terms(x, side);
	if (same(x) || !can_allow(x))
		return NULL;
	id = question_id(x, &new);
	if (new) {
		make_points(x);
		find_answer(x, &a);
		d->answers = xrealloc(d->answers, d->nanswers + 1,
		    sizeof(*d->answers));
		d->answers[d->nanswers++] = a;
		free(x->points.from);
		free(x->points.as);
		free(x->points.at);
		free(x->points.minute);
	}
	return d->answers[id].n == 0 ? NULL : &d->answers[id];
}

const struct answer *
judge_change(struct diff *d, const struct persona *who,
    const struct cell_class *where)
{
	struct dispute x = {.d = d, .who = who, .where = where};
	const struct answer *result;

	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = d->side[side].p;
		uint32_t n = p->table[PT_UNIXGROUPS].n;

		x.unixgroups[side] = calloc(n + 1, 1);
		if (x.unixgroups[side] == NULL)
			err(EXIT_INTERNAL, NULL);
		for (uint32_t i = 0; i < n; i++) {
			for (int k = 0; k < 2; k++) {
				if (who->groups[k] != POLICY_NONE &&
				    strcmp(policy_unixgroup(p, i),
					d->unixgroups[who->groups[k]]) == 0)
					x.unixgroups[side][i] = TRUTH_YES;
			}
		}
	}
	result = answer(&x);
	for (int side = 0; side < SIDES; side++) {
		free(x.unixgroups[side]);
		free(x.met[side].id);
	}
	return result;
}
