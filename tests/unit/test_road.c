/* SPDX-License-Identifier: ISC */
/* jump-shell/road.c: which login and port, and what a session needs. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../jump-shell/road.h"

#define KEY "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0ffV1quJELwRO2IJdw" \
	    "Nky6GvgjVsSYeigeG2AO+k6N\"\n"

static const char text[] =
    "version 1\n"
    "user alice\n"
    "user \"bob@corp.example\"\n"
    "user carol account jump\n"
    "user dave account jump\n"
    "host web1 { 10.2.0.10 10.2.0.20 } ssh 22 tcp 80 agent alias www\n"
    "host same 10.2.0.20 ssh 22\n"
    "hostkey web1 " KEY
    "host web2 10.2.0.12 ssh { 2200 2222 } tcp 22 agent\n"
    "hostkey web2 " KEY
    "host two 10.2.0.13 ssh { 2200 22 }\n"
    "hostkey two " KEY
    "host plc7 10.50.1.7 tcp 502\n"
    "host bare 10.2.0.14 ssh 22\n"
    "net lab 10.9.0.0/16 ssh 22\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "socket metr \"/run/m.sock\" ssh\n"
    "device box \"/run/box.sock\" ssh agent\n"
    "hostkey box " KEY
    "device shy \"/run/shy.sock\" ssh\n"
    "device bus \"/run/bus.sock\" tcp\n"
    "hostkey bus " KEY
    "hostkey metr " KEY
    "group @g alice\n"
    "allow one: alice to { web1 web2 plc7 bare lab dev metr box shy bus }\n"
    "allow two: alice to two as { root deploy }\n"
    "allow bob: \"bob@corp.example\" to web1\n"
    "allow bob2: \"bob@corp.example\" to two as root\n"
    "allow jump: carol to web1:22 as { carol root }\n"
    "allow jump2: carol to two:22 as jump\n"
    "allow asks: dave to two as { dave root } mfa\n"
    "allow now: dave to two via shell as admin\n"
    "user erin\n"
    "allow erin: erin to two via shell as { admin root }\n"
    "require strong: erin to two via shell as root mfa\n"
    "require rec: alice to web2:2222 record\n"
    "require both: alice to two via shell as root record consent\n"
    "deny not: any to web1 via shell as mallory\n";

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

/* LOGIN@NAME:PORT and flags; or what is lacking, and which logins there are. */
static const char *
describe(const struct road *r)
{
	static const char *const lacks[] = {"", " no login:", " no hostkey"};
	static char buf[512];
	int n;

	n = snprintf(buf, sizeof(buf), "%s %s@%s:%u%s%s%s%s",
	    policy_action_names[r->decision.action], r->login, r->target.text,
	    r->target.port, r->record ? " record" : "",
	    r->consent ? " consent" : "", r->agent ? " agent" : "",
	    lacks[r->lack]);
	for (size_t i = 0; r->lack == ROAD_NO_LOGIN && i < r->nlogins; i++)
		n += snprintf(
		    buf + n, sizeof(buf) - (size_t)n, " %s", r->logins[i]);
	return buf;
}

static const struct {
	const char *user, *asked, *login, *want;
} roads[] = {
    {"alice", "web1", NULL, "allow alice@web1:22"}, /* same has no agent */
    {"alice", "10.2.0.10", NULL, "allow alice@10.2.0.10:22 agent"},
    {"alice", "10.2.0.20", NULL, "allow alice@10.2.0.20:22"},
    {"alice", "www", "root", "allow root@www:22"},
    {"alice", "web1", "mallory", "deny mallory@web1:22"},
    {"alice", "web1:80", NULL, "deny @web1:80"},
    {"alice", "web1:23", NULL, "deny @web1:23"},
    {"alice", "web2", NULL, "allow alice@web2:2200 agent"},
    {"alice", "web2:2222", NULL, "allow alice@web2:2222 record agent"},
    {"alice", "web2:22", NULL, "deny @web2:22"}, /* of tcp */
    {"alice", "two", NULL, "allow @two:22 record consent no login: root deploy"},
    {"alice", "two", "root", "allow root@two:22 record consent"},
    {"alice", "two", "deploy", "allow deploy@two:22"},
    {"alice", "two", "alice", "deny alice@two:22"},
    {"alice", "plc7", NULL, "deny @plc7:22"},
    {"alice", "bare", NULL, "allow alice@bare:22 no hostkey"},
    {"alice", "10.9.1.1", NULL, "allow alice@10.9.1.1:22 no hostkey"},
    {"alice", "x.dev.example", NULL, "allow alice@x.dev.example:22 no hostkey"},
    {"alice", "metr", NULL, "deny @metr:22"},
    {"alice", "box", NULL, "allow alice@box:22 agent"},
    {"alice", "box:4711", "root", "allow root@box:4711 agent"},
    {"alice", "shy", NULL, "allow alice@shy:22 no hostkey"},
    {"alice", "bus", NULL, "deny @bus:22"},
    {"alice", "nosuch", NULL, "deny @nosuch:22"},
    {"bob@corp.example", "web1", NULL, "allow @web1:22 no login:"},
    {"bob@corp.example", "web1", "bob", "allow bob@web1:22"},
    {"bob@corp.example", "two", NULL, "allow root@two:22"},
    {"carol", "web1", NULL, "allow carol@web1:22"}, /* not the account's */
    {"carol", "two", NULL, "allow jump@two:22"},
    {"dave", "two", "dave", "ask dave@two:22"},
    {"erin", "two", NULL, "allow admin@two:22"}, /* open, the other is ask */
    {"dave", "web1", NULL, "deny @web1:22"},
};

START_TEST(road_is)
{
	static uint8_t none[1];
	struct person person = {.policy = policy, .unixgroups = none};
	struct policy_request q;
	struct target asked;
	struct road r;

	person.user = policy_find_user(policy, roads[_i].user);
	person.account = policy_string(
	    policy, policy_user(policy, person.user)->account);
	decide_request(&q, &person, ROAD_FORWARD, 1795298400);
	ck_assert(target_parse(&asked, roads[_i].asked, NULL));
	road_judge(policy, &q, &asked, roads[_i].login, &r);
	ck_assert_str_eq(describe(&r), roads[_i].want);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("road");
	TCase *t = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, road_is, 0, sizeof(roads) / sizeof(roads[0]));
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
