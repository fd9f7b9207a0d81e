/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet.c - whose an address, a port and a packet is: the host's, a jail's, that
 * of a jail in a jail. On the IP stack of net/glue.h.
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
 */
#include "ktap.h"
#include "net/glue.h"

static struct glue_sock *bound(struct prison *p, const char *addr,
			       unsigned port, unsigned flags, const char *name)
{
	int err;
	struct glue_sock *s = glue_bind(p, addr, port, flags, &err);

	if (!s)
		FAIL("%s:%u: %s", addr, port, strerror(-err));
	if (name && strcmp(glue_name(s), name))
		FAIL("%s:%u is %s, not %s", addr, port, glue_name(s), name);
	return s;
}

static void refused(struct prison *p, const char *addr, unsigned port,
		    unsigned flags, int want)
{
	int err;

	if (glue_bind(p, addr, port, flags, &err))
		FAIL("%s:%u is bound", addr, port);
	CHECK_EQ(err, -want);
}

static void addresses(void)
{
	glue_begin();
	CHECK_EQ(glue_address("10.0.0.20", 32), 0);
	CHECK_EQ(glue_address("10.0.0.21", 32), 0);
	CHECK_EQ(glue_address("10.0.0.22", 32), 0);
}

TEST(a_jail_has_its_address_and_no_other)
{
	struct prison *a, *none, *inherits, *two;
	int err;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", NULL, NULL);
	bound(a, "0.0.0.0", 80, 0, "10.0.0.20:80");
	bound(a, "127.0.0.1", 81, 0, "10.0.0.20:81");
	bound(a, "127.8.8.8", 82, 0, "10.0.0.20:82");
	bound(a, "10.0.0.20", 83, 0, "10.0.0.20:83");
	refused(a, "10.0.0.1", 84, 0, EADDRNOTAVAIL);
	refused(a, "10.0.0.21", 84, 0, EADDRNOTAVAIL);
	refused(a, "224.0.0.1", 84, 0, EADDRNOTAVAIL);
	refused(a, "10.0.0.255", 84, 0, EADDRNOTAVAIL);
	refused(NULL, "10.0.0.99", 84, 0, EADDRNOTAVAIL);
	two = glue_jail(NULL, "10.0.0.21", "10.0.0.22", NULL);
	bound(two, "0.0.0.0", 80, 0, "0.0.0.0:80");
	bound(two, "127.0.0.1", 81, 0, "10.0.0.21:81");
	none = glue_jail(NULL, NULL, NULL, NULL);
	CHECK(!glue_bind(none, "0.0.0.0", 80, 0, &err));
	CHECK_EQ(err, -EAFNOSUPPORT);
	inherits = glue_jail(a, "10.0.0.20", NULL, NULL);
	bound(inherits, "0.0.0.0", 85, 0, "10.0.0.20:85");
}

TEST(the_most_exact_claim_gets_the_packet)
{
	struct glue_sock *host, *jail, *two, *exact, *inner;
	struct prison *a, *b, *child;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", NULL, NULL);
	b = glue_jail(NULL, "10.0.0.21", "10.0.0.22", NULL);
	host = bound(NULL, "0.0.0.0", 80, 0, NULL);
	CHECK(glue_lookup("10.0.0.20", 80) == host);	/* the known hazard */
	jail = bound(a, "0.0.0.0", 80, 0, NULL);
	two = bound(b, "0.0.0.0", 80, 0, NULL);
	CHECK(glue_lookup("10.0.0.20", 80) == jail);
	CHECK(glue_lookup("10.0.0.21", 80) == two);
	CHECK(glue_lookup("10.0.0.22", 80) == two);
	CHECK(glue_lookup("10.0.0.1", 80) == host);
	CHECK(glue_lookup("127.0.0.1", 80) == host);
	exact = bound(b, "10.0.0.22", 8080, 0, NULL);
	CHECK(glue_lookup("10.0.0.22", 8080) == exact);
	CHECK(!glue_lookup("10.0.0.21", 8080));
	child = glue_jail(b, "10.0.0.22", NULL, NULL);
	inner = bound(child, "0.0.0.0", 80, 0, NULL);
	CHECK(glue_lookup("10.0.0.22", 80) == inner);
	CHECK(glue_lookup("10.0.0.21", 80) == two);
	glue_close(inner);
	CHECK(glue_lookup("10.0.0.22", 80) == two);
	glue_close(two);
	CHECK(glue_lookup("10.0.0.22", 80) == host);
	glue_close(host);
	CHECK(!glue_lookup("10.0.0.1", 80));
	CHECK(glue_lookup("10.0.0.20", 80) == jail);
}

/* Who claims all addresses claims those that the prison has now. */
TEST(claims_of_all_follow_the_addresses)
{
	struct glue_sock *host, *outer, *inner;
	struct prison *b, *child;

	addresses();
	b = glue_jail(NULL, "10.0.0.20", "10.0.0.21", "10.0.0.22");
	child = glue_jail(b, "10.0.0.21", "10.0.0.22", NULL);
	host = bound(NULL, "0.0.0.0", 80, 0, NULL);
	outer = bound(b, "0.0.0.0", 80, 0, NULL);
	inner = bound(child, "0.0.0.0", 80, 0, "0.0.0.0:80");
	CHECK(glue_lookup("10.0.0.20", 80) == outer);
	CHECK(glue_lookup("10.0.0.21", 80) == inner);
	CHECK(glue_lookup("10.0.0.22", 80) == inner);
	glue_jail_addresses(child, "10.0.0.22", NULL, NULL);
	CHECK(glue_lookup("10.0.0.21", 80) == outer);
	CHECK(glue_lookup("10.0.0.22", 80) == inner);
	glue_jail_addresses(b, "10.0.0.20", "10.0.0.21", NULL);
	CHECK(glue_lookup("10.0.0.22", 80) == host);	/* the child's too */
	glue_jail_addresses(b, "10.0.0.22", "10.0.0.21", NULL);
	CHECK(glue_lookup("10.0.0.22", 80) == outer);
	CHECK(glue_lookup("10.0.0.20", 80) == host);
	glue_jail_addresses(child, "10.0.0.22", "10.0.0.21", NULL);
	CHECK(glue_lookup("10.0.0.22", 80) == inner);
	CHECK_EQ(glue_connect(inner, "10.0.0.9", 9), 0);
	CHECK(glue_lookup("10.0.0.22", 80) == outer);	/* it claims no more */
	glue_close(outer);
	CHECK(glue_lookup("10.0.0.22", 80) == host);
	glue_jail_addresses(b, NULL, NULL, NULL);
	CHECK(glue_lookup("10.0.0.22", 80) == host);
	glue_close(inner);
}

/* Two that had more addresses may come to share one. */
TEST(brothers_with_the_same_address)
{
	struct glue_sock *host, *one, *two;
	struct prison *a, *b;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", "10.0.0.21", NULL);
	b = glue_jail(NULL, "10.0.0.22", "10.0.0.1", NULL);
	host = bound(NULL, "0.0.0.0", 80, 0, NULL);
	one = bound(a, "0.0.0.0", 80, 0, NULL);
	two = bound(b, "0.0.0.0", 80, 0, NULL);
	glue_jail_addresses(a, "10.0.0.20", NULL, NULL);
	glue_jail_addresses(b, "10.0.0.20", NULL, NULL);
	CHECK(glue_lookup("10.0.0.20", 80) != host);
	glue_close(one);
	CHECK(glue_lookup("10.0.0.20", 80) == two);
	one = bound(a, "0.0.0.0", 80, 0, "10.0.0.20:80");
	CHECK(glue_lookup("10.0.0.20", 80) == one);
	refused(b, "10.0.0.20", 80, 0, EADDRINUSE);
	glue_close(two);
	refused(b, "10.0.0.20", 80, 0, EADDRINUSE);	/* his brother's */
	glue_close(one);
	CHECK(glue_lookup("10.0.0.20", 80) == host);
}

TEST(an_end_of_a_connection_is_taken_for_all_realms)
{
	struct glue_sock *s;
	struct prison *a, *child;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", NULL, NULL);
	child = glue_jail(a, "10.0.0.20", NULL, NULL);
	s = bound(child, "0.0.0.0", 80, 0, "10.0.0.20:80");
	CHECK_EQ(glue_connect(s, "10.0.0.9", 9999), 0);
	CHECK(!glue_lookup("10.0.0.20", 81));
	refused(child, "10.0.0.20", 80, 0, EADDRINUSE);
	refused(a, "10.0.0.20", 80, 0, EADDRINUSE);
	refused(NULL, "10.0.0.20", 80, 0, EADDRINUSE);
	bound(NULL, "0.0.0.0", 80, 0, NULL);
	bound(NULL, "10.0.0.21", 81, 0, NULL);
	refused(NULL, "0.0.0.0", 81, 0, EADDRINUSE);
	glue_close(s);
	bound(a, "10.0.0.20", 80, 0, NULL);
}

TEST(claims_exclude_each_other_as_on_linux)
{
	struct prison *a;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", NULL, NULL);
	bound(NULL, "0.0.0.0", 80, 0, NULL);
	refused(NULL, "0.0.0.0", 80, 0, EADDRINUSE);
	refused(NULL, "10.0.0.1", 80, 0, EADDRINUSE);
	refused(NULL, "10.0.0.1", 80, GLUE_REUSEADDR, EADDRINUSE);
	bound(a, "0.0.0.0", 80, 0, NULL);
	refused(a, "10.0.0.20", 80, 0, EADDRINUSE);
	bound(NULL, "0.0.0.0", 81, GLUE_REUSEADDR, NULL);
	bound(NULL, "0.0.0.0", 81, GLUE_REUSEADDR, NULL);
	bound(NULL, "0.0.0.0", 82, GLUE_STREAM | GLUE_REUSEADDR, NULL);
	bound(NULL, "0.0.0.0", 82, GLUE_STREAM | GLUE_REUSEADDR | GLUE_LISTEN,
	      NULL);
	refused(NULL, "0.0.0.0", 82, GLUE_STREAM | GLUE_REUSEADDR, EADDRINUSE);
	bound(NULL, "0.0.0.0", 2000, GLUE_REUSEPORT, NULL);
	bound(NULL, "0.0.0.0", 2000, GLUE_REUSEPORT, NULL);
	refused(NULL, "0.0.0.0", 2000, GLUE_REUSEPORT | GLUE_USER, EADDRINUSE);
	refused(NULL, "0.0.0.0", 83, GLUE_USER, EACCES);
	bound(NULL, "0.0.0.0", 1024, GLUE_USER, NULL);
}

TEST_WITHIN(ports_are_chosen_until_there_are_none, 100)
{
	enum { RANGE = 60999 - 32768 + 1 };
	struct glue_sock *first;
	unsigned low = 0;

	addresses();
	first = bound(NULL, "10.0.0.1", 0, GLUE_USER, NULL);
	for (int n = 1; n < RANGE; n++) {
		struct glue_sock *s = bound(NULL, "10.0.0.1", 0, 0, NULL);
		unsigned port = atoi(strchr(glue_name(s), ':') + 1);

		CHECK(port >= 32768 && port <= 60999);
		low += n < 100 && port < 32768 + RANGE / 2;
	}
	CHECK(low > 10 && low < 90);		/* not one after the other */
	refused(NULL, "10.0.0.1", 0, 0, EADDRINUSE);
	bound(NULL, "10.0.0.20", 0, 0, NULL);	/* of another address */
	glue_close(first);
	bound(NULL, "10.0.0.1", 0, 0, NULL);
}

enum { LEFT = 40000 };

/* All others that there are to choose from are who's on addr. */
static void all_but(struct prison *who, const char *addr, unsigned left)
{
	for (unsigned n = 32768; n <= 60999; n++)
		if (n != left)
			bound(who, addr, n, 0, NULL);
}

static unsigned chosen(struct prison *who, const char *addr)
{
	struct glue_sock *s = bound(who, addr, 0, 0, NULL);

	return atoi(strchr(glue_name(s), ':') + 1);
}

TEST_WITHIN(the_last_port_is_found_wherever_it_is, 100)
{
	struct glue_sock *all, *one;
	struct prison *b;

	addresses();
	b = glue_jail(NULL, "10.0.0.21", "10.0.0.22", NULL);
	all_but(b, "10.0.0.21", LEFT);
	CHECK_EQ(chosen(b, "10.0.0.21"), LEFT);
	refused(b, "10.0.0.21", 0, 0, EADDRINUSE);
	refused(b, "0.0.0.0", 0, 0, EADDRINUSE);
	/* on another address of its, but for what it has on all */
	one = bound(b, "10.0.0.22", 0, 0, NULL);
	glue_close(one);
	all_but(b, "10.0.0.22", LEFT + 1);
	CHECK_EQ(chosen(b, "10.0.0.22"), LEFT + 1);
	/* of what is free again each gets what he may have */
	all = bound(b, "0.0.0.0", 1024, 0, NULL);
	refused(b, "0.0.0.0", 0, 0, EADDRINUSE);
	glue_close(all);
	bound(NULL, "10.0.0.20", 0, 0, NULL);
	bound(NULL, "0.0.0.0", 0, 0, NULL);
}

/* A port that two have is free when both have gone; one that is claimed on all
 * is taken on each. */
TEST_WITHIN(a_port_is_free_when_the_last_has_left_it, 100)
{
	struct glue_sock *a, *b, *all;
	struct prison *jail;

	addresses();
	jail = glue_jail(NULL, "10.0.0.21", "10.0.0.22", NULL);
	all_but(jail, "10.0.0.21", LEFT);
	a = bound(jail, "10.0.0.21", LEFT, GLUE_REUSEADDR, NULL);
	refused(jail, "10.0.0.21", 0, 0, EADDRINUSE);
	b = bound(jail, "10.0.0.21", LEFT, GLUE_REUSEADDR, NULL);
	glue_close(a);
	refused(jail, "10.0.0.21", 0, 0, EADDRINUSE);
	glue_close(b);
	all = bound(jail, "0.0.0.0", LEFT, 0, NULL);
	refused(jail, "10.0.0.21", 0, 0, EADDRINUSE);
	CHECK_EQ(glue_connect(all, "10.0.0.9", 9), 0);	/* from 10.0.0.21 */
	refused(jail, "10.0.0.21", 0, 0, EADDRINUSE);
	glue_close(all);
	a = bound(NULL, "10.0.0.21", LEFT, 0, NULL);	/* the host's */
	refused(jail, "10.0.0.21", 0, 0, EADDRINUSE);
	glue_close(a);
	CHECK_EQ(chosen(jail, "10.0.0.21"), LEFT);
}

/* Nor does a dead jail's socket, which somebody has kept, keep ports. */
TEST_WITHIN(ports_of_a_lost_address_are_free, 100)
{
	struct prison *old, *new;

	addresses();
	old = glue_jail(NULL, "10.0.0.21", NULL, NULL);
	all_but(old, "10.0.0.21", LEFT);
	chosen(old, "0.0.0.0");
	refused(old, "10.0.0.21", 0, 0, EADDRINUSE);
	glue_jail_addresses(old, "10.0.0.22", NULL, NULL);
	new = glue_jail(NULL, "10.0.0.21", NULL, NULL);
	all_but(new, "10.0.0.21", LEFT);
	CHECK_EQ(chosen(new, "10.0.0.21"), LEFT);
	bound(old, "10.0.0.22", 0, 0, NULL);
	glue_jail_addresses(new, NULL, NULL, NULL);
	glue_jail_addresses(old, "10.0.0.21", NULL, NULL);
	refused(old, "10.0.0.21", 0, 0, EADDRINUSE);
}

/* The tables have followed the sockets, and find them all; without memory they
 * stay as they are. */
TEST_WITHIN(many_come_and_go, 100)
{
	enum { MANY = 3000 };
	static struct glue_sock *s[MANY];
	struct glue_sock *older, *newest, *pair;
	unsigned memory;

	addresses();
	older = bound(NULL, "10.0.0.1", 1999, GLUE_REUSEADDR, NULL);
	pair = bound(NULL, "10.0.0.1", 1999, GLUE_REUSEADDR, NULL);
	newest = bound(NULL, "10.0.0.1", 1999, GLUE_REUSEADDR, NULL);
	CHECK_EQ(glue_connect(pair, "10.0.0.9", 9998), 0);
	memory = glue_memory();
	for (unsigned n = 0; n < MANY; n++) {
		s[n] = bound(NULL, "10.0.0.1", 2000 + n, 0, NULL);
		CHECK_EQ(glue_connect(s[n], "10.0.0.9", 9999), 0);
		s[n] = n % 2 ? s[n] : (glue_close(s[n]),
				       bound(NULL, "10.0.0.1", 2000 + n, 0,
					     NULL));
		if (n == 251)
			glue_fail(3);	/* the second row for 256 */
	}
	CHECK(glue_failed());
	for (unsigned n = 0; n < MANY; n++)
		CHECK(glue_lookup("10.0.0.1", 2000 + n) == s[n]);
	CHECK(glue_lookup("10.0.0.1", 1999) == newest);
	for (unsigned n = 0; n < MANY; n++) {
		glue_close(s[n]);
		CHECK(!glue_lookup("10.0.0.1", 2000 + n));
		CHECK(n + 1 == MANY || glue_lookup("10.0.0.1", 2000 + MANY - 1)
		      == s[MANY - 1]);
	}
	CHECK_EQ(glue_memory(), memory);
	CHECK(glue_lookup("10.0.0.1", 1999) == newest);
	glue_close(newest);
	CHECK(glue_lookup("10.0.0.1", 1999) == older);
}

TEST(a_connected_pair_comes_first)
{
	struct glue_sock *all, *pair;
	struct prison *b;

	addresses();
	b = glue_jail(NULL, "10.0.0.21", "10.0.0.22", NULL);
	all = bound(NULL, "10.0.0.1", 81, GLUE_REUSEADDR, NULL);
	pair = bound(NULL, "10.0.0.1", 81, GLUE_REUSEADDR, NULL);
	CHECK_EQ(glue_connect(pair, "10.0.0.9", 9998), 0);
	CHECK(glue_lookup("10.0.0.1", 81) == all);	/* from another */
	all = bound(NULL, "0.0.0.0", 80, GLUE_REUSEADDR, NULL);
	pair = bound(NULL, "0.0.0.0", 80, GLUE_REUSEADDR, NULL);
	CHECK_EQ(glue_connect(pair, "10.0.0.9", 9999), 0);
	CHECK(!strcmp(glue_name(pair), "10.0.0.1:80"));
	CHECK(glue_lookup("10.0.0.1", 80) == pair);
	CHECK(glue_lookup("10.0.0.20", 80) == all);
	pair = bound(b, "0.0.0.0", 80, 0, "0.0.0.0:80");
	CHECK_EQ(glue_connect(pair, "10.0.0.9", 9999), 0);
	CHECK(!strcmp(glue_name(pair), "10.0.0.21:80"));
	CHECK_EQ(glue_connect(pair, "127.0.0.1", 80), 0);	/* itself */
	CHECK_EQ(glue_connect(pair, "10.0.0.255", 80), -EACCES);
	CHECK_EQ(glue_connect(pair, "99.9.9.9", 80), -ENETUNREACH);
}

TEST(an_address_that_a_jail_holds_stays)
{
	struct prison *a;

	addresses();
	a = glue_jail(NULL, "10.0.0.20", NULL, NULL);
	CHECK_EQ(glue_address_remove("10.0.0.20"), -EBUSY);
	glue_jail_end(a);
	CHECK_EQ(glue_address_remove("10.0.0.20"), 0);
}

static void way(const char *dst, const char *want)
{
	if (strcmp(glue_route(dst), want))
		FAIL("%s: \"%s\", not \"%s\"", dst, glue_route(dst), want);
}

/* As ip(8) adds one: nobody has 0.0.0.0, all the less all. */
TEST(an_address_without_a_broadcast_address)
{
	glue_begin();
	CHECK_EQ(glue_address_bare("10.1.0.1", 16), 0);
	CHECK(!glue_is_broadcast("0.0.0.0"));
	CHECK(glue_is_broadcast("10.1.255.255"));
	CHECK(!glue_is_broadcast("10.1.0.9"));
	CHECK_EQ(glue_address_bare("10.2.0.1", 0), 0);
	CHECK(!glue_is_broadcast("0.0.0.0"));
}

/* All of it or, without memory, nothing. */
TEST(a_netmask_brings_another_subnet)
{
	glue_begin();
	CHECK_EQ(glue_address("10.1.0.1", 16), 0);
	glue_fail(1);
	CHECK_EQ(glue_netmask("10.1.0.1", 24), -ENOMEM);
	CHECK(glue_failed());
	way("10.1.9.9", "eth0 10.1.9.9 10.1.0.1 1500");
	CHECK(glue_is_broadcast("10.1.255.255"));
	CHECK(!glue_is_broadcast("10.1.0.255"));
	CHECK_EQ(glue_netmask("10.1.0.1", 24), 0);
	way("10.1.9.9", "none");
	way("10.1.0.9", "eth0 10.1.0.9 10.1.0.1 1500");
	CHECK(glue_is_broadcast("10.1.0.255"));
	CHECK_EQ(glue_netmask("10.1.0.1", 24), 0);
	CHECK_EQ(glue_netmask("10.1.0.1", 32), 0);
	way("10.1.0.9", "none");
	glue_fail(1);
	CHECK_EQ(glue_netmask("10.1.0.1", 16), -ENOMEM);
	way("10.1.0.9", "none");
	CHECK_EQ(glue_netmask("10.1.0.1", 16), 0);
	way("10.1.9.9", "eth0 10.1.9.9 10.1.0.1 1500");
	CHECK_EQ(glue_address_remove("10.1.0.1"), 0);
	way("10.1.9.9", "none");
}
