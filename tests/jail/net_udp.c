/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_udp.c - whose a datagram is, beyond what paper_network.c has.
 *
 * oracle: no
 */
#include "net.h"

#define ONE "10.50.0.1"
#define TWO "10.50.0.2"
#define HOST "10.50.0.9"
enum { PORT = 5300 };

static void begin(void)
{
	net_begin(ONE, TWO, HOST);
}

TEST(the_wildcard_becomes_the_jails_address)
{
	int jid;

	begin();
	jid = net_jail("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int fd = net_server(SOCK_DGRAM, "0.0.0.0", PORT), other = net_socket(SOCK_DGRAM);

		net_has_name(fd, ONE);
		CHECK_EQ(net_send(other, "hi", ONE, PORT), 2);
		net_gets(fd, "hi", ONE);
	}
}

TEST(loopback_becomes_the_jails_address)
{
	int jid, host;

	begin();
	host = net_server(SOCK_DGRAM, "127.0.0.1", PORT);
	jid = net_jail("a", "ip4.addr=" ONE "," TWO);
	IN_JAIL(jid, 0) {
		int fd = net_server(SOCK_DGRAM, "127.0.0.1", PORT), other = net_socket(SOCK_DGRAM);

		net_has_name(fd, ONE);
		CHECK_EQ(net_send(other, "hi", "127.0.0.1", PORT), 2);
		net_gets(fd, "hi", ONE);
		CHECK_EQ(net_send(other, "ho", "127.7.7.7", PORT), 2);
		net_gets(fd, "ho", ONE);
	}
	net_gets_nothing(host);
}

TEST(a_foreign_address_is_refused)
{
	int jid;

	begin();
	jid = net_jail("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int fd = net_socket(SOCK_DGRAM);

		CHECK_ERRNO(net_bind(fd, HOST, PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(net_bind(fd, TWO, PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(net_bind(fd, "192.0.2.1", PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(net_bind(fd, "224.0.0.1", PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(net_bind(fd, "255.255.255.255", PORT),
			    EADDRNOTAVAIL);
	}
}

TEST(or_diverted)
{
	int jid;

	begin();
	jid = net_jail("a", "ip4.addr=" ONE "; ip4.foreign=divert");
	IN_JAIL(jid, 0)
		net_has_name(net_server(SOCK_DGRAM, HOST, PORT), ONE);
}

/* No control message makes another's address the source. */
TEST(the_source_is_the_jails)
{
	struct { struct cmsghdr h; struct in_pktinfo p; } c = {
		{ .cmsg_len = sizeof(c), .cmsg_level = IPPROTO_IP,
		  .cmsg_type = IP_PKTINFO }, { 0 },
	};
	struct sockaddr_in to = net_at(HOST, PORT);
	struct iovec io = { (char *)"x", 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to),
			    .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = sizeof(c) };
	int jid, host;

	begin();
	host = net_server(SOCK_DGRAM, HOST, PORT);
	jid = net_jail("a", "ip4.addr=" TWO);
	IN_JAIL(jid, 0) {
		int fd = net_socket(SOCK_DGRAM);

		CHECK_EQ(net_send(fd, "out", HOST, PORT), 3);
		c.p.ipi_spec_dst.s_addr = inet_addr(HOST);
		CHECK_ERRNO(sendmsg(fd, &m, 0), EADDRNOTAVAIL);
		c.p.ipi_spec_dst.s_addr = inet_addr("127.0.0.1");
		CHECK_EQ(sendmsg(fd, &m, 0), 1);
		c.p.ipi_spec_dst.s_addr = 0;
		c.p.ipi_ifindex = 99;
		CHECK_ERRNO(sendmsg(fd, &m, 0), ENODEV);
	}
	net_gets(host, "out", TWO);
	net_gets(host, "x", TWO);
	net_gets_nothing(host);
}

TEST(two_jails_and_the_host_on_one_port)
{
	int a, b, host, fd = net_socket(SOCK_DGRAM);

	begin();
	a = net_jail("a", "ip4.addr=" ONE);
	b = net_jail("b", "ip4.addr=" TWO);
	net_answering(a, "one", SOCK_DGRAM, "0.0.0.0", PORT);
	host = net_server(SOCK_DGRAM, "0.0.0.0", PORT);
	net_answering(b, "two", SOCK_DGRAM, "0.0.0.0", PORT);
	CHECK_EQ(net_send(fd, "?", ONE, PORT), 1);
	net_gets(fd, "one", ONE);
	CHECK_EQ(net_send(fd, "?", TWO, PORT), 1);
	net_gets(fd, "two", TWO);
	net_gets_nothing(host);
	CHECK_EQ(net_send(fd, "me", HOST, PORT), 2);
	net_gets(host, "me", HOST);
	CHECK_OK(jail_remove(a));
	CHECK_EQ(net_send(fd, "?", ONE, PORT), 1);
	net_gets(host, "?", ONE);
}

TEST(an_inheriting_jail_is_as_the_host)
{
	int jid;

	begin();
	jid = net_jail("a", "ip4=inherit");
	IN_JAIL(jid, 0) {
		int fd = net_server(SOCK_DGRAM, "0.0.0.0", PORT), other = net_socket(SOCK_DGRAM);

		net_has_name(fd, "0.0.0.0");
		CHECK_EQ(net_send(other, "hi", "127.0.0.1", PORT), 2);
		net_gets(fd, "hi", "127.0.0.1");
		net_has_name(net_server(SOCK_DGRAM, HOST, PORT + 1), HOST);
	}
}

/* An address that was taken from the jail is no source of it any more. */
TEST(a_socket_outlives_its_address)
{
	int jid, to[2], from[2];
	char c;

	begin();
	jid = net_jail("a", "ip4.addr=" ONE "," TWO);
	CHECK_OK(pipe(to));
	CHECK_OK(pipe(from));
	if (!fork()) {
		int fd;

		if (jail_attach(jid))
			_exit(1);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (net_bind(fd, TWO, PORT) || write(from[1], "x", 1) != 1 ||
		    read(to[0], &c, 1) != 1)
			_exit(1);
		c = net_send(fd, "x", HOST, PORT) < 0 ? errno : 0;
		(void)!write(from[1], &c, 1);
		_exit(0);
	}
	CHECK_EQ(read(from[0], &c, 1), 1);
	CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	CHECK_EQ(write(to[1], "x", 1), 1);
	CHECK_EQ(read(from[0], &c, 1), 1);
	CHECK_EQ(c, EADDRNOTAVAIL);
}

/* The sender asks for it; a jail's sockets get none. */
TEST(broadcast_needs_permission)
{
	struct sockaddr_in to = net_at("255.255.255.255", PORT);
	int a = net_socket(SOCK_DGRAM), host, on = 1, jid;

	begin();
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	jid = net_jail("a", "ip4.addr=" ONE "," TWO);
	CHECK_ERRNO(connect(a, (struct sockaddr *)&to, sizeof(to)), EACCES);
	CHECK_ERRNO(net_send(a, "x", "255.255.255.255", PORT), EACCES);
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	host = net_server(SOCK_DGRAM, "0.0.0.0", PORT);
	IN_JAIL(jid, 0) {
		int fd = net_server(SOCK_DGRAM, "0.0.0.0", PORT);

		CHECK_EQ(net_send(a, "all", "255.255.255.255", PORT), 3);
		net_gets_nothing(fd);
	}
	net_gets(host, "all", "127.0.0.1");
}

/* Of the sockets a jail sees its own. */
TEST(sockets_are_listed_by_jail)
{
	char text[8192];
	int jid, n, fd;

	begin();
	net_server(SOCK_DGRAM, HOST, PORT);
	CHECK_OK(mkdir(j_path("a/tmp/p"), 0755));
	j_mount("proc", j_path("a"), "proc");
	jid = net_jail("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		net_server(SOCK_DGRAM, ONE, PORT + 1);
		fd = open("/proc/net/udp", O_RDONLY);
		CHECK_OK(fd);
		n = read(fd, text, sizeof(text) - 1);
		CHECK(n > 0);
		text[n] = '\0';
		CHECK(strstr(text, "0100320A:14B5") != NULL);
		CHECK(strstr(text, "0900320A:14B4") == NULL);
	}
}
