/* SPDX-License-Identifier: ISC */
/*
 * No login may need more permitopen entries than sshd takes.
 */
#include "ctl.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "../jump-authkeys/keys.h"
#include "exit.h"

struct count {
	const struct policy *p;
	uint64_t n;    /* places */
	uint64_t wide; /* ports, which the gate may pass */
};

static void
count_target(void *arg, uint32_t index)
{
	struct count *count = arg;
	const struct policy_target *t = policy_target(count->p, index);

	count->wide += t->ports.n;
	if (t->kind == TARGET_HOST || t->kind == TARGET_DEVICE)
		count->n +=
		    (uint64_t)t->ports.n * (t->nets.n + t->aliases.n + 1);
}

static bool
count_fits(const struct count *count)
{
	return count->n <= PERMITOPEN_MAX &&
	    (policy_meta(count->p)->gate == 0 || count->wide <= PERMITOPEN_MAX);
}

/* An upper bound for a user, as if in every Unix group. */
static bool
surely_fits(const struct policy *p, uint32_t user, const uint8_t *groups)
{
	struct policy_request q = {.user = user, .unixgroups = groups};
	struct count count = {.p = p};

	policy_candidates(p, &q, 1 << ROAD_FORWARD, count_target, &count);
	return count_fits(&count);
}

/* Whether a login has too many entries, at this time. */
static bool
exceeds(const struct policy *p, const struct policy_request *request)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int n;

	if (out == NULL)
		err(EXIT_INTERNAL, NULL);
	n = keys_permitopen(p, request, true, out);
	fclose(out);
	free(text);
	return n == -1;
}

/* As if everybody had approved of everything; the caller frees. */
static struct policy_approval *
approve_all(const struct policy *p, struct policy_request *request)
{
	uint32_t n = p->table[PT_GROUPS].n;
	struct policy_approval *all = calloc(n + 1, sizeof(*all));

	if (all == NULL)
		err(EXIT_INTERNAL, NULL);
	for (uint32_t i = 0; i < n; i++)
		all[i].group = i;
	request->approvals = all;
	request->napprovals = n;
	return all;
}

/*
 * Count exactly: the entries that a login would have, with a key that
 * satisfies mfa and all that may be approved, now and whenever a window opens
 * or closes.
 */
static bool
fits(const struct policy *p, const struct policy_user *u)
{
	struct question q = {
	    .who = policy_string(p, u->name), .at = time(NULL)};
	struct policy_request request;
	struct policy_approval *all;
	struct person person;
	bool too_many;

	if (question_person(p, &q, &person) == -1)
		return true;
	decide_request(&request, &person, ROAD_FORWARD, q.at);
	request.mfa = request.swept = true;
	all = approve_all(p, &request);
	too_many = request.gate && exceeds(p, &request);
	request.gate = false; /* a login while it is away */
	too_many = too_many || exceeds(p, &request);
	for (uint32_t i = 0; i < p->table[PT_SPANS].n && !too_many; i++) {
		const struct policy_span *span = policy_row(p, PT_SPANS, i);

		request.minute = span->start;
		too_many = exceeds(p, &request);
		request.minute = span->end % WEEK_MINUTES;
		too_many = too_many || exceeds(p, &request);
	}
	person_free(&person);
	free(all);
	return !too_many;
}

/* An upper bound for anybody: most policies need no closer look. */
static bool
fits_everybody(const struct policy *p)
{
	struct count count = {.p = p};

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++)
		count_target(&count, i);
	return count_fits(&count);
}

size_t
rights_check(const struct policy *p, const struct sources *s)
{
	uint32_t users = fits_everybody(p) ? 0 : p->table[PT_USERS].n;
	uint32_t ngroups = p->table[PT_UNIXGROUPS].n;
	uint8_t *groups = malloc(ngroups + 1);
	size_t errors = 0;

	if (groups == NULL)
		err(EXIT_INTERNAL, NULL);
	memset(groups, TRUTH_YES, ngroups + 1);
	for (uint32_t i = 0; i < users; i++) {
		const struct policy_user *u = policy_user(p, i);

		progress("counting rights", i, users);
		if ((u->flags & USER_DEVICE) || surely_fits(p, i, groups) ||
		    fits(p, u))
			continue;
		progress("counting rights", users, users);
		warnx("%s:%u: error: `%s' may forward to more than %d "
		      "addresses and names; sshd would refuse the key",
		    s->list[u->place.file].name, u->place.line,
		    policy_string(p, u->name), PERMITOPEN_MAX);
		errors++;
	}
	progress("counting rights", users, users);
	free(groups);
	return errors;
}
