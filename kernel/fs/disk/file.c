/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - a disk as a file: /dev/vda.
 *
 * The file's inode is the node's; its content and size are those of the disk's
 * own inode. Writing goes through to the device at once.
 *
 * Locks: writers hold the lock of the disk's inode.
 */
#include "kernel/fs/disk/inner.h"

static struct disk *disk_of(const struct file *f)
{
	assert(f->ops == &disk_file_ops);
	return f->private;
}

struct disk *disk_of_file(const struct file *f)
{
	return f->ops == &disk_file_ops ? f->private : NULL;
}

/* In a long transfer: lets others run; false: a signal waits, stop. */
static bool go_on(void)
{
	if (signal_fatal_pending(thread_current()))
		return false;
	if (sched_cpu()->need_resched)
		sched_yield();
	return true;
}

/* The page at `at`, held, and how much of it is asked for and there. */
static int page_at(struct disk *d, off64 at, uint32_t left, struct page **p,
		   uint32_t *n)
{
	*n = (uint32_t)min_s64(min_u32(PAGE_SIZE - (at & PAGE_MASK), left),
			       d->inode->size - at);
	return vm_object_page(d->object, (uint32_t)(at >> PAGE_SHIFT), true, p);
}

static int disk_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct disk *d = disk_of(f);
	int done = 0, n = 0;

	while (io->left && *pos < d->inode->size) {
		uint32_t want;
		struct page *p;

		n = page_at(d, *pos, io->left, &p, &want);
		if (n)
			break;
		n = user_io_give(io, (char *)page_address(p) +
				 (*pos & PAGE_MASK), want);
		page_drop(p);
		if (n <= 0)
			break;
		done += n;
		*pos += n;
		if (!go_on())
			break;
	}
	return done ? done : n;
}

/* The blocks of p, the page of byte `at`, that n bytes from there lie in. */
static int write_through(struct disk *d, struct page *p, off64 at, uint32_t n)
{
	uint32_t first = align_down(at & PAGE_MASK, d->block_size);
	uint32_t end = align_up((at & PAGE_MASK) + n, d->block_size);
	off64 page = at & ~(off64)PAGE_MASK;

	end = (uint32_t)min_s64(end, d->inode->size - page);
	assert(first < end && end <= PAGE_SIZE);
	return disk_io(d, DISK_WRITE, (uint64_t)(page + first) / DISK_SECTOR,
		       (char *)page_address(p) + first, end - first);
}

static int write_pages(struct disk *d, struct user_io *io, off64 *pos)
{
	int done = 0, n = 0, err = 0;

	while (io->left && *pos < d->inode->size) {
		uint32_t want;
		struct page *p;

		n = page_at(d, *pos, io->left, &p, &want);
		if (n)
			break;
		n = user_io_take(io, (char *)page_address(p) +
				 (*pos & PAGE_MASK), want);
		if (n > 0)
			err = write_through(d, p, *pos, n);
		page_drop(p);
		if (n <= 0 || err)
			break;
		done += n;
		*pos += n;
		if (!go_on())
			break;
	}
	return done ? done : err ? err : n;
}

/* -EPERM: read-only, as in Linux; -ENOSPC: at the end. */
static int disk_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct disk *d = disk_of(f);
	int n;

	if (d->read_only || d->whole->read_only)
		return -EPERM;
	if (io->left && *pos >= d->inode->size)
		return -ENOSPC;
	sleep_lock_take(&d->inode->lock);
	n = write_pages(d, io, pos);
	sleep_lock_release(&d->inode->lock);
	return n;
}

static int disk_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	off64 size = disk_of(f)->inode->size, base = 0;

	if (whence == SEEK_CUR)
		base = f->pos;
	else if (whence == SEEK_END)
		base = size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	*out = f->pos = base;
	return 0;
}

static int disk_sync(struct file *f, bool data_only)
{
	(void)data_only;
	return disk_flush(disk_of(f));
}

/* Only to read, or private. */
static int disk_map(struct file *f, struct vm_request *r)
{
	if ((r->flags & VM_SHARED) && (r->flags & VM_MAY_WRITE))
		return -ENODEV;
	r->object = disk_of(f)->object;
	r->ops = &file_map_ops;
	r->owner = f;
	return 0;
}

static void disk_file_release(struct file *f)
{
	disk_release(disk_of(f), false);
}

int disk_file_open(struct disk *d, struct file *f)
{
	int err = disk_hold(d, false);

	if (err)
		return err;
	f->ops = &disk_file_ops;
	f->private = d;
	return 0;
}

const struct file_ops disk_file_ops = {
	.read = disk_read, .write = disk_write, .seek = disk_seek,
	.map = disk_map, .sync = disk_sync, .ioctl = disk_ioctl,
	.release = disk_file_release,
};
