/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to room 6: what its files say to each other.
 *
 * References: a dentry holds its parent and its inode; a mount holds its
 * superblock, its root, its parent and its point; a path holds both of its
 * parts. dentry_drop, mount_drop and inode_drop may sleep.
 */
#ifndef KERNEL_FS_INNER_H
#define KERNEL_FS_INNER_H

#include "kernel/fs/fs.h"

enum {
	NS_PER_SEC = 1000000000,
	MS_UNBINDABLE = 1 << 17,
	SECTOR = 512,
};
/* Largest offset: what a page number of 32 bits can reach. */
#define FILE_SIZE_MAX (((off64)1 << 44) - PAGE_SIZE)
#define FILE_SIZE_SMALL 0x7fffffffll	/* without O_LARGEFILE */

/* --- dentry.c ----------------------------------------------------------- */

void dentry_init(void);
static inline void dentry_hold(struct dentry *d)
{
	d->refs++;
}
void dentry_let_go(struct dentry *d);
static inline void dentry_drop(struct dentry *d)	/* Sleeps. */
{
	if (d->refs > 1)
		d->refs--;
	else
		dentry_let_go(d);
}
/* The hash of a name: bytes from DENTRY_SEED on, then the parent. */
#define DENTRY_SEED 0x811c9dc5u
static inline uint32_t dentry_hash_byte(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x01000193u;
}
static inline uint32_t dentry_hash_end(uint32_t h, const struct dentry *parent)
{
	return hash_u32(h ^ ((uint32_t)parent >> 4));
}
uint32_t dentry_hash(const struct dentry *parent, const char *name, size_t len);
struct dentry *dentry_find(const struct dentry *parent, const char *name,
			   size_t len, uint32_t hash); /* cached; not held */
/* With the directory locked: from the cache or the fs; held; perhaps negative. */
int dentry_lookup(struct dentry *parent, const char *name, size_t len,
		  uint32_t hash, struct dentry **out) must_check;
int dentry_root(struct inode *i, struct dentry **out) must_check;
/* A free-standing name below parent (O_TMPFILE, memory files): unhashed. */
int dentry_unnamed(struct dentry *parent, const char *name, struct inode *i,
		   struct dentry **out) must_check;
void dentry_fill(struct dentry *d, struct inode *i); /* was negative; takes i over */
void dentry_removed(struct dentry *d);		/* its name is gone. Sleeps. */
void dentry_unhash(struct dentry *d);
int dentry_name_room(size_t len, char **room) must_check; /* for dentry_move */
void dentry_move(struct dentry *d, struct dentry *parent, const char *name,
		 size_t len, char *room);	/* Sleeps. */
void dentry_exchange(struct dentry *a, struct dentry *b);
void dentry_purge(struct dentry *root);		/* the cache below it. Sleeps. */
void dentry_shrink_all(void);			/* all unused ones, if they can */

/* --- super.c, mount.c --------------------------------------------------- */

struct fs_type *super_type_find(const char *name);
/* All superblocks that are not leaving, one after the other: start with NULL.
 * It stays while it is pinned; prev is let go. */
struct superblock *super_pin_next(struct superblock *prev);
bool super_any_dirty(void);
void super_hold(struct superblock *sb);
void mount_init(void);
static inline void mount_hold(struct mount *m)
{
	assert(m->refs > 0);
	m->refs++;
}
void mount_drop(struct mount *m);		/* Sleeps. */
struct mount *mount_of_device(uint32_t number);	/* some; not held; or NULL */
struct mount *mount_find(const struct mount *parent, const struct dentry *point);
static inline bool mount_read_only(const struct mount *m)
{
	return (m->flags | m->sb->flags) & MS_RDONLY;
}
int mount_new(struct superblock *sb, struct dentry *root, const char *source,
	      uint32_t flags, struct prison *owner, struct mount **out) must_check;
void mount_attach(struct mount *m, const struct path *at); /* takes m over */
void mount_detach(struct mount *m);		/* and all below it. Sleeps. */
void mount_move(struct mount *m, const struct path *to); /* Sleeps. */
struct mount *mount_below(struct mount *top, struct mount *prev); /* preorder */
/* A mount without a place, for files without a name. Held for ever. */
int mount_nameless(const struct fs_type *t, struct mount **out) must_check;
struct mount *mount_global(void);		/* the root mount; not held */
bool mount_visible(const struct cred *who, const struct fs_context *fs,
		   const struct mount *m);
/* Where it is mounted, as who may know it: into the end of buf. */
const char *mount_spell(const struct cred *who, const struct fs_context *fs,
			struct mount *m, char *buf, size_t size);
void mount_prison_gone(const struct prison *p);	/* what it made. Sleeps. */
void mount_ops_init(void);

/* --- prison.c ----------------------------------------------------------- */

void prison_files_init(void);
static inline bool path_is_prison_root(const struct cred *who,
				       const struct path *p)
{
	const struct path *root = who->prison->slot[PRISON_SLOT_ROOT];

	return root && root->dentry == p->dentry && root->mount == p->mount;
}
void inode_set_id_note(struct inode *i, const struct cred *who);

/* --- path.c, name.c ----------------------------------------------------- */

/* WALK_PARENT | WALK_FOLLOW: a symlink in the last place is followed to the
 * parent and last name of what it points at (open with O_CREAT). */
/* May `..` have led here? */
bool path_in_view(const struct path_at *at, const struct path *p);
bool path_is_top(const struct path_at *at, const struct path *p);
/* Up by the mount whose root this is, if it is one; false at the very top. */
bool path_step_out(struct path *p);		/* references follow */
void path_cross(struct path *p);		/* down into what is mounted here */

/* --- path_ops.c, rename.c ----------------------------------------------- */

int path_may_create(struct inode *dir, const struct cred *who) must_check;
int path_may_delete(struct inode *dir, const struct dentry *victim,
		    const struct cred *who, bool directory) must_check;
/* The last name of a walk to a parent, in the locked directory; held. */
int path_last_dentry(const struct path *parent, const struct path_last *last,
		     struct dentry **out) must_check;
/* New regular file d (negative) in the locked parent. */
int path_create_file(const struct path_at *at, const struct path *parent,
		     struct dentry *d, uint32_t mode) must_check;

/* For file systems made of others: the deeds alone, no question asked. The
 * caller holds d; dir is locked. Sleep. */
int path_remove_dentry(struct inode *dir, struct dentry *d,
		       bool directory) must_check;
/* d, a name in from, becomes `name` in to, in the place of its like, or
 * changes places with whatever is there. Locks both. */
int path_move_dentry(const struct path *from, struct dentry *d,
		     const struct path *to, const char *name, size_t len,
		     bool exchange) must_check;

/* --- ext2/super.c -------------------------------------------------------- */

void ext2_init(void);

/* --- overlay/ ------------------------------------------------------------ */

void overlay_init(void);

/* --- flags.c ------------------------------------------------------------ */

static inline bool inode_is_fixed(const struct inode *i)
{
	return unlikely(i->flags & (FS_IMMUTABLE_FL | FS_APPEND_FL));
}
void inode_flags_inherit(struct inode *i, const struct inode *dir);
void inode_flags_stat(const struct inode *i, struct abi_statx *out);

/* --- attr.c, inode.c, regular.c ----------------------------------------- */

void inode_init(void);
void inode_free(struct inode *i);		/* Sleeps. */
/* A write or truncation takes the set-id bits away. Inode locked. */
void inode_clear_setid(struct inode *i, const struct cred *who);
/* Acts; the checks are done, the inode is locked. */
int inode_apply(struct inode *i, const struct attr_change *a) must_check;
static inline bool inode_owned(const struct inode *i, const struct cred *who)
{
	return who->fsuid == i->uid;
}
bool inode_sticky(const struct inode *dir, const struct inode *victim,
		  const struct cred *who);	/* true: may not remove it */
/* size and the reach of mappings. No pages are touched. */
void regular_size_set(struct inode *i, off64 size);
/* The pages' part of a truncation; then the size. Inode locked. Sleeps. */
int regular_resize(struct inode *i, off64 size) must_check;
/* In a long copy: lets others run; false: a fatal signal waits, stop. */
bool regular_may_go_on(void);
int file_seek_plain(struct file *f, off64 offset, int whence, off64 *out) must_check;
/* RLIMIT_FSIZE of the running process: -EFBIG (and SIGXFSZ) when past it. */
int regular_limit(off64 size) must_check;

/* --- icache.c ----------------------------------------------------------- */

void icache_init(void);
void inode_take(struct inode *i);	/* a reference of one that may have none */
void inode_unused(struct inode *i);		/* Sleeps. */
void inode_forget(struct inode *i);
void inode_purge(struct superblock *sb);	/* Sleeps. */
void inode_queue(struct inode *i);
void inode_dirty_set(struct inode *i, unsigned what); /* INODE_DIRTY_* */
bool inode_drops_quietly(const struct inode *i);
void inode_shrink_all(void);			/* all unused, written ones */
/* Is one of that number in memory, and not on its way out? */
bool inode_in_use(const struct superblock *sb, uint64_t ino);

/* --- file.c, nameless.c ------------------------------------------------- */

void file_init(void);
void nameless_init(void);
/* A file object with a reference, charged to who; ops, path and inode are the
 * caller's to fill. -ENFILE, -ENOMEM. */
int file_alloc(const struct cred *who, unsigned flags, struct file **out) must_check;
void file_unalloc(struct file *f);		/* one that was never opened */
/* Like file_new, but on the inode of `with`: the two ends of a pipe. */
int file_new_beside(struct file *with, const struct file_ops *ops,
		    unsigned flags, void *private, struct file **out) must_check;

/* Hooks of the other half of the room (pipe.c epoll.c lock.c), called here:
 *   pipe_fifo_ops.open		open of a FIFO node (open.c); the file's flags
 *				and inode are set, f->ops is pipe_fifo_ops
 *   lock_release_owner(i, t)	each close of a file of table t (table.c)
 *   lock_release_owner(i, f)	the last close of f: OFD locks, flock (file.c)
 *   epoll_file_gone(f)		the last close of f, if f->epolls has items
 * f->epolls and inode->locks, ->flocks are initialised lists from birth. */

#endif
