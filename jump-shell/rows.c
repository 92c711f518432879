/* SPDX-License-Identifier: ISC */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/*
 * Which targets.
 */
struct finder {
	struct rows *rows;
	bool *seen;
	const char *search;
	bool found; /* among the forms of a target */
};

static bool
has_tag(const struct policy *p, const struct policy_target *t, const char *tag)
{
	struct policy_range r = policy_clip(p, PT_REFS, t->tags);

	for (uint32_t i = 0; i < r.n; i++) {
		const uint32_t *name =
		    policy_row(p, PT_TAGS, policy_ref(p, r.first + i)->index);

		if (strcmp(policy_string(p, *name), tag) == 0)
			return true;
	}
	return false;
}

/* Letters of ASCII in either case. */
static bool
has_text(const char *text, const char *search)
{
	return strcasestr(text, search) != NULL;
}

static void
find_in_form(
    void *arg, const struct policy_target *t, const struct answer_form *form)
{
	struct finder *f = arg;

	(void)t;
	if (has_text(form->name != NULL ? form->name : form->net, f->search))
		f->found = true;
}

static bool
matches(struct finder *f, const struct policy_target *t)
{
	const struct policy *p = f->rows->policy;
	struct policy_range r = policy_clip(p, PT_WORDS, t->aliases);

	if (f->search[0] == '@')
		return has_tag(p, t, f->search + 1);
	if (f->search[0] == '\0' ||
	    has_text(policy_string(p, t->name), f->search) ||
	    has_text(policy_string(p, t->path), f->search) ||
	    has_text(policy_string(p, t->comment), f->search))
		return true;
	for (uint32_t i = 0; i < r.n; i++) {
		if (has_text(policy_word(p, r.first + i), f->search))
			return true;
	}
	f->found = false;
	answer_forms(p, t, find_in_form, f);
	return f->found;
}

static void
find(void *arg, uint32_t target)
{
	struct finder *f = arg;
	const struct policy *p = f->rows->policy;

	if (target >= p->table[PT_TARGETS].n || f->seen[target])
		return;
	f->seen[target] = true;
	if (matches(f, policy_target(p, target)))
		f->rows->candidates[f->rows->ncandidates++] = target;
}

/* Names, then patterns, then networks. */
static int
kind_order(const struct policy_target *t)
{
	return t->kind == TARGET_NET ? 2 : t->kind == TARGET_DOMAIN;
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct policy *p = arg;
	const struct policy_target *x = policy_target(p, *(const uint32_t *)a);
	const struct policy_target *y = policy_target(p, *(const uint32_t *)b);

	if (kind_order(x) != kind_order(y))
		return kind_order(x) - kind_order(y);
	return strcmp(policy_string(p, x->name), policy_string(p, y->name));
}

int
rows_open(struct rows *rows, const char *search)
{
	uint32_t n = rows->policy->table[PT_TARGETS].n;
	struct finder f = {.rows = rows, .search = search};

	f.seen = calloc(n + 1, sizeof(*f.seen));
	rows->candidates = calloc(n + 1, sizeof(*rows->candidates));
	if (f.seen == NULL || rows->candidates == NULL) {
		free(f.seen);
		rows_close(rows);
		return -1;
	}
	policy_candidates(
	    rows->policy, rows->request, (1 << ROAD_COUNT) - 1, find, &f);
	free(f.seen);
	qsort_r(rows->candidates, rows->ncandidates, sizeof(*rows->candidates),
	    by_name, (void *)(uintptr_t)rows->policy);
	return 0;
}

void
rows_close(struct rows *rows)
{
	free(rows->row);
	free(rows->candidates);
	rows->row = NULL;
	rows->candidates = NULL;
	rows->n = rows->room = rows->ncandidates = rows->next = 0;
}

/*
 * What becomes of them.
 */
static time_t
later(time_t a, time_t b)
{
	return a == 0 || b == 0 ? 0 : a > b ? a : b;
}

/* A choice that has the action ends last of those. */
static time_t
end_of(const struct policy *p, const struct policy_request *q,
    const struct target *asked, const struct decision *d)
{
	time_t end = -1, next;

	for (size_t i = 0; i < d->n && end != 0; i++) {
		if (d->choices[i].verdict.action != d->action)
			continue;
		next = decide_end(p, q, asked, &d->choices[i], d->path);
		end = end == -1 ? next : later(end, next);
	}
	return end == -1 ? 0 : end;
}

/* One road, judged; what is better than before is kept. */
static void
consider(const struct rows *rows, const struct policy_request *q,
    const struct target *asked, enum policy_action action,
    const struct decision *d, struct row_state *best)
{
	static const enum layout_state states[] = {
	    [ACTION_DENY] = LAYOUT_CLOSED,
	    [ACTION_ASK] = LAYOUT_ASK,
	    [ACTION_ALLOW] = LAYOUT_OPEN};
	struct row_state s = {.state = states[action],
	    .road = q->road,
	    .unmet = d->verdict.unmet,
	    .recorded = (d->verdict.obligations & MUST_RECORD) != 0};

	if (s.state < best->state)
		return;
	if (s.state == LAYOUT_OPEN)
		s.when = end_of(rows->policy, q, asked, d);
	else if (s.state == LAYOUT_CLOSED)
		s.when = decide_begin(rows->policy, q, asked, d);
	if (s.state == LAYOUT_CLOSED && s.when == 0)
		return;
	if (best->none || s.state > best->state)
		*best = s;
	else if (s.state == LAYOUT_OPEN)
		best->when = later(best->when, s.when);
	else if (s.state == LAYOUT_CLOSED && s.when < best->when)
		best->when = s.when;
}

static struct policy_request
request_by(const struct rows *rows, enum policy_road road)
{
	struct policy_request q = *rows->request;

	q.road = road;
	q.mfa = q.mfa || (rows->step && road != ROAD_FORWARD);
	return q;
}

enum policy_action
rows_road(const struct rows *rows, const struct target *asked,
    const char *login, struct road *road)
{
	struct policy_request q = request_by(rows, ROAD_SHELL);

	return road_judge(rows->policy, &q, asked, login, road);
}

/* When it is open with one of the logins that the rules have. */
static void
consider_later(const struct rows *rows, struct policy_request *q,
    const struct target *asked, const struct decision *d,
    struct row_state *best)
{
	const struct policy *p = rows->policy;

	q->as = NULL;
	consider(rows, q, asked, ACTION_DENY, d, best);
	for (uint32_t m = 0; m < d->verdict.nmatches; m++) {
		struct policy_range as = policy_clip(p, PT_WORDS,
		    policy_rule(p, d->verdict.matches[m].rule)->as);

		for (uint32_t i = 0; i < as.n; i++) {
			struct decision with;

			q->as = policy_word(p, as.first + i);
			decide(p, q, asked, NULL, 0, &with);
			if (with.action == ACTION_DENY)
				consider(
				    rows, q, asked, ACTION_DENY, &with, best);
		}
	}
}

/* Where who answers cannot be told, the road shell comes to nothing. */
static void
consider_shell(
    const struct rows *rows, const struct target *asked, struct row_state *best)
{
	static struct road road;
	struct policy_request q = request_by(rows, ROAD_SHELL);
	enum policy_action action = rows_road(rows, asked, NULL, &road);

	if (road.lack == ROAD_NO_HOSTKEY)
		return;
	if (action == ACTION_DENY) {
		consider_later(rows, &q, asked, &road.decision, best);
		return;
	}
	q.as = road.login[0] != '\0' ? road.login
	    : road.nlogins > 0	     ? road.logins[0]
				     : NULL;
	consider(rows, &q, asked, action, &road.decision, best);
}

void
rows_judge(const struct rows *rows, const struct target *asked,
    enum policy_protocol protocol, struct row_state *best)
{
	static const enum policy_road roads[] = {ROAD_CONNECT, ROAD_FORWARD};
	struct policy_request q;
	enum policy_action action;
	struct decision d;

	*best = (struct row_state){.state = LAYOUT_CLOSED, .none = true};
	if (protocol == PROTO_SSH)
		consider_shell(rows, asked, best);
	for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		q = request_by(rows, roads[i]);
		action = answer_judge(rows->policy, rows->request, rows->step,
		    roads[i], asked, &d);
		consider(rows, &q, asked, action, &d, best);
	}
}

static bool
same_state(const struct row_state *a, const struct row_state *b)
{
	return a->state == b->state && a->unmet == b->unmet &&
	    a->recorded == b->recorded && a->when == b->when;
}

static struct row *
new_row(struct rows *rows)
{
	size_t room = rows->room == 0 ? FIRST_ROOM : 2 * rows->room;
	struct row *more;

	if (rows->n == rows->room) {
		more = reallocarray(rows->row, room, sizeof(*more));
		if (more == NULL) {
			rows->failed = true;
			return NULL;
		}
		rows->row = more;
		rows->room = room;
	}
	memset(&rows->row[rows->n], 0, sizeof(*rows->row));
	return &rows->row[rows->n++];
}

/* The port goes to the row of its form that has the state. */
static void
add_port(struct rows *rows, size_t first, const struct answer_form *form,
    const struct policy_port *port, const struct row_state *state)
{
	struct row *row = NULL;

	for (size_t i = first; i < rows->n && row == NULL; i++) {
		if (rows->row[i].nports < ROW_PORTS &&
		    same_state(&rows->row[i].state, state))
			row = &rows->row[i];
	}
	if (row == NULL) {
		row = new_row(rows);
		if (row == NULL)
			return;
		row->target = rows->target;
		row->form = *form;
		row->state = *state;
	}
	row->ports[row->nports++] = *port;
}

static void
judge_form(
    void *arg, const struct policy_target *t, const struct answer_form *form)
{
	struct rows *rows = arg;
	struct policy_range r = policy_clip(rows->policy, PT_PORTS, t->ports);
	struct target asked = form->asked;
	struct row_state state;
	size_t first = rows->n;

	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_port *port =
		    policy_row(rows->policy, PT_PORTS, r.first + i);

		asked.port = port->port;
		rows_judge(
		    rows, &asked, (enum policy_protocol)port->protocol, &state);
		if (!state.none)
			add_port(rows, first, form, port, &state);
	}
}

size_t
rows_fill(struct rows *rows, size_t n)
{
	while (rows->n < n && rows->next < rows->ncandidates && !rows->failed) {
		rows->target = rows->candidates[rows->next++];
		answer_forms(rows->policy,
		    policy_target(rows->policy, rows->target), judge_form,
		    rows);
	}
	return rows->n;
}

static const char *
needs_text(uint32_t unmet)
{
	static const char *const texts[] = {"", "ticket needed",
	    "approval needed", "ticket, approval needed",
	    "second factor needed", "ticket, second factor needed",
	    "approval, second factor needed",
	    "ticket, approval, second factor needed"};

	return texts[((unmet & MUST_TICKET) != 0) +
	    2 * ((unmet & MUST_APPROVE) != 0) + 4 * ((unmet & MUST_MFA) != 0)];
}

void
rows_show(const struct rows *rows, size_t i, struct layout_row *to,
    char ports[ROW_TEXT])
{
	const struct row *row = &rows->row[i];
	const struct policy_target *t =
	    policy_target(rows->policy, row->target);
	size_t n = 0;
	bool offline = rows->online != NULL && row->nports > 0;

	ports[0] = '\0';
	for (size_t port = 0; port < row->nports; port++) {
		offline = offline &&
		    online_of(rows->online, rows->policy, t,
			row->ports[port].port) == ONLINE_NO;
		if (row->ports[port].port != 0)
			n += (size_t)snprintf(ports + n, ROW_TEXT - n, "%s%u",
			    n == 0 ? "" : " ", row->ports[port].port);
	}
	*to = (struct layout_row){.number = (unsigned int)i + 1,
	    .target = row->form.name != NULL ? row->form.name : row->form.net,
	    .ports = n == 0 ? "-" : ports,
	    .comment = policy_string(rows->policy, t->comment),
	    .needs = row->state.state == LAYOUT_ASK
		? needs_text(row->state.unmet)
		: "",
	    .recorded = row->state.recorded,
	    .offline = offline,
	    .state = row->state.state,
	    .when = row->state.when};
}
