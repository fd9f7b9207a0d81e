/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.c - inodes of an overlay: one for each real inode that is shown.
 *
 * A node holds the paths of what it shows in the layers. Its inode repeats the
 * real one's attributes, so that permission is asked of it as of any other.
 * Two names of one lower file are two nodes: once one of them is copied up
 * they are two files.
 *
 * Invariant: a node is in the table under its real inode, but for a lower
 * file with several names.
 * Locks: the kernel lock; a node's upper changes under overlay->lock.
 */
#include "kernel/fs/overlay/overlay.h"

static struct list *bucket_of(const struct overlay *o, const struct inode *real)
{
	return &o->nodes[hash_u32((uint32_t)real >> 4) & (NODE_BUCKETS - 1)];
}

static struct node *node_find(const struct overlay *o, const struct inode *real)
{
	list_each(l, bucket_of(o, real)) {
		struct node *n = list_entry(l, struct node, hash_link);

		if (node_real_inode(n) == real && !n->inode->dying)
			return n;
	}
	return NULL;
}

/* Its real inode is another now. */
void node_rehash(struct node *n)
{
	struct inode *real = node_real_inode(n);

	list_remove(&n->hash_link);
	if (!n->upper.mount && !S_ISDIR(real->mode) && real->nlink > 1)
		return;
	list_push(bucket_of(overlay_of(n->inode), real), &n->hash_link);
}

void node_mirror(struct inode *i)
{
	const struct inode *real = node_real_inode(node_of(i));

	assert((i->mode & S_IFMT) == (real->mode & S_IFMT));
	i->mode = real->mode;
	i->uid = real->uid;
	i->gid = real->gid;
	i->nlink = node_of(i)->removed && !node_of(i)->upper.mount ?
		   0 : real->nlink;
	i->size = real->size;
	i->blocks = real->blocks;
	i->atime = real->atime;
	i->mtime = real->mtime;
	i->ctime = real->ctime;
	i->btime = real->btime;
	i->flags = real->flags;
	i->set_id_depth = real->set_id_depth;
}

void found_drop(struct found *f)
{
	if (f->upper.mount)
		path_drop(&f->upper);
	while (f->lower_count)
		path_drop(&f->lower[--f->lower_count]);
	f->upper.mount = NULL;
}

static int node_new(struct inode *i, struct found *f, struct node **out)
{
	struct node *n = kmem_zalloc(sizeof(*n) +
				     f->lower_count * sizeof(n->lower[0]));

	if (!n)
		return -ENOMEM;
	n->inode = i;
	n->upper = f->upper;
	n->lower_count = f->lower_count;
	if (f->lower_count)
		memcpy(n->lower, f->lower, f->lower_count * sizeof(n->lower[0]));
	list_init(&n->hash_link);
	f->upper.mount = NULL;
	f->lower_count = 0;
	*out = n;
	return 0;
}

/* Its place, which it is copied up to. -ENOMEM. Sleeps. */
int node_rename(struct node *n, struct inode *parent, const char *name,
		size_t len)
{
	struct inode *old = n->parent;
	char *copy = kmem_alloc(len + 1);

	assert(S_ISDIR(parent->mode) && len <= NAME_MAX);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, name, len);
	copy[len] = '\0';
	kmem_free(n->name);
	n->name = copy;
	n->len = len;
	inode_hold(parent);
	n->parent = parent;
	if (old)
		inode_drop(old);
	return 0;
}

static void set_ops(struct inode *i)
{
	i->ops = &overlay_inode_ops;
	if (S_ISDIR(i->mode)) {
		i->ops = &overlay_dir_inode_ops;
		i->fops = &overlay_dir_ops;
	} else if (S_ISREG(i->mode)) {
		i->fops = &overlay_file_ops;
	}
}

/* -ENOMEM. Sleeps. parent NULL: the root. */
int node_get(struct superblock *sb, struct inode *parent, const char *name,
	     size_t len, struct found *f, struct inode **out)
{
	const struct path *p = f->upper.mount ? &f->upper : &f->lower[0];
	struct inode *real = p->dentry->inode, *i;
	struct node *n = node_find(sb->private, real);
	int err;

	if (n) {
		inode_hold(n->inode);
		*out = n->inode;
		found_drop(f);
		return 0;
	}
	err = inode_new(sb, real->mode, &i);
	if (!err) {
		err = node_new(i, f, &n);
		if (err)
			inode_drop(i);
	}
	if (err) {
		found_drop(f);
		return err;
	}
	i->private = n;
	i->rdev = real->rdev;
	node_mirror(i);
	set_ops(i);
	if (parent)
		err = node_rename(n, parent, name, len);
	if (err) {
		inode_drop(i);
		return err;
	}
	node_rehash(n);
	*out = i;
	return 0;
}

/* superblock_ops.release_inode. Sleeps. */
void node_release(struct inode *i)
{
	struct node *n = node_of(i);

	if (!n)
		return;
	list_remove(&n->hash_link);
	if (n->upper.mount)
		path_drop(&n->upper);
	while (n->lower_count)
		path_drop(&n->lower[--n->lower_count]);
	if (n->parent)
		inode_drop(n->parent);
	kmem_free(n->name);
	kmem_free(n);
	i->private = NULL;
}

/* --- names through the layers -------------------------------------------------- */

/* One layer's answer joins f. False: it hides what is below it. */
static bool take(struct path *p, struct path *to)
{
	*to = *p;
	return S_ISDIR(p->dentry->inode->mode) && !layer_is_opaque(p);
}

/*
 * f gets what the layers have of the name, folders as far down as none hides
 * the rest. -ENOENT, and what a layer's lookup says. Sleeps.
 */
int node_lookup(struct node *n, const char *name, size_t len, struct found *f)
{
	bool first = true, more = true;
	struct path p;
	int err = 0;

	assert(S_ISDIR(n->inode->mode));
	f->upper.mount = NULL;
	f->lower_count = 0;
	for (unsigned k = 0; more && k <= n->lower_count; k++) {
		const struct path *dir = k ? &n->lower[k - 1] : &n->upper;
		bool is_dir;

		if (!dir->mount)
			continue;
		err = layer_lookup(dir, name, len, &p);
		if (err == -ENOENT)
			continue;
		if (err)
			break;
		is_dir = S_ISDIR(p.dentry->inode->mode);
		if (is_whiteout(p.dentry->inode) || (!first && !is_dir)) {
			path_drop(&p);
			break;
		}
		first = false;
		more = take(&p, k ? &f->lower[f->lower_count++] : &f->upper);
	}
	if (err && err != -ENOENT)
		found_drop(f);
	else
		err = first ? -ENOENT : 0;
	return err;
}

/* Would the name be seen if upper had none? Sleeps. */
bool node_is_below(struct node *n, const char *name, size_t len)
{
	struct path p;

	for (unsigned k = 0; k < n->lower_count; k++) {
		bool there;

		if (layer_lookup(&n->lower[k], name, len, &p))
			continue;
		there = !is_whiteout(p.dentry->inode);
		path_drop(&p);
		return there;
	}
	return false;
}
