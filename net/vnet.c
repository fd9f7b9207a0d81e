/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.c - which stack a prison uses: that of the nearest prison up the tree
 * that has one. The host has one from the beginning.
 *
 * Locks: the kernel lock.
 */
#include "net/datagram.h"
#include "net/tcp.h"

static struct vnet host_vnet;

struct vnet *net_vnet_host(void)
{
	return &host_vnet;
}

struct vnet *net_vnet(const struct prison *p)
{
	while (!p->slot[PRISON_SLOT_NET]) {
		p = p->parent;
		assert(p);	/* the host has one */
	}
	return p->slot[PRISON_SLOT_NET];
}

static int vnet_begin(struct vnet *v)
{
	int err;

	list_init(&v->netifs);
	for (unsigned n = 0; n < NET_ADDR_BUCKETS; n++)
		list_init(&v->by_addr[n]);
	list_init(&v->packet_sockets);
	v->default_ttl = IP_TTL_DEFAULT;
	v->echo_ignore_broadcasts = 1;
	v->tcp = inet_ports_new();
	v->udp = inet_ports_new();
	if (!v->tcp || !v->udp)
		return -ENOMEM;
	err = route_table_new(v);
	if (!err)
		err = arp_table_new(v);
	if (!err)
		err = frag_table_new(v);
	if (!err)
		err = icmp_new(v);
	return err ? err : loopback_new(v);
}

/* At boot: without memory for this there is no machine to speak of. */
void net_inet_init(void)
{
	prison_host()->slot[PRISON_SLOT_NET] = &host_vnet;
	if (vnet_begin(&host_vnet))
		panic("no memory for the network");
	icmp_init();
	inet_init();
	udp_init();
	raw_init();
	packet_socket_init();
	netlink_init();
	inet_transport_register(&tcp_transport);
	inet_route_init();
	net_show_init();
}
