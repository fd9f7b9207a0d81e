/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * range_set.c - sets of numbers that wrap, as ranges.
 *
 * Invariant: ascending, and a number at least lies between two of them.
 */
#include "kernel/base/range_set.h"

/* Room for the range at `at` instead of the n that are there. */
static bool replace(struct range_set *set, unsigned at, unsigned n)
{
	assert(at + n <= set->count && set->count <= set->most);
	if (!n && set->count == set->most)
		return false;
	memmove(&set->at[at + 1], &set->at[at + n],
		(set->count - at - n) * sizeof *set->at);
	set->count = set->count + 1 - n;
	return true;
}

bool range_set_add(struct range_set *set, struct range r)
{
	unsigned at = set->count, n = 0;

	assert(seq_before(r.from, r.to));
	while (at && !seq_before(set->at[at - 1].to, r.from))
		at--;			/* it is mostly a late one */
	for (; at + n < set->count && !seq_after(set->at[at + n].from, r.to);
	     n++) {
		const struct range *o = &set->at[at + n];

		if (!seq_before(r.from, o->from) && !seq_after(r.to, o->to))
			return false;
		if (seq_before(o->from, r.from))
			r.from = o->from;
		r.to = seq_max(o->to, r.to);
	}
	if (!replace(set, at, n))
		return false;
	set->at[at] = r;
	assert(!at || seq_before(set->at[at - 1].to, r.from));
	return true;
}

void range_set_cut(struct range_set *set, uint32_t below)
{
	unsigned n = 0;

	while (n < set->count && !seq_after(set->at[n].to, below))
		n++;
	if (n) {
		set->count -= n;
		memmove(set->at, set->at + n, set->count * sizeof *set->at);
	}
	if (set->count)
		set->at[0].from = seq_max(set->at[0].from, below);
	assert(!set->count || seq_before(set->at[0].from, set->at[0].to));
}

void range_set_trim(struct range_set *set, uint32_t from)
{
	while (set->count && !seq_before(set->at[set->count - 1].from, from))
		set->count--;
	if (set->count && seq_after(set->at[set->count - 1].to, from))
		set->at[set->count - 1].to = from;
}

const struct range *range_set_find(const struct range_set *set, uint32_t n)
{
	unsigned low = 0, high = set->count;

	assert(set->count <= set->most);
	while (low < high) {	/* the first that ends behind n is between */
		unsigned middle = (low + high) / 2;

		if (seq_after(set->at[middle].to, n))
			high = middle;
		else
			low = middle + 1;
	}
	return low < set->count && !seq_after(set->at[low].from, n) ?
		&set->at[low] : NULL;
}

bool range_set_gap(const struct range_set *set, uint32_t from, uint32_t to,
		   struct range *out)
{
	const struct range *r = set->at, *end = r + set->count;

	for (; r < end && !seq_after(r->from, from); r++)
		from = seq_max(from, r->to);
	if (r < end && seq_before(r->from, to))
		to = r->from;
	*out = (struct range){ from, to };
	return seq_before(from, to);
}

uint32_t range_set_above(const struct range_set *set, uint32_t n,
			 unsigned *ranges)
{
	uint32_t numbers = 0;

	for (*ranges = 0; *ranges < set->count; ++*ranges) {
		const struct range *r = &set->at[set->count - 1 - *ranges];

		if (!seq_after(r->from, n))
			break;
		numbers += r->to - r->from;
	}
	return numbers;
}
