/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp.c - TCP, segment by segment, against a peer at 10.0.0.9 that says what
 * the test wants (net/tcp_peer.h). What is lost or late: tcp_loss.c.
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
 * seconds: 60
 */
#include "net/tcp_peer.h"

/* --- opening --------------------------------------------------------------------------- */

TEST(a_closed_port_resets)
{
	struct segment g;

	begin();
	say((struct segment){ .seq = 7, .flags = SYN, .dport = 81 });
	g = hear();
	CHECK_EQ(g.flags, RST | ACK);
	CHECK_EQ(g.seq, 0);
	CHECK_EQ(g.ack, 8);
	say((struct segment){ .seq = 7, .ack = 77, .flags = ACK, .dport = 81 });
	g = hear();
	CHECK_EQ(g.flags, RST);
	CHECK_EQ(g.seq, 77);
	say((struct segment){ .seq = 7, .flags = RST, .dport = 81 });
	CHECK(silent());
}

TEST(a_syn_is_answered_until_it_is_tiresome)
{
	unsigned before;

	begin();
	before = glue_memory();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	CHECK_EQ(hear().flags, SYN | ACK);
	for (int n = 0; n < 200; n++)
		glue_later(500);
	for (int n = 0; n < 5; n++)
		CHECK_EQ(hear().flags, SYN | ACK);
	CHECK(silent());
	CHECK_EQ(glue_memory(), before);
}

/* Who repeats his SYN is answered, and forgotten as late as one who does not. */
TEST(a_syn_that_repeats_keeps_no_place)
{
	uint32_t first, number;
	unsigned n = 0;

	begin();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	number = first = hear().seq;
	for (; number == first && n < 100; n++) {
		struct segment g;

		glue_later(900);
		all_heard();
		know_peer();
		say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
		g = hear();
		CHECK_EQ(g.flags, SYN | ACK);
		number = g.seq;
	}
	CHECK(n > 60 && n < 75);	/* 1 + 2 + 4 + 8 + 16 + 32 s */
}

TEST(connecting)
{
	struct tcp_sock *s;
	struct segment g;

	begin();
	s = tcp_glue_new();
	CHECK_EQ(tcp_glue_connect(s, "10.0.0.9", PEER), -EINPROGRESS);
	port_us = tcp_glue_port(s);
	g = hear();
	CHECK_EQ(g.flags, SYN);
	say((struct segment){ .seq = 5, .ack = g.seq, .flags = SYN | ACK });
	CHECK_EQ(hear().flags, RST);		/* 3.10.7.3 */
	CHECK_EQ(tcp_glue_state(s), SYN_SENT);
	glue_later(1001);
	CHECK_EQ(hear().seq, g.seq);
	say((struct segment){ .seq = 5, .ack = g.seq + 1,
			      .flags = SYN | ACK, .mss = MSS });
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
	CHECK_EQ(hear().ack, 6);
}

TEST(refused)
{
	struct tcp_sock *s;
	struct segment g;

	begin();
	s = tcp_glue_new();
	CHECK_EQ(tcp_glue_connect(s, "10.0.0.9", PEER), -EINPROGRESS);
	port_us = tcp_glue_port(s);
	g = hear();
	say((struct segment){ .ack = g.seq, .flags = RST | ACK });
	CHECK_EQ(tcp_glue_state(s), SYN_SENT);
	say((struct segment){ .ack = g.seq + 1, .flags = RST | ACK });
	CHECK_EQ(tcp_glue_state(s), CLOSED);
	CHECK_EQ(tcp_glue_error(s), ECONNREFUSED);
}

TEST(both_open_at_once)
{
	struct tcp_sock *s;
	struct segment g;

	begin();
	s = tcp_glue_new();
	CHECK_EQ(tcp_glue_connect(s, "10.0.0.9", PEER), -EINPROGRESS);
	port_us = tcp_glue_port(s);
	g = hear();
	say((struct segment){ .seq = 5, .flags = SYN, .mss = MSS });
	CHECK_EQ(tcp_glue_state(s), SYN_RECEIVED);
	CHECK_EQ(hear().flags, SYN | ACK);
	say((struct segment){ .seq = 5, .ack = g.seq + 1,
			      .flags = SYN | ACK, .mss = MSS });
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
}

TEST(nobody_is_there)
{
	struct tcp_sock *s;

	begin();
	s = tcp_glue_new();
	CHECK_EQ(tcp_glue_connect(s, "10.0.0.9", PEER), -EINPROGRESS);
	for (int n = 0; n < 200; n++) {
		glue_later(1000);
		while (hear().flags)
			;
		know_peer();
	}
	CHECK_EQ(tcp_glue_state(s), CLOSED);
	CHECK_EQ(tcp_glue_error(s), ETIMEDOUT);
}

/* --- receiving ---------------------------------------------------------------------------- */

TEST(text_is_acked_a_little_later)
{
	struct tcp_sock *s = connected();
	char text[8] = "";

	say_text(1000, "abc");
	CHECK(silent());
	glue_later(41);
	CHECK_EQ(hear().ack, 1003);
	CHECK_EQ(tcp_glue_read(s, text, 8), 3);
	CHECK(!strcmp(text, "abc"));
	CHECK_EQ(tcp_glue_read(s, text, 8), -EAGAIN);
}

static void say_bulk(uint32_t seq)
{
	say((struct segment){ .seq = seq, .ack = iss, .flags = ACK,
			      .data = bulk, .len = MSS });
}

/* As Linux: who has read all is not waited for; who answers says it with that. */
TEST(reading_acknowledges_but_for_those_who_take_turns)
{
	struct tcp_sock *s = connected();
	char text[8];

	say_text(1000, "x");
	CHECK(silent());
	CHECK_EQ(tcp_glue_read(s, text, 8), 1);
	CHECK_EQ(hear().ack, 1001);
	CHECK_EQ(tcp_glue_write(s, "y", 1), 1);
	CHECK_EQ(hear().len, 1);
	iss++;
	say_text(1001, "z");
	CHECK_EQ(tcp_glue_read(s, text, 8), 1);
	CHECK(silent());
	glue_later(50);
	CHECK_EQ(hear().ack, 1002);		/* it did not answer */
	say_text(1002, "w");
	CHECK_EQ(tcp_glue_read(s, text, 8), 1);
	CHECK_EQ(hear().ack, 1003);
}

TEST(every_second_segment_is_acked)
{
	connected();
	for (unsigned n = 0; n < 10; n += 2) {
		say_bulk(1000 + n * MSS);
		CHECK(silent());
		say_bulk(1000 + (n + 1) * MSS);
		CHECK_EQ(hear().ack, 1000 + (n + 2) * MSS);
	}
	CHECK(silent());
}

TEST(segments_that_come_at_once_are_acked_once)
{
	connected();
	glue_hold();
	for (unsigned n = 0; n < 10; n++)
		say_bulk(1000 + n * MSS);
	CHECK(silent());
	glue_release();
	CHECK_EQ(hear().ack, 1000 + 10 * MSS);
	CHECK(silent());
	glue_hold();		/* but duplicates are counted: RFC 5681 */
	for (unsigned n = 11; n < 14; n++) {
		say_bulk(1000 + n * MSS);
		CHECK_EQ(hear().ack, 1000 + 10 * MSS);
	}
	say_bulk(1000 + 10 * MSS);
	CHECK_EQ(hear().ack, 1000 + 14 * MSS);
	glue_release();
	CHECK(silent());
}

TEST(a_large_segment_is_as_many)
{
	struct tcp_sock *s = connected();

	large = MSS;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .data = bulk, .len = 3 * MSS });
	CHECK_EQ(hear().ack, 1000 + 3 * MSS);
	large = 0;		/* the largest segment was one of MSS bytes */
	say_bulk(1000 + 3 * MSS);
	CHECK(silent());
	say_bulk(1000 + 4 * MSS);
	CHECK_EQ(hear().ack, 1000 + 5 * MSS);
	CHECK_EQ(tcp_glue_read(s, bulk, sizeof(bulk)), 5 * MSS);
}

TEST(who_goes_owes_no_ack)
{
	struct tcp_sock *s = connected();

	glue_hold();
	say_bulk(1000);
	say_bulk(1000 + MSS);
	tcp_glue_close(s);	/* unread: RFC 9293 3.6.1 */
	CHECK(hear().flags & RST);
	glue_release();
	CHECK(silent());
	CHECK_EQ(tcp_glue_count(), 1);
}

/* The buffer grows, but without scaling there is no more to tell. */
TEST(reading_says_nothing_of_a_window_that_is_full_size)
{
	struct tcp_sock *s = connected();

	for (unsigned n = 0; n < 200; n += 2) {
		say_bulk(1000 + n * MSS);
		say_bulk(1000 + (n + 1) * MSS);
		CHECK_EQ(hear().ack, 1000 + (n + 2) * MSS);
		CHECK_EQ(tcp_glue_read(s, bulk, 2 * MSS), 2 * MSS);
		if (n < 100)
			all_heard();
		else
			CHECK(silent());
	}
}

TEST(text_out_of_order)
{
	struct tcp_sock *s = connected();
	char text[32] = "";

	say_text(1006, "ghi");
	CHECK_EQ(hear().ack, 1000);
	say_text(1003, "defg");
	CHECK_EQ(hear().ack, 1000);
	say_text(1010, "k");
	CHECK_EQ(hear().ack, 1000);
	say_text(1000, "abcde");
	CHECK_EQ(hear().ack, 1009);
	say_text(1008, "ijk");
	CHECK_EQ(hear().ack, 1011);
	CHECK_EQ(tcp_glue_read(s, text, 32), 11);
	CHECK(!strcmp(text, "abcdefghijk"));
	say_text(1000, "abcdefghijk");
	CHECK_EQ(hear().ack, 1011);
	CHECK_EQ(tcp_glue_read(s, text, 32), -EAGAIN);
}

TEST(a_byte_at_a_time_is_not_a_packet_each)
{
	struct tcp_sock *s = connected();
	unsigned before = glue_memory();
	static char got[30000];

	for (unsigned n = 0; n < sizeof(got); n++) {
		say((struct segment){ .seq = 1000 + n, .ack = iss, .flags = ACK,
				      .data = bulk + n, .len = 1 });
		(void)hear();
	}
	CHECK(glue_memory() < before + 2000);
	CHECK_EQ(tcp_glue_read(s, got, sizeof(got)), sizeof(got));
	CHECK(!memcmp(got, bulk, sizeof(got)));
}

/* What fills the account are segments that nobody can read before the one that
 * is missing; it comes, and they come again. */
TEST(what_is_late_makes_room_for_what_is_next)
{
	struct tcp_sock *s = connected();
	static uint8_t got[40000];
	uint32_t acked = 1000;

	glue_allow(20000);
	for (unsigned n = 1; n < 40; n++)
		say((struct segment){ .seq = 1000 + 1000 * n, .ack = iss,
				      .flags = ACK, .data = bulk + 1000 * n,
				      .len = 1000 });
	all_heard();
	for (unsigned at = 0; at < 40000; at = acked - 1000) {
		struct segment g;

		say((struct segment){ .seq = acked, .ack = iss, .flags = ACK,
				      .data = bulk + at, .len = 1000 });
		glue_later(50);
		while ((g = hear()).flags)
			acked = g.ack;
		CHECK(acked - 1000 > at);
		at += tcp_glue_read(s, got + at, acked - 1000 - at);
		CHECK_EQ(at, acked - 1000);
	}
	CHECK(!memcmp(got, bulk, sizeof(got)));
}

/* A full account is a full buffer while something is on its way; and what the
 * others wait for goes even where there is no room for a segment beside them. */
TEST(who_writes_much_waits_for_memory)
{
	struct tcp_sock *s = connected();
	unsigned written = 0, ack = iss;

	glue_allow(4200);
	for (int n = 0; n < 100 && ack - iss < 20000; n++) {
		int more = tcp_glue_write(s, bulk, 20000 - written);
		struct segment g;

		CHECK(more > 0 || more == -EAGAIN || written == 20000);
		written += more > 0 ? more : 0;
		CHECK(written - (ack - iss) < 4200);
		glue_later(300);
		while ((g = hear()).flags)
			ack = g.seq + g.len;
		say((struct segment){ .seq = 1000, .ack = ack, .flags = ACK });
	}
	CHECK_EQ(ack - iss, 20000);
}

/* A window that closes over what was sent is probed within it: one number more is
 * of nothing that was said. */
TEST(a_probe_is_acked_only_if_it_was_sent)
{
	struct tcp_sock *s = connected();

	CHECK_EQ(tcp_glue_write(s, bulk, 1000), 1000);
	CHECK_EQ(hear().len, 1000);
	say((struct segment){ .seq = 1000, .ack = iss + 500, .flags = ACK,
			      .window = 1 });
	for (int n = 0; n < 20; n++)
		glue_later(500);
	all_heard();
	say((struct segment){ .seq = 1000, .ack = iss + 1001, .flags = ACK,
			      .window = 1 });
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
	say((struct segment){ .seq = 1000, .ack = iss + 1000, .flags = ACK });
	CHECK_EQ(tcp_glue_write(s, bulk, 10), 10);
	all_heard();
}

TEST(resets_must_be_exact)
{
	struct tcp_sock *s = connected();

	say((struct segment){ .seq = 1001, .flags = RST });
	CHECK_EQ(hear().flags, ACK);		/* RFC 5961 3.2 */
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
	say((struct segment){ .seq = 999, .flags = RST });
	CHECK(silent());
	say((struct segment){ .seq = 1000, .flags = RST });
	CHECK_EQ(tcp_glue_state(s), CLOSED);
	CHECK_EQ(tcp_glue_error(s), ECONNRESET);
}

TEST(a_syn_within_is_challenged)
{
	struct tcp_sock *s = connected();

	say((struct segment){ .seq = 1000, .flags = SYN });
	CHECK_EQ(hear().flags, ACK);
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
	say((struct segment){ .seq = 1000, .flags = SYN });
	CHECK(silent());			/* not so often */
}

TEST(acks_of_the_future_are_challenged)
{
	struct tcp_sock *s = connected();

	say((struct segment){ .seq = 1000, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(hear().ack, 1000);
	CHECK_EQ(tcp_glue_state(s), ESTABLISHED);
}

/* --- sending ------------------------------------------------------------------------------ */

TEST(small_ones_wait)
{
	struct tcp_sock *s = connected();

	CHECK_EQ(tcp_glue_write(s, "a", 1), 1);
	CHECK_EQ(hear().len, 1);
	CHECK_EQ(tcp_glue_write(s, "b", 1), 1);
	CHECK_EQ(tcp_glue_write(s, "c", 1), 1);
	CHECK(silent());			/* Nagle */
	say((struct segment){ .seq = 1000, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(hear().len, 2);
	tcp_glue_nodelay(s);
	CHECK_EQ(tcp_glue_write(s, "d", 1), 1);
	CHECK_EQ(hear().len, 1);
}

TEST(ten_segments_first)
{
	struct tcp_sock *s = connected();
	struct segment g;
	uint32_t at = iss;

	CHECK(tcp_glue_write(s, bulk, 50000) == 50000);
	for (int n = 0; n < 10; n++, at += MSS) {
		g = hear();
		CHECK_EQ(g.len, MSS);
		CHECK_EQ(g.seq, at);
	}
	CHECK(silent());
	say((struct segment){ .seq = 1000, .ack = iss + 2 * MSS,
			      .flags = ACK });
	for (int n = 0; n < 4; n++)		/* slow start */
		CHECK_EQ(hear().len, MSS);
	CHECK(silent());
}

TEST(time_out_and_again)
{
	struct tcp_sock *s = connected();

	CHECK_EQ(tcp_glue_write(s, "abc", 3), 3);
	CHECK_EQ(hear().seq, iss);
	glue_later(1001);
	CHECK_EQ(hear().seq, iss);
	glue_later(1001);
	CHECK(silent());
	glue_later(1001);			/* twice as long */
	CHECK_EQ(hear().seq, iss);
	say((struct segment){ .seq = 1000, .ack = iss + 3, .flags = ACK });
	for (int n = 0; n < 10; n++)
		glue_later(10000);
	CHECK(silent());
}

TEST(three_duplicates_resend)
{
	struct tcp_sock *s = connected();
	unsigned cwnd;

	CHECK(tcp_glue_write(s, bulk, 10 * MSS) == 10 * MSS);
	while (hear().flags)
		;
	cwnd = tcp_glue_cwnd(s);
	for (int n = 0; n < 2; n++)
		say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK(silent());
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK_EQ(hear().seq, iss);
	say((struct segment){ .seq = 1000, .ack = iss + 3 * MSS,
			      .flags = ACK });	/* another hole */
	CHECK_EQ(hear().seq, iss + 3 * MSS);
	say((struct segment){ .seq = 1000, .ack = iss + 10 * MSS,
			      .flags = ACK });
	CHECK(tcp_glue_cwnd(s) < cwnd);
	CHECK(silent());
}

TEST(a_closed_window_is_probed)
{
	struct tcp_sock *s = connected();
	struct segment g;

	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .window = 1 });	/* 0 */
	CHECK_EQ(tcp_glue_write(s, "abc", 3), 3);
	CHECK(silent());
	glue_later(1001);
	g = hear();
	CHECK_EQ(g.seq, iss);
	CHECK_EQ(g.len, 1);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .window = 1 });
	glue_later(2001);
	CHECK_EQ(hear().len, 1);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK_EQ(hear().len, 3);
}

TEST(our_window_closes_and_opens)
{
	struct tcp_sock *s = connected();
	uint32_t seq = 1000;
	unsigned window = 65535;
	struct segment g;

	while (window >= MSS) {
		say((struct segment){ .seq = seq, .ack = iss, .flags = ACK,
				      .data = bulk, .len = MSS });
		seq += MSS;
		g = hear();
		if (g.flags) {
			CHECK_EQ(g.ack, seq);
			window = g.window;
		}
	}
	CHECK(tcp_glue_read(s, bulk, 50000) == 50000);
	CHECK(hear().window > 40000);
}

TEST(sack_fills_the_holes)
{
	static const uint8_t ok[] = { 1, 1, 4, 2 };
	uint8_t sack[] = { 1, 1, 5, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			   0, 0, 0, 0 };
	struct tcp_sock *s;
	struct segment g;

	begin();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS,
			      .options = ok, .options_len = 4 });
	g = hear();
	iss = g.seq + 1;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	s = tcp_glue_accept(server);
	CHECK(tcp_glue_write(s, bulk, 10 * MSS) == 10 * MSS);
	while (hear().flags)
		;
	put32(sack + 4, iss + 6 * MSS);	/* 0, 4 and 5 are missing */
	put32(sack + 8, iss + 10 * MSS);
	put32(sack + 12, iss + MSS);
	put32(sack + 16, iss + 4 * MSS);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .options = sack, .options_len = 20 });
	CHECK_EQ(hear().seq, iss);
	say((struct segment){ .seq = 1000, .ack = iss + 4 * MSS, .flags = ACK,
			      .options = sack, .options_len = 12 });
	(void)s;
}

/* --- closing ------------------------------------------------------------------------------ */

TEST(we_close_first)
{
	struct tcp_sock *s = connected();
	unsigned before = tcp_glue_count();
	struct segment g;

	tcp_glue_close(s);
	g = hear();
	CHECK_EQ(g.flags, FIN | ACK);
	CHECK_EQ(tcp_glue_state(s), FIN_WAIT1);
	say((struct segment){ .seq = 1000, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(tcp_glue_state(s), FIN_WAIT2);
	say((struct segment){ .seq = 1000, .ack = iss + 1,
			      .flags = FIN | ACK });
	CHECK_EQ(tcp_glue_state(s), TIME_WAIT);
	CHECK_EQ(hear().ack, 1001);
	say((struct segment){ .seq = 1000, .ack = iss + 1,
			      .flags = FIN | ACK });
	CHECK_EQ(hear().ack, 1001);
	glue_later(60001);
	CHECK_EQ(tcp_glue_count(), before - 1);
}

TEST(they_close_first)
{
	struct tcp_sock *s = connected();
	unsigned before = tcp_glue_count();
	char text[4];

	say((struct segment){ .seq = 1000, .ack = iss, .flags = FIN | ACK });
	CHECK_EQ(hear().ack, 1001);
	CHECK_EQ(tcp_glue_state(s), CLOSE_WAIT);
	CHECK_EQ(tcp_glue_read(s, text, 4), 0);
	tcp_glue_close(s);
	CHECK_EQ(hear().flags, FIN | ACK);
	CHECK_EQ(tcp_glue_state(s), LAST_ACK);
	say((struct segment){ .seq = 1001, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(tcp_glue_count(), before - 1);
}

TEST(both_close_at_once)
{
	struct tcp_sock *s = connected();

	tcp_glue_end_write(s);
	CHECK_EQ(hear().flags, FIN | ACK);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = FIN | ACK });
	CHECK_EQ(tcp_glue_state(s), CLOSING);
	CHECK_EQ(hear().ack, 1001);
	say((struct segment){ .seq = 1001, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(tcp_glue_state(s), TIME_WAIT);
}

TEST(a_new_syn_ends_time_wait)
{
	struct tcp_sock *s = connected();

	tcp_glue_close(s);
	(void)hear();
	say((struct segment){ .seq = 1000, .ack = iss + 1,
			      .flags = FIN | ACK });
	(void)hear();
	say((struct segment){ .seq = 900, .flags = SYN });
	CHECK_EQ(hear().flags, ACK);		/* an old one */
	say((struct segment){ .seq = 5000, .flags = SYN });
	CHECK_EQ(hear().flags, SYN | ACK);
}

TEST(text_for_nobody_resets)
{
	struct tcp_sock *s = connected();
	unsigned before = tcp_glue_count();

	tcp_glue_close(s);
	CHECK_EQ(hear().flags, FIN | ACK);
	say((struct segment){ .seq = 1000, .ack = iss + 1, .flags = ACK,
			      .data = "x", .len = 1 });
	CHECK(hear().flags & RST);
	CHECK_EQ(tcp_glue_count(), before - 1);
}

TEST(keepalive_gives_up)
{
	struct tcp_sock *s = connected();

	tcp_glue_keepalive(s, 10000);
	glue_later(10001);
	CHECK_EQ(hear().seq, iss - 1);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	for (int n = 0; n < 5; n++)
		glue_later(10001);
	CHECK_EQ(hear().seq, iss - 1);
	CHECK_EQ(hear().seq, iss - 1);
	CHECK(hear().flags & RST);
	CHECK_EQ(tcp_glue_error(s), ETIMEDOUT);
}

static void flood(unsigned syns)
{
	for (unsigned n = 0; n < syns; n++) {
		say((struct segment){ .seq = n, .flags = SYN,
				      .sport = 6000 + n });
		(void)hear();
	}
}

TEST(a_flood_of_syns_is_bounded)
{
	uint64_t fails;
	unsigned before;

	begin();
	fails = glue_counter("AttemptFails");
	before = glue_memory();
	flood(5000);
	CHECK(glue_memory() < before + 300);
	CHECK_EQ(glue_counter("AttemptFails"), fails);	/* as yet */
	tcp_glue_close(server);
	CHECK(glue_memory() <= before);
}

/* RFC 4987 3.6: what it said in the SYN is known, though nothing was kept. */
/* Who says SYN with these options during a flood is let in by his ACK, with echo,
 * and what he said then is remembered: a window of 101 is 101 << 5. */
static void gets_through(const uint8_t *options, unsigned options_len,
			 uint8_t *echo, unsigned echo_len)
{
	struct tcp_sock *s;
	struct segment g;
	unsigned before;
	char text[8] = "";

	begin();
	flood(300);
	before = glue_memory();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS,
			      .options = options, .options_len = options_len });
	g = hear();
	CHECK_EQ(g.flags, SYN | ACK);
	CHECK_EQ(glue_memory(), before);
	say((struct segment){ .seq = 1000, .ack = g.seq + 129, .flags = ACK });
	CHECK_EQ(hear().flags, RST);		/* a guess */
	CHECK(!tcp_glue_accept(server));
	if (echo_len)
		memcpy(echo + 8, (const uint8_t *)g.options + 16, 4);
	iss = g.seq + 1;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .window = 101, .data = "abc", .len = 3,
			      .options = echo, .options_len = echo_len });
	s = tcp_glue_accept(server);
	CHECK(s != NULL);
	CHECK_EQ(tcp_glue_read(s, text, 8), 3);
	CHECK(!strcmp(text, "abc"));
	CHECK_EQ(tcp_glue_write(s, bulk, 3000), 3000);
	g = hear();
	if (!g.len)
		g = hear();		/* the ack went first */
	CHECK_EQ(g.len, MSS - echo_len);
	CHECK_EQ(hear().len, MSS - echo_len);
	CHECK_EQ(hear().len, 0);
}

static const uint8_t options[] = { 1, 1, 4, 2, 1, 3, 3, 5, 1, 1, 8, 10,
				   0, 0, 0, 7, 0, 0, 0, 0 };

TEST(a_client_gets_through_a_flood)
{
	uint8_t echo[] = { 1, 1, 8, 10, 0, 0, 0, 8, 0, 0, 0, 0 };

	gets_through(options, sizeof(options), echo, sizeof(echo));
}

TEST(a_client_without_a_clock_does_too)
{
	gets_through(options, 8, NULL, 0);
}

TEST(any_bytes_do_no_harm)
{
	struct tcp_sock *s = connected();
	uint32_t x = 1;

	for (int n = 0; n < 20000; n++) {
		uint8_t options[40];
		struct segment g;

		for (unsigned i = 0; i < sizeof(options); i++)
			options[i] = (x = x * 1103515245 + 12345) >> 16;
		g = (struct segment){
			.seq = 1000 + (int8_t)options[0] * (options[1] & 1 ?
							    1 : 4096),
			.ack = iss + (int8_t)options[2] % 8,
			.flags = options[3] & (ACK | PSH | URG | SYN | FIN),
			.options = options, .options_len = options[4] % 11 * 4,
			.data = bulk, .len = options[5], .window = options[6],
		};
		say(g);
		(void)tcp_glue_write(s, bulk, options[7]);
		if (!(n % 50))
			glue_later(options[8]);
		while (hear().flags)
			;
	}
}
