/* SPDX-License-Identifier: BSD-2-Clause */
/* net_deeds.h - deeds on the network that take a privilege and change nothing. */
#ifndef NET_DEEDS_H
#define NET_DEEDS_H

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ktap.h"

/* SIOCS* of loopback, with what SIOCG* (one less) says it is. */
static inline int as_it_is(int set)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(ioctl(fd, set == SIOCSIFHWADDR ? SIOCGIFHWADDR : set - 1, &r));
	return ioctl(fd, set, &r);
}

/* It is up: who may is told so. */
static inline int rename_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_newname = "lo" };

	return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFNAME, &r);
}

static inline int high_priority(void)
{
	int v = 7;

	return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET,
			  SO_PRIORITY, &v, sizeof(v));
}

static inline int route_there_and_away(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rtentry r = { .rt_flags = RTF_UP | RTF_HOST | RTF_REJECT };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(0x0a4d0002);
	memcpy(&r.rt_dst, &to, sizeof(to));
	return ioctl(fd, SIOCADDRT, &r) ? -1 : ioctl(fd, SIOCDELRT, &r);
}

static inline int free_bind(void)
{
	int on = 1;

	return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP,
			  IP_FREEBIND, &on, sizeof(on));
}

static inline int low_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(77) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&a,
		    sizeof(a));
}

#endif
