/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_bytes.c - bytes by number of net/packet_bytes.c, compared with an array
 * that has them all.
 * sources: net/packet_bytes.c net/packet.c
 */
#include "net/packet_bytes.h"

#include "ktap.h"
#include "wrap.h"

enum { SPAN = 600 };

static struct packet_bytes bytes;
static int model[SPAN];		/* the byte; -1: it is not there */
static uint32_t base;		/* the number that model[0] is about */
static unsigned pieces;

void *kmem_alloc(size_t n)
{
	pieces++;
	return malloc(n);
}

void kmem_free(void *p)
{
	pieces--;
	free(p);
}

/* Nobody pays for them. */
int racct_charge(struct prison *p, enum racct what, uint64_t n)
{
	panic("%p pays %u for %u", (void *)p, (unsigned)n, what);
}

void racct_release(struct prison *p, enum racct what, uint64_t n)
{
	(void)!racct_charge(p, what, n);
}

void prison_hold(struct prison *p)
{
	(void)!racct_charge(p, RACCT_SOCKBUF, 0);
}

void prison_drop(struct prison *p)
{
	prison_hold(p);
}

static void begin(uint32_t first)
{
	packet_bytes_init(&bytes);
	for (unsigned n = 0; n < SPAN; n++)
		model[n] = -1;
	base = first;
}

static void end(void)
{
	packet_bytes_purge(&bytes);
	CHECK(packet_bytes_empty(&bytes));
	CHECK_EQ(bytes.memory, 0);
	CHECK_EQ(pieces, 0);
}

/* [from, to), with room for `more` behind. */
static struct packet *packet(unsigned from, unsigned to, unsigned more)
{
	struct packet *k = packet_new(to - from + more);

	for (unsigned n = from; n < to; n++)
		*packet_put(k, 1) = rand();
	k->seq = base + from;
	return k;
}

static unsigned missing(unsigned from, unsigned to)
{
	unsigned count = 0;

	for (unsigned n = from; n < to; n++)
		count += model[n] < 0;
	return count;
}

/* Of bytes that are there any of both may stay: the others tell which. */
static void add(unsigned from, unsigned to, unsigned more)
{
	struct packet *k = packet(from, to, more), *in;
	unsigned news = missing(from, to);
	uint8_t data[SPAN];

	memcpy(data, k->data, k->len);
	in = packet_bytes_add(&bytes, k);
	CHECK_EQ(in != NULL, news != 0);
	if (!in)
		packet_free(k);
	for (unsigned n = from; n < to; n++) {
		const struct packet *p = packet_bytes_find(&bytes, base + n);
		int got;

		CHECK(p != NULL);
		got = p->data[base + n - p->seq];
		CHECK(got == data[n - from] || got == model[n]);
		model[n] = got;
	}
}

static void insert(unsigned from, unsigned to)
{
	struct packet *k = packet(from, to, 0);
	bool apart = missing(from, to) == to - from;

	CHECK_EQ(packet_bytes_insert(&bytes, k), apart);
	for (unsigned n = from; apart && n < to; n++)
		model[n] = k->data[n - from];
	if (!apart)
		packet_free(k);
}

static void drop(unsigned below)
{
	packet_bytes_drop(&bytes, base + below);
	for (unsigned n = 0; n < below; n++)
		if (!packet_bytes_find(&bytes, base + n))
			model[n] = -1;
}

/* Every run that is there, by all the ways to ask. */
static void same(void)
{
	unsigned order = rand(), memory = 0;
	uint8_t out[SPAN];

	for (unsigned i = 0; i < SPAN; i++) {
		unsigned n = order % 2 ? i : SPAN - 1 - i, m = n;
		struct packet *k = packet_bytes_find(&bytes, base + n);

		CHECK_EQ(k != NULL, model[n] >= 0);
		if (!k)
			continue;
		while (m < SPAN && model[m] >= 0)
			m++;
		CHECK_EQ(packet_bytes_reach(&bytes, k) - base, m);
		packet_bytes_copy(&bytes, base + n, out, m - n);
		while (m-- > n)
			CHECK_EQ(out[m - n], model[m]);
	}
	list_each(l, &bytes.packets) {
		struct packet *k = packet_of_link(l);

		memory += packet_memory(k);
		CHECK(l->next == &bytes.packets ||
		      !seq_after(packet_end(k), packet_of_link(l->next)->seq));
	}
	CHECK_EQ(bytes.memory, memory);
}

static void random_changes(uint32_t first)
{
	begin(first);
	for (unsigned n = 0; n < 600; n++) {
		unsigned from = rand() % (SPAN - 40);
		unsigned to = from + 1 + rand() % 40;

		if (n % 3)
			add(from, to, rand() % 2 * 60);
		else
			insert(from, to);
		if (n % 40 == 39)
			drop(rand() % SPAN);
		if (n % 5 == 4)
			same();
	}
	end();
}

TEST(random_ones_are_those_of_a_model)
{
	wrap_each(random_changes, SPAN, 5);
}

TEST(small_ones_share_a_packet)
{
	begin(-50u);
	add(0, 10, 100);
	for (unsigned n = 10; n < 110; n++)
		add(n, n + 1, 0);
	CHECK_EQ(pieces, 1);
	add(110, 111, 0);		/* no room is left */
	CHECK_EQ(pieces, 2);
	same();
	drop(110);
	CHECK_EQ(pieces, 1);
	end();
}

TEST(what_is_covered_goes)
{
	begin(0);
	add(10, 20, 0);
	add(30, 40, 0);
	add(50, 70, 0);
	CHECK(packet_bytes_find(&bytes, 35)->seq == 30);	/* the cursor */
	add(15, 60, 0);
	CHECK_EQ(pieces, 3);
	CHECK_EQ(packet_bytes_last(&bytes)->seq, 50);
	CHECK_EQ(packet_bytes_find(&bytes, 35)->seq, 20);
	same();
	end();
}

TEST(only_what_is_apart_is_inserted)
{
	begin(UINT32_MAX - 15);
	insert(8, 16);
	insert(24, 32);
	insert(0, 9);
	insert(15, 17);
	insert(9, 10);
	insert(23, 33);
	insert(8, 16);
	CHECK_EQ(pieces, 2);
	insert(16, 24);			/* over the wrap */
	CHECK_EQ(pieces, 3);
	same();
	end();
}

TEST(clipped_at_both_ends)
{
	struct packet *k;

	base = UINT32_MAX - 20;
	k = packet(10, 30, 0);
	packet_clip(k, base + 5, base + 40);
	CHECK_EQ(k->len, 20);
	packet_clip(k, base + 15, base + 25);
	CHECK(k->seq == base + 15 && k->len == 10);
	packet_clip(k, base + 30, base + 40);
	CHECK_EQ(k->len, 0);
	packet_free(k);
	k = packet(10, 30, 0);
	packet_clip(k, base, base + 10);
	CHECK_EQ(k->len, 0);
	packet_free(k);
}
