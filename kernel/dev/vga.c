/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vga.c - the VGA's text screen as tty1, with scrollback.
 *
 * Writers change the screen in memory (vt.c); the rows that changed go to the
 * VGA a few milliseconds later, all at once. Text that scrolls through faster
 * than anybody could read it costs nothing but memory copies.
 *
 * A VGA that nobody has initialised (v86 without a BIOS) takes writes and
 * shows nothing; where even that fails there is no tty1.
 *
 * Locks: the kernel lock; vga_log and vga_flush come from any context, and
 * keep interrupts off while they change the screen.
 */
#include "kernel/dev/inner.h"

enum {
	TEXT_PHYS = 0xb8000, TEXT_SIZE = 4096,
	CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5,
	CRTC_CURSOR_START = 0x0a, CRTC_START_HIGH = 0x0c, CRTC_START_LOW = 0x0d,
	CRTC_CURSOR_HIGH = 0x0e, CRTC_CURSOR_LOW = 0x0f,
	CURSOR_HIDDEN = 0x20, CURSOR_LINE = 0x0e,
	FLUSH_MS = 8,
	ROOM = 4096,
	PIECE = 128,	/* written with interrupts off */
	ANSWERS = 64,
};

static struct tty tty1;
static struct vt screen;
static volatile uint32_t *text;		/* NULL: no VGA */
static struct timer flush_timer;
static unsigned view;			/* rows scrolled back */
static uint16_t cursor_at = UINT16_MAX;
static bool cursor_shown = true;
static char answers[ANSWERS];
static unsigned answer_count;

static void crtc(unsigned index, uint8_t v)
{
	arch_outb(CRTC_INDEX, index);
	arch_outb(CRTC_DATA, v);
}

static void draw_row(unsigned row, const uint16_t *cells)
{
	assert(row < VT_ROWS);
	volatile uint32_t *to = text + row * VT_COLS / 2;

	for (unsigned i = 0; i < VT_COLS / 2; i++)
		to[i] = cells[2 * i] | (uint32_t)cells[2 * i + 1] << 16;
}

static void draw_cursor(void)
{
	bool show = screen.cursor_on && !view;
	uint16_t at = screen.pen.row * VT_COLS + screen.pen.col;

	assert(screen.pen.row < VT_ROWS && screen.pen.col < VT_COLS);
	if (show != cursor_shown) {
		crtc(CRTC_CURSOR_START, show ? CURSOR_LINE : CURSOR_HIDDEN);
		cursor_shown = show;
	}
	if (at == cursor_at)
		return;
	cursor_at = at;
	crtc(CRTC_CURSOR_HIGH, at >> 8);
	crtc(CRTC_CURSOR_LOW, at & 0xff);
}

/* Row r of what is in view, history first. */
static const uint16_t *row_in_view(unsigned r)
{
	unsigned first;

	assert(r < VT_ROWS && view <= screen.history_count);
	if (r >= view)
		return screen.cell[r - view];
	first = screen.history_next + VT_HISTORY - view;
	return screen.history + (first + r) % VT_HISTORY * VT_COLS;
}

static void flush(void)
{
	uint32_t dirty = view ? (1u << VT_ROWS) - 1 : screen.dirty;

	for (unsigned row = 0; row < VT_ROWS; row++)
		if (dirty & (1u << row))
			draw_row(row, row_in_view(row));
	screen.dirty = 0;
	draw_cursor();
}

static void flush_later(void)
{
	if (!flush_timer.armed)
		timer_set_ms(&flush_timer, FLUSH_MS);
}

static void flush_now(void *arg)
{
	(void)arg;
	flush();
}

/* Any output brings the present back. */
static void to_present(void)
{
	if (!view)
		return;
	view = 0;
	screen.dirty = (1u << VT_ROWS) - 1;
}

void vga_scroll_back(int lines)
{
	int to = lines ? (int)view + lines : 0;

	if (!text || !screen.history)
		return;
	if (to < 0)
		to = 0;
	to = min_u32(to, screen.history_count);
	if ((unsigned)to == view)
		return;
	view = to;
	assert(view <= screen.history_count);
	screen.dirty = (1u << VT_ROWS) - 1;
	flush();
}

bool vga_app_cursor(void)
{
	return screen.app_cursor;
}

/* --- answers: what the terminal says to a program that asks ---------- */

/* Not at once: the question may be in the middle of an echo. */
static void send_answers(struct defer *d)
{
	unsigned n = answer_count;

	assert(n <= ANSWERS);
	(void)d;
	answer_count = 0;
	ldisc_receive(&tty1, (const uint8_t *)answers, n);
}

static struct defer answer_defer = { .fn = send_answers };

static void answer(const char *what, unsigned n)
{
	if (answer_count + n > ANSWERS)
		return;
	memcpy(answers + answer_count, what, n);
	answer_count += n;
	defer_raise(&answer_defer);
}

/* --- the driver ------------------------------------------------------ */

static unsigned vga_write(struct tty *t, const uint8_t *p, unsigned n)
{
	(void)t;
	for (unsigned done = 0, part; done < n; done += part) {
		uint32_t flags = arch_irq_save();

		part = min_u32(n - done, PIECE);
		to_present();
		vt_write(&screen, p + done, part);
		arch_irq_restore(flags);
	}
	flush_later();
	return n;
}

static unsigned vga_room(struct tty *t)
{
	(void)t;
	return ROOM;
}

static const struct tty_driver vga_driver = {
	.name = "tty", .write = vga_write, .room = vga_room,
};

struct tty *vga_tty(void)
{
	return text ? &tty1 : NULL;
}

/* A kernel message: begins on a line of its own state, ends so. The timer may
 * not be touched here, so it is drawn at once. */
void vga_log(const char *message, size_t n)
{
	uint32_t flags;
	uint8_t state;

	if (!text)
		return;
	flags = arch_irq_save();
	state = screen.state;
	screen.state = VT_GROUND;
	to_present();
	for (size_t i = 0; i < n; i++) {
		if (message[i] == '\n')
			vt_write(&screen, (const uint8_t *)"\r", 1);
		vt_write(&screen, (const uint8_t *)message + i, 1);
	}
	screen.state = state;
	flush();
	arch_irq_restore(flags);
}

void vga_flush(void)
{
	if (text) {
		to_present();
		flush();
	}
}

static int vga_open(struct inode *i, struct file *f)
{
	unsigned flags = f->flags;
	int err;

	/* tty0 means "the screen in front": it gives no control, as Linux. */
	if (abi_dev_minor(i->rdev) == 0)
		f->flags |= O_NOCTTY;
	err = tty_open(&tty1, f, false);
	f->flags = flags;
	return err;
}

static const struct file_ops vga_ops = { .open = vga_open };
static struct dev devices[] = {
	{ .name = "tty0", .number = 0, .mode = 0620, .ops = &vga_ops },
	{ .name = "tty1", .number = 1, .mode = 0620, .ops = &vga_ops },
};

/* Does text memory keep what is written to it? */
static bool probe(void)
{
	uint32_t old = text[0];
	bool good;

	text[0] = 0x07550741;
	good = text[0] == 0x07550741;
	text[0] = old;
	return good;
}

void vga_init(void)
{
	text = kmem_map_device(TEXT_PHYS, TEXT_SIZE);
	if (!text || !probe()) {
		text = NULL;
		return;
	}
	tty_setup(&tty1, &vga_driver, NULL, abi_dev(MAJOR_TTY, 1));
	tty1.winsize = (struct abi_winsize){ .rows = VT_ROWS, .cols = VT_COLS };
	tty1.termios.iflag |= IUTF8;
	timer_init(&flush_timer, flush_now, NULL);
	/* Without it there is simply no scrollback. */
	screen.history = kmem_alloc(VT_HISTORY * VT_COLS * sizeof(uint16_t));
	screen.answer = answer;
	vt_reset(&screen);
	crtc(CRTC_START_HIGH, 0);
	crtc(CRTC_START_LOW, 0);
	crtc(CRTC_CURSOR_START, CURSOR_LINE);
	flush();
	for (unsigned i = 0; i < ARRAY_LEN(devices); i++) {
		devices[i].number = abi_dev(MAJOR_TTY, devices[i].number);
		if (dev_register(&devices[i]))
			panic("vga: no memory for /dev/%s", devices[i].name);
	}
	tty_register_driver("/dev/vc/0", "/dev/vc/0", MAJOR_TTY, 0, 0,
			    "system:vtmaster");
	tty_register_driver("unknown", "/dev/tty", MAJOR_TTY, 1, 1, "console");
}
