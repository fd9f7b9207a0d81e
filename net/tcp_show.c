/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_show.c - what is told of a connection: TCP_INFO, /proc/net/tcp.
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { MS = 1000, NS_PER_TICK = 10000000 };

void tcp_info_fill(const struct tcp_sock *s, struct abi_tcp_info *i)
{
	bool listens = s->state == TCP_LISTEN;
	uint32_t mss = listens || s->state == TCP_CLOSED ? TCP_MSS_DEFAULT :
		       tcp_mss(s), now = tcp_now();

	/* as Linux: a file is no more in TIME-WAIT; of a listener the line, and
	 * its length */
	*i = (struct abi_tcp_info){
		.state = s->state == TCP_TIME_WAIT ? TCP_CLOSED : s->state,
		.retransmits = s->persist ? 0 : s->backoff,
		.probes = s->persist ? s->backoff : 0, .backoff = s->backoff,
		.options = (s->timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
			   (s->sack ? TCPI_OPT_SACK : 0) |
			   (s->rcv.scale ? TCPI_OPT_WSCALE : 0),
		.scales = s->snd.scale | s->rcv.scale << 4,
		.rto = s->rtt.rto * MS, .ato = TCP_ACK_DELAY * MS,
		.snd_mss = mss, .rcv_mss = s->rcv.mss,
		.unacked = listens ? s->inet.sock.line_count :
			   (s->snd.nxt - s->snd.una + mss - 1) / mss,
		.sacked = listens ? s->inet.sock.backlog : 0,
		.last_data_recv = now - s->heard,
		.last_ack_recv = now - s->heard,
		.pmtu = s->snd.way + TCP_HEAD + IP_HEAD,
		.rtt = (s->rtt.smooth >> 3) * MS, .rttvar = (s->rtt.var >> 2) * MS,
		.snd_ssthresh = s->cc.ssthresh / mss, .snd_cwnd = s->cc.cwnd / mss,
		.advmss = s->snd.way, .reordering = 3,
		.rcv_space = tcp_receive_space(s),
	};
}

/* --- /proc/net/tcp -------------------------------------------------------------- */

enum { TIMER_NONE, TIMER_RESEND, TIMER_KEEP, TIMER_TIME_WAIT, TIMER_PROBE };

static unsigned timer_kind(const struct tcp_sock *s, const struct timer *timer)
{
	if (!timer->armed)
		return TIMER_NONE;
	if (timer == &s->resend)
		return s->persist ? TIMER_PROBE : TIMER_RESEND;
	return s->state == TCP_TIME_WAIT ? TIMER_TIME_WAIT : TIMER_KEEP;
}

bool tcp_line(const struct inet_sock *i, struct inet_line *l)
{
	const struct tcp_sock *s = container_of(i, const struct tcp_sock, inet);
	const struct timer *timer = s->resend.armed ? &s->resend : &s->keep;
	bool listens = s->state == TCP_LISTEN;
	uint64_t now = arch_clock_ns();

	l->state = s->state;
	l->to_send = listens ? 0 : tcp_unacked(s);
	l->to_read = listens ? s->inet.sock.line_count : tcp_readable(s);
	l->timer = timer_kind(s, timer);
	if (timer->armed && timer->deadline > now)
		l->due = (uint32_t)div_u64(timer->deadline - now, NS_PER_TICK,
					   NULL);
	l->resends = s->persist ? 0 : s->backoff;
	l->probes = s->persist ? s->backoff : 0;
	return s->state != TCP_CLOSED;
}
