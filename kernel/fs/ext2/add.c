/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * add.c - gives a journal to a file system that has none, as tune2fs -j would:
 * inode 8, in blocks that lie together where there is room.
 *
 * While it works the file system is marked as not clean, so that a cut leaves
 * what e2fsck -p repairs; "has a journal" is written last. What it cannot have
 * a journal for is logged, and it goes on without.
 *
 * Locks: none, only the mounting thread is there.
 */
#include "kernel/fs/ext2/jbd.h"
#include "kernel/fs/inner.h"

enum {
	SHARE = 64,		/* of the disk */
	LENGTH_MAX = 32 << 20,	/* bytes */
	ROOM = 4,		/* times its length must be free */
	MODE = 0100600,
};

/* Takes free blocks in rising order, one group after the other. */
struct taker {
	struct journal *j;
	uint32_t group, groups, bit;	/* bit: of the group, the next to look at */
	uint32_t seen;			/* groups left behind */
	struct block bitmap;		/* of group; page NULL: not there yet */
	uint32_t in_group, taken;
	uint32_t left;			/* blocks that the journal still needs */
};

/* The group's descriptor; b is to be put. */
static int group_get(struct taker *k, uint32_t group, struct block *b,
		     struct ext2_disk_group **g)
{
	struct journal *j = k->j;
	uint32_t per = j->block_size / sizeof(**g);
	int err = disk_block_get(j->disk, j->super.number + 1 + group / per,
				 j->block_size, b);

	if (!err)
		*g = (struct ext2_disk_group *)b->data + group % per;
	return err;
}

/* What was taken of the group is on the disk. */
static int group_close(struct taker *k)
{
	struct ext2_disk_group *g;
	struct block b;
	int err;

	if (!k->bitmap.page)
		return 0;
	err = jio_write(k->j, (uint32_t)k->bitmap.number, k->bitmap.data);
	disk_block_put(&k->bitmap);
	k->bitmap.page = NULL;
	if (!err)
		err = group_get(k, k->group, &b, &g);
	if (err)
		return err;
	g->free_blocks_count -= k->in_group;
	err = jio_write(k->j, (uint32_t)b.number, b.data);
	disk_block_put(&b);
	k->taken += k->in_group;
	k->in_group = 0;
	return err;
}

static int group_open(struct taker *k)
{
	struct ext2_disk_group *g;
	struct block b;
	uint32_t bitmap;
	int err = group_get(k, k->group, &b, &g);

	if (err)
		return err;
	bitmap = g->block_bitmap;
	disk_block_put(&b);
	k->bit = 0;
	if (!bitmap || bitmap >= k->j->disk_blocks)
		return -EUCLEAN;
	return disk_block_get(k->j->disk, bitmap, k->j->block_size, &k->bitmap);
}

static uint32_t group_blocks(const struct taker *k)
{
	const struct ext2_disk_super *s = jbd_ext2(k->j);
	uint32_t first = s->first_data_block + k->group * s->blocks_per_group;

	return min_u32(s->blocks_per_group, s->blocks_count - first);
}

static int take(struct taker *k, uint32_t *block)
{
	const struct ext2_disk_super *s = jbd_ext2(k->j);
	int err = 0;

	while (!err) {
		uint8_t *bits = k->bitmap.data;

		if (!k->bitmap.page) {
			err = k->seen++ == k->groups ? -EUCLEAN : group_open(k);
			continue;
		}
		for (; k->bit < group_blocks(k); k->bit++) {
			if (bits[k->bit / 8] & 1 << k->bit % 8)
				continue;
			bits[k->bit / 8] |= 1 << k->bit % 8;
			k->in_group++;
			*block = s->first_data_block +
				 k->group * s->blocks_per_group + k->bit++;
			return 0;
		}
		err = group_close(k);
		k->group = (k->group + 1) % k->groups;
	}
	return err;
}

/* A block of the journal, zeroed, or one that leads to as many as are needed. */
static int take_tree(struct taker *k, unsigned depth, uint32_t *block)
{
	struct journal *j = k->j;
	uint32_t *entry;
	int err = take(k, block);

	if (err)
		return err;
	if (!depth) {
		k->left--;
		jio_add(j, *block, j->escape);
		return 0;
	}
	entry = kmem_zalloc(j->block_size);
	if (!entry)
		return -ENOMEM;
	for (uint32_t n = 0; n < j->block_size / 4 && k->left && !err; n++)
		err = take_tree(k, depth - 1, &entry[n]);
	if (!err)
		err = jio_write(j, *block, entry);
	else
		(void)!jio_finish(j);
	kmem_free(entry);
	return err;
}

void jsuper_fill(struct journal *j, uint32_t length)
{
	struct jbd_super *s = j->log;

	memset(s, 0, j->block_size);
	s->head.magic = be32_of(JBD_MAGIC);
	s->head.type = be32_of(JBD_SUPER_2);
	s->block_size = be32_of(j->block_size);
	s->length = be32_of(length);
	s->first = be32_of(JBD_FIRST);
	s->sequence = be32_of(1);
	s->users = be32_of(1);
	memcpy(s->uuid, jbd_ext2(j)->uuid, sizeof(s->uuid));
	j->first = JBD_FIRST;
	j->length = length;
	j->sequence = 1;
}

/* The inode and its blocks, on the disk. */
static int build(struct taker *k, struct ext2_disk_inode *i, uint32_t length)
{
	struct journal *j = k->j;
	uint32_t block[EXT2_BLOCKS] = { 0 };
	int err = 0;

	memset(i, 0, EXT2_OLD_INODE_SIZE);
	memset(j->escape, 0, j->block_size);
	k->left = length;
	for (unsigned n = 0; n < EXT2_BLOCKS && k->left && !err; n++)
		err = take_tree(k, n < EXT2_IND ? 0 : n - EXT2_IND + 1, &block[n]);
	memcpy(i->block, block, sizeof(block));
	if (!err)
		err = jio_finish(j);
	if (!err)
		err = group_close(k);
	if (err)
		return err;
	i->mode = MODE;
	i->links_count = 1;
	i->size = length * j->block_size;
	i->blocks = k->taken * jbd_sectors(j);
	i->atime = i->ctime = i->mtime =
		(uint32_t)div_u64((uint64_t)inode_now(), NS_PER_SEC, NULL);
	jsuper_fill(j, length);
	err = jmap_load(j, i);
	return err ? err : jsuper_write(j, 0, j->sequence, 0);
}

/* The group with the most free blocks. */
static int best_group(struct taker *k)
{
	uint32_t most = 0, best = 0;

	for (uint32_t n = 0; n < k->groups; n++) {
		struct ext2_disk_group *g;
		struct block b;
		int err = group_get(k, n, &b, &g);

		if (err)
			return err;
		if (g->free_blocks_count > most) {
			most = g->free_blocks_count;
			best = n;
		}
		disk_block_put(&b);
	}
	k->group = best;
	return 0;
}

static int make(struct journal *j, struct block *b, struct ext2_disk_inode *i,
		uint32_t length)
{
	struct ext2_disk_super *s = jbd_ext2(j);
	struct taker k = { .j = j };
	int err;

	k.groups = (s->blocks_count - s->first_data_block - 1) /
		   s->blocks_per_group + 1;
	err = best_group(&k);
	s->state &= ~EXT2_VALID;
	if (!err)
		err = jext2_write(j);
	if (!err)
		err = jio_flush(j);
	if (!err)
		err = build(&k, i, length);
	if (k.bitmap.page)
		disk_block_put(&k.bitmap);
	if (!err)
		err = jio_write(j, (uint32_t)b->number, b->data);
	if (!err)
		err = jio_flush(j);
	if (err)
		return err;
	s->free_blocks_count -= k.taken;
	s->feature_compat |= EXT2_COMPAT_HAS_JOURNAL;
	s->journal_inum = EXT2_JOURNAL_INO;
	memcpy(s->jnl_blocks, i->block, sizeof(i->block));
	s->jnl_blocks[EXT2_BLOCKS + 1] = i->size;
	s->jnl_backup_type = 1;
	s->state |= EXT2_VALID;
	err = jext2_write(j);
	return err ? err : jio_flush(j);
}

/* Why it cannot have one, or NULL. */
static const char *reason(const struct ext2_disk_super *s, uint32_t length,
			  uint32_t block_size)
{
	if (s->feature_incompat & ~EXT2_INCOMPAT_FILETYPE ||
	    s->feature_ro_compat & ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE))
		return "it has features that are not known";
	if (!(s->state & EXT2_VALID) || s->state & EXT2_ERROR)
		return "it is not clean, run e2fsck";
	if (!s->blocks_per_group || s->blocks_per_group > block_size * 8 ||
	    s->first_data_block != (block_size == EXT2_BLOCK_MIN))
		return "it is not sound";
	if (s->free_blocks_count > s->blocks_count ||
	    s->free_blocks_count / ROOM < length)
		return "it is too small or too full";
	return NULL;
}

int jadd(struct journal *j)
{
	const struct ext2_disk_super *s = jbd_ext2(j);
	uint32_t length = max_u32(JBD_LENGTH_MIN, min_u32(s->blocks_count / SHARE,
						LENGTH_MAX / j->block_size));
	const char *why = reason(s, length, j->block_size);
	struct ext2_disk_inode *i;
	struct block b;
	int err = 0;

	if (!why) {
		err = jinode_get(j, &b, &i);
		if (err)
			return err;
		if (i->mode || i->size || i->block[0])
			why = "its inode 8 is in use";
		else
			err = make(j, &b, i, length);
		disk_block_put(&b);
	}
	if (why)
		log_print(LOG_WARN, "ext2 %s: no journal is added: %s\n",
			  j->disk->name, why);
	else if (!err)
		log_print(LOG_INFO, "ext2 %s: a journal of %u blocks was added\n",
			  j->disk->name, length);
	return err;
}
