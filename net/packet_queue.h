/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_queue.h - packets that wait for the reader of a socket, whose prison
 * pays for them. Private to net.
 *
 * Invariant: bytes is the sum of what its packets are charged.
 * Locks: the kernel lock. A packet is off the queue, or a copy of it made,
 * before its bytes go to the program, which may sleep.
 */
#ifndef NET_PACKET_QUEUE_H
#define NET_PACKET_QUEUE_H

#include "net/net.h"
#include "net/packet.h"

struct packet_queue {
	struct list packets;	/* oldest first */
	uint32_t bytes;		/* of memory */
	struct sleep_queue readers;
};
void packet_queue_init(struct packet_queue *q);
/* Frees what is there. */
void packet_queue_clear(struct packet_queue *q);
static inline bool packet_queue_empty(const struct packet_queue *q)
{
	return list_empty(&q->packets);
}
/* The oldest, or NULL. */
struct packet *packet_queue_first(const struct packet_queue *q);
/* Its bytes; 0: there is none. */
static inline uint32_t packet_queue_next(const struct packet_queue *q)
{
	const struct packet *k = packet_queue_first(q);

	return k ? k->len : 0;
}
/* k, which somebody pays for, behind the others; wakes readers. */
void packet_queue_add(struct packet_queue *q, struct packet *k);
/* Has more come for s than it has room for? One that is too much is taken, as
 * on Linux. */
static inline bool packet_queue_full(const struct packet_queue *q,
				     const struct sock *s)
{
	return q->bytes > s->receive_limit;
}
/* Takes k, which came for s: it is s's prison's to pay. False: there is no room,
 * and it is freed. */
bool packet_queue_offer(struct packet_queue *q, const struct sock *s,
			struct packet *k);
/* What poll says of s, which can always send: an error waits, or a packet. */
unsigned packet_queue_poll(struct packet_queue *q, const struct sock *s,
			   struct poller *p);
/* The oldest of q, which is not empty: it is the caller's then. peek: a copy of
 * it. -ENOBUFS. */
int packet_queue_take(struct packet_queue *q, bool peek,
		      struct packet **out) must_check;
/* All that the program sends, head bytes left before it. Sleeps. -ENOBUFS,
 * -EFAULT. */
int packet_take(struct prison *pays, struct sock_msg *m, uint32_t head,
		struct packet **out) must_check;
/* k's bytes, as many as fit, to the program: how many, or with MSG_TRUNC how
 * many there are. Sleeps. -EFAULT. */
int packet_give(const struct packet *k, struct sock_msg *m) must_check;

#endif
