/* SPDX-License-Identifier: ISC */
/*
 * Recordings as they should be, and as anybody may have written them.
 */
#include <errno.h>
#include <sys/mman.h>

#include "../../jumpctl/asciicast.h"
#include "unit.h"

static const char header[] =
    "{\"version\": 2, \"width\": 80, \"height\": 24, "
    "\"timestamp\": 1795190400, \"env\": {\"TERM\": \"xterm\"}, "
    "\"title\": \"alice root@plc7:22\", \"jump\": {\"session\": "
    "\"k3f9abcd\", \"user\": \"alice\", \"account\": \"jump\", \"source\": "
    "\"192.0.2.9\", \"target\": \"plc7\", \"port\": 22, \"login\": \"root\", "
    "\"policy\": \"9f86d081884c7d65\"}}";

static bool
parse_header(struct cast_header *h, const char *text)
{
	char *own = strdup(text);
	bool good = cast_header_parse(h, own, strlen(own));

	free(own);
	return good;
}

START_TEST(header_is_read)
{
	struct cast_header h;

	ck_assert(parse_header(&h, header));
	ck_assert_uint_eq(h.width, 80);
	ck_assert_uint_eq(h.height, 24);
	ck_assert_int_eq(h.timestamp, 1795190400);
	ck_assert_str_eq(h.session, "k3f9abcd");
	ck_assert_str_eq(h.user, "alice");
	ck_assert_str_eq(h.account, "jump");
	ck_assert_str_eq(h.source, "192.0.2.9");
	ck_assert_str_eq(h.target, "plc7");
	ck_assert_uint_eq(h.port, 22);
	ck_assert_str_eq(h.login, "root");
}
END_TEST

static const struct {
	const char *text;
	bool good;
} headers[] = {
    {"{\"version\":2}", true},
    {"{\"version\":2,\"width\":1e300}", true}, /* 0 */
    {"{\"version\":2,\"timestamp\":-5,\"width\":-1}", true},
    {"{\"version\":2,\"idle_time_limit\":1.5,\"theme\":{\"a\":[1,{}]}}", true},
    {"{\"version\":2,\"jump\":\"no object\"}", true},
    {"{\"version\":2,\"jump\":{\"user\":5,\"port\":99999}}", true},
    {"{\"version\":2,\"title\":\"\\u0000\\ud800\\udc00\\ud800x\"}", true},
    {"{}", true},
    {"{\"version\":1}", false},
    {"{\"version\":3}", false},
    {"{\"version\":\"2\"}", false},
    {"{\"version\":NaN}", false},
    {"{\"version\":2,}", false},
    {"{\"version\":2} x", false},
    {"{\"version\":02}", false},
    {"{\"version\":2", false},
    {"[2]", false},
    {"", false},
    {"{\"version\":2,\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", false},
    {"{\"version\":2,\"a\":\"\\x41\"}", false},
    {"{\"version\":2,\"a\":\"\\u12\"}", false},
    {"{\"version\":2,\"a\":\"tab\there\"}", false},
    {"{\"version\":2,\"a\":nul}", false},
};

START_TEST(headers_strictly)
{
	struct cast_header h;

	ck_assert_int_eq(parse_header(&h, headers[_i].text), headers[_i].good);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	int64_t at;
	const char *data;
} events[] = {
    {"[0, \"o\", \"x\"]", true, 0, "x"},
    {"[1.5, \"o\", \"a\\r\\n\"]", true, 1500000, "a\r\n"},
    {"[1.2e-05,\"o\",\"\"]", true, 12, ""},
    {"[2,\"o\",\"\\u00fc\\ud83d\\ude00\\\\\\\"\\/\"]", true, 2000000,
	"\303\274\360\237\230\200\\\"/"},
    {"[2,\"o\",\"\\ud83d\\u0041\\udc00\"]", true, 2000000,
	"\357\277\275A\357\277\275"},
    {"[3,\"r\",\"80x24\"]", true, 3000000, "80x24"},
    {"[3,\"i\",\"ls\"]", true, 3000000, "ls"},
    {"[3,\"m\",\"end: done\"]", true, 3000000, "end: done"},
    {"[3,\"r\",\"80x\"]", false, 0, NULL},
    {"[3,\"r\",\"x24\"]", false, 0, NULL},
    {"[3,\"r\",\"99999999999999999999x24\"]", false, 0, NULL},
    {"[3,\"r\",\"80x24x\"]", false, 0, NULL},
    {"[-1,\"o\",\"x\"]", false, 0, NULL},
    {"[1e300,\"o\",\"x\"]", false, 0, NULL},
    {"[1e999,\"o\",\"x\"]", false, 0, NULL},
    {"[NaN,\"o\",\"x\"]", false, 0, NULL},
    {"[Infinity,\"o\",\"x\"]", false, 0, NULL},
    {"[0x10,\"o\",\"x\"]", false, 0, NULL},
    {"[.5,\"o\",\"x\"]", false, 0, NULL},
    {"[1.,\"o\",\"x\"]", false, 0, NULL},
    {"[\"1\",\"o\",\"x\"]", false, 0, NULL},
    {"[1,\"o\"]", false, 0, NULL},
    {"[1,\"o\",\"x\",1]", false, 0, NULL},
    {"[1,\"o\",\"x\"", false, 0, NULL},
    {"[1,\"o\",\"x\"]]", false, 0, NULL},
    {"[1,\"o\",[\"x\"]]", false, 0, NULL},
    {"", false, 0, NULL},
};

START_TEST(events_strictly)
{
	char *own = strdup(events[_i].text);
	struct cast_event e;

	ck_assert_int_eq(
	    cast_event_parse(&e, own, strlen(own)), events[_i].good);
	if (events[_i].good) {
		ck_assert_int_eq(e.at, events[_i].at);
		ck_assert_uint_eq(e.n, strlen(events[_i].data));
		ck_assert_int_eq(memcmp(e.text, events[_i].data, e.n), 0);
	}
	free(own);
}
END_TEST

/* A file with this text after a header. */
static int
file(const char *text, size_t n)
{
	int fd = memfd_create("cast", MFD_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_gt(dprintf(fd, "%s\n", header), 0);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

START_TEST(a_file)
{
	static const char text[] =
	    "[1,\"o\",\"a\"]\n[0.5,\"o\",\"b\"]\nnonsense\n"
	    "\n[2,\"o\",\"\\u0000c\"]\n[3,\"o\",\"cut of";
	int fd = file(text, sizeof(text) - 1);
	struct cast_event e;
	struct cast c;

	ck_assert_int_eq(cast_open(&c, fd), 0);
	for (int pass = 0; pass < 2; pass++) {
		ck_assert_int_eq(cast_next(&c, &e), 1);
		ck_assert_int_eq(e.at, 1000000);
		ck_assert_int_eq(cast_next(&c, &e), 1);
		ck_assert_int_eq(e.at, 1000000); /* never back */
		ck_assert_int_eq(*e.text, 'b');
		ck_assert_int_eq(cast_next(&c, &e), 1);
		ck_assert_uint_eq(e.n, 2);
		ck_assert_int_eq(cast_next(&c, &e), 0);
		ck_assert_uint_eq(c.bad, 3);
		ck_assert_int_eq(cast_next(&c, &e), 0);
		ck_assert_int_eq(cast_rewind(&c), 0);
	}
	cast_close(&c);
	close(fd);
}
END_TEST

/* Lines of every length around the bounds; those that are too long are left
 * out, and nothing after them. */
START_TEST(long_lines)
{
	static const size_t lengths[] = {
	    CAST_LINE - 1, CAST_LINE, CAST_LINE + 65536, 3 * CAST_LINE, 100};
	size_t all = 0, good = 0;
	struct cast_event e;
	struct cast c;
	char *text, *to;
	int fd;

	for (size_t i = 0; i < 5; i++)
		all += lengths[i] + 32;
	text = to = malloc(all);
	for (size_t i = 0; i < 5; i++) {
		to += sprintf(to, "[1,\"o\",\"");
		memset(to, 'x', lengths[i] - 10);
		to += lengths[i] - 10;
		to += sprintf(to, "\"]\n");
	}
	fd = file(text, (size_t)(to - text));
	ck_assert_int_eq(cast_open(&c, fd), 0);
	while (cast_next(&c, &e) == 1) {
		good++;
		ck_assert_uint_le(e.n, CAST_LINE);
	}
	ck_assert_uint_eq(good + c.bad, 5);
	ck_assert_uint_ge(c.bad, 2);
	ck_assert_uint_ge(good, 3);
	ck_assert_uint_eq(e.n, 90);
	cast_close(&c);
	close(fd);
	free(text);
}
END_TEST

START_TEST(no_recording)
{
	int fd = memfd_create("cast", MFD_CLOEXEC);
	struct cast c;

	ck_assert_int_eq(cast_open(&c, fd), -1);
	ck_assert_int_eq(errno, EPROTO);
	cast_close(&c);
	ck_assert_int_eq(ftruncate(fd, 4 * CAST_LINE), 0);
	ck_assert_int_eq(cast_open(&c, fd), -1);
	ck_assert_int_eq(errno, EPROTO);
	cast_close(&c);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("asciicast");
	TCase *t = tcase_create("asciicast");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, header_is_read);
	tcase_add_loop_test(t, headers_strictly, 0, COUNT(headers));
	tcase_add_loop_test(t, events_strictly, 0, COUNT(events));
	tcase_add_test(t, a_file);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, no_recording);
	suite_add_tcase(s, t);
	return unit_run(s);
}
