/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icache.c - inodes of disk file systems: found by number, kept for a while
 * when nobody uses them, noted when they have to be written.
 *
 * Only inodes that inode_get or inode_enter has put into the hash are kept.
 * One whose last link is gone leaves with its last reference; the others stand
 * on the LRU until memory runs short or they are too many.
 *
 * Invariant: on the LRU = hashed, no references, neither loading nor dying.
 * Dirty ones are on their superblock's list and never leave memory unwritten.
 * Locks: the kernel lock; what is loading or dying lets others wait.
 */
#include "kernel/fs/cache.h"

enum {
	BUCKETS_MIN = 256, BUCKETS_MAX = 16384,
	PAGES_PER_BUCKET = 4,
	UNUSED_PER_BUCKET = 2,	/* how many unused ones are kept */
	SHRINK_PER_PAGE = PAGE_SIZE / sizeof(struct inode),
};

static struct list *buckets;
static uint32_t bucket_mask;
static struct list lru = LIST_INIT(lru);
static uint32_t lru_count, lru_max;
static struct sleep_queue settled;	/* key: one that is loading or dying */

static struct list *bucket_of(const struct superblock *sb, uint64_t ino)
{
	uint32_t h = hash_u32((uint32_t)sb >> 4 ^ (uint32_t)ino ^
			      (uint32_t)(ino >> 32));

	return &buckets[h & bucket_mask];
}

static struct inode *find(const struct superblock *sb, uint64_t ino)
{
	list_each(l, bucket_of(sb, ino)) {
		struct inode *i = list_entry(l, struct inode, hash_link);

		if (i->ino == ino && i->sb == sb)
			return i;
	}
	return NULL;
}

bool inode_in_use(const struct superblock *sb, uint64_t ino)
{
	const struct inode *i = find(sb, ino);

	return i && !i->dying;
}

static void lru_leave(struct inode *i)
{
	assert(lru_count > 0 && !list_empty(&i->lru));
	list_remove(&i->lru);
	lru_count--;
}

/* A reference of one that may have none. */
void inode_take(struct inode *i)
{
	assert(!i->loading && !i->dying);
	if (!i->refs++)
		lru_leave(i);
}

struct inode *inode_cached(struct superblock *sb, uint64_t ino)
{
	struct inode *i;

	while ((i = find(sb, ino)) && (i->loading || i->dying))
		(void)!sleep_on_key(&settled, (uint32_t)i, SLEEP_DEEP,
				    SLEEP_FOREVER);
	if (i)
		inode_take(i);
	return i;
}

int inode_get(struct superblock *sb, uint64_t ino, struct inode **out, bool *fresh)
{
	struct inode *i = inode_cached(sb, ino);
	int err;

	*fresh = !i;
	*out = i;
	if (i)
		return 0;
	err = inode_new(sb, 0, &i);
	if (err)
		return err;
	i->ino = ino;
	i->loading = true;
	list_push(bucket_of(sb, ino), &i->hash_link);
	*out = i;
	return 0;
}

static void wake_waiters(struct inode *i)
{
	sleep_wake_key(&settled, (uint32_t)i, UINT32_MAX);
}

void inode_ready(struct inode *i, int err)
{
	assert(i->loading && i->refs > 0);
	i->loading = false;
	if (err)
		list_remove(&i->hash_link);
	wake_waiters(i);
	if (err)
		inode_drop(i);
}

void inode_enter(struct inode *i, uint64_t ino)
{
	struct inode *old = find(i->sb, ino);

	assert(list_empty(&i->hash_link) && i->refs > 0);
	if (old) {	/* the number's last user is still on its way out */
		assert(old->dying);
		list_remove(&old->hash_link);
		wake_waiters(old);
	}
	i->ino = ino;
	list_push(bucket_of(i->sb, ino), &i->hash_link);
}

/* --- dirty ones ----------------------------------------------------------- */

/* i, or pages of it, have to be written. */
void inode_queue(struct inode *i)
{
	if (!list_empty(&i->dirty_link))
		return;
	i->dirty_since = arch_clock_ns();
	list_append(&i->sb->dirty, &i->dirty_link);
	cache_kick();
}

void inode_dirty_set(struct inode *i, unsigned what)
{
	if (!i->sb->ops->write_inode)
		return;
	i->dirty |= what;
	inode_queue(i);
}

void inode_dirty(struct inode *i)
{
	inode_dirty_set(i, INODE_DIRTY_DATA | INODE_DIRTY_TIMES);
}

/* --- leaving --------------------------------------------------------------- */

/* Nothing of it is on its way to or from the medium, or should be. */
static bool is_quiet(const struct inode *i)
{
	return list_empty(&i->dirty_link) && list_empty(&i->writes) &&
	       !i->reads && !i->pins;
}

/* Is it kept when its last reference goes? */
static bool is_kept(const struct inode *i)
{
	return !list_empty(&i->hash_link) && i->nlink && !i->sb->leaving;
}

/* May the last reference be dropped where nothing may sleep? */
bool inode_drops_quietly(const struct inode *i)
{
	return i->refs > 1 || is_kept(i) || !(i->sb->type->needs_device || i->sb->type->stacked);
}

/* Sleeps if it has no links. */
static void evict(struct inode *i)
{
	assert(!i->refs && !i->dying);
	i->dying = true;
	inode_free(i);
}

/* Looks at up to n of the longest unused; returns the pages it freed. */
static uint32_t evict_some(uint32_t n)
{
	uint32_t pages = 0, count = 0;

	while (n-- && !list_empty(&lru)) {
		struct inode *i = list_entry(lru.next, struct inode, lru);

		if (i->recent || !is_quiet(i)) {
			i->recent = false;
			list_remove(&i->lru);
			list_append(&lru, &i->lru);
			continue;
		}
		if (i->object)
			pages += i->object->page_count;
		lru_leave(i);
		evict(i);
		count++;
	}
	return pages + count / SHRINK_PER_PAGE;
}

void inode_shrink_all(void)
{
	evict_some(2 * lru_count);
}

static uint32_t inode_shrink(uint32_t pages)
{
	return evict_some(min_u32(pages * SHRINK_PER_PAGE * 2, 2 * lru_count));
}

/* The last reference of i is gone: kept, or taken apart. Sleeps. */
void inode_unused(struct inode *i)
{
	assert(!i->refs);
	if (!is_kept(i)) {
		evict(i);
		return;
	}
	i->recent = true;
	list_append(&lru, &i->lru);
	lru_count++;
	if (lru_count > lru_max)
		evict_some(2);
}

/* i leaves the hash; who waited for it looks again. */
void inode_forget(struct inode *i)
{
	if (list_empty(&i->hash_link))
		return;
	list_remove(&i->hash_link);
	wake_waiters(i);
}

/* Takes apart what of sb is kept unused; it is written. Sleeps. */
void inode_purge(struct superblock *sb)
{
	struct list *l = sb->inodes.next;

	assert(sb->leaving);
	while (l != &sb->inodes) {
		struct inode *i = list_entry(l, struct inode, sb_link);

		l = l->next;
		if (i->refs || i->dying)
			continue;
		lru_leave(i);
		evict(i);
		l = sb->inodes.next;
	}
}

void icache_init(void)
{
	uint32_t n = BUCKETS_MIN;

	while (n < BUCKETS_MAX && n * PAGES_PER_BUCKET < page_count)
		n *= 2;
	buckets = kmem_alloc(n * sizeof(*buckets));
	if (!buckets)
		panic("no memory for the inode cache");
	for (uint32_t b = 0; b < n; b++)
		list_init(&buckets[b]);
	bucket_mask = n - 1;
	assert((n & bucket_mask) == 0);
	lru_max = n * UNUSED_PER_BUCKET;
	sleep_queue_init(&settled);
	page_shrinker_register(inode_shrink);
}
