/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.h - the public face of room 2: physical pages, small objects, stacks.
 *
 * Never sleeps. Everything here returns NULL or an error when memory is out;
 * nothing panics for lack of it. Locks: the kernel lock; not for interrupts.
 */
#ifndef KERNEL_MEM_MEM_H
#define KERNEL_MEM_MEM_H

#include "kernel/base/arch.h"
#include "kernel/base/list.h"

/* One per page frame. Who holds a reference may use the page. */
struct page {
	uint32_t refs;		/* 0 = free; see page_hold, page_drop */
	uint16_t flags;		/* PG_* */
	uint8_t order;		/* of a free or multi-page block's first page */
	uint8_t behind;		/* slab: pages since the slab's first */
	struct list link;	/* free list, slab list, or its owner's list */
	void *owner;		/* slab, or vm_object that caches it */
	uint32_t index;		/* owner's: page number in the object */
};
enum {
	PG_RESERVED = 1,	/* kernel image, holes: never given out */
	PG_FREE = 2,		/* head of a free block */
	PG_SLAB = 4,
	PG_DIRTY = 8,		/* owner's: must be written back */
	PG_UPTODATE = 16,	/* owner's: content is valid */
	PG_TABLE = 32,		/* a page table */
	PG_PLACED = 64,		/* owner's: all of it has a place on the medium */
	PG_FAILED = 128,	/* owner's: could not be filled */
	PG_WRITING = 256,	/* owner's: on its way to the medium */
	PG_TOUCHED = 512,	/* LRU's: used once, */
	PG_HOT = 1024,		/* more than once since it last looked, */
	PG_ACTIVE = 2048,	/* and on the list of those that stay */
};
enum page_want {
	PAGE_KERNEL = 0,	/* may dig into the reserve */
	PAGE_USER = 1,		/* leaves the kernel its reserve */
	PAGE_ZERO = 2,
};

void page_init(void);
struct page *page_alloc(unsigned order, unsigned want); /* refs = 1, or NULL */
void page_free(struct page *p, unsigned order); /* refs must be 1 */
void page_drop(struct page *p);	/* frees a single page with the last ref */
static inline void page_hold(struct page *p)
{
	assert(p->refs > 0);
	p->refs++;
}
extern struct page *page_table; /* indexed by frame number */
extern uint32_t page_count;	/* frames in page_table */
static inline void *page_address(const struct page *p)
{
	return phys_to_virt((uint32_t)(p - page_table) << PAGE_SHIFT);
}
static inline uint32_t page_phys(const struct page *p)
{
	return (uint32_t)(p - page_table) << PAGE_SHIFT;
}
static inline struct page *page_of_phys(uint32_t phys)
{
	return &page_table[phys >> PAGE_SHIFT];
}
static inline struct page *page_of(const void *v) /* direct map address */
{
	return page_of_phys(virt_to_phys(v));
}
bool page_is_ram(uint32_t phys);
void page_give(uint32_t start, uint32_t end); /* physical: boot memory set free */

struct page_stats {
	uint32_t total, free, slab, tables, stacks, cached, anon; /* pages */
	uint32_t dirty, writing;	/* of the cached ones */
};
void page_stats_get(struct page_stats *s);
enum page_kind { PAGE_KIND_CACHED, PAGE_KIND_ANON, PAGE_KIND_TABLE,
		 PAGE_KIND_DIRTY, PAGE_KIND_WRITING, PAGE_KINDS };
void page_stats_add(enum page_kind kind, int n); /* kept by the owners */

/* Called when memory runs short, to give back about n pages; returns how
 * many were freed. Must not sleep or allocate. */
void page_shrinker_register(uint32_t (*shrink)(uint32_t n));

/* small objects: slab.c */
struct kmem_cache;
/* align: power of two, at least 8. NULL when memory is out. */
struct kmem_cache *kmem_cache_new(const char *name, size_t size, size_t align);
void *kmem_cache_alloc(struct kmem_cache *c);	/* not zeroed */
void *kmem_cache_zalloc(struct kmem_cache *c);
void kmem_cache_free(struct kmem_cache *c, void *p);
void *kmem_alloc(size_t n);	/* any size up to 4 MB; 16-aligned from 16 up */
void *kmem_zalloc(size_t n);
void kmem_free(void *p);	/* NULL is fine */
size_t kmem_size(const void *p); /* usable bytes */
char *kmem_strdup(const char *s);
int kmem_report(unsigned index, char *name, size_t size, uint32_t *object_size,
		uint32_t *used, uint32_t *total); /* -ENOENT past the last */

/* KASAN (only called if BRIG_KASAN, kasan.c): mark bytes bad or good. */
void kmem_poison(const void *p, size_t n);
void kmem_unpoison(const void *p, size_t n);

/* kernel virtual space: vmap.c */
enum { KSTACK_SIZE = BRIG_KASAN ? 12288 : 8192 }; /* mapped part of a slot */
void *kmem_stack_alloc(void);	/* a KSTACK_SLOT with its guard, or NULL */
void kmem_stack_free(void *stack);
void *kmem_map_device(uint32_t phys, uint32_t size); /* uncached; NULL if full */
/* A new page directory shares the kernel half; it is told of later changes. */
int kmem_dir_init(uint32_t *dir) must_check;
void kmem_dir_forget(uint32_t *dir);

#endif
