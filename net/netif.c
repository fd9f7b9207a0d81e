/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netif.c - the interfaces of a stack: found by name or number, switched on and
 * off, and the two ways that every frame takes.
 *
 * A prison with addresses of its own sees an interface that bears one of them,
 * and no other. Interfaces are never taken away.
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { DEVICES_MAX = 64, MTU_MOST = 65536 };

void (*netif_tap)(struct netif *i, const struct packet *k, bool out);
const struct net_watch *net_watch;

static void tell(const struct netif *i)
{
	if (net_watch)
		net_watch->link(i);
}

/* --- finding -------------------------------------------------------------- */

struct netif *netif_find(struct vnet *v, const char *name)
{
	list_each(l, &v->netifs) {
		struct netif *i = list_entry(l, struct netif, link);

		if (!strcmp(i->name, name))
			return i;
	}
	return NULL;
}

struct netif *netif_by_index(struct vnet *v, int index)
{
	list_each(l, &v->netifs) {
		struct netif *i = list_entry(l, struct netif, link);

		if (i->index == index)
			return i;
	}
	return NULL;
}

bool netif_addr_seen(const struct cred *who, const struct netif_addr *a)
{
	return prison_has_ip4(who->prison, a->addr);
}

bool netif_seen(const struct cred *who, const struct netif *i)
{
	const struct prison *p = who->prison;

	if (net_vnet(p) != i->vnet)
		return false;
	if (inet_unlimited(p))
		return true;
	list_each(l, &i->addrs)
		if (netif_addr_seen(who, list_entry(l, struct netif_addr, link)))
			return true;
	return false;
}

struct netif *netif_next(const struct cred *who, struct vnet *v,
			 const struct netif *prev)
{
	const struct list *l = prev ? prev->link.next : v->netifs.next;

	for (; l != &v->netifs; l = l->next) {
		struct netif *i = list_entry(l, struct netif, link);

		if (netif_seen(who, i))
			return i;
	}
	return NULL;
}

void netif_stats_seen(const struct cred *who, const struct netif *i,
		      struct netif_stats *in, struct netif_stats *out)
{
	static const struct netif_stats none;

	assert(netif_seen(who, i));
	*in = inet_unlimited(who->prison) ? i->in : none;
	*out = inet_unlimited(who->prison) ? i->out : none;
}

/* --- registering ---------------------------------------------------------- */

/* "eth%d": the first number that is free. */
static int name_choose(struct vnet *v, char *name)
{
	char pattern[NETIF_NAME_MAX], made[NETIF_NAME_MAX];
	char *mark = strstr(name, "%d");

	if (!mark)
		return netif_find(v, name) ? -EEXIST : 0;
	*mark = '\0';
	str_copy(pattern, name, sizeof pattern);
	for (int n = 0; n < DEVICES_MAX; n++) {
		str_format(made, sizeof made, "%s%d", pattern, n);
		if (!netif_find(v, made)) {
			str_copy(name, made, NETIF_NAME_MAX);
			return 0;
		}
	}
	return -EEXIST;
}

int netif_register(struct netif *i)
{
	struct vnet *v = i->vnet ? i->vnet : net_vnet_host();
	int err = name_choose(v, i->name);

	if (err)
		return err;
	assert(i->ops && i->ops->transmit && !netif_up(i));
	assert(i->name[0] && v->last_index >= 0);
	if (!i->mtu)
		i->mtu = ETHER_MTU;
	i->vnet = v;
	i->index = ++v->last_index;
	list_init(&i->addrs);
	list_init(&i->subnets);
	list_init(&i->multicast);
	list_append(&v->netifs, &i->link);
	tell(i);
	return 0;
}

/* --- state ---------------------------------------------------------------- */

static int change(struct netif *i, uint32_t flags)
{
	return i->ops->change ? i->ops->change(i, flags) : 0;
}

static void running(struct netif *i)
{
	if (netif_up(i) && !i->unlinked)
		i->flags |= NETIF_RUNNING;
	else
		i->flags &= ~(uint32_t)NETIF_RUNNING;
}

void netif_link(struct netif *i, bool linked)
{
	if (i->unlinked == !linked)
		return;
	i->unlinked = !linked;
	log_print(LOG_INFO, "%s: link %s", i->name, linked ? "up" : "down");
	running(i);
	tell(i);
}

uint32_t netif_flags_shown(const struct netif *i)
{
	return i->flags | (i->promiscuous ? NETIF_PROMISC : 0);
}

uint32_t netif_flags_asked(const struct netif *i, uint32_t flags)
{
	const uint32_t settable = NETIF_UP | NETIF_NOARP | NETIF_PROMISC |
				  NETIF_ALLMULTI | NETIF_MULTICAST;

	return (i->flags & ~settable) | (flags & settable);
}

/* Who knows us learns which hardware address is ours now. */
static void announce(struct netif *i)
{
	list_each(l, &i->addrs)
		arp_announce(i, list_entry(l, struct netif_addr, link)->addr);
}

int netif_set_flags(struct netif *i, uint32_t flags)
{
	uint32_t old = i->flags;
	int err;

	assert(i->index > 0);
	err = change(i, flags);
	if (err)
		return err;
	i->flags = flags;
	running(i);
	tell(i);
	if ((old & NETIF_UP) && !(flags & NETIF_UP)) {
		route_netif_down(i);
		arp_netif_down(i);
		packet_netif_down(i);
	}
	if (!(old & NETIF_UP) && (flags & NETIF_UP))
		announce(i);
	return 0;
}

int netif_set_mtu(struct netif *i, uint32_t mtu)
{
	uint32_t most = i->flags & NETIF_LOOPBACK ? MTU_MOST : ETHER_MTU;

	if (mtu < IP_MTU_MIN || mtu > most)
		return -EINVAL;
	i->mtu = mtu;
	tell(i);
	return 0;
}

static bool is_name(const char *name)
{
	const char *mark = strchr(name, '%');

	if (!name[0] || strlen(name) >= NETIF_NAME_MAX || !strcmp(name, ".") ||
	    !strcmp(name, "..") || (mark && (mark[1] != 'd' ||
					     strchr(mark + 1, '%'))))
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name == '/' || *name == ':')
			return false;
	return true;
}

/* The label of an alias keeps its end. */
static void relabel(struct netif_addr *a, const char *name)
{
	char *colon = strchr(a->label, ':'), end[NETIF_NAME_MAX];
	size_t room;

	str_copy(end, colon ? colon : "", sizeof end);
	room = sizeof a->label - strlen(end);
	str_copy(a->label, name, room);
	str_copy(a->label + strlen(a->label), end, strlen(end) + 1);
}

int netif_rename(struct netif *i, const char *wanted)
{
	char name[NETIF_NAME_MAX];
	int err;

	if (netif_up(i))
		return -EBUSY;
	if (!is_name(wanted))
		return -EINVAL;
	if (!strcmp(wanted, i->name))
		return 0;
	str_copy(name, wanted, sizeof name);
	err = name_choose(i->vnet, name);
	if (err)
		return err;
	assert(!netif_find(i->vnet, name));
	log_print(LOG_INFO, "%s: is %s from now on", i->name, name);
	str_copy(i->name, name, sizeof i->name);
	list_each(l, &i->addrs)
		relabel(list_entry(l, struct netif_addr, link), name);
	tell(i);
	return 0;
}

void netif_promiscuous(struct netif *i, int more)
{
	bool was = i->promiscuous;

	assert(more >= 0 || i->promiscuous >= (unsigned)-more);
	i->promiscuous += more;
	if (was != (i->promiscuous != 0)) {
		log_print(LOG_INFO, "%s: %s promiscuous", i->name,
			  was ? "no more" : "is");
		tell(i);
	}
}

int netif_set_mac(struct netif *i, const uint8_t mac[ETHER_ADDR])
{
	int err;

	if (!i->ops->set_mac)
		return -EOPNOTSUPP;
	if (mac[0] & 1)
		return -EINVAL;
	err = i->ops->set_mac(i, mac);
	if (err)
		return err;
	tell(i);
	if (i->flags & NETIF_UP)
		announce(i);
	return 0;
}

/* --- multicast groups ------------------------------------------------------- */

static struct netif_group *group_find(const struct netif *i, uint32_t addr)
{
	list_each(l, &i->multicast) {
		struct netif_group *g = list_entry(l, struct netif_group, link);

		if (g->addr == addr)
			return g;
	}
	return NULL;
}

/* All hosts (224.0.0.1) is a group of everybody. */
bool netif_in_group(const struct netif *i, uint32_t addr)
{
	return net32(&addr) == 0xe0000001 || group_find(i, addr);
}

struct list *netif_group_members(const struct netif *i, uint32_t addr)
{
	struct netif_group *g = group_find(i, addr);

	return g ? &g->members : NULL;
}

int netif_group_join(struct netif *i, uint32_t addr)
{
	struct netif_group *g = group_find(i, addr);
	int err;

	assert(inet_is_multicast(addr));
	if (g) {
		g->users++;
		return 0;
	}
	g = kmem_zalloc(sizeof *g);
	if (!g)
		return -ENOMEM;
	g->addr = addr;
	g->users = 1;
	list_init(&g->members);
	list_append(&i->multicast, &g->link);
	err = change(i, i->flags);
	if (err && --g->users == 0) { /* else another joined while it slept */
		list_remove(&g->link);
		kmem_free(g);
	}
	return err;
}

void netif_group_leave(struct netif *i, uint32_t addr)
{
	struct netif_group *g = group_find(i, addr);

	assert(g && g->users);
	if (--g->users)
		return;
	assert(list_empty(&g->members));
	list_remove(&g->link);
	kmem_free(g);
	if (change(i, i->flags))
		log_print(LOG_WARN, "%s: still listens to a group", i->name);
}

/* --- frames ----------------------------------------------------------------- */

void netif_input(struct netif *i, struct packet *k)
{
	assert(list_empty(&k->link));
	i->in.packets++;
	i->in.bytes += k->len;
	k->in = i;
	if (!netif_up(i)) {
		i->in.dropped++;
		packet_free(k);
		return;
	}
	ether_input(i, k);
}

void netif_transmit(struct netif *i, struct packet *k)
{
	assert(list_empty(&k->link));
	if (!netif_up(i)) {
		i->out.dropped++;
		packet_free(k);
		return;
	}
	i->out.packets++;
	i->out.bytes += k->len;
	if (netif_tap)
		netif_tap(i, k, true);
	i->ops->transmit(i, k);
}
