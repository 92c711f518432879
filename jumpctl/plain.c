/* SPDX-License-Identifier: ISC */
#include "plain.h"

#include <string.h>

#include "utf8.h"

const char *
plain_text(struct plain *p)
{
	char *to = p->text;
	size_t n = p->n;

	while (n > 0 && p->line[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < n; i++)
		to += utf8_encode(to, p->line[i]);
	*to = '\0';
	return p->text;
}

static void
begin(struct plain *p)
{
	p->row = p->n = p->column = 0;
}

static void
end_line(struct plain *p)
{
	p->emit(p->arg, plain_text(p), p->n > 0 ? p->began : p->now);
	begin(p);
}

/* The cursor goes elsewhere; at a column that does not matter for text. */
static void
leave_line(struct plain *p)
{
	if (*plain_text(p) != '\0')
		end_line(p);
	else
		begin(p);
}

void
plain_end(struct plain *p)
{
	leave_line(p);
}

static void
put(struct plain *p, uint32_t c)
{
	size_t at;

	if (p->width > 0 && p->column >= p->width) {
		p->row += p->width;
		p->column = 0;
	}
	at = p->row + p->column;
	if (at >= PLAIN_MAX) {
		end_line(p);
		at = 0;
	}
	if (p->n == 0)
		p->began = p->now;
	while (p->n < at)
		p->line[p->n++] = ' ';
	p->line[at] = p->last = c;
	p->n = at + 1 > p->n ? at + 1 : p->n;
	p->column++;
}

static void
control(struct plain *p, uint32_t c)
{
	switch (c) {
	case '\b':
		if (p->width > 0 && p->column >= p->width)
			p->column = p->width - 1;
		p->column -= p->column > 0;
		break;
	case '\t':
		p->column = (p->column + 8) & ~(size_t)7;
		break;
	case '\r':
		p->column = 0;
		break;
	case '\n':
	case '\v':
	case '\f':
		end_line(p);
		break;
	}
}

/* Cells from at on are moved by some, or made blank. */
static void
take_out(struct plain *p, size_t at, size_t some)
{
	if (at >= p->n)
		return;
	some = some < p->n - at ? some : p->n - at;
	memmove(p->line + at, p->line + at + some,
	    (p->n - at - some) * sizeof(*p->line));
	p->n -= some;
}

static void
put_in(struct plain *p, size_t at, size_t some)
{
	if (at >= p->n)
		return;
	some = some < PLAIN_MAX - p->n ? some : PLAIN_MAX - p->n;
	memmove(
	    p->line + at + some, p->line + at, (p->n - at) * sizeof(*p->line));
	for (size_t i = 0; i < some; i++)
		p->line[at + i] = ' ';
	p->n += some;
}

static void
blank(struct plain *p, size_t from, size_t to)
{
	to = to < p->n ? to : p->n;
	for (size_t i = from; i < to; i++)
		p->line[i] = ' ';
}

static void
erase(struct plain *p, unsigned which, size_t at)
{
	if (which == 0)
		p->n = at < p->n ? at : p->n;
	else
		blank(p, p->row, which == 1 ? at + 1 : p->n);
}

static void
sequence(struct plain *p, const struct escape_token *t)
{
	size_t some = t->number[0] > 0 ? t->number[0] : 1;
	size_t at = p->row + p->column;

	if (t->c != '\0' && strchr("ABEFHLMSTdefru", (int)t->c) != NULL) {
		leave_line(p);
		return;
	}
	switch (t->c) {
	case 'b':
		for (size_t i = 0; i < some && p->last != 0; i++)
			put(p, p->last);
		break;
	case 'C':
	case 'a':
		p->column += some;
		break;
	case 'D':
		p->column -= some < p->column ? some : p->column;
		break;
	case 'G':
	case '`':
		p->column = some - 1;
		break;
	case 'K':
		erase(p, t->number[0], at);
		break;
	case 'X':
		blank(p, at, at + some);
		break;
	case 'P':
		take_out(p, at, some);
		break;
	case '@':
		put_in(p, at, some);
		break;
	case 'J':
		if (t->number[0] == 0)
			erase(p, 0, at);
		else
			leave_line(p);
		break;
	case 'h':
	case 'l':
		if (t->private && t->number[0] != 25 && t->number[0] != 7)
			leave_line(p);
		break;
	}
}

void
plain_token(struct plain *p, const struct escape_token *t)
{
	if (t->kind == ESCAPE_TEXT)
		put(p, t->c);
	else if (t->kind == ESCAPE_CONTROL)
		control(p, t->c);
	else if (t->kind == ESCAPE_CSI)
		sequence(p, t);
	else if (strchr("8DEMc", (int)t->c) != NULL)
		leave_line(p);
}
