/* SPDX-License-Identifier: ISC */
#include "log_queue.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum { QUEUED = 16384 }; /* rows: of more, the oldest does not wait */

/* The strings of a row. */
static const size_t strings[] = {offsetof(struct log_row, kind),
    offsetof(struct log_row, user), offsetof(struct log_row, account),
    offsetof(struct log_row, from), offsetof(struct log_row, target),
    offsetof(struct log_row, ip), offsetof(struct log_row, road),
    offsetof(struct log_row, ref), offsetof(struct log_row, rule),
    offsetof(struct log_row, verdict), offsetof(struct log_row, reason),
    offsetof(struct log_row, key), offsetof(struct log_row, policy),
    offsetof(struct log_row, end), offsetof(struct log_row, who),
    offsetof(struct log_row, note), offsetof(struct log_row, request),
    offsetof(struct log_row, changes), offsetof(struct log_row, approval),
    offsetof(struct log_row, approver), offsetof(struct log_row, claim),
    offsetof(struct log_row, exe)};

enum { STRINGS = sizeof(strings) / sizeof(strings[0]) };

struct queued {
	struct queued *next;
	uint64_t number; /* 0: it does not wait */
	bool dropped;
	struct log_row row, login;
	char text[];
};

static const char **
string_at(struct log_row *row, size_t i)
{
	return (const char **)(void *)((char *)row + strings[i]);
}

static size_t
text_size(const struct log_row *row)
{
	struct log_row copy = *row;
	size_t size = 0;

	for (size_t i = 0; i < STRINGS; i++) {
		const char *s = *string_at(&copy, i);

		size += s == NULL ? 0 : strlen(s) + 1;
	}
	return size;
}

/* Have the row's strings in a buffer; what follows them. */
static char *
own_text(struct log_row *row, char *to)
{
	for (size_t i = 0; i < STRINGS; i++) {
		const char **s = string_at(row, i);

		if (*s == NULL)
			continue;
		*s = strcpy(to, *s);
		to += strlen(to) + 1;
	}
	return to;
}

static struct queued *
queued_new(const struct log_row *row)
{
	size_t size =
	    text_size(row) + (row->login == NULL ? 0 : text_size(row->login));
	struct queued *w = calloc(1, sizeof(*w) + size);
	char *rest;

	if (w == NULL)
		err(EXIT_INTERNAL, NULL);
	w->row = *row;
	rest = own_text(&w->row, w->text);
	if (row->login != NULL) {
		w->login = *row->login;
		own_text(&w->login, rest);
		w->row.login = &w->login;
	}
	return w;
}

void
queue_init(struct log_queue *q, log_emit *emit, void *arg)
{
	*q = (struct log_queue){.emit = emit, .arg = arg};
	q->end = &q->first;
}

static void
take_first(struct log_queue *q)
{
	struct queued *w = q->first;

	q->first = w->next;
	if (q->first == NULL)
		q->end = &q->first;
	q->n--;
	free(w);
}

void
queue_free(struct log_queue *q)
{
	while (q->first != NULL)
		take_first(q);
}

static void
pass_first(struct log_queue *q)
{
	if (!q->first->dropped)
		q->emit(q->arg, &q->first->row);
	take_first(q);
}

void
queue_flush(struct log_queue *q, int64_t time)
{
	while (q->first != NULL &&
	    (q->first->number == 0 || q->first->row.time <= time))
		pass_first(q);
}

uint64_t
queue_add(struct log_queue *q, const struct log_row *row, bool waits)
{
	struct queued *w;

	if (q->first == NULL && !waits) {
		q->emit(q->arg, row);
		return 0;
	}
	w = queued_new(row);
	w->number = waits ? ++q->last : 0;
	*q->end = w;
	q->end = &w->next;
	if (++q->n > QUEUED)
		pass_first(q);
	return w->number;
}

void
queue_drop(struct log_queue *q, uint64_t number)
{
	struct queued *w = number == 0 ? NULL : q->first;

	while (w != NULL && w->number != number)
		w = w->next;
	if (w == NULL)
		return;
	w->number = 0;
	w->dropped = true;
	queue_flush(q, INT64_MIN);
}
