/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_frag.c - packets that come in pieces (RFC 791, 815).
 *
 * Pieces of one packet have source, destination, protocol and id in common. They
 * wait behind their headers in order of their places, which packet.seq tells, and
 * are joined when there is no hole. Pieces that overlap are somebody's trick, and
 * so is a first piece too small to hold TCP's ports and flags (RFC 1858): then all
 * of the packet is forgotten. What is not complete in time is given up; the sender
 * is told if we have the first piece. Locks: the kernel lock.
 */
#include "net/inet.h"
#include "net/packet_bytes.h"

enum { PACKETS_MAX = 256, PIECES_MAX = 64, MEMORY_MAX = 1 << 20,
       TCP_FIRST_LEAST = 16, EXCEEDED_REASSEMBLY = 1 };
#define TIME_NS (30ull * 1000000000ull)

struct frag {			/* a packet that is not complete */
	struct list link;	/* oldest first */
	uint32_t src, dst;
	uint16_t id;
	uint8_t protocol;
	uint64_t until;
	uint32_t end;		/* of all; 0: the last piece is not here yet */
	unsigned pieces;
	struct packet_bytes parts;
};
struct frag_table {
	struct list frags;
	unsigned count;
	uint32_t memory;	/* of all parts */
	struct timer timer;
	struct vnet *vnet;
};

static void forget(struct frag_table *t, struct frag *f)
{
	assert(t->count > 0 && t->memory >= f->parts.memory);
	t->count--;
	t->memory -= f->parts.memory;
	packet_bytes_purge(&f->parts);
	list_remove(&f->link);
	kmem_free(f);
}

static void fail(struct frag_table *t, struct frag *f)
{
	net_count(t->vnet, NET_IP_REASM_FAILED);
	forget(t, f);
}

static struct frag *oldest(struct frag_table *t)
{
	struct list *l = list_first(&t->frags);

	return l ? list_entry(l, struct frag, link) : NULL;
}

static void time_over(void *arg)
{
	struct frag_table *t = arg;
	struct frag *f;

	while ((f = oldest(t)) && f->until <= arch_clock_ns()) {
		struct packet *first = packet_bytes_find(&f->parts, 0);

		net_count(t->vnet, NET_IP_REASM_TIMEOUT);
		if (first)
			icmp_send_error(first, ICMP_EXCEEDED,
					EXCEEDED_REASSEMBLY, 0);
		fail(t, f);
	}
	if (f)
		timer_set(&t->timer, f->until);
}

int frag_table_new(struct vnet *v)
{
	struct frag_table *t = kmem_zalloc(sizeof *t);

	if (!t)
		return -ENOMEM;
	list_init(&t->frags);
	timer_init(&t->timer, time_over, t);
	t->vnet = v;
	v->fragments = t;
	return 0;
}

static struct frag *frag_find(struct frag_table *t, const struct ip_header *h)
{
	list_each(l, &t->frags) {
		struct frag *f = list_entry(l, struct frag, link);

		if (f->id == h->id && f->src == h->src && f->dst == h->dst &&
		    f->protocol == h->protocol)
			return f;
	}
	return NULL;
}

static struct frag *frag_new(struct frag_table *t, const struct ip_header *h)
{
	struct frag *f;

	if (t->count >= PACKETS_MAX)
		fail(t, oldest(t));
	f = kmem_zalloc(sizeof *f);
	if (!f)
		return NULL;
	f->src = h->src;
	f->dst = h->dst;
	f->id = h->id;
	f->protocol = h->protocol;
	f->until = arch_clock_ns() + TIME_NS;
	packet_bytes_init(&f->parts);
	if (list_empty(&t->frags))
		timer_set(&t->timer, f->until);
	list_append(&t->frags, &f->link);
	t->count++;
	return f;
}

/* The wire brings some things twice: the same piece is no trick. */
static bool is_there(struct frag *f, const struct packet *k)
{
	const struct packet *o = packet_bytes_find(&f->parts, k->seq);

	return o && o->seq == k->seq && o->len == k->len;
}

/* Whether the last piece and all others agree on where the end is. */
static bool end_ok(struct frag *f, const struct packet *k, bool more)
{
	const struct packet *last = packet_bytes_last(&f->parts);

	if (!more) {
		if (f->end && f->end != packet_end(k))
			return false;
		if (last && packet_end(last) > packet_end(k))
			return false;
		f->end = packet_end(k);
	}
	return !f->end || packet_end(k) <= f->end;
}

/* The piece that all others follow without a hole; NULL: some are missing. */
static struct packet *complete(struct frag *f)
{
	struct packet *first = packet_bytes_find(&f->parts, 0);

	return first && packet_bytes_reach(&f->parts, first) == f->end ?
		first : NULL;
}

/* All pieces in one packet, under the header of the first. */
static struct packet *join(struct frag_table *t, struct frag *f,
			   const struct packet *first, struct ip_header *h)
{
	unsigned head = (first->network[0] & 0xf) * 4;
	struct packet *k;

	if (head + f->end > IP_MAX || !(k = packet_new(head + f->end))) {
		fail(t, f);
		return NULL;
	}
	memcpy(packet_put(k, head), first->network, head);
	packet_bytes_copy(&f->parts, 0, packet_put(k, f->end), f->end);
	k->in = first->in;
	k->looped = first->looped;
	k->broadcast = first->broadcast;
	k->multicast = first->multicast;
	k->network = k->data;
	net16_put(k->data + 2, k->len);
	net16_put(k->data + 6, 0);
	ip_put_sum(k->data, head);
	h->head = head;
	h->total = k->len;
	h->fragment = 0;
	h->more = false;
	forget(t, f);
	net_count(t->vnet, NET_IP_REASM_OK);
	return k;
}

/* What no honest sender makes, and who looks at ports would be deceived by. */
static bool is_trick(const struct packet *k, const struct ip_header *h)
{
	if (!k->len || (h->more && k->len % 8) ||
	    packet_end(k) > IP_MAX - IP_HEAD)
		return true;
	return h->protocol == IPPROTO_TCP &&
	       (k->seq == 8 || (!k->seq && k->len < TCP_FIRST_LEAST));
}

struct packet *ip_reassemble(struct packet *k, struct ip_header *h)
{
	struct frag_table *t = k->in->vnet->fragments;
	struct frag *f = frag_find(t, h);
	struct packet *first;

	assert(k->data == k->network && k->len == h->total);
	k->seq = h->fragment;
	packet_pull(k, h->head);
	net_count(t->vnet, NET_IP_REASM_NEEDED);
	if (f && is_there(f, k)) {
		packet_free(k);
		return NULL;
	}
	while (t->memory + packet_memory(k) > MEMORY_MAX && oldest(t)) {
		if (oldest(t) == f)
			f = NULL;
		fail(t, oldest(t));
	}
	if (!f)
		f = frag_new(t, h);
	if (!f || is_trick(k, h) || f->pieces >= PIECES_MAX ||
	    !end_ok(f, k, h->more) || !packet_bytes_insert(&f->parts, k)) {
		packet_free(k);
		if (f)
			fail(t, f);
		return NULL;
	}
	f->pieces++;
	t->memory += packet_memory(k);
	first = complete(f);
	return first ? join(t, f, first, h) : NULL;
}
