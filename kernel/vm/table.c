/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - the page tables of a space, and what their entries hold.
 *
 * Only tables that exist are walked. Pages are counted here as entries come
 * and go; the TLB is told once per operation, page by page while they are few,
 * and only of entries that it can have cached: those with PTE_ACCESSED set.
 * The kinds of entries are told in inner.h.
 *
 * Locks: the kernel lock; nothing here sleeps, so that nothing of this space
 * runs between the change of an entry and the flush.
 */
#include "kernel/vm/inner.h"

bool vm_loaded(const struct vm *v)
{
	return arch_dir_loaded() == virt_to_phys(v->dir);
}

void tlb_begin(struct tlb_batch *t, const struct vm *v)
{
	t->loaded = vm_loaded(v);
	t->count = 0;
}

void tlb_end(struct tlb_batch *t)
{
	if (!t->loaded)
		return;
	if (t->count > TLB_SINGLES) {
		arch_tlb_flush();
		return;
	}
	for (unsigned i = 0; i < t->count; i++)
		arch_tlb_flush_page(t->page[i]);
}

/* --- tables --------------------------------------------------------------- */

static int table_make(struct vm *v, uint32_t addr)
{
	struct page *t;

	assert(!v->dir[addr >> 22]);
	if (charge(v, 1))
		return -ENOMEM;
	t = page_alloc(0, PAGE_USER | PAGE_ZERO);
	if (!t) {
		uncharge(v, 1);
		return -ENOMEM;
	}
	t->flags |= PG_TABLE;
	page_stats_add(PAGE_KIND_TABLE, 1);
	v->table_count++;
	v->dir[addr >> 22] = page_phys(t) | PTE_PRESENT | PTE_WRITE | PTE_USER |
			     PTE_ACCESSED;
	return 0;
}

/* The entry of addr, in a table made for it if need be. -ENOMEM. */
int pte_make(struct vm *v, uint32_t addr, uint32_t **pte)
{
	assert(addr < USER_TOP);
	if (!v->dir[addr >> 22] && table_make(v, addr))
		return -ENOMEM;
	*pte = pte_find(v, addr);
	return 0;
}

static void table_free(struct vm *v, unsigned i)
{
	struct page *t = page_of_phys(v->dir[i]);

	assert(t->flags & PG_TABLE);
	assert(v->table_count > 0 && t->refs == 1);
	v->dir[i] = 0;
	v->table_count--;
	page_drop(t);
}

static void tables_gone(struct vm *v, uint32_t count)
{
	if (!count)
		return;
	page_stats_add(PAGE_KIND_TABLE, -(int)count);
	uncharge(v, count);
}

/* After start..end-1 was unmapped: frees the tables in which nothing can be
 * left, which are those that no map reaches into any more. */
void tables_trim(struct vm *v, uint32_t start, uint32_t end)
{
	struct vm_map *next = maps_from(v, start);
	struct tree_node *last = tree_last(&v->maps);
	struct vm_map *prev = next ? maps_prev(next) :
			      last ? tree_entry(last, struct vm_map, node) : NULL;
	uint32_t low = prev ? prev->end : 0;
	uint32_t high = next ? next->start : USER_TOP;
	uint32_t first = max_u32(start >> 22, (low + TABLE_SPAN - 1) >> 22);
	uint32_t after = min_u32((end - 1) / TABLE_SPAN + 1, high >> 22);
	uint32_t freed = 0;

	assert(start < end && end <= USER_TOP);
	for (uint32_t i = first; i < after; i++)
		if (v->dir[i]) {
			table_free(v, i);
			freed++;
		}
	/* One invlpg makes the CPU forget cached directory entries, all of them. */
	if (freed && vm_loaded(v))
		arch_tlb_flush_page(start);
	tables_gone(v, freed);
}

/* Every entry is gone: the tables follow. Nobody uses the space any more. */
void tables_free_all(struct vm *v)
{
	uint32_t freed = 0;

	for (unsigned i = 0; i < USER_PDE; i++)
		if (v->dir[i]) {
			table_free(v, i);
			freed++;
		}
	assert(v->table_count == 0);
	tables_gone(v, freed);
}

/* --- entries --------------------------------------------------------------- */

/* Must a write through this shared map be noticed, page by page? */
static bool writes_noticed(const struct vm_map *m)
{
	return m->object && m->object->ops && m->object->ops->dirty;
}

/* e with the present and write bits that m's protection gives it. A private
 * page that others hold too is not writable yet: the write copies it. */
uint32_t pte_rights(const struct vm_map *m, uint32_t e)
{
	e &= ~(PTE_PRESENT | PTE_WRITE);
	if (!(m->prot & PROT_ANY))
		return e;
	e |= PTE_PRESENT;
	if (!(m->prot & PROT_WRITE))
		return e;
	if (m->flags & VM_SHARED)
		return writes_noticed(m) ? e : e | PTE_WRITE;
	if ((e & PTE_ANON) && pte_page(e)->refs == 1)
		e |= PTE_WRITE;
	return e;
}

struct zap_count {
	uint32_t anon, file;	/* entries removed */
	uint32_t freed;		/* private pages that nobody else held */
};

static inline void entry_drop(uint32_t e, struct zap_count *n)
{
	struct page *p;

	if (!(e & PTE_COUNTED))
		return;
	p = pte_page(e);
	if (e & PTE_ANON) {
		n->anon++;
		n->freed += p->refs == 1;
	} else {
		n->file++;
	}
	page_drop(p);
}

static void zap_table(uint32_t *pte, uint32_t addr, uint32_t end,
		      enum zap_what what, struct zap_count *n,
		      struct tlb_batch *tlb)
{
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		uint32_t e = *pte;

		if (!e || (what == ZAP_FILE && (e & PTE_ANON)))
			continue;
		*pte = 0;
		if ((e & PTE_ACCESSED) && what != ZAP_DYING)
			tlb_note(tlb, addr);
		entry_drop(e, n);
	}
}

/* End of the part of addr..end-1 that lies in addr's page table. */
static uint32_t span_end(uint32_t addr, uint32_t end)
{
	return min_u32(end, (addr | (TABLE_SPAN - 1)) + 1);
}

/* Removes the entries of start..end-1. ZAP_DYING: the space will not run any
 * more, so the TLB need not be told. */
void zap_range(struct vm *v, uint32_t start, uint32_t end, enum zap_what what)
{
	struct zap_count n = { 0 };
	struct tlb_batch tlb;

	assert(start <= end && end <= USER_TOP);
	tlb_begin(&tlb, v);
	while (start < end) {
		uint32_t stop = span_end(start, end);
		uint32_t *pte = pte_find(v, start);

		if (pte)
			zap_table(pte, start, stop, what, &n, &tlb);
		start = stop;
	}
	if (what != ZAP_DYING)
		tlb_end(&tlb);
	assert(v->resident >= n.anon + n.file && v->shared_resident >= n.file);
	v->resident -= n.anon + n.file;
	v->shared_resident -= n.file;
	if (n.anon)
		uncharge(v, n.anon);
	page_stats_add(PAGE_KIND_ANON, -(int)n.freed);
}

/* m's protection changed: gives the entries of start..end-1 their new rights. */
void protect_range(struct vm_map *m, uint32_t start, uint32_t end)
{
	struct tlb_batch tlb;

	assert(start >= m->start && end <= m->end);
	tlb_begin(&tlb, m->vm);
	while (start < end) {
		uint32_t stop = span_end(start, end);
		uint32_t *pte = pte_find(m->vm, start);

		for (; pte && start < stop; start += PAGE_SIZE, pte++) {
			uint32_t e = *pte, now;

			if (!e)
				continue;
			now = *pte = pte_rights(m, e);
			/* Rights taken away; for more the CPU asks again. */
			if ((e & ~now & (PTE_PRESENT | PTE_WRITE)) &&
			    (e & PTE_ACCESSED))
				tlb_note(&tlb, start);
		}
		start = stop;
	}
	tlb_end(&tlb);
}

/* Was addr's page used since this was last asked? */
bool pte_used(const struct vm *v, uint32_t addr)
{
	uint32_t *pte = pte_find(v, addr);

	if (!pte || (*pte & (PTE_FILE | PTE_ACCESSED)) != (PTE_FILE | PTE_ACCESSED))
		return false;
	*pte &= ~PTE_ACCESSED;
	if (vm_loaded(v))
		arch_tlb_flush_page(addr);
	return true;
}

/* Moves the entries of from..from+size-1 to another place, which is empty. All
 * tables are made before the first entry moves: -ENOMEM changes nothing. */
int move_range(struct vm *v, uint32_t from, uint32_t to, uint32_t size)
{
	struct tlb_batch tlb;
	uint32_t *src, *dst;

	assert(((from | to | size) & PAGE_MASK) == 0);
	assert(from + size <= to || to + size <= from);
	for (uint32_t i = 0; i < size; i = span_end(from + i, from + size) - from) {
		uint32_t stop = span_end(from + i, from + size) - from;

		if (!v->dir[(from + i) >> 22])
			continue;
		if (pte_make(v, to + i, &dst) ||
		    pte_make(v, to + stop - PAGE_SIZE, &dst))
			return -ENOMEM;
	}
	tlb_begin(&tlb, v);
	for (uint32_t i = 0; i < size; i += PAGE_SIZE) {
		src = pte_find(v, from + i);
		if (!src) {
			i = span_end(from + i, from + size) - from - PAGE_SIZE;
			continue;
		}
		if (!*src)
			continue;
		dst = pte_find(v, to + i);
		assert(*dst == 0);
		*dst = *src & ~PTE_ACCESSED;
		if (*src & PTE_ACCESSED)
			tlb_note(&tlb, from + i);
		*src = 0;
	}
	tlb_end(&tlb);
	return 0;
}
