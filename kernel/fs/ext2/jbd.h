/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jbd.h - private to the journal: its form on the disk, and what its files say
 * to each other.
 *
 * The form is that of JBD, ext3's journal, version 2 without checksums; all is
 * big-endian. Block 0 of the journal is its superblock. From `first` on the
 * others are a ring of transactions with rising sequence numbers:
 *
 *	descriptor: which blocks follow | the blocks | ... | revoke: which blocks
 *	of earlier transactions are void | commit
 *
 * A transaction counts if its commit block is there. A block that begins with
 * the magic number is written with zeros there (JBD_ESCAPED).
 */
#ifndef KERNEL_FS_EXT2_JBD_H
#define KERNEL_FS_EXT2_JBD_H

#include "kernel/fs/disk.h"
#include "kernel/fs/ext2/format.h"
#include "kernel/fs/ext2/journal.h"

enum {
	JBD_LENGTH_MIN = 1024,		/* blocks */
	JBD_LENGTH_MAX = 10240000,
	JBD_FEATURE_REVOKE = 1,		/* incompat */
};
#define JBD_MAGIC 0xc03b3998u
enum jbd_type { JBD_DESCRIPTOR = 1, JBD_COMMIT, JBD_SUPER_1, JBD_SUPER_2,
		JBD_REVOKE };
enum jbd_tag_flags { JBD_ESCAPED = 1, JBD_SAME_UUID = 2, JBD_DELETED = 4,
		     JBD_LAST = 8 };
enum { JBD_UUID = 16 };			/* bytes behind a tag without SAME_UUID */

struct be32 {
	uint8_t byte[4];
};
static inline uint32_t be32_get(struct be32 b)
{
	return (uint32_t)b.byte[0] << 24 | b.byte[1] << 16 | b.byte[2] << 8 |
	       b.byte[3];
}
static inline struct be32 be32_of(uint32_t v)
{
	return (struct be32){ { v >> 24, v >> 16, v >> 8, v } };
}

struct jbd_head {
	struct be32 magic, type, sequence;
};
struct jbd_tag {
	struct be32 block, flags;
};
struct jbd_revoke {
	struct jbd_head head;
	struct be32 size;		/* bytes used, these 16 included */
	struct be32 block[];
};
struct jbd_super {
	struct jbd_head head;
	struct be32 block_size, length, first; /* length: with block 0 */
	struct be32 sequence, start;	/* of the oldest; start 0: it is empty */
	struct be32 error;
	/* version 2 */
	struct be32 compat, incompat, ro_compat;
	uint8_t uuid[16];
	struct be32 users, dynsuper, max_transaction, max_data;
	uint8_t rest[176];
	uint8_t user[16 * 48];
};
_Static_assert(sizeof(struct jbd_super) == 1024, "jbd_super");

/* --- in memory ------------------------------------------------------------ */

/* A block of metadata that is newer than what is at home. */
struct jblock {
	struct list hash_link;		/* or in the journal's pool of unused ones */
	uint32_t number;
	struct block block;		/* page NULL: only revoked */
	struct transaction *running;	/* will change with it; or NULL */
	struct list running_link;
	struct transaction *logged;	/* the last that it was frozen in, which is
					 * not at home yet; or NULL */
	struct list logged_link;
	void *copy;			/* as it was then; NULL: the page still is */
	bool writing;			/* the device reads the page */
	struct transaction *revoked;	/* freed in it; or NULL */
	struct list revoked_link;
};

/* Blocks of one group of bitmap size that a transaction has freed. */
struct freed_map {
	struct list link;
	uint32_t index;			/* block number / bits */
	uint8_t *bits;
};

struct transaction {
	uint32_t sequence;
	struct list link;		/* journal.committed, oldest first */
	struct list running, logged, revoked;	/* jblocks */
	struct list ordered;		/* journal_inode.link[sequence & 1] */
	struct list freed;		/* freed_map */
	bool all_freed;			/* no memory for it: any block may be */
	uint32_t block_count, revoke_count;
	unsigned handles;
	uint32_t reserved;		/* blocks that they may still add */
	uint32_t log_at;		/* where it begins in the journal */
	uint64_t started_ns;
};

struct handle {
	struct list link;		/* journal.handles */
	struct thread *thread;
	unsigned depth;
	uint32_t left;			/* blocks that it may still add */
};

/* Where the journal's blocks are. */
struct jrun {
	uint32_t at, block, count;	/* journal's, disk's */
};

enum { JIO_SLOTS = 8, JIO_PIECES = 32, JHASH = 512 };

/* Writes of blocks that go on while more are added: io.c. */
struct jio_slot {
	struct disk_request request;
	struct disk_piece pieces[JIO_PIECES];
	uint32_t next;			/* block that may be added */
	bool busy;
};
struct jio {
	struct jio_slot slot[JIO_SLOTS];
	struct jio_slot *filling;
	unsigned busy;
	int error;			/* of the first that failed */
	struct sleep_queue done;
};

struct journal {
	struct superblock *sb;
	struct disk *disk;
	uint32_t block_size, disk_blocks;
	struct block super;		/* the ext2 superblock's */
	/* the journal on the disk; length 0: there is none */
	uint32_t length, first;
	struct jrun *runs;
	uint32_t run_count;
	uint32_t head;			/* the next to be written */
	uint32_t free;			/* of length - first */
	struct jbd_super *log;		/* block 0, as it is on the disk */
	uint8_t *scratch, *escape;	/* a block each */
	struct jio *io;			/* used by whoever writes: one at a time */
	/* transactions */
	uint32_t sequence;		/* of the next one that begins */
	struct transaction *running, *committing;
	struct list committed;
	uint32_t logged_count, logged_max; /* jblocks not at home; how many may be */
	struct list handles;
	struct list hash[JHASH], pool;
	uint32_t pool_count;
	struct inode *writing;		/* its pages are being written */
	bool locked;			/* the running one takes no new handles */
	bool started, stopping, aborted, marked, has_wanted, home_wanted;
	uint32_t wanted;		/* commit up to this one, soon */
	uint64_t flush_begun, flush_done; /* numbers of flushes */
	struct thread *thread;		/* NULL: it does not run */
	struct sleep_queue work;	/* the thread sleeps here */
	struct sleep_queue changed;	/* everybody else */
};

static inline uint32_t jbd_sectors(const struct journal *j)
{
	return j->block_size / DISK_SECTOR;
}
/* a is older than b, or it: numbers may wrap */
static inline bool jbd_not_after(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a) >= 0;
}
static inline struct ext2_disk_super *jbd_ext2(const struct journal *j)
{
	return (struct ext2_disk_super *)((uint8_t *)j->super.data +
					  EXT2_SUPER_AT % j->block_size);
}

/* io.c */
void jio_init(struct jio *io);
/* data goes to the disk's block; it stays as it is until jio_finish. Sleeps. */
void jio_add(struct journal *j, uint32_t block, void *data);
int jio_finish(struct journal *j) must_check;	/* of all since the last. Sleeps. */
int jio_write(struct journal *j, uint32_t block, void *data) must_check;
int jio_read(struct journal *j, uint32_t block, void *data) must_check;
int jio_flush(struct journal *j) must_check;	/* Sleeps. */

/* map.c */
int jmap_load(struct journal *j, const struct ext2_disk_inode *i) must_check;
uint32_t jmap_block(const struct journal *j, uint32_t at); /* at < length */

/* open.c */
/* The journal begins at start (0: it is empty) with this number. Sleeps. */
int jsuper_write(struct journal *j, uint32_t start, uint32_t sequence,
		 int error) must_check;
int jext2_write(struct journal *j) must_check;	/* the ext2 superblock. Sleeps. */
/* After an abort: both superblocks say so, as far as can be. Sleeps. */
void jmark_error(struct journal *j);
/* Inode 8: the block where it is, and it in there; to be put. Sleeps. */
int jinode_get(struct journal *j, struct block *b,
	       struct ext2_disk_inode **i) must_check;

/* recover.c */
/* Replays what j->log says is to be; *next: the first unused number. Sleeps. */
int jrecover(struct journal *j, uint32_t *next) must_check;

/* add.c */
/* Makes one, if that can be; else the length stays 0. Sleeps. -EIO, -ENOMEM. */
int jadd(struct journal *j) must_check;
enum { JBD_FIRST = 1 };
void jsuper_fill(struct journal *j, uint32_t length);

/* transaction.c */
struct handle *jhandle_mine(const struct journal *j);
struct jblock *jblock_find(const struct journal *j, uint32_t number);
void jblock_settle(struct journal *j, struct jblock *b); /* if nobody needs it */
void jtransaction_free(struct transaction *t);
void jfreed_clear(struct transaction *t);

/* commit.c, checkpoint.c: the journal's thread */
static inline void jchange_wait(struct journal *j)	/* Sleeps. */
{
	/* No deadline and no signal: it can only be woken. */
	(void)!sleep_on(&j->changed, SLEEP_DEEP, SLEEP_FOREVER);
}
void jcommit_want(struct journal *j, uint32_t sequence);
void jcommit_thread(void *journal);
int jcheckpoint(struct journal *j) must_check;	/* all that is committed. Sleeps. */
void jblock_home(struct journal *j, struct jblock *b); /* what was logged is there,
							* or void */

#endif
