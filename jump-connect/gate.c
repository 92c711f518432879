/* SPDX-License-Identifier: ISC */
#include "gate.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

/* linux/netfilter_ipv4.h and its sister, which clash with netinet/in.h. */
enum { ORIGINAL_DST = 80 };

static bool
from_sockaddr(const struct sockaddr_storage *ss, struct addr *a, uint16_t *port)
{
	const struct sockaddr *sa = (const void *)ss;

	*port = addr_port(sa);
	return addr_from_sockaddr(a, sa);
}

/* Where it was to go; the kernel forgets that with the connection. */
static int
read_original(int sock, int family, struct gate *g)
{
	struct sockaddr_storage ss = {0};
	socklen_t size = sizeof(ss);

	if (getsockopt(sock, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		ORIGINAL_DST, &ss, &size) == -1)
		return -1;
	errno = EPROTO;
	return from_sockaddr(&ss, &g->to, &g->port) ? 0 : -1;
}

static void
put(__be32 to[4], const struct addr *a)
{
	if (addr_is_v4(a))
		memcpy(to, a->b + 12, 4);
	else
		memcpy(to, a->b, 16);
}

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

/* Exactly this connection, of the end that was connected. */
static struct question
make_question(const struct gate *g)
{
	struct question q = {.head = {.nlmsg_len = sizeof(q),
				 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				 .nlmsg_flags = NLM_F_REQUEST}};

	q.body.sdiag_family = addr_is_v4(&g->client) ? AF_INET : AF_INET6;
	q.body.sdiag_protocol = IPPROTO_TCP;
	q.body.idiag_states = UINT32_MAX;
	q.body.id.idiag_sport = htons(g->client_port);
	q.body.id.idiag_dport = htons(g->port);
	q.body.id.idiag_cookie[0] = q.body.id.idiag_cookie[1] = UINT32_MAX;
	put(q.body.id.idiag_src, &g->client);
	put(q.body.id.idiag_dst, &g->to);
	return q;
}

/* 0, or -1. */
static int
ask(int fd, const struct gate *g, struct inet_diag_msg *msg)
{
	struct question q = make_question(g);
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} answer;
	ssize_t n;

	if (send(fd, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
		return -1;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n == -1)
		return -1;
	errno = ESTALE;
	if (!NLMSG_OK(&answer.head, (size_t)n) ||
	    answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    answer.head.nlmsg_len < NLMSG_LENGTH(sizeof(*msg)))
		return -1;
	memcpy(msg, NLMSG_DATA(&answer.head), sizeof(*msg));
	return 0;
}

/*
 * Where there is no such connection, the kernel answers with a listener.  One
 * that has had no answer yet is not the one that we have accepted.
 */
static bool
is_asked(const struct gate *g, const struct inet_diag_msg *msg)
{
	return msg->idiag_state != TCP_SYN_SENT &&
	    msg->id.idiag_sport == htons(g->client_port) &&
	    msg->id.idiag_dport == htons(g->port);
}

/*
 * Whose it is.  One that has no process any more has uid 0 and no inode: it is
 * nobody's, and not root's.  What the firewall never turns around, such as our
 * own, is another connection: of two with one port, to different targets, the
 * kernel gives one another port, and that can be anybody's.
 */
static int
read_owner(struct gate *g)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct inet_diag_msg msg;
	int result = -1;

	if (fd == -1)
		return -1;
	if (ask(fd, g, &msg) == 0) {
		errno = ESTALE;
		g->uid = msg.idiag_uid;
		if (msg.idiag_inode != 0 && is_asked(g, &msg) &&
		    g->uid != getuid() && g->uid != 0)
			result = 0;
	}
	close(fd);
	return result;
}

int
gate_read(int sock, struct gate *g)
{
	struct sockaddr_storage peer, own;
	socklen_t size = sizeof(peer), own_size = sizeof(own);
	struct addr here, probe;
	uint16_t port;

	memset(g, 0, sizeof(*g));
	if (getpeername(sock, (struct sockaddr *)&peer, &size) == -1 ||
	    getsockname(sock, (struct sockaddr *)&own, &own_size) == -1)
		return -1;
	errno = EPROTO;
	if (!from_sockaddr(&peer, &g->client, &g->client_port) ||
	    !from_sockaddr(&own, &here, &port) ||
	    read_original(sock, peer.ss_family, g) == -1)
		return -1;
	errno = EADDRNOTAVAIL;
	if (addr_equal(&g->to, &here) && g->port == port)
		return -1;
	addr_parse(&probe, PROBE_ADDRESS);
	g->probe = addr_equal(&g->to, &probe) && g->port == PROBE_PORT;
	if (!g->probe && read_owner(g) == -1)
		return -1;
	/* Another may have this port by now, if it was broken off. */
	return getpeername(sock, (struct sockaddr *)&peer, &size);
}
