/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_peer.h - the other end of the wire for tests of IP: frames made by hand.
 */
#ifndef TESTS_HOST_NET_IP_PEER_H
#define TESTS_HOST_NET_IP_PEER_H

#include <arpa/inet.h>

#include "ktap.h"
#include "tests/host/net/glue.h"

enum { HEAD = 14, IP = 20, MF = 0x2000, DF = 0x4000 };

static uint8_t frame[2048], back[2048];
static const uint8_t us[6] = { 2, 0, 0, 0, 0, 1 },
		     peer[6] = { 2, 0, 0, 0, 0, 9 };

static inline void put16(uint8_t *at, unsigned v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static inline unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* The slow way, to have something else to compare with. */
static inline unsigned checksum(const uint8_t *b, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += i % 2 ? b[i] : b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

struct ip {
	const char *src, *dst;
	unsigned protocol, id, fragment, ttl, options;
};

/* A frame from peer around n bytes; its length. */
static inline unsigned ip_frame(struct ip p, const void *data, unsigned n)
{
	uint8_t *b = frame + HEAD;
	unsigned head = IP + p.options;
	uint32_t src = inet_addr(p.src ? p.src : "10.0.0.9");
	uint32_t dst = inet_addr(p.dst ? p.dst : "10.0.0.1");

	memset(frame, 0, sizeof(frame));
	memcpy(frame, us, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0800);
	b[0] = 0x40 | head / 4;
	put16(b + 2, head + n);
	put16(b + 4, p.id);
	put16(b + 6, p.fragment);
	b[8] = p.ttl ? p.ttl : 64;
	b[9] = p.protocol ? p.protocol : GLUE_PROTOCOL;
	memcpy(b + 12, &src, 4);
	memcpy(b + 16, &dst, 4);
	memset(b + IP, 1, p.options);		/* no operation */
	put16(b + 10, checksum(b, head));
	memcpy(b + head, data, n);
	return HEAD + head + n;
}

static inline void send_ip(struct ip p, const void *data, unsigned n)
{
	unsigned len = ip_frame(p, data, n);

	glue_frame(frame, len);
}

static inline unsigned arp_frame(unsigned op, const char *sender, const char *target)
{
	uint32_t s = inet_addr(sender), t = inet_addr(target);
	uint8_t *b = frame + HEAD;

	memset(frame, 0, sizeof(frame));
	memset(frame, 255, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0806);
	put16(b, 1);
	put16(b + 2, 0x0800);
	put16(b + 4, 0x0604);
	put16(b + 6, op);
	memcpy(b + 8, peer, 6);
	memcpy(b + 14, &s, 4);
	memcpy(b + 24, &t, 4);
	return HEAD + 28;
}

/* peer becomes known by asking; nothing of that is left on the wire. */
static inline void know(const char *addr)
{
	glue_frame(frame, arp_frame(1, addr, "10.0.0.1"));
	CHECK(glue_sent(back, sizeof(back)));
	CHECK(!memcmp(back, peer, 6));
}

/* What went out: the ICMP message in it, or NULL. */
static inline uint8_t *icmp_sent(void)
{
	int n = glue_sent(back, sizeof(back));

	if (n < HEAD + IP + 8 || back[HEAD + 9] != 1)
		return NULL;
	CHECK_EQ(checksum(back + HEAD, IP), 0);
	CHECK_EQ(checksum(back + HEAD + IP, get16(back + HEAD + 2) - IP), 0);
	return back + HEAD + IP;
}

static uint8_t pattern[4096];

static inline void pattern_fill(void)
{
	for (unsigned n = 0; n < sizeof(pattern); n++)
		pattern[n] = n * 7 + n / 256;
}

#endif
