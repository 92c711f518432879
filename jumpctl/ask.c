/* SPDX-License-Identifier: ISC */
/*
 * A question about the policy, as explain and the tests put it: judged by
 * the decision that the programs use.
 */
#include "ctl.h"

#include <pwd.h>
#include <string.h>

/* The account of somebody: of a user as declared, else of that name. */
int
question_person(const struct policy *p, const struct question *q,
    struct person *person)
{
	uint32_t user = policy_find_user(p, q->who);
	const char *account = q->who, *id = NULL;
	const struct passwd *pw;

	if (user != POLICY_NONE) {
		const struct policy_user *u = policy_user(p, user);

		account = policy_string(p, u->account);
		id = u->flags & USER_SHARED ? policy_string(p, u->name) : NULL;
	}
	pw = getpwnam(account);
	return person_find(person, p, account,
		   pw == NULL ? (gid_t)-1 : pw->pw_gid, id) == PERSON_OK ?
	    0 : -1;
}

/* A DNS name: the best of one address for each domain that it matches. */
static void
decide_domains(const struct policy *p, const struct policy_request *base,
    const struct target *asked, struct decision *best)
{
	for (uint32_t i = 0; i < p->table[PT_IX_DOMAIN].n; i++) {
		const uint32_t *row = policy_row(p, PT_IX_DOMAIN, i);
		const struct policy_target *t = policy_target(p, *row);
		const struct net *net;
		struct decision d;

		if (!policy_name_matches(p, t, asked->text))
			continue;
		net = policy_row(p, PT_NETS, t->nets.first);
		decide(p, base, asked, &net->addr, 1, &d);
		if (best->n == 0 || d.action > best->action)
			*best = d;
	}
}

void
question_decide(const struct policy *p, const struct question *q,
    const struct person *person, enum policy_road road,
    const struct target *asked, struct decision *d)
{
	struct policy_request base;
	struct addr from;

	decide_request(&base, person, road, q->at);
	if (q->from != NULL && addr_parse(&from, q->from))
		base.from = &from;
	base.as = q->as;
	base.ticket = q->ticket;
	base.mfa = q->mfa;
	base.swept = q->swept;
	base.approvals = q->approvals;
	base.napprovals = q->napprovals;
	base.gate = base.gate && !q->no_gate;
	decide(p, &base, asked, NULL, 0, d);
	if (asked->form == TARGET_NAMED && d->n == 0 &&
	    policy_find_target(p, asked->text) == POLICY_NONE)
		decide_domains(p, &base, asked, d);
}
