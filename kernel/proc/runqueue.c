/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.c - who is ready to run, and who is next.
 *
 * Real-time threads (SCHED_FIFO, SCHED_RR) stand in one list per priority and
 * go before all others. The others share the CPU fairly, in two steps: first
 * the prisons that stand directly below the host (with all that is in them) and
 * the host's own threads, one share each; then the threads within a share. So a
 * jail full of hogs costs the others one share, not their lives.
 *
 * In both steps each has a virtual run time, and the one with the least is
 * next; a thread's grows the slower the greater its weight (nice). `floor` is
 * how far the least has come; who slept is brought near it, so that he can
 * neither claim the time he did not want nor be left behind. All keys are
 * compared by difference.
 *
 * Invariants: a thread is queued if and only if its state is THREAD_READY (the
 * idle thread never is); a share of which a thread is queued is queued too.
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

enum { RT_PRIORITIES = 100, WEIGHT_UNIT = 1024, WEIGHT_IDLE = 3 };
enum {
	SLEEPER_CREDIT_NS = 5000000,	/* how far below the floor one wakes */
	CLEARLY_BEHIND_NS = 1000000,	/* to take the CPU from the running one */
};

/* Linux's weights for nice -20..19: one step is about 10 % of the CPU. */
static const uint32_t nice_weight[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
	1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
	110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
};

/* The threads that share one share. A prison's hangs in its slot. */
struct share {
	struct tree fair;	/* threads, by vruntime */
	uint64_t floor_ns;	/* virtual; never goes back */
	uint64_t vruntime;	/* of all of them together */
	struct tree_node node;	/* among the shares that have queued threads */
	bool queued;
};

static struct share host_share;
static struct tree shares;
static uint64_t shares_floor_ns;
static struct list rt[RT_PRIORITIES];
static uint32_t rt_used[(RT_PRIORITIES + 31) / 32];
static unsigned count;

static struct thread *thread_of(const struct tree_node *n)
{
	return tree_entry(n, struct thread, sched.node);
}

static bool is_rt(const struct thread *t)
{
	return t->sched.policy == SCHED_FIFO || t->sched.policy == SCHED_RR;
}

/* a - b for keys that may wrap. */
static int64_t ahead(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b);
}

static bool runs_before(const struct tree_node *a, const struct tree_node *b)
{
	return ahead(thread_of(a)->sched.vruntime,
		     thread_of(b)->sched.vruntime) < 0;
}

/* --- shares --------------------------------------------------------------- */

static struct share *share_of(const struct thread *t)
{
	return t->sched.share;
}

/* t, not queued, takes its place among those of its process's prison: the one
 * directly below the host that it is in. A prison that ends has no share any
 * more: the last steps in it are the host's. */
void queue_join(struct thread *t)
{
	const struct prison *p = t->proc->cred->prison;

	assert(!t->sched.queued);
	while (p->depth > 1)
		p = p->parent;
	t->sched.share = p->slot[PRISON_SLOT_SHARE];
	if (!t->sched.share)
		t->sched.share = &host_share;
	queue_level(t);
}

static struct share *first_share(void)
{
	struct tree_node *n = tree_first(&shares);

	return n ? tree_entry(n, struct share, node) : NULL;
}

static void share_dequeue(struct share *s)
{
	assert(s->queued);
	s->queued = false;
	tree_remove(&shares, &s->node);
}

/* The first that has a thread. One that ran empty stays queued until it stands
 * in the way: mostly its thread is back before that. */
static struct share *next_share(void)
{
	struct share *s;

	while ((s = first_share()) && !tree_first(&s->fair))
		share_dequeue(s);
	return s;
}

static bool share_before(const struct tree_node *a, const struct tree_node *b)
{
	return ahead(tree_entry(a, struct share, node)->vruntime,
		     tree_entry(b, struct share, node)->vruntime) < 0;
}

static void share_enqueue(struct share *s)
{
	uint64_t low = shares_floor_ns - SLEEPER_CREDIT_NS;

	if (ahead(s->vruntime, low) < 0)
		s->vruntime = low;
	s->queued = true;
	tree_add(&shares, &s->node, share_before);
}

/* t, which runs or ran last, has used the CPU for ns more. */
void queue_charge(const struct thread *t, uint64_t ns)
{
	struct share *s = share_of(t);
	bool alone = s->queued && !s->node.parent && !s->node.left &&
		     !s->node.right;

	if (!s->queued || alone) {
		s->vruntime += ns;
		return;
	}
	tree_remove(&shares, &s->node);
	s->vruntime += ns;
	tree_add(&shares, &s->node, share_before);
}

/* p, into which a process is about to go, is to have its share. -ENOMEM. */
int queue_share_make(struct prison *p)
{
	struct share *s;

	while (p->depth > 1)
		p = p->parent;
	if (!p->parent || p->slot[PRISON_SLOT_SHARE])
		return 0;
	s = kmem_zalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->vruntime = shares_floor_ns;
	p->slot[PRISON_SLOT_SHARE] = s;
	return 0;
}

/* Nobody of p is queued: its last thread, if it is not another's, runs this. */
static void share_gone(struct prison *p)
{
	struct share *s = p->slot[PRISON_SLOT_SHARE];
	struct thread *me = thread_current();

	if (!s)
		return;
	assert(!tree_first(&s->fair));
	if (s->queued)
		share_dequeue(s);
	p->slot[PRISON_SLOT_SHARE] = NULL;
	if (me->sched.share == s)
		queue_join(me);
	kmem_free(s);
}

void queue_init(void)
{
	for (int i = 0; i < RT_PRIORITIES; i++)
		list_init(&rt[i]);
	prison_on_death(share_gone);
}

/* --- threads ---------------------------------------------------------------- */

/* Real time to virtual time. */
uint64_t queue_weigh(const struct sched_entity *e, uint64_t ns)
{
	uint32_t weight = e->policy == SCHED_IDLE ? WEIGHT_IDLE
						  : nice_weight[e->nice + 20];

	return weight == WEIGHT_UNIT ? ns
				     : div_u64(ns * WEIGHT_UNIT, weight, NULL);
}

/* front: before its equals; for a real-time thread that was preempted. */
void queue_add(struct thread *t, bool front)
{
	struct sched_entity *e = &t->sched;
	struct share *s;

	assert(!e->queued && t->state == THREAD_READY);
	e->queued = true;
	count++;
	if (!is_rt(t)) {
		s = share_of(t);
		tree_add(&s->fair, &e->node, runs_before);
		if (!s->queued)
			share_enqueue(s);
		return;
	}
	if (front)
		list_push(&rt[e->rt_priority], &e->rt_link);
	else
		list_append(&rt[e->rt_priority], &e->rt_link);
	rt_used[e->rt_priority / 32] |= 1u << e->rt_priority % 32;
}

void queue_remove(struct thread *t)
{
	struct sched_entity *e = &t->sched;
	struct share *s;

	assert(e->queued);
	e->queued = false;
	count--;
	if (!is_rt(t)) {
		s = share_of(t);
		tree_remove(&s->fair, &e->node);
		return;
	}
	list_remove(&e->rt_link);
	if (list_empty(&rt[e->rt_priority]))
		rt_used[e->rt_priority / 32] &= ~(1u << e->rt_priority % 32);
}

static int rt_highest(void) /* -1: none */
{
	for (int w = ARRAY_LEN(rt_used) - 1; w >= 0; w--)
		if (rt_used[w] != 0)
			return w * 32 + 31 - __builtin_clz(rt_used[w]);
	return -1;
}

struct thread *queue_pick(void)
{
	struct tree_node *n;
	struct thread *t;
	int priority;

	if (count == 0)
		return NULL;
	priority = rt_highest();
	if (priority >= 0) {
		t = list_entry(rt[priority].next, struct thread, sched.rt_link);
	} else {
		n = tree_first(&next_share()->fair);
		assert(n);
		t = thread_of(n);
	}
	queue_remove(t);
	return t;
}

static void raise_floor(uint64_t *floor, uint64_t running, bool other,
			uint64_t least)
{
	if (!other || ahead(running, least) < 0)
		least = running;
	if (ahead(least, *floor) > 0)
		*floor = least;
}

/* Moves the floors up: t runs, and nobody queued has less than the first. */
void queue_note_running(const struct thread *t)
{
	struct share *s = share_of(t), *next = first_share();
	const struct tree_node *n = tree_first(&s->fair);

	if (is_rt(t))
		return;
	raise_floor(&s->floor_ns, t->sched.vruntime, n,
		    n ? thread_of(n)->sched.vruntime : 0);
	raise_floor(&shares_floor_ns, s->vruntime, next,
		    next ? next->vruntime : 0);
}

/* Gives t, about to be queued after a sleep or its birth, a fair place. */
void queue_place(struct thread *t, bool is_new)
{
	uint64_t low = share_of(t)->floor_ns;

	if (!is_new)
		low -= SLEEPER_CREDIT_NS;
	if (ahead(t->sched.vruntime, low) < 0)
		t->sched.vruntime = low;
}

/* What t ran under another policy or in another share says nothing here. */
void queue_level(struct thread *t)
{
	assert(!t->sched.queued);
	t->sched.vruntime = share_of(t)->floor_ns;
}

/* Shall t, which became ready, take the CPU from the running thread? */
bool queue_preempts(const struct thread *t, const struct thread *running)
{
	const struct sched_entity *a = &t->sched, *b = &running->sched;
	const struct share *of_a = share_of(t), *of_b = share_of(running);

	if (is_rt(t))
		return !is_rt(running) || a->rt_priority > b->rt_priority;
	if (is_rt(running) || a->policy == SCHED_IDLE ||
	    a->policy == SCHED_BATCH)
		return false;
	if (b->policy == SCHED_IDLE)
		return true;
	if (of_a != of_b)
		return ahead(of_b->vruntime + b->runtime_ns - b->charged_ns,
			     of_a->vruntime) > CLEARLY_BEHIND_NS;
	return ahead(b->vruntime, a->vruntime) > CLEARLY_BEHIND_NS;
}

/* Is there anybody whom the end of the running thread's slice would let run? */
bool queue_rival(const struct thread *running)
{
	if (!is_rt(running))
		return count != 0;
	return running->sched.policy == SCHED_RR &&
	       !list_empty(&rt[running->sched.rt_priority]);
}

unsigned queue_count(void)
{
	return count;
}
