/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex.c - the futex call: sorts out its operations and their time-outs.
 * What sleeps on which word is kernel/vm's business.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/timespec.h"

enum { OPERATION_MASK = ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME) };

/* The moment on arch_clock_ns when the wall clock, or ours, shows ns. */
static uint64_t deadline_of(int64_t ns, bool wall)
{
	int64_t offset = wall ? timer_realtime_ns() - (int64_t)arch_clock_ns() : 0;

	/* offset may be below zero: the sum need not fit in a signed one */
	return ns > offset ? (uint64_t)ns - (uint64_t)offset : 0;
}

/* WAIT counts from now; the others name a moment, PI always by wall clock. */
static int deadline_in(uint32_t user, bool wide, int op, bool wall,
		       uint64_t *deadline)
{
	int64_t ns;
	int err;

	if (user == 0) {
		*deadline = SLEEP_FOREVER;
		return 0;
	}
	err = sys_timespec_in(user, wide, &ns);
	if (err)
		return err;
	*deadline = op == FUTEX_WAIT ? sys_deadline(ns)
				     : deadline_of(ns, wall || op == FUTEX_LOCK_PI);
	return 0;
}

static int wait_op(struct thread *me, const uint32_t *arg, bool wide, int op)
{
	bool private = arg[1] & FUTEX_PRIVATE_FLAG;
	uint64_t deadline = 0;
	int err = deadline_in(arg[3], wide, op, arg[1] & FUTEX_CLOCK_REALTIME,
			      &deadline);

	assert(me->vm && me == thread_current());
	if (err)
		return err;
	if (op == FUTEX_LOCK_PI)
		return vm_futex_lock_pi(me->vm, arg[0], deadline, false, private);
	return vm_futex_wait(me->vm, arg[0], arg[2],
			     op == FUTEX_WAIT ? FUTEX_BITSET_ANY : arg[5],
			     deadline, private);
}

static int futex(struct thread *me, const uint32_t *arg, bool wide)
{
	int op = arg[1] & OPERATION_MASK;
	bool private = arg[1] & FUTEX_PRIVATE_FLAG;

	/* only a wait that names a moment may say by which clock */
	if ((arg[1] & FUTEX_CLOCK_REALTIME) && op != FUTEX_WAIT_BITSET &&
	    op != FUTEX_LOCK_PI)
		return -ENOSYS;
	switch (op) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
		return wait_op(me, arg, wide, op);
	case FUTEX_WAKE:
		return vm_futex_wake(me->vm, arg[0], arg[2], FUTEX_BITSET_ANY,
				     private);
	case FUTEX_WAKE_BITSET:
		return vm_futex_wake(me->vm, arg[0], arg[2], arg[5], private);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return vm_futex_requeue(me->vm, arg[0], arg[2], arg[3], arg[4],
					op == FUTEX_CMP_REQUEUE, arg[5], private);
	case FUTEX_WAKE_OP:
		return vm_futex_wake_op(me->vm, arg[0], arg[2], arg[4], arg[3],
					arg[5], private);
	case FUTEX_TRYLOCK_PI:
		return vm_futex_lock_pi(me->vm, arg[0], 0, true, private);
	case FUTEX_UNLOCK_PI:
		return vm_futex_unlock_pi(me->vm, arg[0], private);
	default:
		return -ENOSYS;
	}
}

/* Linux: futex(word, op, val, timeout or val2, word2, val3). Sleeps. */
int sys_futex(struct thread *me, const uint32_t *arg)
{
	return futex(me, arg, false);
}

int sys_futex64(struct thread *me, const uint32_t *arg)
{
	return futex(me, arg, true);
}
