/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_input.c - segments that come in: whose they are, what is acceptable, and
 * one function for each state (RFC 9293 3.10.7, RFC 5961).
 *
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "net/tcp.h"

#define PAWS_OLD_MS 2073600000u		/* 24 days: RFC 7323 5.5 */

/* --- checks of a connection's segments ---------------------------------------------- */

/* RFC 9293 3.10.7.4, first; at the edge itself pure acks are welcome. */
static bool in_window(const struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t end = segment_end(g);

	if (seq_after(g->seq, seq_max(s->rcv.edge, s->rcv.nxt)))
		return false;
	return end == g->seq ? !seq_before(g->seq, s->rcv.nxt) :
	       seq_after(end, s->rcv.nxt);
}

/* RFC 7323 5.3, R1 */
static bool is_old(const struct tcp_sock *s, const struct tcp_segment *g)
{
	return s->timestamps && g->timestamp &&
	       seq_before(g->ts_value, s->ts_recent) &&
	       tcp_now() - s->ts_recent_at < PAWS_OLD_MS;
}

/* RFC 5961 3.2: exactly the next number, or it is asked again. */
static void reset_arrives(struct tcp_sock *s, const struct tcp_segment *g)
{
	if (g->seq != s->rcv.nxt) {
		if (in_window(s, g))
			tcp_challenge(s);
		return;
	}
	tcp_done(s, s->state == TCP_SYN_RECEIVED ? ECONNREFUSED :
		 s->state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET);
}

/* First to fourth. False: it is dropped. */
static bool acceptable(struct tcp_sock *s, const struct tcp_segment *g)
{
	if (g->flags & TCP_RST) {
		reset_arrives(s, g);
		return false;
	}
	if (g->flags & TCP_SYN) {		/* RFC 5961 4.2 */
		tcp_challenge(s);
		return false;
	}
	if (is_old(s, g) || !in_window(s, g)) {
		tcp_send_ack(s);
		return false;
	}
	s->heard = tcp_now();
	s->keep_sent = 0;
	if (s->timestamps && g->timestamp &&	/* RFC 7323 5.3, R3 */
	    !seq_after(g->seq, s->rcv.acked)) {
		s->ts_recent = g->ts_value;
		s->ts_recent_at = tcp_now();
	}
	return true;
}

/* --- urgent, text, FIN ----------------------------------------------------------------- */

/* RFC 6093 3.1: the byte before where the pointer points. */
static void urgent(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t at = g->seq + g->urgent - 1;

	if ((g->flags & TCP_URG) && g->urgent && seq_before(s->rcv.read, at + 1)
	    && (!s->rcv.mark || seq_after(at, s->rcv.urgent))) {
		s->rcv.read += tcp_skips_urgent(s);	/* the one before */
		s->rcv.urgent = at;
		s->rcv.mark = TCP_MARK_COMES;
		sock_urgent(&s->inet.sock);
	}
	if (s->rcv.mark == TCP_MARK_COMES && s->rcv.urgent - g->seq < g->len) {
		s->rcv.urgent_byte = g->k->data[s->rcv.urgent - g->seq];
		s->rcv.mark = TCP_MARK_HERE;
		tcp_wake(s);
	}
}

/* Sixth to eighth, where text is expected. True: a FIN and all before it have
 * come, now. */
static bool text(struct tcp_sock *s, struct tcp_segment *g)
{
	bool nobody = s->orphan || (s->state != TCP_ESTABLISHED &&
				    s->inet.sock.shut & SOCK_NO_RECEIVE);

	assert(!s->rcv.fin_got);
	urgent(s, g);
	if (g->len && nobody && seq_after(segment_end(g), s->rcv.nxt)) {
		tcp_abort(s, ECONNRESET);	/* who is to read it? 3.6.1 */
		return false;
	}
	if (g->len)
		tcp_text(s, g);
	if ((g->flags & TCP_FIN) && !s->rcv.fin_set) {
		s->rcv.fin_set = true;
		s->rcv.fin_at = g->seq + g->len;
	}
	if (!s->rcv.fin_set || s->rcv.nxt != s->rcv.fin_at)
		return false;
	s->rcv.nxt++;
	s->rcv.fin_got = true;
	s->inet.sock.shut |= SOCK_NO_RECEIVE;
	s->ack_now = true;
	tcp_wake(s);
	return true;
}

/* --- one function for each state ----------------------------------------------------------- */

void tcp_negotiate(struct tcp_sock *s, const struct tcp_segment *g)
{
	s->rcv.begun = true;
	s->rcv.irs = s->snd.wl1 = g->seq;
	s->rcv.nxt = s->rcv.acked = s->rcv.read = g->seq + 1;
	s->rcv.edge = s->rcv.nxt + min_u32(tcp_receive_space(s), UINT16_MAX);
	s->snd.mss = g->mss ? g->mss : TCP_MSS_DEFAULT;
	s->snd.scale = g->scale >= 0 ? g->scale : 0;
	s->rcv.scale = g->scale >= 0 ? TCP_SCALE : 0;
	s->sack = g->sack_permitted;
	s->timestamps = g->timestamp;
	s->ts_recent = g->ts_value;
	s->ts_recent_at = tcp_now();
	s->snd.wl2 = g->ack;
	s->snd.window = s->snd.window_max = g->window;
}

/* Our SYN is acknowledged by g. */
static void established(struct tcp_sock *s, const struct tcp_segment *g)
{
	tcp_set_state(s, TCP_ESTABLISHED);
	congestion_begin(&s->cc, tcp_mss(s));
	s->recover = s->resent = s->snd.una;
	s->recovery = TCP_OPEN;
	s->heard = tcp_now();
	s->rcv.round = s->rcv.nxt + tcp_receive_space(s);
	(void)!tcp_ack_arrives(s, g);
	tcp_keep_arm(s);
	tcp_wake(s);
}

/* RFC 9293 3.10.7.3 */
static void in_syn_sent(struct tcp_sock *s, struct tcp_segment *g)
{
	bool ack = g->flags & TCP_ACK;

	if (ack && g->ack != s->snd.nxt) {	/* all we sent is the SYN */
		tcp_reset_reply(g);
	} else if (g->flags & TCP_RST) {
		if (ack)
			tcp_done(s, ECONNREFUSED);
	} else if (g->flags & TCP_SYN) {
		tcp_negotiate(s, g);
		if (ack) {
			established(s, g);
			s->ack_now = true;
		} else {			/* both at once */
			tcp_set_state(s, TCP_SYN_RECEIVED);
			tcp_send_syn(s);
		}
	}
}

static void in_syn_received(struct tcp_sock *s, struct tcp_segment *g)
{
	if ((g->flags & TCP_SYN) && g->seq == s->rcv.irs) {
		if (!(g->flags & TCP_ACK)) {
			tcp_send_syn(s);	/* ours was lost */
			return;
		}
		/* Both at once: the other's SYN-ACK. Its window is not scaled. */
		g->flags &= ~TCP_SYN;
		g->seq++;
		g->window >>= s->snd.scale;
		s->ack_now = true;
	}
	if (!acceptable(s, g) || !(g->flags & TCP_ACK))
		return;
	if (g->ack != s->snd.nxt) {
		tcp_reset_reply(g);
		return;
	}
	if (s->listener && !tcp_embryo_acked(s, g))
		return;
	established(s, g);
	if (text(s, g))
		tcp_set_state(s, TCP_CLOSE_WAIT);
}

static void in_established(struct tcp_sock *s, struct tcp_segment *g)
{
	if (text(s, g))
		tcp_set_state(s, TCP_CLOSE_WAIT);
}

static bool own_fin_acked(const struct tcp_sock *s)
{
	return s->snd.fin && s->snd.una == s->snd.end + 1;
}

static void in_fin_wait2(struct tcp_sock *s, struct tcp_segment *g)
{
	if (text(s, g))
		tcp_time_wait(s);
}

static void in_fin_wait1(struct tcp_sock *s, struct tcp_segment *g)
{
	if (own_fin_acked(s)) {
		tcp_set_state(s, TCP_FIN_WAIT2);
		tcp_fin_wait(s);
		in_fin_wait2(s, g);
	} else if (text(s, g)) {
		tcp_set_state(s, TCP_CLOSING);
	}
}

/* Nothing is expected but what is in all states: resets and acks. */
static void in_close_wait(struct tcp_sock *s, struct tcp_segment *g)
{
	(void)g;
	assert(s->rcv.fin_got);
}

static void in_closing(struct tcp_sock *s, struct tcp_segment *g)
{
	(void)g;
	if (own_fin_acked(s))
		tcp_time_wait(s);
}

static void in_last_ack(struct tcp_sock *s, struct tcp_segment *g)
{
	(void)g;
	if (own_fin_acked(s))
		tcp_done(s, 0);
}

/* Only a FIN sent again is of interest: RFC 9293 3.10.7.4; RFC 1337 for RST. */
static void in_time_wait(struct tcp_sock *s, struct tcp_segment *g)
{
	if (g->flags & TCP_RST)
		return;
	if (!in_window(s, g) || (g->flags & (TCP_SYN | TCP_FIN)) || g->len)
		tcp_send_ack(s);
	if (g->flags & TCP_FIN)
		timer_set_ms(&s->keep, TCP_TIME_WAIT_MS);
}

static void in_closed(struct tcp_sock *s, struct tcp_segment *g)
{
	(void)s;
	tcp_reset_reply(g);
}

void tcp_segment_arrives(struct tcp_sock *s, struct tcp_segment *g)
{
	static void (*const in[TCP_STATES])(struct tcp_sock *s,
					    struct tcp_segment *g) = {
		[TCP_CLOSED] = in_closed,
		[TCP_LISTEN] = tcp_listen_input,
		[TCP_SYN_SENT] = in_syn_sent,
		[TCP_SYN_RECEIVED] = in_syn_received,
		[TCP_ESTABLISHED] = in_established,
		[TCP_FIN_WAIT1] = in_fin_wait1,
		[TCP_FIN_WAIT2] = in_fin_wait2,
		[TCP_CLOSE_WAIT] = in_close_wait,
		[TCP_CLOSING] = in_closing,
		[TCP_LAST_ACK] = in_last_ack,
		[TCP_TIME_WAIT] = in_time_wait,
	};

	assert(s->state > 0 && s->state < TCP_STATES);
	if (!tcp_connected(s) || (acceptable(s, g) && tcp_ack_arrives(s, g)))
		in[s->state](s, g);
	tcp_output(s);
}

/* --- whose it is ------------------------------------------------------------------------------ */

static struct tcp_sock *find(const struct tcp_segment *g)
{
	struct inet_sock *i = inet_lookup(g->vnet->tcp, g->src, g->sport,
					  g->dst, g->dport, g->k->in->index);

	return i ? container_of(i, struct tcp_sock, inet) : NULL;
}

/* RFC 9293 3.6.1, RFC 6191: a SYN that cannot be of the old connection. */
static bool begins_anew(const struct tcp_sock *s, const struct tcp_segment *g)
{
	if (s->state != TCP_TIME_WAIT ||
	    (g->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (s->timestamps && g->timestamp && g->ts_value != s->ts_recent)
		return seq_after(g->ts_value, s->ts_recent);
	return seq_after(g->seq, s->rcv.nxt);
}

static void deliver(struct tcp_segment *g)
{
	struct tcp_sock *s = find(g);

	if (s && begins_anew(s, g)) {
		tcp_done(s, 0);
		tcp_reap(s);
		s = find(g);
	}
	if (!s) {
		tcp_reset_reply(g);
		return;
	}
	tcp_segment_arrives(s, g);
	tcp_reap(s);
}

void tcp_input(struct packet *k, const struct ip_header *h)
{
	struct vnet *v = k->in->vnet;
	struct tcp_segment g = { .k = k };
	int err = tcp_parse(k, h, &g);

	net_count(v, NET_TCP_IN);
	if (err)
		net_count(v, NET_TCP_IN_ERRORS);
	if (err == -EBADMSG)
		net_count(v, NET_TCP_IN_CHECKSUM);
	/* RFC 9293 3.9.2.3: one host talks to one */
	if (!err && !k->broadcast && !k->multicast &&
	    !inet_is_multicast(h->dst) && !netif_any_broadcast(v, h->dst))
		deliver(&g);
	if (g.k)
		packet_free(g.k);
}

/* --- ICMP: RFC 9293 3.9.2.2, RFC 5927 --------------------------------------------------------- */

void tcp_error(const struct ip_error *e)
{
	struct inet_sock *i = inet_lookup_error(e->vnet->tcp, e);
	struct tcp_sock *s = i ? tcp_of(&i->sock) : NULL;
	uint32_t seq = net32(e->quoted + 4), mss;

	/* What was not sent is a guess: RFC 5927 4.1 */
	if (!i || !i->remote || seq_before(seq, s->snd.una) ||
	    !seq_before(seq, s->snd.nxt))
		return;
	pmtu_told(e);
	if (e->err != EMSGSIZE && s->state == TCP_SYN_SENT) {
		tcp_done(s, e->err);
	} else if (e->err != EMSGSIZE) {
		s->soft_error = e->err;
	} else if (tcp_synchronized(s)) {
		mss = tcp_mss(s);	/* RFC 1191 6.4: once for all of them */
		(void)tcp_mss_offer(s, s->inet.remote);
		if (s->recovery != TCP_LOSS || tcp_mss(s) < mss)
			tcp_all_lost(s);
		tcp_output(s);
	}
	tcp_reap(s);
}
