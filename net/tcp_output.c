/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_output.c - segments that go out: how much may be sent now (window,
 * congestion, Nagle), cutting them from the chunks, acks, SYN, RST, probes.
 *
 * snd.una <= snd.nxt <= snd.max <= snd.end + 1 (a FIN); after a time-out nxt
 * begins again at una. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { CHUNK = 4000, TIME_OPTION = 12, CHALLENGE_MS = 500, MSS_MIN = 48 };

/* --- sizes --------------------------------------------------------------------- */

void tcp_way(struct tcp_sock *s)
{
	struct route r;
	uint32_t mtu = TCP_MSS_DEFAULT + TCP_HEAD + IP_HEAD;

	s->snd.cut = false;
	if (!route_find_by(s->inet.vnet, s->inet.remote, s->inet.device, &r)) {
		mtu = min_u32(r.mtu, IP_MAX);
		s->snd.cut = r.netif->offload & NETIF_OFFLOAD_TCP4;
	}
	s->snd.way = max_u32(mtu, IP_MTU_MIN) - TCP_HEAD - IP_HEAD;
}

uint32_t tcp_mss(const struct tcp_sock *s)
{
	uint32_t mss = min_u32(s->snd.mss, s->snd.way);

	if (s->snd.mss_clamp)
		mss = min_u32(mss, s->snd.mss_clamp);
	mss = max_u32(mss, MSS_MIN);
	return s->timestamps ? mss - TIME_OPTION : mss;
}

/* Half of the buffer is for the packets around the bytes, as on Linux. */
uint32_t tcp_receive_space(const struct tcp_sock *s)
{
	uint32_t all = s->inet.sock.receive_limit / 2;
	uint32_t used = tcp_readable(s);

	return used < all ? all - used : 0;
}

/* RFC 9293 3.8.6.2.2: is the window larger by what is worth telling? */
bool tcp_window_opens(const struct tcp_sock *s)
{
	uint32_t edge = s->rcv.nxt + tcp_receive_space(s);
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

static void head_fill(struct tcp_sock *s, struct tcp_out *o, uint32_t seq,
		      unsigned flags)
{
	const struct inet_sock *i = &s->inet;

	*o = (struct tcp_out){
		.vnet = i->vnet, .src = i->local, .dst = i->remote,
		.sport = i->local_port, .dport = i->remote_port, .seq = seq,
		.ack = s->rcv.nxt, .flags = flags, .ttl = i->ttl,
		.tos = i->tos, .device = i->device, .scale = -1,
		.timestamp = s->timestamps,
		.ts_value = tcp_now() + s->ts_offset, .ts_echo = s->ts_recent,
	};
	o->window = window_tell(s, flags & TCP_SYN);
	if (s->snd.urgent_set && seq_after(s->snd.urgent, seq) &&
	    s->snd.urgent - seq <= UINT16_MAX) {
		o->flags |= TCP_URG;	/* RFC 6093: behind the byte */
		o->urgent = s->snd.urgent - seq;
	}
}

static void acked_now(struct tcp_sock *s)
{
	s->rcv.acked = s->rcv.nxt;
	s->ack_owed = s->ack_now = false;
	timer_cancel(&s->ack_timer);
}

static struct tcp_chunk *chunk_of(struct list *l)
{
	return list_entry(l, struct tcp_chunk, link);
}

static void copy_out(struct tcp_sock *s, uint8_t *to, uint32_t seq, uint32_t n)
{
	list_each(l, &s->chunks) {
		struct tcp_chunk *c = chunk_of(l);
		uint32_t at = seq - c->seq, m;

		if (at >= c->len)
			continue;
		m = min_u32(n, c->len - at);
		memcpy(to, c->bytes + at, m);
		to += m;
		seq += m;
		n -= m;
		if (!n)
			return;
	}
	assert(!n);
}

/* False: there was no memory, and nothing happened. */
static bool transmit(struct tcp_sock *s, uint32_t seq, uint32_t n,
		     unsigned flags)
{
	struct packet *k = packet_new_for(s->inet.sock.prison, n);
	struct tcp_out o;

	if (!k)
		return false;
	if (n > tcp_mss(s))
		k->segment = tcp_mss(s);
	copy_out(s, packet_put(k, n), seq, n);
	head_fill(s, &o, seq, flags | TCP_ACK);
	if (!n)
		o.sacks = s->sack ? tcp_late_ranges(s, o.sack) : 0;
	if (!n || list_empty(&s->late))
		acked_now(s);
	(void)!tcp_emit(k, &o);		/* lost is lost: it is sent again */
	return true;
}

void tcp_send_ack(struct tcp_sock *s)
{
	assert(tcp_synchronized(s) || s->state == TCP_SYN_RECEIVED);
	if (!transmit(s, s->snd.nxt, 0, 0))
		tcp_ack_arm(s);
}

/* RFC 5961 7: not more than a few, as many may be provoked. */
void tcp_challenge(struct tcp_sock *s)
{
	if (s->challenged && seq_before(tcp_now(), s->challenge_after))
		return;
	s->challenged = true;
	s->challenge_after = tcp_now() + CHALLENGE_MS;
	tcp_send_ack(s);
}

void tcp_send_reset(struct tcp_sock *s)
{
	struct packet *k = packet_new(0);
	struct tcp_out o;

	if (!k)
		return;
	head_fill(s, &o, s->snd.nxt, TCP_RST | TCP_ACK);
	net_count(s->inet.vnet, NET_TCP_OUT_RESETS);
	(void)!tcp_emit(k, &o);
}

void tcp_send_syn(struct tcp_sock *s)
{
	bool reply = s->state == TCP_SYN_RECEIVED;
	struct packet *k = packet_new(0);
	struct tcp_out o;

	assert(reply || s->state == TCP_SYN_SENT);
	s->snd.nxt = s->snd.max = s->snd.iss + 1;
	tcp_resend_arm(s);
	if (!k)
		return;
	tcp_way(s);
	head_fill(s, &o, s->snd.iss, reply ? TCP_SYN | TCP_ACK : TCP_SYN);
	o.mss = s->mss_wanted ? min_u32(s->mss_wanted, s->snd.way) :
		s->snd.way;
	o.scale = reply && !s->rcv.scale ? -1 : TCP_SCALE;
	o.sack_permitted = s->sack || !reply;
	o.timestamp = s->timestamps || !reply;
	if (!reply)
		o.ts_echo = 0;
	s->rcv.acked = s->rcv.nxt;
	(void)!tcp_emit(k, &o);
}

/* --- how much ------------------------------------------------------------------------ */

/* RFC 9293 3.7.4, 3.8.6.2.1: is n, less than a full segment, worth it? */
static bool small_may_go(const struct tcp_sock *s, uint32_t n, bool all)
{
	bool idle = s->snd.nxt == s->snd.una;

	if (seq_before(s->snd.nxt, s->snd.max))
		return true;		/* it was sent already */
	if (all && s->snd.fin)
		return true;
	if (s->snd.urgent_set && seq_after(s->snd.urgent, s->snd.nxt))
		return true;
	if (all && (s->cork || s->more))
		return false;
	if (all)
		return s->nodelay || idle;
	return n >= s->snd.window_max / 2 && (s->nodelay || idle);
}

static uint32_t congestion_room(const struct tcp_sock *s)
{
	uint32_t flight = tcp_flight(s), most = s->cwnd;

	if (s->recovery == TCP_OPEN && s->dupacks)	/* RFC 3042 */
		most += min_u32(s->dupacks, 2) * tcp_mss(s);
	return flight < most ? most - flight : 0;
}

static uint32_t window_room(const struct tcp_sock *s)
{
	uint32_t edge = s->snd.una + s->snd.window;

	return seq_after(edge, s->snd.nxt) ? edge - s->snd.nxt : 0;
}

/* What the other has said to have is not sent again after a time-out. */
static void skip_sacked(struct tcp_sock *s)
{
	for (unsigned n = 0; n < s->sack_count; n++)
		if (s->snd.nxt - s->sacked[n].from <
		    s->sacked[n].to - s->sacked[n].from)
			s->snd.nxt = s->sacked[n].to;
}

static void sent(struct tcp_sock *s, uint32_t n)
{
	if (seq_before(s->snd.nxt, s->snd.max)) {
		net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
	} else if (!s->timing) {
		s->timing = true;
		s->timed_seq = s->snd.nxt;
		s->timed_at = tcp_now();
	}
	s->snd.nxt += n;
	s->snd.max = seq_max(s->snd.max, s->snd.nxt);
	if (s->persist || !s->resend.armed)
		tcp_resend_arm(s);
	assert(!seq_after(s->snd.max, s->snd.end + s->snd.fin));
}

/* False: nothing more may go now. */
static bool send_next(struct tcp_sock *s)
{
	uint32_t mss = tcp_mss(s), pending, n, most = mss;
	bool all, fin;

	skip_sacked(s);
	if (seq_after(s->snd.nxt, s->snd.end))
		return false;		/* the FIN is out */
	pending = s->snd.end - s->snd.nxt;
	if (s->snd.cut)
		most = (IP_MAX - IP_HEAD - TCP_HEAD_MAX) / mss * mss;
	n = min_u32(pending, min_u32(window_room(s), congestion_room(s)));
	if (n > mss)
		n = min_u32(n / mss * mss, most);
	all = n == pending;
	fin = all && s->snd.fin;
	if (!n && !fin)
		return false;
	if (n < mss && !small_may_go(s, n, all))
		return false;
	if (!transmit(s, s->snd.nxt, n, (all && n ? TCP_PSH : 0) |
		      (fin ? TCP_FIN : 0))) {
		if (!s->resend.armed)
			tcp_resend_arm(s);
		return false;
	}
	sent(s, n + fin);
	return true;
}

void tcp_output(struct tcp_sock *s)
{
	if (!tcp_synchronized(s) || s->state == TCP_TIME_WAIT) {
		if (s->ack_now && s->state == TCP_TIME_WAIT)
			tcp_send_ack(s);
		return;
	}
	tcp_way(s);
	while (send_next(s))
		;
	if (s->ack_now)
		tcp_send_ack(s);
	/* RFC 9293 3.8.6.1: nobody else will wake us */
	if (s->snd.nxt == s->snd.una && !s->resend.armed &&
	    (s->snd.end != s->snd.nxt || s->snd.fin) &&
	    !seq_after(s->snd.nxt, s->snd.end)) {
		s->persist = true;
		tcp_resend_arm(s);
	}
}

/* --- again --------------------------------------------------------------------------- */

uint32_t tcp_resend(struct tcp_sock *s, uint32_t seq, uint32_t n)
{
	bool fin;

	assert(!seq_before(seq, s->snd.una) && seq_before(seq, s->snd.max));
	n = min_u32(n, tcp_mss(s));
	n = min_u32(n, seq_before(seq, s->snd.end) ? s->snd.end - seq : 0);
	fin = s->snd.fin && seq + n == s->snd.end &&
	      seq_after(s->snd.max, s->snd.end);
	if (!transmit(s, seq, n, fin ? TCP_FIN : 0))
		return 0;
	net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
	return n + fin;
}

/* A byte beyond a closed window; or, where there is none, an old number, which
 * is to be answered by an ack. */
void tcp_probe(struct tcp_sock *s)
{
	if (s->snd.end != s->snd.una && s->snd.nxt == s->snd.una &&
	    !seq_after(s->snd.nxt, s->snd.end)) {
		if (transmit(s, s->snd.una, 1, 0))
			s->snd.max = seq_max(s->snd.max, s->snd.una + 1);
		return;
	}
	(void)!transmit(s, s->snd.una - 1, 0, 0);
}

/* --- chunks ----------------------------------------------------------------------------- */

static void chunk_free(struct tcp_sock *s, struct tcp_chunk *c)
{
	uint32_t size = sizeof *c + c->room;

	list_remove(&c->link);
	assert(s->chunk_bytes >= size);
	s->chunk_bytes -= size;
	racct_release(s->inet.sock.prison, RACCT_SOCKBUF, size);
	kmem_free(c);
}

static struct tcp_chunk *chunk_new(struct tcp_sock *s, uint32_t room)
{
	uint32_t size = sizeof(struct tcp_chunk) + room;
	struct tcp_chunk *c;

	if (racct_charge(s->inet.sock.prison, RACCT_SOCKBUF, size))
		return NULL;
	c = kmem_alloc(size);
	if (!c) {
		racct_release(s->inet.sock.prison, RACCT_SOCKBUF, size);
		return NULL;
	}
	c->seq = s->snd.end;
	c->len = 0;
	c->room = room;
	s->chunk_bytes += size;
	list_append(&s->chunks, &c->link);
	return c;
}

/* n bytes behind those to be sent: as many as there is memory for. -ENOBUFS. */
int tcp_append(struct tcp_sock *s, const void *from, uint32_t n)
{
	struct list *l = list_last(&s->chunks);
	struct tcp_chunk *c = l ? chunk_of(l) : NULL;
	uint32_t done = 0, m;

	assert(!s->snd.fin);
	while (done < n) {
		if (!c || c->len == c->room)
			c = chunk_new(s, CHUNK);
		if (!c)
			return done ? (int)done : -ENOBUFS;
		m = min_u32(n - done, c->room - c->len);
		memcpy(c->bytes + c->len, (const uint8_t *)from + done, m);
		c->len += m;
		s->snd.end += m;
		done += m;
	}
	return (int)done;
}

void tcp_chunks_acked(struct tcp_sock *s, uint32_t una)
{
	list_each_safe(l, &s->chunks) {
		struct tcp_chunk *c = chunk_of(l);

		if (seq_after(c->seq + c->len, una))
			return;
		chunk_free(s, c);
	}
}

void tcp_chunks_purge(struct tcp_sock *s)
{
	list_each_safe(l, &s->chunks)
		chunk_free(s, chunk_of(l));
	assert(!s->chunk_bytes);
}
