/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dir_index.c - where the names of a large directory are, in memory: from the
 * hash of a name to its offset, and the longest gap of each block, so that
 * neither looking up nor making a name reads all of it.
 *
 * It is made when a directory of more than one block is first searched, lives
 * with the inode, and goes when memory runs short.
 *
 * Invariant: if there is one, it has every name of the directory, and no block
 * has a longer gap than it says.
 * Locks: the directory's inode->lock. The shrinker leaves locked ones alone.
 */
#include "kernel/fs/ext2/ext2.h"

enum {
	LARGE = 2,			/* blocks, from which on it is worth it */
	SLOTS_FIRST = 256,
	SLOTS_PER_PAGE = PAGE_SIZE / 8,
	OFFSET_SHIFT = 2,		/* entries are 4-aligned */
};

struct slot {
	uint32_t hash, place;		/* offset / 4 + 1; 0: empty */
};
struct ext2_index {
	struct list link;		/* all of them, oldest first */
	struct inode *dir;
	uint32_t seed;
	struct slot **page;		/* the table, a power of two slots */
	uint32_t slots, used;
	uint16_t *gap;			/* of each block */
	uint32_t gaps, gap_room;
};

static struct list all = LIST_INIT(all);

static uint32_t hash_of(const struct ext2_index *x, const char *name, size_t len)
{
	return hash_bytes(name, len, x->seed);
}

static struct slot *slot_at(const struct ext2_index *x, uint32_t n)
{
	n &= x->slots - 1;
	return &x->page[n / SLOTS_PER_PAGE][n % SLOTS_PER_PAGE];
}

static void pages_free(struct slot **page, uint32_t slots)
{
	if (page)
		for (uint32_t n = 0; n < slots; n += SLOTS_PER_PAGE)
			kmem_free(page[n / SLOTS_PER_PAGE]);
	kmem_free(page);
}

static uint32_t index_free(struct ext2_index *x)
{
	uint32_t bytes = x->slots * sizeof(struct slot) + x->gap_room * 2;

	list_remove(&x->link);
	ext2_inode_of(x->dir)->index = NULL;
	pages_free(x->page, x->slots);
	kmem_free(x->gap);
	kmem_free(x);
	return bytes >> PAGE_SHIFT;
}

void ext2_index_free(struct inode *dir)
{
	if (ext2_inode_of(dir)->index)
		index_free(ext2_inode_of(dir)->index);
}

static uint32_t shrink(uint32_t pages)
{
	uint32_t freed = 0;

	list_each_safe(l, &all) {
		struct ext2_index *x = list_entry(l, struct ext2_index, link);

		if (freed >= pages)
			break;
		if (!x->dir->lock.owner)
			freed += index_free(x);
	}
	return freed;
}

/* --- the table ---------------------------------------------------------------- */

static void put(struct ext2_index *x, uint32_t hash, uint32_t place)
{
	uint32_t n = hash;

	assert(x->used < x->slots);
	while (slot_at(x, n)->place)
		n++;
	*slot_at(x, n) = (struct slot){ hash, place };
	x->used++;
}

/* Twice as many slots. */
static int grow(struct ext2_index *x)
{
	uint32_t old_slots = x->slots;
	uint32_t slots = old_slots ? 2 * old_slots : SLOTS_FIRST;
	uint32_t pages = (slots + SLOTS_PER_PAGE - 1) / SLOTS_PER_PAGE;
	struct slot **old = x->page;
	struct slot **page = kmem_zalloc(pages * sizeof(*page));

	if (!page)
		return -ENOMEM;
	for (uint32_t n = 0; n < pages; n++) {
		page[n] = kmem_zalloc(min_u32(slots, SLOTS_PER_PAGE) *
				      sizeof(struct slot));
		if (!page[n]) {
			pages_free(page, slots);
			return -ENOMEM;
		}
	}
	x->page = page;
	x->slots = slots;
	x->used = 0;
	for (uint32_t n = 0; n < old_slots; n++) {
		const struct slot *s = &old[n / SLOTS_PER_PAGE]
					   [n % SLOTS_PER_PAGE];

		if (s->place)
			put(x, s->hash, s->place);
	}
	pages_free(old, old_slots);
	return 0;
}

static int add(struct ext2_index *x, const char *name, size_t len,
	       uint32_t offset)
{
	if (x->used + 1 > x->slots / 4 * 3 && grow(x))
		return -ENOMEM;
	put(x, hash_of(x, name, len), (offset >> OFFSET_SHIFT) + 1);
	return 0;
}

/* Empties slot n; those behind it that were pushed on move up. */
static void take(struct ext2_index *x, uint32_t n)
{
	uint32_t hole = n, at = n;

	for (;;) {
		struct slot *s = slot_at(x, ++at);
		uint32_t home;

		if (!s->place)
			break;
		/* Would it be found from the hole on? */
		home = (at - s->hash) & (x->slots - 1);
		if (home < ((at - hole) & (x->slots - 1)))
			continue;
		*slot_at(x, hole) = *s;
		hole = at;
	}
	slot_at(x, hole)->place = 0;
	x->used--;
}

bool ext2_index_next(const struct ext2_index *x, const char *name, size_t len,
		     uint32_t *cursor, uint32_t *offset)
{
	uint32_t hash = hash_of(x, name, len);

	for (;;) {
		const struct slot *s = slot_at(x, hash + (*cursor)++);

		if (!s->place)
			return false;
		if (s->hash != hash)
			continue;
		*offset = (s->place - 1) << OFFSET_SHIFT;
		return true;
	}
}

/* --- gaps ------------------------------------------------------------------------ */

static int gap_room(struct ext2_index *x, uint32_t blocks)
{
	uint32_t room = x->gap_room ? 2 * x->gap_room : 16;
	uint16_t *gap;

	if (blocks <= x->gap_room)
		return 0;
	room = max_u32(room, blocks);
	gap = kmem_zalloc(room * sizeof(*gap));
	if (!gap)
		return -ENOMEM;
	if (x->gap)
		memcpy(gap, x->gap, x->gaps * sizeof(*gap));
	kmem_free(x->gap);
	x->gap = gap;
	x->gap_room = room;
	return 0;
}

uint32_t ext2_index_gap(const struct ext2_index *x, uint32_t size)
{
	for (uint32_t n = 0; n < x->gaps; n++)
		if (x->gap[n] >= size)
			return n;
	return UINT32_MAX;
}

/* --- making ----------------------------------------------------------------------- */

/* All names of one block. */
static int index_block(struct ext2_index *x, const struct block *b,
		       uint32_t index)
{
	const struct ext2 *fs = ext2_of(x->dir->sb);
	uint32_t offset = 0, longest = 0;
	int err = 0;

	while (offset < fs->block_size && !err) {
		const struct ext2_disk_entry *e =
			(void *)((char *)b->data + offset);
		uint32_t used;

		if (!ext2_entry_ok(fs, b, offset))
			return ext2_error(ext2_of(x->dir->sb), x->dir, "has a "
					  "damaged entry in block %u at %u",
					  index, offset);
		used = e->inode ? ext2_entry_size(e->name_len) : 0;
		longest = max_u32(longest, e->rec_len - used);
		if (e->inode)
			err = add(x, e->name, e->name_len,
				  (index << fs->block_shift) + offset);
		offset += e->rec_len;
	}
	x->gap[index] = (uint16_t)longest;
	return err;
}

static int make(struct inode *dir, uint32_t blocks)
{
	struct ext2_index *x = kmem_zalloc(sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->dir = dir;
	x->seed = (uint32_t)arch_clock_ns();
	list_append(&all, &x->link);
	ext2_inode_of(dir)->index = x;
	err = gap_room(x, blocks);
	for (uint32_t n = 0; n < blocks && !err; n++) {
		struct block b;

		err = ext2_dir_block(dir, n, &b);
		if (err)
			break;
		x->gaps = n + 1;
		err = index_block(x, &b, n);
		disk_block_put(&b);
	}
	if (err)
		index_free(x);
	return err;
}

int ext2_index_get(struct inode *dir, struct ext2_index **out)
{
	struct ext2_inode *x = ext2_inode_of(dir);
	uint32_t blocks = ext2_dir_blocks(ext2_of(dir->sb), dir);
	int err = 0;

	assert(sleep_lock_mine(&dir->lock));
	if (!x->index && blocks >= LARGE)
		err = make(dir, blocks);
	*out = x->index;
	if (x->index && !x->index->slots) {	/* not even dots: add none */
		index_free(x->index);
		*out = NULL;
	}
	return err == -ENOMEM ? 0 : err;
}

void ext2_index_add(struct inode *dir, const char *name, size_t len,
		    uint32_t offset)
{
	struct ext2_index *x = ext2_inode_of(dir)->index;

	if (x && add(x, name, len, offset))
		index_free(x);
}

void ext2_index_remove(struct inode *dir, const char *name, size_t len,
		       uint32_t offset)
{
	struct ext2_index *x = ext2_inode_of(dir)->index;
	uint32_t place = (offset >> OFFSET_SHIFT) + 1, n;

	if (!x)
		return;
	for (n = hash_of(x, name, len); slot_at(x, n)->place; n++) {
		if (slot_at(x, n)->place != place)
			continue;
		take(x, n);
		return;
	}
}

void ext2_index_gap_set(struct inode *dir, uint32_t block, uint32_t gap)
{
	struct ext2_index *x = ext2_inode_of(dir)->index;

	if (!x)
		return;
	if (gap_room(x, block + 1)) {
		index_free(x);
		return;
	}
	x->gaps = max_u32(x->gaps, block + 1);
	x->gap[block] = (uint16_t)gap;
}

/* It has a gap of this size, too. */
void ext2_index_gap_raise(struct inode *dir, uint32_t block, uint32_t gap)
{
	struct ext2_index *x = ext2_inode_of(dir)->index;

	if (x && block < x->gaps && x->gap[block] < gap)
		x->gap[block] = (uint16_t)gap;
}

void ext2_index_init(void)
{
	page_shrinker_register(shrink);
}
