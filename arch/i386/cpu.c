/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c - which CPU this is, and its features turned on.
 *
 * Everything is optional but what boot.asm demands (cpuid, cmov). With SMAP,
 * stac and clac are written into the places that frame.inc keeps for them:
 * before paging_init makes the text read-only.
 */
#include "arch/i386/inner.h"

enum {	/* cpuid 1, edx */
	F_PSE = 1 << 3, F_TSC = 1 << 4, F_CX8 = 1 << 8, F_SEP = 1 << 11,
	F_PGE = 1 << 13, F_CMOV = 1 << 15, F_FXSR = 1 << 24, F_SSE = 1 << 25,
	/* cpuid 7, ebx */
	F7_SMEP = 1 << 7, F7_SMAP = 1 << 20,
};
#define LEAF_BRAND 0x80000002u

static struct arch_cpu_info cpu;

extern const uint32_t entry_stac_sites[], entry_clac_sites[];
extern const uint32_t usercopy_stac_sites[], usercopy_clac_sites[];

const struct arch_cpu_info *arch_cpu_info(void)
{
	return &cpu;
}

void cpuid(uint32_t leaf, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(0));
}

static void read_names(void)
{
	uint32_t r[4], words[12];
	const char *model = (const char *)words;

	cpuid(0, r);
	memcpy(cpu.vendor, &r[1], 4);
	memcpy(cpu.vendor + 4, &r[3], 4);
	memcpy(cpu.vendor + 8, &r[2], 4);
	cpuid(0x80000000u, r);
	if (r[0] < LEAF_BRAND + 2) {
		str_copy(cpu.model, "i686", sizeof(cpu.model));
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		cpuid(LEAF_BRAND + i, words + 4 * i);
	for (unsigned i = 0; i < sizeof(words) && *model == ' '; i++)
		model++;
	memcpy(cpu.model, model, (const char *)(words + 12) - model);
}

static void read_features(void)
{
	uint32_t r[4], top;

	cpuid(0, r);
	top = r[0];
	cpuid(1, r);
	cpu.features = r[3];
	cpu.features_ecx = r[2];
	cpu.stepping = r[0] & 15;
	cpu.model_number = r[0] >> 4 & 15;
	cpu.family = r[0] >> 8 & 15;
	if (cpu.family == 6 || cpu.family == 15)
		cpu.model_number |= (r[0] >> 16 & 15) << 4;
	if (cpu.family == 15)
		cpu.family += r[0] >> 20 & 255;
	cpu.pse = r[3] & F_PSE;
	cpu.pge = r[3] & F_PGE;
	cpu.tsc = r[3] & F_TSC;
	cpu.cx8 = r[3] & F_CX8;
	cpu.sep = r[3] & F_SEP;
	cpu.cmov = r[3] & F_CMOV;
	cpu.fxsr = r[3] & F_FXSR;
	cpu.sse = r[3] & F_SSE;
	if (top >= 7) {
		cpuid(7, r);
		cpu.smep = r[1] & F7_SMEP;
		cpu.smap = r[1] & F7_SMAP;
	}
}

static void write_sites(const uint32_t *sites, uint8_t last)
{
	for (; *sites; sites++) {
		uint8_t *code = (uint8_t *)*sites;

		assert(code[0] == 0x8d && code[1] == 0x76 && code[2] == 0);
		code[0] = 0x0f;
		code[1] = 0x01;
		code[2] = last;
	}
}

void cpu_init(void)
{
	uint32_t cr4;

	read_features();
	read_names();
	cr4 = read_cr4();
	if (cpu.smap) {
		write_sites(entry_stac_sites, 0xcb);
		write_sites(usercopy_stac_sites, 0xcb);
		write_sites(entry_clac_sites, 0xca);
		write_sites(usercopy_clac_sites, 0xca);
		cr4 |= CR4_SMAP;
	}
	if (cpu.smep)
		cr4 |= CR4_SMEP;
	write_cr4(cr4);
}

unsigned arch_cpu_found(void)
{
	static unsigned found;

	if (!found)
		found = acpi_count_cpus();
	return found ? found : (found = 1);
}
