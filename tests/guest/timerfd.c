/* SPDX-License-Identifier: BSD-2-Clause */
/* timerfd.c - timers as files. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "ktap.h"

static int make(int clock, int flags)
{
	int fd = timerfd_create(clock, flags);

	CHECK_OK(fd);
	return fd;
}

static struct itimerspec ms(int value, int interval)
{
	return (struct itimerspec){
		.it_value = { value / 1000, value % 1000 * 1000000L },
		.it_interval = { interval / 1000, interval % 1000 * 1000000L },
	};
}

static void set(int fd, int flags, struct itimerspec to)
{
	CHECK_OK(timerfd_settime(fd, flags, &to, NULL));
}

static uint64_t ticks(int fd)
{
	uint64_t n;

	CHECK_EQ(read(fd, &n, sizeof(n)), sizeof(n));
	return n;
}

TEST(runs_out_once)
{
	int fd = make(CLOCK_MONOTONIC, 0);
	long long start = ktap_ms();
	struct itimerspec now;
	uint64_t n;

	set(fd, 0, ms(50, 0));
	CHECK_OK(timerfd_gettime(fd, &now));
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0 &&
	      now.it_value.tv_nsec <= 50000000);
	CHECK_EQ(ticks(fd), 1);
	CHECK(ktap_ms() - start >= 49);
	CHECK_OK(timerfd_gettime(fd, &now));
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO(read(fd, &n, sizeof(n)), EAGAIN);
}

TEST(periodic_counts_what_was_missed)
{
	int fd = make(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec now, old, off = ms(0, 0);
	uint64_t n;

	set(fd, 0, ms(1, 1));
	ktap_sleep_ms(60);
	CHECK(ticks(fd) >= 50);
	CHECK_OK(timerfd_gettime(fd, &now));
	CHECK_EQ(now.it_interval.tv_nsec, 1000000);
	CHECK(now.it_value.tv_nsec <= 1000000);
	CHECK_OK(timerfd_settime(fd, 0, &off, &old));
	CHECK_EQ(old.it_interval.tv_nsec, 1000000);
	CHECK_ERRNO(read(fd, &n, sizeof(n)), EAGAIN);
}

/* The shortest period there is does not keep the machine busy. */
TEST(shortest_period)
{
	struct itimerspec to = { { 0, 1 }, { 0, 1 } };
	int fd = make(CLOCK_MONOTONIC, 0);

	set(fd, 0, to);
	ktap_sleep_ms(20);
	CHECK(ticks(fd) >= 10000000);
}

TEST(absolute_on_both_clocks)
{
	static const int clock[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };

	for (int i = 0; i < 3; i++) {
		int fd = make(clock[i], 0);
		struct itimerspec at = { { 0, 0 }, { 0, 0 } };
		struct timespec now;

		CHECK_OK(clock_gettime(clock[i], &at.it_value));
		at.it_value.tv_sec++;
		set(fd, TFD_TIMER_ABSTIME, at);
		CHECK_EQ(ticks(fd), 1);
		CHECK_OK(clock_gettime(clock[i], &now));
		CHECK(now.tv_sec > at.it_value.tv_sec ||
		      (now.tv_sec == at.it_value.tv_sec &&
		       now.tv_nsec >= at.it_value.tv_nsec));
		at.it_value = (struct timespec){ 0, 1 }; /* long ago: at once */
		set(fd, TFD_TIMER_ABSTIME, at);
		CHECK_EQ(ticks(fd), 1);
	}
}

TEST(poll_and_epoll)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 7 };
	int fd = make(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0);
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	CHECK_EQ(poll(&p, 1, 0), 0);
	set(fd, 0, ms(20, 0));
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	CHECK_EQ(ev.data.u32, 7);
	CHECK_EQ(ticks(fd), 1);
	CHECK_EQ(poll(&p, 1, 0), 0);
	set(fd, 0, ms(20, 20));
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(epoll_wait(ep, &ev, 1, 10000), 1);
		CHECK(ticks(fd) >= 1);
	}
}

TEST(survives_fork_and_closes)
{
	int fd = make(CLOCK_MONOTONIC, 0);
	pid_t pid;

	set(fd, 0, ms(50, 0));
	pid = fork();
	if (pid == 0)
		_exit(ticks(fd) == 1 ? 0 : 1);
	CHECK_CHILD(pid);
	set(fd, 0, ms(10, 0));
	CHECK_OK(close(fd)); /* armed */
	ktap_sleep_ms(30);
}

TEST(setting_the_clock)
{
	struct itimerspec at = { { 0, 0 }, { 0, 0 } };
	int fd, plain;
	struct timespec now;
	uint64_t n;

	if (!on_brig())
		SKIP("would change this machine's clock");
	fd = make(CLOCK_REALTIME, 0);
	plain = make(CLOCK_REALTIME, 0);
	CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
	at.it_value.tv_sec = now.tv_sec + 1000;
	set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, at);
	set(plain, TFD_TIMER_ABSTIME, at);
	now.tv_sec += 1000;
	CHECK_OK(clock_settime(CLOCK_REALTIME, &now));
	CHECK_ERRNO(read(fd, &n, sizeof(n)), ECANCELED);
	CHECK_EQ(ticks(plain), 1);
	now.tv_sec -= 1000;
	CHECK_OK(clock_settime(CLOCK_REALTIME, &now));
}

TEST(bad_arguments)
{
	struct itimerspec to = ms(1, 0), bad = { .it_value = { 0, 1000000000 } };
	int fd = make(CLOCK_MONOTONIC, TFD_CLOEXEC), fds[2];
	char small[4];

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(timerfd_create(99, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	CHECK_ERRNO(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(fd, 64, &to, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(-1, 0, &to, NULL), EBADF);
	CHECK_OK(pipe(fds));
	CHECK_ERRNO(timerfd_settime(fds[0], 0, &to, NULL), EINVAL);
	CHECK_ERRNO(timerfd_gettime(fds[0], &to), EINVAL);
	CHECK_ERRNO(read(fd, small, sizeof(small)), EINVAL);
	CHECK_ERRNO(write(fd, small, sizeof(small)), EINVAL);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 0);
}
