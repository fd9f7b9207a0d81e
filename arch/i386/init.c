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
	cpu_init();
	vdso_init();
	paging_init();
	fpu_init();
	irq_init();
	time_init();
}
