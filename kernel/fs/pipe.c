/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe.c - pipes and FIFOs: a ring of bytes (ring.c) between writers and
 * readers.
 *
 * Who is woken: one reader when an empty ring gets bytes, one writer when a
 * page's worth has become free; each passes the wake-up on if there is more
 * to do. Pollers stand on queues of their own and are all told.
 *
 * Locks: lock guards the ring over the copies, which may sleep; the counts
 * and queues change between sleeps. used is set after the copy, so that poll
 * may read it at any time.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/inner.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"

enum { PIPE_BUF = 4096, FIONREAD = 0x541b };

/* --- birth and death ---------------------------------------------------- */

static void end_init(struct pipe_end *e)
{
	e->files = e->opened = 0;
	sleep_queue_init(&e->sleepers);
	sleep_queue_init(&e->pollers);
}

static struct pipe *pipe_make(struct prison *pays)
{
	struct pipe *p = charged_alloc(pays, sizeof *p);

	assert(pays);
	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	sleep_lock_init(&p->lock);
	end_init(&p->readers);
	end_init(&p->writers);
	sleep_queue_init(&p->openers);
	p->users = 1;
	p->prison = pays;
	prison_hold(pays);
	ring_begin(p);
	return p;
}

/* One open file, or one open under way, less. */
static void pipe_leave(struct pipe *p)
{
	struct prison *prison = p->prison;

	assert(p->users > 0);
	if (--p->users)
		return;
	assert(!p->readers.files && !p->writers.files);
	if (p->inode)
		p->inode->fifo = NULL;
	assert(!p->lock.owner);
	assert(sleep_queue_idle(&p->openers));
	ring_end(p);
	charged_free(prison, p, sizeof *p);
	prison_drop(prison);
}

static void end_open(struct pipe *p, struct pipe_end *e)
{
	assert(p->users > 0 && (e == &p->readers || e == &p->writers));
	e->files++;
	e->opened++;
	sleep_wake(&p->openers);
}

/* The last of one side has gone: the other must know at once. */
static void end_close(struct pipe *p, struct pipe_end *e)
{
	struct pipe_end *other = e == &p->readers ? &p->writers : &p->readers;

	assert(e->files > 0);
	assert(e == &p->readers || e == &p->writers);
	if (--e->files)
		return;
	sleep_wake(&other->sleepers);
	sleep_wake(&other->pollers);
	/* An O_RDWR poller of its own FIFO hears of both. */
	sleep_wake(&e->pollers);
}

static bool can_read(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool can_write(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->private;

	if (!p)
		return;		/* its open failed */
	if (can_read(f))
		end_close(p, &p->readers);
	if (can_write(f))
		end_close(p, &p->writers);
	pipe_leave(p);
}

/* --- reading and writing ------------------------------------------------ */

/* Sleep on q with the ring unlocked. -ERESTARTSYS: a signal. */
static int pipe_sleep(struct pipe *p, struct sleep_queue *q)
{
	int err;

	assert(sleep_lock_mine(&p->lock));
	sleep_lock_release(&p->lock);
	err = sleep_on(q, SLEEP_SIGNAL, SLEEP_FOREVER);
	sleep_lock_take(&p->lock);
	return err ? -ERESTARTSYS : 0;
}

/* Bytes came in or are left over: one reader, all pollers. */
static void wake_readers(struct pipe *p)
{
	assert(sleep_lock_mine(&p->lock));
	if (!sleep_queue_idle(&p->readers.sleepers))
		sleep_wake_n(&p->readers.sleepers, 1);
	if (!sleep_queue_idle(&p->readers.pollers))
		sleep_wake(&p->readers.pollers);
}

static void wake_writers(struct pipe *p)
{
	assert(sleep_lock_mine(&p->lock));
	if (!sleep_queue_idle(&p->writers.sleepers))
		sleep_wake_n(&p->writers.sleepers, 1);
	if (!sleep_queue_idle(&p->writers.pollers))
		sleep_wake(&p->writers.pollers);
}

/* Bytes at once as soon as there are any; 0: no writer is left. */
static int pipe_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct pipe *p = f->private;
	uint32_t room;
	int got = 0;

	assert(p && p->readers.files > 0);
	(void)pos;
	if (!io->left)
		return 0;
	sleep_lock_take(&p->lock);
	while (!p->used) {
		if (!p->writers.files)
			goto unlock;
		got = -EAGAIN;
		if (f->flags & O_NONBLOCK)
			goto unlock;
		got = pipe_sleep(p, &p->readers.sleepers);
		if (got)
			goto pass_on;
	}
	room = ring_room(p);
	got = ring_drain(p, io, min_u32(p->used, io->left));
	if (got > 0) {
		assert((uint32_t)got <= p->used);
		p->used -= got;
		p->head = p->used ? (p->head + got) & (p->size - 1) : 0;
		if (room < PIPE_BUF && ring_room(p) >= PIPE_BUF)
			wake_writers(p);
	}
pass_on:
	if (p->used && !sleep_queue_idle(&p->readers.sleepers))
		sleep_wake_n(&p->readers.sleepers, 1);
unlock:
	sleep_lock_release(&p->lock);
	return got;
}

static void send_sigpipe(void)
{
	struct thread *me = thread_current();
	struct abi_siginfo info;

	signal_fill(&info, SIGPIPE, SI_USER, me->proc);
	signal_post_thread(me, &info);
}

/* Up to PIPE_BUF bytes go in as one piece or wait; more may be cut. */
static int pipe_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct pipe *p = f->private;
	uint32_t done = 0, whole = io->left <= PIPE_BUF ? io->left : 1;
	int err = 0;

	assert(p && p->writers.files > 0);
	(void)pos;
	if (!io->left)
		return 0;
	sleep_lock_take(&p->lock);
	for (;;) {
		err = -EPIPE;
		if (!p->readers.files)
			break;
		if (ring_room(p) >= whole) {
			err = ring_fill(p, io, min_u32(ring_room(p), io->left));
			if (err < 0)
				break;
			p->used += err;
			assert(p->used <= p->size);
			done += err;
			wake_readers(p);
			if (err == 0 || io->left == 0)
				break;
			whole = 1;
			continue;
		}
		err = -EAGAIN;
		if (f->flags & O_NONBLOCK)
			break;
		err = pipe_sleep(p, &p->writers.sleepers);
		if (err)
			break;
	}
	if (ring_room(p) >= PIPE_BUF &&
	    !sleep_queue_idle(&p->writers.sleepers))
		sleep_wake_n(&p->writers.sleepers, 1);
	sleep_lock_release(&p->lock);
	if (err == -EPIPE)
		send_sigpipe();
	return done ? (int)done : err;
}

static unsigned pipe_poll(struct file *f, struct poller *poller)
{
	struct pipe *p = f->private;
	unsigned mask = 0;

	if (can_read(f)) {
		poll_wait(poller, &p->readers.pollers);
		if (p->used)
			mask |= POLLIN | POLLRDNORM;
		/* A FIFO that never had a writer since it was opened is not
		 * hung up: f->pos keeps how many there had been (fifo_open). */
		if (!p->writers.files && p->writers.opened != f->pos)
			mask |= POLLHUP;
	}
	if (can_write(f)) {
		poll_wait(poller, &p->writers.pollers);
		if (ring_room(p) >= PIPE_BUF)
			mask |= POLLOUT | POLLWRNORM;
		if (!p->readers.files)
			mask |= POLLERR;
	}
	return mask;
}

static int pipe_ioctl(struct file *f, struct thread *me, uint32_t cmd,
		      uint32_t arg)
{
	struct pipe *p = f->private;

	(void)me;
	if (cmd != FIONREAD)
		return -ENOTTY;
	return user_put32(arg, p->used);
}

/* --- FIFO --------------------------------------------------------------- */

/* Wait until the other side has been opened once more than `seen` says. */
static int wait_for_other(struct pipe *p, struct pipe_end *other)
{
	unsigned seen = other->opened;

	assert(p->users > 0);
	while (other->opened == seen) {
		int err = sleep_on(&p->openers, SLEEP_SIGNAL, SLEEP_FOREVER);

		/* it may have come, and gone again, before the signal */
		if (err && other->opened == seen)
			return -ERESTARTSYS;
	}
	return 0;
}

static int fifo_get(struct inode *i, const struct cred *who, struct pipe **out)
{
	struct pipe *p = i->fifo;

	assert(!p || (p->users > 0 && p->inode == i));
	if (p) {
		p->users++;
	} else {
		p = pipe_make(who->prison);
		if (!p)
			return -ENOMEM;
		p->inode = i;
		i->fifo = p;
	}
	*out = p;
	return 0;
}

/*
 * POSIX open() of a FIFO: to read waits for a writer, to write for a reader;
 * with O_NONBLOCK the first succeeds, the second is -ENXIO. O_RDWR (Linux)
 * never waits. Also reopens an unnamed pipe through /proc/PID/fd. Sleeps.
 */
/* A pipe without a name is opened too, by /proc/PID/fd: that never waits. */
static int fifo_open(struct inode *i, struct file *f)
{
	struct pipe *p;
	int err;

	f->private = NULL;
	err = fifo_get(i, f->cred, &p);
	if (err)
		return err;
	if (!p->nameless && (f->flags & O_ACCMODE) == O_WRONLY &&
	    (f->flags & O_NONBLOCK) && !p->readers.files) {
		pipe_leave(p);
		return -ENXIO;
	}
	f->private = p;
	assert(p->inode == i);
	f->pos = 0;
	if (can_read(f))
		end_open(p, &p->readers);
	if (can_write(f))
		end_open(p, &p->writers);
	if (p->nameless)
		return 0;
	if (!can_write(f) && !p->writers.files) {
		if (f->flags & O_NONBLOCK)
			f->pos = p->writers.opened;
		else
			err = wait_for_other(p, &p->writers);
	} else if (!can_read(f) && !p->readers.files) {
		err = wait_for_other(p, &p->readers);
	}
	if (err) {
		pipe_release(f);
		f->private = NULL;
	}
	return err;
}

/* Pipes and FIFOs alike; pipe_new opens its ends by itself. */
const struct file_ops pipe_fifo_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.seek = file_no_seek,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.open = fifo_open,
	.release = pipe_release,
};

/* --- doors -------------------------------------------------------------- */

/*
 * pipe2: two files of a new pipe, paid for by who. flags: O_NONBLOCK (and
 * O_CLOEXEC, which is the descriptor's); -EINVAL for packets (O_DIRECT).
 */
int pipe_new(const struct cred *who, unsigned flags, struct file **rd,
	     struct file **wr)
{
	struct pipe *p;
	int err;

	if (flags & ~(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	flags &= O_NONBLOCK;
	p = pipe_make(who->prison);
	if (!p)
		return -ENOMEM;
	err = file_new(who, &pipe_fifo_ops, O_RDONLY | flags, NULL, "pipe", rd);
	if (err)
		goto no_reader;
	/* On one inode, so that fstat tells that they belong together. */
	err = file_new_beside(*rd, &pipe_fifo_ops, O_WRONLY | flags, NULL, wr);
	if (err)
		goto no_writer;
	p->inode = (*rd)->inode;
	p->inode->fifo = p;
	(*rd)->private = (*wr)->private = p;
	p->nameless = true;
	p->users = 2;
	end_open(p, &p->readers);
	end_open(p, &p->writers);
	return 0;
no_writer:
	file_drop(*rd);
no_reader:
	pipe_leave(p);
	return err;
}

static struct pipe *pipe_of(const struct file *f)
{
	return f->ops == &pipe_fifo_ops ? f->private : NULL;
}

/* F_GETPIPE_SZ: bytes; -EBADF when f is no pipe. */
int pipe_size(struct file *f)
{
	struct pipe *p = pipe_of(f);

	return p ? (int)p->size : -EBADF;
}

/*
 * F_SETPIPE_SZ: at least size bytes, rounded up to a power of two of pages.
 * The new size; -EBUSY when more is in the pipe, -EPERM above the limit that
 * needs privilege, -EBADF, -EINVAL, -ENOMEM (Linux fcntl(2)). Sleeps.
 */
int pipe_resize(struct file *f, uint32_t size)
{
	struct pipe *p = pipe_of(f);
	uint32_t round = PAGE_SIZE;
	int err;

	if (!p)
		return -EBADF;
	if (size == 0 || size > PIPE_SIZE_LIMIT)
		return -EINVAL;
	while (round < size)
		round <<= 1;
	if (round > p->size && round > PIPE_SIZE_MAX) {
		err = priv_check(f->cred, PRIV_PROC_SETRLIMIT);
		if (err)
			return err;
	}
	assert((round & (round - 1)) == 0 && round >= PAGE_SIZE);
	sleep_lock_take(&p->lock);
	err = ring_resize(p, round);
	if (!err && ring_room(p) >= PIPE_BUF)
		wake_writers(p);
	sleep_lock_release(&p->lock);
	return err ? err : (int)round;
}
