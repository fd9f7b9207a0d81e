/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core.h - what the files of kernel/sys that make, change and end processes
 * share with each other. No room includes it.
 */
#ifndef KERNEL_SYS_CORE_H
#define KERNEL_SYS_CORE_H

#include "kernel/sys/sys.h"

/* call.c: the row for a number, or NULL when there is none or it is closed */
const struct call *call_find(uint32_t number);

/* Is this result one of the -ERESTART* that no user may see? */
static inline bool call_wants_restart(int result)
{
	return -result >= ERESTARTSYS && -result <= ERESTART_BLOCK;
}
/* Did f come from a call whose result still has to be settled? */
static inline bool call_interrupted(const struct frame *f)
{
	return f->vector == VECTOR_SYSCALL && f->error != UINT32_MAX &&
	       call_wants_restart(f->eax);
}

/* deliver.c: signals, and what becomes of the call they interrupted. Sleeps. */
void deliver_signals(struct thread *me, struct frame *f);

/* What a machine fault has to tell beyond siginfo; it travels in the unused
 * tail of the siginfo from the trap to the signal frame. */
struct fault_story {
	uint32_t trap, error, addr;
};
void fault_story_put(struct abi_siginfo *info, const struct fault_story *s);
struct fault_story fault_story_take(struct abi_siginfo *info);

bool on_altstack(const struct thread *me, uint32_t sp);
/* signal.c: sigaltstack's rules; sp: the user's. -EPERM, -EINVAL, -ENOMEM */
int altstack_set(struct thread *me, const struct abi_stack *to, uint32_t sp);

/* rseq.c: restartable sequences. Sleeps. */
void rseq_check(struct thread *me, struct frame *f);
void rseq_leave(struct thread *t);

/* exec.c */
struct exec_args;
struct exec_name {
	const char *path;	/* to walk to */
	unsigned walk;		/* WALK_FOLLOW, WALK_EMPTY */
	const char *shown;	/* what the program and scripts see */
	bool hidden;		/* `shown` cannot be opened after the exec */
};
/* me becomes the program of that name. 0: me->frame is the new program's, or
 * me is to die. Sleeps. */
int exec_program(struct thread *me, const struct path_at *at,
		 const struct exec_name *name, struct exec_args *args) must_check;

/* thread.c: CLONE_SETTLS */
int tls_from_user(struct thread *t, uint32_t user) must_check;

/* vdso.c: maps the vDSO at a page address, and sets v->vdso */
uint32_t vdso_size(void);
int vdso_map(struct vm *v, uint32_t at) must_check;

/* exit.c */
void leave_memory(struct thread *me);	/* robust list, clear_tid, vfork. Sleeps. */
void note_peak(struct proc *p, const struct vm *v);
_Noreturn void leave_thread(struct thread *me);
void vfork_done(struct proc *p);
/* execfile.c: a process's program; while it runs nobody may write to it */
void exe_hold(struct file *exe);
void exe_drop(struct file *exe);	/* Sleeps. */

/* init.c: process 1 */
void init_start(void);

/* info.c: what is owed before the machine stops */
void shut_down(const char *why);

/* sysrq.c */
void sysrq_init(void);

/* module.c; for modules: the one that `inside` lies in is in use */
void modules_init(void);
void kernel_module_hold(const void *inside);
void kernel_module_drop(const void *inside);

#endif
