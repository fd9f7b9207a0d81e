/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idt.c - the gates, and what traps this room keeps to itself.
 *
 * Gates exist for the CPU's exceptions, the 16 interrupt lines and int 0x80.
 * User mode may call 3, 4 and 0x80 only: an absent or forbidden gate gives
 * #GP, as on Linux. Before kernel_trap is called the FPU's #NM, faults of
 * segment loads and the two oddities of sysenter are dealt with here.
 */
#include "arch/i386/inner.h"

_Static_assert(offsetof(struct frame, ds) == 28, "frame.inc");
_Static_assert(offsetof(struct frame, fs) == 36, "frame.inc");
_Static_assert(offsetof(struct frame, vector) == 44, "frame.inc");
_Static_assert(offsetof(struct frame, eip) == 52, "frame.inc");
_Static_assert(offsetof(struct frame, esp) == 64, "frame.inc");
_Static_assert(offsetof(struct frame, ss) == 68, "frame.inc");
_Static_assert(sizeof(struct frame) == 72, "frame.inc");

enum {
	GATE_INTERRUPT = 0x8e00, GATE_TRAP = 0x8f00, GATE_TASK = 0x8500,
	GATE_USER = 0x6000, GATE_FAULT_TSS = 17 * 8,
	EXCEPTIONS = 20, IRQ_LINES = 16, GATES = VECTOR_SYSCALL + 1,
};

struct gate {
	uint16_t low, selector, kind, high;
};
struct fixup {
	uint32_t at, go_on;
};

static struct gate idt[GATES] __attribute__((aligned(16)));

extern const uint32_t trap_stubs[EXCEPTIONS], irq_stubs[IRQ_LINES];
extern const struct fixup segment_fixups[];
extern const uint8_t sysenter_argument[], sysenter_fault[];
void entry_int80(void);
void entry_sysenter(void);
void entry_sysenter_tf(void);

static void gate_set(unsigned vector, uint32_t code, uint32_t kind)
{
	assert(vector < GATES && code >= KERNEL_BASE);
	idt[vector] = (struct gate){ code & 0xffff, SEL_KERNEL_CODE, kind,
				     code >> 16 };
}

void idt_init(void)
{
	struct {
		uint16_t limit;
		const void *base;
	} __attribute__((packed)) p = { sizeof(idt) - 1, idt };

	for (unsigned i = 0; i < EXCEPTIONS; i++) {
		bool open = i == VECTOR_BREAKPOINT || i == VECTOR_OVERFLOW;

		if (trap_stubs[i])
			gate_set(i, trap_stubs[i],
				 GATE_INTERRUPT | (open ? GATE_USER : 0));
	}
	for (unsigned i = 0; i < IRQ_LINES; i++)
		gate_set(VECTOR_IRQ + i, irq_stubs[i], GATE_INTERRUPT);
	gate_set(VECTOR_SYSCALL, (uint32_t)entry_int80, GATE_TRAP | GATE_USER);
	idt[VECTOR_DOUBLE_FAULT] =
		(struct gate){ 0, GATE_FAULT_TSS, GATE_TASK, 0 };
	__asm__ volatile("lidt %0" ::"m"(p) : "memory");
}

/* A selector that the user put somewhere cannot be loaded: load 0. */
static bool segment_fixup(struct frame *f)
{
	for (const struct fixup *x = segment_fixups; x->at; x++) {
		if (x->at == f->eip) {
			f->eip = x->go_on;
			return true;
		}
	}
	return false;
}

/* A look at what the kernel is doing, from QEMU's monitor: `nmi`. */
static void show_state(struct frame *f)
{
	log_print(LOG_WARN, "nmi: cpu %u is here:", arch_cpu_number());
	arch_frame_dump(f);
	panic_backtrace(f->ebp);
}

/* Traps from kernel mode that are no mistake. */
static bool trap_expected(struct frame *f)
{
	switch (f->vector) {
	case VECTOR_TSS:
	case VECTOR_SEGMENT:
	case VECTOR_STACK:
	case VECTOR_PROTECTION:
		return segment_fixup(f);
	case VECTOR_PAGE:
		if (f->eip != (uint32_t)sysenter_argument)
			return false;
		f->eip = (uint32_t)sysenter_fault;
		return true;
	case VECTOR_DEBUG:
		if (f->eip != (uint32_t)entry_sysenter)
			return false;
		f->eip = (uint32_t)entry_sysenter_tf;
		f->eflags &= ~EFLAGS_TF;
		return true;
	default:
		return false;
	}
}

/* All exceptions, from entry.asm, with interrupts off. */
void trap_dispatch(struct frame *f)
{
	assert(!arch_irq_enabled());
	if (f->vector == VECTOR_NMI) {
		show_state(f);
		return;
	}
	if (frame_from_user(f)) {
		if (f->vector == VECTOR_NO_FPU && fpu_trap())
			return;
	} else if (trap_expected(f)) {
		return;
	}
	kernel_trap(f);
}
