/* SPDX-License-Identifier: BSD-2-Clause */
/* timers.c - sleeping, alarm, interval timers and POSIX timers. */
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "ktap.h"

static volatile sig_atomic_t caught, last;
static volatile int overruns;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	last = sig;
	caught++;
	if (info->si_code == SI_TIMER)
		overruns += info->si_overrun;
}

static void catch(int sig)
{
	struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	CHECK_OK(sigaction(sig, &a, NULL));
}

static struct timespec ms(int n)
{
	return (struct timespec){ n / 1000, n % 1000 * 1000000L };
}

static void hang_about(int until_ms)
{
	long long end = ktap_ms() + until_ms;

	while (ktap_ms() < end)
		;
}

/* --- sleeping ------------------------------------------------------------------- */

TEST(sleeping_takes_its_time)
{
	struct timespec t = ms(30), none = { 0 };
	long long before = ktap_ms();

	CHECK_OK(nanosleep(&t, NULL));
	CHECK(ktap_ms() - before >= 29);
	CHECK_OK(nanosleep(&none, NULL));
}

TEST(sleeping_errors)
{
	struct timespec bad = { 0, 1000000000 }, neg = { -1, 0 },
			negns = { 0, -1 };

	CHECK_ERRNO(nanosleep(&bad, NULL), EINVAL);
	CHECK_ERRNO(nanosleep(&neg, NULL), EINVAL);
	CHECK_ERRNO(nanosleep(&negns, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_nanosleep, 16, NULL), EFAULT);
	CHECK_EQ(clock_nanosleep(99, 0, &neg, NULL), EINVAL);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL), EINVAL);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &bad, NULL), EOPNOTSUPP);
}

TEST(absolute_sleeps)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_BOOTTIME };
	struct timespec t, now;

	for (int i = 0; i < 3; i++) {
		clock_gettime(clocks[i], &t);
		CHECK_EQ(clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
		t.tv_nsec += 30000000;
		if (t.tv_nsec >= 1000000000) {
			t.tv_sec++;
			t.tv_nsec -= 1000000000;
		}
		CHECK_EQ(clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
		clock_gettime(clocks[i], &now);
		CHECK(now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec &&
						now.tv_nsec >= t.tv_nsec));
	}
}

TEST(sleeping_on_a_cpu_clock)
{
	struct timespec t = ms(20);
	pid_t p = fork();

	if (p == 0) /* a process that sleeps does not get older */
		_exit(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) ==
		      EINVAL ? 0 : 1);
	CHECK_CHILD(p);
}

/* --- alarm, setitimer -------------------------------------------------------------- */

TEST(alarm_gives_what_was_left)
{
	alarm(0);
	CHECK_EQ(alarm(10), 0);
	CHECK_EQ(alarm(5), 10);
	CHECK_EQ(alarm(20), 5);
}

TEST(interval_timer_repeats)
{
	struct itimerval t = { { 0, 10000 }, { 0, 20000 } }, now, none = { 0 };

	catch(SIGALRM);
	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
	while (caught < 5)
		pause();
	CHECK_OK(getitimer(ITIMER_REAL, &now));
	CHECK_EQ(now.it_interval.tv_usec, 10000);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_usec <= 10000);
	CHECK_OK(setitimer(ITIMER_REAL, &none, &now));
	CHECK_EQ(now.it_interval.tv_usec, 10000);
	CHECK_OK(getitimer(ITIMER_REAL, &now));
	CHECK_EQ(now.it_value.tv_usec, 0);
}

TEST(interval_timer_errors)
{
	struct itimerval t = { { 0, 0 }, { 0, 1000000 } };

	CHECK_ERRNO(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
	t.it_value.tv_usec = -1;
	CHECK_ERRNO(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
	t.it_value.tv_usec = 1;
	CHECK_ERRNO(setitimer(3, &t, NULL), EINVAL);
	CHECK_ERRNO(getitimer(3, &t), EINVAL);
}

TEST(virtual_timer_counts_user_time)
{
	struct itimerval t = { { 0, 0 }, { 0, 50000 } };
	struct timespec before, after;

	catch(SIGVTALRM);
	CHECK_OK(setitimer(ITIMER_VIRTUAL, &t, NULL));
	ktap_sleep_ms(80); /* sleeping does not count */
	CHECK_EQ(caught, 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	while (!caught)
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	CHECK((after.tv_sec - before.tv_sec) * 1000 +
	      (after.tv_nsec - before.tv_nsec) / 1000000 >= 30);
}

TEST(prof_timer_counts_system_time_too)
{
	struct itimerval t = { { 0, 0 }, { 0, 50000 } };

	catch(SIGPROF);
	CHECK_OK(setitimer(ITIMER_PROF, &t, NULL));
	while (!caught)
		getppid();
	CHECK(clock() >= 40000);
}

TEST(children_have_no_timers)
{
	struct itimerval t = { { 0, 0 }, { 50, 0 } }, got;
	pid_t p;

	CHECK_OK(setitimer(ITIMER_VIRTUAL, &t, NULL));
	p = fork();
	if (p == 0) {
		CHECK_OK(getitimer(ITIMER_VIRTUAL, &got));
		CHECK(got.it_value.tv_sec == 0 && got.it_value.tv_usec == 0);
		_exit(0);
	}
	CHECK_CHILD(p);
}

/* --- POSIX timers ------------------------------------------------------------------ */

static timer_t make(clockid_t clock, int notify, int sig)
{
	struct sigevent ev = { .sigev_notify = notify, .sigev_signo = sig };
	timer_t id;

	CHECK_OK(timer_create(clock, &ev, &id));
	return id;
}

static void set(timer_t id, int value_ms, int interval_ms)
{
	struct itimerspec t = { ms(interval_ms), ms(value_ms) };

	CHECK_OK(timer_settime(id, 0, &t, NULL));
}

TEST(timer_fires_once)
{
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	struct itimerspec now;

	catch(SIGUSR1);
	set(id, 20, 0);
	while (!caught)
		pause();
	CHECK_OK(timer_gettime(id, &now));
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
	ktap_sleep_ms(60);
	CHECK_EQ(caught, 1);
	CHECK_OK(timer_delete(id));
	/* the C library's own gives -22 */
	CHECK_ERRNO(syscall(SYS_timer_delete, id), EINVAL);
}

TEST(default_event_is_sigalrm)
{
	struct itimerspec t = { .it_value = ms(10) };
	timer_t id;

	catch(SIGALRM);
	CHECK_OK(timer_create(CLOCK_REALTIME, NULL, &id));
	CHECK_OK(timer_settime(id, 0, &t, NULL));
	while (!caught)
		ktap_sleep_ms(1);
	CHECK_EQ(last, SIGALRM);
}

TEST(timer_gettime_counts_down)
{
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	struct itimerspec now;

	set(id, 5000, 7000);
	ktap_sleep_ms(20);
	CHECK_OK(timer_gettime(id, &now));
	CHECK_EQ(now.it_value.tv_sec, 4);
	CHECK(now.it_value.tv_nsec < 981000000);
	CHECK_EQ(now.it_interval.tv_sec, 7);
	set(id, 0, 0);
	CHECK_OK(timer_gettime(id, &now));
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
}

/* While the signal is blocked, expirations are counted. */
TEST(overrun_counts_what_was_missed)
{
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	sigset_t s;
	int n;

	catch(SIGUSR1);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigprocmask(SIG_BLOCK, &s, NULL);
	set(id, 10, 10);
	ktap_sleep_ms(105);
	sigprocmask(SIG_UNBLOCK, &s, NULL);
	n = timer_getoverrun(id);
	CHECK_EQ(caught, 1);
	CHECK(overruns >= 8);
	CHECK(n == overruns);
	set(id, 0, 0);
}

/* Linux is busy with nothing else then, unless it is patient. */
TEST(an_interval_of_a_nanosecond_does_no_harm)
{
	int least = on_brig() ? 1 : 1000000;
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	struct itimerspec t = { { 0, least }, { 0, 1 } }, none = { 0 };

	catch(SIGUSR1);
	CHECK_OK(timer_settime(id, 0, &t, NULL));
	hang_about(50);
	CHECK_OK(timer_settime(id, 0, &none, NULL));
	CHECK(caught > 0);
	CHECK_OK(timer_delete(id));
}

TEST(absolute_timers)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };

	catch(SIGUSR1);
	for (int i = 0; i < 2; i++) {
		timer_t id = make(clocks[i], SIGEV_SIGNAL, SIGUSR1);
		struct itimerspec t = { 0 };

		t.it_value.tv_nsec = 1; /* in the past: at once */
		caught = 0;
		CHECK_OK(timer_settime(id, TIMER_ABSTIME, &t, NULL));
		while (!caught)
			ktap_sleep_ms(1);
		clock_gettime(clocks[i], &t.it_value);
		t.it_value.tv_sec += 998;
		CHECK_OK(timer_settime(id, TIMER_ABSTIME, &t, NULL));
		CHECK_OK(timer_gettime(id, &t));
		CHECK(t.it_value.tv_sec >= 990 && t.it_value.tv_sec <= 998);
		CHECK_OK(timer_delete(id));
	}
}

TEST(deleting_takes_back_the_signal)
{
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	sigset_t s, pending;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigprocmask(SIG_BLOCK, &s, NULL);
	set(id, 1, 0);
	ktap_sleep_ms(20);
	sigpending(&pending);
	CHECK(sigismember(&pending, SIGUSR1));
	CHECK_OK(timer_delete(id));
}

TEST(a_cpu_timer_fires_when_time_is_used)
{
	timer_t id = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1);

	catch(SIGUSR1);
	set(id, 30, 0);
	ktap_sleep_ms(60);
	CHECK_EQ(caught, 0);
	while (!caught)
		;
	CHECK(clock() >= 25000);
}

TEST(a_signal_to_one_thread)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID,
			       .sigev_signo = SIGUSR1 };
	timer_t id;

	catch(SIGUSR1);
	ev.sigev_notify_thread_id = syscall(SYS_gettid);
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_notify_thread_id = 1;
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), EINVAL);
}

TEST(posix_timer_errors)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 };
	struct itimerspec t = { .it_value = { 0, 1000000000 } };
	timer_t id;

	CHECK_ERRNO(timer_create(CLOCK_MONOTONIC, &ev, &id), EINVAL);
	ev.sigev_signo = SIGUSR1;
	ev.sigev_notify = 9;
	CHECK_ERRNO(timer_create(CLOCK_MONOTONIC, &ev, &id), EINVAL);
	CHECK_ERRNO(timer_create(99, NULL, &id), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, 16, &id), EFAULT);
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 16), EFAULT);
	id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	CHECK_ERRNO(timer_settime(id, 0, &t, NULL), EINVAL);
	CHECK_ERRNO(syscall(409, id, 0, NULL, NULL), EINVAL);
	CHECK_ERRNO(timer_gettime((timer_t)12345, &t), EINVAL);
	CHECK_ERRNO(timer_getoverrun((timer_t)12345), EINVAL);
}

TEST(many_timers)
{
	enum { N = 200 };
	timer_t id[N];

	catch(SIGRTMIN);
	for (int i = 0; i < N; i++) {
		id[i] = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN);
		set(id[i], 1 + i % 20, 0);
	}
	while (caught < N)
		ktap_sleep_ms(1);
	for (int i = 0; i < N; i++)
		CHECK_OK(timer_delete(id[i]));
	CHECK_EQ(caught, N);
}

TEST(exec_and_fork_have_no_posix_timers)
{
	timer_t id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	struct itimerspec t;
	pid_t p = fork();

	if (p == 0) {
		CHECK_ERRNO(timer_gettime(id, &t), EINVAL);
		_exit(0);
	}
	CHECK_CHILD(p);
}
