/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet.h - the Internet protocols: between interfaces and sockets.
 *
 * Down: a protocol fills a packet behind its header and calls ip_output with a
 * struct ip_out. Up: ip_input finds the protocol by number and hands it the
 * packet, whose data begin with the transport header and whose network points
 * at the IP header. Locks: the kernel lock; nothing here sleeps unless it says
 * so.
 */
#ifndef NET_INET_H
#define NET_INET_H

#include "kernel/base/abi/inet.h"
#include "kernel/base/abi/netlink.h"
#include "net/net.h"
#include "net/netif.h"

enum { IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17,
       IPPROTO_RAW = 255 };
#define INADDR_LOOPBACK_NET __builtin_bswap32(0x7f000001u)
enum { IP_HEAD = 20, IP_HEAD_MAX = 60, IP_MAX = 65535, IP_MTU_MIN = 68,
       IP_TTL_DEFAULT = 64 };
static inline bool inet_is_loopback(uint32_t addr)	/* 127.0.0.0/8 */
{
	return (addr & 0xff) == 127;
}
static inline bool inet_is_multicast(uint32_t addr)	/* 224.0.0.0/4 */
{
	return (addr & 0xf0) == 0xe0;
}
#define INADDR_BROADCAST UINT32_MAX
/* 10.0.2.15 as printf arguments, for "%u.%u.%u.%u". */
#define INET_ARGS(a) (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24

struct ip_header {		/* parsed once, on the way in; host byte order but
				 * for addresses */
	uint32_t src, dst;
	uint16_t total, id, fragment;	/* offset in bytes */
	uint8_t head, ttl, protocol, tos;
	bool more, dont_fragment;
	uint32_t told_by;	/* of one that an ICMP error quotes: whose error */
};

/* --- route.c, pmtu.c ------------------------------------------------------- */

enum route_kind { ROUTE_UNICAST, ROUTE_LOCAL, ROUTE_BROADCAST,
		  ROUTE_MULTICAST };
struct route {
	enum route_kind kind;
	struct netif *netif;
	uint32_t gateway;	/* 0: dst itself is on the link */
	uint32_t source;	/* preferred local address; 0: there is none */
	uint32_t mtu;		/* of the path, as far as we know */
	bool may_cut;		/* it is said to be so small that routers are to
				 * cut what is larger */
};
/* By which interface, and where to. device: only by that one; 0: any.
 * -ENETUNREACH; what a route says that refuses. */
int route_find_by(struct vnet *v, uint32_t dst, int device,
		  struct route *out) must_check;
static inline int must_check route_find(struct vnet *v, uint32_t dst,
					struct route *out)
{
	return route_find_by(v, dst, 0, out);
}
enum {	/* route_entry.flags: Linux's RTF_* */
	ROUTE_UP = 1, ROUTE_GATEWAY = 2, ROUTE_HOST = 4, ROUTE_DYNAMIC = 0x10,
	ROUTE_REJECT = 0x200,
};
struct route_entry {
	struct list link;	/* longest prefix first, then least metric */
	struct netif *netif;	/* NULL: it refuses */
	uint32_t dst, mask, gateway, source;
	unsigned flags;
	int metric;
	int refusal;		/* what who sends there is told: -E, or 0 */
	uint8_t protocol;	/* who says that it is his: RTPROT_*, any other */
	bool connected;		/* made by an address, goes with it */
};
enum {	/* route_entry.refusal: routers tell who sends by ICMP, or do not */
	ROUTE_UNREACHABLE = -EHOSTUNREACH, ROUTE_PROHIBIT = -EACCES,
	ROUTE_BLACKHOLE = -EINVAL,	/* nobody is told */
	ROUTE_THROW = -ENETUNREACH,	/* as if there was no route */
};
/* As r says; a copy. -EEXIST, -ENETUNREACH (gateway), -EINVAL, -ENOMEM. */
int route_add(struct vnet *v, const struct route_entry *r) must_check;
/* The first that fits: netif NULL, gateway 0, metric -1, refusal 0, protocol 0
 * fit all. -ESRCH. */
int route_remove(struct vnet *v, const struct route_entry *r) must_check;
struct list *route_list(struct vnet *v);	/* struct route_entry */
int route_connect(struct netif_addr *a) must_check;	/* its subnet. -ENOMEM */
void route_disconnect(struct netif_addr *a);
/* a's mask is another from now on. -ENOMEM: nothing has changed. */
int route_reconnect(struct netif_addr *a, uint32_t mask) must_check;
/* It is down, or has no address: what an admin added goes. */
void route_netif_down(struct netif *i);
int route_table_new(struct vnet *v) must_check;
struct ip_error;
/* The path takes only so much, if e says so, which is believed for a while. Whose
 * packet it is about has been found: what nobody has sent teaches nothing (RFC
 * 5927, 7). */
void pmtu_told(const struct ip_error *e);
void pmtu_apply(struct vnet *v, uint32_t dst, struct route *r);

/* --- inet_secret.c --------------------------------------------------------- */

/* A number of this way between two; another one for each `which`. */
enum { INET_SECRET_ISN, INET_SECRET_TIME, INET_SECRET_ID, INET_SECRET_COOKIE };
uint32_t inet_secret(uint32_t which, uint32_t src, uint16_t sport, uint32_t dst,
		     uint16_t dport);

/* --- ip_out.c, ip_in.c ---------------------------------------------------- */

struct ip_out {
	struct vnet *vnet;
	uint32_t src, dst;	/* src 0: the route's */
	uint8_t protocol, ttl, tos;	/* ttl 0: the default */
	bool dont_fragment;
	bool broadcast_allowed;	/* SO_BROADCAST */
	bool on_link;		/* SO_DONTROUTE: by no gateway */
	bool no_loop;		/* IP_MULTICAST_LOOP is off: none comes back */
	int device;		/* netif index to leave by, or 0 */
	const uint8_t *options;	/* IP options, or NULL */
	unsigned options_len;
};
/* Takes k, also on failure. -ENETUNREACH, -EHOSTUNREACH, -EMSGSIZE, -EACCES
 * (broadcast), -ENOBUFS, -ENETDOWN. */
int ip_output(struct packet *k, const struct ip_out *o);
/* The same of a packet that begins with a complete IP header, whose checksum
 * is put in. dont_fragment is as the header says. */
int ip_send(struct packet *k, struct vnet *v, uint32_t dst, int device);
/* k is somebody else's and checked; its header is complete. Takes k. */
void ip_forward(struct packet *k, const struct route *r);
void ip_input(struct packet *k);	/* takes k: data begin with IP's header */
/* 0, or -EINVAL: malformed. Fills *h from k's data. */
int ip_parse(const struct packet *k, struct ip_header *h) must_check;
/* The same of a header in an ICMP error, which may hold no more of a packet. */
int ip_parse_quoted(const struct packet *k, struct ip_header *h) must_check;
void ip_put_sum(uint8_t *head, unsigned len);	/* the header's checksum */
/* Options in the headers of IP and TCP: a kind, and but for two of them a length
 * and data. */
enum { OPTION_END, OPTION_NOP };
struct header_option {
	unsigned at, end;	/* where it lies; end: the first is looked for */
	unsigned kind, len;	/* len: of data */
	const uint8_t *data;
	bool bad;		/* there is one at `at`, but it is malformed */
};
/* The one behind *o among n bytes. False: there is none. */
bool header_option_next(const uint8_t *b, unsigned n, struct header_option *o);
/* Where the options are malformed, from the header's begin; 0: nowhere.
 * *source_route: they ask for one. */
unsigned ip_options_bad(const uint8_t *head, unsigned len, bool *source_route);
struct ip_error {		/* what ICMP says of a packet that we sent */
	struct vnet *vnet;
	const struct ip_header *head;	/* of that packet */
	const uint8_t *quoted;		/* what follows it: */
	unsigned n;			/* so many bytes, 8 at least */
	int err, type, code;
	uint32_t info;			/* the MTU of "too big" */
	int device;			/* that it came by */
};
/* What a transport protocol registers. Both take no reference. */
struct ip_protocol {
	uint8_t number;
	/* Takes k. */
	void (*input)(struct packet *k, const struct ip_header *h);
	void (*error)(const struct ip_error *e);
};
void ip_protocol_register(const struct ip_protocol *p);
const struct ip_protocol *ip_protocol_find(uint8_t number);
/* Raw sockets look at every packet for us, k's data being the transport's.
 * Takes nothing; true: somebody has got it. */
extern bool (*ip_raw_input)(const struct packet *k, const struct ip_header *h);
/* And at ICMP errors, as ip_protocol.error. */
extern void (*ip_raw_error)(const struct ip_error *e);
/* The sum of k, a transport's header and its data, which is to stand at `at`,
 * begins with that of the pseudo header; the device or IP adds the rest. */
void ip_sum_begin(struct packet *k, const struct ip_out *o, unsigned at);
/* Is it right, or known to be so, of a k that came in? */
bool ip_sum_ok(const struct packet *k, const struct ip_header *h) must_check;

/* --- ip_frag.c ------------------------------------------------------------- */

/* Takes the fragment k. The whole packet when it is complete (h is then its
 * header), else NULL. */
struct packet *ip_reassemble(struct packet *k, struct ip_header *h);
int frag_table_new(struct vnet *v) must_check;

/* --- arp.c ----------------------------------------------------------------- */

int arp_table_new(struct vnet *v) must_check;
void arp_input(struct netif *i, struct packet *k);
void arp_output(struct netif *i, struct packet *k, uint32_t next); /* takes k */
void arp_announce(struct netif *i, uint32_t addr);	/* gratuitous: RFC 5227 */
void arp_netif_down(struct netif *i);
void packet_netif_down(const struct netif *i);	/* packet_socket.c */

/* --- icmp.c ---------------------------------------------------------------- */

enum {
	ICMP_ECHO_REPLY = 0, ICMP_UNREACH = 3, ICMP_QUENCH = 4,
	ICMP_REDIRECT = 5, ICMP_ECHO = 8, ICMP_EXCEEDED = 11,
	ICMP_PARAMETER = 12, ICMP_TIMESTAMP = 13, ICMP_TIMESTAMP_REPLY = 14,
	ICMP_MASK = 17, ICMP_MASK_REPLY = 18, ICMP_HEAD = 8,
};
enum {	/* codes of ICMP_UNREACH */
	ICMP_UNREACH_NET = 0, ICMP_UNREACH_HOST, ICMP_UNREACH_PROTOCOL,
	ICMP_UNREACH_PORT, ICMP_UNREACH_TOO_BIG, ICMP_UNREACH_FILTERED = 13,
};
/* Tells the sender of `about`, whose network is its IP header and which came in
 * somewhere, unless one must not or too many were told lately. Leaves it alone.
 * info: the second word, in host order. */
void icmp_send_error(struct packet *about, int type, int code, uint32_t info);
int icmp_new(struct vnet *v) must_check;
void icmp_init(void);

/* --- inet_ioctl.c, inet_route.c, net_show.c --------------------------------- */

/* SIOC* of interfaces, routes and neighbours, of any socket. -ENOTTY. Sleeps. */
int inet_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
	       uint32_t arg) must_check;
int inet_route_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
		     uint32_t arg) must_check;
int inet_arp_ioctl(const struct cred *who, struct vnet *v, uint32_t cmd,
		   uint32_t arg) must_check;
void inet_route_init(void);
void net_show_init(void);

/* --- inet.c: AF_INET sockets; the doors for local addresses and ports ------- */

enum { INET_PORT_FIRST = 32768, INET_PORT_LAST = 60999, INET_PORT_RESERVED = 1024 };

/* What every AF_INET socket has, whatever its protocol. */
struct inet_sock {
	struct sock sock;	/* first */
	struct vnet *vnet;	/* [I] */
	struct inet_ports *ports; /* [I] its protocol's; NULL: it has none */
	const struct cred *cred;	/* [I] of its maker, held: whose addresses */
	struct prison *realm;	/* [I] inet_realm of its prison */
	struct inet_transport *transport;	/* [I] */
	uint32_t local, remote;	/* 0: wildcard, none */
	uint32_t bound;		/* local by bind; 0: none, connect chooses one */
	bool port_bound;	/* so was local_port; else it goes with the peer */
	uint16_t port_was;	/* before inet_sock_end; is told while there is none */
	uint16_t local_port, remote_port; /* network byte order; 0 none */
	struct list all_link;	/* of its protocol's sockets */
	struct list by_realm, by_claim; /* in its protocol's inet_ports,
				 * when it has a port */
	struct list by_pair;	/* when it has both ends */
	uint8_t ttl, tos, multicast_ttl;
	bool multicast_loop, header_included, packet_info, receive_error,
	     receive_ttl, receive_tos, receive_options, free_bind;
	int mtu_discover;	/* IP_PMTUDISC_* */
	int device;		/* SO_BINDTODEVICE: netif index, 0 any */
	uint32_t multicast_source;	/* IP_MULTICAST_IF, or 0 */
	int multicast_device;	/* the same, or 0 */
	struct list groups;	/* multicast joins */
};
/* The door for local addresses: what who's prison makes of addr, for bind and
 * as a source. 0 is the wildcard: stays 0 for a prison with several addresses,
 * becomes the one of a prison with one; 127.0.0.1 becomes its first address;
 * a foreign one -EADDRNOTAVAIL, or its first where ip4.foreign=divert.
 * -EAFNOSUPPORT: it has no IPv4. The host: any address of an interface. */
int inet_local(const struct cred *who, struct vnet *v, uint32_t *addr) must_check;
/* The same for where to send: 127.0.0.1 in a prison is its first address. */
uint32_t inet_remote(const struct cred *who, uint32_t addr);
int inet_many_device(struct vnet *v, uint32_t src, uint32_t dst);
/* The source of what who sends to dst from a socket without a local address:
 * one of his prison's, if it can be of the interface that it leaves by.
 * -ENETUNREACH, -EADDRNOTAVAIL, -EAFNOSUPPORT. */
int inet_source(const struct cred *who, struct vnet *v, uint32_t dst,
		int device, uint32_t *src) must_check;
/* Has s's prison dst, and not lost it since s was made? */
bool inet_may_receive(const struct inet_sock *s, uint32_t dst);
/* The nearest prison, from p up, that does not just use its parent's IPv4. */
const struct prison *inet_realm(const struct prison *p);
/* Does p have IPv4 at all? Not when it is being removed. */
bool inet_prison_has(const struct prison *p);
/* May who know of a route or neighbour that is about addr? */
bool inet_addr_seen(const struct cred *who, uint32_t addr);
/* Has p, or whom it inherits from, all addresses that there are? */
bool inet_unlimited(const struct prison *p);
/* The door for packets: whose is what came for dst:dport from src:sport?
 * Connected pair; else listener on exactly dst; else the wildcard of the
 * prison that holds dst; else those of its ancestors. Of several the newest, or
 * with SO_REUSEPORT always the same for src:sport. NULL: nobody. */
struct inet_sock *inet_lookup(const struct inet_ports *ports, uint32_t src,
			      uint16_t sport, uint32_t dst, uint16_t dport,
			      int device);
/* Who sent what an ICMP error quotes; NULL: nobody. */
struct inet_sock *inet_lookup_error(const struct inet_ports *ports,
				    const struct ip_error *e);
/* Local port (0: choose one) for s, whose local address is set. -EADDRINUSE,
 * -EACCES: below 1024 and not allowed (PRIV_NETINET_RESERVEDPORT). */
int inet_bind_port(struct inet_ports *ports, struct inet_sock *s,
		   uint16_t port) must_check;
/* s, which was accepted at local and port, has it too; inet_pair_set follows. */
void inet_port_join(struct inet_ports *ports, struct inet_sock *s,
		    uint32_t local, uint16_t port);
/* listen(2) asks: would s share its port with another that listens? */
bool inet_port_shared(const struct inet_ports *ports,
		      const struct inet_sock *s);
/* s talks from local to remote; 0: to nobody any more. Once s has a port its
 * local address changes here only. */
void inet_pair_set(struct inet_ports *ports, struct inet_sock *s,
		   uint32_t local, uint32_t remote, uint16_t remote_port);
void inet_unbind(struct inet_sock *s);
struct inet_ports *inet_ports_new(void);
void inet_ports_forget(struct inet_ports *ports);	/* claims have gone */
/* All of realm that are bound to port, one by one; prev NULL: the first. */
struct inet_sock *inet_ports_next(const struct inet_ports *ports,
				  const struct prison *realm, uint16_t port,
				  const struct inet_sock *prev);
/* A port of its own for s, if it has none. There is none: -EAGAIN, of a stream
 * -EADDRINUSE. */
int inet_autobind(struct inet_sock *s) must_check;

struct inet_line {	/* what a transport tells of a socket; all 0 at first */
	unsigned state;			/* as TCP's */
	uint32_t to_send, to_read;	/* bytes */
	unsigned timer, due;		/* which; in 1/100 s */
	unsigned resends, probes, refs, drops;
};
/* A transport with sockets: SOCK_STREAM/TCP, SOCK_DGRAM/UDP, SOCK_RAW. */
struct inet_transport {
	int type, protocol;	/* protocol 0: it takes all, and is told which */
	size_t size;		/* of its sockets, which begin with inet_sock */
	const struct sock_ops *ops;
	/* s is new, all zero behind inet_sock. Where it is refused what it
	 * has begun needs no end. */
	int (*begin)(struct inet_sock *s, int protocol);
	/* As sock_ops.connect, and back; NULL: nothing is to be said to the
	 * other. */
	int (*connect)(struct inet_sock *s, const struct sock_name *n,
		       bool wait);
	void (*disconnect)(struct inet_sock *s);
	/* What s talks by is gone: it ends, and may be freed. False: it had ended
	 * before. NULL: they notice by themselves. */
	bool (*abort)(struct inet_sock *s);
	/* Has nobody s any more, who only delivers what was written? */
	bool (*delivers)(const struct inet_sock *s);
	struct ip_protocol in;	/* number 0: what comes in comes otherwise */
	struct procfs_entry show;	/* its file in /proc/net: .name */
	/* A line of it; false: s is not shown. */
	bool (*line)(const struct inet_sock *s, struct inet_line *l);
	int width;		/* of its first column */
	bool drops;		/* is there a last one? */
	struct list all, link;
};
void inet_transport_register(struct inet_transport *t);
extern struct inet_transport tcp_transport;	/* tcp_socket.c */
/* One of t's, charged to who's prison. -ENOMEM, and of t's begin. */
int inet_sock_new(struct inet_transport *t, const struct cred *who,
		  int protocol, struct inet_sock **out) must_check;
void inet_sock_free(struct inet_sock *s);	/* unbound too */
/* A listener's child begins with its options. */
void inet_sock_inherit(struct inet_sock *to, const struct inet_sock *from);
void inet_sock_begin(struct inet_sock *s, const struct cred *who,
		     struct inet_transport *t);
static inline struct inet_sock *inet_of(struct sock *s)
{
	return container_of(s, struct inet_sock, sock);
}
/* What a sockaddr_in says. -EINVAL, -EAFNOSUPPORT. */
int inet_name_parse(const struct sock_name *n, uint32_t *addr,
		    uint16_t *port) must_check;
void inet_name_fill(struct sock_name *n, uint32_t addr, uint16_t port);
/* Ready-made sock_ops. AF_UNSPEC undoes a connect. */
int inet_sock_bind(struct sock *s, const struct path_at *at,
		   struct sock_name *n);
int inet_sock_connect(struct sock *s, const struct path_at *at,
		      struct sock_name *n, bool wait);
int inet_sock_name(struct sock *s, bool peer, struct sock_name *out);
/* s talks to addr:port, as the door for remote addresses has it, from now on:
 * with a source, and a port of its own. Where not, its address stays as it was:
 * inet_source's, inet_autobind's; -EACCES: broadcast; of a stream -ENETUNREACH:
 * to many, -EADDRNOTAVAIL: there is one between the two. */
int inet_sock_pair(struct inet_sock *s, uint32_t addr, uint16_t port) must_check;
/* s talks to nobody, and has no more than bind gave it. */
void inet_sock_unpair(struct inet_sock *s);
/* s's connection is over. A port that it did not ask for is free: as on Linux it
 * is still told, but another may have it, or s be bound anew. */
void inet_sock_end(struct inet_sock *s);

/* --- inet_show.c: /proc/net/tcp, udp, raw ------------------------------------ */

/* procfs_entry.show_of: the sockets of a transport that who sees. Returns 0. */
int inet_show(struct text *t, const struct cred *who, const void *transport);

void inet_init(void);
void netlink_init(void);	/* netlink.c */
void net_inet_init(void);

#endif
