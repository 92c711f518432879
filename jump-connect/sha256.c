#include "sha256.h"

#include <string.h>

/* Fractions of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t rounds[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf,
    0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
    0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
    0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
    0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

/* Fractions of the square roots of the first 8 primes (5.3.3). */
static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
    0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t
rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t
load(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static void
store(uint8_t *at, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(x >> (24 - 8 * i));
}

/* The message schedule (6.2.2, step 1). */
static void
schedule(uint32_t w[64], const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = load(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		    (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		    (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* Steps 2 to 4; s is a to h. */
static void
mix(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8], t1, t2;

	schedule(w, block);
	memcpy(s, state, sizeof(s));
	for (int i = 0; i < 64; i++) {
		t1 = s[7] +
		    (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[i] + w[i];
		t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

void
sha256_init(struct sha256 *h)
{
	memcpy(h->state, initial, sizeof(initial));
	h->size = 0;
}

void
sha256_update(struct sha256 *h, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n-- > 0) {
		h->block[h->size++ % SHA256_BLOCK] = *at++;
		if (h->size % SHA256_BLOCK == 0)
			mix(h->state, h->block);
	}
}

void
sha256_final(struct sha256 *h, uint8_t digest[SHA256_BYTES])
{
	static const uint8_t end = 0x80, zero;
	uint64_t bits = h->size * 8;
	uint8_t length[8];

	store(length, (uint32_t)(bits >> 32));
	store(length + 4, (uint32_t)bits);
	sha256_update(h, &end, 1);
	while (h->size % SHA256_BLOCK != SHA256_BLOCK - sizeof(length))
		sha256_update(h, &zero, 1);
	sha256_update(h, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		store(digest + 4 * i, h->state[i]);
}
