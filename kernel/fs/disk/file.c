/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - a disk as a file: /dev/vda.
 *
 * The file's inode is the node's; its content and size are those of the disk's
 * own inode, through the page cache as a file's.
 *
 * Locks: writers hold the lock of the disk's inode.
 */
#include "kernel/fs/cache.h"
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

static int disk_read(struct file *f, struct user_io *io, off64 *pos)
{
	return cache_read(disk_of(f)->inode, &f->ahead, io, pos);
}

/* -EPERM: read-only, as in Linux; -ENOSPC: at the end. */
static int disk_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct disk *d = disk_of(f);
	struct inode *i = d->inode;
	int n;

	if (d->read_only || d->whole->read_only)
		return -EPERM;
	if (!io->left)
		return 0;
	sleep_lock_take(&i->lock);
	n = -ENOSPC;
	if (*pos < i->size) {
		d->written = true;
		n = cache_write(i, io, *pos,
				(uint32_t)min_s64(io->left, i->size - *pos));
	}
	sleep_lock_release(&i->lock);
	if (n > 0)
		*pos += n;
	if (n > 0 && (f->flags & O_DSYNC)) {
		int err = cache_sync_inode(i, true);

		n = err ? err : n;
	}
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
	return cache_sync_inode(disk_of(f)->inode, data_only);
}

/* What is read-only can only be mapped to read, or private. */
static int disk_map(struct file *f, struct vm_request *r)
{
	struct disk *d = disk_of(f);

	if ((r->flags & VM_SHARED) && (r->flags & VM_MAY_WRITE)) {
		if (d->read_only || d->whole->read_only)
			return -ENODEV;
		d->written = true;
	}
	r->object = d->object;
	r->ops = &file_map_ops;
	r->owner = f;
	return 0;
}

/* What the last one wrote goes to the medium; an error is only logged. */
static void disk_file_release(struct file *f)
{
	struct disk *d = disk_of(f);

	if (d->opened == 1 && cache_write_inode_pages(d->inode, true))
		log_print(LOG_ERROR, "%s: not all could be written", d->name);
	disk_release(d, false);
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
