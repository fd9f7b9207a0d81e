/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netif.c - interfaces, addresses and routes as ifconfig and route see and set
 * them, on loopback.
 *
 * oracle: no (it changes the machine's interfaces)
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ktap.h"

/* Any socket will do to ask. */
static int asker(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	return fd;
}

static struct ifreq named(const char *name)
{
	struct ifreq r = { 0 };

	strcpy(r.ifr_name, name);
	return r;
}

static int addr_set(int fd, int cmd, const char *name, const char *addr)
{
	struct ifreq r = named(name);
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(addr);
	return ioctl(fd, cmd, &r);
}

#define CHECK_STR(a, b)                                               \
	do {                                                          \
		const char *got = (a);                                \
									      \
		if (strcmp(got, b))                                   \
			FAIL("%s:%d: \"%s\", not \"%s\"", __FILE__,   \
			     __LINE__, got, b);                       \
	} while (0)

/* As text; "" and errno when there is none. */
static const char *addr_get(int fd, int cmd, const char *name)
{
	struct ifreq r = named(name);

	if (ioctl(fd, cmd, &r))
		return "";
	return inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr);
}

static int flags_set(int fd, const char *name, int flags)
{
	struct ifreq r = named(name);

	r.ifr_flags = flags;
	return ioctl(fd, SIOCSIFFLAGS, &r);
}

TEST(loopback_is_up_from_the_start)
{
	int fd = asker();
	struct ifreq r = named("lo");

	CHECK_OK(ioctl(fd, SIOCGIFFLAGS, &r));
	CHECK((r.ifr_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK)) ==
	      (IFF_UP | IFF_RUNNING | IFF_LOOPBACK));
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo"), "127.0.0.1");
	CHECK_STR(addr_get(fd, SIOCGIFNETMASK, "lo"), "255.0.0.0");
	CHECK_OK(ioctl(fd, SIOCGIFMTU, &r));
	CHECK_EQ(r.ifr_mtu, 65536);
	CHECK_OK(ioctl(fd, SIOCGIFHWADDR, &r));
	CHECK_EQ(r.ifr_hwaddr.sa_family, ARPHRD_LOOPBACK);
	CHECK_OK(ioctl(fd, SIOCGIFINDEX, &r));
	CHECK_EQ(r.ifr_ifindex, 1);
	memset(r.ifr_name, 0, sizeof(r.ifr_name));
	CHECK_OK(ioctl(fd, SIOCGIFNAME, &r));
	CHECK_STR(r.ifr_name, "lo");
	CHECK_EQ(close(fd), 0);
}

TEST(unknown_interface)
{
	int fd = asker();
	struct ifreq r = named("nope0");

	CHECK_ERRNO(ioctl(fd, SIOCGIFFLAGS, &r), ENODEV);
	CHECK_ERRNO(ioctl(fd, SIOCGIFADDR, &r), ENODEV);
	r.ifr_ifindex = 999;
	CHECK_ERRNO(ioctl(fd, SIOCGIFNAME, &r), ENODEV);
	CHECK_ERRNO(ioctl(fd, SIOCGIFFLAGS, NULL), EFAULT);
	CHECK_EQ(close(fd), 0);
}

TEST(an_alias_comes_and_goes)
{
	int fd = asker();

	CHECK_OK(addr_set(fd, SIOCSIFADDR, "lo:7", "10.200.0.1"));
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "10.200.0.1");
	CHECK_STR(addr_get(fd, SIOCGIFNETMASK, "lo:7"), "255.0.0.0");
	CHECK_OK(addr_set(fd, SIOCSIFNETMASK, "lo:7", "255.255.255.0"));
	CHECK_STR(addr_get(fd, SIOCGIFNETMASK, "lo:7"), "255.255.255.0");
	CHECK_STR(addr_get(fd, SIOCGIFBRDADDR, "lo:7"), "10.200.0.255");
	CHECK_ERRNO(addr_set(fd, SIOCSIFNETMASK, "lo:7", "255.0.255.0"), EINVAL);
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo"), "127.0.0.1");
	CHECK_ERRNO(addr_set(fd, SIOCSIFADDR, "lo:8", "10.200.0.1"), EEXIST);
	CHECK_OK(addr_set(fd, SIOCSIFADDR, "lo:7", "10.200.0.2"));
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "10.200.0.2");
	CHECK_OK(flags_set(fd, "lo:7", 0));
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "");
	CHECK_ERRNO(flags_set(fd, "lo:7", 0), EADDRNOTAVAIL);
	CHECK_EQ(close(fd), 0);
}

static int rename_to(int fd, const char *name, const char *other)
{
	struct ifreq r = named(name);

	strcpy(r.ifr_newname, other);
	return ioctl(fd, SIOCSIFNAME, &r);
}

static const char *name_of(int fd, int index)
{
	static struct ifreq r;

	r.ifr_ifindex = index;
	CHECK_OK(ioctl(fd, SIOCGIFNAME, &r));
	return r.ifr_name;
}

TEST(an_interface_gets_another_name)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a:1", "a b",
					   "a%s", "a%d%d", "%" };
	int fd = asker();

	CHECK_OK(addr_set(fd, SIOCSIFADDR, "lo:7", "10.200.0.1"));
	CHECK_ERRNO(rename_to(fd, "lo", "back0"), EBUSY);
	CHECK_ERRNO(rename_to(fd, "none", "back0"), ENODEV);
	CHECK_OK(flags_set(fd, "lo", 0));
	for (unsigned n = 0; n < sizeof(bad) / sizeof(*bad); n++)
		CHECK_ERRNO(rename_to(fd, "lo", bad[n]), EINVAL);
	CHECK_OK(rename_to(fd, "lo", "lo"));
	CHECK_OK(rename_to(fd, "lo", "back%d"));
	CHECK_STR(name_of(fd, 1), "back0");
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "back0"), "127.0.0.1");
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "back0:7"), "10.200.0.1");
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "");
	CHECK_OK(rename_to(fd, "back0", "fifteen_letters"));
	CHECK_OK(rename_to(fd, "fifteen_letters", "lo"));
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "10.200.0.1");
	CHECK_OK(flags_set(fd, "lo:7", 0));
	CHECK_OK(flags_set(fd, "lo", IFF_UP));
	CHECK_STR(name_of(fd, 1), "lo");
	CHECK_EQ(close(fd), 0);
}

TEST(no_address_of_a_host)
{
	int fd = asker();

	CHECK_ERRNO(addr_set(fd, SIOCSIFADDR, "lo:7", "224.0.0.1"), EINVAL);
	CHECK_ERRNO(addr_set(fd, SIOCSIFADDR, "lo:7", "255.255.255.255"),
		  EINVAL);
	CHECK_OK(addr_set(fd, SIOCSIFADDR, "lo:7", "10.200.0.1"));
	CHECK_ERRNO(addr_set(fd, SIOCSIFADDR, "lo:7", "224.0.0.1"), EINVAL);
	CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo:7"), "10.200.0.1");
	CHECK_OK(flags_set(fd, "lo:7", 0));
	CHECK_EQ(close(fd), 0);
}

TEST(all_addresses_in_one_list)
{
	int fd = asker(), seen = 0;
	struct ifreq r[8];
	struct ifconf c = { .ifc_len = sizeof(r), .ifc_req = r };

	CHECK_OK(addr_set(fd, SIOCSIFADDR, "lo:7", "10.200.0.1"));
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	for (int n = 0; n < c.ifc_len / (int)sizeof(r[0]); n++)
		seen += !strcmp(r[n].ifr_name, "lo:7") ||
			!strcmp(r[n].ifr_name, "lo");
	CHECK_EQ(seen, 2);
	c.ifc_req = NULL;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	CHECK(c.ifc_len >= 2 * (int)sizeof(r[0]));
	c.ifc_len = sizeof(r[0]) + 1;	/* room for one */
	c.ifc_req = r;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	CHECK_EQ(c.ifc_len, (int)sizeof(r[0]));
	c.ifc_len = -1;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	CHECK_EQ(c.ifc_len, 0);
	CHECK_OK(flags_set(fd, "lo:7", 0));
	CHECK_EQ(close(fd), 0);
}

TEST(however_many_addresses_in_one_list)
{
	enum { MANY = 1100 };
	static struct ifreq r[MANY + 8];
	struct ifconf c = { .ifc_len = sizeof(r), .ifc_req = r };
	char name[IFNAMSIZ], addr[16];
	int fd = asker();

	for (int n = 0; n < MANY; n++) {
		snprintf(name, sizeof(name), "lo:%d", n);
		snprintf(addr, sizeof(addr), "10.201.%d.%d", n / 250,
			 n % 250 + 1);
		CHECK_OK(addr_set(fd, SIOCSIFADDR, name, addr));
	}
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &c));
	CHECK(c.ifc_len > MANY * (int)sizeof(r[0]));
	CHECK_STR(r[c.ifc_len / sizeof(r[0]) - 1].ifr_name, "lo:1099");
	for (int n = 0; n < MANY; n++) {
		snprintf(name, sizeof(name), "lo:%d", n);
		CHECK_OK(flags_set(fd, name, 0));
	}
	CHECK_EQ(close(fd), 0);
}

/* --- routes ----------------------------------------------------------------- */

static int route_do(int fd, int cmd, const char *dst, const char *mask,
		    const char *gateway, char *device)
{
	struct rtentry r = { .rt_flags = RTF_UP, .rt_dev = device };
	struct sockaddr_in *d = (struct sockaddr_in *)&r.rt_dst;
	struct sockaddr_in *m = (struct sockaddr_in *)&r.rt_genmask;
	struct sockaddr_in *g = (struct sockaddr_in *)&r.rt_gateway;

	d->sin_family = m->sin_family = AF_INET;
	d->sin_addr.s_addr = inet_addr(dst);
	m->sin_addr.s_addr = strcmp(mask, "0.0.0.0") ? inet_addr(mask) : 0;
	if (gateway) {
		r.rt_flags |= RTF_GATEWAY;
		g->sin_family = AF_INET;
		g->sin_addr.s_addr = inet_addr(gateway);
	}
	return ioctl(fd, cmd, &r);
}

/* Does /proc/net/route have a line that begins so? */
static int route_shown(const char *line)
{
	char text[4096];

	int fd = open("/proc/net/route", O_RDONLY), n;

	CHECK_OK(fd);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0);
	text[n] = '\0';
	CHECK_EQ(close(fd), 0);
	return strstr(text, line) != NULL;
}

TEST(routes_are_added_and_removed)
{
	static char lo[] = "lo", nope[] = "nope0";
	int fd = asker();

	CHECK_OK(route_do(fd, SIOCADDRT, "10.99.0.0", "255.255.0.0", NULL, lo));
	CHECK(route_shown("lo\t0000630A\t00000000\t0001\t0\t0\t0\t0000FFFF"));
	CHECK_ERRNO(route_do(fd, SIOCADDRT, "10.99.0.0", "255.255.0.0", NULL, lo),
		  EEXIST);
	CHECK_OK(route_do(fd, SIOCADDRT, "0.0.0.0", "0.0.0.0", "10.99.0.1",
			  NULL));
	CHECK(route_shown("lo\t00000000\t0100630A\t0003"));
	CHECK_OK(route_do(fd, SIOCDELRT, "0.0.0.0", "0.0.0.0", NULL, NULL));
	CHECK_OK(route_do(fd, SIOCDELRT, "10.99.0.0", "255.255.0.0", NULL,
			  NULL));
	CHECK_ERRNO(route_do(fd, SIOCDELRT, "10.99.0.0", "255.255.0.0", NULL,
			   NULL), ESRCH);
	CHECK(!route_shown("0000630A"));
	CHECK_ERRNO(route_do(fd, SIOCADDRT, "10.99.0.1", "255.255.0.0", NULL, lo),
		  EINVAL);
	CHECK_ERRNO(route_do(fd, SIOCADDRT, "10.99.0.0", "255.255.0.0", NULL,
			   nope), ENODEV);
	CHECK_ERRNO(route_do(fd, SIOCADDRT, "10.99.0.0", "255.255.0.0",
			   "172.31.9.9", NULL), ENETUNREACH);
	CHECK_EQ(close(fd), 0);
}

TEST(a_rejecting_route)
{
	static char lo[] = "lo";
	struct rtentry r = { .rt_flags = RTF_UP | RTF_HOST | RTF_REJECT,
			     .rt_dev = lo };
	struct sockaddr_in *d = (struct sockaddr_in *)&r.rt_dst;
	int fd = asker();

	d->sin_family = AF_INET;
	d->sin_addr.s_addr = inet_addr("10.98.0.1");
	CHECK_OK(ioctl(fd, SIOCADDRT, &r));
	CHECK(route_shown("*\t0100620A\t00000000\t0205"));
	CHECK_OK(ioctl(fd, SIOCDELRT, &r));
	CHECK_ERRNO(ioctl(fd, SIOCDELRT, &r), ESRCH);
	CHECK_EQ(close(fd), 0);
}

/* --- who may ----------------------------------------------------------------- */

TEST(only_root_sets)
{
	static char lo[] = "lo";
	int fd = asker();
	pid_t child = fork();

	CHECK_OK(child);
	if (!child) {
		struct ifreq r = named("lo");

		CHECK_OK(setuid(1000));
		CHECK_ERRNO(addr_set(fd, SIOCSIFADDR, "lo:7", "10.1.1.1"), EPERM);
		CHECK_ERRNO(flags_set(fd, "lo", 0), EPERM);
		r.ifr_mtu = 1500;
		CHECK_ERRNO(ioctl(fd, SIOCSIFMTU, &r), EPERM);
		CHECK_ERRNO(route_do(fd, SIOCADDRT, "10.99.0.0", "255.255.0.0",
				   NULL, lo), EPERM);
		CHECK_STR(addr_get(fd, SIOCGIFADDR, "lo"), "127.0.0.1");
		_exit(0);
	}
	CHECK_CHILD(child);
	CHECK_EQ(close(fd), 0);
}
