/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * regular.c - reading, writing, mapping and resizing files whose content is
 * the page cache inode->object.
 *
 * Where inode->sparse is set, the object is the file (tmpfs): a page that is
 * missing is a hole and reads as zeros without being made. Else it holds copies
 * of what stands on a disk, and cache.c and its like see to the pages.
 *
 * Locks: writers, truncate and allocate hold inode->lock; readers hold only
 * the page they copy. A fill must not take inode->lock: a write may fault on a
 * mapping of the very file that it writes.
 */
#include "kernel/fs/cache.h"

enum { FALLOC_KEEP_SIZE = 1, FALLOC_PUNCH_HOLE = 2 };

/* Long copies give others the CPU between two pages, and end for a fatal
 * signal. The boot thread is the idle thread: it has nobody to yield to. */
bool regular_may_go_on(void)
{
	struct cpu *cpu = sched_cpu();

	if (likely(!cpu->need_resched) || cpu->current == cpu->idle)
		return true;
	if (signal_fatal_pending(thread_current()))
		return false;
	sched_yield();
	return true;
}

/* --- size --------------------------------------------------------------- */

void regular_size_set(struct inode *i, off64 size)
{
	assert(size >= 0 && size <= FILE_SIZE_MAX);
	i->size = size;
	if (i->object)
		i->object->size_limit = pages_of(size);
}

/* What stands in the last page behind the end (a mapping may have put it
 * there) must not come into the file when it grows. */
static int clear_tail(struct inode *i)
{
	uint32_t tail = i->size & PAGE_MASK;
	struct page *p;

	assert(sleep_lock_mine(&i->lock));
	if (!tail || !i->object)
		return 0;
	if (is_cached(i))
		return cache_clear_tail(i);
	p = vm_object_peek(i->object, (uint32_t)(i->size >> PAGE_SHIFT));
	if (p)
		memset((char *)page_address(p) + tail, 0, PAGE_SIZE - tail);
	return 0;
}

static void report_freed(struct inode *i, uint32_t before)
{
	uint32_t now = i->object->page_count;

	assert(i->object);
	if (now < before && i->ops->pages_freed)
		i->ops->pages_freed(i, before - now);
}

int regular_resize(struct inode *i, off64 size)
{
	int err = 0;

	assert(sleep_lock_mine(&i->lock) && size >= 0);
	if (!i->object) {
		i->size = size;
	} else if (is_cached(i)) {
		err = cache_resize(i, size);
	} else if (size > i->size) {
		err = clear_tail(i);
		regular_size_set(i, size);
	} else {
		uint32_t before = i->object->page_count;

		regular_size_set(i, size);
		vm_object_truncate(i->object, pages_of(size), size & PAGE_MASK);
		report_freed(i, before);
	}
	return err;
}

/* What the running process may write up to; kernel threads: no limit. */
static uint64_t size_limit(void)
{
	struct thread *me = thread_current();

	return me && me->proc && me->vm ? me->proc->limit[RLIMIT_FSIZE].cur :
					  RLIM_INFINITY;
}

int regular_limit(off64 size)
{
	assert(size >= 0);
	if ((uint64_t)size <= size_limit())
		return 0;
	signal_post_simple(thread_current()->proc, SIGXFSZ);
	return -EFBIG;
}

/* Who writes now, which need not be who opened: a set-id bit must fall even
 * if a privileged process has passed its descriptor on. */
static const struct cred *writer(const struct file *f)
{
	struct thread *me = thread_current();

	return me && me->cred ? me->cred : f->cred;
}

static int regular_truncate(struct file *f, off64 size)
{
	struct attr_change a = { .valid = ATTR_SIZE, .size = size };
	struct inode *i = f->inode;
	int err = 0;

	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	sleep_lock_take(&i->lock);
	if (inode_is_fixed(i))
		err = -EPERM;
	else if (size > i->size)
		err = regular_limit(size);
	if (!err) {
		inode_clear_setid(i, writer(f));
		err = inode_apply(i, &a);
	}
	sleep_lock_release(&i->lock);
	return err;
}

/* --- read --------------------------------------------------------------- */

/* The page to copy from, held; NULL: a hole. */
static inline struct page *page_to_read(struct inode *i, uint32_t index)
{
	struct page *p = vm_object_peek(i->object, index);

	if (p)
		page_hold(p);
	return p;
}

static int read_sparse(struct inode *i, struct user_io *io, off64 *pos)
{
	off64 at = *pos;
	int done = 0, n = 0;

	while (io->left && at < i->size) {
		uint32_t in_page = at & PAGE_MASK;
		uint32_t want = min_u32(PAGE_SIZE - in_page, io->left);
		struct page *p = page_to_read(i, (uint32_t)(at >> PAGE_SHIFT));

		want = (uint32_t)min_s64(want, i->size - at);
		if (p) {
			n = user_io_give(io, (char *)page_address(p) + in_page,
					 want);
			page_drop(p);
		} else {
			n = user_io_zero(io, want);
		}
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

static int regular_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct inode *i = f->inode;
	int n;

	assert(i->object && i->sparse != is_cached(i));
	n = i->sparse ? read_sparse(i, io, pos) :
			cache_read(i, &f->ahead, io, pos);
	if (!(f->flags & O_NOATIME))
		inode_touch_read(i, f->path.mount);
	return n;
}

/* --- write -------------------------------------------------------------- */

/* How many of n bytes may be written at `at`. -EFBIG (and SIGXFSZ). */
static int write_room(const struct file *f, off64 at, uint32_t *n)
{
	uint64_t limit = size_limit();
	off64 most = f->flags & O_LARGEFILE ? FILE_SIZE_MAX : FILE_SIZE_SMALL;

	assert(at >= 0);
	if ((uint64_t)at >= limit) {
		signal_post_simple(thread_current()->proc, SIGXFSZ);
		return -EFBIG;
	}
	if (limit < (uint64_t)most)
		most = (off64)limit;
	if (at >= most)
		return -EFBIG;
	*n = (uint32_t)min_s64(*n, most - at);
	return 0;
}

static int write_pages(struct inode *i, struct user_io *io, off64 at,
		       uint32_t n)
{
	struct vm_object *o = i->object;
	int done = 0, k = 0;

	assert(o && sleep_lock_mine(&i->lock));
	while (n) {
		uint32_t in_page = at & PAGE_MASK;
		struct page *p;

		k = vm_object_page(o, (uint32_t)(at >> PAGE_SHIFT), true, &p);
		if (k)
			break;
		k = user_io_take(io, (char *)page_address(p) + in_page,
				 min_u32(PAGE_SIZE - in_page, n));
		page_drop(p);
		if (k <= 0)
			break;
		at += k;
		done += k;
		n -= k;
		if (at > i->size)
			regular_size_set(i, at);
		if (!regular_may_go_on())
			break;
	}
	return done ? done : k;
}

/* Open for writing, but made immutable or append-only since. */
static bool may_write(const struct file *f)
{
	uint32_t flags = f->inode->flags;

	return !(flags & FS_IMMUTABLE_FL) &&
	       !((flags & FS_APPEND_FL) && !(f->flags & O_APPEND));
}

/* O_SYNC, O_DSYNC and mounts like that: n bytes were written. */
static int sync_written(struct file *f, int n)
{
	bool all = (f->flags & O_SYNC) == O_SYNC ||
		   ((f->path.mount->flags | f->inode->sb->flags) & MS_SYNCHRONOUS);
	int err = 0;

	if (all || (f->flags & O_DSYNC))
		err = cache_sync_inode(f->inode, !all);
	return err ? err : n;
}

static int regular_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct inode *i = f->inode;
	uint32_t n = io->left;
	off64 at;
	int done;

	assert(i->object);
	if (!n)
		return 0;
	sleep_lock_take(&i->lock);
	at = f->flags & O_APPEND ? i->size : *pos;
	done = may_write(f) ? write_room(f, at, &n) : -EPERM;
	if (done)
		goto out;
	inode_clear_setid(i, writer(f));
	if (at > i->size)
		done = clear_tail(i);
	if (done)
		goto out;
	assert(n > 0 && n <= io->left);
	done = is_cached(i) ? cache_write(i, io, at, n) : write_pages(i, io, at, n);
	if (done > 0) {
		inode_touch_write(i);
		*pos = at + done;
	}
out:
	sleep_lock_release(&i->lock);
	if (done > 0 && is_cached(i))
		done = sync_written(f, done);
	return done;
}

/* --- holes -------------------------------------------------------------- */

static int seek_hole(struct file *f, off64 offset, int whence, off64 *out)
{
	struct inode *i = f->inode;
	uint32_t index = (uint32_t)(offset >> PAGE_SHIFT), found;
	off64 to;

	assert(i->sparse && i->object);
	if (offset < 0 || offset >= i->size)
		return -ENXIO;
	if (whence == SEEK_DATA) {
		if (!vm_object_next(i->object, index, &found) ||
		    (off64)found << PAGE_SHIFT >= i->size)
			return -ENXIO;
	} else {
		for (found = index; vm_object_peek(i->object, found); found++)
			;
	}
	to = found == index ? offset : (off64)found << PAGE_SHIFT;
	f->pos = *out = min_s64(to, i->size);
	return 0;
}

static int regular_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	bool holes = whence == SEEK_DATA || whence == SEEK_HOLE;

	if (holes && f->inode->sparse)
		return seek_hole(f, offset, whence, out);
	if (holes && is_cached(f->inode)) {
		int err = cache_seek_hole(f->inode, offset, whence, out);

		if (!err)
			f->pos = *out;
		return err;
	}
	return file_seek_plain(f, offset, whence, out);
}

/* Zeros a part of one page, if the page is there. */
static void zero_part(struct inode *i, off64 from, off64 to)
{
	struct page *p;

	if (from >= to)
		return;
	assert((from >> PAGE_SHIFT) == ((to - 1) >> PAGE_SHIFT));
	p = vm_object_peek(i->object, (uint32_t)(from >> PAGE_SHIFT));
	if (p)
		memset((char *)page_address(p) + (from & PAGE_MASK), 0, to - from);
}

static void punch(struct inode *i, off64 from, off64 to)
{
	uint32_t first = pages_of(from), end = (uint32_t)(to >> PAGE_SHIFT);
	uint32_t before = i->object->page_count;

	assert(sleep_lock_mine(&i->lock) && from < to);
	if (end < first) {	/* both ends in one page */
		zero_part(i, from, to);
		return;
	}
	zero_part(i, from, (off64)first << PAGE_SHIFT);
	zero_part(i, (off64)end << PAGE_SHIFT, to);
	if (first < end)
		vm_object_remove(i->object, first, end - first);
	report_freed(i, before);
}

/* Makes all pages from..to there. On failure those behind the end go again. */
static int fill_range(struct inode *i, off64 from, off64 to)
{
	uint32_t index = (uint32_t)(from >> PAGE_SHIFT), end = pages_of(to);
	uint32_t before;
	struct page *p;
	int err = 0;

	assert(sleep_lock_mine(&i->lock) && from < to);
	for (; !err && index < end; index++) {
		err = vm_object_page(i->object, index, true, &p);
		if (!err)
			page_drop(p);
		if (!err && !regular_may_go_on())
			err = -EINTR;
	}
	if (err) {
		before = i->object->page_count;
		vm_object_truncate(i->object, pages_of(i->size), 0);
		report_freed(i, before);
	}
	return err;
}

static int regular_allocate(struct file *f, int mode, off64 offset, off64 len)
{
	struct inode *i = f->inode;
	off64 end = offset + len;
	int err = 0;

	if (!i->sparse)
		return -EOPNOTSUPP;
	if (mode & ~(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE) ||
	    mode == FALLOC_PUNCH_HOLE)
		return -EOPNOTSUPP;
	sleep_lock_take(&i->lock);
	if ((i->flags & FS_IMMUTABLE_FL) ||
	    ((i->flags & FS_APPEND_FL) && (mode & ~FALLOC_KEEP_SIZE))) {
		err = -EPERM;
	} else if (mode & FALLOC_PUNCH_HOLE) {
		punch(i, offset, end);
	} else {
		if (!(mode & FALLOC_KEEP_SIZE) && end > i->size)
			err = regular_limit(end);
		if (!err)
			err = fill_range(i, offset, end);
		if (!err && !(mode & FALLOC_KEEP_SIZE) && end > i->size)
			err = regular_resize(i, end);
	}
	if (!err) {
		inode_clear_setid(i, writer(f));
		inode_touch_write(i);
	}
	sleep_lock_release(&i->lock);
	return err;
}

/* --- mmap --------------------------------------------------------------- */

static void map_open(struct vm_map *m)
{
	file_hold(m->owner);
}

static void map_close(struct vm_map *m)
{
	file_drop(m->owner);
}

static void map_describe(struct vm_map *m, char *name, size_t size,
			 uint32_t *dev, uint32_t *ino)
{
	const struct file *f = m->owner;
	const struct fs_context *fs = thread_current()->proc->fs;
	char *at;
	int err = -ENOENT;

	*dev = f->inode->sb->dev;
	*ino = (uint32_t)f->inode->ino;
	if (S_ISSOCK(f->inode->mode)) {
		str_format(name, size, "socket:[%u]", *ino);
		return;
	}
	if (fs)
		err = path_name(&f->path, &fs->root, name, size, &at);
	if (!fs || err == -ENAMETOOLONG)
		*name = 0;
	else
		memmove(name, at, strlen(at) + 1);
}

const struct vm_map_ops file_map_ops = {
	.open = map_open,
	.close = map_close,
	.describe = map_describe,
};

struct file *file_mapped(const struct vm_map *m)
{
	return m->ops == &file_map_ops ? m->owner : NULL;
}

static int regular_map(struct file *f, struct vm_request *r)
{
	assert(f->inode->object);
	r->object = f->inode->object;
	r->ops = &file_map_ops;
	r->owner = f;
	if (!(f->flags & O_NOATIME))
		inode_touch_read(f->inode, f->path.mount);
	return 0;
}

static int regular_sync(struct file *f, bool data_only)
{
	return is_cached(f->inode) ? cache_sync_inode(f->inode, data_only) : 0;
}

const struct file_ops file_regular_ops = {
	.read = regular_read,
	.write = regular_write,
	.seek = regular_seek,
	.map = regular_map,
	.truncate = regular_truncate,
	.sync = regular_sync,
	.allocate = regular_allocate,
};
