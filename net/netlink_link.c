/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_link.c - RTM_*LINK: interfaces. They are shown to who sees them, and
 * set with the privileges that the ioctls ask for; none is made or taken away.
 *
 * Locks: the kernel lock. Interfaces do not go, so they are used after a sleep.
 */
#include "net/netlink.h"

enum { QUEUE_LENGTH = 1000 };

struct netif *netlink_netif(const struct netlink_request *q, int index)
{
	struct netif *i = netif_by_index(q->vnet, index);

	assert(!i || (i->vnet == q->vnet && i->index == index));
	return i && netif_seen(q->who, i) ? i : NULL;
}

/* --- telling ------------------------------------------------------------------------ */

/* struct rtnl_link_stats64; the narrow one has the same fields. */
static void put_stats(struct netlink_writer *w, const struct netif *i,
		      const struct cred *who)
{
	struct netif_stats in, out;
	uint32_t narrow[LINK_STATS];
	uint64_t wide[LINK_STATS] = { 0 };

	netif_stats_seen(who, i, &in, &out);
	wide[0] = in.packets;
	wide[1] = out.packets;
	wide[2] = in.bytes;
	wide[3] = out.bytes;
	wide[4] = in.errors;
	wide[5] = out.errors;
	wide[6] = in.dropped;
	wide[7] = out.dropped;
	wide[8] = in.multicast;
	for (unsigned n = 0; n < LINK_STATS; n++)
		narrow[n] = (uint32_t)wide[n];
	netlink_put(w, IFLA_STATS64, wide, sizeof wide);
	netlink_put(w, IFLA_STATS, narrow, sizeof narrow);
}

static uint8_t state_of(const struct netif *i)
{
	if (i->flags & NETIF_LOOPBACK)
		return IF_OPER_UNKNOWN;
	return i->flags & NETIF_RUNNING ? IF_OPER_UP : IF_OPER_DOWN;
}

bool netlink_link_put(struct netlink_writer *w, const struct netif *i,
		      const struct cred *who)
{
	static const uint8_t all_ones[ETHER_ADDR] = { 255, 255, 255, 255, 255,
						      255 };
	bool loopback = i->flags & NETIF_LOOPBACK;
	uint8_t state = state_of(i), mode = 0;
	struct abi_ifinfomsg *m = netlink_begin(w, RTM_NEWLINK, sizeof *m);

	assert(i->index > 0 && i->name[0]);
	if (m) {
		m->hardware = i->hardware;
		m->index = i->index;
		m->flags = netif_flags_shown(i) |
			   (i->flags & NETIF_RUNNING ? IFF_LOWER_UP : 0);
	}
	netlink_put_name(w, IFLA_IFNAME, i->name);
	netlink_put32(w, IFLA_TXQLEN, QUEUE_LENGTH);
	netlink_put(w, IFLA_OPERSTATE, &state, sizeof state);
	netlink_put(w, IFLA_LINKMODE, &mode, sizeof mode);
	netlink_put32(w, IFLA_MTU, i->mtu);
	netlink_put_name(w, IFLA_QDISC, "noqueue");
	netlink_put(w, IFLA_ADDRESS, i->mac, ETHER_ADDR);
	netlink_put(w, IFLA_BROADCAST, loopback ? i->mac : all_ones,
		    ETHER_ADDR);
	if (who)
		put_stats(w, i, who);
	return netlink_end(w);
}

static bool dump(struct netlink_dump *d)
{
	const struct netif *i = NULL;

	while ((i = netif_next(d->who, d->vnet, i)))
		if (netlink_due(d) && !netlink_link_put(&d->out, i, d->who))
			return false;
	return true;
}

/* By number, else by name. -EINVAL, -ENODEV. */
static int find(const struct netlink_request *q, struct netif **out)
{
	const struct abi_ifinfomsg *m = q->body;
	char name[NETIF_NAME_MAX];
	int err = netlink_attr_name(q, IFLA_IFNAME, name, sizeof name);
	struct netif *i;

	if (err)
		return err;
	if (m->index <= 0 && !name[0])
		return -EINVAL;
	i = m->index > 0 ? netif_by_index(q->vnet, m->index) :
			   netif_find(q->vnet, name);
	if (!i || !netif_seen(q->who, i))
		return -ENODEV;
	assert(i->vnet == q->vnet);
	*out = i;
	return 0;
}

static int get(const struct netlink_request *q, struct netlink_writer *w)
{
	struct netif *i;
	int err = find(q, &i);

	if (err)
		return err;
	return netlink_link_put(w, i, q->who) ? 0 : -ENOBUFS;
}

/* --- setting ------------------------------------------------------------------------ */

static bool flags_asked(const struct netlink_request *q)
{
	const struct abi_ifinfomsg *m = q->body;

	return m->flags || m->change;
}

/* Is the name that q has another one for what its number says? */
static bool name_asked(const struct netlink_request *q)
{
	const struct abi_ifinfomsg *m = q->body;

	return q->attr[IFLA_IFNAME] && m->index > 0;
}

/* Whoever sets nothing at all needs what the least of it takes. */
static int allowed(const struct netlink_request *q, const struct cred *who)
{
	bool mtu = q->attr[IFLA_MTU], mac = q->attr[IFLA_ADDRESS];
	int err = 0;

	if (flags_asked(q) || (!mtu && !mac && !name_asked(q)))
		err = priv_check(who, PRIV_NET_SETIFFLAGS);
	if (!err && name_asked(q))
		err = priv_check(who, PRIV_NET_SETIFNAME);
	if (!err && mtu)
		err = priv_check(who, PRIV_NET_SETIFMTU);
	if (!err && mac)
		err = priv_check(who, PRIV_NET_SETLLADDR);
	return err;
}

static int flags_set(struct netif *i, const struct abi_ifinfomsg *m)
{
	uint32_t change = m->change ? m->change : UINT32_MAX;

	return netif_set_flags(i, netif_flags_asked(i, (i->flags & ~change) |
						    (m->flags & change)));
}

static int mac_set(const struct netlink_request *q, struct netif *i)
{
	const void *mac;
	int err = netlink_attr(q, IFLA_ADDRESS, ETHER_ADDR, &mac);

	return err || !mac ? err : netif_set_mac(i, mac);
}

/* A new interface is not to be had. */
static int set(const struct netlink_request *q)
{
	enum { KNOWN = 1 << IFLA_IFNAME | 1 << IFLA_MTU | 1 << IFLA_ADDRESS |
		       1 << IFLA_EXT_MASK };
	char name[NETIF_NAME_MAX];
	uint32_t mtu = 0;
	struct netif *i;
	int err = find(q, &i);

	if (err)
		return err == -ENODEV && (q->flags & NLM_F_CREATE) ?
			-EOPNOTSUPP : err;
	err = netlink_attr_name(q, IFLA_IFNAME, name, sizeof name);
	if (!err && q->type == RTM_NEWLINK && (q->flags & NLM_F_EXCL))
		err = -EEXIST;
	if (!err && netlink_has_other(q, KNOWN))
		err = -EOPNOTSUPP;
	if (!err)
		err = netlink_attr32(q, IFLA_MTU, &mtu);
	if (!err)
		err = mac_set(q, i);
	if (!err && name_asked(q) && name[0] && strcmp(name, i->name))
		err = netif_rename(i, name);
	if (!err && q->attr[IFLA_MTU])
		err = netif_set_mtu(i, mtu);
	if (!err && flags_asked(q))
		err = flags_set(i, q->body);
	return err;
}

const struct netlink_kind netlink_link = {
	.size = sizeof(struct abi_ifinfomsg), .any_family = true,
	.dump = dump, .get = get, .allowed = allowed, .set = set,
};
