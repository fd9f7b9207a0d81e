/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - who am I: process, group and session numbers. */
#include "kernel/sys/calls_core.h"

int sys_getpid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->proc->pid;
}

int sys_gettid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->tid;
}

/* 0 for a parent that the caller cannot see: out of its prison. */
int sys_getppid(struct thread *me, const uint32_t *arg)
{
	const struct proc *parent = me->proc->parent;

	(void)arg;
	return parent && proc_sees(me->cred, parent) ? parent->pid : 0;
}

int sys_getpgrp(struct thread *me, const uint32_t *arg)
{
	assert(me->proc->group);
	(void)arg;
	return me->proc->group->id;
}

/* The process that a call names: 0 is the caller. Held; NULL: -ESRCH. */
static struct proc *named(struct thread *me, int pid)
{
	assert(me == thread_current());
	if (pid != 0)
		return proc_find(me->cred, pid);
	proc_hold(me->proc);
	return me->proc;
}

int sys_getpgid(struct thread *me, const uint32_t *arg)
{
	struct proc *p = named(me, arg[0]);
	int id;

	if (!p)
		return -ESRCH;
	id = p->group->id;
	proc_drop(p);
	return id;
}

int sys_getsid(struct thread *me, const uint32_t *arg)
{
	struct proc *p = named(me, arg[0]);
	int id;

	if (!p)
		return -ESRCH;
	id = p->group->session->id;
	proc_drop(p);
	return id;
}

/* POSIX setsid. -EPERM: leads a group already. */
int sys_setsid(struct thread *me, const uint32_t *arg)
{
	int err = proc_set_session(me->proc);

	(void)arg;
	return err ? err : me->proc->pid;
}

/* POSIX setpgid(pid, pgid). */
int sys_setpgid(struct thread *me, const uint32_t *arg)
{
	return proc_set_group(me->cred, me->proc, arg[0], arg[1]);
}
