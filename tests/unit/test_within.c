/* SPDX-License-Identifier: ISC */
/* What a login was given, within what it would be given now. */
#include "../../jumpctl/within.h"

#include "unit.h"

#define A    "permitopen=\"10.2.0.10:22\""
#define B    "permitopen=\"10.2.0.11:22\""
#define V6   "permitopen=\"[2001:db8::10]:22\""
#define HEAD "restrict,pty,command=\"/usr/libexec/jump-shell\""
#define TAIL ",port-forwarding ssh-ed25519 AAAA\n"

static const struct {
	const char *given, *now;
	bool within;
	const char *lost;
} cases[] = {
    {HEAD "," A TAIL, "," A, true, ""},
    {HEAD "," A "," B TAIL, "," A "," B, true, ""},
    {HEAD "," A "," B TAIL, "," B "," A, true, ""},
    {HEAD "," A TAIL, "," B "," A "," V6, true, ""},
    {HEAD "," V6 TAIL, "," V6, true, ""},
    {HEAD "," A "," A TAIL, "," A, true, ""},
    {HEAD " ssh-ed25519 AAAA\n", "", true, ""},
    {HEAD " ssh-ed25519 AAAA\n", "," A, true, ""},
    {HEAD "," A TAIL, "", false, "10.2.0.10:22"},
    {HEAD "," A "," B TAIL, "," A, false, "10.2.0.11:22"},
    {HEAD "," A "," B TAIL, "," B, false, "10.2.0.10:22"},
    {HEAD "," V6 TAIL, "," A, false, "[2001:db8::10]:22"},
    /* What only begins alike is another. */
    {HEAD "," A TAIL, ",permitopen=\"10.2.0.10:2222\"", false, "10.2.0.10:22"},
    {HEAD ",permitopen=\"10.2.0.10:2222\"" TAIL, "," A, false,
	"10.2.0.10:2222"},
    /* What stands in another option, or behind the options, is no right. */
    {"restrict,command=\"a," A "\" ssh-ed25519 AAAA\n", "", true, ""},
    {"restrict,command=\"a,permitopen=b\" ssh-ed25519 AAAA\n", "", true, ""},
    {"restrict,command=\"a\\\",permitopen=b\" x y\n", "", true, ""},
    {"restrict,from=\"10.0.0.0/8,192.0.2.0/24\"," A TAIL, "", false,
	"10.2.0.10:22"},
    {HEAD " ssh-ed25519 AAAA," A "\n", "", true, ""},
    {HEAD "," A TAIL, ",x=\"" A "\"," B, false, "10.2.0.10:22"},
    /* What cannot be read is within nothing. */
    {HEAD ",permitopen=\"10.2.0.10:22", "," A, false, ""},
    {HEAD "," A TAIL, ",permitopen=\"10.2.0.10:22", false, ""},
    {"", "", true, ""},
};

START_TEST(one_case)
{
	char lost[WITHIN_ROOM];

	ck_assert_int_eq(within(cases[_i].given, cases[_i].now, false, lost),
	    cases[_i].within);
	if (cases[_i].lost[0] != '\0')
		ck_assert_str_eq(lost, cases[_i].lost);
}
END_TEST

/* As many as sshd takes, in the other order. */
START_TEST(many)
{
	char *given = NULL, *now = NULL, lost[WITHIN_ROOM];
	size_t size;
	FILE *f = open_memstream(&given, &size);

	fputs(HEAD, f);
	for (int i = 0; i < 4096; i++)
		fprintf(f, ",permitopen=\"10.2.%d.%d:22\"", i / 256, i % 256);
	fputs(TAIL, f);
	fclose(f);
	f = open_memstream(&now, &size);
	for (int i = 4095; i >= 0; i--)
		fprintf(f, ",permitopen=\"10.2.%d.%d:22\"", i / 256, i % 256);
	fclose(f);
	ck_assert(within(given, now, false, lost));
	now[1] = 'x'; /* the last one */
	ck_assert(!within(given, now, false, lost));
	ck_assert_str_eq(lost, "10.2.15.255:22");
	free(given);
	free(now);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("within");
	TCase *t = tcase_create("within");

	tcase_add_loop_test(
	    t, one_case, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return unit_run(s);
}
