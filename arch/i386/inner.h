/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - what the files of arch/i386 share; no other room sees it.
 */
#ifndef ARCH_I386_INNER_H
#define ARCH_I386_INNER_H

#include "kernel/base/arch.h"

#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
enum {
	CR4_TSD = 0x4, CR4_PSE = 0x10, CR4_PGE = 0x80, CR4_OSFXSR = 0x200,
	CR4_OSXMMEXCPT = 0x400, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21,
};

static inline uint32_t read_cr0(void)
{
	uint32_t v;
	__asm__ volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}
static inline void write_cr0(uint32_t v)
{
	__asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory");
}
static inline uint32_t read_cr3(void)
{
	uint32_t v;
	__asm__ volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}
static inline uint32_t read_cr4(void)
{
	uint32_t v;
	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}
static inline void write_cr4(uint32_t v)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}
static inline void write_msr(uint32_t msr, uint32_t v)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"(v), "d"(0) : "memory");
}

/* boot.asm */
extern uint8_t boot_slot[KSTACK_SLOT];
extern uint32_t boot_tables[2048];	/* page tables of the first 8 MB */
extern uint8_t double_fault_top[];
void arch_boot(uint32_t info);

/* boot.c */
uint32_t boot_take_page(void);	/* physical; 0: none left */

/* cpu.c */
void cpu_init(void);
void cpuid(uint32_t leaf, uint32_t out[4]); /* eax, ebx, ecx, edx */

/* gdt.c */
void gdt_init(void);
void gdt_set_stack(uint32_t top);	/* for entries from user mode */
void gdt_set_io(const struct arch_io *io);	/* NULL: no ports */
const struct arch_io *gdt_io(void);
extern uint64_t gdt[];

/* idt.c */
void idt_init(void);
void trap_dispatch(struct frame *f);

/* irq.c */
void irq_init(void);
void irq_dispatch(struct frame *f);
void irq_unmask(unsigned irq);

/* time.c */
void time_init(void);
void time_interrupt(struct frame *f);

/* vdso.c */
void vdso_init(void);
void vdso_clock_set(uint64_t tsc_base, uint32_t mult, uint32_t shift);
void vdso_enter(const struct arch_thread *t);
extern uint32_t sysenter_return; /* where sysexit goes for this thread */

/* paging.c */
void paging_init(void);
void phys_read(void *to, uint32_t phys, uint32_t n);

/* fpu.c */
void fpu_init(void);
bool fpu_trap(void);		/* #NM from user mode; false: no FPU here */
void fpu_leave(struct arch_thread *t); /* t gives the CPU away */
void fpu_sync(struct arch_thread *t);	/* its state is in t->fpu afterwards */

/* fpu_frame.c */
uint32_t fpu_frame_save(uint8_t *to, struct arch_thread *t); /* bytes, or 0 */

/* thread.c, switch.asm */
extern struct arch_thread *thread_running; /* NULL until the first switch */
void stack_switch(uint32_t *save_esp, uint32_t next_esp);
void thread_begin(void);
void segment_fs(uint32_t selector);
void segment_gs(uint32_t selector);

/* acpi.c */
unsigned acpi_count_cpus(void);	/* 0: no tables */
void acpi_power_off(void);	/* returns when it does not work */

static inline uint32_t segment_read_fs(void)
{
	uint32_t v;
	__asm__ volatile("mov %%fs, %0" : "=r"(v));
	return v & 0xffff;
}
static inline uint32_t segment_read_gs(void)
{
	uint32_t v;
	__asm__ volatile("mov %%gs, %0" : "=r"(v));
	return v & 0xffff;
}

#endif
