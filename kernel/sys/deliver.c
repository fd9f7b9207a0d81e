/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver.c - signals on the way out to user mode, and the way back.
 *
 * Each pending, unblocked signal with a handler gets its frame on the user's
 * stack, one above the other, so that several run one after the other without
 * a visit to the kernel between. A system call that was interrupted is made to
 * start again or to fail with EINTR by the first of them.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

/* The unused tail of a siginfo, where no field of any signal lies. */
enum { STORY_AT = sizeof(((struct abi_siginfo *)0)->pad) -
		  sizeof(struct fault_story) };

void fault_story_put(struct abi_siginfo *info, const struct fault_story *s)
{
	memcpy(info->pad + STORY_AT, s, sizeof(*s));
}

/* Out of info, which user mode then sees as Linux has it. */
struct fault_story fault_story_take(struct abi_siginfo *info)
{
	struct fault_story s;

	memcpy(&s, info->pad + STORY_AT, sizeof(s));
	memset(info->pad + STORY_AT, 0, sizeof(s));
	return s;
}

/* Shall the interrupted call, which gave result, start again? */
static bool call_restarts(int result, const struct abi_sigaction *handler)
{
	assert(call_wants_restart(result));
	switch (result) {
	case -ERESTARTNOINTR:
		return true;
	case -ERESTARTSYS:
		return !handler || (handler->flags & SA_RESTART);
	default: /* ERESTARTNOHAND, ERESTART_BLOCK */
		return !handler;
	}
}

/* Decides about the call that f came from. handler: it will run first. */
static void settle_call(struct frame *f, const struct abi_sigaction *handler)
{
	enum { CALL_INSTRUCTION = 2 /* bytes of int 0x80 */ };
	int result = f->eax;

	if (!call_interrupted(f))
		return;
	if (call_restarts(result, handler)) {
		f->eax = result == -ERESTART_BLOCK ? 0 : f->error;
		f->eip -= CALL_INSTRUCTION;
	} else {
		f->eax = -EINTR;
	}
	f->error = UINT32_MAX; /* once is enough */
}

/* Is sp on the thread's alternate stack? Not so where it disarms itself. */
bool on_altstack(const struct thread *me, uint32_t sp)
{
	const struct abi_stack *alt = &me->altstack;

	return alt->size != 0 && !((uint32_t)alt->flags & SS_AUTODISARM) &&
	       sp > alt->sp && sp - alt->sp <= alt->size;
}

/* While the handler of sig runs: its own mask, and what it asked for once. */
static void note_entered(struct thread *me, int sig,
			 const struct abi_sigaction *action)
{
	sigset mask = action->mask[0] | (sigset)action->mask[1] << 32;

	assert(sig > 0 && sig <= SIGNAL_MAX);
	if (!(action->flags & SA_NODEFER))
		mask |= sig_bit(sig);
	me->restore_mask = false;
	signal_set_mask(me, me->mask | mask);
	if (action->flags & SA_RESETHAND)
		me->proc->actions->action[sig - 1].handler = SIG_DFL;
	if ((uint32_t)me->altstack.flags & SS_AUTODISARM)
		me->altstack = (struct abi_stack){ 0, SS_DISABLE, 0 };
}

/* Builds the frame and makes f enter the handler. -EFAULT: no room. Sleeps. */
static int enter_handler(struct thread *me, struct frame *f, int sig,
			 struct abi_siginfo *info,
			 const struct abi_sigaction *action)
{
	uint8_t buf[ARCH_SIGFRAME_MAX] __attribute__((aligned(4)));
	struct fault_story story = fault_story_take(info);
	struct arch_sigframe s = {
		.sig = sig, .info = info, .action = action,
		.mask = me->restore_mask ? me->saved_mask : me->mask,
		.altstack = me->altstack, .fault_addr = story.addr,
		.trap = story.trap, .error = story.error, .sp = f->esp,
		.vsyscall_sigreturn =
			me->vm->vdso + arch_vdso_sigreturn_offset(false),
		.vsyscall_rt_sigreturn =
			me->vm->vdso + arch_vdso_sigreturn_offset(true),
	};
	bool was_on = on_altstack(me, f->esp), enter;
	uint32_t address, len;
	int err;

	assert(me->vm->vdso);
	enter = (action->flags & SA_ONSTACK) && me->altstack.size != 0 && !was_on;
	if (enter)
		s.sp = me->altstack.sp + me->altstack.size;
	address = arch_sigframe_build(buf, &len, &s, f, &me->arch);
	assert(len <= sizeof(buf));
	if ((was_on || enter) && (address <= me->altstack.sp ||
				  address - me->altstack.sp > me->altstack.size))
		return -EFAULT; /* ran over the end of the alternate stack */
	err = user_copy_out(address, buf, len);
	if (err)
		return err;
	arch_sigframe_enter(f, &s, address);
	note_entered(me, sig, action);
	return 0;
}

/* The frame of sig could not be put on the stack: SIGSEGV, and where it was
 * SIGSEGV itself, without its handler. */
static void fail_delivery(struct thread *me, int sig)
{
	struct abi_siginfo info;

	assert(sig > 0 && sig <= SIGNAL_MAX);
	if (sig == SIGSEGV)
		me->proc->actions->action[SIGSEGV - 1].handler = SIG_DFL;
	signal_fill(&info, SIGSEGV, SI_KERNEL, NULL);
	signal_force(me, &info);
}

/* Acts on all that is pending for me, and settles the call it came from. */
void deliver_signals(struct thread *me, struct frame *f)
{
	struct abi_siginfo info;
	struct abi_sigaction action;
	int sig;

	assert(me == thread_current() && f == me->frame);
	for (;;) {
		if (me->killed)
			leave_thread(me);
		sig = signal_take(me, &info, &action);
		if (sig == 0)
			break;
		assert(sig <= SIGNAL_MAX && action.handler > SIG_IGN);
		settle_call(f, &action);
		if (enter_handler(me, f, sig, &info, &action) != 0)
			fail_delivery(me, sig);
	}
	if (me->killed)
		leave_thread(me);
	settle_call(f, NULL);
	if (me->restore_mask) {
		me->restore_mask = false;
		signal_set_mask(me, me->saved_mask);
	}
}
