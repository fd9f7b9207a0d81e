/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.c - AF_PACKET: frames of loopback, as they are and without header. */
#include <linux/sockios.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>

#include "packet.h"

TEST(a_frame_of_our_own)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT), from;
	socklen_t len = sizeof(from);
	char buf[64];

	CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
			sizeof(to)), 5);
	CHECK_EQ(recvfrom(in, buf, sizeof(buf), MSG_PEEK, NULL, NULL), 19);
	CHECK_EQ(recvfrom(in, buf, sizeof(buf), 0, (struct sockaddr *)&from,
			  &len), 19);
	CHECK(!memcmp(buf + 12, "\x88\xb5hello", 7));
	CHECK_EQ(from.sll_family, AF_PACKET);
	CHECK_EQ(from.sll_protocol, htons(EXPERIMENT));
	CHECK_EQ(from.sll_ifindex, to.sll_ifindex);
	CHECK_EQ(from.sll_pkttype, PACKET_HOST);
	CHECK_EQ(from.sll_hatype, 772);
	CHECK_EQ(from.sll_halen, 6);
	CHECK_EQ(send(in, buf, 19, 0), 19);
	CHECK_EQ(recv(in, buf, 7, MSG_TRUNC), 19);
	CHECK_ERRNO(recv(in, buf, 7, MSG_DONTWAIT), EAGAIN);
}

/* Without the link's header; IP's is the first then. */
TEST(a_packet_of_ip)
{
	int in = packet(SOCK_DGRAM, ETH_P_IP), fd;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct { struct iphdr ip; char rest[40]; } p;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	CHECK_EQ(recv(in, &p, sizeof(p), 0), 29);
	CHECK_EQ(p.ip.version, 4);
	CHECK_EQ(p.ip.protocol, IPPROTO_UDP);
	CHECK_EQ(p.ip.daddr, to.sin_addr.s_addr);
}

/* For all protocols: what goes out is seen too. */
TEST(who_looks_on_sees_both_ways)
{
	int in = packet(SOCK_RAW, ETH_P_ALL), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT), from;
	int kinds[2], n = 0;
	char buf[64];

	CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
			sizeof(to)), 5);
	while (n < 2) {
		socklen_t len = sizeof(from);

		CHECK(recvfrom(in, buf, sizeof(buf), 0,
			       (struct sockaddr *)&from, &len) > 0);
		if (from.sll_protocol == htons(EXPERIMENT))
			kinds[n++] = from.sll_pkttype;
	}
	CHECK_EQ(kinds[0], PACKET_OUTGOING);
	CHECK_EQ(kinds[1], PACKET_HOST);
}

/* What came since it was asked last, and what found no room. */
TEST(statistics_begin_anew)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	struct tpacket_stats s;
	socklen_t len = sizeof(s);
	int small = 1, got = 0;
	char buf[64];

	CHECK_OK(setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	CHECK_OK(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &s, &len));
	for (int n = 0; n < 50; n++)
		CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
				sizeof(to)), 5);
	while (recv(in, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	CHECK(got > 0 && got < 50);
	CHECK_OK(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &s, &len));
	CHECK_EQ(len, sizeof(s));
	CHECK_EQ(s.tp_packets, 50);
	CHECK_EQ(s.tp_drops, 50 - got);
	CHECK_OK(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &s, &len));
	CHECK_EQ(s.tp_packets, 0);
}

static int promiscuous(int fd, int option, int device)
{
	struct packet_mreq r = { .mr_ifindex = device,
				 .mr_type = PACKET_MR_PROMISC };

	return setsockopt(fd, SOL_PACKET, option, &r, sizeof(r));
}

TEST(who_joins_can_leave)
{
	int fd = packet(SOCK_RAW, ETH_P_ALL), lo = if_nametoindex("lo");

	CHECK_OK(promiscuous(fd, PACKET_ADD_MEMBERSHIP, lo));
	CHECK_OK(promiscuous(fd, PACKET_ADD_MEMBERSHIP, lo));
	CHECK_OK(promiscuous(fd, PACKET_DROP_MEMBERSHIP, lo));
	CHECK_OK(promiscuous(fd, PACKET_DROP_MEMBERSHIP, lo));
	CHECK_OK(promiscuous(fd, PACKET_DROP_MEMBERSHIP, lo)); /* as Linux */
	CHECK_ERRNO(promiscuous(fd, PACKET_ADD_MEMBERSHIP, 9999), ENODEV);
	CHECK_ERRNO(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &lo,
			       sizeof(lo)), EINVAL);
	if (!on_brig())
		return;		/* Linux shows it by netlink only */
	for (int n = 0; n < 2; n++) {
		struct ifreq r = { .ifr_name = "lo" };

		if (!n)
			CHECK_OK(promiscuous(fd, PACKET_ADD_MEMBERSHIP, lo));
		else
			close(fd);	/* and with the socket it goes */
		CHECK_OK(ioctl(socket(AF_UNIX, SOCK_DGRAM, 0), SIOCGIFFLAGS,
			       &r));
		CHECK_EQ(!(r.ifr_flags & IFF_PROMISC), n);
	}
}

/* How long it was, and when it came. */
TEST(what_goes_along_with_a_frame)
{
	static const struct instruction code[] = { { 0x06, 0, 0, 16 } };
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	struct tpacket_auxdata *a = NULL;
	char buf[64], control[256];
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int on = 1, times = 0;

	CHECK_OK(attach(in, code, 1));
	CHECK_OK(setsockopt(in, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)));
	CHECK_OK(setsockopt(in, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
	CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
			sizeof(to)), 5);
	CHECK_EQ(recvmsg(in, &m, 0), 16);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_PACKET &&
		    c->cmsg_type == PACKET_AUXDATA)
			a = (void *)CMSG_DATA(c);
		else if (c->cmsg_level == SOL_SOCKET &&
			 c->cmsg_type == SCM_TIMESTAMP)
			times++;
	CHECK(a);
	CHECK_EQ(a->tp_len, 19);
	CHECK_EQ(a->tp_snaplen, 16);
	CHECK(a->tp_status & TP_STATUS_USER);
	CHECK_EQ(a->tp_net, 14);
	CHECK_EQ(times, 1);
}

/* Frames whose first byte of data is 'y', and 16 bytes of those. */
TEST(a_filter_chooses_and_cuts)
{
	static const struct instruction code[] = {
		{ 0x30, 0, 0, 14 },		/* ldb [14] */
		{ 0x15, 0, 1, 'y' },		/* jeq 'y' */
		{ 0x06, 0, 0, 16 },		/* ret 16 */
		{ 0x06, 0, 0, 0 },		/* ret 0 */
	};
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	char buf[64];

	CHECK_OK(attach(in, code, 4));
	for (int n = 0; n < 2; n++)
		CHECK_EQ(sendto(out, n ? "yes" : "nay", 3, 0,
				(struct sockaddr *)&to, sizeof(to)), 3);
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 16);
	CHECK(!memcmp(buf + 14, "ye", 2));
	CHECK_ERRNO(recv(in, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_OK(setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, buf, 4));
	CHECK_ERRNO(setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, buf, 4),
		    ENOENT);
}

/* The protocol of what follows an IP header of any length, computed. */
TEST(a_filter_computes)
{
	static const struct instruction code[] = {
		{ 0xb1, 0, 0, 14 },		/* ldx 4 * ([14] & 15) */
		{ 0x48, 0, 0, 14 },		/* ldh [x + 14] */
		{ 0x02, 0, 0, 3 },		/* st M[3] */
		{ 0x00, 0, 0, 7 },		/* ld 7 */
		{ 0x24, 0, 0, 3 },		/* mul 3 */
		{ 0x14, 0, 0, 1 },		/* sub 1 */
		{ 0x34, 0, 0, 2 },		/* div 2: 10 */
		{ 0x07, 0, 0, 0 },		/* tax */
		{ 0x60, 0, 0, 3 },		/* ld M[3] */
		{ 0x1c, 0, 0, 0 },		/* sub x */
		{ 0x16, 0, 0, 0 },		/* ret a */
	};
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	char data[40] = { 1, 0, 0, 0, 0, 30 }, buf[64];

	CHECK_OK(attach(in, code, 11));
	CHECK_EQ(sendto(out, data, 40, 0, (struct sockaddr *)&to, sizeof(to)),
		 40);
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 20);
}

/* What is known of a frame and not in it: places beyond any. */
TEST(a_filter_asks_about_a_frame)
{
	struct instruction code[] = {
		{ 0x28, 0, 0, 0xfffff000 },	/* ldh protocol */
		{ 0x15, 0, 5, EXPERIMENT },
		{ 0x30, 0, 0, 0xfffff004 },	/* ldb kind */
		{ 0x15, 0, 3, PACKET_HOST },
		{ 0x20, 0, 0, 0xfffff008 },	/* ld interface */
		{ 0x15, 0, 1, if_nametoindex("lo") },
		{ 0x06, 0, 0, 4 },
		{ 0x06, 0, 0, 0 },
	};
	int in = packet(SOCK_DGRAM, ETH_P_ALL), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	char buf[64];

	CHECK_OK(attach(in, code, 8));
	while (recv(in, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;		/* what came before there was a filter */
	CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
			sizeof(to)), 5);
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 4);
	CHECK_ERRNO(recv(in, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	code[0].k = 0xffffff00;			/* nothing is known of that */
	CHECK_ERRNO(attach(in, code, 8), EINVAL);
}

TEST(filters_that_are_none)
{
	static const struct instruction bad[][2] = {
		{ { 0x06, 0, 0, 1 }, { 0x00, 0, 0, 1 } },	/* no end */
		{ { 0x15, 1, 0, 1 }, { 0x06, 0, 0, 1 } },	/* beyond it */
		{ { 0x05, 0, 0, 0xffffffff }, { 0x06, 0, 0, 1 } },
		{ { 0x02, 0, 0, 16 }, { 0x06, 0, 0, 1 } },	/* M[16] */
		{ { 0x60, 0, 0, 16 }, { 0x06, 0, 0, 1 } },
		{ { 0x34, 0, 0, 0 }, { 0x06, 0, 0, 1 } },	/* div 0 */
		{ { 0xff, 0, 0, 0 }, { 0x06, 0, 0, 1 } },
		{ { 0x130, 0, 0, 0 }, { 0x06, 0, 0, 1 } },
	};
	int in = packet(SOCK_RAW, EXPERIMENT);

	for (unsigned n = 0; n < sizeof(bad) / sizeof(*bad); n++)
		CHECK_ERRNO(attach(in, bad[n], 2), EINVAL);
	CHECK_ERRNO(attach(in, bad[0], 0), EINVAL);
}

TEST(what_cannot_be)
{
	struct sockaddr_ll to = loopback(EXPERIMENT);
	int fd = packet(SOCK_DGRAM, 0), raw = packet(SOCK_RAW, 0);

	CHECK_ERRNO(bind(fd, (struct sockaddr *)&to, 8), EINVAL);
	CHECK_ERRNO(send(raw, "short", 5, 0), EINVAL);
	to.sll_ifindex = 9999;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&to, sizeof(to)), ENODEV);
	CHECK_ERRNO(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)),
		    ENXIO);
	CHECK_ERRNO(socket(AF_PACKET, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	CHECK_OK(setuid(1000));
	CHECK_ERRNO(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
}

/* Of linux/ethtool.h, which defines musl's struct ethhdr again. */
enum { GLINK = 0xa, GET_TS_INFO = 0x41, RX_SOFTWARE = 8 };
struct value { uint32_t cmd, data; };
struct times { uint32_t cmd, kinds; int32_t clock; uint32_t rest[8]; };

static int ethtool(const char *name, void *data)
{
	struct ifreq r = { .ifr_data = data };

	strcpy(r.ifr_name, name);
	return ioctl(socket(AF_UNIX, SOCK_DGRAM, 0), SIOCETHTOOL, &r);
}

/* libpcap asks whether there is a wire, and who takes the time of a frame. */
TEST(what_is_asked_before_a_capture)
{
	struct value v = { .cmd = GLINK };
	struct times t = { .cmd = GET_TS_INFO };

	CHECK_OK(ethtool("lo", &v));
	CHECK_EQ(v.data, 1);
	CHECK_OK(ethtool("lo", &t));
	CHECK_EQ(t.clock, -1);
	CHECK(t.kinds & RX_SOFTWARE);
	v.cmd = 0xeeee;
	CHECK_ERRNO(ethtool("lo", &v), EOPNOTSUPP);
	CHECK_ERRNO(ethtool("lo", (void *)16), EFAULT);
	CHECK_ERRNO(ethtool("nosuch0", &v), ENODEV);
}
