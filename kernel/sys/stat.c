/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.c - what a file is: the stat family, statfs, directory reading, and the
 * extended attributes that no file system here keeps.
 *
 * All stat calls go through one struct (statx) and differ only in how it is
 * written to the user.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

static int stat_path(struct thread *me, int dirfd, uint32_t user, unsigned how,
		     struct abi_statx *out)
{
	struct path_at at = sys_at(me, dirfd);
	struct path p;
	char *name;
	int err = sys_path_in(user, &name);

	if (err)
		return err;
	err = path_walk(&at, name, how, &p, NULL);
	kmem_free(name);
	if (err)
		return err;
	assert(p.dentry->inode);
	err = inode_stat(&p, p.dentry->inode, out);
	path_drop(&p);
	return err;
}

static int stat_fd(struct thread *me, int fd, struct abi_statx *out)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY | FILE_PATH);
	int err;

	if (!f)
		return -EBADF;
	err = inode_stat(&f->path, f->inode, out);
	file_drop(f);
	return err;
}

static uint32_t stat_dev(const struct abi_statx *s)
{
	return abi_dev(s->dev_major, s->dev_minor);
}

static int out_stat64(uint32_t user, const struct abi_statx *s)
{
	struct abi_stat64 o = {
		.dev = stat_dev(s), .ino32 = (uint32_t)s->ino,
		.mode = s->mode, .nlink = s->nlink, .uid = s->uid,
		.gid = s->gid,
		.rdev = abi_dev(s->rdev_major, s->rdev_minor),
		.size = (int64_t)s->size, .blksize = s->blksize,
		.blocks = s->blocks,
		.atime = (uint32_t)s->atime.sec, .atime_ns = s->atime.ns,
		.mtime = (uint32_t)s->mtime.sec, .mtime_ns = s->mtime.ns,
		.ctime = (uint32_t)s->ctime.sec, .ctime_ns = s->ctime.ns,
		.ino = s->ino,
	};

	return user_copy_out(user, &o, sizeof(o));
}

/* An id that 16 bits cannot hold. */
static uint16_t short_id(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : id;
}

static int out_stat(uint32_t user, const struct abi_statx *s)
{
	struct abi_stat o = {
		.dev = stat_dev(s), .ino = (uint32_t)s->ino,
		.mode = s->mode, .nlink = s->nlink,
		.uid = short_id(s->uid), .gid = short_id(s->gid),
		.rdev = abi_dev(s->rdev_major, s->rdev_minor),
		.size = (uint32_t)s->size, .blksize = s->blksize,
		.blocks = (uint32_t)s->blocks,
		.atime = (uint32_t)s->atime.sec, .atime_ns = s->atime.ns,
		.mtime = (uint32_t)s->mtime.sec, .mtime_ns = s->mtime.ns,
		.ctime = (uint32_t)s->ctime.sec, .ctime_ns = s->ctime.ns,
	};

	if (s->size > INT32_MAX)
		return -EOVERFLOW;
	return user_copy_out(user, &o, sizeof(o));
}

int sys_stat64(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_path(me, AT_FDCWD, arg[0], WALK_FOLLOW, &s);

	return err ? err : out_stat64(arg[1], &s);
}

int sys_lstat64(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_path(me, AT_FDCWD, arg[0], 0, &s);

	return err ? err : out_stat64(arg[1], &s);
}

int sys_fstat64(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_fd(me, arg[0], &s);

	return err ? err : out_stat64(arg[1], &s);
}

int sys_stat(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_path(me, AT_FDCWD, arg[0], WALK_FOLLOW, &s);

	return err ? err : out_stat(arg[1], &s);
}

int sys_lstat(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_path(me, AT_FDCWD, arg[0], 0, &s);

	return err ? err : out_stat(arg[1], &s);
}

int sys_fstat(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err = stat_fd(me, arg[0], &s);

	return err ? err : out_stat(arg[1], &s);
}

enum { STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH };

/* A name below dirfd; or, with AT_EMPTY_PATH and an empty name, dirfd itself,
 * which need not have a name (a pipe). */
static int stat_at(struct thread *me, int dirfd, uint32_t user, uint32_t flags,
		   struct abi_statx *out)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	char first;

	if (flags & AT_EMPTY_PATH) {
		if (dirfd != AT_FDCWD && !user_copy_in(&first, user, 1) && !first)
			return stat_fd(me, dirfd, out);
		how |= WALK_EMPTY;
	}
	return stat_path(me, dirfd, user, how, out);
}

int sys_fstatat64(struct thread *me, const uint32_t *arg)
{
	struct abi_statx s;
	int err;

	if (arg[3] & ~STAT_FLAGS)
		return -EINVAL;
	err = stat_at(me, arg[0], arg[1], arg[3], &s);
	return err ? err : out_stat64(arg[2], &s);
}

/* statx(2): AT_STATX_SYNC_TYPE is accepted, nothing here is out of sync. */
int sys_statx(struct thread *me, const uint32_t *arg)
{
	enum { SYNC_TYPE = 0x6000, RESERVED = 1u << 31 };
	struct abi_statx s;
	int err;

	if ((arg[2] & ~(STAT_FLAGS | SYNC_TYPE)) || (arg[3] & RESERVED) ||
	    (arg[2] & SYNC_TYPE) == SYNC_TYPE)
		return -EINVAL;
	err = stat_at(me, arg[0], arg[1], arg[2], &s);
	return err ? err : user_copy_out(arg[4], &s, sizeof(s));
}

/* --- statfs ----------------------------------------------------------------- */

static int statfs_at(struct thread *me, uint32_t user, struct abi_statfs64 *out)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct path p;
	char *name;
	int err = sys_path_in(user, &name);

	if (err)
		return err;
	err = path_walk(&at, name, WALK_FOLLOW, &p, NULL);
	kmem_free(name);
	if (err)
		return err;
	err = vfs_statfs(&p, me->cred, out);
	path_drop(&p);
	return err;
}

static int statfs_fd(struct thread *me, int fd, struct abi_statfs64 *out)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY | FILE_PATH);
	int err;

	if (!f)
		return -EBADF;
	err = vfs_statfs(&f->path, me->cred, out);
	file_drop(f);
	return err;
}

static int out_statfs(uint32_t user, const struct abi_statfs64 *s)
{
	struct abi_statfs o = {
		.type = s->type, .bsize = s->bsize,
		.blocks = (uint32_t)s->blocks, .bfree = (uint32_t)s->bfree,
		.bavail = (uint32_t)s->bavail, .files = (uint32_t)s->files,
		.ffree = (uint32_t)s->ffree,
		.fsid = { s->fsid[0], s->fsid[1] },
		.namelen = s->namelen, .frsize = s->frsize, .flags = s->flags,
	};

	if ((s->blocks | s->files) >> 32)
		return -EOVERFLOW;
	return user_copy_out(user, &o, sizeof(o));
}

int sys_statfs(struct thread *me, const uint32_t *arg)
{
	struct abi_statfs64 s;
	int err = statfs_at(me, arg[0], &s);

	return err ? err : out_statfs(arg[1], &s);
}

int sys_fstatfs(struct thread *me, const uint32_t *arg)
{
	struct abi_statfs64 s;
	int err = statfs_fd(me, arg[0], &s);

	return err ? err : out_statfs(arg[1], &s);
}

int sys_statfs64(struct thread *me, const uint32_t *arg)
{
	struct abi_statfs64 s;
	int err;

	if (arg[1] != sizeof(s))
		return -EINVAL;
	err = statfs_at(me, arg[0], &s);
	return err ? err : user_copy_out(arg[2], &s, sizeof(s));
}

int sys_fstatfs64(struct thread *me, const uint32_t *arg)
{
	struct abi_statfs64 s;
	int err;

	if (arg[1] != sizeof(s))
		return -EINVAL;
	err = statfs_fd(me, arg[0], &s);
	return err ? err : user_copy_out(arg[2], &s, sizeof(s));
}

/* --- reading directories ---------------------------------------------------- */

/*
 * Entries are gathered in a kernel page and copied out when it is full or the
 * user's buffer is. An entry's own offset field is that of the next one.
 */
struct dirent_writer {
	uint8_t *page;
	uint32_t fill;		/* bytes in page */
	uint32_t user, left;	/* where the next byte goes */
	uint32_t last_reclen;
	bool wide;		/* getdents64 */
	int err;
};

static bool writer_flush(struct dirent_writer *w)
{
	assert(w->fill > 0 && w->fill <= PAGE_SIZE);
	w->err = user_copy_out(w->user, w->page, w->fill);
	if (w->err)
		return false;
	w->user += w->fill;
	w->fill = 0;
	return true;
}

/* Linux's struct linux_dirent64 and linux_dirent; old: the type is in the
 * record's last byte. */
struct dirent_wide {
	uint64_t ino;
	int64_t next;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));
struct dirent_old {
	uint32_t ino, next;
	uint16_t reclen;
	char name[];
} __attribute__((packed));

/* Records are 8-aligned and so is their length: the padding lies within the
 * last 8 bytes. */
static void fill_wide(uint8_t *at, uint32_t reclen, uint64_t ino, off64 next,
		      unsigned type, const char *name, size_t len)
{
	struct dirent_wide *d = (struct dirent_wide *)at;

	assert(reclen % 8 == 0 && reclen >= sizeof(*d) + len + 1);
	*(uint64_t *)(at + reclen - 8) = 0;
	d->ino = ino;
	d->next = next;
	d->reclen = (uint16_t)reclen;
	d->type = (uint8_t)type;
	memcpy(d->name, name, len);
}

static void fill_old(uint8_t *at, uint32_t reclen, uint64_t ino, off64 next,
		     unsigned type, const char *name, size_t len)
{
	struct dirent_old *d = (struct dirent_old *)at;

	assert(reclen % 4 == 0 && reclen >= sizeof(*d) + len + 2);
	d->ino = (uint32_t)ino;
	d->next = (uint32_t)next;
	d->reclen = (uint16_t)reclen;
	memcpy(d->name, name, len);
	memset(d->name + len, 0, reclen - sizeof(*d) - len);
	at[reclen - 1] = (uint8_t)type;
}

static bool emit_dirent(void *ctx, const char *name, size_t len, uint64_t ino,
			unsigned type, off64 next)
{
	struct dirent_writer *w = ctx;
	uint32_t reclen = w->wide ? align_up(sizeof(struct dirent_wide) + len + 1, 8)
				  : align_up(sizeof(struct dirent_old) + len + 2, 4);

	assert(len <= NAME_MAX);
	assert(reclen <= PAGE_SIZE && w->fill <= PAGE_SIZE);
	if (reclen > w->left) {
		if (!w->last_reclen)
			w->err = -EINVAL;
		return false;
	}
	if (w->fill + reclen > PAGE_SIZE && !writer_flush(w))
		return false;
	(w->wide ? fill_wide : fill_old)(w->page + w->fill, reclen, ino, next,
					 type, name, len);
	w->fill += reclen;
	w->left -= reclen;
	w->last_reclen = reclen;
	return true;
}

static int read_directory(struct file *f, struct dirent_writer *w)
{
	int err = file_read_dir(f, emit_dirent, w);

	if (!err && w->fill)
		writer_flush(w);
	return err ? err : w->err;
}

static int get_dirents(struct thread *me, const uint32_t *arg, bool wide)
{
	struct dirent_writer w = { .user = arg[1], .left = arg[2],
				   .wide = wide };
	struct file *f = file_get(me->proc->files, arg[0], FILE_READ);
	uint32_t start = arg[1];
	int err;

	if (!f)
		return -EBADF;
	w.page = kmem_alloc(PAGE_SIZE);
	if (!w.page) {
		file_drop(f);
		return -ENOMEM;
	}
	err = read_directory(f, &w);
	if (w.user != start && err != -EFAULT)
		err = 0;
	assert(err || w.user - start <= arg[2]);
	kmem_free(w.page);
	file_drop(f);
	return err ? err : (int)(w.user - start);
}

int sys_getdents64(struct thread *me, const uint32_t *arg)
{
	return get_dirents(me, arg, true);
}

int sys_getdents(struct thread *me, const uint32_t *arg)
{
	return get_dirents(me, arg, false);
}

/* --- extended attributes: no file system here has them -----------------------
 *
 * The name or descriptor is resolved all the same, so that a wrong one gets
 * its own error and not EOPNOTSUPP. */

static int no_xattr_path(struct thread *me, uint32_t user, unsigned how, int err)
{
	struct abi_statx s;
	int found = stat_path(me, AT_FDCWD, user, how, &s);

	return found ? found : err;
}

static int no_xattr_fd(struct thread *me, int fd, int err)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);

	if (!f)
		return -EBADF;
	file_drop(f);
	return err;
}

/* Names of the system's own space take privilege to change. */
static int may_set_xattr(struct thread *me, uint32_t user)
{
	char name[256] = "";
	int n = user_string_in(name, user, sizeof(name));

	if (n < 0)
		return n == -ENAMETOOLONG ? -ERANGE : n;
	if (memcmp(name, "trusted.", 8) && memcmp(name, "security.", 9))
		return 0;
	return priv_check(me->cred, PRIV_VFS_EXTATTR_SYSTEM);
}

int sys_setxattr_path(struct thread *me, const uint32_t *arg)
{
	int err = may_set_xattr(me, arg[1]);

	return err ? err : sys_xattr_path(me, arg);
}

int sys_setxattr_link(struct thread *me, const uint32_t *arg)
{
	int err = may_set_xattr(me, arg[1]);

	return err ? err : sys_xattr_link(me, arg);
}

int sys_setxattr_fd(struct thread *me, const uint32_t *arg)
{
	int err = may_set_xattr(me, arg[1]);

	return err ? err : sys_xattr_fd(me, arg);
}

int sys_xattr_path(struct thread *me, const uint32_t *arg)
{
	return no_xattr_path(me, arg[0], WALK_FOLLOW, -EOPNOTSUPP);
}

int sys_xattr_link(struct thread *me, const uint32_t *arg)
{
	return no_xattr_path(me, arg[0], 0, -EOPNOTSUPP);
}

int sys_xattr_fd(struct thread *me, const uint32_t *arg)
{
	return no_xattr_fd(me, arg[0], -EOPNOTSUPP);
}

int sys_listxattr(struct thread *me, const uint32_t *arg)
{
	return no_xattr_path(me, arg[0], WALK_FOLLOW, 0);
}

int sys_llistxattr(struct thread *me, const uint32_t *arg)
{
	return no_xattr_path(me, arg[0], 0, 0);
}

int sys_flistxattr(struct thread *me, const uint32_t *arg)
{
	return no_xattr_fd(me, arg[0], 0);
}
