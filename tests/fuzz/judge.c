/* SPDX-License-Identifier: ISC */
#include "judge.h"

#include "../../jump-authkeys/keys.h"
#include "fuzz.h"

enum { MONDAY = 1767571200, /* 2026-01-05T00:00Z */ ENDS = 2, TARGETS = 5 };

struct asking {
	const struct policy *p;
	struct policy_request q;
	uint64_t sum;
	uint32_t candidates, ends;
	bool forged;
};

static void
fold(struct asking *a, uint64_t n)
{
	a->sum = (a->sum ^ n) * 0x100000001b3U;
	a->sum ^= a->sum >> 29;
}

static void
fold_verdict(struct asking *a, const struct policy_verdict *v)
{
	must(v->action <= ACTION_ALLOW && v->nmatches <= VERDICT_RULES);
	must((v->action == ACTION_ALLOW) == (v->reason == REASON_NONE));
	must(v->action != ACTION_ALLOW || (v->unmet | v->unheld) == 0);
	must(policy_reason_text(v->reason) != NULL);
	fold(a, v->action);
	fold(a, v->reason);
	fold(a, v->rule);
	fold(a, v->obligations);
	fold(a, v->unmet);
	fold(a, v->idle);
	fold(a, v->duration);
	fold(a, v->timed);
}

/* What is asked for, in words, by each road. */
static void
ask(struct asking *a, const char *name, const char *port)
{
	static const char addresses[][16] = {"10.0.0.1", "2001:db8::1"};
	struct addr resolved[2];
	struct target t;
	struct decision d;

	if (!target_parse(&t, name, port))
		return;
	for (int i = 0; i < 2; i++)
		addr_parse(&resolved[i], addresses[i]);
	for (int road = 0; road < ROAD_COUNT; road++) {
		a->q.road = (enum policy_road)road;
		decide(a->p, &a->q, &t, NULL, 0, &d);
		must(d.n <= ADDRESSES_MAX && d.action == d.verdict.action);
		must(!d.lookup || d.action == ACTION_DENY);
		if (!d.lookup)
			fold_verdict(a, &d.verdict);
		if (d.action == ACTION_ALLOW && a->ends++ < ENDS)
			fold(a,
			    (uint64_t)decide_end(
				a->p, &a->q, &t, &d.choices[0], d.path));
		if (!d.lookup)
			continue;
		decide(a->p, &a->q, &t, resolved, 2, &d);
		fold_verdict(a, &d.verdict);
	}
}

static void
ask_target(struct asking *a, uint32_t i)
{
	const struct policy_target *t = policy_target(a->p, i);
	struct policy_range ports = policy_clip(a->p, PT_PORTS, t->ports);
	char port[8];

	ask(a, policy_string(a->p, t->name), NULL);
	if (t->path != 0)
		ask(a, policy_string(a->p, t->path), NULL);
	for (uint32_t n = 0; n < ports.n && n < 4; n++) {
		const struct policy_port *row =
		    policy_row(a->p, PT_PORTS, ports.first + n);

		snprintf(port, sizeof(port), "%u", row->port);
		ask(a, policy_string(a->p, t->name), port);
		ask(a, "10.0.0.1", port);
		ask(a, "db1.dev.corp.example", port);
	}
}

static void
count_candidate(void *arg, uint32_t target)
{
	struct asking *a = arg;

	fold(a, target);
	a->candidates++;
}

/* The line of authorized_keys for a key of the user. */
static void
print_keys(struct asking *a, uint32_t user)
{
	const struct policy *p = a->p;

	for (uint32_t i = 0; i < p->table[PT_KEYS].n && i < 8; i++) {
		const struct policy_key *key = policy_key(p, i);
		struct credential c = {.type = policy_string(p, key->type),
		    .blob = policy_string(p, key->blob),
		    .row = i,
		    .verify = key->verify != 0};
		char *line = NULL;
		size_t size = 0;
		FILE *f;
		int result;

		if (key->kind != KEY_USER || key->owner != user)
			continue;
		f = open_memstream(&line, &size);
		must(f != NULL);
		result = keys_line(
		    p, &a->q, &c, true, false, "/shell", f);
		must(fclose(f) == 0);
		must(result == -1 || strncmp(line, "restrict,", 9) == 0);
		if (result == 0 && !a->forged)
			must(strchr(line, '\n') == line + size - 1);
		fold(a, (uint64_t)result);
		free(line);
	}
}

static void
ask_as(struct asking *a, uint32_t user)
{
	const struct policy *p = a->p;
	uint32_t n = p->table[PT_TARGETS].n;

	a->q.user = user;
	for (uint32_t i = 0; i < n && i < TARGETS; i++)
		ask_target(a, i);
	a->candidates = 0;
	policy_candidates(p, &a->q, 7, count_candidate, a);
	fold(a, a->candidates);
	if (user != POLICY_NONE)
		print_keys(a, user);
}

/* By its name, as their order is not the same when a policy is printed. */
static uint8_t
belongs(const char *unixgroup)
{
	unsigned sum = 0;

	for (; *unixgroup != '\0'; unixgroup++)
		sum = sum * 31 + (unsigned char)*unixgroup;
	return (uint8_t)(sum % 3);
}

uint64_t
judge_all(const struct policy *p, bool forged)
{
	static uint8_t unixgroups[JUDGE_LISTED];
	struct asking a = {.p = p, .forged = forged};
	struct addr from;

	if (p->table[PT_UNIXGROUPS].n > JUDGE_LISTED)
		return 0;
	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++)
		unixgroups[i] = belongs(policy_unixgroup(p, i));
	addr_parse(&from, "198.51.100.7");
	a.q.unixgroups = unixgroups;
	a.q.from = &from;
	a.q.as = "root";
	a.q.mfa = true;
	a.q.ticket = "CHG123456";
	a.q.now = MONDAY;
	a.q.minute = 0;
	ask_as(&a, POLICY_NONE);
	for (uint32_t i = 0; i < p->table[PT_USERS].n && i < 3; i++)
		ask_as(&a, i);
	fold(&a, policy_find_user(p, "alice"));
	fold(&a, policy_account_shared(p, "jump"));
	fold(&a, policy_damaged(p));
	if (policy_damaged(p)) {
		struct policy_verdict v;

		policy_evaluate(p, &a.q, &v);
		must(v.action == ACTION_DENY && v.reason == REASON_DAMAGED);
	}
	return a.sum;
}
