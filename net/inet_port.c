/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_port.c - which socket has which port, and whose a packet is.
 *
 * A claim is an address, or all addresses of the prison that the socket's maker
 * is in (the nearest that has addresses of its own: its realm). Within a realm
 * claims exclude each other as on Linux; between realms only the same address
 * does. So two jails and the host have the same port each, and the most exact
 * claim gets the packet. Claims are found by port and address, those of all
 * addresses by the address 0: how many jails have the port costs nothing.
 *
 * Invariant: a socket is among the claims if it has a port and no remote end.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { BUCKETS = 256, CLAIMS = 1024 };

struct inet_ports {
	struct list by_port[BUCKETS];	/* struct inet_sock, newest first */
	struct list by_pair[BUCKETS];
	struct list by_claim[CLAIMS];
};

struct inet_ports *inet_ports_new(void)
{
	struct inet_ports *p = kmem_alloc(sizeof *p);

	if (!p)
		return NULL;
	for (unsigned n = 0; n < BUCKETS; n++) {
		list_init(&p->by_port[n]);
		list_init(&p->by_pair[n]);
	}
	for (unsigned n = 0; n < CLAIMS; n++)
		list_init(&p->by_claim[n]);
	return p;
}

static struct list *port_bucket(const struct inet_ports *ports, uint16_t port)
{
	return (struct list *)&ports->by_port[hash_u32(port) % BUCKETS];
}

static struct list *pair_bucket(const struct inet_ports *ports, uint32_t remote,
				uint16_t remote_port, uint16_t local_port)
{
	uint32_t h = hash_u32(remote) ^
		     hash_u32((uint32_t)remote_port << 16 | local_port);

	return (struct list *)&ports->by_pair[hash_u32(h) % BUCKETS];
}

static struct list *claim_bucket(const struct inet_ports *ports, uint16_t port,
				 uint32_t local)
{
	uint32_t h = hash_u32(local) ^ port;

	return (struct list *)&ports->by_claim[hash_u32(h) % CLAIMS];
}

static void claim_begin(struct inet_ports *ports, struct inet_sock *s)
{
	assert(s->local_port && !s->remote && list_empty(&s->by_claim));
	list_push(claim_bucket(ports, s->local_port, s->local), &s->by_claim);
}

struct inet_sock *inet_ports_next(const struct inet_ports *ports,
				  uint16_t port, const struct inet_sock *prev)
{
	struct list *head = port_bucket(ports, port);
	struct list *l = prev ? prev->by_port.next : head->next;

	for (; l != head; l = l->next) {
		struct inet_sock *s = list_entry(l, struct inet_sock, by_port);

		if (s->local_port == port)
			return s;
	}
	return NULL;
}

/* --- claims --------------------------------------------------------------------- */

static bool listens(const struct inet_sock *s)
{
	return s->sock.ops->listening && s->sock.ops->listening(&s->sock);
}

static bool both(const struct inet_sock *a, const struct inet_sock *b,
		 unsigned option)
{
	return a->sock.options & b->sock.options & option;
}

static bool same_realm(const struct inet_sock *a, const struct inet_sock *b)
{
	return inet_realm(a->cred->prison) == inet_realm(b->cred->prison);
}

/* Do they claim the same packets? Who has lost his address claims none. */
static bool overlap(const struct inet_sock *a, const struct inet_sock *b)
{
	if (b->local && !inet_may_receive(b, b->local))
		return false;
	if (a->device && b->device && a->device != b->device)
		return false;
	if (a->local && b->local)
		return a->local == b->local;
	return same_realm(a, b);
}

/* Both have said that it is fine, and what the jails share is no reason to take
 * each other's; for REUSEPORT also the same user. */
static bool agree(const struct inet_sock *a, const struct inet_sock *b)
{
	bool stream = a->sock.type == SOCK_STREAM;

	if (both(a, b, SOCK_OPTION_REUSEPORT) &&
	    a->cred->euid == b->cred->euid && same_realm(a, b))
		return true;
	return both(a, b, SOCK_OPTION_REUSEADDR) &&
	       (stream ? !listens(a) && !listens(b) : same_realm(a, b));
}

static bool taken(const struct inet_ports *ports, const struct inet_sock *s,
		  uint16_t port)
{
	struct inet_sock *o = NULL;

	while ((o = inet_ports_next(ports, port, o)))
		if (o != s && overlap(s, o) && !agree(s, o))
			return true;
	return false;
}

/* One that overlaps with nothing at all, from a random place on. */
static uint16_t choose(const struct inet_ports *ports,
		       const struct inet_sock *s)
{
	enum { RANGE = INET_PORT_LAST - INET_PORT_FIRST + 1 };
	uint32_t from;

	net_random(&from, sizeof from);
	for (uint32_t n = 0; n < RANGE; n++) {
		uint16_t port = __builtin_bswap16(INET_PORT_FIRST +
						  (from % RANGE + n) % RANGE);
		struct inet_sock *o = NULL;
		bool clear = true;

		while (clear && (o = inet_ports_next(ports, port, o)))
			clear = !overlap(s, o);
		if (clear)
			return port;
	}
	return 0;
}

int inet_bind_port(struct inet_ports *ports, struct inet_sock *s,
		   uint16_t port)
{
	assert(!s->local_port && list_empty(&s->by_port));
	if (port && __builtin_bswap16(port) < INET_PORT_RESERVED &&
	    priv_check(s->cred, PRIV_NETINET_RESERVEDPORT))
		return -EACCES;
	if (!port)
		port = choose(ports, s);
	if (!port || taken(ports, s, port))
		return -EADDRINUSE;
	s->local_port = port;
	list_push(port_bucket(ports, port), &s->by_port);
	claim_begin(ports, s);
	return 0;
}

/* A connection that a listener on port has got: shares it, whoever claims. */
void inet_port_join(struct inet_ports *ports, struct inet_sock *s,
		    uint16_t port)
{
	assert(!s->local_port && list_empty(&s->by_port) && port);
	s->local_port = port;
	list_push(port_bucket(ports, port), &s->by_port);
}

/* Is there another that s, which wants to listen, would take packets from? */
bool inet_port_shared(const struct inet_ports *ports,
		      const struct inet_sock *s)
{
	struct inet_sock *o = NULL;

	while ((o = inet_ports_next(ports, s->local_port, o)))
		if (o != s && listens(o) && overlap(s, o) &&
		    !(both(s, o, SOCK_OPTION_REUSEPORT) &&
		      s->cred->euid == o->cred->euid && same_realm(s, o)))
			return true;
	return false;
}

void inet_pair_set(struct inet_ports *ports, struct inet_sock *s,
		   uint32_t remote, uint16_t remote_port)
{
	assert(!remote || s->local_port);	/* else no packet finds it */
	list_remove(&s->by_pair);
	list_remove(&s->by_claim);
	s->remote = remote;
	s->remote_port = remote_port;
	if (remote)
		list_push(pair_bucket(ports, remote, remote_port,
				      s->local_port), &s->by_pair);
	else if (s->local_port)
		claim_begin(ports, s);
}

void inet_unbind(struct inet_ports *ports, struct inet_sock *s)
{
	inet_pair_set(ports, s, 0, 0);
	list_remove(&s->by_port);
	list_remove(&s->by_claim);
	s->local_port = 0;
	assert(list_empty(&s->by_pair) && !s->remote);
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

/* How exactly s claims dst; 0: not at all. An address is more than all of a
 * realm, a realm deep in the tree more than one above, a device a little. */
static unsigned claim(const struct inet_sock *s, uint32_t dst, int device)
{
	enum { ADDRESS = 1 << 24, DEPTH = 2 };
	unsigned v = 1 + DEPTH * inet_realm(s->cred->prison)->depth;

	if (s->remote || !device_fits(s, device) ||
	    (s->sock.type == SOCK_STREAM && !listens(s)))
		return 0;
	if (s->device)
		v++;
	if ((s->local && s->local != dst) || !inet_may_receive(s, dst))
		return 0;
	return s->local ? ADDRESS + v : v;
}

/* The most exact of the claims to dport that are kept under the address key. */
static struct inet_sock *claim_find(const struct inet_ports *ports,
				    uint32_t key, uint32_t dst, uint16_t dport,
				    int device)
{
	struct inet_sock *best = NULL;
	unsigned most = 0;

	list_each(l, claim_bucket(ports, dport, key)) {
		struct inet_sock *s = list_entry(l, struct inet_sock, by_claim);
		unsigned v = s->local_port == dport ? claim(s, dst, device) : 0;

		if (v > most) {
			most = v;
			best = s;
		}
	}
	assert(!best || !best->remote);
	return best;
}

struct inet_sock *inet_lookup(const struct inet_ports *ports, uint32_t src,
			      uint16_t sport, uint32_t dst, uint16_t dport,
			      int device)
{
	struct inet_sock *s;

	list_each(l, pair_bucket(ports, src, sport, dport)) {
		s = list_entry(l, struct inet_sock, by_pair);
		if (s->remote == src && s->remote_port == sport &&
		    s->local_port == dport && s->local == dst &&
		    device_fits(s, device) &&
		    (inet_may_receive(s, dst) || only_ends(s)))
			return s;
	}
	s = claim_find(ports, dst, dst, dport, device);
	return s ? s : claim_find(ports, 0, dst, dport, device);
}
