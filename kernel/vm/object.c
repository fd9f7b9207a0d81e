/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c - a row of pages with an owner: the cache of a file, or memory that
 * processes share.
 *
 * The object holds one reference to each of its pages and its prison pays for
 * them. A page that is being filled is in the tree without PG_UPTODATE: others
 * who want it wait; vm_object_peek does not show it.
 *
 * The pages of a `cached` object are copies of what stands on a medium: they
 * are on the lists of lru.c and go when memory is short, so nobody pays for
 * them. What is dirty stays until it is written.
 *
 * Invariant: page->owner is the object exactly while the page is in the tree.
 * Locks: the kernel lock; filling sleeps. Any allocation may take clean pages
 * of cached objects away: hold what you found before it.
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
	if (p->flags & PG_DIRTY) {
		o->dirty_count--;
		page_stats_add(PAGE_KIND_DIRTY, -1);
	}
	if (o->cached)
		lru_leave(p);
	if (!(p->flags & PG_UPTODATE))
		sleep_wake_key(&filled, (uint32_t)p, UINT32_MAX);
	p->owner = NULL;
	p->flags &= ~(PG_DIRTY | PG_PLACED);
	page_drop(p);
}

static void uncharge_pages(struct vm_object *o, uint32_t n)
{
	assert(o->page_count >= n);
	o->page_count -= n;
	page_stats_add(PAGE_KIND_CACHED, -(int)n);
	if (!o->cached)
		racct_release(o->prison, RACCT_MEMORY, (uint64_t)n << PAGE_SHIFT);
}

static void remove_page(struct vm_object *o, uint32_t index)
{
	struct page *p = radix_get(o, index);

	assert(p);
	if (p->flags & PG_DIRTY)
		radix_unmark(o, index);
	radix_take(o, index);
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

/* Is there a page, be it filled or not? */
bool vm_object_has(const struct vm_object *o, uint32_t index)
{
	return radix_get(o, index);
}

struct page *vm_object_next_dirty(const struct vm_object *o, uint32_t index,
				  uint32_t *found)
{
	return o->dirty_count ? radix_next_dirty(o, index, found) : NULL;
}

/* p, which nobody else has, into the tree; unfilled. -EEXIST, -ENOMEM. */
int vm_object_insert(struct vm_object *o, uint32_t index, struct page *p)
{
	assert(o->refs > 0 && !p->owner && !p->flags);
	if (radix_get(o, index))
		return -EEXIST;
	if (!o->cached && racct_charge(o->prison, RACCT_MEMORY, PAGE_SIZE))
		return -ENOMEM;
	if (radix_put(o, index, p)) {
		if (!o->cached)
			racct_release(o->prison, RACCT_MEMORY, PAGE_SIZE);
		return -ENOMEM;
	}
	p->owner = o;
	p->index = index;
	page_hold(p);
	o->page_count++;
	page_stats_add(PAGE_KIND_CACHED, 1);
	if (o->cached)
		lru_enter(p);
	return 0;
}

/* A new page in the tree, unfilled, with a reference for the caller too.
 * want: PAGE_ZERO or 0. -EEXIST, -ENOMEM. */
int vm_object_add(struct vm_object *o, uint32_t index, unsigned want,
		  struct page **out)
{
	struct page *p = page_alloc(0, PAGE_USER | want);
	int err;

	if (!p)
		return -ENOMEM;
	err = vm_object_insert(o, index, p);
	if (err)
		page_drop(p);
	else
		*out = p;
	return err;
}

/* The held page p, not filled so far, is; or it could not be, and leaves. Those
 * who wait for it go on. Does not sleep. */
void vm_object_filled(struct page *p, int err)
{
	struct vm_object *o = p->owner;

	assert(!(p->flags & PG_UPTODATE));
	p->flags |= err ? PG_FAILED : PG_UPTODATE;
	if (err && o)
		remove_page(o, p->index);
	else if (!sleep_queue_idle(&filled))
		sleep_wake_key(&filled, (uint32_t)p, UINT32_MAX);
}

static int fill_page(struct vm_object *o, uint32_t index, struct page *p)
{
	int err = o->ops->fill(o, p, index);

	vm_object_filled(p, err);
	return err;
}

/* Waits until the page at index is filled, if there is one. *out is it, held,
 * or NULL. -EIO: it could not be filled. Sleeps. */
int vm_object_wait(struct vm_object *o, uint32_t index, struct page **out)
{
	struct page *p;

	*out = NULL;
	while ((p = radix_get(o, index))) {
		bool failed;

		page_hold(p);
		if (p->flags & PG_UPTODATE) {
			*out = p;
			return 0;
		}
		/* No deadline and no signal: it can only be woken. */
		(void)!sleep_on_key(&filled, (uint32_t)p, SLEEP_DEEP, SLEEP_FOREVER);
		failed = p->flags & PG_FAILED;
		page_drop(p);
		if (failed)
			return -EIO;
	}
	return 0;
}

/* The page at index, held for the caller; made and filled if create, else
 * *out is NULL where there is none. The caller holds o. -ENOMEM, or what
 * ops->fill or ops->get says. Sleeps. */
int vm_object_page(struct vm_object *o, uint32_t index, bool create,
		   struct page **out)
{
	bool fill = o->ops && o->ops->fill;
	struct page *p;
	int err = vm_object_wait(o, index, out);

	if (err || *out || !create)
		return err;
	if (o->ops && o->ops->get)
		return o->ops->get(o, index, out);
	err = vm_object_add(o, index, fill ? 0 : PAGE_ZERO, &p);
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

/* --- dirty pages ---------------------------------------------------------------- */

void vm_object_set_dirty(struct vm_object *o, struct page *p)
{
	assert(p->owner == o && (p->flags & PG_UPTODATE));
	if (p->flags & PG_DIRTY)
		return;
	radix_mark(o, p->index);
	p->flags |= PG_DIRTY;
	o->dirty_count++;
	page_stats_add(PAGE_KIND_DIRTY, 1);
}

void vm_object_set_clean(struct vm_object *o, struct page *p)
{
	assert(p->owner == o && (p->flags & PG_DIRTY));
	radix_unmark(o, p->index);
	p->flags &= ~PG_DIRTY;
	o->dirty_count--;
	page_stats_add(PAGE_KIND_DIRTY, -1);
}

/* --- less of them --------------------------------------------------------------- */

/* The addresses at which m shows indexes first..end-1; false: at none. */
static bool shown_at(const struct vm_map *m, uint64_t first, uint64_t end,
		     uint32_t *from, uint32_t *to)
{
	uint64_t low = m->object_page;
	uint64_t high = low + map_pages(m);

	if (first < low)
		first = low;
	if (end > high)
		end = high;
	if (first >= end)
		return false;
	*from = m->start + (uint32_t)((first - low) << PAGE_SHIFT);
	*to = m->start + (uint32_t)((end - low) << PAGE_SHIFT);
	return true;
}

/* Unmaps indexes first..end-1 in every space. */
static void unmap_pages(struct vm_object *o, uint64_t first, uint64_t end,
			enum zap_what what)
{
	uint32_t from, to;

	list_each(l, &o->mappings) {
		struct vm_map *m = list_entry(l, struct vm_map, object_link);

		if (shown_at(m, first, end, &from, &to))
			zap_range(m->vm, from, to, what);
	}
}

/* The next write to count pages from first on through any map is noticed. */
void vm_object_write_protect(struct vm_object *o, uint32_t first, uint32_t count)
{
	uint32_t from, to;

	list_each(l, &o->mappings) {
		struct vm_map *m = list_entry(l, struct vm_map, object_link);

		if ((m->flags & VM_SHARED) &&
		    shown_at(m, first, (uint64_t)first + count, &from, &to))
			protect_range(m, from, to);
	}
}

/* Was the page used through a map since the last time this was asked? What is
 * locked always is. */
bool object_page_used(struct vm_object *o, uint32_t index)
{
	uint32_t from, to;
	bool used = false;

	list_each(l, &o->mappings) {
		struct vm_map *m = list_entry(l, struct vm_map, object_link);

		if (shown_at(m, index, (uint64_t)index + 1, &from, &to))
			used |= pte_used(m->vm, from) || (m->flags & VM_LOCKED);
	}
	return used;
}

/* A page that is clean and held by nobody but the tree and maps leaves, if it
 * can: true. */
bool object_page_evict(struct vm_object *o, struct page *p)
{
	assert(o->cached && !(p->flags & PG_DIRTY));
	if (p->refs > 1)
		unmap_pages(o, p->index, (uint64_t)p->index + 1, ZAP_FILE);
	if (p->refs > 1)
		return false;
	remove_page(o, p->index);
	return true;
}

/* Clean pages first..end-1 that nobody uses leave. */
void vm_object_forget_clean(struct vm_object *o, uint32_t first, uint32_t end)
{
	struct page *p;

	while (first < end && (p = vm_object_next(o, first, &first)) && first < end) {
		if (p->refs == 1 && (p->flags & (PG_UPTODATE | PG_DIRTY)) == PG_UPTODATE)
			remove_page(o, first);
		if (++first == 0)
			break;
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
