/* SPDX-License-Identifier: ISC */
#include "asciicast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

enum { DEPTH = 16, ROOM = CAST_LINE + 65536, NUMBER = 64 };

#define SECOND	  INT64_C(1000000)
#define TEN_YEARS (INT64_C(3660) * 86400)
#define EPOCH_MAX 253402300799.0 /* the end of the year 9999 */

/*
 * JSON, of which only what is asked for is kept.
 */
struct json {
	char *s, *end;
};

struct text {
	char *s;
	size_t n;
};

static int
peek(struct json *j)
{
	while (j->s < j->end &&
	    (*j->s == ' ' || *j->s == '\t' || *j->s == '\r' || *j->s == '\n'))
		j->s++;
	return j->s < j->end ? (unsigned char)*j->s : -1;
}

static bool
take(struct json *j, int c)
{
	if (peek(j) != c)
		return false;
	j->s++;
	return true;
}

/* Four hexadecimal digits, or -1. */
static int
hex4(struct json *j)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int n = 0;

	if (j->end - j->s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char *d = memchr(digits, *j->s++, sizeof(digits) - 1);

		if (d == NULL)
			return -1;
		n = n * 16 + (int)(d - digits) % 16;
	}
	return n;
}

/* Never longer than what it was made from. */
static void
put_utf8(char **to, uint32_t c)
{
	*to += utf8_encode(*to, c);
}

/* After \u: a character, for which two of them can stand. */
static bool
unescape_unit(struct json *j, char **to)
{
	int high = hex4(j), low;
	struct json ahead;

	if (high == -1)
		return false;
	if (high < 0xd800 || high > 0xdfff) {
		put_utf8(to, (uint32_t)high);
		return true;
	}
	ahead = *j;
	if (high < 0xdc00 && ahead.end - ahead.s >= 6 &&
	    memcmp(ahead.s, "\\u", 2) == 0) {
		ahead.s += 2;
		low = hex4(&ahead);
		if (low >= 0xdc00 && low <= 0xdfff) {
			j->s = ahead.s;
			put_utf8(to,
			    0x10000 + ((uint32_t)(high & 0x3ff) << 10) +
				(uint32_t)(low & 0x3ff));
			return true;
		}
	}
	put_utf8(to, UTF8_UNKNOWN);
	return true;
}

static bool
unescape(struct json *j, char **to)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	const char *c;

	if (j->s == j->end)
		return false;
	if (*j->s == 'u') {
		j->s++;
		return unescape_unit(j, to);
	}
	c = memchr(from, *j->s++, sizeof(from) - 1);
	if (c == NULL)
		return false;
	*(*to)++ = is[c - from];
	return true;
}

static bool
read_string(struct json *j, struct text *text)
{
	char *to;

	if (!take(j, '"'))
		return false;
	text->s = to = j->s;
	while (j->s < j->end && *j->s != '"') {
		if ((unsigned char)*j->s < ' ')
			return false;
		if (*j->s != '\\')
			*to++ = *j->s++;
		else if (j->s++, !unescape(j, &to))
			return false;
	}
	text->n = (size_t)(to - text->s);
	return take(j, '"');
}

static size_t
digits(struct json *j, char *to, size_t room)
{
	size_t n = 0;

	for (; j->s < j->end && *j->s >= '0' && *j->s <= '9'; j->s++, n++) {
		if (n < room)
			to[n] = *j->s;
	}
	return n;
}

/* By the grammar, which has no infinity; far too many digits are none. */
static bool
read_number(struct json *j, double *number)
{
	char text[4 * NUMBER] = "";
	size_t n = 0, more;

	(void)peek(j);
	if (j->s < j->end && *j->s == '-')
		text[n++] = *j->s++;
	more = digits(j, text + n, NUMBER);
	if (more == 0 || more > NUMBER || (more > 1 && text[n] == '0'))
		return false;
	n += more;
	if (j->s < j->end && *j->s == '.') {
		text[n++] = *j->s++;
		more = digits(j, text + n, NUMBER);
		if (more == 0 || more > NUMBER)
			return false;
		n += more;
	}
	if (j->s < j->end && (*j->s == 'e' || *j->s == 'E')) {
		text[n++] = *j->s++;
		if (j->s < j->end && (*j->s == '-' || *j->s == '+'))
			text[n++] = *j->s++;
		more = digits(j, text + n, NUMBER);
		if (more == 0 || more > NUMBER)
			return false;
	}
	*number = strtod(text, NULL);
	return true;
}

static bool
skip_word(struct json *j)
{
	static const char *const words[] = {"null", "true", "false"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(j->end - j->s) >= n &&
		    memcmp(j->s, words[i], n) == 0) {
			j->s += n;
			return true;
		}
	}
	return false;
}

/* A value of any kind. */
static bool
skip_value(struct json *j, int depth)
{
	int open = peek(j), close = open == '{' ? '}' : ']';
	struct text ignored;
	double number;

	if (open == '"')
		return read_string(j, &ignored);
	if (open == '-' || (open >= '0' && open <= '9'))
		return read_number(j, &number);
	if (open != '{' && open != '[')
		return skip_word(j);
	if (depth == 0)
		return false;
	j->s++;
	if (take(j, close))
		return true;
	do {
		if (open == '{' && !(read_string(j, &ignored) && take(j, ':')))
			return false;
		if (!skip_value(j, depth - 1))
			return false;
	} while (take(j, ','));
	return take(j, close);
}

/*
 * The header.
 */
typedef bool member(struct json *, struct cast_header *, const struct text *);

static bool
is(const struct text *key, const char *name)
{
	return key->n == strlen(name) && memcmp(key->s, name, key->n) == 0;
}

static bool
read_object(struct json *j, struct cast_header *h, member *take_member)
{
	struct text key;

	if (!take(j, '{'))
		return false;
	if (take(j, '}'))
		return true;
	do {
		if (!read_string(j, &key) || !take(j, ':') ||
		    !take_member(j, h, &key))
			return false;
	} while (take(j, ','));
	return take(j, '}');
}

/* A string that does not fit is cut. */
static bool
read_word(struct json *j, char *to, size_t room)
{
	struct text text;

	if (!read_string(j, &text))
		return false;
	text.n = text.n < room ? text.n : room - 1;
	memcpy(to, text.s, text.n);
	to[text.n] = '\0';
	return true;
}

/* A whole number from 0 to below a bound; others are read as 0. */
static bool
read_whole(struct json *j, double below, int64_t *number)
{
	double n;

	if (!read_number(j, &n))
		return false;
	*number = n >= 0 && n < below ? (int64_t)n : 0;
	return true;
}

static bool
jump_member(struct json *j, struct cast_header *h, const struct text *key)
{
	const struct {
		const char *name;
		char *to;
		size_t room;
	} words[] = {{"session", h->session, CAST_WORD},
	    {"user", h->user, CAST_WORD}, {"account", h->account, CAST_WORD},
	    {"source", h->source, CAST_WORD}, {"login", h->login, CAST_WORD},
	    {"target", h->target, CAST_NAME}};
	int64_t n;

	if (is(key, "port")) {
		if (!read_whole(j, 65536, &n))
			return false;
		h->port = (unsigned)n;
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is(key, words[i].name) && peek(j) == '"')
			return read_word(j, words[i].to, words[i].room);
	}
	return skip_value(j, DEPTH);
}

static bool
header_member(struct json *j, struct cast_header *h, const struct text *key)
{
	int64_t n;

	if (is(key, "version"))
		return read_whole(j, CAST_SIDE, &n) && n == 2;
	if (is(key, "width") || is(key, "height")) {
		if (!read_whole(j, CAST_SIDE, &n))
			return false;
		*(key->n == 5 ? &h->width : &h->height) = (unsigned)n;
		return true;
	}
	if (is(key, "timestamp"))
		return read_whole(j, EPOCH_MAX, &h->timestamp);
	if (is(key, "jump") && peek(j) == '{')
		return read_object(j, h, jump_member);
	return skip_value(j, DEPTH);
}

bool
cast_header_parse(struct cast_header *h, char *line, size_t n)
{
	struct json j = {line, line + n};

	*h = (struct cast_header){0};
	return read_object(&j, h, header_member) && peek(&j) == -1;
}

/*
 * Events.
 */
static bool
read_time(struct json *j, int64_t *at)
{
	double seconds;

	if (!read_number(j, &seconds) || !(seconds >= 0) ||
	    !(seconds <= (double)TEN_YEARS))
		return false;
	*at = (int64_t)(seconds * (double)SECOND + 0.5);
	return true;
}

/* "80x24"; false if it is no size. */
static bool
read_size(struct cast_event *e)
{
	unsigned side[2] = {0, 0};
	size_t i = 0, which = 0;

	for (; i < e->n; i++) {
		if (e->text[i] == 'x' && which == 0 && i > 0)
			which = 1;
		else if (e->text[i] >= '0' && e->text[i] <= '9' &&
		    side[which] < CAST_SIDE)
			side[which] =
			    side[which] * 10 + (unsigned)(e->text[i] - '0');
		else
			return false;
	}
	e->width = side[0];
	e->height = side[1];
	return side[0] > 0 && side[0] < CAST_SIDE && side[1] > 0 &&
	    side[1] < CAST_SIDE;
}

bool
cast_event_parse(struct cast_event *e, char *line, size_t n)
{
	struct json j = {line, line + n};
	struct text code, data;

	*e = (struct cast_event){.kind = CAST_OTHER};
	if (!take(&j, '[') || !read_time(&j, &e->at) || !take(&j, ',') ||
	    !read_string(&j, &code) || !take(&j, ',') ||
	    !read_string(&j, &data) || !take(&j, ']') || peek(&j) != -1)
		return false;
	e->text = data.s;
	e->n = data.n;
	if (is(&code, "o"))
		e->kind = CAST_OUTPUT;
	else if (is(&code, "m"))
		e->kind = CAST_MARKER;
	else if (is(&code, "r"))
		e->kind = CAST_RESIZE;
	return e->kind != CAST_RESIZE || read_size(e);
}

/*
 * Lines of the file.
 */

/* Read more; false at the end, and with ended unset after an error. */
static bool
fill(struct cast *c)
{
	ssize_t n;

	if (c->begin > 0) {
		memmove(c->buf, c->buf + c->begin, c->end - c->begin);
		c->end -= c->begin;
		c->begin = 0;
	}
	do
		n = read(c->fd, c->buf + c->end, ROOM - c->end);
	while (n == -1 && errno == EINTR);
	c->ended = n == 0;
	if (n <= 0)
		return false;
	c->end += (size_t)n;
	return true;
}

/* What is left of a line that is too long. */
static void
drop(struct cast *c)
{
	c->bad += !c->skipping;
	c->skipping = true;
	c->begin = c->end;
}

/* A whole line; 1, 0 at the end, -1 with errno. */
static int
next_line(struct cast *c, struct text *line)
{
	size_t seen = c->begin;

	for (;;) {
		char *end = memchr(c->buf + seen, '\n', c->end - seen);

		if (end != NULL) {
			bool skipped = c->skipping;

			*line = (struct text){c->buf + c->begin,
			    (size_t)(end - c->buf) - c->begin};
			c->begin = seen = (size_t)(end - c->buf) + 1;
			c->skipping = false;
			if (!skipped)
				return 1;
			continue;
		}
		if (c->skipping || c->end - c->begin > CAST_LINE)
			drop(c);
		seen = c->end - c->begin;
		if (!fill(c))
			break;
	}
	if (!c->ended)
		return -1;
	c->bad += c->end > c->begin && !c->skipping;
	c->begin = c->end;
	return 0;
}

static int
read_header(struct cast *c)
{
	struct text line;
	int got = next_line(c, &line);

	if (got == 1 && c->bad == 0 &&
	    cast_header_parse(&c->header, line.s, line.n))
		return 0;
	if (got != -1)
		errno = EPROTO;
	return -1;
}

int
cast_open(struct cast *c, int fd)
{
	*c = (struct cast){.fd = fd};
	c->buf = malloc(ROOM);
	return c->buf == NULL ? -1 : read_header(c);
}

int
cast_next(struct cast *c, struct cast_event *e)
{
	struct text line;
	int got;

	while ((got = next_line(c, &line)) == 1) {
		if (!cast_event_parse(e, line.s, line.n)) {
			c->bad++;
			continue;
		}
		if (e->at < c->at)
			e->at = c->at;
		c->at = e->at;
		return 1;
	}
	return got;
}

int
cast_rewind(struct cast *c)
{
	struct cast again = {.fd = c->fd, .buf = c->buf};

	if (lseek(c->fd, 0, SEEK_SET) == -1)
		return -1;
	*c = again;
	return read_header(c);
}

void
cast_close(struct cast *c)
{
	free(c->buf);
	c->buf = NULL;
}
