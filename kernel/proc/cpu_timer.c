/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu_timer.c - setitimer and alarm, and all that runs on CPU time: the other
 * two interval timers, POSIX timers on CPU clocks, RLIMIT_CPU.
 *
 * The real-time interval timer rests from its SIGALRM until that is taken, as
 * a POSIX timer does. What runs on CPU time is checked whenever the process is
 * charged for some, so at least every sample (SAMPLE_NS) that it runs.
 * Locks: the kernel lock.
 */
#include "kernel/proc/ptimer.h"

static const uint64_t second_ns = 1000000000;

/* The first of expires + n * interval, n >= 1, that is later than after. */
static uint64_t next_turn(uint64_t expires, uint64_t interval, uint64_t after)
{
	if (after < expires)
		return expires + interval;
	return expires + ((after - expires) / interval + 1) * interval;
}

/* --- ITIMER_REAL ------------------------------------------------------------- */

static void real_expire(void *arg)
{
	struct proc *p = arg;
	struct abi_siginfo info;

	signal_fill(&info, SIGALRM, SI_KERNEL, NULL);
	if (signal_send(p, NULL, &info, NULL) == POSTED || p->real_interval == 0)
		return;
	timer_set(&p->real_timer,
		  next_turn(p->real_timer.deadline, p->real_interval,
			    arch_clock_ns() + PTIMER_PAUSE_NS));
}

/* If the timer rests because of this SIGALRM, it goes on. */
void ptimer_alarm_taken(struct proc *p)
{
	assert(p->state == PROC_ALIVE);
	if (p->real_interval != 0 && !p->real_timer.armed)
		timer_set(&p->real_timer,
			  next_turn(p->real_timer.deadline, p->real_interval,
				    arch_clock_ns()));
}

static void real_get(const struct proc *p, struct timer_span *out)
{
	uint64_t now = arch_clock_ns(), next = p->real_timer.deadline;

	*out = (struct timer_span){ 0, p->real_interval };
	if (!p->real_timer.armed && p->real_interval == 0)
		return;
	if (!p->real_timer.armed)
		next = next_turn(next, p->real_interval, now);
	out->value = next > now ? next - now : 1000; /* due: not nothing */
}

static void real_set(struct proc *p, const struct timer_span *to)
{
	uint64_t now = arch_clock_ns();

	timer_cancel(&p->real_timer);
	p->real_interval = to->value ? to->interval : 0;
	if (to->value != 0)
		timer_set(&p->real_timer, to->value < INT64_MAX - now ?
						  now + to->value : INT64_MAX);
}

/* --- CPU time ------------------------------------------------------------------ */

static uint64_t user_time(const struct proc *p)
{
	return p->cpu_ns - p->cpu_system_ns;
}

/* As of the last charge: to charge from here would come back here. */
uint64_t ptimer_cpu_now(const struct ptimer *t)
{
	switch (t->cpu) {
	case PTIMER_PROC_ALL:
		return t->proc->cpu_ns;
	case PTIMER_PROC_USER:
		return user_time(t->proc);
	case PTIMER_THREAD_ALL:
		return t->timed->sched.charged_ns;
	case PTIMER_THREAD_USER:
		return t->timed->sched.charged_ns -
		       t->timed->sched.charged_system_ns;
	default:
		panic("timer %d runs on no CPU clock", t->id);
	}
}

static void interval_check(struct proc *p, uint64_t *expires, uint64_t interval,
			   uint64_t now, int sig)
{
	if (*expires == 0 || now < *expires)
		return;
	*expires = interval ? next_turn(*expires, interval, now) : 0;
	signal_post_simple(p, sig);
}

/* POSIX RLIMIT_CPU; Linux: SIGXCPU every second beyond the soft limit. */
static void limit_check(struct proc *p)
{
	const struct abi_rlimit64 *l = &p->limit[RLIMIT_CPU];
	uint64_t seconds = div_u64(p->cpu_ns, second_ns, NULL);

	if (seconds >= l->max) {
		signal_post_simple(p, SIGKILL);
	} else if (seconds >= l->cur && p->cpu_ns >= p->cpu_warn_ns) {
		p->cpu_warn_ns = p->cpu_ns + second_ns;
		signal_post_simple(p, SIGXCPU);
	}
}

/* p's CPU time has grown. */
void ptimer_cpu_check(struct proc *p)
{
	bool watched;

	if (p->state != PROC_ALIVE || p->exiting)
		return;
	interval_check(p, &p->virt_expires, p->virt_interval, user_time(p),
		       SIGVTALRM);
	interval_check(p, &p->prof_expires, p->prof_interval, p->cpu_ns,
		       SIGPROF);
	watched = p->virt_expires || p->prof_expires;
	list_each(l, &p->posix_timers) {
		struct ptimer *t = list_entry(l, struct ptimer, link);

		if (t->cpu == PTIMER_NO_CPU)
			continue;
		watched = true;
		if (t->expires != 0 && list_empty(&t->item.link) &&
		    t->notify != SIGEV_NONE && ptimer_cpu_now(t) >= t->expires)
			ptimer_expire(t);
	}
	p->cpu_watched = watched;
	limit_check(p);
}

/* --- setitimer -------------------------------------------------------------------- */

static void cpu_get(uint64_t expires, uint64_t interval, uint64_t now,
		    struct timer_span *out)
{
	*out = (struct timer_span){ 0, interval };
	if (expires != 0)
		out->value = expires > now ? expires - now : 1000;
}

static void cpu_set(uint64_t *expires, uint64_t *interval, uint64_t now,
		    const struct timer_span *to)
{
	*expires = to->value ? now + to->value : 0;
	*interval = to->value ? to->interval : 0;
}

/* POSIX getitimer. -EINVAL. */
int timer_interval_get(struct proc *p, int which, struct timer_span *now)
{
	struct proc_times used;

	switch (which) {
	case ITIMER_REAL:
		real_get(p, now);
		return 0;
	case ITIMER_VIRTUAL:
		proc_times_get(p, &used);
		cpu_get(p->virt_expires, p->virt_interval, used.user_ns, now);
		return 0;
	case ITIMER_PROF:
		proc_times_get(p, &used);
		cpu_get(p->prof_expires, p->prof_interval,
			used.user_ns + used.system_ns, now);
		return 0;
	default:
		return -EINVAL;
	}
}

/* POSIX setitimer. -EINVAL. */
int timer_interval_set(struct proc *p, int which, const struct timer_span *to,
		       struct timer_span *old)
{
	struct timer_span before;
	int err = timer_interval_get(p, which, &before);

	if (err)
		return err;
	if (old)
		*old = before;
	if (which == ITIMER_REAL) {
		real_set(p, to);
		return 0;
	}
	p->cpu_watched = true; /* and p's CPU time is up to date */
	if (which == ITIMER_VIRTUAL)
		cpu_set(&p->virt_expires, &p->virt_interval, user_time(p), to);
	else
		cpu_set(&p->prof_expires, &p->prof_interval, p->cpu_ns, to);
	return 0;
}

void ptimer_proc_init(struct proc *p)
{
	list_init(&p->posix_timers);
	timer_init(&p->real_timer, real_expire, p);
}

void ptimer_proc_exit(struct proc *p)
{
	timer_posix_clear(p);
	timer_cancel(&p->real_timer);
	p->real_interval = 0;
	p->virt_expires = p->prof_expires = 0;
	p->cpu_watched = false;
}
