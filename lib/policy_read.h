/* SPDX-License-Identifier: ISC */
/*
 * What statements are made of: words, lists, options, names and values.  For
 * the files that parse statements only.
 *
 * Every reader takes its words and returns true, or reports what is wrong
 * and returns false; the statement is then dropped.
 */
#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "policy_build.h"

enum { CONTACT_MAX = 128, COMMENT_MAX = 512, COUNT_MAX = 10000 };

/* One item of a list, or the words of an option. */
typedef bool reader(struct build *, void *);

struct option {
	const char *word;
	reader *read;
};

/* NAME, NAME:PORT, @NAME, %NAME, with quotes or without. */
struct item {
	char prefix; /* @ or % or 0 */
	bool quoted;
	char name[TOKEN_MAX + 1];
	char suffix[16]; /* from the colon on, or empty */
	struct position at;
	struct position suffix_at; /* after the colon */
};

/* Go to the next token. */
void parse_next(struct build *);

/* Report what is wrong with the token (hint may be NULL); returns false. */
bool parse_fail(struct build *, const char *hint, const char *what);

/* Whether the statement ends here; the token is this word; take it if so. */
bool parse_at_end(const struct build *);
bool parse_is_word(const struct build *, const char *);
bool parse_take(struct build *, const char *);
bool parse_expect(struct build *, const char *, const char *hint);

/* Whether it is the first word of a statement. */
bool parse_is_statement(const char *);

/*
 * Whether a list runs into the next statement, because its brace was
 * forgotten; that is reported, and the token is to be read again.
 */
bool parse_runs_on(struct build *);

struct policy_place build_place(const struct position *);
uint32_t build_count(const struct build *, enum policy_table);

/* One item, or several in braces, which become a range of the table's rows. */
bool read_list(struct build *, enum policy_table, struct policy_range *,
    reader *item, void *arg);

/* Options to the end of the statement, in any order, each once. */
bool read_options(struct build *, const struct option *, void *arg);

/* Declare the name that stands at `at`; reports where it was before. */
bool parse_declare(struct build *, enum space, enum policy_table,
    uint32_t string, uint32_t row, const struct position *at);

/* Whether it is a name that needs no quotes, but for reserved words. */
bool parse_plain_name(const char *);

/* Values; strings become offsets of the pool.  at may be NULL. */
bool read_name(struct build *, bool person, uint32_t *, struct position *at);
bool read_string(struct build *, size_t max, uint32_t *);
bool read_comment(struct build *, uint32_t *);
bool read_path(struct build *, uint32_t *);
bool read_number(struct build *, uint64_t min, uint64_t max, uint32_t *);
bool read_duration(struct build *, uint32_t *seconds);
bool read_time(struct build *, int64_t *);

/* What helps whoever writes a list without braces, or with commas. */
extern const char parse_list_hint[];

/* Report that text, which stands at `at`, is no port; returns false. */
bool parse_port_error(struct build *, const struct position *at,
    const char *text);

/* n digits at *s, which moves on, -1 if there are fewer; one character. */
int read_digits(const char **s, int n);
bool read_literal(const char **s, char);

/* Items of lists: each appends a row. */
bool read_net(struct build *, void *);
bool read_address(struct build *, void *);
bool read_word_item(struct build *, void *);
bool read_account_item(struct build *, void *);
bool read_who(struct build *, void *);
bool read_member(struct build *, void *);
bool read_what(struct build *, void *);

bool read_item(struct build *, struct item *);
bool read_item_port(struct build *, const struct item *, uint32_t *);
bool parse_item_error(struct build *, const struct item *, const char *hint,
    const char *what);

/* policy_people.c: @NAME, and keys, for other statements too. */
bool read_group(struct build *, uint32_t *, struct position *);
bool read_key(struct build *, struct policy_key *, struct position *);
bool parse_add_key(struct build *, struct policy_key *,
    const struct position *owner, const struct position *at);

/* The statements, after their first word, which stands at `at`. */
typedef bool statement(struct build *, const struct position *at);
statement parse_user, parse_key, parse_group, parse_ca; /* policy_people.c */
statement parse_host, parse_net, parse_domain, parse_device, parse_socket,
    parse_hostkey; /* policy_targets.c */
statement parse_window, parse_allow, parse_deny, parse_require,
    parse_test; /* policy_rules.c */

#endif
