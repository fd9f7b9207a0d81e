/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - the machine's part of a thread: stack, segments, TLS.
 *
 * fs and gs belong to the user even while the kernel runs, so they are saved
 * and loaded only here, when another thread gets the CPU. TLS descriptors are
 * written to the GDT only where they differ.
 *
 * Locks: the kernel lock; arch_thread_switch with interrupts off.
 */
#include "arch/i386/inner.h"

enum { TLS_SLOTS = 3 };

struct arch_thread *thread_running;
volatile uint32_t arch_return_work;

/* What stack_switch pops when it first arrives at a new thread. */
struct switch_frame {
	uint32_t edi, esi, ebx, ebp, eip;
};

struct frame *arch_user_frame(void *stack)
{
	return (struct frame *)((char *)stack + KSTACK_SLOT - KSTACK_TOP_PAD) - 1;
}

static void name_owner(void *stack, struct thread *owner)
{
	*(struct thread **)((char *)stack + KSTACK_SLOT - 4) = owner;
}

void arch_thread_make(struct arch_thread *t, void *stack, struct thread *owner,
		      void (*entry)(void *), void *arg)
{
	struct switch_frame *s;

	assert(((uint32_t)stack & (KSTACK_SLOT - 1)) == 0);
	assert(((uint32_t)t->fpu & 15) == 0);
	assert(owner && entry);
	name_owner(stack, owner);
	s = (struct switch_frame *)arch_user_frame(stack) - 1;
	*s = (struct switch_frame){ .ebx = (uint32_t)entry, .esi = (uint32_t)arg,
				    .eip = (uint32_t)thread_begin };
	t->esp = (uint32_t)s;
	t->fs = t->gs = 0;
	memset(t->tls, 0, sizeof(t->tls));
	t->vdso = 0;
	t->io = NULL;
	t->fpu_used = t->fpu_live = false;
}

void arch_thread_adopt(struct arch_thread *t, struct thread *owner)
{
	uint32_t here = (uint32_t)__builtin_frame_address(0);

	assert(!thread_running);
	name_owner((void *)(here & ~(uint32_t)(KSTACK_SLOT - 1)), owner);
	t->fs = t->gs = 0;
	memset(t->tls, 0, sizeof(t->tls));
	t->vdso = 0;
	t->io = NULL;
	t->fpu_used = t->fpu_live = false;
	thread_running = t;
}

/* True: one of the descriptors changed. */
static bool tls_load(const struct arch_thread *t)
{
	bool changed = false;

	for (unsigned i = 0; i < TLS_SLOTS; i++) {
		if (gdt[SEL_TLS + i] != t->tls[i]) {
			gdt[SEL_TLS + i] = t->tls[i];
			changed = true;
		}
	}
	return changed;
}

static bool is_tls(uint32_t selector)
{
	return selector >> 3 >= SEL_TLS && selector >> 3 < SEL_TLS + TLS_SLOTS;
}

static void segments_swap(struct arch_thread *prev, struct arch_thread *next)
{
	bool changed = tls_load(next);

	prev->fs = segment_read_fs();
	prev->gs = segment_read_gs();
	if (next->fs != prev->fs || (changed && is_tls(next->fs)))
		segment_fs(next->fs);
	if (next->gs != prev->gs || (changed && is_tls(next->gs)))
		segment_gs(next->gs);
}

/* Returns when prev gets the CPU again. Interrupts are off on both sides. */
void arch_thread_switch(struct arch_thread *prev, struct arch_thread *next,
			void *next_stack)
{
	assert(prev != next);
	assert(prev == thread_running);
	fpu_leave(prev);
	segments_swap(prev, next);
	gdt_set_stack((uint32_t)next_stack + KSTACK_SLOT - KSTACK_TOP_PAD);
	vdso_enter(next);
	if (unlikely(next->io != gdt_io()))
		gdt_set_io(next->io);
	thread_running = next;
	arch_return_work = 1;
	stack_switch(&prev->esp, next->esp);
}

uint32_t arch_thread_callers(const struct arch_thread *t)
{
	const uint32_t *saved = (const uint32_t *)t->esp; /* by stack_switch */

	assert(t != thread_running);
	return saved[3];
}

/* to, made already, gets copies of from's segments and FPU state. */
void arch_thread_fork(struct arch_thread *to, struct arch_thread *from)
{
	assert(to != from && to != thread_running && !to->fpu_live);
	if (from == thread_running) {
		from->fs = segment_read_fs();
		from->gs = segment_read_gs();
		fpu_sync(from);
	}
	to->fs = from->fs;
	to->gs = from->gs;
	memcpy(to->tls, from->tls, sizeof(to->tls));
	to->vdso = from->vdso;
	to->io = from->io;
	if (to->io)
		to->io->refs++;
	to->fpu_live = false;
	to->fpu_used = from->fpu_used;
	if (from->fpu_used)
		memcpy(to->fpu, from->fpu, sizeof(to->fpu));
}

/* The other threads that share it learn it when they get the CPU: what is
 * shared never changes (kernel/proc/ioport.c). */
void arch_io_changed(void)
{
	assert(thread_running);
	gdt_set_io(thread_running->io);
}

/* exec: the current thread's (or a new one's) user side begins anew. */
void arch_thread_exec(struct arch_thread *t, struct frame *f, uint32_t eip,
		      uint32_t esp)
{
	*f = (struct frame){
		.ds = SEL_USER_DATA, .es = SEL_USER_DATA,
		.vector = VECTOR_SYSCALL, .error = (uint32_t)-1,
		.eip = eip, .cs = SEL_USER_CODE, .eflags = EFLAGS_IF | 2,
		.esp = esp, .ss = SEL_USER_DATA,
	};
	memset(t->tls, 0, sizeof(t->tls));
	t->fs = t->gs = 0;
	t->vdso = 0;
	arch_fpu_forget(t);
	if (t == thread_running) {
		segment_fs(0);
		segment_gs(0);
		tls_load(t);
		arch_vdso_place(t, 0);
	}
}

void arch_frame_save_segments(struct frame *f)
{
	f->fs = segment_read_fs();
	f->gs = segment_read_gs();
}
