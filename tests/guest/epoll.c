/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll.c - epoll: level, edge, oneshot, nested, and what close does to it. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "files.h"

static int ep;
static struct epoll_event got[16];

static int add(int fd, unsigned events)
{
	struct epoll_event e = { events, { .u64 = 0x100000000ull + fd } };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static int change(int fd, unsigned events)
{
	struct epoll_event e = { events, { .u64 = 0x100000000ull + fd } };

	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
}

static int wait_for(int ms)
{
	return epoll_wait(ep, got, 16, ms);
}

static void begin(int fd[2])
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	CHECK_OK(ep);
	CHECK_OK(pipe2(fd, O_NONBLOCK));
}

TEST(level)
{
	int fd[2];
	char c;

	begin(fd);
	CHECK_EQ(fcntl(ep, F_GETFD), FD_CLOEXEC);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(write(fd[1], "xy", 2), 2);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(wait_for(-1), 1);
		CHECK_EQ(got[0].events, EPOLLIN);
		CHECK_EQ(got[0].data.u64, 0x100000000ull + fd[0]);
		CHECK_EQ(read(fd[0], &c, 1), 1);
	}
	CHECK_EQ(wait_for(0), 0);
	CHECK_OK(close(fd[1]));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(got[0].events, EPOLLHUP);
}

TEST(edge)
{
	int fd[2];
	char c;

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN | EPOLLET));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(1000), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(write(fd[1], "y", 1), 1);
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(wait_for(0), 0);
	/* Setting it anew looks anew. */
	CHECK_OK(change(fd[0], EPOLLIN | EPOLLET));
	CHECK_EQ(wait_for(0), 1);
}

TEST(edge_of_a_writer)
{
	static char buf[65536];
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[1], EPOLLOUT | EPOLLET));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(read(fd[0], buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(got[0].events, EPOLLOUT);
}

TEST(oneshot)
{
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN | EPOLLONESHOT));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(write(fd[1], "y", 1), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_OK(change(fd[0], EPOLLIN | EPOLLONESHOT));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(wait_for(0), 0);
}

TEST(errors_of_ctl)
{
	struct epoll_event e = { EPOLLIN, { 0 } };
	int fd[2];

	begin(fd);
	fresh();
	put("f", "");
	CHECK_ERRNO(add(open("f", O_RDONLY), EPOLLIN), EPERM);
	CHECK_ERRNO(add(open(".", O_RDONLY), EPOLLIN), EPERM);
	CHECK_ERRNO(add(999, EPOLLIN), EBADF);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_ERRNO(add(fd[0], EPOLLIN), EEXIST);
	CHECK_ERRNO(change(fd[1], EPOLLIN), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, fd[1], &e), ENOENT);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_DEL, fd[0], NULL));
	CHECK_ERRNO(add(ep, EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_ctl(fd[0], EPOLL_CTL_ADD, fd[1], &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, 77, fd[0], &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], (void *)16), EFAULT);
	CHECK_ERRNO(epoll_wait(ep, got, 0, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(ep, got, -1, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(fd[0], got, 1, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(999, got, 1, 0), EBADF);
	CHECK_ERRNO(epoll_create1(1), EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_create, 0), EINVAL);
	CHECK_OK(syscall(SYS_epoll_create, 1));
	CHECK_ERRNO(read(ep, got, 16), EINVAL);
}

TEST(close_takes_it_out)
{
	int fd[2], copy;

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 1);
	/* Another descriptor of the same opening keeps it in. */
	copy = dup(fd[0]);
	CHECK_OK(close(fd[0]));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(got[0].data.u64, 0x100000000ull + fd[0]);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, fd[0], NULL), EBADF);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL), ENOENT);
	CHECK_OK(close(copy));
	CHECK_EQ(wait_for(0), 0);
}

TEST(dup_is_another_entry)
{
	int fd[2], copy;

	begin(fd);
	copy = dup(fd[0]);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_OK(add(copy, EPOLLIN));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 2);
	CHECK(got[0].data.u64 != got[1].data.u64);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL));
	CHECK_EQ(wait_for(0), 1);
}

TEST(nested)
{
	int fd[2], inner, outer;
	struct epoll_event e = { EPOLLIN, { .fd = 5 } };

	begin(fd);
	inner = ep;
	CHECK_OK(add(fd[0], EPOLLIN));
	outer = epoll_create1(0);
	CHECK_OK(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &e));
	CHECK_EQ(epoll_wait(outer, got, 16, 0), 0);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(epoll_wait(outer, got, 16, 0), 1);
	CHECK_EQ(got[0].data.fd, 5);
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(got[0].data.u64, 0x100000000ull + fd[0]);
	struct pollfd p = { outer, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(read(fd[0], got, 1), 1);
	CHECK_EQ(epoll_wait(outer, got, 16, 0), 0);
	CHECK_EQ(poll(&p, 1, 0), 0);
	/* A ring of them is refused. */
	CHECK_ERRNO(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &e), ELOOP);
}

TEST(nested_too_deep)
{
	struct epoll_event e = { EPOLLIN, { .fd = 5 } };
	int chain[8], depth = 0;

	for (int i = 0; i < 8; i++)
		chain[i] = epoll_create1(0);
	while (depth < 7 &&
	       epoll_ctl(chain[depth + 1], EPOLL_CTL_ADD, chain[depth], &e) == 0)
		depth++;
	CHECK_EQ(errno, ELOOP);
	CHECK(depth >= 4 && depth < 7);
}

TEST(nested_wakes)
{
	struct epoll_event e = { EPOLLIN, { .fd = 5 } };
	int fd[2], outer = epoll_create1(0);

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_OK(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e));
	if (fork() == 0) {
		ktap_sleep_ms(40);
		(void)!write(fd[1], "x", 1);
		_exit(0);
	}
	CHECK_EQ(epoll_wait(outer, got, 16, 10000), 1);
}

TEST(wakes_and_times_out)
{
	long long t = ktap_ms();
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN));
	CHECK_EQ(wait_for(50), 0);
	CHECK(ktap_ms() - t >= 50);
	if (fork() == 0) {
		ktap_sleep_ms(40);
		(void)!write(fd[1], "x", 1);
		_exit(0);
	}
	CHECK_EQ(wait_for(10000), 1);
}

static void nothing(int number)
{
	(void)number;
}

TEST(signal_ends_it)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	sigset_t usr1, empty;
	int fd[2];

	begin(fd);
	sigaction(SIGUSR1, &sa, NULL);
	if (fork() == 0) {
		ktap_sleep_ms(40);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_ERRNO(wait_for(5000), EINTR);
	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	CHECK_EQ(wait_for(10), 0);
	CHECK_ERRNO(epoll_pwait(ep, got, 16, 5000, &empty), EINTR);
	CHECK_EQ(epoll_pwait(ep, got, 16, 0, &empty), 0);
}

TEST(many_are_served_in_turn)
{
	int fd[12], seen[12] = { 0 };

	ep = epoll_create1(0);
	for (int i = 0; i < 12; i++) {
		struct epoll_event e = { EPOLLIN, { .fd = i } };

		fd[i] = eventfd(1, 0);
		CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &e));
	}
	/* Each wait takes others: nobody starves. */
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(epoll_wait(ep, got, 3, 0), 3);
		for (int k = 0; k < 3; k++)
			seen[got[k].data.fd]++;
	}
	for (int i = 0; i < 12; i++)
		CHECK_EQ(seen[i], 1);
}

TEST(mod_wakes_a_waiter)
{
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[1], 0));
	if (fork() == 0) {
		ktap_sleep_ms(40);
		CHECK_OK(change(fd[1], EPOLLOUT));
		_exit(0);
	}
	CHECK_EQ(wait_for(10000), 1);
	CHECK_EQ(got[0].events, EPOLLOUT);
}

TEST(hangup_comes_unasked)
{
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[0], 0));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 0);
	CHECK_OK(close(fd[1]));
	CHECK_EQ(wait_for(0), 1);
	CHECK_EQ(got[0].events, EPOLLHUP);
}

TEST(many_files_at_once)
{
	enum { N = 300 };
	static int fd[N];
	uint64_t one = 1;

	ep = epoll_create1(0);
	for (int i = 0; i < N; i++) {
		struct epoll_event e = { EPOLLIN | EPOLLET, { .fd = i } };

		fd[i] = eventfd(0, EFD_NONBLOCK);
		CHECK_OK(fd[i]);
		CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &e));
	}
	for (int i = 0; i < N; i += 3)
		CHECK_EQ(write(fd[i], &one, 8), 8);
	for (int seen = 0; seen < N / 3;) {
		int n = wait_for(0);

		CHECK(n > 0);
		for (int k = 0; k < n; k++)
			CHECK_EQ(got[k].data.fd % 3, 0);
		seen += n;
	}
	CHECK_EQ(wait_for(0), 0);
	for (int i = 0; i < N; i += 2)
		CHECK_OK(close(fd[i]));
	CHECK_EQ(wait_for(0), 0);
	CHECK_EQ(write(fd[1], &one, 8), 8);
	CHECK_EQ(wait_for(0), 1);
}

TEST(closed_while_waited_on)
{
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN));
	if (fork() == 0) {
		/* The table is a copy: the parent's epoll lives on. */
		CHECK_OK(close(ep));
		CHECK_OK(close(fd[0]));
		_exit(0);
	}
	ktap_sleep_ms(30);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 1);
	CHECK_OK(close(ep));
	CHECK_EQ(read(fd[0], got, 1), 1);
}

TEST(exclusive_flag)
{
	int fd[2];

	begin(fd);
	CHECK_OK(add(fd[0], EPOLLIN | EPOLLEXCLUSIVE));
	CHECK_ERRNO(change(fd[0], EPOLLIN), EINVAL);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(wait_for(0), 1);
	CHECK_ERRNO(add(fd[1], EPOLLOUT | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
}
