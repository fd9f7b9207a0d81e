/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devpts.c - the file system "devpts": the slaves of ptys as files.
 *
 * Each mount has numbers of its own, from 0 up: a jail that mounts one sees
 * its ptys and no others. Opening the file ptmx in it makes a pty and, for as
 * long as its master is open, the file N. Options: mode= uid= gid= ptmxmode=
 * max=, octal and decimal; newinstance is accepted, it is always so.
 *
 * Invariant: slot[n] is taken from the birth of a pty until its last
 * reference is gone; its inode is there only while the name is.
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum {
	DEVPTS_MAGIC = 0x1cd1, PTS_MAX = 4096, SLOTS_FIRST = 16,
	ROOT_INO_OFFSET = 3, NAME_SIZE = 12,
};

struct pts_slot {
	bool taken;
	struct inode *inode;	/* held; NULL: no name (any more) */
};
struct pts_mount {
	uint32_t refs;		/* the superblock, and each pty */
	struct superblock *sb;	/* NULL once unmounted */
	struct inode *ptmx;	/* held by the superblock's life */
	struct pts_slot *slot;
	unsigned slots, first_free, max;
	uint32_t mode, ptmx_mode, uid, gid;
	bool uid_set, gid_set;
};

static struct fs_type devpts;
static const struct inode_ops root_ops, node_ops;
static const struct file_ops root_file_ops;

void devpts_put(struct pts_mount *m)
{
	assert(m->refs > 0);
	if (--m->refs)
		return;
	kmem_free(m->slot);
	kmem_free(m);
}

bool devpts_node(const struct inode *i, struct pty **pty, bool *ptmx)
{
	struct pts_mount *m = i->sb->private;

	if (i->sb->type != &devpts)
		return false;
	assert(m);
	*ptmx = i == m->ptmx;
	*pty = *ptmx ? NULL : i->private;
	return true;
}

/* A ptmx node elsewhere (mknod c 5 2) means what is mounted on /dev/pts, as
 * its opener sees it. */
int devpts_of(struct file *f, struct pts_mount **out)
{
	struct proc *me = thread_current()->proc;
	struct path_at at = { f->cred, me->fs, AT_FDCWD, me->files };
	struct path p;
	int err;

	if (f->inode->sb->type == &devpts) {
		*out = f->inode->sb->private;
		(*out)->refs++;
		return 0;
	}
	if (!me->fs)
		return -ENODEV;
	err = path_walk(&at, "/dev/pts", WALK_FOLLOW, &p, NULL);
	if (err)
		return -ENODEV;
	if (p.mount->sb->type == &devpts) {
		*out = p.mount->sb->private;
		(*out)->refs++;
	} else {
		err = -ENODEV;
	}
	path_drop(&p);
	return err;
}

/* --- numbers and nodes ----------------------------------------------- */

static int grow(struct pts_mount *m)
{
	unsigned n = m->slots ? m->slots * 2 : SLOTS_FIRST;
	struct pts_slot *to;

	assert(m->first_free == m->slots);
	if (m->slots >= m->max)
		return -ENOSPC;
	to = kmem_zalloc(n * sizeof(*to));
	if (!to)
		return -ENOMEM;
	if (m->slots)
		memcpy(to, m->slot, m->slots * sizeof(*to));
	kmem_free(m->slot);
	m->slot = to;
	m->slots = n;
	return 0;
}

/* The lowest free number. */
static int choose(struct pts_mount *m, unsigned *index)
{
	int err;

	while (m->first_free < m->slots && m->slot[m->first_free].taken)
		m->first_free++;
	if (m->first_free >= m->max)
		return -ENOSPC;
	if (m->first_free == m->slots) {
		err = grow(m);
		if (err)
			return err;
	}
	assert(m->first_free < m->slots);
	*index = m->first_free;
	return 0;
}

static size_t name_of(unsigned index, char name[NAME_SIZE])
{
	return str_format(name, NAME_SIZE, "%u", index);
}

/* On success the pty holds m until devpts_free. */
int devpts_add(struct pts_mount *m, const struct cred *who, struct pty *p,
	       unsigned *index)
{
	char name[NAME_SIZE];
	struct inode *i;
	unsigned n = 0;
	int err;

	if (!m->sb)
		return -ENODEV;
	err = choose(m, &n);
	if (err)
		return err;
	err = inode_new(m->sb, S_IFCHR | m->mode, &i);
	if (err)
		return err;
	i->ops = &node_ops;
	i->rdev = abi_dev(MAJOR_PTS + (n >> 8), n & 0xff);
	i->uid = m->uid_set ? m->uid : who->fsuid;
	i->gid = m->gid_set ? m->gid : who->fsgid;
	i->private = p;
	assert(!m->slot[n].taken && !m->slot[n].inode);
	m->slot[n].taken = true;
	m->slot[n].inode = i;
	m->refs++;
	*index = n;
	dentry_forget(m->sb->root, name, name_of(n, name));
	return 0;
}

/* The name goes; whoever has the slave open keeps it. */
void devpts_hide(struct pts_mount *m, unsigned index)
{
	struct inode *i = m->slot[index].inode;
	char name[NAME_SIZE];

	assert(index < m->slots);
	if (!i)
		return;
	m->slot[index].inode = NULL;
	i->private = NULL;
	i->nlink = 0;
	if (m->sb)
		dentry_forget(m->sb->root, name, name_of(index, name));
	inode_drop(i);
}

void devpts_free(struct pts_mount *m, unsigned index)
{
	assert(m->slot[index].taken && !m->slot[index].inode);
	assert(index < m->slots);
	m->slot[index].taken = false;
	if (index < m->first_free)
		m->first_free = index;
	devpts_put(m);
}

/* --- the directory --------------------------------------------------- */

static int pts_lookup(struct inode *dir, const char *name, size_t len,
		      struct inode **out)
{
	struct pts_mount *m = dir->sb->private;
	unsigned n = 0;

	if (len == 4 && !memcmp(name, "ptmx", 4)) {
		*out = m->ptmx;
		inode_hold(*out);
		return 0;
	}
	if (len > 5 || (len > 1 && name[0] == '0'))
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		n = n * 10 + (unsigned)(name[i] - '0');
	}
	if (n >= m->slots || !m->slot[n].inode)
		return -ENOENT;
	*out = m->slot[n].inode;
	inode_hold(*out);
	return 0;
}

/* Positions: 0 ".", 1 "..", 2 "ptmx", then 3 + number. */
static int pts_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct pts_mount *m = f->inode->sb->private;
	char name[NAME_SIZE];

	if (f->pos == 0) {
		if (!emit(ctx, ".", 1, f->inode->ino, DT_DIR, 1))
			return 0;
		f->pos = 1;
	}
	if (f->pos == 1) {
		if (!emit(ctx, "..", 2, f->inode->ino, DT_DIR, 2))
			return 0;
		f->pos = 2;
	}
	if (f->pos == 2) {
		if (!emit(ctx, "ptmx", 4, m->ptmx->ino, DT_CHR, 3))
			return 0;
		f->pos = 3;
	}
	for (; f->pos - ROOT_INO_OFFSET < m->slots; f->pos++) {
		unsigned n = f->pos - ROOT_INO_OFFSET;
		struct inode *i = m->slot[n].inode;

		if (!i || !pty_visible(i->private, f->cred))
			continue;
		if (!emit(ctx, name, name_of(n, name), i->ino, DT_CHR,
			  f->pos + 1))
			return 0;
	}
	return 0;
}

/* Another prison's pty does not exist. */
static int pts_permission(struct inode *i, const struct cred *who, unsigned want)
{
	(void)want;
	if (i->private && !pty_visible(i->private, who))
		return -ENOENT;
	return 0;
}

static const struct inode_ops root_ops = {
	.lookup = pts_lookup,
};
static const struct inode_ops node_ops = {
	.permission = pts_permission,
};
static const struct file_ops root_file_ops = {
	.read_dir = pts_read_dir,
};

/* --- the mount ------------------------------------------------------- */

static int set_option(struct pts_mount *m, const char *name, size_t len,
		      const char *value)
{
	bool octal = len >= 4 && !memcmp(name + len - 4, "mode", 4);
	uint64_t v = 0;

	if (len == 11 && !memcmp(name, "newinstance", 11))
		return 0;
	if (!value || str_to_u64(value, octal ? 8 : 10, &v) || v > UINT32_MAX)
		return -EINVAL;
	if (len == 4 && !memcmp(name, "mode", 4)) {
		m->mode = v & S_IALLUGO;
	} else if (len == 8 && !memcmp(name, "ptmxmode", 8)) {
		m->ptmx_mode = v & S_IALLUGO;
	} else if (len == 3 && !memcmp(name, "uid", 3)) {
		m->uid = v;
		m->uid_set = true;
	} else if (len == 3 && !memcmp(name, "gid", 3)) {
		m->gid = v;
		m->gid_set = true;
	} else if (len == 3 && !memcmp(name, "max", 3) && v <= PTS_MAX) {
		m->max = v;
	} else {
		return -EINVAL;
	}
	return 0;
}

/* "mode=620,gid=5" */
static int parse_options(struct pts_mount *m, const char *options)
{
	char *copy = kmem_strdup(options), *word = copy, *next;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	for (; !err && word; word = next) {
		char *value;

		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		if (!*word)
			continue;
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		err = set_option(m, word, strlen(word), value);
	}
	kmem_free(copy);
	return err;
}

/* The last names go with the mount; ptys that are open live on. */
static void pts_unmount(struct superblock *sb)
{
	struct pts_mount *m = sb->private;

	assert(m->sb == sb && m->refs > 0);
	m->sb = NULL;
	for (unsigned n = 0; n < m->slots; n++)
		devpts_hide(m, n);
	if (m->ptmx)
		inode_drop(m->ptmx);
	m->ptmx = NULL;
	devpts_put(m);
}

static int pts_remount(struct superblock *sb, uint32_t flags, const char *options)
{
	struct pts_mount *m = sb->private;
	int err = parse_options(m, options);

	(void)flags;
	if (!err)
		m->ptmx->mode = S_IFCHR | m->ptmx_mode;
	return err;
}

static int pts_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	out->type = sb->type->magic;
	out->bsize = out->frsize = PAGE_SIZE;
	out->namelen = NAME_MAX;
	return 0;
}

static void pts_show_options(struct superblock *sb, char *to, size_t size)
{
	struct pts_mount *m = sb->private;
	int n = 0;

	if (m->gid_set)
		n = str_format(to, size, ",gid=%u", m->gid);
	str_format(to + n, size - n, ",mode=%03o,ptmxmode=%03o", m->mode,
		   m->ptmx_mode);
}

static const struct superblock_ops super_ops = {
	.unmount = pts_unmount, .remount = pts_remount, .statfs = pts_statfs,
	.show_options = pts_show_options,
};

static int make_inodes(struct superblock *sb, struct pts_mount *m)
{
	int err = inode_new(sb, S_IFDIR | 0755, &sb->root);

	if (err)
		return err;
	sb->root->ops = &root_ops;
	sb->root->fops = &root_file_ops;
	sb->root->nlink = 2;
	err = inode_new(sb, S_IFCHR | m->ptmx_mode, &m->ptmx);
	if (err)
		return err;
	m->ptmx->ops = &node_ops;
	m->ptmx->rdev = abi_dev(MAJOR_TTYAUX, 2);
	return 0;
}

static int pts_mount(const struct fs_type *t, const struct cred *who,
		     const char *source, uint32_t flags, const char *options,
		     struct superblock **out)
{
	struct superblock *sb;
	struct pts_mount *m;
	int err;

	(void)source;
	(void)flags;
	m = kmem_zalloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->refs = 1;
	m->mode = 0600;
	m->ptmx_mode = 0666;
	m->max = PTS_MAX;
	err = parse_options(m, options);
	if (!err)
		err = vfs_superblock_new(t, &super_ops, who, &sb);
	if (err) {
		devpts_put(m);
		return err;
	}
	sb->private = m;
	m->sb = sb;
	err = make_inodes(sb, m);
	if (err) {
		vfs_superblock_drop(sb);
		return err;
	}
	*out = sb;
	return 0;
}

static struct fs_type devpts = {
	.name = "devpts", .magic = DEVPTS_MAGIC, .mount = pts_mount,
	.jail_allow = ALLOW_MOUNT_DEVFS,
};

void devpts_init(void)
{
	vfs_register(&devpts);
}
