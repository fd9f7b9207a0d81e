/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_table.c - the sockets of a protocol, hashed in three ways: by realm and
 * port, by both ends, and by what they claim.
 *
 * The tables grow with the sockets, and shrink: a chain is a socket or two,
 * but for those that have the same port. Without memory they stay as they are.
 *
 * Invariant: in a chain of claims those with a remote end, who claim nothing,
 * are behind the others; else the newest comes first. Locks: the kernel lock.
 */
#include "net/inet_port.h"

enum { BUCKETS_LEAST = 64, SHRINK_AT = 8 };

const uint16_t inet_link_at[INET_TABLES] = {
	[INET_BY_REALM] = offsetof(struct inet_sock, by_realm),
	[INET_BY_PAIR] = offsetof(struct inet_sock, by_pair),
	[INET_BY_CLAIM] = offsetof(struct inet_sock, by_claim),
};

static uint32_t hash_of(const struct inet_sock *s, enum inet_table t)
{
	switch (t) {
	case INET_BY_REALM:
		return inet_realm_hash(s->local_port, s->realm);
	case INET_BY_PAIR:
		return inet_pair_hash(s->remote, s->remote_port, s->local_port);
	default:
		assert(t == INET_BY_CLAIM);
		return inet_claim_hash(s->local_port, s->local, s->realm);
	}
}

static void hang(struct inet_ports *ports, struct inet_sock *s,
		 enum inet_table t)
{
	struct list *head = inet_bucket(ports, t, hash_of(s, t));

	if (t == INET_BY_CLAIM && s->remote)
		list_append(head, inet_link(s, t));
	else
		list_push(head, inet_link(s, t));
}

static bool rows_new(struct list *row[INET_TABLES], uint32_t buckets)
{
	for (unsigned t = 0; t < INET_TABLES; t++) {
		row[t] = kmem_alloc(buckets * sizeof *row[t]);
		if (!row[t]) {
			while (t)
				kmem_free(row[--t]);
			return false;
		}
		for (uint32_t n = 0; n < buckets; n++)
			list_init(&row[t][n]);
	}
	return true;
}

/* From the last to the first, so that they keep their order. */
static void move(struct inet_ports *ports, struct list *from, enum inet_table t)
{
	struct list *l;

	while ((l = list_last(from))) {
		list_remove(l);
		hang(ports, inet_sock_at(l, t), t);
	}
}

static void resize(struct inet_ports *ports, uint32_t buckets)
{
	struct list *row[INET_TABLES];
	uint32_t old = ports->buckets;

	assert(buckets >= BUCKETS_LEAST && !(buckets & (buckets - 1)));
	if (!rows_new(row, buckets))
		return;
	ports->buckets = buckets;
	for (unsigned t = 0; t < INET_TABLES; t++) {
		struct list *less = ports->table[t];

		ports->table[t] = row[t];
		for (uint32_t n = 0; n < old; n++)
			move(ports, &less[n], t);
		kmem_free(less);
	}
}

struct inet_ports *inet_ports_new(void)
{
	struct inet_ports *p = kmem_zalloc(sizeof *p);

	if (!p)
		return NULL;
	p->buckets = BUCKETS_LEAST;
	if (rows_new(p->table, p->buckets))
		return p;
	kmem_free(p);
	return NULL;
}

/* A count that is a power of two is tried once on its way, so that a machine
 * without memory does not try each time. */
static void one_more(struct inet_ports *ports)
{
	uint32_t n = ++ports->count;

	if (n > ports->buckets && !(n & (n - 1)))
		resize(ports, n);
}

static void one_less(struct inet_ports *ports)
{
	uint32_t n = ports->count--;

	assert(n);
	if (ports->buckets > BUCKETS_LEAST && n == ports->buckets / SHRINK_AT)
		resize(ports, ports->buckets / 2);
}

void inet_table_enter(struct inet_ports *ports, struct inet_sock *s,
		      enum inet_table t)
{
	assert(s->local_port && list_empty(inet_link(s, t)));
	hang(ports, s, t);
	if (ports->map[0])
		inet_maps_note(ports, s, t, true);
	if (t == INET_BY_REALM)
		one_more(ports);
}

void inet_table_leave(struct inet_ports *ports, struct inet_sock *s,
		      enum inet_table t)
{
	if (list_empty(inet_link(s, t)))
		return;
	list_remove(inet_link(s, t));
	if (ports->map[0])
		inet_maps_note(ports, s, t, false);
	if (t == INET_BY_REALM)
		one_less(ports);
}

struct inet_sock *inet_ports_next(const struct inet_ports *ports,
				  const struct prison *realm, uint16_t port,
				  const struct inet_sock *prev)
{
	struct list *head = inet_bucket(ports, INET_BY_REALM,
					inet_realm_hash(port, realm));
	struct list *l = prev ? prev->by_realm.next : head->next;

	assert(!prev || prev->realm == realm);
	for (; l != head; l = l->next) {
		struct inet_sock *s = list_entry(l, struct inet_sock, by_realm);

		if (s->local_port == port && s->realm == realm)
			return s;
	}
	return NULL;
}
