/* SPDX-License-Identifier: ISC */
#include "live.h"

#include <string.h>

#include "audit.h"
#include "ctl.h"

enum {
	LISTS = VIEW_LIST | VIEW_RATES,
	ALL = LISTS | VIEW_LEGS,
	DEVICES = VIEW_DEVICES | VIEW_LOGINS
};

static const struct {
	const char *title;
	bool right;
	int keep; /* the smallest is the first to go */
	unsigned int views;
} columns[COLUMNS] = {
    [COLUMN_SESSION] = {"SESSION", false, 6, ALL},
    [COLUMN_USER] = {"USER", false, 10, ALL},
    [COLUMN_DEVICE] = {"NAME", false, 15, DEVICES},
    [COLUMN_ONLINE] = {"STATE", false, 14, VIEW_DEVICES},
    [COLUMN_AT] = {"AT", false, 13, DEVICES},
    [COLUMN_ONLINE_SINCE] = {"SINCE", false, 7, DEVICES},
    [COLUMN_FROM] = {"FROM", false, 2, LISTS | DEVICES},
    [COLUMN_TARGET] = {"TARGET", false, 13, ALL},
    [COLUMN_ROAD] = {"ROAD", false, 3, LISTS},
    [COLUMN_SINCE] = {"SINCE", false, 1, LISTS},
    [COLUMN_IN] = {"IN", true, 4, LISTS | DEVICES},
    [COLUMN_OUT] = {"OUT", true, 5, LISTS | DEVICES},
    [COLUMN_IN_RATE] = {"IN/s", true, 7, VIEW_RATES},
    [COLUMN_OUT_RATE] = {"OUT/s", true, 7, VIEW_RATES},
    [COLUMN_IDLE] = {"IDLE", true, 8, LISTS | VIEW_LOGINS},
    [COLUMN_SESSIONS] = {"SESSIONS", true, 8, VIEW_DEVICES},
    [COLUMN_LEG] = {"LEG", false, 12, VIEW_LEGS},
    [COLUMN_STATE] = {"STATE", false, 9, ALL | VIEW_LOGINS},
    [COLUMN_RTT] = {"RTT", true, 8, VIEW_LEGS},
    [COLUMN_RETR] = {"RETR", true, 7, VIEW_LEGS},
    [COLUMN_QUEUE] = {"QUEUE", true, 7, VIEW_LEGS},
    [COLUMN_UNREAD] = {"UNREAD", true, 5, VIEW_LEGS},
    [COLUMN_RATE] = {"RATE", true, 4, VIEW_LEGS},
    [COLUMN_HEARD] = {"HEARD", true, 5, VIEW_LEGS},
};

enum { USER_SHOWN = 24, TARGET_SHOWN = 40, TARGET_FAIR = 20, NUMBER = 5 };

/*
 * Cells.
 */
char *
number_human(char *buf, size_t size, uint64_t n)
{
	static const char units[] = "KMGTPE";
	uint64_t whole = n, part;
	unsigned int unit = 0;

	for (; whole >= 1024; unit++)
		whole /= 1024;
	part = n - (whole << 10 * unit);
	if (unit == 0)
		snprintf(buf, size, "%u", (unsigned int)n);
	else if (whole < 10)
		snprintf(buf, size, "%u.%u%c", (unsigned int)whole,
		    (unsigned int)(part * 10 >> 10 * unit), units[unit - 1]);
	else
		snprintf(
		    buf, size, "%u%c", (unsigned int)whole, units[unit - 1]);
	return buf;
}

static void
fill_target(char cell[CELL], const struct live *l)
{
	char name[TARGET_SHOWN + 1];

	audit_escape(name, sizeof(name), l->target);
	if (l->port == 0)
		snprintf(cell, CELL, "%s", name);
	else
		snprintf(cell, CELL,
		    strchr(name, ':') != NULL ? "[%s]:%u" : "%s:%u", name,
		    l->port);
}

/* Today the time, else the day; the reader's own. */
static void
fill_since(char cell[CELL], int64_t started, time_t now)
{
	time_t since = (time_t)started;
	struct tm then, today;

	strcpy(cell, "?");
	if (localtime_r(&since, &then) == NULL ||
	    localtime_r(&now, &today) == NULL)
		return;
	if (then.tm_year != today.tm_year)
		strftime(cell, CELL, "%F", &then);
	else if (then.tm_yday != today.tm_yday)
		strftime(cell, CELL, "%b %e", &then);
	else
		strftime(cell, CELL, "%H:%M", &then);
}

static void
fill_ago(char cell[CELL], int64_t ms)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		strcpy(cell, "-");
	else if (s < 60)
		snprintf(cell, CELL, "%ds", (int)s);
	else if (s < 3600)
		snprintf(cell, CELL, "%dm", (int)(s / 60));
	else if (s < 86400)
		snprintf(cell, CELL, "%dh", (int)(s / 3600));
	else
		snprintf(cell, CELL, "%lldd", (long long)(s / 86400));
}

static void
fill_rate(char cell[CELL], int64_t rate)
{
	if (rate < 0)
		strcpy(cell, "-");
	else
		number_human(cell, CELL, (uint64_t)rate);
}

void
row_fill(struct row *r, const struct live *l, time_t now, int64_t in_rate,
    int64_t out_rate)
{
	char user[USER_SHOWN + 1];
	bool known = l->user[0] != '\0';

	audit_escape(user, sizeof(user), known ? l->user : l->owner->account);
	snprintf(r->cell[COLUMN_USER], CELL, known ? "%s" : "(%s)", user);
	strcpy(r->cell[COLUMN_SESSION], "-");
	if (l->relay && l->seen.page.id[0] != '\0')
		audit_escape(r->cell[COLUMN_SESSION], CELL, l->seen.page.id);
	strcpy(r->cell[COLUMN_FROM], "-");
	if (l->source[0] != '\0')
		audit_escape(r->cell[COLUMN_FROM], CELL, l->source);
	fill_target(r->cell[COLUMN_TARGET], l);
	snprintf(r->cell[COLUMN_ROAD], CELL, "%s", l->road);
	fill_since(r->cell[COLUMN_SINCE], l->started, now);
	number_human(r->cell[COLUMN_IN], CELL, l->sent);
	number_human(r->cell[COLUMN_OUT], CELL, l->received);
	fill_rate(r->cell[COLUMN_IN_RATE], in_rate);
	fill_rate(r->cell[COLUMN_OUT_RATE], out_rate);
	fill_ago(r->cell[COLUMN_IDLE], l->idle);
	strcpy(r->cell[COLUMN_STATE], leg_state_names[l->state]);
}

/*
 * Devices.
 */
void
row_fill_login(struct row *r, const struct live *l, const char *at, time_t now)
{
	row_fill(r, l, now, -1, -1);
	memcpy(r->cell[COLUMN_DEVICE], r->cell[COLUMN_USER], CELL);
	memcpy(r->cell[COLUMN_ONLINE_SINCE], r->cell[COLUMN_SINCE], CELL);
	audit_escape(r->cell[COLUMN_AT], CELL, *at == '\0' ? "-" : at);
}

void
row_fill_device(struct row *r, const char *name, const char *state,
    const char *at, const struct live *login, size_t sessions, time_t now)
{
	for (int c = 0; c < COLUMNS; c++)
		strcpy(r->cell[c], "-");
	if (login != NULL)
		row_fill_login(r, login, at, now);
	audit_escape(r->cell[COLUMN_DEVICE], USER_SHOWN + 1, name);
	audit_escape(r->cell[COLUMN_AT], CELL, at);
	snprintf(r->cell[COLUMN_ONLINE], CELL, "%s", state);
	snprintf(r->cell[COLUMN_SESSIONS], CELL, "%zu", sessions);
}

/*
 * Connections.
 */
static void
fill_rtt(char cell[CELL], uint32_t us)
{
	if (us == 0)
		strcpy(cell, "-");
	else if (us < 1000)
		snprintf(cell, CELL, "%uus", us);
	else if (us < 10000)
		snprintf(cell, CELL, "%u.%ums", us / 1000, us / 100 % 10);
	else if (us < 1000000)
		snprintf(cell, CELL, "%ums", us / 1000);
	else
		snprintf(cell, CELL, "%u.%us", us / 1000000, us / 100000 % 10);
}

size_t
row_legs(const struct live *l)
{
	return l->legs[LEG_USER].inode != 0 && l->legs[LEG_TARGET].inode != 0
	    ? 2
	    : 1;
}

/* Of what is not known, only whose it is. */
static void
fill_unknown(struct row *r)
{
	for (int c = COLUMN_STATE; c < COLUMNS; c++)
		strcpy(r->cell[c], "-");
}

void
row_fill_leg(struct row *r, const struct live *l, size_t nth)
{
	enum leg leg =
	    nth == 0 && l->legs[LEG_USER].inode != 0 ? LEG_USER : LEG_TARGET;
	const struct socket_seen *s = &l->legs[leg];

	row_fill(r, l, 0, -1, -1);
	strcpy(r->cell[COLUMN_LEG], leg_names[leg]);
	if (s->inode == 0) {
		fill_unknown(r);
		return;
	}
	strcpy(r->cell[COLUMN_STATE], leg_state_names[leg_state(s)]);
	fill_rtt(r->cell[COLUMN_RTT], s->rtt);
	snprintf(r->cell[COLUMN_RETR], CELL, "%u", s->retransmitted);
	number_human(r->cell[COLUMN_QUEUE], CELL, s->queued);
	number_human(r->cell[COLUMN_UNREAD], CELL, s->unread);
	fill_rate(r->cell[COLUMN_RATE], s->rate == 0 ? -1 : (int64_t)s->rate);
	fill_ago(r->cell[COLUMN_HEARD], s->last_heard);
}

void
row_titles(struct row *r)
{
	for (int c = 0; c < COLUMNS; c++)
		snprintf(r->cell[c], CELL, "%s", columns[c].title);
}

/*
 * Layout.
 */
static int
total(const struct layout *l)
{
	int sum = 0;

	for (int c = 0; c < COLUMNS; c++)
		sum += l->width[c] == 0 ? 0 : l->width[c] + (sum > 0);
	return sum;
}

/* The column that is missed least, or -1. */
static int
least(const struct layout *l)
{
	int found = -1;

	for (int c = 0; c < COLUMNS; c++) {
		if (l->width[c] != 0 &&
		    (found == -1 || columns[c].keep < columns[found].keep))
			found = c;
	}
	return found;
}

/* Make this one as wide as the others leave room for, from least on. */
static void
fit(struct layout *l, enum column c, int natural, int least, int room)
{
	int width = l->width[c] + room - total(l);

	if (width < least)
		width = least;
	l->width[c] = width < natural ? width : natural;
}

void
layout_make(struct layout *l, const struct row *rows, size_t n, enum view view,
    int room)
{
	enum column wide = view & DEVICES ? COLUMN_AT : COLUMN_TARGET;
	int natural;

	for (int c = 0; c < COLUMNS; c++) {
		size_t width = strlen(columns[c].title);

		/* Numbers that change are not to move the others. */
		if (view == VIEW_RATES && c >= COLUMN_IN &&
		    c <= COLUMN_OUT_RATE)
			width = NUMBER;
		for (size_t i = 0; i < n; i++) {
			size_t w = strlen(rows[i].cell[c]);

			width = w > width ? w : width;
		}
		l->width[c] = columns[c].views & view ? (int)width : 0;
	}
	if (room == 0)
		return;
	natural = l->width[wide];
	fit(l, wide, natural, TARGET_FAIR, room);
	for (int c; total(l) > room && (c = least(l)) != (int)wide;)
		l->width[c] = 0;
	fit(l, wide, natural, 1, room);
}

/* What is too long for its column: the end of the name goes, the port stays. */
static void
cut(char cell[CELL], const char *text, size_t width)
{
	const char *port = strrchr(text, ':');
	size_t tail = port == NULL ? 0 : strlen(port);
	size_t head = width < 3 ? width : width - 3;

	snprintf(cell, CELL, "%s", text);
	if (strlen(text) <= width)
		return;
	if (tail > head || tail > 6)
		tail = 0;
	head -= tail;
	snprintf(cell + head, CELL - head, "%s%s", width < 3 ? "" : "...",
	    text + strlen(text) - tail);
}

char *
row_line(const struct row *r, const struct layout *l, char text[LINE_ROOM])
{
	char cell[CELL];
	size_t n = 0;

	for (int c = 0; c < COLUMNS; c++) {
		int w = l->width[c];

		if (w == 0)
			continue;
		cut(cell, r->cell[c], (size_t)w);
		n += (size_t)snprintf(text + n, LINE_ROOM - n,
		    columns[c].right ? "%s%*s" : "%s%-*s", n == 0 ? "" : " ", w,
		    cell);
	}
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}
