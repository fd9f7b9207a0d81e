/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.h - requests of NETLINK_ROUTE, for the tests */
#ifndef NETLINK_H
#define NETLINK_H

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "ktap.h"

enum { SEQ = 4711 };

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
		struct ndmsg neigh;
		char room[256];
	};
};

static inline struct request request(int type, int flags, unsigned size)
{
	struct request q = { .h = { NLMSG_LENGTH(size), type,
				    NLM_F_REQUEST | flags, SEQ, 0 } };

	return q;
}

static inline void attr(struct request *q, int type, const void *data, unsigned n)
{
	struct rtattr *a = (void *)((char *)q + NLMSG_ALIGN(q->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) + RTA_LENGTH(n);
}

static inline void attr_addr(struct request *q, int type, const char *addr)
{
	in_addr_t v = inet_addr(addr);

	attr(q, type, &v, sizeof(v));
}

static inline void attr_number(struct request *q, int type, unsigned v)
{
	attr(q, type, &v, sizeof(v));
}

static inline int netlink(void)
{
	struct timeval t = { 5, 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	CHECK_OK(fd);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	return fd;
}

#endif
