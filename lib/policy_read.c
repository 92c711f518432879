/* SPDX-License-Identifier: ISC */
#include "policy_read.h"

#include <ctype.h>
#include <string.h>

#define DURATION_MAX (UINT64_C(366) * 24 * 60 * 60)
#define TIME_FIRST   INT64_C(946684800)    /* 2000-01-01T00:00:00Z */
#define TIME_LAST    INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static const char *const reserved[] = {"account", "agent", "alias", "allow",
    "any", "approve", "as", "ask", "at", "ca", "comment", "connect", "consent",
    "deny", "device", "domain", "duration", "for", "forward", "from", "group",
    "host", "hostkey", "idle", "in", "key", "max", "mfa", "net", "notify",
    "record", "replace", "require", "set", "shell", "socket", "ssh", "tag", "tcp", "test",
    "ticket", "to", "until", "user", "verify-required", "version", "via",
    "when", "window"};

bool
policy_reserved(const char *word)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (strcmp(reserved[i], word) == 0)
			return true;
	}
	return false;
}

/*
 * Tokens.
 */
void
parse_next(struct build *b)
{
	lex_next(&b->lex, &b->token);
}

bool
parse_fail(struct build *b, const char *hint, const char *what)
{
	if (b->token.kind != TOKEN_BAD)
		report_error(b->report, &b->token.at, hint, "%s", what);
	return false;
}

bool
parse_at_end(const struct build *b)
{
	return b->token.kind == TOKEN_EOL || b->token.kind == TOKEN_EOF;
}

bool
parse_is_word(const struct build *b, const char *word)
{
	return b->token.kind == TOKEN_WORD && strcmp(b->token.text, word) == 0;
}

/* Take the word if it is there. */
bool
parse_take(struct build *b, const char *word)
{
	if (!parse_is_word(b, word))
		return false;
	parse_next(b);
	return true;
}

bool
parse_expect(struct build *b, const char *word, const char *hint)
{
	if (parse_take(b, word))
		return true;
	if (b->token.kind != TOKEN_BAD)
		report_error(b->report, &b->token.at, hint, "expected `%s'",
		    word);
	return false;
}

struct policy_place
build_place(const struct position *at)
{
	return (struct policy_place){at->source, at->line};
}

uint32_t
build_count(const struct build *b, enum policy_table t)
{
	return b->p->table[t].n;
}

/* Whether the token begins a line as only a statement does. */
static bool
begins_statement(const struct build *b)
{
	return b->token.kind == TOKEN_WORD && b->token.first &&
	    parse_is_statement(b->token.text);
}

bool
parse_runs_on(struct build *b)
{
	if (b->lex.depth == 0 || !begins_statement(b))
		return false;
	report_error(b->report, &b->lex.open, NULL, "{ is not closed");
	b->lex.depth = 0;
	b->again = true;
	return true;
}

/* Read one item, or several in braces, which become a range of t's rows. */
bool
read_list(struct build *b, enum policy_table t, struct policy_range *range,
    reader *item, void *arg)
{
	range->first = build_count(b, t);
	if (b->token.kind != TOKEN_OPEN) {
		if (!item(b, arg))
			return false;
	} else {
		parse_next(b);
		if (b->token.kind == TOKEN_CLOSE)
			return parse_fail(b, NULL, "empty list");
		while (b->token.kind != TOKEN_CLOSE) {
			if (parse_runs_on(b) || !item(b, arg))
				return false;
		}
		parse_next(b);
	}
	range->n = build_count(b, t) - range->first;
	return true;
}

static bool
unknown_option(struct build *b, const struct option *options)
{
	char hint[128] = "one of";

	for (size_t i = 0; options[i].word != NULL; i++) {
		size_t used = strlen(hint);

		snprintf(hint + used, sizeof(hint) - used, " %s",
		    options[i].word);
	}
	return parse_fail(b, hint, "not an option of this statement");
}

/* Read options to the end of the statement, in any order, each once. */
bool
read_options(struct build *b, const struct option *options, void *arg)
{
	uint32_t seen = 0;
	size_t i;

	while (!parse_at_end(b)) {
		for (i = 0; options[i].word != NULL; i++) {
			if (parse_is_word(b, options[i].word))
				break;
		}
		if (options[i].word == NULL)
			return unknown_option(b, options);
		if (seen >> i & 1)
			return parse_fail(b, NULL, "option stands twice");
		seen |= 1U << i;
		b->option = b->token.at;
		parse_next(b);
		if (!options[i].read(b, arg))
			return false;
	}
	return true;
}

/*
 * Names and values.
 */
bool
parse_plain_name(const char *s)
{
	if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s))
		return false;
	return strlen(s) < NAME_TEXT &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(s);
}

/* A name that text stands for; word tells that it stood without quotes. */
const char parse_list_hint[] =
    "several stand in { }, with spaces between them";

static bool
check_name(struct build *b, const char *text, bool word, bool person)
{
	if (word && policy_reserved(text))
		return parse_fail(b, "write it in quotes",
		    "a reserved word cannot be a name");
	if (parse_plain_name(text) ||
	    (person && !word && policy_person_name(text)))
		return true;
	if (person && policy_person_name(text))
		return parse_fail(b, "write it in quotes",
		    "name needs quotes");
	if (strlen(text) >= NAME_TEXT)
		return parse_fail(b, NULL, "name is longer than 128 bytes");
	if (strchr(text, ',') != NULL)
		return parse_fail(b, parse_list_hint, "not a name");
	if (strcmp(text, "*") == 0)
		return parse_fail(b, "write any for all of them", "not a name");
	return parse_fail(b, person ?
	    "users are named with A-Z a-z 0-9 . _ @ + - \\, and begin with "
	    "none of - + ." :
	    "names are made of a-z 0-9 . _ - and begin with a-z or 0-9",
	    "not a name");
}

bool
read_name(struct build *b, bool person, uint32_t *string, struct position *at)
{
	bool word = b->token.kind == TOKEN_WORD;

	if (!word && b->token.kind != TOKEN_STRING)
		return parse_fail(b, NULL, "expected a name");
	if (!check_name(b, b->token.text, word, person))
		return false;
	*string = build_string(b, b->token.text);
	if (at != NULL)
		*at = b->token.at;
	parse_next(b);
	return true;
}

/* Declare the name that stands at `at`; reports where it was before. */
bool
parse_declare(struct build *b, enum space space, enum policy_table t,
    uint32_t string, uint32_t row, const struct position *at)
{
	uint32_t before = row;
	const struct position *first;

	if (build_declare(b, space, string, &before))
		return true;
	first = &b->at[t][before];
	report_error(b->report, at, NULL,
	    "`%.64s' is declared already, %.40s:%u",
	    policy_string(b->p, string), b->sources[first->source].name,
	    first->line);
	return false;
}

/* Read a string of printable ASCII of 1 to max bytes. */
bool
read_string(struct build *b, size_t max, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING)
		return parse_fail(b, NULL, "expected a string in quotes");
	if (b->token.text[0] == '\0')
		return parse_fail(b, NULL, "empty string");
	if (b->token.foreign)
		return parse_fail(b, "other letters stand in comment strings",
		    "not ASCII");
	if (strlen(b->token.text) > max)
		return parse_fail(b, NULL, "string is too long");
	*string = build_string(b, b->token.text);
	parse_next(b);
	return true;
}

bool
read_comment(struct build *b, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING)
		return parse_fail(b, NULL, "expected a string in quotes");
	if (strlen(b->token.text) > COMMENT_MAX)
		return parse_fail(b, NULL, "comment is longer than 512 bytes");
	if (strchr(b->token.text, '\t') != NULL)
		return parse_fail(b, NULL, "a tab in a string");
	*string = build_string(b, b->token.text);
	parse_next(b);
	return true;
}

static bool
good_path(const char *path)
{
	if (path[0] != '/' || strlen(path) >= PATH_TEXT)
		return false;
	for (const char *s = path; *s != '\0'; s++) {
		if (!isgraph((unsigned char)*s))
			return false;
		if (*s != '/')
			continue;
		if (s[1] == '/' || s[1] == '\0' ||
		    (s[1] == '.' && (s[2] == '/' || s[2] == '\0')) ||
		    (s[1] == '.' && s[2] == '.' &&
		    (s[3] == '/' || s[3] == '\0')))
			return false;
	}
	return true;
}

bool
read_path(struct build *b, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING || !good_path(b->token.text))
		return parse_fail(b, "absolute, in quotes, at most 107 bytes",
		    "expected a path");
	return read_string(b, PATH_TEXT - 1, string);
}

bool
read_number(struct build *b, uint64_t min, uint64_t max, uint32_t *n)
{
	uint64_t value;

	if (b->token.kind != TOKEN_WORD ||
	    !number_parse(&value, b->token.text, min, max)) {
		if (b->token.kind != TOKEN_BAD)
			report_error(b->report, &b->token.at,
			    strlen(b->token.text) < 2 ||
			    strchr("0+-", b->token.text[0]) == NULL ? NULL :
			    "in decimal, without a sign or a leading zero",
			    "expected a number, %u to %u", (unsigned)min,
			    (unsigned)max);
		return false;
	}
	*n = (uint32_t)value;
	parse_next(b);
	return true;
}

bool
read_duration(struct build *b, uint32_t *seconds)
{
	static const char units[] = "smhd";
	static const unsigned scale[] = {1, 60, 60 * 60, 24 * 60 * 60};
	char *text = b->token.text, *unit;
	size_t size = strlen(text);
	uint64_t n;

	if (b->token.kind != TOKEN_WORD || size < 2 ||
	    (unit = strchr(units, text[size - 1])) == NULL)
		return parse_fail(b, "a number and one of s m h d, such as 30m",
		    "expected a duration");
	text[size - 1] = '\0';
	if (!number_parse(&n, text, 1, DURATION_MAX) ||
	    n > DURATION_MAX / scale[unit - units])
		return parse_fail(b,
		    "one number above 0, one of s m h d, at most 366 days",
		    "not a duration");
	*seconds = (uint32_t)(n * scale[unit - units]);
	parse_next(b);
	return true;
}

/* What somebody may have meant with a text that is no address. */
static const char *
address_hint(const char *text)
{
	static const struct {
		const char *letters, *hint;
	} hints[] = {{"%", "addresses with a scope are refused"},
	    {"[]", "without the brackets"},
	    {"/", "a network is declared with net"}};
	const char *colon = strchr(text, ':');

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strpbrk(text, hints[i].letters) != NULL)
			return hints[i].hint;
	}
	if (colon != NULL && strchr(colon + 1, ':') == NULL)
		return "ports stand after the word ssh or tcp";
	if (isdigit((unsigned char)*text) &&
	    strspn(text, "0123456789abcdefxABCDEFX.") == strlen(text))
		return "four numbers in decimal, without leading zeros, or IPv6";
	return "names are not looked up; give the addresses";
}

/* Report host bits, and the network that has them cleared. */
static bool
host_bits(struct build *b)
{
	char hint[ADDR_TEXT + 32] = "did you mean ", *to = hint + strlen(hint);
	char *slash = strchr(b->token.text, '/');
	struct net net;
	uint64_t bits = 0;

	*slash = '\0';
	if (addr_parse(&net.addr, b->token.text) &&
	    number_parse(&bits, slash + 1, 0, 128)) {
		net.len = (uint32_t)bits +
		    (strchr(b->token.text, ':') == NULL ? ADDR_V4_BITS : 0);
		net.addr = addr_mask(&net.addr, net.len);
		net_print(&net, to);
	}
	return parse_fail(b, hint, "network has bits set beyond its length");
}

/* Report that the token is no network; its address may be right. */
static bool
bad_net(struct build *b)
{
	char *slash = strchr(b->token.text, '/');
	struct addr addr;

	if (slash == NULL)
		return parse_fail(b, "such as 10.2.0.0/16 or 2001:db8::/32",
		    "not a network");
	*slash = '\0';
	if (!addr_parse(&addr, b->token.text))
		return parse_fail(b, address_hint(b->token.text),
		    "not a network");
	return parse_fail(b, "/0 to /32 for IPv4, to /128 for IPv6, in decimal",
	    "not the length of a network");
}

bool
read_net(struct build *b, void *arg)
{
	struct net net;

	(void)arg;
	if (b->token.kind != TOKEN_WORD)
		return parse_fail(b, NULL, "expected a network");
	switch (net_parse(&net, b->token.text)) {
	case NET_OK:
		build_row(b, PT_NETS, &net, &b->token.at);
		parse_next(b);
		return true;
	case NET_HOST_BITS:
		return host_bits(b);
	case NET_SYNTAX:
		break;
	}
	return bad_net(b);
}

bool
read_address(struct build *b, void *arg)
{
	struct net net = {.len = 128};

	(void)arg;
	if (b->token.kind != TOKEN_WORD ||
	    !addr_parse(&net.addr, b->token.text))
		return parse_fail(b, address_hint(b->token.text),
		    "not an address");
	build_row(b, PT_NETS, &net, &b->token.at);
	parse_next(b);
	return true;
}

/* Digits of a fixed width; -1 if they are none. */
int
read_digits(const char **s, int n)
{
	int value = 0;

	while (n-- > 0) {
		if (!isdigit((unsigned char)**s))
			return -1;
		value = value * 10 + *(*s)++ - '0';
	}
	return value;
}

bool
read_literal(const char **s, char c)
{
	return **s == c && *(*s)++ != '\0';
}

static bool
zone_offset(const char **s, int *seconds)
{
	int sign = **s == '-' ? -1 : 1, hours, minutes;

	if (read_literal(s, 'Z')) {
		*seconds = 0;
		return **s == '\0';
	}
	if (!read_literal(s, '+') && !read_literal(s, '-'))
		return false;
	hours = read_digits(s, 2);
	if (hours < 0 || hours > 14 || !read_literal(s, ':'))
		return false;
	minutes = read_digits(s, 2);
	if (minutes < 0 || minutes > 59 || (hours == 14 && minutes != 0))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return **s == '\0';
}

bool
policy_time_parse(int64_t *when, const char *s)
{
	struct tm tm = {0}, back;
	int offset;
	time_t t;

	tm.tm_year = read_digits(&s, 4) - 1900;
	if (tm.tm_year < 100 || !read_literal(&s, '-'))
		return false;
	tm.tm_mon = read_digits(&s, 2) - 1;
	if (tm.tm_mon < 0 || !read_literal(&s, '-'))
		return false;
	tm.tm_mday = read_digits(&s, 2);
	if (tm.tm_mday < 1 || !read_literal(&s, 'T'))
		return false;
	tm.tm_hour = read_digits(&s, 2);
	if (tm.tm_hour < 0 || !read_literal(&s, ':'))
		return false;
	tm.tm_min = read_digits(&s, 2);
	if (tm.tm_min < 0 || (read_literal(&s, ':') &&
	    (tm.tm_sec = read_digits(&s, 2)) < 0))
		return false;
	if (!zone_offset(&s, &offset))
		return false;
	back = tm;
	t = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
	    back.tm_sec != tm.tm_sec)
		return false;
	if (t - offset < TIME_FIRST || t - offset > TIME_LAST)
		return false;
	*when = t - offset;
	return true;
}

/* Whether text begins as a time does, right or wrong. */
static bool
like_time(const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd";

	for (size_t i = 0; shape[i] != '\0'; i++) {
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) :
		    text[i] != shape[i])
			return false;
	}
	return true;
}

static bool
bad_time(struct build *b)
{
	const char *text = b->token.text;

	if (b->token.kind != TOKEN_WORD || !like_time(text))
		return parse_fail(b,
		    "such as 2026-12-31T18:00+01:00, or Z for UTC",
		    "not a time");
	if (strpbrk(text, "Z+") == NULL && strchr(text + 10, '-') == NULL)
		return parse_fail(b, "Z for UTC, or such as +01:00",
		    "a time needs its offset");
	return parse_fail(b, "days of the calendar, 2000 to 9999; 00:00 to "
	    "23:59; Z, or an offset to 14:00", "there is no such time");
}

bool
read_time(struct build *b, int64_t *when)
{
	if (b->token.kind != TOKEN_WORD ||
	    !policy_time_parse(when, b->token.text))
		return bad_time(b);
	parse_next(b);
	return true;
}

bool
parse_port_error(struct build *b, const struct position *at, const char *text)
{
	bool number = *text != '\0' &&
	    strspn(text, "0123456789") == strlen(text);

	if (number && (text[0] != '0' || text[1] == '\0'))
		report_error(b->report, at, NULL,
		    "port out of range (1 to 65535)");
	else
		report_error(b->report, at, strchr(text, ',') != NULL ?
		    parse_list_hint :
		    "1 to 65535 in decimal, without a leading zero",
		    "not a port");
	return false;
}

/*
 * NAME, NAME:PORT, @NAME, %NAME, with quotes or without.
 */
static bool
read_suffix(struct build *b, struct item *item, const char *colon)
{
	uint32_t skip = (uint32_t)(colon - b->token.text) + 1;

	item->suffix_at = b->token.at;
	item->suffix_at.column += skip;
	item->suffix_at.width -= skip;
	if (item->suffix_at.width == 0)
		item->suffix_at.width = 1;
	if (strlen(colon) >= sizeof(item->suffix))
		return parse_port_error(b, &item->suffix_at, colon + 1);
	strcpy(item->suffix, colon);
	return true;
}

/* The quoted half of an item, and a suffix that sticks to it. */
static bool
read_quoted(struct build *b, struct item *item)
{
	if (b->token.foreign)
		return parse_fail(b, NULL, "not ASCII");
	if (strchr(b->token.text, '\t') != NULL)
		return parse_fail(b, NULL, "a tab in a string");
	item->quoted = true;
	strcpy(item->name, b->token.text);
	if (item->prefix == '\0')
		item->at = b->token.at;
	parse_next(b);
	if (b->token.kind != TOKEN_WORD || !b->token.glued)
		return true;
	if (b->token.text[0] != ':')
		return parse_fail(b, NULL, "a space is missing");
	if (!read_suffix(b, item, b->token.text))
		return false;
	parse_next(b);
	return true;
}

bool
read_item(struct build *b, struct item *item)
{
	char *text = b->token.text, *colon;

	item->prefix = item->suffix[0] = '\0';
	item->quoted = false;
	item->at = b->token.at;
	if (b->token.kind == TOKEN_STRING)
		return read_quoted(b, item);
	if (b->token.kind != TOKEN_WORD)
		return parse_fail(b, NULL, "expected a name");
	if (*text == '@' || *text == '%')
		item->prefix = *text++;
	if (item->prefix != '\0' && *text == '\0') {
		parse_next(b);
		if (b->token.kind != TOKEN_STRING || !b->token.glued)
			return parse_fail(b, NULL, "expected a name");
		return read_quoted(b, item);
	}
	colon = strchr(text, ':');
	if (colon != NULL && !read_suffix(b, item, colon))
		return false;
	if (colon != NULL)
		*colon = '\0';
	strcpy(item->name, text);
	if (item->prefix == '%' ||
	    check_name(b, item->name, !item->quoted, item->prefix == '\0')) {
		parse_next(b);
		return true;
	}
	return false;
}

bool
parse_item_error(struct build *b, const struct item *item, const char *hint,
    const char *what)
{
	report_error(b->report, &item->at, hint, "%s", what);
	return false;
}

/* The port of an item, 0 if it has none. */
bool
read_item_port(struct build *b, const struct item *item, uint32_t *port)
{
	uint16_t n = 0;

	if (item->suffix[0] != '\0' && !port_parse(&n, item->suffix + 1))
		return parse_port_error(
		    b, &item->suffix_at, item->suffix + 1);
	*port = n;
	return true;
}

static bool
good_unixgroup(const char *s)
{
	if (*s == '\0' || strlen(s) > 255)
		return false;
	for (; *s != '\0'; s++) {
		if (!isprint((unsigned char)*s))
			return false;
	}
	return true;
}

static bool
unixgroup(struct build *b, const struct item *item, uint32_t *row)
{
	uint32_t string;

	if (!(item->quoted ? good_unixgroup(item->name) :
		parse_plain_name(item->name)))
		return parse_item_error(b, item, "write %\"Domain Users\"",
		    "not the name of a Unix group");
	string = build_string(b, item->name);
	*row = build_count(b, PT_UNIXGROUPS);
	if (build_declare(b, SPACE_UNIXGROUP, string, row))
		build_row(b, PT_UNIXGROUPS, &string, NULL);
	return true;
}

/*
 * References keep the string of the name until build_resolve().
 */
bool
read_who(struct build *b, void *arg)
{
	static struct item item;
	struct policy_ref ref = {REF_USER, 0, 0};

	(void)arg;
	if (parse_is_word(b, "any")) {
		ref.kind = REF_ANYONE;
		build_row(b, PT_REFS, &ref, &b->token.at);
		parse_next(b);
		return true;
	}
	if (!read_item(b, &item))
		return false;
	if (item.suffix[0] != '\0')
		return parse_item_error(b, &item, NULL, "people have no port");
	if (item.prefix == '%') {
		ref.kind = REF_UNIXGROUP;
		if (!unixgroup(b, &item, &ref.index))
			return false;
	} else {
		if (item.prefix == '@')
			ref.kind = REF_GROUP;
		ref.index = build_string(b, item.name);
	}
	build_row(b, PT_REFS, &ref, &item.at);
	return true;
}

bool
read_member(struct build *b, void *arg)
{
	if (parse_is_word(b, "any"))
		return parse_fail(b, NULL, "`any' cannot be a member");
	return read_who(b, arg);
}

/* Whether it is the word any, with or without a port. */
static bool
is_anything(const struct build *b)
{
	const char *text = b->token.text;

	return b->token.kind == TOKEN_WORD && strncmp(text, "any", 3) == 0 &&
	    (text[3] == '\0' || text[3] == ':');
}

static bool
read_anything(struct build *b)
{
	static struct item item;
	struct policy_ref ref = {REF_ANYTHING, 0, 0};

	item.suffix[0] = '\0';
	if (b->token.text[3] == ':' &&
	    !read_suffix(b, &item, b->token.text + 3))
		return false;
	if (!read_item_port(b, &item, &ref.port))
		return false;
	build_row(b, PT_REFS, &ref, &b->token.at);
	parse_next(b);
	return true;
}

bool
read_what(struct build *b, void *arg)
{
	static struct item item;
	struct policy_ref ref = {REF_TARGET, 0, 0};

	(void)arg;
	if (is_anything(b))
		return read_anything(b);
	if (!read_item(b, &item))
		return false;
	if (item.prefix == '%')
		return parse_item_error(b, &item, NULL, "a Unix group is no target");
	if (item.prefix == '@')
		ref.kind = REF_TAG;
	ref.index = build_string(b, item.name);
	if (!read_item_port(b, &item, &ref.port))
		return false;
	build_row(b, PT_REFS, &ref, &item.at);
	return true;
}

static bool
read_word(struct build *b, bool person)
{
	struct policy_word word = {0, 0};
	struct position at;

	if (!read_name(b, person, &word.string, &at))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

bool
read_word_item(struct build *b, void *arg)
{
	(void)arg;
	return read_word(b, false);
}

bool
read_account_item(struct build *b, void *arg)
{
	(void)arg;
	return read_word(b, true);
}
