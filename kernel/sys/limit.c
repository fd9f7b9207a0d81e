/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit.c - what a process may use and has used: resource limits, priorities,
 * scheduling policy, affinity, usage. Other processes are found by proc_find.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

/* --- resource limits --------------------------------------------------------- */

/* The process an id argument means: 0 is the caller. Held. */
static struct proc *target(struct thread *me, int pid)
{
	assert(me->proc->refs > 0);
	if (!pid || pid == me->proc->pid) {
		proc_hold(me->proc);
		return me->proc;
	}
	return proc_find(me->cred, pid);
}

static bool same_user(const struct cred *who, const struct cred *of)
{
	return who->uid == of->uid && who->uid == of->euid &&
	       who->uid == of->suid && who->gid == of->gid &&
	       who->gid == of->egid && who->gid == of->sgid;
}

enum { NR_OPEN = 1048576 };

static uint32_t narrow(uint64_t limit, uint32_t infinity)
{
	return limit > infinity ? infinity : (uint32_t)limit;
}

static int set_limit(const struct cred *who, struct proc *p, unsigned which,
		     const struct abi_rlimit64 *l)
{
	int err;

	assert(which < RLIMIT_COUNT);
	assert(p->limit[which].cur <= p->limit[which].max);
	if (l->cur > l->max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && l->max > NR_OPEN)
		return -EPERM;
	if (l->max > p->limit[which].max) {
		err = priv_check(who, PRIV_PROC_SETRLIMIT);
		if (err)
			return err;
	}
	p->limit[which] = *l;
	if (which == RLIMIT_STACK && p->vm)
		p->vm->stack_limit = narrow(l->cur, UINT32_MAX);
	return 0;
}

int sys_prlimit64(struct thread *me, const uint32_t *arg)
{
	struct abi_rlimit64 want, old;
	struct proc *p;
	int err = 0;

	if (arg[1] >= RLIMIT_COUNT)
		return -EINVAL;
	if (arg[2])
		err = user_copy_in(&want, arg[2], sizeof(want));
	if (err)
		return err;
	p = target(me, arg[0]);
	if (!p)
		return -ESRCH;
	if (p != me->proc && !same_user(me->cred, p->cred))
		err = priv_check(me->cred, PRIV_PROC_SETRLIMIT);
	old = p->limit[arg[1]];
	if (!err && arg[2])
		err = set_limit(me->cred, p, arg[1], &want);
	proc_drop(p);
	if (!err && arg[3])
		err = user_copy_out(arg[3], &old, sizeof(old));
	return err;
}

static int get_limit(struct thread *me, const uint32_t *arg, uint32_t infinity)
{
	struct abi_rlimit out;

	if (arg[0] >= RLIMIT_COUNT)
		return -EINVAL;
	out.cur = narrow(me->proc->limit[arg[0]].cur, infinity);
	out.max = narrow(me->proc->limit[arg[0]].max, infinity);
	return user_copy_out(arg[1], &out, sizeof(out));
}

int sys_ugetrlimit(struct thread *me, const uint32_t *arg)
{
	return get_limit(me, arg, UINT32_MAX);
}

/* getrlimit(2) of old knew infinity as the largest signed long. */
int sys_old_getrlimit(struct thread *me, const uint32_t *arg)
{
	return get_limit(me, arg, INT32_MAX);
}

int sys_setrlimit(struct thread *me, const uint32_t *arg)
{
	struct abi_rlimit in;
	struct abi_rlimit64 l;
	int err;

	if (arg[0] >= RLIMIT_COUNT)
		return -EINVAL;
	err = user_copy_in(&in, arg[1], sizeof(in));
	if (err)
		return err;
	l.cur = in.cur == UINT32_MAX ? RLIM_INFINITY : in.cur;
	l.max = in.max == UINT32_MAX ? RLIM_INFINITY : in.max;
	return set_limit(me->cred, me->proc, arg[0], &l);
}

/* --- usage -------------------------------------------------------------------- */

static struct abi_timeval to_timeval(uint64_t ns)
{
	return (struct abi_timeval){ (int32_t)(ns / 1000000000),
				     (int32_t)(ns % 1000000000 / 1000) };
}

int sys_getrusage(struct thread *me, const uint32_t *arg)
{
	const struct proc *p = me->proc;
	struct proc_times t;
	struct abi_rusage u;

	memset(&u, 0, sizeof(u));
	switch ((int)arg[0]) {
	case -1: /* RUSAGE_CHILDREN */
		t = p->dead_children;
		u.maxrss = p->child_max_rss;
		u.minflt = p->child_min_faults;
		u.majflt = p->child_maj_faults;
		break;
	case 0:
		proc_times_get(p, &t);
		break;
	case 1: /* RUSAGE_THREAD */
		thread_times_get(me, &t);
		break;
	default:
		return -EINVAL;
	}
	if ((int)arg[0] >= 0) {
		u.maxrss = max_u32(p->max_rss, p->vm->peak_resident * 4);
		u.minflt = p->min_faults;
		u.majflt = p->maj_faults;
		u.nvcsw = (int32_t)me->voluntary;
		u.nivcsw = (int32_t)me->involuntary;
	}
	u.utime = to_timeval(t.user_ns);
	u.stime = to_timeval(t.system_ns);
	return user_copy_out(arg[1], &u, sizeof(u));
}

/* --- nice values --------------------------------------------------------------- */

static struct thread *first_thread(const struct proc *p)
{
	assert(p->refs > 0);
	if (list_empty(&p->threads))
		return NULL;
	return list_entry(p->threads.next, struct thread, proc_link);
}

static bool chosen(const struct proc *p, int which, int id)
{
	assert(which >= PRIO_PROCESS && which <= PRIO_USER);
	if (which == PRIO_PROCESS)
		return p->pid == id;
	if (which == PRIO_PGRP)
		return p->group && p->group->id == id;
	return (int)p->cred->uid == id;
}

static int default_id(struct thread *me, int which)
{
	if (which == PRIO_PROCESS)
		return me->proc->pid;
	return which == PRIO_PGRP ? me->proc->group->id : (int)me->cred->uid;
}

/* Linux: 20 - nice, so that no answer looks like an error. */
int sys_getpriority(struct thread *me, const uint32_t *arg)
{
	int which = arg[0], id = arg[1], best = -ESRCH;
	struct proc *p = NULL;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (!id)
		id = default_id(me, which);
	while ((p = proc_next(me->cred, p))) {
		struct thread *t = first_thread(p);

		if (t && chosen(p, which, id) && 20 - t->sched.nice > best)
			best = 20 - t->sched.nice;
	}
	return best;
}

/* One user number is two persons in a prison and in one below it. */
static int may_schedule(const struct cred *who, const struct cred *of)
{
	if (who->euid != of->euid && who->euid != of->uid)
		return priv_check(who, PRIV_SCHED_DIFFCRED);
	if (who->prison != of->prison &&
	    !(of->prison->allow & ALLOW_UNPRIVILEGED_PARENT_TAMPERING))
		return priv_check(who, PRIV_SCHED_DIFFJAIL);
	return 0;
}

static int set_nice(struct thread *me, struct proc *p, int nice)
{
	const struct cred *who = me->cred;
	struct thread *t = first_thread(p);
	int err;

	assert(nice >= -20 && nice <= 19);
	if (!t)
		return -ESRCH;
	err = may_schedule(who, p->cred);
	if (!err && nice < t->sched.nice &&
	    20 - nice > (int64_t)p->limit[RLIMIT_NICE].cur &&
	    priv_check(who, PRIV_SCHED_SETPRIORITY))
		err = -EACCES;
	if (err)
		return err;
	list_each(l, &p->threads)
		sched_set_nice(list_entry(l, struct thread, proc_link), nice);
	return 0;
}

int sys_setpriority(struct thread *me, const uint32_t *arg)
{
	int which = arg[0], id = arg[1], nice = arg[2], err = -ESRCH;
	struct proc *p = NULL;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	if (!id)
		id = default_id(me, which);
	while ((p = proc_next(me->cred, p))) {
		int one;

		if (!chosen(p, which, id))
			continue;
		one = set_nice(me, p, nice);
		if (one || err == -ESRCH)
			err = one;
	}
	return err;
}

int sys_nice(struct thread *me, const uint32_t *arg)
{
	int step = arg[0], nice;

	step = step < -40 ? -40 : step > 40 ? 40 : step;
	nice = me->sched.nice + step;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	if (set_nice(me, me->proc, nice))
		return -EPERM;
	return 0;
}

/* --- policies ------------------------------------------------------------------- */

/* The thread a sched_ call means: 0 is the caller. Held. */
static int sched_target(struct thread *me, int tid, struct thread **out)
{
	if (tid < 0)
		return -EINVAL;
	if (!tid) {
		thread_hold(me);
		*out = me;
		return 0;
	}
	*out = proc_find_thread(me->cred, tid);
	return *out ? 0 : -ESRCH;
}

static bool real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static int set_policy(struct thread *me, int tid, int policy, uint32_t param)
{
	enum priv beyond = policy < 0 ? PRIV_SCHED_SETPARAM : PRIV_SCHED_RTPRIO;
	struct thread *t;
	uint32_t priority;
	bool reset;
	int err;

	if (!param)
		return -EINVAL;
	err = user_get32(param, &priority);
	if (!err)
		err = sched_target(me, tid, &t);
	if (err)
		return err;
	assert(t->refs > 0 && t->proc);
	reset = policy < 0 ? t->sched.reset_on_fork
			   : policy & SCHED_RESET_ON_FORK;
	policy = policy < 0 ? t->sched.policy : policy & ~SCHED_RESET_ON_FORK;
	err = may_schedule(me->cred, t->proc->cred);
	if (!err && t->sched.reset_on_fork && !reset)
		err = priv_check(me->cred, PRIV_SCHED_SETPOLICY);
	if (!err && real_time(policy) &&
	    priority > t->proc->limit[RLIMIT_RTPRIO].cur)
		err = priv_check(me->cred, beyond);
	if (!err)
		err = sched_set_policy(t, policy, priority);
	if (!err)
		t->sched.reset_on_fork = reset;
	thread_drop(t);
	return err;
}

int sys_sched_setscheduler(struct thread *me, const uint32_t *arg)
{
	return (int32_t)arg[1] < 0 ? -EINVAL
				   : set_policy(me, arg[0], arg[1], arg[2]);
}

int sys_sched_setparam(struct thread *me, const uint32_t *arg)
{
	return set_policy(me, arg[0], -1, arg[1]);
}

int sys_sched_getscheduler(struct thread *me, const uint32_t *arg)
{
	struct thread *t;
	int err = sched_target(me, arg[0], &t);

	if (err)
		return err;
	err = t->sched.policy |
	      (t->sched.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	thread_drop(t);
	return err;
}

int sys_sched_getparam(struct thread *me, const uint32_t *arg)
{
	struct thread *t;
	int err = arg[1] ? sched_target(me, arg[0], &t) : -EINVAL;

	if (err)
		return err;
	err = user_put32(arg[1], real_time(t->sched.policy)
					 ? t->sched.rt_priority : 0);
	thread_drop(t);
	return err;
}

int sys_sched_yield(struct thread *me, const uint32_t *arg)
{
	(void)me;
	(void)arg;
	sched_yield();
	return 0;
}

static int priority_bound(int policy, int of_real_time)
{
	if (policy < 0 || policy > SCHED_IDLE || policy == 4)
		return -EINVAL;
	return real_time(policy) ? of_real_time : 0;
}

int sys_sched_get_priority_max(struct thread *me, const uint32_t *arg)
{
	(void)me;
	return priority_bound(arg[0], 99);
}

int sys_sched_get_priority_min(struct thread *me, const uint32_t *arg)
{
	(void)me;
	return priority_bound(arg[0], 1);
}

enum { RR_SLICE_NS = 10000000 };

static int rr_interval(struct thread *me, const uint32_t *arg, bool wide)
{
	struct thread *t;
	int err = sched_target(me, arg[0], &t);

	if (err)
		return err;
	err = sys_timespec_out(arg[1], wide,
			       t->sched.policy == SCHED_FIFO ? 0 : RR_SLICE_NS);
	thread_drop(t);
	return err;
}

int sys_sched_rr_get_interval(struct thread *me, const uint32_t *arg)
{
	return rr_interval(me, arg, false);
}

int sys_sched_rr_get_interval64(struct thread *me, const uint32_t *arg)
{
	return rr_interval(me, arg, true);
}

/* One CPU runs: the only mask that can be set is one that holds it. */
int sys_sched_setaffinity(struct thread *me, const uint32_t *arg)
{
	struct thread *t;
	uint32_t mask = 0;
	int err = user_copy_in(&mask, arg[2], min_u32(arg[1], sizeof(mask)));

	if (!err)
		err = sched_target(me, arg[0], &t);
	if (err)
		return err;
	err = may_schedule(me->cred, t->proc->cred);
	if (!err && !(mask & 1))
		err = -EINVAL;
	thread_drop(t);
	return err;
}

int sys_sched_getaffinity(struct thread *me, const uint32_t *arg)
{
	struct thread *t;
	int err;

	if (arg[1] < 4 || (arg[1] & 3))
		return -EINVAL;
	err = sched_target(me, arg[0], &t);
	if (err)
		return err;
	thread_drop(t);
	err = user_put32(arg[2], 1);
	return err ? err : 4;
}
