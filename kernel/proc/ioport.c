/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioport.c - which of the machine's ports a thread's program may use.
 *
 * Nothing is kept for threads that may use none. Threads that a fork made share
 * what they may: who changes his rights gets a copy of his own first. Exec
 * keeps them; who enters a prison loses them. Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

/* What t has, for t alone and to be changed. NULL: no memory. */
static struct arch_io *own_io(struct thread *t)
{
	struct arch_io *io = t->arch.io, *copy;

	if (io && io->refs == 1)
		return io;
	copy = kmem_alloc(sizeof(*copy));
	if (!copy)
		return NULL;
	if (io)
		*copy = *io;
	else
		memset(copy->refused, 0xff, sizeof(copy->refused));
	if (!io)
		copy->level = 0;
	copy->refs = 1;
	thread_io_drop(t);
	t->arch.io = copy;
	return copy;
}

/* t is current. -ENOMEM. */
int thread_io_permit(struct thread *t, uint32_t from, uint32_t count, bool on)
{
	struct arch_io *io;

	assert(t == thread_current() && from <= ARCH_PORTS &&
	       count <= ARCH_PORTS - from);
	if (!on && !t->arch.io)
		return 0;
	io = own_io(t);
	if (!io)
		return -ENOMEM;
	for (uint32_t port = from; port < from + count; port++) {
		uint8_t bit = 1u << port % 8;

		if (on)
			io->refused[port / 8] &= ~bit;
		else
			io->refused[port / 8] |= bit;
	}
	arch_io_changed();
	return 0;
}

unsigned thread_io_level(const struct thread *t)
{
	return t->arch.io ? t->arch.io->level : 0;
}

/* t is current. Level 3 is every port; the others mean nothing. -ENOMEM. */
int thread_io_set_level(struct thread *t, unsigned level)
{
	struct arch_io *io;

	assert(t == thread_current() && level <= 3);
	if (level == thread_io_level(t))
		return 0;
	io = own_io(t);
	if (!io)
		return -ENOMEM;
	io->level = level;
	arch_io_changed();
	return 0;
}

/* t may use no port any more. */
void thread_io_drop(struct thread *t)
{
	struct arch_io *io = t->arch.io;

	if (!io)
		return;
	t->arch.io = NULL;
	if (t == thread_current())
		arch_io_changed();
	assert(io->refs != 0);
	if (--io->refs == 0)
		kmem_free(io);
}
