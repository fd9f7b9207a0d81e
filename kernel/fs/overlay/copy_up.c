/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy_up.c - what only a lower layer has gets a copy in upper, before it
 * changes.
 *
 * The copy is made ready in the work folder and then renamed into place, so
 * that upper never has half a file. Folders on the way come first, from the
 * top. A file that has lost its name meanwhile is copied and stays nameless.
 *
 * Locks: overlay->lock for all of it; then the layers'.
 */
#include "kernel/fs/overlay/overlay.h"

enum { COPY_BYTES = 8 * PAGE_SIZE };

static int write_all(struct file *to, char *buf, uint32_t n, off64 at)
{
	struct user_io io;

	user_io_kernel(&io, buf, n);
	while (io.left) {
		int done = file_write(to, &io, &at);

		if (done <= 0)
			return done < 0 ? done : -EINTR;
	}
	return 0;
}

static bool all_zero(const char *buf, uint32_t n)
{
	while (n && !*buf)
		buf++, n--;
	return n == 0;
}

/* The first `bytes` of from; what is zero stays a hole. */
static int copy_bytes(struct file *from, struct file *to, off64 bytes)
{
	char *buf = kmem_alloc(COPY_BYTES);
	off64 at = 0;
	int n = 0;

	if (!buf)
		return -ENOMEM;
	while (at < bytes) {
		n = file_read_kernel(from, buf,
				     (uint32_t)min_s64(COPY_BYTES, bytes - at), at);
		if (n <= 0)
			break;
		if (!all_zero(buf, n)) {
			int err = write_all(to, buf, n, at);

			if (err) {
				n = err;
				break;
			}
		}
		at += n;
	}
	kmem_free(buf);
	if (n < 0)
		return n;
	return bytes > to->inode->size ? file_truncate(to, bytes) : 0;
}

static int copy_content(struct overlay *o, const struct path *from,
			const struct path *to, off64 most)
{
	off64 bytes = min_s64(from->dentry->inode->size, most);
	struct file *in, *out;
	int err;

	if (!bytes)
		return 0;
	err = path_open_at(from, o->cred, O_RDONLY | O_LARGEFILE, &in);
	if (err)
		return err;
	err = path_open_at(to, o->cred, O_WRONLY | O_LARGEFILE, &out);
	if (!err) {
		err = copy_bytes(in, out, bytes);
		file_drop(out);
	}
	file_drop(in);
	return err;
}

static int copy_attributes(const struct inode *from, struct inode *to)
{
	struct attr_change a = {
		.valid = ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME | ATTR_MTIME,
		.mode = from->mode & S_IALLUGO, .uid = from->uid,
		.gid = from->gid, .atime = from->atime, .mtime = from->mtime,
	};
	int err;

	if (S_ISREG(from->mode) || S_ISDIR(from->mode)) {
		a.valid |= ATTR_FLAGS;
		a.flags = from->flags;
	}
	sleep_lock_take(&to->lock);
	err = inode_apply(to, &a);
	to->set_id_depth = from->set_id_depth;
	sleep_lock_release(&to->lock);
	return err;
}

static int text_of(struct inode *i, char **out)
{
	char *text = kmem_alloc(PATH_MAX);
	int n;

	if (!text)
		return -ENOMEM;
	n = i->ops->read_link(i, text, PATH_MAX - 1);
	if (n < 0) {
		kmem_free(text);
		return n;
	}
	text[n] = '\0';
	*out = text;
	return 0;
}

/* A copy of n in the work folder; *out is held. */
static int make_copy(struct overlay *o, struct node *n, off64 most,
		     struct path *out)
{
	struct inode *real = node_real_inode(n);
	struct spec s = { .mode = (real->mode & S_IFMT) | 0600,
			  .rdev = real->rdev, .who = o->cred };
	char *text = NULL;
	int err = 0;

	if (S_ISLNK(real->mode))
		err = text_of(n->inode, &text);
	s.target = text;
	if (!err)
		err = work_make(o, &s, out);
	kmem_free(text);
	if (err)
		return err;
	if (S_ISREG(real->mode))
		err = copy_content(o, node_real(n), out, most);
	if (!err)
		err = copy_attributes(real, out->dentry->inode);
	if (err) {
		(void)!layer_remove(&o->work, out->dentry);
		path_drop(out);
	}
	return err;
}

/* Into the parent's upper folder, whose times stay as they were: for those who
 * look, nothing has changed there. */
static int put_in_place(struct overlay *o, struct node *n, struct path *copy)
{
	const struct path *dir = &node_of(n->parent)->upper;
	struct inode *i = dir->dentry->inode;
	struct attr_change times = { .valid = ATTR_ATIME | ATTR_MTIME,
				     .atime = i->atime, .mtime = i->mtime };
	int err;

	if (n->removed) {
		/* Held twice it keeps its inode when the name goes. */
		dentry_hold(copy->dentry);
		err = layer_remove(&o->work, copy->dentry);
		dentry_drop(copy->dentry);
		return err;
	}
	err = path_move_dentry(&o->work, copy->dentry, dir, n->name, n->len,
			       false);
	if (err) {
		(void)!layer_remove(&o->work, copy->dentry);
		return err;
	}
	sleep_lock_take(&i->lock);
	(void)!inode_apply(i, &times);	/* it is there, whatever its times are */
	sleep_lock_release(&i->lock);
	return 0;
}

static int copy_one(struct overlay *o, struct node *n, off64 most)
{
	struct path copy;
	int err;

	assert(sleep_lock_mine(&o->lock) && !n->upper.mount && n->parent);
	err = make_copy(o, n, most, &copy);
	if (err)
		return err;
	err = put_in_place(o, n, &copy);
	if (err) {
		path_drop(&copy);
		return err;
	}
	n->upper = copy;
	node_rehash(n);
	node_mirror(n->inode);
	return 0;
}

/*
 * -EROFS: there is no upper; and what the layers say. The caller holds i.
 * Sleeps.
 */
int copy_up(struct inode *i, off64 most)
{
	struct overlay *o = overlay_of(i);
	struct node *n = node_of(i);
	int err = 0;

	if (n->upper.mount)
		return 0;
	if (!o->upper.mount)
		return -EROFS;
	sleep_lock_take(&o->lock);
	while (!err && !n->upper.mount) {
		struct node *top = n;

		while (!node_of(top->parent)->upper.mount)
			top = node_of(top->parent);
		err = copy_one(o, top, most);
	}
	sleep_lock_release(&o->lock);
	return err;
}
