/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.c - a thread's signals: actions, masks, what is pending, and the
 * alternate stack. Sending is in kill.c, waiting in sigwait.c.
 *
 * Many calls are here twice: with sets of 64 signals (rt_), and in their old
 * form with the first 32, which never touches the upper half.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { SIGSET_SIZE = sizeof(sigset) };
#define LOW_SIGNALS ((sigset)UINT32_MAX)
#define IMMUTABLE (sig_bit(SIGKILL) | sig_bit(SIGSTOP))
/* What does nothing by default, so that a pending one is forgotten. */
#define IGNORED_BY_DEFAULT (sig_bit(SIGCHLD) | sig_bit(SIGCONT) | \
			    sig_bit(SIGURG) | sig_bit(SIGWINCH))
/* Unknown flags are cleared, so that a program can find out (Linux 5.11). */
#define ACTION_FLAGS (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | \
		      SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND)

/* Gives and sets the action for sig; either may be NULL. */
static int action_change(struct thread *me, int sig,
			 const struct abi_sigaction *to,
			 struct abi_sigaction *old)
{
	struct abi_sigaction *a;

	if (sig < 1 || sig > SIGNAL_MAX || (to && (sig_bit(sig) & IMMUTABLE)))
		return -EINVAL;
	assert(me->proc->actions->refs > 0);
	a = &me->proc->actions->action[sig - 1];
	if (old)
		*old = *a;
	if (!to)
		return 0;
	*a = *to;
	a->flags &= ACTION_FLAGS;
	a->mask[0] &= ~(uint32_t)IMMUTABLE;
	if (a->handler == SIG_IGN ||
	    (a->handler == SIG_DFL && (sig_bit(sig) & IGNORED_BY_DEFAULT)))
		signal_flush(me->proc, sig_bit(sig));
	return 0;
}

/* Linux: rt_sigaction(sig, act, oldact, sigsetsize). */
int sys_rt_sigaction(struct thread *me, const uint32_t *arg)
{
	struct abi_sigaction to, old;
	int err;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (arg[1] != 0) {
		err = user_copy_in(&to, arg[1], sizeof(to));
		if (err)
			return err;
	}
	err = action_change(me, arg[0], arg[1] ? &to : NULL, &old);
	if (!err && arg[2] != 0)
		err = user_copy_out(arg[2], &old, sizeof(old));
	return err;
}

/* Linux: sigaction(sig, act, oldact), the old one with 32 signals. */
int sys_sigaction(struct thread *me, const uint32_t *arg)
{
	struct abi_old_sigaction user;
	struct abi_sigaction to = { 0 }, old;
	int err;

	if (arg[1] != 0) {
		err = user_copy_in(&user, arg[1], sizeof(user));
		if (err)
			return err;
		to = (struct abi_sigaction){ user.handler, user.flags,
					     user.restorer, { user.mask, 0 } };
	}
	err = action_change(me, arg[0], arg[1] ? &to : NULL, &old);
	if (err || arg[2] == 0)
		return err;
	user = (struct abi_old_sigaction){ old.handler, old.mask[0], old.flags,
					   old.restorer };
	return user_copy_out(arg[2], &user, sizeof(user));
}

/* Linux: signal(sig, handler) with System V's meaning: once, unmasked. */
int sys_signal(struct thread *me, const uint32_t *arg)
{
	struct abi_sigaction to = { .handler = arg[1],
				    .flags = SA_RESETHAND | SA_NODEFER };
	struct abi_sigaction old;
	int err = action_change(me, arg[0], &to, &old);

	return err ? err : (int)old.handler;
}

/* Sets the signals of `which` as `how` says. */
static int mask_change(struct thread *me, uint32_t how, sigset set, sigset which)
{
	switch (how) {
	case SIG_BLOCK:
		signal_set_mask(me, me->mask | set);
		return 0;
	case SIG_UNBLOCK:
		signal_set_mask(me, me->mask & ~set);
		return 0;
	case SIG_SETMASK:
		signal_set_mask(me, (me->mask & ~which) | set);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Linux: rt_sigprocmask(how, set, oldset, sigsetsize). */
int sys_rt_sigprocmask(struct thread *me, const uint32_t *arg)
{
	sigset set, old = me->mask;
	int err = 0;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (arg[1] != 0) {
		err = user_copy_in(&set, arg[1], sizeof(set));
		if (!err)
			err = mask_change(me, arg[0], set, ~(sigset)0);
	}
	if (!err && arg[2] != 0)
		err = user_copy_out(arg[2], &old, sizeof(old));
	return err;
}

/* Linux: sigprocmask(how, set, oldset), 32 signals. */
int sys_sigprocmask(struct thread *me, const uint32_t *arg)
{
	uint32_t set, old = me->mask;
	int err = 0;

	if (arg[1] != 0) {
		err = user_get32(arg[1], &set);
		if (!err)
			err = mask_change(me, arg[0], set, LOW_SIGNALS);
	}
	if (!err && arg[2] != 0)
		err = user_put32(arg[2], old);
	return err;
}

int sys_sgetmask(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return (uint32_t)me->mask;
}

int sys_ssetmask(struct thread *me, const uint32_t *arg)
{
	uint32_t old = me->mask;

	signal_set_mask(me, arg[0]);
	return old;
}

/* Linux: rt_sigpending(set, sigsetsize); a smaller set gets the first bytes. */
int sys_rt_sigpending(struct thread *me, const uint32_t *arg)
{
	sigset set = signal_pending_set(me) & me->mask;

	if (arg[1] > SIGSET_SIZE)
		return -EINVAL;
	return user_copy_out(arg[0], &set, arg[1]);
}

int sys_sigpending(struct thread *me, const uint32_t *arg)
{
	return user_put32(arg[0], signal_pending_set(me) & me->mask);
}

/* -EPERM while the thread runs on it; -EINVAL flags; -ENOMEM too small. */
int altstack_set(struct thread *me, const struct abi_stack *to, uint32_t sp)
{
	uint32_t mode = (uint32_t)to->flags & ~SS_AUTODISARM;

	if (on_altstack(me, sp))
		return -EPERM;
	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		me->altstack = (struct abi_stack){ 0, to->flags, 0 };
		return 0;
	}
	if (to->size < MINSIGSTKSZ)
		return -ENOMEM;
	me->altstack = *to;
	return 0;
}

/* Linux: sigaltstack(stack, oldstack). */
int sys_sigaltstack(struct thread *me, const uint32_t *arg)
{
	uint32_t sp = me->frame->esp;
	struct abi_stack to, old = me->altstack;
	int err;

	old.flags = (uint32_t)old.flags & SS_AUTODISARM;
	if (old.size == 0)
		old.flags |= SS_DISABLE;
	else if (on_altstack(me, sp))
		old.flags |= SS_ONSTACK;
	if (arg[0] != 0) {
		err = user_copy_in(&to, arg[0], sizeof(to));
		if (!err)
			err = altstack_set(me, &to, sp);
		if (err)
			return err;
	}
	return arg[1] ? user_copy_out(arg[1], &old, sizeof(old)) : 0;
}
