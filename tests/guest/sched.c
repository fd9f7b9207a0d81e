/* SPDX-License-Identifier: BSD-2-Clause */
/* sched.c - policies, priorities, niceness, affinity, and who gets the CPU.
 * Bare calls: the C library refuses most of these by itself. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ktap.h"

static long set_policy(pid_t p, int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, p, policy, &priority);
}

static long get_policy(pid_t p)
{
	return syscall(SYS_sched_getscheduler, p);
}

static int get_priority(pid_t p)
{
	int priority = -1;

	CHECK_OK(syscall(SYS_sched_getparam, p, &priority));
	return priority;
}

static void may_be_realtime(void)
{
	if (geteuid())
		SKIP("needs root");
	if (set_policy(0, SCHED_RR, 1) < 0)
		SKIP("this machine lets nobody have real-time policies");
	CHECK_OK(set_policy(0, SCHED_OTHER, 0));
}

static pid_t sleeper(void)
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0)
		for (;;)
			pause();
	return p;
}

static void end(pid_t p)
{
	kill(p, SIGKILL);
	ktap_wait(p);
}

TEST(ranges)
{
	static const int rt[] = { SCHED_FIFO, SCHED_RR };
	static const int fair[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(syscall(SYS_sched_get_priority_min, rt[i]), 1);
		CHECK_EQ(syscall(SYS_sched_get_priority_max, rt[i]), 99);
	}
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(syscall(SYS_sched_get_priority_min, fair[i]), 0);
		CHECK_EQ(syscall(SYS_sched_get_priority_max, fair[i]), 0);
	}
	CHECK_ERRNO(syscall(SYS_sched_get_priority_min, 77), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_get_priority_max, -1), EINVAL);
}

TEST(policies_are_set_and_got)
{
	pid_t p = sleeper();

	may_be_realtime();
	CHECK_EQ(get_policy(p), SCHED_OTHER);
	CHECK_OK(set_policy(p, SCHED_FIFO, 7));
	CHECK_EQ(get_policy(p), SCHED_FIFO);
	CHECK_EQ(get_priority(p), 7);
	CHECK_OK(syscall(SYS_sched_setparam, p, &(int){ 9 }));
	CHECK_EQ(get_priority(p), 9);
	CHECK_OK(set_policy(p, SCHED_RR, 99));
	CHECK_EQ(get_policy(p), SCHED_RR);
	CHECK_OK(set_policy(p, SCHED_BATCH, 0));
	CHECK_EQ(get_policy(p), SCHED_BATCH);
	CHECK_OK(set_policy(p, SCHED_IDLE, 0));
	CHECK_EQ(get_policy(p), SCHED_IDLE);
	CHECK_OK(set_policy(p, SCHED_OTHER, 0));
	end(p);
}

TEST(errors)
{
	cpu_set_t set;

	CHECK_ERRNO(set_policy(0, SCHED_OTHER, 1), EINVAL);
	CHECK_ERRNO(set_policy(0, SCHED_FIFO, 0), EINVAL);
	CHECK_ERRNO(set_policy(0, SCHED_FIFO, 100), EINVAL);
	CHECK_ERRNO(set_policy(0, 77, 0), EINVAL);
	CHECK_ERRNO(set_policy(-1, SCHED_OTHER, 0), EINVAL);
	CHECK_ERRNO(set_policy(0x7fffff, SCHED_OTHER, 0), ESRCH);
	CHECK_ERRNO(get_policy(-1), EINVAL);
	CHECK_ERRNO(get_policy(0x7fffff), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 16), EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getparam, 0, 16), EFAULT);
	CHECK_ERRNO(sched_getaffinity(0x7fffff, sizeof(set), &set), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 3, &set), EINVAL);
	memset(&set, 0, sizeof(set));
	CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
}

TEST(children_inherit_unless_reset)
{
	pid_t p;

	may_be_realtime();
	CHECK_OK(set_policy(0, SCHED_RR, 3));
	p = fork();
	if (p == 0)
		_exit(get_policy(0) == SCHED_RR && get_priority(0) == 3 ? 0 : 1);
	CHECK_CHILD(p);
	CHECK_OK(set_policy(0, SCHED_RR | 0x40000000, 3)); /* RESET_ON_FORK */
	CHECK_EQ(get_policy(0), SCHED_RR | 0x40000000);
	p = fork();
	if (p == 0)
		_exit(get_policy(0) == SCHED_OTHER ? 0 : 1);
	CHECK_CHILD(p);
}

TEST(rr_interval)
{
	struct { long sec, nsec; } t;
	pid_t p = sleeper();

	CHECK_OK(syscall(SYS_sched_rr_get_interval, p, &t));
	CHECK(t.sec == 0 && t.nsec >= 0);
	CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, 0x7fffff, &t), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, -1, &t), EINVAL);
	end(p);
}

TEST(niceness)
{
	pid_t p;

	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
	CHECK_EQ(nice(5), 5);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
	CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, 0), 20 - 5);
	CHECK_EQ(nice(100), 19);
	p = fork();
	if (p == 0)
		_exit(getpriority(PRIO_PROCESS, 0));
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 19);
}

TEST(niceness_of_groups_and_users)
{
	pid_t a = sleeper(), b = sleeper();

	CHECK_OK(setpgid(a, a));
	CHECK_OK(setpgid(b, a));
	CHECK_OK(setpriority(PRIO_PGRP, a, 4));
	CHECK_EQ(getpriority(PRIO_PROCESS, a), 4);
	CHECK_EQ(getpriority(PRIO_PROCESS, b), 4);
	CHECK_OK(setpriority(PRIO_PROCESS, b, 6));
	CHECK_EQ(getpriority(PRIO_PGRP, a), 4); /* the best of them */
	CHECK_ERRNO(getpriority(PRIO_PGRP, 0x7fffff), ESRCH);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 0x7fffff), ESRCH);
	CHECK_ERRNO(getpriority(3, 0), EINVAL);
	CHECK_ERRNO(setpriority(-1, 0, 0), EINVAL);
	end(a);
	end(b);
}

TEST(niceness_of_a_user)
{
	pid_t p = fork();

	if (geteuid())
		SKIP("needs root");
	if (p == 0) {
		setuid(54325);
		for (;;)
			pause();
	}
	while (setpriority(PRIO_USER, 54325, 9) < 0)
		ktap_sleep_ms(1);
	CHECK_EQ(getpriority(PRIO_PROCESS, p), 9);
	CHECK_EQ(getpriority(PRIO_USER, 54325), 9);
	end(p);
	CHECK_ERRNO(getpriority(PRIO_USER, 54325), ESRCH);
}

TEST(priority_of_strangers)
{
	pid_t p = sleeper();
	pid_t user;

	if (geteuid())
		SKIP("needs root");
	user = fork();
	if (user == 0) {
		setuid(54325);
		CHECK_ERRNO(setpriority(PRIO_PROCESS, p, 5), EPERM);
		CHECK_ERRNO(set_policy(p, SCHED_BATCH, 0), EPERM);
		CHECK_OK(getpriority(PRIO_PROCESS, p));
		_exit(0);
	}
	CHECK_CHILD(user);
	end(p);
}

TEST(affinity)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set);

	CHECK_OK(n);
	CHECK(CPU_COUNT(&set) >= 1);
	CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(set), &set) % 4 == 0);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	CHECK_EQ(sched_getcpu(), 0);
}

/* --- who runs --------------------------------------------------------------------- */

static volatile long long *counts;

static void share_counts(void)
{
	counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK((void *)counts != MAP_FAILED);
}

static void one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
}

static pid_t spinner(int i, void (*prepare)(void))
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		if (prepare)
			prepare();
		for (;;)
			counts[i]++;
	}
	return p;
}

static void be_nice(void)
{
	setpriority(PRIO_PROCESS, 0, 19);
}

static void be_idle(void)
{
	set_policy(0, SCHED_IDLE, 0);
}

TEST(equals_share_alike)
{
	pid_t p[3];

	share_counts();
	one_cpu();
	for (int i = 0; i < 3; i++)
		p[i] = spinner(i, NULL);
	ktap_sleep_ms(900);
	for (int i = 0; i < 3; i++)
		end(p[i]);
	for (int i = 0; i < 3; i++)
		if (counts[i] * 2 < counts[(i + 1) % 3])
			FAIL("%lld %lld %lld", counts[0], counts[1], counts[2]);
}

TEST(the_nice_get_less_but_something)
{
	pid_t a, b;

	share_counts();
	one_cpu();
	a = spinner(0, NULL);
	b = spinner(1, be_nice);
	ktap_sleep_ms(900);
	end(a);
	end(b);
	if (counts[0] < counts[1] * 5 || counts[1] == 0)
		FAIL("%lld and %lld", counts[0], counts[1]);
}

TEST(sched_idle_gets_what_is_left)
{
	pid_t a, b;

	share_counts();
	one_cpu();
	a = spinner(0, be_idle);
	ktap_sleep_ms(50);
	CHECK(counts[0] > 0);
	b = spinner(1, NULL);
	counts[0] = 0;
	ktap_sleep_ms(500);
	end(a);
	end(b);
	if (counts[1] < counts[0] * 10)
		FAIL("%lld and %lld", counts[0], counts[1]);
}

static void be_fifo(void)
{
	set_policy(0, SCHED_FIFO, 5);
}

/* While a real-time thread wants the CPU, nobody else has it. Linux lets the
 * others have a little all the same. */
TEST(realtime_goes_first)
{
	pid_t a, b;

	may_be_realtime();
	share_counts();
	one_cpu();
	CHECK_OK(set_policy(0, SCHED_FIFO, 50)); /* to be able to end it */
	a = fork();
	if (a == 0) {
		set_policy(0, SCHED_OTHER, 0);
		for (;;)
			counts[0]++;
	}
	ktap_sleep_ms(50);
	CHECK(counts[0] > 0);
	b = spinner(1, be_fifo);
	ktap_sleep_ms(10);
	counts[0] = counts[1] = 0;
	ktap_sleep_ms(200);
	end(b);
	end(a);
	if (counts[1] < counts[0] * 8)
		FAIL("%lld and %lld", counts[0], counts[1]);
}

TEST(a_sleeper_is_served_among_spinners)
{
	pid_t p[4];
	long long worst = 0;

	share_counts();
	one_cpu();
	for (int i = 0; i < 4; i++)
		p[i] = spinner(i, NULL);
	for (int i = 0; i < 50; i++) {
		long long before = ktap_ms(), late;

		ktap_sleep_ms(5);
		late = ktap_ms() - before - 5;
		worst = late > worst ? late : worst;
	}
	for (int i = 0; i < 4; i++)
		end(p[i]);
	if (worst > 1000)
		FAIL("waited %lld ms", worst);
}

TEST(yield_lets_others_run)
{
	pid_t p;

	share_counts();
	one_cpu();
	p = fork();
	if (p == 0)
		for (;;) {
			counts[0]++;
			syscall(SYS_sched_yield);
		}
	for (int i = 0; i < 200; i++) {
		counts[1]++;
		syscall(SYS_sched_yield);
	}
	CHECK(counts[0] > 10);
	end(p);
}
