/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remap.c - mremap: a map becomes smaller, larger, or moves elsewhere.
 *
 * Moving moves page table entries, never bytes. Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

struct remap {
	struct vm *v;
	uint32_t old, old_size;	/* page aligned; old_size 0: a second view */
	uint32_t size, flags, to;
	uint64_t limit;
};

static int check(struct remap *r)
{
	const uint32_t known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	if ((r->flags & ~known) || (r->old & PAGE_MASK))
		return -EINVAL;
	if ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) &&
	    !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	r->old_size = align_up(r->old_size, PAGE_SIZE);
	r->size = align_up(r->size, PAGE_SIZE);
	if (!r->size || r->size > USER_TOP)
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->size != r->old_size)
		return -EINVAL;
	if (r->old >= USER_TOP || r->old_size > USER_TOP - r->old)
		return -EFAULT;
	if (!(r->flags & MREMAP_FIXED))
		return 0;
	if ((r->to & PAGE_MASK) || r->to < USER_MIN ||
	    r->to > USER_TOP - r->size)
		return -EINVAL;
	if (r->to < r->old + r->old_size && r->old < r->to + r->size)
		return -EINVAL;
	return 0;
}

/* The one map that all of the old range lies in. */
static int source(const struct remap *r, struct vm_map **out)
{
	struct vm_map *m = vm_find(r->v, r->old);
	uint32_t more = r->flags & MREMAP_DONTUNMAP ? r->size : 0;

	if (!m || r->old_size > m->end - r->old)
		return -EFAULT;
	if (!r->old_size && !(m->flags & VM_SHARED))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (m->object || m->ops))
		return -EINVAL;
	if (r->size > r->old_size) {
		uint32_t pages = r->size >> PAGE_SHIFT;

		if (m->flags & VM_DONT_EXPAND)
			return -EFAULT;
		if (m->object && map_index(m, r->old) + pages < pages)
			return -EINVAL;
		more = r->size - r->old_size;
	}
	assert(m->vm == r->v && m->start <= r->old);
	*out = m;
	return may_grow(r->v, more, r->limit) ? 0 : -ENOMEM;
}

static bool grow_in_place(struct remap *r, struct vm_map *m)
{
	uint32_t end = r->old + r->old_size, more = r->size - r->old_size;

	assert(r->size > r->old_size);
	if (!r->old_size || end != m->end || more > USER_TOP - end ||
	    !range_free(r->v, end, more))
		return false;
	map_account(r->v, m, more >> PAGE_SHIFT);
	m->end += more;
	maps_moved(r->v, m);
	map_join(r->v, m);
	return true;
}

/* A map like m, of the new size, at r->to; nothing is there yet. */
static struct vm_map *twin(const struct remap *r, const struct vm_map *m)
{
	struct vm_map *n;

	assert(m->vm == r->v && (r->to & PAGE_MASK) == 0);
	if (r->v->map_count >= MAPS_MAX)
		return NULL;
	n = map_alloc();
	if (!n)
		return NULL;
	*n = *m;
	if (m->object || m->ops)
		n->object_page = map_index(m, r->old);
	n->start = r->to;
	n->end = r->to + r->size;
	return n;
}

/* Moves to r->to, which is free. Sleeps at its end. */
static int move(struct remap *r, struct vm_map *m)
{
	struct list dead = LIST_INIT(dead);
	struct vm_map *n = twin(r, m);
	int err = 0;

	assert(r->size > 0 && r->to >= USER_MIN && r->to <= USER_TOP - r->size);
	if (!n)
		return -ENOMEM;
	maps_insert(r->v, n);
	map_account(r->v, n, map_pages(n));
	map_attach(n);
	if (r->old_size)
		err = move_range(r->v, r->old, r->to,
				 min_u32(r->old_size, r->size));
	if (!err && r->old_size && !(r->flags & MREMAP_DONTUNMAP))
		err = maps_cut(r->v, r->old, r->old + r->old_size, &dead);
	if (err) {
		/* Either nothing moved, or all did and must come back; the old
		 * place still has its tables, so this cannot fail. */
		if (move_range(r->v, r->to, r->old,
			       min_u32(r->old_size, r->size)))
			panic("vm: a move back failed");
		map_detach(n, &dead);
		tables_trim(r->v, r->to, r->to + r->size);
	} else {
		map_join(r->v, n);
	}
	maps_close(&dead);
	return err;
}

/* Makes the place of MREMAP_FIXED empty, or finds one. Sleeps. */
static int make_room(struct remap *r)
{
	if (r->flags & MREMAP_FIXED)
		return vm_unmap(r->v, r->to, r->size);
	if (r->to && (r->flags & MREMAP_DONTUNMAP) && !(r->to & PAGE_MASK) &&
	    r->to >= MMAP_MIN && r->to < USER_TOP &&
	    r->size <= USER_TOP - r->to && range_free(r->v, r->to, r->size))
		return 0;
	r->to = find_room(r->v, r->size);
	return r->to ? 0 : -ENOMEM;
}

/* mremap, as Linux: -EINVAL, -EFAULT (not one whole map), -ENOMEM. Sleeps. */
int vm_remap(struct vm *v, uint32_t old, uint32_t old_size, uint32_t size,
	     uint32_t flags, uint32_t to, uint64_t limit, uint32_t *addr)
{
	struct remap r = { v, old, old_size, size, flags, to, limit };
	struct vm_map *m;
	int err = check(&r);

	*addr = old;
	if (!err)
		err = source(&r, &m);
	if (err)
		return err;
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && r.old_size) {
		if (r.size == r.old_size)
			return 0;
		if (r.size < r.old_size)
			return vm_unmap(v, old + r.size, r.old_size - r.size);
		if (grow_in_place(&r, m))
			return 0;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	err = make_room(&r);
	/* That may have slept: look again. */
	if (!err)
		err = source(&r, &m);
	if (!err && !range_free(v, r.to, r.size))
		err = -ENOMEM;
	if (!err)
		err = move(&r, m);
	if (!err)
		*addr = r.to;
	return err;
}
