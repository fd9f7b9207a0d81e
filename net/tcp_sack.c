/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_sack.c - what the other has, beyond what it acknowledges (RFC 2018), and
 * what is therefore lost (RFC 6675).
 *
 * The ranges lie between snd.una and snd.max, in order, apart from each other.
 * There is room for TCP_SACKS; what finds none is not remembered, which costs
 * a segment sent twice.
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { DUP_THRESH = 3 };

static void delete_at(struct tcp_sock *s, unsigned at, unsigned n)
{
	assert(at + n <= s->sack_count);
	memmove(&s->sacked[at], &s->sacked[at + n],
		(s->sack_count - at - n) * sizeof s->sacked[0]);
	s->sack_count -= n;
}

/* True: it tells of bytes that were not known. */
static bool add(struct tcp_sock *s, struct tcp_range r)
{
	unsigned at = 0, n = 0;

	while (at < s->sack_count && seq_before(s->sacked[at].to, r.from))
		at++;
	if (at < s->sack_count && !seq_before(r.from, s->sacked[at].from) &&
	    !seq_after(r.to, s->sacked[at].to))
		return false;
	while (at + n < s->sack_count &&
	       !seq_after(s->sacked[at + n].from, r.to)) {
		if (seq_before(s->sacked[at + n].from, r.from))
			r.from = s->sacked[at + n].from;
		r.to = seq_max(r.to, s->sacked[at + n].to);
		n++;
	}
	if (n) {
		delete_at(s, at, n - 1);
	} else {
		if (s->sack_count == TCP_SACKS)
			return false;
		memmove(&s->sacked[at + 1], &s->sacked[at],
			(s->sack_count - at) * sizeof s->sacked[0]);
		s->sack_count++;
	}
	s->sacked[at] = r;
	assert(!at || seq_before(s->sacked[at - 1].to, r.from));
	return true;
}

bool tcp_sack_note(struct tcp_sock *s, const struct tcp_segment *g)
{
	bool news = false;

	for (unsigned n = 0; s->sack && n < g->sacks; n++) {
		struct tcp_range r = g->sack[n];

		/* RFC 2883: at or below una it is a duplicate's */
		if (seq_before(r.from, r.to) && seq_after(r.from, s->snd.una) &&
		    !seq_after(r.to, s->snd.max))
			news |= add(s, r);
	}
	return news;
}

void tcp_sack_forget(struct tcp_sock *s, uint32_t una)
{
	unsigned n = 0;

	while (n < s->sack_count && !seq_after(s->sacked[n].to, una))
		n++;
	delete_at(s, 0, n);
	if (s->sack_count && seq_before(s->sacked[0].from, una))
		s->sacked[0].from = una;
}

/* RFC 6675 4, IsLost: three ranges above it, or more than two segments. */
bool tcp_sack_lost(const struct tcp_sock *s, uint32_t seq)
{
	uint32_t bytes = 0;
	unsigned ranges = 0;

	for (unsigned n = s->sack_count; n-- &&
	     seq_after(s->sacked[n].from, seq); ranges++)
		bytes += s->sacked[n].to - s->sacked[n].from;
	return ranges >= DUP_THRESH ||
	       bytes > (DUP_THRESH - 1) * tcp_mss(s);
}

/* RFC 6675 4, SetPipe: what is still under way, as we believe. */
uint32_t tcp_sack_pipe(const struct tcp_sock *s)
{
	uint32_t at = s->snd.una, pipe = 0;

	for (unsigned n = 0; n <= s->sack_count; n++) {
		uint32_t to = n < s->sack_count ? s->sacked[n].from :
			      s->snd.max;

		if (!tcp_sack_lost(s, at))
			pipe += to - at;
		if (seq_after(s->resent, at))
			pipe += seq_before(s->resent, to) ? s->resent - at :
				to - at;
		if (n < s->sack_count)
			at = s->sacked[n].to;
	}
	return pipe;
}

bool tcp_sack_hole(const struct tcp_sock *s, bool lost_only,
		   struct tcp_range *out)
{
	uint32_t at = s->snd.una;

	for (unsigned n = 0; n < s->sack_count; n++) {
		uint32_t from = seq_max(at, s->resent);

		if (seq_before(from, s->sacked[n].from)) {
			*out = (struct tcp_range){ from, s->sacked[n].from };
			return !lost_only || tcp_sack_lost(s, from);
		}
		at = s->sacked[n].to;
	}
	return false;
}
