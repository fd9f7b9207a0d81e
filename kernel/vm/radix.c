/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * radix.c - the pages of an object by index: a tree of nodes with 64 slots.
 *
 * Height 0 is a tree of one page, index 0, without a node: most small files.
 * Height h reaches 64^h pages. Nodes count their used slots and go when they
 * are empty. A node has a bit for each slot below which a page is dirty; a tree
 * without nodes asks the page itself. Pure: knows nothing of references or
 * charges.
 *
 * Getting memory may run a shrinker that takes pages out of this very tree, so
 * nodes come from a small store that is filled before the tree is looked at.
 * Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

enum { BITS = 6, FANOUT = 1 << BITS, HEIGHT_MAX = 6 };

enum { WORD = 32, STORE_MIN = 2 * HEIGHT_MAX };

struct radix_node {
	void *slot[FANOUT];	/* nodes, or pages in the lowest level */
	uint32_t used;
	uint32_t dirty[FANOUT / WORD];
};

static struct kmem_cache *node_cache;
static struct radix_node *store;	/* chained by slot[0] */
static unsigned stored;

void radix_init(void)
{
	node_cache = kmem_cache_new("vm_radix", sizeof(struct radix_node), 8);
	if (!node_cache)
		panic("vm: no memory at boot");
}

/* Can a tree of this height hold index? */
static bool reaches(unsigned height, uint32_t index)
{
	return height >= HEIGHT_MAX || index >> (BITS * height) == 0;
}

static unsigned slot_of(uint32_t index, unsigned level)
{
	return index >> (BITS * level) & (FANOUT - 1);
}

struct page *radix_get(const struct vm_object *o, uint32_t index)
{
	unsigned level = o->radix_height;
	void *at = o->radix;

	if (!reaches(level, index))
		return NULL;
	while (level && at)
		at = ((struct radix_node *)at)->slot[slot_of(index, --level)];
	return at;
}

/* --- nodes ------------------------------------------------------------------ */

/* As many nodes as one radix_put can need. */
static int store_fill(void)
{
	while (stored < STORE_MIN) {
		struct radix_node *n = kmem_cache_zalloc(node_cache);

		if (!n)
			return -ENOMEM;
		n->slot[0] = store;
		store = n;
		stored++;
	}
	return 0;
}

static struct radix_node *node_take(void)
{
	struct radix_node *n = store;

	assert(n && stored > 0);
	store = n->slot[0];
	n->slot[0] = NULL;
	stored--;
	return n;
}

static bool has_dirty(const struct radix_node *n)
{
	return n->dirty[0] | n->dirty[1];
}

/* Puts nodes on top until index fits. */
static void grow(struct vm_object *o, uint32_t index)
{
	assert(o->radix_height <= HEIGHT_MAX);
	while (!reaches(o->radix_height, index)) {
		if (o->radix) {
			struct radix_node *top = node_take();

			top->slot[0] = o->radix;
			top->used = 1;
			top->dirty[0] = o->radix_height ? has_dirty(o->radix) :
				((struct page *)o->radix)->flags & PG_DIRTY ? 1 : 0;
			o->radix = top;
		}
		o->radix_height++;
	}
}

/* Enters p, which is clean, at an index that is empty. -ENOMEM. */
int radix_put(struct vm_object *o, uint32_t index, struct page *p)
{
	void **link = &o->radix;
	struct radix_node *above = NULL;

	assert(p);
	if (unlikely(stored < STORE_MIN) && store_fill())
		return -ENOMEM;
	grow(o, index);
	for (unsigned level = o->radix_height; level; level--) {
		if (!*link) {
			*link = node_take();
			if (above)
				above->used++;
		}
		above = *link;
		link = &above->slot[slot_of(index, level - 1)];
	}
	assert(!*link);
	*link = p;
	if (above)
		above->used++;
	return 0;
}

/* Removes and returns the page at index, which is clean, or NULL. */
struct page *radix_take(struct vm_object *o, uint32_t index)
{
	struct radix_node *path[HEIGHT_MAX];
	unsigned height = o->radix_height;
	void *at = o->radix;

	if (!reaches(height, index))
		return NULL;
	for (unsigned level = height; level && at; level--) {
		path[level - 1] = at;
		at = path[level - 1]->slot[slot_of(index, level - 1)];
	}
	if (!at)
		return NULL;
	for (unsigned level = 0; level < height; level++) {
		path[level]->slot[slot_of(index, level)] = NULL;
		if (--path[level]->used)
			return at;
		kmem_cache_free(node_cache, path[level]);
	}
	o->radix = NULL;
	o->radix_height = 0;
	return at;
}

/* The first page at or after index, its index into *found; NULL: none. */
struct page *radix_next(const struct vm_object *o, uint32_t index, uint32_t *found)
{
	while (reaches(o->radix_height, index)) {
		unsigned level = o->radix_height;
		void *at = o->radix;
		uint32_t span;

		while (level && at)
			at = ((struct radix_node *)at)->slot[slot_of(index, --level)];
		if (at) {
			*found = index;
			return at;
		}
		/* Nothing below this slot: go on behind what it spans. */
		span = o->radix ? 1u << (BITS * level) : 0;
		index = (index | (span - 1)) + 1;
		if (index == 0)
			return NULL;
	}
	return NULL;
}

/* --- dirty pages -------------------------------------------------------------- */

/* The page at index is there and has become dirty. */
void radix_mark(struct vm_object *o, uint32_t index)
{
	void *at = o->radix;

	assert(reaches(o->radix_height, index));
	for (unsigned level = o->radix_height; level; level--) {
		struct radix_node *n = at;
		unsigned slot = slot_of(index, level - 1);

		n->dirty[slot / WORD] |= 1u << slot % WORD;
		at = n->slot[slot];
	}
}

/* It is clean again. */
void radix_unmark(struct vm_object *o, uint32_t index)
{
	struct radix_node *path[HEIGHT_MAX];
	unsigned height = o->radix_height;
	void *at = o->radix;

	for (unsigned level = height; level; level--) {
		path[level - 1] = at;
		at = path[level - 1]->slot[slot_of(index, level - 1)];
	}
	for (unsigned level = 0; level < height; level++) {
		unsigned slot = slot_of(index, level);

		path[level]->dirty[slot / WORD] &= ~(1u << slot % WORD);
		if (has_dirty(path[level]))
			break;
	}
}

/* The first slot from `from` on that has dirty pages; FANOUT: none. */
static unsigned dirty_slot(const struct radix_node *n, unsigned from)
{
	for (; from < FANOUT; from = (from | (WORD - 1)) + 1) {
		uint32_t word = n->dirty[from / WORD] >> from % WORD;

		if (word)
			return from + __builtin_ctz(word);
	}
	return FANOUT;
}

/* The first dirty page at or after index, its index into *found; or NULL. */
struct page *radix_next_dirty(const struct vm_object *o, uint32_t index,
			      uint32_t *found)
{
	struct page *only = o->radix;

	if (!o->radix_height) {
		*found = 0;
		return only && !index && (only->flags & PG_DIRTY) ? only : NULL;
	}
	while (reaches(o->radix_height, index)) {
		unsigned level = o->radix_height, slot = 0;
		void *at = o->radix;

		while (level) {
			level--;
			slot = dirty_slot(at, slot_of(index, level));
			if (slot != slot_of(index, level))	/* from its beginning */
				index &= ~((1u << BITS * level) - 1);
			if (slot == FANOUT)
				break;
			index = (index & ~((FANOUT - 1u) << BITS * level)) |
				slot << BITS * level;
			at = ((struct radix_node *)at)->slot[slot];
		}
		if (slot < FANOUT) {
			*found = index;
			return at;
		}
		/* No more in this node: on with the next one. */
		if (level + 1 >= o->radix_height)
			return NULL;
		index = (index | ((1u << BITS * (level + 1)) - 1)) + 1;
		if (index == 0)
			return NULL;
	}
	return NULL;
}

static void clear(struct vm_object *o, struct radix_node *n, unsigned level,
		  void (*each)(struct vm_object *, struct page *))
{
	assert(level > 0 && level <= HEIGHT_MAX && n->used <= FANOUT);
	for (unsigned i = 0; i < FANOUT && n->used; i++) {
		if (!n->slot[i])
			continue;
		if (level > 1)
			clear(o, n->slot[i], level - 1, each);
		else
			each(o, n->slot[i]);
		n->used--;
	}
	kmem_cache_free(node_cache, n);
}

/* Removes all pages, in order, calling each for them; it must not sleep. */
void radix_clear(struct vm_object *o, void (*each)(struct vm_object *, struct page *))
{
	void *top = o->radix;
	unsigned height = o->radix_height;

	o->radix = NULL;
	o->radix_height = 0;
	if (!top)
		return;
	if (height)
		clear(o, top, height, each);
	else
		each(o, top);
}
