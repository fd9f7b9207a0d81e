/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kasan.c - the address sanitizer's runtime; only in builds with SAN=ka.
 *
 * Compiled code calls __asan_loadN/storeN_noabort before each access. One
 * shadow byte tells of eight bytes of the direct map: 0 all good, 1-7 only the
 * first so many, else none (enum kasan_why). Addresses outside the direct map
 * are not watched, and nothing is before kasan_init. This file itself is not
 * instrumented (Makefile). Locks: none; the shadow changes under the kernel lock.
 */
#include "kernel/mem/inner.h"

enum { QUARANTINE_MAX = 512 };

static uint8_t *shadow;
static uint32_t watched;	/* bytes of the direct map */
static bool reporting;		/* the report's own accesses do not count */
static void *quarantine[QUARANTINE_MAX]; /* a ring of freed objects */
static unsigned quarantine_first, quarantine_count;

void kasan_init(void *memory, uint32_t bytes)
{
	memset(memory, 0, bytes);
	watched = bytes * 8;
	shadow = memory;
}

/* --- marking --------------------------------------------------------------- */

/* p 8-aligned. The last group is marked whole: what follows is padding. */
void kasan_mark(const void *p, size_t n, enum kasan_why why)
{
	uint32_t at = (uint32_t)p - KERNEL_BASE;

	if (!shadow || at >= watched)
		return;
	assert((at & 7) == 0 && n <= watched - at);
	memset(shadow + at / 8, why, (n + 7) / 8);
}

void kmem_poison(const void *p, size_t n)
{
	kasan_mark(p, n, KASAN_POISON);
}

void kmem_unpoison(const void *p, size_t n)
{
	uint32_t at = (uint32_t)p - KERNEL_BASE;

	if (!shadow || at >= watched)
		return;
	assert((at & 7) == 0 && n <= watched - at);
	memset(shadow + at / 8, 0, n / 8);
	if (n & 7)
		shadow[(at + n) / 8] = n & 7;
}

/* --- checking --------------------------------------------------------------- */

static const char *why_bad(uint8_t mark)
{
	switch (mark) {
	case KASAN_FREED:
		return "use-after-free";
	case KASAN_FREE_PAGE:
		return "use-of-free-page";
	case KASAN_POISON:
		return "use-of-poisoned";
	default:
		return "out-of-bounds";
	}
}

static void report(const char *what, uint32_t size, uint32_t addr, uint8_t mark,
		   void *from)
{
	uint32_t offset = 0;
	const char *name;

	if (reporting)
		return;
	reporting = true;
	name = panic_symbol((uint32_t)from, &offset);
	panic("KASAN: %s-%s %u %08x in %s+0x%x", what, why_bad(mark), size, addr,
	      name ? name : "?", offset);
}

/* All of addr..addr+size-1 good? Else *mark says why not. */
static bool range_good(uint32_t addr, uint32_t size, uint8_t *mark)
{
	uint32_t at = addr - KERNEL_BASE, last = at + size - 1;

	if (!shadow || at >= watched || last >= watched || last < at)
		return true;
	for (uint32_t i = at / 8; i < last / 8; i++)
		if (shadow[i]) {
			*mark = shadow[i];
			return false;
		}
	*mark = shadow[last / 8];
	return *mark == 0 || (*mark < 8 && (last & 7) < *mark);
}

static inline void check(uint32_t addr, uint32_t size, bool write, void *from)
{
	uint8_t mark;

	if (size && !range_good(addr, size, &mark))
		report(write ? "write" : "read", size, addr, mark, from);
}

void kasan_check_free(const void *p)
{
	uint8_t mark;

	if (!range_good((uint32_t)p, 1, &mark))
		report("free", 0, (uint32_t)p, mark, __builtin_return_address(0));
}

/* --- quarantine ------------------------------------------------------------ */

void *kasan_quarantine(void *p)
{
	unsigned last = (quarantine_first + quarantine_count) % QUARANTINE_MAX;
	void *old = quarantine[last];

	quarantine[last] = p;
	if (quarantine_count < QUARANTINE_MAX) {
		quarantine_count++;
		return NULL;
	}
	quarantine_first = (quarantine_first + 1) % QUARANTINE_MAX;
	return old;
}

/* How many pages come of it is not known: say one per batch, so that the
 * allocator tries again. */
uint32_t kasan_quarantine_flush(uint32_t n)
{
	bool any = quarantine_count > 0;

	(void)n;
	while (quarantine_count) {
		void *o = quarantine[quarantine_first];

		quarantine_first = (quarantine_first + 1) % QUARANTINE_MAX;
		quarantine_count--;
		object_put(o);
	}
	return any;
}

/* --- what the compilers call ------------------------------------------------ */

void __asan_load1_noabort(uint32_t a);
void __asan_load2_noabort(uint32_t a);
void __asan_load4_noabort(uint32_t a);
void __asan_load8_noabort(uint32_t a);
void __asan_load16_noabort(uint32_t a);
void __asan_loadN_noabort(uint32_t a, uint32_t n);
void __asan_store1_noabort(uint32_t a);
void __asan_store2_noabort(uint32_t a);
void __asan_store4_noabort(uint32_t a);
void __asan_store8_noabort(uint32_t a);
void __asan_store16_noabort(uint32_t a);
void __asan_storeN_noabort(uint32_t a, uint32_t n);
void __asan_handle_no_return(void);
void __asan_alloca_poison(uint32_t a, uint32_t n);
void __asan_allocas_unpoison(uint32_t top, uint32_t bottom);

void __asan_load1_noabort(uint32_t a)
{
	check(a, 1, false, __builtin_return_address(0));
}

void __asan_load2_noabort(uint32_t a)
{
	check(a, 2, false, __builtin_return_address(0));
}

void __asan_load4_noabort(uint32_t a)
{
	check(a, 4, false, __builtin_return_address(0));
}

void __asan_load8_noabort(uint32_t a)
{
	check(a, 8, false, __builtin_return_address(0));
}

void __asan_load16_noabort(uint32_t a)
{
	check(a, 16, false, __builtin_return_address(0));
}

void __asan_loadN_noabort(uint32_t a, uint32_t n)
{
	check(a, n, false, __builtin_return_address(0));
}

void __asan_store1_noabort(uint32_t a)
{
	check(a, 1, true, __builtin_return_address(0));
}

void __asan_store2_noabort(uint32_t a)
{
	check(a, 2, true, __builtin_return_address(0));
}

void __asan_store4_noabort(uint32_t a)
{
	check(a, 4, true, __builtin_return_address(0));
}

void __asan_store8_noabort(uint32_t a)
{
	check(a, 8, true, __builtin_return_address(0));
}

void __asan_store16_noabort(uint32_t a)
{
	check(a, 16, true, __builtin_return_address(0));
}

void __asan_storeN_noabort(uint32_t a, uint32_t n)
{
	check(a, n, true, __builtin_return_address(0));
}

/* Stacks are not watched (asan-stack=0): nothing to forget on a jump out, nor
 * to mark around an alloca. */
void __asan_handle_no_return(void)
{
}

void __asan_alloca_poison(uint32_t a, uint32_t n)
{
	(void)a;
	(void)n;
}

void __asan_allocas_unpoison(uint32_t top, uint32_t bottom)
{
	(void)top;
	(void)bottom;
}
