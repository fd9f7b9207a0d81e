/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_option.c - options of AF_INET sockets (Linux ip(7)), and the control
 * messages that go with them.
 *
 * Addresses and interfaces that a program names here pass the doors of its
 * prison as everywhere: another's interface does not exist.
 *
 * Locks: the kernel lock.
 */
#include "net/datagram.h"

enum { NUMBER_MAX = 255, GROUPS_MAX = 20 };	/* as Linux */

struct inet_group {
	struct list link;	/* of its socket */
	struct netif *netif;
	uint32_t addr;
};

/* --- groups ---------------------------------------------------------------------- */

static struct inet_group *group_find(const struct inet_sock *s, uint32_t addr,
				     const struct netif *i)
{
	list_each(l, &s->groups) {
		struct inet_group *g = list_entry(l, struct inet_group, link);

		if (g->addr == addr && g->netif == i)
			return g;
	}
	return NULL;
}

bool inet_joined(const struct inet_sock *s, uint32_t group,
		 const struct packet *k)
{
	return group_find(s, group, k->looped ? k->looped : k->in) != NULL;
}

static int join(struct inet_sock *s, uint32_t addr, struct netif *i)
{
	struct inet_group *g;
	unsigned n = 0;
	int err;

	list_each(l, &s->groups)
		n++;
	if (group_find(s, addr, i))
		return -EADDRINUSE;
	if (n >= GROUPS_MAX)
		return -ENOBUFS;
	g = charged_alloc(s->sock.prison, sizeof *g);
	if (!g)
		return -ENOBUFS;
	*g = (struct inet_group){ .netif = i, .addr = addr };
	list_init(&g->link);
	err = netif_group_join(i, addr);	/* sleeps: another may join */
	if (!err && group_find(s, addr, i)) {
		netif_group_leave(i, addr);
		err = -EADDRINUSE;
	}
	if (err)
		charged_free(s->sock.prison, g, sizeof *g);
	else
		list_append(&s->groups, &g->link);
	return err;
}

static void leave(struct inet_sock *s, struct inet_group *g)
{
	struct netif *i = g->netif;
	uint32_t addr = g->addr;

	assert(inet_is_multicast(addr));
	list_remove(&g->link);
	charged_free(s->sock.prison, g, sizeof *g);
	netif_group_leave(i, addr);		/* sleeps */
}

void inet_groups_leave(struct inet_sock *s)
{
	while (!list_empty(&s->groups))
		leave(s, list_entry(s->groups.next, struct inet_group, link));
}

/* The interface that r names, by number or by an address of its; neither: that
 * of the way to the group. -ENODEV. */
static int device_of(const struct inet_sock *s, const struct abi_ip_mreqn *r,
		     struct netif **out)
{
	struct netif_addr *a;
	struct netif *i = NULL;
	struct route way;

	if (r->device) {
		i = netif_by_index(s->vnet, r->device);
	} else if (r->addr) {
		a = netif_addr_find(s->vnet, r->addr);
		i = a && netif_addr_seen(s->cred, a) ? a->netif : NULL;
	} else if (!route_find(s->vnet, r->group, &way)) {
		i = way.netif;
	}
	if (!i || !netif_seen(s->cred, i))
		return -ENODEV;
	*out = i;
	return 0;
}

/* A struct ip_mreq or ip_mreqn; for IP_MULTICAST_IF also an address alone. */
static int request_in(uint32_t user, uint32_t len, bool alone,
		      struct abi_ip_mreqn *r)
{
	enum { MREQ = offsetof(struct abi_ip_mreqn, device) };

	memset(r, 0, sizeof *r);
	if (len >= MREQ)
		return user_copy_in(r, user, len < sizeof *r ? MREQ :
							       sizeof *r);
	if (!alone || len < sizeof r->addr)
		return -EINVAL;
	return user_copy_in(&r->addr, user, sizeof r->addr);
}

static int group_set(struct inet_sock *s, int name, uint32_t user,
		     uint32_t len)
{
	struct abi_ip_mreqn r;
	struct inet_group *g;
	struct netif *i;
	int err = request_in(user, len, false, &r);

	if (err)
		return err;
	if (!inet_is_multicast(r.group))
		return name == IP_ADD_MEMBERSHIP ? -EINVAL : -EADDRNOTAVAIL;
	err = device_of(s, &r, &i);
	if (err)
		return err;
	if (name == IP_ADD_MEMBERSHIP)
		return join(s, r.group, i);
	g = group_find(s, r.group, i);
	if (!g)
		return -EADDRNOTAVAIL;
	leave(s, g);
	return 0;
}

/* By which interface, and from where, what is for a group leaves. */
static int multicast_if_set(struct inet_sock *s, uint32_t user, uint32_t len)
{
	struct abi_ip_mreqn r;
	struct netif *i;
	int err = request_in(user, len, true, &r);

	if (err)
		return err;
	if (!r.device && !r.addr) {
		s->multicast_device = 0;
		s->multicast_source = 0;
		return 0;
	}
	err = device_of(s, &r, &i);
	if (err)
		return r.device ? err : -EADDRNOTAVAIL;
	if (r.addr)
		err = inet_local(s->cred, s->vnet, &r.addr);
	if (err)
		return err;
	s->multicast_device = i->index;
	s->multicast_source = r.addr;
	return 0;
}

/* --- numbers --------------------------------------------------------------------- */

int inet_option_number(uint32_t user, uint32_t len, int *out)
{
	uint8_t byte;

	if (len >= sizeof *out)
		return user_copy_in(out, user, sizeof *out);
	if (!len)
		return -EINVAL;
	if (user_copy_in(&byte, user, sizeof byte))
		return -EFAULT;
	*out = byte;
	return 0;
}

/* The switch of that name, or NULL. */
static bool *switch_of(struct inet_sock *s, int name)
{
	switch (name) {
	case IP_HDRINCL:
		return s->sock.type == SOCK_RAW ? &s->header_included : NULL;
	case IP_PKTINFO:
		return &s->packet_info;
	case IP_RECVERR:
		return &s->receive_error;
	case IP_RECVTTL:
		return &s->receive_ttl;
	case IP_RECVTOS:
		return &s->receive_tos;
	case IP_MULTICAST_LOOP:
		return &s->multicast_loop;
	default:
		return NULL;
	}
}

static int number_set(struct inet_sock *s, int name, int v)
{
	bool *on = switch_of(s, name);

	if (on) {
		*on = v != 0;
		return 0;
	}
	switch (name) {
	case IP_TOS:
		s->tos = v;
		return 0;
	case IP_TTL:
		if (v != -1 && (v < 1 || v > NUMBER_MAX))
			return -EINVAL;
		s->ttl = v == -1 ? s->vnet->default_ttl : v;
		return 0;
	case IP_MULTICAST_TTL:
		if (v < -1 || v > NUMBER_MAX)
			return -EINVAL;
		s->multicast_ttl = v == -1 ? 1 : v;
		return 0;
	case IP_FREEBIND:
		if (v && priv_check(s->cred, PRIV_NETINET_BINDANY))
			return -EPERM;
		s->free_bind = v != 0;
		return 0;
	case IP_MTU_DISCOVER:
		if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_PROBE)
			return -EINVAL;
		s->mtu_discover = v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* SO_BINDTODEVICE: a name; an empty one undoes it. To change it takes a right, as
 * on Linux: at another device somebody else may have the port. */
static int device_set(struct inet_sock *s, const struct cred *who,
		      uint32_t user, uint32_t len)
{
	char name[NETIF_NAME_MAX] = "";
	struct netif *i;

	if (s->device && priv_check(who, PRIV_NETINET_RAW))
		return -EPERM;
	if (user_copy_in(name, user, min_u32(len, sizeof name - 1)))
		return -EFAULT;
	if (!name[0]) {
		s->device = 0;
		return 0;
	}
	i = netif_find(s->vnet, name);
	if (!i || !netif_seen(s->cred, i))
		return -ENODEV;
	s->device = i->index;
	return 0;
}

int inet_option_set(struct sock *sock, struct thread *me, int level, int name,
		    uint32_t user, uint32_t len)
{
	struct inet_sock *s = inet_of(sock);
	int v, err;

	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return device_set(s, me->cred, user, len);
	if (level != IPPROTO_IP)
		return -ENOPROTOOPT;
	switch (name) {
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return group_set(s, name, user, len);
	case IP_MULTICAST_IF:
		return multicast_if_set(s, user, len);
	}
	err = inet_option_number(user, len, &v);
	return err ? err : number_set(s, name, v);
}

/* What the path to the peer takes. -ENOTCONN. */
static int mtu_get(const struct inet_sock *s, int *out)
{
	struct route r;

	if (!s->remote || route_find_by(s->vnet, s->remote, s->device, &r))
		return -ENOTCONN;
	*out = min_u32(r.mtu, IP_MAX);
	return 0;
}

static int number_get(struct inet_sock *s, int name, int *out)
{
	bool *on = switch_of(s, name);

	if (on) {
		*out = *on;
		return 0;
	}
	switch (name) {
	case IP_TOS:
		*out = s->tos;
		return 0;
	case IP_TTL:
		*out = s->ttl;
		return 0;
	case IP_MULTICAST_TTL:
		*out = s->multicast_ttl;
		return 0;
	case IP_MULTICAST_IF:
		*out = s->multicast_source;
		return 0;
	case IP_FREEBIND:
		*out = s->free_bind;
		return 0;
	case IP_MTU_DISCOVER:
		*out = s->mtu_discover;
		return 0;
	case IP_MTU:
		return mtu_get(s, out);
	default:
		return -ENOPROTOOPT;
	}
}

int inet_option_get(struct sock *sock, struct thread *me, int level, int name,
		    uint32_t user, uint32_t user_len)
{
	struct inet_sock *s = inet_of(sock);
	struct netif *i;
	int v, err;

	(void)me;
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE) {
		i = s->device ? netif_by_index(s->vnet, s->device) : NULL;
		return sock_option_give(user, user_len, i ? i->name : "",
					i ? strlen(i->name) + 1 : 0);
	}
	if (level != IPPROTO_IP)
		return -ENOPROTOOPT;
	err = number_get(s, name, &v);
	return err ? err : sock_option_give(user, user_len, &v, sizeof v);
}

/* --- control messages ------------------------------------------------------------- */

enum { CONTROL_DATA = sizeof(struct abi_cmsghdr) };

static int packet_info_use(const struct inet_sock *s, const char *data,
			   struct ip_out *o)
{
	struct abi_in_pktinfo p;
	struct netif *i;

	memcpy(&p, data, sizeof p);
	if (p.device) {
		i = netif_by_index(s->vnet, p.device);
		if (!i || !netif_seen(s->cred, i))
			return -ENODEV;
		o->device = p.device;
	}
	if (!p.local)
		return 0;
	o->src = p.local;
	return inet_local(s->cred, s->vnet, &o->src);
}

static int control_one(const struct inet_sock *s, const struct abi_cmsghdr *h,
		       struct ip_out *o)
{
	const char *data = (const char *)h + CONTROL_DATA;
	uint32_t n = h->len - CONTROL_DATA;
	int v = 0;

	if (h->level != IPPROTO_IP)
		return h->level == SOL_SOCKET ? -EINVAL : 0;
	if (h->type == IP_PKTINFO)
		return n == sizeof(struct abi_in_pktinfo) ?
			packet_info_use(s, data, o) : -EINVAL;
	if (n != sizeof v && !(n == 1 && h->type == IP_TOS))
		return -EINVAL;
	memcpy(&v, data, n);
	if (h->type == IP_TTL && v >= 1 && v <= NUMBER_MAX)
		o->ttl = v;
	else if (h->type == IP_TOS && v >= 0 && v <= NUMBER_MAX)
		o->tos = v;
	else
		return -EINVAL;
	return 0;
}

int inet_control_parse(const struct inet_sock *s, const struct sock_msg *m,
		       struct ip_out *o)
{
	uint32_t at = 0;
	int err = 0;

	while (!err && at < m->control_len &&
	       m->control_len - at >= CONTROL_DATA) {
		const struct abi_cmsghdr *h = (const void *)(m->control + at);

		if (h->len < CONTROL_DATA || h->len > m->control_len - at)
			return -EINVAL;
		err = control_one(s, h, o);
		at += align_up(h->len, sizeof(uint32_t));
	}
	return err;
}

int inet_control_give(const struct inet_sock *s, struct sock_msg *m,
		      const struct packet *k)
{
	enum { AT_TOS = 1, AT_TTL = 8, AT_DST = 16 };
	const struct netif *i = k->looped ? k->looped : k->in;
	struct abi_in_pktinfo p = { .device = i->index };
	const uint8_t *head = k->network;
	int ttl = head[AT_TTL], err = 0;

	assert(head >= k->block && head < k->data + k->len + 1);
	memcpy(&p.dst, head + AT_DST, sizeof p.dst);
	if (netif_addr_find(s->vnet, p.dst) || inet_is_loopback(p.dst))
		p.local = p.dst;
	else	/* it went to many: only the host has all addresses */
		p.local = inet_unlimited(s->cred->prison) ?
			netif_source(i, p.dst) : s->local;
	if (s->packet_info)
		err = sock_put_control(m, IPPROTO_IP, IP_PKTINFO, &p, sizeof p);
	if (!err && s->receive_ttl)
		err = sock_put_control(m, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
	if (!err && s->receive_tos)
		err = sock_put_control(m, IPPROTO_IP, IP_TOS, &head[AT_TOS],
				       sizeof head[AT_TOS]);
	return err;
}
