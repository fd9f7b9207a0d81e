/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - calls that read, set and wait for clocks.
 *
 * Every clock is nanoseconds in an int64. Sleeping is on a queue that nobody
 * wakes; an absolute sleep on the wall clock also wakes when it is set.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

static const int64_t NS = 1000000000;

/* CPU clocks are named by negative numbers: ~id << 3, and which below. */
enum { CLOCK_OF_SELF = -8 };

static int cpu_clock(struct thread *me, int clock, int64_t *ns)
{
	struct proc_times t = { 0, 0 };
	int id = ~(clock >> 3);
	bool of_thread = clock & 4;
	unsigned which = clock & 3;	/* 0 prof, 1 virtual, 2 sched */

	assert(me == thread_current());
	if (which == 3)
		return -EINVAL;
	if (of_thread) {
		struct thread *th = id ? proc_find_thread(me->cred, id) : me;

		if (!th || th->proc != me->proc)
			return -EINVAL;
		thread_times_get(th, &t);
		if (id)
			thread_drop(th);
	} else {
		struct proc *p = id ? proc_find(me->cred, id) : me->proc;

		if (!p)
			return -EINVAL;
		proc_times_get(p, &t);
		if (id)
			proc_drop(p);
	}
	*ns = t.user_ns + (which == 1 ? 0 : t.system_ns);
	return 0;
}

static int clock_read(struct thread *me, int clock, int64_t *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = timer_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = arch_clock_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		return cpu_clock(me, CLOCK_OF_SELF | 2, ns);
	case CLOCK_THREAD_CPUTIME_ID:
		return cpu_clock(me, CLOCK_OF_SELF | 6, ns);
	default:
		return clock < 0 ? cpu_clock(me, clock, ns) : -EINVAL;
	}
}

static int get(struct thread *me, const uint32_t *arg, bool wide)
{
	int64_t ns;
	int err = clock_read(me, arg[0], &ns);

	return err ? err : sys_timespec_out(arg[1], wide, ns);
}

int sys_clock_gettime(struct thread *me, const uint32_t *arg)
{
	return get(me, arg, false);
}

int sys_clock_gettime64(struct thread *me, const uint32_t *arg)
{
	return get(me, arg, true);
}

static int resolution(struct thread *me, const uint32_t *arg, bool wide)
{
	int64_t ns;
	int err = clock_read(me, arg[0], &ns);

	if (err || !arg[1])
		return err;
	return sys_timespec_out(arg[1], wide, 1);
}

int sys_clock_getres(struct thread *me, const uint32_t *arg)
{
	return resolution(me, arg, false);
}

int sys_clock_getres64(struct thread *me, const uint32_t *arg)
{
	return resolution(me, arg, true);
}

/* Sets the wall clock, as who may. As in Linux nothing before 1970 can be set,
 * and nothing from which it would come to its end within thirty years. */
static int wall_set(const struct cred *who, enum priv needed, int64_t ns)
{
	const int64_t latest = INT64_MAX - 30ll * 365 * 24 * 60 * 60 * NS;
	int err;

	if (ns < 0 || ns > latest)
		return -EINVAL;
	err = priv_check(who, needed);
	if (!err)
		timer_realtime_set(ns);
	return err;
}

static int set(struct thread *me, const uint32_t *arg, bool wide)
{
	int64_t ns;
	int err;

	if (arg[0] != CLOCK_REALTIME)
		return -EINVAL;
	err = sys_timespec_in(arg[1], wide, &ns);
	return err ? err : wall_set(me->cred, PRIV_CLOCK_SETTIME, ns);
}

int sys_clock_settime(struct thread *me, const uint32_t *arg)
{
	return set(me, arg, false);
}

int sys_clock_settime64(struct thread *me, const uint32_t *arg)
{
	return set(me, arg, true);
}

/* --- the old calls ---------------------------------------------------------- */

int sys_time(struct thread *me, const uint32_t *arg)
{
	int32_t now = (int32_t)(timer_realtime_ns() / NS);

	(void)me;
	if (arg[0] && user_put32(arg[0], now))
		return -EFAULT;
	return now;
}

int sys_stime(struct thread *me, const uint32_t *arg)
{
	uint32_t sec;
	int err = user_get32(arg[0], &sec);

	return err ? err : wall_set(me->cred, PRIV_SETTIMEOFDAY,
				    (int32_t)sec * NS);
}

int sys_gettimeofday(struct thread *me, const uint32_t *arg)
{
	static const int32_t utc[2] = { 0, 0 };
	int err = 0;

	(void)me;
	if (arg[0])
		err = sys_timeval_out(arg[0], timer_realtime_ns());
	if (!err && arg[1])
		err = user_copy_out(arg[1], utc, sizeof(utc));
	return err;
}

/* The zone of the second argument is read and forgotten: the clock is UTC. */
int sys_settimeofday(struct thread *me, const uint32_t *arg)
{
	int32_t zone[2];
	int64_t ns = 0;
	int err = 0;

	if (arg[0])
		err = sys_timeval_in(arg[0], &ns);
	if (!err && arg[1])
		err = user_copy_in(zone, arg[1], sizeof(zone));
	if (err)
		return err;
	return arg[0] ? wall_set(me->cred, PRIV_SETTIMEOFDAY, ns)
		      : priv_check(me->cred, PRIV_SETTIMEOFDAY);
}

static int32_t to_user_hz(uint64_t ns)
{
	return (int32_t)(ns / (NS / USER_HZ));
}

int sys_times(struct thread *me, const uint32_t *arg)
{
	struct proc_times own;
	struct abi_tms t;

	proc_times_get(me->proc, &own);
	t = (struct abi_tms){
		to_user_hz(own.user_ns), to_user_hz(own.system_ns),
		to_user_hz(me->proc->dead_children.user_ns),
		to_user_hz(me->proc->dead_children.system_ns),
	};
	if (arg[0] && user_copy_out(arg[0], &t, sizeof(t)))
		return -EFAULT;
	return to_user_hz(arch_clock_ns());
}

/* --- sleeping --------------------------------------------------------------- */

/* Until a deadline on the monotonic clock: 0, or -EINTR by a signal. */
static int sleep_until(uint64_t deadline)
{
	struct sleep_queue nobody;
	int err;

	sleep_queue_init(&nobody);
	err = sleep_on(&nobody, SLEEP_SIGNAL, deadline);
	return err == -ETIMEDOUT ? 0 : err;
}

/* What is left goes to the user; the call starts again through
 * restart_syscall when no handler ran. arg: deadline low, high, where, wide. */
static int sleep_rest(struct thread *me)
{
	uint64_t deadline = (uint64_t)me->restart_arg[1] << 32 |
			    me->restart_arg[0];
	uint32_t rest = me->restart_arg[2];
	int err = sleep_until(deadline);
	int64_t left;

	assert(me == thread_current());
	if (err != -EINTR)
		return err;
	left = (int64_t)(deadline - arch_clock_ns());
	if (left <= 0)
		return 0;
	if (rest) {
		err = sys_timespec_out(rest, me->restart_arg[3], left);
		if (err)
			return err;
	}
	me->restart = sleep_rest;
	return -ERESTART_BLOCK;
}

static int sleep_relative(struct thread *me, int64_t ns, uint32_t rest,
			  bool wide)
{
	uint64_t deadline = sys_deadline(ns);

	me->restart_arg[0] = (uint32_t)deadline;
	me->restart_arg[1] = deadline >> 32;
	me->restart_arg[2] = rest;
	me->restart_arg[3] = wide;
	return sleep_rest(me);
}

static int sleep_absolute(int clock, int64_t when)
{
	for (;;) {
		int64_t now = clock == CLOCK_REALTIME ? timer_realtime_ns()
						      : (int64_t)arch_clock_ns();
		int err;

		if (now >= when)
			return 0;
		err = sleep_on(&timer_realtime_changed, SLEEP_SIGNAL,
			       sys_deadline(when - now));
		if (err == -EINTR)
			return -ERESTARTNOHAND;
	}
}

int sys_nanosleep(struct thread *me, const uint32_t *arg)
{
	int64_t ns;
	int err = sys_timespec_in(arg[0], false, &ns);

	return err ? err : sleep_relative(me, ns, arg[1], false);
}

static int clock_sleep(struct thread *me, const uint32_t *arg, bool wide)
{
	int clock = arg[0];
	int64_t ns;
	int err;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME)
		return clock == CLOCK_PROCESS_CPUTIME_ID ||
				       clock == CLOCK_MONOTONIC_RAW ||
				       clock == CLOCK_REALTIME_COARSE ||
				       clock == CLOCK_MONOTONIC_COARSE
			       ? -EOPNOTSUPP : -EINVAL;
	err = sys_timespec_in(arg[2], wide, &ns);
	if (err)
		return err;
	if (arg[1] & TIMER_ABSTIME)
		return sleep_absolute(clock, ns);
	return sleep_relative(me, ns, arg[3], wide);
}

int sys_clock_nanosleep(struct thread *me, const uint32_t *arg)
{
	return clock_sleep(me, arg, false);
}

int sys_clock_nanosleep64(struct thread *me, const uint32_t *arg)
{
	return clock_sleep(me, arg, true);
}

/* --- adjusting: reading is free, steering the clock is not offered ----------- */

enum { ADJ_OFFSET = 1, ADJ_FREQUENCY = 2, ADJ_MAXERROR = 4, ADJ_ESTERROR = 8,
       ADJ_STATUS = 16, ADJ_TIMECONST = 32, ADJ_TAI = 128,
       ADJ_SETOFFSET = 0x100, ADJ_NANO = 0x2000,
       ADJ_OFFSET_SINGLESHOT = 0x8001, ADJ_OFFSET_SS_READ = 0xa001, STA_UNSYNC = 0x40,
       TIME_ERROR = 5 };

/* The wall clock is stepped by ADJ_SETOFFSET; other modes need a clock that
 * can be slewed: -EOPNOTSUPP. What adjtime(NULL, old) asks for, how much is
 * still to be slewed, is always 0. */
static int adjust_step(struct thread *me, uint32_t modes, int64_t offset,
		       int64_t slew)
{
	int err;

	if (!modes || modes == ADJ_OFFSET_SS_READ)
		return 0;
	err = priv_check(me->cred, modes == ADJ_OFFSET_SINGLESHOT
					   ? PRIV_ADJTIME : PRIV_NTP_ADJTIME);
	if (err)
		return err;
	if (modes == ADJ_OFFSET_SINGLESHOT && slew == 0)
		return 0; /* stop slewing */
	if (modes & ~(ADJ_SETOFFSET | ADJ_NANO | ADJ_STATUS | ADJ_MAXERROR |
		      ADJ_ESTERROR))
		return -EOPNOTSUPP;
	if (!(modes & ADJ_SETOFFSET))
		return 0;
	if (__builtin_add_overflow(timer_realtime_ns(), offset, &offset))
		return -EINVAL;
	return wall_set(me->cred, PRIV_NTP_ADJTIME, offset);
}

/* A time to step by: the fraction in ns with ADJ_NANO, else in us. */
static int64_t step_ns(uint32_t modes, int64_t sec, int64_t fraction)
{
	int64_t unit = modes & ADJ_NANO ? 1 : 1000, ns;

	if (__builtin_mul_overflow(sec, NS, &ns) ||
	    __builtin_mul_overflow(fraction, unit, &fraction) ||
	    __builtin_add_overflow(ns, fraction, &ns))
		return INT64_MAX;	/* beyond every clock */
	return ns;
}

struct timex32 {	/* 128 bytes */
	uint32_t modes;
	int32_t offset, freq, maxerror, esterror, status, constant, precision,
		tolerance;
	struct abi_timeval time;
	int32_t tick, rest[19];
};
struct timex64 {	/* 208 bytes; 64-bit fields are 4-aligned on i386 */
	uint32_t modes, pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status, pad1;
	int64_t constant, precision, tolerance, sec, usec, tick, rest[8];
	int32_t tail[12];
} __attribute__((packed));

static int adjust32(struct thread *me, uint32_t user)
{
	struct timex32 t;
	int64_t now;
	int err = user_copy_in(&t, user, sizeof(t));

	if (!err)
		err = adjust_step(me, t.modes,
				  step_ns(t.modes, t.time.sec, t.time.usec),
				  t.offset);
	if (err)
		return err;
	memset(&t, 0, sizeof(t));
	now = timer_realtime_ns();
	t.status = STA_UNSYNC;
	t.precision = 1;
	t.tick = 10000;
	t.time.sec = (int32_t)(now / NS);
	t.time.usec = (int32_t)(now % NS / 1000);
	err = user_copy_out(user, &t, sizeof(t));
	return err ? err : TIME_ERROR;
}

static int adjust64(struct thread *me, uint32_t user)
{
	struct timex64 t;
	int64_t now;
	int err = user_copy_in(&t, user, sizeof(t));

	if (!err)
		err = adjust_step(me, t.modes,
				  step_ns(t.modes, t.sec, t.usec), t.offset);
	if (err)
		return err;
	memset(&t, 0, sizeof(t));
	now = timer_realtime_ns();
	t.status = STA_UNSYNC;
	t.precision = 1;
	t.tick = 10000;
	t.sec = now / NS;
	t.usec = now % NS / 1000;
	err = user_copy_out(user, &t, sizeof(t));
	return err ? err : TIME_ERROR;
}

int sys_adjtimex(struct thread *me, const uint32_t *arg)
{
	return adjust32(me, arg[0]);
}

int sys_clock_adjtime(struct thread *me, const uint32_t *arg)
{
	return arg[0] == CLOCK_REALTIME ? adjust32(me, arg[1]) : -EOPNOTSUPP;
}

int sys_clock_adjtime64(struct thread *me, const uint32_t *arg)
{
	return arg[0] == CLOCK_REALTIME ? adjust64(me, arg[1]) : -EOPNOTSUPP;
}
