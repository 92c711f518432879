/* SPDX-License-Identifier: ISC */
#include "legs.h"

#include <stddef.h>

const char *const leg_names[LEGS] = {"user", "target"};
const char *const leg_state_names[LEG_ENDED + 1] = {
    "-", "open", "half-closed", "connecting", "stalled", "dead", "ended"};

/* It was asked again and again; an idle one has been silent for long anyhow. */
static bool
is_dead(const struct socket_seen *s)
{
	uint32_t most = s->in_flight > 0 ? LEG_RESENT : LEG_PROBED;

	return s->unanswered >= most && s->last_heard >= LEG_SILENT;
}

/*
 * With nothing in flight, what is queued waits for the other end to take it.
 */
static bool
is_stalled(const struct socket_seen *s)
{
	bool unanswered = s->unanswered > 0 && s->last_heard >= LEG_WAITED;
	bool untaken = s->in_flight == 0 && s->last_sent >= LEG_WAITED;

	return (s->queued > 0 && (unanswered || untaken)) ||
	    (s->unread > 0 && s->last_received >= LEG_WAITED);
}

enum leg_state
leg_state(const struct socket_seen *s)
{
	if (s->inode == 0)
		return LEG_UNKNOWN;
	if (s->tcp == TCP_IS_SYN_SENT)
		return LEG_CONNECTING;
	if (is_dead(s))
		return LEG_DEAD;
	if (is_stalled(s))
		return LEG_STALLED;
	return s->tcp == TCP_IS_ESTABLISHED ? LEG_OPEN : LEG_HALF_CLOSED;
}

enum leg_state
leg_worst(const struct socket_seen legs[LEGS])
{
	enum leg_state worst = LEG_UNKNOWN;

	for (int i = 0; i < LEGS; i++) {
		enum leg_state state = leg_state(&legs[i]);

		worst = state > worst ? state : worst;
	}
	return worst;
}

const char *
leg_tcp(const struct socket_seen *s)
{
	static const char *const names[] = {[TCP_IS_ESTABLISHED] = "ESTAB",
	    [TCP_IS_SYN_SENT] = "SYN-SENT",
	    [TCP_IS_FIN_WAIT1] = "FIN-WAIT-1",
	    [TCP_IS_FIN_WAIT2] = "FIN-WAIT-2",
	    [TCP_IS_CLOSE_WAIT] = "CLOSE-WAIT",
	    [TCP_IS_LAST_ACK] = "LAST-ACK",
	    [TCP_IS_LISTEN] = "LISTEN",
	    [TCP_IS_CLOSING] = "CLOSING"};

	return s->tcp < sizeof(names) / sizeof(names[0]) ? names[s->tcp] : NULL;
}

bool
leg_is_of(const struct socket_seen *s, const struct session_seen *seen)
{
	const struct session_page *p = &seen->page;
	struct addr ip;

	return !s->listens && s->uid == seen->uid && p->port != 0 &&
	    s->remote_port == p->port &&
	    (p->local_port == 0 || p->local_port == s->local_port) &&
	    addr_parse(&ip, p->ip) && addr_equal(&ip, &s->remote);
}
