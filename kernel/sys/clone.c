/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clone.c - new processes and threads: fork, vfork, clone, clone3, unshare.
 *
 * All come down to a struct clone_request. A thread shares its process whole;
 * a process gets its own or shared address space, descriptors, directory
 * context and signal actions, each as the flags say. What Linux lets threads
 * of one process have apart (CLONE_THREAD without CLONE_FILES or CLONE_FS) is
 * refused: nobody uses it. There are no namespaces: jails are what we have.
 */
#include "kernel/fs/ipc.h"
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { EXIT_SIGNAL_MASK = 0xff };
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			  CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			  CLONE_NEWNET)

struct clone_request {
	uint64_t flags;		/* CLONE_*, without the signal */
	uint32_t exit_signal;
	uint32_t stack;		/* 0: the parent's esp */
	uint32_t parent_tid, child_tid, tls; /* user addresses */
};

/* Namespaces: who may not make them is told so first, as in Linux. */
static int namespace_refusal(const struct thread *me, uint64_t flags)
{
	if ((flags & CLONE_NAMESPACES & ~CLONE_NEWUSER) && me->cred->euid != 0)
		return -EPERM;
	return -EINVAL;
}

static int flags_check(const struct thread *me, const struct clone_request *q)
{
	uint64_t f = q->flags;

	if (f & CLONE_NAMESPACES)
		return namespace_refusal(me, f);
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_THREAD) && (!(f & CLONE_FILES) || !(f & CLONE_FS)))
		return -EINVAL;
	if ((f & CLONE_PARENT) && !me->proc->parent)
		return -EINVAL;	/* a sibling of process 1 */
	if (f & CLONE_PIDFD)
		return -EINVAL;
	return 0;
}

static int actions_make(struct proc *from, struct proc *p, uint64_t flags)
{
	int err;

	assert(!p->actions);
	if (flags & CLONE_SIGHAND) {
		p->actions = from->actions;
		p->actions->refs++;
		return 0;
	}
	err = signal_actions_copy(from->actions, &p->actions);
	if (!err && (flags & CLONE_CLEAR_SIGHAND))
		signal_actions_exec(p->actions);
	return err;
}

static int files_make(struct proc *from, struct proc *p, uint64_t flags)
{
	assert(from->files && !p->files);
	if (!(flags & CLONE_FILES))
		return file_table_copy(from->files, &p->files);
	file_table_hold(from->files);
	p->files = from->files;
	return 0;
}

static int fs_make(struct proc *from, struct proc *p, uint64_t flags)
{
	assert(from->fs && !p->fs);
	if (!(flags & CLONE_FS))
		return path_context_copy(from->fs, &p->fs);
	p->fs = from->fs;
	p->fs->refs++;
	return 0;
}

static int vm_make(struct proc *from, struct proc *p, uint64_t flags)
{
	assert(from->vm && !p->vm);
	if (!(flags & CLONE_VM))
		return vm_fork(from->vm, &p->vm);
	vm_hold(from->vm);
	p->vm = from->vm;
	return 0;
}

/* Drops what *_make gave a process that never lived. Sleeps. */
static void parts_drop(struct proc *p)
{
	if (p->vm)
		vm_drop(p->vm);
	if (p->fs)
		path_context_drop(p->fs);
	if (p->files)
		file_table_drop(p->files);
	if (p->actions)
		signal_actions_drop(p->actions);
	if (p->exe)
		exe_drop(p->exe);
	ipc_undo_leave(p);
	p->vm = NULL;
	p->fs = NULL;
	p->files = NULL;
	p->actions = NULL;
	p->exe = NULL;
}

/* The dearest part, the address space, comes last. */
static int parts_make(struct proc *from, struct proc *p, uint64_t flags)
{
	int err = actions_make(from, p, flags);

	assert(!p->exe && !p->sem_undo);
	if (!err)
		err = files_make(from, p, flags);
	if (!err)
		err = fs_make(from, p, flags);
	if (!err)
		err = vm_make(from, p, flags);
	if (!err && from->exe) {
		exe_hold(from->exe);
		p->exe = from->exe;
	}
	if (!err && (flags & CLONE_SYSVSEM))
		err = ipc_undo_share(from, p);
	if (err)
		parts_drop(p);
	return err;
}

/* -EAGAIN: too many processes. Held for the caller only until it lives. */
static int process_make(struct thread *me, const struct clone_request *q,
			struct proc **out)
{
	struct proc *from = me->proc, *p;
	bool sibling = q->flags & CLONE_PARENT;
	int err = proc_new(sibling ? from->parent : from, me->cred, &p);

	if (err)
		return err;
	assert(p->state == PROC_ALIVE && p->cred == me->cred);
	p->exit_signal = sibling ? from->exit_signal : (int)q->exit_signal;
	err = parts_make(from, p, q->flags);
	if (err)
		proc_unmake(p);
	else
		*out = p;
	return err;
}

/* The new thread t begins as a copy of me. Sleeps. */
static int thread_fill(struct thread *me, struct thread *t,
		       const struct clone_request *q)
{
	int err = 0;

	assert(me == thread_current() && t->state == THREAD_NEW);
	*t->frame = *me->frame;
	t->frame->error = UINT32_MAX; /* this call is not one to restart */
	if (q->stack != 0)
		t->frame->esp = q->stack;
	arch_thread_fork(&t->arch, &me->arch);
	t->altstack = me->altstack;
	if ((q->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		t->altstack = (struct abi_stack){ 0, SS_DISABLE, 0 };
	if (!(q->flags & CLONE_VM)) {
		t->rseq = me->rseq;
		t->rseq_size = me->rseq_size;
		t->rseq_signature = me->rseq_signature;
	}
	if (q->flags & CLONE_SETTLS)
		err = tls_from_user(t, q->tls);
	if (q->flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = q->child_tid;
	return err;
}

/* Tells both sides the number; an address that is wrong is no one's loss. */
static void tids_out(struct thread *t, const struct clone_request *q)
{
	assert(t->state == THREAD_NEW);
	if (q->flags & CLONE_PARENT_SETTID)
		(void)!user_put32(q->parent_tid, t->tid);
	if (!(q->flags & CLONE_CHILD_SETTID))
		return;
	if (q->flags & CLONE_VM)
		(void)!user_put32(q->child_tid, t->tid);
	else
		t->set_tid = q->child_tid; /* in its own copy of memory */
}

/* Until the child has its own memory, or is no more. A fatal signal ends the
 * wait: the child goes on alone. Sleeps. */
static void vfork_wait(struct proc *child)
{
	assert(child->refs > 0);
	while (!child->vfork_done)
		if (sleep_on(&child->exec_wait, SLEEP_KILL, SLEEP_FOREVER) != 0)
			return;
}

static int thread_make(struct thread *me, struct proc *p,
		       const struct clone_request *q, struct thread **out)
{
	int err = thread_new(p, out);

	if (err)
		return err;
	err = thread_fill(me, *out, q);
	if (err)
		thread_unmake(*out);
	return err;
}

static int clone_thread(struct thread *me, const struct clone_request *q)
{
	struct thread *t;
	int err, tid;

	err = thread_make(me, me->proc, q, &t);
	if (err)
		return err;
	tids_out(t, q);
	if (me->proc->exiting || me->killed) { /* died while we slept */
		thread_unmake(t);
		return -ERESTARTNOINTR;
	}
	assert(t->vm == me->vm);
	tid = t->tid;
	thread_start_user(t);
	return tid;
}

static int clone_process(struct thread *me, const struct clone_request *q)
{
	struct thread *t;
	struct proc *p;
	int err, pid;

	err = process_make(me, q, &p);
	if (err)
		return err;
	err = thread_make(me, p, q, &t);
	if (err) {
		parts_drop(p);
		proc_unmake(p);
		return err;
	}
	assert(p->vm && p->files && p->fs && p->actions);
	pid = p->pid;
	tids_out(t, q);
	proc_hold(p);
	thread_start_user(t);
	assert(q->exit_signal <= SIGNAL_MAX);
	if (q->flags & CLONE_VFORK)
		vfork_wait(p);
	proc_drop(p);
	return pid;
}

static int clone_any(struct thread *me, const struct clone_request *q)
{
	int err = flags_check(me, q);

	if (err)
		return err;
	return q->flags & CLONE_THREAD ? clone_thread(me, q)
				       : clone_process(me, q);
}

/* POSIX fork. Sleeps. */
int sys_fork(struct thread *me, const uint32_t *arg)
{
	struct clone_request q = { .exit_signal = SIGCHLD };

	(void)arg;
	return clone_any(me, &q);
}

/* BSD vfork: the parent waits while the child uses its memory. Sleeps. */
int sys_vfork(struct thread *me, const uint32_t *arg)
{
	struct clone_request q = { .flags = CLONE_VM | CLONE_VFORK,
				   .exit_signal = SIGCHLD };

	(void)arg;
	return clone_any(me, &q);
}

/* Linux i386: clone(flags | signal, stack, parent_tid, tls, child_tid). A
 * number that is no signal is taken, and never sent. */
int sys_clone(struct thread *me, const uint32_t *arg)
{
	uint32_t sig = arg[0] & EXIT_SIGNAL_MASK;
	struct clone_request q = {
		.flags = arg[0] & ~EXIT_SIGNAL_MASK,
		.exit_signal = sig > SIGNAL_MAX ? 0 : sig,
		.stack = arg[1], .parent_tid = arg[2], .tls = arg[3],
		.child_tid = arg[4],
	};

	return clone_any(me, &q);
}

/* A struct that may grow: what we do not know must be zero. */
static int args3_in(struct abi_clone_args *a, uint32_t user, uint32_t size)
{
	enum { SIZE_LEAST = 64 };
	uint8_t extra[64];
	uint32_t n;
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < SIZE_LEAST)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	err = user_copy_in(a, user, min_u32(size, sizeof(*a)));
	for (uint32_t at = sizeof(*a); !err && at < size; at += n) {
		n = min_u32(size - at, sizeof(extra));
		err = user_copy_in(extra, user + at, n);
		for (uint32_t i = 0; !err && i < n; i++)
			if (extra[i] != 0)
				err = -E2BIG;
	}
	return err;
}

static int args3_check(const struct abi_clone_args *a)
{
	const uint64_t known = 0xffffffffull | CLONE_CLEAR_SIGHAND;

	if (a->flags & (~known | CLONE_DETACHED | EXIT_SIGNAL_MASK))
		return -EINVAL;
	if (a->exit_signal > SIGNAL_MAX || a->set_tid != 0 || a->set_tid_size != 0)
		return -EINVAL;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal != 0)
		return -EINVAL;
	if ((a->stack == 0) != (a->stack_size == 0))
		return -EINVAL;
	if (a->stack > USER_TOP || a->stack_size > USER_TOP ||
	    a->stack + a->stack_size > USER_TOP)
		return -EINVAL;
	return 0;
}

/* Linux: clone3(args, size). Sleeps. */
int sys_clone3(struct thread *me, const uint32_t *arg)
{
	struct abi_clone_args a;
	struct clone_request q;
	int err = args3_in(&a, arg[0], arg[1]);

	if (!err)
		err = args3_check(&a);
	if (err)
		return err;
	q = (struct clone_request){
		.flags = a.flags, .exit_signal = a.exit_signal,
		.stack = a.stack + a.stack_size,
		.parent_tid = a.parent_tid, .child_tid = a.child_tid,
		.tls = a.tls,
	};
	return clone_any(me, &q);
}

static int unshare_files(struct proc *p)
{
	struct file_table *old = p->files, *own;
	int err;

	if (p->files->refs == 1)
		return 0;
	err = file_table_copy(p->files, &own);
	if (err)
		return err;
	p->files = own;
	file_table_drop(old);
	return 0;
}

static int unshare_fs(struct proc *p)
{
	struct fs_context *old = p->fs, *own;
	int err;

	if (p->fs->refs == 1)
		return 0;
	err = path_context_copy(p->fs, &own);
	if (err)
		return err;
	p->fs = own;
	path_context_drop(old);
	return 0;
}

/* Linux: unshare(flags). Files and directories are a process's: this parts it
 * from other processes, not its threads from each other. */
int sys_unshare(struct thread *me, const uint32_t *arg)
{
	const uint32_t alone = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	uint32_t flags = arg[0];
	struct proc *p = me->proc;
	int err = 0;

	if (flags & ~(alone | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM |
		      CLONE_NAMESPACES))
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return namespace_refusal(me, flags);
	if ((flags & alone) && p->thread_count > 1)
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && p->actions->refs > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && p->vm->refs > 1)
		return -EINVAL;
	if (flags & CLONE_FS)
		err = unshare_fs(p);
	if (!err && (flags & CLONE_FILES))
		err = unshare_files(p);
	if (!err && (flags & CLONE_SYSVSEM) && p->thread_count == 1)
		ipc_undo_leave(p);
	return err;
}
