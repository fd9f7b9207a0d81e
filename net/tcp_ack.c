/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_ack.c - what an acknowledgment does: bytes leave the buffer, the window
 * moves, the round trip is measured (RFC 9293 3.10.7.4, fifth).
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

static void measure(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t now = tcp_now();

	if (s->timestamps && g->timestamp && g->ts_echo) /* RFC 7323 4.1 */
		tcp_rtt_sample(s, now + s->ts_offset - g->ts_echo);
	else if (s->timing && seq_after(g->ack, s->timed_seq))
		tcp_rtt_sample(s, now - s->timed_at);
	if (seq_after(g->ack, s->timed_seq))
		s->timing = false;
}

/* Automatic sizing: room for twice what may be under way. */
static void grow(struct tcp_sock *s)
{
	struct sock *k = &s->inet.sock;
	uint32_t want = min_u32(s->cwnd, TCP_BUFFER_AUTO / 2) * 2;

	if (!s->sized)
		k->send_limit = max_u32(k->send_limit, want);
}

static void acked(struct tcp_sock *s, const struct tcp_segment *g)
{
	uint32_t bytes = g->ack - s->snd.una;

	measure(s, g);
	s->snd.una = g->ack;
	if (seq_before(s->snd.nxt, s->snd.una))
		s->snd.nxt = s->snd.una;
	tcp_chunks_acked(s, s->snd.una);
	tcp_sack_forget(s, s->snd.una);
	s->backoff = s->probes = 0;
	s->soft_error = 0;
	if (s->snd.urgent_set && !seq_after(s->snd.urgent, s->snd.una))
		s->snd.urgent_set = false;
	tcp_recovery_acked(s, g->ack, bytes);
	s->persist = false;
	if (s->snd.una == s->snd.max)	/* RFC 6298 5.2, 5.3 */
		timer_cancel(&s->resend);
	else
		tcp_resend_arm(s);
	grow(s);
	tcp_wake(s);
}

/* RFC 5681 2; with SACK it is what tells of more (RFC 6675 2). */
static bool is_duplicate(const struct tcp_sock *s, const struct tcp_segment *g,
			 bool news)
{
	if (g->ack != s->snd.una || s->snd.una == s->snd.max)
		return false;
	if (s->sack)
		return news;
	return !g->len && !(g->flags & (TCP_SYN | TCP_FIN)) &&
	       g->window << s->snd.scale == s->snd.window;
}

/* RFC 9293 3.10.7.4: only by a newer segment. */
void tcp_set_window(struct tcp_sock *s, const struct tcp_segment *g)
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
		s->probes = 0;
		timer_cancel(&s->resend);
		if (s->snd.una != s->snd.max)
			tcp_resend_arm(s);
	}
}

bool tcp_ack_arrives(struct tcp_sock *s, const struct tcp_segment *g)
{
	bool news;

	if (!(g->flags & TCP_ACK))
		return false;
	/* RFC 5961 5.2: neither of what was not sent, nor very old */
	if (seq_after(g->ack, s->snd.max) ||
	    seq_before(g->ack, s->snd.una - s->snd.window_max)) {
		tcp_challenge(s);
		return false;
	}
	news = tcp_sack_note(s, g);
	if (seq_after(g->ack, s->snd.una))
		acked(s, g);
	else if (is_duplicate(s, g, news))
		tcp_recovery_dupack(s);
	tcp_set_window(s, g);
	assert(!seq_after(s->snd.una, s->snd.nxt));
	assert(!seq_after(s->snd.nxt, s->snd.max));
	return true;
}
