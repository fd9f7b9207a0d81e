/* SPDX-License-Identifier: BSD-2-Clause */
/* inet_tcp.h - helpers for the tests of TCP over loopback */
#ifndef INET_TCP_H
#define INET_TCP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ktap.h"

static inline struct sockaddr_in tcp_addr(unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static inline int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_OK(fd);
	return fd;
}

static inline unsigned tcp_port(int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &n));
	CHECK_EQ(n, sizeof(a));
	return ntohs(a.sin_port);
}

/* A listener on a port of its own choice, on loopback. */
static inline int tcp_server(int backlog)
{
	struct sockaddr_in a = tcp_addr(0);
	int fd = tcp_socket();

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(listen(fd, backlog));
	return fd;
}

static inline int tcp_connect(int fd, unsigned port)
{
	struct sockaddr_in a = tcp_addr(port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

/* Two ends of a connection. */
static inline void tcp_pair(int fd[2])
{
	int s = tcp_server(5);

	fd[0] = tcp_socket();
	CHECK_OK(tcp_connect(fd[0], tcp_port(s)));
	fd[1] = accept(s, NULL, NULL);
	CHECK_OK(fd[1]);
	close(s);
}

static inline void tcp_nonblock(int fd)
{
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
}

static inline int tcp_poll(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };

	CHECK_OK(poll(&p, 1, ms));
	return p.revents;
}

static inline int tcp_option(int fd, int level, int name)
{
	int v = -1;
	socklen_t n = sizeof(v);

	CHECK_OK(getsockopt(fd, level, name, &v, &n));
	return v;
}

#endif
