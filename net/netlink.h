/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink.h - private to net: requests and answers of AF_NETLINK.
 *
 * A request is parsed once, into a struct netlink_request; a kind (links,
 * addresses, routes, neighbours) does what it asks. What goes back is written
 * by a struct netlink_writer, message by message, each whole or not at all.
 * Locks: the kernel lock.
 */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "net/inet.h"
#include "net/packet_queue.h"

enum { NETLINK_ATTRS = 32, NETLINK_MESSAGE_MAX = 512 };

/* --- netlink_message.c ------------------------------------------------------ */

struct netlink_writer {
	struct packet *k;
	uint32_t seq, port;	/* of all messages */
	uint16_t flags;
	uint32_t start;		/* of the message under way */
	bool full;		/* it does not fit */
};
/* A message of that type; where its n bytes are, all zero, or NULL: no room for
 * them. */
void *netlink_begin(struct netlink_writer *w, unsigned type, uint32_t n);
void netlink_put(struct netlink_writer *w, unsigned attr, const void *data,
		 uint32_t n);
void netlink_put32(struct netlink_writer *w, unsigned attr, uint32_t v);
void netlink_put_name(struct netlink_writer *w, unsigned attr, const char *s);
/* The message is whole; false: there was no room, and there is none of it. */
bool netlink_end(struct netlink_writer *w) must_check;

struct netlink_request {
	const struct cred *who;
	struct vnet *vnet;	/* whose stack: who's */
	unsigned type, flags;
	const void *body;	/* family and what its kind says */
	const struct abi_nlattr *attr[NETLINK_ATTRS];	/* by type, or NULL */
	bool unknown;		/* it has attributes beyond */
};
/* A message of len bytes whose kind's struct has n. -EINVAL. */
int netlink_parse(struct netlink_request *q, const struct abi_nlmsghdr *h,
		  uint32_t n) must_check;
/* The data of an attribute, which has n bytes at least. *out NULL: there is
 * none. -EINVAL: shorter. */
int netlink_attr(const struct netlink_request *q, unsigned attr, uint32_t n,
		 const void **out) must_check;
/* *out stays as it is where there is none. -EINVAL. */
int netlink_attr32(const struct netlink_request *q, unsigned attr,
		   uint32_t *out) must_check;
/* A string of less than size bytes; "" where there is none. -EINVAL. */
int netlink_attr_name(const struct netlink_request *q, unsigned attr,
		      char *out, uint32_t size) must_check;
/* Has q attributes that are not in this bit set? What one cannot do must not be
 * taken for done. */
bool netlink_has_other(const struct netlink_request *q, uint32_t known);

/* --- kinds -------------------------------------------------------------------- */

/* One who goes through all that there are, a chunk at a time. */
struct netlink_dump {
	const struct cred *who;
	struct vnet *vnet;
	struct netlink_writer out;
	unsigned at;		/* how many were passed */
	unsigned from;		/* how many were given before */
};
/* Is the next one to be given? */
static inline bool netlink_due(struct netlink_dump *d)
{
	return d->at++ >= d->from;
}
struct netlink_kind {
	unsigned size;		/* of its struct */
	bool any_family;	/* of AF_INET and AF_UNSPEC else */
	/* All from d->from on. False: there was no room for that of d->at. */
	bool (*dump)(struct netlink_dump *d);
	/* One into w. NULL: -EOPNOTSUPP. */
	int (*get)(const struct netlink_request *q, struct netlink_writer *w);
	/* Has who the privileges for what q sets or removes? -EPERM, -EINVAL. */
	int (*allowed)(const struct netlink_request *q,
		       const struct cred *who);
	/* NEW and SET; DEL, or NULL. Sleep. */
	int (*set)(const struct netlink_request *q);
	int (*remove)(const struct netlink_request *q);
};
extern const struct netlink_kind netlink_link, netlink_addr, netlink_route,
	netlink_neigh;

/* The message that tells of a change; false: it does not fit. Of a link with
 * the counters that who sees; NULL: none, it is for many. */
bool netlink_link_put(struct netlink_writer *w, const struct netif *i,
		      const struct cred *who);
bool netlink_addr_put(struct netlink_writer *w, const struct netif_addr *a,
		      unsigned type);
bool netlink_route_put(struct netlink_writer *w, const struct route_entry *r,
		       unsigned type);
/* The interface of that number that q's asker sees, or NULL. */
struct netif *netlink_netif(const struct netlink_request *q, int index);
/* 0xffffff of 24 and back, in network byte order. */
uint32_t netlink_mask(unsigned prefix);
unsigned netlink_prefix(uint32_t mask);

/* --- netlink.c, netlink_request.c, netlink_notify.c ----------------------------- */

struct netlink_sock {
	struct sock sock;	/* first */
	const struct cred *cred;	/* [I] of its maker, held */
	struct list all_link;
	uint32_t port;		/* its address; 0: none yet */
	uint32_t groups;	/* bit n - 1: group n */
	uint32_t peer;		/* connect: 0 is the kernel */
	struct packet_queue queue;	/* packet.seq: the group, or 0 */
	struct {
		const struct netlink_kind *kind;
		uint32_t seq;
		unsigned from, changes;
	} dump;
	bool packet_info, no_overrun, short_errors;	/* options */
};
struct netlink_sock *netlink_next(const struct netlink_sock *prev);
/* All messages of k, from who; what is malformed ends them. Sleeps. */
void netlink_handle(struct netlink_sock *s, const struct cred *who,
		    const struct packet *k);
/* The next chunk of the list that is under way, into the queue. -ENOBUFS. */
int netlink_dump_more(struct netlink_sock *s, const struct cred *who,
		      uint32_t buffer) must_check;
/* Room for n bytes to s; NULL: too much waits for it, or there is no memory. */
struct packet *netlink_packet(struct netlink_sock *s, uint32_t n);
/* Something for s was lost: it is told so, once. */
void netlink_overrun(struct netlink_sock *s);
extern unsigned netlink_changes;	/* of what lists are made of */
void netlink_notify_init(void);

#endif
