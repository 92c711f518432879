/* SPDX-License-Identifier: ISC */
/*
 * Writing the compiled image; see policy_image.h for its layout.
 */
#include "policy.h"
#include "policy_image.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t
table_bytes(const struct policy *p, int t)
{
	return (size_t)p->table[t].n * policy_row_size(t);
}

static size_t
aligned(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static void
hash_tables(struct policy *p)
{
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	for (int t = 0; t < PT_COUNT; t++) {
		SHA256Update(&ctx, (const void *)&p->table[t].n,
		    sizeof(p->table[t].n));
		SHA256Update(&ctx, p->table[t].rows, table_bytes(p, t));
	}
	SHA256Final(p->hash, &ctx);
}

/* Lay the tables out; fills the header but for its sum. */
static void
plan(const struct policy *p, struct image_header *h)
{
	size_t at = sizeof(*h);

	memset(h, 0, sizeof(*h));
	memcpy(h->magic, image_magic, sizeof(image_magic));
	h->version = IMAGE_VERSION;
	h->tables = PT_COUNT;
	for (int t = 0; t < PT_COUNT; t++) {
		h->table[t].offset = at;
		h->table[t].n = p->table[t].n;
		h->table[t].row_size = (uint32_t)policy_row_size(t);
		at = aligned(at + table_bytes(p, t));
	}
	h->sums = at;
	h->nsums = (at - sizeof(*h) + CHUNK - 1) / CHUNK;
	h->size = at + h->nsums * sizeof(uint64_t);
	memcpy(h->hash, p->hash, sizeof(h->hash));
	memcpy(h->loaded_by, p->loaded_by, sizeof(h->loaded_by));
	h->loaded_at = p->loaded_at;
	h->hosts_changed = p->hosts_changed;
}

static void
fill(const struct policy *p, struct image_header *h, char *image)
{
	uint64_t *sums = (void *)(image + h->sums);

	for (int t = 0; t < PT_COUNT; t++) {
		if (p->table[t].n != 0)
			memcpy(image + h->table[t].offset, p->table[t].rows,
			    table_bytes(p, t));
	}
	for (uint64_t i = 0; i < h->nsums; i++) {
		size_t at = sizeof(*h) + i * CHUNK;
		size_t size = h->sums - at < CHUNK ? h->sums - at : CHUNK;

		sums[i] = image_checksum(image + at, size, i);
	}
	h->sum = image_header_sum(h, sums);
	memcpy(image, h, sizeof(*h));
}

static int
write_all(int fd, const char *at, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n <= 0)
			return -1;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int
policy_save(struct policy *p, int fd)
{
	struct image_header h;
	char *image;
	int result;

	hash_tables(p);
	plan(p, &h);
	image = calloc(1, h.size);
	if (image == NULL)
		return -1;
	fill(p, &h, image);
	result = write_all(fd, image, h.size);
	free(image);
	return result;
}
