/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c - clocks: by the vDSO and by the system call, and time used. */
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

#include "ktap.h"

static long long ns_of(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

static long long by_call(clockid_t clock)
{
	struct { long sec, nsec; } t;

	CHECK_OK(syscall(265, clock, &t));
	return t.sec * 1000000000LL + t.nsec;
}

static long long by_call64(clockid_t clock)
{
	struct { long long sec; long nsec, pad; } t;

	CHECK_OK(syscall(403, clock, &t));
	return t.sec * 1000000000LL + t.nsec;
}

/* The C library's: by the vDSO where there is one. */
static long long by_library(clockid_t clock)
{
	struct timespec t;

	CHECK_OK(clock_gettime(clock, &t));
	return ns_of(&t);
}

/* Whichever way it is read, it does not go back. */
TEST(all_ways_agree)
{
	static const clockid_t clocks[] = {
		CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
		CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID
	};

	for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		for (int n = 0; n < 200; n++) {
			long long a = by_library(clocks[i]);
			long long b = by_call(clocks[i]);
			long long c = by_call64(clocks[i]);
			long long d = by_library(clocks[i]);

			if (a > b || b > c || c > d)
				FAIL("clock %d: %lld %lld %lld %lld", clocks[i], a,
				     b, c, d);
		}
	}
}

TEST(coarse_clocks_are_near)
{
	long long a = by_library(CLOCK_MONOTONIC_COARSE);
	long long b = by_library(CLOCK_MONOTONIC);

	CHECK(a <= b);
	CHECK(b - a < 100000000);
	a = by_call(CLOCK_REALTIME_COARSE);
	b = by_call(CLOCK_REALTIME);
	CHECK(a <= b);
	CHECK(b - a < 100000000);
}

/* The vDSO's functions, found as a program finds them. */
static void *vdso_symbol(const char *want)
{
	const char *base = (char *)getauxval(AT_SYSINFO_EHDR), *strings = NULL;
	const ElfW(Ehdr) *eh = (void *)base;
	const ElfW(Phdr) *ph = (void *)(base + eh->e_phoff);
	const ElfW(Sym) *symbols = NULL;
	const ElfW(Word) *hash = NULL;
	const ElfW(Dyn) *dyn = NULL;
	ElfW(Addr) bias = 0;

	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !bias)
			bias = (ElfW(Addr))base + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(base + ph[i].p_offset);
	}
	for (; dyn && dyn->d_tag; dyn++) {
		void *at = (void *)(dyn->d_un.d_ptr + bias);

		if (dyn->d_tag == DT_SYMTAB)
			symbols = at;
		if (dyn->d_tag == DT_STRTAB)
			strings = at;
		if (dyn->d_tag == DT_HASH)
			hash = at;
	}
	CHECK(symbols && strings);
	if (!hash)
		SKIP("a vDSO without DT_HASH");
	for (unsigned i = 0; i < hash[1]; i++)
		if (strcmp(strings + symbols[i].st_name, want) == 0)
			return (void *)(symbols[i].st_value + bias);
	return NULL;
}

TEST(vdso_functions)
{
	int (*get)(clockid_t, void *) = vdso_symbol("__vdso_clock_gettime");
	int (*get64)(clockid_t, void *) = vdso_symbol("__vdso_clock_gettime64");
	int (*day)(void *, void *) = vdso_symbol("__vdso_gettimeofday");
	int (*seconds)(void *) = vdso_symbol("__vdso_time");
	struct { long sec, nsec; } a;
	struct { long long sec; long nsec, pad; } b;
	long now;

	CHECK(get && get64 && day && seconds);
	CHECK(vdso_symbol("__kernel_vsyscall") != NULL);
	CHECK(vdso_symbol("__kernel_rt_sigreturn") != NULL);
	CHECK_EQ(get(CLOCK_MONOTONIC, &a), 0);
	CHECK_EQ(get64(CLOCK_MONOTONIC, &b), 0);
	CHECK(b.sec * 1000000000LL + b.nsec >= a.sec * 1000000000LL + a.nsec);
	CHECK(by_call(CLOCK_MONOTONIC) >= b.sec * 1000000000LL + b.nsec);
	CHECK_EQ(get(99, &a), -EINVAL);
	CHECK_EQ(day(&a, NULL), 0);
	now = seconds(NULL);
	CHECK(now >= a.sec && now <= a.sec + 5);
}

TEST(old_calls_agree)
{
	struct timeval t;
	time_t a, b;

	a = by_call(CLOCK_REALTIME) / 1000000000;
	b = syscall(SYS_time, NULL);
	CHECK(b >= a - 1 && b <= a + 2); /* it may lag by a tick */
	CHECK_OK(gettimeofday(&t, NULL));
	CHECK(t.tv_sec >= a && t.tv_sec <= a + 2);
	CHECK(t.tv_usec >= 0 && t.tv_usec < 1000000);
	CHECK(a > 1600000000); /* a wall clock */
}

TEST(clocks_advance_while_sleeping)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME };
	long long before[4];

	for (int i = 0; i < 4; i++)
		before[i] = by_library(clocks[i]);
	ktap_sleep_ms(50);
	for (int i = 0; i < 4; i++)
		CHECK(by_library(clocks[i]) - before[i] >= 49000000);
}

TEST(cpu_clocks_rest_while_sleeping)
{
	long long before = by_library(CLOCK_PROCESS_CPUTIME_ID), used;

	ktap_sleep_ms(100);
	used = by_library(CLOCK_PROCESS_CPUTIME_ID) - before;
	CHECK(used < 60000000);
}

static void *burn(void *arg)
{
	long long end = by_library(CLOCK_THREAD_CPUTIME_ID) + 40000000;

	while (by_library(CLOCK_THREAD_CPUTIME_ID) < end)
		;
	return arg;
}

TEST(thread_time_is_part_of_process_time)
{
	long long process = by_library(CLOCK_PROCESS_CPUTIME_ID), own;
	pthread_t t;

	own = by_library(CLOCK_THREAD_CPUTIME_ID);
	pthread_create(&t, NULL, burn, NULL);
	pthread_join(t, NULL);
	CHECK(by_library(CLOCK_PROCESS_CPUTIME_ID) - process >= 40000000);
	CHECK(by_library(CLOCK_THREAD_CPUTIME_ID) - own < 40000000);
}

TEST(clocks_of_others)
{
	clockid_t clock;
	struct timespec t;
	pid_t p = fork();

	if (p == 0)
		for (;;)
			;
	CHECK_EQ(clock_getcpuclockid(p, &clock), 0);
	do {
		CHECK_OK(clock_gettime(clock, &t));
	} while (ns_of(&t) < 20000000);
	kill(p, SIGKILL);
	ktap_wait(p);
	CHECK_ERRNO(clock_gettime(clock, &t), EINVAL);
	CHECK_ERRNO(syscall(406, -(0x800000 << 3) | 2, &t), EINVAL);
}

TEST(resolutions)
{
	struct timespec t;

	CHECK_OK(clock_getres(CLOCK_MONOTONIC, &t));
	CHECK(t.tv_sec == 0 && t.tv_nsec == 1);
	CHECK_OK(clock_getres(CLOCK_REALTIME_COARSE, &t));
	CHECK(t.tv_sec == 0 && t.tv_nsec >= 1 && t.tv_nsec <= 10000000);
	CHECK_OK(clock_getres(CLOCK_PROCESS_CPUTIME_ID, &t));
	CHECK_OK(clock_getres(CLOCK_REALTIME, NULL));
	CHECK_ERRNO(clock_getres(99, &t), EINVAL);
}

TEST(errors)
{
	struct timespec t = { 0, 0 };

	CHECK_ERRNO(clock_gettime(99, &t), EINVAL);
	CHECK_ERRNO(syscall(265, CLOCK_MONOTONIC, 16), EFAULT);
	CHECK_ERRNO(syscall(403, CLOCK_MONOTONIC, 16), EFAULT);
	CHECK_ERRNO(clock_settime(CLOCK_MONOTONIC, &t), EINVAL);
	CHECK_ERRNO(clock_settime(99, &t), EINVAL);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &t), EINVAL);
	CHECK_ERRNO(syscall(SYS_settimeofday_time32, &(long[2]){ 0, 1000000 },
			    NULL), EINVAL);
}

TEST(users_may_not_set_the_clock)
{
	struct timespec t = { 1700000000, 0 };

	if (geteuid() == 0)
		CHECK_OK(setuid(54324));
	CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &t), EPERM);
}

TEST(times_and_rusage_are_plausible)
{
	struct rusage r, one;
	struct tms t;
	clock_t end = clock() + CLOCKS_PER_SEC / 10;
	long long total;

	while (clock() < end)
		getppid();
	CHECK(times(&t) != (clock_t)-1);
	CHECK_OK(getrusage(RUSAGE_THREAD, &one));
	CHECK_OK(getrusage(RUSAGE_SELF, &r));
	total = (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL +
		r.ru_utime.tv_usec + r.ru_stime.tv_usec;
	CHECK(total >= 99000 && total < 5000000);
	CHECK(t.tms_utime + t.tms_stime >= 8);
	CHECK(llabs((t.tms_utime + t.tms_stime) * 10000LL - total) <= 30000);
	CHECK(one.ru_utime.tv_usec <= r.ru_utime.tv_usec || r.ru_utime.tv_sec);
	CHECK_ERRNO(getrusage(5, &r), EINVAL);
	CHECK_ERRNO(syscall(SYS_getrusage, 0, 16), EFAULT);
}

TEST(faults_and_switches_are_counted)
{
	struct rusage a, b;
	char *m = malloc(1 << 20);

	getrusage(RUSAGE_SELF, &a);
	for (int i = 0; i < 1 << 20; i += 4096)
		m[i] = 1;
	for (int i = 0; i < 10; i++)
		ktap_sleep_ms(1);
	getrusage(RUSAGE_SELF, &b);
	CHECK(b.ru_minflt - a.ru_minflt >= 100);
	CHECK(b.ru_nvcsw - a.ru_nvcsw >= 10);
	CHECK(b.ru_maxrss >= a.ru_maxrss + 900);
}

/* adjtime(NULL, old): how much is still to be slewed. */
TEST(nothing_left_to_adjust)
{
	struct timeval left = { 1, 1 };

	CHECK_OK(adjtime(NULL, &left));
	CHECK_EQ(left.tv_sec, 0);
	CHECK_EQ(left.tv_usec, 0);
	if (on_brig())
		CHECK_OK(adjtime(&left, NULL)); /* by nothing */
}

/* Steps that no clock can take; the sums must not go wrong on the way. */
TEST(a_step_beyond_every_clock)
{
	enum { ADJ_SETOFFSET = 0x100, CALL_CLOCK_ADJTIME64 = 405 };
	struct {
		uint32_t modes, pad;
		int64_t of_old[4], status_pad, old[3], sec, usec, more[20];
	} t = { .modes = ADJ_SETOFFSET, .sec = INT64_MAX / 2, .usec = INT64_MAX };

	if (!on_brig())
		SKIP("would set the clock of this machine");
	CHECK_ERRNO(syscall(CALL_CLOCK_ADJTIME64, CLOCK_REALTIME, &t), EINVAL);
	t.usec = 0;
	CHECK_ERRNO(syscall(CALL_CLOCK_ADJTIME64, CLOCK_REALTIME, &t), EINVAL);
	t.sec = INT64_MIN;
	CHECK_ERRNO(syscall(CALL_CLOCK_ADJTIME64, CLOCK_REALTIME, &t), EINVAL);
}
