/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw.c - raw sockets: a program speaks a protocol of IP itself, or with
 * IP_HDRINCL IP itself.
 *
 * Each packet for us goes also, as a copy with its IP header, to all raw
 * sockets of its protocol that may have it. Making one needs NETINET_RAW, which
 * a jail has by allow.raw_sockets; even then it sends from its own addresses
 * alone, to where the routes say, and hears what is for them.
 *
 * Locks: the kernel lock.
 */
#include "net/datagram.h"
#include "net/option.h"

enum { AT_TOTAL = 2, AT_SRC = 12, AT_DST = 16 };

static struct inet_transport raw;

/* --- sending ---------------------------------------------------------------------- */

/* A program's whole packet. Its source, where it names one, is the asker's; the
 * destination in it may differ from where it is sent for the host only: what a
 * jail sends to its own address could else reach a service on 127.0.0.1. */
static int head_check(const struct inet_sock *s, struct packet *k,
		      const struct ip_out *o)
{
	uint8_t *b = k->data;
	uint32_t src;

	if (k->len < IP_HEAD || b[0] >> 4 != 4 || (b[0] & 0xf) * 4 < IP_HEAD ||
	    (b[0] & 0xfu) * 4 > k->len)
		return -EINVAL;
	memcpy(&src, b + AT_SRC, sizeof src);
	if (!src)
		memcpy(b + AT_SRC, &o->src, sizeof o->src);
	else if (!prison_has_ip4(s->cred->prison, src))
		return -EADDRNOTAVAIL;
	if (!inet_unlimited(s->cred->prison))
		memcpy(b + AT_DST, &o->dst, sizeof o->dst);
	net16_put(b + AT_TOTAL, k->len);
	return 0;
}

/* Takes k. */
static int send_whole(const struct inet_sock *s, struct packet *k,
		      const struct ip_out *o)
{
	struct route r;
	int err = head_check(s, k, o);

	assert(o->vnet == s->vnet && o->dst);
	if (!err)
		err = route_find_by(o->vnet, o->dst, o->device, &r);
	if (!err && k->len > r.mtu)
		err = -EMSGSIZE;
	if (!err && r.kind == ROUTE_BROADCAST && !o->broadcast_allowed)
		err = -EACCES;
	if (err) {
		packet_free(k);
		return err;
	}
	return ip_send(k, o->vnet, o->dst, o->device);
}

static int output(struct datagram_sock *s, struct packet *k,
		  struct datagram_to *to)
{
	if (s->inet.header_included)
		return send_whole(&s->inet, k, &to->out);
	to->out.protocol = s->inet.sock.protocol;
	return datagram_output(s, k, to);
}

/* Also -EADDRNOTAVAIL: another's source. */
static int raw_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	static const struct datagram_way way = { IP_MAX, 0, output };

	(void)wait;
	return datagram_send(sock, m, &way);
}

/* --- receiving -------------------------------------------------------------------- */

static bool filtered(const struct datagram_sock *s, const struct packet *k)
{
	enum { TYPES = 32 };

	return s->inet.sock.protocol == IPPROTO_ICMP && k->len &&
	       k->data[0] < TYPES && (s->icmp_filter & 1u << k->data[0]);
}

static bool wants(const struct datagram_sock *s, const struct packet *k,
		  const struct ip_header *h)
{
	return s->inet.sock.protocol == h->protocol &&
	       s->inet.vnet == k->in->vnet && datagram_wants(&s->inet, k, h) &&
	       !filtered(s, k);
}

/* A copy with its IP header, and a sum that is complete. */
static struct packet *copy_whole(const struct packet *k)
{
	struct packet *c = packet_copy(k);

	if (!c)
		return NULL;
	if (c->checksum == PACKET_CHECKSUM_PARTIAL)
		packet_checksum_finish(c, 0);
	assert(c->network < c->data);
	packet_push(c, c->data - c->network);
	return c;
}

static bool raw_input(const struct packet *k, const struct ip_header *h)
{
	bool any = false;

	assert(k->transport == k->data && k->network < k->data);
	list_each(l, &raw.all) {
		struct datagram_sock *s = list_entry(l, struct datagram_sock,
						     inet.all_link);
		struct packet *c = wants(s, k, h) ? copy_whole(k) : NULL;

		if (c && datagram_enqueue(s, c))
			any = true;
	}
	return any;
}

/* Is it one of s's that an error is about? */
static bool sent(const struct datagram_sock *s, struct vnet *v,
		 const struct ip_header *h)
{
	const struct inet_sock *i = &s->inet;

	return i->sock.protocol == h->protocol && i->vnet == v &&
	       (!i->local || i->local == h->src) &&
	       (!i->remote || i->remote == h->dst) &&
	       inet_may_receive(i, h->src);
}

static void raw_error(const struct ip_error *e)
{
	enum { HARD = 1 << 2 | 1 << 3 };	/* protocol, port */
	bool hard = e->type == ICMP_PARAMETER || (e->type == ICMP_UNREACH &&
		    e->code < 4 && HARD & 1 << e->code);

	assert(e->n >= ICMP_HEAD);	/* icmp.c saw to that */
	list_each(l, &raw.all) {
		struct datagram_sock *s = list_entry(l, struct datagram_sock,
						     inet.all_link);

		if (sent(s, e->vnet, e->head))
			datagram_told(s, e, 0, hard);
	}
}

/* --- the table ---------------------------------------------------------------------- */

static int filter_check(struct option_call *c)
{
	return c->sock->protocol == IPPROTO_ICMP ? 0 : -ENOPROTOOPT;
}

static const struct sock_option raw_option_table[] = {
	{ .level = SOL_RAW, .name = ICMP_FILTER,
	  OPTION_AT(datagram_sock, inet.sock, icmp_filter),
	  .least = INT32_MIN, .most = INT32_MAX,
	  .check = filter_check, .show = filter_check },
	{ 0 },
};

static const struct sock_ops raw_ops = {
	DATAGRAM_OPS,
	.send = raw_send,
	.options = { raw_option_table, inet_option_table },
};

/* IPPROTO_RAW sends whole packets. */
static int begin(struct inet_sock *s, int protocol)
{
	datagram_begin(datagram_of(&s->sock));
	s->header_included = protocol == IPPROTO_RAW;
	return protocol == IPPROTO_IP ? -EPROTONOSUPPORT :
	       priv_check(s->cred, PRIV_NETINET_RAW);
}

static struct inet_transport raw = {
	.type = SOCK_RAW, .size = sizeof(struct datagram_sock), .ops = &raw_ops,
	.begin = begin, .show = { .name = "raw" },
	.line = datagram_line, .width = 4, .drops = true,
};

void raw_init(void)
{
	ip_raw_input = raw_input;
	ip_raw_error = raw_error;
	inet_transport_register(&raw);
}
