/* SPDX-License-Identifier: ISC */
#include "listener.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 32768, LOOPBACK = 1 /* the index of lo */ };

struct question {
	struct nlmsghdr head;
	union {
		struct inet_diag_req_v2 tcp;
		struct unix_diag_req local;
	} body;
};

/* What is asked of a dump, and who is told. */
struct dump {
	listener_each *each;
	void *arg;
	bool (*read)(const struct nlmsghdr *, struct listener *);
};

static struct question
question_tcp(uint8_t family, uint16_t flags)
{
	struct question q = {
	    .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.tcp)),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | flags}};

	q.body.tcp.sdiag_family = family;
	q.body.tcp.sdiag_protocol = IPPROTO_TCP;
	q.body.tcp.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	q.body.tcp.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return q;
}

/* A socket that the question was sent on, or -1. */
static int
ask(const struct question *q)
{
	int error,
	    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd == -1 ||
	    send(fd, q, q->head.nlmsg_len, 0) == (ssize_t)q->head.nlmsg_len)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* One datagram, whole; its size, or -1. */
static ssize_t
hear(int fd, void *buffer, size_t room)
{
	ssize_t n;

	do
		n = recv(fd, buffer, room, MSG_TRUNC);
	while (n == -1 && errno == EINTR);
	if (n >= 0 && (size_t)n <= room)
		return n;
	if (n >= 0)
		errno = EMSGSIZE;
	return -1;
}

/* The error of a message of that kind. */
static int
error_of(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	return h->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0
	    ? -e->error
	    : EPROTO;
}

static struct addr
read_address(int family, const __be32 bytes[4])
{
	struct addr a = {{0}};

	memcpy(a.b + (family == AF_INET ? 12 : 0), bytes,
	    family == AF_INET ? 4 : 16);
	if (family == AF_INET)
		a.b[10] = a.b[11] = 0xff;
	return a;
}

static bool
is_any(const struct addr *a)
{
	static const struct addr none;
	struct addr last = *a;

	if (addr_is_v4(a))
		last.b[10] = last.b[11] = 0;
	return addr_equal(&last, &none);
}

static bool
is_tcp(const struct nlmsghdr *h)
{
	return h->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	    h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg));
}

static void
read_tcp(const struct inet_diag_msg *m, struct listener *l)
{
	*l = (struct listener){.uid = m->idiag_uid,
	    .inode = m->idiag_inode,
	    .addr = read_address(m->idiag_family, m->id.idiag_src),
	    .port = ntohs(m->id.idiag_sport)};
	l->any = is_any(&l->addr);
}

/*
 * The one socket of a question: 1, 0 if there is none, or -1.
 */
static int
ask_one(const struct question *q, struct inet_diag_msg *m)
{
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} answer;
	int error = EPROTO, fd = ask(q);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = hear(fd, &answer, sizeof(answer));
	if (n == -1)
		error = errno;
	close(fd);
	if (n != -1 && NLMSG_OK(&answer.head, (size_t)n)) {
		if (is_tcp(&answer.head)) {
			memcpy(m, NLMSG_DATA(&answer.head), sizeof(*m));
			return 1;
		}
		if (answer.head.nlmsg_type == NLMSG_ERROR)
			error = error_of(&answer.head);
	}
	errno = error;
	return error == ENOENT ? 0 : -1;
}

static void
put(__be32 to[4], const struct addr *a)
{
	if (addr_is_v4(a))
		memcpy(to, a->b + 12, 4);
	else
		memcpy(to, a->b, 16);
}

/* Sockets of this end, also those that are bound to the interface. */
static struct question
question_for(const struct addr *addr, uint16_t port)
{
	struct question q =
	    question_tcp(addr_is_v4(addr) ? AF_INET : AF_INET6, 0);

	q.body.tcp.idiag_states = UINT32_MAX;
	q.body.tcp.id.idiag_sport = htons(port);
	q.body.tcp.id.idiag_if = LOOPBACK;
	put(q.body.tcp.id.idiag_src, addr);
	return q;
}

int
listener_find(const struct addr *addr, uint16_t port, struct listener *l)
{
	const struct question q = question_for(addr, port);
	struct inet_diag_msg m;
	int found = ask_one(&q, &m);

	if (found != 1)
		return found;
	read_tcp(&m, l);
	if (m.idiag_state == TCP_LISTEN && l->port == port)
		return 1;
	errno = EPROTO;
	return -1;
}

/* Both ends of a socket.  0, or -1. */
static int
ends_of(int sock, struct addr end[2], uint16_t port[2])
{
	struct sockaddr_storage ss = {0};
	socklen_t size = sizeof(ss);

	if (getpeername(sock, (struct sockaddr *)&ss, &size) == -1)
		return -1;
	port[0] = addr_port((const struct sockaddr *)&ss);
	errno = EAFNOSUPPORT;
	if (!addr_from_sockaddr(&end[0], (const struct sockaddr *)&ss))
		return -1;
	size = sizeof(ss);
	if (getsockname(sock, (struct sockaddr *)&ss, &size) == -1)
		return -1;
	port[1] = addr_port((const struct sockaddr *)&ss);
	errno = EAFNOSUPPORT;
	return addr_from_sockaddr(&end[1], (const struct sockaddr *)&ss) ? 0
									 : -1;
}

/*
 * Where there is no such connection, the kernel answers with a listener.  What
 * is not accepted, and what nobody has any more, is no process's.
 */
static int
read_peer(const struct inet_diag_msg *m, const struct listener *l,
    const struct addr end[2], const uint16_t port[2])
{
	struct addr remote = read_address(m->idiag_family, m->id.idiag_dst);

	errno = ESTALE;
	if (m->idiag_state == TCP_LISTEN)
		return 0;
	if (l->port != port[0] || ntohs(m->id.idiag_dport) != port[1] ||
	    !addr_equal(&l->addr, &end[0]) || !addr_equal(&remote, &end[1]))
		return -1;
	if (l->inode != 0)
		return 1;
	return m->idiag_state == TCP_ESTABLISHED ||
		m->idiag_state == TCP_SYN_RECV
	    ? 0
	    : -1;
}

int
listener_peer(int sock, struct listener *l)
{
	struct inet_diag_msg m;
	struct addr end[2];
	uint16_t port[2];
	struct question q;
	int found;

	if (ends_of(sock, end, port) == -1)
		return -1;
	q = question_for(&end[0], port[0]);
	q.body.tcp.id.idiag_dport = htons(port[1]);
	put(q.body.tcp.id.idiag_dst, &end[1]);
	found = ask_one(&q, &m);
	if (found == 0)
		errno = ESTALE;
	if (found != 1)
		return -1;
	read_tcp(&m, l);
	return read_peer(&m, l, end, port);
}

/* The attribute of this type behind size bytes of a message, or NULL. */
static const struct nlattr *
attribute(const struct nlmsghdr *h, size_t size, int type)
{
	const char *at = (const char *)NLMSG_DATA(h) + NLMSG_ALIGN(size);
	const char *end = (const char *)h + h->nlmsg_len;

	while (at < end && (size_t)(end - at) >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)at;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - at)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

/* One that gets connections to 127.0.0.0/8. */
static bool
read_loopback(const struct nlmsghdr *h, struct listener *l)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	const struct nlattr *only;

	if (!is_tcp(h) || m->idiag_state != TCP_LISTEN)
		return false;
	read_tcp(m, l);
	if (addr_is_v4(&l->addr))
		return l->any || l->addr.b[12] == 127;
	only = attribute(h, sizeof(*m), INET_DIAG_SKV6ONLY);
	return l->any &&
	    (only == NULL || only->nla_len <= NLA_HDRLEN ||
		*((const char *)only + NLA_HDRLEN) == 0);
}

/* A number of an attribute; false if it has none. */
static bool
read_number(const struct nlmsghdr *h, int type, uint32_t *n)
{
	const struct nlattr *a =
	    attribute(h, sizeof(struct unix_diag_msg), type);

	if (a == NULL || a->nla_len < NLA_HDRLEN + sizeof(*n))
		return false;
	memcpy(n, (const char *)a + NLA_HDRLEN, sizeof(*n));
	return true;
}

/* One with a path; those without have no name, or one that begins with NUL. */
static bool
read_local(const struct nlmsghdr *h, struct listener *l)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	const struct nlattr *name;
	size_t n;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->udiag_type != SOCK_STREAM || m->udiag_state != TCP_LISTEN)
		return false;
	*l = (struct listener){.inode = m->udiag_ino};
	name = attribute(h, sizeof(*m), UNIX_DIAG_NAME);
	n = name == NULL ? 0 : (size_t)name->nla_len - NLA_HDRLEN;
	if (n == 0 || n > sizeof(l->path) ||
	    *((const char *)name + NLA_HDRLEN) == '\0' ||
	    !read_number(h, UNIX_DIAG_UID, &l->uid))
		return false;
	memcpy(l->path, (const char *)name + NLA_HDRLEN,
	    n < sizeof(l->path) ? n : sizeof(l->path) - 1);
	read_number(h, UNIX_DIAG_VFS, &l->file);
	return true;
}

/* One datagram of a dump: 1 if there is more, 0 at its end, or -1. */
static int
read_datagram(const struct dump *d, const char *buffer, size_t size)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;
	struct listener l;

	for (; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			errno = error_of(h);
			return -1;
		}
		if (d->read(h, &l) && !d->each(d->arg, &l)) {
			errno = ECANCELED;
			return -1;
		}
	}
	return 1;
}

static int
dump(const struct question *q, const struct dump *d)
{
	static _Alignas(struct nlmsghdr) char buffer[BUFFER];
	int error, more = 1, fd = ask(q);

	if (fd == -1)
		return -1;
	while (more == 1) {
		ssize_t n = hear(fd, buffer, sizeof(buffer));

		errno = n == 0 ? EPROTO : errno;
		more = n <= 0 ? -1 : read_datagram(d, buffer, (size_t)n);
	}
	error = errno;
	close(fd);
	errno = error;
	return more;
}

int
listener_tcp(listener_each *each, void *arg)
{
	const struct dump d = {each, arg, read_loopback};
	struct question q = question_tcp(AF_INET, NLM_F_DUMP);

	q.body.tcp.idiag_states = 1 << TCP_LISTEN;
	if (dump(&q, &d) == -1)
		return -1;
	q.body.tcp.sdiag_family = AF_INET6;
	return dump(&q, &d);
}

int
listener_local(listener_each *each, void *arg)
{
	const struct dump d = {each, arg, read_local};
	struct question q = {
	    .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.local)),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	q.body.local.sdiag_family = AF_UNIX;
	q.body.local.udiag_states = 1 << TCP_LISTEN;
	q.body.local.udiag_show =
	    UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_UID;
	return dump(&q, &d);
}
