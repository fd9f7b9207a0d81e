/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs_dir.c - a directory in memory: names in a hash, and in the order in
 * which they were made.
 *
 * readdir goes by cookie. A name gets the next one when it is made and keeps
 * it, so a reader that comes back finds its place even if the name it stood
 * on is gone, and sees no name twice.
 *
 * Locks: the directory's inode->lock.
 */
#include "kernel/fs/tmpfs.h"

enum {
	BUCKETS_FIRST = 8,
	COOKIE_DOT = 0, COOKIE_DOTDOT = 1, COOKIE_FIRST = 2,
	MODE_TYPE_SHIFT = 12,	/* from S_IFMT to DT_* */
};

int tmpfs_dir_new(struct inode *self, struct inode *parent)
{
	struct tmpfs_dir *d = kmem_zalloc(sizeof(*d));

	assert(!self->private);
	if (!d)
		return -ENOMEM;
	d->next_cookie = COOKIE_FIRST;
	d->self = self;
	d->parent = parent;
	self->private = d;
	self->size = 2 * TMPFS_ENTRY_SIZE;
	return 0;
}

static uint32_t entry_cost(const struct tmpfs_entry *e)
{
	return sizeof(*e) + e->len;
}

static void entry_free(struct tmpfs_dir *d, struct tmpfs_entry *e)
{
	racct_release(d->self->sb->prison, RACCT_KERNEL_MEMORY, entry_cost(e));
	kmem_free(e);
}

void tmpfs_dir_free(struct inode *i)
{
	struct tmpfs_dir *d = tmpfs_dir_of(i);
	struct tree_node *n;

	if (!d)
		return;
	while ((n = tree_first(&d->order))) {
		tree_remove(&d->order, n);
		entry_free(d, tree_entry(n, struct tmpfs_entry, node));
	}
	kmem_free(d->bucket);
	kmem_free(d);
	i->private = NULL;
}

struct tmpfs_entry *tmpfs_dir_find(struct tmpfs_dir *d, const char *name,
				   size_t len)
{
	uint32_t hash = hash_bytes(name, len, 0);
	struct tmpfs_entry *e;

	assert((d->buckets & (d->buckets - 1)) == 0);
	if (!d->buckets)
		return NULL;
	for (e = d->bucket[hash & (d->buckets - 1)]; e; e = e->chain)
		if (e->hash == hash && e->len == len &&
		    !memcmp(e->name, name, len))
			return e;
	return NULL;
}

static void bucket_push(struct tmpfs_dir *d, struct tmpfs_entry *e)
{
	struct tmpfs_entry **b = &d->bucket[e->hash & (d->buckets - 1)];

	e->chain = *b;
	*b = e;
}

/* As many buckets as names, or the chains stay a little longer. */
static int make_room(struct tmpfs_dir *d)
{
	uint32_t n = d->buckets ? 2 * d->buckets : BUCKETS_FIRST;
	struct tmpfs_entry **b;
	struct tree_node *t;

	assert(d->count <= d->buckets || d->buckets);
	if (d->count < d->buckets)
		return 0;
	b = kmem_zalloc(n * sizeof(*b));
	if (!b)
		return d->buckets ? 0 : -ENOSPC;
	kmem_free(d->bucket);
	d->bucket = b;
	d->buckets = n;
	for (t = tree_first(&d->order); t; t = tree_next(t))
		bucket_push(d, tree_entry(t, struct tmpfs_entry, node));
	return 0;
}

/* The last of all: cookies only rise. */
static void order_append(struct tmpfs_dir *d, struct tmpfs_entry *e)
{
	struct tree_node *last = tree_last(&d->order);

	assert(d->next_cookie >= COOKIE_FIRST);
	e->cookie = d->next_cookie++;
	tree_insert(&d->order, &e->node, last,
		    last ? &last->right : &d->order.root);
}

int tmpfs_dir_add(struct tmpfs_dir *d, const char *name, size_t len,
		  struct inode *i)
{
	struct tmpfs_entry *e;

	assert(len > 0 && len <= NAME_MAX);
	if (make_room(d))
		return -ENOSPC;
	e = kmem_alloc(sizeof(*e) + len);
	if (!e)
		return -ENOSPC;
	e->len = len;
	if (racct_charge(d->self->sb->prison, RACCT_KERNEL_MEMORY,
			 entry_cost(e))) {
		kmem_free(e);
		return -ENOSPC;
	}
	e->hash = hash_bytes(name, len, 0);
	e->inode = i;
	memcpy(e->name, name, len);
	assert(d->buckets > 0);
	bucket_push(d, e);
	order_append(d, e);
	d->count++;
	d->self->size += TMPFS_ENTRY_SIZE;
	return 0;
}

void tmpfs_dir_remove(struct tmpfs_dir *d, struct tmpfs_entry *e)
{
	struct tmpfs_entry **at = &d->bucket[e->hash & (d->buckets - 1)];

	while (*at != e) {
		assert(*at);
		at = &(*at)->chain;
	}
	*at = e->chain;
	tree_remove(&d->order, &e->node);
	assert(d->count > 0 && d->self->size >= TMPFS_ENTRY_SIZE);
	d->count--;
	d->self->size -= TMPFS_ENTRY_SIZE;
	entry_free(d, e);
}

/* The first name with cookie `from` or later. */
static struct tree_node *find_from(const struct tmpfs_dir *d, off64 from)
{
	struct tree_node *n = d->order.root, *best = NULL;

	while (n) {
		if (tree_entry(n, struct tmpfs_entry, node)->cookie < from) {
			n = n->right;
		} else {
			best = n;
			n = n->left;
		}
	}
	return best;
}

static int tmpfs_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct tmpfs_dir *d = tmpfs_dir_of(f->inode);
	struct tree_node *n;

	assert(d && d->self == f->inode);
	if (f->pos == COOKIE_DOT) {
		if (!emit(ctx, ".", 1, d->self->ino, DT_DIR, COOKIE_DOTDOT))
			return 0;
		f->pos = COOKIE_DOTDOT;
	}
	if (f->pos == COOKIE_DOTDOT) {
		if (!emit(ctx, "..", 2, d->parent->ino, DT_DIR, COOKIE_FIRST))
			return 0;
		f->pos = COOKIE_FIRST;
	}
	for (n = find_from(d, f->pos); n; n = tree_next(n)) {
		struct tmpfs_entry *e = tree_entry(n, struct tmpfs_entry, node);

		if (!emit(ctx, e->name, e->len, e->inode->ino,
			  (e->inode->mode & S_IFMT) >> MODE_TYPE_SHIFT,
			  e->cookie + 1))
			break;
		f->pos = e->cookie + 1;
	}
	return 0;
}

const struct file_ops tmpfs_dir_ops = { .read_dir = tmpfs_read_dir };
