/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_raw.c - raw sockets of a jail: none, or with allow.raw_sockets such that
 * send from its addresses alone and hear what is for them.
 *
 * oracle: no
 */
#include <netinet/ip.h>

#include "net.h"

#define ONE "10.50.0.1"
#define TWO "10.50.0.2"
enum { PROTOCOL = 253 };	/* for experiments: RFC 3692 */

struct whole {
	struct iphdr ip;
	char text[4];
};

static int jail_with(const char *more)
{
	j_begin();
	net_alias("lo:1", ONE);
	net_alias("lo:2", TWO);
	j_tree("a");
	return j_make("name=a; path=%s; persist; ip4.addr=" ONE "; %s",
		      j_path("a"), more);
}

static int raw(int protocol)
{
	struct timeval t = { 5, 0 };
	int fd = socket(AF_INET, SOCK_RAW, protocol);

	CHECK_OK(fd);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	return fd;
}

static int send_to(int fd, const void *data, int n, const char *addr)
{
	struct sockaddr_in a = net_at(addr, 0);

	return sendto(fd, data, n, 0, (struct sockaddr *)&a, sizeof(a));
}

/* A packet comes, from and to these. */
static void gets(int fd, const char *src, const char *dst)
{
	struct whole w;

	CHECK_EQ(recv(fd, &w, sizeof(w), 0), sizeof(w));
	CHECK_EQ(w.ip.saddr, inet_addr(src));
	CHECK_EQ(w.ip.daddr, inet_addr(dst));
}

TEST(a_jail_has_no_raw_sockets)
{
	int jid = jail_with("");

	IN_JAIL(jid, 0) {
		CHECK_ERRNO(socket(AF_INET, SOCK_RAW, 1), EPERM);
		CHECK_ERRNO(socket(AF_INET, SOCK_RAW, 255), EPERM);
	}
}

TEST(the_source_is_the_jails)
{
	int jid = jail_with("allow.raw_sockets"), host = raw(PROTOCOL);

	IN_JAIL(jid, 0) {
		int fd = raw(PROTOCOL), whole = raw(IPPROTO_RAW);
		struct whole w = { { .version = 4, .ihl = 5, .ttl = 1,
				     .protocol = PROTOCOL }, "abc" };

		CHECK_ERRNO(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
		CHECK_EQ(send_to(fd, "xyz", 4, TWO), 4);
		w.ip.daddr = inet_addr(TWO);
		CHECK_EQ(send_to(whole, &w, sizeof(w), TWO), sizeof(w));
		w.ip.saddr = inet_addr(ONE);
		CHECK_EQ(send_to(whole, &w, sizeof(w), TWO), sizeof(w));
		w.ip.saddr = inet_addr(TWO);
		CHECK_ERRNO(send_to(whole, &w, sizeof(w), TWO), EADDRNOTAVAIL);
		w.ip.saddr = inet_addr("127.0.0.1");
		CHECK_ERRNO(send_to(whole, &w, sizeof(w), TWO), EADDRNOTAVAIL);
	}
	for (int n = 0; n < 3; n++)
		gets(host, ONE, TWO);
	net_gets_nothing(host);
}

/* What is written in the packet does not lead to the host's 127.0.0.1. */
TEST(the_destination_is_what_was_asked_for)
{
	int jid = jail_with("allow.raw_sockets"), host = raw(PROTOCOL);

	IN_JAIL(jid, 0) {
		int whole = raw(IPPROTO_RAW);
		struct whole w = { { .version = 4, .ihl = 5, .ttl = 1,
				     .protocol = PROTOCOL }, "abc" };

		w.ip.daddr = inet_addr("127.0.0.1");
		CHECK_EQ(send_to(whole, &w, sizeof(w), TWO), sizeof(w));
		CHECK_EQ(send_to(whole, &w, sizeof(w), "127.0.0.1"), sizeof(w));
	}
	gets(host, ONE, TWO);
	gets(host, ONE, ONE);
}

TEST(a_jail_hears_its_own)
{
	int jid = jail_with("allow.raw_sockets"), to[2], from[2], host, status;
	char c;

	host = raw(PROTOCOL);
	CHECK_OK(pipe(to));
	CHECK_OK(pipe(from));
	if (!fork()) {
		struct whole w;
		int fd;

		if (jail_attach(jid))
			_exit(1);
		fd = socket(AF_INET, SOCK_RAW, PROTOCOL);
		if (fd < 0 || write(from[1], "x", 1) != 1 ||
		    read(to[0], &c, 1) != 1)
			_exit(2);
		usleep(50000);
		if (recv(fd, &w, sizeof(w), MSG_DONTWAIT) != sizeof(w) ||
		    w.ip.daddr != inet_addr(ONE))
			_exit(3);
		_exit(recv(fd, &w, sizeof(w), MSG_DONTWAIT) < 0 ? 0 : 4);
	}
	CHECK_EQ(read(from[0], &c, 1), 1);
	CHECK_EQ(send_to(host, "abc", 4, TWO), 4);
	CHECK_EQ(send_to(host, "abc", 4, "127.0.0.1"), 4);
	CHECK_EQ(send_to(host, "abc", 4, ONE), 4);
	CHECK_EQ(write(to[1], "x", 1), 1);
	CHECK_OK(wait(&status));
	CHECK_EQ(status, 0);
}

/* Its only address was the wildcard. */
TEST(a_jail_hears_the_groups_that_it_joined)
{
	int jid = jail_with("allow.raw_sockets"), host = raw(PROTOCOL);
	struct ip_mreqn r = { .imr_ifindex = 1 };

	r.imr_multiaddr.s_addr = inet_addr("224.0.0.251");
	CHECK_OK(setsockopt(host, IPPROTO_IP, IP_MULTICAST_IF, &r, sizeof(r)));
	IN_JAIL(jid, 0) {
		int not = raw(PROTOCOL), does = raw(PROTOCOL);

		CHECK_OK(net_bind(not, "0.0.0.0", 0));
		CHECK_OK(net_bind(does, "0.0.0.0", 0));
		CHECK_OK(setsockopt(does, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r,
				    sizeof(r)));
		CHECK_EQ(send_to(host, "abc", 4, "224.0.0.251"), 4);
		gets(does, "127.0.0.1", "224.0.0.251");
		net_gets_nothing(not);
	}
}
