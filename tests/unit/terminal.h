/* SPDX-License-Identifier: ISC */
/*
 * What a terminal may be sent when a recording is replayed, told by another
 * way than jumpctl/escape.c does: of whole output, by looking at it.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The length of a well-formed character that is not ASCII or C1; 0: none. */
static inline size_t
terminal_wide(const unsigned char *s, size_t n)
{
	size_t length = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;

	if (*s < 0xc2 || *s > 0xf4 || n < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if (*s == 0xc2 && s[1] < 0xa0)
		return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* The length of a control sequence that changes nothing for good; 0: none. */
static inline size_t
terminal_csi(const unsigned char *s, size_t n)
{
	static const char *const modes[] = {
	    "?6", "?7", "?25", "?47", "?1047", "?1048", "?1049", "4"};
	size_t i = 2;
	char text[64];

	while (i < n && strchr("0123456789;:?", s[i]) != NULL && s[i] != 0)
		i++;
	if (i == n || i - 2 >= sizeof(text))
		return 0;
	memcpy(text, s + 2, i - 2);
	text[i - 2] = '\0';
	if (s[i] == 'h' || s[i] == 'l') {
		for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
			if (strcmp(text, modes[m]) == 0)
				return i + 1;
		}
		return 0;
	}
	if (strchr(text, '?') != NULL ||
	    strchr("@ABCDEFGHIJKLMPSTXZ`abdefmrsu", s[i]) == NULL)
		return 0;
	if (strchr(text, ':') != NULL && s[i] != 'm')
		return 0;
	if (s[i] == 'T' && strchr(text, ';') != NULL)
		return 0; /* of the mouse */
	if (s[i] == 'J' && atoi(text) > 2)
		return 0; /* what has scrolled away */
	return i + 1;
}

/* The length of one harmless thing; 0: there is none. */
static inline size_t
terminal_piece(const unsigned char *s, size_t n)
{
	if (*s >= ' ' && *s < 0x7f)
		return 1;
	if (*s >= 0x80)
		return terminal_wide(s, n);
	if (*s != '\0' && strchr("\b\t\n\v\f\r\016\017", *s) != NULL)
		return 1;
	if (*s != 033 || n < 2)
		return 0;
	if (s[1] == '[')
		return terminal_csi(s, n);
	if (s[1] != '\0' && strchr("78DEM", s[1]) != NULL)
		return 2;
	return n > 2 && strchr("()*+", s[1]) != NULL && s[1] != '\0' &&
		strchr("0AB", s[2]) != NULL && s[2] != '\0'
	    ? 3
	    : 0;
}

static inline bool
terminal_harmless(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	while (n > 0) {
		size_t piece = terminal_piece(s, n);

		if (piece == 0)
			return false;
		s += piece;
		n -= piece;
	}
	return true;
}

#endif
