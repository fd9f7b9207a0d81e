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

enum { PIECE = 16384 };

/* --- sending ---------------------------------------------------------------------------- */

static uint32_t room(const struct tcp_sock *s)
{
	uint32_t used = tcp_unacked(s);

	return used < s->inet.sock.send_limit ?
		s->inet.sock.send_limit - used : 0;
}

/* May bytes be added now? -EPIPE, or what SO_ERROR would say. */
static int sendable(struct tcp_sock *s)
{
	int err = sock_take_error(&s->inet.sock);

	if (err)
		return err;
	if ((s->shut & TCP_NO_SEND) || s->snd.fin)
		return -EPIPE;
	return s->state == TCP_ESTABLISHED || s->state == TCP_CLOSE_WAIT ||
	       s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED ?
		0 : -EPIPE;
}

/* Until there is room. -EAGAIN, a signal's, and sendable's. */
static int room_wait(struct tcp_sock *s, uint64_t deadline)
{
	int err;

	for (;;) {
		err = sendable(s);
		if (err)
			return err;
		if (s->state != TCP_SYN_SENT && s->state != TCP_SYN_RECEIVED &&
		    room(s))
			return 0;
		sleep_lock_release(&s->write_lock);
		err = sock_wait(&s->writers, deadline);
		sleep_lock_take(&s->write_lock);
		if (err)
			return err;
	}
}

/* One piece of what the program has. */
static int send_piece(struct tcp_sock *s, struct sock_msg *m, uint8_t *piece,
		      uint64_t deadline)
{
	int n, err = room_wait(s, deadline);

	if (err)
		return err;
	n = user_io_take(m->io, piece, min_u32(min_u32(m->io->left, PIECE),
					       room(s)));
	if (n <= 0)
		return n;
	err = sendable(s);		/* it may have slept */
	if (err)
		return err;
	n = tcp_append(s, piece, n);
	if (n > 0 && (m->flags & MSG_OOB) && !m->io->left) {
		s->snd.urgent = s->snd.end;
		s->snd.urgent_set = true;
	}
	s->more = (m->flags & MSG_MORE) || (m->io->left && room(s));
	if (n > 0)
		tcp_output(s);
	return n;
}

int tcp_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct tcp_sock *s = tcp_of(sock);
	uint64_t deadline = sock_deadline(wait, sock->send_timeout);
	uint8_t *piece;
	int n = 0, done = 0;

	if (s->state == TCP_CLOSED || s->state == TCP_LISTEN) {
		n = sock_take_error(sock);
		return n ? n : -EPIPE;
	}
	piece = kmem_alloc(min_u32(max_u32(m->io->left, 1), PIECE));
	if (!piece)
		return -ENOBUFS;
	sleep_lock_take(&s->write_lock);
	while (m->io->left && (n = send_piece(s, m, piece, deadline)) > 0)
		done += n;
	sleep_lock_release(&s->write_lock);
	kmem_free(piece);
	return done ? done : n;
}

/* --- receiving ---------------------------------------------------------------------------- */

struct reading {
	struct tcp_sock *s;
	struct sock_msg *m;
	uint32_t at;		/* the next byte: rcv.read, but for a peek */
	int done;
	bool peek;
};

static bool inlined(const struct tcp_sock *s)
{
	return s->inet.sock.options & SOCK_OPTION_OOBINLINE;
}

/* The packet that r->at is in, or NULL. */
static struct packet *packet_at(const struct reading *r)
{
	list_each(l, &r->s->queue) {
		struct packet *k = list_entry(l, struct packet, link);

		if (r->at - k->seq < k->len)
			return k;
	}
	return NULL;
}

/* What was read goes. */
static void consume(struct reading *r)
{
	struct tcp_sock *s = r->s;
	struct list *l;

	if (r->peek)
		return;
	s->rcv.read = r->at;
	while ((l = list_first(&s->queue))) {
		struct packet *k = list_entry(l, struct packet, link);

		if (seq_after(k->seq + k->len, r->at))
			break;
		list_remove(l);
		packet_free(k);
	}
	if (s->rcv.urgent_set && seq_after(r->at, s->rcv.urgent))
		s->rcv.urgent_set = s->rcv.urgent_here = false;
}

/* Bytes given, up to the urgent mark; 0: nothing is there; -EFAULT. mark: the
 * call ends here. */
static int give(struct reading *r, bool *mark)
{
	struct tcp_sock *s = r->s;
	struct packet *k;
	uint32_t n, at;
	int given;

	*mark = s->rcv.urgent_set && r->at == s->rcv.urgent && r->done;
	if (*mark)
		return 0;
	if (s->rcv.urgent_set && r->at == s->rcv.urgent && !inlined(s) &&
	    seq_before(r->at, s->rcv.nxt - s->rcv.fin_got))
		r->at++;		/* it is read by MSG_OOB only */
	k = packet_at(r);
	if (!k)
		return 0;
	at = r->at - k->seq;
	n = min_u32(k->len - at, r->m->io->left);
	if (s->rcv.urgent_set && s->rcv.urgent - r->at < n &&
	    s->rcv.urgent != r->at)
		n = s->rcv.urgent - r->at;
	given = user_io_give(r->m->io, k->data + at, n);
	if (given <= 0)
		return given;
	r->at += given;
	r->done += given;
	consume(r);
	return given;
}

/* Nothing more is there. True: the call is done. */
static bool read_wait(struct reading *r, uint32_t target, uint64_t deadline,
		      int *err)
{
	struct tcp_sock *s = r->s;

	if (r->done >= (int)target || (r->peek && r->done))
		return true;
	if (r->done && (s->inet.sock.error || s->state == TCP_CLOSED))
		return true;
	*err = sock_take_error(&s->inet.sock);
	if (*err || (s->shut & TCP_NO_RECEIVE))
		return true;
	sleep_lock_release(&s->read_lock);
	*err = sock_wait(&s->readers, deadline);
	sleep_lock_take(&s->read_lock);
	return *err;
}

/* The window that reading has opened is told. */
static void told(struct tcp_sock *s)
{
	if (tcp_synchronized(s) && !s->rcv.fin_got && tcp_window_opens(s))
		tcp_send_ack(s);
}

/* recv(MSG_OOB): -EINVAL: there is none; -EAGAIN: it is on its way. */
static int receive_urgent(struct tcp_sock *s, struct sock_msg *m)
{
	uint8_t byte = s->rcv.urgent_byte;

	if (inlined(s) || !s->rcv.urgent_set)
		return -EINVAL;
	if (!s->rcv.urgent_here)
		return s->shut & TCP_NO_RECEIVE ? 0 : -EAGAIN;
	if (!(m->flags & MSG_PEEK))
		s->rcv.urgent_here = false;
	m->told |= MSG_OOB;
	return m->io->left ? user_io_give(m->io, &byte, 1) : 0;
}

int tcp_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct tcp_sock *s = tcp_of(sock);
	struct reading r = { .s = s, .m = m, .peek = m->flags & MSG_PEEK };
	uint64_t deadline = sock_deadline(wait, sock->receive_timeout);
	uint32_t target = m->flags & MSG_WAITALL ? m->io->left :
			  min_u32(sock->receive_low, m->io->left);
	bool mark = false;
	int n, err = 0;

	if (s->state == TCP_LISTEN)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return receive_urgent(s, m);
	if (s->state == TCP_CLOSED && !sock->error && !tcp_readable(s) &&
	    !s->rcv.irs)
		return -ENOTCONN;
	sleep_lock_take(&s->read_lock);
	r.at = s->rcv.read;
	while (m->io->left) {
		n = give(&r, &mark);
		if (n < 0)
			err = n;
		if (n < 0 || mark)
			break;
		if (!n && read_wait(&r, max_u32(target, 1), deadline, &err))
			break;
	}
	told(s);
	sleep_lock_release(&s->read_lock);
	return r.done ? r.done : err;
}

/* --- poll ------------------------------------------------------------------------------------ */

enum { READ = POLLIN | POLLRDNORM, WRITE = POLLOUT | POLLWRNORM };

unsigned tcp_poll(struct sock *sock, struct poller *p)
{
	struct tcp_sock *s = tcp_of(sock);
	bool both = s->shut == (TCP_NO_RECEIVE | TCP_NO_SEND);
	unsigned mask = 0;

	poll_wait(p, &s->readers);
	poll_wait(p, &s->writers);
	if (s->state == TCP_LISTEN)
		return s->ready_count ? READ : 0;
	if (both || s->state == TCP_CLOSED)
		mask |= POLLHUP;
	if (s->shut & TCP_NO_RECEIVE)
		mask |= READ | POLLRDHUP;
	if (sock->error)
		mask |= POLLERR;
	if (s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED)
		return mask;
	if (tcp_readable(s) >= max_u32(min_u32(sock->receive_low,
					       sock->receive_limit / 2), 1))
		mask |= READ;
	if ((s->shut & TCP_NO_SEND) || room(s) >= sock->send_limit / 3)
		mask |= WRITE;
	if (s->rcv.urgent_set && s->rcv.urgent_here)
		mask |= POLLPRI;
	return mask;
}

int tcp_ioctl(struct sock *sock, struct thread *me, uint32_t cmd, uint32_t arg)
{
	struct tcp_sock *s = tcp_of(sock);

	(void)me;
	switch (cmd) {
	case SIOCINQ:
		if (s->state == TCP_LISTEN)
			return -EINVAL;
		return user_put32(arg, tcp_readable(s));
	case SIOCOUTQ:
		if (s->state == TCP_LISTEN)
			return -EINVAL;
		return user_put32(arg, tcp_unacked(s));
	case SIOCATMARK:
		return user_put32(arg, s->rcv.urgent_set &&
				  s->rcv.urgent == s->rcv.read);
	default:
		return -ENOTTY;
	}
}
