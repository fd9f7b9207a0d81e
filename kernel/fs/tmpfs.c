/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs.c - files in memory: "tmpfs" with limits, "ramfs" without.
 *
 * A file's content is its vm_object and nothing else; its pages are paid for
 * by the prison of the mount, and counted against the mount's size when they
 * come into being, be it by a write or by a fault on a mapping.
 *
 * Invariant: an inode with nlink > 0 has one reference from here, the root
 * from its superblock. used_pages is the sum of all page_count.
 * Locks: the directory's inode->lock, held by the caller of every op.
 */
#include "kernel/fs/quota.h"
#include "kernel/fs/tmpfs.h"

enum {
	TMPFS_MAGIC = 0x01021994, RAMFS_MAGIC = 0x858458f6,	/* statfs(2) */
	INODE_COST = sizeof(struct inode) + 64, /* charged for each */
	ROOT_MODE = S_ISVTX | 0777,
};

struct tmpfs {				/* superblock->private */
	uint64_t max_pages, max_inodes;	/* 0: no limit */
	uint64_t used_pages, used_inodes;
	uint32_t mode, uid, gid;	/* of the root */
	bool users, groups;		/* have quotas */
};

static const struct inode_ops dir_inode_ops, file_inode_ops;

static struct tmpfs *tmpfs_of(const struct superblock *sb)
{
	return sb->private;
}

/* --- pages -------------------------------------------------------------- */

static int object_fill(struct vm_object *o, struct page *p, uint32_t index)
{
	struct inode *i = o->owner;
	struct tmpfs *t;
	int err;

	(void)index;
	if (!i)			/* the file is gone */
		return -EIO;
	t = tmpfs_of(i->sb);
	if (t->max_pages && t->used_pages >= t->max_pages)
		return -ENOSPC;
	err = quota_charge(i, PAGE_SIZE, 0);
	if (err)
		return err;
	assert(i->object == o);
	t->used_pages++;
	arch_page_zero(page_address(p));
	return 0;
}

static void object_release(struct vm_object *o)
{
	assert(!o->owner);	/* cut off in release_inode */
}

/* No dirty: nothing is written back, so no write need be noticed. */
static const struct vm_object_ops object_ops = {
	.fill = object_fill,
	.release = object_release,
};

static void pages_freed(struct inode *i, uint32_t n)
{
	struct tmpfs *t = tmpfs_of(i->sb);

	assert(t->used_pages >= n);
	t->used_pages -= n;
	quota_release(i, (uint64_t)n << PAGE_SHIFT, 0);
}

/* --- inodes ------------------------------------------------------------- */

static void release_inode(struct inode *i)
{
	struct tmpfs *t = tmpfs_of(i->sb);

	assert(t->used_inodes > 0);
	if (i->object) {
		pages_freed(i, i->object->page_count);
		vm_object_truncate(i->object, 0, 0);
		i->object->owner = NULL;
	}
	if (S_ISDIR(i->mode))
		tmpfs_dir_free(i);
	if (i->counted)
		quota_release(i, 0, 1);
	t->used_inodes--;
	racct_release(i->sb->prison, RACCT_KERNEL_MEMORY, INODE_COST);
}

/* A new inode of sb, held once; pays: whose prison the content is charged to.
 * -ENOSPC, -ENOMEM. */
static int make_inode(struct superblock *sb, uint32_t mode, uint32_t rdev,
		      struct prison *pays, struct inode **out)
{
	struct tmpfs *t = tmpfs_of(sb);
	struct inode *i;
	int err;

	if (t->max_inodes && t->used_inodes >= t->max_inodes)
		return -ENOSPC;
	if (racct_charge(sb->prison, RACCT_KERNEL_MEMORY, INODE_COST))
		return -ENOSPC;
	err = inode_new(sb, mode, &i);
	if (err) {
		racct_release(sb->prison, RACCT_KERNEL_MEMORY, INODE_COST);
		return err;
	}
	t->used_inodes++;
	i->ops = &file_inode_ops;
	i->rdev = rdev;
	if (S_ISREG(mode)) {
		err = vm_object_new(pays, &object_ops, i, &i->object);
		i->sparse = true;
	} else if (S_ISDIR(mode)) {
		i->ops = &dir_inode_ops;
		i->fops = &tmpfs_dir_ops;
		i->nlink = 2;
		err = tmpfs_dir_new(i, i);
	}
	if (err) {
		inode_drop(i);
		return err;
	}
	if (i->object)
		i->object->size_limit = 0;
	*out = i;
	return 0;
}

/* i, fresh from make_inode, is who's, and counts for its owner. -EDQUOT. */
static int own(struct inode *dir, struct inode *i, const struct cred *who)
{
	int err;

	inode_owner_set(i, dir, who);
	err = quota_charge(i, 0, 1);
	i->counted = !err;
	return err;
}

/* Names i, fresh from make_inode, in dir. On success its reference is the
 * link's and *out gets another; on failure it is dropped. */
static int place(struct inode *dir, const char *name, size_t len,
		 struct inode *i, const struct cred *who, struct inode **out)
{
	int err;

	assert(S_ISDIR(dir->mode) && dir->sb == i->sb);
	err = own(dir, i, who);
	if (!err)
		err = tmpfs_dir_add(tmpfs_dir_of(dir), name, len, i);
	if (err) {
		inode_drop(i);
		return err;
	}
	inode_hold(i);
	inode_touch_write(dir);
	*out = i;
	return 0;
}

/* One name less; the last takes the link's reference with it. The caller
 * holds i. */
static void unlinked(struct inode *i, unsigned links)
{
	assert(i->nlink >= links && i->refs > 1);
	assert(links > 0);
	i->nlink -= links;
	i->ctime = inode_now();
	if (!i->nlink)
		inode_drop(i);
}

static int tmpfs_lookup(struct inode *dir, const char *name, size_t len,
			struct inode **out)
{
	struct tmpfs_entry *e = tmpfs_dir_find(tmpfs_dir_of(dir), name, len);

	if (!e)
		return -ENOENT;
	inode_hold(e->inode);
	*out = e->inode;
	return 0;
}

static int tmpfs_create(struct inode *dir, const char *name, size_t len,
			uint32_t mode, uint32_t rdev, const struct cred *who,
			struct inode **out)
{
	struct inode *i;
	int err = make_inode(dir->sb, mode, rdev, dir->sb->prison, &i);

	return err ? err : place(dir, name, len, i, who, out);
}

static int tmpfs_mkdir(struct inode *dir, const char *name, size_t len,
		       uint32_t mode, const struct cred *who,
		       struct inode **out)
{
	struct inode *i;
	int err = make_inode(dir->sb, mode, 0, dir->sb->prison, &i);

	if (err)
		return err;
	tmpfs_dir_of(i)->parent = dir;
	err = place(dir, name, len, i, who, out);
	if (!err)
		dir->nlink++;
	return err;
}

static int tmpfs_symlink(struct inode *dir, const char *name, size_t len,
			 const char *target, const struct cred *who,
			 struct inode **out)
{
	struct inode *i;
	int err = make_inode(dir->sb, S_IFLNK | 0777, 0, dir->sb->prison, &i);

	if (err)
		return err;
	i->link = kmem_strdup(target);
	if (!i->link) {
		inode_drop(i);
		return -ENOSPC;
	}
	i->size = strlen(target);
	return place(dir, name, len, i, who, out);
}

static int tmpfs_tmpfile(struct inode *dir, uint32_t mode,
			 const struct cred *who, struct inode **out)
{
	int err = make_inode(dir->sb, mode, 0, dir->sb->prison, out);

	if (err)
		return err;
	err = own(dir, *out, who);
	if (err) {
		inode_drop(*out);
		return err;
	}
	assert(S_ISREG((*out)->mode) && (*out)->refs == 1);
	(*out)->nlink = 0;
	return 0;
}

static int tmpfs_link(struct inode *dir, const char *name, size_t len,
		      struct inode *to)
{
	int err = tmpfs_dir_add(tmpfs_dir_of(dir), name, len, to);

	assert(!S_ISDIR(to->mode) && to->sb == dir->sb);
	if (err)
		return err;
	if (to->nlink++ == 0)
		inode_hold(to);	/* an O_TMPFILE gets its first name */
	to->ctime = inode_now();
	inode_touch_write(dir);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t len,
			struct inode *victim)
{
	struct tmpfs_dir *d = tmpfs_dir_of(dir);
	struct tmpfs_entry *e = tmpfs_dir_find(d, name, len);

	assert(e && e->inode == victim);
	tmpfs_dir_remove(d, e);
	inode_touch_write(dir);
	unlinked(victim, 1);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *name, size_t len,
		       struct inode *victim)
{
	assert(S_ISDIR(victim->mode) && victim != dir);
	if (tmpfs_dir_of(victim)->count)
		return -ENOTEMPTY;
	assert(victim->nlink == 2 && dir->nlink > 2);
	victim->nlink--;	/* its own "." */
	dir->nlink--;		/* its ".." */
	return tmpfs_unlink(dir, name, len, victim);
}

static void set_parent(struct inode *what, struct inode *from, struct inode *to)
{
	if (!S_ISDIR(what->mode))
		return;
	tmpfs_dir_of(what)->parent = to;
	assert(from->nlink > 2);
	from->nlink--;
	to->nlink++;
}

static int tmpfs_rename(struct inode *from, const char *name, size_t len,
			struct inode *what, struct inode *to,
			const char *new_name, size_t new_len,
			struct inode *victim, bool exchange)
{
	struct tmpfs_entry *a = tmpfs_dir_find(tmpfs_dir_of(from), name, len);
	struct tmpfs_entry *b = tmpfs_dir_find(tmpfs_dir_of(to), new_name,
					       new_len);
	bool over_dir = victim && S_ISDIR(victim->mode) && !exchange;
	int err;

	assert(a && a->inode == what && !b == !victim);
	assert(from->sb == to->sb);
	if (over_dir && tmpfs_dir_of(victim)->count)
		return -ENOTEMPTY;
	if (!victim) {
		err = tmpfs_dir_add(tmpfs_dir_of(to), new_name, new_len, what);
		if (err)
			return err;
	} else {
		b->inode = what;
	}
	set_parent(what, from, to);
	if (exchange) {
		a->inode = victim;
		assert(victim && victim != what);
		set_parent(victim, to, from);
		victim->ctime = inode_now();
	} else {
		tmpfs_dir_remove(tmpfs_dir_of(from), a);
	}
	if (over_dir)
		to->nlink--;
	if (victim && !exchange)
		unlinked(victim, over_dir ? 2 : 1);
	what->ctime = inode_now();
	inode_touch_write(from);
	inode_touch_write(to);
	return 0;
}

static const struct inode_ops dir_inode_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
};
static const struct inode_ops file_inode_ops = { .pages_freed = pages_freed };

/* --- options ------------------------------------------------------------ */

/* "123", "64k", "10m", "1g", and with percent "50%" of RAM; bytes. */
static int parse_size(const char *s, uint64_t *out)
{
	static const char units[] = "kmg";
	char digits[24];
	struct page_stats ram;
	size_t n = strlen(s);
	unsigned shift = 0;
	char unit;

	if (!n || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, n + 1);
	unit = digits[n - 1];
	if (unit == '%' || (unit | 32) == 'k' || (unit | 32) == 'm' ||
	    (unit | 32) == 'g')
		digits[n - 1] = 0;
	if (str_to_u64(digits, 10, out))
		return -EINVAL;
	if (unit == '%') {
		page_stats_get(&ram);
		if (*out > 100)
			return -EINVAL;
		*out = div_u64(*out * ram.total, 100, NULL) << PAGE_SHIFT;
		return 0;
	}
	if (!digits[n - 1])
		shift = 10 * (strchr(units, unit | 32) - units + 1);
	if (*out > UINT64_MAX >> (shift + 1))
		return -EINVAL;
	*out <<= shift;
	return 0;
}

static int parse_id(const char *s, unsigned base, uint32_t most, uint32_t *out)
{
	uint64_t v;

	if (str_to_u64(s, base, &v) || v > most)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

static int parse_option(struct tmpfs *t, const char *key, const char *value)
{
	uint64_t v;

	if (!strcmp(key, "size")) {
		if (parse_size(value, &v))
			return -EINVAL;
		t->max_pages = (v + PAGE_MASK) >> PAGE_SHIFT;
		return 0;
	}
	if (!strcmp(key, "nr_blocks"))
		return parse_size(value, &t->max_pages);
	if (!strcmp(key, "nr_inodes"))
		return parse_size(value, &t->max_inodes);
	if (!strcmp(key, "mode"))
		return parse_id(value, 8, S_IALLUGO, &t->mode);
	if (!strcmp(key, "uid"))
		return parse_id(value, 10, UINT32_MAX - 1, &t->uid);
	if (!strcmp(key, "gid"))
		return parse_id(value, 10, UINT32_MAX - 1, &t->gid);
	if (quota_option(key, &t->users, &t->groups))
		return 0;
	if (!strcmp(key, "inode32") || !strcmp(key, "inode64") ||
	    !strcmp(key, "huge"))
		return 0;	/* Linux has a choice here; there is none */
	return -EINVAL;
}

/* "key=value,key,...". strict: an unknown key is an error. */
static int parse_options(struct tmpfs *t, const char *options, bool strict)
{
	char *text = kmem_strdup(options), *key, *next, *value;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (key = text; key && *key && !err; key = next) {
		next = strchr(key, ',');
		if (next)
			*next++ = 0;
		value = strchr(key, '=');
		if (value)
			*value++ = 0;
		err = parse_option(t, key, value ? value : "");
		if (!strict && strcmp(key, "mode"))
			err = 0;
	}
	kmem_free(text);
	return err;
}

/* --- superblocks -------------------------------------------------------- */

static int tmpfs_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	const struct tmpfs *t = tmpfs_of(sb);

	assert(!t->max_pages || t->used_pages <= t->max_pages);
	if (t->max_pages) {
		out->blocks = t->max_pages;
		out->bfree = out->bavail = t->max_pages - t->used_pages;
	}
	if (t->max_inodes) {
		out->files = t->max_inodes;
		out->ffree = t->max_inodes - t->used_inodes;
	}
	return 0;
}

static int tmpfs_remount(struct superblock *sb, uint32_t flags,
			 const char *options)
{
	struct tmpfs *t = tmpfs_of(sb), want = *t;
	int err = parse_options(&want, options,
				sb->type->magic == TMPFS_MAGIC);

	(void)flags;
	if (err)
		return err;
	if ((want.max_pages && want.max_pages < t->used_pages) ||
	    (want.max_inodes && want.max_inodes < t->used_inodes))
		return -EINVAL;
	t->max_pages = want.max_pages;
	t->max_inodes = want.max_inodes;
	return 0;
}

/* Only the link references are left. */
static void tmpfs_unmount(struct superblock *sb)
{
	struct tmpfs *t = tmpfs_of(sb);

	while (!list_empty(&sb->inodes)) {
		struct inode *i = list_entry(sb->inodes.next, struct inode,
					     sb_link);

		assert(i->refs == 1);
		inode_drop(i);
	}
	if (t)
		assert(!t->used_inodes && !t->used_pages);
	kmem_free(t);
	sb->private = NULL;
}

static void tmpfs_show_options(struct superblock *sb, char *to, size_t size)
{
	const struct tmpfs *t = tmpfs_of(sb);
	size_t n = 0;

	*to = 0;
	if (t->max_pages)
		n += str_format(to, size, ",size=%lluk",
				(unsigned long long)t->max_pages *
				(PAGE_SIZE / 1024));
	if (t->max_inodes && n < size)
		n += str_format(to + n, size - n, ",nr_inodes=%llu",
				(unsigned long long)t->max_inodes);
	if (t->mode != ROOT_MODE && n < size)
		str_format(to + n, size - n, ",mode=%o", t->mode);
}

static const struct superblock_ops tmpfs_super_ops = {
	.release_inode = release_inode,
	.statfs = tmpfs_statfs,
	.remount = tmpfs_remount,
	.unmount = tmpfs_unmount,
	.show_options = tmpfs_show_options,
};

static int tmpfs_mount(const struct fs_type *type, const struct cred *who,
		       const char *source, uint32_t flags, const char *options,
		       struct superblock **out)
{
	bool limited = type->magic == TMPFS_MAGIC;
	struct page_stats ram;
	struct superblock *sb;
	struct tmpfs *t;
	int err = vfs_superblock_new(type, &tmpfs_super_ops, who, &sb);

	(void)source, (void)flags;
	if (err)
		return err;
	t = sb->private = kmem_zalloc(sizeof(*t));
	err = -ENOMEM;
	if (!t)
		goto drop;
	sb->keeps_flags = true;
	t->mode = limited ? ROOT_MODE : 0755;
	if (limited) {		/* half of what there is, as Linux */
		page_stats_get(&ram);
		t->max_pages = t->max_inodes = ram.total / 2;
	}
	sb->counted = true;
	err = parse_options(t, options, limited);
	if (!err)
		err = quota_begin(sb, t->users, t->groups);
	if (!err)
		err = make_inode(sb, S_IFDIR | t->mode, 0, sb->prison,
				 &sb->root);
	if (err)
		goto drop;
	sb->root->uid = t->uid;
	sb->root->gid = t->gid;
	*out = sb;
	return 0;
drop:
	vfs_superblock_drop(sb);
	return err;
}

static struct fs_type tmpfs_type = {
	.name = "tmpfs", .magic = TMPFS_MAGIC, .mount = tmpfs_mount,
	.jail_allow = ALLOW_MOUNT_TMPFS,
};
static struct fs_type ramfs_type = {
	.name = "ramfs", .magic = RAMFS_MAGIC, .mount = tmpfs_mount,
	.jail_allow = ALLOW_MOUNT_TMPFS,
};

/* --- memory files ------------------------------------------------------- */

static struct mount *memory_mount;	/* of a ramfs that no path leads to */

/*
 * A file of size bytes that no path leads to, open for reading and writing;
 * its pages are paid for by who's prison. name is only shown. -ENFILE,
 * -ENOSPC, -ENOMEM.
 */
int tmpfs_new_file(const struct cred *who, const char *name, off64 size,
		   struct file **out)
{
	struct file *f;
	struct inode *i;
	int err = file_alloc(who, O_RDWR | O_LARGEFILE, &f);

	if (err)
		return err;
	err = make_inode(memory_mount->sb, S_IFREG | 0777, 0, who->prison, &i);
	if (err)
		goto free_file;
	i->nlink = 0;
	i->uid = who->fsuid;
	i->gid = who->fsgid;
	err = dentry_unnamed(memory_mount->root, name, i, &f->path.dentry);
	if (err) {
		inode_drop(i);
		goto free_file;
	}
	mount_hold(memory_mount);
	f->path.mount = memory_mount;
	inode_hold(i);
	f->inode = i;
	f->ops = &file_regular_ops;
	i->writers++;
	f->wrote = true;
	regular_size_set(i, size);
	*out = f;
	return 0;
free_file:
	file_unalloc(f);
	return err;
}

void tmpfs_init(void)
{
	assert(!memory_mount);
	vfs_register(&tmpfs_type);
	vfs_register(&ramfs_type);
	if (mount_nameless(&ramfs_type, &memory_mount))
		panic("no memory for the memory files");
}
