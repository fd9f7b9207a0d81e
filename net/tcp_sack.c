/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_sack.c - sets of ranges: what the other has beyond what it acknowledges
 * (RFC 2018), what is therefore lost (RFC 6675), and what came to us too early.
 *
 * Those of s->sacked lie between snd.una and snd.max. A set is a block of memory
 * from its first range on; what finds no room is not remembered, which costs a
 * segment sent twice. Locks: the kernel lock.
 */
#include "kernel/fs/charge.h"
#include "net/tcp.h"

enum { DUP_THRESH = 3, RANGES_BYTES = 4096,
       RANGES = RANGES_BYTES / sizeof(struct tcp_range) };

/* --- sets -------------------------------------------------------------------------- */

/* Room for the range at `at` instead of the n that are there. */
static bool replace(struct tcp_sock *s, struct tcp_ranges *r, unsigned at,
		    unsigned n)
{
	if (!r->at)
		r->at = charged_alloc(s->inet.sock.prison, RANGES_BYTES);
	if (!r->at || (!n && r->count == RANGES))
		return false;
	memmove(&r->at[at + 1], &r->at[at + n],
		(r->count - at - n) * sizeof *r->at);
	r->count = r->count + 1 - n;
	return true;
}

bool tcp_ranges_add(struct tcp_sock *s, struct tcp_ranges *to,
		    struct tcp_range r)
{
	unsigned at = to->count, n = 0;

	while (at && !seq_before(to->at[at - 1].to, r.from))
		at--;			/* it is mostly a late one */
	for (; at + n < to->count && !seq_after(to->at[at + n].from, r.to); n++) {
		const struct tcp_range *o = &to->at[at + n];

		if (!seq_before(r.from, o->from) && !seq_after(r.to, o->to))
			return false;
		if (seq_before(o->from, r.from))
			r.from = o->from;
		r.to = seq_max(o->to, r.to);
	}
	if (!replace(s, to, at, n))
		return false;
	to->at[at] = r;
	assert(!at || seq_before(to->at[at - 1].to, r.from));
	return true;
}

void tcp_ranges_cut(struct tcp_ranges *r, uint32_t below)
{
	unsigned n = 0;

	if (!r->count)
		return;
	while (n < r->count && !seq_after(r->at[n].to, below))
		n++;
	r->count -= n;
	memmove(r->at, r->at + n, r->count * sizeof *r->at);
	if (r->count)
		r->at[0].from = seq_max(r->at[0].from, below);
}

void tcp_ranges_end(struct tcp_sock *s, struct tcp_ranges *r)
{
	if (r->at)
		charged_free(s->inet.sock.prison, r->at, RANGES_BYTES);
	*r = (struct tcp_ranges){ 0 };
}

/* --- what is lost -------------------------------------------------------------------- */

/* IsLost: three ranges above it, or more than two segments. */
static bool enough(const struct tcp_sock *s, unsigned ranges, uint32_t bytes)
{
	return ranges >= DUP_THRESH || bytes > (DUP_THRESH - 1) * tcp_mss(s);
}

bool tcp_is_lost(const struct tcp_sock *s, uint32_t seq)
{
	const struct tcp_range *r = s->sacked.at;
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
		const struct tcp_range *below = n ? &s->sacked.at[n - 1] : NULL;
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

bool tcp_hole(const struct tcp_sock *s, bool lost_only, struct tcp_range *out)
{
	uint32_t at = s->snd.una;

	for (unsigned n = 0; n < s->sacked.count; n++) {
		uint32_t from = seq_max(at, s->resent);

		if (seq_before(from, s->sacked.at[n].from)) {
			*out = (struct tcp_range){ from, s->sacked.at[n].from };
			return !lost_only || tcp_is_lost(s, from);
		}
		at = s->sacked.at[n].to;
	}
	return false;
}
