/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_peer.h - a peer at 10.0.0.9 that says to our TCP (tcp_glue.h) what the
 * test wants, and hears what it answers.
 */
#ifndef TCP_PEER_H
#define TCP_PEER_H

#include <arpa/inet.h>

#include "ktap.h"
#include "tests/host/net/tcp_glue.h"

enum { HEAD = 14, IP = 20, TCP = 20, MSS = 1460, US = 80, PEER = 5000 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };
enum { ESTABLISHED = 1, SYN_SENT, SYN_RECEIVED, FIN_WAIT1, FIN_WAIT2,
       TIME_WAIT, CLOSED, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING };

struct segment {
	uint32_t seq, ack;
	unsigned flags, window, len, mss;	/* mss: as option */
	const void *data;
	const uint8_t *options;
	unsigned options_len;
	unsigned sport, dport;
};

static uint8_t frame[70000], back[70000];
static const uint8_t us[6] = { 2, 0, 0, 0, 0, 1 },
		     peer[6] = { 2, 0, 0, 0, 0, 9 };
static unsigned port_us = US;

static inline void put16(uint8_t *at, unsigned v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static inline void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static inline unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline uint32_t sum(uint32_t s, const uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		s += i % 2 ? b[i] : b[i] << 8;
	return s;
}

static inline unsigned fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

static inline unsigned tcp_sum(const uint8_t *ip, unsigned n)
{
	return fold(sum(sum(6 + n, ip + 12, 8), ip + IP, n));
}

/* It asks for us, and is answered. */
static inline void know_peer(void)
{
	uint32_t s = inet_addr("10.0.0.9"), t = inet_addr("10.0.0.1");
	uint8_t *b = frame + HEAD;

	memset(frame, 0, HEAD + 28);
	memcpy(frame, us, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0806);
	put16(b, 1);
	put16(b + 2, 0x0800);
	put16(b + 4, 0x0604);
	put16(b + 6, 1);
	memcpy(b + 8, peer, 6);
	memcpy(b + 14, &s, 4);
	memcpy(b + 24, &t, 4);
	glue_frame(frame, HEAD + 28);
	CHECK_EQ(glue_sent(frame, sizeof(frame)), HEAD + 28);
}

static unsigned large;	/* what the peer says is segments of as many bytes */

/* The peer says g. */
static inline void say(struct segment g)
{
	uint32_t s = inet_addr("10.0.0.9"), t = inet_addr("10.0.0.1");
	unsigned options = g.options_len + (g.mss ? 4 : 0);
	unsigned n = TCP + options + g.len;
	uint8_t *b = frame + HEAD, *p = b + IP;

	memset(frame, 0, HEAD + IP + n);
	memcpy(frame, us, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0800);
	b[0] = 0x45;
	put16(b + 2, IP + n);
	b[8] = 64;
	b[9] = 6;
	memcpy(b + 12, &s, 4);
	memcpy(b + 16, &t, 4);
	put16(b + 10, fold(sum(0, b, IP)));
	put16(p, g.sport ? g.sport : PEER);
	put16(p + 2, g.dport ? g.dport : port_us);
	put32(p + 4, g.seq);
	put32(p + 8, g.ack);
	p[12] = (TCP + options) / 4 << 4;
	p[13] = g.flags;
	put16(p + 14, g.window ? g.window - 1 : 60000);
	if (g.mss) {
		p[20] = 2;
		p[21] = 4;
		put16(p + 22, g.mss);
	}
	if (g.options_len)
		memcpy(p + TCP + (g.mss ? 4 : 0), g.options, g.options_len);
	if (g.len)
		memcpy(p + TCP + options, g.data, g.len);
	put16(p + 16, tcp_sum(b, n));
	if (large)
		glue_large(frame, HEAD + IP + n, large);
	else
		glue_frame(frame, HEAD + IP + n);
}

/* What we said next; flags 0: nothing. data stay in back. */
static inline struct segment hear(void)
{
	struct segment g = { 0 };
	int n;
	uint8_t *p = back + HEAD + IP;
	unsigned head;

	do	/* it also asks for our MAC, now and then */
		n = glue_sent(back, sizeof(back));
	while (n && get16(back + 12) == 0x0806);
	if (!n)
		return g;
	CHECK(n >= HEAD + IP + TCP && back[HEAD + 9] == 6);
	CHECK_EQ(tcp_sum(back + HEAD, n - HEAD - IP), 0);
	head = (p[12] >> 4) * 4;
	g = (struct segment){ .seq = get32(p + 4), .ack = get32(p + 8),
			      .flags = p[13], .window = get16(p + 14),
			      .len = n - HEAD - IP - head, .data = p + head,
			      .options = p + TCP, .options_len = head - TCP,
			      .sport = get16(p), .dport = get16(p + 2) };
	return g;
}

static inline bool silent(void)
{
	return !hear().flags;
}

static struct tcp_sock *server;
static uint32_t iss;	/* ours + 1: the next that we send */
static uint32_t theirs;	/* the next that the peer sends */

static inline void begin(void)
{
	glue_begin();
	know_peer();
	server = tcp_glue_new();
	CHECK_EQ(tcp_glue_listen(server, US, 2), 0);
}

/* A connection, without options but for the MSS. */
static inline struct tcp_sock *connected(void)
{
	struct segment g;
	struct tcp_sock *s;

	begin();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	g = hear();
	CHECK_EQ(g.flags, SYN | ACK);
	CHECK_EQ(g.ack, 1000);
	iss = g.seq + 1;
	theirs = 1000;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	s = tcp_glue_accept(server);
	CHECK(s != NULL);
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
	CHECK(silent());
	return s;
}

static inline void say_text(uint32_t seq, const char *text)
{
	say((struct segment){ .seq = seq, .ack = iss, .flags = ACK | PSH,
			      .data = text, .len = strlen(text) });
}

static uint8_t bulk[200000];

/* What we said so far is of no interest. */
static inline void all_heard(void)
{
	while (hear().flags)
		;
}

#endif
