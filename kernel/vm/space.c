/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c - the life of an address space, and which one the CPU has loaded.
 *
 * Loading CR3 is the dearest thing there is (it empties the TLB), so it is
 * done only when another space must run: kernel threads run on whatever is
 * loaded. A space that dies while it is loaded leaves its directory, with an
 * empty user half, "parked" until another one is loaded.
 *
 * A space's prison pays for its directory, its tables and its private pages.
 * Locks: the kernel lock.
 */
#include "kernel/vm/inner.h"

struct page *zero_page;
static struct kmem_cache *vm_cache;
static uint32_t *parked[CPU_MAX];	/* by CPU: a dead directory in CR3 */

int charge(struct vm *v, uint32_t pages)
{
	if (racct_charge(v->prison, RACCT_MEMORY, (uint64_t)pages << PAGE_SHIFT))
		return -ENOMEM;
	v->charged += pages;
	return 0;
}

void uncharge(struct vm *v, uint32_t pages)
{
	assert(v->charged >= pages);
	v->charged -= pages;
	racct_release(v->prison, RACCT_MEMORY, (uint64_t)pages << PAGE_SHIFT);
}

/* What v costs its prison now, in bytes of RACCT_MEMORY. */
uint64_t vm_charged(const struct vm *v)
{
	return (uint64_t)v->charged << PAGE_SHIFT;
}

/* p, which has been charged for it already, pays for v from now on. */
void vm_payer_set(struct vm *v, struct prison *p)
{
	struct prison *old = v->prison;

	prison_hold(p);
	v->prison = p;
	racct_release(old, RACCT_MEMORY, vm_charged(v));
	prison_drop(old);
}

/* Once, after page_init and prison_init, before proc_init. Running out of
 * memory here means a machine too small to boot. */
void vm_init(void)
{
	vm_cache = kmem_cache_new("vm", sizeof(struct vm), 8);
	zero_page = page_alloc(0, PAGE_ZERO);
	if (!vm_cache || !zero_page)
		panic("vm: no memory at boot");
	map_init();
	radix_init();
	object_init();
	lru_init();
	futex_init();
	sched_vm_switch = vm_switch;
}

/* --- directories ------------------------------------------------------------ */

static uint32_t *dir_new(struct vm *v)
{
	struct page *p;
	uint32_t *dir;

	if (charge(v, 1))
		return NULL;
	p = page_alloc(0, PAGE_USER);
	if (!p)
		goto refund;
	dir = page_address(p);
	if (kmem_dir_init(dir))
		goto drop;
	page_stats_add(PAGE_KIND_TABLE, 1);
	return dir;
drop:
	page_drop(p);
refund:
	uncharge(v, 1);
	return NULL;
}

static void dir_free(uint32_t *dir)
{
	assert(arch_dir_loaded() != virt_to_phys(dir));
	kmem_dir_forget(dir);
	page_stats_add(PAGE_KIND_TABLE, -1);
	page_drop(page_of(dir));
}

/* Loads v if it is not loaded. NULL: whatever is loaded will do. */
void vm_switch(struct vm *v)
{
	unsigned cpu;

	if (!v || vm_loaded(v))
		return;
	arch_dir_load(virt_to_phys(v->dir));
	cpu = arch_cpu_number();
	if (parked[cpu]) {
		dir_free(parked[cpu]);
		parked[cpu] = NULL;
	}
}

/* --- spaces ------------------------------------------------------------------- */

/* An empty space with one reference. -ENOMEM. */
int vm_new(struct prison *pays, struct vm **out)
{
	struct vm *v = kmem_cache_zalloc(vm_cache);

	assert(pays);
	if (!v)
		return -ENOMEM;
	v->refs = 1;
	v->prison = pays;
	v->mmap_top = USER_TOP;
	prison_hold(pays);
	v->dir = dir_new(v);
	if (!v->dir) {
		prison_drop(pays);
		kmem_cache_free(vm_cache, v);
		return -ENOMEM;
	}
	*out = v;
	return 0;
}

void vm_hold(struct vm *v)
{
	assert(v->refs > 0);
	v->refs++;
}

static void dir_retire(struct vm *v)
{
	unsigned cpu = arch_cpu_number();

	uncharge(v, 1);
	if (!vm_loaded(v)) {
		dir_free(v->dir);
		return;
	}
	assert(!parked[cpu]);
	parked[cpu] = v->dir;
}

/* The last reference tears the space down, also when it is the loaded one;
 * its thread must not touch user memory any more. Sleeps (closes files). */
void vm_drop(struct vm *v)
{
	struct list dead = LIST_INIT(dead);
	struct vm_map *m, *next;

	assert(v->refs > 0);
	if (--v->refs)
		return;
	for (m = vm_first(v); m; m = vm_next(m))
		zap_range(v, m->start, m->end, ZAP_DYING);
	assert(v->resident == 0 && v->shared_resident == 0);
	tables_free_all(v);
	for (m = vm_first(v); m; m = next) {
		next = vm_next(m);
		map_detach(m, &dead);
	}
	maps_close(&dead);
	assert(v->map_count == 0 && v->total_pages == 0);
	assert(!v->locked && !v->data_pages && !v->stack_pages);
	dir_retire(v);
	prison_drop(v->prison);
	kmem_cache_free(vm_cache, v);
}
