/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bitmap.c - bits of a block, numbered from the lowest of its first byte.
 */
#include "kernel/fs/ext2/ext2.h"

enum { WORD_BITS = 32 };

bool ext2_bit_get(const void *map, uint32_t bit)
{
	return ((const uint32_t *)map)[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

void ext2_bit_set(void *map, uint32_t bit)
{
	((uint32_t *)map)[bit / WORD_BITS] |= 1u << bit % WORD_BITS;
}

void ext2_bit_clear(void *map, uint32_t bit)
{
	((uint32_t *)map)[bit / WORD_BITS] &= ~(1u << bit % WORD_BITS);
}

/* invert: 0 looks for set ones, UINT32_MAX for clear ones. */
static uint32_t next(const uint32_t *word, uint32_t from, uint32_t end,
		     uint32_t invert)
{
	uint32_t bit = from;

	while (bit < end) {
		uint32_t found = (word[bit / WORD_BITS] ^ invert) >>
				 bit % WORD_BITS;

		if (found)
			return min_u32(bit + __builtin_ctz(found), end);
		bit = (bit | (WORD_BITS - 1)) + 1;
	}
	return end;
}

uint32_t ext2_bit_next_clear(const void *map, uint32_t from, uint32_t end)
{
	return next(map, from, end, UINT32_MAX);
}

uint32_t ext2_bit_next_set(const void *map, uint32_t from, uint32_t end)
{
	return next(map, from, end, 0);
}
