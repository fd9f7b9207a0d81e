/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - from a name to a file object: open(2)'s flags and their rules.
 *
 * With O_CREAT the walk stops at the parent of the last name (symlinks in the
 * last place followed), the parent is locked, and the name either is there or
 * is made; without, the name is walked like any other. Both end in
 * open_file(), where permission is asked and the operations are chosen.
 */
#include "kernel/fs/inner.h"

int (*vfs_device_open)(struct inode *i, struct file *f);

/* A file opened with O_PATH names a place and does nothing else. */
static const struct file_ops path_only_ops = { .seek = NULL };

enum {
	FLAGS_WITH_PATH = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	/* Said once to open, not kept in the file. */
	FLAGS_SPENT = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC,
	TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY,
};

struct opening {
	const struct path_at *at;
	unsigned flags;
	uint32_t mode;		/* of a new file */
};

/* Which of R_OK, W_OK the access mode stands for; truncating is writing. */
static unsigned access_wanted(unsigned flags)
{
	static const uint8_t want[] = { R_OK, W_OK, R_OK | W_OK, R_OK | W_OK };

	return want[flags & O_ACCMODE] | (flags & O_TRUNC ? W_OK : 0);
}

static bool opens_for_write(unsigned flags)
{
	unsigned mode = flags & O_ACCMODE;

	return mode == O_WRONLY || mode == O_RDWR;
}

/* May who open the existing p so? */
static int check_open(const struct path *p, const struct cred *who,
		      unsigned flags)
{
	struct inode *i = p->dentry->inode;
	unsigned want = access_wanted(flags);
	int err;

	switch (i->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (want & W_OK)
			return -EISDIR;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (p->mount->flags & MS_NODEV)
			return -EACCES;
		break;
	case S_IFREG:
		if ((want & W_OK) && mount_read_only(p->mount))
			return -EROFS;
		break;
	}
	err = inode_permission(i, who, want);
	if (err)
		return err;
	if ((i->flags & FS_APPEND_FL) && (want & W_OK) &&
	    (!(flags & O_APPEND) || (flags & O_TRUNC)))
		return -EPERM;
	if ((flags & O_NOATIME) && !inode_owned(i, who))
		return priv_check(who, PRIV_VFS_ADMIN);
	return 0;
}

static int choose_ops(struct inode *i, struct file *f)
{
	f->ops = i->fops;
	switch (i->mode & S_IFMT) {
	case S_IFREG:
		if (!f->ops)
			f->ops = &file_regular_ops;
		break;
	case S_IFDIR:
		if (!f->ops)
			f->ops = &file_directory_ops;
		break;
	case S_IFIFO:
		if (!f->ops)
			f->ops = &pipe_fifo_ops;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (!f->ops)
			return vfs_device_open ? vfs_device_open(i, f) : -ENXIO;
		break;
	default:
		return -ENXIO;
	}
	return f->ops->open ? f->ops->open(i, f) : 0;
}

static int truncate_opened(struct file *f)
{
	if (!S_ISREG(f->inode->mode) || !f->ops->truncate)
		return 0;
	return f->ops->truncate(f, 0);
}

/* The fresh f becomes p, opened: p's references are copied. On failure f is
 * as it was, but holds p. */
static int attach(struct file *f, const struct path *p, bool created)
{
	struct inode *i = p->dentry->inode;
	int err;

	assert(!f->inode && !f->path.mount && !f->ops);
	path_hold(p);
	f->path = *p;
	inode_hold(i);
	f->inode = i;
	if (f->flags & O_PATH) {
		f->flags &= ~O_CLOEXEC;
		f->ops = &path_only_ops;
		return 0;
	}
	if (S_ISREG(i->mode)) {
		if (!(f->flags & O_LARGEFILE) && i->size > FILE_SIZE_SMALL)
			return -EOVERFLOW;
		/* O_TRUNC changes the file even when opened to read */
		if (i->writers < 0 &&
		    (opens_for_write(f->flags) || (f->flags & O_TRUNC)))
			return -ETXTBSY;
		if (opens_for_write(f->flags)) {
			inode_set_id_note(i, f->cred);
			i->writers++;
			f->wrote = true;
		}
	}
	err = choose_ops(i, f);
	if (err) {
		f->ops = NULL;	/* never opened: nothing to release */
		return err;
	}
	if ((f->flags & O_TRUNC) && !created)
		err = truncate_opened(f);
	f->flags &= ~FLAGS_SPENT;
	return err;
}

/* Checks, then opens p into the fresh f. */
static int open_file(const struct path *p, const struct cred *who,
		     struct file *f, bool created)
{
	struct inode *i = p->dentry->inode;
	int err = 0;

	assert(f->refs == 1);
	if ((f->flags & O_DIRECTORY) && !S_ISDIR(i->mode))
		return -ENOTDIR;
	if (!created && !(f->flags & O_PATH))
		err = check_open(p, who, f->flags);
	return err ? err : attach(f, p, created);
}

/* Opens p itself. Sleeps. */
int path_open_at(const struct path *p, const struct cred *who, unsigned flags,
		 struct file **out)
{
	struct file *f;
	int err = file_alloc(who, flags, &f);

	if (err)
		return err;
	err = open_file(p, who, f, false);
	if (err)
		file_unalloc(f);
	else
		*out = f;
	return err;
}

/* The last name in the locked parent: what it is, or a new file. *p is held
 * on success. -EAGAIN: a symlink came into its place, walk again. */
static int find_or_create(const struct opening *o, const struct path *parent,
			  const struct path_last *last, struct path *p,
			  bool *created)
{
	struct dentry *d;
	int err = path_last_dentry(parent, last, &d);

	assert(sleep_lock_mine(&parent->dentry->inode->lock));
	if (err)
		return err;
	*created = !d->inode;
	if (!d->inode)
		err = path_create_file(o->at, parent, d, o->mode);
	else if (o->flags & O_EXCL)
		err = -EEXIST;
	else if (S_ISLNK(d->inode->mode) && !(o->flags & O_NOFOLLOW))
		err = -EAGAIN;
	if (err) {
		dentry_drop(d);
		return err;
	}
	assert(d->inode);
	mount_hold(parent->mount);
	*p = (struct path){ parent->mount, d };
	return 0;
}

/* Only a plain name can be made; what else a name may end in is a directory. */
static int check_last(const struct opening *o, const struct path_last *last)
{
	if (last->kind == LAST_NAME)
		return last->slash ? -EISDIR : 0;
	return o->flags & O_EXCL ? -EEXIST : -EISDIR;
}

static int open_create(const struct opening *o, const char *name,
		       struct file *f)
{
	bool follow = !(o->flags & (O_EXCL | O_NOFOLLOW));
	struct path_last last;
	struct path parent, p;
	bool created = false;
	int err;

	do {
		err = path_walk(o->at, name,
				WALK_PARENT | WALK_OPEN |
				(follow ? WALK_FOLLOW : 0),
				&parent, &last);
		if (err)
			return err;
		if (last.kind == LAST_SELF) {
			p = parent;
			break;
		}
		err = check_last(o, &last);
		if (!err) {
			struct inode *dir = parent.dentry->inode;

			sleep_lock_take(&dir->lock);
			err = find_or_create(o, &parent, &last, &p, &created);
			sleep_lock_release(&dir->lock);
		}
		path_drop(&parent);
	} while (err == -EAGAIN);
	if (err)
		return err;
	path_cross(&p);
	assert(p.dentry->inode);
	err = -EISDIR;
	if (!S_ISDIR(p.dentry->inode->mode))
		err = open_file(&p, o->at->who, f, created);
	path_drop(&p);
	return err;
}

/* O_TMPFILE: a file in the directory `name` that has no name. */
static int open_unnamed(const struct opening *o, const char *name,
			struct file *f)
{
	const struct cred *who = o->at->who;
	struct inode *dir, *i;
	char label[16];
	struct path p, q;
	int err;

	err = path_walk(o->at, name, WALK_FOLLOW | WALK_DIRECTORY, &p, NULL);
	if (err)
		return err;
	dir = p.dentry->inode;
	err = -EROFS;
	if (mount_read_only(p.mount))
		goto drop;
	err = path_may_create(dir, who);
	if (!err && !dir->ops->tmpfile)
		err = -EOPNOTSUPP;
	if (err)
		goto drop;
	sleep_lock_take(&dir->lock);
	err = dir->ops->tmpfile(dir, S_IFREG | (o->mode & S_IALLUGO &
						~o->at->fs->umask), who, &i);
	sleep_lock_release(&dir->lock);
	if (err)
		goto drop;
	i->linkable = !(o->flags & O_EXCL);
	assert(S_ISREG(i->mode) && !i->nlink);
	str_format(label, sizeof(label), "#%u", (uint32_t)i->ino);
	q.mount = p.mount;
	err = dentry_unnamed(p.dentry, label, i, &q.dentry);
	if (err) {
		inode_drop(i);
		goto drop;
	}
	f->flags &= ~O_TMPFILE;
	err = attach(f, &q, true);
	dentry_drop(q.dentry);
drop:
	path_drop(&p);
	return err;
}

static int open_existing(const struct opening *o, const char *name,
			 struct file *f)
{
	unsigned how = o->flags & O_NOFOLLOW ? 0 : WALK_FOLLOW;
	struct path p;
	int err = path_walk(o->at, name, how | WALK_OPEN, &p, NULL);

	if (err)
		return err;
	err = open_file(&p, o->at->who, f, false);
	path_drop(&p);
	return err;
}

/*
 * /dev/stdin and its like, of an inmate who came in with a file from outside:
 * it has no name here, so it is not opened anew but given once more, as
 * FreeBSD's /dev/fd does. A directory is not: it would lead out.
 */
static int open_own(const struct opening *o, const char *name,
		    struct file **out)
{
	unsigned want = access_wanted(o->flags & O_ACCMODE);
	struct file *f = NULL;
	struct inode *i;
	struct path p;
	int err = path_walk(o->at, name, WALK_FOLLOW | WALK_TO_LINK, &p, NULL);

	if (err)
		return err;
	i = p.dentry->inode;
	if (S_ISLNK(i->mode) && i->ops->own_file)
		f = i->ops->own_file(i, o->at->who);
	path_drop(&p);
	if (!f) {
		prison_denied(o->at->who, "path", "proc-link", -ENOENT);
		return -ENOENT;
	}
	if (S_ISDIR(f->inode->mode) || ((f->flags | o->flags) & O_PATH))
		err = -ENOENT;
	else if (want & ~access_wanted(f->flags & O_ACCMODE))
		err = -EACCES;
	if (err)
		file_drop(f);
	else
		*out = f;
	return err;
}

/*
 * open(2). mode: permissions of a file that O_CREAT or O_TMPFILE makes, before
 * the umask. *out has one reference. Sleeps. -EINTR may come from a FIFO.
 */
int path_open(const struct path_at *at, const char *name, unsigned flags,
	      uint32_t mode, struct file **out)
{
	struct opening o = { at, flags, mode };
	struct file *f;
	int err;

	if (flags & O_PATH)
		o.flags &= FLAGS_WITH_PATH;
	else if (flags & TMPFILE_BIT) {
		if ((flags & O_TMPFILE) != O_TMPFILE ||
		    !opens_for_write(flags) || (flags & O_CREAT))
			return -EINVAL;
	} else if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;
	err = file_alloc(at->who, o.flags, &f);
	if (err)
		return err;
	if (o.flags & TMPFILE_BIT)
		err = open_unnamed(&o, name, f);
	else if (o.flags & O_CREAT)
		err = open_create(&o, name, f);
	else
		err = open_existing(&o, name, f);
	if (err)
		file_unalloc(f);
	else
		*out = f;
	if (err == -EXDEV)
		err = open_own(&o, name, out);
	return err;
}
