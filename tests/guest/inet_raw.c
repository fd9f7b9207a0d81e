/* SPDX-License-Identifier: BSD-2-Clause */
/* inet_raw.c - raw sockets over loopback: ICMP, IP_HDRINCL, IPPROTO_RAW. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "files.h"

enum { FILTER = 1 };	/* ICMP_FILTER at level SOL_RAW */

static int raw(int protocol)
{
	struct timeval t = { 5, 0 };
	int fd = socket(AF_INET, SOCK_RAW, protocol);

	CHECK_OK(fd);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	return fd;
}

static struct sockaddr_in loopback(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static uint16_t sum(const void *data, unsigned n)
{
	const uint16_t *w = data;
	unsigned long v = 0;

	for (; n > 1; n -= 2)
		v += *w++;
	while (v >> 16)
		v = (v & 0xffff) + (v >> 16);
	return ~v;
}

static struct icmphdr question(int id, int sequence)
{
	struct icmphdr q = { .type = ICMP_ECHO };

	q.un.echo.id = htons(id);
	q.un.echo.sequence = htons(sequence);
	q.checksum = sum(&q, sizeof(q));
	return q;
}

static void ask(int fd, int id, int sequence)
{
	struct sockaddr_in to = loopback();
	struct icmphdr q = question(id, sequence);

	CHECK_EQ(sendto(fd, &q, sizeof(q), 0, (struct sockaddr *)&to,
			sizeof(to)), sizeof(q));
}

/* The next message with that id: its type. */
static int next(int fd, int id)
{
	char buf[256];
	struct iphdr *ip = (struct iphdr *)buf;
	struct icmphdr *icmp = (struct icmphdr *)(buf + sizeof(*ip));
	int n;

	do {
		n = recv(fd, buf, sizeof(buf), 0);
		CHECK(n >= (int)(sizeof(*ip) + sizeof(*icmp)));
		CHECK_EQ(ntohs(ip->tot_len), n);
		CHECK_EQ(ip->protocol, IPPROTO_ICMP);
	} while (ntohs(icmp->un.echo.id) != id);
	CHECK_EQ(sum(icmp, sizeof(*icmp)), 0);
	return icmp->type;
}

TEST(ping_ourselves)
{
	int fd;

	need_root();
	fd = raw(IPPROTO_ICMP);
	ask(fd, 4711, 1);
	CHECK_EQ(next(fd, 4711), ICMP_ECHO);
	CHECK_EQ(next(fd, 4711), ICMP_ECHOREPLY);
}

TEST(a_filter_keeps_types_out)
{
	uint32_t mask = ~(1u << ICMP_ECHOREPLY), is = 0;
	socklen_t len = sizeof(is);
	int fd;

	need_root();
	fd = raw(IPPROTO_ICMP);
	CHECK_OK(setsockopt(fd, SOL_RAW, FILTER, &mask, sizeof(mask)));
	CHECK_OK(getsockopt(fd, SOL_RAW, FILTER, &is, &len));
	CHECK_EQ(is, mask);
	ask(fd, 4712, 1);
	CHECK_EQ(next(fd, 4712), ICMP_ECHOREPLY);
}

/* A whole packet of UDP, to a socket that has it from the source we wrote. */
TEST(a_header_of_our_own)
{
	struct { struct iphdr ip; struct udphdr udp; char text[4]; } p = {
		{ .version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_UDP },
		{ .source = htons(77), .len = htons(12) }, "abc",
	};
	struct sockaddr_in to = loopback(), from;
	socklen_t len = sizeof(to);
	char buf[8];
	int fd, udp = socket(AF_INET, SOCK_DGRAM, 0);

	need_root();
	CHECK_OK(bind(udp, (struct sockaddr *)&to, sizeof(to)));
	CHECK_OK(getsockname(udp, (struct sockaddr *)&to, &len));
	p.udp.dest = to.sin_port;
	p.ip.saddr = inet_addr("127.0.0.3");
	p.ip.daddr = to.sin_addr.s_addr;
	fd = raw(IPPROTO_RAW);
	CHECK_EQ(sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&to,
			sizeof(to)), sizeof(p));
	CHECK_EQ(recvfrom(udp, buf, 8, 0, (struct sockaddr *)&from, &len), 4);
	CHECK(!memcmp(buf, "abc", 4));
	CHECK_EQ(from.sin_port, htons(77));
	CHECK_EQ(from.sin_addr.s_addr, p.ip.saddr);
	CHECK_ERRNO(sendto(fd, &p, 8, 0, (struct sockaddr *)&to, sizeof(to)),
		    EINVAL);
	p.ip.ihl = 15;
	CHECK_ERRNO(sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&to,
			   sizeof(to)), EINVAL);
}

TEST(a_protocol_of_our_own)
{
	struct sockaddr_in to = loopback();
	char buf[64];
	int a, b;

	need_root();
	a = raw(253);
	b = raw(253);
	CHECK_ERRNO(send(a, "x", 1, 0), EDESTADDRREQ);
	CHECK_OK(connect(a, (struct sockaddr *)&to, sizeof(to)));
	CHECK_EQ(send(a, "hello", 5, 0), 5);
	CHECK_EQ(recv(b, buf, sizeof(buf), 0), 25);
	CHECK(!memcmp(buf + 20, "hello", 5));
}

/* The first column is as wide as that of TCP, the last ones are UDP's. */
TEST(listed_in_proc)
{
	static const char title[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr "
		"tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
	struct sockaddr_in to = loopback();
	char text[16384];
	unsigned row, drops;
	const char *line;
	int a, fd, n;

	need_root();
	a = raw(253);
	CHECK_OK(connect(a, (struct sockaddr *)&to, sizeof(to)));
	fd = open("/proc/net/raw", O_RDONLY);
	CHECK_OK(fd);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0);
	text[n] = '\0';
	CHECK(!strncmp(text, title, strlen(title)));
	line = strstr(text, ": 0100007F:00FD 0100007F:0000 01 00000000:00000000");
	CHECK(line && line - text >= 5 && line[-5] == '\n');
	CHECK_EQ(sscanf(line - 4, "%4u: %*s %*s %*s %*s %*s %*s 0 0 %*u 2 "
			"%*x %u\n", &row, &drops), 2);
	CHECK_EQ(drops, 0);
}

TEST(not_for_everybody)
{
	need_root();
	CHECK_ERRNO(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
	CHECK_OK(setuid(1000));
	CHECK_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	CHECK_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_RAW), EPERM);
}
