#include "policy.h"
#include "policy_image.h"

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
    [PT_IX_USER] = sizeof(uint32_t),
    [PT_IX_ACCOUNT] = sizeof(uint32_t),
    [PT_IX_KEY] = sizeof(uint32_t),
    [PT_IX_NAME] = sizeof(struct policy_name),
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
 * The first row of a sorted table for which order() is not negative; the
 * number of rows if there is none.
 */
static uint32_t
first_row(const struct policy *p, enum policy_table t,
    int (*order)(const struct policy *, const void *row, const void *key),
    const void *key)
{
	uint32_t low = 0, high = p->table[t].n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (order(p, policy_row(p, t, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
order_user(const struct policy *p, const void *row, const void *key)
{
	const uint32_t *user = row;

	return strcmp(policy_string(p, policy_user(p, *user)->name), key);
}

uint32_t
policy_find_user(const struct policy *p, const char *name)
{
	uint32_t i = first_row(p, PT_IX_USER, order_user, name);
	const uint32_t *user;

	if (i >= p->table[PT_IX_USER].n)
		return POLICY_NONE;
	user = policy_row(p, PT_IX_USER, i);
	return order_user(p, user, name) == 0 ? *user : POLICY_NONE;
}

static int
order_account(const struct policy *p, const void *row, const void *key)
{
	const uint32_t *user = row;

	return strcmp(policy_string(p, policy_user(p, *user)->account), key);
}

bool
policy_account_shared(const struct policy *p, const char *account)
{
	uint32_t i = first_row(p, PT_IX_ACCOUNT, order_account, account);
	const uint32_t *user;

	if (i >= p->table[PT_IX_ACCOUNT].n)
		return false;
	user = policy_row(p, PT_IX_ACCOUNT, i);
	return order_account(p, user, account) == 0 &&
	    (policy_user(p, *user)->flags & USER_SHARED) != 0;
}

static int
order_name(const struct policy *p, const void *row, const void *key)
{
	const struct policy_name *name = row;

	return strcmp(policy_string(p, name->string), key);
}

uint32_t
policy_find_target(const struct policy *p, const char *name)
{
	uint32_t i = first_row(p, PT_IX_NAME, order_name, name);
	const struct policy_name *row;

	if (i >= p->table[PT_IX_NAME].n)
		return POLICY_NONE;
	row = policy_row(p, PT_IX_NAME, i);
	return order_name(p, row, name) == 0 ? row->target : POLICY_NONE;
}

static int
order_key(const struct policy *p, const void *row, const void *key)
{
	const uint32_t *i = row;

	return memcmp(policy_key(p, *i)->fingerprint, key, FINGERPRINT_BYTES);
}

uint32_t
policy_find_key(
    const struct policy *p, const uint8_t fingerprint[FINGERPRINT_BYTES])
{
	uint32_t i = first_row(p, PT_IX_KEY, order_key, fingerprint);
	const uint32_t *key;

	if (i >= p->table[PT_IX_KEY].n)
		return POLICY_NONE;
	key = policy_row(p, PT_IX_KEY, i);
	return order_key(p, key, fingerprint) == 0 ? *key : POLICY_NONE;
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
policy_links(const struct policy *p, enum policy_table t, uint32_t kind,
    uint32_t index)
{
	struct policy_link key = {kind, index, 0};
	struct policy_range r;

	r.first = first_row(p, t, order_link, &key);
	key.to = UINT32_MAX;
	r.n = first_row(p, t, order_link, &key) - r.first;
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
policy_nets_have(const struct policy *p, struct policy_range nets,
    const struct addr *a)
{
	nets = policy_clip(p, PT_NETS, nets);
	for (uint32_t i = 0; i < nets.n; i++) {
		if (net_contains(policy_row(p, PT_NETS, nets.first + i), a))
			return true;
	}
	return false;
}

bool
policy_name_matches(const struct policy *p, const struct policy_target *t,
    const char *name)
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
