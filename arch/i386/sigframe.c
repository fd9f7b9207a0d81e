/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigframe.c - what a signal handler finds on its stack (Linux i386 ABI).
 *
 * Two layouts: the old one, returned from by sigreturn, and the rt one of
 * SA_SIGINFO. Both carry a sigcontext; unwinders, debuggers and threading
 * libraries read it, so every offset is Linux's. Pure: buffers in, buffers
 * out; kernel/sys copies them.
 *
 * Nothing that comes back from the user's stack gives power: code and stack
 * segment must be the user's flat ones, and only harmless flags are taken.
 */
#include "arch/i386/inner.h"

struct sigcontext {
	uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trap, error, eip, cs, eflags, esp_at_signal, ss;
	uint32_t fpstate, old_mask, cr2;
};
struct old_frame {
	uint32_t restorer;
	int32_t sig;
	struct sigcontext context;
	uint8_t fpstate[ARCH_FPSTATE_MAX];
	uint32_t mask_high;
	uint8_t code[8];
};
struct rt_frame {
	uint32_t restorer;
	int32_t sig;
	uint32_t info_addr, context_addr;
	struct abi_siginfo info;
	uint32_t uc_flags, uc_link;
	struct abi_stack uc_stack;
	struct sigcontext context;
	uint32_t mask[2];
	uint8_t code[8];
	uint8_t pad[8];		/* makes the fxsave part 16-aligned */
	uint8_t fpstate[ARCH_FPSTATE_MAX];
};
_Static_assert(sizeof(struct sigcontext) == 88, "Linux ABI");
_Static_assert(offsetof(struct old_frame, mask_high) == 720, "Linux ABI");
_Static_assert(offsetof(struct rt_frame, uc_flags) == 144, "Linux ABI");
_Static_assert(offsetof(struct rt_frame, context) == 164, "Linux ABI");
_Static_assert(offsetof(struct rt_frame, code) == 260, "Linux ABI");
_Static_assert(sizeof(struct rt_frame) <= ARCH_SIGFRAME_MAX, "buffer");

enum { FLAGS_RESTORED = 0x50dd5 /* AC RF OF DF TF SF ZF AF PF CF */ };

/* mov eax, NUMBER; int 0x80: never run, but debuggers know a signal frame by
 * it. The old one pops the signal number first. */
static const uint8_t old_code[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
static const uint8_t rt_code[8] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };

static void context_fill(struct sigcontext *c, const struct arch_sigframe *s,
			 struct frame *f)
{
	arch_frame_save_segments(f);
	*c = (struct sigcontext){
		.gs = f->gs & 0xffff, .fs = f->fs & 0xffff,
		.es = f->es & 0xffff, .ds = f->ds & 0xffff,
		.edi = f->edi, .esi = f->esi, .ebp = f->ebp, .esp = f->esp,
		.ebx = f->ebx, .edx = f->edx, .ecx = f->ecx, .eax = f->eax,
		.trap = s->trap, .error = s->error, .eip = f->eip,
		.cs = f->cs & 0xffff, .eflags = f->eflags,
		.esp_at_signal = f->esp, .ss = f->ss & 0xffff,
		.old_mask = (uint32_t)s->mask, .cr2 = s->fault_addr,
	};
}

/* The stack is 16-aligned before the call that the frame looks like. */
static uint32_t frame_place(uint32_t sp, uint32_t size)
{
	return ((sp - size + 4) & ~15u) - 4;
}

static uint32_t build_old(struct old_frame *o, const struct arch_sigframe *s,
			  struct frame *f, struct arch_thread *t)
{
	uint32_t addr = frame_place(s->sp, sizeof(*o));

	context_fill(&o->context, s, f);
	if (fpu_frame_save(o->fpstate, t))
		o->context.fpstate = addr + offsetof(struct old_frame, fpstate);
	else
		memset(o->fpstate, 0, sizeof(o->fpstate));
	o->sig = s->sig;
	o->mask_high = (uint32_t)(s->mask >> 32);
	memcpy(o->code, old_code, sizeof(o->code));
	o->restorer = s->action->flags & SA_RESTORER ? s->action->restorer :
						       s->vsyscall_sigreturn;
	return addr;
}

static uint32_t build_rt(struct rt_frame *r, uint32_t *len,
			 const struct arch_sigframe *s, struct frame *f,
			 struct arch_thread *t)
{
	uint32_t base = offsetof(struct rt_frame, fpstate);
	uint32_t fpu = fpu_frame_save(r->fpstate, t);
	uint32_t addr = frame_place(s->sp, base + fpu);

	*len = base + fpu;
	context_fill(&r->context, s, f);
	if (fpu)
		r->context.fpstate = addr + base;
	r->sig = s->sig;
	r->info_addr = addr + offsetof(struct rt_frame, info);
	r->context_addr = addr + offsetof(struct rt_frame, uc_flags);
	r->info = *s->info;
	r->uc_flags = r->uc_link = 0;
	r->uc_stack = s->altstack;
	r->mask[0] = (uint32_t)s->mask;
	r->mask[1] = (uint32_t)(s->mask >> 32);
	memcpy(r->code, rt_code, sizeof(r->code));
	memset(r->pad, 0, sizeof(r->pad));
	r->restorer = s->action->flags & SA_RESTORER ? s->action->restorer :
						       s->vsyscall_rt_sigreturn;
	return addr;
}

/* As Linux does, the handler starts with a fresh FPU: t's state is in the frame
 * from here on. buf must be 4-aligned. */
uint32_t arch_sigframe_build(uint8_t buf[ARCH_SIGFRAME_MAX], uint32_t *len,
			     const struct arch_sigframe *s, struct frame *f,
			     struct arch_thread *t)
{
	uint32_t addr;

	assert(((uint32_t)buf & 3) == 0);
	assert(t == thread_running);
	if (s->action->flags & SA_SIGINFO) {
		addr = build_rt((struct rt_frame *)buf, len, s, f, t);
	} else {
		*len = sizeof(struct old_frame);
		addr = build_old((struct old_frame *)buf, s, f, t);
	}
	assert(*len <= ARCH_SIGFRAME_MAX && (addr + 4) % 16 == 0);
	arch_fpu_forget(t);
	return addr;
}

void arch_sigframe_enter(struct frame *f, const struct arch_sigframe *s,
			 uint32_t addr)
{
	bool rt = s->action->flags & SA_SIGINFO;

	assert(frame_from_user(f));
	f->eax = s->sig;
	f->edx = rt ? addr + offsetof(struct rt_frame, info) : 0;
	f->ecx = rt ? addr + offsetof(struct rt_frame, uc_flags) : 0;
	f->eip = s->action->handler;
	f->esp = addr;
	f->cs = SEL_USER_CODE;
	f->ss = f->ds = f->es = SEL_USER_DATA;
	f->eflags &= ~(EFLAGS_DF | EFLAGS_RF | EFLAGS_TF);
	f->error = (uint32_t)-1;
}

/* The handler's return took the restorer's address off the stack, and the old
 * restorer the signal number too. */
uint32_t arch_sigframe_address(const struct frame *f, bool rt)
{
	return f->esp - (rt ? 4 : 8);
}

uint32_t arch_sigframe_read_size(bool rt)
{
	return rt ? offsetof(struct rt_frame, code) :
		    offsetof(struct old_frame, code);
}

/* A data selector as the user may hold it; null stays null. */
static uint32_t selector_clean(uint32_t v)
{
	v &= 0xffff;
	return v > 3 ? v | 3 : 0;
}

static int context_restore(const struct sigcontext *c, struct frame *f,
			   struct arch_thread *t)
{
	assert(t == thread_running);
	if ((c->cs & 0xffff) != SEL_USER_CODE ||
	    (c->ss & 0xffff) != SEL_USER_DATA)
		return -EFAULT;
	f->ebx = c->ebx;
	f->ecx = c->ecx;
	f->edx = c->edx;
	f->esi = c->esi;
	f->edi = c->edi;
	f->ebp = c->ebp;
	f->eax = c->eax;
	f->eip = c->eip;
	f->esp = c->esp;
	f->ds = selector_clean(c->ds);
	f->es = selector_clean(c->es);
	f->cs = SEL_USER_CODE;
	f->ss = SEL_USER_DATA;
	f->eflags = (f->eflags & ~FLAGS_RESTORED) | (c->eflags & FLAGS_RESTORED);
	f->error = (uint32_t)-1;
	t->fs = selector_clean(c->fs);
	t->gs = selector_clean(c->gs);
	segment_fs(t->fs);
	segment_gs(t->gs);
	return 0;
}

/* altstack is set only from an rt frame. *fpstate_addr 0: arch_fpu_forget.
 * -EFAULT: a forged frame; nothing has changed then. */
int arch_sigframe_restore(const uint8_t *buf, bool rt, struct frame *f,
			  struct arch_thread *t, sigset *mask,
			  struct abi_stack *altstack, uint32_t *fpstate_addr)
{
	const struct rt_frame *r = (const struct rt_frame *)buf;
	const struct old_frame *o = (const struct old_frame *)buf;
	const struct sigcontext *c = rt ? &r->context : &o->context;
	int err = context_restore(c, f, t);

	if (err)
		return err;
	*fpstate_addr = c->fpstate;
	if (rt) {
		*mask = r->mask[0] | (sigset)r->mask[1] << 32;
		*altstack = r->uc_stack;
	} else {
		*mask = c->old_mask | (sigset)o->mask_high << 32;
	}
	return 0;
}
