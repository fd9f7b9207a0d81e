/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex_pi.c - FUTEX_LOCK_PI and its kin: locks whose word holds the owner's
 * tid, so that the kernel can hand them over. No priority is inherited.
 *
 * While FUTEX_WAITERS is set in the word, user code does not change it: who
 * unlocks must call, and the kernel writes the first waiter's tid before it
 * wakes it. So a waiter's pi_owner is true as long as it waits. Locks: the
 * kernel lock.
 */
#include "kernel/vm/inner.h"

static unsigned waiting;	/* threads in lock_wait, in all */

/* The first PI waiter for k; *more: there is another behind it. */
static struct futex_waiter *first_waiter(const struct vm_futex_key *k, bool *more)
{
	struct futex_waiter *first = NULL;

	*more = false;
	list_each(l, futex_bucket(k)) {
		struct futex_waiter *w = list_entry(l, struct futex_waiter, link);

		if (!w->pi || !futex_same(&w->key, k))
			continue;
		if (first) {
			*more = true;
			break;
		}
		first = w;
	}
	return first;
}

static void set_owner(const struct vm_futex_key *k, int tid)
{
	list_each(l, futex_bucket(k)) {
		struct futex_waiter *w = list_entry(l, struct futex_waiter, link);

		if (w->pi && futex_same(&w->key, k))
			w->pi_owner = tid;
	}
}

/* Sets *addr from word to set if it still is word: *changed says it was not.
 * Does not sleep when it succeeds and touch() came right before. */
static int swap(uint32_t addr, uint32_t word, uint32_t set, bool *changed)
{
	uint32_t old;
	int err = user_cmpxchg32(addr, word, set, &old);

	*changed = !err && old != word;
	return err;
}

/* --- lock ------------------------------------------------------------- */

static bool owner_alive(struct thread *me, int tid)
{
	struct thread *t = proc_find_thread(me->cred, tid);
	bool alive = t && t->vm && t->state != THREAD_DEAD;

	if (t)
		thread_drop(t);
	return alive;
}

/* The word names nobody, or (orphan) one who died: take it. */
static int take(struct thread *me, uint32_t addr, uint32_t word,
		const struct vm_futex_key *k, bool orphan, bool *changed)
{
	uint32_t set = me->tid | (word & FUTEX_OWNER_DIED);
	bool more;
	int err;

	assert(me == thread_current());
	if (orphan)
		set |= FUTEX_OWNER_DIED;
	if (first_waiter(k, &more))
		set |= FUTEX_WAITERS;
	err = swap(addr, word, set, changed);
	if (!err && !*changed)
		set_owner(k, me->tid);
	return err;
}

/* Sleeps until the lock is ours (0), or *orphan: look at the word again. */
static int lock_wait(struct futex_waiter *w, uint32_t word, uint64_t deadline)
{
	int err;

	w->pi = true;
	w->pi_owner = word & FUTEX_TID_MASK;
	w->pi_orphan = false;
	waiting++;
	err = futex_sleep(w, deadline);
	assert(waiting > 0);
	waiting--;
	return err == -EINTR ? -ERESTARTNOINTR : err;
}

/*
 * FUTEX_LOCK_PI, or TRYLOCK_PI if try. 0: the caller owns it, and the word
 * says so. -EDEADLK, -ESRCH (its owner does not exist), -EAGAIN (try),
 * -ETIMEDOUT, -ERESTARTNOINTR. Sleeps.
 */
int vm_futex_lock_pi(struct vm *v, uint32_t addr, uint64_t deadline, bool try,
		     bool private)
{
	struct thread *me = thread_current();
	struct futex_waiter w = { .bitset = FUTEX_BITSET_ANY };
	int orphan_of = 0;	/* tid of an owner known to have died */

	for (;;) {
		uint32_t word, tid;
		bool changed = false;
		int err = user_get32(addr, &word);

		if (!err)
			err = vm_futex_key(v, addr, private, &w.key);
		if (err)
			return err;
		tid = word & FUTEX_TID_MASK;
		if (tid == (uint32_t)me->tid)
			return -EDEADLK;
		if (!tid || tid == (uint32_t)orphan_of) {
			err = take(me, addr, word, &w.key, tid != 0, &changed);
			if (err || !changed)
				return err;
			continue;
		}
		if (try)
			return -EAGAIN;
		if (!(word & FUTEX_WAITERS)) {
			err = swap(addr, word, word | FUTEX_WAITERS, &changed);
			if (err)
				return err;
			if (changed)
				continue;
		}
		/* Nothing slept since the word was seen. */
		if (!owner_alive(me, tid))
			return -ESRCH;
		err = lock_wait(&w, word, deadline);
		if (err || !w.pi_orphan)
			return err;
		orphan_of = tid;
	}
}

/* --- unlock ----------------------------------------------------------- */

/* FUTEX_UNLOCK_PI: to the first who waits, else free. -EPERM: not the
 * caller's. Sleeps. */
int vm_futex_unlock_pi(struct vm *v, uint32_t addr, bool private)
{
	struct thread *me = thread_current();
	struct vm_futex_key k;

	for (;;) {
		struct futex_waiter *w;
		uint32_t word, set = 0;
		bool changed, more;
		int err = user_get32(addr, &word);

		if (!err)
			err = vm_futex_key(v, addr, private, &k);
		if (err)
			return err;
		if ((word & FUTEX_TID_MASK) != (uint32_t)me->tid)
			return -EPERM;
		/* Makes the page writable, so that what follows cannot sleep
		 * and w cannot go away. */
		err = swap(addr, word, word, &changed);
		if (err)
			return err;
		w = first_waiter(&k, &more);
		if (w)
			set = w->thread->tid | (more ? FUTEX_WAITERS : 0);
		if (!changed)
			err = swap(addr, word, set, &changed);
		if (err)
			return err;
		if (changed)
			continue;
		if (w) {
			assert(w->pi && !w->woken);
			set_owner(&k, w->thread->tid);
			futex_wake_waiter(w);
		}
		return 0;
	}
}

/* --- the owner dies --------------------------------------------------- */

static void wake_orphan(struct futex_waiter *w, struct thread *t)
{
	if (!w->pi || w->pi_owner != t->tid)
		return;
	w->pi_orphan = true;
	futex_wake_waiter(w);
}

/* t exits: who waits for a lock of its looks at the word again. */
void futex_pi_owner_died(struct thread *t)
{
	if (waiting)
		futex_each_waiter(wake_orphan, t);
}
