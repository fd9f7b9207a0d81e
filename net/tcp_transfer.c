/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_transfer.c - send, receive, poll: between the program's memory and the
 * queues of a connection.
 *
 * Copies sleep: one writer and one reader at a time, and state is looked at
 * again after each. What arrived may still be read after a reset.
 * Locks: the kernel lock; write_lock, read_lock.
 */
#include "kernel/base/abi/tcp.h"
#include "kernel/mem/mem.h"
#include "net/tcp.h"

enum { CHUNK = PAGE_SIZE - PACKET_HEAD - sizeof(struct packet),
       BURST = 32768 };

/* --- sending ---------------------------------------------------------------------------- */

/* None before the handshake is over. */
static uint32_t room(const struct sock *sock)
{
	uint32_t used = tcp_unacked(tcp_of_const(sock));

	return used < sock->send_limit && !tcp_handshake(tcp_of_const(sock)) ?
		sock->send_limit - used : 0;
}

static int sendable(const struct sock *sock)
{
	const struct tcp_sock *s = tcp_of_const(sock);

	if (sock->error)
		return -sock->error;
	if (sock->shut & SOCK_NO_SEND)	/* perhaps before it was connected */
		return -EPIPE;
	return s->state == TCP_ESTABLISHED || s->state == TCP_CLOSE_WAIT ||
	       tcp_handshake(s) ? 0 : -EPIPE;
}

/* Bytes of the program's in a packet behind those to be sent. */
static int put(struct sock *sock, struct sock_msg *m)
{
	struct tcp_sock *s = tcp_of(sock);
	struct packet *k = packet_new_for(sock->prison, CHUNK);
	uint32_t most = min_u32(min_u32(m->io->left, CHUNK), room(sock));
	int n = k ? user_io_take(m->io, k->data, most) : -ENOBUFS;
	int err = n > 0 ? sendable(sock) : n;	/* it may have slept */
	bool last;

	/* No memory for more than is on its way: the buffer ends there until acks
	 * let it grow. */
	if (!k && tcp_unacked(s)) {
		sock->send_limit = tcp_unacked(s);
		err = 0;
	}
	if (err || !n || !k)
		goto none;
	packet_put(k, n);
	k->seq = s->snd.end;
	s->snd.end += n;
	(void)packet_bytes_add(&s->chunks, k);
	if ((m->flags & MSG_OOB) && !m->io->left) {
		s->snd.urgent = s->snd.end;
		s->snd.urgent_set = true;
	}
	last = !m->io->left || !room(sock);
	s->snd.more = !last || (m->flags & MSG_MORE);
	if (last || s->snd.end - s->snd.nxt >= BURST)
		tcp_output(s);
	return n;
none:
	if (k)
		packet_free(k);
	s->snd.more = false;	/* what was put before waits no longer */
	tcp_output(s);
	return err;
}

/* --- receiving ---------------------------------------------------------------------------- */

static bool inlined(const struct tcp_sock *s)
{
	return s->inet.sock.options & SOCK_OPTION_OOBINLINE;
}

/* What is before `at` has been read, and goes. */
static void consume(struct tcp_sock *s, uint32_t at)
{
	s->rcv.read = at;
	packet_bytes_drop(&s->queue, at);
	if (s->rcv.mark && seq_after(at, s->rcv.urgent))
		s->rcv.mark = TCP_NO_MARK;
}

/* Bytes of one packet, up to the urgent mark, where a call ends. MSG_TRUNC: they
 * are only counted. */
static int give(struct stream_reading *r)
{
	struct tcp_sock *s = tcp_of(r->s);
	uint32_t at = s->rcv.read + r->passed, n;
	uint32_t end = s->rcv.nxt - s->rcv.fin_got;
	bool urgent = s->rcv.mark && at == s->rcv.urgent;
	struct packet *k;
	int given;

	r->end = urgent && (r->done ||
			    (!r->m->io->left && seq_before(at, end)));
	if (r->end)
		return 0;
	if (urgent && !inlined(s) && seq_before(at, end))
		at++;			/* it is read by MSG_OOB only */
	if (urgent && at == end && !r->peek)
		consume(s, at);
	k = seq_before(at, end) ? packet_bytes_find(&s->queue, at) : NULL;
	r->end = !k && s->rcv.fin_got;	/* whatever else has happened since */
	if (!k)
		return 0;
	n = min_u32(packet_end(k) - at, r->m->io->left);
	r->end = !n;			/* there is something; none of it is wanted */
	if (s->rcv.mark && s->rcv.urgent - at < n && s->rcv.urgent != at)
		n = s->rcv.urgent - at;
	given = r->m->flags & MSG_TRUNC ? user_io_skip(r->m->io, n) :
		user_io_give(r->m->io, k->data + (at - k->seq), n);
	if (given <= 0)
		return given;
	at += given;
	if (r->peek)
		r->passed = at - s->rcv.read;
	else
		consume(s, at);
	return given;
}

static bool at_mark(const struct sock *sock)
{
	const struct tcp_sock *s = tcp_of_const(sock);

	return s->rcv.mark && s->rcv.urgent == s->rcv.read;
}

const struct stream_ops tcp_bytes = {
	.sendable = sendable, .room = room, .put = put, .give = give,
	.at_mark = at_mark,
};

/* recv(MSG_OOB): -EINVAL: there is none, or it was read; -EAGAIN: it comes. */
static int receive_urgent(struct tcp_sock *s, struct sock_msg *m)
{
	uint8_t byte = s->rcv.urgent_byte;

	if (inlined(s) || !s->rcv.mark || s->rcv.mark == TCP_MARK_READ)
		return -EINVAL;
	if (s->state == TCP_CLOSED && !s->rcv.fin_got)
		return -ENOTCONN;
	if (s->rcv.mark == TCP_MARK_COMES)
		return s->inet.sock.shut & SOCK_NO_RECEIVE ? 0 : -EAGAIN;
	if (!(m->flags & MSG_PEEK))
		s->rcv.mark = TCP_MARK_READ;
	m->told |= MSG_OOB | (m->io->left ? 0 : MSG_TRUNC);
	if (!m->io->left)
		return 0;
	return m->flags & MSG_TRUNC ? 1 : user_io_give(m->io, &byte, 1);
}

int tcp_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct tcp_sock *s = tcp_of(sock);
	struct stream_reading r = { .s = sock, .m = m };
	int n;

	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;		/* nothing is ever kept there */
	if ((m->flags & MSG_OOB) && s->state != TCP_LISTEN)
		return receive_urgent(s, m);
	if (s->state == TCP_LISTEN ||
	    (s->state == TCP_CLOSED && !sock->error &&
	     !(sock->shut & SOCK_NO_RECEIVE)))
		return -ENOTCONN;
	n = stream_receive(&r, wait);
	/* The window that reading has opened is told; and who has read all, and
	 * does not answer, may be waited for (Nagle). */
	if (tcp_synchronized(s) && !s->rcv.fin_got &&
	    (tcp_window_opens(s) ||
	     (s->ack_owed && !s->turns && n > 0 && !tcp_readable(s))))
		tcp_send_ack(s);
	return n;
}

/* Is the next byte one that only MSG_OOB reads? */
bool tcp_skips_urgent(const struct tcp_sock *s)
{
	return s->rcv.mark > TCP_MARK_COMES && !inlined(s) &&
	       s->rcv.urgent == s->rcv.read && tcp_readable(s);
}

/* --- poll ------------------------------------------------------------------------------------ */

unsigned tcp_poll(struct sock *sock, struct poller *p)
{
	struct tcp_sock *s = tcp_of(sock);
	unsigned mask = stream_poll(sock, p);
	uint32_t least = min_u32(sock->receive_low, sock->receive_limit / 2);

	if (s->state == TCP_LISTEN)
		return mask & (POLLIN | POLLRDNORM);
	if (s->state == TCP_CLOSED)
		mask |= POLLHUP;
	if (tcp_readable(s) - tcp_skips_urgent(s) >= max_u32(least, 1))
		mask |= POLLIN | POLLRDNORM;
	if ((sock->shut & SOCK_NO_SEND) || room(sock) >= sock->send_limit / 3)
		mask |= POLLOUT | POLLWRNORM;
	if (s->rcv.mark == TCP_MARK_HERE)
		mask |= POLLPRI;
	return mask;
}

/* What may be read is told up to the mark, as on Linux. */
uint32_t tcp_queued(struct sock *sock, bool out)
{
	struct tcp_sock *s = tcp_of(sock);
	uint32_t n = tcp_readable(s);

	if (out)
		return tcp_handshake(s) ? 0 : tcp_unacked(s);
	return s->rcv.mark && !inlined(s) ?
		min_u32(n, s->rcv.urgent - s->rcv.read) : n;
}
