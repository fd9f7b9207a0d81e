/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writeback.c - how dirty pages of disk files come back to the medium.
 *
 * Pages that lie together, in the file and on the medium, go in one request,
 * straight out of the cache; many requests may be under way. Before a page
 * goes its maps lose the right to write, so that the next write is noticed.
 *
 * One thread writes what has been dirty for a while, and at once when there is
 * much of it; whoever makes still more waits. A page that could not be written
 * is clean all the same; the error is told once, by the next fsync, and to
 * syncfs.
 *
 * Locks: the kernel lock. No inode->lock and no journal handle is taken for
 * pages: the journal's commit and a writer short of memory wait here.
 */
#include "kernel/fs/cache.h"

enum {
	PERCENT = 100, CS_NS = 10000000,
	DIRTY_MIN = 64,		/* pages that may always be dirty */
	WAIT_NS = 1000000000,	/* for a write to end, before looking again */
};

int cache_dirty_ratio = 20, cache_dirty_background_ratio = 10;
int cache_dirty_expire_cs = 3000, cache_dirty_writeback_cs = 500;

static struct sleep_queue work;		/* the flusher */
static struct sleep_queue progress;	/* a write has ended */
static bool flusher_idle;		/* sleeps without a deadline */
static uint32_t last_serial;
static bool starting;			/* somebody short of memory writes */

/* When there is no memory for a request: one page at a time. */
static struct {
	struct cache_io io;
	struct disk_piece piece;
	struct page *page;
} reserve;
static bool reserve_busy;

/* --- requests ------------------------------------------------------------- */

static struct cache_io *write_io_new(struct inode *i, uint32_t n)
{
	struct cache_io *io = cache_io_new(i, DISK_WRITE, n);

	if (io || reserve_busy)
		return io;
	io = &reserve.io;
	memset(io, 0, sizeof(*io));
	io->r = (struct disk_request){
		.disk = i->disk, .op = DISK_WRITE, .pieces = &reserve.piece,
		.private = io,
	};
	io->inode = i;
	io->room = 1;
	io->piece = &reserve.piece;
	io->page = &reserve.page;
	reserve_busy = true;
	return io;
}

static void write_begin(struct cache_io *io)
{
	io->serial = ++last_serial;
	list_append(&io->inode->writes, &io->link);
	list_append(&io->inode->sb->writes, &io->sb_link);
}

static void write_end(struct cache_io *io, int err)
{
	struct inode *i = io->inode;

	list_remove(&io->link);
	list_remove(&io->sb_link);
	if (err)
		i->write_error = i->sb->write_error = err;
	cache_settled(i);
	sleep_wake(&progress);
}

static void page_begin(struct inode *i, struct page *p)
{
	vm_object_set_clean(i->object, p);
	p->flags |= PG_WRITING;
	page_hold(p);
	page_stats_add(PAGE_KIND_WRITING, 1);
}

static void page_end(struct page *p)
{
	p->flags &= ~PG_WRITING;
	page_drop(p);
	page_stats_add(PAGE_KIND_WRITING, -1);
}

static void write_done(struct disk_request *r)
{
	struct cache_io *io = r->private;

	for (uint32_t n = 0; n < io->count; n++)
		page_end(io->page[n]);
	write_end(io, r->error);
	if (io == &reserve.io)
		reserve_busy = false;
	else
		kmem_free(io);
}

static bool is_ready(const struct page *p)
{
	return p && (p->flags & (PG_DIRTY | PG_WRITING)) == PG_DIRTY;
}

/* A page whose blocks lie in several places, one by one. Sleeps. */
static void write_mixed(struct inode *i, struct page *p)
{
	struct cache_io io = { .inode = i };
	off64 at = (off64)p->index << PAGE_SHIFT, end = at + PAGE_SIZE;
	int err = 0;

	page_begin(i, p);
	vm_object_write_protect(i->object, p->index, 1);
	write_begin(&io);
	while (!err && at < end && p->owner) {
		struct extent e;
		uint32_t skip, n;

		err = i->ops->extent(i, at, (uint32_t)(end - at), false, &e);
		if (err)
			break;
		skip = (uint32_t)(at - e.start);
		n = min_u32(e.bytes - skip, (uint32_t)(end - at));
		if (!e.hole && p->owner)
			err = disk_io(i->disk, DISK_WRITE, e.sector + skip / SECTOR,
				      (char *)page_address(p) + (at & PAGE_MASK), n);
		at += n;
	}
	page_end(p);
	write_end(&io, err);
}

/* From page index on, dirty ones stand one behind the other from sector on,
 * `bytes` of them: they are submitted, at most `most`. Their number; 0: no
 * memory. */
static uint32_t write_run(struct inode *i, uint32_t index, uint32_t most,
			  uint64_t sector, uint32_t bytes)
{
	struct vm_object *o = i->object;
	struct cache_io *io;
	uint32_t n = 1;

	most = min_u32(most, min_u32(pages_of(bytes), CACHE_IO_PAGES));
	while (n < most && is_ready(vm_object_peek(o, index + n)))
		n++;
	io = write_io_new(i, n);
	if (!io)
		return 0;
	n = min_u32(n, io->room);
	for (uint32_t j = 0; j < n; j++) {
		struct page *p = vm_object_peek(o, index + j);
		uint32_t part = min_u32(bytes, PAGE_SIZE);

		page_begin(i, p);
		cache_io_add(io, p, part);
		bytes -= part;
	}
	vm_object_write_protect(o, index, n);
	io->r.sector = sector;
	io->r.done = write_done;
	write_begin(io);
	disk_submit(&io->r);
	return n;
}

/* The extent of the dirty page p is known, and nothing has slept since: writes
 * it and those behind it, at most `most`. Their number; 0: no memory. May sleep. */
static uint32_t write_extent(struct inode *i, struct page *p, uint32_t most,
			     const struct extent *e)
{
	off64 at = (off64)p->index << PAGE_SHIFT;
	uint32_t skip = (uint32_t)(at - e->start), bytes = e->bytes - skip;

	assert(at >= e->start && skip < e->bytes);
	if (bytes < PAGE_SIZE && at + bytes < i->size) {
		write_mixed(i, p);
		return 1;
	}
	if (e->hole) {		/* nothing was put into it */
		vm_object_set_clean(i->object, p);
		return 1;
	}
	if (at + bytes < i->size)
		bytes &= ~PAGE_MASK;
	return write_run(i, p->index, most, e->sector + skip / SECTOR, bytes);
}

/* The page cannot be mapped: it will not be tried for ever. */
static void give_up(struct inode *i, uint32_t index, int err)
{
	struct page *p = vm_object_peek(i->object, index);

	i->write_error = i->sb->write_error = err;
	if (p && (p->flags & PG_DIRTY))
		vm_object_set_clean(i->object, p);
}

static void wait_progress(void)
{
	(void)!sleep_on(&progress, SLEEP_DEEP, arch_clock_ns() + WAIT_NS);
}

static void write_pages(struct inode *i, uint32_t index, uint32_t last,
			enum cache_how how)
{
	struct vm_object *o = i->object;
	struct extent e;
	struct page *p;

	while ((p = vm_object_next_dirty(o, index, &index)) && index <= last) {
		uint32_t most = min_u32(last - index, CACHE_IO_PAGES - 1) + 1;
		uint32_t n = 1;
		int err;

		if (p->flags & PG_WRITING) {
			if (how != CACHE_START) {
				cache_wait_writes(i);
				continue;
			}
		} else {
			err = i->ops->extent(i, (off64)index << PAGE_SHIFT,
					     most << PAGE_SHIFT, false, &e);
			p = vm_object_peek(o, index);
			if (err)
				give_up(i, index, err);
			else if (!is_ready(p))
				continue;	/* it slept */
			else
				n = write_extent(i, p, most, &e);
			if (!n)
				wait_progress();
		}
		if (index + n < index)
			break;
		index += n;
	}
}

int cache_write_pages(struct inode *i, uint32_t first, uint32_t last,
		      enum cache_how how)
{
	if (!is_cached(i))
		return 0;
	i->pins++;
	write_pages(i, first, last, how);
	if (how == CACHE_WAIT)
		cache_wait_writes(i);
	if (--i->pins == 0)
		cache_settled(i);
	return i->write_error;
}

int cache_write_inode_pages(struct inode *i, bool wait)
{
	return cache_write_pages(i, 0, UINT32_MAX, wait ? CACHE_WAIT : CACHE_START);
}

/* Is the oldest request of a list not younger than serial? */
static bool is_pending(struct cache_io *oldest, uint32_t serial)
{
	return (int32_t)(oldest->serial - serial) <= 0;
}

void cache_wait_writes(struct inode *i)
{
	uint32_t serial = last_serial;

	while (!list_empty(&i->writes) &&
	       is_pending(list_entry(i->writes.next, struct cache_io, link), serial))
		wait_progress();
}

static void wait_super(struct superblock *sb)
{
	uint32_t serial = last_serial;

	while (!list_empty(&sb->writes) &&
	       is_pending(list_entry(sb->writes.next, struct cache_io, sb_link),
			  serial))
		wait_progress();
}

/* --- inodes ----------------------------------------------------------------- */

/* i, held, and its pages. Sleeps. */
static void write_back(struct inode *i, enum cache_how how)
{
	int err = 0;

	list_remove(&i->dirty_link);
	(void)!cache_write_pages(i, 0, UINT32_MAX, how);
	if (i->dirty) {
		i->dirty = 0;
		err = i->sb->ops->write_inode(i);
	}
	if (err)
		i->write_error = i->sb->write_error = err;
	if (i->object && i->object->dirty_count)
		inode_queue(i);
}

/* The inodes that became dirty before `before`. Sleeps. */
static void write_inodes(struct superblock *sb, uint64_t before, enum cache_how how)
{
	sb->pins++;
	while (!list_empty(&sb->dirty)) {
		struct inode *i = list_entry(sb->dirty.next, struct inode, dirty_link);

		if (i->dirty_since >= before)
			break;
		if (i->dying) {	/* its release will see to it */
			list_remove(&i->dirty_link);
			continue;
		}
		inode_take(i);
		write_back(i, how);
		inode_drop(i);
	}
	cache_unpin(sb);
}

int cache_sync_inode(struct inode *i, bool data_only)
{
	const struct superblock_ops *ops = i->sb->ops;
	unsigned what = INODE_DIRTY_DATA | (data_only ? 0 : INODE_DIRTY_TIMES);
	int err = 0, told;

	(void)!cache_write_pages(i, 0, UINT32_MAX, CACHE_WAIT);
	if (i->dirty & what) {
		i->dirty = 0;
		err = ops->write_inode(i);
	}
	if (!err && ops->sync_inode)
		err = ops->sync_inode(i, data_only);
	else if (!err && i->disk)
		err = disk_flush(i->disk);
	if (!i->dirty && !(i->object && i->object->dirty_count))
		list_remove(&i->dirty_link);
	told = i->write_error;
	i->write_error = 0;
	return told ? told : err;
}

int cache_file_sync(struct file *f, bool data_only)
{
	return cache_sync_inode(f->inode, data_only);
}

int cache_sync_super(struct superblock *sb)
{
	int err, told;

	sb->pins++;
	write_inodes(sb, arch_clock_ns() + 1, CACHE_ALL);
	wait_super(sb);
	err = sb->ops->sync ? sb->ops->sync(sb) :
	      sb->disk ? disk_flush(sb->disk) : 0;
	told = sb->write_error;
	sb->write_error = 0;
	cache_unpin(sb);
	return told ? told : err;
}

void cache_unpin(struct superblock *sb)
{
	assert(sb->pins > 0);
	if (--sb->pins == 0)
		sleep_wake(&progress);
}

void cache_leave(struct superblock *sb)
{
	while (sb->pins)
		wait_progress();
}

/* --- how much ----------------------------------------------------------------- */

void cache_page_dirty(struct inode *i, struct page *p)
{
	vm_object_set_dirty(i->object, p);
	inode_queue(i);
}

void cache_kick(void)
{
	if (flusher_idle)
		sleep_wake(&work);
}

/* Is more dirty than that part of what could be? */
static bool is_over(int ratio, bool with_writing)
{
	struct page_stats s;
	uint32_t most;

	page_stats_get(&s);
	most = (s.free + vm_lru_pages()) / PERCENT * ratio;
	return s.dirty + (with_writing ? s.writing : 0) > max_u32(most, DIRTY_MIN);
}

void cache_throttle(void)
{
	if (likely(!is_over(cache_dirty_background_ratio, false)))
		return;
	sleep_wake(&work);
	while (is_over(max_u32(cache_dirty_ratio, 1), true)) {
		sleep_wake(&work);
		wait_progress();
	}
}

/* Starts what is dirty until something is under way. Sleeps. */
static void start_some(void)
{
	starting = true;
	for (struct superblock *sb = super_pin_next(NULL); sb; sb = super_pin_next(sb)) {
		struct list *l = sb->dirty.next;

		while (l != &sb->dirty && list_empty(&sb->writes)) {
			struct inode *i = list_entry(l, struct inode, dirty_link);

			l = l->next;
			if (!is_cached(i) || !i->object->dirty_count)
				continue;
			(void)!cache_write_pages(i, 0, UINT32_MAX, CACHE_START);
			l = sb->dirty.next;
			if (i->object->dirty_count)
				break;	/* it could not */
		}
	}
	starting = false;
}

/* vm_wait_for_clean: memory is short. */
static bool wait_for_clean(void)
{
	struct page_stats s;

	page_stats_get(&s);
	if (!s.writing && s.dirty && !starting)
		start_some();
	page_stats_get(&s);
	if (!s.writing)
		return false;
	return sleep_on(&progress, SLEEP_DEEP, arch_clock_ns() + WAIT_NS) == 0;
}

/* --- the flusher ---------------------------------------------------------------- */

/* Sleeps. */
static void flush_pass(void)
{
	uint64_t now = arch_clock_ns();
	uint64_t age = (uint64_t)cache_dirty_expire_cs * CS_NS;

	for (struct superblock *sb = super_pin_next(NULL); sb; sb = super_pin_next(sb)) {
		bool all = is_over(cache_dirty_background_ratio, false);

		if (!sb->leaving && (all || now > age))
			write_inodes(sb, all ? now : now - age, CACHE_START);
	}
}

static void flusher(void *arg)
{
	(void)arg;
	for (;;) {
		uint64_t wait = (uint64_t)max_u32(cache_dirty_writeback_cs, 1) * CS_NS;

		flush_pass();
		flusher_idle = !super_any_dirty();
		(void)!sleep_on(&work, SLEEP_DEEP, flusher_idle ? SLEEP_FOREVER :
				arch_clock_ns() + wait);
		flusher_idle = false;
	}
}

void cache_init(void)
{
	struct thread *t;

	sleep_queue_init(&work);
	sleep_queue_init(&progress);
	cache_read_init();
	vm_wait_for_clean = wait_for_clean;
	if (thread_new_kernel("flush", flusher, NULL, &t))
		panic("no memory for the flusher");
	sched_ready(t);
}
