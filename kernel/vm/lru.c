/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lru.c - which cached page goes when memory is short.
 *
 * New pages enter the inactive list and leave at its other end. One that was
 * used twice on its way moves to the active list instead, so that a file read
 * once from end to end pushes out none of what is used all the time. From the
 * active list those that were not used lately go back, while they are more
 * than half. A page that is shown by maps is asked by its entries' accessed
 * bits; unused, it is unmapped.
 *
 * Invariant: a page is on one of the lists exactly while it is in the tree of
 * a cached object. Locks: the kernel lock; a shrinker neither sleeps nor
 * allocates.
 */
#include "kernel/vm/inner.h"

static struct list inactive = LIST_INIT(inactive), active = LIST_INIT(active);
static uint32_t inactive_count, active_count;

bool (*vm_wait_for_clean)(void);

uint32_t vm_lru_pages(void)
{
	return inactive_count + active_count;
}

uint32_t vm_lru_active(void)
{
	return active_count;
}

void lru_enter(struct page *p)
{
	assert(list_empty(&p->link));
	list_append(&inactive, &p->link);
	inactive_count++;
}

void lru_leave(struct page *p)
{
	uint32_t *count = p->flags & PG_ACTIVE ? &active_count : &inactive_count;

	assert(*count > 0 && !list_empty(&p->link));
	list_remove(&p->link);
	p->flags &= ~(PG_ACTIVE | PG_HOT | PG_TOUCHED);
	--*count;
}

static void rotate(struct list *head, struct page *p)
{
	list_remove(&p->link);
	list_append(head, &p->link);
}

static void activate(struct page *p)
{
	rotate(&active, p);
	p->flags = (p->flags & ~PG_HOT) | PG_ACTIVE;
	inactive_count--;
	active_count++;
}

/* The longest active one becomes inactive, unless it was used since. */
static void demote_one(void)
{
	struct page *p = list_entry(active.next, struct page, link);

	if (p->flags & PG_HOT) {
		p->flags &= ~PG_HOT;
		rotate(&active, p);
		return;
	}
	p->flags &= ~(PG_ACTIVE | PG_TOUCHED);
	rotate(&inactive, p);
	active_count--;
	inactive_count++;
}

/* The longest inactive one goes, or is kept: true if it went. */
static bool evict_one(void)
{
	struct page *p = list_entry(inactive.next, struct page, link);
	struct vm_object *o = p->owner;
	enum { BUSY = PG_DIRTY | PG_WRITING, STATE = BUSY | PG_UPTODATE };

	assert(o->cached);
	if ((p->flags & STATE) != PG_UPTODATE) {
		rotate(&inactive, p);
		return false;
	}
	if (p->refs > 1 && object_page_used(o, p->index))
		vm_page_touch(p);
	else if (!(p->flags & PG_HOT) && object_page_evict(o, p))
		return true;
	if (p->flags & PG_HOT)
		activate(p);
	else
		rotate(&inactive, p);
	return false;
}

static uint32_t lru_shrink(uint32_t want)
{
	uint32_t budget = 2 * vm_lru_pages(), got = 0;

	while (got < want && budget--) {
		if (active_count > inactive_count)
			demote_one();
		if (inactive_count && evict_one())
			got++;
	}
	return got;
}

void lru_init(void)
{
	page_shrinker_register(lru_shrink);
}
