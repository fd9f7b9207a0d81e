/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal_post.c - who may send a signal, and sending it.
 *
 * What a process ignores is not queued at all, unless it blocks it: it may
 * change its mind before it unblocks. A signal that will end the process does
 * so here, at once, whatever its threads are doing; a stop signal and SIGCONT
 * cancel each other. From threads and deferred work only, never from an
 * interrupt. Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

void signal_fill(struct abi_siginfo *info, int sig, int code,
		 const struct proc *from)
{
	memset(info, 0, sizeof(*info));
	info->signo = sig;
	info->code = code;
	if (from) {
		info->kill.pid = from->pid;
		info->kill.uid = from->cred->uid;
	}
}

/* May who reach down into the prison of `of` without a privilege? A user
 * number means one person in the parent and another in the child. */
static bool may_tamper(const struct cred *who, const struct cred *of)
{
	return who->prison == of->prison ||
	       (of->prison->allow & ALLOW_UNPRIVILEGED_PARENT_TAMPERING);
}

/* POSIX kill: real or effective uid equals the target's real or saved one;
 * SIGCONT within the session, and here also within the prison, is free. */
int signal_may(const struct cred *who, const struct proc *p, int sig)
{
	const struct cred *of = p->cred;
	const struct proc *me = thread_current()->proc;

	if (p == me)
		return 0;
	if (who->euid == of->uid || who->euid == of->suid ||
	    who->uid == of->uid || who->uid == of->suid)
		return may_tamper(who, of) ? 0
					   : priv_check(who, PRIV_SIGNAL_DIFFJAIL);
	if (sig == SIGCONT && who->prison == of->prison && me->group &&
	    p->group && me->group->session == p->group->session)
		return 0;
	return priv_check(who, PRIV_SIGNAL_DIFFCRED);
}

/* --- who gets it -------------------------------------------------------------- */

/* Something for t to act on: gets it out of a sleep that this ends. Asleep it
 * may be while it still is current: on its way to give the CPU away. */
void signal_wake(struct thread *t, bool fatal)
{
	assert(sched_locked());
	if (t->state == THREAD_ASLEEP)
		sleep_interrupt(t, fatal);
	else if (t->state == THREAD_STOPPED && fatal)
		sched_ready(t);
	else if (t == thread_current())
		arch_return_work = 1;
}

static struct thread *first_thread(const struct proc *p)
{
	return p->thread_count == 0 ? NULL :
	       list_entry(p->threads.next, struct thread, proc_link);
}

/* The thread that is to act on sig: t if it is for t, else the first that does
 * not block it. NULL: none, it stays pending; so does everything while the
 * process is stopped. */
static struct thread *taker(struct proc *p, struct thread *t, int sig)
{
	if (p->stopped)
		return NULL;
	if (t)
		return t->mask & sig_bit(sig) ? NULL : t;
	list_each(l, &p->threads) {
		struct thread *o = list_entry(l, struct thread, proc_link);

		if (!o->killed && !(o->mask & sig_bit(sig)))
			return o;
	}
	return NULL;
}

/* All block sig, but one may be in sigtimedwait for it. */
static void wake_waiter(struct proc *p, struct thread *t, int sig)
{
	list_each(l, &p->threads) {
		struct thread *o = list_entry(l, struct thread, proc_link);

		if ((o->waits_for & sig_bit(sig)) && (!t || t == o)) {
			sleep_unblock(o);
			return;
		}
	}
}

static bool is_ignored(const struct proc *p, const struct thread *t, int sig)
{
	uint32_t handler = signal_handler_of(p, sig);

	if (!t)
		t = first_thread(p);
	if (t && (t->mask & sig_bit(sig)))
		return false;
	if (handler == SIG_IGN)
		return true;
	return handler == SIG_DFL &&
	       (p->pid == 1 || signal_default_of(sig) == DEFAULT_IGNORE);
}

static bool is_fatal(const struct proc *p, int sig)
{
	return p->pid != 1 && signal_handler_of(p, sig) == SIG_DFL &&
	       signal_default_of(sig) == DEFAULT_DIE;
}

/* What sig means even if nobody takes it. Process 1 cannot be stopped, but
 * SIGCONT works on whatever is stopped. */
static void cancel_opposite(struct proc *p, int sig)
{
	if (sig_bit(sig) & SIGNALS_STOP) {
		signal_flush(p, sig_bit(SIGCONT));
	} else if (sig == SIGCONT) {
		signal_flush(p, SIGNALS_STOP);
		stop_end(p);
	}
}

/* --- sending ------------------------------------------------------------------- */

/* A sender whom the receiver may not know of is nobody to him. */
static void hide_sender(const struct proc *to, struct abi_siginfo *info)
{
	const struct proc *me;

	if (info->code != SI_USER && info->code != SI_TKILL &&
	    info->code != SI_QUEUE)
		return;
	me = thread_current()->proc;
	if (to->cred->prison != me->cred->prison && !proc_sees(to->cred, me)) {
		info->kill.pid = 0;
		info->kill.uid = 0;
	}
}

/* Queues the story: `item`, a timer's, or a copy of *info. */
static int queue(struct proc *p, struct thread *t, const struct abi_siginfo *info,
		 struct signal_item *item)
{
	struct signal_queue *q = t ? &t->pending : &p->pending;
	struct abi_siginfo shown;

	if (item) {
		signal_queue_add_item(q, item);
		return 0;
	}
	shown = *info;
	hide_sender(p, &shown);
	return signal_queue_add(q, p, &shown);
}

int signal_send(struct proc *p, struct thread *t, const struct abi_siginfo *info,
		struct signal_item *item)
{
	int sig = info->signo, err;
	struct thread *to;

	assert(sig >= 1 && sig <= SIGNAL_MAX && sched_locked());
	if (p->state != PROC_ALIVE || p->exiting ||
	    (t && t->state == THREAD_DEAD))
		return POST_DROPPED;
	cancel_opposite(p, sig);
	if (is_ignored(p, t, sig))
		return POST_DROPPED;
	to = taker(p, t, sig);
	if (sig == SIGKILL || (to && is_fatal(p, sig))) {
		proc_exit_group(p, sig);
		return POSTED;
	}
	err = queue(p, t, info, item);
	if (!err && to)
		signal_wake(to, false);
	else if (!err)
		wake_waiter(p, t, sig);
	if (!err && p->signal_watch)
		sleep_wake(&p->signal_watch->queue);
	return err;
}

int signal_post(struct proc *p, const struct abi_siginfo *info)
{
	int err = signal_send(p, NULL, info, NULL);

	return err < 0 ? err : 0;
}

int signal_post_thread(struct thread *t, const struct abi_siginfo *info)
{
	int err = signal_send(t->proc, t, info, NULL);

	return err < 0 ? err : 0;
}

/* The kernel's own signals are standard ones, which are never refused. */
void signal_post_simple(struct proc *p, int sig)
{
	struct abi_siginfo info;

	assert(sig < SIGRTMIN);
	signal_fill(&info, sig, SI_KERNEL, NULL);
	(void)signal_send(p, NULL, &info, NULL);
}

void signal_post_group(struct proc_group *g, int sig)
{
	assert(g->refs > 0);
	list_each(l, &g->members)
		signal_post_simple(list_entry(l, struct proc, group_link), sig);
}

/* A fault of t, the current thread. Where it is blocked or ignored, or nobody
 * handles it, the process ends: it cannot go on from where it is. */
void signal_force(struct thread *t, const struct abi_siginfo *info)
{
	struct proc *p = t->proc;
	int sig = info->signo;
	struct abi_sigaction *a = &p->actions->action[sig - 1];

	assert(t == thread_current());
	if ((t->mask & sig_bit(sig)) || a->handler == SIG_IGN)
		a->handler = SIG_DFL;
	if (a->handler == SIG_DFL) {
		proc_exit_group(p, sig);
		return;
	}
	if (signal_queue_add(&t->pending, p, info))
		panic("signal %d was refused", sig);
	arch_return_work = 1;
}
