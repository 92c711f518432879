/* SPDX-License-Identifier: ISC */
#include "gate.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "sockets.h"

/* Neither address is one on which another could stand in for the other. */
static const char *const places[] = {"127.0.0.1", "::1"};

static bool
ports_are_roots(char what[GATE_WORDS])
{
	static const char path[] =
	    "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	FILE *f = fopen(path, "re");
	int start = -1;

	if (f != NULL && fscanf(f, "%d", &start) != 1)
		start = -1;
	if (f != NULL)
		fclose(f);
	snprintf(what, GATE_WORDS,
	    "net.ipv4.ip_unprivileged_port_start is %d: users can listen in "
	    "the gate's place",
	    start);
	return start >= IPPORT_RESERVED;
}

/* One that takes what comes to an address; of all addresses only if there is
 * none of this one. */
static const struct socket_seen *
listener(
    const struct socket_seen *list, size_t n, const char *place, unsigned port)
{
	const struct socket_seen *any = NULL;
	struct addr here, v4, v6;

	addr_parse(&here, place);
	addr_parse(&v4, "0.0.0.0");
	addr_parse(&v6, "::");
	for (const struct socket_seen *s = list; s < list + n; s++) {
		if (!s->listens || s->local_port != port)
			continue;
		if (addr_equal(&s->local, &here))
			return s;
		if (addr_equal(&s->local, &v6) ||
		    (addr_is_v4(&here) && addr_equal(&s->local, &v4)))
			any = s;
	}
	return any;
}

static enum gate_state
look_at(const struct socket_seen *list, size_t n, const char *place,
    unsigned port, char what[GATE_WORDS])
{
	const struct socket_seen *s = listener(list, n, place, port);
	const struct passwd *pw = getpwnam("_jump");

	if (s == NULL) {
		snprintf(what, GATE_WORDS,
		    "the gate: nobody listens on %s, port %u", place, port);
		return GATE_NOBODY;
	}
	if (s->uid == 0 || (pw != NULL && s->uid == pw->pw_uid))
		return GATE_STANDS;
	snprintf(what, GATE_WORDS,
	    "the gate: uid %lu listens on %s, port %u, in its place",
	    (unsigned long)s->uid, place, port);
	return GATE_TAKEN;
}

/* Where there is no IPv6 on loopback, nobody connects by it either. */
static bool
is_ours(const char *place)
{
	struct sockaddr_in6 here = {.sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	bool ours = true;
	int fd;

	if (strchr(place, ':') == NULL)
		return true;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno != EAFNOSUPPORT;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) == -1)
		ours = errno != EADDRNOTAVAIL;
	close(fd);
	return ours;
}

static enum gate_state
look_for_listeners(unsigned port, char what[GATE_WORDS])
{
	struct socket_seen *list;
	enum gate_state state = GATE_STANDS;
	size_t n;

	if (sockets_read(&list, &n) == -1) {
		snprintf(what, GATE_WORDS,
		    "the gate: who listens cannot be seen: %s",
		    strerror(errno));
		return GATE_SILENT;
	}
	for (size_t i = 0;
	     i < sizeof(places) / sizeof(places[0]) && state == GATE_STANDS;
	     i++) {
		if (is_ours(places[i]))
			state = look_at(list, n, places[i], port, what);
	}
	free(list);
	return state;
}

enum gate_state
gate_look(const struct policy *p, char what[GATE_WORDS])
{
	enum gate_state state;

	if (!ports_are_roots(what))
		return GATE_PORTS;
	state = look_for_listeners(policy_meta(p)->gate, what);
	if (state != GATE_STANDS)
		return state;
	snprintf(what, GATE_WORDS, "the gate does not answer");
	return probe_gate(PROBE_MS) ? GATE_STANDS : GATE_SILENT;
}
