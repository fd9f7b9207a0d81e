/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill.c - sending signals to others.
 *
 * Whom the sender cannot see does not exist (ESRCH, or skipped); whom he sees
 * but may not signal is EPERM. Signal 0 asks without sending.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

static bool signal_valid(int sig)
{
	return sig >= 0 && sig <= SIGNAL_MAX;
}

static int send(struct thread *me, struct proc *to, int sig,
		const struct abi_siginfo *info)
{
	int err = signal_may(me->cred, to, sig);

	assert(sig >= 0 && sig <= SIGNAL_MAX && info->signo == sig);
	return err || sig == 0 ? err : signal_post(to, info);
}

/* To one process. -ESRCH, -EPERM. */
static int send_pid(struct thread *me, int pid, int sig,
		    const struct abi_siginfo *info)
{
	struct proc *to = proc_find(me->cred, pid);
	int err;

	if (!to)
		return -ESRCH;
	err = send(me, to, sig, info);
	proc_drop(to);
	return err;
}

/* To a process group: 0 if anybody got it, else the last refusal. */
static int send_group(struct thread *me, int id, int sig,
		      const struct abi_siginfo *info)
{
	struct proc_group *g = proc_group_find(me->cred, id);
	struct proc *to = NULL;
	int err, result = -ESRCH;

	if (!g)
		return -ESRCH;
	while ((to = proc_group_next(me->cred, g, to)) != NULL) {
		err = send(me, to, sig, info);
		if (result != 0)
			result = err;
	}
	assert(!to);
	proc_group_drop(g);
	return result;
}

/* To everybody in view but process 1 and the sender; as Linux, success if
 * there was anybody, allowed or not. */
static int send_all(struct thread *me, int sig, const struct abi_siginfo *info)
{
	struct proc *to = NULL;
	int err, result = -ESRCH;

	while ((to = proc_next(me->cred, to)) != NULL) {
		if (to->pid == 1 || to == me->proc || to->state != PROC_ALIVE)
			continue;
		err = send(me, to, sig, info);
		if (result == -ESRCH)
			result = 0;
		if (err && err != -EPERM)
			result = err;
	}
	assert(!to);
	return result;
}

/* POSIX kill(pid, sig). */
int sys_kill(struct thread *me, const uint32_t *arg)
{
	int pid = arg[0], sig = arg[1];
	struct abi_siginfo info;

	if (!signal_valid(sig))
		return -EINVAL;
	signal_fill(&info, sig, SI_USER, me->proc);
	if (pid > 0)
		return send_pid(me, pid, sig, &info);
	if (pid == -1)
		return send_all(me, sig, &info);
	if (pid == INT32_MIN)
		return -ESRCH;
	return send_group(me, pid ? -pid : me->proc->group->id, sig, &info);
}

/* To thread tid, which must be of process pid unless pid is -1. */
static int send_thread(struct thread *me, int pid, int tid, int sig,
		       const struct abi_siginfo *info)
{
	struct thread *to;
	int err;

	if (!signal_valid(sig))
		return -EINVAL;
	to = proc_find_thread(me->cred, tid);
	if (!to)
		return -ESRCH;
	if (pid != -1 && to->proc->pid != pid)
		err = -ESRCH;
	else
		err = signal_may(me->cred, to->proc, sig);
	if (!err && sig != 0)
		err = signal_post_thread(to, info);
	thread_drop(to);
	return err;
}

/* Linux: tgkill(tgid, tid, sig). */
int sys_tgkill(struct thread *me, const uint32_t *arg)
{
	int pid = arg[0], tid = arg[1], sig = arg[2];
	struct abi_siginfo info;

	if (pid <= 0 || tid <= 0 || !signal_valid(sig))
		return -EINVAL;
	signal_fill(&info, sig, SI_TKILL, me->proc);
	return send_thread(me, pid, tid, sig, &info);
}

/* Linux: tkill(tid, sig), which cannot tell a recycled tid. */
int sys_tkill(struct thread *me, const uint32_t *arg)
{
	int tid = arg[0], sig = arg[1];
	struct abi_siginfo info;

	if (tid <= 0 || !signal_valid(sig))
		return -EINVAL;
	signal_fill(&info, sig, SI_TKILL, me->proc);
	return send_thread(me, -1, tid, sig, &info);
}

/* The sender's own story; one that looks like the kernel's or like kill's may
 * only be told to oneself. */
static int info_in(struct thread *me, uint32_t user, int sig, int pid,
		   struct abi_siginfo *info)
{
	int err = user_copy_in(info, user, sizeof(*info));

	if (err)
		return err;
	info->signo = sig;
	(void)fault_story_take(info);
	if ((info->code >= 0 || info->code == SI_TKILL) && pid != me->proc->pid)
		return -EPERM;
	return 0;
}

/* Linux: rt_sigqueueinfo(tgid, sig, info). */
int sys_rt_sigqueueinfo(struct thread *me, const uint32_t *arg)
{
	int pid = arg[0], sig = arg[1];
	struct abi_siginfo info;
	int err = info_in(me, arg[2], sig, pid, &info);

	if (err)
		return err;
	if (!signal_valid(sig))
		return -EINVAL;
	return send_pid(me, pid, sig, &info);
}

/* Linux: rt_tgsigqueueinfo(tgid, tid, sig, info). */
int sys_rt_tgsigqueueinfo(struct thread *me, const uint32_t *arg)
{
	int pid = arg[0], tid = arg[1], sig = arg[2];
	struct abi_siginfo info;
	int err = info_in(me, arg[3], sig, pid, &info);

	if (err)
		return err;
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	return send_thread(me, pid, tid, sig, &info);
}
