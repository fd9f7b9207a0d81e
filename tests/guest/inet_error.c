/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_error.c - what goes along with messages of UDP and raw sockets: errors
 * that are kept (IP_RECVERR, MSG_ERRQUEUE), when a message came, addresses that
 * are not there yet (IP_FREEBIND).
 */
#include <time.h>

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "files.h"

static struct sockaddr_in at(const char *addr, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = inet_addr(addr);
	return a;
}

/* With the error that is told by each message from then on. */
static int udp(int errors)
{
	struct timeval t = { 5, 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_OK(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &errors,
			    sizeof(errors)));
	return fd;
}

/* A port that nobody has. */
static unsigned closed_port(void)
{
	struct sockaddr_in a = at("127.0.0.1", 0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	close(fd);
	return ntohs(a.sin_port);
}

static int send_to(int fd, const char *text, unsigned port)
{
	struct sockaddr_in a = at("127.0.0.1", port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a,
		      sizeof(a));
}

struct kept {
	char data[64];
	struct sockaddr_in to;
	struct sock_extended_err error;
	struct sockaddr_in teller;
	int n, flags;
};

static int kept(int fd, struct kept *k)
{
	char control[256];
	struct iovec v = { k->data, sizeof(k->data) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_name = &k->to, .msg_namelen = sizeof(k->to),
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	memset(&k->error, 0, sizeof(k->error));
	k->n = recvmsg(fd, &m, MSG_ERRQUEUE);
	if (k->n < 0)
		return -1;
	k->flags = m.msg_flags;
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) {
			memcpy(&k->error, CMSG_DATA(c), sizeof(k->error));
			memcpy(&k->teller, SO_EE_OFFENDER((
				       struct sock_extended_err *)CMSG_DATA(c)),
			       sizeof(k->teller));
		}
	return 0;
}

static int ready(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_OK(poll(&p, 1, 2000));
	return p.revents;
}

TEST(an_error_is_kept_with_what_was_sent)
{
	int fd = udp(1);
	unsigned port = closed_port();
	struct kept k;
	char c;

	CHECK_ERRNO(kept(fd, &k), EAGAIN);
	CHECK_EQ(send_to(fd, "hello", port), 5);
	CHECK(ready(fd) & POLLERR);
	CHECK_OK(kept(fd, &k));
	CHECK_EQ(k.n, 5);
	CHECK(!memcmp(k.data, "hello", 5));
	CHECK(k.flags & MSG_ERRQUEUE);
	CHECK_EQ(k.to.sin_port, htons(port));
	CHECK_EQ(k.to.sin_addr.s_addr, inet_addr("127.0.0.1"));
	CHECK_EQ(k.error.ee_errno, ECONNREFUSED);
	CHECK_EQ(k.error.ee_origin, SO_EE_ORIGIN_ICMP);
	CHECK_EQ(k.error.ee_type, ICMP_DEST_UNREACH);
	CHECK_EQ(k.error.ee_code, ICMP_PORT_UNREACH);
	CHECK_EQ(k.teller.sin_family, AF_INET);
	CHECK_EQ(k.teller.sin_addr.s_addr, inet_addr("127.0.0.1"));
	/* who took the note has been told: no call fails by it */
	CHECK_ERRNO(kept(fd, &k), EAGAIN);
	CHECK_ERRNO(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
}

TEST(a_call_fails_and_the_note_stays)
{
	int fd = udp(1);
	struct kept k;
	char c;

	CHECK_EQ(send_to(fd, "a", closed_port()), 1);
	CHECK(ready(fd) & POLLERR);
	CHECK_ERRNO(recv(fd, &c, 1, 0), ECONNREFUSED);
	CHECK_ERRNO(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK(ready(fd) & POLLERR);
	CHECK_OK(kept(fd, &k));
	CHECK_EQ(ready(fd) & POLLERR, 0);
}

TEST(who_did_not_ask_has_none)
{
	int fd = udp(0);
	struct kept k;
	char c;

	CHECK_EQ(send_to(fd, "a", closed_port()), 1);
	CHECK_ERRNO(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(kept(fd, &k), EAGAIN);
}

TEST(notes_are_bounded)
{
	int fd = udp(1), small = 1, n;
	unsigned port = closed_port();
	struct kept k;

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (n = 0; n < 40; n++)
		send_to(fd, "hello", port);
	for (n = 0; !kept(fd, &k); n++)
		;
	CHECK(n > 0 && n < 40);
}

/* What is too large for the way is told with what fits. */
TEST(too_large_for_the_way)
{
	struct sockaddr_in a = at("127.0.0.1", closed_port());
	int fd = udp(1), whole = IP_PMTUDISC_DO;
	static char large[65507];
	struct kept k;

	if (!on_brig())
		SKIP("loopback's MTU may be any");
	CHECK_OK(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole,
			    sizeof(whole)));
	{
		struct { char name[16]; int mtu; char rest[12]; } r = {
			"lo", 1500, "" };

		need_root();
		CHECK_OK(ioctl(fd, 0x8922, &r));	/* SIOCSIFMTU */
		CHECK_ERRNO(sendto(fd, large, 2000, 0, (struct sockaddr *)&a,
				   sizeof(a)), EMSGSIZE);
		r.mtu = 65536;
		CHECK_OK(ioctl(fd, 0x8922, &r));
	}
	CHECK_OK(kept(fd, &k));
	CHECK_EQ(k.error.ee_errno, EMSGSIZE);
	CHECK_EQ(k.error.ee_origin, SO_EE_ORIGIN_LOCAL);
	CHECK_EQ(k.error.ee_info, 1500);
}

/* Of a protocol that nobody here speaks. */
/* Connected to 127.0.0.2, it does not hear what comes from 127.0.0.1: its own. */
TEST(raw_sockets_are_told)
{
	enum { QUIET = 254 };
	struct sockaddr_in a = at("127.0.0.2", 0);
	int fd, on = 1;
	struct kept k;

	need_root();
	fd = socket(AF_INET, SOCK_RAW, QUIET);
	CHECK_OK(fd);
	CHECK_OK(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)));
	CHECK_OK(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_EQ(send(fd, "hello678", 8, 0), 8);
	CHECK_OK(kept(fd, &k));
	CHECK_EQ(k.error.ee_type, ICMP_DEST_UNREACH);
	CHECK_EQ(k.error.ee_code, ICMP_PROT_UNREACH);
	CHECK_EQ(k.n, 8);
	CHECK(!memcmp(k.data, "hello678", 8));
}

static long long stamp(int fd, int type, unsigned size)
{
	char c, control[256];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *h;

	CHECK_EQ(recvmsg(fd, &m, 0), 1);
	for (h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h))
		if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == type) {
			CHECK_EQ(h->cmsg_len, CMSG_LEN(size));
			return size == 16 ? *(long long *)CMSG_DATA(h) :
					    *(int *)CMSG_DATA(h);
		}
	FAIL("no time came");
}

/* In both widths, and in micro- and nanoseconds. */
TEST(when_a_message_came)
{
	static const struct { int option; unsigned size; } kinds[] = {
		{ 29, 8 }, { 35, 8 }, { 63, 16 }, { 64, 16 },
	};
	struct sockaddr_in a = at("127.0.0.1", 0);
	socklen_t len = sizeof(a);
	int fd = udp(0), out = udp(0), on;

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	for (unsigned n = 0; n < 4; n++) {
		long long before = time(NULL), when;

		on = 1;
		CHECK_OK(setsockopt(fd, SOL_SOCKET, kinds[n].option, &on,
				    sizeof(on)));
		on = 0;
		len = sizeof(on);
		CHECK_OK(getsockopt(fd, SOL_SOCKET, kinds[n].option, &on,
				    &len));
		CHECK_EQ(on, 1);
		CHECK_EQ(send_to(out, "x", ntohs(a.sin_port)), 1);
		when = stamp(fd, kinds[n].option, kinds[n].size);
		CHECK(when >= before && when <= time(NULL));
		on = 0;
		CHECK_OK(setsockopt(fd, SOL_SOCKET, kinds[n].option, &on,
				    sizeof(on)));
	}
}

static const struct { unsigned cmd, size, unit; } stamps[] = {
	{ 0x8906, 8, 1000 }, { 0x8907, 8, 1 },		/* SIOCGSTAMP, -NS */
	{ 0x80108906, 16, 1000 }, { 0x80108907, 16, 1 },
};

/* What one of them says, in ns. */
static long long stamp_asked(int fd, unsigned n)
{
	union { int narrow[2]; long long wide[2]; } t;

	memset(&t, 0xaa, sizeof(t));
	CHECK_OK(ioctl(fd, stamps[n].cmd, &t));
	if (stamps[n].size == 16)
		return t.wide[0] * 1000000000 + t.wide[1] * stamps[n].unit;
	CHECK_EQ(t.wide[1], (long long)0xaaaaaaaaaaaaaaaa);
	return t.narrow[0] * 1000000000LL + t.narrow[1] * stamps[n].unit;
}

static long long now(void)
{
	struct timespec t;

	CHECK_OK(clock_gettime(CLOCK_REALTIME, &t));
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

TEST(when_the_last_message_came)
{
	struct sockaddr_in a = at("127.0.0.1", 0);
	socklen_t len = sizeof(a);
	int fd = udp(0), out = udp(0), on = 1;
	struct pollfd p = { fd, POLLIN, 0 };
	long long before, after, stamp = 0;
	struct timeval t;
	char c;

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	CHECK_ERRNO(ioctl(fd, 0x8906, &t), ENOENT);
	for (unsigned n = 0; n < 4; n++) {
		before = now();
		CHECK_EQ(send_to(out, "x", ntohs(a.sin_port)), 1);
		CHECK_EQ(poll(&p, 1, 5000), 1);
		after = now();
		usleep(2000);
		CHECK_EQ(recv(fd, &c, 1, 0), 1);
		stamp = stamp_asked(fd, n);
		CHECK(stamp + stamps[n].unit > before && stamp <= after);
		CHECK_EQ(stamp_asked(fd, n), stamp);
	}
	/* what has its time in a control message is not kept */
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
	CHECK_EQ(send_to(out, "x", ntohs(a.sin_port)), 1);
	CHECK_EQ(recv(fd, &c, 1, 0), 1);
	CHECK_EQ(stamp_asked(fd, 3), stamp);
	CHECK_ERRNO(ioctl(fd, 0x8906, NULL), EFAULT);
	CHECK_ERRNO(ioctl(socket(AF_UNIX, SOCK_DGRAM, 0), 0x8906, &t), ENOTTY);
}

TEST(an_address_that_is_not_there_yet)
{
	struct sockaddr_in a = at("10.199.0.1", 0);
	int fd = udp(0), on = 1, v = 0;
	socklen_t len = sizeof(v);

	need_root();
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a)), EADDRNOTAVAIL);
	CHECK_OK(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)));
	CHECK_OK(getsockopt(fd, IPPROTO_IP, IP_FREEBIND, &v, &len));
	CHECK_EQ(v, 1);
	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	if (!on_brig())
		return;		/* there anybody may */
	become(ALICE, STAFF);
	CHECK_ERRNO(setsockopt(udp(0), IPPROTO_IP, IP_FREEBIND, &on,
			       sizeof(on)), EPERM);
}
