/* jump-connect/dial.c: one socket of each family for many addresses. */

#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../jump-connect/dial.h"

static struct dial dial;

static void
setup(void)
{
	signal(SIGPIPE, SIG_IGN);
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
	int fd, listener;

	for (int i = 0; i < DIAL_ADDRESSES - 1; i++)
		a[i] = loopback(i % 3, port);
	a[DIAL_ADDRESSES - 1] = loopback(_i == 0 ? 9 : 0, 0);
	listener = listen_at(&a[DIAL_ADDRESSES - 1], 1);
	fd = dial_addresses(&dial, a, DIAL_ADDRESSES, AF_UNSPEC, 10, &which);
	ck_assert_int_ne(fd, -1);
	ck_assert_uint_eq(which, DIAL_ADDRESSES - 1);
	must_work(fd, listener);
}
END_TEST

START_TEST(nobody_answers)
{
	struct sockaddr_storage a[2];
	size_t which;

	a[0] = loopback(1, closed_port());
	a[1] = loopback(0, closed_port());
	ck_assert_int_eq(
	    dial_addresses(&dial, a, 2, AF_UNSPEC, 10, &which), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	ck_assert_int_eq(
	    dial_addresses(&dial, a, 0, AF_UNSPEC, 10, &which), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
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
	fd = dial_addresses(
	    &dial, a, 2, _i == 0 ? AF_INET : AF_INET6, 10, &which);
	ck_assert_uint_eq(which, (size_t)_i);
	must_work(fd, _i == 0 ? one : other);
	ck_assert_int_eq(dial_addresses(&dial, a + 1 - _i, 1,
			     _i == 0 ? AF_INET : AF_INET6, 10, &which),
	    -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

/* A listener whose queue is full answers nobody: it takes its share only. */
START_TEST(time_is_shared)
{
	struct sockaddr_storage a[3];
	int full, listener, fd, filler[8];
	double start;
	size_t which;

	a[0] = loopback(1, 0);
	full = listen_at(&a[0], 0);
	for (int i = 0; i < 8; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(filler[i], (struct sockaddr *)&a[0],
		    sizeof(struct sockaddr_in));
	}
	a[1] = a[0];
	a[2] = loopback(2, 0);
	listener = listen_at(&a[2], 1);
	start = now();
	fd = dial_addresses(&dial, a, 3, AF_UNSPEC, 3, &which);
	ck_assert_double_ge(now() - start, 1.9);
	ck_assert_double_le(now() - start, 2.9);
	ck_assert_uint_eq(which, 2);
	must_work(fd, listener);
	dial_close(&dial);
	ck_assert_int_eq(dial_open(&dial), 0);
	start = now();
	ck_assert_int_eq(dial_addresses(&dial, a, 1, AF_UNSPEC, 1, &which), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_double_le(now() - start, 1.9);
	close(full);
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
	fd = dial_path(&dial, path, 5);
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
	ck_assert_int_ne(dial_path(&dial, path, 1), -1);
	ck_assert_int_eq(dial_open(&dial), 0);
	fd = dial_path(&dial, path, 1);
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
	ck_assert_int_eq(dial_path(&dial, paths[_i].path, 1), -1);
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

static Suite *
dial_suite(void)
{
	Suite *s = suite_create("dial");
	TCase *tc = tcase_create("dial");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, last_of_many_answers, 0, 2);
	tcase_add_test(tc, nobody_answers);
	tcase_add_loop_test(tc, family_is_kept, 0, 2);
	tcase_add_test(tc, time_is_shared);
	tcase_add_test(tc, path_answers);
	tcase_add_test(tc, full_path_times_out);
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
