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
		unsigned asks;
	} table[] = {
	    {"Match User host,address", 0},
	    {"Match Group hosts", 0},
	    {"Match Group jump", 0},
	    {"Match all", 0},
	    {"Match Address 10.0.0.0/8", 1U << WHERE_ADDRESS},
	    {"match user bob address=10.0.0.0/8", 1U << WHERE_ADDRESS},
	    {"Match Group jump Host *.example", 1U << WHERE_HOST},
	    {"Match\tLocalPort 22", 1U << WHERE_LOCALPORT},
	    {"Match localaddress 10.0.0.1", 1U << WHERE_LOCALADDRESS},
	    {"Match RDomain x Version *",
		1U << WHERE_RDOMAIN | 1U << WHERE_VERSION},
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
	ck_assert_str_eq(sshd_where(WHERE_LOCALPORT), "LocalPort");
}
END_TEST

START_TEST(where_it_listens)
{
	static const struct {
		const char *addr;
		unsigned port;
	} want[] = {{"0.0.0.0", 22}, {"10.2.0.1", 2222}, {"::", 22},
	    {"2001:db8::1", 65535}};
	char text[] = "port 22\nlistenaddress 0.0.0.0:22\n"
		      "listenaddress 10.2.0.1:2222 rdomain blue\n"
		      "listenaddress [::]:22\n"
		      "listenaddress [2001:db8::1]:65535\n";
	struct sshd_answer a = {text, logs[0]};
	struct addr addr, other;
	unsigned port;

	for (unsigned i = 0; i < 4; i++) {
		ck_assert(sshd_listens(&a, i, &addr, &port));
		ck_assert(addr_parse(&other, want[i].addr));
		ck_assert(addr_equal(&addr, &other));
		ck_assert_uint_eq(port, want[i].port);
	}
	ck_assert(!sshd_listens(&a, 4, &addr, &port));
}
END_TEST

START_TEST(files_it_read)
{
	char text[] =
	    "debug2: load_server_config: filename /etc/ssh/sshd_config\r\n"
	    "debug2: load_server_config: done config len = 3224\r\n"
	    "debug2: /etc/ssh/sshd_config line 12: new include /*.conf\r\n"
	    "debug2: /etc/ssh/sshd_config line 12: including /a b.conf\r\n"
	    "debug2: load_server_config: filename /a b.conf\r\n"
	    "debug2: /a b.conf line 1: new include /dev/none/x*/y\r\n"
	    "debug2: /a b.conf line 2: new include /dev/[f]d/*\r\n"
	    "debug3: user: filename /x\r\n";
	static const char *const want[] = {
	    "/etc/ssh/sshd_config", "/", "/a b.conf", "/dev", "/dev"};
	struct sshd_answer a = {values, text};
	char buf[64];
	size_t next = 0;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert(sshd_source(&a, &next, buf, sizeof(buf)));
		ck_assert_str_eq(buf, want[i]);
	}
	ck_assert(!sshd_source(&a, &next, buf, sizeof(buf)));
}
END_TEST

START_TEST(names_that_cannot_be_asked)
{
	struct sshd sshd = {.path = "/bin/true", .from = "192.0.2.1"};
	struct sshd_answer a;

	ck_assert_int_eq(sshd_ask(&sshd, "eve", &a), 0);
	sshd_answer_free(&a);
	ck_assert_int_eq(sshd_ask(&sshd, "eve,user=alice", &a), -1);
	ck_assert_int_eq(sshd_ask(&sshd, "", &a), -1);
}
END_TEST

START_TEST(patterns)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} table[] = {{"alice", "alice", true}, {"alice", "alic", false},
	    {"alic", "alice", false}, {"Alice", "alice", false},
	    {"*", "a.b", true}, {"*", "", true}, {"", "", true},
	    {"", "a", false}, {"?", "", false}, {"?*", "a", true},
	    {"a*e", "alice", true}, {"a*i*e", "alice", true},
	    {"a*c", "alice", false}, {"*e", "alicee", true},
	    {"a?ice", "alice", true}, {"a?ice", "aice", false},
	    {"a**", "a", true}, {"[a]*", "alice", false},
	    {"[a]*", "[a]b", true}, {"\\a", "a", false}, {"!bob", "bob", false},
	    {"a*b*c*d*e*f", "aaaabbbbccccddddeeeeg", false}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ck_assert_msg(sshd_pattern(table[i].pattern, table[i].name) ==
			table[i].matches, "%s %s", table[i].pattern,
		    table[i].name);
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
	tcase_add_test(cases, where_it_listens);
	tcase_add_test(cases, files_it_read);
	tcase_add_test(cases, names_that_cannot_be_asked);
	tcase_add_test(cases, programs_run);
	tcase_add_test(cases, patterns);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
