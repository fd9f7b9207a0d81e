/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rename.c - a name moves, over another one or in exchange with it, in one
 * journal handle: a crash leaves the old or the new one, never none.
 *
 * The new entry comes before the old one goes; both places are looked up
 * first, so that from the first change on only the disk can fail.
 *
 * Locks: both directories, a victim directory; then the journal handle.
 */
#include "kernel/fs/ext2/ext2.h"

enum { RENAME_CREDITS = 2 * EXT2_ENTRY_CREDITS + 6 * EXT2_INODE_CREDITS };

struct renaming {
	struct inode *from, *to, *what, *victim;
	const char *name, *new_name;
	size_t len, new_len;
};

/* A directory's `..` leads to its new parent, which has a link more. */
static int parent_set(struct inode *what, struct inode *from, struct inode *to)
{
	struct ext2_place p;
	int err;

	if (!S_ISDIR(what->mode) || from == to)
		return 0;
	err = ext2_dir_dotdot(what, &p);
	if (err)
		return err;
	ext2_dir_set(what, &p, to);
	to->nlink++;
	if (from->nlink > 2)
		from->nlink--;
	return 0;
}

/* The new name leads to what. */
static int name_new(const struct renaming *r)
{
	struct ext2_place p;
	int err;

	if (!r->victim)
		return ext2_dir_add(r->to, r->new_name, r->new_len, r->what);
	err = ext2_dir_find(r->to, r->new_name, r->new_len, &p);
	if (!err)
		ext2_dir_set(r->to, &p, r->what);
	return err;
}

static int move(const struct renaming *r)
{
	struct ext2_place p;
	int err = name_new(r);

	if (err)
		return err;
	err = ext2_dir_find(r->from, r->name, r->len, &p);
	if (err)
		return err;
	ext2_dir_remove(r->from, &p);
	err = parent_set(r->what, r->from, r->to);
	if (err || !r->victim)
		return err;
	if (S_ISDIR(r->victim->mode) && r->to->nlink > 2)
		r->to->nlink--;
	return ext2_unlinked(r->victim);
}

static int exchange_names(const struct renaming *r)
{
	struct ext2_place a, b;
	int err = ext2_dir_find(r->from, r->name, r->len, &a);

	if (err)
		return err;
	err = ext2_dir_find(r->to, r->new_name, r->new_len, &b);
	if (err) {
		disk_block_put(&a.block);
		return err;
	}
	ext2_dir_set(r->from, &a, r->victim);
	ext2_dir_set(r->to, &b, r->what);
	err = parent_set(r->what, r->from, r->to);
	if (!err)
		err = parent_set(r->victim, r->to, r->from);
	r->victim->ctime = inode_now();
	return err ? err : ext2_inode_store(r->victim);
}

static int rename_once(const struct renaming *r, bool exchange)
{
	struct ext2 *fs = ext2_of(r->from->sb);
	int err = ext2_begin(fs, RENAME_CREDITS), err2;

	if (err)
		return err;
	err = exchange ? exchange_names(r) : move(r);
	if (!err) {
		r->what->ctime = inode_now();
		inode_touch_write(r->from);
		inode_touch_write(r->to);
		err = ext2_inode_store(r->what);
	}
	err2 = ext2_inode_store(r->from);
	if (!err2)
		err2 = ext2_inode_store(r->to);
	if (!err)
		err = err2;
	err2 = journal_end(fs->journal);
	return err ? err : err2;
}

int ext2_rename(struct inode *from, const char *name, size_t len,
		struct inode *what, struct inode *to, const char *new_name,
		size_t new_len, struct inode *victim, bool exchange)
{
	struct renaming r = { from, to, what, victim, name, new_name, len,
			      new_len };
	bool into = S_ISDIR(what->mode) && from != to;
	struct ext2_place p;
	uint32_t tries = 0;
	int err;

	assert(from->sb == to->sb && what != victim);
	if (victim && S_ISDIR(victim->mode) && !exchange) {
		err = ext2_dir_is_empty(victim);
		if (err)
			return err;
	}
	if (into && to->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	if (into) {		/* before anything is changed */
		err = ext2_dir_dotdot(what, &p);
		if (err)
			return err;
		disk_block_put(&p.block);
	}
	do {
		err = rename_once(&r, exchange);
	} while (ext2_again(ext2_of(from->sb), err, &tries));
	return err;
}
