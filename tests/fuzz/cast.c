/* SPDX-License-Identifier: ISC */
/*
 * A recording as anybody may have written it, and bytes of a session: what
 * comes out is harmless for a terminal, the same in any pieces, and text that
 * is clean.
 */
#include "../../jumpctl/asciicast.h"
#include "../../jumpctl/escape.h"
#include "../../jumpctl/plain.h"
#include "../unit/terminal.h"

#include "fuzz.h"

struct sink {
	char *text;
	size_t n, room;
};

static struct plain plain;

static void
collect(void *arg, const struct escape_token *t)
{
	struct sink *s = arg;

	must(t->n > 0 && t->n <= ESCAPE_ROOM);
	if (s->n + t->n > s->room) {
		s->room = 2 * s->room + ESCAPE_ROOM;
		s->text = realloc(s->text, s->room);
		must(s->text != NULL);
	}
	memcpy(s->text + s->n, t->bytes, t->n);
	s->n += t->n;
	plain_token(&plain, t);
}

static void
line(void *arg, const char *text, int64_t at)
{
	(void)arg;
	(void)at;
	must(strlen(text) <= 4 * PLAIN_MAX);
	for (; *text != '\0'; text++)
		must((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void
play(const char *bytes, size_t n)
{
	struct sink whole = {0}, pieces = {0};
	struct escape e = {0};

	memset(&plain, 0, offsetof(struct plain, line));
	plain.emit = line;
	plain.width = n % 100;
	escape_feed(&e, bytes, n, collect, &whole);
	plain_end(&plain);
	must(terminal_harmless(whole.text, whole.n));
	e = (struct escape){0};
	for (size_t i = 0; i < n; i++)
		escape_feed(&e, bytes + i, 1, collect, &pieces);
	must(whole.n == pieces.n);
	must(whole.n == 0 || memcmp(whole.text, pieces.text, whole.n) == 0);
	free(whole.text);
	free(pieces.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cast_header header;
	struct cast_event event;
	char *text = fuzz_text(data, size), *at = text, *end = text + size;

	play(text, size);
	while (at < end) {
		char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((eol == NULL ? end : eol) - at);
		char *own = fuzz_text((uint8_t *)at, n);

		if (at == text && cast_header_parse(&header, own, n))
			must(header.width < CAST_SIDE && header.timestamp >= 0);
		else if (at != text && cast_event_parse(&event, own, n)) {
			must(event.at >= 0 && event.n <= n);
			play(event.text, event.n);
		}
		free(own);
		at += n + 1;
	}
	free(text);
	return 0;
}
