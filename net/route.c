/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route.c - where a packet goes next.
 *
 * Addresses of our own come first, then broadcast and multicast; the rest is a
 * list that is sorted so that the first entry that fits is the right one: the
 * longest prefix, and of these the least metric. An entry of an interface that
 * is down does not count.
 *
 * Invariant: an entry with a gateway has an interface that reaches it.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { ROUTES_MAX = 4096 };

struct route_table {
	struct list entries;	/* struct route_entry, in order */
	unsigned count;
};

int route_table_new(struct vnet *v)
{
	v->routes = kmem_zalloc(sizeof *v->routes);
	if (!v->routes)
		return -ENOMEM;
	list_init(&v->routes->entries);
	return 0;
}

struct list *route_list(struct vnet *v)
{
	return &v->routes->entries;
}

static struct route_entry *entry_of(struct list *l)
{
	return list_entry(l, struct route_entry, link);
}

/* --- finding -------------------------------------------------------------- */

static bool usable(const struct route_entry *r, int device)
{
	if (!r->netif)
		return !device;
	return netif_up(r->netif) && (!device || r->netif->index == device);
}

static struct route_entry *entry_find(struct vnet *v, uint32_t dst, int device)
{
	list_each(l, &v->routes->entries) {
		struct route_entry *r = entry_of(l);

		if (!((dst ^ r->dst) & r->mask) && usable(r, device))
			return r;
	}
	return NULL;
}

static struct netif *loopback(struct vnet *v)
{
	return list_entry(v->netifs.next, struct netif, link);
}

static bool is_local(struct vnet *v, uint32_t dst)
{
	return inet_is_loopback(dst) || netif_addr_find(v, dst);
}

/* An address of ours speaks to itself; the rest of lo's network is spoken to by
 * lo's own, as on Linux. */
static uint32_t local_source(struct vnet *v, uint32_t dst)
{
	uint32_t source = netif_addr_find(v, dst) ? dst :
			  netif_source(loopback(v), dst);

	return source ? source : dst;
}

/* The interface for 255.255.255.255 and groups that nobody has routed. */
static struct netif *any_netif(struct vnet *v, int device)
{
	list_each(l, &v->netifs) {
		struct netif *i = list_entry(l, struct netif, link);

		if (device ? i->index == device :
			     netif_up(i) && !(i->flags & NETIF_LOOPBACK))
			return netif_up(i) ? i : NULL;
	}
	return NULL;
}

static int to_all(struct vnet *v, uint32_t dst, int device, struct route *out)
{
	struct route_entry *r = entry_find(v, dst, device);

	if (r && !r->netif)
		return r->refusal;
	out->netif = r ? r->netif : any_netif(v, device);
	if (!out->netif)
		return -ENETUNREACH;
	out->kind = inet_is_multicast(dst) ? ROUTE_MULTICAST : ROUTE_BROADCAST;
	out->gateway = 0;
	out->source = netif_source(out->netif, r ? r->gateway : 0);
	out->mtu = out->netif->mtu;
	out->may_cut = false;
	return 0;
}

int route_find_by(struct vnet *v, uint32_t dst, int device, struct route *out)
{
	struct route_entry *r;
	uint32_t hop;

	if (is_local(v, dst)) {
		*out = (struct route){ ROUTE_LOCAL, loopback(v), 0,
				       local_source(v, dst),
				       loopback(v)->mtu, false };
		return netif_up(out->netif) ? 0 : -ENETUNREACH;
	}
	if (dst == INADDR_BROADCAST || inet_is_multicast(dst))
		return to_all(v, dst, device, out);
	r = entry_find(v, dst, device);
	if (!r || !r->netif)
		return r ? r->refusal : -ENETUNREACH;
	assert(r->netif->vnet == v);
	hop = r->gateway ? r->gateway : dst;
	out->netif = r->netif;
	out->kind = netif_is_broadcast(r->netif, dst) ? ROUTE_BROADCAST :
						       ROUTE_UNICAST;
	out->gateway = r->gateway;
	out->source = r->source ? r->source : netif_source(r->netif, hop);
	out->mtu = r->netif->mtu;
	pmtu_apply(v, dst, out);
	assert(out->mtu >= IP_MTU_MIN && out->mtu <= r->netif->mtu);
	return 0;
}

/* --- changing --------------------------------------------------------------- */

static bool goes_before(const struct route_entry *a,
			const struct route_entry *b)
{
	if (a->mask != b->mask)
		return net32(&a->mask) > net32(&b->mask);
	return a->metric < b->metric;
}

static bool same(const struct route_entry *a, const struct route_entry *b)
{
	return a->dst == b->dst && a->mask == b->mask &&
	       a->metric == b->metric && a->gateway == b->gateway &&
	       a->netif == b->netif && a->refusal == b->refusal;
}

static int insert(struct vnet *v, const struct route_entry *r)
{
	struct route_table *t = v->routes;
	struct list *at = &t->entries;
	struct route_entry *e;

	assert(!r->netif == (r->refusal < 0) && r->protocol);
	assert(!r->gateway || r->netif);
	if (t->count >= ROUTES_MAX)
		return -ENOMEM;
	e = kmem_alloc(sizeof *e);
	if (!e)
		return -ENOMEM;
	*e = *r;
	list_each(l, &t->entries) {
		if (goes_before(e, entry_of(l)))
			break;
		at = l;
	}
	list_insert_after(at, &e->link);
	t->count++;
	if (net_watch)
		net_watch->route(v, e, false);
	return 0;
}

static void take_out(struct vnet *v, struct route_entry *e)
{
	assert(v->routes->count > 0);
	if (net_watch)
		net_watch->route(v, e, true);
	v->routes->count--;
	list_remove(&e->link);
	kmem_free(e);
}

/* A gateway must be a neighbour: the way to it must have none itself. */
static int gateway_netif(struct vnet *v, struct route_entry *r)
{
	int device = r->netif ? r->netif->index : 0;
	struct route via;
	int err = route_find_by(v, r->gateway, device, &via);

	if (err)
		return err;
	if (via.kind != ROUTE_UNICAST || via.gateway)
		return -ENETUNREACH;
	r->netif = via.netif;
	return 0;
}

int route_add(struct vnet *v, const struct route_entry *wanted)
{
	struct route_entry r = *wanted;
	uint32_t host = ~net32(&r.mask);
	int err;

	if ((host & (host + 1)) || (r.dst & ~r.mask))
		return -EINVAL;
	if (!r.protocol)
		r.protocol = RTPROT_BOOT;
	if (r.refusal) {	/* it goes nowhere */
		r.netif = NULL;
		r.gateway = r.source = 0;
		r.flags &= ~(unsigned)ROUTE_GATEWAY;
	}
	if (r.gateway) {
		err = gateway_netif(v, &r);
		if (err)
			return err;
	}
	if (!r.netif && !r.refusal)
		return -ENODEV;
	if (r.netif && !netif_up(r.netif))
		return -ENETDOWN;
	list_each(l, &v->routes->entries)
		if (same(&r, entry_of(l)))
			return -EEXIST;
	return insert(v, &r);
}

int route_remove(struct vnet *v, const struct route_entry *r)
{
	list_each(l, &v->routes->entries) {
		struct route_entry *e = entry_of(l);

		if (e->dst == r->dst && e->mask == r->mask &&
		    (!r->netif || e->netif == r->netif) &&
		    (!r->gateway || e->gateway == r->gateway) &&
		    (!r->refusal || e->refusal == r->refusal) &&
		    (!r->protocol || e->protocol == r->protocol) &&
		    (r->metric < 0 || e->metric == r->metric)) {
			take_out(v, e);
			return 0;
		}
	}
	return -ESRCH;
}

/* --- what addresses and interfaces bring ------------------------------------ */

/* Loopback's subnet and single addresses are local anyway. */
int route_connect(struct netif_addr *a)
{
	struct route_entry r = {
		.netif = a->netif, .dst = a->addr & a->mask, .mask = a->mask,
		.source = a->addr, .flags = ROUTE_UP, .connected = true,
		.protocol = RTPROT_KERNEL,
	};

	if ((a->netif->flags & NETIF_LOOPBACK) || a->mask == UINT32_MAX)
		return 0;
	return insert(a->netif->vnet, &r);
}

/* What leaves by another interface from this address is of no use either. */
static void disconnect(const struct netif_addr *a, const uint32_t *but)
{
	struct vnet *v = a->netif->vnet;

	list_each_safe(l, &v->routes->entries) {
		struct route_entry *e = entry_of(l);

		if (e->source == a->addr &&
		    !(but && e->connected && e->mask == *but))
			take_out(v, e);
	}
}

void route_disconnect(struct netif_addr *a)
{
	disconnect(a, NULL);
}

int route_reconnect(struct netif_addr *a, uint32_t mask)
{
	uint32_t old = a->mask;
	int err;

	assert(mask != old);	/* by that the new one is told from the old */
	a->mask = mask;
	err = route_connect(a);
	if (err)
		a->mask = old;
	else
		disconnect(a, &mask);
	return err;
}

void route_netif_down(struct netif *i)
{
	list_each_safe(l, &i->vnet->routes->entries) {
		struct route_entry *e = entry_of(l);

		if (e->netif == i && !e->connected)
			take_out(i->vnet, e);
	}
}
