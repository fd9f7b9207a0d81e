/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp.c - ICMP (RFC 792, 1122): answers pings, tells senders what went wrong,
 * and hands what others tell us to the protocol that it is about.
 *
 * Errors are never sent about errors, about what went to many, nor about other
 * than the first fragment, and not more than a bucket of them at a time.
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"

enum { AT_TYPE = 0, AT_CODE = 1, AT_SUM = 2, AT_INFO = 4 };
enum { QUOTE_MAX = 576, QUOTE_LEAST = 8, BURST = 50 };
#define REFILL_NS 1000000ull	/* one more: a thousand a second */

struct icmp_limit {
	unsigned tokens;
	uint64_t since;
};

int icmp_new(struct vnet *v)
{
	v->icmp = kmem_zalloc(sizeof *v->icmp);
	if (!v->icmp)
		return -ENOMEM;
	v->icmp->tokens = BURST;
	return 0;
}

static bool may_send(struct icmp_limit *l)
{
	uint64_t now = arch_clock_ns();
	uint64_t gained = div_u64(now - l->since, REFILL_NS, NULL);

	assert(l->tokens <= BURST && now >= l->since);
	if (gained) {
		l->tokens = gained > BURST ? BURST :
			    min_u32(l->tokens + (uint32_t)gained, BURST);
		l->since = now;
	}
	if (!l->tokens)
		return false;
	l->tokens--;
	return true;
}

/* --- sending ------------------------------------------------------------------- */

static void count_out(struct vnet *v, int type)
{
	static const struct { int type; enum net_counter counter; } of[] = {
		{ ICMP_UNREACH, NET_ICMP_OUT_UNREACH },
		{ ICMP_EXCEEDED, NET_ICMP_OUT_EXCEEDED },
		{ ICMP_PARAMETER, NET_ICMP_OUT_PARAMETER },
		{ ICMP_ECHO_REPLY, NET_ICMP_OUT_ECHO_REPLY },
		{ ICMP_TIMESTAMP_REPLY, NET_ICMP_OUT_TIMESTAMP_REPLY },
	};

	net_count(v, NET_ICMP_OUT);
	for (unsigned n = 0; n < ARRAY_LEN(of); n++)
		if (of[n].type == type)
			net_count(v, of[n].counter);
}

/* k is a whole message but for its sum. Takes k. */
static void send(struct packet *k, struct ip_out *o)
{
	uint16_t sum;

	assert(k->len >= ICMP_HEAD);
	memset(k->data + AT_SUM, 0, sizeof sum);
	sum = checksum_fold(checksum_add(0, k->data, k->len));
	memcpy(k->data + AT_SUM, &sum, sizeof sum);
	count_out(o->vnet, k->data[AT_TYPE]);
	o->protocol = IPPROTO_ICMP;
	if (ip_output(k, o))
		net_count(o->vnet, NET_ICMP_OUT_ERRORS);
}

static bool is_error(int type)
{
	return type == ICMP_UNREACH || type == ICMP_QUENCH ||
	       type == ICMP_REDIRECT || type == ICMP_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

/* RFC 1122, 3.2.2: about what no error may be sent. */
static bool untellable(struct vnet *v, const struct packet *about,
		       const struct ip_header *h)
{
	if (about->broadcast || about->multicast || h->fragment ||
	    inet_is_multicast(h->dst) || netif_any_broadcast(v, h->dst))
		return true;
	if (!(h->src & 0xff) || h->src == INADDR_BROADCAST ||
	    inet_is_multicast(h->src))
		return true;
	return h->protocol == IPPROTO_ICMP && h->total > h->head &&
	       is_error(about->network[h->head]);
}

/* Its bytes from the IP header on, wherever the data begin now. */
static unsigned bytes_about(const struct packet *about)
{
	return about->data + about->len - about->network;
}

static bool head_read(const struct packet *about, struct ip_header *h)
{
	struct packet view = *about;

	view.data = about->network;
	view.len = bytes_about(about);
	return !ip_parse(&view, h);
}

void icmp_send_error(struct packet *about, int type, int code, uint32_t info)
{
	struct vnet *v = about->in->vnet;
	struct ip_out o = { .vnet = v };
	struct ip_header h;
	struct packet *k;
	unsigned n;

	assert(about->network && about->in && is_error(type));
	assert(about->network >= about->block);
	if (!head_read(about, &h) || untellable(v, about, &h))
		return;
	if (!inet_is_loopback(h.src) && !may_send(v->icmp))
		return;
	n = min_u32(bytes_about(about), QUOTE_MAX - IP_HEAD - ICMP_HEAD);
	k = packet_new(ICMP_HEAD + n);
	if (!k)
		return;
	memcpy(packet_put(k, ICMP_HEAD + n) + ICMP_HEAD, about->network, n);
	k->data[AT_TYPE] = type;
	k->data[AT_CODE] = code;
	net32_put(k->data + AT_INFO, info);
	o.dst = h.src;
	o.tos = h.tos;
	if (netif_addr_find(v, h.dst) || inet_is_loopback(h.dst))
		o.src = h.dst;
	send(k, &o);
}

/* --- answering ------------------------------------------------------------------ */

/* The question becomes the answer; takes k. */
static void answer(struct packet *k, const struct ip_header *h, int type)
{
	struct vnet *v = k->in->vnet;
	struct ip_out o = { .vnet = v, .dst = h->src, .src = h->dst,
			    .tos = h->tos };
	struct packet *a;

	if (!h->src) {
		packet_free(k);
		return;
	}
	if (!netif_addr_find(v, h->dst) && !inet_is_loopback(h->dst))
		o.src = 0;	/* it went to many */
	a = packet_new(k->len);
	if (a) {
		memcpy(packet_put(a, k->len), k->data, k->len);
		a->data[AT_TYPE] = type;
		send(a, &o);
	}
	packet_free(k);
}

static void echo(struct packet *k, const struct ip_header *h)
{
	struct vnet *v = k->in->vnet;
	bool to_many = inet_is_multicast(h->dst) ||
		       netif_any_broadcast(v, h->dst);

	if (v->echo_ignore_all || (to_many && v->echo_ignore_broadcasts))
		packet_free(k);
	else
		answer(k, h, ICMP_ECHO_REPLY);
}

static void timestamp(struct packet *k, const struct ip_header *h)
{
	enum { AT_RECEIVED = 12, AT_SENT = 16, LENGTH = 20, DAY_MS = 86400000,
	       NS_PER_MS = 1000000 };
	uint32_t ms;

	if (k->len < LENGTH || inet_is_multicast(h->dst) ||
	    netif_any_broadcast(k->in->vnet, h->dst)) {
		packet_free(k);
		return;
	}
	div_u64(div_u64(timer_realtime_ns(), NS_PER_MS, NULL), DAY_MS, &ms);
	net32_put(k->data + AT_RECEIVED, ms);
	net32_put(k->data + AT_SENT, ms);
	answer(k, h, ICMP_TIMESTAMP_REPLY);
}

/* --- being told ------------------------------------------------------------------ */

static int unreach_error(int code)
{
	static const uint8_t errors[] = {
		ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT, ECONNREFUSED, EMSGSIZE,
		EOPNOTSUPP, ENETUNREACH, EHOSTDOWN, ENONET, ENETUNREACH,
		EHOSTUNREACH, ENETUNREACH, EHOSTUNREACH, EHOSTUNREACH,
		EHOSTUNREACH, EHOSTUNREACH,
	};

	assert(code >= 0);	/* a byte */
	return code < (int)ARRAY_LEN(errors) ? errors[code] : EHOSTUNREACH;
}

/* What the error means for a call. */
static int error_of(int type, int code)
{
	switch (type) {
	case ICMP_UNREACH:
		return unreach_error(code);
	case ICMP_PARAMETER:
		return EPROTO;
	case ICMP_EXCEEDED:
		return EHOSTUNREACH;
	default:
		return 0;
	}
}

/* RFC 1191, 7.1: routers that do not say take one of these. */
static uint32_t plateau_below(uint32_t total)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002,
					     1492, 1006, 508, 296, 68 };

	for (unsigned n = 0; n < ARRAY_LEN(plateaus); n++)
		if (plateaus[n] < total)
			return plateaus[n];
	return IP_MTU_MIN;
}

/* k's data begin with the ICMP header; behind it the packet that it is about,
 * of which we have a header and 8 bytes at least. */
static void told(struct packet *k, const struct ip_header *outer)
{
	struct vnet *v = k->in->vnet;
	int type = k->data[AT_TYPE], code = k->data[AT_CODE];
	uint32_t info = net32(k->data + AT_INFO);
	const struct ip_protocol *p;
	struct ip_header h;
	struct ip_error e;

	assert(k->len >= ICMP_HEAD);	/* icmp_input saw to that */
	packet_pull(k, ICMP_HEAD);
	if (ip_parse_quoted(k, &h) || k->len - h.head < QUOTE_LEAST) {
		net_count(v, NET_ICMP_IN_ERRORS);
		return;
	}
	/* Only what we can have sent: else somebody is guessing. */
	if (!netif_addr_find(v, h.src) && !inet_is_loopback(h.src))
		return;
	if (type == ICMP_UNREACH && code == ICMP_UNREACH_TOO_BIG) {
		info &= 0xffff;
		if (info < IP_MTU_MIN || info >= h.total)
			info = plateau_below(h.total);
	}
	if (h.fragment)
		return;
	h.told_by = outer->src;
	e = (struct ip_error){ v, &h, k->data + h.head, k->len - h.head,
			       error_of(type, code), type, code, info,
			       k->in->index };
	if (ip_raw_error)
		ip_raw_error(&e);
	p = ip_protocol_find(h.protocol);
	if (p && p->error)
		p->error(&e);
}

/* A router on the link says that another one is the nearer way to h's dst. Only
 * the one that we use may say so (RFC 1122, 3.2.2.2). */
static void redirected(struct packet *k, const struct ip_header *outer)
{
	struct vnet *v = k->in->vnet;
	struct route_entry better = { .netif = k->in, .mask = UINT32_MAX,
				      .protocol = RTPROT_REDIRECT,
				      .flags = ROUTE_UP | ROUTE_GATEWAY |
					       ROUTE_HOST | ROUTE_DYNAMIC };
	struct ip_header h;
	struct route r;

	memcpy(&better.gateway, k->data + AT_INFO, sizeof better.gateway);
	packet_pull(k, ICMP_HEAD);
	if (!v->accept_redirects || ip_parse_quoted(k, &h) ||
	    !netif_addr_find(v, h.src) || route_find(v, h.dst, &r) ||
	    r.netif != k->in || r.gateway != outer->src ||
	    !netif_on_link(k->in, better.gateway))
		return;
	better.dst = h.dst;
	if (route_add(v, &better))
		net_count(v, NET_ICMP_IN_ERRORS);
}

/* --- input ------------------------------------------------------------------------ */

static void count_in(struct vnet *v, int type)
{
	static const struct { int type; enum net_counter counter; } of[] = {
		{ ICMP_UNREACH, NET_ICMP_IN_UNREACH },
		{ ICMP_EXCEEDED, NET_ICMP_IN_EXCEEDED },
		{ ICMP_PARAMETER, NET_ICMP_IN_PARAMETER },
		{ ICMP_QUENCH, NET_ICMP_IN_QUENCH },
		{ ICMP_REDIRECT, NET_ICMP_IN_REDIRECT },
		{ ICMP_ECHO, NET_ICMP_IN_ECHO },
		{ ICMP_ECHO_REPLY, NET_ICMP_IN_ECHO_REPLY },
		{ ICMP_TIMESTAMP, NET_ICMP_IN_TIMESTAMP },
		{ ICMP_TIMESTAMP_REPLY, NET_ICMP_IN_TIMESTAMP_REPLY },
		{ ICMP_MASK, NET_ICMP_IN_MASK },
		{ ICMP_MASK_REPLY, NET_ICMP_IN_MASK_REPLY },
	};

	for (unsigned n = 0; n < ARRAY_LEN(of); n++)
		if (of[n].type == type)
			net_count(v, of[n].counter);
}

static void icmp_input(struct packet *k, const struct ip_header *h)
{
	struct vnet *v = k->in->vnet;

	assert(k->transport == k->data && h->protocol == IPPROTO_ICMP);
	net_count(v, NET_ICMP_IN);
	if (k->len < ICMP_HEAD ||
	    checksum_fold(checksum_add(0, k->data, k->len))) {
		net_count(v, k->len < ICMP_HEAD ? NET_ICMP_IN_ERRORS :
						  NET_ICMP_IN_CHECKSUM);
		packet_free(k);
		return;
	}
	count_in(v, k->data[AT_TYPE]);
	switch (k->data[AT_TYPE]) {
	case ICMP_ECHO:
		echo(k, h);
		return;
	case ICMP_TIMESTAMP:
		timestamp(k, h);
		return;
	case ICMP_UNREACH:
	case ICMP_EXCEEDED:
	case ICMP_PARAMETER:
		told(k, h);
		break;
	case ICMP_REDIRECT:
		redirected(k, h);
		break;
	}
	packet_free(k);
}

void icmp_init(void)
{
	static const struct ip_protocol icmp = { .number = IPPROTO_ICMP,
						 .input = icmp_input };

	ip_protocol_register(&icmp);
}
