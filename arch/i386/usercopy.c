/* SPDX-License-Identifier: BSD-2-Clause */
/* usercopy.c - which faults belong to usercopy.asm, and where they go on. */
#include "arch/i386/inner.h"

struct fixup {
	uint32_t start, end, go_on;
};

extern const struct fixup usercopy_fixups[];
extern const uint8_t usercopy_start[], usercopy_end[];

bool arch_fixup_covers(const struct frame *f)
{
	return f->eip >= (uint32_t)usercopy_start &&
	       f->eip < (uint32_t)usercopy_end;
}

/* f, which arch_fixup_covers, goes on at the failure path of its function. */
void arch_fixup(struct frame *f)
{
	assert(arch_fixup_covers(f));
	for (const struct fixup *x = usercopy_fixups; x->start; x++) {
		if (f->eip >= x->start && f->eip < x->end) {
			f->eip = x->go_on;
			return;
		}
	}
	panic("no way out of a fault at %08x", f->eip);
}
