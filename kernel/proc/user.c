/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - what one real user id of one prison uses, for the limits that POSIX
 * and Linux count per user: threads and queued signals.
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
	assert(u->threads == 0 && u->signals == 0);
	list_remove(&u->link);
	prison_drop(u->prison);
	kmem_free(u);
}
