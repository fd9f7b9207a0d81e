/* SPDX-License-Identifier: BSD-2-Clause */
/* signalfd.c - signals read from a file. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "ktap.h"

/* A file for the two signals, which are blocked. */
static int make(int a, int b, int flags)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, flags);
	CHECK_OK(fd);
	return fd;
}

TEST(reads_what_was_sent)
{
	int fd = make(SIGUSR1, SIGRTMIN, SFD_NONBLOCK);
	struct signalfd_siginfo info[4];

	CHECK_ERRNO(read(fd, info, sizeof(info)), EAGAIN);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(read(fd, info, sizeof(info)), sizeof(info[0]));
	CHECK_EQ(info[0].ssi_signo, SIGUSR1);
	CHECK_EQ(info[0].ssi_code, SI_USER);
	CHECK_EQ(info[0].ssi_pid, getpid());
	CHECK_EQ(info[0].ssi_uid, getuid());
	for (int i = 0; i < 3; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 70 + i }));
	CHECK_EQ(read(fd, info, sizeof(info)), 3 * sizeof(info[0]));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(info[i].ssi_signo, SIGRTMIN);
		CHECK_EQ(info[i].ssi_code, SI_QUEUE);
		CHECK_EQ(info[i].ssi_int, 70 + i);
	}
	CHECK_ERRNO(read(fd, info, sizeof(info)), EAGAIN);
	CHECK_ERRNO(read(fd, info, sizeof(info[0]) - 1), EINVAL);
}

TEST(waits_and_wakes)
{
	int fd = make(SIGUSR1, SIGCHLD, 0), status;
	struct signalfd_siginfo info;
	pid_t pid = fork();

	if (pid == 0) {
		ktap_sleep_ms(30);
		kill(getppid(), SIGUSR1);
		ktap_sleep_ms(30);
		_exit(3);
	}
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGUSR1);
	CHECK_EQ(info.ssi_pid, pid);
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGCHLD);
	CHECK_EQ(info.ssi_pid, pid);
	CHECK_EQ(info.ssi_code, CLD_EXITED);
	CHECK_EQ(info.ssi_status, 3);
	status = ktap_wait(pid);
	CHECK_EQ(WEXITSTATUS(status), 3);
}

TEST(poll_and_epoll)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN };
	struct pollfd p = { fd, POLLIN, 0 };
	struct signalfd_siginfo info;
	pid_t pid;

	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	for (int i = 0; i < 4; i++) {
		pid = fork();
		if (pid == 0) {
			ktap_sleep_ms(20);
			_exit(kill(getppid(), SIGUSR2) ? 1 : 0);
		}
		if (i & 1)
			CHECK_EQ(poll(&p, 1, 10000), 1);
		else
			CHECK_EQ(epoll_wait(ep, &ev, 1, 10000), 1);
		CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
		CHECK_EQ(info.ssi_pid, pid);
		CHECK_CHILD(pid);
	}
}

/* Each process reads its own, also from a file that it inherited, and the
 * file outlives those who have polled it. */
TEST(signals_of_the_reader)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN };
	struct pollfd p = { fd, POLLIN, 0 };
	struct signalfd_siginfo info;

	CHECK_OK(kill(getpid(), SIGUSR1));
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			int ep = epoll_create1(0);

			CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
			CHECK_EQ(poll(&p, 1, 0), 0);
			CHECK_OK(raise(SIGUSR2));
			CHECK_EQ(poll(&p, 1, 0), 1);
			CHECK_EQ(epoll_wait(ep, &ev, 1, 1000), 1);
			CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
			CHECK_EQ(info.ssi_signo, SIGUSR2);
			_exit(0);
		}
		CHECK_CHILD(pid);
	}
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGUSR1);
	CHECK_EQ(poll(&p, 1, 0), 0);
}

TEST(another_mask)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK | SFD_CLOEXEC), fds[2];
	struct signalfd_siginfo info;
	sigset_t set;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
	CHECK_OK(raise(SIGUSR1));
	CHECK_ERRNO(read(fd, &info, sizeof(info)), EAGAIN);
	CHECK_OK(raise(SIGUSR2));
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_OK(pipe(fds));
	CHECK_ERRNO(signalfd(fds[0], &set, 0), EINVAL);
	CHECK_ERRNO(signalfd(99, &set, 0), EBADF);
	CHECK_ERRNO(signalfd(-1, &set, 1), EINVAL);
	CHECK_ERRNO(write(fd, &info, sizeof(info)), EINVAL);
}

static void on_usr1(int sig)
{
	(void)sig;
}

/* A signal that is not in the set ends the wait as usual. */
TEST(interrupted)
{
	struct sigaction sa = { .sa_handler = on_usr1 };
	int fd = make(SIGUSR2, SIGRTMIN, 0);
	struct signalfd_siginfo info;

	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	CHECK_ERRNO(read(fd, &info, sizeof(info)), EINTR);
}
