/* SPDX-License-Identifier: ISC */
/*
 * Statements about targets: host, net, domain, device, socket, hostkey.
 */
#include "policy_read.h"

#include <string.h>

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
		return parse_fail(b, NULL, "expected a port");
	if (!port_parse(&row.port, b->token.text))
		return parse_port_error(b, &b->token.at, b->token.text);
	build_row(b, PT_PORTS, &row, &b->token.at);
	parse_next(b);
	return true;
}

static bool
target_ports(struct build *b, struct target *t, enum policy_protocol protocol)
{
	struct policy_port none = {0, (uint16_t)protocol};
	struct policy_range more;

	t->protocols |= 1U << protocol;
	if (t->path && t->row.ports.n != 0)
		return parse_fail(b, NULL, "a path speaks one protocol");
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
	uint32_t row = build_count(b, PT_TAGS);

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
target_replace(struct build *b, void *arg)
{
	struct target *t = arg;

	(void)b;
	t->row.flags |= TARGET_REPLACE;
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
	uint32_t row = build_count(b, PT_TARGETS);
	bool good;

	if (t->row.ports.n == 0) {
		report_error(b->report, name, "add `ssh PORT' or `tcp PORT'",
		    "no port is declared");
		return false;
	}
	build_row(b, PT_TARGETS, &t->row, name);
	good = parse_declare(b, SPACE_TARGET, PT_TARGETS, t->row.name, row, name);
	for (uint32_t i = 0; i < t->row.aliases.n; i++) {
		uint32_t at = t->row.aliases.first + i;
		const struct policy_word *w = policy_row(b->p, PT_WORDS, at);

		good &= parse_declare(b, SPACE_TARGET, PT_TARGETS, w->string, row,
		    &b->at[PT_WORDS][at]);
	}
	if (t->row.path != 0)
		good &= parse_declare(b, SPACE_TARGET, PT_TARGETS, t->row.path, row,
		    name);
	return good;
}

bool
parse_host(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"tcp", target_tcp}, {"alias", target_alias}, {"tag", target_tag},
	    {"agent", target_agent}, {"comment", target_comment},
	    {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_HOST, .place = build_place(at)}};
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

bool
parse_net(struct build *b, const struct position *at)
{
	struct target t = {.row = {.kind = TARGET_NET, .place = build_place(at)}};
	struct position name;

	return read_name(b, false, &t.row.name, &name) &&
	    read_list(b, PT_NETS, &t.row.nets, read_net, NULL) &&
	    read_options(b, net_options, &t) && declare_target(b, &t, &name);
}

/*
 * Labels of letters, digits, dash, underscore and *; the last without *, and
 * with a letter, or some resolver takes the whole for an address.
 */
static bool
good_pattern(const char *s)
{
	const char *last = strrchr(s, '.');

	if (last == NULL || strchr(last, '*') != NULL || last[1] == '\0' ||
	    strlen(s) > 253 || s[0] == '.' || strstr(s, "..") != NULL)
		return false;
	return strpbrk(last, "abcdefghijklmnopqrstuvwxyz") != NULL &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") ==
	    strlen(s);
}

static bool
read_pattern(struct build *b, void *arg)
{
	struct policy_word word = {0, 0};
	struct position at = b->token.at;

	(void)arg;
	if (b->token.kind != TOKEN_STRING || !good_pattern(b->token.text))
		return parse_fail(b, "such as \"*.dev.example.com\", in lower case",
		    "not a pattern of DNS names");
	if (!read_string(b, 253, &word.string))
		return false;
	build_row(b, PT_WORDS, &word, &at);
	return true;
}

bool
parse_domain(struct build *b, const struct position *at)
{
	struct target t = {
	    .row = {.kind = TARGET_DOMAIN, .place = build_place(at)}};
	struct position name;

	return read_name(b, false, &t.row.name, &name) &&
	    read_list(b, PT_WORDS, &t.row.patterns, read_pattern, NULL) &&
	    parse_expect(b, "in", "a domain needs the networks of its addresses") &&
	    read_list(b, PT_NETS, &t.row.nets, read_net, NULL) &&
	    read_options(b, net_options, &t) && declare_target(b, &t, &name);
}

bool
parse_device(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"tcp", target_tcp}, {"account", target_account},
	    {"alias", target_alias}, {"tag", target_tag},
	    {"agent", target_agent}, {"replace", target_replace},
	    {"comment", target_comment}, {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_DEVICE, .place = build_place(at)}};
	struct policy_user u = {.flags = USER_DEVICE, .place = build_place(at)};
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
	return parse_declare(b, SPACE_PERSON, PT_USERS, u.name, build_count(b, PT_USERS),
		   &name) &&
	    (build_row(b, PT_USERS, &u, &name), true);
}

bool
parse_socket(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"ssh", target_ssh},
	    {"alias", target_alias}, {"tag", target_tag},
	    {"comment", target_comment}, {NULL, NULL}};
	struct target t = {
	    .row = {.kind = TARGET_SOCKET, .place = build_place(at)},
	    .path = true};
	struct position name;

	if (!read_name(b, false, &t.row.name, &name) ||
	    !read_path(b, &t.row.path) || !read_options(b, options, &t))
		return false;
	if (t.row.ports.n == 0 && !target_ports(b, &t, PROTO_TCP))
		return false;
	return declare_target(b, &t, &name);
}

bool
parse_hostkey(struct build *b, const struct position *at)
{
	struct policy_key key = {.kind = KEY_HOST, .place = build_place(at)};
	struct position owner, place;

	return read_name(b, false, &key.owner, &owner) &&
	    read_key(b, &key, &place) && parse_add_key(b, &key, &owner, &place);
}

