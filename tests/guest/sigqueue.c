/* SPDX-License-Identifier: BSD-2-Clause */
/* sigqueue.c - what is pending, in which order it comes, and waiting for it. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ktap.h"

static int order[64], values[64];
static volatile int count;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (count < 64) {
		order[count] = sig;
		values[count] = info->si_value.sival_int;
	}
	count++;
}

static void catch(int sig, int flags)
{
	struct sigaction a = { .sa_sigaction = note,
			       .sa_flags = SA_SIGINFO | flags };

	sigfillset(&a.sa_mask);
	CHECK_OK(sigaction(sig, &a, NULL));
}

static sigset_t set_of(int sig)
{
	sigset_t s;

	sigemptyset(&s);
	if (sig)
		sigaddset(&s, sig);
	return s;
}

static void block_all(void)
{
	sigset_t s;

	sigfillset(&s);
	CHECK_OK(sigprocmask(SIG_SETMASK, &s, NULL));
}

static void unblock_all(void)
{
	sigset_t s = set_of(0);

	CHECK_OK(sigprocmask(SIG_SETMASK, &s, NULL));
}

static void queue(int sig, int value)
{
	CHECK_OK(sigqueue(getpid(), sig, (union sigval){ .sival_int = value }));
}

TEST(standard_signals_merge)
{
	catch(SIGUSR1, 0);
	block_all();
	for (int i = 0; i < 5; i++)
		queue(SIGUSR1, i + 1);
	unblock_all();
	CHECK_EQ(count, 1);
	CHECK_EQ(values[0], 1);
}

TEST(realtime_signals_queue_in_order)
{
	catch(SIGRTMIN, 0);
	block_all();
	for (int i = 0; i < 30; i++)
		queue(SIGRTMIN, i);
	unblock_all();
	CHECK_EQ(count, 30);
	for (int i = 0; i < 30; i++)
		CHECK_EQ(values[i], i);
}

TEST(lower_numbers_come_first)
{
	static const int sent[] = { 50, 40, 45, 12, 40, 10, 50 };
	static const int want[] = { 10, 12, 40, 40, 45, 50, 50 };

	for (int i = 0; i < 7; i++)
		catch(sent[i], 0);
	block_all();
	for (int i = 0; i < 7; i++)
		queue(sent[i], i);
	unblock_all();
	CHECK_EQ(count, 7);
	for (int i = 0; i < 7; i++)
		CHECK_EQ(order[i], want[i]);
}

TEST(a_threads_own_signals_come_before_the_process_s)
{
	catch(SIGUSR1, 0);
	catch(SIGUSR2, 0);
	block_all();
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR2));
	unblock_all();
	CHECK_EQ(count, 2);
	CHECK_EQ(order[0], SIGUSR2);
	CHECK_EQ(order[1], SIGUSR1);
}

TEST(one_for_the_process_and_one_for_the_thread)
{
	catch(SIGUSR1, 0);
	block_all();
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_OK(raise(SIGUSR1));
	unblock_all();
	CHECK_EQ(count, 2);
}

TEST(ignored_signals_are_not_kept)
{
	sigset_t pending;

	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(raise(SIGUSR1));
	catch(SIGUSR1, 0);
	CHECK_EQ(count, 0);
	/* blocked they are, until the ignoring is asked for */
	block_all();
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(raise(SIGCHLD));
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	CHECK(!sigismember(&pending, SIGCHLD));
}

TEST(pending_shows_only_blocked_ones)
{
	sigset_t pending, block = set_of(SIGUSR1);

	catch(SIGUSR1, 0);
	catch(SIGUSR2, 0);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	raise(SIGUSR2);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1));
	CHECK(!sigismember(&pending, SIGUSR2));
	CHECK_EQ(count, 1);
}

TEST(kill_and_stop_cannot_be_blocked)
{
	sigset_t now;

	block_all();
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(!sigismember(&now, SIGKILL));
	CHECK(!sigismember(&now, SIGSTOP));
	CHECK(sigismember(&now, SIGTERM));
}

TEST(sigprocmask_errors)
{
	unsigned long long set = 0;

	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 3, &set, NULL, 8), EINVAL);
	CHECK_OK(syscall(SYS_rt_sigprocmask, 3, NULL, &set, 8));
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 0, &set, NULL, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 0, 16, NULL, 8), EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, 10, NULL, NULL, 16), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigpending, &set, 9), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &set, 4), EINVAL);
}

TEST(kill_errors)
{
	CHECK_ERRNO(kill(getpid(), -1), EINVAL);
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(0x7fffff, 0), ESRCH);
	CHECK_ERRNO(kill(-0x7fffff, 0), ESRCH);
	CHECK_ERRNO(kill((int)0x80000000, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tkill, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, -5, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, 0, getpid(), 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, getppid(), getpid(), 0), ESRCH);
	CHECK_OK(syscall(SYS_tgkill, getpid(), getpid(), 0));
}

TEST(rt_sigqueueinfo_cannot_lie_to_others)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_USER;
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
	info.si_code = -6; /* SI_TKILL */
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
	info.si_code = SI_QUEUE;
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
	info.si_code = SI_USER; /* to itself anything goes */
	catch(SIGUSR1, 0);
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
	CHECK_EQ(count, 1);
}

TEST(the_queue_has_a_limit)
{
	struct rlimit r = { 10, 10 };
	union sigval v = { 0 };
	int n = 0;
	pid_t p = fork();

	if (p == 0) {
		if (geteuid() == 0)
			CHECK_OK(setuid(54322));
		CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &r));
		catch(SIGRTMIN, 0);
		block_all();
		while (n < 100 && sigqueue(getpid(), SIGRTMIN, v) == 0)
			n++;
		CHECK_EQ(errno, EAGAIN);
		CHECK(n >= 8 && n <= 10);
		CHECK_OK(kill(getpid(), SIGRTMIN)); /* kill always succeeds */
		CHECK_OK(kill(getpid(), SIGRTMIN + 1)); /* and is pending */
		unblock_all();
		_exit(1); /* SIGRTMIN + 1 has ended it */
	}
	CHECK_EQ(ktap_wait(p), SIGRTMIN + 1);
}

/* --- sigwait ------------------------------------------------------------------ */

static int timed_wait(sigset_t *set, siginfo_t *info, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	return sigtimedwait(set, info, &t);
}

TEST(sigtimedwait_takes_what_is_pending)
{
	sigset_t set = set_of(SIGUSR1), pending;
	siginfo_t info;

	block_all();
	queue(SIGUSR1, 42);
	CHECK_EQ(timed_wait(&set, &info, 0), SIGUSR1);
	CHECK_EQ(info.si_signo, SIGUSR1);
	CHECK_EQ(info.si_code, SI_QUEUE);
	CHECK_EQ(info.si_value.sival_int, 42);
	CHECK_EQ(info.si_pid, getpid());
	CHECK_EQ(info.si_uid, getuid());
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
}

TEST(sigtimedwait_times_out)
{
	sigset_t set = set_of(SIGUSR1);
	struct timespec bad = { 0, 1000000000 };
	long long before = ktap_ms();

	block_all();
	CHECK_ERRNO(timed_wait(&set, NULL, 0), EAGAIN);
	CHECK_ERRNO(timed_wait(&set, NULL, 40), EAGAIN);
	CHECK(ktap_ms() - before >= 39);
	CHECK_ERRNO(sigtimedwait(&set, NULL, &bad), EINVAL);
}

TEST(sigwait_sleeps_until_it_comes)
{
	sigset_t set = set_of(SIGRTMIN + 3);
	siginfo_t info;
	pid_t p;

	block_all();
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(30);
		sigqueue(getppid(), SIGRTMIN + 3, (union sigval){ .sival_int = 9 });
		_exit(0);
	}
	CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN + 3);
	CHECK_EQ(info.si_pid, p);
	CHECK_EQ(info.si_value.sival_int, 9);
	CHECK_CHILD(p);
}

TEST(sigwait_lets_other_handlers_run)
{
	sigset_t set = set_of(SIGUSR1), only = set_of(SIGUSR1);
	pid_t p, me = getpid();

	catch(SIGUSR2, SA_RESTART);
	sigprocmask(SIG_BLOCK, &only, NULL);
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(30);
		kill(me, SIGUSR2);
		_exit(0);
	}
	/* the C library's own tries again */
	CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8), EINTR);
	CHECK_EQ(count, 1);
	CHECK_CHILD(p);
}

TEST(sigwait_takes_sigchld_and_lowest_first)
{
	sigset_t set = set_of(SIGCHLD);
	siginfo_t info;
	pid_t p;

	block_all();
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGUSR1);
	raise(SIGUSR2);
	raise(SIGUSR1);
	CHECK_EQ(timed_wait(&set, &info, 0), SIGUSR1);
	CHECK_EQ(timed_wait(&set, &info, 0), SIGUSR2);
	p = fork();
	if (p == 0)
		_exit(33);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_pid, p);
	CHECK_EQ(info.si_status, 33);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 33);
}

static void *wait_thread(void *arg)
{
	sigset_t set = set_of(SIGUSR1);

	*(int *)arg = sigwaitinfo(&set, NULL);
	return NULL;
}

TEST(a_process_signal_goes_to_one_waiting_thread)
{
	pthread_t t[2];
	int got[2] = { 0 };

	block_all();
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, wait_thread, &got[i]);
	ktap_sleep_ms(30);
	CHECK_OK(kill(getpid(), SIGUSR1));
	ktap_sleep_ms(30);
	CHECK_EQ((got[0] == SIGUSR1) + (got[1] == SIGUSR1), 1);
	CHECK_OK(kill(getpid(), SIGUSR1));
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	CHECK_EQ(got[0] + got[1], 2 * SIGUSR1);
}

TEST(sigsuspend_runs_what_it_lets_in)
{
	sigset_t let = set_of(SIGUSR1), now;

	sigfillset(&let);
	sigdelset(&let, SIGUSR1);
	catch(SIGUSR1, SA_RESTART);
	catch(SIGUSR2, 0);
	block_all();
	raise(SIGUSR2);
	raise(SIGUSR1);
	CHECK_ERRNO(sigsuspend(&let), EINTR);
	CHECK_EQ(count, 1);
	CHECK_EQ(order[0], SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
}

TEST(exec_keeps_mask_and_pending)
{
	pid_t p = fork();
	sigset_t set = set_of(SIGTERM);

	if (p == 0) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGTERM);
		execl("/bin/grep", "grep", "-q", "^SigPnd:.*[4-7c-f]...$",
		      "/proc/self/status", (char *)0);
		_exit(127);
	}
	CHECK_CHILD(p);
}
