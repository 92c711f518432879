/* SPDX-License-Identifier: ISC */
/* lib/audit.c: goldens, escaping, long values, and a log that does not take. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"

#define GOLDEN "tests/unit/audit/"

static const struct timespec noon = {1795190531, 42999999};

static const struct audit_event decision = {
    .kind = AUDIT_DECISION,
    .outcome = AUDIT_FAILURE,
    .uid = 1001,
    .user = "alice",
    .session = "k3gsabcd",
    .source = "192.0.2.9",
    .address = "db2",
    .port = 22,
    .road = "connect",
    .verdict = "deny",
    .reason = "no allow rule matches",
    .policy = "9f86d081884c7d65",
};

#define OPENED                                                                 \
	.outcome = AUDIT_SUCCESS, .uid = 1001, .user = "alice",                \
	.session = "k3gsabcd", .source = "2001:db8:1::9", .address = "db1",    \
	.ip = "2001:db8::11", .port = 22, .road = "connect", .rule = "ops",    \
	.policy = "9f86d081884c7d65"

static const struct golden {
	const char *file, *program;
	struct audit_event event;
} goldens[] = {
    {"login", "jump-authkeys",
	{.kind = AUDIT_LOGIN,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 1004,
	    .user = "carol",
	    .account = "jump",
	    .key = "SHA256:cLm5hGGhVbV8BcC0JqTm6qQCNn9+l6wTS2UtU3qr0IU",
	    .policy = "9f86d081884c7d65"}},
    {"certificate", "jump-authkeys",
	{.kind = AUDIT_LOGIN,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 1004,
	    .user = "carol",
	    .account = "jump",
	    .key = "SHA256:cLm5hGGhVbV8BcC0JqTm6qQCNn9+l6wTS2UtU3qr0IU",
	    .ca = "corp",
	    .certificate = "carol@corp \"\n\xff",
	    .serial = "18446744073709551615",
	    .policy = "9f86d081884c7d65"}},
    {"decision", "jump-connect",
	{.kind = AUDIT_DECISION,
	    .outcome = AUDIT_FAILURE,
	    .uid = 1001,
	    .user = "alice",
	    .session = "k3gsabcd",
	    .source = "192.0.2.9",
	    .address = "db2",
	    .port = 22,
	    .road = "connect",
	    .verdict = "deny",
	    .reason = "no allow rule matches",
	    .policy = "9f86d081884c7d65"}},
    {"refusal", "jump-shell",
	{.kind = AUDIT_DECISION,
	    .outcome = AUDIT_FAILURE,
	    .uid = 1001,
	    .user = "CORP\\alice",
	    .session = "k3gsabcd",
	    .source = "192.0.2.9",
	    .road = "connect",
	    .verdict = "deny",
	    .reason = "no such request",
	    .policy = "9f86d081884c7d65",
	    .request = "scp -t \"/tmp\"\n\xc3\xa9"}},
    {"nobody", "jump-authkeys",
	{.kind = AUDIT_LOGIN,
	    .uid = (uid_t)-1,
	    .user = "oracle",
	    .reason = "no such account",
	    .key = "SHA256:cLm5hGGhVbV8BcC0JqTm6qQCNn9+l6wTS2UtU3qr0IU",
	    .policy = "9f86d081884c7d65"}},
    {"open", "jump-connect", {.kind = AUDIT_OPEN, OPENED}},
    {"limits", "jump-connect",
	{.kind = AUDIT_OPEN,
	    OPENED,
	    .limits = {600, 7200, 1795190531, 2},
	    .recording = "pcapng"}},
    {"impostor", "jump-connect",
	{.kind = AUDIT_OPEN,
	    .uid = 1001,
	    .user = "alice",
	    .session = "k3gsabcd",
	    .address = "rtu17",
	    .port = 22,
	    .road = "connect",
	    .reason = "who listens there is not the device",
	    .denied = true,
	    .listener = &(const struct audit_listener){2001, 4711}}},
    {"mfa", "jump-connect", {.kind = AUDIT_OPEN, OPENED, .mfa = "key"}},
    {"lost", "jump-connect",
	{.kind = AUDIT_CLOSE, OPENED, .end = "idle", .lost = 2}},
    {"close", "jump-connect",
	{.kind = AUDIT_CLOSE,
	    OPENED,
	    .sent = 0,
	    .received = UINT64_MAX,
	    .duration = 2000000042,
	    .end = "done"}},
    {"recording", "jump-record",
	{.kind = AUDIT_RECORDING,
	    .uid = 1001,
	    .user = "alice",
	    .session = "k3gsabcd",
	    .address = "db1",
	    .port = 22,
	    .road = "shell",
	    .reason = "the recording cannot be written: File too large"}},
    {"load", "jumpctl",
	{.kind = AUDIT_LOAD,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root",
	    .reason = "loaded",
	    .policy = "9f86d081884c7d65"}},
    {"changes", "jumpctl",
	{.kind = AUDIT_LOAD,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root (bob)",
	    .reason = "loaded",
	    .previous = "2c26b46b68ffc68f",
	    .changes = "users +1, rules -2",
	    .loginuid = "3000",
	    .policy = "9f86d081884c7d65"}},
    {"kick", "jumpctl",
	{.kind = AUDIT_KICK,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root (bob)",
	    .source = "192.0.2.9",
	    .address = "db1",
	    .port = 22,
	    .session = "k3gsabcd",
	    .road = "connect",
	    .who = "alice",
	    .request = "db1",
	    .reason = "kicked",
	    .loginuid = "3000",
	    .pid = 4712,
	    .policy = "9f86d081884c7d65"}},
    {"sweep", "jumpctl",
	{.kind = AUDIT_SWEEP,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root",
	    .source = "192.0.2.9",
	    .address = "db1",
	    .port = 22,
	    .road = "forward",
	    .who = "alice",
	    .reason = "a deny rule matches",
	    .rule = "frozen",
	    .pid = 4712,
	    .policy = "9f86d081884c7d65"}},
    {"seal", "jumpctl",
	{.kind = AUDIT_SEAL,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root",
	    .session = "k3gsabcd",
	    .who = "alice",
	    .reason = "sealed",
	    .file = "k3gsabcd.cast",
	    .size = 1073741824,
	    .hash = "9f86d081884c7d659a2feaa0c55ad015"
		    "a3bf4f1b2b0b822cd15d6c15b0f00a08",
	    .seal = "60303ae22b998861bce3b28f33eec1be"
		    "758a213c86c93c076dbe9f558c11c752"}},
    {"doctor", "jumpctl",
	{.kind = AUDIT_DOCTOR,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root (bob)",
	    .session = "k3gsabcd",
	    .reason = "a record to look for",
	    .loginuid = "3000",
	    .policy = "9f86d081884c7d65"}},
    {"register", "jump-shell",
	{.kind = AUDIT_REGISTER,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 2201,
	    .user = "rtu17",
	    .account = "devices",
	    .source = "198.51.100.7",
	    .session = "k3gsabcd",
	    .reason = "a newer login of this device has registered",
	    .pid = 4712,
	    .policy = "9f86d081884c7d65"}},
    {"notify", "jumpctl",
	{.kind = AUDIT_NOTIFY,
	    .outcome = AUDIT_FAILURE,
	    .uid = 0,
	    .user = "root",
	    .source = "192.0.2.9",
	    .address = "db1",
	    .ip = "10.2.0.11",
	    .port = 22,
	    .session = "k3gsabcd",
	    .road = "connect",
	    .who = "alice",
	    .reason = "exit status 75",
	    .note = "sendmail: no route",
	    .rule = "ops",
	    .policy = "9f86d081884c7d65"}},
    {"lock", "jumpctl",
	{.kind = AUDIT_LOCK,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root (bob)",
	    .who = "CORP\\alice",
	    .note = "laptop \"lost\"\n",
	    .reason = "locked",
	    .policy = "9f86d081884c7d65"}},
    {"approved", "jump-connect",
	{.kind = AUDIT_OPEN, OPENED, .approval = "k3f4ab,zzzzzz",
	    .approver = "bob,dora"}},
    {"request", "jump-shell",
	{.kind = AUDIT_REQUEST,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 1003,
	    .user = "vend1",
	    .session = "k3gsabcd",
	    .source = "192.0.2.9",
	    .address = "plc7",
	    .port = 502,
	    .approval = "k3f4ab",
	    .ticket = "CHG000123",
	    .wanted = 7200,
	    .note = "pump 3 stands \"still\"",
	    .policy = "9f86d081884c7d65"}},
    {"approve", "jump-shell",
	{.kind = AUDIT_APPROVE,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 1002,
	    .user = "bob",
	    .who = "vend1",
	    .session = "k3gsabcd",
	    .source = "192.0.2.8",
	    .address = "plc7",
	    .port = 502,
	    .approval = "k3f4ab",
	    .ticket = "CHG000123",
	    .wanted = 7200,
	    .note = "pump 3 stands still",
	    .policy = "9f86d081884c7d65"}},
    {"withdraw", "jumpctl",
	{.kind = AUDIT_WITHDRAW,
	    .outcome = AUDIT_SUCCESS,
	    .uid = 0,
	    .user = "root (bob)",
	    .who = "vend1",
	    .address = "plc7",
	    .port = 502,
	    .approval = "k3f4ab",
	    .wanted = 7200,
	    .loginuid = "3000",
	    .policy = "9f86d081884c7d65"}},
};

static struct audit
paper(const char *program)
{
	struct audit a = {
	    .fd = -1, .pid = 4711, .offset = 3600, .program = program};

	return a;
}

START_TEST(format_is_golden)
{
	const struct golden *g = &goldens[_i];
	struct audit a = paper(g->program);
	char want[4096], path[128], got[AUDIT_MAX + 1];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), GOLDEN "%s.json", g->file);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	ck_assert_ptr_nonnull(fgets(want, sizeof(want), f));
	fclose(f);
	want[strcspn(want, "\n")] = '\0';
	len = audit_format(&a, &g->event, &noon, got);
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(len, strlen(want));
}
END_TEST

START_TEST(escape_every_byte)
{
	char src[2] = {(char)_i, '\0'}, got[16], want[16];

	if (_i >= ' ' && _i <= '~')
		strcpy(want, src);
	else
		snprintf(want, sizeof(want), "\\x%02x", (unsigned)_i);
	ck_assert_ptr_eq(audit_escape(got, sizeof(got), src), got);
	ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(escape_cuts_visibly)
{
	static const struct {
		size_t size;
		const char *src, *want;
	} rows[] = {
	    {8, "", ""},
	    {8, "1234567", "1234567"},
	    {8, "12345678", "1234..."},
	    {8, "a\n\n", "a..."},
	    {8, "\n\n", "\\x0a..."},
	    {9, "\n\n", "\\x0a\\x0a"},
	    {9, "\n\n\n", "\\x0a..."},
	    {12, "\n\n\n", "\\x0a\\x0a..."},
	};
	char got[32];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(got, 'Z', sizeof(got));
		audit_escape(got, rows[i].size, rows[i].src);
		ck_assert_str_eq(got, rows[i].want);
		ck_assert_int_eq(got[rows[i].size], 'Z');
	}
}
END_TEST

/* Whether the text is one JSON object of strings and numbers, and ASCII. */
static bool
json_whole(const char *s)
{
	bool string = false;

	for (s = strchr(s, '{'); *++s != '\0';) {
		if (*s < 0x20 || *s > 0x7e)
			return false;
		if (string && *s == '\\' && s[1] != '"' && s[1] != '\\')
			return false;
		if (string && *s == '\\')
			s++;
		else if (*s == '"')
			string = !string;
		else if (!string && *s == '}')
			return s[1] == '\0';
	}
	return false;
}

/* Every string of every kind as long as can be, of the worst characters. */
START_TEST(long_values_fit)
{
	static const char worst[] = {'a', '"', '\\', '\n', '\xff'};
	static const struct audit_listener who = {UINT32_MAX, INT32_MAX};
	char s[3000], record[AUDIT_MAX + 1];
	struct audit a = paper("jump-authkeys");
	size_t len, n, filled[] = {1, 100, 1000, sizeof(s) - 1};
	unsigned int kind, i, j;

	a.pid = 4194304;
	for (kind = AUDIT_LOGIN; kind <= AUDIT_DOCTOR; kind++)
		for (i = 0; i < sizeof(worst); i++)
			for (j = 0; j < 4; j++) {
				n = filled[j];
				memset(s, worst[i], n);
				s[n] = '\0';
				struct audit_event e = {kind, AUDIT_FAILURE,
				    UINT32_MAX, s, s, s, s, s, s, 65535, s, s,
				    s, s, s, s, s, s, s, s, s, s, s, s, s, s, s,
				    4194304,
				    {UINT32_MAX, UINT32_MAX, 253402300799,
					UINT32_MAX},
				    s, j % 2 == 0, &who, s, UINT32_MAX, UINT64_MAX,
				    UINT64_MAX,
				    UINT64_MAX, s, s, UINT32_MAX,
				    s, s, s, UINT64_MAX};
				len = audit_format(&a, &e, &noon, record);
				ck_assert_uint_gt(len, 200);
				ck_assert_uint_le(len, AUDIT_MAX);
				ck_assert_uint_eq(len, strlen(record));
				ck_assert_msg(json_whole(record), "%s", record);
				if (n >= 1000)
					ck_assert_ptr_nonnull(
					    strstr(record, "...\""));
			}
}
END_TEST

/* One long value leaves the others whole, and is cut as late as can be. */
START_TEST(long_request_is_cut_alone)
{
	struct audit_event e = decision;
	struct audit a = paper("jump-shell");
	char s[3000], record[AUDIT_MAX + 1];

	memset(s, 'x', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	e.request = s;
	ck_assert_uint_gt(audit_format(&a, &e, &noon, record), 700);
	ck_assert_ptr_nonnull(strstr(record, "\"no allow rule matches\""));
	ck_assert_ptr_nonnull(strstr(record, "xxxx...\"}"));
}
END_TEST

/*
 * A log socket in a directory of its own.
 */
static char log_dir[32], log_path[64];

static void
log_setup(void)
{
	strcpy(log_dir, "/tmp/jump-audit.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(log_dir));
	snprintf(log_path, sizeof(log_path), "%s/log", log_dir);
}

static void
log_teardown(void)
{
	unlink(log_path);
	rmdir(log_dir);
}

static int
log_start(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(to.sun_path, log_path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		_exit(2);
	return fd;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Write until the queue is full; how long the refusal took. */
static double
fill(struct audit *a)
{
	double start;
	int i;

	for (i = 0; i < 10000; i++) {
		start = seconds();
		if (audit_write(a, &decision) == -1)
			return seconds() - start;
	}
	ck_abort_msg("the queue has no end");
}

START_TEST(write_arrives)
{
	char got[2048];
	struct audit a;
	int fd = log_start();
	ssize_t n;

	ck_assert_int_eq(audit_open(&a, "jump-shell", log_path), 0);
	ck_assert_int_eq(audit_write(&a, &decision), 0);
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	ck_assert_ptr_nonnull(strstr(got, " jump-shell["));
	ck_assert(json_whole(got));
	audit_close(&a);
	ck_assert_int_eq(a.fd, -1);
	close(fd);
}
END_TEST

START_TEST(full_queue_refuses_in_time)
{
	struct audit a;
	int fd = log_start();
	double took;

	ck_assert_int_eq(audit_open(&a, "jump-shell", log_path), 0);
	took = fill(&a);
	ck_assert_msg(took > 0.9 && took < 9, "took %.2f s", took);
	audit_close(&a);
	close(fd);
}
END_TEST

START_TEST(missing_socket_refuses_in_time)
{
	struct audit a;
	double took = seconds();

	ck_assert_int_eq(audit_open(&a, "jump-shell", log_path), 0);
	ck_assert_int_eq(audit_write(&a, &decision), -1);
	took = seconds() - took;
	ck_assert_msg(took > 0.9 && took < 9, "took %.2f s", took);
	audit_close(&a);
}
END_TEST

/* Run work in a child 0.1 s from now; it exits 0 if all was well. */
static pid_t
later(int (*work)(int), int fd)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	usleep(100000);
	_exit(work(fd));
}

static int
exit_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
restart_and_read(int old)
{
	char got[2048];
	int fd;

	(void)old;
	unlink(log_path);
	fd = log_start();
	return recv(fd, got, sizeof(got), 0) > 0 ? 0 : 1;
}

static int
read_one(int fd)
{
	char got[2048];

	return recv(fd, got, sizeof(got), 0) > 0 ? 0 : 1;
}

/* First the file is there and nobody behind it, then a new one. */
START_TEST(restart_is_waited_for)
{
	struct audit a;
	int fd = log_start();
	pid_t pid;

	ck_assert_int_eq(audit_open(&a, "jump-connect", log_path), 0);
	ck_assert_int_eq(audit_write(&a, &decision), 0);
	close(fd);
	if (_i == 1)
		unlink(log_path);
	pid = later(restart_and_read, -1);
	ck_assert_int_eq(audit_write(&a, &decision), 0);
	ck_assert_int_eq(exit_of(pid), 0);
	audit_close(&a);
}
END_TEST

START_TEST(slow_reader_is_waited_for)
{
	struct audit a;
	int fd = log_start();
	pid_t pid;

	ck_assert_int_eq(audit_open(&a, "jump-connect", log_path), 0);
	fill(&a);
	pid = later(read_one, fd);
	ck_assert_int_eq(audit_write(&a, &decision), 0);
	ck_assert_int_eq(exit_of(pid), 0);
	audit_close(&a);
	close(fd);
}
END_TEST

START_TEST(other_errors_refuse_at_once)
{
	struct audit a;
	double took = seconds();

	ck_assert_int_eq(audit_open(&a, "jump-shell", log_path), 0);
	audit_close(&a);
	ck_assert_int_eq(audit_write(&a, &decision), -1);
	ck_assert(seconds() - took < 0.9); /* or it waited */
}
END_TEST

START_TEST(session_ids)
{
	static const char *const bad[] = {"", "k3gsabc", "k3gsabcde",
	    "k3g1abcd", "K3gsabcd", "k3gs bcd", "k3gs\nbcd", "--------"};
	char a[AUDIT_SESSION + 1], b[AUDIT_SESSION + 1];
	size_t i;

	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(audit_session_id(a), 0);
		ck_assert_int_eq(audit_session_id(b), 0);
		ck_assert_msg(audit_session_valid(a), "%s", a);
		ck_assert_str_ne(a, b);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!audit_session_valid(bad[i]), "%s", bad[i]);
}
END_TEST

static Suite *
audit_suite(void)
{
	Suite *s = suite_create("audit");
	TCase *text = tcase_create("text"), *io = tcase_create("socket");

	tcase_add_loop_test(
	    text, format_is_golden, 0, sizeof(goldens) / sizeof(goldens[0]));
	tcase_add_loop_test(text, escape_every_byte, 1, 256);
	tcase_add_test(text, escape_cuts_visibly);
	tcase_add_test(text, long_values_fit);
	tcase_add_test(text, long_request_is_cut_alone);
	tcase_add_test(text, session_ids);
	tcase_add_checked_fixture(io, log_setup, log_teardown);
	tcase_set_timeout(io, 20);
	tcase_add_test(io, write_arrives);
	tcase_add_test(io, full_queue_refuses_in_time);
	tcase_add_test(io, missing_socket_refuses_in_time);
	tcase_add_loop_test(io, restart_is_waited_for, 0, 2);
	tcase_add_test(io, slow_reader_is_waited_for);
	tcase_add_test(io, other_errors_refuse_at_once);
	suite_add_tcase(s, text);
	suite_add_tcase(s, io);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(audit_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
