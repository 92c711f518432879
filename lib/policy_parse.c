/* SPDX-License-Identifier: ISC */
/*
 * Text to tables: recursive descent over jump-policy(5).  A statement that is
 * wrong is reported and dropped, and the next one is still read.
 */
#include "policy_read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * Settings.
 */
static bool
good_zone(const char *s)
{
	return isalpha((unsigned char)*s) && strlen(s) < 64 &&
	    strncmp(s, "right/", 6) != 0 && /* counts leap seconds */
	    strstr(s, "..") == NULL && strstr(s, "//") == NULL &&
	    s[strlen(s) - 1] != '/' &&
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_+-/") == strlen(s);
}

static bool
set_timezone(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	if (b->token.kind == TOKEN_STRING && !good_zone(b->token.text))
		return parse_fail(b, "such as Europe/Amsterdam", "not a zone");
	b->zone = b->token.at;
	return read_string(b, 63, &meta->timezone);
}

static bool
set_contact(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	if (strchr(b->token.text, '\t') != NULL)
		return parse_fail(b, NULL, "a tab in a string");
	return read_string(b, CONTACT_MAX, &meta->contact);
}

static bool
set_never(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_list(b, PT_NETS, &meta->never, read_net, NULL);
}

static bool
set_keys_from(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_path(b, &meta->keys_from);
}

static bool
set_ticket_program(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_path(b, &meta->ticket_program);
}

static bool
set_notify_program(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_path(b, &meta->notify_program);
}

static bool
set_sessions(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_number(b, 1, COUNT_MAX, &meta->sessions);
}

static bool
set_nft(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_path(b, &meta->nft);
}

static bool
set_realm(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_name(b, false, &meta->realm, NULL);
}

static bool
set_exempt(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_list(b, PT_WORDS, &meta->exempt, read_account_item, NULL);
}

static bool
set_gate(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	/* A port that only root can listen on. */
	return read_number(b, 1, 1023, &meta->gate);
}

static bool
parse_set(struct build *b, const struct position *at)
{
	static const struct option settings[] = {{"timezone", set_timezone},
	    {"contact", set_contact}, {"never", set_never},
	    {"keys-from", set_keys_from}, {"sessions", set_sessions},
	    {"ticket-program", set_ticket_program}, {"nft", set_nft},
	    {"exempt", set_exempt}, {"gate", set_gate},
	    {"notify-program", set_notify_program}, {"realm", set_realm}};
	struct policy_meta meta = *policy_meta(b->p);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!parse_is_word(b, settings[i].word))
			continue;
		if (meta.place[i].line != 0)
			return parse_fail(b, NULL, "this is set already");
		meta.place[i] = build_place(at);
		parse_next(b);
		if (!settings[i].read(b, &meta))
			return false;
		memcpy(b->p->table[PT_META].rows, &meta, sizeof(meta));
		return true;
	}
	return parse_fail(b, "one of timezone contact never keys-from sessions "
	    "ticket-program nft exempt gate notify-program realm", "unknown setting");
}

/*
 * Files.
 */
static const struct {
	const char *word;
	bool (*parse)(struct build *, const struct position *);
} statements[] = {{"set", parse_set}, {"user", parse_user}, {"key", parse_key},
    {"group", parse_group}, {"ca", parse_ca}, {"host", parse_host},
    {"net", parse_net}, {"domain", parse_domain}, {"device", parse_device},
    {"socket", parse_socket}, {"hostkey", parse_hostkey},
    {"window", parse_window}, {"allow", parse_allow}, {"deny", parse_deny},
    {"require", parse_require}, {"test", parse_test}};

bool
parse_is_statement(const char *word)
{
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]);
	    i++) {
		if (strcmp(statements[i].word, word) == 0)
			return true;
	}
	return false;
}

/*
 * Note the words of the line that a dropped statement begins on, so that
 * what it would have declared is not reported as missing too.
 */
static void
note_dropped(struct build *b, const struct position *at)
{
	const struct policy_source *source = &b->sources[at->source];
	static const char ends[] = " \t\n{}\"#@:";
	size_t from = b->line_start, n;
	char word[NAME_TEXT];

	while (from < source->size && source->text[from] != '\n') {
		uint32_t row = 0;

		for (n = 0; from + n < source->size && n < sizeof(word) - 1 &&
		    source->text[from + n] != '\0' &&
		    strchr(ends, source->text[from + n]) == NULL; n++)
			word[n] = source->text[from + n];
		word[n] = '\0';
		if (n > 0)
			build_declare(b, SPACE_DROPPED,
			    build_string(b, word), &row);
		from += n > 0 ? n : 1;
	}
}

static bool
parse_statement(struct build *b)
{
	struct position at = b->token.at;

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]);
	    i++) {
		if (!parse_take(b, statements[i].word))
			continue;
		if (!statements[i].parse(b, &at))
			return false;
		return parse_at_end(b) || parse_fail(b, parse_list_hint,
		    "nothing more is expected here");
	}
	if (parse_is_word(b, "version"))
		return parse_fail(b, NULL, "version stands first in a file, once");
	if (parse_is_word(b, "allow:") || parse_is_word(b, "deny:") ||
	    parse_is_word(b, "require:"))
		return parse_fail(b, "such as: allow NAME: alice to web1",
		    "every rule has a name");
	return parse_fail(b, "set user key group ca host hostkey net domain device "
	    "socket window allow deny require test", "unknown statement");
}

static bool
parse_version(struct build *b)
{
	const char *hint = "every file begins with `version 1'";

	if (!parse_expect(b, "version", hint))
		return false;
	if (!parse_is_word(b, "1"))
		return parse_fail(b, hint, "unknown version of the language");
	parse_next(b);
	return parse_at_end(b) || parse_fail(b, NULL, "nothing more is expected here");
}

/* Skip to the end of a statement that is wrong, or where the next begins. */
static void
skip_statement(struct build *b)
{
	while (!parse_at_end(b) && !parse_runs_on(b)) {
		if (b->lex.depth == 0)
			lex_skip_line(&b->lex);
		parse_next(b);
	}
}

/* A file whose last line does not end may have been cut off. */
static void
check_end(struct build *b)
{
	const struct policy_source *source = b->lex.source;
	const struct policy_report *r = b->report;
	struct position at = b->token.at;

	if (source->size == 0 || source->text[source->size - 1] == '\n')
		return;
	if (r->n > 0 && r->messages[r->n - 1].source == at.source &&
	    r->messages[r->n - 1].line == at.line)
		return; /* it has its message */
	report_error(b->report, &at, "is the file cut off?",
	    "the last line has no end");
}

static void
parse_source(struct build *b, uint32_t index)
{
	uint32_t name = build_string(b, b->sources[index].name);
	bool good;

	build_row(b, PT_FILES, &name, NULL);
	lex_begin(&b->lex, &b->sources[index], index, b->report);
	do
		parse_next(b);
	while (b->token.kind == TOKEN_EOL);
	good = parse_version(b);
	for (;;) {
		struct position at;

		if (!good && !b->again)
			skip_statement(b);
		b->again = false;
		while (b->token.kind == TOKEN_EOL)
			parse_next(b);
		if (b->token.kind == TOKEN_EOF || b->no_memory)
			break;
		at = b->token.at;
		b->line_start = b->lex.line_start;
		good = parse_statement(b);
		if (!good)
			note_dropped(b, &at);
	}
	check_end(b);
}

static int
by_place(const void *a, const void *b)
{
	const struct policy_message *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

struct policy *
policy_parse(const struct policy_source *sources, size_t n,
    struct policy_report *report)
{
	static struct build empty;
	struct build *b = malloc(sizeof(*b));
	struct policy_meta meta;
	struct policy *p;

	if (b == NULL)
		return NULL;
	*b = empty;
	b->p = p = policy_new();
	b->sources = sources;
	b->nsources = n;
	b->report = report;
	memset(&meta, 0, sizeof(meta));
	if (p != NULL) {
		build_row(b, PT_META, &meta, NULL);
		build_string(b, "");
		for (size_t i = 0; i < n; i++)
			parse_source(b, (uint32_t)i);
		build_resolve(b);
		build_check_rows(b);
		if (report->errors == 0)
			build_index(b);
		if (report->errors == 0)
			build_check(b);
		if (report->n > 1)
			qsort(report->messages, report->n,
			    sizeof(*report->messages), by_place);
	}
	if (report->errors != 0 || b->no_memory) {
		policy_free(p);
		p = NULL;
	}
	build_free(b);
	free(b);
	return p;
}
