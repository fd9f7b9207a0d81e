/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyboard.c - a PS/2 keyboard behind an i8042, US layout, as input of tty1.
 *
 * The interrupt moves scan codes (set 1, as the controller translates them)
 * into a ring; deferred work turns them into characters and the sequences of
 * the terminal type "linux". Shift-PgUp and Shift-PgDn scroll the screen back.
 *
 * Locks: ring is interrupt data; the rest the kernel lock.
 */
#include "kernel/dev/inner.h"

enum {
	DATA = 0x60, STATUS = 0x64, COMMAND = 0x64, IRQ = 1,
	STATUS_OUT = 1, STATUS_IN = 2, STATUS_MOUSE = 0x20,
	READ_CONFIG = 0x20, WRITE_CONFIG = 0x60, ENABLE_KEYBOARD = 0xae,
	CONFIG_IRQ = 1, CONFIG_OFF = 0x10, CONFIG_TRANSLATE = 0x40,
	ENABLE_SCAN = 0xf4,
	TRIES = 10000, RING = 128, DRAIN_MAX = 64,
	RELEASED = 0x80, PREFIX = 0xe0, PREFIX_PAUSE = 0xe1, ACK = 0xfa,
	CTRL = 0x1d, LSHIFT = 0x2a, RSHIFT = 0x36, ALT = 0x38, CAPS = 0x3a,
	NUM = 0x45, DEL = 0x53, PAGE_UP = 0x49, PAGE_DOWN = 0x51,
	KEYPAD_ENTER = 0x1c, KEYPAD_SLASH = 0x35,
	PAGE_LINES = VT_ROWS / 2,
};

static uint8_t ring_bytes[RING];
static struct ring ring = { .data = ring_bytes, .size = RING };
static struct defer work;
static bool shift[2], ctrl[2], alt[2], caps, num = true;
static bool extended;		/* PREFIX was seen */
static unsigned skip;		/* bytes of Pause still to come */

static const char plain[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*"
	"\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*"
	"\0 ";

/* The keypad from 0x47 on, with and without Num Lock. */
static const char digits[] = "789-456+1230.";
static const char *const pads[] = {
	"\033[1~", "\033[A", "\033[5~", NULL, "\033[D", "\033[G", "\033[C",
	NULL, "\033[4~", "\033[B", "\033[6~", "\033[2~", "\033[3~",
};
/* F1-F10 are 0x3b on, F11 and F12 0x57 and 0x58. */
static const char *const functions[] = {
	"\033[[A", "\033[[B", "\033[[C", "\033[[D", "\033[[E", "\033[17~",
	"\033[18~", "\033[19~", "\033[20~", "\033[21~", "\033[23~", "\033[24~",
};

/* Any terminal may be typed into. */
void keyboard_input(struct tty *t, const char *text, unsigned n)
{
	ldisc_receive(t, (const uint8_t *)text, n);
}

static void type(const char *text, unsigned n)
{
	struct tty *t = vga_tty();

	if (!t)
		return;
	vga_scroll_back(0);
	keyboard_input(t, text, n);
}

/* In application mode the arrows are ESC O x (DECCKM). */
static void type_pad(unsigned i)
{
	const char *s = pads[i];
	char arrow[3] = { '\033', 'O', 0 };

	assert(i < ARRAY_LEN(pads));
	if (!s)
		return;
	if (strlen(s) == 3 && s[2] != 'G' && vga_app_cursor()) {
		arrow[2] = s[2];
		type(arrow, 3);
	} else {
		type(s, strlen(s));
	}
}

/* What Ctrl makes of a character; -1: nothing. */
static int with_ctrl(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (c >= '@' && c <= '_')
		return c & 0x1f;
	switch (c) {
	case ' ': case '2': return 0;
	case '3': return 0x1b;
	case '4': return 0x1c;
	case '5': return 0x1d;
	case '6': return 0x1e;
	case '7': case '/': case '-': return 0x1f;
	case '8': case '?': return 0x7f;
	case '\r': case '\t': case '\033': case 0x7f: return c;
	default: return -1;
	}
}

static void type_char(char c)
{
	char text[2] = { '\033', c };
	bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';

	if (caps && is_letter)
		text[1] = c ^ 32;
	if (ctrl[0] || ctrl[1]) {
		int code = with_ctrl(c);

		if (code < 0)
			return;
		text[1] = code;
	}
	if (alt[0] || alt[1])
		type(text, 2);
	else
		type(text + 1, 1);
}

/* Ctrl-Alt-Del asks process 1, which knows how to go down in order. */
static void ask_reboot(void)
{
	struct cred *host = cred_host_root();
	struct proc *init;

	if (!host)
		return;
	init = proc_find(host, 1);
	cred_drop(host);
	if (!init)
		return;
	signal_post_simple(init, SIGINT);
	proc_drop(init);
}

/* Keys that only change what others mean. true: it was one. */
static bool modifier(uint8_t key, bool down)
{
	switch (key) {
	case LSHIFT: case RSHIFT:
		/* With the prefix it is no key: the controller's own idea of
		 * what Num Lock does. */
		if (!extended)
			shift[key == RSHIFT] = down;
		return true;
	case CTRL: ctrl[extended] = down; return true;
	case ALT: alt[extended] = down; return true;
	case CAPS:
		caps ^= down;
		return true;
	case NUM:
		num ^= down;
		return true;
	default: return false;
	}
}

static void pad_key(uint8_t key)
{
	unsigned i = key - 0x47;
	bool shifts = shift[0] || shift[1];

	assert(key >= 0x47 && key <= DEL);
	if (key == DEL && (ctrl[0] || ctrl[1]) && (alt[0] || alt[1]))
		ask_reboot();
	else if (extended && shifts && key == PAGE_UP)
		vga_scroll_back(PAGE_LINES);
	else if (extended && shifts && key == PAGE_DOWN)
		vga_scroll_back(-PAGE_LINES);
	else if (!extended && (num != shifts || !pads[i]))
		type_char(digits[i]);
	else
		type_pad(i);
}

static void press(uint8_t key)
{
	const char *s;

	assert(!(key & RELEASED));
	if (key >= 0x47 && key <= DEL) {
		pad_key(key);
	} else if (key >= 0x3b && key <= 0x44) {
		s = functions[key - 0x3b];
		type(s, strlen(s));
	} else if (key == 0x57 || key == 0x58) {
		s = functions[key - 0x57 + 10];
		type(s, strlen(s));
	} else if (extended) {
		if (key == KEYPAD_ENTER)
			type_char('\r');
		else if (key == KEYPAD_SLASH)
			type_char('/');
	} else if (key == 0x56) {
		type_char(shift[0] || shift[1] ? '>' : '<');
	} else if (key < sizeof(plain) - 1) {
		char c = shift[0] || shift[1] ? shifted[key] : plain[key];

		if (c)
			type_char(c);
	}
}

static void take(uint8_t code)
{
	if (skip) {
		skip--;
		return;
	}
	if (code == PREFIX) {
		extended = true;
		return;
	}
	if (code == PREFIX_PAUSE) {
		skip = 2;
		return;
	}
	if (code == ACK || code == 0 || code == 0xff)
		return;
	if (!modifier(code & ~RELEASED, !(code & RELEASED)) &&
	    !(code & RELEASED))
		press(code);
	extended = false;
}

static void keyboard_work(struct defer *d)
{
	uint32_t flags;
	uint8_t code = 0;
	bool got;

	assert(sched_locked());
	(void)d;
	do {
		flags = arch_irq_save();
		got = ring_used(&ring);
		if (got)
			code = ring_pop(&ring);
		arch_irq_restore(flags);
		if (got)
			take(code);
	} while (got);
}

static void keyboard_irq(void *arg)
{
	uint8_t status;

	(void)arg;
	for (unsigned i = 0; i < DRAIN_MAX; i++) {
		uint8_t code;

		status = arch_inb(STATUS);
		if (!(status & STATUS_OUT))
			break;
		code = arch_inb(DATA);
		if (status & STATUS_MOUSE)
			continue;
		if (ring_room(&ring))
			ring_push(&ring, code);
		random_stir(&code, 1, 1);
	}
	defer_raise(&work);
}

/* --- the controller -------------------------------------------------- */

static bool can_write(void)
{
	for (unsigned i = 0; i < TRIES; i++)
		if (!(arch_inb(STATUS) & STATUS_IN))
			return true;
	return false;
}

static int read_byte(void)
{
	for (unsigned i = 0; i < TRIES; i++)
		if (arch_inb(STATUS) & STATUS_OUT)
			return arch_inb(DATA);
	return -1;
}

static bool command(uint8_t c)
{
	if (!can_write())
		return false;
	arch_outb(COMMAND, c);
	return true;
}

static bool data(uint8_t c)
{
	if (!can_write())
		return false;
	arch_outb(DATA, c);
	return true;
}

/* Interrupts and translation on, whatever the firmware left. */
static bool start_controller(void)
{
	int config;

	if (arch_inb(STATUS) == 0xff)
		return false;	/* no such chip */
	for (unsigned i = 0; i < DRAIN_MAX && arch_inb(STATUS) & STATUS_OUT; i++)
		arch_inb(DATA);
	if (!command(READ_CONFIG))
		return false;
	config = read_byte();
	if (config < 0)
		return false;
	config = (config & ~CONFIG_OFF) | CONFIG_IRQ | CONFIG_TRANSLATE;
	return command(WRITE_CONFIG) && data(config) &&
	       command(ENABLE_KEYBOARD) && data(ENABLE_SCAN);
}

void keyboard_init(void)
{
	work.fn = keyboard_work;
	if (!vga_tty())
		return;		/* nobody could see what is typed */
	if (arch_irq_register(IRQ, keyboard_irq, NULL)) {
		log_print(LOG_WARN, "keyboard: irq %u is not to be had", IRQ);
		return;
	}
	if (!start_controller())
		log_print(LOG_INFO, "keyboard: none");
}
