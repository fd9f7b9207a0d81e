/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.h - sockets of AF_PACKET on loopback, for the tests of them. */
#ifndef GUEST_PACKET_H
#define GUEST_PACKET_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "files.h"

enum { EXPERIMENT = 0x88b5 };	/* an Ethernet type for experiments */

static inline int packet(int type, int protocol)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(protocol),
				 .sll_ifindex = if_nametoindex("lo") };
	struct timeval t = { 5, 0 };
	int fd;

	need_root();
	fd = socket(AF_PACKET, type, 0);
	CHECK_OK(fd);
	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	return fd;
}

static inline struct sockaddr_ll loopback(int protocol)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_halen = 6,
				 .sll_protocol = htons(protocol),
				 .sll_ifindex = if_nametoindex("lo") };

	return a;
}

struct instruction { uint16_t code; uint8_t yes, no; uint32_t k; };
struct program { uint16_t n; const struct instruction *code; };

static inline int attach(int fd, const struct instruction *code, unsigned n)
{
	struct program p = { n, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
}

#endif
