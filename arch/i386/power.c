/* SPDX-License-Identifier: BSD-2-Clause */
/* power.c - ways to end: power off, start again, stop, leave QEMU with a code. */
#include "arch/i386/inner.h"

enum {
	PM1A_PIIX4 = 0x604, PM1A_OLD_BOCHS = 0xb004, SLEEP_5_QEMU = 0x2000,
	KEYBOARD = 0x64, KEYBOARD_FULL = 2, PULSE_RESET = 0xfe,
	RESET_CONTROL = 0xcf9, RESET_HARD = 6,
	DEBUG_EXIT = 0xf4, DEBUG_PORT = 0xe9,
	PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc,
	PIIX4_PM_ID = 0x71138086, PIIX4_PM_BASE = 0x40, PIIX4_PM_MISC = 0x80,
	PIIX4_PM_ENABLE = 1,
};

/*
 * Waits until both serial lines have let their last byte go: a machine that
 * ends takes along what its line could not pass on yet, because the reader on
 * the other side is slow. Bounded, for lines that are not there or stuck.
 */
static void serial_drain(void)
{
	static const uint16_t status[] = { 0x3fd, 0x2fd };
	enum { SENT_ALL = 0x40, PATIENCE = 1 << 24 };

	for (unsigned i = 0; i < ARRAY_LEN(status); i++)
		for (unsigned n = 0; n < PATIENCE; n++)
			if (arch_inb(status[i]) & SENT_ALL)
				break;
}

_Noreturn void arch_halt(void)
{
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

/*
 * Switches the PIIX4's power registers on at their usual place: with very
 * little memory the firmware leaves that undone. Configuration mechanism 1; the
 * function stands at 00:01.3 on the machines that have it.
 */
static void piix4_enable(void)
{
	const uint32_t function = 0x80000000 | 1 << 11 | 3 << 8;

	arch_outl(PCI_ADDRESS, function);
	if (arch_inl(PCI_DATA) != PIIX4_PM_ID)
		return;
	arch_outl(PCI_ADDRESS, function | PIIX4_PM_BASE);
	arch_outl(PCI_DATA, (PM1A_PIIX4 & ~63) | 1);
	arch_outl(PCI_ADDRESS, function | PIIX4_PM_MISC);
	arch_outl(PCI_DATA, arch_inl(PCI_DATA) | PIIX4_PM_ENABLE);
}

/* By the ACPI tables, then by what QEMU is known to have. */
_Noreturn void arch_power_off(void)
{
	arch_irq_disable();
	serial_drain();
	acpi_power_off();
	piix4_enable();
	arch_outw(PM1A_PIIX4, SLEEP_5_QEMU);
	arch_outw(PM1A_OLD_BOCHS, SLEEP_5_QEMU);
	log_print(LOG_WARN, "power off does not work here: it is safe to stop");
	arch_halt();
}

/* Keyboard controller, chipset, and in the end a fault that cannot be
 * delivered. */
_Noreturn void arch_reboot(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) nothing = { 0, 0 };

	arch_irq_disable();
	serial_drain();
	for (unsigned i = 0; i < 10000 && arch_inb(KEYBOARD) & KEYBOARD_FULL; i++)
		;
	arch_outb(KEYBOARD, PULSE_RESET);
	for (volatile unsigned i = 0; i < 100000; i++)
		;
	arch_outb(RESET_CONTROL, RESET_HARD);
	__asm__ volatile("lidt %0\n\tint3" ::"m"(nothing));
	arch_halt();
}

/* QEMU ends with status (code << 1) | 1, if it was given isa-debug-exit. */
void arch_debug_exit(uint8_t code)
{
	serial_drain();
	arch_outb(DEBUG_EXIT, code);
}

/* The port reads as its own number where it is one. */
void arch_debug_write(const void *p, size_t n)
{
	if (arch_inb(DEBUG_PORT) == DEBUG_PORT)
		__asm__ volatile("rep outsb"
				 : "+S"(p), "+c"(n)
				 : "d"(DEBUG_PORT)
				 : "memory");
}
