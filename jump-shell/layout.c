/* SPDX-License-Identifier: ISC */
#include "layout.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "audit.h"

enum {
	NUMBER,
	TARGET,
	PORTS,
	NOTE,
	STATE,
	COLUMNS,
	GAP = 2,
	SMALLEST = 20, /* columns of a terminal */
	NOTE_LEAST = 8,
	TARGET_LEAST = 8,
	STATE_LEAST = 4,
	DAY = 24 * 60 * 60,
	WIDE = 4096 /* more than any text has */
};

/*
 * Text.
 */
struct fit {
	char *dst;
	size_t size, n;
	unsigned int columns, used;
	size_t cut; /* the longest part after which the dots still fit */
	unsigned int cut_used;
	unsigned int dots;
	bool full;
};

static void
add(struct fit *f, const char *piece, size_t n, unsigned int width)
{
	if (f->full || f->n + n + sizeof("...") > f->size ||
	    f->used + width > f->columns) {
		f->full = true;
		return;
	}
	memcpy(f->dst + f->n, piece, n);
	f->n += n;
	f->used += width;
	if (f->used + f->dots <= f->columns) {
		f->cut = f->n;
		f->cut_used = f->used;
	}
}

/* What changes the order or the look of other text, and shows as nothing. */
static bool
is_trick(wchar_t c)
{
	static const struct {
		wchar_t first, last;
	} tricks[] = {{0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e},
	    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
	    {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
	    {0xe0000, 0x10ffff}};

	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		if (c >= tricks[i].first && c <= tricks[i].last)
			return true;
	}
	return false;
}

/* One character: how many bytes of text it is. */
static size_t
add_character(struct fit *f, const char *text, bool utf8)
{
	char one[2] = {*text, '\0'}, escaped[AUDIT_ESCAPED(1) + 4];
	mbstate_t state = {0};
	wchar_t c;
	size_t n = 1;
	int width = -1;

	if ((unsigned char)*text >= 0x80) {
		n = mbrtowc(&c, text, strlen(text), &state);
		if (n != (size_t)-1 && n != (size_t)-2 && !is_trick(c))
			width = wcwidth(c);
		if (width >= 0 && utf8) {
			add(f, text, n, (unsigned int)width);
			return n;
		}
		if (width >= 0) {
			add(f, "?", 1, 1);
			return n;
		}
	}
	audit_escape(escaped, sizeof(escaped), one);
	add(f, escaped, strlen(escaped), (unsigned int)strlen(escaped));
	return 1;
}

unsigned int
layout_fit(
    char *dst, size_t size, const char *text, unsigned int columns, bool utf8)
{
	const char *dots = utf8 ? "\342\200\246" : "...";
	struct fit f = {
	    .dst = dst, .size = size, .columns = columns, .dots = utf8 ? 1 : 3};

	while (*text != '\0' && !f.full)
		text += add_character(&f, text, utf8);
	if (f.full && f.dots <= columns) {
		memcpy(dst + f.cut, dots, strlen(dots));
		f.n = f.cut + strlen(dots);
		f.used = f.cut_used + f.dots;
	}
	dst[f.n] = '\0';
	return f.used;
}

const char *
layout_time(char buf[LAYOUT_TIME], int64_t when, int64_t now)
{
	static const char *const days[] = {
	    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	time_t t = when;
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&t, &tm) == NULL)
		return buf;
	if (when - now < DAY)
		strftime(buf, LAYOUT_TIME, "%H:%M", &tm);
	else if (when - now < 6 * DAY)
		snprintf(buf, LAYOUT_TIME, "%s %02d:%02d", days[tm.tm_wday],
		    tm.tm_hour, tm.tm_min);
	else
		strftime(buf, LAYOUT_TIME, "%Y-%m-%d", &tm);
	return buf;
}

/*
 * The header.
 */
enum { PARTS = 4 };

static void
short_key(char *buf, size_t size, const char *key, bool utf8)
{
	size_t n = strlen(key);

	if (strncmp(key, "SHA256:", 7) == 0 && n > 20)
		snprintf(buf, size, "key %.11s%s%s", key,
		    utf8 ? "\342\200\246" : "...", key + n - 4);
	else
		snprintf(buf, size, "key %s", key);
}

static void
join(char *buf, size_t size, char part[PARTS][LAYOUT_TEXT / 4], bool utf8)
{
	const char *dot = "";
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < PARTS && n < size; i++) {
		if (part[i][0] == '\0')
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", dot, part[i]);
		dot = utf8 ? " \302\267 " : " - ";
	}
}

static unsigned int
usable(const struct layout *l)
{
	return (l->columns < SMALLEST ? SMALLEST : l->columns) - 1;
}

void
layout_header(FILE *out, const struct layout *l, const struct layout_header *h,
    int64_t now)
{
	static const size_t spare[] = {2, 0}; /* the key, then the host */
	char part[PARTS][LAYOUT_TEXT / 4] = {""}, text[LAYOUT_TEXT];
	char fitted[LAYOUT_TEXT], at[LAYOUT_TIME];
	unsigned int room = usable(l) - 1;

	snprintf(part[0], sizeof(part[0]), "%s", h->host);
	snprintf(part[1], sizeof(part[1]), "%s", h->user);
	if (h->key != NULL)
		short_key(part[2], sizeof(part[2]), h->key, l->utf8);
	if (h->until != 0)
		snprintf(part[3], sizeof(part[3]), "rights until %s",
		    layout_time(at, h->until, now));
	join(text, sizeof(text), part, l->utf8);
	for (size_t i = 0; i < 2 &&
	     layout_fit(fitted, sizeof(fitted), text, WIDE, l->utf8) > room;
	     i++) {
		part[spare[i]][0] = '\0';
		join(text, sizeof(text), part, l->utf8);
	}
	layout_fit(fitted, sizeof(fitted), text, room, l->utf8);
	fprintf(out, " %s\n", fitted);
}

void
layout_prompt(FILE *out, const struct layout *l, bool more)
{
	if (!more)
		fputs(" number, /search, ?help, q > ", out);
	else if (l->columns >= LAYOUT_NARROW)
		fputs(" number, Enter for more, /search, ?help, q > ", out);
	else
		fputs(" number, Enter: more, ?help, q > ", out);
}

/*
 * The table.
 */
struct cell {
	char text[LAYOUT_TEXT];
	unsigned int width;
};

static void
fill(struct cell *c, const struct layout *l, const char *text,
    unsigned int columns)
{
	c->width = layout_fit(c->text, sizeof(c->text), text, columns, l->utf8);
}

/* What is needed and that it is recorded stays; the comment is cut first. */
static void
fill_note(struct cell *c, const struct layout *l, const struct layout_row *row,
    unsigned int columns)
{
	char note[LAYOUT_TEXT / 4], comment[LAYOUT_TEXT / 2];
	const char *before = row->needs[0] != '\0' ? ", " : "";
	const char *after = row->recorded ? ", recorded" : "";
	unsigned int used = (unsigned int)(strlen(row->needs) + strlen(before) +
			 strlen(after)),
		     enough;

	enough = layout_fit(
	    comment, sizeof(comment), row->comment, NOTE_LEAST, l->utf8);
	if (enough == 0 || columns < used + enough) {
		before = row->needs[0] != '\0' && row->recorded ? ", " : "";
		snprintf(note, sizeof(note), "%s%s%s", row->needs, before,
		    row->recorded ? "recorded" : "");
		fill(c, l, note, columns);
		return;
	}
	c->width = used +
	    layout_fit(comment, sizeof(comment), row->comment, columns - used,
		l->utf8);
	snprintf(c->text, sizeof(c->text), "%s%s%s%s", row->needs, before,
	    comment, after);
}

static void
fill_state(struct cell *c, const struct layout *l, const struct layout_row *row,
    unsigned int columns, int64_t now)
{
	bool narrow = l->columns < LAYOUT_NARROW;
	char text[LAYOUT_TIME + 48], at[LAYOUT_TIME];
	const char *word = "open", *beside = row->offline ? ", offline" : "";

	layout_time(at, row->when, now);
	if (narrow && row->offline && row->state == LAYOUT_OPEN) {
		fill(c, l, "offline", columns);
		return;
	}
	if (row->state == LAYOUT_ASK)
		word = "ask";
	else if (row->state == LAYOUT_CLOSED)
		word = narrow ? "from" : "outside hours until";
	else if (row->when != 0)
		word = narrow ? "till" : "open until";
	if (row->when == 0 || row->state == LAYOUT_ASK)
		snprintf(text, sizeof(text), "%s%s", word, beside);
	else
		snprintf(text, sizeof(text), "%s %s%s", word, at, beside);
	fill(c, l, text, columns);
}

static void
fill_cell(struct cell *c, const struct layout *l, const struct layout_row *row,
    int column, unsigned int columns, int64_t now)
{
	char number[16];

	switch (column) {
	case NUMBER:
		snprintf(number, sizeof(number), "%u", row->number);
		fill(c, l, number, columns);
		break;
	case TARGET:
		fill(c, l, row->target, columns);
		break;
	case PORTS:
		fill(c, l, row->ports, columns);
		break;
	case NOTE:
		fill_note(c, l, row, columns);
		break;
	default:
		fill_state(c, l, row, columns, now);
		break;
	}
}

static unsigned int
smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int
larger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/* From what the columns would like to what they get; 0: they are left out. */
static void
share(unsigned int width[COLUMNS], const struct layout *l)
{
	bool narrow = l->columns < LAYOUT_NARROW;
	unsigned int room = usable(l) - 1 - width[NUMBER];

	width[PORTS] = smaller(width[PORTS], narrow ? 9 : 20);
	if (narrow)
		width[NOTE] = 0;
	else
		width[TARGET] = smaller(width[TARGET], usable(l) * 3 / 8);
	width[STATE] = smaller(width[STATE],
	    larger(
		STATE_LEAST, room - smaller(room, GAP + GAP + TARGET_LEAST)));
	room -= smaller(room, GAP + width[STATE]);
	if (room < GAP + width[PORTS] + GAP + TARGET_LEAST)
		width[PORTS] = 0;
	if (width[PORTS] != 0)
		room -= GAP + width[PORTS];
	width[TARGET] = smaller(width[TARGET], room - smaller(room, GAP));
	room -= smaller(room, GAP + width[TARGET]);
	if (room < GAP + NOTE_LEAST)
		width[NOTE] = 0;
	else
		width[NOTE] = smaller(width[NOTE], room - GAP);
}

/* colour is of the text of the last one, "" for none. */
static void
write_cell(FILE *out, const struct cell *c, int column, unsigned int width,
    const char *colour)
{
	int space = (int)(width - smaller(width, c->width));

	fprintf(out, "%*s", column == NUMBER ? 1 : GAP, "");
	if (column == NUMBER)
		fprintf(out, "%*s%s", space, "", c->text);
	else if (column == STATE)
		fprintf(out, "%s%s%s\n", colour, c->text,
		    *colour == '\0' ? "" : "\033[0m");
	else
		fprintf(out, "%s%*s", c->text, space, "");
}

static void
write_row(FILE *out, const struct layout *l, const struct layout_row *row,
    const unsigned int width[COLUMNS], int64_t now)
{
	static const char *const colours[] = {[LAYOUT_CLOSED] = "\033[2m",
	    [LAYOUT_ASK] = "\033[33m",
	    [LAYOUT_OPEN] = "\033[32m"};
	struct cell c;

	for (int i = 0; i < COLUMNS; i++) {
		if (width[i] == 0)
			continue;
		fill_cell(&c, l, row, i, width[i], now);
		write_cell(
		    out, &c, i, width[i],
		    !l->colour	       ? ""
			: row->offline ? colours[LAYOUT_CLOSED]
				       : colours[row->state]);
	}
}

/* A comment that has no room leaves the room to others. */
static void
fit_notes(unsigned int width[COLUMNS], const struct layout *l,
    const struct layout_row *rows, size_t n)
{
	unsigned int room = width[NOTE];
	struct cell c;

	if (room == 0)
		return;
	width[NOTE] = (unsigned int)strlen("note");
	for (size_t i = 0; i < n; i++) {
		fill_note(&c, l, &rows[i], room);
		width[NOTE] = larger(width[NOTE], c.width);
	}
}

void
layout_table(FILE *out, const struct layout *l, const struct layout_row *rows,
    size_t n, int64_t now)
{
	static const char *const headings[COLUMNS] = {
	    "#", "target", "ports", "note", "state"};
	unsigned int width[COLUMNS] = {0};
	struct cell c;

	for (size_t i = 0; i < n; i++) {
		for (int column = 0; column < COLUMNS; column++) {
			fill_cell(&c, l, &rows[i], column, WIDE, now);
			if (c.width > width[column])
				width[column] = c.width;
		}
	}
	for (int i = 0; i < COLUMNS; i++) {
		if (i != NOTE || width[i] != 0)
			width[i] = width[i] > strlen(headings[i])
			    ? width[i]
			    : (unsigned int)strlen(headings[i]);
	}
	share(width, l);
	fit_notes(width, l, rows, n);
	for (int i = 0; i < COLUMNS; i++) {
		if (width[i] == 0)
			continue;
		fill(&c, l, headings[i], width[i]);
		write_cell(out, &c, i, width[i], "");
	}
	for (size_t i = 0; i < n; i++)
		write_row(out, l, &rows[i], width, now);
}
