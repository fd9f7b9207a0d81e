/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 240 */
/* chaos.c - processes and threads that fork, clone, exec, stop, continue,
 * signal, wait and kill each other in random order. Nothing to compare: the
 * machine must go on, all must end when they are killed, and the memory must
 * come back. Only for a guest: some leave the session and get lost. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "ktap.h"

enum { FAMILY = 24 };

/* Shared by all of a round: who may be signalled. */
static struct {
	volatile int stop, pids[FAMILY];
	volatile int word, forks;
} *all;

static unsigned seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void nothing(int sig)
{
	(void)sig;
}

static void *thread_life(void *arg);
static void live(int steps);

static void enter_family(void)
{
	all->pids[dice(FAMILY)] = getpid();
}

static void make_child(void)
{
	static const int flags[] = {
		SIGCHLD, SIGCHLD, SIGUSR1, 0, CLONE_FILES | SIGCHLD,
		CLONE_FS | CLONE_PARENT | SIGCHLD
	};
	long p;

	if (__atomic_add_fetch(&all->forks, 1, __ATOMIC_SEQ_CST) > 400)
		return;
	p = syscall(SYS_clone, flags[dice(6)], 0, 0, 0, 0);
	if (p == 0) {
		seed += getpid() * 7919;
		enter_family();
		live(30);
		_exit(dice(3));
	}
}

static void make_thread(void)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	pthread_create(&t, &a, thread_life, (void *)(uintptr_t)dice(9999));
}

static void signal_somebody(void)
{
	static const int sig[] = { SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT, SIGCONT,
				   SIGTSTP, SIGCHLD, 40, SIGTERM, SIGKILL,
				   SIGSEGV, SIGWINCH };
	int p = all->pids[dice(FAMILY)];

	if (p > 1)
		kill(p, sig[dice(dice(4) ? 8 : 12)]);
}

static void run_program(int in_place)
{
	pid_t p = in_place ? 0 : vfork();

	if (p == 0) {
		execl("/bin/true", "true", (char *)0);
		_exit(1);
	}
}

static void change_memory(void)
{
	char *m = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		return;
	memset(m, 1, 65536);
	mprotect(m + 4096, 4096, PROT_NONE);
	munmap(m + dice(16) * 4096, 4096 * (1 + dice(4)));
	if (dice(2))
		munmap(m, 65536);
}

static void sleep_somehow(void)
{
	struct { long s, ns; } t = { 0, 1000000 + dice(5000000) };
	sigset_t set;

	switch (dice(5)) {
	case 0:
		syscall(240, &all->word, 0, 0, &t, 0, 0);
		break;
	case 1:
		syscall(240, &all->word, 1, 99, 0, 0, 0);
		break;
	case 2:
		sigfillset(&set);
		sigdelset(&set, SIGTERM);
		syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 8);
		break;
	case 3:
		ktap_sleep_ms(dice(4));
		break;
	default:
		syscall(SYS_sched_yield);
	}
}

static void one_step(void)
{
	struct itimerval v = { { 0, 0 }, { 0, 1000 + dice(20000) } };
	sigset_t set;

	switch (dice(16)) {
	case 0:
	case 1:
		make_child();
		break;
	case 2:
		make_thread();
		break;
	case 3:
	case 4:
	case 5:
		signal_somebody();
		break;
	case 6:
		run_program(dice(12) == 0);
		break;
	case 7:
		change_memory();
		break;
	case 8:
		waitpid(-1, NULL, WNOHANG | WUNTRACED | WCONTINUED | __WALL);
		break;
	case 9:
		setitimer(dice(3), &v, NULL);
		break;
	case 10:
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1 + dice(3));
		sigprocmask(dice(2) ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
		break;
	case 11:
		setpgid(0, dice(2) ? 0 : all->pids[dice(FAMILY)]);
		break;
	case 12:
		if (dice(8) == 0)
			setsid();
		setpriority(PRIO_PROCESS, 0, dice(10));
		break;
	case 13:
		enter_family();
		break;
	default:
		sleep_somehow();
	}
}

static void live(int steps)
{
	static const int caught[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
				      SIGPROF, SIGTSTP, SIGHUP };
	struct sigaction a = { .sa_handler = nothing, .sa_flags = SA_RESTART };

	for (unsigned i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &a, NULL);
	while (steps-- > 0 && !all->stop)
		one_step();
}

static void *thread_life(void *arg)
{
	seed += (uintptr_t)arg;
	for (int i = 0; i < 10 && !all->stop; i++)
		one_step();
	if (dice(10) == 0)
		syscall(SYS_exit_group, 3);
	return NULL;
}

/* Kills all other processes of this program; how many there were. */
static int kill_rest(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	CHECK(d != NULL);
	while ((e = readdir(d))) {
		char name[300], comm[32] = "";
		int pid = atoi(e->d_name), fd;

		if (pid < 2 || pid == getpid() || pid == getppid())
			continue;
		snprintf(name, sizeof(name), "/proc/%d/comm", pid);
		fd = open(name, O_RDONLY);
		if (fd < 0)
			continue;
		(void)!read(fd, comm, sizeof(comm) - 1);
		close(fd);
		if (strcmp(comm, "chaos\n") != 0 && strcmp(comm, "true\n") != 0)
			continue; /* "true" is what run_program became */
		kill(pid, SIGKILL);
		n++;
	}
	closedir(d);
	return n;
}

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

static void one_round(unsigned number)
{
	all->stop = all->forks = 0;
	memset((void *)all->pids, 0, sizeof(all->pids));
	for (int i = 0; i < 4; i++) {
		pid_t p = fork();

		CHECK_OK(p);
		if (p == 0) {
			seed = number * 77777 + i * 999;
			enter_family();
			live(60);
			_exit(0);
		}
	}
	ktap_sleep_ms(250);
	all->stop = 1;
	for (int tries = 0; kill_rest() > 0; tries++) {
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (tries > 1000)
			FAIL("round %u: somebody cannot be killed", number);
		ktap_sleep_ms(5);
	}
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

static void rounds(unsigned from, unsigned count)
{
	long before = 0, after;

	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK((void *)all != MAP_FAILED);
	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		signal(s, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	for (unsigned i = 0; i < count; i++) {
		one_round(from + i);
		if (i == count / 2)
			before = mem_free();
	}
	ktap_sleep_ms(50);
	after = mem_free();
	if (before - after > 256)
		FAIL("%ld KB are gone", before - after);
}

TEST_WITHIN(processes_in_disorder, 120)
{
	rounds(1, 40);
}
