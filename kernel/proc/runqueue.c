/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.c - who is ready to run, and who is next.
 *
 * Real-time threads (SCHED_FIFO, SCHED_RR) stand in one list per priority and
 * go before all others. The others share the CPU fairly: each has a virtual
 * run time, which grows the slower the greater its weight (nice), and the one
 * with the least runs next. `floor` is how far the least has come; a thread
 * that slept is brought near it, so that it can neither claim the time it did
 * not want nor be left behind. All keys are compared by difference.
 *
 * Invariant: a thread is queued if and only if its state is THREAD_READY (the
 * idle thread never is). Locks: the kernel lock.
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

static struct tree fair;
static uint64_t floor_ns;	/* virtual; never goes back */
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

void queue_init(void)
{
	for (int i = 0; i < RT_PRIORITIES; i++)
		list_init(&rt[i]);
}

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

	assert(!e->queued && t->state == THREAD_READY);
	e->queued = true;
	count++;
	if (!is_rt(t)) {
		tree_add(&fair, &e->node, runs_before);
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

	assert(e->queued);
	e->queued = false;
	count--;
	if (!is_rt(t)) {
		tree_remove(&fair, &e->node);
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
		n = tree_first(&fair);
		assert(n);
		t = thread_of(n);
	}
	queue_remove(t);
	return t;
}

/* Moves the floor up: t runs, and nobody queued has less than the first. */
void queue_note_running(const struct thread *t)
{
	const struct tree_node *n = tree_first(&fair);
	uint64_t least;

	if (is_rt(t)) {
		if (!n)
			return;
		least = thread_of(n)->sched.vruntime;
	} else {
		least = t->sched.vruntime;
		if (n && ahead(thread_of(n)->sched.vruntime, least) < 0)
			least = thread_of(n)->sched.vruntime;
	}
	if (ahead(least, floor_ns) > 0)
		floor_ns = least;
}

/* Gives t, about to be queued after a sleep or its birth, a fair place. */
void queue_place(struct thread *t, bool is_new)
{
	uint64_t low = is_new ? floor_ns : floor_ns - SLEEPER_CREDIT_NS;

	if (ahead(t->sched.vruntime, low) < 0)
		t->sched.vruntime = low;
}

/* What t ran under another policy says nothing under the new one. */
void queue_level(struct thread *t)
{
	assert(!t->sched.queued);
	t->sched.vruntime = floor_ns;
}

/* Shall t, which became ready, take the CPU from the running thread? */
bool queue_preempts(const struct thread *t, const struct thread *running)
{
	const struct sched_entity *a = &t->sched, *b = &running->sched;

	if (is_rt(t))
		return !is_rt(running) || a->rt_priority > b->rt_priority;
	if (is_rt(running) || a->policy == SCHED_IDLE ||
	    a->policy == SCHED_BATCH)
		return false;
	if (b->policy == SCHED_IDLE)
		return true;
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
