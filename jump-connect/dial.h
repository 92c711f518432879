/* SPDX-License-Identifier: ISC */
/*
 * Connect to what has been permitted.
 *
 * The firewall looks at the group that a socket was created with, so all
 * sockets are made while the process still has it, before anybody knows the
 * target: one for each address that there can be, of each family.  Making
 * them puts nothing on the wire.
 */
#ifndef DIAL_H
#define DIAL_H

#include <sys/socket.h>

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIAL_ADDRESSES = 16,
	DIAL_DELAY = 250, /* milliseconds, RFC 8305, 5 */
	DIAL_TIMEOUT = 30,
	DIAL_TIMEOUT_MAX = 3600
};

/* Owned; -1 where the kernel lacks the family, or the socket is used up. */
struct dial {
	int inet[DIAL_ADDRESSES], inet6[DIAL_ADDRESSES], local;
};

/* Make the sockets.  0, or -1 if there are no descriptors or memory. */
int dial_open(struct dial *);
void dial_close(struct dial *);

/* Milliseconds of a clock that nobody sets. */
int64_t dial_clock(void);

/* Until when to wait, and for whom. */
struct patience {
	int64_t end; /* by dial_clock() */
	int out;     /* to the client; -1: to nobody */
};

/*
 * poll(2) for n descriptors, at most DIAL_ADDRESSES; a signal ends it early.
 * How many have something; or -1, with ECANCELED if nobody reads what is
 * written to out any more.  The end of the client's input is no such sign.
 */
int dial_poll(struct pollfd *, size_t n, struct patience);

/*
 * Connect to the first of n addresses, each permitted and at most
 * DIAL_ADDRESSES, that answers in time (RFC 8305).  The families
 * take turns, in the order given otherwise; the next address is tried when one
 * has failed, or DIAL_DELAY after the one before, and all that were tried go
 * on.  family is AF_UNSPEC, or the only one to try.  All other sockets of the
 * dial are closed.
 *
 * Returns a blocking socket whose peer is that very address, which the caller
 * owns, and sets *which; or -1 with the errno that tells most: an answer, else
 * ETIMEDOUT, else why there is no way; EADDRNOTAVAIL if there was nothing to
 * try; ECANCELED as dial_poll() has it.
 */
int dial_addresses(struct dial *, const struct sockaddr_storage *, size_t n,
    int family, struct patience, size_t *which);

/*
 * Connect to a UNIX stream socket: an absolute path of less than 108 bytes
 * without `..'.  As dial_addresses(), but nothing is closed.
 */
int dial_path(struct dial *, const char *path, struct patience);

/*
 * Pass sock on over the UNIX socket out, as ProxyUseFdpass in ssh_config(5)
 * wants it.  0, or -1.
 */
int dial_pass(int out, int sock);

#endif
