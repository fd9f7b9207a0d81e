/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.h - who has how much of a file system, and may have.
 *
 * Two questions, asked together where a block or an inode is taken: have the
 * owner and the group of the file their quota (quota.c), and has the prison of
 * the process that takes it its share of all disks (share.c)?
 */
#ifndef KERNEL_FS_QUOTA_H
#define KERNEL_FS_QUOTA_H

#include "kernel/base/abi/quota.h"
#include "kernel/fs/fs.h"

struct quota_table;

/* --- for file systems that count: sb->counted --------------------------------- */

/* Before bytes or inodes are taken for i. -EDQUOT, -ENOMEM. No sleep. */
int quota_charge(struct inode *i, uint64_t bytes, uint32_t inodes) must_check;
void quota_release(struct inode *i, uint64_t bytes, uint32_t inodes);
/* i gets another owner: all that it has goes over. -EDQUOT, -ENOMEM. */
int quota_transfer(struct inode *i, uint32_t uid, uint32_t gid) must_check;
/* At mount: from now on users, groups are counted. -ENOMEM. */
int quota_begin(struct superblock *sb, bool users, bool groups) must_check;
/* At mount: what is there already. -ENOMEM. */
int quota_found(struct superblock *sb, uint32_t uid, uint32_t gid,
		uint64_t bytes) must_check;
bool quota_option(const char *word, bool *users, bool *groups); /* known? */
void quota_end(struct superblock *sb);		/* when nothing of it is left */
void quota_files_drop(struct superblock *sb);	/* at unmount, first. Sleeps. */

/* --- share.c: a prison's part ---------------------------------------------------- */

void share_init(void);
int share_charge(struct inode *i, uint64_t bytes, uint32_t inodes) must_check;
void share_release(struct inode *i, uint64_t bytes, uint32_t inodes);
void share_end(struct superblock *sb);
/* statfs for who: not more than its prison and those above may have. */
void share_statfs(const struct superblock *sb, const struct cred *who,
		  struct abi_statfs64 *out);

/* --- quota_file.c, and for quotactl(2) ------------------------------------------- */

/* p: any path of the file system, or its disk's node; *out is one of its own,
 * held. -ENOTBLK, -ENODEV. */
int quota_find(const struct path *p, struct path *out) must_check;
bool quota_has(const struct path *p, unsigned type);	/* counted? */
/* Limits hold from now on: those of the file at `name`, if it is not NULL.
 * Sleep. -ESRCH not counted; -EBUSY on already; -EINVAL no such file there. */
int quota_on(const struct path_at *at, const struct path *p, unsigned type,
	     const char *name) must_check;
int quota_off(const struct path *p, unsigned type) must_check;
int quota_sync(const struct path *p, unsigned type) must_check;
int quota_get(const struct path *p, unsigned type, uint32_t id,
	      struct abi_dqblk *out) must_check;
int quota_get_next(const struct path *p, unsigned type, uint32_t id,
		   struct abi_dqblk *out) must_check; /* -ENOENT */
int quota_set(const struct path *p, unsigned type, uint32_t id,
	      const struct abi_dqblk *in) must_check;
int quota_info(const struct path *p, unsigned type,
	       struct abi_dqinfo *out) must_check;
int quota_info_set(const struct path *p, unsigned type,
		   const struct abi_dqinfo *in) must_check;

/* --- between quota.c and quota_file.c --------------------------------------------- */

enum { QUOTA_BYTES, QUOTA_INODES, QUOTA_KINDS };
struct quota {			/* of one user or group */
	struct tree_node node;
	uint32_t id;
	struct quota_amount {
		uint64_t used, soft, hard;	/* 0: no limit */
		int64_t until;		/* ns since 1970: grace ends; 0: not begun */
	} of[QUOTA_KINDS];
};
struct quota_table {		/* superblock->quota[type] */
	struct tree ids;
	bool on;			/* limits hold */
	int64_t grace[QUOTA_KINDS];	/* ns */
	struct dentry *file;		/* held; NULL: limits are kept nowhere */
};
void quota_timers(const struct quota_table *t, struct quota *q);
struct quota *quota_entry(struct quota_table *t, uint32_t id, bool make);
struct quota *quota_after(const struct quota_table *t, uint32_t id, bool self);

#endif
