/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_queue.c - the queue of a socket whose messages are packets: datagrams,
 * frames, netlink's messages.
 *
 * Locks: the kernel lock. Only packet_take and packet_give sleep.
 */
#include "net/packet_queue.h"

void packet_queue_init(struct packet_queue *q)
{
	list_init(&q->packets);
	q->bytes = 0;
	sleep_queue_init(&q->readers);
}

struct packet *packet_queue_first(const struct packet_queue *q)
{
	return list_empty(&q->packets) ? NULL :
		packet_of_link(q->packets.next);
}

static void remove(struct packet_queue *q, struct packet *k)
{
	assert(q->bytes >= k->charged && k == packet_queue_first(q));
	list_remove(&k->link);
	q->bytes -= k->charged;
	assert(!q->bytes == list_empty(&q->packets));
}

void packet_queue_clear(struct packet_queue *q)
{
	struct packet *k;

	while ((k = packet_queue_first(q))) {
		remove(q, k);
		packet_free(k);
	}
}

void packet_queue_add(struct packet_queue *q, struct packet *k)
{
	assert(list_empty(&k->link) && k->payer && k->charged);
	list_append(&q->packets, &k->link);
	q->bytes += k->charged;
	sleep_wake(&q->readers);
}

int packet_queue_take(struct packet_queue *q, bool peek, struct packet **out)
{
	struct packet *k = packet_queue_first(q);

	assert(k);
	if (peek)
		k = packet_copy(k);
	else
		remove(q, k);
	*out = k;
	return k ? 0 : -ENOBUFS;
}

bool packet_queue_offer(struct packet_queue *q, const struct sock *s,
			struct packet *k)
{
	assert(list_empty(&k->link));
	if (packet_queue_full(q, s) || !packet_pay(k, s->prison)) {
		packet_free(k);
		return false;
	}
	assert(k->payer == s->prison);
	if (s->timestamp || s->stamped)
		k->came = (uint64_t)timer_realtime_ns();
	packet_queue_add(q, k);
	return true;
}

unsigned packet_queue_poll(struct packet_queue *q, const struct sock *s,
			   struct poller *p)
{
	poll_wait(p, &q->readers);
	return POLLOUT | POLLWRNORM | POLLWRBAND | (s->error ? POLLERR : 0) |
	       (packet_queue_empty(q) ? 0 : POLLIN | POLLRDNORM);
}

/* --- to and from the program ------------------------------------------------ */

int packet_take(struct prison *pays, struct sock_msg *m, uint32_t head,
		struct packet **out)
{
	uint32_t n = m->io->left;
	struct packet *k = packet_new_for(pays, head + n);

	if (!k)
		return -ENOBUFS;
	k->data += head;	/* room for the header */
	if (n && user_io_take(m->io, packet_put(k, n), n) != (int)n) {
		packet_free(k);
		return -EFAULT;
	}
	assert(k->len == n && packet_head(k) >= PACKET_HEAD + head);
	*out = k;
	return 0;
}

int packet_give(const struct packet *k, struct sock_msg *m)
{
	uint32_t n = k->len;

	assert(list_empty(&k->link));	/* no queue's any more */
	if (n > m->io->left) {
		n = m->io->left;
		m->told |= MSG_TRUNC;
	}
	if (n && user_io_give(m->io, k->data, n) != (int)n)
		return -EFAULT;
	return (int)(m->flags & MSG_TRUNC ? k->len : n);
}
