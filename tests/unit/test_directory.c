/* SPDX-License-Identifier: ISC */
/* jump-authkeys/directory.c: a child that may do as it likes. */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "../../jump-authkeys/directory.h"
#include "unit.h"

static char folder[64];

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "%s/jump-test.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	signal(SIGPIPE, SIG_IGN); /* as in jump-authkeys */
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Run a script about alice; it may use $1. */
static struct directory
run(const char *script, int ms)
{
	struct directory d;
	FILE *f = fopen("script", "w");

	fprintf(f, "#!/bin/sh\n%s\n", script);
	ck_assert_int_eq(fchmod(fileno(f), 0755), 0);
	fclose(f);
	directory_run(&d, open("script", O_PATH | O_CLOEXEC), "/the/path",
	    "alice", ms);
	return d;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A script, and what it said; or why it said nothing. */
static const struct {
	const char *script, *text, *reason;
} answers[] = {
    {"echo \"$1 $#\"", "alice 1\n", ""},
    {"printf %s \"$1\"", "alice", ""},
    {":", "", ""},
    {"cat", "", ""},
    {"echo lost >&2", "", ""},
    {"env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD='",
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n", ""},
    {"exec 3<&-; ls /proc/self/fd | tr -d '\\n'", "0123", ""},
    {"echo key; exit 3", "", "keys-from: exit status 3"},
    {"echo key; kill -9 $$", "", "keys-from: signal 9"},
    {"echo key; kill -PIPE $$; echo key", "", "keys-from: signal 13"},
    {"head -c 262144 /dev/zero", NULL, ""},
    {"head -c 262145 /dev/zero", "", "keys-from: too much output"},
    {"cat /dev/zero", "", "keys-from: too much output"},
};

START_TEST(answer_is)
{
	struct directory d = run(answers[_i].script, 20000);

	ck_assert_str_eq(d.reason, answers[_i].reason);
	if (answers[_i].text == NULL)
		ck_assert_uint_eq(d.size, DIRECTORY_BYTES_MAX);
	else
		ck_assert_uint_eq(d.size, strlen(answers[_i].text));
	if (answers[_i].text != NULL)
		ck_assert_mem_eq(d.text, answers[_i].text, d.size);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1); /* nobody is left */
	free(d.text);
}
END_TEST

/* Time is up, whatever it does, and whatever it said before. */
static const char *const slow[] = {
    "echo key; exec sleep 60",
    "echo key; exec >&-; exec sleep 60",
    "echo key; trap '' TERM INT HUP; sleep 60; sleep 60",
    "while :; do echo key; sleep 0.1; done",
    "while :; do :; done",
    "kill -STOP $$",
    "sleep 60 & wait",
};

START_TEST(time_is_up)
{
	double begin = seconds();
	struct directory d = run(slow[_i], 1000);

	ck_assert_str_eq(d.reason, "keys-from: no end in 1 s");
	ck_assert_uint_eq(d.size, 0);
	ck_assert(seconds() - begin > 0.99); /* it counts ms */
	ck_assert(seconds() - begin < 15); /* on a busy machine */
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	free(d.text);
}
END_TEST

/* A descendant that keeps the pipe does not keep us; it dies with its group. */
START_TEST(descendant_is_not_waited_for)
{
	double begin = seconds();
	struct directory d =
	    run("sleep 60 & echo $! >pid; echo key", 20000);
	pid_t pid = 0;
	FILE *f = fopen("pid", "r");

	ck_assert_str_eq(d.reason, "");
	ck_assert_uint_eq(d.size, 4);
	ck_assert(seconds() - begin < 15);
	ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++) {
		char path[64], state = 0;

		/* Init may take its time to reap it. */
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		f = fopen(path, "r");
		if (f != NULL && fscanf(f, "%*d %*s %c", &state) == 1 &&
		    state == 'Z')
			pid = 0x3fffffff;
		if (f != NULL)
			fclose(f);
		usleep(10000);
	}
	ck_assert_int_eq(kill(pid, 0), -1);
	free(d.text);
}
END_TEST

/* One that has left the group neither keeps us nor has our standard output. */
START_TEST(escaped_has_nothing_of_ours)
{
	struct directory d;
	struct stat ours, theirs;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], 77), 77);
	d = run("setsid sh -c 'ls -l /proc/self/fd >fds; "
		"while [ -e fds ] && ! [ -e done ]; do sleep 0.05; done' & "
		"until [ -s fds ]; do sleep 0.05; done; echo key",
	    20000);
	ck_assert_str_eq(d.reason, "");
	ck_assert_uint_eq(d.size, 4);
	close(open("done", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(fstat(ends[1], &ours), 0);
	close(ends[1]);
	close(77);
	/* The end of our pipe: nobody else has it. */
	ck_assert_int_eq(read(ends[0], &theirs, sizeof(theirs)), 0);
	free(d.text);
}
END_TEST

/* A program that is no script; one that cannot be run; none. */
START_TEST(program_is_run)
{
	struct directory d;
	int fd;

	directory_run(&d, open("/bin/echo", O_PATH | O_CLOEXEC), "echo",
	    "alice", 20000);
	ck_assert_str_eq(d.reason, "");
	ck_assert_uint_eq(d.size, 6);
	ck_assert_mem_eq(d.text, "alice\n", 6);
	free(d.text);
	fd = open("none", O_CREAT | O_RDWR | O_CLOEXEC, 0755);
	ck_assert_int_eq(write(fd, "\177ELF", 4), 4);
	directory_run(&d, fd, "none", "alice", 20000);
	ck_assert_str_eq(d.reason, "keys-from: exit status 127");
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	free(d.text);
	directory_ask(&d, "script", "alice");
	ck_assert_str_eq(d.reason,
	    "keys-from: not an executable file of root's alone");
	ck_assert_uint_eq(d.size, 0);
	free(d.text);
}
END_TEST

/* Without processes to be had, nothing is said. */
START_TEST(failure_is_told)
{
	static const struct rlimit none;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct directory d;

		/* Root is not bound by it: be somebody. */
		if (setgid(4242) == -1 || setuid(4242) == -1 ||
		    setrlimit(RLIMIT_NPROC, &none) == -1)
			_exit(1);
		directory_run(&d, open("/bin/echo", O_PATH | O_CLOEXEC),
		    "echo", "alice", 20000);
		_exit(strcmp(d.reason, "keys-from: cannot be run") == 0 &&
			d.size == 0 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* When we are killed, so is the program. */
START_TEST(program_dies_with_us)
{
	char state;
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		/* The script's write end is all that stays of the pipe. */
		run("echo >up; exec sleep 60", 60000);
		_exit(0);
	}
	while (access("up", F_OK) == -1)
		usleep(10000);
	close(ends[1]);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* Now its child is ours to wait for; it ends, and well before 60 s. */
	ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
	ck_assert_int_eq(read(ends[0], &state, 1), 0);
}
END_TEST

#define T "ssh-ed25519"
#define B "AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+"
static const struct {
	const char *text;
	bool has;
} lists[] = {
    {"", false},
    {T " " B, true},
    {T " " B "\n", true},
    {T " " B " alice@laptop\n", true},
    {T " " B "\tcomment", true},
    {"# keys\n\nssh-rsa AAAA\n" T " " B "\n", true},
    {"\n\n" T " " B "\n\n", true},
    {"restrict " T " " B "\n", false},
    {"from=\"10.0.0.0/8\" " T " " B "\n", false},
    {"command=\"x\" " T " " B "\n", false},
    {"cert-authority " T " " B "\n", false},
    {" " T " " B "\n", false},
    {"\t" T " " B "\n", false},
    {T "  " B "\n", false},
    {T "\t" B "\n", false},
    {T " " B "A\n", false},
    {T " " B "=\n", false},
    {T " " B "\r\n", false},
    {T " A" B "\n", false},
    {T " AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b\n", false},
    {"x" T " " B "\n", false},
    {"ssh-rsa " B "\n", false},
    {T "\n" B "\n", false},
    {"#" T " " B "\n", false},
    {T " " B "#\n", false},
    {"\"" T " " B "\"\n", false},
};

START_TEST(list_has)
{
	struct directory d = {.size = strlen(lists[_i].text)};

	d.text = malloc(d.size); /* exactly, for the sanitizer */
	memcpy(d.text, lists[_i].text, d.size);
	ck_assert_int_eq(directory_has(&d, T, B), lists[_i].has);
	free(d.text);
}
END_TEST

/* NUL ends nothing. */
START_TEST(list_with_nul)
{
	char text[] = T " " B "\0x\n\0" T " " B "\n" T "\0" B "\n";
	struct directory d = {.text = text, .size = sizeof(text) - 1};

	ck_assert(!directory_has(&d, T, B));
}
END_TEST

static Suite *
directory_suite(void)
{
	Suite *s = suite_create("directory");
	TCase *t = tcase_create("child");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, answer_is, 0, COUNT(answers));
	tcase_add_loop_test(t, time_is_up, 0, COUNT(slow));
	tcase_add_test(t, descendant_is_not_waited_for);
	tcase_add_test(t, escaped_has_nothing_of_ours);
	tcase_add_test(t, program_is_run);
	tcase_add_test(t, failure_is_told);
	tcase_add_test(t, program_dies_with_us);
	suite_add_tcase(s, t);
	t = tcase_create("list");
	tcase_add_loop_test(t, list_has, 0, COUNT(lists));
	tcase_add_test(t, list_with_nul);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(directory_suite());
}
