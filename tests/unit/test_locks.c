/* SPDX-License-Identifier: ISC */
/*
 * Locks: whom they bind, and that they leave nothing behind.
 */
#include "../../jumpctl/ctl.h"
#include "unit.h"

static const char statements[] =
    "user alice\n"
    "user bob\n"
    "user carol account jump\n"
    "user dan account jump\n"
    "group @ops { alice @night }\n"
    "group @night { dan %wheel }\n"
    "host web1 10.2.0.10 ssh 22\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "allow a: { any %staff } to any\n";

/* Who is asked about: a user and the account; Unix groups that have them. */
static const struct {
	const char *lock, *user, *account, *groups;
	bool locked;
} cases[] = {
    {"alice", "alice", "alice", "", true},
    {"alice", "bob", "bob", "", false},
    {"ALICE", "alice", "alice", "", false},
    {"alic", "alice", "alice", "", false},
    {"any", "bob", "bob", "", true},
    {"any", "carol", "jump", "", true},
    {"any", "", "gina", "wheel", true},
    /* One of those who share an account, and all of them. */
    {"carol", "carol", "jump", "", true},
    {"carol", "dan", "jump", "", false},
    {"jump", "carol", "jump", "", true},
    {"jump", "dan", "jump", "", true},
    /* An account without a user line. */
    {"gina", "", "gina", "wheel", true},
    {"gina", "", "hal", "wheel", false},
    {"CORP\\gina", "", "CORP\\gina", "wheel", true},
    /* Nobody of this policy. */
    {"zoe", "alice", "alice", "", false},
    {"@zoo", "alice", "alice", "wheel", false},
    /* Groups, and groups in groups. */
    {"@ops", "alice", "alice", "", true},
    {"@ops", "dan", "jump", "", true},
    {"@ops", "bob", "bob", "", false},
    {"@ops", "bob", "bob", "wheel", true},
    {"@ops", "bob", "bob", "?wheel", true},
    {"@night", "alice", "alice", "", false},
    {"@ops", "", "gina", "wheel", true},
    {"%wheel", "alice", "alice", "wheel", true},
    {"%wheel", "alice", "alice", "", false},
    {"%wheel", "alice", "alice", "staff", false},
    {"%wheel", "alice", "alice", "?wheel", true},
    /* Unix groups that the policy does not name. */
    {"%contractors", "alice", "alice", "contractors", true},
    {"%contractors", "alice", "alice", "?contractors", true},
    {"%contractors", "alice", "alice", "", false},
    {"%domain admins", "alice", "alice", "domain admins", true},
};

static void
lock(struct policy *p, const char *who)
{
	struct locks locks = {0};

	ck_assert(lock_valid(who));
	ck_assert_int_eq(locks_add(&locks, who, 0, "root", "why not"), 0);
	ck_assert_int_eq(locks_set(p, &locks), 0);
	locks_free(&locks);
}

/* One Unix group, with ? for a lookup that failed. */
static struct policy_request
request(const struct policy *p, const char *user, const char *account,
    const char *groups, uint8_t *truths)
{
	struct policy_request q = {.user = POLICY_NONE, .account = account};
	bool failed = *groups == '?';

	if (*user != '\0')
		q.user = policy_find_user(p, user);
	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++)
		truths[i] = strcmp(policy_unixgroup(p, i), groups + failed) ?
		    TRUTH_NO : failed ? TRUTH_UNCERTAIN : TRUTH_YES;
	q.unixgroups = truths;
	q.road = ROAD_CONNECT;
	q.addr = unit_addr("10.2.0.10");
	q.port = 22;
	return q;
}

START_TEST(binds)
{
	struct policy *p = unit_policy(statements);
	struct policy_verdict v;
	struct policy_request q;
	uint8_t truths[8];

	lock(p, cases[_i].lock);
	q = request(p, cases[_i].user, cases[_i].account, cases[_i].groups,
	    truths);
	ck_assert_int_eq(policy_locked(p, &q) != POLICY_NONE,
	    cases[_i].locked);
	policy_evaluate(p, &q, &v);
	ck_assert_int_eq(v.reason,
	    cases[_i].locked ? REASON_LOCKED : REASON_NONE);
	ck_assert(!v.timed);
	p->table[PT_LOCKS].n = 0;
	policy_evaluate(p, &q, &v);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
	policy_free(p);
}
END_TEST

/* A lock names a Unix group, but that makes nobody an account. */
START_TEST(makes_no_accounts)
{
	struct policy *p = unit_policy(statements);
	struct policy_verdict v;
	struct policy_request q;
	uint8_t truths[8];

	lock(p, "%contractors");
	q = request(p, "", "gina", "contractors", truths);
	policy_evaluate(p, &q, &v);
	ck_assert_int_eq(v.reason, REASON_NOT_A_USER);
	policy_free(p);
}
END_TEST

static void
assert_same(const struct policy *a, const struct policy *b)
{
	for (int t = 0; t < PT_COUNT; t++) {
		ck_assert_uint_eq(a->table[t].n, b->table[t].n);
		if (a->table[t].n > 0)
			ck_assert_mem_eq(a->table[t].rows, b->table[t].rows,
			    a->table[t].n * policy_row_size(t));
	}
}

START_TEST(leave_nothing_behind)
{
	struct policy *p = unit_policy(statements), *copy = locks_thaw(p);
	struct locks locks = {0}, none = {0}, got;

	assert_same(p, copy);
	for (int i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(locks_add(&locks, cases[i].lock, i, "x", ""),
		    0);
	for (int n = 0; n < 3; n++) {
		ck_assert_int_eq(locks_set(copy, &locks), 0);
		ck_assert_uint_eq(copy->table[PT_LOCKS].n, locks.n);
	}
	ck_assert_int_eq(locks_of(&got, copy), 0);
	ck_assert_uint_eq(got.n, locks.n);
	for (size_t i = 0; i < got.n; i++)
		ck_assert_str_eq(got.list[i].who, locks.list[i].who);
	ck_assert_int_eq(locks_set(copy, &none), 0);
	assert_same(p, copy);
	locks_free(&got);
	locks_free(&locks);
	policy_free(copy);
	policy_free(p);
}
END_TEST

START_TEST(print_and_parse)
{
	struct locks locks = {0}, back;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < COUNT(cases); i++)
		locks_add(&locks, cases[i].lock, 1000000000 + i, "root (bob)",
		    i % 2 ? "" : "a \\x22reason\\x22 # here");
	locks_remove(&locks, "zoe");
	ck_assert(!locks_remove(&locks, "zoe"));
	ck_assert_int_eq(locks_print(&locks, f), 0);
	fclose(f);
	ck_assert_int_eq(locks_parse(&back, text, size), 0);
	ck_assert_uint_eq(back.n, locks.n);
	for (size_t i = 0; i < back.n; i++) {
		ck_assert_str_eq(back.list[i].who, locks.list[i].who);
		ck_assert_str_eq(back.list[i].by, locks.list[i].by);
		ck_assert_str_eq(back.list[i].reason, locks.list[i].reason);
		ck_assert_int_eq(back.list[i].since, locks.list[i].since);
	}
	locks_free(&back);
	locks_free(&locks);
	free(text);
}
END_TEST

/* Nothing is skipped: a line that is no lock is an error. */
#define GOOD "alice\t2026-11-21T12:00:00Z\troot\t\n"
static const struct {
	const char *text;
	int line;
} texts[] = {
    {"", 0}, {"\n# x\n\n", 0}, {GOOD, 0}, {GOOD GOOD, 0},
    {GOOD "bob", 2}, {GOOD "bob\n", 2}, {"bob\t\troot\t\n", 1},
    {"\n" GOOD "alice\t2026-11-21T12:00:00Z\troot\n", 3},
    {"alice\t2026-11-21T12:00:00Z\troot\t\t\n", 1},
    {"al ice\t2026-11-21T12:00:00Z\troot\t\n", 1},
    {"alice\t2026-11-21\troot\t\n", 1},
    {"alice\t2026-11-21T12:00:00Z\troot\tx\x1b[0m\n", 1},
    {"alice\t2026-11-21T12:00:00Z\troot\tcaf\xc3\xa9\n", 1},
    {"alice\t2026-11-21T12:00:00Z\troot\t", 1},
};

START_TEST(texts_are)
{
	struct locks locks;

	ck_assert_int_eq(locks_parse(&locks, texts[_i].text,
	    strlen(texts[_i].text)), texts[_i].line);
	locks_free(&locks);
}
END_TEST

/* A machine without a clock of its own begins in 1970, and locks all the same. */
START_TEST(clocks_that_are_not_set)
{
	static const int64_t times[] = {0, -1, 946684799, 946684800,
	    253402300799, 253402300800, INT64_MAX};
	struct locks locks, back;
	char *text;
	size_t size;

	for (int i = 0; i < COUNT(times); i++) {
		FILE *f = open_memstream(&text, &size);

		memset(&locks, 0, sizeof(locks));
		ck_assert_int_eq(
		    locks_add(&locks, "zoe", times[i], "root", ""), 0);
		ck_assert_int_eq(locks_print(&locks, f), 0);
		fclose(f);
		ck_assert_int_eq(locks_parse(&back, text, size), 0);
		ck_assert_uint_eq(back.n, 1);
		locks_free(&back);
		locks_free(&locks);
		free(text);
	}
}
END_TEST

START_TEST(nul_is_wrong)
{
	static const char text[] = "alice\t2026-11-21T12:00:00Z\tr\t\0x\n";
	struct locks locks;

	ck_assert_int_eq(locks_parse(&locks, text, sizeof(text) - 1), 1);
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = {"any", "a", "@ops", "@1", "%x",
	    "%domain admins@corp", "bob@corp.example", "CORP\\dave", "_x"};
	static const char *const bad[] = {"", "@", "%", "-a", "+a", ".a",
	    "a b", "a\tb", "@Ops", "@a b", "%a\tb", "%\xc3\xa9", "a\"b",
	    "a:b", "alice,bob", "@-a", "\xc3\xa9", "%a\n"};
	char longest[300];

	for (int i = 0; i < COUNT(good); i++)
		ck_assert_msg(lock_valid(good[i]), "%s", good[i]);
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!lock_valid(bad[i]), "%s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	ck_assert(lock_valid(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	ck_assert(!lock_valid(longest));
}
END_TEST

static Suite *
locks_suite(void)
{
	Suite *s = suite_create("locks");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, binds, 0, COUNT(cases));
	tcase_add_test(t, makes_no_accounts);
	tcase_add_test(t, leave_nothing_behind);
	tcase_add_test(t, print_and_parse);
	tcase_add_loop_test(t, texts_are, 0, COUNT(texts));
	tcase_add_test(t, nul_is_wrong);
	tcase_add_test(t, clocks_that_are_not_set);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(locks_suite());
}
