/* SPDX-License-Identifier: ISC */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct text {
	char **text;
	size_t *size;
	size_t room;
};

/* 0 tells stdio that it failed: cookie_write_function_t of fopencookie(3). */
static ssize_t
text_write(void *cookie, const char *bytes, size_t n)
{
	struct text *t = cookie;
	size_t room = t->room == 0 ? 4096 : t->room;
	char *more;

	while (room < *t->size + n)
		room *= 2;
	if (room != t->room) {
		more = realloc(*t->text, room);
		if (more == NULL)
			return 0;
		*t->text = more;
		t->room = room;
	}
	memcpy(*t->text + *t->size, bytes, n);
	*t->size += n;
	return (ssize_t)n;
}

FILE *
text_open(char **text, size_t *size)
{
	static struct text t;

	*text = NULL;
	*size = 0;
	t = (struct text){.text = text, .size = size};
	return fopencookie(
	    &t, "w", (cookie_io_functions_t){.write = text_write});
}
