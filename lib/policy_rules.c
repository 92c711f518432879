/* SPDX-License-Identifier: ISC */
/*
 * Windows, rules and tests.
 */
#include "policy_read.h"

#include <ctype.h>
#include <string.h>

/*
 * Windows.
 */
static int
day_number(const char *s, size_t size)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++) {
		if (size == 3 && strncmp(s, days[i], 3) == 0)
			return i;
	}
	return -1;
}

/* Read DAY or DAY-DAY into a mask of days. */
static bool
read_days(struct build *b, void *arg)
{
	unsigned *mask = arg;
	const char *text = b->token.text, *dash = strchr(text, '-');
	size_t size = dash == NULL ? strlen(text) : (size_t)(dash - text);
	int first = day_number(text, size);
	int last = dash == NULL ? first :
	    day_number(dash + 1, strlen(dash + 1));

	if (b->token.kind != TOKEN_WORD || first < 0 || last < 0)
		return parse_fail(b, strchr(text, ',') != NULL ?
		    parse_list_hint : "mon tue wed thu fri sat sun, or mon-fri",
		    "not a day");
	for (int day = first;; day = (day + 1) % 7) {
		*mask |= 1U << day;
		if (day == last)
			break;
	}
	parse_next(b);
	return true;
}

/* Minutes of HH:MM at *s, which moves on; -1 if there are none. */
static int
clock_minutes(const char **s, bool end)
{
	int hours = read_digits(s, 2), minutes;

	if (hours < 0 || !read_literal(s, ':'))
		return -1;
	minutes = read_digits(s, 2);
	if (minutes < 0 || minutes > 59 || hours > 24 ||
	    (hours == 24 && (!end || minutes != 0)))
		return -1;
	return hours * 60 + minutes;
}

/* Add a span that may pass the end of the week. */
static void
add_span(struct build *b, uint32_t start, uint32_t end)
{
	struct policy_span span = {start, end}, rest = {0, 0};

	if (end > WEEK_MINUTES) {
		span.end = WEEK_MINUTES;
		rest.end = end - WEEK_MINUTES;
	}
	build_row(b, PT_SPANS, &span, NULL);
	if (rest.end != 0)
		build_row(b, PT_SPANS, &rest, NULL);
}

static const char clock_hint[] = "such as mon-fri 08:00-18:00, or "
				 "sat 22:00 - sun 04:00";

/* HH:MM-HH:MM on each day of the mask. */
static bool
daily_spans(struct build *b, struct policy_window *w, unsigned mask)
{
	const char *s = b->token.text;
	int start = clock_minutes(&s, false), end = -1;

	if (start >= 0 && read_literal(&s, '-'))
		end = clock_minutes(&s, true);
	if (end < 0 || *s != '\0')
		return parse_fail(b, clock_hint, "expected HH:MM-HH:MM");
	if (start == end)
		return parse_fail(b, "a whole day is 00:00-24:00",
		    "start and end are the same");
	w->days = mask;
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	if (end < start)
		end += DAY_MINUTES;
	for (int day = 0; day < 7; day++) {
		if (mask >> day & 1)
			add_span(b, (uint32_t)(day * DAY_MINUTES + start),
			    (uint32_t)(day * DAY_MINUTES + end));
	}
	parse_next(b);
	return true;
}

static bool
read_clock(struct build *b, bool end, int *minutes)
{
	const char *s = b->token.text;

	*minutes = b->token.kind == TOKEN_WORD ? clock_minutes(&s, end) : -1;
	if (*minutes < 0 || *s != '\0')
		return parse_fail(b, clock_hint, "expected HH:MM");
	parse_next(b);
	return true;
}

/* The second form, from its first HH:MM on. */
static bool
weekly_span(struct build *b, struct policy_window *w, unsigned mask)
{
	unsigned to = 0;
	int first = __builtin_ctz(mask), last, start, end;
	struct position at;

	if (!read_clock(b, false, &start) || !parse_expect(b, "-", clock_hint))
		return false;
	if (b->token.kind != TOKEN_WORD || strlen(b->token.text) != 3)
		return parse_fail(b, clock_hint, "expected one day");
	if (!read_days(b, &to))
		return false;
	last = __builtin_ctz(to);
	at = b->token.at;
	if (!read_clock(b, true, &end))
		return false;
	start += first * DAY_MINUTES;
	end += last * DAY_MINUTES;
	if (start == end) {
		report_error(b->report, &at, NULL,
		    "start and end are the same");
		return false;
	}
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	if (end < start)
		end += WEEK_MINUTES;
	add_span(b, (uint32_t)start, (uint32_t)end);
	return true;
}

bool
parse_window(struct build *b, const struct position *at)
{
	struct policy_window w = {.place = build_place(at)};
	struct policy_range ignored;
	struct position name;
	unsigned mask = 0;
	bool weekly, list;

	if (!read_name(b, false, &w.name, &name))
		return false;
	list = b->token.kind == TOKEN_OPEN;
	if (!read_list(b, PT_SPANS, &ignored, read_days, &mask))
		return false;
	weekly = !list && (mask & (mask - 1)) == 0 &&
	    b->token.kind == TOKEN_WORD && strlen(b->token.text) == 5;
	w.spans.first = build_count(b, PT_SPANS);
	if (weekly ? !weekly_span(b, &w, mask) : !daily_spans(b, &w, mask))
		return false;
	w.spans.n = build_count(b, PT_SPANS) - w.spans.first;
	return parse_declare(b, SPACE_WINDOW, PT_WINDOWS, w.name,
		   build_count(b, PT_WINDOWS), &name) &&
	    (build_row(b, PT_WINDOWS, &w, &name), true);
}

/*
 * Rules.
 */
static bool
read_road(struct build *b, uint32_t *road)
{
	for (uint32_t i = 0; i < ROAD_COUNT; i++) {
		if (parse_take(b, policy_road_names[i])) {
			*road = i;
			return true;
		}
	}
	return parse_fail(b, "one of forward connect shell", "not a road");
}

static bool
read_roads(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;
	uint32_t road = 0;

	if (!read_road(b, &road))
		return false;
	rule->roads |= 1U << road;
	return true;
}

static bool
rule_via(struct build *b, void *arg)
{
	struct policy_range ignored;

	return read_list(b, PT_REFS, &ignored, read_roads, arg);
}

static bool
rule_from(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_NETS, &rule->from, read_net, NULL);
}

static bool
read_window(struct build *b, void *arg)
{
	struct policy_ref ref = {REF_WINDOW, 0, 0};
	struct position at;

	(void)arg;
	if (!read_name(b, false, &ref.index, &at))
		return false;
	build_row(b, PT_REFS, &ref, &at);
	return true;
}

static bool
rule_when(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_REFS, &rule->when, read_window, NULL);
}

static bool
rule_until(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_time(b, &rule->until);
}

static bool
rule_as(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_WORDS, &rule->as, read_account_item, NULL);
}

static void
must(struct build *b, struct policy_rule *rule, uint32_t obligation)
{
	if (rule->obligations == 0)
		b->must = b->option;
	rule->obligations |= obligation;
}

static bool
rule_mfa(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_MFA);
	return true;
}

static bool
read_ticket(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at = b->token.at;

	(void)arg;
	if (b->token.kind == TOKEN_STRING &&
	    strspn(b->token.text, TICKET_CHARACTERS "*?") !=
		strlen(b->token.text))
		return parse_fail(b, "letters, digits and . _ : / # - with * and ?",
		    "not a pattern of tickets");
	if (!read_string(b, TICKET_MAX, &word.string))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

static bool
rule_ticket(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_TICKET);
	return read_list(b, PT_WORDS, &rule->tickets, read_ticket, NULL);
}

static bool
rule_approve(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;
	struct policy_ref ref = {REF_GROUP, 0, 0};
	struct position at;

	must(b, rule, MUST_APPROVE);
	if (!read_group(b, &ref.index, &at) ||
	    !read_duration(b, &rule->approved_for))
		return false;
	rule->approvers = build_row(b, PT_REFS, &ref, &at);
	return true;
}

static bool
rule_record(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_RECORD);
	return true;
}

static bool
rule_consent(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_CONSENT);
	return true;
}

static bool
rule_notify(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_NOTIFY);
	return true;
}

static bool
rule_max(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_MAX);
	return read_number(b, 1, COUNT_MAX, &rule->max);
}

static bool
rule_idle(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_IDLE);
	return read_duration(b, &rule->idle);
}

static bool
rule_duration(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	must(b, rule, MUST_DURATION);
	return read_duration(b, &rule->duration);
}

static const struct option rule_options[] = {{"via", rule_via},
    {"from", rule_from}, {"when", rule_when}, {"until", rule_until},
    {"as", rule_as}, {"mfa", rule_mfa}, {"ticket", rule_ticket},
    {"approve", rule_approve}, {"record", rule_record},
    {"consent", rule_consent}, {"notify", rule_notify}, {"max", rule_max},
    {"idle", rule_idle}, {"duration", rule_duration}, {NULL, NULL}};

/* The NAME: of a rule. */
static bool
read_label(struct build *b, uint32_t *string, struct position *at)
{
	static struct item item;
	bool quoted = b->token.kind == TOKEN_STRING;

	if (!read_item(b, &item))
		return false;
	*at = item.at;
	if (item.prefix != '\0' || !parse_plain_name(item.name) ||
	    strcmp(item.suffix, ":") != 0)
		return parse_item_error(b, &item, quoted ? NULL :
		    "every rule has a name: allow NAME: WHO to WHAT",
		    "expected the rule's name and a colon");
	*string = build_string(b, item.name);
	return true;
}

static bool
check_verb(struct build *b, const struct policy_rule *rule,
    const struct position *at)
{
	if (rule->verb == VERB_DENY && rule->obligations != 0) {
		report_error(b->report, &b->must, "use require",
		    "a deny has no obligations");
		return false;
	}
	if (rule->verb == VERB_REQUIRE && rule->obligations == 0) {
		report_error(b->report, at, "such as mfa, record, idle 10m",
		    "a require needs an obligation");
		return false;
	}
	return true;
}

static bool
parse_rule(struct build *b, const struct position *at, enum policy_verb verb)
{
	struct policy_rule rule;
	struct position name;

	memset(&rule, 0, sizeof(rule));
	rule.verb = verb;
	rule.place = build_place(at);
	return read_label(b, &rule.name, &name) &&
	    read_list(b, PT_REFS, &rule.who, read_who, NULL) &&
	    parse_expect(b, "to", "NAME: WHO to WHAT; several stand in { }") &&
	    read_list(b, PT_REFS, &rule.what, read_what, NULL) &&
	    read_options(b, rule_options, &rule) &&
	    check_verb(b, &rule, &name) &&
	    parse_declare(b, SPACE_RULE, PT_RULES, rule.name, build_count(b, PT_RULES),
		&name) &&
	    (build_row(b, PT_RULES, &rule, &name), true);
}

bool
parse_allow(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_ALLOW);
}

bool
parse_deny(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_DENY);
}

bool
parse_require(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_REQUIRE);
}

/*
 * Tests.
 */
static bool
test_via(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	return read_road(b, &t->road);
}

static bool
test_from(struct build *b, void *arg)
{
	struct policy_test *t = arg;
	struct addr addr;

	if (b->token.kind != TOKEN_WORD || !addr_parse(&addr, b->token.text))
		return parse_fail(b, "one address, of the user",
		    "not an address");
	t->from = build_string(b, b->token.text);
	parse_next(b);
	return true;
}

static bool
test_as(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	return read_name(b, true, &t->as, NULL);
}

static bool
test_at(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	t->timed = 1;
	return read_time(b, &t->at);
}

static bool
read_obligation(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	for (unsigned i = 0; i < OBLIGATIONS; i++) {
		if (parse_take(b, policy_obligation_names[i])) {
			t->obligations |= 1U << i;
			return true;
		}
	}
	return parse_fail(b, "mfa ticket approve record consent notify max idle "
	    "duration", "not an obligation");
}

/* = VERDICT [OBLIGATIONS], the last option of a test. */
static bool
test_verdict(struct build *b, void *arg)
{
	struct policy_test *t = arg;
	struct policy_range ignored;
	uint32_t i;

	for (i = 0; i <= ACTION_ALLOW; i++) {
		if (parse_take(b, policy_action_names[i]))
			break;
	}
	if (i > ACTION_ALLOW)
		return parse_fail(b, NULL, "expected allow, ask or deny");
	t->action = i;
	if (!parse_at_end(b)) {
		t->exact = 1;
		if (!read_list(b, PT_REFS, &ignored, read_obligation, t))
			return false;
	}
	return parse_at_end(b) || parse_fail(b, NULL, "nothing stands after the verdict");
}

/* A target as a user would ask for it; quotes for paths and addresses. */
static bool
test_target(struct build *b, struct policy_test *t, struct position *at)
{
	static struct item item;

	if (!read_item(b, &item))
		return false;
	*at = item.at;
	if (item.prefix != '\0')
		return parse_item_error(b, &item, NULL, "a test names one target");
	if (item.name[0] == '\0' || strlen(item.name) > 253)
		return parse_item_error(b, &item, NULL, "not a target");
	t->target = build_string(b, item.name);
	return read_item_port(b, &item, &t->port);
}

bool
parse_test(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"via", test_via},
	    {"from", test_from}, {"as", test_as}, {"at", test_at},
	    {"=", test_verdict}, {NULL, NULL}};
	struct policy_test t;
	struct position target;

	memset(&t, 0, sizeof(t));
	t.road = POLICY_NONE;
	t.action = POLICY_NONE;
	t.place = build_place(at);
	if (!read_name(b, true, &t.user, NULL) ||
	    !parse_expect(b, "to", "test USER to TARGET = VERDICT") ||
	    !test_target(b, &t, &target) || !read_options(b, options, &t))
		return false;
	if (t.action == POLICY_NONE)
		return parse_fail(b, "test USER to TARGET = VERDICT",
		    "expected `='");
	build_row(b, PT_TESTS, &t, &target);
	return true;
}

