/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs.h - private to tmpfs.c and tmpfs_dir.c.
 *
 * An inode with links is held once by the file system ("link reference"); a
 * directory's names are its own, in a hash and in a tree by readdir cookie.
 */
#ifndef KERNEL_FS_TMPFS_H
#define KERNEL_FS_TMPFS_H

#include "kernel/fs/inner.h"

struct tmpfs_entry {
	struct tree_node node;		/* tmpfs_dir.order */
	struct tmpfs_entry *chain;	/* in its bucket */
	struct inode *inode;
	off64 cookie;			/* place in readdir; rises, never reused */
	uint32_t hash;
	uint16_t len;
	char name[];
};
struct tmpfs_dir {			/* inode->private of a directory */
	struct tree order;
	struct tmpfs_entry **bucket;	/* NULL while empty */
	uint32_t buckets, count;
	off64 next_cookie;
	struct inode *self, *parent;	/* not held: parents outlive children */
};
enum { TMPFS_ENTRY_SIZE = 20 };	/* what a name adds to st_size, as Linux */

int tmpfs_dir_new(struct inode *self, struct inode *parent) must_check;
void tmpfs_dir_free(struct inode *i);	/* entries too, not their inodes */
struct tmpfs_entry *tmpfs_dir_find(struct tmpfs_dir *d, const char *name,
				   size_t len);
int tmpfs_dir_add(struct tmpfs_dir *d, const char *name, size_t len,
		  struct inode *i) must_check;	/* -ENOSPC; no reference taken */
void tmpfs_dir_remove(struct tmpfs_dir *d, struct tmpfs_entry *e);
extern const struct file_ops tmpfs_dir_ops;

static inline struct tmpfs_dir *tmpfs_dir_of(const struct inode *i)
{
	return i->private;
}

#endif
