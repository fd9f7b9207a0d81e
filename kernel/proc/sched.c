/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.c - gives the CPU from thread to thread, and keeps the kernel lock.
 *
 * Kernel code is never preempted: a switch happens where a thread sleeps or
 * yields, or on its way out to user mode after need_resched was set. The clock
 * is a one-shot (clock_arm): it is set for the next timer, and while a thread
 * runs, no later than the next sample or the end of its slice; an idle CPU is
 * not disturbed for nothing.
 *
 * Invariant: current's state is THREAD_RUNNING, nobody else's is. A thread
 * that is switched to holds the kernel lock and has interrupts off.
 * Locks: the kernel lock; armed_for is interrupt data.
 */
#include "kernel/proc/inner.h"

struct cpu sched_cpus[CPU_MAX];
static struct thread idle_thread;
uint32_t sched_lock_owner;
static uint64_t armed_for = UINT64_MAX;	/* [i] when kernel_timer comes */
void (*sched_vm_switch)(struct vm *next);

/* --- the kernel lock --------------------------------------------------------- */

/* sched_lock, when another CPU has it. */
void sched_lock_wait(void)
{
	uint32_t expected;

	do {
		__builtin_ia32_pause();
		expected = 0;
	} while (!__atomic_compare_exchange_n(
		&sched_lock_owner, &expected, arch_cpu_number() + 1, false,
		__ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
}

/* --- the clock ----------------------------------------------------------------- */

/* kernel_timer is to come at `when` or sooner. Programming the clock is dear
 * beside a switch: one that comes too soon is let come. */
void clock_arm(uint64_t when)
{
	uint32_t flags = arch_irq_save();
	uint64_t now;

	if (when < armed_for) {
		armed_for = when;
		now = arch_clock_ns();
		arch_timer_arm(when > now ? when - now : 1);
	}
	arch_irq_restore(flags);
}

static void tick(struct defer *d)
{
	struct cpu *cpu = sched_cpu();

	(void)d;
	timer_run(arch_clock_ns());
	if (cpu->current != cpu->idle)
		account_charge(cpu->current);
}

static struct defer tick_defer = { .fn = tick };

/* The clock's interrupt found the current thread in user mode, or not. */
void sched_account(bool to_user)
{
	struct cpu *cpu = sched_cpu();

	account_run(cpu, to_user ? ACCOUNT_USER : ACCOUNT_SYSTEM);
	cpu->user_ticks = div_u64(cpu->user_ns, SAMPLE_NS, NULL);
	cpu->system_ticks = div_u64(cpu->system_ns, SAMPLE_NS, NULL);
}

/* From kernel_timer, interrupts off: asks for a switch when the slice is over,
 * has due timers run, and sets the clock for what comes next. */
void sched_timer(void)
{
	struct cpu *cpu = sched_cpu();
	uint64_t now = cpu->accounted_ns, next, slice_end;

	armed_for = UINT64_MAX;
	if (timer_due(now))
		defer_raise(&tick_defer);
	if (cpu->current == cpu->idle)
		return;
	defer_raise(&tick_defer);
	next = now + SAMPLE_NS;
	if (queue_rival(cpu->current)) {
		slice_end = cpu->current->sched.started_ns + SLICE_NS;
		if (slice_end <= now) {
			cpu->need_resched = true;
			arch_return_work = 1;
		} else if (slice_end < next) {
			next = slice_end;
		}
	}
	clock_arm(next);
}

/* --- switching ------------------------------------------------------------------ */

/* What is left to do on the new thread's stack: the old one may be dead, and
 * cannot free the stack that it stands on. Interrupts are off. */
void sched_begin(void)
{
	struct cpu *cpu = sched_cpu();
	struct thread *dead = cpu->dead;

	assert(sched_locked());
	arch_return_work = 1;
	if (dead) {
		cpu->dead = NULL;
		thread_bury(dead);
	}
}

static void switch_to(struct cpu *cpu, struct thread *prev,
		      struct thread *next, uint64_t now)
{
	uint32_t flags = arch_irq_save();

	cpu->current = next;
	cpu->switches++;
	next->state = THREAD_RUNNING;
	next->sched.started_ns = now;
	if (prev->state == THREAD_DEAD)
		cpu->dead = prev;
	if (prev == cpu->idle)
		clock_arm(now + SAMPLE_NS);
	if (next->vm && next->vm != prev->vm)
		sched_vm_switch(next->vm);
	arch_thread_switch(&prev->arch, &next->arch, next->stack);
	sched_begin(); /* prev has the CPU again */
	arch_irq_restore(flags);
}

/* prev, the current thread, has its new state and is queued if it is ready.
 * switches: of its two counts, the one that this is for. */
static void give_away(struct cpu *cpu, struct thread *prev, uint64_t now,
		      uint64_t *switches)
{
	struct thread *next = queue_pick();

	if (!next)
		next = cpu->idle;
	cpu->need_resched = false;
	if (next != cpu->idle)
		queue_note_running(next);
	if (next == prev) {
		prev->state = THREAD_RUNNING;
		prev->sched.started_ns = now;
		return;
	}
	++*switches;
	switch_to(cpu, prev, next, now);
}

/* Gives the CPU away. The caller has set its own state; THREAD_READY means
 * that it wants to go on at once. Returns when it has the CPU again. */
void sched_switch(void)
{
	struct cpu *cpu = sched_cpu();
	struct thread *me = cpu->current;
	uint64_t now;

	assert(sched_locked() && me == thread_current());
	assert(me->state != THREAD_RUNNING);
	defer_run(); /* what an interrupt woke need not wait for the idle thread */
	now = account_run(cpu, ACCOUNT_UNSEEN);
	if (me != cpu->idle) {
		account_charge(me);
		if (me->state == THREAD_READY)
			queue_add(me, false);
	}
	give_away(cpu, me, now, &me->voluntary);
}

/* Lets others run: on the way out because need_resched says so, when me keeps
 * its turn if it still is the first, or because me asks for it, when anybody
 * else goes first. Sleeps. */
void sched_yield(void)
{
	struct cpu *cpu = sched_cpu();
	struct thread *me = cpu->current, *other = NULL;
	bool asked = !cpu->need_resched, over;
	uint64_t now;

	sleep_assert();
	cpu->need_resched = false;
	if (queue_count() == 0)
		return;
	now = account_run(cpu, ACCOUNT_UNSEEN);
	account_charge(me);
	if (asked && me->sched.policy != SCHED_FIFO &&
	    me->sched.policy != SCHED_RR)
		other = queue_pick();
	over = asked || (me->sched.policy != SCHED_FIFO &&
			 now - me->sched.started_ns >= SLICE_NS);
	me->state = THREAD_READY;
	queue_add(me, !over);
	if (!other) {
		give_away(cpu, me, now,
			  asked ? &me->voluntary : &me->involuntary);
		return;
	}
	me->voluntary++;
	queue_note_running(other);
	switch_to(cpu, me, other, now);
}

/* Makes t, asleep, stopped or new, runnable. */
void sched_ready(struct thread *t)
{
	struct cpu *cpu = sched_cpu();
	bool is_new = t->state == THREAD_NEW;

	assert(sched_locked());
	assert(is_new || t->state == THREAD_ASLEEP || t->state == THREAD_STOPPED);
	t->state = THREAD_READY;
	if (t == cpu->current)
		return; /* woken on its way to sleep: sched_switch queues it */
	if (cpu->current != cpu->idle) {
		account_run(cpu, ACCOUNT_UNSEEN);
		queue_note_running(cpu->current);
		/* its maker's, who has paid for it so far */
		if (is_new && t->sched.share == cpu->current->sched.share)
			t->sched.vruntime = cpu->current->sched.vruntime;
	}
	queue_place(t, is_new);
	queue_add(t, false);
	if (cpu->current == cpu->idle || queue_preempts(t, cpu->current)) {
		cpu->need_resched = true;
		arch_return_work = 1;
	}
}

/* What a thread has from the one that makes it. */
void sched_inherit(struct thread *child, const struct thread *from)
{
	struct sched_entity *to = &child->sched;

	to->policy = from->sched.policy;
	to->rt_priority = from->sched.rt_priority;
	to->nice = from->sched.nice;
	if (!from->sched.reset_on_fork)
		return;
	if (to->policy == SCHED_FIFO || to->policy == SCHED_RR) {
		to->policy = SCHED_OTHER;
		to->rt_priority = to->nice = 0;
	} else if (to->nice < 0) {
		to->nice = 0;
	}
}

/* --- what others may set and ask ---------------------------------------------------- */

unsigned sched_runnable(void)
{
	struct cpu *cpu = sched_cpu();

	return queue_count() + (cpu->current != cpu->idle);
}

static void change(struct thread *t, int policy, int priority, int nice)
{
	bool queued = t->sched.queued;

	if (t == sched_cpu()->current)
		account_run(sched_cpu(), ACCOUNT_UNSEEN);
	if (queued)
		queue_remove(t);
	if (t->sched.policy != policy)
		queue_level(t);
	t->sched.policy = policy;
	t->sched.rt_priority = priority;
	t->sched.nice = nice;
	if (queued)
		queue_add(t, false);
	sched_cpu()->need_resched = true;
	arch_return_work = 1;
}

void sched_set_nice(struct thread *t, int nice)
{
	assert(nice >= -20 && nice <= 19);
	change(t, t->sched.policy, t->sched.rt_priority, nice);
}

/* Linux sched_setscheduler: priority 1..99 for SCHED_FIFO and SCHED_RR, 0 for
 * the others; else -EINVAL. */
int sched_set_policy(struct thread *t, int policy, int priority)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		if (priority < 1 || priority > 99)
			return -EINVAL;
		break;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		if (priority != 0)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	change(t, policy, priority, t->sched.nice);
	return 0;
}

/* --- boot and idle ------------------------------------------------------------------- */

/* The boot thread becomes CPU 0's idle thread. It takes the kernel lock and
 * keeps it until sched_start; until then it must not sleep. */
void sched_init(void)
{
	struct cpu *cpu = sched_cpu();
	struct thread *me = &idle_thread;

	thread_set_up(me, proc_kernel());
	me->name = "idle";
	me->state = THREAD_RUNNING;
	me->stack = (void *)((uint32_t)__builtin_frame_address(0) &
			     ~(uint32_t)(KSTACK_SLOT - 1));
	me->frame = arch_user_frame(me->stack);
	arch_thread_adopt(&me->arch, me);
	assert(thread_current() == me);
	cpu->number = arch_cpu_number();
	cpu->current = cpu->idle = me;
	cpu->accounted_ns = arch_clock_ns();
	queue_init();
	timer_start();
	account_init();
	sched_lock();
}

/* The idle thread: runs when nobody else can, and lets go of the lock while
 * the CPU rests. Interrupts stay off from the last look for work to the rest,
 * so that none comes in between unseen. */
_Noreturn void sched_start(void)
{
	struct thread *me = thread_current();

	assert(me == &idle_thread && sched_locked());
	for (;;) {
		arch_irq_enable();
		defer_run();
		if (queue_count() != 0) {
			me->state = THREAD_READY;
			sched_switch();
			continue;
		}
		arch_irq_disable();
		if (defer_waiting())
			continue;
		sched_unlock();
		arch_idle();
		sched_lock();
	}
}
