/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * radix.c - the pages of an object by index: a tree of nodes with 64 slots.
 *
 * Height 0 is a tree of one page, index 0, without a node: most small files.
 * Height h reaches 64^h pages. Nodes count their used slots and go when they
 * are empty. Pure: knows nothing of references or charges. Locks: the kernel
 * lock.
 */
#include "kernel/vm/inner.h"

enum { BITS = 6, FANOUT = 1 << BITS, HEIGHT_MAX = 6 };

struct radix_node {
	void *slot[FANOUT];	/* nodes, or pages in the lowest level */
	uint32_t used;
};

static struct kmem_cache *node_cache;

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

/* Puts nodes on top until index fits. */
static int grow(struct vm_object *o, uint32_t index)
{
	assert(o->radix_height <= HEIGHT_MAX);
	while (!reaches(o->radix_height, index)) {
		if (o->radix) {
			struct radix_node *top = kmem_cache_zalloc(node_cache);

			if (!top)
				return -ENOMEM;
			top->slot[0] = o->radix;
			top->used = 1;
			o->radix = top;
		}
		o->radix_height++;
	}
	return 0;
}

/* Enters p at an index that is empty. -ENOMEM. */
int radix_put(struct vm_object *o, uint32_t index, struct page *p)
{
	void **link = &o->radix;
	struct radix_node *above = NULL;

	assert(p);
	if (grow(o, index))
		return -ENOMEM;
	for (unsigned level = o->radix_height; level; level--) {
		if (!*link) {
			*link = kmem_cache_zalloc(node_cache);
			if (!*link)
				return -ENOMEM;
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

/* Removes and returns the page at index, or NULL. */
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
