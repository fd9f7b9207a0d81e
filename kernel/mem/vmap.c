/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmap.c - kernel virtual space above the direct map: stacks and devices.
 *
 * Stacks grow upwards from VMAP_BASE in slots of KSTACK_SLOT bytes, of which
 * the top KSTACK_SIZE are mapped and the rest is guard; devices grow downwards
 * from VMAP_END and are never unmapped. Freed stacks rest on a chain, still
 * mapped, because mapping and flushing are dear; memory pressure empties it.
 *
 * Invariant: the kernel half of every live page directory equals that of
 * arch_kernel_dir: a new page table is entered into all of them at once.
 * Locks: the kernel lock.
 */
#include "kernel/mem/inner.h"

enum {
	KERNEL_PDE = KERNEL_BASE >> 22,
	SLOT_COUNT = (VMAP_END - VMAP_BASE) / KSTACK_SLOT,
	STACK_PAGES = KSTACK_SIZE / PAGE_SIZE,
	CACHE_MAX = 64,		/* resting stacks */
};

uint32_t stack_pages;
static struct list directories = LIST_INIT(directories); /* page.link */
static uint32_t slot_used[(SLOT_COUNT + 31) / 32]; /* bitmap */
static uint32_t slot_hint;	/* none free in words below */
static uint32_t slot_top;	/* first slot never used */
static uint32_t device_floor = VMAP_END;
static void *resting;		/* chain through resting_next() */
static unsigned resting_count;

/* --- kernel page tables --------------------------------------------------- */

static uint32_t *kernel_pte(uint32_t va)
{
	uint32_t pde = arch_kernel_dir[va >> 22];
	uint32_t *table;

	assert(va >= VMAP_BASE && va < VMAP_END);
	if (!(pde & PTE_PRESENT))
		return NULL;
	assert(!(pde & PTE_LARGE));
	table = phys_to_virt(pde & ~PAGE_MASK);
	return &table[va >> PAGE_SHIFT & 1023];
}

/* Sees to it that there is a page table for va. -ENOMEM. */
static int kernel_table_make(uint32_t va)
{
	struct page *t;
	uint32_t pde;

	if (arch_kernel_dir[va >> 22] & PTE_PRESENT)
		return 0;
	t = page_alloc(0, PAGE_KERNEL | PAGE_ZERO);
	if (!t)
		return -ENOMEM;
	t->flags |= PG_TABLE;
	page_stats_add(PAGE_KIND_TABLE, 1);
	pde = page_phys(t) | PTE_PRESENT | PTE_WRITE;
	arch_kernel_dir[va >> 22] = pde;
	list_each(l, &directories) {
		struct page *p = list_entry(l, struct page, link);
		uint32_t *dir = page_address(p);

		dir[va >> 22] = pde;
	}
	return 0;
}

/* dir is a page of page_alloc(0), content undefined: afterwards it has an
 * empty user half and the kernel's half, and stays told of changes to it. */
int kmem_dir_init(uint32_t *dir)
{
	memset(dir, 0, KERNEL_PDE * sizeof(dir[0]));
	memcpy(dir + KERNEL_PDE, arch_kernel_dir + KERNEL_PDE,
	       (1024 - KERNEL_PDE) * sizeof(dir[0]));
	list_append(&directories, &page_of(dir)->link);
	return 0;
}

void kmem_dir_forget(uint32_t *dir)
{
	assert(!list_empty(&page_of(dir)->link));
	list_remove(&page_of(dir)->link);
}

static uint32_t global_bit(void)
{
	return arch_cpu_info()->pge ? PTE_GLOBAL : 0;
}

/* --- stacks --------------------------------------------------------------- */

static void *slot_address(uint32_t slot)
{
	return (void *)(VMAP_BASE + slot * KSTACK_SLOT);
}

/* A resting stack's chain word lies in its mapped part. */
static void **resting_next(void *stack)
{
	return (void **)((char *)stack + KSTACK_SLOT - 2 * sizeof(void *));
}

static int slot_take(uint32_t *slot)
{
	uint32_t limit = (device_floor - VMAP_BASE) / KSTACK_SLOT;

	for (uint32_t w = slot_hint; w < ARRAY_LEN(slot_used); w++) {
		uint32_t bit;

		if (slot_used[w] == ~0u)
			continue;
		slot_hint = w;
		bit = __builtin_ctz(~slot_used[w]);
		*slot = w * 32 + bit;
		if (*slot >= limit)
			break;
		slot_used[w] |= 1u << bit;
		slot_top = max_u32(slot_top, *slot + 1);
		return 0;
	}
	return -ENOMEM;
}

static void slot_give(uint32_t slot)
{
	assert(slot_used[slot / 32] & 1u << slot % 32);
	slot_used[slot / 32] &= ~(1u << slot % 32);
	slot_hint = min_u32(slot_hint, slot / 32);
}

/* Unmaps the top n pages of a slot and frees them. */
static void stack_unmap(void *stack, unsigned n)
{
	uint32_t va = (uint32_t)stack + KSTACK_SLOT;

	while (n--) {
		uint32_t *pte = kernel_pte(va -= PAGE_SIZE);
		struct page *p = page_of_phys(*pte);

		*pte = 0;
		arch_tlb_flush_page(va);
		stack_pages--;
		page_drop(p);
	}
	slot_give(((uint32_t)stack - VMAP_BASE) / KSTACK_SLOT);
}

static void *stack_map(void)
{
	uint32_t slot, va;
	unsigned n;

	if (slot_take(&slot))
		return NULL;
	va = (uint32_t)slot_address(slot) + KSTACK_SLOT;
	if (kernel_table_make(va - PAGE_SIZE)) {
		slot_give(slot);
		return NULL;
	}
	for (n = 0; n < STACK_PAGES; n++) {
		struct page *p = page_alloc(0, PAGE_USER);

		if (!p) {
			stack_unmap(slot_address(slot), n);
			return NULL;
		}
		va -= PAGE_SIZE;
		*kernel_pte(va) = page_phys(p) | PTE_PRESENT | PTE_WRITE |
				  PTE_ACCESSED | PTE_DIRTY | global_bit();
		stack_pages++;
	}
	return slot_address(slot);
}

/* The lowest address of a KSTACK_SLOT, its top KSTACK_SIZE bytes mapped with
 * undefined content; NULL when memory is out. */
void *kmem_stack_alloc(void)
{
	void *stack = resting;

	if (!stack)
		return stack_map();
	resting = *resting_next(stack);
	resting_count--;
	return stack;
}

/* Not for the stack one stands on. */
void kmem_stack_free(void *stack)
{
	assert(((uint32_t)stack & (KSTACK_SLOT - 1)) == 0);
	assert((uint32_t)stack >= VMAP_BASE &&
	       (uint32_t)stack < VMAP_BASE + slot_top * KSTACK_SLOT);
	if (resting_count >= CACHE_MAX) {
		stack_unmap(stack, STACK_PAGES);
		return;
	}
	*resting_next(stack) = resting;
	resting = stack;
	resting_count++;
}

static uint32_t shrink_stacks(uint32_t n)
{
	uint32_t got = 0;

	while (got < n && resting) {
		void *stack = resting;

		resting = *resting_next(stack);
		resting_count--;
		stack_unmap(stack, STACK_PAGES);
		got += STACK_PAGES;
	}
	return got;
}

void vmap_init(void)
{
	page_shrinker_register(shrink_stacks);
}

/* --- devices -------------------------------------------------------------- */

/* Maps size bytes of device memory at phys, uncached, for ever. NULL when
 * memory or address space is out. */
void *kmem_map_device(uint32_t phys, uint32_t size)
{
	uint32_t offset = phys & PAGE_MASK;
	uint32_t room = device_floor - (VMAP_BASE + slot_top * KSTACK_SLOT);
	uint32_t va, end = device_floor;

	if (size == 0 || size > room || offset + size > room - PAGE_SIZE)
		return NULL;
	va = end - align_up(offset + size, PAGE_SIZE);
	for (uint32_t at = va & ~0x3fffffu; at < end; at += 0x400000)
		if (kernel_table_make(max_u32(at, va)))
			return NULL;
	for (uint32_t i = 0; va + i < end; i += PAGE_SIZE)
		*kernel_pte(va + i) = ((phys & ~PAGE_MASK) + i) | PTE_PRESENT |
				      PTE_WRITE | PTE_NOCACHE | global_bit();
	device_floor = va;
	return (void *)(va + offset);
}
