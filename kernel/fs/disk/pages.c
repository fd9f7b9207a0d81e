/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages.c - a disk's content in memory: an inode that no name leads to, whose
 * pages are those of the disk.
 *
 * A file system's metadata blocks are parts of the same pages, so that it and
 * who reads /dev/vda see one content. A partition's pages are its own, apart
 * from the whole disk's: what nobody has open any more is forgotten, so that
 * the one sees what was written by the other.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/cache.h"
#include "kernel/fs/disk/inner.h"

enum { BDEV_MAGIC = 0x62646576 };	/* as Linux's */

static struct superblock *bdev;

/* --- the file system of disks --------------------------------------------- */

/* What was written is durable. Sleeps. */
static int sync_disks(struct superblock *sb)
{
	int err = 0;

	list_each(l, &sb->inodes) {
		struct disk *d = list_entry(l, struct inode, sb_link)->private;
		int now;

		if (!d || !d->written || disk_hold(d, false))
			continue;
		d->written = false;
		now = disk_flush(d);
		if (!err)
			err = now;
		disk_release(d, false);
	}
	return err;
}

/* A byte of the disk stands where it stands. */
static int extent(struct inode *i, off64 pos, uint32_t want, bool create,
		  struct extent *out)
{
	off64 start = pos & ~(off64)PAGE_MASK;

	(void)create;
	if (start >= i->size)
		return -EIO;
	*out = (struct extent){
		.start = start, .sector = (uint64_t)start / DISK_SECTOR,
		.bytes = (uint32_t)min_s64(want + (pos - start) + PAGE_MASK,
					   i->size - start),
	};
	return 0;
}

static const struct superblock_ops super_ops = { .sync = sync_disks };
static const struct inode_ops inode_ops = { .extent = extent };

static int bdev_mount(const struct fs_type *t, const struct cred *who,
		      const char *source, uint32_t flags, const char *options,
		      struct superblock **out)
{
	struct superblock *sb;
	int err = vfs_superblock_new(t, &super_ops, who, &sb);

	(void)source, (void)flags, (void)options;
	if (err)
		return err;
	err = inode_new(sb, S_IFDIR | 0500, &sb->root);
	if (err) {
		vfs_superblock_drop(sb);
		return err;
	}
	sb->root->ops = &inode_ops;
	sb->block_size = PAGE_SIZE;	/* its files' places are whole pages */
	*out = sb;
	return 0;
}

static const struct fs_type bdev_type = {
	.name = "bdev", .magic = BDEV_MAGIC, .mount = bdev_mount,
};

void pages_init(void)
{
	struct mount *m;

	if (mount_nameless(&bdev_type, &m))
		panic("no memory for the disks' superblock");
	bdev = m->sb;
}

/* --- a disk's pages ------------------------------------------------------- */

int disk_pages_begin(struct disk *d)
{
	struct inode *i;
	int err = inode_new(bdev, S_IFBLK | 0600, &i);

	if (err)
		return err;
	i->ops = &inode_ops;
	i->private = d;
	i->rdev = d->number;
	i->size = (off64)disk_bytes(d);
	err = cache_attach(i, d);
	if (err) {
		inode_drop(i);
		return err;
	}
	d->inode = i;
	d->object = i->object;
	return 0;
}

void disk_pages_end(struct disk *d)
{
	assert(d->inode->refs == 1);
	inode_drop(d->inode);
	d->inode = NULL;
	d->object = NULL;
}

void disk_pages_forget(struct disk *d)
{
	vm_object_forget_clean(d->object, 0, UINT32_MAX);
}

/* --- blocks --------------------------------------------------------------- */

int disk_block_get(struct disk *d, uint64_t number, uint32_t size,
		   struct block *out)
{
	uint64_t at = number * size;
	int err;

	assert(size >= DISK_SECTOR && size <= PAGE_SIZE &&
	       !(size & (size - 1)));
	if (number >= div_u64(disk_bytes(d), size, NULL))
		return -EIO;
	err = vm_object_page(d->object, (uint32_t)(at >> PAGE_SHIFT), true,
			     &out->page);
	if (err)
		return err;
	out->data = (char *)page_address(out->page) + (at & PAGE_MASK);
	out->number = number;
	out->size = size;
	return 0;
}

int disk_block_fresh(struct disk *d, uint64_t number, uint32_t size,
		     struct block *out)
{
	int err = disk_block_get(d, number, size, out);

	if (!err)
		memset(out->data, 0, size);
	return err;
}

void disk_block_put(struct block *b)
{
	assert(b->page);
	page_drop(b->page);
	b->page = NULL;
}
