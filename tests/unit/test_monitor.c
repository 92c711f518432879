/* SPDX-License-Identifier: ISC */
/*
 * Whose login it is: with a /proc made by hand, and with processes that are
 * named as sshd's are.
 */
#include "monitor.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "procfs.h"
#include "unit.h"

enum { UID = 1000, NOBODY = 65534 };

static char dir[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/monitor.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
put(int pid, const char *file, const char *text)
{
	char name[128];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%d", dir, pid);
	ck_assert(mkdir(name, 0755) == 0 || errno == EEXIST);
	snprintf(name, sizeof(name), "%s/%d/%s", dir, pid, file);
	f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* A process of the made /proc; none without a name. */
static void
process(int pid, const char *name, int parent, int uid)
{
	char text[256];

	if (name == NULL)
		return;
	snprintf(text, sizeof(text),
	    "%d (%s) S %d 1 1 0 -1 4194624 1 0 0 0 1 2 3 4 20 0 1 0 500 1 2\n",
	    pid, name, parent);
	put(pid, "stat", text);
	snprintf(
	    text, sizeof(text), "Name:\t%s\nUid:\t%d\t1\t2\t3\n", name, uid);
	put(pid, "status", text);
}

/* 30 is the parent, 20 that one's. */
static const struct {
	const char *child;
	int child_uid;
	const char *monitor;
	int monitor_uid, uid;
	pid_t found;
} cases[] = {
    {"sshd", UID, "sshd", 0, UID, 20},
    {"sshd-session", UID, "sshd-session", 0, UID, 20},

    /* Not of sshd's. */
    {"bash", UID, "sshd", 0, UID, MONITOR_NONE},
    {"ssh", UID, "sshd", 0, UID, MONITOR_NONE},
    {"sshd-keygen", UID, "sshd-keygen", 0, UID, MONITOR_NONE},
    {"", UID, "", 0, UID, MONITOR_NONE},
    {"x) S 20 (sshd", UID, "sshd", 0, UID, MONITOR_NONE},
    {"sshd", UID + 1, "sshd", 0, UID, MONITOR_NONE},
    {"sshd", 0, "sshd", 0, UID, MONITOR_NONE},
    {"sshd", 0, "sshd", 0, 0, MONITOR_NONE},

    /* Hidden. */
    {NULL, 0, "sshd", 0, UID, MONITOR_NONE},
    {"sshd", UID, NULL, 0, UID, MONITOR_NONE},

    /* Another parent, who took it over. */
    {"sshd", UID, "systemd", 0, UID, MONITOR_GONE},
    {"sshd", UID, "sshd", UID, UID, MONITOR_GONE},
    {"sshd-session", UID, "sshd", 0, UID, MONITOR_GONE},
};

START_TEST(is_found)
{
	process(20, cases[_i].monitor, 10, cases[_i].monitor_uid);
	process(30, cases[_i].child, 20, cases[_i].child_uid);
	ck_assert_int_eq(
	    monitor_find(dir, 30, (uid_t)cases[_i].uid), cases[_i].found);
}
END_TEST

/* Shells of the user's stay in between, and no more than a few. */
START_TEST(shells_wait)
{
	process(20, "sshd", 10, 0);
	process(30, "sshd", 20, UID);
	process(31, "sh", 30, UID);
	process(32, "jump-shell", 31, UID);
	process(33, "ssh", 32, UID);
	process(34, "sh", 33, UID);
	ck_assert_int_eq(monitor_find(dir, 31, UID), 20);
	ck_assert_int_eq(monitor_find(dir, 33, UID), 20);
	process(35, "jump-connect", 34, UID);
	process(36, "sh", 35, UID);
	ck_assert_int_eq(monitor_find(dir, 35, UID), 20);
	ck_assert_int_eq(monitor_find(dir, 36, UID), MONITOR_NONE);
	process(31, "sh", 30, 0);
	ck_assert_int_eq(monitor_find(dir, 31, UID), MONITOR_NONE);
	ck_assert_int_eq(monitor_find(dir, 32, UID), MONITOR_NONE);
}
END_TEST

/*
 * Three processes, as of a login.  The third reports that all are there, and
 * when it may go on, what it finds: watched, gone or none; and the end.
 */
static void
session(int report, int go)
{
	struct pollfd p = {.events = POLLIN};
	char byte;

	if (write(report, "r", 1) != 1 || read(go, &byte, 1) != 1)
		_exit(1);
	p.fd = monitor_open("/proc");
	byte = p.fd == MONITOR_GONE ? 'g' : p.fd == MONITOR_NONE ? 'n' : 'w';
	if (p.fd >= 0 &&
	    ((fcntl(p.fd, F_GETFD) & FD_CLOEXEC) == 0 || poll(&p, 1, 0) != 0))
		_exit(1);
	if (write(report, &byte, 1) != 1 || p.fd < 0)
		_exit(1);
	byte = poll(&p, 1, 20000) == 1 ? 'e' : 't';
	_exit(write(report, &byte, 1) != 1);
}

static void
child(const char *name, int report, int go)
{
	pid_t pid;

	if (prctl(PR_SET_NAME, name) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1)
		_exit(1);
	pid = fork();
	if (pid == 0)
		session(report, go);
	waitpid(pid, NULL, 0);
	_exit(0);
}

static char
told(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	ck_assert_int_eq(poll(&p, 1, 20000), 1);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	return byte;
}

/* The monitor, and the other ends of the session's pipes. */
static pid_t
login(const char *name, int *report, int *go)
{
	int a[2], b[2];
	pid_t pid;

	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NAME, name) == -1)
			_exit(1);
		if (fork() == 0)
			child(name, a[1], b[0]);
		pause();
		_exit(0);
	}
	close(a[1]);
	close(b[0]);
	*report = a[0];
	*go = b[1];
	ck_assert_int_eq(told(a[0]), 'r');
	return pid;
}

static void
end(pid_t monitor)
{
	ck_assert_int_eq(kill(monitor, SIGKILL), 0);
	ck_assert_int_eq(waitpid(monitor, NULL, 0), monitor);
}

START_TEST(its_end_is_seen)
{
	static const char *const names[] = {"sshd", "sshd-session"};
	int report, go;
	pid_t monitor;

	if (geteuid() != 0)
		return;
	monitor = login(names[_i], &report, &go);
	ck_assert_int_eq(write(go, "x", 1), 1);
	ck_assert_int_eq(told(report), 'w');
	end(monitor);
	ck_assert_int_eq(told(report), 'e');
}
END_TEST

START_TEST(it_has_ended_before)
{
	int report, go;
	pid_t monitor;

	if (geteuid() != 0)
		return;
	monitor = login("sshd", &report, &go);
	end(monitor);
	ck_assert_int_eq(write(go, "x", 1), 1);
	ck_assert_int_eq(told(report), 'g');
}
END_TEST

START_TEST(there_is_no_login)
{
	int report, go;
	pid_t monitor;

	if (geteuid() != 0)
		return;
	monitor = login("bash", &report, &go);
	ck_assert_int_eq(write(go, "x", 1), 1);
	ck_assert_int_eq(told(report), 'n');
	end(monitor);
}
END_TEST

static uint64_t
started(pid_t pid)
{
	struct procfs_process p;

	ck_assert_int_eq(procfs_read("/proc", pid, &p), 0);
	return p.started;
}

/* Who is held is the child of that very monitor, and of that user. */
START_TEST(a_login_is_held)
{
	struct pollfd p = {.events = POLLIN};
	struct procfs_process child;
	int report, go;
	pid_t monitor, pid;
	uint64_t since;

	if (geteuid() != 0)
		return;
	monitor = login("sshd-session", &report, &go);
	since = started(monitor);
	ck_assert_int_eq(
	    monitor_hold("/proc", monitor, since + 1, NOBODY, &pid), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(
	    monitor_hold("/proc", monitor, since, NOBODY + 1, &pid), -1);
	ck_assert_int_eq(
	    monitor_hold("/proc", getpid(), started(getpid()), 0, &pid), -1);
	p.fd = monitor_hold("/proc", monitor, since, NOBODY, &pid);
	ck_assert_int_ge(p.fd, 0);
	ck_assert_int_ne(fcntl(p.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(procfs_read("/proc", pid, &child), 0);
	ck_assert_int_eq(child.parent, monitor);
	ck_assert_int_eq(child.uid, NOBODY);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(poll(&p, 1, 20000), 1);
	close(p.fd);
	end(monitor);
	ck_assert_int_eq(
	    monitor_hold("/proc", monitor, since, NOBODY, &pid), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("monitor");
	TCase *found = tcase_create("found"), *live = tcase_create("live");

	tcase_add_checked_fixture(found, setup, teardown);
	tcase_add_loop_test(found, is_found, 0, COUNT(cases));
	tcase_add_test(found, shells_wait);
	tcase_add_loop_test(live, its_end_is_seen, 0, 2);
	tcase_add_test(live, it_has_ended_before);
	tcase_add_test(live, there_is_no_login);
	tcase_add_test(live, a_login_is_held);
	suite_add_tcase(s, found);
	suite_add_tcase(s, live);
	return unit_run(s);
}
