/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address.c - the IPv4 addresses that prisons have of their own, and who holds
 * an address.
 *
 * A child's are some of its parent's, so who holds one is a few prisons above
 * each other; but those that have just one may share it with many (jail/admin).
 * Upper rooms count here who takes what comes for all addresses of a prison:
 * such prisons stand before the others, so a packet passes no others.
 *
 * Invariants: each address of a prison is in the index once, by its holder;
 * within a bucket those of prisons with ip4_takers come first.
 * Locks: the kernel lock.
 */
#include "jail/inner.h"
#include "kernel/mem/mem.h"

enum { BUCKETS = 1024 };
static struct list by_addr[BUCKETS];	/* struct prison_holder */

static struct list *bucket(uint32_t addr)
{
	return &by_addr[hash_u32(addr) % BUCKETS];
}

void address_init(void)
{
	for (unsigned n = 0; n < BUCKETS; n++)
		list_init(&by_addr[n]);
}

bool prison_has_ip4(const struct prison *p, uint32_t addr)
{
	while (p->ip4 == SHARE_INHERIT && p->parent)
		p = p->parent;
	if (!p->parent)
		return true;
	for (unsigned i = 0; i < p->ip4_count; i++)
		if (p->ip4_addr[i] == addr)
			return true;
	return false;
}

/* --- the index ----------------------------------------------------------- */

static void index_begin(struct prison *p)
{
	for (unsigned i = 0; i < p->ip4_count; i++) {
		struct prison_holder *h = &p->ip4_holder[i];

		h->prison = p;
		h->addr = p->ip4_addr[i];
		list_init(&h->by_addr);
		if (p->ip4_takers)
			list_push(bucket(h->addr), &h->by_addr);
		else
			list_append(bucket(h->addr), &h->by_addr);
	}
}

static void index_end(struct prison *p)
{
	for (unsigned i = 0; i < p->ip4_count; i++) {
		assert(p->ip4_holder[i].prison == p);
		assert(!list_empty(&p->ip4_holder[i].by_addr));
		list_remove(&p->ip4_holder[i].by_addr);
	}
}

const struct prison_holder *prison_holder_next(uint32_t addr, bool taker,
					       const struct prison_holder *prev)
{
	struct list *head = bucket(addr);
	struct list *l = prev ? prev->by_addr.next : head->next;

	assert(!prev || prev->addr == addr);
	for (; l != head; l = l->next) {
		const struct prison_holder *h =
			list_entry(l, struct prison_holder, by_addr);

		if (taker && !h->prison->ip4_takers)
			return NULL;
		if (h->addr == addr)
			return h;
	}
	return NULL;
}

void prison_taker_begin(struct prison *p)
{
	assert(p->refs != 0 && p->parent && p->ip4_takers != UINT32_MAX);
	if (p->ip4_takers == 0)
		index_end(p);
	p->ip4_takers++;
	if (p->ip4_takers == 1)
		index_begin(p);
}

void prison_taker_end(struct prison *p)
{
	assert(p->refs != 0 && p->ip4_takers != 0);
	if (p->ip4_takers == 1)
		index_end(p);
	p->ip4_takers--;
	if (p->ip4_takers == 0)
		index_begin(p);
}

/* --- what a prison has --------------------------------------------------- */

void prison_set_ip4(struct prison *p, uint32_t *addr,
		    struct prison_holder *holder, unsigned count)
{
	assert(p->parent && !count == !addr && !count == !holder);
	index_end(p);
	kmem_free(p->ip4_addr);
	kmem_free(p->ip4_holder);
	p->ip4_addr = addr;
	p->ip4_holder = holder;
	p->ip4_count = count;
	index_begin(p);
}

void address_clamp(struct prison *p)
{
	unsigned kept = 0;

	index_end(p);
	for (unsigned i = 0; i < p->ip4_count; i++)
		if (prison_has_ip4(p->parent, p->ip4_addr[i]))
			p->ip4_addr[kept++] = p->ip4_addr[i];
	p->ip4_count = kept;
	index_begin(p);
}
