/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_tcp.c - whose a connection is: items 15 to 21 of the checklist for TCP,
 * and what becomes of a jail's connections when it goes. The jails' addresses
 * are aliases of lo.
 *
 * oracle: no
 */
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "jail_test.h"

#define ONE "10.51.0.1"
#define TWO "10.51.0.2"
#define HOST "10.51.0.9"
enum { PORT = 5400 };

static struct sockaddr_in at(const char *addr, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = inet_addr(addr);
	return a;
}

static int tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_OK(fd);
	return fd;
}

static int bind_to(int fd, const char *addr, unsigned port)
{
	struct sockaddr_in a = at(addr, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int server(const char *addr)
{
	int fd = tcp(), on = 1;

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_OK(bind_to(fd, addr, PORT));
	CHECK_OK(listen(fd, 5));
	return fd;
}

static int client(const char *addr)
{
	struct sockaddr_in a = at(addr, PORT);
	int fd = tcp();

	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* A connection waits at fd; it comes from addr. */
static int gets(int fd, const char *addr)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int c;

	CHECK_EQ(poll(&p, 1, 5000), 1);
	c = accept(fd, (struct sockaddr *)&a, &len);
	CHECK_OK(c);
	if (a.sin_addr.s_addr != inet_addr(addr))
		FAIL("from %s, not %s", inet_ntoa(a.sin_addr), addr);
	return c;
}

static void gets_nothing(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 50), 0);
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

TEST(item15_a_wildcard_listener_has_the_jails_address)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int s = server("0.0.0.0");

		CHECK_OK(client(ONE));
		gets(s, ONE);
		CHECK_OK(client("127.0.0.1"));
		gets(s, ONE);
	}
}

TEST(item17_no_foreign_address)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(bind_to(tcp(), TWO, PORT), EADDRNOTAVAIL);
		CHECK_ERRNO(bind_to(tcp(), HOST, PORT), EADDRNOTAVAIL);
	}
}

TEST(item18_who_connects_is_seen_by_his_address)
{
	int jid, s;

	begin();
	s = server(HOST);
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0)
		CHECK_OK(client(HOST));
	close(gets(s, ONE));
}

TEST(item19_the_jails_listener_wins_on_its_address)
{
	int jid, s;

	begin();
	s = server("0.0.0.0");
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int mine = server("0.0.0.0");

		CHECK_OK(client(ONE));
		gets(mine, ONE);
	}
	gets_nothing(s);
	CHECK_OK(client(HOST));
	gets(s, HOST);
}

TEST(item20_nobody_listens_on_the_hosts_loopback_for_a_jail)
{
	int jid, s;

	begin();
	s = server("127.0.0.1");
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0)
		CHECK_ERRNO(client("127.0.0.1"), ECONNREFUSED);
	gets_nothing(s);
}

TEST(item21_no_addresses_no_sockets)
{
	int jid;

	begin();
	jid = jail_with("a", "ip4=disable");
	IN_JAIL(jid, 0)
		CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
}

TEST(a_removed_jails_connections_are_reset)
{
	struct timeval t = { 5, 0 };
	int jid, s, c;
	char b;

	begin();
	s = server(HOST);
	jid = jail_with("a", "ip4.addr=" ONE);
	if (!fork()) {
		if (jail_attach(jid) || client(HOST) < 0)
			_exit(1);
		pause();
	}
	c = gets(s, ONE);
	CHECK_OK(setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_OK(jail_remove(jid));
	CHECK(read(c, &b, 1) <= 0 && errno != EAGAIN);
}
