/*
 * Connect to what has been permitted.
 *
 * The firewall looks at the group that a socket was created with, so all
 * sockets are made while the process still has it, before anybody knows the
 * target; making them puts nothing on the wire.  One of each family serves
 * any number of addresses in turn: an attempt that failed is dissolved with
 * AF_UNSPEC (connect(2)), which leaves the group as it was.
 */
#ifndef DIAL_H
#define DIAL_H

#include <sys/socket.h>

#include <stddef.h>

enum { DIAL_ADDRESSES = 16, DIAL_TIMEOUT = 30, DIAL_TIMEOUT_MAX = 3600 };

/* Owned; -1 where the kernel lacks the family, or the socket is used up. */
struct dial {
	int inet, inet6, local;
};

/* Make the sockets.  0, or -1 if there are no descriptors or memory. */
int dial_open(struct dial *);
void dial_close(struct dial *);

/*
 * Connect to the first of n addresses, each permitted, that answers within
 * its fair share of the timeout in seconds.  family is AF_UNSPEC, or the only
 * one to try.  Returns a blocking socket whose peer is that very address,
 * which the caller owns, and sets *which; or -1 with the errno of the last
 * failure, EADDRNOTAVAIL if there was nothing to try.
 */
int dial_addresses(struct dial *, const struct sockaddr_storage *, size_t n,
    int family, int timeout, size_t *which);

/*
 * Connect to a UNIX stream socket: an absolute path of less than 108 bytes
 * without `..'.  As dial_addresses().
 */
int dial_path(struct dial *, const char *path, int timeout);

/*
 * Pass sock on over the UNIX socket out, as ProxyUseFdpass in ssh_config(5)
 * wants it.  0, or -1.
 */
int dial_pass(int out, int sock);

#endif
