/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c - where kernel messages go, and what /dev/console is.
 *
 * Each console=NAME on the command line names one: ttyS0..3 or tty1 (also
 * tty0). All named ones get kernel messages; the last is /dev/console. With
 * none named: messages to ttyS0 and the screen, /dev/console is ttyS0.
 *
 * Locks: the kernel lock; the sink is called in any context.
 */
#include "kernel/dev/inner.h"

enum { SERIALS = 4, NAME_LEN = 16 };

static bool to_screen;
static bool to_serial[SERIALS];
static struct tty *console;	/* NULL: none at all */

static void sink(const char *text, size_t n)
{
	for (unsigned i = 0; i < SERIALS; i++)
		if (to_serial[i])
			serial_log(i, text, n);
	if (to_screen)
		vga_log(text, n);
}

/* For the panic path and power-off. Any context. */
void dev_console_flush(void)
{
	for (unsigned i = 0; i < SERIALS; i++)
		serial_flush(i);
	vga_flush();
}

static int console_open(struct inode *i, struct file *f)
{
	(void)i;
	return console ? tty_open(console, f, true) : -ENODEV;
}

static const struct file_ops console_ops = { .open = console_open };
static struct dev console_dev = {
	.name = "console", .mode = 0600, .ops = &console_ops,
};

/* "ttyS1,115200n8" or "tty1"; options behind the comma are the chip's as it
 * is. Unknown and absent ones are passed over. */
static void use(const char *name)
{
	char plain[NAME_LEN];
	char *comma;

	str_copy(plain, name, sizeof(plain));
	comma = strchr(plain, ',');
	if (comma)
		*comma = '\0';
	if (!strncmp(plain, "ttyS", 4) && plain[4] >= '0' &&
	    plain[4] < '0' + SERIALS && !plain[5]) {
		unsigned port = plain[4] - '0';

		if (!serial_tty(port))
			return;
		to_serial[port] = true;
		console = serial_tty(port);
	} else if (!strcmp(plain, "tty") || !strcmp(plain, "tty0") ||
		   !strcmp(plain, "tty1")) {
		if (!vga_tty())
			return;
		to_screen = true;
		console = vga_tty();
	}
}

/* cmdline_value gives one of a key's values; here all count, in order. */
static void use_named(void)
{
	static const char key[] = "console=";
	const char *at = cmdline_get();

	while ((at = strstr(at, key))) {
		bool begins = at == cmdline_get() || at[-1] == ' ';
		char word[NAME_LEN];
		size_t n = 0;

		at += sizeof(key) - 1;
		if (!begins)
			continue;
		while (at[n] && at[n] != ' ' && n < sizeof(word) - 1) {
			word[n] = at[n];
			n++;
		}
		word[n] = '\0';
		use(word);
	}
}

void console_init(void)
{
	use_named();
	if (!console) {
		use("tty1");
		use("ttyS0");	/* the last, where there is one */
	}
	console_dev.number = abi_dev(MAJOR_TTYAUX, 1);
	if (dev_register(&console_dev))
		panic("console: no memory for /dev/console");
	tty_register_driver("/dev/console", "/dev/console", MAJOR_TTYAUX, 1, 1,
			    "system:console");
	log_sink_set(sink);
}
