/* SPDX-License-Identifier: ISC */
/*
 * The compiled image: a header, the tables as they are, and a checksum for
 * each chunk of them.  The header's own checksum covers the checksums; a
 * chunk is verified when it is first touched.  The checksums find damage,
 * not malice: the file is root's.
 */
#include "policy.h"
#include "policy_image.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct policy_image {
	char *map;
	size_t size;
	size_t data;          /* where the first chunk begins */
	const uint64_t *sums;
	size_t nsums;
	bool damaged;
	uint8_t verified[];   /* a byte a chunk */
};

const char image_magic[8] = "JUMPDB\r\n";

uint64_t
image_checksum(const void *bytes, size_t size, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t lane[4] = {seed, seed ^ 1, seed ^ 2, seed ^ 3}, r = size;

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word = 0, *l = &lane[i / sizeof(word) % 4];
		size_t n = size - i < sizeof(word) ? size - i : sizeof(word);

		memcpy(&word, at + i, n);
		*l = (*l ^ word) * 0x9e3779b97f4a7c15U;
		*l ^= *l >> 29;
	}
	for (int i = 0; i < 4; i++) {
		r = (r ^ lane[i]) * 0xd6e8feb86659fd93U;
		r ^= r >> 32;
	}
	return r;
}

uint64_t
image_header_sum(const struct image_header *h, const uint64_t *sums)
{
	uint64_t own = image_checksum(h, offsetof(struct image_header, sum), 7);

	return image_checksum(sums, h->nsums * sizeof(*sums), own);
}

static size_t
chunk_size(const struct policy_image *image, size_t chunk)
{
	size_t end = (size_t)((const char *)image->sums - image->map);
	size_t from = image->data + chunk * CHUNK;

	return end - from < CHUNK ? end - from : CHUNK;
}

bool
image_verify(struct policy_image *image, const void *at, size_t size)
{
	size_t from = (size_t)((const char *)at - image->map) - image->data;
	size_t last = (from + (size == 0 ? 0 : size - 1)) / CHUNK;

	if (last >= image->nsums)
		image->damaged = true;
	for (size_t i = from / CHUNK; i <= last && !image->damaged; i++) {
		if (image->verified[i])
			continue;
		if (image_checksum(image->map + image->data + i * CHUNK,
			chunk_size(image, i), i) != image->sums[i])
			image->damaged = true;
		image->verified[i] = 1;
	}
	return !image->damaged;
}

bool
policy_verify(const struct policy *p)
{
	const struct policy_image *image = p->image;

	return image == NULL ||
	    image_verify(p->image, image->map + image->data,
		(size_t)((const char *)image->sums - image->map) -
		    image->data);
}

void
image_damage(struct policy_image *image)
{
	image->damaged = true;
}

bool
image_damaged(const struct policy_image *image)
{
	return image->damaged;
}

void
image_free(struct policy_image *image)
{
	munmap(image->map, image->size);
	free(image);
}

const char *
policy_strerror(enum policy_error error)
{
	switch (error) {
	case POLICY_OK:
		return "no error";
	case POLICY_MISSING:
		return "no policy is loaded";
	case POLICY_UNSAFE:
		return "not a regular file of its owner alone";
	case POLICY_VERSION:
		return "made by another version; run jumpctl load";
	case POLICY_BROKEN:
		return "damaged";
	case POLICY_SYSTEM:
		return strerror(errno);
	}
	return "unknown error";
}

int64_t
policy_hosts_changed(void)
{
	struct stat st;

	if (stat("/etc/hosts", &st) == -1)
		return 0;
	return (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
}

/*
 * Reading.
 */
static enum policy_error
check_file(int fd, unsigned owner, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return POLICY_SYSTEM;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return POLICY_UNSAFE;
	if (st.st_size < (off_t)sizeof(struct image_header))
		return POLICY_BROKEN;
	*size = (size_t)st.st_size;
	return POLICY_OK;
}

static bool
check_tables(const struct image_header *h)
{
	for (int t = 0; t < PT_COUNT; t++) {
		const struct image_table *table = &h->table[t];
		uint64_t bytes = (uint64_t)table->n * table->row_size;

		if (table->row_size != policy_row_size(t) ||
		    table->offset % ALIGN != 0 ||
		    table->offset < sizeof(*h) || table->offset > h->sums ||
		    bytes > h->sums - table->offset)
			return false;
	}
	return h->table[PT_META].n == 1 && h->table[PT_STRINGS].n > 0;
}

static enum policy_error
check_header(const struct image_header *h, size_t size)
{
	uint64_t data;

	if (memcmp(h->magic, image_magic, sizeof(image_magic)) != 0)
		return POLICY_BROKEN;
	if (h->version < IMAGE_OLDEST || h->version > IMAGE_VERSION ||
	    h->tables != PT_COUNT)
		return POLICY_VERSION;
	if (h->size != size || h->sums < sizeof(*h) || h->sums > size ||
	    h->sums % ALIGN != 0)
		return POLICY_BROKEN;
	data = h->sums - sizeof(*h);
	if (h->nsums != (data + CHUNK - 1) / CHUNK ||
	    h->nsums * sizeof(uint64_t) != size - h->sums ||
	    !check_tables(h) ||
	    h->loaded_by[sizeof(h->loaded_by) - 1] != '\0')
		return POLICY_BROKEN;
	if (image_header_sum(h, (const void *)((const char *)h + h->sums)) != h->sum)
		return POLICY_BROKEN;
	return POLICY_OK;
}

static struct policy *
policy_from_map(char *map, size_t size)
{
	const struct image_header *h = (const void *)map;
	struct policy *p = policy_new();
	struct policy_image *image = calloc(1, sizeof(*image) + h->nsums);

	if (p == NULL || image == NULL) {
		free(p);
		free(image);
		return NULL;
	}
	image->map = map;
	image->size = size;
	image->data = sizeof(*h);
	image->sums = (const void *)(map + h->sums);
	image->nsums = h->nsums;
	p->image = image;
	for (int t = 0; t < PT_COUNT; t++) {
		p->table[t].rows = map + h->table[t].offset;
		p->table[t].n = h->table[t].n;
	}
	memcpy(p->hash, h->hash, sizeof(p->hash));
	memcpy(p->loaded_by, h->loaded_by, sizeof(p->loaded_by));
	p->loaded_at = h->loaded_at;
	p->hosts_changed = h->hosts_changed;
	return p;
}

static enum policy_error
open_fd(int fd, unsigned owner, struct policy **p)
{
	size_t size;
	char *map;
	enum policy_error error = check_file(fd, owner, &size);

	if (error != POLICY_OK)
		return error;
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return POLICY_SYSTEM;
	error = check_header((const void *)map, size);
	if (error == POLICY_OK) {
		*p = policy_from_map(map, size);
		if (*p != NULL)
			return POLICY_OK;
		error = POLICY_SYSTEM;
	}
	munmap(map, size);
	return error;
}

enum policy_error
policy_open(const char *path, unsigned owner, struct policy **p)
{
	enum policy_error error;
	int saved, fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);

	if (fd == -1 && errno == ELOOP)
		return POLICY_UNSAFE;
	if (fd == -1)
		return errno == ENOENT ? POLICY_MISSING : POLICY_SYSTEM;
	error = open_fd(fd, owner, p);
	saved = errno;
	close(fd);
	errno = saved;
	return error;
}
