/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dir.c - what all directories of procfs share when they are read.
 *
 * A place in a directory (f->pos) is 0 for ".", 1 for "..", and from
 * DIR_FIRST on what the directory says. It moves only past names that were
 * taken.
 */
#include "kernel/fs/procfs/inner.h"

static bool put(struct dir_out *d, const char *name, size_t len, uint64_t ino,
		unsigned type, off64 next)
{
	if (!d->emit(d->ctx, name, len, ino, type, next))
		return false;
	d->f->pos = next;
	return true;
}

bool dir_put(struct dir_out *d, const char *name, unsigned type, off64 next)
{
	size_t len = strlen(name);

	return put(d, name, len, node_ino(d->f->inode, name, len), type, next);
}

bool dir_put_number(struct dir_out *d, int n, unsigned type, off64 next)
{
	char name[12];

	str_format(name, sizeof name, "%d", n);
	return dir_put(d, name, type, next);
}

bool dir_put_dots(struct dir_out *d)
{
	const struct dentry *at = d->f->path.dentry;

	if (d->f->pos <= 0 &&
	    !put(d, ".", 1, d->f->inode->ino, DT_DIR, 1))
		return false;
	return d->f->pos > 1 ||
	       put(d, "..", 2, at->parent->inode->ino, DT_DIR, DIR_FIRST);
}

int name_to_number(const char *name, size_t len)
{
	int n = 0;

	if (len == 0 || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
	}
	return n;
}
