/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_socket.c - deeds on AF_UNIX sockets: connections, names, messages with
 * descriptors in rings, while some close and some read; messages of netlink. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOCKETS = 8 };

static int any_type(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	return types[below(3)] | (one_in(3) ? 0 : SOCK_NONBLOCK);
}

/* One of a few names, or an odd one. */
static socklen_t any_name(struct sockaddr_un *a)
{
	a->sun_family = one_in(20) ? odd_number() : AF_UNIX;
	if (one_in(20)) {
		fill(a->sun_path, sizeof(a->sun_path));
		return below(sizeof(*a) + 3);
	}
	snprintf(a->sun_path, sizeof(a->sun_path), "%csock%u",
		 one_in(2) ? 's' : '@', (unsigned)below(3));
	if (a->sun_path[0] == '@')
		a->sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + 7 - !a->sun_path[0];
}

/* A message with bytes, perhaps a name, perhaps descriptors of `fd`. */
static void send_some(const int *fd, int to)
{
	static char block[9000];
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr head;
	} u;
	struct sockaddr_un name;
	struct iovec io = { block, below(one_in(3) ? sizeof(block) : 30) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	int n = 1 + (int)below(3);

	memset(&u, 0, sizeof(u));
	if (one_in(4)) {
		m.msg_namelen = any_name(&name);
		m.msg_name = &name;
	}
	if (one_in(2)) {
		u.head.cmsg_level = SOL_SOCKET;
		u.head.cmsg_type = one_in(8) ? (int)below(4) : SCM_RIGHTS;
		u.head.cmsg_len = one_in(9) ? below(40) : CMSG_LEN(n * sizeof(int));
		for (int i = 0; i < n; i++)
			((int *)CMSG_DATA(&u.head))[i] = one_in(9) ?
				(int)descriptor() : fd[below(SOCKETS)];
		m.msg_control = &u;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	sendmsg(to, &m, one_in(3) ? (int)odd_number() :
				    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void receive_some(int *fd, int from)
{
	static char block[9000];
	char control[CMSG_SPACE(3 * sizeof(int))];
	struct sockaddr_un name;
	struct iovec io = { block, below(one_in(3) ? sizeof(block) : 30) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = one_in(5) ? arena : (void *)control,
			    .msg_controllen = below(sizeof(control) + 1),
			    .msg_name = one_in(2) ? &name : NULL,
			    .msg_namelen = below(sizeof(name)) };
	struct cmsghdr *c;

	if (recvmsg(from, &m, one_in(3) ? (int)odd_number() : MSG_DONTWAIT) < 0 ||
	    m.msg_control != control)
		return;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	for (unsigned i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
		int *slot = &fd[below(SOCKETS)];

		close(*slot);
		*slot = ((int *)CMSG_DATA(c))[i];
	}
}

static void one_step(int *fd)
{
	struct sockaddr_un name;
	socklen_t len = any_name(&name);
	int *s = &fd[below(SOCKETS)], on = below(3), got;
	struct pollfd p = { *s, odd_number(), 0 };

	switch (below(14)) {
	case 0: bind(*s, (struct sockaddr *)&name, len); break;
	case 1: listen(*s, below(4)); break;
	case 2: connect(*s, (struct sockaddr *)&name, len); break;
	case 3:
		got = accept4(*s, (struct sockaddr *)&name, &len, SOCK_NONBLOCK);
		if (got >= 0) {
			close(fd[0]);
			fd[0] = got;
		}
		break;
	case 4: close(*s), *s = socket(AF_UNIX, any_type(), 0); break;
	case 5: shutdown(*s, below(3)); break;
	case 6: setsockopt(*s, SOL_SOCKET, below(45), &on, sizeof(on)); break;
	case 7: ioctl(*s, one_in(2) ? FIONREAD : TIOCOUTQ, &on); break;
	case 8: poll(&p, 1, below(3)); break;
	case 9: close(*s), *s = -1; break;
	case 10:
	case 11: receive_some(fd, *s); break;
	default: send_some(fd, *s); break;
	}
}

static void deed_sockets(void)
{
	int fd[SOCKETS];
	pid_t p;

	for (int i = 0; i < SOCKETS; i += 2)
		if (socketpair(AF_UNIX, any_type(), 0, fd + i) != 0)
			fd[i] = fd[i + 1] = -1;
	p = child_make();
	for (int i = 0; i < 40; i++)
		one_step(fd);
	if (p == 0)
		child_exit();
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	unlink("ssock0"), unlink("ssock1"), unlink("ssock2");
	child_wait(p);
}

/* A request that is nearly right: attributes of a few numbers, or of any. */
static void ask_netlink(int s)
{
	struct { struct nlmsghdr h; unsigned char room[256]; } q;
	uint32_t at = 4 * (2 + below(3)), whole;

	fill(&q, sizeof(q));
	memset(q.room, 0, at);
	q.room[0] = one_in(10) ? rnd() : one_in(2) ? AF_INET : 0;
	if (one_in(2))
		q.room[1] = one_in(2) ? 32 : 24;
	q.room[4] = below(4);
	for (; one_in(4) == 0 && at < sizeof(q.room) - 16; at += 8) {
		struct rtattr *a = (void *)(q.room + at);

		a->rta_len = one_in(10) ? odd_number() : 8;
		a->rta_type = one_in(10) ? odd_number() : below(16);
	}
	whole = NLMSG_LENGTH(at);
	q.h.nlmsg_len = one_in(10) ? odd_number() : whole;
	q.h.nlmsg_type = one_in(10) ? odd_number() : RTM_BASE + below(20);
	q.h.nlmsg_flags = NLM_F_REQUEST | (rnd() & 0xf00 & rnd());
	send(s, &q, one_in(10) ? below(sizeof(q)) : whole, MSG_DONTWAIT);
}

static void deed_netlink(void)
{
	struct sockaddr_nl a = { AF_NETLINK, 0, below(3), rnd() };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, 0);
	static char buf[9000];

	bind(s, (struct sockaddr *)&a, one_in(10) ? below(20) : sizeof(a));
	for (int i = 0; i < 30; i++)
		if (one_in(3))
			recv(s, buf, below(sizeof(buf)),
			     MSG_DONTWAIT | (one_in(3) ? MSG_PEEK : 0));
		else
			ask_netlink(s);
	close(s);
}

const struct deed socket_deeds[] = { { "sockets", deed_sockets },
				     { "netlink", deed_netlink } };
const unsigned socket_deed_count = sizeof(socket_deeds) / sizeof(*socket_deeds);
