/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_reassembly.c - text that came in joins the others in the order of their
 * numbers (RFC 9293 3.10.7.4, seventh).
 *
 * queue has no overlaps, and all of it up to rcv.nxt; behind that are holes, and
 * s->late says where none are. A packet is paid by the receiver's prison from
 * here on. Locks: the kernel lock.
 */
#include "net/tcp.h"

static void cut_front(struct packet *k, uint32_t n)
{
	packet_pull(k, n);
	k->seq += n;
}

/* Small ones are put together: a packet is more than its bytes. */
struct packet *tcp_queue(struct list *list, struct list *at, struct packet *k)
{
	struct packet *before = tcp_packet_of(at);

	if (at != list && tcp_packet_end(before) == k->seq &&
	    packet_tail(before) >= k->len) {
		memcpy(packet_put(before, k->len), k->data, k->len);
		packet_free(k);
		return before;
	}
	list_insert_after(at, &k->link);
	return k;
}

void tcp_unqueue(struct tcp_sock *s, struct packet *k)
{
	assert(s->queue_bytes >= k->size);
	s->queue_bytes -= k->size;
	list_remove(&k->link);
	packet_free(k);
}

/* What k, behind at, covers of those behind goes, or k ends where one begins. */
static void make_way(struct tcp_sock *s, struct list *at, struct packet *k)
{
	while (at->next != &s->queue) {
		struct packet *next = tcp_packet_of(at->next);

		if (!seq_after(tcp_packet_end(k), next->seq))
			return;
		if (seq_after(tcp_packet_end(next), tcp_packet_end(k))) {
			packet_trim(k, next->seq - k->seq);
			return;
		}
		tcp_unqueue(s, next);
	}
}

/* Takes k, or false: nothing of it is of use, or there is no room. */
static bool insert(struct tcp_sock *s, struct packet *k)
{
	struct list *at = s->queue.prev;
	struct range r;
	uint32_t size = k->size;

	while (at != &s->queue && seq_after(tcp_packet_of(at)->seq, k->seq))
		at = at->prev;
	if (at != &s->queue) {
		r.to = tcp_packet_end(tcp_packet_of(at));
		if (seq_after(r.to, k->seq))
			cut_front(k, min_u32(r.to - k->seq, k->len));
	}
	if (!k->len || (k->seq != s->rcv.nxt &&
	    s->queue_bytes + size > 3 * s->inet.sock.receive_limit) ||
	    !packet_pay(k, s->inet.sock.prison))
		return false;
	make_way(s, at, k);
	if (!k->len)
		return false;
	r = (struct range){ k->seq, tcp_packet_end(k) };
	if (tcp_queue(&s->queue, at, k) == k)
		s->queue_bytes += size;
	if (r.from == s->rcv.nxt) {
		s->rcv.nxt = r.to;
	} else {
		s->rcv.last_late = r.from;
		(void)tcp_ranges_add(s, &s->late, r);
	}
	return true;
}

/* What the new text has joined may be read now, too. */
static void advance(struct tcp_sock *s)
{
	struct list *l = s->queue.prev;

	while (l->prev != &s->queue &&
	       !seq_before(tcp_packet_of(l->prev)->seq, s->rcv.nxt))
		l = l->prev;
	for (; l != &s->queue && tcp_packet_of(l)->seq == s->rcv.nxt;
	     l = l->next)
		s->rcv.nxt = tcp_packet_end(tcp_packet_of(l));
	range_set_cut(&s->late, s->rcv.nxt);
}

/* Automatic sizing: a program that keeps up with a whole window gets more. */
static void grow(struct tcp_sock *s)
{
	struct sock *k = &s->inet.sock;

	if (seq_before(s->rcv.nxt, s->rcv.round))
		return;
	s->rcv.round = s->rcv.nxt + k->receive_limit / 2;
	if (!s->opt.sized && tcp_readable(s) < k->receive_limit / 4)
		k->receive_limit = min_u32(k->receive_limit * 2,
					   max_u32(k->receive_limit,
						   TCP_BUFFER_AUTO));
}

void tcp_text(struct tcp_sock *s, struct tcp_segment *g)
{
	struct packet *k = g->k, *last = tcp_packet_of(s->queue.prev);
	bool gap = !list_empty(&s->queue) &&
		   seq_after(tcp_packet_end(last), s->rcv.nxt);
	uint32_t nxt = s->rcv.nxt;

	k->seq = g->seq;
	if (seq_before(k->seq, s->rcv.nxt))
		cut_front(k, min_u32(s->rcv.nxt - k->seq, k->len));
	if (seq_after(tcp_packet_end(k), s->rcv.edge))
		packet_trim(k, seq_after(s->rcv.edge, k->seq) ?
			    s->rcv.edge - k->seq : 0);
	s->rcv.mss = max_u32(s->rcv.mss, min_u32(k->len, UINT16_MAX));
	if (insert(s, k))
		g->k = NULL;
	if (s->rcv.nxt != nxt) {
		if (gap)
			advance(s);
		grow(s);
		tcp_wake(s);
	}
	/* RFC 5681 4.2: at once what fills a hole or leaves one. RFC 9293
	 * 3.8.6.3: every second full segment, and not too late */
	if (gap || s->rcv.nxt == nxt || s->opt.quickack)
		s->ack_now = true;
	else if (s->rcv.nxt - s->rcv.acked >= 2 * s->rcv.mss)
		tcp_ack_soon(s);
	else
		tcp_ack_arm(s);
}
