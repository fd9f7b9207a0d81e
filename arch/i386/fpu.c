/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fpu.c - floating point and SSE registers, given to a thread when it asks.
 *
 * A thread starts each turn with CR0.TS set. Its first FPU instruction traps
 * (#NM); the registers are loaded then, and saved when it gives the CPU away.
 * A thread that does no arithmetic in its turn costs nothing.
 *
 * Invariant: TS is clear exactly while thread_running->fpu_live.
 * Locks: used with interrupts off or by the running thread on itself.
 */
#include "arch/i386/inner.h"

enum { MXCSR_START = 0x1f80, CONTROL_START = 0x37f, FX_MXCSR = 24 };

static bool present, fxsr, sse;
static uint8_t fresh[512] __attribute__((aligned(16)));

static inline void ts_set(void)
{
	write_cr0(read_cr0() | CR0_TS);
}

static inline void ts_clear(void)
{
	__asm__ volatile("clts" ::: "memory");
}

void fpu_init(void)
{
	const struct arch_cpu_info *cpu = arch_cpu_info();
	uint32_t cr0 = read_cr0() | CR0_NE | CR0_MP;

	present = cpu->features & 1;
	fxsr = cpu->fxsr;
	sse = cpu->sse && fxsr;
	if (fxsr)
		write_cr4(read_cr4() | CR4_OSFXSR | (sse ? CR4_OSXMMEXCPT : 0));
	write_cr0(present ? (cr0 & ~CR0_EM) | CR0_TS : cr0 | CR0_EM);
	fresh[0] = CONTROL_START & 0xff;
	fresh[1] = CONTROL_START >> 8;
	fresh[FX_MXCSR] = MXCSR_START & 0xff;
	fresh[FX_MXCSR + 1] = MXCSR_START >> 8;
}

static void state_load(const uint8_t *from)
{
	if (fxsr)
		__asm__ volatile("fxrstor (%0)" ::"r"(from) : "memory");
	else
		__asm__ volatile("frstor (%0)" ::"r"(from) : "memory");
}

/* fnsave also empties the registers: the caller loads them again if needed. */
static void state_save(uint8_t *to)
{
	if (fxsr)
		__asm__ volatile("fxsave (%0)" ::"r"(to) : "memory");
	else
		__asm__ volatile("fnsave (%0)" ::"r"(to) : "memory");
}

/* #NM in user mode. */
bool fpu_trap(void)
{
	struct arch_thread *t = thread_running;

	if (!present || !t)
		return false;
	assert(!t->fpu_live);
	ts_clear();
	if (t->fpu_used)
		state_load(t->fpu);
	else if (fxsr)
		state_load(fresh);
	else
		__asm__ volatile("fninit");
	t->fpu_used = t->fpu_live = true;
	return true;
}

void fpu_leave(struct arch_thread *t)
{
	if (!t->fpu_live)
		return;
	assert(t == thread_running);
	state_save(t->fpu);
	t->fpu_live = false;
	ts_set();
}

void fpu_sync(struct arch_thread *t)
{
	if (!t->fpu_live)
		return;
	assert(t == thread_running);
	state_save(t->fpu);
	if (!fxsr)
		state_load(t->fpu);
}

/* The next FPU instruction of t finds fresh registers. */
void arch_fpu_forget(struct arch_thread *t)
{
	assert(!t->fpu_live || t == thread_running);
	if (t->fpu_live)
		ts_set();
	t->fpu_used = t->fpu_live = false;
}
