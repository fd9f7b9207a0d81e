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
	return s->state == TCP_ESTABLISHED || s->state == TCP_CLOSE_WAIT ||
	       tcp_handshake(s) ? 0 : -EPIPE;
}

/* Until there is room. -EAGAIN, a signal's, and sendable's. */
static int room_wait(struct tcp_sock *s, uint64_t deadline)
{
	int err;

	while (!(err = sendable(s)) && (tcp_handshake(s) || !room(s))) {
		sleep_lock_release(&s->write_lock);
		err = sock_wait(&s->writers, deadline);
		sleep_lock_take(&s->write_lock);
		if (err)
			break;
	}
	return err;
}

/* Bytes of the program's in a packet behind those to be sent. */
static int append(struct tcp_sock *s, struct sock_msg *m)
{
	struct packet *k = packet_new_for(s->inet.sock.prison, CHUNK);
	uint32_t n = min_u32(min_u32(m->io->left, CHUNK), room(s));
	int err;

	if (!k)
		return -ENOBUFS;
	err = user_io_take(m->io, k->data, n);
	n = err;
	if (err > 0)
		err = sendable(s);	/* it may have slept */
	if (err) {
		packet_free(k);
		return err;
	}
	packet_put(k, n);
	k->seq = s->snd.end;
	s->snd.end += n;
	(void)packet_bytes_add(&s->chunks, k);
	if ((m->flags & MSG_OOB) && !m->io->left) {
		s->snd.urgent = s->snd.end;
		s->snd.urgent_set = true;
	}
	s->snd.more = (m->flags & MSG_MORE) || (m->io->left && room(s));
	return (int)n;
}

int tcp_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct tcp_sock *s = tcp_of(sock);
	uint64_t deadline = sock_deadline(wait, sock->send_timeout);
	int n = sendable(s), done = 0;

	if (n)
		return n;
	sleep_lock_take(&s->write_lock);
	while (m->io->left && !(n = room_wait(s, deadline)) &&
	       (n = append(s, m)) > 0) {
		done += n;
		if (!s->snd.more || s->snd.end - s->snd.nxt >= BURST)
			tcp_output(s);
	}
	sleep_lock_release(&s->write_lock);
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

/* What was read goes. */
static void consume(struct reading *r)
{
	struct tcp_sock *s = r->s;

	if (r->peek)
		return;
	s->rcv.read = r->at;
	packet_bytes_drop(&s->queue, r->at);
	if (s->rcv.urgent_set && seq_after(r->at, s->rcv.urgent))
		s->rcv.urgent_set = s->rcv.urgent_here = false;
}

/* Bytes given, up to the urgent mark; 0: nothing is there; -EFAULT. mark: the
 * call ends here. MSG_TRUNC: they are only counted. */
static int give(struct reading *r, bool *mark)
{
	struct tcp_sock *s = r->s;
	uint32_t end = s->rcv.nxt - s->rcv.fin_got, n;
	bool urgent = s->rcv.urgent_set && r->at == s->rcv.urgent;
	struct packet *k;
	int given;

	*mark = urgent && r->done;
	if (*mark)
		return 0;
	if (urgent && !inlined(s) && r->at != end)
		r->at++;		/* it is read by MSG_OOB only */
	k = r->at == end ? NULL : packet_bytes_find(&s->queue, r->at);
	if (!k)
		return 0;
	n = min_u32(packet_end(k) - r->at, r->m->io->left);
	if (s->rcv.urgent_set && s->rcv.urgent - r->at < n &&
	    s->rcv.urgent != r->at)
		n = s->rcv.urgent - r->at;
	given = r->m->flags & MSG_TRUNC ? user_io_skip(r->m->io, n) :
		user_io_give(r->m->io, k->data + (r->at - k->seq), n);
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

	if (s->state == TCP_LISTEN ||
	    (s->state == TCP_CLOSED && !sock->error && !s->rcv.irs))
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return receive_urgent(s, m);
	sleep_lock_take(&s->read_lock);
	r.at = s->rcv.read;
	while (m->io->left && !mark) {
		n = give(&r, &mark);
		if (n < 0)
			err = n;
		if (n < 0 || (!n && !mark &&
			      read_wait(&r, max_u32(target, 1), deadline, &err)))
			break;
	}
	/* the window that reading has opened is told */
	if (tcp_synchronized(s) && !s->rcv.fin_got && tcp_window_opens(s))
		tcp_send_ack(s);
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
	if (tcp_handshake(s))
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
	if (cmd == SIOCATMARK)
		return user_put32(arg, s->rcv.urgent_set &&
				  s->rcv.urgent == s->rcv.read);
	if (cmd != SIOCINQ && cmd != SIOCOUTQ)
		return -ENOTTY;
	if (s->state == TCP_LISTEN)
		return -EINVAL;
	return user_put32(arg, cmd == SIOCINQ ? tcp_readable(s) :
			  tcp_unacked(s));
}
