/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - the public face of room 7: turns addresses into sockets, for a given
 * cred.
 *
 * A family registers itself here and gives each socket its sock_ops; what all
 * families share (descriptors, options, time-outs, errors that wait to be
 * told) is in struct sock. Locks: the kernel lock.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "kernel/base/abi/socket.h"
#include "kernel/fs/fs.h"

struct sock;

struct sock_name {		/* an address, as the user writes it */
	uint32_t len;		/* 0: none */
	union {
		uint16_t family;
		char bytes[SOCKADDR_MAX + 1];	/* a NUL fits behind it */
	};
};

struct sock_msg {		/* one send or receive */
	struct thread *me;
	struct user_io *io;
	unsigned flags;		/* MSG_*, as asked */
	struct sock_name *name;	/* where to; where from; NULL: not asked */
	char *control;		/* send: control messages: sock_control_next */
	uint32_t control_user;	/* receive: where they go, or 0 */
	uint32_t control_len;	/* of one or the other; receive: what is left */
	unsigned told;		/* receive: MSG_* that the user is told */
	void *along;		/* the family's own: what goes with the bytes */
};

/* Of a family, or of one type of it. A NULL one is -EOPNOTSUPP. All may sleep
 * unless they say otherwise. wait: false is O_NONBLOCK. */
struct sock_ops {
	int (*bind)(struct sock *s, const struct path_at *at,
		    struct sock_name *n);
	int (*connect)(struct sock *s, const struct path_at *at,
		       struct sock_name *n, bool wait);
	int (*listen)(struct sock *s, struct thread *me, unsigned backlog);
	/* The first of s's line has a file now. No sleep. */
	void (*accepted)(struct sock *s, struct sock *first);
	int (*pair)(struct sock *a, struct sock *b, struct thread *me);
	int (*name)(struct sock *s, bool peer, struct sock_name *out);
	int (*send)(struct sock *s, struct sock_msg *m, bool wait);
	int (*receive)(struct sock *s, struct sock_msg *m, bool wait);
	int (*shutdown)(struct sock *s, int how);
	unsigned (*poll)(struct sock *s, struct poller *p);	/* no sleep */
	const struct stream_ops *stream;	/* of bytes in order: stream.c */
	/* SIOCINQ: bytes to be read; out, SIOCOUTQ: that are on their way. No
	 * sleep. NULL: -ENOTTY. */
	uint32_t (*queued)(struct sock *s, bool out);
	/* Tables (option.h), asked in this order, then SOL_SOCKET's. */
	const struct sock_option *options[2];
	int (*map)(struct sock *s, struct vm_request *r);	/* or NULL: -ENODEV */
	void (*closing)(struct sock *s);	/* one of its descriptors goes */
	void (*release)(struct sock *s);	/* the last; s is its own then */
};

enum {	/* sock.options: on or off, and no more to it */
	SOCK_OPTION_REUSEADDR = 1, SOCK_OPTION_KEEPALIVE = 2,
	SOCK_OPTION_BROADCAST = 4, SOCK_OPTION_DONTROUTE = 8,
	SOCK_OPTION_OOBINLINE = 16, SOCK_OPTION_REUSEPORT = 32,
	SOCK_OPTION_PASSCRED = 64, SOCK_OPTION_NO_CHECK = 128,
	SOCK_OPTION_DEBUG = 256,
};
enum { SOCK_STAMP_NONE, SOCK_STAMP_UNKNOWN };	/* something came, who knows when */
enum { SOCK_NO_RECEIVE = 1, SOCK_NO_SEND = 2, SOCK_SHUT = 3 };
struct sock {
	const struct sock_ops *ops;	/* [I] */
	int family, type, protocol;	/* [I] */
	struct file *file;		/* not held; NULL: none yet, or no more */
	struct prison *prison;		/* [I] of its maker, who pays; held */
	int error;			/* SO_ERROR: > 0, told once */
	unsigned options;		/* SOCK_OPTION_* */
	uint32_t send_limit, receive_limit, receive_low; /* bytes */
	bool sized;			/* the limits: by SO_SNDBUF, SO_RCVBUF */
	uint64_t send_timeout, receive_timeout; /* ns; SLEEP_FOREVER */
	struct abi_linger linger;
	int priority;
	int timestamp;			/* SO_TIMESTAMP*, as asked for, or 0 */
	bool stamped;			/* SIOCGSTAMP: packets get their time */
	uint64_t stamp;			/* and that of the last in ns, or SOCK_STAMP_* */
	const struct cred *peer_cred;	/* SO_PEERCRED: held, or NULL */
	int peer_pid;

	/* of those with a connection: stream.c */
	bool listening;
	unsigned shut;			/* SOCK_NO_* */
	struct sleep_queue readers, writers;	/* sleepers and pollers alike */
	struct sleep_lock read_lock, write_lock;
	struct list line;		/* who waits to be accepted */
	struct list line_link;		/* in its listener's; that one has it */
	unsigned line_count, backlog;
};

static inline void sock_queues_init(struct sock *s)
{
	sleep_queue_init(&s->readers);
	sleep_queue_init(&s->writers);
	sleep_lock_init(&s->read_lock);
	sleep_lock_init(&s->write_lock);
	list_init(&s->line);
	list_init(&s->line_link);
}

/* --- sock.c ------------------------------------------------------------- */

void net_init(void);
/* Numbers that nobody can guess; dev sets it. */
extern void (*net_random)(void *to, size_t n);

struct sock_family {
	int number;		/* AF_* */
	/* -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM. */
	int (*make)(const struct cred *who, int type, int protocol,
		    struct sock **out);
	struct list link;
};
void sock_family_register(struct sock_family *f);
void sock_begin(struct sock *s, const struct cred *who, int family, int type,
		const struct sock_ops *ops);
/* n zeroes for a socket, which begins with a struct sock; who's prison pays.
 * NULL. */
void *sock_alloc(const struct cred *who, size_t n);
/* s, of n bytes, which its family has taken apart. */
void sock_free(struct sock *s, size_t n);
void sock_inherit(struct sock *to, const struct sock *from);
void sock_attach(struct sock *s, struct file *f); /* f is s's from now on */
struct sock *sock_of(const struct file *f); /* NULL: -ENOTSOCK */

/* The calls. All sleep. flags: O_NONBLOCK of the new file. */
int sock_new(const struct cred *who, int family, int type, int protocol,
	     unsigned flags, struct file **out) must_check;
int sock_pair(struct thread *me, int family, int type, int protocol,
	      unsigned flags, struct file *out[2]) must_check;
int sock_bind(struct file *f, const struct path_at *at, struct sock_name *n) must_check;
int sock_connect(struct file *f, const struct path_at *at,
		 struct sock_name *n) must_check;
int sock_listen(struct file *f, struct thread *me, int backlog) must_check;
int sock_accept(struct file *f, struct thread *me, unsigned flags,
		bool cloexec, struct sock_name *peer) must_check;
int sock_name_get(struct file *f, bool peer, struct sock_name *out) must_check;
int sock_send(struct file *f, struct sock_msg *m) must_check;
int sock_receive(struct file *f, struct sock_msg *m) must_check;
int sock_shutdown(struct file *f, int how) must_check;

/* For families. */
/* Until when a wait may last that sleeps at most `timeout` ns; 0: not at all. */
uint64_t sock_deadline(bool wait, uint64_t timeout);
/* Sleep on q. -EAGAIN: the time is over; -ERESTARTSYS, -EINTR: a signal. */
int sock_wait(struct sleep_queue *q, uint64_t deadline) must_check;
int sock_take_error(struct sock *s);	/* 0, or the error, which is told now */
/* Urgent data came: SIGURG for whom F_SETOWN names. */
void sock_urgent(const struct sock *s);
void sock_peer_set(struct sock *s, const struct cred *who, int pid);
/* The control message of a send behind prev, or the first; NULL: there is none.
 * What the program said of their lengths has been checked. */
const struct abi_cmsghdr *sock_control_next(const struct sock_msg *m,
					    const struct abi_cmsghdr *prev);
/* Puts a control message behind those already given; MSG_CTRUNC where there is
 * no room for all of it. Sleeps. -EFAULT. */
int sock_put_control(struct sock_msg *m, int level, int type, const void *data,
		     uint32_t n) must_check;
/* SCM_TIMESTAMP*, if s has asked for it: ns since 1970 when m came; 0: now. If
 * not, it is kept for SIOCGSTAMP. */
int sock_put_time(struct sock *s, struct sock_msg *m, uint64_t ns) must_check;
/* SIOCGSTAMP, SIOCGSTAMPNS. -ENOTTY: it is none of them; -ENOENT: nothing came;
 * -EFAULT. */
int sock_stamp_ioctl(struct sock *s, uint32_t cmd, uint32_t arg) must_check;
static inline struct path_at sock_at(struct thread *me)
{
	return (struct path_at){ me->cred, me->proc->fs, AT_FDCWD,
				 me->proc->files };
}

/* --- stream.c ----------------------------------------------------------- */

struct stream_reading {		/* a receive under way */
	struct sock *s;
	struct sock_msg *m;
	int done;		/* bytes given */
	bool peek;
	bool end;		/* give: the call ends here */
	uint32_t passed;	/* peek: the family's; bytes that it went by */
};
struct stream_ops {
	/* May bytes be written, now or later? 0, -EPIPE, or s's error, which is
	 * not told by this. No sleep. */
	int (*sendable)(const struct sock *s);
	uint32_t (*room)(const struct sock *s);	/* for how many; no sleep */
	/* Some of m's bytes; how many, 0: the room has gone meanwhile.
	 * -ENOBUFS, -EFAULT, and what sendable says after a sleep. */
	int (*put)(struct sock *s, struct sock_msg *m);
	/* Some of what there is; how many, 0: nothing. -EFAULT, ... */
	int (*give)(struct stream_reading *r);
	/* SIOCATMARK: is urgent data next? NULL: there never is. No sleep. */
	bool (*at_mark)(const struct sock *s);
};
/* sock_ops.send and .receive of a stream. r: s, m, the rest 0. Sleep. */
int stream_send(struct sock *s, struct sock_msg *m, bool wait) must_check;
int stream_receive(struct stream_reading *r, bool wait) must_check;
/* What all connections are ready for: errors, ends, who waits in line. */
unsigned stream_poll(struct sock *s, struct poller *p);
void stream_wake(struct sock *s);	/* readers, writers */
void stream_line_join(struct sock *listener, struct sock *s);
void stream_line_leave(struct sock *listener, struct sock *s);
static inline struct sock *stream_line_first(struct sock *listener)
{
	struct list *l = list_first(&listener->line);

	return l ? list_entry(l, struct sock, line_link) : NULL;
}
/* Until s's line has a first. -EINVAL: it does not listen any more; -EAGAIN, a
 * signal's, s's error. Sleeps. */
int stream_line_wait(struct sock *s, bool wait) must_check;

/* --- option.c ----------------------------------------------------------- */

/* setsockopt, getsockopt; values are the user's. -EOPNOTSUPP: another level;
 * -ENOPROTOOPT, -EINVAL, -EFAULT and what the option says. Sleep. */
int sock_option_set(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t len) must_check;
int sock_option_get(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t user_len) must_check;

/* --- unix.c ------------------------------------------------------------- */

void net_unix_init(void);

#endif
