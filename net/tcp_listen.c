/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_listen.c - a listener: a SYN makes a child in SYN-RECEIVED, an embryo; what
 * is established waits in the line until it is accepted.
 *
 * A listener has at most EMBRYOS of them. While a flood has filled these, what is
 * to be remembered of a SYN goes out in the numbers of the SYN-ACK, and comes back
 * in the ACK: a cookie (RFC 4987 3.6), which costs no memory. A child belongs to
 * its listener until it is accepted; an embryo that is lost becomes an orphan.
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { EMBRYOS = 128, LINE_MIN = 64 };

/* --- children ------------------------------------------------------------------------- */

/* One whose other end has said syn, and to whom iss is or was said. NULL: no
 * memory. */
static struct tcp_sock *child_new(struct tcp_sock *s,
				  const struct tcp_segment *syn, uint32_t iss)
{
	struct inet_sock *i;
	struct tcp_sock *c;

	if (inet_sock_new(&tcp_transport, s->inet.cred, IPPROTO_TCP, &i))
		return NULL;
	c = tcp_of(&i->sock);
	inet_sock_inherit(&c->inet, &s->inet);
	c->opt = s->opt;
	inet_port_join(c->inet.ports, &c->inet, syn->dst, syn->dport);
	inet_pair_set(c->inet.ports, &c->inet, syn->dst, syn->src, syn->sport);
	tcp_begin(c, iss, tcp_secret(syn, INET_SECRET_TIME));
	tcp_negotiate(c, syn);
	(void)tcp_mss_offer(c, syn->src);
	c->snd.nxt = c->snd.end;
	c->stuck = tcp_now();
	tcp_set_state(c, TCP_SYN_RECEIVED);
	c->listener = s;
	list_append(&s->embryos, &c->inet.sock.line_link);
	s->embryo_count++;
	return c;
}

static void embryo_leave(struct tcp_sock *s)
{
	assert(s->state == TCP_SYN_RECEIVED && s->listener->embryo_count > 0);
	list_remove(&s->inet.sock.line_link);
	s->listener->embryo_count--;
}

void tcp_embryo_lost(struct tcp_sock *s)
{
	embryo_leave(s);
	s->listener = NULL;
	s->orphan = true;
}

/* How long an ACK without data is not enough: TCP_DEFER_ACCEPT. */
bool tcp_is_deferred(const struct tcp_sock *s)
{
	return s->deferred &&
	       tcp_now() - s->stuck < (uint32_t)s->opt.defer_accept * 1000;
}

bool tcp_embryo_acked(struct tcp_sock *s, const struct tcp_segment *g)
{
	s->deferred = !g->len && !(g->flags & TCP_FIN);
	if (tcp_is_deferred(s))
		return false;
	s->deferred = false;
	embryo_leave(s);
	stream_line_join(&s->listener->inet.sock, &s->inet.sock);
	return true;
}

/* --- cookies --------------------------------------------------------------------------- */

/* A number with a secret of the connection and of the minute; in its lowest bits
 * what the SYN said: which of these is not more than the MSS, SACK, scale. */
enum { COOKIE_MS = 1 << 16, COOKIE_MSS = 3, COOKIE_SACK = 4, COOKIE_SCALE = 3,
       COOKIE_NO_SCALE = 15, COOKIE_SAID = 127 };
static const uint16_t cookie_mss[COOKIE_MSS + 1] = { 88, 536, 1300, 1460 };

/* Of g, which is the SYN, or has the number behind it. */
static uint32_t cookie(const struct tcp_segment *g, uint32_t irs, unsigned ago)
{
	uint16_t minute = tcp_now() / COOKIE_MS - ago;	/* wraps as the clock */

	return (tcp_secret(g, INET_SECRET_COOKIE + minute) + irs) &
	       ~COOKIE_SAID;
}

/* An embryo that is forgotten as soon as it has answered. */
static void cookie_send(struct tcp_sock *s, const struct tcp_segment *g)
{
	unsigned scale = g->scale < 0 ? COOKIE_NO_SCALE : g->scale, said = COOKIE_MSS;
	struct tcp_sock *c;

	while (said && cookie_mss[said] > (g->mss ? g->mss : TCP_MSS_DEFAULT))
		said--;
	said |= scale << COOKIE_SCALE | (g->sack_permitted ? COOKIE_SACK : 0);
	c = child_new(s, g, cookie(g, g->seq, 0) | said);
	if (!c)
		return;
	s->flooded = tcp_now() | 1;
	tcp_send_syn(c);
	tcp_done(c, 0);
	s->inet.vnet->counters[NET_TCP_ATTEMPT_FAILS]--; /* as yet it did not */
	tcp_reap(c);
}

/* The SYN that g, an ACK, is the answer of. False: there was none. */
static bool cookie_read(const struct tcp_sock *s, const struct tcp_segment *g,
			struct tcp_segment *syn)
{
	uint32_t iss = g->ack - 1;
	unsigned ago = 0, scale = (iss & COOKIE_SAID) >> COOKIE_SCALE;

	if (!s->flooded || tcp_now() + 1 - s->flooded > 2 * COOKIE_MS)
		return false;
	while (ago < 2 && cookie(g, g->seq - 1, ago) != (iss & ~COOKIE_SAID))
		ago++;
	*syn = *g;
	syn->seq--;
	syn->mss = cookie_mss[iss & COOKIE_MSS];
	syn->sack_permitted = iss & COOKIE_SACK;
	syn->scale = scale == COOKIE_NO_SCALE ? -1 : (int)scale;
	return ago < 2;
}

/* --- segments for a listener ------------------------------------------------------------- */

/* A line that is full takes nobody new, as on Linux; but it is never shorter
 * than LINE_MIN: servers ask for as few as 9, and a peer behind a user-mode
 * network tries a lost SYN again only after 6 s. Who was answered before it was
 * full is let in. */
static bool is_full(const struct tcp_sock *s, unsigned more)
{
	const struct sock *sock = &s->inet.sock;

	return sock->line_count > max_u32(sock->backlog, LINE_MIN) + more;
}

static void syn(struct tcp_sock *s, struct tcp_segment *g)
{
	struct tcp_sock *c = NULL;

	if (is_full(s, 0))
		return;
	if (s->embryo_count < EMBRYOS)
		c = child_new(s, g, tcp_isn(g));
	if (c)
		tcp_send_syn(c);
	else
		cookie_send(s, g);
}

/* The ACK of a cookie: as if the embryo had been there all the time. */
static void ack(struct tcp_sock *s, struct tcp_segment *g)
{
	struct tcp_segment syn;
	struct tcp_sock *c;

	if ((g->flags & TCP_SYN) || !cookie_read(s, g, &syn)) {
		tcp_reset_reply(g);
		return;
	}
	c = is_full(s, EMBRYOS) ? NULL : child_new(s, &syn, g->ack - 1);
	if (!c)
		return;			/* as if it were lost: it comes again */
	c->opt.defer_accept = 0;
	tcp_segment_arrives(c, g);
	tcp_reap(c);
}

/* RFC 9293 3.10.7.2. What is for an embryo does not come here. */
void tcp_listen_input(struct tcp_sock *s, struct tcp_segment *g)
{
	if (g->flags & TCP_RST)
		return;
	if (g->flags & TCP_ACK)
		ack(s, g);
	else if (g->flags & TCP_SYN)
		syn(s, g);
}

/* --- the calls ---------------------------------------------------------------------------- */

/* -EINVAL: it is connected, or was; -EADDRINUSE. */
int tcp_listen(struct sock *sock, struct thread *me, unsigned backlog)
{
	struct tcp_sock *s = tcp_of(sock);
	int err;

	(void)me;
	if ((s->state != TCP_CLOSED && s->state != TCP_LISTEN) ||
	    tcp_ended(s) || s->connecting)
		return -EINVAL;
	err = s->state == TCP_CLOSED ? inet_autobind(&s->inet) : 0;
	if (!err && inet_port_shared(s->inet.ports, &s->inet))
		err = -EADDRINUSE;
	if (err)
		return err;
	if (s->state == TCP_CLOSED)
		tcp_set_state(s, TCP_LISTEN);
	sock->shut = 0;
	sock->backlog = backlog;
	return 0;
}

/* It listens no more: who was not accepted is told so; an embryo's other end may
 * not exist, and is told when it says more. */
void tcp_listen_end(struct tcp_sock *s)
{
	struct sock *sock = &s->inet.sock, *first;

	list_each_safe(l, &s->embryos) {
		struct tcp_sock *c = tcp_of(list_entry(l, struct sock,
						       line_link));

		tcp_done(c, 0);
		tcp_reap(c);
	}
	while ((first = stream_line_first(sock))) {
		struct tcp_sock *c = tcp_of(first);

		stream_line_leave(sock, first);
		c->listener = NULL;
		c->orphan = true;
		tcp_abort(c, ECONNRESET);
		tcp_reap(c);
	}
	assert(!sock->line_count && list_empty(&s->embryos));
}
