/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls.c - a thread's three segments for thread-local storage, between Linux's
 * struct user_desc and the CPU's descriptors.
 *
 * Locks: the kernel lock.
 */
#include "arch/i386/inner.h"

enum {	/* user_desc flag bits, in order */
	IS_32BIT = 1, CONTENTS_SHIFT = 1, CONTENTS = 6, READ_ONLY = 8,
	IN_PAGES = 16, NOT_PRESENT = 32, USEABLE = 64,
	EMPTY = READ_ONLY | NOT_PRESENT,
};

/* Linux's two ways to say "clear this slot". */
static bool means_empty(uint32_t base, uint32_t limit, uint32_t flags)
{
	return !base && !limit && (flags == EMPTY || flags == 0);
}

/* Data segments of 32 bits only, as set_thread_area(2). False: EINVAL. */
bool arch_tls_set(struct arch_thread *t, int slot, uint32_t base,
		  uint32_t limit, uint32_t flags)
{
	uint32_t low, high;

	assert(slot >= 0 && slot < 3);
	if (means_empty(base, limit, flags & 0x7f)) {
		t->tls[slot] = 0;
		return true;
	}
	if (!(flags & IS_32BIT) || (flags & CONTENTS) > 1 << CONTENTS_SHIFT ||
	    (flags & NOT_PRESENT))
		return false;
	low = (limit & 0xffff) | base << 16;
	high = (base >> 16 & 0xff) | (base & 0xff000000u) | (limit & 0xf0000);
	high |= 0xf100;		/* present, DPL 3, a data segment, accessed */
	high |= (flags & CONTENTS) << 9;	/* expand down */
	high |= flags & READ_ONLY ? 0 : 1 << 9;
	high |= flags & USEABLE ? 1 << 20 : 0;
	high |= 1 << 22;
	high |= flags & IN_PAGES ? 1 << 23 : 0;
	t->tls[slot] = (uint64_t)high << 32 | low;
	return true;
}

void arch_tls_get(const struct arch_thread *t, int slot, uint32_t *base,
		  uint32_t *limit, uint32_t *flags)
{
	uint64_t d;
	uint32_t low, high;

	assert(slot >= 0 && slot < 3);
	d = t->tls[slot];
	low = (uint32_t)d;
	high = (uint32_t)(d >> 32);
	*base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000u);
	*limit = (low & 0xffff) | (high & 0xf0000);
	*flags = (high >> 22 & 1) | (high >> 9 & CONTENTS) |
		 (high & 1 << 9 ? 0 : READ_ONLY) |
		 (high & 1 << 23 ? IN_PAGES : 0) |
		 (high & 1 << 15 ? 0 : NOT_PRESENT) |
		 (high & 1 << 20 ? USEABLE : 0);
}

/* After arch_tls_set on the current thread: into the CPU. fs and gs keep a
 * copy of their descriptor and so must be loaded again. */
void arch_tls_reload(const struct arch_thread *t)
{
	uint32_t flags = arch_irq_save();

	assert(t == thread_running);
	for (unsigned i = 0; i < 3; i++)
		gdt[SEL_TLS + i] = t->tls[i];
	segment_fs(segment_read_fs());
	segment_gs(segment_read_gs());
	arch_irq_restore(flags);
}
