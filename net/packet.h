/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.h - bytes on their way through the stack: one block with room in
 * front for the headers that layers below will add.
 *
 * A packet has one owner at a time; to hand it on is to forget it. Layers take
 * headers off with packet_pull and put them before with packet_push, so that
 * data always begins at what the current layer is about. The block lies in the
 * direct map, in one piece: a device can read and write it in place.
 *
 * Locks: the kernel lock; drivers give packets on from deferred work.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "jail/jail.h"
#include "kernel/base/list.h"

struct netif;

enum packet_checksum {
	PACKET_CHECKSUM_NONE,	/* in: to be verified; out: complete */
	PACKET_CHECKSUM_GOOD,	/* in: the device has verified it */
	/* out, and in from loopback or a host that left it to us: the sum of
	 * the pseudo header stands at start + offset; the rest is to be added */
	PACKET_CHECKSUM_PARTIAL,
};
struct packet {
	struct list link;	/* its owner's */
	struct netif *in;	/* where it came in; NULL: made here */
	struct netif *looped;	/* a copy, for us, of what went out by this */
	uint8_t *data;
	uint32_t len;
	uint8_t *block;		/* kmem */
	uint32_t size;		/* of the block */
	enum packet_checksum checksum;
	uint16_t checksum_start;	/* from the IP header; IP sets it */
	uint16_t checksum_offset;	/* from there */
	uint16_t segment;	/* 0, or it is large: TCP payload bytes of each
				 * frame that it was, or is to be, on the wire */
	bool broadcast, multicast;	/* the link's address was one */
	uint64_t came;		/* realtime ns, where a reader asked for it */
	uint32_t seq;		/* the number of data[0] (packet_bytes.h), or
				 * netlink's group, or AF_PACKET's length before
				 * it was cut */
	uint8_t *network, *transport;	/* headers, where a layer noted them */
	struct prison *payer;	/* RACCT_SOCKBUF; held, or NULL: nobody */
	uint32_t charged;
};
enum { PACKET_HEAD = 96 };	/* room for what goes before: link, IP, options */

/* Room for n bytes behind PACKET_HEAD, len 0. NULL: no memory. Never sleeps. */
struct packet *packet_new(uint32_t n);
/* The same, paid by p; also NULL when p may not have more. */
struct packet *packet_new_for(struct prison *p, uint32_t n);
/* k's memory is p's account from now on; false: p may not have more. */
bool packet_pay(struct packet *k, struct prison *p) must_check;
void packet_free(struct packet *k);
struct packet *packet_list_take(struct list *all);	/* the first, or NULL */
void packet_list_free(struct list *all);	/* empty then */
struct packet *packet_copy(const struct packet *k);	/* NULL: no memory */
/* k's bytes in a packet with room for so many, which pays pays; without memory
 * k as it is. */
struct packet *packet_roomy(struct packet *k, struct prison *pays,
			    uint32_t room);
static inline struct packet *packet_of_link(const struct list *l)
{
	return list_entry(l, struct packet, link);
}
static inline uint32_t packet_memory(const struct packet *k)
{
	return sizeof *k + k->size;
}
static inline uint32_t packet_end(const struct packet *k)
{
	return k->seq + k->len;	/* the first number behind its data */
}
static inline uint32_t packet_head(const struct packet *k)
{
	return k->data - k->block;
}
static inline uint32_t packet_tail(const struct packet *k)
{
	return k->block + k->size - (k->data + k->len);
}
/* n bytes before the data become part of it. */
static inline uint8_t *packet_push(struct packet *k, uint32_t n)
{
	assert(n <= packet_head(k));
	k->data -= n;
	k->len += n;
	return k->data;
}
/* The first n bytes are no part of it any more. */
static inline void packet_pull(struct packet *k, uint32_t n)
{
	assert(n <= k->len);
	k->data += n;
	k->len -= n;
}
/* n bytes behind the data become part of it; where they begin. */
static inline uint8_t *packet_put(struct packet *k, uint32_t n)
{
	uint8_t *at = k->data + k->len;

	assert(n <= packet_tail(k));
	k->len += n;
	return at;
}
static inline void packet_trim(struct packet *k, uint32_t len)
{
	assert(len <= k->len);
	k->len = len;
}

/* The Internet checksum (RFC 1071): add up pieces, fold at the end. The first
 * pieces have an even length. */
uint32_t checksum_add(uint32_t sum, const void *p, uint32_t n);
uint16_t checksum_fold(uint32_t sum);	/* complemented, ready to store */
/* PARTIAL no more: the sum of k's data from start on is put at start + offset. */
void packet_checksum_finish(struct packet *k, uint32_t start);

/* --- packet_cut.c: large segments; k's data begin with the IP header ---------- */

/* The n bytes at ip are the first of a packet of `total`: is that a segment that
 * may be cut? The length of its headers; 0: it may not. */
unsigned packet_cut_heads(const uint8_t *ip, uint32_t n, uint32_t total);
/* k has the headers of a large segment, but of its payload only what is there,
 * which is its nth part and begins at `at`. The headers become its own; the sum
 * is PARTIAL. */
void packet_cut_head(struct packet *k, unsigned nth, uint32_t at, bool last);
uint32_t packet_cut_size(const struct packet *k); /* of k, or of each it is cut into */
/* Into packets of k->segment at most. -ENOBUFS: none. */
int packet_cut(const struct packet *k, struct list *parts) must_check;

/* Numbers in network byte order, at any address. */
static inline uint16_t net16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}
static inline uint32_t net32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | b[2] << 8 | b[3];
}
static inline void net16_put(void *p, uint16_t v)
{
	uint8_t *b = p;

	b[0] = v >> 8;
	b[1] = v;
}
static inline void net32_put(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = v >> 24;
	b[1] = v >> 16;
	b[2] = v >> 8;
	b[3] = v;
}

#endif
