/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - the files of /proc that the rooms registered.
 *
 * A tree of directories, made as entries need them. An entry whose gate is
 * zero exists only for the host's own prison; a directory exists for a prison
 * if anything below it does.
 *
 * Locks: the kernel lock. Entries are never taken away, so nothing is held.
 */
#include "kernel/fs/procfs/inner.h"

struct entry_dir {
	const char *name;
	size_t len;
	bool open;		/* has an entry for every prison */
	struct list dirs, link;	/* struct entry_dir */
	struct list leaves;	/* struct procfs_entry */
};

struct entry_dir entry_root = {
	.name = "", .dirs = LIST_INIT(entry_root.dirs),
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

static struct procfs_entry *leaf_find(struct entry_dir *d, const char *name,
				      size_t len)
{
	list_each(l, &d->leaves) {
		struct procfs_entry *e = list_entry(l, struct procfs_entry, link);

		if (name_is(e->name, name, len))
			return e;
	}
	return NULL;
}

/* name stays the caller's: it is part of a registered entry. */
static struct entry_dir *dir_make(struct entry_dir *d, const char *name,
				  size_t len)
{
	struct entry_dir *e = kmem_zalloc(sizeof *e);

	assert(len > 0 && len <= NAME_MAX);
	if (!e)
		return NULL;
	e->name = name;
	e->len = len;
	list_init(&e->dirs);
	list_init(&e->leaves);
	list_append(&d->dirs, &e->link);
	return e;
}

/*
 * Shows e in /proc from now on; e stays the caller's and must not go away. Its
 * directories are made. A second one of the same name is a mistake.
 */
void procfs_register(struct procfs_entry *e)
{
	struct entry_dir *d = &entry_root;
	const char *part = e->directory;

	assert(e->name && *e->name && !!e->show + !!e->knob == 1);
	while (*part) {
		const char *end = strchr(part, '/');
		size_t len = end ? (size_t)(end - part) : strlen(part);
		struct entry_dir *next = dir_find(d, part, len);

		if (!next)
			next = dir_make(d, part, len);
		if (!next) {
			log_print(LOG_ERROR, "procfs: no memory for %s/%s\n",
				  e->directory, e->name);
			return;
		}
		if (e->gate == PROC_GATE_ALL)
			next->open = true;
		d = next;
		part += len;
		while (*part == '/')
			part++;
	}
	assert(!leaf_find(d, e->name, strlen(e->name)));
	list_append(&d->leaves, &e->link);
}

static bool leaf_visible(const struct procfs_entry *e, const struct cred *who)
{
	return who && (e->gate == PROC_GATE_ALL || from_host(who));
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

static uint32_t leaf_mode(const struct procfs_entry *e)
{
	return S_IFREG | (e->mode ? e->mode : 0444);
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
	if (n.leaf && asker())
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
		struct procfs_entry *e = list_entry(l, struct procfs_entry, link);

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
