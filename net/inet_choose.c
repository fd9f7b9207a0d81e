/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_choose.c - a port for who does not mind which.
 *
 * Some at random are tried first (RFC 6056), and one of them is mostly free.
 * Where they are not, a map of what is taken is made, and kept up to date from
 * then on: a bit for each port. There are maps of who claims an address, of who
 * claims all of a realm, and of all in a realm; a few, of which the least used
 * goes. A map only says where to look: a port that it gives is asked about.
 *
 * Invariant: a bit is set while somebody of the map's has the port.
 * Locks: the kernel lock.
 */
#include "net/inet_port.h"

enum { PROBES = 8, BITS = 32, WORDS = (INET_PORTS + BITS - 1) / BITS };

struct port_map {
	enum inet_table table;		/* INET_BY_CLAIM, INET_BY_REALM */
	uint32_t local;			/* who claims this; 0: all of realm */
	const struct prison *realm;	/* only to be compared */
	uint32_t taken[WORDS];
};

static bool of_map(const struct port_map *m, const struct inet_sock *s)
{
	if (m->table == INET_BY_REALM)
		return s->realm == m->realm;
	return s->local == m->local && (s->local || s->realm == m->realm);
}

/* The place of a port, in network order, in a map; INET_PORTS: it has none. */
static unsigned place(uint16_t port)
{
	unsigned n = __builtin_bswap16(port);

	return n < INET_PORT_FIRST || n > INET_PORT_LAST ? INET_PORTS :
	       n - INET_PORT_FIRST;
}

static uint16_t port_at(unsigned place)
{
	assert(place < INET_PORTS);
	return __builtin_bswap16(INET_PORT_FIRST + place);
}

static void set(struct port_map *m, unsigned at, bool taken)
{
	assert(at < INET_PORTS);
	if (taken)
		m->taken[at / BITS] |= 1u << at % BITS;
	else
		m->taken[at / BITS] &= ~(1u << at % BITS);
}

/* Has anybody else of m's what was s's port? */
static bool others(const struct inet_ports *ports, const struct port_map *m,
		   const struct inet_sock *s)
{
	uint32_t hash = m->table == INET_BY_REALM ?
		inet_realm_hash(s->local_port, s->realm) :
		inet_claim_hash(s->local_port, s->local, s->realm);

	list_each(l, inet_bucket(ports, m->table, hash)) {
		const struct inet_sock *o = inet_sock_at(l, m->table);

		if (o->local_port == s->local_port && of_map(m, o) &&
		    inet_port_claims(o))
			return true;
	}
	return false;
}

void inet_maps_note(struct inet_ports *ports, const struct inet_sock *s,
		    enum inet_table t, bool entered)
{
	unsigned at = place(s->local_port);

	if (at == INET_PORTS)
		return;
	for (unsigned n = 0; n < INET_MAPS && ports->map[n]; n++) {
		struct port_map *m = ports->map[n];

		if (m->table == t && of_map(m, s))
			set(m, at, entered || others(ports, m, s));
	}
}

/* Addresses have gone from a jail, and with them claims. */
void inet_ports_forget(struct inet_ports *ports)
{
	for (unsigned n = 0; n < INET_MAPS; n++) {
		kmem_free(ports->map[n]);
		ports->map[n] = NULL;
	}
}

static void fill(const struct inet_ports *ports, struct port_map *m)
{
	for (unsigned at = INET_PORTS; at < WORDS * BITS; at++)
		m->taken[at / BITS] |= 1u << at % BITS;	/* there is none */
	for (uint32_t b = 0; b < ports->buckets; b++)
		list_each(l, &ports->table[INET_BY_REALM][b]) {
			struct inet_sock *s = inet_sock_at(l, INET_BY_REALM);
			unsigned at = place(s->local_port);

			if (at < INET_PORTS && of_map(m, s) &&
			    !list_empty(inet_link(s, m->table)) &&
			    inet_port_claims(s))
				set(m, at, true);
		}
}

/* The map, which is the first then; NULL: no memory. */
static struct port_map *map_get(struct inet_ports *ports, enum inet_table t,
				uint32_t local, const struct prison *realm)
{
	struct port_map *m;
	unsigned n = 0;

	assert(!local || t == INET_BY_CLAIM);
	for (; n < INET_MAPS && ports->map[n]; n++) {
		m = ports->map[n];
		if (m->table == t && m->local == local &&
		    (local || m->realm == realm))
			goto first;
	}
	m = kmem_zalloc(sizeof *m);
	if (!m)
		return NULL;
	m->table = t;
	m->local = local;
	m->realm = realm;
	fill(ports, m);
	if (n == INET_MAPS)
		kmem_free(ports->map[--n]);
first:
	assert(n < INET_MAPS);
	memmove(&ports->map[1], &ports->map[0], n * sizeof m);
	ports->map[0] = m;
	return m;
}

/* One that neither map has, from a word of them on. */
static uint16_t choose_from(const struct inet_ports *ports,
			    const struct inet_sock *s,
			    const struct port_map *a, const struct port_map *b,
			    uint32_t from)
{
	for (uint32_t n = 0; n < WORDS; n++) {
		uint32_t w = (from % WORDS + n) % WORDS;
		uint32_t untaken = ~(a->taken[w] | b->taken[w]);

		for (; untaken; untaken &= untaken - 1) {
			uint16_t port = port_at(w * BITS +
						__builtin_ctz(untaken));

			if (inet_port_is_free(ports, s, port))
				return port;
		}
	}
	return 0;
}

uint16_t inet_port_choose(struct inet_ports *ports, const struct inet_sock *s)
{
	struct port_map *a, *b;
	uint32_t random;

	net_random(&random, sizeof random);
	for (uint32_t n = 0; n < PROBES; n++) {
		uint16_t port = port_at(hash_u32(random + n) % INET_PORTS);

		if (inet_port_is_free(ports, s, port))
			return port;
	}
	if (s->local) {
		a = map_get(ports, INET_BY_CLAIM, s->local, NULL);
		b = map_get(ports, INET_BY_CLAIM, 0, s->realm);
	} else {
		a = b = map_get(ports, INET_BY_REALM, 0, s->realm);
	}
	return a && b ? choose_from(ports, s, a, b, random) : 0;
}
