/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * truncate.c - frees the blocks behind a new end of a file.
 *
 * A tree may have more blocks than one handle can change, so it is freed in
 * steps, each of which leaves it sound: a pointer is cleared with the block
 * that it points to. Between two, the inode is in the list of orphans, and the
 * mount after a crash goes on with it. Since every pointer that was followed is
 * cleared, a damaged tree with cycles comes to an end, too.
 *
 * Locks: inode->lock, or nobody else has the inode.
 */
#include "kernel/fs/ext2/ext2.h"

enum {
	STEP = 96,		/* blocks that one handle may change */
	FLUSH_CREDITS = 3,
	MARGIN = FLUSH_CREDITS + EXT2_INODE_CREDITS,
};

struct truncation {
	struct inode *i;
	struct ext2 *fs;
	uint32_t left;		/* of the handle's blocks */
	unsigned step;		/* number of the handle */
	uint32_t first, count;	/* data to be freed, in a row */
};

static int step_begin(struct truncation *t)
{
	t->left = min_u32(STEP, journal_credits_max(t->fs->journal));
	assert(t->left > 2 * MARGIN);
	t->step++;
	return ext2_begin(t->fs, t->left);
}

static void flush(struct truncation *t)
{
	if (!t->count)
		return;
	ext2_blocks_free(t->i, t->first, t->count, false);
	t->left -= min_u32(FLUSH_CREDITS, t->left);
	t->count = 0;
}

/* What was cleared is freed, and the inode is as its blocks are. */
static int step_end(struct truncation *t)
{
	int err, err2;

	flush(t);
	err = ext2_inode_store(t->i);
	ext2_inode_of(t->i)->data_sequence = ext2_inode_of(t->i)->sequence;
	err2 = journal_end(t->fs->journal);
	return err ? err : err2;
}

/* Room for n more blocks, in a new handle if need be. */
static int reserve(struct truncation *t, uint32_t n)
{
	int err;

	if (t->left >= n + MARGIN) {
		t->left -= n;
		return 0;
	}
	err = step_end(t);
	if (!err)
		err = step_begin(t);
	if (!err)
		t->left -= n;
	return err;
}

/* One more block of data; its pointer has been cleared. A directory's or a
 * symlink's is metadata, and told to the journal as such. */
static void free_data(struct truncation *t, uint32_t block)
{
	const struct ext2 *fs = t->fs;

	if (!S_ISREG(t->i->mode)) {
		ext2_blocks_free(t->i, block, 1, true);
		return;
	}
	if (t->count && block == t->first + t->count &&
	    (block - fs->first_block) % fs->blocks_per_group) {
		t->count++;
		return;
	}
	flush(t);
	t->first = block;
	t->count = 1;
}

static int free_tree(struct truncation *t, uint32_t block, unsigned depth,
		     uint64_t from);

/* How many blocks of data hang on one pointer in a block of `depth`. */
static uint64_t span_of(const struct ext2 *fs, unsigned depth)
{
	return 1ull << (fs->block_shift - 2) * (depth - 1);
}

/* The pointers in b, of `depth`, from which data from `from` on hang. */
static int free_pointers(struct truncation *t, struct block *b, unsigned depth,
			 uint64_t from)
{
	uint32_t *slot = b->data;
	uint64_t span = span_of(t->fs, depth);
	unsigned told = 0;

	for (uint32_t n = 0; n < t->fs->per_block; n++) {
		uint64_t start = n * span;
		bool whole = start >= from;
		uint32_t child = slot[n];
		int err;

		if (!child || start + span <= from)
			continue;
		if (depth > 1) {
			err = free_tree(t, child, depth - 1,
					whole ? 0 : from - start);
			if (err)
				return err;
			if (!whole)
				continue;
		}
		err = reserve(t, told == t->step ? FLUSH_CREDITS + 1 :
						   FLUSH_CREDITS + 2);
		if (err)
			return err;
		if (told != t->step)
			journal_dirty(t->fs->journal, b);
		told = t->step;
		slot[n] = 0;
		if (depth == 1)
			free_data(t, child);
		else
			ext2_blocks_free(t->i, child, 1, true);
	}
	return 0;
}

/* Data from `from` on, of a tree whose top is the block of `depth`. The top
 * itself, if nothing stays, is freed by who clears the pointer to it. */
static int free_tree(struct truncation *t, uint32_t block, unsigned depth,
		     uint64_t from)
{
	struct block b;
	int err;

	if (!ext2_blocks_ok(t->fs, block, 1)) {
		ext2_error(t->fs, t->i, "points to block %u, which no file can "
			   "have", block);
		return 0;	/* it loses the pointer */
	}
	err = ext2_block_get(t->fs, block, &b);
	if (err)
		return err;
	err = free_pointers(t, &b, depth, from);
	disk_block_put(&b);
	return err;
}

static int free_direct(struct truncation *t, uint64_t from)
{
	struct ext2_inode *x = ext2_inode_of(t->i);

	for (uint32_t n = (uint32_t)from; n < EXT2_DIRECT; n++) {
		int err;

		if (!x->block[n])
			continue;
		err = reserve(t, FLUSH_CREDITS + 1);
		if (err)
			return err;
		free_data(t, x->block[n]);
		x->block[n] = 0;
	}
	return 0;
}

static int free_from(struct truncation *t, uint64_t from)
{
	struct ext2_inode *x = ext2_inode_of(t->i);
	uint64_t start = EXT2_DIRECT;
	int err = free_direct(t, from);

	for (unsigned depth = 1; depth <= 3 && !err; depth++) {
		uint32_t *slot = &x->block[EXT2_IND + depth - 1];
		uint64_t span = span_of(t->fs, depth + 1);
		bool whole = start >= from;

		if (*slot && start + span > from) {
			err = free_tree(t, *slot, depth, whole ? 0 : from - start);
			if (!err && whole)
				err = reserve(t, FLUSH_CREDITS + 1);
			if (!err && whole) {
				uint32_t top = *slot;

				*slot = 0;
				ext2_blocks_free(t->i, top, 1, true);
			}
		}
		start += span;
	}
	return err;
}

static bool has_trees(const struct ext2_inode *x)
{
	return x->block[EXT2_IND] || x->block[EXT2_DIND] || x->block[EXT2_TIND];
}

int ext2_truncate(struct inode *i, off64 size)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	struct truncation t = { .i = i, .fs = fs };
	uint64_t from = (uint64_t)(size + fs->block_size - 1) >> fs->block_shift;
	bool was_orphan = !list_empty(&x->orphan);
	int err, err2;

	x->ahead = 0;
	x->next_goal = 0;
	ext2_window_drop(i);
	err = step_begin(&t);
	if (err)
		return err;
	if (!was_orphan && has_trees(x)) {
		t.left -= EXT2_INODE_CREDITS;
		err = ext2_orphan_add(i);
	}
	if (!err)
		err = free_from(&t, from);
	/* Its last name may have gone meanwhile: then it stays. */
	if (!err && !was_orphan && i->nlink && !list_empty(&x->orphan)) {
		err = reserve(&t, EXT2_INODE_CREDITS);
		if (!err)
			err = ext2_orphan_remove(i);
	}
	if (journal_aborted(fs->journal) && err)
		return err;
	err2 = step_end(&t);
	return err ? err : err2;
}
