/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - the files of /proc that the rooms registered.
 *
 * A tree of directories, made as entries need them. An entry whose gate is
 * zero exists only for the host's own prison; a directory exists for a prison
 * if anything below it does.
 *
 * An entry may be taken away again, with the module that it came with. Its leaf
 * stays, without it, so that an inode may point to the leaf for good; who uses
 * the entry is waited for. Locks: the kernel lock.
 */
#include "kernel/fs/procfs/inner.h"

struct leaf {
	struct list link;
	struct procfs_entry *entry;	/* NULL: taken away */
	unsigned users;			/* in one of its functions now */
	char name[];
};

struct entry_dir {
	char *name;
	size_t len;
	bool open;		/* has an entry for every prison */
	struct list dirs, link;	/* struct entry_dir */
	struct list leaves;	/* struct leaf */
};

static char no_name[] = "";
static struct sleep_queue leaf_idle;	/* somebody left an entry */

struct entry_dir entry_root = {
	.name = no_name, .dirs = LIST_INIT(entry_root.dirs),
	.link = LIST_INIT(entry_root.link),
	.leaves = LIST_INIT(entry_root.leaves), .open = true,
};

static bool name_is(const char *name, const char *want, size_t len)
{
	return strlen(name) == len && !memcmp(name, want, len);
}

static struct entry_dir *dir_find(struct entry_dir *d, const char *name,
				  size_t len)
{
	list_each(l, &d->dirs) {
		struct entry_dir *e = list_entry(l, struct entry_dir, link);

		if (e->len == len && !memcmp(e->name, name, len))
			return e;
	}
	return NULL;
}

static struct leaf *leaf_find(struct entry_dir *d, const char *name, size_t len)
{
	list_each(l, &d->leaves) {
		struct leaf *e = list_entry(l, struct leaf, link);

		if (name_is(e->name, name, len))
			return e;
	}
	return NULL;
}

static struct leaf *leaf_make(struct entry_dir *d, const char *name)
{
	struct leaf *e = kmem_zalloc(sizeof(*e) + strlen(name) + 1);

	if (!e)
		return NULL;
	str_copy(e->name, name, strlen(name) + 1);
	list_append(&d->leaves, &e->link);
	return e;
}

static struct entry_dir *dir_make(struct entry_dir *d, const char *name,
				  size_t len)
{
	struct entry_dir *e = kmem_zalloc(sizeof *e);

	assert(len > 0 && len <= NAME_MAX);
	if (e)
		e->name = kmem_zalloc(len + 1);
	if (!e || !e->name) {
		kmem_free(e);
		return NULL;
	}
	memcpy(e->name, name, len);
	e->len = len;
	list_init(&e->dirs);
	list_init(&e->leaves);
	list_append(&d->dirs, &e->link);
	return e;
}

void entry_init(void)
{
	sleep_queue_init(&leaf_idle);
}

/* The directory of e, made as far as it is missing; NULL: no memory. */
static struct entry_dir *dir_of(const struct procfs_entry *e)
{
	struct entry_dir *d = &entry_root;
	const char *part = e->directory;

	while (d && *part) {
		const char *end = strchr(part, '/');
		size_t len = end ? (size_t)(end - part) : strlen(part);
		struct entry_dir *next = dir_find(d, part, len);

		if (!next)
			next = dir_make(d, part, len);
		if (next && e->gate == PROC_GATE_ALL)
			next->open = true;
		d = next;
		part += len;
		while (*part == '/')
			part++;
	}
	return d;
}

/*
 * Shows e in /proc from now on; e stays the caller's. Its directories are
 * made. A second one of the same name is a mistake.
 */
void procfs_register(struct procfs_entry *e)
{
	struct entry_dir *d = dir_of(e);
	struct leaf *leaf = NULL;

	assert(e->name && *e->name && !!e->show + !!e->show_of + !!e->knob == 1);
	if (d)
		leaf = leaf_find(d, e->name, strlen(e->name));
	if (d && !leaf)
		leaf = leaf_make(d, e->name);
	if (!leaf) {
		log_print(LOG_ERROR, "procfs: no memory for %s/%s\n",
			  e->directory, e->name);
		return;
	}
	assert(!leaf->entry);
	leaf->entry = e;
}

/* Takes e away, if it was shown. Nobody uses it afterwards. Sleeps. */
void procfs_unregister(struct procfs_entry *e)
{
	struct entry_dir *d = dir_of(e);
	struct leaf *leaf = d ? leaf_find(d, e->name, strlen(e->name)) : NULL;

	if (!leaf || leaf->entry != e)
		return;
	leaf->entry = NULL;
	while (leaf->users) /* no deadline and no signal: it can only be woken */
		(void)!sleep_on(&leaf_idle, SLEEP_DEEP, SLEEP_FOREVER);
}

struct procfs_entry *leaf_begin(struct leaf *leaf)
{
	if (leaf->entry)
		leaf->users++;
	return leaf->entry;
}

void leaf_end(struct leaf *leaf)
{
	assert(leaf->users != 0);
	if (--leaf->users == 0)
		sleep_wake(&leaf_idle);
}

static bool leaf_visible(const struct leaf *leaf, const struct cred *who)
{
	return who && leaf->entry &&
	       (leaf->entry->gate == PROC_GATE_ALL || from_host(who));
}

static bool dir_visible(const struct entry_dir *d, const struct cred *who)
{
	return who && (d->open || from_host(who));
}

bool entry_visible(const struct node *n, const struct cred *who)
{
	if (n->leaf)
		return leaf_visible(n->leaf, who);
	return !n->dir || dir_visible(n->dir, who);
}

static int dir_lookup(struct inode *dir, const char *name, size_t len,
		      struct inode **out);
static int dir_read(struct file *f, dir_emit emit, void *ctx);

static bool dir_revalidate(struct inode *dir, struct dentry *d)
{
	(void)dir;
	if (d->mounted)
		return true;
	return d->inode && entry_visible(node_of(d->inode), asker());
}

static const struct inode_ops dir_inode_ops = {
	.lookup = dir_lookup,
	.revalidate = dir_revalidate,
	.set_attr = node_set_attr,
};
static const struct file_ops dir_file_ops = {
	.read_dir = dir_read,
};

static uint32_t leaf_mode(const struct leaf *leaf)
{
	return S_IFREG | (leaf->entry->mode ? leaf->entry->mode : 0444);
}

/* The name in d, for the asker; -ENOENT. */
int entry_lookup(struct entry_dir *d, struct inode *dir, const char *name,
		 size_t len, struct inode **out)
{
	struct node n = { .fd = -1 };
	int err;

	n.leaf = leaf_find(d, name, len);
	if (n.leaf && leaf_visible(n.leaf, asker())) {
		err = node_make(dir, name, len, leaf_mode(n.leaf), &n, out);
		if (err)
			return err;
		(*out)->ops = &text_inode_ops;
		(*out)->fops = &text_file_ops;
		return 0;
	}
	if (n.leaf && n.leaf->entry && asker())
		prison_denied(asker(), "proc", n.leaf->name, -ENOENT);
	n.leaf = NULL;
	n.dir = dir_find(d, name, len);
	if (!n.dir || !dir_visible(n.dir, asker()))
		return -ENOENT;
	err = node_make(dir, name, len, S_IFDIR | 0555, &n, out);
	if (err)
		return err;
	(*out)->ops = &dir_inode_ops;
	(*out)->fops = &dir_file_ops;
	return 0;
}

static int dir_lookup(struct inode *dir, const char *name, size_t len,
		      struct inode **out)
{
	return entry_lookup(node_of(dir)->dir, dir, name, len, out);
}

bool entry_read_dir(struct entry_dir *d, struct dir_out *out, off64 *next)
{
	off64 at = DIR_FIRST;

	list_each(l, &d->dirs) {
		struct entry_dir *e = list_entry(l, struct entry_dir, link);
		char name[NAME_MAX + 1];

		if (at++ < out->f->pos || !dir_visible(e, asker()))
			continue;
		str_copy(name, e->name, e->len + 1);
		if (!dir_put(out, name, DT_DIR, at))
			return false;
	}
	list_each(l, &d->leaves) {
		struct leaf *e = list_entry(l, struct leaf, link);

		if (at++ < out->f->pos || !leaf_visible(e, asker()))
			continue;
		if (!dir_put(out, e->name, DT_REG, at))
			return false;
	}
	*next = at;
	return true;
}

static int dir_read(struct file *f, dir_emit emit, void *ctx)
{
	struct dir_out out = { f, emit, ctx };
	off64 next;

	if (dir_put_dots(&out))
		entry_read_dir(node_of(f->inode)->dir, &out, &next);
	return 0;
}
