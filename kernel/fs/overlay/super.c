/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super.c - mounting an overlay:
 *
 *	mount -t overlay overlay -o lowerdir=/a:/b,upperdir=/c[,workdir=/d] /m
 *
 * The options are Linux's. Without workdir= the work folder stands, hidden, in
 * upper; what a crash left in it goes at the next mount. Without upperdir= the
 * mount is read-only. The format in upper is Linux's but for opaque folders,
 * for which Linux has extended attributes and Brig a name.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/overlay/overlay.h"

enum { OVERLAY_MAGIC = 0x794c7630 };	/* statfs(2), as Linux */

static struct list overlays = LIST_INIT(overlays);

static void overlay_free(struct overlay *o)
{
	list_remove(&o->link);
	if (o->work.mount)
		path_drop(&o->work);
	if (o->upper.mount)
		path_drop(&o->upper);
	while (o->lower_count)
		path_drop(&o->lower[--o->lower_count]);
	kmem_free(o->lower);
	kmem_free(o->nodes);
	cred_drop(o->cred);
	kmem_free(o);
}

static int overlay_new(const struct cred *who, struct overlay **out)
{
	struct overlay *o = kmem_zalloc(sizeof(*o));

	if (!o)
		return -ENOMEM;
	list_init(&o->link);
	sleep_lock_init(&o->lock);
	o->cred = cred_hold(who);
	o->nodes = kmem_alloc(NODE_BUCKETS * sizeof(o->nodes[0]));
	if (!o->nodes) {
		overlay_free(o);
		return -ENOMEM;
	}
	for (unsigned n = 0; n < NODE_BUCKETS; n++)
		list_init(&o->nodes[n]);
	*out = o;
	return 0;
}

/* A folder whose names stay what they are when nobody changes them. */
static int walk_folder(const struct path_at *at, const char *name,
		       struct path *out)
{
	int err = path_walk(at, name, WALK_FOLLOW | WALK_DIRECTORY, out, NULL);
	const struct inode *i;

	if (err)
		return err;
	i = out->dentry->inode;
	if (i->sb->type->fleeting || i->ops->revalidate || !i->ops->lookup) {
		path_drop(out);
		return -EINVAL;
	}
	return 0;
}

/* "/a:/b": the uppermost first. text is cut to pieces. */
static int walk_lowers(struct overlay *o, const struct path_at *at, char *text)
{
	unsigned count = 1;
	char *next;
	int err = 0;

	for (const char *c = text; *c; c++)
		count += *c == ':';
	o->lower = kmem_alloc(count * sizeof(o->lower[0]));
	if (!o->lower)
		return -ENOMEM;
	for (; !err && text; text = next) {
		next = strchr(text, ':');
		if (next)
			*next++ = '\0';
		err = walk_folder(at, text, &o->lower[o->lower_count]);
		if (!err)
			o->lower_count++;
	}
	return err;
}

static bool overlap(const struct path *a, const struct path *b)
{
	return path_below(a, b) || path_below(b, a);
}

static int check_layers(const struct overlay *o)
{
	const struct inode *upper = o->upper.mount ? o->upper.dentry->inode : NULL;

	if (!o->lower_count)
		return -EINVAL;
	if (!upper)
		return 0;
	if (!upper->ops->create || !upper->ops->mkdir || !upper->ops->rename)
		return -EINVAL;
	for (unsigned n = 0; n < o->lower_count; n++)
		if (overlap(&o->upper, &o->lower[n]))
			return -EINVAL;
	list_each(l, &overlays) {
		const struct overlay *other = list_entry(l, struct overlay, link);

		if (other->upper.mount && other->upper.dentry == o->upper.dentry)
			return -EBUSY;
	}
	return 0;
}

/* The hidden one in upper. */
static int own_work(struct overlay *o)
{
	struct spec s = { .mode = S_IFDIR | 0700, .who = o->cred };
	int err = layer_lookup(&o->upper, WORK, sizeof(WORK) - 1, &o->work);

	if (err == -ENOENT)
		err = layer_make(&o->upper, WORK, sizeof(WORK) - 1, &s, &o->work);
	if (err) {
		o->work.mount = NULL;
		return err;
	}
	return S_ISDIR(o->work.dentry->inode->mode) ? 0 : -EINVAL;
}

static int begin_work(struct overlay *o)
{
	int err = 0;

	if (!o->upper.mount || mount_read_only(o->upper.mount))
		return o->work.mount ? -EINVAL : 0;
	if (!o->work.mount)
		err = own_work(o);
	else if (o->work.mount != o->upper.mount || overlap(&o->work, &o->upper))
		err = -EINVAL;
	if (err)
		return err;
	sleep_lock_take(&o->lock);
	err = layer_clear(o, &o->work);
	sleep_lock_release(&o->lock);
	return err;
}

static int parse_option(struct overlay *o, const struct path_at *at,
			const char *key, char *value)
{
	if (!strcmp(key, "lowerdir") && !o->lower)
		return walk_lowers(o, at, value);
	if (!strcmp(key, "upperdir") && !o->upper.mount)
		return walk_folder(at, value, &o->upper);
	if (!strcmp(key, "workdir") && !o->work.mount)
		return walk_folder(at, value, &o->work);
	return -EINVAL;
}

static int parse_options(struct overlay *o, const struct path_at *at,
			 const char *options)
{
	char *text = kmem_strdup(options), *key, *next, *value;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (key = text; key && *key && !err; key = next) {
		next = strchr(key, ',');
		if (next)
			*next++ = '\0';
		value = strchr(key, '=');
		err = -EINVAL;
		if (value) {
			*value++ = '\0';
			err = parse_option(o, at, key, value);
		}
	}
	kmem_free(text);
	return err;
}

/* --- the superblock ----------------------------------------------------------- */

static int overlay_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	struct overlay *o = sb->private;
	const struct path *p = o->upper.mount ? &o->upper : &o->lower[0];
	int err = vfs_statfs(p, o->cred, out);

	out->type = OVERLAY_MAGIC;
	return err;
}

static int overlay_super_sync(struct superblock *sb)
{
	struct overlay *o = sb->private;
	struct superblock *upper;

	if (!o->upper.mount)
		return 0;
	upper = o->upper.mount->sb;
	return upper->ops->sync ? upper->ops->sync(upper) : 0;
}

static int overlay_remount(struct superblock *sb, uint32_t flags,
			   const char *options)
{
	struct overlay *o = sb->private;

	(void)options;
	return (flags & MS_RDONLY) || o->work.mount ? 0 : -EROFS;
}

static void overlay_unmount(struct superblock *sb)
{
	overlay_free(sb->private);
}

static const struct superblock_ops overlay_super_ops = {
	.release_inode = node_release,
	.statfs = overlay_statfs,
	.sync = overlay_super_sync,
	.remount = overlay_remount,
	.unmount = overlay_unmount,
};

static int make_root(struct superblock *sb, struct overlay *o)
{
	struct found f = { .lower_count = o->lower_count };
	int err;

	f.lower = kmem_alloc(o->lower_count * sizeof(f.lower[0]));
	if (!f.lower)
		return -ENOMEM;
	for (unsigned n = 0; n < o->lower_count; n++) {
		f.lower[n] = o->lower[n];
		path_hold(&f.lower[n]);
	}
	if (o->upper.mount) {
		f.upper = o->upper;
		path_hold(&f.upper);
	}
	err = node_get(sb, NULL, NULL, 0, &f, &sb->root);
	kmem_free(f.lower);
	return err;
}

static int overlay_mount(const struct fs_type *t, const struct path_at *at,
			 const char *source, uint32_t flags,
			 const char *options, struct superblock **out)
{
	struct superblock *sb;
	struct overlay *o;
	int err = overlay_new(at->who, &o);

	(void)source, (void)flags;
	if (err)
		return err;
	err = parse_options(o, at, options);
	if (!err)
		err = check_layers(o);
	if (!err)
		err = begin_work(o);
	if (!err)
		err = vfs_superblock_new(t, &overlay_super_ops, at->who, &sb);
	if (err) {
		overlay_free(o);
		return err;
	}
	list_append(&overlays, &o->link);
	sb->private = o;
	sb->keeps_flags = (o->upper.mount ? &o->upper : &o->lower[0])
				  ->mount->sb->keeps_flags;
	if (!o->work.mount)
		sb->flags |= MS_RDONLY;
	err = make_root(sb, o);
	if (err)
		vfs_superblock_drop(sb);
	else
		*out = sb;
	return err;
}

static struct fs_type overlay_type = {
	.name = "overlay", .magic = OVERLAY_MAGIC, .stacked = true,
	.mount_at = overlay_mount,
};

void overlay_init(void)
{
	vfs_register(&overlay_type);
}
