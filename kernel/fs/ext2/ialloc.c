/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ialloc.c - which number, and so which group, a new inode gets.
 *
 * A file goes into the group of its directory. So does a directory, while the
 * group has its share of what is free; those at the top are spread, since what
 * lies below one belongs together and what lies below two does not (Orlov).
 *
 * Locks: within a journal handle; search, tell the journal, search again.
 */
#include "kernel/fs/ext2/ext2.h"

enum { DIR_DEBT = 4 };	/* of 16: how far below the average a group may be */

static uint32_t group_of(const struct ext2 *fs, uint32_t ino)
{
	return (ino - 1) / fs->inodes_per_group;
}

/* Does the group have its share of free inodes and blocks, less debt / 16? */
static bool has_share(struct ext2 *fs, uint32_t group, uint32_t debt)
{
	const struct ext2_disk_group *d = ext2_descriptor(fs, group);
	uint32_t inodes = fs->s->free_inodes_count / fs->groups;
	uint32_t blocks = fs->s->free_blocks_count / fs->groups;

	return d->free_inodes_count && d->free_blocks_count &&
	       d->free_inodes_count >= inodes / 16 * (16 - debt) &&
	       d->free_blocks_count >= blocks / 16 * (16 - debt);
}

/* For a directory at the top: the one with the fewest directories of those
 * that have their share. */
static uint32_t group_to_spread(struct ext2 *fs)
{
	uint32_t best = fs->groups, fewest = UINT32_MAX;

	for (uint32_t n = 1; n <= fs->groups; n++) {
		uint32_t g = (fs->last_spread + n) % fs->groups;
		uint32_t dirs = ext2_descriptor(fs, g)->used_dirs_count;

		if (has_share(fs, g, 0) && dirs < fewest) {
			best = g;
			fewest = dirs;
		}
	}
	if (best == fs->groups)
		return fs->last_spread;
	fs->last_spread = best;
	return best;
}

/* Where the search begins. */
static uint32_t group_for(struct inode *dir, bool directory)
{
	struct ext2 *fs = ext2_of(dir->sb);
	uint32_t home = group_of(fs, (uint32_t)dir->ino);

	if (directory && dir->ino == EXT2_ROOT_INO)
		return group_to_spread(fs);
	for (uint32_t n = 0; n < fs->groups; n++) {
		uint32_t g = (home + n) % fs->groups;
		const struct ext2_disk_group *d = ext2_descriptor(fs, g);

		if (directory ? has_share(fs, g, DIR_DEBT) :
				d->free_inodes_count && d->free_blocks_count)
			return g;
	}
	return home;
}

/* The first free bit from which no inode in memory hangs, or the number of all. */
static uint32_t find_bit(struct ext2 *fs, uint32_t group, const void *map)
{
	uint32_t bit = group ? 0 : fs->first_ino - 1;
	uint32_t end = fs->inodes_per_group;

	while ((bit = ext2_bit_next_clear(map, bit, end)) < end) {
		uint32_t ino = group * fs->inodes_per_group + bit + 1;

		if (!inode_in_use(fs->sb, ino))
			return bit;
		bit++;
	}
	return end;
}

/* A number of the group into *ino, or 0. */
static int try_group(struct ext2 *fs, uint32_t group, bool directory,
		     uint32_t *ino)
{
	struct ext2_disk_group *d = ext2_descriptor(fs, group);
	struct block map;
	uint32_t bit;
	int err;

	*ino = 0;
	if (!d->free_inodes_count)
		return 0;
	err = ext2_block_get(fs, fs->group[group].inode_bitmap, &map);
	if (err)
		return err;
	if (find_bit(fs, group, map.data) == fs->inodes_per_group)
		goto out;
	journal_dirty(fs->journal, &map);
	ext2_descriptor_dirty(fs, group);
	journal_dirty(fs->journal, &fs->super);
	bit = find_bit(fs, group, map.data);
	if (bit == fs->inodes_per_group)
		goto out;
	ext2_bit_set(map.data, bit);
	if (d->free_inodes_count)
		d->free_inodes_count--;
	if (directory)
		d->used_dirs_count++;
	if (fs->s->free_inodes_count)
		fs->s->free_inodes_count--;
	*ino = group * fs->inodes_per_group + bit + 1;
	assert(ext2_ino_ok(fs, *ino));
out:
	disk_block_put(&map);
	return 0;
}

int ext2_ino_alloc(struct inode *dir, uint32_t mode, uint32_t *out)
{
	struct ext2 *fs = ext2_of(dir->sb);
	uint32_t start = group_for(dir, S_ISDIR(mode));

	for (uint32_t n = 0; n < fs->groups; n++) {
		int err = try_group(fs, (start + n) % fs->groups, S_ISDIR(mode),
				    out);

		if (err || *out)
			return err;
	}
	return -ENOSPC;
}

void ext2_ino_free(struct ext2 *fs, uint32_t ino, bool directory)
{
	uint32_t group = group_of(fs, ino);
	uint32_t bit = (ino - 1) % fs->inodes_per_group;
	struct ext2_disk_group *d = ext2_descriptor(fs, group);
	struct block map;
	bool was_used;

	assert(ext2_ino_ok(fs, ino));
	if (ext2_block_get(fs, fs->group[group].inode_bitmap, &map)) {
		ext2_error(fs, NULL, "the inode bitmap of group %u cannot be "
			   "read: an inode is lost", group);
		return;
	}
	journal_dirty(fs->journal, &map);
	ext2_descriptor_dirty(fs, group);
	journal_dirty(fs->journal, &fs->super);
	was_used = ext2_bit_get(map.data, bit);
	if (was_used) {
		ext2_bit_clear(map.data, bit);
		d->free_inodes_count++;
		fs->s->free_inodes_count++;
		if (directory && d->used_dirs_count)
			d->used_dirs_count--;
	}
	disk_block_put(&map);
	if (!was_used)
		ext2_error(fs, NULL, "frees inode %u, which is free", ino);
}

int ext2_ino_used(struct ext2 *fs, uint32_t ino, bool *used)
{
	uint32_t bit = (ino - 1) % fs->inodes_per_group;
	struct block map;
	int err = ext2_block_get(fs, fs->group[group_of(fs, ino)].inode_bitmap,
				 &map);

	assert(ext2_ino_ok(fs, ino));
	if (err)
		return err;
	*used = ext2_bit_get(map.data, bit);
	disk_block_put(&map);
	return 0;
}
