/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex.c - sleeping on a word of user memory (Linux futex(2)).
 *
 * A word is known by its key: the serial of the shared object and the offset
 * in it, or the space and the address. Sleepers stand in hashed buckets, on
 * their own stacks, in the order they came.
 *
 * Reading the word may fault and so sleep, but once it is read nothing else
 * runs until the sleeper is in its bucket: no wake-up is lost. Locks: the
 * kernel lock.
 */
#include "kernel/vm/inner.h"

static struct list buckets[FUTEX_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < FUTEX_BUCKETS; i++)
		list_init(&buckets[i]);
}

struct list *futex_bucket(const struct vm_futex_key *k)
{
	uint32_t h = (uint32_t)k->offset + (uint32_t)(k->offset >> 32) * 31 +
		     (uint32_t)k->object * 0x85ebca6bu + (uint32_t)k->vm;

	return &buckets[hash_u32(h) % FUTEX_BUCKETS];
}

bool futex_same(const struct vm_futex_key *a, const struct vm_futex_key *b)
{
	return a->offset == b->offset && a->object == b->object && a->vm == b->vm;
}

int vm_futex_key(struct vm *v, uint32_t addr, bool private,
		 struct vm_futex_key *key)
{
	struct vm_map *m;

	if (addr & 3)
		return -EINVAL;
	if (!user_range_ok(addr, 4))
		return -EFAULT;
	*key = (struct vm_futex_key){ .vm = v, .offset = addr };
	if (private)
		return 0;
	m = vm_find(v, addr);
	/* a private page that may not be written can never change: EFAULT */
	if (!m || (!(m->flags & VM_SHARED) && !(m->prot & PROT_WRITE)))
		return -EFAULT;
	if (!m->object || !(m->flags & VM_SHARED))
		return 0;
	key->vm = NULL;
	key->object = m->object->serial;
	key->offset = ((uint64_t)map_index(m, addr) << PAGE_SHIFT) |
		      (addr & PAGE_MASK);
	return 0;
}

/* --- sleepers --------------------------------------------------------------- */

/* Its stack is gone as soon as it runs: w is not to be touched afterwards. */
void futex_wake_waiter(struct futex_waiter *w)
{
	assert(!w->woken);
	assert(w->thread && !list_empty(&w->link));
	list_remove(&w->link);
	w->woken = true;
	sleep_unblock(w->thread);
}

/* Sleeps in w->key's bucket until woken: 0; -EINTR, -ETIMEDOUT. */
int futex_sleep(struct futex_waiter *w, uint64_t deadline)
{
	int err;

	assert(w->bitset);
	w->thread = thread_current();
	w->woken = false;
	list_append(futex_bucket(&w->key), &w->link);
	do {
		err = sleep_block(SLEEP_SIGNAL, deadline);
	} while (!err && !w->woken);
	if (w->woken)
		return 0;
	list_remove(&w->link);
	return err;
}

void futex_each_waiter(void (*each)(struct futex_waiter *w, struct thread *t),
		       struct thread *t)
{
	for (unsigned i = 0; i < FUTEX_BUCKETS; i++)
		list_each_safe(l, &buckets[i])
			each(list_entry(l, struct futex_waiter, link), t);
}

static uint32_t wake_key(const struct vm_futex_key *k, uint32_t count,
			 uint32_t bitset)
{
	uint32_t n = 0;

	assert(bitset);
	list_each_safe(l, futex_bucket(k)) {
		struct futex_waiter *w = list_entry(l, struct futex_waiter, link);

		if (n >= count)
			break;
		if (w->pi || !(w->bitset & bitset) || !futex_same(&w->key, k))
			continue;
		futex_wake_waiter(w);
		n++;
	}
	return n;
}

/* --- wait, wake ---------------------------------------------------------------- */

/* restart_syscall after a signal without a handler: the same deadline. */
static int wait_again(struct thread *me)
{
	const uint32_t *a = me->restart_arg;

	return vm_futex_wait(me->vm, a[0], a[1], a[2],
			     a[3] | (uint64_t)a[4] << 32, a[5]);
}

static int wait_interrupted(uint32_t addr, uint32_t val, uint32_t bitset,
			    uint64_t deadline, bool private)
{
	struct thread *me = thread_current();
	const uint32_t args[6] = { addr, val, bitset, (uint32_t)deadline,
				   (uint32_t)(deadline >> 32), private };

	if (deadline == SLEEP_FOREVER)
		return -ERESTARTSYS;
	memcpy(me->restart_arg, args, sizeof(args));
	me->restart = wait_again;
	return -ERESTART_BLOCK;
}

int vm_futex_wait(struct vm *v, uint32_t addr, uint32_t val, uint32_t bitset,
		  uint64_t deadline, bool private)
{
	struct futex_waiter w = { .bitset = bitset };
	uint32_t now;
	int err;

	if (!bitset || (addr & 3))
		return -EINVAL;
	err = user_get32(addr, &now);
	if (!err)
		err = vm_futex_key(v, addr, private, &w.key);
	if (err)
		return err;
	if (now != val)
		return -EAGAIN;
	err = futex_sleep(&w, deadline);
	if (err == -EINTR)
		err = wait_interrupted(addr, val, bitset, deadline, private);
	return err;
}

int vm_futex_wake(struct vm *v, uint32_t addr, uint32_t count, uint32_t bitset,
		  bool private)
{
	struct vm_futex_key k;
	int err;

	if (!bitset)
		return -EINVAL;
	err = vm_futex_key(v, addr, private, &k);
	return err ? err : (int)wake_key(&k, count, bitset);
}

/* --- requeue, wake_op ------------------------------------------------------------ */

static uint32_t move_key(const struct vm_futex_key *from,
			 const struct vm_futex_key *to, uint32_t count)
{
	struct list *target = futex_bucket(to);
	struct list moved = LIST_INIT(moved);
	uint32_t n = 0;

	assert((from->offset & 3) == 0 && (to->offset & 3) == 0);
	list_each_safe(l, futex_bucket(from)) {
		struct futex_waiter *w = list_entry(l, struct futex_waiter, link);

		if (n >= count)
			break;
		if (w->pi || !futex_same(&w->key, from))
			continue;
		list_remove(l);
		w->key = *to;
		list_append(&moved, l);
		n++;
	}
	list_splice(target, &moved);
	return n;
}

int vm_futex_requeue(struct vm *v, uint32_t addr, uint32_t wake, uint32_t move,
		     uint32_t to, bool compare, uint32_t val, bool private)
{
	struct vm_futex_key k1, k2;
	uint32_t now, n;
	int err = 0;

	if ((int32_t)wake < 0 || (int32_t)move < 0)
		return -EINVAL;
	if ((addr | to) & 3)
		return -EINVAL;
	if (compare)
		err = user_get32(addr, &now);
	if (!err)
		err = vm_futex_key(v, addr, private, &k1);
	if (!err)
		err = vm_futex_key(v, to, private, &k2);
	if (err)
		return err;
	if (compare && now != val)
		return -EAGAIN;
	n = wake_key(&k1, wake, FUTEX_BITSET_ANY);
	return n + move_key(&k1, &k2, move);
}

enum { OP_SET, OP_ADD, OP_OR, OP_ANDN, OP_XOR, OP_ARG_SHIFT = 8 };
enum { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

static int32_t sign_extend12(uint32_t x)
{
	return (int32_t)(x << 20) >> 20;
}

static uint32_t op_apply(unsigned op, uint32_t old, uint32_t arg)
{
	switch (op) {
	case OP_SET:
		return arg;
	case OP_ADD:
		return old + arg;
	case OP_OR:
		return old | arg;
	case OP_ANDN:
		return old & ~arg;
	default:
		assert(op == OP_XOR);
		return old ^ arg;
	}
}

static bool op_compare(unsigned cmp, int32_t old, int32_t arg)
{
	switch (cmp) {
	case CMP_EQ:
		return old == arg;
	case CMP_NE:
		return old != arg;
	case CMP_LT:
		return old < arg;
	case CMP_LE:
		return old <= arg;
	case CMP_GT:
		return old > arg;
	default:
		assert(cmp == CMP_GE);
		return old >= arg;
	}
}

/* *addr = *addr op arg, atomically; *old what it was. Sleeps. */
static int op_change(uint32_t addr, unsigned op, uint32_t arg, uint32_t *old)
{
	int err = user_get32(addr, old);

	while (!err) {
		uint32_t seen = *old;

		err = user_cmpxchg32(addr, seen, op_apply(op, seen, arg), old);
		if (!err && *old == seen)
			break;
	}
	return err;
}

/* FUTEX_WAKE_OP: changes *addr2, wakes addr's sleepers, and addr2's too if
 * the old value compares so. op: the call's encoding. -ENOSYS: unknown op. */
int vm_futex_wake_op(struct vm *v, uint32_t addr, uint32_t wake, uint32_t addr2,
		     uint32_t wake2, uint32_t op, bool private)
{
	unsigned what = op >> 28, cmp = op >> 24 & 15;
	uint32_t arg = sign_extend12(op >> 12), old;
	struct vm_futex_key k1, k2;
	uint32_t n;
	int err;

	if (what & OP_ARG_SHIFT)
		arg = 1u << (arg & 31);
	what &= ~OP_ARG_SHIFT;
	if (what > OP_XOR || cmp > CMP_GE)
		return -ENOSYS;
	if ((addr | addr2) & 3)
		return -EINVAL;
	err = op_change(addr2, what, arg, &old);
	if (!err)
		err = vm_futex_key(v, addr, private, &k1);
	if (!err)
		err = vm_futex_key(v, addr2, private, &k2);
	if (err)
		return err;
	n = wake_key(&k1, wake, FUTEX_BITSET_ANY);
	if (op_compare(cmp, old, sign_extend12(op)))
		n += wake_key(&k2, wake2, FUTEX_BITSET_ANY);
	return n;
}

/* --- thread exit: the robust list -------------------------------------------------- */

enum { ROBUST_MAX = 2048, ROBUST_PI = 1 };

/* The dying thread t held the lock at addr, perhaps: marks it so and wakes one
 * who waits. pending: it died while taking or releasing it. */
static int robust_death(struct thread *t, uint32_t addr, bool pi, bool pending)
{
	uint32_t word, old;
	int err;

	if (addr & 3)
		return -EINVAL;
	err = user_get32(addr, &word);
	while (!err) {
		if (pending && !pi && !word)
			return vm_futex_wake(t->vm, addr, 1, FUTEX_BITSET_ANY, false);
		if ((word & FUTEX_TID_MASK) != (uint32_t)t->tid)
			return 0;
		err = user_cmpxchg32(addr, word,
				     (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &old);
		if (!err && old == word)
			break;
		word = old;
	}
	if (!err && !pi && (word & FUTEX_WAITERS))
		err = vm_futex_wake(t->vm, addr, 1, FUTEX_BITSET_ANY, false);
	return err;
}

static void robust_walk(struct thread *t)
{
	uint32_t head[3];	/* first entry, offset of the word, pending entry */
	uint32_t at, pending;

	if (user_copy_in(head, t->robust_list, sizeof(head)))
		return;
	at = head[0];
	pending = head[2];
	for (int i = 0; i < ROBUST_MAX; i++) {
		uint32_t entry = at & ~ROBUST_PI, next;
		bool last = entry == t->robust_list;

		/* Read on before the word is given away with its entry. */
		if (last || user_get32(entry, &next))
			break;
		if (entry != (pending & ~ROBUST_PI) &&
		    robust_death(t, entry + head[1], at & ROBUST_PI, false) < 0)
			break;
		at = next;
	}
	if (pending & ~ROBUST_PI)
		(void)!robust_death(t, (pending & ~ROBUST_PI) + head[1],
				    pending & ROBUST_PI, true);
}

/* t is current and still has its space. Afterwards the caller sets t->vm to
 * NULL (or goes on in another space) before it sleeps again. Sleeps. */
void vm_futex_robust_exit(struct thread *t)
{
	assert(t == thread_current());
	if (t->robust_list && t->vm)
		robust_walk(t);
	t->robust_list = 0;
	futex_pi_owner_died(t);
}
