/* SPDX-License-Identifier: ISC */
/* Lists of requests, as jump-shell(8) and jumpctl(8) print them. */
#include "grant.h"

#include <stdlib.h>
#include <string.h>

enum {
	WIDEST = 24, /* longer words push only their own line */
	FOLD = 72,
	ASKED = 2 * GRANT_CELL
};

const char *const grant_state_names[] = {[GRANT_VOID] = "void",
    [GRANT_OVER] = "over",
    [GRANT_REFUSED] = "refused",
    [GRANT_WAITS] = "waits",
    [GRANT_OPEN] = "open"};

static const char *const headings[GRANT_COLUMNS] = {
    "ID", "USER", "TARGET", "FOR", "UNTIL", "STATE", "BY"};

const char *
grant_time(int64_t when, enum grant_time_form form, char buf[GRANT_TIME])
{
	time_t t = (time_t)when;
	struct tm tm;

	*buf = '\0';
	if (localtime_r(&t, &tm) == NULL)
		return buf;
	if (form == GRANT_TIME_SHORT)
		strftime(buf, GRANT_TIME, "%m-%d %H:%M", &tm);
	else if (form == GRANT_TIME_FULL)
		strftime(buf, GRANT_TIME, "%Y-%m-%d %H:%M %Z", &tm);
	else
		strftime(buf, GRANT_TIME, "%Y-%m-%dT%H:%M:%S%z", &tm);
	return buf;
}

void
grant_line_fill(struct grant_line *l, const struct policy *p,
    const struct grants *g, const struct grant_request *r,
    const struct grant_view *v, bool table)
{
	const struct grant_tuple *t = &r->tuple;
	char groups[GRANT_GROUPS];

	l->request = r;
	snprintf(
	    l->cell[0], GRANT_CELL, "%.*s", grant_id_length(g, r), t->nonce);
	snprintf(l->cell[1], GRANT_CELL, "%s", t->user);
	grant_target_text(t, l->cell[2], GRANT_CELL);
	grant_span(t->seconds, l->cell[3]);
	grant_time(
	    v->end, table ? GRANT_TIME_SHORT : GRANT_TIME_ISO, l->cell[4]);
	snprintf(l->cell[5], GRANT_CELL, "%s", grant_state_names[v->state]);
	snprintf(l->cell[6], GRANT_CELL, "%s",
	    v->by != NULL ? v->by->by : grant_groups(p, &v->verdict, groups));
}

static void
print_row(FILE *out, const int width[GRANT_COLUMNS], const char *const *cells)
{
	for (int c = 0; c < GRANT_COLUMNS - 1; c++)
		fprintf(out, "%-*s  ", width[c], cells[c]);
	fprintf(out, "%s\n", cells[GRANT_COLUMNS - 1]);
}

/*
 * What somebody else has written, folded here and set in: a line that the
 * terminal broke could go on with what looks like another request.
 */
static void
print_folded(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t n = strlen(text);

		if (n > FOLD) {
			for (n = FOLD; n > 0 && text[n] != ' ';)
				n--;
			n = n == 0 ? FOLD : n;
		}
		fprintf(out, "        %.*s\n", (int)n, text);
		text += n + strspn(text + n, " ");
	}
}

static void
print_asked(FILE *out, const struct grant_tuple *t)
{
	char text[ASKED], asked[GRANT_TIME];

	snprintf(text, sizeof(text), "asked %s from %s%s%s: %s",
	    grant_time(t->from, GRANT_TIME_SHORT, asked),
	    *t->source == '\0' ? "?" : t->source,
	    *t->ticket == '\0' ? "" : ", ticket ", t->ticket, t->reason);
	print_folded(out, text);
}

static void
print_table(FILE *out, const struct grant_line *lines, size_t n)
{
	const char *cells[GRANT_COLUMNS];
	int width[GRANT_COLUMNS];

	for (int c = 0; c < GRANT_COLUMNS; c++) {
		width[c] = (int)strlen(headings[c]);
		for (size_t i = 0; i < n; i++) {
			int w = (int)strlen(lines[i].cell[c]);

			width[c] = w > width[c] && w <= WIDEST ? w : width[c];
		}
	}
	print_row(out, width, headings);
	for (size_t i = 0; i < n; i++) {
		for (int c = 0; c < GRANT_COLUMNS; c++)
			cells[c] = lines[i].cell[c];
		print_row(out, width, cells);
		print_asked(out, &lines[i].request->tuple);
	}
}

static void
print_fields(FILE *out, const struct grant_line *lines, size_t n)
{
	char asked[GRANT_TIME];

	for (size_t i = 0; i < n; i++) {
		const struct grant_tuple *t = &lines[i].request->tuple;

		for (int c = 0; c < GRANT_COLUMNS; c++)
			fprintf(out, "%s\t", lines[i].cell[c]);
		fprintf(out, "%s\t%s\t%s\t%s\n",
		    grant_time(t->from, GRANT_TIME_ISO, asked), t->source,
		    t->ticket, t->reason);
	}
}

static int
by_time(const void *a, const void *b)
{
	const struct grant_line *x = a, *y = b;
	int64_t one = x->request->tuple.from, other = y->request->tuple.from;

	return (one > other) - (one < other);
}

void
grant_lines_print(FILE *out, struct grant_line *lines, size_t n, bool table)
{
	qsort(lines, n, sizeof(*lines), by_time);
	(table ? print_table : print_fields)(out, lines, n);
}
