/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mount_ops.c - mount(2) and umount2(2): what may be mounted where, by whom.
 *
 * The privilege is asked first; a prison also needs the allow bit of the type,
 * and cannot mount on its own root. Beyond that, a mount belongs to the prison
 * that made it: only that prison and those above may change, move or remove
 * it, and the nosuid, nodev, noexec and read-only flags of somebody else's
 * mount stay when it is bound again. As in FreeBSD, a mount made in a prison
 * gets no flags of its own: devices are a matter of its list, set-id bits of
 * its root (path_set_id_allowed).
 *
 * nullfs is a bind by another name, with flags of its own from the beginning.
 * A mount shows one tree of names, without what is mounted in it, so that none
 * can contain itself.
 */
#include "kernel/fs/inner.h"

/* Changing the superblock itself is for those above who pays for it. */
enum {
	FLAGS_KEPT = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
		     MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME,
	FLAGS_GUARD = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
	FLAGS_PROPAGATION = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE,
	UMOUNT_FLAGS = MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW,
};
#define MOUNT_MAGIC 0xc0ed0000u	/* old programs put it into the upper half */

static struct fs_type nullfs = {
	.name = "nullfs", .jail_allow = ALLOW_MOUNT_NULLFS,
};

void mount_ops_init(void)
{
	vfs_register(&nullfs);
}

const char *mount_type_name(const struct mount *m)
{
	return m->null ? nullfs.name : m->sb->type->name;
}

static bool may_change(const struct cred *who, const struct mount *m)
{
	return prison_sees(who->prison, m->prison);
}

/* m and what is mounted below it, which would go along. */
static bool may_take_away(const struct cred *who, struct mount *m)
{
	for (struct mount *b = m; b; b = mount_below(m, b))
		if (!may_change(who, b))
			return false;
	return true;
}

static int not_its_own(const struct cred *who)
{
	prison_denied(who, "mount", "foreign", -EPERM);
	return -EPERM;
}

static uint32_t flags_of(uint32_t flags)
{
	uint32_t keep = flags & FLAGS_KEPT;

	if (!(keep & (MS_NOATIME | MS_STRICTATIME)))
		keep |= MS_RELATIME;
	return keep;
}

/* A directory goes on a directory, anything else on anything else; the place
 * must still be in the tree. */
static int check_place(const struct path *p, const struct dentry *root)
{
	const struct inode *i = p->dentry->inode;

	assert(root->inode);
	if (p->mount->detached || p->mount->nameless)
		return -EINVAL;
	if (p->dentry->unhashed || !i || i->removed)
		return -ENOENT;
	if (!S_ISDIR(i->mode) != !S_ISDIR(root->inode->mode))
		return -ENOTDIR;
	return 0;
}

static bool has_writers(const struct superblock *sb)
{
	list_each(l, &sb->inodes)
		if (list_entry(l, struct inode, sb_link)->writers > 0)
			return true;
	return false;
}

static int remount(const struct path_at *at, const struct path *p,
		   uint32_t flags, const char *options)
{
	struct mount *m = p->mount;
	uint32_t now = flags_of(flags);
	int err;

	assert(m->sb->refs > 0);
	if (p->dentry != m->root)
		return -EINVAL;
	if (!may_change(at->who, m) || (m->locked & ~now))
		return not_its_own(at->who);
	if (!(flags & MS_BIND) && !m->null) {
		if ((now & MS_RDONLY) && !(m->sb->flags & MS_RDONLY) &&
		    has_writers(m->sb))
			return -EBUSY;
		if (!prison_sees(at->who->prison, m->sb->prison))
			return -EPERM;
		if (m->sb->ops->remount) {
			err = m->sb->ops->remount(m->sb, flags, options);
			if (err)
				return err;
		}
		m->sb->flags = (m->sb->flags & ~MS_RDONLY) | (now & MS_RDONLY);
	}
	m->flags = now;
	return 0;
}

/* A second mount of what `from` shows at dentry root. */
static int clone(const struct path_at *at, const struct mount *from,
		 struct dentry *root, const char *source, struct mount **out)
{
	struct prison *owner = at->who->prison;
	int err = mount_new(from->sb, root, source, from->flags, owner, out);

	if (err)
		return err;
	(*out)->locked = from->locked;
	if (!may_change(at->who, from))
		(*out)->locked |= from->flags & FLAGS_GUARD;
	return 0;
}

/* The mounts below `from`, as far as they are at or under dentry root, again
 * below copy. Parents come first, so each one's parent has its twin already. */
static int clone_below(const struct path_at *at, struct mount *from,
		       struct dentry *root, struct mount *copy)
{
	struct path top = { from, root };
	struct mount *m;

	from->twin = copy;
	for (m = mount_below(from, from); m; m = mount_below(from, m)) {
		struct path point = { m->parent, m->point };
		struct path to = { m->parent->twin, m->point };
		int err;

		m->twin = NULL;
		if (!to.mount || !path_below(&point, &top))
			continue;
		err = clone(at, m, m->root, m->source, &m->twin);
		if (err)
			return err;
		assert(m->parent != from || to.mount == copy);
		mount_attach(m->twin, &to);
	}
	return 0;
}

/* A nullfs's source is told as a path, a bind's as that of the mount. */
static int clone_null(const struct path_at *at, const struct path *from,
		      uint32_t flags, struct mount **out)
{
	char *buf = kmem_alloc(PATH_MAX), *name;
	int err = -ENOMEM;

	if (buf)
		err = path_name(from, &at->fs->root, buf, PATH_MAX, &name);
	if (!err)
		err = clone(at, from->mount, from->dentry, name, out);
	kmem_free(buf);
	if (err)
		return err;
	(*out)->null = true;
	(*out)->flags = flags_of(flags) | ((*out)->flags & FLAGS_GUARD);
	return 0;
}

/* null: a nullfs with these flags; else they stay those of the source. */
static int bind(const struct path_at *at, const struct path *p,
		const char *source, uint32_t flags, bool null)
{
	bool deep = !null && (flags & MS_REC);
	struct path from;
	struct mount *m;
	int err = path_walk(at, source, WALK_FOLLOW, &from, NULL);

	if (err)
		return err;
	err = -EINVAL;
	if (from.mount->nameless || from.mount->detached)
		goto out;
	err = check_place(p, from.dentry);
	if (!err && null)
		err = clone_null(at, &from, flags, &m);
	else if (!err)
		err = clone(at, from.mount, from.dentry, from.mount->source, &m);
	if (err)
		goto out;
	/* The copies first, or the new mount would be copied into itself. */
	if (deep)
		err = clone_below(at, from.mount, from.dentry, m);
	mount_attach(m, p);
	if (err)
		mount_detach(m);
out:
	path_drop(&from);
	return err;
}

static int move(const struct path_at *at, const struct path *p,
		const char *source)
{
	struct path from;
	int err = path_walk(at, source, WALK_FOLLOW, &from, NULL);

	if (err)
		return err;
	err = -EINVAL;
	if (from.dentry != from.mount->root || !from.mount->parent)
		goto out;
	if (!may_take_away(at->who, from.mount)) {
		err = not_its_own(at->who);
		goto out;
	}
	err = -ELOOP;
	if (path_below(p, &from))
		goto out;
	err = check_place(p, from.dentry);
	if (!err)
		mount_move(from.mount, p);
out:
	path_drop(&from);
	return err;
}

/* May a prison have a mount of this kind? */
static int check_allowed(const struct cred *who, const struct fs_type *t)
{
	if (who->prison == prison_host() || (who->prison->allow & t->jail_allow))
		return 0;
	prison_denied_allow(who, t->jail_allow, "mount", t->name, -EPERM);
	return -EPERM;
}

/* Who may not mount at all may not mount this type either: a prison that is to
 * let him needs both bits. */
static void note_type(const struct cred *who, const char *type)
{
	struct fs_type *t = who->euid == 0 ? super_type_find(type) : NULL;

	if (t)
		(void)!check_allowed(who, t);
}

static int mount_type(const struct path_at *at, const struct path *p,
		      const char *type, const char *source, uint32_t flags,
		      const char *options)
{
	struct fs_type *t = super_type_find(type);
	struct superblock *sb;
	struct mount *m;
	int err;

	if (!t)
		return -ENODEV;
	err = check_allowed(at->who, t);
	if (err)
		return err;
	if (t == &nullfs)
		return *options ? -EINVAL : bind(at, p, source, flags, true);
	if (t->mount_at)
		err = t->mount_at(t, at, source, flags, options, &sb);
	else
		err = t->mount(t, at->who, source, flags, options, &sb);
	if (err)
		return err;
	sb->flags |= flags & MS_RDONLY;
	assert(sb->root);
	err = mount_new(sb, NULL, source, flags_of(flags), at->who->prison, &m);
	vfs_superblock_drop(sb);
	if (err)
		return err;
	err = check_place(p, m->root);
	/* The same thing twice in one place is a mistake (mount(2): EBUSY). */
	if (!err && p->dentry == p->mount->root && p->mount->sb == m->sb)
		err = -EBUSY;
	if (err)
		mount_drop(m);
	else
		mount_attach(m, p);
	return err;
}

/*
 * mount(2). Sleeps. -EPERM, -ENODEV (no such type), -ENOTDIR, -EBUSY, -EINVAL,
 * -ELOOP, and what path_walk and the file system say.
 */
int mount_add(const struct path_at *at, const char *type, const char *source,
	      const char *point, uint32_t flags, const char *options)
{
	struct path p;
	int err;

	if ((flags & 0xffff0000u) == MOUNT_MAGIC)
		flags &= 0xffff;
	err = path_walk(at, point, WALK_FOLLOW, &p, NULL);
	if (err)
		return err;
	err = priv_check(at->who, PRIV_VFS_MOUNT);
	if (err) {
		note_type(at->who, flags & MS_BIND ? "nullfs" : type);
		goto out;
	}
	if (flags & MS_REMOUNT) {
		err = remount(at, &p, flags, options);
		goto out;
	}
	err = -EPERM;
	/* What is mounted there would hide the root from those who come later,
	 * and show them another (FreeBSD-SA-21:10). */
	if (path_is_prison_root(at->who, &p)) {
		prison_denied(at->who, "mount", "own-root", err);
		goto out;
	}
	if (flags & MS_BIND) {
		err = check_allowed(at->who, &nullfs);
		if (!err)
			err = bind(at, &p, source, flags, false);
	} else if (flags & FLAGS_PROPAGATION) {
		err = p.dentry == p.mount->root ? 0 : -EINVAL;
	} else if (flags & MS_MOVE) {
		err = move(at, &p, source);
	} else {
		err = mount_type(at, &p, type, source, flags, options);
	}
out:
	path_drop(&p);
	return err;
}

/* Somebody besides the tree and the one who asks uses it. */
static bool is_busy(const struct mount *m)
{
	return m->refs > 2 || !list_empty(&m->children);
}

/* umount2(2). Sleeps. -EPERM, -EINVAL (no mount point), -EBUSY. */
int mount_remove(const struct path_at *at, const char *point, unsigned flags)
{
	struct path p;
	struct mount *m;
	int err;

	if (flags & ~UMOUNT_FLAGS)
		return -EINVAL;
	if (flags & MNT_EXPIRE)	/* nothing here ages */
		return flags & (MNT_FORCE | MNT_DETACH) ? -EINVAL : -EAGAIN;
	err = priv_check(at->who, PRIV_VFS_UNMOUNT);
	if (err)
		return err;
	err = path_walk(at, point,
			flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &p, NULL);
	if (err)
		return err;
	m = p.mount;
	err = -EINVAL;
	if (p.dentry != m->root || m->nameless || m->detached)
		goto out;
	if (!may_take_away(at->who, m)) {
		err = not_its_own(at->who);
		goto out;
	}
	err = -EBUSY;
	if (!m->parent)
		goto out;
	if (m->sb->ops->sync && m->sb->ops->sync(m->sb))
		log_print(LOG_WARN, "umount: not all of %s was written\n",
			  m->source);
	if (m->detached || (!(flags & MNT_DETACH) && is_busy(m)))
		goto out;
	assert(m->parent && !m->nameless);
	mount_detach(m);
	err = 0;
out:
	path_drop(&p);
	return err;
}
