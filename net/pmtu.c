/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmtu.c - what paths take less than their first link does (RFC 1191): learned
 * from ICMP "too big", believed for ten minutes, then tried anew.
 *
 * Who lies about it can make us send small packets, not tiny ones: below
 * PMTU_LEAST we send that much, and let routers cut it. The table is small; the
 * oldest makes room. Locks: the kernel lock.
 */
#include "net/inet.h"

enum { ENTRIES = 64, PMTU_LEAST = 552 };
#define BELIEVED_NS (600ull * 1000000000ull)

static struct entry {
	struct vnet *vnet;
	uint32_t dst, mtu;
	uint64_t until;
} table[ENTRIES];
static unsigned used;

static struct entry *find(struct vnet *v, uint32_t dst)
{
	assert(used <= ENTRIES);
	for (unsigned n = 0; n < used; n++)
		if (table[n].dst == dst && table[n].vnet == v)
			return &table[n];
	return NULL;
}

static struct entry *oldest(void)
{
	struct entry *e = &table[0];

	if (used < ENTRIES)
		return &table[used++];
	for (unsigned n = 1; n < used; n++)
		if (table[n].until < e->until)
			e = &table[n];
	return e;
}

static void learn(struct vnet *v, uint32_t dst, uint32_t mtu)
{
	struct entry *e = find(v, dst);

	assert(mtu >= IP_MTU_MIN);
	if (!e)
		e = oldest();
	*e = (struct entry){ v, dst, mtu, arch_clock_ns() + BELIEVED_NS };
}

void pmtu_told(const struct ip_error *e)
{
	if (e->type == ICMP_UNREACH && e->code == ICMP_UNREACH_TOO_BIG)
		learn(e->vnet, e->head->dst, e->info);
}

/* r, the way to dst, takes no more than we have learned. */
void pmtu_apply(struct vnet *v, uint32_t dst, struct route *r)
{
	const struct entry *e = find(v, dst);

	r->may_cut = false;
	if (!e || e->until <= arch_clock_ns() || e->mtu >= r->mtu)
		return;
	r->may_cut = e->mtu < PMTU_LEAST;
	assert(e->mtu >= IP_MTU_MIN);
	r->mtu = min_u32(r->mtu, max_u32(e->mtu, PMTU_LEAST));
}
