/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigreturn.c - back from a signal handler.
 *
 * The frame is read from the user's stack, and the user may have written what
 * he liked there: arch_sigframe_restore refuses or masks what would give power.
 * A frame that cannot be read or believed is a SIGSEGV.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { FIXED_MAX = 736 };	/* the old frame: its FPU state is inside */

/* The FPU state that a frame points to; it may be anywhere. 0: none. Sleeps. */
static int restore_fpu(struct thread *me, uint32_t from)
{
	uint8_t state[ARCH_FPSTATE_MAX] __attribute__((aligned(4)));
	uint32_t n = arch_fpstate_size();
	int err;

	if (from == 0) {
		arch_fpu_forget(&me->arch);
		return 0;
	}
	assert(n <= sizeof(state));
	err = user_copy_in(state, from, n);
	return err ? err : arch_fpu_restore(&me->arch, state, n);
}

/* The frame proper; *fpstate: where the FPU's part is. Sleeps. */
static int restore_frame(struct thread *me, bool rt, uint32_t *fpstate)
{
	struct frame *f = me->frame;
	uint8_t buf[FIXED_MAX] __attribute__((aligned(4)));
	uint32_t n = arch_sigframe_read_size(rt);
	sigset mask;
	struct abi_stack altstack;
	int err;

	assert(n <= sizeof(buf));
	assert(frame_from_user(f));
	err = user_copy_in(buf, arch_sigframe_address(f, rt), n);
	if (!err)
		err = arch_sigframe_restore(buf, rt, f, &me->arch, &mask,
					    &altstack, fpstate);
	if (err)
		return err;
	signal_set_mask(me, mask);
	if (rt) /* an alternate stack that cannot be set is left as it is */
		(void)!altstack_set(me, &altstack, f->esp);
	return 0;
}

/* The value that the interrupted code had in eax is this call's result. */
static int come_back(struct thread *me, bool rt)
{
	struct frame *f = me->frame;
	struct abi_siginfo info;
	uint32_t fpstate;
	int err = restore_frame(me, rt, &fpstate);

	me->restart = NULL;
	if (!err)
		err = restore_fpu(me, fpstate);
	if (err) {
		signal_fill(&info, SIGSEGV, SI_KERNEL, NULL);
		signal_force(me, &info);
	}
	f->error = UINT32_MAX; /* nothing to restart; all registers count */
	return f->eax;
}

int sys_sigreturn(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return come_back(me, false);
}

int sys_rt_sigreturn(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return come_back(me, true);
}

/* Goes on with a call that a stop or a handler-less signal interrupted. */
int sys_restart_syscall(struct thread *me, const uint32_t *arg)
{
	int (*restart)(struct thread *) = me->restart;

	assert(me == thread_current());
	(void)arg;
	me->restart = NULL;
	return restart ? restart(me) : -EINTR;
}
