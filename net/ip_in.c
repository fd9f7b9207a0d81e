/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_in.c - IP packets that came in: for us, to be passed on, or dropped.
 *
 * What cannot be is dropped before anybody looks at it: addresses of ours or of
 * loopback from a wire, broadcast and multicast as a source (RFC 1122, 1812).
 * A packet with a source route is dropped, other options are tolerated.
 *
 * Locks: the kernel lock; runs from deferred work.
 */
#include "net/inet.h"

enum { PROTOCOLS_MAX = 8 };

static const struct ip_protocol *protocols[PROTOCOLS_MAX];
bool (*ip_raw_input)(const struct packet *k, const struct ip_header *h);
void (*ip_raw_error)(const struct ip_error *e);

/* p stays the caller's and must not go away. */
void ip_protocol_register(const struct ip_protocol *p)
{
	unsigned n = 0;

	assert(p->input && !ip_protocol_find(p->number));
	while (protocols[n])
		n++;
	assert(n < PROTOCOLS_MAX);
	protocols[n] = p;
}

const struct ip_protocol *ip_protocol_find(uint8_t number)
{
	for (unsigned n = 0; n < PROTOCOLS_MAX && protocols[n]; n++)
		if (protocols[n]->number == number)
			return protocols[n];
	return NULL;
}

static void drop(struct packet *k, enum net_counter why)
{
	net_count(k->in->vnet, why);
	packet_free(k);
}

/* --- for us ----------------------------------------------------------------- */

/* k is complete, and begins with its IP header. */
static void deliver(struct packet *k, const struct ip_header *h)
{
	const struct ip_protocol *p = ip_protocol_find(h->protocol);
	bool wanted = false;

	assert(!h->fragment && !h->more);
	packet_pull(k, h->head);
	k->transport = k->data;
	if (ip_raw_input)
		wanted = ip_raw_input(k, h);
	if (p) {
		net_count(k->in->vnet, NET_IP_IN_DELIVERED);
		p->input(k, h);
		return;
	}
	if (wanted) {
		net_count(k->in->vnet, NET_IP_IN_DELIVERED);
		packet_free(k);
		return;
	}
	icmp_send_error(k, ICMP_UNREACH, ICMP_UNREACH_PROTOCOL, 0);
	drop(k, NET_IP_IN_UNKNOWN);
}

static void for_us(struct packet *k, struct ip_header *h)
{
	if (h->fragment || h->more) {
		k = ip_reassemble(k, h);
		if (!k)
			return;
	}
	assert(k->data == k->network && k->len == h->total);
	deliver(k, h);
}

/* --- for others --------------------------------------------------------------- */

/* The checksum of the header after its TTL went down by one (RFC 1624). */
static void ttl_decrease(uint8_t *head)
{
	enum { AT_TTL = 8, AT_SUM = 10 };
	uint32_t sum = net16(head + AT_SUM) + 0x100;

	head[AT_TTL]--;
	net16_put(head + AT_SUM, sum + (sum >> 16));
}

/* There is none for k, and err says why; who sent it is told. Takes k. */
static void no_way(struct packet *k, int err)
{
	int code = err == ROUTE_UNREACHABLE ? ICMP_UNREACH_HOST :
		   err == ROUTE_PROHIBIT ? ICMP_UNREACH_FILTERED :
					   ICMP_UNREACH_NET;

	assert(err < 0);
	if (err != ROUTE_BLACKHOLE)
		icmp_send_error(k, ICMP_UNREACH, code, 0);
	drop(k, NET_IP_OUT_NO_ROUTE);
}

static void forward(struct packet *k, const struct ip_header *h)
{
	struct vnet *v = k->in->vnet;
	struct route r;
	int err;

	assert(v->forwarding && k->data == k->network);
	if (k->broadcast || k->multicast) {
		drop(k, NET_IP_IN_ADDR_ERRORS);
		return;
	}
	if (h->ttl <= 1) {
		icmp_send_error(k, ICMP_EXCEEDED, 0, 0);
		drop(k, NET_IP_IN_HEADER_ERRORS);
		return;
	}
	err = route_find(v, h->dst, &r);
	if (err) {
		no_way(k, err);
		return;
	}
	if (r.kind != ROUTE_UNICAST) {
		drop(k, NET_IP_IN_ADDR_ERRORS);
		return;
	}
	if (h->dont_fragment && packet_cut_size(k) > r.mtu) {
		icmp_send_error(k, ICMP_UNREACH, ICMP_UNREACH_TOO_BIG, r.mtu);
		drop(k, NET_IP_FRAG_FAILED);
		return;
	}
	net_count(v, NET_IP_FORWARDED);
	ttl_decrease(k->data);
	ip_forward(k, &r);
}

/* --- input -------------------------------------------------------------------- */

/* Addresses that no packet from there can have. */
static bool is_martian(const struct netif *i, const struct ip_header *h)
{
	bool own = i->flags & NETIF_LOOPBACK;

	if (h->src == INADDR_BROADCAST || inet_is_multicast(h->src) ||
	    !(h->dst & 0xff))
		return true;
	if (!own && (inet_is_loopback(h->src) || inet_is_loopback(h->dst) ||
		     netif_addr_find(i->vnet, h->src) ||
		     netif_is_broadcast(i, h->src)))
		return true;
	/* 0: one who asks for an address, and he asks everybody (RFC 1122) */
	return !(h->src & 0xff) &&
	       (h->src || (h->dst != INADDR_BROADCAST &&
			   !inet_is_multicast(h->dst)));
}

static bool is_ours(const struct packet *k, uint32_t dst)
{
	struct netif *i = k->in;

	if (inet_is_multicast(dst))
		return netif_in_group(k->looped ? k->looped : i, dst);
	return netif_addr_find(i->vnet, dst) || netif_is_broadcast(i, dst) ||
	       ((i->flags & NETIF_LOOPBACK) &&
		(inet_is_loopback(dst) ||
		 netif_any_broadcast(i->vnet, dst)));
}

static bool options_ok(struct packet *k, const struct ip_header *h)
{
	bool source_route = false;
	unsigned at = h->head > IP_HEAD ?
		ip_options_bad(k->data, h->head, &source_route) : 0;

	if (at)
		icmp_send_error(k, ICMP_PARAMETER, 0, at << 24);
	return !at && !source_route;
}

void ip_input(struct packet *k)
{
	struct netif *i = k->in;
	struct ip_header h;

	net_count(i->vnet, NET_IP_IN);
	k->network = k->data;
	if (ip_parse(k, &h)) {
		drop(k, NET_IP_IN_HEADER_ERRORS);
		return;
	}
	packet_trim(k, h.total);	/* a short frame was padded */
	if (is_martian(i, &h)) {
		drop(k, NET_IP_IN_ADDR_ERRORS);
		return;
	}
	if (!options_ok(k, &h)) {
		drop(k, NET_IP_IN_HEADER_ERRORS);
		return;
	}
	/* A broadcast frame holds no packet for one host (RFC 1122, 3.3.6). */
	if (is_ours(k, h.dst)) {
		if (k->broadcast && !netif_is_broadcast(i, h.dst) &&
		    !inet_is_multicast(h.dst))
			drop(k, NET_IP_IN_ADDR_ERRORS);
		else
			for_us(k, &h);
	} else if (i->vnet->forwarding && !inet_is_multicast(h.dst)) {
		forward(k, &h);
	} else {
		drop(k, NET_IP_IN_ADDR_ERRORS);
	}
}
