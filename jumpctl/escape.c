/* SPDX-License-Identifier: ISC */
#include "escape.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { BEL = 7, CAN = 0x18, SUB = 0x1a, ESC = 0x1b, NUMBER_MAX = 9999 };

/* Instead of ESC c, which resets more than a recording is to change. */
#define CLEARED "\033[m\033(B\017\033[r\033[H\033[2J"

/* What is sent, and to whom. */
struct output {
	escape_emit *emit;
	void *arg;
	struct escape_token token;
};

static void
put(struct output *o, enum escape_kind kind, uint32_t c)
{
	o->token.kind = kind;
	o->token.c = c;
	o->emit(o->arg, &o->token);
}

static void
put_byte(struct output *o, enum escape_kind kind, uint32_t c)
{
	o->token.bytes[0] = (char)c;
	o->token.n = 1;
	put(o, kind, c);
}

/* A character that is not ASCII; those of C1 are left out. */
static void
put_wide(struct output *o, uint32_t c)
{
	if (c < 0xa0)
		return;
	o->token.n = utf8_encode(o->token.bytes, c);
	put(o, ESCAPE_TEXT, c);
}

/*
 * Characters.
 */
static void
begin_wide(struct escape *e, struct output *o, unsigned char b)
{
	if (b >= 0xc2 && b <= 0xdf) {
		e->need = 1;
		e->c = b & 0x1f;
		e->least = 0x80;
	} else if (b >= 0xe0 && b <= 0xef) {
		e->need = 2;
		e->c = b & 0x0f;
		e->least = 0x800;
	} else if (b >= 0xf0 && b <= 0xf4) {
		e->need = 3;
		e->c = b & 0x07;
		e->least = 0x10000;
	} else {
		put_wide(o, UTF8_UNKNOWN);
	}
}

static void
go_on_wide(struct escape *e, struct output *o, unsigned char b)
{
	e->c = e->c << 6 | (b & 0x3f);
	if (--e->need > 0)
		return;
	if (e->c < e->least || e->c > 0x10ffff ||
	    (e->c >= 0xd800 && e->c <= 0xdfff))
		e->c = UTF8_UNKNOWN;
	put_wide(o, e->c);
}

static void
control(struct escape *e, struct output *o, unsigned char b)
{
	if (b == ESC) {
		e->state = ESCAPE_BEGUN;
		e->n = 0;
	} else if ((b >= '\b' && b <= '\r') || b == 0x0e || b == 0x0f) {
		put_byte(o, ESCAPE_CONTROL, b);
	}
}

static void
ground(struct escape *e, struct output *o, unsigned char b)
{
	if (b < ' ')
		control(e, o, b);
	else if (b < 0x7f)
		put_byte(o, ESCAPE_TEXT, b);
	else if (b > 0x7f)
		begin_wide(e, o, b);
}

/*
 * Sequences.
 */

/* Keep a byte, as long as there is room. */
static void
keep(struct escape *e, unsigned char b)
{
	if (e->n < sizeof(e->seq) - 1)
		e->seq[e->n] = (char)b;
	e->n++;
}

static bool
is_whole(const struct escape *e)
{
	return e->n < sizeof(e->seq);
}

static void
put_esc(struct output *o, const char *text, uint32_t c)
{
	o->token.n = strlen(text);
	memcpy(o->token.bytes, text, o->token.n);
	put(o, ESCAPE_ESC, c);
}

/* The byte after ESC. */
static void
begun(struct escape *e, struct output *o, unsigned char b)
{
	char text[3] = {ESC, (char)b, '\0'};

	e->state = ESCAPE_GROUND;
	if (b >= ' ' && b <= '/') {
		e->state = ESCAPE_SET;
		keep(e, b);
	} else if (b == '[') {
		e->state = ESCAPE_SEQUENCE;
	} else if (b != '\0' && strchr("]P_^Xk", b) != NULL) {
		e->state = ESCAPE_IN_STRING;
	} else if (b == 'c') {
		put_esc(o, CLEARED, b);
	} else if (b != '\0' && strchr("78DEM", b) != NULL) {
		put_esc(o, text, b);
	}
}

static void
set(struct escape *e, struct output *o, unsigned char b)
{
	char text[4] = {ESC, e->seq[0], (char)b, '\0'};

	if (b >= ' ' && b <= '/') {
		keep(e, b);
		return;
	}
	e->state = ESCAPE_GROUND;
	if (e->n == 1 && strchr("()*+", e->seq[0]) != NULL &&
	    (b == '0' || b == 'A' || b == 'B'))
		put_esc(o, text, (unsigned char)e->seq[0]);
}

static bool
mode_is_harmless(bool private, unsigned mode)
{
	static const unsigned modes[] = {6, 7, 25, 47, 1047, 1048, 1049};

	if (!private)
		return mode == 4;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i] == mode)
			return true;
	}
	return false;
}

/* One of several that may have been set at once. */
static void
put_mode(struct output *o, bool private, unsigned mode, unsigned char final)
{
	struct escape_token *t = &o->token;

	if (!mode_is_harmless(private, mode))
		return;
	t->n = (size_t)snprintf(t->bytes, sizeof(t->bytes), "\033[%s%u%c",
	    private ? "?" : "", mode, final);
	t->private = private;
	t->number[0] = mode;
	t->number[1] = 0;
	put(o, ESCAPE_CSI, final);
}

/* A number up to what does not belong to it; false beyond NUMBER_MAX. */
static bool
read_number(const char **s, unsigned *number)
{
	for (*number = 0; **s >= '0' && **s <= '9'; ++*s) {
		*number = *number * 10 + (unsigned)(**s - '0');
		if (*number > NUMBER_MAX)
			return false;
	}
	return true;
}

static void
set_modes(const char *s, struct output *o, unsigned char final)
{
	bool private = *s == '?';
	unsigned mode;

	for (s += private;; s++) {
		if (!read_number(&s, &mode))
			return;
		put_mode(o, private, mode, final);
		if (*s != ';')
			return;
	}
}

/* How many numbers a sequence takes; -1: it is not on the list. */
static int
numbers_of(unsigned char final)
{
	if (final == 'm')
		return ESCAPE_ROOM;
	if (final != '\0' && strchr("Hfr", final) != NULL)
		return 2;
	if (final == 's' || final == 'u')
		return 0;
	return strchr("@ABCDEFGIJKLMPSTXZ`abde", final) != NULL ? 1 : -1;
}

/* Digits and what parts them, as many as the final byte takes. */
static bool
read_numbers(const char *s, int most, struct escape_token *t, bool colons)
{
	unsigned number;

	t->number[0] = t->number[1] = 0;
	if (*s == '\0')
		return true;
	for (int n = 0;; s++, n++) {
		if (n == most || !read_number(&s, &number))
			return false;
		if (n < 2)
			t->number[n] = number;
		if (*s == '\0')
			return true;
		if (*s != ';' && !(colons && *s == ':'))
			return false;
	}
}

static void
finish(struct escape *e, struct output *o, unsigned char final)
{
	struct escape_token *t = &o->token;
	int most = numbers_of(final);

	e->state = ESCAPE_GROUND;
	if (!is_whole(e))
		return;
	e->seq[e->n] = '\0';
	if (final == 'h' || final == 'l') {
		set_modes(e->seq, o, final);
		return;
	}
	if (most == -1 || !read_numbers(e->seq, most, t, final == 'm') ||
	    (final == 'J' && t->number[0] > 2))
		return;
	t->private = false;
	t->n = (size_t)snprintf(
	    t->bytes, sizeof(t->bytes), "\033[%s%c", e->seq, final);
	put(o, ESCAPE_CSI, final);
}

static void
sequence(struct escape *e, struct output *o, unsigned char b)
{
	if (b >= ' ' && b <= '?')
		keep(e, b);
	else
		finish(e, o, b);
}

/* Part of a string: nothing of it is shown. */
static void
string(struct escape *e, struct output *o, unsigned char b)
{
	e->n++;
	if (b == ESC)
		e->state = ESCAPE_ENDING;
	else if (b == BEL || b == '\n' || e->n >= ESCAPE_STRING)
		e->state = ESCAPE_GROUND;
	if (b == '\n')
		ground(e, o, b);
}

/* One byte; in the middle of a sequence, a control character acts at once. */
static void
feed(struct escape *e, struct output *o, unsigned char b)
{
	if (e->need > 0) {
		if (b >= 0x80 && b <= 0xbf) {
			go_on_wide(e, o, b);
			return;
		}
		e->need = 0;
		put_wide(o, UTF8_UNKNOWN);
	}
	if (b == CAN || b == SUB || (b >= 0x80 && e->state != ESCAPE_IN_STRING))
		e->state = ESCAPE_GROUND;
	if (e->state == ESCAPE_ENDING) {
		e->state = ESCAPE_BEGUN; /* of ST, or of another sequence */
		e->n = 0;
	}
	if (e->state == ESCAPE_IN_STRING)
		string(e, o, b);
	else if (e->state == ESCAPE_GROUND || b < ' ')
		e->state == ESCAPE_GROUND ? ground(e, o, b) : control(e, o, b);
	else if (b == 0x7f)
		return;
	else if (e->state == ESCAPE_BEGUN)
		begun(e, o, b);
	else if (e->state == ESCAPE_SET)
		set(e, o, b);
	else
		sequence(e, o, b);
}

void
escape_feed(
    struct escape *e, const char *bytes, size_t n, escape_emit *emit, void *arg)
{
	struct output o = {.emit = emit, .arg = arg};

	for (size_t i = 0; i < n; i++)
		feed(e, &o, (unsigned char)bytes[i]);
}
