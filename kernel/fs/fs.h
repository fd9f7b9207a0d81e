/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs.h - the public face of room 6: turns names into files, for a given cred.
 *
 * name --path_walk--> struct path (mount + dentry) --> inode --> struct file.
 * Locks: the kernel lock; a directory's and a file's content change under
 * inode->lock (a sleep_lock), parent before child, and for rename both
 * parents by address.
 */
#ifndef KERNEL_FS_FS_H
#define KERNEL_FS_FS_H

#include "kernel/base/abi/fs.h"
#include "kernel/vm/vm.h"

struct inode;
struct file;
struct dentry;
struct mount;
struct superblock;
struct path;
struct fs_type;
struct path_at;
struct quota_table;
struct disk;
struct file_ops;
struct file_table;
struct text;

/* --- inode.c ----------------------------------------------------------------- */

struct attr_change {		/* for inode_ops.set_attr, after the checks */
	uint32_t valid;		/* ATTR_* */
	uint32_t mode, uid, gid;
	uint32_t flags;		/* FS_*_FL */
	off64 size;
	int64_t atime, mtime;	/* ns since 1970 */
};
enum { ATTR_MODE = 1, ATTR_UID = 2, ATTR_GID = 4, ATTR_SIZE = 8,
       ATTR_ATIME = 16, ATTR_MTIME = 32,
       ATTR_NOW = 64,	/* both times are "now": write permission is enough */
       ATTR_OWNER = 128,	/* a chown, even of nothing: set-id bits fall */
       ATTR_FLAGS = 256 };

/* What stands on the medium from some byte of a file on; whole blocks. */
struct extent {
	off64 start;		/* first byte in the file */
	uint32_t bytes;		/* at least one block */
	uint64_t sector;	/* of the superblock's disk, where start lies */
	bool hole;		/* no place: reads as zeros */
	bool fresh;		/* just allocated: the medium holds rubbish */
};

/* Emits one directory entry; false: the buffer is full, stop before it. */
typedef bool (*dir_emit)(void *ctx, const char *name, size_t len, uint64_t ino,
			 unsigned type, off64 next);

/* Called with the directory locked, after every check. NULL: -EPERM, or for
 * lookup -ENOTDIR. Names are not NUL-limited: use len. All may sleep. */
struct inode_ops {
	int (*lookup)(struct inode *dir, const char *name, size_t len,
		      struct inode **out);	/* held; -ENOENT */
	int (*create)(struct inode *dir, const char *name, size_t len,
		      uint32_t mode, uint32_t rdev, const struct cred *who,
		      struct inode **out);	/* file, fifo, device, socket */
	int (*mkdir)(struct inode *dir, const char *name, size_t len,
		     uint32_t mode, const struct cred *who, struct inode **out);
	int (*symlink)(struct inode *dir, const char *name, size_t len,
		       const char *target, const struct cred *who, struct inode **out);
	int (*link)(struct inode *dir, const char *name, size_t len,
	     struct inode *to);
	int (*unlink)(struct inode *dir, const char *name, size_t len,
	     struct inode *victim);
	int (*rmdir)(struct inode *dir, const char *name, size_t len,
	     struct inode *victim);
	int (*rename)(struct inode *from, const char *name, size_t len,
		      struct inode *what, struct inode *to, const char *new_name,
		      size_t new_len, struct inode *victim, bool exchange);
	int (*read_link)(struct inode *i, char *to, size_t size); /* length */
	/* Instead of read_link: jump straight to a path (/proc/PID/fd/N). Held. */
	int (*follow)(struct inode *i, const struct cred *who,
	     struct path *out);
	/* With follow: the caller's own open file that it stands for, held, or
	 * NULL. May be NULL. */
	struct file *(*own_file)(struct inode *i, const struct cred *who);
	int (*set_attr)(struct inode *i, const struct attr_change *a);
	/* Fresh values into the inode before stat (procfs). May be NULL. */
	void (*refresh)(struct inode *i);
	/* May this cached name still be used? NULL: yes, always. */
	bool (*revalidate)(struct inode *dir, struct dentry *d);
	/* Extra say over who may pass, after the modes. May be NULL. */
	int (*permission)(struct inode *i, const struct cred *who,
	     unsigned want);
	/* A regular file without a name, nlink 0 (O_TMPFILE). NULL: EOPNOTSUPP. */
	int (*tmpfile)(struct inode *dir, uint32_t mode, const struct cred *who,
		       struct inode **out);
	/* Pages were taken out of i->object (truncate, punch). May be NULL. */
	void (*pages_freed)(struct inode *i, uint32_t n);
	/* What stands from the block of byte pos on, in out->bytes up to about
	 * want; true when it returns, so it must not sleep after it has looked.
	 * create: a hole gets a place first; i->lock is held. Else it need not
	 * be. What was allocated and then not used goes when set_attr sets the
	 * size that the file has. -ENOSPC, -EDQUOT, -EIO. NULL: the content is
	 * not on a disk. */
	int (*extent)(struct inode *i, off64 pos, uint32_t want, bool create,
		      struct extent *out);
};
enum {	/* inode.dirty: what has to be written */
	INODE_DIRTY_TIMES = 1,	/* only times: fdatasync may leave them */
	INODE_DIRTY_DATA = 2,	/* what finding the data takes: size, blocks */
};
struct read_ahead {		/* in pages */
	uint32_t next;		/* where a reader that goes on will be */
	uint32_t end;		/* all before it was asked for */
	uint32_t window;	/* 0: it has jumped */
	bool never;		/* the program says that it reads here and there */
};
struct inode {
	uint32_t refs;
	struct superblock *sb;		/* [I] */
	uint64_t ino;			/* [I] */
	uint32_t mode, uid, gid, nlink;
	uint32_t rdev;			/* [I] */
	off64 size;
	int64_t atime, mtime, ctime, btime;	/* ns since 1970 */
	uint64_t blocks;		/* 512-byte units */
	uint32_t flags;			/* FS_*_FL (flags.c) */
	const struct inode_ops *ops;	/* [I] */
	const struct file_ops *fops;	/* [I] what open gives; NULL: by type */
	struct sleep_lock lock;
	struct vm_object *object;	/* page cache of a regular file, held */
	struct list locks;		/* record locks (lock.c) */
	struct list flocks;
	void *fifo;			/* pipe.c, while a FIFO is open */
	void *socket;			/* net: a bound unix socket */
	int writers;			/* open for writing; < 0: running (ETXTBSY) */
	void *private;			/* the file system's */
	struct list sb_link, hash_link;
	char *link;			/* a symlink's text, where the fs keeps it in
					 * memory (kmem; freed with the inode) */
	struct dentry *alias;		/* a directory's one name; not held */
	bool removed;			/* a directory that rmdir took: takes no names */
	bool linkable;			/* no name yet, may get one (O_TMPFILE) */
	bool sparse;			/* pages missing in object are holes */
	bool counted;			/* by a quota (tmpfs.c) */
	uint16_t set_id_depth;		/* of the deepest prison that had a hand in
					 * its set-id bits */
	/* icache.c: inodes of disk file systems */
	bool loading, dying;		/* others wait until it is over */
	bool recent;			/* used since the shrinker last looked */
	uint8_t dirty;			/* INODE_DIRTY_* */
	struct list lru;		/* without references, kept */
	struct list dirty_link;		/* sb->dirty: to be written, pages or self */
	uint64_t dirty_since;		/* arch_clock_ns */
	/* cache.c, writeback.c */
	struct disk *disk;		/* where object's pages stand, or NULL */
	uint32_t reads;			/* requests under way */
	uint32_t pins;			/* who works on its pages without a reference */
	struct list writes;		/* requests under way, oldest first */
	struct read_ahead ahead;	/* of faults */
	int write_error;		/* not told to anybody yet */
};
struct superblock_ops {
	/* The inode leaves memory. nlink 0: what it has on the medium goes too.
	 * Else everything is written, and it must not sleep. */
	void (*release_inode)(struct inode *i);
	int (*statfs)(struct superblock *sb, struct abi_statfs64 *out);
	/* All that is in memory is on the medium, after its files' pages and
	 * inodes were handed over (write_inode). Sleeps. */
	int (*sync)(struct superblock *sb);
	/* The inode's attributes into the metadata. i->dirty is clear. Sleeps. */
	int (*write_inode)(struct inode *i);
	/* fsync, after its pages and write_inode: durable. Sleeps. */
	int (*sync_inode)(struct inode *i, bool data_only);
	int (*remount)(struct superblock *sb, uint32_t flags,
	     const char *options);
	void (*unmount)(struct superblock *sb);
	void (*show_options)(struct superblock *sb, char *to, size_t size); /* ",size=4k" */
};
struct superblock {
	uint32_t refs;
	const struct fs_type *type;
	const struct superblock_ops *ops;
	uint32_t dev;			/* st_dev */
	uint32_t flags;			/* MS_RDONLY */
	bool keeps_flags;		/* chattr works on its files */
	struct inode *root;		/* held; set by fs_type.mount */
	struct dentry *root_dentry;	/* held; made at the first mount */
	uint64_t next_ino;		/* for inode_new */
	struct prison *prison;		/* pays; held */
	struct list inodes;
	struct sleep_lock rename_lock;	/* rename.c */
	bool counted;			/* asks quota.h for blocks and inodes */
	struct quota_table *quota[2];	/* QUOTA_USER, QUOTA_GROUP; or NULL */
	struct list dirty;		/* inode.dirty_link, oldest first */
	struct disk *disk;		/* under its files, or NULL */
	uint32_t block_size;		/* of the disk's file system; else 0 */
	bool leaving;			/* nothing is kept in memory any more */
	struct list writes;		/* requests of its inodes, oldest first */
	uint32_t pins;			/* who writes back without a reference */
	int write_error;		/* not told to anybody yet */
	struct list link;		/* all of them (super.c) */
	void *private;
};
struct fs_type {			/* registered once, by whoever has one */
	const char *name;
	bool needs_device;
	bool fleeting;			/* names are not worth keeping unused */
	bool stacked;			/* dropping an inode drops others': sleeps */
	uint32_t magic;			/* statfs f_type */
	uint32_t jail_allow;		/* a prison needs this ALLOW_ bit, and
					 * allow.mount, to mount one; 0: never */
	/* source and options are strings, never NULL. Sleeps. NULL: nullfs,
	 * which has no superblocks of its own. */
	int (*mount)(const struct fs_type *t, const struct cred *who,
		     const char *source, uint32_t flags, const char *options,
		     struct superblock **out);
	/* Instead of mount, for options that are names. */
	int (*mount_at)(const struct fs_type *t, const struct path_at *at,
			const char *source, uint32_t flags, const char *options,
			struct superblock **out);
	struct list link;
};
void vfs_init(void);
/* dev sets it: gives an opened character or block node its ops. NULL: -ENXIO. */
extern int (*vfs_device_open)(struct inode *i, struct file *f);
/* And says for which names of nodes there is nothing to find for who, who is
 * not of the host. NULL: none. */
extern bool (*vfs_device_hidden)(struct inode *i, const struct cred *who);
void vfs_register(struct fs_type *t);
struct fs_type *vfs_type_next(struct fs_type *prev); /* for /proc/filesystems */
int vfs_superblock_new(const struct fs_type *t,
		       const struct superblock_ops *ops,
		       const struct cred *who, struct superblock **out) must_check;
void vfs_superblock_drop(struct superblock *sb);
/* All fields; the id of the file system is for the host only. */
int vfs_statfs(const struct path *p, const struct cred *who,
	       struct abi_statfs64 *out) must_check;
int vfs_sync(void);		/* all superblocks. Sleeps. */
int vfs_sync_one(struct superblock *sb) must_check;	/* Sleeps. */
/* held; fresh ino, times now */
int inode_new(struct superblock *sb, uint32_t mode,
	      struct inode **out) must_check;
static inline void inode_hold(struct inode *i)
{
	assert(i->refs > 0);
	i->refs++;
}
void inode_drop(struct inode *i);	/* Sleeps. */
/* i's attributes have changed: write_inode is to be called. */
void inode_dirty(struct inode *i);
/* The inode by number, held. *fresh: it is new and empty, and others who want
 * it wait until the caller has filled it and says inode_ready. -ENOMEM. Sleeps. */
int inode_get(struct superblock *sb, uint64_t ino, struct inode **out,
	      bool *fresh) must_check;
/* err: nobody gets it; the caller's reference is dropped. Sleeps. */
void inode_ready(struct inode *i, int err);
/* The inode by number if it is in memory, held; else NULL. Sleeps. */
struct inode *inode_cached(struct superblock *sb, uint64_t ino);
/* A new one (inode_new) has got its number on the medium: it is kept, and found
 * by inode_get from now on. */
void inode_enter(struct inode *i, uint64_t ino);
int64_t inode_now(void);		/* ns since 1970, coarse */
void inode_touch_read(struct inode *i, const struct mount *m); /* relatime */
void inode_touch_write(struct inode *i);
/* want: bits of R_OK W_OK X_OK. By fsuid and groups, then privileges. */
int inode_permission(struct inode *i, const struct cred *who,
		     unsigned want) must_check;
/* checks rules of chmod/chown/utimes, then acts */
int inode_set_attr(struct inode *i, const struct cred *who,
		   const struct attr_change *a) must_check;
/* fsuid, setgid directory */
void inode_owner_set(struct inode *i, struct inode *dir,
		     const struct cred *who);
/* inode_set_attr, and -EROFS */
int path_set_attr(const struct path *p, const struct cred *who,
		  const struct attr_change *a) must_check;
/* A program runs from i: no writers (-ETXTBSY) until inode_running_end. */
int inode_running_begin(struct inode *i) must_check;
void inode_running_end(struct inode *i);
int inode_stat(const struct path *at, struct inode *i,
	       struct abi_statx *out) must_check;

/* --- path.c, dentry.c, mount.c -------------------------------------------- */

struct path {
	struct mount *mount;
	struct dentry *dentry;
};
struct dentry {
	uint32_t refs;
	struct dentry *parent;		/* held; itself for a root */
	struct inode *inode;		/* NULL: known not to exist */
	uint32_t hash;
	uint16_t len;
	bool unhashed;			/* removed; still open somewhere */
	bool recent;			/* used since the LRU last looked */
	uint32_t mounted;		/* mounts on it */
	const char *name;		/* NUL-terminated; short ones inline */
	char short_name[32];
	struct list hash_link, children, sibling, lru;
};
struct mount {
	uint32_t refs;
	int id;
	struct superblock *sb;
	struct dentry *root;		/* held */
	struct mount *parent;		/* NULL: the root mount */
	struct dentry *point;		/* in the parent; held */
	uint32_t flags;			/* MS_NOSUID ... */
	struct list link, children, sibling;
	char *source;
	struct prison *prison;		/* of who mounted it; held */
	uint32_t locked;		/* flags that a remount may not clear */
	struct list hash_link;		/* by (parent, point) */
	struct mount *twin;		/* its copy, during a deep bind */
	bool detached;
	bool nameless;			/* of the kernel: pipes, memory files */
	bool null;			/* made as a nullfs: its type's name */
};
struct fs_context {		/* cwd, root, umask: shared by CLONE_FS */
	uint32_t refs;
	struct path root, cwd;
	struct path top;	/* the first chroot, or the prison's root; mount
				 * NULL: neither */
	uint32_t umask;
};
/* from NULL: a fresh one at the root of the root mount, umask 022. */
int path_context_copy(const struct fs_context *from,
		      struct fs_context **out) must_check;
void path_context_drop(struct fs_context *c);
static inline void path_hold(const struct path *p)
{
	assert(p->mount->refs > 0);
	p->mount->refs++;
	p->dentry->refs++;
}
void path_drop(struct path *p);		/* Sleeps. */

/* How to walk. */
enum {
	WALK_FOLLOW = 1,	/* follow a symlink in the last place */
	WALK_PARENT = 2,	/* stop at the parent; last name in *last */
	WALK_DIRECTORY = 4,	/* result must be a directory */
	WALK_EMPTY = 8,		/* AT_EMPTY_PATH */
	WALK_NO_AUTO = 16,
	WALK_TO_LINK = 32,	/* stop at a link that has `follow` */
	WALK_OPEN = 64,		/* -EXDEV where such a link leads outside */
};
struct path_last {		/* the last name of a WALK_PARENT */
	char name[NAME_MAX + 1];
	size_t len;
	enum { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT,
	       LAST_SELF /* a /proc/PID/fd link: *out is the thing itself */ } kind;
	bool slash;		/* a slash stood behind it */
};
struct path_at {		/* where a relative name starts, and the roof */
	const struct cred *who;
	struct fs_context *fs;
	int dirfd;		/* AT_FDCWD or a descriptor */
	struct file_table *files;
};
/*
 * The only door for names. `name` is a kernel string. *out is held. `..` stops
 * at at->fs->root, and never leaves the root of who's prison or of a prison
 * above it; nor, with path_chroot_hardened, at->fs->top.
 * Sleeps. -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -EBADF.
 */
int path_walk(const struct path_at *at, const char *name, unsigned how,
	      struct path *out, struct path_last *last) must_check;
/* Name of p as seen from root, into the end of buf; *out points into it.
 * -ENAMETOOLONG; -ENOENT (not below root) still gives "(unreachable)". A
 * removed one (dentry->unhashed) ends in " (deleted)". */
int path_name(const struct path *p, const struct path *root, char *buf,
	      size_t size, char **out) must_check;
bool path_below(const struct path *p, const struct path *root);
bool path_same(const struct path *a, const struct path *b);
/* The deeds, after path_walk: checks included. All sleep. */
/* mknod(2), mkfifo */
int path_create(const struct path_at *at, const char *name, uint32_t mode,
		uint32_t rdev) must_check;
/* bind(2): a socket's node of mode & S_IALLUGO; *out is held */
int path_create_socket(const struct path_at *at, const char *name,
		       uint32_t mode, struct path *out) must_check;
int path_mkdir(const struct path_at *at, const char *name,
	       uint32_t mode) must_check;
int path_symlink(const struct path_at *at, const char *name,
		 const char *target) must_check;
extern int path_link_owned; /* sysctl: hard links only to one's own files */
int path_link(const struct path_at *from, const char *old,
	      const struct path_at *to, const char *name,
	      unsigned at_flags) must_check;
int path_unlink(const struct path_at *at, const char *name,
		bool directory) must_check;
int path_rename(const struct path_at *from, const char *old,
		const struct path_at *to, const char *name,
		unsigned flags) must_check;
int path_read_link(const struct path *p, const struct cred *who, char *to,
		   size_t size) must_check;
int path_open(const struct path_at *at, const char *name, unsigned flags,
	      uint32_t mode, struct file **out) must_check;
int path_open_at(const struct path *p, const struct cred *who, unsigned flags,
		 struct file **out) must_check;
/* access(2), and -EROFS */
int path_access(const struct path *p, const struct cred *who,
		unsigned want) must_check;
/* chroot(2), after its checks. files: -EPERM for its open directories when
 * path_chroot_hardened and there is a root already. Sleeps. */
int path_chroot(struct fs_context *fs, const struct file_table *files,
		const struct path *p) must_check;
/* 0: chroot as it always was, a way to lead names elsewhere; 1: as FreeBSD's,
 * `..` stops at the first one too (security.chroot.hardened). */
extern int path_chroot_hardened;
int path_chdir(struct fs_context *fs, const struct path *p);
void path_set_top(struct fs_context *fs); /* its root is now. Sleeps. */
void dentry_forget(struct inode *dir, const char *name, size_t len); /* stale */

/* --- prison.c: what a prison has of the tree of files ------------------------ */

/* p, not the host, has no root yet; takes own references. -ENOMEM. */
int path_prison_root_set(struct prison *p, const struct path *root) must_check;
/* It may have none (any more). Sleeps. Done for every prison that dies. */
void path_prison_root_drop(struct prison *p);
/* Below the root of who's prison, and of those above it, if they have one? */
bool path_in_prison(const struct cred *who, const struct path *p);
/* May who's process take on the ids of p by its set-id bits? Not where some
 * prison that does not contain who can have put them there. */
bool path_set_id_allowed(const struct cred *who, const struct path *p);
/* Is one of the descriptors, O_PATH or not, a directory not below root? root
 * NULL: any directory. */
bool file_table_has_outside_directory(const struct file_table *t,
				      const struct path *root);

int mount_add(const struct path_at *at, const char *type, const char *source,
	      const char *point, uint32_t flags,
	      const char *options) must_check;
int mount_remove(const struct path_at *at, const char *point,
		 unsigned flags) must_check;
/* The door: mounts that who may see (enforce_statfs), in order: start NULL.
 * Held as proc_next. */
struct mount *mount_next(const struct cred *who, const struct fs_context *fs,
			 struct mount *prev);
const char *mount_type_name(const struct mount *m);
int mount_root_init(const char *type, const char *source,
		    const char *options) must_check;	/* at boot */
/* A superblock that is mounted nowhere: for pipes. */
int mount_kernel(const char *type, struct superblock **out) must_check;

/* --- file.c: open files and descriptors -------------------------------------- */

struct poller;			/* see poll_wait */
struct file_ops {
	/* Bytes moved or -E. *pos is the place to read and to advance. Sleep. */
	int (*read)(struct file *f, struct user_io *io, off64 *pos);
	int (*write)(struct file *f, struct user_io *io, off64 *pos);
	/* NULL: generic; no seek: file_no_seek */
	int (*seek)(struct file *f, off64 offset, int whence, off64 *out);
	int (*read_dir)(struct file *f, dir_emit emit, void *ctx);	/* from f->pos */
	int (*ioctl)(struct file *f, struct thread *me, uint32_t cmd,
	     uint32_t arg);
	unsigned (*poll)(struct file *f, struct poller *p);	/* NULL: always in|out */
	int (*map)(struct file *f, struct vm_request *r);	/* fills object, ops, owner */
	int (*open)(struct inode *i, struct file *f);
	void (*flush)(struct file *f, struct file_table *t);	/* at each close */
	void (*release)(struct file *f);			/* at the last */
	int (*sync)(struct file *f, bool data_only);
	int (*truncate)(struct file *f, off64 size);
	int (*allocate)(struct file *f, int mode, off64 offset, off64 len);
	/* file_may_arrive: instead of the rule for places. No sleep. */
	int (*may_arrive)(const struct file *f, const struct cred *who);
};
struct file {
	uint32_t refs;
	const struct file_ops *ops;	/* [I] */
	struct path path;		/* [I] held */
	struct inode *inode;		/* [I] held */
	unsigned flags;			/* O_* */
	off64 pos;
	struct sleep_lock pos_lock;	/* taken when shared, as Linux f_pos */
	const struct cred *cred;	/* [I] opener; its prison pays */
	void *private;
	const char *kind;		/* [I] of a file without a name, or NULL */
	bool wrote;			/* counted in inode->writers */
	struct read_ahead ahead;
	int owner_pid, owner_sig;	/* F_SETOWN, F_SETSIG; 0: none */
	bool owner_thread;		/* owner_pid is a thread's */
	const struct cred *owner_cred;	/* who named the owner; held, or NULL */
	struct async *async;		/* O_ASYNC, or NULL */
	struct list epolls;		/* epoll items that watch it */
};
struct file_table {
	uint32_t refs;
	struct file **file;
	uint8_t *cloexec;
	unsigned size, open;		/* slots, used */
	unsigned first_free;		/* no free one below */
};
int file_table_new(struct file_table **out) must_check;
int file_table_copy(const struct file_table *t,
		    struct file_table **out) must_check;
void file_table_hold(struct file_table *t);
void file_table_drop(struct file_table *t);	/* Sleeps. */
void file_table_exec(struct file_table *t);	/* close the cloexec ones */
/* want: 0, or O_RDONLY+1 / O_WRONLY+1 bits FILE_READ, FILE_WRITE. The door:
 * NULL when there is none (EBADF). Held. O_PATH files only with FILE_PATH. */
enum { FILE_ANY = 0, FILE_READ = 1, FILE_WRITE = 2, FILE_PATH = 4 };
struct file *file_get(struct file_table *t, int fd, unsigned want);
static inline void file_hold(struct file *f)
{
	assert(f->refs > 0);
	f->refs++;
}
void file_release(struct file *f);
static inline void file_drop(struct file *f)	/* Sleeps. */
{
	assert(f->refs > 0);
	if (--f->refs == 0)
		file_release(f);
}
/* The file that m shows, not held; NULL where it shows something else. */
struct file *file_mapped(const struct vm_map *m);
/* Lowest free descriptor from `from` on, below RLIMIT_NOFILE; takes over the
 * reference on success. -EMFILE, -ENOMEM. */
int file_install(struct file_table *t, struct file *f, int from, bool cloexec,
		 uint64_t limit) must_check;
/* dup2 */
int file_install_at(struct file_table *t, struct file *f, int fd, bool cloexec,
		    uint64_t limit) must_check;
/* Is there a free number for file_install, in so far as limits say? -EMFILE. */
int file_room(const struct file_table *t, uint64_t limit) must_check;
/* The door for descriptors that others send: may f become one of who's?
 * -EPERM: a directory or a device, by O_PATH too, outside who's prison. */
int file_may_arrive(const struct cred *who, const struct file *f) must_check;
int file_close(struct file_table *t, int fd) must_check;	/* Sleeps. */
bool file_cloexec(const struct file_table *t, int fd);
void file_set_cloexec(struct file_table *t, int fd, bool on);
/* A file without a name: pipe, epoll, eventfd, socket. Charged to who. */
int file_new(const struct cred *who, const struct file_ops *ops, unsigned flags,
	     void *private, const char *kind, struct file **out) must_check;
int file_read(struct file *f, struct user_io *io, off64 *pos) must_check; /* pos NULL: f->pos */
int file_write(struct file *f, struct user_io *io, off64 *pos) must_check;
int file_read_kernel(struct file *f, void *to, uint32_t n,
		     off64 pos) must_check;
/* One getdents: read_dir with the directory locked. -ENOTDIR, -ENOENT. */
int file_read_dir(struct file *f, dir_emit emit, void *ctx) must_check;
int file_allocate(struct file *f, int mode, off64 offset, off64 len) must_check;
int file_sync(struct file *f, bool data_only) must_check;
/* sync_file_range(2): bytes from..from+n-1 (n 0: to the end). Sleeps. */
int file_sync_range(struct file *f, off64 from, off64 n, unsigned flags) must_check;
/* posix_fadvise(2), readahead(2): -EINVAL, -ESPIPE. Sleeps. */
enum { FADV_NORMAL, FADV_RANDOM, FADV_SEQUENTIAL, FADV_WILLNEED, FADV_DONTNEED,
       FADV_NOREUSE };
int file_advise(struct file *f, off64 from, off64 n, unsigned advice) must_check;
/* mmap: the file's part of r (object, ops, owner, VM_MAY_WRITE). */
int file_map(struct file *f, struct vm_request *r) must_check;
extern const struct vm_map_ops file_map_ops;	/* of a map whose owner is a file */
int file_seek(struct file *f, off64 offset, int whence, off64 *out) must_check;
int file_no_seek(struct file *f, off64 offset, int whence, off64 *out);
int file_seek_stays(struct file *f, off64 offset, int whence, off64 *out);
int file_truncate(struct file *f, off64 size) must_check;
int file_flags_get(const struct file *f, uint32_t *flags) must_check; /* FS_*_FL */
int file_flags_set(struct file *f, const struct cred *who,
		   uint32_t flags) must_check;
const char *file_kind(const struct file *f);	/* "pipe", "eventpoll", ... or NULL */
/* Ready-made ops for regular files whose content is inode->object. */
extern const struct file_ops file_regular_ops;
extern const struct file_ops file_directory_ops; /* only read_dir differs: the fs sets fops */
uint32_t file_open_count(void);

/* --- poll.c, epoll.c, eventfd.c, pipe.c, lock.c ------------------------------ */

/* A poll function names each of its queues to poll_wait, the same ones each
 * time, and returns what is ready now. It must not sleep. poll.c notes a queue
 * to sleep on it once, epoll.c to stay on it; NULL: nobody wants to wait,
 * which is so often that it must cost no call. */
struct poller {
	void (*note)(struct poller *p, struct sleep_queue *q);
	int error;		/* a queue could not be noted: -ENOMEM */
};
static inline void poll_wait(struct poller *p, struct sleep_queue *q)
{
	if (p)
		p->note(p, q);
}
struct abi_pollfd;
/* Sleeps until something is ready or deadline: count, 0, -EINTR. */
int poll_files(struct file_table *t, struct abi_pollfd *fds, unsigned n,
	       uint64_t deadline) must_check;
int epoll_new(const struct cred *who, struct file **out) must_check;
int epoll_change(struct file *ep, struct file *f, int fd, int op,
		 const struct abi_epoll_event *ev) must_check;
int epoll_wait(struct file *ep, struct abi_epoll_event *out, unsigned max,
	       uint64_t deadline) must_check;
void epoll_file_gone(struct file *f);

/* --- async.c: O_ASYNC ----------------------------------------------------------- */

void file_owner_set(struct file *f, const struct cred *who, int pid, bool thread);
bool file_async_can(const struct file *f);
int file_async_set(struct file *f, int fd, bool on) must_check;
void file_async_full(struct file *f);
void file_urgent(struct file *f);
void file_async_gone(struct file *f);
int eventfd_new(const struct cred *who, uint32_t count, bool semaphore,
		unsigned flags, struct file **out) must_check;
int signalfd_new(const struct cred *who, sigset mask, unsigned flags,
		 struct file **out) must_check;
int signalfd_set_mask(struct file *f, sigset mask) must_check;
int timerfd_new(const struct cred *who, int clock, unsigned flags,
		struct file **out) must_check;
int timerfd_get(struct file *f, struct timer_span *now) must_check;
int timerfd_set(struct file *f, unsigned flags, const struct timer_span *to,
		struct timer_span *old) must_check;
int pipe_new(const struct cred *who, unsigned flags, struct file **rd,
	     struct file **wr) must_check;
int pipe_resize(struct file *f, uint32_t size) must_check;
int pipe_size(struct file *f) must_check;
extern const struct file_ops pipe_fifo_ops;
/* Record locks. owner: the file table (POSIX) or the file (OFD, flock). */
/* Sleeps. */
int lock_posix(struct file *f, void *owner, int pid,
	       const struct abi_flock64 *l, bool wait) must_check;
int lock_test(struct file *f, void *owner, const struct cred *who,
	      struct abi_flock64 *l) must_check;
void lock_release_owner(struct inode *i, void *owner);
int lock_flock(struct file *f, int op) must_check; /* Sleeps. */
int lock_show(struct text *t, const struct cred *who) must_check; /* /proc/locks */

/* --- tmpfs.c, initramfs.c ------------------------------------------------- */

void tmpfs_init(void);		/* registers "tmpfs" and "ramfs" */
/* unnamed: shm, memfd */
int tmpfs_new_file(const struct cred *who, const char *name, off64 size,
		   struct file **out) must_check;
bool initramfs_is_archive(const void *p, uint32_t size); /* or something else? */
int initramfs_unpack(const void *cpio, uint32_t size, const struct cred *who,
		     struct fs_context *fs) must_check;

/* --- proc/: procfs; other rooms register entries ---------------------------- */

struct text;			/* grows as a show function writes */
void text_put(struct text *t, const char *fmt, ...) printf_like(2, 3);
void text_write(struct text *t, const void *p, size_t n);
enum proc_gate { PROC_GATE_HOST = 0 /* host only: the default */, PROC_GATE_ALL };
struct procfs_entry {
	const char *directory;	/* "" or "net" or "sys/kernel" */
	const char *name;
	enum proc_gate gate;
	uint32_t mode;		/* 0: 0444 */
	int (*show)(struct text *t, const struct cred *who);
	/* or this one, when several are alike */
	int (*show_of)(struct text *t, const struct cred *who, const void *of);
	const void *of;
	int (*store)(const struct cred *who, const char *text, size_t n); /* may be NULL */
	const struct procfs_knob *knob;	/* instead of the two: knob.h */
};
void procfs_init(void);
/* dev sets it: the terminal's number and foreground group for /proc/PID/stat. */
extern void (*procfs_tty)(const struct proc_session *s, uint32_t *number, int *group);
void procfs_register(struct procfs_entry *e);
void procfs_unregister(struct procfs_entry *e);	/* Sleeps. */

#endif
