/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - path_walk, the only door for names.
 *
 * The walk always holds the place where it is. A cached name costs one pass
 * over its characters and one look into the hash; only a miss takes the
 * directory's lock and asks the file system. A symlink's text is pushed as a
 * frame, so nesting needs no recursion.
 *
 * `..` goes up the chain by which the place was reached, stops at the
 * process's root, and proves after each step that the result lies below the
 * root of the asker's prison and below those of all prisons above. What cannot
 * be proved does not exist: -ENOENT. A plain chroot proves nothing: who stands
 * outside of it walks on (name.c: path_chroot_hardened).
 */
#include "kernel/fs/inner.h"

struct walk_frame {		/* a name to go on with after a symlink */
	struct walk_frame *below;
	const char *rest;
	struct inode *link;	/* held: owns the text that is walked */
	char text[];		/* or the text itself */
};
struct walk {
	const struct path_at *at;
	unsigned how;
	unsigned links;		/* followed */
	unsigned pending;	/* frames that have a rest */
	bool slash;		/* the last name must be a directory */
	struct path cur;	/* held */
	const char *name;	/* what is left */
	struct walk_frame *frames;
	struct path_last *last;
};
struct component {
	const char *name;
	size_t len;
	uint32_t hash;
	bool last;
};

static int may_search(struct inode *dir, const struct cred *who)
{
	if (likely((dir->mode & S_IXUGO) == S_IXUGO && !dir->ops->permission))
		return 0;
	return inode_permission(dir, who, X_OK);
}

static void frame_pop(struct walk *w)
{
	struct walk_frame *f = w->frames;

	assert(f);
	w->frames = f->below;
	w->name = f->rest;
	if (*f->rest)
		w->pending--;
	if (f->link)
		inode_drop(f->link);
	kmem_free(f);
}

/* What an inmate reached by the way that `how` says lies outside. */
static int outside(const struct walk *w, const char *how)
{
	prison_denied(w->at->who, "path", how, -ENOENT);
	return -ENOENT;
}

/* The place to begin with, held: root, cwd or a descriptor's directory. */
static int walk_start(struct walk *w)
{
	const struct path_at *at = w->at;
	struct file *f;
	int err = 0;

	assert(at->who && at->fs);
	if (*w->name == '/' || at->dirfd == AT_FDCWD) {
		w->cur = *w->name == '/' ? at->fs->root : at->fs->cwd;
		path_hold(&w->cur);
	} else {
		f = at->files ? file_get(at->files, at->dirfd, FILE_PATH) : NULL;
		if (!f)
			return -EBADF;
		w->cur = f->path;
		path_hold(&w->cur);
		file_drop(f);
		if (*w->name && !S_ISDIR(w->cur.dentry->inode->mode))
			err = -ENOTDIR;
	}
	if (!err && !w->cur.mount->nameless && !path_in_prison(at->who, &w->cur))
		err = outside(w, "start");
	if (err)
		path_drop(&w->cur);
	return err;
}

/* p, not its mount's root, lies below that. */
static bool in_mount(const struct path *p)
{
	const struct dentry *d = p->dentry;

	if (p->mount->root == p->mount->sb->root_dentry)
		return true;
	while (d != p->mount->root && d->parent != d)
		d = d->parent;
	return d == p->mount->root;
}

static int step_up(struct walk *w)
{
	struct path *p = &w->cur;
	struct path up;

	assert(p->dentry->refs > 0);
	for (;;) {
		if (path_is_top(w->at, p))
			return 0;
		if (p->dentry != p->mount->root)
			break;
		if (!path_step_out(p))
			return path_in_view(w->at, p) ? 0 : outside(w, "..");
	}
	/* The directory may have been moved out of what the mount shows. */
	if (!in_mount(p))
		return outside(w, "..");
	up = (struct path){ p->mount, p->dentry->parent };
	path_hold(&up);
	path_drop(p);
	*p = up;
	path_cross(p);
	return path_in_view(w->at, p) ? 0 : outside(w, "..");
}

/* The text of a symlink becomes what is walked next. */
static int push_link(struct walk *w, struct inode *link)
{
	bool inlined = link->link;
	struct walk_frame *f;
	const char *rest = w->name;
	int n;

	assert(S_ISLNK(link->mode) && w->links <= SYMLINK_MAX_FOLLOW);
	f = kmem_alloc(sizeof(*f) + (inlined ? 0 : PATH_MAX));
	if (!f)
		return -ENOMEM;
	f->link = NULL;
	if (inlined) {
		inode_hold(link);
		f->link = link;
		w->name = link->link;
	} else {
		n = link->ops->read_link ?
			link->ops->read_link(link, f->text, PATH_MAX - 1) :
			-EINVAL;
		if (n < 0) {
			kmem_free(f);
			return n;
		}
		f->text[n] = 0;
		w->name = f->text;
	}
	while (*rest == '/')
		rest++;
	f->rest = rest;
	f->below = w->frames;
	w->frames = f;
	if (w->last)
		w->last->kind = LAST_ROOT;
	if (*rest)
		w->pending++;
	return *w->name ? 0 : -ENOENT;
}

/* Go where the symlink d, found in w->cur, points. Takes over d. */
static int follow_link(struct walk *w, struct dentry *d)
{
	struct inode *link = d->inode;
	struct path to;
	int err;

	assert(S_ISLNK(link->mode));
	if (++w->links > SYMLINK_MAX_FOLLOW) {
		err = -ELOOP;
	} else if (link->ops->follow) {
		err = link->ops->follow(link, w->at->who, &to);
		if (!err) {
			if (w->last)
				w->last->kind = LAST_SELF;
			path_drop(&w->cur);
			w->cur = to;
			if (!to.mount->nameless &&
			    !path_in_prison(w->at->who, &to))
				err = w->how & WALK_OPEN ? -EXDEV :
				      outside(w, "proc-link");
		}
	} else {
		inode_touch_read(link, w->cur.mount);
		err = push_link(w, link);
		if (!err && *w->name == '/') {
			path_drop(&w->cur);
			w->cur = w->at->fs->root;
			path_hold(&w->cur);
			if (!path_in_prison(w->at->who, &w->cur))
				err = -ENOENT;
		}
	}
	dentry_drop(d);
	return err;
}

/* The name in w->cur's directory; held, perhaps negative. */
static int find_name(struct walk *w, const struct component *c,
		     struct dentry **out)
{
	struct dentry *parent = w->cur.dentry;
	struct inode *dir = parent->inode;
	int err;

	assert(S_ISDIR(dir->mode));
	if (likely(!dir->ops->revalidate)) {
		*out = dentry_find(parent, c->name, c->len, c->hash);
		if (likely(*out != NULL)) {
			dentry_hold(*out);
			return 0;
		}
	}
	sleep_lock_take(&dir->lock);
	err = dentry_lookup(parent, c->name, c->len, c->hash, out);
	sleep_lock_release(&dir->lock);
	return err;
}

bool (*vfs_device_hidden)(struct inode *i, const struct cred *who);

static bool is_hidden(struct inode *i, const struct cred *who)
{
	return unlikely(who->prison->parent != NULL) &&
	       (S_ISCHR(i->mode) || S_ISBLK(i->mode)) && vfs_device_hidden &&
	       vfs_device_hidden(i, who);
}

static int step_name(struct walk *w, const struct component *c)
{
	bool stop = c->last && (w->how & WALK_PARENT);
	struct dentry *d, *parent;
	int err = find_name(w, c, &d);

	if (err)
		return err;
	if (!d->inode || is_hidden(d->inode, w->at->who)) {
		dentry_drop(d);
		return stop ? 0 : -ENOENT;
	}
	if (S_ISLNK(d->inode->mode) && !d->mounted &&
	    (!c->last || (w->how & WALK_FOLLOW) || w->slash) &&
	    !(c->last && (w->how & WALK_TO_LINK) && d->inode->ops->follow))
		return follow_link(w, d);
	if (stop) {
		dentry_drop(d);
		return 0;
	}
	parent = w->cur.dentry;
	w->cur.dentry = d;
	dentry_drop(parent);
	if (unlikely(d->mounted))
		path_cross(&w->cur);
	return 0;
}

static void note_last(struct walk *w, const struct component *c, int kind)
{
	assert(c->len > 0 && c->len <= NAME_MAX);
	w->last->kind = kind;
	w->last->len = c->len;
	w->last->slash = w->slash;
	memcpy(w->last->name, c->name, c->len);
	w->last->name[c->len] = 0;
}

static int step(struct walk *w, const struct component *c)
{
	bool parent = c->last && (w->how & WALK_PARENT);
	int kind = LAST_NAME;

	if (c->name[0] == '.' && c->len == 1)
		kind = LAST_DOT;
	else if (c->name[0] == '.' && c->len == 2 && c->name[1] == '.')
		kind = LAST_DOTDOT;
	if (parent)
		note_last(w, c, kind);
	/* Nothing but a directory can be made of a name with a slash: its
	 * symlink is not followed either. */
	if (kind == LAST_NAME && parent && (w->slash || !(w->how & WALK_FOLLOW)))
		return 0;
	if (kind == LAST_NAME)
		return step_name(w, c);
	return parent || kind == LAST_DOT ? 0 : step_up(w);
}

/* Cuts the next component off w->name, which stands on its first letter. */
static int next_component(struct walk *w, struct component *c)
{
	const char *s = w->name;
	uint32_t h = DENTRY_SEED;

	assert(*s && *s != '/');
	c->name = s;
	for (; *s && *s != '/'; s++)
		h = dentry_hash_byte(h, *s);
	c->len = s - c->name;
	if (c->len > NAME_MAX)
		return -ENAMETOOLONG;
	c->hash = dentry_hash_end(h, w->cur.dentry);
	c->last = false;
	if (*s == '/') {
		while (*s == '/')
			s++;
		if (!*s && !w->pending)
			w->slash = true;
	}
	w->name = s;
	c->last = !*s && !w->pending;
	return 0;
}

static int walk_all(struct walk *w)
{
	struct component c;
	int err;

	for (;;) {
		struct inode *dir = w->cur.dentry->inode;

		while (*w->name == '/')
			w->name++;
		if (!*w->name) {
			if (!w->frames)
				return 0;
			frame_pop(w);
			continue;
		}
		if (!S_ISDIR(dir->mode))
			return -ENOTDIR;
		err = may_search(dir, w->at->who);
		if (!err)
			err = next_component(w, &c);
		if (!err)
			err = step(w, &c);
		if (err)
			return err;
		if (c.last && (w->how & WALK_PARENT) && !*w->name)
			return 0;
	}
}

int path_walk(const struct path_at *at, const char *name, unsigned how,
	      struct path *out, struct path_last *last)
{
	struct walk w = { .at = at, .how = how, .name = name, .last = last };
	int err;

	assert(!(how & WALK_PARENT) == !last);
	sleep_assert();
	if (!*name && !(how & WALK_EMPTY))
		return -ENOENT;
	if (last) {
		last->kind = LAST_ROOT;
		last->len = 0;
		last->slash = false;
	}
	err = walk_start(&w);
	if (err)
		return err;
	err = walk_all(&w);
	while (w.frames)
		frame_pop(&w);
	if (!err && !last && ((how & WALK_DIRECTORY) || w.slash) &&
	    !S_ISDIR(w.cur.dentry->inode->mode))
		err = -ENOTDIR;
	if (err) {
		path_drop(&w.cur);
		return err;
	}
	assert(!w.frames && !w.pending);
	*out = w.cur;
	return 0;
}
