/* SPDX-License-Identifier: ISC */
#include "policy_build.h"
#include "policy_image.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1 << 30 };

/* Whether positions of a table's rows are kept. */
static bool
has_positions(enum policy_table t)
{
	return t != PT_STRINGS && t < PT_IX_USER;
}

/* Make room for n more rows and their positions. */
static bool
make_room(struct build *b, enum policy_table t, uint32_t n)
{
	bool positions = has_positions(t);
	struct policy_rows *rows = &b->p->table[t];
	uint32_t room = rows->room == 0 ? 64 : rows->room * 2;
	void *more, *places;

	if (n <= rows->room - rows->n)
		return true;
	if (rows->n > ROWS_MAX - n) {
		b->no_memory = true;
		return false;
	}
	while (room - rows->n < n)
		room *= 2;
	more = reallocarray(rows->rows, room, policy_row_size(t));
	if (more != NULL)
		rows->rows = more;
	places = b->at[t];
	if (positions && more != NULL)
		places = reallocarray(b->at[t], room, sizeof(*b->at[t]));
	if (more == NULL || (positions && places == NULL)) {
		b->no_memory = true;
		return false;
	}
	b->at[t] = places;
	rows->room = room;
	return true;
}

uint32_t
build_row(struct build *b, enum policy_table t, const void *row,
    const struct position *at)
{
	struct policy_rows *rows = &b->p->table[t];
	size_t size = policy_row_size(t);

	static const struct position nowhere;

	if (!make_room(b, t, 1))
		return 0;
	memcpy((char *)rows->rows + rows->n * size, row, size);
	if (has_positions(t))
		b->at[t][rows->n] = at == NULL ? nowhere : *at;
	return rows->n++;
}

static uint64_t
hash_bytes(const void *bytes, size_t size, uint64_t h)
{
	const unsigned char *at = bytes;

	while (size-- > 0)
		h = (h ^ *at++) * 0x100000001b3U;
	return h ^ h >> 32;
}

static uint64_t
hash_entry(
    const struct build *b, enum space space, const char *text, uint32_t string)
{
	(void)b;
	if (space == SPACE_STRING)
		return hash_bytes(text, strlen(text), 0xcbf29ce484222325U);
	return hash_bytes(&string, sizeof(string), 0x9ae16a3b2f90404fU + space);
}

static bool
same_entry(const struct build *b, const struct entry *e, enum space space,
    const char *text, uint32_t string)
{
	const char *pool = b->p->table[PT_STRINGS].rows;

	if (e->space != space)
		return false;
	if (space == SPACE_STRING)
		return strcmp(pool + e->string, text) == 0;
	return e->string == string;
}

/* The entry of a name, or the empty one where it would stand. */
static struct entry *
find_entry(struct build *b, enum space space, const char *text, uint32_t string)
{
	size_t mask = b->names.size - 1;
	size_t i = hash_entry(b, space, text, string) & mask;

	while (b->names.entries[i].row != 0 &&
	    !same_entry(b, &b->names.entries[i], space, text, string))
		i = (i + 1) & mask;
	return &b->names.entries[i];
}

static bool
grow_names(struct build *b)
{
	struct names old = b->names;
	const char *pool = b->p->table[PT_STRINGS].rows;

	if (old.n * 2 < old.size)
		return true;
	b->names.size = old.size == 0 ? 1024 : old.size * 2;
	b->names.entries = calloc(b->names.size, sizeof(struct entry));
	if (b->names.entries == NULL) {
		b->names = old;
		b->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < old.size; i++) {
		struct entry *e = &old.entries[i];

		if (e->row != 0)
			*find_entry(b, e->space, pool + e->string, e->string) =
			    *e;
	}
	free(old.entries);
	return true;
}

static uint32_t
pool_add(struct build *b, const char *text)
{
	struct policy_rows *pool = &b->p->table[PT_STRINGS];
	uint32_t at = pool->n;
	size_t size = strlen(text) + 1;

	if (!make_room(b, PT_STRINGS, (uint32_t)size))
		return 0;
	memcpy((char *)pool->rows + at, text, size);
	pool->n += (uint32_t)size;
	return at;
}

uint32_t
build_string(struct build *b, const char *text)
{
	struct entry *e;

	if (!grow_names(b))
		return 0;
	if (b->p->table[PT_STRINGS].n == 0)
		pool_add(b, "");
	if (text[0] == '\0' || b->no_memory)
		return 0;
	e = find_entry(b, SPACE_STRING, text, 0);
	if (e->row == 0) {
		*e = (struct entry){SPACE_STRING, pool_add(b, text), 1};
		b->names.n++;
	}
	return e->string;
}

bool
build_declare(struct build *b, enum space space, uint32_t string, uint32_t *row)
{
	struct entry *e;

	if (!grow_names(b))
		return true;
	e = find_entry(b, space, "", string);
	if (e->row != 0) {
		*row = e->row - 1;
		return false;
	}
	*e = (struct entry){space, string, *row + 1};
	b->names.n++;
	return true;
}

uint32_t
build_find(struct build *b, enum space space, uint32_t string)
{
	struct entry *e;

	if (b->names.size == 0)
		return POLICY_NONE;
	e = find_entry(b, space, "", string);
	return e->row == 0 ? POLICY_NONE : e->row - 1;
}

void
build_free(struct build *b)
{
	for (int t = 0; t < PT_COUNT; t++)
		free(b->at[t]);
	free(b->names.entries);
}

/*
 * Indexes.
 */
static int
compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_entry(const void *a, const void *b, void *arg)
{
	const struct policy_entry *x = a, *y = b;
	const struct policy *p = arg;
	int order = compare(x->hash, y->hash);

	if (order == 0)
		order = strcmp(
		    policy_string(p, x->string), policy_string(p, y->string));
	return order;
}

/* People of one account by their names. */
static int
by_account(const void *a, const void *b, void *arg)
{
	const struct policy_entry *x = a, *y = b;
	const struct policy *p = arg;
	int order = by_entry(a, b, arg);

	if (order == 0)
		order = strcmp(policy_string(p, policy_user(p, x->row)->name),
		    policy_string(p, policy_user(p, y->row)->name));
	return order;
}

static int
by_fingerprint(const void *a, const void *b, void *arg)
{
	const struct policy_entry *x = a, *y = b;
	const struct policy *p = arg;

	return memcmp(policy_key(p, x->row)->fingerprint,
	    policy_key(p, y->row)->fingerprint, FINGERPRINT_BYTES);
}

static int
by_net(const void *a, const void *b, void *arg)
{
	const struct policy_cover *x = a, *y = b;
	int order = compare(x->net.len, y->net.len);

	(void)arg;
	if (order == 0)
		order = memcmp(&x->net.addr, &y->net.addr, sizeof(x->net.addr));
	return order != 0 ? order : compare(x->target, y->target);
}

static int
by_link(const void *a, const void *b, void *arg)
{
	const struct policy_link *x = a, *y = b;
	int order = compare(x->kind, y->kind);

	(void)arg;
	if (order == 0)
		order = compare(x->index, y->index);
	return order != 0 ? order : compare(x->to, y->to);
}

static void
sort(struct build *b, enum policy_table t,
    int (*order)(const void *, const void *, void *))
{
	struct policy_rows *rows = &b->p->table[t];

	if (rows->n != 0)
		qsort_r(rows->rows, rows->n, policy_row_size(t), order, b->p);
}

static void
index_string(
    struct build *b, enum policy_table t, uint32_t string, uint32_t row)
{
	struct policy_entry e = {
	    image_string_hash(policy_string(b->p, string)), string, row};

	build_row(b, t, &e, NULL);
}

static void
index_people_and_keys(struct build *b)
{
	const struct policy *p = b->p;

	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		index_string(b, PT_IX_USER, policy_user(p, i)->name, i);
		index_string(b, PT_IX_ACCOUNT, policy_user(p, i)->account, i);
	}
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);
		struct policy_link link = {REF_TARGET, key->owner, i};
		struct policy_entry e = {
		    image_key_hash(key->fingerprint), 0, i};

		if (key->kind == KEY_USER)
			build_row(b, PT_IX_KEY, &e, NULL);
		else if (key->kind == KEY_HOST)
			build_row(b, PT_IX_HOSTKEY, &link, NULL);
	}
	sort(b, PT_IX_USER, by_entry);
	sort(b, PT_IX_ACCOUNT, by_account);
	sort(b, PT_IX_KEY, by_fingerprint);
	sort(b, PT_IX_HOSTKEY, by_link);
}

static void
index_target(struct build *b, uint32_t i)
{
	const struct policy_target *t = policy_target(b->p, i);
	struct policy_meta *meta = b->p->table[PT_META].rows;

	index_string(b, PT_IX_NAME, t->name, i);
	if (t->kind == TARGET_DOMAIN)
		build_row(b, PT_IX_DOMAIN, &i, NULL);
	for (uint32_t n = 0; n < t->aliases.n; n++) {
		const struct policy_word *w =
		    policy_row(b->p, PT_WORDS, t->aliases.first + n);

		index_string(b, PT_IX_NAME, w->string, i);
	}
	if (t->path != 0)
		index_string(b, PT_IX_NAME, t->path, i);
	for (uint32_t n = 0; n < t->nets.n; n++) {
		const struct net *net =
		    policy_row(b->p, PT_NETS, t->nets.first + n);
		struct policy_cover cover = {*net, i};

		build_row(b, PT_IX_NET, &cover, NULL);
		meta->lengths[net->len / 64] |= UINT64_C(1) << net->len % 64;
	}
	for (uint32_t n = 0; n < t->tags.n; n++) {
		const struct policy_ref *ref =
		    policy_ref(b->p, t->tags.first + n);
		struct policy_link link = {REF_TAG, ref->index, i};

		build_row(b, PT_IX_TAG, &link, NULL);
	}
}

static void
index_links(
    struct build *b, enum policy_table t, struct policy_range refs, uint32_t to)
{
	for (uint32_t i = 0; i < refs.n; i++) {
		const struct policy_ref *ref = policy_ref(b->p, refs.first + i);
		struct policy_link link = {ref->kind, ref->index, to};

		build_row(b, t, &link, NULL);
	}
}

void
build_index(struct build *b)
{
	const struct policy *p = b->p;
	struct policy_meta *meta = p->table[PT_META].rows;

	index_people_and_keys(b);
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(p, i);

		index_target(b, i);
		meta->device_paths += t->kind == TARGET_DEVICE && t->path != 0;
	}
	for (uint32_t i = 0; i < p->table[PT_GROUPS].n; i++)
		index_links(b, PT_IX_MEMBER, policy_group(p, i)->members, i);
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++)
		index_links(b, PT_IX_WHO, policy_rule(p, i)->who, i);
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++)
		meta->records += (policy_rule(p, i)->obligations & MUST_RECORD) != 0;
	sort(b, PT_IX_NAME, by_entry);
	sort(b, PT_IX_NET, by_net);
	sort(b, PT_IX_MEMBER, by_link);
	sort(b, PT_IX_WHO, by_link);
	sort(b, PT_IX_TAG, by_link);
}
