/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dentry.c - the cache of names: (directory, name) to inode, or to "there is
 * no such name" (a negative dentry, inode NULL).
 *
 * A dentry holds its parent, so a chain of them is the way by which a process
 * came. One without references stays cached on the LRU list until there are
 * too many of them or memory runs short; only leaves can be without.
 *
 * Invariant: hashed (hash_link linked) = the name leads here. A removed or
 * never linked one is `unhashed` and dies with its last reference.
 * A dentry may stand on the LRU while it is in use: it is taken off lazily.
 *
 * Locks: the kernel lock; names change under the parent inode's lock.
 */
#include "kernel/fs/inner.h"

enum {
	BUCKETS_MIN = 256, BUCKETS_MAX = 16384,
	PAGES_PER_BUCKET = 4,
	UNUSED_PER_BUCKET = 2,	/* how many unused names are kept */
	EVICT_AT_ONCE = 8,	/* looked at per new name, when there are more */
	SHRINK_PER_PAGE = PAGE_SIZE / sizeof(struct dentry),
};

static struct kmem_cache *dentry_cache;
static struct list *buckets;
static uint32_t bucket_mask;
static struct list lru = LIST_INIT(lru);
static uint32_t lru_count, lru_max;

static struct list *bucket_of(uint32_t hash)
{
	return &buckets[hash & bucket_mask];
}

uint32_t dentry_hash(const struct dentry *parent, const char *name, size_t len)
{
	uint32_t h = DENTRY_SEED;

	for (size_t n = 0; n < len; n++)
		h = dentry_hash_byte(h, name[n]);
	return dentry_hash_end(h, parent);
}

/* Names are short: a loop here takes less time than a call. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
	while (n && *a == *b)
		a++, b++, n--;
	return n == 0;
}

struct dentry *dentry_find(const struct dentry *parent, const char *name,
			   size_t len, uint32_t hash)
{
	list_each(l, bucket_of(hash)) {
		struct dentry *d = list_entry(l, struct dentry, hash_link);

		if (d->hash == hash && d->parent == parent && d->len == len &&
		    same_bytes(d->name, name, len))
			return d;
	}
	return NULL;
}

static void lru_leave(struct dentry *d)
{
	if (list_empty(&d->lru))
		return;
	list_remove(&d->lru);
	assert(lru_count > 0);
	lru_count--;
}

static void inode_set(struct dentry *d, struct inode *i)
{
	assert(!d->inode);
	d->inode = i;
	if (i && S_ISDIR(i->mode))
		i->alias = d;
}

/* Gives the inode back. Sleeps. */
static void inode_unset(struct dentry *d)
{
	struct inode *i = d->inode;

	d->inode = NULL;
	if (!i)
		return;
	if (i->alias == d)
		i->alias = NULL;
	inode_drop(i);
}

/* Takes an unreferenced one apart; its parent is to be dropped next. Sleeps. */
static struct dentry *dentry_free(struct dentry *d)
{
	struct dentry *parent = d->parent == d ? NULL : d->parent;

	assert(d->refs == 0 && !d->mounted && list_empty(&d->children));
	assert(!parent || parent->refs > 0);
	lru_leave(d);
	list_remove(&d->hash_link);
	list_remove(&d->sibling);
	inode_unset(d);
	if (d->name != d->short_name)
		kmem_free((char *)d->name);
	kmem_cache_free(dentry_cache, d);
	return parent;
}

/* Names of processes: cached, they would pile up as processes come and go. */
static bool is_fleeting(const struct dentry *d)
{
	const struct inode *dir = d->parent->inode;

	return dir && dir->sb->type->fleeting;
}

/* Drops one reference; the last may leave it cached. Sleeps. */
void dentry_let_go(struct dentry *d)
{
	assert(sched_locked());
	while (d) {
		assert(d->refs > 0);
		if (--d->refs)
			return;
		if (!d->unhashed && !is_fleeting(d)) {
			d->recent = true;
			if (list_empty(&d->lru)) {
				list_append(&lru, &d->lru);
				lru_count++;
			}
			return;
		}
		d = dentry_free(d);
	}
}

/* May it be freed where nothing may sleep? */
static bool frees_quietly(const struct dentry *d)
{
	return !d->inode || inode_drops_quietly(d->inode);
}

/* Looks at up to n of the longest unused; returns how many it freed. */
static uint32_t evict(uint32_t n, bool quietly)
{
	uint32_t freed = 0;

	while (n-- && !list_empty(&lru)) {
		struct dentry *d = list_entry(lru.next, struct dentry, lru);

		if (d->refs) {
			lru_leave(d);
		} else if (d->recent || (quietly && !frees_quietly(d))) {
			d->recent = false;
			list_remove(&d->lru);
			list_append(&lru, &d->lru);
		} else {
			dentry_let_go(dentry_free(d));
			freed++;
		}
	}
	return freed;
}

void dentry_shrink_all(void)
{
	evict(2 * lru_count, true);
}

static uint32_t dentry_shrink(uint32_t pages)
{
	uint32_t want = pages * SHRINK_PER_PAGE * 2;

	return evict(min_u32(want, 2 * lru_count), true) / SHRINK_PER_PAGE;
}

int dentry_name_room(size_t len, char **room)
{
	*room = NULL;
	if (len < sizeof(((struct dentry *)0)->short_name))
		return 0;
	*room = kmem_alloc(len + 1);
	return *room ? 0 : -ENOMEM;
}

/* room: from dentry_name_room; taken over. */
static void name_set(struct dentry *d, const char *name, size_t len, char *room)
{
	char *to = room ? room : d->short_name;

	assert(len <= NAME_MAX);
	assert(!room == (len < sizeof(d->short_name)));
	memcpy(to, name, len);
	to[len] = 0;
	d->name = to;
	d->len = len;
}

/* Unhashed, negative, one reference. Sleeps (evicts others). */
static int dentry_new(struct dentry *parent, const char *name, size_t len,
		      struct dentry **out)
{
	struct dentry *d;
	char *room;

	assert(!parent || parent->refs > 0);
	if (lru_count > lru_max)
		evict(EVICT_AT_ONCE, false);
	d = kmem_cache_alloc(dentry_cache);
	if (!d)
		return -ENOMEM;
	if (dentry_name_room(len, &room)) {
		kmem_cache_free(dentry_cache, d);
		return -ENOMEM;
	}
	name_set(d, name, len, room);
	d->refs = 1;
	d->inode = NULL;
	d->hash = 0;
	d->unhashed = true;
	d->recent = false;
	d->mounted = 0;
	list_init(&d->hash_link);
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	d->parent = parent ? parent : d;
	if (parent) {
		dentry_hold(parent);
		list_append(&parent->children, &d->sibling);
	}
	*out = d;
	return 0;
}

static void hash_add(struct dentry *d, uint32_t hash)
{
	assert(list_empty(&d->hash_link));
	d->hash = hash;
	d->unhashed = false;
	list_push(bucket_of(hash), &d->hash_link);
}

/* The name leads here no more; what is held dies with its last reference. */
void dentry_unhash(struct dentry *d)
{
	assert(d->refs > 0);
	list_remove(&d->hash_link);
	d->unhashed = true;
}

/*
 * The name in the locked directory `parent`, from the cache or from the file
 * system; *out is held and may be negative. Sleeps.
 */
int dentry_lookup(struct dentry *parent, const char *name, size_t len,
		  uint32_t hash, struct dentry **out)
{
	struct inode *dir = parent->inode, *i = NULL;
	struct dentry *d = dentry_find(parent, name, len, hash);
	int err;

	assert(parent->refs > 0 && dir && S_ISDIR(dir->mode));
	assert(sleep_lock_mine(&dir->lock));
	if (d) {
		dentry_hold(d);
		if (!dir->ops->revalidate || dir->ops->revalidate(dir, d)) {
			*out = d;
			return 0;
		}
		dentry_unhash(d);
		dentry_drop(d);
	}
	if (dir->removed)
		return -ENOENT;
	if (!dir->ops->lookup)
		return -ENOTDIR;
	err = dentry_new(parent, name, len, &d);
	if (err)
		return err;
	err = dir->ops->lookup(dir, name, len, &i);
	if (err && err != -ENOENT) {
		dentry_drop(d);
		return err;
	}
	if (!err)
		inode_set(d, i);
	hash_add(d, hash);
	*out = d;
	return 0;
}

/* The top of a superblock's names. Takes its own reference of i. */
int dentry_root(struct inode *i, struct dentry **out)
{
	int err = dentry_new(NULL, "/", 1, out);

	assert(S_ISDIR(i->mode) && i->refs > 0);
	if (err)
		return err;
	inode_hold(i);
	inode_set(*out, i);
	(*out)->unhashed = false;
	return 0;
}

/* A dentry that no lookup finds. Takes over the reference of i on success. */
int dentry_unnamed(struct dentry *parent, const char *name, struct inode *i,
		   struct dentry **out)
{
	int err = dentry_new(parent, name,
			     strnlen(name, NAME_MAX), out);

	assert(i->refs > 0);
	if (!err)
		inode_set(*out, i);
	return err;
}

/* A negative one becomes a file; takes over the reference. */
void dentry_fill(struct dentry *d, struct inode *i)
{
	assert(!d->inode && !d->unhashed);
	assert(d->refs > 0 && i->refs > 0);
	inode_set(d, i);
}

/* The file system has removed the name. If nobody else looks at it, it stays
 * as a negative one: the next create finds it here. Held by the caller. Sleeps. */
void dentry_removed(struct dentry *d)
{
	assert(d->refs > 0 && !d->mounted);
	assert(sleep_lock_mine(&d->parent->inode->lock));
	if (d->refs == 1 && list_empty(&d->children))
		inode_unset(d);
	else
		dentry_unhash(d);
}

/* Puts d under a new parent and name, where no hashed one may stand. room:
 * from dentry_name_room(len), taken over. Sleeps. */
void dentry_move(struct dentry *d, struct dentry *parent, const char *name,
		 size_t len, char *room)
{
	const char *old_name = d->name;
	struct dentry *old_parent = d->parent;

	assert(d->refs > 0 && !d->unhashed);
	assert(old_parent != d);
	assert(parent->refs > 0);
	if (old_name != d->short_name)
		kmem_free((char *)old_name);
	name_set(d, name, len, room);
	if (parent != old_parent) {
		dentry_hold(parent);
		d->parent = parent;
		list_remove(&d->sibling);
		list_append(&parent->children, &d->sibling);
	}
	list_remove(&d->hash_link);
	hash_add(d, dentry_hash(parent, d->name, len));
	if (parent != old_parent)
		dentry_drop(old_parent);
}

static void rehash(struct dentry *d)
{
	list_remove(&d->hash_link);
	hash_add(d, dentry_hash(d->parent, d->name, d->len));
}

/* Two existing names change places. */
void dentry_exchange(struct dentry *a, struct dentry *b)
{
	char text[sizeof(a->short_name)];
	const char *a_name = a->name, *b_name = b->name;
	bool a_short = a_name == a->short_name, b_short = b_name == b->short_name;
	struct dentry *parent = a->parent;
	uint16_t len = a->len;

	assert(!a->unhashed && !b->unhashed);
	assert(a != b && a->inode && b->inode);
	memcpy(text, a->short_name, sizeof(text));
	memcpy(a->short_name, b->short_name, sizeof(text));
	memcpy(b->short_name, text, sizeof(text));
	a->name = b_short ? a->short_name : b_name;
	b->name = a_short ? b->short_name : a_name;
	a->len = b->len;
	b->len = len;
	if (parent != b->parent) {
		a->parent = b->parent;
		b->parent = parent;
		list_remove(&a->sibling);
		list_append(&a->parent->children, &a->sibling);
		list_remove(&b->sibling);
		list_append(&b->parent->children, &b->sibling);
	}
	rehash(a);
	rehash(b);
}

/* Some unreferenced one below top, deepest first; NULL when there is none. */
static struct dentry *unused_below(struct dentry *top)
{
	struct dentry *d = top;

	assert(top->refs > 0);
	for (;;) {
		struct list *next;

		if (!list_empty(&d->children)) {
			d = list_entry(d->children.next, struct dentry, sibling);
			continue;
		}
		if (d == top)
			return NULL;
		if (!d->refs)
			return d;
		for (;;) {	/* in use: on to the next, or up */
			next = d->sibling.next;
			if (next != &d->parent->children)
				break;
			d = d->parent;
			if (d == top)
				return NULL;
		}
		d = list_entry(next, struct dentry, sibling);
	}
}

/* Frees every unused name below root. Sleeps. */
void dentry_purge(struct dentry *root)
{
	struct dentry *d;

	while ((d = unused_below(root)))
		dentry_let_go(dentry_free(d));
}

/* The file system says: this cached name is stale. Sleeps. */
void dentry_forget(struct inode *dir, const char *name, size_t len)
{
	struct dentry *d;

	assert(S_ISDIR(dir->mode) && len <= NAME_MAX);
	if (!dir->alias)
		return;
	d = dentry_find(dir->alias, name, len, dentry_hash(dir->alias, name, len));
	if (!d || d->mounted)
		return;
	dentry_hold(d);
	dentry_unhash(d);
	dentry_purge(d);
	dentry_drop(d);
}

void dentry_init(void)
{
	uint32_t n = BUCKETS_MIN;

	while (n < BUCKETS_MAX && n * PAGES_PER_BUCKET < page_count)
		n *= 2;
	dentry_cache = kmem_cache_new("dentry", sizeof(struct dentry), 16);
	buckets = kmem_alloc(n * sizeof(*buckets));
	if (!dentry_cache || !buckets)
		panic("no memory for the name cache");
	for (uint32_t b = 0; b < n; b++)
		list_init(&buckets[b]);
	bucket_mask = n - 1;
	assert((n & bucket_mask) == 0);
	lru_max = n * UNUSED_PER_BUCKET;
	page_shrinker_register(dentry_shrink);
}
