/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - how the pages of a disk file come into memory.
 *
 * The file system's `extent` says where on the medium bytes of the file stand;
 * pages that lie together there are read by one request, straight into the
 * cache. A page is entered into its object, unfilled, in the same breath as
 * its request is submitted, with no sleep since the file system was asked: so
 * no block can get another owner in between. Who wants a page waits for it.
 *
 * Reads that follow each other in a file make it read ahead: the window grows
 * to READ_MOST, and the next one is asked for when half of the last is used.
 * Faults read the aligned pages around, in growing windows while they rise.
 *
 * Locks: the kernel lock. inode->lock is not needed.
 */
#include "kernel/fs/cache.h"

enum {
	READ_FIRST = 32, READ_MOST = CACHE_IO_PAGES,	/* pages */
	FAULT_FIRST = 16,	/* what one fault maps (kernel/vm) */
	METADATA_FIRST = 4,	/* of a disk's own pages */
	MEMORY_SHARE = 16,	/* a window is at most this part of what is free */
	WAITS_MAX = 8,
};

static struct sleep_queue settled;	/* key: the inode */

/* --- requests ------------------------------------------------------------- */

struct cache_io *cache_io_new(struct inode *i, enum disk_op op, uint32_t n)
{
	struct cache_io *io = kmem_alloc(sizeof(*io) + n * (sizeof(io->piece[0]) +
							    sizeof(io->page[0])));

	if (!io)
		return NULL;
	memset(io, 0, sizeof(*io));
	io->piece = (struct disk_piece *)(io + 1);
	io->r.disk = i->disk;
	io->r.op = op;
	io->r.pieces = io->piece;
	io->r.private = io;
	io->inode = i;
	io->room = n;
	io->page = (struct page **)&io->piece[n];
	list_init(&io->link);
	return io;
}

/* Takes over a reference of p. */
void cache_io_add(struct cache_io *io, struct page *p, uint32_t bytes)
{
	struct disk_request *r = &io->r;
	struct disk_piece *to = &io->piece[r->piece_count];
	char *at = page_address(p);

	assert(io->count < io->room && bytes && bytes <= PAGE_SIZE);
	io->page[io->count++] = p;
	if (r->piece_count && (char *)to[-1].at + to[-1].len == at) {
		to[-1].len += bytes;
		return;
	}
	*to = (struct disk_piece){ at, bytes };
	r->piece_count++;
}

void cache_settle(struct inode *i)
{
	while (i->reads || i->pins || !list_empty(&i->writes))
		(void)!sleep_on_key(&settled, (uint32_t)i, SLEEP_DEEP,
				    SLEEP_FOREVER);
}

void cache_settled(struct inode *i)
{
	if (!sleep_queue_idle(&settled))
		sleep_wake_key(&settled, (uint32_t)i, UINT32_MAX);
}

/* --- reading -------------------------------------------------------------- */

/* What lies behind the file's end in its last page is not the file's. */
static void zero_tail(const struct inode *i, struct page *p)
{
	uint32_t tail = i->size & PAGE_MASK;

	if (tail && p->index == i->size >> PAGE_SHIFT)
		memset((char *)page_address(p) + tail, 0, PAGE_SIZE - tail);
}

static void read_done(struct disk_request *r)
{
	struct cache_io *io = r->private;
	struct inode *i = io->inode;

	if (!r->error)
		zero_tail(i, io->page[io->count - 1]);
	for (uint32_t n = 0; n < io->count; n++) {
		vm_object_filled(io->page[n], r->error);
		page_drop(io->page[n]);
	}
	kmem_free(io);
	assert(i->reads > 0);
	if (--i->reads == 0)
		cache_settled(i);
}

static void read_submit(struct cache_io *io)
{
	if (!io->count) {
		kmem_free(io);
		return;
	}
	io->inode->reads++;
	io->r.done = read_done;
	disk_submit(&io->r);
}

/* Pages first..end-1 stand one behind the other from sector on, `bytes` of
 * them; those up to the first that is there already are read. */
static int read_run(struct inode *i, uint32_t first, uint32_t end,
		    uint64_t sector, uint32_t bytes)
{
	struct cache_io *io = cache_io_new(i, DISK_READ, end - first);
	int err = io ? 0 : -ENOMEM;
	uint32_t at = first;

	assert(first < end);
	for (; !err && at < end; at++) {
		uint32_t part = min_u32(bytes, PAGE_SIZE);
		struct page *p;

		err = vm_object_add(i->object, at, 0, &p);
		if (err)
			break;
		if (part == PAGE_SIZE || has_large_blocks(i))
			p->flags |= PG_PLACED;
		if (part < PAGE_SIZE)
			memset((char *)page_address(p) + part, 0, PAGE_SIZE - part);
		cache_io_add(io, p, part);
		bytes -= part;
	}
	if (io) {
		io->r.sector = sector;
		read_submit(io);
	}
	return at > first ? (int)(at - first) : err;
}

static int zero_run(struct inode *i, uint32_t first, uint32_t end)
{
	uint32_t at = first;
	int err = 0;

	for (; at < end; at++) {
		struct page *p;

		err = vm_object_add(i->object, at, PAGE_ZERO, &p);
		if (err)
			break;
		vm_object_filled(p, 0);
		page_drop(p);
	}
	return at > first ? (int)(at - first) : err;
}

/* A page whose blocks lie in several places, or nowhere: one by one. Sleeps. */
static int read_mixed(struct inode *i, uint32_t index)
{
	off64 at = (off64)index << PAGE_SHIFT;
	off64 end = min_s64(at + PAGE_SIZE, i->size);
	struct extent e;
	struct page *p;
	int err = vm_object_add(i->object, index, PAGE_ZERO, &p);

	if (err)
		return err;
	i->pins++;
	while (!err && at < end) {
		uint32_t skip, n;

		err = i->ops->extent(i, at, (uint32_t)(end - at), false, &e);
		if (err)
			break;
		skip = (uint32_t)(at - e.start);
		n = min_u32(e.bytes - skip, PAGE_SIZE - (at & PAGE_MASK));
		if (!e.hole)
			err = disk_io(i->disk, DISK_READ,
				      e.sector + skip / SECTOR,
				      (char *)page_address(p) + (at & PAGE_MASK), n);
		at += n;
	}
	if (!err)
		zero_tail(i, p);
	vm_object_filled(p, err);
	page_drop(p);
	if (--i->pins == 0)
		cache_settled(i);
	return err ? err : 1;
}

/* The extent of page first is known, and nothing has slept since: gets pages
 * from there on, below end. Their number, or an error. Sleeps if it is mixed. */
static int read_extent(struct inode *i, uint32_t first, uint32_t end,
		       const struct extent *e)
{
	off64 at = (off64)first << PAGE_SHIFT;
	uint32_t skip = (uint32_t)(at - e->start);
	uint32_t bytes = e->bytes - skip;
	uint32_t pages = bytes >> PAGE_SHIFT;

	assert(at >= e->start && skip < e->bytes);
	if (at + bytes >= i->size)	/* the last page may be a short one */
		pages = pages_of(bytes);
	if (!pages)
		return read_mixed(i, first);
	end = min_u32(end, first + min_u32(pages, CACHE_IO_PAGES));
	return e->hole ? zero_run(i, first, end) :
			 read_run(i, first, end, e->sector + skip / SECTOR, bytes);
}

int cache_read_start(struct inode *i, uint32_t first, uint32_t count)
{
	uint32_t end = first + min_u32(count, UINT32_MAX - first);
	struct extent e;

	while (first < (end = min_u32(end, pages_of(i->size)))) {
		int n;

		if (vm_object_has(i->object, first)) {
			first++;
			continue;
		}
		n = i->ops->extent(i, (off64)first << PAGE_SHIFT,
				   min_u32(end - first, CACHE_IO_PAGES) << PAGE_SHIFT,
				   false, &e);
		if (!n && (vm_object_has(i->object, first) ||
			   first >= pages_of(i->size)))
			continue;	/* it slept */
		if (!n)
			n = read_extent(i, first, end, &e);
		if (n < 0)
			return n;
		first += n;
	}
	return 0;
}

/* Page index, which is not there, with the count pages from first on that are
 * around it. If that fails, or a request of others for it, it is tried alone.
 * Sleeps. */
static int read_now(struct inode *i, uint32_t index, uint32_t first,
		    uint32_t count, struct page **out)
{
	unsigned waits = 0;
	bool alone = false;
	int err;

	for (;;) {
		err = cache_read_start(i, first, count);
		if (!err)
			err = vm_object_wait(i->object, index, out);
		if (!err && *out)
			return 0;
		if (index >= pages_of(i->size))
			return -EFAULT;
		if (err == -ENOMEM && (waits++ == WAITS_MAX || !vm_wait_for_clean()))
			return err;
		if (err && err != -ENOMEM) {
			if (alone)
				return err;
			alone = true;
			first = index;
			count = 1;
		}
	}
}

/* --- windows -------------------------------------------------------------- */

/* Not more than memory bears. */
static uint32_t window_limit(uint32_t want)
{
	struct page_stats s;

	page_stats_get(&s);
	return min_u32(want, max_u32(1, (s.free + vm_lru_pages()) / MEMORY_SHARE));
}

static uint32_t window_next(uint32_t window, uint32_t start)
{
	return window_limit(window ? min_u32(2 * window, READ_MOST) : start);
}

/* A read that goes on to page `last` comes to page index: is more to be asked
 * for? */
static void read_ahead(struct inode *i, struct read_ahead *a, uint32_t index,
		       uint32_t last)
{
	uint32_t start;

	if (index != a->next) {		/* elsewhere: no more than is asked for */
		a->window = 0;
		a->end = last + 1;
		start = index;
	} else {
		if (index + a->window / 2 < a->end)
			goto out;
		if (a->never)
			goto out;
		a->window = window_next(a->window, READ_FIRST);
		start = max_u32(index, a->end);
		a->end = start + a->window;
	}
	/* What goes wrong here comes out when the page is wanted. */
	if (a->end - start > 1 && start < pages_of(i->size))
		(void)!cache_read_start(i, start, a->end - start);
out:
	a->next = index + 1;
}

/* Held. Sleeps. */
static inline int page_to_read(struct inode *i, struct read_ahead *a,
			       uint32_t index, uint32_t last, struct page **out)
{
	bool same = index + 1 == a->next;
	struct page *p;

	if (!same)
		read_ahead(i, a, index, last);
	p = vm_object_peek(i->object, index);
	if (unlikely(!p))
		return read_now(i, index, index, 1, out);
	if (!same)
		vm_page_touch(p);
	page_hold(p);
	*out = p;
	return 0;
}

int cache_read(struct inode *i, struct read_ahead *a, struct user_io *io,
	       off64 *pos)
{
	off64 at = *pos;
	int done = 0, n = 0;

	assert(is_cached(i));
	while (io->left && at < i->size) {
		uint32_t in_page = at & PAGE_MASK;
		off64 last = min_s64(at + io->left, i->size) - 1;
		uint32_t want = min_u32(PAGE_SIZE - in_page, io->left);
		struct page *p;

		n = page_to_read(i, a, (uint32_t)(at >> PAGE_SHIFT),
				 (uint32_t)(last >> PAGE_SHIFT), &p);
		if (n == -EFAULT && at >= i->size)
			n = 0;	/* truncated meanwhile */
		if (n)
			break;
		want = (uint32_t)min_s64(want, i->size - at);
		if ((int32_t)want > 0)
			n = user_io_give(io, (char *)page_address(p) + in_page, want);
		page_drop(p);
		if (n <= 0)
			break;
		at += n;
		done += n;
		if (!regular_may_go_on())
			break;
	}
	*pos = at;
	return done ? done : n;
}

/* vm_object_ops.get: a fault, or metadata of a disk. */
static int cache_get(struct vm_object *o, uint32_t index, struct page **out)
{
	struct inode *i = o->owner;
	struct read_ahead *a = &i->ahead;
	bool rises = index == a->end && a->window;
	uint32_t first = index;

	a->window = rises ? window_next(a->window, 0) :
		    window_limit(S_ISREG(i->mode) ? FAULT_FIRST : METADATA_FIRST);
	if (!rises && index >= index % a->window)
		first = index - index % a->window;
	a->end = first + a->window;
	return read_now(i, index, first, a->window, out);
}

static const struct vm_object_ops cache_object_ops = {
	.get = cache_get,
	.dirty = cache_dirty,
};

int cache_attach(struct inode *i, struct disk *disk)
{
	int err = vm_object_new(i->sb->prison, &cache_object_ops, i, &i->object);

	assert(i->ops->extent && disk);
	if (err)
		return err;
	i->disk = disk;
	i->object->cached = true;
	i->object->size_limit = pages_of(i->size);
	return 0;
}

void cache_drop(struct inode *i)
{
	cache_settle(i);
	vm_object_truncate(i->object, 0, 0);
	assert(!i->object->dirty_count);
}

void cache_read_init(void)
{
	sleep_queue_init(&settled);
}
