/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tty.c - a terminal as a file: open, close, read, write, poll.
 *
 * file->private is a struct tty_handle. A hangup raises tty->hangups, which
 * kills all handles made before: reads give end of file, all else -EIO. The
 * terminal itself can be opened again. Handles of /dev/console survive.
 *
 * A tty is held by its handles, by its session and by its driver; serial
 * ports and the screen are never freed, a pty is.
 *
 * Locks: the kernel lock. One reader and one writer at a time.
 */
#include "kernel/dev/inner.h"

enum {
	CHUNK = 2048,		/* of user data in the hands of a writer */
	WRITABLE = 16,		/* room that makes poll say POLLOUT */
	TIME_STEP = 8,		/* seconds: atime and mtime tell no key strokes */
	DRIVERS_MAX = 8,
};

static const uint8_t default_cc[NCCS] = {
	[VINTR] = 'C' & 31, [VQUIT] = '\\' & 31, [VERASE] = 0x7f,
	[VKILL] = 'U' & 31, [VEOF] = 'D' & 31, [VMIN] = 1,
	[VSTART] = 'Q' & 31, [VSTOP] = 'S' & 31, [VSUSP] = 'Z' & 31,
	[VREPRINT] = 'R' & 31, [VDISCARD] = 'O' & 31, [VWERASE] = 'W' & 31,
	[VLNEXT] = 'V' & 31,
};

/* One reference, for the driver; modes as Linux starts them. */
void tty_setup(struct tty *t, const struct tty_driver *d, void *port,
	       uint32_t number)
{
	assert(d->write && d->room);
	memset(t, 0, sizeof(*t));
	t->refs = 1;
	t->driver = d;
	t->port = port;
	t->number = number;
	t->termios = (struct abi_termios2){
		.iflag = ICRNL | IXON,
		.oflag = OPOST | ONLCR,
		.cflag = B38400 | CS8 | CREAD | HUPCL,
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL |
			 ECHOKE | IEXTEN,
		.ispeed = 38400, .ospeed = 38400,
	};
	memcpy(t->termios.cc, default_cc, sizeof(default_cc));
	sleep_queue_init(&t->read_wait);
	sleep_queue_init(&t->write_wait);
	sleep_queue_init(&t->turn_wait);
}

void tty_hold(struct tty *t)
{
	assert(t->refs > 0);
	t->refs++;
}

void tty_drop(struct tty *t)
{
	assert(t->refs > 0);
	if (--t->refs)
		return;
	assert(!t->opens && !t->session && !t->group);
	ldisc_close(&t->ld);
	kmem_free(t->chunk);
	assert(t->driver->free);
	t->driver->free(t);
}

bool tty_handle_dead(const struct tty_handle *h)
{
	return h->hangups != h->tty->hangups && !h->console;
}

/* --- open and close -------------------------------------------------- */

/*
 * Makes f an open file of t. console: it was named /dev/console. Becomes the
 * controlling terminal of a session leader without one, unless O_NOCTTY or
 * console (tty_open of Linux). -EBUSY: TIOCEXCL. -EIO, -ENOMEM.
 */
int tty_open(struct tty *t, struct file *f, bool console)
{
	struct tty_handle *h;
	int err;

	assert(t->refs > 0 && t->driver->write && t->driver->room);
	if (t->dead)
		return -EIO;
	if (t->exclusive && t->opens && priv_check(f->cred, PRIV_TTY_EXCLUSIVE))
		return -EBUSY;
	h = kmem_alloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	err = ldisc_open(&t->ld);
	if (err) {
		kmem_free(h);
		return err;
	}
	*h = (struct tty_handle){ t, t->hangups, console };
	tty_hold(t);
	assert(t->ld.buf && t->ld.mark && t->ld.echo.data);
	t->opens++;
	f->ops = &tty_file_ops;
	f->private = h;
	if (t->driver->opened)
		t->driver->opened(t);
	if (!console)
		tty_acquire_at_open(t, f);
	return 0;
}

static void tty_release(struct file *f)
{
	struct tty_handle *h = f->private;
	struct tty *t = h->tty;

	assert(t->opens > 0);
	assert(f->ops == &tty_file_ops);
	if (--t->opens == 0) {
		t->exclusive = false;
		if (t->driver->closed)
			t->driver->closed(t);
	}
	kmem_free(h);
	tty_drop(t);
}

/* --- one at a time --------------------------------------------------- */

/* Waits for *busy to fall and takes it. A signal ends the wait: somebody may
 * sit in a write for as long as output is stopped. */
static int turn_take(struct tty *t, bool *busy, bool nonblock)
{
	sleep_assert();
	while (*busy) {
		if (nonblock)
			return -EAGAIN;
		if (sleep_on(&t->turn_wait, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
	*busy = true;
	assert(t->opens);	/* the caller has it open */
	return 0;
}

static void turn_give(struct tty *t, bool *busy)
{
	assert(*busy);
	*busy = false;
	sleep_wake(&t->turn_wait);
}

/* Times of a terminal in steps: who(1) wants to know, but a neighbour must
 * not learn when each key of a password was struck. */
static void touch(int64_t *time)
{
	int64_t now = inode_now();

	if (now < *time ||
	    now - *time >= TIME_STEP * 1000ll * (int64_t)NS_PER_MS)
		*time = now;
}

static int tty_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct tty_handle *h = f->private;
	struct tty *t = h->tty;
	int n;

	(void)pos;
	if (tty_handle_dead(h) || !io->left)
		return 0;
	n = tty_check_background(t, SIGTTIN);
	if (n)
		return n;
	n = turn_take(t, &t->reading, f->flags & O_NONBLOCK);
	if (n)
		return n;
	n = tty_handle_dead(h) ? 0 : ldisc_read(t, f, io);
	turn_give(t, &t->reading);
	if (n > 0)
		touch(&f->inode->atime);
	return n;
}

bool tty_may_write(struct tty *t)
{
	return !t->stopped && t->driver->room(t) >= WRITABLE;
}

void tty_wake_writers(struct tty *t)
{
	if (t->ld.buf)
		ldisc_echo_flush(t);
	sleep_wake(&t->write_wait);
}

/* Waits until the driver may take more. */
static int wait_room(struct tty *t, const struct file *f)
{
	assert(t->writing);
	if (f->flags & O_NONBLOCK)
		return -EAGAIN;
	if (sleep_on(&t->write_wait, SLEEP_SIGNAL, SLEEP_FOREVER))
		return -ERESTARTSYS;
	return tty_handle_dead(f->private) ? -EIO : 0;
}

/* All of a piece to the driver; bytes, or -E when none went. */
static int write_piece(struct tty *t, const struct file *f, unsigned n)
{
	unsigned done = 0;

	assert(n <= CHUNK && t->writing);
	while (done < n) {
		unsigned went = ldisc_write(t, t->chunk + done, n - done);
		int err;

		done += went;
		if (done == n || went)
			continue;
		err = wait_room(t, f);
		if (err)
			return done ? (int)done : err;
	}
	return done;
}

static int write_all(struct tty *t, const struct file *f, struct user_io *io)
{
	int total = 0;

	assert(t->chunk && t->writing);
	while (io->left) {
		int n = user_io_take(io, t->chunk, CHUNK), went;

		if (n < 0)
			return total ? total : n;
		if (tty_handle_dead(f->private))
			return total ? total : -EIO;
		went = write_piece(t, f, n);
		if (went < 0)
			return total ? total : went;
		assert(went <= n);
		total += went;
		if (went < n)
			break;
		if (io->left && !device_go_on())
			break;
	}
	return total;
}

static int tty_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct tty_handle *h = f->private;
	struct tty *t = h->tty;
	int n;

	(void)pos;
	if (tty_handle_dead(h))
		return -EIO;
	if (t->termios.lflag & TOSTOP) {
		n = tty_check_background(t, SIGTTOU);
		if (n)
			return n;
	}
	n = turn_take(t, &t->writing, f->flags & O_NONBLOCK);
	if (n)
		return n;
	if (!t->chunk)
		t->chunk = kmem_alloc(CHUNK);
	n = t->chunk ? write_all(t, f, io) : -ENOMEM;
	turn_give(t, &t->writing);
	if (n > 0)
		touch(&f->inode->mtime);
	return n;
}

static unsigned tty_poll(struct file *f, struct poller *p)
{
	struct tty_handle *h = f->private;
	struct tty *t = h->tty;
	unsigned ready = 0;

	poll_wait(p, &t->read_wait);
	poll_wait(p, &t->write_wait);
	if (tty_handle_dead(h))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR |
		       POLLHUP;
	if (ldisc_readable(t, true))
		ready |= POLLIN | POLLRDNORM;
	if (!t->writing && tty_may_write(t))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

static int tty_ioctl(struct file *f, struct thread *me, uint32_t cmd,
		     uint32_t arg)
{
	struct tty_handle *h = f->private;

	if (tty_handle_dead(h))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	return tty_ioctl_on(h->tty, me, f, false, cmd, arg);
}

const struct file_ops tty_file_ops = {
	.read = tty_read, .write = tty_write, .poll = tty_poll,
	.ioctl = tty_ioctl, .release = tty_release, .seek = file_no_seek,
};

/* --- output ---------------------------------------------------------- */

void tty_set_stopped(struct tty *t, bool stopped)
{
	assert(sched_locked());
	if (t->stopped == stopped)
		return;
	t->stopped = stopped;
	if (t->driver->flow)
		t->driver->flow(t);
	if (!stopped)
		tty_wake_writers(t);
}

int tty_drain(struct tty *t)
{
	uint32_t hangups = t->hangups;

	assert(t->refs > 0);
	while (t->driver->pending && t->driver->pending(t)) {
		if (t->dead || t->hangups != hangups)
			return -EIO;
		if (sleep_on(&t->write_wait, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
	return 0;
}

/* --- /dev/tty -------------------------------------------------------- */

/* The opener's own controlling terminal, whatever it is (tty(4)). */
static int own_open(struct inode *i, struct file *f)
{
	struct proc_group *g = thread_current()->proc->group;
	struct tty *t = g ? tty_of(g->session) : NULL;
	int err;

	(void)i;
	if (!t)
		return -ENXIO;
	tty_hold(t);
	err = tty_open(t, f, false);
	tty_drop(t);
	return err;
}

static const struct file_ops own_ops = { .open = own_open };
static struct dev own_dev = {
	.name = "tty", .mode = 0666, .jail_safe = true, .ops = &own_ops,
};

/* --- /proc/tty/drivers ----------------------------------------------- */

static struct {
	const char *driver, *node, *kind;
	unsigned major, first, last;
} drivers[DRIVERS_MAX];
static unsigned driver_count;

/* kind: as Linux calls it, "serial" or "pty:slave". */
void tty_register_driver(const char *driver, const char *node, unsigned major,
			 unsigned first, unsigned last, const char *kind)
{
	assert(driver_count < DRIVERS_MAX);
	drivers[driver_count].driver = driver;
	drivers[driver_count].node = node;
	drivers[driver_count].kind = kind;
	drivers[driver_count].major = major;
	drivers[driver_count].first = first;
	drivers[driver_count++].last = last;
}

static int show_drivers(struct text *t, const struct cred *who)
{
	char range[24];

	(void)who;
	for (unsigned i = 0; i < driver_count; i++) {
		if (drivers[i].first == drivers[i].last)
			str_format(range, sizeof(range), "%u", drivers[i].first);
		else
			str_format(range, sizeof(range), "%u-%u",
				   drivers[i].first, drivers[i].last);
		text_put(t, "%-20s %-13s %3u %7s %s\n", drivers[i].driver,
			 drivers[i].node, drivers[i].major, range,
			 drivers[i].kind);
	}
	return 0;
}

static struct procfs_entry drivers_entry = {
	.directory = "tty", .name = "drivers", .show = show_drivers,
};

static void for_procfs(const struct proc_session *s, uint32_t *number, int *group)
{
	*number = tty_number(s);
	*group = tty_foreground(s);
}

void tty_init(void)
{
	procfs_tty = for_procfs;
	procfs_register(&drivers_entry);
	own_dev.number = abi_dev(MAJOR_TTYAUX, 0);
	if (dev_register(&own_dev))
		panic("tty: no memory for /dev/tty");
	tty_register_driver("/dev/tty", "/dev/tty", MAJOR_TTYAUX, 0, 0,
			    "system:/dev/tty");
}
