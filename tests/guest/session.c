/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - sessions, process groups, and what setpgid refuses. */
#include "ktap.h"

/* A child that waits, in the group of its parent. */
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

/* Runs f in a child, in which it must succeed. */
static void in_child(void (*f)(void))
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		f();
		_exit(0);
	}
	CHECK_CHILD(p);
}

TEST(a_test_leads_its_group)
{
	CHECK_EQ(getpgrp(), getpid());
	CHECK_EQ(getpgid(0), getpid());
	CHECK_EQ(getsid(0), getsid(getppid()));
	CHECK(getsid(0) != getpid());
}

static void new_session(void)
{
	CHECK_EQ(setsid(), getpid());
	CHECK_EQ(getsid(0), getpid());
	CHECK_EQ(getpgrp(), getpid());
	CHECK_ERRNO(setsid(), EPERM); /* leads a group now */
	CHECK_ERRNO(setpgid(0, 0), EPERM); /* leads a session */
	CHECK(open("/dev/tty", O_RDWR) < 0);
	CHECK_EQ(errno, ENXIO);
}

TEST(setsid_makes_a_session)
{
	in_child(new_session);
}

TEST(a_group_leader_may_not_setsid)
{
	CHECK_ERRNO(setsid(), EPERM);
}

TEST(children_inherit_group_and_session)
{
	pid_t p = sleeper();

	CHECK_EQ(getpgid(p), getpgrp());
	CHECK_EQ(getsid(p), getsid(0));
	end(p);
}

TEST(setpgid_moves_a_child)
{
	pid_t a = sleeper(), b = sleeper();

	CHECK_OK(setpgid(a, a));
	CHECK_EQ(getpgid(a), a);
	CHECK_OK(setpgid(b, a));
	CHECK_EQ(getpgid(b), a);
	CHECK_OK(setpgid(b, 0));
	CHECK_EQ(getpgid(b), b);
	CHECK_OK(setpgid(b, getpgrp()));
	CHECK_EQ(getpgid(b), getpgrp());
	end(a);
	end(b);
}

TEST(setpgid_errors)
{
	pid_t p = sleeper();

	CHECK_ERRNO(setpgid(p, -1), EINVAL);
	CHECK_ERRNO(setpgid(-1, 0), EINVAL);
	CHECK_ERRNO(setpgid(-1, 1), ESRCH);
	CHECK_ERRNO(setpgid(getppid(), 0), ESRCH); /* neither me nor a child */
	CHECK_ERRNO(setpgid(1, 0), ESRCH);
	CHECK_ERRNO(setpgid(p, 0x7fffff), EPERM); /* no such group */
	CHECK_ERRNO(setpgid(p, getppid() == 1 ? 0x7ffff0 : 1), EPERM);
	CHECK_ERRNO(setpgid(0x7fffff, 0), ESRCH);
	end(p);
}

TEST(setpgid_after_exec_is_eacces)
{
	int fd[2], in[2];
	char c;
	pid_t p;

	CHECK_OK(pipe(fd));
	CHECK_OK(pipe(in));
	p = fork();
	if (p == 0) {
		dup2(in[0], 0);
		dup2(fd[1], 1);
		execl("/bin/sh", "sh", "-c", "echo x; read y; read z", (char *)0);
		_exit(127);
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_ERRNO(setpgid(p, p), EACCES);
	CHECK_ERRNO(setpgid(p, getpgrp()), EACCES);
	end(p);
}

TEST(setpgid_of_another_session_is_eperm)
{
	int fd[2];
	char c;
	pid_t p;

	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		setsid();
		(void)!write(fd[1], "s", 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_ERRNO(setpgid(p, 0), EPERM);
	CHECK_ERRNO(setpgid(0, p), EPERM);
	end(p);
}

TEST(a_dead_group_is_no_group)
{
	pid_t a = sleeper(), b = sleeper();

	CHECK_OK(setpgid(a, a));
	end(a);
	CHECK_ERRNO(setpgid(b, a), EPERM);
	CHECK_ERRNO(kill(-a, 0), ESRCH);
	end(b);
}

TEST(a_group_outlives_its_leader)
{
	pid_t a = sleeper(), b = sleeper(), c = sleeper();

	CHECK_OK(setpgid(a, a));
	CHECK_OK(setpgid(b, a));
	end(a);
	CHECK_EQ(getpgid(b), a);
	CHECK_OK(kill(-a, 0));
	CHECK_OK(setpgid(c, a));
	CHECK_EQ(getpgid(c), a);
	end(b);
	end(c);
}

TEST(a_zombie_leader_keeps_its_group)
{
	pid_t a = fork(), b = sleeper();
	siginfo_t info;

	if (a == 0)
		_exit(0);
	CHECK_OK(waitid(P_PID, a, &info, WEXITED | WNOWAIT));
	CHECK_OK(setpgid(a, a));
	CHECK_OK(setpgid(b, a));
	CHECK_EQ(getpgid(b), a);
	CHECK_CHILD(a);
	CHECK_OK(kill(-a, SIGKILL));
	CHECK_EQ(ktap_wait(b), SIGKILL);
}

TEST(ids_of_nobody_are_esrch)
{
	CHECK_ERRNO(getpgid(0x7fffff), ESRCH);
	CHECK_ERRNO(getsid(0x7fffff), ESRCH);
	CHECK_ERRNO(getpgid(-1), ESRCH);
	CHECK_ERRNO(getsid(-1), ESRCH);
}

TEST(a_signal_to_a_group_reaches_all_of_it)
{
	pid_t a = sleeper(), b = sleeper(), c = sleeper();
	int status;

	CHECK_OK(setpgid(a, a));
	CHECK_OK(setpgid(b, a));
	CHECK_OK(kill(-a, SIGTERM));
	CHECK_EQ(ktap_wait(a), SIGTERM);
	CHECK_EQ(ktap_wait(b), SIGTERM);
	CHECK_EQ(waitpid(c, &status, WNOHANG), 0);
	end(c);
}

static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

static void kill_own_group(void)
{
	pid_t p = sleeper();

	signal(SIGTERM, note);
	CHECK_OK(kill(0, SIGTERM));
	CHECK_EQ(caught, SIGTERM);
	CHECK_EQ(ktap_wait(p), SIGTERM);
}

static void group_alone(void)
{
	CHECK_OK(setpgid(0, 0));
	kill_own_group();
}

TEST(kill_zero_is_the_own_group)
{
	in_child(group_alone);
}

/* --- stopping and continuing ------------------------------------------------ */

/* Waits until p stops, by which signal. */
static int stopped_by(pid_t p)
{
	int status;

	CHECK_EQ(waitpid(p, &status, WUNTRACED), p);
	CHECK(WIFSTOPPED(status));
	return WSTOPSIG(status);
}

TEST(every_stop_signal_stops)
{
	static const int sig[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	pid_t p = sleeper();
	int status;

	setpgid(p, p);
	for (int i = 0; i < 4; i++) {
		CHECK_OK(kill(p, sig[i]));
		CHECK_EQ(stopped_by(p), sig[i]);
		CHECK_EQ(waitpid(p, &status, WUNTRACED | WNOHANG), 0);
		CHECK_OK(kill(p, SIGCONT));
		CHECK_EQ(waitpid(p, &status, WCONTINUED), p);
		CHECK(WIFCONTINUED(status));
		CHECK_EQ(waitpid(p, &status, WCONTINUED | WNOHANG), 0);
	}
	end(p);
}

TEST(a_stopped_process_does_nothing)
{
	int fd[2], status;
	char c;
	pid_t p;

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	p = fork();
	if (p == 0)
		for (;;) {
			(void)!write(fd[1], "x", 1);
			ktap_sleep_ms(1);
		}
	ktap_sleep_ms(10);
	kill(p, SIGSTOP);
	CHECK_EQ(stopped_by(p), SIGSTOP);
	while (read(fd[0], &c, 1) == 1)
		;
	ktap_sleep_ms(30);
	CHECK_ERRNO(read(fd[0], &c, 1), EAGAIN);
	/* but it can be killed, and other signals wait */
	kill(p, SIGUSR1);
	ktap_sleep_ms(10);
	CHECK_EQ(waitpid(p, &status, WNOHANG), 0);
	kill(p, SIGKILL);
	CHECK_EQ(ktap_wait(p), SIGKILL);
}

TEST(pending_signals_come_with_the_continue)
{
	pid_t p = sleeper();

	kill(p, SIGSTOP);
	CHECK_EQ(stopped_by(p), SIGSTOP);
	kill(p, SIGTERM);
	kill(p, SIGCONT);
	CHECK_EQ(ktap_wait(p), SIGTERM);
}

TEST(stop_and_continue_cancel_each_other)
{
	sigset_t set, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCONT, note);
	CHECK_OK(raise(SIGTSTP));
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGTSTP));
	CHECK_OK(raise(SIGCONT));
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGTSTP));
	CHECK(sigismember(&pending, SIGCONT));
	CHECK_OK(raise(SIGTSTP));
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGCONT));
	CHECK(sigismember(&pending, SIGTSTP));
	CHECK_OK(raise(SIGCONT));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK_EQ(caught, SIGCONT);
}

TEST(cont_continues_even_if_blocked_or_ignored)
{
	int status;
	pid_t p = fork();

	if (p == 0) {
		sigset_t set;

		sigfillset(&set);
		sigprocmask(SIG_BLOCK, &set, NULL);
		signal(SIGCONT, SIG_IGN);
		for (;;)
			pause();
	}
	ktap_sleep_ms(20);
	kill(p, SIGSTOP);
	CHECK_EQ(stopped_by(p), SIGSTOP);
	kill(p, SIGCONT);
	CHECK_EQ(waitpid(p, &status, WCONTINUED), p);
	end(p);
}

TEST(a_caught_tstp_does_not_stop)
{
	signal(SIGTSTP, note);
	CHECK_OK(raise(SIGTSTP));
	CHECK_EQ(caught, SIGTSTP);
	signal(SIGTTIN, SIG_IGN);
	CHECK_OK(raise(SIGTTIN));
}

/* In an orphaned group nobody would continue it: no stop but SIGSTOP. */
static void orphaned_stops(void)
{
	CHECK_OK(setsid());
	CHECK_OK(raise(SIGTSTP));
	CHECK_OK(raise(SIGTTIN));
	CHECK_OK(raise(SIGTTOU));
}

TEST(an_orphaned_group_is_not_stopped_by_the_terminal)
{
	in_child(orphaned_stops);
}

/* The parent of a stopped job ends: its group is told by HUP and CONT. */
TEST(a_stopped_group_that_is_orphaned_hears_of_it)
{
	int fd[2];
	char c[2] = { 0 };
	pid_t shell;

	CHECK_OK(pipe(fd));
	shell = fork();
	if (shell == 0) {
		pid_t job;

		setsid();
		job = fork();
		if (job == 0) {
			sigset_t none;

			setpgid(0, 0);
			signal(SIGHUP, note);
			sigemptyset(&none);
			raise(SIGSTOP);
			while (caught != SIGHUP)
				ktap_sleep_ms(1);
			(void)!write(fd[1], "h", 1);
			_exit(0);
		}
		setpgid(job, job);
		CHECK_EQ(stopped_by(job), SIGSTOP);
		_exit(0);
	}
	CHECK_CHILD(shell);
	CHECK_EQ(read(fd[0], c, 1), 1);
	CHECK_EQ(c[0], 'h');
}
