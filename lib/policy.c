/* SPDX-License-Identifier: ISC */
#include "policy.h"
#include "policy_image.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const char *const policy_road_names[ROAD_COUNT] = {
    "forward", "connect", "shell"};
const char *const policy_action_names[] = {"deny", "ask", "allow"};
const char *const policy_verb_names[] = {"allow", "deny", "require"};
const char *const policy_obligation_names[OBLIGATIONS] = {"mfa", "ticket",
    "approve", "record", "consent", "notify", "max", "idle", "duration"};

static const size_t row_size[PT_COUNT] = {
    [PT_META] = sizeof(struct policy_meta),
    [PT_STRINGS] = 1,
    [PT_FILES] = sizeof(uint32_t),
    [PT_USERS] = sizeof(struct policy_user),
    [PT_KEYS] = sizeof(struct policy_key),
    [PT_GROUPS] = sizeof(struct policy_group),
    [PT_UNIXGROUPS] = sizeof(uint32_t),
    [PT_CAS] = sizeof(struct policy_ca),
    [PT_TARGETS] = sizeof(struct policy_target),
    [PT_TAGS] = sizeof(uint32_t),
    [PT_WINDOWS] = sizeof(struct policy_window),
    [PT_SPANS] = sizeof(struct policy_span),
    [PT_RULES] = sizeof(struct policy_rule),
    [PT_TESTS] = sizeof(struct policy_test),
    [PT_NETS] = sizeof(struct net),
    [PT_PORTS] = sizeof(struct policy_port),
    [PT_WORDS] = sizeof(struct policy_word),
    [PT_REFS] = sizeof(struct policy_ref),
    [PT_LOCKS] = sizeof(struct policy_lock),
    [PT_IX_USER] = sizeof(struct policy_entry),
    [PT_IX_ACCOUNT] = sizeof(struct policy_entry),
    [PT_IX_KEY] = sizeof(struct policy_entry),
    [PT_IX_NAME] = sizeof(struct policy_entry),
    [PT_IX_NET] = sizeof(struct policy_cover),
    [PT_IX_MEMBER] = sizeof(struct policy_link),
    [PT_IX_WHO] = sizeof(struct policy_link),
    [PT_IX_TAG] = sizeof(struct policy_link),
    [PT_IX_DOMAIN] = sizeof(uint32_t),
    [PT_IX_HOSTKEY] = sizeof(struct policy_link),
};

/* What an access to a missing or damaged row sees; larger than any row. */
static const union {
	uint64_t align;
	char bytes[512];
} zeros;

size_t
policy_row_size(enum policy_table t)
{
	return row_size[t];
}

struct policy *
policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	if (p->image != NULL)
		image_free(p->image);
	else
		for (int t = 0; t < PT_COUNT; t++)
			free(p->table[t].rows);
	free(p);
}

bool
policy_damaged(const struct policy *p)
{
	return p->image != NULL && image_damaged(p->image);
}

static void
damage(const struct policy *p)
{
	if (p->image != NULL)
		image_damage(p->image);
}

const void *
policy_row(const struct policy *p, enum policy_table t, uint32_t i)
{
	const struct policy_rows *rows = &p->table[t];
	const char *row;

	if (i >= rows->n) {
		damage(p);
		return &zeros;
	}
	row = (const char *)rows->rows + (size_t)i * row_size[t];
	if (p->image != NULL && !image_verify(p->image, row, row_size[t]))
		return &zeros;
	return row;
}

const char *
policy_string(const struct policy *p, uint32_t at)
{
	const struct policy_rows *pool = &p->table[PT_STRINGS];
	const char *s, *end;

	if (at >= pool->n) {
		damage(p);
		return "";
	}
	s = (const char *)pool->rows + at;
	end = memchr(s, '\0', pool->n - at);
	if (end == NULL) {
		damage(p);
		return "";
	}
	if (p->image != NULL &&
	    !image_verify(p->image, s, (size_t)(end - s) + 1))
		return "";
	return s;
}

struct policy_range
policy_clip(
    const struct policy *p, enum policy_table t, struct policy_range range)
{
	uint32_t n = p->table[t].n;

	if (range.first <= n && range.n <= n - range.first)
		return range;
	damage(p);
	return (struct policy_range){0, 0};
}

const struct policy_meta *
policy_meta(const struct policy *p)
{
	return policy_row(p, PT_META, 0);
}

const struct policy_user *
policy_user(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_USERS, i);
}

const struct policy_key *
policy_key(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_KEYS, i);
}

const struct policy_group *
policy_group(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_GROUPS, i);
}

const struct policy_ca *
policy_ca(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_CAS, i);
}

const struct policy_target *
policy_target(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_TARGETS, i);
}

const struct policy_rule *
policy_rule(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_RULES, i);
}

const struct policy_ref *
policy_ref(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_REFS, i);
}

const struct policy_lock *
policy_lock(const struct policy *p, uint32_t i)
{
	return policy_row(p, PT_LOCKS, i);
}

const char *
policy_word(const struct policy *p, uint32_t i)
{
	const struct policy_word *w = policy_row(p, PT_WORDS, i);

	return policy_string(p, w->string);
}

const char *
policy_unixgroup(const struct policy *p, uint32_t i)
{
	const uint32_t *string = policy_row(p, PT_UNIXGROUPS, i);

	return policy_string(p, *string);
}

/*
 * The first row from low on, of a sorted table, for which order() is not
 * negative; high if there is none before it.
 */
static uint32_t
first_row(const struct policy *p, enum policy_table t, uint32_t low,
    uint32_t high,
    int (*order)(const struct policy *, const void *row, const void *key),
    const void *key)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (order(p, policy_row(p, t, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
image_string_hash(const char *s)
{
	uint32_t h = 0x811c9dc5;

	while (*s != '\0')
		h = (h ^ (unsigned char)*s++) * 0x01000193;
	h = (h ^ h >> 16) * 0x85ebca6b; /* spread evenly */
	h = (h ^ h >> 13) * 0xc2b2ae35;
	return h ^ h >> 16;
}

uint32_t
image_key_hash(const uint8_t fingerprint[FINGERPRINT_BYTES])
{
	uint32_t h;

	memcpy(&h, fingerprint, sizeof(h));
	return ntohl(h);
}

enum { NEAR = 256 }; /* entries; about the root of a large table */

struct wanted {
	uint32_t hash;
	const char *string; /* or */
	const uint8_t *fingerprint;
};

static int
order_entry(const struct policy *p, const void *row, const void *key)
{
	const struct policy_entry *e = row;
	const struct wanted *wanted = key;

	if (e->hash != wanted->hash)
		return e->hash < wanted->hash ? -1 : 1;
	if (wanted->string != NULL)
		return strcmp(policy_string(p, e->string), wanted->string);
	return memcmp(policy_key(p, e->row)->fingerprint, wanted->fingerprint,
	    FINGERPRINT_BYTES);
}

/*
 * Hashes are spread evenly, so the wanted one is near its share of the table:
 * a search from there reads two or three chunks where halving reads ten.
 */
static uint32_t
first_entry(
    const struct policy *p, enum policy_table t, const struct wanted *wanted)
{
	uint64_t n = p->table[t].n;
	uint64_t low = wanted->hash * n >> 32, high = low;

	for (uint64_t step = NEAR; low > 0 &&
	     order_entry(p, policy_row(p, t, (uint32_t)low), wanted) >= 0;
	     step *= 4)
		low = low > step ? low - step : 0;
	for (uint64_t step = NEAR; high < n &&
	     order_entry(p, policy_row(p, t, (uint32_t)high), wanted) < 0;
	     step *= 4)
		high = n - high > step ? high + step : n;
	return first_row(
	    p, t, (uint32_t)low, (uint32_t)high, order_entry, wanted);
}

/* The row of the first entry that is wanted, or POLICY_NONE. */
static uint32_t
find_entry(
    const struct policy *p, enum policy_table t, const struct wanted *wanted)
{
	uint32_t i = first_entry(p, t, wanted);
	const struct policy_entry *e;

	if (i >= p->table[t].n)
		return POLICY_NONE;
	e = policy_row(p, t, i);
	return order_entry(p, e, wanted) == 0 ? e->row : POLICY_NONE;
}

static uint32_t
find_string(const struct policy *p, enum policy_table t, const char *string)
{
	const struct wanted wanted = {
	    .hash = image_string_hash(string), .string = string};

	return find_entry(p, t, &wanted);
}

uint32_t
policy_find_user(const struct policy *p, const char *name)
{
	return find_string(p, PT_IX_USER, name);
}

uint32_t
policy_find_account(const struct policy *p, const char *account)
{
	return find_string(p, PT_IX_ACCOUNT, account);
}

bool
policy_account_shared(const struct policy *p, const char *account)
{
	uint32_t user = policy_find_account(p, account);

	return user != POLICY_NONE &&
	    (policy_user(p, user)->flags & USER_SHARED) != 0;
}

bool
policy_person_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < NAME_TEXT && strchr("-+.", *s) == NULL &&
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789._@+-\\") == n;
}

uint32_t
policy_find_target(const struct policy *p, const char *name)
{
	return find_string(p, PT_IX_NAME, name);
}

uint32_t
policy_find_key(
    const struct policy *p, const uint8_t fingerprint[FINGERPRINT_BYTES])
{
	const struct wanted wanted = {
	    .hash = image_key_hash(fingerprint), .fingerprint = fingerprint};

	return find_entry(p, PT_IX_KEY, &wanted);
}

bool
policy_fingerprint(
    const struct policy *p, const char *fingerprint, uint32_t *row)
{
	static const char prefix[] = "SHA256:";
	uint8_t raw[FINGERPRINT_BYTES];

	if (strncmp(fingerprint, prefix, sizeof(prefix) - 1) != 0 ||
	    base64_decode(fingerprint + sizeof(prefix) - 1, raw,
		sizeof(raw)) != FINGERPRINT_BYTES)
		return false;
	*row = policy_find_key(p, raw);
	return true;
}

bool
policy_has_key(const struct policy *p, const char *fingerprint, uint32_t user)
{
	uint32_t row;

	return policy_fingerprint(p, fingerprint, &row) && row != POLICY_NONE &&
	    policy_key(p, row)->owner == user;
}

static int
order_link(const struct policy *p, const void *row, const void *key)
{
	const struct policy_link *a = row, *b = key;

	(void)p;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

struct policy_range
policy_links(
    const struct policy *p, enum policy_table t, uint32_t kind, uint32_t index)
{
	struct policy_link key = {kind, index, 0};
	uint32_t n = p->table[t].n;
	struct policy_range r;

	r.first = first_row(p, t, 0, n, order_link, &key);
	key.to = UINT32_MAX;
	r.n = first_row(p, t, r.first, n, order_link, &key) - r.first;
	return r;
}

bool
policy_declares(const struct policy *p, const struct policy_target *t,
    uint16_t port, enum policy_protocol *protocol)
{
	struct policy_range ports = policy_clip(p, PT_PORTS, t->ports);

	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *row =
		    policy_row(p, PT_PORTS, ports.first + i);

		if (row->port != port)
			continue;
		if (protocol != NULL)
			*protocol = (enum policy_protocol)row->protocol;
		return true;
	}
	return false;
}

bool
policy_nets_have(
    const struct policy *p, struct policy_range nets, const struct addr *a)
{
	nets = policy_clip(p, PT_NETS, nets);
	for (uint32_t i = 0; i < nets.n; i++) {
		if (net_contains(policy_row(p, PT_NETS, nets.first + i), a))
			return true;
	}
	return false;
}

bool
policy_name_matches(
    const struct policy *p, const struct policy_target *t, const char *name)
{
	struct policy_range r = policy_clip(p, PT_WORDS, t->patterns);

	for (uint32_t i = 0; i < r.n; i++) {
		if (glob_match(policy_word(p, r.first + i), name, false))
			return true;
	}
	return false;
}

void
policy_hash_text(const struct policy *p, char buf[17])
{
	for (int i = 0; i < 8; i++)
		snprintf(buf + 2 * i, 3, "%02x", p->hash[i]);
}
