/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c - job control: stopping a process and continuing it.
 *
 * A stopped process's threads park on their way out to user mode; those that
 * sleep where a signal may wake them are sent there. When the last has parked,
 * the process counts as stopped for its parent, who is told by SIGCHLD and by
 * wait4. SIGCONT and a fatal signal set them free. The threads of a frozen
 * prison park in the same place, and nobody is told.
 *
 * Invariant: parked <= thread_count. Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

/* SIGCHLD about p's stop or continuation, and who waits is woken. */
static void tell_parent(struct proc *p, int code, int sig)
{
	struct proc *parent = p->parent;
	const struct abi_sigaction *a;
	struct abi_siginfo info;

	if (!parent || parent->state != PROC_ALIVE)
		return;
	/* children with something to report stand first: wait.c */
	list_remove(&p->sibling);
	list_push(&parent->children, &p->sibling);
	a = parent->actions ? &parent->actions->action[SIGCHLD - 1] : NULL;
	if (a && a->handler != SIG_IGN && !(a->flags & SA_NOCLDSTOP)) {
		signal_fill(&info, SIGCHLD, code, NULL);
		info.child.pid = p->pid;
		info.child.uid = p->cred->uid;
		info.child.status = sig;
		(void)signal_post(parent, &info); /* a standard one gets in */
	}
	sleep_wake(&parent->child_wait);
}

/* Have all threads parked? Also asked when one ends meanwhile. */
void stop_check(struct proc *p)
{
	if (!p->stopped || p->stop_told || p->exiting || p->thread_count == 0 ||
	    p->parked != p->thread_count)
		return;
	p->stop_told = true;
	p->stop_report = p->stop_signal << 8 | 0x7f;
	p->continue_report = 0;
	tell_parent(p, CLD_STOPPED, p->stop_signal);
}

void stop_begin(struct proc *p, int sig)
{
	assert(p->pid != 1);
	if (p->stopped || p->exiting)
		return;
	p->stopped = true;
	p->stop_told = false;
	p->stop_signal = sig;
	list_each(l, &p->threads)
		signal_wake(list_entry(l, struct thread, proc_link), false);
}

/* me waits here, on its way out, until its process goes on. Sleeps. */
void stop_park(struct thread *me)
{
	struct proc *p = me->proc;

	assert(me == thread_current());
	p->parked++;
	stop_check(p);
	while (p->stopped && !me->killed) {
		me->state = THREAD_STOPPED;
		sched_switch();
	}
	p->parked--;
}

void stop_end(struct proc *p)
{
	if (!p->stopped)
		return;
	p->stopped = false;
	list_each(l, &p->threads) {
		struct thread *t = list_entry(l, struct thread, proc_link);

		if (t->state == THREAD_STOPPED)
			sched_ready(t);
	}
	p->stop_report = 0;
	if (p->stop_told) {
		p->stop_told = false;
		p->continue_report = 0xffff;
		tell_parent(p, CLD_CONTINUED, SIGCONT);
	}
}

/* --- frozen prisons --------------------------------------------------------- */

static struct sleep_queue thawed = { LIST_INIT(thawed.entries) };

/* me has no lock and holds nothing, being on its way out to user mode. Only a
 * fatal signal ends the wait sooner. Sleeps. */
void proc_frozen_park(struct thread *me)
{
	assert(me == thread_current());
	while (!me->killed && prison_frozen(me->proc->cred->prison))
		if (sleep_on(&thawed, SLEEP_KILL, SLEEP_FOREVER))
			return;
}

void proc_thaw(void)
{
	sleep_wake(&thawed);
}
