/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_stream.c - bytes in order: SOCK_STREAM.
 *
 * A write becomes packets of at most half the sender's buffer; a read takes
 * from the front of as many as it can, but not across a change of sender
 * credentials (SO_PASSCRED), and not past a packet with descriptors, so that
 * they arrive with their bytes.
 *
 * Locks: the kernel lock; read_lock, so that one reader at a time takes bytes
 * while copies sleep.
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

/* One packet. The files of c go with it, and are no longer in c then. */
static int send_packet(struct unix_sock *s, struct sock_msg *m,
		       struct unix_control *c, uint64_t deadline)
{
	uint32_t n = min_u32(m->io->left, PACKET_MAX);
	struct unix_packet *p;
	int err = unix_wait_room(s, deadline);

	assert(s->peer && s->state == UNIX_CONNECTED && n);
	if (err)
		return err;
	n = min_u32(n, s->sock.send_limit / 2 - PACKET_OVERHEAD);
	err = unix_packet_new(s, m, n, &p);
	if (err)
		return err;
	if ((s->shut & UNIX_NO_SEND) || s->peer->dead ||
	    (s->peer->shut & UNIX_NO_RECEIVE)) {
		unix_packet_drop(p);
		return -EPIPE;
	}
	creds_maybe(c, s, s->peer, m->me);
	unix_creds_copy(&p->control.creds, &c->creds);
	p->control.rights = c->rights;
	c->rights = NULL;
	unix_enqueue(s->peer, p);
	return n;
}

/* Bytes sent. -EPIPE, -ENOTCONN, -EISCONN, -EOPNOTSUPP, -EAGAIN, -ENOBUFS,
 * -EFAULT, and of unix_control_parse. */
int unix_stream_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock);
	uint64_t deadline = sock_deadline(wait, sock->send_timeout);
	struct unix_control c;
	int err = unix_control_parse(m, &c), done = 0;

	if (err)
		return err;
	if (m->flags & MSG_OOB)
		err = -EOPNOTSUPP;
	else if (m->name)
		err = s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	else if (!s->peer)
		err = -ENOTCONN;
	else if (s->shut & UNIX_NO_SEND)
		err = -EPIPE;
	while (!err && m->io->left) {
		int n = send_packet(s, m, &c, deadline);

		if (n < 0)
			err = n;
		else
			done += n;
	}
	unix_control_end(&c);
	return done ? done : err;
}

/* --- receiving -------------------------------------------------------------- */

struct reading {
	struct unix_sock *s;
	struct sock_msg *m;
	struct unix_control control;	/* what goes to the user beside bytes */
	int done;
	bool begun;			/* the first packet has been met */
	bool peek;
};

/* May what p holds be given together with what was read before? */
static bool fits(const struct reading *r, const struct unix_packet *p)
{
	const struct unix_creds *a = &r->control.creds, *b = &p->control.creds;

	if (!r->begun || !(r->s->sock.options & SOCK_OPTION_PASSCRED))
		return true;
	if (!a->set || !b->set)
		return a->set == b->set;
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* p has given n bytes more, or all: its files go to the user, and it goes. */
static bool consume(struct reading *r, struct unix_packet *p, uint32_t n)
{
	struct unix_rights *rights = p->control.rights;

	assert(n > 0 && n <= p->size - p->read && !r->control.rights);
	assert(r->s->read_lock.owner == thread_current());
	if (rights && r->peek) {
		unix_rights_hold(rights);
		r->control.rights = rights;
	} else if (rights) {
		unix_flight_end(rights);
		r->control.rights = rights;
		p->control.rights = NULL;
	}
	if (r->peek)
		return rights;
	p->read += n;
	r->s->unread -= n;
	if (p->read < p->size)
		return true;
	unix_dequeue(r->s, p);
	unix_packet_drop(p);
	return rights;
}

/* Takes what there is. True: the call is done. */
static bool read_queue(struct reading *r, int *err)
{
	struct list *l = r->s->queue.next, *next;

	for (; l != &r->s->queue && r->m->io->left; l = next) {
		struct unix_packet *p = list_entry(l, struct unix_packet, link);
		uint32_t at = p->read, left = p->size - at;
		bool last;
		int n;

		assert(left > 0);
		next = l->next;
		if (!fits(r, p))
			return true;
		if (!p->told && unix_rights_refused(r->m, p->control.rights)) {
			if (r->done)
				return true;
			p->told = true;
			*err = -EPERM;
			return true;
		}
		if (!r->begun) {
			unix_creds_copy(&r->control.creds, &p->control.creds);
			if (r->m->name)
				unix_name_copy(p->from, r->m->name);
		}
		r->begun = true;
		n = unix_packet_give(p, r->m, at, min_u32(left, r->m->io->left));
		if (n <= 0) {
			*err = n;
			return true;
		}
		r->done += n;
		next = l->next;		/* more may have come meanwhile */
		last = consume(r, p, n);
		if (last || (uint32_t)n < left)
			return true;
	}
	return !r->m->io->left;
}

/* Nothing more is there: an error, the end, or a wait. True: the call is done. */
static bool read_wait(struct reading *r, uint32_t target, uint64_t deadline,
		      int *err)
{
	struct unix_sock *s = r->s;

	if (r->done >= (int)target || (r->peek && r->done))
		return true;	/* a look does not wait for more, as on Linux */
	*err = sock_take_error(&s->sock);
	if (*err || (s->shut & UNIX_NO_RECEIVE))
		return true;
	sleep_lock_release(&s->read_lock);
	*err = sock_wait(&s->readers, deadline);
	sleep_lock_take(&s->read_lock);
	return *err;
}

/* Bytes received. -EINVAL: not connected; -EAGAIN, -ECONNRESET, -EFAULT, a
 * signal's; -EPERM: see unix_rights_refused. */
int unix_stream_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct unix_sock *s = unix_of(sock);
	struct reading r = { .s = s, .m = m, .peek = m->flags & MSG_PEEK };
	uint64_t deadline = sock_deadline(wait, sock->receive_timeout);
	uint32_t target = m->flags & MSG_WAITALL ? m->io->left :
			  min_u32(sock->receive_low, m->io->left);
	int err = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (s->state != UNIX_CONNECTED)
		return -EINVAL;
	target = max_u32(target, 1);
	sleep_lock_take(&s->read_lock);
	while (!read_queue(&r, &err) && !read_wait(&r, target, deadline, &err))
		;
	sleep_lock_release(&s->read_lock);
	if (r.begun && unix_control_give(s, m, &r.control))
		err = -EFAULT;
	unix_control_end(&r.control);
	return r.done ? r.done : err;
}
