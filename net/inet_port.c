/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_port.c - which socket has which port, and whose a packet is.
 *
 * A claim is an address, or all addresses of the prison that the socket's maker
 * is in (the nearest that has addresses of its own: its realm). Within a realm
 * claims exclude each other as on Linux; between realms only the same address
 * does. So two jails and the host have the same port each, and the most exact
 * claim gets the packet. Claims are found by port and address, or port and
 * realm: how many jails have the port costs nothing.
 *
 * Invariants: who has a port is in by_realm and by_claim, there those
 * with a remote end, who claim nothing, behind the others; a realm counts who
 * claims all of it (prison_taker_begin). Locks: the kernel lock.
 */
#include "net/inet_port.h"

static bool takes_all(const struct inet_sock *s)
{
	return s->local_port && !s->local && !s->remote && s->realm->parent;
}

static void claim_begin(struct inet_ports *ports, struct inet_sock *s)
{
	inet_table_enter(ports, s, INET_BY_CLAIM);
	if (takes_all(s))
		prison_taker_begin(s->realm);
}

static void claim_end(struct inet_ports *ports, struct inet_sock *s)
{
	if (list_empty(&s->by_claim))
		return;
	inet_table_leave(ports, s, INET_BY_CLAIM);
	if (takes_all(s))
		prison_taker_end(s->realm);
}

static void port_begin(struct inet_ports *ports, struct inet_sock *s,
		       uint16_t port)
{
	assert(!s->local_port && port && !s->remote);
	s->local_port = port;
	inet_table_enter(ports, s, INET_BY_REALM);
}

/* --- claims --------------------------------------------------------------------- */

static bool both(const struct inet_sock *a, const struct inet_sock *b,
		 unsigned option)
{
	return a->sock.options & b->sock.options & option;
}

bool inet_port_claims(const struct inet_sock *s)
{
	return !s->local || inet_may_receive(s, s->local);
}

/* Do they claim the same packets? Who has lost his address claims none. */
static bool overlap(const struct inet_sock *a, const struct inet_sock *b)
{
	if (!inet_port_claims(b))
		return false;
	if (a->device && b->device && a->device != b->device)
		return false;
	if (a->local && b->local)
		return a->local == b->local;
	return a->realm == b->realm;
}

static bool same_jail(const struct inet_sock *a, const struct inet_sock *b)
{
	return a->cred->prison == b->cred->prison;
}

/* Both have said that it is fine, and what the jails share is no reason to take
 * each other's; for REUSEPORT also the same user. */
static bool agree(const struct inet_sock *a, const struct inet_sock *b)
{
	bool stream = a->sock.type == SOCK_STREAM;

	if (both(a, b, SOCK_OPTION_REUSEPORT) &&
	    a->cred->euid == b->cred->euid && same_jail(a, b))
		return true;
	return both(a, b, SOCK_OPTION_REUSEADDR) &&
	       (stream ? !a->sock.listening && !b->sock.listening :
			  same_jail(a, b));
}

static bool disagree(const struct inet_sock *a, const struct inet_sock *b)
{
	return !agree(a, b);
}

/* Would s, listening, take packets from o? */
static bool robs(const struct inet_sock *s, const struct inet_sock *o)
{
	return o->sock.listening && !(both(s, o, SOCK_OPTION_REUSEPORT) &&
			       s->cred->euid == o->cred->euid &&
			       same_jail(s, o));
}

static bool any(const struct inet_sock *a, const struct inet_sock *b)
{
	(void)a, (void)b;
	return true;
}

/* What a socket may have against another that overlaps with it. */
typedef bool against(const struct inet_sock *s, const struct inet_sock *o);

static bool is_rival(const struct inet_sock *s, const struct inet_sock *o,
		     uint16_t port, against *why)
{
	return o != s && o->local_port == port && overlap(s, o) && why(s, o);
}

static bool rival_in(const struct inet_ports *ports, enum inet_table t,
		     uint32_t hash, const struct inet_sock *s, uint16_t port,
		     against *why)
{
	list_each(l, inet_bucket(ports, t, hash))
		if (is_rival(s, inet_sock_at(l, t), port, why))
			return true;
	return false;
}

/* Is there such a one at port? On an address it is anybody on the same, or of
 * the realm on all; on all of the realm anybody of it. */
static bool has_rival(const struct inet_ports *ports, const struct inet_sock *s,
		      uint16_t port, against *why)
{
	if (!s->local)
		return rival_in(ports, INET_BY_REALM,
				inet_realm_hash(port, s->realm), s, port, why);
	return rival_in(ports, INET_BY_CLAIM,
			inet_claim_hash(port, s->local, NULL), s, port, why) ||
	       rival_in(ports, INET_BY_CLAIM,
			inet_claim_hash(port, 0, s->realm), s, port, why);
}

bool inet_port_is_free(const struct inet_ports *ports,
		       const struct inet_sock *s, uint16_t port)
{
	return !has_rival(ports, s, port, any);
}

int inet_bind_port(struct inet_ports *ports, struct inet_sock *s,
		   uint16_t port)
{
	assert(!s->local_port && list_empty(&s->by_claim));
	if (port && __builtin_bswap16(port) < INET_PORT_RESERVED &&
	    priv_check(s->cred, PRIV_NETINET_RESERVEDPORT))
		return -EACCES;
	if (!port)
		port = inet_port_choose(ports, s);
	if (!port || has_rival(ports, s, port, disagree))
		return -EADDRINUSE;
	port_begin(ports, s, port);
	claim_begin(ports, s);
	return 0;
}

/* A connection that a listener on port has got: shares it, whoever claims. */
void inet_port_join(struct inet_ports *ports, struct inet_sock *s,
		    uint32_t local, uint16_t port)
{
	assert(list_empty(&s->by_claim));
	s->local = s->bound = local;
	port_begin(ports, s, port);
}

/* Is there another that s, which wants to listen, would take packets from? */
bool inet_port_shared(const struct inet_ports *ports,
		      const struct inet_sock *s)
{
	return has_rival(ports, s, s->local_port, robs);
}

void inet_pair_set(struct inet_ports *ports, struct inet_sock *s,
		   uint32_t local, uint32_t remote, uint16_t remote_port)
{
	assert(!remote || s->local_port);	/* else no packet finds it */
	assert(!s->local_port == list_empty(&s->by_realm));
	inet_table_leave(ports, s, INET_BY_PAIR);
	claim_end(ports, s);
	s->local = local;
	s->remote = remote;
	s->remote_port = remote_port;
	if (remote)
		inet_table_enter(ports, s, INET_BY_PAIR);
	if (s->local_port)
		claim_begin(ports, s);
}

void inet_unbind(struct inet_sock *s)
{
	if (s->ports && s->local_port) {
		claim_end(s->ports, s);
		inet_table_leave(s->ports, s, INET_BY_PAIR);
		inet_table_leave(s->ports, s, INET_BY_REALM);
	}
	assert(list_empty(&s->by_realm) && list_empty(&s->by_pair));
	s->local_port = s->remote_port = 0;
	s->remote = 0;
}

/* --- whose a packet is ------------------------------------------------------------ */

bool inet_may_receive(const struct inet_sock *s, uint32_t dst)
{
	return inet_prison_has(s->cred->prison) &&
	       prison_has_ip4(s->cred->prison, dst);
}

static bool device_fits(const struct inet_sock *s, int device)
{
	return !s->device || s->device == device;
}

/* Nobody has it open any more: it ends what it has begun, even if the jail that
 * it was of has gone by itself. */
static bool only_ends(const struct inet_sock *s)
{
	return !s->sock.file && prison_has_ip4(s->cred->prison, s->local);
}

/* How exactly s claims dst, by its address or its realm's; 0: not at all. A realm
 * deep in the tree more than one above, a device a little. */
static unsigned claim(const struct inet_sock *s, uint32_t dst, uint16_t port,
		      int device)
{
	enum { DEPTH = 2 };

	if (s->local_port != port || !device_fits(s, device) ||
	    (s->sock.type == SOCK_STREAM && !s->sock.listening))
		return 0;
	return inet_may_receive(s, dst) ?
		1 + DEPTH * s->realm->depth + !!s->device : 0;
}

struct claim {
	struct inet_sock *by;	/* NULL: nobody */
	unsigned value, equals;	/* of how many the lot chose */
	uint32_t lot;		/* the same for all that comes from there */
};

/* SO_REUSEPORT: of equal claims each gets as many of those who talk to it. */
static void draw(struct claim *c, struct inet_sock *s)
{
	assert(c->by && c->equals > 0);
	if (!both(s, c->by, SOCK_OPTION_REUSEPORT) || !same_jail(s, c->by))
		return;
	c->equals++;
	if (hash_u32(c->lot + c->equals) % c->equals == 0)
		c->by = s;
}

/* *most: the most exact claim on dst, or with realm on all that realm has, if it
 * is more than that. */
static void claim_find(const struct inet_ports *ports, uint32_t dst,
		       const struct prison *realm, uint16_t port, int device,
		       struct claim *most)
{
	uint32_t local = realm ? 0 : dst;

	list_each(l, inet_bucket(ports, INET_BY_CLAIM,
				inet_claim_hash(port, local, realm))) {
		struct inet_sock *s = list_entry(l, struct inet_sock, by_claim);
		unsigned v;

		if (s->remote)
			return;		/* and so have all behind it */
		if (s->local != local || (realm && s->realm != realm))
			continue;
		v = claim(s, dst, port, device);
		if (v > most->value)
			*most = (struct claim){ s, v, 1, most->lot };
		else if (v && v == most->value)
			draw(most, s);
	}
}

struct inet_sock *inet_lookup(const struct inet_ports *ports, uint32_t src,
			      uint16_t sport, uint32_t dst, uint16_t dport,
			      int device)
{
	const struct prison_holder *h = NULL;
	struct claim most = {
		.lot = hash_u32(src ^ hash_u32((uint32_t)sport << 16 | dport)),
	};
	struct inet_sock *s;

	list_each(l, inet_bucket(ports, INET_BY_PAIR,
				inet_pair_hash(src, sport, dport))) {
		s = list_entry(l, struct inet_sock, by_pair);
		if (s->remote == src && s->remote_port == sport &&
		    s->local_port == dport && s->local == dst &&
		    device_fits(s, device) &&
		    (inet_may_receive(s, dst) || only_ends(s)))
			return s;
	}
	claim_find(ports, dst, NULL, dport, device, &most);
	if (most.by)
		return most.by;
	while ((h = prison_holder_next(dst, true, h)))
		claim_find(ports, dst, h->prison, dport, device, &most);
	if (!most.by)
		claim_find(ports, dst, prison_host(), dport, device, &most);
	return most.by;
}

struct inet_sock *inet_lookup_error(const struct inet_ports *ports,
				    const struct ip_error *e)
{
	uint16_t port[2];

	assert(e->n >= sizeof port);
	memcpy(port, e->quoted, sizeof port);
	return inet_lookup(ports, e->head->dst, port[1], e->head->src, port[0],
			   e->device);
}
