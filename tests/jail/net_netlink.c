/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_netlink.c - what a jail sees by netlink: its own, as by the ioctls; that
 * it sets nothing by it; that it is told of its own only. Items 22, 34, 35.
 *
 * oracle: no
 */
#include <ifaddrs.h>

#include "net.h"
#include "netlink.h"

/* The errno of the answer; 0 also where the answer is what was asked for. */
static int ask_by(int fd, struct request *q)
{
	struct { struct nlmsghdr h; struct nlmsgerr e; char more[1024]; } a;

	q->h.nlmsg_flags |= NLM_F_ACK;
	CHECK_OK(send(fd, q, q->h.nlmsg_len, 0));
	CHECK(recv(fd, &a, sizeof(a), 0) > 0);
	return a.h.nlmsg_type == NLMSG_ERROR ? -a.e.error : 0;
}

static int ask(struct request *q)
{
	int fd = netlink(), err = ask_by(fd, q);

	close(fd);
	return err;
}

static struct request address(int type, const char *addr, int prefix)
{
	struct request q = request(type, NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(struct ifaddrmsg));

	q.addr.ifa_family = AF_INET;
	q.addr.ifa_prefixlen = prefix;
	q.addr.ifa_index = 1;
	attr_addr(&q, IFA_LOCAL, addr);
	return q;
}

static int addr_do(int type, const char *addr, int prefix)
{
	struct request q = address(type, addr, prefix);

	return ask(&q);
}

static struct request route(int type, const char *dst)
{
	struct request q = request(type, NLM_F_CREATE, sizeof(struct rtmsg));
	int lo = 1;

	q.route.rtm_family = AF_INET;
	q.route.rtm_dst_len = 32;
	q.route.rtm_table = RT_TABLE_MAIN;
	q.route.rtm_type = RTN_UNICAST;
	attr_addr(&q, RTA_DST, dst);
	attr(&q, RTA_OIF, &lo, sizeof(lo));
	return q;
}

/* How many of a list. */
static int count(int type)
{
	struct request q = request(type, NLM_F_DUMP, sizeof(struct ifinfomsg));
	int fd = netlink(), n, found = 0;
	static char buf[16384];

	CHECK_OK(send(fd, &q, q.h.nlmsg_len, 0));
	for (;;) {
		struct nlmsghdr *h = (void *)buf;

		n = recv(fd, buf, sizeof(buf), 0);
		CHECK(n > 0);
		for (; NLMSG_OK(h, (unsigned)n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return found;
			}
			CHECK_EQ(h->nlmsg_type, type - 2);
			found++;
		}
	}
}

/* What getifaddrs says, with blanks between. */
static void lists(const char *want)
{
	struct ifaddrs *all, *a;
	char text[256] = "";

	CHECK_OK(getifaddrs(&all));
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
			snprintf(text + strlen(text),
				 sizeof(text) - strlen(text), "%s%s",
				 text[0] ? " " : "",
				 inet_ntoa(((struct sockaddr_in *)a->ifa_addr)
						   ->sin_addr));
	freeifaddrs(all);
	if (strcmp(text, want))
		FAIL("listed: \"%s\", not \"%s\"", text, want);
}

static void begin(void)
{
	struct request q = route(RTM_DELROUTE, "10.60.0.1");

	j_begin();
	net_no_alias();
	addr_do(RTM_DELADDR, "10.50.0.1", 32);
	addr_do(RTM_DELADDR, "10.50.0.2", 32);
	ask(&q);
	CHECK_EQ(addr_do(RTM_NEWADDR, "10.50.0.1", 32), 0);
	CHECK_EQ(addr_do(RTM_NEWADDR, "10.50.0.2", 32), 0);
	j_tree("a");
}

static int jail_with(const char *more)
{
	return j_make("name=a; path=%s; persist; %s", j_path("a"), more);
}

TEST(item22_a_jail_lists_its_own_by_netlink)
{
	struct request q;
	int jid, links;

	begin();
	lists("127.0.0.1 10.50.0.1 10.50.0.2");
	links = count(RTM_GETLINK);
	jid = jail_with("ip4.addr=10.50.0.1");
	IN_JAIL(jid, 0) {
		lists("10.50.0.1");
		CHECK_EQ(count(RTM_GETLINK), 1);
		CHECK_EQ(count(RTM_GETADDR), 1);
	}
	CHECK_OK(jail_remove(jid));
	jid = jail_with("ip4=disable");
	IN_JAIL(jid, 0) {
		lists("");
		CHECK_EQ(count(RTM_GETLINK), 0);
		CHECK_EQ(count(RTM_GETADDR), 0);
		q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		q.link.ifi_index = 1;
		CHECK_EQ(ask(&q), ENODEV);
		q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		attr(&q, IFLA_IFNAME, "lo", 3);
		CHECK_EQ(ask(&q), ENODEV);
	}
	CHECK_OK(jail_remove(jid));
	jid = jail_with("ip4=inherit");
	IN_JAIL(jid, 0) {
		lists("127.0.0.1 10.50.0.1 10.50.0.2");
		CHECK_EQ(count(RTM_GETLINK), links);
	}
}

/* Also with a socket that the host made. */
TEST(item34_a_jail_sets_nothing_by_netlink)
{
	static const char *const how[] = { "ip4.addr=10.50.0.1",
					   "ip4=inherit" };
	int hosts;

	begin();
	hosts = netlink();
	for (unsigned n = 0; n < 2; n++) {
		int jid = jail_with(how[n]);

		IN_JAIL(jid, 0) {
			struct request q = request(RTM_NEWLINK, 0,
						   sizeof(struct ifinfomsg));

			q.link.ifi_index = 1;
			q.link.ifi_change = IFF_UP;
			CHECK_EQ(ask(&q), EPERM);
			CHECK_EQ(ask_by(hosts, &q), EPERM);
			q.link.ifi_change = 0;
			CHECK_EQ(ask(&q), EPERM);
			attr(&q, IFLA_IFNAME, "other", 6);
			CHECK_EQ(ask(&q), EPERM);
			CHECK_EQ(ask_by(hosts, &q), EPERM);
			q = address(RTM_NEWADDR, "10.50.0.3", 32);
			CHECK_EQ(ask(&q), EPERM);
			CHECK_EQ(ask_by(hosts, &q), EPERM);
			CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.1", 32), EPERM);
			CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.2", 32), EPERM);
			q = request(RTM_NEWNEIGH, NLM_F_CREATE,
				    sizeof(struct ndmsg));
			q.neigh.ndm_family = AF_INET;
			CHECK_EQ(ask(&q), EPERM);
			q.h.nlmsg_type = RTM_DELNEIGH;
			CHECK_EQ(ask(&q), EPERM);
		}
		CHECK_OK(jail_remove(jid));
	}
	lists("127.0.0.1 10.50.0.1 10.50.0.2");
	CHECK_EQ(addr_do(RTM_NEWADDR, "10.50.0.2", 32), EEXIST);
}

TEST(item35_a_jail_routes_only_when_allowed)
{
	struct request q = route(RTM_NEWROUTE, "10.60.0.1");
	int jid;

	begin();
	CHECK_EQ(ask(&q), 0);
	jid = jail_with("ip4.addr=10.50.0.1");
	IN_JAIL(jid, 0) {
		struct request more = route(RTM_NEWROUTE, "10.60.0.2");

		CHECK_EQ(count(RTM_GETROUTE), 0);
		CHECK_EQ(count(RTM_GETNEIGH), 0);
		CHECK_EQ(ask(&more), EPERM);
		more.h.nlmsg_type = RTM_DELROUTE;
		CHECK_EQ(ask(&more), EPERM);
		more = route(RTM_GETROUTE, "10.60.0.1");
		CHECK_EQ(ask(&more), ENETUNREACH);
		more = route(RTM_GETROUTE, "10.50.0.1");
		CHECK_EQ(ask(&more), 0);
	}
	CHECK_OK(j_change(jid, "allow.routing"));
	IN_JAIL(jid, 0) {
		struct request more = route(RTM_DELROUTE, "10.60.0.1");

		CHECK_EQ(count(RTM_GETROUTE), 1);
		CHECK_EQ(ask(&more), 0);
	}
	CHECK_EQ(ask(&q), 0);
	q.h.nlmsg_type = RTM_DELROUTE;
	CHECK_EQ(ask(&q), 0);
}

/* An address that a jail holds stays; what it is told of is its own. */
TEST(item45_told_of_its_own_only)
{
	struct gate ready = gate_new(), go = gate_new();
	pid_t pid;
	int jid;

	begin();
	jid = jail_with("ip4.addr=10.50.0.1,10.50.0.3");
	pid = j_enter(jid, 0);
	if (!pid) {
		struct sockaddr_nl a = { .nl_family = AF_NETLINK,
			.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE };
		struct { struct nlmsghdr h; struct ifaddrmsg m; char r[512]; } b;
		int fd = netlink();

		CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
		gate_open(ready);
		gate_wait(go);
		CHECK(recv(fd, &b, sizeof(b), MSG_DONTWAIT) > 0);
		CHECK_EQ(b.h.nlmsg_type, RTM_NEWADDR);
		CHECK_EQ(*(in_addr_t *)RTA_DATA(IFA_RTA(&b.m)),
			 inet_addr("10.50.0.3"));
		CHECK_ERRNO(recv(fd, &b, sizeof(b), MSG_DONTWAIT), EAGAIN);
		_exit(0);
	}
	gate_wait(ready);
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.1", 32), EBUSY);
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.2", 32), 0);
	CHECK_EQ(addr_do(RTM_NEWADDR, "10.50.0.2", 32), 0);
	CHECK_EQ(addr_do(RTM_NEWADDR, "10.50.0.3", 32), 0);
	gate_open(go);
	CHECK_CHILD(pid);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.3", 32), 0);
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.2", 32), 0);
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.1", 32), 0);
	lists("127.0.0.1");
}

/* Packets that came in by lo, by netlink and by /proc/net/dev, which agree. */
static unsigned counted(void)
{
	unsigned packets = 0, shown = 0;
	struct ifaddrs *all, *a;
	unsigned long long bytes;
	char line[256];
	FILE *f = fopen("/proc/net/dev", "r");

	CHECK(f != NULL);
	CHECK_OK(getifaddrs(&all));
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_data && !strcmp(a->ifa_name, "lo"))
			packets = *(uint32_t *)a->ifa_data;
	freeifaddrs(all);
	while (fgets(line, sizeof(line), f))
		sscanf(line, " lo: %llu %u", &bytes, &shown);
	fclose(f);
	CHECK_EQ(packets, shown);
	return packets;
}

/* How much the others send is nothing that a jail is to know: not of all that
 * is counted for an interface, which has an address of its own too, nor with
 * the news of one. */
TEST(a_jail_is_not_told_of_traffic)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK,
				 .nl_groups = RTMGRP_LINK };
	struct { struct nlmsghdr h; struct ifinfomsg m; char r[1024]; } b;
	struct request q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	int jid, n, told, fd = net_socket(SOCK_DGRAM);
	struct rtattr *r;

	begin();
	CHECK_EQ(net_send(fd, "x", "127.0.0.1", 9), 1);
	CHECK(counted() > 0);
	jid = jail_with("ip4.addr=10.50.0.1");
	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(jid, 0)
		CHECK_EQ(counted(), 0);
	CHECK_OK(jail_remove(jid));
	jid = jail_with("ip4=inherit");
	IN_JAIL(jid, 0)
		CHECK(counted() > 0);
	told = netlink();
	CHECK_OK(bind(told, (struct sockaddr *)&a, sizeof(a)));
	q.link.ifi_index = 1;
	attr_number(&q, IFLA_MTU, 65535);
	CHECK_EQ(ask(&q), 0);
	n = recv(told, &b, sizeof(b), 0);
	CHECK(n > 0 && b.h.nlmsg_type == RTM_NEWLINK);
	n -= NLMSG_LENGTH(sizeof(b.m));
	for (r = IFLA_RTA(&b.m); RTA_OK(r, n); r = RTA_NEXT(r, n))
		CHECK(r->rta_type != IFLA_STATS && r->rta_type != IFLA_STATS64);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.2", 32), 0);
	CHECK_EQ(addr_do(RTM_DELADDR, "10.50.0.1", 32), 0);
}

/* Lines of /proc/net/netlink or packet, without the heading. */
static int sockets(const char *name)
{
	char path[64], line[256];
	int n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/%s", name);
	f = fopen(path, "r");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		n++;
	fclose(f);
	return n;
}

/* Who lists sockets sees those of his prison and of the ones below. */
TEST(sockets_in_proc)
{
	int jid, here, frames;

	j_begin();
	jid = j_simple("a", "");
	j_mount("proc", j_path("a"), "proc");
	netlink();
	CHECK_OK(socket(AF_PACKET, SOCK_RAW, 0));
	here = sockets("netlink");
	frames = sockets("packet");
	CHECK(here > 0 && frames > 0);
	IN_JAIL(jid, 0) {
		CHECK_EQ(sockets("netlink"), 0);
		CHECK_EQ(sockets("packet"), 0);
		netlink();
		CHECK_EQ(sockets("netlink"), 1);
		CHECK_EQ(sockets("tcp6"), 0);
	}
	CHECK_EQ(sockets("netlink"), here);
}
