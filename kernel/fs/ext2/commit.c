/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commit.c - the journal's thread: a transaction becomes durable.
 *
 * drain: no new handles, wait for the open ones to close
 * freeze: its blocks are what they are now; new handles begin the next one
 * data: dirty pages of its ordered inodes are written
 * log: its blocks to the journal, flush, commit block, flush
 *
 * Without a journal the last step is a checkpoint, and the blocks go home.
 *
 * Invariant: between freeze and the end of the commit nothing is checkpointed,
 * so that an older version of a block, still needed if this commit is cut,
 * is needed in the journal only. Locks: the kernel lock.
 */
#include "kernel/fs/cache.h"
#include "kernel/fs/ext2/jbd.h"

#define COMMIT_AGE_NS 5000000000ull

void jcommit_want(struct journal *j, uint32_t sequence)
{
	if (!j->has_wanted || jbd_not_after(j->wanted, sequence))
		j->wanted = sequence;
	j->has_wanted = true;
	sleep_wake(&j->work);
}

/* --- freeze --------------------------------------------------------------- */

/* By number, so that they go home in one sweep: a merge sort. */
static void sort_blocks(struct list *l, uint32_t count)
{
	struct list left = LIST_INIT(left), right = LIST_INIT(right);
	struct list *a, *b;

	if (count < 2)
		return;
	for (uint32_t n = 0; n < count / 2; n++) {
		a = list_first(l);
		list_remove(a);
		list_append(&left, a);
	}
	list_splice(&right, l);
	sort_blocks(&left, count / 2);
	sort_blocks(&right, count - count / 2);
	while ((a = list_first(&left)) && (b = list_first(&right))) {
		if (list_entry(b, struct jblock, running_link)->number <
		    list_entry(a, struct jblock, running_link)->number)
			a = b;
		list_remove(a);
		list_append(l, a);
	}
	list_splice(l, &left);
	list_splice(l, &right);
}

static void freeze(struct journal *j, struct transaction *t)
{
	assert(t->handles == 0 && !j->committing && t == j->running);
	sort_blocks(&t->running, t->block_count);
	list_each_safe(l, &t->running) {
		struct jblock *b = list_entry(l, struct jblock, running_link);

		if (b->logged)
			jblock_home(j, b); /* the newer one goes there */
		assert(!b->copy && !b->writing && b->running == t);
		list_remove(&b->running_link);
		b->running = NULL;
		b->logged = t;
		list_append(&t->logged, &b->logged_link);
		j->logged_count++;
	}
	j->committing = t;
	j->running = NULL;
	j->locked = false;
	sleep_wake(&j->changed);
}

/* --- data ----------------------------------------------------------------- */

static void write_pages(struct journal *j, struct inode *i, bool wait)
{
	j->writing = i;
	/* An error is the file's, and fsync's to tell. */
	(void)!cache_write_inode_pages(i, wait);
	j->writing = NULL;
	sleep_wake(&j->changed);
}

/* All are begun before the first is waited for. */
static void write_ordered(struct journal *j, struct transaction *t)
{
	struct list begun = LIST_INIT(begun);
	unsigned which = t->sequence & 1;
	struct list *l;

	while ((l = list_first(&t->ordered))) {
		list_remove(l);
		list_append(&begun, l);
		write_pages(j, list_entry(l - which, struct journal_inode,
					  link[0])->inode, false);
	}
	while ((l = list_first(&begun))) {
		list_remove(l);
		write_pages(j, list_entry(l - which, struct journal_inode,
					  link[0])->inode, true);
	}
}

/* --- log ------------------------------------------------------------------ */

static uint32_t tags_max(const struct journal *j)	/* of a descriptor */
{
	return (j->block_size - sizeof(struct jbd_head) - JBD_UUID) /
	       sizeof(struct jbd_tag);
}

static uint32_t revokes_max(const struct journal *j)
{
	return (j->block_size - sizeof(struct jbd_revoke)) / sizeof(struct be32);
}

/* Blocks of the journal that t takes. */
static uint32_t log_need(const struct journal *j, const struct transaction *t)
{
	return t->block_count + (t->block_count + tags_max(j) - 1) / tags_max(j) +
	       (t->revoke_count + revokes_max(j) - 1) / revokes_max(j) + 1;
}

static uint32_t log_next(struct journal *j)
{
	uint32_t at = j->head;

	assert(j->free > 0);
	j->free--;
	if (++j->head == j->length)
		j->head = j->first;
	return jmap_block(j, at);
}

static struct jbd_head *scratch_begin(struct journal *j, struct transaction *t,
				      enum jbd_type type)
{
	struct jbd_head *head = (struct jbd_head *)j->scratch;

	memset(head, 0, j->block_size);
	head->magic = be32_of(JBD_MAGIC);
	head->type = be32_of(type);
	head->sequence = be32_of(t->sequence);
	return head;
}

static void *frozen(const struct jblock *b)
{
	return b->copy ? b->copy : b->block.data;
}

static bool has_magic(const void *block)
{
	return be32_get(*(const struct be32 *)block) == JBD_MAGIC;
}

/* A descriptor of the blocks from *l on, as many as it can tell. */
static uint32_t describe(struct journal *j, struct transaction *t, struct list *l)
{
	uint8_t *to = (uint8_t *)(scratch_begin(j, t, JBD_DESCRIPTOR) + 1);
	uint32_t count = 0;

	while (l != &t->logged && count < tags_max(j)) {
		struct jblock *b = list_entry(l, struct jblock, logged_link);
		struct jbd_tag *tag = (struct jbd_tag *)to;
		uint32_t flags = count ? JBD_SAME_UUID : 0;

		l = l->next;
		if (has_magic(frozen(b)))
			flags |= JBD_ESCAPED;
		if (l == &t->logged || count + 1 == tags_max(j))
			flags |= JBD_LAST;
		*tag = (struct jbd_tag){ be32_of(b->number), be32_of(flags) };
		to += sizeof(*tag) + (count ? 0 : JBD_UUID);
		count++;
	}
	return count;
}

/* The page, if it is what is written, stays as it is until it is (preserve). */
static void log_block(struct journal *j, struct jblock *b)
{
	if (has_magic(frozen(b))) {
		memcpy(j->escape, frozen(b), j->block_size);
		memset(j->escape, 0, sizeof(struct be32));
		jio_add(j, log_next(j), j->escape);
		return;
	}
	b->writing = !b->copy;
	jio_add(j, log_next(j), frozen(b));
}

static void log_chunk_done(struct journal *j, struct list *l, uint32_t count)
{
	for (; count; count--, l = l->next)
		list_entry(l, struct jblock, logged_link)->writing = false;
	sleep_wake(&j->changed);
}

static int log_blocks(struct journal *j, struct transaction *t)
{
	struct list *l = t->logged.next;
	int err = 0;

	while (l != &t->logged && !err) {
		struct list *first = l;
		uint32_t count = describe(j, t, l);

		jio_add(j, log_next(j), j->scratch);
		for (uint32_t n = 0; n < count; n++, l = l->next) {
			struct jblock *b = list_entry(l, struct jblock, logged_link);
			bool escaped = has_magic(frozen(b));

			log_block(j, b);
			if (escaped && (err = jio_finish(j))) /* one buffer */
				break;
		}
		err = err ? err : jio_finish(j);
		log_chunk_done(j, first, count);
	}
	return err;
}

static int log_revokes(struct journal *j, struct transaction *t)
{
	struct list *l = t->revoked.next;
	int err = 0;

	while (l != &t->revoked && !err) {
		struct jbd_revoke *r =
			(struct jbd_revoke *)scratch_begin(j, t, JBD_REVOKE);
		uint32_t n = 0;

		for (; l != &t->revoked && n < revokes_max(j); l = l->next)
			r->block[n++] = be32_of(list_entry(
				l, struct jblock, revoked_link)->number);
		r->size = be32_of(sizeof(*r) + n * sizeof(struct be32));
		err = jio_write(j, log_next(j), r);
	}
	return err;
}

static int log_write(struct journal *j, struct transaction *t)
{
	int err;

	t->log_at = j->head;
	err = log_blocks(j, t);
	if (!err)
		err = log_revokes(j, t);
	if (!err)
		err = jio_flush(j);
	if (!err)
		err = jio_write(j, log_next(j), scratch_begin(j, t, JBD_COMMIT));
	return err ? err : jio_flush(j);
}

/* --- the whole of it ------------------------------------------------------ */

/* t is durable, or with the next checkpoint: what was freed stays freed. */
static void settle_revoked(struct journal *j, struct transaction *t)
{
	struct list *l;

	while ((l = list_first(&t->revoked))) {
		struct jblock *b = list_entry(l, struct jblock, revoked_link);

		list_remove(l);
		b->revoked = NULL;
		if (b->logged)
			jblock_home(j, b);
		jblock_settle(j, b);
	}
}

static bool nothing_in(const struct transaction *t)
{
	return !t->block_count && !t->revoke_count && list_empty(&t->ordered);
}

/* Its number is the next one's: the journal has no gaps. */
static void drop_running(struct journal *j)
{
	struct transaction *t = j->running;

	j->sequence = t->sequence;
	j->running = NULL;
	j->locked = false;
	jtransaction_free(t);
	sleep_wake(&j->changed);
}

static int commit_frozen(struct journal *j, struct transaction *t)
{
	int err = 0;

	list_append(&j->committed, &t->link);
	write_ordered(j, t);
	if (j->length)
		err = log_write(j, t);
	if (!err)
		settle_revoked(j, t);
	if (!err && !j->length)
		err = jcheckpoint(j); /* frees t */
	else
		jfreed_clear(t);
	j->committing = NULL;
	return err;
}

/* Waits for the open handles, one of which may wait for memory (preserve). */
static void drain(struct journal *j, struct transaction *t)
{
	while (t->handles) {
		if (!j->home_wanted || j->aborted) {
			(void)!sleep_on(&j->work, SLEEP_DEEP, SLEEP_FOREVER);
			continue;
		}
		j->home_wanted = false;
		if (jcheckpoint(j))
			journal_abort(j, "metadata cannot be written");
	}
}

/* Of the running transaction. An error aborts the journal. */
static void commit(struct journal *j)
{
	struct transaction *t = j->running;
	int err = 0;

	assert(t && !j->committing);
	j->locked = true;
	drain(j, t);
	if (j->aborted)
		return;
	if (j->has_wanted && jbd_not_after(j->wanted, t->sequence))
		j->has_wanted = false;
	if (nothing_in(t)) {
		drop_running(j);
		return;
	}
	if (j->length && j->free < log_need(j, t))
		err = jcheckpoint(j);
	if (!err && j->length)
		assert(j->free >= log_need(j, t));
	if (!err) {
		freeze(j, t);
		err = commit_frozen(j, t);
	}
	if (err)
		journal_abort(j, "the journal cannot be written");
	sleep_wake(&j->changed);
}

static bool commit_due(const struct journal *j)
{
	const struct transaction *t = j->running;

	return t && (j->stopping ||
		     (j->has_wanted && jbd_not_after(t->sequence, j->wanted)) ||
		     arch_clock_ns() >= t->started_ns + COMMIT_AGE_NS);
}

/* Blocks that are not at home keep pages and copies in memory. */
static bool home_due(const struct journal *j)
{
	return j->home_wanted || j->stopping || j->logged_count > j->logged_max;
}

void jcommit_thread(void *journal)
{
	struct journal *j = journal;

	for (;;) {
		if (j->aborted && !j->marked) {
			j->marked = true;
			jmark_error(j);
		} else if (!j->aborted && commit_due(j)) {
			commit(j);
		} else if (!j->aborted && !list_empty(&j->committed) &&
			   home_due(j)) {
			j->home_wanted = false;
			if (jcheckpoint(j))
				journal_abort(j, "metadata cannot be written");
		} else if (j->stopping) {
			break;
		} else {
			(void)!sleep_on(&j->work, SLEEP_DEEP, j->running &&
				!j->aborted ? j->running->started_ns +
				COMMIT_AGE_NS : SLEEP_FOREVER);
		}
	}
	j->thread = NULL;
	sleep_wake(&j->changed);
}

/* --- who waits for it ------------------------------------------------------- */

static bool pending(const struct journal *j, uint32_t seq)
{
	return (j->committing && jbd_not_after(j->committing->sequence, seq)) ||
	       (j->running && jbd_not_after(j->running->sequence, seq));
}

int journal_commit(struct journal *j, uint32_t seq)
{
	uint64_t mark = j->flush_begun;

	assert(!jhandle_mine(j));
	while (!j->aborted && j->started && pending(j, seq)) {
		if (j->running && jbd_not_after(j->running->sequence, seq))
			jcommit_want(j, j->running->sequence);
		jchange_wait(j);
	}
	if (j->aborted)
		return -EIO;
	if (j->flush_done > mark || !j->started)
		return 0;
	return jio_flush(j);
}

void journal_commit_soon(struct journal *j)
{
	if (j->running)
		jcommit_want(j, j->running->sequence);
}

uint32_t journal_sequence(const struct journal *j)
{
	return j->running ? j->running->sequence : j->sequence;
}

void journal_abort(struct journal *j, const char *why)
{
	if (!j->aborted)
		log_print(LOG_ERROR, "ext2 %s: %s: read-only from now on, run e2fsck\n",
			  j->disk->name, why);
	j->aborted = true;
	j->sb->flags |= MS_RDONLY;
	sleep_wake(&j->work);
	sleep_wake(&j->changed);
}

bool journal_aborted(const struct journal *j)
{
	return j->aborted;
}
