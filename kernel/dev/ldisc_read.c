/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ldisc_read.c - the line discipline's reading half: lines, or VMIN and VTIME.
 *
 * Bytes go through a small buffer on the stack: copying to user memory may
 * sleep, and the ring must not be in use then. One reader at a time
 * (tty->reading), or two would tear a line apart.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum { CHUNK = 256 };
#define TENTH_NS (100 * NS_PER_MS)

static uint32_t used(const struct ldisc *ld)
{
	return ld->head - ld->tail;
}

bool ldisc_readable(const struct tty *t, bool poll)
{
	const struct abi_termios2 *m = &t->termios;
	unsigned want = 1;

	if (!t->ld.buf)
		return false;
	if (m->lflag & ICANON)
		return t->ld.lines != t->ld.tail;
	if (poll && !m->cc[VTIME] && m->cc[VMIN])
		want = m->cc[VMIN];
	return used(&t->ld) >= want;
}

unsigned ldisc_input_size(const struct tty *t)
{
	const struct ldisc *ld = &t->ld;
	unsigned n;

	if (!ld->buf)
		return 0;
	if (!(t->termios.lflag & ICANON))
		return used(ld);
	n = ld->lines - ld->tail;
	for (uint32_t i = ld->tail; i != ld->lines; i++)
		if (ldisc_marked(ld, i) && !ldisc_at(ld, i))
			n--;	/* VEOF is nothing to read */
	assert(n <= LDISC_SIZE);
	return n;
}

/*
 * Up to n bytes of the first line. *end: its delimiter is consumed. When the
 * bytes end just before a VEOF, that goes too: or the next read would be
 * told of an end of file that came behind a text.
 */
unsigned ldisc_take_line(struct ldisc *ld, uint8_t *to, unsigned n, bool *end)
{
	unsigned done = 0;

	assert(n > 0 && ld->buf);
	*end = false;
	assert(ld->lines - ld->tail <= LDISC_SIZE);
	while (ld->tail != ld->lines) {
		uint8_t c = ldisc_at(ld, ld->tail);
		bool marked = ldisc_marked(ld, ld->tail);

		if (done == n && !(marked && c == 0))
			break;
		if (marked)
			ldisc_unmark(ld, ld->tail);
		ld->tail++;
		if (!marked || c != 0)
			to[done++] = c;
		if (marked) {
			*end = true;
			break;
		}
	}
	return done;
}

/* Up to n bytes; the VEOFs of an earlier canonical mode are left out. */
unsigned ldisc_take_raw(struct ldisc *ld, uint8_t *to, unsigned n)
{
	unsigned done = 0;

	assert(used(ld) <= LDISC_SIZE && ld->marks <= used(ld));
	if (!ld->marks) {
		uint32_t at = ld->tail % LDISC_SIZE, first;

		n = min_u32(n, used(ld));
		first = min_u32(n, LDISC_SIZE - at);
		memcpy(to, ld->buf + at, first);
		memcpy(to + first, ld->buf, n - first);
		ld->tail += n;
		return n;
	}
	while (done < n && ld->tail != ld->head) {
		uint8_t c = ldisc_at(ld, ld->tail);
		bool marked = ldisc_marked(ld, ld->tail);

		if (marked)
			ldisc_unmark(ld, ld->tail);
		ld->tail++;
		if (!marked || c != 0)
			to[done++] = c;
	}
	return done;
}

/* 0, or why there is nothing more to wait for: -EPIPE stands for a hangup,
 * -EAGAIN, -ERESTARTSYS, -ETIMEDOUT. */
static int wait_input(struct tty *t, struct file *f, uint64_t deadline)
{
	int err;

	assert(t->reading);
	if (tty_handle_dead(f->private))
		return -EPIPE;
	if (f->flags & O_NONBLOCK)
		return -EAGAIN;
	err = sleep_on(&t->read_wait, SLEEP_SIGNAL, deadline);
	if (err == -EINTR)
		return -ERESTARTSYS;
	if (tty_handle_dead(f->private))
		return -EPIPE;
	return err;
}

/* What a reader gets that slept when the line went away: from a pty whose
 * master is gone an error, as on Linux, else the end of file. */
static int hangup_result(const struct tty *t)
{
	return t->dead ? -EIO : 0;
}

static int read_lines(struct tty *t, struct file *f, struct user_io *io)
{
	uint8_t chunk[CHUNK];
	int total = 0;
	bool end = false;

	while (!ldisc_readable(t, false)) {
		int err = wait_input(t, f, SLEEP_FOREVER);

		if (err)
			return err == -EPIPE ? hangup_result(t) : err;
		if (!(t->termios.lflag & ICANON))
			return -ERESTARTNOINTR; /* the mode changed: again */
	}
	while (io->left && !end && ldisc_readable(t, false)) {
		unsigned n = ldisc_take_line(&t->ld, chunk,
					     min_u32(io->left, CHUNK), &end);
		int done = n ? user_io_give(io, chunk, n) : 0;

		if (done < 0)
			return total ? total : done;
		assert(done <= (int)n);
		total += done;
		if (tty_handle_dead(f->private))
			break;
	}
	ldisc_consumed(t);
	return total;
}

/* What is there, up to what the reader wants. */
static int give_raw(struct tty *t, struct user_io *io)
{
	uint8_t chunk[CHUNK];
	int total = 0;

	while (io->left && t->ld.buf && used(&t->ld)) {
		unsigned n = ldisc_take_raw(&t->ld, chunk,
					    min_u32(io->left, CHUNK));
		int done = user_io_give(io, chunk, n);

		if (done < 0)
			return total ? total : done;
		total += done;
	}
	ldisc_consumed(t);
	return total;
}

/* The four cases of VMIN and VTIME (termios(3), non-canonical mode). */
static int read_raw(struct tty *t, struct file *f, struct user_io *io)
{
	unsigned min = t->termios.cc[VMIN];
	uint64_t time = t->termios.cc[VTIME] * TENTH_NS;
	uint64_t deadline = SLEEP_FOREVER;
	int total = 0;

	if (!min && time)
		deadline = arch_clock_ns() + time;
	for (;;) {
		int n = give_raw(t, io), err;

		if (n < 0)
			return total ? total : n;
		total += n;
		if (!io->left || total >= (int)max_u32(min, time ? 1 : 0))
			return total;
		if (min && time && total)
			deadline = arch_clock_ns() + time;
		err = wait_input(t, f, deadline);
		if (err == -ETIMEDOUT)
			return total;
		if (err == -EPIPE)
			err = hangup_result(t);
		if (err)
			return total ? total : err;
		if (t->termios.lflag & ICANON)
			return total ? total : -ERESTARTNOINTR;
	}
}

/* Sleeps. Bytes; 0 at VEOF, hangup or VTIME's end; -EAGAIN, -ERESTARTSYS. */
int ldisc_read(struct tty *t, struct file *f, struct user_io *io)
{
	int n;

	do
		n = t->termios.lflag & ICANON ? read_lines(t, f, io)
					      : read_raw(t, f, io);
	while (n == -ERESTARTNOINTR);
	return n;
}
