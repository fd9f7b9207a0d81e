/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * racct.c - what a prison has used, and may use.
 *
 * A charge counts for the prison that pays and for every prison above it: a
 * jail lives within the limits of all that contain it. It is all or nothing.
 *
 * Invariant: a prison's count is the sum of its own charges and those of all
 * prisons below. Locks: the kernel lock.
 */
#include "jail/jail.h"

static bool fits(const struct prison *p, enum racct what, uint64_t n)
{
	uint64_t used = p->used[what], limit = p->limit[what];

	/* Time only passes: it is never refused. A limit lowered below what
	 * is in use stops growth and takes nothing away. */
	return what == RACCT_CPU_NS || (n <= limit && used <= limit - n);
}

int racct_charge(struct prison *p, enum racct what, uint64_t n)
{
	assert((unsigned)what < RACCT_COUNT);
	for (struct prison *q = p; q; q = q->parent)
		if (!fits(q, what, n))
			return -EAGAIN;
	for (struct prison *q = p; q; q = q->parent)
		q->used[what] += n;
	return 0;
}

void racct_release(struct prison *p, enum racct what, uint64_t n)
{
	assert((unsigned)what < RACCT_COUNT);
	for (struct prison *q = p; q; q = q->parent) {
		assert(q->used[what] >= n);
		q->used[what] -= n;
	}
}
