/* SPDX-License-Identifier: BSD-2-Clause */
/* handler.c - what a handler runs with and leaves behind: flags, masks, stacks,
 * registers, FPU, and a context that it may change. */
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "ktap.h"

static volatile sig_atomic_t caught, depth, deepest;

static void note(int sig)
{
	caught = sig;
}

static void catch(int sig, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	CHECK_OK(sigaction(sig, &a, NULL));
}

static void catch_info(int sig, void (*handler)(int, siginfo_t *, void *),
		       int flags)
{
	struct sigaction a = { .sa_sigaction = handler,
			       .sa_flags = SA_SIGINFO | flags };

	CHECK_OK(sigaction(sig, &a, NULL));
}

TEST(resethand_runs_once)
{
	struct sigaction a;
	pid_t p;

	catch(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	CHECK_EQ(caught, SIGUSR1);
	CHECK_OK(sigaction(SIGUSR1, NULL, &a));
	CHECK(a.sa_handler == SIG_DFL);
	p = fork();
	if (p == 0) {
		raise(SIGUSR1);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGUSR1);
}

static void nest(int sig)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (caught++ < 3)
		raise(sig);
	depth--;
}

TEST(the_own_signal_is_blocked_in_its_handler)
{
	catch(SIGUSR1, nest, 0);
	raise(SIGUSR1);
	CHECK_EQ(caught, 4);
	CHECK_EQ(deepest, 1);
}

TEST(nodefer_nests)
{
	catch(SIGUSR1, nest, SA_NODEFER);
	raise(SIGUSR1);
	CHECK_EQ(caught, 4);
	CHECK_EQ(deepest, 4);
}

static sigset_t mask_inside;

static void note_mask(int sig)
{
	(void)sig;
	sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

TEST(sa_mask_holds_in_the_handler_only)
{
	struct sigaction a = { .sa_handler = note_mask };
	sigset_t now;

	sigaddset(&a.sa_mask, SIGUSR2);
	sigaddset(&a.sa_mask, SIGKILL);
	sigaddset(&a.sa_mask, SIGRTMAX);
	CHECK_OK(sigaction(SIGUSR1, &a, NULL));
	raise(SIGUSR1);
	CHECK(sigismember(&mask_inside, SIGUSR1));
	CHECK(sigismember(&mask_inside, SIGUSR2));
	CHECK(sigismember(&mask_inside, SIGRTMAX));
	CHECK(!sigismember(&mask_inside, SIGKILL));
	CHECK(!sigismember(&mask_inside, SIGTERM));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(!sigismember(&now, SIGUSR1));
	CHECK(!sigismember(&now, SIGRTMAX));
}

TEST(what_was_set_is_given_back)
{
	struct { void *handler; unsigned long flags; void *restorer;
		 unsigned mask[2]; } a = { note, 0xdc000001, note, { ~0u, ~0u } },
		old;

	CHECK_OK(syscall(SYS_rt_sigaction, SIGUSR1, &a, &old, 8));
	CHECK(old.handler == NULL);
	CHECK_OK(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 8));
	CHECK(old.handler == note);
	CHECK(old.restorer == note);
	CHECK_EQ(old.mask[0], 0xfffbfeff); /* without KILL and STOP */
	CHECK_EQ(old.mask[1], 0xffffffff);
	CHECK_EQ(old.flags & 0xd8000001, 0xd8000001);
}

/* --- stacks --------------------------------------------------------------------- */

static char alt[65536];
static uintptr_t sp_inside, sp_nested;

static void note_stack(int sig)
{
	char here;

	(void)sig;
	sp_inside = (uintptr_t)&here;
}

static void note_stack_and_nest(int sig)
{
	char here;

	sp_nested = (uintptr_t)&here;
	(void)sig;
	raise(SIGUSR2);
}

static int on_alt(uintptr_t p)
{
	return p - (uintptr_t)alt < sizeof(alt);
}

TEST(altstack_only_where_asked_for)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt) };

	CHECK_OK(sigaltstack(&s, NULL));
	catch(SIGUSR1, note_stack, SA_ONSTACK);
	catch(SIGUSR2, note_stack, 0);
	raise(SIGUSR1);
	CHECK(on_alt(sp_inside));
	raise(SIGUSR2);
	CHECK(!on_alt(sp_inside));
}

TEST(nested_handlers_stay_on_the_altstack)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt) };

	CHECK_OK(sigaltstack(&s, NULL));
	catch(SIGUSR1, note_stack_and_nest, SA_ONSTACK);
	catch(SIGUSR2, note_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(on_alt(sp_nested) && on_alt(sp_inside));
	CHECK(sp_inside < sp_nested);
}

static int flags_inside, error_inside;

static void ask_stack(int sig)
{
	stack_t s;

	(void)sig;
	sigaltstack(NULL, &s);
	flags_inside = s.ss_flags;
	s.ss_flags = SS_DISABLE;
	error_inside = sigaltstack(&s, NULL) < 0 ? errno : 0;
}

TEST(altstack_in_use_cannot_be_changed)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt) };

	CHECK_OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, SS_DISABLE);
	s = (stack_t){ .ss_sp = alt, .ss_size = sizeof(alt) };
	CHECK_OK(sigaltstack(&s, NULL));
	catch(SIGUSR1, ask_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK_EQ(flags_inside, SS_ONSTACK);
	CHECK_EQ(error_inside, EPERM);
	CHECK_OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, 0);
	CHECK(s.ss_sp == alt);
	CHECK_EQ(s.ss_size, sizeof(alt));
}

TEST(altstack_errors)
{
	stack_t s = { .ss_sp = alt, .ss_size = 100 };

	CHECK_ERRNO(syscall(SYS_sigaltstack, &s, NULL), ENOMEM);
	s = (stack_t){ .ss_sp = alt, .ss_size = sizeof(alt), .ss_flags = 8 };
	CHECK_ERRNO(syscall(SYS_sigaltstack, &s, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sigaltstack, 16, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_sigaltstack, NULL, 16), EFAULT);
	s.ss_flags = SS_DISABLE;
	CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
}

TEST(autodisarm_frees_the_stack_in_the_handler)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt),
		      .ss_flags = (int)0x80000000 };

	CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
	/* a handler with siginfo has a frame that knows of the stack */
	catch(SIGUSR1, ask_stack, SA_ONSTACK | SA_SIGINFO);
	raise(SIGUSR1);
	CHECK_EQ(flags_inside, SS_DISABLE);
	CHECK_EQ(error_inside, 0);
	CHECK_OK(sigaltstack(NULL, &s)); /* sigreturn has put it back */
	CHECK(s.ss_sp == alt);
	CHECK_EQ((unsigned)s.ss_flags, 0x80000000u);
}

TEST(the_altstack_is_a_threads_own)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt) };
	pid_t p;

	CHECK_OK(sigaltstack(&s, NULL));
	p = fork();
	if (p == 0) { /* a fork's child has the same */
		CHECK_OK(sigaltstack(NULL, &s));
		CHECK(s.ss_sp == alt);
		_exit(0);
	}
	CHECK_CHILD(p);
}

/* --- registers and FPU ------------------------------------------------------------ */

static void spoil(int sig)
{
	__asm__ volatile("fninit; fldpi; fldpi; fldpi; fldpi; fldpi;"
			 "xorps %%xmm0, %%xmm0; xorps %%xmm5, %%xmm5;"
			 "xorps %%xmm7, %%xmm7; std; cld"
			 : : : "st", "st(1)", "st(2)", "st(3)", "st(4)", "memory");
	caught = sig;
}

TEST(fpu_state_survives_a_handler)
{
	double x = 1.5, y = 0;
	float a[4] = { 1, 2, 3, 4 }, b[4] = { 0 };
	int tid = syscall(SYS_gettid), r;

	catch(SIGUSR1, spoil, 0);
	__asm__ volatile("fldl %3; movups %4, %%xmm5; int $0x80;"
			 "fstpl %1; movups %%xmm5, %2"
			 : "=a"(r), "=m"(y), "=m"(b)
			 : "m"(x), "m"(a), "a"(SYS_tkill), "b"(tid), "c"(SIGUSR1)
			 : "memory");
	CHECK_EQ(r, 0);
	CHECK_EQ(caught, SIGUSR1);
	CHECK(y == 1.5);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
}

TEST(control_words_are_a_threads_own_and_fresh_in_handlers)
{
	unsigned short cw = 0x0f7f, got = 0; /* round to zero */
	unsigned csr = 0x7f80, csr_got = 0;

	catch(SIGUSR1, spoil, 0);
	__asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(cw), "m"(csr));
	raise(SIGUSR1);
	ktap_sleep_ms(2);
	if (fork() == 0) {
		__asm__ volatile("fnstcw %0; stmxcsr %1"
				 : "=m"(got), "=m"(csr_got));
		_exit(got == cw && csr_got == csr ? 0 : 1);
	}
	CHECK_CHILD(-1);
	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(got), "=m"(csr_got));
	CHECK_EQ(got, cw);
	CHECK_EQ(csr_got, csr);
}

static void *own_fpu(void *arg)
{
	double sum = (intptr_t)arg;
	float v[4] = { sum, sum + 1, sum + 2, sum + 3 }, got[4];

	/* the compiler itself uses no xmm register here: i686 */
	__asm__ volatile("movups %0, %%xmm3; fldl %1" : : "m"(v), "m"(sum));
	for (int i = 0; i < 200; i++)
		syscall(SYS_sched_yield);
	__asm__ volatile("fstpl %1; movups %%xmm3, %0" : "=m"(got), "=m"(sum));
	CHECK(sum == (intptr_t)arg);
	CHECK(memcmp(v, got, sizeof(v)) == 0);
	return NULL;
}

TEST(fpu_state_survives_switches)
{
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, own_fpu, (void *)(intptr_t)(i * 10));
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
}

TEST(all_registers_survive_a_handler)
{
	static unsigned out[5];
	int tid = syscall(SYS_gettid), r;

	catch(SIGUSR1, spoil, 0);
	__asm__ volatile(
		"push %%ebp; mov $0x11111111, %%edx; mov $0x22222222, %%esi;"
		"mov $0x33333333, %%edi; mov $0x44444444, %%ebp; int $0x80;"
		"push %%ebp; mov 4(%%esp), %%ebp; pop 12+%1;"
		"mov %%edx, %1; mov %%esi, 4+%1; mov %%edi, 8+%1; add $4, %%esp"
		: "=a"(r), "=m"(out)
		: "a"(SYS_tkill), "b"(tid), "c"(SIGUSR1)
		: "edx", "esi", "edi", "memory", "cc");
	CHECK_EQ(r, 0);
	CHECK_EQ(caught, SIGUSR1);
	CHECK_EQ(out[0], 0x11111111);
	CHECK_EQ(out[1], 0x22222222);
	CHECK_EQ(out[2], 0x33333333);
	CHECK_EQ(out[3], 0x44444444);
}

/* --- the context can be changed ------------------------------------------------------ */

static void skip_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)info;
	caught = sig;
	u->uc_mcontext.gregs[REG_EIP] += 2;
	u->uc_mcontext.gregs[REG_EAX] = 4711;
}

TEST(a_changed_context_takes_effect)
{
	int value;

	catch_info(SIGILL, skip_fault, 0);
	__asm__ volatile("ud2" : "=a"(value));
	CHECK_EQ(caught, SIGILL);
	CHECK_EQ(value, 4711);
}

static void open_page(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught = sig;
	mprotect((void *)((uintptr_t)info->si_addr & ~4095ul), 4096,
		 PROT_READ | PROT_WRITE);
}

TEST(a_repaired_fault_is_tried_again)
{
	volatile int *m = mmap(NULL, 4096, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	catch_info(SIGSEGV, open_page, 0);
	m[5] = 6;
	CHECK_EQ(m[5], 6);
	CHECK_EQ(caught, SIGSEGV);
}

static void change_mask(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)info;
	caught = sig;
	sigaddset(&u->uc_sigmask, SIGHUP);
	sigaddset(&u->uc_sigmask, SIGKILL);
}

TEST(a_changed_mask_stays)
{
	sigset_t now;

	catch_info(SIGUSR1, change_mask, 0);
	raise(SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(sigismember(&now, SIGHUP));
	CHECK(!sigismember(&now, SIGKILL));
	CHECK(!sigismember(&now, SIGUSR1));
}

static volatile unsigned trap, error_code, cr2, flags_seen;

static void look_at_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)info;
	caught = sig;
	trap = u->uc_mcontext.gregs[REG_TRAPNO];
	error_code = u->uc_mcontext.gregs[REG_ERR];
	cr2 = u->uc_mcontext.cr2;
	_exit(trap == 14 && error_code == 6 && cr2 == 24 &&
	      info->si_addr == (void *)24 ? 0 : 1);
}

TEST(the_context_tells_about_the_fault)
{
	pid_t p = fork();

	if (p == 0) {
		catch_info(SIGSEGV, look_at_fault, 0);
		*(volatile int *)24 = 1;
	}
	CHECK_CHILD(p);
}

static sigjmp_buf back;

static void jump(int sig)
{
	siglongjmp(back, sig);
}

TEST(leaving_by_longjmp)
{
	for (volatile int i = 0; i < 100; i++) {
		int sig = sigsetjmp(back, 1);

		if (sig == 0) {
			catch(SIGUSR1, jump, 0);
			raise(SIGUSR1);
			FAIL("no signal");
		}
		CHECK_EQ(sig, SIGUSR1);
	}
}

/* A handler entered while one call is interrupted, from inside another. */
TEST(many_signals_at_once_nest_in_order)
{
	sigset_t all, none;

	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		catch(s, nest, 0);
	caught = 1000; /* so that nest does not raise */
	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		raise(s);
	sigprocmask(SIG_SETMASK, &none, NULL);
	CHECK_EQ(caught, 1000 + SIGRTMAX - SIGRTMIN + 1);
	CHECK_EQ(depth, 0);
}

static void *storm(void *arg)
{
	int tid = (intptr_t)arg;

	for (int i = 0; i < 2000; i++)
		syscall(SYS_tkill, tid, SIGUSR1);
	return NULL;
}

TEST(a_storm_of_signals_while_counting)
{
	volatile double sum = 0;
	pthread_t t;

	catch(SIGUSR1, spoil, SA_RESTART);
	pthread_create(&t, NULL, storm, (void *)(intptr_t)syscall(SYS_gettid));
	for (int i = 0; i < 300000; i++)
		sum += 0.5;
	pthread_join(t, NULL);
	CHECK(sum == 150000);
}
