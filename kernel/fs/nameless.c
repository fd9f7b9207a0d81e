/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nameless.c - files that no path leads to: pipes, epolls, eventfds, sockets.
 *
 * They are inodes of one superblock that is mounted nowhere, so that fstat and
 * the rest of the room need no second case. The kind says what they are.
 */
#include "kernel/fs/inner.h"

enum { NAMELESS_MAGIC = 0x09041934 };	/* as Linux's anon_inode */

static struct mount *nameless_mount;

static int nameless_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	(void)sb;
	out->bsize = PAGE_SIZE;
	out->namelen = NAME_MAX;
	return 0;
}

static const struct superblock_ops nameless_super_ops = {
	.statfs = nameless_statfs,
};
static const struct inode_ops nameless_inode_ops = { .lookup = NULL };

static int nameless_start(const struct fs_type *t, const struct cred *who,
			  const char *source, uint32_t flags,
			  const char *options, struct superblock **out)
{
	struct superblock *sb;
	int err = vfs_superblock_new(t, &nameless_super_ops, who, &sb);

	(void)source, (void)flags, (void)options;
	if (err)
		return err;
	err = inode_new(sb, S_IFDIR | 0500, &sb->root);
	if (err) {
		vfs_superblock_drop(sb);
		return err;
	}
	sb->root->ops = &nameless_inode_ops;
	*out = sb;
	return 0;
}

static const struct fs_type nameless_type = {
	.name = "nameless",
	.magic = NAMELESS_MAGIC,
	.mount = nameless_start,
};

void nameless_init(void)
{
	assert(!nameless_mount);
	if (mount_nameless(&nameless_type, &nameless_mount))
		panic("no memory for the nameless mount");
}

/* st_mode by kind: what fstat is expected to say. */
static uint32_t mode_of(const char *kind)
{
	assert(kind);
	if (!strcmp(kind, "pipe"))
		return S_IFIFO | 0600;
	if (!strcmp(kind, "socket"))
		return S_IFSOCK | 0777;
	return 0600;		/* no type at all, as Linux's anonymous inodes */
}

static int on_inode(const struct cred *who, const struct file_ops *ops,
		    unsigned flags, void *private, struct inode *i,
		    struct file **out)
{
	struct file *f;
	int err = file_alloc(who, flags, &f);

	assert(ops && nameless_mount);
	if (err)
		return err;
	f->ops = ops;
	f->private = private;
	f->path = (struct path){ nameless_mount, nameless_mount->root };
	path_hold(&f->path);
	inode_hold(i);
	f->inode = i;
	*out = f;
	return 0;
}

/* kind: a constant string that outlives the file. -ENFILE, -ENOMEM. On
 * failure `private` stays the caller's. */
int file_new(const struct cred *who, const struct file_ops *ops, unsigned flags,
	     void *private, const char *kind, struct file **out)
{
	struct inode *i;
	int err = inode_new(nameless_mount->sb, mode_of(kind), &i);

	assert(nameless_mount);
	if (err)
		return err;
	i->ops = &nameless_inode_ops;
	i->uid = who->fsuid;
	i->gid = who->fsgid;
	err = on_inode(who, ops, flags, private, i, out);
	inode_drop(i);
	if (!err)
		(*out)->kind = kind;
	return err;
}

int file_new_beside(struct file *with, const struct file_ops *ops,
		    unsigned flags, void *private, struct file **out)
{
	int err = on_inode(with->cred, ops, flags, private, with->inode, out);

	assert(with->refs > 0 && with->kind);
	if (!err)
		(*out)->kind = with->kind;
	return err;
}
