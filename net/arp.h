/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp.h - private to net: the neighbours of a stack. What sends and receives is
 * arp.c; what a user sees and sets of them, inet_route.c
 * and netlink_neigh.c.
 */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "net/inet.h"

enum arp_state {
	ARP_ASKED,		/* nobody has answered yet */
	ARP_KNOWN,
	ARP_OLD,		/* known, but asked again before it is trusted */
	ARP_PROBE,		/* that question is under way */
	ARP_PERMANENT,		/* the user has said so */
};
struct arp_entry {
	struct list link;	/* all, oldest first */
	struct list by_addr;
	struct netif *netif;
	uint32_t addr;
	uint8_t mac[ETHER_ADDR];
	enum arp_state state;
	unsigned tries;
	uint64_t due;		/* when the state is looked at again */
	struct list waiting;	/* packets, oldest first */
	unsigned waiting_count;
};
enum { ARP_BUCKETS = 64 };
struct arp_table {
	struct list entries;	/* oldest first */
	struct list by_addr[ARP_BUCKETS];
	unsigned count;
	struct timer timer;
	uint64_t defended;	/* when an address of ours was last */
};
struct arp_entry *arp_find(struct netif *i, uint32_t addr);
struct arp_entry *arp_new(struct netif *i, uint32_t addr); /* NULL: no room */
void arp_forget(struct arp_table *t, struct arp_entry *e);
/* The user says that addr is mac. -ENOBUFS. */
int arp_set(struct netif *i, uint32_t addr, const uint8_t mac[ETHER_ADDR],
	    bool permanent) must_check;
/* e has mac: what waited goes out. */
void arp_learn(struct arp_entry *e, const uint8_t mac[ETHER_ADDR]);

#endif
