/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock.c - what all families of sockets share: their files, and the way of
 * each call to the family's sock_ops.
 *
 * A family registers itself at boot; this file knows none by name. A socket
 * that a program holds is a file of kind "socket" whose private is the sock.
 *
 * Locks: the kernel lock. Families are never taken away.
 */
#include "kernel/fs/charge.h"
#include "net/inet.h"

enum {
	BACKLOG_MAX = 4096,		/* as Linux's somaxconn */
	BUFFER_BYTES = 212992,		/* as Linux's wmem_default */
	BUFFERS_SHARE = 4,		/* of memory, a part for all buffers */
};

static struct list families = LIST_INIT(families);
void (*net_random)(void *to, size_t n);

static struct sock_family *family_find(int number)
{
	list_each(l, &families) {
		struct sock_family *f = list_entry(l, struct sock_family, link);

		if (f->number == number)
			return f;
	}
	return NULL;
}

/* f stays the caller's and must not go away. */
void sock_family_register(struct sock_family *f)
{
	assert(f->make && !family_find(f->number));
	list_append(&families, &f->link);
}

/* What waits in sockets cannot be put out of memory: it gets a part of it. */
void net_init(void)
{
	struct page_stats s;

	page_stats_get(&s);
	prison_host()->limit[RACCT_SOCKBUF] =
		(uint64_t)(s.total / BUFFERS_SHARE) << PAGE_SHIFT;
	net_unix_init();
	net_inet_init();
}

/* --- a socket and its file ---------------------------------------------- */

/* s, all zero as yet, is a socket of who's. */
void sock_begin(struct sock *s, const struct cred *who, int family, int type,
		const struct sock_ops *ops)
{
	assert(ops->poll && ops->release && !s->prison);
	s->ops = ops;
	s->family = family;
	s->type = type;
	s->prison = who->prison;
	prison_hold(s->prison);
	s->send_limit = s->receive_limit = BUFFER_BYTES;
	s->receive_low = 1;
	s->send_timeout = s->receive_timeout = SLEEP_FOREVER;
	sock_queues_init(s);
}

void *sock_alloc(const struct cred *who, size_t n)
{
	void *mem = charged_alloc(who->prison, n);

	assert(n >= sizeof(struct sock));
	return mem ? memset(mem, 0, n) : NULL;
}

void sock_free(struct sock *s, size_t n)
{
	struct prison *pays = s->prison;

	assert(!s->file && pays->refs > 0);
	assert(list_empty(&s->line) && list_empty(&s->line_link));
	assert(sleep_queue_idle(&s->readers) && sleep_queue_idle(&s->writers));
	if (s->peer_cred)
		cred_drop(s->peer_cred);
	charged_free(pays, s, n);
	prison_drop(pays);
}

/* to, just made for somebody who came, begins as its listener is. */
void sock_inherit(struct sock *to, const struct sock *from)
{
	to->options = from->options;
	to->send_limit = from->send_limit;
	to->receive_limit = from->receive_limit;
	to->receive_low = from->receive_low;
	to->sized = from->sized;
	to->linger = from->linger;
	to->priority = from->priority;
	to->protocol = from->protocol;
	to->send_timeout = from->send_timeout;
	to->receive_timeout = from->receive_timeout;
}

/* SO_PEERCRED of s. */
void sock_peer_set(struct sock *s, const struct cred *who, int pid)
{
	const struct cred *old = s->peer_cred;

	s->peer_cred = cred_hold(who);
	s->peer_pid = pid;
	if (old)
		cred_drop(old);
}

static int file_receive(struct file *f, struct user_io *io, off64 *pos)
{
	struct sock_msg m = { .me = thread_current(), .io = io };

	(void)pos;
	return io->left ? sock_receive(f, &m) : 0;
}

static int file_send(struct file *f, struct user_io *io, off64 *pos)
{
	struct sock_msg m = { .me = thread_current(), .io = io };

	(void)pos;
	return sock_send(f, &m);
}

static unsigned file_poll(struct file *f, struct poller *p)
{
	struct sock *s = f->private;

	return s->ops->poll(s, p);
}

static int file_ioctl(struct file *f, struct thread *me, uint32_t cmd,
		      uint32_t arg)
{
	struct sock *s = f->private;
	const struct sock_ops *ops = s->ops;
	int err = -ENOTTY;

	if ((cmd == SIOCINQ || cmd == SIOCOUTQ) && ops->queued)
		return s->listening ? -EINVAL :
			user_put32(arg, ops->queued(s, cmd == SIOCOUTQ));
	if (cmd == SIOCATMARK && ops->stream && ops->stream->at_mark)
		return user_put32(arg, ops->stream->at_mark(s));
	if (s->family != AF_UNIX && s->family != AF_NETLINK)
		err = sock_stamp_ioctl(s, cmd, arg);
	return err == -ENOTTY ?
		inet_ioctl(me->cred, net_vnet(me->cred->prison), cmd, arg) :
		err;
}

static int file_map_sock(struct file *f, struct vm_request *r)
{
	struct sock *s = f->private;

	return s->ops->map ? s->ops->map(s, r) : -ENODEV;
}

static void file_closing(struct file *f, struct file_table *t)
{
	struct sock *s = f->private;

	(void)t;
	if (s->ops->closing)
		s->ops->closing(s);
}

static void file_ended(struct file *f)
{
	struct sock *s = f->private;

	if (!s)
		return;		/* its making failed */
	assert(s->file == f);
	s->file = NULL;
	s->ops->release(s);
}

static const struct file_ops sock_file_ops = {
	.read = file_receive,
	.write = file_send,
	.seek = file_no_seek,
	.poll = file_poll,
	.ioctl = file_ioctl,
	.map = file_map_sock,
	.flush = file_closing,
	.release = file_ended,
};

struct sock *sock_of(const struct file *f)
{
	return f->ops == &sock_file_ops ? f->private : NULL;
}

void sock_attach(struct sock *s, struct file *f)
{
	assert(!s->file && !f->private);
	f->private = s;
	s->file = f;
}

/* A file that becomes a socket's by sock_attach, or is dropped. */
static int file_make(const struct cred *who, unsigned flags, struct file **out)
{
	return file_new(who, &sock_file_ops, O_RDWR | (flags & O_NONBLOCK),
			NULL, "socket", out);
}

/* --- making ------------------------------------------------------------- */

/*
 * socket(2) for who, whose prison pays. type without its flags.
 * -EAFNOSUPPORT, -EINVAL, -ENFILE, -ENOMEM, else the family's.
 */
int sock_new(const struct cred *who, int family, int type, int protocol,
	     unsigned flags, struct file **out)
{
	struct sock_family *fam;
	struct sock *s;
	struct file *f;
	int err;

	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_TYPE_END)
		return -EINVAL;
	fam = family_find(family);
	if (!fam)
		return -EAFNOSUPPORT;
	err = file_make(who, flags, &f);
	if (err)
		return err;
	err = fam->make(who, type, protocol, &s);
	if (err) {
		file_drop(f);
		return err;
	}
	sock_attach(s, f);
	*out = f;
	return 0;
}

/* socketpair(2): as sock_new; -EOPNOTSUPP. */
int sock_pair(struct thread *me, int family, int type, int protocol,
	      unsigned flags, struct file *out[2])
{
	struct sock *a, *b;
	int err = sock_new(me->cred, family, type, protocol, flags, &out[0]);

	if (err)
		return err;
	err = sock_new(me->cred, family, type, protocol, flags, &out[1]);
	if (err)
		goto drop_first;
	a = sock_of(out[0]);
	b = sock_of(out[1]);
	err = a->ops->pair ? a->ops->pair(a, b, me) : -EOPNOTSUPP;
	if (!err)
		return 0;
	file_drop(out[1]);
drop_first:
	file_drop(out[0]);
	return err;
}

/* --- waiting and errors ------------------------------------------------- */

uint64_t sock_deadline(bool wait, uint64_t timeout)
{
	uint64_t now;

	if (!wait)
		return 0;
	if (timeout == SLEEP_FOREVER)
		return SLEEP_FOREVER;
	now = arch_clock_ns();
	return timeout < SLEEP_FOREVER - now ? now + timeout : SLEEP_FOREVER;
}

/* A call with a time-out is not begun again: its time would start over. */
int sock_wait(struct sleep_queue *q, uint64_t deadline)
{
	int err;

	if (!deadline)
		return -EAGAIN;
	err = sleep_on(q, SLEEP_SIGNAL, deadline);
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	if (err)
		return deadline == SLEEP_FOREVER ? -ERESTARTSYS : -EINTR;
	return 0;
}

int sock_take_error(struct sock *s)
{
	int err = s->error;

	s->error = 0;
	return -err;
}

void sock_urgent(const struct sock *s)
{
	if (s->file)
		file_urgent(s->file);
}

/* --- the calls ---------------------------------------------------------- */

static bool may_wait(const struct file *f, unsigned flags)
{
	return !(f->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
}

/* bind(2). What can go wrong is the family's to say, here and below. */
int sock_bind(struct file *f, const struct path_at *at, struct sock_name *n)
{
	struct sock *s = f->private;

	return s->ops->bind ? s->ops->bind(s, at, n) : -EOPNOTSUPP;
}

int sock_connect(struct file *f, const struct path_at *at, struct sock_name *n)
{
	struct sock *s = f->private;

	int err = -EOPNOTSUPP;

	if (s->ops->connect)
		err = s->ops->connect(s, at, n, may_wait(f, 0));
	if (err == -EINPROGRESS)
		file_async_full(f);
	return err;
}

int sock_listen(struct file *f, struct thread *me, int backlog)
{
	struct sock *s = f->private;

	if (!s->ops->listen)
		return -EOPNOTSUPP;
	return s->ops->listen(s, me, min_u32(backlog, BACKLOG_MAX));
}

/*
 * accept4(2): the new descriptor of me's. *peer, unless NULL, becomes the
 * other's address. -EMFILE, -ENFILE, -ENOMEM leave the connection waiting.
 */
int sock_accept(struct file *f, struct thread *me, unsigned flags,
		bool cloexec, struct sock_name *peer)
{
	struct sock *s = f->private, *first;
	uint64_t limit = me->proc->limit[RLIMIT_NOFILE].cur;
	struct file *made;
	int fd, err;

	if (!s->ops->accepted)
		return -EOPNOTSUPP;
	err = file_room(me->proc->files, limit);
	if (!err)
		err = stream_line_wait(s, may_wait(f, 0));
	if (!err)
		err = file_make(me->cred, flags, &made);
	if (err)
		return err;
	fd = file_install(me->proc->files, made, 0, cloexec, limit);
	if (fd < 0) {
		file_drop(made);
		return fd;
	}
	first = stream_line_first(s);	/* nothing has slept since */
	stream_line_leave(s, first);
	sock_attach(first, made);
	if (peer && sock_name_get(made, true, peer))
		peer->len = 0;	/* it has gone already */
	s->ops->accepted(s, first);
	return fd;
}

/* getsockname(2), getpeername(2). */
int sock_name_get(struct file *f, bool peer, struct sock_name *out)
{
	struct sock *s = f->private;

	return s->ops->name ? s->ops->name(s, peer, out) : -EOPNOTSUPP;
}

static void send_sigpipe(struct thread *me)
{
	struct abi_siginfo info;

	signal_fill(&info, SIGPIPE, SI_USER, me->proc);
	signal_post_thread(me, &info);
}

/* Bytes sent. -EPIPE comes with SIGPIPE from streams, unless MSG_NOSIGNAL. */
int sock_send(struct file *f, struct sock_msg *m)
{
	struct sock *s = f->private;
	int n = -EOPNOTSUPP;

	if (s->ops->send)
		n = s->ops->send(s, m, may_wait(f, m->flags));
	if (m->io->left)
		file_async_full(f);
	if (n == -EPIPE && s->type == SOCK_STREAM && !(m->flags & MSG_NOSIGNAL))
		send_sigpipe(m->me);
	return n;
}

/* Bytes received; 0 is the end, or an empty message. */
int sock_receive(struct file *f, struct sock_msg *m)
{
	struct sock *s = f->private;

	m->told = m->flags & MSG_CMSG_CLOEXEC;
	if (m->name)
		m->name->len = 0;
	return s->ops->receive ?
		s->ops->receive(s, m, may_wait(f, m->flags)) : -EOPNOTSUPP;
}

int sock_shutdown(struct file *f, int how)
{
	struct sock *s = f->private;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown ? s->ops->shutdown(s, how) : -EOPNOTSUPP;
}

/* --- control messages ---------------------------------------------------- */

const struct abi_cmsghdr *sock_control_next(const struct sock_msg *m,
					    const struct abi_cmsghdr *prev)
{
	uint32_t at = prev ? (const char *)prev - m->control +
			     align_up(prev->len, sizeof(uint32_t)) : 0;
	const struct abi_cmsghdr *h = (const void *)(m->control + at);

	if (at >= m->control_len || m->control_len - at < sizeof *h)
		return NULL;
	assert(h->len >= sizeof *h && h->len <= m->control_len - at);
	return h;
}

int sock_put_control(struct sock_msg *m, int level, int type, const void *data,
		     uint32_t n)
{
	struct abi_cmsghdr head = { sizeof head + n, level, type };
	uint32_t space;

	if (!m->control_user || m->control_len < sizeof head) {
		m->told |= MSG_CTRUNC;
		return 0;
	}
	if (m->control_len < head.len) {
		m->told |= MSG_CTRUNC;
		head.len = m->control_len;
	}
	if (user_copy_out(m->control_user, &head, sizeof head) ||
	    user_copy_out(m->control_user + sizeof head, data,
			  head.len - sizeof head))
		return -EFAULT;
	space = min_u32(align_up(sizeof head + n, sizeof(uint32_t)),
			m->control_len);
	m->control_user += space;
	m->control_len -= space;
	return 0;
}

/* --- when a message came -------------------------------------------------- */

struct sock_time {		/* seconds, and what is over in us or ns */
	int64_t wide[2];
	int32_t narrow[2];
};

static struct sock_time time_split(uint64_t ns, bool micro)
{
	enum { NS_PER_US = 1000, NS_PER_SEC = 1000000000 };
	struct sock_time t;
	uint32_t part;

	t.wide[0] = (int64_t)div_u64(ns, NS_PER_SEC, &part);
	t.wide[1] = micro ? part / NS_PER_US : part;
	t.narrow[0] = (int32_t)t.wide[0];
	t.narrow[1] = (int32_t)t.wide[1];
	return t;
}

/* The old ones have 32 bits for each half. */
int sock_put_time(struct sock *s, struct sock_msg *m, uint64_t ns)
{
	struct sock_time t;

	if (!s->timestamp) {
		s->stamp = ns ? ns : SOCK_STAMP_UNKNOWN;
		return 0;
	}
	if (!ns)
		ns = (uint64_t)timer_realtime_ns();
	t = time_split(ns, s->timestamp == SO_TIMESTAMP_OLD ||
			   s->timestamp == SO_TIMESTAMP_NEW);
	if (s->timestamp == SO_TIMESTAMP_NEW ||
	    s->timestamp == SO_TIMESTAMPNS_NEW)
		return sock_put_control(m, SOL_SOCKET, s->timestamp, t.wide,
					sizeof t.wide);
	return sock_put_control(m, SOL_SOCKET, s->timestamp, t.narrow,
				sizeof t.narrow);
}

/* As on Linux who asks for the first time learns of what came before only that
 * it is there: it came now. */
int sock_stamp_ioctl(struct sock *s, uint32_t cmd, uint32_t arg)
{
	bool micro = cmd == SIOCGSTAMP_OLD || cmd == SIOCGSTAMP_NEW;
	bool wide = cmd == SIOCGSTAMP_NEW || cmd == SIOCGSTAMPNS_NEW;
	struct sock_time t;

	if (!micro && !wide && cmd != SIOCGSTAMPNS_OLD)
		return -ENOTTY;
	s->stamped = true;
	if (s->stamp == SOCK_STAMP_NONE)
		return -ENOENT;
	if (s->stamp == SOCK_STAMP_UNKNOWN)
		s->stamp = (uint64_t)timer_realtime_ns();
	t = time_split(s->stamp, micro);
	return wide ? user_copy_out(arg, t.wide, sizeof t.wide) :
		      user_copy_out(arg, t.narrow, sizeof t.narrow);
}
