/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_isn.c - initial sequence numbers that nobody can guess who does not see
 * them (RFC 6528): a clock, and a keyed hash of the connection.
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

uint32_t tcp_secret(const struct tcp_segment *g, uint32_t which)
{
	static uint64_t key[2];
	static bool keyed;
	uint64_t m[2] = { (uint64_t)g->dst << 32 | g->src,
			  (uint64_t)which << 32 |
			  (uint32_t)g->dport << 16 | g->sport };

	if (!keyed)
		net_random(key, sizeof key);
	keyed = true;
	return (uint32_t)hash_secret(key, m, ARRAY_LEN(m));
}

/* The clock goes round in more than the life of a segment: 4 us a tick. */
uint32_t tcp_isn(const struct tcp_segment *g)
{
	return (uint32_t)div_u64(arch_clock_ns(), 4000, NULL) +
	       tcp_secret(g, TCP_SECRET_ISN);
}
