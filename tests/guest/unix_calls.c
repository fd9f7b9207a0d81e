/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_calls.c - the socket calls by socketcall(2), several messages in one
 * call, options, epoll. seconds: 60 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "unix.h"

static int s[2];

static void pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

static long socketcall(int call, long a, long b, long c, long d, long e, long f)
{
	long args[6] = { a, b, c, d, e, f };

	return syscall(SYS_socketcall, call, args);
}

/* All twenty, by their numbers. */
TEST(by_socketcall)
{
	struct sockaddr_un n, from;
	socklen_t len, from_len = sizeof(from);
	char buf[8];
	int l, c, a, v = 0;
	socklen_t size = sizeof(v);

	n = unix_addr("@brig-call", &len);
	l = socketcall(1, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK_OK(l);
	CHECK_OK(socketcall(2, l, (long)&n, len, 0, 0, 0));
	CHECK_OK(socketcall(4, l, 3, 0, 0, 0, 0));
	c = socketcall(1, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK_OK(socketcall(3, c, (long)&n, len, 0, 0, 0));
	a = socketcall(5, l, 0, 0, 0, 0, 0);
	CHECK_OK(a);
	CHECK_OK(socketcall(6, a, (long)&from, (long)&from_len, 0, 0, 0));
	CHECK_EQ(from_len, len);
	CHECK_OK(socketcall(7, c, (long)&from, (long)&from_len, 0, 0, 0));
	CHECK_EQ(socketcall(9, c, (long)"abc", 3, 0, 0, 0), 3);
	CHECK_EQ(socketcall(10, a, (long)buf, 8, 0, 0, 0), 3);
	CHECK_EQ(socketcall(11, c, (long)"abcd", 4, 0, 0, 0), 4);
	CHECK_EQ(socketcall(12, a, (long)buf, 8, 0, 0, 0), 4);
	CHECK_OK(socketcall(13, c, SHUT_WR, 0, 0, 0, 0));
	CHECK_EQ(socketcall(10, a, (long)buf, 8, 0, 0, 0), 0);
	v = 1;
	CHECK_OK(socketcall(14, c, SOL_SOCKET, SO_PASSCRED, (long)&v, 4, 0));
	CHECK_OK(socketcall(15, c, SOL_SOCKET, SO_TYPE, (long)&v, (long)&size, 0));
	CHECK_EQ(v, SOCK_STREAM);
	CHECK_OK(socketcall(3, socketcall(1, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0),
			    (long)&n, len, 0, 0, 0));
	a = socketcall(18, l, 0, 0, SOCK_CLOEXEC, 0, 0);
	CHECK_OK(a);
	CHECK_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
	CHECK_OK(socketcall(8, AF_UNIX, SOCK_DGRAM, 0, (long)s, 0, 0));
	CHECK_ERRNO(socketcall(0, 0, 0, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(socketcall(21, 0, 0, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_socketcall, 1, 16), EFAULT);
}

TEST(messages_by_socketcall)
{
	char buf[8];
	struct iovec io = { "abc", 3 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	struct mmsghdr mm[2] = { { .msg_hdr = m }, { .msg_hdr = m } };

	pair(SOCK_DGRAM);
	CHECK_EQ(socketcall(16, s[0], (long)&m, 0, 0, 0, 0), 3);
	CHECK_EQ(socketcall(20, s[0], (long)mm, 2, 0, 0, 0), 2);
	CHECK_EQ(mm[1].msg_len, 3);
	io = (struct iovec){ buf, 8 };
	CHECK_EQ(socketcall(17, s[1], (long)&m, 0, 0, 0, 0), 3);
	CHECK_EQ(socketcall(19, s[1], (long)mm, 2, 0, 0, 0), 2);
}

TEST(several_messages)
{
	char text[6][8], buf[6][8];
	struct iovec out[6], in[6];
	struct mmsghdr m[6];
	struct { int sec, ns; } t = { 0, 50000000 };

	memset(m, 0, sizeof(m));
	pair(SOCK_DGRAM);
	for (int i = 0; i < 6; i++) {
		snprintf(text[i], 8, "n%d", i);
		out[i] = (struct iovec){ text[i], 1 + i };
		in[i] = (struct iovec){ buf[i], 8 };
		m[i].msg_hdr.msg_iov = &out[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK_EQ(syscall(SYS_sendmmsg, s[0], m, 3, 0), 3);
	CHECK_EQ(m[2].msg_len, 3);
	for (int i = 0; i < 6; i++)
		m[i].msg_hdr.msg_iov = &in[i];
	CHECK_EQ(syscall(SYS_recvmmsg, s[1], m, 6, MSG_DONTWAIT, NULL), 3);
	CHECK_EQ(m[0].msg_len, 1);
	CHECK_EQ(m[2].msg_len, 3);
	CHECK_ERRNO(syscall(SYS_recvmmsg, s[1], m, 6, MSG_DONTWAIT, NULL),
		    EAGAIN);
	CHECK_EQ(write(s[0], "a", 1), 1);
	CHECK_EQ(write(s[0], "b", 1), 1);
	CHECK_EQ(syscall(SYS_recvmmsg, s[1], m, 6, MSG_WAITFORONE, &t), 2);
	CHECK_EQ(write(s[0], "a", 1), 1);
	ktap_sleep_ms(10);
	t.sec = t.ns = 0;
	CHECK_EQ(syscall(SYS_recvmmsg, s[1], m, 6, 0, &t), 1);
	t.ns = -1;
	CHECK_ERRNO(syscall(SYS_recvmmsg, s[1], m, 6, 0, &t), EINVAL);
	/* an error behind a message that went is not told */
	m[1].msg_hdr.msg_iov = (void *)16;
	m[0].msg_hdr.msg_iov = &out[0];
	CHECK_EQ(syscall(SYS_sendmmsg, s[0], m, 2, 0), 1);
	CHECK_ERRNO(syscall(SYS_sendmmsg, s[0], m + 1, 1, 0), EFAULT);
	CHECK_EQ(syscall(SYS_sendmmsg, s[0], m, 0, 0), 0);
}

TEST(time64_of_recvmmsg)
{
	long long t[2] = { 0, 0 };
	char b;
	struct iovec io = { &b, 1 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &io,
					       .msg_iovlen = 1 } } };

	pair(SOCK_DGRAM);
	CHECK_EQ(write(s[0], "a", 1), 1);
	CHECK_EQ(syscall(417, s[1], m, 2, 0, t), 1);
}

TEST(options)
{
	int v, fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct { int on, seconds; } l = { 5, 7 };
	socklen_t len = 2;
	unsigned char two[2];

	CHECK_EQ(unix_option(fd, SO_TYPE), SOCK_SEQPACKET);
	CHECK_EQ(unix_option(fd, SO_DOMAIN), AF_UNIX);
	CHECK_EQ(unix_option(fd, SO_PROTOCOL), 0);
	CHECK_EQ(unix_option(socket(AF_UNIX, SOCK_STREAM, 1), SO_PROTOCOL), 0);
	CHECK_EQ(unix_option(fd, SO_ERROR), 0);
	CHECK_EQ(unix_option(fd, SO_ACCEPTCONN), 0);
	CHECK_EQ(unix_option(fd, SO_SNDBUF), 212992);
	CHECK_EQ(unix_option(fd, SO_RCVBUF), 212992);
	CHECK_EQ(unix_option(fd, SO_RCVLOWAT), 1);
	CHECK_EQ(unix_option(socket(AF_UNIX, SOCK_RAW, 0), SO_TYPE), SOCK_DGRAM);
	unix_set(fd, SO_SNDBUF, 10000);
	CHECK_EQ(unix_option(fd, SO_SNDBUF), 20000);
	unix_set(fd, SO_RCVBUF, 1);
	CHECK_EQ(unix_option(fd, SO_RCVBUF), 2304);
	unix_set(fd, SO_RCVBUF, 100000000);
	CHECK(unix_option(fd, SO_RCVBUF) >= 2 * 212992);
	CHECK_EQ(unix_option(fd, SO_SNDLOWAT), 1);
	unix_set(fd, SO_PRIORITY, 6);
	CHECK_EQ(unix_option(fd, SO_PRIORITY), 6);
	if (geteuid() == 0) {
		unix_set(fd, SO_SNDBUFFORCE, 1000000);
		CHECK_EQ(unix_option(fd, SO_SNDBUF), 2000000);
	}
	unix_set(fd, SO_REUSEADDR, 5);
	CHECK_EQ(unix_option(fd, SO_REUSEADDR), 1);
	unix_set(fd, SO_KEEPALIVE, 1);
	CHECK_EQ(unix_option(fd, SO_KEEPALIVE), 1);
	unix_set(fd, SO_BROADCAST, 1);
	CHECK_EQ(unix_option(fd, SO_BROADCAST), 1);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	len = sizeof(l);
	memset(&l, 0, sizeof(l));
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
	CHECK_EQ(l.on, 1);
	CHECK_EQ(l.seconds, 7);
	len = 2;
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, two, &len));
	CHECK_EQ(len, 2);
	CHECK_EQ(two[0], SOCK_SEQPACKET);
	v = 1;
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_TYPE, &v, 4), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_ERROR, &v, 4), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_PEERCRED, &v, 4), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &v, 3), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, (void *)1, 4), EFAULT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, 9999, &v, 4), ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, 9999, &v, &len), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, 6, 1, &v, 4), EOPNOTSUPP);
	CHECK_ERRNO(getsockopt(fd, 6, 1, &v, &len), EOPNOTSUPP);
	CHECK_ERRNO(getsockopt(fd, 6, 1, &v, (void *)1), EOPNOTSUPP);
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &v, &len),
		    ENOPROTOOPT);
	unix_set(fd, SO_RCVLOWAT, -1);
	CHECK_EQ(unix_option(fd, SO_RCVLOWAT), 0x7fffffff);
	unix_set(fd, SO_RCVLOWAT, 0);
	CHECK_EQ(unix_option(fd, SO_RCVLOWAT), 1);
	len = -1;
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, &v, &len), EINVAL);
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, &v, (void *)1), EFAULT);
}

/* Both widths of struct timeval. */
TEST(time_options)
{
	int narrow[2] = { 3, 500000 };
	long long wide[2] = { 0, 0 };
	socklen_t len = sizeof(wide);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_OK(syscall(SYS_setsockopt, fd, SOL_SOCKET, 20, narrow, 8));
	CHECK_OK(syscall(SYS_getsockopt, fd, SOL_SOCKET, 66, wide, &len));
	CHECK_EQ(len, 16);
	CHECK_EQ(wide[0], 3);
	CHECK_EQ(wide[1], 500000);
	wide[0] = 7, wide[1] = 0;
	CHECK_OK(syscall(SYS_setsockopt, fd, SOL_SOCKET, 67, wide, 16));
	len = 8;
	CHECK_OK(syscall(SYS_getsockopt, fd, SOL_SOCKET, 21, narrow, &len));
	CHECK_EQ(narrow[0], 7);
	CHECK_EQ(narrow[1], 0);
	narrow[1] = 1000000;
	CHECK_ERRNO(syscall(SYS_setsockopt, fd, SOL_SOCKET, 20, narrow, 8), EDOM);
	CHECK_ERRNO(syscall(SYS_setsockopt, fd, SOL_SOCKET, 20, narrow, 7),
		    EINVAL);
	narrow[0] = narrow[1] = 0;
	CHECK_OK(syscall(SYS_setsockopt, fd, SOL_SOCKET, 20, narrow, 8));
	len = 16;
	CHECK_OK(syscall(SYS_getsockopt, fd, SOL_SOCKET, 66, wide, &len));
	CHECK_EQ(wide[0], 0);
	CHECK_EQ(wide[1], 0);
}

static int waits(int ep, struct epoll_event *e, int ms)
{
	return epoll_wait(ep, e, 4, ms);
}

TEST(epoll_of_a_stream)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP };
	int ep = epoll_create1(0);
	char b;

	pair(SOCK_STREAM);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, s[0], &e));
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(e.events, EPOLLOUT);
	CHECK_EQ(write(s[1], "x", 1), 1);
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(e.events, EPOLLIN | EPOLLOUT);
	CHECK_EQ(read(s[0], &b, 1), 1);
	CHECK_OK(shutdown(s[1], SHUT_WR));
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(e.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	CHECK_OK(close(s[1]));
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(e.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	CHECK_OK(close(s[0]));
	CHECK_EQ(waits(ep, &e, 0), 0);
}

/* Each arrival is an edge. */
TEST(epoll_of_edges)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);
	char b;

	pair(SOCK_STREAM);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, s[0], &e));
	CHECK_EQ(waits(ep, &e, 0), 0);
	CHECK_EQ(write(s[1], "x", 1), 1);
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(waits(ep, &e, 0), 0);
	CHECK_EQ(write(s[1], "y", 1), 1);
	CHECK_EQ(waits(ep, &e, 0), 1);
	CHECK_EQ(read(s[0], &b, 1), 1);
	CHECK_EQ(waits(ep, &e, 0), 0);
}

TEST(poll_wakes)
{
	int l = unix_server(SOCK_STREAM, "@brig-wakes", 3);
	struct pollfd p = { l, POLLIN, 0 };
	static char buf[65536];
	pid_t pid = fork();
	int a;

	CHECK_OK(pid);
	if (pid == 0) {
		a = unix_client(SOCK_STREAM, "@brig-wakes");
		ktap_sleep_ms(50);
		CHECK_EQ(write(a, "x", 1), 1);
		ktap_sleep_ms(50);
		while (read(a, buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
	CHECK_EQ(poll(&p, 1, 5000), 1);
	a = accept(l, NULL, NULL);
	CHECK_OK(a);
	p.fd = a;
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_OK(fcntl(a, F_SETFL, O_NONBLOCK));
	while (write(a, buf, sizeof(buf)) > 0)
		;
	p.events = POLLOUT;
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLOUT);
	CHECK_OK(shutdown(a, SHUT_WR));
	CHECK_CHILD(pid);
	p.events = POLLIN;
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK(p.revents & POLLHUP);
}

/* A child has the same sockets; the end comes when both have closed. */
TEST(shared_by_fork)
{
	pid_t pid;
	char b;

	pair(SOCK_STREAM);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_EQ(write(s[1], "c", 1), 1);
		ktap_sleep_ms(100);
		_exit(0);
	}
	CHECK_EQ(write(s[1], "p", 1), 1);
	CHECK_OK(close(s[1]));
	CHECK_EQ(read(s[0], &b, 1), 1);
	CHECK_EQ(read(s[0], &b, 1), 1);
	CHECK_EQ(unix_events(s[0], POLLIN), 0);
	CHECK_EQ(read(s[0], &b, 1), 0);
	CHECK_CHILD(pid);
}
