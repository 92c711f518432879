/* SPDX-License-Identifier: ISC */
/* jump-connect/capture.c: what it writes, read block by block. */

#include <sys/socket.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../jump-connect/capture.h"

enum { SIDES = 2, ROOM = 1 << 20 };

static int fd, pair[SIDES]; /* a file; the client's and the target's socket */
static uint8_t file[ROOM];
static size_t size;

static void
connect_pair(int family)
{
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)family};
	socklen_t n = sizeof(ss);
	int listener = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET)
		((struct sockaddr_in *)&ss)->sin_addr.s_addr =
		    htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&ss, n), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&ss, &n), 0);
	pair[0] = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(pair[0], (struct sockaddr *)&ss, n), 0);
	pair[1] = accept(listener, NULL, NULL);
	ck_assert_int_ne(pair[1], -1);
	close(listener);
}

static void
setup(void)
{
	char path[] = "/tmp/test_capture.XXXXXX";

	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	unlink(path);
}

static void
teardown(void)
{
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static uint32_t
u32(size_t at)
{
	uint32_t n;

	ck_assert_uint_le(at + 4, size);
	memcpy(&n, file + at, sizeof(n));
	return n;
}

static unsigned
be16(size_t at)
{
	return (unsigned)file[at] << 8 | file[at + 1];
}

static uint32_t
be32(size_t at)
{
	return be16(at) << 16 | be16(at + 2);
}

static void
slurp(void)
{
	ssize_t n = pread(fd, file, sizeof(file), 0);

	ck_assert_int_ge(n, 0);
	size = (size_t)n;
}

/* The sum over a header that has its checksum in it: all ones. */
static void
check_sum(uint32_t sum, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)file[at + i] << 8 : file[at + i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	ck_assert_uint_eq(sum, 0xffff);
}

struct seen {
	int side;
	unsigned flags;
	uint32_t seq, ack;
	const uint8_t *payload;
	size_t n;
};

/* A packet block: where the IP header is sound, what TCP says. */
static struct seen
read_packet(size_t at, unsigned client_port)
{
	size_t ip = at + 28, n = u32(at + 20), header, tcp;
	uint32_t pseudo = IPPROTO_TCP;
	struct seen s = {0};

	ck_assert_uint_eq(u32(at + 24), n);
	if (file[ip] == 0x45) {
		header = 20;
		ck_assert_uint_eq(be16(ip + 2), n);
		check_sum(0, ip, 20);
		for (size_t i = 12; i < 20; i += 2)
			pseudo += be16(ip + i);
	} else {
		ck_assert_uint_eq(file[ip], 0x60);
		header = 40;
		ck_assert_uint_eq(be16(ip + 4) + 40, n);
		for (size_t i = 8; i < 40; i += 2)
			pseudo += be16(ip + i);
	}
	tcp = ip + header;
	check_sum(pseudo + (uint32_t)(n - header), tcp, n - header);
	s.side = be16(tcp) == client_port ? CAPTURE_CLIENT : CAPTURE_TARGET;
	s.flags = file[tcp + 13];
	s.seq = be32(tcp + 4);
	s.ack = be32(tcp + 8);
	s.payload = file + tcp + 20;
	s.n = n - header - 20;
	return s;
}

/* Block by block; each packet to see(). */
static void
read_all(unsigned client_port, void (*see)(struct seen))
{
	size_t at = 0;

	slurp();
	ck_assert_uint_eq(u32(0), 0x0a0d0d0a);
	ck_assert_uint_eq(u32(8), 0x1a2b3c4d);
	while (at < size) {
		uint32_t n = u32(at + 4);

		ck_assert_uint_eq(n % 4, 0);
		ck_assert_uint_eq(u32(at + n - 4), n);
		if (u32(at) == 6)
			see(read_packet(at, client_port));
		at += n;
	}
	ck_assert_uint_eq(at, size);
}

static unsigned
port_of(int sock)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	ck_assert_int_eq(getsockname(sock, (struct sockaddr *)&ss, &n), 0);
	return addr_port((struct sockaddr *)&ss);
}

/* Both directions, put together again from the numbers of their bytes. */
static uint8_t said[SIDES][ROOM];
static uint32_t next[SIDES];
static size_t packets, fins;

static void
put_together(struct seen s)
{
	packets++;
	ck_assert_uint_eq(s.seq, next[s.side]);
	if (s.flags & 0x10)
		ck_assert_uint_eq(s.ack, next[!s.side]);
	if (s.n > 0)
		memcpy(said[s.side] + s.seq - 1, s.payload, s.n);
	next[s.side] += (uint32_t)s.n + ((s.flags & 3) != 0);
	fins += s.flags & 1;
}

static const int families[] = {AF_INET, AF_INET6};

START_TEST(both_ways)
{
	static uint8_t much[100001];
	struct capture c;

	connect_pair(families[_i]);
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 + i / 251);
	ck_assert_int_eq(capture_begin(&c, fd, pair[0], "session x"), 0);
	ck_assert_int_eq(capture_data(&c, CAPTURE_CLIENT, "hello", 5), 0);
	ck_assert_int_eq(
	    capture_data(&c, CAPTURE_TARGET, much, sizeof(much)), 0);
	ck_assert_int_eq(capture_data(&c, CAPTURE_CLIENT, "x", 1), 0);
	ck_assert_int_eq(capture_end(&c, CAPTURE_CLIENT), 0);
	ck_assert_int_eq(capture_end(&c, CAPTURE_CLIENT), 0);
	ck_assert_int_eq(capture_end(&c, CAPTURE_TARGET), 0);
	memset(next, 0, sizeof(next));
	packets = fins = 0;
	read_all(port_of(pair[0]), put_together);
	ck_assert_uint_eq(packets, 3 + 2 + 4 + 2);
	ck_assert_uint_eq(fins, 2);
	ck_assert_mem_eq(said[CAPTURE_CLIENT], "hellox", 6);
	ck_assert_mem_eq(said[CAPTURE_TARGET], much, sizeof(much));
	ck_assert_uint_eq(next[CAPTURE_CLIENT], 8);
	ck_assert_uint_eq(c.file.size, size);
}
END_TEST

START_TEST(who_it_is_about)
{
	struct capture c;

	connect_pair(AF_INET);
	ck_assert_int_eq(
	    capture_begin(&c, fd, pair[0], "session x, a to b"), 0);
	slurp();
	ck_assert_uint_eq(u32(24), 17U << 16 | 1); /* a comment of 17 bytes */
	ck_assert_mem_eq(file + 28, "session x, a to b", 17);
}
END_TEST

/* A file that takes no more ends it, and so does a limit of one's own. */
START_TEST(no_room)
{
	static const struct rlimit few = {2000, 2000};
	static uint8_t much[4000];
	struct capture c;

	connect_pair(AF_INET);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(capture_begin(&c, fd, pair[0], "x"), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	ck_assert_int_eq(
	    capture_data(&c, CAPTURE_CLIENT, much, sizeof(much)), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(too_large)
{
	struct capture c;

	connect_pair(AF_INET);
	ck_assert_int_eq(capture_begin(&c, fd, pair[0], "x"), 0);
	c.file.size = CAPTURE_MAX - 10;
	ck_assert_int_eq(capture_data(&c, CAPTURE_CLIENT, "x", 1), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(no_tcp)
{
	struct capture c;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(capture_begin(&c, fd, pair[0], "x"), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("capture");
	TCase *t = tcase_create("capture");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, both_ways, 0, SIDES);
	tcase_add_test(t, who_it_is_about);
	tcase_add_test(t, no_room);
	tcase_add_test(t, too_large);
	tcase_add_test(t, no_tcp);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
