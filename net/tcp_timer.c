/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_timer.c - what happens when nothing happens: retransmission (RFC 6298),
 * probes of a closed window, delayed acks, keepalive, and the waits of closing.
 *
 * Locks: the kernel lock; timers do not sleep, and reap last.
 */
#include "net/tcp.h"

#define NS_PER_MS 1000000ull
enum { BLACK_HOLE = 3, PROBE_MAX = 60000, CORK_MS = 200, TICK_MS = 500 };

static void arm(struct timer *t, uint32_t ms)
{
	timer_set(t, arch_clock_ns() + ms * NS_PER_MS);
}

/* RFC 6298 2; a minimum as Linux's instead of (2.4)'s second. */
void tcp_rtt_sample(struct tcp_sock *s, uint32_t ms)
{
	int32_t err;

	if (ms > TCP_RTO_MAX)
		return;
	if (!s->srtt) {
		s->srtt = max_u32(ms, 1) << 3;
		s->rttvar = max_u32(ms, 1) << 1;
	} else {
		err = (int32_t)ms - (int32_t)(s->srtt >> 3);
		s->srtt = max_u32(s->srtt + err, 1);
		if (err < 0)
			err = -err;
		s->rttvar += err - (int32_t)(s->rttvar >> 2);
	}
	s->rto = (s->srtt >> 3) + max_u32(s->rttvar, 1);
	s->rto = min_u32(max_u32(s->rto, TCP_RTO_MIN), TCP_RTO_MAX);
}

void tcp_resend_arm(struct tcp_sock *s)
{
	unsigned shift = min_u32(s->persist ? s->probes : s->backoff, 16);
	uint64_t ms = (uint64_t)s->rto << shift;
	uint32_t most = s->persist ? PROBE_MAX : TCP_RTO_MAX;

	if (s->persist && seq_after(s->snd.una + s->snd.window, s->snd.una))
		ms = CORK_MS;		/* no window is closed: a small one */
	if (s->state == TCP_LISTEN)
		ms = TICK_MS;
	arm(&s->resend, ms < most ? (uint32_t)ms : most);
}

void tcp_ack_arm(struct tcp_sock *s)
{
	s->ack_owed = true;
	if (!s->ack_timer.armed)
		arm(&s->ack_timer, TCP_ACK_DELAY);
}

void tcp_keep_after(struct tcp_sock *s, uint32_t ms)
{
	arm(&s->keep, ms);
}

void tcp_keep_arm(struct tcp_sock *s)
{
	if (s->inet.sock.options & SOCK_OPTION_KEEPALIVE)
		arm(&s->keep, s->keep_sent ? s->keep_interval : s->keep_idle);
}

/* --- they fire ---------------------------------------------------------------------- */

/* RFC 9293 3.8.3: is it time to give up? */
static bool hopeless(struct tcp_sock *s)
{
	bool syn = !tcp_synchronized(s);
	unsigned most = syn ? s->syn_tries :
			s->orphan ? TCP_ORPHAN_RETRIES : TCP_RETRIES;

	if (!s->backoff && !s->probes)
		s->first_resent = tcp_now();
	if (s->user_timeout && !syn)	/* RFC 5482 */
		return tcp_now() - s->heard >= s->user_timeout;
	return (s->persist ? s->orphan && s->probes >= most :
		s->backoff >= most);
}

static void give_up(struct tcp_sock *s)
{
	int err = s->soft_error ? s->soft_error : ETIMEDOUT;

	if (tcp_synchronized(s) && s->orphan)
		tcp_send_reset(s);
	tcp_done(s, err);
}

/* Packets of full size vanish, and nobody says why (RFC 2923 2.1). */
static void black_hole(struct tcp_sock *s)
{
	if (s->backoff >= BLACK_HOLE && tcp_mss(s) > TCP_MSS_DEFAULT)
		s->snd.mss_clamp = TCP_MSS_DEFAULT;
}

/* RFC 6298 5.4 to 5.7 */
static void timeout(struct tcp_sock *s)
{
	s->backoff++;
	s->timing = false;		/* Karn */
	if (!tcp_synchronized(s)) {
		net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
		tcp_send_syn(s);
		return;
	}
	if (seq_before(s->snd.una, s->snd.max)) {
		black_hole(s);
		tcp_congestion_timeout(s);
	}
	tcp_output(s);
	if (s->state != TCP_CLOSED && !s->resend.armed &&
	    seq_before(s->snd.una, s->snd.max))
		tcp_resend_arm(s);
}

/* A window is closed, or a small segment waited long enough. */
static void persist(struct tcp_sock *s)
{
	bool cork = s->snd.window != 0;

	s->persist = false;
	if (cork) {
		bool was = s->nodelay, corked = s->cork;

		s->nodelay = true;
		s->cork = s->more = false;
		tcp_output(s);
		s->nodelay = was;
		s->cork = corked;
	} else {
		tcp_probe(s);
		s->probes++;
	}
	if (!s->resend.armed) {
		s->persist = true;
		tcp_resend_arm(s);
	}
}

static void resend_fires(void *arg)
{
	struct tcp_sock *s = arg;

	if (s->state == TCP_LISTEN)
		tcp_listen_tick(s);
	else if (hopeless(s))
		give_up(s);
	else if (s->persist)
		persist(s);
	else
		timeout(s);
	tcp_reap(s);
}

static void ack_fires(void *arg)
{
	struct tcp_sock *s = arg;

	if (s->ack_owed)
		tcp_send_ack(s);
	tcp_reap(s);
}

/* RFC 9293 3.8.4 */
static void keepalive(struct tcp_sock *s)
{
	uint32_t idle = tcp_now() - s->heard;

	if (idle < s->keep_idle) {
		s->keep_sent = 0;
		tcp_keep_after(s, s->keep_idle - idle);
		return;
	}
	if (s->user_timeout ? idle >= s->user_timeout && s->keep_sent :
	    s->keep_sent >= s->keep_count) {
		tcp_send_reset(s);
		tcp_done(s, ETIMEDOUT);
		return;
	}
	if (s->snd.una == s->snd.max && !tcp_unacked(s)) {
		tcp_probe(s);
		s->keep_sent++;
	}
	tcp_keep_after(s, s->keep_interval);
}

static void keep_fires(void *arg)
{
	struct tcp_sock *s = arg;

	if (s->state == TCP_TIME_WAIT ||
	    (s->state == TCP_FIN_WAIT2 && s->orphan))
		tcp_done(s, 0);
	else if (tcp_synchronized(s) &&
		 (s->inet.sock.options & SOCK_OPTION_KEEPALIVE))
		keepalive(s);
	tcp_reap(s);
}

void tcp_timers_begin(struct tcp_sock *s)
{
	timer_init(&s->resend, resend_fires, s);
	timer_init(&s->ack_timer, ack_fires, s);
	timer_init(&s->keep, keep_fires, s);
	s->rto = TCP_RTO_FIRST;
}

void tcp_timers_stop(struct tcp_sock *s)
{
	timer_cancel(&s->resend);
	timer_cancel(&s->ack_timer);
	timer_cancel(&s->keep);
	s->persist = false;
}
