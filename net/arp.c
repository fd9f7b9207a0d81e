/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp.c - which Ethernet address a neighbour has (RFC 826, 5227).
 *
 * An entry is asked for, known, or about to be asked again: what is known too
 * long is used while a question to that address is under way. Packets wait at
 * an entry, a few; when nobody answers, their senders are told. A table full of
 * entries gives up its oldest that is not permanent.
 *
 * Only who speaks to us is learned; that an address of ours is used by another
 * is told to the log. Locks: the kernel lock.
 */
#include "net/arp.h"

enum { ARP_MAX = 512, WAITING_MAX = 16, TRIES = 3 };
#define SECOND_NS 1000000000ull
#define KNOWN_NS (60 * SECOND_NS)	/* then it is asked for again when used */
#define UNUSED_NS (300 * SECOND_NS)	/* then it is forgotten */
#define DEFEND_NS (10 * SECOND_NS)	/* RFC 5227, 2.4 (c) */

static const uint8_t all_ones[ETHER_ADDR] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t nobody[ETHER_ADDR];

/* --- the table ------------------------------------------------------------------ */

static struct list *bucket(struct arp_table *t, uint32_t addr)
{
	return &t->by_addr[hash_u32(addr) % ARP_BUCKETS];
}

struct arp_entry *arp_find(struct netif *i, uint32_t addr)
{
	list_each(l, bucket(i->vnet->arp, addr)) {
		struct arp_entry *e = list_entry(l, struct arp_entry, by_addr);

		if (e->addr == addr && e->netif == i)
			return e;
	}
	return NULL;
}

static struct packet *take_waiting(struct arp_entry *e)
{
	assert(e->waiting_count > 0);
	e->waiting_count--;
	return packet_list_take(&e->waiting);
}

void arp_forget(struct arp_table *t, struct arp_entry *e)
{
	while (e->waiting_count)
		packet_free(take_waiting(e));
	assert(t->count > 0);
	t->count--;
	list_remove(&e->link);
	list_remove(&e->by_addr);
	kmem_free(e);
}

/* The oldest that has not answered goes, or else the oldest: who asks for many
 * that are not there does not drive out those that are. */
static bool make_room(struct arp_table *t)
{
	struct arp_entry *old = NULL;

	list_each(l, &t->entries) {
		struct arp_entry *e = list_entry(l, struct arp_entry, link);

		if (e->state == ARP_ASKED) {
			old = e;
			break;
		}
		if (!old && e->state != ARP_PERMANENT)
			old = e;
	}
	if (old)
		arp_forget(t, old);
	return old;
}

struct arp_entry *arp_new(struct netif *i, uint32_t addr)
{
	struct arp_table *t = i->vnet->arp;
	struct arp_entry *e;

	assert(!arp_find(i, addr));
	if (t->count >= ARP_MAX && !make_room(t))
		return NULL;
	e = kmem_zalloc(sizeof *e);
	if (!e)
		return NULL;
	e->netif = i;
	e->addr = addr;
	list_init(&e->waiting);
	list_append(&t->entries, &e->link);
	list_push(bucket(t, addr), &e->by_addr);
	t->count++;
	return e;
}

/* --- messages ------------------------------------------------------------------- */

enum { AT_HARDWARE = 0, AT_PROTOCOL = 2, AT_LENGTHS = 4, AT_OP = 6,
       AT_SENDER_MAC = 8, AT_SENDER = 14, AT_TARGET_MAC = 18, AT_TARGET = 24,
       ARP_LENGTH = 28 };
enum { OP_REQUEST = 1, OP_REPLY = 2, LENGTHS = 0x0604 };

struct message {
	uint16_t op;
	uint32_t sender, target;
	const uint8_t *target_mac, *to;
};

static void send(struct netif *i, const struct message *m)
{
	struct packet *k;
	uint8_t *b;

	if (i->flags & (NETIF_LOOPBACK | NETIF_NOARP))
		return;
	k = packet_new(ARP_LENGTH);
	if (!k)
		return;
	b = packet_put(k, ARP_LENGTH);
	net16_put(b + AT_HARDWARE, 1);
	net16_put(b + AT_PROTOCOL, ETHER_IP);
	net16_put(b + AT_LENGTHS, LENGTHS);
	net16_put(b + AT_OP, m->op);
	memcpy(b + AT_SENDER_MAC, i->mac, ETHER_ADDR);
	memcpy(b + AT_SENDER, &m->sender, sizeof m->sender);
	memcpy(b + AT_TARGET_MAC, m->target_mac, ETHER_ADDR);
	memcpy(b + AT_TARGET, &m->target, sizeof m->target);
	ether_send(i, k, m->to, ETHER_ARP);
}

/* Who has addr? Whoever had it is asked first, when it is only old. */
static void ask(const struct arp_entry *e)
{
	struct message m = {
		OP_REQUEST, netif_source(e->netif, e->addr), e->addr, nobody,
		e->state == ARP_PROBE ? e->mac : all_ones,
	};

	if (m.sender)
		send(e->netif, &m);
}

void arp_announce(struct netif *i, uint32_t addr)
{
	struct message m = { OP_REQUEST, addr, addr, nobody, all_ones };

	send(i, &m);
}

/* --- time ------------------------------------------------------------------------- */

static uint64_t now(void)
{
	return arch_clock_ns();
}

/* An entry's time has come. What waited in vain goes to failed. */
static void step(struct arp_table *t, struct arp_entry *e, struct list *failed)
{
	switch (e->state) {
	case ARP_ASKED:
	case ARP_PROBE:
		if (e->tries++ >= TRIES) {
			list_each(l, &e->waiting)	/* whose stack's */
				packet_of_link(l)->in = e->netif;
			list_splice(failed, &e->waiting);
			e->waiting_count = 0;
			arp_forget(t, e);
			return;
		}
		e->due = now() + SECOND_NS;
		ask(e);
		return;
	case ARP_KNOWN:
		e->state = ARP_OLD;
		e->due = now() + UNUSED_NS;
		return;
	case ARP_OLD:
		arp_forget(t, e);
		return;
	case ARP_PERMANENT:
		e->due = UINT64_MAX;
	}
}

static void timer_arm(struct arp_table *t)
{
	uint64_t next = UINT64_MAX;

	list_each(l, &t->entries) {
		struct arp_entry *e = list_entry(l, struct arp_entry, link);

		if (e->due < next)
			next = e->due;
	}
	if (next != UINT64_MAX)
		timer_set(&t->timer, next);
}

static void time_over(void *arg)
{
	struct list failed = LIST_INIT(failed);
	struct arp_table *t = arg;
	uint64_t at = now();
	struct packet *k;

	list_each_safe(l, &t->entries) {
		struct arp_entry *e = list_entry(l, struct arp_entry, link);

		if (e->due <= at)
			step(t, e, &failed);
	}
	timer_arm(t);
	/* Only now: to tell a sender may need an entry of this table. */
	while ((k = packet_list_take(&failed))) {
		icmp_send_error(k, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
		packet_free(k);
	}
}

int arp_table_new(struct vnet *v)
{
	struct arp_table *t = kmem_zalloc(sizeof *t);

	if (!t)
		return -ENOMEM;
	list_init(&t->entries);
	for (unsigned n = 0; n < ARP_BUCKETS; n++)
		list_init(&t->by_addr[n]);
	timer_init(&t->timer, time_over, t);
	v->arp = t;
	return 0;
}

void arp_netif_down(struct netif *i)
{
	struct arp_table *t = i->vnet->arp;

	list_each_safe(l, &t->entries) {
		struct arp_entry *e = list_entry(l, struct arp_entry, link);

		if (e->netif == i)
			arp_forget(t, e);
	}
}

/* --- output ------------------------------------------------------------------------- */

static void begin(struct arp_entry *e, enum arp_state state)
{
	e->state = state;
	e->tries = 1;
	e->due = now() + SECOND_NS;
	ask(e);
	timer_arm(e->netif->vnet->arp);
}

static void wait(struct arp_entry *e, struct packet *k)
{
	if (e->waiting_count >= WAITING_MAX) {
		e->netif->out.dropped++;
		packet_free(take_waiting(e));
	}
	assert(e->state == ARP_ASKED && list_empty(&k->link));
	list_append(&e->waiting, &k->link);
	e->waiting_count++;
	assert(e->waiting_count <= WAITING_MAX);
}

void arp_output(struct netif *i, struct packet *k, uint32_t next)
{
	struct arp_entry *e = arp_find(i, next);

	assert(!inet_is_multicast(next) && !(i->flags & NETIF_LOOPBACK));
	if (!e) {
		e = arp_new(i, next);
		if (!e) {
			i->out.dropped++;
			packet_free(k);
			return;
		}
		wait(e, k);
		begin(e, ARP_ASKED);
		return;
	}
	if (e->state == ARP_ASKED) {
		wait(e, k);
		return;
	}
	if (e->state == ARP_OLD)
		begin(e, ARP_PROBE);
	ether_send(i, k, e->mac, ETHER_IP);
}

/* --- input --------------------------------------------------------------------------- */

void arp_learn(struct arp_entry *e, const uint8_t mac[ETHER_ADDR])
{
	memcpy(e->mac, mac, ETHER_ADDR);
	if (e->state != ARP_PERMANENT) {
		e->state = ARP_KNOWN;
		e->due = now() + KNOWN_NS;
		timer_arm(e->netif->vnet->arp);
	}
	while (e->waiting_count)
		ether_send(e->netif, take_waiting(e), e->mac, ETHER_IP);
}

int arp_set(struct netif *i, uint32_t addr, const uint8_t mac[ETHER_ADDR],
	    bool permanent)
{
	struct arp_entry *e = arp_find(i, addr);

	if (!e)
		e = arp_new(i, addr);
	if (!e)
		return -ENOBUFS;
	if (permanent) {
		e->state = ARP_PERMANENT;
		e->due = UINT64_MAX;
	} else if (e->state == ARP_PERMANENT) {
		e->state = ARP_ASKED;
	}
	arp_learn(e, mac);
	return 0;
}

/* Somebody else speaks from an address of ours: we say that it is ours, but do
 * not shout (RFC 5227, 2.4), on the wire or in the log. */
static void conflict(struct netif *i, const struct message *m,
		     const uint8_t *mac)
{
	struct arp_table *t = i->vnet->arp;

	if (t->defended && now() < t->defended + DEFEND_NS)
		return;
	t->defended = now();
	log_print(LOG_WARN, "%s: %u.%u.%u.%u is also used by "
		  "%02x:%02x:%02x:%02x:%02x:%02x", i->name,
		  INET_ARGS(m->sender), mac[0], mac[1], mac[2], mac[3], mac[4],
		  mac[5]);
	arp_announce(i, m->sender);
}

static bool well_formed(const struct packet *k)
{
	const uint8_t *b = k->data;

	return k->len >= ARP_LENGTH && net16(b + AT_HARDWARE) == 1 &&
	       net16(b + AT_PROTOCOL) == ETHER_IP &&
	       net16(b + AT_LENGTHS) == LENGTHS && !(b[AT_SENDER_MAC] & 1);
}

/* RFC 826, "Packet Reception": known ones are brought up to date, whoever asks
 * us is learned; his next packet will be for us. An answer that nobody asked for
 * teaches nothing, as on Linux. */
static void heard(struct netif *i, const struct message *m, const uint8_t *mac,
		  bool asks_us)
{
	struct arp_entry *e = arp_find(i, m->sender);

	if (!e && asks_us && netif_on_link(i, m->sender))
		e = arp_new(i, m->sender);
	if (e && e->state != ARP_PERMANENT)
		arp_learn(e, mac);
}

void arp_input(struct netif *i, struct packet *k)
{
	const uint8_t *b = k->data, *mac = b + AT_SENDER_MAC;
	struct netif_addr *ours, *theirs;
	struct message m;

	if (!well_formed(k) || !memcmp(mac, i->mac, ETHER_ADDR) ||
	    (i->flags & (NETIF_LOOPBACK | NETIF_NOARP))) {
		packet_free(k);
		return;
	}
	m.op = net16(b + AT_OP);
	memcpy(&m.sender, b + AT_SENDER, sizeof m.sender);
	memcpy(&m.target, b + AT_TARGET, sizeof m.target);
	ours = netif_addr_find(i->vnet, m.target);
	theirs = netif_addr_find(i->vnet, m.sender);
	if (theirs && theirs->netif == i)
		conflict(i, &m, mac);
	else if (m.sender)	/* 0: a probe, before an address is taken */
		heard(i, &m, mac, m.op == OP_REQUEST && ours &&
		      ours->netif == i);
	if (m.op == OP_REQUEST && ours && ours->netif == i && !theirs) {
		struct message reply = { OP_REPLY, m.target, m.sender, mac,
					 mac };

		send(i, &reply);
	}
	packet_free(k);
}
