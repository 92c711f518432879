/* SPDX-License-Identifier: ISC */
/*
 * keys-from of jump-policy(5): the program that knows the keys of accounts
 * without a user line.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { DIRECTORY_MS = 3000, DIRECTORY_BYTES_MAX = 262144 };

/* What it said: nothing, unless reason is empty. */
struct directory {
	char *text; /* size bytes; owned */
	size_t size;
	char reason[64]; /* why it said nothing */
};

/*
 * Run the program that fd is (open(2), O_PATH), which path is called, about
 * one name, and give it ms milliseconds in all.  Nothing of it keeps our
 * descriptors; its process group is dead on return.  fd is closed.
 */
void directory_run(struct directory *, int fd, const char *path,
    const char *name, int ms);

/* The same for the program at path, which must be root's alone. */
void directory_ask(struct directory *, const char *path, const char *name);

/* Whether it printed this very key, without options. */
bool directory_has(
    const struct directory *, const char *type, const char *blob);

#endif
