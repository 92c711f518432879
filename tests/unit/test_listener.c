/* SPDX-License-Identifier: ISC */
/*
 * What the kernel tells of listeners and connections that this test makes.
 */
#include "../../lib/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>

#include "unit.h"

enum { OTHER = 2001 };

/* Sockets made from here on are that user's, if there is a right to it. */
static uid_t
become(uid_t uid)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(uid), 0);
	return geteuid();
}

struct made {
	int fd;
	uint16_t port;
	uid_t uid;
};

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t size = sizeof(ss);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &size), 0);
	return addr_port((struct sockaddr *)&ss);
}

/* A listener of OTHER's; a v4-mapped address is of a socket of IPv6. */
static struct made
listener(const char *address, bool mapped, bool only, bool interface)
{
	struct addr a = unit_addr(address);
	struct sockaddr_storage ss;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	socklen_t size = addr_to_sockaddr(&a, 0, &ss);
	int on = 1;
	struct made m = {.uid = become(OTHER)};

	memcpy(&in6.sin6_addr, a.b, sizeof(a.b));
	m.fd = socket(
	    mapped ? AF_INET6 : ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (only)
		setsockopt(m.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (interface)
		ck_assert_int_eq(
		    setsockopt(m.fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	ck_assert_int_eq(mapped
		? bind(m.fd, (struct sockaddr *)&in6, sizeof(in6))
		: bind(m.fd, (struct sockaddr *)&ss, size),
	    0);
	ck_assert_int_eq(listen(m.fd, 4), 0);
	become(0);
	m.port = port_of(m.fd);
	return m;
}

static const struct {
	const char *bound, *seen;
	bool mapped, only, interface;
	int found;
	bool any;
} listeners[] = {
    {"127.77.0.17", "127.77.0.17", .found = 1},
    {"127.77.0.17", "127.77.0.17", .interface = true, .found = 1},
    {"127.77.0.17", "127.77.0.17", .mapped = true, .found = 1},
    {"127.77.0.18", NULL, .found = 0},
    {"127.0.0.1", NULL, .found = 0},
    {"0.0.0.0", "0.0.0.0", .found = 1, .any = true},
    {"0.0.0.0", "0.0.0.0", .interface = true, .found = 1, .any = true},
    {"::", "::", .found = 1, .any = true},
    {"::", NULL, .only = true, .found = 0},
    {"::1", NULL, .found = 0},
};

START_TEST(finds)
{
	struct made m = listener(listeners[_i].bound, listeners[_i].mapped,
	    listeners[_i].only, listeners[_i].interface);
	struct addr a = unit_addr("127.77.0.17");
	struct listener l;
	struct stat st;

	ck_assert_int_eq(listener_find(&a, m.port, &l), listeners[_i].found);
	if (listeners[_i].found) {
		struct addr seen = unit_addr(listeners[_i].seen);

		ck_assert(addr_equal(&l.addr, &seen));
		ck_assert_int_eq(l.any, listeners[_i].any);
		ck_assert_uint_eq(l.uid, m.uid);
		ck_assert_uint_eq(l.port, m.port);
		ck_assert_str_eq(l.path, "");
		ck_assert_int_eq(fstat(m.fd, &st), 0);
		ck_assert_uint_eq(l.inode, (uint32_t)st.st_ino);
	}
	close(m.fd);
	ck_assert_int_eq(listener_find(&a, m.port, &l), 0);
}
END_TEST

/* What is told of one port. */
struct seen {
	uint16_t port;
	const char *path;
	int n;
	struct listener l;
};

static bool
look(void *arg, const struct listener *l)
{
	struct seen *s = arg;

	ck_assert(l->path[0] == '\0' || l->port == 0);
	if (s->path != NULL ? strcmp(l->path, s->path) == 0
			    : l->port == s->port) {
		s->n++;
		s->l = *l;
	}
	return true;
}

START_TEST(lists)
{
	struct made m = listener(listeners[_i].bound, listeners[_i].mapped,
	    listeners[_i].only, listeners[_i].interface);
	struct seen s = {.port = m.port};
	bool local = strncmp(listeners[_i].bound, "127.", 4) == 0;

	ck_assert_int_eq(listener_tcp(look, &s), 0);
	ck_assert_int_eq(s.n, listeners[_i].found || local);
	if (s.n > 0) {
		ck_assert_uint_eq(s.l.uid, m.uid);
		ck_assert_int_eq(s.l.any, listeners[_i].any);
	}
	close(m.fd);
	s.n = 0;
	ck_assert_int_eq(listener_tcp(look, &s), 0);
	ck_assert_int_eq(s.n, 0);
}
END_TEST

static bool
enough(void *arg, const struct listener *l)
{
	(void)l;
	return --*(int *)arg > 0;
}

START_TEST(stops)
{
	struct made a = listener("127.77.0.17", false, false, false);
	struct made b = listener("127.77.0.17", false, false, false);
	int n = 1;

	ck_assert_int_eq(listener_tcp(enough, &n), -1);
	ck_assert_int_eq(errno, ECANCELED);
	ck_assert_int_eq(n, 0);
	close(a.fd);
	close(b.fd);
}
END_TEST

static int
client(const struct made *m, const char *address)
{
	struct addr a = unit_addr(address);
	struct sockaddr_storage ss;
	socklen_t size = addr_to_sockaddr(&a, m->port, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, size), 0);
	return fd;
}

static const struct {
	const char *bound, *to;
} peers[] = {
    {"127.77.0.17", "127.77.0.17"},
    {"0.0.0.0", "127.77.0.17"},
    {"::", "127.77.0.17"},
    {"::1", "::1"},
};

/* Whoever accepts has it, and not who made the listener. */
START_TEST(accepted_by)
{
	struct made m = listener(peers[_i].bound, false, false, false);
	int server, fd = client(&m, peers[_i].to);
	uid_t acceptor;
	struct listener l;

	ck_assert_int_eq(listener_peer(fd, &l), 0);
	acceptor = become(OTHER + 1);
	server = accept(m.fd, NULL, NULL);
	become(0);
	ck_assert_int_eq(listener_peer(fd, &l), 1);
	ck_assert_uint_eq(l.uid, acceptor);
	ck_assert_uint_eq(l.port, m.port);
	close(m.fd);
	ck_assert_int_eq(listener_peer(fd, &l), 1);
	ck_assert_uint_eq(l.uid, acceptor);
	close(server);
	ck_assert_int_eq(listener_peer(fd, &l), -1);
	ck_assert_int_eq(errno, ESTALE);
	close(fd);
}
END_TEST

/* A listener that another has taken the place of has the connection still. */
START_TEST(not_the_next)
{
	struct made m = listener("127.77.0.17", false, false, false);
	struct listener l;
	int fd = client(&m, "127.77.0.17");

	close(m.fd);
	ck_assert_int_eq(listener_peer(fd, &l), -1);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(listener_peer(fd, &l), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(listener_peer(fd, &l), -1);
	close(fd);
}
END_TEST

/* A UNIX socket at a path that is short, long, the longest. */
START_TEST(paths)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/listener.XXXXXX";
	struct seen s = {.path = to.sun_path};
	struct stat st;
	uid_t uid;
	size_t n;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	chmod(folder, 0777);
	n = (size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/s", folder);
	while (n < (_i == 0 ? 0 : sizeof(to.sun_path) - 1))
		to.sun_path[n++] = 'x';
	uid = become(OTHER);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(listener_local(look, &s), 0);
	ck_assert_int_eq(s.n, 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	become(0);
	ck_assert_int_eq(listener_local(look, &s), 0);
	ck_assert_int_eq(s.n, 1);
	ck_assert_uint_eq(s.l.uid, uid);
	ck_assert_int_eq(stat(to.sun_path, &st), 0);
	ck_assert_uint_eq(s.l.file, (uint32_t)st.st_ino);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(s.l.inode, (uint32_t)st.st_ino);
	unlink(to.sun_path);
	rmdir(folder);
	close(fd);
}
END_TEST

/* More than one datagram of them. */
START_TEST(many)
{
	struct made m[300];
	struct seen s = {.port = 0};
	int count = 1000000;

	for (int i = 0; i < COUNT(m); i++)
		m[i] = listener("127.77.0.17", false, false, false);
	for (int i = 0; i < COUNT(m); i++) {
		s = (struct seen){.port = m[i].port};
		ck_assert_int_eq(listener_tcp(look, &s), 0);
		ck_assert_int_eq(s.n, 1);
	}
	ck_assert_int_eq(listener_tcp(enough, &count), 0);
	ck_assert_int_le(count, 1000000 - COUNT(m));
	for (int i = 0; i < COUNT(m); i++)
		close(m[i].fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("listener");
	TCase *t = tcase_create("listener");

	tcase_add_loop_test(t, finds, 0, COUNT(listeners));
	tcase_add_loop_test(t, lists, 0, COUNT(listeners));
	tcase_add_test(t, stops);
	tcase_add_loop_test(t, accepted_by, 0, COUNT(peers));
	tcase_add_test(t, not_the_next);
	tcase_add_loop_test(t, paths, 0, 2);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return unit_run(s);
}
