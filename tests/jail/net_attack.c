/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_attack.c - what an inmate tries in order to get another's packets, or to
 * send as another: addresses that it has lost, sockets of dead jails, shared
 * ports, groups, tricks with devices and control messages.
 *
 * oracle: no
 */
#include "net.h"
#include "passing.h"

#define ONE "10.52.0.1"
#define TWO "10.52.0.2"
#define HOST "10.52.0.9"
enum { PORT = 5500 };

static void begin(void)
{
	net_begin(ONE, TWO, HOST);
	j_tree("b");
}

static int jail_with(const char *name, const char *more)
{
	return j_make("name=%s; path=%s; persist; %s", name, j_path("%s", name),
		      more);
}

/* A socket that who is in a jail made, as host's: what he keeps of it is gone. */
static int made_in(int jid, int type, const char *addr, unsigned port)
{
	int pair[2], fd;
	pid_t p;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	p = j_enter(jid, 0);
	if (p == 0) {
		int s = socket(AF_INET, type, 0), on = 1;

		CHECK_OK(s);
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (addr)
			CHECK_OK(net_bind(s, addr, port));
		CHECK_OK(fd_send(pair[0], s));
		_exit(0);
	}
	fd = fd_receive(pair[1]);
	CHECK_OK(fd);
	ktap_wait(p);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

/* --- an address that was lost --------------------------------------------------- */

TEST(a_lost_address_is_not_listened_on)
{
	int jid, other, tcp, udp, conn, c;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	tcp = made_in(jid, SOCK_STREAM, TWO, PORT);
	CHECK_OK(listen(tcp, 5));
	conn = net_client(TWO, PORT);
	CHECK_OK(conn);
	udp = made_in(jid, SOCK_DGRAM, TWO, PORT);
	CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	CHECK_ERRNO(net_client(TWO, PORT), ECONNREFUSED);
	c = net_socket(SOCK_DGRAM);
	CHECK_EQ(net_send(c, "secret", TWO, PORT), 6);
	net_gets_nothing(udp);
	other = jail_with("b", "ip4.addr=" TWO);
	net_answering(other, "b", SOCK_STREAM, TWO, PORT);
	net_answering(other, "b", SOCK_DGRAM, TWO, PORT);
	net_answers(SOCK_STREAM, TWO, PORT, "b");
	net_answers(SOCK_DGRAM, TWO, PORT, "b");
}

TEST(a_connection_goes_with_its_address)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pollfd p = { 0 };
	int jid, host, fd, c;
	char b;

	begin();
	host = net_server(SOCK_STREAM, HOST, PORT);
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	fd = made_in(jid, SOCK_STREAM, TWO, 0);
	CHECK_OK(net_connect(fd, HOST, PORT));
	c = net_accept(host, TWO);
	CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	p = (struct pollfd){ c, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_ERRNO(read(c, &b, 1), ECONNRESET);
	CHECK_OK(connect(fd, &none, sizeof(none)));
	CHECK_ERRNO(net_connect(fd, HOST, PORT), EADDRNOTAVAIL);
}

/* Nor does one that waits in a listener's line keep it. */
TEST(who_waits_to_be_accepted_goes_with_the_address)
{
	int jid, tcp, c, fd;
	char b;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE "," TWO);
	tcp = made_in(jid, SOCK_STREAM, "0.0.0.0", PORT);
	CHECK_OK(listen(tcp, 5));
	c = net_client(TWO, PORT);
	CHECK_OK(c);
	CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	CHECK_ERRNO(read(c, &b, 1), ECONNRESET);
	fd = accept(tcp, NULL, NULL);
	CHECK_OK(fd);
	CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	CHECK_OK(net_client(ONE, PORT));
	fd = accept(tcp, NULL, NULL);
	CHECK_OK(fd);
}

TEST(a_parents_loss_is_the_childs)
{
	int jid, child, udp, c;

	begin();
	jid = jail_with("a", "ip4.addr=" ONE "," TWO "; children.max=1");
	child = j_make("name=a.b; path=%s; persist; ip4.addr=" TWO, j_path("a"));
	udp = made_in(child, SOCK_DGRAM, TWO, PORT);
	CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	c = net_socket(SOCK_DGRAM);
	CHECK_EQ(net_send(c, "secret", TWO, PORT), 6);
	net_gets_nothing(udp);
	CHECK_EQ(net_send(udp, "x", HOST, PORT), -1);
}

/* --- a jail that is no more --------------------------------------------------------- */

TEST(a_dead_jails_sockets_do_nothing)
{
	int jid, udp, fresh_udp, tcp, host, c;

	begin();
	host = net_server(SOCK_DGRAM, HOST, PORT);
	net_server(SOCK_STREAM, HOST, PORT);
	jid = jail_with("a", "ip4.addr=" ONE);
	udp = made_in(jid, SOCK_DGRAM, ONE, PORT);
	fresh_udp = made_in(jid, SOCK_DGRAM, NULL, 0);
	tcp = made_in(jid, SOCK_STREAM, NULL, 0);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(net_send(udp, "x", HOST, PORT), -1);
	CHECK_EQ(net_send(fresh_udp, "x", HOST, PORT), -1);
	CHECK_EQ(net_connect(tcp, HOST, PORT), -1);
	CHECK_EQ(net_bind(tcp, ONE, PORT), -1);
	net_gets_nothing(host);
	jid = jail_with("b", "ip4.addr=" ONE);
	net_answering(jid, "b", SOCK_DGRAM, ONE, PORT);
	net_answers(SOCK_DGRAM, ONE, PORT, "b");
	c = net_socket(SOCK_DGRAM);
	CHECK_EQ(net_send(c, "?", ONE, PORT), 1);
	net_gets_nothing(udp);
}

/* --- two jails with one address ------------------------------------------------------ */

static void share(int fd)
{
	int on = 1;

	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
}

/* That both say "reuse" is no agreement between jails. */
TEST(a_port_is_not_stolen_by_who_shares_the_address)
{
	int a, b, server, thief, udp;

	begin();
	a = jail_with("a", "ip4.addr=" ONE);
	b = jail_with("b", "ip4.addr=" ONE);
	thief = made_in(b, SOCK_STREAM, NULL, 0);
	server = made_in(a, SOCK_STREAM, NULL, 0);
	share(thief);
	share(server);
	CHECK_OK(net_bind(thief, ONE, PORT));	/* early */
	CHECK_OK(net_bind(server, ONE, PORT));
	CHECK_OK(listen(server, 5));
	CHECK_ERRNO(listen(thief, 5), EADDRINUSE);
	udp = made_in(a, SOCK_DGRAM, ONE, PORT);
	share(udp);
	thief = made_in(b, SOCK_DGRAM, NULL, 0);
	share(thief);
	CHECK_ERRNO(net_bind(thief, ONE, PORT), EADDRINUSE);
	thief = net_socket(SOCK_DGRAM);		/* not by the host either */
	share(thief);
	CHECK_ERRNO(net_bind(thief, ONE, PORT), EADDRINUSE);
}

/* Nor by who uses the addresses of the jail around it. */
TEST(a_port_is_not_stolen_by_who_inherits_the_address)
{
	int jid, thief, server;

	begin();
	jid = jail_with("a", "ip4=inherit");
	server = net_socket(SOCK_STREAM);
	thief = made_in(jid, SOCK_STREAM, NULL, 0);
	share(server);
	share(thief);
	CHECK_OK(net_bind(server, HOST, PORT));
	CHECK_OK(net_bind(thief, HOST, PORT));	/* neither listens */
	CHECK_OK(listen(server, 5));
	CHECK_ERRNO(listen(thief, 5), EADDRINUSE);
	thief = made_in(jid, SOCK_STREAM, NULL, 0);
	share(thief);
	CHECK_ERRNO(net_bind(thief, HOST, PORT), EADDRINUSE);
	server = net_socket(SOCK_DGRAM);
	thief = made_in(jid, SOCK_DGRAM, NULL, 0);
	share(server);
	share(thief);
	CHECK_OK(net_bind(server, HOST, PORT));
	CHECK_ERRNO(net_bind(thief, HOST, PORT), EADDRINUSE);
}

/* Who has bound to one device does not go over to another, where somebody else
 * has the port. */
TEST(a_port_is_not_stolen_by_another_device)
{
	int fd;

	begin();
	become(1000, 1000);
	fd = net_socket(SOCK_DGRAM);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	CHECK_OK(net_bind(fd, "0.0.0.0", PORT));
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), EPERM);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0), EPERM);
}

/* --- loopback, everywhere, groups ------------------------------------------------------- */

TEST(the_hosts_loopback_is_out_of_reach)
{
	static const char *const ways[] = { "127.0.0.1", "127.0.0.2", "127.255.255.254",
					    "0.0.0.0" };
	int jid, all, two, udp;

	begin();
	all = net_server(SOCK_STREAM, "127.0.0.1", PORT);
	two = net_server(SOCK_STREAM, "127.0.0.2", PORT);
	udp = net_server(SOCK_DGRAM, "127.0.0.2", PORT);
	jid = jail_with("a", "ip4.addr=" ONE "; allow.raw_sockets");
	for (int n = 0; n < 4; n++)
		IN_JAIL(jid, 0) {
			int u = net_socket(SOCK_DGRAM);

			CHECK_ERRNO(net_client(ways[n], PORT), ECONNREFUSED);
			net_send(u, "x", ways[n], PORT);
			setsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
			net_send(u, "x", ways[n], PORT);
			setsockopt(u, SOL_SOCKET, SO_DONTROUTE, &n, sizeof(n));
			net_send(u, "x", ways[n], PORT);
		}
	net_gets_nothing(all);
	net_gets_nothing(two);
	net_gets_nothing(udp);
}

TEST(anothers_group_is_not_heard)
{
	struct ip_mreqn r = { .imr_ifindex = 1 };
	int jid, host, on = 1, c = net_socket(SOCK_DGRAM);

	begin();
	r.imr_multiaddr.s_addr = inet_addr("224.0.0.251");
	host = net_server(SOCK_DGRAM, "0.0.0.0", PORT);
	CHECK_OK(setsockopt(host, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)));
	CHECK_OK(setsockopt(c, IPPROTO_IP, IP_MULTICAST_IF, &r, sizeof(r)));
	jid = jail_with("a", "ip4.addr=" ONE);
	IN_JAIL(jid, 0) {
		int not = net_server(SOCK_DGRAM, "0.0.0.0", PORT);
		int does = net_socket(SOCK_DGRAM);

		CHECK_OK(setsockopt(not, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
		CHECK_OK(setsockopt(does, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
		CHECK_OK(net_bind(does, "0.0.0.0", PORT));
		CHECK_OK(setsockopt(does, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r,
				    sizeof(r)));
		CHECK_EQ(net_send(c, "mdns", "224.0.0.251", PORT), 4);
		net_gets(does, "mdns", "127.0.0.1");
		net_gets_nothing(not);
	}
	net_gets(host, "mdns", "127.0.0.1");
}
