/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path_ops.c - the deeds on names: mknod, mkdir, symlink, link, unlink, rmdir,
 * access, readlink.
 *
 * Each walks to the parent, locks it, looks the last name up again (it may
 * have changed while the walk slept), asks, and then lets the file system act.
 *
 * Locks: the directory's; rmdir also the victim's, after it.
 */
#include "kernel/fs/inner.h"

struct making {			/* a name about to be made */
	struct path parent;	/* held, its inode locked */
	struct dentry *d;	/* held, negative */
};

/* Where names come and go by themselves (/proc), a name that is not there
 * cannot be made: it just is not there. */
int path_may_create(struct inode *dir, const struct cred *who)
{
	assert(S_ISDIR(dir->mode));
	if (dir->removed || dir->sb->type->fleeting)
		return -ENOENT;
	return inode_permission(dir, who, W_OK | X_OK);
}

/* directory: it is to be removed as one (rmdir). */
int path_may_delete(struct inode *dir, const struct dentry *victim,
		    const struct cred *who, bool directory)
{
	const struct inode *i = victim->inode;
	int err;

	assert(S_ISDIR(dir->mode) && sleep_lock_mine(&dir->lock));
	if (!i || dir->removed)
		return -ENOENT;
	err = inode_permission(dir, who, W_OK | X_OK);
	if (err)
		return err;
	if ((dir->flags & FS_APPEND_FL) || inode_is_fixed(i) ||
	    inode_sticky(dir, i, who))
		return -EPERM;
	if (directory && !S_ISDIR(i->mode))
		return -ENOTDIR;
	if (!directory && S_ISDIR(i->mode))
		return -EISDIR;
	return victim->mounted ? -EBUSY : 0;
}

int path_last_dentry(const struct path *parent, const struct path_last *last,
		     struct dentry **out)
{
	struct dentry *dir = parent->dentry;

	assert(last->len > 0 && last->len <= NAME_MAX);
	return dentry_lookup(dir, last->name, last->len,
			     dentry_hash(dir, last->name, last->len), out);
}

static void making_end(struct making *m)
{
	assert(m->d->refs > 0);
	sleep_lock_release(&m->parent.dentry->inode->lock);
	dentry_drop(m->d);
	path_drop(&m->parent);
}

/* Everything up to the deed. directory: a slash may stand behind the name. */
static int making_begin(const struct path_at *at, const char *name,
			bool directory, struct making *m)
{
	struct path_last last;
	struct inode *dir;
	int err;

	err = path_walk(at, name, WALK_PARENT, &m->parent, &last);
	if (err)
		return err;
	err = -EEXIST;
	if (last.kind != LAST_NAME)
		goto drop;
	dir = m->parent.dentry->inode;
	sleep_lock_take(&dir->lock);
	err = path_last_dentry(&m->parent, &last, &m->d);
	if (err)
		goto unlock;
	if (m->d->inode)
		err = -EEXIST;
	else if (last.slash && !directory)
		err = -ENOENT;
	else if (mount_read_only(m->parent.mount))
		err = -EROFS;
	else
		err = path_may_create(dir, at->who);
	if (!err)
		return 0;
	dentry_drop(m->d);
unlock:
	sleep_lock_release(&dir->lock);
drop:
	path_drop(&m->parent);
	return err;
}

static int create(const struct path_at *at, struct inode *dir,
		  struct dentry *d, uint32_t mode, uint32_t rdev)
{
	struct inode *i;
	int err;

	assert(sleep_lock_mine(&dir->lock) && !d->inode);
	if (!dir->ops->create)
		return -EACCES;
	mode &= ~(at->fs->umask & S_IALLUGO);
	err = dir->ops->create(dir, d->name, d->len, mode, rdev, at->who, &i);
	if (!err)
		dentry_fill(d, i);
	return err;
}

int path_create_file(const struct path_at *at, const struct path *parent,
		     struct dentry *d, uint32_t mode)
{
	int err = -EROFS;

	if (!mount_read_only(parent->mount))
		err = path_may_create(parent->dentry->inode, at->who);
	if (!err)
		err = create(at, parent->dentry->inode, d,
			     S_IFREG | (mode & S_IALLUGO), 0);
	return err;
}

/* mknod(2): a regular file, FIFO, socket or device node. Sleeps. */
int path_create(const struct path_at *at, const char *name, uint32_t mode,
		uint32_t rdev)
{
	struct making m;
	int err;

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG: case S_IFIFO: case S_IFSOCK: case S_IFCHR: case S_IFBLK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	err = making_begin(at, name, false, &m);
	if (err)
		return err;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		err = priv_check(at->who, PRIV_VFS_MKNOD_DEV);
	else
		rdev = 0;
	if (!err)
		err = create(at, m.parent.dentry->inode, m.d,
			     mode & (S_IFMT | S_IALLUGO), rdev);
	making_end(&m);
	return err;
}

int path_create_socket(const struct path_at *at, const char *name,
		       uint32_t mode, struct path *out)
{
	struct making m;
	int err = making_begin(at, name, false, &m);

	if (err)
		return err;
	err = create(at, m.parent.dentry->inode, m.d,
		     S_IFSOCK | (mode & S_IALLUGO), 0);
	if (!err) {
		*out = (struct path){ m.parent.mount, m.d };
		path_hold(out);
	}
	making_end(&m);
	return err;
}

/* mkdir(2). Sleeps. */
int path_mkdir(const struct path_at *at, const char *name, uint32_t mode)
{
	struct inode *dir, *i;
	struct making m;
	int err;

	err = making_begin(at, name, true, &m);
	if (err)
		return err;
	dir = m.parent.dentry->inode;
	mode &= (0777 | S_ISVTX) & ~at->fs->umask;
	err = -EPERM;
	if (dir->ops->mkdir)
		err = dir->ops->mkdir(dir, m.d->name, m.d->len, S_IFDIR | mode,
				      at->who, &i);
	if (!err)
		dentry_fill(m.d, i);
	making_end(&m);
	return err;
}

/* symlink(2). Sleeps. */
int path_symlink(const struct path_at *at, const char *name, const char *target)
{
	struct inode *dir, *i;
	struct making m;
	int err;

	if (!*target)
		return -ENOENT;
	if (strnlen(target, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	err = making_begin(at, name, false, &m);
	if (err)
		return err;
	dir = m.parent.dentry->inode;
	err = -EPERM;
	if (dir->ops->symlink)
		err = dir->ops->symlink(dir, m.d->name, m.d->len, target,
					at->who, &i);
	if (!err)
		dentry_fill(m.d, i);
	making_end(&m);
	return err;
}

static int link_made(const struct path *old, struct making *m)
{
	struct inode *dir = m->parent.dentry->inode;
	struct inode *i = old->dentry->inode;
	int err;

	assert(i && !m->d->inode && sleep_lock_mine(&dir->lock));
	if (old->mount != m->parent.mount)
		return -EXDEV;
	if (!dir->ops->link || S_ISDIR(i->mode) || inode_is_fixed(i))
		return -EPERM;
	if (!i->nlink && !i->linkable)
		return -ENOENT;
	err = dir->ops->link(dir, m->d->name, m->d->len, i);
	if (err)
		return err;
	i->linkable = false;
	inode_hold(i);
	dentry_fill(m->d, i);
	return 0;
}

int path_link_owned;	/* fs.protected_hardlinks: only one's own files */

/* linkat(2): a symlink gets the second name itself unless at_flags has
 * AT_SYMLINK_FOLLOW. Sleeps. */
int path_link(const struct path_at *from, const char *old,
	      const struct path_at *to, const char *name, unsigned at_flags)
{
	unsigned how = at_flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0;
	struct making m;
	struct path p;
	int err;

	if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & AT_EMPTY_PATH) {
		/* A descriptor alone does not say that its name was in reach. */
		if (!*old && priv_check(from->who, PRIV_VFS_READ))
			return -ENOENT;
		how |= WALK_EMPTY;
	}
	err = path_walk(from, old, how, &p, NULL);
	if (err)
		return err;
	if (path_link_owned && !inode_owned(p.dentry->inode, to->who))
		err = priv_check(to->who, PRIV_VFS_LINK);
	if (!err)
		err = making_begin(to, name, false, &m);
	if (!err) {
		err = link_made(&p, &m);
		making_end(&m);
	}
	path_drop(&p);
	return err;
}

/* The name d goes, of a file or an empty directory; nothing is asked. */
int path_remove_dentry(struct inode *dir, struct dentry *d, bool directory)
{
	struct inode *i = d->inode;
	int err;

	assert(i && sleep_lock_mine(&dir->lock));
	if (!directory) {
		if (!dir->ops->unlink)
			return -EPERM;
		err = dir->ops->unlink(dir, d->name, d->len, i);
		if (!err)
			dentry_removed(d);
		return err;
	}
	if (!dir->ops->rmdir)
		return -EPERM;
	inode_hold(i);
	sleep_lock_take(&i->lock);
	/* Somebody may have mounted on it while this waited for the lock. */
	err = d->mounted ? -EBUSY : dir->ops->rmdir(dir, d->name, d->len, i);
	if (!err)
		i->removed = true;
	sleep_lock_release(&i->lock);
	if (!err) {
		assert(i->removed);
		dentry_purge(d);	/* what it knew not to exist */
		dentry_removed(d);
	}
	inode_drop(i);
	return err;
}

/* The last place of an unlink or rmdir is no name of its own (unlink(2),
 * rmdir(2)). */
static int last_error(const struct path_last *last, bool directory)
{
	if (!directory)
		return -EISDIR;
	switch (last->kind) {
	case LAST_DOT:
		return -EINVAL;
	case LAST_DOTDOT:
		return -ENOTEMPTY;
	default:
		return -EBUSY;
	}
}

static int slash_error(const struct inode *i)
{
	if (!i)
		return -ENOENT;
	return S_ISDIR(i->mode) ? -EISDIR : -ENOTDIR;
}

/* unlink(2); directory: rmdir(2). Sleeps. */
int path_unlink(const struct path_at *at, const char *name, bool directory)
{
	struct path_last last;
	struct path parent;
	struct inode *dir;
	struct dentry *d;
	int err = path_walk(at, name, WALK_PARENT, &parent, &last);

	if (err)
		return err;
	dir = parent.dentry->inode;
	err = last_error(&last, directory);
	if (last.kind != LAST_NAME)
		goto out;
	err = -EROFS;
	if (mount_read_only(parent.mount))
		goto out;
	sleep_lock_take(&dir->lock);
	err = path_last_dentry(&parent, &last, &d);
	if (!err) {
		if (last.slash && !directory)
			err = slash_error(d->inode);
		else
			err = path_may_delete(dir, d, at->who, directory);
		if (!err)
			err = path_remove_dentry(dir, d, directory);
		dentry_drop(d);
	}
	sleep_lock_release(&dir->lock);
out:
	path_drop(&parent);
	return err;
}

/* access(2) and its kin: modes and privileges, then the mount's own say. */
int path_access(const struct path *p, const struct cred *who, unsigned want)
{
	struct inode *i = p->dentry->inode;

	assert(!(want & ~(R_OK | W_OK | X_OK)));
	if ((want & X_OK) && S_ISREG(i->mode) && (p->mount->flags & MS_NOEXEC))
		return -EACCES;
	if ((want & W_OK) && mount_read_only(p->mount) &&
	    (S_ISREG(i->mode) || S_ISDIR(i->mode) || S_ISLNK(i->mode)))
		return -EROFS;
	return inode_permission(i, who, want);
}

/* Length of the text, cut to size; no NUL. -EINVAL: no symlink. Sleeps. */
int path_read_link(const struct path *p, const struct cred *who, char *to,
		   size_t size)
{
	struct inode *i = p->dentry->inode;
	size_t n;

	if (!S_ISLNK(i->mode))
		return -EINVAL;
	if (i->ops->permission) {
		int err = i->ops->permission(i, who, R_OK);

		if (err)
			return err;
	}
	inode_touch_read(i, p->mount);
	if (!i->link)
		return i->ops->read_link ? i->ops->read_link(i, to, size) :
					   -EINVAL;
	n = strlen(i->link);
	if (n > size)
		n = size;
	memcpy(to, i->link, n);
	return n;
}
