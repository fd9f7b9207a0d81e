/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_ack.c - what an acknowledgment does: bytes leave the buffer, the window
 * moves, the round trip is measured (RFC 9293 3.10.7.4, fifth), and what is
 * lost is sent again: fast recovery by NewReno (RFC 6582) or by what SACK tells
 * (RFC 6675), limited transmit (RFC 3042).
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

/* --- loss and recovery --------------------------------------------------------------- */

static void give_way(struct tcp_sock *s)
{
	uint32_t flight = s->snd.nxt - s->snd.una;

	s->cc.ssthresh = s->opt.control->threshold(&s->cc, flight);
}

void tcp_all_lost(struct tcp_sock *s)
{
	s->recovery = TCP_LOSS;
	s->recover = s->snd.nxt;
	s->sacked.count = s->dupacks = 0;
	s->resent = s->snd.una;
}

/* RFC 5681 3.1 (4), RFC 6675 5.1 */
void tcp_congested(struct tcp_sock *s)
{
	if (s->recovery != TCP_LOSS)
		give_way(s);
	s->cc.cwnd = tcp_mss(s);
	tcp_all_lost(s);
}

/* RFC 6582 3.2 step 2, RFC 6675 5 step 4 */
static void enter(struct tcp_sock *s)
{
	give_way(s);
	s->recover = s->snd.nxt;
	s->recovery = TCP_RECOVERY;
	s->resent = s->snd.una;
	s->cc.cwnd = s->cc.ssthresh + (s->sack ? 0 : TCP_DUP_THRESH * tcp_mss(s));
	tcp_resend_first(s);
	tcp_resend_arm(s);
}

/* An ack that tells of no bytes, but of a segment that came. As the pipe drains
 * tcp_output fills the holes (RFC 6675 5 C). */
static void duplicate(struct tcp_sock *s)
{
	s->dupacks++;
	if (s->recovery == TCP_RECOVERY && !s->sack)
		s->cc.cwnd += tcp_mss(s);		/* RFC 6582 3.2 step 3 */
	else if (s->recovery == TCP_OPEN && (s->dupacks >= TCP_DUP_THRESH ||
			(s->sack && tcp_is_lost(s, s->snd.una))))
		enter(s);
}

/* una has moved by bytes. */
static void recover(struct tcp_sock *s, uint32_t bytes)
{
	uint32_t mss = tcp_mss(s);

	s->dupacks = 0;
	s->resent = seq_max(s->resent, s->snd.una);
	if (s->recovery != TCP_OPEN && !seq_before(s->snd.una, s->recover)) {
		if (s->recovery == TCP_RECOVERY)
			s->cc.cwnd = max_u32(s->cc.ssthresh, mss);
		s->recovery = TCP_OPEN;
		s->resent = s->snd.una;
	} else if (s->recovery != TCP_RECOVERY) {
		congestion_acked(&s->cc, s->opt.control, bytes,
				 s->snd.nxt - s->snd.una + bytes, tcp_now());
	} else if (!s->sack) {		/* RFC 6582 3.2 step 3: a partial ack */
		tcp_resend_first(s);
		s->cc.cwnd -= min_u32(s->cc.cwnd - mss, bytes);
		s->cc.cwnd += bytes >= mss ? mss : 0;
	} else if (s->resent == s->snd.una && s->sacked.count) {
		tcp_resend_first(s);
	}
}

/* --- new acks ---------------------------------------------------------------------------- */

static void measure(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t now = tcp_now();
	bool timed = s->timing && seq_after(g->ack, s->timed_seq);

	if (s->timestamps && g->timestamp && g->ts_echo) /* RFC 7323 4.1 */
		rtt_sample(&s->rtt, now + s->ts_offset - g->ts_echo);
	else if (timed)
		rtt_sample(&s->rtt, now - s->timed_at);
	if (timed)
		s->timing = false;
	s->cc.rtt = s->rtt.smooth >> 3;
	s->cc.mss = tcp_mss(s);
}

static void acked(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t bytes = g->ack - s->snd.una, *limit = &s->inet.sock.send_limit;

	measure(s, g);
	s->snd.una = g->ack;
	s->snd.nxt = seq_max(s->snd.nxt, s->snd.una);
	packet_bytes_drop(&s->chunks, s->snd.una);
	range_set_cut(&s->sacked, s->snd.una);
	s->backoff = 0;
	s->stuck = tcp_now();
	s->soft_error = 0;
	s->persist = false;
	if (!seq_after(s->snd.urgent, s->snd.una))
		s->snd.urgent_set = false;
	recover(s, bytes);
	if (s->snd.una == s->snd.nxt)	/* RFC 6298 5.2, 5.3 */
		timer_cancel(&s->resend);
	else
		tcp_resend_arm(s);
	if (!s->inet.sock.sized)	/* room for twice what may be under way */
		*limit = max_u32(*limit, min_u32(s->cc.cwnd * 2,
						 tcp_buffer_most(s)));
	tcp_wake(s);
}

/* True: the other has got what we did not know of. RFC 2883: a range at or below
 * una is that of a duplicate. */
static bool sacks(struct tcp_sock *s, const struct tcp_segment *g)
{
	bool news = false;

	for (unsigned n = 0; s->sack && n < g->sacks; n++) {
		struct range r = g->sack[n];

		if (seq_before(r.from, r.to) && seq_after(r.from, s->snd.una) &&
		    seq_after(r.from, g->ack) && !seq_after(r.to, s->snd.nxt))
			news |= range_set_add(&s->sacked, r);
	}
	return news;
}

/* RFC 5681 2; with SACK it is what tells of more (RFC 6675 2). */
static bool is_duplicate(const struct tcp_sock *s, const struct tcp_segment *g,
			 bool news)
{
	if (g->ack != s->snd.una || s->snd.una == s->snd.nxt)
		return false;
	if (s->sack)
		return news;
	return !g->len && !(g->flags & (TCP_SYN | TCP_FIN)) &&
	       g->window << s->snd.scale == s->snd.window;
}

/* RFC 9293 3.10.7.4: only by a newer segment. That of a SYN is not scaled. */
static void window(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t w = g->flags & TCP_SYN ? g->window :
		     g->window << s->snd.scale;

	if (!seq_before(s->snd.wl1, g->seq) &&
	    (s->snd.wl1 != g->seq || seq_after(s->snd.wl2, g->ack)))
		return;
	s->snd.window = w;
	s->snd.wl1 = g->seq;
	s->snd.wl2 = g->ack;
	s->snd.window_max = max_u32(s->snd.window_max, w);
	if (w && s->persist) {
		s->persist = false;
		s->backoff = 0;
		timer_cancel(&s->resend);
		if (s->snd.una != s->snd.nxt)
			tcp_resend_arm(s);
	}
}

/* Is a closed window probed with the byte at nxt? It may have been taken. */
static bool probing(const struct tcp_sock *s)
{
	return s->persist && !s->snd.window && s->snd.nxt == s->snd.una &&
	       tcp_unacked(s);
}

bool tcp_ack_arrives(struct tcp_sock *s, const struct tcp_segment *g)
{
	bool news;

	if (!(g->flags & TCP_ACK))
		return false;
	/* RFC 5961 5.2: neither of what was not sent, nor very old */
	if (seq_after(g->ack, s->snd.nxt + probing(s)) ||
	    seq_before(g->ack, s->snd.una - s->snd.window_max)) {
		tcp_challenge(s);
		return false;
	}
	news = sacks(s, g);
	if (seq_after(g->ack, s->snd.una))
		acked(s, g);
	else if (is_duplicate(s, g, news))
		duplicate(s);
	window(s, g);
	assert(!seq_after(s->snd.una, s->snd.nxt) && s->cc.cwnd);
	assert(!seq_after(s->snd.nxt, s->snd.end + s->snd.fin));
	return true;
}
