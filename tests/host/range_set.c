/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * range_set.c - sets of ranges of kernel/base/range_set.c, compared with a set
 * that has a flag for each number.
 * sources: kernel/base/range_set.c
 */
#include "kernel/base/range_set.h"

#include "ktap.h"
#include "wrap.h"

enum { SPAN = 300, ROOM = 200 };

static struct range_set set;
static bool model[SPAN];
static uint32_t base;	/* the number that model[0] is about */

static void begin(uint32_t first, unsigned room)
{
	free(set.at);
	set = (struct range_set){ malloc(room * sizeof *set.at), 0, room };
	memset(model, 0, sizeof model);
	base = first;
}

/* Adds it to both; were there numbers that the model had not? */
static bool add(unsigned from, unsigned to)
{
	bool news = false;

	for (unsigned n = from; n < to; n++) {
		news |= !model[n];
		model[n] = true;
	}
	CHECK_EQ(range_set_add(&set, (struct range){ base + from, base + to }),
		 news);
	return news;
}

static void cut(unsigned below)
{
	range_set_cut(&set, base + below);
	memset(model, 0, below);
}

static void trim(unsigned from)
{
	range_set_trim(&set, base + from);
	memset(model + from, 0, SPAN - from);
}

/* The gaps between two numbers, one by one, against the flags. */
static void same_gaps(unsigned from, unsigned to)
{
	struct range gap = { .to = base + from };
	unsigned n = from;

	while (range_set_gap(&set, gap.to, base + to, &gap)) {
		for (; n < gap.from - base; n++)
			CHECK(model[n]);
		for (; n < gap.to - base; n++)
			CHECK(!model[n]);
		CHECK(n <= to);
	}
	for (; n < to; n++)
		CHECK(model[n]);
}

static void same_above(unsigned n)
{
	unsigned ranges, numbers = 0, begins = 0;

	for (unsigned at = n + 1; at < SPAN; at++) {
		begins += model[at] && !model[at - 1];
		numbers += begins && model[at];
	}
	CHECK_EQ(range_set_above(&set, base + n, &ranges), numbers);
	CHECK_EQ(ranges, begins);
}

static void same(void)
{
	unsigned ranges = 0;

	for (unsigned n = 0; n < SPAN; n++) {
		const struct range *r = range_set_find(&set, base + n);

		CHECK_EQ(r != NULL, model[n]);
		if (r)
			CHECK(base + n - r->from < r->to - r->from);
		if (model[n] && (!n || !model[n - 1])) {
			CHECK_EQ(set.at[ranges].from - base, n);
			ranges++;
		}
	}
	CHECK_EQ(set.count, ranges);
	same_gaps(rand() % SPAN, SPAN);
	same_gaps(0, rand() % SPAN);
	same_above(rand() % SPAN);
}

static void random_changes(uint32_t first)
{
	begin(first, ROOM);
	for (unsigned n = 0; n < 3000; n++) {
		unsigned from = rand() % (SPAN - 20);

		add(from, from + 1 + rand() % 20);
		if (n % 50 == 49)
			cut(rand() % SPAN);
		if (n % 50 == 24)
			trim(rand() % SPAN);
		if (n % 400 == 399)
			cut(SPAN);
		same();
	}
}

TEST(random_ones_are_those_of_a_model)
{
	wrap_each(random_changes, SPAN, 3);
}

TEST(neighbours_become_one)
{
	begin(UINT32_MAX - 9, 8);
	CHECK(add(0, 5));
	CHECK(add(15, 20));
	CHECK_EQ(set.count, 2);
	CHECK(add(5, 15));		/* over the wrap */
	CHECK_EQ(set.count, 1);
	CHECK(!add(3, 20));
	same();
}

/* One more range is forgotten, but not what makes two of them one. */
TEST(what_finds_no_room_is_forgotten)
{
	struct range r = { 1000, 1001 };

	begin(0, 4);
	for (unsigned n = 0; n < 4; n++)
		CHECK(add(n * 10, n * 10 + 5));
	CHECK(!range_set_add(&set, r));
	same();
	CHECK(add(5, 10));
	CHECK_EQ(set.count, 3);
	CHECK(range_set_add(&set, r));
	CHECK(range_set_find(&set, 1000) == &set.at[3]);
}

TEST(without_memory_it_is_empty)
{
	struct range_set none = { NULL, 0, 0 };

	CHECK(!range_set_add(&none, (struct range){ 1, 2 }));
	range_set_cut(&none, 5);
	CHECK(range_set_find(&none, 1) == NULL);
	CHECK_EQ(none.count, 0);
}
