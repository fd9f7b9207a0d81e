/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layer.c - deeds on names in one layer of an overlay.
 *
 * They go through the layer's own cache of names, so that who looks at the
 * layer by another way sees the same. Nothing is asked here: the overlay's
 * inodes have the layers' owners and modes, and the path room has asked them.
 *
 * Locks: the layer's folders. overlay->lock is held for the work folder.
 */
#include "kernel/fs/overlay/overlay.h"

static int lookup_locked(const struct path *dir, const char *name, size_t len,
			 struct dentry **out)
{
	return dentry_lookup(dir->dentry, name, len,
			     dentry_hash(dir->dentry, name, len), out);
}

static void found(const struct path *dir, struct dentry *d, struct path *out)
{
	assert(d->inode);
	mount_hold(dir->mount);
	*out = (struct path){ dir->mount, d };
}

int layer_lookup(const struct path *dir, const char *name, size_t len,
		 struct path *out)
{
	struct inode *i = dir->dentry->inode;
	struct dentry *d;
	int err;

	assert(S_ISDIR(i->mode));
	sleep_lock_take(&i->lock);
	err = lookup_locked(dir, name, len, &d);
	sleep_lock_release(&i->lock);
	if (err)
		return err;
	if (d->inode) {
		found(dir, d, out);
		return 0;
	}
	dentry_drop(d);
	return -ENOENT;
}

static int make_inode(struct inode *dir, const struct dentry *d,
		      const struct spec *s, struct inode **out)
{
	const struct inode_ops *ops = dir->ops;

	switch (s->mode & S_IFMT) {
	case S_IFDIR:
		return ops->mkdir ? ops->mkdir(dir, d->name, d->len, s->mode,
					       s->who, out) : -EPERM;
	case S_IFLNK:
		return ops->symlink ? ops->symlink(dir, d->name, d->len,
						   s->target, s->who, out) :
				      -EPERM;
	default:
		return ops->create ? ops->create(dir, d->name, d->len, s->mode,
						 s->rdev, s->who, out) : -EPERM;
	}
}

/* -EEXIST, and what the file system says. *out is held. */
int layer_make(const struct path *dir, const char *name, size_t len,
	       const struct spec *s, struct path *out)
{
	struct inode *i = dir->dentry->inode, *made;
	struct dentry *d;
	int err;

	assert(len > 0 && len <= NAME_MAX);
	sleep_lock_take(&i->lock);
	err = lookup_locked(dir, name, len, &d);
	if (err)
		goto unlock;
	err = d->inode ? -EEXIST : make_inode(i, d, s, &made);
	if (err) {
		dentry_drop(d);
	} else {
		dentry_fill(d, made);
		found(dir, d, out);
	}
unlock:
	sleep_lock_release(&i->lock);
	return err;
}

/* A further name of a file of the same file system. -EEXIST, -EMLINK. */
int layer_link(const struct path *dir, const char *name, size_t len,
	       struct inode *to)
{
	struct inode *i = dir->dentry->inode;
	struct dentry *d;
	int err;

	assert(to->sb == i->sb && !S_ISDIR(to->mode));
	sleep_lock_take(&i->lock);
	err = lookup_locked(dir, name, len, &d);
	if (err)
		goto unlock;
	if (d->inode)
		err = -EEXIST;
	else
		err = i->ops->link ? i->ops->link(i, name, len, to) : -EPERM;
	if (!err) {
		inode_hold(to);
		dentry_fill(d, to);
	}
	dentry_drop(d);
unlock:
	sleep_lock_release(&i->lock);
	return err;
}

/* The name d, of a file or of an empty folder, goes. The caller holds d. */
int layer_remove(const struct path *dir, struct dentry *d)
{
	struct inode *i = dir->dentry->inode;
	int err = -ENOENT;

	sleep_lock_take(&i->lock);
	if (d->parent == dir->dentry && !d->unhashed && d->inode)
		err = path_remove_dentry(i, d, S_ISDIR(d->inode->mode));
	sleep_lock_release(&i->lock);
	return err;
}

struct names {			/* collected before they are removed */
	char *text;		/* each with its NUL */
	size_t used, size;
	int err;
};

static bool collect(void *ctx, const char *name, size_t len)
{
	struct names *n = ctx;

	assert(n->used <= n->size);
	if (n->used + len + 1 > n->size) {
		size_t size = 2 * n->size + NAME_MAX + 1;
		char *text = kmem_alloc(size);

		if (!text) {
			n->err = -ENOMEM;
			return false;
		}
		if (n->text)
			memcpy(text, n->text, n->used);
		kmem_free(n->text);
		n->text = text;
		n->size = size;
	}
	memcpy(n->text + n->used, name, len);
	n->text[n->used + len] = '\0';
	n->used += len + 1;
	return true;
}

/* One name of dir; a folder's own names first, to the second storey: in the
 * work folder a folder holds nothing but whiteouts and its mark. */
static int clear_one(struct overlay *o, const struct path *dir, const char *name,
		     bool deep)
{
	struct path p;
	int err = layer_lookup(dir, name, strlen(name), &p);

	if (err)
		return err;
	if (deep && S_ISDIR(p.dentry->inode->mode))
		err = layer_clear(o, &p);
	if (!err)
		err = layer_remove(dir, p.dentry);
	path_drop(&p);
	return err;
}

int layer_clear(struct overlay *o, const struct path *dir)
{
	bool deep = dir->dentry == o->work.dentry;
	struct names n = { NULL, 0, 0, 0 };
	int err = list_layer(o, dir, collect, &n);

	if (!err)
		err = n.err;
	for (size_t at = 0; !err && at < n.used; at += strlen(n.text + at) + 1)
		err = clear_one(o, dir, n.text + at, deep);
	kmem_free(n.text);
	return err;
}

bool layer_is_opaque(const struct path *dir)
{
	struct path p;

	if (layer_lookup(dir, OPAQUE, sizeof(OPAQUE) - 1, &p))
		return false;
	path_drop(&p);
	return true;
}

/* --- the work folder --------------------------------------------------------- */

void work_name(struct overlay *o, char name[NAME_MAX + 1])
{
	assert(sleep_lock_mine(&o->lock));
	str_format(name, NAME_MAX + 1, "%u", ++o->serial);
}

int work_make(struct overlay *o, const struct spec *s, struct path *out)
{
	char name[NAME_MAX + 1];
	int err;

	do {
		work_name(o, name);
		err = layer_make(&o->work, name, strlen(name), s, out);
	} while (err == -EEXIST);
	return err;
}
