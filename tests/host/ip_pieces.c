/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_pieces.c - datagrams in pieces: put together, cut, and the numbers by which
 * pieces find each other.
 *
 * sources: tests/host/net/glue.c net/packet.c net/vnet.c net/netif.c net/netif_addr.c
 * sources: tests/host/net/no_tcp.c net/packet_bytes.c net/packet_cut.c
 * sources: net/loopback.c net/ether.c net/arp.c net/route.c net/pmtu.c net/ip_head.c
 * sources: net/ip_in.c net/ip_out.c net/ip_frag.c net/icmp.c net/inet.c net/inet_port.c
 * sources: net/inet_table.c net/inet_choose.c
 * sources: jail/prison.c jail/address.c jail/cred.c jail/policy.c
 * sources: jail/denied.c jail/racct.c jail/name.c
 * sources: net/inet_secret.c kernel/base/siphash.c
 * sources: kernel/base/tree.c kernel/base/hash.c kernel/base/format.c
 * seconds: 60
 */
#include "net/ip_peer.h"

/* Bytes [at, at + n) of the pattern; more: it is not the last. */
static void piece(unsigned id, unsigned at, unsigned n, bool more)
{
	send_ip((struct ip){ .id = id, .fragment = at / 8 | (more ? MF : 0) },
		pattern + at, n);
}

static void whole_arrives(unsigned n)
{
	CHECK_EQ(glue_got(back, sizeof(back)), (int)n);
	CHECK(!memcmp(back, pattern, n));
	CHECK_EQ(glue_got(back, sizeof(back)), -1);
}

TEST(fragments_in_any_order)
{
	static const uint8_t order[][3] = { { 0, 1, 2 }, { 2, 1, 0 },
					    { 1, 2, 0 }, { 2, 0, 1 } };
	unsigned before;

	pattern_fill();
	glue_begin();
	before = glue_memory();
	for (unsigned o = 0; o < 4; o++) {
		for (unsigned n = 0; n < 3; n++) {
			CHECK_EQ(glue_got(back, sizeof(back)), -1);
			piece(o, order[o][n] * 400, order[o][n] < 2 ? 400 : 99,
			      order[o][n] < 2);
		}
		whole_arrives(899);
	}
	CHECK_EQ(glue_memory(), before);
}

/* RFC 5722's rule for all: what overlaps is forgotten, the rest of it too. */
TEST(overlaps_are_dropped)
{
	unsigned before;

	pattern_fill();
	glue_begin();
	before = glue_memory();
	piece(1, 0, 400, true);
	piece(1, 392, 400, true);
	piece(1, 0, 400, true);		/* begins anew ... */
	piece(1, 0, 400, true);		/* ... a copy is no trick ... */
	CHECK_EQ(glue_counter("ReasmFails"), 1);
	piece(1, 8, 400, true);		/* ... this is */
	CHECK_EQ(glue_got(back, sizeof(back)), -1);
	CHECK_EQ(glue_counter("ReasmFails"), 2);
	piece(2, 800, 99, false);
	piece(2, 400, 500, true);		/* beyond the end */
	piece(3, 800, 99, false);
	piece(3, 400, 99, false);		/* two ends */
	CHECK_EQ(glue_counter("ReasmFails"), 4);
	CHECK_EQ(glue_memory(), before);
}

TEST(tricky_fragments_are_dropped)
{
	unsigned before;

	glue_begin();
	before = glue_memory();
	/* RFC 1858: ports without flags; flags that come later */
	send_ip((struct ip){ .protocol = 6, .fragment = MF }, pattern, 8);
	send_ip((struct ip){ .protocol = 6, .fragment = 1 }, pattern, 40);
	send_ip((struct ip){ .fragment = MF }, pattern, 9);	/* no 8 */
	send_ip((struct ip){ .fragment = MF }, pattern, 0);
	/* the ping of death */
	send_ip((struct ip){ .fragment = 0x1fff }, pattern, 800);
	CHECK_EQ(glue_got(back, sizeof(back)), -1);
	CHECK_EQ(glue_memory(), before);
}

TEST(fragments_time_out)
{
	unsigned before;
	uint8_t *m;

	pattern_fill();
	glue_begin();
	know("10.0.0.9");
	before = glue_memory();
	piece(1, 0, 400, true);
	piece(2, 400, 400, true);	/* nobody is told without the first */
	glue_later(31000);
	CHECK_EQ(glue_counter("ReasmTimeout"), 2);
	m = icmp_sent();
	CHECK(m && m[0] == 11 && m[1] == 1);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	CHECK_EQ(glue_memory(), before);
}

TEST(a_flood_of_fragments_is_bounded)
{
	unsigned before;

	pattern_fill();
	glue_begin();
	know("10.0.0.9");
	before = glue_memory();
	for (unsigned n = 0; n < 5000; n++)
		piece(n, 8 * (n % 50), 1400, true);
	CHECK(glue_memory() < before + 2000);
	for (unsigned n = 0; n < 200; n++)	/* many pieces of one */
		piece(60000, 16 * n, 8, true);
	glue_later(31000);
	while (glue_sent(back, sizeof(back)))
		;
	CHECK_EQ(glue_memory(), before);
}

TEST(what_is_too_large_is_cut)
{
	unsigned at = 0;
	int n;

	pattern_fill();
	glue_begin();
	know("10.0.0.9");
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 4000, false), 0);
	while ((n = glue_sent(back, sizeof(back)))) {
		unsigned fragment = get16(back + HEAD + 6);
		unsigned len = get16(back + HEAD + 2) - IP;

		CHECK(n <= HEAD + 1500);
		CHECK_EQ(checksum(back + HEAD, IP), 0);
		CHECK_EQ((fragment & 0x1fff) * 8, at);
		CHECK(!memcmp(back + HEAD + IP, pattern + at, len));
		at += len;
		CHECK_EQ(!(fragment & MF), at == 4000);
	}
	CHECK_EQ(at, 4000);
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 4000, true),
		 -EMSGSIZE);
}

/* The identification of the next that goes to dst. */
static unsigned id_to(const char *dst, bool whole)
{
	CHECK_EQ(glue_send(inet_addr(dst), pattern, 10, whole), 0);
	CHECK(glue_sent(back, sizeof(back)) > 0);
	return get16(back + HEAD + 4);
}

TEST(nobody_sees_by_the_numbers_what_others_get)
{
	unsigned other = 0, near = 0, a, b, n;

	glue_begin();
	know("10.0.0.9");
	know("10.0.0.8");
	CHECK_EQ(id_to("10.0.0.9", true), 0);
	a = id_to("10.0.0.9", false);
	b = id_to("10.0.0.8", false);
	for (n = 0; n < 100; n++) {
		near += id_to("10.0.0.9", false) == ((a + n + 1) & 0xffff);
		if (n % 2)
			other += id_to("10.0.0.8", false) ==
				 ((b + n / 2 + 1) & 0xffff);
	}
	CHECK_EQ(near, 100);
	CHECK_EQ(other, 50);
}
