/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pty.c - pseudo terminals: a tty whose line is another process.
 *
 * The slave is a struct tty with line discipline and all. The master is only
 * a file: what is written to it goes into the slave's line discipline, what
 * the slave writes waits in the ring `out` until the master reads it. Both
 * directions wait when the other side is slow; nothing is lost.
 *
 * A pty is charged (RACCT_PTY) to the prison of who opened the master, and
 * lives until the master and the last slave are closed.
 *
 * Invariant: mount's slot `index` is this pty's for as long as it exists.
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum {
	OUT_SIZE = 8192,
	ARRIVED = 4096,		/* of these: what a flush cannot take back */
	CHUNK = 256,
};

struct pty {
	struct tty tty;		/* the slave; its first reference is the master's */
	struct ring out;
	struct pts_mount *mount;	/* held (devpts_free) */
	unsigned index;
	struct prison *prison;	/* pays; held */
	bool locked;		/* until unlockpt */
	bool opened;		/* the slave was, once */
	bool packet;
	uint8_t status;		/* TIOCPKT_*, packet mode */
	struct sleep_queue wait;	/* the master's, for both directions */
};

static const struct file_ops master_ops;

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

/* A prison has its own ptys, as far as its list names them; and a process the
 * one that controls it, wherever that was made (FreeBSD: devfs_prison_check). */
bool pty_visible(const struct pty *p, const struct cred *who)
{
	const struct proc *me = thread_current()->proc;
	char name[16];

	if (me && me->group && tty_of(me->group->session) == &p->tty)
		return true;
	str_format(name, sizeof(name), "pts/%u", p->index);
	return prison_sees(who->prison, p->prison) &&
	       device_listed(who->prison, name);
}

/* --- the slave's driver ---------------------------------------------- */

static unsigned slave_write(struct tty *t, const uint8_t *bytes, unsigned n)
{
	struct pty *p = pty_of(t);

	assert(t->dead || n <= ring_room(&p->out));
	if (t->dead)
		return n;	/* nobody will ever read it */
	n = ring_put(&p->out, bytes, n);
	if (n)
		sleep_wake(&p->wait);
	return n;
}

static unsigned slave_room(struct tty *t)
{
	return t->dead ? OUT_SIZE : ring_room(&pty_of(t)->out);
}

static void set_status(struct pty *p, unsigned clear, unsigned set)
{
	if (!p->packet)
		return;
	p->status = (p->status & ~clear) | set;
	sleep_wake(&p->wait);
}

static void slave_unthrottle(struct tty *t)
{
	sleep_wake(&pty_of(t)->wait);
}

static void slave_flow(struct tty *t)
{
	set_status(pty_of(t), TIOCPKT_STOP | TIOCPKT_START,
		   t->stopped ? TIOCPKT_STOP : TIOCPKT_START);
}

/* What VINTR and TCOFLUSH throw away is what is under way. The oldest bytes
 * count as arrived: a master that is only slow still gets the text that was
 * written well before the key was struck. */
static void slave_flush(struct tty *t)
{
	struct ring *r = &pty_of(t)->out;

	assert(ring_used(r) <= r->size);
	r->head = r->tail + min_u32(ring_used(r), ARRIVED);
	sleep_wake(&t->write_wait);
	set_status(pty_of(t), 0, TIOCPKT_FLUSHWRITE);
}

static void slave_input_flushed(struct tty *t)
{
	set_status(pty_of(t), 0, TIOCPKT_FLUSHREAD);
}

/* Are VSTOP and VSTART the usual two? Only then may a remote end act alone. */
static bool usual_flow(const struct abi_termios2 *m)
{
	return (m->iflag & IXON) && m->cc[VSTOP] == ('S' & 31) &&
	       m->cc[VSTART] == ('Q' & 31);
}

static void slave_set_termios(struct tty *t, const struct abi_termios2 *old)
{
	bool now = usual_flow(&t->termios);

	/* A pty has no wire: always 8 bits, and it can be read. */
	t->termios.cflag &= ~(uint32_t)(CSIZE | PARENB);
	t->termios.cflag |= CS8 | CREAD;
	if (now != usual_flow(old))
		set_status(pty_of(t), TIOCPKT_DOSTOP | TIOCPKT_NOSTOP,
			   now ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
}

static void slave_opened(struct tty *t)
{
	pty_of(t)->opened = true;
}

static void slave_closed(struct tty *t)
{
	sleep_wake(&pty_of(t)->wait);
}

static void pty_free(struct tty *t)
{
	struct pty *p = pty_of(t);

	assert(t->dead && !t->opens);
	assert(!t->session && p->mount && p->prison);
	devpts_free(p->mount, p->index);
	racct_release(p->prison, RACCT_PTY, 1);
	prison_drop(p->prison);
	kmem_free(p->out.data);
	kmem_free(p);
}

static const struct tty_driver slave_driver = {
	.name = "pts", .write = slave_write, .room = slave_room,
	.unthrottle = slave_unthrottle, .flow = slave_flow,
	.flush = slave_flush, .input_flushed = slave_input_flushed,
	.set_termios = slave_set_termios, .opened = slave_opened,
	.closed = slave_closed, .free = pty_free,
};

/* --- opening --------------------------------------------------------- */

static int pty_new(const struct cred *who, struct pts_mount *m, struct pty **out)
{
	struct pty *p;
	int err = racct_charge(who->prison, RACCT_PTY, 1);

	if (err)
		return err;
	err = -ENOMEM;
	p = kmem_zalloc(sizeof(*p));
	if (!p)
		goto uncharge;
	p->out.data = kmem_alloc(OUT_SIZE);
	p->out.size = OUT_SIZE;
	if (!p->out.data)
		goto free_pty;
	tty_setup(&p->tty, &slave_driver, p, 0);
	p->tty.termios.cflag &= ~(uint32_t)HUPCL;	/* no modem to hang up */
	err = ldisc_open(&p->tty.ld);
	if (err)
		goto free_pty;
	sleep_queue_init(&p->wait);
	p->locked = true;
	p->prison = who->prison;
	err = devpts_add(m, who, p, &p->index);
	if (err)
		goto free_pty;
	p->mount = m;
	p->tty.number = abi_dev(MAJOR_PTS + (p->index >> 8), p->index & 0xff);
	prison_hold(p->prison);
	*out = p;
	return 0;
free_pty:
	ldisc_close(&p->tty.ld);
	kmem_free(p->out.data);
	kmem_free(p);
uncharge:
	racct_release(who->prison, RACCT_PTY, 1);
	return err;
}

/* Open of ptmx. -ENOSPC, -EAGAIN (limit), -ENODEV, -ENOMEM. Sleeps. */
int pty_open_master(struct inode *i, struct file *f)
{
	struct pts_mount *m;
	struct pty *p;
	int err;

	(void)i;
	err = devpts_of(f, &m);
	if (err)
		return err;
	err = pty_new(f->cred, m, &p);
	devpts_put(m);
	if (err)
		return err;
	f->ops = &master_ops;
	f->private = p;
	return 0;
}

/* -EIO while it is locked. */
int pty_open_slave(struct pty *p, struct file *f)
{
	assert(p->tty.refs > 0);
	if (p->locked)
		return -EIO;
	return tty_open(&p->tty, f, false);
}

/* --- the master ------------------------------------------------------ */

/* The slave was open and is closed by all: the line is down for now. */
static bool line_down(const struct pty *p)
{
	return p->opened && !p->tty.opens;
}

/* true: a status byte was given, or failed to be (*n). */
static bool read_status(struct pty *p, struct user_io *io, int *n)
{
	uint8_t status = p->status;

	if (!p->packet || !status)
		return false;
	p->status = 0;
	*n = user_io_give(io, &status, 1);
	return true;
}

static int give_output(struct pty *p, struct user_io *io)
{
	static const uint8_t is_data = TIOCPKT_DATA;
	uint8_t chunk[CHUNK];
	int total = 0;

	if (p->packet) {
		total = user_io_give(io, &is_data, 1);
		if (total < 0)
			return total;
	}
	while (io->left && ring_used(&p->out)) {
		unsigned n = ring_get(&p->out, chunk, min_u32(io->left, CHUNK));
		int done = user_io_give(io, chunk, n);

		if (done < 0)
			return total ? total : done;
		total += done;
	}
	tty_wake_writers(&p->tty);
	return total;
}

/* Sleeps. -EIO when the slave is closed and all it wrote is read. */
static int master_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct pty *p = f->private;
	int n;

	assert(p && !p->tty.dead);
	(void)pos;
	if (!io->left)
		return 0;
	for (;;) {
		if (read_status(p, io, &n))
			return n;
		if (ring_used(&p->out))
			return give_output(p, io);
		if (line_down(p))
			return -EIO;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&p->wait, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
}

/* Sleeps until the slave's line discipline has taken all. */
static int master_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct pty *p = f->private;
	uint8_t chunk[CHUNK];
	int total = 0;

	(void)pos;
	while (io->left) {
		int n = user_io_take(io, chunk, sizeof(chunk)), done = 0;

		if (n < 0)
			return total ? total : n;
		for (;;) {
			int went = ldisc_receive(&p->tty, chunk + done, n - done);

			assert(went >= 0 && done + went <= n);
			done += went;
			total += went;
			if (done == n)
				break;
			if (f->flags & O_NONBLOCK)
				return total ? total : -EAGAIN;
			if (sleep_on(&p->wait, SLEEP_SIGNAL, SLEEP_FOREVER))
				return total ? total : -ERESTARTSYS;
		}
	}
	return total;
}

static unsigned master_poll(struct file *f, struct poller *poller)
{
	struct pty *p = f->private;
	unsigned ready = 0;

	poll_wait(poller, &p->wait);
	if (ring_used(&p->out))
		ready |= POLLIN | POLLRDNORM;
	if (p->packet && p->status)
		ready |= POLLPRI | POLLIN | POLLRDNORM;
	if (line_down(p))
		ready |= POLLHUP;
	if (ldisc_takes_input(&p->tty))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

/* TIOCGPTPEER: a descriptor for the slave, without its name being reachable. */
static int open_peer(struct pty *p, struct thread *me, struct file *f,
		     uint32_t flags)
{
	struct fs_context top = { .refs = 1 };
	struct path_at at = { me->cred, &top, AT_FDCWD, me->proc->files };
	struct file *slave;
	char name[12];
	int fd;

	/* The directory that the ptmx was opened in is the devpts itself. */
	if (f->inode->sb->type != f->path.dentry->parent->inode->sb->type)
		return -ENODEV;
	top.root.mount = f->path.mount;
	top.root.dentry = f->path.dentry->parent;
	top.cwd = top.root;
	str_format(name, sizeof(name), "%u", p->index);
	fd = path_open(&at, name, flags & (O_ACCMODE | O_NOCTTY | O_NONBLOCK |
					   O_CLOEXEC), 0, &slave);
	if (fd)
		return fd;
	fd = file_install(me->proc->files, slave, 0, flags & O_CLOEXEC,
			  me->proc->limit[RLIMIT_NOFILE].cur);
	if (fd < 0)
		file_drop(slave);
	return fd;
}

static int set_packet(struct pty *p, uint32_t arg)
{
	uint32_t on;
	int err = user_get32(arg, &on);

	if (err)
		return err;
	if (on && !p->packet)
		p->status = 0;
	p->packet = on;
	return 0;
}

static int set_lock(struct pty *p, uint32_t arg)
{
	uint32_t on;
	int err = user_get32(arg, &on);

	if (!err)
		p->locked = on;
	return err;
}

/* TIOCSIG: what a remote user typed, told by name. */
static int send_signal(struct pty *p, uint32_t sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	tty_signal(&p->tty, sig);
	return 0;
}

static int master_flush(struct pty *p, uint32_t which)
{
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH) {
		ring_clear(&p->out);
		tty_wake_writers(&p->tty);
	}
	if (which != TCIFLUSH)
		ldisc_flush_input(&p->tty);
	return 0;
}

static int master_ioctl(struct file *f, struct thread *me, uint32_t cmd,
			uint32_t arg)
{
	struct pty *p = f->private;

	switch (cmd) {
	case TIOCGPTN:
		return user_put32(arg, p->index);
	case TIOCSPTLCK:
		return set_lock(p, arg);
	case TIOCGPTLCK:
		return user_put32(arg, p->locked);
	case TIOCPKT:
		return set_packet(p, arg);
	case TIOCGPKT:
		return user_put32(arg, p->packet);
	case TIOCGPTPEER:
		return open_peer(p, me, f, arg);
	case TIOCSIG:
		return send_signal(p, arg);
	case FIONREAD:
		return user_put32(arg, ring_used(&p->out));
	case TIOCOUTQ:
		return user_put32(arg, 0);
	case TCFLSH:
		return master_flush(p, arg);
	case TIOCSTI: case TIOCEXCL: case TIOCNXCL: case TIOCVHANGUP:
		return -ENOTTY;
	default:
		return tty_ioctl_on(&p->tty, me, f, true, cmd, arg);
	}
}

/* The line is gone for good. Sleeps. */
static void master_release(struct file *f)
{
	struct pty *p = f->private;

	assert(!p->tty.dead);
	assert(p->tty.refs > 0);
	p->tty.dead = true;
	p->packet = false;
	devpts_hide(p->mount, p->index);
	tty_hangup(&p->tty);
	tty_drop(&p->tty);
}

static const struct file_ops master_ops = {
	.read = master_read, .write = master_write, .poll = master_poll,
	.ioctl = master_ioctl, .release = master_release, .seek = file_no_seek,
};

static const struct file_ops ptmx_ops = { .open = pty_open_master };
static struct dev ptmx_dev = {
	.name = "ptmx", .mode = 0666, .jail_safe = true, .ops = &ptmx_ops,
};

void pty_init(void)
{
	ptmx_dev.number = abi_dev(MAJOR_TTYAUX, 2);
	if (dev_register(&ptmx_dev))
		panic("pty: no memory for /dev/ptmx");
	tty_register_driver("/dev/ptmx", "/dev/ptmx", MAJOR_TTYAUX, 2, 2,
			    "system");
	tty_register_driver("pty_slave", "/dev/pts", MAJOR_PTS, 0, 4095,
			    "pty:slave");
}
