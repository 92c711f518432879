/* SPDX-License-Identifier: ISC */
/*
 * What the fuzz targets share.  Each target is one file with one
 * LLVMFuzzerTestOneInput(), which libFuzzer calls (make fuzz), or replay.c
 * with the seeds that are kept (make check).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What must hold of any input; the fuzzer keeps one for which it does not. */
#define must(expr)                                                             \
	do {                                                                   \
		if (!(expr)) {                                                 \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
			    __LINE__, #expr);                                  \
			abort();                                               \
		}                                                              \
	} while (0)

/* A copy with a NUL, so that a read beyond the end is seen.  Freed by the
 * caller. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Whether a person may see it: one line of printable ASCII, not empty. */
static inline int
fuzz_is_line(const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		if (text[n] < ' ' || text[n] > '~')
			return 0;
	}
	return n > 0;
}

#endif
