/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleep.c - waiting.
 *
 * A thread puts an entry on a queue and gives the CPU away; whoever changes
 * what it waits for calls the entry's wake function. Because kernel code is
 * not preempted, "test, then sleep" is one step and no wake-up can fall
 * between. A thread that a signal or its deadline has already woken takes no
 * wake-up: it goes to the next in the queue.
 *
 * Invariant: an asleep thread's entry is on its queue until it runs again.
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

/* A thread that was woken, but has not run since, keeps that result. */
static void time_out(void *arg)
{
	struct thread *t = arg;

	if (t->state != THREAD_ASLEEP)
		return;
	t->sleep_result = -ETIMEDOUT;
	sched_ready(t);
}

/* Sleeps until sleep_unblock (0), deadline (-ETIMEDOUT), or as how says
 * (-EINTR). A sleep_unblock since the last one counts. Sleeps. */
int sleep_block(enum sleep_how how, uint64_t deadline)
{
	struct thread *me = thread_current();
	struct timer timer;
	bool timed = deadline != SLEEP_FOREVER;

	sleep_assert();
	assert(me != sched_cpu()->idle && me->state == THREAD_RUNNING);
	if (me->wake_pending) {
		me->wake_pending = false;
		return 0;
	}
	if ((how == SLEEP_SIGNAL && signal_pending(me)) ||
	    (how == SLEEP_KILL && signal_fatal_pending(me)))
		return -EINTR;
	if (timed) {
		if (arch_clock_ns() >= deadline)
			return -ETIMEDOUT;
		timer_init(&timer, time_out, me);
		timer_set(&timer, deadline);
	}
	me->state = THREAD_ASLEEP;
	me->sleep_how = how;
	me->sleep_result = 0;
	account_deep += how == SLEEP_DEEP;
	sched_switch();
	account_deep -= how == SLEEP_DEEP;
	if (timed)
		timer_cancel(&timer);
	return me->sleep_result;
}

void sleep_unblock(struct thread *t)
{
	if (t->state == THREAD_ASLEEP)
		sched_ready(t);
	else
		t->wake_pending = true;
}

/* Ends t's sleep, if it is one that a signal (or only a fatal one) ends. */
void sleep_interrupt(struct thread *t, bool fatal)
{
	if (t->state != THREAD_ASLEEP || t->sleep_how == SLEEP_DEEP ||
	    (t->sleep_how == SLEEP_KILL && !fatal))
		return;
	t->sleep_result = -EINTR;
	sched_ready(t);
}

/* The wake function of sleep_on: takes the wake-up if the thread still sleeps. */
static bool wake_sleeper(struct sleep_entry *e)
{
	if (e->thread->state != THREAD_ASLEEP)
		return false;
	list_remove(&e->link);
	sched_ready(e->thread);
	return true;
}

int sleep_on_key(struct sleep_queue *q, uint32_t key, enum sleep_how how,
		 uint64_t deadline)
{
	struct thread *me = thread_current();
	struct sleep_entry e = { .wake = wake_sleeper, .thread = me, .key = key };
	int err;

	me->wake_pending = false; /* from a wait of long ago */
	me->sleeping_on = q;
	list_append(&q->entries, &e.link);
	err = sleep_block(how, deadline);
	list_remove(&e.link);
	me->sleeping_on = NULL;
	return err;
}

int sleep_on(struct sleep_queue *q, enum sleep_how how, uint64_t deadline)
{
	return sleep_on_key(q, 0, how, deadline);
}

void sleep_entry_add(struct sleep_queue *q, struct sleep_entry *e)
{
	list_append(&q->entries, &e->link);
}

void sleep_entry_remove(struct sleep_entry *e)
{
	list_remove(&e->link);
}

/* A wake function may remove its own entry and no other. */
static unsigned wake(struct sleep_queue *q, bool any, uint32_t key, unsigned n)
{
	unsigned woken = 0;

	list_each_safe(l, &q->entries) {
		struct sleep_entry *e = list_entry(l, struct sleep_entry, link);

		if (woken == n)
			break;
		if ((any || e->key == key) && e->wake(e))
			woken++;
	}
	return woken;
}

void sleep_wake(struct sleep_queue *q)
{
	if (!list_empty(&q->entries))
		wake(q, true, 0, UINT32_MAX);
}

/* Entries of pollers are told and not counted. Returns how many took it. */
unsigned sleep_wake_n(struct sleep_queue *q, unsigned n)
{
	return list_empty(&q->entries) ? 0 : wake(q, true, 0, n);
}

unsigned sleep_wake_key(struct sleep_queue *q, uint32_t key, unsigned n)
{
	return wake(q, false, key, n);
}

/* --- a lock that may be held over a sleep --------------------------------- */

/* sleep_lock_take of a lock that is taken. First come, first served: release
 * makes the first waiter the owner, so that nobody slips in between. Sleeps. */
void sleep_lock_wait(struct sleep_lock *l)
{
	struct thread *me = thread_current();
	struct sleep_entry e = { .wake = wake_sleeper, .thread = me };

	assert(l->owner && l->owner != me);
	list_append(&l->waiters.entries, &e.link);
	me->sleeping_on = &l->waiters;
	while (l->owner != me)
		if (sleep_block(SLEEP_DEEP, SLEEP_FOREVER))
			panic("a deep sleep was interrupted");
	me->sleeping_on = NULL;
}

/* The rest of sleep_lock_release, when somebody waits. */
void sleep_lock_pass(struct sleep_lock *l)
{
	struct sleep_entry *e;

	assert(!l->owner);
	e = list_entry(list_first(&l->waiters.entries), struct sleep_entry, link);
	list_remove(&e->link);
	l->owner = e->thread;
	sleep_unblock(e->thread);
}
