/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark.c - flags that a program sets on a range of its maps: locked, not for
 * children. They change which maps are one, and no page. Nothing is ever
 * swapped out: locking is counting, for RLIMIT_MEMLOCK.
 *
 * Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

enum { MARKS = VM_LOCKED | VM_DONT_FORK };

/* m, wholly inside the range, gets its new flags. */
static void mark(struct vm *v, struct vm_map *m, uint32_t flags)
{
	assert(m->vm == v && !((m->flags ^ flags) & ~MARKS));
	map_account(v, m, -(int)map_pages(m));
	m->flags = flags;
	map_account(v, m, map_pages(m));
	map_join(v, m);
}

/* The maps in addr..addr+size-1, page aligned, lose and get flags, which are
 * MARKS; holes are skipped. -ENOMEM: a map could not be cut in two. */
int vm_mark(struct vm *v, uint32_t addr, uint32_t size, uint32_t clear,
	    uint32_t set)
{
	uint32_t end = addr + size, flags;
	struct vm_map *m;
	int err = 0;

	assert(!((clear | set) & ~MARKS));
	assert(addr <= end && end <= USER_TOP);
	if (size == 0)		/* would cut a map into it and nothing */
		return 0;
	for (m = maps_from(v, addr); !err && m && m->start < end;
	     m = maps_from(v, addr)) {
		flags = (m->flags & ~clear) | set;
		if (flags != m->flags && m->start < addr) {
			err = map_split(v, m, addr);
			if (err)
				break;
			m = vm_next(m);
		}
		if (flags != m->flags && m->end > end)
			err = map_split(v, m, end);
		addr = m->end;
		if (!err && flags != m->flags)
			mark(v, m, flags);
		if (addr >= end)
			break;
	}
	return err;
}

/* Pages of the range that locking it would lock anew. */
uint32_t vm_unlocked_pages(struct vm *v, uint32_t addr, uint32_t size)
{
	uint32_t end = addr + size, bytes = 0;

	for (struct vm_map *m = maps_from(v, addr); m && m->start < end;
	     m = vm_next(m))
		if (!(m->flags & VM_LOCKED))
			bytes += min_u32(m->end, end) - max_u32(m->start, addr);
	return bytes >> PAGE_SHIFT;
}
