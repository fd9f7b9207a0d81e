/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmtu.c - what paths take less than their first link does (RFC 1191): learned
 * from ICMP "too big", believed for ten minutes, then tried anew.
 *
 * Who lies about it can make us send small packets, not tiny ones: below
 * PMTU_LEAST nothing is believed. The table is small; the oldest makes room.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { ENTRIES = 64, PMTU_LEAST = 552 };
#define BELIEVED_NS (600ull * 1000000000ull)

static struct {
	struct vnet *vnet;	/* NULL: free */
	uint32_t dst, mtu;
	uint64_t until;
} table[ENTRIES];

void pmtu_learn(struct vnet *v, uint32_t dst, uint32_t mtu)
{
	uint64_t now = arch_clock_ns();
	unsigned at = 0;

	for (unsigned n = 0; n < ENTRIES; n++) {
		if (table[n].vnet == v && table[n].dst == dst) {
			at = n;
			break;
		}
		if (table[n].until < table[at].until)
			at = n;
	}
	table[at].vnet = v;
	table[at].dst = dst;
	table[at].mtu = max_u32(mtu, PMTU_LEAST);
	table[at].until = now + BELIEVED_NS;
}

/* Of a path whose first link takes mtu bytes. */
uint32_t pmtu_get(struct vnet *v, uint32_t dst, uint32_t mtu)
{
	for (unsigned n = 0; n < ENTRIES; n++)
		if (table[n].vnet == v && table[n].dst == dst)
			return table[n].until > arch_clock_ns() ?
				min_u32(mtu, table[n].mtu) : mtu;
	return mtu;
}
