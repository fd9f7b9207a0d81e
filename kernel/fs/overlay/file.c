/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - an open file of an overlay: an open file of the layer that has it.
 *
 * Opening it to write copies it up first. Who has it open to read when it is
 * copied up goes over to the copy with the next call; what is mapped stays
 * what it was, as in Linux. A mapping shows the layer's pages, but its owner
 * is the file here, so that nobody learns of the layer's name.
 *
 * Locks: the layer's file locks itself.
 */
#include "kernel/fs/overlay/overlay.h"

enum {
	FLAGS_PASSED = O_ACCMODE | O_APPEND | O_NONBLOCK | O_LARGEFILE |
		       O_NOATIME | O_SYNC | O_DIRECT,
};

static int open_real(struct file *f)
{
	struct inode *i = f->inode;

	return path_open_at(node_real(node_of(i)), overlay_of(i)->cred,
			    f->flags & FLAGS_PASSED, (struct file **)&f->private);
}

static int overlay_open(struct inode *i, struct file *f)
{
	bool writes = (f->flags & O_ACCMODE) != O_RDONLY;
	struct file *real;
	int err = 0;

	assert(S_ISREG(i->mode) && !f->private);
	if (f->flags & O_TRUNC)
		err = copy_up(i, 0);
	else if (writes)
		err = copy_up(i, FILE_SIZE_MAX);
	if (!err)
		err = open_real(f);
	if (err || !writes)
		return err;
	/* The layer's file was opened as who mounted. A write(2) tells whose
	 * hand it is, a mapping does not: f's opener is noted now. */
	real = f->private;
	inode_set_id_note(real->inode, f->cred);
	return 0;
}

/* The layer's file, the copy if there is one by now. Sleeps. */
static int real_of(struct file *f, struct file **out)
{
	struct file *real = f->private;
	int err;

	assert(real);
	if (real->inode != node_real_inode(node_of(f->inode))) {
		err = open_real(f);
		if (err) {
			f->private = real;
			return err;
		}
		file_drop(real);
		real = f->private;
	}
	real->flags = (real->flags & ~(O_APPEND | O_NONBLOCK)) |
		      (f->flags & (O_APPEND | O_NONBLOCK));
	*out = real;
	return 0;
}

static int overlay_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct file *real;
	int n = real_of(f, &real);

	return n ? n : real->ops->read(real, io, pos);
}

static int overlay_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct file *real;
	int n = real_of(f, &real);

	if (n)
		return n;
	n = real->ops->write(real, io, pos);
	node_mirror(f->inode);
	return n;
}

static int overlay_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	struct file *real;
	int err = real_of(f, &real);

	if (err)
		return err;
	if (whence == SEEK_END)
		node_mirror(f->inode);
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_plain(f, offset, whence, out);
	err = file_seek(real, offset, whence, out);
	if (!err)
		f->pos = *out;
	return err;
}

static int overlay_map(struct file *f, struct vm_request *r)
{
	struct file *real;
	int err = real_of(f, &real);

	if (!err)
		err = real->ops->map ? real->ops->map(real, r) : -ENODEV;
	if (!err)
		r->owner = f;
	return err;
}

static int overlay_truncate(struct file *f, off64 size)
{
	struct file *real;
	int err = copy_up(f->inode, size);

	if (!err)
		err = real_of(f, &real);
	if (err)
		return err;
	err = real->ops->truncate(real, size);
	node_mirror(f->inode);
	return err;
}

static int overlay_allocate(struct file *f, int mode, off64 offset, off64 len)
{
	struct file *real;
	int err = real_of(f, &real);

	if (err)
		return err;
	err = file_allocate(real, mode, offset, len);
	node_mirror(f->inode);
	return err;
}

static int overlay_sync(struct file *f, bool data_only)
{
	struct file *real;
	int err = real_of(f, &real);

	return err ? err : file_sync(real, data_only);
}

static void overlay_release(struct file *f)
{
	if (f->private)
		file_drop(f->private);
	f->private = NULL;
}

const struct file_ops overlay_file_ops = {
	.open = overlay_open,
	.read = overlay_read,
	.write = overlay_write,
	.seek = overlay_seek,
	.map = overlay_map,
	.truncate = overlay_truncate,
	.allocate = overlay_allocate,
	.sync = overlay_sync,
	.release = overlay_release,
};
