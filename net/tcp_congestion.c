/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_congestion.c - how much may be under way: slow start (RFC 5681), and
 * above it CUBIC (RFC 9438) or Reno.
 *
 * All in bytes. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { INITIAL_SEGMENTS = 10, INITIAL_BYTES = 14600, CWND_MAX = 1 << 27 };

/* RFC 6928 2 */
void tcp_congestion_begin(struct tcp_sock *s)
{
	uint32_t mss = tcp_mss(s);

	s->cwnd = min_u32(INITIAL_SEGMENTS * mss,
			  max_u32(2 * mss, INITIAL_BYTES));
	s->ssthresh = CWND_MAX;
	s->recover = s->resent = s->snd.una;
	s->recovery = TCP_OPEN;
}

void tcp_congestion_acked(struct tcp_sock *s, uint32_t bytes)
{
	/* RFC 7661: a window that was not used does not grow */
	if (s->snd.max - s->snd.una + bytes < s->cwnd / 2)
		return;
	if (s->cwnd < s->ssthresh)	/* RFC 3465: at most two segments */
		s->cwnd += min_u32(bytes, 2 * tcp_mss(s));
	else
		s->opt.control->acked(s, bytes);
	s->cwnd = min_u32(s->cwnd, CWND_MAX);
}

/* RFC 5681 3.1 (4), RFC 6675 5.1: all that is not acked is sent again. */
void tcp_congestion_timeout(struct tcp_sock *s)
{
	if (s->recovery != TCP_LOSS)
		s->ssthresh = s->opt.control->threshold(s);
	s->cwnd = tcp_mss(s);
	s->recovery = TCP_LOSS;
	s->recover = s->snd.max;
	s->sacked.count = s->dupacks = 0;
	s->resent = s->snd.nxt = s->snd.una;
}

/* --- Reno: RFC 5681 3.1 ------------------------------------------------------------ */

static void reno_acked(struct tcp_sock *s, uint32_t bytes)
{
	s->count += bytes;
	if (s->count < s->cwnd)
		return;
	s->count -= s->cwnd;
	s->cwnd += tcp_mss(s);
}

static uint32_t reno_threshold(struct tcp_sock *s)
{
	return max_u32((s->snd.max - s->snd.una) / 2, 2 * tcp_mss(s));
}

const struct tcp_control tcp_reno = { "reno", reno_acked, reno_threshold };

/* --- CUBIC: RFC 9438 ----------------------------------------------------------------- */

static uint32_t cube_root(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = 1 << 20; bit; bit >>= 1)
		if ((r | bit) * (r | bit) * (r | bit) <= v)
			r |= bit;
	return (uint32_t)r;
}

/* 4.2: K, when the window is again what it was. C is 0.4 segments / s^3. */
static void epoch_begin(struct tcp_sock *s, uint32_t now)
{
	s->epoch = now;
	s->epoch_set = true;
	s->west = s->cwnd;
	s->wmax = max_u32(s->wmax, s->cwnd);
	s->k_ms = cube_root(div_u64((uint64_t)(s->wmax - s->cwnd) *
				    2500000000ull, tcp_mss(s), NULL));
}

/* 4.2, Fig. 1: W_cubic at ms after the epoch's begin. */
static uint32_t cubic_window(const struct tcp_sock *s, uint32_t ms)
{
	enum { FAR = 100000 };
	bool below = ms < s->k_ms;
	uint64_t d = min_u32(below ? s->k_ms - ms : ms - s->k_ms, FAR);
	uint64_t grown = div_u64(div_u64(d * d * d, 1000000, NULL) *
				 tcp_mss(s) * 4, 10000, NULL);

	if (below)
		return grown < s->wmax ? s->wmax - (uint32_t)grown : 0;
	return grown > CWND_MAX ? CWND_MAX : s->wmax + (uint32_t)grown;
}

static void cubic_acked(struct tcp_sock *s, uint32_t bytes)
{
	uint32_t now = tcp_now(), target;
	uint64_t grown;

	if (!s->epoch_set)
		epoch_begin(s, now);
	/* 4.3: not slower than Reno would be: alpha is 9/17, later 1 */
	s->west += (uint32_t)div_u64((uint64_t)bytes * tcp_mss(s) *
				     (s->west < s->prior ? 9 : 17),
				     s->cwnd * 17, NULL);
	target = min_u32(cubic_window(s, now - s->epoch + (s->srtt >> 3)),
			 s->cwnd + s->cwnd / 2);		/* 4.4 */
	if (target > s->cwnd) {	/* less than a byte waits in count */
		grown = (uint64_t)(target - s->cwnd) * bytes + s->count;
		s->cwnd += (uint32_t)div_u64(grown, s->cwnd, &s->count);
	}
	s->cwnd = max_u32(s->cwnd, s->west);
}

/* 4.6, 4.7: beta is 0.7; who lost before it was back gives way faster. */
static uint32_t cubic_threshold(struct tcp_sock *s)
{
	s->epoch_set = false;
	s->prior = s->cwnd;
	s->wmax = s->cwnd < s->wmax ? s->cwnd / 20 * 17 : s->cwnd;
	return max_u32(s->cwnd / 10 * 7, 2 * tcp_mss(s));
}

const struct tcp_control tcp_cubic = { "cubic", cubic_acked, cubic_threshold };
