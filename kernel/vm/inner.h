/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to kernel/vm: what its files share.
 *
 * A page table entry that is not zero is one of three kinds, told by two bits
 * that the CPU ignores: PTE_ANON, PTE_FILE (both hold a reference to their
 * page and count as resident), or neither: the shared zero page, or a device.
 * An allocation may take PTE_FILE entries away: what cached objects hold goes
 * when memory is short (lru.c).
 *
 * An entry whose map forbids every access (PROT_NONE) keeps its page but has
 * PTE_PRESENT clear; every other non-zero entry is present.
 */
#ifndef KERNEL_VM_INNER_H
#define KERNEL_VM_INNER_H

#include "kernel/vm/vm.h"

enum {
	PTE_ANON = PTE_SOFT1,	/* private page; charged to the vm's prison */
	PTE_FILE = PTE_SOFT2,	/* page of an object, or other counted RAM */
	PTE_COUNTED = PTE_ANON | PTE_FILE,
	TABLE_SPAN = 1 << 22,	/* bytes that one page table maps */
	USER_PDE = USER_TOP >> 22,
	MMAP_MIN = 0x10000,	/* lowest address given without being asked */
	GUARD_GAP = 256 * PAGE_SIZE, /* kept free below a stack */
	FUTEX_BUCKETS = 256,
	MAPS_MAX = 65530,	/* per space, as Linux's default */
	PROT_ANY = PROT_READ | PROT_WRITE | PROT_EXEC,
};

/* --- maptree.c: maps by address, and the free space between them ---------- */

void maps_insert(struct vm *v, struct vm_map *m);
void maps_append(struct vm *v, struct vm_map *m); /* above all; then settle */
void maps_settle(struct vm *v);
void maps_remove(struct vm *v, struct vm_map *m);
void maps_moved(struct vm *v, struct vm_map *m); /* start or end changed */
struct vm_map *maps_from(struct vm *v, uint32_t addr); /* first ending above */
struct vm_map *maps_prev(struct vm_map *m);
uint32_t maps_find_gap(struct vm *v, uint32_t size, uint32_t top); /* 0: none */

/* What has to stay free below m. */
static inline uint32_t map_guard(const struct vm_map *m)
{
	return m->flags & VM_STACK ? GUARD_GAP : 0;
}

static inline uint32_t map_pages(const struct vm_map *m)
{
	return (m->end - m->start) >> PAGE_SHIFT;
}

static inline uint32_t map_index(const struct vm_map *m, uint32_t addr)
{
	return m->object_page + ((addr - m->start) >> PAGE_SHIFT);
}

/* --- table.c: page tables and what they hold -------------------------------- */

/* Remembers which pages the TLB must forget; one flush when they are many. */
enum { TLB_SINGLES = 16 };
struct tlb_batch {
	bool loaded;		/* the space is the one in CR3 */
	unsigned count;
	uint32_t page[TLB_SINGLES];
};
void tlb_begin(struct tlb_batch *t, const struct vm *v);
void tlb_end(struct tlb_batch *t);
static inline void tlb_note(struct tlb_batch *t, uint32_t addr)
{
	if (t->count < TLB_SINGLES)
		t->page[t->count] = addr;
	t->count++;
}
bool vm_loaded(const struct vm *v);

static inline uint32_t *pte_find(const struct vm *v, uint32_t addr)
{
	uint32_t pde = v->dir[addr >> 22];
	uint32_t *table = phys_to_virt(pde & ~PAGE_MASK);

	return pde ? &table[addr >> PAGE_SHIFT & 1023] : NULL;
}

static inline struct page *pte_page(uint32_t e)
{
	return page_of_phys(e);
}

int pte_make(struct vm *v, uint32_t addr, uint32_t **pte) must_check;
uint32_t pte_rights(const struct vm_map *m, uint32_t e);
enum zap_what { ZAP_ALL, ZAP_FILE /* leave private copies */, ZAP_DYING };
void zap_range(struct vm *v, uint32_t start, uint32_t end, enum zap_what what);
void tables_trim(struct vm *v, uint32_t start, uint32_t end);
void tables_free_all(struct vm *v);
void protect_range(struct vm_map *m, uint32_t start, uint32_t end);
bool pte_used(const struct vm *v, uint32_t addr);
int move_range(struct vm *v, uint32_t from, uint32_t to, uint32_t size) must_check;

/* --- space.c ------------------------------------------------------------------ */

extern struct page *zero_page;
int charge(struct vm *v, uint32_t pages) must_check;
void uncharge(struct vm *v, uint32_t pages);
static inline void resident_add(struct vm *v, uint32_t anon, uint32_t file)
{
	v->resident += anon + file;
	v->shared_resident += file;
	if (v->resident > v->peak_resident)
		v->peak_resident = v->resident;
}

/* --- map.c --------------------------------------------------------------------- */

void map_init(void);
struct vm_map *map_alloc(void);
void map_free(struct vm_map *m);
void map_attach(struct vm_map *m);	/* object, owner: one user more */
void map_detach(struct vm_map *m, struct list *dead);
void maps_close(struct list *dead);	/* Sleeps. */
void map_account(struct vm *v, const struct vm_map *m, int pages);
int map_split(struct vm *v, struct vm_map *m, uint32_t at) must_check;
void map_join(struct vm *v, struct vm_map *m);
int maps_cut(struct vm *v, uint32_t start, uint32_t end, struct list *dead) must_check;
bool range_free(struct vm *v, uint32_t addr, uint32_t size);
uint32_t find_room(struct vm *v, uint32_t size);
bool may_grow(const struct vm *v, uint32_t bytes, uint64_t limit);

/* --- fault.c ------------------------------------------------------------------- */

/* Makes addr's page present for reading or writing. -EAGAIN: it slept, find
 * the map again; -ENOMEM; -EFAULT and others: no such page. Sleeps. */
int fault_page(struct vm *v, struct vm_map *m, uint32_t addr, bool write) must_check;

/* --- radix.c: from index to page ------------------------------------------------ */

void radix_init(void);
int radix_put(struct vm_object *o, uint32_t index, struct page *p) must_check;
struct page *radix_get(const struct vm_object *o, uint32_t index);
struct page *radix_take(struct vm_object *o, uint32_t index); /* NULL: none */
struct page *radix_next(const struct vm_object *o, uint32_t index, uint32_t *found);
void radix_clear(struct vm_object *o, void (*each)(struct vm_object *, struct page *));
void radix_mark(struct vm_object *o, uint32_t index);
void radix_unmark(struct vm_object *o, uint32_t index);
struct page *radix_next_dirty(const struct vm_object *o, uint32_t index,
			      uint32_t *found);

/* --- object.c, lru.c ------------------------------------------------------------- */

void object_init(void);
bool object_page_used(struct vm_object *o, uint32_t index);
bool object_page_evict(struct vm_object *o, struct page *p);
void lru_init(void);
void lru_enter(struct page *p);
void lru_leave(struct page *p);

/* --- futex.c, futex_pi.c ---------------------------------------------------------- */

struct futex_waiter {		/* on the stack of the thread that waits */
	struct list link;	/* its bucket */
	struct vm_futex_key key;
	uint32_t bitset;
	struct thread *thread;
	bool woken;
	bool pi;		/* waits in LOCK_PI, not in WAIT */
	int pi_owner;		/* tid of the lock's owner */
	bool pi_orphan;		/* the owner died without unlocking */
};
void futex_init(void);
struct list *futex_bucket(const struct vm_futex_key *k);
bool futex_same(const struct vm_futex_key *a, const struct vm_futex_key *b);
void futex_wake_waiter(struct futex_waiter *w);
int futex_sleep(struct futex_waiter *w, uint64_t deadline) must_check;
void futex_each_waiter(void (*each)(struct futex_waiter *w, struct thread *t),
		       struct thread *t);
void futex_pi_owner_died(struct thread *t);

#endif
