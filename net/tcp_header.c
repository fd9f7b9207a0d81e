/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header.c - the TCP header: parsed once into a struct tcp_segment, and
 * built from one (RFC 9293 3.1, 3.2; RFC 7323; RFC 2018).
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { AT_SPORT = 0, AT_DPORT = 2, AT_SEQ = 4, AT_ACK = 8, AT_HEAD = 12,
       AT_BITS = 13, AT_WINDOW = 14, AT_SUM = 16, AT_URGENT = 18 };
enum { OPT_MSS = 2, OPT_SCALE, OPT_SACK_OK, OPT_SACK, OPT_TIME = 8 };
enum { SCALE_MAX = 14 };

static void option(struct tcp_segment *g, const struct header_option *o)
{
	const uint8_t *b = o->data;
	unsigned kind = o->kind, n = o->len;
	bool syn = g->flags & TCP_SYN;

	if (kind == OPT_MSS && n == 2 && syn) {
		g->mss = net16(b);
	} else if (kind == OPT_SCALE && n == 1 && syn) {
		g->scale = min_u32(*b, SCALE_MAX);	/* RFC 7323 2.3 */
	} else if (kind == OPT_SACK_OK && n == 0 && syn) {
		g->sack_permitted = true;
	} else if (kind == OPT_TIME && n == 8) {
		g->timestamp = true;
		g->ts_value = net32(b);
		g->ts_echo = net32(b + 4);
	} else if (kind == OPT_SACK && n % 8 == 0) {
		for (unsigned at = 0; at < n && g->sacks < 4; at += 8)
			g->sack[g->sacks++] = (struct range){
				net32(b + at), net32(b + at + 4) };
	}
}

int tcp_parse(struct packet *k, const struct ip_header *h,
	      struct tcp_segment *g)
{
	const uint8_t *b = k->data;
	unsigned head = k->len < TCP_HEAD ? 0 : (b[AT_HEAD] >> 4) * 4;
	struct header_option o = { .end = TCP_HEAD };

	if (head < TCP_HEAD || head > k->len)
		return -EINVAL;
	if (!ip_sum_ok(k, h))
		return -EBADMSG;
	*g = (struct tcp_segment){
		.k = k, .vnet = k->in->vnet, .src = h->src, .dst = h->dst,
		.seq = net32(b + AT_SEQ), .ack = net32(b + AT_ACK),
		.urgent = net16(b + AT_URGENT), .flags = b[AT_BITS],
		.window = net16(b + AT_WINDOW), .scale = -1,
		.len = k->len - head,
	};
	memcpy(&g->sport, b + AT_SPORT, sizeof g->sport);
	memcpy(&g->dport, b + AT_DPORT, sizeof g->dport);
	/* A malformed one ends them; the segment is taken: RFC 9293 3.2 */
	while (header_option_next(b, head, &o))
		option(g, &o);
	packet_pull(k, head);
	return 0;
}

/* --- building -------------------------------------------------------------------- */

/* Options of four bytes, or the first four of longer ones, NOPs before. */
static uint8_t *put(uint8_t *b, uint32_t word)
{
	net32_put(b, word);
	return b + 4;
}

static uint8_t *put_long(uint8_t *b, unsigned kind, unsigned len)
{
	return put(b, OPTION_NOP << 24 | OPTION_NOP << 16 | kind << 8 | len);
}

static unsigned put_options(uint8_t *to, const struct tcp_segment *g)
{
	uint8_t *b = to;

	if (g->mss)
		b = put(b, OPT_MSS << 24 | 4 << 16 | g->mss);
	if (g->scale >= 0)
		b = put(b, OPTION_NOP << 24 | OPT_SCALE << 16 | 3 << 8 |
			g->scale);
	if (g->sack_permitted)
		b = put_long(b, OPT_SACK_OK, 2);
	if (g->timestamp)	/* RFC 7323, appendix A */
		b = put(put(put_long(b, OPT_TIME, 10), g->ts_value),
			g->ts_echo);
	if (g->sacks)
		b = put_long(b, OPT_SACK, 2 + 8 * g->sacks);
	for (unsigned n = 0; n < g->sacks; n++)
		b = put(put(b, g->sack[n].from), g->sack[n].to);
	return b - to;
}

void tcp_emit(struct packet *k, const struct tcp_segment *g,
	      const struct inet_sock *i)
{
	struct ip_out ip = { .vnet = g->vnet, .src = g->src, .dst = g->dst,
			     .protocol = IPPROTO_TCP, .dont_fragment = true,
			     .ttl = i ? i->ttl : 0, .tos = i ? i->tos : 0,
			     .device = i ? i->device : 0 };
	uint8_t opts[TCP_HEAD_MAX], *b;
	unsigned n = put_options(opts, g);

	assert(n <= TCP_HEAD_MAX - TCP_HEAD);
	b = packet_push(k, TCP_HEAD + n);
	memcpy(b + AT_SPORT, &g->sport, sizeof g->sport);
	memcpy(b + AT_DPORT, &g->dport, sizeof g->dport);
	net32_put(b + AT_SEQ, g->seq);
	net32_put(b + AT_ACK, g->flags & TCP_ACK ? g->ack : 0);
	b[AT_HEAD] = (TCP_HEAD + n) / 4 << 4;
	b[AT_BITS] = g->flags;
	net16_put(b + AT_WINDOW, g->window);
	net16_put(b + AT_URGENT, g->urgent);
	memcpy(b + TCP_HEAD, opts, n);
	ip_sum_begin(k, &ip, AT_SUM);
	net_count(g->vnet, NET_TCP_OUT);
	if (g->flags & TCP_RST)
		net_count(g->vnet, NET_TCP_OUT_RESETS);
	(void)!ip_output(k, &ip);	/* lost is lost: it is sent again */
}

void tcp_reset_reply(const struct tcp_segment *g)
{
	bool ack = g->flags & TCP_ACK;
	struct tcp_segment r = {
		.vnet = g->vnet, .src = g->dst, .dst = g->src,
		.sport = g->dport, .dport = g->sport, .scale = -1,
		.flags = ack ? TCP_RST : TCP_RST | TCP_ACK,
		.seq = ack ? g->ack : 0, .ack = segment_end(g),
	};
	struct packet *k = g->flags & TCP_RST ? NULL : packet_new(0);

	if (k)
		tcp_emit(k, &r, NULL);
}
