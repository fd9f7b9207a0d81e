/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll.c - wait until one of many files is ready: poll, ppoll, select.
 *
 * One pass asks every file, and, only if the caller wants to wait, puts an
 * entry on each queue that the files name. From then on a wake-up of any of
 * them makes sleep_block return, and the next pass asks again, without noting
 * queues a second time. The first entries live on the stack, so that small
 * sets allocate nothing.
 *
 * Invariant: a file is held as long as an entry stands on one of its queues.
 * Locks: the kernel lock. Poll functions do not sleep, so that a pass is one
 * step and needs no references.
 */
#include "kernel/fs/poll.h"

struct poll_entry {
	struct sleep_entry sleep;
	struct file *file;	/* held */
};
enum { ENTRIES_INLINE = 8, ENTRIES_CHUNK = 168 };

struct poll_chunk {		/* a little less than a page */
	struct poll_chunk *next;
	unsigned used;
	struct poll_entry entry[ENTRIES_CHUNK];
};
struct poll_table {
	struct poller poller;
	struct file *file;	/* the one being asked */
	unsigned used;
	struct poll_entry entry[ENTRIES_INLINE];
	struct poll_chunk *chunks;
};

static bool poll_wake(struct sleep_entry *e)
{
	sleep_unblock(e->thread);
	return false;		/* who polls takes nothing: wake others too */
}

static struct poll_entry *entry_new(struct poll_table *t)
{
	struct poll_chunk *c = t->chunks;

	if (t->used < ENTRIES_INLINE)
		return &t->entry[t->used++];
	if (!c || c->used == ENTRIES_CHUNK) {
		c = kmem_alloc(sizeof *c);
		if (!c)
			return NULL;
		c->used = 0;
		c->next = t->chunks;
		t->chunks = c;
	}
	assert(c->used < ENTRIES_CHUNK);
	return &c->entry[c->used++];
}

static void table_note(struct poller *p, struct sleep_queue *q)
{
	struct poll_table *t = container_of(p, struct poll_table, poller);
	struct poll_entry *e = entry_new(t);

	assert(t->file->refs > 0);
	if (!e) {
		p->error = -ENOMEM;
		return;
	}
	file_hold(t->file);
	e->file = t->file;
	e->sleep.wake = poll_wake;
	e->sleep.thread = thread_current();
	e->sleep.key = 0;
	sleep_entry_add(q, &e->sleep);
}

/* First off all queues, then the references: dropping one may sleep. */
static void table_clear(struct poll_table *t)
{
	struct poll_chunk *c, *next;

	assert(t->used <= ENTRIES_INLINE);
	for (unsigned i = 0; i < t->used; i++)
		sleep_entry_remove(&t->entry[i].sleep);
	for (c = t->chunks; c; c = c->next)
		for (unsigned i = 0; i < c->used; i++)
			sleep_entry_remove(&c->entry[i].sleep);
	for (unsigned i = 0; i < t->used; i++)
		file_drop(t->entry[i].file);
	for (c = t->chunks; c; c = next) {
		next = c->next;
		for (unsigned i = 0; i < c->used; i++)
			file_drop(c->entry[i].file);
		kmem_free(c);
	}
}

/* One pass over the set: how many are ready. table: note queues too, until
 * the first ready one makes waiting needless. */
static unsigned poll_pass(struct file_table *t, struct abi_pollfd *fds,
			  unsigned n, struct poll_table *table)
{
	unsigned count = 0, mask;
	struct poller *p = table ? &table->poller : NULL;

	for (struct abi_pollfd *at = fds; at != fds + n; at++) {
		struct file *f;

		at->revents = 0;
		if (at->fd < 0)
			continue;
		f = (unsigned)at->fd < t->size ? t->file[at->fd] : NULL;
		if (!f || (f->flags & O_PATH)) {
			mask = POLLNVAL;
		} else {
			if (p)
				table->file = f;
			mask = poll_now(f, p);
			mask &= (uint16_t)at->events | POLL_ALWAYS;
		}
		if (mask) {
			at->revents = mask;
			count++;
			p = NULL;
		}
	}
	return count;
}

/* poll_files, once it is clear that there is nothing ready now. */
static int poll_sleep(struct file_table *t, struct abi_pollfd *fds, unsigned n,
		      uint64_t deadline)
{
	struct thread *me = thread_current();
	struct poll_table table;
	int count, err;

	sleep_assert();
	table.poller = (struct poller){ table_note, 0 };
	table.used = 0;
	table.chunks = NULL;
	me->wake_pending = false; /* from a wait of long ago */
	assert(me->state == THREAD_RUNNING);
	count = poll_pass(t, fds, n, &table);
	err = table.poller.error;
	while (!count && !err) {
		err = sleep_block(SLEEP_SIGNAL, deadline);
		count = poll_pass(t, fds, n, NULL);
		if (count || err == -ETIMEDOUT)
			err = 0;
		else if (!err)
			continue;
		break;
	}
	table_clear(&table);
	return count ? count : err;
}

/*
 * Fill revents of each, sleeping until one is ready or the clock reaches
 * deadline (0: do not wait). The number of ready ones; -EINTR, -ENOMEM.
 * A negative fd is skipped, one that is not open gets POLLNVAL (POSIX poll).
 * Sleeps.
 */
int poll_files(struct file_table *t, struct abi_pollfd *fds, unsigned n,
	       uint64_t deadline)
{
	int count = poll_pass(t, fds, n, NULL);

	if (count || deadline == 0)
		return count;
	return poll_sleep(t, fds, n, deadline);
}
