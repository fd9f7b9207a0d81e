/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - names in an overlay: found, made, linked, renamed, removed.
 *
 * The deeds happen in upper. A name that a lower layer has too gets a whiteout
 * when it goes; a new folder in its place is marked opaque. Where upper has a
 * whiteout already, the new thing is made in the work folder and renamed over
 * it, so that at no moment the old one shines through.
 *
 * A folder that a lower layer has cannot be renamed: -EXDEV, as in Linux, and
 * mv(1) copies.
 *
 * Locks: the overlay's folders, by the caller; overlay->lock.
 */
#include "kernel/fs/overlay/overlay.h"

/* --- whiteouts ------------------------------------------------------------------ */

/* What an exchange brought into the work folder goes, names and all. Nobody
 * sees it any more: a failure only costs room, until the next mount. */
static void throw_away(struct overlay *o, struct dentry *d)
{
	struct path p = { o->work.mount, d };
	int err = 0;

	if (S_ISDIR(d->inode->mode))
		err = layer_clear(o, &p);
	if (!err)
		err = layer_remove(&o->work, d);
	if (err)
		log_print(LOG_WARN, "overlay: %s stays in the work folder (%d)\n",
			  d->name, err);
}

/* A new thing in the work folder takes the place of name in the folder dir,
 * which may be free or hold anything; what it held is thrown away. */
static int replace(struct overlay *o, struct path *fresh, const struct path *dir,
		   const char *name, size_t len)
{
	struct path old;
	bool exchange;
	int err = layer_lookup(dir, name, len, &old);

	assert(sleep_lock_mine(&o->lock));
	if (err && err != -ENOENT)
		return err;
	exchange = !err && (S_ISDIR(old.dentry->inode->mode) ||
			    S_ISDIR(fresh->dentry->inode->mode));
	if (err == 0 && !exchange)
		path_drop(&old);
	err = path_move_dentry(&o->work, fresh->dentry, dir, name, len, exchange);
	if (!exchange)
		return err;
	if (!err)
		throw_away(o, old.dentry);
	path_drop(&old);
	return err;
}

static int put_whiteout(struct overlay *o, const struct path *dir,
			const char *name, size_t len)
{
	struct spec s = { .mode = S_IFCHR, .rdev = 0, .who = o->cred };
	struct path fresh;
	int err;

	sleep_lock_take(&o->lock);
	err = work_make(o, &s, &fresh);
	if (!err) {
		err = replace(o, &fresh, dir, name, len);
		if (err)
			(void)!layer_remove(&o->work, fresh.dentry);
		path_drop(&fresh);
	}
	sleep_lock_release(&o->lock);
	return err;
}

static int mark_opaque(struct overlay *o, const struct path *dir)
{
	struct spec s = { .mode = S_IFREG, .who = o->cred };
	struct path mark;
	int err = layer_make(dir, OPAQUE, sizeof(OPAQUE) - 1, &s, &mark);

	if (!err)
		path_drop(&mark);
	return err == -EEXIST ? 0 : err;
}

/* --- making --------------------------------------------------------------------- */

/* The owner that it would have had, had it been made in dir. */
static int set_owner(struct inode *made, struct inode *dir, const struct spec *s)
{
	struct attr_change a = { .valid = ATTR_MODE | ATTR_UID | ATTR_GID };
	int err;

	sleep_lock_take(&made->lock);
	made->mode = (made->mode & S_IFMT) | (s->mode & S_IALLUGO);
	inode_owner_set(made, dir, s->who);
	a.mode = made->mode & S_IALLUGO;
	a.uid = made->uid;
	a.gid = made->gid;
	err = inode_apply(made, &a);
	sleep_lock_release(&made->lock);
	return err;
}

static int make_over_whiteout(struct overlay *o, struct inode *dir,
			      const char *name, size_t len,
			      const struct spec *s, struct path *out)
{
	int err = work_make(o, s, out);

	if (err)
		return err;
	if (!S_ISLNK(s->mode))
		err = set_owner(out->dentry->inode, dir, s);
	if (!err && S_ISDIR(s->mode))
		err = mark_opaque(o, out);
	if (!err)
		err = replace(o, out, &node_of(dir)->upper, name, len);
	if (err) {
		throw_away(o, out->dentry);
		path_drop(out);
	}
	return err;
}

/* Makes s in dir and gives its inode. */
static int make(struct inode *dir, const char *name, size_t len,
		const struct spec *s, struct inode **out)
{
	struct overlay *o = overlay_of(dir);
	struct found f = { .lower_count = 0 };
	struct path old;
	int err = is_reserved(name, len) ? -EPERM : copy_up(dir, 0);

	if (err)
		return err;
	sleep_lock_take(&o->lock);
	err = layer_lookup(&node_of(dir)->upper, name, len, &old);
	if (err == -ENOENT) {
		err = layer_make(&node_of(dir)->upper, name, len, s, &f.upper);
	} else if (!err) {
		err = -EEXIST;
		if (is_whiteout(old.dentry->inode))
			err = make_over_whiteout(o, dir, name, len, s, &f.upper);
		path_drop(&old);
	}
	sleep_lock_release(&o->lock);
	node_mirror(dir);
	return err ? err : node_get(dir->sb, dir, name, len, &f, out);
}

static int overlay_create(struct inode *dir, const char *name, size_t len,
			  uint32_t mode, uint32_t rdev, const struct cred *who,
			  struct inode **out)
{
	struct spec s = { .mode = mode, .rdev = rdev, .who = who };

	/* It would be taken for a whiteout. */
	if (S_ISCHR(mode) && rdev == 0)
		return -EPERM;
	return make(dir, name, len, &s, out);
}

static int overlay_mkdir(struct inode *dir, const char *name, size_t len,
			 uint32_t mode, const struct cred *who,
			 struct inode **out)
{
	struct spec s = { .mode = mode, .who = who };

	return make(dir, name, len, &s, out);
}

static int overlay_symlink(struct inode *dir, const char *name, size_t len,
			   const char *target, const struct cred *who,
			   struct inode **out)
{
	struct spec s = { .mode = S_IFLNK | 0777, .target = target, .who = who };

	return make(dir, name, len, &s, out);
}

static int overlay_tmpfile(struct inode *dir, uint32_t mode,
			   const struct cred *who, struct inode **out)
{
	struct found f = { .lower_count = 0 };
	struct path *upper = &node_of(dir)->upper;
	struct inode *real, *i;
	int err = copy_up(dir, 0);

	if (err)
		return err;
	real = upper->dentry->inode;
	if (!real->ops->tmpfile)
		return -EOPNOTSUPP;
	sleep_lock_take(&real->lock);
	err = real->ops->tmpfile(real, mode, who, &i);
	sleep_lock_release(&real->lock);
	if (err)
		return err;
	err = dentry_unnamed(upper->dentry, "tmp", i, &f.upper.dentry);
	if (err) {
		inode_drop(i);
		return err;
	}
	mount_hold(upper->mount);
	f.upper.mount = upper->mount;
	return node_get(dir->sb, NULL, NULL, 0, &f, out);
}

static int overlay_link(struct inode *dir, const char *name, size_t len,
			struct inode *to)
{
	struct overlay *o = overlay_of(dir);
	const struct path *upper = &node_of(dir)->upper;
	char temporary[NAME_MAX + 1];
	struct path old, fresh;
	struct inode *real;
	int err = is_reserved(name, len) ? -EPERM : copy_up(to, FILE_SIZE_MAX);

	if (!err)
		err = copy_up(dir, 0);
	if (err)
		return err;
	real = node_real_inode(node_of(to));
	sleep_lock_take(&o->lock);
	err = layer_lookup(upper, name, len, &old);
	if (err == -ENOENT) {
		err = layer_link(upper, name, len, real);
	} else if (!err) {
		path_drop(&old);
		work_name(o, temporary);
		err = layer_link(&o->work, temporary, strlen(temporary), real);
		if (!err)
			err = layer_lookup(&o->work, temporary,
					   strlen(temporary), &fresh);
		if (!err) {
			err = replace(o, &fresh, upper, name, len);
			path_drop(&fresh);
		}
	}
	sleep_lock_release(&o->lock);
	node_mirror(to);
	node_mirror(dir);
	return err;
}

/* --- finding -------------------------------------------------------------------- */

static int overlay_lookup(struct inode *dir, const char *name, size_t len,
			  struct inode **out)
{
	struct found f = { .lower = NULL };
	int err;

	if (is_reserved(name, len))
		return -ENOENT;
	if (node_of(dir)->lower_count) {
		f.lower = kmem_alloc(node_of(dir)->lower_count *
				     sizeof(f.lower[0]));
		if (!f.lower)
			return -ENOMEM;
	}
	err = node_lookup(node_of(dir), name, len, &f);
	if (!err)
		err = node_get(dir->sb, dir, name, len, &f, out);
	kmem_free(f.lower);
	return err;
}

static int overlay_read_link(struct inode *i, char *to, size_t size)
{
	struct inode *real = node_real_inode(node_of(i));
	size_t n;

	if (!real->link)
		return real->ops->read_link ?
		       real->ops->read_link(real, to, size) : -EINVAL;
	n = strlen(real->link);
	if (n > size)
		n = size;
	memcpy(to, real->link, n);
	return (int)n;
}

/* --- removing ------------------------------------------------------------------- */

/* The name goes from upper, or a whiteout comes into its place. */
static int take_away(struct inode *dir, const char *name, size_t len)
{
	struct overlay *o = overlay_of(dir);
	struct node *n = node_of(dir);
	struct path old;
	int err;

	if (node_is_below(n, name, len))
		return put_whiteout(o, &n->upper, name, len);
	err = layer_lookup(&n->upper, name, len, &old);
	if (err)
		return err;
	if (S_ISDIR(old.dentry->inode->mode))
		err = layer_clear(o, &old);
	if (!err)
		err = layer_remove(&n->upper, old.dentry);
	path_drop(&old);
	return err;
}

static int overlay_unlink(struct inode *dir, const char *name, size_t len,
			  struct inode *victim)
{
	struct node *v = node_of(victim);
	int err = copy_up(dir, 0);

	if (!err)
		err = take_away(dir, name, len);
	if (err)
		return err;
	v->removed = !v->upper.mount || v->upper.dentry->inode->nlink == 0;
	node_mirror(victim);
	if (!v->upper.mount)
		victim->ctime = inode_now();
	node_mirror(dir);
	return 0;
}

static int overlay_rmdir(struct inode *dir, const char *name, size_t len,
			 struct inode *victim)
{
	int err = list_is_empty(victim);

	if (!err)
		err = copy_up(dir, 0);
	if (!err)
		err = take_away(dir, name, len);
	if (err)
		return err;
	node_of(victim)->removed = true;
	victim->nlink = 0;
	node_mirror(dir);
	return 0;
}

/* --- renaming ------------------------------------------------------------------- */

static bool is_merged(const struct inode *i)
{
	return S_ISDIR(i->mode) && node_of(i)->lower_count;
}

/* May all of it be renamed in upper alone? Then it is in upper, afterwards. */
static int prepare(struct inode *what, struct inode *victim, bool exchange)
{
	int err;

	if (is_merged(what) || (exchange && is_merged(victim)))
		return -EXDEV;
	if (victim && !exchange && S_ISDIR(victim->mode)) {
		err = list_is_empty(victim);
		if (err)
			return err;
	}
	err = copy_up(what, FILE_SIZE_MAX);
	if (!err && exchange)
		err = copy_up(victim, FILE_SIZE_MAX);
	return err;
}

/* A folder that comes where a lower layer has the name hides that. */
static int hide_below(struct inode *i, struct inode *dir, const char *name,
		      size_t len)
{
	if (!S_ISDIR(i->mode) || !node_is_below(node_of(dir), name, len))
		return 0;
	return mark_opaque(overlay_of(dir), &node_of(i)->upper);
}

struct place {			/* one end of a renaming */
	struct inode *dir;
	const char *name;
	size_t len;
};

/*
 * In upper. Names only replace their like, so a folder that takes the place of
 * something, or something that takes the place of a folder, changes places with
 * it; *swapped says that it did.
 */
static int move(struct inode *what, const struct place *from,
		const struct place *to, bool exchange, bool *swapped)
{
	struct dentry *d;
	struct path at, old;
	int err = layer_lookup(&node_of(to->dir)->upper, to->name, to->len, &old);

	*swapped = exchange;
	if (!err) {
		*swapped |= S_ISDIR(what->mode) ||
			    S_ISDIR(old.dentry->inode->mode);
		path_drop(&old);
	} else if (err != -ENOENT) {
		return err;
	}
	/* A file can have several names: the one that is meant. */
	err = layer_lookup(&node_of(from->dir)->upper, from->name, from->len, &at);
	if (err)
		return err;
	d = at.dentry;
	assert(d->inode == node_real_inode(node_of(what)));
	err = path_move_dentry(&node_of(from->dir)->upper, d,
			       &node_of(to->dir)->upper, to->name, to->len,
			       *swapped);
	path_drop(&at);
	return err;
}

/* The old place: a whiteout where a lower layer has the name, else nothing.
 * The whiteout was made beforehand; what fails here is only told. */
static void tidy(const struct place *from, struct path *whiteout, bool swapped)
{
	struct overlay *o = overlay_of(from->dir);
	const struct path *upper = &node_of(from->dir)->upper;
	struct path left;
	int err = 0;

	if (whiteout->mount) {
		err = replace(o, whiteout, upper, from->name, from->len);
	} else if (swapped) {
		err = layer_lookup(upper, from->name, from->len, &left);
		if (!err && S_ISDIR(left.dentry->inode->mode))
			err = layer_clear(o, &left);
		if (!err) {
			err = layer_remove(upper, left.dentry);
			path_drop(&left);
		}
	}
	if (err)
		log_print(LOG_WARN, "overlay: %s is still there (%d)\n",
			  from->name, err);
}

static int move_and_tidy(struct inode *what, const struct place *from,
			 const struct place *to, bool exchange)
{
	struct overlay *o = overlay_of(what);
	struct spec s = { .mode = S_IFCHR, .rdev = 0, .who = o->cred };
	struct path whiteout = { NULL, NULL };
	bool swapped;
	int err = 0;

	sleep_lock_take(&o->lock);
	if (!exchange && node_is_below(node_of(from->dir), from->name, from->len))
		err = work_make(o, &s, &whiteout);
	if (!err)
		err = move(what, from, to, exchange, &swapped);
	if (!err && !exchange)
		tidy(from, &whiteout, swapped);
	else if (whiteout.mount)
		throw_away(o, whiteout.dentry);
	if (whiteout.mount)
		path_drop(&whiteout);
	sleep_lock_release(&o->lock);
	return err;
}

static void victim_gone(struct inode *victim)
{
	struct node *v = node_of(victim);

	v->removed = S_ISDIR(victim->mode) || !v->upper.mount ||
		     v->upper.dentry->inode->nlink == 0;
	node_mirror(victim);
	if (S_ISDIR(victim->mode))
		victim->nlink = 0;
}

static int overlay_rename(struct inode *from, const char *name, size_t len,
			  struct inode *what, struct inode *to,
			  const char *new_name, size_t new_len,
			  struct inode *victim, bool exchange)
{
	struct place a = { from, name, len }, b = { to, new_name, new_len };
	int err = -EPERM;

	if (!is_reserved(new_name, new_len))
		err = prepare(what, victim, exchange);
	if (!err)
		err = copy_up(from, 0);
	if (!err)
		err = copy_up(to, 0);
	if (!err)
		err = hide_below(what, to, new_name, new_len);
	if (!err && exchange)
		err = hide_below(victim, from, name, len);
	if (!err)
		err = node_rename(node_of(what), to, new_name, new_len);
	if (!err)
		err = move_and_tidy(what, &a, &b, exchange);
	if (err)
		return err;
	if (victim && !exchange)
		victim_gone(victim);
	node_mirror(from);
	node_mirror(to);
	node_mirror(what);
	if (victim && exchange)
		node_mirror(victim);
	return 0;
}

/* --- attributes ------------------------------------------------------------------ */

/* The caller sets the same in i itself afterwards. */
static int overlay_set_attr(struct inode *i, const struct attr_change *a)
{
	struct inode *real;
	int err = copy_up(i, a->valid & ATTR_SIZE ? a->size : FILE_SIZE_MAX);

	if (err)
		return err;
	real = node_real_inode(node_of(i));
	sleep_lock_take(&real->lock);
	err = inode_apply(real, a);
	real->set_id_depth = i->set_id_depth;
	sleep_lock_release(&real->lock);
	return err;
}

/* Whoever is told of i's times and size is told what is so now. */
static void overlay_refresh(struct inode *i)
{
	if (!node_of(i)->removed)
		node_mirror(i);
}

const struct inode_ops overlay_dir_inode_ops = {
	.lookup = overlay_lookup,
	.create = overlay_create,
	.mkdir = overlay_mkdir,
	.symlink = overlay_symlink,
	.link = overlay_link,
	.unlink = overlay_unlink,
	.rmdir = overlay_rmdir,
	.rename = overlay_rename,
	.tmpfile = overlay_tmpfile,
	.set_attr = overlay_set_attr,
	.refresh = overlay_refresh,
};
const struct inode_ops overlay_inode_ops = {
	.read_link = overlay_read_link,
	.set_attr = overlay_set_attr,
	.refresh = overlay_refresh,
};
