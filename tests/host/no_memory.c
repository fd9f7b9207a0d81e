/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * no_memory.c - each allocation of a piece of network traffic fails once, the
 * first, the second and so on: nothing breaks, and nothing stays behind.
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
 * sources: net/rtt.c kernel/base/siphash.c kernel/base/format.c net/packet_bytes.c
 * sources: net/packet_cut.c
 * seconds: 60
 */
#include <sys/wait.h>
#include <unistd.h>

#include "net/tcp_peer.h"

enum { MOST = 400, ALL_DONE = 42, MINUTES = 20 };

static void text_at(uint32_t at)
{
	say((struct segment){ .seq = 1000 + at, .ack = iss, .flags = ACK | PSH,
			      .data = "0123456789", .len = 10 });
}

/* Our SYN's number, if one goes out. */
static void number_heard(void)
{
	struct segment g;

	while ((g = hear()).flags)
		if (g.flags & SYN)
			iss = g.seq + 1;
}

static void spent(unsigned ms)
{
	glue_later(ms);
	while (glue_sent(back, sizeof(back)))
		;
}

/* A client comes, says things in the wrong order, is answered, and goes. */
static void served(void)
{
	struct tcp_sock *s = NULL;

	for (int n = 0; n < 3 && !s; n++) {
		say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
		number_heard();
		say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
		s = tcp_glue_accept(server);
		spent(1100);
	}
	for (uint32_t at = 60; s && at; at -= 20)
		text_at(at);
	text_at(0);
	if (s) {
		tcp_glue_write(s, bulk, 9000);
		spent(300);
		say((struct segment){ .seq = 1010, .ack = iss + 1460,
				      .flags = ACK });
		spent(700);
		tcp_glue_read(s, back, 100);
		say((struct segment){ .seq = 1010, .ack = iss + 9000,
				      .flags = FIN | ACK });
		tcp_glue_close(s);
	}
	spent(1000);
}

/* A connection of ours to the peer, which then hears no more. */
static void called(void)
{
	struct tcp_sock *s = tcp_glue_new();

	if (!s)
		return;
	tcp_glue_connect(s, "10.0.0.9", PEER);
	port_us = tcp_glue_port(s);
	number_heard();
	say((struct segment){ .seq = 5, .ack = iss, .flags = SYN | ACK,
			      .mss = MSS });
	tcp_glue_write(s, bulk, 3000);
	spent(2000);
	tcp_glue_close(s);
	port_us = US;
}

/* To who is not there, to many, in pieces; ways and groups. */
static void sent(void)
{
	glue_send(inet_addr("10.0.0.77"), bulk, 100, false);
	glue_send(inet_addr("10.0.0.9"), bulk, 5000, false);
	glue_send(inet_addr("127.0.0.1"), bulk, 5000, false);
	if (!glue_join("224.1.1.1")) {
		glue_send(inet_addr("224.1.1.1"), bulk, 100, false);
		glue_leave("224.1.1.1");
	}
	if (!glue_address("10.1.0.1", 16))
		CHECK_EQ(glue_address_remove("10.1.0.1"), 0);
	if (!glue_route_add("9.0.0.0", 8, "10.0.0.9", 0))
		CHECK_EQ(glue_route_remove("9.0.0.0", 8), 0);
	while (glue_got(back, sizeof(back)) >= 0)
		;
	spent(5000);
}

/* True: there was no allocation number n. */
static bool tried(void (*deed)(void), unsigned n)
{
	unsigned before;
	bool done;

	begin();
	before = glue_memory();
	glue_fail(n);
	deed();
	done = !glue_failed();
	glue_fail(0);
	for (int minute = 0; minute < MINUTES; minute++)
		for (int second = 0; second < 60; second++)
			spent(1000);
	CHECK_EQ(tcp_glue_count(), 1);		/* the listener */
	CHECK(glue_memory() <= before);		/* it forgot its neighbour */
	return done;
}

static void each_fails(void (*deed)(void))
{
	unsigned n;

	for (n = 1; n < MOST; n++) {
		pid_t p = fork();
		int status;

		if (!p)
			_exit(tried(deed, n) ? ALL_DONE : 0);
		CHECK_EQ(waitpid(p, &status, 0), p);
		if (WIFEXITED(status) && WEXITSTATUS(status) == ALL_DONE)
			break;
		if (status)
			FAIL("the %uth allocation: status %x", n, status);
	}
	printf("# %u allocations\n", n - 1);
	CHECK(n > 5 && n < MOST);
}

TEST(who_comes)
{
	each_fails(served);
}

TEST(who_is_called)
{
	each_fails(called);
}

TEST(what_is_sent)
{
	each_fails(sent);
}
