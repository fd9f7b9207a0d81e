/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - bringing the machine up, in the one order that works.
 *
 * arch_boot has run: segments and gates are there, so a fault is reported.
 * cpu_init and vdso_init change kernel text, so they come before paging_init
 * makes it read-only; the clock needs the vDSO's data page and the controller.
 */
#include "arch/i386/inner.h"

/* Interrupts are off, and stay off. */
void arch_init(void)
{
	const struct arch_cpu_info *cpu = arch_cpu_info();
	const struct arch_boot *boot = arch_boot_info();

	cpu_init();
	vdso_init();
	paging_init();
	fpu_init();
	irq_init();
	time_init();
	log_print(LOG_INFO, "cpu: %s %s, %u.%03u MHz", cpu->vendor, cpu->model,
		  cpu->tsc_khz / 1000, cpu->tsc_khz % 1000);
	log_print(LOG_INFO, "memory: %u KB, %u modules", boot->ram_total >> 10,
		  boot->module_count);
}
