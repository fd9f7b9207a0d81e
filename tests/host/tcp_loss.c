/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_loss.c - TCP where not all goes well: what is old, lost or too big, whom
 * nobody answers, resets in each state; against a peer (net/tcp_peer.h).
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

/* --- timestamps ---------------------------------------------------------------------------- */

enum { TIME_AT = 4 };

/* A connection with timestamps and SACK; *ours: our last value. */
static struct tcp_sock *connected_with_options(uint32_t *ours)
{
	uint8_t o[] = { 1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 4, 2 };
	struct tcp_sock *s;
	struct segment g;

	begin();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS,
			      .options = o, .options_len = 16 });
	g = hear();
	CHECK_EQ(g.options_len, 20);
	*ours = get32(g.options + 12);
	iss = g.seq + 1;
	put32(o + TIME_AT + 4, *ours);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .options = o, .options_len = 12 });
	s = tcp_glue_accept(server);
	CHECK(s != NULL);
	CHECK(silent());
	return s;
}

static void say_at(uint32_t when, struct segment g)
{
	uint8_t o[] = { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0 };

	put32(o + TIME_AT, when);
	g.options = o;
	g.options_len = 12;
	say(g);
}

/* RFC 7323 5.3 */
TEST(what_is_old_is_dropped_but_resets_are_not)
{
	uint32_t ours;
	struct tcp_sock *s = connected_with_options(&ours);
	char text[8] = "";

	say_at(255, (struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
				      .data = "old", .len = 3 });
	CHECK_EQ(hear().ack, 1000);
	CHECK_EQ(tcp_glue_read(s, text, 8), -EAGAIN);
	say_at(256, (struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
				      .data = "new", .len = 3 });
	CHECK_EQ(tcp_glue_read(s, text, 8), 3);
	CHECK(!strcmp(text, "new"));
	say_at(1, (struct segment){ .seq = 1003, .flags = RST });
	CHECK_EQ(tcp_glue_state(s), CLOSED);
}

/* The echo is of the segment that the last ack was about: 4.3. */
TEST(timestamps_are_echoed)
{
	uint32_t ours;
	struct tcp_sock *s = connected_with_options(&ours);
	struct segment g;

	(void)s;
	say_at(300, (struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
				      .data = "a", .len = 1 });
	glue_later(100);
	g = hear();
	CHECK_EQ(get32(g.options + 8), 300);
	CHECK(get32(g.options + 4) - ours >= 100);
	say_at(400, (struct segment){ .seq = 1002, .ack = iss, .flags = ACK,
				      .data = "c", .len = 1 });
	CHECK_EQ(get32(hear().options + 8), 300);	/* there is a hole */
}

/* --- loss ------------------------------------------------------------------------------------ */

/* RFC 3042 */
TEST(two_duplicates_let_new_ones_go)
{
	struct tcp_sock *s = connected();

	CHECK(tcp_glue_write(s, bulk, 30 * MSS) == 30 * MSS);
	all_heard();
	for (unsigned n = 0; n < 2; n++) {
		say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
		CHECK_EQ(hear().seq, iss + (10 + n) * MSS);
		CHECK(silent());
	}
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK_EQ(hear().seq, iss);
	CHECK_EQ(tcp_glue_ssthresh(s), 7 * 1460);	/* beta is 0.7 */
}

TEST(reno_halves)
{
	struct tcp_sock *s = connected();

	tcp_glue_reno(s);
	CHECK(tcp_glue_write(s, bulk, 30 * MSS) == 30 * MSS);
	all_heard();
	for (unsigned n = 0; n < 3; n++)
		say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK_EQ(tcp_glue_ssthresh(s), 6 * MSS);	/* 12 are under way */
	all_heard();
	say((struct segment){ .seq = 1000, .ack = iss + 12 * MSS,
			      .flags = ACK });
	CHECK_EQ(tcp_glue_cwnd(s), 6 * MSS);
	for (unsigned n = 13; n <= 18; n++)	/* a window: one more */
		say((struct segment){ .seq = 1000, .ack = iss + n * MSS,
				      .flags = ACK });
	CHECK_EQ(tcp_glue_cwnd(s), 7 * MSS);
}

/* n ranges of SACK, in segments of len bytes from iss on. */
static void say_sack(uint32_t ack, unsigned len, unsigned n,
		     const unsigned (*r)[2])
{
	uint8_t o[40] = { 1, 1, 5, 2 + 8 * n };

	for (unsigned i = 0; i < n; i++) {
		put32(o + 4 + 8 * i, iss + r[i][0] * len);
		put32(o + 8 + 8 * i, iss + r[i][1] * len);
	}
	say((struct segment){ .seq = 1000, .ack = ack, .flags = ACK,
			      .options = o, .options_len = 4 + 8 * n });
}

static struct tcp_sock *connected_with_sack(void)
{
	static const uint8_t ok[] = { 1, 1, 4, 2 };

	begin();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS,
			      .options = ok, .options_len = 4 });
	iss = hear().seq + 1;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	return tcp_glue_accept(server);
}

/* RFC 6675: of 0 .. 9 there are lost 0, 4 and 5; 9 is under way, who knows. */
TEST(sack_resends_what_is_lost_and_no_more)
{
	struct tcp_sock *s = connected_with_sack();

	CHECK(tcp_glue_write(s, bulk, 10 * MSS) == 10 * MSS);
	all_heard();
	say_sack(iss, MSS, 1, (const unsigned[][2]){ { 1, 2 } });
	say_sack(iss, MSS, 1, (const unsigned[][2]){ { 1, 3 } });
	CHECK(silent());		/* two segments: it may be late */
	say_sack(iss, MSS, 1, (const unsigned[][2]){ { 1, 4 } });
	CHECK_EQ(hear().seq, iss);
	CHECK(silent());
	say_sack(iss, MSS, 2, (const unsigned[][2]){ { 6, 9 }, { 1, 4 } });
	CHECK_EQ(hear().seq, iss + 4 * MSS);
	CHECK_EQ(hear().seq, iss + 5 * MSS);
	CHECK(silent());
	say_sack(iss + 6 * MSS, MSS, 1, (const unsigned[][2]){ { 6, 9 } });
	say((struct segment){ .seq = 1000, .ack = iss + 10 * MSS,
			      .flags = ACK });
	CHECK_EQ(tcp_glue_cwnd(s), 7 * MSS);
}

/* What was sent again has been acknowledged long ago, and the other has sent
 * more: both must look at each other's acks, or they talk for ever. */
TEST(an_ack_after_a_time_out_is_acceptable)
{
	struct tcp_sock *s = connected();
	struct segment g;

	CHECK(tcp_glue_write(s, bulk, 3 * MSS) == 3 * MSS);
	all_heard();
	glue_later(1001);
	CHECK_EQ(hear().seq, iss);
	say((struct segment){ .seq = 900, .ack = iss, .flags = ACK,
			      .data = "x", .len = 1 });
	g = hear();
	CHECK_EQ(g.len, 0);
	CHECK_EQ(g.seq, iss + 3 * MSS);
}

/* --- sizes --------------------------------------------------------------------------------- */

/* ICMP says that what we sent last is too big. */
static void say_too_big(unsigned mtu)
{
	uint8_t *b = frame + HEAD, *icmp = b + IP;
	unsigned n = 8 + IP + 8;

	memcpy(frame, us, 6);
	memcpy(frame + 6, peer, 6);
	put16(frame + 12, 0x0800);
	memset(b, 0, IP + n);
	b[0] = 0x45;
	put16(b + 2, IP + n);
	b[8] = 64;
	b[9] = 1;
	memcpy(b + 12, back + HEAD + 16, 4);
	memcpy(b + 16, back + HEAD + 12, 4);
	put16(b + 10, fold(sum(0, b, IP)));
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, mtu);
	memcpy(icmp + 8, back + HEAD, IP + 8);
	put16(icmp + 2, fold(sum(0, icmp, n)));
	glue_frame(frame, HEAD + IP + n);
}

/* RFC 1191 6.4. Each that was too large is told of: once is enough. */
TEST(a_path_may_become_smaller)
{
	struct tcp_sock *s = connected();
	uint8_t large[64];

	CHECK(tcp_glue_write(s, bulk, 2 * MSS) == 2 * MSS);
	CHECK_EQ(hear().len, MSS);
	CHECK_EQ(hear().len, MSS);
	memcpy(large, back, sizeof(large));
	say_too_big(1000);
	CHECK_EQ(hear().len, 960);
	CHECK_EQ(hear().len, 960);
	CHECK_EQ(hear().len, 960);
	CHECK_EQ(hear().len, 40);
	CHECK(silent());
	memcpy(back, large, sizeof(large));
	say_too_big(1000);
	CHECK(silent());
	memcpy(back, large, sizeof(large));
	say_too_big(900);
	for (int n = 0; n < 3; n++)
		CHECK_EQ(hear().len, 860);
	CHECK_EQ(hear().len, 340);
	CHECK(silent());
}

TEST(a_path_by_one_device_may_become_smaller)
{
	struct tcp_sock *s = connected();

	tcp_glue_by_device(s);
	CHECK(tcp_glue_write(s, bulk, MSS) == MSS);
	CHECK_EQ(hear().len, MSS);
	say_too_big(1000);
	CHECK_EQ(hear().len, 960);
	CHECK_EQ(hear().len, 500);
}

TEST(too_big_must_be_of_what_was_sent)
{
	struct tcp_sock *s = connected();

	CHECK(tcp_glue_write(s, bulk, MSS) == MSS);
	CHECK_EQ(hear().len, MSS);
	put32(back + HEAD + IP + 4, iss - 5000);
	say_too_big(1000);
	CHECK(silent());
	CHECK(!strcmp(glue_route("10.0.0.9"), "eth0 10.0.0.9 10.0.0.1 1500"));
}

/* RFC 2923 2.1 */
TEST(a_black_hole_gets_smaller_ones)
{
	struct tcp_sock *s = connected();
	unsigned len = MSS;

	CHECK(tcp_glue_write(s, bulk, 2 * MSS) == 2 * MSS);
	all_heard();
	for (unsigned n = 0; n < 8 && len == MSS; n++) {
		glue_later(60000);
		len = hear().len;
		know_peer();
	}
	CHECK_EQ(len, 536);
}

TEST(a_device_cuts_segments)
{
	struct tcp_sock *s = connected();
	struct segment g;

	tcp_glue_cutting(true);
	CHECK(tcp_glue_write(s, bulk, 50000) == 50000);
	glue_settle();
	g.len = glue_sent(back, sizeof(back));
	tcp_glue_cutting(false);
	CHECK_EQ(g.len, HEAD + IP + TCP + 10 * MSS);
	CHECK_EQ(glue_sent(back, sizeof(back)), 0);
}

/* --- giving up -------------------------------------------------------------------------------- */

/* RFC 5482 */
TEST(a_user_has_waited_enough)
{
	struct tcp_sock *s = connected();
	unsigned n = 0;

	tcp_glue_user_timeout(s, 10000);
	CHECK_EQ(tcp_glue_write(s, "x", 1), 1);
	for (; tcp_glue_state(s) == ESTABLISHED && n < 60; n++) {
		glue_later(1000);
		all_heard();
		know_peer();
	}
	CHECK_EQ(tcp_glue_error(s), ETIMEDOUT);
	CHECK(n >= 10 && n <= 16);
}

TEST(nobody_waits_in_fin_wait_2_for_ever)
{
	struct tcp_sock *s = connected();
	unsigned before = tcp_glue_count();

	tcp_glue_close(s);
	(void)hear();
	say((struct segment){ .seq = 1000, .ack = iss + 1, .flags = ACK });
	CHECK_EQ(tcp_glue_state(s), FIN_WAIT2);
	glue_later(59000);
	CHECK_EQ(tcp_glue_count(), before);
	glue_later(1001);
	CHECK_EQ(tcp_glue_count(), before - 1);
}

/* --- resets in each state --------------------------------------------- */

/* Brings a connection there. */
static struct tcp_sock *brought_to(int state)
{
	struct tcp_sock *s = connected();

	if (state == CLOSE_WAIT || state == LAST_ACK) {
		say((struct segment){ .seq = theirs++, .ack = iss,
				      .flags = FIN | ACK });
	}
	if (state != ESTABLISHED && state != CLOSE_WAIT)
		tcp_glue_end_write(s);
	if (state == FIN_WAIT2 || state == TIME_WAIT)
		say((struct segment){ .seq = theirs, .ack = iss + 1,
				      .flags = ACK });
	if (state == CLOSING || state == TIME_WAIT)
		say((struct segment){ .seq = theirs++,
				      .ack = iss + (state == TIME_WAIT),
				      .flags = FIN | ACK });
	all_heard();
	CHECK_EQ(tcp_glue_state(s), state);
	return s;
}

/* RFC 9293 3.10.7.4, RFC 5961 3.2, RFC 1337: one that is exact ends it, with
 * this error; 0: it does not. */
static void resets(int state, int error)
{
	struct tcp_sock *s = brought_to(state);

	say((struct segment){ .seq = theirs - 1, .flags = RST });
	CHECK(silent());
	CHECK_EQ(tcp_glue_state(s), state);
	say((struct segment){ .seq = theirs + 1, .flags = RST });
	CHECK_EQ(hear().flags, error ? ACK : 0);
	CHECK_EQ(tcp_glue_state(s), state);
	say((struct segment){ .seq = theirs, .flags = RST });
	CHECK(silent());
	CHECK_EQ(tcp_glue_state(s), error ? CLOSED : state);
	CHECK_EQ(tcp_glue_error(s), error);
}

TEST(resets_in_established)
{
	resets(ESTABLISHED, ECONNRESET);
}

TEST(resets_in_fin_wait_1)
{
	resets(FIN_WAIT1, ECONNRESET);
}

TEST(resets_in_fin_wait_2)
{
	resets(FIN_WAIT2, ECONNRESET);
}

TEST(resets_in_close_wait)
{
	resets(CLOSE_WAIT, EPIPE);
}

TEST(resets_in_closing)
{
	resets(CLOSING, ECONNRESET);
}

TEST(resets_in_last_ack)
{
	resets(LAST_ACK, ECONNRESET);
}

TEST(resets_in_time_wait)
{
	resets(TIME_WAIT, 0);
}

/* TCP_DEFER_ACCEPT: the time for it is over, and it is one like any other. */
TEST(who_said_nothing_is_accepted_and_resent_to)
{
	struct tcp_sock *s;

	begin();
	tcp_glue_defer(server, 3);
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	iss = hear().seq + 1;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK(!tcp_glue_accept(server));
	glue_later(1001);
	CHECK(silent());			/* it has got our SYN */
	glue_later(2000);
	CHECK_EQ(hear().flags, SYN | ACK);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	s = tcp_glue_accept(server);
	CHECK(s != NULL);
	CHECK_EQ(tcp_glue_write(s, "late", 4), 4);
	CHECK_EQ(hear().len, 4);
	glue_later(1500);
	CHECK_EQ(hear().len, 4);
}

/* It waits for as long as it was told, however often our SYN might have been sent
 * in that time. */
TEST(who_said_nothing_is_waited_for)
{
	struct tcp_sock *s;

	begin();
	tcp_glue_defer(server, 300);
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	iss = hear().seq + 1;
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	for (int n = 0; n < 250; n++)
		glue_later(1000);
	CHECK(silent());
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK,
			      .data = "abc", .len = 3 });
	s = tcp_glue_accept(server);
	CHECK(s != NULL);
}

/* RFC 6528: others tell nothing of it; of the same pair it is later than before. */
TEST(nobody_guesses_the_first_number)
{
	uint32_t first[4];

	begin();
	for (unsigned n = 0; n < 4; n++) {
		say((struct segment){ .seq = 999, .flags = SYN,
				      .sport = 7000 + n % 3 });
		first[n] = hear().seq;
		say((struct segment){ .seq = 1000, .flags = RST,
				      .sport = 7000 + n % 3 });
		if (n == 2)
			glue_later(1000);
	}
	CHECK(first[1] - first[0] > 1 << 16 && first[0] - first[1] > 1 << 16);
	CHECK(first[2] - first[1] > 1 << 16 && first[1] - first[2] > 1 << 16);
	CHECK(first[2] - first[1] != first[1] - first[0]);
	CHECK_EQ(first[3] - first[0], 250000);		/* of 4 us */
}

/* RFC 2883: a range at or below what is acknowledged says that it came twice. */
TEST(what_came_twice_is_no_loss)
{
	struct tcp_sock *s = connected_with_sack();
	unsigned cwnd;

	CHECK(tcp_glue_write(s, bulk, 10 * MSS) == 10 * MSS);
	all_heard();
	say_sack(iss + 4 * MSS, MSS, 1, (const unsigned[][2]){ { 0, 1 } });
	cwnd = tcp_glue_cwnd(s);
	for (unsigned n = 1; n < 4; n++)
		say_sack(iss + 4 * MSS, MSS, 1,
			 (const unsigned[][2]){ { n, n + 1 } });
	CHECK(silent());
	CHECK_EQ(tcp_glue_cwnd(s), cwnd);
}

/* RFC 7661, RFC 3465 */
TEST(a_window_that_is_used_grows_by_two_for_an_ack)
{
	struct tcp_sock *s = connected();
	unsigned cwnd = tcp_glue_cwnd(s);

	CHECK_EQ(cwnd, 10 * MSS);
	CHECK(tcp_glue_write(s, bulk, MSS) == MSS);
	say((struct segment){ .seq = 1000, .ack = iss + MSS, .flags = ACK });
	CHECK_EQ(tcp_glue_cwnd(s), cwnd);		/* it was idle */
	CHECK(tcp_glue_write(s, bulk, 10 * MSS) == 10 * MSS);
	say((struct segment){ .seq = 1000, .ack = iss + 11 * MSS,
			      .flags = ACK });
	CHECK_EQ(tcp_glue_cwnd(s), cwnd + 2 * MSS);
}

TEST(a_reset_ends_a_handshake)
{
	unsigned before;

	begin();
	before = glue_memory();
	say((struct segment){ .seq = 999, .flags = SYN, .mss = MSS });
	iss = hear().seq + 1;
	say((struct segment){ .seq = 1001, .flags = RST });
	CHECK_EQ(hear().flags, ACK);		/* RFC 5961 3.2 */
	CHECK(glue_memory() > before);
	say((struct segment){ .seq = 1000, .flags = RST });
	CHECK_EQ(glue_memory(), before);
	say((struct segment){ .seq = 1000, .ack = iss, .flags = ACK });
	CHECK_EQ(hear().flags, RST);
}
