/* SPDX-License-Identifier: ISC */
#include "cast.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPED = 6, HEAD = 64 };

/* A line as it is made: each byte of a piece can become six. */
static struct {
	char text[(CAST_PIECE + 4) * ESCAPED + HEAD];
	size_t n;
} line;

static void
put(const char *text, size_t n)
{
	memcpy(line.text + line.n, text, n);
	line.n += n;
}

static void
put_text(const char *text)
{
	put(text, strlen(text));
}

/*
 * Strings.
 */

/*
 * How many of the eight bytes at s stand for themselves in JSON, and are whole
 * characters, up to the first that does not: one of 0x20 to 0x7e, but for the
 * quote and the backslash.  What overflows into the next byte comes from one
 * that counts already.
 */
static size_t
plain_bytes(const unsigned char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), top = ones << 7;
	uint64_t w, quote, backslash, odd;

	memcpy(&w, s, sizeof(w));
	w = le64toh(w);
	quote = w ^ ones * '"';
	backslash = w ^ ones * '\\';
	odd = w | (w - ones * 0x20) | (w + ones) | ((quote - ones) & ~quote) |
	    ((backslash - ones) & ~backslash);
	odd &= top;
	return odd == 0 ? 8 : (size_t)__builtin_ctzll(odd) / 8;
}

static void
put_ascii(unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = "\\u0000";

	switch (c) {
	case '\n':
		put("\\n", 2);
		return;
	case '\r':
		put("\\r", 2);
		return;
	case '\t':
		put("\\t", 2);
		return;
	case '"':
		put("\\\"", 2);
		return;
	case '\\':
		put("\\\\", 2);
		return;
	default:
		escape[4] = hex[c >> 4];
		escape[5] = hex[c & 15];
		put(escape, ESCAPED);
	}
}

/*
 * How many bytes a character that begins with c has, and what its second one
 * may be: Unicode, table 3-7.  0 if none begins so.
 */
static size_t
character(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

enum shape { SHAPE_WHOLE, SHAPE_BAD, SHAPE_SHORT };

/* What begins at s, of n > 0 bytes, and how many of them it takes. */
static enum shape
shape_of(const unsigned char *s, size_t n, size_t *taken)
{
	unsigned char low, high;
	size_t wanted = character(s[0], &low, &high);

	for (*taken = 1; *taken < wanted; ++*taken) {
		if (*taken == n)
			return SHAPE_SHORT;
		if (s[*taken] < low || s[*taken] > high)
			return SHAPE_BAD;
		low = 0x80;
		high = 0xbf;
	}
	return wanted == 0 ? SHAPE_BAD : SHAPE_WHOLE;
}

/* Put one character, or its escape, which is not all there if it is 0. */
static size_t
put_character(const unsigned char *s, size_t n)
{
	size_t taken = 1;

	if (s[0] < 0x80) {
		if (s[0] < 0x20 || s[0] == 0x7f || s[0] == '"' || s[0] == '\\')
			put_ascii(s[0]);
		else
			put((const char *)s, 1);
		return 1;
	}
	switch (shape_of(s, n, &taken)) {
	case SHAPE_SHORT:
		return 0;
	case SHAPE_BAD:
		put_text("\\ufffd");
		break;
	case SHAPE_WHOLE:
		put((const char *)s, taken);
		break;
	}
	return taken;
}

/* Put what is complete; the number of bytes that it took. */
static size_t
put_bytes(const unsigned char *s, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t taken = 0;

		if (n - at >= 8) {
			taken = plain_bytes(s + at);
			memcpy(line.text + line.n, s + at, 8);
			line.n += taken;
			at += taken;
		}
		if (taken == 8 || at == n)
			continue;
		taken = put_character(s + at, n - at);
		if (taken == 0)
			break;
		at += taken;
	}
	return at;
}

/*
 * Events.
 */
static void
begin(const struct cast *c, char code)
{
	struct timespec now;
	long long us;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (long long)(now.tv_sec - c->start.tv_sec) * 1000000 +
	    (now.tv_nsec - c->start.tv_nsec) / 1000;
	if (us < 0)
		us = 0;
	n = snprintf(line.text, HEAD, "[%lld.%06lld, \"%c\", \"", us / 1000000,
	    us % 1000000, code);
	line.n = (size_t)n;
}

static int
end(struct cast *c)
{
	put_text("\"]\n");
	return record_write(&c->file, line.text, line.n);
}

/* At most CAST_PIECE bytes. */
static int
put_piece(struct cast *c, const unsigned char *bytes, size_t n)
{
	unsigned char first[sizeof(c->held) + 4];
	size_t empty, done = 0;

	begin(c, 'o');
	empty = line.n;
	/* A character that had begun: with so many more it is decided. */
	while (c->nheld > 0 && n > 0) {
		size_t used;

		memcpy(first, c->held, c->nheld);
		first[c->nheld] = *bytes;
		used = put_bytes(first, c->nheld + 1);
		if (used == 0) {
			c->held[c->nheld++] = *bytes;
		} else if (used <= c->nheld) {
			/* It was none; the byte begins something else. */
			c->nheld = 0;
			break;
		} else {
			c->nheld = 0;
		}
		bytes++;
		n--;
	}
	if (n > 0) {
		done = put_bytes(bytes, n);
		c->nheld = n - done;
		memcpy(c->held, bytes + done, c->nheld);
	}
	return line.n == empty ? 0 : end(c);
}

int
cast_output(struct cast *c, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	while (n > 0) {
		size_t part = n < CAST_PIECE ? n : CAST_PIECE;

		if (put_piece(c, at, part) == -1)
			return -1;
		at += part;
		n -= part;
	}
	return 0;
}

int
cast_resize(struct cast *c, unsigned int columns, unsigned int rows)
{
	char size[32];

	snprintf(size, sizeof(size), "%ux%u", columns, rows);
	begin(c, 'r');
	put_text(size);
	return end(c);
}

int
cast_marker(struct cast *c, const char *text)
{
	begin(c, 'm');
	put_bytes((const unsigned char *)text, strnlen(text, CAST_TEXT));
	return end(c);
}

int
cast_end(struct cast *c, const char *reason)
{
	char text[CAST_TEXT];

	if (c->nheld > 0) {
		c->nheld = 0;
		begin(c, 'o');
		put_text("\\ufffd");
		if (end(c) == -1)
			return -1;
	}
	snprintf(text, sizeof(text), "end: %s", reason);
	return cast_marker(c, text);
}

/*
 * The header.
 */
static void
put_string(const char *key, const char *value)
{
	size_t n = strnlen(value, CAST_TEXT);

	put_text(key);
	put_text("\"");
	if (put_bytes((const unsigned char *)value, n) < n)
		put_text("\\ufffd");
	put_text("\"");
}

static void
put_number(const char *key, long long value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", value);
	put_text(key);
	put_text(digits);
}

static void
put_title(const struct cast_about *a)
{
	char title[CAST_TEXT];

	snprintf(title, sizeof(title),
	    a->port == 0 ? "%s %s@%s" : "%s %s@%s:%u", a->user, a->login,
	    a->target, a->port);
	put_string(", \"title\": ", title);
}

int
cast_begin(struct cast *c, int fd, const struct cast_about *a)
{
	*c = (struct cast){.file = {.fd = fd, .max = CAST_MAX}};
	clock_gettime(CLOCK_MONOTONIC, &c->start);
	line.n = 0;
	put_number("{\"version\": 2, \"width\": ", a->columns);
	put_number(", \"height\": ", a->rows);
	put_number(", \"timestamp\": ", (long long)time(NULL));
	put_string(", \"env\": {\"TERM\": ", a->term);
	put_text("}");
	put_title(a);
	put_string(", \"jump\": {\"session\": ", a->session);
	put_string(", \"user\": ", a->user);
	put_string(", \"account\": ", a->account);
	put_string(", \"source\": ", a->source);
	put_string(", \"target\": ", a->target);
	put_number(", \"port\": ", a->port);
	put_string(", \"login\": ", a->login);
	put_string(", \"policy\": ", a->policy);
	put_text("}}\n");
	return record_write(&c->file, line.text, line.n);
}
