/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_sack.c - what the other has beyond what it acknowledges (RFC 2018), and
 * what is therefore lost (RFC 6675).
 *
 * The ranges of s->sacked lie between snd.una and snd.max. What finds no room is
 * not remembered, which costs a segment sent twice. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { DUP_THRESH = 3 };

/* IsLost: three ranges above it, or more than two segments. */
static bool enough(const struct tcp_sock *s, unsigned ranges, uint32_t bytes)
{
	return ranges >= DUP_THRESH || bytes > (DUP_THRESH - 1) * tcp_mss(s);
}

bool tcp_is_lost(const struct tcp_sock *s, uint32_t seq)
{
	const struct range *r = s->sacked.at;
	uint32_t bytes = 0;
	unsigned n = s->sacked.count;

	while (n && seq_after(r[n - 1].from, seq)) {
		n--;
		bytes += r[n].to - r[n].from;
	}
	return enough(s, s->sacked.count - n, bytes);
}

/* SetPipe, from the top down: the holes that are not lost, and what of them was
 * sent again. */
static uint32_t pipe(const struct tcp_sock *s)
{
	uint32_t to = s->snd.max, above = 0, bytes = 0;

	for (unsigned n = s->sacked.count + 1; n--;) {
		const struct range *below = n ? &s->sacked.at[n - 1] : NULL;
		uint32_t from = below ? below->to : s->snd.una;

		if (!enough(s, s->sacked.count - n, above))
			bytes += to - from;
		if (seq_after(s->resent, from))
			bytes += min_u32(s->resent - from, to - from);
		if (below) {
			above += below->to - below->from;
			to = below->from;
		}
	}
	return bytes;
}

/* After a time-out only what was sent since then is thought to be under way. */
uint32_t tcp_flight(const struct tcp_sock *s)
{
	uint32_t bytes = s->snd.nxt - s->snd.una;

	if (s->sacked.count && s->recovery != TCP_LOSS)
		return pipe(s);
	for (unsigned n = 0; n < s->sacked.count &&
	     seq_before(s->sacked.at[n].from, s->snd.nxt); n++)
		bytes -= s->sacked.at[n].to - s->sacked.at[n].from;
	return bytes;
}

bool tcp_hole(const struct tcp_sock *s, bool lost_only, struct range *out)
{
	uint32_t at = s->snd.una;

	for (unsigned n = 0; n < s->sacked.count; n++) {
		uint32_t from = seq_max(at, s->resent);

		if (seq_before(from, s->sacked.at[n].from)) {
			*out = (struct range){ from, s->sacked.at[n].from };
			return !lost_only || tcp_is_lost(s, from);
		}
		at = s->sacked.at[n].to;
	}
	return false;
}
