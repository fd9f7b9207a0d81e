/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_notify.c - what the groups of rtnetlink(7) are told: interfaces that
 * change, addresses and routes that come and go.
 *
 * A message is made once and copied for each socket whose maker may see what it
 * is about. Locks: the kernel lock; nothing here sleeps.
 */
#include "net/netlink.h"

static bool heard(unsigned group)
{
	struct netlink_sock *s = NULL;

	netlink_changes++;
	while ((s = netlink_next(s)))
		if (s->groups & 1u << (group - 1))
			return true;
	return false;
}

static void give(struct netlink_sock *s, const struct packet *k)
{
	struct packet *c = netlink_packet(s, k->len);

	assert(k->seq && (s->groups & 1u << (k->seq - 1)));
	if (!c) {
		netlink_overrun(s);
		return;
	}
	memcpy(packet_put(c, k->len), k->data, k->len);
	c->seq = k->seq;
	packet_queue_add(&s->queue, c);
}

/* One news: of what stack, for whom, and what is in it. */
struct news {
	struct vnet *vnet;
	unsigned group, type;
	const void *about;
	bool (*put)(struct netlink_writer *w, const struct news *n);
	bool (*seen)(const struct cred *who, const struct news *n);
};

static void tell(const struct news *n)
{
	struct netlink_writer w = { 0 };
	struct netlink_sock *s = NULL;
	bool whole;

	assert(n->about && n->vnet && n->group && n->group <= 32);
	if (!heard(n->group))
		return;
	w.k = packet_new(NETLINK_MESSAGE_MAX);
	whole = w.k && n->put(&w, n);
	assert(!whole || w.k->len);
	if (w.k)
		w.k->seq = n->group;
	while ((s = netlink_next(s))) {
		if (!(s->groups & 1u << (n->group - 1)) ||
		    net_vnet(s->cred->prison) != n->vnet ||
		    !n->seen(s->cred, n))
			continue;
		if (whole)
			give(s, w.k);
		else
			netlink_overrun(s);
	}
	if (w.k)
		packet_free(w.k);
}

/* --- what changes ------------------------------------------------------------------- */

static bool link_put(struct netlink_writer *w, const struct news *n)
{
	return netlink_link_put(w, n->about, NULL);
}

static bool link_seen(const struct cred *who, const struct news *n)
{
	return netif_seen(who, n->about);
}

static void link_changed(const struct netif *i)
{
	struct news n = { i->vnet, RTNLGRP_LINK, RTM_NEWLINK, i, link_put,
			  link_seen };

	tell(&n);
}

static bool addr_put(struct netlink_writer *w, const struct news *n)
{
	return netlink_addr_put(w, n->about, n->type);
}

static bool addr_seen(const struct cred *who, const struct news *n)
{
	return netif_addr_seen(who, n->about);
}

static void addr_changed(const struct netif_addr *a, bool gone)
{
	struct news n = { a->netif->vnet, RTNLGRP_IPV4_IFADDR,
			  gone ? RTM_DELADDR : RTM_NEWADDR, a, addr_put,
			  addr_seen };

	tell(&n);
}

static bool route_put(struct netlink_writer *w, const struct news *n)
{
	return netlink_route_put(w, n->about, n->type);
}

static bool route_seen(const struct cred *who, const struct news *n)
{
	const struct route_entry *r = n->about;

	return inet_addr_seen(who, r->dst);
}

static void route_changed(struct vnet *v, const struct route_entry *r,
			  bool gone)
{
	struct news n = { v, RTNLGRP_IPV4_ROUTE,
			  gone ? RTM_DELROUTE : RTM_NEWROUTE, r, route_put,
			  route_seen };

	tell(&n);
}

void netlink_notify_init(void)
{
	static const struct net_watch watch = {
		.link = link_changed, .addr = addr_changed,
		.route = route_changed,
	};

	assert(!net_watch);	/* there is one */
	net_watch = &watch;
}
