/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timers.c - alarm, interval timers, POSIX timers and timer files: arguments in
 * and out. The timers themselves are in kernel/proc (ptimer.c) and kernel/fs.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/timespec.h"

enum { NS_PER_S = 1000000000 };

/* struct itimerspec: interval first, each a timespec of either form. */
static uint32_t value_at(uint32_t user, bool wide)
{
	return user + (wide ? sizeof(struct abi_timespec64)
			    : sizeof(struct abi_timespec));
}

static int spec_in(uint32_t user, bool wide, struct timer_span *to)
{
	int64_t interval, value;
	int err = sys_timespec_in(user, wide, &interval);

	if (!err)
		err = sys_timespec_in(value_at(user, wide), wide, &value);
	if (!err)
		*to = (struct timer_span){ value, interval };
	return err;
}

static int spec_out(uint32_t user, bool wide, const struct timer_span *now)
{
	int err = sys_timespec_out(user, wide, now->interval);

	if (!err)
		err = sys_timespec_out(value_at(user, wide), wide, now->value);
	return err;
}

/* POSIX timer_create(clock, event, &id). */
int sys_timer_create(struct thread *me, const uint32_t *arg)
{
	struct abi_sigevent ev;
	int err, id;

	if (arg[1] != 0) {
		err = user_copy_in(&ev, arg[1], sizeof(ev));
		if (err)
			return err;
	}
	err = timer_posix_create(me, arg[0], arg[1] ? &ev : NULL, &id);
	if (err)
		return err;
	assert(id >= 0);
	err = user_put32(arg[2], id);
	if (err)
		(void)!timer_posix_delete(me->proc, id);
	return err;
}

static int settime(struct thread *me, const uint32_t *arg, bool wide)
{
	struct timer_span to, old;
	int err;

	if (arg[2] == 0)
		return -EINVAL;
	err = spec_in(arg[2], wide, &to);
	if (!err)
		err = timer_posix_set(me->proc, arg[0], arg[1] & TIMER_ABSTIME,
				      &to, &old);
	if (!err && arg[3] != 0)
		err = spec_out(arg[3], wide, &old);
	return err;
}

/* POSIX timer_settime(id, flags, new, old). */
int sys_timer_settime(struct thread *me, const uint32_t *arg)
{
	return settime(me, arg, false);
}

int sys_timer_settime64(struct thread *me, const uint32_t *arg)
{
	return settime(me, arg, true);
}

static int gettime(struct thread *me, const uint32_t *arg, bool wide)
{
	struct timer_span now;
	int err = timer_posix_get(me->proc, arg[0], &now);

	return err ? err : spec_out(arg[1], wide, &now);
}

/* POSIX timer_gettime(id, now). */
int sys_timer_gettime(struct thread *me, const uint32_t *arg)
{
	return gettime(me, arg, false);
}

int sys_timer_gettime64(struct thread *me, const uint32_t *arg)
{
	return gettime(me, arg, true);
}

int sys_timer_getoverrun(struct thread *me, const uint32_t *arg)
{
	return timer_posix_overrun(me->proc, arg[0]);
}

int sys_timer_delete(struct thread *me, const uint32_t *arg)
{
	return timer_posix_delete(me->proc, arg[0]);
}

/* --- interval timers: struct itimerval, interval first ----------------------- */

static int interval_out(uint32_t user, const struct timer_span *now)
{
	int err = sys_timeval_out(user, now->interval);

	if (!err)
		err = sys_timeval_out(user + sizeof(struct abi_timeval),
				      now->value);
	return err;
}

/* POSIX getitimer(which, now). */
int sys_getitimer(struct thread *me, const uint32_t *arg)
{
	struct timer_span now;
	int err = timer_interval_get(me->proc, arg[0], &now);

	return err ? err : interval_out(arg[1], &now);
}

/* POSIX setitimer(which, new, old); Linux: no new disarms. */
int sys_setitimer(struct thread *me, const uint32_t *arg)
{
	struct timer_span to, old;
	int64_t interval = 0, value = 0;
	int err = 0;

	if (arg[1] != 0) {
		err = sys_timeval_in(arg[1], &interval);
		if (!err)
			err = sys_timeval_in(arg[1] + sizeof(struct abi_timeval),
					     &value);
	}
	if (err)
		return err;
	to = (struct timer_span){ value, interval };
	err = timer_interval_set(me->proc, arg[0], &to, &old);
	if (!err && arg[2] != 0)
		err = interval_out(arg[2], &old);
	return err;
}

/* POSIX alarm(seconds). What was left, to the nearest second but not 0. */
int sys_alarm(struct thread *me, const uint32_t *arg)
{
	struct timer_span to = { (uint64_t)arg[0] * NS_PER_S, 0 }, old;
	uint32_t seconds, rest;

	if (timer_interval_set(me->proc, ITIMER_REAL, &to, &old) != 0)
		return 0;
	seconds = div_u64(old.value, NS_PER_S, &rest);
	if (rest >= NS_PER_S / 2 || (seconds == 0 && rest != 0))
		seconds++;
	return seconds;
}

/* --- timers as files ---------------------------------------------------------- */

/* Linux: timerfd_create(clock, flags). */
int sys_timerfd_create(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (arg[1] & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = timerfd_new(me->cred, arg[0], arg[1] & O_NONBLOCK, &f);
	return err ? err : sys_install(me, f, arg[1] & O_CLOEXEC);
}

static int timerfd_settime(struct thread *me, const uint32_t *arg, bool wide)
{
	struct timer_span to, old;
	struct file *f;
	int err = spec_in(arg[2], wide, &to);

	if (err)
		return err;
	f = file_get(me->proc->files, arg[0], FILE_ANY);
	if (!f)
		return -EBADF;
	err = timerfd_set(f, arg[1], &to, &old);
	file_drop(f);
	if (!err && arg[3] != 0)
		err = spec_out(arg[3], wide, &old);
	return err;
}

/* Linux: timerfd_settime(fd, flags, new, old). Sleeps. */
int sys_timerfd_settime(struct thread *me, const uint32_t *arg)
{
	return timerfd_settime(me, arg, false);
}

int sys_timerfd_settime64(struct thread *me, const uint32_t *arg)
{
	return timerfd_settime(me, arg, true);
}

static int timerfd_gettime(struct thread *me, const uint32_t *arg, bool wide)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	struct timer_span now;
	int err;

	if (!f)
		return -EBADF;
	err = timerfd_get(f, &now);
	file_drop(f);
	return err ? err : spec_out(arg[1], wide, &now);
}

/* Linux: timerfd_gettime(fd, now). Sleeps. */
int sys_timerfd_gettime(struct thread *me, const uint32_t *arg)
{
	return timerfd_gettime(me, arg, false);
}

int sys_timerfd_gettime64(struct thread *me, const uint32_t *arg)
{
	return timerfd_gettime(me, arg, true);
}
