/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_inet.c - deeds on the Internet's sockets: TCP, UDP and raw ones on a few
 * ports of loopback, their options and ioctls; and frames that somebody made up,
 * put on lo by a packet socket, which meet those sockets on their way up. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 8, PORTS = 4, PORT_FIRST = 4000, OPTION_END = 84,
       SIOC_FIRST = 0x8900, SIOC_COUNT = 0x60, FRAME = 600, HEAD = 14 };

/* One of a few, most of them ours. */
static uint32_t any_addr(void)
{
	static const uint32_t others[] = { 0, 0xffffffff, 0xe0000001, 0xe00000fb,
					   0x0a000214, 0x7fffffff };

	return htonl(one_in(8) ? others[below(6)] : 0x7f000001 + below(2));
}

static uint16_t any_port(void)
{
	return htons(one_in(20) ? 0 : PORT_FIRST + below(PORTS));
}

static struct sockaddr_in any_name(void)
{
	struct sockaddr_in a = { .sin_family = one_in(30) ? odd_number() : AF_INET,
				 .sin_port = any_port() };

	a.sin_addr.s_addr = any_addr();
	return a;
}

static int any_socket(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM,
				     SOCK_RAW };
	int type = types[below(4)], on = 1, s;

	s = socket(AF_INET, type | SOCK_NONBLOCK,
		   type != SOCK_RAW ? 0 : one_in(3) ? IPPROTO_RAW : IPPROTO_ICMP);
	if (one_in(2))
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return s;
}

/* Mostly numbers; groups and devices too. */
static void any_option(int s)
{
	static const int levels[] = { SOL_SOCKET, SOL_IP, IPPROTO_TCP, SOL_RAW };
	int level = levels[below(4)], name = below(OPTION_END);
	uint32_t v[4] = { one_in(2) ? below(3) : odd_number(), any_addr(), below(3),
			  odd_number() };
	socklen_t len = one_in(6) ? below(sizeof(v) + 1) : sizeof(v[0]);

	if (level == SOL_IP && one_in(3)) {	/* a group */
		v[0] = any_addr();
		len = one_in(2) ? 8 : 12;
	}
	if (one_in(3))
		getsockopt(s, level, name, v, &len);
	else
		setsockopt(s, level, name, one_in(9) ? arena + below(PAGE) : (void *)v,
			   len);
}

/* Nothing that would take lo away for long: see deed_inet. */
static void any_ioctl(int s)
{
	union {
		struct ifreq r;
		struct rtentry route;
	} u;

	fill(&u, sizeof(u));
	strcpy(u.r.ifr_name, one_in(3) ? "lo" : one_in(2) ? "eth0" : "lo:1");
	*(struct sockaddr_in *)&u.r.ifr_addr = any_name();
	if (one_in(3))
		u.r.ifr_mtu = below(3000);
	if (one_in(8))
		memset(&u.route, 0, sizeof(u.route));
	ioctl(s, one_in(8) ? odd_number() : SIOC_FIRST + below(SIOC_COUNT),
	      one_in(20) ? (void *)arena : &u);
}

static void send_some(int s)
{
	static char block[20000];
	struct { struct cmsghdr h; struct in_pktinfo p; } c;
	struct sockaddr_in to = any_name();
	struct iovec io = { block, below(one_in(4) ? sizeof(block) : 60) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	if (one_in(2)) {
		m.msg_name = &to;
		m.msg_namelen = one_in(20) ? below(sizeof(to)) : sizeof(to);
	}
	if (one_in(4)) {
		fill(&c, sizeof(c));
		c.h.cmsg_len = one_in(8) ? below(sizeof(c) + 2) : sizeof(c);
		c.h.cmsg_level = one_in(4) ? (int)below(2) : IPPROTO_IP;
		c.h.cmsg_type = one_in(4) ? (int)below(12) : IP_PKTINFO;
		c.p.ipi_ifindex = below(3);
		c.p.ipi_spec_dst.s_addr = any_addr();
		m.msg_control = &c;
		m.msg_controllen = c.h.cmsg_len;
	}
	sendmsg(s, &m, one_in(4) ? (int)odd_number() | MSG_DONTWAIT :
				   MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void receive_some(int s)
{
	static char block[20000];
	char control[200];
	struct sockaddr_in from;
	struct iovec io = { one_in(20) ? arena : (void *)block,
			    below(one_in(3) ? sizeof(block) : 60) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_name = &from,
			    .msg_namelen = below(sizeof(from) + 1),
			    .msg_control = control,
			    .msg_controllen = below(sizeof(control) + 1) };

	recvmsg(s, &m, MSG_DONTWAIT | (one_in(3) ? (int)odd_number() : 0) |
		       (one_in(6) ? MSG_ERRQUEUE : 0));
}

static void one_step(int *fd)
{
	struct sockaddr_in name = any_name();
	socklen_t len = one_in(20) ? below(20) : sizeof(name);
	int *s = &fd[below(SOCKETS)], got;
	struct pollfd p = { *s, odd_number(), 0 };

	switch (below(16)) {
	case 0: bind(*s, (struct sockaddr *)&name, len); break;
	case 1: listen(*s, below(4)); break;
	case 2:
	case 3: connect(*s, (struct sockaddr *)&name, len); break;
	case 4:
		got = accept4(*s, (struct sockaddr *)&name, &len, SOCK_NONBLOCK);
		if (got >= 0) {
			close(fd[0]);
			fd[0] = got;
		}
		break;
	case 5: close(*s), *s = any_socket(); break;
	case 6: shutdown(*s, below(3)); break;
	case 7:
	case 8: any_option(*s); break;
	case 9: any_ioctl(*s); break;
	case 10: poll(&p, 1, below(3)); break;
	case 11:
	case 12: receive_some(*s); break;
	default: send_some(*s); break;
	}
}

/* lo is as it was, whatever an ioctl made of it. */
static void loopback_mend(void)
{
	struct ifreq r = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	r.ifr_ifindex = 1;
	if (!ioctl(s, SIOCGIFNAME, &r) && strcmp(r.ifr_name, "lo")) {
		r.ifr_flags = 0;	/* only what is down gets a name */
		ioctl(s, SIOCSIFFLAGS, &r);
		strcpy(r.ifr_newname, "lo");
		ioctl(s, SIOCSIFNAME, &r);
	}
	strcpy(r.ifr_name, "lo");
	r.ifr_mtu = 65536;
	ioctl(s, SIOCSIFMTU, &r);
	r.ifr_flags = IFF_UP;
	ioctl(s, SIOCSIFFLAGS, &r);
	*(struct sockaddr_in *)&r.ifr_addr = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ioctl(s, SIOCSIFADDR, &r);
	strcpy(r.ifr_name, "lo:1");
	r.ifr_flags = 0;
	ioctl(s, SIOCSIFFLAGS, &r);
	close(s);
}

static void deed_inet(void)
{
	int fd[SOCKETS];
	pid_t p;

	loopback_mend();
	for (int i = 0; i < SOCKETS; i++)
		fd[i] = any_socket();
	p = child_make();
	for (int i = 0; i < 60; i++)
		one_step(fd);
	if (p == 0)
		child_exit();
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	child_wait(p);
	loopback_mend();
}

/* --- frames --------------------------------------------------------------------- */

static uint16_t sum_of(const unsigned char *b, unsigned n, uint32_t sum)
{
	for (unsigned i = 0; i < n; i++)
		sum += i % 2 ? b[i] : b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Most sums are right, or nothing would come past the first look: of the IP
 * header, and of the n bytes behind it. */
static void sums_put(struct iphdr *ip, unsigned n)
{
	unsigned char *b = (unsigned char *)ip + ip->ihl * 4;
	uint16_t *pair = (uint16_t *)&ip->saddr;
	uint32_t pseudo = ip->protocol + n;
	unsigned at = ip->protocol == IPPROTO_TCP ? 16 :
		      ip->protocol == IPPROTO_UDP ? 6 : 2;

	for (int i = 0; i < 4; i++)
		pseudo += ntohs(pair[i]);
	if (n >= at + 2 && !one_in(10)) {
		memset(b + at, 0, 2);
		*(uint16_t *)(b + at) =
			sum_of(b, n, ip->protocol == IPPROTO_ICMP ? 0 : pseudo);
	}
	ip->check = 0;
	if (!one_in(20))
		ip->check = sum_of((unsigned char *)ip, ip->ihl * 4, 0);
}

/* A TCP header for one of the ports, any flags; numbers small or wild. */
static void tcp_make(unsigned char *b, unsigned n)
{
	struct tcphdr *h = (void *)b;

	h->th_sport = any_port();
	h->th_dport = any_port();
	h->th_off = one_in(4) ? below(16) : 5 + below(n / 4 > 5 ? 3 : 1);
	h->th_flags = one_in(3) ? TH_SYN : rnd();
	if (one_in(2))
		h->th_seq = h->th_ack = htonl(below(3));
}

/* An error about a packet of ours: its header, ports, and rubbish. */
static void icmp_make(unsigned char *b)
{
	struct iphdr *quoted = (void *)(b + 8);

	b[0] = one_in(2) ? 3 : below(19);
	b[1] = below(17);
	quoted->version = 4;
	quoted->ihl = one_in(8) ? below(16) : 5;
	quoted->protocol = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP;
	quoted->saddr = any_addr();
	quoted->daddr = any_addr();
	*(uint16_t *)(b + 28) = any_port();
	*(uint16_t *)(b + 30) = any_port();
}

static unsigned frame_make(unsigned char *b)
{
	static const unsigned char protocols[] = { IPPROTO_TCP, IPPROTO_UDP,
						   IPPROTO_ICMP };
	unsigned head = one_in(5) ? 20 + 4 * below(4) : 20;
	unsigned n = one_in(2) ? 64 : 40 + below(FRAME - HEAD - 80);
	struct iphdr *ip = (void *)(b + HEAD);

	fill(b, FRAME);
	*(uint16_t *)(b + 12) = htons(one_in(20) ? ETH_P_ARP : ETH_P_IP);
	ip->version = 4;
	ip->ihl = head / 4;
	ip->tot_len = htons(one_in(10) ? rnd() : head + n);
	ip->frag_off = 0;
	if (one_in(3))	/* of a few packets, in pieces of 64 */
		ip->frag_off = htons(8 * below(4) | (one_in(3) ? 0 : 0x2000));
	ip->id = below(3);
	ip->protocol = one_in(20) ? rnd() : protocols[below(3)];
	ip->saddr = any_addr();
	ip->daddr = any_addr();
	b += HEAD + head;
	if (ip->protocol == IPPROTO_TCP) {
		tcp_make(b, n);
	} else if (ip->protocol == IPPROTO_ICMP) {
		icmp_make(b);
	} else {
		((uint16_t *)b)[1] = any_port();
		((uint16_t *)b)[2] = htons(one_in(4) ? rnd() : n);
	}
	sums_put(ip, n);
	return HEAD + head + n;
}

/* One that went by, a little different: so it is of a connection that there is,
 * and its numbers are near to what is expected. 0: none went by. */
static unsigned frame_again(unsigned char *b, int wire)
{
	struct iphdr *ip = (void *)(b + HEAD);
	int n = recv(wire, b, FRAME, MSG_DONTWAIT);
	unsigned head;

	if (n < HEAD + 40)
		return 0;
	for (int i = below(4); i; i--)
		b[HEAD + (one_in(3) ? 0 : 20) + below(one_in(2) ? 20 : n - HEAD - 20)] =
			one_in(2) ? rnd() : below(4);
	head = ip->ihl * 4;
	if (head >= 20 && HEAD + head + 8 <= (unsigned)n)
		sums_put(ip, n - HEAD - head);
	return n;
}

/* A listener and who has called it, on fd 0 to 2. */
static void connection_make(int *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = any_port() };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	}
	bind(fd[0], (struct sockaddr *)&a, sizeof(a));
	listen(fd[0], 2);
	connect(fd[1], (struct sockaddr *)&a, sizeof(a));
	close(fd[2]);
	fd[2] = accept4(fd[0], NULL, NULL, SOCK_NONBLOCK);
}

static void deed_frames(void)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = one_in(8) ? 2 : 1 };
	static unsigned char frame[FRAME] __attribute__((aligned(4)));
	int wire = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	int fd[SOCKETS];

	loopback_mend();
	for (int i = 0; i < SOCKETS; i++)
		fd[i] = any_socket();
	connection_make(fd);
	for (int i = 0; i < 100; i++) {
		unsigned n = one_in(2) ? frame_make(frame) :
					 frame_again(frame, wire);

		sendto(wire, frame, n, MSG_DONTWAIT, (struct sockaddr *)&to,
		       sizeof(to));
		if (one_in(3))
			one_step(fd);
		else if (one_in(2))
			send(fd[1 + below(2)], frame, below(FRAME), MSG_DONTWAIT);
		else
			recv(fd[1 + below(2)], frame, FRAME, MSG_DONTWAIT);
	}
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	close(wire);
	loopback_mend();
}

const struct deed inet_deeds[] = { { "inet", deed_inet },
				   { "frames", deed_frames },
				   { "ring", deed_ring },
				   { "async", deed_async } };
const unsigned inet_deed_count = sizeof(inet_deeds) / sizeof(*inet_deeds);
