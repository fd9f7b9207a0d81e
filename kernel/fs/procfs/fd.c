/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fd.c - /proc/PID/fd and /proc/PID/fdinfo: what a process has open.
 *
 * A link in fd/ leads to the open file's own place, also when that has no
 * name (a pipe): /dev/stdin and the shell's <(...) live from it. path_walk
 * proves that a place with a name lies within the asker's prison.
 */
#include "kernel/fs/procfs/inner.h"

enum { LINK_SIZE = 64 };	/* what stat says of a link in fd/, as Linux */

static const struct inode_ops fd_link_inode_ops;

/* --- from an inode to an open file -------------------------------------- */

static struct file *file_of(const struct proc *p, int fd)
{
	const struct file_table *t = p->files;

	return t && (unsigned)fd < t->size ? t->file[fd] : NULL;
}

/* The open file behind node i, held. -ENOENT, -EACCES. */
static int fd_open(struct inode *i, const struct cred *who, struct file **out)
{
	struct pid_view v;
	int err = -ENOENT;

	if (view_open(i, who, &v))
		return err;
	*out = file_of(v.p, node_of(i)->fd);
	if (*out && !view_private(&v))
		err = -EACCES;
	else if (*out)
		err = 0;
	if (!err)
		file_hold(*out);
	view_close(&v);
	return err;
}

/* ls -l shows by the link's own bits how the file is open, as Linux. */
static uint32_t link_mode(const struct file *f)
{
	unsigned how = f->flags & O_ACCMODE;
	uint32_t mode = S_IFLNK;

	if (f->flags & O_PATH)
		return mode;
	if (how != O_WRONLY)
		mode |= 0500;
	if (how != O_RDONLY)
		mode |= 0300;
	return mode;
}

/* --- the links ---------------------------------------------------------- */

/* A place for a file that has none: a name that no lookup finds, which ends
 * with the path. */
static int unnamed_path(const struct file *f, struct path *out)
{
	struct dentry *d;
	int err;

	inode_hold(f->inode);
	err = dentry_unnamed(f->path.dentry, file_kind(f), f->inode, &d);
	if (err) {
		inode_drop(f->inode);
		return err;
	}
	mount_hold(f->path.mount);
	*out = (struct path){ f->path.mount, d };
	return 0;
}

static int fd_follow(struct inode *i, const struct cred *who, struct path *out)
{
	struct file *f;
	int err = fd_open(i, who, &f);

	if (err)
		return err;
	if (file_kind(f) && f->path.dentry->inode != f->inode) {
		err = unnamed_path(f, out);
	} else {
		*out = f->path;
		path_hold(out);
	}
	file_drop(f);
	return err;
}

static struct file *fd_own_file(struct inode *i, const struct cred *who)
{
	struct file *f = NULL;
	struct pid_view v;

	if (view_open(i, who, &v))
		return NULL;
	if (v.p == thread_current()->proc)
		f = file_of(v.p, node_of(i)->fd);
	if (f)
		file_hold(f);
	view_close(&v);
	return f;
}

/* "pipe:[7]", "anon_inode:[eventfd]", or the name of the file. */
static int fd_spell(const struct file *f, char *to, size_t size)
{
	const char *kind = file_kind(f);
	char text[64];
	int n;

	if (!kind)
		return path_spell(&f->path, to, size);
	if (S_ISFIFO(f->inode->mode) || S_ISSOCK(f->inode->mode))
		n = str_format(text, sizeof text, "%s:[%llu]", kind,
			       (unsigned long long)f->inode->ino);
	else if (S_ISREG(f->inode->mode))
		n = str_format(text, sizeof text, "/%s (deleted)",
			       f->path.dentry->name);
	else
		n = str_format(text, sizeof text, "anon_inode:[%s]", kind);
	n = min_u32(min_u32(n, sizeof text - 1), size);
	memcpy(to, text, n);
	return n;
}

static int fd_read_link(struct inode *i, char *to, size_t size)
{
	struct file *f;
	int n = fd_open(i, asker(), &f);

	if (n)
		return n;
	n = fd_spell(f, to, size);
	file_drop(f);
	return n;
}

static void fd_refresh(struct inode *i)
{
	struct pid_view v;
	const struct file *f;

	if (view_open(i, asker(), &v))
		return;
	view_own(i, &v);
	f = file_of(v.p, node_of(i)->fd);
	if (f && S_ISLNK(i->mode))
		i->mode = link_mode(f);
	view_close(&v);
}

static const struct inode_ops fd_link_inode_ops = {
	.read_link = fd_read_link,
	.follow = fd_follow,
	.own_file = fd_own_file,
	.refresh = fd_refresh,
	.set_attr = node_set_attr,
};

/* --- fdinfo ------------------------------------------------------------- */

static int show_fdinfo(struct text *t, const struct pid_view *v, int fd)
{
	const struct file *f = file_of(v->p, fd);
	unsigned flags;

	if (!f)
		return -ENOENT;
	flags = f->flags;
	if (file_cloexec(v->p->files, fd))
		flags |= O_CLOEXEC;
	text_put(t, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
		 (long long)f->pos, flags, f->path.mount ? f->path.mount->id : 0,
		 (unsigned long long)f->inode->ino);
	return 0;
}

/* Small enough to be made anew by every read. */
static int fdinfo_read(struct file *f, struct user_io *io, off64 *pos)
{
	struct pid_view v;
	struct text t;
	int err = view_open(f->inode, f->cred, &v);

	if (err)
		return err;
	text_init(&t, f->cred->prison);
	if (view_private(&v))
		err = show_fdinfo(&t, &v, node_of(f->inode)->fd);
	else
		err = -EACCES;
	view_close(&v);
	if (!err)
		err = t.error;
	if (!err && *pos >= 0 && *pos < t.size)
		err = text_give(&t, *pos, io);
	if (err > 0)
		*pos += err;
	text_free(&t);
	return err;
}

static const struct file_ops fdinfo_file_ops = {
	.read = fdinfo_read,
};

/* --- the directories ---------------------------------------------------- */

static int fd_make(struct inode *dir, const char *name, size_t len, bool info,
		   struct inode **out)
{
	struct node n = *node_of(dir);
	const struct file *f = NULL;
	struct pid_view v;
	int err = -ENOENT;

	n.fd = name_to_number(name, len);
	if (n.fd < 0 || view_open(dir, asker(), &v))
		return -ENOENT;
	f = file_of(v.p, n.fd);
	if (f && !view_private(&v))
		err = -EACCES;
	else if (f)
		err = node_make(dir, name, len,
				info ? S_IFREG | 0400 : link_mode(f), &n, out);
	if (!err) {
		(*out)->ops = info ? &text_inode_ops : &fd_link_inode_ops;
		(*out)->fops = info ? &fdinfo_file_ops : NULL;
		(*out)->size = info ? 0 : LINK_SIZE;
		view_own(*out, &v);
	}
	view_close(&v);
	return err;
}

static int fd_lookup(struct inode *dir, const char *name, size_t len,
		     struct inode **out)
{
	return fd_make(dir, name, len, false, out);
}

static int fdinfo_lookup(struct inode *dir, const char *name, size_t len,
			 struct inode **out)
{
	return fd_make(dir, name, len, true, out);
}

/* The descriptor must still be open; what it is may have changed. */
static bool fd_revalidate(struct inode *dir, struct dentry *d)
{
	struct file *f;

	if (!d->inode || !pid_revalidate(dir, d) ||
	    fd_open(d->inode, asker(), &f))
		return false;
	if (S_ISLNK(d->inode->mode))
		d->inode->mode = link_mode(f);
	file_drop(f);
	return true;
}

/* The table may change, or go, whenever a name is put out. */
static void read_numbers(struct dir_out *out, const struct pid_view *v,
			 unsigned type)
{
	for (unsigned fd = out->f->pos - DIR_FIRST;
	     v->p->files && fd < v->p->files->size; fd++)
		if (file_of(v->p, fd) &&
		    !dir_put_number(out, fd, type, (off64)fd + 1 + DIR_FIRST))
			break;
}

static int fd_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	unsigned type = f->inode->ops == &fd_dir_inode_ops ? DT_LNK : DT_REG;
	struct dir_out out = { f, emit, ctx };
	struct pid_view v;
	int err = 0;

	if (view_open(f->inode, asker(), &v))
		return -ENOENT;
	if (!view_private(&v))
		err = -EACCES;
	else if (dir_put_dots(&out))
		read_numbers(&out, &v, type);
	view_close(&v);
	return err;
}

const struct inode_ops fd_dir_inode_ops = {
	.lookup = fd_lookup,
	.revalidate = fd_revalidate,
	.set_attr = node_set_attr,
};
const struct inode_ops fdinfo_dir_inode_ops = {
	.lookup = fdinfo_lookup,
	.revalidate = fd_revalidate,
	.set_attr = node_set_attr,
};
const struct file_ops fd_dir_file_ops = {
	.read_dir = fd_read_dir,
};
