/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_route.c - routes and neighbours as a user sees and sets them: the ioctls
 * of route(8) and arp(8), /proc/net/route and /proc/net/arp.
 *
 * Who may not set routes and has not all addresses sees only what is about an
 * address of his own. Locks: the kernel lock; text_put does not sleep.
 */
#include "net/arp.h"

bool inet_addr_seen(const struct cred *who, uint32_t addr)
{
	return inet_unlimited(who->prison) || priv_has(who, PRIV_NET_ROUTE) ||
	       prison_has_ip4(who->prison, addr);
}

/* --- routes ---------------------------------------------------------------------- */

/* Where r->device names an interface that he sees, it is that one. */
static int device_get(const struct cred *who, struct vnet *v, uint32_t user,
		      struct netif **out)
{
	char name[NETIF_NAME_MAX];
	int err;

	if (!user)
		return 0;
	err = user_string_in(name, user, sizeof name);
	if (err < 0)
		return err == -ENAMETOOLONG ? -ENODEV : err;
	*out = netif_find(v, name);
	return *out && netif_seen(who, *out) ? 0 : -ENODEV;
}

int inet_route_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
		     uint32_t arg)
{
	struct route_entry r = { 0 };
	struct abi_rtentry u;
	int err = priv_check(who, PRIV_NET_ROUTE);

	if (err)
		return err;
	if (user_copy_in(&u, arg, sizeof u))
		return -EFAULT;
	if (u.dst.family != AF_INET)
		return -EAFNOSUPPORT;
	err = device_get(who, v, u.device, &r.netif);
	if (err)
		return err;
	r.dst = u.dst.addr;
	r.mask = u.flags & RTF_HOST ? UINT32_MAX : u.mask.addr;
	r.flags = ROUTE_UP | (u.flags & (ROUTE_GATEWAY | ROUTE_HOST));
	if (u.flags & RTF_GATEWAY) {
		if (u.gateway.family != AF_INET || !u.gateway.addr)
			return -EINVAL;
		r.gateway = u.gateway.addr;
	}
	r.metric = u.metric > 0 ? u.metric - 1 : 0;
	if (u.flags & RTF_REJECT) {
		r.netif = NULL;
		r.refusal = ROUTE_UNREACHABLE;
	}
	if (cmd == SIOCADDRT)
		return route_add(v, &r);
	if (u.metric <= 0)
		r.metric = -1;
	return route_remove(v, &r);
}

/* Lines of 127 characters: there are programs that count them. */
static void put_line(struct text *t, const char *line)
{
	text_put(t, "%-127s\n", line);
}

/* As Linux: not of those that nobody is told of. */
static unsigned reject_flag(const struct route_entry *r)
{
	return r->refusal == ROUTE_UNREACHABLE || r->refusal == ROUTE_PROHIBIT ?
		ROUTE_REJECT : 0;
}

static int show_route(struct text *t, const struct cred *who)
{
	struct vnet *v = net_vnet(who->prison);
	char line[128];

	put_line(t, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\t"
		 "Mask\t\tMTU\tWindow\tIRTT");
	list_each(l, route_list(v)) {
		const struct route_entry *r = list_entry(l, struct route_entry,
							 link);

		assert(!r->netif == (r->refusal < 0));
		if ((r->netif && !netif_up(r->netif)) || !inet_addr_seen(who, r->dst))
			continue;
		str_format(line, sizeof line,
			   "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u",
			   r->netif ? r->netif->name : "*", r->dst, r->gateway,
			   r->flags | reject_flag(r), 0, 0, r->metric, r->mask, 0, 0, 0);
		put_line(t, line);
	}
	return 0;
}

/* --- neighbours ------------------------------------------------------------------- */

static unsigned flags_of(const struct arp_entry *e)
{
	switch (e->state) {
	case ARP_ASKED:
		return 0;
	case ARP_PERMANENT:
		return ATF_COMPLETE | ATF_PERMANENT;
	default:
		return ATF_COMPLETE;
	}
}

static int entry_set(struct netif *i, const struct abi_arpreq *u)
{
	if (!(u->flags & ATF_COMPLETE) || u->hardware.family != i->hardware)
		return -EINVAL;
	if (u->flags & ATF_PUBLISHED)
		return -EOPNOTSUPP;
	return arp_set(i, u->addr.addr, (const uint8_t *)u->hardware.data,
		       u->flags & ATF_PERMANENT);
}

/* SIOCSARP, SIOCGARP, SIOCDARP. */
static int arp_do(struct vnet *v, struct netif *i, uint32_t cmd,
		  struct abi_arpreq *u)
{
	struct arp_entry *e;

	if (cmd == SIOCSARP)
		return entry_set(i, u);
	e = arp_find(i, u->addr.addr);
	if (!e)
		return -ENXIO;
	assert(e->netif == i && i->vnet == v);
	if (cmd == SIOCDARP) {
		arp_forget(v->arp, e);
		return 0;
	}
	memset(&u->hardware, 0, sizeof u->hardware);
	u->hardware.family = i->hardware;
	memcpy(u->hardware.data, e->mac, ETHER_ADDR);
	u->flags = flags_of(e);
	str_copy(u->device, i->name, sizeof u->device);
	return 0;
}

int inet_arp_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
		   uint32_t arg)
{
	struct abi_arpreq u;
	struct netif *i;
	struct route r;
	int err = cmd == SIOCGARP ? 0 : priv_check(who, PRIV_NET_ROUTE);

	if (err)
		return err;
	if (user_copy_in(&u, arg, sizeof u))
		return -EFAULT;
	if (u.addr.family != AF_INET)
		return -EAFNOSUPPORT;
	if (!inet_addr_seen(who, u.addr.addr))
		return -ENXIO;
	u.device[IFREQ_NAME_MAX - 1] = '\0';
	if (u.device[0]) {
		i = netif_find(v, u.device);
		if (!i || !netif_seen(who, i))
			return -ENODEV;
	} else {
		err = route_find(v, u.addr.addr, &r);
		if (err)
			return err;
		i = r.netif;
	}
	assert(i->vnet == v);
	if (i->flags & (NETIF_LOOPBACK | NETIF_NOARP))
		return cmd == SIOCGARP ? -ENXIO : -EINVAL;
	err = arp_do(v, i, cmd, &u);
	if (!err && cmd == SIOCGARP)
		err = user_copy_out(arg, &u, sizeof u);
	return err;
}

static int show_arp(struct text *t, const struct cred *who)
{
	struct vnet *v = net_vnet(who->prison);

	text_put(t, "IP address       HW type     Flags       "
		 "HW address            Mask     Device\n");
	list_each(l, &v->arp->entries) {
		const struct arp_entry *e = list_entry(l, struct arp_entry,
						       link);
		char addr[16], mac[18];

		assert(e->netif->vnet == v);
		if (!inet_addr_seen(who, e->addr))
			continue;
		str_format(addr, sizeof addr, "%u.%u.%u.%u",
			   INET_ARGS(e->addr));
		str_format(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x",
			   e->mac[0], e->mac[1], e->mac[2], e->mac[3],
			   e->mac[4], e->mac[5]);
		text_put(t, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n",
			 addr, e->netif->hardware, flags_of(e), mac,
			 e->netif->name);
	}
	return 0;
}

void inet_route_init(void)
{
	static struct procfs_entry route = {
		.directory = "net", .name = "route", .gate = PROC_GATE_ALL,
		.show = show_route,
	}, arp = {
		.directory = "net", .name = "arp", .gate = PROC_GATE_ALL,
		.show = show_arp,
	};

	procfs_register(&route);
	procfs_register(&arp);
}
