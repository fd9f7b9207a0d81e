/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_write.c - how the pages of a disk file change: write(2), shared
 * mappings, truncation.
 *
 * A block gets its place on the medium before its page is dirty, so that a
 * full disk or a quota is the writer's error and never one of write-back. What
 * is new at the end of a file is copied into pages that nobody sees yet: then
 * they get their places, all at once, and become part of the file in the same
 * breath. So a medium's old content can never be seen through the cache, and
 * nothing is left to be undone when the copy faults.
 *
 * PG_PLACED: no block of the page needs a place. It is lost when the file
 * grows within the page, which can only be where a page has several blocks.
 *
 * Locks: inode->lock for all but the fill of a page.
 */
#include "kernel/fs/cache.h"

enum { BATCH = 32 };	/* new pages that get their places at once */

struct batch {
	off64 at;		/* of the first page */
	uint32_t bytes;		/* copied */
	unsigned count;
	struct page *page[BATCH];
};

static struct page *user_page(void)
{
	struct page *p;

	do {
		p = page_alloc(0, PAGE_USER);
	} while (!p && vm_wait_for_clean());
	return p;
}

/* The size becomes at least `size`; the medium is told in time. */
static void grow_to(struct inode *i, off64 size)
{
	if (size <= i->size)
		return;
	regular_size_set(i, size);
	inode_dirty_set(i, INODE_DIRTY_DATA);
}

/* The file is going to grow: blocks of its last page will need a place. */
static void grow_begin(struct inode *i)
{
	uint32_t index = (uint32_t)(i->size >> PAGE_SHIFT);
	struct page *p;

	if (has_large_blocks(i) || !(i->size & PAGE_MASK))
		return;
	p = vm_object_peek(i->object, index);
	if (!p)
		return;
	p->flags &= ~PG_PLACED;
	vm_object_write_protect(i->object, index, 1);
}

/* Places for at..end-1; those of old blocks are found. *got is how far it
 * came. Does not sleep after it has looked. */
static int place(struct inode *i, off64 at, off64 end, off64 *got)
{
	struct extent e;
	int err = i->ops->extent(i, at, (uint32_t)(end - at), true, &e);

	assert(sleep_lock_mine(&i->lock) && at < end);
	if (err)
		return err;
	assert(!e.hole && e.start + e.bytes > at);
	*got = min_s64(end, e.start + e.bytes);
	return 0;
}

/* The bytes at..end-1 of the held, filled page p get places; it is dirty. */
static int place_part(struct inode *i, struct page *p, off64 at, off64 end)
{
	int err = 0;

	while (!err && at < end) {
		err = place(i, at, end, &at);
		if (!err && p->owner)
			cache_page_dirty(i, p);
	}
	return err;
}

/* --- one page that has a past ----------------------------------------------- */

/* The page at index, held; one behind the file's end is new and zero. Sleeps. */
static int old_page(struct inode *i, uint32_t index, struct page **out)
{
	struct page *p;
	int err = vm_object_wait(i->object, index, out);

	if (err || *out)
		return err;
	if (index < pages_of(i->size))
		return vm_object_page(i->object, index, true, out);
	p = user_page();
	if (!p)
		return -ENOMEM;
	arch_page_zero(page_address(p));
	err = vm_object_insert(i->object, index, p);
	if (err) {
		page_drop(p);
		return err;
	}
	vm_object_filled(p, 0);
	*out = p;
	return 0;
}

/* n bytes into one page, from io. Bytes done, or an error. Sleeps. */
static int write_part(struct inode *i, struct user_io *io, off64 at, uint32_t n)
{
	struct page *p;
	int k = old_page(i, (uint32_t)(at >> PAGE_SHIFT), &p);

	if (k)
		return k;
	if (!(p->flags & PG_PLACED)) {
		k = place_part(i, p, at, at + n);
		if (k)
			goto out;
		if (has_large_blocks(i))
			p->flags |= PG_PLACED;
	}
	k = user_io_take(io, (char *)page_address(p) + (at & PAGE_MASK), n);
	if (k > 0) {
		cache_page_dirty(i, p);
		grow_to(i, at + k);
	}
out:
	page_drop(p);
	return k;
}

static int write_part_kernel(struct inode *i, void *from, off64 at, uint32_t n)
{
	struct user_io io;
	int k;

	user_io_kernel(&io, from, n);
	k = write_part(i, &io, at, n);
	return k < 0 ? k : 0;
}

/* --- new pages ---------------------------------------------------------------- */

/* Bytes of the batch's page j. */
static uint32_t batch_bytes(const struct batch *b, unsigned j)
{
	return min_u32(PAGE_SIZE, b->bytes - (j << PAGE_SHIFT));
}

/* Would writing n bytes at `at` leave nothing of the page's past? */
static bool is_whole(const struct inode *i, off64 at, uint32_t n)
{
	return !(at & PAGE_MASK) && (n >= PAGE_SIZE || at + n >= i->size);
}

/* Copies whole pages that are not there into private ones. 0, or an error when
 * there is none. */
static int batch_copy(struct inode *i, struct user_io *io, uint32_t n,
		      struct batch *b)
{
	uint32_t index = (uint32_t)(b->at >> PAGE_SHIFT);
	int k = 0;

	while (b->count < BATCH && n && is_whole(i, b->at + b->bytes, n) &&
	       !vm_object_has(i->object, index + b->count)) {
		uint32_t want = min_u32(n, PAGE_SIZE);
		struct page *p = user_page();

		if (!p) {
			k = -ENOMEM;
			break;
		}
		k = user_io_take(io, page_address(p), want);
		if (k <= 0) {
			page_drop(p);
			break;
		}
		if (k < PAGE_SIZE)
			memset((char *)page_address(p) + k, 0, PAGE_SIZE - k);
		b->page[b->count++] = p;
		b->bytes += k;
		n -= k;
		if ((uint32_t)k < want)
			break;
	}
	return b->count ? 0 : k;
}

/* Page j has its place and becomes part of the file. */
static void batch_enter(struct inode *i, struct batch *b, unsigned j)
{
	struct page *p = b->page[j];

	if (batch_bytes(b, j) == PAGE_SIZE || has_large_blocks(i))
		p->flags |= PG_PLACED;
	vm_object_filled(p, 0);
	vm_page_touch(p);
	cache_page_dirty(i, p);
	grow_to(i, b->at + (j << PAGE_SHIFT) + batch_bytes(b, j));
}

/* The first `count` pages, which are in the object, unfilled, get their places.
 * *entered: how many did. Sleeps. */
static int batch_place(struct inode *i, struct batch *b, unsigned count,
		       unsigned *entered)
{
	off64 end = b->at + min_u32(b->bytes, count << PAGE_SHIFT), at = b->at;
	uint32_t first = (uint32_t)(at >> PAGE_SHIFT);
	unsigned j = 0;
	int err = 0;

	while (!err && at < end) {
		err = place(i, at, end, &at);
		for (; !err && j < count &&
		     b->at + (j << PAGE_SHIFT) + batch_bytes(b, j) <= at; j++)
			batch_enter(i, b, j);
	}
	*entered = j;
	if (j < count)
		vm_object_remove(i->object, first + j, count - j);
	return err;
}

/* Whole new pages from `at` on. Bytes done, or an error. Sleeps. */
static int write_new(struct inode *i, struct user_io *io, off64 at, uint32_t n)
{
	struct batch b = { .at = at };
	unsigned in = 0, done = 0;
	int err = batch_copy(i, io, n, &b);

	if (err || !b.count)
		return err;
	/* A short copy into the middle of a file leaves some of the past. */
	while (in < b.count && is_whole(i, at + (in << PAGE_SHIFT),
					batch_bytes(&b, in)) &&
	       !vm_object_insert(i->object, (uint32_t)(at >> PAGE_SHIFT) + in,
				 b.page[in]))
		in++;
	if (in)
		err = batch_place(i, &b, in, &done);
	/* Somebody else brought the page in while we copied. */
	while (!err && done < b.count) {
		err = write_part_kernel(i, page_address(b.page[done]),
					at + (done << PAGE_SHIFT),
					batch_bytes(&b, done));
		if (!err)
			done++;
	}
	for (unsigned j = 0; j < b.count; j++)
		page_drop(b.page[j]);
	return done ? (int)min_u32(b.bytes, done << PAGE_SHIFT) : err;
}

/* --- write(2) ------------------------------------------------------------------- */

static int write_some(struct inode *i, struct user_io *io, off64 at, uint32_t n)
{
	uint32_t index = (uint32_t)(at >> PAGE_SHIFT);
	struct page *p = vm_object_peek(i->object, index);

	if (!p && is_whole(i, at, n) && !vm_object_has(i->object, index))
		return write_new(i, io, at, n);
	if (p)
		vm_page_touch(p);
	return write_part(i, io, at, min_u32(PAGE_SIZE - (at & PAGE_MASK), n));
}

/* Places behind the file's end have come to nothing. */
static void forget_places(struct inode *i)
{
	struct attr_change a = { .valid = ATTR_SIZE, .size = i->size };
	int err = cache_resize(i, i->size);

	if (!err && i->ops->set_attr)
		err = i->ops->set_attr(i, &a);
	if (err)
		log_print(LOG_WARN, "inode %llu: blocks behind its end stay: error %d",
			  i->ino, -err);
}

int cache_write(struct inode *i, struct user_io *io, off64 at, uint32_t n)
{
	off64 size = i->size;
	int done = 0, k = 0;

	assert(is_cached(i) && sleep_lock_mine(&i->lock));
	if (at + n > size)
		grow_begin(i);
	while (n) {
		k = write_some(i, io, at, n);
		if (k <= 0)
			break;
		at += k;
		done += k;
		n -= k;
		cache_throttle();
		if (!regular_may_go_on())
			break;
	}
	if (k <= 0 && n && at + n > size)
		forget_places(i);
	return done ? done : k;
}

/* --- shared mappings -------------------------------------------------------------- */

/* p of o is going to be written by a process. Sleeps. */
int cache_dirty(struct vm_object *o, struct page *p)
{
	struct inode *i = o->owner;
	off64 at = (off64)p->index << PAGE_SHIFT;
	int err = 0;

	/* Who copies out to a map of the file that he has locked has it. */
	bool take = !sleep_lock_mine(&i->lock);

	if (take)
		sleep_lock_take(&i->lock);
	if (p->owner != o || at >= i->size)
		goto out;	/* truncated: the fault finds out */
	if (!(p->flags & PG_PLACED))
		err = place_part(i, p, at, min_s64(at + PAGE_SIZE, i->size));
	if (!err && p->owner == o) {
		p->flags |= PG_PLACED;
		cache_page_dirty(i, p);
		inode_touch_write(i);
	}
out:
	if (take)
		sleep_lock_release(&i->lock);
	if (!err)
		cache_throttle();
	return err;
}

/* --- size --------------------------------------------------------------------------- */

/* Behind byte `from` the file's page is zero, and will be so on the medium. */
static int clear_from(struct inode *i, off64 from)
{
	uint32_t tail = from & PAGE_MASK;
	struct page *p;
	int err;

	assert(from <= i->size);
	if (!tail)
		return 0;
	err = vm_object_page(i->object, (uint32_t)(from >> PAGE_SHIFT), true, &p);
	if (err)
		return err;
	memset((char *)page_address(p) + tail, 0, PAGE_SIZE - tail);
	if ((p->flags & PG_PLACED) || !has_large_blocks(i))
		cache_page_dirty(i, p);
	page_drop(p);
	return 0;
}

int cache_clear_tail(struct inode *i)
{
	return clear_from(i, i->size);
}

int cache_resize(struct inode *i, off64 size)
{
	off64 from = min_s64(size, i->size);
	int err;

	assert(sleep_lock_mine(&i->lock) && size >= 0);
	if (size > i->size)
		grow_begin(i);
	err = clear_from(i, from);
	if (err)
		return err;
	if (size <= i->size) {
		regular_size_set(i, size);
		vm_object_truncate(i->object, pages_of(size), 0);
		cache_wait_writes(i);
	} else {
		regular_size_set(i, size);
	}
	inode_dirty_set(i, INODE_DIRTY_DATA);
	return 0;
}

int cache_seek_hole(struct inode *i, off64 offset, int whence, off64 *out)
{
	enum { STEP = 1 << 30 };
	struct extent e;
	off64 at = offset;

	if (offset < 0 || offset >= i->size)
		return -ENXIO;
	while (at < i->size) {
		int err = i->ops->extent(i, at, (uint32_t)min_s64(STEP, i->size - at),
					 false, &e);

		if (err)
			return err;
		if (e.hole == (whence == SEEK_HOLE)) {
			*out = at;
			return 0;
		}
		at = e.start + e.bytes;
	}
	*out = i->size;
	return whence == SEEK_HOLE ? 0 : -ENXIO;
}
