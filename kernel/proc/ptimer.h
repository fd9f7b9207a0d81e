/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ptimer.h - a POSIX timer, shared by ptimer.c and cpu_timer.c alone.
 */
#ifndef KERNEL_PROC_PTIMER_H
#define KERNEL_PROC_PTIMER_H

#include "kernel/proc/inner.h"

/* Not sooner than this does a timer expire again whose signal nobody takes. */
enum { PTIMER_PAUSE_NS = 10000000 };

enum ptimer_cpu {	/* the CPU clock that a timer runs on */
	PTIMER_NO_CPU, PTIMER_PROC_ALL, PTIMER_PROC_USER, PTIMER_THREAD_ALL,
	PTIMER_THREAD_USER,
};
struct ptimer {
	struct list link;		/* proc.posix_timers */
	int id;
	struct proc *proc;
	struct thread *target;		/* SIGEV_THREAD_ID: held; or NULL */
	struct thread *timed;		/* whose CPU time: held; or NULL */
	enum ptimer_cpu cpu;
	bool on_wall_clock;		/* CLOCK_REALTIME */
	bool wall;			/* and set absolutely: expires is wall time */
	int notify;			/* SIGEV_* */
	uint64_t expires, interval;	/* ns, on its clock */
	struct timer timer;		/* not for CPU clocks */
	struct list wall_link;
	struct signal_item item;
	int overrun;
};
uint64_t ptimer_cpu_now(const struct ptimer *t);
void ptimer_expire(struct ptimer *t);

#endif
