/* SPDX-License-Identifier: ISC */
/*
 * The decision: jump-policy(5), "HOW A REQUEST IS JUDGED", in its order and
 * its words.  Everything starts from deny.
 */
#include "policy.h"

#include <string.h>

/* jump-policy(5), "What the roads hold". */
struct hold {
	bool from, ends, as;
	bool nets, names; /* domains, sockets and paths are names */
	uint32_t obligations;
};

static const struct hold holds[ROAD_COUNT] = {
    [ROAD_FORWARD] = {.obligations = MUST_MFA | MUST_APPROVE},
    [ROAD_CONNECT] = {.from = true,
	.ends = true,
	.nets = true,
	.names = true,
	.obligations = MUST_MFA | MUST_TICKET | MUST_APPROVE | MUST_RECORD |
	    MUST_NOTIFY | MUST_IDLE | MUST_DURATION | MUST_MAX},
    [ROAD_SHELL] = {.from = true,
	.ends = true,
	.as = true,
	.nets = true,
	.names = true,
	.obligations = (1 << OBLIGATIONS) - 1},
};

/* The road forward, where jump-connect takes the connections over. */
static const struct hold gated = {.ends = true,
    .nets = true,
    .obligations = MUST_MFA | MUST_APPROVE | MUST_RECORD | MUST_NOTIFY |
	MUST_IDLE | MUST_DURATION | MUST_MAX};

enum { COVERS_MAX = 256, PEOPLE_MAX = 1024 };

/* A target that covers the request, or a group that has its user. */
struct cover {
	uint32_t target;
	enum truth truth;
	bool holdable; /* by an allow on this road */
};

struct standing {
	enum ref_kind kind;
	uint32_t index;
	enum truth truth;
};

/* One evaluation; lives on the stack of policy_evaluate(). */
struct judge {
	const struct policy *p;
	const struct policy_request *q;
	struct policy_verdict *v;
	struct cover covers[COVERS_MAX];
	size_t ncovers;
	struct standing people[PEOPLE_MAX];
	size_t npeople;
	bool overflow;
	bool allowed, allowed_always;      /* by an allow; by an untimed one */
	bool denied, denied_always;
	bool allowable;                    /* by an allow, at another time */
	bool timed;                        /* a require or deny has a time */
	uint32_t deny_rule, allow_rule;
};

/* What one rule depends on. */
struct outcome {
	enum truth people_and_targets; /* who and what */
	enum truth all;                /* and every condition */
	bool timed;                    /* but for the time it could match */
};

static enum truth
both(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

static enum truth
either(enum truth a, enum truth b)
{
	return a > b ? a : b;
}

static enum truth
truth_of(bool b)
{
	return b ? TRUTH_YES : TRUTH_NO;
}

static const struct hold *
hold_of(const struct policy_request *q)
{
	return q->road == ROAD_FORWARD && q->gate ? &gated : &holds[q->road];
}

/* Whether a right on the request's road ends when it should. */
static bool
holds_ends(const struct policy_request *q)
{
	return hold_of(q)->ends || (q->road == ROAD_FORWARD && q->swept);
}

/* An approval is a right that ends. */
static uint32_t
held(const struct policy_request *q)
{
	uint32_t obligations = hold_of(q)->obligations;

	return holds_ends(q) ? obligations : obligations & ~MUST_APPROVE;
}

uint32_t
policy_road_holds(const struct policy *p, enum policy_road road)
{
	if (road == ROAD_FORWARD && policy_meta(p)->gate != 0)
		return gated.obligations;
	return holds[road].obligations;
}

bool
policy_records(const struct policy *p)
{
	return p != NULL && policy_meta(p)->records > 0 && !policy_damaged(p);
}

bool
policy_has_device_paths(const struct policy *p)
{
	return p != NULL && policy_meta(p)->device_paths > 0 &&
	    !policy_damaged(p);
}

uint32_t
policy_obligations(const struct policy *p)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++)
		all |= policy_rule(p, i)->obligations;
	return all;
}

bool
policy_ends_forward(const struct policy *p)
{
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		if (policy_user(p, i)->until != 0)
			return true;
	}
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if ((rule->when.n != 0 || (rule->obligations & MUST_APPROVE) ||
			(rule->until != 0 && rule->verb == VERB_ALLOW)) &&
		    (rule->roads == 0 || (rule->roads >> ROAD_FORWARD & 1)) &&
		    (rule->obligations &
			~policy_road_holds(p, ROAD_FORWARD)) == 0)
			return true;
	}
	return false;
}

/*
 * Targets.
 */
static bool
pattern_matches(const struct judge *j, const struct policy_target *t)
{
	return j->q->asked != NULL &&
	    policy_name_matches(j->p, t, j->q->asked);
}

static bool
holdable(const struct judge *j, const struct policy_target *t)
{
	const struct hold *hold = hold_of(j->q);

	if (t->kind == TARGET_NET)
		return hold->nets;
	return hold->names ||
	    ((t->kind == TARGET_HOST || t->kind == TARGET_DEVICE) &&
		t->path == 0);
}

static void
cover_add(struct judge *j, uint32_t index, enum truth truth)
{
	const struct policy_target *t = policy_target(j->p, index);

	if (!policy_declares(j->p, t, j->q->port, NULL))
		return;
	if (t->kind == TARGET_DOMAIN && !pattern_matches(j, t))
		truth = both(truth, TRUTH_UNCERTAIN);
	for (size_t i = 0; i < j->ncovers; i++) {
		if (j->covers[i].target == index) {
			j->covers[i].truth = either(j->covers[i].truth, truth);
			return;
		}
	}
	if (j->ncovers == COVERS_MAX) {
		j->overflow = true;
		return;
	}
	j->covers[j->ncovers++] =
	    (struct cover){index, truth, holdable(j, t)};
}

static int
order_cover(const struct policy_cover *row, const struct net *key)
{
	if (row->net.len != key->len)
		return row->net.len < key->len ? -1 : 1;
	return memcmp(&row->net.addr, &key->addr, sizeof(key->addr));
}

/* The targets whose network is exactly this one. */
static void
covers_of_net(struct judge *j, const struct net *key, enum truth truth)
{
	uint32_t low = 0, high = j->p->table[PT_IX_NET].n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (order_cover(policy_row(j->p, PT_IX_NET, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < j->p->table[PT_IX_NET].n && !j->overflow; low++) {
		const struct policy_cover *row =
		    policy_row(j->p, PT_IX_NET, low);

		if (order_cover(row, key) != 0)
			break;
		cover_add(j, row->target, truth);
	}
}

static void
covers_of_addr(struct judge *j, const struct addr *a, enum truth truth)
{
	const struct policy_meta *meta = policy_meta(j->p);
	uint32_t shortest = addr_is_v4(a) ? ADDR_V4_BITS : 0;

	for (uint32_t len = shortest; len <= 128; len++) {
		struct net key = {addr_mask(a, len), len};

		if (meta->lengths[len / 64] >> (len % 64) & 1)
			covers_of_net(j, &key, truth);
	}
}

/* A DNS name that is not resolved yet: the domains that it matches. */
static void
covers_presumed(struct judge *j)
{
	for (uint32_t i = 0; i < j->p->table[PT_IX_DOMAIN].n; i++) {
		const uint32_t *row = policy_row(j->p, PT_IX_DOMAIN, i);

		if (pattern_matches(j, policy_target(j->p, *row)))
			cover_add(j, *row, TRUTH_YES);
	}
}

static void
find_covers(struct judge *j)
{
	struct addr inner;
	uint32_t target;

	if (j->q->presume) {
		covers_presumed(j);
	} else if (j->q->path != NULL) {
		target = policy_find_target(j->p, j->q->path);
		if (target != POLICY_NONE)
			cover_add(j, target, TRUTH_YES);
	} else {
		covers_of_addr(j, &j->q->addr, TRUTH_YES);
		if (addr_embedded(&j->q->addr, &inner))
			covers_of_addr(j, &inner, TRUTH_UNCERTAIN);
	}
}

void
policy_covers(const struct policy *p, const struct policy_request *q,
    void (*each)(void *, uint32_t, bool), void *arg)
{
	struct judge j = {.p = p, .q = q};

	find_covers(&j);
	for (size_t i = 0; i < j.ncovers; i++)
		each(arg, j.covers[i].target, j.covers[i].truth == TRUTH_YES);
}

static bool
has_tag(const struct judge *j, uint32_t target, uint32_t tag)
{
	const struct policy_target *t = policy_target(j->p, target);
	struct policy_range r = policy_clip(j->p, PT_REFS, t->tags);

	for (uint32_t i = 0; i < r.n; i++) {
		if (policy_ref(j->p, r.first + i)->index == tag)
			return true;
	}
	return false;
}

static enum truth
judge_what(const struct judge *j, const struct policy_rule *rule)
{
	struct policy_range r = policy_clip(j->p, PT_REFS, rule->what);
	enum truth found = TRUTH_NO;

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_ref *ref = policy_ref(j->p, r.first + i);

		if (ref->port != 0 && ref->port != j->q->port)
			continue;
		for (size_t c = 0; c < j->ncovers; c++) {
			const struct cover *cover = &j->covers[c];
			enum truth truth = cover->truth;

			if (ref->kind == REF_TARGET &&
			    ref->index != cover->target)
				continue;
			if (ref->kind == REF_TAG &&
			    !has_tag(j, cover->target, ref->index))
				continue;
			if (rule->verb == VERB_ALLOW && !cover->holdable)
				truth = both(truth, TRUTH_UNCERTAIN);
			found = either(found, truth);
		}
	}
	return found;
}

/* An exception to the list of what is never reached: a declared device. */
static bool
is_device(const struct judge *j)
{
	for (size_t i = 0; i < j->ncovers; i++) {
		if (policy_target(j->p, j->covers[i].target)->kind ==
			TARGET_DEVICE &&
		    j->covers[i].truth == TRUTH_YES)
			return true;
	}
	return false;
}

static bool
listed_never(const struct judge *j, const struct addr *a)
{
	for (size_t i = 0; i < j->q->nown; i++) {
		if (addr_equal(&j->q->own[i], a))
			return true;
	}
	return addr_never(a) ||
	    policy_nets_have(j->p, policy_meta(j->p)->never, a);
}

static bool
never_reached(const struct judge *j)
{
	struct addr inner;

	if (j->q->path != NULL || j->q->presume || is_device(j))
		return false;
	return listed_never(j, &j->q->addr) ||
	    (addr_embedded(&j->q->addr, &inner) && listed_never(j, &inner));
}

/*
 * People.
 */
static void
standing_add(struct judge *j, enum ref_kind kind, uint32_t index,
    enum truth truth)
{
	for (size_t i = 0; i < j->npeople; i++) {
		struct standing *standing = &j->people[i];

		if (standing->kind == kind && standing->index == index) {
			standing->truth = either(standing->truth, truth);
			return;
		}
	}
	if (j->npeople == PEOPLE_MAX) {
		j->overflow = true;
		return;
	}
	j->people[j->npeople++] = (struct standing){kind, index, truth};
}

/* Every group that has one of the people so far, and groups of groups. */
static void
add_groups(struct judge *j, enum truth truth)
{
	for (size_t i = 0; i < j->npeople; i++) {
		struct standing *standing = &j->people[i];
		struct policy_range r;

		if (standing->truth != truth)
			continue;
		r = policy_links(
		    j->p, PT_IX_MEMBER, standing->kind, standing->index);
		for (uint32_t n = 0; n < r.n && !j->overflow; n++) {
			const struct policy_link *link =
			    policy_row(j->p, PT_IX_MEMBER, r.first + n);

			standing_add(j, REF_GROUP, link->to, truth);
		}
	}
}

/*
 * Who the user is, certain things first, so that what is uncertain cannot
 * hide what is certain.  Returns whether this is an account of the policy.
 */
static enum truth
find_people(struct judge *j)
{
	uint32_t groups = j->p->table[PT_UNIXGROUPS].n;
	uint32_t locked = policy_meta(j->p)->locked_groups;
	enum truth account = TRUTH_NO;

	if (j->q->user != POLICY_NONE) {
		if (!(policy_user(j->p, j->q->user)->flags & USER_DEVICE))
			account = TRUTH_YES; /* any is people */
		standing_add(j, REF_USER, j->q->user, TRUTH_YES);
	}
	for (uint32_t i = 0; i < groups; i++) {
		enum truth truth = (enum truth)j->q->unixgroups[i];

		if (truth != TRUTH_NO)
			standing_add(j, REF_UNIXGROUP, i, truth);
		if (i + locked < groups)
			account = either(account, truth);
	}
	add_groups(j, TRUTH_YES);
	add_groups(j, TRUTH_UNCERTAIN);
	if (account != TRUTH_NO)
		standing_add(j, REF_ANYONE, 0, account);
	return account;
}

/*
 * Locks.
 */
static bool
is_named(const struct judge *j, const char *name)
{
	const struct policy_user *u;

	if (j->q->account != NULL && strcmp(j->q->account, name) == 0)
		return true;
	if (j->q->user == POLICY_NONE)
		return false;
	u = policy_user(j->p, j->q->user);
	return strcmp(policy_string(j->p, u->name), name) == 0 ||
	    strcmp(policy_string(j->p, u->account), name) == 0;
}

/* Whether the user stands there; what is uncertain binds. */
static bool
stands(const struct judge *j, uint32_t kind, uint32_t index)
{
	for (size_t i = 0; i < j->npeople; i++) {
		if (j->people[i].kind == kind && j->people[i].index == index)
			return true;
	}
	return j->overflow;
}

/* After find_people(): the first lock that binds, or POLICY_NONE. */
static uint32_t
find_lock(const struct judge *j)
{
	for (uint32_t i = 0; i < j->p->table[PT_LOCKS].n; i++) {
		const struct policy_lock *lock = policy_lock(j->p, i);

		if (lock->kind == REF_ANYONE ||
		    (lock->kind == REF_USER &&
		    is_named(j, policy_string(j->p, lock->name))) ||
		    (lock->kind != REF_USER &&
		    stands(j, lock->kind, lock->index)))
			return i;
	}
	return POLICY_NONE;
}

uint32_t
policy_locked(const struct policy *p, const struct policy_request *q)
{
	struct judge j = {.p = p, .q = q};

	find_people(&j);
	return find_lock(&j);
}

/*
 * Conditions.
 */
static enum truth
judge_from(const struct judge *j, const struct policy_rule *rule)
{
	if (rule->from.n == 0)
		return TRUTH_YES;
	if (!hold_of(j->q)->from || j->q->from == NULL)
		return TRUTH_UNCERTAIN;
	return truth_of(policy_nets_have(j->p, rule->from, j->q->from));
}

static bool
window_open(const struct judge *j, uint32_t index)
{
	const struct policy_window *w =
	    policy_row(j->p, PT_WINDOWS, index);
	struct policy_range r = policy_clip(j->p, PT_SPANS, w->spans);

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_span *span =
		    policy_row(j->p, PT_SPANS, r.first + i);

		if (span->start <= j->q->minute && j->q->minute < span->end)
			return true;
	}
	return false;
}

static enum truth
judge_when(const struct judge *j, const struct policy_rule *rule)
{
	struct policy_range r = policy_clip(j->p, PT_REFS, rule->when);

	if (r.n == 0)
		return TRUTH_YES;
	if (!holds_ends(j->q))
		return TRUTH_UNCERTAIN;
	for (uint32_t i = 0; i < r.n; i++) {
		if (window_open(j, policy_ref(j->p, r.first + i)->index))
			return TRUTH_YES;
	}
	return TRUTH_NO;
}

static enum truth
judge_until(const struct judge *j, const struct policy_rule *rule)
{
	if (rule->until == 0)
		return TRUTH_YES;
	if (j->q->now >= rule->until)
		return TRUTH_NO;
	return holds_ends(j->q) ? TRUTH_YES : TRUTH_UNCERTAIN;
}

static enum truth
judge_as(const struct judge *j, const struct policy_rule *rule)
{
	struct policy_range r = policy_clip(j->p, PT_WORDS, rule->as);

	if (r.n == 0)
		return TRUTH_YES;
	if (!hold_of(j->q)->as || j->q->as == NULL)
		return TRUTH_UNCERTAIN;
	for (uint32_t i = 0; i < r.n; i++) {
		if (strcmp(policy_word(j->p, r.first + i), j->q->as) == 0)
			return TRUTH_YES;
	}
	return TRUTH_NO;
}

/* Whether time alone decides: a road without ends judges only deadlines. */
static bool
time_decides(const struct judge *j, const struct policy_rule *rule,
    enum truth timeless)
{
	bool ends = holds_ends(j->q);

	if (rule->verb == VERB_ALLOW)
		return timeless == TRUTH_YES && ends &&
		    (rule->until != 0 || rule->when.n != 0);
	return timeless != TRUTH_NO &&
	    (rule->until != 0 || (rule->when.n != 0 && ends));
}

static struct outcome
judge_rule(const struct judge *j, const struct policy_rule *rule,
    enum truth who)
{
	struct outcome o;
	enum truth timeless;

	o.people_and_targets = both(who, judge_what(j, rule));
	timeless = both(o.people_and_targets,
	    truth_of(rule->roads == 0 || rule->roads >> j->q->road & 1));
	timeless = both(timeless, judge_from(j, rule));
	timeless = both(timeless, judge_as(j, rule));
	o.all = both(timeless, judge_when(j, rule));
	o.all = both(o.all, judge_until(j, rule));
	o.timed = time_decides(j, rule, timeless);
	return o;
}

/*
 * Obligations.
 */
/* Whether the approval is of what is asked for; of what is certain only. */
static bool
approval_covers(const struct judge *j, const struct policy_approval *a)
{
	const struct policy_request *q = j->q;

	if (a->of == APPROVAL_ANYTHING)
		return true;
	if (a->port != q->port ||
	    (a->as != NULL && (q->as == NULL || strcmp(a->as, q->as) != 0)))
		return false;
	if (a->of == APPROVAL_ADDRESS)
		return q->path == NULL && !q->presume &&
		    addr_equal(&a->addr, &q->addr);
	if (a->of == APPROVAL_NAME)
		return q->asked != NULL && strcmp(a->name, q->asked) == 0;
	for (size_t i = 0; i < j->ncovers; i++) {
		if (j->covers[i].target == a->target &&
		    j->covers[i].truth == TRUTH_YES)
			return true;
	}
	return false;
}

static bool
ticket_matches(
    const struct judge *j, const struct policy_rule *rule, const char *ticket)
{
	struct policy_range r = policy_clip(j->p, PT_WORDS, rule->tickets);

	for (uint32_t i = 0; i < r.n && ticket != NULL; i++) {
		if (glob_match(policy_word(j->p, r.first + i), ticket, true))
			return true;
	}
	return false;
}

/* With the request, or with what was approved of it. */
static bool
ticket_given(struct judge *j, const struct policy_rule *rule)
{
	const struct policy_request *q = j->q;

	if (ticket_matches(j, rule, q->ticket))
		return true;
	for (size_t i = 0; i < q->napprovals; i++) {
		const struct policy_approval *a = &q->approvals[i];

		if (a->of == APPROVAL_ANYTHING || q->now >= a->until ||
		    !approval_covers(j, a) ||
		    !ticket_matches(j, rule, a->ticket))
			continue;
		j->timed = true;
		if (a->from <= q->now)
			return true;
	}
	return false;
}

int64_t
policy_approval_end(
    const struct policy_approval *a, const struct policy_rule *rule)
{
	if (a->of == APPROVAL_ANYTHING ||
	    a->until - rule->approved_for < a->from)
		return a->until;
	return a->from + rule->approved_for;
}

/* The approval that meets the rule, and longest; or POLICY_NONE. */
static uint32_t
find_approval(struct judge *j, const struct policy_rule *rule)
{
	uint32_t best = POLICY_NONE;
	int64_t latest = INT64_MIN;

	for (uint32_t i = 0; i < j->q->napprovals; i++) {
		const struct policy_approval *a = &j->q->approvals[i];
		int64_t end = policy_approval_end(a, rule);

		if (a->group != rule->approvers || !approval_covers(j, a))
			continue;
		if (a->of != APPROVAL_ANYTHING) {
			if (j->q->now >= end)
				continue;
			j->timed = true;
			if (j->q->now < a->from)
				continue;
		}
		if (best == POLICY_NONE || end > latest) {
			best = i;
			latest = end;
		}
	}
	return best;
}

/* One more group that must approve; false if nobody of it has. */
static bool
approve(struct judge *j, const struct policy_rule *rule)
{
	struct policy_verdict *v = j->v;
	uint32_t found = find_approval(j, rule);
	struct policy_approver *a = v->approvers;

	while (a < v->approvers + v->napprovers && a->group != rule->approvers)
		a++;
	if (a == v->approvers + VERDICT_APPROVERS) {
		j->overflow = true;
		return false;
	}
	if (a == v->approvers + v->napprovers) {
		v->napprovers++;
		*a = (struct policy_approver){
		    rule->approvers, rule->approved_for, found};
	} else if (rule->approved_for < a->seconds) {
		a->seconds = rule->approved_for;
		a->approval = found;
	}
	return found != POLICY_NONE;
}

static void
smallest(uint32_t *limit, uint32_t n)
{
	if (n != 0 && (*limit == 0 || n < *limit))
		*limit = n;
}

/* One more rule of which a session takes a place; a rule may apply twice. */
static void
limit(struct judge *j, uint32_t index)
{
	struct policy_verdict *v = j->v;

	for (uint32_t i = 0; i < v->nlimits; i++) {
		if (v->limits[i] == index)
			return;
	}
	if (v->nlimits == VERDICT_LIMITS)
		j->overflow = true;
	else
		v->limits[v->nlimits++] = index;
}

static void
oblige(struct judge *j, uint32_t index, const struct policy_rule *rule)
{
	struct policy_verdict *v = j->v;

	if (rule->obligations & MUST_MAX)
		limit(j, index);
	smallest(&v->max, rule->max);
	v->obligations |= rule->obligations;
	smallest(&v->idle, rule->idle);
	smallest(&v->duration, rule->duration);
	if ((rule->obligations & MUST_MFA) && !j->q->mfa)
		v->unmet |= MUST_MFA;
	if ((rule->obligations & MUST_TICKET) && !ticket_given(j, rule))
		v->unmet |= MUST_TICKET;
	if ((rule->obligations & MUST_APPROVE) && !approve(j, rule))
		v->unmet |= MUST_APPROVE;
}

/*
 * Rules.
 */
static void
remember(struct policy_verdict *v, uint32_t rule, enum truth truth)
{
	for (uint32_t i = 0; i < v->nmatches; i++) {
		if (v->matches[i].rule == rule)
			return;
	}
	if (v->nmatches < VERDICT_RULES)
		v->matches[v->nmatches++] = (struct policy_match){rule, truth};
}

static void
lowest(uint32_t *rule, uint32_t index)
{
	if (*rule == POLICY_NONE || index < *rule)
		*rule = index;
}

static void
apply_allow(struct judge *j, uint32_t index, const struct policy_rule *rule,
    const struct outcome *o)
{
	if (o->people_and_targets != TRUTH_NO) {
		oblige(j, index, rule);
		remember(j->v, index, o->all);
	}
	if (o->all == TRUTH_YES) {
		j->allowed = true;
		j->allowed_always |= !o->timed;
		lowest(&j->allow_rule, index);
	}
	j->allowable |= o->timed;
}

static void
apply(struct judge *j, uint32_t index, enum truth who)
{
	const struct policy_rule *rule = policy_rule(j->p, index);
	struct outcome o = judge_rule(j, rule, who);

	if (rule->verb == VERB_ALLOW) {
		apply_allow(j, index, rule, &o);
		return;
	}
	j->timed |= o.timed;
	if (o.all == TRUTH_NO)
		return;
	remember(j->v, index, o.all);
	if (rule->verb == VERB_REQUIRE) {
		oblige(j, index, rule);
	} else {
		j->denied = true;
		j->denied_always |= !o.timed;
		lowest(&j->deny_rule, index);
	}
}

static void
apply_rules(struct judge *j)
{
	for (size_t i = 0; i < j->npeople; i++) {
		struct standing *standing = &j->people[i];
		struct policy_range r = policy_links(
		    j->p, PT_IX_WHO, standing->kind, standing->index);

		for (uint32_t n = 0; n < r.n; n++) {
			const struct policy_link *link =
			    policy_row(j->p, PT_IX_WHO, r.first + n);

			apply(j, link->to, standing->truth);
		}
	}
}

static void
each_of_ref(const struct policy *p, const struct policy_ref *ref,
    void (*each)(void *, uint32_t), void *arg)
{
	struct policy_range r = {0, p->table[PT_TARGETS].n};

	if (ref->kind == REF_TARGET) {
		each(arg, ref->index);
		return;
	}
	if (ref->kind == REF_TAG)
		r = policy_links(p, PT_IX_TAG, REF_TAG, ref->index);
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link;

		if (ref->kind == REF_TAG) {
			link = policy_row(p, PT_IX_TAG, r.first + i);
			each(arg, link->to);
		} else {
			each(arg, i);
		}
	}
}

static void
each_of_rule(const struct policy *p, const struct policy_rule *rule,
    void (*each)(void *, uint32_t), void *arg)
{
	struct policy_range what = policy_clip(p, PT_REFS, rule->what);

	for (uint32_t i = 0; i < what.n; i++)
		each_of_ref(p, policy_ref(p, what.first + i), each, arg);
}

static void
each_of_person(const struct judge *j, const struct standing *standing,
    uint32_t roads, void (*each)(void *, uint32_t), void *arg)
{
	struct policy_range r =
	    policy_links(j->p, PT_IX_WHO, standing->kind, standing->index);

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link =
		    policy_row(j->p, PT_IX_WHO, r.first + i);
		const struct policy_rule *rule = policy_rule(j->p, link->to);

		if (rule->verb == VERB_ALLOW &&
		    (rule->roads == 0 || (rule->roads & roads) != 0))
			each_of_rule(j->p, rule, each, arg);
	}
}

void
policy_candidates(const struct policy *p, const struct policy_request *q,
    uint32_t roads, void (*each)(void *, uint32_t), void *arg)
{
	struct judge j = {.p = p, .q = q};

	find_people(&j);
	for (size_t i = 0; i < j.npeople; i++)
		each_of_person(&j, &j.people[i], roads, each, arg);
}

enum truth
policy_has_account(const struct policy *p, const struct policy_request *q)
{
	struct judge j = {.p = p, .q = q};
	enum truth account = find_people(&j);

	return j.overflow || policy_damaged(p) ? TRUTH_NO : account;
}

enum truth
policy_has_person(const struct policy *p, const struct policy_request *q,
    struct policy_range who)
{
	struct judge j = {.p = p, .q = q};
	struct policy_range r = policy_clip(p, PT_REFS, who);
	enum truth found = TRUTH_NO;

	find_people(&j);
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_ref *ref = policy_ref(p, r.first + i);

		for (size_t n = 0; n < j.npeople; n++) {
			if (j.people[n].kind == ref->kind &&
			    j.people[n].index == ref->index)
				found = either(found, j.people[n].truth);
		}
	}
	return j.overflow || policy_damaged(p) ? TRUTH_NO : found;
}

/*
 * Whether another time could give another verdict: nothing can change where
 * no allow ever matches, or an untimed deny always does.
 */
static bool
depends_on_time(const struct judge *j, bool user_expires)
{
	if (j->denied_always || (!j->allowed && !j->allowable))
		return false;
	return j->timed || !j->allowed_always || user_expires;
}

static void
decide(struct judge *j, enum policy_action action, enum policy_reason reason,
    uint32_t rule)
{
	j->v->action = action;
	j->v->reason = reason;
	j->v->rule = rule;
}

/* Whether the relay can record it: what SSH says is not to be read. */
static bool
is_clear_text(const struct judge *j)
{
	for (size_t c = 0; c < j->ncovers; c++) {
		enum policy_protocol protocol = PROTO_TCP;

		if (policy_declares(j->p,
			policy_target(j->p, j->covers[c].target), j->q->port,
			&protocol) &&
		    protocol == PROTO_SSH)
			return false;
	}
	return j->q->path == NULL;
}

/* Whether ssh(1) could be started for it: a target that says so is enough. */
static bool
is_ssh(const struct judge *j)
{
	for (size_t c = 0; c < j->ncovers; c++) {
		const struct policy_target *t =
		    policy_target(j->p, j->covers[c].target);
		enum policy_protocol protocol = PROTO_TCP;

		if (j->covers[c].truth == TRUTH_YES &&
		    policy_declares(j->p, t, j->q->port, &protocol) &&
		    protocol == PROTO_SSH)
			return j->q->path == NULL || t->kind == TARGET_DEVICE;
	}
	return false;
}

/* "The verdict", 4 to 7. */
static void
conclude(struct judge *j)
{
	struct policy_verdict *v = j->v;

	v->unheld = v->obligations & ~held(j->q);
	if (j->q->road != ROAD_SHELL && !is_clear_text(j))
		v->unheld |= v->obligations & MUST_RECORD;
	if (j->denied)
		decide(j, ACTION_DENY, REASON_DENIED, j->deny_rule);
	else if (!j->allowed)
		decide(j, ACTION_DENY, REASON_NO_RULE, POLICY_NONE);
	else if (j->q->road == ROAD_SHELL && !is_ssh(j))
		decide(j, ACTION_DENY, REASON_NOT_SSH, POLICY_NONE);
	else if (v->unheld != 0)
		decide(j, ACTION_DENY, REASON_NOT_HELD, j->allow_rule);
	else if (v->unmet != 0)
		decide(j, ACTION_ASK, REASON_UNMET, j->allow_rule);
	else
		decide(j, ACTION_ALLOW, REASON_NONE, j->allow_rule);
}

/* "The verdict", 1 and 2; false if it is already deny. */
static bool
admit(struct judge *j, enum truth account, int64_t until, bool device)
{
	if (account != TRUTH_YES || device) {
		decide(j, ACTION_DENY, REASON_NOT_A_USER, POLICY_NONE);
		j->v->timed = false;
	} else if (find_lock(j) != POLICY_NONE) {
		decide(j, ACTION_DENY, REASON_LOCKED, POLICY_NONE);
		j->v->timed = false;
	} else if (until != 0 && j->q->now >= until) {
		decide(j, ACTION_DENY, REASON_EXPIRED, POLICY_NONE);
		if (!holds_ends(j->q))
			j->v->timed = false;
	} else if (until != 0 && !holds_ends(j->q)) {
		decide(j, ACTION_DENY, REASON_END_NOT_HELD, POLICY_NONE);
		j->v->timed = false;
	} else {
		return true;
	}
	return false;
}

void
policy_evaluate(const struct policy *p, const struct policy_request *q,
    struct policy_verdict *v)
{
	struct judge j = {.p = p, .q = q, .v = v, .deny_rule = POLICY_NONE,
	    .allow_rule = POLICY_NONE};
	enum truth account;
	int64_t until = 0;
	bool device = false, never;

	memset(v, 0, sizeof(*v));
	decide(&j, ACTION_DENY, REASON_NO_RULE, POLICY_NONE);
	account = find_people(&j);
	if (q->user != POLICY_NONE) {
		until = policy_user(p, q->user)->until;
		device = policy_user(p, q->user)->flags & USER_DEVICE;
	}
	find_covers(&j);
	apply_rules(&j);
	v->timed = depends_on_time(&j, until != 0);
	never = never_reached(&j);
	if (admit(&j, account, until, device)) {
		if (never)
			decide(&j, ACTION_DENY, REASON_NEVER, POLICY_NONE);
		else
			conclude(&j);
	}
	if (never)
		v->timed = false;
	if (j.overflow)
		decide(&j, ACTION_DENY, REASON_LIMIT, POLICY_NONE);
	if (policy_damaged(p))
		decide(&j, ACTION_DENY, REASON_DAMAGED, POLICY_NONE);
}

void
policy_hostkeys(const struct policy *p, const struct policy_request *q,
    void (*each)(void *arg, const char *blob), void *arg)
{
	struct judge j = {.p = p, .q = q};
	enum policy_protocol protocol = PROTO_TCP;

	find_covers(&j);
	for (size_t c = 0; c < j.ncovers; c++) {
		uint32_t target = j.covers[c].target;
		struct policy_range r =
		    policy_links(p, PT_IX_HOSTKEY, REF_TARGET, target);

		if (!policy_declares(
			p, policy_target(p, target), q->port, &protocol) ||
		    protocol != PROTO_SSH)
			continue;
		for (uint32_t i = 0; i < r.n; i++) {
			const struct policy_link *link =
			    policy_row(p, PT_IX_HOSTKEY, r.first + i);

			each(arg,
			    policy_string(p, policy_key(p, link->to)->blob));
		}
	}
}

const char *
policy_reason_text(enum policy_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "allowed";
	case REASON_DAMAGED:
		return "the policy is unusable";
	case REASON_LIMIT:
		return "too many targets cover this, or too many groups "
		       "or limits";
	case REASON_NOT_A_USER:
		return "not an account of the policy";
	case REASON_LOCKED:
		return "the user is locked";
	case REASON_EXPIRED:
		return "the user has expired";
	case REASON_END_NOT_HELD:
		return "the end of the user cannot be held on this road";
	case REASON_NEVER:
		return "an address that is never reached";
	case REASON_DENIED:
		return "a deny rule matches";
	case REASON_NO_RULE:
		return "no allow rule matches";
	case REASON_NOT_SSH:
		return "no port of ssh, and the road shell serves no other";
	case REASON_NOT_HELD:
		return "an obligation cannot be held on this road";
	case REASON_UNMET:
		return "something is to be done first";
	}
	return "unknown";
}
