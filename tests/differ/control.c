/* SPDX-License-Identifier: BSD-2-Clause */
/* control.c - control messages: any to go along, and what came along. */
#include "differ.h"

#include <linux/errqueue.h>
#include <sys/stat.h>

enum { ROOM = 256, FDS = 3 };

static char control[ROOM];

static void add(struct msghdr *m, int level, int type, const void *data,
		socklen_t n)
{
	static const unsigned wrong[] = { 0, 7, 11, 100, 0x7fffffff, -1 };
	struct cmsghdr *c = (void *)(control + m->msg_controllen);

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n), .cmsg_level = level,
			       .cmsg_type = type };
	memcpy(CMSG_DATA(c), data, n);
	if (one_in(25))		/* it is not as long as it says */
		c->cmsg_len = PICK(wrong);
	say(" {%d %d %u}", level, type, (unsigned)c->cmsg_len);
	m->msg_controllen += CMSG_SPACE(n);
	m->msg_control = control;
}

/* None of AF_UNIX, which could hold each other: Linux finds out when it has time. */
static void add_rights(struct msghdr *m)
{
	static int file = -1;
	int fds[FDS], count = below(FDS + 1);

	if (file < 0)
		file = open("file", O_RDONLY);
	for (int i = 0; i < count; i++) {
		int n = one_in(10) ? -1 : slot_any();

		if (n >= 0 && slots[n].family == AF_UNIX)
			n = SLOTS;
		fds[i] = n < 0 ? -1 : n == SLOTS ? file : slots[n].fd;
		say(" s%d", n);
	}
	add(m, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof *fds);
}

static void add_unix(struct msghdr *m)
{
	struct ucred u = { one_in(8) ? 1 : getpid(), one_in(8) ? 77 : getuid(),
			   getgid() };

	if (one_in(20))
		u.pid = 0x3ffffff;
	if (one_in(2))
		add_rights(m);
	else
		add(m, SOL_SOCKET, SCM_CREDENTIALS, &u,
		    one_in(20) ? 8 : sizeof u);
}

/* No device: without a route to an address Linux takes it for a neighbour there. */
static void add_inet(struct msghdr *m)
{
	static const int numbers[] = { 0, 1, 7, 64, 255, 256, -1 };
	static const uint32_t addresses[] = { 0, 0x7f000001, 0x7f000002,
					      0xe0000001 };
	struct in_pktinfo p = { .ipi_ifindex = 0 };
	int v = PICK(numbers);

	p.ipi_spec_dst.s_addr = htonl(PICK(addresses));
	say(" %d %s", v, inet_ntoa(p.ipi_spec_dst));
	switch (below(3)) {
	case 0:
		add(m, IPPROTO_IP, IP_TTL, &v, sizeof v);
		break;
	case 1:
		add(m, IPPROTO_IP, IP_TOS, &v, one_in(2) ? 1 : sizeof v);
		break;
	default:
		add(m, IPPROTO_IP, IP_PKTINFO, &p, sizeof p);
	}
}

void control_any(struct msghdr *m, int family)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, SOL_TCP, 99 };
	int level = PICK(levels), type = 90 + below(20), v = 0;

	memset(control, 0, sizeof control);
	do {
		if (one_in(12))
			add(m, level, type, &v, sizeof v);
		else if (one_in(8) ? family == AF_INET : family == AF_UNIX)
			add_unix(m);
		else
			add_inet(m);
	} while (one_in(3));
}

/* Descriptors that came: what they are; they are not kept. */
static void say_rights(const struct cmsghdr *c)
{
	unsigned n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (unsigned i = 0; i < n; i++) {
		struct stat st = { 0 };
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
		say(" %o %x", fstat(fd, &st) ? 0 : st.st_mode & S_IFMT,
		    fcntl(fd, F_GETFD));
		close(fd);
	}
}

static void say_error(const struct cmsghdr *c)
{
	struct { struct sock_extended_err e; struct sockaddr_in a; } t;

	memset(&t, 0, sizeof t);
	memcpy(&t, CMSG_DATA(c), sizeof t);
	say(" error %u %u %u %u %u %u", t.e.ee_errno, t.e.ee_origin,
	    t.e.ee_type, t.e.ee_code, t.e.ee_info, t.e.ee_data);
	say_address(&t.a, sizeof t.a, sizeof t.a);
}

static void say_ids(const struct cmsghdr *c)
{
	struct ucred u;

	memcpy(&u, CMSG_DATA(c), sizeof u);
	if (u.pid == getpid())
		say(" me");
	else
		say(" %d", u.pid);
	say(" %d %d", (int)u.uid, (int)u.gid);
}

static void say_one(const struct cmsghdr *c)
{
	long n = (long)c->cmsg_len - (long)CMSG_LEN(0);

	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		say_rights(c);
	else if (c->cmsg_level == SOL_SOCKET &&
		 c->cmsg_type == SCM_CREDENTIALS &&
		 n == sizeof(struct ucred))
		say_ids(c);
	else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR &&
		 n == 32)
		say_error(c);
	else if (c->cmsg_level != SOL_SOCKET)	/* else it is a time */
		say_bytes((const char *)CMSG_DATA(c), n);
}

void control_say(struct msghdr *m)
{
	struct cmsghdr *c;

	say(" control %u", (unsigned)m->msg_controllen);
	for (c = CMSG_FIRSTHDR(m); c && c->cmsg_len >= sizeof *c;
	     c = CMSG_NXTHDR(m, c)) {
		say(" {%d %d %u", c->cmsg_level, c->cmsg_type,
		    (unsigned)c->cmsg_len);
		say_one(c);
		say("}");
	}
}
