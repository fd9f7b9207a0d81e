/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * brk.c - the heap of sbrk: one VM_HEAP map that begins at brk_start.
 *
 * brk_end is exact to the byte; what is mapped ends at the page above it.
 * Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

/* Maps from..to-1, both page aligned, at the end of the heap. */
static int heap_grow(struct vm *v, uint32_t from, uint32_t to, uint64_t limit)
{
	struct vm_request r = { .addr = from, .size = to - from,
				.prot = PROT_READ | PROT_WRITE,
				.flags = VM_HEAP | (v->lock_future ? VM_LOCKED : 0),
				.fixed = true,
				.limit = limit };
	struct vm_map *m = vm_find(v, from - 1);

	assert(from < to && ((from | to) & PAGE_MASK) == 0);
	if (!range_free(v, from, to - from))
		return -ENOMEM;
	/* The usual case: the heap is there and only gets longer. */
	if (m && (m->flags & VM_HEAP) && m->end == from &&
	    m->prot == (PROT_READ | PROT_WRITE)) {
		if (!may_grow(v, to - from, limit))
			return -ENOMEM;
		map_account(v, m, (to - from) >> PAGE_SHIFT);
		m->end = to;
		maps_moved(v, m);
		return 0;
	}
	return vm_map(v, &r, &from);
}

/*
 * Moves the break to `to`, if limits (bytes) and room allow; *now is the break
 * afterwards, whatever the result. Below brk_start it stays (brk(0) asks
 * where it is). -ENOMEM. Sleeps when it shrinks.
 */
int vm_brk(struct vm *v, uint32_t to, uint64_t data_limit, uint64_t limit,
	   uint32_t *now)
{
	uint32_t from = align_up(v->brk_end, PAGE_SIZE);
	uint32_t top = align_up(to, PAGE_SIZE);
	uint64_t data = v->data_end - v->data_start;
	int err = 0;

	assert(v->brk_start <= v->brk_end && v->data_start <= v->data_end);
	*now = v->brk_end;
	if (to < v->brk_start)
		return 0;
	if (to >= USER_TOP || data + (to - v->brk_start) > data_limit)
		return -ENOMEM;
	if (top > from)
		err = heap_grow(v, from, top, limit);
	else if (top < from)
		err = vm_unmap(v, top, from - top);
	if (!err)
		*now = v->brk_end = to;
	return err;
}
