/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix.h - private to net: what an AF_UNIX socket is made of.
 *
 * References: a socket is held by its file, by who has it for a peer, by its
 * packets on the way, and by the listener in whose line it waits. A packet and
 * its rights are held by the queue, and by who is reading them.
 * Locks: the kernel lock; a stream's read_lock and write_lock.
 */
#ifndef NET_UNIX_H
#define NET_UNIX_H

#include "kernel/fs/charge.h"
#include "net/net.h"

struct unix_sock;

/* --- unix_name.c: addresses --------------------------------------------- */

struct unix_name {		/* shared by a listener and who it accepts */
	uint32_t refs;
	struct prison *prison;	/* [I] its maker's: its scope, and who pays; held */
	struct tree_node node;	/* of an abstract one that is bound */
	int type;		/* [I] of an abstract one: of its socket */
	struct unix_sock *bound; /* whose it is; NULL: that one has gone */
	uint32_t len;		/* [I] of a sockaddr_un, as the user is told */
	char path[];		/* [I] len - 2 bytes */
};
void unix_name_drop(struct unix_name *n);
int unix_bind(struct sock *sock, const struct path_at *at, struct sock_name *n);
int unix_autobind(struct unix_sock *s, const struct cred *who) must_check;
void unix_unbind(struct unix_sock *s);		/* Sleeps. */
int unix_name_check(const struct sock_name *n);	/* is it one? -EINVAL */
/* The socket that n names for who asks; held. -EINVAL, -ECONNREFUSED,
 * -EPROTOTYPE, or path_walk's. Sleeps. */
int unix_find(const struct path_at *at, const struct sock_name *n, int type,
	      struct unix_sock **out) must_check;
void unix_name_copy(const struct unix_sock *s, struct sock_name *out);

/* --- unix.c: life, state ------------------------------------------------ */

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

struct unix_sock {
	struct sock sock;
	uint32_t refs;
	enum unix_state state;
	bool dead;			/* its file is closed */
	bool embryo;			/* waits to be accepted */
	struct unix_name *name;		/* held, or NULL */
	struct path path;		/* of a bound name in a file system; held */
	struct unix_sock *peer;		/* held, or NULL */
	struct list queue;		/* packets */
	unsigned queued;		/* of them */
	uint32_t unread;		/* bytes in them */
	uint32_t sent;			/* charged bytes that nobody read yet */
	struct sleep_queue admission;	/* who waits for a place in queue or line */
	struct list relayed, relay_link; /* pollers of others that do so too */
	uint32_t in_flight;		/* references from queues, to its file */
	struct list flight_link;
	uint32_t from_outside;		/* unix_collect.c */
	bool alive;
	struct list all_link;
};
extern struct list unix_all;
static inline struct unix_sock *unix_of(struct sock *s)
{
	return container_of(s, struct unix_sock, sock);
}
static inline void unix_hold(struct unix_sock *s)
{
	assert(s->refs > 0);
	s->refs++;
}
void unix_drop(struct unix_sock *s);
int unix_new(const struct cred *who, int type, struct unix_sock **out) must_check;
void unix_leave(struct unix_sock *s);	/* its file is closed. Sleeps. */
void unix_peer_set(struct unix_sock *s, struct unix_sock *peer); /* or NULL */
extern const struct sock_ops unix_stream_ops, unix_dgram_ops,
	unix_seqpacket_ops;
/* Of strangers' messages, or of who waits to be accepted. */
static inline bool unix_full(const struct unix_sock *s)
{
	assert(!s->queued || !s->sock.line_count);
	return s->queued + s->sock.line_count > s->sock.backlog;
}
/* A quarter full at most: a sender that was stopped may go on. */
static inline bool unix_writable(const struct unix_sock *s)
{
	return s->state != UNIX_LISTENING && s->sent <= s->sock.send_limit / 4;
}

/* --- unix_connect.c ----------------------------------------------------- */

int unix_listen(struct sock *sock, struct thread *me, unsigned backlog);
int unix_stream_connect(struct sock *sock, const struct path_at *at,
			struct sock_name *n, bool wait);
int unix_dgram_connect(struct sock *sock, const struct path_at *at,
		       struct sock_name *n, bool wait);
void unix_accepted(struct sock *sock, struct sock *first);
int unix_pair(struct sock *a, struct sock *b, struct thread *me);
void unix_disconnected(struct unix_sock *s, struct unix_sock *old);

/* --- unix_rights.c: control messages ------------------------------------ */

struct unix_rights {		/* open files under way */
	uint32_t refs;
	struct list link;	/* on the way to the end */
	struct prison *prison;	/* pays; held */
	struct proc_user *user;	/* whose descriptors in flight they are; held */
	unsigned count, room;
	struct file *file[];	/* held */
};
struct unix_creds {		/* all else means nothing unless set */
	bool set;
	int pid;
	uint32_t uid, gid;
	const struct cred *of;	/* that process's; held if set */
};
struct unix_control {		/* what goes along with the bytes */
	struct unix_rights *rights;
	struct unix_creds creds;
};
int unix_control_parse(const struct sock_msg *m, struct unix_control *out) must_check;
int unix_control_give(struct unix_sock *s, struct sock_msg *m,
		      const struct unix_control *c) must_check;
void unix_creds_fill(struct unix_creds *c, const struct thread *me);
bool unix_rights_refused(const struct sock_msg *m, const struct unix_rights *r);
static inline void unix_rights_hold(struct unix_rights *r)
{
	r->refs++;
}
void unix_rights_drop(struct unix_rights *r);	/* Sleeps. */
/* Most messages have neither files nor credentials: that must cost no call. */
static inline void unix_creds_copy(struct unix_creds *to,
				   const struct unix_creds *from)
{
	to->set = false;
	if (!from->set)
		return;
	*to = *from;
	cred_hold(to->of);
}
static inline void unix_creds_end(struct unix_creds *c)
{
	if (c->set)
		cred_drop(c->of);
	c->set = false;
}
static inline void unix_control_end(struct unix_control *c)	/* Sleeps. */
{
	unix_creds_end(&c->creds);
	if (c->rights)
		unix_rights_drop(c->rights);
	c->rights = NULL;
}

/* --- unix_collect.c: descriptors in flight ------------------------------ */

void unix_flight_begin(struct unix_rights *r);	/* its packet is queued */
void unix_flight_end(struct unix_rights *r);	/* and no more */
bool unix_suspect(const struct file *f, uint32_t fewer);
/* Finds what only queues still hold, and takes it out of them. closing: a file
 * one of whose references is about to go; or NULL. Sleeps. */
void unix_collect(const struct file *closing);

/* --- unix_packet.c ------------------------------------------------------ */

enum { PACKET_PAGES = 16, PACKET_MAX = PACKET_PAGES * PAGE_SIZE };

struct unix_packet {
	uint32_t refs;
	struct list link;
	struct unix_sock *from;	/* whose send buffer it fills; held */
	struct prison *prison;	/* pays; held */
	uint32_t charged;	/* bytes of memory */
	uint32_t size, read;	/* bytes of data; of them taken (streams) */
	struct unix_control control;
	uint64_t came;		/* ns since 1970, or 0: nobody asked for it */
	bool told;		/* its reader knows that files were refused */
	unsigned pages;		/* 0: the data are in here */
	union {
		void *page[0];
		char data[0];
	};
};
/* A packet of the next n bytes of m. -ENOBUFS, -EFAULT. Sleeps. */
int unix_packet_new(struct unix_sock *from, struct sock_msg *m, uint32_t n,
		    struct unix_packet **out) must_check;
void unix_packet_drop(struct unix_packet *p);	/* Sleeps. */
static inline void unix_packet_hold(struct unix_packet *p)
{
	p->refs++;
}
/* Bytes [at, at + n) to m; as user_io_give. Sleeps. */
int unix_packet_give(const struct unix_packet *p, struct sock_msg *m,
		     uint32_t at, uint32_t n) must_check;
void unix_enqueue(struct unix_sock *to, struct unix_packet *p); /* takes p over */
void unix_dequeue(struct unix_sock *s, struct unix_packet *p); /* gives it */
/* Room in s's send buffer. -EPIPE, -EAGAIN, s's error, a signal's. Sleeps. */
int unix_wait_room(struct unix_sock *s, uint64_t deadline) must_check;
void unix_purge(struct unix_sock *s);		/* Sleeps. */
static inline struct unix_packet *unix_first(struct unix_sock *s)
{
	struct list *l = list_first(&s->queue);

	return l ? list_entry(l, struct unix_packet, link) : NULL;
}
void unix_admit(struct unix_sock *s);	/* its queue is no longer full */

/* --- unix_stream.c, unix_dgram.c ---------------------------------------- */

extern const struct stream_ops unix_stream_bytes;
int unix_stream_send(struct sock *sock, struct sock_msg *m, bool wait);
int unix_stream_receive(struct sock *sock, struct sock_msg *m, bool wait);
int unix_dgram_send(struct sock *sock, struct sock_msg *m, bool wait);
int unix_dgram_receive(struct sock *sock, struct sock_msg *m, bool wait);

/* --- unix_show.c -------------------------------------------------------- */

void unix_show_init(void);	/* /proc/net/unix */

#endif
