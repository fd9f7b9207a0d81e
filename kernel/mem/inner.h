/* SPDX-License-Identifier: BSD-2-Clause */
/* inner.h - private to kernel/mem: what its files share. */
#ifndef KERNEL_MEM_INNER_H
#define KERNEL_MEM_INNER_H

#include "kernel/mem/mem.h"

enum { ORDER_MAX = 10 };	/* blocks of up to 4 MB */

/* page.c */
void run_free(uint32_t first, uint32_t end); /* frames, all unused */

/* slab.c, vmap.c: pages they hold, for the statistics */
extern uint32_t slab_pages, stack_pages;
void slab_init(void);
void vmap_init(void);
void object_put(void *o);	/* back to its slab */

/* kasan.c: exists, and is called, only if BRIG_KASAN */
enum kasan_why {		/* shadow bytes that forbid */
	KASAN_REDZONE = 0xfa,
	KASAN_POISON = 0xfb,
	KASAN_FREED = 0xfd,
	KASAN_FREE_PAGE = 0xff,
};
enum { KASAN_GAP = BRIG_KASAN ? 16 : 0 }; /* redzone behind every object */
void kasan_init(void *shadow, uint32_t bytes);
void kasan_mark(const void *p, size_t n, enum kasan_why why);
/* Is the start of an object that is about to be freed still good? */
void kasan_check_free(const void *p);
/* Keeps p from reuse for a while; an older object to free now, or NULL. */
void *kasan_quarantine(void *p);
uint32_t kasan_quarantine_flush(uint32_t n); /* a shrinker */

#endif
