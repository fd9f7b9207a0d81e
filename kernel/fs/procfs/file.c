/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - files whose content is made when they are read.
 *
 * A read at place 0 makes the whole text anew; reads further on continue in
 * that same text. So a program sees one consistent state over several reads,
 * and one that keeps the file open sees a new state after seeking back.
 *
 * Content is made for the opener's cred, whoever holds the descriptor now.
 * Locks: opened->lock, because making and copying sleep.
 */
#include "kernel/fs/knob.h"
#include "kernel/fs/procfs/inner.h"

enum { STORE_MAX = PAGE_SIZE - 1 };

struct opened {			/* file->private, from the first read on */
	struct sleep_lock lock;
	struct text text;
	bool made;
};

static int leaf_make_text(struct leaf *leaf, struct text *t,
			  const struct cred *who)
{
	const struct procfs_entry *e = leaf_begin(leaf);
	int err;

	if (!e)
		return -ENOENT;
	if (e->knob)
		err = procfs_knob_show(e->knob, t, who);
	else
		err = e->show ? e->show(t, who) : e->show_of(t, who, e->of);
	leaf_end(leaf);
	return err ? err : t->error;
}

static int leaf_store(struct leaf *leaf, const struct cred *who,
		      const char *text, size_t n)
{
	const struct procfs_entry *e = leaf_begin(leaf);
	int err = -EPERM;

	if (!e)
		return -ENOENT;
	if (e->knob)
		err = procfs_knob_store(e->knob, who, text, n);
	else if (e->store)
		err = e->store(who, text, n);
	leaf_end(leaf);
	return err;
}

static int content_make(struct file *f, struct text *t)
{
	struct node *n = node_of(f->inode);
	struct pid_view v;
	int err;

	assert(n->leaf || (n->pid && n->entry && n->entry->show));
	if (n->leaf)
		return leaf_make_text(n->leaf, t, f->cred);
	err = view_open(f->inode, f->cred, &v);
	if (err)
		return err;
	err = n->entry->private && !view_private(&v) ? -EACCES :
						       n->entry->show(t, &v);
	view_close(&v);
	return err ? err : t->error;
}

static struct opened *opened_get(struct file *f)
{
	struct opened *o = f->private;

	if (o)
		return o;
	o = kmem_alloc(sizeof *o);
	if (!o)
		return NULL;
	sleep_lock_init(&o->lock);
	text_init(&o->text, f->cred->prison);
	o->made = false;
	f->private = o;
	return o;
}

static int text_file_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct opened *o = opened_get(f);
	int got = 0;

	if (!o)
		return -ENOMEM;
	if (*pos < 0)
		return -EINVAL;
	sleep_lock_take(&o->lock);
	if (!o->made || *pos == 0) {
		text_free(&o->text);
		got = content_make(f, &o->text);
		o->made = !got;
	}
	if (!got && *pos < o->text.size)
		got = text_give(&o->text, *pos, io);
	if (got > 0)
		*pos += got;
	sleep_lock_release(&o->lock);
	return got;
}

static int store(struct file *f, const char *text, size_t n)
{
	struct node *node = node_of(f->inode);
	struct pid_view v;
	int err;

	assert(node->leaf || node->entry);
	if (node->leaf)
		return leaf_store(node->leaf, f->cred, text, n);
	if (!node->entry->store)
		return -EIO;
	err = view_open(f->inode, f->cred, &v);
	if (err)
		return err;
	err = node->entry->store(&v, text, n);
	view_close(&v);
	return err;
}

/* One write is one new value; it counts as taken whole. */
static int text_file_write(struct file *f, struct user_io *io, off64 *pos)
{
	uint32_t n = io->left;
	char *text;
	int err;

	if (n > STORE_MAX)
		return -EINVAL;
	text = kmem_alloc(n + 1);
	if (!text)
		return -ENOMEM;
	err = user_io_take(io, text, n);
	if (err >= 0 && (uint32_t)err < n)
		err = -EFAULT;
	if (err >= 0) {
		text[n] = 0;
		err = store(f, text, n);
	}
	kmem_free(text);
	if (err < 0)
		return err;
	*pos += n;
	return n;
}

/* The process must be there, and what is private must be for the opener. */
static int text_file_open(struct inode *i, struct file *f)
{
	struct node *n = node_of(i);
	struct pid_view v;
	int err = 0;

	f->private = NULL;
	if (n->leaf)
		return entry_visible(n, f->cred) ? 0 : -ENOENT;
	if (view_open(i, f->cred, &v))
		return -ENOENT;
	if (n->entry->private && !view_private(&v))
		err = -EACCES;
	view_close(&v);
	return err;
}

static void text_file_release(struct file *f)
{
	struct opened *o = f->private;

	if (!o)
		return;
	text_free(&o->text);
	kmem_free(o);
}

static int text_file_truncate(struct file *f, off64 size)
{
	(void)f;
	(void)size;
	return 0;	/* "> /proc/sys/..." */
}

static void text_refresh(struct inode *i)
{
	i->atime = i->mtime = i->ctime = inode_now();
}

const struct inode_ops text_inode_ops = {
	.set_attr = node_set_attr,
	.refresh = text_refresh,
};

const struct file_ops text_file_ops = {
	.read = text_file_read,
	.write = text_file_write,
	.open = text_file_open,
	.release = text_file_release,
	.truncate = text_file_truncate,
};
