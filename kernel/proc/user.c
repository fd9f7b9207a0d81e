/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - what one real user id of one prison uses, for the limits that POSIX
 * and Linux count per user: threads, queued signals, files in flight.
 *
 * The same number in two prisons is two users. Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

enum { BUCKETS = 256 };
static struct list bucket[BUCKETS];

static struct list *bucket_of(const struct prison *p, uint32_t uid)
{
	struct list *b = &bucket[hash_u32(uid ^ hash_u32(p->jid)) % BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

/* Held for the caller; NULL when memory is out. */
struct proc_user *user_get(struct prison *p, uint32_t uid)
{
	struct list *b = bucket_of(p, uid);
	struct proc_user *u;

	list_each(l, b) {
		u = list_entry(l, struct proc_user, link);
		if (u->uid == uid && u->prison == p) {
			user_hold(u);
			return u;
		}
	}
	u = kmem_zalloc(sizeof(*u));
	if (!u)
		return NULL;
	prison_hold(p);
	u->prison = p;
	u->uid = uid;
	u->refs = 1;
	list_push(b, &u->link);
	return u;
}

void user_hold(struct proc_user *u)
{
	assert(u->refs != 0);
	u->refs++;
}

void user_drop(struct proc_user *u)
{
	assert(u->refs != 0);
	if (--u->refs != 0)
		return;
	assert(u->threads == 0 && u->signals == 0 && u->in_flight == 0);
	list_remove(&u->link);
	prison_drop(u->prison);
	kmem_free(u);
}

/* --- open files that p's user sends over sockets, until they arrive ----------- */

uint32_t proc_in_flight(const struct proc *p)
{
	return p->user->in_flight;
}

struct proc_user *proc_flight_begin(struct proc *p)
{
	user_hold(p->user);
	return p->user;
}

void proc_flight_more(struct proc_user *u)
{
	u->in_flight++;
}

void proc_flight_end(struct proc_user *u, uint32_t n)
{
	assert(u->in_flight >= n);
	u->in_flight -= n;
	user_drop(u);
}
