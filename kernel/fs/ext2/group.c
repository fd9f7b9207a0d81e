/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * group.c - the groups that a disk is cut into: where their bitmaps and tables
 * are, and which blocks a file can therefore not have.
 *
 * The places are read and checked once, at the mount: each group's parts lie in
 * the group, apart from each other. The descriptors' blocks stay in memory;
 * their counts are hints, which the bitmaps overrule.
 */
#include "kernel/fs/ext2/ext2.h"

uint32_t ext2_group_first(const struct ext2 *fs, uint32_t group)
{
	return fs->first_block + group * fs->blocks_per_group;
}

uint32_t ext2_group_blocks(const struct ext2 *fs, uint32_t group)
{
	assert(group < fs->groups);
	return min_u32(fs->blocks_per_group,
		       fs->blocks - ext2_group_first(fs, group));
}

static uint32_t per_block(const struct ext2 *fs)
{
	return fs->block_size / sizeof(struct ext2_disk_group);
}

static uint32_t descriptor_blocks(const struct ext2 *fs)
{
	return (fs->groups + per_block(fs) - 1) / per_block(fs);
}

struct ext2_disk_group *ext2_descriptor(struct ext2 *fs, uint32_t group)
{
	struct block *b = &fs->descriptors[group / per_block(fs)];

	assert(group < fs->groups);
	return (struct ext2_disk_group *)b->data + group % per_block(fs);
}

/* Before a change of it, within a handle. */
void ext2_descriptor_dirty(struct ext2 *fs, uint32_t group)
{
	journal_dirty(fs->journal, &fs->descriptors[group / per_block(fs)]);
}

static bool is_power(uint32_t n, uint32_t base)
{
	while (n % base == 0)
		n /= base;
	return n == 1;
}

/* Copies of the superblock and the descriptors stand at its beginning? */
static bool has_super(const struct ext2 *fs, uint32_t group)
{
	if (group < 2 || !(fs->s->feature_ro_compat & EXT2_RO_SPARSE_SUPER))
		return true;
	return is_power(group, 3) || is_power(group, 5) || is_power(group, 7);
}

static uint32_t super_blocks(const struct ext2 *fs, uint32_t group)
{
	return has_super(fs, group) ? 1 + descriptor_blocks(fs) : 0;
}

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b + b_count && b < a + a_count;
}

/* Blocks of one group: does its metadata lie in them? */
static bool is_metadata(const struct ext2 *fs, uint32_t group, uint32_t first,
			uint32_t count)
{
	const struct ext2_group *g = &fs->group[group];

	return overlap(first, count, g->block_bitmap, 1) ||
	       overlap(first, count, g->inode_bitmap, 1) ||
	       overlap(first, count, g->inode_table, fs->table_blocks) ||
	       overlap(first, count, ext2_group_first(fs, group),
		       super_blocks(fs, group));
}

bool ext2_blocks_ok(const struct ext2 *fs, uint32_t first, uint32_t count)
{
	uint32_t end = first + count;

	if (!count || first < fs->first_block || end > fs->blocks || end < first)
		return false;
	while (first < end) {
		uint32_t group = (first - fs->first_block) / fs->blocks_per_group;
		uint32_t next = ext2_group_first(fs, group) +
				ext2_group_blocks(fs, group);

		next = min_u32(next, end);
		if (is_metadata(fs, group, first, next - first))
			return false;
		first = next;
	}
	return true;
}

static bool in_group(const struct ext2 *fs, uint32_t group, uint32_t first,
		     uint32_t count)
{
	uint32_t start = ext2_group_first(fs, group) + super_blocks(fs, group);
	uint32_t end = ext2_group_first(fs, group) + ext2_group_blocks(fs, group);

	return first >= start && first < end && count <= end - first;
}

static bool group_is_sound(const struct ext2 *fs, uint32_t group)
{
	const struct ext2_group *g = &fs->group[group];

	return in_group(fs, group, g->block_bitmap, 1) &&
	       in_group(fs, group, g->inode_bitmap, 1) &&
	       in_group(fs, group, g->inode_table, fs->table_blocks) &&
	       g->block_bitmap != g->inode_bitmap &&
	       !overlap(g->block_bitmap, 1, g->inode_table, fs->table_blocks) &&
	       !overlap(g->inode_bitmap, 1, g->inode_table, fs->table_blocks);
}

void ext2_groups_free(struct ext2 *fs)
{
	if (fs->descriptors)
		for (uint32_t n = 0; n < descriptor_blocks(fs); n++)
			if (fs->descriptors[n].page)
				disk_block_put(&fs->descriptors[n]);
	kmem_free(fs->descriptors);
	kmem_free(fs->group);
	fs->descriptors = NULL;
	fs->group = NULL;
}

/* Reads and checks the descriptors. On failure ext2_groups_free puts away what
 * there is. -EINVAL, -EIO, -ENOMEM. Sleeps. */
int ext2_groups_load(struct ext2 *fs)
{
	uint32_t first = fs->first_block + 1, count = descriptor_blocks(fs);
	int err;

	fs->descriptors = kmem_zalloc(count * sizeof(*fs->descriptors));
	fs->group = kmem_zalloc(fs->groups * sizeof(*fs->group));
	if (!fs->descriptors || !fs->group)
		return -ENOMEM;
	for (uint32_t n = 0; n < count; n++) {
		err = ext2_block_get(fs, first + n, &fs->descriptors[n]);
		if (err) {
			fs->descriptors[n].page = NULL;
			return err;
		}
	}
	for (uint32_t n = 0; n < fs->groups; n++) {
		const struct ext2_disk_group *d = ext2_descriptor(fs, n);

		fs->group[n] = (struct ext2_group){
			d->block_bitmap, d->inode_bitmap, d->inode_table, 0 };
		fs->overhead += super_blocks(fs, n) + 2 + fs->table_blocks;
		if (!group_is_sound(fs, n)) {
			log_print(LOG_ERROR, "ext2 %s: the descriptor of group "
				  "%u is damaged: run e2fsck\n",
				  fs->disk->name, n);
			return -EINVAL;
		}
	}
	return 0;
}
