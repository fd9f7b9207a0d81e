/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_congestion.c - how much may be under way: slow start (RFC 5681), CUBIC
 * (RFC 9438) or Reno above it, fast recovery by NewReno (RFC 6582) or by what
 * SACK tells (RFC 6675), limited transmit (RFC 3042).
 *
 * All in bytes. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { INITIAL_SEGMENTS = 10, INITIAL_BYTES = 14600, DUP_THRESH = 3,
       CWND_MAX = 1 << 30 };

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

/* What is under way: with nothing lost, all that was sent and not acked. */
uint32_t tcp_flight(const struct tcp_sock *s)
{
	if (s->sack && s->sack_count)
		return tcp_sack_pipe(s);
	return s->snd.nxt - s->snd.una;
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
	uint32_t mss = tcp_mss(s);

	s->epoch = now;
	s->epoch_set = true;
	s->west = s->cwnd;
	s->k_ms = 0;
	if (s->wmax > s->cwnd)
		s->k_ms = cube_root(div_u64((uint64_t)(s->wmax - s->cwnd) *
					    2500000000ull, mss, NULL));
	else
		s->wmax = s->cwnd;
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
	uint32_t now = tcp_now(), mss = tcp_mss(s), target;

	if (!s->epoch_set)
		epoch_begin(s, now);
	target = cubic_window(s, now - s->epoch + (s->srtt >> 3));
	/* 4.3: not slower than Reno would be; alpha is 9/17 */
	s->west += (uint32_t)div_u64((uint64_t)bytes * mss * 9,
				     max_u32(s->cwnd / 16 * 272, 1), NULL);
	target = max_u32(target, s->west);
	target = min_u32(target, s->cwnd + s->cwnd / 2);	/* 4.4 */
	if (target <= s->cwnd)
		return;
	s->count += (uint32_t)div_u64((uint64_t)(target - s->cwnd) * bytes,
				      s->cwnd, NULL);
	s->cwnd += s->count;
	s->count = 0;
}

/* 4.6, 4.7: beta is 0.7; who lost before it was back gives way faster. */
static uint32_t cubic_threshold(struct tcp_sock *s)
{
	s->epoch_set = false;
	s->wmax = s->cwnd < s->wmax ? s->cwnd / 20 * 17 : s->cwnd;
	return max_u32(s->cwnd / 10 * 7, 2 * tcp_mss(s));
}

const struct tcp_control tcp_cubic = { "cubic", cubic_acked, cubic_threshold };

/* --- acks and losses ------------------------------------------------------------------- */

void tcp_congestion_acked(struct tcp_sock *s, uint32_t bytes)
{
	/* RFC 7661: a window that was not used does not grow */
	if (s->snd.max - s->snd.una + bytes < s->cwnd / 2)
		return;
	if (s->cwnd < s->ssthresh)	/* RFC 3465: at most two segments */
		s->cwnd += min_u32(bytes, 2 * tcp_mss(s));
	else
		s->control->acked(s, bytes);
	s->cwnd = min_u32(s->cwnd, CWND_MAX);
}

/* RFC 5681 3.1 (4), RFC 6675 5.1: all that is not acked is sent again. */
void tcp_congestion_timeout(struct tcp_sock *s)
{
	if (s->recovery != TCP_LOSS)
		s->ssthresh = s->control->threshold(s);
	s->cwnd = tcp_mss(s);
	s->recovery = TCP_LOSS;
	s->recover = s->snd.max;
	s->sack_count = 0;
	s->dupacks = 0;
	s->resent = s->snd.una;
	s->snd.nxt = s->snd.una;
}

static void resend_first(struct tcp_sock *s)
{
	uint32_t n = tcp_resend(s, s->snd.una, tcp_mss(s));

	s->resent = seq_max(s->resent, s->snd.una + n);
}

/* RFC 6582 3.2 step 2, RFC 6675 5 step 4 */
static void enter(struct tcp_sock *s)
{
	s->ssthresh = s->control->threshold(s);
	s->recover = s->snd.max;
	s->recovery = TCP_RECOVERY;
	s->resent = s->snd.una;
	s->timing = false;
	s->cwnd = s->ssthresh + (s->sack ? 0 : DUP_THRESH * tcp_mss(s));
	resend_first(s);
	tcp_resend_arm(s);
}

/* RFC 6675 5 (C): as the pipe drains holes are filled. */
static void fill_holes(struct tcp_sock *s)
{
	struct tcp_range r;

	while (tcp_sack_pipe(s) + tcp_mss(s) <= s->cwnd &&
	       (tcp_sack_hole(s, true, &r) ||
		(s->snd.nxt == s->snd.end && tcp_sack_hole(s, false, &r)))) {
		uint32_t n = tcp_resend(s, r.from, min_u32(r.to - r.from,
							   tcp_mss(s)));

		if (!n)
			return;
		s->resent = r.from + n;
	}
}

void tcp_recovery_dupack(struct tcp_sock *s)
{
	s->dupacks++;
	if (s->recovery == TCP_RECOVERY) {
		if (s->sack)
			fill_holes(s);
		else			/* RFC 6582 3.2 step 3 */
			s->cwnd += tcp_mss(s);
	} else if (s->recovery == TCP_OPEN &&
		   (s->dupacks >= DUP_THRESH ||
		    (s->sack && tcp_sack_lost(s, s->snd.una)))) {
		enter(s);
	}
	assert(s->cwnd > 0);
}

/* una is now ack; bytes were acked by that. */
void tcp_recovery_acked(struct tcp_sock *s, uint32_t ack, uint32_t bytes)
{
	uint32_t mss = tcp_mss(s);

	s->dupacks = 0;
	if (seq_before(s->resent, ack))
		s->resent = ack;
	if (s->recovery == TCP_OPEN) {
		tcp_congestion_acked(s, bytes);
	} else if (!seq_before(ack, s->recover)) {
		if (s->recovery == TCP_RECOVERY)
			s->cwnd = max_u32(s->ssthresh, mss);
		s->recovery = TCP_OPEN;
	} else if (s->recovery == TCP_LOSS) {
		tcp_congestion_acked(s, bytes);
	} else if (s->sack) {
		if (s->resent == ack && s->sack_count)
			resend_first(s);
		fill_holes(s);
	} else {			/* RFC 6582 3.2 step 3: a partial ack */
		resend_first(s);
		s->cwnd -= min_u32(s->cwnd - mss, bytes);
		if (bytes >= mss)
			s->cwnd += mss;
	}
}
