/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagram.c - what UDP and raw sockets share: the queue of packets, waiting
 * for them, and where a message goes.
 *
 * A packet in a queue is paid by the prison of who is to read it. A queue takes
 * packets until its limit is passed, as on Linux; what comes then is dropped
 * and counted.
 *
 * Locks: the kernel lock. A packet is off the queue, or a copy of it made,
 * before its bytes go to the program, which may sleep.
 */
#include "net/datagram.h"

enum { AT_SRC = 12 };

/* --- birth and death -------------------------------------------------------- */

void datagram_begin(struct datagram_sock *s)
{
	packet_queue_init(&s->queue);
	packet_queue_init(&s->errors);
}

void datagram_release(struct sock *sock)
{
	struct datagram_sock *s = datagram_of(sock);

	assert(sleep_queue_idle(&s->queue.readers));
	inet_groups_leave(&s->inet);	/* sleeps; packets still come */
	packet_queue_clear(&s->queue);
	packet_queue_clear(&s->errors);
	if (s->held)
		packet_free(s->held);
	inet_sock_free(&s->inet);
}

/* --- state -------------------------------------------------------------------- */

/* As Linux: the halves are shut also where there is nobody at the other end,
 * and the caller is told that there is nobody. */
int datagram_shutdown(struct sock *sock, int how)
{
	struct datagram_sock *s = datagram_of(sock);

	s->no_receive |= how != SHUT_WR;
	s->no_send |= how != SHUT_RD;
	sleep_wake(&s->queue.readers);
	return s->inet.remote ? 0 : -ENOTCONN;
}

/* Nothing waits to be sent. */
uint32_t datagram_queued(struct sock *sock, bool out)
{
	return out ? 0 : packet_queue_next(&datagram_of(sock)->queue);
}

unsigned datagram_poll(struct sock *sock, struct poller *p)
{
	struct datagram_sock *s = datagram_of(sock);
	unsigned mask = packet_queue_poll(&s->queue, sock, p);

	if (!packet_queue_empty(&s->errors))
		mask |= POLLERR;
	if (s->no_receive)
		mask |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (s->no_receive && s->no_send)
		mask |= POLLHUP;
	return mask;
}

void datagram_error(struct datagram_sock *s, int err)
{
	assert(err > 0);
	s->inet.sock.error = err;
	sleep_wake(&s->queue.readers);
}

/* --- receiving ---------------------------------------------------------------- */

bool datagram_wants(const struct inet_sock *s, const struct packet *k,
		    const struct ip_header *h)
{
	const struct netif *in = k->looped ? k->looped : k->in;
	bool joined = inet_joined(s, h->dst, k);

	/* A jail's only address may have been the wildcard. */
	if (s->local && s->local != h->dst &&
	    (!joined || inet_unlimited(s->cred->prison)))
		return false;
	if ((s->remote && s->remote != h->src) ||
	    (s->device && s->device != in->index))
		return false;
	return joined || inet_may_receive(s, h->dst);
}

bool datagram_enqueue(struct datagram_sock *s, struct packet *k)
{
	bool room;

	assert(k->network);
	room = packet_queue_offer(&s->queue, &s->inet.sock, k);
	s->dropped += !room;
	return room;
}

/* The next packet, which is the caller's then; 0 with NULL: the end. */
static int take(struct datagram_sock *s, bool peek, uint64_t deadline,
		struct packet **out)
{
	int err;

	*out = NULL;
	for (;;) {
		err = sock_take_error(&s->inet.sock);
		if (err)
			return err;
		if (!packet_queue_empty(&s->queue))
			return packet_queue_take(&s->queue, peek, out);
		if (s->no_receive && deadline)	/* who does not wait: Linux */
			return 0;
		err = sock_wait(&s->queue.readers, deadline);
		if (err)
			return err;
	}
}

static void name_fill(const struct datagram_sock *s, const struct packet *k,
		      struct sock_name *name)
{
	uint16_t port = 0;
	uint32_t addr;

	memcpy(&addr, k->network + AT_SRC, sizeof addr);
	if (s->inet.ports)	/* its source port is the first of the header */
		memcpy(&port, k->transport, sizeof port);
	inet_name_fill(name, addr, port);
}

int datagram_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct datagram_sock *s = datagram_of(sock);
	struct packet *k;
	int n, err;

	if (m->flags & MSG_ERRQUEUE)
		return datagram_error_receive(s, m);
	err = take(s, m->flags & MSG_PEEK,
		   sock_deadline(wait, sock->receive_timeout), &k);
	if (err || !k)
		return err;
	if (m->name)
		name_fill(s, k, m->name);
	n = packet_give(k, m);
	err = n < 0 ? n : sock_put_time(sock, m, k->came);
	if (!err)
		err = inet_control_give(&s->inet, m, k);
	packet_free(k);
	return err ? err : n;
}

/* --- sending ------------------------------------------------------------------ */

/* A name that comes with a message; AF_UNSPEC is taken for AF_INET. */
static int name_read(const struct datagram_sock *s, struct sock_name *n,
		     uint32_t *addr, uint16_t *port)
{
	struct sock_name as_inet = *n;
	int err;

	if (n->len >= sizeof n->family && n->family == AF_UNSPEC)
		as_inet.family = AF_INET;
	err = inet_name_parse(&as_inet, addr, port);
	if (err)
		return err;
	return s->inet.ports && !*port ? -EINVAL : 0;
}

static bool is_many(struct vnet *v, uint32_t addr)
{
	return inet_is_multicast(addr) || netif_any_broadcast(v, addr);
}

/* The source, unless a control message chose one. An address that was bound
 * and taken away from the prison since is no source, nor is a group. */
static int source_set(const struct inet_sock *s, struct ip_out *o)
{
	if (is_many(s->vnet, o->src))
		return -EINVAL;
	if (!o->src && !is_many(s->vnet, s->local))
		o->src = s->local;
	if (!o->src && inet_is_multicast(o->dst))
		o->src = s->multicast_source;
	if (!o->device)
		o->device = inet_many_device(s->vnet, o->src, o->dst);
	if (!o->src)
		return inet_source(s->cred, s->vnet, o->dst, o->device,
				   &o->src);
	if (!inet_prison_has(s->cred->prison))
		return -EAFNOSUPPORT;
	return prison_has_ip4(s->cred->prison, o->src) ? 0 : -EADDRNOTAVAIL;
}

/* From m's name or the peer, m's control messages and s's options; all passes
 * the doors of s's prison. */
static int target_set(struct datagram_sock *s, const struct sock_msg *m,
		      struct datagram_to *to)
{
	struct inet_sock *i = &s->inet;
	struct ip_out *o = &to->out;
	int err = 0;

	*o = (struct ip_out){ .vnet = i->vnet, .dst = i->remote,
			      .tos = i->tos, .ttl = i->ttl,
			      .device = i->device,
			      .no_loop = !i->multicast_loop };
	to->port = i->remote_port;
	if (m->name)
		err = name_read(s, m->name, &o->dst, &to->port);
	else if (!i->remote)
		err = -EDESTADDRREQ;
	if (err)
		return err;
	o->dst = inet_remote(i->cred, o->dst);
	assert(o->dst);
	o->broadcast_allowed = i->sock.options & SOCK_OPTION_BROADCAST;
	o->on_link = (i->sock.options & SOCK_OPTION_DONTROUTE) ||
		     (m->flags & MSG_DONTROUTE);
	if (inet_is_multicast(o->dst)) {
		o->ttl = i->multicast_ttl;
		if (!o->device)
			o->device = i->multicast_device;
	}
	err = inet_control_parse(i, m, o);
	return err ? err : source_set(i, o);
}

/* Is a packet of n bytes behind its IP header not to be cut? */
static bool keep_whole(const struct inet_sock *s, const struct ip_out *o,
		       uint32_t n)
{
	struct route r;

	if (s->mtu_discover != IP_PMTUDISC_WANT)
		return s->mtu_discover != IP_PMTUDISC_DONT;
	return !route_find_by(o->vnet, o->dst, o->device, &r) &&
	       IP_HEAD + n <= r.mtu;
}

int datagram_output(struct datagram_sock *s, struct packet *k,
		    struct datagram_to *to)
{
	assert(to->out.protocol && to->out.vnet == s->inet.vnet);
	to->out.dont_fragment = keep_whole(&s->inet, &to->out, k->len);
	return ip_output(k, &to->out);
}

/* What was held, with k behind it. Takes both. NULL: no memory. */
static struct packet *join(struct packet *held, struct packet *k, uint32_t head)
{
	struct packet *both = packet_new_for(held->payer,
					     head + held->len + k->len);

	assert(list_empty(&held->link) && held->payer == k->payer);
	if (both) {
		both->data += head;
		memcpy(packet_put(both, held->len), held->data, held->len);
		memcpy(packet_put(both, k->len), k->data, k->len);
	}
	packet_free(held);
	packet_free(k);
	return both;
}

static void hold(struct datagram_sock *s, struct packet *k,
		 const struct datagram_to *to)
{
	if (s->held)	/* another thread's: there was none when we began */
		packet_free(s->held);
	s->held = k;
	s->held_to = *to;
}

/* May n bytes go? What is wrong with s itself is told where nothing is wrong with
 * the call: not with the way, which ip_output finds again, either. */
static int ready(struct datagram_sock *s, uint32_t n,
		 const struct datagram_way *way, const struct datagram_to *to)
{
	const struct ip_out *o = &to->out;
	struct sock *sock = &s->inet.sock;
	bool bad = sock->error || s->no_send || n > way->most;
	struct route r;
	int err = 0;

	if (bad && route_find_by(o->vnet, o->dst, o->device, &r))
		err = -ENETUNREACH;
	else if (bad && r.kind == ROUTE_BROADCAST &&
		 !o->broadcast_allowed)
		err = -EACCES;
	if (!err && n > way->most)
		return datagram_failed(s, to, -EMSGSIZE);
	if (!err)
		err = sock_take_error(sock);
	return !err && s->no_send ? -EPIPE : err;
}

/* What is held is this call's, which may sleep; on an error it is gone. */
int datagram_send(struct sock *sock, struct sock_msg *m,
		  const struct datagram_way *way)
{
	struct datagram_sock *s = datagram_of(sock);
	bool more = (m->flags & MSG_MORE || s->cork) &&
		    !s->inet.header_included;
	struct packet *k = NULL, *held = s->held;
	uint32_t n = m->io->left;
	struct datagram_to to;
	int err = s->inet.ports ? inet_autobind(&s->inet) : 0;

	s->held = NULL;
	if (!err)
		err = n > IP_MAX ? -EMSGSIZE :
		      m->flags & MSG_OOB ? -EOPNOTSUPP : 0;
	if (held)
		to = s->held_to;
	else if (!err)
		err = target_set(s, m, &to);
	if (!err)
		err = ready(s, n + (held ? held->len : 0), way, &to);
	if (!err)
		err = packet_take(sock->prison, m, way->head, &k);
	if (err) {
		if (held)
			packet_free(held);
		return err;
	}
	if (held)
		k = join(held, k, way->head);
	if (!k)
		return -ENOBUFS;
	if (more)
		hold(s, k, &to);
	else
		err = way->output(s, k, &to);
	return err ? datagram_failed(s, &to, err) : (int)n;
}

void datagram_flush(struct sock *sock, const struct datagram_way *way)
{
	struct datagram_sock *s = datagram_of(sock);
	struct packet *k = s->held;

	s->held = NULL;
	if (k)
		(void)way->output(s, k, &s->held_to);
}

/* --- /proc/net/udp, raw --------------------------------------------------------- */

bool datagram_line(const struct inet_sock *i, struct inet_line *l)
{
	enum { SHOW_CONNECTED = 1, SHOW_UNCONNECTED = 7 };
	const struct datagram_sock *s = container_of(i,
					const struct datagram_sock, inet);

	l->state = i->remote ? SHOW_CONNECTED : SHOW_UNCONNECTED;
	l->to_read = s->queue.bytes;
	l->refs = 2;
	l->drops = s->dropped;
	return !i->ports || i->local_port;
}
