/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.c - registers and callers, for panics and fatal faults. */
#include "arch/i386/inner.h"

/* The control registers, and who called from here on. */
void arch_panic_dump(void)
{
	uint32_t ebp = (uint32_t)__builtin_frame_address(0);

	log_print(LOG_ERROR, "cr0 %08x cr2 %08x cr3 %08x cr4 %08x esp %08x",
		  read_cr0(), arch_read_cr2(), read_cr3(), read_cr4(), ebp);
	log_print(LOG_ERROR, "backtrace:");
	panic_backtrace(ebp);
}

/* A kernel frame ends before esp and ss: its esp is where they would be. */
void arch_frame_dump(const struct frame *f)
{
	bool user = frame_from_user(f);
	uint32_t esp = user ? f->esp : (uint32_t)&f->esp;
	uint32_t offset = 0;
	const char *name = user ? NULL : panic_symbol(f->eip, &offset);

	log_print(LOG_ERROR, "vector %u error %x eip %04x:%08x %s+0x%x",
		  f->vector, f->error, f->cs & 0xffff, f->eip,
		  name ? name : "?", offset);
	log_print(LOG_ERROR, "eax %08x ebx %08x ecx %08x edx %08x eflags %08x",
		  f->eax, f->ebx, f->ecx, f->edx, f->eflags);
	log_print(LOG_ERROR, "esi %08x edi %08x ebp %08x esp %04x:%08x",
		  f->esi, f->edi, f->ebp,
		  user ? f->ss & 0xffff : (uint32_t)SEL_KERNEL_DATA, esp);
	log_print(LOG_ERROR, "ds %04x es %04x fs %04x gs %04x", f->ds & 0xffff,
		  f->es & 0xffff, f->fs & 0xffff, f->gs & 0xffff);
}
