/* SPDX-License-Identifier: ISC */
/* jump-record/cast.c: what it writes, read back by python's json. */

#include "unit.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "../../jump-record/cast.h"

static const struct cast_about about = {.columns = 80,
    .rows = 24,
    .term = "xterm",
    .session = "abcdefgh",
    .user = "al\"ice\\",
    .account = "jump",
    .source = "192.0.2.10",
    .target = "web1",
    .login = "root",
    .policy = "9f86d081884c7d65",
    .port = 22};

static char path[64], raw_path[64];
static int fd, raw; /* the recording; what was shown */
static struct cast cast;

static void
setup(void)
{
	snprintf(path, sizeof(path), "%s/test_cast.XXXXXX", unit_tmp());
	snprintf(raw_path, sizeof(raw_path), "%s/test_cast.XXXXXX", unit_tmp());
	fd = mkstemp(path);
	raw = mkstemp(raw_path);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(raw, -1);
	ck_assert_int_eq(cast_begin(&cast, fd, &about), 0);
}

static void
teardown(void)
{
	close(fd);
	close(raw);
	unlink(path);
	unlink(raw_path);
}

static void
show(const void *bytes, size_t n)
{
	ck_assert_int_eq(write(raw, bytes, n), (ssize_t)n);
	ck_assert_int_eq(cast_output(&cast, bytes, n), 0);
}

/*
 * What python makes of it: lines of JSON, events in the order of time, and as
 * output what it decodes from the bytes itself, bad ones replaced.
 */
static const char reader[] =
    "import json, sys\n"
    "text = open(sys.argv[1], 'rb').read().decode('utf-8')\n"
    "assert text.endswith('\\n')\n"
    "lines = [json.loads(l) for l in text.split('\\n')[:-1]]\n"
    "head, events = lines[0], lines[1:]\n"
    "assert head['version'] == 2 and head['width'] == 80\n"
    "assert head['height'] == 24 and head['timestamp'] > 0\n"
    "assert head['env'] == {'TERM': 'xterm'}\n"
    "assert head['title'] == 'al\"ice\\\\ root@web1:22', head['title']\n"
    "assert head['jump'] == {'session': 'abcdefgh', 'user': 'al\"ice\\\\',\n"
    "    'account': 'jump', 'source': '192.0.2.10', 'target': 'web1',\n"
    "    'port': 22, 'login': 'root', 'policy': '9f86d081884c7d65'}\n"
    "times = [e[0] for e in events]\n"
    "assert times == sorted(times)\n"
    "shown = ''.join(e[2] for e in events if e[1] == 'o')\n"
    "want = open(sys.argv[2], 'rb').read().decode('utf-8', 'replace')\n"
    "assert shown == want, (shown[-80:], want[-80:])\n"
    "assert events[-1][1:] == ['m', 'end: done']\n";

static void
ends_well(void)
{
	int status;
	pid_t pid;

	ck_assert_int_eq(cast_end(&cast, "done"), 0);
	pid = fork();
	if (pid == 0) {
		execlp("python3", "python3", "-c", reader, path, raw_path,
		    (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Characters of each length, and what is none: Unicode, table 3-8. */
static const char *const texts[] = {"", "plain", "\"\\/\b\f\n\r\t\x1b[0m\x7f",
    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
    "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41",
    "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41",
    "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42",
    "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "\xf4\x8f\xbf\xbf\xf4\x90\x80\x80",
    "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", "\xe2\x82", "\xf0\x9f\x98",
    "\xf0\xe2\x82\xac", "\xe2\xe2\x82\xac", "\xc3", "\xc3\xc3\xa9"};

/* However it is cut. */
START_TEST(texts_are_read)
{
	const char *text = texts[_i];
	size_t n = strlen(text);

	for (size_t cut = 0; cut <= n; cut++) {
		show(text, cut);
		show(text + cut, n - cut);
		show("|", 1);
	}
	for (size_t i = 0; i < n; i++)
		show(text + i, 1);
	ends_well();
}
END_TEST

START_TEST(bytes_are_read)
{
	unsigned char all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	for (int i = 0; i < 256; i++) {
		show(&all[i], 1);
		show(all, sizeof(all));
	}
	ends_well();
}
END_TEST

/* Random, but with many bytes that could belong to one character. */
START_TEST(noise_is_read)
{
	static unsigned char bytes[3 * CAST_PIECE];

	srandom((unsigned)_i);
	for (int piece = 0; piece < 40; piece++) {
		size_t n = piece == 0 ? sizeof(bytes) : (size_t)random() % 400;

		for (size_t i = 0; i < n; i++) {
			long r = random();

			bytes[i] = (unsigned char)(r % 3 == 0 ? r >> 8
				: r % 3 == 1 ? 0x80 | (r >> 8 & 0x3f)
					     : 0xc0 | (r >> 8 & 0x3f));
		}
		show(bytes, n);
	}
	ends_well();
}
END_TEST

START_TEST(sizes_and_marks_are_read)
{
	char line[4096];
	ssize_t n;

	ck_assert_int_eq(cast_resize(&cast, 100, 40), 0);
	ck_assert_int_eq(cast_marker(&cast, "here \"it\" is"), 0);
	n = pread(fd, line, sizeof(line) - 1, 0);
	line[n] = '\0';
	ck_assert_ptr_nonnull(strstr(line, ", \"r\", \"100x40\"]\n"));
	ck_assert_ptr_nonnull(strstr(line, ", \"m\", \"here \\\"it\\\" is\"]"));
	ends_well();
}
END_TEST

START_TEST(a_limit_is_an_error)
{
	const struct rlimit small = {300, 300};
	char line[200];

	signal(SIGXFSZ, SIG_IGN);
	memset(line, 'x', sizeof(line));
	setrlimit(RLIMIT_FSIZE, &small);
	ck_assert_int_eq(cast_output(&cast, line, sizeof(line)), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(the_most_is_an_error)
{
	cast.file.size = CAST_MAX - 10;
	ck_assert_int_eq(cast_output(&cast, "", 1), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(a_full_file_system_is_an_error)
{
	cast.file.fd = open("/dev/full", O_WRONLY);
	cast.file.checked = UINT64_MAX;
	ck_assert_int_eq(cast_output(&cast, "x", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cast");
	TCase *t = tcase_create("written");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, texts_are_read, 0, COUNT(texts));
	tcase_add_test(t, bytes_are_read);
	tcase_add_loop_test(t, noise_is_read, 0, 8);
	tcase_add_test(t, sizes_and_marks_are_read);
	tcase_add_test(t, a_limit_is_an_error);
	tcase_add_test(t, the_most_is_an_error);
	tcase_add_test(t, a_full_file_system_is_an_error);
	suite_add_tcase(s, t);
	return unit_run(s);
}
