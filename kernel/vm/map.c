/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - mmap, munmap, mprotect: which addresses exist, and what they show.
 *
 * A range is changed in two steps. First, without sleeping, maps are cut out
 * of the tree with their page table entries and new ones put in; then the maps
 * that went are closed, which may sleep, when the space is whole again.
 *
 * Adjacent private anonymous maps with the same rights become one. Locks: the
 * kernel lock.
 */
#include "kernel/vm/inner.h"

static struct kmem_cache *map_cache;

void map_init(void)
{
	map_cache = kmem_cache_new("vm_map", sizeof(struct vm_map), 8);
	if (!map_cache)
		panic("vm: no memory at boot");
}

struct vm_map *map_alloc(void)
{
	return kmem_cache_alloc(map_cache);
}

void map_free(struct vm_map *m)
{
	kmem_cache_free(map_cache, m);
}

/* --- accounting ------------------------------------------------------------ */

/* m has grown (or shrunk, or appeared) by so many pages. */
void map_account(struct vm *v, const struct vm_map *m, int pages)
{
	v->total_pages += pages;
	if (m->flags & VM_LOCKED)
		v->locked += pages;
	if (m->flags & VM_STACK)
		v->stack_pages += pages;
	else if ((m->prot & PROT_WRITE) && !(m->flags & VM_SHARED))
		v->data_pages += pages;
	assert(v->locked <= v->total_pages);
	assert(v->data_pages + v->stack_pages <= v->total_pages);
}

/* May the space grow by bytes under RLIMIT_AS? */
bool may_grow(const struct vm *v, uint32_t bytes, uint64_t limit)
{
	return ((uint64_t)v->total_pages << PAGE_SHIFT) + bytes <= limit;
}

/* --- pieces ------------------------------------------------------------------ */

/* m, in the tree or about to be, begins to use its object and its owner. */
void map_attach(struct vm_map *m)
{
	assert(m->vm && m->start < m->end);
	list_init(&m->object_link);
	if (m->object) {
		vm_object_hold(m->object);
		list_append(&m->object->mappings, &m->object_link);
	}
	if (m->ops && m->ops->open)
		m->ops->open(m);
}

/* Takes m out of its space, onto the list of those to be closed. */
void map_detach(struct vm_map *m, struct list *dead)
{
	assert(m->vm->map_count > 0);
	map_account(m->vm, m, -(int)map_pages(m));
	maps_remove(m->vm, m);
	list_remove(&m->object_link);
	list_append(dead, &m->object_link);
}

/* Closes and frees maps that were detached. Sleeps. */
void maps_close(struct list *dead)
{
	struct list *l;

	assert(sched_locked());
	while ((l = list_first(dead))) {
		struct vm_map *m = list_entry(l, struct vm_map, object_link);

		list_remove(l);
		if (m->ops && m->ops->close)
			m->ops->close(m);
		if (m->object)
			vm_object_drop(m->object);
		map_free(m);
	}
}

/* Cuts m in two at `at`; m keeps the lower part. -ENOMEM. */
int map_split(struct vm *v, struct vm_map *m, uint32_t at)
{
	struct vm_map *up;

	assert(at > m->start && at < m->end && !(at & PAGE_MASK));
	if (v->map_count >= MAPS_MAX)
		return -ENOMEM;
	up = map_alloc();
	if (!up)
		return -ENOMEM;
	*up = *m;
	up->start = at;
	if (m->object || m->ops)
		up->object_page = map_index(m, at);
	m->end = at;
	maps_insert(v, up);
	map_attach(up);
	return 0;
}

/* Can the second, which begins where the first ends, be part of it? */
static bool joinable(const struct vm_map *a, const struct vm_map *b)
{
	return a->end == b->start && a->prot == b->prot &&
	       a->flags == b->flags && !a->object && !b->object && !a->ops &&
	       !b->ops && !(a->flags & VM_STACK);
}

static void join_next(struct vm *v, struct vm_map *m, struct vm_map *next)
{
	uint32_t end = next->end;

	assert(m->end == next->start && !next->object && !next->ops);
	maps_remove(v, next);
	map_free(next);
	m->end = end;
	maps_moved(v, m);
}

/* Joins m with its neighbours where they fit; m may be gone afterwards. */
void map_join(struct vm *v, struct vm_map *m)
{
	struct vm_map *next = vm_next(m), *prev = maps_prev(m);

	if (next && joinable(m, next))
		join_next(v, m, next);
	if (prev && joinable(prev, m))
		join_next(v, prev, m);
}

/*
 * Removes start..end-1 from the space: entries, tables and maps; what was
 * whole in the range goes to dead, for maps_close. -ENOMEM (no memory to cut
 * a map in two): nothing was done.
 */
int maps_cut(struct vm *v, uint32_t start, uint32_t end, struct list *dead)
{
	struct vm_map *m = maps_from(v, start), *next;

	assert(start < end && end <= USER_TOP);
	assert(((start | end) & PAGE_MASK) == 0);
	if (!m || m->start >= end)
		return 0;
	if (m->start < start && m->end > end) {
		int err = map_split(v, m, end);

		if (err)
			return err;
	}
	zap_range(v, start, end, ZAP_ALL);
	for (; m && m->start < end; m = next) {
		next = vm_next(m);
		if (m->start < start) {
			map_account(v, m, -(int)((m->end - start) >> PAGE_SHIFT));
			m->end = start;
			maps_moved(v, m);
		} else if (m->end > end) {
			map_account(v, m, -(int)((end - m->start) >> PAGE_SHIFT));
			if (m->object || m->ops)
				m->object_page = map_index(m, end);
			m->start = end;
			maps_moved(v, m);
		} else {
			map_detach(m, dead);
		}
	}
	tables_trim(v, start, end);
	return 0;
}

/* --- finding a place ----------------------------------------------------------- */

bool range_free(struct vm *v, uint32_t addr, uint32_t size)
{
	struct vm_map *m = maps_from(v, addr);

	return !m || m->start - min_u32(m->start, map_guard(m)) >= addr + size;
}

/* A free place, as high as possible below the space's mmap_top, else
 * anywhere. 0: none. */
uint32_t find_room(struct vm *v, uint32_t size)
{
	uint32_t at = maps_find_gap(v, size, v->mmap_top);

	return at ? at : maps_find_gap(v, size, USER_TOP);
}

static uint32_t mapped_bytes(struct vm *v, uint32_t start, uint32_t end)
{
	uint32_t n = 0;

	for (struct vm_map *m = maps_from(v, start); m && m->start < end;
	     m = vm_next(m))
		n += min_u32(m->end, end) - max_u32(m->start, start);
	return n;
}

/* Where r is to go, into *at. Nothing is changed yet. */
static int place(struct vm *v, const struct vm_request *r, uint32_t size,
		 uint32_t *at)
{
	uint32_t hint = align_down(r->addr, PAGE_SIZE);

	assert((size & PAGE_MASK) == 0);
	if (r->fixed) {
		if (r->addr & PAGE_MASK)
			return -EINVAL;
		if (size > USER_TOP || r->addr > USER_TOP - size)
			return -ENOMEM;
		if (r->addr < USER_MIN)
			return -EPERM;
		if (r->no_replace && mapped_bytes(v, r->addr, r->addr + size))
			return -EEXIST;
		*at = r->addr;
		return 0;
	}
	if (hint >= MMAP_MIN && hint < USER_TOP && size <= USER_TOP - hint &&
	    range_free(v, hint, size)) {
		*at = hint;
		return 0;
	}
	*at = find_room(v, size);
	return *at ? 0 : -ENOMEM;
}

/* --- mmap -------------------------------------------------------------------- */

/* Grows a neighbour over new instead of adding it. */
static bool absorb(struct vm *v, const struct vm_map *new)
{
	struct vm_map *next = maps_from(v, new->start);
	struct tree_node *last = tree_last(&v->maps);
	struct vm_map *prev = next ? maps_prev(next) :
			      last ? tree_entry(last, struct vm_map, node) : NULL;

	assert(new->vm == v && new->start < new->end);
	if (prev && joinable(prev, new)) {
		prev->end = new->end;
		maps_moved(v, prev);
		if (next && joinable(prev, next))
			join_next(v, prev, next);
		return true;
	}
	if (next && joinable(new, next)) {
		next->start = new->start;
		maps_moved(v, next);
		return true;
	}
	return false;
}

static int check_request(const struct vm *v, const struct vm_request *r,
			 uint32_t size)
{
	uint32_t pages = size >> PAGE_SHIFT;

	if (r->size == 0)
		return -EINVAL;
	if (size == 0 || size > USER_TOP - USER_MIN)
		return -ENOMEM;
	if (r->object && r->object_page + pages < pages)
		return -EOVERFLOW;
	if (v->map_count >= MAPS_MAX)
		return -ENOMEM;
	return 0;
}

/* Shared memory without a file has an object of its own. */
static int shared_object(struct vm *v, const struct vm_map *m, uint32_t pages,
			 struct vm_object **own)
{
	int err;

	*own = NULL;
	if (!(m->flags & VM_SHARED) || m->object || m->ops)
		return 0;
	err = vm_object_new(v->prison, NULL, NULL, own);
	if (!err)
		(*own)->size_limit = pages;
	return err;
}

/*
 * mmap: r->size bytes (rounded up to pages) at r->addr if r->fixed, else
 * there if free, else where there is room. What a fixed map covers is
 * unmapped, unless r->no_replace (-EEXIST). Takes a reference to the object
 * and calls ops->open. VM_SHARED with neither object nor ops gets a zero-
 * filled object. Linux ABI: -EINVAL, -ENOMEM, -EPERM (page 0), -EOVERFLOW.
 * Sleeps.
 */
int vm_map(struct vm *v, const struct vm_request *r, uint32_t *addr)
{
	uint32_t size = align_up(r->size, PAGE_SIZE), at = 0, again;
	struct vm_object *own = NULL;
	struct list dead = LIST_INIT(dead);
	struct vm_map *m;
	int err = check_request(v, r, size);

	if (!err)
		err = place(v, r, size, &at);
	if (err)
		return err;
	again = r->fixed ? mapped_bytes(v, at, at + size) : 0;
	if (!may_grow(v, size - again, r->limit))
		return -ENOMEM;
	m = map_alloc();
	if (!m)
		return -ENOMEM;
	*m = (struct vm_map){ .vm = v, .start = at, .end = at + size,
			      .prot = r->prot, .flags = r->flags,
			      .object = r->object, .object_page = r->object_page,
			      .ops = r->ops, .owner = r->owner };
	err = shared_object(v, m, size >> PAGE_SHIFT, &own);
	if (!err && again)
		err = maps_cut(v, at, at + size, &dead);
	if (err) {
		map_free(m);
		goto out;
	}
	if (own) {
		m->object = own;
		m->flags |= VM_MAY_WRITE;
	}
	map_account(v, m, size >> PAGE_SHIFT);
	if (absorb(v, m)) {
		map_free(m);
	} else {
		maps_insert(v, m);
		map_attach(m);
	}
	assert(at >= USER_MIN && size <= USER_TOP - at);
	*addr = at;
out:
	if (own)
		vm_object_drop(own);
	maps_close(&dead);
	return err;
}

/* munmap. Unmapped parts of the range are fine. -EINVAL, -ENOMEM. Sleeps. */
int vm_unmap(struct vm *v, uint32_t addr, uint32_t size)
{
	struct list dead = LIST_INIT(dead);
	int err;

	if ((addr & PAGE_MASK) || addr > USER_TOP || size > USER_TOP - addr)
		return -EINVAL;
	size = align_up(size, PAGE_SIZE);
	if (!size)
		return -EINVAL;
	err = maps_cut(v, addr, addr + size, &dead);
	maps_close(&dead);
	return err;
}

/* --- mprotect -------------------------------------------------------------------- */

static int may_protect(const struct vm_map *m, uint32_t prot)
{
	if ((prot & PROT_WRITE) && (m->flags & VM_SHARED) &&
	    (m->object || m->ops) && !(m->prot & PROT_WRITE) &&
	    !(m->flags & VM_MAY_WRITE))
		return -EACCES;
	return 0;
}

/* All of start..end-1 mapped, and prot allowed everywhere? */
static int check_protect(struct vm *v, uint32_t start, uint32_t end, uint32_t prot)
{
	struct vm_map *m = vm_find(v, start);

	assert(start < end);
	for (;;) {
		int err;

		if (!m || m->start > start)
			return -ENOMEM;
		err = may_protect(m, prot);
		if (err || m->end >= end)
			return err;
		start = m->end;
		m = vm_next(m);
	}
}

/* The part of *m inside start..end-1 gets prot; *m becomes the map after it. */
static int protect_map(struct vm *v, struct vm_map **m, uint32_t start,
		       uint32_t end, uint32_t prot)
{
	struct vm_map *at = *m;
	int err = 0;

	assert(at->start < end && at->end > start);
	if (at->prot == prot) {
		*m = vm_next(at);
		return 0;
	}
	if (at->start < start) {
		err = map_split(v, at, start);
		if (err)
			return err;
		at = vm_next(at);
	}
	if (at->end > end)
		err = map_split(v, at, end);
	if (err)
		return err;
	map_account(v, at, -(int)map_pages(at));
	at->prot = prot;
	map_account(v, at, map_pages(at));
	protect_range(at, at->start, at->end);
	end = at->end;
	map_join(v, at);
	*m = maps_from(v, end);
	return 0;
}

/* mprotect. PROT_GROWSDOWN widens the range to the start of a stack. -EINVAL,
 * -ENOMEM (not all mapped, or no memory), -EACCES. */
int vm_protect(struct vm *v, uint32_t addr, uint32_t size, uint32_t prot)
{
	uint32_t end = addr + align_up(size, PAGE_SIZE);
	struct vm_map *m;
	int err;

	if (addr & PAGE_MASK)
		return -EINVAL;
	if (size == 0)
		return 0;
	if (end <= addr || end > USER_TOP)
		return -ENOMEM;
	if (prot & PROT_GROWSDOWN) {
		m = vm_find(v, addr);
		if (!m)
			return -ENOMEM;
		if (!(m->flags & VM_STACK) || (prot & PROT_GROWSUP))
			return -EINVAL;
		addr = m->start;
	}
	if (prot & ~(PROT_ANY | PROT_GROWSDOWN))
		return -EINVAL;
	prot &= PROT_ANY;
	err = check_protect(v, addr, end, prot);
	m = vm_find(v, addr);
	while (!err && m && m->start < end)
		err = protect_map(v, &m, addr, end, prot);
	return err;
}
