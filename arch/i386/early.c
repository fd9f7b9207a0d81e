/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c - COM1, polled: the console before there are drivers, and the last
 * one that works in a panic.
 */
#include "arch/i386/inner.h"

enum {
	COM1 = 0x3f8, DATA = COM1, ENABLE = COM1 + 1, FIFO = COM1 + 2,
	LINE = COM1 + 3, MODEM = COM1 + 4, STATUS = COM1 + 5,
	LINE_8N1 = 3, LINE_DIVISOR = 0x80, DIVISOR_115200 = 1,
	FIFO_ON_CLEAR = 7, MODEM_READY = 0x0b, CAN_SEND = 0x20,
	PATIENCE = 100000,	/* polls before a dead port is given up */
};

static void port_init(void)
{
	arch_outb(ENABLE, 0);
	arch_outb(LINE, LINE_DIVISOR | LINE_8N1);
	arch_outb(DATA, DIVISOR_115200);
	arch_outb(ENABLE, 0);
	arch_outb(LINE, LINE_8N1);
	arch_outb(FIFO, FIFO_ON_CLEAR);
	arch_outb(MODEM, MODEM_READY);
}

static void put(char c)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (arch_inb(STATUS) & CAN_SEND) {
			arch_outb(DATA, c);
			return;
		}
	}
}

/* Newline becomes CR LF. From any context. */
void arch_early_write(const char *s, size_t n)
{
	static bool ready;

	if (!ready) {
		ready = true;
		port_init();
	}
	for (; n; n--, s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}
