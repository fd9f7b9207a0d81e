/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c - the ring of bytes in a pipe.
 *
 * It is a row of pages that are allocated when a byte first needs them and
 * kept for the next, until memory runs short. An empty ring starts over at
 * byte 0 (pipe.c sees to it), so that a short message always uses the same
 * warm page and long ones move in whole pages.
 *
 * Invariant: used <= size; size is a power of two of pages; a page that holds
 * a byte is there. Locks: the pipe's lock for all but ring_begin, ring_end.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/pipe.h"

static struct list all_pipes = LIST_INIT(all_pipes);

static void ring_page_free(struct pipe *p, unsigned i)
{
	assert(p->page[i]);
	page_free(page_of(p->page[i]), 0);
	p->page[i] = NULL;
	racct_release(p->prison, RACCT_KERNEL_MEMORY, PAGE_SIZE);
}

static void *ring_page_new(struct pipe *p)
{
	struct page *fresh;

	if (racct_charge(p->prison, RACCT_KERNEL_MEMORY, PAGE_SIZE))
		return NULL;
	fresh = page_alloc(0, PAGE_USER);
	if (!fresh) {
		racct_release(p->prison, RACCT_KERNEL_MEMORY, PAGE_SIZE);
		return NULL;
	}
	return page_address(fresh);
}

/* The page at ring position pos, made if there is none yet, or NULL. */
static void *ring_page(struct pipe *p, uint32_t pos)
{
	void **slot = &p->page[pos >> PAGE_SHIFT];

	assert(pos < p->size);
	if (unlikely(!*slot))
		*slot = ring_page_new(p);
	return *slot;
}

/* Up to n bytes from io into the ring; they are not in `used` yet. */
int ring_fill(struct pipe *p, struct user_io *io, uint32_t n)
{
	uint32_t done = 0;

	assert(n <= p->size - p->used);
	assert(sleep_lock_mine(&p->lock) && p->head < p->size);
	while (done < n) {
		uint32_t at = (p->head + p->used + done) & (p->size - 1);
		uint32_t part = min_u32(n - done, PAGE_SIZE - (at & PAGE_MASK));
		char *page = ring_page(p, at);
		int got;

		if (!page)
			return done ? (int)done : -ENOMEM;
		got = user_io_take(io, page + (at & PAGE_MASK), part);
		if (got <= 0)
			return done ? (int)done : got;
		done += got;
		if ((uint32_t)got < part)
			break;
	}
	return done;
}

/* Up to n bytes out of the ring into io; they still count as used. */
int ring_drain(struct pipe *p, struct user_io *io, uint32_t n)
{
	uint32_t done = 0;

	assert(n <= p->used);
	assert(sleep_lock_mine(&p->lock) && p->head < p->size);
	while (done < n) {
		uint32_t at = (p->head + done) & (p->size - 1);
		uint32_t part = min_u32(n - done, PAGE_SIZE - (at & PAGE_MASK));
		char *page = p->page[at >> PAGE_SHIFT];
		int got;

		assert(page);
		got = user_io_give(io, page + (at & PAGE_MASK), part);
		if (got <= 0)
			return done ? (int)done : got;
		done += got;
		if ((uint32_t)got < part)
			break;
	}
	return done;
}

/* Memory is short: give back pages of rings that hold nothing. */
static uint32_t pipe_shrink(uint32_t n)
{
	uint32_t freed = 0;

	list_each(l, &all_pipes) {
		struct pipe *p = list_entry(l, struct pipe, link);

		if (freed >= n)
			break;
		if (p->used || p->lock.owner)
			continue;
		for (unsigned i = 0; i < p->size >> PAGE_SHIFT; i++) {
			if (!p->page[i])
				continue;
			ring_page_free(p, i);
			freed++;
		}
	}
	return freed;
}

static void row_free(struct pipe *p)
{
	if (p->page != p->page_inline)
		charged_free(p->prison, p->page,
			     (p->size >> PAGE_SHIFT) * sizeof p->page[0]);
}

/* A new pipe gets its empty ring. */
void ring_begin(struct pipe *p)
{
	static bool shrinker_known;

	if (!shrinker_known)
		page_shrinker_register(pipe_shrink);
	shrinker_known = true;
	p->size = PIPE_PAGES * PAGE_SIZE;
	p->page = p->page_inline;
	list_append(&all_pipes, &p->link);
}

void ring_end(struct pipe *p)
{
	assert(!p->lock.owner);
	for (unsigned i = 0; i < p->size >> PAGE_SHIFT; i++)
		if (p->page[i])
			ring_page_free(p, i);
	row_free(p);
	list_remove(&p->link);
}

/* Turns the ring so that its first byte is in the first slot's page. */
static void ring_move(struct pipe *p, void **to, uint32_t size)
{
	unsigned old = p->size >> PAGE_SHIFT, new = size >> PAGE_SHIFT;
	unsigned first = p->head >> PAGE_SHIFT;

	assert((size & (size - 1)) == 0 && p->head < p->size);
	for (unsigned i = 0; i < old; i++) {
		unsigned from = (first + i) & (old - 1);

		if (i < new)
			to[i] = p->page[from];
		else if (p->page[from])
			ring_page_free(p, from);
	}
	p->head &= PAGE_MASK;
}

/* Only with the lock. -EBUSY: the ring's pages with bytes are more. */
int ring_resize(struct pipe *p, uint32_t size)
{
	unsigned n = size >> PAGE_SHIFT;
	uint32_t span = (p->head & PAGE_MASK) + p->used;
	void *inline_copy[PIPE_PAGES] = { NULL };
	void **row = inline_copy, *tail = NULL;

	assert(sleep_lock_mine(&p->lock));
	if (size == p->size)
		return 0;
	if (span > size)
		return -EBUSY;
	if (span > p->size) {	/* the last bytes share the first's page */
		tail = ring_page_new(p);
		if (!tail)
			return -ENOMEM;
		arch_page_copy(tail, p->page[p->head >> PAGE_SHIFT]);
	}
	if (n > PIPE_PAGES) {
		row = charged_alloc(p->prison, n * sizeof *row);
		if (!row)
			goto no_row;
		memset(row, 0, n * sizeof *row);
	}
	ring_move(p, row, size);
	if (tail)
		row[p->size >> PAGE_SHIFT] = tail;
	row_free(p);
	if (row == inline_copy) {
		memcpy(p->page_inline, inline_copy, sizeof inline_copy);
		row = p->page_inline;
	}
	assert(p->used <= size);
	p->page = row;
	p->size = size;
	return 0;
no_row:
	if (tail) {
		page_free(page_of(tail), 0);
		racct_release(p->prison, RACCT_KERNEL_MEMORY, PAGE_SIZE);
	}
	return -ENOMEM;
}
