/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orphan.c - the list of inodes with which a mount after a crash has to go on:
 * without a name but open (they go), or in the middle of a truncation (what
 * lies behind their size goes). As in ext3: the superblock has the first one's
 * number, and each inode the next one's, in place of its time of deletion.
 *
 * Invariant: fs->orphans has the same ones in the same order, in memory. After
 * an error that kept one from being freed it may have fewer. Locks: orphan_lock,
 * within a handle, before all that is waited for in storing an inode.
 */
#include "kernel/fs/ext2/ext2.h"

/* Within a handle. Sleeps. */
int ext2_orphan_add(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);

	sleep_lock_take(&fs->orphan_lock);
	if (list_empty(&x->orphan)) {
		journal_dirty(fs->journal, &fs->super);
		x->next_orphan = fs->s->last_orphan;
		fs->s->last_orphan = (uint32_t)i->ino;
		list_push(&fs->orphans, &x->orphan);
	}
	sleep_lock_release(&fs->orphan_lock);
	return ext2_inode_store(i);
}

/* x leaves the chain. An inode that is in it stays in memory while the lock is
 * held: it would have to leave first. */
static int unchain(struct ext2 *fs, struct ext2_inode *x)
{
	struct ext2_inode *before;

	if (list_empty(&x->orphan))
		return 0;
	if (x->orphan.prev == &fs->orphans) {
		journal_dirty(fs->journal, &fs->super);
		fs->s->last_orphan = x->next_orphan;
		before = NULL;
	} else {
		before = list_entry(x->orphan.prev, struct ext2_inode, orphan);
		before->next_orphan = x->next_orphan;
	}
	list_remove(&x->orphan);
	x->next_orphan = 0;
	return before ? ext2_inode_store(before->inode) : 0;
}

/* Within a handle. Sleeps. */
int ext2_orphan_remove(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	int err;

	sleep_lock_take(&fs->orphan_lock);
	err = unchain(fs, ext2_inode_of(i));
	sleep_lock_release(&fs->orphan_lock);
	return err ? err : ext2_inode_store(i);
}

/* The chain on the disk into fs->orphans, each inode held. */
static int collect(struct ext2 *fs)
{
	uint32_t ino = fs->s->last_orphan;

	while (ino) {
		struct ext2_inode *x;
		struct inode *i;
		int err;

		if (!ext2_ino_ok(fs, ino))
			return ext2_error(fs, NULL, "the list of orphans leads "
					  "to inode %u", ino);
		err = ext2_orphan_get(fs->sb, ino, &i);
		if (err)
			return err;
		x = ext2_inode_of(i);
		if (!list_empty(&x->orphan)) {
			inode_drop(i);
			return ext2_error(fs, NULL, "the list of orphans is a "
					  "ring");
		}
		list_append(&fs->orphans, &x->orphan);
		ino = x->next_orphan;
	}
	return 0;
}

/* Frees, or cuts, the first one and drops it. */
static int clean_first(struct ext2 *fs)
{
	struct ext2_inode *x = list_entry(fs->orphans.next, struct ext2_inode,
					  orphan);
	struct inode *i = x->inode;
	int err = 0;

	if (i->nlink && S_ISREG(i->mode)) {
		sleep_lock_take(&i->lock);
		err = ext2_truncate(i, i->size);
		sleep_lock_release(&i->lock);
	}
	if (!err && i->nlink)
		err = ext2_begin(fs, EXT2_INODE_CREDITS);
	if (!err && i->nlink) {
		int err2;

		err = ext2_orphan_remove(i);
		err2 = journal_end(fs->journal);
		if (!err)
			err = err2;
	}
	if (err)
		list_remove(&x->orphan);
	inode_drop(i);	/* without a link it goes now, and leaves the list */
	return err;
}

int ext2_orphans_clean(struct ext2 *fs)
{
	int err = collect(fs);
	unsigned count = 0;

	while (!list_empty(&fs->orphans)) {
		int err2 = clean_first(fs);

		if (!err)
			err = err2;
		count++;
	}
	if (count && !err)
		log_print(LOG_INFO, "ext2 %s: %u files that were open or cut "
			  "at a crash put in order\n", fs->disk->name, count);
	return err;
}
