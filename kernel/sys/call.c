/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c - from the trap gate to a row of the call table, and back out.
 *
 * kernel_call is the hottest path of the kernel. It takes the kernel lock,
 * brings the thread's credential up to date, and runs the row; a row whose
 * gate is closed does not exist. kernel_return is the other way out, walked
 * only when arch_return_work says that something waits: a switch, deferred
 * work of an interrupt, a signal.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { NUMBER_END = CALL_JAIL_BASE + CALL_JAIL_COUNT };

/* The row of a number, or NULL when there is none or its gate is closed. */
const struct call *call_find(uint32_t number)
{
	const struct call *c;

	if (number < CALL_COUNT)
		c = &call_table[number];
	else if (number - CALL_JAIL_BASE < CALL_JAIL_COUNT)
		c = &call_jail_table[number - CALL_JAIL_BASE];
	else
		return NULL;
	return c->gate == GATE_CLOSED ? NULL : c;
}

/* With trace=enosys, one line for each number that nobody answers. */
static void note_unknown(const struct thread *me, uint32_t number)
{
	static uint32_t noted[NUMBER_END / 32 + 1];
	static int wanted = -1;
	char what[16];

	if (wanted < 0)
		wanted = cmdline_value("trace", what, sizeof(what)) &&
			 strcmp(what, "enosys") == 0;
	if (!wanted || number >= NUMBER_END ||
	    (noted[number / 32] & 1u << number % 32))
		return;
	noted[number / 32] |= 1u << number % 32;
	log_print(LOG_INFO, "%s[%d] jid %d: call %u is not implemented",
		  me->proc->comm, me->proc->pid, me->proc->cred->prison->jid,
		  number);
}

static int run_rare(struct thread *me, uint32_t number, const uint32_t *arg)
{
	const struct call *c = call_find(number);

	if (c)
		return c->run(me, arg);
	note_unknown(me, number);
	return -ENOSYS;
}

/* A system call of the current thread; interrupts are on. */
void kernel_call(struct frame *f)
{
	struct thread *me = thread_current();
	uint32_t number = f->error;
	int result;

	sched_lock();
	if (unlikely(me->cred != me->proc->cred))
		proc_refresh_cred(me);
	if (likely(number < CALL_COUNT) &&
	    likely(call_table[number].gate != GATE_CLOSED))
		result = call_table[number].run(me, &f->ebx);
	else
		result = run_rare(me, number, &f->ebx);
	f->eax = result;
	/* -ERESTART* never gets out, even if the signal went elsewhere. */
	if (unlikely(call_wants_restart(result)))
		arch_return_work = 1;
	sched_unlock();
}

/* CLONE_CHILD_SETTID: the child finds its number in its own memory. */
static void tell_tid(struct thread *me)
{
	uint32_t at = me->set_tid;

	me->set_tid = 0;
	(void)!user_put32(at, me->tid); /* a wrong address is its own loss */
}

/*
 * What is left to do before user code runs on. Interrupts are off at entry and
 * at exit, and were not on between the last look at arch_return_work and the
 * exit, so that nothing that came in is left for later.
 */
void kernel_return(struct frame *f)
{
	struct thread *me = thread_current();

	assert(frame_from_user(f) && f == me->frame);
	sched_lock();
	do {
		arch_return_work = 0;
		arch_irq_enable();
		defer_run();
		if (sched_cpu()->need_resched)
			sched_yield();
		if (me->set_tid != 0)
			tell_tid(me);
		if (me->rseq != 0)
			rseq_check(me, f);
		if (unlikely(prison_frozen(me->proc->cred->prison)))
			proc_frozen_park(me);
		if (me->killed || me->restore_mask || signal_pending(me) ||
		    call_interrupted(f))
			deliver_signals(me, f);
		arch_irq_disable();
	} while (arch_return_work);
	sched_unlock();
}
