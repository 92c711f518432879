/* SPDX-License-Identifier: ISC */
/* jumpctl/sshd.c: reading what sshd -T and its debug output say. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../jumpctl/sshd.h"

static char values[] = "x11forwarding no\n"
		       "permitopen any\n"
		       "forcecommand /a b %u\n"
		       "allowusers alice\n"
		       "allowusers bob@192.0.2.1\n"
		       "banner\n";

/* As 9.2 writes it, then as 10.0 does, with the ends of lines that -d has. */
static char logs[2][2048] = {
    "debug3: /etc/ssh/d/00.conf:1 setting X11Forwarding yes\r\n"
    "debug3: checking syntax for 'Match User carol,dave'\r\n"
    "debug3: checking syntax for 'Match Group jump'\r\n"
    "debug3: /etc/ssh/sshd_config:9 setting x11forwarding yes\r\n"
    "debug3: /etc/ssh/sshd_config:10 setting PermitTunnel\tno\r\n"
    "debug3: /etc/ssh/sshd_config:11 setting PermitTunnel yes\r\n"
    "debug1: sshd version OpenSSH_9.2, OpenSSL 3.0.19 27 Jan 2026\r\n"
    "debug2: parse_server_config_depth: config reprocess config len 9\r\n"
    "debug3: /etc/ssh/d/00.conf:4 setting X11Forwarding local\r\n"
    "debug3: /etc/ssh/d/60.conf:5 setting X11Forwarding no\r\n"
    "debug3: /etc/ssh/d/60.conf:6 setting X11ForwardingMore no\r\n",
    "debug1: sshd version OpenSSH_10.0, OpenSSL 3.0.19 27 Jan 2026\r\n"
    "debug3: checking syntax for 'Match User u*' on line 3\r\n"
    "debug2: parse_server_config_depth: config reprocess config len 9\r\n"};

START_TEST(values_are_read)
{
	static const struct {
		const char *keyword;
		unsigned n;
		const char *value;
	} table[] = {
	    {"X11Forwarding", 0, "no"},
	    {"X11Forwarding", 1, NULL},
	    {"X11Forward", 0, NULL},
	    {"ForceCommand", 0, "/a b %u"},
	    {"AllowUsers", 0, "alice"},
	    {"AllowUsers", 1, "bob@192.0.2.1"},
	    {"AllowUsers", 2, NULL},
	    {"Banner", 0, ""},
	    {"DenyUsers", 0, NULL},
	};
	struct sshd_answer a = {values, logs[0]};
	char buf[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool found = sshd_value(&a, table[i].keyword, table[i].n, buf,
		    sizeof(buf));

		ck_assert_int_eq(found, table[i].value != NULL);
		if (found)
			ck_assert_str_eq(buf, table[i].value);
	}
	ck_assert(sshd_value(&a, "ForceCommand", 0, buf, 4));
	ck_assert_str_eq(buf, "/a ");
}
END_TEST

START_TEST(the_place_is_that_which_won)
{
	struct sshd_answer a = {values, logs[0]};
	char buf[64];

	ck_assert(sshd_place(&a, "X11Forwarding", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "/etc/ssh/d/00.conf:4");
	ck_assert(sshd_place(&a, "PermitTunnel", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "/etc/ssh/sshd_config:10");
	ck_assert(!sshd_place(&a, "PermitTTY", buf, sizeof(buf)));
	ck_assert(!sshd_place(&a, "Permit", buf, sizeof(buf)));
	a.log = logs[1];
	ck_assert(!sshd_place(&a, "X11Forwarding", buf, sizeof(buf)));
}
END_TEST

START_TEST(names_that_match_lines_may_mean)
{
	struct sshd_answer a = {values, logs[0]};

	ck_assert(sshd_knows_name(&a, "carol"));
	ck_assert(sshd_knows_name(&a, "dave"));
	ck_assert(!sshd_knows_name(&a, "alice"));
	ck_assert(!sshd_knows_name(&a, "jump"));
	a.log = logs[1];
	ck_assert(sshd_knows_name(&a, "alice"));
}
END_TEST

START_TEST(groups_that_match_lines_may_mean)
{
	char text[] = "debug3: checking syntax for 'Match Group jump-devices'\n"
		      "debug3: checking syntax for 'Match User rtu1'\n";
	struct sshd_answer a = {values, text};

	ck_assert(sshd_knows_group(&a, "jump-devices"));
	ck_assert(!sshd_knows_group(&a, "rtu1"));
	ck_assert(!sshd_knows_group(&a, "users"));
	strcpy(text, "debug3: checking syntax for 'Match Group *'\n");
	ck_assert(sshd_knows_group(&a, "users"));
}
END_TEST

START_TEST(versions)
{
	struct sshd_answer a = {values, logs[0]};
	char buf[64], nothing[] = "";

	sshd_version(&a, buf, sizeof(buf));
	ck_assert_str_eq(buf, "OpenSSH_9.2");
	a.log = logs[1];
	sshd_version(&a, buf, sizeof(buf));
	ck_assert_str_eq(buf, "OpenSSH_10.0");
	a.log = nothing;
	sshd_version(&a, buf, sizeof(buf));
	ck_assert_str_eq(buf, "sshd");
}
END_TEST

START_TEST(programs_run)
{
	char sh[] = "/bin/sh", c[] = "-c";
	char text[] = "echo out; echo err >&2; cat; exit 3";
	char quit[] = "kill -9 $$", none[] = "/nonexistent";
	char *argv[] = {sh, c, text, NULL}, *out, *err;

	ck_assert_int_eq(program_run(argv, &out, &err), 3);
	ck_assert_str_eq(out, "out\n");
	ck_assert_str_eq(err, "err\n");
	free(out);
	free(err);
	argv[2] = quit;
	ck_assert_int_eq(program_run(argv, &out, &err), -1);
	ck_assert_ptr_null(out);
	argv[0] = none;
	ck_assert_int_eq(program_run(argv, &out, &err), -1);
	ck_assert_ptr_null(err);
}
END_TEST

START_TEST(match_lines_that_ask_where)
{
	static const struct {
		const char *line;
		bool asks;
	} table[] = {
	    {"Match User host,address", false},
	    {"Match Group hosts", false},
	    {"Match Group jump", false},
	    {"Match all", false},
	    {"Match Address 10.0.0.0/8", true},
	    {"match user bob address=10.0.0.0/8", true},
	    {"Match Group jump Host *.example", true},
	    {"Match\tLocalPort 22", true},
	    {"Match localaddress 10.0.0.1", true},
	    {"Match RDomain x", true},
	};
	char log[128];
	struct sshd_answer a = {values, log};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(log, sizeof(log),
		    "debug3: checking syntax for '%s'\r\n", table[i].line);
		ck_assert_msg(sshd_asks_where(&a) == table[i].asks, "%s",
		    table[i].line);
	}
	snprintf(log, sizeof(log), "debug1: it may match address x\r\n");
	ck_assert(!sshd_asks_where(&a));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sshd");
	TCase *cases = tcase_create("sshd");
	SRunner *runner;
	int failed;

	tcase_add_test(cases, values_are_read);
	tcase_add_test(cases, the_place_is_that_which_won);
	tcase_add_test(cases, names_that_match_lines_may_mean);
	tcase_add_test(cases, groups_that_match_lines_may_mean);
	tcase_add_test(cases, versions);
	tcase_add_test(cases, match_lines_that_ask_where);
	tcase_add_test(cases, programs_run);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
