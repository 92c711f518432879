/* SPDX-License-Identifier: ISC */
/* Notifications: how they are left, what is believed, and their program. */
#include "../../jumpctl/notify.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>

#include "unit.h"

enum { ALICE = 2001, BOB = 2002, GATE = 990, GROUP = 990, NOBODY = 65534 };

static char folder[64];
static int dir, all;
static rlim_t room = RLIM_INFINITY; /* of a file that is left */

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "%s/notify.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chown(folder, 0, GROUP), 0);
	ck_assert_int_eq(chmod(folder, 03733), 0);
	ck_assert_int_eq(chdir(folder), 0);
	dir = notice_open(folder);
	ck_assert_int_ne(dir, -1);
	all = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
tear_down(void)
{
	char command[128];

	close(dir);
	close(all);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

#define LINE(uid)                                                              \
	"{\"@timestamp\":\"2026-11-20T16:02:11.042Z\",\"event.action\":"       \
	"\"open\","                                                            \
	"\"event.outcome\":\"success\",\"user.name\":\"alice\","               \
	"\"user.id\":\"" uid "\",\"destination.address\":\"db1\"}"

/* Leave lines as a user would: in a process of that uid; errno, or 0. */
static int
leave(uid_t uid, uid_t about, const char *line, int times)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit most = {room, room};
		int error = 0;

		setrlimit(RLIMIT_FSIZE, &most);
		signal(SIGXFSZ, SIG_IGN);
		if (setgid(uid) == -1 || setuid(uid) == -1)
			_exit(255);
		while (error == 0 && times-- > 0) {
			if (notice_leave(dir, about, line, strlen(line)) == -1)
				error = errno;
		}
		_exit(error);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static size_t
waiting(time_t now)
{
	struct events e;
	size_t n;

	ck_assert_int_eq(events_list(&e, all, now), 0);
	n = e.n;
	events_free(&e);
	return n;
}

/* The only one. */
static struct event
only(void)
{
	struct events list;
	struct event e;

	ck_assert_int_eq(events_list(&list, all, 0), 0);
	ck_assert_uint_eq(list.n, 1);
	e = list.list[0];
	events_free(&list);
	return e;
}

START_TEST(left_and_read)
{
	struct event_text t;
	struct event e;

	umask(0777);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), 0);
	umask(022);
	e = only();
	ck_assert_uint_eq(e.uid, ALICE);
	ck_assert_int_eq(event_read(&t, all, &e, GATE), 0);
	ck_assert_uint_eq(t.size, strlen(LINE("2001")) + 1);
	ck_assert_int_eq(memcmp(t.line, LINE("2001") "\n", t.size), 0);
	ck_assert_str_eq(t.record.field[RF_USER], "alice");
	ck_assert_str_eq(t.record.field[RF_ADDRESS], "db1");
	ck_assert_int_eq(t.time, 1795190531);
	ck_assert_int_eq(unlinkat(all, e.name, 0), 0);
	ck_assert_int_eq(event_read(&t, all, &e, GATE), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(bounded_for_each)
{
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), NOTICE_PLACES), 0);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), EUSERS);
	ck_assert_int_eq(leave(GATE, ALICE, LINE("2001"), 1), EUSERS);
	ck_assert_uint_eq(waiting(0), NOTICE_PLACES);
	ck_assert_int_eq(leave(BOB, BOB, LINE("2002"), 1), 0);
	ck_assert_int_eq(unlink("2001.77"), 0);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), 0);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), EUSERS);
}
END_TEST

/* Many at once lose none, and take no place twice. */
START_TEST(at_once)
{
	enum { N = 32, EACH = 20 };

	for (int i = 0; i < N; i++) {
		if (fork() == 0)
			_exit(leave(ALICE, ALICE, LINE("2001"), EACH));
	}
	for (int i = 0; i < N; i++) {
		int status;

		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(waiting(0), N * EACH);
}
END_TEST

/* What is not whole is not there, and goes when its writer must be dead. */
START_TEST(unfinished)
{
	time_t now = time(NULL);
	int fd = open(".2001.5", O_WRONLY | O_CREAT, 0600);

	close(fd);
	ck_assert_uint_eq(waiting(now), 0);
	ck_assert_int_eq(access(".2001.5", F_OK), 0);
	ck_assert_int_eq(
	    leave(ALICE, ALICE, LINE("2001"), NOTICE_PLACES - 1), 0);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), EUSERS);
	waiting(now + 62);
	ck_assert_int_eq(access(".2001.5", F_OK), -1);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), 0);
}
END_TEST

START_TEST(no_room)
{
	room = 20;
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), ENOSPC);
	room = 0;
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), EFBIG);
	ck_assert_uint_eq(waiting(0), 0);
	ck_assert_int_eq(system("[ -z \"$(ls -A)\" ]"), 0);
	room = RLIM_INFINITY;
	chmod(folder, 03700);
	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), EACCES);
}
END_TEST

static const struct {
	const char *name;
	bool ours, whole;
	uid_t uid;
} names[] = {
    {"2001.0", true, true, 2001},
    {"2001.1023", true, true, 2001},
    {".2001.7", true, false, 2001},
    {"4294967294.1", true, true, 4294967294},
    {"2001.1024", false, true, 0},
    {"2001", false, true, 0},
    {"2001.", false, true, 0},
    {"2001.01", false, true, 0},
    {"02001.1", false, true, 0},
    {"+2001.1", false, true, 0},
    {" 2001.1", false, true, 0},
    {"-1.1", false, true, 0},
    {"4294969297.1", false, true, 0},
    {"2001.1.", false, true, 0},
    {"2001.1 ", false, true, 0},
    {"..2001.1", false, true, 0},
    {".", false, true, 0},
    {"..", false, true, 0},
    {"", false, true, 0},
};

START_TEST(name)
{
	bool whole;
	uid_t uid;

	ck_assert(notice_name(names[_i].name, &uid, &whole) == names[_i].ours);
	if (names[_i].ours) {
		ck_assert(whole == names[_i].whole);
		ck_assert_uint_eq(uid, names[_i].uid);
	}
}
END_TEST

/*
 * What is not believed.  Each is made by a command, as root, in the folder, of
 * the file 2001.1 that alice has left as she should.
 */
static const struct {
	const char *command;
	bool good;
} odd[] = {
    {":", true},
    {"chown 990 2001.1", true}, /* the gate's */
    {"chown 2002 2001.1", false},
    {"chown 0 2001.1", false},
    {"chgrp 2001 2001.1", false},
    {"chgrp 0 2001.1", false},
    {"chmod 640 2001.1", false},
    {"chmod 4600 2001.1", false},
    {"ln 2001.1 ../notify-link; rm ../notify-link", true},
    {"ln 2001.1 link", false},
    {"mv 2001.1 x; ln -s x 2001.1", false},
    {"rm 2001.1; ln -s /etc/passwd 2001.1", false},
    {"rm 2001.1; mkfifo -m 600 2001.1; chown 2001:990 2001.1", false},
    {"rm 2001.1; mkdir -m 600 2001.1; chown 2001:990 2001.1", false},
    {"head -c 3000 /dev/zero | tr '\\0' ' ' >>2001.1", false},
    {": >2001.1", false},
    {"echo >2001.1", false},
    {"truncate -s -1 2001.1", false}, /* its newline */
    {"truncate -s 100 2001.1", false},
    {"truncate -s +1 2001.1", false},
    {"echo x >>2001.1", false},
    {"cat 2001.1 2001.1 >x; cat x >2001.1", false},
    {"sed -i.o s/2001/2002/ 2001.1; cat 2001.1 >2001.1.o; mv 2001.1.o 2001.1",
	false},
    {"sed s/2001/02001/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/user.id/user.ix/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/user.name/user.names/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/alice/al\\\\\\\\u000aice/ 2001.1 >x; cat x >2001.1", true},
    {"sed s/alice/al\\\\tice/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/alice/al\\\\xffice/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/alice/al\\\\x7fice/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/11.042Z/11/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/@timestamp/@timestomp/ 2001.1 >x; cat x >2001.1", false},
    {"sed s/2026-11/2026-x/ 2001.1 >x; cat x >2001.1", false},
    {"sed 's/}/]/' 2001.1 >x; cat x >2001.1", false},
    {"sed 's/,/,\"user.id\":\"2001\",/' 2001.1 >x; cat x >2001.1", false},
};

START_TEST(believed)
{
	struct event_text t;
	struct event e = {.name = "2001.1", .uid = ALICE};
	char left[NOTICE_NAME];

	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), 0);
	strcpy(left, only().name);
	ck_assert_int_eq(rename(left, "2001.1"), 0);
	/* With fs.protected_regular, `>' opens nobody else's in a sticky one. */
	ck_assert_int_eq(chmod(folder, 02733), 0);
	ck_assert_int_eq(system(odd[_i].command), 0);
	ck_assert_int_eq(chmod(folder, 03733), 0);
	errno = 0;
	ck_assert_int_eq(event_read(&t, all, &e, GATE), odd[_i].good ? 0 : -1);
	if (!odd[_i].good)
		ck_assert_int_eq(errno, EBADMSG);
}
END_TEST

START_TEST(names_that_are_none)
{
	struct events e;

	ck_assert_int_eq(system("touch x 2001.5000 readme; mkdir d"), 0);
	ck_assert_int_eq(events_list(&e, all, 0), 0);
	ck_assert_uint_eq(e.n, 0);
	ck_assert_uint_eq(e.odd, 4);
	events_free(&e);
}
END_TEST

/* After so many seconds, it waits for so many more. */
static const struct {
	time_t age, pause;
} pauses[] = {{0, 30}, {29, 30}, {31, 31}, {600, 600}, {3599, 3599},
    {3601, 3600}, {86400, 3600}, {-500, 30}};

START_TEST(pause_grows)
{
	struct event e;
	time_t now = 1800000000;

	ck_assert_int_eq(leave(ALICE, ALICE, LINE("2001"), 1), 0);
	e = only();
	ck_assert_int_eq(event_postpone(all, &e, now - pauses[_i].age, now), 0);
	ck_assert_int_eq(only().due.tv_sec, now + pauses[_i].pause);
}
END_TEST

/* Who waits the longest is the first. */
START_TEST(in_order)
{
	struct events e;

	for (int i = 0; i < 5; i++) {
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
		    {.tv_sec = 1000 - i * 7 % 5, .tv_nsec = i}};
		char path[16];

		snprintf(path, sizeof(path), "2001.%d", i);
		close(open(path, O_WRONLY | O_CREAT, 0600));
		ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	ck_assert_int_eq(events_list(&e, all, 0), 0);
	ck_assert_uint_eq(e.n, 5);
	for (size_t i = 1; i < e.n; i++)
		ck_assert_int_lt(
		    e.list[i - 1].due.tv_sec, e.list[i].due.tv_sec);
	events_free(&e);
}
END_TEST

/* Nobody's many, though they wait longer, come before another's first. */
START_TEST(in_turn)
{
	static const uid_t uids[] = {2001, 2002, 2001, 2002, 2001, 2001};
	struct events e;

	for (int i = 0; i < 6; i++) {
		bool late = i > 3;
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
		    {.tv_sec = late ? 2000 + i : 10 + i}};
		char path[16];

		snprintf(path, sizeof(path), "%d.%d", late ? 2002 : 2001, i);
		close(open(path, O_WRONLY | O_CREAT, 0600));
		ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	ck_assert_int_eq(events_list(&e, all, 0), 0);
	ck_assert_uint_eq(e.n, 6);
	for (size_t i = 0; i < e.n; i++)
		ck_assert_uint_eq(e.list[i].uid, uids[i]);
	ck_assert_int_eq(e.list[0].due.tv_sec, 10);
	ck_assert_int_eq(e.list[1].due.tv_sec, 2004);
	events_free(&e);
}
END_TEST

/*
 * The program.
 */
static struct run_result
run_as(uid_t uid, const char *script, int ms)
{
	const char *arguments[] = {"alice", "db1", NULL};
	struct run run = {
	    .path = "/the/path", .uid = uid, .gid = uid, .ms = ms};
	struct run_result result;
	FILE *f = fopen("script", "w");

	fprintf(f, "#!/bin/sh\n%s\n", script);
	ck_assert_int_eq(fchmod(fileno(f), 0755), 0);
	fclose(f);
	chmod(folder, 0777);
	run.program = open("script", O_PATH | O_CLOEXEC);
	notify_run(&run, arguments, "{the event}\n", 12, &result);
	close(run.program);
	return result;
}

static const struct {
	const char *script, *reason, *said;
} programs[] = {
    {"exit 0", "", ""},
    {"exit 75", "exit status 75", ""},
    {"kill -9 $$", "signal 9", ""},
    {"kill -15 $$", "signal 15", ""},
    {"cat", "", "{the event}"},
    {"[ \"$(cat)\" = '{the event}' ]", "", ""},
    {"exec <&-; exit 0", "", ""},
    {"[ \"$1 $2 $#\" = 'alice db1 2' ]", "", ""},
    {"echo one; echo two >&2; exit 1", "exit status 1", "one"},
    {"echo two >&2; echo one; exit 1", "exit status 1", "two"},
    {"[ \"$(id -u) $(id -g) $(id -G)\" = '65534 65534 65534' ]", "", ""},
    {"grep -q '^Groups:[[:space:]]*$' /proc/self/status", "", ""},
    {"grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status", "", ""},
    {"[ \"$(env | grep -v '^_=\\|^PWD=\\|^OLDPWD=\\|^SHLVL=')\" = "
     "PATH=/usr/sbin:/usr/bin:/sbin:/bin ]",
	"", ""},
    {"[ \"$(pwd)\" = / ] && [ \"$(umask)\" = 0077 ]", "", ""},
    {"[ \"$(ulimit -c)\" = 0 ]", "", ""},
    /* 3 is the script, and 10 the shell's. */
    {"ls -m /proc/$$/fd", "", "0, 1, 10, 2, 3"},
    {"ps -o sid= $$ | grep -q $$", "", ""},
    {"sleep 100", "no end in 1 s", ""},
    {"trap '' TERM HUP; echo asleep; sleep 100", "no end in 1 s", "asleep"},
    {"sleep 100 & exit 0", "", ""},
    {"exec yes", "signal 13", "y"},
    {"yes | head -c 60000; exit 0", "", "y"},
    {"head -c 300 /dev/zero | tr '\\0' x; exit 1", "exit status 1",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
};

START_TEST(program)
{
	struct run_result r;

	setenv("SECRET", "of root", 1);
	ck_assert_int_eq(setgroups(1, (gid_t[]){GROUP}), 0);
	ck_assert_int_eq(
	    setrlimit(RLIMIT_CORE, &(struct rlimit){4096, 4096}), 0);
	signal(SIGPIPE, SIG_IGN);
	r = run_as(NOBODY, programs[_i].script, 1000);
	ck_assert_str_eq(r.reason, programs[_i].reason);
	ck_assert_str_eq(r.said, programs[_i].said);
}
END_TEST

static bool
lives(const char *file)
{
	char text[16] = "";
	FILE *f = fopen(file, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	fclose(f);
	return kill(atoi(text), 0) == 0;
}

/* What it leaves running goes on if it has done its work, and not else. */
START_TEST(what_it_leaves)
{
	char text[16] = "", script[256];
	FILE *f;

	snprintf(script, sizeof(script), "sleep 60 & echo $! >%s/good; exit 0",
	    folder);
	ck_assert_str_eq(run_as(NOBODY, script, 5000).reason, "");
	snprintf(script, sizeof(script), "sleep 60 & echo $! >%s/bad; exit 1",
	    folder);
	ck_assert_str_eq(run_as(NOBODY, script, 5000).reason, "exit status 1");
	for (int i = 0; i < 100 && lives("bad"); i++)
		usleep(20000);
	ck_assert(!lives("bad"));
	ck_assert(lives("good"));
	f = fopen("good", "r");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	fclose(f);
	kill(atoi(text), SIGKILL);
}
END_TEST

START_TEST(no_program)
{
	const char *arguments[] = {NULL};
	struct run run = {.program = open("/", O_PATH | O_CLOEXEC),
	    .path = "/x",
	    .uid = NOBODY,
	    .gid = NOBODY,
	    .ms = 1000};
	static char big[PIPE_BUF + 1];
	struct run_result r;

	notify_run(&run, arguments, "x", 1, &r);
	ck_assert_str_eq(r.reason, "exit status 127");
	notify_run(&run, arguments, big, sizeof(big), &r);
	ck_assert_str_eq(r.reason, "cannot be run");
	close(run.program);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("left");

	if (geteuid() != 0) {
		puts("skipped: only root has several uids");
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, left_and_read);
	tcase_add_test(t, bounded_for_each);
	tcase_add_test(t, at_once);
	tcase_add_test(t, unfinished);
	tcase_add_test(t, no_room);
	tcase_add_loop_test(t, name, 0, COUNT(names));
	tcase_add_loop_test(t, believed, 0, COUNT(odd));
	tcase_add_test(t, names_that_are_none);
	tcase_add_loop_test(t, pause_grows, 0, COUNT(pauses));
	tcase_add_test(t, in_order);
	tcase_add_test(t, in_turn);
	tcase_add_loop_test(t, program, 0, COUNT(programs));
	tcase_add_test(t, what_it_leaves);
	tcase_add_test(t, no_program);
	suite_add_tcase(s, t);
	return unit_run(s);
}
