/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ldisc.c - the line discipline's input half: from typed bytes to lines.
 *
 * Every byte goes through receive_char: translation, signals, flow control,
 * editing, echo, and at last into the ring. In canonical mode the bytes from
 * `lines` to `head` are the line being edited; a delimiter moves `lines` up to
 * `head`. A marked byte ends a line; VEOF is stored as a marked NUL, which
 * readers swallow. The rules are POSIX's (General Terminal Interface) and,
 * where it is silent, Linux's n_tty.
 *
 * Invariants: used <= LDISC_SIZE; a mark stands only between tail and head.
 * Locks: the kernel lock; called by drivers from deferred work or a write.
 */
#include "kernel/dev/inner.h"

enum {	/* IXOFF: when to ask the other side to stop */
	STOP_AT = LDISC_SIZE - 1024,
};

/* -ENOMEM. Opened twice is fine. */
int ldisc_open(struct ldisc *ld)
{
	if (ld->buf)
		return 0;
	ld->buf = kmem_alloc(LDISC_SIZE);
	ld->mark = kmem_zalloc(LDISC_SIZE / 8);
	ld->echo.data = kmem_alloc(ECHO_SIZE);
	if (!ld->buf || !ld->mark || !ld->echo.data) {
		ldisc_close(ld);
		return -ENOMEM;
	}
	ld->echo.size = ECHO_SIZE;
	return 0;
}

void ldisc_close(struct ldisc *ld)
{
	kmem_free(ld->buf);
	kmem_free(ld->mark);
	kmem_free(ld->echo.data);
	memset(ld, 0, sizeof(*ld));
}

static bool is_canonical(const struct tty *t)
{
	return t->termios.lflag & ICANON;
}

static bool is_char(const struct tty *t, unsigned which, uint8_t c)
{
	return t->termios.cc[which] == c && c != 0;
}

/* Those that need IEXTEN as well. */
static bool is_extra(const struct tty *t, unsigned which, uint8_t c)
{
	return (t->termios.lflag & IEXTEN) && is_char(t, which, c);
}

static uint32_t used(const struct ldisc *ld)
{
	return ld->head - ld->tail;
}

static void put(struct ldisc *ld, uint8_t c)
{
	assert(used(ld) < LDISC_SIZE);
	ld->buf[ld->head++ % LDISC_SIZE] = c;
}

/* Readers first? Not while there is room, and not while the one line that
 * fills the ring has no end: that one is cut, or nothing would go on. */
bool ldisc_takes_input(const struct tty *t)
{
	const struct ldisc *ld = &t->ld;

	return used(ld) < LDISC_SIZE - LDISC_RESERVE ||
	       (is_canonical(t) && ld->lines == ld->tail);
}

/* --- erasing --------------------------------------------------------- */

static void finish_erasing(struct tty *t)
{
	if (!t->ld.erasing)
		return;
	t->ld.erasing = false;
	ldisc_echo_byte(t, '/');
}

/* Back over a tab whose byte is the one at head: the width it had depends on
 * the line before it. */
static void erase_tab(struct tty *t)
{
	struct ldisc *ld = &t->ld;
	unsigned column = ld->line_column, width;

	for (uint32_t i = ld->lines; i != ld->head; i++) {
		uint8_t c = ldisc_at(ld, i);

		if (c == '\t')
			column = (column | 7) + 1;
		else if (ldisc_control(c))
			column += t->termios.lflag & ECHOCTL ? 2 : 0;
		else if (!ldisc_continues(t, c))
			column++;
	}
	assert(ldisc_at(ld, ld->head) == '\t');
	for (width = 8 - column % 8; width; width--)
		ldisc_echo_byte(t, '\b');
}

static void rub_out(struct tty *t)
{
	ldisc_echo_byte(t, '\b');
	ldisc_echo_byte(t, ' ');
	ldisc_echo_byte(t, '\b');
}

/* Shows that the character of `size` bytes from head on has gone. */
static void echo_erase(struct tty *t, uint8_t typed, bool word, unsigned size)
{
	struct ldisc *ld = &t->ld;
	uint32_t lflag = t->termios.lflag;
	uint8_t c = ldisc_at(ld, ld->head);

	if (!(lflag & ECHO))
		return;
	if (lflag & ECHOPRT) {
		if (!ld->erasing)
			ldisc_echo_byte(t, '\\');
		ld->erasing = true;
		ldisc_echo_char(t, c);
		for (unsigned i = 1; i < size; i++)
			ldisc_echo_byte(t, ldisc_at(ld, ld->head + i));
	} else if (!word && !(lflag & ECHOE)) {
		ldisc_echo_char(t, typed);
	} else if (c == '\t') {
		erase_tab(t);
	} else {
		if (ldisc_control(c) && (lflag & ECHOCTL))
			rub_out(t);
		if (!ldisc_control(c) || (lflag & ECHOCTL))
			rub_out(t);
	}
}

static bool in_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       c == '_' || c >= 0xc0;
}

/* VERASE takes one character, VWERASE a word with what follows it, VKILL all
 * of the line. */
static void erase(struct tty *t, unsigned kind)
{
	struct ldisc *ld = &t->ld;
	uint8_t typed = t->termios.cc[kind], c;
	bool seen_word = false;

	assert(is_canonical(t) && ld->head - ld->lines <= used(ld));
	while (ld->head != ld->lines) {
		uint32_t at = ld->head;

		do
			c = ldisc_at(ld, --at);
		while (ldisc_continues(t, c) && at != ld->lines);
		if (ldisc_continues(t, c))
			break;	/* a torn character: it stays */
		if (kind == VWERASE) {
			if (in_word(c))
				seen_word = true;
			else if (seen_word)
				break;
		}
		unsigned size = ld->head - at;

		ld->head = at;
		echo_erase(t, typed, kind != VERASE, size);
		if (kind == VERASE)
			break;
	}
	if (ld->head == ld->lines)
		finish_erasing(t);
}

static void kill_line(struct tty *t)
{
	const uint32_t pretty = ECHOK | ECHOKE | ECHOE;
	struct ldisc *ld = &t->ld;
	uint32_t lflag = t->termios.lflag;

	assert(is_canonical(t) && ld->head - ld->lines <= used(ld));
	if (ld->head == ld->lines)
		return;
	if ((lflag & ECHO) && (lflag & pretty) == pretty) {
		erase(t, VKILL);
		return;
	}
	ld->head = ld->lines;
	if (!(lflag & ECHO))
		return;
	finish_erasing(t);
	ldisc_echo_char(t, t->termios.cc[VKILL]);
	if (lflag & ECHOK)
		ldisc_echo_byte(t, '\n');
}

static void reprint(struct tty *t)
{
	struct ldisc *ld = &t->ld;

	finish_erasing(t);
	ldisc_echo_char(t, t->termios.cc[VREPRINT]);
	ldisc_echo_byte(t, '\n');
	for (uint32_t i = ld->lines; i != ld->head; i++)
		ldisc_echo_char(t, ldisc_at(ld, i));
}

/* --- one byte -------------------------------------------------------- */

/* The echo of what goes into the line. newline: the cursor is to go to the
 * next line; a '\n' that is only data shows as ^J. */
static void echo_input(struct tty *t, uint8_t c, bool newline)
{
	struct ldisc *ld = &t->ld;

	if (!(t->termios.lflag & ECHO))
		return;
	finish_erasing(t);
	if (newline) {
		ldisc_echo_byte(t, c);
		return;
	}
	if (ld->head == ld->lines)
		ld->line_column = ld->column;
	ldisc_echo_char(t, c);
}

static void end_line(struct tty *t, uint8_t c)
{
	struct ldisc *ld = &t->ld;

	assert(ld->head - ld->lines <= used(ld));
	if (used(ld) == LDISC_SIZE)
		ld->head--;	/* the end is worth more than the last byte */
	ldisc_mark(ld, ld->head);
	put(ld, c);
	ld->lines = ld->head;
}

/* An ordinary character. A canonical line that is full drops it, with a bell:
 * nothing would ever read it. The last place is the delimiter's. */
static void store(struct tty *t, uint8_t c, bool newline)
{
	struct ldisc *ld = &t->ld;
	bool twice = c == 0xff && (t->termios.iflag & PARMRK);

	if (is_canonical(t) && used(ld) + 1 + twice >= LDISC_SIZE) {
		if (t->termios.iflag & IMAXBEL)
			ldisc_echo_byte(t, '\a');
		return;
	}
	echo_input(t, c, newline);
	if (twice)
		put(ld, c);
	put(ld, c);
}

static void signal_char(struct tty *t, int sig, uint8_t c)
{
	assert(sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP);
	if (!(t->termios.lflag & NOFLSH)) {
		ldisc_echo_forget(t);
		if (t->driver->flush)
			t->driver->flush(t);
		ldisc_flush_input(t);
	}
	if ((t->termios.iflag & IXON) && !t->stopped_by_call)
		tty_set_stopped(t, false);
	if (t->termios.lflag & ECHO)
		ldisc_echo_char(t, c);
	tty_signal(t, sig);
}

/* VINTR and its like. true: it was one, and is done. */
static bool take_signal(struct tty *t, uint8_t c)
{
	if (!(t->termios.lflag & ISIG))
		return false;
	if (is_char(t, VINTR, c))
		signal_char(t, SIGINT, c);
	else if (is_char(t, VQUIT, c))
		signal_char(t, SIGQUIT, c);
	else if (is_char(t, VSUSP, c))
		signal_char(t, SIGTSTP, c);
	else
		return false;
	return true;
}

static bool take_flow(struct tty *t, uint8_t c)
{
	bool start = is_char(t, VSTART, c), stop = is_char(t, VSTOP, c);

	if (!(t->termios.iflag & IXON))
		return false;
	/* What TCOOFF stopped no key starts again. */
	if (stop)
		tty_set_stopped(t, true);
	else if ((start || (t->termios.iflag & IXANY)) && !t->stopped_by_call)
		tty_set_stopped(t, false);
	return start || stop;
}

/* Editing and the ends of lines. true: done. */
static bool take_canonical(struct tty *t, uint8_t c)
{
	uint32_t lflag = t->termios.lflag;

	if (is_char(t, VERASE, c)) {
		erase(t, VERASE);
	} else if (is_char(t, VKILL, c)) {
		kill_line(t);
	} else if (is_extra(t, VWERASE, c)) {
		erase(t, VWERASE);
	} else if (is_extra(t, VLNEXT, c)) {
		t->ld.literal = true;
		if (lflag & ECHO) {
			finish_erasing(t);
			if (lflag & ECHOCTL) {
				ldisc_echo_byte(t, '^');
				ldisc_echo_byte(t, '\b');
			}
		}
	} else if ((lflag & ECHO) && is_extra(t, VREPRINT, c)) {
		reprint(t);
	} else if (c == '\n') {
		if (lflag & (ECHO | ECHONL)) {
			finish_erasing(t);
			ldisc_echo_byte(t, c);
		}
		end_line(t, c);
	} else if (is_char(t, VEOF, c)) {
		end_line(t, '\0');
	} else if (is_char(t, VEOL, c) || is_extra(t, VEOL2, c)) {
		echo_input(t, c, false);
		end_line(t, c);
	} else {
		return false;
	}
	return true;
}

static void receive_char(struct tty *t, uint8_t c)
{
	uint32_t iflag = t->termios.iflag;
	bool newline = false;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if ((iflag & IUCLC) && (t->termios.lflag & IEXTEN) && c >= 'A' &&
	    c <= 'Z')
		c += 'a' - 'A';
	if (t->ld.literal) {
		t->ld.literal = false;
		store(t, c, false);
		return;
	}
	if (take_flow(t, c) || take_signal(t, c))
		return;
	if (c == '\r') {
		if (iflag & IGNCR)
			return;
		newline = iflag & ICRNL;
		if (newline)
			c = '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		c = '\r';
	}
	if (is_canonical(t) && take_canonical(t, c))
		return;
	store(t, c, newline);
}

/* --- from the driver ------------------------------------------------- */

/* Nothing in the modes asks to look at the bytes. */
static bool is_transparent(const struct tty *t)
{
	const uint32_t iflags = ISTRIP | IUCLC | INLCR | IGNCR | ICRNL | IXON |
				PARMRK;

	return !(t->termios.iflag & iflags) && !t->ld.literal &&
	       !(t->termios.lflag & (ICANON | ECHO | ISIG));
}

static unsigned receive_raw(struct ldisc *ld, const uint8_t *p, unsigned n)
{
	uint32_t at = ld->head % LDISC_SIZE, first;

	assert(used(ld) <= LDISC_SIZE);
	n = min_u32(n, LDISC_SIZE - used(ld));
	first = min_u32(n, LDISC_SIZE - at);
	memcpy(ld->buf + at, p, first);
	memcpy(ld->buf, p + first, n - first);
	ld->head += n;
	return n;
}

static void arrived(struct tty *t)
{
	struct ldisc *ld = &t->ld;

	assert(ld->buf && used(ld) <= LDISC_SIZE);
	if ((t->termios.iflag & IXOFF) && !ld->sent_stop &&
	    used(ld) >= STOP_AT && t->driver->room(t) &&
	    t->driver->write(t, &t->termios.cc[VSTOP], 1))
		ld->sent_stop = true;
	if (ldisc_readable(t, true))
		sleep_wake(&t->read_wait);
}

/* A terminal that nobody has open forgets its input. */
unsigned ldisc_receive(struct tty *t, const uint8_t *p, unsigned n)
{
	unsigned done = 0;

	if (!t->ld.buf)
		return n;
	assert(t->ld.head - t->ld.tail <= LDISC_SIZE);
	if (is_transparent(t)) {
		done = receive_raw(&t->ld, p, n);
	} else {
		while (done < n && ldisc_takes_input(t))
			receive_char(t, p[done++]);
		ldisc_echo_flush(t);
	}
	if (done < n)
		t->ld.throttled = true;
	arrived(t);
	assert(done <= n);
	return done;
}

/* A break, or a byte with bad parity (termios(3): IGNBRK BRKINT IGNPAR). */
void ldisc_receive_error(struct tty *t, enum ldisc_error what, uint8_t c)
{
	uint32_t iflag = t->termios.iflag;
	struct ldisc *ld = &t->ld;

	if (!ld->buf || used(ld) + LDISC_RESERVE >= LDISC_SIZE)
		return;
	if (what == LDISC_BREAK) {
		c = 0;
		if (iflag & IGNBRK)
			return;
		if (iflag & BRKINT) {
			if (!(t->termios.lflag & NOFLSH))
				ldisc_flush_input(t);
			tty_signal(t, SIGINT);
			return;
		}
	} else if (iflag & IGNPAR) {
		return;
	}
	if (iflag & PARMRK) {
		put(ld, 0xff);
		put(ld, 0);
		put(ld, c);
	} else {
		put(ld, 0);
	}
	arrived(t);
}

void ldisc_flush_input(struct tty *t)
{
	struct ldisc *ld = &t->ld;

	if (!ld->buf)
		return;
	if (ld->marks)
		memset(ld->mark, 0, LDISC_SIZE / 8);
	ld->marks = 0;
	ld->tail = ld->lines = ld->head;
	assert(used(ld) == 0);
	ld->literal = ld->erasing = false;
	if (t->driver->input_flushed)
		t->driver->input_flushed(t);
	ldisc_consumed(t);
}

/* Some input is gone. Half a ring of room, or none but an unfinished line,
 * before the driver is asked for more: not a wake-up for every byte. */
void ldisc_consumed(struct tty *t)
{
	struct ldisc *ld = &t->ld;

	assert(used(ld) <= LDISC_SIZE);
	if (used(ld) > LDISC_SIZE / 2 &&
	    !(is_canonical(t) && ld->lines == ld->tail))
		return;
	if (ld->sent_stop && t->driver->room(t) &&
	    t->driver->write(t, &t->termios.cc[VSTART], 1))
		ld->sent_stop = false;
	if (!ld->throttled)
		return;
	ld->throttled = false;
	if (t->driver->unthrottle)
		t->driver->unthrottle(t);
}

/* What lies in the ring when canonical mode begins counts as one line. */
void ldisc_termios_changed(struct tty *t, const struct abi_termios2 *old)
{
	struct ldisc *ld = &t->ld;

	if (!ld->buf)
		return;
	if ((old->lflag ^ t->termios.lflag) & ICANON) {
		ld->lines = ld->head;
		ld->erasing = ld->literal = false;
		if (is_canonical(t) && used(ld) &&
		    !ldisc_marked(ld, ld->head - 1))
			ldisc_mark(ld, ld->head - 1);
		sleep_wake(&t->read_wait);
	}
	if ((old->iflag & ~t->termios.iflag & IXON) && !t->stopped_by_call)
		tty_set_stopped(t, false);
	ldisc_consumed(t);
}
