/* SPDX-License-Identifier: ISC */
/*
 * Statements about people: user, key, group, ca.
 */
#include "policy_read.h"

#include <sha2.h>
#include <string.h>

#include "pubkey.h"

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

bool
parse_user(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"until", user_until},
	    {"account", user_account}, {"comment", user_comment},
	    {NULL, NULL}};
	struct policy_user u = {.place = build_place(at)};
	struct position name;

	if (!read_name(b, true, &u.name, &name))
		return false;
	u.account = u.name;
	if (!read_options(b, options, &u))
		return false;
	if ((u.flags & USER_SHARED) &&
	    strpbrk(policy_string(b->p, u.name), "\\+") != NULL)
		return parse_item_error(b, &(struct item){.at = name}, NULL,
		    "a backslash or plus in the name of a shared account's "
		    "user");
	return parse_declare(b, SPACE_PERSON, PT_USERS, u.name, build_count(b, PT_USERS),
		   &name) &&
	    (build_row(b, PT_USERS, &u, &name), true);
}

static bool
key_split(struct build *b, char **blob, char **comment)
{
	static const char *const options[] = {
	    "verify-required", " from ", " for "};

	*blob = strchr(b->token.text, ' ');
	if (*blob == NULL)
		return parse_fail(b, "paste the line of the .pub file",
		    "expected a key: type and base64");
	*(*blob)++ = '\0';
	*comment = strchr(*blob, ' ');
	if (*comment == NULL)
		return true;
	*(*comment)++ = '\0';
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strstr(*comment, options[i]) != NULL)
			return parse_fail(b, "a key's options follow it",
			    "options stand after the closing quote");
	}
	return true;
}

/* Read a public key; the comment of the .pub file is kept as it is. */
bool
read_key(struct build *b, struct policy_key *key, struct position *at)
{
	static uint8_t raw[TOKEN_MAX];
	char *blob = NULL, *comment = NULL;
	enum pubkey_error error;
	SHA2_CTX ctx;
	size_t size;

	*at = b->token.at;
	if (b->token.kind != TOKEN_STRING || b->token.foreign)
		return parse_fail(b, "paste the line of the .pub file in quotes",
		    "expected a key");
	if (!key_split(b, &blob, &comment))
		return false;
	error = pubkey_decode(b->token.text, blob, raw, sizeof(raw), &size);
	if (error != PUBKEY_OK)
		return parse_fail(b, pubkey_hint(error),
		    pubkey_strerror(error));
	SHA256Init(&ctx);
	SHA256Update(&ctx, raw, size);
	SHA256Final(key->fingerprint, &ctx);
	key->type = build_string(b, b->token.text);
	key->blob = build_string(b, blob);
	key->comment = build_string(b, comment == NULL ? "" : comment);
	parse_next(b);
	return true;
}

bool
parse_add_key(struct build *b, struct policy_key *key, const struct position *owner,
    const struct position *at)
{
	uint32_t row = build_count(b, PT_KEYS);
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
		report_error(b->report, &b->option, NULL,
		    "verify-required is for security keys (sk-...)");
		return false;
	}
	return true;
}

bool
parse_key(struct build *b, const struct position *at)
{
	static const struct option options[] = {{"from", key_from},
	    {"verify-required", key_verify}, {NULL, NULL}};
	struct policy_key key = {.kind = KEY_USER, .place = build_place(at)};
	struct position owner, place;

	return read_name(b, true, &key.owner, &owner) &&
	    read_key(b, &key, &place) && read_options(b, options, &key) &&
	    parse_add_key(b, &key, &owner, &place);
}

/* The name after the @ of a group declaration or an approve. */
bool
read_group(struct build *b, uint32_t *string, struct position *at)
{
	static struct item item;

	if (b->token.kind != TOKEN_WORD || b->token.text[0] != '@')
		return parse_fail(b, NULL, "expected @ and the name of a group");
	if (!read_item(b, &item))
		return false;
	if (item.suffix[0] != '\0' || !parse_plain_name(item.name))
		return parse_item_error(b, &item, NULL, "not a name");
	*string = build_string(b, item.name);
	*at = item.at;
	return true;
}

bool
parse_group(struct build *b, const struct position *at)
{
	struct policy_group g = {.place = build_place(at)};
	struct position name;

	return read_group(b, &g.name, &name) &&
	    read_list(b, PT_REFS, &g.members, read_member, NULL) &&
	    parse_declare(b, SPACE_GROUP, PT_GROUPS, g.name, build_count(b, PT_GROUPS),
		&name) &&
	    (build_row(b, PT_GROUPS, &g, &name), true);
}

bool
parse_ca(struct build *b, const struct position *at)
{
	struct policy_ca ca = {.place = build_place(at)};
	struct policy_key key = {.kind = KEY_CA, .place = build_place(at)};
	struct position name, place;

	key.owner = build_count(b, PT_CAS);
	ca.key = build_count(b, PT_KEYS);
	return read_name(b, false, &ca.name, &name) &&
	    read_key(b, &key, &place) && parse_expect(b, "for", NULL) &&
	    read_list(b, PT_REFS, &ca.who, read_who, NULL) &&
	    parse_declare(b, SPACE_CA, PT_CAS, ca.name, key.owner, &name) &&
	    (build_row(b, PT_CAS, &ca, &name), true) &&
	    parse_add_key(b, &key, &name, &place);
}

