/* SPDX-License-Identifier: ISC */
/* lib/process.c, in children: what they do cannot be undone. */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum { UID = 4201, GID = 4202, OTHER = 4203 };

extern char **environ;
static const char *self;

static int
code_of(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(run());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "status %#x", (unsigned int)status);
	return WEXITSTATUS(status);
}

/* Each child returns 0, or which of its steps failed. */
static int
fds(void)
{
	struct stat st, null;

	if (stat("/dev/null", &null) == -1 || dup2(1, 700) != 700)
		return 1;
	close(0);
	close(1);
	close(2);
	if (process_repair_fds() == -1)
		return 2;
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) == -1 || st.st_rdev != null.st_rdev)
			return 3;
	}
	for (int fd = 3; fd < 1000; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			return 4;
	}
	return 0;
}

/* Descriptors that are open stay what they are. */
static int
open_fds(void)
{
	struct stat before, after;
	int ends[2];

	if (pipe(ends) == -1 || dup2(ends[1], 1) == -1 ||
	    fstat(1, &before) == -1)
		return 1;
	close(0);
	if (process_repair_fds() == -1 || fstat(1, &after) == -1)
		return 2;
	return before.st_ino == after.st_ino ? 0 : 3;
}

START_TEST(descriptors)
{
	ck_assert_int_eq(code_of(fds), 0);
	ck_assert_int_eq(code_of(open_fds), 0);
}
END_TEST

static int
group(void)
{
	gid_t r, e, s;

	/* As after a setgid exec: effective and saved, and no root. */
	if (setgroups(0, NULL) == -1 || setresgid(OTHER, GID, GID) == -1 ||
	    setresuid(UID, UID, UID) == -1)
		return 1;
	if (process_drop_group() == -1)
		return 2;
	if (getresgid(&r, &e, &s) == -1 || r != OTHER || e != OTHER ||
	    s != OTHER)
		return 3;
	return setegid(GID) == -1 && errno == EPERM ? 0 : 4;
}

/* Only the saved one is left: another program had half a drop. */
static int
saved_group(void)
{
	if (setresgid(OTHER, OTHER, GID) == -1 ||
	    setresuid(UID, UID, UID) == -1)
		return 1;
	if (process_drop_group() == -1)
		return 2;
	return setegid(GID) == -1 ? 0 : 3;
}

static int
no_group(void)
{
	return process_drop_group() == 0 && getgid() == getegid() ? 0 : 1;
}

START_TEST(group_is_dropped)
{
	ck_assert_int_eq(code_of(no_group), 0);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(code_of(group), 0);
	ck_assert_int_eq(code_of(saved_group), 0);
}
END_TEST

static int
signals(void)
{
	struct sigaction action;
	sigset_t all;

	alarm(100);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGTERM, SIG_IGN);
	signal(SIGALRM, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	if (process_signals() == -1)
		return 1;
	for (int n = 1; n < NSIG; n++) {
		if (sigaction(n, NULL, &action) == 0 &&
		    action.sa_handler !=
			(n == SIGPIPE || n == SIGXFSZ ? SIG_IGN : SIG_DFL))
			return 2;
	}
	if (alarm(0) != 0)
		return 4;
	sigprocmask(SIG_SETMASK, NULL, &all);
	return sigisemptyset(&all) ? 0 : 3;
}

START_TEST(signals_are_reset)
{
	ck_assert_int_eq(code_of(signals), 0);
}
END_TEST

static int
harden(void)
{
	struct rlimit limit;

	setenv("LD_PRELOAD", "x", 1);
	if (process_harden() == -1 || process_clear_env() == -1)
		return 1;
	if (getrlimit(RLIMIT_CORE, &limit) == -1 || limit.rlim_max != 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 3;
	return getenv("LD_PRELOAD") == NULL &&
		(environ == NULL || *environ == NULL)
	    ? 0
	    : 4;
}

START_TEST(process_is_hardened)
{
	ck_assert_int_eq(code_of(harden), 0);
}
END_TEST

/*
 * This program again, from a file with the bit: it says which of 1 and 2 its
 * answer is, 3 for an error.
 */
static int
checked(void)
{
	bool setgid;

	if (process_check_setgid(&setgid) == -1)
		return errno == EPERM ? 3 : 4;
	return setgid ? 2 : 1;
}

static char copy[PATH_MAX];
static bool privileges;

static int
run_copy(void)
{
	char *const argv[] = {copy, (char[]){"check"}, NULL};
	int fd = open(copy, O_RDONLY); /* the user may not get to its folder */

	if (setresgid(OTHER, OTHER, OTHER) == -1 ||
	    setresuid(UID, UID, UID) == -1)
		return 10;
	if (!privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return 11;
	fexecve(fd, argv, environ);
	return 12;
}

static void
make_copy(mode_t mode)
{
	char buf[65536];
	int from = open("/proc/self/exe", O_RDONLY), to;
	ssize_t n;

	snprintf(copy, sizeof(copy), "%s.copy", self);
	unlink(copy);
	to = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0600);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		ck_assert_int_eq(write(to, buf, (size_t)n), n);
	ck_assert_int_eq(fchown(to, 0, GID), 0);
	ck_assert_int_eq(fchmod(to, mode), 0);
	close(from);
	close(to);
}

START_TEST(setgid_bit)
{
	if (geteuid() != 0)
		return;
	make_copy(02755);
	privileges = true;
	ck_assert_int_eq(code_of(run_copy), 2);
	privileges = false;
	ck_assert_int_eq(code_of(run_copy), 3);
	make_copy(0755);
	ck_assert_int_eq(code_of(run_copy), 1);
	unlink(copy);
}
END_TEST

static Suite *
process_suite(void)
{
	Suite *s = suite_create("process");
	TCase *tc = tcase_create("process");

	tcase_add_test(tc, descriptors);
	tcase_add_test(tc, group_is_dropped);
	tcase_add_test(tc, signals_are_reset);
	tcase_add_test(tc, process_is_hardened);
	tcase_add_test(tc, setgid_bit);
	suite_add_tcase(s, tc);
	return s;
}

int
main(int argc, char **argv)
{
	SRunner *sr;
	int failed;

	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return checked();
	self = argv[0];
	sr = srunner_create(process_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
