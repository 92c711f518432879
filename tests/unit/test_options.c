/* SPDX-License-Identifier: ISC */
/* jump-connect/options.c: what the manual permits, and nothing else. */

#include <sys/socket.h>

#include <check.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../../jump-connect/dial.h"
#include "../../jump-connect/options.h"

enum { WORDS = 12 };

static int
parse(struct options *o, const char *line)
{
	static char text[256];
	char *argv[WORDS] = {0}, *save;
	int argc = 0;

	ck_assert_uint_lt(strlen(line), sizeof(text));
	strcpy(text, line);
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(argc, WORDS - 1);
		argv[argc++] = strcmp(w, "''") == 0 ? w + 2 : w;
	}
	optind = 0; /* start afresh */
	return options_parse(o, argc, argv);
}

START_TEST(everything_is_read)
{
	struct options o;

	ck_assert_int_eq(parse(&o, "c web1 22"), 0);
	ck_assert_str_eq(o.host, "web1");
	ck_assert_str_eq(o.port, "22");
	ck_assert_int_eq(o.wait, DIAL_TIMEOUT);
	ck_assert_int_eq(o.family, AF_UNSPEC);
	ck_assert(!o.plain && !o.pass && o.path == NULL && o.id == NULL);
	ck_assert_int_eq(parse(&o,
			     "c --session=abcdefgh --from=192.0.2.1 "
			     "--id=carol --ticket=CHG1 -w5 -6 -F -- -x 22"),
	    0);
	ck_assert_str_eq(o.session, "abcdefgh");
	ck_assert_str_eq(o.from, "192.0.2.1");
	ck_assert_str_eq(o.id, "carol");
	ck_assert_ptr_null(o.mfa);
	ck_assert_str_eq(o.ticket, "CHG1");
	ck_assert_str_eq(o.host, "-x");
	ck_assert_int_eq(o.wait, 5);
	ck_assert_int_eq(o.family, AF_INET6);
	ck_assert(o.pass);
	ck_assert_int_eq(parse(&o, "c --mfa=password web1 22"), 0);
	ck_assert_str_eq(o.mfa, "password");
	ck_assert_int_eq(parse(&o, "c -n4w 3600 -U /x"), 0);
	ck_assert(o.plain);
	ck_assert_str_eq(o.path, "/x");
	ck_assert_ptr_eq(o.host, NULL);
	ck_assert_int_eq(o.wait, 3600);
	ck_assert(!o.gate);
	ck_assert(!o.inner && !o.keys);
	ck_assert_int_eq(parse(&o, "c -c exec"), 0);
	ck_assert(o.inner && !o.keys && o.host == NULL);
	ck_assert_int_eq(parse(&o, "c -k"), 0);
	ck_assert(o.keys && !o.inner);
	ck_assert_int_eq(parse(&o, "c -G"), 0);
	ck_assert(o.gate && !o.plain && !o.pass && o.host == NULL);
	ck_assert_int_eq(o.wait, DIAL_TIMEOUT);
	ck_assert_int_eq(parse(&o, "c -G -w 7"), 0);
	ck_assert(o.gate);
	ck_assert_int_eq(o.wait, 7);
}
END_TEST

START_TEST(help_is_read)
{
	struct options o;

	ck_assert_int_eq(parse(&o, "c --help"), 0);
	ck_assert(o.help);
	ck_assert_int_eq(parse(&o, "c -n --help web1"), 0);
	ck_assert(o.help);
	ck_assert_int_eq(parse(&o, "c web1 22"), 0);
	ck_assert(!o.help);
}
END_TEST

static const char *const wrong[] = {
    "c",
    "c web1",
    "c web1 22 23",
    "c web1 22 -n",
    "c web1 22 --help",
    "c --help=me",
    "c -c",
    "c -c x web1 22",
    "c -c x -n",
    "c -k web1 22",
    "c -kn",
    "c -n -k",
    "c -G -k",
    "c -U",
    "c -U ''",
    "c -U /x web1",
    "c -U /x -U /y",
    "c -4 -6 web1 22",
    "c -w 0 web1 22",
    "c -w 3601 web1 22",
    "c -w +5 web1 22",
    "c -w 5s web1 22",
    "c -x web1 22",
    "c --nosuch web1 22",
    "c --id= web1 22",
    "c --id=a --id=b web1 22",
    "c -n --id=a web1 22",
    "c -n --from=192.0.2.1 web1 22",
    "c --mfa= web1 22",
    "c --mfa=password --mfa=password web1 22",
    "c -n --mfa=password web1 22",
    "c -G --mfa=password",
    "c -n --session=abcdefgh web1 22",
    "c -G web1",
    "c -G web1 22",
    "c -G ''",
    "c -G -4",
    "c -6G",
    "c -G -F",
    "c -G -n",
    "c -G -U /x",
    "c -U /x -G",
    "c -G --id=a",
    "c -G --from=192.0.2.1",
    "c -G --session=abcdefgh",
    "c -G -w 0",
    "c --ticket= web1 22",
    "c --ticket=a;b web1 22",
    "c --ticket=-a web1 22",
    "c --ticket=a --ticket=b web1 22",
    "c -n --ticket=a web1 22",
    "c -G --ticket=a",
};

START_TEST(wrong_is_refused)
{
	struct options o;

	ck_assert_msg(parse(&o, wrong[_i]) == -1, "%s", wrong[_i]);
}
END_TEST

static Suite *
options_suite(void)
{
	Suite *s = suite_create("options");
	TCase *tc = tcase_create("options");

	tcase_add_test(tc, everything_is_read);
	tcase_add_test(tc, help_is_read);
	tcase_add_loop_test(
	    tc, wrong_is_refused, 0, sizeof(wrong) / sizeof(wrong[0]));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(options_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
