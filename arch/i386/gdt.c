/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gdt.c - segments and task states.
 *
 * Flat segments, at the same selectors as Linux i386 has them, because user
 * programs see them: 0x73 and 0x7b, TLS at 0x33, 0x3b, 0x43. The kernel's and
 * the user's four stand in the order that sysenter and sysexit compute. One
 * TSS says where the kernel stack is; the other runs a double fault on a stack
 * of its own, since the usual reason is that the first has overflowed.
 */
#include "arch/i386/inner.h"

enum {
	IO_BYTES = ARCH_PORTS / 8, IO_NONE = 0xffff,
	GDT_TSS = 16, GDT_FAULT_TSS = 17, GDT_COUNT = 18,
	SEL_TSS = GDT_TSS * 8,
	/* present, type; descriptor bits 40-47 */
	ACCESS_CODE = 0x9b, ACCESS_DATA = 0x93, ACCESS_USER = 0x60,
	ACCESS_TSS = 0x89,
	MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP = 0x175,
	MSR_SYSENTER_EIP = 0x176,
	KERNEL_FLAGS = 2,
};

struct tss {
	uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, io_map;
};
_Static_assert(sizeof(struct tss) == 104, "as the CPU has it");

struct table_pointer {
	uint16_t limit;
	const void *base;
} __attribute__((packed));

/* The bitmaps of ports stand behind the task state, each ended by a byte of
 * ones: the running thread's, and one that refuses nothing. */
struct tss_io {
	struct tss tss;
	uint8_t refused[IO_BYTES], end;
	uint8_t none[IO_BYTES], none_end;
};

uint64_t gdt[GDT_COUNT] __attribute__((aligned(16)));
static struct tss_io main_tss;
static struct tss *const tss = &main_tss.tss;
static struct tss fault_tss;
static const struct arch_io *io_loaded;
static bool has_sysenter;

void entry_double_fault(void);
void entry_sysenter(void);
void double_fault_report(void);

/* base 0, limit 4 GB, 32 bit */
static uint64_t flat(uint32_t access)
{
	return 0x00cf00000000ffffull | (uint64_t)access << 40;
}

static uint64_t task_state(const struct tss *t, uint32_t size)
{
	uint64_t base = (uint32_t)t;

	return (size - 1) | (base & 0xffffff) << 16 |
	       (uint64_t)ACCESS_TSS << 40 | (base >> 24) << 56;
}

/* Without lldt the local table would be the first 64 KB of user memory. */
static void load(void)
{
	struct table_pointer p = { sizeof(gdt) - 1, gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "ljmp %1, $1f\n"
			 "1:\tmov %2, %%ds\n\t"
			 "mov %2, %%es\n\t"
			 "mov %3, %%ss\n\t"
			 "mov %4, %%fs\n\t"
			 "mov %4, %%gs\n\t"
			 "ltr %w5\n\t"
			 "lldt %w4"
			 ::"m"(p), "i"(SEL_KERNEL_CODE), "r"(SEL_USER_DATA),
			 "r"(SEL_KERNEL_DATA), "r"(0), "r"(SEL_TSS)
			 : "memory");
}

static void fill_fault_tss(void)
{
	fault_tss.cr3 = virt_to_phys(arch_kernel_dir);
	fault_tss.eip = (uint32_t)entry_double_fault;
	fault_tss.esp = (uint32_t)double_fault_top;
	fault_tss.eflags = KERNEL_FLAGS;
	fault_tss.cs = SEL_KERNEL_CODE;
	fault_tss.ss = SEL_KERNEL_DATA;
	fault_tss.ds = fault_tss.es = SEL_USER_DATA;
	fault_tss.io_map = sizeof(fault_tss);
}

void gdt_init(void)
{
	uint32_t id[4];

	gdt[SEL_KERNEL_CODE / 8] = flat(ACCESS_CODE);
	gdt[SEL_KERNEL_DATA / 8] = flat(ACCESS_DATA);
	gdt[SEL_USER_CODE / 8] = flat(ACCESS_CODE | ACCESS_USER);
	gdt[SEL_USER_DATA / 8] = flat(ACCESS_DATA | ACCESS_USER);
	gdt[GDT_TSS] = task_state(tss, sizeof(main_tss));
	gdt[GDT_FAULT_TSS] = task_state(&fault_tss, sizeof(fault_tss));
	tss->ss0 = SEL_KERNEL_DATA;
	tss->io_map = IO_NONE;	/* beyond the limit: no ports for users */
	main_tss.end = main_tss.none_end = 0xff;
	fill_fault_tss();
	load();
	cpuid(1, id);
	has_sysenter = id[3] & 1 << 11;
	if (has_sysenter) {
		write_msr(MSR_SYSENTER_CS, SEL_KERNEL_CODE);
		write_msr(MSR_SYSENTER_EIP, (uint32_t)entry_sysenter);
	}
	gdt_set_stack((uint32_t)boot_slot + KSTACK_SLOT - KSTACK_TOP_PAD);
}

void gdt_set_stack(uint32_t top)
{
	assert((top & 3) == 0);
	tss->esp0 = top;
	if (has_sysenter)
		write_msr(MSR_SYSENTER_ESP, top);
}

/* The running thread may use these ports from now on. 64 KB of ports are 8 KB
 * of bits, copied only for threads that have some. */
void gdt_set_io(const struct arch_io *io)
{
	assert(!io || io->refs > 0);
	io_loaded = io;
	if (!io) {
		tss->io_map = IO_NONE;
	} else if (io->level == 3) {
		tss->io_map = offsetof(struct tss_io, none);
	} else {
		memcpy(main_tss.refused, io->refused, IO_BYTES);
		tss->io_map = offsetof(struct tss_io, refused);
	}
}

const struct arch_io *gdt_io(void)
{
	return io_loaded;
}

/* Entered through the task gate of vector 8; the interrupted registers are in
 * the other TSS. */
void double_fault_report(void)
{
	uint32_t slot = tss->esp & ~(uint32_t)(KSTACK_SLOT - 1);
	uint32_t owner = slot + KSTACK_SLOT - 4;

	/* thread_current() finds on this stack whom it would find on that one */
	if (arch_address_mapped(owner))
		*(uint32_t *)(double_fault_top + KSTACK_TOP_PAD - 4) =
			*(uint32_t *)owner;
	log_print(LOG_ERROR, "double fault: eip %08x esp %08x ebp %08x cr2 %08x",
		  tss->eip, tss->esp, tss->ebp, arch_read_cr2());
	log_print(LOG_ERROR,
		  "eax %08x ebx %08x ecx %08x edx %08x esi %08x edi %08x",
		  tss->eax, tss->ebx, tss->ecx, tss->edx, tss->esi, tss->edi);
	panic_backtrace(tss->ebp);
	if (!arch_address_mapped(tss->esp - 4))
		panic("kernel stack overflow");
	panic("double fault");
}
