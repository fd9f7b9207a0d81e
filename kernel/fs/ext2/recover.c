/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - after an unclean end: what the journal holds goes home.
 *
 * Three passes over the same blocks. scan: which transactions are complete?
 * revoke: which blocks were freed by one of them, so that no copy up to it is
 * to be written? replay: the rest goes home.
 *
 * The journal may be anything: each block of it is read at most once in a pass,
 * numbers are checked, what does not fit ends it. Locks: none, only the
 * mounting thread is there.
 */
#include "kernel/fs/ext2/jbd.h"

enum pass { PASS_SCAN, PASS_REVOKE, PASS_REPLAY };
enum { REVOKE_HASH = 256, REPLAY_BATCH = 32 };

struct revoked {
	struct list link;
	uint32_t block, sequence;	/* the last transaction that freed it */
};
struct recovery {
	struct journal *j;
	enum pass pass;
	uint32_t at, left;		/* next block, how many may follow */
	uint32_t sequence, end;		/* end: the first that is not complete */
	struct list revoked[REVOKE_HASH];
	struct block batch[REPLAY_BATCH];
	unsigned batched;
	uint32_t replayed;
};

static void step(struct recovery *r)
{
	assert(r->left > 0);
	r->left--;
	if (++r->at == r->j->length)
		r->at = r->j->first;
}

/* --- revoke --------------------------------------------------------------- */

static struct revoked *revoked_find(struct recovery *r, uint32_t block)
{
	list_each(l, &r->revoked[hash_u32(block) % REVOKE_HASH]) {
		struct revoked *k = list_entry(l, struct revoked, link);

		if (k->block == block)
			return k;
	}
	return NULL;
}

static int revoke(struct recovery *r, uint32_t block)
{
	struct revoked *k = revoked_find(r, block);

	if (!k) {
		k = kmem_alloc(sizeof(*k));
		if (!k)
			return -ENOMEM;
		k->block = block;
		list_push(&r->revoked[hash_u32(block) % REVOKE_HASH], &k->link);
	}
	k->sequence = r->sequence;
	return 0;
}

static void revoked_clear(struct recovery *r)
{
	for (unsigned n = 0; n < REVOKE_HASH; n++) {
		list_each_safe(l, &r->revoked[n]) {
			list_remove(l);
			kmem_free(list_entry(l, struct revoked, link));
		}
	}
}

static int revoke_block(struct recovery *r, const struct jbd_revoke *b)
{
	uint32_t size = be32_get(b->size);
	int err = 0;

	if (size < sizeof(*b) || size > r->j->block_size)
		return -EUCLEAN;
	for (uint32_t n = 0; n < (size - sizeof(*b)) / sizeof(b->block[0]); n++) {
		err = revoke(r, be32_get(b->block[n]));
		if (err)
			break;
	}
	return err;
}

/* --- replay --------------------------------------------------------------- */

static int batch_finish(struct recovery *r)
{
	int err = jio_finish(r->j);

	while (r->batched)
		disk_block_put(&r->batch[--r->batched]);
	return err;
}

/* The block at r->at goes home, by the disk's cache, which may have it. */
static int replay_block(struct recovery *r, uint32_t number, bool escaped)
{
	const struct revoked *k = revoked_find(r, number);
	struct journal *j = r->j;
	struct block *b = &r->batch[r->batched];
	int err;

	if (k && jbd_not_after(r->sequence, k->sequence))
		return 0;
	if (number >= j->disk_blocks) {
		log_print(LOG_ERROR, "ext2 %s: the journal has a block %u\n",
			  j->disk->name, number);
		return -EUCLEAN;
	}
	err = disk_block_fresh(j->disk, number, j->block_size, b);
	if (err)
		return err;
	r->batched++;
	err = jio_read(j, jmap_block(j, r->at), b->data);
	if (err)
		return err;
	if (escaped)
		*(struct be32 *)b->data = be32_of(JBD_MAGIC);
	jio_add(j, number, b->data);
	r->replayed++;
	return r->batched == REPLAY_BATCH ? batch_finish(r) : 0;
}

/* --- the walk --------------------------------------------------------------- */

/* Steps over the blocks that the descriptor names. *whole: they are all there. */
static int descriptor(struct recovery *r, const uint8_t *b, bool *whole)
{
	uint32_t at = sizeof(struct jbd_head), flags = 0;
	int err = 0;

	while (!err && !(flags & JBD_LAST) &&
	       at + sizeof(struct jbd_tag) <= r->j->block_size) {
		const struct jbd_tag *tag = (const struct jbd_tag *)(b + at);

		if (!r->left) {
			*whole = false;
			break;
		}
		flags = be32_get(tag->flags);
		if (r->pass == PASS_REPLAY)
			err = replay_block(r, be32_get(tag->block),
					   flags & JBD_ESCAPED);
		step(r);
		at += sizeof(*tag) + (flags & JBD_SAME_UUID ? 0 : JBD_UUID);
	}
	return err;
}

/* One block that begins with a head. *more: it fits what came before. */
static int one_block(struct recovery *r, uint8_t *buffer, bool *more)
{
	const struct jbd_head *head = (const struct jbd_head *)buffer;
	int err = jio_read(r->j, jmap_block(r->j, r->at), buffer);

	*more = !err && be32_get(head->magic) == JBD_MAGIC &&
		be32_get(head->sequence) == r->sequence;
	if (!*more)
		return err;
	step(r);
	switch (be32_get(head->type)) {
	case JBD_DESCRIPTOR:
		return descriptor(r, buffer, more);
	case JBD_COMMIT:
		r->sequence++;
		return 0;
	case JBD_REVOKE:
		return r->pass == PASS_REVOKE ?
		       revoke_block(r, (const struct jbd_revoke *)buffer) : 0;
	default:
		*more = false;
		return 0;
	}
}

static int walk(struct recovery *r, enum pass pass)
{
	struct journal *j = r->j;
	bool more = true;
	int err = 0;

	r->pass = pass;
	r->at = be32_get(j->log->start);
	r->left = j->length - j->first;
	r->sequence = be32_get(j->log->sequence);
	while (!err && more && r->left && (pass == PASS_SCAN || r->sequence != r->end))
		err = one_block(r, j->scratch, &more);
	if (pass == PASS_SCAN)
		r->end = r->sequence;
	return err;
}

int jrecover(struct journal *j, uint32_t *next)
{
	struct recovery *r;
	int err, late;

	*next = be32_get(j->log->sequence);
	if (!be32_get(j->log->start))
		return 0;
	r = kmem_zalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->j = j;
	for (unsigned n = 0; n < REVOKE_HASH; n++)
		list_init(&r->revoked[n]);
	err = walk(r, PASS_SCAN);
	if (!err)
		err = walk(r, PASS_REVOKE);
	if (!err)
		err = walk(r, PASS_REPLAY);
	late = batch_finish(r);
	err = err ? err : late;
	if (err)	/* the cache may have what was not written */
		vm_object_truncate(j->disk->object, 0, 0);
	log_print(err ? LOG_ERROR : LOG_INFO,
		  "ext2 %s: journal: %u transactions, %u blocks replayed%s\n",
		  j->disk->name, r->end - *next, r->replayed,
		  err ? ", then an error" : "");
	*next = r->end + 1; /* what was begun with end's number is void */
	revoked_clear(r);
	kmem_free(r);
	return err;
}
