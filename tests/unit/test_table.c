/* SPDX-License-Identifier: ISC */
/*
 * Sessions in columns: numbers, times, and what a narrow terminal leaves.
 */
#include <time.h>

#include "../../jumpctl/ctl.h"
#include "../../jumpctl/live.h"
#include "unit.h"

static struct live_owner owner = {.uid = 2001, .account = "alice"};
static struct live live;
static struct row row;
static char line[LINE_ROOM];
static const time_t now = 1795190400; /* 2026-11-20 16:00 UTC */

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(&row, 0, sizeof(row));
	live = (struct live){.relay = true,
	    .owner = &owner,
	    .user = "alice",
	    .source = "192.0.2.10",
	    .target = "plc7",
	    .port = 502,
	    .road = "connect",
	    .started = now - 3600,
	    .sent = 1234,
	    .received = 18 * 1024,
	    .idle = 2000,
	    .legs = {[LEG_TARGET] = {.inode = 1, .tcp = TCP_IS_ESTABLISHED}},
	    .state = LEG_OPEN};
	strcpy(live.seen.page.id, "k3f9abcd");
}

static const struct row *
filled(void)
{
	row_fill(&row, &live, now, 1500, -1);
	return &row;
}

static const char *
cell(enum column c)
{
	return filled()->cell[c];
}

static const struct {
	uint64_t n;
	const char *text;
} numbers[] = {
    {0, "0"},
    {1023, "1023"},
    {1024, "1.0K"},
    {1234, "1.2K"},
    {10239, "9.9K"},
    {10240, "10K"},
    {1048575, "1023K"},
    {1048576, "1.0M"},
    {88 * 1048576ULL, "88M"},
    {1181116006, "1.0G"},
    {1181116007, "1.1G"},
    {UINT64_MAX, "15E"},
};

START_TEST(human_numbers)
{
	char text[16];

	ck_assert_str_eq(
	    number_human(text, sizeof(text), numbers[_i].n), numbers[_i].text);
}
END_TEST

static const struct {
	int room;
	const char *titles, *line;
} devices[] = {
    {0, "NAME  STATE  AT                              SINCE FROM         IN "
	"OUT SESSIONS",
	"rtu18 online /run/jump/devices/rtu18/ssh.sock 15:00 192.0.2.10 1.2K "
	"18K        2"},
    {70, "NAME  STATE  AT                       SINCE FROM",
	"rtu18 online /run/jump/devices/r... 15:00 192.0.2.10 1.2K 18K        "
	"2"},
    {55, "NAME  STATE  AT                   SINCE  OUT SESSIONS",
	"rtu18 online /run/jump/devices/rt... 15:00 18K        2"},
    {30, "NAME  STATE  AT", "rtu18 online /run/jump/devi..."},
};

/* The state is kept longest, with the name. */
START_TEST(devices_in_columns)
{
	struct row titles;
	struct layout layout;

	row_fill_device(&row, "rtu18", "online",
	    "/run/jump/devices/rtu18/ssh.sock", &live, 2, now);
	row_titles(&titles);
	layout_make(&layout, &row, 1, VIEW_DEVICES, devices[_i].room);
	ck_assert_str_eq(row_line(&row, &layout, line), devices[_i].line);
	ck_assert_uint_eq(strncmp(row_line(&titles, &layout, line),
	    devices[_i].titles, 15), 0);
}
END_TEST

static const struct {
	int64_t ms;
	const char *text;
} idles[] = {
    {-1, "-"},
    {0, "0s"},
    {999, "0s"},
    {59999, "59s"},
    {60000, "1m"},
    {3599999, "59m"},
    {3600000, "1h"},
    {86399999, "23h"},
    {86400000, "1d"},
    {INT64_MAX, "106751991167d"},
};

START_TEST(idle_times)
{
	live.idle = idles[_i].ms;
	ck_assert_str_eq(cell(COLUMN_IDLE), idles[_i].text);
}
END_TEST

static const struct {
	int64_t started;
	const char *text;
} starts[] = {
    {1795190399, "15:59"},
    {1795132800, "00:00"},
    {1795132799, "Nov 19"},
    {1767225600, "Jan  1"},
    {1767225599, "2025-12-31"},
    {0, "1970-01-01"},
    {INT64_MAX, "?"},
};

START_TEST(start_times)
{
	live.started = starts[_i].started;
	ck_assert_str_eq(cell(COLUMN_SINCE), starts[_i].text);
}
END_TEST

START_TEST(cells)
{
	ck_assert_str_eq(cell(COLUMN_SESSION), "k3f9abcd");
	ck_assert_str_eq(cell(COLUMN_USER), "alice");
	ck_assert_str_eq(cell(COLUMN_FROM), "192.0.2.10");
	ck_assert_str_eq(cell(COLUMN_TARGET), "plc7:502");
	ck_assert_str_eq(cell(COLUMN_ROAD), "connect");
	ck_assert_str_eq(cell(COLUMN_IN), "1.2K");
	ck_assert_str_eq(cell(COLUMN_OUT), "18K");
	ck_assert_str_eq(cell(COLUMN_IN_RATE), "1.4K");
	ck_assert_str_eq(cell(COLUMN_OUT_RATE), "-");
	strcpy(live.target, "2001:db8::10");
	ck_assert_str_eq(cell(COLUMN_TARGET), "[2001:db8::10]:502");
	strcpy(live.target, "/run/x.sock");
	live.port = 0;
	ck_assert_str_eq(cell(COLUMN_TARGET), "/run/x.sock");
	live.source[0] = live.user[0] = live.seen.page.id[0] = '\0';
	ck_assert_str_eq(cell(COLUMN_FROM), "-");
	ck_assert_str_eq(cell(COLUMN_USER), "(alice)");
	ck_assert_str_eq(cell(COLUMN_SESSION), "-");
	live.relay = false;
	ck_assert_str_eq(cell(COLUMN_SESSION), "-");
}
END_TEST

/* Whatever a relay says of itself. */
START_TEST(escaped)
{
	memset(live.user, 0xff, sizeof(live.user) - 1);
	memset(live.source, '\033', sizeof(live.source) - 1);
	memset(live.target, '\n', sizeof(live.target) - 1);
	memset(live.seen.page.id, '%', SESSION_ID - 1);
	filled();
	for (int c = 0; c < COLUMNS; c++) {
		size_t n = strnlen(row.cell[c], CELL);

		ck_assert_uint_lt(n, CELL);
		for (size_t i = 0; i < n; i++)
			ck_assert(
			    row.cell[c][i] >= ' ' && row.cell[c][i] < 0x7f);
	}
}
END_TEST

START_TEST(whole_line)
{
	struct layout layout;
	struct row titles;

	filled();
	layout_make(&layout, &row, 1, VIEW_LIST, 0);
	row_titles(&titles);
	ck_assert_str_eq(row_line(&titles, &layout, line),
	    "SESSION  USER  FROM       TARGET   ROAD    SINCE   IN OUT IDLE STATE");
	ck_assert_str_eq(row_line(&row, &layout, line),
	    "k3f9abcd alice 192.0.2.10 plc7:502 connect 15:00 1.2K 18K   2s open");
}
END_TEST

static const struct {
	uint32_t us;
	const char *text;
} rtts[] = {
    {0, "-"},
    {1, "1us"},
    {999, "999us"},
    {1000, "1.0ms"},
    {9999, "9.9ms"},
    {10000, "10ms"},
    {999999, "999ms"},
    {1000000, "1.0s"},
    {UINT32_MAX, "4294.9s"},
};

START_TEST(round_trips)
{
	live.legs[LEG_TARGET].rtt = rtts[_i].us;
	row_fill_leg(&row, &live, 0);
	ck_assert_str_eq(row.cell[COLUMN_RTT], rtts[_i].text);
}
END_TEST

/* A line for each connection that is known, and one for whom none is. */
START_TEST(leg_lines)
{
	struct layout layout;
	struct row rows[3];

	live.legs[LEG_USER] = (struct socket_seen){.inode = 1,
	    .tcp = TCP_IS_CLOSE_WAIT,
	    .rtt = 23456,
	    .retransmitted = 12,
	    .rate = 3 << 20,
	    .last_heard = 61000};
	live.legs[LEG_TARGET].queued = 5000;
	live.legs[LEG_TARGET].unread = 100;
	live.legs[LEG_TARGET].last_received = 1500;
	ck_assert_uint_eq(row_legs(&live), 2);
	row_fill_leg(&rows[1], &live, 0);
	row_fill_leg(&rows[2], &live, 1);
	row_titles(&rows[0]);
	layout_make(&layout, rows, 3, VIEW_LEGS, 0);
	ck_assert_str_eq(row_line(&rows[0], &layout, line),
	    "SESSION  USER  TARGET   LEG    STATE        RTT RETR QUEUE UNREAD"
	    " RATE HEARD");
	ck_assert_str_eq(row_line(&rows[1], &layout, line),
	    "k3f9abcd alice plc7:502 user   half-closed 23ms   12     0      0"
	    " 3.0M    1m");
	ck_assert_str_eq(row_line(&rows[2], &layout, line),
	    "k3f9abcd alice plc7:502 target stalled        -    0  4.8K    100"
	    "    -    0s");
	for (int room = 1; room < 100; room++) {
		layout_make(&layout, rows, 3, VIEW_LEGS, room);
		ck_assert_int_le(
		    (int)strlen(row_line(&rows[1], &layout, line)), room);
	}
	live.legs[LEG_USER].inode = live.legs[LEG_TARGET].inode = 0;
	ck_assert_uint_eq(row_legs(&live), 1);
	row_fill_leg(&rows[1], &live, 0);
	layout_make(&layout, rows, 2, VIEW_LEGS, 0);
	ck_assert_str_eq(row_line(&rows[1], &layout, line),
	    "k3f9abcd alice plc7:502 target -       -    -     -      -    -"
	    "     -");
}
END_TEST

static const struct {
	const char *target;
	int room;
	const char *text;
} narrow[] = {
    {"plc7", 200,
	"k3f9abcd alice 192.0.2.10 plc7:502 connect 15:00  1.2K   18K"
	"  1.4K     -   2s open"},
    {"plc7", 83,
	"k3f9abcd alice 192.0.2.10 plc7:502 connect 15:00  1.2K   18K"
	"  1.4K     -   2s open"},
    {"plc7", 82,
	"k3f9abcd alice 192.0.2.10 plc7:502 connect  1.2K   18K  1.4K"
	"     -   2s open"},
    {"plc7", 76,
	"k3f9abcd alice plc7:502 connect  1.2K   18K  1.4K     -   2s open"},
    {"averyvery.longtarget.corp.example", 96,
	"k3f9abcd alice 192.0.2.10 averyvery.long...:502 connect 15:0"
	"0  1.2K   18K  1.4K     -   2s open"},
    {"averyvery.longtarget.corp.example", 86,
	"k3f9abcd alice averyvery.longtarget....:502 connect  1.2K   "
	"18K  1.4K     -   2s open"},
    {"averyvery.longtarget.corp.example", 20, "averyvery.lon...:502"},
    {"averyvery.longtarget.corp.example", 12, "avery...:502"},
    {"plc7", 3, "..."},
    {"plc7", 1, "p"},
};

START_TEST(narrow_line)
{
	struct layout layout;

	strcpy(live.target, narrow[_i].target);
	filled();
	layout_make(&layout, &row, 1, VIEW_RATES, narrow[_i].room);
	ck_assert_str_eq(row_line(&row, &layout, line), narrow[_i].text);
	ck_assert_int_le((int)strlen(line), narrow[_i].room);
}
END_TEST

START_TEST(every_room)
{
	struct layout layout;

	strcpy(live.target, "averyvery.longtarget.corp.example");
	strcpy(live.source, "2001:db8:1234:5678:9abc:def0:1234:5678");
	filled();
	for (int room = 1; room < 200; room++) {
		layout_make(&layout, &row, 1, VIEW_RATES, room);
		row_line(&row, &layout, line);
		ck_assert_int_le((int)strlen(line), room);
		ck_assert_int_gt((int)strlen(line), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("table");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, human_numbers, 0, COUNT(numbers));
	tcase_add_loop_test(t, devices_in_columns, 0, COUNT(devices));
	tcase_add_loop_test(t, idle_times, 0, COUNT(idles));
	tcase_add_loop_test(t, start_times, 0, COUNT(starts));
	tcase_add_test(t, cells);
	tcase_add_test(t, escaped);
	tcase_add_test(t, whole_line);
	tcase_add_loop_test(t, round_trips, 0, COUNT(rtts));
	tcase_add_test(t, leg_lines);
	tcase_add_loop_test(t, narrow_line, 0, COUNT(narrow));
	tcase_add_test(t, every_room);
	suite_add_tcase(s, t);
	return unit_run(s);
}
