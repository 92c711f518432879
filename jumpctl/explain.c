/* SPDX-License-Identifier: ISC */
/*
 * jumpctl explain: what the policy in force answers, and why, from the very
 * verdict that enforcement uses.
 */
#include "ctl.h"

#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "exit.h"
#include "gate.h"
#include "grant.h"
#include "nft.h"
#include "probe.h"
#include "swept.h"

struct explain {
	const struct policy *p;
	struct question question;
	uint32_t roads; /* bits of 1 << ROAD_ */
	bool json;
	bool listing;   /* `any' on a side: a line for each */
	size_t listed;
	bool warned;    /* of what is not listed */
	enum policy_action best;
	enum policy_action worst; /* of what was answered */
	struct person person;
	struct grant_rights granted;
	uint32_t lock; /* that binds the person, or POLICY_NONE */
	struct target asked;
	struct decision decisions[ROAD_COUNT];
};

/*
 * Arguments.
 */
static bool
clock_of_week(const char *s, uint32_t *minute)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	unsigned hours, minutes;
	char day[4], end;

	if (sscanf(s, "%3s %2u:%2u%c", day, &hours, &minutes, &end) != 3 ||
	    hours > 23 || minutes > 59)
		return false;
	for (uint32_t i = 0; i < 7; i++) {
		if (strcmp(day, days[i]) != 0)
			continue;
		*minute = i * DAY_MINUTES + hours * 60 + minutes;
		return true;
	}
	return false;
}

/* A time, or a day and hour of this week in the policy's zone. */
static bool
parse_at(const char *s, time_t *at)
{
	int64_t when;
	uint32_t minute;
	struct tm tm;
	time_t now = time(NULL);

	if (policy_time_parse(&when, s)) {
		*at = (time_t)when;
		return true;
	}
	if (!clock_of_week(s, &minute) || localtime_r(&now, &tm) == NULL)
		return false;
	tm.tm_mday += (int)(minute / DAY_MINUTES) - (tm.tm_wday + 6) % 7;
	tm.tm_hour = (int)(minute % DAY_MINUTES / 60);
	tm.tm_min = (int)(minute % 60);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	*at = mktime(&tm);
	return true;
}

static bool
parse_via(const char *s, uint32_t *roads)
{
	for (int i = 0; i < ROAD_COUNT; i++) {
		if (strcmp(s, policy_road_names[i]) == 0) {
			*roads = 1U << i;
			return true;
		}
	}
	return false;
}

static bool
take_option(struct explain *e, int option, const char *value)
{
	struct addr addr;

	switch (option) {
	case 'v':
		return parse_via(value, &e->roads);
	case 'f':
		e->question.from = value;
		return addr_parse(&addr, value);
	case 'm':
		e->question.mfa = true;
		return true;
	case 'l':
		e->question.as = value;
		return true;
	case 'k':
		e->question.ticket = value;
		return ticket_valid(value);
	case 't':
		return parse_at(value, &e->question.at);
	case 'j':
		e->json = true;
		return true;
	}
	return false;
}

/* What each option takes, for whoever gave it something else. */
static const struct {
	int option;
	const char *takes;
} wants[] = {{'v', "--via takes forward, connect or shell"},
    {'f', "--from takes an address"},
    {'k', "--ticket takes 1 to 64 letters, digits and . _ : / # -"},
    {'t', "--at takes YYYY-MM-DDTHH:MMZ, or a day and hour as \"sat 23:00\""}};

static bool
parse_options(struct explain *e, int argc, char **argv)
{
	static const struct option options[] = {
	    {"via", required_argument, NULL, 'v'},
	    {"from", required_argument, NULL, 'f'},
	    {"mfa", no_argument, NULL, 'm'},
	    {"as", required_argument, NULL, 'l'},
	    {"ticket", required_argument, NULL, 'k'},
	    {"at", required_argument, NULL, 't'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (take_option(e, option, optarg))
			continue;
		for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
			if (wants[i].option == option)
				warnx("%s, not `%s'", wants[i].takes, optarg);
		}
		return false;
	}
	return argc - optind == 2;
}

/*
 * Words.
 */
static void
print_words(FILE *f, uint32_t bits)
{
	const char *separator = "";

	for (int i = 0; i < OBLIGATIONS; i++) {
		if (!(bits >> i & 1))
			continue;
		fprintf(f, "%s%s", separator, policy_obligation_names[i]);
		separator = ", ";
	}
}

static const char *
rule_name(const struct policy *p, uint32_t rule)
{
	return policy_string(p, policy_rule(p, rule)->name);
}

/* Base name of the file that a rule stands in. */
static const char *
file_name(const struct policy *p, uint32_t file)
{
	const uint32_t *string = policy_row(p, PT_FILES, file);
	const char *name = policy_string(p, *string);
	const char *slash = strrchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

static void
print_windows(
    FILE *f, const struct policy *p, const struct policy_rule *rule)
{
	for (uint32_t i = 0; i < rule->when.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(p, rule->when.first + i);
		const struct policy_window *w =
		    policy_row(p, PT_WINDOWS, ref->index);

		fprintf(f, "%s%s", i == 0 ? "  when " : " ",
		    policy_string(p, w->name));
	}
}

static void
print_roads_of(FILE *f, const struct policy_rule *rule)
{
	const char *separator = "  via ";

	for (int i = 0; i < ROAD_COUNT; i++) {
		if (!(rule->roads >> i & 1))
			continue;
		fprintf(f, "%s%s", separator, policy_road_names[i]);
		separator = " ";
	}
}

static void
print_nets(FILE *f, const struct policy *p, const struct policy_rule *rule)
{
	char text[ADDR_TEXT + 4];

	for (uint32_t i = 0; i < rule->from.n; i++)
		fprintf(f, "%s%s", i == 0 ? "  from " : " ",
		    net_print(policy_row(p, PT_NETS, rule->from.first + i),
			text));
}

/* In the policy's zone, as windows are. */
static void
print_until(FILE *f, int64_t when)
{
	time_t until = (time_t)when;
	struct tm tm;
	char text[40];

	if (until == 0 || localtime_r(&until, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &tm);
	fprintf(f, "  until %s", text);
}

void
conditions_print(
    const struct policy *p, const struct policy_rule *rule, FILE *f)
{
	print_roads_of(f, rule);
	print_nets(f, p, rule);
	for (uint32_t i = 0; i < rule->as.n; i++)
		fprintf(f, "%s%s", i == 0 ? "  as " : " ",
		    policy_word(p, rule->as.first + i));
	print_windows(f, p, rule);
	print_until(f, rule->until);
	if (rule->obligations != 0) {
		fputs("  ", f);
		print_words(f, rule->obligations);
	}
}

/* What a match came to on one road. */
static const char *
match_word(enum policy_verb verb, enum truth truth)
{
	if (truth == TRUTH_YES)
		return "yes";
	if (truth == TRUTH_NO)
		return "no";
	return verb == VERB_ALLOW ? "unsure, so no" : "unsure, so yes";
}

/* The truth of a rule on a road, -1 if it plays no part there. */
static int
truth_on(const struct explain *e, int road, uint32_t rule)
{
	const struct policy_verdict *v = &e->decisions[road].verdict;

	for (uint32_t i = 0; i < v->nmatches; i++) {
		if (v->matches[i].rule == rule)
			return (int)v->matches[i].truth;
	}
	return -1;
}

static void
print_rule(const struct explain *e, uint32_t index)
{
	const struct policy_rule *rule = policy_rule(e->p, index);
	char place[128];

	snprintf(place, sizeof(place), "%s:%u",
	    file_name(e->p, rule->place.file), rule->place.line);
	printf("%-7s %-11s %s", policy_verb_names[rule->verb],
	    rule_name(e->p, index), place);
	conditions_print(e->p, rule, stdout);
	fputs("\n      ", stdout);
	for (int road = 0; road < ROAD_COUNT; road++) {
		int truth = truth_on(e, road, index);

		if ((e->roads >> road & 1) && truth != -1)
			printf("  %s: %s", policy_road_names[road],
			    match_word(rule->verb, (enum truth)truth));
	}
	putchar('\n');
}

/* Every rule that plays a part on any road, once. */
static size_t
matched_rules(const struct explain *e, uint32_t *rules, size_t room)
{
	size_t n = 0;

	for (int road = 0; road < ROAD_COUNT; road++) {
		const struct policy_verdict *v = &e->decisions[road].verdict;

		for (uint32_t i = 0; i < v->nmatches; i++) {
			size_t known = 0;

			while (known < n && rules[known] != v->matches[i].rule)
				known++;
			if (known == n && n < room)
				rules[n++] = v->matches[i].rule;
		}
	}
	return n;
}

void
verdict_print(
    const struct policy *p, const struct policy_verdict *v, FILE *f)
{
	fputs(policy_reason_text(v->reason), f);
	if (v->reason == REASON_NOT_HELD) {
		fputs(": ", f);
		print_words(f, v->unheld);
	} else if (v->reason == REASON_UNMET) {
		fputs(": ", f);
		print_words(f, v->unmet);
	} else if (v->rule != POLICY_NONE) {
		fprintf(f, ", by %s", rule_name(p, v->rule));
	}
	if (v->action != ACTION_DENY && (v->obligations & ~v->unmet) != 0) {
		fputs("; binds: ", f);
		print_words(f, v->obligations & ~v->unmet);
	}
}

/* Whether jump-shell(8) refuses all the same, on the road shell. */
static bool
lacks_hostkey(const struct explain *e, const struct decision *d)
{
	const struct policy_request none = {.user = POLICY_NONE};
	const char **keys;
	ssize_t n = 0;

	if (d->action == ACTION_DENY || d->path != NULL)
		return false;
	for (size_t i = 0; i < d->n && n <= 0; i++) {
		n = decide_hostkeys(
		    e->p, &none, &e->asked, &d->choices[i], NULL, &keys);
		free(keys);
	}
	return n <= 0;
}

static void
print_roads(const struct explain *e)
{
	for (int road = 0; road < ROAD_COUNT; road++) {
		const struct decision *d = &e->decisions[road];

		if (!(e->roads >> road & 1))
			continue;
		printf("road    %-11s %-6s ", policy_road_names[road],
		    policy_action_names[d->action]);
		verdict_print(e->p, &d->verdict, stdout);
		if (road == ROAD_SHELL && lacks_hostkey(e, d))
			fputs(", but refused: no hostkey", stdout);
		putchar('\n');
	}
}

/* What a ticket has to match, and how it is given, where it is not met. */
static void
print_ticket(const struct explain *e, uint32_t index)
{
	const struct policy_rule *rule = policy_rule(e->p, index);
	uint32_t program = policy_meta(e->p)->ticket_program;

	printf("ticket  %-11s", rule_name(e->p, index));
	for (uint32_t i = 0; i < rule->tickets.n; i++)
		printf("%s %s", i == 0 ? "" : " or",
		    policy_word(e->p, rule->tickets.first + i));
	fputs(": connect --ticket ID, or SetEnv JUMP_TICKET=ID", stdout);
	if (program != 0)
		printf("; asks %s", policy_string(e->p, program));
	putchar('\n');
}

/* How a second factor is given, and whether the person has a key that is. */
static void
print_mfa(const struct explain *e, uint32_t index)
{
	uint32_t keys = 0, verify = 0;

	for (uint32_t i = 0; i < e->p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(e->p, i);

		if (key->kind != KEY_USER || key->owner != e->person.user)
			continue;
		keys++;
		verify += key->verify != 0;
	}
	printf("mfa     %-11s a key with verify-required", rule_name(e->p, index));
	if (e->person.user != POLICY_NONE)
		printf(" (%u of %u)", verify, keys);
	puts(", or a second method: jumpctl export sshd");
}

/* Whether the rule wants this on a road that can hold it. */
static bool
wants_met(const struct explain *e, uint32_t index, uint32_t what)
{
	if (!(policy_rule(e->p, index)->obligations & what))
		return false;
	for (int road = 0; road < ROAD_COUNT; road++) {
		const struct policy_verdict *v = &e->decisions[road].verdict;

		if ((e->roads >> road & 1) && v->action != ACTION_DENY &&
		    (v->obligations & what) &&
		    truth_on(e, road, index) != -1)
			return true;
	}
	return false;
}

/* One that was given, or NULL; *until is when it ends. */
static const struct grant_answer *
approval_of(const struct explain *e, const struct policy_approver *a,
    int64_t *until)
{
	const struct grant_list *l = &e->granted.list;

	if (a->approval >= l->n)
		return NULL;
	*until = l->list[a->approval].from + (int64_t)a->seconds;
	if (*until > l->list[a->approval].until)
		*until = l->list[a->approval].until;
	return l->from[a->approval];
}

/* The verdict that names the groups which must approve. */
static const struct policy_verdict *
approvers_of(const struct explain *e)
{
	for (int road = 0; road < ROAD_COUNT; road++) {
		if ((e->roads >> road & 1) &&
		    e->decisions[road].verdict.napprovers > 0)
			return &e->decisions[road].verdict;
	}
	return NULL;
}

static void
print_approvers(const struct explain *e)
{
	const struct policy_verdict *v = approvers_of(e);
	char span[GRANT_SPAN], when[GRANT_TIME];

	for (uint32_t i = 0; v != NULL && i < v->napprovers; i++) {
		const struct policy_approver *a = &v->approvers[i];
		int64_t until = 0;
		const struct grant_answer *by = approval_of(e, a, &until);

		printf("approve @%s: ", policy_string(e->p,
		    policy_group(e->p, a->group)->name));
		if (by == NULL)
			printf("nobody has; for %s at most\n",
			    grant_span(a->seconds, span));
		else
			printf("%s has, %.*s, until %s\n", by->by, GRANT_ID,
			    by->tuple.nonce,
			    grant_time(until, GRANT_TIME_FULL, when));
	}
}

static void
print_text(const struct explain *e)
{
	char text[300], words[1024];
	uint32_t rules[ROAD_COUNT * VERDICT_RULES];
	size_t n = matched_rules(e, rules, sizeof(rules) / sizeof(rules[0]));

	printf("%s to %s\n", e->question.who,
	    target_text(&e->asked, text, sizeof(text)));
	if (e->lock != POLICY_NONE)
		printf("lock    %s\n",
		    lock_words(e->p, e->lock, words, sizeof(words)));
	for (size_t i = 0; i < n; i++)
		print_rule(e, rules[i]);
	print_roads(e);
	print_approvers(e);
	for (size_t i = 0; i < n; i++) {
		if (!e->question.mfa && wants_met(e, rules[i], MUST_MFA))
			print_mfa(e, rules[i]);
		if (wants_met(e, rules[i], MUST_TICKET))
			print_ticket(e, rules[i]);
	}
	printf("verdict: %s\n", policy_action_names[e->best]);
}

/*
 * JSON.
 */
static void
print_array(const char *name, uint32_t bits)
{
	const char *separator = "";

	printf(",\"%s\":[", name);
	for (int i = 0; i < OBLIGATIONS; i++) {
		if (!(bits >> i & 1))
			continue;
		printf("%s\"%s\"", separator, policy_obligation_names[i]);
		separator = ",";
	}
	putchar(']');
}

static void
print_approvals_json(const struct explain *e, const struct policy_verdict *v)
{
	fputs(",\"approvals\":[", stdout);
	for (uint32_t i = 0; i < v->napprovers; i++) {
		const struct policy_approver *a = &v->approvers[i];
		int64_t until = 0;
		const struct grant_answer *by = approval_of(e, a, &until);

		printf("%s{\"group\":", i == 0 ? "" : ",");
		json_string(policy_string(
		    e->p, policy_group(e->p, a->group)->name));
		if (by != NULL) {
			printf(",\"id\":\"%.*s\",\"by\":", GRANT_ID,
			    by->tuple.nonce);
			json_string(by->by);
			printf(",\"until\":%lld", (long long)until);
		}
		putchar('}');
	}
	putchar(']');
}

static void
print_road_json(const struct explain *e, int road)
{
	const struct decision *d = &e->decisions[road];
	const struct policy_verdict *v = &d->verdict;

	printf("{\"road\":\"%s\",\"verdict\":\"%s\",\"reason\":\"%s\"",
	    policy_road_names[road],
	    policy_action_names[d->action], policy_reason_text(v->reason));
	if (v->rule != POLICY_NONE)
		printf(",\"rule\":\"%s\"", rule_name(e->p, v->rule));
	print_array("obligations", v->obligations);
	print_array("unmet", v->unmet);
	print_array("unheld", v->unheld);
	print_approvals_json(e, v);
	printf(",\"idle\":%u,\"duration\":%u,\"max\":%u}", v->idle,
	    v->duration, v->max);
}

/* Ends the array of roads. */
static void
print_lock_json(const struct explain *e)
{
	const struct policy_lock *lock;

	putchar(']');
	if (e->lock == POLICY_NONE)
		return;
	lock = policy_lock(e->p, e->lock);
	fputs(",\"lock\":{\"who\":", stdout);
	json_string(policy_string(e->p, lock->name));
	printf(",\"since\":%lld,\"by\":", (long long)lock->since);
	json_string(policy_string(e->p, lock->by));
	fputs(",\"reason\":", stdout);
	json_string(policy_string(e->p, lock->reason));
	putchar('}');
}

static void
print_json(const struct explain *e)
{
	uint32_t rules[ROAD_COUNT * VERDICT_RULES];
	size_t n = matched_rules(e, rules, sizeof(rules) / sizeof(rules[0]));
	char text[300];
	const char *separator = "";

	fputs("{\"version\":1,\"who\":", stdout);
	json_string(e->question.who);
	fputs(",\"what\":", stdout);
	json_string(target_text(&e->asked, text, sizeof(text)));
	printf(",\"verdict\":\"%s\",\"roads\":[",
	    policy_action_names[e->best]);
	for (int road = 0; road < ROAD_COUNT; road++) {
		if (!(e->roads >> road & 1))
			continue;
		fputs(separator, stdout);
		print_road_json(e, road);
		separator = ",";
	}
	print_lock_json(e);
	fputs(",\"rules\":[", stdout);
	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *rule = policy_rule(e->p, rules[i]);

		printf("%s{\"verb\":\"%s\",\"name\":\"%s\",\"file\":",
		    i == 0 ? "" : ",", policy_verb_names[rule->verb],
		    rule_name(e->p, rules[i]));
		json_string(file_name(e->p, rule->place.file));
		printf(",\"line\":%u}", rule->place.line);
	}
	puts("]}");
}

/* One line of a listing: a word for each road. */
static void
print_line(const struct explain *e)
{
	char text[300];

	if (e->listed == 1)
		printf("%-15s %-31s %-8s %-8s %s\n", "WHO", "WHAT",
		    "FORWARD", "CONNECT", "SHELL");
	printf("%-15s %-31s %-8s %-8s %s\n", e->question.who,
	    target_text(&e->asked, text, sizeof(text)),
	    policy_action_names[e->decisions[ROAD_FORWARD].action],
	    policy_action_names[e->decisions[ROAD_CONNECT].action],
	    policy_action_names[e->decisions[ROAD_SHELL].action]);
}

/* Whether forward gives less of this while the gate does not stand. */
static bool
needs_gate(const struct explain *e)
{
	struct question q = e->question;
	struct decision d;

	q.no_gate = true;
	question_decide(e->p, &q, &e->person, ROAD_FORWARD, &e->asked, &d);
	return d.action < e->decisions[ROAD_FORWARD].action;
}

/*
 * Whether the table of the policy leads its user to where nobody listens, or
 * another, so that what sshd(8) could hold alone is refused too.
 */
static bool
is_cut_off(const struct explain *e)
{
	char what[GATE_WORDS];

	return !policy_account_shared(e->p, e->person.account) &&
	    gate_look(e->p, what) != GATE_PORTS && nft_stands(e->p);
}

static void
print_gate(const struct explain *e)
{
	if (policy_meta(e->p)->gate == 0 || probe_gate(PROBE_MS))
		return;
	if (is_cut_off(e))
		warnx("the gate does not answer here, so that forward reaches "
		    "nothing: see jumpctl doctor");
	else if (needs_gate(e))
		warnx("the gate does not answer here, so that forward does not "
		    "grant this: see jumpctl doctor");
}

/* What this machine does not hold at this moment. */
static void
print_state(const struct explain *e)
{
	const struct decision *d = &e->decisions[ROAD_FORWARD];

	if (!(e->roads >> ROAD_FORWARD & 1) || d->action == ACTION_DENY)
		return;
	if (d->verdict.timed && !swept_lately(SWEPT_FILE, 0, time(NULL)))
		warnx("no sweep runs here, so that forward grants nothing that "
		    "ends: see SWEEPS in jumpctl(8)");
	print_gate(e);
}

/* What may be wrong with the question itself. */
static void
print_note(const struct explain *e)
{
	uint32_t target = policy_find_target(e->p, e->asked.text);
	bool named = e->asked.form == TARGET_NAMED;

	if (named && target == POLICY_NONE &&
	    e->decisions[ROAD_CONNECT].n == 0)
		warnx("no target or domain of the policy has the name `%s'",
		    e->asked.text);
	else if (named && target != POLICY_NONE &&
	    !policy_declares(e->p, policy_target(e->p, target),
		e->asked.port, NULL))
		warnx("`%s' does not declare port %u", e->asked.text,
		    e->asked.port);
	print_state(e);
}

/*
 * Questions.
 */
static void
answer(struct explain *e)
{
	e->best = ACTION_DENY;
	for (int road = 0; road < ROAD_COUNT; road++) {
		struct decision *d = &e->decisions[road];

		question_decide(e->p, &e->question, &e->person, road,
		    &e->asked, d);
		if ((e->roads >> road & 1) && d->action > e->best)
			e->best = d->action;
	}
	if (e->listing && e->best == ACTION_DENY)
		return;
	if (!e->listing)
		print_note(e);
	if (!e->listing && !e->json && e->listed > 0)
		putchar('\n');
	e->listed++;
	e->worst = e->best < e->worst ? e->best : e->worst;
	if (e->json)
		print_json(e);
	else if (e->listing)
		print_line(e);
	else
		print_text(e);
}

static void
answer_ports(struct explain *e, uint32_t index)
{
	const struct policy_target *t = policy_target(e->p, index);

	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(e->p, PT_PORTS, t->ports.first + i);

		e->asked.port = port->port;
		answer(e);
	}
}

/* Networks and domains are not listed: an address of them can be asked for. */
static void
answer_each_target(struct explain *e)
{
	size_t skipped = 0;

	for (uint32_t i = 0; i < e->p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(e->p, i);

		if (t->kind == TARGET_NET || t->kind == TARGET_DOMAIN)
			skipped++;
		else if (target_parse(
			&e->asked, policy_string(e->p, t->name), NULL))
			answer_ports(e, i);
	}
	if (skipped > 0 && !e->warned)
		warnx("not listed: %zu net%s and domains; ask for an address "
		    "or name of theirs", skipped, skipped == 1 ? "" : "s");
	e->warned = true;
}

/* A list has no line of somebody who is locked. */
static void
find_lock(struct explain *e)
{
	struct policy_request q;
	char words[1024];

	decide_request(&q, &e->person, ROAD_CONNECT, e->question.at);
	e->lock = policy_locked(e->p, &q);
	if (e->lock != POLICY_NONE && e->listing)
		warnx("%s: %s", e->question.who,
		    lock_words(e->p, e->lock, words, sizeof(words)));
}

/* Whether the name, which is no target's, can be one of a domain. */
static bool
in_domain(const struct policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->table[PT_IX_DOMAIN].n; i++) {
		const uint32_t *row = policy_row(p, PT_IX_DOMAIN, i);

		if (policy_name_matches(p, policy_target(p, *row), name))
			return true;
	}
	return false;
}

/* Whether the question can be answered; if not, says why. */
static bool
is_question(struct explain *e, const char *who, const char *what)
{
	bool address;

	if (*who == '@' || *who == '%') {
		warnx("WHO is a user or any, not a group: `%s'", who);
		return false;
	}
	if (strcmp(what, "any") == 0)
		return true;
	if (!target_parse(&e->asked, what, NULL)) {
		warnx("not a target: `%s'", what);
		return false;
	}
	address = e->asked.form == TARGET_ADDRESSED;
	if (e->asked.port != 0 || (!address &&
	    (e->asked.form != TARGET_NAMED ||
	    policy_find_target(e->p, e->asked.text) != POLICY_NONE ||
	    !in_domain(e->p, e->asked.text))))
		return true;
	warnx("%s needs a port: %s", address ? "an address" : "a DNS name",
	    !address ? "NAME:PORT" :
	    strchr(what, ':') ? "[ADDRESS]:PORT" : "ADDRESS:PORT");
	return false;
}

/* What was approved, as it counts at that time. */
static void
find_granted(struct explain *e)
{
	const struct passwd *pw = getpwnam(e->person.account);
	struct policy_request q;

	e->question.napprovals = 0;
	if (pw == NULL)
		return;
	grant_rights_read(&e->granted, e->p, pw->pw_uid);
	grant_rights_judge(&e->granted, e->p, e->person.account, pw->pw_uid,
	    e->question.at);
	grant_rights_give(&e->granted, &e->person, &q);
	e->question.approvals = q.approvals;
	e->question.napprovals = q.napprovals;
}

static int
answer_person(struct explain *e, const char *who, const char *what)
{
	uint32_t target;

	e->question.who = who;
	if (question_person(e->p, &e->question, &e->person) == -1) {
		warnx("`%s' is nobody of this policy", who);
		return -1;
	}
	if (policy_find_user(e->p, who) == POLICY_NONE && getpwnam(who) == NULL)
		warnx("no user of the policy and no account of this machine "
		    "has the name `%s'", who);
	find_lock(e);
	find_granted(e);
	if (strcmp(what, "any") == 0) {
		answer_each_target(e);
	} else {
		target = policy_find_target(e->p, e->asked.text);
		if (e->asked.port == 0 && target != POLICY_NONE) {
			answer_ports(e, target);
			e->asked.port = 0;
		} else {
			answer(e);
		}
	}
	person_free(&e->person);
	grant_rights_free(&e->granted);
	return 0;
}

static int
answer_all(struct explain *e, const char *who, const char *what)
{
	if (strcmp(who, "any") != 0)
		return answer_person(e, who, what);
	for (uint32_t i = 0; i < e->p->table[PT_USERS].n; i++) {
		const struct policy_user *u = policy_user(e->p, i);

		if (!(u->flags & USER_DEVICE))
			answer_person(e, policy_string(e->p, u->name), what);
	}
	return 0;
}

int
explain_main(int argc, char **argv)
{
	static struct explain e;
	const char *who, *what;

	e.p = policy_in_force();
	e.question.at = time(NULL);
	e.question.swept = true;
	e.roads = (1 << ROAD_COUNT) - 1;
	e.worst = ACTION_ALLOW;
	if (!parse_options(&e, argc, argv))
		return usage("explain");
	who = argv[optind];
	what = argv[optind + 1];
	if (!is_question(&e, who, what))
		return EXIT_USAGE;
	e.listing = strcmp(who, "any") == 0 || strcmp(what, "any") == 0;
	if (answer_all(&e, who, what) == -1)
		return EXIT_NO_MATCH;
	if (policy_damaged(e.p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	if (e.listing && e.listed == 0)
		warnx("nobody reaches anything that was asked for");
	return e.listed > 0 && (e.listing || e.worst == ACTION_ALLOW) ?
	    EXIT_OK : EXIT_NO_MATCH;
}
