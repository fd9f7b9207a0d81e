/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ptimer.c - POSIX timers (timer_create) of a process.
 *
 * A timer owns the one item that stands for it in a signal queue. While it
 * stands there the timer rests; what it missed meanwhile is counted as overrun
 * when the signal is taken, and only then is it armed again. So an interval of
 * a nanosecond costs no more than the program's own handling of it.
 *
 * Timers on a CPU clock are looked at when the process's CPU time grows
 * (cpu_timer.c), the others stand among the kernel's timers.
 * Invariant: expires == 0 means disarmed. Locks: the kernel lock.
 */
#include "kernel/proc/ptimer.h"

static struct list wall_timers = LIST_INIT(wall_timers);

/* --- clocks ----------------------------------------------------------------- */

/* The timer's clock, in ns. A relative timer on the wall clock is not moved
 * when that is set: it runs on the monotonic one. */
static uint64_t now_of(const struct ptimer *t)
{
	if (t->cpu != PTIMER_NO_CPU)
		return ptimer_cpu_now(t);
	return t->wall ? (uint64_t)timer_realtime_ns() : arch_clock_ns();
}

/* Which clock is meant, as Linux numbers them; negative ones name the CPU time
 * of a process or thread, here: of the caller's own. -EINVAL. */
static int clock_choose(struct thread *me, int clock, struct ptimer *t)
{
	static const enum ptimer_cpu of_process[] = { PTIMER_PROC_ALL,
						      PTIMER_PROC_USER,
						      PTIMER_PROC_ALL };
	int id = ~(clock >> 3);
	struct number *n;

	switch (clock) {
	case CLOCK_REALTIME:
		t->on_wall_clock = true;
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		t->cpu = PTIMER_PROC_ALL;
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		clock = -2;	/* the caller's, by the other naming */
		id = 0;
		break;
	}
	if (clock >= 0 || (clock & 3) == 3)
		return -EINVAL;
	if (!(clock & 4)) {
		t->cpu = of_process[clock & 3];
		return id == 0 || id == me->proc->pid ? 0 : -EINVAL;
	}
	n = number_find(id == 0 ? me->tid : id);
	if (!n || !n->thread || n->thread->proc != me->proc)
		return -EINVAL;
	t->cpu = (clock & 3) == 1 ? PTIMER_THREAD_USER : PTIMER_THREAD_ALL;
	t->timed = n->thread;
	thread_hold(t->timed);
	return 0;
}

/* --- arming ------------------------------------------------------------------ */

static void disarm(struct ptimer *t)
{
	timer_cancel(&t->timer);
	list_remove(&t->wall_link);
	t->expires = 0;
}

static void arm(struct ptimer *t, uint64_t expires)
{
	int64_t offset;

	t->expires = expires;
	if (t->notify == SIGEV_NONE || t->cpu != PTIMER_NO_CPU)
		return;
	if (t->wall) {
		offset = timer_realtime_ns() - (int64_t)arch_clock_ns();
		if (list_empty(&t->wall_link))
			list_append(&wall_timers, &t->wall_link);
		expires = (int64_t)expires > offset ? expires - offset : 0;
	}
	timer_set(&t->timer, expires);
}

/* Arms t for its next turn later than `after`; how many it has missed. */
static uint64_t rearm(struct ptimer *t, uint64_t after)
{
	uint64_t missed = 0;

	if (t->interval == 0) {
		disarm(t);
		return 0;
	}
	if (after > t->expires)
		missed = (after - t->expires) / t->interval;
	arm(t, t->expires + (missed + 1) * t->interval);
	return missed;
}

static struct signal_queue *queue_of(struct ptimer *t)
{
	return t->target ? &t->target->pending : &t->proc->pending;
}

static bool is_queued(const struct ptimer *t)
{
	return !list_empty(&t->item.link);
}

/* Its time has come. Where the signal is ignored there is nobody to wait for,
 * but no reason to hurry either. */
void ptimer_expire(struct ptimer *t)
{
	assert(!is_queued(t));
	if (signal_send(t->proc, t->target, &t->item.info, &t->item) != POSTED)
		rearm(t, now_of(t) + PTIMER_PAUSE_NS);
}

static void expire(void *arg)
{
	ptimer_expire(arg);
}

/* The signal is being taken: *info is told what was missed. */
void ptimer_taken(struct ptimer *t, struct abi_siginfo *info)
{
	uint64_t missed = rearm(t, now_of(t));

	t->overrun = missed > INT32_MAX ? INT32_MAX : (int)missed;
	info->timer.overrun = t->overrun;
}

void ptimer_flushed(struct ptimer *t)
{
	rearm(t, now_of(t) + PTIMER_PAUSE_NS);
}

/* Absolute timers follow the wall clock when it is set. */
void ptimer_realtime_changed(void)
{
	list_each_safe(l, &wall_timers) {
		struct ptimer *t = list_entry(l, struct ptimer, wall_link);

		if (t->timer.armed)
			arm(t, t->expires);
	}
}

/* --- birth and end -------------------------------------------------------------- */

static struct ptimer *find(const struct proc *p, int id)
{
	list_each(l, &p->posix_timers) {
		struct ptimer *t = list_entry(l, struct ptimer, link);

		if (t->id == id)
			return t;
	}
	return NULL;
}

/* Whom to tell, and how. -EINVAL. */
static int notify_choose(struct thread *me, const struct abi_sigevent *ev,
			 struct ptimer *t)
{
	struct number *n;

	t->notify = ev->notify;
	if (ev->notify == SIGEV_NONE)
		return 0;
	if (ev->signo < 1 || ev->signo > SIGNAL_MAX)
		return -EINVAL;
	switch (ev->notify) {
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		return 0;
	case SIGEV_THREAD_ID:
		n = number_find(ev->tid);
		if (!n || !n->thread || n->thread->proc != me->proc)
			return -EINVAL;
		t->target = n->thread;
		thread_hold(t->target);
		return 0;
	default:
		return -EINVAL;
	}
}

static void release(struct ptimer *t)
{
	if (t->target)
		thread_drop(t->target);
	if (t->timed)
		thread_drop(t->timed);
	kmem_free(t);
}

static int id_choose(struct proc *p)
{
	int id;

	do {
		id = p->next_timer_id;
		p->next_timer_id = id == INT32_MAX ? 0 : id + 1;
	} while (find(p, id));
	return id;
}

static void enter(struct ptimer *t, struct proc *p, const struct abi_sigevent *ev)
{
	struct abi_siginfo *info = &t->item.info;

	t->id = id_choose(p);
	info->signo = ev ? ev->signo : SIGALRM;
	info->code = SI_TIMER;
	info->timer.timer = t->id;
	info->timer.value = ev ? ev->value : (uint32_t)t->id;
	user_hold(p->user);
	p->user->signals++;
	t->item.payer = p->user;
	list_append(&p->posix_timers, &t->link);
	if (t->cpu != PTIMER_NO_CPU)
		p->cpu_watched = true;
}

/* -EINVAL; -EAGAIN: too many signals and timers (RLIMIT_SIGPENDING), or no
 * memory (POSIX). */
int timer_posix_create(struct thread *me, int clock, const struct abi_sigevent *ev,
		       int *id)
{
	struct proc *p = me->proc;
	struct ptimer *t;
	int err;

	if (p->user->signals >= p->limit[RLIMIT_SIGPENDING].cur)
		return -EAGAIN;
	t = kmem_zalloc(sizeof(*t));
	if (!t)
		return -EAGAIN;
	t->proc = p;
	t->item.timer = t;
	list_init(&t->item.link);
	list_init(&t->wall_link);
	timer_init(&t->timer, expire, t);
	err = clock_choose(me, clock, t);
	if (!err && ev)
		err = notify_choose(me, ev, t);
	if (err) {
		release(t);
		return err;
	}
	enter(t, p, ev);
	*id = t->id;
	return 0;
}

/* Disarmed, and its signal, if any is queued, taken back. */
static void silence(struct ptimer *t)
{
	disarm(t);
	if (is_queued(t))
		signal_queue_take_item(queue_of(t), &t->item);
}

static void delete(struct ptimer *t)
{
	silence(t);
	list_remove(&t->link);
	assert(t->item.payer->signals != 0);
	t->item.payer->signals--;
	user_drop(t->item.payer);
	release(t);
}

int timer_posix_delete(struct proc *p, int id)
{
	struct ptimer *t = find(p, id);

	if (!t)
		return -EINVAL;
	delete(t);
	return 0;
}

void timer_posix_clear(struct proc *p)
{
	list_each_safe(l, &p->posix_timers)
		delete(list_entry(l, struct ptimer, link));
}

/* --- setting and asking ------------------------------------------------------------ */

static void bring_up_to_date(const struct ptimer *t)
{
	struct proc_times charged;

	if (t->cpu != PTIMER_NO_CPU)
		proc_times_get(t->proc, &charged);
}

static void remaining(const struct ptimer *t, struct timer_span *out)
{
	uint64_t now = now_of(t), next = t->expires;

	*out = (struct timer_span){ 0, t->interval };
	if (next == 0)
		return;
	if (next <= now && t->interval != 0)
		next += ((now - next) / t->interval + 1) * t->interval;
	if (next > now)
		out->value = next - now;
	else if (t->notify != SIGEV_NONE && !is_queued(t))
		out->value = 1;	/* due, and about to be sent */
}

int timer_posix_get(struct proc *p, int id, struct timer_span *now)
{
	struct ptimer *t = find(p, id);

	if (!t)
		return -EINVAL;
	bring_up_to_date(t);
	remaining(t, now);
	return 0;
}

int timer_posix_set(struct proc *p, int id, bool absolute,
		    const struct timer_span *to, struct timer_span *old)
{
	struct ptimer *t = find(p, id);
	uint64_t now;

	if (!t)
		return -EINVAL;
	bring_up_to_date(t);
	if (old)
		remaining(t, old);
	silence(t);
	t->overrun = 0;
	t->wall = absolute && t->on_wall_clock;
	t->interval = to->interval;
	if (to->value == 0)
		return 0;
	now = absolute ? 0 : now_of(t);
	arm(t, to->value < INT64_MAX - now ? now + to->value : INT64_MAX);
	return 0;
}

/* How many expirations the last signal stood for beyond the first. */
int timer_posix_overrun(struct proc *p, int id)
{
	const struct ptimer *t = find(p, id);

	return t ? t->overrun : -EINVAL;
}
