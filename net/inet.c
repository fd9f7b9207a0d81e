/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet.c - AF_INET: its sockets, and the doors for addresses. Whatever a
 * program says is "my address" passes inet_local, whatever it wants to talk to
 * inet_remote: what comes out belongs to its prison.
 *
 * A transport registers itself here and fills in what its sockets do.
 * Locks: the kernel lock. Transports are never taken away.
 */
#include "net/inet.h"

static struct list transports = LIST_INIT(transports);

/* t stays the caller's and must not go away. */
void inet_transport_register(struct inet_transport *t)
{
	assert(t->begin && t->size >= sizeof(struct inet_sock));
	assert(!t->abort || t->delivers);
	list_init(&t->all);
	list_append(&transports, &t->link);
	if (t->in.number)
		ip_protocol_register(&t->in);
	t->show.show_of = inet_show;
	t->show.of = t;
	t->show.directory = "net";
	t->show.gate = PROC_GATE_ALL;
	procfs_register(&t->show);
}

/* Is the jail or the address that s talks by gone? What the last process of a
 * jail has written before it ended is still delivered, unless somebody removes
 * the jail or takes its address. */
static bool is_lost(const struct inet_sock *s)
{
	const struct prison *p = s->sock.prison;

	if (p->state != PRISON_ALIVE)
		return prison_was_removed(p) || !prison_has_ip4(p, s->local) ||
		       !s->transport->delivers(s);
	return s->local ? !inet_may_receive(s, s->local) : !inet_prison_has(p);
}

/* What was p's, or of those below it, does not outlive p or its address. */
static void prison_lost(struct prison *p)
{
	const struct vnet *v = net_vnet(p);

	inet_ports_forget(v->tcp);
	inet_ports_forget(v->udp);
	list_each(at, &transports) {
		struct inet_transport *t = list_entry(at, struct inet_transport,
						      link);
		struct list *l = t->abort ? t->all.next : &t->all;

		while (l != &t->all) {
			struct inet_sock *s = list_entry(l, struct inet_sock,
							 all_link);
			struct list *before = l->prev;

			/* who goes with it has come after it */
			l = prison_sees(p, s->sock.prison) && is_lost(s) &&
			    t->abort(s) ? before->next : l->next;
		}
	}
}

/* --- the doors ------------------------------------------------------------------- */

const struct prison *inet_realm(const struct prison *p)
{
	while (p->ip4 == SHARE_INHERIT && p->parent)
		p = p->parent;
	return p;
}

bool inet_unlimited(const struct prison *p)
{
	return !inet_realm(p)->parent;
}

bool inet_prison_has(const struct prison *p)
{
	const struct prison *r = inet_realm(p);

	return !r->parent || (r->ip4 == SHARE_NEW && r->ip4_count &&
			      r->state == PRISON_ALIVE);
}

/* Host: what an interface bears, or a group or broadcast address. */
static int any_local(struct vnet *v, uint32_t addr)
{
	return !addr || inet_is_loopback(addr) || inet_is_multicast(addr) ||
	       netif_addr_find(v, addr) || netif_any_broadcast(v, addr) ?
		0 : -EADDRNOTAVAIL;
}

int inet_local(const struct cred *who, struct vnet *v, uint32_t *addr)
{
	const struct prison *r = inet_realm(who->prison);

	assert(v == net_vnet(who->prison));
	if (!inet_prison_has(r))
		return -EAFNOSUPPORT;
	if (!r->parent)
		return any_local(v, *addr);
	if (!*addr && r->ip4_count > 1)
		return 0;
	if (!*addr || inet_is_loopback(*addr) ||
	    (r->ip4_divert && !prison_has_ip4(r, *addr)))
		*addr = r->ip4_addr[0];
	if (!prison_has_ip4(r, *addr) || !netif_addr_find(v, *addr))
		return -EADDRNOTAVAIL;
	return 0;
}

/* All of 127.0.0.0/8: a service of the host's on 127.0.0.2 is none of a jail's
 * business. 0 is "this machine". */
uint32_t inet_remote(const struct cred *who, uint32_t addr)
{
	const struct prison *r = inet_realm(who->prison);

	if (!addr)
		addr = INADDR_LOOPBACK_NET;
	if (r->parent && r->ip4_count && inet_is_loopback(addr))
		return r->ip4_addr[0];
	return addr;
}

/* The first address of r's that an interface bears; by which, unless NULL. */
static uint32_t first_of(const struct prison *r, struct vnet *v,
			 const struct netif *by)
{
	for (unsigned n = 0; n < r->ip4_count; n++) {
		struct netif_addr *a = netif_addr_find(v, r->ip4_addr[n]);

		if (a && (!by || a->netif == by))
			return a->addr;
	}
	return 0;
}

int inet_source(const struct cred *who, struct vnet *v, uint32_t dst,
		int device, uint32_t *src)
{
	const struct prison *r = inet_realm(who->prison);
	struct route way;
	int err;

	if (!inet_prison_has(r))
		return -EAFNOSUPPORT;
	err = route_find_by(v, dst, device, &way);
	if (err)
		return err;
	if (!r->parent || prison_has_ip4(r, way.source)) {
		*src = way.source;
		return *src ? 0 : -EADDRNOTAVAIL;
	}
	*src = r->ip4_saddrsel ? first_of(r, v, way.netif) : 0;
	if (!*src)
		*src = first_of(r, v, NULL);
	assert(!*src || prison_has_ip4(r, *src));
	return *src ? 0 : -EADDRNOTAVAIL;
}

/* What is for many leaves by the interface of the address that it is from, and
 * needs no route then, as on Linux. 0: that does not say. */
int inet_many_device(struct vnet *v, uint32_t src, uint32_t dst)
{
	const struct netif *lo = list_entry(v->netifs.next, struct netif, link);
	const struct netif_addr *a = netif_addr_find(v, src);

	if (!inet_is_multicast(dst) && dst != INADDR_BROADCAST)
		return 0;
	return a ? a->netif->index : inet_is_loopback(src) ? lo->index : 0;
}

/* --- names ----------------------------------------------------------------------- */

int inet_name_parse(const struct sock_name *n, uint32_t *addr, uint16_t *port)
{
	const struct abi_sockaddr_in *a = (const void *)n->bytes;

	if (n->len < sizeof *a)
		return -EINVAL;
	/* AF_UNSPEC: of no address, so that one may bind to it, as on Linux */
	if (a->family != AF_INET && (a->family != AF_UNSPEC || a->addr))
		return -EAFNOSUPPORT;
	*addr = a->addr;
	*port = a->port;
	return 0;
}

void inet_name_fill(struct sock_name *n, uint32_t addr, uint16_t port)
{
	struct abi_sockaddr_in *a = (void *)n->bytes;

	memset(a, 0, sizeof *a);
	a->family = AF_INET;
	a->addr = addr;
	a->port = port;
	n->len = sizeof *a;
}

/* --- sockets --------------------------------------------------------------------- */

void inet_sock_begin(struct inet_sock *s, const struct cred *who,
		     struct inet_transport *t)
{
	assert(!s->cred && !s->local_port);
	sock_begin(&s->sock, who, AF_INET, t->type, t->ops);
	s->transport = t;
	s->vnet = net_vnet(who->prison);
	s->cred = cred_hold(who);
	s->realm = (struct prison *)inet_realm(who->prison);
	s->ttl = s->vnet->default_ttl;
	s->multicast_ttl = 1;
	s->multicast_loop = true;
	s->mtu_discover = IP_PMTUDISC_WANT;
	list_init(&s->all_link);
	list_append(&t->all, &s->all_link);
	list_init(&s->by_realm);
	list_init(&s->by_pair);
	list_init(&s->by_claim);
	list_init(&s->groups);
}

int inet_sock_new(struct inet_transport *t, const struct cred *who,
		  int protocol, struct inet_sock **out)
{
	struct inet_sock *s = sock_alloc(who, t->size);
	int err;

	if (!s)
		return -ENOMEM;
	inet_sock_begin(s, who, t);
	s->sock.protocol = protocol;
	err = t->begin(s, protocol);
	if (err)
		inet_sock_free(s);
	else
		*out = s;
	return err;
}

void inet_sock_inherit(struct inet_sock *to, const struct inet_sock *from)
{
	sock_inherit(&to->sock, &from->sock);
	to->ttl = from->ttl;
	to->tos = from->tos;
	to->device = from->device;
}

void inet_sock_free(struct inet_sock *s)
{
	assert(list_empty(&s->groups) && !list_empty(&s->all_link));
	list_remove(&s->all_link);
	inet_unbind(s);
	cred_drop(s->cred);
	sock_free(&s->sock, s->transport->size);
}

/* As Linux tells it. */
int inet_autobind(struct inet_sock *s)
{
	int err = s->local_port ? 0 : inet_bind_port(s->ports, s, 0);

	return err == -EADDRINUSE && s->sock.type == SOCK_DGRAM ? -EAGAIN : err;
}

int inet_sock_bind(struct sock *sock, const struct path_at *at,
		   struct sock_name *n)
{
	struct inet_sock *s = inet_of(sock);
	uint32_t addr, old = s->local;
	uint16_t port;
	int err = inet_name_parse(n, &addr, &port);

	(void)at;
	if (err)
		return err;
	if (!s->free_bind)	/* else it was allowed to name any */
		err = inet_local(s->cred, s->vnet, &addr);
	if (!err && (s->local_port || s->remote))
		err = -EINVAL;
	if (err)
		return err;
	s->local = addr;
	err = s->ports ? inet_bind_port(s->ports, s, port) : 0;
	if (err) {
		s->local = old;
		return err;
	}
	s->bound = addr;
	s->port_bound = port;
	return 0;
}

static void peer_set(struct inet_sock *s, uint32_t local, uint32_t addr,
		     uint16_t port)
{
	if (s->ports) {
		inet_pair_set(s->ports, s, local, addr, port);
	} else {
		s->local = local;
		s->remote = addr;
		s->remote_port = port;
	}
}

static bool any_many(struct vnet *v, uint32_t addr)
{
	return inet_is_multicast(addr) || netif_any_broadcast(v, addr);
}

/* May s talk there? A stream is between two. */
static int peer_allowed(const struct inet_sock *s, uint32_t addr)
{
	if (s->sock.type == SOCK_STREAM)
		return any_many(s->vnet, addr) ? -ENETUNREACH : 0;
	return netif_any_broadcast(s->vnet, addr) &&
	       !(s->sock.options & SOCK_OPTION_BROADCAST) ? -EACCES : 0;
}

/* SO_DONTROUTE: is addr none of a link of ours? */
static bool by_gateway(const struct inet_sock *s, uint32_t addr)
{
	struct route r;

	return (s->sock.options & SOCK_OPTION_DONTROUTE) &&
	       !route_find_by(s->vnet, addr, s->device, &r) && r.gateway;
}

/* A port that is chosen here need be its own only where it talks from. */
int inet_sock_pair(struct inet_sock *s, uint32_t addr, uint16_t port)
{
	bool stream = s->sock.type == SOCK_STREAM;
	uint32_t local, old = s->local, own = s->bound;
	struct inet_sock *other;
	int device = s->device, err;

	/* as on Linux a datagram's keeps the address that it had chosen */
	if (!own && !stream && s->remote && inet_may_receive(s, old))
		own = old;
	addr = inet_remote(s->cred, addr);
	if (!device)
		device = inet_many_device(s->vnet, own, addr);
	err = inet_source(s->cred, s->vnet, addr, device, &local);
	if (!err)
		err = peer_allowed(s, addr);
	if (!err && by_gateway(s, addr))
		err = -ENETUNREACH;
	if (!err && own && !inet_may_receive(s, own))
		err = -EADDRNOTAVAIL;	/* it was the jail's once */
	if (!err && inet_is_loopback(own) && !inet_is_loopback(addr) &&
	    !inet_is_multicast(addr) && !netif_addr_find(s->vnet, addr))
		err = -EINVAL;		/* it is not to leave the machine */
	if (err)
		return err;
	if (own && (!stream || !any_many(s->vnet, own)))
		local = own;
	if (!s->local_port)
		s->local = local;
	err = s->ports ? inet_autobind(s) : 0;
	if (err == -EADDRINUSE)
		err = -EADDRNOTAVAIL;
	if (!err && stream) {
		other = inet_lookup(s->ports, addr, port, local, s->local_port,
				    0);
		err = other && other->remote ? -EADDRNOTAVAIL : 0;
	}
	if (err)
		peer_set(s, old, 0, 0);
	else
		peer_set(s, local, addr, port);
	return err;
}

void inet_sock_unpair(struct inet_sock *s)
{
	if (!s->port_bound)
		inet_unbind(s);
	peer_set(s, s->bound, 0, 0);
}

void inet_sock_end(struct inet_sock *s)
{
	if (s->local_port)
		s->port_was = s->local_port;
	if (s->port_bound)
		inet_pair_set(s->ports, s, s->local, 0, 0);
	else
		inet_unbind(s);
}

/* connect(2): whom it talks to; of datagrams also whom it hears. */
int inet_sock_connect(struct sock *sock, const struct path_at *at,
		      struct sock_name *n, bool wait)
{
	struct inet_sock *s = inet_of(sock);
	const struct inet_transport *t = s->transport;
	uint32_t addr;
	uint16_t port;
	int err;

	(void)at;
	if (n->len < sizeof n->family)
		return -EINVAL;
	if (n->family == AF_UNSPEC) {
		if (t->disconnect)
			t->disconnect(s);
		else
			inet_sock_unpair(s);
		return 0;
	}
	if (t->connect)
		return t->connect(s, n, wait);
	err = inet_name_parse(n, &addr, &port);
	if (!err)
		err = inet_sock_pair(s, addr, port);
	if (err && s->ports && inet_autobind(s))
		return -EAGAIN;		/* it has a port whether or not: Linux */
	return err;
}

int inet_sock_name(struct sock *sock, bool peer, struct sock_name *out)
{
	struct inet_sock *s = inet_of(sock);

	if (peer && (!s->remote || !s->remote_port))
		return -ENOTCONN;
	if (peer)
		inet_name_fill(out, s->remote, s->remote_port);
	else
		inet_name_fill(out, s->local, s->local_port ? s->local_port :
							s->port_was);
	return 0;
}

/* socket(2) */
static int inet_make(const struct cred *who, int type, int protocol,
		     struct sock **out)
{
	bool type_known = false;

	if (!inet_prison_has(who->prison))
		return -EAFNOSUPPORT;
	if (protocol < 0 || protocol > IPPROTO_RAW)
		return -EINVAL;
	list_each(l, &transports) {
		struct inet_transport *t = list_entry(l, struct inet_transport,
						      link);
		struct inet_sock *s;
		int err;

		if (t->type != type)
			continue;
		type_known = true;
		if (protocol && t->protocol && protocol != t->protocol)
			continue;
		err = inet_sock_new(t, who, protocol ? protocol : t->protocol,
				    &s);
		if (!err)
			*out = &s->sock;
		return err;
	}
	return type_known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}

void inet_init(void)
{
	static struct sock_family family = { AF_INET, inet_make, { 0 } };

	sock_family_register(&family);
	prison_on_death(prison_lost);
	prison_on_clamp(prison_lost);
}
