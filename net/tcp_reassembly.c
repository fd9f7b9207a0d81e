/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_reassembly.c - text that came in: in order to the program's queue, before
 * its turn into the late one (RFC 9293 3.10.7.4, seventh).
 *
 * late is in order of sequence, without overlap, all above rcv.nxt. A packet is
 * paid by the receiver's prison from here on. Locks: the kernel lock.
 */
#include "net/tcp.h"

static struct packet *packet_of(struct list *l)
{
	return list_entry(l, struct packet, link);
}

static uint32_t end_of(const struct packet *k)
{
	return k->seq + k->len;
}

static void cut_front(struct packet *k, uint32_t n)
{
	packet_pull(k, n);
	k->seq += n;
}

/* Who sent it has paid till now. False: the receiver may not have more. */
static bool charge(struct tcp_sock *s, struct packet *k)
{
	struct prison *p = s->inet.sock.prison;
	uint32_t bytes = sizeof *k + k->size;

	if (racct_charge(p, RACCT_SOCKBUF, bytes))
		return false;
	if (k->payer) {
		racct_release(k->payer, RACCT_SOCKBUF, k->charged);
		prison_drop(k->payer);
	}
	prison_hold(p);
	k->payer = p;
	k->charged = bytes;
	return true;
}

/* Small ones are put together: a packet is more than its bytes. */
static void enqueue(struct tcp_sock *s, struct packet *k)
{
	struct list *l = list_last(&s->queue);
	struct packet *last = l ? packet_of(l) : NULL;

	assert(k->seq == s->rcv.nxt && k->len);
	s->rcv.nxt += k->len;
	if (last && packet_tail(last) >= k->len) {
		memcpy(packet_put(last, k->len), k->data, k->len);
		packet_free(k);
	} else {
		list_append(&s->queue, &k->link);
	}
}

static void late_remove(struct tcp_sock *s, struct packet *k)
{
	list_remove(&k->link);
	assert(s->late_bytes >= k->size);
	s->late_bytes -= k->size;
}

static void late_to_queue(struct tcp_sock *s)
{
	struct list *l;

	while ((l = list_first(&s->late))) {
		struct packet *k = packet_of(l);

		if (seq_after(k->seq, s->rcv.nxt))
			return;
		late_remove(s, k);
		if (seq_after(end_of(k), s->rcv.nxt)) {
			cut_front(k, s->rcv.nxt - k->seq);
			enqueue(s, k);
		} else {
			packet_free(k);
		}
	}
}

/* False: it is not kept. */
static bool late_insert(struct tcp_sock *s, struct packet *k)
{
	struct list *at = &s->late;	/* it goes behind this */

	list_each(l, &s->late) {
		if (seq_after(packet_of(l)->seq, k->seq))
			break;
		at = l;
	}
	if (at != &s->late && seq_after(end_of(packet_of(at)), k->seq)) {
		if (!seq_after(end_of(k), end_of(packet_of(at))))
			return false;
		cut_front(k, end_of(packet_of(at)) - k->seq);
	}
	while (at->next != &s->late) {
		struct packet *next = packet_of(at->next);

		if (!seq_after(end_of(k), next->seq))
			break;
		if (seq_after(end_of(next), end_of(k))) {
			packet_trim(k, next->seq - k->seq);
			break;
		}
		late_remove(s, next);
		packet_free(next);
	}
	if (!k->len || s->late_bytes + k->size > 2 * s->inet.sock.receive_limit)
		return false;
	list_insert_after(at, &k->link);
	s->late_bytes += k->size;
	s->last_late = (struct tcp_range){ k->seq, end_of(k) };
	return true;
}

/* Automatic sizing: a program that keeps up with a whole window gets more. */
static void grow(struct tcp_sock *s)
{
	struct sock *k = &s->inet.sock;

	if (seq_before(s->rcv.nxt, s->rcv.round))
		return;
	s->rcv.round = s->rcv.nxt + k->receive_limit / 2;
	if (!s->sized && tcp_readable(s) < k->receive_limit / 4)
		k->receive_limit = min_u32(k->receive_limit * 2,
					   max_u32(k->receive_limit,
						   TCP_BUFFER_AUTO));
}

void tcp_text(struct tcp_sock *s, struct tcp_segment *g)
{
	struct packet *k = g->k;
	bool in_order;

	k->seq = g->seq;
	if (seq_before(k->seq, s->rcv.nxt))
		cut_front(k, min_u32(s->rcv.nxt - k->seq, k->len));
	if (seq_after(end_of(k), s->rcv.edge))
		packet_trim(k, seq_after(s->rcv.edge, k->seq) ?
			    s->rcv.edge - k->seq : 0);
	if (!k->len || !charge(s, k)) {
		s->ack_now = true;
		return;
	}
	s->rcv.mss = max_u32(s->rcv.mss, min_u32(k->len, UINT16_MAX));
	in_order = k->seq == s->rcv.nxt;
	if (in_order) {
		s->ack_now |= !list_empty(&s->late);	/* RFC 5681 4.2 */
		g->k = NULL;
		enqueue(s, k);
		late_to_queue(s);
		grow(s);
		tcp_wake(s);
	} else {
		s->ack_now = true;
		if (late_insert(s, k))
			g->k = NULL;
	}
	/* RFC 9293 3.8.6.3: every second full segment, and not too late */
	if (s->quickack || s->rcv.nxt - s->rcv.acked >= 2 * s->rcv.mss)
		s->ack_now = true;
	else
		tcp_ack_arm(s);
	assert(list_empty(&s->late) || seq_after(
		packet_of(s->late.next)->seq, s->rcv.nxt));
}

/* RFC 2018 4: the range that the last segment is in comes first. */
unsigned tcp_late_ranges(const struct tcp_sock *s, struct tcp_range out[3])
{
	struct tcp_range r = { 0, 0 };
	unsigned n = 0;

	for (struct list *l = s->late.next; l != &s->late; l = l->next) {
		const struct packet *k = packet_of(l);
		bool ends;

		if (r.to != k->seq || r.from == r.to)
			r.from = k->seq;
		r.to = end_of(k);
		ends = l->next == &s->late || packet_of(l->next)->seq != r.to;
		if (!ends)
			continue;
		if (n && s->last_late.from - r.from < r.to - r.from) {
			if (n < 3)
				out[n++] = out[0];
			else
				out[2] = out[0];
			out[0] = r;
		} else if (n < 3) {
			out[n++] = r;
		}
	}
	return s->timestamps || n < 3 ? n : 3;
}

void tcp_receive_purge(struct tcp_sock *s)
{
	list_each_safe(l, &s->queue) {
		list_remove(l);
		packet_free(packet_of(l));
	}
	list_each_safe(l, &s->late) {
		late_remove(s, packet_of(l));
		packet_free(packet_of(l));
	}
	assert(!s->late_bytes);
}
