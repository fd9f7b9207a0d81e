/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit.c - the end of a thread, and with the last one of its process.
 *
 * leave_thread is the only way out. Each thread settles what it promised to
 * user memory; the last one gives back everything the process holds, which may
 * sleep, and only then (thread_exit) becomes a zombie that its parent can find.
 */
#include "kernel/fs/ipc.h"
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

/* A vfork parent may go on. */
void vfork_done(struct proc *p)
{
	if (p->vfork_done)
		return;
	assert(sched_locked());
	p->vfork_done = true;
	sleep_wake(&p->exec_wait);
}

/* me is about to let go of its address space, by exit or exec: what others
 * wait for in that memory. Sleeps. */
void leave_memory(struct thread *me)
{
	uint32_t tid = me->clear_tid;

	assert(me->vm);
	vm_futex_robust_exit(me);
	me->robust_list = me->set_tid = me->clear_tid = 0;
	rseq_leave(me);
	/* where nobody shares the memory nobody can look */
	if (tid != 0 && (me->vm->refs > 1 || me->proc->thread_count > 1) &&
	    user_put32(tid, 0) == 0)
		(void)!vm_futex_wake(me->vm, tid, 1, FUTEX_BITSET_ANY, false);
}

/* p is about to let go of v: how much memory it had at most (ru_maxrss). */
void note_peak(struct proc *p, const struct vm *v)
{
	assert(v->refs > 0);
	p->max_rss = max_u32(p->max_rss, v->peak_resident * (PAGE_SIZE / 1024));
}

/* What the last thread gives back. Each thing is out of sight before it is
 * dropped: dropping sleeps, and /proc looks at what is there. Sleeps. */
static void leave_process(struct thread *me)
{
	struct proc *p = me->proc;
	struct file_table *files = p->files;
	struct fs_context *fs = p->fs;
	struct file *exe = p->exe;
	struct vm *v = p->vm;

	assert(p->thread_count == 1 && v && files && fs && me->vm == v);
	/* From here on no signal changes how it ended. */
	proc_exit_group(p, p->exit_status);
	vfork_done(p);
	note_peak(p, v);
	me->vm = p->vm = NULL;
	vm_drop(v);
	ipc_undo_leave(p);
	p->files = NULL;
	file_table_drop(files);
	p->fs = NULL;
	path_context_drop(fs);
	p->exe = NULL;
	if (exe)
		exe_drop(exe);
	if (p->group->session->leader == p)
		tty_session_leader_exit(p);
	assert(!p->vm && !p->files && !p->fs && !p->exe);
	proc_leave_prison(p);
}

/* The current thread ends, and its process if it is the last. */
_Noreturn void leave_thread(struct thread *me)
{
	struct proc *p = me->proc;

	assert(me == thread_current() && p->state == PROC_ALIVE);
	leave_memory(me);
	if (p->thread_count > 1)
		thread_exit(); /* no sleep between the count and this */
	if (p->pid == 1)
		panic("process 1 has ended, wait status %x", p->exit_status);
	leave_process(me);
	thread_exit();
}

/* Linux: exit(code): this thread only. */
int sys_exit(struct thread *me, const uint32_t *arg)
{
	int status = (arg[0] & 0xff) << 8;

	/* The first thread's code counts, unless the process is ended whole. */
	if (!me->proc->exiting && me->tid == me->proc->pid)
		me->proc->exit_status = status;
	leave_thread(me);
}

/* POSIX _exit, Linux: exit_group(code). */
int sys_exit_group(struct thread *me, const uint32_t *arg)
{
	if (!me->proc->exiting)
		proc_exit_group(me->proc, (arg[0] & 0xff) << 8);
	leave_thread(me);
}
