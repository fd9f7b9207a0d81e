/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.c - a fast hash of bytes for in-memory tables (not for secrets).
 *
 * Four bytes at a time: xor in, multiply by an odd constant, fold the high
 * half down, where the table takes its bits from.
 */
#include "kernel/base/base.h"

static inline uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ (h >> 15);
}

uint32_t hash_bytes(const void *p, size_t n, uint32_t seed)
{
	const uint8_t *b = p;
	uint32_t h = seed ^ (uint32_t)n, v;

	for (; n >= 4; n -= 4, b += 4) {
		__builtin_memcpy(&v, b, 4);
		h = mix(h, v);
	}
	if (n) {
		v = b[0];
		if (n > 1)
			v |= b[1] << 8;
		if (n > 2)
			v |= (uint32_t)b[2] << 16;
		h = mix(h, v);
	}
	return mix(h, h >> 13);
}
