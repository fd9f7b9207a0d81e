/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_route.c - RTM_*ROUTE: the table of routes, and which way an address
 * is reached. What may be seen is inet_addr_seen's to say.
 *
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "net/netlink.h"

/* Routes that refuse, by their type. */
static const int refusal[] = {
	[RTN_BLACKHOLE] = ROUTE_BLACKHOLE,
	[RTN_UNREACHABLE] = ROUTE_UNREACHABLE,
	[RTN_PROHIBIT] = ROUTE_PROHIBIT, [RTN_THROW] = ROUTE_THROW,
};

static uint8_t type_of(const struct route_entry *r)
{
	unsigned type = ARRAY_LEN(refusal) - 1;

	if (r->netif)
		return RTN_UNICAST;
	while (refusal[type] != r->refusal) {
		assert(type > RTN_UNICAST);
		type--;
	}
	return type;
}

bool netlink_route_put(struct netlink_writer *w, const struct route_entry *r,
		       unsigned type)
{
	struct abi_rtmsg *m = netlink_begin(w, type, sizeof *m);

	assert(!(r->dst & ~r->mask) && r->metric >= 0);
	if (m) {
		m->family = AF_INET;
		m->dst_prefix = netlink_prefix(r->mask);
		m->table = RT_TABLE_MAIN;
		m->protocol = r->protocol;
		m->scope = r->gateway || !r->netif ? RT_SCOPE_UNIVERSE :
						     RT_SCOPE_LINK;
		m->type = type_of(r);
	}
	netlink_put32(w, RTA_TABLE, RT_TABLE_MAIN);
	if (r->mask)
		netlink_put32(w, RTA_DST, r->dst);
	if (r->netif)
		netlink_put32(w, RTA_OIF, r->netif->index);
	if (r->gateway)
		netlink_put32(w, RTA_GATEWAY, r->gateway);
	if (r->metric)
		netlink_put32(w, RTA_PRIORITY, r->metric);
	if (r->source)
		netlink_put32(w, RTA_PREFSRC, r->source);
	return netlink_end(w);
}

static bool dump(struct netlink_dump *d)
{
	list_each(l, route_list(d->vnet)) {
		const struct route_entry *r = list_entry(l, struct route_entry,
							 link);

		if ((r->netif && !netif_up(r->netif)) ||
		    !inet_addr_seen(d->who, r->dst))
			continue;
		if (netlink_due(d) &&
		    !netlink_route_put(&d->out, r, RTM_NEWROUTE))
			return false;
	}
	return true;
}

/* --- the way to an address ------------------------------------------------------------ */

static bool way_put(const struct netlink_request *q, struct netlink_writer *w,
		    const struct route *r, uint32_t dst, uint32_t src)
{
	static const uint8_t types[] = {
		[ROUTE_UNICAST] = RTN_UNICAST, [ROUTE_LOCAL] = RTN_LOCAL,
		[ROUTE_BROADCAST] = RTN_BROADCAST,
		[ROUTE_MULTICAST] = RTN_MULTICAST,
	};
	struct abi_rtmsg *m = netlink_begin(w, RTM_NEWROUTE, sizeof *m);

	assert(r->kind < ARRAY_LEN(types) && r->netif->vnet == q->vnet);
	if (m) {
		m->family = AF_INET;
		m->dst_prefix = 32;
		m->table = RT_TABLE_MAIN;
		m->type = types[r->kind];
		m->flags = RTM_F_CLONED;
	}
	netlink_put32(w, RTA_TABLE, RT_TABLE_MAIN);
	netlink_put32(w, RTA_DST, dst);
	if (netif_seen(q->who, r->netif))
		netlink_put32(w, RTA_OIF, r->netif->index);
	if (r->gateway)
		netlink_put32(w, RTA_GATEWAY, r->gateway);
	netlink_put32(w, RTA_PREFSRC, src);
	return netlink_end(w);
}

static int get(const struct netlink_request *q, struct netlink_writer *w)
{
	uint32_t dst = 0, device = 0, src;
	struct route r;
	int err = netlink_attr32(q, RTA_DST, &dst);

	if (!err)
		err = netlink_attr32(q, RTA_OIF, &device);
	if (err)
		return err;
	if (device && !netlink_netif(q, (int)device))
		return -ENODEV;
	if (!inet_addr_seen(q->who, dst))
		return -ENETUNREACH;
	err = route_find_by(q->vnet, dst, (int)device, &r);
	if (!err)
		err = inet_source(q->who, q->vnet, dst, (int)device, &src);
	if (err)
		return err;
	return way_put(q, w, &r, dst, src) ? 0 : -ENOBUFS;
}

/* --- setting ------------------------------------------------------------------------ */

static int allowed(const struct netlink_request *q, const struct cred *who)
{
	(void)q;
	return priv_check(who, PRIV_NET_ROUTE);
}

static bool only_what_we_have(const struct netlink_request *q)
{
	enum { KNOWN = 1 << RTA_DST | 1 << RTA_OIF | 1 << RTA_GATEWAY |
		       1 << RTA_PRIORITY | 1 << RTA_PREFSRC | 1 << RTA_TABLE };
	const struct abi_rtmsg *m = q->body;

	return !m->src_prefix && !m->tos &&
	       (m->table == RT_TABLE_UNSPEC || m->table == RT_TABLE_MAIN) &&
	       (m->type == RTN_UNSPEC || m->type == RTN_UNICAST ||
		(m->type < ARRAY_LEN(refusal) && refusal[m->type])) &&
	       !netlink_has_other(q, KNOWN);
}

/* The route that q is about; metric -1 where it names none. */
static int read(const struct netlink_request *q, struct route_entry *r)
{
	const struct abi_rtmsg *m = q->body;
	uint32_t device = 0, table = RT_TABLE_MAIN, metric = UINT32_MAX;
	int err = m->dst_prefix > 32 ? -EINVAL : 0;

	*r = (struct route_entry){ .flags = ROUTE_UP,
				   .protocol = m->protocol };
	if (!err)
		err = netlink_attr32(q, RTA_DST, &r->dst);
	if (!err)
		err = netlink_attr32(q, RTA_OIF, &device);
	if (!err)
		err = netlink_attr32(q, RTA_GATEWAY, &r->gateway);
	if (!err)
		err = netlink_attr32(q, RTA_PREFSRC, &r->source);
	if (!err)
		err = netlink_attr32(q, RTA_PRIORITY, &metric);
	if (!err)
		err = netlink_attr32(q, RTA_TABLE, &table);
	if (err)
		return err;
	if (table != RT_TABLE_MAIN || !only_what_we_have(q))
		return -EOPNOTSUPP;
	r->netif = device ? netlink_netif(q, (int)device) : NULL;
	if (device && !r->netif)
		return -ENODEV;
	if (q->attr[RTA_PRIORITY] && metric > INT32_MAX)
		return -EINVAL;
	r->metric = (int)metric;
	r->mask = netlink_mask(m->dst_prefix);
	r->flags |= (m->dst_prefix == 32 ? ROUTE_HOST : 0) |
		    (r->gateway ? ROUTE_GATEWAY : 0);
	r->refusal = refusal[m->type];
	return 0;
}

/* Another to the same place with the same metric. */
static struct route_entry *rival(struct vnet *v, const struct route_entry *r)
{
	list_each(l, route_list(v)) {
		struct route_entry *e = list_entry(l, struct route_entry, link);

		if (e->dst == r->dst && e->mask == r->mask &&
		    e->metric == r->metric)
			return e;
	}
	return NULL;
}

/* The new one is there before the old one goes; where they differ by their
 * source only there is no second one. */
static int replace(struct vnet *v, const struct route_entry *r,
		   struct route_entry *old)
{
	struct route_entry was = *old;
	int err = route_add(v, r);

	assert(was.dst == r->dst && was.mask == r->mask);
	if (err == -EEXIST) {
		old->source = r->source;
		return 0;
	}
	return err ? err : route_remove(v, &was);
}

static int set(const struct netlink_request *q)
{
	struct route_entry r, *old;
	int err = read(q, &r);

	if (err)
		return err;
	if (r.metric < 0)
		r.metric = 0;
	if (r.source && (!netif_addr_find(q->vnet, r.source) ||
			 !prison_has_ip4(q->who->prison, r.source)))
		return -EINVAL;
	old = rival(q->vnet, &r);
	if (old && (q->flags & NLM_F_EXCL))
		return -EEXIST;
	if (old && (q->flags & NLM_F_REPLACE))
		return replace(q->vnet, &r, old);
	return q->flags & NLM_F_CREATE ? route_add(q->vnet, &r) : -ENOENT;
}

static int remove(const struct netlink_request *q)
{
	struct route_entry r;
	int err = read(q, &r);

	return err ? err : route_remove(q->vnet, &r);
}

const struct netlink_kind netlink_route = {
	.size = sizeof(struct abi_rtmsg), .dump = dump, .get = get,
	.allowed = allowed, .set = set, .remove = remove,
};
