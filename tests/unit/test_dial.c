/* SPDX-License-Identifier: ISC */
/* jump-connect/dial.c: many addresses, and the first that answers. */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../jump-connect/dial.h"

static struct dial dial;

/* What the kernel says, but for what a test wants to be otherwise. */
static enum { TRUTH, PORT_LIE, ADDRESS_LIE, FAMILY_LIE } lie;
static int families[DIAL_ADDRESSES], connects;
static int refusals[2]; /* errors of the first attempts, or 0 */

int
connect(int fd, const struct sockaddr *to, socklen_t size)
{
	if (to->sa_family != AF_UNIX && connects < DIAL_ADDRESSES)
		families[connects++] = to->sa_family;
	if (connects > 0 && connects <= 2 && refusals[connects - 1] != 0) {
		errno = refusals[connects - 1];
		return -1;
	}
	return (int)syscall(SYS_connect, fd, to, size);
}

int
getpeername(int fd, struct sockaddr *restrict a, socklen_t *restrict size)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)a;
	int result = (int)syscall(SYS_getpeername, fd, a, size);

	if (lie == PORT_LIE)
		in->sin_port ^= 1; /* where that of IPv6 is too */
	else if (lie == ADDRESS_LIE && a->sa_family == AF_INET)
		in->sin_addr.s_addr ^= htonl(1);
	else if (lie == ADDRESS_LIE)
		in6->sin6_addr.s6_addr[15] ^= 2;
	else if (lie == FAMILY_LIE)
		a->sa_family = a->sa_family == AF_INET ? AF_INET6 : AF_INET;
	return result;
}

/* A family that the machine has no sockets of, and why. */
static int without = -1, without_errno;

int
socket(int family, int type, int protocol)
{
	if (family != without)
		return (int)syscall(SYS_socket, family, type, protocol);
	errno = without_errno;
	return -1;
}

static void
setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	lie = TRUTH;
	ck_assert_int_eq(dial_open(&dial), 0);
}

static void
teardown(void)
{
	dial_close(&dial);
}

/* 127.0.0.N, or ::1 for 0. */
static struct sockaddr_storage
loopback(int n, uint16_t port)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	if (n == 0) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = in6addr_loopback;
		return a;
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	in->sin_addr.s_addr = htonl(0x7f000000u + (uint32_t)n);
	return a;
}

/* Listen at an address with a free port, and set that. */
static int
listen_at(struct sockaddr_storage *a, int backlog)
{
	int fd = socket(a->ss_family, SOCK_STREAM, 0);
	socklen_t size = a->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)a, size), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)a, &size), 0);
	return fd;
}

/* A port at which nobody listens. */
static uint16_t
closed_port(void)
{
	struct sockaddr_storage a = loopback(1, 0);

	close(listen_at(&a, 1));
	return ntohs(((struct sockaddr_in *)&a)->sin_port);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct patience
in_seconds(double seconds)
{
	return (struct patience){dial_clock() + (int64_t)(seconds * 1000), -1};
}

/* Dial with new sockets: a dial is used up. */
static int
dial_again(const struct sockaddr_storage *a, size_t n, int family,
    double seconds, size_t *which)
{
	dial_close(&dial);
	ck_assert_int_eq(dial_open(&dial), 0);
	connects = 0;
	return dial_addresses(&dial, a, n, family, in_seconds(seconds), which);
}

/* The socket works, and is as a program expects it. */
static void
must_work(int fd, int listener)
{
	char c = 'x';
	int peer = accept(listener, NULL, NULL);

	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(fd, "y", 1), 1);
	ck_assert_int_eq(read(peer, &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	ck_assert_int_eq(write(peer, "z", 1), 1);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	ck_assert_int_eq(c, 'z');
	close(fd);
	close(peer);
	close(listener);
}

/* Fifteen refuse, in both families; the sixteenth answers. */
START_TEST(last_of_many_answers)
{
	struct sockaddr_storage a[DIAL_ADDRESSES];
	uint16_t port = closed_port();
	size_t which = 99;
	double start;
	int fd, listener;

	for (int i = 0; i < DIAL_ADDRESSES - 1; i++)
		a[i] = loopback(i % 3, port);
	a[DIAL_ADDRESSES - 1] = loopback(_i == 0 ? 9 : 0, 0);
	listener = listen_at(&a[DIAL_ADDRESSES - 1], 1);
	start = now();
	fd = dial_again(a, DIAL_ADDRESSES, AF_UNSPEC, 10, &which);
	ck_assert_int_ne(fd, -1);
	ck_assert_double_le(now() - start, 8); /* refusals cost nothing */
	ck_assert_uint_eq(which, DIAL_ADDRESSES - 1);
	must_work(fd, listener);
}
END_TEST

/* A listener whose queue is full: further clients get no answer. */
static int
silent(struct sockaddr_storage *a)
{
	int filler, fd = listen_at(a, 0);

	for (int i = 0; i < 4; i++) {
		filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(
		    filler, (struct sockaddr *)a, sizeof(struct sockaddr_in));
	}
	return fd;
}

enum { SILENT, REFUSED, NO_WAY, LISTS = 7 };

/* What is said when nobody answers: what tells most. */
static const struct {
	int n, what[3], error;
} nobodies[LISTS] = {
    {0, {0}, EADDRNOTAVAIL},
    {1, {SILENT}, ETIMEDOUT},
    {1, {NO_WAY}, ENETUNREACH},
    {2, {REFUSED, REFUSED}, ECONNREFUSED},
    {2, {NO_WAY, SILENT}, ETIMEDOUT},
    {3, {NO_WAY, REFUSED, SILENT}, ECONNREFUSED},
    {3, {SILENT, REFUSED, NO_WAY}, ECONNREFUSED},
};

START_TEST(nobody_answers)
{
	struct sockaddr_storage a[3];
	bool waits = false;
	double start, took;
	size_t which;

	for (int i = 0; i < nobodies[_i].n; i++) {
		switch (nobodies[_i].what[i]) {
		case SILENT:
			a[i] = loopback(1, 0);
			silent(&a[i]);
			waits = true;
			break;
		case REFUSED:
			a[i] = loopback(i, closed_port());
			break;
		default:
			a[i] = loopback(1, 1);
			((struct sockaddr_in *)&a[i])->sin_addr.s_addr =
			    INADDR_BROADCAST;
		}
	}
	start = now();
	ck_assert_int_eq(dial_again(a, (size_t)nobodies[_i].n, AF_UNSPEC,
			     waits ? 0.8 : 10, &which),
	    -1);
	ck_assert_int_eq(errno, nobodies[_i].error);
	took = now() - start;
	ck_assert_double_le(took, waits ? 8 : 5);
	ck_assert_double_ge(took, waits ? 0.79 : 0);
}
END_TEST

START_TEST(too_late)
{
	struct sockaddr_storage a = loopback(1, 0);
	int listener = listen_at(&a, 1);
	size_t which;

	ck_assert_int_eq(dial_again(&a, 1, AF_UNSPEC, -0.1, &which), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(connects, 0);
	close(listener);
}
END_TEST

START_TEST(family_is_kept)
{
	struct sockaddr_storage a[2];
	size_t which;
	int fd, one, other;

	a[0] = loopback(1, 0);
	a[1] = loopback(0, 0);
	one = listen_at(&a[0], 1);
	other = listen_at(&a[1], 1);
	fd = dial_again(a, 2, _i == 0 ? AF_INET : AF_INET6, 10, &which);
	ck_assert_uint_eq(which, (size_t)_i);
	must_work(fd, _i == 0 ? one : other);
	ck_assert_int_eq(
	    dial_again(a + 1 - _i, 1, _i == 0 ? AF_INET : AF_INET6, 10, &which),
	    -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	ck_assert_int_eq(connects, 0);
}
END_TEST

/* 4: IPv4, 6: IPv6; all refuse. */
static const struct {
	const char *given, *tried;
} turns[] = {
    {"4", "4"},
    {"46", "46"},
    {"64", "64"},
    {"4466", "4646"},
    {"6644", "6464"},
    {"44466", "46464"},
    {"46666", "46666"},
    {"4444444466666666", "4646464646464646"},
};

START_TEST(families_take_turns)
{
	struct sockaddr_storage a[DIAL_ADDRESSES];
	uint16_t port = closed_port();
	size_t which, n = strlen(turns[_i].given);

	for (size_t i = 0; i < n; i++)
		a[i] = loopback(turns[_i].given[i] == '4', port);
	ck_assert_int_eq(dial_again(a, n, AF_UNSPEC, 10, &which), -1);
	ck_assert_uint_eq((size_t)connects, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(families[i],
		    turns[_i].tried[i] == '4' ? AF_INET : AF_INET6);
}
END_TEST

static int
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Each silent address costs DIAL_DELAY and no more; the sockets are closed. */
START_TEST(silence_is_not_waited_for)
{
	struct sockaddr_storage a[3];
	int listener, fd, before;
	double start, took;
	size_t which;

	a[0] = loopback(1, 0);
	silent(&a[0]);
	a[1] = a[0];
	a[2] = loopback(2, 0);
	listener = listen_at(&a[2], 1);
	dial_close(&dial);
	before = descriptors();
	start = now();
	fd = dial_again(a, 3, AF_UNSPEC, 20, &which);
	took = now() - start;
	ck_assert_double_ge(took, 2 * DIAL_DELAY / 1000.0 - 0.01);
	ck_assert_double_le(took, 8);
	ck_assert_uint_eq(which, 2);
	ck_assert_int_eq(descriptors(), before + 1);
	must_work(fd, listener);
}
END_TEST

/* It answers the second SYN, after a second; it has not been given up. */
START_TEST(late_answer_counts)
{
	struct sockaddr_storage a[2];
	int full, fd;
	size_t which;

	a[0] = loopback(1, 0);
	full = silent(&a[0]);
	a[1] = loopback(2, 0);
	silent(&a[1]);
	if (fork() == 0) {
		usleep(600000);
		for (;;)
			accept(full, NULL, NULL);
	}
	fd = dial_again(a, 2, AF_UNSPEC, 15, &which);
	ck_assert_int_ne(fd, -1);
	ck_assert_uint_eq(which, 0);
	ck_assert_int_eq(connects, 2);
}
END_TEST

/* Connected to 0.0.0.0 and ::, the peer is the machine itself. */
START_TEST(peer_is_checked)
{
	struct sockaddr_storage a = loopback(_i == 0, 0), b;
	int listener = listen_at(&a, 16);
	size_t which;

	b = a;
	if (_i == 0)
		((struct sockaddr_in *)&a)->sin_addr.s_addr = INADDR_ANY;
	else
		((struct sockaddr_in6 *)&a)->sin6_addr = in6addr_any;
	ck_assert_int_eq(dial_again(&a, 1, AF_UNSPEC, 10, &which), -1);
	ck_assert_int_eq(errno, EPROTO);
	for (int i = PORT_LIE; i <= FAMILY_LIE; i++) {
		lie = (unsigned int)i;
		ck_assert_int_eq(dial_again(&b, 1, AF_UNSPEC, 10, &which), -1);
		ck_assert_int_eq(errno, EPROTO);
	}
	lie = TRUTH;
	ck_assert_int_ne(dial_again(&b, 1, AF_UNSPEC, 10, &which), -1);
	close(listener);
}
END_TEST

static int
listen_unix(const char *path, int backlog)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

START_TEST(path_answers)
{
	char dir[] = "/tmp/dial.XXXXXX", path[64];
	int fd, listener;

	ck_assert_ptr_ne(mkdtemp(dir), NULL);
	snprintf(path, sizeof(path), "%s/..sock", dir);
	listener = listen_unix(path, 1);
	fd = dial_path(&dial, path, in_seconds(5));
	unlink(path);
	rmdir(dir);
	ck_assert_int_ne(fd, -1);
	must_work(fd, listener);
}
END_TEST

START_TEST(full_path_times_out)
{
	char dir[] = "/tmp/dial.XXXXXX", path[64];
	int fd;

	ck_assert_ptr_ne(mkdtemp(dir), NULL);
	snprintf(path, sizeof(path), "%s/sock", dir);
	listen_unix(path, 0);
	ck_assert_int_ne(dial_path(&dial, path, in_seconds(1)), -1);
	ck_assert_int_eq(dial_open(&dial), 0);
	fd = dial_path(&dial, path, in_seconds(_i == 0 ? 0.3 : -1));
	unlink(path);
	rmdir(dir);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
}
END_TEST

static const struct {
	const char *path;
	int error;
} paths[] = {
    {"", EINVAL},
    {"tmp/x", EINVAL},
    {"./x", EINVAL},
    {"..", EINVAL},
    {"/..", EINVAL},
    {"/tmp/../x", EINVAL},
    {"/tmp//../x", EINVAL},
    {"/tmp/..", EINVAL},
    {"/nosuch/x", ENOENT},
    {"/dev/null", ECONNREFUSED},
    {"/234567891123456789212345678931234567894123456789512345678961234567897"
     "12345678981234567899123456789012345678",
	ENAMETOOLONG},
};

START_TEST(path_is_refused)
{
	ck_assert_int_eq(dial_path(&dial, paths[_i].path, in_seconds(1)), -1);
	ck_assert_int_eq(errno, paths[_i].error);
}
END_TEST

START_TEST(socket_is_passed)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = room,
	    .msg_controllen = sizeof(room)};
	int pair[2], ends[2], got;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(dial_pass(pair[0], ends[0]), 0);
	ck_assert_int_eq(recvmsg(pair[1], &m, 0), 1);
	ck_assert_ptr_ne(CMSG_FIRSTHDR(&m), NULL);
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	ck_assert_int_eq(write(got, "!", 1), 1);
	ck_assert_int_eq(read(ends[1], &byte, 1), 1);
	ck_assert_int_eq(byte, '!');
	close(pair[1]);
	ck_assert_int_eq(dial_pass(pair[0], ends[0]), -1);
}
END_TEST

/*
 * A client that is gone ends a dial, by an address or a path; one that only
 * says nothing does not.
 */
START_TEST(client_is_gone)
{
	struct sockaddr_storage a = loopback(1, 0);
	char dir[] = "/tmp/dial.XXXXXX", path[64];
	struct patience patience = in_seconds(15);
	double start = now();
	int fd, out[2];
	size_t which;

	ck_assert_ptr_ne(mkdtemp(dir), NULL);
	snprintf(path, sizeof(path), "%s/sock", dir);
	listen_unix(path, 0);
	silent(&a);
	ck_assert_int_eq(pipe(out), 0);
	patience.out = out[1];
	ck_assert_int_ne(dial_path(&dial, path, patience), -1);
	ck_assert_int_eq(dial_open(&dial), 0);
	if (fork() == 0) {
		close(out[1]);
		usleep(400000);
		_exit(0);
	}
	close(out[0]);
	fd = _i == 0
	    ? dial_path(&dial, path, patience)
	    : dial_addresses(&dial, &a, 1, AF_UNSPEC, patience, &which);
	unlink(path);
	rmdir(dir);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, ECANCELED);
	ck_assert_double_ge(now() - start, 0.39);
	ck_assert_double_le(now() - start, 10);
}
END_TEST

/* Of errors that tell as much, the first. */
START_TEST(first_error_is_said)
{
	static const struct {
		int refusals[2], error;
	} two[] = {
	    {{EHOSTUNREACH, ENETUNREACH}, EHOSTUNREACH},
	    {{ENETUNREACH, EHOSTUNREACH}, ENETUNREACH},
	    {{ENETUNREACH, ECONNREFUSED}, ECONNREFUSED},
	    {{ECONNREFUSED, EHOSTUNREACH}, ECONNREFUSED},
	    {{EACCES, ECONNREFUSED}, EACCES},
	    {{ECONNREFUSED, EACCES}, ECONNREFUSED},
	};
	struct sockaddr_storage a[2] = {loopback(1, 9), loopback(2, 9)};
	size_t which;

	memcpy(refusals, two[_i].refusals, sizeof(refusals));
	ck_assert_int_eq(dial_addresses(&dial, a, 2, AF_UNSPEC, in_seconds(15),
			     &which), -1);
	ck_assert_int_eq(errno, two[_i].error);
	ck_assert_int_eq(connects, 2);
}
END_TEST

/* A machine may be without one of the families; without memory, none is. */
START_TEST(families_that_are_missing)
{
	static const int all[] = {AF_INET, AF_INET6, AF_UNIX};
	static const int why[] = {EAFNOSUPPORT, EMFILE, ENOBUFS};
	int before;

	dial_close(&dial);
	before = dup(0);
	without = all[_i / 3];
	without_errno = why[_i % 3];
	ck_assert_int_eq(dial_open(&dial), _i % 3 == 0 ? 0 : -1);
	if (_i % 3 == 0) {
		ck_assert_int_eq(dial.inet[0] == -1, without == AF_INET);
		ck_assert_int_eq(dial.inet6[0] == -1, without == AF_INET6);
		ck_assert_int_eq(dial.local == -1, without == AF_UNIX);
	} else {
		ck_assert_int_eq(errno, without_errno);
	}
	without = -1;
	dial_close(&dial);
	close(before);
	ck_assert_int_eq(dup(0), before); /* nothing is left open */
	close(before);
}
END_TEST

static void
on_alarm(int signal)
{
	(void)signal;
}

/* A signal is no answer and no error; what poll(2) refuses is an error. */
START_TEST(poll_is_interrupted)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval soon = {.it_value = {.tv_usec = 50000}};
	struct patience patience = {dial_clock() + 20000, -1};
	struct rlimit all, none;
	struct pollfd p;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	p = (struct pollfd){.fd = ends[0], .events = POLLIN};
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert_int_eq(dial_poll(&p, 1, patience), 0);
	ck_assert_int_lt(dial_clock(), patience.end);
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){1, all.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(dial_poll(&p, 1, patience), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
}
END_TEST

static Suite *
dial_suite(void)
{
	Suite *s = suite_create("dial");
	TCase *tc = tcase_create("dial");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, last_of_many_answers, 0, 2);
	tcase_add_loop_test(tc, nobody_answers, 0, LISTS);
	tcase_add_test(tc, too_late);
	tcase_add_loop_test(tc, family_is_kept, 0, 2);
	tcase_add_loop_test(
	    tc, families_take_turns, 0, sizeof(turns) / sizeof(turns[0]));
	tcase_add_test(tc, silence_is_not_waited_for);
	tcase_add_test(tc, late_answer_counts);
	tcase_add_loop_test(tc, peer_is_checked, 0, 2);
	tcase_add_test(tc, path_answers);
	tcase_add_loop_test(tc, full_path_times_out, 0, 2);
	tcase_add_loop_test(tc, client_is_gone, 0, 2);
	tcase_add_loop_test(tc, families_that_are_missing, 0, 9);
	tcase_add_test(tc, poll_is_interrupted);
	tcase_add_loop_test(tc, first_error_is_said, 0, 6);
	tcase_add_loop_test(
	    tc, path_is_refused, 0, sizeof(paths) / sizeof(paths[0]));
	tcase_add_test(tc, socket_is_passed);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(dial_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
