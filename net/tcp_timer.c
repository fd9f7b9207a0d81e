/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_timer.c - what happens when nothing happens: retransmission (RFC 6298),
 * probes of a closed window, delayed acks, keepalive, and the waits of closing.
 *
 * Locks: the kernel lock; timers do not sleep, and reap last.
 */
#include "net/tcp.h"

enum { BLACK_HOLE = 3, PROBE_MAX = 60000, CORK_MS = 200, RETRIES = 15,
       EMBRYO_RETRIES = 5, ORPHAN_RETRIES = 8, MS = 1000 };

void tcp_resend_arm(struct tcp_sock *s)
{
	uint64_t ms = (uint64_t)s->rtt.rto << min_u32(s->backoff, 16);
	uint32_t most = s->persist ? PROBE_MAX : RTO_MAX;

	if (s->persist && s->snd.window)
		ms = CORK_MS;		/* no window is closed: a small one */
	timer_set_ms(&s->resend, ms < most ? (uint32_t)ms : most);
}

void tcp_ack_arm(struct tcp_sock *s)
{
	s->ack_owed = true;
	if (!s->ack_timer.armed)
		timer_set_ms(&s->ack_timer, TCP_ACK_DELAY);
}

void tcp_keep_arm(struct tcp_sock *s)
{
	if (s->inet.sock.options & SOCK_OPTION_KEEPALIVE)
		timer_set_ms(&s->keep, (s->keep_sent ? s->opt.keep_interval :
					s->opt.keep_idle) * MS);
}

/* --- acks at the end of a round ------------------------------------------------------- */

/* What came in may have been acknowledged already. */
static void soon(struct defer *d)
{
	struct tcp_sock *s = container_of(d, struct tcp_sock, soon);

	if (s->ack_owed)
		tcp_send_ack(s);
}

/* One ack for all segments that a device has brought at once: it says as much as
 * one for each second of them, and spares the device and the sender the rest. It
 * goes when the round of deferred work that runs now is over. */
void tcp_ack_soon(struct tcp_sock *s)
{
	assert(tcp_synchronized(s));
	s->ack_owed = true;
	defer_raise(&s->soon);
}

/* --- they fire ---------------------------------------------------------------------- */

/* RFC 9293 3.8.3, RFC 5482: is it time to give up? */
static bool hopeless(const struct tcp_sock *s)
{
	if (tcp_handshake(s))
		return s->backoff >= (s->listener ? EMBRYO_RETRIES :
				      (unsigned)s->opt.syn_tries);
	if (s->opt.user_timeout && !(s->persist && s->snd.window))
		return tcp_now() - s->stuck >= (uint32_t)s->opt.user_timeout;
	if (s->persist)
		return s->orphan && s->backoff >= ORPHAN_RETRIES;
	return s->backoff >= (s->orphan ? ORPHAN_RETRIES : RETRIES);
}

/* RFC 6298 5.4 to 5.7 */
static void timeout(struct tcp_sock *s)
{
	s->backoff++;
	if (tcp_handshake(s)) {
		net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
		tcp_send_syn(s);
		return;
	}
	assert(seq_before(s->snd.una, s->snd.nxt));
	/* Full packets vanish, and nobody says why: RFC 2923 2.1 */
	if (s->backoff >= BLACK_HOLE && tcp_mss(s) > TCP_MSS_DEFAULT)
		s->snd.mss_clamp = TCP_MSS_DEFAULT;
	tcp_congested(s);
	tcp_output(s);
}

/* A window is closed, or a small segment waited long enough. */
static void persist(struct tcp_sock *s)
{
	s->persist = false;
	if (s->snd.window) {
		s->push = true;
		tcp_output(s);
		s->push = false;
	} else {
		if (!s->backoff)
			s->stuck = tcp_now();
		tcp_probe(s);
		s->backoff++;
		s->persist = true;
		tcp_resend_arm(s);
	}
}

static void resend_fires(void *arg)
{
	struct tcp_sock *s = arg;
	int err = s->soft_error ? s->soft_error : ETIMEDOUT;

	if (tcp_is_deferred(s))
		tcp_resend_arm(s);	/* nothing was lost */
	else if (hopeless(s) && tcp_handshake(s))
		tcp_done(s, err);	/* whom to tell may not exist */
	else if (hopeless(s))
		tcp_abort(s, err);
	else if (s->persist)
		persist(s);
	else
		timeout(s);
	tcp_reap(s);
}

static void ack_fires(void *arg)
{
	struct tcp_sock *s = arg;

	s->turns = false;
	if (s->ack_owed)
		tcp_send_ack(s);
	tcp_reap(s);
}

/* RFC 9293 3.8.4 */
static void keepalive(struct tcp_sock *s)
{
	uint32_t idle = tcp_now() - s->heard, next = s->opt.keep_interval * MS;
	uint32_t least = s->opt.keep_idle * MS, enough = s->opt.user_timeout;

	if (s->keep_sent && (enough ? idle >= enough :
			     s->keep_sent >= (unsigned)s->opt.keep_count)) {
		tcp_abort(s, ETIMEDOUT);
		return;
	}
	if (idle < least) {
		next = least - idle;
	} else if (s->snd.una == s->snd.nxt && !tcp_unacked(s)) {
		tcp_probe(s);
		s->keep_sent++;
	}
	timer_set_ms(&s->keep, next);
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
	s->soon.fn = soon;
}

void tcp_timers_stop(struct tcp_sock *s)
{
	timer_cancel(&s->resend);
	timer_cancel(&s->ack_timer);
	timer_cancel(&s->keep);
	defer_cancel(&s->soon);
	s->persist = false;
}
