/* SPDX-License-Identifier: ISC */
/*
 * A network of the test's own: loopback, and nothing else.  For tests that
 * fork; where the machine does not permit it, they pass over what needs it.
 */
#ifndef NET_H
#define NET_H

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline bool
net_new(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int sock;
	bool up;

	if (unshare(CLONE_NEWNET) == -1) {
		fprintf(stderr, "no network of its own here: not tested\n");
		return false;
	}
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	up = sock != -1 && ioctl(sock, SIOCSIFFLAGS, &lo) == 0;
	close(sock);
	return up;
}

#endif
