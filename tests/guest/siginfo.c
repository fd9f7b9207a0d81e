/* SPDX-License-Identifier: BSD-2-Clause */
/* siginfo.c - the story that comes with each kind of signal. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "ktap.h"

static siginfo_t story;
static volatile sig_atomic_t caught;
static volatile long trap, eip;

static void note(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	story = *info;
	trap = u->uc_mcontext.gregs[REG_TRAPNO];
	eip = u->uc_mcontext.gregs[REG_EIP];
	caught = sig;
}

static void catch(int sig, int flags)
{
	struct sigaction a = { .sa_sigaction = note,
			       .sa_flags = SA_SIGINFO | flags };

	CHECK_OK(sigaction(sig, &a, NULL));
}

/* What a fault does: notes, and leaves by exit with the answer. */
static int want_code;
static void *want_addr;

static void judge(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)context;
	if (info->si_signo != sig || info->si_code != want_code)
		FAIL("signal %d, code %d, not %d", info->si_signo, info->si_code,
		     want_code);
	if (want_addr && info->si_addr != want_addr)
		FAIL("address %p, not %p, eip %p", info->si_addr, want_addr,
		     (void *)u->uc_mcontext.gregs[REG_EIP]);
	_exit(0);
}

/* deed must raise sig with that code and address. */
static void faults(void (*deed)(void), int sig, int code, void *addr)
{
	struct sigaction a = { .sa_sigaction = judge, .sa_flags = SA_SIGINFO };
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		want_code = code;
		want_addr = addr;
		sigaction(sig, &a, NULL);
		deed();
		FAIL("no signal");
	}
	CHECK_CHILD(p);
}

static volatile char *page;

static void touch(void)
{
	*page = 1;
}

static void look(void)
{
	(void)*page;
}

static void call_it(void)
{
	((void (*)(void))(uintptr_t)page)();
}

TEST(nothing_there_is_maperr)
{
	page = (char *)64;
	faults(touch, SIGSEGV, SEGV_MAPERR, (void *)page);
	faults(look, SIGSEGV, SEGV_MAPERR, (void *)page);
	faults(call_it, SIGSEGV, SEGV_MAPERR, (void *)page);
}

TEST(no_right_is_accerr)
{
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	faults(touch, SIGSEGV, SEGV_ACCERR, (void *)page);
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	faults(look, SIGSEGV, SEGV_ACCERR, (void *)page);
}

TEST(beyond_the_end_of_a_file_is_buserr)
{
	char name[] = "/tmp/siginfo.XXXXXX";
	int fd = mkstemp(name);

	CHECK_OK(fd);
	unlink(name);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK((void *)page != MAP_FAILED);
	faults(touch, SIGBUS, BUS_ADRERR, (void *)page);
	CHECK_OK(ftruncate(fd, 1));
	page[4095] = 1; /* the rest of the last page is there */
	page += 4096;
	faults(look, SIGBUS, BUS_ADRERR, (void *)page);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
	faults(touch, SIGBUS, BUS_ADRERR, (void *)page);
}

static volatile int zero;

static void divide(void)
{
	zero = 7 / zero;
}

static void overflow(void)
{
	volatile int least = (int)0x80000000, minus = -1;

	zero = least / minus;
}

TEST(division_is_intdiv)
{
	faults(divide, SIGFPE, FPE_INTDIV, NULL);
	faults(overflow, SIGFPE, FPE_INTDIV, NULL);
}

static void divide_x87(void)
{
	unsigned short cw = 0x037f & ~4; /* zero divide unmasked */
	volatile double x = 1, y = 0;

	__asm__ volatile("fldcw %0" : : "m"(cw));
	x = x / y;
	__asm__ volatile("fwait");
}

static void invalid_x87(void)
{
	unsigned short cw = 0x037f & ~1;

	__asm__ volatile("fldcw %0; fldz; fldz; fdivrp; fwait" : : "m"(cw));
}

/* Exceptions of SSE cannot be shown: QEMU's TCG does not raise them. */
TEST(floating_point_exceptions)
{
	faults(divide_x87, SIGFPE, FPE_FLTDIV, NULL);
	faults(invalid_x87, SIGFPE, FPE_FLTINV, NULL);
}

extern char illegal_here[];

static void illegal(void)
{
	__asm__ volatile(".globl illegal_here\nillegal_here: ud2");
}

TEST(illegal_instruction_is_illopn)
{
	faults(illegal, SIGILL, ILL_ILLOPN, illegal_here);
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

TEST(general_protection_comes_from_the_kernel)
{
	faults(privileged, SIGSEGV, SI_KERNEL, NULL);
}

extern char after_int3[];

TEST(breakpoint_is_told_after_it)
{
	catch(SIGTRAP, 0);
	__asm__ volatile("int3\n.globl after_int3\nafter_int3:");
	CHECK_EQ(caught, SIGTRAP);
	CHECK_EQ(story.si_code, SI_KERNEL);
	CHECK_EQ(trap, 3);
	CHECK_EQ(eip, (long)after_int3);
}

TEST(single_step_is_trace)
{
	catch(SIGTRAP, 0);
	__asm__ volatile("pushf; orl $0x100, (%%esp); popf; nop; nop;"
			 "pushf; andl $~0x100, (%%esp); popf" : : : "cc");
	CHECK_EQ(caught, SIGTRAP);
	CHECK_EQ(story.si_code, TRAP_TRACE);
	CHECK_EQ(trap, 1);
}

TEST(kill_tells_who)
{
	pid_t p;

	catch(SIGUSR1, SA_RESTART);
	p = fork();
	if (p == 0) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(story.si_code, SI_USER);
	CHECK_EQ(story.si_pid, p);
	CHECK_EQ(story.si_uid, getuid());
	CHECK_EQ(story.si_errno, 0);
}

TEST(tkill_tells_so)
{
	catch(SIGUSR1, 0);
	CHECK_OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1));
	CHECK_EQ(story.si_code, -6); /* SI_TKILL */
	CHECK_EQ(story.si_pid, getpid());
}

TEST(sigqueue_carries_a_value)
{
	static int thing;

	catch(SIGUSR1, 0);
	CHECK_OK(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_ptr = &thing }));
	CHECK_EQ(story.si_code, SI_QUEUE);
	CHECK(story.si_ptr == &thing);
	CHECK_EQ(story.si_pid, getpid());
	CHECK_EQ(story.si_uid, getuid());
}

TEST(alarm_comes_from_the_kernel)
{
	catch(SIGALRM, 0);
	alarm(1);
	pause();
	CHECK_EQ(caught, SIGALRM);
	CHECK_EQ(story.si_code, SI_KERNEL);
}

TEST(timers_tell_their_number_and_value)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN,
			       .sigev_value.sival_int = 4242 };
	struct itimerspec t = { .it_value = { 0, 10000000 } };
	timer_t id;

	catch(SIGRTMIN, 0);
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &ev, &id));
	CHECK_OK(timer_settime(id, 0, &t, NULL));
	while (!caught)
		ktap_sleep_ms(1);
	CHECK_EQ(story.si_code, SI_TIMER);
	CHECK_EQ(story.si_timerid, (intptr_t)id);
	CHECK_EQ(story.si_overrun, 0);
	CHECK_EQ(story.si_value.sival_int, 4242);
}

static void child_story(pid_t p, int code, int status)
{
	while (!caught)
		ktap_sleep_ms(1);
	CHECK_EQ(story.si_signo, SIGCHLD);
	CHECK_EQ(story.si_code, code);
	CHECK_EQ(story.si_pid, p);
	CHECK_EQ(story.si_uid, getuid());
	CHECK_EQ(story.si_status, status);
	caught = 0;
}

TEST(sigchld_tells_all)
{
	int status;
	pid_t p;

	catch(SIGCHLD, SA_RESTART);
	p = fork();
	if (p == 0)
		_exit(57);
	child_story(p, CLD_EXITED, 57);
	ktap_wait(p);
	p = fork();
	if (p == 0)
		for (;;)
			pause();
	kill(p, SIGSTOP);
	child_story(p, CLD_STOPPED, SIGSTOP);
	waitpid(p, &status, WUNTRACED);
	kill(p, SIGCONT);
	child_story(p, CLD_CONTINUED, SIGCONT);
	kill(p, SIGTERM);
	child_story(p, CLD_KILLED, SIGTERM);
	ktap_wait(p);
}

TEST(sigpipe_is_from_the_user_himself)
{
	int fd[2];

	catch(SIGPIPE, 0);
	CHECK_OK(pipe(fd));
	close(fd[0]);
	CHECK_ERRNO(write(fd[1], "x", 1), EPIPE);
	CHECK_EQ(caught, SIGPIPE);
	CHECK_EQ(story.si_code, SI_USER);
	CHECK_EQ(story.si_pid, getpid());
}

/* A fault whose signal is blocked or ignored ends the process all the same. */
TEST(blocked_faults_kill)
{
	sigset_t set;
	pid_t p = fork();

	if (p == 0) {
		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_BLOCK, &set, NULL);
		catch(SIGSEGV, 0);
		*(volatile int *)8 = 1;
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGSEGV);
	p = fork();
	if (p == 0) {
		signal(SIGFPE, SIG_IGN);
		divide();
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGFPE);
}
