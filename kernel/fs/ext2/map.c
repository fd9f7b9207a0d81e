/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - where the journal's blocks are: those of inode 8, as runs.
 *
 * Read once, so that a commit reads nothing. Every number is checked; a journal
 * has no holes. Locks: none, only the mounting thread is there.
 */
#include "kernel/fs/ext2/jbd.h"

enum { RUNS_AT_FIRST = 8 };

static int add_run(struct journal *j, uint32_t at, uint32_t block)
{
	struct jrun *last = j->run_count ? &j->runs[j->run_count - 1] : NULL;
	size_t room = j->runs ? kmem_size(j->runs) / sizeof(*last) : 0;

	if (last && last->block + last->count == block) {
		last->count++;
		return 0;
	}
	if (j->run_count == room) {
		struct jrun *more = kmem_alloc((room ? room * 2 : RUNS_AT_FIRST) *
					       sizeof(*more));

		if (!more)
			return -ENOMEM;
		if (room)
			memcpy(more, j->runs, j->run_count * sizeof(*more));
		kmem_free(j->runs);
		j->runs = more;
	}
	j->runs[j->run_count++] = (struct jrun){ at, block, 1 };
	return 0;
}

/* The blocks below `block`, depth indirections away; *at is the journal's next. */
static int add_tree(struct journal *j, uint32_t block, unsigned depth, uint32_t *at)
{
	struct block b;
	int err;

	if (*at == j->length)
		return 0;
	if (!block || block >= j->disk_blocks) {
		log_print(LOG_ERROR, "ext2 %s: the journal has no block %u\n",
			  j->disk->name, *at);
		return -EUCLEAN;
	}
	if (!depth)
		return add_run(j, (*at)++, block);
	err = disk_block_get(j->disk, block, j->block_size, &b);
	if (err)
		return err;
	for (uint32_t n = 0; n < j->block_size / 4 && !err && *at < j->length; n++)
		err = add_tree(j, ((uint32_t *)b.data)[n], depth - 1, at);
	disk_block_put(&b);
	return err;
}

/* The first j->length blocks of i. -EUCLEAN: there are not so many. Sleeps. */
int jmap_load(struct journal *j, const struct ext2_disk_inode *i)
{
	uint32_t block[EXT2_BLOCKS], at = 0;
	int err = 0;

	assert(!j->run_count);
	memcpy(block, i->block, sizeof(block));
	for (unsigned n = 0; n < EXT2_BLOCKS && !err; n++)
		err = add_tree(j, block[n], n < EXT2_IND ? 0 : n - EXT2_IND + 1, &at);
	if (!err && at < j->length)
		err = -EUCLEAN;
	return err;
}

uint32_t jmap_block(const struct journal *j, uint32_t at)
{
	uint32_t low = 0, high = j->run_count;

	assert(at < j->length);
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (j->runs[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	assert(at - j->runs[low].at < j->runs[low].count);
	return j->runs[low].block + (at - j->runs[low].at);
}
