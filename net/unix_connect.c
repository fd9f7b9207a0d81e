/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_connect.c - from two sockets to a connection: listen, connect, accept,
 * socketpair; and the peer of a datagram socket.
 *
 * connect makes the server's end itself, an embryo that waits in the
 * listener's queue until somebody accepts it; bytes can flow before that. Who
 * connects and who listened are remembered for SO_PEERCRED.
 *
 * Locks: the kernel lock. What was found by name is held over a sleep and then
 * looked up again.
 */
#include "net/unix.h"

/* listen(2). -EINVAL without a name. */
int unix_listen(struct sock *sock, struct thread *me, unsigned backlog)
{
	struct unix_sock *s = unix_of(sock);
	bool more = backlog > s->sock.backlog;

	if (!s->name || s->state == UNIX_CONNECTED)
		return -EINVAL;
	s->sock.backlog = backlog;
	s->state = UNIX_LISTENING;
	s->sock.listening = true;
	sock_peer_set(sock, me->cred, me->proc->pid);
	if (more)
		unix_admit(s);
	return 0;
}

/* --- connect, with a connection --------------------------------------------- */

/* Places an embryo in listener's queue, connected with s. -ENOMEM. */
static int embryo_make(struct unix_sock *s, struct unix_sock *listener,
		       struct thread *me)
{
	struct unix_sock *e;
	int err = unix_new(me->cred, s->sock.type, &e);

	assert(!s->peer && s->sock.type == listener->sock.type);
	assert(listener->name && listener->sock.peer_cred);
	if (err)
		return err;
	e->embryo = true;
	e->state = s->state = UNIX_CONNECTED;
	e->name = listener->name;
	e->name->refs++;
	sock_peer_set(&e->sock, me->cred, me->proc->pid);
	sock_peer_set(&s->sock, listener->sock.peer_cred,
		      listener->sock.peer_pid);
	e->sock.options |= listener->sock.options & SOCK_OPTION_PASSCRED;
	unix_peer_set(e, s);
	unix_peer_set(s, e);
	stream_line_join(&listener->sock, &e->sock);
	return 0;
}

/* One try. -EAGAIN: the listener's line is full. */
static int connect_try(struct unix_sock *s, struct unix_sock *listener,
		       struct thread *me)
{
	if (listener->dead || listener->state != UNIX_LISTENING ||
	    (listener->sock.shut & SOCK_NO_RECEIVE))
		return -ECONNREFUSED;
	if (unix_full(listener))
		return -EAGAIN;
	if (s->state == UNIX_CONNECTED)
		return -EISCONN;
	if (s->state != UNIX_CLOSED)
		return -EINVAL;
	return embryo_make(s, listener, me);
}

/* connect(2) of a stream or sequenced packets. -ECONNREFUSED, -EAGAIN,
 * -EISCONN, -EINVAL, -EPROTOTYPE, -ENOMEM, and of path_walk. */
int unix_stream_connect(struct sock *sock, const struct path_at *at,
			struct sock_name *n, bool wait)
{
	struct unix_sock *s = unix_of(sock), *listener;
	uint64_t deadline = sock_deadline(wait, sock->send_timeout);
	int err = unix_name_check(n);

	if (!err && (sock->options & SOCK_OPTION_PASSCRED))
		err = unix_autobind(s, at->who);
	while (!err) {
		err = unix_find(at, n, sock->type, &listener);
		if (err)
			break;
		err = connect_try(s, listener, thread_current());
		if (err == -EAGAIN) {
			err = sock_wait(&listener->admission, deadline);
			unix_drop(listener);
			continue;
		}
		unix_drop(listener);
		break;
	}
	return err;
}

/* socketpair(2) */
int unix_pair(struct sock *a, struct sock *b, struct thread *me)
{
	struct unix_sock *x = unix_of(a), *y = unix_of(b);

	assert(!x->peer && !y->peer && a->type == b->type);
	unix_peer_set(x, y);
	unix_peer_set(y, x);
	x->state = y->state = UNIX_CONNECTED;
	sock_peer_set(a, me->cred, me->proc->pid);
	sock_peer_set(b, me->cred, me->proc->pid);
	return 0;
}

/* --- the peer of a datagram socket -------------------------------------------- */

/* s no longer talks to old, which s holds. What came from there is lost, and
 * an old that still talks to s is told so. Sleeps. */
void unix_disconnected(struct unix_sock *s, struct unix_sock *old)
{
	if (!s->queued)
		return;
	unix_purge(s);
	unix_admit(s);
	if (!old->dead && old->peer == s) {
		old->sock.error = ECONNRESET;
		sleep_wake(&old->sock.readers);
		sleep_wake(&old->sock.writers);
	}
}

/* connect(2) of a datagram socket; AF_UNSPEC takes the peer away. -EPERM:
 * the other talks to somebody else only. */
int unix_dgram_connect(struct sock *sock, const struct path_at *at,
		       struct sock_name *n, bool wait)
{
	struct unix_sock *s = unix_of(sock), *peer = NULL, *old;
	int err;

	(void)wait;
	if (n->len < sizeof n->family)
		return -EINVAL;
	if (n->family != AF_UNSPEC) {
		err = unix_name_check(n);
		if (!err && (sock->options & SOCK_OPTION_PASSCRED))
			err = unix_autobind(s, at->who);
		if (!err)
			err = unix_find(at, n, sock->type, &peer);
		if (!err && peer->peer && peer->peer != s)
			err = -EPERM;
		if (err)
			goto drop;
	}
	old = s->peer;
	if (old)
		unix_hold(old);
	unix_peer_set(s, peer);
	s->state = peer ? UNIX_CONNECTED : UNIX_CLOSED;
	if (old && old != peer)
		unix_disconnected(s, old);
	if (old)
		unix_drop(old);
	err = 0;
drop:
	if (peer)
		unix_drop(peer);
	return err;
}

/* --- accept ------------------------------------------------------------------- */

/* first has left sock's line. */
void unix_accepted(struct sock *sock, struct sock *first)
{
	struct unix_sock *e = unix_of(first);

	assert(e->embryo && e->state == UNIX_CONNECTED && !e->dead);
	e->embryo = false;
	if (sock->line_count == sock->backlog)
		unix_admit(unix_of(sock));
}
