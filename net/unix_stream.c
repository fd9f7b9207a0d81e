/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_stream.c - bytes in order: SOCK_STREAM.
 *
 * A write becomes packets of at most half the sender's buffer; a read takes
 * from the front of as many as it can, but not across a change of sender
 * credentials (SO_PASSCRED), and not past a packet with descriptors, so that
 * they arrive with their bytes.
 *
 * Locks: the kernel lock; stream.c's read_lock and write_lock.
 */
#include "net/unix.h"

enum { PACKET_OVERHEAD = 64 };

/* --- sending ---------------------------------------------------------------- */

/* Credentials go along where one of the two asks for them. */
static void creds_maybe(struct unix_control *c, const struct unix_sock *s,
			const struct unix_sock *to, const struct thread *me)
{
	unsigned either = s->sock.options | to->sock.options;

	if (!c->creds.set && ((either & SOCK_OPTION_PASSCRED) || to->embryo))
		unix_creds_fill(&c->creds, me);
}

static int sendable(const struct sock *sock)
{
	const struct unix_sock *s = container_of(sock, const struct unix_sock,
						 sock);

	return (sock->shut & SOCK_NO_SEND) || s->peer->dead ||
	       (s->peer->sock.shut & SOCK_NO_RECEIVE) ? -EPIPE : -sock->error;
}

static uint32_t room(const struct sock *sock)
{
	uint32_t sent = container_of(sock, const struct unix_sock, sock)->sent;

	return sent < sock->send_limit ? sock->send_limit - sent : 0;
}

/* One packet. The files of what goes along go with it, and are no longer there
 * then. */
static int put(struct sock *sock, struct sock_msg *m)
{
	struct unix_sock *s = unix_of(sock);
	struct unix_control *c = m->along;
	uint32_t n = min_u32(m->io->left, PACKET_MAX);
	struct unix_packet *p;
	int err;

	assert(s->peer && s->state == UNIX_CONNECTED && n);
	n = min_u32(n, sock->send_limit / 2 - PACKET_OVERHEAD);
	err = unix_packet_new(s, m, n, &p);
	if (err)
		return err;
	err = sendable(sock);	/* it may have slept */
	if (err) {
		unix_packet_drop(p);
		return err;
	}
	creds_maybe(c, s, s->peer, m->me);
	unix_creds_copy(&p->control.creds, &c->creds);
	p->control.rights = c->rights;
	c->rights = NULL;
	unix_enqueue(s->peer, p);
	return (int)n;
}

/* Bytes sent. -EPIPE, -ENOTCONN, -EISCONN, -EOPNOTSUPP, -EAGAIN, -ENOBUFS,
 * -EFAULT, and of unix_control_parse. */
int unix_stream_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock);
	struct unix_control c;
	int n = unix_control_parse(m, &c);

	if (n)
		return n;
	m->along = &c;
	if (m->flags & MSG_OOB)
		n = -EOPNOTSUPP;
	else if (m->name && m->name->len)
		n = s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	else if (!s->peer)
		n = -ENOTCONN;
	else
		n = stream_send(sock, m, wait);
	unix_control_end(&c);
	return n;
}

/* --- receiving -------------------------------------------------------------- */

struct reading {
	struct stream_reading stream;	/* first */
	struct unix_control control;	/* what goes to the user beside bytes */
	struct unix_packet *seen;	/* peek: the last; the next is behind it */
	bool begun;			/* the first packet has been met */
};

/* May what p holds be given together with what was read before? */
static bool fits(const struct reading *r, const struct unix_packet *p)
{
	const struct unix_creds *a = &r->control.creds, *b = &p->control.creds;

	if (!r->begun || !(r->stream.s->options & SOCK_OPTION_PASSCRED))
		return true;
	if (!a->set || !b->set)
		return a->set == b->set;
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* p has given n bytes more, or all: its files go to the user, and it goes.
 * True: they are the last that this call gives. */
static bool consume(struct reading *r, struct unix_packet *p, uint32_t n)
{
	struct unix_sock *s = unix_of(r->stream.s);
	struct unix_rights *rights = p->control.rights;

	assert(n > 0 && n <= p->size - p->read && !r->control.rights);
	assert(sleep_lock_mine(&s->sock.read_lock));
	if (rights && r->stream.peek) {
		unix_rights_hold(rights);
		r->control.rights = rights;
	} else if (rights) {
		unix_flight_end(rights);
		r->control.rights = rights;
		p->control.rights = NULL;
	}
	if (r->stream.peek) {
		r->seen = p;
		return rights;
	}
	p->read += n;
	s->unread -= n;
	if (p->read < p->size)
		return true;
	unix_dequeue(s, p);
	unix_packet_drop(p);
	return rights;
}

/* The next that this call reads of, or NULL: none is there. */
static struct unix_packet *next(const struct reading *r)
{
	struct list *queue = &unix_of(r->stream.s)->queue;
	struct list *l = r->stream.peek && r->seen ? r->seen->link.next :
						     queue->next;

	return l == queue ? NULL : list_entry(l, struct unix_packet, link);
}

/* What the next packet has. A call ends before bytes that do not belong to
 * those that it has given. */
static int give(struct stream_reading *stream)
{
	struct reading *r = container_of(stream, struct reading, stream);
	struct sock_msg *m = stream->m;
	struct unix_packet *p = next(r);
	uint32_t left;
	int n;

	stream->end = r->seen;		/* a look does not wait for more */
	if (!p)
		return 0;
	left = p->size - p->read;
	assert(left > 0);
	stream->end = true;
	if (!fits(r, p))
		return 0;
	if (!p->told && unix_rights_refused(m, p->control.rights)) {
		if (stream->done)
			return 0;
		p->told = true;
		return -EPERM;
	}
	if (!r->begun) {
		unix_creds_copy(&r->control.creds, &p->control.creds);
		if (m->name)
			unix_name_copy(p->from, m->name);
	}
	r->begun = true;
	n = unix_packet_give(p, m, p->read, min_u32(left, m->io->left));
	if (n > 0)
		stream->end = consume(r, p, n) || (uint32_t)n < left;
	return n;
}

const struct stream_ops unix_stream_bytes = {
	.sendable = sendable, .room = room, .put = put, .give = give,
};

/* Bytes received. -EINVAL: not connected; -EAGAIN, -ECONNRESET, -EFAULT, a
 * signal's; -EPERM: see unix_rights_refused. */
int unix_stream_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock);
	struct reading r = { .stream = { .s = sock, .m = m } };
	int n;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (s->state != UNIX_CONNECTED)
		return -EINVAL;
	n = stream_receive(&r.stream, wait);
	if (r.begun && unix_control_give(s, m, &r.control) && !r.stream.done)
		n = -EFAULT;
	unix_control_end(&r.control);
	return n;
}
