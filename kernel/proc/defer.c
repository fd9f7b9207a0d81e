/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * defer.c - from an interrupt to the kernel lock.
 *
 * An interrupt handler may touch only interrupt data. What else there is to do
 * it puts here; it is done under the kernel lock, in order, on the way out to
 * user mode, by the idle thread, or before the next switch.
 *
 * Locks: the chain is interrupt data.
 */
#include "kernel/proc/inner.h"

static struct defer *first, **tail = &first;	/* [i] */
bool defer_busy;

/* From any context. Once raised, d is left alone until it runs. */
void defer_raise(struct defer *d)
{
	uint32_t flags = arch_irq_save();

	if (!d->queued) {
		d->queued = true;
		d->next = NULL;
		*tail = d;
		tail = &d->next;
		arch_return_work = 1;
	}
	arch_irq_restore(flags);
}

void defer_cancel(struct defer *d)
{
	uint32_t flags = arch_irq_save();
	struct defer **at = &first;

	while (d->queued && *at != d)
		at = &(*at)->next;
	if (d->queued) {
		*at = d->next;
		if (tail == &d->next)
			tail = at;
		d->queued = false;
	}
	arch_irq_restore(flags);
}

static struct defer *take_first(void)
{
	uint32_t flags = arch_irq_save();
	struct defer *d = first;

	if (d) {
		first = d->next;
		if (!first)
			tail = &first;
		d->queued = false; /* from here on it may be raised again */
	}
	arch_irq_restore(flags);
	return d;
}

/* Does what there is to do. What is raised meanwhile by interrupts is done
 * too, but at most a round of it: the rest waits for the next way out. */
void defer_run(void)
{
	enum { ROUND = 64 };
	struct defer *d;

	assert(sched_locked());
	if (!first || defer_busy)
		return;
	defer_busy = true;
	for (int i = 0; i < ROUND && (d = take_first()) != NULL; i++)
		d->fn(d);
	defer_busy = false;
	if (first)
		arch_return_work = 1;
}

bool defer_waiting(void)
{
	return first != NULL;
}
