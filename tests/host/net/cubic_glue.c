/* SPDX-License-Identifier: BSD-2-Clause */
/* cubic_glue.c - net/tcp_congestion.c alone, for tests/host/tcp_cubic.c */
#include "tests/host/net/cubic_glue.h"

#include "net/tcp.h"

static struct tcp_sock s;
static uint64_t now_ns = 5000000000ull;

uint64_t arch_clock_ns(void)
{
	return now_ns;
}

uint32_t tcp_mss(const struct tcp_sock *of)
{
	return of->snd.mss;
}

void cubic_begin(unsigned mss, unsigned cwnd, unsigned rtt_ms)
{
	s = (struct tcp_sock){ .snd.mss = mss, .cwnd = cwnd,
			       .srtt = rtt_ms << 3 };
}

unsigned cubic_loss(void)
{
	return s.cwnd = tcp_cubic.threshold(&s);
}

void cubic_acked(unsigned bytes)
{
	tcp_cubic.acked(&s, bytes);
}

void cubic_later(unsigned ms)
{
	now_ns += ms * 1000000ull;
}

unsigned cubic_cwnd(void)
{
	return s.cwnd;
}

unsigned cubic_wmax(void)
{
	return s.wmax;
}
