/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.c - the round trip, smoothed, and the time-out that follows (RFC 6298).
 *
 * Invariant: rto lies between RTO_MIN and RTO_MAX. Locks: the owner's.
 */
#include "net/rtt.h"

void rtt_begin(struct rtt *r)
{
	*r = (struct rtt){ .rto = RTO_FIRST };
}

/* RFC 6298 2; a minimum as Linux's instead of (2.4)'s second. */
void rtt_sample(struct rtt *r, uint32_t ms)
{
	int32_t err;

	if (ms > RTO_MAX)
		return;
	if (!r->smooth) {
		r->smooth = max_u32(ms, 1) << 3;
		r->var = max_u32(ms, 1) << 1;
	} else {
		err = (int32_t)ms - (int32_t)(r->smooth >> 3);
		r->smooth = max_u32(r->smooth + err, 1);
		r->var += (err < 0 ? -err : err) - (int32_t)(r->var >> 2);
	}
	r->rto = (r->smooth >> 3) + max_u32(r->var, 1);
	r->rto = min_u32(max_u32(r->rto, RTO_MIN), RTO_MAX);
	assert(r->smooth);
}
