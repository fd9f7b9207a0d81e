/* SPDX-License-Identifier: BSD-2-Clause */
/* wrap.h - random tests of numbers that wrap: where they begin. */
#ifndef HOST_WRAP_H
#define HOST_WRAP_H

#include <stdint.h>
#include <stdlib.h>

/* At 0, anywhere, and so that span numbers go over each of the two ends. */
static inline void wrap_each(void (*changes)(uint32_t first), uint32_t span,
			     unsigned seed)
{
	const uint32_t first[] = {
		0, 5000, -(span / 2), INT32_MAX - span / 2, UINT32_MAX,
	};

	srand(seed);
	for (unsigned n = 0; n < sizeof first / sizeof *first; n++)
		changes(first[n]);
}

#endif
