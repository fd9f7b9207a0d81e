/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tty_ioctl.c - what can be asked of a terminal: modes, sizes, queues.
 *
 * Numbers, structs and errors are Linux's (ioctl_tty(2)). A pty's master asks
 * about its slave through the same door, with master = true.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

static const uint32_t bauds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600,
	19200, 38400,
};
static const uint32_t fast_bauds[] = {	/* from 0x1001 on */
	57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000,
	1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

/* Bits per second of the modes' speed; 0 is "hang up". */
uint32_t tty_baud(const struct abi_termios2 *t)
{
	uint32_t code = t->cflag & CBAUD;

	if (code < ARRAY_LEN(bauds))
		return bauds[code];
	if (code == BOTHER)
		return t->ospeed;
	return fast_bauds[code - BOTHER - 1];
}

/* --- modes ----------------------------------------------------------- */

enum layout { LAYOUT_TERMIO, LAYOUT_TERMIOS, LAYOUT_TERMIOS2 };
enum when { WHEN_NOW, WHEN_DRAINED, WHEN_FLUSHED };

static void from_termio(struct abi_termios2 *t, const struct abi_termio *o)
{
	t->iflag = (t->iflag & 0xffff0000) | o->iflag;
	t->oflag = (t->oflag & 0xffff0000) | o->oflag;
	t->cflag = (t->cflag & 0xffff0000) | o->cflag;
	t->lflag = (t->lflag & 0xffff0000) | o->lflag;
	t->line = o->line;
	memcpy(t->cc, o->cc, sizeof(o->cc));
}

static int modes_get(struct tty *t, enum layout layout, uint32_t arg)
{
	const struct abi_termios2 *m = &t->termios;
	struct abi_termio o;

	if (layout == LAYOUT_TERMIOS)
		return user_copy_out(arg, m, TERMIOS_SIZE);
	if (layout == LAYOUT_TERMIOS2)
		return user_copy_out(arg, m, sizeof(*m));
	memset(&o, 0, sizeof(o));
	o.iflag = m->iflag;
	o.oflag = m->oflag;
	o.cflag = m->cflag;
	o.lflag = m->lflag;
	o.line = m->line;
	memcpy(o.cc, m->cc, sizeof(o.cc));
	return user_copy_out(arg, &o, 18);
}

static int modes_in(struct abi_termios2 *m, enum layout layout, uint32_t arg)
{
	struct abi_termio o;
	int err;

	switch (layout) {
	case LAYOUT_TERMIO:
		err = user_copy_in(&o, arg, 18);
		if (!err)
			from_termio(m, &o);
		return err;
	case LAYOUT_TERMIOS:
		err = user_copy_in(m, arg, TERMIOS_SIZE);
		if (!err && (m->cflag & CBAUD) != BOTHER)
			m->ispeed = m->ospeed = tty_baud(m);
		return err;
	case LAYOUT_TERMIOS2:
		err = user_copy_in(m, arg, sizeof(*m));
		if (!err && (m->cflag & CBAUD) != BOTHER)
			m->ispeed = m->ospeed = tty_baud(m);
		return err;
	}
	return -EINVAL;
}

static int modes_set(struct tty *t, enum layout layout, enum when when,
		     uint32_t arg)
{
	struct abi_termios2 now = t->termios, old;
	int err = tty_check_background(t, SIGTTOU);

	if (!err)
		err = modes_in(&now, layout, arg);
	if (err)
		return err;
	if (when == WHEN_FLUSHED)
		ldisc_flush_input(t);
	if (when != WHEN_NOW) {
		err = tty_drain(t);
		if (err)
			return err;
	}
	old = t->termios;
	now.line = 0;	/* n_tty is the only line discipline */
	t->termios = now;
	if (t->driver->set_termios)
		t->driver->set_termios(t, &old);
	ldisc_termios_changed(t, &old);
	return 0;
}

/* true: cmd is one of the mode calls, and *err its result. */
static bool modes_ioctl(struct tty *t, uint32_t cmd, uint32_t arg, int *err)
{
	switch (cmd) {
	case TCGETS:
		*err = modes_get(t, LAYOUT_TERMIOS, arg);
		return true;
	case TCGETA:
		*err = modes_get(t, LAYOUT_TERMIO, arg);
		return true;
	case TCGETS2:
		*err = modes_get(t, LAYOUT_TERMIOS2, arg);
		return true;
	case TCSETS: case TCSETSW: case TCSETSF:
		*err = modes_set(t, LAYOUT_TERMIOS, cmd - TCSETS, arg);
		return true;
	case TCSETA: case TCSETAW: case TCSETAF:
		*err = modes_set(t, LAYOUT_TERMIO, cmd - TCSETA, arg);
		return true;
	case TCSETS2: case TCSETSW2: case TCSETSF2:
		*err = modes_set(t, LAYOUT_TERMIOS2, cmd - TCSETS2, arg);
		return true;
	default:
		return false;
	}
}

/* --- size, queues, flow ---------------------------------------------- */

static int size_set(struct tty *t, uint32_t arg)
{
	struct abi_winsize w;
	int err = user_copy_in(&w, arg, sizeof(w));

	if (err || !memcmp(&w, &t->winsize, sizeof(w)))
		return err;
	t->winsize = w;
	tty_signal(t, SIGWINCH);
	return 0;
}

static int flush(struct tty *t, uint32_t which)
{
	int err = tty_check_background(t, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		ldisc_flush_input(t);
	if (which != TCIFLUSH) {
		ldisc_echo_forget(t);
		if (t->driver->flush)
			t->driver->flush(t);
		tty_wake_writers(t);
	}
	return 0;
}

static int flow(struct tty *t, uint32_t what)
{
	int err = tty_check_background(t, SIGTTOU);
	uint8_t c;

	if (err)
		return err;
	switch (what) {
	case TCOOFF:
		t->stopped_by_call = true;
		tty_set_stopped(t, true);
		return 0;
	case TCOON:
		t->stopped_by_call = false;
		tty_set_stopped(t, false);
		return 0;
	case TCIOFF:
	case TCION:
		c = t->termios.cc[what == TCIOFF ? VSTOP : VSTART];
		if (c && t->driver->room(t))
			t->driver->write(t, &c, 1);
		return 0;
	default:
		return -EINVAL;
	}
}

/* tcdrain(3) and tcsendbreak(3). */
static int drain_or_break(struct tty *t, bool send)
{
	struct sleep_queue nobody;
	int err = tty_check_background(t, SIGTTOU);

	if (!err)
		err = tty_drain(t);
	if (err || !send || !t->driver->send_break)
		return err;
	t->driver->send_break(t, true);
	sleep_queue_init(&nobody);
	err = sleep_on(&nobody, SLEEP_SIGNAL, arch_clock_ns() + 250 * NS_PER_MS);
	t->driver->send_break(t, false);
	return err == -EINTR ? -EINTR : 0;
}

/* One byte as if it had been typed. Always privileged: it makes a terminal
 * say what its user did not. */
static int type_in(struct tty *t, struct thread *me, uint32_t arg)
{
	uint8_t c;
	int err = priv_check(me->cred, PRIV_TTY_STI);

	if (!err)
		err = user_copy_in(&c, arg, 1);
	if (!err)
		ldisc_receive(t, &c, 1);
	return err;
}

static int modem(struct tty *t, uint32_t cmd, uint32_t arg)
{
	uint32_t bits;
	int now, err;

	if (!t->driver->modem_get)
		return -ENOTTY;
	now = t->driver->modem_get(t);
	if (cmd == TIOCMGET)
		return user_put32(arg, now);
	err = user_get32(arg, &bits);
	if (err)
		return err;
	if (cmd == TIOCMBIS)
		bits = (uint32_t)now | bits;
	else if (cmd == TIOCMBIC)
		bits = (uint32_t)now & ~bits;
	t->driver->modem_set(t, bits);
	return 0;
}

static int put_pending(struct tty *t, uint32_t arg)
{
	return user_put32(arg, t->driver->pending ? t->driver->pending(t) : 0);
}

static int software_carrier(struct tty *t, bool set, uint32_t arg)
{
	uint32_t on;
	int err;

	if (!set)
		return user_put32(arg, t->termios.cflag & CLOCAL ? 1 : 0);
	err = user_get32(arg, &on);
	if (!err)
		t->termios.cflag = (t->termios.cflag & ~CLOCAL) |
				   (on ? CLOCAL : 0);
	return err;
}

static int line_set(uint32_t arg)
{
	uint32_t line;
	int err = user_get32(arg, &line);

	return err ? err : line ? -EINVAL : 0;
}

/* -ENOTTY: no such call. Sleeps. */
int tty_ioctl_on(struct tty *t, struct thread *me, struct file *f, bool master,
		 uint32_t cmd, uint32_t arg)
{
	int err;

	if (modes_ioctl(t, cmd, arg, &err))
		return err;
	switch (cmd) {
	case TIOCGWINSZ:
		return user_copy_out(arg, &t->winsize, sizeof(t->winsize));
	case TIOCSWINSZ:
		return size_set(t, arg);
	case FIONREAD:
		return user_put32(arg, ldisc_input_size(t));
	case TIOCOUTQ:
		return put_pending(t, arg);
	case TCFLSH:
		return flush(t, arg);
	case TCXONC:
		return flow(t, arg);
	case TCSBRK:
		return drain_or_break(t, arg == 0);
	case TCSBRKP:
		return drain_or_break(t, true);
	case TIOCSBRK: case TIOCCBRK:
		if (t->driver->send_break)
			t->driver->send_break(t, cmd == TIOCSBRK);
		return 0;
	case TIOCSTI:
		return type_in(t, me, arg);
	case TIOCEXCL: case TIOCNXCL:
		t->exclusive = cmd == TIOCEXCL;
		return 0;
	case TIOCGEXCL:
		return user_put32(arg, t->exclusive);
	case TIOCGDEV:
		return user_put32(arg, t->number);
	case TIOCGETD:
		return user_put32(arg, 0);
	case TIOCSETD:
		return line_set(arg);
	case TIOCMGET: case TIOCMBIS: case TIOCMBIC: case TIOCMSET:
		return modem(t, cmd, arg);
	case TIOCGSOFTCAR: case TIOCSSOFTCAR:
		return software_carrier(t, cmd == TIOCSSOFTCAR, arg);
	default:
		return tty_session_ioctl(t, me, f, master, cmd, arg);
	}
}
