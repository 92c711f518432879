/* SPDX-License-Identifier: ISC */
#include "sockets.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 65536 };

static const uint32_t states = 1 << TCP_IS_ESTABLISHED | 1 << TCP_IS_SYN_SENT |
    1 << TCP_IS_FIN_WAIT1 | 1 << TCP_IS_FIN_WAIT2 | 1 << TCP_IS_CLOSE_WAIT |
    1 << TCP_IS_LAST_ACK | 1 << TCP_IS_LISTEN | 1 << TCP_IS_CLOSING;

struct list {
	struct socket_seen *seen;
	size_t n, room;
};

static int
list_add(struct list *l, const struct socket_seen *s)
{
	struct socket_seen *more;

	if (l->n == l->room) {
		l->room = l->room * 2 + 64;
		more = reallocarray(l->seen, l->room, sizeof(*more));
		if (more == NULL)
			return -1;
		l->seen = more;
	}
	l->seen[l->n++] = *s;
	return 0;
}

/*
 * The kernel counts sequence numbers: our SYN, and the FIN of each side, are
 * one each.  (The peer's SYN it leaves out.)
 */
static void
read_counters(struct socket_seen *s, const struct tcp_info *info)
{
	uint64_t extra = 1 + (s->tcp == TCP_IS_FIN_WAIT2);
	bool ended = s->tcp == TCP_IS_CLOSE_WAIT || s->tcp == TCP_IS_LAST_ACK ||
	    s->tcp == TCP_IS_CLOSING;

	s->sent =
	    info->tcpi_bytes_acked < extra ? 0 : info->tcpi_bytes_acked - extra;
	s->received = info->tcpi_bytes_received;
	if (ended && s->received > 0)
		s->received--;
	s->idle = info->tcpi_last_data_sent < info->tcpi_last_data_recv
	    ? info->tcpi_last_data_sent
	    : info->tcpi_last_data_recv;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * What waits: a SYN or FIN of ours that is not acknowledged, and a FIN of the
 * peer's that is not read, are none of it.
 */
static void
read_queues(struct socket_seen *s, const struct inet_diag_msg *m)
{
	bool ended = s->tcp == TCP_IS_CLOSE_WAIT || s->tcp == TCP_IS_LAST_ACK ||
	    s->tcp == TCP_IS_CLOSING;
	bool extra = s->tcp == TCP_IS_SYN_SENT || s->tcp == TCP_IS_FIN_WAIT1 ||
	    s->tcp == TCP_IS_LAST_ACK || s->tcp == TCP_IS_CLOSING;

	if (s->listens)
		return;
	s->queued = m->idiag_wqueue;
	s->unread = m->idiag_rqueue;
	s->queued -= extra && s->queued > 0;
	s->unread -= ended && s->unread > 0;
}

/* Older kernels tell less: the rest is 0. */
static void
read_numbers(struct socket_seen *s, const struct tcp_info *info)
{
	s->unsent = least(info->tcpi_notsent_bytes, s->queued);
	s->rtt = info->tcpi_rtt;
	s->rtt_var = info->tcpi_rttvar;
	s->rtt_min = info->tcpi_min_rtt == UINT32_MAX ? 0 : info->tcpi_min_rtt;
	s->retransmitted = info->tcpi_total_retrans;
	s->in_flight = info->tcpi_unacked;
	s->lost = info->tcpi_lost;
	s->unanswered =
	    (uint32_t)info->tcpi_retransmits + (uint32_t)info->tcpi_probes;
	s->rate = info->tcpi_delivery_rate;
	s->last_sent = info->tcpi_last_data_sent;
	s->last_received = info->tcpi_last_data_recv;
	s->last_heard =
	    least(info->tcpi_last_data_recv, info->tcpi_last_ack_recv);
}

/* An address of the kernel's, in 4 or 16 bytes. */
static struct addr
read_address(int family, const void *bytes)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct addr a = {{0}};

	memcpy(&in.sin_addr, bytes, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, bytes, sizeof(in6.sin6_addr));
	addr_from_sockaddr(&a,
	    family == AF_INET ? (const struct sockaddr *)&in
			      : (const struct sockaddr *)&in6);
	return a;
}

static int
read_message(struct list *l, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	const char *attribute = (const char *)(m + 1);
	size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));
	struct tcp_info info = {0};
	struct socket_seen s = {.inode = m->idiag_inode,
	    .uid = m->idiag_uid,
	    .listens = m->idiag_state == TCP_IS_LISTEN,
	    .tcp = m->idiag_state,
	    .local = read_address(m->idiag_family, m->id.idiag_src),
	    .remote = read_address(m->idiag_family, m->id.idiag_dst),
	    .local_port = ntohs(m->id.idiag_sport),
	    .remote_port = ntohs(m->id.idiag_dport)};

	while (left >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)attribute;
		size_t size = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > left)
			break;
		if (a->nla_type == INET_DIAG_INFO) {
			size_t n = a->nla_len - NLA_HDRLEN;

			memcpy(&info, attribute + NLA_HDRLEN,
			    n < sizeof(info) ? n : sizeof(info));
		}
		attribute += size < left ? size : left;
		left -= size < left ? size : left;
	}
	if (s.inode == 0)
		return 0;
	read_counters(&s, &info);
	read_queues(&s, m);
	read_numbers(&s, &info);
	return list_add(l, &s);
}

/* One datagram of an answer: 1 if there is more, 0 at its end, or -1. */
static int
read_datagram(struct list *l, const char *buffer, size_t size)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;

	for (; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			errno = h->nlmsg_len >= NLMSG_LENGTH(sizeof(*e))
			    ? -e->error
			    : EPROTO;
			return -1;
		}
		if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    h->nlmsg_len >=
			NLMSG_LENGTH(sizeof(struct inet_diag_msg)) &&
		    read_message(l, h) == -1)
			return -1;
	}
	return 1;
}

static int
read_family(struct list *l, int fd, int family)
{
	static _Alignas(struct nlmsghdr) char buffer[BUFFER];
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {.header = {.nlmsg_len = sizeof(message),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1 << (INET_DIAG_INFO - 1),
		.idiag_states = states}};
	int result = 1;

	if (send(fd, &message, sizeof(message), 0) == -1)
		return -1;
	while (result == 1) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		result = read_datagram(l, buffer, (size_t)n);
	}
	return result;
}

static int
by_inode(const void *a, const void *b)
{
	const struct socket_seen *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

int
sockets_read(struct socket_seen **seen, size_t *n)
{
	struct list l = {0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int result, error;

	if (fd == -1)
		return -1;
	result = read_family(&l, fd, AF_INET);
	if (result == 0)
		result = read_family(&l, fd, AF_INET6);
	error = errno;
	close(fd);
	if (result == -1) {
		free(l.seen);
		errno = error;
		return -1;
	}
	if (l.n > 0)
		qsort(l.seen, l.n, sizeof(*l.seen), by_inode);
	*seen = l.seen;
	*n = l.n;
	return 0;
}

const struct socket_seen *
sockets_find(const struct socket_seen *list, size_t n, uint32_t inode)
{
	const struct socket_seen key = {.inode = inode};

	return n == 0 ? NULL : bsearch(&key, list, n, sizeof(*list), by_inode);
}

static int
by_port(const void *a, const void *b)
{
	const struct socket_seen *const *x = a, *const *y = b;

	return (int)(*x)->local_port - (int)(*y)->local_port;
}

const struct socket_seen **
sockets_by_port(const struct socket_seen *list, size_t n)
{
	const struct socket_seen **sorted =
	    calloc(n + 1, sizeof(const struct socket_seen *));

	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &list[i];
	qsort(sorted, n, sizeof(const struct socket_seen *), by_port);
	return sorted;
}

size_t
sockets_of_port(
    const struct socket_seen *const *sorted, size_t n, uint16_t port)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (sorted[middle]->local_port < port)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}
