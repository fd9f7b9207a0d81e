/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loopback.c - lo: what is sent comes in again, from deferred work, so that a
 * packet to ourselves takes the same way as one from the wire, and no function
 * calls itself around a loop.
 *
 * A frame has an Ethernet header of zeros, as Linux's: tcpdump expects it.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { QUEUE_MAX = 1000, ROUND = 64, ARPHRD_LOOPBACK = 772,
       LOOPBACK_MTU = 65536 };

struct loopback {
	struct netif netif;
	struct defer work;
	struct list queue;
	unsigned queued;
};

/* What was queued when it began, at most: what that causes waits its turn. */
static void deliver(struct defer *d)
{
	struct loopback *b = container_of(d, struct loopback, work);
	unsigned n = min_u32(b->queued, ROUND);

	while (n--) {
		b->queued--;
		netif_input(&b->netif, packet_list_take(&b->queue));
	}
	assert(!b->queued == list_empty(&b->queue));
	if (b->queued)
		defer_raise(&b->work);
}

static void transmit(struct netif *i, struct packet *k)
{
	struct loopback *b = i->driver;

	assert(b->queued <= QUEUE_MAX && i == &b->netif);
	if (b->queued >= QUEUE_MAX) {
		i->out.dropped++;
		packet_free(k);
		return;
	}
	list_append(&b->queue, &k->link);
	if (!b->queued++)
		defer_raise(&b->work);
}

static const struct netif_ops loopback_ops = { .transmit = transmit };

int loopback_new(struct vnet *v)
{
	struct loopback *b = kmem_zalloc(sizeof *b);
	struct netif *i;
	uint32_t addr = INADDR_LOOPBACK_NET, mask = 0xff;
	int err;

	if (!b)
		return -ENOMEM;
	list_init(&b->queue);
	b->work.fn = deliver;
	i = &b->netif;
	i->vnet = v;
	i->ops = &loopback_ops;
	i->driver = b;
	i->flags = NETIF_LOOPBACK;
	i->mtu = LOOPBACK_MTU;
	i->offload = NETIF_OFFLOAD_CHECKSUM;
	i->hardware = ARPHRD_LOOPBACK;
	str_copy(i->name, "lo", sizeof i->name);
	err = netif_register(i);
	assert(!err);
	err = netif_addr_add(i, addr, mask, 0, "lo");
	return err ? err : netif_set_flags(i, i->flags | NETIF_UP);
}
