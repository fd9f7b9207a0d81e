/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inode.c - the thing behind a name: its life, its times, and who may use it.
 *
 * An inode lives while somebody holds a reference. A file system that keeps
 * its files in memory holds one for every inode that still has a link; those
 * of a disk are kept longer by icache.c.
 *
 * Permission is decided here and nowhere else: first the nine mode bits by
 * the asker's fsuid, fsgid and groups, then one privilege for each want that
 * the modes deny. The host and a prison go through the same lines.
 *
 * Locks: the kernel lock; content and attributes change under inode->lock.
 */
#include "kernel/fs/cache.h"

static struct kmem_cache *inode_cache;

enum { RELATIME_DAY = 24 * 60 * 60 };

void inode_init(void)
{
	inode_cache = kmem_cache_new("inode", sizeof(struct inode), 16);
	if (!inode_cache)
		panic("no memory for the inode cache");
}

int64_t inode_now(void)
{
	return timer_realtime_ns();
}

/* A held inode of type and permissions `mode`, owned by root, one link, a
 * fresh number, all times now. The caller sets ops. -ENOMEM. */
int inode_new(struct superblock *sb, uint32_t mode, struct inode **out)
{
	struct inode *i = kmem_cache_zalloc(inode_cache);

	assert(sb->refs > 0);
	if (!i)
		return -ENOMEM;
	i->refs = 1;
	i->sb = sb;
	i->ino = ++sb->next_ino;
	i->mode = mode;
	i->nlink = 1;
	i->atime = i->mtime = i->ctime = i->btime = inode_now();
	sleep_lock_init(&i->lock);
	list_init(&i->locks);
	list_init(&i->flocks);
	list_init(&i->hash_link);
	list_init(&i->lru);
	list_init(&i->dirty_link);
	list_init(&i->writes);
	list_append(&sb->inodes, &i->sb_link);
	*out = i;
	return 0;
}

/* Sleeps. */
void inode_drop(struct inode *i)
{
	assert(i->refs > 0);
	if (--i->refs)
		return;
	assert(list_empty(&i->locks) && list_empty(&i->flocks));
	assert(!i->lock.owner);
	assert(!i->writers && !i->fifo && !i->alias);
	inode_unused(i);
}

/* It leaves memory: nobody has a reference, others wait until it is gone.
 * Sleeps if it has no links. */
void inode_free(struct inode *i)
{
	assert(i->dying && !i->refs);
	if (is_cached(i))
		cache_drop(i);
	if (i->sb->ops->release_inode)
		i->sb->ops->release_inode(i);
	inode_forget(i);
	list_remove(&i->dirty_link);
	list_remove(&i->sb_link);
	if (i->object)
		vm_object_drop(i->object);
	kmem_free(i->link);
	kmem_cache_free(inode_cache, i);
}

/* Access time by the mount's rule; relatime unless told otherwise: only when
 * it is not later than the last change, or a day old (mount(2)). */
void inode_touch_read(struct inode *i, const struct mount *m)
{
	uint32_t flags = m->flags | i->sb->flags;
	int64_t now;

	if ((flags & (MS_NOATIME | MS_RDONLY)) || (i->flags & FS_NOATIME_FL))
		return;
	if ((flags & MS_NODIRATIME) && S_ISDIR(i->mode))
		return;
	now = inode_now();
	if (!(flags & MS_STRICTATIME) && i->atime > i->mtime &&
	    i->atime > i->ctime &&
	    now - i->atime < (int64_t)RELATIME_DAY * NS_PER_SEC)
		return;
	i->atime = now;
	inode_dirty_set(i, INODE_DIRTY_TIMES);
}

void inode_touch_write(struct inode *i)
{
	i->mtime = i->ctime = inode_now();
	inode_dirty_set(i, INODE_DIRTY_TIMES);
}

/* The one privilege that makes up for what the modes deny. 0 or -EPERM. */
static int privilege_for(const struct inode *i, const struct cred *who,
			 unsigned missing)
{
	int err = 0;

	if (missing & R_OK)
		err = priv_check(who, PRIV_VFS_READ);
	if (!err && (missing & W_OK))
		err = priv_check(who, PRIV_VFS_WRITE);
	if (err || !(missing & X_OK))
		return err;
	if (S_ISDIR(i->mode))
		return priv_check(who, PRIV_VFS_LOOKUP);
	/* Nobody runs a file that has no execute bit at all. */
	return i->mode & S_IXUGO ? priv_check(who, PRIV_VFS_EXEC) : -EPERM;
}

/* want: bits of R_OK W_OK X_OK. -EACCES, -EPERM (immutable), or what the fs's
 * hook says. */
int inode_permission(struct inode *i, const struct cred *who, unsigned want)
{
	unsigned bits = i->mode;
	unsigned missing;

	assert(!(want & ~(R_OK | W_OK | X_OK)));
	if ((want & W_OK) && unlikely(i->flags & FS_IMMUTABLE_FL))
		return -EPERM;
	if (inode_owned(i, who))
		bits >>= 6;
	else if (cred_in_group(who, i->gid))
		bits >>= 3;
	missing = want & ~bits;
	if (missing && privilege_for(i, who, missing))
		return -EACCES;
	if (i->ops && i->ops->permission)
		return i->ops->permission(i, who, want);
	return 0;
}

/* In a sticky directory only the owner of a file or of the directory, or a
 * privilege, may take a name away. */
bool inode_sticky(const struct inode *dir, const struct inode *victim,
		  const struct cred *who)
{
	assert(S_ISDIR(dir->mode));
	if (!(dir->mode & S_ISVTX))
		return false;
	if (inode_owned(victim, who) || inode_owned(dir, who))
		return false;
	return priv_check(who, PRIV_VFS_STICKYFILE) != 0;
}

/* Owner of a new inode: the maker; the group by a set-gid directory, which a
 * new directory inherits, bit and all (mkdir(2), open(2)). */
void inode_owner_set(struct inode *i, struct inode *dir, const struct cred *who)
{
	assert(S_ISDIR(dir->mode));
	inode_flags_inherit(i, dir);
	inode_set_id_note(i, who);
	i->uid = who->fsuid;
	i->gid = who->fsgid;
	if (!(dir->mode & S_ISGID))
		return;
	i->gid = dir->gid;
	if (S_ISDIR(i->mode))
		i->mode |= S_ISGID;
	else if ((i->mode & (S_ISGID | 010)) == (S_ISGID | 010) &&
		 !cred_in_group(who, i->gid) &&
		 !priv_has(who, PRIV_VFS_SETGID))
		i->mode &= ~S_ISGID;
}

/* -ETXTBSY while somebody has it open for writing. */
int inode_running_begin(struct inode *i)
{
	assert(i->refs > 0);
	if (i->writers > 0)
		return -ETXTBSY;
	i->writers--;
	return 0;
}

void inode_running_end(struct inode *i)
{
	assert(i->writers < 0);
	assert(i->refs > 0);
	i->writers++;
}
