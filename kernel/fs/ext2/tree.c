/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - from a block of a file to a block of the disk: twelve direct places
 * in the inode, then trees of one, two and three levels.
 *
 * A reader need not hold the inode's lock. He reads down the tree, which may
 * sleep, and then sees, without sleep, whether the way is still the same.
 *
 * Locks: who allocates holds inode->lock, and a journal handle.
 */
#include "kernel/fs/ext2/ext2.h"

enum { LEVELS = 4, SECTOR_SHIFT = 9, RUN_MAX = 1024 };

struct way {
	unsigned levels;		/* 1: a direct place */
	uint32_t place[LEVELS];		/* index in block[], then in each block */
	uint32_t left;			/* places from the last one to the end */
	struct block block[LEVELS];	/* from 1 on; held up to `held` */
	uint32_t *slot[LEVELS];
	uint32_t seen[LEVELS];
	unsigned held;
};

/* Where `index` stands in the trees. -EFBIG: in none. */
static int way_find(const struct ext2 *fs, uint32_t index, struct way *w)
{
	unsigned shift = fs->block_shift - 2; /* of per_block */
	uint32_t mask = fs->per_block - 1;

	w->held = 0;
	if (index < EXT2_DIRECT) {
		w->levels = 1;
		w->place[0] = index;
		w->left = EXT2_DIRECT - index;
		return 0;
	}
	index -= EXT2_DIRECT;
	for (w->levels = 2; w->levels <= LEVELS; w->levels++) {
		unsigned depth = w->levels - 1;
		uint64_t span = 1ull << shift * depth;

		if (index < span)
			break;
		index -= (uint32_t)span;
	}
	if (w->levels > LEVELS)
		return -EFBIG;
	w->place[0] = EXT2_IND + w->levels - 2;
	for (unsigned n = 1; n < w->levels; n++)
		w->place[n] = index >> shift * (w->levels - 1 - n) & mask;
	w->left = fs->per_block - w->place[w->levels - 1];
	return 0;
}

static void way_put(struct way *w)
{
	while (w->held)
		disk_block_put(&w->block[w->held--]);
}

/* How many blocks from the index on lie under the hole at `level`. */
static uint64_t hole_size(const struct ext2 *fs, const struct way *w,
			  unsigned level)
{
	unsigned shift = fs->block_shift - 2;
	uint64_t at = 0;

	if (level == w->levels - 1)
		return 1;
	for (unsigned n = level + 1; n < w->levels; n++)
		at = at << shift | w->place[n];
	return (1ull << shift * (w->levels - 1 - level)) - at;
}

static int bad_pointer(struct inode *i, uint32_t block)
{
	return ext2_error(ext2_of(i->sb), i, "points to block %u, which no "
			  "file can have", block);
}

/* Reads down: *level is the last one whose slot is known, where a hole may be. */
static int way_walk(struct inode *i, struct way *w, unsigned *level)
{
	struct ext2 *fs = ext2_of(i->sb);
	unsigned n = 0;
	int err;

	w->slot[0] = &ext2_inode_of(i)->block[w->place[0]];
	w->seen[0] = *w->slot[0];
	while (n + 1 < w->levels && w->seen[n]) {
		if (!ext2_blocks_ok(fs, w->seen[n], 1))
			return bad_pointer(i, w->seen[n]);
		err = ext2_block_get(fs, w->seen[n], &w->block[n + 1]);
		if (err)
			return err;
		w->held = ++n;
		w->slot[n] = (uint32_t *)w->block[n].data + w->place[n];
		w->seen[n] = *w->slot[n];
	}
	*level = n;
	return 0;
}

static bool way_stands(const struct way *w, unsigned level)
{
	for (unsigned n = 0; n <= level; n++)
		if (*w->slot[n] != w->seen[n])
			return false;
	return true;
}

/* The run that begins in the slot: of blocks in a row, or of holes. */
static uint32_t run_in(const struct way *w, unsigned level, uint32_t most)
{
	const uint32_t *slot = w->slot[level];
	uint32_t n = 1;

	most = min_u32(most, w->left);
	while (n < most && slot[n] == (slot[0] ? slot[0] + n : 0))
		n++;
	return n;
}

int ext2_map(struct inode *i, uint32_t index, uint32_t *run, uint32_t *out)
{
	struct ext2 *fs = ext2_of(i->sb);
	uint32_t most = *run;
	unsigned level;
	struct way w;
	int err = way_find(fs, index, &w);

	assert(most > 0);
	if (err)
		return err;
	do {
		way_put(&w);
		err = way_walk(i, &w, &level);
		if (err)
			goto out;
	} while (!way_stands(&w, level));
	*out = w.seen[level];
	if (level == w.levels - 1)
		*run = run_in(&w, level, most);
	else
		*run = (uint32_t)min_s64(most, (int64_t)hole_size(fs, &w, level));
	if (*out && !ext2_blocks_ok(fs, *out, *run))
		err = bad_pointer(i, *out);
out:
	way_put(&w);
	return err;
}

/* --- allocating ------------------------------------------------------------ */

/* What is to be near: the block before it in the file, else what points to it. */
static uint32_t goal_for(struct inode *i, const struct way *w, unsigned level,
			 uint32_t index)
{
	const struct ext2_inode *x = ext2_inode_of(i);

	if (x->next_goal && index == x->next_index)
		return x->next_goal;
	if (level == w->levels - 1 && w->place[level] && w->slot[level][-1])
		return w->slot[level][-1] + 1;
	return level ? (uint32_t)w->block[level].number + 1 : ext2_goal_first(i);
}

/* The slot is in the inode, or in a block that changes with it. */
static void slot_dirty(struct ext2 *fs, const struct way *w, unsigned level)
{
	if (level)
		journal_dirty(fs->journal, &w->block[level]);
}

/* Gives the empty slot of `level` a fresh block of pointers. */
static int add_level(struct inode *i, struct way *w, unsigned level,
		     uint32_t index)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	uint32_t block, one = 1;
	int err = ext2_blocks_alloc(i, goal_for(i, w, level, index), true,
				    &block, &one);

	if (err)
		return err;
	err = disk_block_fresh(fs->disk, block, fs->block_size,
			       &w->block[level + 1]);
	if (err) {
		ext2_blocks_free(i, block, 1, true);
		return err;
	}
	w->held = level + 1;
	journal_dirty(fs->journal, &w->block[level + 1]);
	slot_dirty(fs, w, level);
	*w->slot[level] = block;
	w->slot[level + 1] = (uint32_t *)w->block[level + 1].data +
			     w->place[level + 1];
	x->next_index = index;
	x->next_goal = block + 1;
	return 0;
}

/* The empty slots from the last level's on, up to *run, get blocks in a row. */
static int add_blocks(struct inode *i, struct way *w, uint32_t index,
		      bool metadata, uint32_t *run, uint32_t *out)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	unsigned level = w->levels - 1;
	uint32_t *slot = w->slot[level];
	int err;

	*run = run_in(w, level, *run);
	err = ext2_blocks_alloc(i, goal_for(i, w, level, index), metadata, out,
				run);
	if (err)
		return err;
	slot_dirty(fs, w, level);
	for (uint32_t n = 0; n < *run; n++) {
		assert(!slot[n]);
		slot[n] = *out + n;
	}
	x->next_index = index + *run;
	x->next_goal = *out + *run;
	return 0;
}

int ext2_map_alloc(struct inode *i, uint32_t index, bool metadata, uint32_t *run,
		   uint32_t *out, bool *fresh)
{
	struct ext2 *fs = ext2_of(i->sb);
	unsigned level;
	struct way w;
	int err = way_find(fs, index, &w);

	assert(sleep_lock_mine(&i->lock) && *run > 0);
	if (err)
		return err;
	err = way_walk(i, &w, &level);
	*fresh = !err && !w.seen[level];
	for (; !err && level + 1 < w.levels; level++)
		err = add_level(i, &w, level, index);
	if (err)
		goto out;
	if (*fresh) {
		err = add_blocks(i, &w, index, metadata, run, out);
		goto out;
	}
	*run = run_in(&w, level, *run);
	*out = w.seen[level];
	if (!ext2_blocks_ok(fs, *out, *run))
		err = bad_pointer(i, *out);
out:
	way_put(&w);
	return err;
}

/* --- for the page cache ----------------------------------------------------- */

/* Holes of a regular file get blocks, in a handle of its own. */
static int alloc_extent(struct inode *i, off64 end, uint32_t index,
			uint32_t *run, uint32_t *block, bool *fresh)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	int err, err2;

	err = ext2_begin(fs, EXT2_ALLOC_CREDITS + EXT2_INODE_CREDITS);
	if (err)
		return err;
	err = ext2_map_alloc(i, index, false, run, block, fresh);
	if (!err) {
		off64 got = (off64)(index + *run) << fs->block_shift;

		got = min_s64(got, end);
		if (got > i->size && got > x->ahead)
			x->ahead = got;
		journal_order(fs->journal, &x->ordered);
	}
	/* Even on failure: it may have got blocks of pointers. */
	err2 = ext2_inode_store(i);
	x->data_sequence = x->sequence;
	if (!err)
		err = err2;
	err2 = journal_end(fs->journal);
	return err ? err : err2;
}

/* inode_ops.extent. Sleeps. */
int ext2_extent(struct inode *i, off64 pos, uint32_t want, bool create,
		struct extent *out)
{
	struct ext2 *fs = ext2_of(i->sb);
	off64 end = pos + want;
	uint32_t index = (uint32_t)(pos >> fs->block_shift);
	uint32_t run, block, tries = 0;
	bool fresh = false;
	int err;

	assert(pos >= 0 && want > 0);
	if (pos >= fs->size_max)
		return -EFBIG;
	end = min_s64(end, fs->size_max);
	run = (uint32_t)((end - 1) >> fs->block_shift) - index + 1;
	run = min_u32(run, RUN_MAX);
	err = ext2_map(i, index, &run, &block);
	if (!err && !block && create) {
		uint32_t hole = run;

		do {
			run = hole;
			err = alloc_extent(i, end, index, &run, &block, &fresh);
		} while (ext2_again(fs, err, &tries));
	}
	if (err)
		return err;
	out->start = (off64)index << fs->block_shift;
	out->bytes = run << fs->block_shift;
	out->sector = (uint64_t)block << (fs->block_shift - SECTOR_SHIFT);
	out->hole = !block;
	out->fresh = fresh;
	return 0;
}
