/* SPDX-License-Identifier: ISC */
/* jump-connect/asker.c: a program that may do as it likes. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "../../jump-connect/asker.h"
#include "unit.h"

static char base[64], path[80];
static struct asker asker;

/* Not in /tmp: its folder is everybody's, and so not the owner's alone. */
static void
set_up(void)
{
	snprintf(base, sizeof(base), "/run/jump-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
	ck_assert_int_eq(chdir(base), 0);
	snprintf(path, sizeof(path), "%s/program", base);
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", base);
	ck_assert_int_eq(system(command), 0);
}

/* A program in sh, which may write to the file `said'. */
static void
write_program(const char *script)
{
	FILE *f = fopen(path, "w");

	fprintf(f, "#!/bin/sh\nbase=%s\n%s\n", base, script);
	ck_assert_int_eq(fchmod(fileno(f), 0755), 0);
	fclose(f);
}

static const struct asker_question question = {
    "CHG1", "bob@corp.example", "db1", "5432", "-"};

static enum asker_answer
ask(int ms, char reason[ASKER_REASON])
{
	struct patience patience = {.out = -1};

	ck_assert_int_eq(asker_open(&asker, path, 0, ms), 0);
	return asker_ask(&asker, &question, patience, reason);
}

static const char *
said(void)
{
	static char text[4096];
	FILE *f = fopen("said", "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof(text) - 1, f);

	text[n] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
lives(pid_t pid)
{
	char name[64], state = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	f = fopen(name, "r");
	if (f == NULL)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state != 'Z';
}

static const struct {
	const char *script;
	enum asker_answer answer;
	const char *reason, *said;
} answers[] = {
    {"exit 0", ASKER_YES, "", ""},
    {":", ASKER_YES, "", ""},
    {"exit 1", ASKER_NO, "ticket-program: no", ""},
    {"exit 2", ASKER_FAILED, "ticket-program: exit status 2", ""},
    {"exit 127", ASKER_FAILED, "ticket-program: exit status 127", ""},
    {"exit 255", ASKER_FAILED, "ticket-program: exit status 255", ""},
    {"kill -9 $$", ASKER_FAILED, "ticket-program: signal 9", ""},
    {"kill -PIPE $$", ASKER_FAILED, "ticket-program: signal 13", ""},
    {"kill -XFSZ $$", ASKER_FAILED, "ticket-program: signal 25", ""},
    {"kill -9 -$$", ASKER_FAILED, "ticket-program: signal 9", ""},
    {"echo $# \"$@\" >$base/said", ASKER_YES, "",
	"5 CHG1 bob@corp.example db1 5432 -\n"},
    {"pwd >$base/said; umask >>$base/said", ASKER_YES, "", "/\n0077\n"},
    {"env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=' | sort >$base/said",
	ASKER_YES, "", "HOME=/\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n"},
    {"x=$(for i in 0 1 2; do readlink /proc/$$/fd/$i; done)\n"
     "echo \"$x\" >$base/said",
	ASKER_YES, "", "/dev/null\n/dev/null\n/dev/null\n"},
    {"cat && head -c 1000000 /dev/zero && head -c 1000000 /dev/zero >&2",
	ASKER_YES, "", ""},
    {"read -r pid name state parent group session rest </proc/$$/stat\n"
     "test $session = $$",
	ASKER_YES, "", ""},
};

START_TEST(answer_is)
{
	char reason[ASKER_REASON];

	write_program(answers[_i].script);
	ck_assert_int_eq(ask(20000, reason), answers[_i].answer);
	ck_assert_str_eq(reason, answers[_i].reason);
	ck_assert_str_eq(said(), answers[_i].said);
	asker_close(&asker);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1); /* nobody is left */
	asker_close(&asker);
}
END_TEST

static const char *const slow[] = {
    "exec sleep 60",
    "trap '' TERM INT HUP; sleep 60; sleep 60",
    "while :; do :; done",
    "kill -STOP $$",
    "sleep 60 & wait",
    "setsid sleep 60 & wait",
};

START_TEST(time_is_up)
{
	double begin = seconds();
	char reason[ASKER_REASON];

	write_program(slow[_i]);
	ck_assert_int_eq(ask(1000, reason), ASKER_FAILED);
	ck_assert_str_eq(reason, "ticket-program: no end in 1 s");
	ck_assert(seconds() - begin > 0.99);
	ck_assert(seconds() - begin < 15); /* on a busy machine */
	asker_close(&asker);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

/* Whatever it has started, wherever that went, ends with it. */
static const char *const starts[] = {
    "sleep 60 & echo $! >$base/said",
    "setsid sleep 60 & echo $! >$base/said; sleep 0.1",
    "(setsid sh -c 'echo $$ >'$base'/said; exec sleep 60' &)\n"
    "while [ ! -s $base/said ]; do sleep 0.01; done",
    "trap '' HUP TERM; setsid sh -c 'trap \"\" TERM; sleep 60 & echo $! >'"
    "$base'/said; sleep 60' &\n"
    "while [ ! -s $base/said ]; do sleep 0.01; done",
};

START_TEST(nothing_is_left)
{
	double begin = seconds();
	char reason[ASKER_REASON];

	write_program(starts[_i]);
	ck_assert_int_eq(ask(20000, reason), ASKER_YES);
	ck_assert(seconds() - begin < 15);
	ck_assert_int_gt(atoi(said()), 0);
	ck_assert(!lives(atoi(said())));
	asker_close(&asker);
}
END_TEST

/* Who asks is killed, or stopped: there is no answer, and nothing is left. */
static const char *const attacks[] = {
    "setsid sleep 60 & echo $! >$base/said; kill -9 $PPID; sleep 60",
    "sleep 60 & echo $! >$base/said; kill -STOP $PPID; exit 0",
};

START_TEST(asker_is_attacked)
{
	char reason[ASKER_REASON];

	write_program(attacks[_i]);
	ck_assert_int_eq(ask(500, reason), ASKER_FAILED);
	ck_assert_str_eq(reason, "ticket-program: ended from outside");
	for (int i = 0; i < 500 && lives(atoi(said())); i++)
		usleep(10000);
	ck_assert(!lives(atoi(said())));
	asker_close(&asker);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

START_TEST(program_is_owners)
{
	char reason[ASKER_REASON];

	ck_assert_int_eq(ask(1000, reason), ASKER_FAILED);
	ck_assert_str_eq(
	    reason, "ticket-program: not an executable file of root's alone");
	asker_close(&asker);
	write_program("exit 0");
	ck_assert_int_eq(chmod(path, 0775), 0);
	ck_assert_int_eq(ask(1000, reason), ASKER_FAILED);
	ck_assert_str_eq(
	    reason, "ticket-program: not an executable file of root's alone");
	asker_close(&asker);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(ask(20000, reason), ASKER_YES);
	asker_close(&asker);
}
END_TEST

/* Nobody reads what would come: it does not wait, and leaves nothing. */
START_TEST(client_goes)
{
	char reason[ASKER_REASON];
	struct patience patience;
	int ends[2];
	pid_t pid;

	write_program("echo $$ >$base/new; mv $base/new $base/said; sleep 60");
	ck_assert_int_eq(pipe(ends), 0);
	patience.out = ends[1];
	pid = fork();
	if (pid == 0) {
		while (*said() == '\0')
			usleep(1000);
		_exit(0); /* and with it, its end of the pipe */
	}
	close(ends[0]);
	ck_assert_int_eq(asker_open(&asker, path, 0, 20000), 0);
	ck_assert_int_eq(
	    asker_ask(&asker, &question, patience, reason), ASKER_CANCELED);
	for (int i = 0; i < 500 && lives(atoi(said())); i++)
		usleep(10000);
	ck_assert(!lives(atoi(said())));
	asker_close(&asker);
}
END_TEST

/* It has no descriptor of ours, and dies of an end of ours. */
START_TEST(asker_is_apart)
{
	int fd = open("/dev/zero", O_RDONLY), status;
	char name[64], to[64];
	ssize_t n;
	pid_t pid;

	write_program("exit 0");
	ck_assert_int_eq(dup2(fd, 9), 9);
	pid = fork();
	if (pid == 0) {
		if (asker_open(&asker, path, 0, 1000) == -1)
			_exit(1);
		usleep(200000);
		for (int i = 4; i < 12; i++) {
			snprintf(
			    name, sizeof(name), "/proc/%d/fd/%d", asker.pid, i);
			n = readlink(name, to, sizeof(to));
			if (n != -1)
				_exit(2);
		}
		n = write(fd = open("said", O_CREAT | O_WRONLY, 0600), to,
		    (size_t)snprintf(to, sizeof(to), "%d", asker.pid));
		_exit(n <= 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	for (int i = 0; i < 500 && lives(atoi(said())); i++)
		usleep(10000);
	ck_assert(!lives(atoi(said())));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("asker");
	TCase *t = tcase_create("asker");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, answer_is, 0, COUNT(answers));
	tcase_add_loop_test(t, time_is_up, 0, COUNT(slow));
	tcase_add_loop_test(t, nothing_is_left, 0, COUNT(starts));
	tcase_add_loop_test(t, asker_is_attacked, 0, COUNT(attacks));
	tcase_add_test(t, program_is_owners);
	tcase_add_test(t, client_goes);
	tcase_add_test(t, asker_is_apart);
	suite_add_tcase(s, t);
	return unit_run(s);
}
