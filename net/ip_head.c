/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_head.c - IP's header, read once into a plain struct (RFC 791, 3.1), and
 * whether its options hold together; the sum of TCP and UDP, in which it is.
 *
 * Pure: the packet is looked at, nothing else. Locks: none.
 */
#include "net/inet.h"

enum { AT_TOS = 1, AT_TOTAL = 2, AT_ID = 4, AT_FRAGMENT = 6, AT_TTL = 8,
       AT_PROTOCOL = 9, AT_SUM = 10, AT_SRC = 12, AT_DST = 16 };
enum { MORE_FRAGMENTS = 0x2000, DONT_FRAGMENT = 0x4000, OFFSET_MASK = 0x1fff };

void ip_put_sum(uint8_t *head, unsigned len)
{
	uint16_t sum;

	memset(head + AT_SUM, 0, sizeof sum);
	sum = checksum_fold(checksum_add(0, head, len));
	memcpy(head + AT_SUM, &sum, sizeof sum);
}

int ip_parse_quoted(const struct packet *k, struct ip_header *h)
{
	const uint8_t *b = k->data;
	unsigned fragment;

	if (k->len < IP_HEAD || b[0] >> 4 != 4)
		return -EINVAL;
	fragment = net16(b + AT_FRAGMENT);
	h->head = (b[0] & 0xf) * 4;
	h->tos = b[AT_TOS];
	h->total = net16(b + AT_TOTAL);
	h->id = net16(b + AT_ID);
	h->fragment = (fragment & OFFSET_MASK) * 8;
	h->more = fragment & MORE_FRAGMENTS;
	h->dont_fragment = fragment & DONT_FRAGMENT;
	h->ttl = b[AT_TTL];
	h->protocol = b[AT_PROTOCOL];
	h->told_by = 0;
	memcpy(&h->src, b + AT_SRC, sizeof h->src);
	memcpy(&h->dst, b + AT_DST, sizeof h->dst);
	return h->head < IP_HEAD || h->head > k->len || h->total < h->head ?
		-EINVAL : 0;
}

int ip_parse(const struct packet *k, struct ip_header *h)
{
	int err = ip_parse_quoted(k, h);

	if (err || h->total > k->len ||
	    h->fragment + (h->total - h->head) > IP_MAX)
		return -EINVAL;
	return checksum_fold(checksum_add(0, k->data, h->head)) ? -EINVAL : 0;
}

bool header_option_next(const uint8_t *b, unsigned n, struct header_option *o)
{
	while (o->end < n && b[o->end] == OPTION_NOP)
		o->end++;
	o->at = o->end;
	if (o->at >= n || b[o->at] == OPTION_END)
		return false;
	o->bad = n - o->at < 2 || b[o->at + 1] < 2 || b[o->at + 1] > n - o->at;
	if (o->bad)
		return false;
	o->kind = b[o->at];
	o->data = b + o->at + 2;
	o->len = b[o->at + 1] - 2;
	o->end += b[o->at + 1];
	return true;
}

unsigned ip_options_bad(const uint8_t *head, unsigned len, bool *source_route)
{
	enum { LOOSE_ROUTE = 0x83, STRICT_ROUTE = 0x89 };
	struct header_option o = { .end = IP_HEAD };

	*source_route = false;
	while (header_option_next(head, len, &o))
		*source_route |= o.kind == LOOSE_ROUTE ||
				 o.kind == STRICT_ROUTE;
	return o.bad ? o.at : 0;
}

/* --- the sum of a transport --------------------------------------------------------- */

static uint32_t pseudo_sum(uint32_t src, uint32_t dst, uint8_t protocol,
			   uint32_t len)
{
	uint8_t rest[4] = { 0, protocol, len >> 8, len };
	uint32_t sum = checksum_add(0, &src, sizeof src);

	sum = checksum_add(sum, &dst, sizeof dst);
	return checksum_add(sum, rest, sizeof rest);
}

void ip_sum_begin(struct packet *k, const struct ip_out *o, unsigned at)
{
	uint16_t sum = ~checksum_fold(pseudo_sum(o->src, o->dst, o->protocol,
						 k->len));

	assert(at + sizeof sum <= k->len);
	memcpy(k->data + at, &sum, sizeof sum);
	k->checksum = PACKET_CHECKSUM_PARTIAL;
	k->checksum_offset = at;
}

bool ip_sum_ok(const struct packet *k, const struct ip_header *h)
{
	return k->checksum != PACKET_CHECKSUM_NONE ||
	       !checksum_fold(checksum_add(pseudo_sum(h->src, h->dst,
						      h->protocol, k->len),
					   k->data, k->len));
}
