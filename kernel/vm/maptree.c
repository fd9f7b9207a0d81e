/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maptree.c - the maps of a space by address, and the free space between them.
 *
 * The red-black tree of base knows nothing of gaps, so each map also keeps the
 * free bytes below it (gap) and the largest gap in its subtree (gap_max), and
 * this file mends gap_max after each change of the tree: a rotation only moves
 * nodes on the path from the place of the change to the root, and children of
 * nodes on it. With that the highest gap that is large enough is found in
 * O(log n), however many maps there are.
 *
 * Invariant: maps do not overlap; gap and gap_max are true between two calls.
 * Pure: no page tables, no accounting. Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

static struct vm_map *entry(const struct tree_node *n)
{
	return tree_entry(n, struct vm_map, node);
}

static uint32_t gap_max(const struct tree_node *n)
{
	return n ? entry(n)->gap_max : 0;
}

static uint32_t gap_max_now(const struct tree_node *n)
{
	return max_u32(entry(n)->gap,
		       max_u32(gap_max(n->left), gap_max(n->right)));
}

/* After a change of the tree's shape at or below n. */
static void mend_path(struct tree_node *n)
{
	for (; n; n = n->parent) {
		if (n->left)
			entry(n->left)->gap_max = gap_max_now(n->left);
		if (n->right)
			entry(n->right)->gap_max = gap_max_now(n->right);
		entry(n)->gap_max = gap_max_now(n);
	}
}

/* After a change of n's own gap only. */
static void mend_value(struct tree_node *n)
{
	for (; n; n = n->parent) {
		uint32_t now = gap_max_now(n);

		if (entry(n)->gap_max == now)
			return;
		entry(n)->gap_max = now;
	}
}

static void set_gap(struct vm_map *m)
{
	struct tree_node *prev = tree_prev(&m->node);
	uint32_t floor = prev ? entry(prev)->end : 0;

	assert(floor <= m->start);
	m->gap = m->start - floor;
}

void maps_insert(struct vm *v, struct vm_map *m)
{
	struct tree_node **link = &v->maps.root, *parent = NULL, *next;

	assert(m->start < m->end && m->end <= USER_TOP);
	assert(((m->start | m->end) & PAGE_MASK) == 0);
	while (*link) {
		parent = *link;
		link = m->start < entry(parent)->start ? &parent->left
						       : &parent->right;
	}
	m->gap_max = 0;
	tree_insert(&v->maps, &m->node, parent, link);
	set_gap(m);
	mend_path(&m->node);
	next = tree_next(&m->node);
	if (next) {
		set_gap(entry(next));
		mend_value(next);
	}
	v->map_count++;
}

/* For fork, which copies maps in order: the gaps come with maps_settle. */
void maps_append(struct vm *v, struct vm_map *m)
{
	struct tree_node *last = tree_last(&v->maps);

	assert(!last || entry(last)->end <= m->start);
	assert(m->start < m->end && m->vm == v);
	tree_insert(&v->maps, &m->node, last, last ? &last->right : &v->maps.root);
	v->map_count++;
}

static void settle(struct tree_node *n, uint32_t *floor)
{
	if (n->left)
		settle(n->left, floor);
	entry(n)->gap = entry(n)->start - *floor;
	*floor = entry(n)->end;
	if (n->right)
		settle(n->right, floor);
	entry(n)->gap_max = gap_max_now(n);
}

void maps_settle(struct vm *v)
{
	uint32_t floor = 0;

	if (v->maps.root)
		settle(v->maps.root, &floor);
}

/* Where the shape of the tree changes when n goes: at its parent if it has at
 * most one child, else where the neighbour that takes its place came from. */
static struct tree_node *came_from(struct tree_node *n, struct tree_node *heir)
{
	if (!n->left || !n->right)
		return n->parent;
	return heir->parent == n ? heir : heir->parent;
}

void maps_remove(struct vm *v, struct vm_map *m)
{
	struct tree_node *next = tree_next(&m->node);
	struct tree_node *prev = tree_prev(&m->node);
	struct tree_node *a = came_from(&m->node, next);
	struct tree_node *b = came_from(&m->node, prev);

	assert(v->map_count > 0 && m->vm == v);
	tree_remove(&v->maps, &m->node);
	mend_path(a);
	if (b != a)
		mend_path(b);
	if (next) {
		set_gap(entry(next));
		mend_value(next);
	}
	if (v->last_hit == m)
		v->last_hit = NULL;
	v->map_count--;
}

void maps_moved(struct vm *v, struct vm_map *m)
{
	struct tree_node *next = tree_next(&m->node);

	(void)v;
	assert(m->start < m->end && m->end <= USER_TOP);
	assert(m->vm == v);
	set_gap(m);
	mend_value(&m->node);
	if (next) {
		set_gap(entry(next));
		mend_value(next);
	}
}

/* --- looking up ------------------------------------------------------------- */

/* The map that ends above addr and is the lowest such: it contains addr, or
 * is the first above it. NULL: none. */
struct vm_map *maps_from(struct vm *v, uint32_t addr)
{
	struct tree_node *n = v->maps.root;
	struct vm_map *best = NULL;

	while (n) {
		struct vm_map *m = entry(n);

		if (m->end > addr) {
			best = m;
			if (m->start <= addr)
				break;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

struct vm_map *vm_find(struct vm *v, uint32_t addr)
{
	struct vm_map *m = v->last_hit;

	if (m && m->start <= addr && addr < m->end)
		return m;
	m = maps_from(v, addr);
	if (!m || m->start > addr)
		return NULL;
	v->last_hit = m;
	return m;
}

struct vm_map *vm_find_above(struct vm *v, uint32_t addr)
{
	return maps_from(v, addr);
}

struct vm_map *vm_first(struct vm *v)
{
	struct tree_node *n = tree_first(&v->maps);

	return n ? entry(n) : NULL;
}

struct vm_map *vm_next(struct vm_map *m)
{
	struct tree_node *n = tree_next(&m->node);

	return n ? entry(n) : NULL;
}

struct vm_map *maps_prev(struct vm_map *m)
{
	struct tree_node *n = tree_prev(&m->node);

	return n ? entry(n) : NULL;
}

/* --- free space -------------------------------------------------------------- */

static uint32_t fit(uint32_t low, uint32_t high, uint32_t size)
{
	assert(size > 0);
	low = max_u32(low, MMAP_MIN);
	return high > low && high - low >= size ? high - size : 0;
}

static uint32_t search(const struct tree_node *n, uint32_t size, uint32_t top)
{
	while (n && gap_max(n) >= size) {
		const struct vm_map *m = entry(n);
		uint32_t high = m->start - min_u32(m->start, map_guard(m));
		uint32_t at = 0;

		if (m->end < top)
			at = search(n->right, size, top);
		if (!at)
			at = fit(m->start - m->gap, min_u32(high, top), size);
		if (at)
			return at;
		n = n->left;
	}
	return 0;
}

/* The highest address where size bytes are free and end at or below top; the
 * guard of a stack above is respected. 0: there is none. */
uint32_t maps_find_gap(struct vm *v, uint32_t size, uint32_t top)
{
	struct tree_node *last = tree_last(&v->maps);
	uint32_t at;

	assert(top <= USER_TOP);
	at = fit(last ? entry(last)->end : 0, top, size);
	return at ? at : search(v->maps.root, size, top);
}
