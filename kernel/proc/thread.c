/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - threads: how they are made, begin and are buried.
 *
 * A thread's own reference belongs to its running; it is dropped, with the
 * stack, by the thread that gets the CPU after it has ended (thread_bury).
 *
 * Invariants: a thread holds its process; a thread of a user process bears a
 * number and is counted for its prison and its user until it ends.
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

enum { KEPT_FOR_ROOT = 10 };	/* threads, of the machine's last */
static struct kmem_cache *cache;

void thread_init(void)
{
	cache = kmem_cache_new("thread", sizeof(struct thread), 16);
	if (!cache)
		panic("no memory for threads");
}

void thread_hold(struct thread *t)
{
	assert(t->refs != 0);
	t->refs++;
}

void thread_drop(struct thread *t)
{
	struct proc *p = t->proc;

	assert(t->refs != 0);
	if (--t->refs != 0)
		return;
	assert(t->stack == NULL && !t->sched.queued);
	cred_drop(t->cred);
	kmem_cache_free(cache, t);
	proc_drop(p);
}

/* Everything but stack, number and place in the process. */
void thread_set_up(struct thread *t, struct proc *p)
{
	/* the FPU area means nothing until it is used */
	memset(t, 0, offsetof(struct thread, arch) +
			     offsetof(struct arch_thread, fpu));
	t->refs = 1;
	t->state = THREAD_NEW;
	t->proc = p;
	proc_hold(p);
	t->cred = cred_hold(p->cred);
	t->vm = p->vm;
	list_init(&t->proc_link);
	list_init(&t->futex_link);
	list_init(&t->sched.rt_link);
	signal_queue_init(&t->pending);
	t->altstack.flags = SS_DISABLE;
	queue_join(t);
}

/* First code of every thread: interrupts are off, the lock is held. */
static void begin(void *arg)
{
	struct thread *me = arg;

	sched_begin();
	if (me->kernel_entry) {
		arch_irq_enable();
		me->kernel_entry(me->kernel_arg);
		if (!me->vm)
			thread_exit();
		arch_irq_disable();
	}
	sched_unlock();
	kernel_return(me->frame);
	arch_enter_user(me->frame);
}

/* A thread with a stack, in nobody's list yet. */
static int make(struct proc *p, struct thread **out)
{
	struct thread *t = kmem_cache_alloc(cache);
	void *stack;

	if (!t)
		return -ENOMEM;
	stack = kmem_stack_alloc();
	if (!stack) {
		kmem_cache_free(cache, t);
		return -ENOMEM;
	}
	thread_set_up(t, p);
	t->stack = stack;
	t->frame = arch_user_frame(stack);
	memset(t->frame, 0, sizeof(*t->frame));
	arch_thread_make(&t->arch, stack, t, begin, t);
	*out = t;
	return 0;
}

static void enter_proc(struct thread *t)
{
	struct proc *p = t->proc;

	list_append(&p->threads, &t->proc_link);
	p->thread_count++;
}

/* Linux RLIMIT_NPROC counts the threads of a real user id. */
static int may_add_thread(const struct proc *p)
{
	const struct prison *host = prison_host();

	if (p->user->threads >= p->limit[RLIMIT_NPROC].cur &&
	    priv_check(p->cred, PRIV_PROC_LIMIT))
		return -EAGAIN;
	if (host->used[RACCT_THREAD] + KEPT_FOR_ROOT >=
		    host->limit[RACCT_THREAD] &&
	    priv_check(p->cred, PRIV_MAXPROC))
		return -EAGAIN;
	return 0;
}

/* Inherits the caller's place in the schedule and its signal mask. -ENOMEM;
 * -EAGAIN: a limit, or p is losing its threads. */
int thread_new(struct proc *p, struct thread **out)
{
	const struct thread *me = thread_current();
	bool first = p->thread_count == 0;
	struct thread *t;
	int err;

	if (p->state != PROC_ALIVE || (!first && (p->exiting || p->execing)))
		return -EAGAIN;
	err = may_add_thread(p);
	if (!err)
		err = racct_charge(p->cred->prison, RACCT_THREAD, 1);
	if (err)
		return err;
	err = make(p, &t);
	if (err)
		goto release;
	t->tid = p->pid;
	if (!first) {
		t->tid = number_take();
		if (t->tid < 0) {
			err = t->tid;
			goto bury;
		}
	}
	number_find(t->tid)->thread = t;
	p->user->threads++;
	enter_proc(t);
	sched_inherit(t, me);
	t->mask = me->mask;
	t->killed = p->exiting;	/* killed before it was born */
	*out = t;
	return 0;

bury:
	thread_bury(t);
release:
	racct_release(p->cred->prison, RACCT_THREAD, 1);
	return err;
}

/* kernel/sys has filled t->frame; the call returns 0 in the new thread. */
void thread_start_user(struct thread *t)
{
	t->vm = t->proc->vm;
	t->frame->eax = 0;
	proc_count_fork();
	sched_ready(t);
}

/* entry(arg) runs with the kernel lock; the thread ends when it returns. It is
 * not runnable yet: sched_ready starts it. *out is not held for the caller. */
int thread_new_kernel(const char *name, void (*entry)(void *), void *arg,
		      struct thread **out)
{
	struct thread *t;
	int err = make(proc_kernel(), &t);

	if (err)
		return err;
	t->name = name;
	t->kernel_entry = entry;
	t->kernel_arg = arg;
	enter_proc(t);
	*out = t;
	return 0;
}

/* t stops being a thread of its process: number, counts, signals. */
void thread_leave_proc(struct thread *t)
{
	struct proc *p = t->proc;
	struct number *n;

	signal_queue_flush(&t->pending, ~(sigset)0);
	signal_retarget(t, ~t->mask);
	list_remove(&t->proc_link);
	assert(p->thread_count != 0);
	p->thread_count--;
	if (p == proc_kernel())
		return;
	n = number_find(t->tid);
	assert(n && n->thread == t);
	n->thread = NULL;
	number_settle(t->tid);
	assert(p->user->threads != 0);
	p->user->threads--;
	racct_release(p->cred->prison, RACCT_THREAD, 1);
}

/* Undoes thread_new. */
void thread_unmake(struct thread *t)
{
	struct proc *p = t->proc;

	assert(t->state == THREAD_NEW);
	t->state = THREAD_DEAD;
	thread_leave_proc(t);
	sleep_wake(&p->thread_gone);
	stop_check(p);
	thread_bury(t);
}

/* t will never run again, and we do not stand on its stack. */
void thread_bury(struct thread *t)
{
	assert(t != thread_current());
	thread_io_drop(t);
	kmem_stack_free(t->stack);
	t->stack = NULL;
	t->frame = NULL;
	thread_drop(t);
}

/* Is it code by which everybody sleeps? The two of sched.c that are not
 * public may or may not have become part of their callers. */
static bool is_sleep_code(const char *name)
{
	return !strncmp(name, "sleep_", 6) || !strncmp(name, "sched_", 6) ||
	       !strncmp(name, "arch_", 5) || !strcmp(name, "switch_to") ||
	       !strcmp(name, "give_away");
}

const char *thread_wait_name(const struct thread *t)
{
	uint32_t ebp, low = (uint32_t)t->stack, high = low + KSTACK_SLOT;

	if (t->state != THREAD_ASLEEP)
		return NULL;
	ebp = arch_thread_callers(&t->arch);
	while (ebp >= low && ebp <= high - 8 && (ebp & 3) == 0) {
		const uint32_t *frame = (const uint32_t *)ebp;
		const char *name = panic_symbol(frame[1] - 1, NULL);

		if (!name || !is_sleep_code(name))
			return name;
		if (frame[0] <= ebp)
			break;
		ebp = frame[0];
	}
	return NULL;
}
