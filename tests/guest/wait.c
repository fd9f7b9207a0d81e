/* SPDX-License-Identifier: BSD-2-Clause */
/* wait.c - wait4, waitpid, waitid: who may wait for whom, and what is told. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ktap.h"

static pid_t child_exits(int code)
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0)
		_exit(code);
	return p;
}

static pid_t child_pauses(void)
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0)
		for (;;)
			pause();
	return p;
}

/* Until the child has ended, without reaping it. */
static void wait_for_end(pid_t p)
{
	siginfo_t info;

	CHECK_OK(waitid(P_PID, p, &info, WEXITED | WNOWAIT));
}

TEST(nohang_without_news_is_zero)
{
	pid_t p = child_pauses();
	int status = 77;

	CHECK_EQ(waitpid(p, &status, WNOHANG), 0);
	CHECK_EQ(status, 77);
	kill(p, SIGKILL);
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_ERRNO(waitpid(p, &status, WNOHANG), ECHILD);
}

TEST(nobody_to_wait_for_is_echild)
{
	CHECK_ERRNO(wait(NULL), ECHILD);
	CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
	CHECK_ERRNO(waitpid(1, NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(getpid(), NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(0, NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(-getpgrp(), NULL, 0), ECHILD);
}

TEST(unknown_options_are_einval)
{
	siginfo_t info;
	pid_t p = child_exits(0);

	CHECK_ERRNO(waitpid(p, NULL, 0x100), EINVAL);
	CHECK_ERRNO(waitpid(p, NULL, WEXITED), EINVAL);
	CHECK_ERRNO(waitpid(p, NULL, WNOWAIT), EINVAL);
	CHECK_ERRNO(waitid(P_PID, p, &info, 0), EINVAL);
	CHECK_ERRNO(waitid(P_PID, p, &info, WNOHANG), EINVAL);
	CHECK_ERRNO(waitid(P_PID, p, &info, WEXITED | 0x100), EINVAL);
	CHECK_ERRNO(waitid(P_PID, 0, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PID, -1, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PGID, -1, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(17, 0, &info, WEXITED), EINVAL);
	CHECK_CHILD(p);
}

TEST(the_most_negative_pid_is_esrch)
{
	CHECK_ERRNO(waitpid((pid_t)0x80000000, NULL, 0), ESRCH);
}

TEST(exit_code_keeps_eight_bits)
{
	int status = ktap_wait(child_exits(0x1ff));

	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0xff);
	CHECK_EQ(status, 0xff00);
}

TEST(children_of_one_group)
{
	pid_t a = child_pauses(), b = child_exits(5);
	int status;

	CHECK_OK(setpgid(a, a));
	wait_for_end(b);
	CHECK_EQ(waitpid(-a, &status, WNOHANG), 0);
	CHECK_EQ(waitpid(0, &status, 0), b);
	CHECK_EQ(WEXITSTATUS(status), 5);
	CHECK_ERRNO(waitpid(0, &status, 0), ECHILD);
	kill(a, SIGTERM);
	CHECK_EQ(waitpid(-a, &status, 0), a);
	CHECK_EQ(WTERMSIG(status), SIGTERM);
	CHECK_ERRNO(waitpid(-a, &status, 0), ECHILD);
}

TEST(nowait_leaves_the_child)
{
	pid_t p = child_exits(9);
	siginfo_t info;

	for (int i = 0; i < 3; i++) {
		memset(&info, 0xff, sizeof(info));
		CHECK_OK(waitid(P_PID, p, &info, WEXITED | WNOWAIT));
		CHECK_EQ(info.si_signo, SIGCHLD);
		CHECK_EQ(info.si_errno, 0);
		CHECK_EQ(info.si_code, CLD_EXITED);
		CHECK_EQ(info.si_pid, p);
		CHECK_EQ(info.si_uid, getuid());
		CHECK_EQ(info.si_status, 9);
	}
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED));
	CHECK_EQ(info.si_pid, p);
	CHECK_ERRNO(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
}

TEST(waitid_tells_the_signal)
{
	pid_t p = child_pauses();
	siginfo_t info = { 0 };

	kill(p, SIGUSR1);
	CHECK_OK(waitid(P_PID, p, &info, WEXITED));
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGUSR1);
}

TEST(waitid_nohang_clears_the_story)
{
	pid_t p = child_pauses();
	siginfo_t info;

	memset(&info, 0xff, sizeof(info));
	CHECK_OK(waitid(P_PID, p, &info, WEXITED | WNOHANG));
	CHECK_EQ(info.si_signo, 0);
	CHECK_EQ(info.si_pid, 0);
	kill(p, SIGKILL);
	ktap_wait(p);
}

TEST(waitid_tells_stops_and_continues)
{
	pid_t p = child_pauses();
	siginfo_t info;

	CHECK_OK(kill(p, SIGSTOP));
	CHECK_OK(waitid(P_PID, p, &info, WSTOPPED | WNOWAIT));
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	CHECK_OK(waitid(P_PID, p, &info, WSTOPPED));
	info.si_pid = 1;
	CHECK_OK(waitid(P_PID, p, &info, WSTOPPED | WNOHANG));
	CHECK_EQ(info.si_pid, 0);
	CHECK_OK(kill(p, SIGCONT));
	CHECK_OK(waitid(P_PID, p, &info, WCONTINUED));
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK_EQ(info.si_status, SIGCONT);
	kill(p, SIGKILL);
	CHECK_OK(waitid(P_PID, p, &info, WEXITED));
	CHECK_EQ(info.si_code, CLD_KILLED);
}

/* A child whose end is told by another signal waits for __WCLONE. */
TEST(clone_children_are_apart)
{
	int status;
	pid_t p;

	signal(SIGUSR1, SIG_IGN);
	p = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
	CHECK_OK(p);
	if (p == 0)
		syscall(SYS_exit_group, 3);
	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
	CHECK_ERRNO(waitpid(p, &status, 0), ECHILD);
	CHECK_EQ(waitpid(p, &status, 0x80000000 /* __WCLONE */), p);
	CHECK_EQ(WEXITSTATUS(status), 3);

	p = child_exits(4);
	CHECK_ERRNO(waitpid(p, &status, 0x80000000), ECHILD);
	CHECK_EQ(waitpid(p, &status, 0x40000000 /* __WALL */), p);
	CHECK_EQ(WEXITSTATUS(status), 4);
}

TEST(ignored_sigchld_reaps)
{
	int status;
	pid_t p;

	signal(SIGCHLD, SIG_IGN);
	p = child_exits(1);
	CHECK_ERRNO(waitpid(p, &status, 0), ECHILD);
	CHECK_ERRNO(kill(p, 0), ESRCH);
}

static volatile sig_atomic_t told;

static void tell(int sig)
{
	(void)sig;
	told++;
}

TEST(nocldwait_tells_and_reaps)
{
	struct sigaction a = { .sa_handler = tell,
			       .sa_flags = SA_NOCLDWAIT | SA_RESTART };
	int status;
	pid_t p;

	CHECK_OK(sigaction(SIGCHLD, &a, NULL));
	p = child_exits(1);
	CHECK_ERRNO(waitpid(p, &status, 0), ECHILD);
	CHECK_EQ(told, 1);
}

/* What was a zombie before SIGCHLD was ignored stays one. */
TEST(ignoring_later_keeps_the_zombie)
{
	pid_t p = child_exits(6);

	wait_for_end(p);
	signal(SIGCHLD, SIG_IGN);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 6);
}

TEST(nocldstop_hides_stops_only)
{
	struct sigaction a = { .sa_handler = tell,
			       .sa_flags = SA_NOCLDSTOP | SA_RESTART };
	int status;
	pid_t p;

	CHECK_OK(sigaction(SIGCHLD, &a, NULL));
	p = child_pauses();
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &status, WUNTRACED), p);
	kill(p, SIGCONT);
	CHECK_EQ(waitpid(p, &status, WCONTINUED), p);
	CHECK_EQ(told, 0);
	kill(p, SIGKILL);
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK_EQ(told, 1);
}

TEST(a_zombie_can_be_signalled)
{
	pid_t p = child_exits(0);

	wait_for_end(p);
	CHECK_OK(kill(p, 0));
	CHECK_OK(kill(p, SIGKILL));
	CHECK_EQ(getpgid(p), getpgrp());
	CHECK_CHILD(p);
	CHECK_ERRNO(kill(p, 0), ESRCH);
	CHECK_ERRNO(getpgid(p), ESRCH);
}

TEST(usage_of_the_child_arrives)
{
	struct rusage r, before, after;
	pid_t p = fork();
	int status;

	if (p == 0) {
		static char block[8 << 20];
		volatile unsigned n = 0;
		clock_t end = clock() + CLOCKS_PER_SEC / 20;

		while (clock() < end)
			n++;
		memset(block, 1, sizeof(block));
		_exit(0);
	}
	getrusage(RUSAGE_CHILDREN, &before);
	memset(&r, 0, sizeof(r));
	CHECK_EQ(wait4(p, &status, 0, &r), p);
	getrusage(RUSAGE_CHILDREN, &after);
	CHECK(r.ru_utime.tv_sec * 1000000LL + r.ru_utime.tv_usec +
	      r.ru_stime.tv_sec * 1000000LL + r.ru_stime.tv_usec >= 40000);
	CHECK(after.ru_utime.tv_usec + after.ru_utime.tv_sec * 1000000LL >=
	      before.ru_utime.tv_usec + before.ru_utime.tv_sec * 1000000LL +
	      r.ru_utime.tv_usec);
	CHECK(r.ru_maxrss >= 6000); /* Linux counts in steps */
	CHECK(r.ru_minflt >= 256);
	CHECK(after.ru_maxrss >= r.ru_maxrss);
}

/* A thread may wait for the child of another thread: see pthread.c. A
 * grandchild is nobody's to wait for. */
TEST(grandchildren_are_not_ours)
{
	int fd[2];
	pid_t p, grandchild;

	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		grandchild = child_pauses();
		(void)!write(fd[1], &grandchild, sizeof(grandchild));
		pause();
		_exit(0);
	}
	CHECK_EQ(read(fd[0], &grandchild, sizeof(grandchild)), 4);
	CHECK_ERRNO(waitpid(grandchild, NULL, 0), ECHILD);
	kill(grandchild, SIGKILL);
	kill(p, SIGKILL);
	ktap_wait(p);
}

TEST(a_blocked_wait_sees_the_last_child_go)
{
	pid_t p = child_exits(0);
	int status;

	/* both ways round: the child is reaped by SIG_IGN while we wait */
	CHECK_CHILD(p);
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(50);
		_exit(0);
	}
	signal(SIGCHLD, SIG_IGN);
	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
}

TEST(many_zombies_come_in_any_order)
{
	enum { N = 200 };
	static pid_t pid[N];
	int seen = 0;

	for (int i = 0; i < N; i++)
		pid[i] = child_exits(i & 127);
	for (int i = N - 1; i >= 0; i -= 2) {
		int status = ktap_wait(pid[i]);

		CHECK_EQ(WEXITSTATUS(status), i & 127);
		seen++;
	}
	while (wait(NULL) > 0)
		seen++;
	CHECK_EQ(errno, ECHILD);
	CHECK_EQ(seen, N);
}
