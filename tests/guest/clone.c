/* SPDX-License-Identifier: BSD-2-Clause */
/* clone.c - vfork, and what the flags of clone and clone3 share and refuse. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif

static char stack[65536] __attribute__((aligned(16)));
static volatile int shared;
static volatile int tid_word = -1;

/* Without a new stack: for children with a copy of our memory. */
static long raw_clone(unsigned long flags, volatile int *ptid,
		      volatile int *ctid)
{
	return syscall(SYS_clone, flags, 0, ptid, 0, ctid);
}

static long raw_clone3(uint64_t flags, uint64_t exit_signal)
{
	uint64_t args[8] = { flags, 0, 0, 0, exit_signal };

	return syscall(435, args, sizeof(args));
}

/* A flag set that must be refused. A child made by mistake ends at once. */
#define REFUSED(flags, want)                                                  \
	do {                                                                  \
		long refused_r = raw_clone(flags, NULL, NULL);                \
		int refused_e = errno;                                        \
		if (refused_r == 0)                                           \
			syscall(SYS_exit, 0);                                 \
		CHECK_EQ(refused_r, -1);                                      \
		CHECK_EQ(refused_e, want);                                    \
	} while (0)

TEST(vfork_child_goes_first)
{
	volatile int n = 0;
	pid_t p = vfork();

	CHECK_OK(p);
	if (p == 0) {
		ktap_sleep_ms(20);
		n = 1;
		_exit(3);
	}
	CHECK_EQ(n, 1);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 3);
}

TEST(vfork_returns_at_exec)
{
	volatile int n = 0;
	int fd[2];
	char c;
	pid_t p;

	CHECK_OK(pipe(fd));
	p = vfork();
	if (p == 0) {
		n = 1;
		dup2(fd[0], 0);
		close(fd[1]);
		execl("/bin/cat", "cat", (char *)0);
		_exit(127);
	}
	/* the child still runs: it reads until we close */
	CHECK_EQ(n, 1);
	CHECK_EQ(waitpid(p, NULL, WNOHANG), 0);
	(void)c;
	close(fd[1]);
	CHECK_CHILD(p);
}

TEST(vfork_parent_can_be_killed)
{
	pid_t p = fork();

	if (p == 0) {
		if (vfork() == 0) {
			ktap_sleep_ms(300);
			_exit(0);
		}
		_exit(1);
	}
	ktap_sleep_ms(50);
	CHECK_OK(kill(p, SIGKILL));
	CHECK_EQ(ktap_wait(p), SIGKILL);
}

TEST(fork_forgets_alarm_and_pending)
{
	sigset_t set;
	pid_t p;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	alarm(20);
	p = fork();
	if (p == 0) {
		CHECK_EQ(alarm(0), 0);
		CHECK_OK(sigpending(&set));
		CHECK(!sigismember(&set, SIGUSR1));
		CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
		CHECK(sigismember(&set, SIGUSR1));
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK(alarm(0) > 0);
}

TEST(impossible_flags_are_einval)
{
	REFUSED(CLONE_THREAD, EINVAL);
	REFUSED(CLONE_THREAD | CLONE_VM, EINVAL);
	REFUSED(CLONE_SIGHAND, EINVAL);
	REFUSED(CLONE_THREAD | CLONE_SIGHAND, EINVAL);
	REFUSED(CLONE_FS | CLONE_NEWNS, geteuid() ? EPERM : EINVAL);
	REFUSED(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, EINVAL);
}

TEST(clone3_refuses_what_it_must)
{
	uint64_t args[11] = { 0, 0, 0, 0, SIGCHLD };

	CHECK_ERRNO(raw_clone3(SIGCHLD, 0), EINVAL);
	CHECK_ERRNO(raw_clone3(0, 65), EINVAL);
	CHECK_ERRNO(raw_clone3(0, 0x100), EINVAL);
	CHECK_ERRNO(raw_clone3(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
			       SIGCHLD), EINVAL);
	CHECK_ERRNO(raw_clone3(CLONE_PARENT, SIGCHLD), EINVAL);
	CHECK_ERRNO(raw_clone3(CLONE_DETACHED, SIGCHLD), EINVAL);
	CHECK_ERRNO(raw_clone3(CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM,
			       SIGCHLD), EINVAL);
	CHECK_ERRNO(raw_clone3(1ull << 60, SIGCHLD), EINVAL);
	CHECK_ERRNO(syscall(435, args, 63), EINVAL);
	CHECK_ERRNO(syscall(435, args, 0), EINVAL);
	CHECK_ERRNO(syscall(435, args, 4097), E2BIG);
	CHECK_ERRNO(syscall(435, 8, 64), EFAULT);
	args[5] = (uintptr_t)stack; /* a stack without a size */
	CHECK_ERRNO(syscall(435, args, 64), EINVAL);
	args[5] = 0;
	args[6] = 4096; /* and the other way round */
	CHECK_ERRNO(syscall(435, args, 64), EINVAL);
}

TEST(clone3_forks)
{
	uint64_t args[16] = { 0, 0, 0, 0, SIGCHLD };
	long p = syscall(435, args, 64);

	CHECK_OK(p);
	if (p == 0)
		_exit(5);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 5);
	/* a longer struct is fine as long as the rest is zero */
	p = syscall(435, args, sizeof(args));
	CHECK_OK(p);
	if (p == 0)
		_exit(6);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 6);
	args[15] = 1;
	CHECK_ERRNO(syscall(435, args, sizeof(args)), E2BIG);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(clear_sighand_resets_handlers)
{
	struct sigaction a;
	long p;

	signal(SIGUSR1, nothing);
	signal(SIGUSR2, SIG_IGN);
	p = raw_clone3(CLONE_CLEAR_SIGHAND, SIGCHLD);
	CHECK_OK(p);
	if (p == 0) {
		CHECK_OK(sigaction(SIGUSR1, NULL, &a));
		CHECK(a.sa_handler == SIG_DFL);
		CHECK_OK(sigaction(SIGUSR2, NULL, &a));
		CHECK(a.sa_handler == SIG_IGN);
		_exit(0);
	}
	CHECK_CHILD(p);
}

TEST(tids_are_written)
{
	static volatile int parent_word, child_word;
	long p = raw_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD,
			   &parent_word, &child_word);

	CHECK_OK(p);
	if (p == 0) {
		CHECK_EQ(child_word, syscall(SYS_gettid));
		_exit(0);
	}
	CHECK_EQ(parent_word, p);
	CHECK_EQ(child_word, 0); /* in its copy of memory only */
	CHECK_CHILD(p);
}

TEST(no_signal_no_news)
{
	long p = raw_clone(0, NULL, NULL);
	int status;

	CHECK_OK(p);
	if (p == 0)
		_exit(2);
	CHECK_EQ(waitpid(p, &status, __WCLONE), p);
	CHECK_EQ(WEXITSTATUS(status), 2);
}

TEST(no_such_signal_no_news)
{
	long p = raw_clone(200, NULL, NULL);
	int status;

	CHECK_OK(p);
	if (p == 0)
		_exit(4);
	CHECK_ERRNO(waitpid(p, &status, 0), ECHILD);
	CHECK_EQ(waitpid(p, &status, __WCLONE), p);
	CHECK_EQ(WEXITSTATUS(status), 4);
}

TEST(parent_flag_makes_a_sibling)
{
	int fd[2], status;
	pid_t p, sibling;

	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		long s = raw_clone(CLONE_PARENT | SIGCHLD, NULL, NULL);

		if (s == 0)
			_exit(8);
		(void)!write(fd[1], &s, sizeof(s));
		CHECK_ERRNO(waitpid(s, NULL, 0), ECHILD);
		_exit(0);
	}
	CHECK_EQ(read(fd[0], &sibling, sizeof(sibling)), 4);
	CHECK_EQ(waitpid(sibling, &status, 0), sibling);
	CHECK_EQ(WEXITSTATUS(status), 8);
	CHECK_CHILD(p);
}

static int change_all(void *arg)
{
	shared = 1;
	umask(0123);
	if (chdir("/"))
		return 1;
	close(*(int *)arg);
	return 0;
}

static void clone_shares(int flags, int memory, int files, int fs)
{
	int fd = dup(1), changed;
	char cwd[256];
	pid_t p;

	CHECK_OK(chdir("/tmp"));
	umask(022);
	shared = 0;
	p = clone(change_all, stack + sizeof(stack), flags | SIGCHLD, &fd);
	CHECK_OK(p);
	CHECK_CHILD(p);
	CHECK_EQ(shared, memory);
	changed = fcntl(fd, F_GETFD) == -1;
	CHECK_EQ(changed, files);
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK_EQ(strcmp(cwd, "/") == 0, fs);
	CHECK_EQ(umask(022), fs ? 0123 : 022);
}

TEST(each_flag_shares_its_own)
{
	clone_shares(0, 0, 0, 0);
	clone_shares(CLONE_VM, 1, 0, 0);
	clone_shares(CLONE_FILES, 0, 1, 0);
	clone_shares(CLONE_FS, 0, 0, 1);
	clone_shares(CLONE_VM | CLONE_FILES | CLONE_FS, 1, 1, 1);
}

static int set_handler(void *arg)
{
	(void)arg;
	signal(SIGUSR1, nothing);
	return 0;
}

TEST(sighand_is_shared)
{
	struct sigaction a;
	pid_t p = clone(set_handler, stack + sizeof(stack),
			CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);

	CHECK_OK(p);
	CHECK_CHILD(p);
	CHECK_OK(sigaction(SIGUSR1, NULL, &a));
	CHECK(a.sa_handler == nothing);
}

static int read_tid(void *arg)
{
	(void)arg;
	shared = tid_word;
	return 0;
}

TEST(cleartid_clears_and_wakes)
{
	int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t p;

	CHECK(word != MAP_FAILED);
	p = clone(read_tid, stack + sizeof(stack),
		  CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD,
		  NULL, NULL, NULL, (int *)&tid_word);
	CHECK_OK(p);
	while (tid_word)
		syscall(SYS_futex, &tid_word, 0, p, NULL);
	CHECK_CHILD(p);
	CHECK_EQ(shared, p);
}

TEST(unshare_rules)
{
	CHECK_ERRNO(unshare(CLONE_PARENT), EINVAL);
	CHECK_ERRNO(unshare(1), EINVAL);
	CHECK_OK(unshare(0));
	CHECK_OK(unshare(CLONE_FILES));
	CHECK_OK(unshare(CLONE_FS));
	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	CHECK_OK(unshare(CLONE_THREAD));
	CHECK_OK(unshare(CLONE_SIGHAND));
	CHECK_OK(unshare(CLONE_VM));
}

static int unshare_and_change(void *arg)
{
	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	return change_all(arg);
}

TEST(unshare_parts_files_and_directories)
{
	int fd = dup(1);
	char cwd[256];
	pid_t p;

	CHECK_OK(chdir("/tmp"));
	p = clone(unshare_and_change, stack + sizeof(stack),
		  CLONE_FILES | CLONE_FS | SIGCHLD, &fd);
	CHECK_CHILD(p);
	CHECK_OK(fcntl(fd, F_GETFD));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/tmp"));
}

TEST(vm_sharers_survive_each_others_exec)
{
	pid_t p = clone(change_all, stack + sizeof(stack), CLONE_VM | SIGCHLD,
			&(int){ -1 });

	CHECK_CHILD(p);
	p = vfork();
	if (p == 0) {
		execl("/bin/true", "true", (char *)0);
		_exit(127);
	}
	CHECK_CHILD(p);
	CHECK_EQ(shared, 1);
}

TEST(nproc_limit_stops_clone)
{
	pid_t p = fork();

	if (p == 0) {
		struct { unsigned long cur, max; } r = { 0, 0 };

		if (geteuid() == 0) {
			CHECK_OK(setgid(54321));
			CHECK_OK(setuid(54321));
		}
		CHECK_OK(syscall(SYS_setrlimit, 6 /* NPROC */, &r));
		CHECK_ERRNO(fork(), EAGAIN);
		CHECK_ERRNO(vfork(), EAGAIN);
		_exit(0);
	}
	CHECK_CHILD(p);
}
