/* SPDX-License-Identifier: ISC */
/*
 * The layout of the compiled image; for policy.c, policy_index.c,
 * policy_db.c and policy_save.c only.
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy.h"

/*
 * Raised by each change of what an image says.  Readers take those from
 * IMAGE_OLDEST on, so that an upgrade finds a policy in force, until jumpctl
 * load has made it again: it stays at the version before where rows of that
 * read as they were meant (a new bit, a new kind), and is raised too where a
 * layout has changed.  Tests build a next version.
 */
#ifndef IMAGE_VERSION
#define IMAGE_VERSION 6
#endif
enum { IMAGE_OLDEST = 6, CHUNK = 4096, ALIGN = 8 };

extern const char image_magic[8];

struct image_table {
	uint64_t offset;
	uint32_t n, row_size;
};

struct image_header {
	char magic[8];
	uint32_t version, tables;
	uint64_t size;       /* of the file */
	uint64_t sums;       /* offset of one uint64_t a chunk */
	uint64_t nsums;
	uint8_t hash[FINGERPRINT_BYTES];
	int64_t loaded_at;
	char loaded_by[64];
	int64_t hosts_changed;
	struct image_table table[PT_COUNT];
	uint64_t sum;        /* of the header up to here, and of the sums */
};

/*
 * A fast checksum: four lanes of multiply and shift, so that any change of
 * one word changes the result for certain, and others but for chance.
 */
uint64_t image_checksum(const void *, size_t size, uint64_t seed);

/* What an index is sorted by: FNV-1a of a string, mixed as MurmurHash3 ends. */
uint32_t image_string_hash(const char *);

/* ... and of a key. */
uint32_t image_key_hash(const uint8_t fingerprint[FINGERPRINT_BYTES]);

/* Of the header, but for its field sum, and of the checksums of chunks. */
uint64_t image_header_sum(const struct image_header *, const uint64_t *sums);

/* Whether the bytes from at are inside the image and undamaged. */
bool image_verify(struct policy_image *, const void *at, size_t size);
void image_damage(struct policy_image *);
bool image_damaged(const struct policy_image *);
void image_free(struct policy_image *);

#endif
