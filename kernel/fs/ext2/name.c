/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name.c - names come and go: create, mkdir, symlink, link, unlink, rmdir,
 * O_TMPFILE.
 *
 * All that a deed changes is in one journal handle, so that a crash leaves it
 * done or not done. An inode that nobody names is in the list of orphans by
 * the end of the handle that took its last name.
 *
 * Locks: the directory's inode->lock (and a victim directory's), held by the
 * caller of every op; then the journal handle.
 */
#include "kernel/fs/ext2/ext2.h"

enum { LINK_CREDITS = EXT2_ENTRY_CREDITS + 3 * EXT2_INODE_CREDITS };

static struct journal *journal_of(const struct inode *i)
{
	return ext2_of(i->sb)->journal;
}

/* Closes the handle: the first error counts. */
static int finish(const struct inode *i, int err)
{
	int err2 = journal_end(journal_of(i));

	return err ? err : err2;
}

/* An inode of that number must lie in dir, and nowhere else if it is a directory:
 * else the tree has a ring. */
static int lookup_check(struct inode *dir, struct inode *i)
{
	if (S_ISDIR(i->mode) && (i == dir || i->alias))
		return ext2_error(ext2_of(dir->sb), dir, "has a second name of "
				  "directory %u", (uint32_t)i->ino);
	return 0;
}

static int ext2_lookup(struct inode *dir, const char *name, size_t len,
		       struct inode **out)
{
	struct ext2_place p;
	uint32_t ino;
	int err = ext2_dir_find(dir, name, len, &p);

	if (err)
		return err;
	ino = ext2_entry(&p)->inode;
	disk_block_put(&p.block);
	if (!ext2_ino_ok(ext2_of(dir->sb), ino))
		return ext2_error(ext2_of(dir->sb), dir, "has a name of inode "
				  "%u", ino);
	err = ext2_inode_get(dir->sb, ino, out);
	if (err)
		return err;
	err = lookup_check(dir, *out);
	if (err)
		inode_drop(*out);
	return err;
}

/* --- making -------------------------------------------------------------------- */

/* Gives i, new, its name and stores both; on failure it becomes an orphan, and
 * goes when it is dropped. Within a handle. */
static int place(struct inode *dir, const char *name, size_t len,
		 struct inode *i)
{
	int err = ext2_dir_add(dir, name, len, i), err2;

	if (!err) {
		if (S_ISDIR(i->mode))
			dir->nlink++;
		inode_touch_write(dir);
		err = ext2_inode_store(i);
	} else {
		i->nlink = 0;
		err2 = ext2_orphan_add(i);
		if (err2)
			err = err2;
	}
	/* Even on failure: it may have got blocks. */
	err2 = ext2_inode_store(dir);
	return err ? err : err2;
}

/* The text of a symlink, into the inode or a block. Within a handle. */
static int link_fill(struct inode *i, const char *target)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	size_t len = strlen(target);
	uint32_t run = 1, block;
	struct block b;
	bool fresh;
	int err;

	i->link = kmem_strdup(target);
	if (!i->link)
		return -ENOMEM;
	if (len < EXT2_FAST_LINK) {
		memcpy(x->block, target, len);
		i->size = (off64)len;
		return 0;
	}
	sleep_lock_take(&i->lock);	/* nobody else has it yet */
	err = ext2_map_alloc(i, 0, true, &run, &block, &fresh);
	sleep_lock_release(&i->lock);
	if (!err)
		err = disk_block_fresh(fs->disk, block, fs->block_size, &b);
	if (err)
		return err;
	journal_dirty(fs->journal, &b);
	memcpy(b.data, target, len);
	disk_block_put(&b);
	i->size = (off64)len;
	return 0;
}

struct making {
	struct inode *dir;
	const char *name;
	size_t len;
	uint32_t mode, rdev;
	const char *target;		/* of a symlink */
	const struct cred *who;
};

static int fill(struct inode *i, const struct making *m)
{
	int err;

	if (S_ISLNK(m->mode))
		return link_fill(i, m->target);
	if (!S_ISDIR(m->mode))
		return 0;
	sleep_lock_take(&i->lock);
	err = ext2_dir_make(i, m->dir);
	sleep_lock_release(&i->lock);
	return err;
}

/* One attempt, in one handle. */
static int make_once(const struct making *m, struct inode **out)
{
	struct inode *i = NULL;
	int err = ext2_begin(ext2_of(m->dir->sb), EXT2_MAKE_CREDITS);

	if (err)
		return err;
	err = ext2_inode_make(m->dir, m->mode, m->rdev, m->who, &i);
	if (err)
		return finish(m->dir, err);
	err = fill(i, m);
	if (err) {
		int err2;

		i->nlink = 0;
		err2 = ext2_orphan_add(i);
		err = err2 ? err2 : err;
	} else {
		err = place(m->dir, m->name, m->len, i);
	}
	err = finish(m->dir, err);
	if (err) {
		inode_drop(i);
		return err;
	}
	ext2_inode_of(i)->data_sequence = ext2_inode_of(i)->sequence;
	*out = i;
	return 0;
}

static int make(const struct making *m, struct inode **out)
{
	struct ext2 *fs = ext2_of(m->dir->sb);
	uint32_t tries = 0;
	int err;

	do {
		err = make_once(m, out);
	} while (ext2_again(fs, err, &tries));
	return err;
}

static int ext2_create(struct inode *dir, const char *name, size_t len,
		       uint32_t mode, uint32_t rdev, const struct cred *who,
		       struct inode **out)
{
	struct making m = { dir, name, len, mode, rdev, NULL, who };

	return make(&m, out);
}

static int ext2_mkdir(struct inode *dir, const char *name, size_t len,
		      uint32_t mode, const struct cred *who, struct inode **out)
{
	struct making m = { dir, name, len, mode, 0, NULL, who };

	return dir->nlink >= EXT2_LINK_MAX ? -EMLINK : make(&m, out);
}

static int ext2_symlink(struct inode *dir, const char *name, size_t len,
			const char *target, const struct cred *who,
			struct inode **out)
{
	struct making m = { dir, name, len, S_IFLNK | 0777, 0, target, who };

	if (strlen(target) >= ext2_of(dir->sb)->block_size)
		return -ENAMETOOLONG;
	return make(&m, out);
}

static int ext2_tmpfile(struct inode *dir, uint32_t mode,
			const struct cred *who, struct inode **out)
{
	struct inode *i;
	int err = ext2_begin(ext2_of(dir->sb), EXT2_MAKE_CREDITS);

	if (err)
		return err;
	err = ext2_inode_make(dir, mode, 0, who, &i);
	if (err)
		return finish(dir, err);
	i->nlink = 0;
	err = finish(dir, ext2_orphan_add(i));
	if (err)
		inode_drop(i);
	else
		*out = i;
	return err;
}

static int link_once(struct inode *dir, const char *name, size_t len,
		     struct inode *to)
{
	int err = ext2_begin(ext2_of(dir->sb), LINK_CREDITS), err2;

	if (err)
		return err;
	err = ext2_dir_add(dir, name, len, to);
	if (!err) {
		to->nlink++;
		to->ctime = inode_now();
		inode_touch_write(dir);
		err = ext2_orphan_remove(to);
	}
	err2 = ext2_inode_store(dir);
	return finish(dir, err ? err : err2);
}

static int ext2_link(struct inode *dir, const char *name, size_t len,
		     struct inode *to)
{
	uint32_t tries = 0;
	int err;

	assert(!S_ISDIR(to->mode) && to->sb == dir->sb);
	if (to->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	do {
		err = link_once(dir, name, len, to);
	} while (ext2_again(ext2_of(dir->sb), err, &tries));
	return err;
}

/* --- removing --------------------------------------------------------------------- */

int ext2_unlinked(struct inode *i)
{
	i->ctime = inode_now();
	if (S_ISDIR(i->mode)) {
		i->nlink = 0;
		return ext2_orphan_add(i);
	}
	if (!i->nlink)
		return ext2_error(ext2_of(i->sb), i, "has more names than "
				  "links");
	if (--i->nlink)
		return ext2_inode_store(i);
	return ext2_orphan_add(i);
}

/* A name of victim goes. */
static int remove(struct inode *dir, const char *name, size_t len,
		  struct inode *victim)
{
	struct ext2_place p;
	int err = ext2_begin(ext2_of(dir->sb), LINK_CREDITS), err2;

	if (err)
		return err;
	err = ext2_dir_find(dir, name, len, &p);
	if (err)
		return finish(dir, err);
	ext2_dir_remove(dir, &p);
	if (S_ISDIR(victim->mode) && dir->nlink > 2)
		dir->nlink--;
	inode_touch_write(dir);
	err = ext2_unlinked(victim);
	err2 = ext2_inode_store(dir);
	return finish(dir, err ? err : err2);
}

static int ext2_unlink(struct inode *dir, const char *name, size_t len,
		       struct inode *victim)
{
	assert(!S_ISDIR(victim->mode));
	return remove(dir, name, len, victim);
}

static int ext2_rmdir(struct inode *dir, const char *name, size_t len,
		      struct inode *victim)
{
	int err = ext2_dir_is_empty(victim);

	assert(S_ISDIR(victim->mode) && victim != dir);
	return err ? err : remove(dir, name, len, victim);
}

const struct inode_ops ext2_dir_inode_ops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.mkdir = ext2_mkdir,
	.symlink = ext2_symlink,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
	.tmpfile = ext2_tmpfile,
	.set_attr = ext2_set_attr,
};
const struct inode_ops ext2_file_inode_ops = {
	.set_attr = ext2_set_attr,
	.extent = ext2_extent,
};
const struct inode_ops ext2_other_inode_ops = { .set_attr = ext2_set_attr };
