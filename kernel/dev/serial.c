/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serial.c - 16550 serial ports: COM1 to COM4 as ttyS0 to ttyS3.
 *
 * Receive: the interrupt empties the FIFO into a ring; deferred work feeds the
 * ring to the line discipline. When the ring is full the receive interrupt is
 * turned off and RTS falls: bytes wait in the chip and before it (QEMU then
 * stops reading), and none is lost.
 *
 * Transmit: writers fill a ring, and pump() moves it to the chip, 16 bytes
 * for each time that the FIFO is seen empty. The transmit interrupt is on only
 * while the chip is behind: an emulated chip takes all at once, and an
 * interrupt for each byte would cost more than the byte.
 *
 * Locks: struct port but for tty is interrupt data.
 */
#include "kernel/dev/inner.h"

enum { PORTS = 4, RX_SIZE = 4096, TX_SIZE = 8192, FIFO = 16, CHUNK = 256 };
enum {	/* registers; with DLAB the first two are the divisor */
	DATA = 0, IER = 1, FCR = 2, IIR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6,
	SCRATCH = 7,
};
enum {
	IER_RX = 1, IER_TX = 2, IER_LINE = 4,
	IIR_NONE = 1,
	FCR_ENABLE = 1, FCR_TRIGGER_14 = 0xc0,
	LCR_8BITS = 3, LCR_STOP2 = 4, LCR_PARITY = 8, LCR_EVEN = 0x10,
	LCR_BREAK = 0x40, LCR_DLAB = 0x80,
	MCR_DTR = 1, MCR_RTS = 2, MCR_OUT2 = 8,
	LSR_DATA = 1, LSR_PARITY = 4, LSR_FRAME = 8, LSR_BREAK = 0x10,
	LSR_THRE = 0x20,
	MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80,
	MAX_BAUD = 115200,
	TURNS_MAX = 256,	/* of one interrupt */
	POLL_TRIES = 100000,	/* 5 ms here, 100 ms on a real bus */
};

struct port {
	struct tty tty;		/* kernel lock; the rest: interrupts off */
	struct dev dev;
	struct defer defer;
	uint16_t base;
	uint8_t irq, ier, lcr, mcr;
	bool present;
	bool stopped;		/* tty.stopped, for the interrupt */
	bool rx_off;		/* the ring was full */
	bool tx_told;		/* writers are to be woken */
	uint8_t error;		/* LSR bits that came behind the ring's bytes */
	uint8_t error_byte;
	struct ring rx, tx;
};

static struct port ports[PORTS] = {
	{ .base = 0x3f8, .irq = 4 }, { .base = 0x2f8, .irq = 3 },
	{ .base = 0x3e8, .irq = 4 }, { .base = 0x2e8, .irq = 3 },
};
static const char *const names[PORTS] = { "ttyS0", "ttyS1", "ttyS2", "ttyS3" };

static uint8_t reg_in(const struct port *p, unsigned reg)
{
	return arch_inb(p->base + reg);
}

static void reg_out(const struct port *p, unsigned reg, uint8_t v)
{
	arch_outb(p->base + reg, v);
}

static struct port *port_of(struct tty *t)
{
	return container_of(t, struct port, tty);
}

static void set_ier(struct port *p, uint8_t ier)
{
	if (p->ier == ier)
		return;
	p->ier = ier;
	reg_out(p, IER, ier);
}

/* --- transmit: interrupts off ---------------------------------------- */

/* At most `limit` bytes to the chip, for as long as its FIFO empties. The
 * transmit interrupt is off meanwhile, and on afterwards if bytes are left
 * that the chip had no room for. */
static void pump(struct port *p, unsigned limit)
{
	bool ready = true;

	assert(!arch_irq_enabled());
	if (p->stopped)
		return;
	if (p->ier & IER_TX)
		set_ier(p, p->ier & ~IER_TX);
	while (limit && ring_used(&p->tx)) {
		unsigned n = min_u32(FIFO, ring_used(&p->tx));

		ready = reg_in(p, LSR) & LSR_THRE;
		if (!ready)
			break;
		limit -= min_u32(limit, n);
		while (n--)
			reg_out(p, DATA, ring_pop(&p->tx));
	}
	if (!ready)
		set_ier(p, p->ier | IER_TX);
}

/* By waiting for the chip: until there is that much room, or the ring is
 * empty. A chip that does not move for a while is given up; its bytes stay. */
static void pump_polled(struct port *p, unsigned room)
{
	unsigned tries = POLL_TRIES;

	assert(!arch_irq_enabled());
	while (ring_used(&p->tx) && ring_room(&p->tx) < room && tries--) {
		unsigned n;

		if (!(reg_in(p, LSR) & LSR_THRE))
			continue;
		for (n = FIFO; n && ring_used(&p->tx); n--)
			reg_out(p, DATA, ring_pop(&p->tx));
		tries = POLL_TRIES;
	}
}

/* --- receive: interrupts off ----------------------------------------- */

static void rx_pause(struct port *p)
{
	assert(!arch_irq_enabled());
	p->rx_off = true;
	p->mcr &= ~MCR_RTS;
	reg_out(p, MCR, p->mcr);
	set_ier(p, p->ier & ~(IER_RX | IER_LINE));
}

/* Everything the chip has, up to an error or a full ring: those two wait for
 * the deferred work. */
static void rx_empty(struct port *p)
{
	uint8_t lsr, c;

	assert(!arch_irq_enabled());
	while (!p->error && (lsr = reg_in(p, LSR)) & LSR_DATA) {
		if (!ring_room(&p->rx)) {
			rx_pause(p);
			return;
		}
		c = reg_in(p, DATA);
		if (lsr & (LSR_PARITY | LSR_FRAME | LSR_BREAK)) {
			p->error = lsr;
			p->error_byte = c;
		} else {
			ring_push(&p->rx, c);
		}
	}
	if (p->error && !p->rx_off)
		rx_pause(p);
}

/* The line is edge triggered: the chip must have nothing more to say when
 * this returns, or it would never be heard again. */
static void serial_irq(void *arg)
{
	struct port *p = arg;
	uint32_t used = ring_used(&p->rx), room = ring_room(&p->tx);
	struct { uint32_t used; uint16_t base; } event;
	unsigned turns = 0;

	while (!(reg_in(p, IIR) & IIR_NONE) && turns++ < TURNS_MAX) {
		if (!p->rx_off)
			rx_empty(p);
		if (p->ier & IER_TX)
			pump(p, TX_SIZE);
	}
	if (!turns)
		return;	/* a neighbour's on the same line */
	event.used = ring_used(&p->rx);
	event.base = p->base;
	random_stir(&event, sizeof(event), 1);
	if (ring_room(&p->tx) != room && ring_room(&p->tx) >= TX_SIZE / 2)
		p->tx_told = true;
	if (ring_used(&p->rx) != used || p->error || p->tx_told)
		defer_raise(&p->defer);
}

/* --- deferred work: under the kernel lock ---------------------------- */

static void feed_error(struct port *p, uint8_t error)
{
	if (error & LSR_BREAK)
		ldisc_receive_error(&p->tty, LDISC_BREAK, 0);
	else
		ldisc_receive_error(&p->tty, LDISC_PARITY, p->error_byte);
}

/* The chip may go on: its bytes first, then the interrupt. */
static void rx_resume(struct port *p)
{
	uint32_t flags = arch_irq_save();

	if (p->rx_off && ring_room(&p->rx)) {
		p->rx_off = false;
		p->mcr |= MCR_RTS;
		reg_out(p, MCR, p->mcr);
		rx_empty(p);
		if (!p->rx_off)
			set_ier(p, p->ier | IER_RX | IER_LINE);
		if (ring_used(&p->rx) || p->error)
			defer_raise(&p->defer);
	}
	arch_irq_restore(flags);
}

/* From the ring to the line discipline, as long as that takes any. */
static void feed(struct port *p)
{
	uint8_t chunk[CHUNK], error;
	uint32_t flags, n, took;

	for (;;) {
		/* They stay in the ring until it is known who takes them. */
		flags = arch_irq_save();
		n = ring_get(&p->rx, chunk, CHUNK);
		p->rx.tail -= n;
		arch_irq_restore(flags);
		if (!n)
			break;
		took = ldisc_receive(&p->tty, chunk, n);
		assert(took <= n);
		flags = arch_irq_save();
		p->rx.tail += took;
		arch_irq_restore(flags);
		if (took < n)
			return;	/* unthrottle comes back */
	}
	error = p->error;
	if (error) {
		feed_error(p, error);
		p->error = 0;
	}
	rx_resume(p);
}

static void serial_defer(struct defer *d)
{
	struct port *p = container_of(d, struct port, defer);
	uint32_t flags = arch_irq_save();
	bool told = p->tx_told;

	assert(sched_locked());
	p->tx_told = false;
	arch_irq_restore(flags);
	feed(p);
	if (told)
		tty_wake_writers(&p->tty);
}

/* --- the driver ------------------------------------------------------ */

static unsigned serial_write(struct tty *t, const uint8_t *bytes, unsigned n)
{
	struct port *p = port_of(t);
	uint32_t flags = arch_irq_save();

	assert(n <= ring_room(&p->tx));
	n = ring_put(&p->tx, bytes, n);
	/* In steps, so that interrupts get in between. */
	while (ring_used(&p->tx) && !(p->ier & IER_TX) && !p->stopped) {
		pump(p, 4 * FIFO);
		arch_irq_restore(flags);
		flags = arch_irq_save();
	}
	arch_irq_restore(flags);
	return n;
}

static unsigned serial_room(struct tty *t)
{
	return ring_room(&port_of(t)->tx);
}

static unsigned serial_pending(struct tty *t)
{
	struct port *p = port_of(t);

	return ring_used(&p->tx);
}

static void serial_unthrottle(struct tty *t)
{
	/* Not at once: this is called from within a read. */
	defer_raise(&port_of(t)->defer);
}

static void serial_flow(struct tty *t)
{
	struct port *p = port_of(t);
	uint32_t flags = arch_irq_save();

	p->stopped = t->stopped;
	if (p->stopped)
		set_ier(p, p->ier & ~IER_TX);
	else
		pump(p, TX_SIZE);
	arch_irq_restore(flags);
}

static void serial_flush_output(struct tty *t)
{
	struct port *p = port_of(t);
	uint32_t flags = arch_irq_save();

	ring_clear(&p->tx);
	arch_irq_restore(flags);
	sleep_wake(&t->write_wait);
}

/* Line parameters into the chip. Interrupts off. */
static void program(struct port *p, uint32_t baud)
{
	uint32_t divisor = baud ? MAX_BAUD / baud : 1;

	assert(!arch_irq_enabled());
	divisor = max_u32(1, min_u32(divisor, 0xffff));
	reg_out(p, LCR, p->lcr | LCR_DLAB);
	reg_out(p, DATA, divisor);
	reg_out(p, IER, divisor >> 8);
	reg_out(p, LCR, p->lcr);
	reg_out(p, IER, p->ier);
}

static void serial_set_termios(struct tty *t, const struct abi_termios2 *old)
{
	const struct abi_termios2 *m = &t->termios;
	struct port *p = port_of(t);
	uint32_t flags;

	if (m->cflag == old->cflag && m->ospeed == old->ospeed)
		return;
	flags = arch_irq_save();
	p->lcr = (m->cflag & CSIZE) >> 4;
	if (m->cflag & CSTOPB)
		p->lcr |= LCR_STOP2;
	if (m->cflag & PARENB)
		p->lcr |= m->cflag & PARODD ? LCR_PARITY : LCR_PARITY | LCR_EVEN;
	program(p, tty_baud(m));
	if (!tty_baud(m))
		p->mcr &= ~(MCR_DTR | MCR_RTS);	/* B0: hang up */
	else
		p->mcr |= MCR_DTR | (p->rx_off ? 0 : MCR_RTS);
	reg_out(p, MCR, p->mcr);
	arch_irq_restore(flags);
}

static int serial_modem_get(struct tty *t)
{
	struct port *p = port_of(t);
	uint8_t msr = reg_in(p, MSR);
	int bits = 0;

	bits |= p->mcr & MCR_DTR ? TIOCM_DTR : 0;
	bits |= p->mcr & MCR_RTS ? TIOCM_RTS : 0;
	bits |= msr & MSR_CTS ? TIOCM_CTS : 0;
	bits |= msr & MSR_DSR ? TIOCM_DSR : 0;
	bits |= msr & MSR_RI ? TIOCM_RNG : 0;
	bits |= msr & MSR_DCD ? TIOCM_CAR : 0;
	return bits;
}

static void serial_modem_set(struct tty *t, unsigned bits)
{
	struct port *p = port_of(t);
	uint32_t flags = arch_irq_save();

	p->mcr &= ~(MCR_DTR | MCR_RTS);
	p->mcr |= (bits & TIOCM_DTR ? MCR_DTR : 0) |
		  (bits & TIOCM_RTS ? MCR_RTS : 0);
	reg_out(p, MCR, p->mcr);
	arch_irq_restore(flags);
}

static void serial_break(struct tty *t, bool on)
{
	struct port *p = port_of(t);
	uint32_t flags = arch_irq_save();

	p->lcr = on ? p->lcr | LCR_BREAK : p->lcr & ~LCR_BREAK;
	reg_out(p, LCR, p->lcr);
	arch_irq_restore(flags);
}

static const struct tty_driver serial_driver = {
	.name = "serial", .write = serial_write, .room = serial_room,
	.pending = serial_pending, .unthrottle = serial_unthrottle,
	.flow = serial_flow, .flush = serial_flush_output,
	.set_termios = serial_set_termios, .modem_get = serial_modem_get,
	.modem_set = serial_modem_set, .send_break = serial_break,
};

/* --- kernel messages ------------------------------------------------- */

struct tty *serial_tty(unsigned port)
{
	return port < PORTS && ports[port].present ? &ports[port].tty : NULL;
}

/*
 * Any context; the log calls it with interrupts off. The ring is left empty if
 * the chip lets go of it in time, so that a panic's last words are out, and
 * else the interrupt goes on. Only when nobody takes the bytes for so long
 * that the ring is full, the message is cut.
 */
void serial_log(unsigned port, const char *text, size_t n)
{
	struct port *p = &ports[port];
	uint32_t flags;

	assert(port < PORTS);
	if (!p->present)
		return;
	flags = arch_irq_save();
	for (size_t i = 0; i < n; i++) {
		if (ring_room(&p->tx) < 2)
			pump_polled(p, FIFO);
		if (ring_room(&p->tx) < 2)
			break;
		if (text[i] == '\n')
			ring_push(&p->tx, '\r');
		ring_push(&p->tx, text[i]);
	}
	pump_polled(p, UINT32_MAX);
	if (ring_used(&p->tx))
		pump(p, TX_SIZE);
	arch_irq_restore(flags);
}

void serial_flush(unsigned port)
{
	uint32_t flags = arch_irq_save();

	if (ports[port].present)
		pump_polled(&ports[port], UINT32_MAX);
	arch_irq_restore(flags);
}

/* --- finding them ---------------------------------------------------- */

/* A chip keeps what is written to its scratch register. (Its loop back would
 * tell more, but v86 has none.) */
static bool probe(struct port *p)
{
	if (reg_in(p, LSR) == 0xff)
		return false;
	reg_out(p, SCRATCH, 0x5a);
	return reg_in(p, SCRATCH) == 0x5a;
}

static int make_port(struct port *p, unsigned index)
{
	p->rx.data = kmem_alloc(RX_SIZE);
	p->tx.data = kmem_alloc(TX_SIZE);
	p->rx.size = RX_SIZE;
	p->tx.size = TX_SIZE;
	if (!p->rx.data || !p->tx.data) {
		kmem_free(p->rx.data);
		kmem_free(p->tx.data);
		return -ENOMEM;
	}
	tty_setup(&p->tty, &serial_driver, p,
		  abi_dev(MAJOR_TTY, MINOR_SERIAL + index));
	/* As the chip is set up below, whatever other terminals begin with. */
	p->tty.termios.cflag = B115200 | CS8 | CREAD | HUPCL;
	p->tty.termios.ispeed = p->tty.termios.ospeed = MAX_BAUD;
	p->defer.fn = serial_defer;
	p->lcr = LCR_8BITS;
	p->mcr = MCR_DTR | MCR_RTS | MCR_OUT2;
	p->present = true;
	return arch_irq_register(p->irq, serial_irq, p);
}

static void start_chip(struct port *p)
{
	uint32_t flags = arch_irq_save();

	program(p, MAX_BAUD);
	reg_out(p, FCR, FCR_ENABLE | FCR_TRIGGER_14);
	reg_out(p, MCR, p->mcr);
	set_ier(p, IER_RX | IER_LINE);
	rx_empty(p);	/* what came before us */
	arch_irq_restore(flags);
}

static int serial_open(struct inode *i, struct file *f)
{
	unsigned index = abi_dev_minor(i->rdev) - MINOR_SERIAL;

	assert(index < PORTS);
	return tty_open(&ports[index].tty, f, false);
}

static const struct file_ops serial_ops = { .open = serial_open };

void serial_init(void)
{
	tty_register_driver("serial", "/dev/ttyS", MAJOR_TTY, MINOR_SERIAL,
			    MINOR_SERIAL + PORTS - 1, "serial");
	for (unsigned i = 0; i < PORTS; i++) {
		struct port *p = &ports[i];
		int err;

		if (!probe(p))
			continue;
		err = make_port(p, i);
		p->dev = (struct dev){
			.name = names[i], .number = p->tty.number,
			.mode = 0660, .ops = &serial_ops,
		};
		if (!err)
			err = dev_register(&p->dev);
		if (err) {
			p->present = false;
			log_print(LOG_WARN, "serial: %s: error %d", names[i],
				  -err);
			continue;
		}
		start_chip(p);
		log_print(LOG_INFO, "serial: %s at 0x%x irq %u", names[i],
			  p->base, p->irq);
	}
}
