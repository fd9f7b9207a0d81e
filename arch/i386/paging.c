/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paging.c - the kernel's page directory: all RAM mapped from KERNEL_BASE up.
 *
 * The first 8 MB hold the kernel image and are mapped by boot.asm's two page
 * tables: text and constants without write permission, no page below the boot
 * stack. The rest uses 4 MB pages where the CPU has them, else tables taken
 * from free RAM. User directories copy the upper half (kernel/mem).
 *
 * Physical page 0 is not mapped: its place in the direct map is a window for
 * phys_read, and otherwise a guard between user and kernel addresses.
 */
#include "arch/i386/inner.h"

extern const uint8_t arch_image_start[], arch_rodata_end[];

enum {
	IMAGE_MAX = 8 << 20, LARGE = 4 << 20,
	DIR_FIRST = KERNEL_BASE >> 22,
	VIDEO_START = 0xa0000, VIDEO_END = 0xc0000,
};
#define WINDOW KERNEL_BASE

void arch_dir_load(uint32_t dir_phys)
{
	assert((dir_phys & PAGE_MASK) == 0);
	__asm__ volatile("mov %0, %%cr3" ::"r"(dir_phys) : "memory");
}

uint32_t arch_dir_loaded(void)
{
	return read_cr3();
}

/* Everything but the kernel's own (global) pages, where the CPU knows them. */
void arch_tlb_flush(void)
{
	arch_dir_load(read_cr3());
}

/* Copies from any physical address, mapped or not. For loader and firmware
 * tables: slow, one page at a time. */
void phys_read(void *to, uint32_t phys, uint32_t n)
{
	uint32_t flags = arch_irq_save();
	uint8_t *out = to;

	while (n) {
		uint32_t offset = phys & PAGE_MASK;
		uint32_t part = min_u32(n, PAGE_SIZE - offset);

		boot_tables[0] = (phys & ~(uint32_t)PAGE_MASK) | PTE_PRESENT;
		arch_tlb_flush_page(WINDOW);
		memcpy(out, (const void *)(WINDOW + offset), part);
		out += part;
		phys += part;
		n -= part;
	}
	boot_tables[0] = 0;
	arch_tlb_flush_page(WINDOW);
	arch_irq_restore(flags);
}

static uint32_t image_flags(uint32_t phys)
{
	if (phys >= virt_to_phys(arch_image_start) &&
	    phys < virt_to_phys(arch_rodata_end))
		return PTE_PRESENT;
	if (phys >= VIDEO_START && phys < VIDEO_END)
		return PTE_PRESENT | PTE_WRITE | PTE_NOCACHE;
	return PTE_PRESENT | PTE_WRITE;
}

static void map_image(uint32_t global)
{
	uint32_t guard = virt_to_phys(boot_slot);

	for (uint32_t phys = PAGE_SIZE; phys < IMAGE_MAX; phys += PAGE_SIZE)
		boot_tables[phys >> PAGE_SHIFT] =
			phys | image_flags(phys) | global;
	boot_tables[guard >> PAGE_SHIFT] = 0;
}

/* 4 MB from phys on by small pages; the table comes from the lowest free RAM,
 * which is mapped already since mapping goes upward. */
static uint32_t small_table(uint32_t phys, uint32_t global)
{
	uint32_t table_phys = boot_take_page();
	uint32_t *table = phys_to_virt(table_phys);

	assert((phys & (LARGE - 1)) == 0);
	if (!table_phys || table_phys >= phys)
		panic("no memory for page tables");
	for (unsigned i = 0; i < 1024; i++)
		table[i] = (phys + i * PAGE_SIZE) | PTE_PRESENT | PTE_WRITE |
			   global;
	return table_phys | PTE_PRESENT | PTE_WRITE;
}

static uint32_t ram_end(void)
{
	const struct arch_boot *b = arch_boot_info();
	uint32_t end = IMAGE_MAX;

	for (unsigned i = 0; i < b->ram_count; i++)
		end = max_u32(end, b->ram[i].end);
	for (unsigned i = 0; i < b->module_count; i++)
		end = max_u32(end, b->module[i].end);
	return end;
}

void paging_init(void)
{
	const struct arch_cpu_info *cpu = arch_cpu_info();
	uint32_t global = cpu->pge ? PTE_GLOBAL : 0;
	uint32_t end = ram_end();

	assert(end <= DIRECT_MAX);
	if (cpu->pse)
		write_cr4(read_cr4() | CR4_PSE);
	map_image(global);
	for (uint32_t phys = IMAGE_MAX; phys < end; phys += LARGE)
		arch_kernel_dir[DIR_FIRST + (phys >> 22)] = cpu->pse ?
			phys | PTE_PRESENT | PTE_WRITE | PTE_LARGE | global :
			small_table(phys, global);
	arch_tlb_flush();
	if (cpu->pge)
		write_cr4(read_cr4() | CR4_PGE);
	write_cr0(read_cr0() | CR0_WP);
}

/* Is there a page at va, kernel or user, by the tables that are loaded? Used
 * before a pointer of unknown origin is followed. */
bool arch_address_mapped(uint32_t va)
{
	uint32_t dir_phys = read_cr3() & ~(uint32_t)PAGE_MASK;
	const uint32_t *dir = phys_to_virt(dir_phys);
	uint32_t entry;

	if (dir_phys >= DIRECT_MAX)
		return false;
	entry = dir[va >> 22];
	if (!(entry & PTE_PRESENT) || (entry & PTE_LARGE))
		return entry & PTE_PRESENT;
	entry &= ~(uint32_t)PAGE_MASK;
	if (entry >= DIRECT_MAX)
		return false;
	entry = ((const uint32_t *)phys_to_virt(entry))[va >> 12 & 1023];
	return entry & PTE_PRESENT;
}
