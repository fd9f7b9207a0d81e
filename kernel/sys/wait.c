/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - wait4, waitpid and waitid: three faces of proc_wait.
 */
#include "kernel/sys/calls_core.h"

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE)
#define WAITID_OPTIONS (WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | \
			WNOTHREAD | WALL | WCLONE)

static struct abi_timeval timeval_of(uint64_t ns)
{
	uint32_t rest;
	struct abi_timeval t = { div_u64(ns, 1000000000, &rest), 0 };

	t.usec = rest / 1000;
	return t;
}

static int rusage_out(uint32_t user, const struct proc_wait *w)
{
	struct abi_rusage r = {
		.utime = timeval_of(w->times.user_ns),
		.stime = timeval_of(w->times.system_ns),
		.maxrss = w->max_rss,
		.minflt = w->min_faults, .majflt = w->maj_faults,
	};

	assert(w->pid > 0);
	return user_copy_out(user, &r, sizeof(r));
}

/* Linux: wait4(pid, status, options, rusage). Pid, 0 with WNOHANG. Sleeps. */
int sys_wait4(struct thread *me, const uint32_t *arg)
{
	int pid = arg[0], err;
	struct proc_wait w = { .options = arg[2] | WEXITED };

	if (arg[2] & ~WAIT4_OPTIONS)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1) {
		w.idtype = P_ALL;
	} else if (pid > 0) {
		w.idtype = P_PID;
		w.id = pid;
	} else {
		w.idtype = P_PGID;
		w.id = pid ? -pid : me->proc->group->id;
	}
	err = proc_wait(me, &w);
	if (err || w.pid == 0)
		return err;
	if (arg[1] != 0)
		err = user_put32(arg[1], w.status);
	if (!err && arg[3] != 0)
		err = rusage_out(arg[3], &w);
	return err ? err : w.pid;
}

int sys_waitpid(struct thread *me, const uint32_t *arg)
{
	uint32_t wait4[4] = { arg[0], arg[1], arg[2], 0 };

	return sys_wait4(me, wait4);
}

/* si_status is the exit code or the signal, not the wait word. */
static int status_of(const struct proc_wait *w)
{
	assert(w->pid > 0);
	switch (w->code) {
	case CLD_EXITED:
	case CLD_STOPPED:
	case CLD_TRAPPED:
		return w->status >> 8 & 0xff;
	case CLD_CONTINUED:
		return SIGCONT;
	default:
		return w->status & 0x7f;
	}
}

static int info_out(uint32_t user, const struct proc_wait *w)
{
	struct abi_siginfo info = { 0 };
	enum { FIELDS = offsetof(struct abi_siginfo, child.utime) };

	if (w->pid != 0) {
		info.signo = SIGCHLD;
		info.code = w->code;
		info.child.pid = w->pid;
		info.child.uid = w->uid;
		info.child.status = status_of(w);
	}
	return user_copy_out(user, &info, FIELDS); /* no more, as Linux */
}

/* Linux: waitid(idtype, id, info, options, rusage). Sleeps. */
int sys_waitid(struct thread *me, const uint32_t *arg)
{
	int id = arg[1], err;
	struct proc_wait w = { .idtype = arg[0], .id = id, .options = arg[3] };

	if ((arg[3] & ~WAITID_OPTIONS) ||
	    !(arg[3] & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (arg[0]) {
	case P_ALL:
		break;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		if (id == 0)
			w.id = me->proc->group->id;
		break;
	default: /* no P_PIDFD: there are no pidfds */
		return -EINVAL;
	}
	err = proc_wait(me, &w);
	if (!err && arg[4] != 0 && w.pid != 0)
		err = rusage_out(arg[4], &w);
	/* Linux fills it in also when there is nothing to tell. */
	if (arg[2] != 0 && err != -ERESTARTSYS && info_out(arg[2], &w))
		err = -EFAULT;
	return err;
}
