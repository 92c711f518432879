/* SPDX-License-Identifier: ISC */
/* jump-shell/answer.c: what list and why say, and to whom nothing. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../jump-shell/answer.h"

static const char text[] =
    "version 1\n"
    "set timezone \"Europe/Amsterdam\"\n"
    "user alice\n"
    "user bob\n"
    "user carol until 2030-01-01T00:00Z\n"
    "user dave\n"
    "host web1 10.2.0.10 ssh 22 tcp 80 comment \"Z\303\274rich\"\n"
    "host db1 { 10.2.0.11 2001:db8::11 } ssh 22 tcp 5432 alias data\n"
    "host plc7 10.50.1.7 tcp 502\n"
    "host secret 10.66.0.1 ssh 22\n"
    "host pair { 10.2.0.20 10.3.0.20 10.2.0.21 } ssh 22\n"
    "net bad 10.3.0.0/16 ssh 22\n"
    "net lab 10.9.0.0/16 ssh 22\n"
    "net all 0.0.0.0/0 tcp 8080\n"
    "domain dev \"*.dev.corp.example\" in 10.8.0.0/16 ssh 22\n"
    "device rtu17 127.77.0.17 ssh 2222\n"
    "socket metr \"/run/metrics/api.sock\"\n"
    "window maint sat 22:00 - sun 04:00\n"
    "allow one: alice to { web1 lab dev rtu17 metr }\n"
    "allow two: { alice bob } to { web1:22 all } via connect\n"
    "allow site: alice to db1:22 from 192.0.2.0/24\n"
    "allow late: { bob dave } to plc7 when maint\n"
    "allow hold: dave to db1:5432 via { connect forward }\n"
    "allow ends: carol to web1\n"
    "allow term: carol to secret via shell\n"
    "require bounded: dave to plc7 idle 90s duration 2h\n"
    "require first: dave to db1 mfa\n"
    "require boss: bob to plc7 ticket \"CHG*\" approve @boss 1h\n"
    "group @boss alice\n"
    "user erin\n"
    "allow pair: erin to { pair bad }\n"
    "deny bad: erin to bad\n"
    "user frank\n"
    "net far { 10.12.0.0/24 10.12.1.7 } ssh 22 tcp 80\n"
    "domain benches { \"*.mine.example\" \"*.lab.corp.example\" } in "
    "10.13.0.0/16 ssh 22 comment \"benches\"\n"
    "host gate 10.14.0.1 ssh 22\n"
    "allow frank: frank to { far benches }\n"
    "allow gate: frank to gate via forward\n"
    "user grace\n"
    "socket deep \"/run/a/very/long/path/indeed.sock\"\n"
    "allow deep: grace to { deep gate } via connect\n"
    "deny not: bob to web1:80\n"
    "user henry\n"
    "host vault 10.15.0.1 ssh { 22 2200 }\n"
    "hostkey vault \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0ffV1quJELwRO2IJdw"
    "Nky6GvgjVsSYeigeG2AO+k6N\"\n"
    "allow term2: henry to vault as { root deploy } record consent duration "
    "1h\n"
    "allow own: henry to vault:2200 via shell mfa\n";

enum { SATURDAY = 1795298400 }; /* 2026-11-21 22:00 UTC, 23:00 there */

static struct policy *policy;

static void
setup(void)
{
	struct policy_source source = {"test", text, sizeof(text) - 1};
	struct policy_report report = {0};

	policy = policy_parse(&source, 1, &report);
	for (size_t i = 0; i < report.n; i++)
		if (!report.messages[i].warning)
			fprintf(stderr, "%u: %s\n", report.messages[i].line,
			    report.messages[i].what);
	ck_assert_ptr_nonnull(policy);
	policy_report_clear(&report);
	ck_assert(decide_zone(policy));
}

static void
teardown(void)
{
	policy_free(policy);
}

static struct policy_request
request_of(const char *user, const char *from, long now)
{
	static struct addr addr;
	static uint8_t none[1];
	struct person person = {.policy = policy, .unixgroups = none};
	struct policy_request q;

	person.user = policy_find_user(policy, user);
	decide_request(&q, &person, ROAD_CONNECT, now);
	if (from != NULL && addr_parse(&addr, from))
		q.from = &addr;
	return q;
}

static const struct {
	const char *user, *from, *want;
	long now;
} lists[] = {
    {"alice", "192.0.2.9",
	"*.dev.corp.example\t22\tssh\tcommand\topen\t\n"
	"0.0.0.0/0\t8080\ttcp\tcommand\topen\t\n"
	"10.9.0.0/16\t22\tssh\tcommand\topen\t\n"
	"db1\t22\tssh\tcommand\topen\t\n"
	"metr\t/run/metrics/api.sock\ttcp\tcommand\topen\t\n"
	"rtu17\t2222\tssh\tboth\topen\t\n"
	"web1\t22\tssh\tboth\topen\tZ\\xc3\\xbcrich\n"
	"web1\t80\ttcp\tboth\topen\tZ\\xc3\\xbcrich\n",
	SATURDAY},
    {"alice", "198.51.100.9",
	"*.dev.corp.example\t22\tssh\tcommand\topen\t\n"
	"0.0.0.0/0\t8080\ttcp\tcommand\topen\t\n"
	"10.9.0.0/16\t22\tssh\tcommand\topen\t\n"
	"metr\t/run/metrics/api.sock\ttcp\tcommand\topen\t\n"
	"rtu17\t2222\tssh\tboth\topen\t\n"
	"web1\t22\tssh\tboth\topen\tZ\\xc3\\xbcrich\n"
	"web1\t80\ttcp\tboth\topen\tZ\\xc3\\xbcrich\n",
	SATURDAY},
    {"bob", NULL,
	"0.0.0.0/0\t8080\ttcp\tcommand\topen\t\n"
	"plc7\t502\ttcp\tcommand\task\t\n"
	"web1\t22\tssh\tcommand\topen\tZ\\xc3\\xbcrich\n",
	SATURDAY},
    {"bob", NULL,
	"0.0.0.0/0\t8080\ttcp\tcommand\topen\t\n"
	"web1\t22\tssh\tcommand\topen\tZ\\xc3\\xbcrich\n",
	SATURDAY + 86400},
    {"dave", NULL,
	"db1\t5432\ttcp\tboth\task\t\nplc7\t502\ttcp\tcommand\topen\t\n",
	SATURDAY},
    {"carol", NULL,
	"web1\t22\tssh\tcommand\topen\tZ\\xc3\\xbcrich\n"
	"web1\t80\ttcp\tcommand\topen\tZ\\xc3\\xbcrich\n",
	SATURDAY},
    {"carol", NULL, "", 1893456000}, /* 2030-01-01 */
    {"erin", NULL, "pair\t22\tssh\tboth\topen\t\n", SATURDAY},
    {"frank", NULL,
	"*.lab.corp.example\t22\tssh\tcommand\topen\tbenches\n"
	"*.mine.example\t22\tssh\tcommand\topen\tbenches\n"
	"10.12.0.0/24\t22\tssh\tcommand\topen\t\n"
	"10.12.0.0/24\t80\ttcp\tcommand\topen\t\n"
	"10.12.1.7\t22\tssh\tcommand\topen\t\n"
	"10.12.1.7\t80\ttcp\tcommand\topen\t\n"
	"gate\t22\tssh\tjump\topen\t\n",
	SATURDAY},
    {"mallory", NULL, "", SATURDAY},
};

START_TEST(list_is)
{
	struct policy_request q =
	    request_of(lists[_i].user, lists[_i].from, lists[_i].now);
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_int_eq(answer_list(out, policy, &q, false, false, NULL), 0);
	fclose(out);
	ck_assert_str_eq(got, lists[_i].want);
	free(got);
}
END_TEST

static const struct {
	const char *user, *want;
} tables[] = {
    {"dave",
	"TARGET  PORT  TYPE  PROXY    STATE  COMMENT\n"
	"db1     5432  tcp   both     ask\n"
	"plc7    502   tcp   command  open\n"},
    {"alice",
	"TARGET              PORT                   TYPE  PROXY    STATE  "
	"COMMENT\n"
	"*.dev.corp.example  22                     ssh   command  open\n"
	"0.0.0.0/0           8080                   tcp   command  open\n"
	"10.9.0.0/16         22                     ssh   command  open\n"
	"metr                /run/metrics/api.sock  tcp   command  open\n"
	"rtu17               2222                   ssh   both     open\n"
	"web1                22                     ssh   both     open   "
	"Z\\xc3\\xbcrich\n"
	"web1                80                     tcp   both     open   "
	"Z\\xc3\\xbcrich\n"},
    /* A path that is too long for the column pushes only its own line. */
    {"grace",
	"TARGET  PORT  TYPE  PROXY    STATE  COMMENT\n"
	"deep    /run/a/very/long/path/indeed.sock  tcp   command  open\n"
	"gate    22    ssh   command  open\n"},
    {"mallory", ""},
};

START_TEST(list_table_is_aligned)
{
	struct policy_request q =
	    request_of(tables[_i].user, "198.51.100.9", SATURDAY);
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_int_eq(answer_list(out, policy, &q, false, true, NULL), 0);
	fclose(out);
	ck_assert_str_eq(got, tables[_i].want);
	free(got);
}
END_TEST

START_TEST(list_says_when_it_cannot_write)
{
	struct policy_request q = request_of("dave", NULL, SATURDAY);
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(answer_list(out, policy, &q, false, false, NULL), -1);
	fclose(out);
}
END_TEST

static const struct {
	const char *user, *from, *name, *port;
	enum policy_action action;
	const char *want;
} reasons[] = {
    {"alice", NULL, "web1", "80", ACTION_ALLOW,
	"web1:80 is open to you by ProxyJump, as 10.2.0.10.\n"
	"web1:80 is open to you by ProxyCommand.\n"},
    {"alice", NULL, "web1", NULL, ACTION_ALLOW,
	"web1:22 is open to you by ProxyJump, as 10.2.0.10.\n"
	"web1:22 is open to you by ProxyCommand.\n"
	"web1:80 is open to you by ProxyJump, as 10.2.0.10.\n"
	"web1:80 is open to you by ProxyCommand.\n"},
    {"alice", NULL, "10.9.4.4", "22", ACTION_ALLOW,
	"10.9.4.4:22 is open to you by ProxyCommand.\n"},
    {"alice", NULL, "x.dev.corp.example", "22", ACTION_ALLOW,
	"x.dev.corp.example:22 is open to you by ProxyCommand.\n"},
    {"alice", NULL, "metr", NULL, ACTION_ALLOW,
	"metr is open to you by ProxyCommand.\n"},
    {"alice", NULL, "/run/metrics/api.sock", NULL, ACTION_ALLOW,
	"/run/metrics/api.sock is open to you by ProxyCommand.\n"},
    {"alice", "192.0.2.1", "data", "22", ACTION_ALLOW,
	"data:22 is open to you by ProxyCommand.\n"},
    {"alice", "192.0.2.1", "2001:db8::11", "22", ACTION_ALLOW,
	"[2001:db8::11]:22 is open to you by ProxyCommand.\n"},
    {"bob", NULL, "web1", NULL, ACTION_ALLOW,
	"web1:22 is open to you by ProxyCommand.\n"},
    {"bob", NULL, "plc7", "502", ACTION_ASK,
	"plc7:502 is open to you by ProxyCommand only with a ticket (--ticket "
	"ID, or SetEnv JUMP_TICKET=ID) and an approval (ask for "
	"one: request TARGET REASON).\n"},
    {"dave", NULL, "plc7", "502", ACTION_ALLOW,
	"plc7:502 is open to you by ProxyCommand, until 2026-11-22 04:00 CET, "
	"for at most 2h, ending after 90s of silence.\n"},
    {"dave", NULL, "db1", "5432", ACTION_ASK,
	"db1:5432 is open to you by ProxyJump with a security key that asks "
	"for its PIN, as 10.2.0.11 or 2001:db8::11.\n"
	"db1:5432 is open to you by ProxyCommand only with a second factor "
	"(log in again, by a second method or a key with a PIN).\n"},
    {"henry", NULL, "vault", NULL, ACTION_ALLOW,
	"vault:22 is open to you by ssh from here: ssh -t JUMPHOST ssh "
	"LOGIN@vault, with the login root or deploy, recorded, which asks for "
	"your consent, for at most 1h.\n"
	"vault:2200 is open to you by ssh from here only with a second factor "
	"(log in again, by a second method or a key with a PIN): ssh -t "
	"JUMPHOST ssh henry@vault:2200, recorded, which asks for your "
	"consent.\n"},
    {"carol", NULL, "web1", "22", ACTION_ALLOW,
	"web1:22 is open to you by ProxyCommand, until 2030-01-01 01:00 CET"
	".\n"},
    {"erin", NULL, "pair", "22", ACTION_ALLOW,
	"pair:22 is open to you by ProxyJump, as 10.2.0.20 or 10.2.0.21.\n"
	"pair:22 is open to you by ProxyCommand.\n"},
    {"erin", NULL, "10.3.0.20", "22", ACTION_DENY, ""},
    /* Nothing to say: the caller refuses. */
    {"carol", NULL, "secret", "22", ACTION_DENY, ""}, /* shell */
    {"alice", NULL, "db1", "22", ACTION_DENY, ""},    /* from */
    {"alice", NULL, "db1", NULL, ACTION_DENY, ""},
    {"alice", NULL, "secret", "22", ACTION_DENY, ""},
    {"alice", NULL, "secret", NULL, ACTION_DENY, ""},
    {"alice", NULL, "nosuch", "22", ACTION_DENY, ""},
    {"alice", NULL, "nosuch", NULL, ACTION_DENY, ""},
    {"alice", NULL, "web1", "443", ACTION_DENY, ""},
    {"alice", NULL, "metr", "22", ACTION_DENY, ""},
    {"alice", NULL, "/run/other.sock", NULL, ACTION_DENY, ""},
    {"alice", NULL, "x.prod.corp.example", "22", ACTION_DENY, ""},
    {"bob", NULL, "web1", "80", ACTION_DENY, ""}, /* deny */
    {"mallory", NULL, "web1", "22", ACTION_DENY, ""},
};

START_TEST(why_is)
{
	struct policy_request q =
	    request_of(reasons[_i].user, reasons[_i].from, SATURDAY);
	struct policy_verdict why;
	struct target asked;
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert(target_parse(&asked, reasons[_i].name, reasons[_i].port));
	memset(&why, 0xff, sizeof(why));
	ck_assert_int_eq(
	    answer_why(out, policy, &q, false, &asked, &why, NULL), reasons[_i].action);
	fclose(out);
	ck_assert_str_eq(got, reasons[_i].want);
	if (reasons[_i].action == ACTION_DENY) {
		ck_assert_int_eq(why.action, ACTION_DENY);
		ck_assert_int_ne(why.reason, REASON_NONE);
	}
	free(got);
}
END_TEST

/* A second method is one on the road connect; a note's is one on both. */
START_TEST(why_knows_factors)
{
	static const char *const want[] = {
	    "db1:5432 is open to you by ProxyCommand.\n",
	    "db1:5432 is open to you by ProxyJump, as"};
	struct policy_request q = request_of("dave", NULL, SATURDAY);
	struct policy_verdict why;
	struct target asked;
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert(target_parse(&asked, "db1:5432", NULL));
	q.mfa = _i == 1;
	ck_assert_int_eq(
	    answer_why(out, policy, &q, _i == 0, &asked, &why, NULL), ACTION_ALLOW);
	ck_assert_int_eq(answer_list(out, policy, &q, _i == 0, false, NULL), 0);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(got, want[0]));
	ck_assert_int_eq(strstr(got, want[1]) != NULL, _i == 1);
	ck_assert_int_eq(strstr(got, "ProxyJump with a security key") != NULL,
	    _i == 0);
	ck_assert_ptr_nonnull(strstr(got,
	    _i == 0 ? "db1\t5432\ttcp\tcommand\topen"
		    : "db1\t5432\ttcp\tboth\topen"));
	free(got);
}
END_TEST

/* With a name that sshd finds, addresses need not be told. */
START_TEST(why_knows_names_that_resolve)
{
	struct policy_request q = request_of("dave", NULL, SATURDAY);
	struct policy_target *t = policy->table[PT_TARGETS].rows;
	struct policy_verdict why;
	struct target asked;
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	t[policy_find_target(policy, "db1")].flags |= TARGET_RESOLVES;
	ck_assert(target_parse(&asked, "db1:5432", NULL));
	answer_why(out, policy, &q, false, &asked, &why, NULL);
	ck_assert(target_parse(&asked, "data:5432", NULL));
	answer_why(out, policy, &q, false, &asked, &why, NULL);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(got, "for its PIN.\ndb1:5432 is"));
	ck_assert_ptr_nonnull(strstr(got, "PIN, as 10.2.0.11 or 2001:db8::11"));
	free(got);
}
END_TEST

static Suite *
answer_suite(void)
{
	Suite *s = suite_create("answer");
	TCase *t = tcase_create("answers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, list_is, 0, (int)(sizeof(lists) / sizeof(lists[0])));
	tcase_add_loop_test(t, list_table_is_aligned, 0,
	    (int)(sizeof(tables) / sizeof(tables[0])));
	tcase_add_test(t, list_says_when_it_cannot_write);
	tcase_add_loop_test(
	    t, why_is, 0, (int)(sizeof(reasons) / sizeof(reasons[0])));
	tcase_add_test(t, why_knows_names_that_resolve);
	tcase_add_loop_test(t, why_knows_factors, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(answer_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
