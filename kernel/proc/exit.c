/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit.c - the end of threads and processes.
 *
 * kernel/sys has dropped what the upper rooms own; here the process leaves its
 * children to process 1, tells its parent, and waits as a zombie to be reaped.
 * A parent that ignores SIGCHLD never has to: the child reaps itself.
 *
 * Invariant: a zombie has no thread, no timer and nothing pending.
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

static void kill_thread(struct thread *t)
{
	assert(t->state != THREAD_DEAD);
	t->killed = true;
	signal_wake(t, true);
}

/* Begins the end of p; the first one's status counts. It is complete when all
 * its threads have found their way out. */
void proc_exit_group(struct proc *p, int status)
{
	if (p->exiting || p->state != PROC_ALIVE)
		return;
	p->exiting = true;
	p->exit_status = status;
	p->stopped = false;
	list_each(l, &p->threads)
		kill_thread(list_entry(l, struct thread, proc_link));
}

/* me, the last thread, gets the process's own number (POSIX exec). */
static void become_first(struct thread *me)
{
	int old = me->tid, pid = me->proc->pid;

	if (old == pid)
		return;
	assert(number_find(pid)->thread == NULL);
	number_find(pid)->thread = me;
	me->tid = pid;
	number_find(old)->thread = NULL;
	number_settle(old);
}

/* -EAGAIN: another thread does the same; -EINTR: the process is ending. */
int proc_single_thread(struct thread *me)
{
	struct proc *p = me->proc;

	if (p->exiting || p->execing || me->killed)
		return -EAGAIN;
	p->execing = true;
	list_each(l, &p->threads) {
		struct thread *t = list_entry(l, struct thread, proc_link);

		if (t != me)
			kill_thread(t);
	}
	while (p->thread_count > 1 && !me->killed)
		if (sleep_on(&p->thread_gone, SLEEP_KILL, SLEEP_FOREVER))
			break;
	p->execing = false;
	if (me->killed)
		return -EINTR;
	become_first(me);
	return 0;
}

/* Ticks of USER_HZ, for siginfo. */
static int32_t ticks(uint64_t ns)
{
	return (int32_t)div_u64(ns, 1000000000 / USER_HZ, NULL);
}

static void fill_exit_info(struct abi_siginfo *info, const struct proc *p)
{
	int sig = p->exit_status & 0x7f;

	signal_fill(info, p->exit_signal, sig ? CLD_KILLED : CLD_EXITED, NULL);
	info->child.pid = p->pid;
	info->child.uid = p->cred->uid;
	info->child.status = sig ? sig : p->exit_status >> 8 & 0xff;
	info->child.utime = ticks(p->cpu_ns - p->cpu_system_ns);
	info->child.stime = ticks(p->cpu_system_ns);
}

/* Zombie p has a parent, perhaps a new one, who is to know. */
static void tell_parent(struct proc *p)
{
	struct proc *parent = p->parent;
	int sig = p->exit_signal;
	bool reap = false;
	struct abi_siginfo info;

	assert(p->state == PROC_ZOMBIE && parent && parent != p);
	if (sig == SIGCHLD && parent->actions) {
		const struct abi_sigaction *a =
			&parent->actions->action[SIGCHLD - 1];

		if (a->handler == SIG_IGN)
			sig = 0;
		reap = sig == 0 || (a->flags & SA_NOCLDWAIT);
	}
	/* children with something to report stand first: wait.c */
	list_remove(&p->sibling);
	list_push(&parent->children, &p->sibling);
	if (sig != 0) {
		fill_exit_info(&info, p);
		(void)signal_post(parent, &info);
	}
	if (reap)
		proc_reap(p);
	sleep_wake(&parent->child_wait);
}

static void adopt(struct proc *child, struct proc *by)
{
	struct proc *from = child->parent;
	struct abi_siginfo info;

	assert(from && from != by);
	group_child_moves(child, from);
	list_remove(&child->sibling);
	list_append(&by->children, &child->sibling);
	child->parent = by;
	child->exit_signal = SIGCHLD;
	if (child->state == PROC_ZOMBIE) {
		tell_parent(child);
	} else if (child->death_signal != 0) {
		signal_fill(&info, child->death_signal, SI_USER, from);
		(void)signal_post(child, &info);
	}
}

static void end_of_thread(struct thread *me)
{
	account_run(sched_cpu(), ACCOUNT_UNSEEN);
	account_charge(me);
	thread_leave_proc(me);
}

/* The current thread is p's last; all that it still may do is thread_exit. */
void proc_become_zombie(struct proc *p)
{
	struct proc *one = proc_one();

	assert(p == thread_current()->proc && p->thread_count == 1);
	assert(p->state == PROC_ALIVE && p != one && p->left_prison);
	end_of_thread(thread_current());
	ptimer_proc_exit(p);
	group_parent_leaves(p);
	p->exiting = true;
	p->stopped = false;
	p->state = PROC_ZOMBIE;
	signal_queue_flush(&p->pending, ~(sigset)0);
	if (p->actions)
		signal_actions_drop(p->actions);
	p->actions = NULL;
	if (p->group->session->leader == p)
		p->group->session->leader = NULL;
	list_each_safe(l, &p->children)
		adopt(list_entry(l, struct proc, sibling), one);
	tell_parent(p);
}

/* The current thread has let go of everything. If it is the last of its
 * process, that becomes a zombie. */
_Noreturn void thread_exit(void)
{
	struct thread *me = thread_current();
	struct proc *p = me->proc;

	assert(me->state == THREAD_RUNNING && me != sched_cpu()->idle);
	if (!list_empty(&me->proc_link)) {
		if (p->thread_count == 1 && p != proc_kernel()) {
			proc_become_zombie(p);
		} else {
			end_of_thread(me);
			sleep_wake(&p->thread_gone);
			stop_check(p);
		}
	}
	me->state = THREAD_DEAD;
	sched_switch();
	panic("a dead thread runs");
}
