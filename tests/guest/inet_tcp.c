/* SPDX-License-Identifier: BSD-2-Clause */
/* inet_tcp.c - TCP over loopback, as a program sees it */
#include <stdbool.h>

#include "inet_tcp.h"

TEST(connect_accept_echo)
{
	struct sockaddr_in a, b;
	socklen_t n = sizeof(a);
	char text[8] = "";
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(getpeername(fd[0], (struct sockaddr *)&a, &n));
	CHECK_OK(getsockname(fd[1], (struct sockaddr *)&b, &n));
	CHECK(!memcmp(&a, &b, sizeof(a)));
	CHECK_EQ(write(fd[0], "hello", 5), 5);
	CHECK_EQ(read(fd[1], text, sizeof(text)), 5);
	CHECK(!strcmp(text, "hello"));
	CHECK_EQ(write(fd[1], "hi", 2), 2);
	CHECK_EQ(read(fd[0], text, sizeof(text)), 2);
	close(fd[1]);
	CHECK_EQ(read(fd[0], text, sizeof(text)), 0);
}

TEST(nobody_listens)
{
	struct sockaddr_in any = tcp_addr(0);
	int s = tcp_server(1), fd = tcp_socket();
	unsigned port = tcp_port(s);

	close(s);
	CHECK_ERRNO(tcp_connect(fd, port), ECONNREFUSED);
	CHECK_EQ(tcp_poll(fd, 0), POLLOUT | POLLHUP);	/* as a new one */
	CHECK_ERRNO(recv(fd, &port, 1, 0), ENOTCONN);
	CHECK_OK(bind(fd, (struct sockaddr *)&any, sizeof(any)));
	CHECK_ERRNO(tcp_connect(fd, port), ECONNREFUSED);
}

TEST(a_listener_that_was_shut_down)
{
	int s = tcp_server(1);

	CHECK_OK(shutdown(s, SHUT_RD));
	CHECK_EQ(tcp_poll(s, 0), POLLOUT | POLLHUP);
	CHECK_ERRNO(accept(s, NULL, NULL), EINVAL);
	CHECK_OK(listen(s, 1));
	CHECK_EQ(tcp_poll(s, 0), 0);
}

TEST(bytes_that_were_left_are_not_of_the_next_connection)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char text[8];
	int fd[2], s = tcp_server(1);

	tcp_pair(fd);
	CHECK_EQ(write(fd[1], "old", 3), 3);
	CHECK(tcp_poll(fd[0], 1000) & POLLIN);
	CHECK_OK(connect(fd[0], &none, sizeof(none)));
	CHECK_OK(tcp_connect(fd[0], tcp_port(s)));
	CHECK_EQ(tcp_poll(fd[0], 0), POLLOUT);
	close(fd[1]);
	fd[1] = accept(s, NULL, NULL);
	CHECK_EQ(write(fd[1], "new", 3), 3);
	CHECK_EQ(recv(fd[0], text, 8, 0), 3);
	CHECK(!memcmp(text, "new", 3));
}

TEST(no_error_queue)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "ab", 2), 2);
	CHECK(tcp_poll(fd[1], 1000) & POLLIN);
	CHECK_ERRNO(recv(fd[1], text, 8, MSG_ERRQUEUE), EAGAIN);
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
}

static unsigned char byte_at(unsigned n)
{
	return n * 7 + (n >> 8) * 13 + (n >> 16);
}

static void fill(int fd, unsigned total)
{
	static unsigned char b[50000];

	for (unsigned at = 0, n; at < total; at += n) {
		int done;

		n = total - at < sizeof(b) ? total - at : sizeof(b);
		for (unsigned i = 0; i < n; i++)
			b[i] = byte_at(at + i);
		for (unsigned i = 0; i < n; i += done) {
			done = write(fd, b + i, n - i);
			if (done <= 0)
				_exit(1);
		}
	}
}

static void verify(int fd, unsigned total, unsigned step)
{
	static unsigned char b[65536];

	for (unsigned at = 0; at < total;) {
		int n = read(fd, b, step);

		CHECK(n > 0);
		for (int i = 0; i < n; i++)
			CHECK_EQ(b[i], byte_at(at + i));
		at += n;
	}
	CHECK_EQ(read(fd, b, 1), 0);
}

TEST_WITHIN(many_bytes_in_order, 60)
{
	enum { TOTAL = 8 << 20 };
	int fd[2], status;
	pid_t pid;

	tcp_pair(fd);
	pid = fork();
	if (!pid) {
		close(fd[1]);
		fill(fd[0], TOTAL);
		_exit(0);
	}
	close(fd[0]);
	verify(fd[1], TOTAL, 65536);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST_WITHIN(a_slow_reader_closes_the_window, 60)
{
	enum { TOTAL = 600000 };
	int fd[2];
	pid_t pid;

	tcp_pair(fd);
	pid = fork();
	if (!pid) {
		close(fd[1]);
		fill(fd[0], TOTAL);
		_exit(0);
	}
	close(fd[0]);
	usleep(1000000);
	verify(fd[1], TOTAL, 777);
}

TEST(half_close)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(shutdown(fd[0], SHUT_WR));
	CHECK_EQ(read(fd[1], text, sizeof(text)), 0);
	CHECK_EQ(tcp_poll(fd[1], 100), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(write(fd[1], "late", 4), 4);
	CHECK_EQ(read(fd[0], text, sizeof(text)), 4);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fd[0], "x", 1), EPIPE);
	close(fd[1]);
	CHECK_EQ(read(fd[0], text, sizeof(text)), 0);
	CHECK_ERRNO(shutdown(fd[0], SHUT_WR), ENOTCONN);
}

TEST(unread_data_at_close_is_a_reset)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "x", 1), 1);
	CHECK(tcp_poll(fd[1], 1000) & POLLIN);
	close(fd[1]);
	usleep(50000);
	CHECK_EQ(tcp_poll(fd[0], 1000),
		 POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	CHECK_ERRNO(read(fd[0], text, 1), ECONNRESET);
	CHECK_EQ(read(fd[0], text, 1), 0);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fd[0], "x", 1), EPIPE);
}

TEST(linger_zero_is_a_reset)
{
	struct linger l = { 1, 0 };
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(fd[1]);
	CHECK_ERRNO(read(fd[0], text, 1), ECONNRESET);
}

TEST(what_came_before_a_reset_is_read)
{
	struct linger l = { 1, 0 };
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[1], "abc", 3), 3);
	CHECK(tcp_poll(fd[0], 1000) & POLLIN);
	CHECK_OK(setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(fd[1]);
	usleep(50000);
	CHECK_EQ(tcp_option(fd[0], SOL_SOCKET, SO_ERROR), ECONNRESET);
	CHECK_EQ(read(fd[0], text, 8), 3);
	CHECK_EQ(read(fd[0], text, 8), 0);
}

TEST(connect_without_waiting)
{
	int s = tcp_server(5), fd = tcp_socket();

	tcp_nonblock(fd);
	CHECK_ERRNO(tcp_connect(fd, tcp_port(s)), EINPROGRESS);
	CHECK_EQ(tcp_poll(fd, 1000), POLLOUT);
	CHECK_EQ(tcp_option(fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK_OK(tcp_connect(fd, tcp_port(s)));
	CHECK_ERRNO(tcp_connect(fd, tcp_port(s)), EISCONN);
	CHECK_OK(accept(s, NULL, NULL));
}

TEST(connect_without_waiting_to_nobody)
{
	int s = tcp_server(5), fd = tcp_socket();
	unsigned port = tcp_port(s);

	close(s);
	tcp_nonblock(fd);
	CHECK_ERRNO(tcp_connect(fd, port), EINPROGRESS);
	CHECK(tcp_poll(fd, 1000) & POLLERR);
	CHECK_EQ(tcp_option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
}

TEST(accept_without_waiting)
{
	int s = tcp_server(5), fd;

	tcp_nonblock(s);
	CHECK_ERRNO(accept(s, NULL, NULL), EAGAIN);
	CHECK_EQ(tcp_poll(s, 0), 0);
	fd = tcp_socket();
	CHECK_OK(tcp_connect(fd, tcp_port(s)));
	CHECK_EQ(tcp_poll(s, 1000), POLLIN);
	CHECK_OK(accept(s, NULL, NULL));
	CHECK_ERRNO(accept(s, NULL, NULL), EAGAIN);
}

TEST(nothing_to_read_yet)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	tcp_nonblock(fd[0]);
	CHECK_ERRNO(read(fd[0], text, 1), EAGAIN);
	CHECK_EQ(tcp_poll(fd[0], 0), POLLOUT);
}

TEST(writes_until_it_is_full)
{
	static char b[65536];
	int fd[2], n = 0, total = 0, got = 0;

	tcp_pair(fd);
	tcp_nonblock(fd[0]);
	while ((n = write(fd[0], b, sizeof(b))) > 0)
		total += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(total > 60000);
	usleep(100000);
	while ((n = write(fd[0], b, sizeof(b))) > 0)
		total += n;
	CHECK(!(tcp_poll(fd[0], 0) & POLLOUT));
	while (got < total) {
		n = read(fd[1], b, sizeof(b));
		CHECK(n > 0);
		got += n;
	}
	CHECK_EQ(got, total);
	CHECK_EQ(tcp_poll(fd[0], 1000), POLLOUT);
}

TEST(epoll_edges)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP };
	int fd[2], ep = epoll_create1(0);
	char text[8];

	tcp_pair(fd);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 1000), 1);
	CHECK_EQ(ev.events, EPOLLIN);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 50), 0);
	CHECK_EQ(write(fd[1], "y", 1), 1);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 1000), 1);
	CHECK_EQ(read(fd[0], text, 8), 2);
	CHECK_OK(shutdown(fd[1], SHUT_WR));
	CHECK_EQ(epoll_wait(ep, &ev, 1, 1000), 1);
	CHECK_EQ(ev.events, EPOLLIN | EPOLLRDHUP);
}

TEST(peek_and_waitall)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "ab", 2), 2);
	CHECK_EQ(recv(fd[1], text, 8, MSG_PEEK), 2);
	if (!fork()) {
		usleep(100000);
		_exit(write(fd[0], "cd", 2) != 2);
	}
	CHECK_EQ(recv(fd[1], text, 4, MSG_WAITALL), 4);
	CHECK(!memcmp(text, "abcd", 4));
}

TEST(urgent_byte)
{
	char text[8];
	int fd[2], mark = -1;

	tcp_pair(fd);
	CHECK_ERRNO(recv(fd[1], text, 1, MSG_OOB), EINVAL);
	CHECK_EQ(send(fd[0], "ab!", 3, MSG_OOB), 3);
	CHECK_EQ(send(fd[0], "cd", 2, 0), 2);
	usleep(50000);
	CHECK(tcp_poll(fd[1], 1000) & POLLPRI);
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
	CHECK_OK(ioctl(fd[1], 0x8905, &mark));
	CHECK_EQ(mark, 1);
	CHECK_EQ(recv(fd[1], text, 1, MSG_OOB), 1);
	CHECK_EQ(text[0], '!');
	CHECK_ERRNO(recv(fd[1], text, 1, MSG_OOB), EINVAL);	/* it was read */
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
	CHECK(!memcmp(text, "cd", 2));
}

static volatile int urgent;

static void urgent_came(int sig)
{
	urgent = sig;
}

TEST(urgent_data_is_a_signal)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	signal(SIGURG, urgent_came);
	CHECK_EQ(send(fd[0], "x", 1, MSG_OOB), 1);
	usleep(50000);
	CHECK_EQ(urgent, 0);			/* nobody has asked for it */
	CHECK_EQ(recv(fd[1], text, 1, MSG_OOB), 1);
	CHECK_OK(fcntl(fd[1], F_SETOWN, getpid()));
	CHECK_EQ(send(fd[0], "y", 1, MSG_OOB), 1);
	usleep(50000);
	CHECK_EQ(urgent, SIGURG);
	urgent = 0;
	CHECK_OK(fcntl(fd[1], F_SETOWN, -getpgrp()));
	CHECK_EQ(send(fd[0], "z", 1, MSG_OOB), 1);
	usleep(50000);
	CHECK_EQ(urgent, SIGURG);
}

TEST(what_is_cut_off_is_passed_over)
{
	char text[8] = "";
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "abcdef", 6), 6);
	CHECK(tcp_poll(fd[1], 1000) & POLLIN);
	CHECK_EQ(recv(fd[1], NULL, 4, MSG_TRUNC), 4);
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
	CHECK(!strcmp(text, "ef"));
}

TEST(accept_deferred_until_data)
{
	int s = tcp_server(5), fd = tcp_socket(), v = 5;

	CHECK_OK(setsockopt(s, IPPROTO_TCP, TCP_DEFER_ACCEPT, &v, sizeof(v)));
	CHECK_OK(tcp_connect(fd, tcp_port(s)));
	CHECK_EQ(tcp_poll(s, 200), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(tcp_poll(s, 1000), POLLIN);
	CHECK_OK(accept(s, NULL, NULL));
}

TEST(both_connect_to_each_other)
{
	struct sockaddr_in a = tcp_addr(0);
	char text[4];
	int fd = tcp_socket();

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(tcp_connect(fd, tcp_port(fd)));	/* to itself */
	CHECK_EQ(write(fd, "me", 2), 2);
	CHECK_EQ(read(fd, text, 4), 2);
}

TEST(ports_are_taken)
{
	int s = tcp_server(5), t = tcp_socket(), on = 1;
	struct sockaddr_in a = tcp_addr(tcp_port(s));

	CHECK_ERRNO(bind(t, (struct sockaddr *)&a, sizeof(a)), EADDRINUSE);
	CHECK_OK(setsockopt(t, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_ERRNO(bind(t, (struct sockaddr *)&a, sizeof(a)), EADDRINUSE);
}

TEST(a_server_begins_again)
{
	int s = tcp_socket(), on = 1, fd, c;
	struct sockaddr_in a = tcp_addr(0);
	char text[4];

	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_OK(bind(s, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(listen(s, 5));
	a = tcp_addr(tcp_port(s));
	fd = tcp_socket();
	CHECK_OK(tcp_connect(fd, ntohs(a.sin_port)));
	c = accept(s, NULL, NULL);
	CHECK_OK(c);
	close(c);				/* here is the TIME-WAIT */
	CHECK_EQ(read(fd, text, 1), 0);
	close(fd);
	close(s);
	s = tcp_socket();
	CHECK_ERRNO(bind(s, (struct sockaddr *)&a, sizeof(a)), EADDRINUSE);
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_OK(bind(s, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(listen(s, 5));
}

/* SO_REUSEPORT: who connects is let in by one or the other. */
TEST_WITHIN(two_listeners_share_those_who_connect, 60)
{
	enum { CLIENTS = 64 };
	int on = 1, s[2], got[2] = { 0 };
	struct sockaddr_in a = tcp_addr(0);

	for (int i = 0; i < 2; i++) {
		s[i] = tcp_socket();
		CHECK_OK(setsockopt(s[i], SOL_SOCKET, SO_REUSEPORT, &on,
				    sizeof(on)));
		CHECK_OK(bind(s[i], (struct sockaddr *)&a, sizeof(a)));
		a = tcp_addr(tcp_port(s[0]));
		CHECK_OK(listen(s[i], CLIENTS));
	}
	for (int i = 0; i < CLIENTS; i++) {
		struct pollfd p[2] = { { s[0], POLLIN, 0 }, { s[1], POLLIN, 0 } };
		struct linger none = { 1, 0 };	/* no TIME_WAIT stays */
		int c = tcp_socket(), which;

		CHECK_OK(setsockopt(c, SOL_SOCKET, SO_LINGER, &none,
				    sizeof(none)));
		CHECK_OK(tcp_connect(c, tcp_port(s[0])));
		CHECK_EQ(poll(p, 2, 5000), 1);
		which = p[1].revents != 0;
		got[which]++;
		CHECK_OK(accept(s[which], NULL, NULL));
		close(c);
	}
	CHECK_EQ(got[0] + got[1], CLIENTS);
	if (got[0] < CLIENTS / 8 || got[1] < CLIENTS / 8)
		FAIL("%d and %d", got[0], got[1]);
}

TEST(a_stream_is_not_to_many)
{
	struct sockaddr_in a = tcp_addr(80);
	int fd = tcp_socket();

	a.sin_addr.s_addr = inet_addr("224.0.0.1");
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&a, sizeof(a)), ENETUNREACH);
	a.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&a, sizeof(a)), ENETUNREACH);
	CHECK_EQ(tcp_port(fd), 0);
}

/* A socket whose connect found the pair taken is as it was: it can listen. */
TEST(a_pair_is_taken)
{
	int s = tcp_server(5), fd[2], on = 1;
	unsigned there = tcp_port(s);
	struct sockaddr_in a = tcp_addr(0);
	socklen_t n = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_ANY);
	for (int i = 0; i < 2; i++) {
		fd[i] = tcp_socket();
		CHECK_OK(setsockopt(fd[i], SOL_SOCKET, SO_REUSEADDR, &on,
				    sizeof(on)));
		CHECK_OK(bind(fd[i], (struct sockaddr *)&a, sizeof(a)));
		a.sin_port = htons(tcp_port(fd[i]));
	}
	CHECK_OK(tcp_connect(fd[0], there));
	CHECK_ERRNO(tcp_connect(fd[1], there), EADDRNOTAVAIL);
	CHECK_OK(getsockname(fd[1], (struct sockaddr *)&a, &n));
	CHECK_EQ(a.sin_addr.s_addr, htonl(INADDR_ANY));
	close(fd[0]);
	close(accept(s, NULL, NULL));
	CHECK_OK(listen(fd[1], 1));
	CHECK_OK(tcp_connect(tcp_socket(), tcp_port(fd[1])));
}

TEST(backlog_and_close_of_a_listener)
{
	int s = tcp_server(4), fd[4];
	char text[4];

	for (int n = 0; n < 4; n++) {
		fd[n] = tcp_socket();
		CHECK_OK(tcp_connect(fd[n], tcp_port(s)));
	}
	close(s);
	for (int n = 0; n < 4; n++)
		CHECK_ERRNO(read(fd[n], text, 1), ECONNRESET);
}

TEST_WITHIN(many_connections, 60)
{
	int s = tcp_server(64);

	for (int n = 0; n < 500; n++) {
		int fd = tcp_socket(), c;
		char b = n, got = 0;

		CHECK_OK(tcp_connect(fd, tcp_port(s)));
		c = accept(s, NULL, NULL);
		CHECK_OK(c);
		CHECK_EQ(write(fd, &b, 1), 1);
		CHECK_EQ(read(c, &got, 1), 1);
		CHECK_EQ(got, b);
		close(fd);
		CHECK_EQ(read(c, &got, 1), 0);
		close(c);
	}
}

TEST(not_connected)
{
	char text[4];
	int fd = tcp_socket();

	signal(SIGPIPE, SIG_IGN);
	CHECK_EQ(tcp_poll(fd, 0), POLLOUT | POLLHUP);
	CHECK_ERRNO(read(fd, text, 1), ENOTCONN);
	CHECK_ERRNO(write(fd, text, 1), EPIPE);
	CHECK_ERRNO(shutdown(fd, SHUT_RDWR), ENOTCONN);
	CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
}

TEST(options)
{
	char name[16] = "";
	struct tcp_info info;
	socklen_t n = sizeof(info);
	int fd[2], v = 1;

	tcp_pair(fd);
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_NODELAY), 0);
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &v, sizeof(v)));
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_KEEPIDLE), 7200);
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_KEEPINTVL), 75);
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_KEEPCNT), 9);
	v = 0;
	CHECK_ERRNO(setsockopt(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, &v, sizeof(v)),
		  EINVAL);
	CHECK_ERRNO(setsockopt(fd[0], IPPROTO_TCP, 99, &v, sizeof(v)),
		  ENOPROTOOPT);
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT, &v,
			    sizeof(v)));
	v = -1;
	CHECK_ERRNO(setsockopt(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT, &v,
			       sizeof(v)), EINVAL);
	CHECK_ERRNO(setsockopt(fd[0], IPPROTO_TCP, TCP_MAXSEG, &v, sizeof(v)),
		    EINVAL);
	v = 1;
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_WINDOW_CLAMP, &v,
			    sizeof(v)));
	CHECK(tcp_option(fd[0], IPPROTO_TCP, TCP_WINDOW_CLAMP) >= 1024);
	CHECK_EQ(tcp_option(fd[0], IPPROTO_TCP, TCP_LINGER2), 60);
	CHECK_OK(getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &info, &n));
	CHECK_EQ(info.tcpi_state, 1);
	CHECK(info.tcpi_options & TCPI_OPT_TIMESTAMPS);
	CHECK(info.tcpi_options & TCPI_OPT_SACK);
	CHECK(info.tcpi_snd_cwnd >= 2);
	n = sizeof(name);
	CHECK_OK(getsockopt(fd[0], IPPROTO_TCP, TCP_CONGESTION, name, &n));
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
}

TEST(options_that_become_another_number)
{
	static const struct { int name, set, is; } rows[] = {
		/* rounded up to when a SYN-ACK is sent again: 1, 3, 7, ... */
		{ TCP_DEFER_ACCEPT, 1, 1 }, { TCP_DEFER_ACCEPT, 2, 3 },
		{ TCP_DEFER_ACCEPT, 3, 3 }, { TCP_DEFER_ACCEPT, 4, 7 },
		{ TCP_DEFER_ACCEPT, 64, 127 }, { TCP_DEFER_ACCEPT, 128, 247 },
		{ TCP_DEFER_ACCEPT, 1000000, 29887 },
		{ TCP_DEFER_ACCEPT, -1, 0 }, { TCP_DEFER_ACCEPT, 0, 0 },
		{ TCP_LINGER2, -7, -1 }, { TCP_LINGER2, 500, 120 },
		{ TCP_LINGER2, 5, 5 }, { TCP_LINGER2, 0, 60 },
		{ TCP_NODELAY, -1, 1 }, { TCP_CORK, 7, 1 },
		{ TCP_MAXSEG, 1000, 1000 }, { TCP_MAXSEG, 0, 536 },
	};
	struct ip_mreqn group = { { htonl(0xe0010203) }, { 0 }, 1 };
	int fd = tcp_socket(), v;

	for (unsigned n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		v = rows[n].set;
		CHECK_OK(setsockopt(fd, IPPROTO_TCP, rows[n].name, &v,
				    sizeof(v)));
		CHECK_EQ(tcp_option(fd, IPPROTO_TCP, rows[n].name),
			 rows[n].is);
	}
	v = 1;
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, sizeof(v)));
	CHECK_EQ(tcp_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_INFO, &v, sizeof(v)),
		    ENOPROTOOPT);
	CHECK_EQ(tcp_option(fd, IPPROTO_IP, IP_MTU_DISCOVER),
		 IP_PMTUDISC_WANT);
	CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group,
			       sizeof(group)), EPROTO);
}

TEST(cork_holds_back)
{
	char text[8];
	int fd[2], v = 1;

	tcp_pair(fd);
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_CORK, &v, sizeof(v)));
	CHECK_EQ(write(fd[0], "ab", 2), 2);
	usleep(20000);
	CHECK_EQ(tcp_poll(fd[1], 0), POLLOUT);
	v = 0;
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_CORK, &v, sizeof(v)));
	CHECK(tcp_poll(fd[1], 100) & POLLIN);
	CHECK_EQ(read(fd[1], text, 8), 2);
}

/* RFC 4022, by /proc/net/snmp. */
static long counter(const char *name)
{
	char names[512], values[512], *n, *v, *a, *b;
	FILE *f = fopen("/proc/net/snmp", "r");
	long found = -1;

	CHECK(f != NULL);
	while (fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		n = strtok_r(names, " \n", &a);
		v = strtok_r(values, " \n", &b);
		for (bool tcp = !strcmp(n, "Tcp:"); n && v;
		     n = strtok_r(NULL, " \n", &a),
		     v = strtok_r(NULL, " \n", &b))
			if (tcp && !strcmp(n, name))
				found = atol(v);
	}
	fclose(f);
	CHECK(found >= 0);
	return found;
}

TEST(connections_are_counted)
{
	long active = counter("ActiveOpens"), passive = counter("PassiveOpens");
	long fails = counter("AttemptFails"), resets = counter("EstabResets");
	int fd[2], other[2], none = tcp_server(1);
	struct linger l = { 1, 0 };
	unsigned port = tcp_port(none);

	tcp_pair(fd);
	CHECK(counter("CurrEstab") >= 2);
	CHECK_EQ(counter("ActiveOpens"), active + 1);
	CHECK_EQ(counter("PassiveOpens"), passive + 1);
	close(none);
	CHECK_ERRNO(tcp_connect(tcp_socket(), port), ECONNREFUSED);
	CHECK_EQ(counter("AttemptFails"), fails + 1);
	tcp_pair(other);
	CHECK_OK(setsockopt(other[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(other[0]);
	CHECK(tcp_poll(other[1], 1000) & POLLHUP);
	CHECK(counter("EstabResets") > resets);
}

/* tcp(7): what is held back for more goes after 200 ms. */
TEST(more_that_does_not_come_is_not_waited_for)
{
	char text[8];
	int fd[2], v = 1;

	tcp_pair(fd);
	CHECK_EQ(send(fd[0], "ab", 2, MSG_MORE), 2);
	usleep(20000);
	CHECK_EQ(tcp_poll(fd[1], 0), POLLOUT);
	CHECK_EQ(read(fd[1], text, 8), 2);
	CHECK_OK(setsockopt(fd[0], IPPROTO_TCP, TCP_CORK, &v, sizeof(v)));
	CHECK_EQ(write(fd[0], "cd", 2), 2);
	CHECK_EQ(read(fd[1], text, 8), 2);
}

TEST(proc_net_tcp_shows_it)
{
	static const char title[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr "
		"tm->when retrnsmt   uid  timeout inode";
	static char text[65536];
	char want[128];
	int s = tcp_server(5), fd = open("/proc/net/tcp", O_RDONLY);
	int n, total = 0;

	CHECK_OK(fd);
	while ((n = read(fd, text + total, sizeof(text) - 1 - total)) > 0)
		total += n;
	CHECK(!strncmp(text, title, strlen(title)));
	snprintf(want, sizeof(want), ": 0100007F:%04X 00000000:0000 0A "
		 "00000000:00000000 00:00000000 00000000 ", tcp_port(s));
	CHECK(strstr(text, want));
}
