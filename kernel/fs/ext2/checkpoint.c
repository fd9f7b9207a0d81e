/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checkpoint.c - what is in the journal goes home, and room comes back.
 *
 * Only committed content is written: the page, or the copy that was kept when
 * a newer transaction changed it. When all of it is durable the superblock
 * says that the journal begins anew, which must be durable before the room is
 * written over. Locks: the kernel lock; only the journal's thread is here.
 */
#include "kernel/fs/ext2/jbd.h"

enum { BATCH = 64 };

/* What was logged of b need not be written (any more): it is at home, a newer
 * version will go there, or it was freed. */
void jblock_home(struct journal *j, struct jblock *b)
{
	assert(b->logged && !b->writing && j->logged_count > 0);
	list_remove(&b->logged_link);
	b->logged = NULL;
	kmem_free(b->copy);
	b->copy = NULL;
	j->logged_count--;
}

/* The first blocks of t. Meanwhile who wants to change one waits (preserve). */
static int write_batch(struct journal *j, struct transaction *t)
{
	struct jblock *batch[BATCH];
	unsigned count = 0;
	int err;

	list_each(l, &t->logged) {
		struct jblock *b = list_entry(l, struct jblock, logged_link);

		if (count == BATCH)
			break;
		batch[count++] = b;
	}
	for (unsigned n = 0; n < count; n++) {
		batch[n]->writing = !batch[n]->copy;
		jio_add(j, batch[n]->number, batch[n]->copy ? batch[n]->copy :
			batch[n]->block.data);
	}
	err = jio_finish(j);
	for (unsigned n = 0; n < count; n++) {
		batch[n]->writing = false;
		if (err)
			continue;
		jblock_home(j, batch[n]);
		jblock_settle(j, batch[n]);
	}
	sleep_wake(&j->changed);
	return err;
}

/* The journal's next transaction is the oldest that counts. */
static int move_tail(struct journal *j)
{
	int err = jsuper_write(j, j->head, journal_sequence(j), 0);

	if (!err)
		err = jio_flush(j);
	if (!err)
		j->free = j->length - j->first;
	return err;
}

int jcheckpoint(struct journal *j)
{
	struct list *l;
	int err = 0;

	list_each(at, &j->committed) {
		struct transaction *t = list_entry(at, struct transaction, link);

		while (!err && !list_empty(&t->logged))
			err = write_batch(j, t);
	}
	if (!err)
		err = jio_flush(j);
	if (!err && j->length)
		err = move_tail(j);
	while (!err && (l = list_first(&j->committed))) {
		list_remove(l);
		jtransaction_free(list_entry(l, struct transaction, link));
	}
	return err;
}
