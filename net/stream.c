/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.c - what connections have in common, whatever carries them: a call that
 * reads or writes bytes waits, is cut short and fails in the same way for TCP
 * and AF_UNIX, and so does who waits in a listener's line to be accepted.
 *
 * A family says by its stream_ops what there is to read and where bytes go.
 * One call at a time reads, one writes: read_lock and write_lock are held while
 * copies sleep, and not while a call waits. Locks: the kernel lock.
 */
#include "net/net.h"

/* Sleeps on q without `held`. As sock_wait. */
static int wait_without(struct sleep_lock *held, struct sleep_queue *q,
			uint64_t deadline)
{
	int err;

	sleep_lock_release(held);
	err = sock_wait(q, deadline);
	sleep_lock_take(held);
	return err;
}

void stream_wake(struct sock *s)
{
	sleep_wake(&s->readers);
	sleep_wake(&s->writers);
}

/* --- sending ---------------------------------------------------------------- */

/* Until there is room. -EAGAIN, a signal's, and the family's. */
static int room_wait(struct sock *s, uint64_t deadline)
{
	const struct stream_ops *ops = s->ops->stream;
	int err;

	while (!(err = ops->sendable(s)) && !ops->room(s)) {
		err = wait_without(&s->write_lock, &s->writers, deadline);
		if (err)
			break;
	}
	return err;
}

/* Control messages say nothing to bytes, but they must be known ones. */
static int control_check(const struct sock_msg *m)
{
	const struct abi_cmsghdr *h = NULL;

	while ((h = sock_control_next(m, h)))
		if (h->level == SOL_SOCKET && h->type != SCM_RIGHTS &&
		    h->type != SCM_CREDENTIALS)
			return -EINVAL;
	return 0;
}

int stream_send(struct sock *s, struct sock_msg *m, bool wait)
{
	uint64_t deadline = sock_deadline(wait, s->send_timeout);
	int n, done = 0;

	sleep_lock_take(&s->write_lock);
	n = s->ops->stream->sendable(s);
	if (!n)
		n = control_check(m);
	while (!n && m->io->left && !(n = room_wait(s, deadline))) {
		n = s->ops->stream->put(s, m);
		if (n > 0) {
			done += n;
			n = 0;
		}
	}
	sleep_lock_release(&s->write_lock);
	if (done)
		return done;		/* an error is told by the next call */
	return n == -s->error ? sock_take_error(s) : n;
}

/* --- receiving -------------------------------------------------------------- */

/* Nothing more is there: an error, the end, or a wait. True: the call is done. */
static bool read_wait(struct stream_reading *r, int target, uint64_t deadline,
		      int *err)
{
	struct sock *s = r->s;

	if (r->done >= target || (r->done && s->error))
		return true;
	*err = sock_take_error(s);
	if (*err || (s->shut & SOCK_NO_RECEIVE))
		return true;
	*err = wait_without(&s->read_lock, &s->readers, deadline);
	return *err;
}

int stream_receive(struct stream_reading *r, bool wait)
{
	struct sock *s = r->s;
	struct sock_msg *m = r->m;
	uint64_t deadline = sock_deadline(wait, s->receive_timeout);
	uint32_t target = m->flags & MSG_WAITALL ? m->io->left :
			  min_u32(s->receive_low, m->io->left);
	int n, err = 0;

	assert(!r->done && !r->end && !r->passed);
	r->peek = m->flags & MSG_PEEK;
	target = max_u32(target, 1);
	sleep_lock_take(&s->read_lock);
	do {		/* also who wants no bytes waits until there are some */
		n = s->ops->stream->give(r);
		assert(n >= 0 || sleep_lock_mine(&s->read_lock));
		if (n < 0)
			err = n;
		else
			r->done += n;
		if (n < 0 || (!n && !r->end &&
			      read_wait(r, (int)target, deadline, &err)))
			break;
	} while (m->io->left && !r->end);
	sleep_lock_release(&s->read_lock);
	return r->done ? r->done : err;
}

/* --- what it is ready for ----------------------------------------------------- */

unsigned stream_poll(struct sock *s, struct poller *p)
{
	unsigned mask = 0;

	poll_wait(p, &s->readers);
	poll_wait(p, &s->writers);
	if (s->error)
		mask |= POLLERR;
	if (s->shut == SOCK_SHUT)
		mask |= POLLHUP;
	if (s->shut & SOCK_NO_RECEIVE)
		mask |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (s->line_count)
		mask |= POLLIN | POLLRDNORM;
	return mask;
}

/* --- a listener's line -------------------------------------------------------- */

void stream_line_join(struct sock *listener, struct sock *s)
{
	assert(!s->file && listener != s);
	list_append(&listener->line, &s->line_link);
	listener->line_count++;
	sleep_wake(&listener->readers);
}

void stream_line_leave(struct sock *listener, struct sock *s)
{
	assert(listener->line_count > 0 && !list_empty(&s->line_link));
	list_remove(&s->line_link);
	listener->line_count--;
}

int stream_line_wait(struct sock *s, bool wait)
{
	uint64_t deadline = sock_deadline(wait, s->receive_timeout);
	int err;

	while (s->listening && !s->line_count) {
		err = sock_take_error(s);
		if (!err && deadline && (s->shut & SOCK_NO_RECEIVE))
			err = -EINVAL;	/* who does not wait: Linux */
		if (!err)
			err = sock_wait(&s->readers, deadline);
		if (err)
			return err;
	}
	return s->listening ? 0 : -EINVAL;
}
