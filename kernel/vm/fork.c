/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - a copy of a space that shares its pages until one side writes.
 *
 * Every present entry is copied and its page referenced once more; private
 * writable entries lose their write bit on both sides, so that the next write
 * faults (fault.c, break_share). The parent's TLB is told once. Locks: the
 * kernel lock; only a failed fork sleeps, dropping what it made.
 */
#include "kernel/vm/inner.h"

struct copy {
	struct vm *from, *to;
	uint32_t anon, file;	/* entries copied */
	struct tlb_batch tlb;	/* of from */
};

static inline void copy_entry(struct copy *c, uint32_t *src, uint32_t *dst,
			      uint32_t addr, bool private)
{
	uint32_t e = *src;

	if (e & PTE_COUNTED) {
		pte_page(e)->refs++;
		if (e & PTE_ANON)
			c->anon++;
		else
			c->file++;
	}
	if (private && (e & PTE_WRITE)) {
		if (e & PTE_ACCESSED)
			tlb_note(&c->tlb, addr);
		e &= ~PTE_WRITE;
		*src = e;
	}
	*dst = e & ~PTE_ACCESSED;
}

/* The entries of addr..end-1, all in one table. -ENOMEM. */
static int copy_table(struct copy *c, uint32_t addr, uint32_t end, bool private)
{
	uint32_t *src = pte_find(c->from, addr), *dst;

	for (; src && addr < end && !*src; src++)
		addr += PAGE_SIZE;
	if (!src || addr == end)
		return 0;
	if (pte_make(c->to, addr, &dst))
		return -ENOMEM;
	for (; addr < end; addr += PAGE_SIZE, src++, dst++)
		if (*src)
			copy_entry(c, src, dst, addr, private);
	return 0;
}

static int copy_map(struct copy *c, const struct vm_map *m)
{
	struct vm_map *n = map_alloc();
	uint32_t addr = m->start;

	assert(m->vm == c->from);
	if (!n)
		return -ENOMEM;
	*n = *m;
	n->vm = c->to;
	n->flags &= ~VM_LOCKED;
	maps_append(c->to, n);
	map_account(c->to, n, map_pages(n));
	map_attach(n);
	while (addr < m->end) {
		uint32_t stop = min_u32(m->end, (addr | (TABLE_SPAN - 1)) + 1);

		if (copy_table(c, addr, stop, !(m->flags & VM_SHARED)))
			return -ENOMEM;
		addr = stop;
	}
	return 0;
}

static int copy_maps(struct copy *c)
{
	int err = 0;

	for (struct vm_map *m = vm_first(c->from); m && !err; m = vm_next(m))
		if (!(m->flags & VM_DONT_FORK))
			err = copy_map(c, m);
	return err;
}

/* A copy on write of from, for the same prison, which is charged for the
 * private pages of both from now on. -ENOMEM. Sleeps when it fails. */
int vm_fork(struct vm *from, struct vm **out)
{
	uint32_t anon = from->resident - from->shared_resident;
	struct copy c = { .from = from };
	int err = vm_new(from->prison, &c.to);

	assert(from->refs > 0 && from->resident >= from->shared_resident);
	if (err)
		return err;
	memcpy(&c.to->brk_start, &from->brk_start,
	       sizeof(*from) - offsetof(struct vm, brk_start));
	/* One charge for all; what was not copied is given back. */
	err = charge(c.to, anon);
	if (err) {
		vm_drop(c.to);
		return err;
	}
	tlb_begin(&c.tlb, from);
	err = copy_maps(&c);
	tlb_end(&c.tlb);
	maps_settle(c.to);
	resident_add(c.to, c.anon, c.file);
	assert(c.anon <= anon);
	uncharge(c.to, anon - c.anon);
	if (err) {
		vm_drop(c.to);
		return err;
	}
	*out = c.to;
	return 0;
}
