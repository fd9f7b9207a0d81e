/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netif.h - network interfaces and the stack that they belong to.
 *
 * Everything that is one stack's hangs off its struct vnet: interfaces, routes,
 * neighbours, ports, counters. The host's is vnet 0. A driver fills a struct
 * netif and registers it; from then on frames come in by netif_input and go out
 * by its transmit.
 *
 * IP addresses are kept in network byte order in uint32_t called addr, as the
 * user writes them in sockaddr_in; ports likewise in uint16_t called port.
 * Locks: the kernel lock.
 */
#ifndef NET_NETIF_H
#define NET_NETIF_H

#include "kernel/proc/proc.h"
#include "net/packet.h"

enum { NETIF_NAME_MAX = 16, ETHER_ADDR = 6, ETHER_HEAD = 14,
       ETHER_MTU = 1500 };
enum {	/* netif.flags: Linux's IFF_* */
	NETIF_UP = 0x1, NETIF_BROADCAST = 0x2, NETIF_LOOPBACK = 0x8,
	NETIF_POINTOPOINT = 0x10, NETIF_RUNNING = 0x40, NETIF_NOARP = 0x80,
	NETIF_PROMISC = 0x100, NETIF_ALLMULTI = 0x200, NETIF_MULTICAST = 0x1000,
};
enum {	/* netif.offload: what the device does for us on the way out */
	NETIF_OFFLOAD_CHECKSUM = 1,	/* PACKET_CHECKSUM_PARTIAL of TCP, UDP */
	NETIF_OFFLOAD_TCP4 = 2,		/* cuts packet.segment */
};

struct netif_stats { uint64_t packets, bytes, errors, dropped, multicast; };

struct netif_ops {
	/* Takes k: a whole frame. Never sleeps; may drop, and counts that. */
	void (*transmit)(struct netif *i, struct packet *k);
	/* Up, down, promiscuous, which multicasts: flags are to be so. Sleeps.
	 * May be NULL. */
	int (*change)(struct netif *i, uint32_t flags);
	int (*set_mac)(struct netif *i, const uint8_t mac[ETHER_ADDR]); /* or NULL */
};

/* An address of an interface; eth0:1 is a second one with a label. */
struct netif_addr {
	struct list link;		/* of its interface, primary first */
	struct list by_addr;		/* of its vnet */
	struct list subnet;		/* of its interface, unless it is a /32 */
	struct netif *netif;
	uint32_t addr, mask, broadcast, peer;
	char label[NETIF_NAME_MAX];
};

struct netif {
	struct list link;		/* of its vnet */
	struct vnet *vnet;
	const struct netif_ops *ops;	/* [I] */
	void *driver;			/* [I] */
	char name[NETIF_NAME_MAX];
	int index;			/* [I] 1 and up; lo is 1 */
	uint32_t flags, mtu, offload;
	uint16_t hardware;		/* [I] ARPHRD_ETHER 1, ARPHRD_LOOPBACK 772 */
	uint8_t mac[ETHER_ADDR];
	struct list addrs;		/* struct netif_addr */
	struct list subnets;		/* those with a subnet */
	struct netif_stats in, out;
	struct list multicast;		/* groups joined: ip */
	unsigned promiscuous;		/* who wants it: SIOC, packet sockets */
	bool unlinked;			/* netif_link: no wire */
};

/* A multicast group that somebody on this interface has joined. */
struct netif_group {
	struct list link;
	uint32_t addr;
	unsigned users;
	struct list members;	/* struct inet_group: the sockets of them */
};

/* What /proc/net/snmp shows, in its order. */
enum net_counter {
	NET_IP_IN, NET_IP_IN_HEADER_ERRORS, NET_IP_IN_ADDR_ERRORS,
	NET_IP_FORWARDED, NET_IP_IN_UNKNOWN, NET_IP_IN_DISCARDS,
	NET_IP_IN_DELIVERED, NET_IP_OUT, NET_IP_OUT_DISCARDS,
	NET_IP_OUT_NO_ROUTE, NET_IP_REASM_TIMEOUT, NET_IP_REASM_NEEDED,
	NET_IP_REASM_OK, NET_IP_REASM_FAILED, NET_IP_FRAG_OK,
	NET_IP_FRAG_FAILED, NET_IP_FRAG_MADE,
	NET_ICMP_IN, NET_ICMP_IN_ERRORS, NET_ICMP_IN_CHECKSUM,
	NET_ICMP_IN_UNREACH, NET_ICMP_IN_EXCEEDED, NET_ICMP_IN_PARAMETER,
	NET_ICMP_IN_QUENCH, NET_ICMP_IN_REDIRECT, NET_ICMP_IN_ECHO,
	NET_ICMP_IN_ECHO_REPLY, NET_ICMP_IN_TIMESTAMP,
	NET_ICMP_IN_TIMESTAMP_REPLY, NET_ICMP_IN_MASK, NET_ICMP_IN_MASK_REPLY,
	NET_ICMP_OUT, NET_ICMP_OUT_ERRORS, NET_ICMP_OUT_UNREACH,
	NET_ICMP_OUT_EXCEEDED, NET_ICMP_OUT_PARAMETER, NET_ICMP_OUT_QUENCH,
	NET_ICMP_OUT_REDIRECT, NET_ICMP_OUT_ECHO, NET_ICMP_OUT_ECHO_REPLY,
	NET_ICMP_OUT_TIMESTAMP, NET_ICMP_OUT_TIMESTAMP_REPLY,
	NET_ICMP_OUT_MASK, NET_ICMP_OUT_MASK_REPLY,
	NET_TCP_ACTIVE_OPENS, NET_TCP_PASSIVE_OPENS, NET_TCP_ATTEMPT_FAILS,
	NET_TCP_RESETS, NET_TCP_ESTABLISHED, NET_TCP_IN, NET_TCP_OUT,
	NET_TCP_RETRANSMITTED, NET_TCP_IN_ERRORS, NET_TCP_OUT_RESETS,
	NET_TCP_IN_CHECKSUM,
	NET_UDP_IN, NET_UDP_NO_PORT, NET_UDP_IN_ERRORS, NET_UDP_OUT,
	NET_UDP_RECEIVE_FULL, NET_UDP_SEND_FULL, NET_UDP_IN_CHECKSUM,
	NET_COUNTERS,
};

struct arp_table;
struct route_table;
struct frag_table;
struct icmp_limit;
struct inet_ports;
enum { NET_ADDR_BUCKETS = 256, NET_IP_IDS = 1024 };
struct vnet {
	struct list netifs;
	struct list by_addr[NET_ADDR_BUCKETS];	/* struct netif_addr */
	int last_index;
	struct arp_table *arp;
	struct route_table *routes;
	struct frag_table *fragments;
	struct icmp_limit *icmp;
	struct inet_ports *tcp, *udp;
	struct list packet_sockets;
	/* /proc/sys/net/ipv4: 0, 1, or a number */
	int forwarding, default_ttl, accept_redirects, echo_ignore_all,
	    echo_ignore_broadcasts;
	uint64_t counters[NET_COUNTERS];
	uint16_t ip_ids[NET_IP_IDS];	/* ip_out.c */
};
/* Who wants to know of changes: netlink. Before an address or route goes, and
 * after one came. None sleeps. */
struct route_entry;
struct net_watch {
	void (*link)(const struct netif *i);
	void (*addr)(const struct netif_addr *a, bool gone);
	void (*route)(struct vnet *v, const struct route_entry *r, bool gone);
};
extern const struct net_watch *net_watch;	/* NULL: nobody */
struct vnet *net_vnet(const struct prison *p);	/* whose stack p uses */
struct vnet *net_vnet_host(void);
static inline void net_count(struct vnet *v, enum net_counter what)
{
	v->counters[what]++;
}

/* --- netif.c ------------------------------------------------------------- */

/* i->name may hold "%d". -EEXIST, -ENOMEM. The driver keeps i for ever. */
int netif_register(struct netif *i) must_check;
/* A frame from the wire; takes k, whose data begin with the link's header.
 * From deferred work; never sleeps. */
void netif_input(struct netif *i, struct packet *k);
/* A whole frame to the wire; takes k. Never sleeps; may drop. */
void netif_transmit(struct netif *i, struct packet *k);
/* The wire was plugged in, or pulled out: IFF_RUNNING. Never sleeps. */
void netif_link(struct netif *i, bool linked);
struct netif *netif_find(struct vnet *v, const char *name);
struct netif *netif_by_index(struct vnet *v, int index);
/* The next after prev (NULL: the first) that who sees: that has an address of
 * his prison. */
struct netif *netif_next(const struct cred *who, struct vnet *v,
			 const struct netif *prev);
bool netif_seen(const struct cred *who, const struct netif *i);
bool netif_addr_seen(const struct cred *who, const struct netif_addr *a);
/* What i has counted, which is the traffic of all: zeros for a prison that has
 * not all addresses. */
void netif_stats_seen(const struct cred *who, const struct netif *i,
		      struct netif_stats *in, struct netif_stats *out);
/* Who wants each frame, in and out: AF_PACKET hooks itself in here. */
extern void (*netif_tap)(struct netif *i, const struct packet *k, bool out);
/* Its flags as a user sees them, and what becomes of them when he asks for
 * these: not all are his to set. */
uint32_t netif_flags_shown(const struct netif *i);
uint32_t netif_flags_asked(const struct netif *i, uint32_t flags);
/* Up, down, and what else is in NETIF_*. The driver's error. Sleeps. */
int netif_set_flags(struct netif *i, uint32_t flags) must_check;
int netif_set_mtu(struct netif *i, uint32_t mtu) must_check; /* -EINVAL */
/* Another name for i, which is down, and for its labels; "x%d" is one that is
 * free. -EBUSY: it is up; -EINVAL: that is no name; -EEXIST. */
int netif_rename(struct netif *i, const char *name) must_check;
/* One more, one less or as many who want all that is on the wire. */
void netif_promiscuous(struct netif *i, int more);
/* -EINVAL: a group's; -EOPNOTSUPP; the driver's error. Sleeps. */
int netif_set_mac(struct netif *i, const uint8_t mac[ETHER_ADDR]) must_check;
/* A group of addr that one more wants, or one less. Sleep. -ENOMEM. */
int netif_group_join(struct netif *i, uint32_t addr) must_check;
/* Of a group that somebody joined; NULL: nobody. */
struct list *netif_group_members(const struct netif *i, uint32_t addr);
void netif_group_leave(struct netif *i, uint32_t addr);
bool netif_in_group(const struct netif *i, uint32_t addr);
static inline bool netif_up(const struct netif *i)
{
	return (i->flags & NETIF_UP) != 0;
}

/* --- netif_addr.c -------------------------------------------------------- */

/* -EEXIST, -EINVAL, -ENOMEM. */
int netif_addr_add(struct netif *i, uint32_t addr, uint32_t mask,
		   uint32_t broadcast, const char *label) must_check;
/* -EINVAL, -ENOMEM. The route to its subnet follows. */
int netif_addr_set_mask(struct netif_addr *a, uint32_t mask) must_check;
/* -EADDRNOTAVAIL; -EBUSY: a jail holds it. */
int netif_addr_remove(struct netif *i, uint32_t addr) must_check;
/* The interface address that is addr; NULL: not ours. */
struct netif_addr *netif_addr_find(struct vnet *v, uint32_t addr);
/* Is addr a broadcast address of i (or of any)? */
bool netif_is_broadcast(const struct netif *i, uint32_t addr);
bool netif_any_broadcast(struct vnet *v, uint32_t addr);
/* Is addr in a subnet of i's? */
bool netif_on_link(const struct netif *i, uint32_t addr);
/* The address that i speaks to dst with; 0: it has none. */
uint32_t netif_source(const struct netif *i, uint32_t dst);

/* --- loopback.c, ether.c, arp.c: private to net --------------------------- */

int loopback_new(struct vnet *v) must_check;
void ether_input(struct netif *i, struct packet *k);
enum { ETHER_IP = 0x0800, ETHER_ARP = 0x0806 };
/* k behind an Ethernet header; takes it. */
void ether_send(struct netif *i, struct packet *k,
		const uint8_t to[ETHER_ADDR], unsigned type);
/* An IP packet to the neighbour next; takes k. */
void ether_output(struct netif *i, struct packet *k, uint32_t next,
		  bool broadcast);

#endif
