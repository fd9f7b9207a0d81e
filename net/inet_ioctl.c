/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_ioctl.c - the ioctls of ifconfig (Linux netdevice(7)): what interfaces
 * there are, their state and their addresses.
 *
 * Who asks sees the interfaces and addresses of his prison; to set takes a
 * privilege each. eth0:1 is the alias of that label; taking it down is how an
 * alias goes.
 *
 * Locks: the kernel lock; nothing that was found is used after a sleep.
 */
#include "net/inet.h"

enum { QUEUE_LENGTH = 1000 };

struct request {
	const struct cred *who;
	struct vnet *vnet;
	struct netif *netif;
	struct netif_addr *addr;	/* of that label that he sees; or NULL */
	struct abi_ifreq r;
};

static struct netif_addr *label_find(const struct cred *who, struct netif *i,
				     const char *label)
{
	list_each(l, &i->addrs) {
		struct netif_addr *a = list_entry(l, struct netif_addr, link);

		assert(a->netif == i && a->addr);
		if (!strcmp(a->label, label) && netif_addr_seen(who, a))
			return a;
	}
	return NULL;
}

/* The interface of a name that may have an alias' number behind it. */
static struct netif *netif_named(const struct cred *who, struct vnet *v,
				 const char *label)
{
	char name[NETIF_NAME_MAX], *colon;
	struct netif *i;

	str_copy(name, label, sizeof name);
	colon = strchr(name, ':');
	if (colon)
		*colon = '\0';
	i = netif_find(v, name);
	return i && netif_seen(who, i) ? i : NULL;
}

/* --- what there is ------------------------------------------------------------- */

static int get_addr(struct request *q, uint32_t cmd)
{
	const struct netif_addr *a = q->addr;
	uint32_t v;

	if (!a)
		return -EADDRNOTAVAIL;
	switch (cmd) {
	case SIOCGIFADDR:
		v = a->addr;
		break;
	case SIOCGIFDSTADDR:
		v = a->peer;
		break;
	case SIOCGIFBRDADDR:
		v = a->broadcast;
		break;
	default:
		assert(cmd == SIOCGIFNETMASK);
		v = a->mask;
	}
	memset(&q->r.addr, 0, sizeof q->r.addr);
	q->r.addr.family = AF_INET;
	q->r.addr.addr = v;
	return 0;
}

/* What ethtool asks of anybody's, and libpcap with it. Times are taken by us,
 * never by a card. */
static int ethtool(const struct netif *i, uint32_t arg)
{
	struct abi_ethtool_ts_info times = {
		.cmd = ETHTOOL_GET_TS_INFO, .clock = -1,
		.kinds = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
	};
	struct abi_ethtool_value v;

	if (user_get32(arg, &v.cmd))
		return -EFAULT;
	switch (v.cmd) {
	case ETHTOOL_GLINK:
		v.value = (i->flags & NETIF_RUNNING) != 0;
		break;
	case ETHTOOL_GTXCSUM:
		v.value = (i->offload & NETIF_OFFLOAD_CHECKSUM) != 0;
		break;
	case ETHTOOL_GTSO:
		v.value = (i->offload & NETIF_OFFLOAD_TCP4) != 0;
		break;
	case ETHTOOL_GET_TS_INFO:
		return user_copy_out(arg, &times, sizeof times);
	default:
		return -EOPNOTSUPP;
	}
	return user_copy_out(arg, &v, sizeof v);
}

static int get(struct request *q, uint32_t cmd)
{
	const struct netif *i = q->netif;

	switch (cmd) {
	case SIOCGIFFLAGS:
		q->r.flags = (int16_t)netif_flags_shown(i);
		return 0;
	case SIOCGIFMTU:
		q->r.number = i->mtu;
		return 0;
	case SIOCGIFINDEX:
		q->r.number = i->index;
		return 0;
	case SIOCGIFMETRIC:
		q->r.number = 0;
		return 0;
	case SIOCGIFTXQLEN:
		q->r.number = QUEUE_LENGTH;
		return 0;
	case SIOCGIFHWADDR:
		memset(&q->r.hardware, 0, sizeof q->r.hardware);
		q->r.hardware.family = i->hardware;
		memcpy(q->r.hardware.data, i->mac, ETHER_ADDR);
		return 0;
	case SIOCGIFMAP:
		memset(q->r.map, 0, sizeof q->r.map);
		return 0;
	case SIOCETHTOOL:
		return ethtool(i, q->r.data);
	default:
		return get_addr(q, cmd);
	}
}

/* By index: the one request that does not begin with a name. */
static int get_name(struct request *q, uint32_t arg)
{
	struct netif *i;

	if (user_copy_in(&q->r, arg, sizeof q->r))
		return -EFAULT;
	i = netif_by_index(q->vnet, q->r.number);
	if (!i || !netif_seen(q->who, i))
		return -ENODEV;
	str_copy(q->r.name, i->name, sizeof q->r.name);
	return user_copy_out(arg, &q->r, sizeof q->r);
}

/* The addresses that he sees, into list unless it is NULL; how many. */
static unsigned fill_list(const struct cred *who, struct vnet *v,
			  struct abi_ifreq *list)
{
	struct netif *i = NULL;
	unsigned n = 0;

	while ((i = netif_next(who, v, i))) {
		list_each(l, &i->addrs) {
			struct netif_addr *a = list_entry(l, struct netif_addr,
							  link);

			if (!netif_addr_seen(who, a))
				continue;
			if (list) {
				str_copy(list[n].name, a->label,
					 IFREQ_NAME_MAX);
				list[n].addr.family = AF_INET;
				list[n].addr.addr = a->addr;
			}
			n++;
		}
	}
	return n;
}

/* As many as there is room for. The list is made before the first byte is
 * copied, which may sleep. */
static int get_list(const struct cred *who, struct vnet *v, uint32_t arg)
{
	struct abi_ifreq *list;
	struct abi_ifconf conf;
	unsigned n, filled;
	int err;

	if (user_copy_in(&conf, arg, sizeof conf))
		return -EFAULT;
	n = fill_list(who, v, NULL);
	list = kmem_zalloc((n + 1) * sizeof *list);
	if (!list)
		return -ENOMEM;
	filled = fill_list(who, v, list);
	assert(filled == n);
	if (conf.buf)
		n = conf.len < 0 ? 0 : min_u32(n, conf.len / sizeof *list);
	conf.len = n * sizeof *list;
	err = conf.buf ? user_copy_out(conf.buf, list, conf.len) : 0;
	kmem_free(list);
	return err ? err : user_copy_out(arg, &conf, sizeof conf);
}

/* --- setting ---------------------------------------------------------------------- */

/* The mask of the classes, where none was told (yet). */
static uint32_t mask_of_class(uint32_t addr)
{
	unsigned first = addr & 0xff;

	return first < 128 ? 0xff : first < 192 ? 0xffff : 0xffffff;
}

/* A label has one address: the new one takes the old one's place; 0 only takes
 * that away, where there is one. */
static int set_address(struct request *q, uint32_t addr)
{
	uint32_t mask = mask_of_class(addr);
	struct netif *i = q->netif;
	struct netif_addr *a = netif_addr_find(q->vnet, addr);
	int err;

	if (q->addr && q->addr == a)
		return 0;
	if (a)
		return -EEXIST;
	if (addr == INADDR_BROADCAST || inet_is_multicast(addr))
		return -EINVAL;		/* before the old one is gone */
	if (q->addr) {
		err = netif_addr_remove(i, q->addr->addr);
		if (err)
			return err;
	}
	if (!addr)
		return 0;
	err = netif_addr_add(i, addr, mask, addr | ~mask, q->r.name);
	if (err)
		return err;
	a = netif_addr_find(q->vnet, addr);
	assert(a && a->netif == i);
	if (!strcmp(a->label, i->name)) {
		list_remove(&a->link);
		list_push(&i->addrs, &a->link);
	}
	return netif_up(i) ? 0 : netif_set_flags(i, i->flags | NETIF_UP);
}

static int set_flags(struct request *q)
{
	uint32_t wanted = (uint16_t)q->r.flags;
	struct netif *i = q->netif;

	if (strcmp(q->r.name, i->name)) {	/* an alias: only up and down */
		if (!q->addr)
			return -EADDRNOTAVAIL;
		return wanted & NETIF_UP ? 0 :
			netif_addr_remove(i, q->addr->addr);
	}
	return netif_set_flags(i, netif_flags_asked(i, wanted));
}

static int set_mac(struct request *q)
{
	struct netif *i = q->netif;

	if (i->ops->set_mac && q->r.hardware.family != i->hardware)
		return -EINVAL;
	return netif_set_mac(i, (const uint8_t *)q->r.hardware.data);
}

static int set_addr_part(struct request *q, uint32_t cmd)
{
	uint32_t v = q->r.addr.addr;

	if (!q->addr)
		return -EADDRNOTAVAIL;
	switch (cmd) {
	case SIOCSIFNETMASK:
		return netif_addr_set_mask(q->addr, v);
	case SIOCSIFBRDADDR:
		q->addr->broadcast = v;
		return 0;
	default:
		assert(cmd == SIOCSIFDSTADDR);
		q->addr->peer = v;
		return 0;
	}
}

static int set(struct request *q, uint32_t cmd)
{
	switch (cmd) {
	case SIOCSIFFLAGS:
		return set_flags(q);
	case SIOCSIFMTU:
		return q->r.number < 0 ? -EINVAL :
			netif_set_mtu(q->netif, q->r.number);
	case SIOCSIFHWADDR:
		return set_mac(q);
	case SIOCSIFMETRIC:
		return q->r.number ? -EOPNOTSUPP : 0;
	case SIOCSIFNAME:
		q->r.new_name[IFREQ_NAME_MAX - 1] = '\0';
		return netif_rename(q->netif, q->r.new_name);
	}
	if (q->r.addr.family != AF_INET)
		return -EINVAL;
	return cmd == SIOCSIFADDR ? set_address(q, q->r.addr.addr) :
				    set_addr_part(q, cmd);
}

/* --- the table ---------------------------------------------------------------------- */

static const struct {
	uint32_t cmd;
	bool set;
	enum priv needs;	/* to set */
} requests[] = {
	{ SIOCGIFFLAGS, false, PRIV_NONE },
	{ SIOCGIFADDR, false, PRIV_NONE },
	{ SIOCGIFDSTADDR, false, PRIV_NONE },
	{ SIOCGIFBRDADDR, false, PRIV_NONE },
	{ SIOCGIFNETMASK, false, PRIV_NONE },
	{ SIOCGIFMETRIC, false, PRIV_NONE },
	{ SIOCGIFMTU, false, PRIV_NONE },
	{ SIOCGIFHWADDR, false, PRIV_NONE },
	{ SIOCGIFINDEX, false, PRIV_NONE },
	{ SIOCGIFTXQLEN, false, PRIV_NONE },
	{ SIOCGIFMAP, false, PRIV_NONE },
	{ SIOCETHTOOL, false, PRIV_NONE },
	{ SIOCSIFFLAGS, true, PRIV_NET_SETIFFLAGS },
	{ SIOCSIFADDR, true, PRIV_NET_ADDIFADDR },
	{ SIOCSIFDSTADDR, true, PRIV_NET_ADDIFADDR },
	{ SIOCSIFBRDADDR, true, PRIV_NET_ADDIFADDR },
	{ SIOCSIFNETMASK, true, PRIV_NET_ADDIFADDR },
	{ SIOCSIFMETRIC, true, PRIV_NET_SETIFMETRIC },
	{ SIOCSIFMTU, true, PRIV_NET_SETIFMTU },
	{ SIOCSIFNAME, true, PRIV_NET_SETIFNAME },
	{ SIOCSIFHWADDR, true, PRIV_NET_SETLLADDR },
};

static int by_name(struct request *q, unsigned row, uint32_t arg)
{
	uint32_t cmd = requests[row].cmd;
	int err;

	assert(requests[row].set == (requests[row].needs != PRIV_NONE));
	if (user_copy_in(&q->r, arg, sizeof q->r))
		return -EFAULT;
	q->r.name[IFREQ_NAME_MAX - 1] = '\0';
	if (requests[row].set) {
		err = priv_check(q->who, requests[row].needs);
		if (err)
			return err;
	}
	q->netif = netif_named(q->who, q->vnet, q->r.name);
	if (!q->netif)
		return -ENODEV;
	assert(q->netif->vnet == q->vnet);
	q->addr = label_find(q->who, q->netif, q->r.name);
	if (requests[row].set)
		return set(q, cmd);
	err = get(q, cmd);
	return err ? err : user_copy_out(arg, &q->r, sizeof q->r);
}

int inet_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
	       uint32_t arg)
{
	struct request q = { .who = who, .vnet = v };

	switch (cmd) {
	case SIOCGIFCONF:
		return get_list(who, v, arg);
	case SIOCGIFNAME:
		return get_name(&q, arg);
	case SIOCADDRT:
	case SIOCDELRT:
		return inet_route_ioctl(who, v, cmd, arg);
	case SIOCGARP:
	case SIOCSARP:
	case SIOCDARP:
		return inet_arp_ioctl(who, v, cmd, arg);
	}
	for (unsigned n = 0; n < ARRAY_LEN(requests); n++)
		if (requests[n].cmd == cmd)
			return by_name(&q, n, arg);
	return -ENOTTY;
}
