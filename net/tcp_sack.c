/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_sack.c - what the other has beyond what it acknowledges (RFC 2018), and
 * what is therefore lost (RFC 6675).
 *
 * The ranges of s->sacked lie between snd.una and snd.nxt. What finds no room is
 * not remembered, which costs a segment sent twice. Locks: the kernel lock.
 */
#include "net/tcp.h"

/* IsLost: three ranges above it, or more than two segments. */
bool tcp_is_lost(const struct tcp_sock *s, uint32_t seq)
{
	unsigned ranges;
	uint32_t bytes = range_set_above(&s->sacked, seq, &ranges);

	return s->recovery == TCP_LOSS || ranges >= TCP_DUP_THRESH ||
	       bytes > (TCP_DUP_THRESH - 1) * tcp_mss(s);
}

/* SetPipe: the holes that are not lost, and what of them was sent again. */
static uint32_t pipe(const struct tcp_sock *s)
{
	struct range hole = { .to = s->snd.una };
	uint32_t bytes = 0;

	while (range_set_gap(&s->sacked, hole.to, s->snd.nxt, &hole)) {
		if (!tcp_is_lost(s, hole.from))
			bytes += hole.to - hole.from;
		if (seq_after(s->resent, hole.from))
			bytes += min_u32(s->resent - hole.from,
					 hole.to - hole.from);
	}
	return bytes;
}

/* After a time-out only what was sent since then is thought to be under way. */
uint32_t tcp_flight(const struct tcp_sock *s)
{
	return s->sacked.count || s->recovery == TCP_LOSS ? pipe(s) :
		s->snd.nxt - s->snd.una;
}

/* What is new goes before a hole that may not be lost. */
bool tcp_hole(const struct tcp_sock *s, struct range *out)
{
	uint32_t from = seq_max(s->snd.una, s->resent), to = s->recover;

	if (s->recovery == TCP_OPEN ||
	    (s->recovery == TCP_RECOVERY && !s->sacked.count))
		return false;
	if (s->recovery == TCP_RECOVERY)
		to = s->sacked.at[s->sacked.count - 1].to;
	return range_set_gap(&s->sacked, from, to, out) &&
	       (s->snd.nxt == s->snd.end || tcp_is_lost(s, out->from));
}
