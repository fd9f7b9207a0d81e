/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_reassembly.c - text that came in joins the others in the order of their
 * numbers (RFC 9293 3.10.7.4, seventh).
 *
 * All of queue up to rcv.nxt is there; behind that are holes, and s->late says
 * where none are. A packet is paid by the receiver's prison from here on.
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

/* Takes *k, and makes it NULL; or nothing of it is of use, or there is no room. */
static void insert(struct tcp_sock *s, struct packet **k)
{
	const struct sock *sock = &s->inet.sock;
	const struct packet *in = NULL, *last;

	if ((*k)->seq == s->rcv.nxt || s->queue.memory +
	    packet_memory(*k) <= 3 * sock->receive_limit)
		in = packet_bytes_keep(&s->queue, k, sock->prison,
				       sock->receive_limit);
	last = packet_bytes_last(&s->queue);	/* others may have gone */
	range_set_trim(&s->late, last ? packet_end(last) : s->rcv.nxt);
	if (!in)
		return;
	if (!seq_after(in->seq, s->rcv.nxt)) {
		s->rcv.nxt = packet_bytes_reach(&s->queue, in);
		range_set_cut(&s->late, s->rcv.nxt);
	} else {
		s->rcv.last_late = in->seq;
		(void)range_set_add(&s->late, (struct range){
				    in->seq, packet_end(in) });
	}
}

/* Automatic sizing: a program that keeps up with a whole window gets more. */
static void grow(struct tcp_sock *s)
{
	struct sock *k = &s->inet.sock;

	if (seq_before(s->rcv.nxt, s->rcv.round))
		return;
	s->rcv.round = s->rcv.nxt + k->receive_limit / 2;
	if (!k->sized && tcp_readable(s) < k->receive_limit / 4)
		k->receive_limit = min_u32(k->receive_limit * 2,
					   max_u32(k->receive_limit,
						   tcp_buffer_most(s)));
}

void tcp_text(struct tcp_sock *s, struct tcp_segment *g)
{
	struct packet *k = g->k, *last = packet_bytes_last(&s->queue);
	bool gap = last && seq_after(packet_end(last), s->rcv.nxt);
	uint32_t nxt = s->rcv.nxt;

	k->seq = g->seq;
	packet_clip(k, s->rcv.nxt, s->rcv.edge);
	s->rcv.mss = max_u32(s->rcv.mss, min_u32(k->len, k->segment ?
						 k->segment : UINT16_MAX));
	insert(s, &g->k);
	if (s->rcv.nxt != nxt) {
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
