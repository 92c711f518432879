/* SPDX-License-Identifier: ISC */
/* lib/unmet.c: what a user is told to do. */

#include "policy.h"
#include "unit.h"
#include "unmet.h"

static const struct {
	uint32_t unmet;
	const char *ticket, *text;
} cases[] = {
    {0, NULL, ""},
    {MUST_TICKET, NULL, "a ticket (--ticket ID, or SetEnv JUMP_TICKET=ID)"},
    {MUST_TICKET, "CHG1", "another ticket than CHG1"},
    {MUST_APPROVE, "CHG1", "an approval (ask for one: request TARGET REASON)"},
    {MUST_TICKET | MUST_APPROVE, "CHG1",
	"another ticket than CHG1 and an approval (ask for one: request TARGET REASON)"},
    {MUST_TICKET | MUST_IDLE, NULL,
	"a ticket (--ticket ID, or SetEnv JUMP_TICKET=ID)"},
};

START_TEST(text_is)
{
	char text[UNMET_TEXT];

	ck_assert_str_eq(unmet_text(cases[_i].unmet, cases[_i].ticket, text),
	    cases[_i].text);
}
END_TEST

/* All of it fits, with the longest ticket. */
START_TEST(text_fits)
{
	char text[UNMET_TEXT], ticket[65];

	memset(ticket, 'x', 64);
	ticket[64] = '\0';
	for (uint32_t unmet = 0; unmet < 1 << OBLIGATIONS; unmet++) {
		unmet_text(unmet, NULL, text);
		ck_assert_uint_lt(strlen(text), UNMET_TEXT - 1);
		unmet_text(unmet, ticket, text);
		ck_assert_uint_lt(strlen(text), UNMET_TEXT - 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unmet");
	TCase *t = tcase_create("unmet");

	tcase_add_loop_test(t, text_is, 0, COUNT(cases));
	tcase_add_test(t, text_fits);
	suite_add_tcase(s, t);
	return unit_run(s);
}
