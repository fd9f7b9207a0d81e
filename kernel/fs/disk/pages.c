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
#include "kernel/fs/disk/inner.h"

enum { BDEV_MAGIC = 0x62646576 };	/* as Linux's */

static struct superblock *bdev;

/* --- the file system of disks --------------------------------------------- */

static const struct superblock_ops super_ops = { .statfs = NULL };
static const struct inode_ops inode_ops = { .lookup = NULL };

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

static int fill(struct vm_object *o, struct page *p, uint32_t index)
{
	struct inode *i = o->owner;
	struct disk *d = i->private;
	uint64_t at = (uint64_t)index << PAGE_SHIFT, end = disk_bytes(d);
	uint32_t bytes;

	if (at >= end)
		return -EIO;
	bytes = (uint32_t)min_s64(PAGE_SIZE, end - at);
	memset((char *)page_address(p) + bytes, 0, PAGE_SIZE - bytes);
	return disk_io(d, DISK_READ, at / DISK_SECTOR, page_address(p), bytes);
}

static const struct vm_object_ops object_ops = { .fill = fill };

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
	err = vm_object_new(prison_host(), &object_ops, i, &i->object);
	if (err) {
		inode_drop(i);
		return err;
	}
	i->object->size_limit =
		(uint32_t)((disk_bytes(d) + PAGE_MASK) >> PAGE_SHIFT);
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
	uint32_t index = 0;
	struct page *p;

	while ((p = vm_object_next(d->object, index, &index))) {
		if (p->refs == 1 && !(p->flags & PG_DIRTY))
			vm_object_remove(d->object, index, 1);
		if (++index == 0)
			break;
	}
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
