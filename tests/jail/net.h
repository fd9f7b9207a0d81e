/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - addresses and sockets for the tests of jails' network. The jails'
 * addresses are aliases of lo.
 */
#ifndef JAIL_NET_H
#define JAIL_NET_H

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "jail_test.h"

static inline struct sockaddr_in net_at(const char *addr, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = inet_addr(addr);
	return a;
}

static inline int net_socket(int type)
{
	int fd = socket(AF_INET, type, 0), on = 1;

	CHECK_OK(fd);
	if (type == SOCK_STREAM)	/* others may still be in TIME_WAIT */
		CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
				    sizeof(on)));
	return fd;
}

static inline int net_bind(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = net_at(addr, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static inline int net_connect(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = net_at(addr, port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static inline int net_send(int fd, const char *text, const char *addr,
			   unsigned port)
{
	struct sockaddr_in a = net_at(addr, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a,
		      sizeof(a));
}

/* One that is bound and, if it can, listens. */
static inline int net_server(int type, const char *addr, unsigned port)
{
	int fd = net_socket(type);

	CHECK_OK(net_bind(fd, addr, port));
	if (type == SOCK_STREAM)
		CHECK_OK(listen(fd, 5));
	return fd;
}

/* A connection to there, or -1. */
static inline int net_client(const char *addr, unsigned port)
{
	int fd = net_socket(SOCK_STREAM), why;

	if (!net_connect(fd, addr, port))
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static inline void net_is(const struct sockaddr_in *a, const char *addr)
{
	if (a->sin_addr.s_addr != inet_addr(addr))
		FAIL("%s, not %s", inet_ntoa(a->sin_addr), addr);
}

static inline void net_has_name(int fd, const char *addr)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	net_is(&a, addr);
}

static inline void net_has_peer(int fd, const char *addr)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	CHECK_OK(getpeername(fd, (struct sockaddr *)&a, &len));
	net_is(&a, addr);
}

/* A connection waits at fd; it comes from addr. */
static inline int net_accept(int fd, const char *addr)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int c;

	CHECK_EQ(poll(&p, 1, 5000), 1);
	c = accept(fd, NULL, NULL);
	CHECK_OK(c);
	net_has_peer(c, addr);
	return c;
}

/* The next message is text, and comes from addr. */
static inline void net_gets(int fd, const char *text, const char *addr)
{
	struct timeval t = { 5, 0 };
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[32] = "";

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK(recvfrom(fd, buf, sizeof(buf) - 1, 0, (struct sockaddr *)&a,
		       &len) >= 0);
	if (strcmp(buf, text))
		FAIL("\"%s\" from %s", buf, inet_ntoa(a.sin_addr));
	net_is(&a, addr);
}

/* Neither a message nor a connection. */
static inline void net_gets_nothing(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 50), 0);
}

/* An ioctl of a label, by a socket that no jail is without; 0, or -1. */
static inline int net_ask(const char *label, unsigned what, const char *addr)
{
	struct ifreq r = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), n, why;

	strcpy(r.ifr_name, label);
	if (addr) {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = inet_addr(addr);
	}
	n = ioctl(fd, what, &r);
	why = errno;
	close(fd);
	errno = why;
	return n;
}

/* A server in a jail that sends its name to who connects, or writes. Its pid;
 * jid 0 is the host. */
static inline pid_t net_answering(int jid, const char *who, int type,
				  const char *addr, unsigned port)
{
	struct gate g = gate_new();
	pid_t pid = j_enter(jid, 0);

	if (pid == 0) {
		int fd = net_server(type, addr, port), c;

		CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
		gate_open(g);
		for (;;) {
			struct sockaddr_in a;
			socklen_t len = sizeof(a);
			char buf[8];

			if (type == SOCK_STREAM) {
				c = accept(fd, NULL, NULL);
				(void)!write(c, who, strlen(who));
				close(c);
			} else if (recvfrom(fd, buf, sizeof(buf), 0,
					    (struct sockaddr *)&a, &len) >= 0) {
				(void)!sendto(fd, who, strlen(who), 0,
					      (struct sockaddr *)&a, len);
			}
		}
	}
	gate_wait(g);
	close(g.fd[0]);
	close(g.fd[1]);
	return pid;
}

/* The server there says that it is who. */
static inline void net_answers(int type, const char *addr, unsigned port,
			       const char *who)
{
	struct timeval t = { 5, 0 };
	int fd = net_socket(type);
	char buf[16] = "";

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_OK(net_connect(fd, addr, port));
	if (type == SOCK_DGRAM)
		CHECK_EQ(send(fd, "?", 1, 0), 1);
	CHECK(recv(fd, buf, sizeof(buf) - 1, 0) >= 0);
	close(fd);
	if (strcmp(buf, who))
		FAIL("%s: \"%s\" answered, not \"%s\"", addr, buf, who);
}

/* An address of its own for a label of lo. */
static inline void net_alias(const char *label, const char *addr)
{
	CHECK_OK(net_ask(label, SIOCSIFADDR, addr));
	CHECK_OK(net_ask(label, SIOCSIFNETMASK, "255.255.255.255"));
}

/* None that another test has left. */
static inline void net_no_alias(void)
{
	net_ask("lo:1", SIOCSIFFLAGS, NULL);
	net_ask("lo:2", SIOCSIFFLAGS, NULL);
	net_ask("lo:9", SIOCSIFFLAGS, NULL);
}

/* A machine with these, two for jails and one for the host, and a tree "a". */
static inline void net_begin(const char *one, const char *two, const char *host)
{
	j_begin();
	net_alias("lo:1", one);
	net_alias("lo:2", two);
	net_alias("lo:9", host);
	j_tree("a");
}

/* A jail of that name in the tree "a". */
static inline int net_jail(const char *name, const char *more)
{
	return j_make("name=%s; path=%s; persist; %s", name, j_path("a"), more);
}

/* What comes from fd until it holds text; told of by FAIL otherwise. */
static inline void net_expect(int fd, const char *text)
{
	struct timeval t = { 10, 0 };
	char buf[4096];
	int n = 0, k = 1;

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	while (k > 0 && n < (int)sizeof(buf) - 1) {
		k = recv(fd, buf + n, sizeof(buf) - 1 - n, 0);
		n += k > 0 ? k : 0;
		buf[n] = '\0';
		for (int i = 0; i < n; i++)
			buf[i] = buf[i] ? buf[i] : ' ';
		if (strstr(buf, text))
			return;
	}
	FAIL("no \"%s\" in: %s", text, buf);
}

#endif
