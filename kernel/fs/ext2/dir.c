/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dir.c - directories: blocks full of entries, each of which reaches to the
 * next; the last one to the block's end. An entry with inode 0 is a gap.
 *
 * A directory with a hash tree (dir_index) has the same form for who does not
 * know it; the first change takes the flag away, and what was the tree becomes
 * gaps.
 *
 * An entry stays where it is as long as it lives, so its offset is the cookie
 * of readdir.
 *
 * Locks: the directory's inode->lock; changes within a journal handle.
 */
#include "kernel/fs/ext2/ext2.h"

enum { ENTRY_MIN = 12, MODE_TYPE_SHIFT = 12 };

static const uint8_t dt_of[] = {
	[EXT2_FT_UNKNOWN] = DT_UNKNOWN, [EXT2_FT_REG] = DT_REG,
	[EXT2_FT_DIR] = DT_DIR, [EXT2_FT_CHR] = DT_CHR, [EXT2_FT_BLK] = DT_BLK,
	[EXT2_FT_FIFO] = DT_FIFO, [EXT2_FT_SOCK] = DT_SOCK,
	[EXT2_FT_LNK] = DT_LNK,
};

static bool has_types(const struct ext2 *fs)
{
	return fs->s->feature_incompat & EXT2_INCOMPAT_FILETYPE;
}

static uint8_t type_for(const struct ext2 *fs, uint32_t mode)
{
	uint8_t dt = (mode & S_IFMT) >> MODE_TYPE_SHIFT;

	for (unsigned t = EXT2_FT_REG; has_types(fs) && t < ARRAY_LEN(dt_of); t++)
		if (dt_of[t] == dt)
			return (uint8_t)t;
	return EXT2_FT_UNKNOWN;
}

/* --- blocks ------------------------------------------------------------------ */

static struct ext2_disk_entry *entry_at(const struct block *b, uint32_t offset)
{
	return (void *)((char *)b->data + offset);
}

bool ext2_entry_ok(const struct ext2 *fs, const struct block *b, uint32_t offset)
{
	const struct ext2_disk_entry *e = entry_at(b, offset);

	if (b->size - offset < ENTRY_MIN || e->rec_len < ENTRY_MIN ||
	    e->rec_len % 4 || e->rec_len > b->size - offset ||
	    ext2_entry_size(e->name_len) > e->rec_len)
		return false;
	return e->inode <= fs->inodes && (!e->inode || e->name_len);
}

static int bad_entry(struct inode *dir, uint32_t index, uint32_t offset)
{
	return ext2_error(ext2_of(dir->sb), dir, "has a damaged entry in block "
			  "%u at %u", index, offset);
}

int ext2_dir_block(struct inode *dir, uint32_t index, struct block *out)
{
	struct ext2 *fs = ext2_of(dir->sb);
	uint32_t run = 1, block;
	int err = ext2_map(dir, index, &run, &block);

	if (!err && !block)
		err = ext2_error(fs, dir, "is a directory with a hole");
	return err ? err : ext2_block_get(fs, block, out);
}

/* The gap at the entry's end, or all of it. */
static uint32_t gap_of(const struct ext2_disk_entry *e)
{
	return e->inode ? e->rec_len - ext2_entry_size(e->name_len) : e->rec_len;
}

/* --- looking up ---------------------------------------------------------------- */

static bool is_name(const struct ext2_disk_entry *e, const char *name, size_t len)
{
	return e->inode && e->name_len == len && !memcmp(e->name, name, len);
}

/* In p's block; p->offset is set when it is there. */
static int find_in_block(struct inode *dir, struct ext2_place *p,
			 const char *name, size_t len)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	uint32_t offset = 0;

	while (offset < fs->block_size) {
		const struct ext2_disk_entry *e = entry_at(&p->block, offset);

		if (!ext2_entry_ok(fs, &p->block, offset))
			return bad_entry(dir, p->index, offset);
		if (is_name(e, name, len)) {
			p->offset = offset;
			return 0;
		}
		offset += e->rec_len;
	}
	return -ENOENT;
}

static int find_by_index(struct inode *dir, const struct ext2_index *x,
			 const char *name, size_t len, struct ext2_place *out)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	uint32_t cursor = 0, at;

	while (ext2_index_next(x, name, len, &cursor, &at)) {
		int err;

		out->index = at >> fs->block_shift;
		out->offset = at & (fs->block_size - 1);
		err = ext2_dir_block(dir, out->index, &out->block);
		if (err)
			return err;
		if (!ext2_entry_ok(fs, &out->block, out->offset)) {
			disk_block_put(&out->block);
			return bad_entry(dir, out->index, out->offset);
		}
		if (is_name(ext2_entry(out), name, len))
			return 0;
		disk_block_put(&out->block);
	}
	return -ENOENT;
}

int ext2_dir_find(struct inode *dir, const char *name, size_t len,
		  struct ext2_place *out)
{
	uint32_t blocks = ext2_dir_blocks(ext2_of(dir->sb), dir);
	struct ext2_index *x;
	int err = ext2_index_get(dir, &x);

	assert(sleep_lock_mine(&dir->lock));
	if (err)
		return err;
	if (x)
		return find_by_index(dir, x, name, len, out);
	for (out->index = 0; out->index < blocks; out->index++) {
		err = ext2_dir_block(dir, out->index, &out->block);
		if (err)
			return err;
		err = find_in_block(dir, out, name, len);
		if (err != -ENOENT) {
			if (err)
				disk_block_put(&out->block);
			return err;
		}
		disk_block_put(&out->block);
	}
	return -ENOENT;
}

/* The second entry of the first block. */
int ext2_dir_dotdot(struct inode *dir, struct ext2_place *out)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	int err = ext2_dir_block(dir, 0, &out->block);

	if (err)
		return err;
	out->index = 0;
	out->offset = 0;
	if (ext2_entry_ok(fs, &out->block, 0))
		out->offset = ext2_entry(out)->rec_len;
	if (out->offset && out->offset < fs->block_size &&
	    ext2_entry_ok(fs, &out->block, out->offset) &&
	    is_name(ext2_entry(out), "..", 2))
		return 0;
	disk_block_put(&out->block);
	return bad_entry(dir, 0, out->offset);
}

static bool is_dot(const struct ext2_disk_entry *e)
{
	return is_name(e, ".", 1) || is_name(e, "..", 2);
}

int ext2_dir_is_empty(struct inode *dir)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	uint32_t blocks = ext2_dir_blocks(fs, dir);
	int err = 0;

	for (uint32_t index = 0; index < blocks && !err; index++) {
		uint32_t offset = 0;
		struct block b;

		err = ext2_dir_block(dir, index, &b);
		if (err)
			return err;
		while (offset < fs->block_size && !err) {
			const struct ext2_disk_entry *e = entry_at(&b, offset);

			if (!ext2_entry_ok(fs, &b, offset))
				err = bad_entry(dir, index, offset);
			else if (e->inode && !is_dot(e))
				err = -ENOTEMPTY;
			else
				offset += e->rec_len;
		}
		disk_block_put(&b);
	}
	return err;
}

/* --- changing --------------------------------------------------------------------- */

static void changed(struct inode *dir)
{
	ext2_inode_of(dir)->flags &= ~(uint32_t)EXT2_INDEX_FL;
	ext2_inode_of(dir)->version++;
}

static void entry_fill(const struct ext2 *fs, struct ext2_disk_entry *e,
		       const char *name, size_t len, const struct inode *what)
{
	e->inode = (uint32_t)what->ino;
	e->name_len = (uint8_t)len;
	e->file_type = type_for(fs, what->mode);
	memcpy(e->name, name, len);
}

/* The first gap of size bytes in p's block; *rest is the longest of the others.
 * -ENOENT: none. */
static int find_gap(struct inode *dir, struct ext2_place *p, uint32_t size,
		    uint32_t *rest)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	uint32_t offset = 0;
	bool found = false;

	*rest = 0;
	while (offset < fs->block_size) {
		const struct ext2_disk_entry *e = entry_at(&p->block, offset);

		if (!ext2_entry_ok(fs, &p->block, offset))
			return bad_entry(dir, p->index, offset);
		if (!found && gap_of(e) >= size) {
			p->offset = offset;
			found = true;
		} else {
			*rest = max_u32(*rest, gap_of(e));
		}
		offset += e->rec_len;
	}
	return found ? 0 : -ENOENT;
}

/* One more block, with one gap. */
static int add_block(struct inode *dir, struct ext2_place *p)
{
	struct ext2 *fs = ext2_of(dir->sb);
	uint32_t run = 1, block;
	bool fresh;
	int err;

	p->index = ext2_dir_blocks(fs, dir);
	p->offset = 0;
	if (dir->size + fs->block_size > FILE_SIZE_SMALL)
		return -ENOSPC;
	err = ext2_map_alloc(dir, p->index, true, &run, &block, &fresh);
	if (err)
		return err;
	err = disk_block_fresh(fs->disk, block, fs->block_size, &p->block);
	if (err)	/* behind the end; goes at the next truncation */
		return err;
	journal_dirty(fs->journal, &p->block);
	ext2_entry(p)->rec_len = (uint16_t)fs->block_size;
	dir->size += fs->block_size;
	return 0;
}

/* Where a name of size bytes can go, held; *rest as of find_gap. */
static int find_room(struct inode *dir, uint32_t size, struct ext2_place *p,
		     uint32_t *rest)
{
	uint32_t blocks = ext2_dir_blocks(ext2_of(dir->sb), dir);
	struct ext2_index *x;
	int err = ext2_index_get(dir, &x);

	if (err)
		return err;
	p->index = 0;
	*rest = 0;
	if (x)
		p->index = min_u32(ext2_index_gap(x, size), blocks);
	for (; p->index < blocks; p->index++) {
		err = ext2_dir_block(dir, p->index, &p->block);
		if (err)
			return err;
		err = find_gap(dir, p, size, rest);
		if (!err)
			return 0;
		disk_block_put(&p->block);
		if (err != -ENOENT)
			return err;
	}
	return add_block(dir, p);
}

int ext2_dir_add(struct inode *dir, const char *name, size_t len,
		 const struct inode *what)
{
	struct ext2 *fs = ext2_of(dir->sb);
	uint32_t size = ext2_entry_size(len), rest;
	struct ext2_disk_entry *e;
	struct ext2_place p;
	int err;

	assert(sleep_lock_mine(&dir->lock) && len && len <= EXT2_NAME_MAX);
	err = find_room(dir, size, &p, &rest);
	if (err)
		return err;
	journal_dirty(fs->journal, &p.block);
	e = ext2_entry(&p);
	assert(gap_of(e) >= size);
	if (e->inode) {		/* behind what it needs itself */
		uint32_t used = ext2_entry_size(e->name_len);
		uint16_t left = (uint16_t)(e->rec_len - used);

		e->rec_len = (uint16_t)used;
		p.offset += used;
		e = ext2_entry(&p);
		e->rec_len = left;
	}
	entry_fill(fs, e, name, len, what);
	changed(dir);
	ext2_index_add(dir, name, len,
		       (p.index << fs->block_shift) + p.offset);
	ext2_index_gap_set(dir, p.index, max_u32(rest, e->rec_len - size));
	disk_block_put(&p.block);
	return 0;
}

/* The one before takes its bytes over; the first of a block becomes a gap.
 * p is put. */
void ext2_dir_remove(struct inode *dir, struct ext2_place *p)
{
	struct ext2 *fs = ext2_of(dir->sb);
	struct ext2_disk_entry *e = ext2_entry(p), *before = NULL;
	uint32_t offset = 0, longest = 0;

	assert(e->inode);
	journal_dirty(fs->journal, &p->block);
	ext2_index_remove(dir, e->name, e->name_len,
			  (p->index << fs->block_shift) + p->offset);
	while (offset < p->offset) {
		before = entry_at(&p->block, offset);
		assert(ext2_entry_ok(fs, &p->block, offset));
		offset += before->rec_len;
	}
	if (before && offset == p->offset) {
		before->rec_len += e->rec_len;
		longest = gap_of(before);
	} else {
		longest = e->rec_len;
	}
	e->inode = 0;
	changed(dir);
	ext2_index_gap_raise(dir, p->index, longest);
	disk_block_put(&p->block);
}

/* The name leads to another inode now. p is put. */
void ext2_dir_set(struct inode *dir, struct ext2_place *p,
		  const struct inode *what)
{
	struct ext2 *fs = ext2_of(dir->sb);
	struct ext2_disk_entry *e = ext2_entry(p);

	assert(what->sb == dir->sb);
	journal_dirty(fs->journal, &p->block);
	e->inode = (uint32_t)what->ino;
	e->file_type = type_for(fs, what->mode);
	changed(dir);
	disk_block_put(&p->block);
}

/* The first block of a new directory: "." and "..". */
int ext2_dir_make(struct inode *dir, const struct inode *parent)
{
	const struct ext2 *fs = ext2_of(dir->sb);
	struct ext2_disk_entry *e;
	struct ext2_place p;
	int err = add_block(dir, &p);

	if (err)
		return err;
	e = ext2_entry(&p);
	e->rec_len = (uint16_t)ext2_entry_size(1);
	entry_fill(fs, e, ".", 1, dir);
	p.offset = e->rec_len;
	e = ext2_entry(&p);
	e->rec_len = (uint16_t)(fs->block_size - p.offset);
	entry_fill(fs, e, "..", 2, parent);
	disk_block_put(&p.block);
	return 0;
}

/* --- reading ----------------------------------------------------------------------- */

static unsigned emitted_type(const struct ext2 *fs,
			     const struct ext2_disk_entry *e)
{
	return has_types(fs) && e->file_type < ARRAY_LEN(dt_of) ?
	       dt_of[e->file_type] : DT_UNKNOWN;
}

/* The entries of one block from f->pos on. 1: the buffer is full. */
static int emit_block(struct file *f, const struct block *b, uint32_t index,
		      dir_emit emit, void *ctx)
{
	struct inode *dir = f->inode;
	const struct ext2 *fs = ext2_of(dir->sb);
	off64 base = (off64)index << fs->block_shift;
	uint32_t offset = 0;

	while (offset < fs->block_size) {
		const struct ext2_disk_entry *e = entry_at(b, offset);

		if (!ext2_entry_ok(fs, b, offset) ||
		    (e->inode && memchr(e->name, '/', e->name_len)))
			return bad_entry(dir, index, offset);
		offset += e->rec_len;
		if (!e->inode || base + offset <= f->pos)
			continue;
		if (base + offset - e->rec_len >= f->pos &&
		    !emit(ctx, e->name, e->name_len, e->inode,
			  emitted_type(fs, e), base + offset))
			return 1;
		f->pos = base + offset;
	}
	f->pos = base + fs->block_size;
	return 0;
}

static int ext2_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct inode *dir = f->inode;
	const struct ext2 *fs = ext2_of(dir->sb);
	int err = 0;

	assert(sleep_lock_mine(&dir->lock));
	while (!err && f->pos < dir->size) {
		uint32_t index = (uint32_t)(f->pos >> fs->block_shift);
		struct block b;

		err = ext2_dir_block(dir, index, &b);
		if (err)
			break;
		err = emit_block(f, &b, index, emit, ctx);
		disk_block_put(&b);
	}
	return err > 0 ? 0 : err;
}

const struct file_ops ext2_dir_ops = { .read_dir = ext2_read_dir, .sync = cache_file_sync };
