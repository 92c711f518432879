/* SPDX-License-Identifier: ISC */
/*
 * The TCP sockets of this machine, as the kernel tells them: sock_diag(7).
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <sys/types.h>

#include <stdbool.h>

#include "match.h"

struct socket_seen {
	uint32_t inode; /* as in the links of /proc/PID/fd */
	uid_t uid;	/* that made it */
	bool listens;
	struct addr local, remote;
	uint16_t local_port, remote_port;
	/* Bytes of data; of those sent, what the peer has acknowledged. */
	uint64_t sent, received;
	uint32_t idle;	 /* ms since the last data, either way */
	uint8_t tcp;	 /* enum socket_tcp */
	uint32_t queued; /* bytes that the peer has not acknowledged */
	uint32_t unsent; /* those of them that were not sent yet */
	uint32_t unread; /* bytes that nobody here has read */
	uint32_t rtt, rtt_min, rtt_var; /* us; 0: not measured */
	uint32_t retransmitted;		/* segments, in all */
	uint32_t in_flight,
	    lost;	     /* segments: not acknowledged, believed lost */
	uint32_t unanswered; /* retransmissions, or probes, in a row */
	uint64_t rate;	     /* bytes in a second, as last delivered */
	/* ms since data was sent, and was received, and anything was. */
	uint32_t last_sent, last_received, last_heard;
};

/* Of the kernel (net/tcp_states.h), which no header for programs has. */
enum socket_tcp {
	TCP_IS_ESTABLISHED = 1,
	TCP_IS_SYN_SENT = 2,
	TCP_IS_FIN_WAIT1 = 4,
	TCP_IS_FIN_WAIT2 = 5,
	TCP_IS_CLOSE_WAIT = 8,
	TCP_IS_LAST_ACK = 9,
	TCP_IS_LISTEN = 10,
	TCP_IS_CLOSING = 11
};

/*
 * All that listen, connect, or are connected and some process's, of IPv4 and
 * IPv6, in the order of their inodes.  The caller frees *list.  0, or -1 with
 * errno.
 */
int sockets_read(struct socket_seen **list, size_t *n);

/* The one with this inode, or NULL. */
const struct socket_seen *sockets_find(
    const struct socket_seen *, size_t n, uint32_t inode);

/*
 * The same sockets in the order of their local ports, which the caller frees;
 * and the first of that port among them, or the end.  NULL without memory.
 */
const struct socket_seen **sockets_by_port(
    const struct socket_seen *, size_t n);
size_t sockets_of_port(
    const struct socket_seen *const *, size_t n, uint16_t port);

#endif
