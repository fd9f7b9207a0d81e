/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ne2k.c - NE2000 cards on PCI (10ec:8029): National's DP8390 and 16 KB.
 *
 * The card's memory is pages of 256 bytes: two buffers for frames that go out,
 * one being sent while the other is filled, and a ring for what comes in. All
 * of it moves through one port ("remote DMA"): 32 bits at a time, the rest 16.
 *
 * The interrupt takes note of its cause, acknowledges and switches interrupts
 * off; deferred work empties the ring and switches them on again. Register 7
 * is something else on the chip's second page, so that page is only chosen
 * with interrupts off.
 *
 * Locks: the kernel lock; `causes` and the chip's page are interrupt data.
 */
#include "kernel/dev/nic.h"

enum { VENDOR = 0x10ec, DEVICE = 0x8029 };
enum {	/* registers of page 0; some differ when read */
	COMMAND = 0, START = 1, STOP = 2, BOUNDARY = 3, SEND_PAGE = 4,
	SEND_LOW = 5, SEND_HIGH = 6, ISR = 7, DMA_LOW = 8, DMA_HIGH = 9,
	COUNT_LOW = 10, COUNT_HIGH = 11, RECEIVE = 12, SEND = 13, DATA_MODE = 14,
	MASK = 15, MISSED = 15, DATA = 0x10, RESET = 0x1f,
	MAC = 1, CURRENT = 7, GROUPS = 8,	/* of page 1 */
};
enum {
	C_STOP = 1, C_START = 2, C_SEND = 4, C_READ = 8, C_WRITE = 0x10,
	C_NO_DMA = 0x20, C_PAGE1 = 0x40,
	I_RECEIVED = 1, I_SENT = 2, I_SEND_ERROR = 8, I_OVERFLOW = 0x10,
	I_DMA_DONE = 0x40, I_RESET = 0x80,
	I_ALL = I_RECEIVED | I_SENT | I_SEND_ERROR | I_OVERFLOW,
	WORDS = 0x49,		/* 16-bit accesses, FIFO of 8 bytes */
	LOOPBACK = 2, R_BROADCAST = 4, R_GROUPS = 8, R_ALL = 0x10,
	S_GOOD = 1,
};
enum {	/* the card's pages */
	BUFFERS = 2, BUFFER_PAGES = 6, FIRST = 0x40,
	RING = FIRST + BUFFERS * BUFFER_PAGES, END = 0x80, PAGE = 256,
};
enum { FRAME_MIN = 60, RING_HEAD = 4, TRIES = 10000, PROM_WORDS = 16 };

struct card {
	struct netif netif;
	uint16_t base;
	uint8_t next;		/* page of the ring that is read next */
	uint16_t loaded[BUFFERS];	/* bytes in it; 0: free */
	int sending;		/* a buffer, or -1 */
	struct nic_queue waiting;
	struct defer work;
	bool running;
	volatile uint8_t causes;	/* [i] */
};

static uint8_t in(const struct card *c, unsigned reg)
{
	return arch_inb(c->base + reg);
}

static void out(const struct card *c, unsigned reg, uint8_t v)
{
	arch_outb(c->base + reg, v);
}

/* --- the card's memory ----------------------------------------------------- */

static void dma_begin(const struct card *c, unsigned at, unsigned n,
		      unsigned command)
{
	assert(n && n < END * PAGE);
	out(c, ISR, I_DMA_DONE);
	out(c, COUNT_LOW, n & 0xff);
	out(c, COUNT_HIGH, n >> 8);
	out(c, DMA_LOW, at & 0xff);
	out(c, DMA_HIGH, at >> 8);
	out(c, COMMAND, command | C_START);
}

static void dma_end(const struct card *c)
{
	for (int i = 0; i < TRIES && !(in(c, ISR) & I_DMA_DONE); i++)
		;
	out(c, COMMAND, C_NO_DMA | C_START);
	out(c, ISR, I_DMA_DONE);
}

static void memory_read(const struct card *c, unsigned from, uint8_t *to,
			unsigned n)
{
	dma_begin(c, from, align_up(n, 2), C_READ);
	arch_insl(c->base + DATA, to, n / 4);
	for (unsigned at = n & ~3u; at < n; at += 2) {
		uint16_t w = arch_inw(c->base + DATA);

		memcpy(to + at, &w, min_u32(n - at, sizeof w));
	}
	dma_end(c);
}

static void memory_write(const struct card *c, unsigned at,
			 const uint8_t *from, unsigned n, unsigned padded)
{
	unsigned all = align_up(max_u32(n, padded), 2);

	dma_begin(c, at, all, C_WRITE);
	arch_outsl(c->base + DATA, from, n / 4);
	for (unsigned done = n & ~3u; done < all; done += 2) {
		uint16_t w = 0;

		if (done < n)
			memcpy(&w, from + done, min_u32(n - done, sizeof w));
		arch_outw(c->base + DATA, w);
	}
	dma_end(c);
}

/* --- the chip --------------------------------------------------------------- */

static void chip_stop(struct card *c)
{
	out(c, COMMAND, C_NO_DMA | C_STOP);
	out(c, MASK, 0);
	out(c, ISR, 0xff);
}

/* false: nobody there. */
static bool chip_reset(struct card *c)
{
	int i = 0;

	out(c, RESET, in(c, RESET));
	while (i < TRIES && !(in(c, ISR) & I_RESET))
		i++;
	chip_stop(c);
	out(c, DATA_MODE, WORDS);
	out(c, COUNT_LOW, 0);
	out(c, COUNT_HIGH, 0);
	return i < TRIES;
}

/* Everything on the wire comes in. Whatever was in the card's memory is gone. */
static void chip_start(struct card *c)
{
	uint32_t flags = arch_irq_save();

	chip_stop(c);
	out(c, DATA_MODE, WORDS);
	out(c, COUNT_LOW, 0);
	out(c, COUNT_HIGH, 0);
	out(c, RECEIVE, R_BROADCAST | R_GROUPS | R_ALL);
	out(c, SEND, LOOPBACK);
	out(c, START, RING);
	out(c, STOP, END);
	out(c, BOUNDARY, RING);
	out(c, COMMAND, C_PAGE1 | C_NO_DMA | C_STOP);
	for (unsigned n = 0; n < ETHER_ADDR; n++)
		out(c, MAC + n, c->netif.mac[n]);
	for (unsigned n = 0; n < 8; n++)
		out(c, GROUPS + n, 0xff);
	c->next = RING + 1;
	out(c, CURRENT, c->next);
	out(c, COMMAND, C_NO_DMA | C_START);
	out(c, ISR, 0xff);
	out(c, SEND, 0);
	c->causes = 0;
	c->sending = -1;
	c->netif.out.dropped += !!c->loaded[0] + !!c->loaded[1];
	memset(c->loaded, 0, sizeof c->loaded);
	out(c, MASK, I_ALL);
	arch_irq_restore(flags);
}

static uint8_t ring_current(struct card *c)
{
	uint32_t flags = arch_irq_save();
	uint8_t page;

	out(c, COMMAND, C_PAGE1 | C_NO_DMA | C_START);
	page = in(c, CURRENT);
	out(c, COMMAND, C_NO_DMA | C_START);
	arch_irq_restore(flags);
	return page;
}

/* --- in ---------------------------------------------------------------------- */

static uint8_t ring_step(unsigned page, unsigned n)
{
	page += n;
	return page >= END ? page - (END - RING) : page;
}

/* The bytes from a page's place on, around the ring's end. */
static void ring_read(const struct card *c, unsigned page, unsigned skip,
		      uint8_t *to, unsigned n)
{
	unsigned at = page * PAGE + skip;
	unsigned part = min_u32(n, END * PAGE - at);

	memory_read(c, at, to, part);
	if (part < n)
		memory_read(c, RING * PAGE, to + part, n - part);
}

/* One frame of the ring. false: the ring makes no sense. */
static bool frame_in(struct card *c)
{
	uint8_t head[RING_HEAD];	/* status, next page, length: low, high */
	unsigned len, pages;
	struct packet *k;

	ring_read(c, c->next, 0, head, sizeof head);
	len = head[2] | head[3] << 8;
	pages = (len + PAGE - 1) / PAGE;
	/* Some count the frame's checksum for the next page but not in len. */
	if (len < RING_HEAD || pages >= END - RING ||
	    (head[1] != ring_step(c->next, pages) &&
	     head[1] != ring_step(c->next, pages + 1)))
		return false;
	len -= RING_HEAD;
	if (!(head[0] & S_GOOD) || len < ETHER_HEAD || len > NIC_FRAME_MAX) {
		c->netif.in.errors++;
	} else if (!(k = packet_new(len))) {
		c->netif.in.dropped++;
	} else {
		ring_read(c, c->next, RING_HEAD, packet_put(k, len), len);
		netif_input(&c->netif, k);
	}
	c->next = head[1];
	assert(c->next >= RING && c->next < END);
	out(c, BOUNDARY, c->next == RING ? END - 1 : c->next - 1);
	return true;
}

/* false: there is more. */
static bool frames_in(struct card *c)
{
	for (unsigned n = 0; n < NIC_ROUND; n++) {
		uint8_t current = ring_current(c);

		if (current == c->next)
			return true;
		if (current < RING || current >= END || !frame_in(c)) {
			c->netif.in.errors++;
			chip_start(c);
			return true;
		}
	}
	return false;
}

/* --- out --------------------------------------------------------------------- */

static uint8_t buffer_page(int n)
{
	return FIRST + n * BUFFER_PAGES;
}

static void buffer_send(struct card *c, int n)
{
	assert(c->sending < 0 && c->loaded[n]);
	c->sending = n;
	out(c, SEND_PAGE, buffer_page(n));
	out(c, SEND_LOW, c->loaded[n] & 0xff);
	out(c, SEND_HIGH, c->loaded[n] >> 8);
	out(c, COMMAND, C_NO_DMA | C_SEND | C_START);
}

/* The frame that was being sent is out, or will never be. */
static void buffer_sent(struct card *c)
{
	int other = 1 - c->sending;

	if (c->sending < 0)
		return;
	c->loaded[c->sending] = 0;
	c->sending = -1;
	if (c->loaded[other])
		buffer_send(c, other);
}

static void frames_out(struct card *c)
{
	for (;;) {
		struct packet *k = nic_queue_first(&c->waiting);
		int n = !c->loaded[0] ? 0 : 1;

		if (!k || c->loaded[n])
			return;
		nic_queue_remove(&c->waiting, k);
		memory_write(c, buffer_page(n) * PAGE, k->data, k->len,
			     FRAME_MIN);
		c->loaded[n] = max_u32(k->len, FRAME_MIN);
		packet_free(k);
		if (c->sending < 0)
			buffer_send(c, n);
	}
}

static void transmit(struct netif *i, struct packet *k)
{
	struct card *c = i->driver;

	if (k->len < ETHER_HEAD || k->len > NIC_FRAME_MAX) {
		i->out.errors++;
		packet_free(k);
		return;
	}
	nic_queue_add(&c->waiting, i, k);
	if (c->running)
		frames_out(c);
}

/* --- up and down, interrupts ------------------------------------------------- */

static int change(struct netif *i, uint32_t flags)
{
	struct card *c = i->driver;
	bool up = flags & NETIF_UP;

	if (up && !c->running)
		chip_start(c);
	if (!up && c->running) {
		chip_stop(c);
		nic_queue_drop(&c->waiting, i);
	}
	c->running = up;
	return 0;
}

static int set_mac(struct netif *i, const uint8_t mac[ETHER_ADDR])
{
	struct card *c = i->driver;

	memcpy(i->mac, mac, ETHER_ADDR);
	if (c->running)
		chip_start(c);
	return 0;
}

static void work(struct defer *d)
{
	struct card *c = container_of(d, struct card, work);
	uint32_t flags = arch_irq_save();
	uint8_t causes = c->causes;

	c->causes = 0;
	arch_irq_restore(flags);
	if (!c->running)
		return;
	if (causes & I_SEND_ERROR)
		c->netif.out.errors++;
	if (causes & (I_SENT | I_SEND_ERROR))
		buffer_sent(c);
	if (!frames_in(c)) {
		defer_raise(&c->work);
		return;
	}
	if (causes & I_OVERFLOW) {	/* DP8390: it has to be started again */
		c->netif.in.dropped++;
		chip_start(c);
	}
	frames_out(c);
	out(c, MASK, I_ALL);
}

static void interrupt(void *arg)
{
	struct card *c = arg;
	uint8_t causes = in(c, ISR) & I_ALL;

	if (!causes || !c->running)
		return;
	out(c, ISR, causes);
	out(c, MASK, 0);
	c->causes |= causes;
	defer_raise(&c->work);
}

/* --- at boot ----------------------------------------------------------------- */

static const struct netif_ops ops = {
	.transmit = transmit, .change = change, .set_mac = set_mac,
};

static int attach(struct card *c, struct pci_device *p)
{
	struct netif *i = &c->netif;
	uint8_t prom[2 * PROM_WORDS];
	int err;

	pci_enable(p);
	c->base = p->bar[0] & ~3u;
	if (!(p->bar[0] & 1) || !c->base || !chip_reset(c))
		return -ENODEV;
	c->sending = -1;
	c->work.fn = work;
	nic_queue_init(&c->waiting);
	/* Each byte of it stands there twice. */
	memory_read(c, 0, prom, sizeof prom);
	chip_stop(c);
	for (unsigned n = 0; n < ETHER_ADDR; n++)
		i->mac[n] = prom[2 * n];
	i->ops = &ops;
	i->driver = c;
	i->flags = NETIF_BROADCAST | NETIF_MULTICAST;
	i->hardware = NIC_HARDWARE_ETHER;
	str_copy(i->name, "eth%d", sizeof i->name);
	err = arch_irq_register(p->irq, interrupt, c);
	return err ? err : netif_register(i);
}

void ne2k_init(void)
{
	struct pci_device *p = NULL;

	while ((p = pci_next(p))) {
		struct card *c;
		int err;

		if (p->vendor != VENDOR || p->device != DEVICE)
			continue;
		c = kmem_zalloc(sizeof *c);
		err = c ? attach(c, p) : -ENOMEM;
		/* A card stays for ever, as its interrupt's handler does. */
		if (err)
			log_print(LOG_WARN, "ne2k: %02x:%02x.%u: error %d",
				  p->bus, p->slot, p->function, -err);
		else
			log_print(LOG_INFO, "%s: ne2k at irq %u",
				  c->netif.name, p->irq);
	}
}
