/* SPDX-License-Identifier: ISC */
/*
 * What the gate goes by: every login of the account that has succeeded and
 * lives.  Here live 1, this process and its parent; what they are stands in a
 * /proc made by hand.
 */
#include "factor.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "unit.h"

enum { ANN = 2001, BEA = 2002, SSHD = 105, CHILD = 500000 };

static char dir[64], proc[80];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/factor.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(proc, sizeof(proc), "%s/proc", dir);
	ck_assert_int_eq(mkdir(proc, 0700), 0);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *
file(pid_t pid)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%d", dir, (int)pid);
	return path;
}

static void
put(pid_t pid, const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%d/%s", proc, (int)pid, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
process(pid_t pid, const char *name, pid_t parent, uid_t uid, pid_t child)
{
	char path[160], text[256];

	snprintf(path, sizeof(path), "mkdir -p %s/%d/task/%d", proc, (int)pid,
	    (int)pid);
	ck_assert_int_eq(system(path), 0);
	snprintf(text, sizeof(text),
	    "%d (%s) S %d 1 1 0 -1 4194624 1 0 0 0 1 2 3 4 20 0 1 0 500 1 2\n",
	    (int)pid, name, (int)parent);
	put(pid, "stat", text);
	snprintf(
	    text, sizeof(text), "Name:\t%s\nUid:\t%u\t1\t2\t3\n", name, uid);
	put(pid, "status", text);
	snprintf(path, sizeof(path), "task/%d/children", (int)pid);
	snprintf(text, sizeof(text), "%d ", (int)child);
	put(pid, path, child == 0 ? "" : text);
}

/* A login, in whatever state it is: who serves it. */
static void
serve(pid_t monitor, uid_t uid)
{
	process(monitor, "sshd", 1, 0, CHILD + monitor);
	process(CHILD + monitor, "sshd", monitor, uid, 0);
}

/* One that has succeeded, and its note. */
static void
make(pid_t pid, uid_t uid, enum login_mfa mfa)
{
	struct login_note n = {.uid = uid, .mfa = (uint8_t)mfa};
	int fd = login_open(dir, pid);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	close(fd);
	serve(pid, uid);
}

static bool
all(uid_t uid)
{
	return factor_of_all(proc, dir, geteuid(), uid);
}

static pid_t
dead(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

START_TEST(is_of_all_logins)
{
	ck_assert(!all(ANN)); /* no login has it */
	make(getpid(), ANN, LOGIN_MFA_KEY);
	ck_assert(all(ANN));
	ck_assert(!all(BEA));
	ck_assert(!all(0));
	make(getppid(), BEA, LOGIN_MFA_NONE); /* somebody else's */
	ck_assert(all(ANN));
	ck_assert(!all(BEA));
	make(1, ANN, LOGIN_MFA_STEP);
	ck_assert(all(ANN));
	make(1, ANN, LOGIN_MFA_NONE); /* one of several */
	ck_assert(!all(ANN));
	make(getpid(), ANN, LOGIN_MFA_NONE);
	ck_assert(!all(ANN));
	ck_assert(!factor_of_all(proc, "/nonexistent", geteuid(), ANN));
	ck_assert(!factor_of_all(proc, dir, geteuid() + 1, ANN));
}
END_TEST

START_TEST(is_of_the_living)
{
	make(dead(), ANN, LOGIN_MFA_KEY);
	ck_assert(!all(ANN)); /* has gone, with its login */
	make(getpid(), ANN, LOGIN_MFA_KEY);
	make(dead(), ANN, LOGIN_MFA_NONE);
	ck_assert(all(ANN));
}
END_TEST

/* Whoever knows a key has a note made; without a login, it says nothing. */
static const struct {
	const char *monitor;
	uid_t monitor_uid;
	const char *child; /* NULL: none */
	uid_t uid;
	bool alone; /* the child is another's */
	bool serves;
} states[] = {
    {"sshd", 0, "sshd", ANN, false, true},
    {"sshd-session", 0, "sshd-session", ANN, false, true},
    {"sshd", 0, "sshd", SSHD, false, false},
    {"sshd-session", 0, "sshd-auth", SSHD, false, false},
    {"sshd", 0, NULL, 0, false, false},
    {"sshd", 0, "sshd", 0, false, false},
    {"sshd", 0, "sshd", BEA, false, false},
    {"sshd", 0, "bash", ANN, false, false},
    {"sshd", 0, "sshd", ANN, true, false},
    {"init", 0, "sshd", ANN, false, false},
    {"sshd", ANN, "sshd", ANN, false, false},
};

START_TEST(is_of_those_that_succeeded)
{
	pid_t child = CHILD + getpid();

	make(getpid(), ANN, LOGIN_MFA_KEY);
	process(getpid(), states[_i].monitor, 1, states[_i].monitor_uid,
	    states[_i].child == NULL ? 0 : child);
	if (states[_i].child != NULL)
		process(child, states[_i].child,
		    states[_i].alone ? 1 : getpid(), states[_i].uid, 0);
	ck_assert_int_eq(all(ANN), states[_i].serves);
	make(getppid(), ANN, LOGIN_MFA_KEY);
	make(getpid(), ANN, LOGIN_MFA_NONE);
	process(getpid(), states[_i].monitor, 1, states[_i].monitor_uid,
	    states[_i].child == NULL ? 0 : child);
	if (states[_i].child != NULL)
		process(child, states[_i].child,
		    states[_i].alone ? 1 : getpid(), states[_i].uid, 0);
	ck_assert_int_eq(all(ANN), !states[_i].serves);
	ck_assert(!factor_of_all("/nonexistent", dir, geteuid(), ANN));
}
END_TEST

/* What others put there, and what is being written, is no note. */
START_TEST(is_of_notes)
{
	int fd;

	make(getpid(), ANN, LOGIN_MFA_KEY);
	serve(getppid(), ANN);
	fd = login_open(dir, getppid()); /* empty, and locked */
	ck_assert(all(ANN));
	close(fd);
	ck_assert(all(ANN));
	make(getppid(), ANN, LOGIN_MFA_NONE);
	ck_assert(!all(ANN));
	ck_assert_int_eq(chown(file(getppid()), 12345, (gid_t)-1), 0);
	ck_assert(all(ANN));
	ck_assert_int_eq(unlink(file(getppid())), 0);
	ck_assert_int_eq(symlink("elsewhere", file(getppid())), 0);
	ck_assert(all(ANN));
	ck_assert_int_eq(unlink(file(getppid())), 0);
	ck_assert_int_eq(mkfifo(file(getppid()), 0600), 0);
	ck_assert(all(ANN));
}
END_TEST

/* One that is damaged may be of a login without it. */
START_TEST(of_damaged_notes)
{
	int fd;

	make(getpid(), ANN, LOGIN_MFA_KEY);
	make(getppid(), BEA, LOGIN_MFA_KEY);
	if (_i == 0) {
		ck_assert_int_eq(truncate(file(getppid()),
				     (off_t)sizeof(struct login_note) - 1),
		    0);
	} else {
		fd = open(file(getppid()), O_WRONLY);
		ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
		close(fd);
	}
	ck_assert(!all(ANN));
	ck_assert_int_eq(unlink(file(getppid())), 0);
	ck_assert(all(ANN));
}
END_TEST

START_TEST(words)
{
	ck_assert_ptr_null(factor_word(LOGIN_MFA_NONE));
	ck_assert_str_eq(factor_word(LOGIN_MFA_KEY), "key");
	ck_assert_str_eq(factor_word(LOGIN_MFA_STEP), "sshd");
	ck_assert(factor_is_method("password"));
	ck_assert(factor_is_method("keyboard-interactive"));
	ck_assert(!factor_is_method("key"));
	ck_assert(!factor_is_method("sshd"));
	ck_assert(!factor_is_method("logins"));
	ck_assert(!factor_is_method("publickey"));
	ck_assert(!factor_is_method(""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("factor");
	TCase *t = tcase_create("factor");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_of_all_logins);
	tcase_add_test(t, is_of_the_living);
	tcase_add_loop_test(t, is_of_those_that_succeeded, 0, COUNT(states));
	tcase_add_test(t, is_of_notes);
	tcase_add_loop_test(t, of_damaged_notes, 0, 2);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	return unit_run(s);
}
