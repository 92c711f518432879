/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests of the policy share.  All of it is static, because a
 * test links only the files that it names.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* ck_assert() for inner loops: that one writes a mark each time. */
#define unit_check(expr)                                                       \
	do {                                                                   \
		if (!(expr))                                                   \
			ck_abort_msg("%s", #expr);                             \
	} while (0)

/* Where files are made; in memory, if there is such a place. */
static inline const char *
unit_tmp(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* Run the suite; what main() returns. */
static inline int
unit_run(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Numbers that look random and are the same in every run: xorshift64. */
static inline uint32_t
unit_random(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32) % below;
}

#ifdef POLICY_H
static inline void
unit_print_report(const struct policy_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct policy_message *m = &report->messages[i];

		fprintf(stderr, "%u:%u:%u: %s%s (%s)\n", m->source, m->line,
		    m->column, m->warning ? "warning: " : "", m->what,
		    m->hint);
	}
}

/* The policy that is this text after `version 1'; the test fails if none. */
static inline struct policy *
unit_policy(const char *statements)
{
	struct policy_report report = {0};
	struct policy_source source = {.name = "test"};
	struct policy *p;
	char *text;
	size_t n = strlen(statements);
	int size = asprintf(&text, "version 1\n%s%s", statements,
	    n > 0 && statements[n - 1] != '\n' ? "\n" : "");

	ck_assert_int_gt(size, 0);
	source.text = text;
	source.size = (size_t)size;
	p = policy_parse(&source, 1, &report);
	if (p == NULL)
		unit_print_report(&report);
	policy_report_clear(&report);
	free(text);
	ck_assert_msg(p != NULL, "no policy: %s", statements);
	return p;
}
#endif

#ifdef MATCH_H
static inline struct addr
unit_addr(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse(&a, text), "no address: %s", text);
	return a;
}
#endif

#endif
