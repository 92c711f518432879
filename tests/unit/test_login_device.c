/* SPDX-License-Identifier: ISC */
/* The logins of a device: with a /proc made by hand. */
#include "login_device.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>

#include "unit.h"

enum { RTU = 1000, CHILD = 10000000, SSHD = 101 };

static char dir[64], proc[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/login.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(proc, sizeof(proc), "%s/proc.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(proc));
}

static void
teardown(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s %s", dir, proc);
	ck_assert_int_eq(system(command), 0);
}

static const char *
file(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
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
process(pid_t pid, pid_t parent, uid_t uid, pid_t child)
{
	char path[160], text[256];

	snprintf(path, sizeof(path), "mkdir -p %s/%d/task/%d", proc, (int)pid,
	    (int)pid);
	ck_assert_int_eq(system(path), 0);
	snprintf(text, sizeof(text),
	    "%d (sshd) S %d 1 1 0 -1 4194624 1 0 0 0 1 2 3 4 20 0 1 0 500 1\n",
	    (int)pid, (int)parent);
	put(pid, "stat", text);
	snprintf(text, sizeof(text), "Name:\tsshd\nUid:\t%u\t1\t2\t3\n", uid);
	put(pid, "status", text);
	snprintf(path, sizeof(path), "task/%d/children", (int)pid);
	snprintf(text, sizeof(text), "%d ", (int)child);
	put(pid, path, child == 0 ? "" : text);
}

static void
serve(pid_t monitor, uid_t uid)
{
	process(monitor, 1, 0, CHILD + monitor);
	process(CHILD + monitor, monitor, uid, 0);
}

/* What jump-authkeys does. */
static void
ask(pid_t monitor, const char *device, enum login_device may)
{
	struct login_note n = {.uid = RTU, .device = (uint8_t)may};
	int fd = login_open(dir, monitor);

	ck_assert_int_ne(fd, -1);
	snprintf(n.user, sizeof(n.user), "%s", device);
	snprintf(n.key, sizeof(n.key), "SHA256:x");
	ck_assert_int_eq(login_device_enter(dir, proc, device, monitor), 0);
	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	close(fd);
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

static struct login_live live[4];

static ssize_t
list(const char *device)
{
	return login_device_list(dir, proc, geteuid(), device, live, 4);
}

/* The other login that lives, or 0. */
static pid_t
lives(const char *device, pid_t except)
{
	struct login_live other;

	return login_device_lives(dir, proc, geteuid(), device, except, &other)
	    ? other.monitor
	    : 0;
}

START_TEST(who_is_served_lives)
{
	ck_assert_int_eq(list("rtu17"), 0);
	ask(getpid(), "rtu17", LOGIN_LISTENS);
	ck_assert_int_eq(list("rtu17"), 0); /* who has the public key can ask */
	process(getpid(), 1, 0, CHILD);
	process(CHILD, getpid(), SSHD, 0);
	ck_assert_int_eq(list("rtu17"), 0);
	serve(getpid(), RTU);
	ck_assert_int_eq(list("rtu17"), 1);
	ck_assert_int_eq(live[0].monitor, getpid());
	ck_assert_int_eq((int)live[0].started, 500);
	ck_assert_str_eq(live[0].note.user, "rtu17");
	ck_assert_int_eq(live[0].note.device, LOGIN_LISTENS);
	ck_assert_int_eq(list("rtu18"), 0);
	ck_assert_int_eq(lives("rtu17", 0), getpid());
	ck_assert_int_eq(lives("rtu17", getpid()), 0);
	ck_assert_int_eq(lives("rtu17", 1), getpid());
	serve(getpid(), RTU + 1); /* that number is another account's now */
	ck_assert_int_eq(list("rtu17"), 0);
}
END_TEST

START_TEST(the_oldest_is_first)
{
	ask(getppid(), "rtu17", LOGIN_LISTENS); /* and again, later */
	ask(1, "rtu17", LOGIN_LISTENS);
	usleep(2000);
	ask(getpid(), "rtu17", LOGIN_MUTE);
	usleep(2000);
	ask(getppid(), "rtu17", LOGIN_MUTE);
	serve(1, RTU);
	serve(getpid(), RTU);
	serve(getppid(), RTU);
	ck_assert_int_eq(list("rtu17"), 3);
	ck_assert_int_eq(live[0].monitor, 1);
	ck_assert_int_eq(live[1].monitor, getpid());
	ck_assert_int_eq(live[1].note.device, LOGIN_MUTE);
	ck_assert_int_eq(live[2].monitor, getppid());
	ck_assert_int_eq(lives("rtu17", 1), getpid());
	ck_assert_int_eq(lives("rtu17", getpid()), 1);
	ck_assert_int_eq(
	    login_device_list(dir, proc, geteuid(), "rtu17", live, 1), 3);
	ck_assert_int_eq(
	    login_device_list(dir, proc, geteuid(), "rtu17", NULL, 0), 3);
}
END_TEST

/* The note decides: not a user's, not another device's, nobody else's. */
START_TEST(the_note_decides)
{
	ask(getpid(), "rtu17", LOGIN_LISTENS);
	serve(getpid(), RTU);
	ck_assert_int_eq(list("rtu17"), 1);
	ask(getpid(), "rtu18", LOGIN_LISTENS);
	ck_assert_int_eq(list("rtu17"), 0);
	ck_assert_int_eq(list("rtu18"), 1);
	ask(getpid(), "rtu17", LOGIN_NO_DEVICE);
	ck_assert_int_eq(list("rtu17"), 0);
	ask(getpid(), "rtu17", LOGIN_LISTENS);
	close(login_open(dir, getpid()));
	ck_assert_int_eq(list("rtu17"), 0);
	unlink(file("device.rtu17"));
	ck_assert_int_eq(list("rtu17"), 0);
}
END_TEST

static off_t
size_of(const char *name)
{
	struct stat st;

	return stat(file(name), &st) == 0 ? st.st_size : -1;
}

START_TEST(places_are_used_again)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    login_device_enter(dir, proc, "rtu17", getpid()), 0);
		ck_assert_int_eq(
		    login_device_enter(dir, proc, "rtu17", dead()), 0);
	}
	ck_assert_int_eq(size_of("device.rtu17"), 2 * sizeof(int32_t));
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu17", 1), 0);
	ck_assert_int_eq(size_of("device.rtu17"), 2 * sizeof(int32_t));
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu17", getppid()), 0);
	ck_assert_int_eq(size_of("device.rtu17"), 3 * sizeof(int32_t));
}
END_TEST

/* A table of processes that serve nobody, but for one. */
static void
fill(pid_t pid, size_t at, pid_t that)
{
	int32_t pids[LOGIN_DEVICE_SLOTS];
	int fd = open(file("device.rtu17"), O_WRONLY | O_CREAT, 0640);

	for (size_t i = 0; i < LOGIN_DEVICE_SLOTS; i++)
		pids[i] = i == at ? that : pid;
	ck_assert_int_eq(write(fd, pids, sizeof(pids)), sizeof(pids));
	close(fd);
}

/* Whoever merely offers the key pushes nobody out who serves. */
START_TEST(who_serves_stays)
{
	size_t at = (size_t)getppid() % LOGIN_DEVICE_SLOTS;

	ask(getpid(), "rtu17", LOGIN_LISTENS);
	serve(getpid(), RTU);
	fill(1, at, getpid());
	ck_assert_int_eq(list("rtu17"), 1);
	ask(getppid(), "rtu17", LOGIN_LISTENS);
	ck_assert_int_eq(list("rtu17"), 1);
	serve(getppid(), RTU);
	ck_assert_int_eq(list("rtu17"), 2);
	ck_assert_int_eq(
	    size_of("device.rtu17"), LOGIN_DEVICE_SLOTS * sizeof(int32_t));
	fill(getpid(), 0, getpid());
	errno = 0;
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu17", getppid()), -1);
	ck_assert_int_eq(errno, EUSERS);
}
END_TEST

START_TEST(only_the_owners_counts)
{
	ask(getpid(), "rtu17", LOGIN_LISTENS);
	serve(getpid(), RTU);
	ck_assert_int_eq(
	    login_device_list(dir, proc, geteuid() + 1, "rtu17", live, 4), -1);
	unlink(file("device.rtu17"));
	ck_assert_int_eq(symlink("/dev/null", file("device.rtu17")), 0);
	ck_assert_int_eq(list("rtu17"), -1);
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu17", getpid()), -1);
	ck_assert_int_eq(login_device_enter(dir, proc, "a/b", getpid()), -1);
	ck_assert_int_eq(
	    login_device_enter("/nonexistent", proc, "a", getpid()), -1);
}
END_TEST

START_TEST(what_is_dead_is_cleaned)
{
	pid_t gone = dead();

	ck_assert_int_eq(login_device_enter(dir, proc, "rtu17", gone), 0);
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu18", gone), 0);
	ck_assert_int_eq(login_device_enter(dir, proc, "rtu18", getpid()), 0);
	close(open(file("x"), O_WRONLY | O_CREAT, 0600));
	ck_assert_int_eq(login_clean(dir), 1);
	ck_assert_int_eq(access(file("device.rtu17"), F_OK), -1);
	ck_assert_int_eq(access(file("device.rtu18"), F_OK), 0);
	ck_assert_int_eq(access(file("x"), F_OK), 0);
}
END_TEST

/* Not for each login. */
START_TEST(cleaning_has_its_times)
{
	struct timespec times[2] = {{0}};

	for (int i = 0; i < 2; i++) {
		close(login_open(dir, dead()));
		ck_assert_int_eq(login_clean_at_times(dir), i == 0);
	}
	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec -= LOGIN_CLEAN_SECONDS;
	ck_assert_int_eq(utimensat(AT_FDCWD, file(".cleaned"), times, 0), 0);
	ck_assert_int_eq(login_clean_at_times(dir), 1);
	times[1].tv_sec += 1000; /* the clock was set back */
	ck_assert_int_eq(utimensat(AT_FDCWD, file(".cleaned"), times, 0), 0);
	close(login_open(dir, dead()));
	ck_assert_int_eq(login_clean_at_times(dir), 1);
	ck_assert_int_eq(login_clean_at_times("/nonexistent"), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login_device");
	TCase *tc = tcase_create("login_device");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, who_is_served_lives);
	tcase_add_test(tc, the_oldest_is_first);
	tcase_add_test(tc, the_note_decides);
	tcase_add_test(tc, places_are_used_again);
	tcase_add_test(tc, who_serves_stays);
	tcase_add_test(tc, only_the_owners_counts);
	tcase_add_test(tc, what_is_dead_is_cleaned);
	tcase_add_test(tc, cleaning_has_its_times);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
