/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * range_set.h - a set of 32-bit numbers that wrap, as ranges in one array.
 *
 * Numbers are compared by difference, so all that are in a set, or are asked
 * about, lie within half of their circle. The array is its owner's memory, who
 * is to give it before the first range; what finds no room is not remembered.
 */
#ifndef KERNEL_BASE_RANGE_SET_H
#define KERNEL_BASE_RANGE_SET_H

#include "kernel/base/base.h"

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_after(a, b) ? a : b;
}

struct range { uint32_t from, to; };	/* to: the first behind it */
struct range_set {
	struct range *at;	/* in order, apart from each other */
	unsigned count, most;	/* most: what there is room for */
};

/* True: r, which is not empty, says something new. */
bool range_set_add(struct range_set *set, struct range r);
/* What is below a number goes; what is not. */
void range_set_cut(struct range_set *set, uint32_t below);
void range_set_trim(struct range_set *set, uint32_t from);
/* The first numbers of [from, to) that are not in it. False: all are. */
bool range_set_gap(const struct range_set *set, uint32_t from, uint32_t to,
		   struct range *out);
/* How many numbers are in those ranges that begin behind n; and how many these
 * are. */
uint32_t range_set_above(const struct range_set *set, uint32_t n,
			 unsigned *ranges);
/* The range that n is in, or NULL. */
const struct range *range_set_find(const struct range_set *set, uint32_t n);

#endif
