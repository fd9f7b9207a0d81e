/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mount.c - the tree of mounts: which superblock's names continue where.
 *
 * A mount hangs on a (mount, dentry) pair; one dentry may be a mount point in
 * several mounts (binds), so the pair is the key of the table.
 *
 * Invariant: a mount in the tree has one reference for being there and holds
 * its parent and its point, whose `mounted` counts it. A detached one has
 * neither parent nor point and lives for those who are still inside.
 *
 * Locks: the kernel lock; nothing here sleeps between looking and changing.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/inner.h"

enum { MOUNT_BUCKETS = 256 };

static struct list buckets[MOUNT_BUCKETS];
static struct list mounts = LIST_INIT(mounts);	/* by age */
static struct mount *root_mount;
static int last_id;

void mount_init(void)
{
	for (unsigned b = 0; b < MOUNT_BUCKETS; b++)
		list_init(&buckets[b]);
}

static struct list *bucket_of(const struct mount *m, const struct dentry *d)
{
	uint32_t h = hash_u32((uint32_t)m ^ ((uint32_t)d >> 3));

	return &buckets[h % MOUNT_BUCKETS];
}

struct mount *mount_find(const struct mount *parent, const struct dentry *point)
{
	list_each(l, bucket_of(parent, point)) {
		struct mount *m = list_entry(l, struct mount, hash_link);

		if (m->parent == parent && m->point == point)
			return m;
	}
	return NULL;
}

struct mount *mount_of_device(uint32_t number)
{
	list_each(l, &mounts) {
		struct mount *m = list_entry(l, struct mount, link);

		if (m->sb->disk && m->sb->dev == number)
			return m;
	}
	return NULL;
}

struct mount *mount_global(void)
{
	return root_mount;
}

/* A mount with the text of its source behind it. */
static size_t size_of(const char *source)
{
	return sizeof(struct mount) + strlen(source) + 1;
}

/* In no place yet, one reference, paid by owner. root NULL: the superblock's. -ENOMEM. */
int mount_new(struct superblock *sb, struct dentry *root, const char *source,
	      uint32_t flags, struct prison *owner, struct mount **out)
{
	struct mount *m;

	assert(sb->root);
	assert(sb->refs > 0 && owner);
	if (!sb->root_dentry && dentry_root(sb->root, &sb->root_dentry))
		return -ENOMEM;
	m = charged_alloc(owner, size_of(source));
	if (!m)
		return -ENOMEM;
	memset(m, 0, sizeof(*m));
	m->source = (char *)(m + 1);
	memcpy(m->source, source, strlen(source) + 1);
	m->refs = 1;
	m->id = ++last_id;
	m->sb = sb;
	super_hold(sb);
	m->root = root ? root : sb->root_dentry;
	assert(m->root->inode->sb == sb);
	dentry_hold(m->root);
	m->flags = flags;
	m->prison = owner;
	prison_hold(owner);
	list_init(&m->link);
	list_init(&m->children);
	list_init(&m->sibling);
	list_init(&m->hash_link);
	*out = m;
	return 0;
}

/* Sleeps. */
void mount_drop(struct mount *m)
{
	struct prison *owner;

	assert(m->refs > 0);
	if (--m->refs)
		return;
	assert(!m->parent && list_empty(&m->children));
	assert(list_empty(&m->hash_link));
	assert(!m->point && m != root_mount);
	dentry_drop(m->root);
	vfs_superblock_drop(m->sb);
	owner = m->prison;
	charged_free(owner, m, size_of(m->source));
	prison_drop(owner);
}

/* Puts m on a place; takes over the reference of m. */
void mount_attach(struct mount *m, const struct path *at)
{
	assert(!m->parent && !m->nameless);
	assert(list_empty(&m->hash_link));
	assert(m->refs > 0);
	m->parent = at->mount;
	m->point = at->dentry;
	path_hold(at);
	m->point->mounted++;
	m->detached = false;
	list_push(bucket_of(m->parent, m->point), &m->hash_link);
	list_append(&m->parent->children, &m->sibling);
	if (list_empty(&m->link))
		list_append(&mounts, &m->link);
}

/* Out of the table only, for a move; *was gets its place, still held. */
static void unhook(struct mount *m, struct path *was)
{
	*was = (struct path){ m->parent, m->point };
	assert(was->mount && was->dentry->mounted > 0);
	assert(was->mount->refs > 0 && was->dentry->refs > 0);
	was->dentry->mounted--;
	list_remove(&m->hash_link);
	list_remove(&m->sibling);
	m->parent = NULL;
	m->point = NULL;
}

/* To another place, with all that is mounted below it. Sleeps. */
void mount_move(struct mount *m, const struct path *to)
{
	struct path was;

	assert(m->parent && !m->detached);
	unhook(m, &was);
	mount_attach(m, to);
	path_drop(&was);
}

/* m and all below it leave the tree; who is inside may stay. Sleeps. */
void mount_detach(struct mount *m)
{
	assert(m != root_mount);
	mount_hold(m);
	while (m->parent) {	/* else another has done it meanwhile */
		struct mount *leaf = m;
		struct path was;

		while (!list_empty(&leaf->children))
			leaf = list_entry(leaf->children.next, struct mount,
					  sibling);
		assert(leaf->refs > 0 && !leaf->detached);
		unhook(leaf, &was);
		list_remove(&leaf->link);
		leaf->detached = true;
		mount_drop(leaf);
		path_drop(&was);
	}
	mount_drop(m);
}

/* The mounts below top, parents first; start with top itself. NULL: no more. */
struct mount *mount_below(struct mount *top, struct mount *prev)
{
	if (!list_empty(&prev->children))
		return list_entry(prev->children.next, struct mount, sibling);
	while (prev != top) {
		if (prev->sibling.next != &prev->parent->children)
			return list_entry(prev->sibling.next, struct mount,
					  sibling);
		prev = prev->parent;
	}
	return NULL;
}

/* --- who sees which (enforce_statfs, FreeBSD's prison_canseemount) ------- */

enum { STATFS_ALL = 0, STATFS_BELOW = 1 };

/* The mount that holds the root of a prison, wherever in it the root lies. */
static bool holds_root(const struct cred *who, const struct mount *m)
{
	const struct path *root = who->prison->slot[PRISON_SLOT_ROOT];

	return root && root->mount == m;
}

bool mount_visible(const struct cred *who, const struct fs_context *fs,
		   const struct mount *m)
{
	struct path p = { (struct mount *)m, m->root };

	if (who->prison == prison_host())
		return path_below(&p, &fs->root);
	if (holds_root(who, m) || who->prison->enforce_statfs == STATFS_ALL)
		return who->prison->slot[PRISON_SLOT_ROOT];
	return who->prison->enforce_statfs == STATFS_BELOW &&
	       path_below(&p, &fs->root) && path_in_prison(who, &p);
}

/* A prison that sees all sees it with the host's names, as in FreeBSD. */
const char *mount_spell(const struct cred *who, const struct fs_context *fs,
			struct mount *m, char *buf, size_t size)
{
	struct path p = { m, m->root }, top = { root_mount, root_mount->root };
	bool jailed = who->prison != prison_host();
	char *name;

	if (jailed && who->prison->enforce_statfs == STATFS_ALL) {
		if (path_name(&p, &top, buf, size, &name))
			return "/";
	} else if ((jailed && holds_root(who, m)) ||
		   path_name(&p, &fs->root, buf, size, &name)) {
		return "/";
	}
	return name;
}

/* Held; prev is dropped. One that was detached meanwhile ends the walk. */
struct mount *mount_next(const struct cred *who, const struct fs_context *fs,
			 struct mount *prev)
{
	struct list *l = prev ? prev->link.next : mounts.next;
	struct mount *found = NULL;

	assert(!prev || prev->refs > 0);
	if (prev && list_empty(&prev->link))
		l = &mounts;
	for (; l != &mounts; l = l->next) {
		struct mount *m = list_entry(l, struct mount, link);

		if (mount_visible(who, fs, m)) {
			found = m;
			mount_hold(m);
			break;
		}
	}
	if (prev)
		mount_drop(prev);
	return found;
}

/* What a prison mounted goes with it, and what others mounted on that. Those
 * who are still inside (outsiders only) stay until they leave. */
void mount_prison_gone(const struct prison *p)
{
	struct list *l = mounts.next;

	while (l != &mounts) {
		struct mount *m = list_entry(l, struct mount, link);

		l = l->next;
		if (m->prison != p || !m->parent)
			continue;
		mount_detach(m);
		l = mounts.next;	/* it slept */
	}
}

/* --- mounts that the kernel makes for itself ---------------------------- */

static int mount_plain(const struct fs_type *t, const char *source,
		       const char *options, struct mount **out)
{
	struct cred *who = cred_host_root();
	struct superblock *sb;
	int err;

	if (!who)
		return -ENOMEM;
	err = t->mount(t, who, source, 0, options, &sb);
	if (!err) {
		err = mount_new(sb, NULL, source, MS_RELATIME, who->prison, out);
		vfs_superblock_drop(sb);
	}
	cred_drop(who);
	return err;
}

/* At boot, until it works: the mount that everything else hangs below. Sleeps.
 * -ENODEV: no such type; what the type's mount says. */
int mount_root_init(const char *type, const char *source, const char *options)
{
	struct fs_type *t = super_type_find(type);
	int err;

	assert(!root_mount);
	if (!t)
		return -ENODEV;
	err = mount_plain(t, source, options, &root_mount);
	if (!err)
		list_append(&mounts, &root_mount->link);
	return err;
}

int mount_nameless(const struct fs_type *t, struct mount **out)
{
	int err = mount_plain(t, t->name, "", out);

	assert(t->name && t->mount);
	if (!err)
		(*out)->nameless = true;
	return err;
}

/* A file system that no path leads to; its mount is kept for ever. */
int mount_kernel(const char *type, struct superblock **out)
{
	struct fs_type *t = super_type_find(type);
	struct mount *m;
	int err;

	if (!t)
		return -ENODEV;
	err = mount_nameless(t, &m);
	if (!err)
		*out = m->sb;
	return err;
}
