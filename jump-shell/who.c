#include "who.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../jumpctl/live.h"
#include "../jumpctl/sockets.h"

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

static void
fill(struct row *row, const struct session_seen *seen)
{
	const struct session_page *p = &seen->page;
	struct live l = {.relay = true,
	    .seen = *seen,
	    .port = p->port,
	    .road = p->road < ROAD_COUNT ? policy_road_names[p->road] : "?",
	    .started = p->started,
	    .sent = p->sent,
	    .received = p->received,
	    .idle = idle_ms(p)};

	memcpy(l.user, p->user, sizeof(l.user));
	memcpy(l.source, p->source, sizeof(l.source));
	memcpy(l.target, p->target, sizeof(l.target));
	row_fill(row, &l, time(NULL), -1, -1);
}

static void
print(FILE *out, const struct row *rows, size_t n)
{
	char line[LINE_ROOM];
	struct layout layout;
	struct row titles;

	layout_make(&layout, rows, n, false, 0);
	layout.width[COLUMN_USER] = 0;
	row_titles(&titles);
	fprintf(out, "%s\n", row_line(&titles, &layout, line));
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\n", row_line(&rows[i], &layout, line));
}

/*
 * What ProxyJump has open.  Of the gate's sessions only _jump could say more.
 */
static void
fill_forward(struct row *row, const struct socket_seen *s, const char *user)
{
	struct live l = {.port = s->remote_port,
	    .road = policy_road_names[ROAD_FORWARD],
	    .sent = s->sent,
	    .received = s->received,
	    .idle = s->idle};

	snprintf(l.user, sizeof(l.user), "%s", user);
	addr_print(&s->remote, l.target);
	row_fill(row, &l, time(NULL), -1, -1);
	strcpy(row->cell[COLUMN_SINCE], "-");
}

/* Whether it is one that a relay has, which is listed as that; each relay has
 * one. */
static bool
is_relays(const struct socket_seen *s, struct session_seen *seen, size_t n)
{
	struct addr a;

	for (size_t i = 0; i < n; i++) {
		struct session_page *p = &seen[i].page;

		if (seen[i].page.kind != SESSION_RELAY ||
		    p->port != s->remote_port || !addr_parse(&a, p->ip) ||
		    !addr_equal(&a, &s->remote))
			continue;
		p->port = 0;
		return true;
	}
	return false;
}

/* Whether somebody else has made the connection: to a port that is listened
 * on. */
static bool
is_incoming(
    const struct socket_seen *s, const struct socket_seen *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].listens && list[i].local_port == s->local_port)
			return true;
	}
	return false;
}

/* The sockets of a uid that are forwards, to the front of the list; how many.
 * It uses up the pages. */
static size_t
keep_forwards(struct socket_seen *list, size_t n, uid_t uid,
    struct session_seen *seen, size_t nseen)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].uid == uid && !list[i].listens &&
		    !is_incoming(&list[i], list, n) &&
		    !is_relays(&list[i], seen, nseen)) {
			struct socket_seen s = list[kept];

			list[kept++] = list[i];
			list[i] = s;
		}
	}
	return kept;
}

int
answer_who(FILE *out, struct session_own *own, const char *user, bool alone)
{
	struct socket_seen *sockets = NULL;
	struct session_seen *seen;
	struct row *rows = NULL;
	size_t n, nsockets = 0, shown = 0;
	int result = -1;

	if (session_own_list(own, &seen, &n) == -1)
		return -1;
	if (alone && sockets_read(&sockets, &nsockets) == -1)
		goto out;
	rows = calloc(n + nsockets + 1, sizeof(*rows));
	if (rows == NULL)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if (seen[i].page.kind == SESSION_RELAY &&
		    strcmp(seen[i].page.user, user) == 0)
			fill(&rows[shown++], &seen[i]);
	}
	nsockets = keep_forwards(sockets, nsockets, own->uid, seen, n);
	for (size_t i = 0; i < nsockets; i++)
		fill_forward(&rows[shown++], &sockets[i], user);
	if (shown > 0)
		print(out, rows, shown);
	result = 0;
out:
	free(sockets);
	free(seen);
	free(rows);
	return result;
}
