/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flags.c - what chattr(1) sets on a file beside its modes: immutable,
 * append-only, no dump, no access times.
 *
 * Immutable and append-only are for root too: FreeBSD's schg and sappnd. To
 * set or clear one takes PRIV_VFS_SYSFLAGS, and once the securelevel of the
 * asker's prison, or of one above, is over 0, a file that has one keeps all
 * that it has. What they forbid is asked where the deed is done (inode.c,
 * attr.c, open.c, regular.c, path_ops.c), in Linux's order and with EPERM.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/inner.h"

enum {
	FLAGS_SYSTEM = FS_IMMUTABLE_FL | FS_APPEND_FL,
	FLAGS_OWN = FS_NODUMP_FL | FS_NOATIME_FL,
};

/* Only a file system that keeps them has any. */
static int check_kept(const struct file *f)
{
	const struct inode *i = f->inode;

	if (!i->sb->keeps_flags || !(S_ISREG(i->mode) || S_ISDIR(i->mode)))
		return -ENOTTY;
	return 0;
}

int file_flags_get(const struct file *f, uint32_t *flags)
{
	int err = check_kept(f);

	if (!err)
		*flags = f->inode->flags;
	return err;
}

static int may_change(const struct inode *i, const struct cred *who,
		      uint32_t flags)
{
	int err = 0;

	if (!inode_owned(i, who))
		err = priv_check(who, PRIV_VFS_ADMIN);
	if (!err && ((i->flags ^ flags) & FLAGS_SYSTEM))
		err = priv_check(who, PRIV_VFS_SYSFLAGS);
	if (!err && (i->flags & FLAGS_SYSTEM & ~flags) &&
	    prison_securelevel(who->prison) > 0) {
		err = -EPERM;
		prison_denied(who, "chflags", "securelevel", err);
	}
	return err;
}

/* Sleeps. -ENOTTY no such file, -EROFS, -EPERM, -EOPNOTSUPP other flags. */
int file_flags_set(struct file *f, const struct cred *who, uint32_t flags)
{
	struct attr_change a = { .valid = ATTR_FLAGS, .flags = flags };
	struct inode *i = f->inode;
	int err = check_kept(f);

	if (err)
		return err;
	if (mount_read_only(f->path.mount))
		return -EROFS;
	if (flags & ~(uint32_t)(FLAGS_SYSTEM | FLAGS_OWN))
		return -EOPNOTSUPP;
	sleep_lock_take(&i->lock);
	err = may_change(i, who, flags);
	if (!err)
		err = inode_apply(i, &a);
	sleep_lock_release(&i->lock);
	return err;
}

/* A new inode in dir begins with those of dir that are not the system's. */
void inode_flags_inherit(struct inode *i, const struct inode *dir)
{
	if (S_ISREG(i->mode) || S_ISDIR(i->mode))
		i->flags |= dir->flags & FLAGS_OWN;
}

/* For statx: which are set, and which could be. */
void inode_flags_stat(const struct inode *i, struct abi_statx *out)
{
	if (!i->sb->keeps_flags)
		return;
	out->attributes = i->flags & (FLAGS_SYSTEM | FS_NODUMP_FL);
	out->attributes_mask = FLAGS_SYSTEM | FS_NODUMP_FL;
}
