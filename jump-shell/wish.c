/* SPDX-License-Identifier: ISC */
#include "wish.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MOST = 10000000 };

/* Of a line that is text: without spaces around it; false if it is not. */
static bool
trim(char *text, size_t size, const char *line, size_t n)
{
	while (n > 0 && *line == ' ') {
		line++;
		n--;
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (n >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == '\177')
			return false;
	}
	memcpy(text, line, n);
	text[n] = '\0';
	return true;
}

static enum wish_kind
word_kind(const char *text)
{
	static const struct {
		const char *word;
		enum wish_kind kind;
	} words[] = {{"", WISH_NEXT}, {"n", WISH_NEXT}, {"p", WISH_BACK},
	    {"r", WISH_FRESH}, {"?", WISH_HELP}, {"h", WISH_HELP},
	    {"help", WISH_HELP}, {"q", WISH_QUIT}, {"quit", WISH_QUIT},
	    {"exit", WISH_QUIT}, {"logout", WISH_QUIT}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) == 0)
			return words[i].kind;
	}
	return WISH_JUNK;
}

static bool
parse_choice(struct wish *w, char *text)
{
	char *at = strchr(text, '@'), *colon;
	uint64_t number;

	if (at != NULL) {
		*at = '\0';
		if (!command_login(text))
			return false;
		strcpy(w->login, text);
		text = at + 1;
	}
	colon = strchr(text, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (!port_parse(&w->port, colon + 1))
			return false;
	}
	if (!number_parse(&number, text, 1, ROWS_MOST))
		return false;
	w->number = (unsigned int)number;
	return true;
}

void
wish_parse(struct wish *w, const char *line, size_t n)
{
	const char *interrupt = memrchr(line, '\003', n);
	char text[WISH_TEXT];

	memset(w, 0, sizeof(*w));
	w->kind = WISH_JUNK;
	/* A terminal that did not know yet that this ends a line. */
	if (interrupt != NULL) {
		n -= (size_t)(interrupt + 1 - line);
		line = interrupt + 1;
	}
	if (!trim(text, sizeof(text), line, n))
		return;
	w->kind = word_kind(text);
	if (text[0] == '/') {
		w->kind = WISH_SEARCH;
		trim(w->search, sizeof(w->search), text + 1, strlen(text) - 1);
	} else if (w->kind == WISH_JUNK && parse_choice(w, text)) {
		w->kind = WISH_CHOICE;
	}
}

void
wish_place_print(char *place, size_t size, size_t first, const char *search)
{
	snprintf(place, size, "%zu/%s", first, search);
}

void
wish_place_parse(const char *place, size_t *first, char search[WISH_TEXT])
{
	const char *slash = place == NULL ? NULL : strchr(place, '/');
	char text[16] = "";
	uint64_t number;

	*first = 0;
	search[0] = '\0';
	if (slash == NULL || (size_t)(slash - place) >= sizeof(text) ||
	    !trim(search, WISH_TEXT, slash + 1, strlen(slash + 1)))
		return;
	memcpy(text, place, (size_t)(slash - place));
	if (number_parse(&number, text, 0, ROWS_MOST))
		*first = number;
}
