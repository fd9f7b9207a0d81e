/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_ops.c - what programs say about the page cache: sync_file_range,
 * posix_fadvise, readahead, /proc/sys/vm/drop_caches.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/cache.h"

enum {	/* sync_file_range(2) */
	RANGE_WAIT_BEFORE = 1, RANGE_WRITE = 2, RANGE_WAIT_AFTER = 4,
	RANGE_FLAGS = RANGE_WAIT_BEFORE | RANGE_WRITE | RANGE_WAIT_AFTER,
};

/* Whose pages f reads and writes; NULL: they are no copies of a disk's. */
static struct inode *cached_of(const struct file *f)
{
	struct disk *d = disk_of_file(f);

	if (d)
		return d->inode;
	return is_cached(f->inode) ? f->inode : NULL;
}

/* The pages of bytes from..from+n-1; n 0: to the end. */
static void range(off64 from, off64 n, uint32_t *first, uint32_t *last)
{
	off64 end = !n || n > FILE_SIZE_MAX - from ? FILE_SIZE_MAX : from + n;

	*first = (uint32_t)(from >> PAGE_SHIFT);
	*last = (uint32_t)((end - 1) >> PAGE_SHIFT);
}

/* No metadata is written and the device not flushed, as in Linux. -EINVAL,
 * -ESPIPE, or an error that is not told yet. Sleeps. */
int file_sync_range(struct file *f, off64 from, off64 n, unsigned flags)
{
	uint32_t mode = f->inode->mode, first, last;
	struct inode *i = cached_of(f);
	int err = 0;

	if (from < 0 || n < 0 || from > INT64_MAX - n || (flags & ~RANGE_FLAGS))
		return -EINVAL;
	if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -ESPIPE;
	if (!i || from >= FILE_SIZE_MAX)
		return 0;
	range(from, n, &first, &last);
	if (flags & RANGE_WAIT_BEFORE)
		cache_wait_writes(i);
	if (flags & RANGE_WRITE)
		err = cache_write_pages(i, first, last, CACHE_ALL);
	if (flags & RANGE_WAIT_AFTER)
		cache_wait_writes(i);
	if (flags & (RANGE_WAIT_BEFORE | RANGE_WAIT_AFTER))
		err = i->write_error;
	return err;
}

static void advise(struct inode *i, struct read_ahead *a, off64 from, off64 n,
		   unsigned advice)
{
	uint32_t first, last;

	range(from, n, &first, &last);
	if (advice <= FADV_SEQUENTIAL)
		a->never = advice == FADV_RANDOM;
	if (advice == FADV_WILLNEED && from < i->size) {
		last = min_u32(last, pages_of(i->size) - 1);
		/* Advice only: what goes wrong shows when it is read. */
		(void)!cache_read_start(i, first, last - first + 1);
	}
	if (advice == FADV_DONTNEED) {
		/* Only whole pages; what is dirty is started, and stays. */
		if (from & PAGE_MASK)
			first++;
		if (n && ((from + n) & PAGE_MASK) && from + n < i->size)
			last--;
		(void)!cache_write_pages(i, first, last, CACHE_START);
		if (first <= last)
			vm_object_forget_clean(i->object, first,
					       min_u32(last, UINT32_MAX - 1) + 1);
	}
}

int file_advise(struct file *f, off64 from, off64 n, unsigned advice)
{
	struct inode *i = cached_of(f);

	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (advice > FADV_NOREUSE || n < 0)
		return -EINVAL;
	if (i && from >= 0 && from < FILE_SIZE_MAX)
		advise(i, &f->ahead, from, n, advice);
	return 0;
}

/* drop_caches: 1 clean pages, 2 unused names and inodes, 3 both. Sleeps. */
int cache_forget(unsigned what)
{
	struct superblock *sb;

	if (what & 2) {
		dentry_shrink_all();
		inode_shrink_all();
	}
	if (!(what & 1))
		return 0;
	for (sb = super_pin_next(NULL); sb; sb = super_pin_next(sb))
		list_each(l, &sb->inodes) {
			struct inode *i = list_entry(l, struct inode, sb_link);

			if (is_cached(i))
				vm_object_forget_clean(i->object, 0, UINT32_MAX);
		}
	return 0;
}
