/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vdso.c - the kernel's side of the vDSO: its image, its data page, and where
 * sysenter comes back to.
 *
 * The image is an ELF file inside the kernel's constants; user programs get its
 * pages mapped. On a CPU without sysenter its entry is overwritten with int
 * 0x80 at boot, before constants become read-only.
 *
 * Locks: the kernel lock; sysenter_return with interrupts off.
 */
#include "arch/i386/inner.h"
#include "arch/i386/vdso.h"

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, program, section, flags;
	uint16_t size, program_size, programs, section_size, sections, names;
};
struct elf_section {
	uint32_t name, type, flags, addr, offset, size, link, info, align, each;
};
struct elf_symbol {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};
enum { SECTION_DYNSYM = 11 };

extern uint8_t vdso_image[], vdso_image_end[];

static union {
	struct vdso_data data;
	uint8_t page[VDSO_PAGE];	/* nothing else may be in it */
} shared __attribute__((aligned(VDSO_PAGE)));

static uint32_t vsyscall, sigreturn, rt_sigreturn; /* offsets in the image */
uint32_t sysenter_return;

/* Offset of a dynamic symbol; it is there, or the build is broken. */
static uint32_t symbol(const char *name)
{
	const struct elf_header *h = (struct elf_header *)vdso_image;
	const struct elf_section *s =
		(struct elf_section *)(vdso_image + h->section);

	for (unsigned i = 0; i < h->sections; i++) {
		const struct elf_symbol *sym =
			(struct elf_symbol *)(vdso_image + s[i].offset);
		const char *names = (char *)vdso_image + s[s[i].link].offset;

		if (s[i].type != SECTION_DYNSYM)
			continue;
		for (unsigned n = s[i].size / sizeof(*sym); n; n--, sym++) {
			if (!strcmp(names + sym->name, name))
				return sym->value;
		}
	}
	panic("vdso: no %s", name);
}

void vdso_init(void)
{
	static const uint8_t int80[] = { 0xcd, 0x80, 0xc3 }; /* int 0x80; ret */

	vsyscall = symbol("__kernel_vsyscall");
	sigreturn = symbol("__kernel_sigreturn");
	rt_sigreturn = symbol("__kernel_rt_sigreturn");
	if (!arch_cpu_info()->sep)
		memcpy(vdso_image + vsyscall, int80, sizeof(int80));
}

const void *arch_vdso_image(uint32_t *size)
{
	*size = vdso_image_end - vdso_image;
	return vdso_image;
}

uint32_t arch_vdso_sysenter_offset(void)
{
	return vsyscall;
}

uint32_t arch_vdso_sigreturn_offset(bool rt)
{
	return rt ? rt_sigreturn : sigreturn;
}

uint32_t arch_vdso_data_phys(void)
{
	return virt_to_phys(&shared);
}

/* From now on sysenter comes back to the image at this user address. */
void arch_vdso_place(struct arch_thread *t, uint32_t image)
{
	assert((image & PAGE_MASK) == 0);
	t->vdso = image;
	if (t == thread_running)
		vdso_enter(t);
}

/* t gets the CPU. */
void vdso_enter(const struct arch_thread *t)
{
	sysenter_return = t->vdso + vsyscall + VDSO_LANDING;
}

void vdso_clock_set(uint64_t tsc_base, uint32_t mult, uint32_t shift)
{
	assert(mult > 0 && shift >= 1 && shift <= 32);
	shared.data.tsc_base = tsc_base;
	shared.data.mult = mult;
	shared.data.shift = shift;
	shared.data.has_tsc = 1;
}

void arch_vdso_update(int64_t realtime_offset_ns)
{
	struct vdso_data *d = &shared.data;

	assert((d->seq & 1) == 0);
	d->seq = d->seq + 1;
	__asm__ volatile("" ::: "memory");
	d->realtime = realtime_offset_ns;
	__asm__ volatile("" ::: "memory");
	d->seq = d->seq + 1;
}
