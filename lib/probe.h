/* SPDX-License-Identifier: ISC */
/*
 * Whether the gate stands: jumpctl(8), FIREWALL.
 *
 * There is an address of this host, and a port, from which only the table of
 * the firewall leads to the gate, which then says hello.  No other host can
 * answer there, and no user: the port, and the gate's, are ones that only root
 * can listen on.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>

#define PROBE_ADDRESS "127.255.255.254"
#define PROBE_PORT    1
#define PROBE_HELLO   "jump gate 1\n"

/* On a busy machine it can be long until the gate has begun. */
enum { PROBE_MS = 3000 };

/*
 * Ask, and wait so long for the answer.  False too where users may listen on
 * such ports: ip(7), ip_unprivileged_port_start.
 */
bool probe_gate(int ms);

#endif
