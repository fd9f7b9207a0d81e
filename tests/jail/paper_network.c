/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_network.c - the network items of the checklist: 15 to 23, 34, 35, 39 to
 * 41, 45, 48, 56 to 59. All for streams and for datagrams, where both have it.
 *
 * oracle: no
 */
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <netinet/ip.h>

#include "net.h"
#include "shell.h"

#define HOST "192.168.100.1"
#define A "192.168.100.2"
#define B "192.168.100.3"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

static int a, b;

static void two_jails(const char *more)
{
	j_begin();
	net_alias("lo:1", HOST);
	net_alias("lo:2", A);
	net_alias("lo:3", B);
	a = j_simple("a", *more ? more : "ip4.addr=" A);
	b = j_simple("b", "ip4.addr=" B);
}

/* --- 1c: whose an address is ------------------------------------------------ */

TEST(paper_15_wildcard)
{
	WHAT("bind to every address: only the jail's; not reached on the host's");
	two_jails("");
	for (unsigned i = 0; i < 2; i++) {
		IN_JAIL(a, 0)
			net_has_name(net_server(types[i], "0.0.0.0", 80), A);
		net_answering(a, "a", types[i], "0.0.0.0", 80);
		net_answers(types[i], A, 80, "a");
	}
	CHECK_ERRNO(net_client(HOST, 80), ECONNREFUSED);
	CHECK_ERRNO(net_client("127.0.0.1", 80), ECONNREFUSED);
	CHECK_ERRNO(net_client(B, 80), ECONNREFUSED);
}

TEST(paper_16_connect_to_loopback)
{
	int stream, datagram;

	WHAT("connect to 127.0.0.1: the jail's own server, never the host's");
	two_jails("");
	net_answering(a, "a", SOCK_STREAM, "0.0.0.0", 80);
	net_answering(a, "a", SOCK_DGRAM, "0.0.0.0", 80);
	stream = net_server(SOCK_STREAM, "127.0.0.1", 81);
	datagram = net_server(SOCK_DGRAM, "127.0.0.1", 81);
	IN_JAIL(a, 0) {
		int fd = net_client("127.0.0.1", 80);

		CHECK_OK(fd);
		net_has_peer(fd, A);
		net_answers(SOCK_STREAM, "127.0.0.1", 80, "a");
		net_answers(SOCK_DGRAM, "127.0.0.1", 80, "a");
		CHECK_ERRNO(net_client("127.0.0.1", 81), ECONNREFUSED);
		CHECK_EQ(net_send(net_socket(SOCK_DGRAM), "x", "127.0.0.1", 81),
			 1);
	}
	net_gets_nothing(stream);
	net_gets_nothing(datagram);
}

TEST(paper_17_bind_to_loopback)
{
	WHAT("bind to 127.0.0.1: diverted to the jail's address");
	two_jails("");
	for (unsigned i = 0; i < 2; i++)
		IN_JAIL(a, 0)
			net_has_name(net_server(types[i], "127.0.0.1", 82), A);
}

/* Frames of lo to this port that do not come from addr, if not NULL. */
static int frames(int fd, unsigned port, const char *addr)
{
	struct { struct iphdr ip; uint16_t from, to; } k;
	struct pollfd p = { fd, POLLIN, 0 };
	int n = 0;

	while (poll(&p, 1, 50) == 1) {
		if (recv(fd, &k, sizeof(k), 0) >= (int)sizeof(k) &&
		    k.ip.ihl == 5 && k.to == htons(port) &&
		    (!addr || k.ip.saddr != inet_addr(addr)))
			n++;
	}
	return n;
}

static int capture(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(0x0800));

	CHECK_OK(fd);
	return fd;
}

TEST(paper_18_foreign_addresses)
{
	static const char *const foreign[] = { HOST, B, "192.0.2.1" };
	int heard;

	WHAT("bind to a foreign address: EADDRNOTAVAIL, or diverted if asked so");
	two_jails("");
	heard = capture();
	for (unsigned i = 0; i < 6; i++) {
		const char *addr = foreign[i / 2];
		int type = types[i % 2];

		IN_JAIL(a, 0) {
			CHECK_ERRNO(net_bind(net_socket(type), addr, 83),
				    EADDRNOTAVAIL);
		}
	}
	CHECK_OK(j_change(a, "ip4.foreign=divert"));
	for (unsigned i = 0; i < 6; i++) {
		const char *addr = foreign[i / 2];
		int type = types[i % 2];

		IN_JAIL(a, 0) {
			int fd = net_server(type, addr, 83);

			net_has_name(fd, A);
			if (type == SOCK_DGRAM)
				CHECK_EQ(net_send(fd, "x", HOST, 84), 1);
		}
	}
	CHECK_EQ(frames(heard, 84, A), 0);
}

TEST(paper_19_source_of_a_connection)
{
	int s, d;

	WHAT("who connects comes from the jail's address");
	two_jails("");
	s = net_server(SOCK_STREAM, HOST, 85);
	d = net_server(SOCK_DGRAM, HOST, 85);
	IN_JAIL(a, 0) {
		int fd = net_socket(SOCK_DGRAM);

		CHECK_OK(net_client(HOST, 85));
		CHECK_OK(net_connect(fd, HOST, 85));
		net_has_name(fd, A);
		CHECK_EQ(send(fd, "x", 1, 0), 1);
	}
	net_accept(s, A);
	net_gets(d, "x", A);
}

TEST(paper_20_source_of_a_datagram)
{
	int d;

	WHAT("so does a datagram of a socket that was bound to nothing");
	two_jails("");
	d = net_server(SOCK_DGRAM, HOST, 86);
	IN_JAIL(a, 0)
		CHECK_EQ(net_send(net_socket(SOCK_DGRAM), "x", HOST, 86), 1);
	net_gets(d, "x", A);
}

TEST(paper_21_one_port)
{
	WHAT("two jails and the host have the same port, each on its own address");
	two_jails("");
	for (unsigned i = 0; i < 2; i++) {
		net_answering(a, "a", types[i], "0.0.0.0", 80);
		net_answering(0, "host", types[i], "0.0.0.0", 80);
		net_answering(b, "b", types[i], "0.0.0.0", 80);
		net_answers(types[i], A, 80, "a");
		net_answers(types[i], B, 80, "b");
		net_answers(types[i], HOST, 80, "host");
		net_answers(types[i], "127.0.0.1", 80, "host");
	}
}

TEST(paper_22_interfaces)
{
	WHAT("ifconfig and netstat in a jail show its own address and sockets");
	two_jails("");
	j_mount("proc", j_path("a"), "proc");
	net_answering(0, "host", SOCK_STREAM, "0.0.0.0", 87);
	net_answering(b, "b", SOCK_STREAM, "0.0.0.0", 87);
	net_answering(a, "a", SOCK_STREAM, "0.0.0.0", 88);
	CHECK_SHELL("jexec %d /bin/busybox ifconfig", a);
	CHECK(says("addr:" A) && !strstr(shell_output, HOST) &&
	      !strstr(shell_output, B) && !strstr(shell_output, "127.0.0.1"));
	CHECK_SHELL("jexec %d /bin/busybox netstat -lnt", a);
	CHECK(says(A ":88") && !strstr(shell_output, ":87"));
}

TEST(paper_23_wildcard_of_the_host)
{
	WHAT("the host's wildcard server answers for a jail, until it has its own");
	two_jails("");
	for (unsigned i = 0; i < 2; i++) {
		pid_t own;

		net_answering(0, "host", types[i], "0.0.0.0", 22);
		net_answers(types[i], A, 22, "host");
		own = net_answering(a, "a", types[i], "0.0.0.0", 22);
		net_answers(types[i], A, 22, "a");
		net_answers(types[i], B, 22, "host");
		j_end_child(own);
		net_answers(types[i], A, 22, "host");
	}
}

/* --- 1e: what the jail's root is refused -------------------------------------- */

TEST(paper_34_no_ifconfig)
{
	WHAT("ifconfig: EPERM");
	two_jails("");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(net_ask("lo", SIOCSIFFLAGS, NULL), EPERM);
		CHECK_ERRNO(net_ask("lo:2", SIOCSIFADDR, HOST), EPERM);
		CHECK_ERRNO(net_ask("lo:2", SIOCSIFNETMASK, "255.0.0.0"), EPERM);
	}
	net_answering(a, "a", SOCK_STREAM, A, 80);
	net_answers(SOCK_STREAM, A, 80, "a");
}

/* A host route over lo, or to nowhere; 0, or an error. */
static int route(unsigned long what, const char *dst, int reject)
{
	static char lo[] = "lo";
	struct rtentry r = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = lo };
	struct sockaddr_in to = net_at(dst, 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), err;

	if (reject)
		r.rt_flags |= RTF_REJECT;
	memcpy(&r.rt_dst, &to, sizeof(to));
	err = ioctl(fd, what, &r) < 0 ? errno : 0;
	close(fd);
	return err;
}

TEST(paper_35_no_route)
{
	WHAT("route add and delete: EPERM");
	two_jails("");
	CHECK_EQ(route(SIOCADDRT, "10.77.0.1", 0), 0);
	IN_JAIL(a, 0) {
		CHECK_EQ(route(SIOCADDRT, "10.77.0.2", 0), EPERM);
		CHECK_EQ(route(SIOCDELRT, "10.77.0.1", 0), EPERM);
	}
	CHECK_EQ(route(SIOCDELRT, "10.77.0.1", 0), 0);
}

TEST(paper_39_no_raw_sockets)
{
	WHAT("raw sockets: EPERM; if allowed, none with a foreign source (E45)");
	two_jails("");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
		CHECK_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_RAW), EPERM);
	}
	CHECK_OK(j_change(a, "allow.raw_sockets"));
	IN_JAIL(a, 0) {
		int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
		struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 1,
				    .protocol = 253, .saddr = inet_addr(HOST),
				    .daddr = inet_addr(B) };
		struct sockaddr_in to = net_at(B, 0);

		CHECK_OK(fd);
		CHECK_ERRNO(sendto(fd, &ip, sizeof(ip), 0,
				   (struct sockaddr *)&to, sizeof(to)),
			    EADDRNOTAVAIL);
	}
}

TEST(paper_40_no_divert)
{
	WHAT("divert sockets");
	SKIP("no packet filter that could divert");
}

TEST(paper_41_no_writes_to_a_routing_socket)
{
	struct { struct nlmsghdr h; struct rtmsg r; struct rtattr t;
		 in_addr_t dst; } q = {
		{ sizeof(q), RTM_NEWROUTE,
		  NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0 },
		{ .rtm_family = AF_INET, .rtm_dst_len = 32,
		  .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNREACHABLE,
		  .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_protocol = RTPROT_BOOT },
		{ sizeof(q.t) + 4, RTA_DST }, inet_addr("10.77.0.1"),
	};
	struct { struct nlmsghdr h; struct nlmsgerr e; char more[256]; } r;

	WHAT("a message to the routing socket that changes something: EPERM");
	two_jails("");
	for (int host = 0; host < 2; host++) {
		IN_JAIL(host ? 0 : a, 0) {
			int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

			CHECK_EQ(send(fd, &q, sizeof(q), 0), sizeof(q));
			CHECK(recv(fd, &r, sizeof(r), 0) > 0);
			CHECK_EQ(r.h.nlmsg_type, NLMSG_ERROR);
			CHECK_EQ(r.e.error, host ? 0 : -EPERM);
		}
	}
	CHECK_EQ(route(SIOCDELRT, "10.77.0.1", 1), 0);
}

/* --- 1f, 1g: on the host; daemons in a jail ------------------------------------- */

TEST(paper_45_aliases)
{
	WHAT("an address by alias answers ping; it goes when no jail has it");
	two_jails("");
	CHECK_SHELL("ping -c 1 " A);
	CHECK_ERRNO(net_ask("lo:2", SIOCSIFFLAGS, NULL), EBUSY);
	CHECK_OK(jail_remove(a));
	CHECK_OK(net_ask("lo:2", SIOCSIFFLAGS, NULL));
	CHECK_ERRNO(net_ask("lo:2", SIOCGIFADDR, NULL), EADDRNOTAVAIL);
}

TEST(paper_48_wildcards_are_seen)
{
	WHAT("netstat -an on the host shows which servers listen everywhere");
	two_jails("");
	net_answering(0, "host", SOCK_STREAM, "0.0.0.0", 89);
	net_answering(a, "a", SOCK_STREAM, "0.0.0.0", 90);
	CHECK_SHELL("netstat -an 2>/dev/null | grep LISTEN");
	CHECK(says(" 0.0.0.0:89 ") && says(" " A ":90 "));
}

static void type_in(int fd, const char *line)
{
	CHECK_EQ(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
}

TEST(paper_56_log_in_by_network)
{
	int fd = -1;

	WHAT("etc/rc starts a daemon; log in by the network, and add a program");
	two_jails("");
	j_mount("proc", j_path("a"), "proc");
	j_mount("devtmpfs", j_path("a"), "dev");
	j_mount("devpts", j_path("a"), "dev/pts");
	CHECK_OK(mkdir("srv", 0755));
	put("srv/added", "#!/bin/sh\necho added is $(($1 * 2))\n");
	CHECK_SHELL("httpd -p " HOST ":8000 -h srv");
	put(j_path("a/etc/rc"), "/bin/busybox telnetd -l /bin/sh\n");
	CHECK_SHELL("jexec %d /bin/sh /etc/rc", a);
	for (int n = 0; n < 100 && fd < 0; n++) {
		fd = net_client(A, 23);
		usleep(20000);
	}
	CHECK_OK(fd);
	type_in(fd, "busybox hostname; cd /tmp\r\n");
	net_expect(fd, "a.example");
	type_in(fd, "busybox wget -q http://" HOST ":8000/added; "
		    "sh added 21\r\n");
	net_expect(fd, "added is 42");
	CHECK_ERRNO(net_client(HOST, 23), ECONNREFUSED);
	shell("killall httpd");
}

/* --- 1h: what the host imposes -------------------------------------------------- */

#define OUTSIDE "198.51.100.7"

/* A datagram to there: sent, or errno. */
static int reaches(const char *addr)
{
	return net_send(net_socket(SOCK_DGRAM), "x", addr, 25) < 0 ? errno : 0;
}

TEST(paper_57_host_decides_what_is_reached)
{
	WHAT("a route to nowhere stops a jail, whose root cannot take it away");
	two_jails("");
	CHECK_EQ(route(SIOCADDRT, OUTSIDE, 0), 0);
	IN_JAIL(a, 0)
		CHECK_EQ(reaches(OUTSIDE), 0);
	CHECK_EQ(route(SIOCDELRT, OUTSIDE, 0), 0);
	CHECK_EQ(route(SIOCADDRT, OUTSIDE, 1), 0);
	IN_JAIL(a, 0) {
		CHECK(reaches(OUTSIDE) != 0);
		CHECK_EQ(route(SIOCDELRT, OUTSIDE, 1), EPERM);
		CHECK_EQ(route(SIOCADDRT, OUTSIDE, 0), EPERM);
		CHECK(reaches(OUTSIDE) != 0);
	}
	CHECK_EQ(route(SIOCDELRT, OUTSIDE, 1), 0);
}

TEST(paper_58_only_by_a_proxy)
{
	WHAT("the host's proxy is reached, what is behind it is not");
	two_jails("");
	CHECK_EQ(route(SIOCADDRT, OUTSIDE, 1), 0);
	net_answering(0, "proxy", SOCK_STREAM, HOST, 3128);
	net_answering(0, "loopback", SOCK_STREAM, "127.0.0.1", 3129);
	IN_JAIL(a, 0) {
		net_answers(SOCK_STREAM, HOST, 3128, "proxy");
		CHECK(net_client(OUTSIDE, 80) < 0);
		CHECK_ERRNO(net_client("127.0.0.1", 3129), ECONNREFUSED);
	}
	CHECK_EQ(route(SIOCDELRT, OUTSIDE, 1), 0);
}

TEST(paper_58_redirected_to_a_proxy)
{
	WHAT("what goes elsewhere is redirected to the proxy");
	SKIP("no packet filter that could redirect");
}

TEST(paper_59_capture)
{
	int heard;

	WHAT("the host hears what jails say to each other; a jail hears nothing");
	two_jails("");
	heard = capture();
	net_answering(b, "b", SOCK_STREAM, B, 91);
	IN_JAIL(a, 0) {
		net_answers(SOCK_STREAM, B, 91, "b");
		CHECK_ERRNO(socket(AF_PACKET, SOCK_RAW, htons(3)), EPERM);
		CHECK_ERRNO(socket(AF_PACKET, SOCK_DGRAM, htons(3)), EPERM);
	}
	CHECK(frames(heard, 91, NULL) >= 3);
	CHECK_OK(j_change(a, "allow.raw_sockets"));
	IN_JAIL(a, 0)
		CHECK_ERRNO(socket(AF_PACKET, SOCK_RAW, htons(3)), EPERM);
}
