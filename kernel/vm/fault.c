/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - page faults: the page that an access needs comes into being here.
 *
 * Private anonymous memory: a read shows the shared zero page, a write makes a
 * page. File memory: the object's page, and its neighbours that are there
 * anyway; a private write copies it. A private page that several spaces share
 * since a fork is copied by the first writer, and kept by the last one.
 *
 * Nothing is held over a sleep but the object: whoever slept returns -EAGAIN
 * and the map is looked up again. Allocating may run shrinkers, which may
 * remove entries, so entries are read after the last allocation. Locks: the
 * kernel lock.
 */
#include "kernel/vm/inner.h"

enum {
	AROUND = 16 * PAGE_SIZE,	/* window of neighbours mapped along */
	STACK_SLACK = 65536 + 128,	/* below esp that still is "the stack" */
	WAITS_MAX = 16,		/* for dirty pages, before memory is out */
};

/* --- pages ------------------------------------------------------------ */

/* A private page for v, not charged yet. NULL: out of memory. */
static struct page *anon_page(unsigned want)
{
	struct page *p = page_alloc(0, PAGE_USER | want);

	if (p)
		page_stats_add(PAGE_KIND_ANON, 1);
	return p;
}

static void anon_page_drop(struct page *p)
{
	page_stats_add(PAGE_KIND_ANON, -1);
	page_drop(p);
}

static void forget_tlb(const struct vm *v, uint32_t addr)
{
	if (vm_loaded(v))
		arch_tlb_flush_page(addr);
}

static uint32_t anon_entry(const struct page *p)
{
	return page_phys(p) | PTE_ANON | PTE_PRESENT | PTE_WRITE | PTE_USER |
	       PTE_ACCESSED | PTE_DIRTY;
}

/* --- writing to a page that is not ours ------------------------------- */

/* Copy on write of the present entry *pte. */
static int break_share(struct vm *v, uint32_t addr, uint32_t *pte)
{
	uint32_t old = *pte;
	bool zero = (old & ~PAGE_MASK) == page_phys(zero_page);
	bool counted = old & PTE_ANON;	/* charged and resident already */
	struct page *p;

	assert((old & PTE_PRESENT) && !(old & PTE_WRITE));
	if (counted && pte_page(old)->refs == 1) {
		*pte = old | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
		forget_tlb(v, addr);
		return 0;
	}
	if (!zero && old >> PAGE_SHIFT >= page_count)
		return -EFAULT;	/* a private copy of a device: no */
	if (!counted && charge(v, 1))
		return -ENOMEM;
	p = anon_page(zero ? PAGE_ZERO : 0);
	if (!p || *pte != old) {
		if (p)
			anon_page_drop(p);
		if (!counted)
			uncharge(v, 1);
		return p ? -EAGAIN : -ENOMEM;
	}
	if (!zero)
		arch_page_copy(page_address(p), page_address(pte_page(old)));
	*pte = anon_entry(p);
	forget_tlb(v, addr);
	if (old & PTE_FILE) {
		v->resident--;
		v->shared_resident--;
	}
	if (!counted)
		resident_add(v, 1, 0);
	if (old & PTE_COUNTED) {
		if (counted && pte_page(old)->refs == 1)
			page_stats_add(PAGE_KIND_ANON, -1);
		page_drop(pte_page(old));
	}
	return 0;
}

/* p of o is going to be written through a shared map. 0: it may be. -EAGAIN:
 * it has been asked for, look again. Sleeps. */
static int ask_to_write(struct vm_object *o, struct page *p)
{
	enum { READY = PG_DIRTY | PG_PLACED };
	int err;

	if (!o->ops || !o->ops->dirty || (p->flags & READY) == READY)
		return 0;
	vm_object_hold(o);
	page_hold(p);
	err = o->ops->dirty(o, p);
	page_drop(p);
	vm_object_drop(o);
	return err ? err : -EAGAIN;
}

/* A write to a present entry that does not allow it. */
static int fault_write(struct vm *v, struct vm_map *m, uint32_t addr, uint32_t *pte)
{
	if (!(m->flags & VM_SHARED))
		return break_share(v, addr, pte);
	if (m->object && (*pte & PTE_FILE)) {
		int err = ask_to_write(m->object, pte_page(*pte));

		if (err)
			return err;
	}
	*pte |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
	forget_tlb(v, addr);
	return 0;
}

/* --- the kinds of memory ---------------------------------------------- */

static int fault_anon(struct vm *v, uint32_t addr, bool write, uint32_t *pte)
{
	struct page *p;

	(void)addr;
	if (!write) {
		*pte = page_phys(zero_page) | PTE_PRESENT | PTE_USER | PTE_ACCESSED;
		return 0;
	}
	if (charge(v, 1))
		return -ENOMEM;
	p = anon_page(PAGE_ZERO);
	if (!p) {
		uncharge(v, 1);
		return -ENOMEM;
	}
	assert(*pte == 0);
	*pte = anon_entry(p);
	resident_add(v, 1, 0);
	return 0;
}

/* A private copy of the object's page p, written to before it was mapped. */
static int fault_copy(struct vm *v, struct page *p, uint32_t *pte)
{
	struct page *own;

	if (charge(v, 1))
		return -ENOMEM;
	page_hold(p);
	own = anon_page(0);
	if (own) {
		arch_page_copy(page_address(own), page_address(p));
		assert(*pte == 0);
		*pte = anon_entry(own);
		resident_add(v, 1, 0);
	} else {
		uncharge(v, 1);
	}
	page_drop(p);
	return own ? 0 : -ENOMEM;
}

/* Maps the neighbours that the object has in memory, so that reading on costs
 * no faults. addr's own entry is there. */
static void map_around(struct vm *v, struct vm_map *m, uint32_t addr)
{
	struct vm_object *o = m->object;
	uint32_t at = max_u32(align_down(addr, AROUND), m->start);
	uint32_t end = min_u32(align_down(addr, AROUND) + AROUND, m->end);
	uint32_t *pte = pte_find(v, at);
	uint32_t index = map_index(m, at), n = 0;

	assert(pte && m->object == o);
	for (; at < end; at += PAGE_SIZE, pte++, index++) {
		struct page *p;

		if (*pte || index >= o->size_limit)
			continue;
		p = vm_object_peek(o, index);
		if (!p)
			continue;
		page_hold(p);
		*pte = pte_rights(m, page_phys(p) | PTE_FILE | PTE_USER);
		n++;
	}
	resident_add(v, 0, n);
}

static int fault_object(struct vm *v, struct vm_map *m, uint32_t addr, bool write,
			uint32_t *pte)
{
	struct vm_object *o = m->object;
	uint32_t index = map_index(m, addr), e;
	struct page *p;

	assert(o->refs > 0 && *pte == 0);
	if (index >= o->size_limit)
		return -EFAULT;
	p = vm_object_peek(o, index);
	if (!p) {
		int err;

		vm_object_hold(o);
		err = vm_object_page(o, index, true, &p);
		if (!err)
			page_drop(p);
		vm_object_drop(o);
		return err ? err : -EAGAIN;
	}
	if (write && !(m->flags & VM_SHARED))
		return fault_copy(v, p, pte);
	if (write) {
		int err = ask_to_write(o, p);

		if (err)
			return err;
	}
	page_hold(p);
	e = pte_rights(m, page_phys(p) | PTE_FILE | PTE_USER | PTE_ACCESSED);
	if (write)
		e |= PTE_WRITE | PTE_DIRTY;
	*pte = e;
	resident_add(v, 0, 1);
	if (!write)
		map_around(v, m, addr);
	return 0;
}

/* A page that the map's owner names: a device's, or the kernel's own. */
static int fault_owner(struct vm *v, struct vm_map *m, uint32_t addr, bool write,
		       uint32_t *pte)
{
	uint32_t e = 0;
	int err = m->ops->fault(m, addr, &e);

	if (err)
		return err == -EAGAIN ? -EFAULT : err;
	e = (e & (~PAGE_MASK | PTE_NOCACHE)) | PTE_USER | PTE_ACCESSED;
	/* What is marked uncached is a device's, or nobody's to be held. */
	if (!(e & PTE_NOCACHE) && e >> PAGE_SHIFT < page_count) {
		page_hold(pte_page(e));
		e |= PTE_FILE;
		resident_add(v, 0, 1);
	}
	assert(*pte == 0);
	*pte = pte_rights(m, e);
	if (write && !(*pte & PTE_WRITE))
		return fault_write(v, m, addr, pte);
	return 0;
}

/* The rights were checked. */
int fault_page(struct vm *v, struct vm_map *m, uint32_t addr, bool write)
{
	uint32_t *pte;

	assert(addr >= m->start && addr < m->end);
	assert((addr & PAGE_MASK) == 0 && m->vm == v);
	if (pte_make(v, addr, &pte))
		return -ENOMEM;
	if (*pte) {
		assert(*pte & PTE_PRESENT);
		if (write && !(*pte & PTE_WRITE))
			return fault_write(v, m, addr, pte);
		/* Another thread was faster, or the TLB is behind. */
		forget_tlb(v, addr);
		return 0;
	}
	if (m->object)
		return fault_object(v, m, addr, write, pte);
	if (m->ops && m->ops->fault)
		return fault_owner(v, m, addr, write, pte);
	return fault_anon(v, addr, write, pte);
}

/* --- the stack grows -------------------------------------------------- */

/* The stack above addr, grown down to it; NULL if it may not be. */
static struct vm_map *grow_stack(struct vm *v, uint32_t addr, uint32_t esp)
{
	struct vm_map *m = maps_from(v, addr), *prev;
	uint32_t start = align_down(addr, PAGE_SIZE);

	if (!m || !(m->flags & VM_STACK))
		return NULL;
	if (start < MMAP_MIN || (uint64_t)addr + STACK_SLACK < esp ||
	    m->end - start > v->stack_limit)
		return NULL;
	prev = maps_prev(m);
	/* A map without rights is a guard by itself. */
	if (prev && (prev->prot & PROT_ANY) && !(prev->flags & VM_STACK) &&
	    start - prev->end < GUARD_GAP)
		return NULL;
	if (!may_grow(v, m->start - start,
		      thread_current()->proc->limit[RLIMIT_AS].cur))
		return NULL;
	assert(start < m->start);
	map_account(v, m, (m->start - start) >> PAGE_SHIFT);
	m->start = start;
	maps_moved(v, m);
	return m;
}

/* --- the door --------------------------------------------------------- */

static int fault_signal(struct abi_siginfo *info, int sig, int code, uint32_t addr)
{
	memset(info, 0, sizeof(*info));
	info->signo = sig;
	info->code = code;
	info->fault.addr = addr;
	return -EFAULT;
}

static int out_of_memory(struct abi_siginfo *info, uint32_t addr)
{
	const struct proc *p = thread_current()->proc;

	log_print(LOG_WARN, "out of memory: killed process %d (%s)\n", p->pid,
		  p->comm);
	fault_signal(info, SIGKILL, SI_KERNEL, addr);
	return -ENOMEM;
}

static bool allowed(const struct vm_map *m, bool write)
{
	return m->prot & (write ? PROT_WRITE : PROT_ANY);
}

/*
 * A fault of the current thread at addr in its space v. error: FAULT_* of the
 * CPU; esp: the user's, also when the kernel faulted for it. 0: the access can
 * be tried again. Else negative, and *info says which signal it deserves.
 */
int vm_fault(struct vm *v, uint32_t addr, uint32_t error, uint32_t esp,
	     struct abi_siginfo *info)
{
	bool write = error & FAULT_WRITE;
	unsigned waits = 0;
	struct vm_map *m;
	int err;

	assert(sched_locked() && v->refs > 0);
	if (addr < USER_MIN || addr >= USER_TOP)
		return fault_signal(info, SIGSEGV, SEGV_MAPERR, addr);
	do {
		m = vm_find(v, addr);
		if (!m)
			m = grow_stack(v, addr, esp);
		if (!m)
			return fault_signal(info, SIGSEGV, SEGV_MAPERR, addr);
		if (!allowed(m, write))
			return fault_signal(info, SIGSEGV, SEGV_ACCERR, addr);
		err = fault_page(v, m, align_down(addr, PAGE_SIZE), write);
		if (err == -ENOMEM && vm_wait_for_clean &&
		    waits++ < WAITS_MAX && vm_wait_for_clean())
			err = -EAGAIN;
	} while (err == -EAGAIN && !signal_fatal_pending(thread_current()));
	if (err == 0 || err == -EAGAIN) {
		thread_current()->proc->min_faults++;
		return 0;
	}
	if (err == -ENOMEM)
		return out_of_memory(info, addr);
	return fault_signal(info, SIGBUS, BUS_ADRERR, addr);
}
