/* SPDX-License-Identifier: BSD-2-Clause */
/* cubic_glue.c - net/congestion.c alone, for tests/host/tcp_cubic.c */
#include "tests/host/net/cubic_glue.h"

#include "net/congestion.h"

static struct congestion c;
static uint32_t now = 5000;

void cubic_begin(unsigned mss, unsigned cwnd, unsigned rtt_ms)
{
	c = (struct congestion){ .mss = mss, .cwnd = cwnd, .rtt = rtt_ms };
}

unsigned cubic_loss(void)
{
	return c.cwnd = congestion_cubic.threshold(&c, c.cwnd);
}

void cubic_acked(unsigned bytes)
{
	congestion_cubic.acked(&c, bytes, now);
}

void cubic_later(unsigned ms)
{
	now += ms;
}

unsigned cubic_cwnd(void)
{
	return c.cwnd;
}

unsigned cubic_wmax(void)
{
	return c.wmax;
}
