/* SPDX-License-Identifier: ISC */
#include "limits.h"

#include <errno.h>

enum { SESSIONS = 20 }; /* without `set sessions' */

uint32_t
limits_sessions(const struct policy *p)
{
	uint32_t sessions = policy_meta(p)->sessions;

	return sessions != 0 ? sessions : SESSIONS;
}

static int
take(struct limits *l, const char *rule, uint32_t max)
{
	int result = session_take(l->session, l->user, rule, max);

	if (result == -1 && errno == EAGAIN) {
		l->rule = rule;
		l->max = max;
	}
	return result;
}

static const char *
name_of(const struct limits *l, uint32_t rule)
{
	return policy_string(l->policy, policy_rule(l->policy, rule)->name);
}

/* Once for each rule, however many choices it binds. */
static int
take_rule(struct limits *l, uint32_t rule)
{
	size_t i = 0;

	while (i < l->n && l->rules[i].rule != rule)
		i++;
	if (i == l->n) {
		l->n++;
		l->rules[i].rule = rule;
		l->rules[i].taken = take(l, name_of(l, rule),
					policy_rule(l->policy, rule)->max) == 0;
		if (!l->rules[i].taken)
			return -1;
	}
	errno = EAGAIN;
	return l->rules[i].taken ? 0 : -1;
}

static int
take_choice(struct limits *l, const struct policy_verdict *v)
{
	for (uint32_t i = 0; i < v->nlimits; i++) {
		if (take_rule(l, v->limits[i]) == -1)
			return -1;
	}
	return 0;
}

/*
 * The user's own comes last: who finds no place under a rule then never holds
 * one that another session could have had.
 */
int
limits_take(struct limits *l, struct decision *d)
{
	bool left = false;

	for (size_t i = 0; i < d->n; i++) {
		struct choice *c = &d->choices[i];

		if (c->verdict.action != ACTION_ALLOW)
			continue;
		if (take_choice(l, &c->verdict) == 0)
			left = true;
		else if (errno == EAGAIN)
			c->verdict.action = ACTION_DENY;
		else
			return -1;
	}
	errno = EAGAIN;
	if (!left)
		return -1;
	return take(l, "", limits_sessions(l->policy));
}

static bool
binds(const struct choice *c, uint32_t rule)
{
	for (uint32_t i = 0; i < c->verdict.nlimits; i++) {
		if (c->verdict.limits[i] == rule)
			return true;
	}
	return false;
}

void
limits_keep(struct limits *l, const struct choice *choice)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->rules[i].taken && !binds(choice, l->rules[i].rule))
			session_give(
			    l->session, l->user, name_of(l, l->rules[i].rule));
	}
}
