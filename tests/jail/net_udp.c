/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_udp.c - whose a datagram is: items 15 to 21 of the checklist for UDP. The
 * jails' addresses are aliases of lo.
 *
 * oracle: no
 */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "jail_test.h"

#define ONE "10.50.0.1"
#define TWO "10.50.0.2"
#define HOST "10.50.0.9"
enum { PORT = 5300 };

static struct sockaddr_in at(const char *addr, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = inet_addr(addr);
	return a;
}

static int udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	return fd;
}

static int bind_to(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int bound(const char *addr, unsigned port)
{
	int fd = udp();

	CHECK_OK(bind_to(fd, addr, port));
	return fd;
}

static int send_to(int fd, const char *text, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a,
		      sizeof(a));
}

static void has_name(int fd, const char *addr)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &len));
	if (a.sin_addr.s_addr != inet_addr(addr))
		FAIL("bound to %s, not %s", inet_ntoa(a.sin_addr), addr);
}

/* The next message is text, and comes from addr. */
static void gets(int fd, const char *text, const char *addr)
{
	struct timeval t = { 5, 0 };
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[32] = "";

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK(recvfrom(fd, buf, sizeof(buf) - 1, 0, (struct sockaddr *)&a,
		       &len) >= 0);
	if (strcmp(buf, text) || a.sin_addr.s_addr != inet_addr(addr))
		FAIL("\"%s\" from %s", buf, inet_ntoa(a.sin_addr));
}

static void gets_nothing(int fd)
{
	char buf[8];

	usleep(50000);
	CHECK_ERRNO(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
}

static void ask(const char *label, unsigned what, const char *addr)
{
	struct ifreq r = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(r.ifr_name, label);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(addr);
	CHECK_OK(ioctl(fd, what, &r));
	close(fd);
}

static void alias(const char *label, const char *addr)
{
	ask(label, SIOCSIFADDR, addr);
	ask(label, SIOCSIFNETMASK, "255.255.255.255");
}

static void begin(void)
{
	j_begin();
	alias("lo:1", ONE);
	alias("lo:2", TWO);
	alias("lo:9", HOST);
	j_tree("a");
}

static int jail_with(const char *name, const char *more)
{
	return j_make("name=%s; path=%s; persist; %s", name, j_path("a"), more);
}

TEST(item15_the_wildcard_becomes_the_jails_address)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int fd = bound("0.0.0.0", PORT), other = udp();

		has_name(fd, ONE);
		CHECK_EQ(send_to(other, "hi", ONE, PORT), 2);
		gets(fd, "hi", ONE);
	}
}

TEST(item16_loopback_becomes_the_jails_address)
{
	int jid, host;

	begin();
	host = bound("127.0.0.1", PORT);
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	IN_JAIL(jid, 0) {
		int fd = bound("127.0.0.1", PORT), other = udp();

		has_name(fd, ONE);
		CHECK_EQ(send_to(other, "hi", "127.0.0.1", PORT), 2);
		gets(fd, "hi", ONE);
		CHECK_EQ(send_to(other, "ho", "127.7.7.7", PORT), 2);
		gets(fd, "ho", ONE);
	}
	gets_nothing(host);
}

TEST(item17_a_foreign_address_is_refused)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int fd = udp();

		CHECK_ERRNO(bind_to(fd, HOST, PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(bind_to(fd, TWO, PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(bind_to(fd, "192.0.2.1", PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(bind_to(fd, "224.0.0.1", PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(bind_to(fd, "255.255.255.255", PORT),
			    EADDRNOTAVAIL);
	}
}

TEST(item17_or_diverted)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE "; ip4.foreign=divert");
	IN_JAIL(jid, 0)
		has_name(bound(HOST, PORT), ONE);
}

/* No control message makes another's address the source. */
TEST(item18_the_source_is_the_jails)
{
	struct { struct cmsghdr h; struct in_pktinfo p; } c = {
		{ .cmsg_len = sizeof(c), .cmsg_level = IPPROTO_IP,
		  .cmsg_type = IP_PKTINFO }, { 0 },
	};
	struct sockaddr_in to = at(HOST, PORT);
	struct iovec io = { (char *)"x", 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to),
			    .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = sizeof(c) };
	int jid, host;

	begin();
	host = bound(HOST, PORT);
	jid = jail_with("a", "ip4.addr=" TWO);
	IN_JAIL(jid, 0) {
		int fd = udp();

		CHECK_EQ(send_to(fd, "out", HOST, PORT), 3);
		c.p.ipi_spec_dst.s_addr = inet_addr(HOST);
		CHECK_ERRNO(sendmsg(fd, &m, 0), EADDRNOTAVAIL);
		c.p.ipi_spec_dst.s_addr = inet_addr("127.0.0.1");
		CHECK_EQ(sendmsg(fd, &m, 0), 1);
		c.p.ipi_spec_dst.s_addr = 0;
		c.p.ipi_ifindex = 99;
		CHECK_ERRNO(sendmsg(fd, &m, 0), ENODEV);
	}
	gets(host, "out", TWO);
	gets(host, "x", TWO);
	gets_nothing(host);
}

/* A listener in a jail that the test can talk to: says who it is. */
static int answering(int jid, const char *who)
{
	int up[2], pid;
	char c;

	CHECK_OK(pipe(up));
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		struct sockaddr_in a;
		socklen_t len = sizeof(a);
		char buf[8];
		int fd;

		if (jail_attach(jid) < 0)
			_exit(1);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd < 0 || bind_to(fd, "0.0.0.0", PORT) < 0 ||
		    write(up[1], "x", 1) != 1)
			_exit(1);
		for (;;) {
			len = sizeof(a);
			if (recvfrom(fd, buf, 8, 0, (struct sockaddr *)&a,
				     &len) < 0)
				_exit(1);
			(void)!sendto(fd, who, strlen(who), 0,
				      (struct sockaddr *)&a, len);
		}
	}
	close(up[1]);
	CHECK_EQ(read(up[0], &c, 1), 1);
	close(up[0]);
	return pid;
}

TEST(item19_two_jails_and_the_host_on_one_port)
{
	int a, b, host, fd = udp();

	begin();
	a = jail_with("a", "ip4.addr=" ONE);
	b = jail_with("b", "ip4.addr=" TWO);
	answering(a, "one");
	host = bound("0.0.0.0", PORT);
	answering(b, "two");
	CHECK_EQ(send_to(fd, "?", ONE, PORT), 1);
	gets(fd, "one", ONE);
	CHECK_EQ(send_to(fd, "?", TWO, PORT), 1);
	gets(fd, "two", TWO);
	gets_nothing(host);
	CHECK_EQ(send_to(fd, "me", HOST, PORT), 2);
	gets(host, "me", HOST);
	CHECK_OK(jail_remove(a));
	CHECK_EQ(send_to(fd, "?", ONE, PORT), 1);
	gets(host, "?", ONE);
}

TEST(item20_without_ip4_there_are_no_sockets)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4=disable");
	IN_JAIL(jid, 0)
		CHECK_ERRNO(socket(AF_INET, SOCK_DGRAM, 0), EAFNOSUPPORT);
}

TEST(item21_an_inheriting_jail_is_as_the_host)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4=inherit");
	IN_JAIL(jid, 0) {
		int fd = bound("0.0.0.0", PORT), other = udp();

		has_name(fd, "0.0.0.0");
		CHECK_EQ(send_to(other, "hi", "127.0.0.1", PORT), 2);
		gets(fd, "hi", "127.0.0.1");
		has_name(bound(HOST, PORT + 1), HOST);
	}
}

/* An address that was taken from the jail is no source of it any more. */
TEST(a_socket_outlives_its_address)
{
	int jid, to[2], from[2];
	char c;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	CHECK_OK(pipe(to));
	CHECK_OK(pipe(from));
	if (!fork()) {
		int fd;

		if (jail_attach(jid))
			_exit(1);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (bind_to(fd, TWO, PORT) || write(from[1], "x", 1) != 1 ||
		    read(to[0], &c, 1) != 1)
			_exit(1);
		c = send_to(fd, "x", HOST, PORT) < 0 ? errno : 0;
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
	struct sockaddr_in to = at("255.255.255.255", PORT);
	int a = udp(), host, on = 1, jid;

	begin();
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	CHECK_ERRNO(connect(a, (struct sockaddr *)&to, sizeof(to)), EACCES);
	CHECK_ERRNO(send_to(a, "x", "255.255.255.255", PORT), EACCES);
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
	CHECK_OK(setsockopt(a, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	host = bound("0.0.0.0", PORT);
	IN_JAIL(jid, 0) {
		int fd = bound("0.0.0.0", PORT);

		CHECK_EQ(send_to(a, "all", "255.255.255.255", PORT), 3);
		gets_nothing(fd);
	}
	gets(host, "all", "127.0.0.1");
}

/* Of the sockets a jail sees its own. */
TEST(sockets_are_listed_by_jail)
{
	char text[8192];
	int jid, n, fd;

	begin();
	bound(HOST, PORT);
	CHECK_OK(mkdir(j_path("a/tmp/p"), 0755));
	j_mount("proc", j_path("a"), "proc");
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		bound(ONE, PORT + 1);
		fd = open("/proc/net/udp", O_RDONLY);
		CHECK_OK(fd);
		n = read(fd, text, sizeof(text) - 1);
		CHECK(n > 0);
		text[n] = '\0';
		CHECK(strstr(text, "0100320A:14B5") != NULL);
		CHECK(strstr(text, "0900320A:14B4") == NULL);
	}
}
