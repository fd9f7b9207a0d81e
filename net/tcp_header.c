/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header.c - the TCP header: parsed once into a struct tcp_segment, and
 * built from a struct tcp_out (RFC 9293 3.1, 3.2; RFC 7323; RFC 2018).
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { AT_SPORT = 0, AT_DPORT = 2, AT_SEQ = 4, AT_ACK = 8, AT_HEAD = 12,
       AT_BITS = 13, AT_WINDOW = 14, AT_SUM = 16, AT_URGENT = 18 };
enum { OPT_END, OPT_NOP, OPT_MSS, OPT_SCALE, OPT_SACK_OK, OPT_SACK,
       OPT_TIME = 8 };
enum { SCALE_MAX = 14 };

static void option(struct tcp_segment *g, unsigned kind, const uint8_t *b,
		   unsigned n)
{
	bool syn = g->flags & TCP_SYN;

	if (kind == OPT_MSS && n == 2 && syn) {
		g->mss = net16(b);
	} else if (kind == OPT_SCALE && n == 1 && syn) {
		g->scale = *b > SCALE_MAX ? SCALE_MAX : *b; /* RFC 7323 2.3 */
	} else if (kind == OPT_SACK_OK && n == 0 && syn) {
		g->sack_permitted = true;
	} else if (kind == OPT_TIME && n == 8) {
		g->timestamp = true;
		g->ts_value = net32(b);
		g->ts_echo = net32(b + 4);
	} else if (kind == OPT_SACK && n % 8 == 0) {
		for (unsigned at = 0; at < n && g->sacks < 4; at += 8)
			g->sack[g->sacks++] = (struct tcp_range){
				net32(b + at), net32(b + at + 4) };
	}
}

/* One that is malformed ends them; the segment is taken (RFC 9293 3.2). */
static void options(struct tcp_segment *g, const uint8_t *b, unsigned n)
{
	for (unsigned at = 0; at < n && b[at] != OPT_END;) {
		if (b[at] == OPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > n || b[at + 1] < 2 || at + b[at + 1] > n)
			return;
		option(g, b[at], b + at + 2, b[at + 1] - 2);
		at += b[at + 1];
	}
}

static bool sum_good(const struct packet *k, const struct ip_header *h)
{
	if (k->checksum != PACKET_CHECKSUM_NONE)
		return true;
	return !checksum_fold(checksum_add(ip_pseudo_sum(h->src, h->dst,
			IPPROTO_TCP, k->len), k->data, k->len));
}

int tcp_parse(struct packet *k, const struct ip_header *h,
	      struct tcp_segment *g)
{
	const uint8_t *b = k->data;
	unsigned head;

	if (k->len < TCP_HEAD)
		return -EINVAL;
	head = (b[AT_HEAD] >> 4) * 4;
	if (head < TCP_HEAD || head > k->len)
		return -EINVAL;
	if (!sum_good(k, h))
		return -EBADMSG;
	*g = (struct tcp_segment){
		.k = k, .vnet = k->in->vnet, .src = h->src, .dst = h->dst,
		.seq = net32(b + AT_SEQ), .ack = net32(b + AT_ACK),
		.urgent = net16(b + AT_URGENT), .flags = b[AT_BITS],
		.window = net16(b + AT_WINDOW), .scale = -1,
	};
	memcpy(&g->sport, b + AT_SPORT, sizeof g->sport);
	memcpy(&g->dport, b + AT_DPORT, sizeof g->dport);
	options(g, b + TCP_HEAD, head - TCP_HEAD);
	packet_pull(k, head);
	g->len = k->len;
	return 0;
}

/* --- building -------------------------------------------------------------------- */

static unsigned put_options(uint8_t *b, const struct tcp_out *o)
{
	unsigned n = 0;

	if (o->mss) {
		b[n] = OPT_MSS;
		b[n + 1] = 4;
		net16_put(b + n + 2, o->mss);
		n += 4;
	}
	if (o->scale >= 0) {
		memcpy(b + n, (uint8_t[]){ OPT_NOP, OPT_SCALE, 3, o->scale }, 4);
		n += 4;
	}
	if (o->sack_permitted) {
		memcpy(b + n, (uint8_t[]){ OPT_NOP, OPT_NOP, OPT_SACK_OK, 2 }, 4);
		n += 4;
	}
	if (o->timestamp) {	/* RFC 7323, appendix A */
		memcpy(b + n, (uint8_t[]){ OPT_NOP, OPT_NOP, OPT_TIME, 10 }, 4);
		net32_put(b + n + 4, o->ts_value);
		net32_put(b + n + 8, o->ts_echo);
		n += 12;
	}
	if (o->sacks) {
		memcpy(b + n, (uint8_t[]){ OPT_NOP, OPT_NOP, OPT_SACK,
					   2 + 8 * o->sacks }, 4);
		n += 4;
	}
	for (unsigned i = 0; i < o->sacks; i++, n += 8) {
		net32_put(b + n, o->sack[i].from);
		net32_put(b + n + 4, o->sack[i].to);
	}
	return n;
}

int tcp_emit(struct packet *k, const struct tcp_out *o)
{
	struct ip_out ip = { .vnet = o->vnet, .src = o->src, .dst = o->dst,
			     .protocol = IPPROTO_TCP, .ttl = o->ttl,
			     .tos = o->tos, .dont_fragment = true,
			     .device = o->device };
	uint8_t opts[TCP_HEAD_MAX], *b;
	unsigned n = put_options(opts, o);
	uint16_t pseudo;

	assert(n % 4 == 0 && n <= TCP_HEAD_MAX - TCP_HEAD);
	b = packet_push(k, TCP_HEAD + n);
	memcpy(b + AT_SPORT, &o->sport, sizeof o->sport);
	memcpy(b + AT_DPORT, &o->dport, sizeof o->dport);
	net32_put(b + AT_SEQ, o->seq);
	net32_put(b + AT_ACK, o->flags & TCP_ACK ? o->ack : 0);
	b[AT_HEAD] = (TCP_HEAD + n) / 4 << 4;
	b[AT_BITS] = o->flags;
	net16_put(b + AT_WINDOW, o->window);
	net16_put(b + AT_URGENT, o->urgent);
	memcpy(b + TCP_HEAD, opts, n);
	pseudo = ~checksum_fold(ip_pseudo_sum(o->src, o->dst, IPPROTO_TCP,
					      k->len));
	memcpy(b + AT_SUM, &pseudo, sizeof pseudo);
	k->checksum = PACKET_CHECKSUM_PARTIAL;
	k->checksum_offset = AT_SUM;
	net_count(o->vnet, NET_TCP_OUT);
	return ip_output(k, &ip);
}

void tcp_reset_reply(const struct tcp_segment *g)
{
	struct tcp_out o = { .vnet = g->vnet, .src = g->dst, .dst = g->src,
			     .sport = g->dport, .dport = g->sport,
			     .flags = TCP_RST, .scale = -1 };
	struct packet *k;

	if (g->flags & TCP_RST)
		return;
	if (g->flags & TCP_ACK) {
		o.seq = g->ack;
	} else {
		o.flags |= TCP_ACK;
		o.ack = segment_end(g);
	}
	k = packet_new(0);
	if (!k)
		return;
	net_count(g->vnet, NET_TCP_OUT_RESETS);
	(void)!tcp_emit(k, &o);
}
