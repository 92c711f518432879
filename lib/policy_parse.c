/*
 * Statements to rows: recursive descent over jump-policy(5), a function a
 * rule of the grammar.  A function that returns false has reported why, and
 * the statement is dropped; the next one is still read.
 */
#include "policy_build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <sha2.h>

enum { CONTACT_MAX = 128, COMMENT_MAX = 512, COUNT_MAX = 10000 };
#define DURATION_MAX (UINT64_C(366) * 24 * 60 * 60)

static const char *const reserved[] = {"account", "agent", "alias", "allow",
    "any", "approve", "as", "ask", "at", "ca", "comment", "connect", "consent",
    "deny", "device", "domain", "duration", "for", "forward", "from", "group",
    "host", "hostkey", "idle", "in", "key", "max", "mfa", "net", "notify",
    "record", "require", "set", "shell", "socket", "ssh", "tag", "tcp", "test",
    "ticket", "to", "until", "user", "verify-required", "version", "via",
    "when", "window"};

typedef bool reader(struct build *, void *);

bool
build_reserved(const char *word)
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
static void
next(struct build *b)
{
	lex_next(&b->lex, &b->token);
}

static bool
fail(struct build *b, const char *hint, const char *what)
{
	if (b->token.kind != TOKEN_BAD)
		report_error(b->report, &b->token.at, hint, "%s", what);
	return false;
}

static bool
at_end(const struct build *b)
{
	return b->token.kind == TOKEN_EOL || b->token.kind == TOKEN_EOF;
}

static bool
is_word(const struct build *b, const char *word)
{
	return b->token.kind == TOKEN_WORD && strcmp(b->token.text, word) == 0;
}

/* Take the word if it is there. */
static bool
take_word(struct build *b, const char *word)
{
	if (!is_word(b, word))
		return false;
	next(b);
	return true;
}

static bool
expect(struct build *b, const char *word, const char *hint)
{
	if (take_word(b, word))
		return true;
	if (b->token.kind != TOKEN_BAD)
		report_error(b->report, &b->token.at, hint, "expected `%s'",
		    word);
	return false;
}

static struct policy_place
place_of(const struct position *at)
{
	return (struct policy_place){at->source, at->line};
}

static uint32_t
count(const struct build *b, enum policy_table t)
{
	return b->p->table[t].n;
}

/* Read one item, or several in braces, which become a range of t's rows. */
static bool
read_list(struct build *b, enum policy_table t, struct policy_range *range,
    reader *item, void *arg)
{
	range->first = count(b, t);
	if (b->token.kind != TOKEN_OPEN) {
		if (!item(b, arg))
			return false;
	} else {
		next(b);
		if (b->token.kind == TOKEN_CLOSE)
			return fail(b, NULL, "empty list");
		while (b->token.kind != TOKEN_CLOSE) {
			if (!item(b, arg))
				return false;
		}
		next(b);
	}
	range->n = count(b, t) - range->first;
	return true;
}

struct option {
	const char *word;
	reader *read;
};

/* Read options to the end of the statement, in any order, each once. */
static bool
read_options(struct build *b, const struct option *options, void *arg)
{
	uint32_t seen = 0;
	size_t i;

	while (!at_end(b)) {
		for (i = 0; options[i].word != NULL; i++) {
			if (is_word(b, options[i].word))
				break;
		}
		if (options[i].word == NULL)
			return fail(b, NULL, "not an option of this statement");
		if (seen >> i & 1)
			return fail(b, NULL, "option stands twice");
		seen |= 1U << i;
		next(b);
		if (!options[i].read(b, arg))
			return false;
	}
	return true;
}

/*
 * Names and values.
 */
static bool
plain_name(const char *s)
{
	if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s))
		return false;
	return strlen(s) < NAME_TEXT &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(s);
}

static bool
person_name(const char *s)
{
	if (*s == '\0' || strchr("-+.", *s) != NULL || strlen(s) >= NAME_TEXT)
		return false;
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) &&
		    strchr("._@+-\\", *s) == NULL)
			return false;
	}
	return true;
}

/* A name that text stands for; word tells that it stood without quotes. */
static bool
check_name(struct build *b, const char *text, bool word, bool person)
{
	if (word && build_reserved(text))
		return fail(b, "write it in quotes",
		    "a reserved word cannot be a name");
	if (plain_name(text) || (person && !word && person_name(text)))
		return true;
	if (person && person_name(text))
		return fail(b, "write it in quotes",
		    "name needs quotes");
	return fail(b, person ? "names of users are made of A-Za-z0-9._@+-" :
	    "names are made of a-z, 0-9, dot, underscore and dash",
	    "not a name");
}

static bool
read_name(struct build *b, bool person, uint32_t *string, struct position *at)
{
	bool word = b->token.kind == TOKEN_WORD;

	if (!word && b->token.kind != TOKEN_STRING)
		return fail(b, NULL, "expected a name");
	if (!check_name(b, b->token.text, word, person))
		return false;
	*string = build_string(b, b->token.text);
	if (at != NULL)
		*at = b->token.at;
	next(b);
	return true;
}

/* Declare the name that stands at `at`; reports where it was before. */
static bool
declare(struct build *b, enum space space, enum policy_table t,
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
static bool
read_string(struct build *b, size_t max, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING)
		return fail(b, NULL, "expected a string in quotes");
	if (b->token.text[0] == '\0')
		return fail(b, NULL, "empty string");
	if (b->token.foreign)
		return fail(b, "other letters stand in comment strings",
		    "not ASCII");
	if (strlen(b->token.text) > max)
		return fail(b, NULL, "string is too long");
	*string = build_string(b, b->token.text);
	next(b);
	return true;
}

static bool
read_comment(struct build *b, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING)
		return fail(b, NULL, "expected a string in quotes");
	if (strlen(b->token.text) > COMMENT_MAX)
		return fail(b, NULL, "comment is longer than 512 bytes");
	if (strchr(b->token.text, '\t') != NULL)
		return fail(b, NULL, "a tab in a string");
	*string = build_string(b, b->token.text);
	next(b);
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

static bool
read_path(struct build *b, uint32_t *string)
{
	if (b->token.kind != TOKEN_STRING || !good_path(b->token.text))
		return fail(b, "absolute, in quotes, at most 107 bytes",
		    "expected a path");
	return read_string(b, PATH_TEXT - 1, string);
}

static bool
read_number(struct build *b, uint64_t min, uint64_t max, uint32_t *n)
{
	uint64_t value;

	if (b->token.kind != TOKEN_WORD ||
	    !number_parse(&value, b->token.text, min, max)) {
		if (b->token.kind != TOKEN_BAD)
			report_error(b->report, &b->token.at, NULL,
			    "expected a number, %u to %u", (unsigned)min,
			    (unsigned)max);
		return false;
	}
	*n = (uint32_t)value;
	next(b);
	return true;
}

static bool
read_duration(struct build *b, uint32_t *seconds)
{
	static const char units[] = "smhd";
	static const unsigned scale[] = {1, 60, 60 * 60, 24 * 60 * 60};
	char *text = b->token.text, *unit;
	size_t size = strlen(text);
	uint64_t n;

	if (b->token.kind != TOKEN_WORD || size < 2 ||
	    (unit = strchr(units, text[size - 1])) == NULL)
		return fail(b, "a number and one of s m h d, such as 30m",
		    "expected a duration");
	text[size - 1] = '\0';
	if (!number_parse(&n, text, 1, DURATION_MAX) ||
	    n > DURATION_MAX / scale[unit - units])
		return fail(b, "at most 366 days", "not a duration");
	*seconds = (uint32_t)(n * scale[unit - units]);
	next(b);
	return true;
}

static bool
read_net(struct build *b, void *arg)
{
	struct net net;

	(void)arg;
	if (b->token.kind != TOKEN_WORD)
		return fail(b, NULL, "expected a network");
	switch (net_parse(&net, b->token.text)) {
	case NET_OK:
		build_row(b, PT_NETS, &net, &b->token.at);
		next(b);
		return true;
	case NET_HOST_BITS:
		return fail(b, "clear the bits beyond the length",
		    "network has bits set beyond its length");
	case NET_SYNTAX:
		break;
	}
	return fail(b, "such as 10.2.0.0/16 or 2001:db8::/32",
	    "not a network");
}

static bool
read_address(struct build *b, void *arg)
{
	struct net net = {.len = 128};

	(void)arg;
	if (b->token.kind != TOKEN_WORD ||
	    !addr_parse(&net.addr, b->token.text))
		return fail(b, "names are not looked up; give the addresses",
		    "not an address");
	build_row(b, PT_NETS, &net, &b->token.at);
	next(b);
	return true;
}

/* Digits of a fixed width; -1 if they are none. */
static int
digits(const char **s, int n)
{
	int value = 0;

	while (n-- > 0) {
		if (!isdigit((unsigned char)**s))
			return -1;
		value = value * 10 + *(*s)++ - '0';
	}
	return value;
}

static bool
literal(const char **s, char c)
{
	return **s == c && *(*s)++ != '\0';
}

static bool
zone_offset(const char **s, int *seconds)
{
	int sign = **s == '-' ? -1 : 1, hours, minutes;

	if (literal(s, 'Z')) {
		*seconds = 0;
		return **s == '\0';
	}
	if (!literal(s, '+') && !literal(s, '-'))
		return false;
	hours = digits(s, 2);
	if (hours < 0 || hours > 14 || !literal(s, ':'))
		return false;
	minutes = digits(s, 2);
	*seconds = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0 && minutes < 60 && **s == '\0';
}

bool
policy_time_parse(int64_t *when, const char *s)
{
	struct tm tm = {0}, back;
	int offset;
	time_t t;

	tm.tm_year = digits(&s, 4) - 1900;
	if (tm.tm_year < 100 || !literal(&s, '-'))
		return false;
	tm.tm_mon = digits(&s, 2) - 1;
	if (tm.tm_mon < 0 || !literal(&s, '-'))
		return false;
	tm.tm_mday = digits(&s, 2);
	if (tm.tm_mday < 1 || !literal(&s, 'T'))
		return false;
	tm.tm_hour = digits(&s, 2);
	if (tm.tm_hour < 0 || !literal(&s, ':'))
		return false;
	tm.tm_min = digits(&s, 2);
	if (tm.tm_min < 0 || (literal(&s, ':') &&
	    (tm.tm_sec = digits(&s, 2)) < 0))
		return false;
	if (!zone_offset(&s, &offset))
		return false;
	back = tm;
	t = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
	    back.tm_sec != tm.tm_sec)
		return false;
	*when = t - offset;
	return true;
}

static bool
read_time(struct build *b, int64_t *when)
{
	if (b->token.kind != TOKEN_WORD ||
	    !policy_time_parse(when, b->token.text))
		return fail(b, "such as 2026-12-31T18:00+01:00, or Z for UTC",
		    "not a time");
	next(b);
	return true;
}

/*
 * NAME, NAME:PORT, @NAME, %NAME, with quotes or without.
 */
struct item {
	char prefix; /* @ or % or 0 */
	bool quoted;
	char name[TOKEN_MAX + 1];
	char suffix[16]; /* from the colon on, or empty */
	struct position at;
	struct position suffix_at; /* after the colon */
};

static bool
read_suffix(struct build *b, struct item *item, const char *colon)
{
	uint32_t skip = (uint32_t)(colon - b->token.text) + 1;

	item->suffix_at = b->token.at;
	item->suffix_at.column += skip;
	item->suffix_at.width -= skip;
	if (strlen(colon) >= sizeof(item->suffix))
		return fail(b, NULL, "not a port (1 to 65535)");
	strcpy(item->suffix, colon);
	return true;
}

/* The quoted half of an item, and a suffix that sticks to it. */
static bool
read_quoted(struct build *b, struct item *item)
{
	if (b->token.foreign)
		return fail(b, NULL, "not ASCII");
	item->quoted = true;
	strcpy(item->name, b->token.text);
	if (item->prefix == '\0')
		item->at = b->token.at;
	next(b);
	if (b->token.kind != TOKEN_WORD || !b->token.glued)
		return true;
	if (b->token.text[0] != ':')
		return fail(b, NULL, "a space is missing");
	if (!read_suffix(b, item, b->token.text))
		return false;
	next(b);
	return true;
}

static bool
read_item(struct build *b, struct item *item)
{
	char *text = b->token.text, *colon;

	item->prefix = item->suffix[0] = '\0';
	item->quoted = false;
	item->at = b->token.at;
	if (b->token.kind == TOKEN_STRING)
		return read_quoted(b, item);
	if (b->token.kind != TOKEN_WORD)
		return fail(b, NULL, "expected a name");
	if (*text == '@' || *text == '%')
		item->prefix = *text++;
	if (item->prefix != '\0' && *text == '\0') {
		next(b);
		if (b->token.kind != TOKEN_STRING || !b->token.glued)
			return fail(b, NULL, "expected a name");
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
		next(b);
		return true;
	}
	return false;
}

static bool
item_error(struct build *b, const struct item *item, const char *hint,
    const char *what)
{
	report_error(b->report, &item->at, hint, "%s", what);
	return false;
}

/* The port of an item, 0 if it has none. */
static bool
item_port(struct build *b, const struct item *item, uint32_t *port)
{
	uint16_t n = 0;

	if (item->suffix[0] != '\0' && !port_parse(&n, item->suffix + 1)) {
		report_error(b->report, &item->suffix_at,
		    "in decimal, without a leading zero",
		    "not a port (1 to 65535)");
		return false;
	}
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
		plain_name(item->name)))
		return item_error(b, item, "write %\"Domain Users\"",
		    "not the name of a Unix group");
	string = build_string(b, item->name);
	*row = count(b, PT_UNIXGROUPS);
	if (build_declare(b, SPACE_UNIXGROUP, string, row))
		build_row(b, PT_UNIXGROUPS, &string, NULL);
	return true;
}

/*
 * References keep the string of the name until build_resolve().
 */
static bool
read_who(struct build *b, void *arg)
{
	static struct item item;
	struct policy_ref ref = {REF_USER, 0, 0};

	(void)arg;
	if (is_word(b, "any")) {
		ref.kind = REF_ANYONE;
		build_row(b, PT_REFS, &ref, &b->token.at);
		next(b);
		return true;
	}
	if (!read_item(b, &item))
		return false;
	if (item.suffix[0] != '\0')
		return item_error(b, &item, NULL, "people have no port");
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

static bool
read_member(struct build *b, void *arg)
{
	if (is_word(b, "any"))
		return fail(b, NULL, "`any' cannot be a member");
	return read_who(b, arg);
}

/* The word any, with or without a port, ends an item of what. */
static bool
read_anything(struct build *b, struct policy_ref *ref)
{
	uint16_t port = 0;

	if (b->token.kind != TOKEN_WORD ||
	    strncmp(b->token.text, "any", 3) != 0 ||
	    (b->token.text[3] != '\0' && b->token.text[3] != ':'))
		return false;
	if (b->token.text[3] == ':' && !port_parse(&port, b->token.text + 4))
		return false;
	ref->kind = REF_ANYTHING;
	ref->port = port;
	return true;
}

static bool
read_what(struct build *b, void *arg)
{
	static struct item item;
	struct policy_ref ref = {REF_TARGET, 0, 0};

	(void)arg;
	if (read_anything(b, &ref)) {
		build_row(b, PT_REFS, &ref, &b->token.at);
		next(b);
		return true;
	}
	if (!read_item(b, &item))
		return false;
	if (item.prefix == '%')
		return item_error(b, &item, NULL, "a Unix group is no target");
	if (item.prefix == '@')
		ref.kind = REF_TAG;
	ref.index = build_string(b, item.name);
	if (!item_port(b, &item, &ref.port))
		return false;
	build_row(b, PT_REFS, &ref, &item.at);
	return true;
}

static bool
read_word_item(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at;

	(void)arg;
	if (!read_name(b, false, &word.string, &at))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

/*
 * Settings.
 */
static bool
good_zone(const char *s)
{
	return isalpha((unsigned char)*s) && strlen(s) < 64 &&
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
		return fail(b, "such as Europe/Amsterdam", "not a zone");
	return read_string(b, 63, &meta->timezone);
}

static bool
set_contact(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	if (strchr(b->token.text, '\t') != NULL)
		return fail(b, NULL, "a tab in a string");
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
set_sessions(struct build *b, void *arg)
{
	struct policy_meta *meta = arg;

	return read_number(b, 1, COUNT_MAX, &meta->sessions);
}

static bool
parse_set(struct build *b, const struct position *at)
{
	static const struct option settings[] = {{"timezone", set_timezone},
	    {"contact", set_contact}, {"never", set_never},
	    {"keys-from", set_keys_from}, {"sessions", set_sessions},
	    {"ticket-program", set_ticket_program}};
	struct policy_meta meta = *policy_meta(b->p);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!is_word(b, settings[i].word))
			continue;
		if (meta.place[i].line != 0)
			return fail(b, NULL, "this is set already");
		meta.place[i] = place_of(at);
		next(b);
		if (!settings[i].read(b, &meta))
			return false;
		memcpy(b->p->table[PT_META].rows, &meta, sizeof(meta));
		return true;
	}
	return fail(b, "one of timezone contact never keys-from sessions "
	    "ticket-program", "unknown setting");
}

/*
 * People.
 */
static bool
user_until(struct build *b, void *arg)
{
	struct policy_user *u = arg;

	return read_time(b, &u->until);
}

static bool
user_comment(struct build *b, void *arg)
{
	struct policy_user *u = arg;

	return read_comment(b, &u->comment);
}

static bool
user_account(struct build *b, void *arg)
{
	struct policy_user *u = arg;

	u->flags |= USER_SHARED;
	return read_name(b, true, &u->account, NULL);
}

static bool
parse_user(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"until", user_until},
	    {"account", user_account}, {"comment", user_comment},
	    {NULL, NULL}};
	struct policy_user u = {.place = place_of(at)};
	struct position name;

	if (!read_name(b, true, &u.name, &name))
		return false;
	u.account = u.name;
	if (!read_options(b, options, &u))
		return false;
	if ((u.flags & USER_SHARED) &&
	    strpbrk(policy_string(b->p, u.name), "\\+") != NULL)
		return item_error(b, &(struct item){.at = name}, NULL,
		    "a backslash or plus in the name of a shared account's "
		    "user");
	return declare(b, SPACE_PERSON, PT_USERS, u.name, count(b, PT_USERS),
		   &name) &&
	    (build_row(b, PT_USERS, &u, &name), true);
}

static const char *const key_types[] = {"ssh-ed25519",
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "ssh-rsa", "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com"};

/* Whether the decoded key begins with its own type, RFC 4253 6.6. */
static bool
key_has_type(const uint8_t *raw, int size, const char *type)
{
	size_t n = strlen(type);

	return size > (int)n + 4 && raw[0] == 0 && raw[1] == 0 &&
	    raw[2] == 0 && raw[3] == n && memcmp(raw + 4, type, n) == 0;
}

static bool
key_split(struct build *b, char **blob, char **comment)
{
	*blob = strchr(b->token.text, ' ');
	if (*blob == NULL)
		return fail(b, "paste the line of the .pub file",
		    "expected a key: type and base64");
	*(*blob)++ = '\0';
	*comment = strchr(*blob, ' ');
	if (*comment != NULL)
		*(*comment)++ = '\0';
	return true;
}

/* Read a public key; the comment of the .pub file is kept as it is. */
static bool
read_key(struct build *b, struct policy_key *key, struct position *at)
{
	static uint8_t raw[TOKEN_MAX];
	char *blob, *comment;
	SHA2_CTX ctx;
	bool known = false;
	int size;

	*at = b->token.at;
	if (b->token.kind != TOKEN_STRING || b->token.foreign)
		return fail(b, "paste the line of the .pub file in quotes",
		    "expected a key");
	if (!key_split(b, &blob, &comment))
		return false;
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		known |= strcmp(key_types[i], b->token.text) == 0;
	if (!known)
		return fail(b, NULL, "unknown type of key");
	size = base64_decode(blob, raw, sizeof(raw));
	if (!key_has_type(raw, size, b->token.text))
		return fail(b, "paste the line of the .pub file again",
		    "damaged key");
	SHA256Init(&ctx);
	SHA256Update(&ctx, raw, (size_t)size);
	SHA256Final(key->fingerprint, &ctx);
	key->type = build_string(b, b->token.text);
	key->blob = build_string(b, blob);
	key->comment = build_string(b, comment == NULL ? "" : comment);
	next(b);
	return true;
}

static bool
add_key(struct build *b, struct policy_key *key, const struct position *owner,
    const struct position *at)
{
	uint32_t row = count(b, PT_KEYS);
	const struct position *first;

	if (key->kind != KEY_HOST &&
	    !build_declare(b, SPACE_KEY, key->blob, &row)) {
		first = &b->at[PT_KEYS][row];
		report_error(b->report, at, "a key says who somebody is",
		    "this key is given already, %.40s:%u",
		    b->sources[first->source].name, first->line);
		return false;
	}
	build_row(b, PT_KEYS, key, owner);
	return true;
}

static bool
key_from(struct build *b, void *arg)
{
	struct policy_key *key = arg;

	return read_list(b, PT_NETS, &key->from, read_net, NULL);
}

static bool
key_verify(struct build *b, void *arg)
{
	struct policy_key *key = arg;

	key->verify = 1;
	if (strncmp(policy_string(b->p, key->type), "sk-", 3) != 0) {
		report_error(b->report, &b->token.at, NULL,
		    "verify-required is for security keys (sk-...)");
		return false;
	}
	return true;
}

static bool
parse_key(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"from", key_from},
	    {"verify-required", key_verify}, {NULL, NULL}};
	struct policy_key key = {.kind = KEY_USER, .place = place_of(at)};
	struct position owner, place;

	return read_name(b, true, &key.owner, &owner) &&
	    read_key(b, &key, &place) && read_options(b, options, &key) &&
	    add_key(b, &key, &owner, &place);
}

/* The name after the @ of a group declaration or an approve. */
static bool
read_group(struct build *b, uint32_t *string, struct position *at)
{
	static struct item item;

	if (b->token.kind != TOKEN_WORD || b->token.text[0] != '@')
		return fail(b, NULL, "expected @ and the name of a group");
	if (!read_item(b, &item))
		return false;
	if (item.suffix[0] != '\0' || !plain_name(item.name))
		return item_error(b, &item, NULL, "not a name");
	*string = build_string(b, item.name);
	*at = item.at;
	return true;
}

static bool
parse_group(struct build *b, const struct position *at)
{
	struct policy_group g = {.place = place_of(at)};
	struct position name;

	return read_group(b, &g.name, &name) &&
	    read_list(b, PT_REFS, &g.members, read_member, NULL) &&
	    declare(b, SPACE_GROUP, PT_GROUPS, g.name, count(b, PT_GROUPS),
		&name) &&
	    (build_row(b, PT_GROUPS, &g, &name), true);
}

static bool
parse_ca(struct build *b, const struct position *at)
{
	struct policy_ca ca = {.place = place_of(at)};
	struct policy_key key = {.kind = KEY_CA, .place = place_of(at)};
	struct position name, place;

	key.owner = count(b, PT_CAS);
	return read_name(b, false, &ca.name, &name) &&
	    read_key(b, &key, &place) && expect(b, "for", NULL) &&
	    read_list(b, PT_REFS, &ca.who, read_who, NULL) &&
	    declare(b, SPACE_CA, PT_CAS, ca.name, key.owner, &name) &&
	    add_key(b, &key, &name, &place) &&
	    (build_row(b, PT_CAS, &ca, &name), true);
}

/*
 * Targets.
 */
struct target {
	struct policy_target row;
	uint32_t protocols; /* seen, bits of 1 << PROTO_ */
	bool path;          /* at a UNIX socket: no port */
};

static bool
read_port(struct build *b, void *arg)
{
	const enum policy_protocol *protocol = arg;
	struct policy_port row = {0, (uint16_t)*protocol};

	if (b->token.kind != TOKEN_WORD)
		return fail(b, NULL, "expected a port");
	if (!port_parse(&row.port, b->token.text))
		return fail(b, "in decimal, without a leading zero",
		    "not a port (1 to 65535)");
	build_row(b, PT_PORTS, &row, &b->token.at);
	next(b);
	return true;
}

static bool
target_ports(struct build *b, struct target *t, enum policy_protocol protocol)
{
	struct policy_port none = {0, (uint16_t)protocol};
	struct policy_range more;

	t->protocols |= 1U << protocol;
	if (t->path && t->row.ports.n != 0)
		return fail(b, NULL, "a path speaks one protocol");
	if (t->path) {
		t->row.ports.first = build_row(b, PT_PORTS, &none, NULL);
		t->row.ports.n = 1;
		return true;
	}
	if (!read_list(b, PT_PORTS, &more, read_port, &protocol))
		return false;
	if (t->row.ports.n == 0)
		t->row.ports.first = more.first;
	t->row.ports.n += more.n;
	return true;
}

static bool
target_ssh(struct build *b, void *arg)
{
	return target_ports(b, arg, PROTO_SSH);
}

static bool
target_tcp(struct build *b, void *arg)
{
	return target_ports(b, arg, PROTO_TCP);
}

static bool
target_alias(struct build *b, void *arg)
{
	struct target *t = arg;

	return read_list(b, PT_WORDS, &t->row.aliases, read_word_item, NULL);
}

static bool
read_tag(struct build *b, void *arg)
{
	struct policy_ref ref = {REF_TAG, 0, 0};
	struct position at;
	uint32_t row = count(b, PT_TAGS);

	(void)arg;
	if (!read_name(b, false, &ref.index, &at))
		return false;
	if (build_declare(b, SPACE_TAG, ref.index, &row))
		build_row(b, PT_TAGS, &ref.index, NULL);
	build_row(b, PT_REFS, &ref, &at);
	return true;
}

static bool
target_tag(struct build *b, void *arg)
{
	struct target *t = arg;

	return read_list(b, PT_REFS, &t->row.tags, read_tag, NULL);
}

static bool
target_comment(struct build *b, void *arg)
{
	struct target *t = arg;

	return read_comment(b, &t->row.comment);
}

static bool
target_agent(struct build *b, void *arg)
{
	struct target *t = arg;

	(void)b;
	t->row.flags |= TARGET_AGENT;
	return true;
}

static bool
target_account(struct build *b, void *arg)
{
	struct target *t = arg;

	return read_name(b, true, &t->row.account, NULL);
}

/* Declare a target's names, after its options are read. */
static bool
declare_target(struct build *b, struct target *t, const struct position *name)
{
	uint32_t row = count(b, PT_TARGETS);
	bool good;

	if (t->row.ports.n == 0) {
		report_error(b->report, name, "add `ssh PORT' or `tcp PORT'",
		    "no port is declared");
		return false;
	}
	build_row(b, PT_TARGETS, &t->row, name);
	good = declare(b, SPACE_TARGET, PT_TARGETS, t->row.name, row, name);
	for (uint32_t i = 0; i < t->row.aliases.n; i++) {
		uint32_t at = t->row.aliases.first + i;
		const struct policy_word *w = policy_row(b->p, PT_WORDS, at);

		good &= declare(b, SPACE_TARGET, PT_TARGETS, w->string, row,
		    &b->at[PT_WORDS][at]);
	}
	if (t->row.path != 0)
		good &= declare(b, SPACE_TARGET, PT_TARGETS, t->row.path, row,
		    name);
	return good;
}

static bool
parse_host(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"tcp", target_tcp}, {"alias", target_alias}, {"tag", target_tag},
	    {"agent", target_agent}, {"comment", target_comment},
	    {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_HOST, .place = place_of(at)}};
	struct position name;

	if (!read_name(b, false, &t.row.name, &name) ||
	    !read_list(b, PT_NETS, &t.row.nets, read_address, NULL))
		return false;
	if (t.row.nets.n > ADDRESSES_MAX) {
		report_error(b->report, &name, "declare a net",
		    "a host has at most %d addresses", ADDRESSES_MAX);
		return false;
	}
	return read_options(b, options, &t) && declare_target(b, &t, &name);
}

static const struct option net_options[] = {{"ssh", target_ssh},
    {"tcp", target_tcp}, {"tag", target_tag}, {"comment", target_comment},
    {NULL, NULL}};

static bool
parse_net(struct build *b, const struct position *at)
{
	struct target t = {.row = {.kind = TARGET_NET, .place = place_of(at)}};
	struct position name;

	return read_name(b, false, &t.row.name, &name) &&
	    read_list(b, PT_NETS, &t.row.nets, read_net, NULL) &&
	    read_options(b, net_options, &t) && declare_target(b, &t, &name);
}

/* Labels of letters, digits, dash, underscore and *; the last without *. */
static bool
good_pattern(const char *s)
{
	const char *last = strrchr(s, '.');

	if (last == NULL || strchr(last, '*') != NULL || last[1] == '\0' ||
	    strlen(s) > 253 || s[0] == '.' || strstr(s, "..") != NULL)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") ==
	    strlen(s);
}

static bool
read_pattern(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at = b->token.at;

	(void)arg;
	if (b->token.kind != TOKEN_STRING || !good_pattern(b->token.text))
		return fail(b, "such as \"*.dev.example.com\", in lower case",
		    "not a pattern of DNS names");
	if (!read_string(b, 253, &word.string))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

static bool
parse_domain(struct build *b, const struct position *at)
{
	struct target t = {
	    .row = {.kind = TARGET_DOMAIN, .place = place_of(at)}};
	struct position name;

	return read_name(b, false, &t.row.name, &name) &&
	    read_list(b, PT_WORDS, &t.row.patterns, read_pattern, NULL) &&
	    expect(b, "in", "a domain needs the networks of its addresses") &&
	    read_list(b, PT_NETS, &t.row.nets, read_net, NULL) &&
	    read_options(b, net_options, &t) && declare_target(b, &t, &name);
}

static bool
parse_device(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"tcp", target_tcp}, {"account", target_account},
	    {"alias", target_alias}, {"tag", target_tag},
	    {"agent", target_agent}, {"comment", target_comment},
	    {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_DEVICE, .place = place_of(at)}};
	struct policy_user u = {.flags = USER_DEVICE, .place = place_of(at)};
	struct position name;

	if (!read_name(b, false, &t.row.name, &name))
		return false;
	t.row.account = t.row.name;
	t.path = b->token.kind == TOKEN_STRING;
	if (t.path ? !read_path(b, &t.row.path) :
	    !read_list(b, PT_NETS, &t.row.nets, read_address, NULL))
		return false;
	if (t.row.nets.n > 1) {
		report_error(b->report, &name, NULL,
		    "a device has one address");
		return false;
	}
	if (!read_options(b, options, &t) || !declare_target(b, &t, &name))
		return false;
	u.name = t.row.name;
	u.account = t.row.account;
	return declare(b, SPACE_PERSON, PT_USERS, u.name, count(b, PT_USERS),
		   &name) &&
	    (build_row(b, PT_USERS, &u, &name), true);
}

static bool
parse_socket(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"alias", target_alias}, {"tag", target_tag},
	    {"comment", target_comment}, {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_SOCKET, .place = place_of(at)},
	    .path = true};
	struct position name;

	if (!read_name(b, false, &t.row.name, &name) ||
	    !read_path(b, &t.row.path) || !read_options(b, options, &t))
		return false;
	if (t.row.ports.n == 0 && !target_ports(b, &t, PROTO_TCP))
		return false;
	return declare_target(b, &t, &name);
}

static bool
parse_hostkey(struct build *b, const struct position *at)
{
	struct policy_key key = {.kind = KEY_HOST, .place = place_of(at)};
	struct position owner, place;

	return read_name(b, false, &key.owner, &owner) &&
	    read_key(b, &key, &place) && add_key(b, &key, &owner, &place);
}

/*
 * Windows.
 */
static int
day_number(const char *s, size_t size)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++) {
		if (size == 3 && strncmp(s, days[i], 3) == 0)
			return i;
	}
	return -1;
}

/* Read DAY or DAY-DAY into a mask of days. */
static bool
read_days(struct build *b, void *arg)
{
	unsigned *mask = arg;
	const char *text = b->token.text, *dash = strchr(text, '-');
	size_t size = dash == NULL ? strlen(text) : (size_t)(dash - text);
	int first = day_number(text, size);
	int last = dash == NULL ? first :
	    day_number(dash + 1, strlen(dash + 1));

	if (b->token.kind != TOKEN_WORD || first < 0 || last < 0)
		return fail(b, "mon tue wed thu fri sat sun, or mon-fri",
		    "not a day");
	for (int day = first;; day = (day + 1) % 7) {
		*mask |= 1U << day;
		if (day == last)
			break;
	}
	next(b);
	return true;
}

/* Minutes of HH:MM at *s, which moves on; -1 if there are none. */
static int
clock_minutes(const char **s, bool end)
{
	int hours = digits(s, 2), minutes;

	if (hours < 0 || !literal(s, ':'))
		return -1;
	minutes = digits(s, 2);
	if (minutes < 0 || minutes > 59 || hours > 24 ||
	    (hours == 24 && (!end || minutes != 0)))
		return -1;
	return hours * 60 + minutes;
}

/* Add a span that may pass the end of the week. */
static void
add_span(struct build *b, uint32_t start, uint32_t end)
{
	struct policy_span span = {start, end}, rest = {0, 0};

	if (end > WEEK_MINUTES) {
		span.end = WEEK_MINUTES;
		rest.end = end - WEEK_MINUTES;
	}
	build_row(b, PT_SPANS, &span, NULL);
	if (rest.end != 0)
		build_row(b, PT_SPANS, &rest, NULL);
}

static const char clock_hint[] = "such as mon-fri 08:00-18:00, or "
				 "sat 22:00 - sun 04:00";

/* HH:MM-HH:MM on each day of the mask. */
static bool
daily_spans(struct build *b, struct policy_window *w, unsigned mask)
{
	const char *s = b->token.text;
	int start = clock_minutes(&s, false), end = -1;

	if (start >= 0 && literal(&s, '-'))
		end = clock_minutes(&s, true);
	if (end < 0 || *s != '\0')
		return fail(b, clock_hint, "expected HH:MM-HH:MM");
	if (start == end)
		return fail(b, NULL, "start and end are the same");
	w->days = mask;
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	if (end < start)
		end += DAY_MINUTES;
	for (int day = 0; day < 7; day++) {
		if (mask >> day & 1)
			add_span(b, (uint32_t)(day * DAY_MINUTES + start),
			    (uint32_t)(day * DAY_MINUTES + end));
	}
	next(b);
	return true;
}

static bool
read_clock(struct build *b, bool end, int *minutes)
{
	const char *s = b->token.text;

	*minutes = b->token.kind == TOKEN_WORD ? clock_minutes(&s, end) : -1;
	if (*minutes < 0 || *s != '\0')
		return fail(b, clock_hint, "expected HH:MM");
	next(b);
	return true;
}

/* The second form, from its first HH:MM on. */
static bool
weekly_span(struct build *b, struct policy_window *w, unsigned mask)
{
	unsigned to = 0;
	int first = __builtin_ctz(mask), last, start, end;

	if (!read_clock(b, false, &start) || !expect(b, "-", clock_hint))
		return false;
	if (!read_days(b, &to) || (to & (to - 1)) != 0)
		return fail(b, clock_hint, "expected one day");
	last = __builtin_ctz(to);
	if (!read_clock(b, true, &end))
		return false;
	start += first * DAY_MINUTES;
	end += last * DAY_MINUTES;
	if (start == end)
		return fail(b, NULL, "start and end are the same");
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	if (end < start)
		end += WEEK_MINUTES;
	add_span(b, (uint32_t)start, (uint32_t)end);
	return true;
}

static bool
parse_window(struct build *b, const struct position *at)
{
	struct policy_window w = {.place = place_of(at)};
	struct policy_range ignored;
	struct position name;
	unsigned mask = 0;
	bool weekly, list;

	if (!read_name(b, false, &w.name, &name))
		return false;
	list = b->token.kind == TOKEN_OPEN;
	if (!read_list(b, PT_SPANS, &ignored, read_days, &mask))
		return false;
	weekly = !list && (mask & (mask - 1)) == 0 &&
	    b->token.kind == TOKEN_WORD && strlen(b->token.text) == 5;
	w.spans.first = count(b, PT_SPANS);
	if (weekly ? !weekly_span(b, &w, mask) : !daily_spans(b, &w, mask))
		return false;
	w.spans.n = count(b, PT_SPANS) - w.spans.first;
	return declare(b, SPACE_WINDOW, PT_WINDOWS, w.name,
		   count(b, PT_WINDOWS), &name) &&
	    (build_row(b, PT_WINDOWS, &w, &name), true);
}

/*
 * Rules.
 */
static bool
read_road(struct build *b, uint32_t *road)
{
	for (uint32_t i = 0; i < ROAD_COUNT; i++) {
		if (take_word(b, policy_road_names[i])) {
			*road = i;
			return true;
		}
	}
	return fail(b, "one of forward connect shell", "not a road");
}

static bool
read_roads(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;
	uint32_t road;

	if (!read_road(b, &road))
		return false;
	rule->roads |= 1U << road;
	return true;
}

static bool
rule_via(struct build *b, void *arg)
{
	struct policy_range ignored;

	return read_list(b, PT_REFS, &ignored, read_roads, arg);
}

static bool
rule_from(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_NETS, &rule->from, read_net, NULL);
}

static bool
read_window(struct build *b, void *arg)
{
	struct policy_ref ref = {REF_WINDOW, 0, 0};
	struct position at;

	(void)arg;
	if (!read_name(b, false, &ref.index, &at))
		return false;
	build_row(b, PT_REFS, &ref, &at);
	return true;
}

static bool
rule_when(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_REFS, &rule->when, read_window, NULL);
}

static bool
rule_until(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_time(b, &rule->until);
}

static bool
read_login(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at;

	(void)arg;
	if (!read_name(b, true, &word.string, &at))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

static bool
rule_as(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	return read_list(b, PT_WORDS, &rule->as, read_login, NULL);
}

static bool
rule_mfa(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	(void)b;
	rule->obligations |= MUST_MFA;
	return true;
}

static bool
read_ticket(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at = b->token.at;

	(void)arg;
	if (b->token.kind == TOKEN_STRING &&
	    strspn(b->token.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
		"nopqrstuvwxyz0123456789._-#/*?") != strlen(b->token.text))
		return fail(b, "letters, digits and . _ - # / with * and ?",
		    "not a pattern of tickets");
	if (!read_string(b, 64, &word.string))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

static bool
rule_ticket(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	rule->obligations |= MUST_TICKET;
	return read_list(b, PT_WORDS, &rule->tickets, read_ticket, NULL);
}

static bool
rule_approve(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;
	struct policy_ref ref = {REF_GROUP, 0, 0};
	struct position at;

	rule->obligations |= MUST_APPROVE;
	if (!read_group(b, &ref.index, &at) ||
	    !read_duration(b, &rule->approved_for))
		return false;
	rule->approvers = build_row(b, PT_REFS, &ref, &at);
	return true;
}

static bool
rule_record(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	(void)b;
	rule->obligations |= MUST_RECORD;
	return true;
}

static bool
rule_consent(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	(void)b;
	rule->obligations |= MUST_CONSENT;
	return true;
}

static bool
rule_notify(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	(void)b;
	rule->obligations |= MUST_NOTIFY;
	return true;
}

static bool
rule_max(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	rule->obligations |= MUST_MAX;
	return read_number(b, 1, COUNT_MAX, &rule->max);
}

static bool
rule_idle(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	rule->obligations |= MUST_IDLE;
	return read_duration(b, &rule->idle);
}

static bool
rule_duration(struct build *b, void *arg)
{
	struct policy_rule *rule = arg;

	rule->obligations |= MUST_DURATION;
	return read_duration(b, &rule->duration);
}

static const struct option rule_options[] = {{"via", rule_via},
    {"from", rule_from}, {"when", rule_when}, {"until", rule_until},
    {"as", rule_as}, {"mfa", rule_mfa}, {"ticket", rule_ticket},
    {"approve", rule_approve}, {"record", rule_record},
    {"consent", rule_consent}, {"notify", rule_notify}, {"max", rule_max},
    {"idle", rule_idle}, {"duration", rule_duration}, {NULL, NULL}};

/* The NAME: of a rule. */
static bool
read_label(struct build *b, uint32_t *string, struct position *at)
{
	static struct item item;
	bool quoted = b->token.kind == TOKEN_STRING;

	if (!read_item(b, &item))
		return false;
	*at = item.at;
	if (item.prefix != '\0' || !plain_name(item.name) ||
	    strcmp(item.suffix, ":") != 0)
		return item_error(b, &item, quoted ? NULL :
		    "every rule has a name: allow NAME: WHO to WHAT",
		    "expected the rule's name and a colon");
	*string = build_string(b, item.name);
	return true;
}

static bool
check_verb(struct build *b, const struct policy_rule *rule,
    const struct position *at)
{
	if (rule->verb == VERB_DENY && rule->obligations != 0) {
		report_error(b->report, at, "use require",
		    "a deny has no obligations");
		return false;
	}
	if (rule->verb == VERB_REQUIRE && rule->obligations == 0) {
		report_error(b->report, at, "such as mfa, record, idle 10m",
		    "a require needs an obligation");
		return false;
	}
	return true;
}

static bool
parse_rule(struct build *b, const struct position *at, enum policy_verb verb)
{
	struct policy_rule rule;
	struct position name;

	memset(&rule, 0, sizeof(rule));
	rule.verb = verb;
	rule.place = place_of(at);
	return read_label(b, &rule.name, &name) &&
	    read_list(b, PT_REFS, &rule.who, read_who, NULL) &&
	    expect(b, "to", "allow NAME: WHO to WHAT") &&
	    read_list(b, PT_REFS, &rule.what, read_what, NULL) &&
	    read_options(b, rule_options, &rule) &&
	    check_verb(b, &rule, &name) &&
	    declare(b, SPACE_RULE, PT_RULES, rule.name, count(b, PT_RULES),
		&name) &&
	    (build_row(b, PT_RULES, &rule, &name), true);
}

static bool
parse_allow(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_ALLOW);
}

static bool
parse_deny(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_DENY);
}

static bool
parse_require(struct build *b, const struct position *at)
{
	return parse_rule(b, at, VERB_REQUIRE);
}

/*
 * Tests.
 */
static bool
test_via(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	return read_road(b, &t->road);
}

static bool
test_from(struct build *b, void *arg)
{
	struct policy_test *t = arg;
	struct addr addr;

	if (b->token.kind != TOKEN_WORD || !addr_parse(&addr, b->token.text))
		return fail(b, NULL, "not an address");
	t->from = build_string(b, b->token.text);
	next(b);
	return true;
}

static bool
test_as(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	return read_name(b, true, &t->as, NULL);
}

static bool
test_at(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	t->timed = 1;
	return read_time(b, &t->at);
}

static bool
read_obligation(struct build *b, void *arg)
{
	struct policy_test *t = arg;

	for (unsigned i = 0; i < OBLIGATIONS; i++) {
		if (take_word(b, policy_obligation_names[i])) {
			t->obligations |= 1U << i;
			return true;
		}
	}
	return fail(b, "mfa ticket approve record consent notify max idle "
	    "duration", "not an obligation");
}

/* = VERDICT [OBLIGATIONS], the last option of a test. */
static bool
test_verdict(struct build *b, void *arg)
{
	struct policy_test *t = arg;
	struct policy_range ignored;
	uint32_t i;

	for (i = 0; i <= ACTION_ALLOW; i++) {
		if (take_word(b, policy_action_names[i]))
			break;
	}
	if (i > ACTION_ALLOW)
		return fail(b, NULL, "expected allow, ask or deny");
	t->action = i;
	if (!at_end(b)) {
		t->exact = 1;
		if (!read_list(b, PT_REFS, &ignored, read_obligation, t))
			return false;
	}
	return at_end(b) || fail(b, NULL, "nothing stands after the verdict");
}

/* A target as a user would ask for it; quotes for paths and addresses. */
static bool
test_target(struct build *b, struct policy_test *t, struct position *at)
{
	static struct item item;

	if (!read_item(b, &item))
		return false;
	*at = item.at;
	if (item.prefix != '\0')
		return item_error(b, &item, NULL, "a test names one target");
	if (item.name[0] == '\0' || strlen(item.name) > 253)
		return item_error(b, &item, NULL, "not a target");
	t->target = build_string(b, item.name);
	return item_port(b, &item, &t->port);
}

static bool
parse_test(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"via", test_via},
	    {"from", test_from}, {"as", test_as}, {"at", test_at},
	    {"=", test_verdict}, {NULL, NULL}};
	struct policy_test t;
	struct position target;

	memset(&t, 0, sizeof(t));
	t.road = POLICY_NONE;
	t.action = POLICY_NONE;
	t.place = place_of(at);
	if (!read_name(b, true, &t.user, NULL) ||
	    !expect(b, "to", "test USER to TARGET = VERDICT") ||
	    !test_target(b, &t, &target) || !read_options(b, options, &t))
		return false;
	if (t.action == POLICY_NONE)
		return fail(b, "test USER to TARGET = VERDICT",
		    "expected `='");
	build_row(b, PT_TESTS, &t, &target);
	return true;
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

static bool
parse_statement(struct build *b)
{
	struct position at = b->token.at;

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]);
	    i++) {
		if (!take_word(b, statements[i].word))
			continue;
		if (!statements[i].parse(b, &at))
			return false;
		return at_end(b) ||
		    fail(b, NULL, "nothing more is expected here");
	}
	if (is_word(b, "version"))
		return fail(b, NULL, "version stands first in a file, once");
	return fail(b, "set user key group ca host hostkey net domain device "
	    "socket window allow deny require test", "unknown statement");
}

static bool
parse_version(struct build *b)
{
	const char *hint = "every file begins with `version 1'";

	if (!expect(b, "version", hint))
		return false;
	if (!is_word(b, "1"))
		return fail(b, hint, "unknown version of the language");
	next(b);
	return at_end(b) || fail(b, NULL, "nothing more is expected here");
}

static void
parse_source(struct build *b, uint32_t index)
{
	uint32_t name = build_string(b, b->sources[index].name);
	bool good;

	build_row(b, PT_FILES, &name, NULL);
	lex_begin(&b->lex, &b->sources[index], index, b->report);
	do
		next(b);
	while (b->token.kind == TOKEN_EOL);
	good = parse_version(b);
	for (;;) {
		if (!good)
			lex_skip(&b->lex, &b->token);
		while (b->token.kind == TOKEN_EOL)
			next(b);
		if (b->token.kind == TOKEN_EOF || b->no_memory)
			break;
		good = parse_statement(b);
	}
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
