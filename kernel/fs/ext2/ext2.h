/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext2.h - private to ext2: what its files say to each other.
 *
 * What comes from the disk is checked where it is read: a block number by
 * ext2_block_ok, an inode number by ext2_ino_ok, an entry of a directory by
 * ext2_entry_ok. What does not hold is logged by ext2_error and ends in
 * -EIO.
 *
 * Locks: inode->lock, then a journal handle; group descriptors, bitmaps and
 * in-memory inodes change within a handle, without sleep between look and
 * change.
 */
#ifndef KERNEL_FS_EXT2_EXT2_H
#define KERNEL_FS_EXT2_EXT2_H

#include "kernel/fs/ext2/format.h"
#include "kernel/fs/ext2/journal.h"
#include "kernel/fs/cache.h"
#include "kernel/fs/quota.h"

enum {
	EXT2_LINK_MAX = 32000,
	EXT2_INDEX_FL = 0x1000,		/* of a directory: it has a hash tree */
	EXT2_EXTENTS_FL = 0x80000,
	/* What we keep in inode->flags; the others stay as they are. */
	EXT2_FLAGS_OURS = FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL |
			  FS_NOATIME_FL,
	/* Blocks that a handle may change, at most. */
	EXT2_INODE_CREDITS = 3,		/* its record; the one before in the list
					 * of orphans; the superblock */
	EXT2_ALLOC_CREDITS = 16,	/* bitmap, descriptor, superblock; three
					 * indirect blocks, each with theirs */
	EXT2_ENTRY_CREDITS = EXT2_ALLOC_CREDITS + 2, /* a name comes or goes */
	EXT2_MAKE_CREDITS = 4 + 2 * EXT2_INODE_CREDITS + EXT2_ENTRY_CREDITS,
};

struct ext2_group {		/* where its parts are, checked */
	uint32_t block_bitmap, inode_bitmap, inode_table;
	uint32_t next;		/* bit behind the blocks taken last */
};
struct ext2 {			/* superblock->private */
	struct superblock *sb;
	struct disk *disk;
	struct journal *journal;
	struct block super;		/* held */
	struct ext2_disk_super *s;	/* in it */
	struct block *descriptors;	/* held */
	struct ext2_group *group;
	uint32_t groups, block_size, block_shift;
	uint32_t blocks, first_block, blocks_per_group;
	uint32_t inodes, inodes_per_group, first_ino, inode_size;
	uint32_t table_blocks;		/* of a group's inode table */
	uint32_t per_block;		/* block numbers in an indirect block */
	off64 size_max;			/* of a file */
	uint16_t on_error;		/* enum ext2_on_error */
	bool errors_option;		/* errors= was said */
	bool no_journal;		/* nojournal was said */
	bool held, claimed;		/* the disk; exclusively */
	bool was_valid;			/* at the mount */
	bool count_users, count_groups; /* quotas */
	bool started;			/* changes may come: journal_start */
	uint32_t error_count;
	bool damaged, told;		/* ext2_error was called; acted upon */
	uint32_t overhead;		/* blocks of metadata */
	struct list windows;		/* ext2_inode.window, oldest first */
	unsigned window_count;
	struct list orphans;		/* ext2_inode.orphan, as on the disk */
	struct sleep_lock orphan_lock;
	uint32_t next_generation;
	uint32_t last_spread;		/* group of the last spread directory */
};

struct ext2_inode {		/* inode->private */
	struct inode *inode;
	uint32_t block[EXT2_BLOCKS];
	uint32_t flags;			/* as on the disk; ours are in the inode */
	uint32_t version, generation, file_acl, dir_acl, faddr;
	uint16_t extra_isize;
	off64 ahead;			/* blocks were allocated up to here, beyond
					 * the size; 0: no further */
	uint32_t sequence, data_sequence; /* journal's, of the last changes */
	uint32_t next_index, next_goal;	/* where it grew last: index, block; or 0 */
	bool fresh;			/* its record on the disk is rubbish */
	/* Blocks set aside for it, in memory only (balloc.c); end 0: none */
	struct list window;
	uint32_t window_start, window_end, window_size;
	struct list orphan;
	uint32_t next_orphan;		/* number; 0: the last */
	struct journal_inode ordered;
	struct ext2_index *index;	/* of a large directory (dir_index.c) */
};

static inline struct ext2 *ext2_of(const struct superblock *sb)
{
	return sb->private;
}
static inline struct ext2_inode *ext2_inode_of(const struct inode *i)
{
	return i->private;
}

/* --- super.c ---------------------------------------------------------------- */

/* Something on the disk is not as it must be: logged, and at the next ext2_begin
 * noted on the disk, or what errors= says. i may be NULL. Returns -EIO. */
int ext2_error(struct ext2 *fs, const struct inode *i, const char *fmt, ...)
	printf_like(3, 4);

/* journal_begin, and first of all what ext2_error has left to be done. Sleeps. */
int ext2_begin(struct ext2 *fs, uint32_t credits) must_check;
/* Not within a handle: is it worth trying again what ended in err, since blocks
 * come free when the journal's transaction is durable? Once. Sleeps. */
bool ext2_again(struct ext2 *fs, int err, uint32_t *tries);

/* --- group.c ---------------------------------------------------------------- */

int ext2_groups_load(struct ext2 *fs) must_check;
void ext2_groups_free(struct ext2 *fs);
struct ext2_disk_group *ext2_descriptor(struct ext2 *fs, uint32_t group);
void ext2_descriptor_dirty(struct ext2 *fs, uint32_t group);
uint32_t ext2_group_first(const struct ext2 *fs, uint32_t group);
uint32_t ext2_group_blocks(const struct ext2 *fs, uint32_t group);
/* May the blocks be of a file: on the disk, and no group's metadata? */
bool ext2_blocks_ok(const struct ext2 *fs, uint32_t first, uint32_t count);
static inline bool ext2_ino_ok(const struct ext2 *fs, uint32_t ino)
{
	return ino == EXT2_ROOT_INO ||
	       (ino >= fs->first_ino && ino <= fs->inodes);
}
static inline int must_check ext2_block_get(struct ext2 *fs, uint32_t number,
					    struct block *out)
{
	return disk_block_get(fs->disk, number, fs->block_size, out);
}

/* --- bitmap.c: bits of a block, as on the disk ------------------------------- */

bool ext2_bit_get(const void *map, uint32_t bit);
void ext2_bit_set(void *map, uint32_t bit);
void ext2_bit_clear(void *map, uint32_t bit);
/* The first clear one in from..end-1, or end. */
uint32_t ext2_bit_next_clear(const void *map, uint32_t from, uint32_t end);
uint32_t ext2_bit_next_set(const void *map, uint32_t from, uint32_t end);

/* --- balloc.c, ialloc.c ------------------------------------------------------ */

/* Within a handle (3 credits): 1 to *count blocks in a row for i, near goal;
 * counted in i->blocks. metadata: no window. -ENOSPC, -EIO. Sleeps. */
int ext2_blocks_alloc(struct inode *i, uint32_t goal, bool metadata,
		      uint32_t *first, uint32_t *count) must_check;
/* Within a handle (3 credits, all of one group). Sleeps. */
void ext2_blocks_free(struct inode *i, uint32_t first, uint32_t count,
		      bool metadata);
void ext2_window_drop(struct inode *i);
/* Where the blocks of i should begin. */
uint32_t ext2_goal_first(const struct inode *i);
/* Within a handle (4 credits): a number for a new inode. -ENOSPC. Sleeps. */
int ext2_ino_alloc(struct inode *dir, uint32_t mode, uint32_t *out) must_check;
/* Within a handle (3 credits). Sleeps. */
void ext2_ino_free(struct ext2 *fs, uint32_t ino, bool directory);
int ext2_ino_used(struct ext2 *fs, uint32_t ino, bool *used) must_check;
/* At mount: the record of each inode that is in use. Sleeps. */
int ext2_quota_scan(struct ext2 *fs) must_check;

/* --- inode.c ----------------------------------------------------------------- */

/* Held, filled from the disk. -EIO: there is none of that number. Sleeps. */
int ext2_inode_get(struct superblock *sb, uint32_t ino,
		   struct inode **out) must_check;
/* One of the list of orphans, which may have no links. Sleeps. */
int ext2_orphan_get(struct superblock *sb, uint32_t ino,
		    struct inode **out) must_check;
/* Within a handle (2 credits): the attributes into the table. Sleeps. */
int ext2_inode_store(struct inode *i) must_check;
/* Within a handle: a new inode with its number and owner, not stored, nlink 1
 * (a directory: 2). On failure nothing is left. Sleeps. */
int ext2_inode_make(struct inode *dir, uint32_t mode, uint32_t rdev,
		    const struct cred *who, struct inode **out) must_check;
void ext2_inodes_init(void);
int ext2_inode_write(struct inode *i) must_check;	/* write_inode. Sleeps. */
int ext2_inode_sync(struct inode *i, bool data_only) must_check;
void ext2_inode_release(struct inode *i);		/* release_inode */
int ext2_set_attr(struct inode *i, const struct attr_change *a) must_check;

/* --- tree.c, truncate.c --------------------------------------------------------- */

/* Where block `index` of i is: *out 0 for a hole; in *run how many follow it in
 * a row (or are holes), at most what *run was. The last look does not sleep. */
int ext2_map(struct inode *i, uint32_t index, uint32_t *run,
	     uint32_t *out) must_check;
/* The same within a handle (EXT2_ALLOC_CREDITS); a hole gets blocks, *fresh. i is
 * not stored. */
int ext2_map_alloc(struct inode *i, uint32_t index, bool metadata, uint32_t *run,
		   uint32_t *out, bool *fresh) must_check;
int ext2_extent(struct inode *i, off64 pos, uint32_t want, bool create,
		struct extent *out) must_check;
/* Not within a handle: frees what lies behind size. The inode's size on the disk
 * is set to it. Sleeps. */
int ext2_truncate(struct inode *i, off64 size) must_check;

/* --- orphan.c: inodes whose blocks go when a crash comes -------------------------- */

/* Within a handle (EXT2_INODE_CREDITS). The inode is stored. Sleep. */
int ext2_orphan_add(struct inode *i) must_check;
int ext2_orphan_remove(struct inode *i) must_check;
int ext2_orphans_clean(struct ext2 *fs) must_check;	/* at mount */

/* --- dir.c, dir_index.c -------------------------------------------------------- */

struct ext2_place {		/* of an entry of a directory */
	struct block block;	/* held */
	uint32_t offset;	/* in it */
	uint32_t index;		/* of the block in the directory */
};
static inline struct ext2_disk_entry *ext2_entry(const struct ext2_place *p)
{
	return (void *)((char *)p->block.data + p->offset);
}
static inline uint32_t ext2_entry_size(uint32_t name_len)
{
	return (EXT2_DIR_HEAD + name_len + 3) & ~3u;
}
bool ext2_entry_ok(const struct ext2 *fs, const struct block *b, uint32_t offset);
static inline uint32_t ext2_dir_blocks(const struct ext2 *fs,
				       const struct inode *dir)
{
	return (uint32_t)(dir->size >> fs->block_shift);
}
/* Block `index` of the directory. -EIO: a hole. Sleeps. */
int ext2_dir_block(struct inode *dir, uint32_t index,
		   struct block *out) must_check;
/* -ENOENT. The place is held on success. Sleep. */
int ext2_dir_find(struct inode *dir, const char *name, size_t len,
		  struct ext2_place *out) must_check;
int ext2_dir_dotdot(struct inode *dir, struct ext2_place *out) must_check;
int ext2_dir_is_empty(struct inode *dir) must_check; /* -ENOTEMPTY */
/* Within a handle (EXT2_ENTRY_CREDITS). The directory is not stored. Sleep. */
int ext2_dir_add(struct inode *dir, const char *name, size_t len,
		 const struct inode *what) must_check;
void ext2_dir_remove(struct inode *dir, struct ext2_place *p);
void ext2_dir_set(struct inode *dir, struct ext2_place *p,
		  const struct inode *what);
int ext2_dir_make(struct inode *dir, const struct inode *parent) must_check;
extern const struct file_ops ext2_dir_ops;

/* What is known of a directory's names and gaps, or NULL: it is small, or there
 * is no memory. The directory is locked. Sleeps (reads it the first time). */
int ext2_index_get(struct inode *dir, struct ext2_index **out) must_check;
void ext2_index_free(struct inode *dir);
void ext2_index_init(void);
/* The offsets of names that have the hash of this one: start with *cursor 0. */
bool ext2_index_next(const struct ext2_index *x, const char *name, size_t len,
		     uint32_t *cursor, uint32_t *offset);
/* The first block with a gap of size bytes, or UINT32_MAX. */
uint32_t ext2_index_gap(const struct ext2_index *x, uint32_t size);
/* A name came, went; the longest gap of a block is another. If there is no
 * memory for it, the index goes. */
void ext2_index_add(struct inode *dir, const char *name, size_t len,
		    uint32_t offset);
void ext2_index_remove(struct inode *dir, const char *name, size_t len,
		       uint32_t offset);
void ext2_index_gap_set(struct inode *dir, uint32_t block, uint32_t gap);
void ext2_index_gap_raise(struct inode *dir, uint32_t block, uint32_t gap);

/* --- name.c, rename.c ----------------------------------------------------------- */

extern const struct inode_ops ext2_dir_inode_ops, ext2_file_inode_ops,
	ext2_other_inode_ops;
int ext2_rename(struct inode *from, const char *name, size_t len,
		struct inode *what, struct inode *to, const char *new_name,
		size_t new_len, struct inode *victim, bool exchange) must_check;
/* Within a handle: one name, or for a directory all, less. Stores it. Sleeps. */
int ext2_unlinked(struct inode *i) must_check;

#endif
