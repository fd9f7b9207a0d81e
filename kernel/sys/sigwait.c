/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigwait.c - waiting for signals; reading them from a file.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"
#include "kernel/sys/timespec.h"

enum { SIGSET_SIZE = sizeof(sigset) };

/* POSIX pause. Sleeps until a handler runs. */
int sys_pause(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	while (!signal_pending(me))
		if (sleep_block(SLEEP_SIGNAL, SLEEP_FOREVER) == -EINTR)
			break;
	return -ERESTARTNOHAND;
}

/* With another mask until a handler has run; deliver.c puts the old one back
 * when the handler returns. */
static int suspend(struct thread *me, sigset mask)
{
	assert(!me->restore_mask);
	me->saved_mask = me->mask;
	me->restore_mask = true;
	signal_set_mask(me, mask);
	return sys_pause(me, NULL);
}

/* Linux: rt_sigsuspend(mask, sigsetsize). Sleeps. */
int sys_rt_sigsuspend(struct thread *me, const uint32_t *arg)
{
	sigset mask;
	int err;

	if (arg[1] != SIGSET_SIZE)
		return -EINVAL;
	err = user_copy_in(&mask, arg[0], sizeof(mask));
	return err ? err : suspend(me, mask);
}

/* Linux: sigsuspend(unused, unused, mask), 32 signals. Sleeps. */
int sys_sigsuspend(struct thread *me, const uint32_t *arg)
{
	return suspend(me, arg[2]);
}

/* Sleeps until a signal comes, one of set even though it is blocked. */
static int wait_for_set(struct thread *me, sigset set, uint64_t deadline)
{
	int err;

	assert(me == thread_current() && me->waits_for == 0);
	me->waits_for = set;
	err = sleep_block(SLEEP_SIGNAL, deadline);
	me->waits_for = 0;
	return err;
}

/* Until one of set is there to take. -EAGAIN: time is up; -EINTR. Sleeps. */
static int take_one(struct thread *me, sigset set, uint64_t deadline,
		    struct abi_siginfo *info)
{
	int sig = signal_take_from(me, set, info), err;

	while (sig == 0) {
		if (deadline <= arch_clock_ns())
			return -EAGAIN;
		err = wait_for_set(me, set, deadline);
		sig = signal_take_from(me, set, info);
		if (sig == 0 && err)
			return err == -ETIMEDOUT ? -EAGAIN : err;
	}
	assert(sig > 0 && (sig_bit(sig) & set));
	return sig;
}

static int timed_wait(struct thread *me, const uint32_t *arg, bool wide)
{
	struct abi_siginfo info;
	uint64_t deadline;
	sigset set;
	int err, sig;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	err = user_copy_in(&set, arg[0], sizeof(set));
	if (!err)
		err = sys_timeout_in(arg[2], wide, &deadline);
	if (err)
		return err;
	sig = take_one(me, set & ~(sig_bit(SIGKILL) | sig_bit(SIGSTOP)),
		       deadline, &info);
	if (sig < 0 || arg[1] == 0)
		return sig;
	(void)fault_story_take(&info);
	err = user_copy_out(arg[1], &info, sizeof(info));
	return err ? err : sig;
}

/* POSIX sigtimedwait: rt_sigtimedwait(set, info, timeout, sigsetsize). */
int sys_rt_sigtimedwait(struct thread *me, const uint32_t *arg)
{
	return timed_wait(me, arg, false);
}

int sys_rt_sigtimedwait64(struct thread *me, const uint32_t *arg)
{
	return timed_wait(me, arg, true);
}

static int signalfd(struct thread *me, int fd, sigset mask, uint32_t flags)
{
	struct file *f;
	int err;

	if (fd == -1) {
		err = signalfd_new(me->cred, mask, flags & O_NONBLOCK, &f);
		return err ? err : sys_install(me, f, flags & O_CLOEXEC);
	}
	f = file_get(me->proc->files, fd, FILE_ANY);
	if (!f)
		return -EBADF;
	err = signalfd_set_mask(f, mask);
	file_drop(f);
	return err ? err : fd;
}

/* Linux: signalfd4(fd or -1, mask, sigsetsize, flags): the descriptor. */
int sys_signalfd4(struct thread *me, const uint32_t *arg)
{
	sigset mask;
	int err;

	if (arg[2] != SIGSET_SIZE || (arg[3] & ~(O_CLOEXEC | O_NONBLOCK)))
		return -EINVAL;
	err = user_copy_in(&mask, arg[1], sizeof(mask));
	if (err)
		return err;
	mask &= ~(sig_bit(SIGKILL) | sig_bit(SIGSTOP));
	return signalfd(me, arg[0], mask, arg[3]);
}

/* Linux: signalfd(fd or -1, mask, sigsetsize). */
int sys_signalfd(struct thread *me, const uint32_t *arg)
{
	uint32_t four[4] = { arg[0], arg[1], arg[2], 0 };

	return sys_signalfd4(me, four);
}
