/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_listen.c - a listener: SYNs wait as small requests, at most as many as
 * REQUESTS (RFC 4987 3.4: a flood pushes out the oldest); what is established
 * waits in ready until it is accepted.
 *
 * A child keeps its listener until then. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { REQUESTS = 256, TRIES = 5, HANDSHAKE_MS = 1000 };

/* --- requests ------------------------------------------------------------------------- */

static struct tcp_request *request_of(struct list *l)
{
	return list_entry(l, struct tcp_request, link);
}

static void request_free(struct tcp_sock *s, struct tcp_request *r)
{
	assert(s->request_count > 0);
	list_remove(&r->link);
	s->request_count--;
	kmem_free(r);
}

static struct tcp_request *request_find(struct tcp_sock *s,
					const struct tcp_segment *g)
{
	list_each(l, &s->requests) {
		struct tcp_request *r = request_of(l);

		if (r->remote == g->src && r->remote_port == g->sport &&
		    r->local == g->dst)
			return r;
	}
	return NULL;
}

static uint32_t offset_of(const struct tcp_request *r)
{
	return tcp_secret_hash(r->local, r->local_port, r->remote,
			       r->remote_port, 1);
}

static void answer(struct tcp_sock *s, const struct tcp_request *r)
{
	struct packet *k = packet_new(0);
	struct tcp_out o = {
		.vnet = s->inet.vnet, .src = r->local, .dst = r->remote,
		.sport = r->local_port, .dport = r->remote_port,
		.seq = r->iss, .ack = r->irs + 1, .flags = TCP_SYN | TCP_ACK,
		.scale = r->scale >= 0 ? TCP_SCALE : -1,
		.sack_permitted = r->sack, .timestamp = r->timestamp,
		.ts_value = tcp_now() + offset_of(r), .ts_echo = r->ts_recent,
		.ttl = s->inet.ttl, .tos = s->inet.tos,
		.device = s->inet.device,
	};
	struct route way;

	if (!k)
		return;
	o.window = min_u32(tcp_receive_space(s), UINT16_MAX);
	o.mss = TCP_MSS_DEFAULT;
	if (!route_find_by(o.vnet, o.dst, o.device, &way))
		o.mss = min_u32(way.mtu, IP_MAX) - IP_HEAD - TCP_HEAD;
	if (s->mss_wanted)
		o.mss = min_u32(o.mss, s->mss_wanted);
	(void)!tcp_emit(k, &o);
}

/* A line that is full takes nobody new (as Linux). */
static bool is_full(const struct tcp_sock *s)
{
	return s->ready_count > s->backlog;
}

static void syn(struct tcp_sock *s, const struct tcp_segment *g)
{
	struct tcp_request *r;

	if (is_full(s))
		return;
	r = kmem_alloc(sizeof *r);
	if (!r)
		return;
	if (s->request_count >= REQUESTS)
		request_free(s, request_of(s->requests.next));
	*r = (struct tcp_request){
		.local = g->dst, .remote = g->src, .irs = g->seq,
		.iss = tcp_isn(g->dst, g->dport, g->src, g->sport),
		.window = g->window, .ts_recent = g->ts_value,
		.local_port = g->dport, .remote_port = g->sport,
		.mss = g->mss ? g->mss : TCP_MSS_DEFAULT, .scale = g->scale,
		.sack = g->sack_permitted, .timestamp = g->timestamp,
		.due = tcp_now() + HANDSHAKE_MS,
	};
	list_append(&s->requests, &r->link);
	s->request_count++;
	if (!s->resend.armed)
		tcp_resend_arm(s);
	answer(s, r);
}

/* SYN-ACKs again, later and later; then the request is forgotten. */
void tcp_listen_tick(struct tcp_sock *s)
{
	uint32_t now = tcp_now();

	list_each_safe(l, &s->requests) {
		struct tcp_request *r = request_of(l);

		if (seq_before(now, r->due))
			continue;
		if (++r->tries > TRIES) {
			net_count(s->inet.vnet, NET_TCP_ATTEMPT_FAILS);
			request_free(s, r);
			continue;
		}
		r->due = now + (HANDSHAKE_MS << r->tries);
		net_count(s->inet.vnet, NET_TCP_RETRANSMITTED);
		answer(s, r);
	}
	if (s->request_count)
		tcp_resend_arm(s);
}

/* --- children ------------------------------------------------------------------------- */

static void inherit(struct tcp_sock *c, const struct tcp_sock *s)
{
	struct sock *to = &c->inet.sock;
	const struct sock *from = &s->inet.sock;

	to->options = from->options;
	to->send_limit = from->send_limit;
	to->receive_limit = from->receive_limit;
	to->receive_low = from->receive_low;
	to->linger = from->linger;
	to->priority = from->priority;
	to->protocol = from->protocol;
	to->send_timeout = from->send_timeout;
	to->receive_timeout = from->receive_timeout;
	c->inet.ttl = s->inet.ttl;
	c->inet.tos = s->inet.tos;
	c->inet.device = s->inet.device;
	c->nodelay = s->nodelay;
	c->sized = s->sized;
	c->control = s->control;
	c->keep_idle = s->keep_idle;
	c->keep_interval = s->keep_interval;
	c->keep_count = s->keep_count;
	c->user_timeout = s->user_timeout;
	c->linger2 = s->linger2;
	c->mss_wanted = s->mss_wanted;
}

static struct tcp_sock *child_new(struct tcp_sock *s,
				  const struct tcp_request *r)
{
	struct tcp_sock *c;

	if (tcp_new(s->inet.cred, &c))
		return NULL;
	inherit(c, s);
	c->inet.local = c->inet.bound = r->local;
	inet_port_join(c->inet.ports, &c->inet, r->local_port);
	inet_pair_set(c->inet.ports, &c->inet, r->remote, r->remote_port);
	c->snd.iss = c->snd.una = r->iss;
	c->snd.nxt = c->snd.max = c->snd.end = r->iss + 1;
	c->snd.mss = r->mss;
	c->snd.scale = r->scale >= 0 ? r->scale : 0;
	c->snd.window = c->snd.window_max = r->window;
	c->rcv.irs = r->irs;
	c->rcv.nxt = c->rcv.acked = c->rcv.read = r->irs + 1;
	c->rcv.scale = r->scale >= 0 ? TCP_SCALE : 0;
	c->rcv.edge = c->rcv.nxt + min_u32(tcp_receive_space(s), UINT16_MAX);
	c->sack = r->sack;
	c->timestamps = r->timestamp;
	c->ts_recent = r->ts_recent;
	c->ts_recent_at = tcp_now();
	c->ts_offset = offset_of(r);
	tcp_way(c);
	tcp_set_state(c, TCP_SYN_RECEIVED);
	return c;
}

/* The ACK of a request: what RFC 9293 3.10.7.4 says of SYN-RECEIVED. */
static void complete(struct tcp_sock *s, struct tcp_request *r,
		     struct tcp_segment *g)
{
	struct tcp_sock *c;

	if (g->ack != r->iss + 1) {
		tcp_reset_reply(g);
		return;
	}
	if (is_full(s))
		return;		/* as if it were lost: it comes again */
	c = child_new(s, r);
	if (!c)
		return;
	request_free(s, r);
	net_count(g->vnet, NET_TCP_PASSIVE_OPENS);
	c->listener = s;
	list_append(&s->ready, &c->ready_link);
	s->ready_count++;
	tcp_segment_arrives(c, g);
	sleep_wake(&s->readers);
}

/* RFC 9293 3.10.7.2 */
void tcp_listen_input(struct tcp_sock *s, struct tcp_segment *g)
{
	struct tcp_request *r = request_find(s, g);

	if (g->flags & TCP_RST) {
		if (r && g->seq == r->irs + 1) {
			net_count(g->vnet, NET_TCP_ATTEMPT_FAILS);
			request_free(s, r);
		}
	} else if (g->flags & TCP_ACK) {
		if (r && !(g->flags & TCP_SYN) &&
		    g->seq - (r->irs + 1) <= UINT16_MAX)
			complete(s, r, g);
		else
			tcp_reset_reply(g);
	} else if (g->flags & TCP_SYN) {
		if (r && r->irs == g->seq) {
			answer(s, r);
			return;
		}
		if (r)
			request_free(s, r);
		syn(s, g);
	}
}

/* --- the calls ---------------------------------------------------------------------------- */

/* -EINVAL: it is connected; -EADDRINUSE. */
int tcp_listen(struct sock *sock, struct thread *me, unsigned backlog)
{
	struct tcp_sock *s = tcp_of(sock);
	int err;

	(void)me;
	if (s->state != TCP_CLOSED && s->state != TCP_LISTEN)
		return -EINVAL;
	if (s->state == TCP_CLOSED) {
		err = inet_autobind(&s->inet);
		if (err)
			return err;
		if (inet_port_shared(s->inet.ports, &s->inet))
			return -EADDRINUSE;
		s->shut = 0;
		tcp_set_state(s, TCP_LISTEN);
	}
	s->backlog = backlog;
	return 0;
}

int tcp_accept_wait(struct sock *sock, bool wait)
{
	struct tcp_sock *s = tcp_of(sock);
	uint64_t deadline = sock_deadline(wait, sock->receive_timeout);
	int err;

	for (;;) {
		if (s->state != TCP_LISTEN)
			return -EINVAL;
		if (s->ready_count)
			return 0;
		err = sock_wait(&s->readers, deadline);
		if (err)
			return err;
	}
}

void tcp_accept_take(struct sock *sock, struct file *f)
{
	struct tcp_sock *s = tcp_of(sock), *c;

	assert(s->state == TCP_LISTEN && s->ready_count > 0);
	c = list_entry(s->ready.next, struct tcp_sock, ready_link);
	assert(c->listener == s && !c->orphan);
	list_remove(&c->ready_link);
	s->ready_count--;
	c->listener = NULL;
	sock_attach(&c->inet.sock, f);
}

/* It listens no more: who was not accepted is told so. */
void tcp_listen_end(struct tcp_sock *s)
{
	list_each_safe(l, &s->requests)
		request_free(s, request_of(l));
	list_each_safe(l, &s->ready) {
		struct tcp_sock *c = list_entry(l, struct tcp_sock, ready_link);

		list_remove(l);
		s->ready_count--;
		c->listener = NULL;
		c->orphan = true;
		tcp_abort(c, ECONNRESET);
		tcp_reap(c);
	}
	assert(!s->request_count && !s->ready_count);
}
