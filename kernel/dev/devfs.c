/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devfs.c - the file system "devfs" (also called "devtmpfs") for /dev.
 *
 * Each mount is a tmpfs of its own, filled with a node for every device, and
 * with the usual links and directories; users do in it what they do in any
 * directory. A device that is registered later gets a node in every mount;
 * when it goes, its node goes, if it is still the same one.
 *
 * A node whose device is not on the reader's list is not listed and cannot be
 * opened (dev_open).
 *
 * Locks: the kernel lock; a directory's inode->lock while names change.
 */
#include "kernel/dev/inner.h"

enum { DEVFS_MAGIC = 0x1373 };

struct devfs {			/* one mount */
	struct superblock *sb;	/* not held: leaves the list before it dies */
	struct list link;
};

static struct list mounts = LIST_INIT(mounts);
static struct fs_type devfs, devtmpfs;
/* tmpfs's, with our unmount and read_dir in the place of its own. */
static struct superblock_ops super_ops;
static struct file_ops root_ops;
static void (*tmpfs_unmount)(struct superblock *sb);
static int (*tmpfs_read_dir)(struct file *f, dir_emit emit, void *ctx);

/* --- names ----------------------------------------------------------- */

/* The held directory of a name like "net/tun", made if it is missing, and
 * the last part of the name. Sleeps. */
static int directory_of(struct inode *root, const char *name,
			const struct cred *who, struct inode **out,
			const char **rest)
{
	struct inode *dir = root, *next;
	const char *slash;
	int err = 0;

	assert(S_ISDIR(root->mode) && *name);
	inode_hold(dir);
	for (; !err && (slash = strchr(name, '/')); name = slash + 1) {
		size_t n = slash - name;

		sleep_lock_take(&dir->lock);
		err = dir->ops->lookup(dir, name, n, &next);
		if (err == -ENOENT && who) {
			err = dir->ops->mkdir(dir, name, n, S_IFDIR | 0755, who,
					      &next);
			dentry_forget(dir, name, n);
		}
		sleep_lock_release(&dir->lock);
		inode_drop(dir);
		if (err)
			return err;
		dir = next;
		if (!S_ISDIR(dir->mode))
			err = -ENOTDIR;
	}
	if (err) {
		inode_drop(dir);
		return err;
	}
	*out = dir;
	*rest = name;
	return 0;
}

/* A name that is there already is somebody's own: it stays. Sleeps. */
static int add_node(struct superblock *sb, struct dev *d, const struct cred *who)
{
	struct inode *dir, *i;
	const char *name;
	size_t n;
	int err = directory_of(sb->root, d->name, who, &dir, &name);

	if (err)
		return err;
	n = strlen(name);
	sleep_lock_take(&dir->lock);
	err = dir->ops->lookup(dir, name, n, &i);
	if (err == -ENOENT) {
		err = dir->ops->create(dir, name, n,
				       (d->block ? S_IFBLK : S_IFCHR) | d->mode,
				       d->number, who, &i);
		if (!err) {
			i->uid = 0;
			i->gid = d->gid;
			dentry_forget(dir, name, n); /* as not being there */
		}
	}
	sleep_lock_release(&dir->lock);
	if (!err)
		inode_drop(i);
	inode_drop(dir);
	return err;
}

/* Sleeps. */
static void remove_node(struct superblock *sb, struct dev *d)
{
	struct inode *dir, *i;
	const char *name;
	size_t n;

	if (directory_of(sb->root, d->name, NULL, &dir, &name))
		return;
	n = strlen(name);
	sleep_lock_take(&dir->lock);
	if (!dir->ops->lookup(dir, name, n, &i)) {
		if (i->rdev == d->number && S_ISBLK(i->mode) == d->block &&
		    !dir->ops->unlink(dir, name, n, i))
			dentry_forget(dir, name, n);
		inode_drop(i);
	}
	sleep_lock_release(&dir->lock);
	inode_drop(dir);
}

/* The mount after prev, held; prev is dropped. The list may change while the
 * caller sleeps, so prev is looked for again. NULL: the end. */
static struct superblock *next_mount(struct superblock *prev)
{
	struct superblock *next = NULL;
	bool here = !prev;

	list_each(l, &mounts) {
		struct superblock *sb = list_entry(l, struct devfs, link)->sb;

		if (here) {
			next = sb;
			next->refs++;
			break;
		}
		here = sb == prev;
	}
	if (prev)
		vfs_superblock_drop(prev);
	return next;
}

/* Sleeps when there are mounts. */
void devfs_added(struct dev *d)
{
	struct superblock *sb = NULL;
	struct cred *host;

	if (list_empty(&mounts))
		return;
	host = cred_host_root();
	while (host && (sb = next_mount(sb)))
		if (add_node(sb, d, host))
			log_print(LOG_WARN, "devfs: no node for %s", d->name);
	if (host)
		cred_drop(host);
}

/* Sleeps when there are mounts. */
void devfs_removed(struct dev *d)
{
	struct superblock *sb = NULL;

	while ((sb = next_mount(sb)))
		remove_node(sb, d);
}

/* --- what a prison sees ---------------------------------------------- */

struct filter {
	struct file *file;
	dir_emit emit;
	void *ctx;
};

bool devfs_has(const struct inode *i)
{
	return i->sb->type == &devfs || i->sb->type == &devtmpfs;
}

static bool is_listed(struct inode *dir, const char *name, size_t len,
		      const struct cred *reader)
{
	struct inode *i;
	bool listed;

	if (dir->ops->lookup(dir, name, len, &i))
		return false;
	listed = device_shown(i, reader->prison);
	inode_drop(i);
	return listed;
}

static bool emit_listed(void *ctx, const char *name, size_t len, uint64_t ino,
			unsigned type, off64 next)
{
	struct filter *f = ctx;

	if ((type == DT_CHR || type == DT_BLK) &&
	    !is_listed(f->file->inode, name, len, f->file->cred))
		return true;
	return f->emit(f->ctx, name, len, ino, type, next);
}

static int root_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct filter filter = { f, emit, ctx };

	if (!f->cred->prison->parent)
		return tmpfs_read_dir(f, emit, ctx);
	return tmpfs_read_dir(f, emit_listed, &filter);
}

/* --- the mount ------------------------------------------------------- */

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};
static const struct {
	const char *name;
	uint32_t mode;
} directories[] = {
	{ "pts", S_IFDIR | 0755 }, { "shm", S_IFDIR | S_ISVTX | 0777 },
};

/* What every new /dev has. Nobody sees it yet. */
static int populate(struct superblock *sb, const struct cred *who)
{
	struct inode *root = sb->root, *i;
	struct dev *d = NULL;
	int err = 0;

	assert(S_ISDIR(root->mode) && root->refs > 0);
	for (unsigned n = 0; !err && n < ARRAY_LEN(directories); n++) {
		err = root->ops->mkdir(root, directories[n].name,
				       strlen(directories[n].name),
				       directories[n].mode, who, &i);
		if (!err)
			inode_drop(i);
	}
	for (unsigned n = 0; !err && n < ARRAY_LEN(links); n++) {
		err = root->ops->symlink(root, links[n].name,
					 strlen(links[n].name), links[n].target,
					 who, &i);
		if (!err)
			inode_drop(i);
	}
	while (!err && (d = device_next(d)))
		err = add_node(sb, d, who);
	return err;
}

static void devfs_unmount(struct superblock *sb)
{
	list_each_safe(l, &mounts) {
		struct devfs *fs = list_entry(l, struct devfs, link);

		if (fs->sb != sb)
			continue;
		list_remove(l);
		kmem_free(fs);
	}
	tmpfs_unmount(sb);
}

static const struct fs_type *type_named(const char *name)
{
	struct fs_type *t = NULL;

	while ((t = vfs_type_next(t)))
		if (!strcmp(t->name, name))
			break;
	return t;
}

static int devfs_mount(const struct fs_type *t, const struct cred *who,
		       const char *source, uint32_t flags, const char *options,
		       struct superblock **out)
{
	struct devfs *fs = kmem_alloc(sizeof(*fs));
	struct superblock *sb;
	int err;

	assert(t->magic == DEVFS_MAGIC);
	if (!fs)
		return -ENOMEM;
	err = type_named("tmpfs")->mount(t, who, source, flags, options, &sb);
	if (err)
		goto free_fs;
	assert(sb->root && sb->root->fops);
	tmpfs_unmount = sb->ops->unmount;
	tmpfs_read_dir = sb->root->fops->read_dir;
	root_ops = *sb->root->fops;
	root_ops.read_dir = root_read_dir;
	sb->root->fops = &root_ops;
	err = populate(sb, who);
	if (err)
		goto drop;
	super_ops = *sb->ops;
	super_ops.unmount = devfs_unmount;
	sb->ops = &super_ops;
	fs->sb = sb;
	list_append(&mounts, &fs->link);
	*out = sb;
	return 0;
drop:
	vfs_superblock_drop(sb);
free_fs:
	kmem_free(fs);
	return err;
}

static struct fs_type devfs = {
	.name = "devfs", .magic = DEVFS_MAGIC, .mount = devfs_mount,
	.jail_allow = ALLOW_MOUNT_DEVFS,
};
static struct fs_type devtmpfs = {
	.name = "devtmpfs", .magic = DEVFS_MAGIC, .mount = devfs_mount,
	.jail_allow = ALLOW_MOUNT_DEVFS,
};

void devfs_init(void)
{
	assert(type_named("tmpfs"));	/* its room is up before this one */
	vfs_register(&devfs);
	vfs_register(&devtmpfs);
}
