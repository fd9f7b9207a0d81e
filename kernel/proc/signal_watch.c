/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal_watch.c - a queue that is woken whenever a process is sent a signal,
 * for files that show signals (signalfd).
 *
 * It is made for the process at the first use and outlives it as long as such
 * a file holds it, because an epoll may still stand on the queue then. Locks:
 * the kernel lock.
 */
#include "kernel/proc/inner.h"

/* p's, made if need be; held for the caller. -ENOMEM. */
int signal_watch_get(struct proc *p, struct signal_watch **out)
{
	struct signal_watch *w = p->signal_watch;

	if (!w) {
		w = kmem_alloc(sizeof *w);
		if (!w)
			return -ENOMEM;
		w->refs = 1;
		sleep_queue_init(&w->queue);
		p->signal_watch = w;
	}
	w->refs++;
	*out = w;
	return 0;
}

void signal_watch_drop(struct signal_watch *w)
{
	assert(w->refs != 0);
	if (--w->refs)
		return;
	assert(sleep_queue_idle(&w->queue));
	kmem_free(w);
}
