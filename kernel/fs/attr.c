/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attr.c - chmod, chown, utimes and truncate: who may, what else changes with
 * it; and the reading of attributes (stat).
 *
 * inode_set_attr asks, inode_apply acts. Between the two nothing sleeps but a
 * file system's own set_attr.
 *
 * Locks: takes inode->lock.
 */
#include "kernel/fs/inner.h"
#include "kernel/fs/quota.h"

static bool is_admin(const struct inode *i, const struct cred *who)
{
	return inode_owned(i, who) || !priv_check(who, PRIV_VFS_ADMIN);
}

/* chown(2): the owner may give it to one of his own groups; the rest needs
 * the privilege. */
static int check_owner(const struct inode *i, const struct cred *who,
		       const struct attr_change *a)
{
	bool mine = inode_owned(i, who);

	if ((a->valid & ATTR_UID) && !(mine && a->uid == i->uid) &&
	    priv_check(who, PRIV_VFS_CHOWN))
		return -EPERM;
	if ((a->valid & ATTR_GID) &&
	    !(mine && (a->gid == i->gid || cred_in_group(who, a->gid))) &&
	    priv_check(who, PRIV_VFS_CHOWN))
		return -EPERM;
	return 0;
}

static int check_times(struct inode *i, const struct cred *who,
		       const struct attr_change *a)
{
	if (i->flags & (a->valid & ATTR_NOW ? FS_IMMUTABLE_FL :
			FS_IMMUTABLE_FL | FS_APPEND_FL))
		return -EPERM;
	if (is_admin(i, who))
		return 0;
	if (a->valid & ATTR_NOW)
		return inode_permission(i, who, W_OK);
	return -EPERM;
}

static int check_size(struct inode *i, const struct cred *who,
		      const struct attr_change *a)
{
	int err;

	assert(a->valid & ATTR_SIZE);
	if (S_ISDIR(i->mode))
		return -EISDIR;
	if (!S_ISREG(i->mode) || a->size < 0)
		return -EINVAL;
	if (a->size > FILE_SIZE_MAX)
		return -EFBIG;
	err = inode_permission(i, who, W_OK);
	if (err)
		return err;
	if (i->flags & FS_APPEND_FL)
		return -EPERM;
	if (i->writers < 0)
		return -ETXTBSY;
	return a->size > i->size ? regular_limit(a->size) : 0;
}

static int check(struct inode *i, const struct cred *who,
		 const struct attr_change *a)
{
	int err = 0;

	if (i->sb->flags & MS_RDONLY)
		return -EROFS;
	if ((a->valid & (ATTR_UID | ATTR_GID | ATTR_MODE)) && inode_is_fixed(i))
		return -EPERM;
	if (a->valid & (ATTR_UID | ATTR_GID))
		err = check_owner(i, who, a);
	if (!err && (a->valid & ATTR_MODE)) {
		if (S_ISLNK(i->mode))
			return -EOPNOTSUPP;
		if (!is_admin(i, who))
			return -EPERM;
	}
	if (!err && (a->valid & (ATTR_ATIME | ATTR_MTIME)))
		err = check_times(i, who, a);
	if (!err && (a->valid & ATTR_SIZE))
		err = check_size(i, who, a);
	return err;
}

/* May who keep the set-gid bit on a file of that group? */
static bool keeps_setgid(const struct cred *who, uint32_t gid)
{
	return cred_in_group(who, gid) || priv_has(who, PRIV_VFS_SETGID);
}

/* What a write takes away: set-uid, and set-gid where the group may execute
 * (without that bit set-gid means something else) or is not the writer's. */
static uint32_t without_setid(const struct inode *i, const struct cred *who)
{
	uint32_t mode = i->mode & ~S_ISUID;

	if ((mode & 010) || !keeps_setgid(who, i->gid))
		mode &= ~S_ISGID;
	return mode;
}

void inode_clear_setid(struct inode *i, const struct cred *who)
{
	struct attr_change a = { .valid = ATTR_MODE };

	assert(sleep_lock_mine(&i->lock));
	if (!(i->mode & (S_ISUID | S_ISGID)) || !S_ISREG(i->mode))
		return;
	inode_set_id_note(i, who);
	a.mode = without_setid(i, who) & S_IALLUGO;
	if (a.mode == (i->mode & S_IALLUGO) ||
	    priv_has(who, PRIV_VFS_RETAINSUGID))
		return;
	/* The write goes on whether or not the medium takes the new mode. */
	if (inode_apply(i, &a))
		i->mode = (i->mode & S_IFMT) | a.mode;
}

/* What i has counts for its new owner, if that one has room for it. */
static int change_owner(struct inode *i, const struct attr_change *a)
{
	if (!(a->valid & (ATTR_UID | ATTR_GID)))
		return 0;
	return quota_transfer(i, a->valid & ATTR_UID ? a->uid : i->uid,
			      a->valid & ATTR_GID ? a->gid : i->gid);
}

int inode_apply(struct inode *i, const struct attr_change *a)
{
	/* On a disk what the pages lie on is given up after them. */
	bool first = (a->valid & ATTR_SIZE) && i->ops && i->ops->extent &&
		     a->size <= i->size;
	int err = change_owner(i, a);

	assert(sleep_lock_mine(&i->lock));
	if (!err && first)
		err = regular_resize(i, a->size);
	if (!err && i->ops && i->ops->set_attr)
		err = i->ops->set_attr(i, a);
	if (!err && !first && (a->valid & ATTR_SIZE))
		err = regular_resize(i, a->size);
	if (err)
		return err;
	if (a->valid & ATTR_MODE)
		i->mode = (i->mode & S_IFMT) | (a->mode & S_IALLUGO);
	if (a->valid & ATTR_UID)
		i->uid = a->uid;
	if (a->valid & ATTR_GID)
		i->gid = a->gid;
	if (a->valid & ATTR_FLAGS)
		i->flags = a->flags;
	if (a->valid & ATTR_ATIME)
		i->atime = a->atime;
	if (a->valid & ATTR_MTIME)
		i->mtime = a->mtime;
	i->ctime = inode_now();
	if (a->valid & ATTR_SIZE)
		i->mtime = i->ctime;
	inode_dirty(i);
	return 0;
}

/* Who sets a bit anew vouches for the file as it is. */
static void note_set_id(struct inode *i, const struct cred *who, uint32_t mode)
{
	if (mode & ~i->mode & (S_ISUID | S_ISGID))
		i->set_id_depth = who->prison->depth;
	else
		inode_set_id_note(i, who);
}

/*
 * Change attributes as who: chmod(2), chown(2), utimensat(2), truncate(2).
 * The other bits that fall with it, fall: set-id at a change of owner or
 * size, set-gid at a chmod by one outside the group. Sleeps.
 * -EPERM, -EACCES, -EROFS, -EISDIR, -EINVAL, -EFBIG, -ETXTBSY, -EOPNOTSUPP.
 */
int inode_set_attr(struct inode *i, const struct cred *who,
		   const struct attr_change *a)
{
	struct attr_change act = *a;
	int err;

	assert(i->refs > 0);
	sleep_lock_take(&i->lock);
	err = check(i, who, a);
	if (err)
		goto out;
	if (act.valid & ATTR_MODE) {
		uint32_t gid = act.valid & ATTR_GID ? act.gid : i->gid;

		if (!keeps_setgid(who, gid))
			act.mode &= ~S_ISGID;
	} else if ((act.valid & ATTR_OWNER) && !S_ISDIR(i->mode)) {
		act.mode = without_setid(i, who);
		if (act.mode != i->mode) {
			act.valid |= ATTR_MODE;
			err = -EPERM;
			if (!is_admin(i, who))
				goto out;
		}
	}
	if (act.valid & ATTR_SIZE)
		inode_clear_setid(i, who);
	if (act.valid & ATTR_MODE)
		note_set_id(i, who, act.mode);
	err = inode_apply(i, &act);
out:
	sleep_lock_release(&i->lock);
	return err;
}

/* The same for a name: a read-only mount says -EROFS. Sleeps. */
int path_set_attr(const struct path *p, const struct cred *who,
		  const struct attr_change *a)
{
	assert(p->dentry->inode);
	if (mount_read_only(p->mount))
		return -EROFS;
	return inode_set_attr(p->dentry->inode, who, a);
}

/* ns since 1970, perhaps negative, into seconds and 0..999999999. */
static void stat_time(struct abi_statx_time *t, int64_t ns)
{
	uint32_t rest;

	if (likely(ns >= 0)) {
		t->sec = div_u64(ns, NS_PER_SEC, &rest);
		t->ns = rest;
		return;
	}
	t->sec = -(int64_t)div_u64(-ns, NS_PER_SEC, &rest);
	t->ns = 0;
	if (rest) {
		t->sec--;
		t->ns = NS_PER_SEC - rest;
	}
}

/* Everything that stat can tell; at may be NULL. Sleeps. */
int inode_stat(const struct path *at, struct inode *i, struct abi_statx *out)
{
	assert(i->refs > 0);
	if (i->ops && i->ops->refresh)
		i->ops->refresh(i);
	memset(out, 0, sizeof(*out));
	out->mask = STATX_BASIC_STATS | STATX_BTIME;
	out->blksize = PAGE_SIZE;
	out->nlink = i->nlink;
	out->uid = i->uid;
	out->gid = i->gid;
	out->mode = i->mode;
	out->ino = i->ino;
	out->size = i->size;
	out->blocks = i->blocks;
	if (i->sparse && i->object)
		out->blocks = (uint64_t)i->object->page_count *
			      (PAGE_SIZE / SECTOR);
	stat_time(&out->atime, i->atime);
	stat_time(&out->mtime, i->mtime);
	stat_time(&out->ctime, i->ctime);
	stat_time(&out->btime, i->btime);
	out->rdev_major = abi_dev_major(i->rdev);
	out->rdev_minor = abi_dev_minor(i->rdev);
	out->dev_major = abi_dev_major(i->sb->dev);
	out->dev_minor = abi_dev_minor(i->sb->dev);
	inode_flags_stat(i, out);
	if (at && at->mount) {
		out->mask |= STATX_MNT_ID;
		out->mnt_id = at->mount->id;
	}
	return 0;
}
