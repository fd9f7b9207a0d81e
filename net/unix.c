/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix.c - AF_UNIX: birth and death of a socket, and what it is ready for.
 *
 * Two connected sockets hold each other; a queue belongs to who reads it. When
 * a file is closed its socket leaves: it is dead, out of reach of every name,
 * but its struct stays until the last who holds it has noticed.
 *
 * Invariant: a dead socket has no peer, no name to be found by and an empty
 * queue. Locks: the kernel lock.
 */
#include "net/unix.h"

enum { DGRAM_BACKLOG = 10 };	/* as Linux's net.unix.max_dgram_qlen */

struct list unix_all = LIST_INIT(unix_all);

/* --- birth --------------------------------------------------------------- */

static const struct sock_ops *ops_of(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return &unix_stream_ops;
	case SOCK_SEQPACKET:
		return &unix_seqpacket_ops;
	default:
		return &unix_dgram_ops;
	}
}

/* One reference. Charged to who's prison. -ENOMEM. */
int unix_new(const struct cred *who, int type, struct unix_sock **out)
{
	struct unix_sock *s = sock_alloc(who, sizeof *s);

	if (!s)
		return -ENOMEM;
	sock_begin(&s->sock, who, AF_UNIX, type, ops_of(type));
	s->refs = 1;
	s->sock.backlog = DGRAM_BACKLOG;
	list_init(&s->queue);
	list_init(&s->relayed);
	list_init(&s->relay_link);
	list_init(&s->flight_link);
	sleep_queue_init(&s->admission);
	list_append(&unix_all, &s->all_link);
	*out = s;
	return 0;
}

/* socket(2) */
static int unix_make(const struct cred *who, int type, int protocol,
		     struct sock **out)
{
	struct unix_sock *s;
	int err;

	if (protocol && protocol != PF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	err = unix_new(who, type, &s);
	if (!err)
		*out = &s->sock;
	return err;
}

/* --- death ---------------------------------------------------------------- */

void unix_drop(struct unix_sock *s)
{
	assert(s->refs > 0);
	if (--s->refs)
		return;
	assert(s->dead && !s->peer && !s->queued && !s->sent && !s->in_flight);
	assert(sleep_queue_idle(&s->admission));
	list_remove(&s->all_link);
	if (s->name)
		unix_name_drop(s->name);
	sock_free(&s->sock, sizeof *s);
}

/* peer, or NULL, is who s talks to from now on. */
void unix_peer_set(struct unix_sock *s, struct unix_sock *peer)
{
	struct unix_sock *old = s->peer;

	assert(!s->dead || !peer);
	assert(s->state != UNIX_LISTENING);
	if (peer)
		unix_hold(peer);
	s->peer = peer;
	list_remove(&s->relay_link);
	if (old)
		unix_drop(old);
}

static void wake_all(struct unix_sock *s)
{
	stream_wake(&s->sock);
	unix_admit(s);
}

/* What the other end of a connection is told. */
static void hang_up(struct unix_sock *s, struct unix_sock *peer)
{
	assert(s->dead && !peer->dead);
	peer->sock.shut = SOCK_SHUT;
	if (s->queued || s->embryo)
		peer->sock.error = ECONNRESET;
	wake_all(peer);
}

/* Connections that nobody accepted. */
static void refuse_waiting(struct unix_sock *s)
{
	struct sock *e;

	while ((e = stream_line_first(&s->sock))) {
		assert(unix_of(e)->embryo);
		stream_line_leave(&s->sock, e);
		unix_leave(unix_of(e));
	}
	assert(!s->sock.line_count);
}

/* s is nobody's any more; gives up the reference of its file. Sleeps. */
void unix_leave(struct unix_sock *s)
{
	struct unix_sock *peer = s->peer;
	bool listening = s->sock.listening;

	assert(!s->dead && !s->sock.file);
	s->dead = true;
	s->state = UNIX_CLOSED;
	s->sock.listening = false;
	s->sock.shut = SOCK_SHUT;
	if (peer && s->sock.type != SOCK_DGRAM && peer->peer == s)
		hang_up(s, peer);
	wake_all(s);
	unix_peer_set(s, NULL);
	unix_unbind(s);
	if (listening)
		refuse_waiting(s);
	else
		unix_purge(s);
	unix_drop(s);
}

static void unix_release(struct sock *sock)
{
	unix_leave(unix_of(sock));
}

/* A descriptor of sock goes, and perhaps with it the last way to what lies in
 * its queue. */
static void unix_closing(struct sock *sock)
{
	if (unix_suspect(sock->file, 1))
		unix_collect(sock->file);
}

/* --- state ---------------------------------------------------------------- */

static int unix_shutdown(struct sock *sock, int how)
{
	static const unsigned halves[] = { SOCK_NO_RECEIVE, SOCK_NO_SEND,
					   SOCK_SHUT };
	static const unsigned others[] = { SOCK_NO_SEND, SOCK_NO_RECEIVE,
					   SOCK_SHUT };
	struct unix_sock *s = unix_of(sock), *peer = s->peer;

	s->sock.shut |= halves[how];
	if (peer && s->sock.type != SOCK_DGRAM) {
		peer->sock.shut |= others[how];
		wake_all(peer);
	}
	wake_all(s);
	return 0;
}

/* getsockname(2), getpeername(2). An accepted socket has its listener's name. */
static int unix_name_get(struct sock *sock, bool peer, struct sock_name *out)
{
	struct unix_sock *s = unix_of(sock);

	if (peer && !s->peer)
		return -ENOTCONN;
	unix_name_copy(peer ? s->peer : s, out);
	if (!out->len) {
		out->family = AF_UNIX;
		out->len = sizeof out->family;
	}
	return 0;
}

static uint32_t unix_queued(struct sock *sock, bool out)
{
	struct unix_sock *s = unix_of(sock);
	struct unix_packet *first = unix_first(s);

	if (out)
		return s->sent;
	if (sock->type == SOCK_DGRAM)
		return first ? first->size : 0;
	return s->unread;
}

/* --- poll ----------------------------------------------------------------- */

/* All but whether one may write. */
static unsigned poll_common(struct unix_sock *s, struct poller *p)
{
	unsigned mask = stream_poll(&s->sock, p);

	if (s->queued)
		mask |= POLLIN | POLLRDNORM;
	if (s->sock.type != SOCK_DGRAM && s->state == UNIX_CLOSED)
		mask |= POLLHUP;
	return mask;
}

enum { POLL_WRITE = POLLOUT | POLLWRNORM | POLLWRBAND };

static unsigned unix_stream_poll(struct sock *sock, struct poller *p)
{
	struct unix_sock *s = unix_of(sock);

	return poll_common(s, p) | (unix_writable(s) ? POLL_WRITE : 0);
}

/* Where the peer does not talk to s alone, its queue may be full of others'
 * messages: s is told when it is no longer. */
static unsigned unix_dgram_poll(struct sock *sock, struct poller *p)
{
	struct unix_sock *s = unix_of(sock), *peer = s->peer;
	unsigned mask = poll_common(s, p);

	if (!unix_writable(s))
		return mask;
	if (peer && peer->peer != s && !peer->dead && unix_full(peer)) {
		list_remove(&s->relay_link);
		list_append(&peer->relayed, &s->relay_link);
		return mask;
	}
	return mask | POLL_WRITE;
}

/* --- the table ------------------------------------------------------------ */

#define UNIX_COMMON						\
	.bind = unix_bind, .pair = unix_pair,			\
	.name = unix_name_get, .shutdown = unix_shutdown,	\
	.queued = unix_queued, .closing = unix_closing,		\
	.release = unix_release
#define UNIX_CONNECTING						\
	.connect = unix_stream_connect, .listen = unix_listen,	\
	.accepted = unix_accepted

const struct sock_ops unix_stream_ops = {
	UNIX_COMMON, UNIX_CONNECTING,
	.send = unix_stream_send,
	.receive = unix_stream_receive,
	.stream = &unix_stream_bytes,
	.poll = unix_stream_poll,
};
const struct sock_ops unix_seqpacket_ops = {
	UNIX_COMMON, UNIX_CONNECTING,
	.send = unix_dgram_send,
	.receive = unix_dgram_receive,
	.poll = unix_dgram_poll,
};
const struct sock_ops unix_dgram_ops = {
	UNIX_COMMON,
	.connect = unix_dgram_connect,
	.send = unix_dgram_send,
	.receive = unix_dgram_receive,
	.poll = unix_dgram_poll,
};

void net_unix_init(void)
{
	static struct sock_family family = { AF_UNIX, unix_make, { 0 } };

	sock_family_register(&family);
	unix_show_init();
}
