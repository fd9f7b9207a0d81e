/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * irq.c - the two 8259 interrupt controllers and who listens to which line.
 *
 * Several devices may share a line: all its handlers are called, each asks its
 * own device. Lines without a handler are masked. Line 0 is the timer's.
 *
 * Locks: interrupt data; handlers are only ever added.
 */
#include "arch/i386/inner.h"

enum {
	PIC1 = 0x20, PIC2 = 0xa0,	/* command; the data port is one above */
	INIT = 0x11, MODE_8086 = 1, END_OF_INTERRUPT = 0x20,
	READ_ISR = 0x0b, CASCADE = 2,
	LINES = 16, HANDLERS_MAX = 48,
};

struct handler {
	void (*fn)(void *);
	void *arg;
	struct handler *next;
};

static struct handler handlers[HANDLERS_MAX]; /* fixed: devices, not users */
static unsigned handler_count;
static struct handler *lines[LINES];
static uint32_t counts[LINES], spurious;
static uint16_t masked = 0xffff;

static void write_masks(void)
{
	arch_outb(PIC1 + 1, masked & 0xff);
	arch_outb(PIC2 + 1, masked >> 8);
}

void irq_unmask(unsigned irq)
{
	uint32_t flags = arch_irq_save();

	assert(irq < LINES);
	masked &= ~(1u << irq);
	write_masks();
	arch_irq_restore(flags);
}

void irq_init(void)
{
	arch_outb(PIC1, INIT);
	arch_outb(PIC2, INIT);
	arch_outb(PIC1 + 1, VECTOR_IRQ);
	arch_outb(PIC2 + 1, VECTOR_IRQ + 8);
	arch_outb(PIC1 + 1, 1 << CASCADE);
	arch_outb(PIC2 + 1, CASCADE);
	arch_outb(PIC1 + 1, MODE_8086);
	arch_outb(PIC2 + 1, MODE_8086);
	masked = 0xffff & ~(1u << CASCADE);
	write_masks();
}

/* Line 7 of a controller rises when a request vanished before it was taken:
 * then it is not in service. The first one still waits for the second's end. */
static bool is_spurious(unsigned irq)
{
	uint16_t port = irq == 7 ? PIC1 : PIC2;

	if (irq != 7 && irq != 15)
		return false;
	arch_outb(port, READ_ISR);
	if (arch_inb(port) & 0x80)
		return false;
	spurious++;
	if (irq == 15)
		arch_outb(PIC1, END_OF_INTERRUPT);
	return true;
}

static void acknowledge(unsigned irq)
{
	assert(irq < LINES);
	if (irq >= 8)
		arch_outb(PIC2, END_OF_INTERRUPT);
	arch_outb(PIC1, END_OF_INTERRUPT);
}

/* From entry.asm, interrupts off. A level-triggered line is acknowledged after
 * its handlers have made the device let go of it. */
void irq_dispatch(struct frame *f)
{
	unsigned irq = f->vector - VECTOR_IRQ;

	assert(irq < LINES);
	assert(!arch_irq_enabled());
	if (irq == 0) {
		counts[0]++;
		acknowledge(0);
		time_interrupt(f);
		return;
	}
	if (is_spurious(irq))
		return;
	counts[irq]++;
	for (struct handler *h = lines[irq]; h; h = h->next)
		h->fn(h->arg);
	acknowledge(irq);
}

int arch_irq_register(unsigned irq, void (*handler)(void *), void *arg)
{
	uint32_t flags;
	struct handler *h;

	assert(handler);
	if (irq == 0 || irq == CASCADE || irq >= LINES ||
	    handler_count == HANDLERS_MAX)
		return -EBUSY;
	flags = arch_irq_save();
	h = &handlers[handler_count++];
	*h = (struct handler){ handler, arg, lines[irq] };
	lines[irq] = h;
	irq_unmask(irq);
	arch_irq_restore(flags);
	return 0;
}

uint32_t arch_irq_count(unsigned irq)
{
	return irq < LINES ? counts[irq] : 0;
}

void arch_idle(void)
{
	/* sti lets nothing in before hlt, so no wake-up is lost between */
	__asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}
