/* SPDX-License-Identifier: BSD-2-Clause */
/* inet_udp.c - UDP over loopback: messages, names, errors, options. seconds: 60 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "ktap.h"

static int udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	return fd;
}

static struct sockaddr_in at(const char *addr, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = inet_addr(addr);
	return a;
}

static int bind_to(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int connect_to(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static int send_to(int fd, const char *text, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a,
		      sizeof(a));
}

static struct sockaddr_in name(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	CHECK_EQ(len, sizeof(a));
	return a;
}

static unsigned port(int fd)
{
	struct sockaddr_in a = name(fd);

	return ntohs(a.sin_port);
}

/* Bound to a free port of addr. */
static int bound(const char *addr)
{
	int fd = udp();

	CHECK_OK(bind_to(fd, addr, 0));
	CHECK(port(fd) >= 1024);
	return fd;
}

static void set(int fd, int level, int option, int v)
{
	CHECK_OK(setsockopt(fd, level, option, &v, sizeof(v)));
}

static int get(int fd, int level, int option)
{
	int v = 0;
	socklen_t len = sizeof(v);

	CHECK_OK(getsockopt(fd, level, option, &v, &len));
	return v;
}

static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	CHECK(poll(&p, 1, ms) >= 0);
	return p.revents;
}

static void wait_for(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 5000), 1);
}

TEST(a_message_and_where_it_came_from)
{
	int a = bound("127.0.0.1"), b = bound("127.0.0.1");
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[16];

	CHECK_EQ(send_to(a, "hello", "127.0.0.1", port(b)), 5);
	CHECK_EQ(recvfrom(b, buf, 16, 0, (struct sockaddr *)&from, &len), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(len, sizeof(from));
	CHECK_EQ(from.sin_family, AF_INET);
	CHECK_EQ(ntohs(from.sin_port), port(a));
	CHECK_EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	CHECK_EQ(sendto(b, "", 0, 0, (struct sockaddr *)&from, len), 0);
	CHECK_EQ(recv(a, buf, 16, 0), 0);
}

TEST(bounds_peek_and_truncation)
{
	int a = bound("127.0.0.1"), b = bound("127.0.0.1"), n;
	struct iovec io;
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	char buf[16];

	io.iov_base = buf;
	io.iov_len = 4;
	CHECK_ERRNO(recv(b, buf, 16, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(connect_to(a, "127.0.0.1", port(b)));
	CHECK_EQ(write(a, "abcdefgh", 8), 8);
	CHECK_EQ(write(a, "ij", 2), 2);
	wait_for(b);
	CHECK_OK(ioctl(b, FIONREAD, &n));
	CHECK_EQ(n, 8);
	CHECK_EQ(recv(b, buf, 4, MSG_PEEK), 4);
	CHECK_EQ(recv(b, buf, 4, MSG_PEEK | MSG_TRUNC), 8);
	CHECK_EQ(recvmsg(b, &m, 0), 4);
	CHECK_EQ(m.msg_flags, MSG_TRUNC);
	CHECK(!memcmp(buf, "abcd", 4));
	CHECK_EQ(recvmsg(b, &m, 0), 2);
	CHECK_EQ(m.msg_flags, 0);
	CHECK_ERRNO(recv(b, buf, 16, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(ioctl(b, FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_ERRNO(send(a, "x", 1, MSG_OOB), EOPNOTSUPP);
}

/* Larger than a frame of lo: cut, and put together again. */
TEST(the_largest_message)
{
	static char out[65508], in[65508];
	int a = bound("127.0.0.1"), b = bound("127.0.0.1");

	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = i * 7;
	CHECK_OK(connect_to(a, "127.0.0.1", port(b)));
	CHECK_ERRNO(send(a, out, 65508, 0), EMSGSIZE);
	CHECK_EQ(send(a, out, 65507, 0), 65507);
	CHECK_EQ(recv(b, in, sizeof(in), 0), 65507);
	CHECK(!memcmp(in, out, 65507));
}

TEST(a_message_in_parts)
{
	static char large[40000];
	int a = bound("127.0.0.1"), b = bound("127.0.0.1");
	int other = bound("127.0.0.1");
	struct sockaddr_in to = name(b);
	char buf[16];

	CHECK_OK(connect(a, (struct sockaddr *)&to, sizeof(to)));
	CHECK_EQ(send(a, "ab", 2, MSG_MORE), 2);
	CHECK_EQ(send(a, "cd", 2, MSG_MORE), 2);
	CHECK(!(ready(b, 20) & POLLIN));
	CHECK_EQ(send_to(a, "ef", "127.0.0.1", port(other)), 2);
	CHECK_EQ(recv(b, buf, sizeof(buf), 0), 6);	/* as it began */
	CHECK(!memcmp(buf, "abcdef", 6));
	CHECK(!(ready(other, 20) & POLLIN));
	set(a, IPPROTO_UDP, UDP_CORK, 1);
	CHECK_EQ(get(a, IPPROTO_UDP, UDP_CORK), 1);
	CHECK_EQ(send(a, "12", 2, 0), 2);
	CHECK_EQ(send(a, "3", 1, 0), 1);
	CHECK(!(ready(b, 20) & POLLIN));
	set(a, IPPROTO_UDP, UDP_CORK, 0);
	CHECK_EQ(recv(b, buf, sizeof(buf), 0), 3);
	CHECK(!memcmp(buf, "123", 3));
	CHECK_EQ(send(a, large, sizeof(large), MSG_MORE), sizeof(large));
	CHECK_ERRNO(send(a, large, sizeof(large), 0), EMSGSIZE);
	CHECK_EQ(send(a, "z", 1, 0), 1);
	CHECK_EQ(recv(b, buf, sizeof(buf), 0), 1);
	CHECK_EQ(send(a, "gone", 4, MSG_MORE), 4);
	close(a);
	CHECK(!(ready(b, 20) & POLLIN));
}

TEST(names_that_cannot_be)
{
	int a = udp();
	struct sockaddr_in to = at("127.0.0.1", 9);

	CHECK_ERRNO(bind_to(a, "192.0.2.1", 0), EADDRNOTAVAIL);
	CHECK_ERRNO(bind(a, (struct sockaddr *)&to, 8), EINVAL);
	CHECK_ERRNO(send(a, "x", 1, 0), EDESTADDRREQ);
	CHECK_ERRNO(send_to(a, "x", "127.0.0.1", 0), EINVAL);
	CHECK_ERRNO(sendto(a, "x", 1, 0, (struct sockaddr *)&to, 8), EINVAL);
	to.sin_family = AF_UNIX;
	CHECK_ERRNO(sendto(a, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)),
		    EAFNOSUPPORT);
	CHECK_ERRNO(connect(a, (struct sockaddr *)&to, sizeof(to)),
		    EAFNOSUPPORT);
	CHECK_ERRNO(getpeername(a, (struct sockaddr *)&to,
				&(socklen_t){ sizeof(to) }), ENOTCONN);
	CHECK_ERRNO(listen(a, 1), EOPNOTSUPP);
	to.sin_family = AF_UNSPEC;		/* of any address it will do */
	CHECK_ERRNO(bind(a, (struct sockaddr *)&to, sizeof(to)), EAFNOSUPPORT);
	to.sin_addr.s_addr = INADDR_ANY;
	CHECK_OK(bind(udp(), (struct sockaddr *)&to, sizeof(to)));
	a = udp();
	CHECK_OK(bind_to(a, "127.0.0.1", 0));
	CHECK_ERRNO(bind_to(a, "127.0.0.1", 0), EINVAL);
	CHECK_ERRNO(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	CHECK_OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP));
}

/* All of 127/8 is ours, but lo has only the first of it to speak from. */
TEST(the_source_on_loopback)
{
	struct sockaddr_in a;
	int fd = udp();

	CHECK_OK(connect_to(fd, "127.0.0.2", 9));
	a = name(fd);
	CHECK_EQ(a.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

TEST(two_on_one_port)
{
	int a = bound("127.0.0.1"), b = udp(), c = udp();

	CHECK_ERRNO(bind_to(b, "127.0.0.1", port(a)), EADDRINUSE);
	CHECK_ERRNO(bind_to(b, "0.0.0.0", port(a)), EADDRINUSE);
	CHECK_OK(bind_to(b, "127.0.0.2", port(a)));
	close(a);
	close(b);
	a = udp();
	b = udp();
	set(a, SOL_SOCKET, SO_REUSEADDR, 1);
	set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	CHECK_OK(bind_to(a, "127.0.0.1", 0));
	CHECK_OK(bind_to(b, "127.0.0.1", port(a)));
	CHECK_ERRNO(bind_to(c, "127.0.0.1", port(a)), EADDRINUSE);
}

TEST(two_who_agree_share_those_who_send)
{
	enum { SENDERS = 64 };
	int s[2], at_second = 0;
	char c;

	for (int i = 0; i < 2; i++) {
		s[i] = udp();
		set(s[i], SOL_SOCKET, SO_REUSEPORT, 1);
		CHECK_OK(bind_to(s[i], "127.0.0.1", i ? port(s[0]) : 0));
	}
	for (int i = 0; i < SENDERS; i++) {
		int from = bound("127.0.0.1"), which;

		for (int n = 0; n < 2; n++)
			CHECK_EQ(send_to(from, "x", "127.0.0.1", port(s[0])), 1);
		which = ready(s[1], 0) & POLLIN ? 1 : 0;
		at_second += which;
		CHECK_EQ(recv(s[which], &c, 1, 0), 1);
		CHECK_EQ(recv(s[which], &c, 1, 0), 1);	/* the same */
	}
	if (at_second < SENDERS / 8 || at_second > SENDERS - SENDERS / 8)
		FAIL("%d of %d", at_second, SENDERS);
}

/* All ports are on 127.0.0.1: who wants one anywhere gets none. */
TEST(no_port_is_left)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	int last = -1, from, to, fd, n = 0, more;
	struct rlimit files;

	CHECK(f && fscanf(f, "%d %d", &from, &to) == 2);
	fclose(f);
	files.rlim_cur = files.rlim_max = to - from + 65;
	if (setrlimit(RLIMIT_NOFILE, &files))
		SKIP("not so many descriptors");
	more = udp();
	for (;; n++) {
		fd = udp();
		if (bind_to(fd, "127.0.0.1", 0))
			break;
		last = fd;
	}
	CHECK_EQ(errno, EADDRINUSE);
	CHECK(n > 500);
	CHECK_ERRNO(bind_to(fd, "0.0.0.0", 0), EADDRINUSE);
	CHECK_ERRNO(connect_to(fd, "127.0.0.1", 9), EAGAIN);
	CHECK_ERRNO(send_to(more, "x", "127.0.0.1", 9), EAGAIN);
	CHECK_OK(close(last));
	CHECK_OK(connect_to(fd, "127.0.0.1", 9));
	CHECK_ERRNO(send_to(more, "x", "127.0.0.1", 9), EAGAIN);
	CHECK_OK(close(fd));
	CHECK_EQ(send_to(more, "x", "127.0.0.1", 9), 1);
}

TEST(connected_hears_its_peer_alone)
{
	int a = bound("127.0.0.1"), b = bound("127.0.0.1"), c = udp();
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };
	char buf[16];

	CHECK_OK(connect_to(c, "127.0.0.1", port(a)));
	CHECK_EQ(ntohl(name(c).sin_addr.s_addr), INADDR_LOOPBACK);
	CHECK_EQ(send_to(a, "peer", "127.0.0.1", port(c)), 4);
	CHECK_EQ(recv(c, buf, 16, 0), 4);
	CHECK_EQ(send_to(b, "other", "127.0.0.1", port(c)), 5);
	usleep(50000);
	CHECK_ERRNO(recv(c, buf, 16, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send_to(c, "else", "127.0.0.1", port(b)), 4);
	CHECK_EQ(recv(b, buf, 16, 0), 4);
	CHECK_OK(connect(c, (struct sockaddr *)&none, sizeof(none)));
	CHECK_ERRNO(send(c, "x", 1, 0), EDESTADDRREQ);
}

/* Who talks to nobody any more has what he has bound, and no more. */
TEST(a_port_that_was_chosen_goes_with_the_peer)
{
	int to = bound("127.0.0.1"), a = udp(), b = udp(), c = bound("0.0.0.0");
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };
	unsigned p = port(c);

	close(c);
	c = udp();
	CHECK_OK(bind_to(c, "0.0.0.0", p));
	CHECK_OK(connect_to(c, "127.0.0.1", port(to)));
	CHECK_OK(connect(c, (struct sockaddr *)&none, sizeof(none)));
	CHECK_EQ(port(c), p);
	CHECK_EQ(name(c).sin_addr.s_addr, 0);

	CHECK_OK(connect_to(a, "127.0.0.1", port(to)));
	p = port(a);
	CHECK_OK(connect(a, (struct sockaddr *)&none, sizeof(none)));
	CHECK_EQ(port(a), 0);
	CHECK_EQ(name(a).sin_addr.s_addr, 0);
	CHECK_OK(bind_to(a, "127.0.0.1", p));
	CHECK_OK(bind_to(b, "127.0.0.1", 0));
	CHECK_OK(connect_to(b, "127.0.0.1", port(to)));
	CHECK_OK(connect(b, (struct sockaddr *)&none, sizeof(none)));
	CHECK_EQ(port(b), 0);
	CHECK_EQ(ntohl(name(b).sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(no_family_is_no_address)
{
	struct sockaddr_in a = at("0.0.0.0", 0);
	int fd = udp();

	a.sin_family = AF_UNSPEC;
	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK(port(fd) != 0);
	a = at("127.0.0.1", 0);
	a.sin_family = AF_UNSPEC;
	CHECK_ERRNO(bind(udp(), (struct sockaddr *)&a, sizeof(a)),
		    EAFNOSUPPORT);
}

TEST(nobody_there_is_told_to_who_is_connected)
{
	int gone = bound("127.0.0.1"), a = udp(), b = bound("127.0.0.1");
	unsigned p = port(gone);
	char buf[4];

	close(gone);
	CHECK_OK(connect_to(a, "127.0.0.1", p));
	CHECK_EQ(write(a, "x", 1), 1);
	CHECK_ERRNO(recv(a, buf, 4, 0), ECONNREFUSED);
	CHECK_EQ(write(a, "x", 1), 1);
	usleep(50000);
	CHECK(ready(a, 0) & POLLERR);
	CHECK_ERRNO(write(a, "x", 1), ECONNREFUSED);
	CHECK_EQ(write(a, "x", 1), 1);
	usleep(50000);
	CHECK_EQ(get(a, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_EQ(get(a, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(send_to(b, "x", "127.0.0.1", p), 1);
	usleep(50000);
	CHECK_ERRNO(recv(b, buf, 4, MSG_DONTWAIT), EAGAIN);
	set(b, IPPROTO_IP, IP_RECVERR, 1);
	CHECK_EQ(send_to(b, "x", "127.0.0.1", p), 1);
	usleep(50000);
	CHECK_ERRNO(recv(b, buf, 4, MSG_DONTWAIT), ECONNREFUSED);
}

TEST(poll_and_time_outs)
{
	int a = bound("127.0.0.1"), b = bound("127.0.0.1");
	struct timeval t = { 0, 50000 };
	char buf[4];

	CHECK_EQ(ready(b, 0), POLLOUT);
	CHECK_OK(setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_ERRNO(recv(b, buf, 4, 0), EAGAIN);
	CHECK_EQ(send_to(a, "x", "127.0.0.1", port(b)), 1);
	wait_for(b);
	CHECK_EQ(ready(b, 0), POLLIN | POLLOUT);
	CHECK_EQ(recv(b, buf, 4, 0), 1);
	CHECK_EQ(ready(b, 0), POLLOUT);
}

TEST(halves_that_are_shut)
{
	int a = udp(), b = bound("127.0.0.1");
	char buf[4];

	CHECK_ERRNO(shutdown(a, SHUT_RD), ENOTCONN);
	close(a);
	a = udp();
	CHECK_OK(connect_to(a, "127.0.0.1", port(b)));
	CHECK_OK(shutdown(a, SHUT_WR));
	CHECK_ERRNO(send(a, "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_OK(shutdown(a, SHUT_RD));
	CHECK_EQ(recv(a, buf, 4, 0), 0);
	CHECK(ready(a, 0) & POLLHUP);
}

TEST(a_full_queue_drops)
{
	int a = bound("127.0.0.1"), b = bound("127.0.0.1"), n = 0;
	char buf[1024] = { 0 };

	set(b, SOL_SOCKET, SO_RCVBUF, 8192);
	CHECK_OK(connect_to(a, "127.0.0.1", port(b)));
	for (int i = 0; i < 100; i++)
		CHECK_EQ(write(a, buf, sizeof(buf)), 1024);
	usleep(100000);
	while (recv(b, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	CHECK(n >= 4 && n < 40);
	CHECK_EQ(write(a, buf, 1), 1);
	CHECK_EQ(recv(b, buf, sizeof(buf), 0), 1);
}

TEST(options_keep_their_values)
{
	static const struct { int name, start, good, bad; } rows[] = {
		{ IP_TTL, 64, 5, 256 }, { IP_MULTICAST_TTL, 1, 9, 256 },
		{ IP_MULTICAST_LOOP, 1, 0, -2 }, { IP_RECVERR, 0, 1, -2 },
		{ IP_PKTINFO, 0, 1, -2 }, { IP_RECVTTL, 0, 1, -2 },
		{ IP_TOS, 0, 0x10, -2 }, { IP_MTU_DISCOVER, 1, 2, 77 },
	};
	int fd = udp(), v;

	for (unsigned n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		CHECK_EQ(get(fd, IPPROTO_IP, rows[n].name), rows[n].start);
		set(fd, IPPROTO_IP, rows[n].name, rows[n].good);
		CHECK_EQ(get(fd, IPPROTO_IP, rows[n].name), rows[n].good);
		v = rows[n].bad;
		if (v != -2)
			CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, rows[n].name,
					       &v, sizeof(v)), EINVAL);
	}
	CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, 999, &v, sizeof(v)),
		    ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(fd, IPPROTO_IP, IP_MTU, &v,
			       &(socklen_t){ sizeof(v) }), ENOTCONN);
	CHECK_OK(connect_to(fd, "127.0.0.1", 9));
	CHECK_EQ(get(fd, IPPROTO_IP, IP_MTU), 65535);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none9", 5),
		    ENODEV);
}

/* Of level IPPROTO_IP a number below 256 may be one byte: ip(7). */
TEST(options_of_one_byte)
{
	unsigned char b[4] = { 9, 0xaa, 0xaa, 0xaa };
	int fd = udp(), v = 1;
	socklen_t len = 3;

	CHECK_OK(setsockopt(fd, IPPROTO_IP, IP_TTL, b, 1));
	CHECK_EQ(get(fd, IPPROTO_IP, IP_TTL), 9);
	b[0] = 0;
	CHECK_OK(getsockopt(fd, IPPROTO_IP, IP_TTL, b, &len));
	CHECK_EQ(len, 1);
	CHECK(b[0] == 9 && b[1] == 0xaa);
	CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_TTL, b, 0), EINVAL);
	len = 0;
	CHECK_OK(getsockopt(fd, IPPROTO_IP, IP_TTL, b, &len));
	CHECK_EQ(len, 0);
	CHECK_OK(connect_to(fd, "127.0.0.1", 9));
	len = 3;
	CHECK_OK(getsockopt(fd, IPPROTO_IP, IP_MTU, b, &len));
	CHECK_EQ(len, 3);
	CHECK(b[0] == 0xff && b[1] == 0xff && b[2] == 0 && b[3] == 0xaa);
	CHECK_EQ(get(fd, IPPROTO_IP, IP_HDRINCL), 0);
	CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &v, sizeof(v)),
		    ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, 1), EINVAL);
	CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, 1, &v, 1), ENOPROTOOPT);
}

TEST(control_messages_in_and_out)
{
	int a = bound("127.0.0.1"), b = bound("0.0.0.0"), seen = 0;
	union {
		struct cmsghdr head;
		char room[256];
	} c = { 0 };
	char buf[4];
	struct iovec io = { "x", 1 };
	struct sockaddr_in to = at("127.0.0.1", port(b));
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to),
			    .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = CMSG_SPACE(sizeof(int)) };

	set(b, IPPROTO_IP, IP_PKTINFO, 1);
	set(b, IPPROTO_IP, IP_RECVTTL, 1);
	c.head.cmsg_len = CMSG_LEN(sizeof(int));
	c.head.cmsg_level = IPPROTO_IP;
	c.head.cmsg_type = IP_TTL;
	*(int *)CMSG_DATA(&c.head) = 7;
	CHECK_EQ(sendmsg(a, &m, 0), 1);
	io.iov_base = buf;
	m.msg_controllen = sizeof(c);
	CHECK_EQ(recvmsg(b, &m, 0), 1);
	CHECK_EQ(ntohs(to.sin_port), port(a));
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		struct in_pktinfo *p = (struct in_pktinfo *)CMSG_DATA(h);

		CHECK_EQ(h->cmsg_level, IPPROTO_IP);
		if (h->cmsg_type == IP_TTL)
			CHECK_EQ(*(int *)CMSG_DATA(h), 7);
		if (h->cmsg_type != IP_PKTINFO)
			continue;
		CHECK_EQ(p->ipi_ifindex, 1);
		CHECK_EQ(ntohl(p->ipi_addr.s_addr), INADDR_LOOPBACK);
		CHECK_EQ(ntohl(p->ipi_spec_dst.s_addr), INADDR_LOOPBACK);
		seen++;
	}
	CHECK_EQ(seen, 1);
	c.head.cmsg_len = 4;
	io.iov_base = "x";
	CHECK_ERRNO(sendmsg(a, &m, 0), EINVAL);
}

TEST(groups_are_joined_and_left)
{
	int a = udp(), b = udp();
	struct ip_mreq g = { { inet_addr("224.1.2.3") },
			     { inet_addr("127.0.0.1") } };
	struct in_addr lo = g.imr_interface;
	char buf[4];

	CHECK_OK(bind_to(b, "0.0.0.0", 0));
	CHECK_OK(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &g, sizeof(g)));
	CHECK_ERRNO(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &g,
			       sizeof(g)), EADDRINUSE);
	CHECK_OK(setsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
	CHECK_EQ(send_to(a, "x", "224.1.2.3", port(b)), 1);
	CHECK_EQ(recv(b, buf, 4, 0), 1);
	CHECK_OK(setsockopt(b, IPPROTO_IP, IP_DROP_MEMBERSHIP, &g, sizeof(g)));
	CHECK_ERRNO(setsockopt(b, IPPROTO_IP, IP_DROP_MEMBERSHIP, &g,
			       sizeof(g)), EADDRNOTAVAIL);
	CHECK_EQ(send_to(a, "x", "224.1.2.3", port(b)), 1);
	usleep(50000);
	CHECK_ERRNO(recv(b, buf, 4, MSG_DONTWAIT), EAGAIN);
	g.imr_multiaddr.s_addr = inet_addr("10.0.0.1");
	CHECK_ERRNO(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &g,
			       sizeof(g)), EINVAL);
	g.imr_multiaddr.s_addr = inet_addr("224.1.2.3");
	g.imr_interface.s_addr = inet_addr("192.0.2.1");
	CHECK_ERRNO(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &g,
			       sizeof(g)), ENODEV);
}

/* A group is no source; who has bound to it speaks from an address of his own. */
TEST(bound_to_a_group)
{
	struct { struct cmsghdr h; struct in_pktinfo p; } c = {
		{ .cmsg_len = sizeof(c), .cmsg_level = IPPROTO_IP,
		  .cmsg_type = IP_PKTINFO }, { 0 },
	};
	int a = udp(), b = bound("127.0.0.1");
	struct sockaddr_in to = at("127.0.0.1", port(b)), from;
	struct iovec io = { "x", 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to),
			    .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = sizeof(c) };
	socklen_t len = sizeof(from);
	char buf[4];

	CHECK_OK(bind_to(a, "224.1.2.3", 0));
	CHECK_EQ(name(a).sin_addr.s_addr, inet_addr("224.1.2.3"));
	CHECK_EQ(send_to(a, "x", "127.0.0.1", port(b)), 1);
	wait_for(b);
	CHECK_EQ(recvfrom(b, buf, 4, MSG_DONTWAIT, (struct sockaddr *)&from,
			  &len), 1);
	CHECK_EQ(from.sin_addr.s_addr, inet_addr("127.0.0.1"));
	c.p.ipi_spec_dst.s_addr = inet_addr("224.1.2.3");
	CHECK_ERRNO(sendmsg(udp(), &m, 0), EINVAL);
	c.p.ipi_spec_dst.s_addr = inet_addr("255.255.255.255");
	CHECK_ERRNO(sendmsg(udp(), &m, 0), EINVAL);
}

TEST(listed_in_proc)
{
	int a = bound("127.0.0.1");
	char text[16384], want[32];
	int fd = open("/proc/net/udp", O_RDONLY), n;

	CHECK_OK(fd);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0);
	text[n] = '\0';
	snprintf(want, sizeof(want), " 0100007F:%04X 00000000:0000 07", port(a));
	CHECK(strstr(text, want) != NULL);
}
