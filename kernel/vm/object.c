/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c - a row of pages with an owner: the cache of a file, or memory that
 * processes share.
 *
 * The object holds one reference to each of its pages and its prison pays for
 * them. A page that is being filled is in the tree without PG_UPTODATE: others
 * who want it wait; vm_object_peek does not show it.
 *
 * Invariant: page->owner is the object exactly while the page is in the tree.
 * Locks: the kernel lock; filling sleeps.
 */
#include "kernel/vm/inner.h"

static struct kmem_cache *object_cache;
static uint64_t last_serial;
static struct sleep_queue filled; /* key: the page */

void object_init(void)
{
	object_cache = kmem_cache_new("vm_object", sizeof(struct vm_object), 8);
	if (!object_cache)
		panic("vm: no memory at boot");
	sleep_queue_init(&filled);
}

/* An empty object with one reference, whose pages `pays` will pay for.
 * -ENOMEM. */
int vm_object_new(struct prison *pays, const struct vm_object_ops *ops,
		  void *owner, struct vm_object **out)
{
	struct vm_object *o = kmem_cache_zalloc(object_cache);

	assert(pays);
	if (!o)
		return -ENOMEM;
	o->refs = 1;
	o->ops = ops;
	o->owner = owner;
	o->prison = pays;
	prison_hold(pays);
	o->size_limit = UINT32_MAX;
	o->serial = ++last_serial;
	list_init(&o->mappings);
	*out = o;
	return 0;
}

void vm_object_hold(struct vm_object *o)
{
	assert(o->refs > 0);
	o->refs++;
}

/* p has left the tree. Its charge is given back by the caller. */
static void page_forget(struct vm_object *o, struct page *p)
{
	assert(p->owner == o);
	p->owner = NULL;
	p->flags &= ~PG_DIRTY;
	page_drop(p);
}

static void uncharge_pages(struct vm_object *o, uint32_t n)
{
	assert(o->page_count >= n);
	o->page_count -= n;
	page_stats_add(PAGE_KIND_CACHED, -(int)n);
	racct_release(o->prison, RACCT_MEMORY, (uint64_t)n << PAGE_SHIFT);
}

static void remove_page(struct vm_object *o, uint32_t index)
{
	struct page *p = radix_take(o, index);

	assert(p);
	page_forget(o, p);
	uncharge_pages(o, 1);
}

static void remove_all(struct vm_object *o)
{
	if (!o->page_count)
		return;
	radix_clear(o, page_forget);
	uncharge_pages(o, o->page_count);
}

/* Sleeps (ops->release). */
void vm_object_drop(struct vm_object *o)
{
	assert(o->refs > 0);
	if (--o->refs)
		return;
	assert(list_empty(&o->mappings));
	if (o->ops && o->ops->release)
		o->ops->release(o);
	remove_all(o);
	prison_drop(o->prison);
	kmem_cache_free(object_cache, o);
}

/* --- pages -------------------------------------------------------------------- */

struct page *vm_object_peek(const struct vm_object *o, uint32_t index)
{
	struct page *p = radix_get(o, index);

	return p && (p->flags & PG_UPTODATE) ? p : NULL;
}

struct page *vm_object_next(const struct vm_object *o, uint32_t index, uint32_t *found)
{
	return radix_next(o, index, found);
}

/* A new page in the tree, with a reference for the caller too. */
static int add_page(struct vm_object *o, uint32_t index, unsigned want,
		    struct page **out)
{
	struct page *p;

	assert(o->refs > 0);
	if (racct_charge(o->prison, RACCT_MEMORY, PAGE_SIZE))
		return -ENOMEM;
	p = page_alloc(0, PAGE_USER | want);
	if (!p)
		goto refund;
	if (radix_put(o, index, p))
		goto drop;
	p->owner = o;
	p->index = index;
	page_hold(p);
	o->page_count++;
	page_stats_add(PAGE_KIND_CACHED, 1);
	*out = p;
	return 0;
drop:
	page_drop(p);
refund:
	racct_release(o->prison, RACCT_MEMORY, PAGE_SIZE);
	return -ENOMEM;
}

static int fill_page(struct vm_object *o, uint32_t index, struct page *p)
{
	int err = o->ops->fill(o, p, index);

	assert(p->owner == o && !(p->flags & PG_UPTODATE));
	if (!err)
		p->flags |= PG_UPTODATE;
	else if (p->owner == o)
		remove_page(o, index);
	sleep_wake_key(&filled, (uint32_t)p, UINT32_MAX);
	return err;
}

/* The page that is there, when it is filled; NULL if there is none. */
static struct page *wait_page(struct vm_object *o, uint32_t index)
{
	struct page *p;

	while ((p = radix_get(o, index)) && !(p->flags & PG_UPTODATE)) {
		page_hold(p);
		/* No deadline and no signal: it can only be woken. */
		(void)!sleep_on_key(&filled, (uint32_t)p, SLEEP_DEEP, SLEEP_FOREVER);
		page_drop(p);
	}
	return p;
}

/* The page at index, held for the caller; made and filled if create, else
 * *out is NULL where there is none. The caller holds o. -ENOMEM, or what
 * ops->fill says. Sleeps. */
int vm_object_page(struct vm_object *o, uint32_t index, bool create,
		   struct page **out)
{
	bool fill = o->ops && o->ops->fill;
	struct page *p = wait_page(o, index);
	int err;

	*out = p;
	if (p)
		page_hold(p);
	if (p || !create)
		return 0;
	err = add_page(o, index, fill ? 0 : PAGE_ZERO, &p);
	if (err)
		return err;
	if (fill)
		err = fill_page(o, index, p);
	else
		p->flags |= PG_UPTODATE;
	if (err) {
		page_drop(p);
		return err;
	}
	*out = p;
	return 0;
}

/* --- less of them --------------------------------------------------------------- */

/* Unmaps indexes first..end-1 in every space. */
static void unmap_pages(struct vm_object *o, uint64_t first, uint64_t end,
			enum zap_what what)
{
	list_each(l, &o->mappings) {
		struct vm_map *m = list_entry(l, struct vm_map, object_link);
		uint64_t low = m->object_page;
		uint64_t high = low + map_pages(m);
		uint64_t from = first > low ? first : low;
		uint64_t to = end < high ? end : high;

		if (from >= to)
			continue;
		zap_range(m->vm, m->start + (uint32_t)((from - low) << PAGE_SHIFT),
			  m->start + (uint32_t)((to - low) << PAGE_SHIFT), what);
	}
}

/* Removes count pages' entries from all spaces; private copies stay. */
void vm_forget_pages(struct vm_object *o, uint32_t first, uint32_t count)
{
	unmap_pages(o, first, (uint64_t)first + count, ZAP_FILE);
}

static void remove_pages(struct vm_object *o, uint32_t first, uint64_t end)
{
	uint32_t index = first;

	while (o->page_count && vm_object_next(o, index, &index) && index < end) {
		remove_page(o, index);
		if (++index == 0)
			break;
	}
}

/* The object ends before page `first`: private copies of what was behind it
 * go too (POSIX: access there is SIGBUS). Zeroes page first-1 from byte tail
 * on, if tail and the page is there. */
void vm_object_truncate(struct vm_object *o, uint32_t first, uint32_t tail)
{
	struct page *p;

	assert(tail < PAGE_SIZE);
	unmap_pages(o, first, UINT64_MAX, ZAP_ALL);
	if (first == 0)
		remove_all(o);
	else
		remove_pages(o, first, UINT64_MAX);
	if (!tail || !first)
		return;
	p = radix_get(o, first - 1);
	if (p)
		memset((char *)page_address(p) + tail, 0, PAGE_SIZE - tail);
}

/* Punches a hole: the pages read as new ones from now on. */
void vm_object_remove(struct vm_object *o, uint32_t first, uint32_t count)
{
	uint64_t end = (uint64_t)first + count;

	assert(end >= first);
	unmap_pages(o, first, end, ZAP_FILE);
	remove_pages(o, first, end);
}
