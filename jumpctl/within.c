/* SPDX-License-Identifier: ISC */
#include "within.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct right {
	const char *text;
	size_t size;
};

struct rights {
	struct right *list;
	size_t n, room;
};

/* The end of an option, which may have a value in quotes; NULL: it has none. */
static const char *
option_end(const char *s)
{
	bool quoted = false;

	for (; *s != '\0' && (quoted || strchr(", \t\n", *s) == NULL); s++) {
		if (quoted && *s == '\\' && s[1] == '"')
			s++;
		else if (*s == '"')
			quoted = !quoted;
	}
	return quoted ? NULL : s;
}

static bool
add(struct rights *r, const char *text, size_t size)
{
	struct right *more;

	if (r->n == r->room) {
		r->room = r->room * 2 + 64;
		more = reallocarray(r->list, r->room, sizeof(*more));
		if (more == NULL)
			return false;
		r->list = more;
	}
	r->list[r->n++] = (struct right){text, size};
	return true;
}

static int
by_text(const void *a, const void *b)
{
	const struct right *x = a, *y = b;
	size_t size = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->text, y->text, size);

	if (order != 0)
		return order;
	return x->size < y->size ? -1 : x->size > y->size;
}

/* The permitopen options, sorted.  False if the text is none of ours. */
static bool
read_rights(struct rights *r, const char *s)
{
	static const char word[] = "permitopen=\"";

	s += *s == ',';
	for (;;) {
		const char *end = option_end(s);

		if (end == NULL)
			return false;
		if (strncmp(s, word, sizeof(word) - 1) == 0 &&
		    !add(r, s + sizeof(word) - 1,
			(size_t)(end - s) - sizeof(word)))
			return false;
		if (*end != ',')
			break;
		s = end + 1;
	}
	if (r->n > 0)
		qsort(r->list, r->n, sizeof(*r->list), by_text);
	return true;
}

/* The first right that is not among the others, or NULL. */
static const struct right *
find_lost(const struct rights *given, const struct rights *now, bool gate)
{
	size_t n = 0;

	for (size_t i = 0; i < given->n; i++) {
		if (gate && given->list[i].size > 2 &&
		    memcmp(given->list[i].text, "*:", 2) == 0)
			continue;
		while (
		    n < now->n && by_text(&now->list[n], &given->list[i]) < 0)
			n++;
		if (n == now->n || by_text(&now->list[n], &given->list[i]) != 0)
			return &given->list[i];
	}
	return NULL;
}

bool
within(const char *given, const char *now, bool gate, char lost[WITHIN_ROOM])
{
	struct rights before = {0}, after = {0};
	const struct right *right = NULL;
	bool both;

	lost[0] = '\0';
	both = read_rights(&before, given) && read_rights(&after, now);
	if (both)
		right = find_lost(&before, &after, gate);
	if (right != NULL)
		snprintf(
		    lost, WITHIN_ROOM, "%.*s", (int)right->size, right->text);
	free(before.list);
	free(after.list);
	return both && right == NULL;
}
