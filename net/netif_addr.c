/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netif_addr.c - the addresses of interfaces. An interface may have several;
 * the first is its primary one, an alias has a label such as eth0:1.
 *
 * An address that a jail holds cannot be taken away: what runs there would talk
 * from an address that is nobody's. Each brings the route to its subnet. A
 * machine of many jails has many: what each packet asks is found by a hash, or
 * among the few that have a subnet.
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"

static struct list *bucket(struct vnet *v, uint32_t addr)
{
	return &v->by_addr[hash_u32(addr) % NET_ADDR_BUCKETS];
}

static const struct netif_addr *of_subnet(const struct list *l)
{
	return list_entry(l, struct netif_addr, subnet);
}

struct netif_addr *netif_addr_find(struct vnet *v, uint32_t addr)
{
	list_each(l, bucket(v, addr)) {
		struct netif_addr *a = list_entry(l, struct netif_addr,
						  by_addr);

		if (a->addr == addr)
			return a;
	}
	return NULL;
}

bool netif_is_broadcast(const struct netif *i, uint32_t addr)
{
	if (addr == INADDR_BROADCAST)
		return true;
	/* 0: what an address says that has none, and no address at all */
	if (!addr || !(i->flags & NETIF_BROADCAST))
		return false;
	list_each(l, &i->subnets) {
		const struct netif_addr *a = of_subnet(l);

		/* a /31 has no broadcast address (RFC 3021) */
		if (net32(&a->mask) < 0xfffffffe && addr != a->addr &&
		    (addr == a->broadcast || addr == (a->addr | ~a->mask) ||
		     addr == (a->addr & a->mask)))
			return true;
	}
	return false;
}

bool netif_any_broadcast(struct vnet *v, uint32_t addr)
{
	list_each(l, &v->netifs)
		if (netif_is_broadcast(list_entry(l, struct netif, link), addr))
			return true;
	return false;
}

bool netif_on_link(const struct netif *i, uint32_t addr)
{
	list_each(l, &i->subnets)
		if (!((of_subnet(l)->addr ^ addr) & of_subnet(l)->mask))
			return true;
	return false;
}

/* One of the subnet that dst is in; else the primary one. */
uint32_t netif_source(const struct netif *i, uint32_t dst)
{
	list_each(l, &i->subnets)
		if (!((of_subnet(l)->addr ^ dst) & of_subnet(l)->mask))
			return of_subnet(l)->addr;
	return list_empty(&i->addrs) ? 0 :
		list_entry(i->addrs.next, struct netif_addr, link)->addr;
}

static void subnet_begin(struct netif_addr *a)
{
	assert(list_empty(&a->subnet));
	if (a->mask != UINT32_MAX)
		list_append(&a->netif->subnets, &a->subnet);
}

static bool mask_ok(uint32_t mask)
{
	uint32_t host = ~net32(&mask);

	return !(host & (host + 1));
}

int netif_addr_add(struct netif *i, uint32_t addr, uint32_t mask,
		   uint32_t broadcast, const char *label)
{
	struct netif_addr *a;
	int err;

	assert(i->vnet && label[0]);
	if (!addr || addr == INADDR_BROADCAST || inet_is_multicast(addr) ||
	    !mask_ok(mask))
		return -EINVAL;
	if (netif_addr_find(i->vnet, addr))
		return -EEXIST;
	a = kmem_zalloc(sizeof *a);
	if (!a)
		return -ENOMEM;
	a->netif = i;
	a->addr = a->peer = addr;
	a->mask = mask;
	a->broadcast = broadcast;
	str_copy(a->label, label, sizeof a->label);
	list_init(&a->subnet);
	err = route_connect(a);
	if (err) {
		kmem_free(a);
		return err;
	}
	list_append(&i->addrs, &a->link);
	list_push(bucket(i->vnet, addr), &a->by_addr);
	subnet_begin(a);
	if (net_watch)
		net_watch->addr(a, false);
	if (netif_up(i))
		arp_announce(i, addr);
	return 0;
}

int netif_addr_set_mask(struct netif_addr *a, uint32_t mask)
{
	uint32_t old = a->mask;
	int err;

	if (!mask_ok(mask))
		return -EINVAL;
	if (mask == old)
		return 0;
	err = route_reconnect(a, mask);
	if (err)
		return err;
	if (a->broadcast == (a->addr | ~old))
		a->broadcast = a->addr | ~mask;
	list_remove(&a->subnet);
	subnet_begin(a);
	if (net_watch)
		net_watch->addr(a, false);
	return 0;
}

/* Has a living jail addr among its own addresses? */
static bool is_held(uint32_t addr)
{
	const struct prison_holder *h = NULL;

	while ((h = prison_holder_next(addr, false, h)))
		if (h->prison->state == PRISON_ALIVE)
			return true;
	return false;
}

int netif_addr_remove(struct netif *i, uint32_t addr)
{
	struct netif_addr *a = netif_addr_find(i->vnet, addr);

	if (!a || a->netif != i)
		return -EADDRNOTAVAIL;
	assert(!list_empty(&a->by_addr));
	assert((a->mask == UINT32_MAX) == list_empty(&a->subnet));
	if (is_held(addr))
		return -EBUSY;
	if (net_watch)
		net_watch->addr(a, true);
	list_remove(&a->link);
	list_remove(&a->by_addr);
	list_remove(&a->subnet);
	route_disconnect(a);
	if (list_empty(&i->addrs))
		route_netif_down(i);	/* from what address, by it? */
	kmem_free(a);
	return 0;
}
