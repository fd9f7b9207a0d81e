/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 300 */
/* leak_process.c - what processes, threads, signals, timers and maps leave
 * behind: nothing. Only for a guest: see leak.c. */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>

#include "ktap.h"

static long mem_free(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &kb);
	fclose(f);
	return kb;
}

/* Runs deed in a child, so that its C library's memory does not count. */
static void in_child(void (*deed)(void))
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		deed();
		_exit(0);
	}
	while (wait(NULL) > 0) /* CLONE_PARENT's children too */
		;
}

static int processes(void)
{
	struct sysinfo s;

	CHECK_OK(sysinfo(&s));
	return s.procs;
}

/* Orphans of the deed are process 1's to reap: wait until it did. */
static void settle(int want)
{
	for (int i = 0; i < 300 && processes() > want; i++)
		ktap_sleep_ms(10);
	ktap_sleep_ms(30);
}

/* A leak shows in every pass; caches that fill show only in the first ones. */
static void leaves_nothing(void (*deed)(void), int rounds)
{
	enum { PASSES = 5, SLACK_KB = 64 };
	long before, gone = 0;
	int others = processes();

	for (int pass = 0; pass < PASSES; pass++) {
		settle(others);
		before = mem_free();
		for (int i = 0; i < rounds; i++)
			in_child(deed);
		settle(others);
		gone = before - mem_free();
		if (pass > 0 && gone <= SLACK_KB)
			return;
	}
	FAIL("%ld KB are gone after %d rounds", gone, rounds);
}

static void *nothing(void *arg)
{
	return arg;
}

static void *sleep_long(void *arg)
{
	pause();
	return arg;
}

static void threads(void)
{
	pthread_t t[10];

	for (int i = 0; i < 10; i++)
		pthread_create(&t[i], NULL, i & 1 ? nothing : sleep_long, NULL);
	for (int i = 1; i < 10; i += 2)
		pthread_join(t[i], NULL);
	/* the rest is killed by exit */
}

TEST_WITHIN(threads_that_end_and_that_are_killed, 60)
{
	leaves_nothing(threads, 60);
}

static void *exec_here(void *arg)
{
	execl("/bin/true", "true", (char *)0);
	return arg;
}

static void exec_with_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, sleep_long, NULL);
	pthread_create(&t, NULL, exec_here, NULL);
	pause();
}

TEST_WITHIN(exec_that_ends_threads, 60)
{
	leaves_nothing(exec_with_threads, 60);
}

static void signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 100; i++)
		sigqueue(getpid(), SIGRTMIN + i % 10, (union sigval){ 0 });
	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			raise(i);
	if (getpid() & 1)
		kill(getpid(), SIGKILL);
}

TEST_WITHIN(signals_nobody_took, 60)
{
	leaves_nothing(signals, 200);
}

static void timers(void)
{
	struct itimerspec t = { { 0, 1000000 }, { 0, 1000000 } };
	struct itimerval v = { { 0, 1000 }, { 0, 1000 } };
	timer_t id;

	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < 20; i++) {
		CHECK_OK(timer_create(CLOCK_MONOTONIC, NULL, &id));
		CHECK_OK(timer_settime(id, 0, &t, NULL));
	}
	setitimer(ITIMER_REAL, &v, NULL);
	setitimer(ITIMER_PROF, &v, NULL);
	ktap_sleep_ms(3);
}

TEST_WITHIN(armed_timers, 60)
{
	leaves_nothing(timers, 100);
}

static void maps(void)
{
	char *m = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *n;
	char *s = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("leak", 0);

	CHECK_OK(ftruncate(fd, 1 << 16));
	n = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(n, 1, 1 << 16);
	n = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	memset(n, 1, 1 << 16);
	memset(m, 1, 1 << 20);
	memset(s, 1, 1 << 18);
	for (int i = 0; i < 1024; i += 3)
		munmap(m + i * 4096, 4096);
	for (int i = 1; i < 1000; i += 7)
		mprotect(m + i * 4096, 4096, PROT_READ);
	n = mremap(s, 1 << 18, 1 << 20, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED);
	if (fork() == 0) {
		memset(n, 2, 1 << 18);
		_exit(0);
	}
	wait(NULL);
}

TEST_WITHIN(maps_of_every_kind, 60)
{
	leaves_nothing(maps, 60);
}

static void failing_execs(void)
{
	char *argv[] = { "x", NULL };

	for (int i = 0; i < 20; i++) {
		execv("/no/such", argv);
		execv("/etc/passwd", argv);
		execv("/dev", argv);
		syscall(SYS_execve, "/bin/true", 16, 16);
	}
	if (vfork() == 0) {
		execl("/bin/true", "true", (char *)0);
		_exit(1);
	}
}

TEST_WITHIN(execs_that_fail, 60)
{
	leaves_nothing(failing_execs, 100);
}

static void stopped_and_orphaned(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t p = fork();

		if (p == 0) {
			setpgid(0, 0);
			if (i == 0)
				setsid();
			if (fork() == 0) {
				raise(SIGSTOP);
				_exit(0);
			}
			ktap_sleep_ms(1);
			_exit(0);
		}
		if (i == 1)
			kill(p, SIGSTOP);
		ktap_sleep_ms(2);
		kill(-p, SIGKILL);
		kill(p, SIGKILL);
	}
}

TEST_WITHIN(groups_sessions_orphans, 60)
{
	leaves_nothing(stopped_and_orphaned, 60);
}

static volatile int word;

static void futexes(void)
{
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			struct { long s, ns; } t = { 5, 0 };

			syscall(240, &word, i & 1 ? 0 : 9, 0, i & 2 ? &t : NULL, 0,
				-1);
			_exit(0);
		}
	ktap_sleep_ms(2);
	kill(0, SIGKILL);
}

static void futexes_in_group(void)
{
	setpgid(0, 0);
	futexes();
}

TEST_WITHIN(sleepers_on_words, 60)
{
	leaves_nothing(futexes_in_group, 60);
}

static char stack[16384];

static int nothing_at_all(void *arg)
{
	return arg != NULL;
}

static void clones(void)
{
	static const int flags[] = {
		0, CLONE_VM, CLONE_FILES, CLONE_FS, CLONE_VM | CLONE_SIGHAND,
		CLONE_VM | CLONE_VFORK, CLONE_PARENT
	};

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		clone(nothing_at_all, stack + sizeof(stack),
		      flags[i] | SIGCHLD, NULL);
		if (i & 1)
			wait(NULL);
		syscall(SYS_clone, 0xffffff00 & ~0x100, 0, 0, 0, 0);
	}
	while (wait(NULL) > 0)
		;
}

TEST_WITHIN(clones_with_all_flags, 60)
{
	leaves_nothing(clones, 100);
}

static void credentials(void)
{
	gid_t groups[50];

	for (int i = 0; i < 50; i++)
		groups[i] = i * 3 + getpid() % 3;
	CHECK_OK(syscall(SYS_setgroups32, 50, groups));
	CHECK_OK(syscall(SYS_setresuid32, -1, 1000 + getpid() % 500, -1));
	syscall(SYS_setresuid32, 0, 0, 7);
	syscall(SYS_setuid32, getpid());
	raise(SIGRTMIN + 3);
}

TEST_WITHIN(users_and_groups, 60)
{
	leaves_nothing(credentials, 200);
}
