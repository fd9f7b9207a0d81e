/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_packet.c - what lies in a socket's queue: bytes, and what goes along.
 *
 * A short packet has its bytes behind it; a longer one has pages, each by
 * itself, so that no message needs memory in one piece. All of it is charged
 * to the prison of who sent it and counted in the sender's buffer, which is
 * what stops him: a queue itself has no bound in bytes.
 *
 * Locks: the kernel lock. A packet is filled before it is queued, and who
 * reads it holds it, so the copies may sleep.
 */
#include "net/unix.h"

enum { INLINE_MAX = 1024 };

static void packet_free(struct unix_packet *p)
{
	struct unix_sock *from = p->from;
	struct prison *prison = p->prison;

	for (unsigned i = 0; i < p->pages; i++)
		page_free(page_of(p->page[i]), 0);
	racct_release(prison, RACCT_SOCKBUF, p->charged);
	assert(from->sent >= p->charged);
	from->sent -= p->charged;
	kmem_free(p);
	prison_drop(prison);
	if (!sleep_queue_idle(&from->sock.writers) && unix_writable(from))
		sleep_wake(&from->sock.writers);
	unix_drop(from);
}

void unix_packet_drop(struct unix_packet *p)
{
	struct unix_control c = p->control;

	assert(p->refs > 0);
	if (--p->refs)
		return;
	packet_free(p);
	unix_control_end(&c);
}

/* An empty packet with room for n bytes. -ENOBUFS. */
static int packet_alloc(struct unix_sock *from, struct prison *pays,
			uint32_t n, struct unix_packet **out)
{
	unsigned pages = n > INLINE_MAX ? (n + PAGE_MASK) >> PAGE_SHIFT : 0;
	uint32_t size = sizeof(struct unix_packet) +
			(pages ? pages * sizeof(void *) : n);
	uint32_t charge = size + (pages << PAGE_SHIFT);
	struct unix_packet *p;

	if (racct_charge(pays, RACCT_SOCKBUF, charge))
		return -ENOBUFS;
	p = kmem_alloc(size);
	if (!p) {
		racct_release(pays, RACCT_SOCKBUF, charge);
		return -ENOBUFS;
	}
	p->refs = 1;
	p->prison = pays;
	prison_hold(pays);
	p->from = from;
	unix_hold(from);
	p->charged = charge;
	p->size = n;
	p->read = 0;
	p->control.rights = NULL;
	p->control.creds.set = false;
	p->came = 0;
	p->told = false;
	p->pages = 0;
	from->sent += charge;
	for (; p->pages < pages; p->pages++) {
		struct page *page = page_alloc(0, PAGE_USER);

		if (!page) {
			packet_free(p);
			return -ENOBUFS;
		}
		p->page[p->pages] = page_address(page);
	}
	*out = p;
	return 0;
}

static int packet_fill(struct unix_packet *p, struct user_io *io)
{
	uint32_t done = 0;

	if (!p->pages)
		return user_io_take(io, p->data, p->size) == (int)p->size ?
			0 : -EFAULT;
	while (done < p->size) {
		uint32_t part = min_u32(p->size - done, PAGE_SIZE);

		if (user_io_take(io, p->page[done >> PAGE_SHIFT], part) !=
		    (int)part)
			return -EFAULT;
		done += part;
	}
	return 0;
}

int unix_packet_new(struct unix_sock *from, struct sock_msg *m, uint32_t n,
		    struct unix_packet **out)
{
	int err = packet_alloc(from, m->me->cred->prison, n, out);

	if (err)
		return err;
	err = packet_fill(*out, m->io);
	if (err)
		unix_packet_drop(*out);
	return err;
}

int unix_packet_give(const struct unix_packet *p, struct sock_msg *m,
		     uint32_t at, uint32_t n)
{
	uint32_t done = 0;

	assert(at <= p->size && n <= p->size - at);
	if (!p->pages)
		return user_io_give(m->io, p->data + at, n);
	while (done < n) {
		uint32_t in = (at + done) & PAGE_MASK;
		uint32_t part = min_u32(n - done, PAGE_SIZE - in);
		char *page = p->page[(at + done) >> PAGE_SHIFT];
		int got = user_io_give(m->io, page + in, part);

		if (got <= 0)
			return done ? (int)done : got;
		done += got;
		if ((uint32_t)got < part)
			break;
	}
	return done;
}

/* --- queues ------------------------------------------------------------- */

void unix_enqueue(struct unix_sock *to, struct unix_packet *p)
{
	assert(to->state != UNIX_LISTENING && !to->dead);
	assert(p->refs > 0 && p->from->sock.type == to->sock.type);
	list_append(&to->queue, &p->link);
	to->queued++;
	to->unread += p->size;
	if (p->control.rights)
		unix_flight_begin(p->control.rights);
	if (!sleep_queue_idle(&to->sock.readers))
		sleep_wake(&to->sock.readers);
}

void unix_dequeue(struct unix_sock *s, struct unix_packet *p)
{
	assert(s->queued > 0 && s->unread >= p->size - p->read);
	list_remove(&p->link);
	s->queued--;
	s->unread -= p->size - p->read;
	if (p->control.rights)
		unix_flight_end(p->control.rights);
	if (s->queued == s->sock.backlog)
		unix_admit(s);
}

/* Who waited for a place in s's queue tries again. */
void unix_admit(struct unix_sock *s)
{
	if (!sleep_queue_idle(&s->admission))
		sleep_wake(&s->admission);
	while (!list_empty(&s->relayed)) {
		struct unix_sock *other = list_entry(s->relayed.next,
						     struct unix_sock,
						     relay_link);

		list_remove(&other->relay_link);
		sleep_wake(&other->sock.writers);
	}
}

void unix_purge(struct unix_sock *s)
{
	struct unix_packet *p;

	while ((p = unix_first(s))) {
		unix_dequeue(s, p);
		unix_packet_drop(p);
	}
	assert(!s->queued && !s->unread);
}

int unix_wait_room(struct unix_sock *s, uint64_t deadline)
{
	int err;

	for (;;) {
		err = sock_take_error(&s->sock);
		if (!err && (s->sock.shut & SOCK_NO_SEND))
			err = -EPIPE;
		if (err || s->sent < s->sock.send_limit)
			return err;
		err = sock_wait(&s->sock.writers, deadline);
		if (err)
			return err;
	}
}
