/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super.c - the "proc" file system: its mounts, its inodes, its top directory.
 *
 * Inodes are made when a name is looked up and live as long as the dentry
 * that caches it. Every cached name is asked about again at each use
 * (revalidate), because what it stands for may be gone, or may not exist for
 * the one who asks now.
 *
 * Each mount is a superblock of its own; all show the same processes, each
 * asker those that its prison may see.
 */
#include "kernel/fs/procfs/inner.h"

enum { PROC_MAGIC = 0x9fa0, ROOT_INO = 1 };
/* Places in the top directory: fixed names, registered ones, then pids. */
enum { PLACE_PID = 1 << 20 };

static const struct inode_ops root_inode_ops;
static const struct file_ops root_file_ops;

static const struct fixed_link {
	const char *name;
	const char *target;	/* NULL: by ops alone */
	const struct inode_ops *ops;
} fixed_links[] = {
	{ "self", NULL, &self_inode_ops },
	{ "thread-self", NULL, &thread_self_inode_ops },
	{ "mounts", "self/mounts", &plain_link_inode_ops },
};

/* --- inodes ------------------------------------------------------------- */

uint64_t node_ino(const struct inode *dir, const char *name, size_t len)
{
	/* Never 0, never the root's. */
	return hash_bytes(name, len, (uint32_t)dir->ino) | 2;
}

int node_make(struct inode *dir, const char *name, size_t len, uint32_t mode,
	      const struct node *n, struct inode **out)
{
	struct node *own = kmem_alloc(sizeof *own);
	int err;

	assert(S_ISDIR(dir->mode));
	if (!own)
		return -ENOMEM;
	err = inode_new(dir->sb, mode, out);
	if (err) {
		kmem_free(own);
		return err;
	}
	*own = *n;
	(*out)->private = own;
	(*out)->ino = node_ino(dir, name, len);
	if (S_ISDIR(mode))
		(*out)->nlink = 2;
	return 0;
}

/* Sizes do not exist here, so open with O_TRUNC changes nothing; what else
 * may be set by chmod and the like is not for anybody. */
int node_set_attr(struct inode *i, const struct attr_change *a)
{
	(void)i;
	return a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID) ? -EPERM : 0;
}

static void release_inode(struct inode *i)
{
	kmem_free(i->private);
}

static int proc_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	*out = (struct abi_statfs64){
		.type = sb->type->magic, .bsize = PAGE_SIZE,
		.frsize = PAGE_SIZE, .namelen = NAME_MAX,
	};
	return 0;
}

static const struct superblock_ops proc_super_ops = {
	.release_inode = release_inode,
	.statfs = proc_statfs,
};

static int proc_mount(const struct fs_type *t, const struct cred *who,
		      const char *source, uint32_t flags, const char *options,
		      struct superblock **out)
{
	struct node *n = kmem_zalloc(sizeof *n);
	struct superblock *sb;
	struct inode *root;
	int err;

	(void)source;
	(void)options;
	if (!n)
		return -ENOMEM;
	err = vfs_superblock_new(t, &proc_super_ops, who, &sb);
	if (err)
		goto no_super;
	err = inode_new(sb, S_IFDIR | 0555, &root);
	if (err)
		goto no_root;
	n->fd = -1;
	n->dir = &entry_root;
	root->private = n;
	root->ino = ROOT_INO;
	root->nlink = 2;
	root->ops = &root_inode_ops;
	root->fops = &root_file_ops;
	sb->root = root;
	sb->flags = flags & MS_RDONLY;
	*out = sb;
	return 0;
no_root:
	vfs_superblock_drop(sb);
no_super:
	kmem_free(n);
	return err;
}

/* --- the top directory -------------------------------------------------- */

static int fixed_lookup(struct inode *dir, const char *name, size_t len,
			struct inode **out)
{
	for (unsigned k = 0; k < ARRAY_LEN(fixed_links); k++) {
		const struct fixed_link *l = &fixed_links[k];
		struct node n = { .fd = -1, .link = l->target };
		int err;

		if (strlen(l->name) != len || memcmp(l->name, name, len))
			continue;
		err = node_make(dir, name, len, S_IFLNK | 0777, &n, out);
		if (!err)
			(*out)->ops = l->ops;
		return err;
	}
	return -ENOENT;
}

static int root_lookup(struct inode *dir, const char *name, size_t len,
		       struct inode **out)
{
	int err = -ENOENT;

	assert(len > 0);
	if (name[0] >= '0' && name[0] <= '9')
		return pid_lookup(dir, name, len, out);
	err = fixed_lookup(dir, name, len, out);
	if (err == -ENOENT)
		err = entry_lookup(&entry_root, dir, name, len, out);
	return err;
}

static bool root_revalidate(struct inode *dir, struct dentry *d)
{
	if (d->mounted)
		return true;
	if (!d->inode)
		return false;
	if (node_of(d->inode)->pid)
		return pid_revalidate(dir, d);
	return entry_visible(node_of(d->inode), asker());
}

/* The first visible process with a pid of at least `from`; held. */
static struct proc *proc_from(const struct cred *who, int from)
{
	struct proc *p = from > 1 ? proc_find(who, from - 1) : NULL;

	do
		p = proc_next(who, p);
	while (p && p->pid < from);
	return p;
}

static void root_read_pids(struct dir_out *out)
{
	const struct cred *who = asker();
	struct proc *p;

	if (out->f->pos < PLACE_PID)
		out->f->pos = PLACE_PID;
	p = proc_from(who, out->f->pos - PLACE_PID);
	while (p) {
		if (!dir_put_number(out, p->pid, DT_DIR,
				    (off64)PLACE_PID + p->pid + 1)) {
			proc_drop(p);
			return;
		}
		p = proc_next(who, p);
	}
}

static int root_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct dir_out out = { f, emit, ctx };
	off64 at;

	if (!asker() || !dir_put_dots(&out) ||
	    !entry_read_dir(&entry_root, &out, &at))
		return 0;
	for (unsigned k = 0; k < ARRAY_LEN(fixed_links); k++)
		if (at++ >= f->pos &&
		    !dir_put(&out, fixed_links[k].name, DT_LNK, at))
			return 0;
	root_read_pids(&out);
	return 0;
}

static const struct inode_ops root_inode_ops = {
	.lookup = root_lookup,
	.revalidate = root_revalidate,
	.set_attr = node_set_attr,
};
static const struct file_ops root_file_ops = {
	.read_dir = root_read_dir,
};

static struct fs_type proc_type = {
	.name = "proc", .magic = PROC_MAGIC, .mount = proc_mount,
	.jail_allow = ALLOW_MOUNT_PROCFS, .fleeting = true,
};
static struct fs_type procfs_type = {	/* FreeBSD's name */
	.name = "procfs", .magic = PROC_MAGIC, .mount = proc_mount,
	.jail_allow = ALLOW_MOUNT_PROCFS, .fleeting = true,
};

/* Other rooms may register entries before this and after it. */
void procfs_init(void)
{
	vfs_register(&proc_type);
	vfs_register(&procfs_type);
	entry_init();
	system_register();
	cpu_register();
	sysctl_register();
	jail_register();
}
