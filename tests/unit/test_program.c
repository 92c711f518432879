/* SPDX-License-Identifier: ISC */
/* lib/program.c: only a program of its owner's alone. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdbool.h>

#include "program.h"
#include "unit.h"

static char base[64];

/* Beside /tmp, whose folder is everybody's. */
static void
set_up(void)
{
	snprintf(base, sizeof(base), "/run/jump-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", base);
	ck_assert_int_eq(system(command), 0);
}

/* A shell command in base makes the case; then this path is opened. */
static const struct {
	const char *make, *path;
	bool good;
} cases[] = {
    {":", "a/p", true},
    {"chmod 0750 a/p", "a/p", true},
    {"chmod 04755 a/p", "a/p", true},
    {"chmod 0700 a", "a/p", true},
    {"chmod 0775 a/p", "a/p", false},
    {"chmod 0757 a/p", "a/p", false},
    {"chmod 0644 a/p", "a/p", false},
    {"chown 1 a/p", "a/p", false},
    {"chmod 0775 a", "a/p", false},
    {"chmod 0757 a", "a/p", false},
    {"chmod 1777 a", "a/p", false},
    {"chown 1 a", "a/p", false},
    {"chmod 0775 .", "a/p", false},
    {"chown 1 .", "a/p", false},
    {"ln -s p a/q", "a/q", false},
    {"ln -s a b", "b/p", false},
    {"ln -s /bin/true a/q", "a/q", false},
    {"ln a/p a/q", "a/q", true},
    {"mkdir a/q", "a/q", false},
    {"mkfifo -m 755 a/q", "a/q", false},
    {"mknod -m 755 a/q c 1 3", "a/q", false},
    {":", "a/none", false},
    {":", "none/p", false},
    {":", "a/p/", false},
    {":", "a//p", false},
    {":", "a/p/p", false},
    {":", "a", false},
    {":", "", false},
};

START_TEST(program_is)
{
	char command[256], path[128];
	int fd;

	snprintf(command, sizeof(command),
	    "cd %s && mkdir -m 755 a && cp /bin/true a/p && chmod 755 a/p && "
	    "%s",
	    base, cases[_i].make);
	ck_assert_int_eq(system(command), 0);
	snprintf(path, sizeof(path), "%s/%s", base, cases[_i].path);
	fd = program_open(path, 0);
	ck_assert_int_eq(fd != -1, cases[_i].good);
	if (fd != -1)
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(program_open(path, 4242), -1);
	close(fd);
}
END_TEST

START_TEST(path_is_absolute)
{
	static const char *const paths[] = {"", "/", "//", "bin/true", "true",
	    "./true", "~/true", " /bin/true"};

	ck_assert_int_eq(chdir("/"), 0);
	for (int i = 0; i < COUNT(paths); i++)
		ck_assert_msg(program_open(paths[i], 0) == -1, "%s", paths[i]);
}
END_TEST

/* A name longer than any file's. */
START_TEST(path_is_bounded)
{
	char path[4096] = "/run/";

	memset(path + 5, 'a', 300);
	ck_assert_int_eq(program_open(path, 0), -1);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	ck_assert_int_eq(program_open(path, 0), -1);
}
END_TEST

static Suite *
program_suite(void)
{
	Suite *s = suite_create("program");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, program_is, 0, COUNT(cases));
	suite_add_tcase(s, t);
	t = tcase_create("paths");
	tcase_add_test(t, path_is_absolute);
	tcase_add_test(t, path_is_bounded);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(program_suite());
}
