/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic.h - private to room 8: what the drivers of network cards share.
 *
 * Each finds its cards in the order of the bus; they become eth0, eth1, ...
 */
#ifndef KERNEL_DEV_NIC_H
#define KERNEL_DEV_NIC_H

#include "kernel/dev/dev.h"
#include "net/netif.h"

enum {
	NIC_FRAME_MAX = ETHER_HEAD + ETHER_MTU + 4,	/* 4: a VLAN's tag */
	NIC_QUEUE_MAX = 512,
	NIC_ROUND = 64,		/* frames that come in before others get a turn */
	NIC_HARDWARE_ETHER = 1,	/* ARPHRD_ETHER */
};
struct nic_queue {		/* frames that the card has no room for yet */
	struct list frames;
	unsigned count;
};

static inline void nic_queue_init(struct nic_queue *q)
{
	list_init(&q->frames);
	q->count = 0;
}
static inline void nic_queue_add(struct nic_queue *q, struct netif *i,
				 struct packet *k)
{
	if (q->count >= NIC_QUEUE_MAX) {
		i->out.dropped++;
		packet_free(k);
		return;
	}
	q->count++;
	list_append(&q->frames, &k->link);
}
static inline struct packet *nic_queue_first(const struct nic_queue *q)
{
	return list_empty(&q->frames) ? NULL :
	       list_entry(q->frames.next, struct packet, link);
}
static inline void nic_queue_remove(struct nic_queue *q, struct packet *k)
{
	assert(q->count > 0);
	q->count--;
	list_remove(&k->link);
}
static inline void nic_queue_drop(struct nic_queue *q, struct netif *i)
{
	struct packet *k;

	while ((k = nic_queue_first(q))) {
		nic_queue_remove(q, k);
		i->out.dropped++;
		packet_free(k);
	}
}

void virtio_net_init(void);
void ne2k_init(void);

#endif
