/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_bytes.c - bytes that have numbers, in packets.
 *
 * New ones mostly belong at the end, so their place is looked for from there;
 * what is asked for mostly follows what was asked for last: the cursor.
 * Locks: the kernel lock.
 */
#include "net/packet_bytes.h"

enum { SMALL = 256, ROOMY = 2048 };

void packet_bytes_init(struct packet_bytes *b)
{
	list_init(&b->packets);
	b->cursor = NULL;
	b->memory = 0;
}

/* The packet behind a link, or NULL. */
static struct packet *behind(const struct packet_bytes *b,
			     const struct list *at)
{
	return at->next == &b->packets ? NULL : packet_of_link(at->next);
}

static void put(struct packet_bytes *b, struct list *at, struct packet *k)
{
	list_insert_after(at, &k->link);
	b->memory += packet_memory(k);
}

static void take(struct packet_bytes *b, struct packet *k)
{
	assert(b->memory >= packet_memory(k));
	if (b->cursor == k)
		b->cursor = NULL;
	b->memory -= packet_memory(k);
	list_remove(&k->link);
	packet_free(k);
}

void packet_bytes_purge(struct packet_bytes *b)
{
	struct packet *k;

	while ((k = behind(b, &b->packets)))
		take(b, k);
	assert(!b->memory && !b->cursor);
}

void packet_bytes_drop(struct packet_bytes *b, uint32_t below)
{
	struct packet *k;

	while ((k = behind(b, &b->packets)) &&
	       !seq_after(packet_end(k), below))
		take(b, k);
}

/* --- new ones ------------------------------------------------------------------ */

void packet_clip(struct packet *k, uint32_t from, uint32_t to)
{
	uint32_t n;

	if (seq_after(packet_end(k), to))
		packet_trim(k, seq_after(to, k->seq) ? to - k->seq : 0);
	if (seq_before(k->seq, from)) {
		n = min_u32(from - k->seq, k->len);
		packet_pull(k, n);
		k->seq += n;
	}
}

/* What lies behind the last packet that does not begin behind seq; the list
 * itself when all do. */
static struct list *place(struct packet_bytes *b, uint32_t seq)
{
	struct list *at = b->packets.prev;

	while (at != &b->packets && seq_after(packet_of_link(at)->seq, seq))
		at = at->prev;
	return at;
}

bool packet_bytes_insert(struct packet_bytes *b, struct packet *k)
{
	struct list *at = place(b, k->seq);
	const struct packet *next = behind(b, at);

	if ((at != &b->packets && seq_after(packet_end(packet_of_link(at)), k->seq))
	    || (next && seq_after(packet_end(k), next->seq)))
		return false;
	put(b, at, k);
	return true;
}

/* What k, behind at, covers of those behind goes, or k ends where one begins. */
static void make_way(struct packet_bytes *b, struct list *at, struct packet *k)
{
	struct packet *next;

	while ((next = behind(b, at)) && seq_after(packet_end(k), next->seq)) {
		if (seq_after(packet_end(next), packet_end(k)))
			packet_clip(k, k->seq, next->seq);
		else
			take(b, next);
	}
}

/* A packet is more than its bytes: small ones are put together. */
struct packet *packet_bytes_add(struct packet_bytes *b, struct packet *k)
{
	struct list *at = place(b, k->seq);
	struct packet *before;

	if (at != &b->packets && seq_after(packet_end(packet_of_link(at)), k->seq)) {
		packet_clip(k, packet_bytes_reach(b, packet_of_link(at)),
			    packet_end(k));
		at = place(b, k->seq);
	}
	make_way(b, at, k);
	if (!k->len)
		return NULL;
	before = packet_of_link(at);
	if (at != &b->packets && packet_end(before) == k->seq &&
	    packet_tail(before) >= k->len) {
		memcpy(packet_put(before, k->len), k->data, k->len);
		packet_free(k);
		return before;
	}
	put(b, at, k);
	return k;
}

/* p pays for k, if need be instead of those behind it, which are sent again when
 * k has come; else nobody could ever read them. */
static bool pay(struct packet_bytes *b, struct packet *k, struct prison *p)
{
	while (!packet_pay(k, p)) {
		struct packet *last = packet_bytes_last(b);

		if (!last || !seq_after(last->seq, k->seq))
			return false;
		take(b, last);
	}
	return true;
}

/* Who sends a byte at a time makes us keep a packet for each. */
static bool is_cramped(const struct packet_bytes *b, const struct packet *k)
{
	const struct packet *last = packet_bytes_last(b);

	return k->len <= SMALL && last && packet_tail(last) < k->len;
}

struct packet *packet_bytes_keep(struct packet_bytes *b, struct packet **k,
				 struct prison *p, uint32_t many)
{
	struct packet *in;

	if (b->memory >= many && is_cramped(b, *k))
		*k = packet_roomy(*k, p, ROOMY);
	if (!(*k)->len || !pay(b, *k, p))
		return NULL;
	in = packet_bytes_add(b, *k);
	if (in)
		*k = NULL;
	return in;
}

/* --- those that are there --------------------------------------------------------- */

struct packet *packet_bytes_find(struct packet_bytes *b, uint32_t seq)
{
	struct packet *k = b->cursor;

	if (!k || seq_before(seq, k->seq))
		k = behind(b, &b->packets);
	while (k && !seq_before(seq, packet_end(k)))
		k = behind(b, &k->link);
	if (!k || seq_before(seq, k->seq))
		return NULL;
	b->cursor = k;
	return k;
}

uint32_t packet_bytes_reach(const struct packet_bytes *b,
			    const struct packet *k)
{
	uint32_t end = packet_end(k);

	while ((k = behind(b, &k->link)) && k->seq == end)
		end = packet_end(k);
	return end;
}

void packet_bytes_copy(struct packet_bytes *b, uint32_t seq, void *to,
		       uint32_t n)
{
	struct packet *k = n ? packet_bytes_find(b, seq) : NULL;
	uint8_t *out = to;
	uint32_t m;

	for (; n; out += m, seq += m, n -= m) {
		assert(k && seq - k->seq < k->len);
		m = min_u32(n, packet_end(k) - seq);
		memcpy(out, k->data + (seq - k->seq), m);
		b->cursor = k;
		k = behind(b, &k->link);
	}
}
