/* SPDX-License-Identifier: BSD-2-Clause */
/* div.c - 64-bit by 32-bit division: two of the CPU's own, no library. */
#include "kernel/base/base.h"

/* n / d, the rest in *rem unless rem is NULL. d must not be 0. */
uint64_t div_u64(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint32_t high = (uint32_t)(n >> 32), low = (uint32_t)n;
	uint32_t quotient_high, r;

	assert(d != 0);
	quotient_high = high / d;
	high %= d;
	/* high < d, so the quotient fits 32 bits and divl cannot trap. */
	__asm__("divl %4"
		: "=a"(low), "=d"(r)
		: "a"(low), "d"(high), "rm"(d)
		: "cc");
	if (rem)
		*rem = r;
	return (uint64_t)quotient_high << 32 | low;
}
