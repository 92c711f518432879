/* SPDX-License-Identifier: ISC */
/*
 * What the files share that make a policy from text: policy_parse.c reads
 * statements, policy_check.c resolves names and judges the whole,
 * policy_index.c keeps names and sorts.
 */
#ifndef POLICY_BUILD_H
#define POLICY_BUILD_H

#include "policy_lex.h"

/* Namespaces of declared names. */
enum space {
	SPACE_STRING, /* the string pool itself */
	SPACE_PERSON, SPACE_TARGET, SPACE_GROUP, SPACE_UNIXGROUP, SPACE_TAG,
	SPACE_WINDOW, SPACE_CA, SPACE_RULE, SPACE_KEY,
	SPACE_DROPPED /* words of statements that were dropped */
};

/* An open hash table from (space, string) to a row. */
struct entry {
	uint32_t space, string, row; /* row is one more; 0: empty */
};

struct names {
	struct entry *entries;
	size_t n, size;
};

struct build {
	struct policy *p;
	const struct policy_source *sources;
	size_t nsources;
	struct policy_report *report;
	struct names names;
	struct position *at[PT_COUNT]; /* of the row's main word, or NULL */
	bool no_memory;
	bool again; /* the token begins a statement that is still to be read */
	size_t line_start; /* of the statement, an offset in its source */
	struct position option; /* the word of the option that is read */
	struct position must;   /* of the rule's first obligation */
	struct position zone;   /* of set timezone */
	struct lex lex;
	struct token token;
};

/*
 * policy_index.c
 */
/* Append a row, and where it comes from (or NULL); returns its index. */
uint32_t build_row(struct build *, enum policy_table, const void *row,
    const struct position *);

/* The string's offset in the pool, added if it is new. */
uint32_t build_string(struct build *, const char *);

/* Declare a name: false if it is there already, *row then says where. */
bool build_declare(struct build *, enum space, uint32_t string, uint32_t *row);

/* The row of a declared name or POLICY_NONE. */
uint32_t build_find(struct build *, enum space, uint32_t string);

void build_free(struct build *);

/* Sort the indexes; all references are resolved. */
void build_index(struct build *);

/*
 * policy_check.c: resolve and judge; what is wrong is in the report.
 */
void build_resolve(struct build *);

/* What can be said of each statement alone, whatever is wrong with others. */
void build_check_rows(struct build *);

/* The rest; there was no error, and the indexes are sorted. */
void build_check(struct build *);

#endif
