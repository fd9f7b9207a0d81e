/* SPDX-License-Identifier: BSD-2-Clause */
/* signal.c - handlers, masks, interrupted calls. */
#include <sys/time.h>

#include "ktap.h"

static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

static void catch(int sig, int flags)
{
	struct sigaction a = { .sa_handler = note, .sa_flags = flags };

	CHECK_OK(sigaction(sig, &a, NULL));
}

static void alarm_in_ms(int ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
}

TEST(handler_runs)
{
	catch(SIGUSR1, 0);
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(caught, SIGUSR1);
}

TEST(blocked_signal_waits)
{
	sigset_t set, pending;

	catch(SIGUSR2, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(raise(SIGUSR2));
	CHECK_EQ(caught, 0);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR2));
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	CHECK_EQ(caught, SIGUSR2);
}

static siginfo_t story;

static void note_story(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught = sig;
	story = *info;
}

TEST(siginfo_names_the_sender)
{
	struct sigaction a = { .sa_sigaction = note_story,
			       .sa_flags = SA_SIGINFO };

	CHECK_OK(sigaction(SIGTERM, &a, NULL));
	CHECK_OK(kill(getpid(), SIGTERM));
	CHECK_EQ(caught, SIGTERM);
	CHECK_EQ(story.si_code, SI_USER);
	CHECK_EQ(story.si_pid, getpid());
}

TEST(fault_address_is_told)
{
	struct sigaction a = { .sa_sigaction = note_story,
			       .sa_flags = SA_SIGINFO };
	pid_t pid = fork();
	int status;

	CHECK_OK(pid);
	if (pid == 0) {
		a.sa_flags |= SA_RESETHAND;
		sigaction(SIGSEGV, &a, NULL);
		*(volatile int *)16 = 1;
		_exit(1);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

TEST(read_is_interrupted)
{
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	catch(SIGALRM, 0);
	alarm_in_ms(30);
	CHECK_ERRNO(read(fd[0], &c, 1), EINTR);
	CHECK_EQ(caught, SIGALRM);
}

TEST(read_restarts)
{
	int fd[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(fd));
	catch(SIGALRM, SA_RESTART);
	alarm_in_ms(30);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		ktap_sleep_ms(150);
		(void)!write(fd[1], "x", 1);
		_exit(0);
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(caught, SIGALRM);
	CHECK_CHILD(pid);
}

TEST(sigsuspend_swaps_the_mask)
{
	sigset_t block, none;

	catch(SIGUSR1, 0);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
	CHECK_OK(raise(SIGUSR1));
	CHECK_ERRNO(sigsuspend(&none), EINTR);
	CHECK_EQ(caught, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &none));
	CHECK(sigismember(&none, SIGUSR1));
}

TEST(kill_and_stop_cannot_be_caught)
{
	struct sigaction a = { .sa_handler = note };

	CHECK_ERRNO(sigaction(SIGKILL, &a, NULL), EINVAL);
	CHECK_ERRNO(sigaction(SIGSTOP, &a, NULL), EINVAL);
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
}

TEST(stop_and_continue)
{
	pid_t pid = fork();
	int status;

	CHECK_OK(pid);
	if (pid == 0)
		for (;;)
			pause();
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(WSTOPSIG(status), SIGSTOP);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	CHECK_OK(kill(pid, SIGKILL));
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
}

TEST(altstack_is_used)
{
	static char stack[65536];
	stack_t s = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction a = { .sa_sigaction = note_story,
			       .sa_flags = SA_SIGINFO | SA_ONSTACK };

	CHECK_OK(sigaltstack(&s, NULL));
	CHECK_OK(sigaction(SIGUSR1, &a, NULL));
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(caught, SIGUSR1);
	CHECK_OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, 0);
}
