/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name.c - paths as values: holding them, comparing them, spelling them out,
 * and asking what lies below what.
 *
 * The name of a file is the chain of dentries and mounts by which one came.
 * Every question of the kind "is this inside that root?" goes up this chain,
 * never down, and ends at the root asked for or at the top.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/inner.h"

/* Sleeps. */
void path_drop(struct path *p)
{
	struct mount *m = p->mount;
	struct dentry *d = p->dentry;

	assert(m && d);
	p->mount = NULL;
	p->dentry = NULL;
	dentry_drop(d);
	mount_drop(m);
}

bool path_same(const struct path *a, const struct path *b)
{
	return a->dentry == b->dentry && a->mount == b->mount;
}

/* p is root or lies below it, by the way that p was reached. */
bool path_below(const struct path *p, const struct path *root)
{
	const struct mount *m = p->mount;
	const struct dentry *d = p->dentry;

	assert(p->mount && p->dentry && root->mount && root->dentry);
	for (;;) {
		if (d == root->dentry && m == root->mount)
			return true;
		if (d == m->root) {
			if (!m->parent)
				return false;
			d = m->point;
			m = m->parent;
		} else if (d->parent != d) {
			d = d->parent;
		} else {
			return false;
		}
	}
}

int path_chroot_hardened;

static bool is_hardened(const struct fs_context *fs)
{
	return path_chroot_hardened && fs->top.mount;
}

bool path_in_view(const struct path_at *at, const struct path *p)
{
	return path_in_prison(at->who, p) &&
	       (!is_hardened(at->fs) || path_below(p, &at->fs->top));
}

/* `..` of this place is the place itself. */
bool path_is_top(const struct path_at *at, const struct path *p)
{
	return path_same(p, &at->fs->root) ||
	       path_is_prison_root(at->who, p) ||
	       (is_hardened(at->fs) && path_same(p, &at->fs->top));
}

/* The place that a mount's root is mounted on. References follow. */
bool path_step_out(struct path *p)
{
	struct path up = { p->mount->parent, p->mount->point };

	if (p->dentry != p->mount->root || !up.mount)
		return false;
	assert(!p->mount->detached && up.dentry);
	path_hold(&up);
	path_drop(p);
	*p = up;
	return true;
}

/* Down to the topmost mount on this place. References follow. */
void path_cross(struct path *p)
{
	while (p->dentry->mounted) {
		struct mount *m = mount_find(p->mount, p->dentry);
		struct path down;

		if (!m)
			return;
		down = (struct path){ m, m->root };
		assert(m->sb == down.dentry->inode->sb);
		path_hold(&down);
		path_drop(p);
		*p = down;
	}
}

/* Puts "/name" before *at; false when there is no room. */
static bool prepend(char *buf, char **at, const char *name, size_t len,
		    bool slash)
{
	assert(*at >= buf);
	if ((size_t)(*at - buf) < len + slash)
		return false;
	*at -= len;
	memcpy(*at, name, len);
	if (slash)
		*--*at = '/';
	return true;
}

static bool prepend_text(char *buf, char **at, const char *text)
{
	return prepend(buf, at, text, strlen(text), false);
}

/*
 * The name of p as seen from root, built from the end of buf; *out is its
 * begin. A removed file's name ends in " (deleted)". -ENAMETOOLONG; -ENOENT
 * when p does not lie below root: the name is then "(unreachable)".
 */
int path_name(const struct path *p, const struct path *root, char *buf,
	      size_t size, char **out)
{
	const struct mount *m = p->mount;
	const struct dentry *d = p->dentry;
	char *at = buf + size, *end;
	bool reached = true;

	assert(size > 0);
	*--at = 0;
	if (d->unhashed && !prepend_text(buf, &at, " (deleted)"))
		return -ENAMETOOLONG;
	end = at;
	while (!(d == root->dentry && m == root->mount)) {
		if (d == m->root) {
			if (!m->parent) {
				reached = m->nameless;
				break;
			}
			d = m->point;
			m = m->parent;
			continue;
		}
		if (d->parent == d) {
			reached = false;
			break;
		}
		if (!prepend(buf, &at, d->name, d->len, true))
			return -ENAMETOOLONG;
		d = d->parent;
	}
	if (!reached)	/* and its names are none of the asker's business */
		at = end;
	if (at == end && !prepend_text(buf, &at, reached ? "/" : "(unreachable)"))
		return -ENAMETOOLONG;
	*out = at;
	return reached ? 0 : -ENOENT;
}

/* --- what a process sees the tree from ---------------------------------- */

int path_context_copy(const struct fs_context *from, struct fs_context **out)
{
	struct fs_context *c = kmem_alloc(sizeof(*c));

	assert(!from || from->refs > 0);
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	if (from) {
		c->root = from->root;
		c->cwd = from->cwd;
		c->top = from->top;
		c->umask = from->umask;
	} else {
		struct mount *m = mount_global();

		assert(m);
		c->root = c->cwd = (struct path){ m, m->root };
		path_cross(&c->root);
		path_cross(&c->cwd);
		c->top = (struct path){ NULL, NULL };
		c->umask = 022;
	}
	path_hold(&c->root);
	path_hold(&c->cwd);
	if (c->top.mount)
		path_hold(&c->top);
	*out = c;
	return 0;
}

/* Sleeps. */
void path_context_drop(struct fs_context *c)
{
	assert(c->refs > 0);
	if (--c->refs)
		return;
	path_drop(&c->cwd);
	path_drop(&c->root);
	if (c->top.mount)
		path_drop(&c->top);
	kmem_free(c);
}

static void path_swap(struct path *where, const struct path *p)
{
	struct path old = *where;

	assert(!old.mount == !old.dentry && p->dentry->inode);
	path_hold(p);
	*where = *p;
	if (old.mount)
		path_drop(&old);
}

/* The caller has asked for the privilege and for the search permission. */
int path_chroot(struct fs_context *fs, const struct file_table *files,
		const struct path *p)
{
	assert(fs->refs > 0);
	if (!S_ISDIR(p->dentry->inode->mode))
		return -ENOTDIR;
	if (is_hardened(fs) && file_table_has_outside_directory(files, NULL))
		return -EPERM;
	if (!fs->top.mount)
		path_swap(&fs->top, p);
	path_swap(&fs->root, p);
	return 0;
}

int path_chdir(struct fs_context *fs, const struct path *p)
{
	assert(fs->refs > 0);
	if (!S_ISDIR(p->dentry->inode->mode))
		return -ENOTDIR;
	path_swap(&fs->cwd, p);
	return 0;
}

void path_set_top(struct fs_context *fs)
{
	path_swap(&fs->top, &fs->root);
}
