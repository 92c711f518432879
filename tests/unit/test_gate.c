/* SPDX-License-Identifier: ISC */
/*
 * jump-connect/gate.c: whose connection it is, and where it was to go.  The
 * kernel's own answers, in a network of the test's own.
 */
#include "../../jump-connect/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>

#include "net.h"
#include "probe.h"
#include "unit.h"

enum { PORT = 722, BOB = 4711, EVE = 4712 };

static const char table[] =
    "table inet t {\nchain c {\n"
    "type nat hook output priority -100; policy accept;\n"
    "meta skuid != { 4711, 4712 } ip daddr != 127.255.255.254 accept\n"
    "meta skuid 0 ip6 daddr ::1 accept\n"
    "meta l4proto tcp redirect to :722\n}\n}\n";

/* A network with that table, and 192.0.2.0/24 and 2001:db8::/32 to go to. */
static bool
net_gate(void)
{
	FILE *nft;

	if (!net_new())
		return false;
	ck_assert_int_eq(
	    system("ip addr add 192.0.2.1/24 dev lo && "
		   "ip addr add 2001:db8::1/64 dev lo nodad"), 0);
	nft = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(nft);
	fputs(table, nft);
	ck_assert_int_eq(pclose(nft), 0);
	return true;
}

/* An address and port for the kernel; returns its size. */
static socklen_t
place(struct sockaddr_storage *ss, const char *text, int port)
{
	struct sockaddr_in6 *v6 = (void *)ss;
	struct sockaddr_in *v4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof(*v6);
}

/* A socket of this user, bound if there is an address. */
static int
socket_of(int family, uid_t uid, const char *address, int port)
{
	struct sockaddr_storage ss;
	int sock, on = 1;

	ck_assert_int_eq(seteuid(uid), 0);
	sock = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_ne(sock, -1);
	ck_assert_int_eq(
	    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	if (address != NULL) {
		socklen_t size = place(&ss, address, port);

		ck_assert_int_eq(bind(sock, (void *)&ss, size), 0);
	}
	return sock;
}

static int
family_of(const char *address)
{
	return strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
}

static int
listener(const char *address, int port)
{
	int sock = socket_of(family_of(address), 0, address, port);

	ck_assert_int_eq(listen(sock, 5), 0);
	return sock;
}

/* Connect it, and accept; the end of the gate. */
static int
turned(int sock, int gate, const char *to, int port)
{
	struct sockaddr_storage ss;
	socklen_t size = place(&ss, to, port);
	int end;

	ck_assert_int_eq(connect(sock, (void *)&ss, size), 0);
	end = accept(gate, NULL, NULL);
	ck_assert_int_ne(end, -1);
	return end;
}

static void
check_gate(const struct gate *g, const char *to, int port, uid_t uid)
{
	char text[ADDR_TEXT];

	ck_assert_str_eq(addr_print(&g->to, text), to);
	ck_assert_int_eq(g->port, port);
	ck_assert_uint_eq(g->uid, uid);
	ck_assert(!g->probe);
}

static const struct {
	const char *gate, *to, *from;
	int port;
} roads[] = {
    {"127.0.0.1", "192.0.2.77", NULL, 22},
    {"127.0.0.1", "192.0.2.77", "192.0.2.1", 65535},
    {"127.0.0.1", "127.0.0.1", NULL, 22},
    {"127.0.0.1", PROBE_ADDRESS, NULL, 22},
    {"127.0.0.1", "127.0.0.2", NULL, PROBE_PORT},
    {"::1", "2001:db8::77", NULL, 22},
    {"::1", "2001:db8::77", "2001:db8::1", 1},
    {"::1", "::1", NULL, 22},
};

START_TEST(whose_and_where)
{
	const char *to = roads[_i].to, *from = roads[_i].from;
	int gate, sock, end, port = 0;
	struct gate g;

	if (!net_gate())
		return;
	gate = listener(roads[_i].gate, PORT);
	for (uid_t uid = BOB; uid <= EVE; uid++) {
		char text[ADDR_TEXT];

		if (from != NULL)
			port = 10000 + (int)uid;
		sock = socket_of(family_of(to), uid, from, port);
		end = turned(sock, gate, to, roads[_i].port);
		ck_assert_int_eq(gate_read(end, &g), 0);
		check_gate(&g, to, roads[_i].port, uid);
		if (from != NULL) {
			ck_assert_str_eq(addr_print(&g.client, text), from);
			ck_assert_int_eq(g.client_port, port);
		}
		/* Whose end it is has shut it in one direction. */
		ck_assert_int_eq(shutdown(sock, SHUT_WR), 0);
		ck_assert_int_eq(gate_read(end, &g), 0);
		check_gate(&g, to, roads[_i].port, uid);
		close(sock);
		close(end);
	}
}
END_TEST

START_TEST(probe_is_told)
{
	struct gate g;
	int gate, end;

	if (!net_gate())
		return;
	gate = listener("127.0.0.1", PORT);
	end = turned(socket_of(AF_INET, 0, NULL, 0), gate, PROBE_ADDRESS,
	    PROBE_PORT);
	ck_assert_int_eq(gate_read(end, &g), 0);
	ck_assert(g.probe);
}
END_TEST

/* Nobody turned it around, with a table and without. */
START_TEST(not_turned_around)
{
	static const char *const places[] = {"127.0.0.1", "::1"};
	struct gate g;
	int end, gate;

	if (!(_i < 2 ? net_new() : net_gate()))
		return;
	gate = listener(places[_i % 2], PORT);
	end = turned(socket_of(family_of(places[_i % 2]), 0, NULL, 0), gate,
	    places[_i % 2], PORT);
	ck_assert_int_eq(gate_read(end, &g), -1);
	if (_i >= 2)
		ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

/* A user who goes to the gate itself is turned around to where they went. */
START_TEST(to_the_gate_itself)
{
	struct gate g;
	int end, gate;

	if (!net_gate())
		return;
	gate = listener("127.0.0.1", PORT);
	end = turned(
	    socket_of(AF_INET, BOB, NULL, 0), gate, "127.0.0.1", PORT);
	ck_assert_int_eq(gate_read(end, &g), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

START_TEST(not_a_connection)
{
	int pair[2], listening, datagram;
	struct sockaddr_storage ss;
	socklen_t size;
	struct gate g;

	if (!net_gate())
		return;
	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(gate_read(pair[0], &g), -1);
	ck_assert_int_eq(errno, ENOTSOCK);
	ck_assert_int_eq(gate_read(-1, &g), -1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(gate_read(pair[0], &g), -1);
	ck_assert_int_eq(errno, EPROTO);
	listening = listener("127.0.0.1", PORT);
	ck_assert_int_eq(gate_read(listening, &g), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	datagram = socket(AF_INET, SOCK_DGRAM, 0);
	size = place(&ss, "127.0.0.1", 53);
	ck_assert_int_eq(connect(datagram, (void *)&ss, size), 0);
	ck_assert_int_eq(gate_read(datagram, &g), -1);
	ck_assert_uint_eq(g.uid, 0);
}
END_TEST

/* Its maker has closed it, or has never been more than a number. */
START_TEST(nobodys)
{
	struct linger hard = {.l_onoff = 1};
	int gate, sock, end;
	struct gate g;

	if (!net_gate())
		return;
	gate = listener("127.0.0.1", PORT);
	sock = socket_of(AF_INET, BOB, NULL, 0);
	end = turned(sock, gate, "192.0.2.77", 22);
	close(sock);
	ck_assert_int_eq(gate_read(end, &g), -1);
	ck_assert_int_eq(errno, ESTALE);
	sock = socket_of(AF_INET, BOB, NULL, 0);
	end = turned(sock, gate, "192.0.2.77", 22);
	ck_assert_int_eq(setsockopt(
	    sock, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(sock);
	ck_assert_int_eq(gate_read(end, &g), -1);
}
END_TEST

/*
 * Nor is it of somebody who listens where its end was: the kernel has nobody
 * else to name when the end itself is gone.
 */
START_TEST(not_the_listeners)
{
	struct timespec tick = {.tv_nsec = 100 * 1000 * 1000};
	int gate, sock, end, other, second = 1;
	struct gate g;

	if (!net_gate())
		return;
	gate = listener("127.0.0.1", PORT);
	sock = socket_of(AF_INET, EVE, "192.0.2.1", 7777);
	ck_assert_int_eq(setsockopt(
	    sock, IPPROTO_TCP, TCP_LINGER2, &second, sizeof(second)), 0);
	end = turned(sock, gate, "192.0.2.77", 22);
	other = socket_of(AF_INET, BOB, "0.0.0.0", 7777);
	ck_assert_int_eq(listen(other, 5), 0);
	ck_assert_int_eq(gate_read(end, &g), 0);
	ck_assert_uint_eq(g.uid, EVE);
	close(sock);
	for (int i = 0; i < 25; i++) {
		ck_assert_int_eq(gate_read(end, &g), -1);
		ck_assert_int_eq(errno, ESTALE);
		nanosleep(&tick, NULL);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, whose_and_where, 0, COUNT(roads));
	tcase_add_test(t, probe_is_told);
	tcase_add_loop_test(t, not_turned_around, 0, 4);
	tcase_add_test(t, to_the_gate_itself);
	tcase_add_test(t, not_a_connection);
	tcase_add_test(t, nobodys);
	tcase_add_test(t, not_the_listeners);
	suite_add_tcase(s, t);
	return unit_run(s);
}
