/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_out.c - IP packets that go out: header, route, fragments, link.
 *
 * A packet that is larger than its path takes is cut, unless its sender forbids
 * that; a large TCP segment by its device, or here into smaller ones. Copies of what goes to
 * all come back to us, as if from the wire.
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { AT_TOS = 1, AT_TOTAL = 2, AT_ID = 4, AT_FRAGMENT = 6, AT_TTL = 8,
       AT_PROTOCOL = 9, AT_SRC = 12, AT_DST = 16 };
enum { MORE_FRAGMENTS = 0x2000, DONT_FRAGMENT = 0x4000 };

static int refuse(struct packet *k, struct vnet *v, enum net_counter why,
		  int err)
{
	net_count(v, why);
	packet_free(k);
	return err;
}

static unsigned head_len(const struct packet *k)
{
	return (k->data[0] & 0xf) * 4;
}

/* --- fragments ---------------------------------------------------------------- */

/* Options that belong into the first fragment only become padding (RFC 791,
 * 3.1: those whose copied bit is not set). */
static void options_thin(uint8_t *head, unsigned len)
{
	enum { COPIED = 0x80 };
	struct header_option o = { .end = IP_HEAD };

	while (header_option_next(head, len, &o))
		if (!(o.kind & COPIED))
			memset(head + o.at, OPTION_NOP, o.end - o.at);
}

/* Bytes [at, at + n) of what k carries, behind a header of its own. */
static struct packet *cut(const struct packet *k, unsigned head, unsigned at,
			  unsigned n, bool last)
{
	struct packet *f = packet_new(head + n);
	unsigned fragment = net16(k->data + AT_FRAGMENT);
	uint8_t *b;

	if (!f)
		return NULL;
	b = packet_put(f, head + n);
	memcpy(b, k->data, head);
	memcpy(b + head, k->data + head + at, n);
	if (at)
		options_thin(b, head);
	net16_put(b + AT_TOTAL, head + n);
	net16_put(b + AT_FRAGMENT, (fragment + at / 8) |
		  (last ? 0 : MORE_FRAGMENTS));
	ip_put_sum(b, head);
	f->network = b;
	return f;
}

static void parts_send(struct list *parts, const struct route *r, uint32_t next)
{
	struct packet *f;

	while ((f = packet_list_take(parts))) {
		if (f->checksum == PACKET_CHECKSUM_PARTIAL &&
		    !(r->netif->offload & NETIF_OFFLOAD_CHECKSUM))
			packet_checksum_finish(f, f->checksum_start);
		ether_output(r->netif, f, next, r->kind == ROUTE_BROADCAST);
	}
}

/* All or nothing: half a packet is of use to nobody. Takes k. */
static int fragment(struct packet *k, struct vnet *v, const struct route *r,
		    uint32_t next)
{
	unsigned head = head_len(k), left = k->len - head, at = 0;
	unsigned most = (r->mtu - head) & ~7u;
	struct list parts = LIST_INIT(parts);
	bool broken = false;

	assert(r->mtu >= IP_MTU_MIN && most >= 8);
	while (left && !broken) {
		unsigned n = min_u32(left, most);
		struct packet *f = cut(k, head, at, n, n == left);

		broken = !f;
		if (f)
			list_append(&parts, &f->link);
		at += n;
		left -= n;
	}
	assert(broken || (!left && at > most));
	packet_free(k);
	net_count(v, broken ? NET_IP_FRAG_FAILED : NET_IP_FRAG_OK);
	if (broken) {
		packet_list_free(&parts);
		return -ENOBUFS;
	}
	list_each(l, &parts)
		net_count(v, NET_IP_FRAG_MADE);
	parts_send(&parts, r, next);
	return 0;
}

/* A large segment for a device that cuts none. Takes k. */
static int segments(struct packet *k, struct vnet *v, const struct route *r,
		    uint32_t next)
{
	struct list parts = LIST_INIT(parts);
	int err = packet_cut(k, &parts);

	packet_free(k);
	if (err)
		net_count(v, NET_IP_OUT_DISCARDS);
	parts_send(&parts, r, next);
	return err;
}

/* --- to the link -------------------------------------------------------------- */

/* What goes to all goes to us too, where somebody here might listen. */
static void copy_back(const struct packet *k, struct vnet *v,
		      const struct route *r, uint32_t dst)
{
	struct netif *lo = list_entry(v->netifs.next, struct netif, link);
	struct packet *c;

	if ((r->netif->flags & NETIF_LOOPBACK) ||
	    (r->kind == ROUTE_MULTICAST && !netif_in_group(r->netif, dst)))
		return;
	c = packet_copy(k);
	if (!c)
		return;
	c->looped = r->netif;
	ether_output(lo, c, dst, false);
}

/* k is complete but for its header's sum. Takes k. What is from 127.0.0.1 does
 * not leave the machine (RFC 1122, 3.2.1.3). */
static int to_link(struct packet *k, struct vnet *v, const struct route *r,
		   uint32_t dst)
{
	unsigned head = head_len(k);
	bool large = k->segment && packet_cut_size(k) <= r->mtu;
	bool whole = k->len <= r->mtu ||
		     (large && (r->netif->offload & NETIF_OFFLOAD_TCP4));
	uint32_t next = r->gateway ? r->gateway : dst;

	assert(list_empty(&k->link) && head >= IP_HEAD && head <= k->len);
	if (!netif_up(r->netif))
		return refuse(k, v, NET_IP_OUT_DISCARDS, -ENETDOWN);
	if (k->data[AT_SRC] == 127 && !(r->netif->flags & NETIF_LOOPBACK))
		return refuse(k, v, NET_IP_OUT_DISCARDS, -EINVAL);
	if (!whole && large)
		return segments(k, v, r, next);
	if (!whole && (net16(k->data + AT_FRAGMENT) & DONT_FRAGMENT))
		return refuse(k, v, NET_IP_FRAG_FAILED, -EMSGSIZE);
	k->checksum_start = head;
	if (k->checksum == PACKET_CHECKSUM_PARTIAL &&
	    (!whole || !(r->netif->offload & NETIF_OFFLOAD_CHECKSUM)))
		packet_checksum_finish(k, head);
	if (!whole)
		return fragment(k, v, r, next);
	ip_put_sum(k->data, head);
	ether_output(r->netif, k, next, r->kind == ROUTE_BROADCAST);
	return 0;
}

/* A frame that came in has its own head before the data; it is not needed. */
void ip_forward(struct packet *k, const struct route *r)
{
	struct vnet *v = k->in->vnet;
	uint32_t dst;

	memcpy(&dst, k->data + AT_DST, sizeof dst);
	if (k->checksum == PACKET_CHECKSUM_GOOD)
		k->checksum = PACKET_CHECKSUM_NONE;
	if (to_link(k, v, r, dst))
		net_count(v, NET_IP_OUT_DISCARDS);
}

/* --- output ------------------------------------------------------------------- */

static int send(struct packet *k, struct vnet *v, const struct route *r,
		uint32_t dst, bool loop)
{
	k->network = k->data;
	net_count(v, NET_IP_OUT);
	if (loop && r->kind != ROUTE_UNICAST && r->kind != ROUTE_LOCAL) {
		ip_put_sum(k->data, head_len(k));
		copy_back(k, v, r, dst);
	}
	return to_link(k, v, r, dst);
}

/* RFC 7739: each way between two has its own, so that nobody learns from it how
 * much the others send. */
static uint16_t id_next(struct vnet *v, uint32_t src, uint32_t dst,
			uint8_t protocol)
{
	uint32_t hash = inet_secret(INET_SECRET_ID, src, 0, dst, protocol);

	return (hash >> 16) + v->ip_ids[hash % NET_IP_IDS]++;
}

int ip_send(struct packet *k, struct vnet *v, uint32_t dst, int device)
{
	struct route r;
	uint32_t src;
	int err;

	assert(k->len >= IP_HEAD && head_len(k) <= k->len);
	err = route_find_by(v, dst, device, &r);
	if (err)
		return refuse(k, v, NET_IP_OUT_NO_ROUTE, err);
	if (!net16(k->data + AT_ID)) {
		memcpy(&src, k->data + AT_SRC, sizeof src);
		net16_put(k->data + AT_ID,
			  id_next(v, src, dst, k->data[AT_PROTOCOL]));
	}
	return send(k, v, &r, dst, true);
}

static void put_head(struct packet *k, const struct ip_out *o,
		     const struct route *r)
{
	unsigned options = align_up(o->options_len, 4);
	unsigned head = IP_HEAD + options;
	uint32_t src = o->src ? o->src : r->source;
	uint8_t *b = packet_push(k, head);
	bool whole = o->dont_fragment && !r->may_cut;

	b[0] = 0x40 | head / 4;
	b[AT_TOS] = o->tos;
	net16_put(b + AT_TOTAL, k->len);
	/* RFC 6864 4.1: one that is never cut needs no number */
	net16_put(b + AT_ID, whole ? 0 :
		  id_next(o->vnet, src, o->dst, o->protocol));
	net16_put(b + AT_FRAGMENT, whole ? DONT_FRAGMENT : 0);
	b[AT_TTL] = o->ttl ? o->ttl : o->vnet->default_ttl;
	b[AT_PROTOCOL] = o->protocol;
	memcpy(b + AT_SRC, &src, sizeof src);
	memcpy(b + AT_DST, &o->dst, sizeof o->dst);
	if (options) {
		memset(b + IP_HEAD, 0, options);
		memcpy(b + IP_HEAD, o->options, o->options_len);
	}
}

int ip_output(struct packet *k, const struct ip_out *o)
{
	struct vnet *v = o->vnet;
	struct route r;
	int err;

	assert(o->options_len <= IP_HEAD_MAX - IP_HEAD);
	err = route_find_by(v, o->dst, o->device, &r);
	if (!err && o->on_link && r.gateway)
		err = -ENETUNREACH;
	if (err)
		return refuse(k, v, NET_IP_OUT_NO_ROUTE, err);
	if (r.kind == ROUTE_BROADCAST && !o->broadcast_allowed)
		return refuse(k, v, NET_IP_OUT_DISCARDS, -EACCES);
	if (!k->segment && k->len + IP_HEAD + o->options_len > IP_MAX)
		return refuse(k, v, NET_IP_OUT_DISCARDS, -EMSGSIZE);
	put_head(k, o, &r);
	return send(k, v, &r, o->dst, !o->no_loop);
}
