/* SPDX-License-Identifier: ISC */
/*
 * jump-connect/limits.c: the places that a session takes, while other
 * processes hold theirs.
 */
#include "../../jump-connect/limits.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>

#include "unit.h"

enum { HOLDERS = 24 };

static const char rules[] =
    "user alice\n"
    "host pair { 10.2.0.10 10.2.0.11 } ssh 22\n"
    "host first 10.2.0.10 ssh 22\n"
    "allow all: alice to pair\n"
    "require one: alice to first max 1\n"
    "require two: alice to pair max 2\n";

static char dir[64];
static pid_t holders[HOLDERS];
static int nholders;
static struct policy *policy;
static struct decision decision;
static struct limits limits;
static struct session session;

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/limits.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
	nholders = 0;
}

static void
teardown(void)
{
	char command[128];

	for (int i = 0; i < nholders; i++) {
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	policy_free(policy);
}

/* In another process: whether there is a place; it is held if keep is set. */
static bool
other_takes(const char *rule, uint32_t max, bool keep)
{
	struct session s;
	int fds[2], status;
	char byte = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		if (session_open(&s, dir, geteuid()) == 0 &&
		    session_take(&s, "alice", rule, max) == 0)
			byte = 1;
		if (write(fds[1], &byte, 1) != 1)
			_exit(1);
		while (keep)
			pause();
		_exit(0);
	}
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	if (keep)
		holders[nholders++] = pid;
	else
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return byte == 1;
}

/* What comes of the places of a session to pair:22. */
static int
take(const char *more)
{
	struct target asked;
	struct policy_request q;
	static uint8_t none[1];
	struct person person = {.account = "alice", .unixgroups = none};
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", rules, more);
	policy = unit_policy(text);
	person.policy = policy;
	person.user = policy_find_user(policy, "alice");
	decide_request(&q, &person, ROAD_CONNECT, 0);
	ck_assert(target_parse(&asked, "pair", "22"));
	decide(policy, &q, &asked, NULL, 0, &decision);
	ck_assert_int_eq(decision.action, ACTION_ALLOW);
	ck_assert_uint_eq(decision.n, 2);
	ck_assert_int_eq(session_open(&session, dir, geteuid()), 0);
	limits = (struct limits){
	    .session = &session, .policy = policy, .user = "alice"};
	return limits_take(&limits, &decision);
}

static void
must_be_full(const char *rule, uint32_t max)
{
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_str_eq(limits.rule, rule);
	ck_assert_uint_eq(limits.max, max);
}

START_TEST(all_are_free)
{
	ck_assert_int_eq(take(""), 0);
	ck_assert_int_eq(decision.choices[0].verdict.action, ACTION_ALLOW);
	ck_assert_int_eq(decision.choices[1].verdict.action, ACTION_ALLOW);
	ck_assert(!other_takes("one", 1, false));
	ck_assert(!other_takes("two", 1, false));
	ck_assert(!other_takes("", 1, false));
	ck_assert(other_takes("two", 2, false));
}
END_TEST

/* What the address that was not used had is given up, and no more. */
START_TEST(what_is_kept)
{
	ck_assert_int_eq(take(""), 0);
	limits_keep(&limits, &decision.choices[_i]);
	ck_assert_int_eq(other_takes("one", 1, false), _i == 1);
	ck_assert(!other_takes("two", 1, false));
	ck_assert(!other_takes("", 1, false));
}
END_TEST

START_TEST(an_address_is_full)
{
	ck_assert(other_takes("one", 1, true));
	ck_assert_int_eq(take(""), 0);
	ck_assert_int_eq(decision.choices[0].verdict.action, ACTION_DENY);
	ck_assert_int_eq(decision.choices[1].verdict.action, ACTION_ALLOW);
	limits_keep(&limits, &decision.choices[1]);
	ck_assert(!other_takes("one", 1, false));
}
END_TEST

START_TEST(a_rule_is_full)
{
	ck_assert(other_takes("two", 2, true));
	ck_assert(other_takes("two", 2, true));
	ck_assert_int_eq(take(""), -1);
	must_be_full("two", 2);
	ck_assert(other_takes("", 1, false)); /* never asked for */
}
END_TEST

START_TEST(the_user_is_full)
{
	ck_assert(other_takes("", 2, true));
	ck_assert(other_takes("", 2, true));
	ck_assert_int_eq(take("set sessions 2\n"), -1);
	must_be_full("", 2);
}
END_TEST

START_TEST(the_default)
{
	for (int i = 0; i < 19 + _i; i++)
		ck_assert(other_takes("", 100, true));
	ck_assert_int_eq(take(""), -_i);
	if (_i == 1)
		must_be_full("", 20);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_are_free);
	tcase_add_loop_test(t, what_is_kept, 0, 2);
	tcase_add_test(t, an_address_is_full);
	tcase_add_test(t, a_rule_is_full);
	tcase_add_test(t, the_user_is_full);
	tcase_add_loop_test(t, the_default, 0, 2);
	suite_add_tcase(s, t);
	return unit_run(s);
}
