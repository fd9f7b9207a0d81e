/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_interfaces.c - what a jail sees of interfaces, routes and neighbours, and
 * that it sets none of them: items 22, 34, 35 and 45 of the checklist, E13, E30.
 * All is asked on a socket of AF_UNIX, which no jail is without.
 *
 * oracle: no
 */
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "jail_test.h"

static int asker(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	return fd;
}

static struct ifreq request(const char *name, const char *addr)
{
	struct ifreq r = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;

	strcpy(r.ifr_name, name);
	if (addr) {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = inet_addr(addr);
	}
	return r;
}

static int alias_add(const char *label, const char *addr)
{
	struct ifreq r = request(label, addr);
	int fd = asker(), n = ioctl(fd, SIOCSIFADDR, &r);

	if (!n) {
		r = request(label, "255.255.255.255");
		n = ioctl(fd, SIOCSIFNETMASK, &r);
	}
	close(fd);
	return n;
}

static int alias_remove(const char *label)
{
	struct ifreq r = request(label, NULL);
	int fd = asker(), n = ioctl(fd, SIOCSIFFLAGS, &r), why = errno;

	close(fd);
	errno = why;
	return n;
}

/* All addresses that ifconfig would list, with blanks between. */
static const char *listed(void)
{
	static char text[512];
	struct ifreq r[16];
	struct ifconf c = { .ifc_len = sizeof(r), .ifc_req = r };
	int fd = asker();

	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	close(fd);
	text[0] = '\0';
	for (int n = 0; n < c.ifc_len / (int)sizeof(r[0]); n++) {
		struct sockaddr_in *in = (struct sockaddr_in *)&r[n].ifr_addr;

		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", n ? " " : "", inet_ntoa(in->sin_addr));
	}
	return text;
}

static void lists(const char *want)
{
	const char *has = listed();

	if (strcmp(has, want))
		FAIL("listed: \"%s\", not \"%s\"", has, want);
}

/* The text of a file of /proc/net. */
static const char *net_file(const char *name)
{
	static char text[4096];
	char path[64];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/net/%s", name);
	fd = open(path, O_RDONLY);
	CHECK_OK(fd);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static int lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void begin(void)
{
	j_begin();
	alias_remove("lo:1");	/* of tests that ran before */
	alias_remove("lo:2");
	alias_remove("lo:9");
	CHECK_OK(alias_add("lo:1", "10.50.0.1"));
	CHECK_OK(alias_add("lo:2", "10.50.0.2"));
	j_tree("a");
	j_mount("proc", j_path("a"), "proc");
}

static int jail_with(const char *more)
{
	return j_make("name=a; path=%s; persist; %s", j_path("a"), more);
}

TEST(item22_a_jail_lists_its_own_addresses)
{
	int one, both, none, inherit;

	begin();
	lists("127.0.0.1 10.50.0.1 10.50.0.2");
	one = jail_with("ip4.addr=10.50.0.1");
	IN_JAIL(one, 0) {
		struct ifreq r = request("lo", NULL);
		int fd = asker();

		lists("10.50.0.1");
		CHECK_OK(ioctl(fd, SIOCGIFFLAGS, &r));
		CHECK_ERRNO(ioctl(fd, SIOCGIFADDR, &r), EADDRNOTAVAIL);
		r = request("lo:2", NULL);
		CHECK_ERRNO(ioctl(fd, SIOCGIFADDR, &r), EADDRNOTAVAIL);
		r = request("lo:1", NULL);
		CHECK_OK(ioctl(fd, SIOCGIFADDR, &r));
		CHECK_EQ(lines(net_file("dev")), 3);
	}
	CHECK_OK(jail_remove(one));
	both = jail_with("ip4.addr=10.50.0.1,10.50.0.2");
	IN_JAIL(both, 0)
		lists("10.50.0.1 10.50.0.2");
	CHECK_OK(jail_remove(both));
	none = jail_with("ip4=disable");
	IN_JAIL(none, 0) {
		struct ifreq r = request("lo", NULL);
		int fd = asker();

		lists("");
		CHECK_ERRNO(ioctl(fd, SIOCGIFFLAGS, &r), ENODEV);
		CHECK_ERRNO(ioctl(fd, SIOCGIFINDEX, &r), ENODEV);
		r.ifr_ifindex = 1;
		CHECK_ERRNO(ioctl(fd, SIOCGIFNAME, &r), ENODEV);
		CHECK_EQ(lines(net_file("dev")), 2);	/* the title */
		CHECK_ERRNO(socket(AF_INET, SOCK_DGRAM, 0), EAFNOSUPPORT);
		CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
	}
	CHECK_OK(jail_remove(none));
	inherit = jail_with("ip4=inherit");
	IN_JAIL(inherit, 0)
		lists("127.0.0.1 10.50.0.1 10.50.0.2");
}

/* Item 34, E30: each request that sets something. */
TEST(item34_a_jail_sets_no_interface)
{
	static const unsigned sets[] = {
		SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFBRDADDR,
		SIOCSIFNETMASK, SIOCSIFMETRIC, SIOCSIFMTU, SIOCSIFHWADDR,
		SIOCSIFNAME,
	};
	static const char *const how[] = { "ip4.addr=10.50.0.1",
					   "ip4=inherit" };

	begin();
	for (unsigned n = 0; n < 2; n++) {
		int jid = jail_with(how[n]);

		IN_JAIL(jid, 0) {
			int fd = asker();

			for (unsigned i = 0; i < sizeof(sets) / sizeof(*sets);
			     i++) {
				struct ifreq r = request("lo", "10.50.0.1");

				CHECK_ERRNO(ioctl(fd, sets[i], &r), EPERM);
				r = request("lo:1", "10.50.0.3");
				CHECK_ERRNO(ioctl(fd, sets[i], &r), EPERM);
			}
		}
		CHECK_OK(jail_remove(jid));
	}
	lists("127.0.0.1 10.50.0.1 10.50.0.2");
}

static struct rtentry route_to(const char *dst)
{
	static char lo[] = "lo";
	struct rtentry r = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = lo };
	struct sockaddr_in *in = (struct sockaddr_in *)&r.rt_dst;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(dst);
	return r;
}

TEST(item35_a_jail_sets_no_route)
{
	struct rtentry r = route_to("10.60.0.1");
	struct arpreq a = { 0 };
	int jid, fd = asker();

	begin();
	CHECK_OK(ioctl(fd, SIOCADDRT, &r));
	((struct sockaddr_in *)&a.arp_pa)->sin_family = AF_INET;
	((struct sockaddr_in *)&a.arp_pa)->sin_addr.s_addr =
		inet_addr("10.60.0.1");
	jid = jail_with("ip4.addr=10.50.0.1");
	IN_JAIL(jid, 0) {
		struct rtentry more = route_to("10.60.0.2");

		CHECK_ERRNO(ioctl(fd, SIOCADDRT, &more), EPERM);
		CHECK_ERRNO(ioctl(fd, SIOCDELRT, &r), EPERM);
		CHECK_ERRNO(ioctl(fd, SIOCSARP, &a), EPERM);
		CHECK_ERRNO(ioctl(fd, SIOCDARP, &a), EPERM);
		CHECK_ERRNO(ioctl(fd, SIOCGARP, &a), ENXIO);
		CHECK_EQ(lines(net_file("route")), 1);
		CHECK_EQ(lines(net_file("arp")), 1);
		CHECK_ERRNO(open("/proc/net/snmp", O_RDONLY), ENOENT);
	}
	CHECK_OK(j_change(jid, "allow.routing"));
	IN_JAIL(jid, 0) {
		struct rtentry more = route_to("10.60.0.2");

		CHECK_EQ(lines(net_file("route")), 2);
		CHECK_OK(ioctl(fd, SIOCADDRT, &more));
	}
	CHECK(strstr(net_file("route"), "02003C0A"));
	CHECK_OK(ioctl(fd, SIOCDELRT, &r));
	r = route_to("10.60.0.2");
	CHECK_OK(ioctl(fd, SIOCDELRT, &r));
	CHECK_ERRNO(ioctl(fd, SIOCDELRT, &r), ESRCH);
	CHECK_EQ(lines(net_file("route")), 1);
}

TEST(item45_an_alias_stays_while_a_jail_holds_it)
{
	int jid;

	begin();
	jid = jail_with("ip4.addr=10.50.0.1");
	CHECK_ERRNO(alias_remove("lo:1"), EBUSY);
	CHECK_OK(alias_remove("lo:2"));
	lists("127.0.0.1 10.50.0.1");
	CHECK_OK(jail_remove(jid));
	CHECK_OK(alias_remove("lo:1"));
	lists("127.0.0.1");
}

TEST(a_jail_forwards_nothing)
{
	int jid;

	begin();
	jid = jail_with("ip4=inherit");
	IN_JAIL(jid, 0) {
		int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDWR);

		CHECK(fd == -1 || write(fd, "1", 1) == -1);
	}
	CHECK_OK(jail_remove(jid));
	CHECK_OK(alias_remove("lo:1"));
	CHECK_OK(alias_remove("lo:2"));
}
