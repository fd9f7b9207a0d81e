/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.h - changes of metadata that happen together or not at all.
 *
 * Who changes metadata does it within a handle:
 *
 *	err = journal_begin(j, 5);	   at most 5 different blocks
 *	...
 *	journal_dirty(j, &block);	   BEFORE the first byte is changed
 *	memset(block.data, ...);
 *	...
 *	err = journal_end(j);
 *
 * The handles of some seconds make a transaction, which is written to the
 * journal (format: JBD, as ext3) as one, and later to where it belongs. Without
 * a journal the calls are the same, and blocks are written home right away when
 * the transaction ends.
 *
 * Locks: inode locks are taken before journal_begin, never within a handle;
 * within one wait for nothing that somebody holds who may call journal_begin.
 */
#ifndef KERNEL_FS_EXT2_JOURNAL_H
#define KERNEL_FS_EXT2_JOURNAL_H

#include "kernel/fs/fs.h"

struct block;
struct journal;

enum journal_how {
	JOURNAL_NONE = 1,	/* the file system has none, or is not to use it */
	JOURNAL_ADD = 2,	/* if it has none, is clean and has room: add one */
};
/*
 * Reads the superblock of sb->disk, which must be that of an ext2 by its magic
 * number, and replays what an unclean end left in its journal, whether sb is
 * read-only or not (-EROFS: the disk is). All blocks of metadata that were got
 * before it must be put before and got again after it: the superblock too.
 * JOURNAL_ADD counts if sb is not read-only. Nothing can be changed before
 * journal_start. Sleeps. -EUCLEAN: the journal
 * is not sound; -EOPNOTSUPP: it has features that we do not know; -EIO, -ENOMEM.
 */
int journal_open(struct superblock *sb, unsigned how,
		 struct journal **out) must_check;
/* Changes may come: marks the file system as one whose journal counts, with a
 * flush. At a mount, or remount, for writing.
 * Sleeps. -EROFS, -EIO, -ENOMEM. */
int journal_start(struct journal *j) must_check;
/* All changes are at home and the journal is empty and clean: for unmount and
 * remount as read-only. There are no handles, and none come before the next
 * journal_start. -EIO: then it is not clean. Sleeps. */
int journal_stop(struct journal *j) must_check;
/* After journal_stop, or without journal_start. j NULL is fine. Sleeps. */
void journal_close(struct journal *j);

/*
 * Opens a handle of the current thread: room for `blocks` more different blocks
 * in the running transaction. Within a handle it adds to it, and each needs its
 * own journal_end: what an inner one does not use is the outer one's. At most
 * journal_credits_max(j) in the outer one. Sleeps.
 * -EROFS: not started; -EIO: aborted; -ENOMEM.
 */
int journal_begin(struct journal *j, uint32_t blocks) must_check;
uint32_t journal_credits_max(const struct journal *j);
/* b, of j's disk, will be changed within this handle, and is to be written.
 * Called before the change: an older version may still be on its way to the
 * disk. Holds the block's page as long as it must. Cannot fail. Sleeps. */
void journal_dirty(struct journal *j, const struct block *b);
/* A block of metadata has been freed: it is not written any more, old versions
 * are not replayed over what it becomes; and as journal_freed. Takes one of the
 * handle's blocks. */
void journal_forget(struct journal *j, uint32_t block);
/* Blocks of data have been freed: they must not be used again before this
 * transaction is durable, or a crash would show one file's data in another. */
void journal_freed(struct journal *j, uint32_t first, uint32_t count);
/* For the allocator: freed by a transaction that is not durable yet? */
bool journal_block_busy(const struct journal *j, uint32_t block);
/* Is there any such block? Then -ENOSPC is not the last word: close the handle,
 * journal_commit(j, journal_sequence(j)), try again, once. */
bool journal_any_busy(const struct journal *j);
/* An inode's place in the lists of up to two transactions. */
struct journal_inode {
	struct inode *inode;
	struct list link[2];		/* by the lowest bit of their sequence */
};
void journal_inode_init(struct journal_inode *o, struct inode *i);
/* Within a handle that allocated blocks for its pages: those that are dirty at
 * the time of the commit are written before it. Takes no reference. */
void journal_order(struct journal *j, struct journal_inode *o);
/* It is going: off the lists. Sleeps only while a commit is writing its pages. */
void journal_inode_gone(struct journal *j, struct journal_inode *o);
/* Closes the handle. Does not sleep, so what the caller does next (make pages
 * dirty) is in time for the commit. -EIO: aborted meanwhile, and nothing of it
 * will be on the disk. */
int journal_end(struct journal *j);

/* Of the transaction that a handle would join now, or has joined. Rises; never 0.
 * An inode notes it with its last change, for fsync. */
uint32_t journal_sequence(const struct journal *j);
/* On return all handles closed so far of transactions up to seq are durable, and
 * all that was written to the disk before the call is too (it flushes). Not
 * within a handle. Sleeps. -EIO. */
int journal_commit(struct journal *j, uint32_t seq) must_check;
/* Begins it, and does not wait. */
void journal_commit_soon(struct journal *j);
/* The file system is not sound any more, as far as the caller can tell: nothing
 * more is written, sb is read-only, the superblock says that e2fsck is needed.
 * May be called within a handle. Logged. Sleeps. */
void journal_abort(struct journal *j, const char *why);
bool journal_aborted(const struct journal *j);

#endif
