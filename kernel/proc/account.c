/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.c - who has used the CPU, and how busy the machine is.
 *
 * Run time is exact. How much of it was spent in the kernel is found by
 * sampling: what has passed between two looks goes where the thread is found
 * by the second; when it leaves the CPU unseen, where it was found last. Each
 * nanosecond is put somewhere once, so that no sum ever goes back.
 *
 * account_run is interrupt-safe and touches the thread alone. account_charge,
 * under the kernel lock, carries it on to the process, its CPU timers, and the
 * prison: the one place where CPU time meets who pays for it.
 */
#include "kernel/proc/inner.h"

enum { LOAD_SHIFT = 11 };	/* Linux's fixed point and decay per 5 s */
static const uint32_t load_decay[3] = { 1884, 2014, 2037 };
static const uint64_t load_period_ns = 5000000000ull;

unsigned account_deep;
static uint32_t load[3];
static struct timer load_timer;

/* Counts the current thread's time up to now, which it returns. */
uint64_t account_run(struct cpu *cpu, enum account_mode seen)
{
	uint32_t flags = arch_irq_save();
	uint64_t now = arch_clock_ns(), ran = now - cpu->accounted_ns;
	struct sched_entity *e = &cpu->current->sched;

	cpu->accounted_ns = now;
	if (cpu->current == cpu->idle) {
		cpu->idle_ns += ran;
		arch_irq_restore(flags);
		return now;
	}
	if (seen != ACCOUNT_UNSEEN)
		e->in_system = seen == ACCOUNT_SYSTEM;
	e->runtime_ns += ran;
	if (e->in_system) {
		e->system_ns += ran;
		cpu->system_ns += ran;
	} else {
		cpu->user_ns += ran;
	}
	e->vruntime += queue_weigh(e, ran);
	arch_irq_restore(flags);
	return now;
}

/* Carries t's new run time on to its process and prison. */
void account_charge(struct thread *t)
{
	struct sched_entity *e = &t->sched;
	struct proc *p = t->proc;
	uint32_t flags = arch_irq_save();
	uint64_t run = e->runtime_ns - e->charged_ns;
	uint64_t system = e->system_ns - e->charged_system_ns;

	e->charged_ns = e->runtime_ns;
	e->charged_system_ns = e->system_ns;
	arch_irq_restore(flags);
	queue_charge(t, run);
	p->cpu_ns += run;
	p->cpu_system_ns += system;
	if (racct_charge(p->cred->prison, RACCT_CPU_NS, run))
		panic("CPU time was refused");
	if (unlikely(p->cpu_watched || p->limit[RLIMIT_CPU].cur != RLIM_INFINITY))
		ptimer_cpu_check(p);
}

static void bring_up_to_date(void)
{
	struct cpu *cpu = sched_cpu();

	account_run(cpu, ACCOUNT_UNSEEN);
	if (cpu->current != cpu->idle)
		account_charge(cpu->current);
}

/* User and system time of all threads, those that have ended too. */
void proc_times_get(const struct proc *p, struct proc_times *out)
{
	bring_up_to_date();
	out->system_ns = p->cpu_system_ns;
	out->user_ns = p->cpu_ns - p->cpu_system_ns;
}

void thread_times_get(const struct thread *t, struct proc_times *out)
{
	bring_up_to_date();
	out->system_ns = t->sched.charged_system_ns;
	out->user_ns = t->sched.charged_ns - t->sched.charged_system_ns;
}

/* --- load averages ----------------------------------------------------------- */

static void load_step(void *arg)
{
	uint32_t active = (sched_runnable() + account_deep) << LOAD_SHIFT;

	for (int i = 0; i < 3; i++)
		load[i] = ((uint64_t)load[i] * load_decay[i] +
			   (uint64_t)active * ((1 << LOAD_SHIFT) - load_decay[i]))
			  >> LOAD_SHIFT;
	(void)arg;
	timer_set(&load_timer, arch_clock_ns() + load_period_ns);
}

void account_init(void)
{
	timer_init(&load_timer, load_step, NULL);
	timer_set(&load_timer, arch_clock_ns() + load_period_ns);
}

/* Over 1, 5 and 15 minutes, with 16 bits of fraction. */
void sched_loads(uint32_t loads[3])
{
	for (int i = 0; i < 3; i++)
		loads[i] = load[i] << (16 - LOAD_SHIFT);
}
