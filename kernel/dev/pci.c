/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pci.c - what hangs on the PCI bus: configuration space by mechanism 1.
 *
 * The scan follows bridges to the buses behind them. Where no firmware has
 * routed interrupts (v86 without a BIOS) the PIIX3's four lines are given
 * IRQs here.
 *
 * Invariant: devices stay for ever; drivers keep pointers to them.
 * Locks: the kernel lock; the address port is interrupt data.
 */
#include "kernel/dev/inner.h"

enum {
	ADDRESS = 0xcf8, DATA = 0xcfc,
	SLOTS = 32, FUNCTIONS = 8, DEPTH_MAX = 8,
	VENDOR = 0x00, DEVICE = 0x02, COMMAND = 0x04, CLASS = 0x08,
	HEADER = 0x0e, BAR0 = 0x10, SECONDARY_BUS = 0x19, IRQ_LINE = 0x3c,
	IRQ_PIN = 0x3d,
	HEADER_TYPE = 0x7f, HEADER_MULTI = 0x80, HEADER_BRIDGE = 1,
	COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4,
	CLASS_BRIDGE = 6, SUBCLASS_PCI = 4,
	INTEL = 0x8086, PIIX3_ISA = 0x7000, PIRQ_A = 0x60, PIRQ_OFF = 0x80,
};

static struct list devices = LIST_INIT(devices);

static uint32_t address(const struct pci_device *d, unsigned reg)
{
	return 0x80000000u | (uint32_t)d->bus << 16 | (uint32_t)d->slot << 11 |
	       (uint32_t)d->function << 8 | (reg & 0xfc);
}

/* bytes: 1, 2 or 4; reg aligned to it. */
uint32_t pci_read(const struct pci_device *d, unsigned reg, unsigned bytes)
{
	uint32_t flags = arch_irq_save(), v;
	uint16_t port = DATA + (reg & 3);

	assert(reg % bytes == 0);
	assert(bytes == 1 || bytes == 2 || bytes == 4);
	arch_outl(ADDRESS, address(d, reg));
	v = bytes == 1 ? arch_inb(port) : bytes == 2 ? arch_inw(port) :
						       arch_inl(port);
	arch_irq_restore(flags);
	return v;
}

void pci_write(const struct pci_device *d, unsigned reg, unsigned bytes,
	       uint32_t v)
{
	uint32_t flags = arch_irq_save();
	uint16_t port = DATA + (reg & 3);

	assert(reg % bytes == 0);
	assert(bytes == 1 || bytes == 2 || bytes == 4);
	arch_outl(ADDRESS, address(d, reg));
	if (bytes == 1)
		arch_outb(port, v);
	else if (bytes == 2)
		arch_outw(port, v);
	else
		arch_outl(port, v);
	arch_irq_restore(flags);
}

struct pci_device *pci_next(struct pci_device *prev)
{
	struct list *l = prev ? prev->link.next : devices.next;

	return l == &devices ? NULL : list_entry(l, struct pci_device, link);
}

void pci_enable(struct pci_device *d)
{
	assert(d->vendor != 0xffff);
	pci_write(d, COMMAND, 2, pci_read(d, COMMAND, 2) | COMMAND_IO |
		  COMMAND_MEMORY | COMMAND_MASTER);
}

/* --- the scan -------------------------------------------------------- */

static void scan_bus(uint8_t bus, unsigned depth);

static void fill(struct pci_device *d)
{
	unsigned bars;

	d->vendor = pci_read(d, VENDOR, 2);
	d->device = pci_read(d, DEVICE, 2);
	d->revision = pci_read(d, CLASS, 1);
	d->interface = pci_read(d, CLASS + 1, 1);
	d->subclass = pci_read(d, CLASS + 2, 1);
	d->class_code = pci_read(d, CLASS + 3, 1);
	d->header = pci_read(d, HEADER, 1);
	d->irq = pci_read(d, IRQ_LINE, 1);
	bars = (d->header & HEADER_TYPE) == HEADER_BRIDGE ? 2 : 6;
	for (unsigned i = 0; i < bars; i++)
		d->bar[i] = pci_read(d, BAR0 + 4 * i, 4);
}

/* false: nobody there. */
static bool scan_function(const struct pci_device *at, unsigned depth,
			  uint8_t *header)
{
	struct pci_device *d;

	if (pci_read(at, VENDOR, 2) == 0xffff)
		return false;
	d = kmem_alloc(sizeof(*d));
	if (!d)
		panic("pci: no memory");
	*d = *at;
	fill(d);
	*header = d->header;
	list_append(&devices, &d->link);
	if (d->class_code == CLASS_BRIDGE && d->subclass == SUBCLASS_PCI &&
	    (d->header & HEADER_TYPE) == HEADER_BRIDGE) {
		uint8_t behind = pci_read(d, SECONDARY_BUS, 1);

		/* 0 is a bridge that nobody has set up; a bus has a greater
		 * number than the one it hangs on, or it would be a circle. */
		if (behind > d->bus)
			scan_bus(behind, depth + 1);
	}
	return true;
}

static void scan_bus(uint8_t bus, unsigned depth)
{
	struct pci_device at;

	if (depth > DEPTH_MAX)
		return;
	memset(&at, 0, sizeof(at));
	at.bus = bus;
	for (at.slot = 0; at.slot < SLOTS; at.slot++) {
		uint8_t header = 0, ignored;

		at.function = 0;
		if (!scan_function(&at, depth, &header))
			continue;
		if (!(header & HEADER_MULTI))
			continue;
		for (at.function = 1; at.function < FUNCTIONS; at.function++)
			scan_function(&at, depth, &ignored);
	}
}

/* --- interrupts without firmware ------------------------------------- */

/* Intel's south bridge connects pin A of slot n to line (n - 1) % 4. */
static void route(const struct pci_device *piix)
{
	static const uint8_t irqs[4] = { 10, 11, 10, 11 };
	struct pci_device *d = NULL;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t now = pci_read(piix, PIRQ_A + i, 1);

		if (now == 0 || now & PIRQ_OFF)
			pci_write(piix, PIRQ_A + i, 1, irqs[i]);
	}
	while ((d = pci_next(d))) {
		uint8_t pin = pci_read(d, IRQ_PIN, 1);

		if (!pin || (d->irq && d->irq != 0xff))
			continue;
		d->irq = pci_read(piix, PIRQ_A + (d->slot - 1 + pin - 1) % 4, 1);
		d->irq &= 0x0f;
		pci_write(d, IRQ_LINE, 1, d->irq);
	}
}

/* --- what people see ------------------------------------------------- */

static int show(struct text *t, const struct cred *who)
{
	struct pci_device *d = NULL;

	(void)who;
	while ((d = pci_next(d)))
		text_put(t, "%02x:%02x.%u %04x:%04x class %02x%02x%02x rev %02x "
			 "irq %u bars %08x %08x %08x %08x %08x %08x\n",
			 d->bus, d->slot, d->function, d->vendor, d->device,
			 d->class_code, d->subclass, d->interface, d->revision,
			 d->irq, d->bar[0], d->bar[1], d->bar[2], d->bar[3],
			 d->bar[4], d->bar[5]);
	return 0;
}

static struct procfs_entry entry = {
	.directory = "", .name = "pci", .show = show,
};

void pci_init(void)
{
	struct pci_device *d = NULL, *piix = NULL;

	arch_outl(ADDRESS, 0x80000000u);
	if (arch_inl(ADDRESS) == 0x80000000u)
		scan_bus(0, 0);
	while ((d = pci_next(d)))
		if (d->vendor == INTEL && d->device == PIIX3_ISA)
			piix = d;
	if (piix)
		route(piix);
	for (d = NULL; (d = pci_next(d));)
		log_print(LOG_INFO, "pci: %02x:%02x.%u %04x:%04x class %02x%02x "
			  "irq %u", d->bus, d->slot, d->function, d->vendor,
			  d->device, d->class_code, d->subclass, d->irq);
	procfs_register(&entry);
}
