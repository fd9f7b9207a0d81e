/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rename.c - renameat2(2), all its rules.
 *
 * Moving directories changes who is above whom, so a rename between two
 * directories holds the superblock's one lock for it; with it held, "above"
 * stands still, and the upper of the two is locked first (else the lower address).
 *
 * Locks: sb->rename_lock, both parents, the victim if it is a directory.
 */
#include "kernel/fs/inner.h"

struct side {			/* one end of the rename */
	struct path parent;	/* held */
	struct path_last last;
	struct inode *dir;
	struct dentry *d;	/* held */
};
struct renaming {
	struct side from, to;
	const struct cred *who;
	unsigned flags;
};

static bool is_above(const struct dentry *upper, const struct dentry *d)
{
	for (; d != upper; d = d->parent)
		if (d->parent == d)
			return false;
	return true;
}

static void lock_parents(struct renaming *r)
{
	struct inode *first = r->from.dir, *second = r->to.dir;

	assert(first && second);
	if (first == second) {
		sleep_lock_take(&first->lock);
		return;
	}
	sleep_lock_take(&first->sb->rename_lock);
	if (is_above(r->to.parent.dentry, r->from.parent.dentry) ||
	    (!is_above(r->from.parent.dentry, r->to.parent.dentry) &&
	     second < first)) {
		first = r->to.dir;
		second = r->from.dir;
	}
	sleep_lock_take(&first->lock);
	sleep_lock_take(&second->lock);
}

static void unlock_parents(struct renaming *r)
{
	sleep_lock_release(&r->from.dir->lock);
	if (r->from.dir == r->to.dir)
		return;
	sleep_lock_release(&r->to.dir->lock);
	sleep_lock_release(&r->from.dir->sb->rename_lock);
}

/* What the names themselves forbid. */
static int check_names(const struct renaming *r)
{
	const struct inode *what = r->from.d->inode, *over = r->to.d->inode;
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!what)
		return -ENOENT;
	if ((r->flags & RENAME_NOREPLACE) && over)
		return -EEXIST;
	if (exchange && !over)
		return -ENOENT;
	if (exchange && r->to.last.slash && !S_ISDIR(over->mode))
		return -ENOTDIR;
	if (!S_ISDIR(what->mode) &&
	    (r->from.last.slash || (!exchange && r->to.last.slash)))
		return -ENOTDIR;
	if (is_above(r->from.d, r->to.parent.dentry))
		return -EINVAL;
	if (is_above(r->to.d, r->from.parent.dentry))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_permission(const struct renaming *r)
{
	struct inode *what = r->from.d->inode, *over = r->to.d->inode;
	bool exchange = r->flags & RENAME_EXCHANGE;
	bool directory = S_ISDIR(what->mode);
	bool other = r->from.dir != r->to.dir;
	int err;

	assert(what);
	err = path_may_delete(r->from.dir, r->from.d, r->who, directory);
	if (err)
		return err;
	if (!over)
		err = path_may_create(r->to.dir, r->who);
	else
		err = path_may_delete(r->to.dir, r->to.d, r->who,
				      exchange ? S_ISDIR(over->mode) : directory);
	if (err || !other)
		return err;
	/* A directory that gets another parent changes itself: its `..`. */
	if (directory)
		err = inode_permission(what, r->who, W_OK);
	if (!err && exchange && S_ISDIR(over->mode))
		err = inode_permission(over, r->who, W_OK);
	return err;
}

/* The file system acts, then the cache follows; nothing fails in between. */
static int act(struct renaming *r)
{
	struct inode *what = r->from.d->inode, *over = r->to.d->inode;
	struct dentry *from = r->from.d, *to = r->to.d;
	bool exchange = r->flags & RENAME_EXCHANGE;
	bool replaced = over && S_ISDIR(over->mode) && !exchange;
	char *room = NULL;
	int err;

	assert(what && what != over);
	assert(sleep_lock_mine(&r->from.dir->lock));
	assert(sleep_lock_mine(&r->to.dir->lock));
	if (!r->from.dir->ops->rename)
		return -EPERM;
	if (!exchange) {
		err = dentry_name_room(to->len, &room);
		if (err)
			return err;
	}
	if (replaced)
		sleep_lock_take(&over->lock);
	/* Somebody may have mounted on one while this waited for the lock. */
	err = from->mounted || to->mounted ? -EBUSY :
	      r->from.dir->ops->rename(r->from.dir, from->name, from->len, what,
				       r->to.dir, to->name, to->len, over,
				       exchange);
	if (replaced && !err)
		over->removed = true;
	if (replaced)
		sleep_lock_release(&over->lock);
	if (err) {
		kmem_free(room);
		return err;
	}
	if (exchange) {
		dentry_exchange(from, to);
		return 0;
	}
	if (replaced)
		dentry_purge(to);
	dentry_unhash(to);
	dentry_move(from, r->to.parent.dentry, to->name, to->len, room);
	return 0;
}

static int locked_rename(struct renaming *r)
{
	int err = path_last_dentry(&r->from.parent, &r->from.last, &r->from.d);

	if (err)
		return err;
	err = path_last_dentry(&r->to.parent, &r->to.last, &r->to.d);
	if (err)
		goto drop_from;
	err = check_names(r);
	/* Two names of one file: nothing to do, and no error (rename(2)). */
	if (err || r->from.d->inode == r->to.d->inode)
		goto drop_both;
	assert(r->from.d != r->to.d);
	err = check_permission(r);
	if (!err)
		err = act(r);
drop_both:
	dentry_drop(r->to.d);
drop_from:
	dentry_drop(r->from.d);
	return err;
}

int path_move_dentry(const struct path *from, struct dentry *d,
		     const struct path *to, const char *name, size_t len,
		     bool exchange)
{
	struct renaming *r = kmem_zalloc(sizeof(*r));
	int err = -ENOENT;

	if (!r)
		return -ENOMEM;
	r->from.parent = *from;
	r->to.parent = *to;
	r->from.dir = from->dentry->inode;
	r->to.dir = to->dentry->inode;
	r->from.d = d;
	r->flags = exchange ? RENAME_EXCHANGE : 0;
	assert(r->from.dir->sb == r->to.dir->sb);
	lock_parents(r);
	if (d->parent == from->dentry && !d->unhashed && d->inode)
		err = dentry_lookup(to->dentry, name, len,
				    dentry_hash(to->dentry, name, len), &r->to.d);
	if (!err) {
		if (r->to.d->inode != d->inode)
			err = act(r);
		dentry_drop(r->to.d);
	}
	unlock_parents(r);
	kmem_free(r);
	return err;
}

/* Sleeps. -EXDEV: another mount; -EBUSY: `.`, `..`, or a mount point. */
int path_rename(const struct path_at *from, const char *old,
		const struct path_at *to, const char *name, unsigned flags)
{
	struct renaming *r;
	int err;

	if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r = kmem_alloc(sizeof(*r));	/* two names: too large for the stack */
	if (!r)
		return -ENOMEM;
	r->who = from->who;
	r->flags = flags;
	err = path_walk(from, old, WALK_PARENT, &r->from.parent, &r->from.last);
	if (err)
		goto out;
	err = path_walk(to, name, WALK_PARENT, &r->to.parent, &r->to.last);
	if (err)
		goto drop_from;
	r->from.dir = r->from.parent.dentry->inode;
	r->to.dir = r->to.parent.dentry->inode;
	if (r->from.parent.mount != r->to.parent.mount)
		err = -EXDEV;
	else if (r->from.last.kind != LAST_NAME)
		err = -EBUSY;
	else if (r->to.last.kind != LAST_NAME)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	else if (mount_read_only(r->from.parent.mount))
		err = -EROFS;
	if (!err) {
		lock_parents(r);
		err = locked_rename(r);
		unlock_parents(r);
	}
	path_drop(&r->to.parent);
drop_from:
	path_drop(&r->from.parent);
out:
	kmem_free(r);
	return err;
}
