/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rseq.c - restartable sequences: code that must not be interrupted half way
 * is sent back to its abort handler when it was.
 *
 * A thread registers 32 bytes of its own memory. There it keeps a pointer to
 * the description of the critical section that it is in; we keep the number
 * of its CPU there. Whatever switched the thread away, or interrupts it with a
 * signal, goes through kernel_return, which calls rseq_check.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/core.h"

enum { RSEQ_SIZE = 32, RSEQ_ALIGN = 32, RSEQ_UNREGISTER = 1 };
enum { AT_CPU_START = 0, AT_CPU = 4, AT_SECTION = 8 }; /* in the 32 bytes */
#define NO_CPU UINT32_MAX

struct section {		/* struct rseq_cs of the Linux ABI */
	uint32_t version, flags;
	uint64_t start, length, abort;
};

static int set_cpu(uint32_t at, uint32_t start, uint32_t cpu)
{
	uint32_t pair[2] = { start, cpu };

	return user_copy_out(at + AT_CPU_START, pair, sizeof(pair));
}

/* Sends f to the abort handler if it is inside the section at `at`. */
static int check_section(struct thread *me, struct frame *f, uint32_t at)
{
	struct section s;
	uint32_t signature;
	int err = user_copy_in(&s, at, sizeof(s));

	assert(me == thread_current());
	if (err)
		return err;
	if (s.version != 0 || s.start >= USER_TOP || s.abort >= USER_TOP ||
	    s.length > USER_TOP || s.abort - s.start < s.length)
		return -EINVAL;
	err = user_get32(s.abort - sizeof(signature), &signature);
	if (err)
		return err;
	if (signature != me->rseq_signature)
		return -EINVAL;
	/* Left or aborted, the section is over; else it would be read again */
	err = user_clear(me->rseq + AT_SECTION, sizeof(uint64_t));
	if (!err && f->eip - s.start < s.length)
		f->eip = s.abort;
	return err;
}

static int check(struct thread *me, struct frame *f)
{
	uint32_t word[4], cpu = arch_cpu_number();
	int err = user_copy_in(word, me->rseq, sizeof(word));

	if (!err && word[AT_CPU / 4] != cpu)
		err = set_cpu(me->rseq, cpu, cpu);
	if (!err && (word[2] | word[3]) != 0)
		err = word[3] ? -EFAULT : check_section(me, f, word[2]);
	return err;
}

/* For a registered thread that may have been switched away from, or is about
 * to run a handler. Memory that is not as promised is a SIGSEGV. Sleeps. */
void rseq_check(struct thread *me, struct frame *f)
{
	struct abi_siginfo info;

	assert(me->rseq != 0);
	assert(me->rseq % RSEQ_ALIGN == 0 && me->rseq_size == RSEQ_SIZE);
	if (me->killed || check(me, f) == 0)
		return;
	me->rseq = 0;
	signal_fill(&info, SIGSEGV, SI_KERNEL, NULL);
	signal_force(me, &info);
}

/* t gets a new address space, or another thread's: not registered there. */
void rseq_leave(struct thread *t)
{
	t->rseq = t->rseq_size = t->rseq_signature = 0;
}

static int unregister(struct thread *me, uint32_t at, uint32_t size,
		      uint32_t signature)
{
	if (me->rseq == 0 || me->rseq != at || me->rseq_size != size)
		return -EINVAL;
	if (me->rseq_signature != signature)
		return -EPERM;
	if (set_cpu(at, 0, NO_CPU) != 0)
		return -EFAULT;
	rseq_leave(me);
	assert(me->rseq == 0);
	return 0;
}

/* Linux: rseq(area, size, flags, signature). */
int sys_rseq(struct thread *me, const uint32_t *arg)
{
	uint32_t at = arg[0], size = arg[1], flags = arg[2], signature = arg[3];

	if (flags == RSEQ_UNREGISTER)
		return unregister(me, at, size, signature);
	if (flags != 0)
		return -EINVAL;
	if (me->rseq != 0) {
		if (me->rseq != at || me->rseq_size != size)
			return -EINVAL;
		return me->rseq_signature == signature ? -EBUSY : -EPERM;
	}
	if (at == 0 || at % RSEQ_ALIGN != 0 || size != RSEQ_SIZE)
		return -EINVAL;
	if (!user_range_ok(at, size))
		return -EFAULT;
	me->rseq = at;
	me->rseq_size = size;
	me->rseq_signature = signature;
	arch_return_work = 1; /* rseq_check writes the CPU's number */
	return 0;
}
