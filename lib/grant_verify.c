/* SPDX-License-Identifier: ISC */
#include "grant.h"

#include <string.h>

#include "signature.h"

bool
grant_answer_verify(const struct policy *p, struct grant_answer *a)
{
	char text[GRANT_FILE];
	int size = grant_answer_print(text, sizeof(text), a);
	uint32_t user = policy_find_user(p, a->by), key;

	a->verified = false;
	if (size == -1 || a->signature == NULL || a->refusal ||
	    user == POLICY_NONE)
		return false;
	key = signature_key(p, user, a->signature);
	a->verified = key != POLICY_NONE &&
	    signature_good(SSH_KEYGEN, 0, p, key, a->signature, text,
		(size_t)size, SIGNATURE_MS);
	return a->verified;
}

/* Whether it is an answer to what stands now, if it is genuine. */
static bool
matters(const struct grants *g, const struct grant_answer *a, time_t now)
{
	if (a->signature == NULL || a->refusal || a->at > now ||
	    now >= a->tuple.until || strcmp(a->by, a->tuple.user) == 0)
		return false;
	for (size_t i = 0; i < g->nrequests; i++) {
		const struct grant_request *r = &g->requests[i];

		if (r->uid == a->about && r->slot == a->slot)
			return grant_tuple_equal(&r->tuple, &a->tuple);
	}
	return false;
}

bool
grants_in_doubt(
    const struct grants *g, const struct grant_request *r, time_t now)
{
	for (size_t i = 0; i < g->nanswers; i++) {
		const struct grant_answer *a = &g->answers[i];

		if (a->about == r->uid && a->slot == r->slot &&
		    a->signature != NULL && !a->verified)
			return now < r->tuple.until;
	}
	return false;
}

void
grants_verify(struct grants *g, const struct policy *p, uid_t whose, time_t now)
{
	struct timespec start, at;
	size_t left = GRANT_SIGNATURES;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < g->nanswers && left > 0; i++) {
		struct grant_answer *a = &g->answers[i];

		if ((whose != GRANT_ANYBODY && a->about != whose) ||
		    a->verified || !matters(g, a, now))
			continue;
		grant_answer_verify(p, a);
		left--;
		clock_gettime(CLOCK_MONOTONIC, &at);
		if (at.tv_sec - start.tv_sec >= GRANT_PATIENCE)
			return;
	}
}
