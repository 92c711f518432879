/* SPDX-License-Identifier: ISC */
/* jump-shell/layout.c: how the menu looks, however wide the terminal is. */

#include "../../jump-shell/layout.h"

#include <limits.h>
#include <locale.h>
#include <wchar.h>

#include "unit.h"

enum { NOW = 1795428000 }; /* 2026-11-23 10:00 UTC, a monday */
enum { HOUR = 3600, DAY = 24 * HOUR };

static const struct layout_row rows[] = {
    {1, "plc7", "502", "line 4", "", true, LAYOUT_OPEN, NOW + 18 * HOUR, false},
    {2, "hmi1", "3389", "OT desktop", "", false, LAYOUT_OPEN, 0, false},
    {3, "db1", "22 5432", "", "ticket needed", false, LAYOUT_ASK, 0, false},
    {4, "rtu17", "2222", "pump", "", false, LAYOUT_CLOSED, NOW + 3 * DAY, false},
};

static const struct layout_row odd[] = {
    {9, "a-name-that-is-much-longer-than-any-host-should-ever-be-called",
	"22 80 443 2222 3389 5432 5900 8080 8443 10000",
	"a comment that goes on \033[2J and on about Z\303\274rich, so long "
	"that it cannot be had on any terminal that people really have in use, "
	"nor on one that is two hundred columns wide, as some of them are",
	"ticket, approval, second factor needed", true, LAYOUT_ASK, 0, false},
    {10, "*.dev.corp.example", "22", "\346\274\242\345\255\227 wide", "", true,
	LAYOUT_CLOSED, NOW + 300 * DAY, false},
    {123456, "x", "-", "e\314\201 one", "", false, LAYOUT_OPEN, NOW + 60, false},
    {123457, "x", "-", "\377\376\200", "", false, LAYOUT_OPEN, 0, false},
};

/* Devices that nobody listens for. */
static const struct layout_row offline[] = {
    {1, "rtu1", "2222", "pump", "", false, LAYOUT_OPEN, 0, true},
    {2, "rtu2", "2222", "", "ticket needed", true, LAYOUT_ASK, 0, true},
};

static void
setup(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	setenv("TZ", "UTC0", 1);
	tzset();
}

static char *
table(const struct layout *l, const struct layout_row *r, size_t n)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	layout_table(out, l, r, n, NOW);
	fclose(out);
	return text;
}

static const struct {
	unsigned int columns;
	bool colour;
	const char *want;
} tables[] = {
    {80, false,
	" #  target  ports    note              state\n"
	" 1  plc7    502      line 4, recorded  open until 04:00\n"
	" 2  hmi1    3389     OT desktop        open\n"
	" 3  db1     22 5432  ticket needed     ask\n"
	" 4  rtu17   2222     pump              outside hours until "
	"thu 10:00\n"},
    {40, false,
	" #  target  ports    state\n"
	" 1  plc7    502      till 04:00\n"
	" 2  hmi1    3389     open\n"
	" 3  db1     22 5432  ask\n"
	" 4  rtu17   2222     from thu 10:00\n"},
    {60, true,
	" #  target  ports    state\n"
	" 1  plc7    502      \033[32mopen until 04:00\033[0m\n"
	" 2  hmi1    3389     \033[32mopen\033[0m\n"
	" 3  db1     22 5432  \033[33mask\033[0m\n"
	" 4  rtu17   2222     "
	"\033[2moutside hours until thu 10:00\033[0m\n"},
    {70, false,
	" #  target  ports    note              state\n"
	" 1  plc7    502      line 4, recorded  open until 04:00\n"
	" 2  hmi1    3389     OT desktop        open\n"
	" 3  db1     22 5432  ticket needed     ask\n"
	" 4  rtu17   2222     pump              outside hours until "
	"thu 10:00\n"},
    {20, false,
	" #  target  state\n"
	" 1  plc7    till\342\200\246\n"
	" 2  hmi1    open\n"
	" 3  db1     ask\n"
	" 4  rtu17   from\342\200\246\n"},
};

START_TEST(table_is)
{
	struct layout l = {tables[_i].columns, true, tables[_i].colour};
	char *text = table(&l, rows, COUNT(rows));

	ck_assert_str_eq(text, tables[_i].want);
	free(text);
}
END_TEST

static const struct {
	unsigned int columns;
	bool colour;
	const char *want;
} offlines[] = {
    {80, true,
	" #  target  ports  note                     state\n"
	" 1  rtu1    2222   pump                     \033[2mopen, offline"
	"\033[0m\n"
	" 2  rtu2    2222   ticket needed, recorded  "
	"\033[2mask, offline\033[0m\n"},
    {59, false,
	" #  target  ports  state\n"
	" 1  rtu1    2222   offline\n"
	" 2  rtu2    2222   ask, offline\n"},
};

START_TEST(offline_is_said)
{
	struct layout l = {offlines[_i].columns, true, offlines[_i].colour};
	char *text = table(&l, offline, COUNT(offline));

	ck_assert_str_eq(text, offlines[_i].want);
	free(text);
}
END_TEST

/* Columns of a line, of text that is printable and in the locale. */
static int
width_of(const char *line)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t n;
	int width = 0;

	for (; *line != '\0'; line += n) {
		n = mbrtowc(&c, line, strlen(line), &state);
		ck_assert_uint_le(n, MB_LEN_MAX);
		ck_assert_int_ge(wcwidth(c), 0);
		width += wcwidth(c);
	}
	return width;
}

/* However wide: no line is as wide as that, and states stand in one column. */
START_TEST(no_line_wraps)
{
	unsigned int widths[] = {40, 80, 132};
	unsigned int columns = _i < 3 ? widths[_i] : 20 + (unsigned int)_i - 3;
	struct layout l = {columns, _i % 2 == 0, false};
	char *text = table(&l, odd, COUNT(odd)), *line, *rest = text;
	int lines = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		ck_assert_msg(
		    width_of(line) < (int)columns, "%u: %s", columns, line);
		ck_assert(*line == '\0' || line[strlen(line) - 1] != ' ');
		lines++;
	}
	ck_assert_int_eq(lines, COUNT(odd) + 2);
	free(text);
}
END_TEST

/* All of the state can be read, wherever it does not wrap the terminal. */
START_TEST(state_is_whole)
{
	static const char *const states[] = {
	    "ask\n", "2027-09-19\n", "10:01\n", "open\n"};
	struct layout l = {(unsigned int)(36 + _i), true, false};
	char *text = table(&l, odd, COUNT(odd));

	for (int i = 0; i < COUNT(states); i++)
		ck_assert_ptr_nonnull(strstr(text, states[i]));
	free(text);
}
END_TEST

static const struct {
	const char *text;
	unsigned int columns;
	bool utf8;
	const char *want;
	unsigned int width;
} fits[] = {
    {"", 10, true, "", 0},
    {"plain", 5, true, "plain", 5},
    {"plain", 4, true, "pla\342\200\246", 4},
    {"plain", 4, false, "p...", 4},
    {"plain", 2, false, "pl", 2},
    {"plain", 1, true, "\342\200\246", 1},
    {"plain", 0, true, "", 0},
    {"Z\303\274rich", 6, true, "Z\303\274rich", 6},
    {"Z\303\274rich", 6, false, "Z?rich", 6},
    {"Z\303\274rich", 3, true, "Z\303\274\342\200\246", 3},
    {"\346\274\242\345\255\227", 4, true, "\346\274\242\345\255\227", 4},
    {"\346\274\242\345\255\227", 3, true, "\346\274\242\342\200\246", 3},
    {"\346\274\242\345\255\227", 2, true, "\342\200\246", 1},
    {"e\314\201e", 2, true, "e\314\201e", 2},
    {"\033[2J", 20, true, "\\x1b[2J", 7},
    {"a\nb\tc\177", 20, true, "a\\x0ab\\x09c\\x7f", 15},
    {"\302\233m", 20, true, "\\xc2\\x9bm", 9},		  /* C1 */
    {"\303(", 20, true, "\\xc3(", 5},			  /* cut short */
    {"\300\257", 20, true, "\\xc0\\xaf", 8},		  /* overlong */
    {"\355\240\200", 20, true, "\\xed\\xa0\\x80", 12},	  /* surrogate */
    {"\342\200\256x", 20, true, "\\xe2\\x80\\xaex", 13},  /* turns text round */
    {"\342\200\213x", 20, false, "\\xe2\\x80\\x8bx", 13}, /* no width */
    {"\303", 20, true, "\\xc3", 4},
};

START_TEST(text_fits)
{
	char buf[64];

	ck_assert_uint_eq(layout_fit(buf, sizeof(buf), fits[_i].text,
			      fits[_i].columns, fits[_i].utf8),
	    fits[_i].width);
	ck_assert_str_eq(buf, fits[_i].want);
}
END_TEST

/* Any bytes, any room: harmless, and no wider than said. */
START_TEST(anything_fits)
{
	uint64_t seed = 3;
	char text[64], buf[40];

	for (int i = 0; i < 50000; i++) {
		unsigned int columns = unit_random(&seed, 50), width;
		size_t size = 8 + unit_random(&seed, 32);
		size_t n = unit_random(&seed, 63);

		for (size_t c = 0; c < n; c++)
			text[c] = (char)(1 + unit_random(&seed, 255));
		text[n] = '\0';
		width = layout_fit(buf, size, text, columns, i % 2 == 0);
		unit_check(strlen(buf) < size);
		unit_check(width <= columns);
		unit_check(width_of(buf) == (int)width);
	}
}
END_TEST

static const struct {
	int64_t after;
	const char *want;
} times[] = {
    {0, "10:00"},
    {18 * HOUR, "04:00"},
    {DAY - 1, "09:59"},
    {DAY, "tue 10:00"},
    {6 * DAY - 60, "sun 09:59"},
    {6 * DAY, "2026-11-29"},
    {400 * DAY, "2027-12-28"},
};

START_TEST(time_is)
{
	char buf[LAYOUT_TIME];

	ck_assert_str_eq(
	    layout_time(buf, NOW + times[_i].after, NOW), times[_i].want);
}
END_TEST

static const struct {
	unsigned int columns;
	bool utf8;
	const char *key;
	int64_t until;
	const char *want;
} headers[] = {
    {80, true, "SHA256:cLm5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaar0IU",
	NOW + 8 * HOUR,
	" jump1 \302\267 alice \302\267 key SHA256:cLm5\342\200\246r0IU"
	" \302\267 rights until 18:00\n"},
    {80, false, "SHA256:cLm5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaar0IU", 0,
	" jump1 - alice - key SHA256:cLm5...r0IU\n"},
    {80, true, NULL, 0, " jump1 \302\267 alice\n"},
    {40, true, "SHA256:cLm5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaar0IU",
	NOW + 8 * HOUR, " jump1 \302\267 alice \302\267 rights until 18:00\n"},
    {30, false, "SHA256:cLm5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaar0IU",
	NOW + 8 * HOUR, " alice - rights until 18:00\n"},
    {20, false, NULL, NOW + 8 * HOUR, " alice - rights ...\n"},
};

START_TEST(header_is)
{
	struct layout l = {headers[_i].columns, headers[_i].utf8, false};
	struct layout_header h = {
	    "jump1", "alice", headers[_i].key, headers[_i].until};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	layout_header(out, &l, &h, NOW);
	fclose(out);
	ck_assert_str_eq(text, headers[_i].want);
	free(text);
}
END_TEST

START_TEST(prompt_fits)
{
	struct layout l = {_i < 2 ? 40 : 80, true, false};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	layout_prompt(out, &l, _i % 2 == 0);
	fclose(out);
	ck_assert_uint_lt(size, l.columns);
	ck_assert(_i % 2 != 0 || strstr(text, "more") != NULL);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, table_is, 0, COUNT(tables));
	tcase_add_loop_test(t, offline_is_said, 0, COUNT(offlines));
	tcase_add_loop_test(t, no_line_wraps, 0, 200);
	tcase_add_loop_test(t, state_is_whole, 0, 150);
	tcase_add_loop_test(t, text_fits, 0, COUNT(fits));
	tcase_set_timeout(t, 60);
	tcase_add_test(t, anything_fits);
	tcase_add_loop_test(t, time_is, 0, COUNT(times));
	tcase_add_loop_test(t, header_is, 0, COUNT(headers));
	tcase_add_loop_test(t, prompt_fits, 0, 4);
	suite_add_tcase(s, t);
	return unit_run(s);
}
