/* SPDX-License-Identifier: ISC */
#include "factors.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

#define AUTHKEYS LIBEXECDIR "/jump-authkeys --mfa %u %t %k %f"

enum { NAMES_A_LINE = 32 };

/*
 * Who is concerned.
 */
struct look {
	const struct policy *p;
	struct policy_request q;
	bool wanted;
};

/*
 * Whether mfa binds what a rule allows this person: at another time or from
 * elsewhere, perhaps.
 */
static bool
binds(const struct look *l, const struct policy_verdict *v)
{
	if (!(v->obligations & MUST_MFA))
		return false;
	for (uint32_t i = 0; i < v->nmatches; i++) {
		const struct policy_rule *rule =
		    policy_rule(l->p, v->matches[i].rule);

		if (rule->verb == VERB_ALLOW &&
		    policy_has_person(l->p, &l->q, rule->who) == TRUTH_YES)
			return true;
	}
	return v->nmatches == VERDICT_RULES; /* there may be more */
}

static void
look_at(struct look *l, const struct target *asked)
{
	static struct decision d;

	for (int road = 0; road < ROAD_COUNT; road++) {
		l->q.road = road;
		decide(l->p, &l->q, asked, NULL, 0, &d);
		l->wanted = l->wanted || binds(l, &d.verdict);
		for (size_t i = 0; i < d.n; i++)
			l->wanted =
			    l->wanted || binds(l, &d.choices[i].verdict);
	}
}

static void
look_at_ports(
    struct look *l, const struct policy_target *t, struct target *asked)
{
	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(l->p, PT_PORTS, t->ports.first + i);

		asked->port = port->port;
		look_at(l, asked);
	}
}

/* A network by its first address and its last, which others may cover too. */
static void
look_at_nets(struct look *l, const struct policy_target *t)
{
	struct target asked = {.form = TARGET_ADDRESSED};

	for (uint32_t i = 0; i < t->nets.n; i++) {
		const struct net *net =
		    policy_row(l->p, PT_NETS, t->nets.first + i);

		asked.addr = net->addr;
		addr_print(&asked.addr, asked.text);
		look_at_ports(l, t, &asked);
		for (int bit = net->len; bit < 128; bit++)
			asked.addr.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		addr_print(&asked.addr, asked.text);
		look_at_ports(l, t, &asked);
	}
}

static void
look_at_target(void *arg, uint32_t index)
{
	struct look *l = arg;
	const struct policy_target *t = policy_target(l->p, index);
	const char *name = policy_string(l->p, t->name);
	struct target asked;

	if (l->wanted)
		return;
	if (t->kind == TARGET_NET) {
		look_at_nets(l, t);
		return;
	}
	if (t->kind != TARGET_DOMAIN && target_parse(&asked, name, NULL))
		look_at_ports(l, t, &asked);
	for (uint32_t i = 0; i < t->patterns.n; i++) {
		asked = (struct target){.form = TARGET_NAMED};
		name = policy_word(l->p, t->patterns.first + i);
		if (strlen(name) >= sizeof(asked.text))
			continue;
		strcpy(asked.text, name);
		look_at_ports(l, t, &asked);
	}
}

static void
look_at_minute(struct look *l, uint32_t minute)
{
	l->q.minute = minute;
	if (!l->wanted)
		policy_candidates(l->p, &l->q, (1 << ROAD_COUNT) - 1,
		    look_at_target, l);
}

bool
factors_any(const struct policy *p)
{
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		if (policy_rule(p, i)->obligations & MUST_MFA)
			return true;
	}
	return false;
}

/* Most people are of no rule that could want it: then nothing else matters. */
static bool
may_want(const struct policy *p, const struct policy_request *q)
{
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if ((rule->obligations & MUST_MFA) &&
		    policy_has_person(p, q, rule->who) != TRUTH_NO)
			return true;
	}
	return false;
}

static bool
wants(const struct policy *p, const struct policy_request *q)
{
	struct look l = {.p = p, .q = *q};

	if (!may_want(p, q))
		return false;
	l.q.swept = true;
	look_at_minute(&l, q->minute);
	for (uint32_t i = 0; i < p->table[PT_SPANS].n && !l.wanted; i++) {
		const struct policy_span *span = policy_row(p, PT_SPANS, i);

		look_at_minute(&l, span->start);
		look_at_minute(&l, span->end % WEEK_MINUTES);
	}
	return l.wanted;
}

bool
factors_wanted(const struct policy *p, const char *who)
{
	struct question question = {.who = who, .at = time(NULL)};
	struct policy_request q;
	struct person person;
	bool wanted;

	if (question_person(p, &question, &person) == -1)
		return false;
	decide_request(&q, &person, ROAD_CONNECT, question.at);
	wanted = wants(p, &q);
	person_free(&person);
	return wanted;
}

/* What keys each user has, of both kinds; the caller frees it. */
enum { KEY_PLAIN = 1, KEY_VERIFY = 2 };

static uint8_t *
keys_of_users(const struct policy *p)
{
	uint8_t *keys = calloc(p->table[PT_USERS].n + 1, 1);

	if (keys == NULL)
		err(EXIT_INTERNAL, NULL);
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);

		if (key->kind == KEY_USER && key->owner < p->table[PT_USERS].n)
			keys[key->owner] |=
			    key->verify ? KEY_VERIFY : KEY_PLAIN;
	}
	return keys;
}

void
factors_accounts(
    const struct policy *p, struct names *missing, struct names *others)
{
	uint32_t n = p->table[PT_USERS].n;
	uint8_t *keys = keys_of_users(p);

	for (uint32_t i = 0; i < n; i++) {
		const struct policy_user *u = policy_user(p, i);
		bool misses;

		progress("asking about mfa", i, n);
		if (u->flags & USER_DEVICE)
			continue;
		misses = keys[i] != KEY_VERIFY &&
		    factors_wanted(p, policy_string(p, u->name));
		names_add(
		    misses ? missing : others, policy_string(p, u->account));
	}
	progress("asking about mfa", n, n);
	names_sort(missing);
	names_sort(others);
	free(keys);
}

bool
factors_demanded(const char *methods)
{
	static const char *const steps[] = {
	    ",password", ",keyboard-interactive"};
	bool all = *methods != '\0';

	while (all && *methods != '\0') {
		size_t size = strcspn(methods, " ");
		bool has = false;

		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			const char *step =
			    memmem(methods, size, steps[i], strlen(steps[i]));

			if (step == NULL)
				continue;
			step += strlen(steps[i]);
			has = has || strchr(",: ", *step) != NULL;
		}
		all = has;
		methods += size;
		methods += strspn(methods, " ");
	}
	return all;
}

/* Somebody without a user line, who is in this Unix group alone. */
static bool
group_wants(const struct policy *p, uint32_t group)
{
	uint8_t *groups = calloc(p->table[PT_UNIXGROUPS].n + 1, 1);
	struct person person = {.policy = p,
	    .account = "",
	    .user = POLICY_NONE,
	    .unixgroups = groups};
	struct policy_request q;
	bool wanted;

	if (groups == NULL)
		err(EXIT_INTERNAL, NULL);
	groups[group] = TRUTH_YES;
	decide_request(&q, &person, ROAD_CONNECT, time(NULL));
	wanted = wants(p, &q);
	free(groups);
	return wanted;
}

/*
 * Blocks.
 */

/* Sshd takes some characters for its own. */
void
factors_print_name(const char *name, FILE *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._@+-";

	for (; *name != '\0'; name++)
		fputc(strchr(plain, *name) != NULL ? *name : '?', out);
}

static void
print_block(FILE *out)
{
	fputs("\n"
	      "    AuthenticationMethods publickey,keyboard-interactive:pam\n"
	      "    KbdInteractiveAuthentication yes\n"
	      "    AuthorizedKeysCommand " AUTHKEYS "\n",
	    out);
}

static void
print_users(const struct names *users, FILE *out)
{
	for (size_t i = 0; i < users->n; i++) {
		fputs(i % NAMES_A_LINE == 0 ? "\nMatch User " : ",", out);
		factors_print_name(users->list[i], out);
		if (i % NAMES_A_LINE == NAMES_A_LINE - 1 || i == users->n - 1)
			print_block(out);
	}
}

/* Whoever has a user line is not meant: those have a block, or need none. */
static size_t
print_groups(const struct policy *p, const struct names *others, FILE *out)
{
	uint32_t n = p->table[PT_UNIXGROUPS].n - policy_meta(p)->locked_groups;
	size_t printed = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!group_wants(p, i))
			continue;
		fputs("\nMatch Group ", out);
		factors_print_name(policy_unixgroup(p, i), out);
		fputs(others->n > 0 ? " User *" : "", out);
		for (size_t j = 0; j < others->n; j++) {
			fputs(",!", out);
			factors_print_name(others->list[j], out);
		}
		print_block(out);
		printed++;
	}
	return printed;
}

static void
print_head(const struct policy *p, FILE *out)
{
	char hash[17];

	policy_hash_text(p, hash);
	fprintf(out,
	    "# Second factors of the jump policy %s, made by: "
	    "jumpctl export sshd\n"
	    "# To make it again: replace this file, which is to be read before "
	    "the shipped\n"
	    "# ones, such as /etc/ssh/sshd_config.d/40-jump-mfa.conf; sshd -t; "
	    "reload sshd.\n"
	    "#\n"
	    "# After the key, PAM asks: UsePAM yes, and in /etc/pam.d/sshd a "
	    "module such as\n"
	    "# pam_oath that asks each of these users.  --mfa says that nobody "
	    "gets in here\n"
	    "# without that: it stands and falls with AuthenticationMethods.\n",
	    hash);
}

size_t
factors_blocks(const struct policy *p, FILE *out)
{
	struct names users = {0}, others = {0};
	size_t n;

	factors_accounts(p, &users, &others);
	print_users(&users, out);
	n = users.n + print_groups(p, &others, out);
	names_free(&users);
	names_free(&others);
	return n;
}

size_t
factors_print(const struct policy *p, FILE *out)
{
	print_head(p, out);
	return factors_blocks(p, out);
}
