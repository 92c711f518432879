/* SPDX-License-Identifier: ISC */
/* When the file of sweeps says that they run. */
#include "swept.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "unit.h"

static char dir[64], path[96];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/swept.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/swept", dir);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static bool
lately(time_t after)
{
	return swept_lately(path, geteuid(), time(NULL) + after);
}

/* So long after it was touched, by the clock of the file system. */
static bool
after(time_t seconds)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return swept_lately(path, geteuid(), st.st_mtime + seconds);
}

START_TEST(while_it_is_fresh)
{
	ck_assert(!lately(0));
	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert(lately(0));
	ck_assert(after(0));
	ck_assert(after(89));
	ck_assert(!after(90));
	ck_assert(!after(86400));
	ck_assert(after(-1)); /* clocks differ by their ticks */
	ck_assert(!after(-2)); /* the clock was put back */
}
END_TEST

START_TEST(touched_again)
{
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	ck_assert(!lately(0));
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert(lately(0));
}
END_TEST

/* Of what was before the last one, it says nothing. */
START_TEST(in_the_past)
{
	struct timespec then[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	unsigned me = geteuid();

	ck_assert_int_eq(swept_at(path, me, 1000), SWEPT_UNKNOWN);
	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, then, 0), 0);
	ck_assert_int_eq(swept_at(path, me, 999), SWEPT_UNKNOWN);
	ck_assert_int_eq(swept_at(path, me, 1000), SWEPT_UNKNOWN);
	ck_assert_int_eq(swept_at(path, me, 1001), SWEPT_YES);
	ck_assert_int_eq(swept_at(path, me, 1089), SWEPT_YES);
	ck_assert_int_eq(swept_at(path, me, 1090), SWEPT_NO);
	ck_assert_int_eq(swept_at(path, me + 1, 1001), SWEPT_UNKNOWN);
}
END_TEST

START_TEST(only_roots_own)
{
	struct stat st;

	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert(!swept_lately(path, geteuid() + 1, time(NULL)));
	ck_assert_int_eq(chmod(path, 0664), 0);
	ck_assert(!lately(0));
	ck_assert_int_eq(swept_touch(path), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
}
END_TEST

START_TEST(nothing_else)
{
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert(!lately(0));
	ck_assert_int_eq(swept_touch(path), -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert(!lately(0));
	ck_assert_int_eq(swept_touch(path), -1);
	ck_assert_int_eq(swept_touch("/nonexistent/swept"), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("swept");
	TCase *t = tcase_create("swept");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, while_it_is_fresh);
	tcase_add_test(t, touched_again);
	tcase_add_test(t, in_the_past);
	tcase_add_test(t, only_roots_own);
	tcase_add_test(t, nothing_else);
	suite_add_tcase(s, t);
	return unit_run(s);
}
