/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll.h - private to kernel/fs: asking a file what it is ready for.
 */
#ifndef KERNEL_FS_POLL_H
#define KERNEL_FS_POLL_H

#include "kernel/fs/fs.h"

/* Reported whether asked for or not. */
enum { POLL_ALWAYS = POLLERR | POLLHUP };

/* What f reports where it has no poll function. */
enum { POLL_DEFAULT = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM };

/* p: whom to tell of changes, or NULL. */
static inline unsigned poll_now(struct file *f, struct poller *p)
{
	return f->ops->poll ? f->ops->poll(f, p) : (unsigned)POLL_DEFAULT;
}

#endif
