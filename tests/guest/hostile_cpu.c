/* SPDX-License-Identifier: BSD-2-Clause */
/* hostile_cpu.c - what a program may try with bare instructions: privileged
 * ones, every interrupt vector, forged signal frames, a stack without end.
 * The right signal each time, and the machine goes on. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "ktap.h"

/* Runs the bytes as code in a child; the signal that ended it, 0 for none. */
static int run_code(const unsigned char *code, size_t n)
{
	unsigned char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	CHECK(p != MAP_FAILED);
	memcpy(p, code, n);
	p[n] = 0xc3; /* ret */
	child = fork();
	if (child == 0) {
		alarm(2);
		((void (*)(void))p)();
		_exit(0);
	}
	status = ktap_wait(child);
	munmap(p, 4096);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

#define CODE(...) \
	run_code((const unsigned char[]){ __VA_ARGS__ }, \
		 sizeof((const unsigned char[]){ __VA_ARGS__ }))

TEST(privileged_instructions_give_sigsegv)
{
	CHECK_EQ(CODE(0xf4), SIGSEGV);			/* hlt */
	CHECK_EQ(CODE(0xfa), SIGSEGV);			/* cli */
	CHECK_EQ(CODE(0xfb), SIGSEGV);			/* sti */
	CHECK_EQ(CODE(0x0f, 0x20, 0xc0), SIGSEGV);	/* mov cr0, eax */
	CHECK_EQ(CODE(0x0f, 0x22, 0xd8), SIGSEGV);	/* mov eax, cr3 */
	CHECK_EQ(CODE(0x0f, 0x22, 0xe0), SIGSEGV);	/* mov eax, cr4 */
	CHECK_EQ(CODE(0x0f, 0x21, 0xc0), SIGSEGV);	/* mov dr0, eax */
	CHECK_EQ(CODE(0x0f, 0x06), SIGSEGV);		/* clts */
	CHECK_EQ(CODE(0x0f, 0x08), SIGSEGV);		/* invd */
	CHECK_EQ(CODE(0x0f, 0x09), SIGSEGV);		/* wbinvd */
	CHECK_EQ(CODE(0x0f, 0x30), SIGSEGV);		/* wrmsr */
	CHECK_EQ(CODE(0x0f, 0x32), SIGSEGV);		/* rdmsr */
	CHECK_EQ(CODE(0xe4, 0x60), SIGSEGV);		/* in al, 0x60 */
	CHECK_EQ(CODE(0xe6, 0x64), SIGSEGV);		/* out 0x64, al */
	CHECK_EQ(CODE(0xec), SIGSEGV);			/* in al, dx */
	CHECK_EQ(CODE(0xef), SIGSEGV);			/* out dx, eax */
	CHECK_EQ(CODE(0x0f, 0x01, 0x38), SIGSEGV);	/* invlpg [eax] */
	CHECK_EQ(CODE(0x0f, 0x00, 0xd0), SIGSEGV);	/* lldt ax */
	CHECK_EQ(CODE(0x0f, 0x00, 0xd8), SIGSEGV);	/* ltr ax */
	CHECK_EQ(CODE(0x0f, 0x01, 0xf0), SIGSEGV);	/* lmsw ax */
}

TEST(bad_instructions_and_arithmetic)
{
	CHECK_EQ(CODE(0x0f, 0x0b), SIGILL);		/* ud2 */
	CHECK_EQ(CODE(0x0f, 0xff), SIGILL);		/* ud0 */
	CHECK_EQ(CODE(0x31, 0xc9, 0xf7, 0xf1), SIGFPE);	/* div ecx = 0 */
	CHECK_EQ(CODE(0xb8, 0, 0, 0, 0x80, 0x99, 0xb9, 0xff, 0xff, 0xff, 0xff,
		      0xf7, 0xf9), SIGFPE);		/* INT_MIN / -1 */
	CHECK_EQ(CODE(0xcc), SIGTRAP);			/* int3 */
}

TEST(bad_segments_give_sigsegv)
{
	/* mov ax, N; mov ds/es/fs/gs/ss, ax */
	CHECK_EQ(CODE(0x66, 0xb8, 0x68, 0, 0x8e, 0xd8), SIGSEGV);
	if (on_brig()) /* a 64-bit Linux has a user segment there */
		CHECK_EQ(CODE(0x66, 0xb8, 0x60, 0, 0x8e, 0xc0), SIGSEGV);
	CHECK_EQ(CODE(0x66, 0xb8, 0xf8, 0xff, 0x8e, 0xe0), SIGSEGV);
	CHECK_EQ(CODE(0x66, 0xb8, 0, 0, 0x8e, 0xd0), SIGSEGV);
	/* a far jump into kernel code */
	CHECK_EQ(CODE(0xea, 0, 0, 0x10, 0xb0, 0x60, 0), SIGSEGV);
	/* an iret to ring 0: pushf; push 0x60; push here; iret */
	CHECK_EQ(CODE(0x9c, 0x6a, 0x60, 0x68, 0, 0, 0x10, 0xb0, 0xcf), SIGSEGV);
	/* a call through a kernel address */
	CHECK_EQ(CODE(0xb8, 0, 0, 0x10, 0xb0, 0xff, 0xd0), SIGSEGV);
}

/* The stack segment's descriptor goes away under a running program: the way
 * back to user mode must not end the kernel. */
TEST(stack_segment_taken_away)
{
	struct {
		uint32_t entry, base, limit, flags;
	} d = { -1, 0, 0xfffff, 0x51 }; /* 32 bit, pages, usable */
	int status;
	pid_t p = fork();

	if (p == 0) {
		CHECK_OK(syscall(SYS_set_thread_area, &d));
		d.limit = 0;
		d.flags = 0x28; /* empty: not present */
		__asm__ volatile("mov %w0, %%ss\n\tint $0x80\n\tnop"
				 :: "q"(d.entry * 8 + 3),
				    "a"(SYS_set_thread_area), "b"(&d));
		_exit(0);
	}
	status = ktap_wait(p);
	CHECK(WIFSIGNALED(status));
}

TEST(null_data_segments_are_survived_by_system_calls)
{
	/* xor eax,eax; mov ds,eax; mov es,eax; mov al,20; int 0x80;
	 * push 0x7b or 0x2b is not portable: end by exit(0) without memory */
	CHECK_EQ(CODE(0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0xb0, 20, 0xcd, 0x80,
		      0x31, 0xdb, 0x31, 0xc0, 0x40, 0xcd, 0x80), 0);
}

TEST(every_interrupt_vector)
{
	for (int v = 0; v < 256; v++) {
		unsigned char code[2] = { 0xcd, (unsigned char)v };
		int want = v == 3 ? SIGTRAP : SIGSEGV;
		int got;

		if (v == 0x80)
			continue;
		got = run_code(code, 2);
		if (v == 4 && (got == 0 || got == SIGSEGV))
			continue;
		if (got != want)
			FAIL("int 0x%02x gives signal %d, not %d", v, got, want);
	}
}

TEST(trap_flag_through_a_system_call_gives_sigtrap)
{
	/* pushf; or [esp], 0x100; popf; mov eax,20; int 0x80 */
	CHECK_EQ(CODE(0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d,
		      0xb8, 20, 0, 0, 0, 0xcd, 0x80), SIGTRAP);
}

TEST(direction_flag_does_not_hurt_the_kernel)
{
	/* std; mov eax,122 (uname); mov ebx,esp-512 on the stack; int 0x80; cld */
	CHECK_EQ(CODE(0xfd, 0xb8, 122, 0, 0, 0, 0x8d, 0x9c, 0x24, 0, 0xfc, 0xff,
		      0xff, 0xcd, 0x80, 0xfc), 0);
}

TEST(io_privilege_cannot_be_popped)
{
	/* pushf; or [esp], 0x3000; popf; cli */
	CHECK_EQ(CODE(0x9c, 0x81, 0x0c, 0x24, 0, 0x30, 0, 0, 0x9d, 0xfa),
		 SIGSEGV);
}

TEST(kernel_memory_is_out_of_reach)
{
	static const uint32_t at[] = { 0xb0000000, 0xb0100000, 0xbffffffc,
				       0xc0000000, 0xf0000000, 0xfffffffc };

	if (!on_brig())
		SKIP("the kernel lies elsewhere");
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		unsigned char rd[] = { 0xa1, (unsigned char)at[i],
			(unsigned char)(at[i] >> 8), (unsigned char)(at[i] >> 16),
			(unsigned char)(at[i] >> 24) };
		unsigned char wr[] = { 0xa3, rd[1], rd[2], rd[3], rd[4] };

		CHECK_EQ(run_code(rd, 5), SIGSEGV);
		CHECK_EQ(run_code(wr, 5), SIGSEGV);
	}
}

TEST(page_zero_cannot_be_mapped_by_accident)
{
	CHECK_EQ(CODE(0xa1, 0, 0, 0, 0), SIGSEGV);
	CHECK_EQ(CODE(0xa1, 0xfc, 0x0f, 0, 0), SIGSEGV);
}

static volatile int depth_limit;

__attribute__((noinline)) static int recurse(int n)
{
	volatile char room[512];

	room[0] = (char)n;
	return n == depth_limit ? 0 : recurse(n + 1) + room[0];
}

TEST(endless_recursion_gives_sigsegv)
{
	int status;
	pid_t p = fork();

	depth_limit = -1;
	if (p == 0)
		_exit(recurse(0) & 1);
	status = ktap_wait(p);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

static void on_own_stack(int sig)
{
	(void)sig;
	_exit(42);
}

TEST(stack_overflow_is_caught_on_the_alternate_stack)
{
	static char other[65536];
	stack_t s = { .ss_sp = other, .ss_size = sizeof(other) };
	struct sigaction a = { .sa_handler = on_own_stack,
			       .sa_flags = SA_ONSTACK };
	pid_t p = fork();

	depth_limit = -1;
	if (p == 0) {
		sigaltstack(&s, NULL);
		sigaction(SIGSEGV, &a, NULL);
		_exit(recurse(0) & 1);
	}
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 42);
}

TEST(handler_on_a_broken_stack_gives_sigsegv)
{
	/* a handler for SIGUSR1, esp = 0x10, kill(self): no room for a frame */
	int status;
	pid_t p = fork();

	if (p == 0) {
		signal(SIGUSR1, on_own_stack);
		__asm__ volatile("mov $0x10, %%esp\n\t"
				 "int $0x80\n\thlt"
				 :: "a"(37), "b"(getpid()), "c"(SIGUSR1));
	}
	status = ktap_wait(p);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

/* --- forged frames ---------------------------------------------------------- */

/* Calls (rt_)sigreturn with esp at the bytes; the signal that ended it. */
static int forged(int nr, const void *frame, size_t n)
{
	static unsigned char room[8192] __attribute__((aligned(64)));
	int status;
	pid_t p = fork();

	if (p == 0) {
		alarm(1);
		memcpy(room + 4096, frame, n);
		__asm__ volatile("mov %1, %%esp\n\tint $0x80\n\tud2"
				 :: "a"(nr), "r"(room + 4096));
	}
	status = ktap_wait(p);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(random_sigreturn_frames_end_only_the_process)
{
	unsigned char frame[768];
	uint32_t x = 12345;

	for (int round = 0; round < 300; round++) {
		for (unsigned i = 0; i < sizeof(frame); i++) {
			x = x * 1664525 + 1013904223;
			frame[i] = round % 3 ? x >> 24 : 0;
		}
		(void)forged(round % 2 ? SYS_rt_sigreturn : SYS_sigreturn,
			     frame, sizeof(frame));
	}
}

/* struct sigcontext as the old frame has it, from esp on: sig was popped */
struct context {
	uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax,
		trapno, err, eip, cs, eflags, sp_at_signal, ss, fpstate,
		oldmask, cr2;
};
struct old_frame {
	uint32_t sig;
	struct context c;
	unsigned char fpu[624];
	uint32_t extramask;
};

static void power(void)
{
	__asm__ volatile("cli");
	_exit(77);
}

static uint16_t code_selector(void)
{
	uint16_t v;

	__asm__("mov %%cs, %0" : "=r"(v));
	return v;
}

static uint16_t data_selector(void)
{
	uint16_t v;

	__asm__("mov %%ss, %0" : "=r"(v));
	return v;
}

static struct old_frame plain_frame(void)
{
	static char stack[4096];
	struct old_frame f = { 0 };

	f.c.es = f.c.ds = f.c.ss = data_selector();
	f.c.cs = code_selector();
	f.c.eip = (uint32_t)(uintptr_t)power;
	f.c.esp = f.c.sp_at_signal = (uint32_t)(uintptr_t)(stack + 4000);
	f.c.eflags = 0x202;
	return f;
}

TEST(forged_frame_cannot_raise_privilege)
{
	struct old_frame f = plain_frame();

	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV); /* cli refused */
	f.c.eflags = 0x3202;	/* IOPL 3 */
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.cs = 0x60;		/* the kernel's code */
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.ss = 0x68;
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.ds = f.c.es = 0x68;
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.eip = 0xb0100000;
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.fpstate = 0xb0000000;
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
	f = plain_frame();
	f.c.eflags = 0x20202;	/* virtual 8086 mode */
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
}

TEST(forged_fpu_state_does_not_hurt)
{
	struct old_frame f = plain_frame();
	static unsigned char area[1024] __attribute__((aligned(64)));

	memset(area, 0xff, sizeof(area)); /* reserved MXCSR bits and all */
	f.c.fpstate = (uint32_t)(uintptr_t)area;
	CHECK_EQ(forged(SYS_sigreturn, &f, sizeof(f)), SIGSEGV);
}
