/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_cut.c - large TCP segments, each as many small ones: made by a device out
 * of what it received, or to be cut by one (packet.segment). What a device does
 * not do is done here: packets that are smaller, with headers of their own.
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"
#include "net/tcp.h"

enum { IP_TOTAL = 2, IP_ID = 4, IP_FRAGMENT = 6, IP_PROTOCOL = 9, IP_SRC = 12,
       IP_DST = 16, FRAGMENT_MASK = 0x3fff };
enum { AT_SEQ = 4, AT_HEAD = 12, AT_BITS = 13, AT_SUM = 16, CWR = 128 };

static unsigned ip_len(const uint8_t *ip)
{
	return (ip[0] & 0xf) * 4;
}

static unsigned tcp_len(const uint8_t *ip)
{
	return (ip[ip_len(ip) + AT_HEAD] >> 4) * 4;
}

unsigned packet_cut_heads(const uint8_t *ip, uint32_t n, uint32_t total)
{
	unsigned heads;

	if (n < IP_HEAD || ip[0] >> 4 != 4 || ip_len(ip) < IP_HEAD ||
	    net16(ip + IP_TOTAL) != total || ip[IP_PROTOCOL] != IPPROTO_TCP ||
	    (net16(ip + IP_FRAGMENT) & FRAGMENT_MASK) ||
	    n < ip_len(ip) + TCP_HEAD)
		return 0;
	heads = ip_len(ip) + tcp_len(ip);
	if (tcp_len(ip) < TCP_HEAD || heads > n || heads >= total ||
	    (ip[ip_len(ip) + AT_BITS] & (TCP_SYN | TCP_RST)))
		return 0;
	return heads;
}

/* The urgent pointer of the first says where the mark is; so does its bit for
 * congestion, once. */
void packet_cut_head(struct packet *k, unsigned nth, uint32_t at, bool last)
{
	uint8_t *ip = k->data, *tcp = ip + ip_len(ip);
	struct ip_out o = { .protocol = IPPROTO_TCP };

	assert(k->len >= ip_len(ip) + tcp_len(ip) && k->len <= IP_MAX);
	memcpy(&o.src, ip + IP_SRC, sizeof o.src);
	memcpy(&o.dst, ip + IP_DST, sizeof o.dst);
	net16_put(ip + IP_TOTAL, k->len);
	net16_put(ip + IP_ID, net16(ip + IP_ID) + nth);
	ip_put_sum(ip, ip_len(ip));
	net32_put(tcp + AT_SEQ, net32(tcp + AT_SEQ) + at);
	if (!last)
		tcp[AT_BITS] &= ~(TCP_FIN | TCP_PSH);
	if (at)
		tcp[AT_BITS] &= ~(TCP_URG | CWR);
	k->checksum_start = ip_len(ip);
	packet_pull(k, ip_len(ip));
	ip_sum_begin(k, &o, AT_SUM);
	packet_push(k, ip_len(ip));
}

uint32_t packet_cut_size(const struct packet *k)
{
	return k->segment ? ip_len(k->data) + tcp_len(k->data) + k->segment :
			    k->len;
}

int packet_cut(const struct packet *k, struct list *parts)
{
	unsigned heads = ip_len(k->data) + tcp_len(k->data), nth = 0;
	uint32_t left = k->len - heads, at = 0;

	assert(k->segment && heads < k->len && list_empty(parts));
	assert(k->checksum == PACKET_CHECKSUM_PARTIAL);
	for (; left; nth++) {
		uint32_t n = min_u32(left, k->segment);
		struct packet *f = packet_new(heads + n);

		if (!f) {
			packet_list_free(parts);
			return -ENOBUFS;
		}
		f->network = packet_put(f, heads + n);
		memcpy(f->data, k->data, heads);
		memcpy(f->data + heads, k->data + heads + at, n);
		left -= n;
		packet_cut_head(f, nth, at, !left);
		at += n;
		list_append(parts, &f->link);
	}
	return 0;
}
