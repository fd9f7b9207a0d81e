/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c - what the CPU refuses to do: page faults, and mistakes.
 *
 * From user mode a trap becomes a page or a signal. From the kernel it is only
 * right where user memory is touched (arch_fixup_covers): there the access is
 * made to fail. Anything else is a bug of ours, and the end.
 */
#include "kernel/sys/core.h"

/* What a trap from user mode is to its process; signal 0: nothing. */
struct trap_signal {
	uint8_t signal;
	int16_t code;
	bool address;	/* siginfo names the instruction */
};
static const struct trap_signal trap_signals[] = {
	[VECTOR_DIVIDE] = { SIGFPE, FPE_INTDIV, true },
	[VECTOR_DEBUG] = { SIGTRAP, TRAP_TRACE, true },
	[VECTOR_BREAKPOINT] = { SIGTRAP, SI_KERNEL, false },
	[VECTOR_OVERFLOW] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_BOUND] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_OPCODE] = { SIGILL, ILL_ILLOPN, true },
	[VECTOR_NO_FPU] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_TSS] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_SEGMENT] = { SIGBUS, SI_KERNEL, false },
	[VECTOR_STACK] = { SIGBUS, SI_KERNEL, false },
	[VECTOR_PROTECTION] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_FPU] = { SIGFPE, 0, true },	/* code: see fpu_code */
	[VECTOR_ALIGN] = { SIGBUS, BUS_ADRALN, false },
	[VECTOR_SIMD] = { SIGFPE, 0, true },
};

static const char *fault_name(int sig)
{
	switch (sig) {
	case SIGILL: return "SIGILL";
	case SIGTRAP: return "SIGTRAP";
	case SIGBUS: return "SIGBUS";
	case SIGFPE: return "SIGFPE";
	default: return "SIGSEGV";
	}
}

/* Will this signal, forced, end the process? */
static bool is_fatal(const struct thread *me, int sig)
{
	uint32_t handler = me->proc->actions->action[sig - 1].handler;

	assert(sig > 0 && sig <= SIGNAL_MAX);
	return handler == SIG_DFL || handler == SIG_IGN ||
	       (me->mask & sig_bit(sig));
}

/* One line per process that dies of a fault; a crash loop may not flood. */
static void report(const struct thread *me, const struct frame *f,
		   const struct abi_siginfo *info, uint32_t addr)
{
	enum { BURST = 10 };
	const uint64_t window_ns = 5000000000ull;
	static uint64_t window_end;
	static unsigned count;
	uint64_t now = arch_clock_ns();

	if (now >= window_end) {
		window_end = now + window_ns;
		count = 0;
	}
	if (++count > BURST)
		return;
	log_print(LOG_INFO, "%s[%d] jid %d: %s at eip %08x addr %08x esp %08x",
		  me->proc->comm, me->tid, me->proc->cred->prison->jid,
		  fault_name(info->signo), f->eip, addr, f->esp);
}

static void raise_fault(struct thread *me, const struct frame *f,
		  struct abi_siginfo *info, uint32_t addr)
{
	struct fault_story story = { f->vector, f->error, addr };

	assert(info->signo > 0 && info->signo <= SIGNAL_MAX);
	assert(frame_from_user(f) && me == thread_current());
	fault_story_put(info, &story);
	if (info->signo != SIGKILL && is_fatal(me, info->signo))
		report(me, f, info, addr);
	signal_force(me, info);
}

/* A page fault from user mode. Sleeps. */
static void user_page_fault(struct thread *me, struct frame *f, uint32_t addr)
{
	struct abi_siginfo info;

	assert(me->vm && f->vector == VECTOR_PAGE);
	if (vm_fault(me->vm, addr, f->error, f->esp, &info) != 0)
		raise_fault(me, f, &info, addr);
}

/* si_code of an x87 or SSE exception, from the unmasked bits that are set; 0
 * when the exception has gone by the time we look. */
static int fpu_code(uint32_t vector)
{
	enum { FPE_FLTDIV = 3, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES };
	enum { FLAG_INVALID = 1, FLAG_DENORMAL = 2, FLAG_DIVIDE = 4,
	       FLAG_OVERFLOW = 8, FLAG_UNDERFLOW = 16, FLAG_INEXACT = 32 };
	uint16_t control, status;
	uint32_t mxcsr, bits;

	assert(vector == VECTOR_FPU || vector == VECTOR_SIMD);
	if (vector == VECTOR_FPU) {
		__asm__ volatile("fnstcw %0" : "=m"(control));
		__asm__ volatile("fnstsw %0" : "=m"(status));
		bits = status & ~control;
	} else {
		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		bits = mxcsr & ~(mxcsr >> 7);
	}
	if (bits & FLAG_INVALID)
		return FPE_FLTINV;
	if (bits & FLAG_DIVIDE)
		return FPE_FLTDIV;
	if (bits & FLAG_OVERFLOW)
		return FPE_FLTOVF;
	if (bits & (FLAG_UNDERFLOW | FLAG_DENORMAL))
		return FPE_FLTUND;
	return bits & FLAG_INEXACT ? FPE_FLTRES : 0;
}

/* Any other exception from user mode. */
static void user_trap(struct thread *me, struct frame *f)
{
	struct abi_siginfo info;
	struct trap_signal s = { 0 };
	int code;

	assert(f->vector != VECTOR_PAGE);
	if (f->vector < ARRAY_LEN(trap_signals))
		s = trap_signals[f->vector];
	if (s.signal == 0) { /* a vector that no i386 program can raise */
		log_print(LOG_WARN, "trap %u from user mode", f->vector);
		s = trap_signals[VECTOR_PROTECTION];
	}
	code = s.code;
	if (f->vector == VECTOR_FPU || f->vector == VECTOR_SIMD) {
		code = fpu_code(f->vector);
		if (code == 0)
			return;
	}
	/* not by TF: the last step of all is the one that clears it */
	if (f->vector == VECTOR_DEBUG && !arch_was_step())
		code = TRAP_BRKPT; /* int1 */
	assert(s.signal > 0);
	signal_fill(&info, s.signal, code, NULL);
	info.fault.addr = s.address ? f->eip : 0;
	raise_fault(me, f, &info, 0);
}

_Noreturn static void die(struct frame *f, uint32_t cr2)
{
	arch_frame_dump(f);
	if (f->vector == VECTOR_PAGE)
		panic("page fault at %08x, error %x, eip %08x", cr2, f->error,
		      f->eip);
	panic("trap %u, error %x, eip %08x", f->vector, f->error, f->eip);
}

/* From kernel mode: user memory was touched, or we are broken. */
static void kernel_mode_trap(struct frame *f, uint32_t cr2)
{
	struct abi_siginfo info;
	struct thread *me;

	if (f->vector == VECTOR_DEBUG) { /* a user's TF came in with a call */
		f->eflags &= ~EFLAGS_TF;
		(void)arch_was_step();
		return;
	}
	if (!arch_fixup_covers(f))
		die(f, cr2);
	if (f->vector != VECTOR_PAGE || cr2 >= USER_TOP) {
		arch_fixup(f);
		return;
	}
	me = thread_current();
	if (!me->vm || !(f->eflags & EFLAGS_IF))
		die(f, cr2);
	arch_irq_enable();
	if (vm_fault(me->vm, cr2, f->error, me->frame->esp, &info) != 0) {
		if (info.signo == SIGKILL) /* memory is out */
			signal_force(me, &info);
		arch_fixup(f);
	}
	arch_irq_disable();
}

/* Any exception of the CPU. Entered with interrupts off, left so. */
void kernel_trap(struct frame *f)
{
	uint32_t cr2 = arch_read_cr2();
	struct thread *me;

	if (!frame_from_user(f)) {
		kernel_mode_trap(f, cr2);
		return;
	}
	me = thread_current();
	assert(f == me->frame);
	arch_irq_enable();
	sched_lock();
	if (f->vector == VECTOR_PAGE)
		user_page_fault(me, f, cr2);
	else
		user_trap(me, f);
	sched_unlock();
	arch_irq_disable();
}

/* The armed time has come. Interrupts are off and stay so. */
void kernel_timer(struct frame *f)
{
	random_stir(&f->eip, sizeof(f->eip), 0); /* and the TSC; credits nothing */
	sched_account(frame_from_user(f));
	sched_timer();
}
