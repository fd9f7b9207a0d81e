/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer.c - functions that are called at a time, and the wall clock.
 *
 * Armed timers stand in a tree by deadline. The machine's one-shot clock is
 * set no later than the first of them; its interrupt only looks at next_due,
 * and the due functions run from deferred work, under the kernel lock.
 *
 * Invariant: next_due is the first deadline. Locks: the kernel lock; next_due
 * is interrupt data.
 */
#include "kernel/proc/inner.h"

static struct tree armed;
static uint64_t next_due = UINT64_MAX;	/* [i] */
static int64_t realtime_offset;		/* wall time - arch_clock_ns() */
struct sleep_queue timer_realtime_changed;

static struct timer *timer_of(const struct tree_node *n)
{
	return tree_entry(n, struct timer, node);
}

static bool sooner(const struct tree_node *a, const struct tree_node *b)
{
	return timer_of(a)->deadline < timer_of(b)->deadline;
}

static void publish_next(void)
{
	const struct tree_node *n = tree_first(&armed);
	uint64_t due = n ? timer_of(n)->deadline : UINT64_MAX;
	uint32_t flags = arch_irq_save();

	next_due = due;
	arch_irq_restore(flags);
}

/* The wall clock begins with what the battery clock says. */
void timer_start(void)
{
	sleep_queue_init(&timer_realtime_changed);
	realtime_offset = arch_rtc_read() * 1000000000ll -
			  (int64_t)arch_clock_ns();
	arch_vdso_update(realtime_offset);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	t->armed = false;
	t->fn = fn;
	t->arg = arg;
}

/* fn(arg) when arch_clock_ns() reaches deadline, or as soon as it can be. */
void timer_set(struct timer *t, uint64_t deadline)
{
	assert(t->fn);
	if (t->armed)
		tree_remove(&armed, &t->node);
	t->armed = true;
	t->deadline = deadline;
	tree_add(&armed, &t->node, sooner);
	publish_next();
	if (tree_first(&armed) == &t->node)
		clock_arm(deadline);
}

void timer_set_ms(struct timer *t, uint32_t ms)
{
	timer_set(t, arch_clock_ns() + (uint64_t)ms * 1000000);
}

bool timer_cancel(struct timer *t)
{
	assert(sched_locked());
	if (!t->armed)
		return false;
	t->armed = false;
	tree_remove(&armed, &t->node);
	publish_next();
	return true;
}

uint64_t timer_next(void)
{
	const struct tree_node *n = tree_first(&armed);

	return n ? timer_of(n)->deadline : UINT64_MAX;
}

/* From the clock's interrupt: is there work? If not, the clock is set anew. */
bool timer_due(uint64_t now)
{
	if (next_due <= now)
		return true;
	clock_arm(next_due);
	return false;
}

/* Runs what is due by now. A function that arms its timer again does so for
 * later than now, so that no timer can keep us here. */
void timer_run(uint64_t now)
{
	struct tree_node *n;

	while ((n = tree_first(&armed)) != NULL) {
		struct timer *t = timer_of(n);

		if (t->deadline > now)
			break;
		assert(t->armed);
		tree_remove(&armed, n);
		t->armed = false;
		t->fn(t->arg); /* which may free t */
	}
	publish_next();
	clock_arm(next_due);
}

int64_t timer_realtime_ns(void)
{
	return (int64_t)arch_clock_ns() + realtime_offset;
}

/* Sets the wall clock: ns since 1970. */
void timer_realtime_set(int64_t ns)
{
	assert(sched_locked());
	realtime_offset = ns - (int64_t)arch_clock_ns();
	arch_vdso_update(realtime_offset);
	ptimer_realtime_changed();
	sleep_wake(&timer_realtime_changed);
}
