/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - a journal's life, and the two superblocks that tell of it.
 *
 * ext2's superblock says "recover" from journal_start to journal_stop: then the
 * journal counts. The journal's own says where its oldest transaction begins.
 * Each step is flushed before the next, so that a cut between any two leaves
 * something that can be mounted, and that e2fsck -p repairs without asking.
 *
 * Locks: the kernel lock; one thread opens, starts, stops or closes.
 */
#include "kernel/fs/ext2/jbd.h"

enum { HOME_SHARE = 16 };	/* of memory */

static int refuse(const struct journal *j, int err, const char *why)
{
	log_print(LOG_ERROR, "ext2 %s: %s\n", j->disk->name, why);
	return err;
}

int jsuper_write(struct journal *j, uint32_t start, uint32_t sequence, int error)
{
	assert(!start || (start >= j->first && start < j->length));
	j->log->start = be32_of(start);
	j->log->sequence = be32_of(sequence);
	j->log->error = be32_of(error);
	return jio_write(j, jmap_block(j, 0), j->log);
}

int jext2_write(struct journal *j)
{
	return jio_write(j, (uint32_t)j->super.number, j->super.data);
}

void jmark_error(struct journal *j)
{
	struct ext2_disk_super *s = (struct ext2_disk_super *)
		(j->scratch + EXT2_SUPER_AT % j->block_size);
	int err = jio_read(j, (uint32_t)j->super.number, j->scratch);

	if (!err) {	/* the page may hold what is never to be written */
		s->state |= EXT2_ERROR;
		err = jio_write(j, (uint32_t)j->super.number, j->scratch);
	}
	if (!err && j->length)
		err = jsuper_write(j, be32_get(j->log->start),
				   be32_get(j->log->sequence), EIO);
	if (!err)
		err = jio_flush(j);
	if (err)
		(void)refuse(j, err, "the error cannot be noted on the disk");
}

/* --- opening -------------------------------------------------------------- */

/* The superblock, and what of it counts here, checked. */
static int load_super(struct journal *j)
{
	const struct ext2_disk_super *s;
	struct block b;
	uint32_t shift;
	int err = disk_block_get(j->disk, EXT2_SUPER_AT / EXT2_BLOCK_MIN,
				 EXT2_BLOCK_MIN, &b);

	if (err)
		return err;
	s = b.data;
	shift = s->log_block_size;
	if (s->magic != EXT2_MAGIC || shift > 2)
		err = -EINVAL;
	disk_block_put(&b);
	if (err)
		return err;
	j->block_size = EXT2_BLOCK_MIN << shift;
	err = disk_block_get(j->disk, EXT2_SUPER_AT / j->block_size, j->block_size,
			     &j->super);
	if (err)
		return err;
	j->disk_blocks = jbd_ext2(j)->blocks_count;
	if (j->disk_blocks > j->disk->sectors / jbd_sectors(j) ||
	    j->disk_blocks <= j->super.number)
		return refuse(j, -EUCLEAN, "it is larger than its disk");
	return 0;
}

int jinode_get(struct journal *j, struct block *b, struct ext2_disk_inode **i)
{
	const struct ext2_disk_super *s = jbd_ext2(j);
	uint32_t size = s->rev_level ? s->inode_size : EXT2_OLD_INODE_SIZE;
	uint32_t table, at = (EXT2_JOURNAL_INO - 1) * size;
	int err;

	if (size < EXT2_OLD_INODE_SIZE || size > j->block_size || size & (size - 1))
		return refuse(j, -EUCLEAN, "bad size of inodes");
	err = disk_block_get(j->disk, j->super.number + 1, j->block_size, b);
	if (err)
		return err;
	table = ((const struct ext2_disk_group *)b->data)->inode_table;
	disk_block_put(b);
	if (!table || table + at / j->block_size >= j->disk_blocks)
		return refuse(j, -EUCLEAN, "group 0: bad inode table");
	err = disk_block_get(j->disk, table + at / j->block_size, j->block_size, b);
	if (!err)
		*i = (struct ext2_disk_inode *)((uint8_t *)b->data +
						at % j->block_size);
	return err;
}

static int check_log(struct journal *j, uint64_t blocks)
{
	const struct jbd_super *s = j->log;
	uint32_t type = be32_get(s->head.type), length = be32_get(s->length);
	uint32_t first = be32_get(s->first), start = be32_get(s->start);

	if (be32_get(s->head.magic) != JBD_MAGIC ||
	    (type != JBD_SUPER_1 && type != JBD_SUPER_2) ||
	    be32_get(s->block_size) != j->block_size)
		return refuse(j, -EUCLEAN, "the journal has no superblock");
	if (length < JBD_LENGTH_MIN || length > JBD_LENGTH_MAX || length > blocks ||
	    first < JBD_FIRST || first > length / 2 ||
	    (start && (start < first || start >= length)))
		return refuse(j, -EUCLEAN, "the journal's superblock is not sound");
	if (type == JBD_SUPER_2 && (be32_get(s->ro_compat) ||
	    be32_get(s->incompat) & ~JBD_FEATURE_REVOKE))
		return refuse(j, -EOPNOTSUPP, "the journal has unknown features");
	j->length = length;
	j->first = first;
	j->sequence = be32_get(s->sequence);
	return 0;
}

static int load_log(struct journal *j)
{
	struct ext2_disk_inode *i;
	struct block b;
	uint64_t blocks;
	int err = jinode_get(j, &b, &i);

	if (err)
		return err;
	blocks = ((uint64_t)i->size_high << 32 | i->size) / j->block_size;
	if (!blocks || !i->block[0] || i->block[0] >= j->disk_blocks)
		err = refuse(j, -EUCLEAN, "the journal's inode is empty");
	if (!err)
		err = jio_read(j, i->block[0], j->log);
	if (!err)
		err = check_log(j, blocks);
	if (!err)
		err = jmap_load(j, i);
	disk_block_put(&b);
	return err;
}

/* What the last user left in it goes home; then it is empty. */
static int replay(struct journal *j)
{
	bool recover = jbd_ext2(j)->feature_incompat & EXT2_INCOMPAT_RECOVER;
	bool error = be32_get(j->log->error);
	int err;

	if (!recover && !be32_get(j->log->start) && !error)
		return 0;
	if (j->disk->read_only)
		return refuse(j, -EROFS, "its journal must be replayed, "
			      "and the disk is read-only");
	err = jrecover(j, &j->sequence);
	if (!err)
		err = jio_flush(j);
	if (!err)
		err = jsuper_write(j, 0, j->sequence, 0);
	if (!err)
		err = jio_flush(j);
	if (err)
		return err;
	jbd_ext2(j)->feature_incompat &= ~EXT2_INCOMPAT_RECOVER;
	if (error) {
		jbd_ext2(j)->state |= EXT2_ERROR;
		(void)refuse(j, 0, "there was an error: run e2fsck");
	}
	err = jext2_write(j);
	return err ? err : jio_flush(j);
}

static void map_drop(struct journal *j)
{
	kmem_free(j->runs);
	j->runs = NULL;
	j->run_count = j->length = 0;
}

static int find_log(struct journal *j, unsigned how)
{
	const struct ext2_disk_super *s = jbd_ext2(j);
	int err;

	if (!s->rev_level)	/* it has no features */
		return 0;
	if (s->feature_incompat & EXT2_INCOMPAT_JOURNAL_DEV)
		return refuse(j, -EINVAL, "it is a journal, not a file system");
	if (!(s->feature_compat & EXT2_COMPAT_HAS_JOURNAL))
		return how == JOURNAL_ADD && !(j->sb->flags & MS_RDONLY) &&
		       !j->disk->read_only ? jadd(j) : 0;
	if (s->journal_inum != EXT2_JOURNAL_INO)
		return refuse(j, -EOPNOTSUPP, "its journal is on another disk");
	err = load_log(j);
	if (!err)
		err = replay(j);
	if (!err && how == JOURNAL_NONE)
		map_drop(j);
	return err;
}

static int buffers(struct journal *j)
{
	j->io = kmem_zalloc(sizeof(*j->io));
	j->scratch = kmem_alloc(j->block_size);
	j->escape = kmem_alloc(j->block_size);
	j->log = kmem_zalloc(j->block_size);
	if (!j->io || !j->scratch || !j->escape || !j->log)
		return -ENOMEM;
	jio_init(j->io);
	return 0;
}

int journal_open(struct superblock *sb, unsigned how, struct journal **out)
{
	struct journal *j = kmem_zalloc(sizeof(*j));
	int err;

	if (!j)
		return -ENOMEM;
	j->sb = sb;
	j->disk = sb->disk;
	list_init(&j->committed);
	list_init(&j->handles);
	list_init(&j->pool);
	for (unsigned n = 0; n < JHASH; n++)
		list_init(&j->hash[n]);
	sleep_queue_init(&j->work);
	sleep_queue_init(&j->changed);
	err = load_super(j);
	if (!err)
		err = buffers(j);
	if (!err)
		err = find_log(j, how);
	if (err) {
		journal_close(j);
		return err;
	}
	*out = j;
	return 0;
}

/* --- use -------------------------------------------------------------------- */

/* Blocks not at home: what the journal can hold, but not all memory either. */
static uint32_t home_limit(const struct journal *j)
{
	struct page_stats s;
	uint32_t share;

	page_stats_get(&s);
	share = s.total / HOME_SHARE * (PAGE_SIZE / j->block_size);
	return min_u32(share, (j->length - j->first) / 2);
}

static int start_log(struct journal *j)
{
	int err;

	jbd_ext2(j)->feature_incompat |= EXT2_INCOMPAT_RECOVER;
	err = jext2_write(j);
	if (!err)
		err = jio_flush(j);
	j->log->head.type = be32_of(JBD_SUPER_2);
	j->log->incompat = be32_of(JBD_FEATURE_REVOKE);
	j->head = j->first;
	j->free = j->length - j->first;
	j->logged_max = home_limit(j);
	if (!err)
		err = jsuper_write(j, j->head, j->sequence, 0);
	return err ? err : jio_flush(j);
}

int journal_start(struct journal *j)
{
	struct thread *t;
	int err;

	assert(!j->started && !j->thread);
	if (j->aborted)
		return -EIO;
	if (j->disk->read_only)
		return -EROFS;
	err = j->length ? start_log(j) : 0;
	if (err)
		return err;
	err = thread_new_kernel("journal", jcommit_thread, j, &t);
	if (err)
		return err;
	j->thread = t;
	j->started = true;
	j->stopping = false;
	sched_ready(t);
	return 0;
}

int journal_stop(struct journal *j)
{
	int err = 0;

	if (!j->started)
		return 0;
	assert(list_empty(&j->handles));
	j->stopping = true;
	sleep_wake(&j->work);
	while (j->thread)
		jchange_wait(j);
	j->started = false;
	if (j->aborted)
		return -EIO;
	assert(!j->running && !j->logged_count && list_empty(&j->committed));
	if (!j->length)
		return jio_flush(j);
	err = jsuper_write(j, 0, j->sequence, 0);
	if (!err)
		err = jio_flush(j);
	if (err)
		return err;
	jbd_ext2(j)->feature_incompat &= ~EXT2_INCOMPAT_RECOVER;
	err = jext2_write(j);
	return err ? err : jio_flush(j);
}

static void ordered_clear(struct transaction *t)
{
	struct list *l;

	while ((l = list_first(&t->ordered)))
		list_remove(l);
}

/* What an abort has left: it was never written, and is not to be read again. */
static void give_up(struct journal *j)
{
	struct list *l;

	for (unsigned n = 0; n < JHASH; n++) {
		while ((l = list_first(&j->hash[n]))) {
			struct jblock *b = list_entry(l, struct jblock, hash_link);

			list_remove(&b->running_link);
			list_remove(&b->logged_link);
			list_remove(&b->revoked_link);
			kmem_free(b->copy);
			if (b->block.page)
				disk_block_put(&b->block);
			list_remove(l);
			kmem_free(b);
		}
	}
	if (j->running)
		list_append(&j->committed, &j->running->link);
	while ((l = list_first(&j->committed))) {
		struct transaction *t = list_entry(l, struct transaction, link);

		list_remove(l);
		ordered_clear(t);
		jtransaction_free(t);
	}
	if (j->aborted)
		vm_object_truncate(j->disk->object, 0, 0);
}

void journal_close(struct journal *j)
{
	struct list *l;

	if (!j)
		return;
	assert(!j->started && !j->thread);
	give_up(j);
	while ((l = list_first(&j->pool))) {
		list_remove(l);
		kmem_free(list_entry(l, struct jblock, hash_link));
	}
	if (j->super.page)
		disk_block_put(&j->super);
	map_drop(j);
	kmem_free(j->log);
	kmem_free(j->escape);
	kmem_free(j->scratch);
	kmem_free(j->io);
	kmem_free(j);
}
