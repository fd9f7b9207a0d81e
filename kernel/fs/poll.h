/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll.h - private to kernel/fs: what poll_wait does with a queue.
 *
 * A file's poll function names each of its queues to poll_wait and returns
 * what is ready now. It must not sleep, and it names the same queues each
 * time. poll.c notes a queue to sleep on it once, epoll.c to stay on it.
 */
#ifndef KERNEL_FS_POLL_H
#define KERNEL_FS_POLL_H

#include "kernel/fs/fs.h"

struct poller {
	void (*note)(struct poller *p, struct sleep_queue *q);
	int error;		/* a queue could not be noted: -ENOMEM */
};

/* Reported whether asked for or not. */
enum { POLL_ALWAYS = POLLERR | POLLHUP };

/* What f reports where it has no poll function. */
enum { POLL_DEFAULT = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM };

static inline unsigned poll_now(struct file *f, struct poller *p)
{
	return f->ops->poll ? f->ops->poll(f, p) : (unsigned)POLL_DEFAULT;
}

#endif
