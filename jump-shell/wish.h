/* SPDX-License-Identifier: ISC */
/*
 * What somebody types at the prompt of the menu.  Pure.
 * Source: jump-shell(8), MENU.
 */
#ifndef WISH_H
#define WISH_H

#include <stddef.h>
#include <stdint.h>

#include "command.h"

enum { WISH_TEXT = 128 };

enum wish_kind {
	WISH_NEXT, /* nothing: the next page */
	WISH_BACK,
	WISH_FRESH,
	WISH_SEARCH,
	WISH_CHOICE, /* [LOGIN@]NUMBER[:PORT] */
	WISH_HELP,
	WISH_QUIT,
	WISH_JUNK
};

struct wish {
	enum wish_kind kind;
	unsigned int number;
	uint16_t port;		   /* 0: none was given */
	char login[COMMAND_LOGIN]; /* "": none was given */
	char search[WISH_TEXT];	   /* "": all */
};

/* Read a line of n bytes, without its newline. */
void wish_parse(struct wish *, const char *line, size_t n);

/*
 * Where the menu is: from which row on, and of which search.  One program
 * tells the next; of what cannot be so, it is the beginning of all.
 */
void wish_place_print(char *, size_t size, size_t first, const char *search);
void wish_place_parse(const char *place, size_t *first, char search[WISH_TEXT]);

#endif
