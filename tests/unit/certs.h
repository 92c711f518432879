/* SPDX-License-Identifier: ISC */
/*
 * Certificates for tests, right and wrong, by PROTOCOL.certkeys of OpenSSH.
 * Nothing is signed: that is sshd's to check.
 */
#ifndef CERTS_H
#define CERTS_H

#include <stdbool.h>
#include <stdint.h>

enum { LENGTHS = 64 };

struct bytes {
	uint8_t at[70000];
	size_t n;
	size_t lengths[LENGTHS]; /* where length fields stand */
	int nlengths;
};

/* Strings; lists end in NULL.  Options are names and values in turn. */
struct cert_spec {
	const char *type;
	int parts; /* of the key */
	uint64_t serial;
	uint32_t kind;
	const char *id, *principals[8], *critical[8], *extensions[8];
	const uint8_t *authority;
	size_t authority_size;
};

static inline void
bytes_put(struct bytes *b, const void *at, size_t n)
{
	ck_assert_uint_le(b->n + n, sizeof(b->at));
	memcpy(b->at + b->n, at, n);
	b->n += n;
}

static inline void
bytes_number(struct bytes *b, uint64_t n, int size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(n >> 8 * size);

		bytes_put(b, &byte, 1);
	}
}

/* A string begins; bytes_end() says how long it became. */
static inline size_t
bytes_begin(struct bytes *b)
{
	if (b->nlengths < LENGTHS)
		b->lengths[b->nlengths++] = b->n;
	bytes_number(b, 0, 4);
	return b->n;
}

static inline void
bytes_end(struct bytes *b, size_t begin)
{
	size_t n = b->n - begin;

	b->n = begin - 4;
	bytes_number(b, n, 4);
	b->n += n;
}

static inline void
bytes_string(struct bytes *b, const void *at, size_t n)
{
	size_t begin = bytes_begin(b);

	bytes_put(b, at, n);
	bytes_end(b, begin);
}

static inline void
bytes_texts(struct bytes *b, const char *const *texts)
{
	size_t begin = bytes_begin(b);

	for (; *texts != NULL; texts++)
		bytes_string(b, *texts, strlen(*texts));
	bytes_end(b, begin);
}

static inline void
cert_make(struct bytes *b, const struct cert_spec *spec)
{
	uint8_t filling[64];

	/* As a length, more than there is: nothing hides in here. */
	memset(filling, 0x77, sizeof(filling));
	b->n = 0;
	b->nlengths = 0;
	bytes_string(b, spec->type, strlen(spec->type));
	bytes_string(b, filling, 32); /* nonce */
	for (int i = 0; i < spec->parts; i++)
		bytes_string(b, filling, 32);
	bytes_number(b, spec->serial, 8);
	bytes_number(b, spec->kind, 4);
	bytes_string(b, spec->id, strlen(spec->id));
	bytes_texts(b, spec->principals);
	bytes_number(b, 0, 8);
	bytes_number(b, UINT64_MAX, 8);
	bytes_texts(b, spec->critical);
	bytes_texts(b, spec->extensions);
	bytes_string(b, "", 0); /* reserved */
	bytes_string(b, spec->authority, spec->authority_size);
	bytes_string(b, filling, 64); /* signature */
}

#endif
