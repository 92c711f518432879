/* SPDX-License-Identifier: ISC */
#include "road.h"

#include <stdlib.h>
#include <string.h>

/* The port of SSH of a target that was asked for without one: 22 if it has it. */
static uint16_t
default_port(const struct policy *p, const struct target *asked)
{
	uint32_t found = policy_find_target(p, asked->text);
	const struct policy_port *row;
	struct policy_range r;
	uint16_t port = 0;

	if (asked->form != TARGET_NAMED || found == POLICY_NONE)
		return 22;
	r = policy_clip(p, PT_PORTS, policy_target(p, found)->ports);
	for (uint32_t i = 0; i < r.n; i++) {
		row = policy_row(p, PT_PORTS, r.first + i);
		if (row->protocol == PROTO_SSH && (port == 0 || row->port == 22))
			port = row->port != 0 ? row->port : 22; /* a path */
	}
	return port;
}

static enum policy_action
judge_as(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const char *login, struct decision *d)
{
	struct policy_request q = *base;

	q.road = ROAD_SHELL;
	q.as = login;
	decide(p, &q, asked, NULL, 0, d);
	if (d->lookup) /* as it would be with an address */
		d->action = d->verdict.action =
		    d->verdict.unmet != 0 ? ACTION_ASK : ACTION_ALLOW;
	return d->action;
}

/* The name that the user goes by, if it can be a login. */
static const char *
own_name(const struct policy *p, const struct policy_request *q)
{
	const char *name = q->user == POLICY_NONE
	    ? q->account
	    : policy_string(p, policy_user(p, q->user)->name);

	return name != NULL && command_login(name) ? name : NULL;
}

static bool
is_listed(const struct road *r, const char *login)
{
	for (size_t i = 0; i < r->nlogins; i++) {
		if (strcmp(r->logins[i], login) == 0)
			return true;
	}
	return false;
}

/* Keep the logins of a rule with which the verdict is the best so far. */
static void
try_logins(const struct policy *p, const struct policy_request *base,
    const struct policy_rule *rule, struct road *r)
{
	struct policy_range as = policy_clip(p, PT_WORDS, rule->as);
	struct decision d;

	for (uint32_t i = 0; i < as.n; i++) {
		const char *login = policy_word(p, as.first + i);

		if (!command_login(login) || is_listed(r, login) ||
		    judge_as(p, base, &r->target, login, &d) == ACTION_DENY ||
		    d.action < r->decision.action)
			continue;
		if (d.action > r->decision.action)
			r->nlogins = 0;
		if (r->nlogins == 0)
			r->decision = d;
		if (r->nlogins < ROAD_LOGINS)
			r->logins[r->nlogins++] = login;
	}
}

/* The user's own name; else the single login that the rules have. */
static void
find_login(const struct policy *p, const struct policy_request *base,
    struct road *r)
{
	const char *own = own_name(p, base);
	struct decision none;

	/* No rule names the empty login, which stands for any other. */
	judge_as(p, base, &r->target, own != NULL ? own : "", &r->decision);
	if (r->decision.action == ACTION_DENY) {
		none = r->decision;
		for (uint32_t i = 0; i < none.verdict.nmatches; i++)
			try_logins(p, base,
			    policy_rule(p, none.verdict.matches[i].rule), r);
		own = r->nlogins == 1 ? r->logins[0] : NULL;
	}
	if (own != NULL)
		strcpy(r->login, own);
	else if (r->decision.action != ACTION_DENY)
		r->lack = ROAD_NO_LOGIN;
}

/*
 * Whether the hosts and devices that cover a choice all permit the agent, of
 * which there are some.
 */
struct agents {
	const struct policy *policy;
	uint16_t port;
	size_t n, permit;
};

static void
count_agent(void *arg, uint32_t target, bool certain)
{
	struct agents *a = arg;
	const struct policy_target *t = policy_target(a->policy, target);

	if (!certain || (t->kind != TARGET_HOST && t->kind != TARGET_DEVICE) ||
	    !policy_declares(a->policy, t, a->port, NULL))
		return;
	a->n++;
	a->permit += (t->flags & TARGET_AGENT) != 0;
}

/* What one of the choices that may be connected to asks of the session. */
static void
add_choice(const struct policy *p, const struct policy_request *base,
    const struct choice *c, struct road *r)
{
	struct agents a = {.policy = p,
	    .port = r->decision.path != NULL ? 0 : r->target.port};
	struct policy_request q = *base;
	const char **keys;

	r->record |= (c->verdict.obligations & MUST_RECORD) != 0;
	r->consent |= (c->verdict.obligations & MUST_CONSENT) != 0;
	q.asked = r->target.form == TARGET_NAMED ? r->target.text : NULL;
	q.addr = c->addr;
	q.path = r->decision.path;
	q.port = a.port;
	policy_covers(p, &q, count_agent, &a);
	r->agent &= a.n > 0 && a.n == a.permit;
	if (decide_hostkeys(
		p, base, &r->target, c, r->decision.path, &keys) <= 0)
		r->lack = ROAD_NO_HOSTKEY;
	free(keys);
}

static void
complete(const struct policy *p, const struct policy_request *base,
    struct road *r)
{
	const struct decision *d = &r->decision;

	r->agent = d->n > 0;
	if (d->n == 0)
		r->lack = ROAD_NO_HOSTKEY; /* a name of a domain */
	for (size_t i = 0; i < d->n; i++) {
		if (d->choices[i].verdict.action == d->action)
			add_choice(p, base, &d->choices[i], r);
	}
}

enum policy_action
road_judge(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const char *login, struct road *r)
{
	memset(r, 0, sizeof(*r));
	r->target = *asked;
	if (r->target.port == 0)
		r->target.port = default_port(p, asked);
	if (login == NULL) {
		find_login(p, base, r);
	} else {
		strcpy(r->login, login);
		judge_as(p, base, &r->target, login, &r->decision);
	}
	if (r->decision.action != ACTION_DENY)
		complete(p, base, r);
	else if (asked->port == 0)
		r->target.port = 22; /* like what there is not */
	return r->decision.action;
}
