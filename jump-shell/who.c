#include "who.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../jumpctl/live.h"

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

int
answer_who(FILE *out, struct session_own *own, const char *user)
{
	struct session_seen *seen;
	struct row *rows;
	size_t n, shown = 0;

	if (session_own_list(own, &seen, &n) == -1)
		return -1;
	rows = calloc(n + 1, sizeof(*rows));
	for (size_t i = 0; i < n && rows != NULL; i++) {
		if (strcmp(seen[i].page.user, user) == 0)
			fill(&rows[shown++], &seen[i]);
	}
	if (shown > 0)
		print(out, rows, shown);
	free(seen);
	free(rows);
	return rows == NULL ? -1 : 0;
}
