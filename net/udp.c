/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.c - UDP (RFC 768, 1122 section 4.1).
 *
 * A datagram for one host is that of the socket which inet_lookup finds; one
 * for many goes to each that may have it. Who has nobody listening is told so
 * by ICMP, and what ICMP tells us goes to the socket that sent.
 *
 * Locks: the kernel lock.
 */
#include "net/datagram.h"
#include "net/option.h"

enum { UDP_CORK = 1 };	/* an option: udp(7) */
enum { AT_SPORT = 0, AT_DPORT = 2, AT_LEN = 4, AT_SUM = 6, UDP_HEAD = 8,
       UDP_DATA_MAX = IP_MAX - IP_HEAD - UDP_HEAD };

/* --- sending ---------------------------------------------------------------------- */

static void put_head(struct packet *k, const struct inet_sock *s,
		     const struct datagram_to *to)
{
	uint8_t *b = packet_push(k, UDP_HEAD);

	assert(s->local_port && k->len <= UDP_HEAD + UDP_DATA_MAX);
	memcpy(b + AT_SPORT, &s->local_port, sizeof s->local_port);
	memcpy(b + AT_DPORT, &to->port, sizeof to->port);
	net16_put(b + AT_LEN, k->len);
	if (s->sock.options & SOCK_OPTION_NO_CHECK)
		net16_put(b + AT_SUM, 0);
	else
		ip_sum_begin(k, &to->out, AT_SUM);
}

static int output(struct datagram_sock *s, struct packet *k,
		  struct datagram_to *to)
{
	int err = inet_autobind(&s->inet);	/* it had a port before a sleep */

	if (err) {
		packet_free(k);
		return err;
	}
	to->out.protocol = IPPROTO_UDP;
	put_head(k, &s->inet, to);
	err = datagram_output(s, k, to);
	if (!err)
		net_count(s->inet.vnet, NET_UDP_OUT);
	return err;
}

static const struct datagram_way way = { UDP_DATA_MAX, UDP_HEAD, output };

static int udp_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	(void)wait;
	return datagram_send(sock, m, &way);
}

static void cork_changed(struct sock *sock)
{
	if (!datagram_of(sock)->cork)
		datagram_flush(sock, &way);
}

/* --- receiving -------------------------------------------------------------------- */

static void drop(struct packet *k, enum net_counter why)
{
	net_count(k->in->vnet, why);
	packet_free(k);
}

/* Takes k, whose data are the program's. */
static void give(struct datagram_sock *s, struct packet *k)
{
	struct vnet *v = s->inet.vnet;

	if (datagram_enqueue(s, k)) {
		net_count(v, NET_UDP_IN);
	} else {
		net_count(v, NET_UDP_RECEIVE_FULL);
		net_count(v, NET_UDP_IN_ERRORS);
	}
}

/* One for many: s gets a copy, if it wants one. */
static void offer(struct inet_sock *s, const struct packet *k,
		  const struct ip_header *h, uint16_t sport)
{
	struct packet *copy = NULL;

	assert(s->vnet == k->in->vnet && s->ports == s->vnet->udp);
	if ((!s->remote || s->remote_port == sport) && datagram_wants(s, k, h))
		copy = packet_copy(k);
	if (copy)
		give(datagram_of(&s->sock), copy);
}

/* Of the host's sockets each may have it; of jails' those that have joined the
 * group, however many have the port. */
static void to_many(struct packet *k, const struct ip_header *h,
		    uint16_t sport, uint16_t dport)
{
	const struct netif *in = k->looped ? k->looped : k->in;
	const struct list *members = netif_group_members(in, h->dst);
	const struct inet_ports *ports = k->in->vnet->udp;
	struct inet_sock *s = NULL;

	while ((s = inet_ports_next(ports, prison_host(), dport, s)))
		offer(s, k, h, sport);
	if (members)
		list_each(l, members) {
			s = list_entry(l, struct inet_group, member)->sock;
			if (s->ports == ports && s->local_port == dport &&
			    s->realm->parent)
				offer(s, k, h, sport);
		}
	packet_free(k);
}

/* Is k's length what its header says, or more? What is more goes. */
static bool length_ok(struct packet *k)
{
	uint32_t n = k->len >= UDP_HEAD ? net16(k->data + AT_LEN) : 0;

	if (n < UDP_HEAD || n > k->len)
		return false;
	packet_trim(k, n);
	return true;
}

static void udp_input(struct packet *k, const struct ip_header *h)
{
	struct vnet *v = k->in->vnet;
	struct inet_sock *s;
	uint16_t sport, dport;

	assert(k->transport == k->data && k->network);
	if (!length_ok(k)) {
		drop(k, NET_UDP_IN_ERRORS);
		return;
	}
	if (net16(k->data + AT_SUM) && !ip_sum_ok(k, h)) {
		net_count(v, NET_UDP_IN_CHECKSUM);
		drop(k, NET_UDP_IN_ERRORS);
		return;
	}
	memcpy(&sport, k->data + AT_SPORT, sizeof sport);
	memcpy(&dport, k->data + AT_DPORT, sizeof dport);
	if (inet_is_multicast(h->dst) || netif_any_broadcast(v, h->dst)) {
		packet_pull(k, UDP_HEAD);
		to_many(k, h, sport, dport);
		return;
	}
	s = inet_lookup(v->udp, h->src, sport, h->dst, dport, k->in->index);
	if (!s) {
		icmp_send_error(k, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
		drop(k, NET_UDP_NO_PORT);
		return;
	}
	assert(s->vnet == v && s->local_port == dport);
	packet_pull(k, UDP_HEAD);
	give(datagram_of(&s->sock), k);
}

/* --- errors ------------------------------------------------------------------------ */

/* Errors that mean that there is no use in trying again (RFC 1122, 4.1.3.3). */
static bool is_hard(const struct inet_sock *s, int type, int code)
{
	enum { HARD = 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 |
		      1 << 10 | 1 << 13 | 1 << 14 | 1 << 15 };

	if (type == ICMP_PARAMETER)
		return true;
	if (type != ICMP_UNREACH)
		return false;
	if (code == ICMP_UNREACH_TOO_BIG)
		return s->mtu_discover != IP_PMTUDISC_DONT;
	return code < 16 && (HARD & 1 << code);
}

/* A connected socket hears of what is hard; with IP_RECVERR each of all. */
static void udp_error(const struct ip_error *e)
{
	struct inet_sock *s = inet_lookup_error(e->vnet->udp, e);
	struct ip_error data = *e;
	uint16_t dport;

	assert(e->n >= UDP_HEAD);
	memcpy(&dport, e->quoted + AT_DPORT, sizeof dport);
	data.quoted += UDP_HEAD;
	data.n -= UDP_HEAD;
	if (s)
		datagram_told(datagram_of(&s->sock), &data, dport,
			      is_hard(s, e->type, e->code));
}

/* --- the table ---------------------------------------------------------------------- */

static const struct sock_option udp_option_table[] = {
	{ .level = IPPROTO_UDP, .name = UDP_CORK,
	  OPTION_AT(datagram_sock, inet.sock, cork), .changed = cork_changed },
	{ 0 },
};

static const struct sock_ops udp_ops = {
	DATAGRAM_OPS,
	.send = udp_send,
	.options = { udp_option_table, inet_option_table },
};

static int begin(struct inet_sock *s, int protocol)
{
	(void)protocol;
	datagram_begin(datagram_of(&s->sock));
	s->ports = s->vnet->udp;
	return 0;
}

static struct inet_transport udp = {
	.type = SOCK_DGRAM, .protocol = IPPROTO_UDP,
	.size = sizeof(struct datagram_sock), .ops = &udp_ops, .begin = begin,
	.in = { .number = IPPROTO_UDP, .input = udp_input, .error = udp_error },
	.show = { .name = "udp" },
	.line = datagram_line, .width = 5, .drops = true,
};

void udp_init(void)
{
	inet_transport_register(&udp);
}
