/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * number.c - one space of numbers for processes, threads, groups and sessions.
 *
 * A row of the table is made when a number in it is taken, and freed with the
 * last one, so that a lookup is two loads and 1,000 processes cost a few
 * pages. Numbers are handed out in a circle, as on Linux, so that one is not
 * used again soon after its bearer died.
 *
 * Invariant: a number is in use as long as anybody bears it (number_settle).
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

enum {
	ROW = 256,
	FIRST_AGAIN = 300,	/* the circle leaves out what boot took */
};

static struct number *rows[NUMBER_END / ROW];
static uint16_t row_used[NUMBER_END / ROW];
static uint32_t used[NUMBER_END / 32] = { 1 }; /* 0 is nobody's */
static int last;

static bool is_used(int n)
{
	return used[n / 32] >> n % 32 & 1;
}

/* The first number from `from` up to `end` whose bit is as wanted, or end. */
static int scan(int from, int end, bool wanted)
{
	uint32_t flip = wanted ? 0 : ~0u, word;

	while (from < end) {
		word = (used[from / 32] ^ flip) >> from % 32;
		if (word != 0) {
			from += __builtin_ctz(word);
			return from < end ? from : end;
		}
		from = (from / 32 + 1) * 32;
	}
	return end;
}

int number_take(void)
{
	int n = scan(last + 1, NUMBER_END, false);

	if (n == NUMBER_END) {
		n = scan(FIRST_AGAIN, last + 1, false);
		if (n > last)
			return -EAGAIN;
	}
	if (!rows[n / ROW]) {
		rows[n / ROW] = kmem_zalloc(ROW * sizeof(struct number));
		if (!rows[n / ROW])
			return -ENOMEM;
	}
	row_used[n / ROW]++;
	used[n / 32] |= 1u << n % 32;
	last = n;
	return n;
}

struct number *number_find(int n)
{
	struct number *row;

	if (n <= 0 || n >= NUMBER_END)
		return NULL;
	row = rows[n / ROW];
	return row ? &row[n % ROW] : NULL;
}

void number_settle(int n)
{
	const struct number *b = number_find(n);

	assert(b && is_used(n));
	if (b->proc || b->thread || b->group || b->session)
		return;
	used[n / 32] &= ~(1u << n % 32);
	if (--row_used[n / ROW] == 0) {
		kmem_free(rows[n / ROW]);
		rows[n / ROW] = NULL;
	}
}

int number_next(int from)
{
	return scan(from, NUMBER_END, true);
}

int number_last(void)
{
	return last;
}
