/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - the names of a folder of an overlay: of all its layers, each once.
 *
 * Who reads a folder gets the list as it was when the reading began, kept with
 * the open file; a position is a place in that list. Rewinding makes a new one.
 *
 * Locks: the folder's inode->lock, held by the caller; then the layer's.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/overlay/overlay.h"

enum { BUCKETS = 64, DOTS = 2 };

struct entry {
	struct list link;
	struct entry *chain;
	uint64_t ino;
	uint32_t hash;
	uint8_t type;
	bool hidden;		/* a whiteout: only to hide what is below */
	uint8_t len;
	char name[];
};
struct listing {		/* file->private of an open folder */
	struct list entries;
	struct entry *bucket[BUCKETS];
	off64 at;		/* which one `next` is */
	struct list *next;
	struct prison *pays;
	int err;
};

static struct entry *entry_find(const struct listing *l, const char *name,
				size_t len, uint32_t hash)
{
	struct entry *e = l->bucket[hash % BUCKETS];

	while (e && (e->hash != hash || e->len != len ||
		     memcmp(e->name, name, len)))
		e = e->chain;
	return e;
}

static bool gather(void *ctx, const char *name, size_t len, uint64_t ino,
		   unsigned type, off64 next)
{
	uint32_t hash = hash_bytes(name, len, 0);
	struct listing *l = ctx;
	struct entry *e;

	(void)next;
	if (is_reserved(name, len) || entry_find(l, name, len, hash) ||
	    (len <= DOTS && !memcmp(name, "..", len)))
		return true;
	e = charged_alloc(l->pays, sizeof(*e) + len);
	if (!e) {
		l->err = -ENOMEM;
		return false;
	}
	e->ino = ino;
	e->hash = hash;
	e->type = type;
	e->hidden = false;
	e->len = len;
	memcpy(e->name, name, len);
	e->chain = l->bucket[hash % BUCKETS];
	l->bucket[hash % BUCKETS] = e;
	list_append(&l->entries, &e->link);
	return true;
}

static void listing_free(struct listing *l)
{
	struct prison *pays = l->pays;

	while (!list_empty(&l->entries)) {
		struct entry *e = list_entry(l->entries.next, struct entry, link);

		list_remove(&e->link);
		charged_free(pays, e, sizeof(*e) + e->len);
	}
	charged_free(pays, l, sizeof(*l));
	prison_drop(pays);
}

static struct listing *listing_new(struct prison *pays)
{
	struct listing *l = charged_alloc(pays, sizeof(*l));

	if (!l)
		return NULL;
	memset(l, 0, sizeof(*l));
	list_init(&l->entries);
	l->pays = pays;
	prison_hold(pays);
	return l;
}

/* Which character devices since `last` are whiteouts? Sleeps. */
static int mark_whiteouts(struct listing *l, const struct path *dir,
			  struct list *last)
{
	for (struct list *k = last->next; k != &l->entries; k = k->next) {
		struct entry *e = list_entry(k, struct entry, link);
		struct path p;
		int err;

		if (e->type != DT_CHR)
			continue;
		err = layer_lookup(dir, e->name, e->len, &p);
		if (err == -ENOENT) {
			e->hidden = true;
			continue;
		}
		if (err)
			return err;
		e->hidden = is_whiteout(p.dentry->inode);
		path_drop(&p);
	}
	return 0;
}

static int add_layer(struct overlay *o, struct listing *l,
		     const struct path *dir)
{
	struct list *last = l->entries.prev;
	off64 before;
	struct file *f;
	int err = path_open_at(dir, o->cred,
			       O_RDONLY | O_DIRECTORY | O_LARGEFILE, &f);

	if (err)
		return err;
	do {
		before = f->pos;
		err = file_read_dir(f, gather, l);
	} while (!err && !l->err && f->pos != before);
	file_drop(f);
	if (!err)
		err = l->err;
	return err ? err : mark_whiteouts(l, dir, last);
}

/* All that node n shows, whiteouts marked. Sleeps. */
static int fill(struct node *n, struct listing *l)
{
	struct overlay *o = overlay_of(n->inode);
	int err = 0;

	if (n->upper.mount)
		err = add_layer(o, l, &n->upper);
	for (unsigned k = 0; !err && k < n->lower_count; k++)
		err = add_layer(o, l, &n->lower[k]);
	return err;
}

static int begin(struct file *f)
{
	struct listing *l = listing_new(f->cred->prison);
	int err;

	if (!l)
		return -ENOMEM;
	err = fill(node_of(f->inode), l);
	if (err) {
		listing_free(l);
		return err;
	}
	if (f->private)
		listing_free(f->private);
	l->next = l->entries.next;
	l->at = DOTS;
	f->private = l;
	return 0;
}

/* l->next becomes the entry of position pos, or the end. */
static void go_to(struct listing *l, off64 pos)
{
	if (pos < l->at) {
		l->at = DOTS;
		l->next = l->entries.next;
	}
	while (l->at < pos && l->next != &l->entries) {
		l->next = l->next->next;
		l->at++;
	}
}

static int read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct inode *dir = f->inode, *up = node_of(dir)->parent;
	struct listing *l;
	int err = 0;

	if (f->pos == 0 || !f->private)
		err = begin(f);
	if (err)
		return err;
	l = f->private;
	if (f->pos == 0 && emit(ctx, ".", 1, dir->ino, DT_DIR, 1))
		f->pos = 1;
	if (f->pos == 1 && emit(ctx, "..", 2, (up ? up : dir)->ino, DT_DIR, DOTS))
		f->pos = DOTS;
	if (f->pos < DOTS)
		return 0;
	for (go_to(l, f->pos); l->next != &l->entries; go_to(l, f->pos)) {
		struct entry *e = list_entry(l->next, struct entry, link);

		if (!e->hidden && !emit(ctx, e->name, e->len, e->ino, e->type,
					f->pos + 1))
			break;
		f->pos++;
	}
	return 0;
}

static void release(struct file *f)
{
	if (f->private)
		listing_free(f->private);
	f->private = NULL;
}

static int sync_dir(struct file *f, bool data_only)
{
	const struct node *n = node_of(f->inode);
	struct file *real;
	int err;

	if (!n->upper.mount)
		return 0;
	err = path_open_at(&n->upper, overlay_of(f->inode)->cred,
			   O_RDONLY | O_DIRECTORY, &real);
	if (err)
		return err;
	err = file_sync(real, data_only);
	file_drop(real);
	return err;
}

const struct file_ops overlay_dir_ops = {
	.read_dir = read_dir,
	.sync = sync_dir,
	.release = release,
};

/* --- for the rest of the overlay ------------------------------------------------ */

struct each {
	name_each *each;
	void *ctx;
};

static bool pass_on(void *ctx, const char *name, size_t len, uint64_t ino,
		    unsigned type, off64 next)
{
	struct each *e = ctx;

	(void)ino, (void)type, (void)next;
	if (len <= DOTS && !memcmp(name, "..", len))
		return true;
	return e->each(e->ctx, name, len);
}

/* The names that one layer's folder has, all of them. */
int list_layer(struct overlay *o, const struct path *dir, name_each *each,
	       void *ctx)
{
	struct each e = { each, ctx };
	struct file *f;
	off64 before;
	int err = path_open_at(dir, o->cred,
			       O_RDONLY | O_DIRECTORY | O_LARGEFILE, &f);

	if (err)
		return err;
	do {
		before = f->pos;
		err = file_read_dir(f, pass_on, &e);
	} while (!err && f->pos != before);
	file_drop(f);
	return err;
}

int list_is_empty(struct inode *dir)
{
	struct overlay *o = overlay_of(dir);
	struct listing *l = listing_new(o->cred->prison);
	int err;

	if (!l)
		return -ENOMEM;
	err = fill(node_of(dir), l);
	list_each(k, &l->entries)
		if (!err && !list_entry(k, struct entry, link)->hidden)
			err = -ENOTEMPTY;
	listing_free(l);
	return err;
}
