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
#include "net/option.h"

enum { NUMBER_MAX = 255, GROUPS_MAX = 20 };	/* as Linux */

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
	*g = (struct inet_group){ .sock = s, .netif = i, .addr = addr };
	err = netif_group_join(i, addr);	/* sleeps: another may join */
	if (!err && group_find(s, addr, i)) {
		netif_group_leave(i, addr);
		err = -EADDRINUSE;
	}
	if (err) {
		charged_free(s->sock.prison, g, sizeof *g);
		return err;
	}
	list_append(&s->groups, &g->link);
	list_append(netif_group_members(i, addr), &g->member);
	return 0;
}

static void leave(struct inet_sock *s, struct inet_group *g)
{
	struct netif *i = g->netif;
	uint32_t addr = g->addr;

	assert(inet_is_multicast(addr));
	list_remove(&g->link);
	list_remove(&g->member);
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
static int request_take(const struct option_call *c, bool alone,
			struct abi_ip_mreqn *r)
{
	enum { MREQ = offsetof(struct abi_ip_mreqn, device) };

	memset(r, 0, sizeof *r);
	if (alone && c->len < MREQ)
		return option_take(c, &r->addr, sizeof r->addr);
	return option_take(c, r, c->len < sizeof *r ? MREQ : sizeof *r);
}

static int group_take(struct option_call *c)
{
	bool add = c->row->name == IP_ADD_MEMBERSHIP;
	struct inet_sock *s = inet_of(c->sock);
	struct abi_ip_mreqn r;
	struct inet_group *g;
	struct netif *i;
	int err;

	if (c->sock->type == SOCK_STREAM)
		return -EPROTO;		/* one talks to one */
	err = request_take(c, false, &r);
	if (err)
		return err;
	if (!inet_is_multicast(r.group))
		return add ? -EINVAL : -EADDRNOTAVAIL;
	err = device_of(s, &r, &i);
	if (err)
		return err;
	if (add)
		return join(s, r.group, i);
	g = group_find(s, r.group, i);
	if (!g)
		return -EADDRNOTAVAIL;
	leave(s, g);
	return 0;
}

/* By which interface, and from where, what is for a group leaves. */
static int multicast_if_take(struct option_call *c)
{
	struct inet_sock *s = inet_of(c->sock);
	struct abi_ip_mreqn r;
	struct netif *i;
	int err = request_take(c, true, &r);

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

/* --- the table ------------------------------------------------------------------- */

/* -1 is the default. */
static int ttl_check(struct option_call *c)
{
	const struct inet_sock *s = inet_of(c->sock);

	if (c->v == -1)
		c->v = s->vnet->default_ttl;
	return 0;
}

static int multicast_ttl_check(struct option_call *c)
{
	if (c->v == -1)
		c->v = 1;
	return c->sock->type == SOCK_STREAM ? -EINVAL : 0;
}

static int header_check(struct option_call *c)
{
	return c->sock->type == SOCK_RAW ? 0 : -ENOPROTOOPT;
}

static int free_bind_check(struct option_call *c)
{
	const struct cred *maker = inet_of(c->sock)->cred;

	return c->v && priv_check(maker, PRIV_NETINET_BINDANY) ? -EPERM : 0;
}

/* What the path to the peer takes. -ENOTCONN. */
static int mtu_show(struct option_call *c)
{
	const struct inet_sock *s = inet_of(c->sock);
	struct route r;

	if (!s->remote || route_find_by(s->vnet, s->remote, s->device, &r))
		return -ENOTCONN;
	c->v = min_u32(r.mtu, IP_MAX);
	return 0;
}

/* SO_BINDTODEVICE: a name; an empty one undoes it. To change it takes a right,
 * as on Linux: at another device somebody else may have the port. */
static int device_take(struct option_call *c)
{
	struct inet_sock *s = inet_of(c->sock);
	char name[NETIF_NAME_MAX];
	struct netif *i;

	if (s->device && priv_check(c->who, PRIV_NETINET_RAW))
		return -EPERM;
	if (option_take_text(c, name, sizeof name))
		return -EFAULT;
	i = name[0] ? netif_find(s->vnet, name) : NULL;
	if (name[0] && (!i || !netif_seen(s->cred, i)))
		return -ENODEV;
	s->device = i ? i->index : 0;
	return 0;
}

static int device_give(struct option_call *c)
{
	struct inet_sock *s = inet_of(c->sock);
	struct netif *i = s->device ? netif_by_index(s->vnet, s->device) : NULL;

	return option_give(c, i ? i->name : "", i ? strlen(i->name) + 1 : 0);
}

#define AT(number, member) .level = IPPROTO_IP, .name = number, \
	.rule = OPTION_BYTE, OPTION_AT(inet_sock, sock, member)

const struct sock_option inet_option_table[] = {
	{ AT(IP_TOS, tos), .least = INT32_MIN, .most = INT32_MAX },
	{ AT(IP_TTL, ttl), .least = 1, .most = NUMBER_MAX, .check = ttl_check },
	{ AT(IP_MULTICAST_TTL, multicast_ttl), .most = NUMBER_MAX,
	  .check = multicast_ttl_check },
	{ AT(IP_MULTICAST_LOOP, multicast_loop) },
	{ AT(IP_HDRINCL, header_included), .check = header_check },
	{ AT(IP_PKTINFO, packet_info) },
	{ AT(IP_RECVERR, receive_error) },
	{ AT(IP_RECVTTL, receive_ttl) },
	{ AT(IP_RECVTOS, receive_tos) },
	{ AT(IP_FREEBIND, free_bind), .check = free_bind_check },
	{ AT(IP_MTU_DISCOVER, mtu_discover), .least = IP_PMTUDISC_DONT,
	  .most = IP_PMTUDISC_PROBE },
	{ .level = IPPROTO_IP, .name = IP_MTU,
	  .rule = OPTION_BYTE | OPTION_READ, .show = mtu_show },
	{ .level = IPPROTO_IP, .name = IP_MULTICAST_IF,
	  OPTION_AT(inet_sock, sock, multicast_source),
	  .take = multicast_if_take },
	{ .level = IPPROTO_IP, .name = IP_ADD_MEMBERSHIP, .rule = OPTION_WRITE,
	  .take = group_take },
	{ .level = IPPROTO_IP, .name = IP_DROP_MEMBERSHIP, .rule = OPTION_WRITE,
	  .take = group_take },
	{ .level = SOL_SOCKET, .name = SO_BINDTODEVICE, .take = device_take,
	  .give = device_give },
	{ 0 },
};

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
	o->src = p.local;	/* or 0: not that of one before, either */
	return p.local ? inet_local(s->cred, s->vnet, &o->src) : 0;
}

static int control_one(const struct inet_sock *s, const struct abi_cmsghdr *h,
		       struct ip_out *o)
{
	const char *data = (const char *)h + CONTROL_DATA;
	uint32_t n = h->len - CONTROL_DATA;
	int v = 0;

	if (h->level == SOL_SOCKET)	/* as on Linux they are no matter here */
		return h->type == SCM_RIGHTS || h->type == SCM_CREDENTIALS ?
			0 : -EINVAL;
	if (h->level != IPPROTO_IP)
		return 0;
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
	const struct abi_cmsghdr *h = NULL;
	int err = 0;

	while (!err && (h = sock_control_next(m, h)))
		err = control_one(s, h, o);
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
