/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_port.h - the sockets of a protocol, by port: what inet_port.c,
 * inet_table.c and inet_choose.c have between them. Locks: the kernel lock.
 */
#ifndef NET_INET_PORT_H
#define NET_INET_PORT_H

#include "net/inet.h"

enum inet_table { INET_BY_REALM, INET_BY_PAIR, INET_BY_CLAIM, INET_TABLES };
enum { INET_PORTS = INET_PORT_LAST - INET_PORT_FIRST + 1,	/* to choose */
       INET_MAPS = 8 };

struct port_map;
struct inet_ports {
	struct list *table[INET_TABLES];	/* each a row of buckets */
	uint32_t buckets;	/* of each; a power of two */
	uint32_t count;		/* sockets that have a port */
	struct port_map *map[INET_MAPS];	/* the last used first */
};

/* --- inet_table.c ----------------------------------------------------------- */

static inline uint32_t inet_realm_hash(uint16_t port,
				       const struct prison *realm)
{
	return hash_u32(hash_u32((uintptr_t)realm) ^ port);
}
static inline uint32_t inet_pair_hash(uint32_t remote, uint16_t remote_port,
				      uint16_t local_port)
{
	return hash_u32(hash_u32(remote) ^
			hash_u32((uint32_t)remote_port << 16 | local_port));
}
/* local 0: of those who claim all of realm. */
static inline uint32_t inet_claim_hash(uint16_t port, uint32_t local,
				       const struct prison *realm)
{
	return hash_u32(hash_u32(local ? local : (uintptr_t)realm) ^ port);
}
static inline struct list *inet_bucket(const struct inet_ports *ports,
				       enum inet_table t, uint32_t hash)
{
	return &ports->table[t][hash & (ports->buckets - 1)];
}
extern const uint16_t inet_link_at[INET_TABLES];
static inline struct list *inet_link(struct inet_sock *s, enum inet_table t)
{
	return (struct list *)((char *)s + inet_link_at[t]);
}
static inline struct inet_sock *inet_sock_at(struct list *l, enum inet_table t)
{
	return (struct inet_sock *)((char *)l - inet_link_at[t]);
}
/* s, whose place its addresses and port say, is in table t from now on, and no
 * more. */
void inet_table_enter(struct inet_ports *ports, struct inet_sock *s,
		      enum inet_table t);
void inet_table_leave(struct inet_ports *ports, struct inet_sock *s,
		      enum inet_table t);

/* --- inet_choose.c ---------------------------------------------------------- */

/* A port which nobody has whom s would have to share it with; 0: none. */
uint16_t inet_port_choose(struct inet_ports *ports, const struct inet_sock *s);
/* s has entered or left table t. */
void inet_maps_note(struct inet_ports *ports, const struct inet_sock *s,
		    enum inet_table t, bool entered);

/* --- inet_port.c ------------------------------------------------------------ */

/* Does s overlap with nobody who has port? */
bool inet_port_is_free(const struct inet_ports *ports,
		       const struct inet_sock *s, uint16_t port);
/* Does s claim what it is bound to, or was the address taken from its jail? */
bool inet_port_claims(const struct inet_sock *s);

#endif
