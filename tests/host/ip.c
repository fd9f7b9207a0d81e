/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip.c - the IP stack, frame by frame: ARP, headers, ICMP, routes.
 * All of net/ below the transports runs here, under the sanitizers
 * (net/glue.h).
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

/* --- sums ------------------------------------------------------------------------ */

TEST(sums_of_any_length_anywhere)
{
	static uint8_t bytes[200000];
	uint32_t sum;

	memset(bytes, 255, sizeof(bytes));
	for (unsigned at = 0; at < 4; at++) {
		for (unsigned n = 0; n < 100; n++) {
			for (unsigned i = 0; i < n; i++)
				bytes[at + i] = i * 77 + n;
			sum = glue_sum(0x12345678, bytes + at, n);
			sum = glue_sum(sum, "\xff\xff", 2);
			while (sum >> 16)
				sum = (sum & 0xffff) + (sum >> 16);
			put16(back, 0x7856);	/* bytes as they lie */
			put16(back + 2, 0x3412);
			memcpy(back + 4, bytes + at, n);
			CHECK_EQ(sum, (uint32_t)htons(~checksum(back, n + 4)));
		}
		memset(bytes, 255, sizeof(bytes));
	}
	for (unsigned n = 65500; n < 65600; n++) {
		sum = glue_sum(UINT32_MAX, bytes, n);
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		CHECK_EQ(sum, n % 2 ? 255 : 0xffff);
	}
	sum = glue_sum(1, bytes, sizeof(bytes));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	CHECK_EQ(sum, 1);
}

/* --- ARP ------------------------------------------------------------------------- */

TEST(arp_answers_who_asks_for_us)
{
	glue_begin();
	glue_frame(frame, arp_frame(1, "10.0.0.9", "10.0.0.1"));
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + 28);
	CHECK_EQ(get16(back + HEAD + 6), 2);
	CHECK(!memcmp(back, peer, 6) && !memcmp(back + HEAD + 8, us, 6));
	CHECK(!memcmp(back + HEAD + 14, frame + HEAD + 24, 4));
	glue_frame(frame, arp_frame(1, "10.0.0.9", "10.0.0.77"));
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

TEST(packets_wait_for_the_neighbour)
{
	unsigned before;

	glue_begin();
	before = glue_memory();
	for (int n = 0; n < 20; n++)	/* more than may wait */
		CHECK_EQ(glue_send(inet_addr("10.0.0.9"), "hello", 5, false),
			 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + 28);
	CHECK_EQ(get16(back + HEAD + 6), 1);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	glue_frame(frame, arp_frame(2, "10.0.0.9", "10.0.0.1"));
	for (int n = 0; n < 16; n++) {
		CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 5);
		CHECK(!memcmp(back, peer, 6));
	}
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	CHECK_EQ(glue_memory(), before + 1);	/* the neighbour */
}

TEST(nobody_answers)
{
	unsigned before;

	glue_begin();
	before = glue_memory();
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), "hello678", 8, false), 0);
	for (int n = 0; n < 5; n++)
		glue_later(1001);
	CHECK_EQ(glue_error(), EHOSTUNREACH);
	for (int n = 0; n < 3; n++)	/* it asked three times */
		CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + 28);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
	CHECK_EQ(glue_memory(), before);
}

TEST(an_old_neighbour_is_asked_again)
{
	glue_begin();
	know("10.0.0.9");
	glue_later(61000);
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), "hello", 5, false), 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + 28);
	CHECK(!memcmp(back, peer, 6));		/* by his address */
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 5);
}

TEST(our_address_is_defended)
{
	glue_begin();
	glue_frame(frame, arp_frame(1, "10.0.0.1", "10.0.0.1"));
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + 28);
	CHECK(!memcmp(back + HEAD + 14, back + HEAD + 24, 4));
	glue_frame(frame, arp_frame(1, "10.0.0.1", "10.0.0.1"));
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);	/* but not loudly */
}

/* More neighbours than there is room for are asked for, and none is there: who
 * is there is still known. */
TEST(a_neighbour_outlives_a_scan)
{
	char name[16];

	glue_begin();
	CHECK_EQ(glue_address("10.7.0.1", 16), 0);
	CHECK(glue_sent(back, sizeof(back)) > 0);	/* it is announced */
	know("10.0.0.9");
	for (unsigned n = 2; n < 1000; n++) {
		snprintf(name, sizeof(name), "10.7.%u.%u", n >> 8, n & 255);
		CHECK_EQ(glue_send(inet_addr(name), "hello", 5, false), 0);
	}
	while (glue_sent(back, sizeof(back)))
		;
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), "hello", 5, false), 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 5);
}

/* --- headers ------------------------------------------------------------------------ */

TEST(what_is_for_us_arrives)
{
	glue_begin();
	send_ip((struct ip){ 0 }, "hello", 5);
	CHECK_EQ(glue_got(back, sizeof(back)), 5);
	CHECK(!memcmp(back, "hello", 5));
	glue_frame(frame, 60);		/* padded to Ethernet's least */
	CHECK_EQ(glue_got(back, sizeof(back)), 5);
	send_ip((struct ip){ .options = 8 }, "hello", 5);
	CHECK_EQ(glue_got(back, sizeof(back)), 5);
	send_ip((struct ip){ .dst = "10.0.0.255" }, "hello", 5);
	CHECK_EQ(glue_got(back, sizeof(back)), 5);
}

static bool arrives(unsigned len)
{
	glue_frame(frame, len);
	return glue_got(back, sizeof(back)) >= 0;
}

TEST(broken_headers_are_dropped)
{
	unsigned len;

	glue_begin();
	len = ip_frame((struct ip){ 0 }, "hello", 5);
	CHECK(arrives(len));
	for (int n = 0; n < IP; n++) {		/* any byte, any header */
		frame[HEAD + n] ^= 0x10;
		CHECK(!arrives(len));
		frame[HEAD + n] ^= 0x10;
	}
	for (unsigned n = 0; n < len; n++)
		CHECK(!arrives(n));
	CHECK(arrives(len));
}

TEST(martians_are_dropped)
{
	static const char *const from[] = {
		"127.0.0.1", "10.0.0.1", "10.0.0.255", "255.255.255.255",
		"224.0.0.1", "0.0.0.0",
	};
	uint64_t before;

	glue_begin();
	before = glue_counter("InAddrErrors");
	for (unsigned n = 0; n < sizeof(from) / sizeof(from[0]); n++)
		CHECK(!arrives(ip_frame((struct ip){ .src = from[n] }, "x",
					1)));
	CHECK(!arrives(ip_frame((struct ip){ .dst = "127.0.0.1" }, "x", 1)));
	CHECK(!arrives(ip_frame((struct ip){ .dst = "10.0.0.5" }, "x", 1)));
	CHECK_EQ(glue_counter("InAddrErrors"), before + 8);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

TEST(source_routes_are_dropped)
{
	unsigned len;

	glue_begin();
	len = ip_frame((struct ip){ .options = 8 }, "x", 1);
	frame[HEAD + IP] = 0x83;
	frame[HEAD + IP + 1] = 7;
	put16(frame + HEAD + 10, 0);
	put16(frame + HEAD + 10, checksum(frame + HEAD, IP + 8));
	CHECK(!arrives(len));
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

TEST(malformed_options_are_told)
{
	unsigned len;
	uint8_t *m;

	glue_begin();
	know("10.0.0.9");
	len = ip_frame((struct ip){ .options = 8 }, "12345678", 8);
	frame[HEAD + IP + 2] = 7;		/* a record of 200 bytes */
	frame[HEAD + IP + 3] = 200;
	put16(frame + HEAD + 10, 0);
	put16(frame + HEAD + 10, checksum(frame + HEAD, IP + 8));
	CHECK(!arrives(len));
	m = icmp_sent();
	CHECK(m && m[0] == 12 && m[4] == IP + 2);
}

TEST(groups_are_heard_when_joined)
{
	glue_begin();
	CHECK(!arrives(ip_frame((struct ip){ .dst = "224.0.0.251" }, "x", 1)));
	CHECK_EQ(glue_join("224.0.0.251"), 0);
	CHECK_EQ(glue_join("224.0.0.251"), 0);
	CHECK(arrives(ip_frame((struct ip){ .dst = "224.0.0.251" }, "x", 1)));
	CHECK_EQ(glue_send(inet_addr("224.0.0.251"), "hello", 5, false), 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 5);
	CHECK(!memcmp(back, "\x01\0\x5e\0\0\xfb", 6));
	CHECK_EQ(glue_got(back, sizeof(back)), 5);	/* ours comes back */
	glue_leave("224.0.0.251");
	CHECK(arrives(ip_frame((struct ip){ .dst = "224.0.0.251" }, "x", 1)));
	glue_leave("224.0.0.251");
	CHECK(!arrives(ip_frame((struct ip){ .dst = "224.0.0.251" }, "x", 1)));
	CHECK_EQ(glue_send(inet_addr("224.0.0.251"), "hello", 5, false), 0);
	CHECK_EQ(glue_got(back, sizeof(back)), -1);
	CHECK(arrives(ip_frame((struct ip){ .dst = "224.0.0.1" }, "x", 1)));
}

/* --- ICMP ----------------------------------------------------------------------------- */

/* A message with n bytes behind its head, which is type, code, and info. */
static void send_icmp(unsigned type, unsigned code, uint32_t info,
		      const void *data, unsigned n)
{
	uint8_t m[1500] = { type, code };

	put16(m + 4, info >> 16);
	put16(m + 6, info);
	memcpy(m + 8, data, n);
	put16(m + 2, checksum(m, 8 + n));
	send_ip((struct ip){ .protocol = 1 }, m, 8 + n);
}

TEST(pings_are_answered)
{
	uint8_t *m;

	glue_begin();
	know("10.0.0.9");
	send_icmp(8, 0, 0x12340001, "abcdefghi", 9);
	m = icmp_sent();
	CHECK(m && m[0] == 0 && !memcmp(m + 4, "\x12\x34\0\x01" "abcdefghi",
					13));
	frame[HEAD + IP + 9] ^= 1;		/* a sum that is wrong */
	glue_frame(frame, HEAD + IP + 17);
	CHECK(!icmp_sent());
	CHECK_EQ(glue_counter("InCsumErrors"), 1);
}

TEST(unknown_protocols_are_told_at_a_rate)
{
	int told = 0;
	uint8_t *m;

	glue_begin();
	know("10.0.0.9");
	for (int n = 0; n < 200; n++) {
		send_ip((struct ip){ .protocol = 99 }, "12345678", 8);
		m = icmp_sent();
		if (m) {
			CHECK(m[0] == 3 && m[1] == 2);
			told++;
		}
	}
	CHECK_EQ(told, 50);
	glue_later(10);
	send_ip((struct ip){ .protocol = 99 }, "12345678", 8);
	CHECK(icmp_sent());
	/* what went to many, and errors, are no reason for an error */
	send_ip((struct ip){ .protocol = 99, .dst = "10.0.0.255" }, "1", 1);
	CHECK(!icmp_sent());
}

/* The error that a router would send about what we have just sent. */
static void router_says(unsigned code, uint32_t info)
{
	uint8_t about[IP + 8];

	CHECK(glue_sent(back, sizeof(back)) > HEAD + IP + 8);
	memcpy(about, back + HEAD, sizeof(about));
	send_icmp(3, code, info, about, sizeof(about));
}

TEST(errors_reach_the_protocol)
{
	glue_begin();
	know("10.0.0.9");
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 100, false), 0);
	router_says(1, 0);
	CHECK_EQ(glue_error(), EHOSTUNREACH);
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 100, false), 0);
	router_says(3, 0);
	CHECK_EQ(glue_error(), ECONNREFUSED);
	/* about what we cannot have sent */
	ip_frame((struct ip){ .src = "10.0.0.44" }, pattern, 8);
	memcpy(back, frame + HEAD, IP + 8);
	send_icmp(3, 1, 0, back, IP + 8);
	CHECK_EQ(glue_error(), 0);
}

TEST(path_mtu_is_learned_and_forgotten)
{
	glue_begin();
	know("10.0.0.9");
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 1400, true), 0);
	router_says(4, 1000);
	CHECK_EQ(glue_error(), -1000);
	CHECK(!strcmp(glue_route("10.0.0.9"), "eth0 10.0.0.9 10.0.0.1 1000"));
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 1400, true),
		 -EMSGSIZE);
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 900, true), 0);
	router_says(4, 0);			/* an old router: a plateau */
	CHECK_EQ(glue_error(), -508);
	CHECK(!strcmp(glue_route("10.0.0.9"), "eth0 10.0.0.9 10.0.0.1 552"));
	CHECK_EQ(glue_send(inet_addr("10.0.0.9"), pattern, 500, true), 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 500);
	CHECK(!(get16(back + HEAD + 6) & DF));	/* routers may cut it */
	glue_later(601000);
	CHECK(!strcmp(glue_route("10.0.0.9"), "eth0 10.0.0.9 10.0.0.1 1500"));
}

/* --- routes --------------------------------------------------------------------------- */

static void goes(const char *dst, const char *want)
{
	const char *way = glue_route(dst);

	if (strcmp(way, want))
		FAIL("%s: \"%s\", not \"%s\"", dst, way, want);
}

TEST(the_longest_prefix_wins)
{
	glue_begin();
	goes("10.0.0.7", "eth0 10.0.0.7 10.0.0.1 1500");
	goes("10.0.0.1", "lo 10.0.0.1 10.0.0.1 65536");
	goes("127.9.9.9", "lo 127.9.9.9 127.0.0.1 65536");
	goes("9.9.9.9", "none");
	CHECK_EQ(glue_route_add("0.0.0.0", 0, "10.0.0.2", 0), 0);
	goes("9.9.9.9", "eth0 10.0.0.2 10.0.0.1 1500");
	CHECK_EQ(glue_route_add("9.0.0.0", 8, "10.0.0.3", 5), 0);
	CHECK_EQ(glue_route_add("9.9.9.9", 32, "10.0.0.4", 9), 0);
	CHECK_EQ(glue_route_add("9.0.0.0", 8, "10.0.0.5", 1), 0);
	goes("9.9.9.9", "eth0 10.0.0.4 10.0.0.1 1500");
	goes("9.1.1.1", "eth0 10.0.0.5 10.0.0.1 1500");	/* less metric */
	goes("8.8.8.8", "eth0 10.0.0.2 10.0.0.1 1500");
	CHECK_EQ(glue_route_remove("9.9.9.9", 32), 0);
	goes("9.9.9.9", "eth0 10.0.0.5 10.0.0.1 1500");
	CHECK_EQ(glue_route_add("9.0.0.0", 8, "10.0.0.5", 1), -EEXIST);
	CHECK_EQ(glue_route_add("9.0.0.1", 8, "10.0.0.5", 2), -EINVAL);
	/* a gateway is a neighbour */
	CHECK_EQ(glue_route_add("7.0.0.0", 8, "9.1.1.1", 0), -ENETUNREACH);
	CHECK_EQ(glue_route_add("7.0.0.0", 8, "10.0.0.1", 0), -ENETUNREACH);
	CHECK_EQ(glue_route_remove("7.0.0.0", 8), -ESRCH);
}

/* `from` says that 10.0.0.gateway is the nearer way to 9.9.9.9, about a packet
 * that we sent there. */
static void redirect(const char *from, unsigned gateway)
{
	uint8_t m[8 + IP + 8] = { 5, 1, 0, 0, 10, 0, 0, gateway };

	CHECK_EQ(glue_send(inet_addr("9.9.9.9"), pattern, 100, false), 0);
	CHECK(glue_sent(back, sizeof(back)) > HEAD + IP + 8);
	memcpy(m + 8, back + HEAD, IP + 8);
	put16(m + 2, checksum(m, sizeof(m)));
	send_ip((struct ip){ .protocol = 1, .src = from }, m, sizeof(m));
}

TEST(redirects_are_obeyed_when_allowed)
{
	glue_begin();
	glue_redirects(false);
	CHECK_EQ(glue_route_add("0.0.0.0", 0, "10.0.0.2", 0), 0);
	know("10.0.0.2");
	know("10.0.0.3");
	redirect("10.0.0.2", 3);
	goes("9.9.9.9", "eth0 10.0.0.2 10.0.0.1 1500");
	glue_redirects(true);
	redirect("10.0.0.4", 3);	/* not the one that we use */
	goes("9.9.9.9", "eth0 10.0.0.2 10.0.0.1 1500");
	redirect("10.0.0.2", 3);
	goes("9.9.9.9", "eth0 10.0.0.3 10.0.0.1 1500");
	goes("9.9.9.8", "eth0 10.0.0.2 10.0.0.1 1500");
	redirect("10.0.0.2", 4);	/* it is 10.0.0.3 now that may say so */
	goes("9.9.9.9", "eth0 10.0.0.3 10.0.0.1 1500");
	CHECK_EQ(glue_route_remove("9.9.9.9", 32), 0);
	redirect("10.0.0.2", 1);	/* ourselves */
	goes("9.9.9.9", "eth0 10.0.0.2 10.0.0.1 1500");
	glue_redirects(false);
}

TEST(an_address_brings_its_subnet)
{
	glue_begin();
	goes("172.16.5.5", "none");
	CHECK_EQ(glue_address("172.16.0.1", 16), 0);
	goes("172.16.5.5", "eth0 172.16.5.5 172.16.0.1 1500");
	goes("10.0.0.7", "eth0 10.0.0.7 10.0.0.1 1500");
	CHECK_EQ(glue_address("172.16.0.1", 16), -EEXIST);
	CHECK_EQ(glue_address_remove("172.16.0.1"), 0);
	goes("172.16.5.5", "none");
	CHECK_EQ(glue_address_remove("172.16.0.1"), -EADDRNOTAVAIL);
}

/* RFC 3021: neither of the two is a broadcast address. */
TEST(a_network_of_two)
{
	glue_begin();
	CHECK_EQ(glue_address("172.16.0.2", 31), 0);
	CHECK(!glue_is_broadcast("172.16.0.3"));
	CHECK_EQ(glue_address("172.17.0.2", 30), 0);
	CHECK(glue_is_broadcast("172.17.0.3"));
}

TEST(routers_pass_on)
{
	uint8_t *m;

	glue_begin();
	know("10.0.0.9");
	know("10.0.0.2");
	CHECK_EQ(glue_route_add("9.0.0.0", 8, "10.0.0.2", 0), 0);
	send_ip((struct ip){ .dst = "9.9.9.9" }, "hello", 5);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);	/* off at first */
	glue_forwarding(true);
	send_ip((struct ip){ .dst = "9.9.9.9" }, "hello", 5);
	CHECK_EQ(glue_sent(back, sizeof(back)), HEAD + IP + 5);
	CHECK_EQ(back[HEAD + 8], 63);
	CHECK_EQ(checksum(back + HEAD, IP), 0);
	send_ip((struct ip){ .dst = "9.9.9.9", .ttl = 1 }, "12345678", 8);
	m = icmp_sent();
	CHECK(m && m[0] == 11 && m[1] == 0);
	send_ip((struct ip){ .dst = "8.8.8.8" }, "12345678", 8);
	m = icmp_sent();
	CHECK(m && m[0] == 3 && m[1] == 0);
	CHECK_EQ(glue_route_refuse("8.8.0.0", 16, -EHOSTUNREACH), 0);
	send_ip((struct ip){ .dst = "8.8.8.8" }, "12345678", 8);
	m = icmp_sent();
	CHECK(m && m[0] == 3 && m[1] == 1);
	CHECK_EQ(glue_route_refuse("8.8.8.0", 24, -EACCES), 0);
	send_ip((struct ip){ .dst = "8.8.8.8" }, "12345678", 8);
	m = icmp_sent();
	CHECK(m && m[0] == 3 && m[1] == 13);
	CHECK_EQ(glue_route_refuse("8.8.8.8", 32, -EINVAL), 0);
	send_ip((struct ip){ .dst = "8.8.8.8" }, "12345678", 8);
	CHECK(!icmp_sent());
	glue_mtu(600);
	send_ip((struct ip){ .dst = "9.9.9.9", .fragment = DF }, pattern, 900);
	m = icmp_sent();
	CHECK(m && m[0] == 3 && m[1] == 4 && get16(m + 6) == 600);
	send_ip((struct ip){ .dst = "9.9.9.9" }, pattern, 900);
	CHECK(glue_sent(back, sizeof(back)) > 0);
	CHECK(glue_sent(back, sizeof(back)) > 0);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

/* --- anything at all --------------------------------------------------------------------- */

/* Frames that are nearly right: no report of a sanitizer, and no memory lost. */
TEST(fuzzed_frames)
{
	unsigned seed = 4711, len;

	pattern_fill();
	glue_begin();
	know("10.0.0.9");
	glue_forwarding(true);
	CHECK_EQ(glue_route_add("0.0.0.0", 0, "10.0.0.9", 0), 0);
	for (int n = 0; n < 200000; n++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 3)
			len = ip_frame((struct ip){
				.protocol = seed >> 20 & 1 ? 1 : 0,
				.id = seed >> 24 & 3,
				.options = (seed >> 26 & 3) * 4,
				.fragment = seed >> 28 & 1 ?
					(seed >> 18 & 0x3f) | MF : 0,
			}, pattern, seed >> 21 & 0xff);
		else
			len = arp_frame(seed >> 18 & 3, "10.0.0.9", "10.0.0.1");
		for (unsigned changes = seed >> 30; changes; changes--) {
			seed = seed * 1103515245 + 12345;
			frame[(seed >> 16) % (len < 64 ? len : 64)] ^=
				1 << (seed >> 8 & 7);
		}
		if (frame[HEAD] == 0x45 && (seed >> 12 & 1)) {
			put16(frame + HEAD + 10, 0);
			put16(frame + HEAD + 10, checksum(frame + HEAD, IP));
		}
		glue_frame(frame, seed >> 29 & 1 ? len : len / 2);
		while (glue_sent(back, sizeof(back)) ||
		       glue_got(back, sizeof(back)) >= 0)
			;
		if (n % 64 == 0)
			glue_later(50);
	}
	for (int n = 0; n < 400; n++)
		glue_later(1000);
	while (glue_sent(back, sizeof(back)))
		;
	CHECK(glue_memory() < 100);
}
