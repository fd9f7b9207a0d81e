/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_bytes.h - bytes that have numbers, in the packets that brought them:
 * what TCP is to send, what it has received, the pieces of a datagram.
 *
 * packet.seq is the number of a packet's first byte. Numbers wrap, and all that
 * are there lie within half of their circle.
 * Locks: the kernel lock.
 */
#ifndef NET_PACKET_BYTES_H
#define NET_PACKET_BYTES_H

#include "kernel/base/range_set.h"
#include "net/packet.h"

struct packet_bytes {
	struct list packets;	/* in order, none overlaps another */
	struct packet *cursor;	/* the last that was found, or NULL */
	uint32_t memory;	/* of all */
};

void packet_bytes_init(struct packet_bytes *b);
void packet_bytes_purge(struct packet_bytes *b);	/* empty then */
static inline bool packet_bytes_empty(const struct packet_bytes *b)
{
	return list_empty(&b->packets);
}
/* The one with the highest numbers, or NULL. */
static inline struct packet *packet_bytes_last(const struct packet_bytes *b)
{
	return packet_bytes_empty(b) ? NULL : packet_of_link(b->packets.prev);
}
/* Those of k's bytes that are not there yet; small packets are put together.
 * The packet that they lie in now. NULL: they all were there; k has lost some
 * or all of them, and is still the caller's. */
struct packet *packet_bytes_add(struct packet_bytes *b, struct packet *k);
/* *k's bytes that are not there yet, for which p pays from now on, who has not read
 * them: where its account is full those behind *k go. many: from so much memory
 * on small ones are put where those that follow find room. As packet_bytes_add;
 * *k is NULL when it is taken. NULL, too: there is no room. */
struct packet *packet_bytes_keep(struct packet_bytes *b, struct packet **k,
				 struct prison *p, uint32_t many);
/* k as it is. False: some of its bytes are there; k is still the caller's. */
bool packet_bytes_insert(struct packet_bytes *b, struct packet *k) must_check;
/* The packet that the byte is in, or NULL. What follows the last one that was
 * asked for is found at once. */
struct packet *packet_bytes_find(struct packet_bytes *b, uint32_t seq);
/* The first number behind k, which is in b, that is not there. */
uint32_t packet_bytes_reach(const struct packet_bytes *b,
			    const struct packet *k);
/* n bytes from seq on, which all are there. */
void packet_bytes_copy(struct packet_bytes *b, uint32_t seq, void *to,
		       uint32_t n);
/* The packets that end at or before a number go. */
void packet_bytes_drop(struct packet_bytes *b, uint32_t below);

/* Only those of k's bytes stay that are in [from, to). */
void packet_clip(struct packet *k, uint32_t from, uint32_t to);

#endif
