/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * charge.h - kernel memory with a name on the bill, for kernel/fs and the rooms
 * above it.
 *
 * For objects that a user can pile up without opening one more file: the
 * pages of a pipe, the items of an epoll, record locks, generated text, what
 * waits in sockets.
 */
#ifndef KERNEL_FS_CHARGE_H
#define KERNEL_FS_CHARGE_H

#include "kernel/fs/fs.h"

/* n bytes, not zeroed, paid by p; NULL when memory or p's share is out. The
 * caller keeps p alive and gives the same p and n to charged_free. */
static inline void *charged_alloc(struct prison *p, size_t n)
{
	void *mem;

	if (racct_charge(p, RACCT_KERNEL_MEMORY, n))
		return NULL;
	mem = kmem_alloc(n);
	if (!mem)
		racct_release(p, RACCT_KERNEL_MEMORY, n);
	return mem;
}

static inline void charged_free(struct prison *p, void *mem, size_t n)
{
	kmem_free(mem);
	racct_release(p, RACCT_KERNEL_MEMORY, n);
}

#endif
