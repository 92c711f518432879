/* SPDX-License-Identifier: ISC */
/*
 * What the kernel tells of connections that this test makes: to the byte.
 */
#include "../../jumpctl/sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <poll.h>

#include "unit.h"

static struct socket_seen *list;
static size_t n;

/* A connection on loopback. */
struct pair {
	int listener, client, server;
	struct sockaddr_storage to;
	socklen_t size;
};

static struct pair
connection(const char *address)
{
	struct addr a = unit_addr(address);
	struct pair p = {.size = sizeof(p.to)};

	p.size = addr_to_sockaddr(&a, 0, &p.to);
	p.listener = socket(p.to.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(p.listener, (struct sockaddr *)&p.to, p.size), 0);
	ck_assert_int_eq(listen(p.listener, 1), 0);
	ck_assert_int_eq(
	    getsockname(p.listener, (struct sockaddr *)&p.to, &p.size), 0);
	p.client = socket(p.to.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(
	    connect(p.client, (struct sockaddr *)&p.to, p.size), 0);
	p.server = accept(p.listener, NULL, NULL);
	ck_assert_int_ne(p.server, -1);
	return p;
}

static const struct socket_seen *
seen(int fd)
{
	struct stat st;

	free(list);
	list = NULL;
	ck_assert_int_eq(sockets_read(&list, &n), 0);
	for (size_t i = 1; i < n; i++)
		unit_check(list[i - 1].inode <= list[i].inode);
	ck_assert_int_eq(fstat(fd, &st), 0);
	return sockets_find(list, n, (uint32_t)st.st_ino);
}

static void
send_all(int from, int to, size_t size)
{
	char buffer[4096] = "";

	while (size > 0) {
		size_t part = size < sizeof(buffer) ? size : sizeof(buffer);

		ck_assert_int_eq(write(from, buffer, part), (int)part);
		for (size_t left = part; left > 0;) {
			ssize_t got = read(to, buffer, left);

			ck_assert_int_gt(got, 0);
			left -= (size_t)got;
		}
		size -= part;
	}
}

/* Sooner or later: acknowledgements take their time. */
static void
counts(int fd, uint64_t sent, uint64_t received)
{
	const struct socket_seen *s = NULL;

	for (int i = 0; i < 500; i++) {
		s = seen(fd);
		ck_assert_ptr_nonnull(s);
		if (s->sent == sent && s->received == received)
			return;
		poll(NULL, 0, 10);
	}
	ck_assert_uint_eq(s->sent, sent);
	ck_assert_uint_eq(s->received, received);
}

/* What is written and not read waits at both ends; then, an end of one. */
static const struct socket_seen *
waits(int fd, uint32_t queued, uint32_t unread)
{
	const struct socket_seen *s = NULL;

	for (int i = 0; i < 500; i++) {
		s = seen(fd);
		ck_assert_ptr_nonnull(s);
		if (s->queued == queued && s->unread == unread)
			return s;
		poll(NULL, 0, 10);
	}
	ck_assert_uint_eq(s->queued, queued);
	ck_assert_uint_eq(s->unread, unread);
	return s;
}

static const char *const addresses[] = {"127.0.0.1", "::1"};

START_TEST(ends_and_listener)
{
	struct pair p = connection(addresses[_i]);
	struct addr a = unit_addr(addresses[_i]);
	const struct socket_seen *s = seen(p.client);
	uint16_t port;

	ck_assert_ptr_nonnull(s);
	ck_assert(!s->listens);
	ck_assert(addr_equal(&s->remote, &a));
	ck_assert(addr_equal(&s->local, &a));
	ck_assert_uint_eq(s->uid, geteuid());
	port = s->local_port;
	s = seen(p.server);
	ck_assert_uint_eq(s->remote_port, port);
	port = s->local_port;
	s = seen(p.listener);
	ck_assert(s->listens);
	ck_assert_uint_eq(s->local_port, port);
	close(p.client);
	close(p.server);
	close(p.listener);
	ck_assert_ptr_null(sockets_find(list, 0, 1));
	ck_assert_ptr_null(sockets_find(list, n, 0));
}
END_TEST

START_TEST(bytes)
{
	struct pair p = connection(addresses[_i]);

	counts(p.client, 0, 0);
	send_all(p.client, p.server, 1);
	counts(p.client, 1, 0);
	send_all(p.client, p.server, 99999);
	send_all(p.server, p.client, 12345);
	counts(p.client, 100000, 12345);
}
END_TEST

/* The ends of the streams are no bytes. */
START_TEST(half_closed_by_us)
{
	struct pair p = connection(addresses[_i]);

	send_all(p.client, p.server, 10);
	shutdown(p.client, SHUT_WR);
	counts(p.client, 10, 0);
	send_all(p.server, p.client, 7);
	counts(p.client, 10, 7);
}
END_TEST

START_TEST(half_closed_by_peer)
{
	struct pair p = connection(addresses[_i]);

	send_all(p.server, p.client, 10);
	shutdown(p.server, SHUT_WR);
	counts(p.client, 0, 10);
	send_all(p.client, p.server, 7);
	counts(p.client, 7, 10);
}
END_TEST

START_TEST(idle)
{
	struct pair p = connection(addresses[_i]);
	uint32_t before;

	send_all(p.client, p.server, 1);
	poll(NULL, 0, 100);
	before = seen(p.client)->idle;
	ck_assert_uint_ge(before, 80);
	ck_assert_uint_lt(before, 60000);
	send_all(p.server, p.client, 1);
	/* A pause of this machine is longer than that of the connection. */
	ck_assert_uint_lt(seen(p.client)->idle, 60000);
}
END_TEST

START_TEST(queues)
{
	struct pair p = connection(addresses[_i]);
	static char much[8 << 20];
	ssize_t sent;
	uint32_t unread = 0;
	const struct socket_seen *s = waits(p.client, 0, 0);

	ck_assert_int_eq(s->tcp, TCP_IS_ESTABLISHED);
	ck_assert_uint_gt(s->rtt, 0);
	ck_assert_uint_eq(write(p.server, "hello", 5), 5);
	waits(p.client, 0, 5);
	waits(p.server, 0, 0);
	shutdown(p.server, SHUT_WR);
	s = waits(p.client, 0, 5);
	ck_assert_int_eq(s->tcp, TCP_IS_CLOSE_WAIT);
	sent = send(p.client, much, sizeof(much), MSG_DONTWAIT);
	ck_assert_int_gt((int)sent, 100000);
	for (int i = 0; i < 500; i++) {
		unread = seen(p.server)->unread;
		s = seen(p.client); /* and what was seen before is gone */
		if (s->queued > 0 && s->in_flight == 0 &&
		    s->queued + unread == (uint32_t)sent)
			break;
		poll(NULL, 0, 10);
	}
	ck_assert_uint_gt(s->queued, 0);
	ck_assert_uint_eq(s->unsent, s->queued);
	ck_assert_uint_eq(s->queued + unread, (uint32_t)sent);
	ck_assert_uint_gt(s->rate, 0);
}
END_TEST

/* An end of ours that waits behind data is no byte. */
START_TEST(ends_are_not_queued)
{
	struct pair p = connection(addresses[_i]);

	shutdown(p.client, SHUT_WR);
	waits(p.client, 0, 0);
	waits(p.server, 0, 0);
	close(p.server);
}
END_TEST

/* Each port's, the first of them first. */
START_TEST(by_port)
{
	static const uint16_t ports[] = {9, 5, 7, 5, 0, 7, 7};
	struct socket_seen s[COUNT(ports)] = {{0}};
	const struct socket_seen **sorted;

	for (size_t i = 0; i < COUNT(ports); i++)
		s[i].local_port = ports[i];
	sorted = sockets_by_port(s, COUNT(ports));
	ck_assert_ptr_nonnull(sorted);
	for (size_t i = 1; i < COUNT(ports); i++)
		ck_assert_uint_le(
		    sorted[i - 1]->local_port, sorted[i]->local_port);
	ck_assert_uint_eq(sockets_of_port(sorted, COUNT(ports), 0), 0);
	ck_assert_uint_eq(sockets_of_port(sorted, COUNT(ports), 5), 1);
	ck_assert_uint_eq(sockets_of_port(sorted, COUNT(ports), 6), 3);
	ck_assert_uint_eq(sockets_of_port(sorted, COUNT(ports), 7), 3);
	ck_assert_uint_eq(sockets_of_port(sorted, COUNT(ports), 10), 7);
	ck_assert_uint_eq(sockets_of_port(sorted, 0, 7), 0);
	free(sorted);
}
END_TEST

/* More than one datagram of the kernel's. */
START_TEST(many)
{
	enum { MANY = 200 };
	struct pair pairs[MANY];

	for (int i = 0; i < MANY; i++)
		pairs[i] = connection(addresses[_i]);
	seen(pairs[0].client);
	for (int i = 0; i < MANY; i++) {
		struct stat st;

		ck_assert_int_eq(fstat(pairs[i].client, &st), 0);
		unit_check(sockets_find(list, n, (uint32_t)st.st_ino) != NULL);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sockets");
	TCase *t = tcase_create("sockets");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, ends_and_listener, 0, 2);
	tcase_add_loop_test(t, bytes, 0, 2);
	tcase_add_loop_test(t, half_closed_by_us, 0, 2);
	tcase_add_loop_test(t, half_closed_by_peer, 0, 2);
	tcase_add_loop_test(t, idle, 0, 2);
	tcase_add_loop_test(t, queues, 0, 2);
	tcase_add_loop_test(t, ends_are_not_queued, 0, 2);
	tcase_add_test(t, by_port);
	tcase_add_loop_test(t, many, 0, 2);
	suite_add_tcase(s, t);
	return unit_run(s);
}
