/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transaction.c - handles: which blocks change together.
 *
 * A block that the running transaction has, and an older one too that is not
 * at home yet, needs both contents: the page has the newer, jblock.copy the
 * older, made when the newer begins (journal_dirty). What a handle can need is
 * there from journal_begin on, so that a change, once begun, cannot fail.
 *
 * Invariant: the pool holds at least running->reserved jblocks.
 * Locks: the kernel lock. The running transaction ends only when it has no
 * handle (commit.c).
 */
#include "kernel/fs/ext2/jbd.h"

/* --- blocks --------------------------------------------------------------- */

static const struct list *hash_of(const struct journal *j, uint32_t number)
{
	return &j->hash[hash_u32(number) % JHASH];
}

struct jblock *jblock_find(const struct journal *j, uint32_t number)
{
	const struct list *head = hash_of(j, number);

	list_each(l, head) {
		struct jblock *b = list_entry(l, struct jblock, hash_link);

		if (b->number == number)
			return b;
	}
	return NULL;
}

/* b is forgotten if it is in no transaction. */
void jblock_settle(struct journal *j, struct jblock *b)
{
	if (b->running || b->logged || b->revoked)
		return;
	assert(!b->copy && !b->writing);
	list_remove(&b->hash_link);
	if (b->block.page)
		disk_block_put(&b->block);
	if (j->pool_count < JHASH / 4) {
		list_push(&j->pool, &b->hash_link);
		j->pool_count++;
	} else {
		kmem_free(b);
	}
}

/* At least n unused ones. -ENOMEM. */
static int pool_fill(struct journal *j, uint32_t n)
{
	while (j->pool_count < n) {
		struct jblock *b = kmem_alloc(sizeof(*b));

		if (!b)
			return -ENOMEM;
		list_push(&j->pool, &b->hash_link);
		j->pool_count++;
	}
	return 0;
}

/* The one with this number, of the handle's room if there is none yet. */
static struct jblock *jblock_need(struct journal *j, struct handle *h,
				  uint32_t number)
{
	struct jblock *b;

	assert(h->left > 0 && j->running->reserved > 0);
	h->left--;
	j->running->reserved--;
	b = jblock_find(j, number);
	if (b)
		return b;
	b = list_entry(list_first(&j->pool), struct jblock, hash_link);
	list_remove(&b->hash_link);
	j->pool_count--;
	memset(b, 0, sizeof(*b));
	b->number = number;
	list_init(&b->running_link);
	list_init(&b->logged_link);
	list_init(&b->revoked_link);
	list_push((struct list *)hash_of(j, number), &b->hash_link);
	return b;
}

/* Before the page changes: what was logged of it is kept aside. Without memory
 * for a copy, it is written home first. */
static void preserve(struct journal *j, struct jblock *b)
{
	while (b->logged && !b->copy && !j->aborted) {
		if (!b->writing && (b->copy = kmem_alloc(j->block_size))) {
			memcpy(b->copy, b->block.data, j->block_size);
			return;
		}
		if (!b->writing) {
			j->home_wanted = true;
			sleep_wake(&j->work);
		}
		jchange_wait(j);
	}
}

/* --- handles -------------------------------------------------------------- */

struct handle *jhandle_mine(const struct journal *j)
{
	list_each(l, &j->handles) {
		struct handle *h = list_entry(l, struct handle, link);

		if (h->thread == thread_current())
			return h;
	}
	return NULL;
}

/* Blocks that a transaction may have before it is committed for room: a quarter
 * of the journal, so that it and its descriptors fit beside an older one. */
static uint32_t limit(const struct journal *j)
{
	return (j->length ? j->length - j->first : (uint32_t)JBD_LENGTH_MIN) / 4;
}

uint32_t journal_credits_max(const struct journal *j)
{
	return limit(j) / 2;
}

static int transaction_begin(struct journal *j)
{
	struct transaction *t = kmem_zalloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->sequence = j->sequence++;
	t->started_ns = arch_clock_ns();
	list_init(&t->link);
	list_init(&t->running);
	list_init(&t->logged);
	list_init(&t->revoked);
	list_init(&t->ordered);
	list_init(&t->freed);
	j->running = t;
	sleep_wake(&j->work);	/* its time begins */
	return 0;
}

/* t has no blocks (any more). */
void jtransaction_free(struct transaction *t)
{
	assert(list_empty(&t->running) && list_empty(&t->logged));
	assert(list_empty(&t->revoked) && list_empty(&t->ordered));
	assert(t->handles == 0);
	jfreed_clear(t);
	kmem_free(t);
}

/* Waits until the running transaction takes `blocks` more. */
static int wait_room(struct journal *j, uint32_t blocks)
{
	for (;;) {
		struct transaction *t;
		int err;

		if (j->aborted)
			return -EIO;
		if (!j->started || j->stopping)
			return -EROFS;
		err = j->running ? 0 : transaction_begin(j);
		if (err)
			return err;
		t = j->running;
		if (!j->locked && t->block_count + t->revoke_count +
		    t->reserved + blocks <= limit(j))
			return 0;
		jcommit_want(j, t->sequence);
		jchange_wait(j);
	}
}

int journal_begin(struct journal *j, uint32_t blocks)
{
	struct handle *h = jhandle_mine(j), *fresh = NULL;
	int err;

	if (!h) {
		assert(blocks <= journal_credits_max(j));
		fresh = h = kmem_zalloc(sizeof(*h));
		if (!h)
			return -ENOMEM;
		err = wait_room(j, blocks);
		if (err)
			goto fail;
	}
	err = pool_fill(j, j->running->reserved + blocks);
	if (err)
		goto fail;
	if (fresh) {
		h->thread = thread_current();
		list_push(&j->handles, &h->link);
		j->running->handles++;
	}
	h->depth++;
	h->left += blocks;
	j->running->reserved += blocks;
	return 0;
fail:
	kmem_free(fresh);
	return err;
}

int journal_end(struct journal *j)
{
	struct transaction *t = j->running;
	struct handle *h = jhandle_mine(j);

	assert(t && h && t->reserved >= h->left);
	if (--h->depth == 0) {
		t->reserved -= h->left;
		list_remove(&h->link);
		kmem_free(h);
		assert(t->handles > 0);
		if (--t->handles == 0)
			sleep_wake(&j->work);
	}
	return j->aborted ? -EIO : 0;
}

void journal_dirty(struct journal *j, const struct block *at)
{
	struct handle *h = jhandle_mine(j);
	struct jblock *b;

	assert(h && at->size == j->block_size && at->number < j->disk_blocks);
	b = jblock_find(j, (uint32_t)at->number);
	if (!b || !b->running) {
		b = jblock_need(j, h, (uint32_t)at->number);
		assert(!b->revoked);	/* or it was used again too early */
		b->running = j->running;
		list_append(&j->running->running, &b->running_link);
		j->running->block_count++;
	}
	if (!b->block.page) {
		b->block = *at;
		page_hold(at->page);
	}
	assert(b->block.data == at->data);
	preserve(j, b);
}

/* --- what is freed -------------------------------------------------------- */

static struct freed_map *freed_find(const struct transaction *t, uint32_t index)
{
	if (!t)
		return NULL;
	list_each(l, &t->freed) {
		struct freed_map *m = list_entry(l, struct freed_map, link);

		if (m->index == index)
			return m;
	}
	return NULL;
}

void jfreed_clear(struct transaction *t)
{
	list_each_safe(l, &t->freed) {
		struct freed_map *m = list_entry(l, struct freed_map, link);

		list_remove(&m->link);
		kmem_free(m->bits);
		kmem_free(m);
	}
	t->all_freed = false;
}

/* The map of that number; made if there is none; NULL: no memory. */
static struct freed_map *freed_need(struct journal *j, struct transaction *t,
				    uint32_t index)
{
	struct freed_map *m = freed_find(t, index);

	if (m)
		return m;
	m = kmem_alloc(sizeof(*m));
	if (!m)
		return NULL;
	m->index = index;
	m->bits = kmem_zalloc(j->block_size);
	if (!m->bits) {
		kmem_free(m);
		return NULL;
	}
	list_push(&t->freed, &m->link);
	return m;
}

/* Without memory to note which, nothing is free to use until the commit. */
void journal_freed(struct journal *j, uint32_t first, uint32_t count)
{
	uint32_t bits = j->block_size * 8;
	struct transaction *t = j->running;

	assert(jhandle_mine(j) && first < j->disk_blocks);
	assert(count <= j->disk_blocks - first);
	for (uint32_t end = first + count; first < end; first++) {
		struct freed_map *m = freed_need(j, t, first / bits);

		if (m)
			m->bits[first % bits / 8] |= 1u << first % 8;
		else
			t->all_freed = true;
	}
}

static bool freed_in(const struct journal *j, const struct transaction *t,
		     uint32_t block)
{
	uint32_t bits = j->block_size * 8;
	const struct freed_map *m = freed_find(t, block / bits);

	return (t && t->all_freed) ||
	       (m && (m->bits[block % bits / 8] & 1u << block % 8));
}

bool journal_block_busy(const struct journal *j, uint32_t block)
{
	return freed_in(j, j->running, block) || freed_in(j, j->committing, block);
}

static bool freed_any(const struct transaction *t)
{
	return t && (t->all_freed || !list_empty(&t->freed));
}

bool journal_any_busy(const struct journal *j)
{
	return freed_any(j->running) || freed_any(j->committing);
}

void journal_forget(struct journal *j, uint32_t block)
{
	struct handle *h = jhandle_mine(j);
	struct transaction *t = j->running;
	struct jblock *b;

	assert(h && block < j->disk_blocks);
	b = jblock_need(j, h, block);
	if (b->running) {
		b->running = NULL;
		list_remove(&b->running_link);
		t->block_count--;
	}
	if (!b->revoked) {
		b->revoked = t;
		list_append(&t->revoked, &b->revoked_link);
		t->revoke_count++;
	}
	journal_freed(j, block, 1);
}

/* --- inodes whose pages go first ------------------------------------------ */

void journal_inode_init(struct journal_inode *o, struct inode *i)
{
	o->inode = i;
	list_init(&o->link[0]);
	list_init(&o->link[1]);
}

void journal_order(struct journal *j, struct journal_inode *o)
{
	struct transaction *t = j->running;
	struct list *link = &o->link[t->sequence & 1];

	assert(jhandle_mine(j));
	if (list_empty(link))
		list_append(&t->ordered, link);
}

void journal_inode_gone(struct journal *j, struct journal_inode *o)
{
	while (j->writing == o->inode)
		jchange_wait(j);
	for (unsigned n = 0; n < 2; n++)
		if (!list_empty(&o->link[n]))
			list_remove(&o->link[n]);
}
