/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super.c - kinds of file systems, and the ones that are in use.
 *
 * A superblock is held by its mounts. When the last is gone, the cached names
 * go first, then the file system is told to put everything away.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/cache.h"
#include "kernel/fs/quota.h"

enum {	/* f_flags: the low bits are those of mount(2) */
	STATFS_VALID = 0x20, STATFS_RELATIME = 0x1000,
	STATFS_AS_MOUNT = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC |
			  MS_SYNCHRONOUS | MS_NOATIME | MS_NODIRATIME,
};

static struct list types = LIST_INIT(types);
static struct list supers = LIST_INIT(supers);
static uint32_t last_minor;	/* st_dev of file systems without a device */

void vfs_init(void)
{
	inode_init();
	icache_init();
	dentry_init();
	mount_init();
	file_init();
	nameless_init();
	prison_files_init();
	mount_ops_init();
	cache_init();
	share_init();
	ext2_init();
	overlay_init();
}

void vfs_register(struct fs_type *t)
{
	assert(!super_type_find(t->name));
	assert(t->name[0]);
	list_append(&types, &t->link);
}

/* Start with NULL. */
struct fs_type *vfs_type_next(struct fs_type *prev)
{
	struct list *l = prev ? prev->link.next : types.next;

	return l == &types ? NULL : list_entry(l, struct fs_type, link);
}

struct fs_type *super_type_find(const char *name)
{
	struct fs_type *t = NULL;

	while ((t = vfs_type_next(t)))
		if (!strcmp(t->name, name))
			return t;
	return NULL;
}

/* One reference, no root yet; who's prison pays for what lies in it. For
 * fs_type.mount, which sets root. -ENOMEM. */
int vfs_superblock_new(const struct fs_type *t, const struct superblock_ops *ops,
		       const struct cred *who, struct superblock **out)
{
	struct superblock *sb = kmem_zalloc(sizeof(*sb));

	assert((t->mount || t->mount_at) && ops);
	if (!sb)
		return -ENOMEM;
	sb->refs = 1;
	sb->type = t;
	sb->ops = ops;
	sb->dev = abi_dev(0, ++last_minor);
	list_init(&sb->inodes);
	sleep_lock_init(&sb->rename_lock);
	list_init(&sb->dirty);
	list_init(&sb->writes);
	list_append(&supers, &sb->link);
	sb->prison = who->prison;
	prison_hold(sb->prison);
	*out = sb;
	return 0;
}

struct superblock *super_pin_next(struct superblock *prev)
{
	struct list *l = prev ? prev->link.next : supers.next;
	struct superblock *found = NULL;

	for (; l != &supers && !found; l = l->next) {
		struct superblock *sb = list_entry(l, struct superblock, link);

		if (!sb->leaving)
			found = sb;
	}
	if (found)
		found->pins++;
	if (prev)
		cache_unpin(prev);
	return found;
}

bool super_any_dirty(void)
{
	list_each(l, &supers)
		if (!list_empty(&list_entry(l, struct superblock, link)->dirty))
			return true;
	return false;
}

/* sync(2): every file system; the first error, if any. Sleeps. */
int vfs_sync(void)
{
	int err = 0;

	for (struct superblock *sb = super_pin_next(NULL); sb; sb = super_pin_next(sb)) {
		int now = cache_sync_super(sb);

		if (!err)
			err = now;
	}
	return err;
}

/* syncfs(2). Sleeps. */
int vfs_sync_one(struct superblock *sb)
{
	assert(sb->refs > 0);
	return cache_sync_super(sb);
}

void super_hold(struct superblock *sb)
{
	assert(sb->refs > 0);
	sb->refs++;
}

/* statfs(2): what the fs says, and what is the same for all of them. */
int vfs_statfs(const struct path *p, const struct cred *who,
	       struct abi_statfs64 *out)
{
	struct superblock *sb = p->mount->sb;
	uint32_t flags = p->mount->flags | (sb->flags & MS_RDONLY);
	int err = 0;

	assert(sb->refs > 0);
	memset(out, 0, sizeof(*out));
	out->type = sb->type->magic;
	out->bsize = PAGE_SIZE;
	out->namelen = NAME_MAX;
	if (who->prison == prison_host())
		out->fsid[0] = sb->dev;
	if (sb->ops->statfs)
		err = sb->ops->statfs(sb, out);
	if (!out->frsize)
		out->frsize = out->bsize;
	share_statfs(sb, who, out);
	out->flags = STATFS_VALID | (flags & STATFS_AS_MOUNT);
	if (flags & MS_RELATIME)
		out->flags |= STATFS_RELATIME;
	return err;
}

/* Sleeps. */
void vfs_superblock_drop(struct superblock *sb)
{
	int err;

	assert(sb->refs > 0);
	if (--sb->refs)
		return;
	assert(sched_locked());
	quota_files_drop(sb);
	if (sb->root_dentry) {
		dentry_purge(sb->root_dentry);
		sb->root_dentry->unhashed = true; /* or it would be kept */
		dentry_drop(sb->root_dentry);
	}
	err = cache_sync_super(sb);
	if (err)
		log_print(LOG_ERROR, "%s: not all could be written: error %d",
			  sb->type->name, -err);
	sb->leaving = true;
	cache_leave(sb);
	if (sb->root)
		inode_drop(sb->root);
	inode_purge(sb);
	if (sb->ops->unmount)
		sb->ops->unmount(sb);
	assert(list_empty(&sb->inodes) && !sb->pins);
	quota_end(sb);
	list_remove(&sb->link);
	prison_drop(sb->prison);
	kmem_free(sb);
}
