/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.c - what is pending, and taking it.
 *
 * A process has one queue for any of its threads, a thread one of its own. A
 * queue is a set of numbers, and items with the story of each. Standard
 * signals stand in it once; real-time ones as often as they were sent, as far
 * as RLIMIT_SIGPENDING goes. A number may be in the set without an item, when
 * there was none to be had: then it comes with an empty story.
 *
 * Invariant: every item's number is in its queue's set.
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

static struct kmem_cache *item_cache, *actions_cache;

/* --- actions ------------------------------------------------------------------ */

/* from NULL: all defaults. *to has one reference. -ENOMEM. */
int signal_actions_copy(const struct signal_actions *from,
			struct signal_actions **to)
{
	struct signal_actions *a;

	if (!actions_cache)
		actions_cache = kmem_cache_new("sigactions", sizeof(*a), 8);
	a = actions_cache ? kmem_cache_alloc(actions_cache) : NULL;
	if (!a)
		return -ENOMEM;
	if (from)
		memcpy(a, from, sizeof(*a));
	else
		memset(a, 0, sizeof(*a));
	a->refs = 1;
	*to = a;
	return 0;
}

void signal_actions_drop(struct signal_actions *a)
{
	assert(a->refs != 0);
	if (--a->refs == 0)
		kmem_cache_free(actions_cache, a);
}

/* POSIX exec: what was caught is default again; what was ignored stays so. */
void signal_actions_exec(struct signal_actions *a)
{
	for (int i = 0; i < SIGNAL_MAX; i++) {
		uint32_t keep = a->action[i].handler == SIG_IGN ? SIG_IGN : SIG_DFL;

		a->action[i] = (struct abi_sigaction){ .handler = keep };
	}
}

/* A process that is being made or has ended has no actions: all default. */
uint32_t signal_handler_of(const struct proc *p, int sig)
{
	return p->actions ? p->actions->action[sig - 1].handler : SIG_DFL;
}

enum signal_default signal_default_of(int sig)
{
	const sigset ignored = sig_bit(SIGCHLD) | sig_bit(SIGCONT) |
			       sig_bit(SIGURG) | sig_bit(SIGWINCH);

	if (sig_bit(sig) & ignored)
		return DEFAULT_IGNORE;
	return sig_bit(sig) & SIGNALS_STOP ? DEFAULT_STOP : DEFAULT_DIE;
}

/* --- queues ------------------------------------------------------------------- */

void signal_queue_init(struct signal_queue *q)
{
	q->set = 0;
	list_init(&q->items);
}

static struct signal_item *item_new(struct proc_user *payer)
{
	struct signal_item *item;

	if (!item_cache)
		item_cache = kmem_cache_new("signal", sizeof(*item), 8);
	item = item_cache ? kmem_cache_alloc(item_cache) : NULL;
	if (!item)
		return NULL;
	user_hold(payer);
	payer->signals++;
	item->payer = payer;
	item->timer = NULL;
	return item;
}

/* Off its queue already, and not a timer's own. */
static void item_free(struct signal_item *item)
{
	assert(item->payer->signals != 0);
	item->payer->signals--;
	user_drop(item->payer);
	kmem_cache_free(item_cache, item);
}

static struct signal_item *first_of(const struct signal_queue *q, int sig)
{
	list_each(l, &q->items) {
		struct signal_item *item = list_entry(l, struct signal_item, link);

		if (item->info.signo == sig)
			return item;
	}
	return NULL;
}

/* Takes an item off its queue; the number stays while another item has it. */
void signal_queue_take_item(struct signal_queue *q, struct signal_item *item)
{
	int sig = item->info.signo;

	assert(q->set & sig_bit(sig));
	list_remove(&item->link);
	if (!first_of(q, sig))
		q->set &= ~sig_bit(sig);
}

void signal_queue_add_item(struct signal_queue *q, struct signal_item *item)
{
	assert(list_empty(&item->link));
	list_append(&q->items, &item->link);
	q->set |= sig_bit(item->info.signo);
}

/* To q, of p or one of its threads. Standard signals are few and always get
 * in. -EAGAIN: a real-time one beyond the limit, unless it was sent by kill,
 * which does not promise to queue. */
int signal_queue_add(struct signal_queue *q, struct proc *p,
		     const struct abi_siginfo *info)
{
	int sig = info->signo;
	struct signal_item *item = NULL;

	if (sig < SIGRTMIN && (q->set & sig_bit(sig)))
		return 0;
	if (sig < SIGRTMIN ||
	    p->user->signals < p->limit[RLIMIT_SIGPENDING].cur)
		item = item_new(p->user);
	if (!item) {
		if (sig >= SIGRTMIN && info->code != SI_USER)
			return -EAGAIN;
		q->set |= sig_bit(sig);
		return 0;
	}
	item->info = *info;
	list_init(&item->link);
	signal_queue_add_item(q, item);
	return 0;
}

void signal_queue_flush(struct signal_queue *q, sigset which)
{
	if (!(q->set & which))
		return;
	q->set &= ~which;
	list_each_safe(l, &q->items) {
		struct signal_item *item = list_entry(l, struct signal_item, link);

		if (!(sig_bit(item->info.signo) & which))
			continue;
		list_remove(l);
		if (item->timer)
			ptimer_flushed(item->timer);
		else
			item_free(item);
	}
}

void signal_flush(struct proc *p, sigset which)
{
	signal_queue_flush(&p->pending, which);
	list_each(l, &p->threads)
		signal_queue_flush(&list_entry(l, struct thread, proc_link)->pending,
				   which);
}

/* --- what a thread has to act on ------------------------------------------------ */

sigset signal_pending_set(const struct thread *t)
{
	return t->pending.set | t->proc->pending.set;
}

bool signal_pending(const struct thread *t)
{
	return t->killed || t->proc->stopped ||
	       (signal_pending_set(t) & ~t->mask) != 0;
}

/* Fatal signals end the process when they are sent (signal_post.c). */
bool signal_fatal_pending(const struct thread *t)
{
	return t->killed;
}

/* Signals of `which` may have been sent to the process with t in mind, which
 * will not take them now: others must look at them. */
void signal_retarget(struct thread *t, sigset which)
{
	which &= t->proc->pending.set;
	if (which == 0)
		return;
	list_each(l, &t->proc->threads) {
		struct thread *o = list_entry(l, struct thread, proc_link);

		if (o != t && (which & ~o->mask))
			signal_wake(o, false);
	}
}

void signal_set_mask(struct thread *t, sigset mask)
{
	sigset blocked = mask & ~t->mask;

	t->mask = mask & ~SIGNALS_NEVER_BLOCKED;
	signal_retarget(t, blocked);
	if (signal_pending(t))
		arch_return_work = 1;
}

/* --- taking ----------------------------------------------------------------------- */

/* Takes sig, which is pending for t, into *info. */
static void take(struct thread *t, int sig, struct abi_siginfo *info)
{
	bool own = t->pending.set & sig_bit(sig);
	struct signal_queue *q = own ? &t->pending : &t->proc->pending;
	struct signal_item *item = first_of(q, sig);

	if (item) {
		signal_queue_take_item(q, item);
		*info = item->info;
		if (item->timer)
			ptimer_taken(item->timer, info);
		else
			item_free(item);
	} else {
		q->set &= ~sig_bit(sig);
		signal_fill(info, sig, SI_USER, NULL);
	}
	if (sig == SIGALRM && !own)
		ptimer_alarm_taken(t->proc);
}

/* Faults first, so that their frame is the innermost; else the lowest. */
static int choose(sigset set)
{
	if (set == 0)
		return 0;
	if (set & SIGNALS_SYNCHRONOUS)
		set &= SIGNALS_SYNCHRONOUS;
	return (uint32_t)set ? __builtin_ctz((uint32_t)set) + 1
			     : __builtin_ctz((uint32_t)(set >> 32)) + 33;
}

/* Of those in set; what was sent to t itself goes first (Linux). */
static int choose_for(const struct thread *t, sigset set)
{
	int sig = choose(t->pending.set & set);

	return sig ? sig : choose(t->proc->pending.set & set);
}

int signal_take_from(struct thread *t, sigset set, struct abi_siginfo *info)
{
	int sig = choose_for(t, set & ~SIGNALS_NEVER_BLOCKED);

	if (sig != 0)
		take(t, sig, info);
	return sig;
}

/* Does what sig does by default to t's process. */
static void act_by_default(struct thread *t, int sig)
{
	struct proc *p = t->proc;

	if (p->pid == 1)
		return; /* process 1 gets only what it has a handler for */
	switch (signal_default_of(sig)) {
	case DEFAULT_IGNORE:
		return;
	case DEFAULT_STOP:
		/* nobody could continue an orphaned group (POSIX) */
		if (sig == SIGSTOP || !proc_group_orphaned(p->group))
			stop_begin(p, sig);
		return;
	case DEFAULT_DIE:
		proc_exit_group(p, sig);
		return;
	}
	panic("signal %d has no default", sig);
}

int signal_take(struct thread *t, struct abi_siginfo *info,
		struct abi_sigaction *action)
{
	const struct abi_sigaction *a;
	int sig;

	for (;;) {
		if (t->killed)
			return 0;
		if (t->proc->stopped) {
			stop_park(t);
			continue;
		}
		sig = choose_for(t, ~t->mask);
		if (sig == 0)
			return 0;
		take(t, sig, info);
		a = &t->proc->actions->action[sig - 1];
		if (a->handler == SIG_IGN)
			continue;
		if (a->handler != SIG_DFL) {
			*action = *a;
			return sig;
		}
		act_by_default(t, sig);
	}
}
