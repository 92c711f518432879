/* SPDX-License-Identifier: ISC */
/*
 * The chain of seals, and what is sealed when.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "../../jumpctl/recording.h"
#include "unit.h"

static char folder[64], progress_path[80];
static int dir;
static struct seals_log log_;
static struct recordings_live live;
static size_t told, failed;
static char reason[64];

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "%s/jump-seals.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dir, -1);
	snprintf(progress_path, sizeof(progress_path), "%s/progress", folder);
	told = failed = 0;
	live = (struct recordings_live){0};
}

static void
teardown(void)
{
	static const char *const names[] = {"SEALS", "progress",
	    "aaaaaaaa.cast", "bbbbbbbb.cast", "cccccccc.pcapng", "link"};

	for (int i = 0; i < COUNT(names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	rmdir(folder);
}

/* A file of uid 1000. */
static void
file(const char *name, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	char piece[4096];

	ck_assert_int_ne(fd, -1);
	memset(piece, *name, sizeof(piece));
	for (; n > sizeof(piece); n -= sizeof(piece))
		ck_assert_int_eq(
		    write(fd, piece, sizeof(piece)), sizeof(piece));
	ck_assert_int_eq(write(fd, piece, n), (ssize_t)n);
	ck_assert_int_eq(fchown(fd, 1000, 1000), 0);
	close(fd);
}

static void
tell(void *arg, const char *name, const struct seal *seal, const char *why)
{
	(void)arg;
	(void)name;
	told += seal != NULL;
	failed += seal == NULL;
	snprintf(reason, sizeof(reason), "%s", why == NULL ? "" : why);
}

static int
seal(int ms)
{
	struct sealing w = {.dir = dir,
	    .progress = progress_path,
	    .live = &live,
	    .ms = ms,
	    .told = tell};

	return seal_all(&w);
}

static struct stat
look(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static struct seal
one(const char *name)
{
	struct seal s = {.word = SEALS_SEALED, .uid = 2001, .size = 12};

	seals_time(s.time, 1795190531);
	strcpy(s.name, name);
	memset(s.hash, 'a', SEALS_HASH - 1);
	return s;
}

/* The lines that are wrong. */
static char wrong[256];

static void
wrong_line(void *arg, size_t line, const char *what)
{
	(void)arg;
	snprintf(wrong + strlen(wrong), sizeof(wrong) - strlen(wrong),
	    "%zu:%s|", line, what);
}

static size_t
read_all(void)
{
	struct seals s;

	*wrong = '\0';
	ck_assert_int_eq(seals_read(&s, dir, wrong_line, NULL), 0);
	seals_free(&s);
	return s.lines;
}

START_TEST(lines)
{
	char line[SEALS_LINE];
	struct seal s = one("aaaaaaaa.cast"), again;
	size_t n = seals_print(&s, s.hash, line);

	ck_assert_uint_eq(n, strlen(line));
	ck_assert_int_eq(line[n - 1], '\n');
	line[n - 1] = '\0';
	ck_assert_int_eq(memcmp(line,
			     "sealed 2026-11-20T16:02:11Z aaaaaaaa.cast 2001 "
			     "12 aaaa",
			     54),
	    0);
	ck_assert(seals_parse(&again, line, s.hash));
	ck_assert(!again.broken);
	ck_assert_str_eq(again.name, s.name);
	ck_assert_uint_eq(again.uid, 2001);
	ck_assert_uint_eq(again.size, 12);
	for (size_t i = 0; i < n - 1; i++) {
		char before = line[i];

		line[i] = before == '1' ? '2' : '1';
		ck_assert(!seals_parse(&again, line, s.hash) || again.broken);
		line[i] = before;
	}
	for (size_t i = 0; i < n - 1; i++) {
		char before = line[i];

		line[i] = '\0';
		ck_assert(!seals_parse(&again, line, s.hash));
		line[i] = before;
	}
	ck_assert(seals_parse(&again, line, line) && again.broken);
}
END_TEST

static const struct {
	const char *name;
	bool valid;
} names[] = {{"aaaaaaaa.cast", true}, {"k3f9abcd.cast", false},
    {"k3f2abcd.pcapng", true}, {"aaaaaaaa", false}, {"aaaaaaaa.", false},
    {"aaaaaaaa.castx", false}, {"aaaaaaa.cast", false},
    {"AAAAAAAA.cast", false}, {"", false}, {"SEALS", false},
    {"../aaaaa.cast", false}};

START_TEST(valid_names)
{
	ck_assert_int_eq(seals_name_valid(names[_i].name), names[_i].valid);
}
END_TEST

START_TEST(chain_is_followed)
{
	struct seal s;
	int fd;

	ck_assert_uint_eq(read_all(), 0);
	ck_assert_int_eq(seals_open(&log_, dir), 0);
	for (int i = 0; i < 3; i++) {
		s = one("aaaaaaaa.cast");
		s.size = (uint64_t)i;
		ck_assert_int_eq(seals_add(&log_, &s), 0);
	}
	seals_close(&log_);
	ck_assert_uint_eq(read_all(), 3);
	ck_assert_str_eq(wrong, "");
	fd = openat(dir, SEALS_FILE, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "sealed 20", 9), 9);
	ck_assert_uint_eq(read_all(), 4);
	ck_assert_str_eq(wrong, "4:it is cut off|");
	ck_assert_int_eq(seals_open(&log_, dir), 0); /* cuts it */
	s = one("bbbbbbbb.cast");
	ck_assert_int_eq(seals_add(&log_, &s), 0);
	seals_close(&log_);
	ck_assert_uint_eq(read_all(), 4);
	ck_assert_str_eq(wrong, "");
	ck_assert_int_eq(write(fd, "nonsense\n", 9), 9);
	close(fd);
	ck_assert_uint_eq(read_all(), 5);
	ck_assert_str_eq(wrong, "5:it is not a seal|");
	ck_assert_int_eq(seals_open(&log_, dir), -1);
	ck_assert_int_eq(errno, EPROTO);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct seals_log other;

	ck_assert_int_eq(seals_open(&log_, dir), 0);
	ck_assert_int_eq(seals_open(&other, dir), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	file("aaaaaaaa.cast", 10);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told + failed, 0);
	seals_close(&log_);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(somebody_elses_file_of_seals)
{
	file(SEALS_FILE, 0);
	ck_assert_int_eq(seals_open(&log_, dir), -1);
	ck_assert_int_eq(errno, EPERM);
	unlinkat(dir, SEALS_FILE, 0);
	ck_assert_int_eq(symlinkat("/dev/null", dir, SEALS_FILE), 0);
	ck_assert_int_eq(seals_open(&log_, dir), -1);
}
END_TEST

START_TEST(sealed_once)
{
	struct stat st;

	file("aaaaaaaa.cast", 100000);
	file("cccccccc.pcapng", 0);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 2);
	st = look("aaaaaaaa.cast");
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_gid, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0400);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 2);
	ck_assert_uint_eq(read_all(), 2);
	ck_assert_str_eq(wrong, "");
}
END_TEST

START_TEST(not_while_it_lives)
{
	struct recording_live ids[] = {{"aaaaaaaa", 1000}};
	int fd;

	file("aaaaaaaa.cast", 10);
	live = (struct recordings_live){.ids = ids, .n = 1};
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 0);
	ids[0].uid = 1001; /* who says the id of another */
	ck_assert_int_eq(recordings_has(&live, "aaaaaaaa.cast", 1000), 0);
	live.n = 0;
	fd = openat(dir, "aaaaaaaa.cast", O_WRONLY);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 0);
	close(fd);
	ck_assert_int_eq(seal(1000), 0);
	ck_assert_uint_eq(told, 1);
}
END_TEST

/* A large one is not begun anew each time, and not hashed wrongly. */
START_TEST(a_piece_at_a_time)
{
	struct seals s;
	char hash[SEALS_HASH];
	int calls = 0;

	file("aaaaaaaa.cast", 10 << 20);
	while (told == 0 && calls < 100) {
		ck_assert_int_eq(seal(1), 0);
		calls++;
	}
	ck_assert_uint_eq(told, 1);
	ck_assert_int_gt(calls, 1);
	ck_assert_int_eq(seals_read(&s, dir, NULL, NULL), 0);
	strcpy(hash, s.list[0].hash);
	ck_assert_uint_eq(s.list[0].uid, 1000);
	seals_free(&s);
	unlinkat(dir, "aaaaaaaa.cast", 0);
	file("aaaaaaaa.cast", 10 << 20);
	ck_assert_int_eq(seal(60000), 0);
	/* The line of this name is the last one: only its owner was to go. */
	ck_assert_uint_eq(told, 1);
	unlinkat(dir, "aaaaaaaa.cast", 0);
	file("bbbbbbbb.cast", 1);
	file("aaaaaaaa.cast", 10 << 20);
	ck_assert_int_eq(seal(60000), 0);
	ck_assert_int_eq(seal(60000), 0);
	ck_assert_int_eq(seals_read(&s, dir, NULL, NULL), 0);
	seals_sort(&s);
	ck_assert_str_eq(seals_find(&s, "aaaaaaaa.cast")->hash, hash);
	ck_assert_ptr_null(seals_find(&s, "cccccccc.pcapng"));
	seals_free(&s);
}
END_TEST

START_TEST(what_changes_meanwhile)
{
	int fd;

	file("aaaaaaaa.cast", 10 << 20);
	ck_assert_int_eq(seal(1), 0);
	ck_assert_uint_eq(told, 0);
	fd = openat(dir, "aaaaaaaa.cast", O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	while (told == 0)
		ck_assert_int_eq(seal(50), 0);
	fd = openat(dir, "aaaaaaaa.cast", O_RDONLY);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_uint_eq(read_all(), 1);
}
END_TEST

START_TEST(no_recordings)
{
	file("link", 3);
	ck_assert_int_eq(symlinkat("link", dir, "bbbbbbbb.cast"), 0);
	ck_assert_int_eq(seal(1000), -1);
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(reason, "not a regular file with one link");
	unlinkat(dir, "bbbbbbbb.cast", 0);
	ck_assert_int_eq(linkat(dir, "link", dir, "bbbbbbbb.cast", 0), 0);
	ck_assert_int_eq(seal(1000), -1);
	ck_assert_uint_eq(told, 0);
	ck_assert_uint_eq(look("link").st_uid, 1000);
}
END_TEST

/*
 * What a file says of itself.
 */
static void
facts_of(
    const char *name, const void *bytes, size_t n, struct recording_facts *f)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	recording_facts(fd, name, f);
	close(fd);
}

/* As jump-connect/capture.c begins one: 2026-11-20 16:02:11. */
static size_t
capture(uint32_t *b)
{
	static const char about[] =
	    "session aaaaaaaa, bob to [::1]:502 by connect";
	const uint64_t ns = 1795190531ULL * 1000000000 + 42;
	const uint32_t section[] = {0x0a0d0d0a, 84, 0x1a2b3c4d, 1, ~0U, ~0U,
	    1 | (uint32_t)(sizeof(about) - 1) << 16};
	const uint32_t interface[] = {1, 32, 101, 0, 9 | 1 << 16, 9, 0, 32};
	const uint32_t packet[] = {
	    6, 72, 0, (uint32_t)(ns >> 32), (uint32_t)ns, 40, 40};

	memset(b, 0, 256);
	memcpy(b, section, sizeof(section));
	memcpy(b + 7, about, sizeof(about) - 1);
	b[20] = 84;
	memcpy(b + 21, interface, sizeof(interface));
	memcpy(b + 29, packet, sizeof(packet));
	return 36 * 4;
}

START_TEST(facts)
{
	static const char cast[] =
	    "{\"version\":2,\"timestamp\":1795190531,\"jump\":{\"user\":"
	    "\"bob\","
	    "\"account\":\"jump\",\"target\":\"::1\",\"port\":22,\"login\":"
	    "\"root\"}}\n";
	struct recording_facts f;
	uint32_t b[64];
	size_t n = capture(b);

	facts_of("cccccccc.pcapng", b, n, &f);
	ck_assert(f.readable && f.kind == RECORDING_CAPTURE);
	ck_assert_str_eq(f.user, "bob");
	ck_assert_str_eq(f.target, "[::1]:502");
	ck_assert_int_eq(f.since, 1795190531);
	facts_of("aaaaaaaa.cast", cast, sizeof(cast) - 1, &f);
	ck_assert(f.readable && f.kind == RECORDING_TERMINAL);
	ck_assert_str_eq(f.user, "bob");
	ck_assert_str_eq(f.account, "jump");
	ck_assert_str_eq(f.target, "[::1]:22");
	ck_assert_int_eq(f.since, 1795190531);
	facts_of("aaaaaaaa.cast", cast, sizeof(cast) - 2, &f);
	ck_assert(!f.readable);
}
END_TEST

/* The words between which the names stand can overlap, or be others' places. */
START_TEST(facts_of_odd_words)
{
	static const struct {
		const char *about, *user, *target;
	} odd[] = {
	    {"session aaaaaaaa, bob to by connect         ", "", ""},
	    {"session aaaaaaaa, bob to  by connect        ", "bob", ""},
	    {"session aaaaaaaa,  to  by                   ", "", ""},
	    {"session aaaaaaaa, to by to by to by to by to", "to by", "by to"},
	    {"session aaaaaaaa, bob by connect to [::1]:50", "", ""}};
	struct recording_facts f;
	uint32_t b[64];
	size_t n = capture(b);

	memcpy(b + 7, odd[_i].about, strlen(odd[_i].about));
	facts_of("cccccccc.pcapng", b, n, &f);
	ck_assert(f.readable);
	ck_assert_str_eq(f.user, odd[_i].user);
	ck_assert_str_eq(f.target, odd[_i].target);
}
END_TEST

/* Cut off anywhere, and with any number anywhere. */
START_TEST(facts_of_anything)
{
	static const uint32_t odd[] = {
	    0, 1, 20, 27, 28, 83, 85, 0x7fffffff, 0x80000000, 0xfffffff0, ~0U};
	uint64_t state = 88172645463325252ULL;
	struct recording_facts f;
	uint32_t b[64];
	size_t n = capture(b);

	for (size_t i = 0; i <= n; i++)
		facts_of("cccccccc.pcapng", b, i, &f);
	for (int i = 0; i < 3000; i++) {
		capture(b);
		for (uint32_t k = unit_random(&state, 3) + 1; k > 0; k--)
			b[unit_random(&state, 36)] =
			    odd[unit_random(&state, COUNT(odd))];
		facts_of("cccccccc.pcapng", b, n, &f);
		ck_assert(memchr(f.user, '\0', sizeof(f.user)) != NULL);
		ck_assert(memchr(f.target, '\0', sizeof(f.target)) != NULL);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seals");
	TCase *t = tcase_create("seals");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines);
	tcase_add_loop_test(t, valid_names, 0, COUNT(names));
	tcase_add_test(t, chain_is_followed);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, somebody_elses_file_of_seals);
	tcase_add_test(t, sealed_once);
	tcase_add_test(t, not_while_it_lives);
	tcase_add_test(t, a_piece_at_a_time);
	tcase_add_test(t, what_changes_meanwhile);
	tcase_add_test(t, no_recordings);
	tcase_add_test(t, facts);
	tcase_add_loop_test(t, facts_of_odd_words, 0, 5);
	tcase_add_test(t, facts_of_anything);
	suite_add_tcase(s, t);
	return unit_run(s);
}
