/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - calls that name files. Every name goes through path_walk, with the
 * caller's credential and root; the deeds and their checks are kernel/fs's.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

/* Walks a user-space name to a held path. */
static int walk(struct thread *me, int dirfd, uint32_t user, unsigned how,
		struct path *out)
{
	struct path_at at = sys_at(me, dirfd);
	char *name;
	int err = sys_path_in(user, &name);

	if (err)
		return err;
	err = path_walk(&at, name, how, out, NULL);
	kmem_free(name);
	return err;
}

static unsigned follow_unless(uint32_t flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

/* --- making and removing names ---------------------------------------------- */

typedef int (*name_deed)(const struct path_at *at, const char *name,
			 uint32_t a, uint32_t b);

static int with_name(struct thread *me, int dirfd, uint32_t user,
		     name_deed deed, uint32_t a, uint32_t b)
{
	struct path_at at = sys_at(me, dirfd);
	char *name;
	int err = sys_path_in(user, &name);

	assert(at.who && at.fs);
	if (err)
		return err;
	err = deed(&at, name, a, b);
	kmem_free(name);
	return err;
}

static int deed_mknod(const struct path_at *at, const char *name, uint32_t mode,
		      uint32_t dev)
{
	return path_create(at, name, mode, dev);
}

static int deed_mkdir(const struct path_at *at, const char *name, uint32_t mode,
		      uint32_t unused)
{
	(void)unused;
	return path_mkdir(at, name, mode);
}

static int deed_unlink(const struct path_at *at, const char *name,
		       uint32_t directory, uint32_t unused)
{
	(void)unused;
	return path_unlink(at, name, directory);
}

int sys_mknod(struct thread *me, const uint32_t *arg)
{
	return with_name(me, AT_FDCWD, arg[0], deed_mknod, arg[1], arg[2]);
}

int sys_mknodat(struct thread *me, const uint32_t *arg)
{
	return with_name(me, arg[0], arg[1], deed_mknod, arg[2], arg[3]);
}

int sys_mkdir(struct thread *me, const uint32_t *arg)
{
	return with_name(me, AT_FDCWD, arg[0], deed_mkdir, arg[1], 0);
}

int sys_mkdirat(struct thread *me, const uint32_t *arg)
{
	return with_name(me, arg[0], arg[1], deed_mkdir, arg[2], 0);
}

int sys_unlink(struct thread *me, const uint32_t *arg)
{
	return with_name(me, AT_FDCWD, arg[0], deed_unlink, false, 0);
}

int sys_rmdir(struct thread *me, const uint32_t *arg)
{
	return with_name(me, AT_FDCWD, arg[0], deed_unlink, true, 0);
}

int sys_unlinkat(struct thread *me, const uint32_t *arg)
{
	if (arg[2] & ~AT_REMOVEDIR)
		return -EINVAL;
	return with_name(me, arg[0], arg[1], deed_unlink,
			 arg[2] & AT_REMOVEDIR, 0);
}

static int symlink_at(struct thread *me, uint32_t target, int dirfd,
		      uint32_t user)
{
	struct path_at at = sys_at(me, dirfd);
	char *to, *name;
	int err = sys_path_in(target, &to);

	if (err)
		return err;
	err = sys_path_in(user, &name);
	if (!err) {
		err = path_symlink(&at, name, to);
		kmem_free(name);
	}
	kmem_free(to);
	return err;
}

int sys_symlink(struct thread *me, const uint32_t *arg)
{
	return symlink_at(me, arg[0], AT_FDCWD, arg[1]);
}

int sys_symlinkat(struct thread *me, const uint32_t *arg)
{
	return symlink_at(me, arg[0], arg[1], arg[2]);
}

typedef int (*pair_deed)(const struct path_at *from, const char *old,
			 const struct path_at *to, const char *name,
			 unsigned flags);

static int with_names(struct thread *me, int from_fd, uint32_t from,
		      int to_fd, uint32_t to, pair_deed deed, unsigned flags)
{
	struct path_at from_at = sys_at(me, from_fd), to_at = sys_at(me, to_fd);
	char *old, *name;
	int err = sys_path_in(from, &old);

	assert(from_at.fs && to_at.fs);
	if (err)
		return err;
	err = sys_path_in(to, &name);
	if (!err) {
		err = deed(&from_at, old, &to_at, name, flags);
		kmem_free(name);
	}
	kmem_free(old);
	return err;
}

int sys_link(struct thread *me, const uint32_t *arg)
{
	return with_names(me, AT_FDCWD, arg[0], AT_FDCWD, arg[1], path_link, 0);
}

int sys_linkat(struct thread *me, const uint32_t *arg)
{
	if (arg[4] & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return with_names(me, arg[0], arg[1], arg[2], arg[3], path_link, arg[4]);
}

int sys_rename(struct thread *me, const uint32_t *arg)
{
	return with_names(me, AT_FDCWD, arg[0], AT_FDCWD, arg[1], path_rename,
			  0);
}

int sys_renameat(struct thread *me, const uint32_t *arg)
{
	return with_names(me, arg[0], arg[1], arg[2], arg[3], path_rename, 0);
}

int sys_renameat2(struct thread *me, const uint32_t *arg)
{
	uint32_t both = RENAME_NOREPLACE | RENAME_EXCHANGE;

	if ((arg[4] & ~both) || (arg[4] & both) == both)
		return -EINVAL;
	return with_names(me, arg[0], arg[1], arg[2], arg[3], path_rename,
			  arg[4]);
}

/* An empty name is the symlink that dirfd itself is (O_PATH). */
static int read_link_at(struct thread *me, int dirfd, uint32_t user,
			uint32_t to, int size)
{
	struct path p;
	char *target, first;
	int n;

	if (size <= 0)
		return -EINVAL;
	n = walk(me, dirfd, user, WALK_EMPTY, &p);
	if (n)
		return n;
	if (!S_ISLNK(p.dentry->inode->mode)) {
		bool empty = !user_copy_in(&first, user, 1) && !first;

		path_drop(&p);
		return empty ? -ENOENT : -EINVAL;
	}
	n = -ENOMEM;
	target = kmem_alloc(PATH_MAX);
	if (target) {
		n = path_read_link(&p, me->cred, target, PATH_MAX);
		if (n > size)
			n = size;
		assert(n <= size);
		if (n > 0 && user_copy_out(to, target, n))
			n = -EFAULT;
		kmem_free(target);
	}
	path_drop(&p);
	return n;
}

int sys_readlink(struct thread *me, const uint32_t *arg)
{
	return read_link_at(me, AT_FDCWD, arg[0], arg[1], arg[2]);
}

int sys_readlinkat(struct thread *me, const uint32_t *arg)
{
	return read_link_at(me, arg[0], arg[1], arg[2], arg[3]);
}

/* --- where the caller stands ------------------------------------------------ */

static int change_directory(struct thread *me, const struct path *p)
{
	int err;

	assert(p->mount && p->dentry->inode);
	if (!S_ISDIR(p->dentry->inode->mode))
		return -ENOTDIR;
	err = inode_permission(p->dentry->inode, me->cred, X_OK);
	if (err)
		return err;
	/* A descriptor from elsewhere; or another thread has entered a prison
	 * while this one looked up the name. */
	if (!path_in_prison(me->proc->cred, p))
		return -ENOENT;
	return path_chdir(me->proc->fs, p);
}

int sys_chdir(struct thread *me, const uint32_t *arg)
{
	struct path p;
	int err = walk(me, AT_FDCWD, arg[0], WALK_FOLLOW | WALK_DIRECTORY, &p);

	if (err)
		return err;
	err = change_directory(me, &p);
	path_drop(&p);
	return err;
}

int sys_fchdir(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0],
				  FILE_ANY | FILE_PATH);
	int err;

	if (!f)
		return -EBADF;
	err = change_directory(me, &f->path);
	file_drop(f);
	return err;
}

int sys_chroot(struct thread *me, const uint32_t *arg)
{
	struct path p;
	int err = walk(me, AT_FDCWD, arg[0], WALK_FOLLOW | WALK_DIRECTORY, &p);

	if (err)
		return err;
	err = inode_permission(p.dentry->inode, me->cred, X_OK);
	if (!err)
		err = priv_check(me->cred, PRIV_VFS_CHROOT);
	if (!err && !path_in_prison(me->proc->cred, &p))
		err = -ENOENT;	/* as above */
	if (!err)
		err = path_chroot(me->proc->fs, me->proc->files, &p);
	path_drop(&p);
	return err;
}

/* The length with the NUL, as Linux's call (not libc's). */
int sys_getcwd(struct thread *me, const uint32_t *arg)
{
	struct fs_context *fs = me->proc->fs;
	char *buf = kmem_alloc(PATH_MAX), *name;
	int err;

	if (!buf)
		return -ENOMEM;
	if (fs->cwd.dentry->unhashed ||
	    !path_in_prison(me->cred, &fs->cwd)) {
		err = -ENOENT;
		goto out;
	}
	err = path_name(&fs->cwd, &fs->root, buf, PATH_MAX, &name);
	if (err && err != -ENOENT)
		goto out;
	err = strlen(name) + 1;
	if ((uint32_t)err > arg[1])
		err = -ERANGE;
	else if (user_copy_out(arg[0], name, err))
		err = -EFAULT;
out:
	kmem_free(buf);
	return err;
}

int sys_umask(struct thread *me, const uint32_t *arg)
{
	uint32_t old = me->proc->fs->umask;

	me->proc->fs->umask = arg[0] & 0777;
	return old;
}

/* --- permission and attributes ---------------------------------------------- */

/* access() asks for the real ids: a credential with them in the fs places. */
static int access_at(struct thread *me, int dirfd, uint32_t user, uint32_t want,
		     uint32_t flags)
{
	struct cred *real = NULL;
	const struct cred *own = me->cred;
	struct path p;
	int err;

	if (want & ~7u)
		return -EINVAL;
	if (!(flags & AT_EACCESS) &&
	    (own->uid != own->fsuid || own->gid != own->fsgid)) {
		real = cred_copy(own);
		if (!real)
			return -ENOMEM;
		real->fsuid = real->euid = own->uid;
		real->fsgid = real->egid = own->gid;
		me->cred = real;
	}
	err = walk(me, dirfd, user, follow_unless(flags), &p);
	if (!err) {
		err = want ? path_access(&p, me->cred, want) : 0;
		path_drop(&p);
	}
	me->cred = own;
	if (real)
		cred_drop(real);
	return err;
}

int sys_access(struct thread *me, const uint32_t *arg)
{
	return access_at(me, AT_FDCWD, arg[0], arg[1], 0);
}

int sys_faccessat(struct thread *me, const uint32_t *arg)
{
	return access_at(me, arg[0], arg[1], arg[2], 0);
}

int sys_faccessat2(struct thread *me, const uint32_t *arg)
{
	if (arg[3] & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return access_at(me, arg[0], arg[1], arg[2], arg[3]);
}

static int change_at(struct thread *me, int dirfd, uint32_t user, unsigned how,
		     const struct attr_change *a)
{
	struct path p;
	int err = walk(me, dirfd, user, how, &p);

	if (err)
		return err;
	err = path_set_attr(&p, me->cred, a);
	path_drop(&p);
	return err;
}

static int change_fd(struct thread *me, int fd, const struct attr_change *a)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);
	int err;

	assert(a->valid);
	if (!f)
		return -EBADF;
	/* nameless files share one path: only their own inode is theirs */
	if (file_kind(f))
		err = inode_set_attr(f->inode, me->cred, a);
	else
		err = path_set_attr(&f->path, me->cred, a);
	file_drop(f);
	return err;
}

static struct attr_change mode_change(uint32_t mode)
{
	return (struct attr_change){ .valid = ATTR_MODE,
				     .mode = mode & S_IALLUGO };
}

int sys_chmod(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = mode_change(arg[1]);

	return change_at(me, AT_FDCWD, arg[0], WALK_FOLLOW, &a);
}

int sys_fchmodat(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = mode_change(arg[2]);

	return change_at(me, arg[0], arg[1], WALK_FOLLOW, &a);
}

int sys_fchmod(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = mode_change(arg[1]);

	return change_fd(me, arg[0], &a);
}

static struct attr_change owner_change(uint32_t uid, uint32_t gid)
{
	struct attr_change a = { .valid = ATTR_OWNER, .uid = uid, .gid = gid };

	if (uid != UINT32_MAX)
		a.valid |= ATTR_UID;
	if (gid != UINT32_MAX)
		a.valid |= ATTR_GID;
	return a;
}

/* The 16-bit calls: -1 means unchanged there too. */
static uint32_t wide_id(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? UINT32_MAX : (uint16_t)id;
}

int sys_chown32(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = owner_change(arg[1], arg[2]);

	return change_at(me, AT_FDCWD, arg[0], WALK_FOLLOW, &a);
}

int sys_lchown32(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = owner_change(arg[1], arg[2]);

	return change_at(me, AT_FDCWD, arg[0], 0, &a);
}

int sys_fchown32(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = owner_change(arg[1], arg[2]);

	return change_fd(me, arg[0], &a);
}

int sys_fchownat(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = owner_change(arg[2], arg[3]);

	if (arg[4] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_at(me, arg[0], arg[1], follow_unless(arg[4]), &a);
}

int sys_chown16(struct thread *me, const uint32_t *arg)
{
	uint32_t a[3] = { arg[0], wide_id(arg[1]), wide_id(arg[2]) };

	return sys_chown32(me, a);
}

int sys_lchown16(struct thread *me, const uint32_t *arg)
{
	uint32_t a[3] = { arg[0], wide_id(arg[1]), wide_id(arg[2]) };

	return sys_lchown32(me, a);
}

int sys_fchown16(struct thread *me, const uint32_t *arg)
{
	uint32_t a[3] = { arg[0], wide_id(arg[1]), wide_id(arg[2]) };

	return sys_fchown32(me, a);
}

static int truncate_at(struct thread *me, uint32_t user, off64 size)
{
	struct attr_change a = { .valid = ATTR_SIZE, .size = size };
	struct path p;
	int err;

	if (size < 0)
		return -EINVAL;
	err = walk(me, AT_FDCWD, user, WALK_FOLLOW, &p);
	if (err)
		return err;
	if (S_ISDIR(p.dentry->inode->mode))
		err = -EISDIR;
	else if (!S_ISREG(p.dentry->inode->mode))
		err = -EINVAL;
	else
		err = path_access(&p, me->cred, W_OK);
	if (!err && p.dentry->inode->writers < 0)
		err = -ETXTBSY;
	if (!err && (uint64_t)size > me->proc->limit[RLIMIT_FSIZE].cur) {
		signal_post_simple(me->proc, SIGXFSZ);
		err = -EFBIG;
	}
	if (!err)
		err = path_set_attr(&p, me->cred, &a);
	path_drop(&p);
	return err;
}

int sys_truncate(struct thread *me, const uint32_t *arg)
{
	return truncate_at(me, arg[0], (int32_t)arg[1]);
}

int sys_truncate64(struct thread *me, const uint32_t *arg)
{
	return truncate_at(me, arg[0],
			   (off64)((uint64_t)arg[2] << 32 | arg[1]));
}

/* --- times ------------------------------------------------------------------ */

static const int64_t NS = 1000000000;
static const int64_t TIME_MOST = INT64_MAX / 1000000000 - 1; /* s from 1970 */

/* One of utimensat's two times: adds to a, or -EINVAL. What lies beyond the
 * years 1677 to 2262 becomes the nearest time that can be kept. */
static int add_time(struct attr_change *a, unsigned bit, int64_t sec,
		    int32_t nsec, int64_t now)
{
	int64_t ns = now;

	assert(bit == ATTR_ATIME || bit == ATTR_MTIME);
	if (nsec == UTIME_OMIT)
		return 0;
	if (nsec != UTIME_NOW && (nsec < 0 || nsec >= NS))
		return -EINVAL;
	if (nsec != UTIME_NOW)
		ns = sec > TIME_MOST ? TIME_MOST * NS :
		     sec < -TIME_MOST ? -TIME_MOST * NS : sec * NS + nsec;
	a->valid |= bit;
	if (bit == ATTR_ATIME)
		a->atime = ns;
	else
		a->mtime = ns;
	return 0;
}

static int times_in(uint32_t user, bool wide, struct attr_change *a)
{
	struct abi_timespec64 t[2] = { { .nsec = UTIME_NOW },
				       { .nsec = UTIME_NOW } };
	int64_t now = timer_realtime_ns();
	int err = 0;

	if (user && wide) {
		err = user_copy_in(t, user, sizeof(t));
	} else if (user) {
		struct abi_timespec t32[2];

		err = user_copy_in(t32, user, sizeof(t32));
		for (int i = 0; i < 2 && !err; i++)
			t[i] = (struct abi_timespec64){ t32[i].sec,
							t32[i].nsec, 0 };
	}
	if (err)
		return err;
	if (t[0].nsec == UTIME_NOW && t[1].nsec == UTIME_NOW)
		a->valid |= ATTR_NOW;
	err = add_time(a, ATTR_ATIME, t[0].sec, t[0].nsec, now);
	return err ? err : add_time(a, ATTR_MTIME, t[1].sec, t[1].nsec, now);
}

static int set_times(struct thread *me, const uint32_t *arg, bool wide)
{
	struct attr_change a = { 0 };
	int err = times_in(arg[2], wide, &a);

	if (err)
		return err;
	if (!a.valid)		/* nothing to set: not even the name matters */
		return 0;
	if (arg[3] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!arg[1] && (int)arg[0] != AT_FDCWD) /* the descriptor itself */
		return change_fd(me, arg[0], &a);
	return change_at(me, arg[0], arg[1], follow_unless(arg[3]), &a);
}

int sys_utimensat(struct thread *me, const uint32_t *arg)
{
	return set_times(me, arg, false);
}

int sys_utimensat_time64(struct thread *me, const uint32_t *arg)
{
	return set_times(me, arg, true);
}

/* utimes(2) and futimesat(2): microseconds, NULL for now. */
static int set_times_us(struct thread *me, int dirfd, uint32_t user,
			uint32_t times)
{
	struct attr_change a = { .valid = ATTR_ATIME | ATTR_MTIME };
	struct abi_timeval t[2];
	int err;

	if (!times) {
		a.atime = a.mtime = timer_realtime_ns();
		a.valid |= ATTR_NOW;
	} else {
		err = user_copy_in(t, times, sizeof(t));
		if (err)
			return err;
		for (int i = 0; i < 2; i++)
			if (t[i].usec < 0 || t[i].usec >= 1000000)
				return -EINVAL;
		a.atime = t[0].sec * NS + t[0].usec * 1000;
		a.mtime = t[1].sec * NS + t[1].usec * 1000;
	}
	return change_at(me, dirfd, user, WALK_FOLLOW, &a);
}

int sys_utimes(struct thread *me, const uint32_t *arg)
{
	return set_times_us(me, AT_FDCWD, arg[0], arg[1]);
}

int sys_futimesat(struct thread *me, const uint32_t *arg)
{
	return set_times_us(me, arg[0], arg[1], arg[2]);
}

int sys_utime(struct thread *me, const uint32_t *arg)
{
	struct attr_change a = { .valid = ATTR_ATIME | ATTR_MTIME };
	int32_t t[2];
	int err;

	if (!arg[1]) {
		a.atime = a.mtime = timer_realtime_ns();
		a.valid |= ATTR_NOW;
	} else {
		err = user_copy_in(t, arg[1], sizeof(t));
		if (err)
			return err;
		a.atime = t[0] * NS;
		a.mtime = t[1] * NS;
	}
	return change_at(me, AT_FDCWD, arg[0], WALK_FOLLOW, &a);
}

/* --- mounts ----------------------------------------------------------------- */

/* A string that may be NULL in user memory: "" then. */
static int optional_in(uint32_t user, char **out)
{
	if (user)
		return sys_path_in(user, out);
	*out = kmem_zalloc(1);
	return *out ? 0 : -ENOMEM;
}

int sys_mount(struct thread *me, const uint32_t *arg)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	char *text[4] = { NULL, NULL, NULL, NULL };
	uint32_t flags = arg[3];
	int err;

	if ((flags & 0xffff0000u) == 0xc0ed0000u) /* MS_MGC_VAL of old */
		flags &= 0xffff;
	err = optional_in(arg[0], &text[0]);
	if (!err)
		err = sys_path_in(arg[1], &text[1]);
	if (!err)
		err = optional_in(arg[2], &text[2]);
	if (!err)
		err = optional_in(arg[4], &text[3]);
	if (!err)
		err = mount_add(&at, text[2], text[0], text[1], flags, text[3]);
	for (unsigned i = 0; i < ARRAY_LEN(text); i++)
		kmem_free(text[i]);
	return err;
}

static int deed_umount(const struct path_at *at, const char *name,
		       uint32_t flags, uint32_t unused)
{
	(void)unused;
	return mount_remove(at, name, flags);
}

int sys_umount2(struct thread *me, const uint32_t *arg)
{
	if (arg[1] & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	return with_name(me, AT_FDCWD, arg[0], deed_umount, arg[1], 0);
}

int sys_umount(struct thread *me, const uint32_t *arg)
{
	return with_name(me, AT_FDCWD, arg[0], deed_umount, 0, 0);
}
