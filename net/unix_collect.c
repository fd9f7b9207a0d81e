/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_collect.c - descriptors in flight, and those that nobody can land.
 *
 * A socket's descriptor can be sent over itself, or two over each other; when
 * the programs have closed theirs, the queues alone hold the sockets, and no
 * count ever falls to zero. So when the last reference from outside may have
 * gone, the sockets in flight are looked through: whose file is held by queues
 * only is a candidate; those that queues of others hold are reachable, and
 * what their queues hold too; the rest is garbage, and its rights are dropped.
 *
 * Invariant: in_flight counts the references to a socket's file that rights in
 * queues hold. Locks: the kernel lock; looking through is one step.
 */
#include "net/unix.h"

static struct list flying = LIST_INIT(flying);

static struct unix_sock *of_file(const struct file *f)
{
	struct sock *s = sock_of(f);

	return s && s->family == AF_UNIX ? unix_of(s) : NULL;
}

void unix_flight_begin(struct unix_rights *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct unix_sock *s = of_file(r->file[i]);

		if (s && s->in_flight++ == 0)
			list_append(&flying, &s->flight_link);
	}
}

void unix_flight_end(struct unix_rights *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct unix_sock *s = of_file(r->file[i]);

		if (!s)
			continue;
		assert(s->in_flight > 0);
		if (--s->in_flight == 0)
			list_remove(&s->flight_link);
	}
}

/* Would only queues hold f if it had `fewer` references less? */
bool unix_suspect(const struct file *f, uint32_t fewer)
{
	struct unix_sock *s = of_file(f);

	return s && s->in_flight && f->refs - fewer == s->in_flight;
}

/* --- walking what a socket's queue holds --------------------------------------- */

typedef void (*visit)(struct unix_rights *r, struct list *work);

static void each_packet(struct unix_sock *s, visit fn, struct list *work)
{
	list_each(l, &s->queue) {
		struct unix_packet *p = list_entry(l, struct unix_packet, link);

		if (p->control.rights)
			fn(p->control.rights, work);
	}
}

/* Of a listener, what lies in the queues of those that wait. */
static void each_rights(struct unix_sock *s, visit fn, struct list *work)
{
	if (s->state != UNIX_LISTENING) {
		each_packet(s, fn, work);
		return;
	}
	list_each(l, &s->sock.line)
		each_packet(unix_of(list_entry(l, struct sock, line_link)), fn,
			    work);
}

/* --- the three passes ------------------------------------------------------------ */

/* A candidate's rights are no references from outside. */
static void discount(struct unix_rights *r, struct list *work)
{
	(void)work;
	for (unsigned i = 0; i < r->count; i++) {
		struct unix_sock *s = of_file(r->file[i]);

		if (!s || s->alive)
			continue;
		assert(s->in_flight > 0 && s->from_outside > 0);
		s->from_outside--;
	}
}

/* What a living one's queue holds lives: it goes to the list of work. */
static void revive(struct unix_rights *r, struct list *work)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct unix_sock *s = of_file(r->file[i]);

		if (!s || s->alive)
			continue;
		s->alive = true;
		list_remove(&s->flight_link);
		list_append(work, &s->flight_link);
	}
}

/* All candidates on `flying` get alive false, all others true. */
static bool find_candidates(const struct file *closing)
{
	bool any = false;

	list_each(l, &flying) {
		struct unix_sock *s = list_entry(l, struct unix_sock,
						 flight_link);
		const struct file *f = s->sock.file;

		assert(f && f->refs >= s->in_flight);
		s->alive = f->refs - (f == closing) != s->in_flight;
		s->from_outside = s->in_flight;
		any |= !s->alive;
	}
	return any;
}

static void find_living(void)
{
	struct list work = LIST_INIT(work), done = LIST_INIT(done);

	list_each_safe(l, &flying) {
		struct unix_sock *s = list_entry(l, struct unix_sock,
						 flight_link);

		if (s->alive || !s->from_outside)
			continue;
		s->alive = true;
		list_remove(l);
		list_append(&work, l);
	}
	while (!list_empty(&work)) {
		struct list *l = work.next;

		list_remove(l);
		list_append(&done, l);
		each_rights(list_entry(l, struct unix_sock, flight_link),
			    revive, &work);
	}
	list_splice(&flying, &done);
	assert(list_empty(&done));
}

/* Takes the rights out of the packets in s's queue. */
static void strip(struct unix_sock *s, struct list *out)
{
	list_each(l, &s->queue) {
		struct unix_packet *p = list_entry(l, struct unix_packet, link);
		struct unix_rights *r = p->control.rights;

		if (!r)
			continue;
		assert(r->refs == 1 && list_empty(&r->link));
		p->control.rights = NULL;
		list_append(out, &r->link);
	}
}

static void strip_all(struct unix_sock *s, struct list *out)
{
	if (s->state != UNIX_LISTENING) {
		strip(s, out);
		return;
	}
	list_each(l, &s->sock.line)
		strip(unix_of(list_entry(l, struct sock, line_link)), out);
}

void unix_collect(const struct file *closing)
{
	struct list garbage = LIST_INIT(garbage);

	if (!find_candidates(closing))
		return;
	list_each(l, &flying) {
		struct unix_sock *s = list_entry(l, struct unix_sock,
						 flight_link);

		if (!s->alive)
			each_rights(s, discount, NULL);
	}
	find_living();
	list_each(l, &flying) {
		struct unix_sock *s = list_entry(l, struct unix_sock,
						 flight_link);

		if (!s->alive)
			strip_all(s, &garbage);
	}
	list_each(l, &garbage)
		unix_flight_end(list_entry(l, struct unix_rights, link));
	while (!list_empty(&garbage)) {
		struct unix_rights *r = list_entry(garbage.next,
						   struct unix_rights, link);

		list_remove(&r->link);
		unix_rights_drop(r);
	}
}
