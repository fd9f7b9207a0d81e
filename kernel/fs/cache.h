/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - private to kernel/fs: files whose pages are copies of what stands
 * on a disk. cache.c brings pages in, cache_write.c changes them,
 * writeback.c brings them out.
 *
 * A cached inode has ops->extent, and an object made by cache_attach.
 */
#ifndef KERNEL_FS_CACHE_H
#define KERNEL_FS_CACHE_H

#include "kernel/fs/disk.h"
#include "kernel/fs/inner.h"

enum { CACHE_IO_PAGES = 128 };	/* of one request */

/* One request for pages of one inode, in order. */
struct cache_io {
	struct disk_request r;
	struct inode *inode;
	struct list link, sb_link;	/* writes: inode->writes, sb->writes */
	uint32_t serial;	/* writes: rises */
	uint32_t count, room;	/* pages */
	struct disk_piece *piece;	/* both stand behind this, room of each */
	struct page **page;	/* held */
};

static inline uint32_t pages_of(off64 size)
{
	return (uint32_t)((size + PAGE_MASK) >> PAGE_SHIFT);
}
static inline bool is_cached(const struct inode *i)
{
	return i->object && i->object->cached;
}
/* Is a block at least a page, so that a page has one place? */
static inline bool has_large_blocks(const struct inode *i)
{
	return i->sb->block_size >= PAGE_SIZE;
}

/* --- cache.c ------------------------------------------------------------ */

/* i, a regular file of a disk (or the disk itself) whose size and ops are set,
 * gets its object. -ENOMEM. */
int cache_attach(struct inode *i, struct disk *disk) must_check;
/* A request for at most n pages; NULL: no memory. */
struct cache_io *cache_io_new(struct inode *i, enum disk_op op, uint32_t n);
void cache_io_add(struct cache_io *io, struct page *p, uint32_t bytes);
/* Starts reading what is missing of count pages. Sleeps. */
int cache_read_start(struct inode *i, uint32_t first, uint32_t count) must_check;
/* From byte *pos on, which it moves, to the end at most; a says how the reader
 * has read so far. Bytes, or an error. Sleeps. */
int cache_read(struct inode *i, struct read_ahead *a, struct user_io *io,
	       off64 *pos) must_check;
/* Waits until nothing of i is on its way. Sleeps. */
void cache_settle(struct inode *i);
void cache_settled(struct inode *i);	/* something has come to its end */
void cache_read_init(void);
/* Its pages go, written or not. Sleeps. */
void cache_drop(struct inode *i);

/* --- cache_write.c -------------------------------------------------------- */

/* n bytes from byte `at` on, i->lock held: bytes done, or an error. Sleeps. */
int cache_write(struct inode *i, struct user_io *io, off64 at,
		uint32_t n) must_check;
/* The pages' part of a truncation. i->lock is held. Sleeps. */
int cache_resize(struct inode *i, off64 size) must_check;
/* What stands in the last page behind the end is zero from now on. Sleeps. */
int cache_clear_tail(struct inode *i) must_check;
/* vm_object_ops.dirty */
int cache_dirty(struct vm_object *o, struct page *p);
int cache_seek_hole(struct inode *i, off64 offset, int whence,
		    off64 *out) must_check;

/* --- writeback.c ---------------------------------------------------------- */

void cache_init(void);
/* p of i is dirty from now on. */
void cache_page_dirty(struct inode *i, struct page *p);
/* Keeps the number of dirty pages bounded: after making some. Sleeps. */
void cache_throttle(void);
/* Waits for the writes that are under way. Sleeps. */
void cache_wait_writes(struct inode *i);
enum cache_how {
	CACHE_START,	/* what is on its way already may be left dirty */
	CACHE_ALL,	/* that is waited for */
	CACHE_WAIT,	/* as is all that is started here */
};
/* Dirty pages first..last are handed to the disk. An error of i's writes that fsync
 * was not told yet. Takes no inode's lock, opens no handle. Sleeps. */
int cache_write_pages(struct inode *i, uint32_t first, uint32_t last,
		      enum cache_how how) must_check;
int cache_write_inode_pages(struct inode *i, bool wait) must_check;
/* fsync(2). Sleeps. */
int cache_sync_inode(struct inode *i, bool data_only) must_check;
int cache_file_sync(struct file *f, bool data_only); /* file_ops.sync */
/* All of sb is written; then sb->ops->sync. Sleeps. */
int cache_sync_super(struct superblock *sb) must_check;
void cache_unpin(struct superblock *sb);
void cache_leave(struct superblock *sb);	/* until it has no pins. Sleeps. */
/* Something has to be written: the flusher looks after it. */
void cache_kick(void);
extern int cache_dirty_ratio, cache_dirty_background_ratio; /* percent */
extern int cache_dirty_expire_cs, cache_dirty_writeback_cs; /* 1/100 s */

/* --- cache_ops.c ---------------------------------------------------------- */

int cache_forget(unsigned what) must_check;	/* Sleeps. */

#endif
