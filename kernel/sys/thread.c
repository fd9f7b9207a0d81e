/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - what a thread tells the kernel about itself: its TLS segments,
 * the words to clear at its end, its robust list; and personality.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { ROBUST_HEAD_SIZE = 12 };
enum { TLS_SLOTS = 3 };

struct tls_words {	/* struct user_desc as four words */
	uint32_t entry, base, limit, flags;
};
enum {	/* bits of flags */
	TLS_32BIT = 1, TLS_CONTENTS = 6, TLS_CONTENTS_MAX = 2,
	TLS_READ_ONLY = 8, TLS_NOT_PRESENT = 32,
};

/* Says "clear this slot": both forms that Linux knows. */
static bool tls_is_empty(const struct tls_words *w)
{
	return w->base == 0 && w->limit == 0 &&
	       (w->flags == 0 || w->flags == (TLS_READ_ONLY | TLS_NOT_PRESENT));
}

static int tls_check(const struct tls_words *w)
{
	if (tls_is_empty(w))
		return 0;
	/* 16-bit, code and absent segments are of no use to a thread */
	if (!(w->flags & TLS_32BIT) || (w->flags & TLS_NOT_PRESENT) ||
	    (w->flags & TLS_CONTENTS) > TLS_CONTENTS_MAX)
		return -EINVAL;
	return 0;
}

static int tls_put(struct arch_thread *t, const struct tls_words *w)
{
	unsigned slot = w->entry - SEL_TLS;

	if (slot >= TLS_SLOTS)
		return -EINVAL;
	if (tls_is_empty(w))
		t->tls[slot] = 0;
	else if (!arch_tls_set(t, slot, w->base, w->limit, w->flags))
		return -EINVAL;
	return 0;
}

/* For clone's CLONE_SETTLS: the slot must be named. -EFAULT, -EINVAL. */
int tls_from_user(struct thread *t, uint32_t user)
{
	struct tls_words w;
	int err = user_copy_in(&w, user, sizeof(w));

	assert(t->state == THREAD_NEW);
	if (!err)
		err = tls_check(&w);
	return err ? err : tls_put(&t->arch, &w);
}

/* Linux: set_thread_area(desc); entry -1: any free slot, written back. */
int sys_set_thread_area(struct thread *me, const uint32_t *arg)
{
	struct tls_words w;
	int err = user_copy_in(&w, arg[0], sizeof(w));

	if (!err)
		err = tls_check(&w);
	if (err)
		return err;
	if (w.entry == UINT32_MAX) {
		unsigned slot = 0;

		while (slot < TLS_SLOTS && me->arch.tls[slot] != 0)
			slot++;
		if (slot == TLS_SLOTS)
			return -ESRCH;
		w.entry = SEL_TLS + slot;
		err = user_put32(arg[0], w.entry);
	}
	if (!err)
		err = tls_put(&me->arch, &w);
	if (!err)
		arch_tls_reload(&me->arch);
	return err;
}

/* Linux: get_thread_area(desc). */
int sys_get_thread_area(struct thread *me, const uint32_t *arg)
{
	struct tls_words w = { 0 };
	int err = user_get32(arg[0], &w.entry);

	if (err)
		return err;
	if (w.entry - SEL_TLS >= TLS_SLOTS)
		return -EINVAL;
	if (me->arch.tls[w.entry - SEL_TLS] == 0)
		w.flags = TLS_READ_ONLY | TLS_NOT_PRESENT;
	else
		arch_tls_get(&me->arch, w.entry - SEL_TLS, &w.base, &w.limit,
			     &w.flags);
	return user_copy_out(arg[0], &w, sizeof(w));
}

int sys_set_tid_address(struct thread *me, const uint32_t *arg)
{
	me->clear_tid = arg[0];
	return me->tid;
}

/* Linux: set_robust_list(head, size). */
int sys_set_robust_list(struct thread *me, const uint32_t *arg)
{
	if (arg[1] != ROBUST_HEAD_SIZE)
		return -EINVAL;
	me->robust_list = arg[0];
	me->robust_size = arg[1];
	return 0;
}

/* Linux: get_robust_list(tid, &head, &size). */
int sys_get_robust_list(struct thread *me, const uint32_t *arg)
{
	struct thread *of;
	uint32_t head;
	int err = 0;

	if (arg[0] == 0) {
		of = me;
		thread_hold(of);
	} else {
		of = proc_find_thread(me->cred, arg[0]);
		if (!of)
			return -ESRCH;
	}
	if (of->proc != me->proc)
		err = proc_may_debug(me->cred, of->proc);
	head = of->robust_list;
	thread_drop(of);
	if (!err)
		err = user_put32(arg[2], ROBUST_HEAD_SIZE);
	return err ? err : user_put32(arg[1], head);
}

/* Linux: membarrier(command, flags, cpu). One CPU runs user code, and a CPU
 * sees its own writes in order: the switch to another thread is the barrier. */
int sys_membarrier(struct thread *me, const uint32_t *arg)
{
	enum { QUERY = 0, GLOBAL = 1, GLOBAL_EXPEDITED = 2,
	       REGISTER_GLOBAL = 4, PRIVATE = 8, REGISTER_PRIVATE = 16,
	       ALL = GLOBAL | GLOBAL_EXPEDITED | REGISTER_GLOBAL | PRIVATE |
		     REGISTER_PRIVATE };
	uint32_t command = arg[0];

	(void)me;
	if (arg[1] != 0)
		return -EINVAL;
	if (command == QUERY)
		return ALL;
	if ((command & ~ALL) || (command & (command - 1)))
		return -EINVAL;
	return 0;
}

/* Linux: personality(persona); 0xffffffff only asks. */
int sys_personality(struct thread *me, const uint32_t *arg)
{
	uint32_t old = me->proc->personality;

	if (arg[0] != UINT32_MAX)
		me->proc->personality = arg[0];
	return old;
}
