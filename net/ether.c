/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ether.c - Ethernet frames: for whom one is, and what is in it.
 *
 * Loopback's frames look the same but have no addresses: all are for us.
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { ETHER_TYPE_AT = 12 };

static const uint8_t all_ones[ETHER_ADDR] = { 255, 255, 255, 255, 255, 255 };

/* RFC 1112: the low 23 bits of the group. */
static void group_mac(uint32_t group, uint8_t mac[ETHER_ADDR])
{
	mac[0] = 1;
	mac[1] = 0;
	mac[2] = 0x5e;
	mac[3] = group >> 8 & 0x7f;
	mac[4] = group >> 16;
	mac[5] = group >> 24;
}

/* Not only for an interface that is told of others' frames too. */
static bool for_us(const struct netif *i, struct packet *k)
{
	const uint8_t *to = k->data;

	if (i->flags & NETIF_LOOPBACK)
		return true;
	if (!(to[0] & 1))
		return !memcmp(to, i->mac, ETHER_ADDR);
	k->broadcast = !memcmp(to, all_ones, ETHER_ADDR);
	k->multicast = !k->broadcast;
	return true;
}

void ether_input(struct netif *i, struct packet *k)
{
	unsigned type;
	bool ours;

	assert(k->in == i);
	if (k->len < ETHER_HEAD) {
		i->in.errors++;
		packet_free(k);
		return;
	}
	ours = for_us(i, k);
	if (netif_tap)
		netif_tap(i, k, false);
	if (!ours) {
		packet_free(k);
		return;
	}
	if (k->multicast)
		i->in.multicast++;
	type = net16(k->data + ETHER_TYPE_AT);
	packet_pull(k, ETHER_HEAD);
	switch (type) {
	case ETHER_IP:
		ip_input(k);
		break;
	case ETHER_ARP:
		arp_input(i, k);
		break;
	default:
		packet_free(k);
	}
}

void ether_send(struct netif *i, struct packet *k,
		const uint8_t to[ETHER_ADDR], unsigned type)
{
	uint8_t *head = packet_push(k, ETHER_HEAD);

	memcpy(head, to, ETHER_ADDR);
	memcpy(head + ETHER_ADDR, i->mac, ETHER_ADDR);
	net16_put(head + ETHER_TYPE_AT, type);
	netif_transmit(i, k);
}

void ether_output(struct netif *i, struct packet *k, uint32_t next,
		  bool broadcast)
{
	uint8_t mac[ETHER_ADDR];

	assert(k->network == k->data && packet_head(k) >= ETHER_HEAD);
	if (i->flags & (NETIF_LOOPBACK | NETIF_NOARP)) {
		ether_send(i, k, i->mac, ETHER_IP);
	} else if (broadcast) {
		ether_send(i, k, all_ones, ETHER_IP);
	} else if (inet_is_multicast(next)) {
		group_mac(next, mac);
		ether_send(i, k, mac, ETHER_IP);
	} else {
		arp_output(i, k, next);
	}
}
