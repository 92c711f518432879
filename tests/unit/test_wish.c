/* SPDX-License-Identifier: ISC */
/* jump-shell/wish.c: what is typed at the prompt of the menu. */

#include "../../jump-shell/wish.h"

#include "unit.h"

static const struct {
	const char *line;
	enum wish_kind kind;
	unsigned int number, port;
	const char *login, *search;
} lines[] = {
    {"", WISH_NEXT, 0, 0, "", ""},
    {"   ", WISH_NEXT, 0, 0, "", ""},
    {"n", WISH_NEXT, 0, 0, "", ""},
    {"p", WISH_BACK, 0, 0, "", ""},
    {"r", WISH_FRESH, 0, 0, "", ""},
    {"?", WISH_HELP, 0, 0, "", ""},
    {" help ", WISH_HELP, 0, 0, "", ""},
    {"q", WISH_QUIT, 0, 0, "", ""},
    {"exit", WISH_QUIT, 0, 0, "", ""},
    {"3", WISH_CHOICE, 3, 0, "", ""},
    {" 12 ", WISH_CHOICE, 12, 0, "", ""},
    {"1:22", WISH_CHOICE, 1, 22, "", ""},
    {"root@3", WISH_CHOICE, 3, 0, "root", ""},
    {"Db_admin-1@3:2222", WISH_CHOICE, 3, 2222, "Db_admin-1", ""},
    {"/", WISH_SEARCH, 0, 0, "", ""},
    {"/ ", WISH_SEARCH, 0, 0, "", ""},
    {"/plc", WISH_SEARCH, 0, 0, "", "plc"},
    {"/ pump house ", WISH_SEARCH, 0, 0, "", "pump house"},
    {"/@ot", WISH_SEARCH, 0, 0, "", "@ot"},
    {"//", WISH_SEARCH, 0, 0, "", "/"},
    {"/Z\303\274rich", WISH_SEARCH, 0, 0, "", "Z\303\274rich"},
    {"junk\0033", WISH_CHOICE, 3, 0, "", ""},
    {"3\003", WISH_NEXT, 0, 0, "", ""},
    {"0", WISH_JUNK, 0, 0, "", ""},
    {"01", WISH_JUNK, 0, 0, "", ""},
    {"-1", WISH_JUNK, 0, 0, "", ""},
    {"+1", WISH_JUNK, 0, 0, "", ""},
    {"1.", WISH_JUNK, 0, 0, "", ""},
    {"1 2", WISH_JUNK, 0, 0, "", ""},
    {"4294967297", WISH_JUNK, 0, 0, "", ""},
    {"99999999999999999999", WISH_JUNK, 0, 0, "", ""},
    {"1:", WISH_JUNK, 0, 0, "", ""},
    {"1:0", WISH_JUNK, 0, 0, "", ""},
    {"1:65536", WISH_JUNK, 0, 0, "", ""},
    {":22", WISH_JUNK, 0, 0, "", ""},
    {"@3", WISH_JUNK, 0, 0, "", ""},
    {"-oX@3", WISH_JUNK, 0, 0, "", ""},
    {"a b@3", WISH_JUNK, 0, 0, "", ""},
    {"root@web1", WISH_JUNK, 0, 0, "", ""},
    {"Q", WISH_JUNK, 0, 0, "", ""},
    {"\033[A", WISH_JUNK, 0, 0, "", ""},
    {"/\033[2J", WISH_JUNK, 0, 0, "", ""},
    {"/a\tb", WISH_JUNK, 0, 0, "", ""},
    {"3\177", WISH_JUNK, 0, 0, "", ""},
    {"\377\376", WISH_JUNK, 0, 0, "", ""},
};

START_TEST(line_is)
{
	struct wish w;

	memset(&w, 'x', sizeof(w));
	wish_parse(&w, lines[_i].line, strlen(lines[_i].line));
	ck_assert_int_eq(w.kind, lines[_i].kind);
	if (w.kind == WISH_CHOICE) {
		ck_assert_uint_eq(w.number, lines[_i].number);
		ck_assert_uint_eq(w.port, lines[_i].port);
		ck_assert_str_eq(w.login, lines[_i].login);
	}
	if (w.kind == WISH_SEARCH)
		ck_assert_str_eq(w.search, lines[_i].search);
}
END_TEST

/* Bytes that no string has, and more of them than there is room for. */
START_TEST(junk_is_junk)
{
	static char line[1 << 20];
	struct wish w;
	uint64_t seed = 1;

	wish_parse(&w,
	    "3\0"
	    "22",
	    4);
	ck_assert_int_eq(w.kind, WISH_JUNK);
	wish_parse(&w, "\0", 1);
	ck_assert_int_eq(w.kind, WISH_JUNK);
	memset(line, '1', sizeof(line));
	wish_parse(&w, line, sizeof(line));
	ck_assert_int_eq(w.kind, WISH_JUNK);
	line[0] = '/';
	for (size_t n = 1; n < 300; n++) {
		wish_parse(&w, line, n);
		ck_assert_int_eq(
		    w.kind, n < WISH_TEXT ? WISH_SEARCH : WISH_JUNK);
	}
	for (int i = 0; i < 100000; i++) {
		size_t n = unit_random(&seed, 40);

		for (size_t c = 0; c < n; c++)
			line[c] = (char)unit_random(&seed, 256);
		wish_parse(&w, line, n);
		unit_check(strlen(w.search) < WISH_TEXT);
		unit_check(strlen(w.login) < COMMAND_LOGIN);
	}
}
END_TEST

static const struct {
	const char *place;
	size_t first;
	const char *search;
} places[] = {
    {NULL, 0, ""},
    {"", 0, ""},
    {"20", 0, ""},
    {"20/", 20, ""},
    {"20/plc", 20, "plc"},
    {"0/@ot", 0, "@ot"},
    {"0//", 0, "/"},
    {"/plc", 0, "plc"},
    {"x/plc", 0, "plc"},
    {"-1/plc", 0, "plc"},
    {"99999999999999999999/plc", 0, ""},
    {"10000001/plc", 0, "plc"},
    {"0/\033[2J", 0, ""},
};

START_TEST(place_is)
{
	char search[WISH_TEXT];
	size_t first = 7;

	wish_place_parse(places[_i].place, &first, search);
	ck_assert_uint_eq(first, places[_i].first);
	ck_assert_str_eq(search, places[_i].search);
}
END_TEST

START_TEST(place_is_read_back)
{
	char place[WISH_TEXT + 32], search[WISH_TEXT];
	struct wish w;
	size_t first;

	for (int i = 0; i < COUNT(lines); i++) {
		wish_parse(&w, lines[i].line, strlen(lines[i].line));
		if (w.kind != WISH_SEARCH)
			continue;
		wish_place_print(place, sizeof(place), 17, w.search);
		wish_place_parse(place, &first, search);
		ck_assert_uint_eq(first, 17);
		ck_assert_str_eq(search, w.search);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wish");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, line_is, 0, COUNT(lines));
	tcase_add_test(t, junk_is_junk);
	tcase_add_loop_test(t, place_is, 0, COUNT(places));
	tcase_add_test(t, place_is_read_back);
	suite_add_tcase(s, t);
	return unit_run(s);
}
