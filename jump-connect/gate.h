/* SPDX-License-Identifier: ISC */
/*
 * The gate: a connection that sshd has opened for a user, as that user, and
 * the firewall has turned around to us.
 */
#ifndef GATE_H
#define GATE_H

#include <sys/types.h>

#include <stdbool.h>

#include "match.h"

struct gate {
	struct addr to; /* what the connection was for */
	uint16_t port;
	struct addr client; /* its other end, of this host */
	uint16_t client_port;
	uid_t uid; /* who made it; not of a probe */
	bool probe;
};

/*
 * Ask the kernel about an accepted TCP socket.  0, or -1 with errno:
 * EADDRNOTAVAIL if the firewall has not turned it around, ESTALE if whoever
 * made it has it no more.  Source: ip(7), SO_ORIGINAL_DST of
 * linux/netfilter_ipv4.h; sock_diag(7).
 */
int gate_read(int sock, struct gate *);

#endif
