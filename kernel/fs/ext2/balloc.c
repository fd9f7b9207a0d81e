/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * balloc.c - which blocks a file gets: in its group, near its last one, in a
 * row.
 *
 * Behind the blocks that a growing file got, others are set aside for it (its
 * window), in memory only, so that two files which grow at the same time do not
 * interleave. The windows that were used last are kept; where there is nothing
 * else, others' windows are not respected.
 *
 * Locks: within a journal handle. A group is searched, its blocks are told to
 * the journal, which may sleep, and it is seen what of them is still free: that
 * look and the change are one step.
 */
#include "kernel/fs/ext2/ext2.h"

enum {
	WINDOWS_MAX = 32,
	WINDOW_FIRST = 8, WINDOW_LAST = 256,	/* blocks */
	SECTOR_SHIFT = 9,
};

struct search {
	struct ext2 *fs;
	const struct ext2_inode *x;
	uint32_t goal;		/* block; in a group that is searched later: its first */
	uint32_t wish, least;	/* run that would be good, that must be */
	bool respect;		/* others' windows */
	uint32_t first, count;	/* found */
};

/* --- windows -------------------------------------------------------------- */

void ext2_window_drop(struct inode *i)
{
	struct ext2_inode *x = ext2_inode_of(i);

	if (!x->window_end)
		return;
	assert(ext2_of(i->sb)->window_count > 0);
	ext2_of(i->sb)->window_count--;
	list_remove(&x->window);
	x->window_end = 0;
}

/* start..end-1 are set aside for i from now on. */
static void window_set(struct inode *i, uint32_t start, uint32_t end)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);

	ext2_window_drop(i);
	if (start >= end)
		return;
	if (fs->window_count == WINDOWS_MAX)
		ext2_window_drop(list_entry(fs->windows.next, struct ext2_inode,
					    window)->inode);
	fs->window_count++;
	list_append(&fs->windows, &x->window);
	x->window_start = start;
	x->window_end = end;
}

/* Another's window that block lies in: its end. Else 0, and in *next where the
 * next one begins. */
static uint32_t window_over(const struct search *s, uint32_t block,
			    uint32_t *next)
{
	*next = UINT32_MAX;
	list_each(l, &s->fs->windows) {
		const struct ext2_inode *x =
			list_entry(l, struct ext2_inode, window);

		if (x == s->x || block >= x->window_end)
			continue;
		if (block >= x->window_start)
			return x->window_end;
		*next = min_u32(*next, x->window_start);
	}
	return 0;
}

/* --- searching ------------------------------------------------------------ */

/* The run of usable blocks from the free bit on, at most wish; 0: in another's
 * window, whose end is in *over. */
static uint32_t run_length(const struct search *s, const void *map,
			   uint32_t base, uint32_t bit, uint32_t end,
			   uint32_t *over)
{
	const struct journal *j = s->fs->journal;
	uint32_t next = UINT32_MAX, n;

	*over = s->respect ? window_over(s, base + bit, &next) : 0;
	if (*over)
		return 0;
	end = min_u32(end, bit + s->wish);
	if (next - base < end)
		end = next - base;
	end = ext2_bit_next_set(map, bit, end);
	if (!journal_any_busy(j))
		return end - bit;
	for (n = bit; n < end && !journal_block_busy(j, base + n); n++)
		;
	return n - bit;
}

/* The first run in from..end-1 that is as long as wished, else the longest. */
static void search_bits(struct search *s, const void *map, uint32_t base,
			uint32_t from, uint32_t end)
{
	uint32_t bit = from, over;

	while (s->count < s->wish) {
		uint32_t n;

		bit = ext2_bit_next_clear(map, bit, end);
		if (bit >= end)
			return;
		n = run_length(s, map, base, bit, end, &over);
		if (n > s->count) {
			s->first = base + bit;
			s->count = n;
		}
		if (over)
			bit = over - base;
		else
			bit += n ? n : 1;
	}
}

/* What follows the goal directly is best, however short. */
static void search_map(struct search *s, const void *map, uint32_t group)
{
	uint32_t base = ext2_group_first(s->fs, group);
	uint32_t size = ext2_group_blocks(s->fs, group);
	uint32_t at = s->goal >= base && s->goal - base < size ?
		      s->goal - base : 0, over;

	s->first = base + at;
	s->count = s->goal == base + at && !ext2_bit_get(map, at) ?
		   run_length(s, map, base, at, size, &over) : 0;
	if (s->count)
		return;
	search_bits(s, map, base, at, size);
	search_bits(s, map, base, 0, at);
	if (s->count < s->least)
		s->count = 0;
}

/* The journal was told, which may have taken its time: what is left of it. */
static void found_again(struct search *s, const void *map, uint32_t group)
{
	uint32_t base = ext2_group_first(s->fs, group), bit = s->first - base;
	uint32_t over, found = s->count;

	s->count = ext2_bit_get(map, bit) ? 0 :
		   min_u32(found, run_length(s, map, base, bit, bit + found,
					     &over));
}

/* Takes blocks first..+count of the group, which are free in map. */
static void take(struct ext2 *fs, uint32_t group, void *map, uint32_t first,
		 uint32_t count)
{
	struct ext2_disk_group *d = ext2_descriptor(fs, group);
	uint32_t bit = first - ext2_group_first(fs, group);

	for (uint32_t n = 0; n < count; n++) {
		assert(!ext2_bit_get(map, bit + n));
		ext2_bit_set(map, bit + n);
	}
	d->free_blocks_count -= min_u32(count, d->free_blocks_count);
	fs->s->free_blocks_count -= min_u32(count, fs->s->free_blocks_count);
	fs->group[group].next = bit + count;
}

/* Searches one group, and takes up to want blocks of what it finds: 0 or more
 * in s->count; the run that was found in *run. */
static int try_group(struct search *s, uint32_t group, uint32_t want,
		     uint32_t *run)
{
	struct ext2 *fs = s->fs;
	struct block map;
	int err;

	s->count = 0;
	if (!ext2_descriptor(fs, group)->free_blocks_count)
		return 0;
	err = ext2_block_get(fs, fs->group[group].block_bitmap, &map);
	if (err)
		return err;
	search_map(s, map.data, group);
	if (!s->count)
		goto out;
	journal_dirty(fs->journal, &map);
	ext2_descriptor_dirty(fs, group);
	journal_dirty(fs->journal, &fs->super);
	found_again(s, map.data, group);
	*run = s->count;
	s->count = min_u32(s->count, want);
	if (!s->count)
		goto out;
	if (ext2_blocks_ok(fs, s->first, s->count))
		take(fs, group, map.data, s->first, s->count);
	else
		err = ext2_error(fs, NULL, "the block bitmap of group %u shows "
				 "its own metadata as free", group);
out:
	disk_block_put(&map);
	return err;
}

/* The last blocks are for whom the superblock names: root, as a rule. */
static bool may_take_reserve(const struct ext2 *fs)
{
	const struct thread *me = thread_current();
	const struct cred *who = me ? me->cred : NULL;

	if (!who)
		return true;
	return who->fsuid == fs->s->def_resuid ||
	       (fs->s->def_resgid && cred_in_group(who, fs->s->def_resgid));
}

static int search_groups(struct search *s, uint32_t want, uint32_t *run)
{
	struct ext2 *fs = s->fs;
	uint32_t goal = s->goal;
	uint32_t start = (goal - fs->first_block) / fs->blocks_per_group;

	for (uint32_t n = 0; n < fs->groups; n++) {
		uint32_t group = (start + n) % fs->groups;
		int err;

		s->goal = n ? ext2_group_first(fs, group) : goal;
		err = try_group(s, group, want, run);
		if (err || s->count)
			return err;
	}
	s->goal = goal;
	return 0;
}

static uint64_t quota_bytes(const struct ext2 *fs, uint32_t blocks)
{
	return (uint64_t)blocks << fs->block_shift;
}

/* Who is near a limit gets what is left. -EDQUOT, -ENOMEM. */
static int quota_take(struct inode *i, uint32_t *want)
{
	int err;

	while ((err = quota_charge(i, quota_bytes(ext2_of(i->sb), *want), 0)) &&
	       *want > 1)
		*want /= 2;
	return err;
}

int ext2_blocks_alloc(struct inode *i, uint32_t goal, bool metadata,
		      uint32_t *first, uint32_t *count)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	bool window = !metadata && S_ISREG(i->mode);
	uint32_t want = *count, run = 0;
	struct search s = { .fs = fs, .x = x };
	int err;

	assert(want > 0);
	if (fs->s->free_blocks_count <= fs->s->r_blocks_count &&
	    !may_take_reserve(fs))
		return -ENOSPC;
	err = quota_take(i, &want);
	if (err)
		return err;
	s.wish = want;
	if (goal < fs->first_block || goal >= fs->blocks)
		goal = ext2_goal_first(i);
	s.goal = goal;
	if (window) {
		x->window_size = x->window_end && goal == x->window_start ?
				 min_u32(2 * x->window_size, WINDOW_LAST) :
				 WINDOW_FIRST;
		s.wish = want + x->window_size;
	}
	for (unsigned pass = 0; pass < 3 && !s.count && !err; pass++) {
		s.respect = pass < 2;
		s.least = pass ? 1 : min_u32(s.wish, WINDOW_FIRST);
		err = search_groups(&s, want, &run);
	}
	quota_release(i, quota_bytes(fs, want - s.count), 0);
	if (err)
		return err;
	if (!s.count)
		return -ENOSPC;
	if (window)
		window_set(i, s.first + s.count, s.first + run);
	i->blocks += (uint64_t)s.count << (fs->block_shift - SECTOR_SHIFT);
	*first = s.first;
	*count = s.count;
	return 0;
}

/* In the group of the inode, behind what was taken there last. */
uint32_t ext2_goal_first(const struct inode *i)
{
	const struct ext2 *fs = ext2_of(i->sb);
	uint32_t group = ((uint32_t)i->ino - 1) / fs->inodes_per_group;
	uint32_t next;

	assert(group < fs->groups);
	next = fs->group[group].next;
	if (next >= ext2_group_blocks(fs, group))
		next = 0;
	return ext2_group_first(fs, group) + next;
}

/* --- freeing -------------------------------------------------------------- */

/* Blocks of one group; how many were in use. */
static uint32_t give_back(struct ext2 *fs, uint32_t group, struct block *map,
			  uint32_t first, uint32_t count)
{
	struct ext2_disk_group *d = ext2_descriptor(fs, group);
	uint32_t bit = first - ext2_group_first(fs, group), freed = 0;

	for (uint32_t n = 0; n < count; n++) {
		if (!ext2_bit_get(map->data, bit + n))
			continue;
		ext2_bit_clear(map->data, bit + n);
		freed++;
	}
	d->free_blocks_count += freed;
	fs->s->free_blocks_count += freed;
	return freed;
}

static void free_in_group(struct inode *i, uint32_t group, uint32_t first,
			  uint32_t count, bool metadata)
{
	struct ext2 *fs = ext2_of(i->sb);
	uint64_t sectors;
	struct block map;
	uint32_t freed;
	int err = ext2_block_get(fs, fs->group[group].block_bitmap, &map);

	if (err) {
		ext2_error(fs, i, "the block bitmap of group %u cannot be "
			   "read: blocks are lost", group);
		return;
	}
	journal_dirty(fs->journal, &map);
	ext2_descriptor_dirty(fs, group);
	journal_dirty(fs->journal, &fs->super);
	freed = give_back(fs, group, &map, first, count);
	if (!metadata)
		journal_freed(fs->journal, first, count);
	for (uint32_t n = 0; metadata && n < count; n++)
		journal_forget(fs->journal, first + n);
	disk_block_put(&map);
	sectors = (uint64_t)count << (fs->block_shift - SECTOR_SHIFT);
	if (sectors > i->blocks)
		sectors = i->blocks;
	i->blocks -= sectors;
	quota_release(i, sectors << SECTOR_SHIFT, 0);
	if (freed != count)
		ext2_error(fs, i, "frees blocks from %u on that are free", first);
}

void ext2_blocks_free(struct inode *i, uint32_t first, uint32_t count,
		      bool metadata)
{
	struct ext2 *fs = ext2_of(i->sb);

	if (!ext2_blocks_ok(fs, first, count)) {
		ext2_error(fs, i, "has blocks from %u on that no file can have",
			   first);
		return;
	}
	while (count) {
		uint32_t group = (first - fs->first_block) / fs->blocks_per_group;
		uint32_t end = ext2_group_first(fs, group) +
			       ext2_group_blocks(fs, group);
		uint32_t n = min_u32(count, end - first);

		free_in_group(i, group, first, n, metadata);
		first += n;
		count -= n;
	}
}
