/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timerfd.c - a timer as a file: a read gives how often it has run out (Linux
 * timerfd_create(2)).
 *
 * A periodic timer is armed once and then not before somebody looks: what it
 * has missed is computed. So a short period costs nothing while nobody reads.
 * One that is set to a moment of the wall clock follows the clock when that is
 * set; it stands on timer_realtime_changed as long as it is open.
 *
 * Invariant: expired, or armed, or disarmed (due is 0). Locks: the kernel
 * lock; only reading sleeps.
 */
#include "kernel/fs/inner.h"

enum { CANCEL_ON_SET = 2, TFD_FLAGS = TIMER_ABSTIME | CANCEL_ON_SET,
       CLOCK_REALTIME_ALARM = 8, CLOCK_BOOTTIME_ALARM = 9 };

struct timerfd {
	struct timer timer;
	struct sleep_entry clock_set;	/* on timer_realtime_changed */
	struct sleep_queue readers, pollers;
	uint64_t due, interval;	/* ns; on the wall clock if wall, else of uptime */
	uint64_t ticks;		/* counted, not yet read */
	bool realtime;		/* which clock it was made for */
	bool wall;		/* set to a moment of the wall clock */
	bool expired;		/* since it was armed; counted as one tick */
	bool cancel, cancelled;	/* a read tells that the clock was set */
};

static uint64_t now_of(const struct timerfd *t)
{
	return t->wall ? (uint64_t)timer_realtime_ns() : arch_clock_ns();
}

static void tell(struct timerfd *t)
{
	sleep_wake(&t->readers);
	sleep_wake(&t->pollers);
}

static void arm(struct timerfd *t)
{
	uint64_t uptime = arch_clock_ns(), now = now_of(t);

	assert(t->due);
	t->expired = false;
	timer_set(&t->timer, t->due > now ? uptime + (t->due - now) : uptime);
}

static void run_out(void *arg)
{
	struct timerfd *t = arg;

	assert(!t->timer.armed && t->due);
	t->expired = true;
	t->ticks++;
	tell(t);
}

/* A periodic timer that ran out: counts what was missed, and arms it again. */
static void catch_up(struct timerfd *t)
{
	uint64_t now = now_of(t), missed;

	if (!t->expired || t->interval == 0)
		return;
	assert(!t->timer.armed);
	missed = now > t->due ? (now - t->due) / t->interval : 0;
	t->ticks += missed;
	t->due += (missed + 1) * t->interval;
	arm(t);
}

/* The wall clock was set. */
static bool clock_set(struct sleep_entry *e)
{
	struct timerfd *t = container_of(e, struct timerfd, clock_set);

	if (!t->wall)
		return false;
	if (t->timer.armed)
		arm(t);
	if (t->cancel) {
		t->cancelled = true;
		tell(t);
	}
	return false;
}

/* --- the file ----------------------------------------------------------- */

static int timerfd_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct timerfd *t = f->private;
	uint64_t ticks;

	(void)pos;
	if (io->left < sizeof ticks)
		return -EINVAL;
	while (t->ticks == 0 && !t->cancelled) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&t->readers, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
	if (t->cancelled) {
		t->cancelled = false;
		t->ticks = 0;
		t->expired = false;
		return -ECANCELED;
	}
	catch_up(t);
	assert(t->ticks > 0);
	ticks = t->ticks;
	t->ticks = 0;
	t->expired = false;
	return user_io_give(io, &ticks, sizeof ticks);
}

static unsigned timerfd_poll(struct file *f, struct poller *p)
{
	struct timerfd *t = f->private;

	poll_wait(p, &t->pollers);
	return t->ticks || t->cancelled ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	assert(sleep_queue_idle(&t->readers));
	timer_cancel(&t->timer);
	sleep_entry_remove(&t->clock_set);
	kmem_free(t);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.seek = file_seek_stays,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

/* flags: O_NONBLOCK. -EINVAL: no such clock. -EPERM: to wake a machine that
 * sleeps takes a privilege that nobody has here. -ENFILE, -ENOMEM. */
int timerfd_new(const struct cred *who, int clock, unsigned flags, struct file **out)
{
	struct timerfd *t;
	int err;

	if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
		return -EPERM;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME)
		return -EINVAL;
	t = kmem_zalloc(sizeof *t);
	if (!t)
		return -ENOMEM;
	t->realtime = clock == CLOCK_REALTIME;
	timer_init(&t->timer, run_out, t);
	sleep_queue_init(&t->readers);
	sleep_queue_init(&t->pollers);
	err = file_new(who, &timerfd_ops, O_RDWR | (flags & O_NONBLOCK), t,
		       "timerfd", out);
	if (err) {
		kmem_free(t);
		return err;
	}
	t->clock_set.wake = clock_set;
	t->clock_set.thread = thread_current();
	sleep_entry_add(&timer_realtime_changed, &t->clock_set);
	return 0;
}

/* What is left, and the period. */
static void span_of(struct timerfd *t, struct timer_span *out)
{
	uint64_t now;

	catch_up(t);
	now = now_of(t);
	*out = (struct timer_span){ .interval = t->interval };
	if (t->timer.armed)
		out->value = t->due > now ? t->due - now : 1;
}

/* -EINVAL: f is no timerfd. */
int timerfd_get(struct file *f, struct timer_span *now)
{
	if (f->ops != &timerfd_ops)
		return -EINVAL;
	span_of(f->private, now);
	return 0;
}

/* timerfd_settime: flags TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET; value 0
 * disarms. *old: what it was. -EINVAL. */
int timerfd_set(struct file *f, unsigned flags, const struct timer_span *to,
		struct timer_span *old)
{
	bool absolute = flags & TIMER_ABSTIME;
	struct timerfd *t = f->private;

	if (f->ops != &timerfd_ops || (flags & ~TFD_FLAGS))
		return -EINVAL;
	span_of(t, old);
	timer_cancel(&t->timer);
	t->ticks = t->due = 0;
	t->expired = t->cancelled = false;
	t->wall = t->realtime && absolute;
	t->cancel = t->wall && (flags & CANCEL_ON_SET);
	t->interval = to->interval;
	if (to->value) {
		t->due = absolute ? to->value : arch_clock_ns() + to->value;
		arm(t);
	}
	return 0;
}
