/* SPDX-License-Identifier: ISC */
/*
 * A deny is never lost by an error: whatever is done to the text of a policy,
 * either it does not load, or every deny that still stands in it holds.
 */

#include "policy.h"
#include "unit.h"

enum { FILES = 3, ROUNDS = 20000, TEXT_MAX = 4096 };

static const char *const files[FILES] = {
    "version 1\n"
    "# who\n"
    "user alice comment \"J\303\274rgen # { } deny\"\n"
    "user bob\n"
    "user carol account jump\n"
    "group @ops { alice @inner }\n"
    "group @inner {\n"
    "\tcarol # deny x: any to any\n"
    "}\n"
    "deny one: bob to web1\n"
    "allow all: any to any\n",
    "version 1\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp { 80 443 } tag web\n"
    "net lab 10.9.0.0/16 ssh 22 tag { web prod }\n"
    "window night mon-sun 22:00-06:00\n"
    "deny two: { alice\n"
    "  bob } to {\n"
    "\tlab:22\n"
    "} via { connect forward }\n"
    "require more: any to @web idle 10m\n",
    "version 1\n"
    "deny three: @ops to @web:443\n"
    "allow more-still: { alice bob } to web1 until 2030-01-01T00:00Z\n"
    "deny four: any to any when night # at night\n"
    "deny five: carol to @prod until 2030-01-01T00:00Z",
};

/*
 * A deny, the statements that its meaning rests on, and a request that it
 * denies.
 */
static const struct {
	const char *line, *rests_on[5];
	const char *user, *addr;
	uint16_t port;
	uint32_t minute;
} denies[] = {
    {"deny one: bob to web1\n",
	{"user bob\n",
	    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp { 80 443 } "
	    "tag web\n"},
	"bob", "10.2.0.10", 22, 720},
    {"deny two: { alice\n  bob } to {\n\tlab:22\n} via { connect forward }\n",
	{"user bob\n", "net lab 10.9.0.0/16 ssh 22 tag { web prod }\n"}, "bob",
	"10.9.3.4", 22, 720},
    {"deny three: @ops to @web:443\n",
	{"group @ops { alice @inner }\n",
	    "group @inner {\n\tcarol # deny x: any to any\n}\n",
	    "user carol account jump\n",
	    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp { 80 443 } tag "
	    "web\n"},
	"carol", "2001:db8::10", 443, 720},
    {"deny four: any to any when night # at night\n",
	{"window night mon-sun 22:00-06:00\n",
	    "user alice comment \"J\303\274rgen # { } deny\"\n",
	    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp { 80 443 } tag "
	    "web\n"},
	"alice", "10.2.0.10", 80, 1},
};

struct text {
	char bytes[TEXT_MAX];
	size_t size;
};

static struct text texts[FILES];
static size_t ntexts;

static void
make_texts(void)
{
	for (ntexts = 0; ntexts < FILES; ntexts++) {
		struct text *t = &texts[ntexts];

		t->size = (size_t)snprintf(t->bytes, sizeof(t->bytes), "%s%s",
		    files[ntexts], ntexts == 2 ? "\n" : "");
	}
}

/* Replace n bytes at `at` by others. */
static void
splice(struct text *t, size_t at, size_t n, const char *by, size_t size)
{
	char copy[TEXT_MAX];

	if (n > t->size - at)
		n = t->size - at;
	if (t->size - n + size > sizeof(t->bytes))
		return;
	memcpy(copy, by, size);
	memmove(t->bytes + at + size, t->bytes + at + n, t->size - at - n);
	memcpy(t->bytes + at, copy, size);
	t->size = t->size - n + size;
}

static size_t
line_start(const struct text *t, size_t at)
{
	while (at > 0 && t->bytes[at - 1] != '\n')
		at--;
	return at;
}

static size_t
line_size(const struct text *t, size_t start)
{
	const char *end = memchr(t->bytes + start, '\n', t->size - start);

	return end == NULL ? t->size - start
			   : (size_t)(end - t->bytes) - start + 1;
}

/* Do one thing to one of the files. */
static void
damage(uint64_t *seed)
{
	static const char letters[] = "{}\"#\n\r\t @:,.%-_=a0dnyzX\0\033\377";
	struct text *t = &texts[unit_random(seed, (uint32_t)ntexts)];
	size_t at, line, other;
	char letter;

	if (t->size == 0)
		return;
	at = unit_random(seed, (uint32_t)t->size);
	line = line_start(t, at);
	other = line_start(t, unit_random(seed, (uint32_t)t->size));
	letter = letters[unit_random(seed, sizeof(letters) - 1)];
	switch (unit_random(seed, 11)) {
	case 0:
		splice(t, at, 1, "", 0);
		break;
	case 1:
		splice(t, at, 1, &letter, 1);
		break;
	case 2:
		splice(t, at, 0, &letter, 1);
		break;
	case 3:
		splice(t, at, 0, t->bytes + at, 1);
		break;
	case 4:
		splice(t, at, unit_random(seed, 40), "", 0);
		break;
	case 5:
		splice(t, line, line_size(t, line), "", 0);
		break;
	case 6:
		splice(t, other, 0, t->bytes + line, line_size(t, line));
		break;
	case 7: /* two lines become one */
		splice(t, line + line_size(t, line) - 1, 1, " ", 1);
		break;
	case 8:
		t->size = unit_random(seed, 4) == 0 ? at : line;
		break;
	case 9:
		splice(t, line, 0, "#", 1);
		break;
	default: /* the file is gone */
		if (unit_random(seed, 4) == 0)
			*t = texts[--ntexts];
	}
}

/* Lines that begin with the word deny: no string and no list holds one. */
static size_t
lines_of_deny(void)
{
	size_t found = 0;

	for (size_t i = 0; i < ntexts; i++) {
		for (size_t at = 0; at < texts[i].size;
		     at += line_size(&texts[i], at)) {
			const char *s = texts[i].bytes + at;
			size_t left = texts[i].size - at;

			while (left > 0 && (*s == ' ' || *s == '\t')) {
				s++;
				left--;
			}
			found += left > 4 && memcmp(s, "deny", 4) == 0 &&
			    strchr(" \t\n#{}\"", s[4]) != NULL;
		}
	}
	return found;
}

/* Whether these lines stand somewhere, complete. */
static bool
stands(const char *lines)
{
	size_t size = strlen(lines);

	for (size_t i = 0; i < ntexts; i++) {
		const char *at = texts[i].bytes, *end = at + texts[i].size;

		for (;
		     (at = memmem(at, (size_t)(end - at), lines, size)) != NULL;
		     at++) {
			if (at == texts[i].bytes || at[-1] == '\n')
				return true;
		}
	}
	return false;
}

static bool
has_deny(const struct policy *p, const char *line)
{
	const char *name = strchr(line, ' ') + 1;
	size_t size = strcspn(name, ":");

	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);
		const char *text = policy_string(p, rule->name);

		if (rule->verb == VERB_DENY && strlen(text) == size &&
		    strncmp(text, name, size) == 0)
			return true;
	}
	return false;
}

static bool
rests(int i)
{
	for (int n = 0; n < COUNT(denies[i].rests_on); n++) {
		if (denies[i].rests_on[n] != NULL &&
		    !stands(denies[i].rests_on[n]))
			return false;
	}
	return true;
}

static enum policy_action
judge(const struct policy *p, int i)
{
	struct policy_request q = {.user = policy_find_user(p, denies[i].user),
	    .road = ROAD_CONNECT,
	    .addr = unit_addr(denies[i].addr),
	    .port = denies[i].port,
	    .now = 1795298400,
	    .minute = denies[i].minute};
	struct policy_verdict v;
	uint8_t none[64] = {0};

	q.unixgroups = none;
	unit_check(p->table[PT_UNIXGROUPS].n < sizeof(none));
	policy_evaluate(p, &q, &v);
	return v.action;
}

static struct policy *
load(void)
{
	struct policy_source sources[FILES];
	struct policy_report report = {0};
	struct policy *p;

	for (size_t i = 0; i < ntexts; i++)
		sources[i] = (struct policy_source){
		    "test", texts[i].bytes, texts[i].size};
	p = policy_parse(sources, ntexts, &report);
	unit_check((p == NULL) == (report.errors > 0));
	policy_report_clear(&report);
	return p;
}

static void
show(void)
{
	for (size_t i = 0; i < ntexts; i++)
		fprintf(stderr, "--- %zu\n%.*s", i, (int)texts[i].size,
		    texts[i].bytes);
}

/* Every deny of the text is in the policy, and denies. */
static int
check_denies(const struct policy *p)
{
	size_t rules = 0;
	int held = 0;

	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++)
		rules += policy_rule(p, i)->verb == VERB_DENY;
	if (rules != lines_of_deny())
		show();
	ck_assert_uint_eq(rules, lines_of_deny());
	for (int i = 0; i < COUNT(denies); i++) {
		if (!stands(denies[i].line))
			continue;
		unit_check(has_deny(p, denies[i].line));
		if (!rests(i))
			continue;
		held++;
		if (judge(p, i) != ACTION_DENY)
			show();
		unit_check(judge(p, i) == ACTION_DENY);
	}
	return held;
}

START_TEST(denies_are_what_denies)
{
	struct policy *p;

	make_texts();
	p = load();
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(check_denies(p), COUNT(denies));
	ck_assert_uint_eq(lines_of_deny(), COUNT(denies) + 1);
	policy_free(p);
	/* Each of the requests is allowed but for the one deny. */
	for (int i = 0; i < COUNT(denies); i++) {
		make_texts();
		for (size_t n = 0; n < ntexts; n++) {
			char *at = memmem(texts[n].bytes, texts[n].size,
			    denies[i].line, strlen(denies[i].line));

			if (at != NULL)
				splice(&texts[n], (size_t)(at - texts[n].bytes),
				    strlen(denies[i].line), "", 0);
		}
		p = load();
		ck_assert_ptr_nonnull(p);
		ck_assert_msg(
		    judge(p, i) == ACTION_ALLOW, "%s", denies[i].line);
		policy_free(p);
	}
}
END_TEST

START_TEST(deny_is_never_lost)
{
	uint64_t seed = (uint64_t)_i * 7919 + 1;
	int loaded = 0, held = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct policy *p;

		make_texts();
		for (uint32_t n = 1 + unit_random(&seed, 3); n > 0; n--)
			damage(&seed);
		p = load();
		if (p == NULL)
			continue;
		loaded++;
		held += check_denies(p);
		policy_free(p);
	}
	fprintf(
	    stderr, "%d of %d load, %d denies hold\n", loaded, ROUNDS, held);
	ck_assert_int_gt(loaded, ROUNDS / 20);
	ck_assert_int_lt(loaded, ROUNDS * 9 / 10);
	ck_assert_int_gt(held, loaded);
}
END_TEST

/* A file that ends too early never permits more than it did. */
START_TEST(cut_file_is_refused)
{
	for (int i = 0; i < FILES; i++) {
		make_texts();
		for (size_t size = texts[i].size; size-- > 0;) {
			struct policy *p;

			texts[i].size = size;
			p = load();
			if (size > 0 && texts[i].bytes[size - 1] != '\n')
				unit_check(p == NULL);
			policy_free(p);
		}
	}
}
END_TEST

static Suite *
deny_suite(void)
{
	Suite *s = suite_create("deny");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, denies_are_what_denies);
	tcase_add_loop_test(t, deny_is_never_lost, 0, 4);
	tcase_add_test(t, cut_file_is_refused);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(deny_suite());
}
