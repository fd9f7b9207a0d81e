/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slab.c - caches of equal objects, cut from pages ("slabs").
 *
 * A slab needs no header: its struct page holds the cache (owner), the address
 * of its first free object (index; free objects are chained through their
 * first word) and one reference per object in use, plus its own. An object
 * finds its slab by page_of(). Slabs with a free object stand on the cache's
 * partial list; full ones on none, they come back with the first free. One
 * empty slab per cache is kept, the others are given back.
 *
 * Under KASAN every object is followed by a redzone and rests poisoned in a
 * quarantine before it is reused. Locks: the kernel lock.
 */
#include "kernel/mem/inner.h"

enum { SLAB_ORDER_MAX = 3, SLAB_WASTE = 8 /* at most 1/8 of a slab */ };

struct kmem_cache {
	const char *name;
	uint32_t size;		/* bytes the user asked for */
	uint32_t stride;	/* from one object to the next */
	uint32_t per_slab;
	unsigned order;		/* pages of a slab */
	struct list partial;	/* page.link */
	struct page *spare;	/* an empty slab, on no list */
	uint32_t used, slabs;
	struct list link;	/* caches */
};

uint32_t slab_pages;
static struct list caches = LIST_INIT(caches);
static struct kmem_cache cache_cache;	/* what caches are made of */

/* A free object is poisoned under KASAN, but its first word is still ours. */
__attribute__((no_sanitize("kernel-address"), noinline)) static uint32_t
chain_get(const void *o)
{
	return *(const uint32_t *)o;
}

__attribute__((no_sanitize("kernel-address"), noinline)) static void
chain_set(void *o, uint32_t next)
{
	*(uint32_t *)o = next;
}

static inline uint32_t next_get(const void *o)
{
	return BRIG_KASAN ? chain_get(o) : *(const uint32_t *)o;
}

static inline void next_set(void *o, uint32_t next)
{
	if (BRIG_KASAN)
		chain_set(o, next);
	else
		*(uint32_t *)o = next;
}

static struct page *slab_of(const void *o)
{
	struct page *p;

	assert(virt_to_phys(o) >> PAGE_SHIFT < page_count);
	p = page_of(o);
	assert(p->flags & PG_SLAB);
	return p - p->behind;
}

/* --- slabs -------------------------------------------------------------- */

/* A fresh slab for c: all objects chained, in rising order. */
static struct page *slab_make(struct kmem_cache *c)
{
	struct page *s = page_alloc(c->order, PAGE_KERNEL);
	uint8_t *base;

	if (!s)
		return NULL;
	base = page_address(s);
	for (uint32_t i = 0; i < c->per_slab; i++) {
		uint8_t *o = base + i * c->stride;

		next_set(o, i + 1 < c->per_slab ? (uint32_t)(o + c->stride) : 0);
	}
	if (BRIG_KASAN)
		kasan_mark(base, PAGE_SIZE << c->order, KASAN_REDZONE);
	for (uint32_t i = 0; i < 1u << c->order; i++) {
		s[i].flags |= PG_SLAB;
		s[i].behind = i;
	}
	s->owner = c;
	s->index = (uint32_t)base;
	slab_pages += 1u << c->order;
	c->slabs++;
	return s;
}

static void slab_unmake(struct kmem_cache *c, struct page *s)
{
	assert(s->refs == 1 && s->owner == c);
	for (uint32_t i = 0; i < 1u << c->order; i++) {
		s[i].flags &= ~PG_SLAB;
		s[i].behind = 0;
	}
	slab_pages -= 1u << c->order;
	c->slabs--;
	page_free(s, c->order);
}

static struct page *slab_with_room(struct kmem_cache *c)
{
	struct list *l = list_first(&c->partial);
	struct page *s = c->spare;

	if (l)
		return list_entry(l, struct page, link);
	if (s)
		c->spare = NULL;
	else
		s = slab_make(c);
	if (s)
		list_push(&c->partial, &s->link);
	return s;
}

/* The last object came back: keep one such slab for the next rush. */
static void slab_empty(struct kmem_cache *c, struct page *s)
{
	list_remove(&s->link);
	if (c->spare)
		slab_unmake(c, s);
	else
		c->spare = s;
}

static uint32_t shrink_spares(uint32_t n)
{
	uint32_t got = 0;

	list_each(l, &caches) {
		struct kmem_cache *c = list_entry(l, struct kmem_cache, link);

		if (got >= n)
			break;
		if (!c->spare)
			continue;
		slab_unmake(c, c->spare);
		c->spare = NULL;
		got += 1u << c->order;
	}
	return got;
}

/* --- objects ------------------------------------------------------------- */

/* An object of c, content undefined; NULL when memory is out. */
void *kmem_cache_alloc(struct kmem_cache *c)
{
	struct page *s = slab_with_room(c);
	void *o;

	if (unlikely(!s))
		return NULL;
	o = (void *)s->index;
	s->index = next_get(o);
	s->refs++;
	c->used++;
	if (!s->index)
		list_remove(&s->link);
	if (BRIG_KASAN)
		kmem_unpoison(o, c->size);
	return o;
}

void *kmem_cache_zalloc(struct kmem_cache *c)
{
	void *o = kmem_cache_alloc(c);

	return o ? memset(o, 0, c->size) : NULL;
}

/* Gives an object, already poisoned if need be, back to its slab. */
void object_put(void *o)
{
	struct page *s = slab_of(o);
	struct kmem_cache *c = s->owner;

	assert(s->refs > 1 && s->index != (uint32_t)o); /* freed twice? */
	if (!s->index)
		list_push(&c->partial, &s->link);
	next_set(o, s->index);
	s->index = (uint32_t)o;
	c->used--;
	if (--s->refs == 1)
		slab_empty(c, s);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
	assert(slab_of(p)->owner == c);
	if (BRIG_KASAN) {
		kasan_check_free(p);
		kasan_mark(p, c->size, KASAN_FREED);
		p = kasan_quarantine(p);
		if (!p)
			return;
	}
	object_put(p);
}

/* --- caches --------------------------------------------------------------- */

static void cache_setup(struct kmem_cache *c, const char *name, size_t size,
			size_t align)
{
	c->name = name;
	c->size = size;
	c->stride = align_up(max_u32(size, 8) + KASAN_GAP, max_u32(align, 8));
	c->order = 0;
	while (c->order < SLAB_ORDER_MAX) {
		uint32_t bytes = PAGE_SIZE << c->order;

		if (bytes >= c->stride && bytes % c->stride <= bytes / SLAB_WASTE)
			break;
		c->order++;
	}
	c->per_slab = (PAGE_SIZE << c->order) / c->stride;
	assert(c->per_slab > 0);
	c->spare = NULL;
	c->used = c->slabs = 0;
	list_init(&c->partial);
	list_append(&caches, &c->link);
}

/* Caches live for ever. name must too. */
struct kmem_cache *kmem_cache_new(const char *name, size_t size, size_t align)
{
	struct kmem_cache *c = kmem_cache_alloc(&cache_cache);

	assert(size > 0 && (align & (align - 1)) == 0);
	if (c)
		cache_setup(c, name, size, align);
	return c;
}

/* What objects of a cache may hold; all of it is the holder's from now on. */
static size_t object_size(const void *p)
{
	const struct kmem_cache *c = slab_of(p)->owner;

	if (BRIG_KASAN)
		kmem_unpoison(p, c->size);
	return c->size;
}

int kmem_report(unsigned index, char *name, size_t size, uint32_t *object_size,
		uint32_t *used, uint32_t *total)
{
	list_each(l, &caches) {
		const struct kmem_cache *c = list_entry(l, struct kmem_cache, link);

		if (index--)
			continue;
		str_copy(name, c->name, size);
		*object_size = c->size;
		*used = c->used;
		*total = c->slabs * c->per_slab;
		return 0;
	}
	return -ENOENT;
}

/* --- any size: classes up to 2048 bytes, whole pages above ----------------- */

enum { CLASS_COUNT = 15, CLASS_MAX = 2048, CLASS_STEP = 16 };

static const struct size_class {
	const char *name;
	uint32_t size;
} classes[CLASS_COUNT] = {
	{ "kmem-8", 8 },       { "kmem-16", 16 },     { "kmem-32", 32 },
	{ "kmem-48", 48 },     { "kmem-64", 64 },     { "kmem-96", 96 },
	{ "kmem-128", 128 },   { "kmem-192", 192 },   { "kmem-256", 256 },
	{ "kmem-384", 384 },   { "kmem-512", 512 },   { "kmem-768", 768 },
	{ "kmem-1024", 1024 }, { "kmem-1360", 1360 }, { "kmem-2048", 2048 },
};
static struct kmem_cache class_cache[CLASS_COUNT];
static uint8_t class_of[CLASS_MAX / CLASS_STEP + 1]; /* by size in steps, up */
static char large_mark; /* page.owner of a block that kmem_alloc gave out */

static void *large_alloc(size_t n)
{
	uint32_t pages = (n + PAGE_MASK) >> PAGE_SHIFT;
	unsigned order = 0;
	struct page *p;
	uint32_t frame;

	while (order <= ORDER_MAX && 1u << order < pages)
		order++;
	if (n > PAGE_SIZE << ORDER_MAX || order > ORDER_MAX)
		return NULL;
	p = page_alloc(order, PAGE_KERNEL);
	if (!p)
		return NULL;
	p->owner = &large_mark;
	p->index = pages;
	frame = p - page_table;
	if (pages < 1u << order)
		run_free(frame + pages, frame + (1u << order));
	slab_pages += pages;
	if (BRIG_KASAN) {
		kasan_mark(page_address(p), pages << PAGE_SHIFT, KASAN_REDZONE);
		kmem_unpoison(page_address(p), n);
	}
	return page_address(p);
}

static void large_free(struct page *p)
{
	uint32_t frame = p - page_table;

	assert(p->refs == 1 && p->owner == &large_mark);
	p->owner = NULL;
	slab_pages -= p->index;
	if (p->index == 1)
		page_free(p, 0); /* to the top of the hot ones */
	else
		run_free(frame, frame + p->index);
}

/* Any size up to 4 MB; NULL when memory is out or n is more. */
void *kmem_alloc(size_t n)
{
	struct kmem_cache *c;
	void *o;

	if (n > CLASS_MAX)
		return large_alloc(n);
	c = &class_cache[n <= 8 ? 0 : class_of[(n + CLASS_STEP - 1) / CLASS_STEP]];
	o = kmem_cache_alloc(c);
	if (BRIG_KASAN && o) {
		kasan_mark(o, c->size, KASAN_REDZONE);
		kmem_unpoison(o, n);
	}
	return o;
}

void *kmem_zalloc(size_t n)
{
	void *p = kmem_alloc(n);

	return p ? memset(p, 0, n) : NULL;
}

void kmem_free(void *p)
{
	struct page *page;

	if (!p)
		return;
	assert(virt_to_phys(p) >> PAGE_SHIFT < page_count);
	page = page_of(p);
	if (page->flags & PG_SLAB) {
		kmem_cache_free((page - page->behind)->owner, p);
		return;
	}
	assert(((uint32_t)p & PAGE_MASK) == 0);
	large_free(page);
}

/* Bytes at p that its holder may use, which can be more than it asked for. */
size_t kmem_size(const void *p)
{
	const struct page *page = page_of(p);
	size_t n;

	if (page->flags & PG_SLAB)
		return object_size(p);
	assert(page->owner == &large_mark);
	n = (size_t)page->index << PAGE_SHIFT;
	if (BRIG_KASAN)
		kmem_unpoison(p, n);
	return n;
}

char *kmem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = kmem_alloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void slab_init(void)
{
	unsigned class = 1;

	cache_setup(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 8);
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		cache_setup(&class_cache[i], classes[i].name, classes[i].size,
			    classes[i].size < CLASS_STEP ? 8 : CLASS_STEP);
	for (unsigned i = 0; i < ARRAY_LEN(class_of); i++) {
		if (i * CLASS_STEP > classes[class].size)
			class++;
		class_of[i] = class;
	}
	page_shrinker_register(shrink_spares);
	if (BRIG_KASAN)
		page_shrinker_register(kasan_quarantine_flush);
}
