/* SPDX-License-Identifier: ISC */
/* lib/probe.c: who says hello is the gate, and nobody else. */
#include "probe.h"

#include <sys/mount.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <time.h>

#include "net.h"
#include "unit.h"

enum { SOON = 300, LONG = 20000 };

static int
listen_at(const char *address, int port, int queue)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int sock = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	inet_pton(AF_INET, address, &at.sin_addr);
	ck_assert_int_ne(sock, -1);
	ck_assert_int_eq(
	    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(sock, (void *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(sock, queue), 0);
	return sock;
}

/*
 * What it says, in pieces with a | between them, and whether it goes on and
 * holds the line.
 */
static pid_t
answer(const char *text, bool hold)
{
	int sock = listen_at(PROBE_ADDRESS, PROBE_PORT, 5), client;
	struct timespec tick = {.tv_nsec = 20 * 1000 * 1000};
	pid_t pid = fork();

	if (pid != 0) {
		close(sock);
		return pid;
	}
	signal(SIGPIPE, SIG_IGN);
	client = accept(sock, NULL, NULL);
	while (*text != '\0') {
		size_t n = strcspn(text, "|");

		if (write(client, text, n) == -1)
			_exit(0);
		text += n + (text[n] == '|');
		nanosleep(&tick, NULL);
	}
	if (hold)
		pause();
	_exit(0);
}

static const struct {
	const char *text;
	bool hold, stands;
} answers[] = {
    {PROBE_HELLO, false, true},
    {"j|ump| gate 1|\n", false, true},
    {"", false, false},
    {"", true, false},
    {"jump gate 1", false, false},
    {"jump gate 1", true, false},
    {PROBE_HELLO, true, false}, /* which is not all, perhaps */
    {PROBE_HELLO "x", false, false},
    {PROBE_HELLO PROBE_HELLO, false, false},
    {PROBE_HELLO PROBE_HELLO PROBE_HELLO PROBE_HELLO, true, false},
    {"jump gate 2\n", false, false},
    {"Jump gate 1\n", false, false},
    {"SSH-2.0-OpenSSH_9.2\r\n", true, false},
};

START_TEST(who_says_hello)
{
	pid_t pid;

	if (!net_new())
		return;
	pid = answer(answers[_i].text, answers[_i].hold);
	ck_assert_int_eq(
	    probe_gate(answers[_i].stands ? LONG : SOON), answers[_i].stands);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Nobody, somebody elsewhere, and somebody who does not accept. */
START_TEST(nobody)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(PROBE_PORT)};
	int elsewhere[2], deaf;

	if (!net_new())
		return;
	ck_assert(!probe_gate(SOON));
	elsewhere[0] = listen_at("127.0.0.1", PROBE_PORT, 5);
	elsewhere[1] = listen_at(PROBE_ADDRESS, PROBE_PORT + 1, 5);
	ck_assert(!probe_gate(SOON));
	deaf = listen_at(PROBE_ADDRESS, PROBE_PORT, 0);
	ck_assert(!probe_gate(SOON));
	inet_pton(AF_INET, PROBE_ADDRESS, &to.sin_addr);
	for (int i = 0; i < 3; i++) { /* its queue is full */
		int sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (connect(sock, (void *)&to, sizeof(to)) == -1)
			ck_assert_int_eq(errno, EINPROGRESS);
	}
	ck_assert(!probe_gate(SOON));
	close(deaf);
	close(elsewhere[0]);
	close(elsewhere[1]);
}
END_TEST

/* It waits no longer than it is told to. */
START_TEST(no_longer)
{
	struct timespec start, end;
	pid_t pid;

	if (!net_new())
		return;
	pid = answer("j|u|m|p| ", true);
	clock_gettime(CLOCK_MONOTONIC, &start);
	ck_assert(!probe_gate(SOON));
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_lt(end.tv_sec - start.tv_sec, 10);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* A /proc that can be written to, where that of the machine cannot. */
static void
own_proc(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(
	    mount("none", "/proc", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("proc", "/proc", "proc", 0, NULL), 0);
}

static void
set_start(const char *port)
{
	int fd = open(
	    "/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(
	    write(fd, port, strlen(port)), (ssize_t)strlen(port));
	close(fd);
}

/* Where a user may listen on a port that the gate could have. */
START_TEST(anybodys_ports)
{
	static const struct {
		const char *start;
		bool roots;
	} starts[] = {{"0", false}, {"1", false}, {"2", false}, {"80", false},
	    {"1023", false}, {"1024", true}, {"2000", true}};
	pid_t pid;

	if (!net_new())
		return;
	own_proc();
	for (int i = 0; i < COUNT(starts); i++) {
		set_start(starts[i].start);
		pid = answer(PROBE_HELLO, false);
		ck_assert_msg(probe_gate(starts[i].roots ? LONG : SOON) ==
			starts[i].roots,
		    "%s", starts[i].start);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	}
}
END_TEST

/* Nothing stays open. */
START_TEST(leaves_nothing)
{
	int before, after;
	pid_t pid;

	if (!net_new())
		return;
	before = dup(0);
	close(before);
	ck_assert(!probe_gate(SOON));
	pid = answer(PROBE_HELLO, false);
	ck_assert(probe_gate(LONG));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	after = dup(0);
	close(after);
	ck_assert_int_eq(before, after);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe");
	TCase *t = tcase_create("probe");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, who_says_hello, 0, COUNT(answers));
	tcase_add_test(t, nobody);
	tcase_add_test(t, no_longer);
	tcase_add_test(t, anybodys_ports);
	tcase_add_test(t, leaves_nothing);
	suite_add_tcase(s, t);
	return unit_run(s);
}
