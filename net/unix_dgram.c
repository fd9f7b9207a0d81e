/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_dgram.c - whole messages: SOCK_DGRAM and SOCK_SEQPACKET.
 *
 * A message goes to the address that comes with it, or to the peer. A queue
 * takes a dozen messages of strangers; two sockets that talk to each other
 * only are held back by their send buffers alone.
 *
 * Locks: the kernel lock. A message is taken off the queue, or held (peek),
 * before its bytes are copied.
 */
#include "net/unix.h"

enum { MESSAGE_OVERHEAD = 32 };

/* --- sending ---------------------------------------------------------------- */

/* Who is to get m, held. -ENOTCONN; -ECONNREFUSED: the peer is gone. */
static int target_find(struct unix_sock *s, const struct sock_msg *m,
		       struct unix_sock **out)
{
	struct path_at at = sock_at(m->me);

	if (m->name && s->sock.type == SOCK_DGRAM)
		return unix_find(&at, m->name, s->sock.type, out);
	if (!s->peer || (s->sock.type == SOCK_SEQPACKET &&
			 s->state != UNIX_CONNECTED))
		return -ENOTCONN;
	*out = s->peer;
	unix_hold(*out);
	return 0;
}

/* The peer's file was closed: s has none then. */
static int peer_lost(struct unix_sock *s, struct unix_sock *to)
{
	if (s->sock.type == SOCK_SEQPACKET)
		return -EPIPE;
	if (s->peer != to)
		return -EAGAIN;
	unix_peer_set(s, NULL);
	s->state = UNIX_CLOSED;
	unix_disconnected(s, to);
	return -ECONNREFUSED;
}

/* May s send to `to` now? -EAGAIN with *full: no place in the queue. */
static int target_ready(struct unix_sock *s, struct unix_sock *to, bool *full)
{
	*full = false;
	if (to->peer && to->peer != s)
		return -EPERM;
	if (to->dead)
		return peer_lost(s, to);
	if (to->sock.shut & SOCK_NO_RECEIVE)
		return -EPIPE;
	*full = to != s && to->peer != s && unix_full(to);
	return *full ? -EAGAIN : 0;
}

static void hand_over(struct unix_sock *s, const struct sock_msg *m,
		      struct unix_packet *p, struct unix_sock *to)
{
	unsigned either = s->sock.options | to->sock.options;

	assert(p->from == s && to->sock.type == s->sock.type);
	if (!p->control.creds.set &&
	    (to->embryo || (either & SOCK_OPTION_PASSCRED)))
		unix_creds_fill(&p->control.creds, m->me);
	if (to->sock.timestamp)
		p->came = (uint64_t)timer_realtime_ns();
	unix_packet_hold(p);
	unix_enqueue(to, p);
}

/* Gives p to *to, or where m has a name to who bears it now; waits for a
 * place. */
static int deliver(struct unix_sock *s, struct sock_msg *m,
		   struct unix_packet *p, struct unix_sock **to,
		   uint64_t deadline)
{
	bool by_name = !*to, full = false;
	int err;

	for (;;) {
		err = *to ? 0 : target_find(s, m, to);
		if (!err)
			err = target_ready(s, *to, &full);
		if (err != -EAGAIN)
			break;
		if (full)
			err = sock_wait(&(*to)->admission, deadline);
		else
			err = by_name ? 0 : -ECONNRESET;
		if (err)
			break;
		if (by_name) {
			unix_drop(*to);
			*to = NULL;
		}
	}
	if (!err)
		hand_over(s, m, p, *to);
	return err;
}

static int send_message(struct unix_sock *s, struct sock_msg *m,
			struct unix_control *c, struct unix_sock **to,
			uint64_t deadline)
{
	uint32_t n = m->io->left;
	struct unix_packet *p;
	int err = -EMSGSIZE;

	if (n > s->sock.send_limit - MESSAGE_OVERHEAD)
		return err;
	err = unix_wait_room(s, deadline);
	if (!err)
		err = unix_packet_new(s, m, n, &p);
	if (err)
		return err;
	assert(!*to || !m->name || s->sock.type == SOCK_SEQPACKET);
	p->control = *c;
	c->rights = NULL;
	c->creds.set = false;
	err = deliver(s, m, p, to, deadline);
	unix_packet_drop(p);
	return err ? err : (int)n;
}

/* Bytes sent. -ENOTCONN, -EMSGSIZE, -EPERM, -ECONNREFUSED, -EPIPE, -EAGAIN,
 * -ENOBUFS, -EFAULT, and of path_walk and unix_control_parse. */
int unix_dgram_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock), *to = NULL;
	uint64_t deadline = sock_deadline(wait, sock->send_timeout);
	struct unix_control c;
	int err = 0;

	if (m->name && !m->name->len)
		m->name = NULL;
	if (sock->type == SOCK_SEQPACKET) {
		err = sock_take_error(sock);
		if (!err && s->state != UNIX_CONNECTED)
			err = -ENOTCONN;
	}
	if (!err)
		err = unix_control_parse(m, &c);
	if (err)
		return err;
	if (m->flags & MSG_OOB)
		err = -EOPNOTSUPP;
	else if (m->name && sock->type == SOCK_DGRAM)
		err = unix_name_check(m->name);
	if (!err && sock->type == SOCK_SEQPACKET)
		err = target_find(s, m, &to);
	if (!err && (sock->options & SOCK_OPTION_PASSCRED))
		err = unix_autobind(s, m->me->cred);
	if (!err)
		err = send_message(s, m, &c, &to, deadline);
	if (to)
		unix_drop(to);
	unix_control_end(&c);
	return err;
}

/* --- receiving -------------------------------------------------------------- */

/* Waits for a message. 0 with *out NULL: the end. */
static int message_wait(struct unix_sock *s, uint64_t deadline,
			struct unix_packet **out)
{
	int err;

	for (;;) {
		err = sock_take_error(&s->sock);
		if (err)
			return err;
		*out = unix_first(s);
		if (*out)
			return 0;
		if ((s->sock.shut & SOCK_NO_RECEIVE) &&
		    (deadline || s->sock.type == SOCK_SEQPACKET))
			return 0;
		err = sock_wait(&s->sock.readers, deadline);
		if (err)
			return err;
	}
}

/* Takes p off the queue, or only holds it; it is the caller's to drop. */
static void message_take(struct unix_sock *s, struct unix_packet *p, bool peek)
{
	assert(s->queued > 0 && p == unix_first(s) && p->read == 0);
	if (peek)
		unix_packet_hold(p);
	else
		unix_dequeue(s, p);
}

/*
 * Bytes received, or with MSG_TRUNC the message's length. -ENOTCONN, -EAGAIN,
 * -EOPNOTSUPP, -EFAULT, an error that waited, a signal's; -EPERM: see
 * unix_rights_refused.
 */
int unix_dgram_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock);
	struct unix_packet *p;
	uint32_t n;
	int err;

	if (sock->type == SOCK_SEQPACKET && s->state != UNIX_CONNECTED)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = message_wait(s, sock_deadline(wait, sock->receive_timeout), &p);
	if (err || !p)
		return err;
	if (!p->told && unix_rights_refused(m, p->control.rights)) {
		p->told = true;
		return -EPERM;
	}
	message_take(s, p, m->flags & MSG_PEEK);
	if (m->name)
		unix_name_copy(p->from, m->name);
	n = p->size;
	if (n > m->io->left) {
		n = m->io->left;
		m->told |= MSG_TRUNC;
	}
	if (n && unix_packet_give(p, m, 0, n) != (int)n)
		err = -EFAULT;
	if (!err)
		err = sock_put_time(sock, m, p->came);
	if (!err)
		err = unix_control_give(s, m, &p->control);
	if (!err)
		err = (int)(m->flags & MSG_TRUNC ? p->size : n);
	unix_packet_drop(p);
	return err;
}
