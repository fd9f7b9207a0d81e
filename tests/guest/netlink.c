/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink.c - AF_NETLINK, NETLINK_ROUTE: what there is of interfaces, addresses,
 * routes and neighbours, setting it, groups that are told, bad messages.
 *
 * What sets something does so on loopback, on Linux in a network of its own.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "files.h"
#include "netlink.h"

/* Where we may set things. */
static int own_net(void)
{
	need_root();
	if (!on_brig() && unshare(CLONE_NEWNET))
		SKIP("no network namespaces");
	return netlink();
}

/* The errno of the acknowledgement. */
static int ask(int fd, struct request *q)
{
	struct { struct nlmsghdr h; struct nlmsgerr e; char more[512]; } a;
	int n;

	q->h.nlmsg_flags |= NLM_F_ACK;
	CHECK_EQ(send(fd, q, q->h.nlmsg_len, 0), q->h.nlmsg_len);
	n = recv(fd, &a, sizeof(a), 0);
	CHECK(n >= (int)NLMSG_LENGTH(sizeof(a.e)));
	CHECK_EQ(a.h.nlmsg_type, NLMSG_ERROR);
	CHECK_EQ(a.h.nlmsg_seq, SEQ);
	CHECK_EQ(a.e.msg.nlmsg_type, q->h.nlmsg_type);
	return -a.e.error;
}

/* The data of the attribute of that type, or NULL. */
static const void *find(const struct nlmsghdr *h, unsigned size, int type)
{
	const struct rtattr *a = (void *)((char *)NLMSG_DATA(h) +
					  NLMSG_ALIGN(size));
	int left = NLMSG_PAYLOAD(h, size);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == type)
			return RTA_DATA(a);
	return NULL;
}

/* Each message of a list that is asked for goes to see; how many there were. */
static int list_read(int fd, int type, unsigned room,
		     void (*see)(const struct nlmsghdr *h, void *arg), void *arg)
{
	int count = 0;

	for (;;) {
		static char buf[65536];
		int n = recv(fd, buf, room, MSG_TRUNC);
		struct nlmsghdr *h = (void *)buf;

		CHECK(n > 0 && n <= (int)room);
		for (; NLMSG_OK(h, (unsigned)n); h = NLMSG_NEXT(h, n)) {
			CHECK_EQ(h->nlmsg_seq, SEQ);
			CHECK(h->nlmsg_flags & NLM_F_MULTI);
			if (h->nlmsg_type == NLMSG_DONE)
				return count;
			CHECK_EQ(h->nlmsg_type, type - 2);
			if (see)
				see(h, arg);
			count++;
		}
		CHECK_EQ(n, 0);
	}
}

static int list(int fd, int type, unsigned size, unsigned room,
		void (*see)(const struct nlmsghdr *h, void *arg), void *arg)
{
	struct request q = request(type, NLM_F_DUMP, size);

	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	return list_read(fd, type, room, see, arg);
}

static void see_loopback(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);

	if (m->ifi_index != 1)
		return;
	++*(int *)arg;
	CHECK(m->ifi_flags & IFF_LOOPBACK);
	CHECK(!strcmp(find(h, sizeof(*m), IFLA_IFNAME), "lo"));
	CHECK_EQ(*(unsigned *)find(h, sizeof(*m), IFLA_MTU), 65536);
	CHECK(find(h, sizeof(*m), IFLA_STATS));
}

TEST(links_are_listed)
{
	int fd = netlink(), seen = 0;

	CHECK(list(fd, RTM_GETLINK, sizeof(struct ifinfomsg), 8192,
		   see_loopback, &seen) >= 1);
	CHECK_EQ(seen, 1);
}

TEST(one_link_by_number_and_by_name)
{
	struct request q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	struct { struct nlmsghdr h; char room[4096]; } a;
	int fd = netlink(), seen = 0;

	for (int n = 0; n < 2; n++) {
		q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		if (n)
			attr(&q, IFLA_IFNAME, "lo", 3);
		else
			q.link.ifi_index = 1;
		CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
		CHECK(recv(fd, &a, sizeof(a), 0) > 0);
		CHECK_EQ(a.h.nlmsg_type, RTM_NEWLINK);
		see_loopback(&a.h, &seen);
	}
	CHECK_EQ(seen, 2);
	q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	q.link.ifi_index = 9999;
	CHECK_EQ(ask(fd, &q), ENODEV);
	q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	CHECK_EQ(ask(fd, &q), EINVAL);
}

static void see_addr(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	in_addr_t *want = arg;

	if (m->ifa_family != AF_INET ||
	    *(in_addr_t *)find(h, sizeof(*m), IFA_LOCAL) != *want)
		return;
	CHECK_EQ(m->ifa_index, 1);
	*want = 0;
}

static int has_addr(int fd, const char *addr)
{
	in_addr_t want = inet_addr(addr);

	list(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), 4096, see_addr, &want);
	return !want;
}

/* What every program of a libc asks: getifaddrs, if_nameindex. */
TEST(the_library_lists_interfaces)
{
	struct if_nameindex *names = if_nameindex(), *n;
	struct ifaddrs *all, *a;
	int lo = 0, addr = 0;

	CHECK(names);
	for (n = names; n->if_index; n++)
		lo += n->if_index == 1 && !strcmp(n->if_name, "lo");
	CHECK_EQ(lo, 1);
	if_freenameindex(names);
	CHECK_OK(getifaddrs(&all));
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET &&
		    ((struct sockaddr_in *)a->ifa_addr)->sin_addr.s_addr ==
			    inet_addr("127.0.0.1")) {
			addr++;
			CHECK(!strcmp(a->ifa_name, "lo"));
			CHECK_EQ(((struct sockaddr_in *)a->ifa_netmask)
					 ->sin_addr.s_addr,
				 inet_addr("255.0.0.0"));
		}
	CHECK_EQ(addr, 1);
	freeifaddrs(all);
}

/* Who asks how large the next one is, and only then has a buffer. */
TEST(a_look_before_the_list)
{
	struct request q = request(RTM_GETADDR, NLM_F_DUMP,
				   sizeof(struct ifaddrmsg));
	struct iovec none = { NULL, 0 };
	struct msghdr m = { .msg_iov = &none, .msg_iovlen = 1 };
	int fd = netlink(), n;
	char buf[32768];

	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	n = recvmsg(fd, &m, MSG_PEEK | MSG_TRUNC);
	CHECK(n > (int)NLMSG_LENGTH(sizeof(struct ifaddrmsg)));
	CHECK(m.msg_flags & MSG_TRUNC);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), n);
}

static void set_up(int fd)
{
	struct request q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

	q.link.ifi_index = 1;
	q.link.ifi_flags = q.link.ifi_change = IFF_UP;
	CHECK_EQ(ask(fd, &q), 0);
}

static int addr_do(int fd, int type, int flags, const char *addr, int prefix)
{
	struct request q = request(type, flags, sizeof(struct ifaddrmsg));

	q.addr.ifa_family = AF_INET;
	q.addr.ifa_prefixlen = prefix;
	q.addr.ifa_index = 1;
	attr_addr(&q, IFA_LOCAL, addr);
	attr_addr(&q, IFA_ADDRESS, addr);
	return ask(fd, &q);
}

static int addr_add(int fd, const char *addr, int prefix)
{
	return addr_do(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, addr,
		       prefix);
}

static int addr_del(int fd, const char *addr, int prefix)
{
	return addr_do(fd, RTM_DELADDR, 0, addr, prefix);
}

TEST(an_address_comes_and_goes)
{
	int fd = own_net();

	set_up(fd);
	CHECK_EQ(addr_add(fd, "10.210.0.1", 32), 0);
	CHECK(has_addr(fd, "10.210.0.1"));
	CHECK_EQ(addr_add(fd, "10.210.0.1", 32), EEXIST);
	CHECK_EQ(addr_do(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
			 "10.210.0.1", 32), 0);
	CHECK_EQ(addr_add(fd, "10.210.0.2", 33), EINVAL);
	CHECK_EQ(addr_del(fd, "10.210.0.1", 24), EADDRNOTAVAIL);
	CHECK_EQ(addr_del(fd, "10.210.0.1", 32), 0);
	CHECK(!has_addr(fd, "10.210.0.1"));
	CHECK_EQ(addr_del(fd, "10.210.0.1", 32), EADDRNOTAVAIL);
}

/* A list that is longer than the reader's buffer comes in pieces. */
TEST(a_long_list_in_pieces)
{
	enum { COUNT = 200 };
	int fd = own_net(), n;
	char addr[16];

	set_up(fd);
	for (n = 0; n < COUNT; n++) {
		snprintf(addr, sizeof(addr), "10.211.0.%d", n + 1);
		CHECK_EQ(addr_add(fd, addr, 32), 0);
	}
	n = list(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), 4096, NULL, NULL);
	CHECK(n >= COUNT);
	CHECK_EQ(list(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), 16384, NULL,
		      NULL), n);
	if (on_brig())	/* Linux cuts off what is longer than this */
		CHECK_EQ(list(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), 600,
			      NULL, NULL), n);
	for (n = 0; n < COUNT; n++) {
		snprintf(addr, sizeof(addr), "10.211.0.%d", n + 1);
		CHECK_EQ(addr_del(fd, addr, 32), 0);
	}
}

/* One list at a time. */
TEST(a_second_list_waits_its_turn)
{
	struct request q = request(RTM_GETADDR, NLM_F_DUMP,
				   sizeof(struct ifaddrmsg));
	int fd = netlink();

	if (!on_brig())
		SKIP("Linux has made the first piece, a short list, already");
	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	CHECK_EQ(ask(fd, &q), EBUSY);
	CHECK(list_read(fd, RTM_GETADDR, 8192, NULL, NULL) >= 1);
}

static struct request route(int type, int flags, const char *dst, int prefix)
{
	struct request q = request(type, flags, sizeof(struct rtmsg));

	q.route.rtm_family = AF_INET;
	q.route.rtm_dst_len = prefix;
	q.route.rtm_table = RT_TABLE_MAIN;
	q.route.rtm_protocol = RTPROT_BOOT;
	q.route.rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE :
						   RT_SCOPE_LINK;
	q.route.rtm_type = RTN_UNICAST;
	attr_addr(&q, RTA_DST, dst);
	attr_number(&q, RTA_OIF, 1);
	return q;
}

struct way { in_addr_t dst; unsigned metric, device, protocol, count; };

static void see_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	const in_addr_t *dst = find(h, sizeof(*m), RTA_DST);
	const unsigned *metric = find(h, sizeof(*m), RTA_PRIORITY);
	struct way *w = arg;

	if (m->rtm_table != RT_TABLE_MAIN || !dst || *dst != w->dst)
		return;
	w->count++;
	w->metric = metric ? *metric : 0;
	w->protocol = m->rtm_protocol;
	w->device = *(unsigned *)find(h, sizeof(*m), RTA_OIF);
}

static struct way way_to(int fd, const char *dst)
{
	struct way w = { .dst = inet_addr(dst) };

	list(fd, RTM_GETROUTE, sizeof(struct rtmsg), 8192, see_route, &w);
	return w;
}

TEST(a_route_comes_and_goes)
{
	struct request q;
	struct way w;
	int fd = own_net();

	set_up(fd);
	q = route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "10.220.0.0", 16);
	attr_number(&q, RTA_PRIORITY, 7);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(ask(fd, &q), EEXIST);
	w = way_to(fd, "10.220.0.0");
	CHECK_EQ(w.count, 1);
	CHECK_EQ(w.metric, 7);
	CHECK_EQ(w.device, 1);
	CHECK_EQ(w.protocol, RTPROT_BOOT);
	q = route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "10.220.0.0", 16);
	attr_number(&q, RTA_PRIORITY, 7);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(way_to(fd, "10.220.0.0").count, 1);
	q = route(RTM_NEWROUTE, NLM_F_REPLACE, "10.221.0.0", 16);
	CHECK_EQ(ask(fd, &q), ENOENT);
	q = route(RTM_NEWROUTE, NLM_F_CREATE, "10.220.0.1", 16);
	CHECK_EQ(ask(fd, &q), EINVAL);
	q = route(RTM_NEWROUTE, NLM_F_CREATE, "10.220.0.0", 33);
	CHECK_EQ(ask(fd, &q), EINVAL);
	q = route(RTM_DELROUTE, 0, "10.220.0.0", 16);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(ask(fd, &q), ESRCH);
	CHECK_EQ(way_to(fd, "10.220.0.0").count, 0);
	q = route(RTM_NEWROUTE, NLM_F_CREATE, "10.220.0.0", 16);
	q.route.rtm_protocol = 77;	/* some daemon's: it stays so */
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(way_to(fd, "10.220.0.0").protocol, 77);
	q = route(RTM_DELROUTE, 0, "10.220.0.0", 16);
	CHECK_EQ(ask(fd, &q), ESRCH);
	q.route.rtm_protocol = 0;
	CHECK_EQ(ask(fd, &q), 0);
}

static void see_type(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	const in_addr_t *dst = find(h, sizeof(*m), RTA_DST);

	if (dst && *dst == inet_addr("10.222.0.0"))
		*(int *)arg = m->rtm_type;
}

/* The errno of a connect there; the same as of a datagram, and of a look. */
static int refusal(int fd, const char *addr)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct request q = request(RTM_GETROUTE, 0, sizeof(struct rtmsg));
	int udp = socket(AF_INET, SOCK_DGRAM, 0), err;

	inet_aton(addr, &a.sin_addr);
	CHECK_EQ(sendto(udp, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)), -1);
	err = errno;
	CHECK_ERRNO(connect(udp, (struct sockaddr *)&a, sizeof(a)), err);
	close(udp);
	q.route.rtm_family = AF_INET;
	q.route.rtm_dst_len = 32;
	attr_addr(&q, RTA_DST, addr);
	CHECK_EQ(ask(fd, &q), err);
	return err;
}

TEST(routes_that_refuse)
{
	static const struct { int type, err; } kind[] = {
		{ RTN_UNREACHABLE, EHOSTUNREACH }, { RTN_PROHIBIT, EACCES },
		{ RTN_BLACKHOLE, EINVAL }, { RTN_THROW, ENETUNREACH },
	};
	int fd = own_net(), type = 0;
	struct request q;

	set_up(fd);
	for (int n = 0; n < 4; n++) {
		q = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			    sizeof(struct rtmsg));
		q.route.rtm_family = AF_INET;
		q.route.rtm_dst_len = 16;
		q.route.rtm_table = RT_TABLE_MAIN;
		q.route.rtm_type = kind[n].type;
		attr_addr(&q, RTA_DST, "10.222.0.0");
		CHECK_EQ(ask(fd, &q), 0);
		CHECK_EQ(ask(fd, &q), EEXIST);
		CHECK_EQ(refusal(fd, "10.222.3.4"), kind[n].err);
		list(fd, RTM_GETROUTE, sizeof(struct rtmsg), 8192, see_type,
		     &type);
		CHECK_EQ(type, kind[n].type);
		q.h.nlmsg_type = RTM_DELROUTE;
		q.h.nlmsg_flags = NLM_F_REQUEST;
		q.route.rtm_scope = RT_SCOPE_NOWHERE;
		q.route.rtm_type = kind[(n + 1) % 4].type;
		CHECK_EQ(ask(fd, &q), ESRCH);
		q.route.rtm_type = RTN_UNSPEC;
		CHECK_EQ(ask(fd, &q), 0);
		CHECK_EQ(refusal(fd, "10.222.3.4"), ENETUNREACH);
	}
}

TEST(the_way_to_an_address)
{
	struct request q = request(RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct { struct nlmsghdr h; struct rtmsg m; char more[512]; } a;
	int fd = netlink();

	q.route.rtm_family = AF_INET;
	q.route.rtm_dst_len = 32;
	attr_addr(&q, RTA_DST, "127.0.0.1");
	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	CHECK(recv(fd, &a, sizeof(a), 0) > 0);
	CHECK_EQ(a.h.nlmsg_type, RTM_NEWROUTE);
	CHECK_EQ(a.m.rtm_type, RTN_LOCAL);
	CHECK_EQ(*(unsigned *)find(&a.h, sizeof(a.m), RTA_OIF), 1);
}

static int rename_to(int fd, const char *name)
{
	struct request q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

	q.link.ifi_index = 1;
	attr(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(fd, &q);
}

static void set_lo(int fd, unsigned flags)
{
	struct request q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

	q.link.ifi_index = 1;
	q.link.ifi_flags = flags;
	q.link.ifi_change = IFF_UP;
	CHECK_EQ(ask(fd, &q), 0);
}

TEST(a_link_gets_another_name)
{
	char name[IF_NAMESIZE];
	int fd = own_net();

	set_lo(fd, IFF_UP);
	if (on_brig())	/* a new Linux minds no more */
		CHECK_EQ(rename_to(fd, "back0"), EBUSY);
	set_lo(fd, 0);
	CHECK_EQ(rename_to(fd, "a/b"), EINVAL);
	CHECK_EQ(rename_to(fd, "back0"), 0);
	CHECK(if_indextoname(1, name) && !strcmp(name, "back0"));
	CHECK_EQ(if_nametoindex("lo"), 0);
	CHECK_EQ(rename_to(fd, "lo"), 0);
	set_lo(fd, IFF_UP);
	CHECK_EQ(if_nametoindex("lo"), 1);
}

TEST(what_is_not_there_is_not_done)
{
	struct request q = request(RTM_NEWADDR, NLM_F_CREATE,
				   sizeof(struct ifaddrmsg));
	int fd = own_net();

	q.addr.ifa_family = AF_INET;
	q.addr.ifa_index = 9999;
	attr_addr(&q, IFA_LOCAL, "10.1.2.3");
	CHECK_EQ(ask(fd, &q), ENODEV);
	q = request(RTM_NEWADDR, NLM_F_CREATE, sizeof(struct ifaddrmsg));
	q.addr.ifa_family = AF_INET;
	q.addr.ifa_index = 1;
	CHECK_EQ(ask(fd, &q), EINVAL);
	q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	q.link.ifi_index = 1;
	attr_number(&q, IFLA_MTU, 10);
	if (on_brig())	/* Linux's loopback takes any */
		CHECK_EQ(ask(fd, &q), EINVAL);
	q = request(RTM_NEWNEIGH, NLM_F_CREATE, sizeof(struct ndmsg));
	q.neigh.ndm_family = AF_INET;
	q.neigh.ndm_ifindex = 9999;
	q.neigh.ndm_state = NUD_PERMANENT;
	attr_addr(&q, NDA_DST, "10.1.2.3");
	attr(&q, NDA_LLADDR, "\2\0\0\0\0\1", 6);
	CHECK_EQ(ask(fd, &q), ENODEV);
	q = request(4000, 0, sizeof(struct rtgenmsg));
	CHECK_EQ(ask(fd, &q), EOPNOTSUPP);
}

TEST(only_root_sets)
{
	struct request q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	int fd = own_net();	/* made by root, used by another */

	CHECK_OK(setuid(1000));
	q.link.ifi_index = 1;
	q.link.ifi_flags = q.link.ifi_change = IFF_UP;
	CHECK_EQ(ask(fd, &q), EPERM);
	CHECK_EQ(addr_add(fd, "10.210.0.9", 32), EPERM);
	CHECK_EQ(addr_del(fd, "127.0.0.1", 8), EPERM);
	q = route(RTM_NEWROUTE, NLM_F_CREATE, "10.220.0.0", 16);
	CHECK_EQ(ask(fd, &q), EPERM);
	q = request(RTM_DELNEIGH, 0, sizeof(struct ndmsg));
	q.neigh.ndm_family = AF_INET;
	CHECK_EQ(ask(fd, &q), EPERM);
	CHECK(list(fd, RTM_GETLINK, sizeof(struct ifinfomsg), 8192, NULL,
		   NULL) >= 1);
}

/* A program that has privileges is not used by handing it a socket. */
TEST(the_maker_must_be_allowed_too)
{
	int fd;

	need_root();
	CHECK_OK(seteuid(1000));
	fd = netlink();
	CHECK_OK(seteuid(0));
	CHECK_EQ(addr_add(fd, "10.210.0.9", 32), EPERM);
}

/* One that has an address, without which Linux tells nothing. */
static int bound(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	int fd = netlink();

	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	return fd;
}

static int joined(int fd, int group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group));
}

static int told(int fd, unsigned *groups)
{
	struct { struct nlmsghdr h; char more[4096]; } a;
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);

	CHECK(recvfrom(fd, &a, sizeof(a), 0, (struct sockaddr *)&from,
		       &len) > 0);
	CHECK_EQ(len, sizeof(from));
	CHECK_EQ(from.nl_pid, 0);
	*groups = from.nl_groups;
	return a.h.nlmsg_type;
}

TEST(groups_are_told)
{
	int fd = own_net(), ear = bound();
	unsigned groups, list, len = sizeof(list);
	struct request q;

	set_up(fd);
	CHECK_OK(joined(ear, RTNLGRP_IPV4_IFADDR));
	CHECK_ERRNO(joined(ear, 0), EINVAL);
	CHECK_EQ(addr_add(fd, "10.210.0.1", 32), 0);
	CHECK_EQ(told(ear, &groups), RTM_NEWADDR);
	CHECK_EQ(groups, RTMGRP_IPV4_IFADDR);
	CHECK_EQ(addr_del(fd, "10.210.0.1", 32), 0);
	CHECK_EQ(told(ear, &groups), RTM_DELADDR);
	CHECK_ERRNO(recv(ear, &q, sizeof(q), MSG_DONTWAIT), EAGAIN);
	CHECK_OK(joined(ear, RTNLGRP_LINK));
	q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	q.link.ifi_index = 1;
	attr_number(&q, IFLA_MTU, 60000);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(told(ear, &groups), RTM_NEWLINK);
	CHECK_EQ(groups, RTMGRP_LINK);
	q = request(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	q.link.ifi_index = 1;
	attr_number(&q, IFLA_MTU, 65536);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(told(ear, &groups), RTM_NEWLINK);
	CHECK_OK(joined(ear, RTNLGRP_IPV4_ROUTE));
	q = route(RTM_NEWROUTE, NLM_F_CREATE, "10.220.0.0", 16);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(told(ear, &groups), RTM_NEWROUTE);
	q = route(RTM_DELROUTE, 0, "10.220.0.0", 16);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(told(ear, &groups), RTM_DELROUTE);
	if (!on_brig())
		return;		/* Linux gives a list of another length */
	CHECK_OK(getsockopt(ear, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, &list,
			    &len));
	CHECK_EQ(list, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE);
}

/* Who does not read loses some, and is told so once. */
TEST(who_does_not_listen_is_told)
{
	int fd = own_net(), ear = bound(), small = 1, n;
	struct pollfd p = { .fd = ear, .events = POLLIN };
	char buf[4096];

	set_up(fd);
	CHECK_OK(setsockopt(ear, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	CHECK_OK(joined(ear, RTNLGRP_IPV4_IFADDR));
	for (n = 0; n < 20; n++) {
		CHECK_EQ(addr_add(fd, "10.210.0.1", 32), 0);
		CHECK_EQ(addr_del(fd, "10.210.0.1", 32), 0);
	}
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLERR);
	for (n = 0; recv(ear, buf, sizeof(buf), MSG_DONTWAIT) > 0; n++)
		;
	if (errno == EAGAIN)	/* told last; Linux: first */
		FAIL("nothing was told");
	CHECK_EQ(errno, ENOBUFS);
	CHECK(n < 40);
	while (recv(ear, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
}

TEST(names)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK }, b;
	int fd = netlink(), other = netlink();
	socklen_t len = sizeof(b);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&b, &len));
	CHECK_EQ(len, sizeof(b));
	CHECK_EQ(b.nl_pid, 0);
	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&b, &len));
	CHECK_EQ(b.nl_pid, getpid());
	CHECK_OK(bind(other, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getsockname(other, (struct sockaddr *)&b, &len));
	CHECK(b.nl_pid != (unsigned)getpid() && b.nl_pid);
	a.nl_pid = getpid();
	CHECK_ERRNO(bind(netlink(), (struct sockaddr *)&a, sizeof(a)),
		    EADDRINUSE);
	a.nl_pid = 77;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a)), EINVAL);
	a.nl_pid = 0;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a) - 1), EINVAL);
	a.nl_family = AF_INET;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a)), EINVAL);
	a.nl_family = AF_NETLINK;
	CHECK_OK(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(getpeername(fd, (struct sockaddr *)&b, &len));
	CHECK_EQ(b.nl_pid, 0);
	CHECK_ERRNO(listen(fd, 1), EOPNOTSUPP);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_RAW, 99), EPROTONOSUPPORT);
}

static int answers(int fd)
{
	char buf[8192];
	int n = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* Lengths that lie. */
TEST(malformed_messages)
{
	struct request q = request(RTM_GETLINK, NLM_F_ACK,
				   sizeof(struct ifinfomsg));
	struct rtattr *a = (void *)(q.room + sizeof(struct ifinfomsg));
	unsigned whole = q.h.nlmsg_len + sizeof(*a);
	int fd = netlink();

	CHECK_ERRNO(send(fd, &q, 0, 0), ENODATA);
	for (unsigned n = 1; n < whole; n++)	/* cut off */
		CHECK_EQ(send(fd, &q, n, 0), n);
	q.link.ifi_index = 1;
	answers(fd);
	q.h.nlmsg_len = 15;
	CHECK_EQ(send(fd, &q, whole, 0), whole);
	q.h.nlmsg_len = 0xffffffff;
	CHECK_EQ(send(fd, &q, whole, 0), whole);
	CHECK_EQ(answers(fd), 0);
	q.h.nlmsg_len = NLMSG_LENGTH(4);	/* less than its struct */
	CHECK_EQ(ask(fd, &q), EINVAL);
	q.h.nlmsg_len = whole;
	for (unsigned n = 0; n < 4; n++) {	/* an attribute's length */
		a->rta_len = n;
		a->rta_type = IFLA_IFNAME;
		CHECK_EQ(send(fd, &q, whole, 0), whole);
	}
	a->rta_len = 0xffff;
	CHECK_EQ(send(fd, &q, whole, 0), whole);
	answers(fd);
	/* a name that does not end, and one that is too long */
	q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	attr(&q, IFLA_IFNAME, "lolololololololololololo", 24);
	CHECK(ask(fd, &q) != 0);
	q = request(RTM_GETROUTE, 0, sizeof(struct rtmsg));
	q.route.rtm_family = AF_INET;
	attr(&q, RTA_DST, "\1\2", 2);
	CHECK(ask(fd, &q) != 0);
	/* no request, and one of netlink's own */
	q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	q.h.nlmsg_flags = 0;
	CHECK_EQ(ask(fd, &q), 0);
	q = request(NLMSG_NOOP, 0, 0);
	CHECK_EQ(ask(fd, &q), 0);
	CHECK_EQ(answers(fd), 0);
}

/* Several in one; each is answered. */
TEST(two_requests_at_once)
{
	struct request q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	char both[64] = { 0 };
	int fd = netlink(), n = NLMSG_ALIGN(q.h.nlmsg_len);

	q.link.ifi_index = 1;
	memcpy(both, &q, n);
	memcpy(both + n, &q, n);
	CHECK_EQ(send(fd, both, 2 * n, 0), 2 * n);
	CHECK_EQ(answers(fd), 2);
}

/* An answer that tells of an error has the request in it, unless not wanted. */
TEST(errors_quote)
{
	struct request q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	int fd = netlink(), on = 1;
	char buf[512];
	const int shortest = NLMSG_LENGTH(sizeof(struct nlmsgerr));

	q.link.ifi_index = 9999;
	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), shortest + 16);
	CHECK_OK(setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)));
	CHECK_EQ(send(fd, &q, q.h.nlmsg_len, 0), q.h.nlmsg_len);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), shortest);
	CHECK_ERRNO(setsockopt(fd, SOL_NETLINK, 99, &on, sizeof(on)),
		    ENOPROTOOPT);
}

TEST(nobody_else_is_there)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK,
				  .nl_pid = 0x7ffffff0 };
	struct request q = request(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	static char large[1 << 20];
	int fd = netlink();

	need_root();
	CHECK_ERRNO(sendto(fd, &q, q.h.nlmsg_len, 0, (struct sockaddr *)&to,
			   sizeof(to)), ECONNREFUSED);
	CHECK_ERRNO(sendto(fd, &q, q.h.nlmsg_len, 0, (struct sockaddr *)&to, 4),
		    EINVAL);
	CHECK_ERRNO(send(fd, large, sizeof(large), 0), EMSGSIZE);
}
