/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ldisc_out.c - the line discipline's output half: what OPOST makes of bytes,
 * and the echo.
 *
 * The column of the cursor is followed here, for tabs and for erasing. An echo
 * that the driver has no room for, or that comes while output is stopped,
 * waits in ld->echo, already processed, and goes out before anything else.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum { EXPANSION = 8 };		/* a tab's worth of blanks */

static unsigned room_of(struct tty *t)
{
	return t->stopped ? 0 : t->driver->room(t);
}

static bool is_special(uint8_t c)
{
	return c == '\n' || c == '\r' || c == '\t' || c == '\b';
}

static unsigned expand_newline(struct ldisc *ld, uint32_t oflag, uint8_t *to)
{
	if (oflag & ONLRET)
		ld->column = 0;
	if (oflag & ONLCR) {
		ld->column = ld->line_column = 0;
		to[0] = '\r';
		to[1] = '\n';
		return 2;
	}
	ld->line_column = ld->column;
	to[0] = '\n';
	return 1;
}

static unsigned expand_return(struct ldisc *ld, uint32_t oflag, uint8_t *to)
{
	if ((oflag & ONOCR) && ld->column == 0)
		return 0;
	to[0] = oflag & OCRNL ? '\n' : '\r';
	if (!(oflag & OCRNL) || (oflag & ONLRET))
		ld->column = ld->line_column = 0;
	return 1;
}

/* What c becomes under OPOST; the column moves. Returns 0..EXPANSION bytes. */
static unsigned expand(struct tty *t, uint8_t c, uint8_t to[EXPANSION])
{
	uint32_t oflag = t->termios.oflag;
	struct ldisc *ld = &t->ld;
	unsigned n;

	to[0] = c;
	switch (c) {
	case '\n':
		return expand_newline(ld, oflag, to);
	case '\r':
		return expand_return(ld, oflag, to);
	case '\t':
		n = 8 - ld->column % 8;
		ld->column += n;
		if ((oflag & TABDLY) != XTABS)
			return 1;
		memset(to, ' ', n);
		return n;
	case '\b':
		if (ld->column)
			ld->column--;
		return 1;
	}
	if ((oflag & OLCUC) && c >= 'a' && c <= 'z')
		to[0] = c - ('a' - 'A');
	if (!ldisc_control(c) && !ldisc_continues(t, c))
		ld->column++;
	return 1;
}

/* --- echo ------------------------------------------------------------ */

static void send(struct tty *t, const uint8_t *p, unsigned n)
{
	struct ring *r = &t->ld.echo;

	assert(n <= EXPANSION);
	if (!ring_used(r) && room_of(t) >= n) {
		t->driver->write(t, p, n);
		return;
	}
	/* Whole or not at all: half a sequence would be worse than none. */
	if (ring_room(r) >= n)
		ring_put(r, p, n);
}

void ldisc_echo_byte(struct tty *t, uint8_t c)
{
	uint8_t bytes[EXPANSION];
	unsigned n = 1;

	if (!ring_used(&t->ld.echo))
		t->ld.shown_column = t->ld.column;
	if (t->termios.oflag & OPOST)
		n = expand(t, c, bytes);
	else
		bytes[0] = c;
	send(t, bytes, n);
}

/* ECHOCTL: control characters but tab as ^X. */
void ldisc_echo_char(struct tty *t, uint8_t c)
{
	if ((t->termios.lflag & ECHOCTL) && ldisc_control(c) && c != '\t') {
		ldisc_echo_byte(t, '^');
		c ^= 0x40;
	}
	ldisc_echo_byte(t, c);
}

/* What has not gone out has not moved the cursor either. */
void ldisc_echo_forget(struct tty *t)
{
	if (ring_used(&t->ld.echo))
		t->ld.column = t->ld.shown_column;
	ring_clear(&t->ld.echo);
}

void ldisc_echo_flush(struct tty *t)
{
	struct ring *r = &t->ld.echo;
	uint8_t part[64];
	unsigned n;

	assert(r->size == ECHO_SIZE);
	while (ring_used(r) && (n = min_u32(room_of(t), sizeof(part)))) {
		n = ring_get(r, part, n);
		t->driver->write(t, part, n);
	}
}

/* --- write ----------------------------------------------------------- */

/* The bytes up to the next special one, at most n. */
static unsigned plain_run(struct tty *t, const uint8_t *p, unsigned n)
{
	bool upper = t->termios.oflag & OLCUC;
	unsigned i, columns = 0;

	for (i = 0; i < n; i++) {
		uint8_t c = p[i];

		if (is_special(c) || (upper && c >= 'a' && c <= 'z'))
			break;
		if (!ldisc_control(c) && !ldisc_continues(t, c))
			columns++;
	}
	assert(columns <= i && i <= n);
	t->ld.column += columns;
	return i;
}

/* Takes as much of p as the driver has room for; returns how much. */
unsigned ldisc_write(struct tty *t, const uint8_t *p, unsigned n)
{
	uint8_t bytes[EXPANSION];
	unsigned done = 0, room;

	if (ring_used(&t->ld.echo)) {
		ldisc_echo_flush(t);
		if (ring_used(&t->ld.echo))
			return 0;
	}
	if (!(t->termios.oflag & OPOST)) {
		n = min_u32(n, room_of(t));
		return n ? t->driver->write(t, p, n) : 0;
	}
	while (done < n && (room = room_of(t)) >= EXPANSION) {
		unsigned run = plain_run(t, p + done, min_u32(room, n - done));

		if (run) {
			t->driver->write(t, p + done, run);
			done += run;
			continue;
		}
		run = expand(t, p[done], bytes);
		if (run)
			t->driver->write(t, bytes, run);
		done++;
	}
	assert(done <= n);
	return done;
}
