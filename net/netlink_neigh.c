/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_neigh.c - RTM_*NEIGH: the neighbours of ARP's table.
 *
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "net/arp.h"
#include "net/netlink.h"

static bool put(struct netlink_writer *w, const struct arp_entry *e)
{
	static const uint8_t states[] = {
		[ARP_ASKED] = NUD_INCOMPLETE, [ARP_KNOWN] = NUD_REACHABLE,
		[ARP_OLD] = NUD_STALE, [ARP_PROBE] = NUD_PROBE,
		[ARP_PERMANENT] = NUD_PERMANENT,
	};
	struct abi_ndmsg *m = netlink_begin(w, RTM_NEWNEIGH, sizeof *m);

	assert(e->state < ARRAY_LEN(states) && states[e->state]);
	if (m) {
		m->family = AF_INET;
		m->index = e->netif->index;
		m->state = states[e->state];
		m->type = RTN_UNICAST;
	}
	netlink_put32(w, NDA_DST, e->addr);
	if (e->state != ARP_ASKED)
		netlink_put(w, NDA_LLADDR, e->mac, ETHER_ADDR);
	return netlink_end(w);
}

static bool dump(struct netlink_dump *d)
{
	list_each(l, &d->vnet->arp->entries) {
		const struct arp_entry *e = list_entry(l, struct arp_entry,
						       link);

		assert(e->netif->vnet == d->vnet);
		if (inet_addr_seen(d->who, e->addr) && netlink_due(d) &&
		    !put(&d->out, e))
			return false;
	}
	return true;
}

/* The interface and the address that q names. -EINVAL, -ENODEV, -ENXIO. */
static int read(const struct netlink_request *q, struct netif **i,
		uint32_t *addr)
{
	const struct abi_ndmsg *m = q->body;
	int err;

	*addr = 0;
	err = netlink_attr32(q, NDA_DST, addr);
	if (err)
		return err;
	*i = netlink_netif(q, m->index);
	if (!*i)
		return -ENODEV;
	if (!*addr || ((*i)->flags & (NETIF_LOOPBACK | NETIF_NOARP)))
		return -EINVAL;
	return inet_addr_seen(q->who, *addr) ? 0 : -ENXIO;
}

/* The neighbour that q is about. -ENOENT. */
static int find(const struct netlink_request *q, struct arp_entry **out)
{
	struct netif *i;
	uint32_t addr;
	int err = read(q, &i, &addr);

	if (err)
		return err;
	*out = arp_find(i, addr);
	if (!*out)
		return -ENOENT;
	assert((*out)->netif == i && (*out)->addr == addr);
	return 0;
}

static int get(const struct netlink_request *q, struct netlink_writer *w)
{
	struct arp_entry *e;
	int err = find(q, &e);

	if (err)
		return err;
	return put(w, e) ? 0 : -ENOBUFS;
}

/* --- setting ------------------------------------------------------------------------ */

static int allowed(const struct netlink_request *q, const struct cred *who)
{
	(void)q;
	return priv_check(who, PRIV_NET_ROUTE);
}

static int set(const struct netlink_request *q)
{
	enum { KNOWN = 1 << NDA_DST | 1 << NDA_LLADDR,
	       STATES = NUD_REACHABLE | NUD_STALE | NUD_PERMANENT };
	const struct abi_ndmsg *m = q->body;
	const struct arp_entry *e;
	const void *mac;
	struct netif *i;
	uint32_t addr;
	int err = read(q, &i, &addr);

	if (!err)
		err = netlink_attr(q, NDA_LLADDR, ETHER_ADDR, &mac);
	if (err)
		return err;
	if (!mac)
		return -EINVAL;
	if (m->flags || !(m->state & STATES) || netlink_has_other(q, KNOWN))
		return -EOPNOTSUPP;
	e = arp_find(i, addr);
	if (e && (q->flags & NLM_F_EXCL))
		return -EEXIST;
	if (!e && !(q->flags & NLM_F_CREATE))
		return -ENOENT;
	return arp_set(i, addr, mac, m->state & NUD_PERMANENT);
}

static int remove(const struct netlink_request *q)
{
	struct arp_entry *e;
	int err = find(q, &e);

	if (!err)
		arp_forget(q->vnet->arp, e);
	return err;
}

const struct netlink_kind netlink_neigh = {
	.size = sizeof(struct abi_ndmsg), .dump = dump, .get = get,
	.allowed = allowed, .set = set, .remove = remove,
};
