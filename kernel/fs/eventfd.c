/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventfd.c - a counter as a file: writers add, readers take.
 *
 * A read takes the whole count (or 1, as a semaphore) and waits while it is
 * 0; a write waits while the sum would not fit (Linux eventfd(2)).
 * Locks: the kernel lock; the value moves between sleeps.
 */
#include "kernel/fs/poll.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	uint64_t count;
	bool semaphore;
	struct sleep_queue readers, writers, pollers;
};

static int eventfd_sleep(struct file *f, struct sleep_queue *q)
{
	if (f->flags & O_NONBLOCK)
		return -EAGAIN;
	return sleep_on(q, SLEEP_SIGNAL, SLEEP_FOREVER) ? -ERESTARTSYS : 0;
}

static int eventfd_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct eventfd *e = f->private;
	uint64_t taken;
	int err;

	(void)pos;
	if (io->left < sizeof taken)
		return -EINVAL;
	while (!e->count) {
		err = eventfd_sleep(f, &e->readers);
		if (err)
			return err;
	}
	taken = e->semaphore ? 1 : e->count;
	assert(taken > 0 && taken <= e->count);
	e->count -= taken;
	sleep_wake(&e->writers);
	sleep_wake(&e->pollers);
	if (e->count)
		sleep_wake_n(&e->readers, 1);
	return user_io_give(io, &taken, sizeof taken);
}

static int eventfd_write(struct file *f, struct user_io *io, off64 *pos)
{
	struct eventfd *e = f->private;
	uint64_t more;
	int err;

	(void)pos;
	if (io->left < sizeof more)
		return -EINVAL;
	err = user_io_take(io, &more, sizeof more);
	if (err < 0)
		return err;
	if (err < (int)sizeof more)
		return -EFAULT;
	if (more > COUNT_MAX)
		return -EINVAL;
	while (more > COUNT_MAX - e->count) {
		err = eventfd_sleep(f, &e->writers);
		if (err)
			return err;
	}
	e->count += more;
	assert(e->count <= COUNT_MAX);
	if (e->count)
		sleep_wake_n(&e->readers, 1);
	sleep_wake(&e->pollers);
	return sizeof more;
}

static unsigned eventfd_poll(struct file *f, struct poller *p)
{
	struct eventfd *e = f->private;
	unsigned mask = 0;

	poll_wait(p, &e->pollers);
	if (e->count)
		mask |= POLLIN | POLLRDNORM;
	if (e->count < COUNT_MAX)
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

static void eventfd_release(struct file *f)
{
	assert(sleep_queue_idle(&((struct eventfd *)f->private)->readers));
	kmem_free(f->private);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.seek = file_seek_stays,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

/* flags: O_NONBLOCK, and O_CLOEXEC, which is the descriptor's. */
int eventfd_new(const struct cred *who, uint32_t count, bool semaphore,
		unsigned flags, struct file **out)
{
	struct eventfd *e;
	int err;

	if (flags & ~(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	e = kmem_alloc(sizeof *e);
	if (!e)
		return -ENOMEM;
	e->count = count;
	e->semaphore = semaphore;
	sleep_queue_init(&e->readers);
	sleep_queue_init(&e->writers);
	sleep_queue_init(&e->pollers);
	err = file_new(who, &eventfd_ops, O_RDWR | (flags & O_NONBLOCK), e,
		       "eventfd", out);
	if (err)
		kmem_free(e);
	return err;
}
