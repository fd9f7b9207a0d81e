/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota_scan.c - what each user and group has on a disk that is being mounted.
 *
 * All tables of inodes are read, so that no crash can have left a wrong count:
 * there is no quotacheck(8).
 *
 * Locks: the kernel lock; nobody else knows the file system yet.
 */
#include "kernel/fs/ext2/ext2.h"

enum { SECTOR_SHIFT = 9 };

static int count_one(struct ext2 *fs, const struct ext2_disk_inode *r)
{
	return quota_found(fs->sb, r->uid | (uint32_t)r->uid_high << 16,
			   r->gid | (uint32_t)r->gid_high << 16,
			   (uint64_t)r->blocks << SECTOR_SHIFT);
}

/* The inodes of one block of the table; the first has number ino. */
static int count_block(struct ext2 *fs, const struct block *map, uint32_t block,
		       uint32_t ino, uint32_t per_block)
{
	uint32_t bit = (ino - 1) % fs->inodes_per_group;
	uint32_t used = 0;
	struct block b;
	int err;

	for (uint32_t n = 0; n < per_block; n++)
		used += ext2_bit_get(map->data, bit + n);
	if (!used)
		return 0;
	err = ext2_block_get(fs, block, &b);
	if (err)
		return err;
	for (uint32_t n = 0; !err && n < per_block; n++)
		if (ext2_ino_ok(fs, ino + n) && ext2_bit_get(map->data, bit + n))
			err = count_one(fs, (void *)((char *)b.data +
						     n * fs->inode_size));
	disk_block_put(&b);
	return err;
}

/* -EIO, -ENOMEM. */
int ext2_quota_scan(struct ext2 *fs)
{
	uint32_t per_block = fs->block_size / fs->inode_size;
	int err = 0;

	for (uint32_t g = 0; !err && g < fs->groups; g++) {
		uint32_t table = fs->group[g].inode_table;
		uint32_t first = g * fs->inodes_per_group + 1;
		struct block map;

		err = ext2_block_get(fs, fs->group[g].inode_bitmap, &map);
		if (err)
			return err;
		for (uint32_t n = 0; !err && n < fs->inodes_per_group;
		     n += per_block)
			err = count_block(fs, &map, table + n / per_block,
					  first + n, per_block);
		disk_block_put(&map);
	}
	return err;
}
