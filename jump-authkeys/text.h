/* SPDX-License-Identifier: ISC */
/* A text that grows in memory. */
#ifndef TEXT_H
#define TEXT_H

#include <stdio.h>

/*
 * A stream that writes to memory, as open_memstream(3): the text and its size
 * are good after fflush(3) or fclose(3), and the caller frees the text, which
 * has no NUL at its end.  But when memory runs out, the stream has failed
 * (ferror(3)); that of glibc forgets it, and goes on with a hole in the text.
 * One at a time.  NULL if there is no memory.
 */
FILE *text_open(char **text, size_t *size);

#endif
