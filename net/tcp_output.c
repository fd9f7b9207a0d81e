/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_output.c - segments that go out: how much may be sent now (window,
 * congestion, Nagle), cutting them from the chunks, acks, SYN, RST, probes.
 *
 * snd.una <= snd.nxt <= snd.end + 1 (a FIN). nxt only grows: what is sent again
 * are the holes that tcp_sack.c tells, from `resent` on.
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { TIME_OPTION = 12, CHALLENGE_MS = 500, MSS_MIN = 48 };

/* --- sizes --------------------------------------------------------------------- */

static void look_at_way(struct tcp_sock *s, uint32_t to)
{
	struct route r;
	uint32_t mtu = TCP_MSS_DEFAULT + TCP_HEAD + IP_HEAD;

	s->snd.cut = false;
	if (!route_find_by(s->inet.vnet, to, s->inet.device, &r)) {
		mtu = min_u32(r.mtu, IP_MAX);
		s->snd.cut = r.netif->offload & NETIF_OFFLOAD_TCP4;
		s->snd.near = r.kind == ROUTE_LOCAL;
	}
	s->snd.way = max_u32(mtu, IP_MTU_MIN) - TCP_HEAD - IP_HEAD;
}

uint32_t tcp_mss_offer(struct tcp_sock *s, uint32_t to)
{
	look_at_way(s, to);
	return s->opt.mss ? min_u32(s->opt.mss, s->snd.way) : s->snd.way;
}

uint32_t tcp_mss(const struct tcp_sock *s)
{
	uint32_t mss = min_u32(s->snd.mss, s->snd.way);

	if (s->snd.mss_clamp)
		mss = min_u32(mss, s->snd.mss_clamp);
	if (s->opt.mss)
		mss = min_u32(mss, s->opt.mss);
	mss = max_u32(mss, MSS_MIN);
	return s->timestamps ? mss - TIME_OPTION : mss;
}

/* Half of the buffer is for the packets around the bytes, as on Linux. */
uint32_t tcp_receive_space(const struct tcp_sock *s)
{
	uint32_t all = s->inet.sock.receive_limit / 2;
	uint32_t used = tcp_readable(s);

	if (s->opt.window_clamp)
		all = min_u32(all, s->opt.window_clamp);
	return used < all ? all - used : 0;
}

/* RFC 9293 3.8.6.2.2: is the window larger by what is worth telling? */
bool tcp_window_opens(const struct tcp_sock *s)
{
	uint32_t edge = s->rcv.nxt + min_u32(tcp_receive_space(s),
					     UINT16_MAX << s->rcv.scale);
	uint32_t least = min_u32(s->inet.sock.receive_limit / 4,
				 max_u32(2 * s->rcv.mss, TCP_MSS_DEFAULT));

	return seq_after(edge, s->rcv.edge) && edge - s->rcv.edge >= least;
}

/* What is told; the right edge never goes back (RFC 9293 3.8.6). */
static uint16_t window_tell(struct tcp_sock *s, bool syn)
{
	unsigned scale = syn ? 0 : s->rcv.scale;
	uint32_t w = tcp_receive_space(s);

	assert(!seq_after(s->rcv.nxt, s->rcv.edge) || s->rcv.fin_got);
	if (!syn && !tcp_window_opens(s))
		w = seq_after(s->rcv.edge, s->rcv.nxt) ?
			s->rcv.edge - s->rcv.nxt : 0;
	w = min_u32((w + (1u << scale) - 1) >> scale, UINT16_MAX);
	s->rcv.edge = seq_max(s->rcv.edge, s->rcv.nxt + (w << scale));
	return w;
}

/* --- one segment ------------------------------------------------------------------ */

/* RFC 2018 4: the range that the last segment is in comes first. */
static void tell_ranges(const struct tcp_sock *s, struct tcp_segment *g)
{
	unsigned most = s->timestamps ? 3 : 4;
	const struct range *first = range_set_find(&s->late, s->rcv.last_late);

	if (first)
		g->sack[g->sacks++] = *first;
	for (unsigned n = 0; n < s->late.count && g->sacks < most; n++)
		if (&s->late.at[n] != first)
			g->sack[g->sacks++] = s->late.at[n];
}

/* What the header says beside numbers. */
static void dress(struct tcp_sock *s, struct tcp_segment *g)
{
	bool syn = g->flags & TCP_SYN;

	g->window = window_tell(s, syn);
	if (s->snd.urgent_set && seq_after(s->snd.urgent, g->seq) &&
	    s->snd.urgent - g->seq <= UINT16_MAX) {
		g->flags |= TCP_URG;	/* RFC 6093: behind the byte */
		g->urgent = s->snd.urgent - g->seq;
	}
	if (syn) {
		g->mss = tcp_mss_offer(s, s->inet.remote);
		g->scale = s->rcv.scale ? (int)s->rcv.scale : -1;
		g->sack_permitted = s->sack;
	} else if (s->sack && !g->len) {
		tell_ranges(s, g);
	}
}

/* n bytes at seq in a segment. False: there was no memory; nothing happened. */
static bool transmit(struct tcp_sock *s, uint32_t seq, uint32_t n,
		     unsigned flags)
{
	const struct inet_sock *i = &s->inet;
	struct packet *k = n ? packet_new_for(i->sock.prison, n) :
			       packet_new(0);
	struct tcp_segment g = {
		.vnet = i->vnet, .src = i->local, .dst = i->remote,
		.sport = i->local_port, .dport = i->remote_port, .seq = seq,
		.ack = s->rcv.nxt, .len = n, .flags = flags, .scale = -1,
		.timestamp = s->timestamps, .ts_echo = s->ts_recent,
		.ts_value = tcp_now() + s->ts_offset,
	};

	if (!k && seq == s->snd.una)	/* what all others wait for */
		k = packet_new(n);
	if (!k)
		return false;
	if (n > tcp_mss(s))
		k->segment = tcp_mss(s);
	if (n && tcp_now() - s->heard < TCP_ACK_DELAY)
		s->turns = true;
	packet_bytes_copy(&s->chunks, seq, packet_put(k, n), n);
	dress(s, &g);
	if ((flags & TCP_ACK) && (!n || !s->late.count)) {
		s->rcv.acked = s->rcv.nxt;
		s->ack_owed = s->ack_now = false;
		timer_cancel(&s->ack_timer);
	}
	tcp_emit(k, &g, i);
	return true;
}

/* nxt, unless the window has closed over what was sent: then the other would
 * answer, but not look at what we acknowledge. */
static uint32_t bare_seq(const struct tcp_sock *s)
{
	uint32_t edge = s->snd.una + s->snd.window;

	return seq_after(s->snd.nxt, edge) ? edge : s->snd.nxt;
}

void tcp_send_ack(struct tcp_sock *s)
{
	assert(tcp_synchronized(s) || s->state == TCP_SYN_RECEIVED);
	if (!transmit(s, bare_seq(s), 0, TCP_ACK))
		tcp_ack_arm(s);
}

void tcp_send_reset(struct tcp_sock *s)
{
	(void)!transmit(s, bare_seq(s), 0, TCP_RST | TCP_ACK);
}

/* RFC 5961 7: not more than a few, as many may be provoked. */
void tcp_challenge(struct tcp_sock *s)
{
	if (s->challenged &&
	    seq_before(tcp_now(), s->challenged + CHALLENGE_MS))
		return;
	s->challenged = tcp_now() | 1;
	tcp_send_ack(s);
}

void tcp_send_syn(struct tcp_sock *s)
{
	bool reply = s->state == TCP_SYN_RECEIVED;

	assert(tcp_handshake(s));
	s->snd.nxt = s->snd.iss + 1;
	if (!s->resend.armed)	/* a SYN that comes again moves no time-out */
		tcp_resend_arm(s);
	(void)!transmit(s, s->snd.iss, 0,
			    reply ? TCP_SYN | TCP_ACK : TCP_SYN);
}

/* --- how much ------------------------------------------------------------------------ */

/* RFC 9293 3.7.4, 3.8.6.2.1: is n, less than a full segment, worth it? */
static bool small_may_go(const struct tcp_sock *s, uint32_t n, bool all)
{
	bool now = s->opt.nodelay || s->snd.nxt == s->snd.una;

	if (s->push || (all && s->snd.fin) ||
	    (s->snd.urgent_set && seq_after(s->snd.urgent, s->snd.nxt)))
		return true;
	if (all)
		return now && !s->opt.cork && !s->snd.more;
	return now && n >= s->snd.window_max / 2;
}

static uint32_t congestion_room(const struct tcp_sock *s)
{
	uint32_t flight = tcp_flight(s), most = s->cc.cwnd;

	if (s->recovery == TCP_OPEN)	/* RFC 3042 */
		most += min_u32(s->dupacks, 2) * tcp_mss(s);
	return flight < most ? most - flight : 0;
}

/* For what begins at seq. */
static uint32_t window_room(const struct tcp_sock *s, uint32_t seq)
{
	uint32_t edge = s->snd.una + s->snd.window;

	return seq_after(edge, seq) ? edge - seq : 0;
}

/* Something is under way, and if the other says nothing it goes again. */
static void wait_for_ack(struct tcp_sock *s)
{
	if (s->persist || !s->resend.armed) {
		s->persist = false;
		tcp_resend_arm(s);
	}
}

static void sent(struct tcp_sock *s, uint32_t n)
{
	if (s->snd.una == s->snd.nxt)
		s->stuck = tcp_now();
	if (!s->timing) {
		s->timing = true;
		s->timed_seq = s->snd.nxt;
		s->timed_at = tcp_now();
	}
	s->snd.nxt += n;
	if (s->recovery == TCP_LOSS)	/* all holes below are filled */
		s->resent = s->snd.nxt;
	wait_for_ack(s);
	assert(!seq_after(s->snd.nxt, s->snd.end + s->snd.fin));
}

/* What has the n numbers at seq again: a segment at most. False: nothing of it
 * was sent. */
static bool resend(struct tcp_sock *s, uint32_t seq, uint32_t n)
{
	uint32_t bytes = min_u32(n, tcp_mss(s));
	bool fin;

	assert(!seq_before(seq, s->snd.una) && seq_before(seq, s->snd.nxt));
	bytes = min_u32(bytes, seq_before(seq, s->snd.end) ? s->snd.end - seq : 0);
	fin = bytes < n && seq + bytes == s->snd.end &&
	      seq_after(s->snd.nxt, s->snd.end);
	if ((!bytes && !fin) ||
	    !transmit(s, seq, bytes, fin ? TCP_ACK | TCP_FIN : TCP_ACK))
		return false;
	net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
	s->resent = seq_max(s->resent, seq + bytes + fin);
	s->timing = false;		/* Karn */
	wait_for_ack(s);
	return true;
}

void tcp_resend_first(struct tcp_sock *s)
{
	(void)resend(s, s->snd.una, tcp_mss(s));
}

/* False: nothing more may go now. */
static bool send_next(struct tcp_sock *s)
{
	uint32_t mss = tcp_mss(s), room = congestion_room(s), n, most = mss;
	struct range hole;
	bool all, fin;

	if (tcp_hole(s, &hole)) {
		n = min_u32(hole.to - hole.from, window_room(s, hole.from));
		return room >= min_u32(mss, s->cc.cwnd) &&
		       resend(s, hole.from, n);
	}
	if (seq_after(s->snd.nxt, s->snd.end))
		return false;		/* the FIN is out */
	if (s->snd.cut)
		most = (IP_MAX - IP_HEAD - TCP_HEAD_MAX) / mss * mss;
	n = min_u32(room, window_room(s, s->snd.nxt));
	n = min_u32(n, s->snd.end - s->snd.nxt);
	if (n > mss)
		n = min_u32(n / mss * mss, most);
	all = n == s->snd.end - s->snd.nxt;
	fin = all && s->snd.fin && window_room(s, s->snd.nxt) > n;
	if ((!n && !fin) || (n < mss && !small_may_go(s, n, all)))
		return false;
	if (!transmit(s, s->snd.nxt, n, TCP_ACK | (fin ? TCP_FIN : 0) |
		      (all && n ? TCP_PSH : 0)))
		return false;
	sent(s, n + fin);
	return true;
}

void tcp_output(struct tcp_sock *s)
{
	bool open = tcp_connected(s);

	if (open)
		look_at_way(s, s->inet.remote);
	while (open && send_next(s))
		;
	if (s->ack_now && tcp_synchronized(s))
		tcp_send_ack(s);
	/* RFC 9293 3.8.6.1: nobody else will wake us */
	if (open && !s->resend.armed &&
	    s->snd.una != s->snd.end + s->snd.fin) {
		s->persist = true;
		tcp_resend_arm(s);
	}
}

/* A byte beyond a closed window; or, where there is none, an old number, which
 * is to be answered by an ack. */
void tcp_probe(struct tcp_sock *s)
{
	bool byte = tcp_unacked(s);

	(void)!transmit(s, byte ? s->snd.una : s->snd.una - 1, byte, TCP_ACK);
}
