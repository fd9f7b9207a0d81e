/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_frag.c - packets that come in pieces (RFC 791, 815).
 *
 * Pieces of one packet have source, destination, protocol and id in common. They
 * wait in order of their places, and are joined when there is no hole. Pieces
 * that overlap are somebody's trick, and so is a first piece too small to hold
 * TCP's ports and flags (RFC 1858): then all of the packet is forgotten. What is
 * not complete in time is given up; the sender is told if we have the first piece.
 *
 * Invariant: no two pieces of a packet overlap; bytes is the sum of all.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { PACKETS_MAX = 256, PIECES_MAX = 64, BYTES_MAX = 1 << 20,
       TCP_FIRST_LEAST = 16, EXCEEDED_REASSEMBLY = 1 };
#define TIME_NS (30ull * 1000000000ull)

struct frag {			/* a packet that is not complete */
	struct list link;	/* oldest first */
	uint32_t src, dst;
	uint16_t id;
	uint8_t protocol;
	uint64_t until;
	uint32_t end;		/* of all; 0: the last piece is not here yet */
	uint32_t got, bytes;	/* of data; of memory */
	unsigned pieces;
	struct list parts;	/* struct packet, by place */
};
struct frag_table {
	struct list frags;
	unsigned count;
	uint32_t bytes;
	struct timer timer;
	struct vnet *vnet;
};
struct place { uint32_t from, to; };

/* Of a piece, whose data begin with its IP header. */
static struct place place_of(const struct packet *k)
{
	uint32_t head = (k->network[0] & 0xf) * 4;
	uint32_t from = (net16(k->network + 6) & 0x1fff) * 8;

	return (struct place){ from, from + (k->len - head) };
}

static struct packet *part_of(struct list *l)
{
	return list_entry(l, struct packet, link);
}

static void forget(struct frag_table *t, struct frag *f)
{
	while (!list_empty(&f->parts)) {
		struct packet *k = part_of(f->parts.next);

		list_remove(&k->link);
		packet_free(k);
	}
	assert(t->count > 0 && t->bytes >= f->bytes);
	t->count--;
	t->bytes -= f->bytes;
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
		struct packet *first = part_of(f->parts.next);

		net_count(t->vnet, NET_IP_REASM_TIMEOUT);
		if (!place_of(first).from)
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
	list_init(&f->parts);
	if (list_empty(&t->frags))
		timer_set(&t->timer, f->until);
	list_append(&t->frags, &f->link);
	t->count++;
	return f;
}

/* The wire brings some things twice: the same piece is no trick. */
static bool is_there(const struct frag *f, const struct place *p)
{
	list_each(l, &f->parts) {
		struct place q = place_of(part_of(l));

		if (q.from == p->from && q.to == p->to)
			return true;
	}
	return false;
}

/* Puts k where it belongs. false: it cannot be a piece of this packet. */
static bool insert(struct frag *f, struct packet *k)
{
	struct place p = place_of(k);
	struct list *at = &f->parts;

	list_each(l, &f->parts) {
		struct place q = place_of(part_of(l));

		if (q.from >= p.to)
			break;
		if (q.to > p.from)
			return false;
		at = l;
	}
	assert(p.to > p.from && (!f->end || p.to <= f->end));
	list_insert_after(at, &k->link);
	f->got += p.to - p.from;
	return true;
}

/* Whether the last piece and all others agree on where the end is. */
static bool end_ok(struct frag *f, const struct ip_header *h,
		   const struct place *p)
{
	struct list *last = list_last(&f->parts);

	if (!h->more) {
		if (f->end && f->end != p->to)
			return false;
		if (last && place_of(part_of(last)).to > p->to)
			return false;
		f->end = p->to;
	}
	return !f->end || p->to <= f->end;
}

/* All pieces in one packet, under the header of the first. */
static struct packet *join(struct frag_table *t, struct frag *f,
			   struct ip_header *h)
{
	struct packet *first = part_of(f->parts.next), *k;
	unsigned head = (first->network[0] & 0xf) * 4;
	uint8_t *to;

	assert(!place_of(first).from && f->got == f->end);
	if (head + f->end > IP_MAX || !(k = packet_new(head + f->end))) {
		fail(t, f);
		return NULL;
	}
	to = packet_put(k, head + f->end);
	memcpy(to, first->data, head);
	list_each(l, &f->parts) {
		struct packet *part = part_of(l);
		struct place p = place_of(part);

		memcpy(to + head + p.from,
		       part->data + (part->network[0] & 0xf) * 4,
		       p.to - p.from);
	}
	k->in = first->in;
	k->looped = first->looped;
	k->broadcast = first->broadcast;
	k->multicast = first->multicast;
	k->network = k->data;
	net16_put(to + 2, k->len);
	net16_put(to + 6, 0);
	ip_put_sum(to, head);
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
	uint32_t n = k->len - h->head;

	if (!n || (h->more && n % 8) || h->fragment + n > IP_MAX - IP_HEAD)
		return true;
	return h->protocol == IPPROTO_TCP &&
	       (h->fragment == 8 || (!h->fragment && n < TCP_FIRST_LEAST));
}

struct packet *ip_reassemble(struct packet *k, struct ip_header *h)
{
	struct frag_table *t = k->in->vnet->fragments;
	struct frag *f = frag_find(t, h);
	struct place p = place_of(k);
	uint32_t bytes = sizeof *k + k->size;

	assert(k->data == k->network && k->len == h->total);
	net_count(t->vnet, NET_IP_REASM_NEEDED);
	if (f && is_there(f, &p)) {
		packet_free(k);
		return NULL;
	}
	while (t->bytes + bytes > BYTES_MAX && oldest(t)) {
		if (oldest(t) == f)
			f = NULL;
		fail(t, oldest(t));
	}
	if (!f)
		f = frag_new(t, h);
	if (!f || is_trick(k, h) || f->pieces >= PIECES_MAX ||
	    !end_ok(f, h, &p) || !insert(f, k)) {
		packet_free(k);
		if (f)
			fail(t, f);
		return NULL;
	}
	f->pieces++;
	f->bytes += bytes;
	t->bytes += bytes;
	return f->end && f->got == f->end ? join(t, f, h) : NULL;
}
