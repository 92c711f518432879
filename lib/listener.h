/* SPDX-License-Identifier: ISC */
/*
 * Who listens on this machine, and who holds the other end of a connection, as
 * the kernel tells anybody: sock_diag(7), linux/inet_diag.h, linux/unix_diag.h.
 * Of this network namespace only; uids are those of the reader's user
 * namespace.  Nothing is connected to and nothing allocated.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <sys/types.h>

#include <stdbool.h>

#include "match.h"

enum { LISTENER_PATH = 108 };

struct listener {
	uid_t uid;	  /* that made it; who accepted, of a connection */
	uint32_t inode;	  /* as in the links of /proc/PID/fd */
	struct addr addr; /* TCP: that it is bound to; 0.0.0.0 or ::, if any */
	bool any;	  /* TCP: it is bound to no address */
	uint16_t port;	  /* 0 of a UNIX socket */
	/* UNIX: what bind(2) was given, and the inode of that file. */
	char path[LISTENER_PATH];
	uint32_t file;
};

/*
 * The TCP listener that the kernel gives a connection from this machine to
 * addr and port: one of that address, or one of any, of IPv6 too.  1, 0 if
 * there is none, or -1 with errno.
 */
int listener_find(const struct addr *, uint16_t port, struct listener *);

/*
 * Who has the other end of a connected TCP socket, which is on this machine.
 * 1; 0 if no process has accepted it yet; or -1 with errno: ESTALE if there is
 * no such end any more.
 */
int listener_peer(int sock, struct listener *);

/* False to go no further. */
typedef bool listener_each(void *arg, const struct listener *);

/*
 * All TCP listeners that connections to 127.0.0.0/8 can go to, and all UNIX
 * stream sockets that listen and have a path.  0, or -1 with errno: then what
 * was told is not all; ECANCELED if each said so.
 */
int listener_tcp(listener_each *, void *arg);
int listener_local(listener_each *, void *arg);

#endif
