/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe.h - private to kernel/fs: what a pipe is made of */
#ifndef KERNEL_FS_PIPE_H
#define KERNEL_FS_PIPE_H

#include "kernel/fs/fs.h"

enum {
	PIPE_PAGES = 16,		/* to begin with */
	PIPE_SIZE_MAX = 1 << 20,	/* without privilege */
	PIPE_SIZE_LIMIT = 1 << 26,	/* for everybody */
};

/* One direction's waiters. */
struct pipe_end {
	unsigned files;		/* open for this direction */
	unsigned opened;	/* ever, so that an open can wait for the next */
	struct sleep_queue sleepers, pollers;
};
struct pipe {
	struct sleep_lock lock;
	uint32_t head, used, size;	/* bytes; head < size */
	void **page;			/* size / PAGE_SIZE of them, some NULL */
	void *page_inline[PIPE_PAGES];
	struct pipe_end readers, writers;
	struct sleep_queue openers;	/* of a FIFO, waiting for the other side */
	unsigned users;			/* open files, and opens under way */
	struct inode *inode;		/* whose ->fifo this is; not held */
	struct prison *prison;		/* pays; held */
	bool nameless;			/* made by pipe(2): an open never waits */
	struct list link;		/* all_pipes, for the shrinker */
};


/* --- ring.c ------------------------------------------------------------- */

void ring_begin(struct pipe *p);
void ring_end(struct pipe *p);
/* Bytes moved; `used` and `head` are the caller's to change. Sleep. */
int ring_fill(struct pipe *p, struct user_io *io, uint32_t n) must_check;
int ring_drain(struct pipe *p, struct user_io *io, uint32_t n) must_check;
int ring_resize(struct pipe *p, uint32_t size) must_check; /* -EBUSY, -ENOMEM */
static inline uint32_t ring_room(const struct pipe *p)
{
	return p->size - p->used;
}

#endif
