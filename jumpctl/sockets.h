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
	uint32_t idle; /* ms since the last data, either way */
};

/*
 * All that listen, or are connected and some process's, of IPv4 and IPv6, in
 * the order of their inodes.  The caller frees *list.  0, or -1 with errno.
 */
int sockets_read(struct socket_seen **list, size_t *n);

/* The one with this inode, or NULL. */
const struct socket_seen *sockets_find(
    const struct socket_seen *, size_t n, uint32_t inode);

#endif
