/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chacha.c - the ChaCha20 block function (RFC 8439), as a stream of random
 * bytes. Pure code, no locks.
 */
#include "kernel/dev/inner.h"

enum { DOUBLE_ROUNDS = 10, COUNTER = 12 };

static inline uint32_t rotate_left(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static inline void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate_left(*d ^ *a, 16);
	*c += *d;
	*b = rotate_left(*b ^ *c, 12);
	*a += *b;
	*d = rotate_left(*d ^ *a, 8);
	*c += *d;
	*b = rotate_left(*b ^ *c, 7);
}

/* Counter and nonce are 0: a key must serve one stream only. */
void chacha_init(struct chacha *c, const uint8_t key[CHACHA_KEY])
{
	/* "expand 32-byte k" */
	c->state[0] = 0x61707865;
	c->state[1] = 0x3320646e;
	c->state[2] = 0x79622d32;
	c->state[3] = 0x6b206574;
	memcpy(c->state + 4, key, CHACHA_KEY);
	memset(c->state + COUNTER, 0, 16);
}

void chacha_block(struct chacha *c, uint8_t out[CHACHA_BLOCK])
{
	uint32_t x[16];

	memcpy(x, c->state, sizeof(x));
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
	for (unsigned i = 0; i < 16; i++)
		x[i] += c->state[i];
	memcpy(out, x, sizeof(x));
	/* A 64-bit counter; RFC 8439's nonce starts one word later, and is 0. */
	if (!++c->state[COUNTER])
		c->state[COUNTER + 1]++;
}
