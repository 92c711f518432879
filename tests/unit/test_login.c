/* SPDX-License-Identifier: ISC */
/* Notes about logins: what is read back, and what is not believed. */
#include "login.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>

#include "unit.h"

static char dir[64];
static struct login_note note;
static char *line;

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/login.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *
file(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Clock ticks since boot, now and so many seconds later. */
static uint64_t
ticks(int64_t later)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)((now.tv_sec + later) * sysconf(_SC_CLK_TCK));
}

static void
make(pid_t pid, const char *user)
{
	struct login_note n = {.uid = 7, .time = 1, .mfa = 1};
	int fd = login_open(dir, pid);

	ck_assert_int_ne(fd, -1);
	strcpy(n.user, user);
	strcpy(n.key, "SHA256:x");
	strcpy(n.policy, "0123456789abcdef");
	ck_assert_int_eq(login_write(fd, &n, user, strlen(user)), 0);
	close(fd);
}

static int
get(pid_t pid, uint64_t started)
{
	int result;

	free(line);
	line = NULL;
	result = login_read(dir, geteuid(), pid, started, &note, &line);
	ck_assert(result == 0 || line == NULL);
	return result;
}

START_TEST(is_read_back)
{
	make(1234, "alice");
	make(1234, "bob"); /* the later one stays */
	ck_assert_int_eq(get(1234, ticks(0)), 0);
	ck_assert_str_eq(note.user, "bob");
	ck_assert_str_eq(line, "bob");
	ck_assert_str_eq(note.key, "SHA256:x");
	ck_assert_str_eq(note.policy, "0123456789abcdef");
	ck_assert_uint_eq(note.uid, 7);
	ck_assert_int_eq(note.time, 1);
	ck_assert_uint_eq(note.mfa, 1);
	ck_assert_int_eq(get(1235, ticks(0)), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(is_of_this_process)
{
	make(1234, "alice");
	ck_assert_int_eq(get(1234, ticks(10)), -1);
	ck_assert_int_eq(errno, ESTALE);
	ck_assert_int_eq(get(1234, 0), 0);
}
END_TEST

/* Written before an upgrade: nobody's login ends for it. */
START_TEST(the_version_before_is_read)
{
	struct login_note n = {.uid = 7, .device = LOGIN_LISTENS};
	int fd = login_open(dir, 1234);

	snprintf(n.user, sizeof(n.user), "alice");
	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	close(fd);
	ck_assert_int_eq(get(1234, 0), 0);
	ck_assert_int_eq(note.device, LOGIN_LISTENS);
	fd = open(file("1234"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "LOG2", 4, 0), 4);
	close(fd);
	ck_assert_int_eq(get(1234, 0), 0);
	ck_assert_str_eq(note.user, "alice");
	ck_assert_int_eq(note.device, LOGIN_NO_DEVICE);
}
END_TEST

/* Asked about, and refused: nobody, not the one before. */
START_TEST(empty_is_nobody)
{
	make(1234, "alice");
	close(login_open(dir, 1234));
	ck_assert_int_eq(get(1234, 0), -1);
	ck_assert_int_eq(errno, ENODATA);
}
END_TEST

/* Before it is opened again, and whole, somebody is at it. */
START_TEST(locked_is_undecided)
{
	struct login_note n = {.uid = 7};
	int fd;

	make(1234, "alice");
	fd = login_open(dir, 1234);
	ck_assert_int_eq(get(1234, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	ck_assert_int_eq(get(1234, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
	ck_assert_int_eq(get(1234, 0), 0);
	ck_assert_str_eq(line, "x");
}
END_TEST

/* Who opened it before may be about to answer by what was in force before. */
START_TEST(opened_after)
{
	struct login_note n = {.uid = 7};
	struct timespec before, tick = {.tv_nsec = 20 * 1000 * 1000}, after;
	int fd;

	clock_gettime(CLOCK_REALTIME, &before);
	nanosleep(&tick, NULL);
	close(login_open(dir, 1234));
	nanosleep(&tick, NULL);
	clock_gettime(CLOCK_REALTIME, &after);
	ck_assert(login_opened_after(dir, 1234, &before));
	ck_assert(!login_opened_after(dir, 1234, &after));
	ck_assert(!login_opened_after(dir, 1235, &before));

	/* Again, though it was empty. */
	nanosleep(&tick, NULL);
	fd = login_open(dir, 1234);
	ck_assert(login_opened_after(dir, 1234, &after));

	/* What is written says nothing of when it was opened. */
	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	ck_assert(!login_opened_after(dir, 1234, &before));
	close(fd);
}
END_TEST

/* Who opens it waits for who reads it, and takes the file that is there. */
START_TEST(is_waited_for)
{
	int reader, status;
	struct stat st;
	pid_t writer;

	make(1234, "alice");
	reader = open(file("1234"), O_RDONLY);
	ck_assert_int_eq(flock(reader, LOCK_EX), 0);
	writer = fork();
	if (writer == 0) {
		close(reader);
		make(1234, "bob");
		_exit(0);
	}
	usleep(50000);
	ck_assert_int_eq(waitpid(writer, &status, WNOHANG), 0);
	ck_assert_int_eq(fstat(reader, &st), 0);
	ck_assert_int_ne(st.st_size, 0);
	ck_assert_int_eq(unlink(file("1234")), 0);
	close(reader);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(get(1234, 0), 0);
	ck_assert_str_eq(line, "bob");
}
END_TEST

/* Other programs of its owner's can change it, and are to end no login. */
START_TEST(mode_says_nothing)
{
	make(1234, "alice");
	ck_assert_int_eq(chmod(file("1234"), 0666), 0);
	ck_assert_int_eq(get(1234, 0), 0);
	ck_assert_int_eq(chmod(file("1234"), 0), 0);
	ck_assert_int_eq(get(1234, 0), 0);
}
END_TEST

static void
somebody_elses(void)
{
	ck_assert_int_eq(chown(file("1234"), 12345, (gid_t)-1), 0);
}

static void
linked(void)
{
	char other[96];

	strcpy(other, file("other"));
	ck_assert_int_eq(link(file("1234"), other), 0);
}

static void
symlinked(void)
{
	char other[96];

	strcpy(other, file("other"));
	ck_assert_int_eq(rename(file("1234"), other), 0);
	ck_assert_int_eq(symlink(other, file("1234")), 0);
}

static void
fifo(void)
{
	ck_assert_int_eq(unlink(file("1234")), 0);
	ck_assert_int_eq(mkfifo(file("1234"), 0600), 0);
}

static void
cut(void)
{
	ck_assert_int_eq(
	    truncate(file("1234"), (off_t)sizeof(note) - 1), 0);
}

/* Overwrite a part of it. */
static void
patch(size_t at, size_t size)
{
	static const char bytes[LOGIN_USER] = {
	    [0 ... LOGIN_USER - 1] = 'x'};
	int fd = open(file("1234"), O_WRONLY);

	ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)at), (ssize_t)size);
	close(fd);
}

static void
versioned(void)
{
	patch(0, 1);
}

static void
endless_user(void)
{
	patch(offsetof(struct login_note, user), LOGIN_USER);
}

static void
endless_key(void)
{
	patch(offsetof(struct login_note, key), LOGIN_KEY);
}

static void
endless_policy(void)
{
	patch(offsetof(struct login_note, policy), LOGIN_POLICY);
}

static void
cut_line(void)
{
	ck_assert_int_eq(
	    truncate(file("1234"), sizeof(struct login_note) + 4), 0);
}

static void
endless_line(void)
{
	patch(offsetof(struct login_note, size), sizeof(note.size));
}

static void
more(void)
{
	ck_assert_int_eq(
	    truncate(file("1234"), sizeof(struct login_note) + 6), 0);
}

static void (*const spoilt[])(void) = {somebody_elses, linked,
    symlinked, fifo, cut, versioned, endless_user, endless_key,
    endless_policy, cut_line, endless_line, more};

START_TEST(spoilt_is_not_believed)
{
	make(1234, "alice");
	spoilt[_i]();
	ck_assert_int_eq(get(1234, 0), -1);
}
END_TEST

/* Nor written into. */
START_TEST(spoilt_is_not_opened)
{
	static void (*const places[])(void) = {
	    somebody_elses, linked, symlinked, fifo};

	make(1234, "alice");
	places[_i]();
	ck_assert_int_eq(login_open(dir, 1234), -1);
}
END_TEST

START_TEST(dead_are_cleaned)
{
	pid_t gone = fork();

	ck_assert_int_ne(gone, -1);
	if (gone == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(gone, NULL, 0), gone);
	make(gone, "alice");
	make(getpid(), "bob");
	make(1, "carol"); /* whom not everybody may signal */
	close(open(file("x1"), O_CREAT | O_WRONLY, 0600));
	close(open(file("01"), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(login_clean(dir), 1);
	ck_assert_int_eq(get(gone, 0), -1);
	ck_assert_int_eq(get(getpid(), 0), 0);
	ck_assert_int_eq(get(1, 0), 0);
	ck_assert_int_eq(access(file("x1"), F_OK), 0);
	ck_assert_int_eq(access(file("01"), F_OK), 0);
}
END_TEST

START_TEST(all_are_listed)
{
	pid_t *list;
	int64_t sum = 0;

	ck_assert_int_eq(login_list(dir, &list), 0);
	free(list);
	for (pid_t pid = 1; pid <= 200; pid++)
		make(pid, "alice");
	close(open(file("x1"), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(login_list(dir, &list), 200);
	for (int i = 0; i < 200; i++)
		sum += list[i];
	ck_assert_int_eq(sum, 200 * 201 / 2);
	free(list);
}
END_TEST

/* By another process of the number, that has just begun. */
START_TEST(what_is_written_is_not_cleaned)
{
	pid_t gone = fork();
	int fd;

	if (gone == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(gone, NULL, 0), gone);
	fd = login_open(dir, gone);
	ck_assert_int_eq(login_clean(dir), 0);
	close(fd);
	ck_assert_int_eq(login_clean(dir), 1);
}
END_TEST

START_TEST(no_directory)
{
	pid_t *list;

	ck_assert_int_eq(login_list("/nonexistent", &list), -1);
	ck_assert_ptr_null(list);
	ck_assert_int_eq(login_open("/nonexistent", 1), -1);
	ck_assert_int_eq(login_read("/nonexistent", 0, 1, 0, &note, NULL), -1);
	ck_assert_int_eq(login_clean("/nonexistent"), -1);
}
END_TEST

/*
 * What it says of the second factor.
 */
static char told_key[LOGIN_KEY];

static enum login_mfa
factor(uid_t owner, uid_t uid, uint64_t started)
{
	int fd = login_find(dir, 1234);
	enum login_mfa mfa;

	if (fd == -1)
		return LOGIN_MFA_NONE;
	memset(told_key, 'x', sizeof(told_key));
	mfa = login_factor(fd, owner, uid, started, told_key);
	close(fd);
	return mfa;
}

START_TEST(factor_is_told)
{
	struct login_note n = {.uid = 7, .mfa = (uint8_t)_i,
	    .key = "SHA256:mine"};
	enum login_mfa want = _i == LOGIN_MFA_KEY || _i == LOGIN_MFA_STEP
	    ? (enum login_mfa)_i
	    : LOGIN_MFA_NONE;
	struct stat st;
	int fd = login_open(dir, 1234);

	ck_assert_int_eq(login_write(fd, &n, "x", 1), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640); /* for the group */
	ck_assert_int_eq(factor(geteuid(), 7, ticks(0)), want); /* no lock */
	close(fd);
	ck_assert_int_eq(factor(geteuid(), 7, ticks(0)), want);
	ck_assert_str_eq(told_key, "SHA256:mine");
	ck_assert_int_eq(factor(geteuid(), 8, ticks(0)), LOGIN_MFA_NONE);
	ck_assert_str_eq(told_key, "");
	ck_assert_int_eq(factor(geteuid() + 1, 7, ticks(0)), LOGIN_MFA_NONE);
	ck_assert_int_eq(factor(geteuid(), 7, ticks(10)), LOGIN_MFA_NONE);
	close(login_open(dir, 1234)); /* undecided */
	ck_assert_int_eq(factor(geteuid(), 7, ticks(0)), LOGIN_MFA_NONE);
}
END_TEST

/* One of which only the line is spoilt, cut or longer, tells it still. */
START_TEST(factor_of_spoilt)
{
	make(1234, "alice");
	ck_assert_int_eq(factor(geteuid(), 7, 0), LOGIN_MFA_KEY);
	spoilt[_i]();
	ck_assert_int_eq(factor(geteuid(), 7, 0),
	    spoilt[_i] == cut_line || spoilt[_i] == more ? LOGIN_MFA_KEY
							 : LOGIN_MFA_NONE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login");
	TCase *t = tcase_create("login");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_read_back);
	tcase_add_test(t, is_of_this_process);
	tcase_add_test(t, empty_is_nobody);
	tcase_add_test(t, the_version_before_is_read);
	tcase_add_test(t, locked_is_undecided);
	tcase_add_test(t, opened_after);
	tcase_add_test(t, mode_says_nothing);
	tcase_add_test(t, is_waited_for);
	tcase_add_loop_test(t, spoilt_is_not_believed, 0, COUNT(spoilt));
	tcase_add_loop_test(t, spoilt_is_not_opened, 0, 4);
	tcase_add_test(t, dead_are_cleaned);
	tcase_add_test(t, all_are_listed);
	tcase_add_test(t, what_is_written_is_not_cleaned);
	tcase_add_loop_test(t, factor_is_told, 0, 5);
	tcase_add_loop_test(t, factor_of_spoilt, 0, COUNT(spoilt));
	tcase_add_test(t, no_directory);
	suite_add_tcase(s, t);
	return unit_run(s);
}
