/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_cut.c - large segments that a device has put together, passed on by one
 * that cuts none.
 *
 * sources: tests/host/net/glue.c tests/host/net/tcp_glue.c net/packet.c net/vnet.c net/netif.c
 * sources: net/netif_addr.c net/loopback.c net/ether.c net/arp.c net/route.c net/pmtu.c
 * sources: net/ip_head.c net/ip_in.c net/ip_out.c net/ip_frag.c net/icmp.c net/inet.c
 * sources: net/inet_port.c net/tcp_header.c net/inet_secret.c net/tcp_sack.c net/congestion.c
 * sources: net/inet_table.c net/inet_choose.c
 * sources: net/tcp_output.c net/tcp_timer.c net/tcp_reassembly.c net/tcp_ack.c net/tcp_input.c
 * sources: net/stream.c net/tcp_listen.c net/tcp_socket.c net/tcp_transfer.c
 * sources: net/tcp_option.c net/tcp_show.c
 * sources: jail/prison.c jail/address.c jail/cred.c jail/policy.c
 * sources: jail/denied.c jail/racct.c jail/name.c
 * sources: kernel/base/tree.c kernel/base/range_set.c kernel/base/hash.c
 * sources: net/rtt.c kernel/base/siphash.c kernel/base/format.c net/packet_bytes.c net/packet_cut.c
 */
#include "net/tcp_peer.h"

enum { TEXT = 3000, DF = 0x4000, CWR = 128, TTL = 8, SEQ = 4, BITS = 13 };

/* A router, and the peer as its next hop. */
static void router(void)
{
	begin();
	glue_forwarding(true);
	CHECK_EQ(glue_route_add("9.9.9.0", 24, "10.0.0.9", 0), 0);
	for (unsigned n = 0; n < TEXT; n++)
		bulk[n] = n * 7 + n / 256;
}

/* A segment of TEXT bytes for 9.9.9.9, with each bit that only one of the small
 * ones is to have; numbers wrap in it. */
static void say_large(unsigned segment, unsigned fragment)
{
	uint32_t s = inet_addr("10.0.0.9"), t = inet_addr("9.9.9.9");
	uint8_t *b = frame + HEAD, *p = b + IP;

	memset(frame, 0, HEAD + IP + TCP);
	memcpy(frame, us, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0800);
	b[0] = 0x45;
	put16(b + 2, IP + TCP + TEXT);
	put16(b + 4, 7);
	put16(b + 6, fragment);
	b[TTL] = 64;
	b[9] = 6;
	memcpy(b + 12, &s, 4);
	memcpy(b + 16, &t, 4);
	put16(b + 10, fold(sum(0, b, IP)));
	put16(p, 5000);
	put16(p + 2, 80);
	put32(p + SEQ, 0xfffff000);
	p[12] = TCP / 4 << 4;
	p[BITS] = ACK | FIN | PSH | URG | CWR;
	put16(p + 18, 2000);
	memcpy(p + TCP, bulk, TEXT);
	glue_large(frame, HEAD + IP + TCP + TEXT, segment);
}

TEST(each_is_a_whole_segment)
{
	uint8_t *ip = back + HEAD, *tcp = ip + IP;
	unsigned part = 0, n;

	router();
	say_large(1400, DF);
	for (unsigned at = 0; at < TEXT; part++, at += n) {
		n = at < 2800 ? 1400 : 200;
		CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + TCP + n);
		CHECK(!memcmp(back, peer, 6));
		CHECK_EQ(get16(ip + 2), IP + TCP + n);
		CHECK_EQ(get16(ip + 4), 7 + part);
		CHECK_EQ(fold(sum(0, ip, IP)), 0);
		CHECK_EQ(ip[TTL], 63);
		CHECK_EQ(get32(tcp + SEQ), 0xfffff000 + at);
		CHECK_EQ(tcp[BITS], ACK | (at ? 0 : URG | CWR) |
				    (at + n == TEXT ? FIN | PSH : 0));
		CHECK(!memcmp(tcp + TCP, bulk + at, n));
		CHECK_EQ(tcp_sum(ip, TCP + n), 0);
	}
	CHECK_EQ(part, 3);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

TEST(they_may_be_too_large_for_the_path)
{
	unsigned before;
	uint8_t *m = back + HEAD + IP;

	router();
	before = glue_memory();
	glue_mtu(1000);
	say_large(1400, DF);
	CHECK(glue_sent(back, sizeof(back)) > 0 && back[HEAD + 9] == 1);
	CHECK(m[0] == 3 && m[1] == 4 && get16(m + 6) == 1000);
	say_large(1400, 0);	/* then they are fragments */
	for (int n = 0; n < 4; n++) {
		unsigned len = glue_sent(back, sizeof(back));

		CHECK(len > HEAD + IP && len <= HEAD + 1000);
	}
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	CHECK_EQ(glue_memory(), before);
}

TEST(a_byte_each)
{
	unsigned before;

	router();
	before = glue_memory();
	say_large(1, DF);
	for (int n = 0; n < TEXT; n++)
		CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + TCP + 1);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	CHECK_EQ(glue_memory(), before);
}

TEST(a_device_that_cuts_gets_it_whole)
{
	router();
	tcp_glue_cutting(true);
	say_large(1400, DF);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + TCP + TEXT);
	CHECK_EQ(back[HEAD + TTL], 63);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}
