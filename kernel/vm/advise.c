/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise.c - acting on the pages of a range without changing its maps: throw
 * away, bring in, look which are there, read from outside.
 *
 * Locks: the kernel lock; bringing in sleeps, so maps are found again by
 * address for every page.
 */
#include "kernel/vm/inner.h"

static int check_range(uint32_t addr, uint32_t size, uint32_t *end)
{
	if (addr & PAGE_MASK)
		return -EINVAL;
	*end = addr + align_up(size, PAGE_SIZE);
	return *end < addr || *end > USER_TOP || (size && *end == addr) ? -ENOMEM : 0;
}

/* MADV_DONTNEED: private pages read as fresh ones again. -EINVAL for locked
 * ones, -ENOMEM when not all is mapped; what is, is done all the same. */
int vm_discard(struct vm *v, uint32_t addr, uint32_t size)
{
	uint32_t end;
	int err = check_range(addr, size, &end);

	if (err)
		return -EINVAL;
	for (struct vm_map *m = maps_from(v, addr); addr < end; m = vm_next(m)) {
		uint32_t stop;

		if (!m || m->start >= end)
			return -ENOMEM;
		if (m->flags & VM_LOCKED)
			return -EINVAL;
		if (m->start > addr)
			err = -ENOMEM;
		stop = min_u32(m->end, end);
		zap_range(v, max_u32(m->start, addr), stop, ZAP_ALL);
		addr = stop;
	}
	return err;
}

/* Is addr present already, writable if it must be? */
static bool is_present(struct vm *v, uint32_t addr, bool write)
{
	const uint32_t *pte = pte_find(v, addr);

	assert(addr < USER_TOP);
	return pte && (*pte & PTE_PRESENT) && (!write || (*pte & PTE_WRITE));
}

/* One page of v, for reading or writing. -EFAULT: not mapped so. Sleeps. */
static int bring(struct vm *v, uint32_t addr, bool write)
{
	int err;

	do {
		struct vm_map *m = vm_find(v, addr);

		if (!m || !(m->prot & PROT_ANY) ||
		    (write && !(m->prot & PROT_WRITE)))
			return -EFAULT;
		err = fault_page(v, m, addr, write);
	} while (err == -EAGAIN);
	return err;
}

/* MAP_POPULATE, mlock: makes the pages present, private writable ones as the
 * space's own. Maps without rights are skipped. -ENOMEM: not mapped, or out of
 * memory; -EFAULT: beyond the end of a file; -EINTR: killed. Sleeps. */
int vm_populate(struct vm *v, uint32_t addr, uint32_t size)
{
	uint32_t end;
	int err = check_range(addr, size, &end);

	while (!err && addr < end) {
		struct vm_map *m = vm_find(v, addr);
		bool write;

		if (!m)
			return -ENOMEM;
		if (signal_fatal_pending(thread_current()))
			return -EINTR;
		if (!(m->prot & PROT_ANY)) {
			addr = min_u32(m->end, end);
			continue;
		}
		write = (m->prot & PROT_WRITE) && !(m->flags & VM_SHARED);
		if (!is_present(v, addr, write))
			err = bring(v, addr, write);
		addr += PAGE_SIZE;
	}
	return err;
}

/* mincore: one byte per page, 1 = no fault would have to read it in. -ENOMEM
 * when not all is mapped. */
int vm_resident_map(struct vm *v, uint32_t addr, uint32_t pages, uint8_t *out)
{
	if ((addr & PAGE_MASK) || addr > USER_TOP ||
	    pages > (USER_TOP - addr) >> PAGE_SHIFT)
		return -ENOMEM;
	for (uint32_t i = 0; i < pages; i++, addr += PAGE_SIZE) {
		struct vm_map *m = vm_find(v, addr);
		uint32_t *pte = pte_find(v, addr);

		if (!m)
			return -ENOMEM;
		out[i] = (pte && *pte) ||
			 (m->object && vm_object_peek(m->object, map_index(m, addr)));
	}
	return 0;
}

/* Copies from another process's memory. The caller holds v. -EFAULT (some
 * bytes may have been copied), -ENOMEM. Sleeps. */
int vm_peek(struct vm *v, uint32_t addr, void *to, uint32_t n)
{
	char *at = to;

	assert(v->refs > 0);
	if (!user_range_ok(addr, n))
		return -EFAULT;
	while (n) {
		uint32_t offset = addr & PAGE_MASK;
		uint32_t part = min_u32(n, PAGE_SIZE - offset), e;

		if (!is_present(v, addr, false)) {
			int err = bring(v, addr & ~PAGE_MASK, false);

			if (err)
				return err == -ENOMEM ? err : -EFAULT;
		}
		e = *pte_find(v, addr);
		/* Reading a device may have effects: that is not for peeking. */
		if (e >> PAGE_SHIFT >= page_count)
			return -EFAULT;
		memcpy(at, (char *)page_address(pte_page(e)) + offset, part);
		at += part;
		addr += part;
		n -= part;
	}
	return 0;
}
