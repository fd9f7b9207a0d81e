/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - what the i386 is made of: address layout, trap frame, port and
 * flag instructions. Included by kernel/base/arch.h, never directly.
 *
 *   0x00000000  page 0, never mapped
 *   0x00001000  user space
 *   0xb0000000  KERNEL_BASE: physical memory mapped one to one (up to 1 GB)
 *   0xf0000000  VMAP_BASE: kernel stacks with guard pages, device memory
 *   0xffc00000  VMAP_END
 */
#ifndef ARCH_I386_MACHINE_H
#define ARCH_I386_MACHINE_H

#include "kernel/base/base.h"

enum { PAGE_SHIFT = 12, PAGE_SIZE = 4096, PAGE_MASK = 4095 };
#define KERNEL_BASE 0xb0000000u
#define USER_TOP 0xb0000000u	/* first address that no user may name */
#define USER_MIN 0x00001000u
#define DIRECT_MAX 0x40000000u	/* bytes of RAM that the direct map can hold */
#define VMAP_BASE 0xf0000000u
#define VMAP_END 0xffc00000u

static inline void *phys_to_virt(uint32_t phys)
{
	return (void *)(phys + KERNEL_BASE);
}
static inline uint32_t virt_to_phys(const void *v) /* direct map only */
{
	return (uint32_t)v - KERNEL_BASE;
}

/* Page table entries; two levels of 1024. */
enum {
	PTE_PRESENT = 1, PTE_WRITE = 2, PTE_USER = 4, PTE_NOCACHE = 0x10,
	PTE_ACCESSED = 0x20, PTE_DIRTY = 0x40, PTE_LARGE = 0x80,
	PTE_GLOBAL = 0x100, PTE_SOFT1 = 0x200, PTE_SOFT2 = 0x400,
	PTE_SOFT3 = 0x800, /* three bits that the CPU ignores */
};

/*
 * What the entry code pushes, lowest address first. The first six words are
 * the arguments of a system call, in order. esp and ss are there only when
 * the trap came from user mode. On a system call vector is VECTOR_SYSCALL and
 * error holds the call's number (eax is overwritten by the result); error is
 * -1 once there is nothing to restart.
 */
struct frame {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint32_t ds, es, fs, gs; /* fs, gs live in the CPU: see frame_save_segments */
	uint32_t vector, error;
	uint32_t eip, cs, eflags, esp, ss;
};

enum {
	VECTOR_DIVIDE = 0, VECTOR_DEBUG = 1, VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3, VECTOR_OVERFLOW = 4, VECTOR_BOUND = 5,
	VECTOR_OPCODE = 6, VECTOR_NO_FPU = 7, VECTOR_DOUBLE_FAULT = 8,
	VECTOR_TSS = 10, VECTOR_SEGMENT = 11, VECTOR_STACK = 12,
	VECTOR_PROTECTION = 13, VECTOR_PAGE = 14, VECTOR_FPU = 16,
	VECTOR_ALIGN = 17, VECTOR_SIMD = 19,
	VECTOR_IRQ = 0x20, VECTOR_SYSCALL = 0x80,
};
enum { FAULT_PRESENT = 1, FAULT_WRITE = 2, FAULT_USER = 4 }; /* #PF error */

/* Selectors. 6-8 are the thread's TLS segments, as Linux i386 has them. */
enum {
	SEL_TLS = 6, /* GDT index of the first of three */
	SEL_KERNEL_CODE = 0x60, SEL_KERNEL_DATA = 0x68,
	SEL_USER_CODE = 0x73, SEL_USER_DATA = 0x7b,
};
enum { EFLAGS_TF = 0x100, EFLAGS_IF = 0x200, EFLAGS_DF = 0x400,
       EFLAGS_IOPL = 0x3000, EFLAGS_NT = 0x4000, EFLAGS_RF = 0x10000,
       EFLAGS_VM = 0x20000, EFLAGS_AC = 0x40000, EFLAGS_ID = 0x200000 };

static inline bool frame_from_user(const struct frame *f)
{
	return (f->cs & 3) == 3;
}

/*
 * A kernel stack is a slot of KSTACK_SLOT bytes, aligned to its size. Its top
 * KSTACK_SIZE bytes are mapped, the rest is guard. The last word of the slot
 * holds the thread that runs on it; the user's frame ends 16 bytes below the top.
 */
enum { KSTACK_SLOT = 16384, KSTACK_TOP_PAD = 16 };

struct thread;
static inline struct thread *thread_current(void)
{
	uint32_t esp;

	__asm__("mov %%esp, %0" : "=r"(esp));
	return *(struct thread **)((esp | (KSTACK_SLOT - 1)) - 3);
}

static inline void arch_outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline void arch_outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}
static inline void arch_outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}
static inline void arch_insw(uint16_t port, void *to, uint32_t words)
{
	__asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"(port) : "memory");
}
static inline void arch_insl(uint16_t port, void *to, uint32_t longs)
{
	__asm__ volatile("rep insl" : "+D"(to), "+c"(longs) : "d"(port) : "memory");
}
static inline void arch_outsw(uint16_t port, const void *from, uint32_t words)
{
	__asm__ volatile("rep outsw" : "+S"(from), "+c"(words) : "d"(port) : "memory");
}
static inline void arch_outsl(uint16_t port, const void *from, uint32_t longs)
{
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(longs) : "d"(port) : "memory");
}
static inline uint8_t arch_inb(uint16_t port)
{
	uint8_t v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline uint16_t arch_inw(uint16_t port)
{
	uint16_t v;
	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline uint32_t arch_inl(uint16_t port)
{
	uint32_t v;
	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

/* Writes before it reach memory before writes after it, and reads likewise: of
 * itself on an i386, so it is for the compiler. */
static inline void arch_order(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Besides, what was written before is seen by devices before what comes after is
 * read. QEMU's TCG makes a plain addition of the locked one on a machine with one
 * processor, though devices run beside it; to read the clock it takes a lock. */
static inline void arch_fence(void)
{
	uint32_t low, high;

	__asm__ volatile("lock addl $0, (%%esp)" ::: "memory", "cc");
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) :: "memory");
}

/* Interrupts off; returns the flags to give back to arch_irq_restore. */
static inline uint32_t arch_irq_save(void)
{
	uint32_t flags;
	__asm__ volatile("pushf\n\tpop %0\n\tcli" : "=r"(flags)::"memory");
	return flags;
}
static inline void arch_irq_restore(uint32_t flags)
{
	if (flags & EFLAGS_IF)
		__asm__ volatile("sti" ::: "memory");
}
static inline void arch_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline void arch_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}
static inline bool arch_irq_enabled(void)
{
	uint32_t flags;
	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	return flags & EFLAGS_IF;
}

static inline uint32_t arch_read_cr2(void)
{
	uint32_t v;
	__asm__ volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}
/* Did the debug exception come from a single step? Clears what it reads. */
static inline bool arch_was_step(void)
{
	enum { DR6_CLEAR = (int)0xffff0ff0, DR6_STEP = 1 << 14 };
	uint32_t v;
	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	__asm__ volatile("mov %0, %%dr6" : : "r"(DR6_CLEAR));
	return v & DR6_STEP;
}
static inline uint64_t arch_rdtsc(void)
{
	uint64_t v;
	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}
static inline void arch_tlb_flush_page(uint32_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

#endif
