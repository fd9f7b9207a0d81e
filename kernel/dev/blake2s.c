/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blake2s.c - the hash BLAKE2s with 32 bytes of output (RFC 7693).
 *
 * The entropy pool is one running state of it. Pure code, no locks.
 */
#include "kernel/dev/inner.h"

enum { ROUNDS = 10 };

static const uint32_t iv[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
static const uint8_t sigma[ROUNDS][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static inline uint32_t rotate_right(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void mix(uint32_t v[16], const unsigned at[4], uint32_t x, uint32_t y)
{
	uint32_t a = v[at[0]], b = v[at[1]], c = v[at[2]], d = v[at[3]];

	a += b + x;
	d = rotate_right(d ^ a, 16);
	c += d;
	b = rotate_right(b ^ c, 12);
	a += b + y;
	d = rotate_right(d ^ a, 8);
	c += d;
	b = rotate_right(b ^ c, 7);
	v[at[0]] = a;
	v[at[1]] = b;
	v[at[2]] = c;
	v[at[3]] = d;
}

static void compress(struct blake2s *b, bool last)
{
	static const unsigned lanes[8][4] = {
		{ 0, 4, 8, 12 }, { 1, 5, 9, 13 }, { 2, 6, 10, 14 },
		{ 3, 7, 11, 15 }, { 0, 5, 10, 15 }, { 1, 6, 11, 12 },
		{ 2, 7, 8, 13 }, { 3, 4, 9, 14 },
	};
	uint32_t v[16], m[16];

	memcpy(m, b->block, sizeof(m));
	memcpy(v, b->h, sizeof(b->h));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= b->t[0];
	v[13] ^= b->t[1];
	if (last)
		v[14] = ~v[14];
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < 8; i++)
			mix(v, lanes[i], m[sigma[r][2 * i]],
			    m[sigma[r][2 * i + 1]]);
	for (unsigned i = 0; i < 8; i++)
		b->h[i] ^= v[i] ^ v[i + 8];
}

static void count(struct blake2s *b, uint32_t n)
{
	b->t[0] += n;
	b->t[1] += b->t[0] < n;
}

/* key: at most 32 bytes, or size 0 for a plain hash. */
void blake2s_init(struct blake2s *b, const uint8_t *key, size_t key_size)
{
	assert(key_size <= BLAKE2S_SIZE);
	memset(b, 0, sizeof(*b));
	memcpy(b->h, iv, sizeof(iv));
	b->h[0] ^= 0x01010000 | key_size << 8 | BLAKE2S_SIZE;
	if (key_size) {
		memcpy(b->block, key, key_size);
		b->used = BLAKE2S_BLOCK;
	}
}

void blake2s_add(struct blake2s *b, const void *p, size_t n)
{
	const uint8_t *from = p;

	assert(b->used <= BLAKE2S_BLOCK);
	while (n) {
		size_t part;

		/* end compresses the last block: only when more comes. */
		if (b->used == BLAKE2S_BLOCK) {
			count(b, BLAKE2S_BLOCK);
			compress(b, false);
			b->used = 0;
		}
		part = min_u32(n, BLAKE2S_BLOCK - b->used);
		memcpy(b->block + b->used, from, part);
		b->used += part;
		from += part;
		n -= part;
	}
}

void blake2s_end(struct blake2s *b, uint8_t out[BLAKE2S_SIZE])
{
	assert(b->used <= BLAKE2S_BLOCK);
	memset(b->block + b->used, 0, BLAKE2S_BLOCK - b->used);
	count(b, b->used);
	compress(b, true);
	memcpy(out, b->h, BLAKE2S_SIZE);
	memset(b, 0, sizeof(*b));
}
