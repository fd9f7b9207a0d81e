/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_socket.c - a TCP socket's life: birth, connect, shutdown, close, death.
 *
 * It dies when it is CLOSED and an orphan (tcp_reap). Until a listener's child
 * is accepted the listener has it.
 * Locks: the kernel lock.
 */
#include "net/option.h"
#include "net/tcp.h"

enum { TIME_WAIT_MAX = 2048, SEND_FIRST = 87040, RECEIVE_FIRST = 131072 };

static unsigned time_waits;

/* --- birth, death --------------------------------------------------------------------- */

static int begin(struct inet_sock *i, int protocol)
{
	struct tcp_sock *s = tcp_of(&i->sock);

	(void)protocol;
	i->ports = i->vnet->tcp;
	i->sock.receive_limit = RECEIVE_FIRST;
	i->sock.send_limit = SEND_FIRST;
	s->state = TCP_CLOSED;
	s->opt = tcp_options_first;
	packet_bytes_init(&s->chunks);
	packet_bytes_init(&s->queue);
	s->sacked = (struct range_set){ s->sacked_at, 0, TCP_RANGES };
	s->late = (struct range_set){ s->late_at, 0, TCP_RANGES };
	list_init(&s->embryos);
	tcp_timers_begin(s);
	return 0;
}

void tcp_reap(struct tcp_sock *s)
{
	if (!s->orphan || s->state != TCP_CLOSED || s->listener)
		return;
	assert(!s->resend.armed && !s->keep.armed && !s->ack_timer.armed);
	assert(packet_bytes_empty(&s->chunks) && !s->embryo_count);
	assert(!s->soon.queued);
	packet_bytes_purge(&s->queue);
	inet_sock_free(&s->inet);
}

void tcp_wake(struct tcp_sock *s)
{
	sleep_wake(&s->inet.sock.readers);
	if (tcp_unacked(s) <= s->inet.sock.send_limit / 3 * 2)
		sleep_wake(&s->inet.sock.writers);
}

/* --- states --------------------------------------------------------------------------- */

/* RFC 4022: tcpCurrEstab; the others are counted by the change of state, too. */
static bool counts(enum tcp_state s)
{
	return s == TCP_ESTABLISHED || s == TCP_CLOSE_WAIT;
}

void tcp_set_state(struct tcp_sock *s, enum tcp_state to)
{
	struct vnet *v = s->inet.vnet;

	assert(to > 0 && to < TCP_STATES && s->state != to);
	v->counters[NET_TCP_ESTABLISHED] += counts(to) - counts(s->state);
	v->counters[NET_TCP_ACTIVE_OPENS] += to == TCP_SYN_SENT;
	v->counters[NET_TCP_PASSIVE_OPENS] += to == TCP_ESTABLISHED &&
					      s->listener;
	v->counters[NET_TCP_ATTEMPT_FAILS] += to == TCP_CLOSED &&
					      tcp_handshake(s);
	v->counters[NET_TCP_RESETS] += to == TCP_CLOSED && counts(s->state);
	time_waits += (to == TCP_TIME_WAIT) - (s->state == TCP_TIME_WAIT);
	s->state = to;
	s->inet.sock.listening = to == TCP_LISTEN;
}

void tcp_done(struct tcp_sock *s, int err)
{
	if (s->state == TCP_CLOSED)
		return;
	if (s->listener && s->state == TCP_SYN_RECEIVED)
		tcp_embryo_lost(s);
	tcp_set_state(s, TCP_CLOSED);
	tcp_timers_stop(s);
	packet_bytes_purge(&s->chunks);
	s->sacked.count = s->late.count = 0;
	s->snd.una = s->snd.nxt = s->snd.end;
	s->snd.fin = s->snd.urgent_set = false;
	s->ack_now = s->ack_owed = false;
	s->inet.sock.error = err;
	s->inet.sock.shut = SOCK_NO_RECEIVE | SOCK_NO_SEND;
	if (s->listener)
		list_remove(&s->inet.by_pair);	/* accept tells whose it was */
	else
		inet_sock_end(&s->inet);
	if (s->orphan)
		inet_unbind(&s->inet);
	stream_wake(&s->inet.sock);
}

/* RFC 9293 3.10.7.4: all is said; what is on its way must die out. */
void tcp_time_wait(struct tcp_sock *s)
{
	assert(s->rcv.fin_got && s->snd.una == s->snd.end + 1);
	tcp_set_state(s, TCP_TIME_WAIT);
	timer_cancel(&s->resend);
	s->sacked.count = s->late.count = 0;
	if (time_waits > TIME_WAIT_MAX ||
	    s->inet.sock.prison->state != PRISON_ALIVE) {
		if (s->ack_now)
			tcp_send_ack(s);	/* of the other's FIN */
		tcp_done(s, 0);
	} else {
		timer_set_ms(&s->keep, TCP_TIME_WAIT_MS);
	}
	stream_wake(&s->inet.sock);
}

/* FIN-WAIT-2: the other may take its time, but not for ever when nobody is there
 * to listen. */
void tcp_fin_wait(struct tcp_sock *s)
{
	assert(s->state == TCP_FIN_WAIT2);
	if (s->orphan)
		timer_set_ms(&s->keep, s->opt.linger2 > 0 ?
			     s->opt.linger2 * 1000 : TCP_FIN_WAIT_MS);
	sleep_wake(&s->inet.sock.writers);
}

/* RFC 9293 3.10.5 */
void tcp_abort(struct tcp_sock *s, int err)
{
	if (s->state == TCP_LISTEN)
		tcp_listen_end(s);
	else if (s->state == TCP_SYN_RECEIVED ||
		 tcp_connected(s))
		tcp_send_reset(s);
	tcp_done(s, err);
}

/* RFC 9293 3.10.4: a FIN behind all data. */
static void close_send(struct tcp_sock *s)
{
	if (s->state != TCP_ESTABLISHED && s->state != TCP_CLOSE_WAIT)
		return;
	tcp_set_state(s, s->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK :
		      TCP_FIN_WAIT1);
	s->inet.sock.shut |= SOCK_NO_SEND;
	s->snd.fin = true;
	tcp_output(s);
}

/* --- connect ---------------------------------------------------------------------------- */

/* The clock goes round in more than the life of a segment: 4 us a tick. */
uint32_t tcp_isn(const struct tcp_segment *g)
{
	return (uint32_t)div_u64(arch_clock_ns(), 4000, NULL) +
	       tcp_secret(g, INET_SECRET_ISN);
}

/* As new, about to say SYN; time: the offset of our timestamps. */
void tcp_begin(struct tcp_sock *s, uint32_t iss, uint32_t time)
{
	assert(packet_bytes_empty(&s->chunks) && packet_bytes_empty(&s->queue));
	memset(&s->snd, 0, sizeof s->snd);
	s->snd.iss = s->snd.una = s->snd.nxt = iss;
	s->snd.end = iss + 1;
	s->snd.mss = TCP_MSS_DEFAULT;
	s->rcv.scale = TCP_SCALE;
	s->timestamps = s->sack = true;
	s->ts_offset = time;
	s->ts_recent = s->backoff = 0;
	rtt_begin(&s->rtt);
	s->timing = false;
	s->challenged = 0;
	s->soft_error = s->inet.sock.error = 0;
}

static void connect_begin(struct tcp_sock *s)
{
	const struct inet_sock *i = &s->inet;
	const struct tcp_segment theirs = {
		.src = i->remote, .sport = i->remote_port,
		.dst = i->local, .dport = i->local_port,
	};

	tcp_begin(s, tcp_isn(&theirs), tcp_secret(&theirs, INET_SECRET_TIME));
	s->connecting = true;
	tcp_set_state(s, TCP_SYN_SENT);
	tcp_send_syn(s);
}

/* As it was before it was connected or listened: what was left to be read goes,
 * and who waits for it, or asks, is told that it was cut off. */
static void disconnect(struct inet_sock *i)
{
	struct tcp_sock *s = tcp_of(&i->sock);

	tcp_abort(s, s->state == TCP_LISTEN || s->state == TCP_TIME_WAIT ? 0 :
		  ECONNRESET);
	s->connecting = false;
	inet_sock_unpair(i);
	sleep_lock_take(&i->sock.read_lock);
	if (s->state == TCP_CLOSED) {
		packet_bytes_purge(&s->queue);
		memset(&s->rcv, 0, sizeof s->rcv);
		i->sock.shut = 0;
	}
	sleep_lock_release(&i->sock.read_lock);
}

/* How a connect that has begun ends. */
static int connect_wait(struct tcp_sock *s, bool wait, int late)
{
	uint64_t deadline = sock_deadline(wait, s->inet.sock.send_timeout);
	int err;

	while (tcp_handshake(s)) {
		err = sock_wait(&s->inet.sock.writers, deadline);
		if (err)
			return err == -EAGAIN ? late : err;
	}
	s->connecting = false;
	if (s->state != TCP_CLOSED)
		return 0;
	err = sock_take_error(&s->inet.sock);
	disconnect(&s->inet);
	return err ? err : -ECONNABORTED;
}

static int connect(struct inet_sock *i, const struct sock_name *n, bool wait)
{
	struct tcp_sock *s = tcp_of(&i->sock);
	uint32_t addr;
	uint16_t port;
	int err;

	if (s->connecting || tcp_handshake(s))
		return connect_wait(s, wait, -EALREADY);
	if (s->state != TCP_CLOSED || tcp_ended(s))
		return -EISCONN;
	err = inet_name_parse(n, &addr, &port);
	if (!err)
		err = inet_sock_pair(i, addr, port);
	if (err)
		return err;
	connect_begin(s);
	return connect_wait(s, wait, -EINPROGRESS);
}

/* --- the end ------------------------------------------------------------------------------ */

static int tcp_shutdown(struct sock *sock, int how)
{
	struct tcp_sock *s = tcp_of(sock);

	if (s->state == TCP_LISTEN && how == SHUT_WR)
		return 0;
	if (s->state == TCP_LISTEN || s->state == TCP_SYN_SENT) {
		disconnect(&s->inet);		/* as on Linux */
		return 0;
	}
	s->connecting &= tcp_handshake(s) || s->state == TCP_CLOSED;
	if (how != SHUT_WR)	/* whether or not there is somebody: Linux */
		sock->shut |= SOCK_NO_RECEIVE;
	if (how != SHUT_RD) {
		sock->shut |= SOCK_NO_SEND;
		close_send(s);
	}
	stream_wake(sock);
	return tcp_connected(s) ? 0 : -ENOTCONN;
}

/* Is the other to acknowledge what we have said, and no more? */
static bool is_closing(const struct tcp_sock *s)
{
	return s->state == TCP_FIN_WAIT1 || s->state == TCP_CLOSING ||
	       s->state == TCP_LAST_ACK;
}

/* SO_LINGER: until the other has acknowledged all. */
static void linger(struct tcp_sock *s)
{
	uint64_t ns = (uint64_t)s->inet.sock.linger.seconds * 1000000000ull;
	uint64_t deadline = sock_deadline(true, ns);

	while (is_closing(s))
		if (sock_wait(&s->inet.sock.writers, deadline))
			return;
}

static void tcp_release(struct sock *sock)
{
	struct tcp_sock *s = tcp_of(sock);
	bool unread = tcp_synchronized(s) && tcp_readable(s);

	if (!tcp_synchronized(s) || unread ||	/* RFC 2525 2.17 */
	    (sock->linger.on && !sock->linger.seconds)) {
		tcp_abort(s, 0);
	} else {
		close_send(s);
		if (sock->linger.on)
			linger(s);
	}
	s->orphan = true;
	if (s->state == TCP_FIN_WAIT2)
		tcp_fin_wait(s);
	if (s->state == TCP_CLOSED && s->inet.local_port)
		inet_unbind(&s->inet);
	tcp_reap(s);
}

static int tcp_name(struct sock *sock, bool peer, struct sock_name *out)
{
	struct tcp_sock *s = tcp_of(sock);

	if (peer && !s->listener &&
	    (s->state == TCP_SYN_SENT || s->state == TCP_TIME_WAIT ||
	     s->state == TCP_CLOSED))
		return -ENOTCONN;
	return inet_sock_name(sock, peer, out);
}

static void tcp_accepted(struct sock *sock, struct sock *first)
{
	struct tcp_sock *s = tcp_of(first);

	assert(s->listener == tcp_of(sock));
	s->listener = NULL;
	if (s->state == TCP_CLOSED)
		inet_sock_end(&s->inet);
}

static const struct sock_ops tcp_ops = {
	.bind = inet_sock_bind, .connect = inet_sock_connect, .listen = tcp_listen,
	.accepted = tcp_accepted, .name = tcp_name, .send = stream_send,
	.receive = tcp_receive, .stream = &tcp_bytes,
	.shutdown = tcp_shutdown, .poll = tcp_poll, .queued = tcp_queued,
	.options = { tcp_option_table, inet_option_table },
	.release = tcp_release,
};

static bool delivers(const struct inet_sock *i)
{
	const struct tcp_sock *s = tcp_of_const(&i->sock);

	return s->orphan && is_closing(s);
}

static bool lost(struct inet_sock *i)
{
	struct tcp_sock *s = tcp_of(&i->sock);
	bool ended = s->state == TCP_CLOSED;

	tcp_abort(s, ECONNRESET);
	tcp_reap(s);
	return !ended;
}

struct inet_transport tcp_transport = {
	.type = SOCK_STREAM, .protocol = IPPROTO_TCP,
	.size = sizeof(struct tcp_sock), .ops = &tcp_ops,
	.begin = begin, .connect = connect, .disconnect = disconnect,
	.abort = lost, .delivers = delivers,
	.in = { .number = IPPROTO_TCP, .input = tcp_input, .error = tcp_error },
	.show = { .name = "tcp" },
	.line = tcp_line, .width = 4,
};
