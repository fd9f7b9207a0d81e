/* SPDX-License-Identifier: BSD-2-Clause */
/* inet_tcp_rare.c - what programs seldom ask of TCP, and how it ends early */
#include "inet_tcp.h"

TEST(peek_waits_for_all)
{
	char text[8];
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "ab", 2), 2);
	if (!fork()) {
		usleep(100000);
		_exit(write(fd[0], "cd", 2) != 2);
	}
	CHECK_EQ(recv(fd[1], text, 4, MSG_PEEK | MSG_WAITALL), 4);
	CHECK_EQ(recv(fd[1], text, 8, 0), 4);
	CHECK(!memcmp(text, "abcd", 4));
}

/* It is no byte that a read gives. */
TEST(an_urgent_byte_alone)
{
	char text[8];
	int fd[2], n = -1;

	tcp_pair(fd);
	CHECK_EQ(send(fd[0], "!", 1, MSG_OOB), 1);
	CHECK_EQ(tcp_poll(fd[1], 1000) & POLLPRI, POLLPRI);
	CHECK_EQ(tcp_poll(fd[1], 0), POLLPRI | POLLOUT);
	CHECK_OK(ioctl(fd[1], FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_ERRNO(recv(fd[1], text, 8, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send(fd[0], "ab", 2, 0), 2);
	usleep(50000);
	CHECK(tcp_poll(fd[1], 0) & POLLIN);
	CHECK_OK(ioctl(fd[1], FIONREAD, &n));
	CHECK_EQ(n, 2);
	CHECK_EQ(send(fd[0], "!", 1, MSG_OOB), 1);
	CHECK_EQ(send(fd[0], "cd", 2, 0), 2);
	usleep(50000);
	CHECK_OK(ioctl(fd[1], FIONREAD, &n));
	CHECK_EQ(n, 2);				/* up to the mark */
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
	CHECK_OK(ioctl(fd[1], FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_EQ(recv(fd[1], text, 8, 0), 2);
}

/* Nobody answers the last of them: the line is full. */
TEST(shutdown_ends_a_connect)
{
	int s = tcp_server(0), fd[80], err = 0, n = -1, last = 0;
	socklen_t len = sizeof(err);
	struct sockaddr_in a;

	for (int i = 0; i < 80; i++) {
		fd[i] = tcp_socket();
		tcp_nonblock(fd[i]);
		CHECK_ERRNO(tcp_connect(fd[i], tcp_port(s)), EINPROGRESS);
		last = fd[i];
	}
	CHECK_EQ(tcp_poll(last, 100), 0);
	CHECK_OK(ioctl(last, TIOCOUTQ, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(shutdown(last, SHUT_WR));
	CHECK_OK(getsockopt(last, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, ECONNRESET);
	CHECK_EQ(tcp_poll(last, 0), POLLOUT | POLLHUP);
	a = tcp_addr(0);
	CHECK_OK(bind(last, (struct sockaddr *)&a, sizeof(a)));
}

TEST(who_is_cut_off_is_told)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	socklen_t len = sizeof(int);
	int fd[2], err = 0;

	tcp_pair(fd);
	CHECK_OK(connect(fd[0], &none, sizeof(none)));
	CHECK_OK(getsockopt(fd[0], SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, ECONNRESET);
}

/* Who had a connection gets no other before it says that it wants none. */
TEST(one_connection_for_a_socket)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct linger at_once = { 1, 0 };
	int fd[2], s = tcp_server(1);
	char c;

	tcp_pair(fd);
	CHECK_EQ(write(fd[1], "old", 3), 3);
	CHECK_OK(setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &at_once,
			    sizeof(at_once)));
	CHECK(tcp_poll(fd[0], 1000) & POLLIN);
	close(fd[1]);
	usleep(50000);
	CHECK_ERRNO(tcp_connect(fd[0], tcp_port(s)), EISCONN);
	CHECK_ERRNO(listen(fd[0], 1), EINVAL);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_OK(connect(fd[0], &none, sizeof(none)));
	CHECK_OK(tcp_connect(fd[0], tcp_port(s)));
	CHECK_EQ(recv(fd[0], &c, 1, MSG_DONTWAIT), -1);
}

TEST(accept_of_who_has_gone)
{
	struct linger at_once = { 1, 0 };
	int s = tcp_server(1), c = tcp_socket(), fd;
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);
	unsigned port;

	CHECK_OK(tcp_connect(c, tcp_port(s)));
	port = tcp_port(c);
	CHECK_OK(setsockopt(c, SOL_SOCKET, SO_LINGER, &at_once,
			    sizeof(at_once)));
	close(c);
	usleep(50000);
	fd = accept(s, (struct sockaddr *)&a, &len);
	CHECK_OK(fd);
	CHECK_EQ(len, sizeof(a));
	CHECK_EQ(a.sin_port, htons(port));
	CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&a, &len), ENOTCONN);
	CHECK_ERRNO(read(fd, &a, 1), ECONNRESET);
}
