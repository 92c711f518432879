/* SPDX-License-Identifier: ISC */
#include "who.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../jumpctl/live.h"
#include "command.h"

static int64_t
idle_ms(const struct session_page *p)
{
	struct timespec now;
	int64_t idle;

	if (p->active <= 0) /* any number: the page is the user's */
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	idle = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - p->active;
	return idle < 0 ? 0 : idle;
}

/*
 * Connections.  One that is a session's is taken: it is no forward too.
 */
struct sockets {
	struct socket_seen *list;
	size_t n;
};

static struct socket_seen
take(const struct sockets *s, const struct session_seen *seen)
{
	struct socket_seen none = {.inode = 0}, taken;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].inode == 0 || !leg_is_of(&s->list[i], seen))
			continue;
		taken = s->list[i];
		s->list[i].inode = 0;
		return seen->page.local_port == 0 ? none : taken;
	}
	return none;
}

/* Whether somebody else has made the connection: to a port that is listened
 * on. */
static bool
is_incoming(const struct sockets *s, const struct socket_seen *socket)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].listens &&
		    s->list[i].local_port == socket->local_port)
			return true;
	}
	return false;
}

/*
 * Whether the gate has it: then its other end is here, by another port than
 * was connected to.
 */
static bool
is_gates(const struct sockets *s, const struct socket_seen *socket)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct socket_seen *other = &s->list[i];

		if (!other->listens &&
		    other->remote_port == socket->local_port &&
		    addr_equal(&other->remote, &socket->local) &&
		    other->local_port != socket->remote_port)
			return true;
	}
	return false;
}

/* The SSH connection of the login that asks; inode 0: it is not found. */
static struct socket_seen
own_connection(const struct sockets *s, const char *connection)
{
	struct socket_seen none = {.inode = 0};
	struct addr ends[2];
	uint16_t ports[2];

	if (!command_ends(ends, ports, connection))
		return none;
	for (size_t i = 0; i < s->n; i++) {
		const struct socket_seen *c = &s->list[i];

		if (!c->listens && c->remote_port == ports[0] &&
		    c->local_port == ports[1] && addr_equal(&c->remote, &ends[0]))
			return *c;
	}
	return none;
}

/*
 * Sessions.
 */
static struct live
relay(const struct session_seen *seen, const struct socket_seen *target)
{
	const struct session_page *p = &seen->page;
	struct live l = {.relay = true,
	    .seen = *seen,
	    .port = p->port,
	    .road = p->road < ROAD_COUNT ? policy_road_names[p->road] : "?",
	    .started = p->started,
	    .sent = p->sent,
	    .received = p->received,
	    .idle = idle_ms(p),
	    .legs = {[LEG_TARGET] = *target}};

	memcpy(l.user, p->user, sizeof(l.user));
	memcpy(l.source, p->source, sizeof(l.source));
	memcpy(l.target, p->target, sizeof(l.target));
	l.state = p->ended ? LEG_ENDED : leg_worst(l.legs);
	return l;
}

/*
 * What ProxyJump has open.  Of the gate's sessions only _jump could say more:
 * how long an answer of the gate takes is of no interest.
 */
static struct live
forward(const struct socket_seen *s, const char *user, bool gates)
{
	struct live l = {.port = s->remote_port,
	    .road = policy_road_names[ROAD_FORWARD],
	    .sent = s->sent,
	    .received = s->received,
	    .idle = s->idle,
	    .legs = {[LEG_TARGET] = *s}};

	if (gates)
		l.legs[LEG_TARGET].rtt = 0;
	snprintf(l.user, sizeof(l.user), "%s", user);
	addr_print(&s->remote, l.target);
	l.state = leg_worst(l.legs);
	if (l.state == LEG_CONNECTING)
		l.road = "-";
	return l;
}

/*
 * The table.
 */
struct list {
	struct row *rows;
	size_t n;
	enum view view;
};

static void
add(struct list *list, const struct live *l)
{
	struct row *row = &list->rows[list->n++];

	if (list->view == VIEW_LEGS)
		row_fill_leg(row, l, 0);
	else
		row_fill(row, l, time(NULL), -1, -1);
	if (!l->relay)
		strcpy(row->cell[COLUMN_SINCE], "-");
}

static void
add_forwards(
    struct list *list, const struct sockets *s, uid_t uid, const char *user)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct socket_seen *c = &s->list[i];
		struct live l;

		if (c->uid != uid || c->inode == 0 || c->listens ||
		    is_incoming(s, c))
			continue;
		l = forward(c, user, is_gates(s, c));
		add(list, &l);
	}
}

/* The way here, which all sessions of the same login share. */
static void
add_own(struct list *list, const struct sockets *s, const struct who_asks *asks)
{
	struct live l = {.road = "-",
	    .legs = {[LEG_USER] = own_connection(s, asks->connection)}};

	if (l.legs[LEG_USER].inode == 0)
		return;
	snprintf(l.user, sizeof(l.user), "%s", asks->user);
	strcpy(l.target, "-");
	add(list, &l);
}

static void
print(FILE *out, const struct list *list)
{
	char line[LINE_ROOM];
	struct layout layout;
	struct row titles;

	layout_make(&layout, list->rows, list->n, list->view, 0);
	layout.width[COLUMN_USER] = 0;
	row_titles(&titles);
	fprintf(out, "%s\n", row_line(&titles, &layout, line));
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s\n", row_line(&list->rows[i], &layout, line));
}

/* All of them; the list has room. */
static void
add_all(struct list *list, const struct session_seen *seen, size_t n,
    const struct sockets *s, uid_t uid, const struct who_asks *asks)
{
	for (size_t i = 0; i < n; i++) {
		struct socket_seen target;
		struct live l;

		if (seen[i].page.kind != SESSION_RELAY)
			continue;
		target = take(s, &seen[i]);
		if (strcmp(seen[i].page.user, asks->user) != 0)
			continue;
		l = relay(&seen[i], &target);
		add(list, &l);
	}
	if (asks->alone)
		add_forwards(list, s, uid, asks->user);
	if (list->view == VIEW_LEGS)
		add_own(list, s, asks);
}

int
answer_who(FILE *out, struct session_own *own, const struct who_asks *asks)
{
	struct list list = {.view = asks->network ? VIEW_LEGS : VIEW_LIST};
	struct session_seen *seen;
	struct sockets s = {NULL, 0};
	size_t n;
	int result = -1;

	if (session_own_list(own, &seen, &n) == -1)
		return -1;
	if (sockets_read(&s.list, &s.n) == -1)
		goto out;
	list.rows = calloc(n + s.n + 1, sizeof(*list.rows));
	if (list.rows == NULL)
		goto out;
	add_all(&list, seen, n, &s, own->uid, asks);
	if (list.n > 0)
		print(out, &list);
	result = 0;
out:
	free(s.list);
	free(seen);
	free(list.rows);
	return result;
}
