/* SPDX-License-Identifier: ISC */
#include "policy_lex.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static void
report(struct policy_report *r, bool warning, const struct position *at,
    const char *hint, const char *format, va_list ap)
{
	struct policy_message *m;

	if (warning)
		r->warnings++;
	else
		r->errors++;
	if (r->n >= MESSAGES_MAX)
		return;
	if (r->messages == NULL)
		r->messages = calloc(MESSAGES_MAX, sizeof(*r->messages));
	if (r->messages == NULL)
		return;
	m = &r->messages[r->n++];
	m->warning = warning;
	if (at != NULL) {
		m->source = at->source;
		m->line = at->line;
		m->column = at->column;
		m->width = at->width;
	}
	vsnprintf(m->what, sizeof(m->what), format, ap);
	if (hint != NULL)
		snprintf(m->hint, sizeof(m->hint), "%s", hint);
}

void
report_error(struct policy_report *r, const struct position *at,
    const char *hint, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(r, false, at, hint, format, ap);
	va_end(ap);
}

void
report_warning(struct policy_report *r, const struct position *at,
    const char *hint, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(r, true, at, hint, format, ap);
	va_end(ap);
}

void
policy_report_clear(struct policy_report *r)
{
	free(r->messages);
	memset(r, 0, sizeof(*r));
}

void
lex_begin(struct lex *lex, const struct policy_source *source, uint32_t index,
    struct policy_report *r)
{
	memset(lex, 0, sizeof(*lex));
	lex->source = source;
	lex->index = index;
	lex->line = 1;
	lex->report = r;
}

static struct position
place(const struct lex *lex, size_t at, size_t width)
{
	struct position p = {lex->index, lex->line,
	    (uint32_t)(at - lex->line_start + 1), (uint32_t)width};

	return p;
}

static int
peek(const struct lex *lex)
{
	if (lex->at >= lex->source->size)
		return -1;
	return (unsigned char)lex->source->text[lex->at];
}

/* The length of the UTF-8 sequence at s, RFC 3629; 0 if it is none. */
static size_t
utf8_length(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
	    s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static const char *
byte_error(const unsigned char *s, size_t left)
{
	if (*s == '\0')
		return "a NUL byte";
	if (*s == '\r')
		return "a carriage return";
	if (left >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark";
	if ((*s < 0x20 && *s != '\t') || *s == 0x7f)
		return "a control character";
	if (utf8_length(s, left) == 0)
		return "bytes that are not UTF-8";
	if (*s == 0xc2 && s[1] < 0xa0) /* C1 of ISO 6429: \u009b is CSI */
		return "a control character";
	return NULL;
}

static const char *
byte_hint(const unsigned char *s, size_t left)
{
	if (*s == '\r')
		return "save the file with Unix line ends";
	if (left >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 ||
	    memcmp(s, "\xfe\xff", 2) == 0))
		return "this looks like UTF-16; save the file as UTF-8";
	if (*s == 0xef)
		return "save the file as UTF-8 without a mark";
	return *s >= 0x80 && utf8_length(s, left) == 0 ?
	    "save the file as UTF-8" : NULL;
}

/* Report a byte that may not be; true if the line can be read all the same. */
static bool
bad_byte(struct lex *lex, const unsigned char *s, size_t left,
    const char *wrong)
{
	const char *text = (const char *)s;
	struct position at =
	    place(lex, (size_t)(text - lex->source->text), 1);
	bool line_end = *s == '\r' && left == 1;

	if (!line_end || !lex->returns)
		report_error(lex->report, &at, byte_hint(s, left), "%s",
		    wrong);
	lex->returns |= line_end;
	if (text == lex->source->text && *s >= 0xfe) /* all of it is UTF-16 */
		lex->at = lex->source->size;
	return line_end;
}

/* Look at a line once before its tokens are read; reports what is wrong. */
static bool
check_line(struct lex *lex)
{
	const char *text = lex->source->text + lex->line_start;
	size_t left = lex->source->size - lex->line_start;
	const char *end = memchr(text, '\n', left);
	size_t size = end == NULL ? left : (size_t)(end - text);
	struct position at;

	if (size > LINE_MAX_BYTES) {
		at = place(lex, lex->line_start, 1);
		report_error(lex->report, &at, "break it inside { }",
		    "line longer than %d bytes", LINE_MAX_BYTES);
		return false;
	}
	for (size_t i = 0; i < size;) {
		const unsigned char *s = (const unsigned char *)text + i;
		const char *wrong = byte_error(s, size - i);

		if (wrong != NULL && !bad_byte(lex, s, size - i, wrong))
			return false;
		i += utf8_length(s, size - i);
	}
	return true;
}

void
lex_skip_line(struct lex *lex)
{
	while (peek(lex) != '\n' && peek(lex) != -1)
		lex->at++;
}

static void
skip_space(struct lex *lex)
{
	while (peek(lex) == ' ' || peek(lex) == '\t' || peek(lex) == '\r')
		lex->at++;
	if (peek(lex) == '#')
		lex_skip_line(lex);
}

static void
next_line(struct lex *lex)
{
	lex->at++;
	lex->line++;
	lex->line_start = lex->at;
	lex->line_good = false;
	lex->begun = false;
}

/* Copy size bytes from start; false and reported if they are too many. */
static bool
take(struct lex *lex, struct token *t, size_t start, size_t size)
{
	t->at = place(lex, start, size == 0 ? 1 : size);
	if (size > TOKEN_MAX) {
		t->at.width = 1;
		report_error(lex->report, &t->at, NULL,
		    "longer than %d bytes", TOKEN_MAX);
		t->kind = TOKEN_BAD;
		return false;
	}
	memcpy(t->text, lex->source->text + start, size);
	t->text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		t->foreign |= (t->text[i] & 0x80) != 0;
	return true;
}

static void
read_string(struct lex *lex, struct token *t)
{
	size_t start = ++lex->at;

	while (peek(lex) != '"' && peek(lex) != '\n' && peek(lex) != -1)
		lex->at++;
	if (peek(lex) != '"') {
		t->at = place(lex, start - 1, 1);
		report_error(lex->report, &t->at,
		    "a string ends on the line where it begins",
		    "string is not closed");
		t->kind = TOKEN_BAD;
		return;
	}
	t->kind = TOKEN_STRING;
	if (take(lex, t, start, lex->at - start)) {
		t->at.column--;
		t->at.width = (uint32_t)(lex->at - start + 2);
	}
	lex->at++;
}

static void
read_word(struct lex *lex, struct token *t)
{
	size_t start = lex->at;

	while (peek(lex) != -1 && strchr(" \t\r\n{}\"#", peek(lex)) == NULL)
		lex->at++;
	t->kind = TOKEN_WORD;
	if (take(lex, t, start, lex->at - start) && t->foreign) {
		report_error(lex->report, &t->at,
		    "other letters stand in comments and comment strings",
		    "not ASCII");
		t->kind = TOKEN_BAD;
	}
}

static void
read_brace(struct lex *lex, struct token *t)
{
	bool open = peek(lex) == '{';

	take(lex, t, lex->at++, 1);
	t->kind = open ? TOKEN_OPEN : TOKEN_CLOSE;
	if (open && lex->depth == 0) {
		lex->depth = 1;
		lex->open = t->at;
	} else if (!open && lex->depth == 1) {
		lex->depth = 0;
	} else {
		report_error(lex->report, &t->at, NULL, open ?
		    "a list inside a list" : "nothing is open here");
		t->kind = TOKEN_BAD;
	}
}

static void
read_end(struct lex *lex, struct token *t)
{
	t->at = place(lex, lex->at, 1);
	t->kind = peek(lex) == -1 ? TOKEN_EOF : TOKEN_EOL;
	if (t->kind == TOKEN_EOL) {
		next_line(lex);
	} else if (lex->depth != 0) {
		report_error(lex->report, &lex->open, NULL,
		    "{ is not closed");
		lex->depth = 0;
		t->kind = TOKEN_BAD;
	}
}

void
lex_next(struct lex *lex, struct token *t)
{
	size_t before = lex->at;

	t->foreign = false;
	t->text[0] = '\0';
	for (;;) {
		if (!lex->line_good && !check_line(lex)) {
			t->kind = TOKEN_BAD;
			lex->line_good = true;
			lex_skip_line(lex);
			return;
		}
		lex->line_good = true;
		skip_space(lex);
		if (peek(lex) != '\n' || lex->depth == 0)
			break;
		next_line(lex);
	}
	t->glued = lex->at == before;
	t->first = !lex->begun;
	lex->begun = true;
	if (peek(lex) == '\n' || peek(lex) == -1)
		read_end(lex, t);
	else if (peek(lex) == '"')
		read_string(lex, t);
	else if (peek(lex) == '{' || peek(lex) == '}')
		read_brace(lex, t);
	else
		read_word(lex, t);
}
