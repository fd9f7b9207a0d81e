/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_listen.c - a listener: a SYN waits for its ACK as a small request; what is
 * established waits in ready until it is accepted.
 *
 * A listener has at most REQUESTS. While a flood has filled them, what is to be
 * remembered of a SYN goes out in the numbers of the SYN-ACK, and comes back in
 * the ACK: a cookie (RFC 4987 3.6), which costs no memory. A child keeps its
 * listener until it is accepted. Locks: the kernel lock.
 */
#include "kernel/fs/charge.h"
#include "net/tcp.h"

enum { REQUESTS = 256, BUCKETS = 256, LINE_MIN = 64, TRIES = 5,
       HANDSHAKE_MS = 1000 };

struct request {
	struct list link;		/* in its bucket */
	struct tcp_sock *listener;
	struct timer timer;		/* the next SYN-ACK */
	struct tcp_segment syn;		/* without its packet */
	uint32_t iss, since;
	unsigned tries;
	bool acked;			/* TCP_DEFER_ACCEPT waits for data */
};
static struct list requests[BUCKETS];

/* --- requests ------------------------------------------------------------------------- */

static struct list *bucket_of(const struct tcp_segment *g)
{
	return &requests[hash_u32(g->src ^ (uint32_t)g->sport << 16 ^
				  g->dport) % BUCKETS];
}

static struct request *request_find(const struct tcp_sock *s,
				    const struct tcp_segment *g)
{
	list_each(l, bucket_of(g)) {
		struct request *r = list_entry(l, struct request, link);

		if (r->listener == s && r->syn.src == g->src &&
		    r->syn.sport == g->sport && r->syn.dst == g->dst)
			return r;
	}
	return NULL;
}

static void request_free(struct request *r)
{
	assert(r->listener->request_count > 0);
	r->listener->request_count--;
	list_remove(&r->link);
	timer_cancel(&r->timer);
	charged_free(r->listener->inet.sock.prison, r, sizeof *r);
}

static void answer(struct tcp_sock *s, const struct tcp_segment *syn,
		   uint32_t iss, uint32_t time)
{
	struct packet *k = packet_new(0);
	struct tcp_segment g = {
		.vnet = syn->vnet, .src = syn->dst, .dst = syn->src,
		.sport = syn->dport, .dport = syn->sport, .seq = iss,
		.ack = syn->seq + 1, .flags = TCP_SYN | TCP_ACK,
		.window = min_u32(tcp_receive_space(s), UINT16_MAX),
		.mss = tcp_mss_offer(s, syn->src),
		.scale = syn->scale >= 0 ? TCP_SCALE : -1,
		.sack_permitted = syn->sack_permitted,
		.timestamp = syn->timestamp, .ts_value = time,
		.ts_echo = syn->ts_value,
	};

	if (k)
		tcp_emit(k, &g, &s->inet);
}

static void request_answer(const struct request *r)
{
	answer(r->listener, &r->syn, r->iss,
	       tcp_now() + tcp_secret(&r->syn, TCP_SECRET_TIME));
}

/* How long an ACK without data is not enough: TCP_DEFER_ACCEPT. */
static bool is_deferred(const struct request *r)
{
	return tcp_now() - r->since <
	       (uint32_t)r->listener->opt.defer_accept * 1000;
}

/* SYN-ACKs again, later and later; then the request is forgotten. */
static void request_due(void *arg)
{
	struct request *r = arg;
	struct vnet *v = r->listener->inet.vnet;

	if (++r->tries > TRIES) {
		net_count(v, NET_TCP_ATTEMPT_FAILS);
		request_free(r);
		return;
	}
	tcp_arm(&r->timer, HANDSHAKE_MS << r->tries);
	if (r->acked && is_deferred(r))
		return;
	net_count(v, NET_TCP_RETRANSMITTED);
	request_answer(r);
}

/* --- cookies --------------------------------------------------------------------------- */

/* In the number: a secret of the connection and of the minute, and in the lowest
 * bits which of these is not more than the MSS. In the time: the options. */
enum { COOKIE_MSS = 7, COOKIE_MS = 1 << 16, COOKIE_OPTIONS = 63,
       COOKIE_SACK = 16, COOKIE_NO_SCALE = 15 };
static const uint16_t cookie_mss[COOKIE_MSS + 1] = {
	88, 256, 536, 1024, 1300, 1440, 1460, 8960
};

/* Of g, which is the SYN, or has the number behind it. */
static uint32_t cookie(const struct tcp_segment *g, uint32_t irs, unsigned ago)
{
	uint32_t minute = tcp_now() / COOKIE_MS - ago;

	return (tcp_secret(g, TCP_SECRET_COOKIE + minute) + irs) & ~COOKIE_MSS;
}

static void cookie_send(struct tcp_sock *s, struct tcp_segment *g)
{
	uint32_t time = tcp_now() + tcp_secret(g, TCP_SECRET_TIME);
	uint32_t options = (g->scale < 0 ? COOKIE_NO_SCALE : g->scale) |
			   (g->sack_permitted ? COOKIE_SACK : 0);
	unsigned mss = COOKIE_MSS;

	while (mss && cookie_mss[mss] > (g->mss ? g->mss : TCP_MSS_DEFAULT))
		mss--;
	/* never ahead of the clock */
	time = ((time - COOKIE_OPTIONS) & ~COOKIE_OPTIONS) | options;
	if (!g->timestamp) {
		g->scale = -1;		/* nothing brings them back */
		g->sack_permitted = false;
	}
	s->flooded = tcp_now() | 1;
	answer(s, g, cookie(g, g->seq, 0) | mss, time);
}

/* The SYN that g, an ACK, is the answer of. False: there was none. */
static bool cookie_read(const struct tcp_sock *s, const struct tcp_segment *g,
			struct tcp_segment *syn)
{
	uint32_t iss = g->ack - 1, options = g->ts_echo & COOKIE_OPTIONS;
	unsigned ago = 0;

	if (!s->flooded || seq_after(tcp_now(), s->flooded + 2 * COOKIE_MS))
		return false;
	while (ago < 2 && cookie(g, g->seq - 1, ago) != (iss & ~COOKIE_MSS))
		ago++;
	*syn = *g;
	syn->seq--;
	syn->mss = cookie_mss[iss & COOKIE_MSS];
	if (g->timestamp && (options & COOKIE_NO_SCALE) != COOKIE_NO_SCALE)
		syn->scale = options & COOKIE_NO_SCALE;
	syn->sack_permitted = g->timestamp && (options & COOKIE_SACK);
	return ago < 2;
}

/* --- SYN ------------------------------------------------------------------------------- */

/* A line that is full takes nobody new, as on Linux; but it is never shorter
 * than LINE_MIN: servers ask for as few as 9, and a peer behind a user-mode
 * network tries a lost SYN again only after 6 s. */
static bool is_full(const struct tcp_sock *s, unsigned more)
{
	return s->ready_count > max_u32(s->backlog, LINE_MIN) + more;
}

static void syn(struct tcp_sock *s, struct tcp_segment *g)
{
	struct request *r = NULL;

	if (is_full(s, 0))
		return;
	if (s->request_count < REQUESTS)
		r = charged_alloc(s->inet.sock.prison, sizeof *r);
	if (!r) {
		cookie_send(s, g);
		return;
	}
	*r = (struct request){ .listener = s, .syn = *g, .iss = tcp_isn(g),
			       .since = tcp_now() };
	r->syn.k = NULL;
	list_push(bucket_of(g), &r->link);
	s->request_count++;
	timer_init(&r->timer, request_due, r);
	tcp_arm(&r->timer, HANDSHAKE_MS);
	request_answer(r);
}

/* --- children ------------------------------------------------------------------------- */

static struct tcp_sock *child_new(struct tcp_sock *s,
				  const struct tcp_segment *syn, uint32_t iss)
{
	struct tcp_sock *c;

	if (tcp_new(s->inet.cred, &c))
		return NULL;
	sock_inherit(&c->inet.sock, &s->inet.sock);
	c->opt = s->opt;
	c->inet.ttl = s->inet.ttl;
	c->inet.tos = s->inet.tos;
	c->inet.device = s->inet.device;
	c->inet.local = c->inet.bound = syn->dst;
	inet_port_join(c->inet.ports, &c->inet, syn->dport);
	inet_pair_set(c->inet.ports, &c->inet, syn->src, syn->sport);
	tcp_begin(c, iss, tcp_secret(syn, TCP_SECRET_TIME));
	tcp_negotiate(c, syn);
	(void)tcp_mss_offer(c, syn->src);
	c->snd.nxt = c->snd.max = c->snd.end;
	tcp_set_state(c, TCP_SYN_RECEIVED);
	return c;
}

/* RFC 9293 3.10.7.2: the ACK of a SYN-ACK; what 3.10.7.4 says of SYN-RECEIVED. A
 * line that is full: as if it were lost, it comes again. */
static void ack(struct tcp_sock *s, struct request *r, struct tcp_segment *g)
{
	struct tcp_segment from_cookie, *syn = r ? &r->syn : &from_cookie;
	struct tcp_sock *c;

	if ((g->flags & TCP_SYN) ||
	    (r ? g->ack != r->iss + 1 || g->seq - syn->seq - 1 > UINT16_MAX :
		 !cookie_read(s, g, syn))) {
		tcp_reset_reply(g);
		return;
	}
	if (r && !g->len && !(g->flags & TCP_FIN) && is_deferred(r)) {
		r->acked = true;
		return;
	}
	/* Who was answered before it was full is let in: what he has sent since
	 * he believes to have arrived. */
	c = is_full(s, REQUESTS) ? NULL : child_new(s, syn, g->ack - 1);
	if (!c)
		return;
	if (r)
		request_free(r);
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
	struct request *r = request_find(s, g);

	if (g->flags & TCP_RST) {
		if (!r || g->seq != r->syn.seq + 1)
			return;
		net_count(g->vnet, NET_TCP_ATTEMPT_FAILS);
		request_free(r);
	} else if (g->flags & TCP_ACK) {
		ack(s, r, g);
	} else if (r && r->syn.seq == g->seq) {
		if (g->flags & TCP_SYN)
			request_answer(r);
	} else if (g->flags & TCP_SYN) {
		if (r)
			request_free(r);
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
	int err = 0;

	while (!err && s->state == TCP_LISTEN && !s->ready_count)
		err = sock_wait(&s->readers, deadline);
	return err ? err : s->state == TCP_LISTEN ? 0 : -EINVAL;
}

/* The first of the line is its listener's no more. */
static struct tcp_sock *ready_take(struct tcp_sock *s)
{
	struct tcp_sock *c = list_entry(s->ready.next, struct tcp_sock,
					ready_link);

	assert(s->ready_count > 0 && c->listener == s && !c->orphan);
	list_remove(&c->ready_link);
	s->ready_count--;
	c->listener = NULL;
	return c;
}

void tcp_accept_take(struct sock *sock, struct file *f)
{
	sock_attach(&ready_take(tcp_of(sock))->inet.sock, f);
}

/* It listens no more: who was not accepted is told so. */
void tcp_listen_end(struct tcp_sock *s)
{
	for (unsigned n = 0; n < BUCKETS && s->request_count; n++)
		list_each_safe(l, &requests[n]) {
			struct request *r = list_entry(l, struct request, link);

			if (r->listener == s)
				request_free(r);
		}
	while (s->ready_count) {
		struct tcp_sock *c = ready_take(s);

		c->orphan = true;
		tcp_abort(c, ECONNRESET);
		tcp_reap(c);
	}
	assert(!s->request_count && list_empty(&s->ready));
}

void tcp_listen_init(void)
{
	for (unsigned n = 0; n < BUCKETS; n++)
		list_init(&requests[n]);
}
