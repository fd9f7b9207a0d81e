/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.c - resource limits: setting them, and what each one stops. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ktap.h"

static void limit(int which, rlim_t cur, rlim_t max)
{
	struct rlimit r = { cur, max };

	CHECK_OK(setrlimit(which, &r));
}

static void as_user(void)
{
	if (geteuid() == 0)
		CHECK_OK(setuid(54323));
}

TEST(limits_are_set_and_got)
{
	struct rlimit r;

	limit(RLIMIT_NOFILE, 50, 100);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &r));
	CHECK(r.rlim_cur == 50 && r.rlim_max == 100);
	CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 101, 100 }),
		    EINVAL);
	CHECK_ERRNO(setrlimit(16, &r), EINVAL);
	CHECK_ERRNO(getrlimit(-1, &r), EINVAL);
	limit(RLIMIT_NOFILE, 100, 100);
}

TEST(users_may_only_lower)
{
	limit(RLIMIT_CPU, 100, 200);
	as_user();
	limit(RLIMIT_CPU, 200, 200);
	limit(RLIMIT_CPU, 100, 150);
	CHECK_ERRNO(setrlimit(RLIMIT_CPU, &(struct rlimit){ 100, 151 }), EPERM);
	CHECK_ERRNO(setrlimit(RLIMIT_CPU, &(struct rlimit){ 100, RLIM_INFINITY }),
		    EPERM);
}

TEST(children_inherit)
{
	struct rlimit r;
	pid_t p;

	limit(RLIMIT_CORE, 1, 2);
	p = fork();
	if (p == 0) {
		CHECK_OK(getrlimit(RLIMIT_CORE, &r));
		CHECK(r.rlim_cur == 1 && r.rlim_max == 2);
		limit(RLIMIT_CORE, 0, 2);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_OK(getrlimit(RLIMIT_CORE, &r));
	CHECK_EQ(r.rlim_cur, 1);
}

TEST(prlimit_reaches_others)
{
	struct rlimit r = { 33, 44 }, old;
	pid_t p = fork();

	if (p == 0)
		for (;;)
			pause();
	CHECK_OK(prlimit(p, RLIMIT_NOFILE, &r, NULL));
	CHECK_OK(prlimit(p, RLIMIT_NOFILE, NULL, &old));
	CHECK(old.rlim_cur == 33 && old.rlim_max == 44);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
	CHECK(old.rlim_cur != 33);
	CHECK_ERRNO(prlimit(0x7fffff, RLIMIT_NOFILE, NULL, &old), ESRCH);
	kill(p, SIGKILL);
	ktap_wait(p);
}

TEST(prlimit_of_others_needs_the_same_user)
{
	struct rlimit r;

	if (geteuid())
		SKIP("needs root");
	as_user();
	CHECK_ERRNO(prlimit(getppid(), RLIMIT_NOFILE, NULL, &r), EPERM);
}

TEST(nofile)
{
	int fd[2];

	limit(RLIMIT_NOFILE, 20, 20);
	CHECK_OK(dup2(1, 19));
	CHECK_ERRNO(dup2(1, 20), EBADF);
	CHECK_ERRNO(fcntl(1, F_DUPFD, 20), EINVAL);
	CHECK_ERRNO(fcntl(1, F_DUPFD, 19), EMFILE);
	while (dup(1) >= 0)
		;
	CHECK_EQ(errno, EMFILE);
	CHECK_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_ERRNO(pipe(fd), EMFILE);
	close(19);
	CHECK_ERRNO(pipe(fd), EMFILE); /* one place is not enough */
	CHECK_EQ(open("/dev/null", O_RDONLY), 19);
}

TEST(fsize)
{
	char name[] = "/tmp/limits.XXXXXX", block[2000] = "";
	int fd = mkstemp(name);

	CHECK_OK(fd);
	unlink(name);
	limit(RLIMIT_FSIZE, 3000, RLIM_INFINITY);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(write(fd, block, 2000), 2000);
	CHECK_EQ(write(fd, block, 2000), 1000); /* as far as it goes */
	CHECK_ERRNO(write(fd, block, 1), EFBIG);
	CHECK_ERRNO(ftruncate(fd, 3001), EFBIG);
	CHECK_OK(ftruncate(fd, 3000));
	signal(SIGXFSZ, SIG_DFL);
	if (fork() == 0) {
		CHECK_EQ(write(fd, block, 0), 0);
		(void)!write(fd, block, 1);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(-1), SIGXFSZ);
}

TEST(as_and_data)
{
	char *m;

	limit(RLIMIT_AS, 16 << 20, RLIM_INFINITY);
	CHECK(mmap(NULL, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	m = mmap(NULL, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(m != MAP_FAILED);
	CHECK(mremap(m, 8 << 20, 24 << 20, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	limit(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
	limit(RLIMIT_DATA, 1 << 20, RLIM_INFINITY);
	m = (char *)syscall(SYS_brk, 0);
	CHECK((char *)syscall(SYS_brk, m + (4 << 20)) == m);
	CHECK((char *)syscall(SYS_brk, m + 8192) == m + 8192);
}

static void use_stack(int kb)
{
	volatile char block[1024];

	block[0] = kb;
	if (kb > 1)
		use_stack(kb - 1);
	block[1] = block[0];
}

/* The limit is the one at the time of the fault. */
TEST(stack)
{
	pid_t p;

	limit(RLIMIT_STACK, 1 << 20, RLIM_INFINITY);
	p = fork();
	if (p == 0) {
		use_stack(800);
		_exit(0);
	}
	CHECK_CHILD(p);
	p = fork();
	if (p == 0) {
		use_stack(1100);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGSEGV);
}

static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

TEST(cpu)
{
	pid_t p = fork();

	if (p == 0) {
		limit(RLIMIT_CPU, 1, 2);
		signal(SIGXCPU, note);
		while (!caught)
			;
		CHECK_EQ(caught, SIGXCPU);
		CHECK(clock() >= 900000);
		for (;;)
			;
	}
	CHECK_EQ(ktap_wait(p), SIGKILL);
}

TEST(nproc)
{
	pid_t p = fork(), c[3];

	if (p == 0) {
		as_user();
		limit(RLIMIT_NPROC, 3, 3);
		for (int i = 0; i < 3; i++) {
			c[i] = fork();
			if (c[i] == 0)
				for (;;)
					pause();
			if (i < 2 && geteuid() == 54323)
				CHECK_OK(c[i]);
		}
		CHECK_EQ(c[2], -1);
		CHECK_EQ(errno, EAGAIN);
		kill(0, SIGKILL);
	}
	setpgid(p, p);
	CHECK_EQ(ktap_wait(p), SIGKILL);
}

TEST(memlock)
{
	char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit(RLIMIT_MEMLOCK, 65536, 65536);
	as_user();
	CHECK_OK(mlock(m, 65536));
	CHECK_OK(munlock(m, 65536));
	CHECK_ERRNO(mlock(m, 1 << 20), ENOMEM);
	limit(RLIMIT_MEMLOCK, 0, 0);
	CHECK_ERRNO(mlock(m, 4096), EPERM);
}

/* No bytes, in the middle of what is locked or is not. */
TEST(locking_nothing_changes_nothing)
{
	char *m = mmap(NULL, 40960, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit(RLIMIT_MEMLOCK, 65536, 65536);
	as_user();
	CHECK_OK(mlock(m + 8192, 0));
	CHECK_OK(munlock(m + 8192, 0));
	CHECK_OK(mlock(m, 40960));
	CHECK_OK(munlock(m + 8192, 0));
	CHECK_OK(mlock(m + 8192, 0));
	CHECK_OK(munlock(m, 40960));
}

TEST(memlock_counts_what_is_locked)
{
	char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit(RLIMIT_MEMLOCK, 65536, 65536);
	as_user();
	CHECK_OK(mlock(m, 40960));
	CHECK_ERRNO(mlock(m + 65536, 40960), ENOMEM);
	CHECK_OK(mlock(m, 40960)); /* is locked already */
	CHECK_OK(munlock(m, 40960));
	CHECK_OK(mlock(m + 65536, 40960));
	CHECK_OK(munlockall());
	CHECK_OK(mlock(m, 40960));
	CHECK_OK(munmap(m, 40960));
	CHECK_OK(mlock(m + 65536, 40960));
}

TEST(rtprio_and_nice)
{
	int priority = 5;

	as_user();
	limit(RLIMIT_NICE, 0, 0);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, -1), EACCES);
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 5));
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, 4), EACCES);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, 1, &priority), EPERM);
}

TEST(wide_and_narrow_forms_agree)
{
	struct { unsigned long cur, max; } narrow;
	struct rlimit wide;

	wide = (struct rlimit){ 1ull << 40, RLIM_INFINITY };
	CHECK_OK(prlimit(0, RLIMIT_CORE, &wide, NULL));
	CHECK_OK(syscall(SYS_ugetrlimit, RLIMIT_CORE, &narrow));
	CHECK(narrow.cur == 0xffffffff && narrow.max == 0xffffffff);
	CHECK_OK(syscall(SYS_getrlimit, RLIMIT_CORE, &narrow));
	CHECK(narrow.cur == 0x7fffffff && narrow.max == 0x7fffffff);
	narrow.cur = 5;
	narrow.max = 0xffffffff;
	CHECK_OK(syscall(SYS_setrlimit, RLIMIT_CORE, &narrow));
	CHECK_OK(prlimit(0, RLIMIT_CORE, NULL, &wide));
	CHECK(wide.rlim_cur == 5 && wide.rlim_max == RLIM_INFINITY);
}
