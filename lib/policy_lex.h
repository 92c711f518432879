/* SPDX-License-Identifier: ISC */
/*
 * Tokens of the policy language, jump-policy(5) "Lexis".
 * For the files that make a policy from text only.
 */
#ifndef POLICY_LEX_H
#define POLICY_LEX_H

#include "policy.h"

enum { LINE_MAX_BYTES = 65536, TOKEN_MAX = 16384 };

enum token_kind {
	TOKEN_WORD, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_EOL, TOKEN_EOF,
	TOKEN_BAD /* already reported */
};

struct position {
	uint32_t source, line, column, width;
};

struct token {
	enum token_kind kind;
	struct position at;
	bool glued;    /* nothing between it and the token before */
	bool first;    /* of its line */
	bool foreign;  /* a string with bytes beyond ASCII */
	char text[TOKEN_MAX + 1];
};

struct lex {
	const struct policy_source *source;
	uint32_t index;          /* of the source */
	size_t at, line_start;
	uint32_t line;
	bool line_good;          /* the line was looked at, and is well-formed */
	bool begun;              /* a token of the line was read */
	bool returns;            /* carriage returns were reported */
	int depth;               /* of braces */
	struct position open;    /* the last brace that was opened */
	struct policy_report *report;
};

void lex_begin(struct lex *, const struct policy_source *, uint32_t index,
    struct policy_report *);

/* Read the next token; what is wrong with it is reported once. */
void lex_next(struct lex *, struct token *);

/* Skip to the end of the line, which the next token then is. */
void lex_skip_line(struct lex *);

/* Add a message to the report; hint may be NULL. */
void report_error(struct policy_report *, const struct position *,
    const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct policy_report *, const struct position *,
    const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
