/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.h - how long a round takes, and after which time an answer is given up
 * (RFC 6298). Times are in ms. Locks: the owner's.
 */
#ifndef NET_RTT_H
#define NET_RTT_H

#include "kernel/base/base.h"

enum { RTO_FIRST = 1000, RTO_MIN = 200, RTO_MAX = 120000 };

struct rtt {
	uint32_t smooth, var;	/* << 3, << 2; smooth 0: nothing was measured */
	uint32_t rto;
};
void rtt_begin(struct rtt *r);
void rtt_sample(struct rtt *r, uint32_t ms);

#endif
