/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds.c - deeds on processes: what single random calls would hardly ever do
 * in the right order. Programs, threads, signals, timers, futexes, stops. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK = 16384 };

/* --- programs ------------------------------------------------------------------- */

static uint32_t script(char *text)
{
	static const char *const lines[] = {
		"#!/bin/busybox true\n", "#!./x\n", "#!", "#! \n", "#!/bin/busybox",
		"#!dir\n", "#!/bin/busybox\t echo  a b \n", "\n", "#!loop\n",
	};
	uint32_t n;

	strcpy(text, lines[below(sizeof(lines) / sizeof(*lines))]);
	n = strlen(text);
	if (one_in(6)) {
		memset(text + n, 'y', 400);
		n += 400;
	}
	return n;
}

/* A real program, with its start changed or its end cut off. */
static uint32_t mutant(char *text, uint32_t size)
{
	int fd = open("/sbin/brig-agent", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size);

	close(fd);
	if (n < 64)
		return 0;
	for (uint32_t k = below(6); k; k--)
		text[below(one_in(3) ? 52 : 400)] = (char)(one_in(2) ? rnd() :
							   odd_number());
	return one_in(3) ? below(n) : (uint32_t)n;
}

static void write_program(const char *name)
{
	uint32_t size = 65536, n;
	char *text = malloc(size);
	int fd;

	if (!text)
		return;
	n = one_in(2) ? script(text) : mutant(text, size);
	unlink(name);
	fd = open(name, O_CREAT | O_WRONLY, one_in(8) ? rnd() & 07777 : 0755);
	if (fd >= 0 && write(fd, text, n) < 0)
		n = 0;
	close(fd);
	free(text);
}

static void run_program(void)
{
	static char *const plain[] = { "x", "a", NULL }, *const none[] = { NULL };
	struct sched_param zero = { 0 };
	const char *name = one_in(4) ? "/bin/busybox" :
			   one_in(8) ? name_in_dir() : "x";

	/* it may loop: above everybody else it would never end */
	sched_setscheduler(0, SCHED_OTHER, &zero);
	deadline_set();
	if (one_in(8))
		syscall(SYS_execve, name, odd_number(), odd_number());
	if (one_in(4))
		syscall(SYS_execveat, open(name, O_RDONLY), "", plain, none, 0x1000);
	execve(name, one_in(8) ? none : plain, none);
}

static void deed_exec(void)
{
	pid_t p;

	write_program("x");
	p = child_make();
	if (p == 0) {
		run_program();
		child_exit();
	}
	if (one_in(4))
		close(open("x", O_WRONLY | O_TRUNC));
	several_calls(3);
	child_wait(p);
}

static void deed_vfork(void)
{
	write_program("x");
	/* the child shares all memory: nothing but these two calls is safe */
	if (vfork() == 0) {
		static char *const args[] = { "x", NULL };

		deadline_set();
		execve(one_in(2) ? "x" : "dir", args, args + 1);
		_exit(1);
	}
}

/* --- threads -------------------------------------------------------------------- */

static int thread_body(void *arg)
{
	several_calls((uintptr_t)arg);
	if (one_in(8))
		_exit(0);
	return 0;
}

static void thread_start(void)
{
	enum { MUST = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD };
	int flags = MUST | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM;
	static int told[4];
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		return;
	if (one_in(4))
		flags ^= one_in(2) ? CLONE_FS : CLONE_FILES;
	if (one_in(2))
		flags |= CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	clone(thread_body, stack + STACK, flags, (void *)(uintptr_t)below(30),
	      &told[0], NULL, &told[1]);
}

/* Threads make calls at once; then one ends, or execs, or just leaves. */
static void deed_threads(void)
{
	pid_t p = child_make();

	if (p == 0) {
		for (uint32_t n = 1 + below(4); n; n--)
			thread_start();
		several_calls(below(20));
		if (one_in(3)) {
			write_program("x");
			run_program();
		}
		if (one_in(2))
			syscall(SYS_exit, 0);
		child_exit();
	}
	child_wait(p);
}

/* Kinds of clone that no library makes. */
static void deed_clone(void)
{
	static const int flags[] = {
		CLONE_VM | CLONE_VFORK, CLONE_FILES, CLONE_FS, CLONE_VM,
		CLONE_PARENT, CLONE_VM | CLONE_SIGHAND, CLONE_FS | CLONE_FILES,
		CLONE_SETTLS, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
	};
	uint32_t size = one_in(2) ? 64 + below(40) : below(200);
	uint32_t args[30] = { 0 };
	long p;

	if (one_in(2)) {
		p = syscall(SYS_clone, (one_in(8) ? rnd() & ~CLONE_VM :
			    (uint32_t)flags[below(9)] & ~(uint32_t)CLONE_VM) |
			    SIGCHLD, 0, arena, arena + 8, arena + 16);
	} else {
		args[0] = one_in(4) ? rnd() & ~CLONE_VM : 0;
		args[8] = one_in(4) ? odd_number() : SIGCHLD;
		args[2 + below(20)] = one_in(2) ? odd_number() : 0;
		args[10] = args[12] = 0; /* stack */
		p = syscall(SYS_clone3, args, size);
	}
	if (p == 0) {
		deadline_set();
		several_calls(5);
		child_exit();
	}
	child_wait(p);
}

/* --- signals -------------------------------------------------------------------- */

static void nested(int sig)
{
	if (one_in(3))
		raise(sig);
	one_call();
}

static void deed_altstack(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t s = { .ss_sp = stack, .ss_size = STACK };
	struct sigaction action = { .sa_handler = nested,
				    .sa_flags = SA_ONSTACK | (int)(rnd() & SA_NODEFER) };
	pid_t p = child_make();

	if (p == 0) {
		if (one_in(4))
			s.ss_size = one_in(2) ? 2048 : odd_number();
		if (one_in(6))
			s.ss_flags = (int)odd_number();
		sigaltstack(&s, NULL);
		sigaction(SIGUSR1, &action, NULL);
		sigaction(SIGSEGV, &action, NULL);
		if (one_in(4))
			munmap(stack, PAGE * below(5));
		if (one_in(4))
			mprotect(stack, STACK, PROT_READ);
		raise(SIGUSR1);
		if (one_in(4))
			*(volatile int *)(uintptr_t)odd_number() = 1;
		several_calls(5);
		child_exit();
	}
	child_wait(p);
	munmap(stack, STACK);
}

static void deed_stops(void)
{
	static const int sigs[] = { SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGUSR1,
				    SIGKILL, 40, 40, 41 };
	siginfo_t info;
	pid_t p = child_make();

	if (p == 0) {
		if (one_in(3))
			setpgid(0, 0);
		if (one_in(2))
			thread_start();
		for (;;)
			one_call();
	}
	if (p < 0)
		return;
	for (int i = 0; i < 12; i++) {
		union sigval v = { .sival_int = i };

		sigqueue(p, sigs[below(sizeof(sigs) / sizeof(*sigs))], v);
		if (one_in(2))
			waitid(one_in(4) ? P_PGID : P_PID, p, &info,
			       WNOHANG | WEXITED | (rnd() & (WSTOPPED | WCONTINUED |
							     WNOWAIT)));
		if (one_in(3))
			usleep(below(1000));
	}
	kill(p, SIGKILL);
	child_wait(p);
}

/* --- time ----------------------------------------------------------------------- */

static void deed_timers(void)
{
	static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
				      CLOCK_PROCESS_CPUTIME_ID,
				      CLOCK_THREAD_CPUTIME_ID, CLOCK_BOOTTIME };
	struct itimerval often = { { 0, 300 }, { 0, 300 } };
	timer_t timer;

	for (uint32_t n = 1 + below(6); n; n--) {
		struct sigevent e = { .sigev_notify = (int)below(5),
				      .sigev_signo = 34 + below(10) };
		struct itimerspec t = { { 0, below(3) * 200000 },
					{ 0, 1 + below(1000000) } };

		if (one_in(8))
			fill(&t, sizeof(t));
		if (timer_create(clocks[below(5)], &e, &timer) != 0)
			continue;
		timer_settime(timer, one_in(4), &t, NULL);
		several_calls(2);
		timer_getoverrun(timer);
		if (one_in(2))
			timer_delete(timer);
	}
	setitimer(one_in(2) ? ITIMER_VIRTUAL : ITIMER_PROF, &often, NULL);
	usleep(500);
	several_calls(5);
	memset(&often, 0, sizeof(often));
	setitimer(ITIMER_VIRTUAL, &often, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
}

/* --- futexes -------------------------------------------------------------------- */

static uint32_t *shared_words;

static void futex_call(void)
{
	static const uint8_t op[] = { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE,
				      FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP,
				      FUTEX_LOCK_PI, FUTEX_UNLOCK_PI,
				      FUTEX_TRYLOCK_PI, FUTEX_WAIT_BITSET,
				      FUTEX_WAKE_BITSET };
	struct timespec t = { 0, below(2000000) };
	uint32_t *a = shared_words + below(4), *b = shared_words + below(4);
	uint32_t what = op[below(sizeof(op))];
	bool waits = what == FUTEX_WAIT || what == FUTEX_WAIT_BITSET ||
		     what == FUTEX_LOCK_PI;

	if (one_in(8))
		*a = one_in(2) ? (uint32_t)getpid() | (rnd() & 0xc0000000) : below(3);
	syscall(SYS_futex, a, what | (one_in(4) ? FUTEX_PRIVATE_FLAG : 0),
		one_in(4) ? below(3) : *a, waits ? (uintptr_t)&t : below(3), b,
		one_in(2) ? rnd() : *a);
}

static void deed_futexes(void)
{
	pid_t p;

	shared_words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared_words == MAP_FAILED)
		return;
	if (one_in(2)) {	/* a robust list that leads somewhere */
		uintptr_t *head = (uintptr_t *)(shared_words + 16);

		head[0] = one_in(3) ? odd_number() : (uintptr_t)head;
		head[1] = one_in(3) ? odd_number() : 0;
		head[2] = (uintptr_t)shared_words;
		syscall(SYS_set_robust_list, head, 12);
	}
	p = child_make();
	for (int i = 0; i < 20; i++)
		futex_call();
	if (p == 0)
		child_exit();
	child_wait(p);
	munmap(shared_words, PAGE);
}

/* --- who one is ------------------------------------------------------------------ */

static void deed_ids(void)
{
	pid_t p = child_make();

	if (p == 0) {
		gid_t groups[3] = { 5, 1000, rnd() };

		syscall(SYS_setgroups32, below(4), groups);
		syscall(SYS_setresuid32, -1, one_in(2) ? 0 : 1000, 1000);
		several_calls(10);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		setsid();
		several_calls(10);
		child_exit();
	}
	several_calls(4);
	if (one_in(2))
		child_wait(p);
}

static void deed_orphan(void)
{
	pid_t p = child_make();

	if (p == 0) {
		if (child_make() == 0) {
			usleep(below(1000));
			several_calls(10);
		}
		child_exit();
	}
	if (one_in(2))
		child_wait(p);
}

const struct deed proc_deeds[] = {
	{ "exec", deed_exec },	     { "vfork", deed_vfork },
	{ "threads", deed_threads }, { "clone", deed_clone },
	{ "altstack", deed_altstack }, { "stops", deed_stops },
	{ "timers", deed_timers },   { "futexes", deed_futexes },
	{ "ids", deed_ids },	     { "orphan", deed_orphan },
};
const unsigned proc_deed_count = sizeof(proc_deeds) / sizeof(*proc_deeds);
