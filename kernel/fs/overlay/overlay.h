/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overlay.h - private to kernel/fs/overlay: folders laid over one another.
 *
 * A mount shows a writable folder (upper) over others that are never written
 * (lower). What only a lower one has is copied up before it changes; what is
 * removed leaves a whiteout in upper, a character device 0:0. A folder of
 * upper that hides those below holds the name OPAQUE. So a tree costs what was
 * changed in it. Names that begin with RESERVED are the overlay's own.
 *
 * Locks: an inode of the overlay is locked before those of the layers;
 * overlay->lock, for the work folder and copying up, comes between.
 */
#ifndef KERNEL_FS_OVERLAY_OVERLAY_H
#define KERNEL_FS_OVERLAY_OVERLAY_H

#include "kernel/fs/inner.h"

#define RESERVED ".wh..wh."
#define OPAQUE RESERVED "opq"
#define WORK RESERVED "work"
enum { NODE_BUCKETS = 512 };

struct overlay {			/* superblock->private */
	struct path upper;		/* mount NULL: none, nothing can change */
	struct path work;		/* on upper's file system; things are made
					 * ready in it, then renamed into place */
	struct path *lower;		/* the uppermost first */
	unsigned lower_count;
	const struct cred *cred;	/* of who mounted it; opens layers' files */
	struct sleep_lock lock;
	uint32_t serial;		/* of names in work */
	struct list *nodes;		/* by real inode */
	struct list link;
};
struct node {				/* inode->private */
	struct inode *inode;		/* whose it is; not held */
	struct inode *parent;		/* held; NULL: the root */
	char *name;			/* in parent, for copying up */
	size_t len;
	bool removed;			/* it has no name any more */
	struct path upper;		/* mount NULL: it is below only */
	struct list hash_link;
	unsigned lower_count;		/* more than one: a merged folder */
	struct path lower[];
};
/* Paths of one name through the layers. */
struct found {
	struct path upper;
	unsigned lower_count;
	struct path *lower;		/* room for overlay->lower_count */
};
/* What is to be made. */
struct spec {
	uint32_t mode, rdev;
	const char *target;		/* of a symlink */
	const struct cred *who;
};

static inline struct overlay *overlay_of(const struct inode *i)
{
	return i->sb->private;
}
static inline struct node *node_of(const struct inode *i)
{
	return i->private;
}
/* Where its content is now. */
static inline const struct path *node_real(const struct node *n)
{
	assert(n->upper.mount || n->lower_count > 0);
	return n->upper.mount ? &n->upper : &n->lower[0];
}
static inline struct inode *node_real_inode(const struct node *n)
{
	return node_real(n)->dentry->inode;
}
static inline bool is_whiteout(const struct inode *i)
{
	return S_ISCHR(i->mode) && i->rdev == 0;
}
static inline bool is_reserved(const char *name, size_t len)
{
	return len >= sizeof(RESERVED) - 1 &&
	       !memcmp(name, RESERVED, sizeof(RESERVED) - 1);
}

/* --- layer.c: deeds in one layer, without asking ------------------------- */

/* *out is held; -ENOENT. All sleep, and lock the layer's folder. */
int layer_lookup(const struct path *dir, const char *name, size_t len,
		 struct path *out) must_check;
int layer_make(const struct path *dir, const char *name, size_t len,
	       const struct spec *s, struct path *out) must_check;
int layer_link(const struct path *dir, const char *name, size_t len,
	       struct inode *to) must_check;
int layer_remove(const struct path *dir, struct dentry *d) must_check;
/* Removes all names in the folder; folders in it must be as good as empty. */
int layer_clear(struct overlay *o, const struct path *dir) must_check;
bool layer_is_opaque(const struct path *dir);
/* In the work folder, under a name of its own. */
int work_make(struct overlay *o, const struct spec *s, struct path *out) must_check;
void work_name(struct overlay *o, char name[NAME_MAX + 1]);

/* --- node.c: inodes of the overlay ---------------------------------------- */

/* The inode for what was found; takes f's references over, on failure too. */
int node_get(struct superblock *sb, struct inode *parent, const char *name,
	     size_t len, struct found *f, struct inode **out) must_check;
void node_release(struct inode *i);
void node_mirror(struct inode *i);	/* attributes of the real inode */
int node_rename(struct node *n, struct inode *parent, const char *name,
		size_t len) must_check;
void node_rehash(struct node *n);
void found_drop(struct found *f);	/* Sleeps. */
/* What the layers have of name below the folder n. */
int node_lookup(struct node *n, const char *name, size_t len,
		struct found *f) must_check;
bool node_is_below(struct node *n, const char *name, size_t len);

/* --- copy_up.c, names.c, list.c, file.c ------------------------------------ */

/* Afterwards i has an upper; of a file's content its first `most` bytes. */
int copy_up(struct inode *i, off64 most) must_check;
extern const struct inode_ops overlay_dir_inode_ops, overlay_inode_ops;
extern const struct file_ops overlay_dir_ops, overlay_file_ops;
/* A folder's names through the layers; false from each: stop. Sleeps. */
typedef bool name_each(void *ctx, const char *name, size_t len);
int list_layer(struct overlay *o, const struct path *dir, name_each *each,
	       void *ctx) must_check;
/* 0; -ENOTEMPTY. */
int list_is_empty(struct inode *dir) must_check;

#endif
